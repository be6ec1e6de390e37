/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "simulator/core/statistics.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/unit.h"

static void moments_agree_with_a_naive_two_pass_computation(void)
{
    struct random_state random;
    random_seed(&random, 1);
    for (int round = 0; round < 200; round++) {
        struct statistics_moments m = {0};
        static int64_t values[500];
        const size_t n = 1 + random_below(&random, 500);
        const int64_t base = (int64_t)random_below(&random, UINT64_C(1) << 41);
        const uint64_t spread = 1 + random_below(&random, UINT64_C(1) << random_below(&random, 41));
        long double sum = 0.0L;
        for (size_t i = 0; i < n; i++) {
            values[i] = base + (int64_t)random_below(&random, spread);
            statistics_moments_add(&m, values[i]);
            sum += (long double)values[i];
        }
        const long double mean = sum / (long double)n;
        long double squares = 0.0L;
        for (size_t i = 0; i < n; i++)
            squares += ((long double)values[i] - mean) * ((long double)values[i] - mean);
        const double variance = (double)(squares / (long double)n);
        CU_ASSERT_DOUBLE_EQUAL(statistics_moments_mean(&m), (double)mean, (double)mean * 1e-15);
        CU_ASSERT_DOUBLE_EQUAL(statistics_moments_variance(&m), variance, variance * 1e-9 + 1e-6);
    }
}

static void a_small_spread_around_a_large_mean_is_not_lost(void)
{
    /* Half an hour +- 1 ns, a million times: sums of squares of 1e31 with a variance of 1. */
    struct statistics_moments m = {0};
    for (int i = 0; i < 1000000; i++)
        statistics_moments_add(&m, INT64_C(1800000000000) + (i % 2 == 0 ? 1 : -1));
    CU_ASSERT_DOUBLE_EQUAL(statistics_moments_variance(&m), 1.0, 1e-12);
    CU_ASSERT_EQUAL(m.min, INT64_C(1799999999999));
    CU_ASSERT_EQUAL(m.max, INT64_C(1800000000001));
}

static void merged_moments_are_those_of_the_whole(void)
{
    struct random_state random;
    random_seed(&random, 2);
    struct statistics_moments parts[3] = {{0}};
    struct statistics_moments whole = {0};
    struct statistics_moments merged = {0};
    for (int i = 0; i < 1000; i++) {
        const int64_t value = (int64_t)random_below(&random, 1000000000);
        statistics_moments_add(&whole, value);
        statistics_moments_add(&parts[random_below(&random, 2)], value); /* the third stays empty */
    }
    for (int i = 0; i < 3; i++)
        statistics_moments_merge(&merged, &parts[i]);
    CU_ASSERT_EQUAL(merged.n, whole.n);
    CU_ASSERT_EQUAL(merged.min, whole.min);
    CU_ASSERT_EQUAL(merged.max, whole.max);
    CU_ASSERT_TRUE(merged.sum == whole.sum && merged.sum_squares == whole.sum_squares);
}

static void nothing_has_no_moments(void)
{
    const struct statistics_moments m = {0};
    CU_ASSERT_EQUAL(statistics_moments_mean(&m), 0.0);
    CU_ASSERT_EQUAL(statistics_moments_sd(&m), 0.0);
    CU_ASSERT_EQUAL(statistics_summarize(NULL, 0, NULL).n, 0);
    CU_ASSERT_EQUAL(statistics_median(NULL, 0), 0.0);
}

static void the_margin_of_error_is_the_one_that_the_studies_print(void)
{
    /* Their 2250 req/s row: mean 1.4809, variance 0.2977, sd 0.5456, margin of error 0.0934. Whole
     * milliseconds that give it: 71 x 1, 57 x 2, 3 x 3, with N - 1 where their formula has N. */
    double averages[131];
    for (int i = 0; i < 131; i++)
        averages[i] = i < 71 ? 1.0 : i < 128 ? 2.0 : 3.0;
    double scratch[131];
    const struct statistics_summary s = statistics_summarize(averages, 131, scratch);
    const double by_n_minus_1 = 131.0 / 130.0;
    CU_ASSERT_DOUBLE_EQUAL(s.mean, 1.4809, 5e-5);
    CU_ASSERT_DOUBLE_EQUAL(s.variance * by_n_minus_1, 0.2977, 5e-5);
    CU_ASSERT_DOUBLE_EQUAL(s.sd * sqrt(by_n_minus_1), 0.5456, 5e-5);
    CU_ASSERT_DOUBLE_EQUAL(s.e_paper * sqrt(by_n_minus_1), 0.0934, 5e-5);
    CU_ASSERT_EQUAL(s.median, 1.0);
    CU_ASSERT_EQUAL(s.min, 1.0);
    CU_ASSERT_EQUAL(s.max, 3.0);
    /* By hand: 1 2 3 4: population variance 1.25. */
    static const double four[] = {4.0, 1.0, 3.0, 2.0};
    const struct statistics_summary t = statistics_summarize(four, 4, scratch);
    CU_ASSERT_DOUBLE_EQUAL(t.variance, 1.25, 1e-15);
    CU_ASSERT_DOUBLE_EQUAL(t.e_paper, 1.96 * sqrt(1.25) / 2.0, 1e-15);
    CU_ASSERT_EQUAL(t.median, 2.5);
    CU_ASSERT_DOUBLE_EQUAL(t.lag1, (1.5 * -1.5 + -1.5 * 0.5 + 0.5 * -0.5) / 5.0, 1e-15);
    CU_ASSERT_EQUAL(four[0], 4.0);
}

static void a_constant_series_has_no_autocorrelation_and_no_margin(void)
{
    static const double same[] = {7.0, 7.0, 7.0};
    const struct statistics_summary s = statistics_summarize(same, 3, NULL);
    CU_ASSERT_EQUAL(s.lag1, 0.0);
    CU_ASSERT_EQUAL(s.e_paper, 0.0);
}

/* The stream's answers from all values at once. */
static void check_stream(const int64_t *values, size_t n, const struct statistics_stream *s)
{
    const struct statistics_batch_means b = statistics_stream_batch_means(s);
    CU_ASSERT_TRUE_FATAL(b.known);
    CU_ASSERT_FATAL(b.batch_size * STATISTICS_BATCHES <= n);
    CU_ASSERT_FATAL(n < STATISTICS_CELLS
                        ? n - b.batch_size * STATISTICS_BATCHES < 20
                        : (double)(b.batch_size * STATISTICS_BATCHES) >= 0.968 * (double)n);
    double means[STATISTICS_BATCHES] = {0};
    double mean = 0.0;
    for (size_t i = 0; i < STATISTICS_BATCHES; i++) {
        for (size_t j = 0; j < b.batch_size; j++)
            means[i] += (double)values[i * b.batch_size + j];
        means[i] /= (double)b.batch_size;
        mean += means[i] / STATISTICS_BATCHES;
    }
    double squares = 0.0;
    for (size_t i = 0; i < STATISTICS_BATCHES; i++)
        squares += (means[i] - mean) * (means[i] - mean);
    const double e_bm = 2.093 * sqrt(squares / 19.0) / sqrt(20.0);
    CU_ASSERT_DOUBLE_EQUAL(b.mean, mean, mean * 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(b.e_bm, e_bm, e_bm * 1e-9);
    double *doubles = malloc(n * sizeof(*doubles));
    for (size_t i = 0; i < n; i++)
        doubles[i] = (double)values[i];
    const struct statistics_summary all = statistics_summarize(doubles, n, NULL);
    CU_ASSERT_DOUBLE_EQUAL(b.lag1, all.lag1, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(b.e_naive, all.e_paper, all.e_paper * 1e-9);
    free(doubles);
}

static void batch_means_of_a_stream_agree_with_all_values_at_once(void)
{
    enum { N = 20000 };
    static struct statistics_stream s;
    static int64_t values[N];
    struct random_state random;
    random_seed(&random, 3);
    memset(&s, 0, sizeof(s));
    double state = 5e6;
    for (size_t i = 0; i < N; i++) {
        state = 0.9 * state + random_exponential(&random, 5e5);
        values[i] = (int64_t)state;
        statistics_stream_add(&s, values[i]);
        const size_t n = i + 1;
        if (n == 20 || n == 39 || n == 40 || n == 1279 || n == 1280 || n == 1281 || n == 2559 ||
            n == 2560 || n == 12345 || n == N)
            check_stream(values, n, &s);
    }
}

static void fewer_values_than_batches_give_no_margin(void)
{
    static struct statistics_stream s;
    memset(&s, 0, sizeof(s));
    CU_ASSERT_FALSE(statistics_stream_batch_means(&s).known);
    for (int i = 0; i < 19; i++)
        statistics_stream_add(&s, i);
    CU_ASSERT_FALSE(statistics_stream_batch_means(&s).known);
    statistics_stream_add(&s, 19);
    CU_ASSERT_TRUE(statistics_stream_batch_means(&s).known);
    CU_ASSERT_DOUBLE_EQUAL(statistics_stream_batch_means(&s).mean, 9.5, 1e-12);
}

/* Waiting time in an M/M/1 queue (Lindley): at 70 % load strongly correlated, with the true mean
 * known: service 1 ms, response 1 / (1 - 0.7) ms. */
static double next_response_ms(struct random_state *random, double *waiting_ms)
{
    const double service_ms = random_exponential(random, 1.0);
    const double response_ms = *waiting_ms + service_ms;
    *waiting_ms = fmax(0.0, response_ms - random_exponential(random, 1.0 / 0.7));
    return response_ms;
}

static void batch_means_cover_the_true_mean_of_a_queue_where_the_naive_margin_does_not(void)
{
    enum { RUNS = 200, N = 20000 };
    struct random_state random;
    random_seed(&random, 4);
    static struct statistics_stream s;
    const double truth_ns = 1e6 / 0.3;
    int covered_bm = 0;
    int covered_naive = 0;
    for (int run = 0; run < RUNS; run++) {
        memset(&s, 0, sizeof(s));
        double waiting_ms = 0.0;
        for (int i = 0; i < 1000; i++)
            (void)next_response_ms(&random, &waiting_ms);
        for (int i = 0; i < N; i++)
            statistics_stream_add(&s, (int64_t)(next_response_ms(&random, &waiting_ms) * 1e6));
        const struct statistics_batch_means b = statistics_stream_batch_means(&s);
        covered_bm += fabs(b.mean - truth_ns) <= b.e_bm;
        covered_naive += fabs(b.mean - truth_ns) <= b.e_naive;
        CU_ASSERT(b.lag1 > 0.7);
    }
    CU_ASSERT(covered_bm >= RUNS * 88 / 100);
    CU_ASSERT(covered_naive <= RUNS * 50 / 100);
}

static void a_bootstrap_interval_encloses_the_median_and_is_repeatable(void)
{
    static const double downtimes[] = {652, 700, 661, 655, 690, 672, 668, 681, 659, 664};
    double scratch[10 + 2000];
    struct random_state random;
    random_seed(&random, 1);
    double low;
    double high;
    statistics_bootstrap_median(downtimes, 10, &random, 2000, scratch, &low, &high);
    /* The median is 666; order statistics 2 and 9 (655, 690) hold it with 97.9 %. */
    CU_ASSERT(low >= 655.0 && low <= 664.0);
    CU_ASSERT(high >= 670.0 && high <= 690.0);
    double low_again;
    double high_again;
    random_seed(&random, 1);
    statistics_bootstrap_median(downtimes, 10, &random, 2000, scratch, &low_again, &high_again);
    CU_ASSERT_EQUAL(low, low_again);
    CU_ASSERT_EQUAL(high, high_again);
    statistics_bootstrap_median(downtimes, 1, &random, 1, scratch, &low, &high);
    CU_ASSERT(low == 652.0 && high == 652.0);
}

UNIT_TESTS = {
    UNIT(moments_agree_with_a_naive_two_pass_computation),
    UNIT(a_small_spread_around_a_large_mean_is_not_lost),
    UNIT(merged_moments_are_those_of_the_whole),
    UNIT(nothing_has_no_moments),
    UNIT(the_margin_of_error_is_the_one_that_the_studies_print),
    UNIT(a_constant_series_has_no_autocorrelation_and_no_margin),
    UNIT(batch_means_of_a_stream_agree_with_all_values_at_once),
    UNIT(fewer_values_than_batches_give_no_margin),
    UNIT(batch_means_cover_the_true_mean_of_a_queue_where_the_naive_margin_does_not),
    UNIT(a_bootstrap_interval_encloses_the_median_and_is_repeatable),
};
UNIT_MAIN("statistics")
