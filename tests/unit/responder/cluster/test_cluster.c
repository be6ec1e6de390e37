/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "responder/cluster/cluster.h"

#include <stdlib.h>
#include <string.h>

#include "tests/unit/responder/cluster/rig.h"
#include "tests/unit/unit.h"

static void two_new_nodes_become_a_pair(void)
{
    struct rig *rig = rig_create();
    rig_start(rig, 0);
    rig_run(rig, 3000 * RIG_MS);
    /* Alone it can't know whether the other one holds charges. */
    CU_ASSERT_EQUAL(rig->node[0].cluster.role, CLUSTER_STARTING);
    CU_ASSERT_PTR_NOT_NULL(strstr(rig->node[0].stalled, "waiting for the other one"));
    rig_start(rig, 1);
    rig_run(rig, 1500 * RIG_MS);
    CU_ASSERT_EQUAL(rig_active(rig), 0);
    CU_ASSERT_EQUAL(rig->node[1].cluster.role, CLUSTER_PASSIVE);
    CU_ASSERT_EQUAL(rig->value.mode, REGISTER_PAIR);
    CU_ASSERT_EQUAL(rig->value.pair[0], rig->node[0].params.identity);
    CU_ASSERT_EQUAL(rig->value.pair[1], rig->node[1].params.identity);
    free(rig);
}

static void a_pair_commits_what_is_durable_on_both(void)
{
    struct rig *rig = rig_create_pair();
    rig->node[1].disk_stands = true;
    const uint64_t index = rig_charge(rig, 0);
    CU_ASSERT_NOT_EQUAL(index, 0);
    rig_run(rig, 300 * RIG_MS);
    CU_ASSERT_EQUAL(rig->node[1].last, index);
    CU_ASSERT_EQUAL(rig->node[0].durable, index);
    CU_ASSERT(rig->node[0].committed < index);
    rig->node[1].disk_stands = false;
    rig_run(rig, 50 * RIG_MS);
    CU_ASSERT_EQUAL(rig->node[0].committed, index);
    rig_run(rig, 150 * RIG_MS);
    CU_ASSERT_EQUAL(rig->node[1].committed, index);
    free(rig);
}

static void the_passive_takes_over_when_the_active_dies(void)
{
    struct rig *rig = rig_create_pair();
    (void)rig_charge(rig, 0);
    rig_run(rig, 50 * RIG_MS);
    const uint64_t committed = rig->node[0].committed;
    rig_kill(rig, 0);
    rig_run(rig, 700 * RIG_MS);
    CU_ASSERT_EQUAL(rig_active(rig), 1);
    CU_ASSERT_EQUAL(rig->value.owner, 1);
    CU_ASSERT_EQUAL(rig->value.mode, REGISTER_SOLO);
    CU_ASSERT(rig->node[1].last > committed);
    const uint64_t index = rig_charge(rig, 1);
    rig_run(rig, 10 * RIG_MS);
    CU_ASSERT_EQUAL(rig->node[1].committed, index);
    free(rig);
}

static void a_node_that_comes_back_catches_up_and_the_pair_is_there_again(void)
{
    struct rig *rig = rig_create_pair();
    rig_kill(rig, 0);
    rig_run(rig, 700 * RIG_MS);
    for (unsigned i = 0; i < 300; i++)
        (void)rig_charge(rig, 1);
    rig_run(rig, 50 * RIG_MS);
    rig_start(rig, 0);
    rig_run(rig, 1500 * RIG_MS);
    CU_ASSERT_EQUAL(rig_active(rig), 1);
    CU_ASSERT_EQUAL(rig->value.mode, REGISTER_PAIR);
    CU_ASSERT(rig_same_ledgers(rig));
    CU_ASSERT_EQUAL(rig->node[0].committed, rig->node[0].last);
    free(rig);
}

static void what_was_never_acknowledged_is_taken_back_by_the_old_active(void)
{
    struct rig *rig = rig_create_pair();
    rig->link_up = false;
    rig->register_up = false;
    for (unsigned i = 0; i < 5; i++)
        (void)rig_charge(rig, 0);
    rig_run(rig, 100 * RIG_MS);
    const uint64_t tail = rig->node[0].last;
    CU_ASSERT(rig->node[0].committed < tail);
    rig_kill(rig, 0);
    CU_ASSERT_EQUAL(rig->node[0].last, tail);
    rig->register_up = true;
    rig_run(rig, 1000 * RIG_MS);
    CU_ASSERT_EQUAL(rig_active(rig), 1);
    (void)rig_charge(rig, 1);
    rig->link_up = true;
    rig_start(rig, 0);
    rig_run(rig, 2000 * RIG_MS);
    CU_ASSERT(rig_same_ledgers(rig));
    CU_ASSERT_EQUAL(rig->node[0].events[CLUSTER_EVENT_TRUNCATED], 1);
    CU_ASSERT_EQUAL(rig->node[0].cluster.counters.truncated, 5);
    free(rig);
}

static void an_active_that_loses_its_peer_asks_before_it_commits_alone(void)
{
    struct rig *rig = rig_create_pair();
    rig_kill(rig, 1);
    rig->register_up = false;
    const uint64_t index = rig_charge(rig, 0);
    rig_run(rig, 3000 * RIG_MS);
    CU_ASSERT(rig->node[0].committed < index);
    rig->register_up = true;
    rig_run(rig, 300 * RIG_MS);
    CU_ASSERT_EQUAL(rig->node[0].committed, index);
    CU_ASSERT_EQUAL(rig->value.mode, REGISTER_SOLO);
    CU_ASSERT_EQUAL(rig_active(rig), 0);
    free(rig);
}

static void a_passive_may_not_take_over_from_an_active_that_served_alone(void)
{
    struct rig *rig = rig_create_pair();
    rig_kill(rig, 1);
    rig_run(rig, 1000 * RIG_MS);
    (void)rig_charge(rig, 0);
    rig_run(rig, 10 * RIG_MS);
    rig_kill(rig, 0);
    rig_start(rig, 1);
    rig_run(rig, 5000 * RIG_MS);
    CU_ASSERT_EQUAL(rig->node[1].cluster.role, CLUSTER_PASSIVE);
    CU_ASSERT_EQUAL(rig->node[1].events[CLUSTER_EVENT_STALLED], 1);
    CU_ASSERT_PTR_NOT_NULL(strstr(rig->node[1].stalled, "force-takeover"));
    /* The one that holds everything comes back, under a new term. */
    const uint64_t term = rig->value.term;
    rig_start(rig, 0);
    rig_run(rig, 2000 * RIG_MS);
    CU_ASSERT_EQUAL(rig_active(rig), 0);
    CU_ASSERT(rig->value.term > term);
    CU_ASSERT(rig_same_ledgers(rig));
    CU_ASSERT_EQUAL(rig->value.mode, REGISTER_PAIR);
    free(rig);
}

static void an_operator_may_force_it(void)
{
    struct rig *rig = rig_create_pair();
    rig_kill(rig, 1);
    rig_run(rig, 1000 * RIG_MS);
    (void)rig_charge(rig, 0);
    rig_run(rig, 10 * RIG_MS);
    rig_kill(rig, 0);
    rig_start(rig, 1);
    rig_run(rig, 1000 * RIG_MS);
    CU_ASSERT_EQUAL(cluster_force_takeover(&rig->node[1].cluster, rig->now_ns), P7_OK);
    rig_run(rig, 50 * RIG_MS);
    CU_ASSERT_EQUAL(rig_active(rig), 1);
    CU_ASSERT_EQUAL(rig->value.owner, 1);
    struct ledger_record record;
    const struct rig_record *last = &rig->node[1].record[rig->node[1].last - 1];
    CU_ASSERT_EQUAL(ledger_record_decode(bytes_of(last->octets, last->head.length),
                                         rig->node[1].record[rig->node[1].last - 2].head.checksum,
                                         &record, NULL, NULL),
                    P7_OK);
    CU_ASSERT_EQUAL(record.kind, LEDGER_TERM);
    CU_ASSERT_EQUAL(record.flags, LEDGER_FORCED);
    free(rig);
}

static void a_forced_takeover_does_without_a_dead_register_and_writes_it_later(void)
{
    struct rig *rig = rig_create_pair();
    rig->register_up = false;
    rig_kill(rig, 0);
    rig_run(rig, 2000 * RIG_MS);
    CU_ASSERT_EQUAL(rig_active(rig), 2);
    CU_ASSERT_EQUAL(cluster_force_takeover(&rig->node[1].cluster, rig->now_ns), P7_OK);
    rig_run(rig, 2500 * RIG_MS);
    CU_ASSERT_EQUAL(rig_active(rig), 1);
    const uint64_t index = rig_charge(rig, 1);
    rig_run(rig, 10 * RIG_MS);
    CU_ASSERT_EQUAL(rig->node[1].committed, index);
    rig->register_up = true;
    rig_run(rig, 500 * RIG_MS);
    CU_ASSERT_EQUAL(rig->value.owner, 1);
    CU_ASSERT_EQUAL(rig->value.term, rig->node[1].cluster.term);
    free(rig);
}

static void a_switchover_hands_everything_over_within_200_ms(void)
{
    struct rig *rig = rig_create_pair();
    const char *why;
    (void)rig_charge(rig, 0);
    CU_ASSERT_EQUAL(cluster_switchover(&rig->node[0].cluster, rig->now_ns, &why), P7_OK);
    CU_ASSERT_FALSE(cluster_accepts(&rig->node[0].cluster));
    CU_ASSERT_EQUAL(rig_charge(rig, 0), 0);
    rig_run(rig, 20 * RIG_MS);
    CU_ASSERT_EQUAL(rig_active(rig), 1);
    /* Nobody was alone meanwhile. */
    CU_ASSERT_EQUAL(rig->value.mode, REGISTER_PAIR);
    const uint64_t index = rig_charge(rig, 1);
    rig_run(rig, 200 * RIG_MS);
    CU_ASSERT_EQUAL(rig->node[1].committed, index);
    CU_ASSERT_EQUAL(rig->node[0].committed, index);
    CU_ASSERT_EQUAL(rig->node[0].events[CLUSTER_EVENT_TRUNCATED], 0);
    CU_ASSERT_EQUAL(cluster_switchover(&rig->node[0].cluster, rig->now_ns, &why), P7_STATE);
    CU_ASSERT_STRING_EQUAL(why, "this node is not the active one");
    free(rig);
}

static void an_active_that_was_frozen_does_not_suspect_its_peer_for_it(void)
{
    struct rig *rig = rig_create_pair();
    rig->node[0].up = false; /* no turns; its memory stays */
    rig->now_ns += 400 * RIG_MS;
    rig->node[0].up = true;
    rig->node[1].cluster.turn_ns = rig->now_ns;
    rig->node[1].cluster.active_heard_ns = rig->now_ns;
    rig->node[1].cluster.peer_heard_ns = rig->now_ns;
    rig_run(rig, 500 * RIG_MS);
    CU_ASSERT_EQUAL(rig->node[0].events[CLUSTER_EVENT_PEER_LOST], 0);
    CU_ASSERT_EQUAL(rig->node[0].cluster.counters.own_stalls, 1);
    free(rig);
}

static void a_frozen_active_that_was_replaced_steps_down_and_commits_nothing(void)
{
    struct rig *rig = rig_create_pair();
    rig->node[0].up = false;
    rig_run(rig, 1000 * RIG_MS);
    CU_ASSERT_EQUAL(rig->node[1].cluster.role, CLUSTER_ACTIVE);
    rig->node[0].up = true;
    CU_ASSERT_EQUAL(rig->node[0].cluster.role, CLUSTER_ACTIVE);
    const uint64_t committed = rig->node[0].committed;
    const uint64_t index = rig_charge(rig, 0);
    CU_ASSERT_NOT_EQUAL(index, 0);
    rig_run(rig, 2000 * RIG_MS);
    CU_ASSERT_EQUAL(rig_active(rig), 1);
    CU_ASSERT(rig_same_ledgers(rig));
    CU_ASSERT(rig->node[0].committed >= committed);
    CU_ASSERT(rig->node[0].cluster.counters.truncated > 0);
    free(rig);
}

static void a_pair_that_was_asked_for_is_superseded_before_the_active_goes_alone(void)
{
    struct rig *rig = rig_create_pair();
    rig_kill(rig, 1);
    rig_run(rig, 1000 * RIG_MS);
    CU_ASSERT_EQUAL(rig->value.mode, REGISTER_SOLO);
    rig_start(rig, 1);
    /* It asks for PAIR, and the answer does not come. */
    for (unsigned i = 0; i < 3000 && !rig->node[0].cluster.pair_asked; i++)
        rig_run(rig, RIG_MS);
    CU_ASSERT_FATAL(rig->node[0].cluster.pair_asked);
    const struct register_value asked = rig->node[0].cluster.proposal;
    rig->first = rig->count = 0; /* in nobody's hands, for now */
    rig->register_up = false;
    rig_kill(rig, 1);
    rig_run(rig, 2000 * RIG_MS);
    const uint64_t index = rig_charge(rig, 0);
    rig_run(rig, 1000 * RIG_MS);
    CU_ASSERT(rig->node[0].committed < index);
    rig->register_up = true;
    rig_run(rig, 500 * RIG_MS);
    CU_ASSERT_EQUAL(rig->node[0].committed, index);
    /* Now the late one arrives. */
    struct register_answer answer;
    const struct register_request late = {
        .id = 1, .cluster_id = 7, .kind = REGISTER_SWAP, .proposal = asked};
    CU_ASSERT_FALSE(register_apply(&rig->value, &late, &answer));
    CU_ASSERT_EQUAL(rig->value.mode, REGISTER_SOLO);
    free(rig);
}

static void an_exchanged_disk_is_filled_and_can_not_take_over_before(void)
{
    struct rig *rig = rig_create_pair();
    for (unsigned i = 0; i < 50; i++)
        (void)rig_charge(rig, 0);
    rig_run(rig, 50 * RIG_MS);
    rig_kill(rig, 1);
    rig->node[1].last = rig->node[1].durable = 0;
    rig->node[1].params.identity = 0x9999;
    rig->register_up = false; /* the register still says PAIR of the old disks */
    rig_kill(rig, 0);
    rig_start(rig, 1);
    rig->register_up = true;
    rig_run(rig, 3000 * RIG_MS);
    CU_ASSERT_EQUAL(rig_active(rig), 2);
    CU_ASSERT_PTR_NOT_NULL(strstr(rig->node[1].stalled, "not the one of the pair"));
    rig_start(rig, 0);
    rig_run(rig, 2000 * RIG_MS);
    CU_ASSERT_EQUAL(rig_active(rig), 0);
    CU_ASSERT(rig_same_ledgers(rig));
    CU_ASSERT_EQUAL(rig->value.mode, REGISTER_PAIR);
    CU_ASSERT_EQUAL(rig->value.pair[1], 0x9999);
    free(rig);
}

static void ledgers_that_contradict_each_other_stop_the_node(void)
{
    struct rig *rig = rig_create_pair();
    for (unsigned i = 0; i < 20; i++)
        (void)rig_charge(rig, 0);
    rig_run(rig, 200 * RIG_MS);
    /* The active's disk forgets what it had called durable. */
    rig_kill(rig, 0);
    rig->node[0].last = rig->node[0].durable = 5;
    rig_start(rig, 0);
    rig_run(rig, 1000 * RIG_MS);
    CU_ASSERT_EQUAL(rig->node[1].cluster.role, CLUSTER_FAILED);
    CU_ASSERT_EQUAL(rig->node[1].events[CLUSTER_EVENT_DIVERGED], 1);
    free(rig);
}

static void a_passive_whose_disk_hangs_does_not_hold_up_the_active_for_ever(void)
{
    struct rig *rig = rig_create_pair();
    rig->node[1].disk_stands = true;
    const uint64_t index = rig_charge(rig, 0);
    rig_run(rig, 900 * RIG_MS);
    CU_ASSERT(rig->node[0].committed < index);
    rig_run(rig, 400 * RIG_MS);
    CU_ASSERT_EQUAL(rig->node[0].committed, index);
    CU_ASSERT_EQUAL(rig->value.mode, REGISTER_SOLO);
    rig->node[1].disk_stands = false;
    rig_run(rig, 500 * RIG_MS);
    CU_ASSERT_EQUAL(rig->value.mode, REGISTER_PAIR);
    free(rig);
}

static void without_a_register_the_one_that_is_left_promotes_itself(void)
{
    struct rig *rig = rig_create();
    rig->node[0].params.two_node = true;
    rig->node[1].params.two_node = true;
    rig->register_up = false;
    rig_start(rig, 0);
    rig_start(rig, 1);
    rig_run(rig, 1500 * RIG_MS);
    CU_ASSERT_EQUAL(rig_active(rig), 0);
    rig_kill(rig, 0);
    rig_run(rig, 700 * RIG_MS);
    CU_ASSERT_EQUAL(rig_active(rig), 1);
    free(rig);
}

static void too_much_that_is_not_committed_is_refused(void)
{
    struct rig *rig = rig_create_pair();
    rig->node[0].disk_stands = true;
    uint32_t taken = 0;
    while (taken <= CLUSTER_UNCOMMITTED_MAX && rig_charge(rig, 0) != 0)
        taken++;
    CU_ASSERT_EQUAL(taken, CLUSTER_UNCOMMITTED_MAX);
    CU_ASSERT_FALSE(cluster_accepts(&rig->node[0].cluster));
    rig->node[0].disk_stands = false;
    rig_run(rig, 3000 * RIG_MS);
    CU_ASSERT_TRUE(cluster_accepts(&rig->node[0].cluster));
    CU_ASSERT_NOT_EQUAL(rig_charge(rig, 0), 0);
    free(rig);
}

static void a_node_with_a_long_ledger_starts_and_serves(void)
{
    struct rig *rig = rig_create_pair();
    uint64_t index = 0;
    while (rig->node[0].last < CLUSTER_UNDO_MAX + 2000) {
        index = rig_charge(rig, 0);
        if (index % 500 == 0)
            rig_run(rig, 20 * RIG_MS);
    }
    rig_run(rig, 500 * RIG_MS);
    CU_ASSERT_EQUAL(rig->node[0].committed, rig->node[0].last);
    /* Starts know nothing of commits, and each begins a term. */
    for (unsigned i = 0; i < 3; i++) {
        rig_kill(rig, 0);
        rig_kill(rig, 1);
        rig_start(rig, 0);
        rig_start(rig, 1);
        rig_run(rig, 1000 * RIG_MS);
        CU_ASSERT_EQUAL(rig_active(rig), 0);
    }
    index = rig_charge(rig, 0);
    CU_ASSERT_NOT_EQUAL(index, 0);
    rig_run(rig, 300 * RIG_MS);
    CU_ASSERT_EQUAL(rig->node[0].committed, index);
    CU_ASSERT_TRUE(rig_same_ledgers(rig));
    free(rig);
}

static void a_passive_that_says_that_it_has_failed_is_not_waited_for(void)
{
    struct rig *rig = rig_create_pair();
    cluster_on_journal_failed(&rig->node[1].cluster, "its disk refused a write");
    const uint64_t index = rig_charge(rig, 0);
    rig_run(rig, 100 * RIG_MS);
    CU_ASSERT_EQUAL(rig->node[0].committed, index);
    CU_ASSERT_EQUAL(rig->value.mode, REGISTER_SOLO);
    CU_ASSERT_EQUAL(rig->node[0].events[CLUSTER_EVENT_ALONE], 2);
    free(rig);
}

UNIT_TESTS = {
    UNIT(two_new_nodes_become_a_pair),
    UNIT(a_pair_commits_what_is_durable_on_both),
    UNIT(the_passive_takes_over_when_the_active_dies),
    UNIT(a_node_that_comes_back_catches_up_and_the_pair_is_there_again),
    UNIT(what_was_never_acknowledged_is_taken_back_by_the_old_active),
    UNIT(an_active_that_loses_its_peer_asks_before_it_commits_alone),
    UNIT(a_passive_may_not_take_over_from_an_active_that_served_alone),
    UNIT(an_operator_may_force_it),
    UNIT(a_forced_takeover_does_without_a_dead_register_and_writes_it_later),
    UNIT(a_switchover_hands_everything_over_within_200_ms),
    UNIT(an_active_that_was_frozen_does_not_suspect_its_peer_for_it),
    UNIT(a_frozen_active_that_was_replaced_steps_down_and_commits_nothing),
    UNIT(a_pair_that_was_asked_for_is_superseded_before_the_active_goes_alone),
    UNIT(an_exchanged_disk_is_filled_and_can_not_take_over_before),
    UNIT(ledgers_that_contradict_each_other_stop_the_node),
    UNIT(a_passive_whose_disk_hangs_does_not_hold_up_the_active_for_ever),
    UNIT(without_a_register_the_one_that_is_left_promotes_itself),
    UNIT(too_much_that_is_not_committed_is_refused),
    UNIT(a_node_with_a_long_ledger_starts_and_serves),
    UNIT(a_passive_that_says_that_it_has_failed_is_not_waited_for),
};
UNIT_MAIN("cluster")
