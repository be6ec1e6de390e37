/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "sigtran/codec/cap_sms.h"

#include "sigtran/codec/cap_fields.h"

/* TS29.078-7.1.1 InitialDPSMSArg */
static const struct cap_field initial_dp_sms[] = {
    CAP_REQUIRED(cap_initial_dp_sms, service_key, 0x80, CAP_KIND_INTEGER, 0, INT32_MAX, NULL),
    CAP_OCTETS(cap_initial_dp_sms, destination_subscriber_number, 0x81, 1, 41),
    CAP_OCTETS(cap_initial_dp_sms, calling_party_number, 0x82, 1, 11),
    CAP_INTEGER(cap_initial_dp_sms, event_type_sms, 0x83, INT32_MIN, INT32_MAX),
    CAP_OCTETS(cap_initial_dp_sms, imsi, 0x84, 3, 8),
    CAP_SEQUENCE(cap_initial_dp_sms, location_information_msc, 0xa5,
                 &cap_location_information_shape),
    CAP_SEQUENCE(cap_initial_dp_sms, location_information_gprs, 0xa6,
                 &cap_location_information_gprs_shape),
    CAP_OCTETS(cap_initial_dp_sms, smsc_address, 0x87, 1, 9),
    CAP_OCTETS(cap_initial_dp_sms, time_and_timezone, 0x88, 8, 8),
    CAP_OCTET(cap_initial_dp_sms, tp_short_message_specific_info, 0x89),
    CAP_OCTET(cap_initial_dp_sms, tp_protocol_identifier, 0x8a),
    CAP_OCTET(cap_initial_dp_sms, tp_data_coding_scheme, 0x8b),
    CAP_OCTETS(cap_initial_dp_sms, tp_validity_period, 0x8c, 1, 7),
    CAP_OPAQUE(cap_initial_dp_sms, extensions, 0xad),
    CAP_OCTETS(cap_initial_dp_sms, sms_reference_number, 0x8e, 1, 8),
    CAP_OCTETS(cap_initial_dp_sms, msc_address, 0x8f, 1, 9),
    CAP_OCTETS(cap_initial_dp_sms, sgsn_number, 0x90, 1, 9),
    CAP_OCTETS(cap_initial_dp_sms, ms_classmark2, 0x91, 3, 3),
    CAP_OPAQUE(cap_initial_dp_sms, gprs_ms_class, 0xb2),
    CAP_OCTETS(cap_initial_dp_sms, imei, 0x93, 8, 8),
    CAP_OCTETS(cap_initial_dp_sms, called_party_number, 0x94, 1, 9),
};
static const struct cap_shape initial_dp_sms_shape = CAP_SHAPE(cap_initial_dp_sms, initial_dp_sms);
const struct cap_argument cap_initial_dp_sms_argument = {
    .top = CAP_ROW(0x30, 0, 0, CAP_MANDATORY, CAP_KIND_SEQUENCE, 0, 0, &initial_dp_sms_shape),
    .octets = sizeof(struct cap_initial_dp_sms),
};
CAP_DEFINE_CODEC(cap_initial_dp_sms)

/* TS29.078-7.1.1 ConnectSMSArg */
static const struct cap_field connect_sms[] = {
    CAP_OCTETS(cap_connect_sms, calling_partys_number, 0x80, 1, 11),
    CAP_OCTETS(cap_connect_sms, destination_subscriber_number, 0x81, 1, 41),
    CAP_OCTETS(cap_connect_sms, smsc_address, 0x82, 1, 9),
    CAP_OPAQUE(cap_connect_sms, extensions, 0xaa),
};
static const struct cap_shape connect_sms_shape = CAP_SHAPE(cap_connect_sms, connect_sms);
const struct cap_argument cap_connect_sms_argument = {
    .top = CAP_ROW(0x30, 0, 0, CAP_MANDATORY, CAP_KIND_SEQUENCE, 0, 0, &connect_sms_shape),
    .octets = sizeof(struct cap_connect_sms),
};
CAP_DEFINE_CODEC(cap_connect_sms)

/* TS29.078-7.1.1 RequestReportSMSEventArg */
static const struct cap_field sms_event[] = {
    CAP_REQUIRED(cap_sms_event, event_type, 0x80, CAP_KIND_INTEGER, INT32_MIN, INT32_MAX, NULL),
    CAP_REQUIRED(cap_sms_event, monitor_mode, 0x81, CAP_KIND_INTEGER, 0, 2, NULL),
};
static const struct cap_shape sms_event_shape = CAP_SHAPE_WITHOUT_FLAGS(sms_event);
static const struct cap_field sms_event_item[] = {
    CAP_ROW(0x30, 0, 0, CAP_MANDATORY, CAP_KIND_SEQUENCE, 0, 0, &sms_event_shape),
};
static const struct cap_shape sms_events_shape = {
    .fields = sms_event_item,
    .count = 1,
    .items_at = (uint16_t)(offsetof(struct cap_request_report_sms_event, sms.event) -
                           offsetof(struct cap_request_report_sms_event, sms)),
    .stride = sizeof(struct cap_sms_event),
};
static const struct cap_field request_report_sms_event[] = {
    CAP_REQUIRED(cap_request_report_sms_event, sms, 0xa0, CAP_KIND_LIST, 1, CAP_SMS_EVENTS_MAX,
                 &sms_events_shape),
    CAP_OPAQUE(cap_request_report_sms_event, extensions, 0xaa),
};
static const struct cap_shape request_report_sms_event_shape =
    CAP_SHAPE(cap_request_report_sms_event, request_report_sms_event);
const struct cap_argument cap_request_report_sms_event_argument = {
    .top = CAP_ROW(0x30, 0, 0, CAP_MANDATORY, CAP_KIND_SEQUENCE, 0, 0,
                   &request_report_sms_event_shape),
    .octets = sizeof(struct cap_request_report_sms_event),
};
CAP_DEFINE_CODEC(cap_request_report_sms_event)

/* TS29.078-5.1 EventSpecificInformationSMS */
static const struct cap_field o_sms_failure[] = {
    CAP_INTEGER(cap_event_o_sms_failure, cause, 0x80, 0, 4),
};
static const struct cap_shape o_sms_failure_shape =
    CAP_SHAPE(cap_event_o_sms_failure, o_sms_failure);
static const struct cap_field t_sms_failure[] = {
    CAP_OCTET(cap_event_t_sms_failure, cause, 0x80),
};
static const struct cap_shape t_sms_failure_shape =
    CAP_SHAPE(cap_event_t_sms_failure, t_sms_failure);
static const struct cap_shape nothing_shape = {.fields = NULL, .count = 0};
static const struct cap_field event_specific_sms[] = {
    CAP_SEQUENCE(cap_event_specific_sms, o_failure, 0xa0, &o_sms_failure_shape),
    CAP_ROW(0xa1, 0, 0, CAP_HAS(cap_event_specific_sms, o_submission), CAP_KIND_SEQUENCE, 0, 0,
            &nothing_shape),
    CAP_SEQUENCE(cap_event_specific_sms, t_failure, 0xa2, &t_sms_failure_shape),
    CAP_ROW(0xa3, 0, 0, CAP_HAS(cap_event_specific_sms, t_delivery), CAP_KIND_SEQUENCE, 0, 0,
            &nothing_shape),
};
static const struct cap_shape event_specific_sms_shape =
    CAP_SHAPE(cap_event_specific_sms, event_specific_sms);

/* TS29.078-7.1.1 EventReportSMSArg */
static const struct cap_field event_report_sms[] = {
    CAP_REQUIRED(cap_event_report_sms, event_type, 0x80, CAP_KIND_INTEGER, INT32_MIN, INT32_MAX,
                 NULL),
    CAP_CHOICE(cap_event_report_sms, event_specific, 0xa1, &event_specific_sms_shape),
    CAP_SEQUENCE(cap_event_report_sms, misc_call_info, 0xa2, &cap_misc_call_info_shape),
    CAP_OPAQUE(cap_event_report_sms, extensions, 0xaa),
};
static const struct cap_shape event_report_sms_shape =
    CAP_SHAPE(cap_event_report_sms, event_report_sms);
const struct cap_argument cap_event_report_sms_argument = {
    .top = CAP_ROW(0x30, 0, 0, CAP_MANDATORY, CAP_KIND_SEQUENCE, 0, 0, &event_report_sms_shape),
    .octets = sizeof(struct cap_event_report_sms),
};
CAP_DEFINE_CODEC(cap_event_report_sms)

/* TS29.078-7.1.1 ReleaseSMSArg: the RPCause itself. */
const struct cap_argument cap_release_sms_argument = {
    .top = CAP_ROW(0x04, 0, CAP_AT(cap_release_sms, rp_cause), CAP_MANDATORY, CAP_KIND_OCTET, 1, 1,
                   NULL),
    .octets = sizeof(struct cap_release_sms),
};
CAP_DEFINE_CODEC(cap_release_sms)
