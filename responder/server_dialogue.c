/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include <string.h>

#include "responder/server_internal.h"
#include "sigtran/runtime/clock.h"

#define NS_PER_MS     1000000LL
#define COLLECT_BATCH 64

static struct server_dialogue *user_of(const struct server *server, uint32_t dialogue)
{
    return node_dialogue_user(server->node, dialogue);
}

static struct server_token token_of(const struct server *server, uint32_t dialogue)
{
    return (struct server_token){
        .dialogue = dialogue,
        .local_id = tcap_dialogue_local_id(node_dialogues(server->node), dialogue)};
}

static bool is_open(const struct server *server, struct server_token token)
{
    return tcap_dialogue_find(node_dialogues(server->node), token.local_id) == token.dialogue;
}

static struct server_pending *pending_at(const struct server *server, uint32_t slot)
{
    return pool_at(&server->pending, slot);
}

/* --- sending a decision ----------------------------------------------------------------------- */

static bool primitive_of(const struct decision *decision, enum tcap_send_primitive *primitive)
{
    switch ((enum decision_primitive)decision->primitive) {
    case DECISION_CONTINUE:
        *primitive = TCAP_SEND_CONTINUE;
        return true;
    case DECISION_END:
        *primitive = TCAP_SEND_END;
        return true;
    case DECISION_ABORT:
        *primitive = TCAP_SEND_U_ABORT;
        return true;
    case DECISION_NOTHING:
        break;
    }
    return false;
}

static void send_decision(struct server *server, uint32_t dialogue, const struct decision *decision,
                          struct bytes context, int64_t now_ns)
{
    enum tcap_send_primitive primitive;
    struct bytes_writer w =
        bytes_writer_of(server->components, server->components + sizeof(server->components));
    if (!primitive_of(decision, &primitive))
        return;
    const struct tcap_dialogue_portion portion = decision_dialogue_portion(decision, context);
    enum p7_status status = decision_write_components(&w, decision);
    if (status == P7_OK) {
        const struct tcap_request request = {
            .dialogue = portion.pdu == TCAP_DIALOGUE_NONE ? NULL : &portion,
            .components_encoded = bytes_of(w.start, bytes_writer_length(&w)),
            .invokes_outstanding = decision_invokes_outstanding(decision),
        };
        status = node_send(server->node, now_ns, dialogue, primitive, &request);
    }
    if (status == P7_OK)
        return;
    server->counters.replies_unsent++;
    /* The way was closed before anything was encoded: an ending is still an ending on our side. */
    if (status == P7_STATE && primitive != TCAP_SEND_CONTINUE)
        node_dialogue_drop(server->node, dialogue);
}

/* The reply goes out (or is dropped as planned) in its dialogue, if that is still open. */
static void hand_over(struct server *server, struct server_token token,
                      const struct service_reply *reply, struct bytes context, int64_t received_ns)
{
    const int64_t now_ns = clock_monotonic_ns();
    if (!is_open(server, token)) {
        server->counters.dialogues_gone++;
        service_handed_over(&server->service, NULL, reply, received_ns, now_ns);
        return;
    }
    /* The service looks at its dialogue first: sending an END frees it. */
    struct server_dialogue *user = user_of(server, token.dialogue);
    user->pending = 0;
    service_handed_over(&server->service, &user->service, reply, received_ns, now_ns);
    if (!reply->drop)
        send_decision(server, token.dialogue, &reply->decision, context, now_ns);
    else if (reply->decision.primitive != DECISION_CONTINUE)
        node_dialogue_drop(server->node, token.dialogue);
}

/* --- replies that wait ------------------------------------------------------------------------ */

static void release_pending(struct server *server, uint32_t slot)
{
    uint32_t next = slot + 1;
    while (next != 0) {
        const struct server_pending pending = *pending_at(server, next - 1);
        pool_give(&server->pending, next - 1);
        hand_over(server, pending.token, &pending.reply,
                  bytes_of(pending.context, pending.context_length), pending.received_ns);
        next = pending.next_attached;
    }
}

/* The work is done: what is left is the planned delay. */
static void after_work(struct server *server, uint32_t slot, int64_t now_ns)
{
    const struct server_pending *pending = pending_at(server, slot);
    if (pending->reply.delay_ms == 0)
        release_pending(server, slot);
    else
        timer_heap_arm(&server->delays, slot,
                       now_ns + (int64_t)pending->reply.delay_ms * NS_PER_MS);
}

static uint32_t take_pending(struct server *server, struct server_token token,
                             const struct service_reply *reply, struct bytes context,
                             int64_t received_ns)
{
    const uint32_t slot = pool_take(&server->pending);
    if (slot == POOL_NONE) {
        server->counters.pending_full++;
        return SERVER_PENDING_NONE;
    }
    struct server_pending *pending = pending_at(server, slot);
    pending->reply = *reply;
    pending->token = token;
    pending->received_ns = received_ns;
    pending->context_length =
        (uint8_t)(context.length <= SERVER_CONTEXT_OCTETS ? context.length : 0);
    memcpy(pending->context, context.data, pending->context_length);
    return slot;
}

static void answer(struct server *server, uint32_t dialogue, const struct service_reply *reply,
                   struct bytes context, int64_t now_ns)
{
    const struct server_token token = token_of(server, dialogue);
    if (!server->works && reply->delay_ms == 0) {
        hand_over(server, token, reply, context, now_ns);
        return;
    }
    const uint32_t slot = take_pending(server, token, reply, context, now_ns);
    if (slot == SERVER_PENDING_NONE) {
        hand_over(server, token, reply, context, now_ns);
        return;
    }
    user_of(server, dialogue)->pending = slot + 1;
    if (!server->works || workload_submit(server->workload, slot) != WORKLOAD_QUEUED)
        after_work(server, slot, now_ns);
}

void server_collect(struct server *server)
{
    uint64_t slots[COLLECT_BATCH];
    size_t count;
    do {
        count = workload_collect(server->workload, slots, COLLECT_BATCH);
        for (size_t i = 0; i < count; i++)
            after_work(server, (uint32_t)slots[i], clock_monotonic_ns());
    } while (count == COLLECT_BATCH);
}

void server_send_delayed(struct server *server, int64_t now_ns)
{
    for (;;) {
        const uint32_t slot = timer_heap_pop_due(&server->delays, now_ns);
        if (slot == TIMER_HEAP_NONE)
            return;
        release_pending(server, slot);
    }
}

/* --- requests that come again ----------------------------------------------------------------- */

static bool same_peer_id(const struct server *server, uint32_t a, uint32_t b)
{
    const struct tcap_transaction_id of_a = tcap_dialogue_peer_id(node_dialogues(server->node), a);
    const struct tcap_transaction_id of_b = tcap_dialogue_peer_id(node_dialogues(server->node), b);
    return of_a.length == of_b.length && of_a.value == of_b.value;
}

/* A duplicate of an answered request: see the head of service.h. */
static void answer_again(struct server *server, uint32_t dialogue,
                         const struct service_reply *reply, struct bytes context, int64_t now_ns)
{
    const struct server_token original = server_token_unpack(reply->original_token);
    uint32_t through = dialogue;
    if (original.dialogue != dialogue && is_open(server, original)) {
        if (same_peer_id(server, original.dialogue, dialogue)) {
            node_dialogue_drop(server->node, dialogue);
            through = original.dialogue;
        } else {
            service_take_over(&user_of(server, dialogue)->service,
                              &user_of(server, original.dialogue)->service);
            node_dialogue_drop(server->node, original.dialogue);
        }
    }
    hand_over(server, token_of(server, through), reply, context, now_ns);
}

/* A duplicate of a request that is being answered: it goes out with its original. */
static void attach(struct server *server, uint32_t dialogue, const struct service_reply *reply,
                   struct bytes context, int64_t now_ns)
{
    const struct server_token original = server_token_unpack(reply->original_token);
    if (original.dialogue == dialogue)
        return;
    if (!is_open(server, original)) {
        hand_over(server, token_of(server, dialogue), reply, context, now_ns);
        return;
    }
    const uint32_t first = user_of(server, original.dialogue)->pending;
    uint32_t slot = SERVER_PENDING_NONE;
    if (first != 0 && !same_peer_id(server, original.dialogue, dialogue))
        slot = take_pending(server, token_of(server, dialogue), reply, context, now_ns);
    if (slot == SERVER_PENDING_NONE) {
        node_dialogue_drop(server->node, dialogue);
        return;
    }
    pending_at(server, slot)->next_attached = pending_at(server, first - 1)->next_attached;
    pending_at(server, first - 1)->next_attached = slot + 1;
}

bool server_on_stray(void *context, const struct tcap_message *message,
                     const struct node_route *route)
{
    struct server *server = context;
    struct service_reply reply;
    if (!service_receive_stray(&server->service, message, sccp_party_bytes(&route->called), &reply))
        return false;
    /* While the original is being answered its reply reaches the same transaction of the peer. */
    if (reply.disposition != SERVICE_AGAIN)
        return true;
    struct bytes_writer w =
        bytes_writer_of(server->components, server->components + sizeof(server->components));
    enum p7_status status = decision_write_components(&w, &reply.decision);
    const struct tcap_request request = {.components_encoded =
                                             bytes_of(w.start, bytes_writer_length(&w))};
    const int64_t now_ns = clock_monotonic_ns();
    if (status == P7_OK)
        status = node_send_end_to(server->node, now_ns, route, message->otid, &request);
    if (status != P7_OK)
        server->counters.replies_unsent++;
    service_handed_over(&server->service, NULL, &reply, now_ns, now_ns);
    return true;
}

/* --- what the node tells ---------------------------------------------------------------------- */

static void on_request(struct server *server, const struct tcap_dialogue_indication *indication,
                       const struct node_route *route, int64_t now_ns)
{
    const uint32_t dialogue = indication->dialogue;
    struct service_reply reply;
    if (server->works)
        service_set_overload(&server->service, workload_is_full(server->workload));
    service_receive(&server->service, &user_of(server, dialogue)->service, indication->message,
                    sccp_party_bytes(&route->called), server_token_pack(token_of(server, dialogue)),
                    now_ns, &reply);
    const struct bytes context = indication->message->dialogue.application_context;
    switch ((enum service_disposition)reply.disposition) {
    case SERVICE_NOTHING:
        break;
    case SERVICE_ANSWER:
        answer(server, dialogue, &reply, context, now_ns);
        break;
    case SERVICE_AGAIN:
        answer_again(server, dialogue, &reply, context, now_ns);
        break;
    case SERVICE_ATTACHED:
        attach(server, dialogue, &reply, context, now_ns);
        break;
    }
}

/* The peer ended the dialogue: the service settles it; there is nobody to answer. */
static void on_ended(struct server *server, const struct tcap_dialogue_indication *indication,
                     const struct node_route *route, int64_t now_ns)
{
    struct service_dialogue *service = &user_of(server, indication->dialogue)->service;
    struct service_reply reply;
    const bool is_peers =
        indication->message != NULL && route != NULL &&
        (indication->type == TCAP_IND_END || indication->type == TCAP_IND_U_ABORT);
    if (is_peers)
        service_receive(&server->service, service, indication->message,
                        sccp_party_bytes(&route->called), 0, now_ns, &reply);
    service_close(&server->service, service, now_ns);
}

void server_on_dialogue(void *context, const struct tcap_dialogue_indication *indication,
                        const struct node_route *route)
{
    struct server *server = context;
    const int64_t now_ns = clock_monotonic_ns();
    switch (indication->type) {
    case TCAP_IND_BEGIN:
    case TCAP_IND_CONTINUE:
        on_request(server, indication, route, now_ns);
        break;
    case TCAP_IND_END:
    case TCAP_IND_U_ABORT:
    case TCAP_IND_P_ABORT:
    case TCAP_IND_TIMEOUT:
        on_ended(server, indication, route, now_ns);
        break;
    case TCAP_IND_NOTICE:
        server->counters.unexpected_notices++;
        service_close(&server->service, &user_of(server, indication->dialogue)->service, now_ns);
        node_dialogue_drop(server->node, indication->dialogue);
        break;
    case TCAP_IND_UNIDIRECTIONAL:
    case TCAP_IND_DISCARDED:
        break;
    }
}
