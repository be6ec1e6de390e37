/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "sigtran/codec/cap_types.h"

#include "sigtran/codec/cap_fields.h"

/* TS29.002-17.7.8 */
static const struct cap_field basic_service[] = {
    CAP_OCTETS(cap_basic_service, bearer_service, 0x82, 1, 5),
    CAP_OCTETS(cap_basic_service, teleservice, 0x83, 1, 5),
};
const struct cap_shape cap_basic_service_shape = CAP_SHAPE(cap_basic_service, basic_service);

/* CS2's MiscCallInfo */
static const struct cap_field misc_call_info[] = {
    CAP_REQUIRED(cap_misc_call_info, message_type, 0x80, CAP_KIND_INTEGER, 0, 1, NULL),
    CAP_INTEGER(cap_misc_call_info, dp_assignment, 0x81, 0, 2),
};
const struct cap_shape cap_misc_call_info_shape = CAP_SHAPE(cap_misc_call_info, misc_call_info);

/* TS29.002-17.7.1; NotReachableReason is an ENUMERATED without a tag of its own. */
static const struct cap_field subscriber_state[] = {
    CAP_NULL(cap_subscriber_state, assumed_idle, 0x80),
    CAP_NULL(cap_subscriber_state, camel_busy, 0x81),
    CAP_ROW(0x0a, 0, CAP_AT(cap_subscriber_state, not_reachable_reason),
            CAP_HAS(cap_subscriber_state, not_reachable), CAP_KIND_INTEGER, 0, 3, NULL),
    CAP_NULL(cap_subscriber_state, not_provided_from_vlr, 0x82),
};
const struct cap_shape cap_subscriber_state_shape =
    CAP_SHAPE(cap_subscriber_state, subscriber_state);

static const struct cap_field cell_identity[] = {
    CAP_OCTETS(cap_cell_identity, cell_global_id, 0x80, 7, 7),
    CAP_OCTETS(cap_cell_identity, lai, 0x81, 5, 5),
};
static const struct cap_shape cell_identity_shape = CAP_SHAPE(cap_cell_identity, cell_identity);

/* TS29.002-17.7.1 */
static const struct cap_field location_information[] = {
    CAP_INTEGER(cap_location_information, age, 0x02, 0, 32767),
    CAP_OCTETS(cap_location_information, geographical_information, 0x80, 8, 8),
    CAP_OCTETS(cap_location_information, vlr_number, 0x81, 1, 9),
    CAP_OCTETS(cap_location_information, location_number, 0x82, 2, 10),
    CAP_CHOICE(cap_location_information, cell, 0xa3, &cell_identity_shape),
    CAP_OPAQUE(cap_location_information, extension_container, 0xa4),
    CAP_OCTETS(cap_location_information, selected_lsa_id, 0x85, 3, 3),
    CAP_OCTETS(cap_location_information, msc_number, 0x86, 1, 9),
    CAP_OCTETS(cap_location_information, geodetic_information, 0x87, 10, 10),
    CAP_NULL(cap_location_information, current_location_retrieved, 0x88),
    CAP_NULL(cap_location_information, sai_present, 0x89),
};
const struct cap_shape cap_location_information_shape =
    CAP_SHAPE(cap_location_information, location_information);

/* TS29.078-5.1 */
static const struct cap_field location_information_gprs[] = {
    CAP_OCTETS(cap_location_information_gprs, cell, 0x80, 5, 7),
    CAP_OCTETS(cap_location_information_gprs, routeing_area_identity, 0x81, 6, 6),
    CAP_OCTETS(cap_location_information_gprs, geographical_information, 0x82, 8, 8),
    CAP_OCTETS(cap_location_information_gprs, sgsn_number, 0x83, 1, 9),
    CAP_OCTETS(cap_location_information_gprs, selected_lsa_identity, 0x84, 3, 3),
    CAP_OPAQUE(cap_location_information_gprs, extension_container, 0xa5),
    CAP_NULL(cap_location_information_gprs, sai_present, 0x86),
};
const struct cap_shape cap_location_information_gprs_shape =
    CAP_SHAPE(cap_location_information_gprs, location_information_gprs);

const char *cap_bcsm_event_name(int32_t event_type)
{
    switch (event_type) {
#define EVENT_NAME(name, code, text)                                                               \
    case (code):                                                                                   \
        return (text);
        CAP_BCSM_EVENT_LIST(EVENT_NAME)
    default:
        return NULL;
    }
}

const char *cap_sms_event_name(int32_t event_type)
{
    switch (event_type) {
        CAP_SMS_EVENT_LIST(EVENT_NAME)
#undef EVENT_NAME
    default:
        return NULL;
    }
}
