/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* When a reply goes out, and what happens to a request while nodes change their roles. */
#include "tests/unit/responder/cluster/replica_pair.h"

#define RETRY_NS   100000000
#define GIVE_UP_NS 10000000000

static void a_reply_goes_out_once_its_record_is_committed_and_not_before(void)
{
    struct pair *p = pair_open();
    const uint64_t token = pair_ask_oneshot(p, 0, 1);
    CU_ASSERT_EQUAL(p->node[0].last, 1);
    pair_replicate(p, 1);
    pair_turn(p, RETRY_NS);
    CU_ASSERT_PTR_NULL(pair_reply_to(p, 0, token));
    CU_ASSERT_EQUAL(replica_pending_count(&p->node[0].replica), 1);
    pair_commit(p, 0, 1);
    const struct pair_reply *reply = pair_reply_to(p, 0, token);
    CU_ASSERT_PTR_NOT_NULL_FATAL(reply);
    CU_ASSERT_EQUAL(reply->verdict, REPLICA_DECIDED);
    CU_ASSERT_EQUAL(reply->reply.disposition, SERVICE_ANSWER);
    CU_ASSERT_EQUAL(reply->reply.decision.body, DECISION_CALL_CONTINUE);
    CU_ASSERT_EQUAL(reply->reply.handle, DUPLICATE_HANDLE_NONE);
    CU_ASSERT_EQUAL(replica_pending_count(&p->node[0].replica), 0);
    CU_ASSERT_EQUAL(pair_account(p, 0)->charged, 3);
    CU_ASSERT_EQUAL(pair_account(p, 1)->charged, 3);
    pair_close(p);
}

static void what_changes_nothing_is_answered_at_once(void)
{
    struct pair *p = pair_open();
    peer_start(&p->peer);
    (void)peer_begin(&p->peer, 5, CAP_AC_V2_GSMSSF); /* asks for nothing */
    const struct pair_reply *reply = pair_reply_to(p, 0, pair_ask(p, 0, NULL, 0));
    CU_ASSERT_PTR_NOT_NULL_FATAL(reply);
    CU_ASSERT_EQUAL(reply->reply.decision.primitive, DECISION_ABORT);
    CU_ASSERT_EQUAL(p->node[0].last, 0);
    pair_close(p);
}

static void a_duplicate_waits_for_its_original_and_gets_the_same_decision(void)
{
    struct pair *p = pair_open();
    const uint64_t first = pair_ask_oneshot(p, 0, 1);
    const uint64_t other = pair_ask_oneshot(p, 0, 2);
    const uint64_t again = pair_ask_oneshot(p, 0, 1);
    CU_ASSERT_EQUAL(p->node[0].last, 2);
    CU_ASSERT_PTR_NULL(pair_reply_to(p, 0, again));
    pair_commit(p, 0, 2);
    const struct pair_reply *a = pair_reply_to(p, 0, first);
    const struct pair_reply *b = pair_reply_to(p, 0, again);
    CU_ASSERT_PTR_NOT_NULL_FATAL(a);
    CU_ASSERT_PTR_NOT_NULL_FATAL(b);
    CU_ASSERT_PTR_NOT_NULL(pair_reply_to(p, 0, other));
    CU_ASSERT_EQUAL(b->reply.disposition, SERVICE_AGAIN);
    CU_ASSERT_EQUAL(b->reply.decision.body, a->reply.decision.body);
    CU_ASSERT_EQUAL(pair_account(p, 0)->charged, 6);
    CU_ASSERT_EQUAL(p->node[0].replica.counters.attached, 1);
    /* Its original is committed now: at once, though something else is not. */
    (void)pair_ask_oneshot(p, 0, 3);
    CU_ASSERT_PTR_NOT_NULL(pair_reply_to(p, 0, pair_ask_oneshot(p, 0, 1)));
    CU_ASSERT_EQUAL(p->node[0].replica.counters.again, 1);
    pair_close(p);
}

static void a_call_is_carried_on_by_its_reference_at_either_node(void)
{
    struct pair *p = pair_open();
    const struct pair_reply *begun = pair_open_call(p, 1, 1);
    CU_ASSERT(begun->reference[0] != 0 || begun->reference[1] != 0);
    uint64_t reference[2] = {begun->reference[0], begun->reference[1]};
    (void)peer_event(&p->peer, 2, CAP_BCSM_O_ANSWER, false);
    const uint64_t event = pair_ask(p, 1, reference, 0);
    pair_deliver(p);
    pair_settle(p, 0);
    pair_deliver(p);
    CU_ASSERT_EQUAL(pair_reply_to(p, 1, event)->verdict, REPLICA_NOTHING);
    CU_ASSERT_EQUAL(pair_reply_to(p, 1, event)->reference[0], reference[0]);

    (void)peer_report(&p->peer, 3, 300, true);
    const uint64_t interim = pair_ask(p, 0, reference, 0);
    const uint64_t again = pair_ask(p, 0, reference, 0);
    CU_ASSERT_PTR_NULL(pair_reply_to(p, 0, again));
    pair_settle(p, 0);
    CU_ASSERT_EQUAL(pair_reply_to(p, 0, interim)->reply.decision.body, DECISION_GRANT);
    CU_ASSERT_EQUAL(pair_reply_to(p, 0, interim)->reply.sequence, 1);
    CU_ASSERT_EQUAL(pair_reply_to(p, 0, again)->reply.decision.body, DECISION_GRANT);
    CU_ASSERT_EQUAL(pair_reply_to(p, 0, again)->reply.disposition, SERVICE_AGAIN);
    CU_ASSERT_EQUAL(pair_account(p, 0)->charged, 67);

    (void)peer_report(&p->peer, 4, 453, false);
    const uint64_t final = pair_ask(p, 1, reference, 1);
    pair_deliver(p);
    pair_settle(p, 0);
    pair_deliver(p);
    CU_ASSERT_EQUAL(pair_reply_to(p, 1, final)->reply.decision.primitive, DECISION_END);
    CU_ASSERT_EQUAL(pair_reply_to(p, 1, final)->reference[0], 0);
    for (unsigned n = 0; n < 2; n++) {
        CU_ASSERT_EQUAL(pair_account(p, n)->charged, 7 + 2 * 46);
        CU_ASSERT_EQUAL(pair_account(p, n)->reserved, 0);
        CU_ASSERT_EQUAL(calls_count(&p->node[n].replica.calls), 0);
    }
    /* Its repetition, now that there is no call: as a stray and in its open dialogue. */
    CU_ASSERT_EQUAL(pair_reply_to(p, 0, pair_ask(p, 0, reference, 1))->reply.disposition,
                    SERVICE_AGAIN);
    const struct replica_request stray = {
        .token = 9000, .origin = peer_origin(), .octets = pair_octets_of(&p->peer), .stray = true};
    replica_request(&p->node[1].replica, &stray, p->now_ns);
    pair_deliver(p);
    CU_ASSERT_EQUAL(pair_reply_to(p, 1, 9000)->reply.decision.primitive, DECISION_END);
    (void)peer_report(&p->peer, 5, 999, false);
    struct replica_request unknown = stray;
    unknown.token = 9001;
    unknown.octets = pair_octets_of(&p->peer);
    replica_request(&p->node[1].replica, &unknown, p->now_ns);
    pair_deliver(p);
    CU_ASSERT_EQUAL(pair_reply_to(p, 1, 9001)->verdict, REPLICA_NOT_OURS);
    pair_close(p);
}

static void a_dialogue_that_closes_settles_its_call_unless_another_one_carries_it(void)
{
    struct pair *p = pair_open();
    const struct pair_reply *begun = pair_open_call(p, 0, 1);
    struct replica_request close = {.token = 500, .close = true, .sequence = 0};
    close.reference[0] = begun->reference[0];
    close.reference[1] = begun->reference[1];
    (void)peer_report(&p->peer, 3, 100, true);
    (void)pair_ask(p, 0, close.reference, 0);
    pair_settle(p, 0);
    replica_request(&p->node[0].replica, &close, p->now_ns);
    CU_ASSERT_EQUAL(pair_reply_to(p, 0, 500)->verdict, REPLICA_NOTHING);
    CU_ASSERT_EQUAL(calls_count(&p->node[0].replica.calls), 1);
    close.sequence = 1;
    close.token = 501;
    replica_request(&p->node[1].replica, &close, p->now_ns);
    pair_deliver(p);
    CU_ASSERT_EQUAL(calls_count(&p->node[0].replica.calls), 0);
    CU_ASSERT_PTR_NULL(pair_reply_to(p, 1, 501));
    pair_settle(p, 0);
    pair_deliver(p);
    CU_ASSERT_EQUAL(pair_reply_to(p, 1, 501)->verdict, REPLICA_NOTHING);
    CU_ASSERT_EQUAL(pair_account(p, 1)->reserved, 0);
    CU_ASSERT_EQUAL(calls_count(&p->node[1].replica.calls), 0);
    pair_close(p);
}

static void a_forward_that_is_lost_is_sent_again(void)
{
    struct pair *p = pair_open();
    const uint64_t token = pair_ask_oneshot(p, 1, 1);
    CU_ASSERT_EQUAL(p->in_net, 1);
    p->in_net = 0;
    CU_ASSERT_EQUAL(replica_deadline_ns(&p->node[1].replica), RETRY_NS);
    pair_turn(p, RETRY_NS - 1);
    CU_ASSERT_EQUAL(p->in_net, 0);
    pair_turn(p, 1);
    CU_ASSERT_EQUAL(p->in_net, 1);
    CU_ASSERT_EQUAL(p->node[1].replica.counters.resent, 1);
    pair_deliver(p);
    pair_settle(p, 0);
    pair_deliver(p);
    CU_ASSERT_EQUAL(pair_reply_to(p, 1, token)->verdict, REPLICA_DECIDED);
    CU_ASSERT_EQUAL(p->node[1].replica.counters.relayed, 1);
    CU_ASSERT_EQUAL(pair_account(p, 1)->charged, 3);
    pair_close(p);
}

static void a_relay_that_is_lost_or_repeated_makes_one_charge_and_one_reply(void)
{
    static struct pair_datagram forward;
    static struct pair_datagram relay;
    struct pair *p = pair_open();
    const uint64_t token = pair_ask_oneshot(p, 1, 1);
    forward = p->net[0];
    pair_deliver(p);
    pair_deliver_datagram(p, &forward); /* while it is decided: it waits with the first */
    CU_ASSERT_EQUAL(replica_pending_count(&p->node[0].replica), 1);
    pair_settle(p, 0);
    CU_ASSERT_EQUAL(p->in_net, 1);
    p->in_net = 0; /* lost */
    pair_turn(p, RETRY_NS);
    pair_deliver_one(p);
    CU_ASSERT_EQUAL_FATAL(p->in_net, 1);
    relay = p->net[0];
    pair_deliver(p);
    pair_deliver_datagram(p, &relay);
    pair_deliver_datagram(p, &relay);
    CU_ASSERT_PTR_NOT_NULL(pair_reply_to(p, 1, token));
    CU_ASSERT_EQUAL(p->node[0].last, 1);
    /* Its slot serves the next request: the old relay is none for that. */
    const uint64_t next = pair_ask_oneshot(p, 1, 2);
    pair_deliver_datagram(p, &relay);
    CU_ASSERT_PTR_NULL(pair_reply_to(p, 1, next));
    pair_deliver_one(p);
    pair_deliver_datagram(p, &forward); /* older than what the slot holds: not looked at */
    pair_settle(p, 0);
    pair_deliver(p);
    CU_ASSERT_PTR_NOT_NULL(pair_reply_to(p, 1, next));
    CU_ASSERT_EQUAL(pair_account(p, 1)->charged, 6);
    pair_close(p);
}

static void a_late_repetition_is_not_taken_for_a_new_request_of_its_call(void)
{
    static struct pair_datagram late;
    struct pair *p = pair_open();
    const struct pair_reply *begun = pair_open_call(p, 1, 1);
    const uint64_t reference[2] = {begun->reference[0], begun->reference[1]};
    (void)peer_report(&p->peer, 3, 300, true);
    (void)pair_ask(p, 1, reference, 0);
    late = p->net[0];
    for (unsigned i = 0; i < 2; i++) {
        pair_deliver(p);
        pair_settle(p, 0);
        pair_deliver(p);
        if (i == 0) {
            (void)peer_report(&p->peer, 4, 600, true);
            (void)pair_ask(p, 1, reference, 1);
        }
    }
    CU_ASSERT_EQUAL(p->node[0].service.counters.argument_wrong, 0);
    pair_deliver_datagram(p, &late);
    CU_ASSERT_EQUAL(p->node[0].service.counters.argument_wrong, 0);
    CU_ASSERT_EQUAL(calls_count(&p->node[0].replica.calls), 1);
    pair_close(p);
}

static void a_forward_of_another_term_is_asked_for_again(void)
{
    struct pair *p = pair_open();
    const uint64_t token = pair_ask_oneshot(p, 1, 1);
    p->node[0].cluster.term = 2;
    pair_deliver(p);
    CU_ASSERT_EQUAL(p->node[0].last, 0);
    pair_turn(p, RETRY_NS); /* still of the old term */
    pair_deliver(p);
    CU_ASSERT_EQUAL(p->node[0].last, 0);
    p->node[1].cluster.term = 2;
    pair_turn(p, RETRY_NS);
    pair_deliver(p);
    pair_settle(p, 0);
    pair_deliver(p);
    CU_ASSERT_EQUAL(pair_reply_to(p, 1, token)->verdict, REPLICA_DECIDED);
    pair_close(p);
}

static void a_node_that_is_not_active_says_so_and_the_sender_holds(void)
{
    struct pair *p = pair_open();
    pair_role(p, 0, CLUSTER_PASSIVE);
    const uint64_t token = pair_ask_oneshot(p, 1, 1);
    pair_deliver(p);
    CU_ASSERT_EQUAL(p->node[0].last, 0);
    CU_ASSERT_EQUAL(replica_pending_count(&p->node[0].replica), 0);
    CU_ASSERT_PTR_NULL(pair_reply_to(p, 1, token));
    pair_role(p, 0, CLUSTER_ACTIVE);
    pair_turn(p, RETRY_NS);
    CU_ASSERT_EQUAL(p->node[1].replica.counters.resent, 0);
    CU_ASSERT_EQUAL(p->node[1].replica.counters.forwarded, 2);
    pair_deliver(p);
    pair_settle(p, 0);
    pair_deliver(p);
    CU_ASSERT_PTR_NOT_NULL(pair_reply_to(p, 1, token));
    pair_close(p);
}

/* The old active's record is at the new one (`kept`), or was cut: one charge in either case. */
static void hand_active_over(bool kept)
{
    struct pair *p = pair_open();
    const uint64_t own = pair_ask_oneshot(p, 0, 1);
    const uint64_t peers = pair_ask_oneshot(p, 1, 2);
    pair_deliver(p);
    CU_ASSERT_EQUAL(p->node[0].last, 2);
    if (kept)
        pair_replicate(p, 1);
    pair_role(p, 0, CLUSTER_PASSIVE);
    pair_role(p, 1, CLUSTER_ACTIVE);
    p->node[0].cluster.term = 2;
    p->node[1].cluster.term = 2;
    if (!kept)
        pair_truncate(p, 0, 0);
    CU_ASSERT_EQUAL(p->node[0].replica.counters.undone, kept ? 0 : 2);
    CU_ASSERT_EQUAL(replica_pending_count(&p->node[0].replica), 1);
    CU_ASSERT_EQUAL(p->node[0].replies, 0);
    pair_turn(p, 0);
    pair_deliver(p);
    CU_ASSERT_EQUAL(p->node[1].last, 2);
    CU_ASSERT_EQUAL(p->node[1].replies, 0);
    pair_settle(p, 1);
    pair_deliver(p);
    CU_ASSERT_EQUAL(pair_reply_to(p, 0, own)->verdict, REPLICA_DECIDED);
    CU_ASSERT_EQUAL(pair_reply_to(p, 1, peers)->verdict, REPLICA_DECIDED);
    for (unsigned n = 0; n < 2; n++) {
        CU_ASSERT_EQUAL(pair_account(p, n)->charged, 6);
        CU_ASSERT_EQUAL(replica_pending_count(&p->node[n].replica), 0);
    }
    pair_close(p);
}

static void what_waited_at_the_old_active_is_decided_once_by_the_new_one(void)
{
    hand_active_over(true);
    hand_active_over(false);
}

static void what_was_held_is_decided_in_order_once_this_node_is_active(void)
{
    struct pair *p = pair_open();
    uint64_t token[5];
    pair_role(p, 0, CLUSTER_FAILED);
    for (unsigned i = 0; i < 5; i++)
        token[i] = pair_ask_oneshot(p, 1, 10 + i);
    p->in_net = 0;
    pair_role(p, 1, CLUSTER_CLAIMING);
    pair_turn(p, RETRY_NS);
    CU_ASSERT_EQUAL(p->in_net, 0); /* to whom? */
    pair_role(p, 1, CLUSTER_ACTIVE);
    CU_ASSERT_EQUAL(p->node[1].last, 0); /* the machine is not called back from inside */
    CU_ASSERT(replica_deadline_ns(&p->node[1].replica) <= p->now_ns);
    pair_turn(p, 0);
    CU_ASSERT_EQUAL(p->node[1].last, 5);
    pair_commit(p, 1, 5);
    for (unsigned i = 0; i < 5; i++) {
        CU_ASSERT_EQUAL(p->node[1].reply[i].token, token[i]);
        CU_ASSERT_EQUAL(p->node[1].reply[i].verdict, REPLICA_DECIDED);
    }
    pair_close(p);
}

static void an_active_that_does_not_accept_holds_and_decides_when_it_does(void)
{
    struct pair *p = pair_open();
    p->node[0].cluster.handing_over = true;
    const uint64_t own = pair_ask_oneshot(p, 0, 1);
    const uint64_t peers = pair_ask_oneshot(p, 1, 2);
    pair_deliver(p);
    pair_turn(p, 0);
    CU_ASSERT_EQUAL(p->node[0].last, 0);
    CU_ASSERT_EQUAL(p->in_net, 0); /* it forwards nothing either */
    p->node[0].cluster.handing_over = false;
    CU_ASSERT(replica_deadline_ns(&p->node[0].replica) <= p->now_ns);
    pair_turn(p, 0);
    pair_settle(p, 0);
    pair_deliver(p);
    CU_ASSERT_PTR_NOT_NULL(pair_reply_to(p, 0, own));
    CU_ASSERT_PTR_NOT_NULL(pair_reply_to(p, 1, peers));
    pair_close(p);
}

static void a_request_does_not_overtake_those_that_are_held(void)
{
    struct pair *p = pair_open();
    const struct pair_reply *begun = pair_open_call(p, 0, 1);
    const uint64_t reference[2] = {begun->reference[0], begun->reference[1]};
    p->node[0].cluster.handing_over = true;
    (void)peer_report(&p->peer, 3, 300, true);
    const uint64_t first = pair_ask(p, 0, reference, 0);
    p->node[0].cluster.handing_over = false;
    (void)peer_report(&p->peer, 4, 600, true);
    const uint64_t second = pair_ask(p, 0, reference, 0);
    pair_turn(p, 0);
    pair_settle(p, 0);
    CU_ASSERT_EQUAL(pair_reply_to(p, 0, first)->reply.decision.body, DECISION_GRANT);
    CU_ASSERT_EQUAL(pair_reply_to(p, 0, second)->reply.decision.body, DECISION_GRANT);
    CU_ASSERT_EQUAL(pair_reply_to(p, 0, second)->reply.sequence, 2);
    pair_close(p);
}

static void a_record_that_the_machine_does_not_take_changes_nothing_and_is_tried_again(void)
{
    struct pair *p = pair_open();
    p->node[0].refuses = true;
    const uint64_t token = pair_ask_call(p, 0, 1);
    CU_ASSERT_EQUAL(p->node[0].last, 0);
    CU_ASSERT_EQUAL(pair_account(p, 0)->reserved, 0);
    CU_ASSERT_EQUAL(duplicate_table_count(&p->node[0].service.duplicates), 0);
    CU_ASSERT_EQUAL(calls_count(&p->node[0].replica.calls), 0);
    pair_turn(p, 0);
    CU_ASSERT_EQUAL(p->node[0].last, 1);
    pair_settle(p, 0);
    CU_ASSERT_EQUAL(pair_reply_to(p, 0, token)->reply.disposition, SERVICE_ANSWER);
    CU_ASSERT_EQUAL(pair_account(p, 1)->reserved, 67);
    pair_close(p);
}

static void a_request_that_nobody_decides_is_given_up_in_time(void)
{
    struct pair *p = pair_open();
    pair_role(p, 0, CLUSTER_FAILED);
    const uint64_t held = pair_ask_oneshot(p, 1, 1);
    for (unsigned i = 0; i < 99; i++) {
        pair_turn(p, RETRY_NS);
        p->in_net = 0;
    }
    CU_ASSERT_PTR_NULL(pair_reply_to(p, 1, held));
    pair_turn(p, RETRY_NS);
    CU_ASSERT_EQUAL(pair_reply_to(p, 1, held)->verdict, REPLICA_GAVE_UP);
    /* The same for one whose record is not committed; it keeps its charge and its reply. */
    pair_role(p, 1, CLUSTER_ACTIVE);
    const uint64_t waits = pair_ask_oneshot(p, 1, 2);
    pair_turn(p, GIVE_UP_NS);
    CU_ASSERT_EQUAL(pair_reply_to(p, 1, waits)->verdict, REPLICA_GAVE_UP);
    CU_ASSERT_EQUAL(p->node[1].replica.counters.gave_up, 2);
    CU_ASSERT_EQUAL(replica_pending_count(&p->node[1].replica), 0);
    CU_ASSERT_EQUAL(replica_deadline_ns(&p->node[1].replica), TIMER_NEVER_NS);
    pair_commit(p, 1, 1);
    CU_ASSERT_EQUAL(pair_reply_to(p, 1, pair_ask_oneshot(p, 1, 2))->reply.disposition,
                    SERVICE_AGAIN);
    CU_ASSERT_EQUAL(pair_account(p, 1)->charged, 3);
    pair_close(p);
}

static void without_room_to_wait_a_request_is_refused_and_nothing_is_charged(void)
{
    struct pair *p = pair_open_with(
        &(struct pair_params){.pending_max = 3, .calls_max = 8, .duplicates_max = 64});
    const struct pair_reply *begun = pair_open_call(p, 0, 9);
    const uint64_t reference[2] = {begun->reference[0], begun->reference[1]};
    for (uint64_t i = 1; i <= 3; i++)
        (void)pair_ask_oneshot(p, 0, i);
    const struct pair_reply *r = pair_reply_to(p, 0, pair_ask_oneshot(p, 0, 4));
    CU_ASSERT_PTR_NOT_NULL_FATAL(r);
    CU_ASSERT_EQUAL(r->verdict, REPLICA_OVERLOAD);
    CU_ASSERT_EQUAL(r->reply.decision.body, DECISION_ERROR);
    CU_ASSERT_EQUAL(r->reply.decision.code, CAP_ERROR_TASK_REFUSED);
    /* A duplicate of what is not committed may not show its reply. */
    r = pair_reply_to(p, 0, pair_ask_oneshot(p, 0, 1));
    CU_ASSERT_EQUAL(r->verdict, REPLICA_OVERLOAD);
    CU_ASSERT_EQUAL(r->reply.decision.primitive, DECISION_ABORT);
    (void)peer_report(&p->peer, 3, 300, true);
    r = pair_reply_to(p, 0, pair_ask(p, 0, reference, 0));
    CU_ASSERT_EQUAL(r->verdict, REPLICA_OVERLOAD);
    CU_ASSERT_EQUAL(r->reply.decision.primitive, DECISION_ABORT);
    CU_ASSERT_EQUAL(p->node[0].replica.counters.overload, 3);
    CU_ASSERT_EQUAL(p->node[0].last, 4);
    /* The peer's are told to come again. */
    const uint64_t peers = pair_ask_oneshot(p, 1, 5);
    pair_deliver(p);
    CU_ASSERT_PTR_NULL(pair_reply_to(p, 1, peers));
    pair_settle(p, 0);
    pair_turn(p, RETRY_NS);
    pair_deliver(p);
    pair_settle(p, 0);
    pair_deliver(p);
    CU_ASSERT_EQUAL(pair_reply_to(p, 1, peers)->verdict, REPLICA_DECIDED);
    CU_ASSERT_FALSE(p->node[0].service.overload);
    pair_close(p);
}

static void a_call_that_there_is_no_room_for_is_refused(void)
{
    struct pair *p = pair_open_with(
        &(struct pair_params){.pending_max = 8, .calls_max = 1, .duplicates_max = 64});
    (void)pair_open_call(p, 0, 1);
    const struct pair_reply *r = pair_reply_to(p, 0, pair_ask_call(p, 0, 2));
    CU_ASSERT_PTR_NOT_NULL_FATAL(r);
    CU_ASSERT_EQUAL(r->reply.decision.code, CAP_ERROR_TASK_REFUSED);
    CU_ASSERT_EQUAL(p->node[0].last, 1);
    pair_close(p);
}

static void a_reference_used_anew_ends_the_call_that_had_it(void)
{
    struct pair *p = pair_open_with(
        &(struct pair_params){.pending_max = 8, .calls_max = 8, .duplicates_max = 2});
    (void)pair_open_call(p, 0, 1);
    for (uint64_t i = 2; i <= 3; i++)
        (void)pair_ask_oneshot(p, 0, i);
    pair_settle(p, 0);
    const uint64_t anew = pair_ask_call(p, 0, 1);
    CU_ASSERT_EQUAL(p->node[0].last, 5);
    pair_commit(p, 0, 4);
    CU_ASSERT_PTR_NULL(pair_reply_to(p, 0, anew));
    pair_settle(p, 0);
    CU_ASSERT_EQUAL(pair_reply_to(p, 0, anew)->reply.disposition, SERVICE_ANSWER);
    for (unsigned n = 0; n < 2; n++) {
        CU_ASSERT_EQUAL(pair_account(p, n)->reserved, 67);
        CU_ASSERT_EQUAL(calls_count(&p->node[n].replica.calls), 1);
    }
    pair_close(p);
}

static void a_request_too_large_to_keep_is_decided_at_the_active_only(void)
{
    uint8_t parameter[REPLICA_MESSAGE_OCTETS] = {0x30, 0x82, 0x01, 0x84};
    struct pair *p = pair_open();
    const struct pair_reply *begun = pair_open_call(p, 0, 1);
    const uint64_t reference[2] = {begun->reference[0], begun->reference[1]};
    /* One report, and an argument that nobody reads behind it. */
    peer_start(&p->peer);
    peer_add_report(&p->peer, 3, 300, true);
    peer_add_invoke(&p->peer, 4, CAP_CALL_INFORMATION_REPORT, bytes_of(parameter, 4 + 0x184));
    peer_add_report(&p->peer, 5, 300, true);
    peer_add_report(&p->peer, 6, 300, true);
    peer_add_report(&p->peer, 7, 300, true);
    (void)peer_continue(&p->peer);
    CU_ASSERT_FATAL(pair_octets_of(&p->peer).length > REPLICA_MESSAGE_OCTETS);
    const uint64_t refused = pair_ask(p, 1, reference, 0);
    CU_ASSERT_EQUAL(pair_reply_to(p, 1, refused)->verdict, REPLICA_OVERLOAD);
    const uint64_t waits = pair_ask(p, 0, reference, 0);
    CU_ASSERT_EQUAL(p->node[0].last, 2);
    /* Without its octets it can't be forwarded when this node is active no more. */
    pair_role(p, 0, CLUSTER_PASSIVE);
    CU_ASSERT_EQUAL(pair_reply_to(p, 0, waits)->verdict, REPLICA_GAVE_UP);
    pair_role(p, 0, CLUSTER_ACTIVE);
    const uint64_t again = pair_ask(p, 0, reference, 0);
    pair_settle(p, 0);
    CU_ASSERT_EQUAL(pair_reply_to(p, 0, again)->reply.decision.body, DECISION_GRANT);
    pair_close(p);
}

static void a_repetition_waits_again_after_a_new_active_took_the_record_over(void)
{
    struct pair *p = pair_open();
    (void)pair_ask_oneshot(p, 0, 1);
    pair_replicate(p, 1);
    pair_role(p, 0, CLUSTER_FAILED);
    pair_role(p, 1, CLUSTER_ACTIVE);
    const uint64_t again = pair_ask_oneshot(p, 1, 1);
    CU_ASSERT_EQUAL(p->node[1].last, 1);
    CU_ASSERT_PTR_NULL(pair_reply_to(p, 1, again)); /* in its ledger, but not known as committed */
    pair_commit(p, 1, 1);
    CU_ASSERT_EQUAL(pair_reply_to(p, 1, again)->reply.decision.body, DECISION_CALL_CONTINUE);
    pair_close(p);
}

UNIT_TESTS = {
    UNIT(a_reply_goes_out_once_its_record_is_committed_and_not_before),
    UNIT(what_changes_nothing_is_answered_at_once),
    UNIT(a_duplicate_waits_for_its_original_and_gets_the_same_decision),
    UNIT(a_call_is_carried_on_by_its_reference_at_either_node),
    UNIT(a_dialogue_that_closes_settles_its_call_unless_another_one_carries_it),
    UNIT(a_forward_that_is_lost_is_sent_again),
    UNIT(a_relay_that_is_lost_or_repeated_makes_one_charge_and_one_reply),
    UNIT(a_late_repetition_is_not_taken_for_a_new_request_of_its_call),
    UNIT(a_forward_of_another_term_is_asked_for_again),
    UNIT(a_node_that_is_not_active_says_so_and_the_sender_holds),
    UNIT(what_waited_at_the_old_active_is_decided_once_by_the_new_one),
    UNIT(what_was_held_is_decided_in_order_once_this_node_is_active),
    UNIT(an_active_that_does_not_accept_holds_and_decides_when_it_does),
    UNIT(a_request_does_not_overtake_those_that_are_held),
    UNIT(a_record_that_the_machine_does_not_take_changes_nothing_and_is_tried_again),
    UNIT(a_request_that_nobody_decides_is_given_up_in_time),
    UNIT(without_room_to_wait_a_request_is_refused_and_nothing_is_charged),
    UNIT(a_call_that_there_is_no_room_for_is_refused),
    UNIT(a_reference_used_anew_ends_the_call_that_had_it),
    UNIT(a_request_too_large_to_keep_is_decided_at_the_active_only),
    UNIT(a_repetition_waits_again_after_a_new_active_took_the_record_over),
};
UNIT_MAIN("replica")
