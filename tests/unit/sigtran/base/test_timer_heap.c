/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "sigtran/base/timer_heap.h"

#include "sigtran/base/random.h"
#include "tests/unit/unit.h"

static void timers_come_out_in_the_order_of_their_deadlines(void)
{
    struct timer_heap heap;
    CU_ASSERT_EQUAL_FATAL(timer_heap_create(&heap, 5), P7_OK);
    static const int64_t deadlines[] = {50, 10, 40, 20, 30};
    for (uint32_t id = 0; id < 5; id++)
        timer_heap_arm(&heap, id, deadlines[id]);
    static const uint32_t order[] = {1, 3, 4, 2, 0};
    for (size_t i = 0; i < 5; i++) {
        CU_ASSERT_EQUAL(timer_heap_deadline_ns(&heap), deadlines[order[i]]);
        CU_ASSERT_EQUAL(timer_heap_pop_due(&heap, 100), order[i]);
    }
    CU_ASSERT_EQUAL(timer_heap_pop_due(&heap, 100), TIMER_HEAP_NONE);
    timer_heap_destroy(&heap);
}

static void a_timer_is_due_at_its_deadline_and_not_before(void)
{
    struct timer_heap heap;
    CU_ASSERT_EQUAL_FATAL(timer_heap_create(&heap, 1), P7_OK);
    CU_ASSERT_EQUAL(timer_heap_deadline_ns(&heap), TIMER_NEVER_NS);
    timer_heap_arm(&heap, 0, 1000);
    CU_ASSERT_EQUAL(timer_heap_pop_due(&heap, 999), TIMER_HEAP_NONE);
    CU_ASSERT_TRUE(timer_heap_is_armed(&heap, 0));
    CU_ASSERT_EQUAL(timer_heap_pop_due(&heap, 1000), 0);
    CU_ASSERT_FALSE(timer_heap_is_armed(&heap, 0));
    CU_ASSERT_EQUAL(timer_heap_deadline_ns(&heap), TIMER_NEVER_NS);
    timer_heap_destroy(&heap);
}

static void a_rearmed_timer_has_its_new_deadline_alone(void)
{
    struct timer_heap heap;
    CU_ASSERT_EQUAL_FATAL(timer_heap_create(&heap, 3), P7_OK);
    timer_heap_arm(&heap, 0, 10);
    timer_heap_arm(&heap, 1, 20);
    timer_heap_arm(&heap, 0, 30);
    CU_ASSERT_EQUAL(timer_heap_pop_due(&heap, 25), 1);
    CU_ASSERT_EQUAL(timer_heap_pop_due(&heap, 25), TIMER_HEAP_NONE);
    timer_heap_arm(&heap, 0, 5);
    CU_ASSERT_EQUAL(timer_heap_pop_due(&heap, 5), 0);
    timer_heap_cancel(&heap, 2);
    CU_ASSERT_FALSE(timer_heap_is_armed(&heap, 2));
    timer_heap_destroy(&heap);
}

static void a_heap_without_room_is_refused(void)
{
    struct timer_heap heap;
    CU_ASSERT_EQUAL(timer_heap_create(&heap, 0), P7_RANGE);
    timer_heap_destroy(&heap);
}

enum { TIMERS = 61 };

/* The naive model: a deadline per timer, 0 when not armed. */
static int64_t earliest(const int64_t deadlines[TIMERS])
{
    int64_t least = TIMER_NEVER_NS;
    for (size_t i = 0; i < TIMERS; i++)
        if (deadlines[i] != 0 && deadlines[i] < least)
            least = deadlines[i];
    return least;
}

static void arming_cancelling_and_popping_at_random_agrees_with_a_naive_model(void)
{
    struct timer_heap heap;
    CU_ASSERT_EQUAL_FATAL(timer_heap_create(&heap, TIMERS), P7_OK);
    struct random_state random;
    random_seed(&random, 5);
    int64_t deadlines[TIMERS] = {0};
    int64_t now_ns = 1;
    unsigned popped = 0;
    for (int step = 0; step < 50000; step++) {
        const uint32_t id = (uint32_t)random_below(&random, TIMERS);
        switch (random_below(&random, 4)) {
        case 0:
        case 1:
            /* Few distinct deadlines: ties are common. */
            deadlines[id] = now_ns + (int64_t)random_below(&random, 200);
            timer_heap_arm(&heap, id, deadlines[id]);
            break;
        case 2:
            deadlines[id] = 0;
            timer_heap_cancel(&heap, id);
            break;
        default:
            now_ns += (int64_t)random_below(&random, 20);
            for (uint32_t due; (due = timer_heap_pop_due(&heap, now_ns)) != TIMER_HEAP_NONE;) {
                CU_ASSERT_EQUAL_FATAL(deadlines[due], earliest(deadlines));
                CU_ASSERT_FATAL(deadlines[due] <= now_ns);
                deadlines[due] = 0;
                popped++;
            }
            break;
        }
        CU_ASSERT_EQUAL_FATAL(timer_heap_deadline_ns(&heap), earliest(deadlines));
        CU_ASSERT_EQUAL_FATAL(timer_heap_is_armed(&heap, id), deadlines[id] != 0);
    }
    CU_ASSERT(popped > 1000);
    timer_heap_destroy(&heap);
}

UNIT_TESTS = {
    UNIT(timers_come_out_in_the_order_of_their_deadlines),
    UNIT(a_timer_is_due_at_its_deadline_and_not_before),
    UNIT(a_rearmed_timer_has_its_new_deadline_alone),
    UNIT(a_heap_without_room_is_refused),
    UNIT(arming_cancelling_and_popping_at_random_agrees_with_a_naive_model),
};
UNIT_MAIN("timer_heap")
