/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "responder/core/fault.h"

#include "tests/unit/unit.h"

static void each_fault_comes_as_often_as_its_weight_says(void)
{
    const struct fault_params params = {
        .error_weight = 10000, .drop_weight = 20000, .delay_weight = 30000, .delay_ms = 5};
    struct fault_plan plan;
    unsigned count[4] = {0};
    CU_ASSERT_EQUAL_FATAL(fault_plan_init(&plan, &params, 1), P7_OK);
    for (unsigned i = 0; i < 100000; i++)
        count[fault_plan_next(&plan)]++;
    /* Five standard deviations of a binomial are under 800 each. */
    CU_ASSERT_TRUE(count[FAULT_ERROR] > 9200 && count[FAULT_ERROR] < 10800);
    CU_ASSERT_TRUE(count[FAULT_DROP] > 19200 && count[FAULT_DROP] < 20800);
    CU_ASSERT_TRUE(count[FAULT_DELAY] > 29200 && count[FAULT_DELAY] < 30800);
}

static void the_same_seed_gives_the_same_faults(void)
{
    const struct fault_params params = {.error_weight = 50000};
    struct fault_plan a, b;
    CU_ASSERT_EQUAL_FATAL(fault_plan_init(&a, &params, 9), P7_OK);
    CU_ASSERT_EQUAL_FATAL(fault_plan_init(&b, &params, 9), P7_OK);
    for (unsigned i = 0; i < 1000; i++)
        CU_ASSERT_EQUAL(fault_plan_next(&a), fault_plan_next(&b));
}

static void full_and_empty_weights_leave_nothing_to_chance(void)
{
    struct fault_params params = {.drop_weight = FAULT_WEIGHT_SCALE};
    struct fault_plan plan;
    CU_ASSERT_EQUAL_FATAL(fault_plan_init(&plan, &params, 1), P7_OK);
    for (unsigned i = 0; i < 1000; i++)
        CU_ASSERT_EQUAL(fault_plan_next(&plan), FAULT_DROP);
    params.drop_weight = 0;
    CU_ASSERT_EQUAL_FATAL(fault_plan_init(&plan, &params, 1), P7_OK);
    for (unsigned i = 0; i < 1000; i++)
        CU_ASSERT_EQUAL(fault_plan_next(&plan), FAULT_NONE);
    params.drop_weight = FAULT_WEIGHT_SCALE;
    params.error_weight = 1;
    CU_ASSERT_EQUAL(fault_plan_init(&plan, &params, 1), P7_RANGE);
}

UNIT_TESTS = {
    UNIT(each_fault_comes_as_often_as_its_weight_says),
    UNIT(the_same_seed_gives_the_same_faults),
    UNIT(full_and_empty_weights_leave_nothing_to_chance),
};
UNIT_MAIN("responder/core/fault")
