/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Whether peers are still there: TS29.078-11.2, activityTest of class 3 (Q.774-3.2.1.1). */
#include "responder/core/activity.h"

#include "sigtran/codec/cap_operation.h"
#include "tests/unit/unit.h"

#define SEC     INT64_C(1000000000)
#define SILENCE (60 * SEC)
#define ANSWER  (5 * SEC)

struct due {
    enum activity_verdict verdict;
    uint32_t dialogue;
    uint32_t local_id;
};

static struct due next(struct activity *activity, int64_t now_ns)
{
    struct due due = {.dialogue = UINT32_MAX};
    due.verdict = activity_next(activity, now_ns, &due.dialogue, &due.local_id);
    return due;
}

static void open(struct activity *activity)
{
    CU_ASSERT_EQUAL_FATAL(activity_create(activity, 8, SILENCE, ANSWER), P7_OK);
}

static void a_silent_peer_is_asked_and_then_lost(void)
{
    struct activity activity;
    open(&activity);
    activity_heard(&activity, 3, 77, 0);
    CU_ASSERT_EQUAL(activity_deadline_ns(&activity), SILENCE);
    CU_ASSERT_EQUAL(next(&activity, SILENCE - 1).verdict, ACTIVITY_NOTHING);
    struct due due = next(&activity, SILENCE);
    CU_ASSERT(due.verdict == ACTIVITY_TEST && due.dialogue == 3 && due.local_id == 77);
    CU_ASSERT_EQUAL(next(&activity, SILENCE + ANSWER - 1).verdict, ACTIVITY_NOTHING);
    due = next(&activity, SILENCE + ANSWER);
    CU_ASSERT(due.verdict == ACTIVITY_LOST && due.dialogue == 3 && due.local_id == 77);
    CU_ASSERT_EQUAL(activity_deadline_ns(&activity), TIMER_NEVER_NS); /* told once */
    activity_destroy(&activity);
}

static void whatever_the_peer_says_puts_the_test_off(void)
{
    struct activity activity;
    open(&activity);
    activity_heard(&activity, 3, 77, 0);
    activity_heard(&activity, 3, 77, 50 * SEC);
    CU_ASSERT_EQUAL(next(&activity, SILENCE).verdict, ACTIVITY_NOTHING);
    CU_ASSERT_EQUAL(next(&activity, 110 * SEC).verdict, ACTIVITY_TEST);
    activity_heard(&activity, 3, 77, 112 * SEC); /* the answer */
    CU_ASSERT_EQUAL(next(&activity, 115 * SEC).verdict, ACTIVITY_NOTHING);
    CU_ASSERT_EQUAL(next(&activity, 172 * SEC).verdict, ACTIVITY_TEST);
    activity_destroy(&activity);
}

static void a_later_dialogue_in_the_same_slot_begins_anew(void)
{
    struct activity activity;
    open(&activity);
    activity_heard(&activity, 3, 77, 0);
    CU_ASSERT_EQUAL(next(&activity, SILENCE).verdict, ACTIVITY_TEST);
    activity_heard(&activity, 3, 78, SILENCE + SEC);
    CU_ASSERT_EQUAL(next(&activity, SILENCE + ANSWER).verdict, ACTIVITY_NOTHING);
    const struct due due = next(&activity, 2 * SILENCE + SEC);
    CU_ASSERT(due.verdict == ACTIVITY_TEST && due.local_id == 78);
    activity_over(&activity, 3);
    CU_ASSERT_EQUAL(activity_deadline_ns(&activity), TIMER_NEVER_NS);
    activity_destroy(&activity);
}

static void only_what_answers_the_test_alone_is_its_answer(void)
{
    struct tcap_message message = {.type = TCAP_CONTINUE, .component_count = 1};
    message.components[0] = activity_invoke();
    CU_ASSERT_EQUAL(message.components[0].code, CAP_ACTIVITY_TEST);
    CU_ASSERT_FALSE(activity_is_answer(&message)); /* the peer's own test */
    message.components[0].type = TCAP_RETURN_RESULT_LAST;
    CU_ASSERT_TRUE(activity_is_answer(&message));
    message.components[0].type = TCAP_REJECT; /* it does not know the operation, but it is there */
    CU_ASSERT_TRUE(activity_is_answer(&message));
    message.component_count = 2;
    CU_ASSERT_FALSE(activity_is_answer(&message));
    message.component_count = 1;
    message.components[0].invoke_id = 5;
    CU_ASSERT_FALSE(activity_is_answer(&message));
}

static void times_must_be_above_zero(void)
{
    struct activity activity;
    CU_ASSERT_EQUAL(activity_create(&activity, 8, 0, ANSWER), P7_RANGE);
    CU_ASSERT_EQUAL(activity_create(&activity, 8, SILENCE, 0), P7_RANGE);
}

UNIT_TESTS = {
    UNIT(a_silent_peer_is_asked_and_then_lost),
    UNIT(whatever_the_peer_says_puts_the_test_off),
    UNIT(a_later_dialogue_in_the_same_slot_begins_anew),
    UNIT(only_what_answers_the_test_alone_is_its_answer),
    UNIT(times_must_be_above_zero),
};
UNIT_MAIN("activity")
