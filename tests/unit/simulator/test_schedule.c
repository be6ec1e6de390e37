/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "simulator/core/schedule.h"

#include <math.h>
#include <stdlib.h>

#include "tests/unit/unit.h"

#define SECOND INT64_C(1000000000)

static struct schedule constant_from(struct schedule_rate rate, int64_t start_ns)
{
    struct schedule s;
    const struct schedule_config config = {.arrival = SCHEDULE_CONSTANT,
                                           .rate = rate,
                                           .start_ns = start_ns,
                                           .end_ns = SCHEDULE_NEVER_NS};
    CU_ASSERT_EQUAL_FATAL(schedule_start(&s, &config), P7_OK);
    return s;
}

static struct schedule poisson_from(double per_second, uint64_t seed)
{
    struct schedule s;
    const struct schedule_config config = {.arrival = SCHEDULE_POISSON,
                                           .rate = schedule_rate_of(per_second),
                                           .seed = seed,
                                           .end_ns = SCHEDULE_NEVER_NS};
    CU_ASSERT_EQUAL_FATAL(schedule_start(&s, &config), P7_OK);
    return s;
}

static int64_t take(struct schedule *s)
{
    const int64_t due_ns = schedule_next_due_ns(s);
    CU_ASSERT_NOT_EQUAL_FATAL(due_ns, SCHEDULE_NEVER_NS);
    schedule_advance(s);
    return due_ns;
}

/* Takes what is due before `until_ns`. */
static uint64_t take_until(struct schedule *s, int64_t until_ns)
{
    uint64_t n = 0;
    for (; schedule_next_due_ns(s) < until_ns; n++)
        schedule_advance(s);
    return n;
}

static void a_constant_rate_is_exact_request_by_request(void)
{
    static const struct schedule_rate rates[] = {
        {2250, SECOND}, {1, 3 * SECOND}, {150000, SECOND}, {9450, SECOND}, {1000003, SECOND}};
    for (size_t r = 0; r < sizeof(rates) / sizeof(rates[0]); r++) {
        struct schedule s = constant_from(rates[r], 12345);
        for (uint64_t n = 0; n < 100000; n++)
            CU_ASSERT_EQUAL_FATAL(take(&s), schedule_constant_due_ns(rates[r], 12345, n));
        CU_ASSERT_EQUAL(schedule_taken(&s), 100000);
    }
}

static void a_constant_rate_does_not_drift_over_days(void)
{
    /* 3 requests in 1 s: 333333333.33 ns apart. After a million there is no error to see. */
    const struct schedule_rate thirds = {3, SECOND};
    struct schedule s = constant_from(thirds, 0);
    int64_t due_ns = 0;
    for (int n = 0; n <= 3000000; n++)
        due_ns = take(&s);
    CU_ASSERT_EQUAL(due_ns, 1000000 * SECOND); /* 11.6 days */
    /* Ten days of 150 000/s, in closed form: no overflow on the way. */
    const struct schedule_rate fast = {150000, SECOND};
    CU_ASSERT_EQUAL(schedule_constant_due_ns(fast, 0, UINT64_C(129600000000)), 864000 * SECOND);
}

static void rates_are_kept_to_a_thousandth(void)
{
    struct schedule_rate rate = schedule_rate_of(2250.0);
    CU_ASSERT_EQUAL(rate.count * (uint64_t)SECOND, 2250 * rate.period_ns);
    rate = schedule_rate_of(0.125);
    CU_ASSERT_EQUAL(rate.count * 8 * (uint64_t)SECOND, rate.period_ns);
    CU_ASSERT_DOUBLE_EQUAL(schedule_rate_per_second(schedule_rate_of(33.333)), 33.333, 1e-9);
    CU_ASSERT_EQUAL(schedule_rate_of(0.0).count, 0);
    CU_ASSERT_EQUAL(schedule_rate_of(-5.0).count, 0);
    CU_ASSERT_EQUAL(schedule_rate_of((double)NAN).count, 0);
    CU_ASSERT_DOUBLE_EQUAL(schedule_rate_per_second(schedule_rate_of(1e12)), SCHEDULE_RATE_MAX,
                           1e-3);
}

static void workers_that_share_a_rate_interleave(void)
{
    const struct schedule_rate all = {9000, SECOND};
    const struct schedule_rate share = {3000, SECOND};
    struct schedule workers[3];
    for (uint64_t w = 0; w < 3; w++)
        workers[w] = constant_from(share, schedule_constant_due_ns(all, 0, w));
    for (uint64_t n = 0; n < 3000; n++) {
        const int64_t due_ns = take(&workers[n % 3]);
        CU_ASSERT_FATAL(llabs(due_ns - schedule_constant_due_ns(all, 0, n)) <= 1);
    }
}

static void poisson_gaps_are_exponential_with_the_right_mean(void)
{
    struct schedule s = poisson_from(1000.0, 99);
    const int n = 100000;
    int64_t last_ns = 0;
    double squares = 0.0;
    int long_gaps = 0;
    for (int i = 0; i < n; i++) {
        const int64_t due_ns = take(&s);
        const double gap_ms = (double)(due_ns - last_ns) / 1e6;
        CU_ASSERT_FATAL(gap_ms >= 0.0);
        squares += gap_ms * gap_ms;
        long_gaps += gap_ms > 2.0;
        last_ns = due_ns;
    }
    CU_ASSERT_DOUBLE_EQUAL((double)last_ns / 1e6 / n, 1.0, 0.01); /* mean 1 ms, 3 sigma */
    CU_ASSERT_DOUBLE_EQUAL(squares / n, 2.0, 0.06);
    CU_ASSERT_DOUBLE_EQUAL((double)long_gaps / n, exp(-2.0), 0.004);
}

static void poisson_loses_no_time_to_rounding_at_the_highest_rate(void)
{
    /* Gaps of 100 ns: rounding each down would make the rate half a per cent too high. */
    struct schedule s = poisson_from(SCHEDULE_RATE_MAX, 5);
    const int n = 1000000;
    int64_t due_ns = 0;
    for (int i = 0; i < n; i++)
        due_ns = take(&s);
    CU_ASSERT_DOUBLE_EQUAL((double)due_ns / n, 100.0, 0.3);
}

static void equal_seeds_give_equal_schedules(void)
{
    struct schedule a = poisson_from(500.0, 7);
    struct schedule b = poisson_from(500.0, 7);
    struct schedule c = poisson_from(500.0, 8);
    int same = 0;
    for (int i = 0; i < 1000; i++) {
        const int64_t due_ns = take(&a);
        CU_ASSERT_EQUAL_FATAL(take(&b), due_ns);
        same += take(&c) == due_ns;
    }
    CU_ASSERT(same < 3);
}

static void a_change_of_rate_holds_from_its_instant(void)
{
    struct schedule s = constant_from((struct schedule_rate){100, SECOND}, 0);
    CU_ASSERT_EQUAL(take_until(&s, SECOND), 100);
    CU_ASSERT_EQUAL(schedule_change_rate(&s, SECOND, (struct schedule_rate){1000, SECOND}), P7_OK);
    CU_ASSERT_EQUAL(schedule_next_due_ns(&s), SECOND);
    CU_ASSERT_EQUAL(take_until(&s, 2 * SECOND), 1000);
    CU_ASSERT_EQUAL(schedule_change_rate(&s, 2 * SECOND, (struct schedule_rate){0, 1}), P7_OK);
    CU_ASSERT_EQUAL(schedule_next_due_ns(&s), SCHEDULE_NEVER_NS);
    CU_ASSERT_EQUAL(schedule_change_rate(&s, 5 * SECOND, (struct schedule_rate){10, SECOND}),
                    P7_OK);
    CU_ASSERT_EQUAL(take_until(&s, 6 * SECOND), 10);
    CU_ASSERT_EQUAL(schedule_rate_now(&s).count, 10);
}

static void a_stalled_generator_still_sends_what_was_due_before_the_change(void)
{
    /* Nothing was taken for 1 s; then a key doubles the rate. */
    struct schedule s = constant_from((struct schedule_rate){100, SECOND}, 0);
    CU_ASSERT_EQUAL(schedule_change_rate(&s, SECOND, (struct schedule_rate){200, SECOND}), P7_OK);
    CU_ASSERT_EQUAL(take_until(&s, SECOND), 100);
    CU_ASSERT_EQUAL(take_until(&s, 2 * SECOND), 200);
}

static void changes_faster_than_the_gap_neither_starve_nor_bunch(void)
{
    /* 1/s, touched every 10 ms, alternately 0.5 and 1.5/s: the integral is 1 per second. */
    struct schedule s = constant_from((struct schedule_rate){1, SECOND}, 0);
    uint64_t taken = 0;
    for (int64_t at_ns = 0; at_ns < 100 * SECOND; at_ns += SECOND / 100) {
        const bool odd = at_ns / (SECOND / 100) % 2 == 1;
        CU_ASSERT_EQUAL_FATAL(
            schedule_change_rate(&s, at_ns, (struct schedule_rate){odd ? 3 : 1, 2 * SECOND}),
            P7_OK);
        taken += take_until(&s, at_ns + SECOND / 100);
    }
    CU_ASSERT(taken >= 100 && taken <= 101);
}

static void nothing_comes_due_during_a_pause_and_the_gap_goes_on_after_it(void)
{
    struct schedule s = constant_from((struct schedule_rate){10, SECOND}, 0);
    CU_ASSERT_EQUAL(take_until(&s, SECOND), 10);
    CU_ASSERT_EQUAL(take(&s), SECOND);
    /* Next at 1.1 s; the pause takes 1.05 s to 3 s, so half a gap is left: 3.05 s. */
    CU_ASSERT_EQUAL(schedule_pause(&s, SECOND + SECOND / 20), P7_OK);
    CU_ASSERT_TRUE(schedule_is_paused(&s));
    CU_ASSERT_EQUAL(schedule_next_due_ns(&s), SCHEDULE_NEVER_NS);
    CU_ASSERT_EQUAL(schedule_pause(&s, 2 * SECOND), P7_OK);
    CU_ASSERT_EQUAL(schedule_resume(&s, 3 * SECOND), P7_OK);
    CU_ASSERT_FALSE(schedule_is_paused(&s));
    CU_ASSERT_EQUAL(schedule_next_due_ns(&s), 3 * SECOND + SECOND / 20);
    CU_ASSERT_EQUAL(schedule_resume(&s, 3 * SECOND), P7_OK);
    CU_ASSERT_EQUAL(schedule_pause_count(&s), 1);
    CU_ASSERT_PTR_NOT_NULL_FATAL(schedule_pause_at(&s, 0));
    CU_ASSERT_EQUAL(schedule_pause_at(&s, 0)->from_ns, SECOND + SECOND / 20);
    CU_ASSERT_EQUAL(schedule_pause_at(&s, 0)->to_ns, 3 * SECOND);
    CU_ASSERT_PTR_NULL(schedule_pause_at(&s, 1));
    CU_ASSERT_EQUAL(schedule_paused_ns(&s, 2 * SECOND), SECOND - SECOND / 20);
    CU_ASSERT_EQUAL(schedule_paused_ns(&s, 10 * SECOND), 2 * SECOND - SECOND / 20);
}

static void a_rate_changed_in_a_pause_holds_after_it(void)
{
    struct schedule s = constant_from((struct schedule_rate){10, SECOND}, 0);
    CU_ASSERT_EQUAL(schedule_pause(&s, 0), P7_OK);
    CU_ASSERT_EQUAL(schedule_change_rate(&s, SECOND, (struct schedule_rate){20, SECOND}), P7_OK);
    CU_ASSERT_EQUAL(schedule_next_due_ns(&s), SCHEDULE_NEVER_NS);
    CU_ASSERT_EQUAL(schedule_resume(&s, 2 * SECOND), P7_OK);
    CU_ASSERT_EQUAL(take(&s), 2 * SECOND);
    CU_ASSERT_EQUAL(take(&s), 2 * SECOND + SECOND / 20);
}

static void more_pauses_than_are_listed_are_still_summed(void)
{
    struct schedule s = constant_from((struct schedule_rate){10, SECOND}, 0);
    const uint32_t pauses = SCHEDULE_PAUSES_MAX + 10;
    for (uint32_t i = 0; i < pauses; i++) {
        CU_ASSERT_EQUAL_FATAL(schedule_pause(&s, 2 * i * SECOND), P7_OK);
        CU_ASSERT_EQUAL_FATAL(schedule_resume(&s, (2 * i + 1) * SECOND), P7_OK);
        (void)take_until(&s, (2 * i + 2) * SECOND);
    }
    CU_ASSERT_EQUAL(schedule_pause_count(&s), pauses);
    CU_ASSERT_PTR_NULL(schedule_pause_at(&s, SCHEDULE_PAUSES_MAX));
    CU_ASSERT_EQUAL(schedule_paused_ns(&s, 1000 * SECOND), pauses * SECOND);
    CU_ASSERT_EQUAL(schedule_taken(&s), pauses * 10);
}

static void nothing_is_due_at_or_after_the_end(void)
{
    struct schedule s;
    const struct schedule_config config = {
        .rate = {10, SECOND}, .start_ns = 0, .end_ns = 2 * SECOND};
    CU_ASSERT_EQUAL_FATAL(schedule_start(&s, &config), P7_OK);
    CU_ASSERT_EQUAL(take_until(&s, SCHEDULE_NEVER_NS), 20);
    CU_ASSERT_EQUAL(schedule_next_due_ns(&s), SCHEDULE_NEVER_NS);
    schedule_set_end(&s, 3 * SECOND);
    CU_ASSERT_EQUAL(take_until(&s, SCHEDULE_NEVER_NS), 10);
    schedule_set_end(&s, 0);
    CU_ASSERT_EQUAL(schedule_next_due_ns(&s), SCHEDULE_NEVER_NS);
}

static void changes_in_the_past_or_beyond_the_limits_are_refused(void)
{
    struct schedule s = constant_from((struct schedule_rate){10, SECOND}, 0);
    (void)take_until(&s, SECOND);
    CU_ASSERT_EQUAL(schedule_pause(&s, SECOND / 2), P7_STATE);
    CU_ASSERT_EQUAL(schedule_change_rate(&s, SECOND, (struct schedule_rate){1, 0}), P7_RANGE);
    CU_ASSERT_EQUAL(schedule_change_rate(&s, SECOND, (struct schedule_rate){1, 99}), P7_RANGE);
    for (int i = 0; i < SCHEDULE_CHANGES_MAX; i++)
        CU_ASSERT_EQUAL_FATAL(
            schedule_change_rate(&s, (10 + i) * SECOND, (struct schedule_rate){10, SECOND}), P7_OK);
    CU_ASSERT_EQUAL(schedule_pause(&s, 1000 * SECOND), P7_FULL);
    CU_ASSERT_EQUAL(schedule_pause(&s, 5 * SECOND), P7_STATE);
    (void)take_until(&s, 200 * SECOND);
    CU_ASSERT_EQUAL(schedule_taken(&s), 2000);
    CU_ASSERT_EQUAL(schedule_pause(&s, 1000 * SECOND), P7_OK);
    struct schedule bad;
    CU_ASSERT_EQUAL(schedule_start(&bad, &(struct schedule_config){.rate = {1, 1}}), P7_RANGE);
    CU_ASSERT_EQUAL(
        schedule_start(&bad, &(struct schedule_config){.rate = {1, SECOND}, .end_ns = -1}),
        P7_RANGE);
}

static void a_ramp_delivers_the_integral_of_its_rate(void)
{
    for (int arrival = SCHEDULE_CONSTANT; arrival <= SCHEDULE_POISSON; arrival++) {
        struct schedule s;
        const struct schedule_config config = {.arrival = (enum schedule_arrival)arrival,
                                               .rate = {0, 1},
                                               .seed = 3,
                                               .end_ns = 60 * SECOND};
        CU_ASSERT_EQUAL_FATAL(schedule_start(&s, &config), P7_OK);
        for (uint64_t step = 1; step < 60; step++)
            CU_ASSERT_EQUAL_FATAL(schedule_change_rate(&s, (int64_t)step * SECOND,
                                                       (struct schedule_rate){step * 10, SECOND}),
                                  P7_OK);
        const uint64_t taken = take_until(&s, SCHEDULE_NEVER_NS);
        const double expected = 10.0 * 59 * 60 / 2;
        const double tolerance = arrival == SCHEDULE_CONSTANT ? 1.0 : 4.0 * sqrt(expected);
        CU_ASSERT_DOUBLE_EQUAL((double)taken, expected, tolerance);
    }
}

UNIT_TESTS = {
    UNIT(a_constant_rate_is_exact_request_by_request),
    UNIT(a_constant_rate_does_not_drift_over_days),
    UNIT(rates_are_kept_to_a_thousandth),
    UNIT(workers_that_share_a_rate_interleave),
    UNIT(poisson_gaps_are_exponential_with_the_right_mean),
    UNIT(poisson_loses_no_time_to_rounding_at_the_highest_rate),
    UNIT(equal_seeds_give_equal_schedules),
    UNIT(a_change_of_rate_holds_from_its_instant),
    UNIT(a_stalled_generator_still_sends_what_was_due_before_the_change),
    UNIT(changes_faster_than_the_gap_neither_starve_nor_bunch),
    UNIT(nothing_comes_due_during_a_pause_and_the_gap_goes_on_after_it),
    UNIT(a_rate_changed_in_a_pause_holds_after_it),
    UNIT(more_pauses_than_are_listed_are_still_summed),
    UNIT(nothing_is_due_at_or_after_the_end),
    UNIT(changes_in_the_past_or_beyond_the_limits_are_refused),
    UNIT(a_ramp_delivers_the_integral_of_its_rate),
};
UNIT_MAIN("schedule")
