/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "sigtran/base/random.h"

#include <math.h>
#include <string.h>

#include "tests/unit/unit.h"

static void the_numbers_are_those_of_the_reference_xoshiro256_plus_plus(void)
{
    struct random_state random = {.word = {1, 2, 3, 4}};
    static const uint64_t expected[] = {41943041u, 58720359u, 3588806011781223u, 3591011842654386u};
    for (size_t i = 0; i < 4; i++)
        CU_ASSERT_EQUAL(random_u64(&random), expected[i]);
}

static void a_seed_is_spread_by_splitmix64(void)
{
    struct random_state random;
    random_seed(&random, 0);
    static const uint64_t expected[] = {0xe220a8397b1dcdafu, 0x6e789e6aa1b965f4u,
                                        0x06c45d188009454fu, 0xf88bb8a8724c81ecu};
    CU_ASSERT_EQUAL(memcmp(random.word, expected, sizeof(expected)), 0);
}

static void equal_seeds_give_equal_streams_and_others_do_not(void)
{
    struct random_state a;
    struct random_state b;
    struct random_state c;
    random_seed(&a, 42);
    random_seed(&b, 42);
    random_seed(&c, 43);
    unsigned same = 0;
    for (int i = 0; i < 1000; i++) {
        const uint64_t v = random_u64(&a);
        CU_ASSERT_EQUAL(random_u64(&b), v);
        same += random_u64(&c) == v;
    }
    CU_ASSERT_EQUAL(same, 0);
}

static void below_is_uniform_over_a_bound_that_is_no_power_of_two(void)
{
    struct random_state random;
    random_seed(&random, 1);
    unsigned hits[7] = {0};
    for (int i = 0; i < 70000; i++) {
        const uint64_t v = random_below(&random, 7);
        CU_ASSERT_FATAL(v < 7);
        hits[v]++;
    }
    double chi_squared = 0.0;
    for (int i = 0; i < 7; i++)
        chi_squared += pow((double)hits[i] - 10000.0, 2) / 10000.0;
    CU_ASSERT(chi_squared < 22.46); /* 6 degrees of freedom, 99.9 % */
    CU_ASSERT_EQUAL(random_below(&random, 1), 0);
    CU_ASSERT(random_below(&random, UINT64_MAX) < UINT64_MAX);
}

static void unit_lies_in_its_half_open_range_with_the_right_moments(void)
{
    struct random_state random;
    random_seed(&random, 2);
    double sum = 0.0;
    double squares = 0.0;
    const int n = 100000;
    for (int i = 0; i < n; i++) {
        const double v = random_unit(&random);
        CU_ASSERT_FATAL(v >= 0.0 && v < 1.0);
        sum += v;
        squares += v * v;
    }
    CU_ASSERT_DOUBLE_EQUAL(sum / n, 0.5, 0.005);
    CU_ASSERT_DOUBLE_EQUAL(squares / n, 1.0 / 3.0, 0.005);
}

static void exponential_has_its_mean_its_spread_and_its_tail(void)
{
    struct random_state random;
    random_seed(&random, 3);
    const int n = 200000;
    double sum = 0.0;
    double squares = 0.0;
    int over_three_means = 0;
    for (int i = 0; i < n; i++) {
        const double v = random_exponential(&random, 5.0);
        CU_ASSERT_FATAL(v >= 0.0 && isfinite(v));
        sum += v;
        squares += v * v;
        over_three_means += v > 15.0;
    }
    CU_ASSERT_DOUBLE_EQUAL(sum / n, 5.0, 0.05);
    CU_ASSERT_DOUBLE_EQUAL(squares / n, 50.0, 1.2);
    CU_ASSERT_DOUBLE_EQUAL((double)over_three_means / n, exp(-3.0), 0.003);
}

UNIT_TESTS = {
    UNIT(the_numbers_are_those_of_the_reference_xoshiro256_plus_plus),
    UNIT(a_seed_is_spread_by_splitmix64),
    UNIT(equal_seeds_give_equal_streams_and_others_do_not),
    UNIT(below_is_uniform_over_a_bound_that_is_no_power_of_two),
    UNIT(unit_lies_in_its_half_open_range_with_the_right_moments),
    UNIT(exponential_has_its_mean_its_spread_and_its_tail),
};
UNIT_MAIN("random")
