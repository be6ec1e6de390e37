/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "simulator/core/outage.h"

#include <math.h>
#include <string.h>

#include "sigtran/base/random.h"
#include "tests/unit/simulator/outage_streams.h"
#include "tests/unit/unit.h"

static const int64_t gaps[] = {SECOND / 2250, MS, SECOND / 150};

/* For held packets: D_max in D-d .. D, D_gap in D .. D+d, D_fs in D .. D+2d; the estimates' bounds
 * say the same from the other end. */
static void check_held(int64_t service_part, bool learn)
{
    struct random_state random;
    random_seed(&random, 1);
    for (size_t g = 0; g < 3; g++) {
        for (size_t l = 0; l < 6; l++) {
            for (int phase = 0; phase < 6; phase++) {
                const int64_t d = gaps[g];
                const int64_t truth_ns = outage_lengths_ns[l];
                const int64_t down_ns = SECOND + (int64_t)random_below(&random, (uint64_t)d);
                struct stream s = stream_of(d, 2 * MS, service_part == 0 ? 0 : d / service_part);
                run_held(&s, 0, 3 * SECOND + 4 * truth_ns, down_ns, truth_ns);
                struct outage_analysis a = analyse(&s, !learn);
                const int64_t slack_ns = learn ? 1100 : 0; /* half of b's bucket, both ways */
                CU_ASSERT_EQUAL_FATAL(outage_count(&a, 1, NULL), 1);
                const struct outage *o = outage_at(&a, 1, 0);
                check_bounds(&a, o, OUTAGE_D_MAX, truth_ns, slack_ns);
                CU_ASSERT_FATAL(llabs(o->start_ns - down_ns) <= 2 * MS + d);
                CU_ASSERT_EQUAL_FATAL(o->lost, 0);
                if (truth_ns > outage_gap_limit_ns(&a, 1)) {
                    check_bounds(&a, o, OUTAGE_D_GAP, truth_ns, 0);
                    check_bounds(&a, o, OUTAGE_D_FS, truth_ns, slack_ns);
                }
                check_bounds(&a, NULL, OUTAGE_D_MAX, truth_ns, slack_ns);
                check_bounds(&a, NULL, OUTAGE_D_GAP, truth_ns, 0);
                /* The area is a sum of steps of d: off by half a step or so. */
                const double load = (double)s.service_ns / (double)d;
                const struct outage_estimate area = outage_estimate(&a, 1, o, OUTAGE_D_AREA);
                CU_ASSERT_TRUE_FATAL(area.known && !area.bounded);
                CU_ASSERT_DOUBLE_EQUAL((double)area.value_ns * sqrt(1.0 - load), (double)truth_ns,
                                       2.0 * (double)d + 0.001 * (double)truth_ns);
                outage_destroy(&a);
            }
        }
    }
}

static void held_packets_that_drain_at_once_are_within_all_bounds(void)
{
    check_held(0, false);
}

static void held_packets_that_drain_at_a_service_rate_are_within_all_bounds(void)
{
    check_held(2, false); /* 50 % load: the backlog takes another D to drain */
}

static void a_baseline_learnt_from_the_stream_does_as_well(void)
{
    check_held(0, true);
}

static void requests_over_sctp_give_d_lost_without_bounds(void)
{
    struct outage_analysis a = analysis_of(1);
    outage_set_rate(&a, 1, MS, false);
    for (uint64_t i = 0; i < 1000; i++) {
        const int64_t due_ns = (int64_t)i * MS;
        const bool held = i >= 500 && i < 600;
        const struct request_record record = {
            .id = i,
            .due_ns = due_ns,
            .sent_ns = due_ns,
            .reply_ns = (held ? 600 * MS : due_ns) + MS / 10,
            .outcome = OUTCOME_OK,
            .attempts = 1,
        };
        outage_add(&a, &record);
    }
    CU_ASSERT_EQUAL_FATAL(outage_count(&a, 1, NULL), 1);
    const struct outage_estimate lost = outage_estimate(&a, 1, outage_at(&a, 1, 0), OUTAGE_D_LOST);
    CU_ASSERT_TRUE(lost.known);
    CU_ASSERT_FALSE(lost.bounded);
    CU_ASSERT_TRUE(outage_estimate(&a, 1, outage_at(&a, 1, 0), OUTAGE_D_MAX).bounded);
    outage_destroy(&a);
}

static void lost_probes_are_within_all_bounds(void)
{
    struct random_state random;
    random_seed(&random, 2);
    for (size_t l = 0; l < 6; l++) {
        for (int phase = 0; phase < 10; phase++) {
            const int64_t d = MS;
            const int64_t down_ns = SECOND + (int64_t)random_below(&random, (uint64_t)d);
            struct stream s = stream_of(d, MS / 2, 0);
            run_lost(&s, 0, 2 * SECOND + outage_lengths_ns[l], down_ns, outage_lengths_ns[l]);
            struct outage_analysis a = analyse(&s, false);
            CU_ASSERT_EQUAL_FATAL(outage_count(&a, 1, NULL), 1);
            const struct outage *o = outage_at(&a, 1, 0);
            check_bounds(&a, o, OUTAGE_D_LOST, outage_lengths_ns[l], 0);
            check_bounds(&a, o, OUTAGE_D_GAP, outage_lengths_ns[l], 0);
            check_bounds(&a, o, OUTAGE_D_FS, outage_lengths_ns[l], 600);
            CU_ASSERT_EQUAL(o->lost, o->affected);
            CU_ASSERT_FALSE(outage_estimate(&a, 1, o, OUTAGE_D_MAX).known);
            outage_destroy(&a);
        }
    }
}

static void the_largest_response_time_names_its_request(void)
{
    struct stream s = stream_of(MS, 2 * MS, 0);
    run_held(&s, 0, 3 * SECOND, SECOND, 300 * MS);
    struct outage_analysis a = analyse(&s, false);
    int64_t rt_ns;
    uint64_t id;
    int64_t due_ns;
    CU_ASSERT_TRUE(outage_rt_max(&a, 1, &rt_ns, &id, &due_ns));
    CU_ASSERT_EQUAL(rt_ns, 302 * MS);
    CU_ASSERT_EQUAL(id, 1000);
    CU_ASSERT_EQUAL(due_ns, SECOND);
    const struct outage *o = outage_at(&a, 1, 0);
    CU_ASSERT_EQUAL(o->rt_max_id, 1000);
    CU_ASSERT_EQUAL(o->rt_max_due_ns, SECOND);
    CU_ASSERT_EQUAL(o->gap_start_ns, SECOND + MS); /* reply of the one due at 0.999 s */
    CU_ASSERT_EQUAL(o->gap_end_ns, SECOND + 302 * MS);
    CU_ASSERT_EQUAL(o->last_before_due_ns, SECOND - MS);
    CU_ASSERT_EQUAL(o->first_after_due_ns, SECOND + 300 * MS);
    CU_ASSERT_FALSE(o->gap_open);
    int64_t start_ns;
    int64_t end_ns;
    CU_ASSERT_TRUE(outage_gap_max(&a, 1, &start_ns, &end_ns));
    CU_ASSERT_EQUAL(end_ns - start_ns, 301 * MS);
    outage_destroy(&a);
}

static void an_outage_stands_out_from_random_arrivals_and_noise(void)
{
    struct random_state random;
    random_seed(&random, 4);
    struct outage_analysis a = analysis_of(1);
    outage_set_rate(&a, 1, MS, true);
    struct stream s = stream_of(MS, 0, 0);
    double due_ns = 0.0;
    while (due_ns < 60e9) {
        due_ns += random_exponential(&random, 1e6);
        const double begin_ns = due_ns >= 30e9 && due_ns < 30.25e9 ? 30.25e9 : due_ns;
        (void)push(&s, (int64_t)due_ns,
                   (int64_t)(begin_ns + 1.5e6 + random_exponential(&random, 0.3e6)));
    }
    qsort(s.records, s.count, sizeof(s.records[0]), by_completion);
    for (size_t i = 0; i < s.count; i++)
        outage_add(&a, &s.records[i]);
    free(s.records);
    CU_ASSERT_EQUAL_FATAL(outage_count(&a, 1, NULL), 1);
    const struct outage *o = outage_at(&a, 1, 0);
    for (unsigned e = 0; e < OUTAGE_ESTIMATOR_COUNT; e++) {
        const struct outage_estimate estimate = outage_estimate(&a, 1, o, (enum outage_estimator)e);
        CU_ASSERT_TRUE_FATAL(estimate.known);
        CU_ASSERT_DOUBLE_EQUAL((double)estimate.value_ns / 1e6, 250.0,
                               e == OUTAGE_D_LOST || e == OUTAGE_D_AREA ? 45.0 : 8.0);
    }
    outage_destroy(&a);
}

static void a_backlog_that_drains_out_of_order_gives_the_same_figures(void)
{
    struct random_state random;
    random_seed(&random, 5);
    struct stream s = stream_of(MS, 2 * MS, 0);
    run_held(&s, 0, 3 * SECOND, SECOND + 1234, 300 * MS);
    /* All held ones come back at the same instant: any order is an order of completion. */
    for (size_t i = 1301; i-- > 1002;) {
        const size_t j = 1001 + random_below(&random, i - 1001 + 1);
        const uint64_t id = s.records[i].id;
        s.records[i].id = s.records[j].id;
        s.records[j].id = id; /* ids break the ties of the sort */
    }
    struct outage_analysis a = analyse(&s, true);
    CU_ASSERT_EQUAL_FATAL(outage_count(&a, 1, NULL), 1);
    const struct outage *o = outage_at(&a, 1, 0);
    check_bounds(&a, o, OUTAGE_D_MAX, 300 * MS, 0);
    check_bounds(&a, o, OUTAGE_D_GAP, 300 * MS, 0);
    check_bounds(&a, o, OUTAGE_D_FS, 300 * MS, 0);
    CU_ASSERT_DOUBLE_EQUAL((double)outage_estimate(&a, 1, o, OUTAGE_D_AREA).value_ns, 300e6, 1.1e6);
    CU_ASSERT_EQUAL(o->affected, 290); /* the last 10 ms of waiting are under the limit */
    outage_destroy(&a);
}

static void a_short_outage_that_drains_backwards_has_its_whole_area(void)
{
    /* Four are held, for 20, 15, 10 and 5 ms. The latter two are under the limit, and told before
     * anything looks like an outage; the gap is under its limit of 5 d. */
    struct stream s = stream_of(5 * MS, 2 * MS, 0);
    run_held(&s, 0, 3 * SECOND, SECOND, 20 * MS);
    for (size_t i = 0; i < 4; i++)
        s.records[200 + i].id = 203 - i;
    struct outage_analysis a = analyse(&s, true);
    CU_ASSERT_EQUAL_FATAL(outage_count(&a, 1, NULL), 1);
    const struct outage *o = outage_at(&a, 1, 0);
    CU_ASSERT_EQUAL(o->affected, 2);
    CU_ASSERT_FALSE(outage_estimate(&a, 1, o, OUTAGE_D_GAP).known);
    CU_ASSERT_DOUBLE_EQUAL((double)outage_estimate(&a, 1, o, OUTAGE_D_AREA).value_ns,
                           sqrt(2.0 * (20 + 15 + 10 + 5) * 5) * 1e6, 10.0);
    outage_destroy(&a);
}

/* An outage of 10.8 s, held, and a request timeout of 10 s: what was due in the first 0.8 s times
 * out, and is answered late at the outage's end if `answered`. */
static struct outage_analysis longer_than_the_timeout(bool answered)
{
    struct stream s = stream_of(MS, 2 * MS, 0);
    run_held(&s, 0, 13 * SECOND, SECOND, 10800 * MS);
    struct outage_analysis a = analysis_of(1);
    outage_set_rate(&a, 1, MS, false);
    for (size_t i = 0; i < s.count; i++) {
        struct request_record r = s.records[i];
        if (request_response_ns(&r) > 10 * SECOND) {
            r.outcome = OUTCOME_TIMEOUT;
            r.reply_ns = REQUEST_TIME_NONE;
        }
        outage_add(&a, &r);
    }
    for (size_t i = 0; answered && i < s.count; i++)
        if (request_response_ns(&s.records[i]) > 10 * SECOND)
            outage_late(&a, &s.records[i]);
    free(s.records);
    return a;
}

static void an_outage_longer_than_the_timeout_is_told_by_late_answers(void)
{
    struct outage_analysis a = longer_than_the_timeout(true);
    CU_ASSERT_EQUAL_FATAL(outage_count(&a, 1, NULL), 1);
    const struct outage *o = outage_at(&a, 1, 0);
    check_bounds(&a, o, OUTAGE_D_MAX, 10800 * MS, 1100);
    check_bounds(&a, o, OUTAGE_D_GAP, 10800 * MS, 0);
    CU_ASSERT_EQUAL(o->silent, 0);
    CU_ASSERT(o->lost >= 800 && o->lost <= 803);
    CU_ASSERT_DOUBLE_EQUAL((double)outage_estimate(&a, 1, o, OUTAGE_D_AREA).value_ns, 10800e6, 1e7);
    CU_ASSERT_EQUAL(outage_series_at(&a, 1, 10)->rt_max_ns, 10802 * MS);
    outage_destroy(&a);
}

static void without_the_late_answers_the_largest_time_is_no_more_than_a_lower_bound(void)
{
    struct outage_analysis a = longer_than_the_timeout(false);
    CU_ASSERT_EQUAL_FATAL(outage_count(&a, 1, NULL), 1);
    const struct outage *o = outage_at(&a, 1, 0);
    const struct outage_estimate e = outage_estimate(&a, 1, o, OUTAGE_D_MAX);
    CU_ASSERT_TRUE(e.known);
    CU_ASSERT_FALSE(e.bounded);
    CU_ASSERT(e.value_ns < 10800 * MS);
    check_bounds(&a, o, OUTAGE_D_GAP, 10800 * MS, 0);
    outage_destroy(&a);
}

static void the_first_success_after_is_the_earliest_due_not_the_earliest_answered(void)
{
    struct stream s = stream_of(MS, 2 * MS, 0);
    run_held(&s, 0, 3 * SECOND, SECOND, 300 * MS);
    s.records[1300].reply_ns += 3 * MS; /* its successors overtake it */
    struct outage_analysis a = analyse(&s, true);
    CU_ASSERT_EQUAL_FATAL(outage_count(&a, 1, NULL), 1);
    CU_ASSERT_EQUAL(outage_at(&a, 1, 0)->first_after_due_ns, SECOND + 300 * MS);
    outage_destroy(&a);
}

static void the_text_names_the_estimators_as_the_definitions_do(void)
{
    struct stream s = stream_of(MS, 2 * MS, 0);
    run_held(&s, 0, 3 * SECOND, SECOND, 300 * MS);
    struct outage_analysis a = analyse(&s, true);
    char text[2000];
    const size_t length = outage_format(&a, 1, outage_at(&a, 1, 0), text, sizeof(text));
    CU_ASSERT_EQUAL(length, strlen(text));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "  D_max     300.000 ms    300.000 ..   301.000  max RT"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "  D_gap     301.000 ms    300.000 ..   301.000  longest"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "  D_lost "));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "  D_fs      301.000 ms    299.000 ..   301.000  last"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "  D_area    "));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "max RT 302.000 ms of request 1000 due at 1.000 s"));
    CU_ASSERT_EQUAL(outage_format(&a, 1, outage_at(&a, 1, 0), NULL, 0), length);
    CU_ASSERT_STRING_EQUAL(outage_estimator_definition(OUTAGE_D_AREA),
                           "sqrt(2 sum max(0, RT-b) / rate)");
    CU_ASSERT_STRING_EQUAL(outage_estimator_exact(OUTAGE_D_MAX), "held packets: D-d .. D");
    CU_ASSERT_STRING_EQUAL(outage_estimator_name(OUTAGE_D_FS), "D_fs");
    outage_destroy(&a);
}

static void nothing_seen_answers_unknown(void)
{
    struct outage_analysis a = analysis_of(1);
    outage_finish(&a, SECOND);
    int64_t x;
    int64_t y;
    uint64_t id;
    CU_ASSERT_EQUAL(outage_count(&a, 0, NULL), 0);
    CU_ASSERT_FALSE(outage_rt_max(&a, 0, &x, &id, &y));
    CU_ASSERT_FALSE(outage_gap_max(&a, 0, &x, &y));
    for (unsigned e = 0; e < OUTAGE_ESTIMATOR_COUNT; e++)
        CU_ASSERT_FALSE(outage_estimate(&a, 0, NULL, (enum outage_estimator)e).known);
    CU_ASSERT_EQUAL(outage_series_count(&a, 0), 0);
    outage_destroy(&a);
    const struct outage_config many = {.target_count = OUTAGE_LANES_MAX};
    CU_ASSERT_EQUAL(outage_create(&a, &many), P7_RANGE);
    const struct outage_config step = {.target_count = 1, .series_step_ns = -1};
    CU_ASSERT_EQUAL(outage_create(&a, &step), P7_RANGE);
}

UNIT_TESTS = {
    UNIT(held_packets_that_drain_at_once_are_within_all_bounds),
    UNIT(held_packets_that_drain_at_a_service_rate_are_within_all_bounds),
    UNIT(a_baseline_learnt_from_the_stream_does_as_well),
    UNIT(requests_over_sctp_give_d_lost_without_bounds),
    UNIT(lost_probes_are_within_all_bounds),
    UNIT(the_largest_response_time_names_its_request),
    UNIT(an_outage_stands_out_from_random_arrivals_and_noise),
    UNIT(a_backlog_that_drains_out_of_order_gives_the_same_figures),
    UNIT(a_short_outage_that_drains_backwards_has_its_whole_area),
    UNIT(an_outage_longer_than_the_timeout_is_told_by_late_answers),
    UNIT(without_the_late_answers_the_largest_time_is_no_more_than_a_lower_bound),
    UNIT(the_first_success_after_is_the_earliest_due_not_the_earliest_answered),
    UNIT(the_text_names_the_estimators_as_the_definitions_do),
    UNIT(nothing_seen_answers_unknown),
};
UNIT_MAIN("outage_estimate")
