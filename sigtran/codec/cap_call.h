/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * cap_call - arguments of initialDP, connect, releaseCall, callInformationRequest,
 * callInformationReport and cancel. Rules, ownership and errors: cap.h and cap_types.h.
 */
#ifndef SIGTRAN_CODEC_CAP_CALL_H
#define SIGTRAN_CODEC_CAP_CALL_H

#include "sigtran/base/status.h"
#include "sigtran/codec/cap_operation.h"
#include "sigtran/codec/cap_types.h"

#define CAP_CATEGORY_ORDINARY 10 /* callingPartysCategory: ordinary calling subscriber */
#define CAP_CATEGORY_PAYPHONE 15

struct cap_initial_dp {
    struct {
        bool called_party_number;
        bool calling_party_number;
        bool calling_partys_category;
        bool cg_encountered;
        bool ip_ssp_capabilities;
        bool location_number;
        bool original_called_party_id;
        bool extensions;
        bool high_layer_compatibility;
        bool additional_calling_party_number;
        bool bearer_capability;
        bool event_type_bcsm;
        bool redirecting_party_id;
        bool redirection_information;
        bool cause;
        bool service_interaction_indicators_two;
        bool carrier;
        bool cug_index;
        bool cug_interlock;
        bool cug_outgoing_access;
        bool imsi;
        bool subscriber_state;
        bool location_information;
        bool ext_basic_service_code;
        bool call_reference_number;
        bool msc_address;
        bool called_party_bcd_number;
        bool time_and_timezone;
        bool call_forwarding_ss_pending;
        bool initial_dp_arg_extension;
    } has;
    int32_t service_key;                   /* mandatory, 0 to 2^31-1 */
    struct bytes called_party_number;      /* CAP_ISUP_CALLED */
    struct bytes calling_party_number;     /* CAP_ISUP_CALLING */
    uint8_t calling_partys_category;       /* CAP_CATEGORY_* */
    int32_t cg_encountered;                /* 0 none, 1 manual, 2 SCP overload */
    struct bytes ip_ssp_capabilities;      /* 1 to 4 octets */
    struct bytes location_number;          /* CAP_ISUP_LOCATION */
    struct bytes original_called_party_id; /* CAP_ISUP_REDIRECTING */
    struct bytes extensions;
    struct bytes high_layer_compatibility;           /* 2 octets */
    struct bytes additional_calling_party_number;    /* CAP_ISUP_GENERIC */
    struct bytes bearer_capability;                  /* bearerCap: 2 to 11 octets, e.g. 80 90 a3 */
    int32_t event_type_bcsm;                         /* CAP_BCSM_* */
    struct bytes redirecting_party_id;               /* CAP_ISUP_REDIRECTING */
    struct bytes redirection_information;            /* 2 octets */
    struct bytes cause;                              /* cap_cause_decode */
    struct bytes service_interaction_indicators_two; /* content of the sequence */
    struct bytes carrier;                            /* 4 octets, North America */
    int32_t cug_index;                               /* 0 to 32767 */
    struct bytes cug_interlock;                      /* 4 octets */
    struct bytes imsi;                               /* cap_imsi_decode */
    struct cap_subscriber_state subscriber_state;
    struct cap_location_information location_information;
    struct cap_basic_service ext_basic_service_code;
    struct bytes call_reference_number;    /* 1 to 8 octets */
    struct bytes msc_address;              /* BCD number */
    struct bytes called_party_bcd_number;  /* BCD number */
    struct bytes time_and_timezone;        /* 8 octets, cap_time_and_timezone_decode */
    struct bytes initial_dp_arg_extension; /* cap_initial_dp_extension_decode */
};

enum p7_status cap_initial_dp_decode(struct bytes parameter,
                                     struct cap_initial_dp *out) P7_MUST_CHECK;
enum p7_status cap_initial_dp_encode(struct bytes_writer *writer,
                                     const struct cap_initial_dp *in) P7_MUST_CHECK;

/* InitialDPArgExtension. Its tags mean different things in phase 2 (naCarrierInformation [0],
 * gmscAddress [1]) and phase 3 (gmscAddress [0], forwardingDestinationNumber [1] ...): so it is
 * decoded apart, with the phase that the application context tells. `phase` is not in the octets;
 * the functions take it as an argument. Fields of the other phase are absent. */
struct cap_initial_dp_extension {
    struct {
        bool na_carrier_information; /* phase 2 */
        bool gmsc_address;           /* both */
        bool forwarding_destination_number;
        bool ms_classmark2;
        bool imei;
        bool supported_camel_phases;
        bool offered_camel4_functionalities;
        bool bearer_capability2;
        bool ext_basic_service_code2;
        bool high_layer_compatibility2;
        bool low_layer_compatibility;
        bool low_layer_compatibility2;
    } has;
    struct bytes na_carrier_information;         /* content of the sequence */
    struct bytes gmsc_address;                   /* BCD number */
    struct bytes forwarding_destination_number;  /* CAP_ISUP_CALLED */
    struct bytes ms_classmark2;                  /* 3 octets */
    struct bytes imei;                           /* 8 octets */
    struct bytes supported_camel_phases;         /* BIT STRING: unused bits, bits */
    struct bytes offered_camel4_functionalities; /* BIT STRING */
    struct bytes bearer_capability2;
    struct cap_basic_service ext_basic_service_code2;
    struct bytes high_layer_compatibility2;
    struct bytes low_layer_compatibility;
    struct bytes low_layer_compatibility2;
};

/* `content` is cap_initial_dp's initial_dp_arg_extension: the content of the element. */
enum p7_status cap_initial_dp_extension_decode(struct bytes content, enum cap_phase phase,
                                               struct cap_initial_dp_extension *out) P7_MUST_CHECK;
enum p7_status
cap_initial_dp_extension_encode(struct bytes_writer *writer, enum cap_phase phase,
                                const struct cap_initial_dp_extension *in) P7_MUST_CHECK;

/* TS29.078 numOfGenericNumbers */
#define CAP_GENERIC_NUMBERS_MAX 5

struct cap_generic_numbers {
    uint8_t count;                                /* 1 to CAP_GENERIC_NUMBERS_MAX */
    struct bytes number[CAP_GENERIC_NUMBERS_MAX]; /* CAP_ISUP_GENERIC */
};

struct cap_connect {
    struct {
        bool alerting_pattern;
        bool original_called_party_id;
        bool extensions;
        bool carrier;
        bool calling_partys_category;
        bool redirecting_party_id;
        bool redirection_information;
        bool generic_numbers;
        bool service_interaction_indicators_two;
        bool charge_number;
        bool cug_interlock;
        bool cug_outgoing_access;
        bool suppression_of_announcement;
        bool ocsi_applicable;
        bool na_oli_info;
    } has;
    struct bytes destination_routing_address; /* mandatory; CAP_ISUP_CALLED */
    struct bytes alerting_pattern;            /* 3 octets */
    struct bytes original_called_party_id;    /* CAP_ISUP_REDIRECTING */
    struct bytes extensions;
    struct bytes carrier; /* 4 octets */
    uint8_t calling_partys_category;
    struct bytes redirecting_party_id;    /* CAP_ISUP_REDIRECTING */
    struct bytes redirection_information; /* 2 octets */
    struct cap_generic_numbers generic_numbers;
    struct bytes service_interaction_indicators_two; /* content of the sequence */
    struct bytes charge_number;                      /* CAP_ISUP_LOCATION */
    struct bytes cug_interlock;                      /* 4 octets */
    uint8_t na_oli_info;
};

enum p7_status cap_connect_decode(struct bytes parameter, struct cap_connect *out) P7_MUST_CHECK;
enum p7_status cap_connect_encode(struct bytes_writer *writer,
                                  const struct cap_connect *in) P7_MUST_CHECK;

struct cap_release_call {
    struct bytes cause; /* mandatory; cap_cause_decode */
};

enum p7_status cap_release_call_decode(struct bytes parameter,
                                       struct cap_release_call *out) P7_MUST_CHECK;
enum p7_status cap_release_call_encode(struct bytes_writer *writer,
                                       const struct cap_release_call *in) P7_MUST_CHECK;

/* RequestedInformationType */
#define CAP_INFO_CALL_ATTEMPT_ELAPSED_TIME   0
#define CAP_INFO_CALL_STOP_TIME              1
#define CAP_INFO_CALL_CONNECTED_ELAPSED_TIME 2
#define CAP_INFO_RELEASE_CAUSE               30

/* TS29.078 numOfInfoItems */
#define CAP_INFO_ITEMS_MAX 4

struct cap_call_information_request {
    struct {
        bool extensions;
        bool leg_id;
    } has;
    struct {
        uint8_t count; /* 1 to CAP_INFO_ITEMS_MAX */
        int32_t type[CAP_INFO_ITEMS_MAX];
    } requested; /* mandatory */
    struct bytes extensions;
    struct cap_leg leg_id; /* sending side; absent means leg 2 */
};

enum p7_status
cap_call_information_request_decode(struct bytes parameter,
                                    struct cap_call_information_request *out) P7_MUST_CHECK;
enum p7_status
cap_call_information_request_encode(struct bytes_writer *writer,
                                    const struct cap_call_information_request *in) P7_MUST_CHECK;

/* RequestedInformationValue: a CHOICE. */
struct cap_information_value {
    struct {
        bool call_attempt_elapsed_time;
        bool call_stop_time;
        bool call_connected_elapsed_time;
        bool release_cause;
    } has;
    int32_t call_attempt_elapsed_time;   /* seconds, 0 to 255 */
    struct bytes call_stop_time;         /* 7 octets, cap_date_and_time_decode */
    int32_t call_connected_elapsed_time; /* 100 ms */
    struct bytes release_cause;          /* cap_cause_decode */
};

struct cap_information {
    int32_t type; /* CAP_INFO_* */
    struct cap_information_value value;
};

struct cap_call_information_report {
    struct {
        bool extensions;
        bool leg_id;
    } has;
    struct {
        uint8_t count; /* 1 to CAP_INFO_ITEMS_MAX */
        struct cap_information item[CAP_INFO_ITEMS_MAX];
    } requested; /* mandatory */
    struct bytes extensions;
    struct cap_leg leg_id; /* receiving side; absent means leg 2 */
};

enum p7_status
cap_call_information_report_decode(struct bytes parameter,
                                   struct cap_call_information_report *out) P7_MUST_CHECK;
enum p7_status
cap_call_information_report_encode(struct bytes_writer *writer,
                                   const struct cap_call_information_report *in) P7_MUST_CHECK;

/* A CHOICE. */
struct cap_cancel {
    struct {
        bool invoke_id;
        bool all_requests;
    } has;
    int32_t invoke_id; /* -128 to 127 */
};

enum p7_status cap_cancel_decode(struct bytes parameter, struct cap_cancel *out) P7_MUST_CHECK;
enum p7_status cap_cancel_encode(struct bytes_writer *writer,
                                 const struct cap_cancel *in) P7_MUST_CHECK;

#endif
