/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "sigtran/codec/cap_event.h"

#include "sigtran/codec/cap_fields.h"

/* TS29.078-5.1 BCSMEvent. Of dPSpecificCriteria [30], only applicationTimer [1] is known; another
 * alternative "shall be treated like reception of no DpSpecificCriteria". */
static const struct cap_field bcsm_event[] = {
    CAP_REQUIRED(cap_bcsm_event, event_type, 0x80, CAP_KIND_INTEGER, INT32_MIN, INT32_MAX, NULL),
    CAP_REQUIRED(cap_bcsm_event, monitor_mode, 0x81, CAP_KIND_INTEGER, 0, 2, NULL),
    CAP_LEG(cap_bcsm_event, leg_id, 0xa2, CAP_SIDE_EITHER),
    CAP_ROW(0xbe, 0x81, CAP_AT(cap_bcsm_event, application_timer_s),
            CAP_HAS(cap_bcsm_event, application_timer_s), CAP_KIND_INTEGER, 0, 2047, NULL),
    CAP_NULL(cap_bcsm_event, automatic_rearm, 0x9f32),
};
static const struct cap_shape bcsm_event_shape = CAP_SHAPE(cap_bcsm_event, bcsm_event);
static const struct cap_field bcsm_event_item[] = {
    CAP_ROW(0x30, 0, 0, CAP_MANDATORY, CAP_KIND_SEQUENCE, 0, 0, &bcsm_event_shape),
};
static const struct cap_shape bcsm_events_shape = {
    .fields = bcsm_event_item,
    .count = 1,
    .items_at = (uint16_t)(offsetof(struct cap_request_report_bcsm_event, bcsm.event) -
                           offsetof(struct cap_request_report_bcsm_event, bcsm)),
    .stride = sizeof(struct cap_bcsm_event),
};

/* TS29.078-6.1.1 RequestReportBCSMEventArg */
static const struct cap_field request_report_bcsm_event[] = {
    CAP_REQUIRED(cap_request_report_bcsm_event, bcsm, 0xa0, CAP_KIND_LIST, 1, CAP_BCSM_EVENTS_MAX,
                 &bcsm_events_shape),
    CAP_OPAQUE(cap_request_report_bcsm_event, extensions, 0xa2),
};
static const struct cap_shape request_report_bcsm_event_shape =
    CAP_SHAPE(cap_request_report_bcsm_event, request_report_bcsm_event);
const struct cap_argument cap_request_report_bcsm_event_argument = {
    .top = CAP_ROW(0x30, 0, 0, CAP_MANDATORY, CAP_KIND_SEQUENCE, 0, 0,
                   &request_report_bcsm_event_shape),
    .octets = sizeof(struct cap_request_report_bcsm_event),
};
CAP_DEFINE_CODEC(cap_request_report_bcsm_event)

static const struct cap_field event_cause[] = {
    CAP_OCTETS(cap_event_cause, cause, 0x80, 2, 32),
};
static const struct cap_shape event_cause_shape = CAP_SHAPE(cap_event_cause, event_cause);

static const struct cap_field event_answer[] = {
    CAP_OCTETS(cap_event_answer, destination_address, 0x9f32, 2, 18),
    CAP_NULL(cap_event_answer, or_call, 0x9f33),
    CAP_NULL(cap_event_answer, forwarded_call, 0x9f34),
    CAP_OCTET(cap_event_answer, charge_indicator, 0x9f35),
    CAP_CHOICE(cap_event_answer, ext_basic_service_code, 0xbf36, &cap_basic_service_shape),
    CAP_CHOICE(cap_event_answer, ext_basic_service_code2, 0xbf37, &cap_basic_service_shape),
};
static const struct cap_shape event_answer_shape = CAP_SHAPE(cap_event_answer, event_answer);

static const struct cap_field event_t_busy[] = {
    CAP_OCTETS(cap_event_t_busy, cause, 0x80, 2, 32),
    CAP_NULL(cap_event_t_busy, call_forwarded, 0x9f32),
    CAP_NULL(cap_event_t_busy, route_not_permitted, 0x9f33),
    CAP_OCTETS(cap_event_t_busy, forwarding_destination_number, 0x9f34, 2, 18),
};
static const struct cap_shape event_t_busy_shape = CAP_SHAPE(cap_event_t_busy, event_t_busy);

static const struct cap_field event_t_no_answer[] = {
    CAP_NULL(cap_event_t_no_answer, call_forwarded, 0x9f32),
    CAP_OCTETS(cap_event_t_no_answer, forwarding_destination_number, 0x9f34, 2, 18),
};
static const struct cap_shape event_t_no_answer_shape =
    CAP_SHAPE(cap_event_t_no_answer, event_t_no_answer);

static const struct cap_field event_abandon[] = {
    CAP_NULL(cap_event_abandon, route_not_permitted, 0x9f32),
};
static const struct cap_shape event_abandon_shape = CAP_SHAPE(cap_event_abandon, event_abandon);

/* oNoAnswerSpecificInfo: "no specific info defined", only what an extension may bring. */
static const struct cap_shape event_nothing_shape = {.fields = NULL, .count = 0};

/* TS29.078-5.1 EventSpecificInformationBCSM. The structs share their place: has says which. */
static const struct cap_field event_specific[] = {
    CAP_SEQUENCE(cap_event_specific, route_select_failure, 0xa2, &event_cause_shape),
    CAP_SEQUENCE(cap_event_specific, o_called_party_busy, 0xa3, &event_cause_shape),
    CAP_ROW(0xa4, 0, 0, CAP_HAS(cap_event_specific, o_no_answer), CAP_KIND_SEQUENCE, 0, 0,
            &event_nothing_shape),
    CAP_SEQUENCE(cap_event_specific, o_answer, 0xa5, &event_answer_shape),
    CAP_SEQUENCE(cap_event_specific, o_disconnect, 0xa7, &event_cause_shape),
    CAP_SEQUENCE(cap_event_specific, t_busy, 0xa8, &event_t_busy_shape),
    CAP_SEQUENCE(cap_event_specific, t_no_answer, 0xa9, &event_t_no_answer_shape),
    CAP_SEQUENCE(cap_event_specific, t_answer, 0xaa, &event_answer_shape),
    CAP_SEQUENCE(cap_event_specific, t_disconnect, 0xac, &event_cause_shape),
    CAP_SEQUENCE(cap_event_specific, o_abandon, 0xb5, &event_abandon_shape),
};
static const struct cap_shape event_specific_shape = CAP_SHAPE(cap_event_specific, event_specific);

/* TS29.078-6.1.1 EventReportBCSMArg */
static const struct cap_field event_report_bcsm[] = {
    CAP_REQUIRED(cap_event_report_bcsm, event_type, 0x80, CAP_KIND_INTEGER, INT32_MIN, INT32_MAX,
                 NULL),
    CAP_CHOICE(cap_event_report_bcsm, event_specific, 0xa2, &event_specific_shape),
    CAP_LEG(cap_event_report_bcsm, leg_id, 0xa3, CAP_SIDE_RECEIVING),
    CAP_SEQUENCE(cap_event_report_bcsm, misc_call_info, 0xa4, &cap_misc_call_info_shape),
    CAP_OPAQUE(cap_event_report_bcsm, extensions, 0xa5),
};
static const struct cap_shape event_report_bcsm_shape =
    CAP_SHAPE(cap_event_report_bcsm, event_report_bcsm);
const struct cap_argument cap_event_report_bcsm_argument = {
    .top = CAP_ROW(0x30, 0, 0, CAP_MANDATORY, CAP_KIND_SEQUENCE, 0, 0, &event_report_bcsm_shape),
    .octets = sizeof(struct cap_event_report_bcsm),
};
CAP_DEFINE_CODEC(cap_event_report_bcsm)
