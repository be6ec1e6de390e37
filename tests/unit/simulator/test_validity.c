/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "simulator/core/validity.h"

#include <math.h>
#include <string.h>

#include "tests/unit/unit.h"

#define US INT64_C(1000)
#define MS INT64_C(1000000)

static struct validity_input good_input(const struct histogram *lag)
{
    return (struct validity_input){.wanted_rate = 2250.0,
                                   .achieved_rate = 2245.0,
                                   .lag = lag,
                                   .outage_error_claimed_ns = 2 * MS,
                                   .cpu_share = 0.30,
                                   .accounting_holds = true};
}

static void check_reason(const struct validity_input *input, const char *beginning)
{
    struct validity v;
    validity_judge(&v, input);
    CU_ASSERT_FALSE(v.valid);
    CU_ASSERT_EQUAL_FATAL(v.reason_count, 1);
    CU_ASSERT_EQUAL(strncmp(v.reasons[0], beginning, strlen(beginning)), 0);
    /* Thing, value, limit, way out. */
    CU_ASSERT_PTR_NOT_NULL(strstr(v.reasons[0], "limit") == NULL ? strstr(v.reasons[0], "over")
                                                                 : v.reasons[0]);
    CU_ASSERT_PTR_NOT_NULL(strstr(v.reasons[0], "; "));
}

static void a_generator_that_kept_up_makes_a_valid_run(void)
{
    struct histogram lag;
    CU_ASSERT_EQUAL_FATAL(histogram_create_ns(&lag), P7_OK);
    CU_ASSERT_TRUE(histogram_record_n(&lag, 50 * US, 100000));
    CU_ASSERT_TRUE(histogram_record_n(&lag, 1500 * US, 99)); /* under a thousandth, under 2 ms */
    const struct validity_input input = good_input(&lag);
    struct validity v;
    validity_judge(&v, &input);
    CU_ASSERT_TRUE(v.valid);
    CU_ASSERT_EQUAL(v.reason_count, 0);
    histogram_destroy(&lag);
}

static void an_achieved_rate_off_by_more_than_one_per_cent_is_invalid(void)
{
    struct validity v;
    struct validity_input input = good_input(NULL);
    input.achieved_rate = 2250.0 * 0.9901;
    validity_judge(&v, &input);
    CU_ASSERT_TRUE(v.valid);
    input.achieved_rate = 2250.0 * 0.9899;
    check_reason(&input, "achieved rate was 2227.3/s, 1.0 % off the wanted 2250.0/s, over the "
                         "limit of 1 %: ");
    input.achieved_rate = 2250.0 * 1.02;
    check_reason(&input, "achieved rate was 2295.0/s");
    input.achieved_rate = (double)NAN;
    check_reason(&input, "achieved rate was ");
    input.wanted_rate = 0.0;
    input.achieved_rate = 0.0;
    validity_judge(&v, &input);
    CU_ASSERT_TRUE(v.valid);
}

static void a_send_lag_above_its_limit_is_invalid(void)
{
    struct histogram lag;
    CU_ASSERT_EQUAL_FATAL(histogram_create_ns(&lag), P7_OK);
    CU_ASSERT_TRUE(histogram_record_n(&lag, 50 * US, 9970));
    CU_ASSERT_TRUE(histogram_record_n(&lag, 3100 * US, 30));
    struct validity_input input = good_input(&lag);
    input.outage_error_claimed_ns = 0;
    check_reason(&input, "send lag p99.9 was 3.101 ms, over the limit of 0.444 ms: the generator "
                         "was too slow or was not run; use a lower rate or give it a core of its "
                         "own");
    histogram_destroy(&lag);
}

static void the_lag_limit_follows_the_rate_between_its_bounds(void)
{
    CU_ASSERT_EQUAL(validity_lag_limit_ns(1.0), MS);
    CU_ASSERT_EQUAL(validity_lag_limit_ns(1000.0), MS);
    CU_ASSERT_EQUAL(validity_lag_limit_ns(2000.0), 500 * US);
    CU_ASSERT_EQUAL(validity_lag_limit_ns(4000.0), 250 * US);
    CU_ASSERT_EQUAL(validity_lag_limit_ns(150000.0), 250 * US);
    CU_ASSERT_EQUAL(validity_lag_limit_ns(0.0), MS);
}

static void one_lag_above_the_stated_error_of_outages_is_invalid(void)
{
    struct histogram lag;
    CU_ASSERT_EQUAL_FATAL(histogram_create_ns(&lag), P7_OK);
    CU_ASSERT_TRUE(histogram_record_n(&lag, 50 * US, 1000000));
    CU_ASSERT_TRUE(histogram_record(&lag, 2 * MS + 1));
    const struct validity_input input = good_input(&lag);
    check_reason(&input, "the largest send lag was 2.000 ms, over the 2.000 ms that the report "
                         "states as the error of its outages");
    histogram_destroy(&lag);
}

static void a_lag_that_cannot_be_is_the_simulators_own_defect(void)
{
    struct histogram lag;
    CU_ASSERT_EQUAL_FATAL(histogram_create_ns(&lag), P7_OK);
    CU_ASSERT_FALSE(histogram_record(&lag, -5));
    const struct validity_input input = good_input(&lag);
    struct validity v;
    validity_judge(&v, &input);
    CU_ASSERT_FALSE(v.valid);
    CU_ASSERT_PTR_NOT_NULL(strstr(v.reasons[0], "1 send lags were negative"));
    histogram_destroy(&lag);
}

static void a_full_send_queue_is_invalid(void)
{
    struct validity_input input = good_input(NULL);
    input.send_queue_full = 3;
    check_reason(&input, "a send queue was full 3 times, the limit is 0: ");
}

static void a_busy_generator_is_invalid_and_an_unknown_load_is_not(void)
{
    struct validity_input input = good_input(NULL);
    input.cpu_share = 0.95;
    check_reason(&input, "the generator used 95 % of its CPU, over the limit of 90 %: ");
    struct validity v;
    input.cpu_share = 0.90;
    validity_judge(&v, &input);
    CU_ASSERT_TRUE(v.valid);
    input.cpu_share = VALIDITY_CPU_SHARE_UNKNOWN;
    validity_judge(&v, &input);
    CU_ASSERT_TRUE(v.valid);
}

static void an_own_stall_is_invalid_when_it_overlaps_an_outage(void)
{
    const struct validity_span outages[] = {{1000 * MS, 1300 * MS}, {5000 * MS, 5700 * MS}};
    const struct validity_span elsewhere[] = {{100 * MS, 900 * MS}, {2000 * MS, 3000 * MS}};
    const struct validity_span inside[] = {
        {100 * MS, 900 * MS}, {5100 * MS, 5150 * MS}, {5690 * MS, 5800 * MS}};
    struct validity_input input = good_input(NULL);
    input.outages = outages;
    input.outage_count = 2;
    input.stalls = elsewhere;
    input.stall_count = 2;
    struct validity v;
    validity_judge(&v, &input);
    CU_ASSERT_TRUE(v.valid);
    input.stalls = inside;
    input.stall_count = 3;
    check_reason(&input, "the simulator itself was not run for 110.0 ms from 5.690 s on, within "
                         "the outage at 5.000 s to 5.700 s (2 such stalls, the limit is 0): ");
    input.outage_count = 0;
    validity_judge(&v, &input);
    CU_ASSERT_TRUE(v.valid);
}

static void accounts_that_do_not_balance_are_invalid_and_come_first(void)
{
    struct validity_input input = good_input(NULL);
    input.accounting_holds = false;
    input.accounting_text = "due 2 is not ok 1";
    check_reason(&input, "the accounting does not balance (due 2 is not ok 1), the limit is 0");
    input.achieved_rate = 0.0;
    input.send_queue_full = 1;
    struct validity v;
    validity_judge(&v, &input);
    CU_ASSERT_EQUAL_FATAL(v.reason_count, 3);
    CU_ASSERT_PTR_NOT_NULL(strstr(v.reasons[0], "accounting"));
    CU_ASSERT_PTR_NOT_NULL(strstr(v.reasons[1], "achieved rate"));
    CU_ASSERT_PTR_NOT_NULL(strstr(v.reasons[2], "send queue"));
}

UNIT_TESTS = {
    UNIT(a_generator_that_kept_up_makes_a_valid_run),
    UNIT(an_achieved_rate_off_by_more_than_one_per_cent_is_invalid),
    UNIT(a_send_lag_above_its_limit_is_invalid),
    UNIT(the_lag_limit_follows_the_rate_between_its_bounds),
    UNIT(one_lag_above_the_stated_error_of_outages_is_invalid),
    UNIT(a_lag_that_cannot_be_is_the_simulators_own_defect),
    UNIT(a_full_send_queue_is_invalid),
    UNIT(a_busy_generator_is_invalid_and_an_unknown_load_is_not),
    UNIT(an_own_stall_is_invalid_when_it_overlaps_an_outage),
    UNIT(accounts_that_do_not_balance_are_invalid_and_come_first),
};
UNIT_MAIN("validity")
