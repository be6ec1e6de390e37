/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "simulator/core/ssf_report.h"

#include "sigtran/codec/tcap.h"

/* Invoke ids: the answer has 2; reports go up from 3 and wrap below 127, so that two that may be
 * outstanding never have the same. The dialogue's first component has 1. */
#define INVOKE_ID_ANSWER 2
#define INVOKE_ID_REPORT 3
#define INVOKE_ID_COUNT  40
#define INVOKE_IDS_EACH  3

enum report_component { REPORT_CHARGING, REPORT_EVENT, REPORT_INFORMATION };

/* Q.850-2.2.7.1.20, -2.2.7.2.1: what a route that fails says in a T-BCSM and in an O-BCSM. */
#define CAUSE_SUBSCRIBER_ABSENT 20
#define CAUSE_NO_CIRCUIT        34

#define ATTEMPT_TIME_S_MAX 255

static int8_t report_invoke_id(const struct traffic_call *call, enum report_component which)
{
    return (int8_t)(INVOKE_ID_REPORT + INVOKE_IDS_EACH * (call->sequence % INVOKE_ID_COUNT) +
                    (unsigned)which);
}

/* --- what is armed ---------------------------------------------------------------------------- */

/* The events that one BCSMEvent names, as bits of SSF_ARMED. */
static uint32_t named_events(const struct cap_bcsm_event *event)
{
    switch (event->event_type) {
    case CAP_BCSM_ROUTE_SELECT_FAILURE:
        return SSF_ARMED(SSF_EVENT_ROUTE_FAILURE);
    case CAP_BCSM_O_CALLED_PARTY_BUSY:
        return SSF_ARMED(SSF_EVENT_BUSY);
    case CAP_BCSM_T_BUSY: /* TS23.078: a terminating call's route fails with it, too */
        return SSF_ARMED(SSF_EVENT_BUSY) | SSF_ARMED(SSF_EVENT_ROUTE_FAILURE);
    case CAP_BCSM_O_NO_ANSWER:
    case CAP_BCSM_T_NO_ANSWER:
        return SSF_ARMED(SSF_EVENT_NO_ANSWER);
    case CAP_BCSM_O_ANSWER:
    case CAP_BCSM_T_ANSWER:
        return SSF_ARMED(SSF_EVENT_ANSWER);
    case CAP_BCSM_O_ABANDON:
    case CAP_BCSM_T_ABANDON:
        return SSF_ARMED(SSF_EVENT_ABANDON);
    case CAP_BCSM_O_DISCONNECT:
    case CAP_BCSM_T_DISCONNECT:
        if (!event->has.leg_id)
            return SSF_ARMED(SSF_EVENT_CALLING_DISCONNECTS) |
                   SSF_ARMED(SSF_EVENT_CALLED_DISCONNECTS);
        return event->leg_id.id == CAP_LEG_1 ? SSF_ARMED(SSF_EVENT_CALLING_DISCONNECTS)
                                             : SSF_ARMED(SSF_EVENT_CALLED_DISCONNECTS);
    default: /* "treated like reception of no detection point" */
        return 0;
    }
}

uint32_t ssf_arm(uint32_t armed, const struct cap_request_report_bcsm_event *request)
{
    for (unsigned i = 0; i < request->bcsm.count; i++) {
        const uint32_t events = named_events(&request->bcsm.event[i]);
        armed &= ~(events | events << 8);
        if (request->bcsm.event[i].monitor_mode != CAP_MONITOR_TRANSPARENT)
            armed |= events;
        if (request->bcsm.event[i].monitor_mode == CAP_MONITOR_INTERRUPTED)
            armed |= events << 8;
    }
    return armed;
}

uint32_t ssf_arm_information(uint32_t armed, const struct cap_call_information_request *request)
{
    for (unsigned i = 0; i < request->requested.count; i++) {
        switch (request->requested.type[i]) {
        case CAP_INFO_CALL_ATTEMPT_ELAPSED_TIME:
            armed |= SSF_ARMED_ATTEMPT_TIME;
            break;
        case CAP_INFO_CALL_STOP_TIME:
            armed |= SSF_ARMED_STOP_TIME;
            break;
        case CAP_INFO_CALL_CONNECTED_ELAPSED_TIME:
            armed |= SSF_ARMED_CONNECTED_TIME;
            break;
        case CAP_INFO_RELEASE_CAUSE:
            armed |= SSF_ARMED_RELEASE_CAUSE;
            break;
        default:
            break;
        }
    }
    return armed;
}

/* --- values ----------------------------------------------------------------------------------- */

/* How the call ended: the event, and its cause of Q.850. */
static enum ssf_event event_of(const struct traffic_call *call)
{
    switch ((enum traffic_outcome)call->outcome) {
    case TRAFFIC_ABANDONED:
        return SSF_EVENT_ABANDON;
    case TRAFFIC_BUSY:
        return SSF_EVENT_BUSY;
    case TRAFFIC_NO_ANSWER:
        return SSF_EVENT_NO_ANSWER;
    case TRAFFIC_ROUTE_FAILURE:
        return SSF_EVENT_ROUTE_FAILURE;
    case TRAFFIC_ANSWERED:
    case TRAFFIC_OUTCOME_COUNT:
        break;
    }
    return call->called_ends ? SSF_EVENT_CALLED_DISCONNECTS : SSF_EVENT_CALLING_DISCONNECTS;
}

static uint8_t cause_of(enum ssf_event event, bool terminating)
{
    switch (event) {
    case SSF_EVENT_BUSY:
        return CAP_CAUSE_USER_BUSY;
    case SSF_EVENT_NO_ANSWER:
        return CAP_CAUSE_NO_ANSWER;
    case SSF_EVENT_ROUTE_FAILURE:
        return terminating ? CAUSE_SUBSCRIBER_ABSENT : CAUSE_NO_CIRCUIT;
    default:
        return CAP_CAUSE_NORMAL_CLEARING;
    }
}

struct cause_octets {
    uint8_t octets[CAP_NUMBER_OCTETS_MAX];
    struct bytes bytes;
};

static enum p7_status encode_cause(enum ssf_event event, bool terminating, struct cause_octets *out)
{
    const struct cap_cause cause = {.location = CAP_CAUSE_LOCATION_USER,
                                    .value = cause_of(event, terminating)};
    struct bytes_writer w = bytes_writer_of(out->octets, out->octets + sizeof(out->octets));
    const enum p7_status status = cap_cause_encode(&w, &cause);
    out->bytes = bytes_of(out->octets, bytes_writer_length(&w));
    return status;
}

/* --- components ------------------------------------------------------------------------------- */

static enum p7_status write_charging_report(struct bytes_writer *w, const struct traffic_call *call,
                                            bool leg_active)
{
    const struct cap_apply_charging_report report = {
        .has = {.leg_active = true},
        .party_to_charge = {.side = CAP_LEG_RECEIVING, .id = CAP_LEG_1},
        .time = {.has = {.no_tariff_switch = true},
                 .no_tariff_switch_100ms = (int32_t)(call->used_ms / 100)},
        .leg_active = leg_active,
    };
    const struct tcap_component invoke =
        tcap_invoke(report_invoke_id(call, REPORT_CHARGING), CAP_APPLY_CHARGING_REPORT);
    const struct tcap_component_mark mark = tcap_component_open(w, &invoke);
    const enum p7_status status = cap_apply_charging_report_encode(w, &report);
    tcap_component_close(w, mark);
    return status;
}

/* The o or t form of the event, with its cause where it has one (TS29.078-5.1,
 * EventSpecificInformationBCSM). */
static void set_event(struct cap_event_report_bcsm *report, enum ssf_event event, bool terminating,
                      struct bytes cause)
{
    struct cap_event_specific *specific = &report->event_specific;
    const struct cap_event_cause with_cause = {.has = {.cause = true}, .cause = cause};
    report->has.event_specific = true;
    if (terminating && (event == SSF_EVENT_BUSY || event == SSF_EVENT_ROUTE_FAILURE)) {
        report->event_type = CAP_BCSM_T_BUSY;
        specific->has.t_busy = true;
        specific->t_busy = (struct cap_event_t_busy){.has = {.cause = true}, .cause = cause};
    } else if (event == SSF_EVENT_BUSY) {
        report->event_type = CAP_BCSM_O_CALLED_PARTY_BUSY;
        specific->has.o_called_party_busy = true;
        specific->o_called_party_busy = with_cause;
    } else if (event == SSF_EVENT_ROUTE_FAILURE) {
        report->event_type = CAP_BCSM_ROUTE_SELECT_FAILURE;
        specific->has.route_select_failure = true;
        specific->route_select_failure = with_cause;
    } else if (event == SSF_EVENT_NO_ANSWER) {
        report->event_type = terminating ? CAP_BCSM_T_NO_ANSWER : CAP_BCSM_O_NO_ANSWER;
        report->has.event_specific = false;
    } else if (event == SSF_EVENT_ABANDON) {
        report->event_type = terminating ? CAP_BCSM_T_ABANDON : CAP_BCSM_O_ABANDON;
        report->has.event_specific = false;
    } else if (terminating) {
        report->event_type = CAP_BCSM_T_DISCONNECT;
        specific->has.t_disconnect = true;
        specific->t_disconnect = with_cause;
    } else {
        report->event_type = CAP_BCSM_O_DISCONNECT;
        specific->has.o_disconnect = true;
        specific->o_disconnect = with_cause;
    }
}

static uint8_t leg_of(enum ssf_event event)
{
    return event == SSF_EVENT_CALLING_DISCONNECTS || event == SSF_EVENT_ABANDON ? CAP_LEG_1
                                                                                : CAP_LEG_2;
}

static enum p7_status write_event(struct bytes_writer *w, int8_t invoke_id,
                                  const struct cap_event_report_bcsm *event)
{
    const struct tcap_component invoke = tcap_invoke(invoke_id, CAP_EVENT_REPORT_BCSM);
    const struct tcap_component_mark mark = tcap_component_open(w, &invoke);
    const enum p7_status status = cap_event_report_bcsm_encode(w, event);
    tcap_component_close(w, mark);
    return status;
}

static int32_t message_type(const struct traffic_call *call, enum ssf_event event)
{
    return (call->armed & SSF_ARMED_INTERRUPTED(event)) != 0 ? CAP_MESSAGE_REQUEST
                                                             : CAP_MESSAGE_NOTIFICATION;
}

static enum p7_status write_end_event(struct bytes_writer *w, const struct traffic_call *call,
                                      const struct traffic_model *model, enum ssf_event event)
{
    struct cause_octets cause;
    struct cap_event_report_bcsm report = {
        .has = {.leg_id = true, .misc_call_info = true},
        .leg_id = {.side = CAP_LEG_RECEIVING, .id = leg_of(event)},
        .misc_call_info = {.message_type = message_type(call, event)},
    };
    const enum p7_status status = encode_cause(event, model->mobile_terminated, &cause);
    if (status != P7_OK)
        return status;
    set_event(&report, event, model->mobile_terminated, cause.bytes);
    return write_event(w, report_invoke_id(call, REPORT_EVENT), &report);
}

/* What callInformationRequest asked for, TS29.078-6.1.1. The connected time is in units of 100 ms
 * from the answer, the attempt time in seconds until it. */
static enum p7_status write_information(struct bytes_writer *w, const struct traffic_call *call,
                                        const struct traffic_model *model, enum ssf_event event,
                                        int64_t now_s)
{
    uint8_t stop[8];
    struct cause_octets cause;
    struct cap_call_information_report report = {
        .has = {.leg_id = true}, .leg_id = {.side = CAP_LEG_RECEIVING, .id = CAP_LEG_2}};
    const struct cap_time now = cap_time_from_unix_s(now_s);
    struct bytes_writer stop_writer = bytes_writer_of(stop, stop + sizeof(stop));
    enum p7_status status = cap_date_and_time_encode(&stop_writer, &now);
    if (status == P7_OK)
        status = encode_cause(event, model->mobile_terminated, &cause);
    if (status != P7_OK)
        return status;
    const uint32_t attempt_s = model->answer_delay_ms / 1000;
    const struct cap_information information[] = {
        {.type = CAP_INFO_CALL_ATTEMPT_ELAPSED_TIME,
         .value = {.has = {.call_attempt_elapsed_time = true},
                   .call_attempt_elapsed_time =
                       (int32_t)(attempt_s < ATTEMPT_TIME_S_MAX ? attempt_s : ATTEMPT_TIME_S_MAX)}},
        {.type = CAP_INFO_CALL_STOP_TIME,
         .value = {.has = {.call_stop_time = true},
                   .call_stop_time = bytes_of(stop, bytes_writer_length(&stop_writer))}},
        {.type = CAP_INFO_CALL_CONNECTED_ELAPSED_TIME,
         .value = {.has = {.call_connected_elapsed_time = true},
                   .call_connected_elapsed_time = (int32_t)(call->used_ms / 100)}},
        {.type = CAP_INFO_RELEASE_CAUSE,
         .value = {.has = {.release_cause = true}, .release_cause = cause.bytes}},
    };
    for (unsigned i = 0; i < CAP_INFO_ITEMS_MAX; i++)
        if ((call->armed & (UINT32_C(1) << (SSF_ARMED_INFORMATION_SHIFT + i))) != 0)
            report.requested.item[report.requested.count++] = information[i];
    const struct tcap_component invoke =
        tcap_invoke(report_invoke_id(call, REPORT_INFORMATION), CAP_CALL_INFORMATION_REPORT);
    const struct tcap_component_mark mark = tcap_component_open(w, &invoke);
    status = cap_call_information_report_encode(w, &report);
    tcap_component_close(w, mark);
    return status;
}

/* --- messages --------------------------------------------------------------------------------- */

enum p7_status ssf_write_report(struct bytes_writer *writer, const struct traffic_call *call,
                                const struct traffic_model *model, int64_t now_s)
{
    if (call->kind == REQUEST_INTERIM)
        return write_charging_report(writer, call, true);
    const enum ssf_event event = event_of(call);
    const bool is_armed = (call->armed & SSF_ARMED(event)) != 0;
    enum p7_status status = P7_OK;
    /* Nobody was charged for a call that was not answered; who armed nothing is told even so. */
    if (call->outcome == TRAFFIC_ANSWERED || !is_armed)
        status = write_charging_report(writer, call, false);
    if (status == P7_OK && call->armed >> SSF_ARMED_INFORMATION_SHIFT != 0)
        status = write_information(writer, call, model, event, now_s);
    if (status == P7_OK && is_armed)
        status = write_end_event(writer, call, model, event);
    return status;
}

enum p7_status ssf_write_answer(struct bytes_writer *writer, const struct traffic_call *call,
                                const struct traffic_model *model)
{
    const struct cap_event_report_bcsm event = {
        .has = {.leg_id = true, .misc_call_info = true},
        .event_type = model->mobile_terminated ? CAP_BCSM_T_ANSWER : CAP_BCSM_O_ANSWER,
        .leg_id = {.side = CAP_LEG_RECEIVING, .id = CAP_LEG_2},
        .misc_call_info = {.message_type = message_type(call, SSF_EVENT_ANSWER)},
    };
    if ((call->armed & SSF_ARMED(SSF_EVENT_ANSWER)) == 0)
        return P7_OK;
    return write_event(writer, INVOKE_ID_ANSWER, &event);
}
