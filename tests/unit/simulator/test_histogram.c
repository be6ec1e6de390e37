/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "simulator/core/histogram.h"

#include <math.h>
#include <stdlib.h>

#include "sigtran/base/random.h"
#include "tests/unit/unit.h"

/* The layout said otherwise: the width of a value's bucket is the smallest power of two, no less
 * than the unit, that leaves the value fewer than 2^ceil(log2(2 * 10^digits)) of them. */
static int64_t naive_width(int64_t value, int64_t lowest, int digits)
{
    int64_t unit = 1;
    while (unit * 2 <= lowest)
        unit *= 2;
    int64_t sub_buckets = 1;
    while ((double)sub_buckets < 2.0 * pow(10.0, digits))
        sub_buckets *= 2;
    while (value / unit >= sub_buckets)
        unit *= 2;
    return unit;
}

static int compare(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a;
    const int64_t y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* Magnitudes spread evenly over 1..2^bits. */
static int64_t any_magnitude(struct random_state *random, unsigned bits)
{
    return (int64_t)(random_u64(random) >> (64 - 1 - random_below(random, bits)));
}

static void the_layout_is_the_one_of_the_reference(void)
{
    /* Figures of HdrHistogram's own tests: an hour in microseconds, 3 digits. */
    struct histogram h;
    CU_ASSERT_EQUAL_FATAL(histogram_create(&h, 1, 3600000000, 3), P7_OK);
    CU_ASSERT_EQUAL(histogram_length(&h), 23552);
    CU_ASSERT_EQUAL(histogram_lowest_equivalent(&h, 10007), 10000);
    CU_ASSERT_EQUAL(histogram_lowest_equivalent(&h, 10009), 10008);
    CU_ASSERT_EQUAL(histogram_highest_equivalent(&h, 8180), 8183);
    CU_ASSERT_EQUAL(histogram_highest_equivalent(&h, 8191), 8191);
    CU_ASSERT_EQUAL(histogram_highest_equivalent(&h, 8193), 8199);
    CU_ASSERT_EQUAL(histogram_highest_equivalent(&h, 9995), 9999);
    CU_ASSERT_EQUAL(histogram_highest_equivalent(&h, 10008), 10015);
    CU_ASSERT_EQUAL(histogram_median_equivalent(&h, 4), 4);
    CU_ASSERT_EQUAL(histogram_median_equivalent(&h, 4000), 4001);
    CU_ASSERT_EQUAL(histogram_median_equivalent(&h, 8000), 8002);
    CU_ASSERT_EQUAL(histogram_median_equivalent(&h, 10007), 10004);
    CU_ASSERT_EQUAL(histogram_lowest_discernible(&h), 1);
    CU_ASSERT_EQUAL(histogram_highest_trackable(&h), 3600000000);
    CU_ASSERT_EQUAL(histogram_significant_digits(&h), 3);
    histogram_destroy(&h);
}

static void a_hiccup_leaves_the_percentiles_that_the_reference_gives(void)
{
    /* 10 000 of 1 ms and one of 100 s, in microseconds: HdrHistogram's "raw" test data. */
    struct histogram h;
    CU_ASSERT_EQUAL_FATAL(histogram_create(&h, 1, 3600000000, 3), P7_OK);
    CU_ASSERT_TRUE(histogram_record_n(&h, 1000, 10000));
    CU_ASSERT_TRUE(histogram_record(&h, 100000000));
    CU_ASSERT_EQUAL(histogram_count(&h), 10001);
    CU_ASSERT_EQUAL(histogram_percentile(&h, 30.0), 1000);
    CU_ASSERT_EQUAL(histogram_percentile(&h, 99.0), 1000);
    CU_ASSERT_EQUAL(histogram_percentile(&h, 99.99), 1000);
    CU_ASSERT_EQUAL(histogram_percentile(&h, 99.999), 100007935);
    CU_ASSERT_EQUAL(histogram_percentile(&h, 100.0), 100007935);
    CU_ASSERT_EQUAL(histogram_percentile(&h, 0.0), 1000);
    /* The middle of the hiccup's bucket, 65 536 wide, is 99 975 168. */
    CU_ASSERT_DOUBLE_EQUAL(histogram_mean(&h), (10000.0 * 1000.0 + 99975168.0) / 10001.0, 1e-6);
    CU_ASSERT_EQUAL(histogram_max(&h), 100000000);
    CU_ASSERT_EQUAL(histogram_min(&h), 1000);
    histogram_destroy(&h);
}

static void percentiles_agree_exactly_with_sorted_values(void)
{
    static const struct {
        int64_t lowest;
        int64_t highest;
        int digits;
    } layouts[] = {{1, HISTOGRAM_HIGHEST_NS, 3}, {1, INT64_MAX, 1}, {1000, HISTOGRAM_HIGHEST_NS, 3},
                   {1, 1000000000, 5},           {7, 100000, 2},    {1, 2, 4}};
    static const int thousandths[] = {1,     1000,  25000, 50000, 75000,
                                      90000, 99000, 99900, 99990, 100000};
    struct random_state random;
    random_seed(&random, 1);
    for (size_t l = 0; l < sizeof(layouts) / sizeof(layouts[0]); l++) {
        struct histogram h;
        CU_ASSERT_EQUAL_FATAL(
            histogram_create(&h, layouts[l].lowest, layouts[l].highest, layouts[l].digits), P7_OK);
        for (int round = 0; round < 20; round++) {
            static int64_t values[3000];
            const size_t n = 1 + random_below(&random, 3000);
            for (size_t i = 0; i < n; i++) {
                do
                    values[i] = any_magnitude(&random, 63);
                while (values[i] > layouts[l].highest);
                CU_ASSERT_TRUE_FATAL(histogram_record(&h, values[i]));
            }
            qsort(values, n, sizeof(values[0]), compare);
            CU_ASSERT_EQUAL(histogram_min(&h), values[0]);
            CU_ASSERT_EQUAL(histogram_max(&h), values[n - 1]);
            for (size_t p = 0; p < sizeof(thousandths) / sizeof(thousandths[0]); p++) {
                const size_t rank = (n * (size_t)thousandths[p] + 99999) / 100000;
                const int64_t value = values[rank - 1];
                const int64_t width = naive_width(value, layouts[l].lowest, layouts[l].digits);
                CU_ASSERT_EQUAL_FATAL(histogram_percentile(&h, thousandths[p] / 1000.0),
                                      value / width * width + (width - 1));
            }
            histogram_reset(&h);
        }
        histogram_destroy(&h);
    }
}

static void a_percentile_is_not_rounded_up_to_one_value_more(void)
{
    struct histogram h;
    CU_ASSERT_EQUAL_FATAL(histogram_create_ns(&h), P7_OK);
    for (int64_t value = 1; value <= 1500; value++)
        CU_ASSERT_TRUE(histogram_record(&h, value));
    CU_ASSERT_EQUAL(histogram_percentile(&h, 2.2), 33); /* 2.2 * 1500 / 100 > 33 in binary */
    CU_ASSERT_EQUAL(histogram_percentile(&h, 99.9), 1499);
    CU_ASSERT_EQUAL(histogram_percentile(&h, 150.0), 1500);
    CU_ASSERT_EQUAL(histogram_percentile(&h, -1.0), 1);
    histogram_destroy(&h);
}

static void every_answer_is_within_the_digits_asked_for(void)
{
    struct random_state random;
    random_seed(&random, 2);
    for (int digits = 1; digits <= 5; digits++) {
        struct histogram h;
        CU_ASSERT_EQUAL_FATAL(histogram_create(&h, 1, INT64_MAX / 2, digits), P7_OK);
        for (int i = 0; i < 5000; i++) {
            const int64_t value = any_magnitude(&random, 62);
            const double error = (double)(histogram_highest_equivalent(&h, value) -
                                          histogram_lowest_equivalent(&h, value));
            CU_ASSERT_FATAL(error <= (double)value * pow(10.0, -digits));
        }
        histogram_destroy(&h);
    }
}

static void index_and_value_are_each_others_inverse(void)
{
    static const int64_t lowest[] = {1, 2, 1000, 4096};
    for (size_t l = 0; l < 4; l++) {
        struct histogram h;
        CU_ASSERT_EQUAL_FATAL(histogram_create(&h, lowest[l], HISTOGRAM_HIGHEST_NS, 3), P7_OK);
        int64_t next = 0;
        for (uint32_t i = 0; i < histogram_length(&h); i++) {
            const int64_t value = histogram_value_at(&h, i);
            CU_ASSERT_EQUAL_FATAL(value, next);
            CU_ASSERT_EQUAL_FATAL(histogram_index_of(&h, value), i);
            next = histogram_highest_equivalent(&h, value) + 1;
            CU_ASSERT_EQUAL_FATAL(histogram_index_of(&h, next - 1), i);
            CU_ASSERT_EQUAL_FATAL(histogram_lowest_equivalent(&h, next - 1), value);
        }
        CU_ASSERT(next > HISTOGRAM_HIGHEST_NS);
        histogram_destroy(&h);
    }
}

static void values_that_do_not_fit_are_refused_and_counted(void)
{
    struct histogram h;
    CU_ASSERT_EQUAL_FATAL(histogram_create_ns(&h), P7_OK);
    CU_ASSERT_TRUE(histogram_record(&h, HISTOGRAM_HIGHEST_NS));
    CU_ASSERT_FALSE(histogram_record(&h, -1));
    CU_ASSERT_FALSE(histogram_record(&h, INT64_MAX));
    CU_ASSERT_FALSE(histogram_record_n(&h, INT64_MIN, 3));
    CU_ASSERT_EQUAL(histogram_saturated(&h), 5);
    CU_ASSERT_EQUAL(histogram_count(&h), 1);
    CU_ASSERT_EQUAL(histogram_max(&h), HISTOGRAM_HIGHEST_NS);
    histogram_reset(&h);
    CU_ASSERT_EQUAL(histogram_saturated(&h), 0);
    histogram_destroy(&h);
}

static void an_empty_histogram_answers_zero(void)
{
    struct histogram h;
    CU_ASSERT_EQUAL_FATAL(histogram_create_ns(&h), P7_OK);
    CU_ASSERT_TRUE(histogram_record_n(&h, 5, 0));
    CU_ASSERT_EQUAL(histogram_count(&h), 0);
    CU_ASSERT_EQUAL(histogram_percentile(&h, 50.0), 0);
    CU_ASSERT_EQUAL(histogram_min(&h), 0);
    CU_ASSERT_EQUAL(histogram_max(&h), 0);
    CU_ASSERT_EQUAL(histogram_mean(&h), 0.0);
    CU_ASSERT_EQUAL(histogram_sd(&h), 0.0);
    CU_ASSERT_EQUAL(histogram_count_up_to(&h, INT64_MAX), 0);
    CU_ASSERT_EQUAL(histogram_next(&h, 0), histogram_length(&h));
    histogram_destroy(&h);
}

static void merged_histograms_answer_as_one_that_saw_everything(void)
{
    struct random_state random;
    random_seed(&random, 3);
    struct histogram part[3];
    struct histogram whole;
    CU_ASSERT_EQUAL_FATAL(histogram_create_ns(&whole), P7_OK);
    for (int p = 0; p < 3; p++)
        CU_ASSERT_EQUAL_FATAL(histogram_create_ns(&part[p]), P7_OK);
    for (int i = 0; i < 10000; i++) {
        const int64_t value = any_magnitude(&random, 44); /* some do not fit */
        const bool fits = histogram_record(&whole, value);
        CU_ASSERT_EQUAL_FATAL(histogram_record(&part[random_below(&random, 3)], value), fits);
    }
    CU_ASSERT(histogram_saturated(&whole) > 0);
    histogram_add(&part[0], &part[1]);
    histogram_add(&part[0], &part[2]);
    CU_ASSERT_EQUAL(histogram_count(&part[0]), histogram_count(&whole));
    CU_ASSERT_EQUAL(histogram_saturated(&part[0]), histogram_saturated(&whole));
    CU_ASSERT_EQUAL(histogram_min(&part[0]), histogram_min(&whole));
    CU_ASSERT_EQUAL(histogram_max(&part[0]), histogram_max(&whole));
    for (uint32_t i = 0; i < histogram_length(&whole); i++)
        CU_ASSERT_EQUAL_FATAL(histogram_count_at(&part[0], i), histogram_count_at(&whole, i));
    for (int p = 0; p < 3; p++)
        histogram_destroy(&part[p]);
    histogram_destroy(&whole);
}

static void a_merge_into_a_coarser_or_shorter_layout_keeps_every_value_or_says_so(void)
{
    struct histogram fine;
    struct histogram coarse;
    struct histogram shorter;
    CU_ASSERT_EQUAL_FATAL(histogram_create_ns(&fine), P7_OK);
    CU_ASSERT_EQUAL_FATAL(histogram_create(&coarse, 1, HISTOGRAM_HIGHEST_NS, 1), P7_OK);
    CU_ASSERT_EQUAL_FATAL(histogram_create(&shorter, 1, 1000000, 3), P7_OK);
    for (int64_t value = 1; value < 1000000000; value = value * 3 / 2 + 1)
        CU_ASSERT_TRUE(histogram_record(&fine, value));
    histogram_add(&coarse, &fine);
    histogram_add(&shorter, &fine);
    CU_ASSERT_EQUAL(histogram_count(&coarse), histogram_count(&fine));
    CU_ASSERT_EQUAL(histogram_saturated(&coarse), 0);
    CU_ASSERT(histogram_saturated(&shorter) > 0);
    CU_ASSERT_EQUAL(histogram_count(&shorter) + histogram_saturated(&shorter),
                    histogram_count(&fine));
    CU_ASSERT_DOUBLE_EQUAL((double)histogram_percentile(&coarse, 50.0),
                           (double)histogram_percentile(&fine, 50.0),
                           0.1 * (double)histogram_percentile(&fine, 50.0));
    histogram_destroy(&fine);
    histogram_destroy(&coarse);
    histogram_destroy(&shorter);
}

static void a_copy_has_the_content_and_a_life_of_its_own(void)
{
    struct histogram h;
    struct histogram copy;
    CU_ASSERT_EQUAL_FATAL(histogram_create_ns(&h), P7_OK);
    CU_ASSERT_TRUE(histogram_record(&h, 17));
    CU_ASSERT_FALSE(histogram_record(&h, -1));
    CU_ASSERT_EQUAL_FATAL(histogram_copy(&copy, &h), P7_OK);
    CU_ASSERT_TRUE(histogram_record(&h, 99));
    CU_ASSERT_EQUAL(histogram_count(&copy), 1);
    CU_ASSERT_EQUAL(histogram_saturated(&copy), 1);
    CU_ASSERT_EQUAL(histogram_max(&copy), 17);
    histogram_destroy(&h);
    CU_ASSERT_EQUAL(histogram_percentile(&copy, 100.0), 17);
    histogram_destroy(&copy);
}

static void mean_and_sd_are_those_of_the_bucket_middles(void)
{
    struct random_state random;
    random_seed(&random, 4);
    struct histogram h;
    CU_ASSERT_EQUAL_FATAL(histogram_create_ns(&h), P7_OK);
    double sum = 0.0;
    double squares = 0.0;
    const int n = 5000;
    for (int i = 0; i < n; i++) {
        const int64_t value = 1000000 + (int64_t)random_exponential(&random, 3e6);
        CU_ASSERT_TRUE_FATAL(histogram_record(&h, value));
        const int64_t width = naive_width(value, 1, 3);
        const double middle = (double)(value / width * width + width / 2);
        sum += middle;
        squares += middle * middle;
    }
    const double mean = sum / n;
    CU_ASSERT_DOUBLE_EQUAL(histogram_mean(&h), mean, mean * 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(histogram_sd(&h), sqrt(squares / n - mean * mean), mean * 1e-7);
    histogram_destroy(&h);
}

static void walking_the_recorded_buckets_meets_every_value_once(void)
{
    struct random_state random;
    random_seed(&random, 5);
    struct histogram h;
    CU_ASSERT_EQUAL_FATAL(histogram_create_ns(&h), P7_OK);
    for (int i = 0; i < 1000; i++)
        CU_ASSERT_TRUE_FATAL(histogram_record(&h, any_magnitude(&random, 41)));
    uint64_t seen = 0;
    for (uint32_t i = histogram_next(&h, 0); i < histogram_length(&h);
         i = histogram_next(&h, i + 1)) {
        CU_ASSERT_FATAL(histogram_count_at(&h, i) > 0);
        seen += histogram_count_at(&h, i);
        CU_ASSERT_EQUAL_FATAL(histogram_count_up_to(&h, histogram_value_at(&h, i)), seen);
    }
    CU_ASSERT_EQUAL(seen, 1000);
    histogram_destroy(&h);
}

static void impossible_layouts_are_refused(void)
{
    struct histogram h;
    CU_ASSERT_EQUAL(histogram_create(&h, 0, 100, 3), P7_RANGE);
    CU_ASSERT_EQUAL(histogram_create(&h, 100, 199, 3), P7_RANGE);
    CU_ASSERT_EQUAL(histogram_create(&h, 1, 100, 0), P7_RANGE);
    CU_ASSERT_EQUAL(histogram_create(&h, 1, 100, 6), P7_RANGE);
    CU_ASSERT_EQUAL(histogram_create(&h, INT64_C(1) << 60, INT64_MAX, 3), P7_RANGE);
    histogram_destroy(&h);
}

UNIT_TESTS = {
    UNIT(the_layout_is_the_one_of_the_reference),
    UNIT(a_hiccup_leaves_the_percentiles_that_the_reference_gives),
    UNIT(percentiles_agree_exactly_with_sorted_values),
    UNIT(a_percentile_is_not_rounded_up_to_one_value_more),
    UNIT(every_answer_is_within_the_digits_asked_for),
    UNIT(index_and_value_are_each_others_inverse),
    UNIT(values_that_do_not_fit_are_refused_and_counted),
    UNIT(an_empty_histogram_answers_zero),
    UNIT(merged_histograms_answer_as_one_that_saw_everything),
    UNIT(a_merge_into_a_coarser_or_shorter_layout_keeps_every_value_or_says_so),
    UNIT(a_copy_has_the_content_and_a_life_of_its_own),
    UNIT(mean_and_sd_are_those_of_the_bucket_middles),
    UNIT(walking_the_recorded_buckets_meets_every_value_once),
    UNIT(impossible_layouts_are_refused),
};
UNIT_MAIN("histogram")
