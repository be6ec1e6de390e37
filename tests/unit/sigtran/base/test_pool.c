/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "sigtran/base/pool.h"

#include <stdbool.h>
#include <string.h>

#include "sigtran/base/random.h"
#include "tests/unit/unit.h"

static void a_pool_gives_out_each_of_its_slots_once_and_then_none(void)
{
    struct pool pool;
    CU_ASSERT_EQUAL_FATAL(pool_create(&pool, sizeof(uint64_t), 100), P7_OK);
    bool taken[100] = {false};
    for (int i = 0; i < 100; i++) {
        const uint32_t index = pool_take(&pool);
        CU_ASSERT_FATAL(index < 100 && !taken[index]);
        taken[index] = true;
    }
    CU_ASSERT_EQUAL(pool_take(&pool), POOL_NONE);
    CU_ASSERT_EQUAL(pool.in_use, 100);
    pool_give(&pool, 42);
    CU_ASSERT_EQUAL(pool_take(&pool), 42);
    CU_ASSERT_EQUAL(pool_take(&pool), POOL_NONE);
    pool_destroy(&pool);
}

static void a_slot_is_zeroed_whenever_it_is_taken(void)
{
    static const uint8_t zeroes[24] = {0};
    struct pool pool;
    CU_ASSERT_EQUAL_FATAL(pool_create(&pool, sizeof(zeroes), 4), P7_OK);
    for (int round = 0; round < 20; round++) {
        const uint32_t a = pool_take(&pool);
        const uint32_t b = pool_take(&pool);
        CU_ASSERT_EQUAL(memcmp(pool_at(&pool, a), zeroes, sizeof(zeroes)), 0);
        CU_ASSERT_EQUAL(memcmp(pool_at(&pool, b), zeroes, sizeof(zeroes)), 0);
        memset(pool_at(&pool, a), 0xaa, sizeof(zeroes));
        memset(pool_at(&pool, b), 0xbb, sizeof(zeroes));
        pool_give(&pool, a);
        pool_give(&pool, b);
    }
    pool_destroy(&pool);
}

static void impossible_sizes_are_refused_and_leave_nothing_behind(void)
{
    struct pool pool;
    CU_ASSERT_EQUAL(pool_create(&pool, 0, 1), P7_RANGE);
    CU_ASSERT_EQUAL(pool_create(&pool, 1, 0), P7_RANGE);
    CU_ASSERT_EQUAL(pool_create(&pool, 1, UINT32_MAX), P7_RANGE);
    CU_ASSERT_EQUAL(pool_create(&pool, 1, UINT32_MAX - 1), P7_RANGE);
    CU_ASSERT_PTR_NULL(pool.slots);
    pool_destroy(&pool);
}

static void taking_and_giving_at_random_agrees_with_a_naive_model(void)
{
    enum { CAPACITY = 37 };
    struct pool pool;
    CU_ASSERT_EQUAL_FATAL(pool_create(&pool, sizeof(uint64_t), CAPACITY), P7_OK);
    struct random_state random;
    random_seed(&random, 11);
    uint64_t content[CAPACITY] = {0};
    bool taken[CAPACITY] = {false};
    uint32_t in_use = 0;
    for (int step = 0; step < 20000; step++) {
        const uint32_t victim = (uint32_t)random_below(&random, CAPACITY);
        if (taken[victim]) {
            CU_ASSERT_EQUAL_FATAL(*(uint64_t *)pool_at(&pool, victim), content[victim]);
            pool_give(&pool, victim);
            taken[victim] = false;
            in_use--;
        } else {
            const uint32_t index = pool_take(&pool);
            CU_ASSERT_EQUAL_FATAL(index == POOL_NONE, in_use == CAPACITY);
            CU_ASSERT_FATAL(index < CAPACITY && !taken[index]);
            CU_ASSERT_EQUAL_FATAL(*(uint64_t *)pool_at(&pool, index), 0);
            content[index] = random_u64(&random);
            *(uint64_t *)pool_at(&pool, index) = content[index];
            taken[index] = true;
            in_use++;
        }
        CU_ASSERT_EQUAL_FATAL(pool.in_use, in_use);
    }
    pool_destroy(&pool);
}

UNIT_TESTS = {
    UNIT(a_pool_gives_out_each_of_its_slots_once_and_then_none),
    UNIT(a_slot_is_zeroed_whenever_it_is_taken),
    UNIT(impossible_sizes_are_refused_and_leave_nothing_behind),
    UNIT(taking_and_giving_at_random_agrees_with_a_naive_model),
};
UNIT_MAIN("pool")
