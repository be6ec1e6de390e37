/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* What replies mean: simulator/core/ssf.c. */
#include "tests/unit/simulator/ssf_rig.h"

/* --- replies ---------------------------------------------------------------------------------- */

struct reply {
    struct rig rig;
    struct bytes_writer writer;
};

static void reply_open(struct reply *reply)
{
    rig_open(&reply->rig);
    reply->writer = bytes_writer_of(reply->rig.components,
                                    reply->rig.components + sizeof(reply->rig.components));
}

static void add(struct reply *reply, const struct tcap_component *component)
{
    CU_ASSERT_EQUAL_FATAL(tcap_write_component(&reply->writer, component), P7_OK);
}

static void add_invoke(struct reply *reply, int32_t code)
{
    const struct tcap_component invoke = tcap_invoke(5, code);
    add(reply, &invoke);
}

static void add_events(struct reply *reply, unsigned count, const struct cap_bcsm_event *events)
{
    struct cap_request_report_bcsm_event request = {.bcsm = {.count = (uint8_t)count}};
    for (unsigned i = 0; i < count; i++)
        request.bcsm.event[i] = events[i];
    const struct tcap_component invoke = tcap_invoke(1, CAP_REQUEST_REPORT_BCSM_EVENT);
    const struct tcap_component_mark mark = tcap_component_open(&reply->writer, &invoke);
    CU_ASSERT_EQUAL_FATAL(cap_request_report_bcsm_event_encode(&reply->writer, &request), P7_OK);
    tcap_component_close(&reply->writer, mark);
}

static void arm_answer(struct reply *reply)
{
    const struct cap_bcsm_event answer = {.event_type = CAP_BCSM_O_ANSWER,
                                          .monitor_mode = CAP_MONITOR_NOTIFY_AND_CONTINUE};
    add_events(reply, 1, &answer);
}

static void add_charging(struct reply *reply, int32_t period_100ms)
{
    const struct cap_apply_charging charging = {.max_call_period_100ms = period_100ms};
    const struct tcap_component invoke = tcap_invoke(2, CAP_APPLY_CHARGING);
    const struct tcap_component_mark mark = tcap_component_open(&reply->writer, &invoke);
    CU_ASSERT_EQUAL_FATAL(cap_apply_charging_encode(&reply->writer, &charging), P7_OK);
    tcap_component_close(&reply->writer, mark);
}

static struct ssf_reading read_back(struct reply *reply, bool ended, enum request_kind kind)
{
    reply->rig.component_octets = bytes_writer_length(&reply->writer);
    decode(&reply->rig);
    return ssf_read(&reply->rig.message, ended, kind, 0);
}

static void what_is_armed_is_kept_until_it_is_armed_otherwise(void)
{
    static const struct cap_bcsm_event events[] = {
        {.event_type = CAP_BCSM_T_BUSY, .monitor_mode = CAP_MONITOR_INTERRUPTED},
        {.event_type = CAP_BCSM_T_DISCONNECT,
         .monitor_mode = CAP_MONITOR_NOTIFY_AND_CONTINUE,
         .has = {.leg_id = true},
         .leg_id = {.side = CAP_LEG_SENDING, .id = CAP_LEG_2}},
        {.event_type = CAP_BCSM_T_ABANDON, .monitor_mode = CAP_MONITOR_TRANSPARENT},
        {.event_type = 99, .monitor_mode = CAP_MONITOR_INTERRUPTED},
    };
    struct reply reply;
    const uint32_t before = SSF_ARMED(SSF_EVENT_ABANDON) |
                            SSF_ARMED_INTERRUPTED(SSF_EVENT_ABANDON) |
                            SSF_ARMED(SSF_EVENT_NO_ANSWER) | SSF_ARMED_STOP_TIME;
    reply_open(&reply);
    add_events(&reply, 4, events);
    add_invoke(&reply, CAP_CONTINUE);
    reply.rig.component_octets = bytes_writer_length(&reply.writer);
    decode(&reply.rig);
    const struct ssf_reading reading = ssf_read(&reply.rig.message, false, REQUEST_INITIAL, before);
    CU_ASSERT_TRUE(reading.reply.has_armed);
    CU_ASSERT_EQUAL(reading.reply.armed, SSF_ARMED(SSF_EVENT_NO_ANSWER) | SSF_ARMED_STOP_TIME |
                                             SSF_ARMED(SSF_EVENT_BUSY) |
                                             SSF_ARMED_INTERRUPTED(SSF_EVENT_BUSY) |
                                             SSF_ARMED(SSF_EVENT_ROUTE_FAILURE) |
                                             SSF_ARMED_INTERRUPTED(SSF_EVENT_ROUTE_FAILURE) |
                                             SSF_ARMED(SSF_EVENT_CALLED_DISCONNECTS));
}

static void a_grant_is_read_in_milliseconds(void)
{
    struct reply reply;
    reply_open(&reply);
    arm_answer(&reply);
    add_charging(&reply, 300);
    add_invoke(&reply, CAP_CONTINUE);
    const struct ssf_reading reading = read_back(&reply, false, REQUEST_INITIAL);
    CU_ASSERT_TRUE(reading.is_reply);
    CU_ASSERT_FALSE(reading.is_malformed);
    CU_ASSERT_EQUAL(reading.reply.kind, TRAFFIC_REPLY_CONTINUED);
    CU_ASSERT_TRUE(reading.reply.dialogue_open);
    CU_ASSERT_EQUAL(reading.reply.granted_ms, 30000);
    CU_ASSERT_TRUE(reading.reply.has_grant);
    CU_ASSERT_EQUAL(reading.reply.grant_id, 2);
    CU_ASSERT_FALSE(reading.reply.answers_earlier);
}

static void add_release(struct reply *reply, uint8_t value)
{
    uint8_t octets[CAP_NUMBER_OCTETS_MAX];
    struct bytes_writer w = bytes_writer_of(octets, octets + sizeof(octets));
    const struct cap_cause cause = {.value = value};
    CU_ASSERT_EQUAL_FATAL(cap_cause_encode(&w, &cause), P7_OK);
    const struct cap_release_call release = {.cause = bytes_of(octets, bytes_writer_length(&w))};
    const struct tcap_component invoke = tcap_invoke(1, CAP_RELEASE_CALL);
    const struct tcap_component_mark mark = tcap_component_open(&reply->writer, &invoke);
    CU_ASSERT_EQUAL_FATAL(cap_release_call_encode(&reply->writer, &release), P7_OK);
    tcap_component_close(&reply->writer, mark);
}

static void an_answer_tells_which_kinds_of_request_it_can_not_belong_to(void)
{
    struct reply start; /* what an initialDP gets */
    reply_open(&start);
    arm_answer(&start);
    add_charging(&start, 300);
    add_invoke(&start, CAP_CONTINUE);
    CU_ASSERT_TRUE(read_back(&start, false, REQUEST_INTERIM).reply.answers_earlier);
    CU_ASSERT_TRUE(read_back(&start, false, REQUEST_FINAL).reply.answers_earlier);
    struct reply slice; /* what a report gets */
    reply_open(&slice);
    add_charging(&slice, 300);
    CU_ASSERT_FALSE(read_back(&slice, false, REQUEST_INITIAL).reply.answers_earlier);
    CU_ASSERT_FALSE(read_back(&slice, false, REQUEST_INTERIM).reply.answers_earlier);
    CU_ASSERT_TRUE(read_back(&slice, false, REQUEST_FINAL).reply.answers_earlier);
    struct reply last;
    reply_open(&last);
    add_invoke(&last, CAP_CONTINUE);
    CU_ASSERT_FALSE(read_back(&last, false, REQUEST_FINAL).reply.answers_earlier);
}

static void an_end_is_positive_unless_it_releases_what_was_to_go_on(void)
{
    /* Q.850: 16 normal call clearing, 21 call rejected, 41 temporary failure. */
    static const struct {
        int32_t code;
        uint8_t cause; /* of releaseCall */
        enum request_kind kind;
        enum traffic_reply_kind expected;
    } cases[] = {
        {CAP_CONTINUE, 0, REQUEST_ONESHOT, TRAFFIC_REPLY_ENDED},
        {CAP_CONNECT, 0, REQUEST_ONESHOT, TRAFFIC_REPLY_ENDED},
        {CAP_CONTINUE_SMS, 0, REQUEST_EVENT, TRAFFIC_REPLY_ENDED},
        {CAP_RELEASE_CALL, 21, REQUEST_ONESHOT, TRAFFIC_REPLY_NO_CREDIT},
        {CAP_RELEASE_CALL, 21, REQUEST_INITIAL, TRAFFIC_REPLY_NO_CREDIT},
        {CAP_RELEASE_CALL, 21, REQUEST_INTERIM, TRAFFIC_REPLY_NO_CREDIT},
        {CAP_RELEASE_SMS, 0, REQUEST_EVENT, TRAFFIC_REPLY_NO_CREDIT},
        {CAP_RELEASE_CALL, 16, REQUEST_FINAL, TRAFFIC_REPLY_ENDED},
        {CAP_RELEASE_CALL, 41, REQUEST_FINAL, TRAFFIC_REPLY_ERROR},
        {CAP_RELEASE_CALL, 41, REQUEST_INITIAL, TRAFFIC_REPLY_ERROR},
    };
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct reply reply;
        reply_open(&reply);
        if (cases[i].code == CAP_RELEASE_CALL)
            add_release(&reply, cases[i].cause);
        else
            add_invoke(&reply, cases[i].code);
        const struct ssf_reading reading = read_back(&reply, true, cases[i].kind);
        CU_ASSERT_TRUE(reading.is_reply);
        CU_ASSERT_EQUAL(reading.reply.kind, cases[i].expected);
        CU_ASSERT_FALSE(reading.reply.dialogue_open);
    }
    struct reply empty;
    reply_open(&empty);
    CU_ASSERT_EQUAL(read_back(&empty, true, REQUEST_FINAL).reply.kind, TRAFFIC_REPLY_ENDED);
}

/* TS29.078-11.2 */
static void an_activity_test_wants_a_result_and_answers_nothing(void)
{
    struct reply reply;
    reply_open(&reply);
    add_invoke(&reply, CAP_ACTIVITY_TEST);
    const struct ssf_reading reading = read_back(&reply, false, REQUEST_INTERIM);
    CU_ASSERT_TRUE(reading.is_activity_test);
    CU_ASSERT_EQUAL(reading.activity_invoke_id, 5);
    CU_ASSERT_FALSE(reading.is_reply);
}

static void what_asks_for_nothing_is_no_reply(void)
{
    struct reply reply;
    reply_open(&reply);
    arm_answer(&reply);
    add_invoke(&reply, CAP_FURNISH_CHARGING_INFORMATION);
    CU_ASSERT_FALSE(read_back(&reply, false, REQUEST_INITIAL).is_reply);
}

static void an_error_and_a_reject_are_negative_answers(void)
{
    const struct tcap_component refusals[] = {
        tcap_return_error(1, 6),
        {.type = TCAP_REJECT,
         .has_invoke_id = true,
         .invoke_id = 1,
         .problem_kind = TCAP_PROBLEM_INVOKE,
         .problem = TCAP_INVOKE_UNRECOGNIZED_OPERATION},
    };
    for (unsigned i = 0; i < 4; i++) {
        struct reply reply;
        reply_open(&reply);
        add(&reply, &refusals[i / 2]);
        const struct ssf_reading reading = read_back(&reply, i % 2 != 0, REQUEST_INITIAL);
        CU_ASSERT_TRUE(reading.is_reply);
        CU_ASSERT_EQUAL(reading.reply.kind, TRAFFIC_REPLY_ERROR);
        CU_ASSERT_EQUAL(reading.reply.dialogue_open, i % 2 == 0);
    }
}

static void a_grant_that_can_not_be_read_is_an_error(void)
{
    static const uint8_t junk[] = {0x30, 0x03, 0x80, 0x01, 0x00};
    struct reply reply;
    struct tcap_component invoke = tcap_invoke(2, CAP_APPLY_CHARGING);
    reply_open(&reply);
    invoke.parameter = bytes_of(junk, sizeof(junk));
    add(&reply, &invoke);
    add_invoke(&reply, CAP_CONTINUE);
    const struct ssf_reading reading = read_back(&reply, false, REQUEST_INITIAL);
    CU_ASSERT_TRUE(reading.is_reply && reading.is_malformed);
    CU_ASSERT_EQUAL(reading.reply.kind, TRAFFIC_REPLY_ERROR);
    CU_ASSERT_EQUAL(reading.reply.granted_ms, 0);
    /* A component that TCAP itself could not read. */
    struct tcap_message faulty = {.fault = {.present = true}};
    CU_ASSERT_EQUAL(ssf_read(&faulty, false, REQUEST_INITIAL, 0).reply.kind, TRAFFIC_REPLY_ERROR);
    CU_ASSERT_TRUE(ssf_read(&faulty, false, REQUEST_INITIAL, 0).is_reply);
}

UNIT_TESTS = {
    UNIT(what_is_armed_is_kept_until_it_is_armed_otherwise),
    UNIT(a_grant_is_read_in_milliseconds),
    UNIT(an_answer_tells_which_kinds_of_request_it_can_not_belong_to),
    UNIT(an_end_is_positive_unless_it_releases_what_was_to_go_on),
    UNIT(an_activity_test_wants_a_result_and_answers_nothing),
    UNIT(what_asks_for_nothing_is_no_reply),
    UNIT(an_error_and_a_reject_are_negative_answers),
    UNIT(a_grant_that_can_not_be_read_is_an_error),
};
UNIT_MAIN("ssf_replies")
