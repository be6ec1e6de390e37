/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * cap_sms - arguments of phase 3's short message operations: initialDPSMS, connectSMS,
 * requestReportSMSEvent, eventReportSMS and releaseSMS. Rules, ownership and errors: cap.h and
 * cap_types.h.
 */
#ifndef SIGTRAN_CODEC_CAP_SMS_H
#define SIGTRAN_CODEC_CAP_SMS_H

#include "sigtran/base/status.h"
#include "sigtran/codec/cap_types.h"

struct cap_initial_dp_sms {
    struct {
        bool destination_subscriber_number;
        bool calling_party_number;
        bool event_type_sms;
        bool imsi;
        bool location_information_msc;
        bool location_information_gprs;
        bool smsc_address;
        bool time_and_timezone;
        bool tp_short_message_specific_info;
        bool tp_protocol_identifier;
        bool tp_data_coding_scheme;
        bool tp_validity_period;
        bool extensions;
        bool sms_reference_number;
        bool msc_address;
        bool sgsn_number;
        bool ms_classmark2;
        bool gprs_ms_class;
        bool imei;
        bool called_party_number;
    } has;
    int32_t service_key;                        /* mandatory, 0 to 2^31-1 */
    struct bytes destination_subscriber_number; /* BCD number */
    struct bytes calling_party_number;          /* BCD number (SMS-AddressString) */
    int32_t event_type_sms;                     /* CAP_SMS_* */
    struct bytes imsi;                          /* cap_imsi_decode */
    struct cap_location_information location_information_msc;
    struct cap_location_information_gprs location_information_gprs;
    struct bytes smsc_address;              /* BCD number */
    struct bytes time_and_timezone;         /* 8 octets */
    uint8_t tp_short_message_specific_info; /* first octet of the TPDU */
    uint8_t tp_protocol_identifier;
    uint8_t tp_data_coding_scheme;
    struct bytes tp_validity_period; /* 1 or 7 octets */
    struct bytes extensions;
    struct bytes sms_reference_number; /* 1 to 8 octets */
    struct bytes msc_address;          /* BCD number */
    struct bytes sgsn_number;          /* BCD number */
    struct bytes ms_classmark2;        /* 3 octets */
    struct bytes gprs_ms_class;        /* content of the sequence */
    struct bytes imei;                 /* 8 octets */
    struct bytes called_party_number;  /* BCD number */
};

enum p7_status cap_initial_dp_sms_decode(struct bytes parameter,
                                         struct cap_initial_dp_sms *out) P7_MUST_CHECK;
enum p7_status cap_initial_dp_sms_encode(struct bytes_writer *writer,
                                         const struct cap_initial_dp_sms *in) P7_MUST_CHECK;

struct cap_connect_sms {
    struct {
        bool calling_partys_number;
        bool destination_subscriber_number;
        bool smsc_address;
        bool extensions;
    } has;
    struct bytes calling_partys_number;         /* BCD number (SMS-AddressString) */
    struct bytes destination_subscriber_number; /* BCD number */
    struct bytes smsc_address;                  /* BCD number */
    struct bytes extensions;
};

enum p7_status cap_connect_sms_decode(struct bytes parameter,
                                      struct cap_connect_sms *out) P7_MUST_CHECK;
enum p7_status cap_connect_sms_encode(struct bytes_writer *writer,
                                      const struct cap_connect_sms *in) P7_MUST_CHECK;

/* TS29.078 numOfSMSEvents */
#define CAP_SMS_EVENTS_MAX 10

struct cap_sms_event {
    int32_t event_type;   /* CAP_SMS_* */
    int32_t monitor_mode; /* enum cap_monitor_mode */
};

struct cap_request_report_sms_event {
    struct {
        bool extensions;
    } has;
    struct {
        uint8_t count; /* 1 to CAP_SMS_EVENTS_MAX */
        struct cap_sms_event event[CAP_SMS_EVENTS_MAX];
    } sms; /* mandatory */
    struct bytes extensions;
};

enum p7_status
cap_request_report_sms_event_decode(struct bytes parameter,
                                    struct cap_request_report_sms_event *out) P7_MUST_CHECK;
enum p7_status
cap_request_report_sms_event_encode(struct bytes_writer *writer,
                                    const struct cap_request_report_sms_event *in) P7_MUST_CHECK;

/* MO-SMSCause */
#define CAP_MO_SMS_SYSTEM_FAILURE     0
#define CAP_MO_SMS_DELIVERY_FAILURE   3
#define CAP_MO_SMS_RELEASE_FROM_RADIO 4

struct cap_event_o_sms_failure {
    struct {
        bool cause;
    } has;
    int32_t cause; /* CAP_MO_SMS_* */
};

struct cap_event_t_sms_failure {
    struct {
        bool cause;
    } has;
    uint8_t cause; /* RP cause of TS24.011 */
};

/* EventSpecificInformationSMS: a CHOICE. */
struct cap_event_specific_sms {
    struct {
        bool o_failure;
        bool o_submission; /* holds nothing */
        bool t_failure;
        bool t_delivery; /* holds nothing */
    } has;
    struct cap_event_o_sms_failure o_failure;
    struct cap_event_t_sms_failure t_failure;
};

struct cap_event_report_sms {
    struct {
        bool event_specific;
        bool misc_call_info;
        bool extensions;
    } has;
    int32_t event_type; /* mandatory; CAP_SMS_* */
    struct cap_event_specific_sms event_specific;
    struct cap_misc_call_info misc_call_info; /* absent means request */
    struct bytes extensions;
};

enum p7_status cap_event_report_sms_decode(struct bytes parameter,
                                           struct cap_event_report_sms *out) P7_MUST_CHECK;
enum p7_status cap_event_report_sms_encode(struct bytes_writer *writer,
                                           const struct cap_event_report_sms *in) P7_MUST_CHECK;

/* RPCause (TS24.011-8.2.5.4): 21 short message transfer rejected, 38 network out of order. */
#define CAP_RP_CAUSE_REJECTED 21

struct cap_release_sms {
    uint8_t rp_cause; /* mandatory */
};

enum p7_status cap_release_sms_decode(struct bytes parameter,
                                      struct cap_release_sms *out) P7_MUST_CHECK;
enum p7_status cap_release_sms_encode(struct bytes_writer *writer,
                                      const struct cap_release_sms *in) P7_MUST_CHECK;

#endif
