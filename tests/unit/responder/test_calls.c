/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "responder/core/calls.h"

#include "sigtran/base/random.h"
#include "tests/unit/unit.h"

static struct service_dialogue call_of(uint64_t high, uint64_t low, uint32_t sequence)
{
    return (struct service_dialogue){
        .reference = {high, low}, .sequence = sequence, .state = SERVICE_DIALOGUE_CALL};
}

static void a_call_is_found_by_both_halves_of_its_reference(void)
{
    struct calls calls;
    CU_ASSERT_EQUAL_FATAL(calls_create(&calls, 4), P7_OK);
    const struct service_dialogue a = call_of(1, 2, 10);
    const struct service_dialogue b = call_of(1, 3, 11);
    CU_ASSERT_PTR_NOT_NULL(calls_put(&calls, &a));
    CU_ASSERT_PTR_NULL(calls_find(&calls, b.reference));
    CU_ASSERT_PTR_NOT_NULL(calls_put(&calls, &b));
    CU_ASSERT_EQUAL(calls_find(&calls, a.reference)->sequence, 10);
    CU_ASSERT_EQUAL(calls_find(&calls, b.reference)->sequence, 11);
    CU_ASSERT_EQUAL(calls_count(&calls), 2);
    calls_destroy(&calls);
}

static void a_call_that_is_there_is_replaced_also_where_there_is_no_room(void)
{
    struct calls calls;
    CU_ASSERT_EQUAL_FATAL(calls_create(&calls, 1), P7_OK);
    const struct service_dialogue first = call_of(7, 7, 1);
    const struct service_dialogue again = call_of(7, 7, 2);
    const struct service_dialogue other = call_of(8, 7, 3);
    CU_ASSERT_PTR_NOT_NULL(calls_put(&calls, &first));
    CU_ASSERT_PTR_NULL(calls_put(&calls, &other));
    CU_ASSERT_PTR_NOT_NULL(calls_put(&calls, &again));
    CU_ASSERT_EQUAL(calls_find(&calls, first.reference)->sequence, 2);
    CU_ASSERT_EQUAL(calls_count(&calls), 1);
    calls_remove(&calls, other.reference);
    CU_ASSERT_EQUAL(calls_count(&calls), 1);
    calls_remove(&calls, first.reference);
    CU_ASSERT_EQUAL(calls_count(&calls), 0);
    CU_ASSERT_PTR_NOT_NULL(calls_put(&calls, &other));
    calls_destroy(&calls);
}

static void no_room_at_all_is_refused(void)
{
    struct calls calls;
    CU_ASSERT_EQUAL(calls_create(&calls, 0), P7_RANGE);
}

/* Against the simplest model there is; few references, so that chains are long and busy. */
#define REFERENCES 64u

static void it_behaves_as_an_array_does(void)
{
    struct calls calls;
    struct random_state random;
    uint32_t model[REFERENCES] = {0};
    uint32_t count = 0;
    random_seed(&random, 42);
    CU_ASSERT_EQUAL_FATAL(calls_create(&calls, REFERENCES / 2), P7_OK);
    for (uint32_t i = 1; i < 20000; i++) {
        const uint32_t n = (uint32_t)random_below(&random, REFERENCES);
        const struct service_dialogue call = call_of((uint64_t)(n % 4) << 32, n, i);
        if (random_below(&random, 2) == 0) {
            const bool room = model[n] != 0 || count < REFERENCES / 2;
            CU_ASSERT_EQUAL(calls_put(&calls, &call) != NULL, room);
            count += room && model[n] == 0;
            model[n] = room ? i : 0;
        } else {
            calls_remove(&calls, call.reference);
            count -= model[n] != 0;
            model[n] = 0;
        }
        const uint32_t m = (uint32_t)random_below(&random, REFERENCES);
        const uint64_t reference[2] = {(uint64_t)(m % 4) << 32, m};
        const struct service_dialogue *found = calls_find(&calls, reference);
        CU_ASSERT_EQUAL(found == NULL ? 0 : found->sequence, model[m]);
        CU_ASSERT_EQUAL(calls_count(&calls), count);
    }
    calls_destroy(&calls);
}

UNIT_TESTS = {
    UNIT(a_call_is_found_by_both_halves_of_its_reference),
    UNIT(a_call_that_is_there_is_replaced_also_where_there_is_no_room),
    UNIT(no_room_at_all_is_refused),
    UNIT(it_behaves_as_an_array_does),
};
UNIT_MAIN("calls")
