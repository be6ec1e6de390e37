/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * Random traffic from a seed: calls, events, repetitions, refusals, timeouts, wrong messages; after
 * each message no unit was made or lost, and what replies say was charged is what accounts say.
 */
#include <stdlib.h>

#include "sigtran/base/random.h"
#include "tests/unit/responder/peer.h"

#define CALLS 24u
#define STEPS 4000u

struct caller {
    struct service_dialogue dialogue;
    struct peer_call call;
    uint32_t used_100ms;
    uint64_t paid;
    int8_t invoke_id;
    bool open;
};

struct traffic {
    struct bench bench;
    struct random_state random;
    struct caller caller[CALLS];
    uint64_t reference;
    uint64_t charged_by_replies;
    uint64_t answered[SERVICE_KIND_COUNT];
};

static uint32_t draw(struct traffic *t, uint32_t bound)
{
    return (uint32_t)random_below(&t->random, bound);
}

static void receive(struct traffic *t, struct caller *c, const struct tcap_message *message)
{
    struct bench *b = &t->bench;
    service_receive(&b->service, &c->dialogue, message, peer_origin(), (uint64_t)(c - t->caller),
                    b->now_ns, &b->reply);
    t->charged_by_replies += b->reply.charged;
    c->paid += b->reply.charged;
    if (b->reply.disposition == SERVICE_ANSWER || b->reply.disposition == SERVICE_AGAIN) {
        (void)bench_encode(b);
        if (draw(t, 4) != 0)
            service_handed_over(&b->service, &c->dialogue, &b->reply, b->now_ns, b->now_ns + 1);
    }
    if (b->reply.disposition == SERVICE_ANSWER && b->reply.decision.kind < SERVICE_KIND_COUNT)
        t->answered[b->reply.decision.kind]++;
    c->open = c->dialogue.state == SERVICE_DIALOGUE_CALL;
}

static void begin(struct traffic *t, struct caller *c)
{
    struct bench *b = &t->bench;
    char calling[LIMIT_DIGITS + 1];
    (void)snprintf(calling, sizeof(calling), "467010000%02u", draw(t, 104)); /* some unknown */
    c->dialogue = (struct service_dialogue){0};
    c->used_100ms = 0;
    c->paid = 0;
    c->invoke_id = 1;
    const uint64_t reference = draw(t, 10) == 0 ? draw(t, 50) : t->reference++;
    if (draw(t, 5) == 0) {
        receive(t, c, peer_initial_dp_sms(&b->peer, calling, reference));
        return;
    }
    c->call = peer_call_of(draw(t, 3) == 0 ? SERVICE_ONESHOT_KEY_DEFAULT : 100, reference);
    c->call.calling = calling;
    c->call.context = draw(t, 2) == 0 ? CAP_AC_V2_GSMSSF : CAP_AC_V3_GENERIC;
    c->call.terminating = draw(t, 4) == 0;
    receive(t, c, peer_initial_dp(&b->peer, &c->call));
}

static void go_on(struct traffic *t, struct caller *c)
{
    struct bench *b = &t->bench;
    const uint32_t granted = c->dialogue.granted_100ms;
    c->invoke_id++;
    switch (draw(t, 10)) {
    case 0:
        receive(t, c, peer_event(&b->peer, c->invoke_id, CAP_BCSM_O_ANSWER, false));
        break;
    case 1:
        receive(t, c, peer_event(&b->peer, c->invoke_id, CAP_BCSM_O_DISCONNECT, true));
        break;
    case 2: /* beyond what was granted, or backwards */
        receive(t, c, peer_report(&b->peer, c->invoke_id, draw(t, 2000), draw(t, 2) == 0));
        break;
    case 3:
        t->charged_by_replies += service_close(&b->service, &c->dialogue, b->now_ns);
        c->open = false;
        break;
    case 4:
        peer_start(&b->peer);
        peer_add_invoke(&b->peer, c->invoke_id, (int32_t)draw(t, 70), bytes_of("\x30\x00", 2));
        receive(t, c, peer_continue(&b->peer));
        break;
    case 5: /* the same again */
        receive(t, c, peer_report(&b->peer, (int8_t)(c->invoke_id - 1), c->used_100ms, true));
        break;
    case 6:
        c->used_100ms += draw(t, granted + 1 - c->used_100ms);
        receive(t, c, peer_report(&b->peer, c->invoke_id, c->used_100ms, false));
        break;
    default:
        c->used_100ms = granted;
        receive(t, c, peer_report(&b->peer, c->invoke_id, c->used_100ms, true));
        break;
    }
    if (c->dialogue.used_100ms > c->used_100ms)
        c->used_100ms = c->dialogue.used_100ms;
}

static void run(struct traffic *t, uint64_t seed)
{
    random_seed(&t->random, seed);
    bench_params(&t->bench);
    t->bench.params.account_balance = 500 + draw(t, 20000);
    t->bench.params.duplicates_max = 32;
    t->bench.params.fault_seed = seed;
    t->bench.params.fault = (struct fault_params){
        .error_weight = 2000, .drop_weight = 2000, .delay_weight = 2000, .delay_ms = 3};
    bench_open(&t->bench);
    for (unsigned step = 0; step < STEPS; step++) {
        struct caller *c = &t->caller[draw(t, CALLS)];
        t->bench.now_ns += draw(t, 1000000000);
        service_set_overload(&t->bench.service, draw(t, 50) == 0);
        if (c->open)
            go_on(t, c);
        else
            begin(t, c);
        const struct accounts *accounts = &t->bench.service.accounts;
        CU_ASSERT_EQUAL_FATAL(t->charged_by_replies, accounts->charged_total);
        uint64_t reserved = 0;
        for (unsigned i = 0; i < CALLS; i++)
            reserved += t->caller[i].dialogue.reserved;
        CU_ASSERT_EQUAL_FATAL(reserved, accounts->reserved_total);
        CU_ASSERT_TRUE_FATAL(accounts_conserved(accounts));
    }
    for (unsigned i = 0; i < CALLS; i++)
        (void)service_close(&t->bench.service, &t->caller[i].dialogue, t->bench.now_ns);
    CU_ASSERT_EQUAL(t->bench.service.accounts.reserved_total, 0);
    bench_close(&t->bench);
}

static void random_traffic_conserves_money(void)
{
    uint64_t answered[SERVICE_KIND_COUNT] = {0};
    struct traffic *t = malloc(sizeof(*t));
    CU_ASSERT_PTR_NOT_NULL_FATAL(t);
    for (uint64_t seed = 1; seed <= 12; seed++) {
        *t = (struct traffic){0};
        run(t, seed);
        for (unsigned kind = 0; kind < SERVICE_KIND_COUNT; kind++)
            answered[kind] += t->answered[kind];
    }
    free(t);
    for (unsigned kind = 0; kind < SERVICE_KIND_COUNT; kind++)
        CU_ASSERT_TRUE(answered[kind] > 500); /* the traffic had all kinds in it */
}

/* Whatever the slices and repetitions, a call costs what its duration costs. */
static void a_call_costs_the_same_however_it_is_sliced(void)
{
    struct random_state random;
    random_seed(&random, 11);
    for (unsigned round = 0; round < 200; round++) {
        struct bench b;
        const struct peer_call call = peer_call_of(100, 1);
        const uint32_t duration_100ms = 1 + (uint32_t)random_below(&random, 900);
        bench_params(&b);
        b.params.account_balance = 100000;
        b.params.tariff.slice_ms = 100 * (1 + (uint32_t)random_below(&random, 400));
        bench_open(&b);
        (void)bench_ask(&b, peer_initial_dp(&b.peer, &call));
        int8_t invoke_id = 1;
        while (b.dialogue.granted_100ms < duration_100ms) {
            const uint32_t used = b.dialogue.granted_100ms;
            invoke_id = (int8_t)(invoke_id % 100 + 1);
            (void)bench_ask(&b, peer_report(&b.peer, invoke_id, used, true));
            if (random_below(&random, 3) == 0) {
                bench_receive(&b, peer_report(&b.peer, invoke_id, used, true));
                CU_ASSERT_EQUAL(b.reply.disposition, SERVICE_AGAIN);
            }
        }
        (void)bench_ask(&b, peer_report(&b.peer, 101, duration_100ms, false));
        CU_ASSERT_EQUAL(bench_account(&b, 1)->charged, 7 + 2 * ((duration_100ms + 9) / 10));
        CU_ASSERT_EQUAL(bench_account(&b, 1)->reserved, 0);
        bench_close(&b);
    }
}

static void a_report_beyond_the_grant_takes_what_there_is_and_says_what_is_missing(void)
{
    struct bench b;
    const struct peer_call call = peer_call_of(100, 1);
    bench_params(&b);
    b.params.account_balance = 100;
    bench_open(&b);
    (void)bench_ask(&b, peer_initial_dp(&b.peer, &call));
    const struct tcap_message *answer = bench_ask(&b, peer_report(&b.peer, 3, 1000, true));
    CU_ASSERT_EQUAL(answer_release_cause(answer), SERVICE_CAUSE_NO_CREDIT);
    CU_ASSERT_EQUAL(bench_account(&b, 1)->charged, 100);
    CU_ASSERT_EQUAL(b.service.counters.overrun, 1);
    CU_ASSERT_EQUAL(b.service.counters.shortfall, 7 + 2 * 100 - 100);
    bench_close(&b);
}

UNIT_TESTS = {
    UNIT(random_traffic_conserves_money),
    UNIT(a_call_costs_the_same_however_it_is_sliced),
    UNIT(a_report_beyond_the_grant_takes_what_there_is_and_says_what_is_missing),
};
UNIT_MAIN("responder/core/service: money")
