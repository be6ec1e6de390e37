/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "tests/unit/simulator/traffic_rig.h"

#include "sigtran/base/timer_heap.h"

/* --- one request and its outcomes ------------------------------------------------------------- */

static void a_positive_end_is_ok_and_gives_the_slot_back(void)
{
    struct rig rig;
    const struct traffic_settings settings = rig_settings(TRAFFIC_MODEL_ONESHOT);
    rig_open(&rig, &settings);
    CU_ASSERT_EQUAL(traffic_deadline_ns(&rig.traffic), 0);
    const uint32_t call = rig_expect(&rig, TRAFFIC_BEGIN, 0);
    rig_check(&rig);
    traffic_sent(&rig.traffic, call, 10000);
    CU_ASSERT_TRUE(rig_reply(&rig, call, TRAFFIC_REPLY_ENDED, false, 0, 2 * RIG_MS));
    CU_ASSERT_EQUAL_FATAL(rig.recorded_count, 1);
    const struct request_record expected = {.id = 0,
                                            .due_ns = 0,
                                            .sent_ns = 10000,
                                            .reply_ns = 2 * RIG_MS,
                                            .target = 3,
                                            .kind = REQUEST_ONESHOT,
                                            .outcome = OUTCOME_OK,
                                            .attempts = 1,
                                            .replies = 1};
    CU_ASSERT_EQUAL(memcmp(&rig.recorded[0], &expected, sizeof(expected)), 0);
    CU_ASSERT_EQUAL(memcmp(&rig.completed[0], &expected, sizeof(expected)), 0);
    CU_ASSERT_EQUAL(rig.completed_ns, 2 * RIG_MS);
    CU_ASSERT_EQUAL(rig.traffic.calls.in_use, 0);
    CU_ASSERT_EQUAL(traffic_deadline_ns(&rig.traffic), RIG_SEC);
    rig_close(&rig);
}

static void a_negative_answer_is_an_error(void)
{
    struct rig rig;
    const struct traffic_settings settings = rig_settings(TRAFFIC_MODEL_CALL);
    rig_open(&rig, &settings);
    uint32_t call = rig_expect_sent(&rig, TRAFFIC_BEGIN, 0);
    CU_ASSERT_TRUE(rig_reply(&rig, call, TRAFFIC_REPLY_ERROR, false, 0, RIG_MS));
    CU_ASSERT_EQUAL(rig.recorded[0].outcome, OUTCOME_ERROR);
    CU_ASSERT_EQUAL(rig.recorded[0].reply_ns, RIG_MS);
    /* The peer still holds the dialogue: it must be told. */
    call = rig_expect_sent(&rig, TRAFFIC_BEGIN, RIG_SEC);
    CU_ASSERT_FALSE(rig_reply(&rig, call, TRAFFIC_REPLY_ERROR, true, 0, RIG_SEC + RIG_MS));
    CU_ASSERT_EQUAL(rig.outcomes[OUTCOME_ERROR], 2);
    CU_ASSERT_EQUAL(rig_expect(&rig, TRAFFIC_ABORT, RIG_SEC + RIG_MS), call);
    CU_ASSERT_EQUAL(rig.traffic.calls.in_use, 1);
    traffic_released(&rig.traffic, call);
    CU_ASSERT_EQUAL(rig.traffic.calls.in_use, 0);
    CU_ASSERT_EQUAL(rig.recorded_count, 2);
    rig_close(&rig);
}

static void lack_of_credit_is_ok_and_flagged(void)
{
    struct rig rig;
    const struct traffic_settings settings = rig_settings(TRAFFIC_MODEL_CALL);
    rig_open(&rig, &settings);
    const uint32_t call = rig_expect_sent(&rig, TRAFFIC_BEGIN, 0);
    CU_ASSERT_TRUE(rig_reply(&rig, call, TRAFFIC_REPLY_NO_CREDIT, false, 0, RIG_MS));
    CU_ASSERT_EQUAL(rig.recorded[0].outcome, OUTCOME_OK);
    CU_ASSERT_EQUAL(rig.recorded[0].flags, REQUEST_FLAG_NO_CREDIT);
    rig_close(&rig);
}

static void a_continue_to_a_request_that_ends_a_dialogue_is_ok_and_the_dialogue_is_aborted(void)
{
    const enum traffic_model_kind kinds[] = {TRAFFIC_MODEL_ONESHOT, TRAFFIC_MODEL_EVENT};
    for (unsigned i = 0; i < 2; i++) {
        struct rig rig;
        const struct traffic_settings settings = rig_settings(kinds[i]);
        rig_open(&rig, &settings);
        const uint32_t call = rig_expect_sent(&rig, TRAFFIC_BEGIN, 0);
        CU_ASSERT_FALSE(rig_reply(&rig, call, TRAFFIC_REPLY_CONTINUED, true, 0, RIG_MS));
        CU_ASSERT_EQUAL(rig.recorded[0].outcome, OUTCOME_OK);
        CU_ASSERT_EQUAL(rig.recorded[0].kind, i == 0 ? REQUEST_ONESHOT : REQUEST_EVENT);
        traffic_released(&rig.traffic, rig_expect(&rig, TRAFFIC_ABORT, RIG_MS));
        rig_close(&rig);
    }
}

static void no_reply_is_a_timeout_whose_row_waits_for_a_late_reply(void)
{
    struct rig rig;
    const struct traffic_settings settings = rig_settings(TRAFFIC_MODEL_ONESHOT);
    rig_open(&rig, &settings);
    const uint32_t call = rig_expect_sent(&rig, TRAFFIC_BEGIN, 0);
    rig_no_more_starts(&rig, RIG_MS);
    CU_ASSERT_EQUAL(traffic_next(&rig.traffic, 5 * RIG_SEC - 1).kind, TRAFFIC_NOTHING);
    CU_ASSERT_EQUAL(rig.completed_count, 0);
    CU_ASSERT_EQUAL(traffic_next(&rig.traffic, 5 * RIG_SEC).kind, TRAFFIC_NOTHING);
    CU_ASSERT_EQUAL(rig.outcomes[OUTCOME_TIMEOUT], 1);
    CU_ASSERT_EQUAL(rig.completed_ns, 5 * RIG_SEC);
    CU_ASSERT_EQUAL(rig.traffic.open_requests, 0);
    CU_ASSERT_EQUAL(rig.recorded_count, 0);
    CU_ASSERT_TRUE(rig_reply(&rig, call, TRAFFIC_REPLY_ENDED, false, 0, 7 * RIG_SEC));
    CU_ASSERT_EQUAL_FATAL(rig.recorded_count, 1);
    CU_ASSERT_EQUAL(rig.completed_count, 1);
    CU_ASSERT_EQUAL(rig.recorded[0].outcome, OUTCOME_TIMEOUT);
    CU_ASSERT_EQUAL(rig.recorded[0].flags, REQUEST_FLAG_LATE);
    CU_ASSERT_EQUAL(rig.recorded[0].reply_ns, 7 * RIG_SEC);
    CU_ASSERT_EQUAL(rig.traffic.late_replies, 1);
    CU_ASSERT_EQUAL(rig.traffic.calls.in_use, 0);
    rig_close(&rig);
}

static void a_late_reply_that_leaves_the_dialogue_open_leads_to_an_abort(void)
{
    struct rig rig;
    const struct traffic_settings settings = rig_settings(TRAFFIC_MODEL_CALL);
    rig_open(&rig, &settings);
    const uint32_t call = rig_expect_sent(&rig, TRAFFIC_BEGIN, 0);
    rig_no_more_starts(&rig, RIG_MS);
    CU_ASSERT_EQUAL(traffic_next(&rig.traffic, 5 * RIG_SEC).kind, TRAFFIC_NOTHING);
    CU_ASSERT_FALSE(rig_reply(&rig, call, TRAFFIC_REPLY_CONTINUED, true, 30000, 6 * RIG_SEC));
    CU_ASSERT_EQUAL(rig.recorded[0].flags, REQUEST_FLAG_LATE);
    traffic_released(&rig.traffic, rig_expect(&rig, TRAFFIC_ABORT, 6 * RIG_SEC));
    CU_ASSERT_EQUAL(rig.recorded_count, 1);
    rig_close(&rig);
}

static void a_dialogue_that_stays_silent_is_given_up_after_one_more_timeout(void)
{
    struct rig rig;
    const struct traffic_settings settings = rig_settings(TRAFFIC_MODEL_ONESHOT);
    rig_open(&rig, &settings);
    const uint32_t call = rig_expect_sent(&rig, TRAFFIC_BEGIN, 0);
    rig_no_more_starts(&rig, RIG_MS);
    CU_ASSERT_EQUAL(traffic_next(&rig.traffic, 5 * RIG_SEC).kind, TRAFFIC_NOTHING);
    CU_ASSERT_EQUAL(rig_expect(&rig, TRAFFIC_ABORT, 10 * RIG_SEC), call);
    CU_ASSERT_EQUAL_FATAL(rig.recorded_count, 1);
    CU_ASSERT_EQUAL(rig.recorded[0].flags, 0);
    CU_ASSERT_EQUAL(rig.recorded[0].reply_ns, REQUEST_TIME_NONE);
    traffic_released(&rig.traffic, call);
    CU_ASSERT_EQUAL(rig.traffic.calls.in_use, 0);
    rig_close(&rig);
}

/* --- sending again ---------------------------------------------------------------------------- */

static struct traffic_settings settings_with_attempts(enum traffic_model_kind kind)
{
    struct traffic_settings settings = rig_settings(kind);
    settings.retransmit_after_ns = RIG_SEC;
    settings.attempts = 3;
    return settings;
}

static void an_unanswered_request_is_sent_again_as_it_was_and_no_more_than_allowed(void)
{
    struct rig rig;
    const struct traffic_settings settings = settings_with_attempts(TRAFFIC_MODEL_ONESHOT);
    rig_open(&rig, &settings);
    const uint32_t call = rig_expect(&rig, TRAFFIC_BEGIN, 0);
    rig_no_more_starts(&rig, RIG_MS);
    traffic_sent(&rig.traffic, call, 500 * RIG_MS); /* the pause counts from the send */
    const struct traffic_call before = *traffic_call_at(&rig.traffic, call);
    CU_ASSERT_EQUAL(rig_expect_sent(&rig, TRAFFIC_RESEND, 1500 * RIG_MS), call);
    CU_ASSERT_EQUAL(rig_expect_sent(&rig, TRAFFIC_RESEND, 2500 * RIG_MS), call);
    const struct traffic_call *after = traffic_call_at(&rig.traffic, call);
    CU_ASSERT_EQUAL(after->number, before.number);
    CU_ASSERT_EQUAL(after->request_id, before.request_id);
    CU_ASSERT_EQUAL(after->subscriber, before.subscriber);
    CU_ASSERT_EQUAL(after->due_ns, before.due_ns);
    CU_ASSERT_EQUAL(after->sent_ns, 500 * RIG_MS);
    CU_ASSERT_EQUAL(after->sequence, before.sequence);
    CU_ASSERT_EQUAL(traffic_next(&rig.traffic, 4999 * RIG_MS).kind, TRAFFIC_NOTHING);
    CU_ASSERT_TRUE(rig_reply(&rig, call, TRAFFIC_REPLY_ENDED, false, 0, 4999 * RIG_MS));
    CU_ASSERT_EQUAL(rig.recorded[0].outcome, OUTCOME_OK);
    CU_ASSERT_EQUAL(rig.recorded[0].attempts, 3);
    CU_ASSERT_EQUAL(rig.recorded[0].sent_ns, 500 * RIG_MS);
    CU_ASSERT_EQUAL(rig.recorded[0].reply_ns, 4999 * RIG_MS);
    CU_ASSERT_EQUAL(rig.sent, 1);
    CU_ASSERT_EQUAL(rig.retransmitted, 2);
    rig_close(&rig);
}

static void the_timeout_runs_from_the_due_instant_whatever_was_sent_again(void)
{
    struct rig rig;
    const struct traffic_settings settings = settings_with_attempts(TRAFFIC_MODEL_ONESHOT);
    rig_open(&rig, &settings);
    const uint32_t call = rig_expect(&rig, TRAFFIC_BEGIN, 0);
    rig_no_more_starts(&rig, RIG_MS);
    traffic_sent(&rig.traffic, call, 4500 * RIG_MS); /* a resend would come after the timeout */
    CU_ASSERT_EQUAL(traffic_next(&rig.traffic, 5 * RIG_SEC).kind, TRAFFIC_NOTHING);
    CU_ASSERT_EQUAL(rig.outcomes[OUTCOME_TIMEOUT], 1);
    CU_ASSERT_EQUAL(rig.completed_ns, 5 * RIG_SEC);
    rig_close(&rig);
}

static void what_can_not_be_sent_is_an_error_without_retransmission(void)
{
    struct rig rig;
    const struct traffic_settings settings = rig_settings(TRAFFIC_MODEL_ONESHOT);
    rig_open(&rig, &settings);
    const uint32_t call = rig_expect(&rig, TRAFFIC_BEGIN, 0);
    CU_ASSERT_TRUE(traffic_unsent(&rig.traffic, call, RIG_MS));
    CU_ASSERT_EQUAL(rig.recorded[0].outcome, OUTCOME_ERROR);
    CU_ASSERT_EQUAL(rig.recorded[0].attempts, 0);
    CU_ASSERT_EQUAL(rig.recorded[0].sent_ns, REQUEST_TIME_NONE);
    CU_ASSERT_EQUAL(rig.recorded[0].reply_ns, REQUEST_TIME_NONE);
    CU_ASSERT_EQUAL(rig.recorded[0].flags, REQUEST_FLAG_BLOCKED);
    CU_ASSERT_EQUAL(rig.sent, 0);
    CU_ASSERT_EQUAL(rig.traffic.calls.in_use, 0);
    rig_close(&rig);
}

static void what_can_not_be_sent_is_tried_again_where_retransmission_is_allowed(void)
{
    struct rig rig;
    const struct traffic_settings settings = settings_with_attempts(TRAFFIC_MODEL_ONESHOT);
    rig_open(&rig, &settings);
    const uint32_t call = rig_expect(&rig, TRAFFIC_BEGIN, 0);
    rig_no_more_starts(&rig, RIG_MS);
    CU_ASSERT_FALSE(traffic_unsent(&rig.traffic, call, 0));
    CU_ASSERT_EQUAL(rig_expect(&rig, TRAFFIC_RESEND, RIG_SEC), call);
    CU_ASSERT_FALSE(traffic_unsent(&rig.traffic, call, RIG_SEC));
    CU_ASSERT_EQUAL(rig_expect_sent(&rig, TRAFFIC_RESEND, 2 * RIG_SEC), call);
    CU_ASSERT_TRUE(rig_reply(&rig, call, TRAFFIC_REPLY_ENDED, false, 0, 2100 * RIG_MS));
    CU_ASSERT_EQUAL(rig.recorded[0].outcome, OUTCOME_OK);
    CU_ASSERT_EQUAL(rig.recorded[0].attempts, 1);
    CU_ASSERT_EQUAL(rig.recorded[0].sent_ns, 2 * RIG_SEC);
    CU_ASSERT_EQUAL(rig.recorded[0].flags, REQUEST_FLAG_BLOCKED);
    CU_ASSERT_EQUAL(rig.sent, 1);
    CU_ASSERT_EQUAL(rig.retransmitted, 0);
    rig_close(&rig);
}

static void what_never_can_be_sent_times_out_unsent(void)
{
    struct rig rig;
    const struct traffic_settings settings = settings_with_attempts(TRAFFIC_MODEL_ONESHOT);
    rig_open(&rig, &settings);
    const uint32_t call = rig_expect(&rig, TRAFFIC_BEGIN, 0);
    rig_no_more_starts(&rig, RIG_MS);
    CU_ASSERT_FALSE(traffic_unsent(&rig.traffic, call, 0));
    for (int second = 1; second < 5; second++) {
        CU_ASSERT_EQUAL(rig_expect(&rig, TRAFFIC_RESEND, second * RIG_SEC), call);
        CU_ASSERT_FALSE(traffic_unsent(&rig.traffic, call, second * RIG_SEC));
    }
    CU_ASSERT_EQUAL(traffic_next(&rig.traffic, 5 * RIG_SEC).kind, TRAFFIC_NOTHING);
    CU_ASSERT_EQUAL(rig.completed[0].outcome, OUTCOME_TIMEOUT);
    CU_ASSERT_EQUAL(rig.completed[0].attempts, 0);
    CU_ASSERT_EQUAL(rig.completed[0].sent_ns, REQUEST_TIME_NONE);
    traffic_released(&rig.traffic, rig_expect(&rig, TRAFFIC_ABORT, 10 * RIG_SEC));
    CU_ASSERT_EQUAL(rig.recorded_count, 1);
    rig_close(&rig);
}

static void a_repetition_that_can_not_be_sent_still_waits_for_the_first_ones_answer(void)
{
    struct rig rig;
    const struct traffic_settings settings = settings_with_attempts(TRAFFIC_MODEL_ONESHOT);
    rig_open(&rig, &settings);
    const uint32_t call = rig_expect_sent(&rig, TRAFFIC_BEGIN, 0);
    rig_no_more_starts(&rig, RIG_MS);
    CU_ASSERT_EQUAL(rig_expect(&rig, TRAFFIC_RESEND, RIG_SEC), call);
    CU_ASSERT_FALSE(traffic_unsent(&rig.traffic, call, RIG_SEC));
    CU_ASSERT_TRUE(rig_reply(&rig, call, TRAFFIC_REPLY_ENDED, false, 0, 1100 * RIG_MS));
    CU_ASSERT_EQUAL(rig.recorded[0].outcome, OUTCOME_OK);
    CU_ASSERT_EQUAL(rig.recorded[0].attempts, 1);
    rig_close(&rig);
}

/* --- calls ------------------------------------------------------------------------------------ */

static struct traffic_settings settings_of_a_call(uint32_t answer_delay_ms, uint32_t duration_ms)
{
    struct traffic_settings settings = rig_settings(TRAFFIC_MODEL_CALL);
    settings.model[0].answer_delay_ms = answer_delay_ms;
    settings.model[0].duration_ms = duration_ms;
    return settings;
}

static void the_reports_of_a_call_are_due_by_its_slices_and_not_by_the_replies(void)
{
    struct rig rig;
    const struct traffic_settings settings = settings_of_a_call(5000, 70000);
    rig_open(&rig, &settings);
    const uint32_t call = rig_expect_sent(&rig, TRAFFIC_BEGIN, 0);
    rig_no_more_starts(&rig, RIG_MS);
    CU_ASSERT_FALSE(rig_reply(&rig, call, TRAFFIC_REPLY_CONTINUED, true, 30000, 7 * RIG_MS));
    CU_ASSERT_EQUAL(rig_expect(&rig, TRAFFIC_ANSWER, 5 * RIG_SEC), call);
    CU_ASSERT_EQUAL(rig_expect_sent(&rig, TRAFFIC_CONTINUE, 35 * RIG_SEC), call);
    CU_ASSERT_FALSE(
        rig_reply(&rig, call, TRAFFIC_REPLY_CONTINUED, true, 30000, 35 * RIG_SEC + 900 * RIG_MS));
    CU_ASSERT_EQUAL(rig_expect_sent(&rig, TRAFFIC_CONTINUE, 65 * RIG_SEC), call);
    CU_ASSERT_FALSE(
        rig_reply(&rig, call, TRAFFIC_REPLY_CONTINUED, true, 30000, 65 * RIG_SEC + 3 * RIG_MS));
    CU_ASSERT_EQUAL(rig_expect_sent(&rig, TRAFFIC_CONTINUE, 75 * RIG_SEC), call);
    /* Each request has its place in its call: that is how a ledger knows it. */
    for (uint16_t i = 0; i < rig.recorded_count; i++)
        CU_ASSERT_TRUE(rig.recorded[i].call == 0 && rig.recorded[i].sequence == i);
    CU_ASSERT_EQUAL(rig.recorded_count, 3);
    CU_ASSERT_TRUE(rig_reply(&rig, call, TRAFFIC_REPLY_ENDED, false, 0, 75 * RIG_SEC + 3 * RIG_MS));
    static const struct rig_due expected[] = {
        {.id = 0, .due_ns = 0, .kind = REQUEST_INITIAL, .used_ms = 0},
        {.id = 1, .due_ns = 35 * RIG_SEC, .kind = REQUEST_INTERIM, .used_ms = 30000},
        {.id = 2, .due_ns = 65 * RIG_SEC, .kind = REQUEST_INTERIM, .used_ms = 60000},
        {.id = 3, .due_ns = 75 * RIG_SEC, .kind = REQUEST_FINAL, .used_ms = 70000},
    };
    CU_ASSERT_EQUAL_FATAL(rig.due_count, 4);
    for (unsigned i = 0; i < 4; i++) {
        CU_ASSERT_EQUAL(rig.due[i].id, expected[i].id);
        CU_ASSERT_EQUAL(rig.due[i].due_ns, expected[i].due_ns);
        CU_ASSERT_EQUAL(rig.due[i].kind, expected[i].kind);
        CU_ASSERT_EQUAL(rig.due[i].used_ms, expected[i].used_ms);
        CU_ASSERT_EQUAL(rig.recorded[i].flags, 0);
    }
    CU_ASSERT_EQUAL(rig.outcomes[OUTCOME_OK], 4);
    rig_close(&rig);
}

static void a_reply_that_comes_after_the_next_due_instant_blocks_that_request(void)
{
    struct rig rig;
    const struct traffic_settings settings = settings_of_a_call(0, 3000);
    rig_open(&rig, &settings);
    const uint32_t call = rig_expect_sent(&rig, TRAFFIC_BEGIN, 0);
    rig_no_more_starts(&rig, RIG_MS);
    CU_ASSERT_FALSE(rig_reply(&rig, call, TRAFFIC_REPLY_CONTINUED, true, 1000, RIG_MS));
    CU_ASSERT_EQUAL(traffic_next(&rig.traffic, RIG_MS).kind, TRAFFIC_ANSWER);
    (void)rig_expect_sent(&rig, TRAFFIC_CONTINUE, RIG_SEC);
    /* Its reply stays out for 1.5 s: the next was due half a second before. */
    CU_ASSERT_FALSE(rig_reply(&rig, call, TRAFFIC_REPLY_CONTINUED, true, 1000, 2500 * RIG_MS));
    CU_ASSERT_EQUAL(traffic_next(&rig.traffic, 2500 * RIG_MS).kind, TRAFFIC_CONTINUE);
    traffic_sent(&rig.traffic, call, 2500 * RIG_MS);
    CU_ASSERT_EQUAL(rig.due[2].due_ns, 2 * RIG_SEC);
    CU_ASSERT_EQUAL(rig.due[2].flags, REQUEST_FLAG_BLOCKED);
    CU_ASSERT_FALSE(rig_reply(&rig, call, TRAFFIC_REPLY_CONTINUED, true, 1000, 2600 * RIG_MS));
    CU_ASSERT_EQUAL(rig.recorded[2].reply_ns - rig.recorded[2].due_ns, 600 * RIG_MS);
    (void)rig_expect_sent(&rig, TRAFFIC_CONTINUE, 3 * RIG_SEC);
    CU_ASSERT_EQUAL(rig.due[3].flags, 0);
    CU_ASSERT_EQUAL(rig.due[3].kind, REQUEST_FINAL);
    rig_close(&rig);
}

/* An initial that is answered after the called party has: the answer is told late, the reports stay
 * where they were. */
static void a_late_grant_does_not_move_the_call(void)
{
    struct rig rig;
    const struct traffic_settings settings = settings_of_a_call(1000, 10000);
    rig_open(&rig, &settings);
    const uint32_t call = rig_expect_sent(&rig, TRAFFIC_BEGIN, 0);
    rig_no_more_starts(&rig, RIG_MS);
    CU_ASSERT_FALSE(rig_reply(&rig, call, TRAFFIC_REPLY_CONTINUED, true, 0, 3 * RIG_SEC));
    CU_ASSERT_EQUAL(traffic_next(&rig.traffic, 3 * RIG_SEC).kind, TRAFFIC_ANSWER);
    /* No slice at all: one report, at the end. */
    CU_ASSERT_EQUAL(rig_expect_sent(&rig, TRAFFIC_CONTINUE, 11 * RIG_SEC), call);
    CU_ASSERT_EQUAL(rig.due[1].kind, REQUEST_FINAL);
    CU_ASSERT_EQUAL(rig.due[1].used_ms, 10000);
    /* A final that is not ended by its reply: we end it. */
    CU_ASSERT_FALSE(rig_reply(&rig, call, TRAFFIC_REPLY_CONTINUED, true, 0, 11 * RIG_SEC + 1));
    CU_ASSERT_EQUAL(rig.outcomes[OUTCOME_OK], 2);
    traffic_released(&rig.traffic, rig_expect(&rig, TRAFFIC_ABORT, 11 * RIG_SEC + 1));
    rig_close(&rig);
}

static void a_caller_who_gives_up_sends_a_final_at_the_answer_instant(void)
{
    struct rig rig;
    struct traffic_settings settings = settings_of_a_call(4000, 60000);
    settings.model[0].outcome_weight[TRAFFIC_ABANDONED] = 1;
    rig_open(&rig, &settings);
    const uint32_t call = rig_expect_sent(&rig, TRAFFIC_BEGIN, 0);
    rig_no_more_starts(&rig, RIG_MS);
    CU_ASSERT_FALSE(rig_reply(&rig, call, TRAFFIC_REPLY_CONTINUED, true, 30000, RIG_MS));
    CU_ASSERT_EQUAL(rig_expect_sent(&rig, TRAFFIC_CONTINUE, 4 * RIG_SEC), call);
    CU_ASSERT_EQUAL(rig.due[1].kind, REQUEST_FINAL);
    CU_ASSERT_EQUAL(rig.due[1].due_ns, 4 * RIG_SEC);
    CU_ASSERT_EQUAL(rig.due[1].used_ms, 0);
    CU_ASSERT_EQUAL(traffic_call_at(&rig.traffic, call)->outcome, TRAFFIC_ABANDONED);
    CU_ASSERT_EQUAL(traffic_call_at(&rig.traffic, call)->ordinal, 1);
    CU_ASSERT_TRUE(rig_reply(&rig, call, TRAFFIC_REPLY_ENDED, false, 0, 4 * RIG_SEC + RIG_MS));
    rig_close(&rig);
}

static void a_message_that_answers_nothing_is_unexpected_and_an_end_is_an_end(void)
{
    struct rig rig;
    const struct traffic_settings settings = settings_of_a_call(1000, 10000);
    rig_open(&rig, &settings);
    const uint32_t call = rig_expect_sent(&rig, TRAFFIC_BEGIN, 0);
    rig_no_more_starts(&rig, RIG_MS);
    CU_ASSERT_FALSE(rig_reply(&rig, call, TRAFFIC_REPLY_CONTINUED, true, 30000, RIG_MS));
    CU_ASSERT_FALSE(rig_reply(&rig, call, TRAFFIC_REPLY_CONTINUED, true, 30000, 2 * RIG_MS));
    CU_ASSERT_EQUAL(rig.unexpected, 1);
    CU_ASSERT_EQUAL(rig_expect(&rig, TRAFFIC_ANSWER, RIG_SEC), call); /* it goes on as before */
    CU_ASSERT_TRUE(rig_reply(&rig, call, TRAFFIC_REPLY_ENDED, false, 0, 2 * RIG_SEC));
    CU_ASSERT_EQUAL(rig.unexpected, 2);
    CU_ASSERT_EQUAL(rig.traffic.calls.in_use, 0);
    CU_ASSERT_EQUAL(traffic_deadline_ns(&rig.traffic), TIMER_NEVER_NS);
    CU_ASSERT_EQUAL(rig.due_count, 1);
    rig_close(&rig);
}

/* The initial was sent twice, so it is answered twice; the second answer comes when the interim is
 * out, and the interim's own reply twice as well. */
static void a_second_answer_is_not_taken_for_the_next_requests(void)
{
    struct rig rig;
    struct traffic_settings settings = settings_of_a_call(0, 10000);
    settings.retransmit_after_ns = 100 * RIG_MS;
    settings.attempts = 2;
    rig_open(&rig, &settings);
    const uint32_t call = rig_expect_sent(&rig, TRAFFIC_BEGIN, 0);
    rig_no_more_starts(&rig, RIG_MS);
    (void)rig_expect_sent(&rig, TRAFFIC_RESEND, 100 * RIG_MS);
    struct traffic_reply grant = {.kind = TRAFFIC_REPLY_CONTINUED,
                                  .dialogue_open = true,
                                  .granted_ms = 1000,
                                  .has_grant = true,
                                  .grant_id = 2};
    CU_ASSERT_FALSE(traffic_reply(&rig.traffic, call, &grant, 900 * RIG_MS));
    CU_ASSERT_EQUAL(traffic_next(&rig.traffic, 900 * RIG_MS).kind, TRAFFIC_ANSWER);
    (void)rig_expect_sent(&rig, TRAFFIC_CONTINUE, RIG_SEC);
    grant.answers_earlier = true;
    CU_ASSERT_FALSE(traffic_reply(&rig.traffic, call, &grant, 1010 * RIG_MS));
    CU_ASSERT_EQUAL(rig.unexpected, 1);
    CU_ASSERT_EQUAL(rig.outcomes[OUTCOME_OK], 1);
    (void)rig_expect_sent(&rig, TRAFFIC_RESEND, 1100 * RIG_MS);
    grant.answers_earlier = false;
    grant.grant_id = 3;
    CU_ASSERT_FALSE(traffic_reply(&rig.traffic, call, &grant, 1200 * RIG_MS));
    CU_ASSERT_EQUAL(rig.outcomes[OUTCOME_OK], 2);
    (void)rig_expect_sent(&rig, TRAFFIC_CONTINUE, 2 * RIG_SEC);
    CU_ASSERT_FALSE(traffic_reply(&rig.traffic, call, &grant, 2010 * RIG_MS));
    CU_ASSERT_EQUAL(rig.unexpected, 2);
    CU_ASSERT_EQUAL(rig.outcomes[OUTCOME_OK], 2);
    /* No more is owed: a peer that gives all its grants the same id is believed. */
    CU_ASSERT_FALSE(traffic_reply(&rig.traffic, call, &grant, 2020 * RIG_MS));
    CU_ASSERT_EQUAL(rig.outcomes[OUTCOME_OK], 3);
    CU_ASSERT_EQUAL(rig.recorded[2].reply_ns, 2020 * RIG_MS);
    rig_close(&rig);
}

UNIT_TESTS = {
    UNIT(a_positive_end_is_ok_and_gives_the_slot_back),
    UNIT(a_negative_answer_is_an_error),
    UNIT(lack_of_credit_is_ok_and_flagged),
    UNIT(a_continue_to_a_request_that_ends_a_dialogue_is_ok_and_the_dialogue_is_aborted),
    UNIT(no_reply_is_a_timeout_whose_row_waits_for_a_late_reply),
    UNIT(a_late_reply_that_leaves_the_dialogue_open_leads_to_an_abort),
    UNIT(a_dialogue_that_stays_silent_is_given_up_after_one_more_timeout),
    UNIT(an_unanswered_request_is_sent_again_as_it_was_and_no_more_than_allowed),
    UNIT(the_timeout_runs_from_the_due_instant_whatever_was_sent_again),
    UNIT(what_can_not_be_sent_is_an_error_without_retransmission),
    UNIT(what_can_not_be_sent_is_tried_again_where_retransmission_is_allowed),
    UNIT(what_never_can_be_sent_times_out_unsent),
    UNIT(a_repetition_that_can_not_be_sent_still_waits_for_the_first_ones_answer),
    UNIT(the_reports_of_a_call_are_due_by_its_slices_and_not_by_the_replies),
    UNIT(a_reply_that_comes_after_the_next_due_instant_blocks_that_request),
    UNIT(a_late_grant_does_not_move_the_call),
    UNIT(a_caller_who_gives_up_sends_a_final_at_the_answer_instant),
    UNIT(a_message_that_answers_nothing_is_unexpected_and_an_end_is_an_end),
    UNIT(a_second_answer_is_not_taken_for_the_next_requests),
};
UNIT_MAIN("traffic")
