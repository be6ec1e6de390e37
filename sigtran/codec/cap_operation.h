/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * cap_operation - CAP's operation codes, classes, error codes and application contexts
 * (TS29.078-5.3 errors, TS29.078-6 and -7 operations, TS29.078-9 application contexts).
 *
 * Constant tables and look-ups: nothing is owned, nothing can fail but a look-up that finds
 * nothing. Everything is usable from any thread.
 */
#ifndef SIGTRAN_CODEC_CAP_OPERATION_H
#define SIGTRAN_CODEC_CAP_OPERATION_H

#include "sigtran/base/bytes.h"
#include "sigtran/base/status.h"

/* enumerator, operation code, class of Q.771-2.3.1 (1 result and error, 2 error only, 3 result
 * only, 4 neither), the standard's name */
#define CAP_OPERATION_LIST(X)                                                                      \
    X(CAP_INITIAL_DP, 0, 2, "initialDP")                                                           \
    X(CAP_CONNECT, 20, 2, "connect")                                                               \
    X(CAP_RELEASE_CALL, 22, 4, "releaseCall")                                                      \
    X(CAP_REQUEST_REPORT_BCSM_EVENT, 23, 2, "requestReportBCSMEvent")                              \
    X(CAP_EVENT_REPORT_BCSM, 24, 4, "eventReportBCSM")                                             \
    X(CAP_CONTINUE, 31, 4, "continue")                                                             \
    X(CAP_FURNISH_CHARGING_INFORMATION, 34, 2, "furnishChargingInformation")                       \
    X(CAP_APPLY_CHARGING, 35, 2, "applyCharging")                                                  \
    X(CAP_APPLY_CHARGING_REPORT, 36, 2, "applyChargingReport")                                     \
    X(CAP_CALL_INFORMATION_REPORT, 44, 4, "callInformationReport")                                 \
    X(CAP_CALL_INFORMATION_REQUEST, 45, 2, "callInformationRequest")                               \
    X(CAP_CANCEL, 53, 2, "cancel")                                                                 \
    X(CAP_ACTIVITY_TEST, 55, 3, "activityTest")                                                    \
    X(CAP_INITIAL_DP_SMS, 60, 2, "initialDPSMS")                                                   \
    X(CAP_CONNECT_SMS, 62, 2, "connectSMS")                                                        \
    X(CAP_REQUEST_REPORT_SMS_EVENT, 63, 2, "requestReportSMSEvent")                                \
    X(CAP_EVENT_REPORT_SMS, 64, 4, "eventReportSMS")                                               \
    X(CAP_CONTINUE_SMS, 65, 4, "continueSMS")                                                      \
    X(CAP_RELEASE_SMS, 66, 4, "releaseSMS")

/* Values are the local operation codes of the protocol. */
enum cap_operation {
#define CAP_OPERATION_ENUM(name, code, class, text) name = (code),
    CAP_OPERATION_LIST(CAP_OPERATION_ENUM)
#undef CAP_OPERATION_ENUM
};

/* enumerator, error code, the standard's name */
#define CAP_ERROR_LIST(X)                                                                          \
    X(CAP_ERROR_CANCELLED, 0, "cancelled")                                                         \
    X(CAP_ERROR_CANCEL_FAILED, 1, "cancelFailed")                                                  \
    X(CAP_ERROR_ETC_FAILED, 3, "eTCFailed")                                                        \
    X(CAP_ERROR_IMPROPER_CALLER_RESPONSE, 4, "improperCallerResponse")                             \
    X(CAP_ERROR_MISSING_CUSTOMER_RECORD, 6, "missingCustomerRecord")                               \
    X(CAP_ERROR_MISSING_PARAMETER, 7, "missingParameter")                                          \
    X(CAP_ERROR_PARAMETER_OUT_OF_RANGE, 8, "parameterOutOfRange")                                  \
    X(CAP_ERROR_REQUESTED_INFO_ERROR, 10, "requestedInfoError")                                    \
    X(CAP_ERROR_SYSTEM_FAILURE, 11, "systemFailure")                                               \
    X(CAP_ERROR_TASK_REFUSED, 12, "taskRefused")                                                   \
    X(CAP_ERROR_UNAVAILABLE_RESOURCE, 13, "unavailableResource")                                   \
    X(CAP_ERROR_UNEXPECTED_COMPONENT_SEQUENCE, 14, "unexpectedComponentSequence")                  \
    X(CAP_ERROR_UNEXPECTED_DATA_VALUE, 15, "unexpectedDataValue")                                  \
    X(CAP_ERROR_UNEXPECTED_PARAMETER, 16, "unexpectedParameter")                                   \
    X(CAP_ERROR_UNKNOWN_LEG_ID, 17, "unknownLegID")                                                \
    X(CAP_ERROR_UNKNOWN_PDPID, 50, "unknownPDPID")                                                 \
    X(CAP_ERROR_UNKNOWN_CSID, 51, "unknownCSID")

enum cap_error {
#define CAP_ERROR_ENUM(name, code, text) name = (code),
    CAP_ERROR_LIST(CAP_ERROR_ENUM)
#undef CAP_ERROR_ENUM
};

/* TS29.078 gives each operation a timer class; all of the above are "short". */
#define CAP_TIMER_SHORT_MS_MIN 1000
#define CAP_TIMER_SHORT_MS_MAX 10000

/* The subsystem number at both ends; 147 is MAP's gsmSCF. */
#define CAP_SSN 146

enum cap_phase {
    CAP_PHASE_2 = 2,
    CAP_PHASE_3 = 3,
};

/* enumerator, phase, OBJECT IDENTIFIER content octets, dotted form, short name (also the word of
 * the configuration language) */
#define CAP_APPLICATION_CONTEXT_LIST(X)                                                            \
    X(CAP_AC_V2_GSMSSF, CAP_PHASE_2, "\x04\x00\x00\x01\x00\x32\x01", "0.4.0.0.1.0.50.1", "cap-v2") \
    X(CAP_AC_V3_GENERIC, CAP_PHASE_3, "\x04\x00\x00\x01\x15\x03\x04", "0.4.0.0.1.21.3.4",          \
      "cap-v3")                                                                                    \
    X(CAP_AC_V3_SMS, CAP_PHASE_3, "\x04\x00\x00\x01\x15\x03\x3d", "0.4.0.0.1.21.3.61", "cap-v3-sms")

enum cap_application_context {
#define CAP_AC_ENUM(name, phase, oid, dotted, text) name,
    CAP_APPLICATION_CONTEXT_LIST(CAP_AC_ENUM)
#undef CAP_AC_ENUM
        CAP_AC_COUNT
};

/* The standard's name, or NULL for a code that is not in the list. */
const char *cap_operation_name(int64_t code);

/* 1 to 4, or 0 for a code that is not in the list. */
unsigned cap_operation_class(int64_t code);

/* P7_NOT_FOUND when no operation has that name (letter case counts). */
enum p7_status cap_operation_by_name(const char *name, enum cap_operation *operation) P7_MUST_CHECK;

/* The standard's name, or NULL for a code that is not in the list. */
const char *cap_error_name(int64_t code);

/* P7_NOT_FOUND when no error has that name (letter case counts). */
enum p7_status cap_error_by_name(const char *name, enum cap_error *error) P7_MUST_CHECK;

/* Content octets of the OBJECT IDENTIFIER (without tag and length); static storage. */
struct bytes cap_application_context_oid(enum cap_application_context context);

/* P7_NOT_FOUND when the content octets are none of the list. */
enum p7_status cap_application_context_by_oid(struct bytes oid,
                                              enum cap_application_context *context) P7_MUST_CHECK;

/* Takes the short name and the dotted form; P7_NOT_FOUND for anything else. */
enum p7_status cap_application_context_by_name(const char *name,
                                               enum cap_application_context *context) P7_MUST_CHECK;

enum cap_phase cap_application_context_phase(enum cap_application_context context);
const char *cap_application_context_name(enum cap_application_context context);

#endif
