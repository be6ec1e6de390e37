/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "simulator/core/outage.h"

#include <math.h>
#include <string.h>

#include "sigtran/base/random.h"
#include "tests/unit/simulator/outage_streams.h"
#include "tests/unit/unit.h"

static void every_outage_of_a_run_is_listed_in_order(void)
{
    struct stream s = stream_of(SECOND / 2250, 2 * MS, 0);
    for (int64_t i = 0; i < 6; i++)
        run_held(&s, i * 5 * SECOND, (i + 1) * 5 * SECOND, i * 5 * SECOND + 2 * SECOND,
                 outage_lengths_ns[i]);
    struct outage_analysis a = analyse(&s, false);
    uint64_t dropped;
    CU_ASSERT_EQUAL_FATAL(outage_count(&a, 1, &dropped), 6);
    CU_ASSERT_EQUAL(dropped, 0);
    for (size_t i = 0; i < 6; i++) {
        const struct outage *o = outage_at(&a, 1, i);
        CU_ASSERT_DOUBLE_EQUAL((double)o->start_ns / 1e9, 5.0 * (double)i + 2.0, 0.003);
        check_bounds(&a, o, OUTAGE_D_MAX, outage_lengths_ns[i], 1100);
        check_bounds(&a, o, OUTAGE_D_GAP, outage_lengths_ns[i], 0);
        check_bounds(&a, o, OUTAGE_D_FS, outage_lengths_ns[i], 1100);
    }
    outage_destroy(&a);
}

static void outages_that_fill_a_third_of_a_run_do_not_hide_themselves(void)
{
    struct stream s = stream_of(MS, 2 * MS, 0);
    for (int64_t i = 0; i < 20; i++)
        run_held(&s, i * 4500 * MS, (i + 1) * 4500 * MS, i * 4500 * MS + 2 * SECOND, 1500 * MS);
    struct outage_analysis a = analyse(&s, false);
    CU_ASSERT_EQUAL_FATAL(outage_count(&a, 1, NULL), 20);
    for (size_t i = 0; i < 20; i++)
        check_bounds(&a, outage_at(&a, 1, i), OUTAGE_D_MAX, 1500 * MS, 1100);
    outage_destroy(&a);
}

static void a_loaded_queue_alone_is_no_outage(void)
{
    /* M/M/1 at 70 % load, service 1 ms: response times to 40 ms, strongly correlated. */
    struct random_state random;
    random_seed(&random, 3);
    struct outage_analysis a = analysis_of(1);
    outage_set_rate(&a, 1, 1428571, true);
    double due_ns = 0.0;
    double free_ns = 0.0;
    for (uint64_t i = 0; i < 300000; i++) {
        due_ns += random_exponential(&random, 1e6 / 0.7);
        free_ns = fmax(free_ns, due_ns) + random_exponential(&random, 1e6);
        const struct request_record r = {.id = i,
                                         .due_ns = (int64_t)due_ns,
                                         .reply_ns = (int64_t)free_ns,
                                         .outcome = OUTCOME_OK,
                                         .attempts = 1};
        outage_add(&a, &r);
    }
    CU_ASSERT_EQUAL(outage_count(&a, 1, NULL), 0);
    CU_ASSERT_EQUAL(outage_count(&a, 0, NULL), 0); /* d learnt by itself */
    CU_ASSERT_DOUBLE_EQUAL((double)outage_resolution_ns(&a, 0), 1428571.0, 15000.0);
    CU_ASSERT_DOUBLE_EQUAL((double)outage_baseline_ns(&a, 1), 0.6931e6 / 0.3, 0.1e6);
    outage_destroy(&a);
}

static void silence_of_one_target_shows_in_its_lane_and_not_in_the_others(void)
{
    struct stream s = stream_of(MS, 2 * MS, 0);
    run_held(&s, 0, 4 * SECOND, 0, 0);
    const size_t steady = s.count;
    s.free_ns = 0;
    run_held(&s, MS / 2, 4 * SECOND, 2 * SECOND, 400 * MS);
    for (size_t i = steady; i < s.count; i++)
        s.records[i].target = 1;
    qsort(s.records, s.count, sizeof(s.records[0]), by_completion);
    struct outage_analysis a = analysis_of(2);
    outage_set_rate(&a, 0, MS / 2, false);
    outage_set_rate(&a, 1, MS, false);
    outage_set_rate(&a, 2, MS, false);
    for (size_t i = 0; i < s.count; i++)
        outage_add(&a, &s.records[i]);
    free(s.records);
    CU_ASSERT_EQUAL(outage_lane_count(&a), 3);
    CU_ASSERT_EQUAL(outage_count(&a, 1, NULL), 0);
    CU_ASSERT_EQUAL_FATAL(outage_count(&a, 2, NULL), 1);
    CU_ASSERT_TRUE(outage_estimate(&a, 2, outage_at(&a, 2, 0), OUTAGE_D_GAP).known);
    /* Together, requests were late but replies never ceased. */
    CU_ASSERT_EQUAL_FATAL(outage_count(&a, 0, NULL), 1);
    CU_ASSERT_FALSE(outage_estimate(&a, 0, outage_at(&a, 0, 0), OUTAGE_D_GAP).known);
    CU_ASSERT_DOUBLE_EQUAL(
        (double)outage_estimate(&a, 0, outage_at(&a, 0, 0), OUTAGE_D_MAX).value_ns, 400e6, 1e6);
    outage_destroy(&a);
}

static void a_pause_of_the_schedule_is_no_outage(void)
{
    struct stream s = stream_of(MS, 2 * MS, 0);
    run_held(&s, 0, 2 * SECOND, 0, 0);
    const size_t before = s.count;
    run_held(&s, 9 * SECOND, 10 * SECOND, 0, 0);
    struct outage_analysis a = analysis_of(1);
    outage_set_rate(&a, 1, MS, false);
    outage_resume(&a, 0);
    for (size_t i = 0; i < s.count; i++) {
        if (i == before)
            outage_resume(&a, 9 * SECOND);
        outage_add(&a, &s.records[i]);
    }
    outage_finish(&a, 10 * SECOND);
    free(s.records);
    CU_ASSERT_EQUAL(outage_count(&a, 1, NULL), 0);
    int64_t start_ns;
    int64_t end_ns;
    CU_ASSERT_TRUE(outage_gap_max(&a, 1, &start_ns, &end_ns));
    CU_ASSERT_EQUAL(end_ns - start_ns, 2 * MS); /* from the resume to the first reply */
    outage_destroy(&a);
}

static void long_gaps_of_rare_random_arrivals_are_no_outage(void)
{
    struct random_state random;
    random_seed(&random, 7);
    struct outage_analysis a = analysis_of(1);
    outage_set_rate(&a, 0, 100 * MS, false);
    outage_set_rate(&a, 1, 100 * MS, true);
    double due_ns = 0.0;
    for (uint64_t i = 0; i < 20000; i++) {
        due_ns += random_exponential(&random, 100e6);
        const struct request_record r = {.id = i,
                                         .due_ns = (int64_t)due_ns,
                                         .reply_ns = (int64_t)due_ns + 2 * MS,
                                         .outcome = OUTCOME_OK};
        outage_add(&a, &r);
    }
    CU_ASSERT_EQUAL(outage_count(&a, 1, NULL), 0);
    CU_ASSERT(outage_count(&a, 0, NULL) > 50); /* if the lane is said to have constant arrivals */
    outage_destroy(&a);
}

static void a_slow_kind_among_quick_ones_is_no_outage(void)
{
    struct stream s = stream_of(MS, 2 * MS, 0);
    run_held(&s, 0, 20 * SECOND, 0, 0);
    for (size_t i = 0; i < s.count; i += 33)
        s.records[i].reply_ns += 30 * MS;
    struct outage_analysis a = analyse(&s, false);
    CU_ASSERT_EQUAL(outage_count(&a, 1, NULL), 0);
    outage_destroy(&a);
}

static void outages_that_a_late_reply_connects_become_one(void)
{
    struct stream s = stream_of(MS, 2 * MS, 0);
    run_held(&s, 0, 2 * SECOND, SECOND, 100 * MS);
    run_held(&s, 2 * SECOND, 4 * SECOND, 2 * SECOND + 500 * MS, 200 * MS);
    s.records[1050].reply_ns = 3 * SECOND;
    struct outage_analysis a = analyse(&s, false);
    CU_ASSERT_EQUAL_FATAL(outage_count(&a, 1, NULL), 1);
    const struct outage *o = outage_at(&a, 1, 0);
    CU_ASSERT_EQUAL(o->start_ns, SECOND);
    CU_ASSERT_EQUAL(o->end_ns, 3 * SECOND);
    CU_ASSERT_EQUAL(o->affected, 90 + 190);
    CU_ASSERT_EQUAL(o->rt_max_id, 1050);
    CU_ASSERT_EQUAL(o->gap_end_ns - o->gap_start_ns, 201 * MS); /* the longer of the two */
    outage_destroy(&a);
}

static void an_outage_that_the_run_ends_in_is_listed_as_open(void)
{
    struct stream s = stream_of(MS, 2 * MS, 0);
    run_held(&s, 0, 2 * SECOND, 0, 0);
    for (int64_t due_ns = 2 * SECOND; due_ns < 5 * SECOND; due_ns += MS)
        push(&s, due_ns, REQUEST_TIME_NONE)->outcome = OUTCOME_UNANSWERED;
    struct outage_analysis a = analyse(&s, false);
    CU_ASSERT_EQUAL_FATAL(outage_count(&a, 1, NULL), 1);
    const struct outage *o = outage_at(&a, 1, 0);
    CU_ASSERT_TRUE(o->gap_open);
    CU_ASSERT(o->lost >= 2980 && o->lost <= 3000);
    CU_ASSERT_FALSE(outage_estimate(&a, 1, o, OUTAGE_D_FS).known);
    CU_ASSERT_DOUBLE_EQUAL((double)outage_estimate(&a, 1, o, OUTAGE_D_GAP).value_ns, 3e9, 4e6);
    outage_destroy(&a);
}

static void requests_on_their_way_when_a_run_ends_are_no_outage(void)
{
    struct stream s = stream_of(MS, 2 * MS, 0);
    run_held(&s, 0, 2 * SECOND, 0, 0);
    for (int64_t due_ns = 2 * SECOND; due_ns < 2 * SECOND + 5 * MS; due_ns += MS)
        push(&s, due_ns, REQUEST_TIME_NONE)->outcome = OUTCOME_UNANSWERED;
    struct outage_analysis a = analyse(&s, false);
    CU_ASSERT_EQUAL(outage_count(&a, 1, NULL), 0);
    outage_destroy(&a);
}

static void silence_after_the_last_request_was_answered_is_no_outage(void)
{
    struct stream s = stream_of(MS, 2 * MS, 0);
    run_held(&s, 0, 2 * SECOND, 0, 0);
    struct outage_analysis a = analyse(&s, false);
    outage_finish(&a, 10 * SECOND);
    CU_ASSERT_EQUAL(outage_count(&a, 1, NULL), 0);
    outage_destroy(&a);
}

static void replies_of_two_workers_in_alternating_batches_make_no_gap(void)
{
    struct outage_analysis a = analysis_of(2);
    outage_set_rate(&a, 0, 10 * MS, false);
    outage_set_baseline(&a, 0, 2 * MS);
    /* Worker 0's target answers in [0, 100) ms of each 300 ms, worker 1's all the time; the batch
     * of worker 0 always comes first. */
    for (int64_t from_ns = 0; from_ns < 6 * SECOND; from_ns += 300 * MS) {
        for (uint16_t worker = 0; worker < 2; worker++) {
            const int64_t until_ns = from_ns + (worker == 0 ? 100 : 300) * MS;
            for (int64_t due_ns = from_ns; due_ns < until_ns; due_ns += 20 * MS) {
                const struct request_record r = {.due_ns = due_ns,
                                                 .reply_ns = due_ns + 2 * MS,
                                                 .target = worker,
                                                 .outcome = OUTCOME_OK};
                outage_add(&a, &r);
            }
        }
    }
    CU_ASSERT_EQUAL(outage_count(&a, 0, NULL), 0);
    outage_destroy(&a);
}

static void a_reply_that_is_told_late_splits_the_gap(void)
{
    struct outage_analysis a = analysis_of(1);
    for (uint32_t lane = 0; lane < 2; lane++) {
        outage_set_rate(&a, lane, MS, false);
        outage_set_baseline(&a, lane, 2 * MS);
    }
    struct request_record r = {.outcome = OUTCOME_OK};
    for (int64_t due_ns = 0; due_ns < SECOND; due_ns += MS) {
        r.due_ns = due_ns;
        r.reply_ns = due_ns + 2 * MS;
        outage_add(&a, &r);
    }
    r.due_ns = SECOND + 500 * MS;
    r.reply_ns = r.due_ns + 2 * MS;
    outage_add(&a, &r);
    CU_ASSERT_EQUAL_FATAL(outage_count(&a, 1, NULL), 1);
    CU_ASSERT_EQUAL(outage_estimate(&a, 1, outage_at(&a, 1, 0), OUTAGE_D_GAP).value_ns, 501 * MS);
    r.due_ns = SECOND + 100 * MS;
    r.reply_ns = r.due_ns + 2 * MS;
    outage_add(&a, &r);
    CU_ASSERT_EQUAL(outage_estimate(&a, 1, outage_at(&a, 1, 0), OUTAGE_D_GAP).value_ns, 400 * MS);
    CU_ASSERT_EQUAL(outage_at(&a, 1, 0)->last_before_due_ns, SECOND + 100 * MS);
    CU_ASSERT_EQUAL(outage_estimate(&a, 1, NULL, OUTAGE_D_GAP).value_ns, 400 * MS);
    for (int64_t due_ns = SECOND + 500 * MS; due_ns > SECOND; due_ns -= 5 * MS) {
        r.due_ns = due_ns;
        r.reply_ns = due_ns + 2 * MS;
        outage_add(&a, &r);
    }
    CU_ASSERT_EQUAL(outage_count(&a, 1, NULL), 0);
    outage_destroy(&a);
}

static void the_warm_up_is_neither_baseline_nor_outage(void)
{
    struct stream s = stream_of(MS, 2 * MS, 0);
    run_held(&s, 0, 4 * SECOND, 500 * MS, SECOND);
    for (size_t i = 0; i < 2000; i++)
        s.records[i].flags = REQUEST_FLAG_WARMUP;
    struct outage_analysis a = analyse(&s, false);
    CU_ASSERT_EQUAL(outage_count(&a, 1, NULL), 0);
    CU_ASSERT_DOUBLE_EQUAL((double)outage_baseline_ns(&a, 1), 2e6, 1100.0);
    int64_t rt_ns;
    uint64_t id;
    int64_t due_ns;
    CU_ASSERT_TRUE(outage_rt_max(&a, 1, &rt_ns, &id, &due_ns));
    CU_ASSERT_EQUAL(rt_ns, 2 * MS);
    CU_ASSERT_EQUAL(outage_series_at(&a, 1, 5)->rt_max_ns, 1002 * MS); /* the chart shows it */
    outage_destroy(&a);
}

static void a_late_answer_counts_as_lost_and_with_its_true_time(void)
{
    struct stream s = stream_of(MS, 2 * MS, 0);
    run_held(&s, 0, 5 * SECOND, 0, 0);
    s.records[1000].outcome = OUTCOME_TIMEOUT;
    s.records[1000].flags = REQUEST_FLAG_LATE;
    s.records[1000].reply_ns = s.records[1000].due_ns + 2500 * MS;
    struct outage_analysis a = analyse(&s, false);
    CU_ASSERT_EQUAL_FATAL(outage_count(&a, 1, NULL), 1);
    CU_ASSERT_EQUAL(outage_at(&a, 1, 0)->lost, 1);
    CU_ASSERT_EQUAL(outage_at(&a, 1, 0)->affected, 1);
    CU_ASSERT_EQUAL(outage_at(&a, 1, 0)->rt_max_ns, 2500 * MS);
    CU_ASSERT_FALSE(outage_estimate(&a, 1, outage_at(&a, 1, 0), OUTAGE_D_GAP).known);
    outage_destroy(&a);
}

static void a_slower_state_that_lasts_is_learnt(void)
{
    /* From 2 ms to 100 ms for good: an outage for a minute or two, then the new baseline. */
    struct stream s = stream_of(10 * MS, 2 * MS, 0);
    run_held(&s, 0, 100 * SECOND, 0, 0);
    s.response_ns = 100 * MS;
    run_held(&s, 100 * SECOND, 600 * SECOND, 0, 0);
    struct outage_analysis a = analyse(&s, false);
    CU_ASSERT_EQUAL_FATAL(outage_count(&a, 1, NULL), 1);
    CU_ASSERT(outage_at(&a, 1, 0)->end_ns < 400 * SECOND);
    CU_ASSERT_DOUBLE_EQUAL((double)outage_baseline_ns(&a, 1), 100e6, 1e5);
    outage_destroy(&a);
}

static void the_chart_has_the_count_and_the_largest_time_of_each_step(void)
{
    struct stream s = stream_of(MS, 2 * MS, 0);
    run_held(&s, 0, 3 * SECOND, SECOND, 250 * MS);
    s.records[2999].outcome = OUTCOME_ERROR;
    struct outage_analysis a = analyse(&s, false);
    CU_ASSERT_EQUAL(outage_series_step_ns(&a, 1), 100 * MS);
    CU_ASSERT_EQUAL_FATAL(outage_series_count(&a, 1), 30);
    for (size_t i = 0; i < 30; i++) {
        const int64_t longest_ns = i < 10 || i > 12 ? 2 * MS : (252 - 100 * ((int64_t)i - 10)) * MS;
        CU_ASSERT_EQUAL(outage_series_at(&a, 1, i)->n, 100);
        CU_ASSERT_EQUAL(outage_series_at(&a, 1, i)->rt_max_ns, longest_ns);
        CU_ASSERT_EQUAL(outage_series_at(&a, 1, i)->failed, i == 29);
    }
    outage_destroy(&a);
}

static void a_run_longer_than_the_chart_joins_its_steps(void)
{
    struct outage_analysis a;
    const struct outage_config config = {.target_count = 1, .series_capacity = 7};
    CU_ASSERT_EQUAL_FATAL(outage_create(&a, &config), P7_OK);
    uint32_t expected[1000] = {0};
    struct random_state random;
    random_seed(&random, 6);
    for (int64_t due_ns = 0; due_ns < 10 * SECOND; due_ns += 3 * MS) {
        const struct request_record r = {.due_ns = due_ns,
                                         .reply_ns =
                                             due_ns + (int64_t)random_below(&random, 1000000),
                                         .outcome = OUTCOME_OK};
        outage_add(&a, &r);
    }
    const int64_t step_ns = outage_series_step_ns(&a, 1);
    CU_ASSERT_EQUAL(step_ns, 1600 * MS);
    for (int64_t due_ns = 0; due_ns < 10 * SECOND; due_ns += 3 * MS)
        expected[due_ns / step_ns]++;
    CU_ASSERT_EQUAL_FATAL(outage_series_count(&a, 1), 7);
    for (size_t i = 0; i < 7; i++)
        CU_ASSERT_EQUAL(outage_series_at(&a, 1, i)->n, expected[i]);
    outage_destroy(&a);
}

/* 300 outages, the i-th of 150 ms and `step_ns` times i; the list keeps 256. */
static void check_full_list(int64_t step_ns)
{
    struct stream s = stream_of(10 * MS, 2 * MS, 0);
    run_held(&s, 0, SECOND, 0, 0);
    for (int64_t i = 1; i <= 300; i++)
        run_held(&s, i * SECOND, (i + 1) * SECOND, i * SECOND + 500 * MS,
                 i == 7 ? 300 * MS : 150 * MS + i * step_ns);
    struct outage_analysis a = analyse(&s, false);
    uint64_t dropped;
    CU_ASSERT_EQUAL_FATAL(outage_count(&a, 1, &dropped), OUTAGE_LIST_MAX);
    CU_ASSERT_EQUAL(dropped, 300 - OUTAGE_LIST_MAX);
    bool longest = false;
    for (size_t i = 0; i < OUTAGE_LIST_MAX; i++) {
        longest = longest || outage_at(&a, 1, i)->rt_max_ns > 290 * MS;
        CU_ASSERT_FATAL(i == 0 || outage_at(&a, 1, i)->start_ns > outage_at(&a, 1, i - 1)->end_ns);
    }
    CU_ASSERT_TRUE(longest);
    outage_destroy(&a);
}

static void more_outages_than_fit_drop_the_least_and_say_so(void)
{
    check_full_list(MS / 10);
    check_full_list(-MS / 10);
}

UNIT_TESTS = {
    UNIT(every_outage_of_a_run_is_listed_in_order),
    UNIT(outages_that_fill_a_third_of_a_run_do_not_hide_themselves),
    UNIT(a_loaded_queue_alone_is_no_outage),
    UNIT(silence_of_one_target_shows_in_its_lane_and_not_in_the_others),
    UNIT(a_pause_of_the_schedule_is_no_outage),
    UNIT(long_gaps_of_rare_random_arrivals_are_no_outage),
    UNIT(a_slow_kind_among_quick_ones_is_no_outage),
    UNIT(outages_that_a_late_reply_connects_become_one),
    UNIT(an_outage_that_the_run_ends_in_is_listed_as_open),
    UNIT(requests_on_their_way_when_a_run_ends_are_no_outage),
    UNIT(silence_after_the_last_request_was_answered_is_no_outage),
    UNIT(replies_of_two_workers_in_alternating_batches_make_no_gap),
    UNIT(a_reply_that_is_told_late_splits_the_gap),
    UNIT(the_warm_up_is_neither_baseline_nor_outage),
    UNIT(a_late_answer_counts_as_lost_and_with_its_true_time),
    UNIT(a_slower_state_that_lasts_is_learnt),
    UNIT(the_chart_has_the_count_and_the_largest_time_of_each_step),
    UNIT(a_run_longer_than_the_chart_joins_its_steps),
    UNIT(more_outages_than_fit_drop_the_least_and_say_so),
};
UNIT_MAIN("outage")
