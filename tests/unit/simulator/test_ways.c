/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "simulator/core/ways.h"

#include "tests/unit/unit.h"

#define A  0u
#define B  1u
#define OA 1u
#define OB 2u

static struct ways ways_of(enum ways_policy policy)
{
    struct ways ways;
    ways_init(&ways, policy, 2);
    return ways;
}

static void active_takes_the_first_open_way(void)
{
    struct ways ways = ways_of(WAYS_ACTIVE);
    CU_ASSERT_EQUAL(ways_first(&ways, OA | OB), A);
    CU_ASSERT_EQUAL(ways_first(&ways, OB), B);
    CU_ASSERT_EQUAL(ways_first(&ways, OA | OB), A);
    CU_ASSERT_EQUAL(ways_first(&ways, 0), WAYS_NONE);
}

static void a_resend_prefers_the_other_way_and_takes_the_same_when_it_is_the_only_one(void)
{
    const struct ways ways = ways_of(WAYS_ACTIVE);
    CU_ASSERT_EQUAL(ways_other(&ways, OA | OB, A), B);
    CU_ASSERT_EQUAL(ways_other(&ways, OA | OB, B), A);
    CU_ASSERT_EQUAL(ways_other(&ways, OA, A), A);
    CU_ASSERT_EQUAL(ways_other(&ways, OB, B), B);
    CU_ASSERT_EQUAL(ways_other(&ways, 0, A), WAYS_NONE);
    CU_ASSERT_EQUAL(ways_other(&ways, OB, WAYS_NONE), B);
}

static void the_way_that_answered_for_a_silent_one_is_preferred_until_it_fails_itself(void)
{
    struct ways ways = ways_of(WAYS_ACTIVE);
    ways_answered(&ways, A, B, 1);
    CU_ASSERT_EQUAL(ways_first(&ways, OA | OB), B);
    /* It is silent itself, and A answers for it. */
    ways_answered(&ways, B, A, 1);
    CU_ASSERT_EQUAL(ways_first(&ways, OA | OB), A);
    ways_answered(&ways, A, B, 2);
    /* Its way closes: the order of the configuration holds again, also when it is back. */
    CU_ASSERT_EQUAL(ways_first(&ways, OA), A);
    CU_ASSERT_EQUAL(ways_first(&ways, OA | OB), A);
}

static void only_a_reply_from_elsewhere_to_a_repeated_request_proves_anything(void)
{
    struct ways ways = ways_of(WAYS_ACTIVE);
    ways_answered(&ways, A, B, 0);
    ways_answered(&ways, A, A, 1);
    ways_answered(&ways, A, WAYS_NONE, 1);
    CU_ASSERT_EQUAL(ways_first(&ways, OA | OB), A);
    struct ways turns = ways_of(WAYS_ROUND_ROBIN);
    ways_answered(&turns, A, B, 1);
    CU_ASSERT_EQUAL(ways_first(&turns, OA | OB), A);
}

static void round_robin_alternates_among_the_open_ways(void)
{
    struct ways ways = ways_of(WAYS_ROUND_ROBIN);
    CU_ASSERT_EQUAL(ways_first(&ways, OA | OB), A);
    CU_ASSERT_EQUAL(ways_first(&ways, OA | OB), B);
    CU_ASSERT_EQUAL(ways_first(&ways, OA | OB), A);
    CU_ASSERT_EQUAL(ways_first(&ways, OA), A);
    CU_ASSERT_EQUAL(ways_first(&ways, OA), A);
    CU_ASSERT_EQUAL(ways_first(&ways, 0), WAYS_NONE);
    CU_ASSERT_EQUAL(ways_first(&ways, OA | OB), B);
}

static void both_take_the_first_and_another_one(void)
{
    struct ways ways = ways_of(WAYS_BOTH);
    CU_ASSERT_EQUAL(ways_first(&ways, OA | OB), A);
    CU_ASSERT_EQUAL(ways_second(&ways, OA | OB, A), B);
    CU_ASSERT_EQUAL(ways_first(&ways, OB), B);
    CU_ASSERT_EQUAL(ways_second(&ways, OB, B), WAYS_NONE);
}

UNIT_TESTS = {
    UNIT(active_takes_the_first_open_way),
    UNIT(a_resend_prefers_the_other_way_and_takes_the_same_when_it_is_the_only_one),
    UNIT(the_way_that_answered_for_a_silent_one_is_preferred_until_it_fails_itself),
    UNIT(only_a_reply_from_elsewhere_to_a_repeated_request_proves_anything),
    UNIT(round_robin_alternates_among_the_open_ways),
    UNIT(both_take_the_first_and_another_one),
};
UNIT_MAIN("ways")
