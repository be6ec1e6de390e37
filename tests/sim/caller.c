/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "tests/sim/caller.h"

#include <stdlib.h>
#include <string.h>

#include "sigtran/base/timer_heap.h"
#include "simulator/core/ssf_report.h"
#include "tests/unit/unit.h"

#define INTERVAL_NS INT64_C(10000000000)

/* --- the bill --------------------------------------------------------------------------------- */

static struct caller_bill *bill_of(struct caller *caller, const struct traffic_call *call)
{
    return &caller->bill[call->subscriber];
}

static uint64_t price_until(const struct caller *caller, uint32_t used_ms)
{
    /* A report counts 100 ms; nothing used says that nobody answered. */
    return used_ms < 100 ? 0 : tariff_call_price(&caller->tariff, used_ms / 100 * 100);
}

/* A request that may reach the other side is worth at most so much. */
static void bill_begin(struct caller *caller, uint32_t index)
{
    const struct traffic_call *call = traffic_call_at(&caller->traffic, index);
    caller->paid[index] = 0;
    bill_of(caller, call)->most +=
        call->kind == REQUEST_INITIAL
            ? tariff_call_price(&caller->tariff,
                                (uint64_t)call->duration_ms + caller->tariff.slice_ms)
            : caller->tariff.price_per_event;
}

/* `call` as it was before this reply completed its request (or came late to it). */
static void bill_reply(struct caller *caller, uint32_t index, const struct traffic_call *call,
                       const struct traffic_reply *reply)
{
    uint64_t price = 0;
    if (reply->kind == TRAFFIC_REPLY_ERROR)
        return;
    switch ((enum request_kind)call->kind) {
    case REQUEST_ONESHOT:
    case REQUEST_EVENT:
        price = reply->kind == TRAFFIC_REPLY_NO_CREDIT ? 0 : caller->tariff.price_per_event;
        break;
    case REQUEST_INTERIM:
    case REQUEST_FINAL:
        price = price_until(caller, call->used_ms);
        break;
    case REQUEST_INITIAL:
    case REQUEST_KIND_COUNT:
        break;
    }
    if (price > caller->paid[index]) {
        bill_of(caller, call)->least += price - caller->paid[index];
        caller->paid[index] = price;
    }
}

/* --- the traffic model's sink ----------------------------------------------------------------- */

static void on_due(void *context, const struct traffic_call *call)
{
    struct caller *caller = context;
    measure_due(&caller->measure, (enum request_kind)call->kind, call->flow, call->target,
                call->due_ns);
}

static void on_sent(void *context, const struct traffic_call *call)
{
    struct caller *caller = context;
    measure_sent(&caller->measure, call->due_ns, call->sent_ns, call->flags);
}

static void on_retransmitted(void *context, const struct traffic_call *call)
{
    struct caller *caller = context;
    (void)call;
    caller->retransmissions++;
}

static void on_completed(void *context, const struct request_record *record, int64_t now_ns)
{
    struct caller *caller = context;
    (void)now_ns;
    measure_completed(&caller->measure, record);
}

static void on_recorded(void *context, const struct request_record *record)
{
    struct caller *caller = context;
    caller->recorded++;
    if ((record->flags & REQUEST_FLAG_LATE) != 0)
        measure_late(&caller->measure, record);
}

static void on_unexpected(void *context, const struct traffic_call *call, int64_t now_ns)
{
    struct caller *caller = context;
    (void)now_ns;
    measure_unexpected(&caller->measure, (enum request_kind)call->kind, call->flow, call->target);
}

/* --- sending ---------------------------------------------------------------------------------- */

static int64_t run_ns(const struct caller *caller)
{
    return caller->now_ns - caller->origin_ns;
}

static const struct traffic_model *model_of(const struct caller *caller,
                                            const struct traffic_call *call)
{
    return &caller->traffic.settings.model[call->model];
}

static struct bytes encode(struct caller *caller, const struct traffic_call *call)
{
    struct bytes_writer w =
        bytes_writer_of(caller->components, caller->components + sizeof(caller->components));
    CU_ASSERT_EQUAL_FATAL(ssf_write_request(&caller->ssf, &w, call, model_of(caller, call)), P7_OK);
    return bytes_of(w.start, bytes_writer_length(&w));
}

static enum p7_status send_begin(struct caller *caller, uint32_t index, struct traffic_call *call)
{
    struct node_route route = caller->route;
    route.sls = (uint8_t)(call->number & 0x0fu);
    enum p7_status status =
        node_dialogue_open(caller->node, caller->now_ns, &route, &call->dialogue);
    if (status != P7_OK) {
        call->dialogue = TCAP_DIALOGUE_INVALID;
        return status;
    }
    memcpy(node_dialogue_user(caller->node, call->dialogue), &index, sizeof(index));
    const struct tcap_dialogue_portion aarq =
        tcap_aarq(ssf_application_context(model_of(caller, call)));
    const struct tcap_request request = {.dialogue = &aarq,
                                         .components_encoded = encode(caller, call)};
    status = node_send(caller->node, caller->now_ns, call->dialogue, TCAP_SEND_BEGIN, &request);
    if (status != P7_OK) {
        node_dialogue_drop(caller->node, call->dialogue);
        call->dialogue = TCAP_DIALOGUE_INVALID;
    }
    return status;
}

static enum p7_status send_request(struct caller *caller, uint32_t index, bool again)
{
    struct traffic_call *call = traffic_call_at(&caller->traffic, index);
    const bool begins = call->kind != REQUEST_INTERIM && call->kind != REQUEST_FINAL;
    if (begins && (!again || call->dialogue == TCAP_DIALOGUE_INVALID))
        return send_begin(caller, index, call);
    const struct tcap_dialogue_portion aarq =
        tcap_aarq(ssf_application_context(model_of(caller, call)));
    const struct tcap_request request = {.dialogue = begins ? &aarq : NULL,
                                         .components_encoded = encode(caller, call)};
    if (begins)
        return node_resend_begin(caller->node, caller->now_ns, call->dialogue, NULL, &request);
    return node_send(caller->node, caller->now_ns, call->dialogue, TCAP_SEND_CONTINUE, &request);
}

static void send_answer(struct caller *caller, const struct traffic_call *call)
{
    struct bytes_writer w =
        bytes_writer_of(caller->components, caller->components + sizeof(caller->components));
    CU_ASSERT_EQUAL_FATAL(ssf_write_answer(&w, call, model_of(caller, call)), P7_OK);
    if (bytes_writer_length(&w) == 0)
        return;
    const struct tcap_request request = {.components_encoded =
                                             bytes_of(w.start, bytes_writer_length(&w))};
    (void)!node_send(caller->node, caller->now_ns, call->dialogue, TCAP_SEND_CONTINUE, &request);
}

static void abort_dialogue(struct caller *caller, uint32_t dialogue)
{
    if (dialogue != TCAP_DIALOGUE_INVALID)
        node_dialogue_abort(caller->node, caller->now_ns, dialogue);
}

static void carry_out(struct caller *caller, struct traffic_action action)
{
    struct traffic_call *call = traffic_call_at(&caller->traffic, action.call);
    if (action.kind == TRAFFIC_ANSWER) {
        send_answer(caller, call);
        return;
    }
    if (action.kind == TRAFFIC_ABORT) {
        abort_dialogue(caller, call->dialogue);
        traffic_released(&caller->traffic, action.call);
        return;
    }
    if (action.kind == TRAFFIC_BEGIN) {
        call->dialogue = TCAP_DIALOGUE_INVALID;
        bill_begin(caller, action.call);
    }
    const enum p7_status status = send_request(caller, action.call, action.kind == TRAFFIC_RESEND);
    const uint32_t dialogue = call->dialogue;
    if (status == P7_OK)
        traffic_sent(&caller->traffic, action.call, run_ns(caller));
    else if (traffic_unsent(&caller->traffic, action.call, run_ns(caller)))
        abort_dialogue(caller, dialogue);
}

void caller_act(struct caller *caller, int64_t now_ns)
{
    caller->now_ns = now_ns;
    for (;;) {
        const struct traffic_action action = traffic_next(&caller->traffic, run_ns(caller));
        if (action.kind == TRAFFIC_NOTHING)
            break;
        carry_out(caller, action);
    }
    while (interval_end_ns(&caller->interval) <= run_ns(caller))
        interval_next(&caller->interval);
}

int64_t caller_deadline_ns(const struct caller *caller)
{
    const int64_t at_ns = traffic_deadline_ns(&caller->traffic);
    return at_ns == TIMER_NEVER_NS ? at_ns : at_ns + caller->origin_ns;
}

void caller_finish(struct caller *caller, int64_t now_ns)
{
    caller->now_ns = now_ns;
    traffic_stop(&caller->traffic, run_ns(caller));
    traffic_finish(&caller->traffic, run_ns(caller));
    caller_act(caller, now_ns);
}

/* --- receiving -------------------------------------------------------------------------------- */

static void answer_test(struct caller *caller, uint32_t dialogue, int8_t invoke_id)
{
    const struct tcap_component result = {
        .type = TCAP_RETURN_RESULT_LAST, .has_invoke_id = true, .invoke_id = invoke_id};
    const struct tcap_request request = {.components = &result, .component_count = 1};
    caller->tested++;
    if (!caller->is_deaf)
        (void)!node_send(caller->node, caller->now_ns, dialogue, TCAP_SEND_CONTINUE, &request);
}

void caller_on_dialogue(void *context, const struct tcap_dialogue_indication *indication,
                        const struct node_route *route)
{
    struct caller *caller = context;
    struct traffic_reply reply = {.kind = TRAFFIC_REPLY_ERROR};
    uint32_t index;
    (void)route;
    CU_ASSERT_NOT_EQUAL(indication->type, TCAP_IND_BEGIN);
    CU_ASSERT_NOT_EQUAL_FATAL(indication->dialogue, TCAP_DIALOGUE_INVALID);
    memcpy(&index, node_dialogue_user(caller->node, indication->dialogue), sizeof(index));
    if (indication->type == TCAP_IND_CONTINUE || indication->type == TCAP_IND_END) {
        const struct traffic_call *call = traffic_call_at(&caller->traffic, index);
        const struct ssf_reading reading =
            ssf_read(indication->message, indication->type == TCAP_IND_END,
                     (enum request_kind)call->kind, call->armed);
        CU_ASSERT_FALSE(reading.is_malformed);
        if (reading.is_activity_test)
            answer_test(caller, indication->dialogue, reading.activity_invoke_id);
        if (!reading.is_reply)
            return;
        reply = reading.reply;
        if (ssf_ends_prearranged(&reading, call, model_of(caller, call))) {
            reply.dialogue_open = false;
            node_dialogue_drop(caller->node, indication->dialogue);
        }
    } else if (indication->type == TCAP_IND_NOTICE) {
        node_dialogue_drop(caller->node, indication->dialogue);
    }
    const struct traffic_call call = *traffic_call_at(&caller->traffic, index);
    const struct accounting_counts before = caller->measure.accounting.total;
    (void)traffic_reply(&caller->traffic, index, &reply, run_ns(caller));
    const struct accounting_counts *after = &caller->measure.accounting.total;
    if (after->ok + after->late > before.ok + before.late)
        bill_reply(caller, index, &call, &reply);
}

/* --- life cycle ------------------------------------------------------------------------------- */

void caller_open(struct caller *caller, const struct traffic_settings *settings,
                 const struct tariff *tariff)
{
    const struct traffic_sink sink = {
        .context = caller,
        .due = on_due,
        .sent = on_sent,
        .retransmitted = on_retransmitted,
        .completed = on_completed,
        .recorded = on_recorded,
        .unexpected = on_unexpected,
    };
    const struct measure_config measure = {.flow_count = 1, .target_count = 1};
    memset(caller, 0, sizeof(*caller));
    caller->tariff = *tariff;
    caller->bill = calloc(settings->subscriber_count, sizeof(*caller->bill));
    caller->paid = calloc(settings->calls_max, sizeof(*caller->paid));
    CU_ASSERT_FATAL(caller->bill != NULL && caller->paid != NULL);
    CU_ASSERT_EQUAL_FATAL(subscribers_range(&caller->subscribers, CALLER_MSISDN_FIRST,
                                            "240070000000000", settings->subscriber_count),
                          P7_OK);
    const struct ssf_config ssf = {.called_party = "46705550123",
                                   .msc_address = "46705550999",
                                   .run_tag = 0xa1b2c3,
                                   .start_wall_s = 1709251198,
                                   .subscribers = &caller->subscribers};
    CU_ASSERT_EQUAL_FATAL(ssf_init(&caller->ssf, &ssf), P7_OK);
    CU_ASSERT_EQUAL_FATAL(interval_create(&caller->interval, 0, INTERVAL_NS), P7_OK);
    CU_ASSERT_EQUAL_FATAL(measure_create(&caller->measure, &measure, &caller->interval), P7_OK);
    CU_ASSERT_EQUAL_FATAL(traffic_create(&caller->traffic, settings, &sink), P7_OK);
}

void caller_bind(struct caller *caller, struct node *node, int64_t now_ns)
{
    caller->node = node;
    caller->origin_ns = now_ns;
    caller->now_ns = now_ns;
    CU_ASSERT_EQUAL_FATAL(node_route_to_as(node, "as", &caller->route), P7_OK);
    CU_ASSERT_EQUAL_FATAL(
        sccp_party_set_ssn(&caller->route.called, SCCP_ITU, false, 0, SCCP_SSN_CAP), P7_OK);
    CU_ASSERT_EQUAL_FATAL(
        sccp_party_set_ssn(&caller->route.calling, SCCP_ITU, false, 0, SCCP_SSN_CAP), P7_OK);
}

void caller_close(struct caller *caller)
{
    traffic_destroy(&caller->traffic);
    measure_destroy(&caller->measure);
    interval_destroy(&caller->interval);
    free(caller->bill);
    free(caller->paid);
}
