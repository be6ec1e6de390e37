/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* traffic as a run: settings, draws, a full table, steering, and the end. */
#include <math.h>
#include <stdlib.h>

#include "sigtran/base/timer_heap.h"
#include "tests/unit/simulator/traffic_rig.h"

static void settings_out_of_range_are_refused(void)
{
    const struct traffic_settings good = rig_settings(TRAFFIC_MODEL_ONESHOT);
    const struct traffic_sink sink = {.context = NULL};
    struct traffic traffic;
    struct traffic_settings bad[14];
    for (unsigned i = 0; i < 14; i++)
        bad[i] = good;
    bad[0].flow_count = 0;
    bad[1].flow_count = TRAFFIC_FLOWS_MAX + 1;
    bad[2].model_count = 0;
    bad[3].model_count = TRAFFIC_MODELS_MAX + 1;
    bad[4].attempts = 0;
    bad[5].timeout_ns = 0;
    bad[6].retransmit_after_ns = -1;
    bad[7].calls_max = 0;
    bad[8].subscriber_count = 0;
    bad[9].flow[0].mix_count = TRAFFIC_MIX_MAX + 1;
    bad[10].flow[0].mix[0].model = 1;
    bad[11].flow[0].mix[0].weight = 0;
    bad[12].attempts = 256; /* a record counts them in eight bits */
    bad[13].duration_ns = -1;
    for (unsigned i = 0; i < 14; i++)
        CU_ASSERT_EQUAL(traffic_create(&traffic, &bad[i], &sink), P7_RANGE);
    CU_ASSERT_EQUAL(traffic_create(&traffic, &good, &sink), P7_OK);
    traffic_destroy(&traffic);
}

/* --- draws ------------------------------------------------------------------------------------ */

/* Starts `count` calls and ends each at once; `visit` sees them. */
static void start_calls(struct rig *rig, unsigned count,
                        void (*visit)(void *context, const struct traffic_call *call),
                        void *context)
{
    for (unsigned i = 0; i < count; i++) {
        const int64_t now_ns = traffic_deadline_ns(&rig->traffic);
        const struct traffic_action action = traffic_next(&rig->traffic, now_ns);
        CU_ASSERT_EQUAL_FATAL(action.kind, TRAFFIC_BEGIN);
        visit(context, traffic_call_at(&rig->traffic, action.call));
        traffic_sent(&rig->traffic, action.call, now_ns);
        (void)rig_reply(rig, action.call, TRAFFIC_REPLY_ENDED, false, 0, now_ns);
    }
}

struct draws {
    double sum_ms;
    uint32_t shortest_ms;
    unsigned outcome[TRAFFIC_OUTCOME_COUNT];
    unsigned called_ends;
    unsigned models[4];
    uint32_t subscriber_last;
};

static void note_draw(void *context, const struct traffic_call *call)
{
    struct draws *draws = context;
    draws->sum_ms += call->duration_ms;
    if (call->duration_ms < draws->shortest_ms)
        draws->shortest_ms = call->duration_ms;
    draws->outcome[call->outcome]++;
    draws->called_ends += call->called_ends;
    draws->models[call->model]++;
    if (call->subscriber > draws->subscriber_last)
        draws->subscriber_last = call->subscriber;
}

static void durations_are_exponential_and_at_least_one_unit_of_the_report(void)
{
    struct rig *rig = malloc(sizeof(*rig));
    struct draws draws = {.shortest_ms = UINT32_MAX};
    struct traffic_settings settings = rig_settings(TRAFFIC_MODEL_CALL);
    settings.model[0].duration_ms = 60000;
    settings.model[0].duration_exponential = true;
    settings.model[0].outcome_weight[TRAFFIC_ANSWERED] = 10;
    settings.model[0].outcome_weight[TRAFFIC_ABANDONED] = 6;
    settings.model[0].outcome_weight[TRAFFIC_ROUTE_FAILURE] = 4;
    settings.model[0].called_disconnects_percent = 25;
    settings.flow[0].rate_per_s = 1000;
    CU_ASSERT_PTR_NOT_NULL_FATAL(rig);
    rig_open(rig, &settings);
    start_calls(rig, 20000, note_draw, &draws);
    /* Standard error of the mean: 60000 / sqrt(20000) = 424 ms; four of them. */
    CU_ASSERT(fabs(draws.sum_ms / 20000 - 60000) < 1700);
    CU_ASSERT_EQUAL(draws.shortest_ms, 100);
    CU_ASSERT(draws.outcome[TRAFFIC_ANSWERED] > 9650 && draws.outcome[TRAFFIC_ANSWERED] < 10350);
    CU_ASSERT(draws.outcome[TRAFFIC_ABANDONED] > 5700 && draws.outcome[TRAFFIC_ABANDONED] < 6300);
    CU_ASSERT_EQUAL(draws.outcome[TRAFFIC_BUSY] + draws.outcome[TRAFFIC_NO_ANSWER], 0);
    CU_ASSERT(draws.called_ends > 4700 && draws.called_ends < 5300);
    CU_ASSERT(draws.subscriber_last < 1000 && draws.subscriber_last > 990);
    rig_close(rig);
    free(rig);
}

static void models_come_by_their_weights(void)
{
    struct rig *rig = malloc(sizeof(*rig));
    struct draws draws = {0};
    struct traffic_settings settings = rig_settings(TRAFFIC_MODEL_ONESHOT);
    settings.flow[0].rate_per_s = 1000;
    settings.model_count = 4;
    settings.flow[0].mix_count = 4;
    static const uint32_t weights[] = {0, 1, 2, 7};
    for (uint16_t m = 0; m < 4; m++) {
        settings.flow[0].mix[m].model = m;
        settings.flow[0].mix[m].weight = weights[m];
    }
    CU_ASSERT_PTR_NOT_NULL_FATAL(rig);
    rig_open(rig, &settings);
    start_calls(rig, 20000, note_draw, &draws);
    CU_ASSERT_EQUAL(draws.models[0], 0);
    CU_ASSERT(abs((int)draws.models[1] - 2000) < 170);
    CU_ASSERT(abs((int)draws.models[2] - 4000) < 230);
    CU_ASSERT(abs((int)draws.models[3] - 14000) < 260);
    rig_close(rig);
    free(rig);
}

/* --- all slots taken -------------------------------------------------------------------------- */

static void a_start_without_a_slot_is_due_all_the_same_and_an_error(void)
{
    struct rig rig;
    struct traffic_settings settings = rig_settings(TRAFFIC_MODEL_ONESHOT);
    settings.calls_max = 2;
    settings.timeout_ns = 100 * RIG_SEC;
    rig_open(&rig, &settings);
    const uint32_t first = rig_expect_sent(&rig, TRAFFIC_BEGIN, 0);
    (void)rig_expect_sent(&rig, TRAFFIC_BEGIN, RIG_SEC);
    CU_ASSERT_EQUAL(traffic_next(&rig.traffic, 3 * RIG_SEC + RIG_MS).kind, TRAFFIC_NOTHING);
    CU_ASSERT_EQUAL_FATAL(rig.recorded_count, 2);
    CU_ASSERT_EQUAL(rig.traffic.refused_starts, 2);
    for (unsigned i = 0; i < 2; i++) {
        CU_ASSERT_EQUAL(rig.recorded[i].outcome, OUTCOME_ERROR);
        CU_ASSERT_EQUAL(rig.recorded[i].attempts, 0);
        CU_ASSERT_EQUAL(rig.recorded[i].id, 2 + i);
        CU_ASSERT_EQUAL(rig.recorded[i].due_ns, (int64_t)(2 + i) * RIG_SEC);
        CU_ASSERT_EQUAL(rig.recorded[i].sent_ns, REQUEST_TIME_NONE);
    }
    CU_ASSERT_TRUE(rig_reply(&rig, first, TRAFFIC_REPLY_ENDED, false, 0, 3500 * RIG_MS));
    CU_ASSERT_EQUAL(rig_expect(&rig, TRAFFIC_BEGIN, 4 * RIG_SEC), first);
    CU_ASSERT_EQUAL(traffic_call_at(&rig.traffic, first)->number, 4);
    rig_close(&rig);
}

/* --- steering --------------------------------------------------------------------------------- */

static void a_pause_starts_nothing_and_lets_open_calls_go_on(void)
{
    struct rig rig;
    struct traffic_settings settings = rig_settings(TRAFFIC_MODEL_CALL);
    settings.model[0].answer_delay_ms = 2500;
    settings.model[0].duration_ms = 2000;
    rig_open(&rig, &settings);
    const uint32_t call = rig_expect_sent(&rig, TRAFFIC_BEGIN, 0);
    (void)rig_reply(&rig, call, TRAFFIC_REPLY_CONTINUED, true, 0, RIG_MS);
    CU_ASSERT_EQUAL(traffic_pause(&rig.traffic, 500 * RIG_MS), P7_OK);
    CU_ASSERT_EQUAL(rig_expect(&rig, TRAFFIC_ANSWER, 2500 * RIG_MS), call);
    CU_ASSERT_EQUAL(traffic_resume(&rig.traffic, 3 * RIG_SEC), P7_OK);
    /* Half of the gap had passed before the pause: the other half is still to come. */
    CU_ASSERT_NOT_EQUAL(rig_expect(&rig, TRAFFIC_BEGIN, 3500 * RIG_MS), call);
    CU_ASSERT_EQUAL(rig.due_count, 2);
    rig_close(&rig);
}

static void a_new_rate_holds_from_its_instant_on(void)
{
    struct rig rig;
    const struct traffic_settings settings = rig_settings(TRAFFIC_MODEL_ONESHOT);
    rig_open(&rig, &settings);
    (void)rig_expect_sent(&rig, TRAFFIC_BEGIN, 0);
    CU_ASSERT_EQUAL(traffic_set_rate(&rig.traffic, 0, 10, 500 * RIG_MS), P7_OK);
    (void)rig_expect_sent(&rig, TRAFFIC_BEGIN, 550 * RIG_MS);
    (void)rig_expect_sent(&rig, TRAFFIC_BEGIN, 650 * RIG_MS);
    CU_ASSERT_EQUAL(traffic_set_rate(&rig.traffic, 1, 10, 700 * RIG_MS), P7_RANGE);
    CU_ASSERT_EQUAL(traffic_set_rate(&rig.traffic, 0, -1, 700 * RIG_MS), P7_RANGE);
    CU_ASSERT_EQUAL(traffic_set_rate(&rig.traffic, 0, NAN, 700 * RIG_MS), P7_RANGE);
    CU_ASSERT_EQUAL(traffic_set_rate(&rig.traffic, 0, 2 * SCHEDULE_RATE_MAX, 700 * RIG_MS),
                    P7_RANGE);
    CU_ASSERT_EQUAL(traffic_set_rate(&rig.traffic, 0, 0, 700 * RIG_MS), P7_OK);
    CU_ASSERT_EQUAL(traffic_next(&rig.traffic, 4 * RIG_SEC).kind, TRAFFIC_NOTHING);
    rig_close(&rig);
}

/* --- the end ---------------------------------------------------------------------------------- */

static void nothing_is_due_at_the_end_or_after_it(void)
{
    struct rig rig;
    struct traffic_settings settings = rig_settings(TRAFFIC_MODEL_ONESHOT);
    settings.duration_ns = 2 * RIG_SEC;
    rig_open(&rig, &settings);
    for (int i = 0; i < 2; i++) {
        const uint32_t call = rig_expect_sent(&rig, TRAFFIC_BEGIN, i * RIG_SEC);
        CU_ASSERT_FALSE(traffic_is_drained(&rig.traffic, i * RIG_SEC));
        (void)rig_reply(&rig, call, TRAFFIC_REPLY_ENDED, false, 0, i * RIG_SEC + RIG_MS);
    }
    CU_ASSERT_EQUAL(traffic_deadline_ns(&rig.traffic), TIMER_NEVER_NS);
    CU_ASSERT_FALSE(traffic_is_drained(&rig.traffic, 2 * RIG_SEC - 1));
    CU_ASSERT_TRUE(traffic_is_drained(&rig.traffic, 2 * RIG_SEC));
    CU_ASSERT_EQUAL(traffic_next(&rig.traffic, 100 * RIG_SEC).kind, TRAFFIC_NOTHING);
    CU_ASSERT_EQUAL(rig.due_count, 2);
    rig_close(&rig);
}

/* One call rings, another is talked on when the run ends: what would be due later never is. */
static void the_end_cuts_calls(void)
{
    struct rig rig;
    struct traffic_settings settings = rig_settings(TRAFFIC_MODEL_CALL);
    settings.duration_ns = 2500 * RIG_MS;
    settings.model[0].answer_delay_ms = 1600;
    settings.model[0].duration_ms = 5000;
    rig_open(&rig, &settings);
    uint32_t call[3];
    for (int i = 0; i < 2; i++) {
        call[i] = rig_expect_sent(&rig, TRAFFIC_BEGIN, i * RIG_SEC);
        (void)rig_reply(&rig, call[i], TRAFFIC_REPLY_CONTINUED, true, 1000, i * RIG_SEC + 1);
    }
    CU_ASSERT_EQUAL(rig_expect(&rig, TRAFFIC_ANSWER, 1600 * RIG_MS), call[0]);
    call[2] = rig_expect_sent(&rig, TRAFFIC_BEGIN, 2 * RIG_SEC);
    (void)rig_reply(&rig, call[2], TRAFFIC_REPLY_CONTINUED, true, 1000, 2 * RIG_SEC + 1);
    /* Both instants, of call 1's answer and of call 0's report, are 2600 ms. */
    CU_ASSERT_TRUE(traffic_is_drained(&rig.traffic, 2500 * RIG_MS));
    traffic_released(&rig.traffic, rig_expect(&rig, TRAFFIC_ABORT, 2600 * RIG_MS));
    const struct traffic_action second = traffic_next(&rig.traffic, 2600 * RIG_MS);
    CU_ASSERT_EQUAL_FATAL(second.kind, TRAFFIC_ABORT);
    traffic_released(&rig.traffic, second.call);
    CU_ASSERT_EQUAL(traffic_call_at(&rig.traffic, call[2])->phase, TRAFFIC_PHASE_RINGING);
    /* The run does not wait for the third: traffic_finish hands out its ABORT at once. */
    traffic_finish(&rig.traffic, 2600 * RIG_MS);
    traffic_released(&rig.traffic, traffic_next(&rig.traffic, 2600 * RIG_MS).call);
    CU_ASSERT_EQUAL(rig.traffic.calls.in_use, 0);
    CU_ASSERT_EQUAL(rig.due_count, 3);
    CU_ASSERT_EQUAL(rig.outcomes[OUTCOME_OK], 3);
    rig_close(&rig);
}

static void a_stop_ends_the_run_at_its_instant(void)
{
    struct rig rig;
    struct traffic_settings settings = rig_settings(TRAFFIC_MODEL_ONESHOT);
    settings.duration_ns = TIMER_NEVER_NS;
    rig_open(&rig, &settings);
    const uint32_t call = rig_expect_sent(&rig, TRAFFIC_BEGIN, 0);
    traffic_stop(&rig.traffic, 700 * RIG_MS);
    CU_ASSERT_EQUAL(traffic_next(&rig.traffic, 2 * RIG_SEC).kind, TRAFFIC_NOTHING);
    CU_ASSERT_FALSE(traffic_is_drained(&rig.traffic, 2 * RIG_SEC));
    (void)rig_reply(&rig, call, TRAFFIC_REPLY_ENDED, false, 0, 2 * RIG_SEC);
    CU_ASSERT_TRUE(traffic_is_drained(&rig.traffic, 2 * RIG_SEC));
    traffic_stop(&rig.traffic, 900 * RIG_SEC); /* no way back */
    CU_ASSERT_TRUE(traffic_is_drained(&rig.traffic, 2 * RIG_SEC));
    rig_close(&rig);
}

static void the_end_leaves_open_requests_unanswered_and_every_row_final(void)
{
    struct rig rig;
    struct traffic_settings settings = rig_settings(TRAFFIC_MODEL_CALL);
    settings.timeout_ns = 3 * RIG_SEC;
    settings.model[0].answer_delay_ms = 60000;
    rig_open(&rig, &settings);
    const uint32_t silent = rig_expect_sent(&rig, TRAFFIC_BEGIN, 0);
    const uint32_t ringing = rig_expect_sent(&rig, TRAFFIC_BEGIN, RIG_SEC);
    (void)rig_reply(&rig, ringing, TRAFFIC_REPLY_CONTINUED, true, 1000, RIG_SEC + RIG_MS);
    (void)rig_expect_sent(&rig, TRAFFIC_BEGIN, 2 * RIG_SEC);
    (void)rig_expect_sent(&rig, TRAFFIC_BEGIN, 3 * RIG_SEC);
    CU_ASSERT_EQUAL(traffic_next(&rig.traffic, 3500 * RIG_MS).kind, TRAFFIC_NOTHING);
    CU_ASSERT_EQUAL(traffic_call_at(&rig.traffic, silent)->phase, TRAFFIC_PHASE_LINGERING);
    CU_ASSERT_EQUAL(rig.recorded_count, 1);
    traffic_finish(&rig.traffic, 3500 * RIG_MS);
    CU_ASSERT_EQUAL(rig.outcomes[OUTCOME_UNANSWERED], 2);
    CU_ASSERT_EQUAL(rig.outcomes[OUTCOME_TIMEOUT], 1);
    CU_ASSERT_EQUAL(rig.recorded_count, 4);
    for (unsigned i = 0; i < 4; i++) {
        const struct traffic_action action = traffic_next(&rig.traffic, 3500 * RIG_MS);
        CU_ASSERT_EQUAL_FATAL(action.kind, TRAFFIC_ABORT);
        traffic_released(&rig.traffic, action.call);
    }
    CU_ASSERT_EQUAL(traffic_next(&rig.traffic, 1000 * RIG_SEC).kind, TRAFFIC_NOTHING);
    CU_ASSERT_EQUAL(traffic_deadline_ns(&rig.traffic), TIMER_NEVER_NS);
    CU_ASSERT_EQUAL(rig.traffic.calls.in_use, 0);
    traffic_finish(&rig.traffic, 3500 * RIG_MS); /* twice does no harm */
    CU_ASSERT_EQUAL(rig.recorded_count, 4);
    rig_close(&rig);
}

static void the_warm_up_marks_what_is_due_in_it(void)
{
    struct rig rig;
    struct traffic_settings settings = rig_settings(TRAFFIC_MODEL_ONESHOT);
    settings.warmup_ns = RIG_SEC;
    rig_open(&rig, &settings);
    (void)rig_expect_sent(&rig, TRAFFIC_BEGIN, 0);
    (void)rig_expect_sent(&rig, TRAFFIC_BEGIN, RIG_SEC);
    CU_ASSERT_EQUAL(rig.due[0].flags, REQUEST_FLAG_WARMUP);
    CU_ASSERT_EQUAL(rig.due[1].flags, 0);
    rig_close(&rig);
}

UNIT_TESTS = {
    UNIT(settings_out_of_range_are_refused),
    UNIT(durations_are_exponential_and_at_least_one_unit_of_the_report),
    UNIT(models_come_by_their_weights),
    UNIT(a_start_without_a_slot_is_due_all_the_same_and_an_error),
    UNIT(a_pause_starts_nothing_and_lets_open_calls_go_on),
    UNIT(a_new_rate_holds_from_its_instant_on),
    UNIT(nothing_is_due_at_the_end_or_after_it),
    UNIT(the_end_cuts_calls),
    UNIT(a_stop_ends_the_run_at_its_instant),
    UNIT(the_end_leaves_open_requests_unanswered_and_every_row_final),
    UNIT(the_warm_up_marks_what_is_due_in_it),
};
UNIT_MAIN("traffic_run")
