/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "responder/core/duplicate.h"

#include "sigtran/base/random.h"
#include "tests/unit/unit.h"

static struct duplicate_identity identity_of(uint64_t n, uint64_t content)
{
    return (struct duplicate_identity){.key = {n * 0x9e3779b97f4a7c15ull, n}, .content = content};
}

static const struct decision some_decision = {.primitive = DECISION_END,
                                              .body = DECISION_CALL_CONTINUE,
                                              .kind = SERVICE_ONESHOT,
                                              .invoke_id = 1};

static void a_request_is_unknown_then_in_flight_then_answered(void)
{
    struct duplicate_table table;
    const struct duplicate_identity identity = identity_of(1, 10);
    CU_ASSERT_EQUAL_FATAL(duplicate_table_create(&table, 4), P7_OK);
    CU_ASSERT_EQUAL(duplicate_find(&table, &identity).state, DUPLICATE_UNKNOWN);
    const uint64_t handle = duplicate_insert(&table, &identity, 99, &some_decision, 0);
    struct duplicate_hit hit = duplicate_find(&table, &identity);
    CU_ASSERT_EQUAL(hit.state, DUPLICATE_IN_FLIGHT);
    CU_ASSERT_EQUAL(hit.token, 99);
    CU_ASSERT_EQUAL(hit.handle, handle);
    CU_ASSERT_EQUAL(hit.decision.body, DECISION_CALL_CONTINUE);
    duplicate_mark_answered(&table, handle);
    hit = duplicate_find(&table, &identity);
    CU_ASSERT_EQUAL(hit.state, DUPLICATE_ANSWERED);
    duplicate_table_destroy(&table);
}

static void the_same_identity_with_another_content_is_a_conflict(void)
{
    struct duplicate_table table;
    const struct duplicate_identity identity = identity_of(1, 10);
    const struct duplicate_identity other = identity_of(1, 11);
    CU_ASSERT_EQUAL_FATAL(duplicate_table_create(&table, 4), P7_OK);
    (void)duplicate_insert(&table, &identity, 0, &some_decision, 0);
    CU_ASSERT_EQUAL(duplicate_find(&table, &other).state, DUPLICATE_CONFLICT);
    duplicate_table_destroy(&table);
}

static void a_full_table_evicts_the_oldest_first(void)
{
    struct duplicate_table table;
    CU_ASSERT_EQUAL_FATAL(duplicate_table_create(&table, 3), P7_OK);
    for (uint64_t n = 0; n < 5; n++) {
        const struct duplicate_identity identity = identity_of(n, 0);
        CU_ASSERT_EQUAL(duplicate_insert(&table, &identity, n, &some_decision, 0), n);
    }
    CU_ASSERT_EQUAL(table.evicted, 2);
    CU_ASSERT_EQUAL(duplicate_table_count(&table), 3);
    for (uint64_t n = 0; n < 5; n++) {
        const struct duplicate_identity identity = identity_of(n, 0);
        const struct duplicate_hit hit = duplicate_find(&table, &identity);
        CU_ASSERT_EQUAL(hit.state, n < 2 ? DUPLICATE_UNKNOWN : DUPLICATE_IN_FLIGHT);
        if (n >= 2)
            CU_ASSERT_EQUAL(hit.handle, n);
    }
    duplicate_table_destroy(&table);
}

static void marking_an_evicted_request_touches_nobody_else(void)
{
    struct duplicate_table table;
    const struct duplicate_identity old = identity_of(1, 0);
    const struct duplicate_identity new = identity_of(2, 0);
    CU_ASSERT_EQUAL_FATAL(duplicate_table_create(&table, 1), P7_OK);
    const uint64_t handle = duplicate_insert(&table, &old, 0, &some_decision, 0);
    (void)duplicate_insert(&table, &new, 0, &some_decision, 0);
    duplicate_mark_answered(&table, handle);
    duplicate_mark_answered(&table, DUPLICATE_HANDLE_NONE);
    CU_ASSERT_EQUAL(duplicate_find(&table, &new).state, DUPLICATE_IN_FLIGHT);
    duplicate_table_destroy(&table);
}

static void a_table_without_room_remembers_nothing(void)
{
    struct duplicate_table table;
    const struct duplicate_identity identity = identity_of(1, 0);
    CU_ASSERT_EQUAL_FATAL(duplicate_table_create(&table, 0), P7_OK);
    CU_ASSERT_EQUAL(duplicate_insert(&table, &identity, 0, &some_decision, 0),
                    DUPLICATE_HANDLE_NONE);
    CU_ASSERT_EQUAL(duplicate_find(&table, &identity).state, DUPLICATE_UNKNOWN);
    duplicate_mark_answered(&table, 0);
    duplicate_table_destroy(&table);
    CU_ASSERT_EQUAL(duplicate_table_create(&table, DUPLICATES_MAX + 1), P7_RANGE);
}

/* Few identities, all in a handful of buckets, against a list that is searched from its end. */
static void random_use_agrees_with_a_naive_model(void)
{
    enum { CAPACITY = 13, IDENTITIES = 40, STEPS = 20000 };
    static struct {
        uint64_t n, content;
        bool answered;
    } model[STEPS];
    struct duplicate_table table;
    struct random_state random;
    size_t inserted = 0;
    random_seed(&random, 5);
    CU_ASSERT_EQUAL_FATAL(duplicate_table_create(&table, CAPACITY), P7_OK);
    for (unsigned step = 0; step < STEPS; step++) {
        const uint64_t n = random_below(&random, IDENTITIES);
        const uint64_t content = random_below(&random, 2);
        const struct duplicate_identity identity = {.key = {n % 3, n}, .content = content};
        const size_t oldest = inserted > CAPACITY ? inserted - CAPACITY : 0;
        enum duplicate_state expected = DUPLICATE_UNKNOWN;
        for (size_t i = inserted; i > oldest && expected == DUPLICATE_UNKNOWN; i--)
            if (model[i - 1].n == n)
                expected = model[i - 1].content != content ? DUPLICATE_CONFLICT
                           : model[i - 1].answered         ? DUPLICATE_ANSWERED
                                                           : DUPLICATE_IN_FLIGHT;
        const struct duplicate_hit hit = duplicate_find(&table, &identity);
        CU_ASSERT_EQUAL_FATAL(hit.state, expected);
        if (expected == DUPLICATE_UNKNOWN || random_below(&random, 8) == 0) {
            CU_ASSERT_EQUAL(duplicate_insert(&table, &identity, step, &some_decision, 0), inserted);
            model[inserted].n = n;
            model[inserted].content = content;
            inserted++;
        } else if (random_below(&random, 2) == 0) {
            duplicate_mark_answered(&table, hit.handle);
            model[hit.handle].answered = true;
        }
    }
    CU_ASSERT_EQUAL(table.evicted, inserted - CAPACITY);
    duplicate_table_destroy(&table);
}

static void the_newest_is_taken_back_and_the_one_before_shows_again(void)
{
    struct duplicate_table table;
    struct duplicate_identity newest;
    CU_ASSERT_EQUAL_FATAL(duplicate_table_create(&table, 2), P7_OK);
    const struct duplicate_identity a = identity_of(1, 1);
    const struct duplicate_identity b = identity_of(1, 2);
    (void)duplicate_insert(&table, &a, 10, &some_decision, 0);
    const uint64_t handle = duplicate_insert(&table, &b, 11, &some_decision, 0);
    CU_ASSERT_TRUE(duplicate_newest(&table, &newest));
    CU_ASSERT_EQUAL(newest.content, 2);
    duplicate_remove_newest(&table);
    CU_ASSERT_EQUAL(duplicate_find(&table, &a).token, 10);
    CU_ASSERT_EQUAL(duplicate_table_count(&table), 1);
    CU_ASSERT_EQUAL(duplicate_insert(&table, &b, 12, &some_decision, 0), handle);
    CU_ASSERT_EQUAL(duplicate_find(&table, &b).token, 12);
    CU_ASSERT_EQUAL(table.evicted, 0);
    duplicate_table_destroy(&table);
}

static void what_an_entry_evicted_does_not_come_back_with_its_removal(void)
{
    struct duplicate_table table;
    struct duplicate_identity newest;
    CU_ASSERT_EQUAL_FATAL(duplicate_table_create(&table, 2), P7_OK);
    for (uint64_t n = 1; n <= 3; n++) {
        const struct duplicate_identity identity = identity_of(n, 0);
        (void)duplicate_insert(&table, &identity, n, &some_decision, 0);
    }
    const struct duplicate_identity evicted = identity_of(1, 0);
    const struct duplicate_identity kept = identity_of(2, 0);
    duplicate_remove_newest(&table);
    CU_ASSERT_EQUAL(duplicate_find(&table, &evicted).state, DUPLICATE_UNKNOWN);
    CU_ASSERT_EQUAL(duplicate_find(&table, &kept).token, 2);
    CU_ASSERT_EQUAL(table.evicted, 1);
    /* Removing more than there is does nothing. */
    duplicate_remove_newest(&table);
    duplicate_remove_newest(&table);
    duplicate_remove_newest(&table);
    CU_ASSERT_EQUAL(duplicate_table_count(&table), 0);
    CU_ASSERT_FALSE(duplicate_newest(&table, &newest));
    duplicate_table_destroy(&table);
}

UNIT_TESTS = {
    UNIT(the_newest_is_taken_back_and_the_one_before_shows_again),
    UNIT(what_an_entry_evicted_does_not_come_back_with_its_removal),
    UNIT(a_request_is_unknown_then_in_flight_then_answered),
    UNIT(the_same_identity_with_another_content_is_a_conflict),
    UNIT(a_full_table_evicts_the_oldest_first),
    UNIT(marking_an_evicted_request_touches_nobody_else),
    UNIT(a_table_without_room_remembers_nothing),
    UNIT(random_use_agrees_with_a_naive_model),
};
UNIT_MAIN("responder/core/duplicate")
