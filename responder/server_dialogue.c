/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * What a dialogue tells, and the way of a request without a ledger: decided at once, answered after
 * its work and its planned delay. With a ledger it takes the way of server_ledger.c.
 */
#include "responder/server_internal.h"
#include "sigtran/runtime/clock.h"

/* --- requests that are decided here ----------------------------------------------------------- */

static void answer(struct server *server, uint32_t dialogue, const struct service_reply *reply,
                   struct bytes context, int64_t now_ns)
{
    const struct server_token token = server_token_of(server, dialogue);
    if (!server->works && reply->delay_ms == 0) {
        server_hand_over(server, token, reply, context, now_ns);
        return;
    }
    const uint32_t slot = server_take_pending(server, token, reply, context, now_ns);
    if (slot == SERVER_PENDING_NONE) {
        server_hand_over(server, token, reply, context, now_ns);
        return;
    }
    server_user_of(server, dialogue)->pending = slot + 1;
    server_answer_pending(server, slot, now_ns);
}

/* --- requests that come again ----------------------------------------------------------------- */

/* A duplicate of an answered request: see the head of service.h. */
static void answer_again(struct server *server, uint32_t dialogue,
                         const struct service_reply *reply, struct bytes context, int64_t now_ns)
{
    const struct server_token original = server_token_unpack(reply->original_token);
    uint32_t through = dialogue;
    if (original.dialogue != dialogue && server_is_open(server, original)) {
        if (server_same_peer_id(server, original.dialogue, dialogue)) {
            node_dialogue_drop(server->node, dialogue);
            through = original.dialogue;
        } else {
            service_take_over(&server_user_of(server, dialogue)->service,
                              &server_user_of(server, original.dialogue)->service);
            node_dialogue_drop(server->node, original.dialogue);
        }
    }
    server_hand_over(server, server_token_of(server, through), reply, context, now_ns);
}

/* A duplicate of a request that is being answered: it goes out with its original. */
static void attach(struct server *server, uint32_t dialogue, const struct service_reply *reply,
                   struct bytes context, int64_t now_ns)
{
    const struct server_token original = server_token_unpack(reply->original_token);
    if (original.dialogue == dialogue)
        return;
    if (!server_is_open(server, original)) {
        server_hand_over(server, server_token_of(server, dialogue), reply, context, now_ns);
        return;
    }
    const uint32_t first = server_user_of(server, original.dialogue)->pending;
    uint32_t slot = SERVER_PENDING_NONE;
    if (first != 0 && !server_same_peer_id(server, original.dialogue, dialogue))
        slot =
            server_take_pending(server, server_token_of(server, dialogue), reply, context, now_ns);
    if (slot == SERVER_PENDING_NONE) {
        node_dialogue_drop(server->node, dialogue);
        return;
    }
    server_pending_at(server, slot)->next_attached =
        server_pending_at(server, first - 1)->next_attached;
    server_pending_at(server, first - 1)->next_attached = slot + 1;
}

bool server_on_stray(void *context, const struct tcap_dialogue_indication *indication,
                     const struct node_route *route)
{
    struct server *server = context;
    struct service_reply reply;
    const int64_t now_ns = clock_monotonic_ns();
    if (server->cluster != NULL)
        return server_ledger_stray(server, indication, route, now_ns);
    if (!service_receive_stray(&server->service, indication->message,
                               sccp_party_bytes(&route->called), &reply))
        return false;
    /* While the original is being answered its reply reaches the same transaction of the peer. */
    if (reply.disposition == SERVICE_AGAIN)
        server_answer_stray(server, route, indication->message->otid, &reply, now_ns);
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
    if (server->cluster != NULL) {
        server_ledger_request(server, indication, route, now_ns);
        return;
    }
    service_receive(&server->service, &server_user_of(server, dialogue)->service,
                    indication->message, sccp_party_bytes(&route->called),
                    server_token_pack(server_token_of(server, dialogue)), now_ns, &reply);
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
    struct service_dialogue *service = &server_user_of(server, indication->dialogue)->service;
    struct service_reply reply;
    const bool is_peers =
        indication->message != NULL && route != NULL &&
        (indication->type == TCAP_IND_END || indication->type == TCAP_IND_U_ABORT);
    if (server->cluster != NULL) {
        server_ledger_ended(server, indication, is_peers ? route : NULL, now_ns);
        return;
    }
    if (is_peers)
        service_receive(&server->service, service, indication->message,
                        sccp_party_bytes(&route->called), 0, now_ns, &reply);
    service_close(&server->service, service, now_ns);
}

static void ask(struct server *server, uint32_t dialogue, int64_t now_ns)
{
    const struct tcap_component invoke = activity_invoke();
    const struct tcap_request request = {
        .components = &invoke,
        .component_count = 1,
        .invokes_outstanding = UINT64_C(1) << ACTIVITY_INVOKE_ID,
    };
    if (node_send(server->node, now_ns, dialogue, TCAP_SEND_CONTINUE, &request) == P7_OK)
        server->counters.activity_tests++;
}

void server_test_activity(struct server *server, int64_t now_ns)
{
    struct server_token token;
    for (;;) {
        const enum activity_verdict verdict =
            activity_next(&server->activity, now_ns, &token.dialogue, &token.local_id);
        if (verdict == ACTIVITY_NOTHING)
            return;
        if (!server_is_open(server, token)) {
            activity_over(&server->activity, token.dialogue);
        } else if (tcap_dialogue_state(node_dialogues(server->node), token.dialogue) !=
                   TCAP_STATE_ACTIVE) {
            /* Its reply is on the way: the peer does not know our id yet. */
            activity_heard(&server->activity, token.dialogue, token.local_id, now_ns);
        } else if (verdict == ACTIVITY_TEST) {
            ask(server, token.dialogue, now_ns);
        } else {
            const struct tcap_dialogue_indication lost = {.type = TCAP_IND_TIMEOUT,
                                                          .dialogue = token.dialogue};
            server->counters.activity_lost++;
            on_ended(server, &lost, NULL, now_ns);
            node_dialogue_abort(server->node, now_ns, token.dialogue);
        }
    }
}

void server_on_dialogue(void *context, const struct tcap_dialogue_indication *indication,
                        const struct node_route *route)
{
    struct server *server = context;
    const int64_t now_ns = clock_monotonic_ns();
    switch (indication->type) {
    case TCAP_IND_BEGIN:
    case TCAP_IND_CONTINUE:
        if (server->tests_activity) {
            activity_heard(&server->activity, indication->dialogue,
                           server_token_of(server, indication->dialogue).local_id, now_ns);
            if (activity_is_answer(indication->message))
                break;
        }
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
        on_ended(server, indication, NULL, now_ns);
        node_dialogue_drop(server->node, indication->dialogue);
        break;
    case TCAP_IND_UNIDIRECTIONAL:
    case TCAP_IND_DISCARDED:
        break;
    }
}
