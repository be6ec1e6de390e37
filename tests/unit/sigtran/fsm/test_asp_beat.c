/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* BEAT and BEAT ACK (RFC4666-4.3.4.6). */
#include "tests/unit/sigtran/fsm/asp_fixture.h"

static uint64_t beat_serial(void)
{
    for (uint32_t i = 0; i < actions.count; i++)
        if (actions.action[i].kind == ASP_ACTION_SEND && actions.action[i].message == M3UA_BEAT)
            return actions.action[i].beat;
    return 0;
}

static void beat_ack(uint64_t serial)
{
    const struct asp_event e = {.kind = ASP_EVENT_BEAT_ACK, .beat = serial};
    asp_step(&asp, &e, now_ns, &actions);
}

static void no_beat_leaves_before_asp_up_is_acknowledged(void)
{
    start(ASP_ROLE_ASP, SECOND / 2, 1);
    event(ASP_EVENT_COMMUNICATION_UP, 0);
    for (int i = 0; i < 10; i++) {
        at(now_ns + SECOND);
        CU_ASSERT_EQUAL(sent(M3UA_BEAT), 0);
    }
    event(ASP_EVENT_ASPUP_ACK, 0);
    CU_ASSERT_EQUAL(sent(M3UA_BEAT), 0);
    at(now_ns + SECOND / 2);
    CU_ASSERT_EQUAL(sent(M3UA_BEAT), 1);
}

static void beats_go_on_while_they_are_answered(void)
{
    start_active(ASP_ROLE_SG, SECOND, 1);
    uint64_t last = 0;
    for (int i = 0; i < 10; i++) {
        CU_ASSERT_EQUAL(asp_deadline_ns(&asp), now_ns + SECOND);
        at(now_ns + SECOND);
        CU_ASSERT_EQUAL(sent(M3UA_BEAT), 1);
        CU_ASSERT_TRUE(beat_serial() > last);
        last = beat_serial();
        beat_ack(last);
    }
}

static void other_traffic_does_not_put_a_beat_off(void)
{
    start_active(ASP_ROLE_SG, SECOND, 1);
    const int64_t due_ns = now_ns + SECOND;
    for (int i = 0; i < 9; i++) {
        now_ns += SECOND / 10;
        event(i % 2 == 0 ? ASP_EVENT_ASPIA : ASP_EVENT_ASPAC, 1);
        CU_ASSERT_EQUAL(asp_deadline_ns(&asp), due_ns);
    }
}

static void two_beats_without_an_answer_end_the_association(void)
{
    start_active(ASP_ROLE_ASP, SECOND, 1);
    at(now_ns + SECOND);
    CU_ASSERT_EQUAL(sent(M3UA_BEAT), 1);
    const int64_t first = now_ns;
    at(now_ns + SECOND);
    CU_ASSERT_EQUAL(sent(M3UA_BEAT), 1);
    CU_ASSERT_EQUAL(asp_deadline_ns(&asp), first + 2 * SECOND);
    at(first + 2 * SECOND - 1);
    CU_ASSERT_PTR_NULL(action_of(ASP_ACTION_ABORT));
    at(first + 2 * SECOND);
    CU_ASSERT_PTR_NOT_NULL(action_of(ASP_ACTION_ABORT));
    CU_ASSERT_EQUAL(sent(M3UA_BEAT), 0);
    CU_ASSERT_EQUAL(asp.state, ASP_STATE_DOWN);
    CU_ASSERT_EQUAL(asp_deadline_ns(&asp), TIMER_NEVER_NS);
    /* what still comes from the dying association is for nobody */
    event(ASP_EVENT_ASPUP_ACK, 0);
    CU_ASSERT_EQUAL(actions.count, 0);
    event(ASP_EVENT_COMMUNICATION_DOWN, 0);
    event(ASP_EVENT_COMMUNICATION_UP, 0);
    CU_ASSERT_EQUAL(sent(M3UA_ASPUP), 1);
}

static void a_late_answer_counts_for_its_own_beat_only(void)
{
    start_active(ASP_ROLE_ASP, SECOND, 1);
    at(now_ns + SECOND);
    const uint64_t first = beat_serial();
    at(now_ns + SECOND);
    const int64_t second_ns = now_ns;
    now_ns += SECOND / 2;
    beat_ack(first);
    CU_ASSERT_EQUAL(asp_deadline_ns(&asp), second_ns + SECOND);
    at(second_ns + SECOND);
    CU_ASSERT_PTR_NULL(action_of(ASP_ACTION_ABORT));
    at(second_ns + 2 * SECOND);
    CU_ASSERT_PTR_NOT_NULL(action_of(ASP_ACTION_ABORT));
}

static void an_answer_to_no_beat_of_ours_counts_for_nothing(void)
{
    start_active(ASP_ROLE_ASP, SECOND, 1);
    at(now_ns + SECOND);
    const int64_t first = now_ns;
    const uint64_t serial = beat_serial();
    beat_ack(0);
    beat_ack(serial + 1);
    beat_ack(UINT64_MAX);
    at(first + SECOND);
    at(first + 2 * SECOND);
    CU_ASSERT_PTR_NOT_NULL(action_of(ASP_ACTION_ABORT));
    /* nor does one of an earlier association */
    event(ASP_EVENT_COMMUNICATION_DOWN, 0);
    event(ASP_EVENT_COMMUNICATION_UP, 0);
    event(ASP_EVENT_ASPUP_ACK, 0);
    at(now_ns + SECOND);
    const int64_t again = now_ns;
    beat_ack(serial);
    at(again + SECOND);
    at(again + 2 * SECOND);
    CU_ASSERT_PTR_NOT_NULL(action_of(ASP_ACTION_ABORT));
}

static void a_beat_is_answered_when_up_and_a_beat_before_asp_up_is_refused(void)
{
    start_active(ASP_ROLE_SG, 0, 1);
    event(ASP_EVENT_BEAT, 0);
    CU_ASSERT_EQUAL(sent(M3UA_BEAT_ACK), 1);
    event(ASP_EVENT_ASPDN, 0);
    event(ASP_EVENT_BEAT, 0);
    CU_ASSERT_EQUAL(sent(M3UA_BEAT_ACK), 0);
    CU_ASSERT_EQUAL(sent_error(M3UA_ERROR_UNEXPECTED_MESSAGE), 1);
}

UNIT_TESTS = {
    UNIT(no_beat_leaves_before_asp_up_is_acknowledged),
    UNIT(beats_go_on_while_they_are_answered),
    UNIT(other_traffic_does_not_put_a_beat_off),
    UNIT(two_beats_without_an_answer_end_the_association),
    UNIT(a_late_answer_counts_for_its_own_beat_only),
    UNIT(an_answer_to_no_beat_of_ours_counts_for_nothing),
    UNIT(a_beat_is_answered_when_up_and_a_beat_before_asp_up_is_refused),
};
UNIT_MAIN("asp_beat")
