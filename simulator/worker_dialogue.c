/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include <string.h>

#include "simulator/worker_internal.h"

/* --- sending ---------------------------------------------------------------------------------- */

/* The first way to the target that is open; a resend prefers another one than `avoid_as`. */
static const struct node_route *choose_route(const struct worker *worker, uint16_t target,
                                             uint32_t avoid_as)
{
    const struct node_route *fallback = NULL;
    for (uint32_t i = 0; i < worker->route_count[target]; i++) {
        const struct node_route *route = &worker->route[target][i];
        if (!node_route_is_open(worker->node, route))
            continue;
        if (route->as != avoid_as)
            return route;
        fallback = route;
    }
    return fallback;
}

static const struct traffic_model *model_of(const struct worker *worker,
                                            const struct traffic_call *call)
{
    return &worker->traffic.settings.model[call->model];
}

static enum p7_status encode_request(struct worker *worker, const struct traffic_call *call,
                                     struct bytes *components)
{
    struct bytes_writer w =
        bytes_writer_of(worker->components, worker->components + sizeof(worker->components));
    const enum p7_status status = ssf_write_request(&worker->ssf, &w, call, model_of(worker, call));
    *components = bytes_of(w.start, bytes_writer_length(&w));
    return status == P7_OK && w.failed ? P7_FULL : status;
}

static enum p7_status open_dialogue(struct worker *worker, uint32_t index,
                                    struct traffic_call *call, int64_t now_ns)
{
    const struct node_route *chosen = choose_route(worker, call->target, M3UA_ENDPOINT_NONE);
    if (chosen == NULL)
        return P7_STATE;
    struct node_route route = *chosen;
    /* One SLS per dialogue keeps its messages in sequence, and spreads dialogues over streams. */
    route.sls = (uint8_t)(call->number & 0x0fu);
    const enum p7_status status = node_dialogue_open(worker->node, now_ns, &route, &call->dialogue);
    if (status == P7_OK)
        memcpy(node_dialogue_user(worker->node, call->dialogue), &index, sizeof(index));
    return status;
}

static enum p7_status send_begin(struct worker *worker, uint32_t index, struct traffic_call *call,
                                 int64_t now_ns)
{
    struct bytes components;
    enum p7_status status = encode_request(worker, call, &components);
    if (status == P7_OK)
        status = open_dialogue(worker, index, call, now_ns);
    if (status != P7_OK)
        return status;
    const struct tcap_dialogue_portion aarq =
        tcap_aarq(ssf_application_context(model_of(worker, call)));
    const struct tcap_request request = {.dialogue = &aarq, .components_encoded = components};
    status = node_send(worker->node, now_ns, call->dialogue, TCAP_SEND_BEGIN, &request);
    if (status != P7_OK) {
        node_dialogue_drop(worker->node, call->dialogue);
        call->dialogue = TCAP_DIALOGUE_INVALID;
    }
    return status;
}

static enum p7_status send_continue(struct worker *worker, struct traffic_call *call,
                                    int64_t now_ns)
{
    struct tcap_request request = {0};
    const enum p7_status status = encode_request(worker, call, &request.components_encoded);
    if (status != P7_OK)
        return status;
    return node_send(worker->node, now_ns, call->dialogue, TCAP_SEND_CONTINUE, &request);
}

static bool begins_dialogue(const struct traffic_call *call)
{
    return call->kind == REQUEST_ONESHOT || call->kind == REQUEST_INITIAL ||
           call->kind == REQUEST_EVENT;
}

static enum p7_status send_again(struct worker *worker, uint32_t index, struct traffic_call *call,
                                 int64_t now_ns)
{
    if (!begins_dialogue(call))
        return send_continue(worker, call, now_ns);
    if (call->dialogue == TCAP_DIALOGUE_INVALID)
        return send_begin(worker, index, call, now_ns);
    struct bytes components;
    const enum p7_status status = encode_request(worker, call, &components);
    if (status != P7_OK)
        return status;
    const struct node_route *before =
        tcap_dialogue_route(node_dialogues(worker->node), call->dialogue);
    const struct node_route *chosen = choose_route(worker, call->target, before->as);
    if (chosen == NULL)
        return P7_STATE;
    struct node_route route = *chosen;
    route.sls = before->sls;
    const struct tcap_dialogue_portion aarq =
        tcap_aarq(ssf_application_context(model_of(worker, call)));
    const struct tcap_request request = {.dialogue = &aarq, .components_encoded = components};
    return node_resend_begin(worker->node, now_ns, call->dialogue, &route, &request);
}

static void send_answer(struct worker *worker, const struct traffic_call *call, int64_t now_ns)
{
    struct bytes_writer w =
        bytes_writer_of(worker->components, worker->components + sizeof(worker->components));
    if (ssf_write_answer(&w, call, model_of(worker, call)) != P7_OK)
        return;
    const struct tcap_request request = {.components_encoded =
                                             bytes_of(w.start, bytes_writer_length(&w))};
    /* No reply is due to it; if it gets lost the report at the end tells the same. */
    (void)!node_send(worker->node, now_ns, call->dialogue, TCAP_SEND_CONTINUE, &request);
}

static void end_dialogue(struct worker *worker, uint32_t dialogue, int64_t now_ns)
{
    if (dialogue != TCAP_DIALOGUE_INVALID)
        node_dialogue_abort(worker->node, now_ns, dialogue);
}

void worker_act(struct worker *worker, struct traffic_action action)
{
    const int64_t now_ns = clock_monotonic_ns();
    struct traffic_call *call = traffic_call_at(&worker->traffic, action.call);
    enum p7_status status = P7_OK;
    switch (action.kind) {
    case TRAFFIC_BEGIN:
        call->dialogue = TCAP_DIALOGUE_INVALID;
        status = send_begin(worker, action.call, call, now_ns);
        break;
    case TRAFFIC_CONTINUE:
        status = send_continue(worker, call, now_ns);
        break;
    case TRAFFIC_RESEND:
        status = send_again(worker, action.call, call, now_ns);
        break;
    case TRAFFIC_ANSWER:
        send_answer(worker, call, now_ns);
        return;
    case TRAFFIC_ABORT:
        end_dialogue(worker, call->dialogue, now_ns);
        traffic_released(&worker->traffic, action.call);
        return;
    case TRAFFIC_NOTHING:
        return;
    }
    const uint32_t dialogue = call->dialogue;
    if (status == P7_OK)
        traffic_sent(&worker->traffic, action.call, worker_clock_ns(worker));
    else if (traffic_unsent(&worker->traffic, action.call, worker_clock_ns(worker)))
        end_dialogue(worker, dialogue, now_ns);
}

/* --- receiving -------------------------------------------------------------------------------- */

/* TS29.078-11.2: the result of activityTest is empty, and says that the dialogue is alive. */
static void answer_activity_test(struct worker *worker, uint32_t dialogue, int8_t invoke_id,
                                 int64_t now_ns)
{
    const struct tcap_component result = {
        .type = TCAP_RETURN_RESULT_LAST, .has_invoke_id = true, .invoke_id = invoke_id};
    const struct tcap_request request = {.components = &result, .component_count = 1};
    (void)!node_send(worker->node, now_ns, dialogue, TCAP_SEND_CONTINUE, &request);
}

static void on_message(struct worker *worker, uint32_t index,
                       const struct tcap_dialogue_indication *indication, int64_t now_ns)
{
    const struct traffic_call *call = traffic_call_at(&worker->traffic, index);
    const bool ended = indication->type == TCAP_IND_END;
    const struct ssf_reading reading =
        ssf_read(indication->message, ended, (enum request_kind)call->kind);
    if (reading.is_activity_test && !ended)
        answer_activity_test(worker, indication->dialogue, reading.activity_invoke_id,
                             now_ns + worker->origin_ns);
    if (reading.is_reply)
        (void)traffic_reply(&worker->traffic, index, &reading.reply, now_ns);
}

void worker_on_dialogue(void *context, const struct tcap_dialogue_indication *indication,
                        const struct node_route *route)
{
    struct worker *worker = context;
    const int64_t now_ns = worker_clock_ns(worker);
    const struct traffic_reply refused = {.kind = TRAFFIC_REPLY_ERROR};
    uint32_t index;
    (void)route;
    switch (indication->type) {
    case TCAP_IND_BEGIN:
        /* A network's SSF is asked nothing out of the blue in the flows that we play. */
        node_dialogue_abort(worker->node, clock_monotonic_ns(), indication->dialogue);
        return;
    case TCAP_IND_UNIDIRECTIONAL:
    case TCAP_IND_DISCARDED:
        return;
    default:
        break;
    }
    memcpy(&index, node_dialogue_user(worker->node, indication->dialogue), sizeof(index));
    switch (indication->type) {
    case TCAP_IND_CONTINUE:
    case TCAP_IND_END:
        on_message(worker, index, indication, now_ns);
        break;
    case TCAP_IND_NOTICE:
        /* It came back undelivered: the dialogue never was, or is no more, at the other end. */
        node_dialogue_drop(worker->node, indication->dialogue);
        (void)traffic_reply(&worker->traffic, index, &refused, now_ns);
        break;
    default:
        (void)traffic_reply(&worker->traffic, index, &refused, now_ns);
        break;
    }
}
