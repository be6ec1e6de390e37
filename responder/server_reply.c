/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include <string.h>

#include "responder/server_internal.h"
#include "sigtran/runtime/clock.h"

#define NS_PER_MS     1000000LL
#define COLLECT_BATCH 64

bool server_same_peer_id(const struct server *server, uint32_t a, uint32_t b)
{
    const struct tcap_transaction_id of_a = tcap_dialogue_peer_id(node_dialogues(server->node), a);
    const struct tcap_transaction_id of_b = tcap_dialogue_peer_id(node_dialogues(server->node), b);
    return of_a.length == of_b.length && of_a.value == of_b.value;
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
    if (status == P7_OK && (decision->flags & DECISION_PREARRANGED) != 0)
        node_dialogue_drop(server->node, dialogue);
    if (status == P7_OK)
        return;
    server->counters.replies_unsent++;
    /* The way was closed before anything was encoded: an ending is still an ending on our side. */
    if (status == P7_STATE && decision_ends(decision))
        node_dialogue_drop(server->node, dialogue);
}

void server_hand_over(struct server *server, struct server_token token,
                      const struct service_reply *reply, struct bytes context, int64_t received_ns)
{
    const int64_t now_ns = clock_monotonic_ns();
    if (!server_is_open(server, token)) {
        server->counters.dialogues_gone++;
        service_handed_over(&server->service, NULL, reply, received_ns, now_ns);
        return;
    }
    /* The service looks at its dialogue first: sending an END frees it. */
    struct server_dialogue *user = server_user_of(server, token.dialogue);
    user->pending = 0;
    service_handed_over(&server->service, server->cluster == NULL ? &user->service : NULL, reply,
                        received_ns, now_ns);
    if (!reply->drop)
        send_decision(server, token.dialogue, &reply->decision, context, now_ns);
    else if (decision_ends(&reply->decision))
        node_dialogue_drop(server->node, token.dialogue);
}

void server_answer_stray(struct server *server, const struct node_route *route,
                         struct tcap_transaction_id peer_id, const struct service_reply *reply,
                         int64_t received_ns)
{
    struct bytes_writer w =
        bytes_writer_of(server->components, server->components + sizeof(server->components));
    enum p7_status status = decision_write_components(&w, &reply->decision);
    const struct tcap_request request = {.components_encoded =
                                             bytes_of(w.start, bytes_writer_length(&w))};
    const int64_t now_ns = clock_monotonic_ns();
    if (status == P7_OK)
        status = node_send_end_to(server->node, now_ns, route, peer_id, &request);
    if (status != P7_OK)
        server->counters.replies_unsent++;
    service_handed_over(&server->service, NULL, reply, received_ns, now_ns);
}

/* --- replies that wait ------------------------------------------------------------------------ */

static void release_pending(struct server *server, uint32_t slot)
{
    uint32_t next = slot + 1;
    while (next != 0) {
        const struct server_pending pending = *server_pending_at(server, next - 1);
        pool_give(&server->pending, next - 1);
        server_hand_over(server, pending.token, &pending.reply,
                         bytes_of(pending.context, pending.context_length), pending.received_ns);
        next = pending.next_attached;
    }
}

/* The work is done: what is left is the planned delay. */
static void after_work(struct server *server, uint32_t slot, int64_t now_ns)
{
    const struct server_pending *pending = server_pending_at(server, slot);
    if (pending->reply.delay_ms == 0)
        release_pending(server, slot);
    else
        timer_heap_arm(&server->delays, slot,
                       now_ns + (int64_t)pending->reply.delay_ms * NS_PER_MS);
}

uint32_t server_take_pending(struct server *server, struct server_token token,
                             const struct service_reply *reply, struct bytes context,
                             int64_t received_ns)
{
    const uint32_t slot = pool_take(&server->pending);
    if (slot == POOL_NONE) {
        server->counters.pending_full++;
        return SERVER_PENDING_NONE;
    }
    struct server_pending *pending = server_pending_at(server, slot);
    pending->reply = *reply;
    pending->token = token;
    pending->received_ns = received_ns;
    pending->context_length =
        (uint8_t)(context.length <= SERVER_CONTEXT_OCTETS ? context.length : 0);
    if (pending->context_length > 0) /* within a dialogue there is none, and no data either */
        memcpy(pending->context, context.data, pending->context_length);
    return slot;
}

void server_answer_pending(struct server *server, uint32_t slot, int64_t now_ns)
{
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
        if (server_pending_at(server, slot)->close)
            server_ledger_ask_close(server, slot, now_ns);
        else
            release_pending(server, slot);
    }
}
