/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* What the service says no to, how, and that no refusal costs anybody anything. */
#include "tests/unit/responder/peer.h"

static void expect_nothing_charged(struct bench *b)
{
    CU_ASSERT_EQUAL(b->service.accounts.charged_total, 0);
    CU_ASSERT_EQUAL(b->service.accounts.reserved_total, 0);
    CU_ASSERT_EQUAL(b->dialogue.state, SERVICE_DIALOGUE_OVER);
    CU_ASSERT_EQUAL(b->reply.decision.result, SERVICE_FAIL);
}

static void an_unknown_subscriber_has_no_customer_record(void)
{
    struct bench b;
    struct peer_call call = peer_call_of(100, 1);
    call.calling = "46709999999";
    call.invoke_id = 17;
    bench_setup(&b);
    const struct tcap_message *answer = bench_ask(&b, peer_initial_dp(&b.peer, &call));
    CU_ASSERT_EQUAL(answer->type, TCAP_END);
    CU_ASSERT_EQUAL(answer->dialogue.result, TCAP_RESULT_ACCEPTED);
    CU_ASSERT_TRUE(answer_is_error(answer, 17, CAP_ERROR_MISSING_CUSTOMER_RECORD));
    CU_ASSERT_EQUAL(b.service.counters.no_account, 1);
    CU_ASSERT_EQUAL(b.service.statistics.row[SERVICE_INITIAL].fail, 1);
    expect_nothing_charged(&b);
    bench_close(&b);
}

static void without_a_number_a_parameter_is_missing(void)
{
    struct bench b;
    struct peer_call call = peer_call_of(100, 1);
    call.calling = NULL;
    bench_setup(&b);
    const struct tcap_message *answer = bench_ask(&b, peer_initial_dp(&b.peer, &call));
    CU_ASSERT_TRUE(answer_is_error(answer, 1, CAP_ERROR_MISSING_PARAMETER));
    expect_nothing_charged(&b);
    bench_close(&b);
}

/* Q.774-3.2.2: the user refuses an application context with an ABORT that carries the AARE. */
static void an_application_context_that_is_not_served_is_refused_by_abort_and_aare(void)
{
    static const uint8_t cap1[] = {0x04, 0x00, 0x00, 0x01, 0x00, 0x32, 0x00};
    struct bench b;
    const struct peer_call call = peer_call_of(100, 1);
    const struct tcap_dialogue_portion portion = tcap_aarq(bytes_of(cap1, sizeof(cap1)));
    bench_setup(&b);
    peer_start(&b.peer);
    peer_add_initial_dp(&b.peer, &call);
    const struct tcap_message *answer =
        bench_ask(&b, peer_message(&b.peer, TCAP_BEGIN, PEER_OTID, &portion));
    CU_ASSERT_EQUAL(answer->type, TCAP_ABORT);
    CU_ASSERT_EQUAL(answer->dialogue.pdu, TCAP_DIALOGUE_AARE);
    CU_ASSERT_EQUAL(answer->dialogue.result, TCAP_RESULT_REJECT_PERMANENT);
    CU_ASSERT_EQUAL(answer->dialogue.diagnostic, TCAP_USER_AC_NOT_SUPPORTED);
    CU_ASSERT_TRUE(bytes_equal(answer->dialogue.application_context, bytes_of(cap1, sizeof(cap1))));
    CU_ASSERT_EQUAL(b.service.counters.context_refused, 1);
    expect_nothing_charged(&b);
    bench_close(&b);
}

static void a_begin_without_a_dialogue_portion_is_aborted(void)
{
    struct bench b;
    const struct peer_call call = peer_call_of(100, 1);
    bench_setup(&b);
    peer_start(&b.peer);
    peer_add_initial_dp(&b.peer, &call);
    const struct tcap_message *answer =
        bench_ask(&b, peer_message(&b.peer, TCAP_BEGIN, PEER_OTID, NULL));
    CU_ASSERT_EQUAL(answer->type, TCAP_ABORT);
    CU_ASSERT_EQUAL(answer->dialogue.pdu, TCAP_DIALOGUE_NONE);
    expect_nothing_charged(&b);
    bench_close(&b);
}

static void a_begin_that_asks_for_nothing_is_aborted(void)
{
    struct bench b;
    bench_setup(&b);
    peer_start(&b.peer);
    const struct tcap_message *answer =
        bench_ask(&b, peer_begin(&b.peer, PEER_OTID, CAP_AC_V2_GSMSSF));
    CU_ASSERT_EQUAL(answer->type, TCAP_ABORT);
    CU_ASSERT_EQUAL(answer->dialogue.pdu, TCAP_DIALOGUE_ABRT);
    CU_ASSERT_EQUAL(b.service.counters.sequence_wrong, 1);
    expect_nothing_charged(&b);
    bench_close(&b);
}

static void operations_that_a_context_does_not_have_are_rejected(void)
{
    static const struct {
        enum cap_application_context context;
        int32_t operation;
    } cases[] = {{CAP_AC_V2_GSMSSF, CAP_INITIAL_DP_SMS},
                 {CAP_AC_V3_SMS, CAP_INITIAL_DP},
                 {CAP_AC_V3_GENERIC, CAP_RELEASE_CALL},
                 {CAP_AC_V3_SMS, CAP_APPLY_CHARGING_REPORT},
                 {CAP_AC_V2_GSMSSF, 99}};
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct bench b;
        bench_setup(&b);
        peer_start(&b.peer);
        peer_add_invoke(&b.peer, 4, cases[i].operation, bytes_of("\x30\x00", 2));
        const struct tcap_message *answer =
            bench_ask(&b, peer_begin(&b.peer, PEER_OTID, cases[i].context));
        CU_ASSERT_EQUAL(answer->type, TCAP_END);
        CU_ASSERT_EQUAL(answer->components[0].type, TCAP_REJECT);
        CU_ASSERT_EQUAL(answer->components[0].invoke_id, 4);
        CU_ASSERT_EQUAL(answer->components[0].problem_kind, TCAP_PROBLEM_INVOKE);
        CU_ASSERT_EQUAL(answer->components[0].problem, TCAP_INVOKE_UNRECOGNIZED_OPERATION);
        CU_ASSERT_EQUAL(b.service.counters.operation_unknown, 1);
        expect_nothing_charged(&b);
        bench_close(&b);
    }
}

static void arguments_that_cannot_be_taken_are_told_by_their_fault(void)
{
    static const struct {
        const char *hex;
        int error; /* -1: reject, mistyped parameter */
    } cases[] = {
        {"", CAP_ERROR_MISSING_PARAMETER},
        {"3000", CAP_ERROR_MISSING_PARAMETER},
        {"3003 8001ff", CAP_ERROR_PARAMETER_OUT_OF_RANGE}, /* serviceKey -1 */
        {"0401 00", -1},
        {"3004 8001", -1},
    };
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct bench b;
        uint8_t octets[16];
        const size_t n = unit_hex(cases[i].hex, octets, sizeof(octets));
        bench_setup(&b);
        peer_start(&b.peer);
        peer_add_invoke(&b.peer, 2, CAP_INITIAL_DP, bytes_of(octets, n));
        /* Where TCAP itself can't take the component it is not for the service to say. */
        const struct tcap_message *message = peer_begin(&b.peer, PEER_OTID, CAP_AC_V3_GENERIC);
        if (message->fault.present) {
            bench_receive(&b, message);
            CU_ASSERT_EQUAL(b.reply.decision.primitive, DECISION_END);
            CU_ASSERT_EQUAL(b.reply.decision.body, DECISION_EMPTY);
            CU_ASSERT_EQUAL(b.service.counters.component_wrong, 1);
            expect_nothing_charged(&b);
            bench_close(&b);
            continue;
        }
        const struct tcap_message *answer = bench_ask(&b, message);
        CU_ASSERT_EQUAL(answer->type, TCAP_END);
        if (cases[i].error >= 0) {
            CU_ASSERT_TRUE(answer_is_error(answer, 2, cases[i].error));
        } else {
            CU_ASSERT_EQUAL(answer->components[0].type, TCAP_REJECT);
            CU_ASSERT_EQUAL(answer->components[0].problem, TCAP_INVOKE_MISTYPED_PARAMETER);
        }
        CU_ASSERT_EQUAL(b.service.counters.argument_wrong, 1);
        expect_nothing_charged(&b);
        bench_close(&b);
    }
}

static void a_component_that_tcap_rejects_leaves_an_end_to_carry_the_reject(void)
{
    struct bench b;
    const struct peer_call call = peer_call_of(100, 1);
    bench_setup(&b);
    struct tcap_message message = *peer_initial_dp(&b.peer, &call);
    message.component_count = 0;
    message.fault = (struct tcap_component_fault){.present = true};
    const struct tcap_message *answer = bench_ask(&b, &message);
    CU_ASSERT_EQUAL(answer->type, TCAP_END);
    CU_ASSERT_EQUAL(answer->dialogue.pdu, TCAP_DIALOGUE_AARE);
    CU_ASSERT_EQUAL(answer->component_count, 0);
    expect_nothing_charged(&b);
    bench_close(&b);
}

static void what_comes_out_of_sequence_is_refused(void)
{
    struct bench b;
    struct peer_call call = peer_call_of(100, 1);
    bench_setup(&b);
    peer_start(&b.peer);
    peer_add_report(&b.peer, 6, 300, true);
    const struct tcap_message *answer =
        bench_ask(&b, peer_begin(&b.peer, PEER_OTID, CAP_AC_V2_GSMSSF));
    CU_ASSERT_TRUE(answer_is_error(answer, 6, CAP_ERROR_UNEXPECTED_COMPONENT_SEQUENCE));
    expect_nothing_charged(&b);

    /* Two initialDP in one BEGIN, and one behind the first. */
    bench_new_dialogue(&b);
    peer_start(&b.peer);
    peer_add_initial_dp(&b.peer, &call);
    call.invoke_id = 7;
    peer_add_initial_dp(&b.peer, &call);
    answer = bench_ask(&b, peer_begin(&b.peer, PEER_OTID, CAP_AC_V2_GSMSSF));
    CU_ASSERT_TRUE(answer_is_error(answer, 7, CAP_ERROR_UNEXPECTED_COMPONENT_SEQUENCE));
    expect_nothing_charged(&b);

    bench_new_dialogue(&b);
    (void)bench_ask(&b, peer_initial_dp(&b.peer, &call));
    CU_ASSERT_EQUAL(b.dialogue.state, SERVICE_DIALOGUE_CALL);
    peer_start(&b.peer);
    call.invoke_id = 8;
    peer_add_initial_dp(&b.peer, &call);
    answer = bench_ask(&b, peer_continue(&b.peer));
    CU_ASSERT_EQUAL(answer->type, TCAP_END);
    CU_ASSERT_TRUE(answer_is_error(answer, 8, CAP_ERROR_UNEXPECTED_COMPONENT_SEQUENCE));
    expect_nothing_charged(&b);
    bench_close(&b);
}

static void open_call(struct bench *b)
{
    const struct peer_call call = peer_call_of(100, 1);
    bench_setup(b);
    (void)bench_ask(b, peer_initial_dp(&b->peer, &call));
    CU_ASSERT_TRUE(b->service.accounts.reserved_total > 0);
}

static void a_refusal_inside_of_a_call_ends_it_and_gives_back_the_slice(void)
{
    static const struct {
        int32_t operation;
        const char *hex;
        int error; /* -1: reject with `problem` */
        int problem;
    } cases[] = {
        {CAP_APPLY_CHARGING_REPORT, "", CAP_ERROR_MISSING_PARAMETER, 0},
        {CAP_APPLY_CHARGING_REPORT, "3000", -1, TCAP_INVOKE_MISTYPED_PARAMETER},
        /* class 4: no errors, so a reject it is */
        {CAP_EVENT_REPORT_BCSM, "3000", -1, TCAP_INVOKE_MISTYPED_PARAMETER},
        {CAP_CONNECT, "3000", -1, TCAP_INVOKE_UNRECOGNIZED_OPERATION},
    };
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct bench b;
        uint8_t octets[16];
        const size_t n = unit_hex(cases[i].hex, octets, sizeof(octets));
        open_call(&b);
        peer_start(&b.peer);
        peer_add_invoke(&b.peer, 5, cases[i].operation, bytes_of(octets, n));
        const struct tcap_message *answer = bench_ask(&b, peer_continue(&b.peer));
        CU_ASSERT_EQUAL(answer->type, TCAP_END);
        if (cases[i].error >= 0) {
            CU_ASSERT_TRUE(answer_is_error(answer, 5, cases[i].error));
        } else {
            CU_ASSERT_EQUAL(answer->components[0].type, TCAP_REJECT);
            CU_ASSERT_EQUAL(answer->components[0].problem, cases[i].problem);
        }
        expect_nothing_charged(&b);
        bench_close(&b);
    }
}

static void time_since_answer_does_not_run_backwards(void)
{
    struct bench b;
    open_call(&b);
    (void)bench_ask(&b, peer_report(&b.peer, 3, 300, true));
    const uint64_t charged = bench_account(&b, 1)->charged;
    const struct tcap_message *answer = bench_ask(&b, peer_report(&b.peer, 4, 299, true));
    CU_ASSERT_TRUE(answer_is_error(answer, 4, CAP_ERROR_UNEXPECTED_DATA_VALUE));
    CU_ASSERT_EQUAL(answer->type, TCAP_END);
    CU_ASSERT_EQUAL(bench_account(&b, 1)->charged, charged);
    CU_ASSERT_EQUAL(bench_account(&b, 1)->reserved, 0);
    bench_close(&b);
}

static void a_broken_component_inside_of_a_call_ends_it(void)
{
    struct bench b;
    open_call(&b);
    struct tcap_message message = *peer_report(&b.peer, 3, 300, true);
    message.component_count = 0;
    message.fault = (struct tcap_component_fault){.present = true};
    const struct tcap_message *answer = bench_ask(&b, &message);
    CU_ASSERT_EQUAL(answer->type, TCAP_END);
    CU_ASSERT_EQUAL(answer_release_cause(answer), SERVICE_CAUSE_TROUBLE);
    expect_nothing_charged(&b);
    bench_close(&b);
}

static void a_peer_that_refuses_our_operations_ends_its_call(void)
{
    for (unsigned i = 0; i < 2; i++) {
        struct bench b;
        struct tcap_component refusal = tcap_return_error(2, CAP_ERROR_TASK_REFUSED);
        if (i == 1)
            refusal = (struct tcap_component){.type = TCAP_REJECT,
                                              .has_invoke_id = true,
                                              .invoke_id = 2,
                                              .problem_kind = TCAP_PROBLEM_INVOKE,
                                              .problem = TCAP_INVOKE_RESOURCE_LIMITATION};
        open_call(&b);
        peer_start(&b.peer);
        CU_ASSERT_EQUAL(tcap_write_component(&b.peer.writer, &refusal), P7_OK);
        const struct tcap_message *answer = bench_ask(&b, peer_continue(&b.peer));
        CU_ASSERT_EQUAL(answer->type, TCAP_END);
        CU_ASSERT_EQUAL(answer_release_cause(answer), SERVICE_CAUSE_TROUBLE);
        CU_ASSERT_EQUAL(b.service.counters.peer_refused, 1);
        expect_nothing_charged(&b);
        bench_close(&b);
    }
}

static void under_overload_new_dialogues_are_refused_and_open_ones_go_on(void)
{
    struct bench b;
    struct peer_call call = peer_call_of(100, 2);
    open_call(&b);
    const struct service_dialogue open = b.dialogue;
    service_set_overload(&b.service, true);
    bench_new_dialogue(&b);
    const struct tcap_message *answer = bench_ask(&b, peer_initial_dp(&b.peer, &call));
    CU_ASSERT_TRUE(answer_is_error(answer, 1, CAP_ERROR_TASK_REFUSED));
    CU_ASSERT_EQUAL(b.service.counters.overload, 1);
    b.dialogue = open;
    answer = bench_ask(&b, peer_report(&b.peer, 3, 300, true));
    CU_ASSERT_TRUE(answer_invokes(answer, 0, CAP_APPLY_CHARGING));
    service_close(&b.service, &b.dialogue, b.now_ns);
    /* Nothing was remembered of the refusal: its repetition is tried anew. */
    service_set_overload(&b.service, false);
    bench_new_dialogue(&b);
    answer = bench_ask(&b, peer_initial_dp(&b.peer, &call));
    CU_ASSERT_EQUAL(answer->type, TCAP_CONTINUE);
    service_close(&b.service, &b.dialogue, b.now_ns);
    bench_close(&b);
}

static void planned_errors_charge_nothing_and_stay_what_they_are(void)
{
    struct bench b;
    struct peer_call call = peer_call_of(100, 1);
    bench_params(&b);
    b.params.fault.error_weight = FAULT_WEIGHT_SCALE;
    bench_open(&b);
    const struct tcap_message *answer = bench_ask(&b, peer_initial_dp(&b.peer, &call));
    CU_ASSERT_TRUE(answer_is_error(answer, 1, CAP_ERROR_SYSTEM_FAILURE));
    expect_nothing_charged(&b);
    bench_new_dialogue(&b);
    bench_receive(&b, peer_initial_dp(&b.peer, &call));
    CU_ASSERT_EQUAL(b.reply.disposition, SERVICE_AGAIN);
    CU_ASSERT_TRUE(answer_is_error(bench_encode(&b), 1, CAP_ERROR_SYSTEM_FAILURE));
    CU_ASSERT_EQUAL(b.service.counters.fault_errors, 1);
    bench_close(&b);

    /* In a call: a report gets an error; an event, class 4, can only be aborted. */
    for (unsigned i = 0; i < 2; i++) {
        open_call(&b);
        b.service.fault.params.error_weight = FAULT_WEIGHT_SCALE;
        answer = bench_ask(&b, i == 0 ? peer_report(&b.peer, 3, 300, true)
                                      : peer_event(&b.peer, 3, CAP_BCSM_O_DISCONNECT, true));
        if (i == 0) {
            CU_ASSERT_TRUE(answer_is_error(answer, 3, CAP_ERROR_SYSTEM_FAILURE));
        } else {
            CU_ASSERT_EQUAL(answer->type, TCAP_ABORT);
        }
        expect_nothing_charged(&b);
        bench_close(&b);
    }
}

static void planned_drops_and_delays_are_told_to_the_sender(void)
{
    struct bench b;
    struct peer_call call = peer_call_of(SERVICE_ONESHOT_KEY_DEFAULT, 1);
    bench_params(&b);
    b.params.fault.drop_weight = FAULT_WEIGHT_SCALE;
    bench_open(&b);
    bench_receive(&b, peer_initial_dp(&b.peer, &call));
    CU_ASSERT_TRUE(b.reply.drop);
    CU_ASSERT_EQUAL(b.reply.charged, 3);
    bench_hand_over(&b);
    CU_ASSERT_EQUAL(b.service.statistics.row[SERVICE_ONESHOT].fail, 1);
    CU_ASSERT_EQUAL(b.service.statistics.row[SERVICE_ONESHOT].response_count, 0);
    /* It was charged, so its repetition is answered and not charged again. */
    bench_new_dialogue(&b);
    bench_receive(&b, peer_initial_dp(&b.peer, &call));
    CU_ASSERT_EQUAL(b.reply.disposition, SERVICE_AGAIN);
    CU_ASSERT_FALSE(b.reply.drop);
    CU_ASSERT_EQUAL(b.service.accounts.charged_total, 3);
    bench_close(&b);

    bench_params(&b);
    b.params.fault.delay_weight = FAULT_WEIGHT_SCALE;
    b.params.fault.delay_ms = 250;
    bench_open(&b);
    bench_receive(&b, peer_initial_dp(&b.peer, &call));
    CU_ASSERT_EQUAL(b.reply.delay_ms, 250);
    CU_ASSERT_FALSE(b.reply.drop);
    bench_close(&b);
}

UNIT_TESTS = {
    UNIT(an_unknown_subscriber_has_no_customer_record),
    UNIT(without_a_number_a_parameter_is_missing),
    UNIT(an_application_context_that_is_not_served_is_refused_by_abort_and_aare),
    UNIT(a_begin_without_a_dialogue_portion_is_aborted),
    UNIT(a_begin_that_asks_for_nothing_is_aborted),
    UNIT(operations_that_a_context_does_not_have_are_rejected),
    UNIT(arguments_that_cannot_be_taken_are_told_by_their_fault),
    UNIT(a_component_that_tcap_rejects_leaves_an_end_to_carry_the_reject),
    UNIT(what_comes_out_of_sequence_is_refused),
    UNIT(a_refusal_inside_of_a_call_ends_it_and_gives_back_the_slice),
    UNIT(time_since_answer_does_not_run_backwards),
    UNIT(a_broken_component_inside_of_a_call_ends_it),
    UNIT(a_peer_that_refuses_our_operations_ends_its_call),
    UNIT(under_overload_new_dialogues_are_refused_and_open_ones_go_on),
    UNIT(planned_errors_charge_nothing_and_stay_what_they_are),
    UNIT(planned_drops_and_delays_are_told_to_the_sender),
};
UNIT_MAIN("responder/core/service: refusals")
