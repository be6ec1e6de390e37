/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * Simulator and responder against each other: their cores, two nodes, a network with faults. What
 * is checked is what must hold whatever the network does: every request is accounted for once,
 * money is conserved, and a request that had to be sent again is paid once.
 */
#include <stdlib.h>

#include "tests/sim/caller.h"
#include "tests/sim/charger.h"
#include "tests/unit/sigtran/runtime/node_rig.h"

#define SUBSCRIBERS 500
#define DIALOGUES   8192
#define PERCENT     (FAULT_WEIGHT_SCALE / 100)

struct run {
    uint64_t seed;
    struct memory_faults network;
    struct fault_params faults;
    uint64_t balance;
    double rate_per_s;
    int64_t starts_for_ns; /* nothing starts after it; what is open goes on */
    int64_t timeout_ns;
    int64_t retransmit_after_ns;
    uint32_t attempts;
    bool prearranged;   /* oneshots end without an END */
    bool asks;          /* the SCF wants to be told, and tells, all it can */
    bool aborts_at_end; /* of the starts: calls are cut, requests unanswered */
};

struct world {
    struct rig rig;
    struct run run;
    struct caller caller;
    struct charger charger;
    struct rig_side *asp;
    struct rig_side *sg;
};

static struct traffic_settings traffic_of(const struct run *run)
{
    return (struct traffic_settings){
        .seed = run->seed,
        .duration_ns = TIMER_NEVER_NS,
        .timeout_ns = run->timeout_ns,
        .retransmit_after_ns = run->retransmit_after_ns,
        .attempts = run->attempts,
        .calls_max = DIALOGUES,
        .subscriber_count = SUBSCRIBERS,
        .flow_count = 1,
        .flow = {{.rate_per_s = run->rate_per_s,
                  .poisson = true,
                  .mix_count = 3,
                  .mix = {{0, 5}, {1, 4}, {2, 1}}}},
        .model_count = 3,
        .model = {{.kind = TRAFFIC_MODEL_ONESHOT,
                   .cap_version = 2,
                   .service_key = CALLER_ONESHOT_KEY,
                   .prearranged_end = run->prearranged},
                  {.kind = TRAFFIC_MODEL_CALL,
                   .cap_version = 3,
                   .service_key = CALLER_CALL_KEY,
                   .answer_delay_ms = 1000,
                   .duration_ms = 5000,
                   .duration_exponential = true,
                   .outcome_weight = {90, 3, 3, 2, 2},
                   .called_disconnects_percent = 40},
                  {.kind = TRAFFIC_MODEL_EVENT, .cap_version = 3, .service_key = CALLER_CALL_KEY}},
    };
}

static void open_nodes(struct world *w)
{
    const struct node_asp server = rig_asp_server("from-simulator", NULL);
    const struct node_as towards_simulator = rig_as(1, 1, AS_MODE_OVERRIDE);
    struct node_config config = rig_config(2, &server, 1, &towards_simulator);
    const struct node_handler charging = {.context = &w->charger, .dialogue = charger_on_dialogue};
    config.dialogues_max = 2 * DIALOGUES;
    config.user_octets = sizeof(struct service_dialogue);
    config.inactivity_ns = 60 * RIG_SEC;
    w->sg = rig_add(&w->rig, "10.0.0.2", &config, &charging);
    charger_bind(&w->charger, w->sg->node);
    const struct node_asp client = rig_asp_client("to-responder", "10.0.0.2");
    const struct node_as towards_responder = rig_as(2, 1, AS_MODE_OVERRIDE);
    config = rig_config(1, &client, 1, &towards_responder);
    const struct node_handler calling = {.context = &w->caller, .dialogue = caller_on_dialogue};
    config.dialogues_max = DIALOGUES;
    config.user_octets = sizeof(uint32_t);
    w->asp = rig_add(&w->rig, "10.0.0.1", &config, &calling);
}

static struct world *world_open(const struct run *run)
{
    struct world *w = calloc(1, sizeof(*w));
    struct service_params params;
    CU_ASSERT_PTR_NOT_NULL_FATAL(w);
    w->run = *run;
    service_params_init(&params);
    params.account_first = CALLER_MSISDN_FIRST;
    params.account_count = SUBSCRIBERS;
    params.account_balance = run->balance;
    params.tariff = (struct tariff){
        .price_per_call = 10, .price_per_second = 3, .price_per_event = 7, .slice_ms = 2000};
    params.fault = run->faults;
    params.fault_seed = run->seed;
    params.oneshot_prearranged = run->prearranged;
    params.asks_information = run->asks;
    params.furnishes = run->asks;
    params.continues_at_end = run->asks;
    params.duplicates_max = 65536;
    const struct traffic_settings traffic = traffic_of(run);
    rig_open(&w->rig, run->seed, &rig_calm);
    charger_open(&w->charger, &params, &w->rig.now_ns);
    caller_open(&w->caller, &traffic, &params.tariff);
    open_nodes(w);
    rig_run_for(&w->rig, RIG_SEC);
    CU_ASSERT_EQUAL_FATAL(rig_as_state(w->asp), AS_STATE_ACTIVE);
    CU_ASSERT_EQUAL_FATAL(memory_network_set_faults(w->rig.network, &run->network), P7_OK);
    caller_bind(&w->caller, w->asp->node, w->rig.now_ns);
    return w;
}

static void world_close(struct world *w)
{
    rig_close(&w->rig);
    caller_close(&w->caller);
    charger_close(&w->charger);
    free(w);
}

/* The identity of MEASUREMENT, with what is open now. */
static void check_accounting(const struct world *w)
{
    char text[200] = "";
    CU_ASSERT_TRUE(accounting_check(&w->caller.measure.accounting, w->caller.traffic.open_requests,
                                    text, sizeof(text)));
    CU_ASSERT_STRING_EQUAL(text, "");
}

static void world_run(struct world *w, int64_t span_ns)
{
    const int64_t until_ns = w->rig.now_ns + span_ns;
    unsigned idle = 0;
    unsigned turns = 0;
    for (;;) {
        for (uint32_t i = 0; i < w->rig.side_count; i++)
            node_ready(w->rig.side[i].node, w->rig.now_ns);
        caller_act(&w->caller, w->rig.now_ns);
        charger_turn(&w->charger);
        for (uint32_t i = 0; i < w->rig.side_count; i++)
            node_turn(w->rig.side[i].node, w->rig.now_ns);
        if (++turns % 64 == 0)
            check_accounting(w);
        int64_t at_ns = rig_deadline_ns(&w->rig);
        if (caller_deadline_ns(&w->caller) < at_ns)
            at_ns = caller_deadline_ns(&w->caller);
        if (charger_deadline_ns(&w->charger) < at_ns)
            at_ns = charger_deadline_ns(&w->charger);
        if (at_ns > until_ns)
            break;
        idle = at_ns > w->rig.now_ns ? 0 : idle + 1;
        CU_ASSERT_FATAL(idle < 10000);
        w->rig.now_ns = at_ns > w->rig.now_ns ? at_ns : w->rig.now_ns;
    }
    w->rig.now_ns = until_ns;
}

/* Everything, until the last dialogue is gone on both sides. */
static void world_run_out(struct world *w)
{
    world_run(w, w->run.starts_for_ns);
    if (w->run.aborts_at_end) {
        caller_finish(&w->caller, w->rig.now_ns);
    } else {
        CU_ASSERT_EQUAL(traffic_pause(&w->caller.traffic, w->run.starts_for_ns), P7_OK);
        world_run(w, 120 * RIG_SEC);
        caller_finish(&w->caller, w->rig.now_ns);
    }
    CU_ASSERT_EQUAL(memory_network_set_faults(w->rig.network, &rig_calm), P7_OK);
    world_run(w, 180 * RIG_SEC);
}

/* What holds after any run. */
static void check_end(const struct world *w)
{
    const struct accounts *accounts = &w->charger.service.accounts;
    check_accounting(w);
    CU_ASSERT_EQUAL(w->caller.traffic.open_requests, 0);
    CU_ASSERT_EQUAL(w->caller.traffic.calls.in_use, 0);
    CU_ASSERT_EQUAL(w->caller.recorded, w->caller.measure.accounting.total.due);
    CU_ASSERT_EQUAL(tcap_dialogue_count(node_dialogues(w->asp->node)), 0);
    CU_ASSERT_EQUAL(tcap_dialogue_count(node_dialogues(w->sg->node)), 0);
    CU_ASSERT_TRUE(accounts_conserved(accounts));
    CU_ASSERT_EQUAL(accounts->reserved_total, 0);
    CU_ASSERT_EQUAL(accounts->charged_total, w->charger.charged);
    for (uint32_t i = 0; i < SUBSCRIBERS; i++) {
        CU_ASSERT(accounts->entry[i].charged >= w->caller.bill[i].least);
        CU_ASSERT(accounts->entry[i].charged <= w->caller.bill[i].most);
    }
}

static struct run calm_run(uint64_t seed)
{
    return (struct run){.seed = seed,
                        .network = {.delay_min_ns = RIG_MS, .delay_max_ns = 5 * RIG_MS},
                        .balance = 1000000,
                        .rate_per_s = 100,
                        .starts_for_ns = 20 * RIG_SEC,
                        .timeout_ns = 5 * RIG_SEC,
                        .attempts = 1};
}

/* --- runs ------------------------------------------------------------------------------------- */

static void without_faults_every_unit_charged_is_in_a_reply(void)
{
    const struct run run = calm_run(1);
    struct world *w = world_open(&run);
    world_run_out(w);
    check_end(w);
    const struct accounting_counts *total = &w->caller.measure.accounting.total;
    CU_ASSERT(total->due > 4000);
    CU_ASSERT_EQUAL(total->ok, total->due);
    CU_ASSERT_EQUAL(total->duplicate_replies, 0);
    CU_ASSERT(w->caller.measure.accounting.kinds[REQUEST_INTERIM].ok > 1000);
    for (uint32_t i = 0; i < SUBSCRIBERS; i++)
        CU_ASSERT_EQUAL(w->charger.service.accounts.entry[i].charged, w->caller.bill[i].least);
    CU_ASSERT_EQUAL(w->charger.service.counters.unreported, 0);
    world_close(w);
}

/* 5 % of all messages are held up by 200 ms and more: what is sent again after 100 ms is a
 * duplicate for the responder, and must not cost twice. */
static void what_is_sent_again_is_charged_once(void)
{
    struct run run = calm_run(2);
    run.network.loss = 0.05;
    run.retransmit_after_ns = 100 * RIG_MS;
    run.attempts = 3;
    run.timeout_ns = 10 * RIG_SEC;
    struct world *w = world_open(&run);
    world_run_out(w);
    check_end(w);
    const struct accounting_counts *total = &w->caller.measure.accounting.total;
    CU_ASSERT(w->caller.retransmissions > 300);
    CU_ASSERT(w->charger.again > 100);
    CU_ASSERT_EQUAL(total->retransmissions, w->caller.retransmissions);
    CU_ASSERT(total->ok > 4000);
    CU_ASSERT_EQUAL(w->charger.service.counters.conflicts, 0);
    /* One-shot requests that were all answered cost exactly once: no room between the bounds. */
    const struct accounting_counts *oneshot = &w->caller.measure.accounting.kinds[REQUEST_ONESHOT];
    CU_ASSERT_EQUAL(oneshot->ok, oneshot->due);
    world_close(w);
}

/* The responder answers 10 % of all requests to itself alone: the work is done, the reply is
 * dropped; the repetition gets the very same answer. */
static void a_reply_that_got_lost_is_given_again(void)
{
    struct run run = calm_run(3);
    run.faults.drop_weight = 10 * PERCENT;
    run.retransmit_after_ns = 300 * RIG_MS;
    run.attempts = 4;
    struct world *w = world_open(&run);
    world_run_out(w);
    check_end(w);
    const struct accounting_counts *oneshot = &w->caller.measure.accounting.kinds[REQUEST_ONESHOT];
    CU_ASSERT(w->charger.service.counters.fault_drops > 100);
    CU_ASSERT(w->charger.again > 100);
    CU_ASSERT_EQUAL(oneshot->ok, oneshot->due);
    CU_ASSERT_EQUAL(w->caller.measure.accounting.kinds[REQUEST_INTERIM].ok,
                    w->caller.measure.accounting.kinds[REQUEST_INTERIM].due);
    world_close(w);
}

static void disconnects_and_restarts_lose_requests_but_no_money(void)
{
    uint64_t failed = 0;
    uint64_t reconnects = 0;
    for (uint64_t seed = 10; seed < 14; seed++) {
        struct run run = calm_run(seed);
        run.network.loss = 0.02;
        run.network.disconnects_per_second = 0.3;
        run.network.restarts_per_second = 0.2;
        run.retransmit_after_ns = 250 * RIG_MS;
        run.attempts = 3;
        run.timeout_ns = 2 * RIG_SEC;
        struct world *w = world_open(&run);
        world_run_out(w);
        check_end(w);
        const struct accounting_counts *total = &w->caller.measure.accounting.total;
        CU_ASSERT(total->ok > 2000);
        failed += total->error + total->timeout;
        reconnects += node_get_counters(w->asp->node).reconnects;
        world_close(w);
    }
    CU_ASSERT(failed > 20);
    CU_ASSERT(reconnects > 8);
}

/* Many second answers, and associations that die under the requests they could be mistaken for: a
 * report that never arrived must not count as answered. */
static void second_answers_are_not_taken_for_the_next_requests(void)
{
    for (uint64_t seed = 107; seed < 113; seed++) {
        struct run run = calm_run(seed);
        run.network.loss = 0.2;
        run.network.disconnects_per_second = 0.85;
        run.network.restarts_per_second = 0.2;
        run.faults.drop_weight = 8 * PERCENT;
        run.retransmit_after_ns = 250 * RIG_MS;
        run.attempts = 3;
        run.timeout_ns = 2 * RIG_SEC;
        struct world *w = world_open(&run);
        world_run_out(w);
        check_end(w);
        CU_ASSERT(w->caller.measure.accounting.total.duplicate_replies > 50);
        world_close(w);
    }
}

static void an_end_in_the_middle_leaves_nothing_open(void)
{
    struct run run = calm_run(20);
    run.aborts_at_end = true;
    run.starts_for_ns = 10 * RIG_SEC;
    run.faults.drop_weight = 5 * PERCENT;
    struct world *w = world_open(&run);
    world_run_out(w);
    check_end(w);
    const struct accounting_counts *total = &w->caller.measure.accounting.total;
    CU_ASSERT(total->unanswered > 0);
    /* Calls were cut: their time was charged by the responder's clock. */
    CU_ASSERT(w->charger.service.counters.unreported > 10);
    world_close(w);
}

static void empty_accounts_are_served_no_more(void)
{
    struct run run = calm_run(21);
    run.balance = 60;
    struct world *w = world_open(&run);
    world_run_out(w);
    check_end(w);
    const struct accounting_counts *total = &w->caller.measure.accounting.total;
    CU_ASSERT(total->no_credit > 100);
    CU_ASSERT_EQUAL(total->ok, total->due); /* a release for lack of credit is ok, counted apart */
    CU_ASSERT_EQUAL(total->no_credit, w->charger.service.counters.no_credit);
    for (uint32_t i = 0; i < SUBSCRIBERS; i++)
        CU_ASSERT(w->charger.service.accounts.entry[i].charged <= 60);
    CU_ASSERT_EQUAL(w->charger.service.counters.shortfall, 0);
    world_close(w);
}

static void planned_errors_are_errors_and_charge_nothing(void)
{
    struct run run = calm_run(22);
    run.faults.error_weight = 20 * PERCENT;
    struct world *w = world_open(&run);
    world_run_out(w);
    check_end(w);
    const struct accounting_counts *total = &w->caller.measure.accounting.total;
    CU_ASSERT_EQUAL(total->error, w->charger.service.counters.fault_errors);
    CU_ASSERT(total->error > 500);
    CU_ASSERT_EQUAL(total->ok + total->error, total->due);
    for (uint32_t i = 0; i < SUBSCRIBERS; i++)
        CU_ASSERT_EQUAL(w->charger.service.accounts.entry[i].charged, w->caller.bill[i].least);
    world_close(w);
}

/* Q.774-3.3.3: no END is sent, and nothing is left open on either side; a repetition is answered in
 * the same way, and charged once. */
static void a_prearranged_end_leaves_nothing_open(void)
{
    struct run run = calm_run(25);
    run.prearranged = true;
    run.faults.drop_weight = 10 * PERCENT;
    run.retransmit_after_ns = 300 * RIG_MS;
    run.attempts = 4;
    struct world *w = world_open(&run);
    world_run_out(w);
    check_end(w);
    const struct accounting_counts *oneshot = &w->caller.measure.accounting.kinds[REQUEST_ONESHOT];
    const struct tcap_dialogue_counters *counters =
        tcap_dialogue_counters(node_dialogues(w->asp->node));
    CU_ASSERT(oneshot->due > 800);
    CU_ASSERT_EQUAL(oneshot->ok, oneshot->due);
    CU_ASSERT(counters->prearranged_end >= oneshot->ok);
    world_close(w);
}

/* Every outcome, with callInformationRequest, furnishChargingInformation and continue at the end.
 */
static void an_scf_that_asks_for_everything_gets_it_and_charges_the_same(void)
{
    struct run run = calm_run(26);
    run.asks = true;
    struct world *w = world_open(&run);
    world_run_out(w);
    check_end(w);
    const struct accounting_counts *total = &w->caller.measure.accounting.total;
    CU_ASSERT(total->due > 4000);
    CU_ASSERT_EQUAL(total->ok, total->due);
    for (unsigned o = 0; o < TRAFFIC_OUTCOME_COUNT; o++)
        CU_ASSERT(w->caller.traffic.calls_of[o] > 5);
    for (uint32_t i = 0; i < SUBSCRIBERS; i++)
        CU_ASSERT_EQUAL(w->charger.service.accounts.entry[i].charged, w->caller.bill[i].least);
    world_close(w);
}

/* TS29.078-11.2: calls are silent for up to two seconds between their reports. */
static void peers_that_answer_activity_tests_keep_their_calls(void)
{
    const struct run run = calm_run(23);
    struct world *w = world_open(&run);
    charger_test_activity(&w->charger, 2 * DIALOGUES, 600 * RIG_MS, 300 * RIG_MS);
    world_run_out(w);
    check_end(w);
    const struct accounting_counts *total = &w->caller.measure.accounting.total;
    CU_ASSERT(w->charger.activity_tests > 1000);
    CU_ASSERT_EQUAL(w->caller.tested, w->charger.activity_tests);
    CU_ASSERT_EQUAL(w->charger.activity_lost, 0);
    CU_ASSERT_EQUAL(total->ok, total->due);
    CU_ASSERT_EQUAL(total->duplicate_replies, 0); /* a test is no reply */
    CU_ASSERT_EQUAL(w->charger.service.counters.unreported, 0);
    world_close(w);
}

/* A peer that has lost its calls does not answer: they end on our side, and hold no money. */
static void peers_that_answer_no_activity_test_lose_their_calls(void)
{
    const struct run run = calm_run(24);
    struct world *w = world_open(&run);
    charger_test_activity(&w->charger, 2 * DIALOGUES, 1200 * RIG_MS, 300 * RIG_MS);
    w->caller.is_deaf = true;
    world_run_out(w);
    check_end(w);
    CU_ASSERT(w->charger.activity_lost > 300);
    CU_ASSERT(w->charger.service.counters.unreported > 100);
    CU_ASSERT_EQUAL(w->caller.measure.accounting.kinds[REQUEST_ONESHOT].ok,
                    w->caller.measure.accounting.kinds[REQUEST_ONESHOT].due);
    world_close(w);
}

/* Nothing in a run depends on anything but its seed. */
static void the_same_seed_gives_the_same_run(void)
{
    struct run run = calm_run(30);
    struct accounting_counts total[2];
    uint64_t charged[2];
    run.network.loss = 0.05;
    run.network.disconnects_per_second = 0.2;
    run.retransmit_after_ns = 100 * RIG_MS;
    run.attempts = 3;
    run.starts_for_ns = 5 * RIG_SEC;
    for (unsigned i = 0; i < 2; i++) {
        struct world *w = world_open(&run);
        world_run_out(w);
        total[i] = w->caller.measure.accounting.total;
        charged[i] = w->charger.charged;
        world_close(w);
    }
    CU_ASSERT_EQUAL(memcmp(&total[0], &total[1], sizeof(total[0])), 0);
    CU_ASSERT_EQUAL(charged[0], charged[1]);
}

UNIT_TESTS = {
    UNIT(without_faults_every_unit_charged_is_in_a_reply),
    UNIT(what_is_sent_again_is_charged_once),
    UNIT(a_reply_that_got_lost_is_given_again),
    UNIT(disconnects_and_restarts_lose_requests_but_no_money),
    UNIT(second_answers_are_not_taken_for_the_next_requests),
    UNIT(an_end_in_the_middle_leaves_nothing_open),
    UNIT(empty_accounts_are_served_no_more),
    UNIT(planned_errors_are_errors_and_charge_nothing),
    UNIT(a_prearranged_end_leaves_nothing_open),
    UNIT(an_scf_that_asks_for_everything_gets_it_and_charges_the_same),
    UNIT(peers_that_answer_activity_tests_keep_their_calls),
    UNIT(peers_that_answer_no_activity_test_lose_their_calls),
    UNIT(the_same_seed_gives_the_same_run),
};
UNIT_MAIN("calls")
