/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "sigtran/codec/cap_call.h"

#include "sigtran/codec/cap_fields.h"

/* TS29.078-6.1.1 InitialDPArg, in its order; bounds are those of TS29.078-5.5's
 * cAPSpecificBoundSet. EventTypeBCSM takes any value: one that is not known "shall be treated like
 * reception of no detection point", which is the receiver's business. */
static const struct cap_field initial_dp[] = {
    CAP_REQUIRED(cap_initial_dp, service_key, 0x80, CAP_KIND_INTEGER, 0, INT32_MAX, NULL),
    CAP_OCTETS(cap_initial_dp, called_party_number, 0x82, 2, 18),
    CAP_OCTETS(cap_initial_dp, calling_party_number, 0x83, 2, 10),
    CAP_OCTET(cap_initial_dp, calling_partys_category, 0x85),
    CAP_INTEGER(cap_initial_dp, cg_encountered, 0x87, 0, 2),
    CAP_OCTETS(cap_initial_dp, ip_ssp_capabilities, 0x88, 1, 4),
    CAP_OCTETS(cap_initial_dp, location_number, 0x8a, 2, 10),
    CAP_OCTETS(cap_initial_dp, original_called_party_id, 0x8c, 2, 10),
    CAP_OPAQUE(cap_initial_dp, extensions, 0xaf),
    CAP_OCTETS(cap_initial_dp, high_layer_compatibility, 0x97, 2, 2),
    CAP_OCTETS(cap_initial_dp, additional_calling_party_number, 0x99, 2, 16),
    CAP_ROW(0xbb, 0x80, CAP_AT(cap_initial_dp, bearer_capability),
            CAP_HAS(cap_initial_dp, bearer_capability), CAP_KIND_OCTETS, 2, 11, NULL),
    CAP_INTEGER(cap_initial_dp, event_type_bcsm, 0x9c, INT32_MIN, INT32_MAX),
    CAP_OCTETS(cap_initial_dp, redirecting_party_id, 0x9d, 2, 10),
    CAP_OCTETS(cap_initial_dp, redirection_information, 0x9e, 2, 2),
    CAP_OCTETS(cap_initial_dp, cause, 0x91, 2, 32),
    CAP_OPAQUE(cap_initial_dp, service_interaction_indicators_two, 0xbf20),
    CAP_OCTETS(cap_initial_dp, carrier, 0x9f25, 4, 4),
    CAP_INTEGER(cap_initial_dp, cug_index, 0x9f2d, 0, 32767),
    CAP_OCTETS(cap_initial_dp, cug_interlock, 0x9f2e, 4, 4),
    CAP_NULL(cap_initial_dp, cug_outgoing_access, 0x9f2f),
    CAP_OCTETS(cap_initial_dp, imsi, 0x9f32, 3, 8),
    CAP_CHOICE(cap_initial_dp, subscriber_state, 0xbf33, &cap_subscriber_state_shape),
    CAP_SEQUENCE(cap_initial_dp, location_information, 0xbf34, &cap_location_information_shape),
    CAP_CHOICE(cap_initial_dp, ext_basic_service_code, 0xbf35, &cap_basic_service_shape),
    CAP_OCTETS(cap_initial_dp, call_reference_number, 0x9f36, 1, 8),
    CAP_OCTETS(cap_initial_dp, msc_address, 0x9f37, 1, 9),
    CAP_OCTETS(cap_initial_dp, called_party_bcd_number, 0x9f38, 1, 41),
    CAP_OCTETS(cap_initial_dp, time_and_timezone, 0x9f39, 8, 8),
    CAP_NULL(cap_initial_dp, call_forwarding_ss_pending, 0x9f3a),
    CAP_OPAQUE(cap_initial_dp, initial_dp_arg_extension, 0xbf3b),
};
static const struct cap_shape initial_dp_shape = CAP_SHAPE(cap_initial_dp, initial_dp);
const struct cap_argument cap_initial_dp_argument = {
    .top = CAP_ROW(0x30, 0, 0, CAP_MANDATORY, CAP_KIND_SEQUENCE, 0, 0, &initial_dp_shape),
    .octets = sizeof(struct cap_initial_dp),
};
CAP_DEFINE_CODEC(cap_initial_dp)

/* GSM 09.78 InitialDPArgExtension */
static const struct cap_field extension_phase_2[] = {
    CAP_OPAQUE(cap_initial_dp_extension, na_carrier_information, 0xa0),
    CAP_OCTETS(cap_initial_dp_extension, gmsc_address, 0x81, 1, 9),
};
static const struct cap_shape extension_phase_2_shape =
    CAP_SHAPE(cap_initial_dp_extension, extension_phase_2);

/* TS29.078-6.1.1 InitialDPArgExtension */
static const struct cap_field extension_phase_3[] = {
    CAP_OCTETS(cap_initial_dp_extension, gmsc_address, 0x80, 1, 9),
    CAP_OCTETS(cap_initial_dp_extension, forwarding_destination_number, 0x81, 2, 18),
    CAP_OCTETS(cap_initial_dp_extension, ms_classmark2, 0x82, 3, 3),
    CAP_OCTETS(cap_initial_dp_extension, imei, 0x83, 8, 8),
    CAP_OCTETS(cap_initial_dp_extension, supported_camel_phases, 0x84, 1, 3),
    CAP_OCTETS(cap_initial_dp_extension, offered_camel4_functionalities, 0x85, 1, 9),
    CAP_ROW(0xa6, 0x80, CAP_AT(cap_initial_dp_extension, bearer_capability2),
            CAP_HAS(cap_initial_dp_extension, bearer_capability2), CAP_KIND_OCTETS, 2, 11, NULL),
    CAP_CHOICE(cap_initial_dp_extension, ext_basic_service_code2, 0xa7, &cap_basic_service_shape),
    CAP_OCTETS(cap_initial_dp_extension, high_layer_compatibility2, 0x88, 2, 2),
    CAP_OCTETS(cap_initial_dp_extension, low_layer_compatibility, 0x89, 1, 16),
    CAP_OCTETS(cap_initial_dp_extension, low_layer_compatibility2, 0x8a, 1, 16),
};
static const struct cap_shape extension_phase_3_shape =
    CAP_SHAPE(cap_initial_dp_extension, extension_phase_3);

enum p7_status cap_initial_dp_extension_decode(struct bytes content, enum cap_phase phase,
                                               struct cap_initial_dp_extension *out)
{
    return cap_content_decode(
        phase == CAP_PHASE_2 ? &extension_phase_2_shape : &extension_phase_3_shape, content, out);
}

enum p7_status cap_initial_dp_extension_encode(struct bytes_writer *writer, enum cap_phase phase,
                                               const struct cap_initial_dp_extension *in)
{
    return cap_content_encode(
        phase == CAP_PHASE_2 ? &extension_phase_2_shape : &extension_phase_3_shape, writer, in);
}

static const struct cap_field generic_number[] = {
    CAP_ROW(0x04, 0, 0, CAP_MANDATORY, CAP_KIND_OCTETS, 3, 11, NULL),
};
static const struct cap_shape generic_numbers_shape = {
    .fields = generic_number,
    .count = 1,
    .items_at = CAP_AT(cap_generic_numbers, number),
    .stride = sizeof(struct bytes),
};

/* TS29.078-6.1.1 ConnectArg. DestinationRoutingAddress is a SEQUENCE SIZE (1) OF. */
static const struct cap_field connect[] = {
    CAP_ROW(0xa0, 0x04, CAP_AT(cap_connect, destination_routing_address), CAP_MANDATORY,
            CAP_KIND_OCTETS, 2, 18, NULL),
    CAP_OCTETS(cap_connect, alerting_pattern, 0x81, 3, 3),
    CAP_OCTETS(cap_connect, original_called_party_id, 0x86, 2, 10),
    CAP_OPAQUE(cap_connect, extensions, 0xaa),
    CAP_OCTETS(cap_connect, carrier, 0x8b, 4, 4),
    CAP_OCTET(cap_connect, calling_partys_category, 0x9c),
    CAP_OCTETS(cap_connect, redirecting_party_id, 0x9d, 2, 10),
    CAP_OCTETS(cap_connect, redirection_information, 0x9e, 2, 2),
    CAP_OPTIONAL(cap_connect, generic_numbers, 0xae, CAP_KIND_LIST, 1, CAP_GENERIC_NUMBERS_MAX,
                 &generic_numbers_shape),
    CAP_OPAQUE(cap_connect, service_interaction_indicators_two, 0xaf),
    CAP_OCTETS(cap_connect, charge_number, 0x93, 2, 10),
    CAP_OCTETS(cap_connect, cug_interlock, 0x9f1f, 4, 4),
    CAP_NULL(cap_connect, cug_outgoing_access, 0x9f20),
    CAP_NULL(cap_connect, suppression_of_announcement, 0x9f37),
    CAP_NULL(cap_connect, ocsi_applicable, 0x9f38),
    CAP_OCTET(cap_connect, na_oli_info, 0x9f39),
};
static const struct cap_shape connect_shape = CAP_SHAPE(cap_connect, connect);
const struct cap_argument cap_connect_argument = {
    .top = CAP_ROW(0x30, 0, 0, CAP_MANDATORY, CAP_KIND_SEQUENCE, 0, 0, &connect_shape),
    .octets = sizeof(struct cap_connect),
};
CAP_DEFINE_CODEC(cap_connect)

/* TS29.078-6.1.1 ReleaseCallArg of phases 2 and 3: the Cause itself. */
const struct cap_argument cap_release_call_argument = {
    .top = CAP_ROW(0x04, 0, CAP_AT(cap_release_call, cause), CAP_MANDATORY, CAP_KIND_OCTETS, 2, 32,
                   NULL),
    .octets = sizeof(struct cap_release_call),
};
CAP_DEFINE_CODEC(cap_release_call)

/* TS29.078-6.1.1 CallInformationRequestArg */
static const struct cap_field information_type[] = {
    CAP_ROW(0x0a, 0, 0, CAP_MANDATORY, CAP_KIND_INTEGER, 0, 30, NULL),
};
static const struct cap_shape information_types_shape = {
    .fields = information_type,
    .count = 1,
    .items_at = (uint16_t)(offsetof(struct cap_call_information_request, requested.type) -
                           offsetof(struct cap_call_information_request, requested)),
    .stride = sizeof(int32_t),
};
static const struct cap_field call_information_request[] = {
    CAP_REQUIRED(cap_call_information_request, requested, 0xa0, CAP_KIND_LIST, 1,
                 CAP_INFO_ITEMS_MAX, &information_types_shape),
    CAP_OPAQUE(cap_call_information_request, extensions, 0xa2),
    CAP_LEG(cap_call_information_request, leg_id, 0xa3, CAP_SIDE_SENDING),
};
static const struct cap_shape call_information_request_shape =
    CAP_SHAPE(cap_call_information_request, call_information_request);
const struct cap_argument cap_call_information_request_argument = {
    .top = CAP_ROW(0x30, 0, 0, CAP_MANDATORY, CAP_KIND_SEQUENCE, 0, 0,
                   &call_information_request_shape),
    .octets = sizeof(struct cap_call_information_request),
};
CAP_DEFINE_CODEC(cap_call_information_request)

/* TS29.078-5.1 RequestedInformationValue */
static const struct cap_field information_value[] = {
    CAP_INTEGER(cap_information_value, call_attempt_elapsed_time, 0x80, 0, 255),
    CAP_OCTETS(cap_information_value, call_stop_time, 0x81, 7, 7),
    CAP_INTEGER(cap_information_value, call_connected_elapsed_time, 0x82, 0, INT32_MAX),
    CAP_OCTETS(cap_information_value, release_cause, 0x9e, 2, 32),
};
static const struct cap_shape information_value_shape =
    CAP_SHAPE(cap_information_value, information_value);
static const struct cap_field information[] = {
    CAP_REQUIRED(cap_information, type, 0x80, CAP_KIND_INTEGER, 0, 30, NULL),
    CAP_REQUIRED(cap_information, value, 0xa1, CAP_KIND_CHOICE, 0, 0, &information_value_shape),
};
static const struct cap_shape information_shape = CAP_SHAPE_WITHOUT_FLAGS(information);
static const struct cap_field information_item[] = {
    CAP_ROW(0x30, 0, 0, CAP_MANDATORY, CAP_KIND_SEQUENCE, 0, 0, &information_shape),
};
static const struct cap_shape information_list_shape = {
    .fields = information_item,
    .count = 1,
    .items_at = (uint16_t)(offsetof(struct cap_call_information_report, requested.item) -
                           offsetof(struct cap_call_information_report, requested)),
    .stride = sizeof(struct cap_information),
};
static const struct cap_field call_information_report[] = {
    CAP_REQUIRED(cap_call_information_report, requested, 0xa0, CAP_KIND_LIST, 1, CAP_INFO_ITEMS_MAX,
                 &information_list_shape),
    CAP_OPAQUE(cap_call_information_report, extensions, 0xa2),
    CAP_LEG(cap_call_information_report, leg_id, 0xa3, CAP_SIDE_RECEIVING),
};
static const struct cap_shape call_information_report_shape =
    CAP_SHAPE(cap_call_information_report, call_information_report);
const struct cap_argument cap_call_information_report_argument = {
    .top =
        CAP_ROW(0x30, 0, 0, CAP_MANDATORY, CAP_KIND_SEQUENCE, 0, 0, &call_information_report_shape),
    .octets = sizeof(struct cap_call_information_report),
};
CAP_DEFINE_CODEC(cap_call_information_report)

/* TS29.078-6.1.1 CancelArg: a CHOICE without a tag around it. */
static const struct cap_field cancel[] = {
    CAP_INTEGER(cap_cancel, invoke_id, 0x80, -128, 127),
    CAP_NULL(cap_cancel, all_requests, 0x81),
};
static const struct cap_shape cancel_shape = CAP_SHAPE(cap_cancel, cancel);
const struct cap_argument cap_cancel_argument = {
    .top = CAP_ROW(0, 0, 0, CAP_MANDATORY, CAP_KIND_CHOICE, 0, 0, &cancel_shape),
    .octets = sizeof(struct cap_cancel),
};
CAP_DEFINE_CODEC(cap_cancel)
