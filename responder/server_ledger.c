/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * The way of a request with a ledger: it goes to the replica, whose verdict comes when the ledger
 * has the record, here or on both nodes; then work, delay and hand-over as without one.
 *
 * A dialogue only knows which call it belongs to. The same call may come by a second dialogue, when
 * the peer's BEGIN came again: the newest one counts, and ends the call when it ends.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "responder/server_internal.h"
#include "sigtran/runtime/clock.h"

/* Names a stray among the tokens; the others are slots of pending replies. */
#define TOKEN_STRAY    (UINT64_C(1) << 32)
#define CALLS_MAX      1048576u
#define CLOSE_RETRY_NS (1000 * CLOCK_NS_PER_MS)

static bool is_reference(const uint64_t reference[2])
{
    return (reference[0] | reference[1]) != 0;
}

/* --- dialogues of calls ----------------------------------------------------------------------- */

static struct server_call_entry *entry_of(const struct server *server, const uint64_t reference[2])
{
    return &server->calls[reference[0] & server->calls_mask];
}

/* The open dialogue that the call came by before, or `dialogue`. */
static uint32_t dialogue_before(const struct server *server, const uint64_t reference[2],
                                uint32_t dialogue)
{
    const struct server_call_entry *entry = entry_of(server, reference);
    if (entry->reference[0] != reference[0] || entry->reference[1] != reference[1] ||
        !server_is_open(server, entry->token))
        return dialogue;
    return entry->token.dialogue;
}

/* The dialogue belongs to the call. Where another one did, and reaches the same transaction of the
 * peer, that one stays and this one goes; else the peer has given the other one up. Returns the
 * dialogue that stays. */
static uint32_t bind_call(struct server *server, uint32_t dialogue, const uint64_t reference[2],
                          uint32_t sequence)
{
    const uint32_t before = dialogue_before(server, reference, dialogue);
    uint32_t stays = dialogue;
    if (before != dialogue) {
        const bool same = server_same_peer_id(server, before, dialogue);
        stays = same ? before : dialogue;
        node_dialogue_drop(server->node, same ? dialogue : before);
    }
    struct server_call *call = &server_user_of(server, stays)->call;
    memcpy(call->reference, reference, sizeof(call->reference));
    call->sequence = sequence;
    *entry_of(server, reference) = (struct server_call_entry){
        .reference = {reference[0], reference[1]}, .token = server_token_of(server, stays)};
    return stays;
}

/* Ends the call later, from outside of the replica. */
static void close_later(struct server *server, const uint64_t reference[2], uint32_t sequence,
                        int64_t at_ns)
{
    const uint32_t slot = pool_take(&server->pending);
    if (slot == POOL_NONE) {
        server->counters.closes_lost++;
        return;
    }
    struct server_pending *pending = server_pending_at(server, slot);
    pending->close = true;
    pending->closed =
        (struct server_call){.reference = {reference[0], reference[1]}, .sequence = sequence};
    timer_heap_arm(&server->delays, slot, at_ns);
}

/* --- what the replica says -------------------------------------------------------------------- */

static void on_stray_reply(struct server *server, uint32_t index, enum replica_verdict verdict,
                           const struct service_reply *reply)
{
    const struct server_stray stray = *(struct server_stray *)pool_at(&server->strays, index);
    pool_give(&server->strays, index);
    if (verdict == REPLICA_DECIDED)
        server_answer_stray(server, &stray.route, stray.peer_id, reply, stray.received_ns);
    else if (verdict == REPLICA_NOT_OURS &&
             node_send_abort_to(server->node, clock_monotonic_ns(), &stray.route, stray.peer_id) !=
                 P7_OK)
        server->counters.replies_unsent++;
}

static void on_close_reply(struct server *server, uint32_t slot, enum replica_verdict verdict)
{
    /* Nobody could do it in time: the money that the call holds must come back some day. */
    if (verdict == REPLICA_GAVE_UP || verdict == REPLICA_OVERLOAD)
        timer_heap_arm(&server->delays, slot, clock_monotonic_ns() + CLOSE_RETRY_NS);
    else
        pool_give(&server->pending, slot);
}

/* The reply has a dialogue to go out in. */
static void on_decided(struct server *server, uint32_t slot, const struct service_reply *reply,
                       const uint64_t reference[2], int64_t now_ns)
{
    struct server_pending *pending = server_pending_at(server, slot);
    const uint32_t dialogue = pending->token.dialogue;
    struct server_call *call = &server_user_of(server, dialogue)->call;
    pending->reply = *reply;
    if (is_reference(reference))
        pending->token =
            server_token_of(server, bind_call(server, dialogue, reference, reply->sequence));
    else
        memset(call, 0, sizeof(*call));
    /* What was answered before goes out at once, without work. */
    if (reply->disposition == SERVICE_AGAIN) {
        const struct server_pending again = *pending;
        pool_give(&server->pending, slot);
        server_hand_over(server, again.token, &again.reply,
                         bytes_of(again.context, again.context_length), again.received_ns);
        return;
    }
    server_answer_pending(server, slot, now_ns);
}

static void on_reply(void *context, uint64_t token, enum replica_verdict verdict,
                     const struct service_reply *reply, const uint64_t reference[2])
{
    struct server *server = context;
    const uint32_t slot = (uint32_t)token;
    const int64_t now_ns = clock_monotonic_ns();
    if ((token & TOKEN_STRAY) != 0) {
        on_stray_reply(server, slot, verdict, reply);
        return;
    }
    struct server_pending *pending = server_pending_at(server, slot);
    if (pending->close) {
        on_close_reply(server, slot, verdict);
        return;
    }
    const bool answers = verdict == REPLICA_DECIDED ||
                         (verdict == REPLICA_OVERLOAD && reply->disposition != SERVICE_NOTHING);
    if (!server_is_open(server, pending->token)) {
        if (answers) {
            server->counters.dialogues_gone++;
            service_handed_over(&server->service, NULL, reply, pending->received_ns, now_ns);
        }
        /* The call that it began, or went on with, has no dialogue to end it. */
        if (verdict == REPLICA_DECIDED && is_reference(reference))
            close_later(server, reference, reply->sequence, now_ns);
        pool_give(&server->pending, slot);
        return;
    }
    if (answers) {
        on_decided(server, slot, reply, reference, now_ns);
        return;
    }
    struct server_dialogue *user = server_user_of(server, pending->token.dialogue);
    if (verdict == REPLICA_GAVE_UP) {
        server->counters.gave_up++;
        /* One that belongs to a call stays: the peer may repeat the request, and its end ends the
         * call. */
        if (!is_reference(user->call.reference))
            node_dialogue_drop(server->node, pending->token.dialogue);
    } else if (verdict == REPLICA_NOTHING && is_reference(reference)) {
        user->call.sequence = reply->sequence;
    }
    pool_give(&server->pending, slot);
}

/* --- what the node says ----------------------------------------------------------------------- */

static uint32_t take_slot(struct server *server, const struct tcap_dialogue_indication *indication,
                          int64_t now_ns)
{
    static const struct service_reply no_reply = {.handle = DUPLICATE_HANDLE_NONE};
    return server_take_pending(server, server_token_of(server, indication->dialogue), &no_reply,
                               indication->message->dialogue.application_context, now_ns);
}

static struct replica_request request_of(const struct server *server, uint32_t slot,
                                         const struct tcap_dialogue_indication *indication,
                                         const struct node_route *route)
{
    const struct server_call *call = &server_user_of(server, indication->dialogue)->call;
    return (struct replica_request){
        .token = slot,
        .origin = sccp_party_bytes(&route->called),
        .octets = indication->octets,
        .reference = {call->reference[0], call->reference[1]},
        .sequence = call->sequence,
    };
}

void server_ledger_request(struct server *server, const struct tcap_dialogue_indication *indication,
                           const struct node_route *route, int64_t now_ns)
{
    const uint32_t slot = take_slot(server, indication, now_ns);
    if (slot == SERVER_PENDING_NONE) {
        /* The peer asks again; a dialogue that has only begun is begun again then. */
        if (indication->type == TCAP_IND_BEGIN)
            node_dialogue_drop(server->node, indication->dialogue);
        return;
    }
    const struct replica_request request = request_of(server, slot, indication, route);
    cluster_node_request(server->cluster, &request, now_ns);
}

void server_ledger_ended(struct server *server, const struct tcap_dialogue_indication *indication,
                         const struct node_route *route, int64_t now_ns)
{
    struct server_call *call = &server_user_of(server, indication->dialogue)->call;
    if (!is_reference(call->reference))
        return;
    const uint32_t slot = route == NULL ? POOL_NONE : take_slot(server, indication, now_ns);
    if (slot == POOL_NONE) {
        close_later(server, call->reference, call->sequence, now_ns);
        return;
    }
    const struct replica_request request = request_of(server, slot, indication, route);
    cluster_node_request(server->cluster, &request, now_ns);
}

bool server_ledger_stray(struct server *server, const struct tcap_dialogue_indication *indication,
                         const struct node_route *route, int64_t now_ns)
{
    const uint32_t index = pool_take(&server->strays);
    if (index == POOL_NONE)
        return false;
    *(struct server_stray *)pool_at(&server->strays, index) = (struct server_stray){
        .route = *route, .peer_id = indication->message->otid, .received_ns = now_ns};
    const struct replica_request request = {
        .token = TOKEN_STRAY | index,
        .origin = sccp_party_bytes(&route->called),
        .octets = indication->octets,
        .stray = true,
    };
    cluster_node_request(server->cluster, &request, now_ns);
    return true;
}

void server_ledger_ask_close(struct server *server, uint32_t slot, int64_t now_ns)
{
    const struct server_call *call = &server_pending_at(server, slot)->closed;
    const struct replica_request request = {
        .token = slot,
        .reference = {call->reference[0], call->reference[1]},
        .sequence = call->sequence,
        .close = true,
    };
    cluster_node_request(server->cluster, &request, now_ns);
}

/* --- life cycle ------------------------------------------------------------------------------- */

static void on_node_event(void *context, const struct node_event *event)
{
    server_tell(context, event, clock_monotonic_ns());
}

/* An AS that serves with the active node only: its traffic is asked for, or given back. */
static void drive_asps(struct server *server, bool active)
{
    const struct settings *settings = server->settings;
    const int64_t now_ns = clock_monotonic_ns();
    for (uint32_t i = 0; i < settings->as_count; i++) {
        if (settings->as[i].activation != ASP_ACTIVATION_ACTIVE_NODE)
            continue;
        for (uint32_t j = 0; j < settings->as[i].asp_count; j++)
            for (uint32_t asp = 0; asp < settings->asp_count; asp++)
                if (strcmp(settings->asp[asp].name, settings->as[i].asp[j]) == 0)
                    (void)!node_asp_activate(server->node, asp, active, now_ns);
    }
}

static void on_role(void *context, enum cluster_role role)
{
    struct server *server = context;
    drive_asps(server, role == CLUSTER_ACTIVE);
}

enum p7_status server_ledger_open(struct server *server, char *text, size_t text_octets)
{
    const struct responder_settings *s = &server->settings->responder;
    const struct cluster_node_handler handler = {
        .context = server, .reply = on_reply, .event = on_node_event, .role = on_role};
    uint32_t calls = 1;
    while (calls < s->dialogues_max && calls < CALLS_MAX)
        calls *= 2;
    (void)snprintf(text, text_octets, "ledger: out of memory");
    server->calls = calloc(calls, sizeof(*server->calls));
    server->calls_mask = calls - 1;
    if (server->calls == NULL)
        return P7_NO_MEMORY;
    const enum p7_status status =
        pool_create(&server->strays, sizeof(struct server_stray), SERVER_STRAYS_MAX);
    if (status != P7_OK)
        return status;
    return cluster_node_open(server->settings, &server->service, &handler, &server->cluster, text,
                             text_octets);
}

void server_ledger_close(struct server *server)
{
    cluster_node_close(server->cluster);
    server->cluster = NULL;
    pool_destroy(&server->strays);
    free(server->calls);
}
