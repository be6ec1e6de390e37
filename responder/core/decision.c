/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "responder/core/decision.h"

#include <assert.h>

#include "sigtran/codec/ber.h"
#include "sigtran/codec/cap.h"

static const char *const kind_names[SERVICE_KIND_COUNT + 1] = {
    [SERVICE_INITIAL] = "initial", [SERVICE_INTERIM] = "interim", [SERVICE_FINAL] = "final",
    [SERVICE_EVENT] = "event",     [SERVICE_ONESHOT] = "oneshot", [SERVICE_NO_REQUEST] = "none",
};

const char *service_kind_name(enum service_kind kind)
{
    return (unsigned)kind <= SERVICE_KIND_COUNT ? kind_names[kind] : "unknown";
}

/* What is armed in a call, in the order and with the legs that networks send. Leg 1 calls, leg 2
 * is called. Abandon has no EDP-R in phase 2 (GSM 03.78): it is notified there. */
struct armed_event {
    uint8_t originating;
    uint8_t terminating; /* 0: no such event there */
    uint8_t leg;
    uint8_t mode;
};

#define ARMED_EVENTS 7u
static const struct armed_event armed_events[ARMED_EVENTS] = {
    {CAP_BCSM_ROUTE_SELECT_FAILURE, 0, CAP_LEG_2, CAP_MONITOR_INTERRUPTED},
    {CAP_BCSM_O_CALLED_PARTY_BUSY, CAP_BCSM_T_BUSY, CAP_LEG_2, CAP_MONITOR_INTERRUPTED},
    {CAP_BCSM_O_NO_ANSWER, CAP_BCSM_T_NO_ANSWER, CAP_LEG_2, CAP_MONITOR_INTERRUPTED},
    {CAP_BCSM_O_ANSWER, CAP_BCSM_T_ANSWER, CAP_LEG_2, CAP_MONITOR_NOTIFY_AND_CONTINUE},
    {CAP_BCSM_O_DISCONNECT, CAP_BCSM_T_DISCONNECT, CAP_LEG_1, CAP_MONITOR_INTERRUPTED},
    {CAP_BCSM_O_DISCONNECT, CAP_BCSM_T_DISCONNECT, CAP_LEG_2, CAP_MONITOR_INTERRUPTED},
    {CAP_BCSM_O_ABANDON, CAP_BCSM_T_ABANDON, CAP_LEG_1, CAP_MONITOR_INTERRUPTED},
};

static enum p7_status write_events(struct bytes_writer *w, const struct decision *d)
{
    const bool terminating = (d->flags & DECISION_TERMINATING) != 0;
    struct cap_request_report_bcsm_event request = {0};
    uint8_t n = 0;
    for (unsigned i = 0; i < ARMED_EVENTS; i++) {
        const struct armed_event *armed = &armed_events[i];
        const uint8_t type = terminating ? armed->terminating : armed->originating;
        if (type == 0)
            continue;
        struct cap_bcsm_event *event = &request.bcsm.event[n++];
        *event = (struct cap_bcsm_event){.has = {.leg_id = true},
                                         .event_type = type,
                                         .monitor_mode = armed->mode,
                                         .leg_id = {.side = CAP_LEG_SENDING, .id = armed->leg}};
        if (armed->originating == CAP_BCSM_O_ABANDON && d->context == CAP_AC_V2_GSMSSF)
            event->monitor_mode = CAP_MONITOR_NOTIFY_AND_CONTINUE;
    }
    request.bcsm.count = n;
    const struct tcap_component invoke = tcap_invoke(d->invoke_id, CAP_REQUEST_REPORT_BCSM_EVENT);
    const struct tcap_component_mark mark = tcap_component_open(w, &invoke);
    const enum p7_status status = cap_request_report_bcsm_event_encode(w, &request);
    tcap_component_close(w, mark);
    return status;
}

static enum p7_status write_grant(struct bytes_writer *w, const struct decision *d,
                                  int8_t invoke_id)
{
    struct cap_apply_charging charging = {
        .has = {.party_to_charge = true},
        .max_call_period_100ms = (int32_t)d->slice_100ms,
        .party_to_charge = {.side = CAP_LEG_SENDING, .id = CAP_LEG_1},
    };
    if ((d->flags & DECISION_LAST_SLICE) != 0)
        cap_apply_charging_set_release(
            &charging, cap_application_context_phase((enum cap_application_context)d->context),
            false);
    const struct tcap_component invoke = tcap_invoke(invoke_id, CAP_APPLY_CHARGING);
    const struct tcap_component_mark mark = tcap_component_open(w, &invoke);
    const enum p7_status status = cap_apply_charging_encode(w, &charging);
    tcap_component_close(w, mark);
    return status;
}

/* An operation without an argument. */
static enum p7_status write_plain(struct bytes_writer *w, int8_t invoke_id, int32_t operation)
{
    const struct tcap_component invoke = tcap_invoke(invoke_id, operation);
    return tcap_write_component(w, &invoke);
}

/* How the attempt and the connection went, and why it ended, of the called leg. */
static enum p7_status write_information_request(struct bytes_writer *w, int8_t invoke_id)
{
    const struct cap_call_information_request request = {
        .has = {.leg_id = true},
        .requested = {.count = CAP_INFO_ITEMS_MAX,
                      .type = {CAP_INFO_CALL_ATTEMPT_ELAPSED_TIME, CAP_INFO_CALL_STOP_TIME,
                               CAP_INFO_CALL_CONNECTED_ELAPSED_TIME, CAP_INFO_RELEASE_CAUSE}},
        .leg_id = {.side = CAP_LEG_SENDING, .id = CAP_LEG_2},
    };
    const struct tcap_component invoke = tcap_invoke(invoke_id, CAP_CALL_INFORMATION_REQUEST);
    const struct tcap_component_mark mark = tcap_component_open(w, &invoke);
    const enum p7_status status = cap_call_information_request_encode(w, &request);
    tcap_component_close(w, mark);
    return status;
}

/* Free format data are the operator's; ours say what was granted, in units of 100 ms. */
static enum p7_status write_furnish(struct bytes_writer *w, const struct decision *d,
                                    int8_t invoke_id)
{
    uint8_t data[sizeof(d->slice_100ms)];
    struct bytes_writer data_writer = bytes_writer_of(data, data + sizeof(data));
    bytes_write_u32be(&data_writer, d->slice_100ms);
    const struct cap_furnish_charging_information furnish = {
        .has = {.party_to_charge = true},
        .free_format_data = bytes_of(data, sizeof(data)),
        .party_to_charge = {.side = CAP_LEG_SENDING, .id = CAP_LEG_1},
    };
    const struct tcap_component invoke = tcap_invoke(invoke_id, CAP_FURNISH_CHARGING_INFORMATION);
    const struct tcap_component_mark mark = tcap_component_open(w, &invoke);
    const enum p7_status status = cap_furnish_charging_information_encode(w, &furnish);
    tcap_component_close(w, mark);
    return status;
}

static enum p7_status write_call_start(struct bytes_writer *w, const struct decision *d)
{
    int8_t invoke_id = d->invoke_id;
    enum p7_status status = write_events(w, d);
    if (status == P7_OK && (d->flags & DECISION_INFORMATION) != 0)
        status = write_information_request(w, ++invoke_id);
    if (status == P7_OK && (d->flags & DECISION_FURNISH) != 0)
        status = write_furnish(w, d, ++invoke_id);
    if (status == P7_OK)
        status = write_grant(w, d, (int8_t)(invoke_id + 1));
    if (status == P7_OK)
        status = write_plain(w, (int8_t)(invoke_id + 2), CAP_CONTINUE);
    return status;
}

static enum p7_status write_release_call(struct bytes_writer *w, const struct decision *d)
{
    const struct cap_cause cause = {.location = CAP_CAUSE_LOCATION_PUBLIC_REMOTE, .value = d->code};
    uint8_t octets[CAP_NUMBER_OCTETS_MAX];
    struct bytes_writer cw = bytes_writer_of(octets, octets + sizeof(octets));
    enum p7_status status = cap_cause_encode(&cw, &cause);
    if (status != P7_OK)
        return status;
    const struct cap_release_call release = {.cause = bytes_of(octets, bytes_writer_length(&cw))};
    const struct tcap_component invoke = tcap_invoke(d->invoke_id, CAP_RELEASE_CALL);
    const struct tcap_component_mark mark = tcap_component_open(w, &invoke);
    status = cap_release_call_encode(w, &release);
    tcap_component_close(w, mark);
    return status;
}

static enum p7_status write_release_sms(struct bytes_writer *w, const struct decision *d)
{
    const struct cap_release_sms release = {.rp_cause = d->code};
    const struct tcap_component invoke = tcap_invoke(d->invoke_id, CAP_RELEASE_SMS);
    const struct tcap_component_mark mark = tcap_component_open(w, &invoke);
    const enum p7_status status = cap_release_sms_encode(w, &release);
    tcap_component_close(w, mark);
    return status;
}

/* TS29.078-5.2: systemFailure and taskRefused have a mandatory parameter, the others that we use
 * have none. */
#define UNAVAILABLE_NETWORK_RESOURCE_COMPONENT_FAILURE 1
#define TASK_REFUSED_CONGESTION                        2

static enum p7_status write_error(struct bytes_writer *w, const struct decision *d)
{
    const struct tcap_component error = tcap_return_error(d->answers_invoke_id, d->code);
    const struct tcap_component_mark mark = tcap_component_open(w, &error);
    if (d->code == CAP_ERROR_SYSTEM_FAILURE)
        ber_write_integer(w, BER_TAG_ENUMERATED, UNAVAILABLE_NETWORK_RESOURCE_COMPONENT_FAILURE);
    else if (d->code == CAP_ERROR_TASK_REFUSED)
        ber_write_integer(w, BER_TAG_ENUMERATED, TASK_REFUSED_CONGESTION);
    tcap_component_close(w, mark);
    return P7_OK;
}

static enum p7_status write_reject(struct bytes_writer *w, const struct decision *d)
{
    const struct tcap_component reject = {
        .type = TCAP_REJECT,
        .has_invoke_id = (d->flags & DECISION_HAS_INVOKE_ID) != 0,
        .invoke_id = d->answers_invoke_id,
        .problem_kind = d->problem_kind,
        .problem = d->code,
    };
    return tcap_write_component(w, &reject);
}

static enum p7_status write_result(struct bytes_writer *w, const struct decision *d)
{
    const struct tcap_component result = {
        .type = TCAP_RETURN_RESULT_LAST,
        .has_invoke_id = true,
        .invoke_id = d->answers_invoke_id,
        .code_kind = TCAP_CODE_NONE,
    };
    return tcap_write_component(w, &result);
}

static enum p7_status write_body(struct bytes_writer *w, const struct decision *d)
{
    switch ((enum decision_body)d->body) {
    case DECISION_EMPTY:
        return P7_OK;
    case DECISION_CALL_START:
        return write_call_start(w, d);
    case DECISION_GRANT:
        return write_grant(w, d, d->invoke_id);
    case DECISION_CALL_CONTINUE:
        return write_plain(w, d->invoke_id, CAP_CONTINUE);
    case DECISION_CALL_RELEASE:
        return write_release_call(w, d);
    case DECISION_SMS_CONTINUE:
        return write_plain(w, d->invoke_id, CAP_CONTINUE_SMS);
    case DECISION_SMS_RELEASE:
        return write_release_sms(w, d);
    case DECISION_RESULT:
        return write_result(w, d);
    case DECISION_ERROR:
        return write_error(w, d);
    case DECISION_REJECT:
        return write_reject(w, d);
    }
    assert(!"a decision's body is one of the list");
    return P7_UNSUPPORTED;
}

enum p7_status decision_write_components(struct bytes_writer *writer,
                                         const struct decision *decision)
{
    const enum p7_status status = write_body(writer, decision);
    if (status != P7_OK)
        return status;
    return writer->failed ? P7_FULL : P7_OK;
}

struct tcap_dialogue_portion decision_dialogue_portion(const struct decision *decision,
                                                       struct bytes requested)
{
    switch ((enum decision_dialogue)decision->dialogue) {
    case DECISION_DIALOGUE_ACCEPTED:
        assert(decision->context < CAP_AC_COUNT);
        return tcap_aare_accepted(
            cap_application_context_oid((enum cap_application_context)decision->context));
    case DECISION_DIALOGUE_REFUSED:
        return tcap_aare_ac_not_supported(requested);
    case DECISION_DIALOGUE_ABORTED:
        return tcap_abrt_user();
    case DECISION_DIALOGUE_NONE:
        break;
    }
    return (struct tcap_dialogue_portion){.pdu = TCAP_DIALOGUE_NONE};
}

uint8_t decision_call_start_invokes(const struct decision *decision)
{
    return (uint8_t)(3 + ((decision->flags & DECISION_INFORMATION) != 0) +
                     ((decision->flags & DECISION_FURNISH) != 0));
}

uint64_t decision_invokes_outstanding(const struct decision *decision)
{
    assert(decision->invoke_id >= 0 && decision->invoke_id <= DECISION_INVOKE_ID_MAX);
    if (decision->body == DECISION_CALL_START)
        return ((UINT64_C(1) << (decision_call_start_invokes(decision) - 1)) - 1)
               << decision->invoke_id; /* all but continue */
    if (decision->body == DECISION_GRANT)
        return (uint64_t)1 << decision->invoke_id;
    return 0;
}

void decision_store(struct bytes_writer *writer, const struct decision *decision)
{
    bytes_write_u8(writer, decision->primitive);
    bytes_write_u8(writer, decision->dialogue);
    bytes_write_u8(writer, decision->body);
    bytes_write_u8(writer, decision->context);
    bytes_write_u8(writer, decision->kind);
    bytes_write_u8(writer, decision->result);
    bytes_write_u8(writer, decision->code);
    bytes_write_u8(writer, decision->problem_kind);
    bytes_write_u8(writer, (uint8_t)decision->invoke_id);
    bytes_write_u8(writer, (uint8_t)decision->answers_invoke_id);
    bytes_write_u8(writer, decision->flags);
    bytes_write_u32be(writer, decision->slice_100ms);
}

void decision_load(struct bytes_reader *reader, struct decision *decision)
{
    decision->primitive = bytes_read_u8(reader);
    decision->dialogue = bytes_read_u8(reader);
    decision->body = bytes_read_u8(reader);
    decision->context = bytes_read_u8(reader);
    decision->kind = bytes_read_u8(reader);
    decision->result = bytes_read_u8(reader);
    decision->code = bytes_read_u8(reader);
    decision->problem_kind = bytes_read_u8(reader);
    decision->invoke_id = (int8_t)bytes_read_u8(reader);
    decision->answers_invoke_id = (int8_t)bytes_read_u8(reader);
    decision->flags = bytes_read_u8(reader);
    decision->slice_100ms = bytes_read_u32be(reader);
}
