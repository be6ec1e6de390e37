/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include <string.h>

#include "simulator/core/failures.h"
#include "simulator/core/ssf_report.h"
#include "simulator/worker_internal.h"

_Static_assert(WAYS_MAX >= LIMIT_ASP_PER_AS, "a target's ways fit a mask");

/* --- ways ------------------------------------------------------------------------------------- */

static uint32_t open_ways(const struct worker *worker, uint16_t target)
{
    uint32_t open = 0;
    for (uint32_t i = 0; i < worker->route_count[target]; i++)
        if (node_route_is_two_way(worker->node, &worker->route[target][i]))
            open |= 1u << i;
    return open;
}

static uint32_t way_of(const struct worker *worker, uint16_t target, uint32_t as)
{
    for (uint32_t i = 0; i < worker->route_count[target]; i++)
        if (worker->route[target][i].as == as)
            return i;
    return WAYS_NONE;
}

static struct node_route route_by(const struct worker *worker, const struct traffic_call *call,
                                  uint32_t way)
{
    struct node_route route = worker->route[call->target][way];
    /* One SLS per dialogue keeps its messages in sequence, and spreads dialogues over streams. */
    route.sls = (uint8_t)(call->number & 0x0fu);
    return route;
}

static const struct node_route *route_of(const struct worker *worker, uint32_t dialogue)
{
    return tcap_dialogue_route(node_dialogues(worker->node), dialogue);
}

static struct worker_dialogue *user_of(const struct worker *worker, uint32_t dialogue)
{
    return node_dialogue_user(worker->node, dialogue);
}

/* --- sending ---------------------------------------------------------------------------------- */

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
                                    const struct traffic_call *call, uint32_t way, int64_t now_ns,
                                    uint32_t *dialogue)
{
    const struct node_route route = route_by(worker, call, way);
    const enum p7_status status = node_dialogue_open(worker->node, now_ns, &route, dialogue);
    if (status == P7_OK)
        *user_of(worker, *dialogue) = (struct worker_dialogue){.call = index};
    return status;
}

/* Opens a dialogue by `way` and sends its BEGIN. */
static enum p7_status begin_by(struct worker *worker, uint32_t index,
                               const struct traffic_call *call, uint32_t way,
                               struct bytes components, int64_t now_ns, uint32_t *dialogue)
{
    enum p7_status status = open_dialogue(worker, index, call, way, now_ns, dialogue);
    if (status == P7_OK) {
        const struct tcap_dialogue_portion aarq =
            tcap_aarq(ssf_application_context(model_of(worker, call)));
        const struct tcap_request request = {.dialogue = &aarq, .components_encoded = components};
        status = node_send(worker->node, now_ns, *dialogue, TCAP_SEND_BEGIN, &request);
        if (status == P7_OK)
            return P7_OK;
        node_dialogue_drop(worker->node, *dialogue);
    }
    *dialogue = TCAP_DIALOGUE_INVALID;
    return status;
}

static enum p7_status send_begin(struct worker *worker, uint32_t index, struct traffic_call *call,
                                 int64_t now_ns)
{
    struct ways *ways = &worker->ways[call->target];
    const uint32_t open = open_ways(worker, call->target);
    struct bytes components;
    enum p7_status status = encode_request(worker, call, &components);
    if (status != P7_OK)
        return status;
    call->way = ways_first(ways, open);
    call->last_way = call->way;
    if (call->way == WAYS_NONE)
        return P7_STATE;
    status = begin_by(worker, index, call, call->way, components, now_ns, &call->dialogue);
    if (ways->policy != WAYS_BOTH)
        return status;
    const uint32_t second = ways_second(ways, open, call->way);
    uint32_t *dialogue = status == P7_OK ? &call->twin : &call->dialogue;
    if (second == WAYS_NONE ||
        begin_by(worker, index, call, second, components, now_ns, dialogue) != P7_OK) {
        worker->copies.unsent++;
        return status;
    }
    /* Where the first way took nothing the second one's is the only one. */
    if (status == P7_OK)
        worker->copies.sent++;
    else
        worker->copies.unsent++;
    return P7_OK;
}

static enum p7_status send_continue(struct worker *worker, struct traffic_call *call,
                                    int64_t now_ns)
{
    struct tcap_request request = {0};
    const enum p7_status status = encode_request(worker, call, &request.components_encoded);
    if (status != P7_OK)
        return status;
    const struct node_route *own = route_of(worker, call->dialogue);
    call->way = way_of(worker, call->target, own->as);
    if (node_route_is_open(worker->node, own))
        return node_send(worker->node, now_ns, call->dialogue, TCAP_SEND_CONTINUE, &request);
    /* The node that has the dialogue is out of reach: another one may know it too. */
    const uint32_t other =
        ways_second(&worker->ways[call->target], open_ways(worker, call->target), call->way);
    if (other == WAYS_NONE)
        return P7_STATE;
    const struct node_route route = route_by(worker, call, other);
    return node_send_by(worker->node, now_ns, call->dialogue, &route, TCAP_SEND_CONTINUE, &request);
}

static bool begins_dialogue(const struct traffic_call *call)
{
    return call->kind == REQUEST_ONESHOT || call->kind == REQUEST_INITIAL ||
           call->kind == REQUEST_EVENT;
}

static enum p7_status begin_again(struct worker *worker, struct traffic_call *call,
                                  const struct tcap_request *request, int64_t now_ns)
{
    if (call->twin != TCAP_DIALOGUE_INVALID) {
        /* It has gone both ways, and does so again. */
        const enum p7_status first =
            node_resend_begin(worker->node, now_ns, call->dialogue, NULL, request);
        const enum p7_status second =
            node_resend_begin(worker->node, now_ns, call->twin, NULL, request);
        return first == P7_OK ? first : second;
    }
    const uint32_t way =
        ways_other(&worker->ways[call->target], open_ways(worker, call->target), call->last_way);
    if (way == WAYS_NONE)
        return P7_STATE;
    const struct node_route route = route_by(worker, call, way);
    call->last_way = way;
    return node_resend_begin(worker->node, now_ns, call->dialogue, &route, request);
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
    const struct tcap_dialogue_portion aarq =
        tcap_aarq(ssf_application_context(model_of(worker, call)));
    const struct tcap_request request = {.dialogue = &aarq, .components_encoded = components};
    return begin_again(worker, call, &request, now_ns);
}

static void send_answer(struct worker *worker, const struct traffic_call *call, int64_t now_ns)
{
    struct bytes_writer w =
        bytes_writer_of(worker->components, worker->components + sizeof(worker->components));
    if (ssf_write_answer(&w, call, model_of(worker, call)) != P7_OK || bytes_writer_length(&w) == 0)
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
        call->twin = TCAP_DIALOGUE_INVALID;
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
        end_dialogue(worker, call->twin, now_ns);
        traffic_released(&worker->traffic, action.call);
        return;
    case TRAFFIC_NOTHING:
        return;
    }
    const uint32_t dialogue = call->dialogue;
    const uint32_t twin = call->twin;
    if (status == P7_OK) {
        traffic_sent(&worker->traffic, action.call, worker_clock_ns(worker));
    } else if (traffic_unsent(&worker->traffic, action.call, worker_clock_ns(worker))) {
        end_dialogue(worker, dialogue, now_ns);
        end_dialogue(worker, twin, now_ns);
    }
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

/* A request that went two ways is answered in one of its dialogues: the other one is no longer the
 * call's, and stays only for the reply that it may bring. */
static void set_twin_apart(struct worker *worker, struct traffic_call *call, uint32_t dialogue,
                           uint32_t key)
{
    if (call->twin == dialogue) {
        call->twin = call->dialogue;
        call->dialogue = dialogue;
    }
    worker->reply.twin = call->twin;
    if (call->twin != TCAP_DIALOGUE_INVALID)
        *user_of(worker, call->twin) =
            (struct worker_dialogue){.call = TRAFFIC_CALL_NONE, .key = key};
    call->twin = TCAP_DIALOGUE_INVALID;
}

static void on_reply(struct worker *worker, uint32_t index, uint32_t dialogue,
                     struct traffic_reply reply, uint64_t digest, uint32_t key, uint32_t as,
                     int64_t now_ns)
{
    struct traffic_call *call = traffic_call_at(&worker->traffic, index);
    reply.node = as < REQUEST_NODE_NONE ? (uint8_t)as : REQUEST_NODE_NONE;
    worker->reply =
        (struct worker_reply){.is_set = true, .key = key, .digest = digest, .node = reply.node};
    set_twin_apart(worker, call, dialogue, key);
    if (begins_dialogue(call) && call->phase == TRAFFIC_PHASE_WAITING && call->attempts > 0)
        ways_answered(&worker->ways[call->target], call->way, way_of(worker, call->target, as),
                      call->attempts - 1u);
    (void)traffic_reply(&worker->traffic, index, &reply, now_ns);
    worker->reply.is_set = false;
}

/* The second dialogue of an answered request. */
static void on_copy(struct worker *worker, const struct tcap_dialogue_indication *indication,
                    uint32_t key, uint8_t node)
{
    const bool is_message =
        indication->type == TCAP_IND_CONTINUE || indication->type == TCAP_IND_END;
    if (is_message) {
        const struct worker_reply reply = {
            .key = key, .digest = echoes_digest(indication->message), .node = node};
        if (worker_replied_again(worker, &reply) != NULL)
            worker->copies.replies++;
    }
    /* Without a word: see release_echo. Aborts and ends have freed it. */
    if (indication->type == TCAP_IND_CONTINUE || indication->type == TCAP_IND_NOTICE)
        node_dialogue_drop(worker->node, indication->dialogue);
}

static void on_message(struct worker *worker, uint32_t index,
                       const struct tcap_dialogue_indication *indication, uint32_t as,
                       int64_t now_ns)
{
    const struct traffic_call *call = traffic_call_at(&worker->traffic, index);
    const bool ended = indication->type == TCAP_IND_END;
    struct ssf_reading reading =
        ssf_read(indication->message, ended, (enum request_kind)call->kind, call->armed);
    const bool ends = ssf_ends_prearranged(&reading, call, model_of(worker, call));
    if (ends)
        reading.reply.dialogue_open = false;
    if (reading.is_activity_test && !ended)
        answer_activity_test(worker, indication->dialogue, reading.activity_invoke_id,
                             now_ns + worker->origin_ns);
    if (reading.is_reply)
        on_reply(worker, index, indication->dialogue, reading.reply,
                 echoes_digest(indication->message), indication->message->dtid.value, as, now_ns);
    if (ends)
        node_dialogue_drop(worker->node, indication->dialogue);
}

/* It came back undelivered: the dialogue never was, or is no more, at the other end. A request that
 * has gone two ways still has the other one. */
static void on_notice(struct worker *worker, uint32_t index, uint32_t dialogue,
                      uint8_t return_cause, uint32_t as, int64_t now_ns)
{
    const struct traffic_reply refused = {.kind = TRAFFIC_REPLY_ERROR,
                                          .failure = REQUEST_FAILURE_RETURNED,
                                          .failure_code = return_cause};
    struct traffic_call *call = traffic_call_at(&worker->traffic, index);
    const bool is_one_of_two = call->twin != TCAP_DIALOGUE_INVALID;
    node_dialogue_drop(worker->node, dialogue);
    if (!is_one_of_two) {
        on_reply(worker, index, dialogue, refused, 0, 0, as, now_ns);
        return;
    }
    if (call->dialogue == dialogue)
        call->dialogue = call->twin;
    call->twin = TCAP_DIALOGUE_INVALID;
}

/* U-ABORT, P-ABORT, or the dialogue's own timeout. */
static struct traffic_reply aborted(const struct tcap_dialogue_indication *indication)
{
    struct failure_cause cause = {.failure = REQUEST_FAILURE_P_ABORT,
                                  .code = indication->p_abort_cause};
    if (indication->type == TCAP_IND_U_ABORT)
        cause = failure_of_u_abort(indication->message);
    return (struct traffic_reply){
        .kind = TRAFFIC_REPLY_ERROR, .failure = cause.failure, .failure_code = cause.code};
}

void worker_on_dialogue(void *context, const struct tcap_dialogue_indication *indication,
                        const struct node_route *route)
{
    struct worker *worker = context;
    const int64_t now_ns = worker_clock_ns(worker);
    const uint32_t as = route == NULL ? REQUEST_NODE_NONE : route->as;
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
    const struct worker_dialogue user = *user_of(worker, indication->dialogue);
    if (user.call == TRAFFIC_CALL_NONE) {
        on_copy(worker, indication, user.key, (uint8_t)as);
        return;
    }
    switch (indication->type) {
    case TCAP_IND_CONTINUE:
    case TCAP_IND_END:
        on_message(worker, user.call, indication, as, now_ns);
        break;
    case TCAP_IND_NOTICE:
        on_notice(worker, user.call, indication->dialogue, indication->return_cause, as, now_ns);
        break;
    default:
        on_reply(worker, user.call, indication->dialogue, aborted(indication), 0,
                 indication->message == NULL ? 0 : indication->message->dtid.value, as, now_ns);
        break;
    }
}

void worker_on_discarded(void *context, const struct tcap_dialogue_indication *indication,
                         const struct node_route *route)
{
    struct worker *worker = context;
    const struct tcap_message *m = indication->message;
    if ((m->type != TCAP_END && m->type != TCAP_CONTINUE) || m->dtid.length != 4 ||
        indication->discarded == TCAP_DISCARD_UNKNOWN_TRANSACTION)
        return;
    const struct worker_reply reply = {
        .key = m->dtid.value, .digest = echoes_digest(m), .node = (uint8_t)route->as};
    const struct request_record *record = worker_replied_again(worker, &reply);
    if (record != NULL)
        measure_unexpected(&worker->measure, (enum request_kind)record->kind, record->flow,
                           record->target);
}
