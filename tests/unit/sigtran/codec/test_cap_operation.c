/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "sigtran/codec/cap_operation.h"

#include "tests/unit/unit.h"

static void an_operation_is_found_by_code_and_by_name(void) /* TS29.078-5.3 */
{
    static const struct {
        int64_t code;
        unsigned class;
        const char *name;
    } cases[] = {
        {0, 2, "initialDP"},
        {20, 2, "connect"},
        {22, 4, "releaseCall"},
        {23, 2, "requestReportBCSMEvent"},
        {24, 4, "eventReportBCSM"},
        {31, 4, "continue"},
        {34, 2, "furnishChargingInformation"},
        {35, 2, "applyCharging"},
        {36, 2, "applyChargingReport"},
        {44, 4, "callInformationReport"},
        {45, 2, "callInformationRequest"},
        {53, 2, "cancel"},
        {55, 3, "activityTest"},
        {60, 2, "initialDPSMS"},
        {62, 2, "connectSMS"},
        {63, 2, "requestReportSMSEvent"},
        {64, 4, "eventReportSMS"},
        {65, 4, "continueSMS"},
        {66, 4, "releaseSMS"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        enum cap_operation operation;
        CU_ASSERT_STRING_EQUAL(cap_operation_name(cases[i].code), cases[i].name);
        CU_ASSERT_EQUAL(cap_operation_class(cases[i].code), cases[i].class);
        CU_ASSERT_EQUAL_FATAL(cap_operation_by_name(cases[i].name, &operation), P7_OK);
        CU_ASSERT_EQUAL(operation, cases[i].code);
    }
}

static void a_code_or_name_of_no_operation_is_not_found(void)
{
    enum cap_operation operation;
    enum cap_error error;
    CU_ASSERT_PTR_NULL(cap_operation_name(46));
    CU_ASSERT_PTR_NULL(cap_operation_name(-256));
    CU_ASSERT_PTR_NULL(cap_operation_name(INT64_MAX));
    CU_ASSERT_EQUAL(cap_operation_class(46), 0);
    CU_ASSERT_EQUAL(cap_operation_by_name("initialdp", &operation), P7_NOT_FOUND);
    CU_ASSERT_EQUAL(cap_operation_by_name("", &operation), P7_NOT_FOUND);
    CU_ASSERT_PTR_NULL(cap_error_name(2));
    CU_ASSERT_PTR_NULL(cap_error_name(256));
    CU_ASSERT_EQUAL(cap_error_by_name("oops", &error), P7_NOT_FOUND);
}

static void an_error_is_found_by_code_and_by_name(void)
{
    static const struct {
        int64_t code;
        const char *name;
    } cases[] = {
        {0, "cancelled"},
        {1, "cancelFailed"},
        {3, "eTCFailed"},
        {4, "improperCallerResponse"},
        {6, "missingCustomerRecord"},
        {7, "missingParameter"},
        {8, "parameterOutOfRange"},
        {10, "requestedInfoError"},
        {11, "systemFailure"},
        {12, "taskRefused"},
        {13, "unavailableResource"},
        {14, "unexpectedComponentSequence"},
        {15, "unexpectedDataValue"},
        {16, "unexpectedParameter"},
        {17, "unknownLegID"},
        {50, "unknownPDPID"},
        {51, "unknownCSID"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        enum cap_error error;
        CU_ASSERT_STRING_EQUAL(cap_error_name(cases[i].code), cases[i].name);
        CU_ASSERT_EQUAL_FATAL(cap_error_by_name(cases[i].name, &error), P7_OK);
        CU_ASSERT_EQUAL(error, cases[i].code);
    }
}

/* Dotted form to content octets (X.690-8.19), for arcs below 128. */
static size_t oid_octets(const char *dotted, uint8_t *out)
{
    unsigned arcs[16];
    size_t count = 0;
    for (const char *at = dotted; *at != '\0' && count < 16;) {
        arcs[count] = 0;
        while (*at >= '0' && *at <= '9')
            arcs[count] = arcs[count] * 10 + (unsigned)(*at++ - '0');
        count++;
        if (*at == '.')
            at++;
    }
    out[0] = (uint8_t)(arcs[0] * 40 + arcs[1]);
    for (size_t i = 2; i < count; i++)
        out[i - 1] = (uint8_t)arcs[i];
    return count - 1;
}

static void an_application_context_is_its_object_identifier_both_ways(void) /* TS29.078-9 */
{
    static const struct {
        enum cap_application_context context;
        const char *dotted;
        enum cap_phase phase;
    } cases[] = {
        {CAP_AC_V2_GSMSSF, "0.4.0.0.1.0.50.1", CAP_PHASE_2},
        {CAP_AC_V3_GENERIC, "0.4.0.0.1.21.3.4", CAP_PHASE_3},
        {CAP_AC_V3_SMS, "0.4.0.0.1.21.3.61", CAP_PHASE_3},
    };
    CU_ASSERT_EQUAL(sizeof(cases) / sizeof(cases[0]), CAP_AC_COUNT);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint8_t octets[16];
        enum cap_application_context found;
        const struct bytes oid = bytes_of(octets, oid_octets(cases[i].dotted, octets));
        CU_ASSERT_TRUE(bytes_equal(cap_application_context_oid(cases[i].context), oid));
        CU_ASSERT_EQUAL_FATAL(cap_application_context_by_oid(oid, &found), P7_OK);
        CU_ASSERT_EQUAL(found, cases[i].context);
        CU_ASSERT_EQUAL(cap_application_context_phase(found), cases[i].phase);
        CU_ASSERT_EQUAL_FATAL(cap_application_context_by_name(cases[i].dotted, &found), P7_OK);
        CU_ASSERT_EQUAL(found, cases[i].context);
        const char *name = cap_application_context_name(found);
        CU_ASSERT_EQUAL_FATAL(cap_application_context_by_name(name, &found), P7_OK);
        CU_ASSERT_EQUAL(found, cases[i].context);
    }
}

static void another_object_identifier_is_no_context(void)
{
    enum cap_application_context found;
    uint8_t oid[8] = {4, 0, 0, 1, 0, 0x32, 2, 0};
    CU_ASSERT_EQUAL(cap_application_context_by_oid(bytes_of(oid, 7), &found), P7_NOT_FOUND);
    oid[6] = 1;
    CU_ASSERT_EQUAL(cap_application_context_by_oid(bytes_of(oid, 7), &found), P7_OK);
    CU_ASSERT_EQUAL(cap_application_context_by_oid(bytes_of(oid, 6), &found), P7_NOT_FOUND);
    CU_ASSERT_EQUAL(cap_application_context_by_oid(bytes_of(oid, 8), &found), P7_NOT_FOUND);
    CU_ASSERT_EQUAL(cap_application_context_by_oid(bytes_of(NULL, 0), &found), P7_NOT_FOUND);
    CU_ASSERT_EQUAL(cap_application_context_by_name("cap-v1", &found), P7_NOT_FOUND);
}

UNIT_TESTS = {
    UNIT(an_operation_is_found_by_code_and_by_name),
    UNIT(a_code_or_name_of_no_operation_is_not_found),
    UNIT(an_error_is_found_by_code_and_by_name),
    UNIT(an_application_context_is_its_object_identifier_both_ways),
    UNIT(another_object_identifier_is_no_context),
};
UNIT_MAIN("cap_operation")
