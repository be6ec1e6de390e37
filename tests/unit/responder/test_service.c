/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The flows of PROTOCOL: what each kind of request is answered with, and what it costs. */
#include "tests/unit/responder/peer.h"

#define SLICE_PRICE (7 + 2 * 30) /* set-up and the first slice of 30 s */

static void a_oneshot_is_answered_by_end_and_continue_and_charged_once(void)
{
    struct bench b;
    const struct peer_call call = peer_call_of(SERVICE_ONESHOT_KEY_DEFAULT, 1);
    bench_setup(&b);
    const struct tcap_message *answer = bench_ask(&b, peer_initial_dp(&b.peer, &call));
    CU_ASSERT_EQUAL(answer->type, TCAP_END);
    CU_ASSERT_EQUAL(answer->dialogue.pdu, TCAP_DIALOGUE_AARE);
    CU_ASSERT_EQUAL(answer->dialogue.result, TCAP_RESULT_ACCEPTED);
    CU_ASSERT_EQUAL(answer->component_count, 1);
    CU_ASSERT_TRUE(answer_invokes(answer, 0, CAP_CONTINUE));
    CU_ASSERT_EQUAL(b.dialogue.state, SERVICE_DIALOGUE_OVER);
    CU_ASSERT_EQUAL(b.reply.charged, 3);
    CU_ASSERT_EQUAL(bench_account(&b, 1)->charged, 3);
    CU_ASSERT_EQUAL(bench_account(&b, 1)->balance, 997);
    CU_ASSERT_EQUAL(b.service.statistics.row[SERVICE_ONESHOT].succ, 1);
    CU_ASSERT_EQUAL(b.service.statistics.row[SERVICE_ONESHOT].response_ns_sum, 1500000);
    bench_close(&b);
}

static void check_armed_events(const struct tcap_message *answer, const uint8_t *types,
                               unsigned count)
{
    struct cap_request_report_bcsm_event request;
    CU_ASSERT_TRUE_FATAL(answer_invokes(answer, 0, CAP_REQUEST_REPORT_BCSM_EVENT));
    CU_ASSERT_EQUAL_FATAL(
        cap_request_report_bcsm_event_decode(answer->components[0].parameter, &request), P7_OK);
    CU_ASSERT_EQUAL_FATAL(request.bcsm.count, count);
    for (unsigned i = 0; i < count; i++) {
        const struct cap_bcsm_event *event = &request.bcsm.event[i];
        CU_ASSERT_EQUAL(event->event_type, types[i]);
        CU_ASSERT_EQUAL(event->leg_id.side, CAP_LEG_SENDING);
        if (event->event_type == CAP_BCSM_O_ANSWER || event->event_type == CAP_BCSM_T_ANSWER)
            CU_ASSERT_EQUAL(event->monitor_mode, CAP_MONITOR_NOTIFY_AND_CONTINUE);
        if (event->event_type == CAP_BCSM_O_DISCONNECT)
            CU_ASSERT_EQUAL(event->monitor_mode, CAP_MONITOR_INTERRUPTED);
    }
}

static void an_initial_dp_starts_a_call_and_reserves_its_first_slice(void)
{
    static const uint8_t originating[] = {4, 5, 6, 7, 9, 9, 10};
    static const uint8_t terminating[] = {13, 14, 15, 17, 17, 18};
    for (unsigned t = 0; t < 2; t++) {
        for (unsigned v = 0; v < 2; v++) {
            struct bench b;
            struct peer_call call = peer_call_of(100, 1);
            call.context = v == 0 ? CAP_AC_V2_GSMSSF : CAP_AC_V3_GENERIC;
            call.terminating = t == 1;
            bench_setup(&b);
            const struct tcap_message *answer = bench_ask(&b, peer_initial_dp(&b.peer, &call));
            CU_ASSERT_EQUAL(answer->type, TCAP_CONTINUE);
            CU_ASSERT_EQUAL(answer->dialogue.pdu, TCAP_DIALOGUE_AARE);
            CU_ASSERT_TRUE(bytes_equal(answer->dialogue.application_context,
                                       cap_application_context_oid(call.context)));
            CU_ASSERT_EQUAL(answer->component_count, 3);
            check_armed_events(answer, t == 0 ? originating : terminating, t == 0 ? 7 : 6);
            CU_ASSERT_EQUAL(answer_slice_100ms(answer, 1), 300);
            CU_ASSERT_TRUE(answer_invokes(answer, 2, CAP_CONTINUE));
            CU_ASSERT_EQUAL(bench_account(&b, 1)->reserved, SLICE_PRICE);
            CU_ASSERT_EQUAL(bench_account(&b, 1)->charged, 0);
            service_close(&b.service, &b.dialogue, b.now_ns);
            CU_ASSERT_EQUAL(bench_account(&b, 1)->balance, 1000);
            bench_close(&b);
        }
    }
}

/* A call in its first slice, answered. */
static void open_call(struct bench *b)
{
    const struct peer_call call = peer_call_of(100, 1);
    bench_setup(b);
    (void)bench_ask(b, peer_initial_dp(&b->peer, &call));
    bench_receive(b, peer_event(&b->peer, 2, CAP_BCSM_O_ANSWER, false));
    CU_ASSERT_EQUAL(b->reply.disposition, SERVICE_NOTHING);
    CU_ASSERT_EQUAL(b->reply.decision.kind, SERVICE_NO_REQUEST);
}

static void a_call_of_three_slices_costs_set_up_and_its_started_seconds(void)
{
    struct bench b;
    open_call(&b);
    const struct tcap_message *answer = bench_ask(&b, peer_report(&b.peer, 3, 300, true));
    CU_ASSERT_EQUAL(answer->type, TCAP_CONTINUE);
    CU_ASSERT_EQUAL(answer->dialogue.pdu, TCAP_DIALOGUE_NONE);
    CU_ASSERT_EQUAL(answer->component_count, 1);
    CU_ASSERT_EQUAL(answer_slice_100ms(answer, 0), 300);
    CU_ASSERT_EQUAL(b.reply.charged, SLICE_PRICE);
    CU_ASSERT_EQUAL(bench_account(&b, 1)->charged, SLICE_PRICE);
    CU_ASSERT_EQUAL(bench_account(&b, 1)->reserved, 60);

    (void)bench_ask(&b, peer_report(&b.peer, 4, 600, true));
    peer_start(&b.peer);
    peer_add_report(&b.peer, 5, 753, false);
    peer_add_event(&b.peer, 6, CAP_BCSM_O_DISCONNECT, true);
    answer = bench_ask(&b, peer_continue(&b.peer));
    CU_ASSERT_EQUAL(answer->type, TCAP_END);
    CU_ASSERT_EQUAL(answer_release_cause(answer), CAP_CAUSE_NORMAL_CLEARING);
    CU_ASSERT_EQUAL(bench_account(&b, 1)->charged, 7 + 2 * 76);
    CU_ASSERT_EQUAL(bench_account(&b, 1)->reserved, 0);
    CU_ASSERT_EQUAL(b.service.statistics.row[SERVICE_INITIAL].succ, 1);
    CU_ASSERT_EQUAL(b.service.statistics.row[SERVICE_INTERIM].succ, 2);
    CU_ASSERT_EQUAL(b.service.statistics.row[SERVICE_FINAL].succ, 1);
    bench_close(&b);
}

static void a_report_alone_ends_the_call_when_the_leg_is_no_more_active(void)
{
    struct bench b;
    open_call(&b);
    const struct tcap_message *answer = bench_ask(&b, peer_report(&b.peer, 3, 26, false));
    CU_ASSERT_EQUAL(answer->type, TCAP_END);
    CU_ASSERT_EQUAL(answer_release_cause(answer), CAP_CAUSE_NORMAL_CLEARING);
    CU_ASSERT_EQUAL(b.reply.decision.kind, SERVICE_FINAL);
    CU_ASSERT_EQUAL(bench_account(&b, 1)->charged, 7 + 2 * 3);
    bench_close(&b);
}

static void an_attempt_that_fails_costs_nothing_and_is_released_with_its_cause(void)
{
    static const struct {
        int32_t event;
        int cause;
    } cases[] = {{CAP_BCSM_O_CALLED_PARTY_BUSY, 17},
                 {CAP_BCSM_O_NO_ANSWER, 19},
                 {CAP_BCSM_ROUTE_SELECT_FAILURE, 31},
                 {CAP_BCSM_O_ABANDON, 16},
                 {CAP_BCSM_T_BUSY, 17},
                 {CAP_BCSM_T_NO_ANSWER, 19}};
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct bench b;
        const struct peer_call call = peer_call_of(100, 1);
        bench_setup(&b);
        (void)bench_ask(&b, peer_initial_dp(&b.peer, &call));
        const struct tcap_message *answer =
            bench_ask(&b, peer_event(&b.peer, 2, cases[i].event, true));
        CU_ASSERT_EQUAL(answer->type, TCAP_END);
        CU_ASSERT_EQUAL(answer_release_cause(answer), cases[i].cause);
        CU_ASSERT_EQUAL(bench_account(&b, 1)->balance, 1000);
        CU_ASSERT_EQUAL(b.service.statistics.row[SERVICE_FINAL].succ, 1);
        bench_close(&b);
    }
}

static void a_notified_abandon_leaves_nothing_to_release(void)
{
    struct bench b;
    const struct peer_call call = peer_call_of(100, 1);
    bench_setup(&b);
    (void)bench_ask(&b, peer_initial_dp(&b.peer, &call));
    const struct tcap_message *answer =
        bench_ask(&b, peer_event(&b.peer, 2, CAP_BCSM_O_ABANDON, false));
    CU_ASSERT_EQUAL(answer->type, TCAP_END);
    CU_ASSERT_EQUAL(answer->component_count, 0);
    bench_close(&b);
}

static void a_call_may_begin_with_questions_and_charging_data(void)
{
    struct bench b;
    struct cap_call_information_request information;
    struct cap_furnish_charging_information furnish;
    const struct peer_call call = peer_call_of(100, 1);
    bench_params(&b);
    b.params.asks_information = true;
    b.params.furnishes = true;
    bench_open(&b);
    const struct tcap_message *answer = bench_ask(&b, peer_initial_dp(&b.peer, &call));
    CU_ASSERT_EQUAL_FATAL(answer->component_count, 5);
    CU_ASSERT_TRUE(answer_invokes(answer, 0, CAP_REQUEST_REPORT_BCSM_EVENT));
    CU_ASSERT_TRUE(answer_invokes(answer, 1, CAP_CALL_INFORMATION_REQUEST));
    CU_ASSERT_TRUE(answer_invokes(answer, 2, CAP_FURNISH_CHARGING_INFORMATION));
    CU_ASSERT_TRUE(answer_invokes(answer, 3, CAP_APPLY_CHARGING));
    CU_ASSERT_TRUE(answer_invokes(answer, 4, CAP_CONTINUE));
    for (unsigned i = 0; i < 5; i++)
        CU_ASSERT_EQUAL(answer->components[i].invoke_id, (int8_t)(i + 1));
    CU_ASSERT_EQUAL(decision_invokes_outstanding(&b.reply.decision), 0x1e);
    CU_ASSERT_EQUAL(
        cap_call_information_request_decode(answer->components[1].parameter, &information), P7_OK);
    CU_ASSERT_EQUAL(information.requested.count, 4);
    CU_ASSERT_EQUAL(
        cap_furnish_charging_information_decode(answer->components[2].parameter, &furnish), P7_OK);
    CU_ASSERT_EQUAL(furnish.free_format_data.length, 4);
    /* The next invoke of ours does not take an id again that is in use. */
    answer = bench_ask(&b, peer_report(&b.peer, 3, 300, true));
    CU_ASSERT_EQUAL(answer->components[0].invoke_id, 6);
    service_close(&b.service, &b.dialogue, b.now_ns);
    bench_close(&b);
}

static void the_end_of_a_call_may_be_answered_by_continue(void)
{
    struct bench b;
    const struct peer_call call = peer_call_of(100, 1);
    bench_params(&b);
    b.params.continues_at_end = true;
    bench_open(&b);
    (void)bench_ask(&b, peer_initial_dp(&b.peer, &call));
    const struct tcap_message *answer =
        bench_ask(&b, peer_event(&b.peer, 2, CAP_BCSM_O_CALLED_PARTY_BUSY, true));
    CU_ASSERT_EQUAL(answer->type, TCAP_END);
    CU_ASSERT_TRUE(answer_invokes(answer, 0, CAP_CONTINUE));
    CU_ASSERT_EQUAL(bench_account(&b, 1)->balance, 1000);
    bench_close(&b);
}

/* Q.774-3.3.3 */
static void a_oneshot_may_end_by_prearrangement(void)
{
    struct bench b;
    const struct peer_call call = peer_call_of(SERVICE_ONESHOT_KEY_DEFAULT, 2);
    bench_params(&b);
    b.params.oneshot_prearranged = true;
    bench_open(&b);
    const struct tcap_message *answer = bench_ask(&b, peer_initial_dp(&b.peer, &call));
    CU_ASSERT_EQUAL(answer->type, TCAP_CONTINUE);
    CU_ASSERT_TRUE(answer_invokes(answer, 0, CAP_CONTINUE));
    CU_ASSERT_TRUE(decision_ends(&b.reply.decision));
    CU_ASSERT_EQUAL(b.dialogue.state, SERVICE_DIALOGUE_OVER);
    bench_close(&b);
}

static void abandon_is_armed_as_each_phase_allows(void)
{
    for (unsigned v = 0; v < 2; v++) {
        struct bench b;
        struct peer_call call = peer_call_of(100, 1);
        struct cap_request_report_bcsm_event request;
        call.context = v == 0 ? CAP_AC_V2_GSMSSF : CAP_AC_V3_GENERIC;
        bench_setup(&b);
        const struct tcap_message *answer = bench_ask(&b, peer_initial_dp(&b.peer, &call));
        CU_ASSERT_EQUAL_FATAL(
            cap_request_report_bcsm_event_decode(answer->components[0].parameter, &request), P7_OK);
        CU_ASSERT_EQUAL(request.bcsm.event[6].event_type, CAP_BCSM_O_ABANDON);
        CU_ASSERT_EQUAL(request.bcsm.event[6].monitor_mode,
                        v == 0 ? CAP_MONITOR_NOTIFY_AND_CONTINUE : CAP_MONITOR_INTERRUPTED);
        service_close(&b.service, &b.dialogue, b.now_ns);
        bench_close(&b);
    }
}

static void a_short_message_is_answered_by_end_and_continue_sms(void)
{
    struct bench b;
    bench_setup(&b);
    const struct tcap_message *answer =
        bench_ask(&b, peer_initial_dp_sms(&b.peer, "46701000005", 1));
    CU_ASSERT_EQUAL(answer->type, TCAP_END);
    CU_ASSERT_TRUE(answer_invokes(answer, 0, CAP_CONTINUE_SMS));
    CU_ASSERT_TRUE(bytes_equal(answer->dialogue.application_context,
                               cap_application_context_oid(CAP_AC_V3_SMS)));
    CU_ASSERT_EQUAL(bench_account(&b, 5)->charged, 3);
    CU_ASSERT_EQUAL(b.service.statistics.row[SERVICE_EVENT].succ, 1);
    bench_close(&b);
}

static void without_credit_each_kind_is_released_and_counted_apart(void)
{
    struct bench b;
    struct peer_call call = peer_call_of(100, 1);
    bench_params(&b);
    b.params.account_balance = 2; /* less than any price */
    bench_open(&b);
    const struct tcap_message *answer = bench_ask(&b, peer_initial_dp(&b.peer, &call));
    CU_ASSERT_EQUAL(answer->type, TCAP_END);
    CU_ASSERT_EQUAL(answer_release_cause(answer), SERVICE_CAUSE_NO_CREDIT);
    bench_new_dialogue(&b);
    call = peer_call_of(SERVICE_ONESHOT_KEY_DEFAULT, 2);
    answer = bench_ask(&b, peer_initial_dp(&b.peer, &call));
    CU_ASSERT_EQUAL(answer_release_cause(answer), SERVICE_CAUSE_NO_CREDIT);
    bench_new_dialogue(&b);
    answer = bench_ask(&b, peer_initial_dp_sms(&b.peer, "46701000005", 3));
    CU_ASSERT_TRUE(answer_invokes(answer, 0, CAP_RELEASE_SMS));
    for (unsigned kind = 0; kind < SERVICE_KIND_COUNT; kind++) {
        const bool asked =
            kind == SERVICE_INITIAL || kind == SERVICE_ONESHOT || kind == SERVICE_EVENT;
        CU_ASSERT_EQUAL(b.service.statistics.row[kind].succ, asked);
        CU_ASSERT_EQUAL(b.service.statistics.row[kind].no_credit, asked);
        CU_ASSERT_EQUAL(b.service.statistics.row[kind].fail, 0);
    }
    CU_ASSERT_EQUAL(b.service.counters.no_credit, 3);
    CU_ASSERT_EQUAL(b.service.accounts.charged_total, 0);
    bench_close(&b);
}

static void the_last_slice_is_what_the_account_pays_for(void)
{
    struct bench b;
    struct cap_apply_charging charging;
    const struct peer_call call = peer_call_of(100, 1);
    bench_params(&b);
    b.params.account_balance = 7 + 2 * 42 + 1; /* 42 s, and a unit that buys nothing */
    bench_open(&b);
    (void)bench_ask(&b, peer_initial_dp(&b.peer, &call));
    const struct tcap_message *answer = bench_ask(&b, peer_report(&b.peer, 3, 300, true));
    CU_ASSERT_EQUAL(answer_slice_100ms(answer, 0), 120);
    CU_ASSERT_EQUAL_FATAL(cap_apply_charging_decode(answer->components[0].parameter, &charging),
                          P7_OK);
    CU_ASSERT_TRUE(cap_apply_charging_releases(&charging));
    answer = bench_ask(&b, peer_report(&b.peer, 4, 420, true));
    CU_ASSERT_EQUAL(answer->type, TCAP_END);
    CU_ASSERT_EQUAL(answer_release_cause(answer), SERVICE_CAUSE_NO_CREDIT);
    CU_ASSERT_EQUAL(bench_account(&b, 1)->balance, 1);
    CU_ASSERT_EQUAL(b.service.statistics.row[SERVICE_INTERIM].no_credit, 1);
    bench_close(&b);
}

static void the_called_party_pays_for_a_terminating_call(void)
{
    struct bench b;
    struct peer_call call = peer_call_of(100, 1);
    call.terminating = true;
    call.called = "46701000020f"; /* with the end-of-pulsing signal */
    bench_setup(&b);
    (void)bench_ask(&b, peer_initial_dp(&b.peer, &call));
    CU_ASSERT_EQUAL(b.reply.account, 20);
    CU_ASSERT_EQUAL(bench_account(&b, 20)->reserved, SLICE_PRICE);
    service_close(&b.service, &b.dialogue, b.now_ns);

    bench_new_dialogue(&b);
    call.called = "46999"; /* a roaming number: has no account */
    call.reference = 2;
    (void)bench_ask(&b, peer_initial_dp(&b.peer, &call));
    CU_ASSERT_EQUAL(b.reply.account, 1);
    service_close(&b.service, &b.dialogue, b.now_ns);
    bench_close(&b);
}

static void without_any_accounts_everybody_is_served_for_free(void)
{
    struct bench b;
    struct peer_call call = peer_call_of(100, 1);
    call.calling = NULL;
    bench_params(&b);
    b.params.account_count = 0;
    bench_open(&b);
    (void)bench_ask(&b, peer_initial_dp(&b.peer, &call));
    const struct tcap_message *answer = bench_ask(&b, peer_report(&b.peer, 3, 300, true));
    CU_ASSERT_EQUAL(answer_slice_100ms(answer, 0), 300);
    answer = bench_ask(&b, peer_report(&b.peer, 4, 350, false));
    CU_ASSERT_EQUAL(answer->type, TCAP_END);
    CU_ASSERT_EQUAL(b.reply.charged, 0);
    bench_close(&b);
}

static void an_answered_call_that_ends_unreported_is_charged_by_our_clock(void)
{
    struct bench b;
    open_call(&b);
    b.now_ns += 4100000000; /* 4.1 s since answer */
    const struct tcap_message *answer =
        bench_ask(&b, peer_event(&b.peer, 3, CAP_BCSM_O_DISCONNECT, true));
    CU_ASSERT_EQUAL(answer->type, TCAP_END);
    CU_ASSERT_EQUAL(bench_account(&b, 1)->charged, 7 + 2 * 5);
    CU_ASSERT_EQUAL(b.service.counters.unreported, 1);
    bench_close(&b);

    open_call(&b);
    b.now_ns += 3600000000000; /* an hour: at most what was granted */
    service_close(&b.service, &b.dialogue, b.now_ns);
    CU_ASSERT_EQUAL(bench_account(&b, 1)->charged, SLICE_PRICE);
    service_close(&b.service, &b.dialogue, b.now_ns);
    CU_ASSERT_EQUAL(bench_account(&b, 1)->charged, SLICE_PRICE);
    bench_close(&b);
}

/* TS29.078-11.5.1.1: without an answer the time is 0. */
static void a_report_of_zero_from_an_unanswered_call_costs_nothing(void)
{
    for (unsigned answered = 0; answered < 2; answered++) {
        struct bench b;
        const struct peer_call call = peer_call_of(100, 1);
        bench_setup(&b);
        (void)bench_ask(&b, peer_initial_dp(&b.peer, &call));
        if (answered != 0)
            bench_receive(&b, peer_event(&b.peer, 2, CAP_BCSM_O_ANSWER, false));
        const struct tcap_message *answer = bench_ask(&b, peer_report(&b.peer, 3, 0, false));
        CU_ASSERT_EQUAL(answer->type, TCAP_END);
        CU_ASSERT_EQUAL(bench_account(&b, 1)->charged, answered != 0 ? 7 : 0); /* set-up */
        CU_ASSERT_EQUAL(bench_account(&b, 1)->reserved, 0);
        bench_close(&b);
    }
}

static void a_report_tells_of_an_answer_that_nobody_told(void)
{
    struct bench b;
    const struct peer_call call = peer_call_of(100, 1);
    bench_setup(&b);
    (void)bench_ask(&b, peer_initial_dp(&b.peer, &call));
    b.now_ns += 40000000000;
    (void)bench_ask(&b, peer_report(&b.peer, 3, 300, true)); /* so it was 30 s ago */
    b.now_ns += 5000000000;
    service_close(&b.service, &b.dialogue, b.now_ns);
    CU_ASSERT_EQUAL(bench_account(&b, 1)->charged, 7 + 2 * 35);
    bench_close(&b);
}

static void the_peers_end_settles_the_call_and_gets_no_reply(void)
{
    struct bench b;
    open_call(&b);
    peer_start(&b.peer);
    peer_add_report(&b.peer, 3, 150, false);
    bench_receive(&b, peer_message(&b.peer, TCAP_END, 0, NULL));
    CU_ASSERT_EQUAL(b.reply.disposition, SERVICE_NOTHING);
    CU_ASSERT_EQUAL(b.reply.decision.primitive, DECISION_NOTHING);
    CU_ASSERT_EQUAL(b.reply.charged, 7 + 2 * 15);
    CU_ASSERT_EQUAL(b.dialogue.state, SERVICE_DIALOGUE_OVER);
    CU_ASSERT_EQUAL(bench_account(&b, 1)->reserved, 0);
    bench_close(&b);
}

static void the_peers_abort_gives_back_what_was_reserved(void)
{
    struct bench b;
    const struct peer_call call = peer_call_of(100, 1);
    const struct tcap_message abort = {.type = TCAP_ABORT};
    bench_setup(&b);
    (void)bench_ask(&b, peer_initial_dp(&b.peer, &call));
    bench_receive(&b, &abort);
    CU_ASSERT_EQUAL(b.reply.disposition, SERVICE_NOTHING);
    CU_ASSERT_EQUAL(bench_account(&b, 1)->balance, 1000);
    bench_close(&b);
}

static void an_activity_test_gets_its_result(void)
{
    struct bench b;
    open_call(&b);
    peer_start(&b.peer);
    peer_add_invoke(&b.peer, 9, CAP_ACTIVITY_TEST, bytes_of(NULL, 0));
    const struct tcap_message *answer = bench_ask(&b, peer_continue(&b.peer));
    CU_ASSERT_EQUAL(answer->type, TCAP_CONTINUE);
    CU_ASSERT_EQUAL(answer->components[0].type, TCAP_RETURN_RESULT_LAST);
    CU_ASSERT_EQUAL(answer->components[0].invoke_id, 9);
    service_close(&b.service, &b.dialogue, b.now_ns);
    bench_close(&b);
}

static void our_invoke_ids_go_round_and_stay_in_their_range(void)
{
    struct bench b;
    bench_params(&b);
    b.params.account_balance = 1000000;
    b.params.tariff.slice_ms = 1000;
    bench_open(&b);
    const struct peer_call call = peer_call_of(100, 1);
    (void)bench_ask(&b, peer_initial_dp(&b.peer, &call));
    int8_t before = 3;
    for (uint32_t i = 1; i <= 200; i++) {
        const struct tcap_message *answer =
            bench_ask(&b, peer_report(&b.peer, (int8_t)(uint8_t)i, i * 10, true));
        const int8_t id = answer->components[0].invoke_id;
        CU_ASSERT_EQUAL(id, before == DECISION_INVOKE_ID_MAX ? 1 : before + 1);
        before = id;
    }
    CU_ASSERT_EQUAL(bench_account(&b, 1)->charged, 7 + 2 * 200);
    service_close(&b.service, &b.dialogue, b.now_ns);
    bench_close(&b);
}

static void parameters_out_of_bounds_are_refused_at_creation(void)
{
    struct service service;
    struct service_params params;
    service_params_init(&params);
    params.tariff.slice_ms = 99;
    CU_ASSERT_EQUAL(service_create(&service, &params), P7_RANGE);
    params.tariff.slice_ms = 86400001;
    CU_ASSERT_EQUAL(service_create(&service, &params), P7_RANGE);
    service_params_init(&params);
    params.fault.error_weight = 100001;
    CU_ASSERT_EQUAL(service_create(&service, &params), P7_RANGE);
    service_params_init(&params);
    params.account_count = 1;
    CU_ASSERT_EQUAL(service_create(&service, &params), P7_RANGE);
    service_params_init(&params);
    params.duplicates_max = DUPLICATES_MAX + 1;
    params.account_first = "46";
    params.account_count = 1;
    CU_ASSERT_EQUAL(service_create(&service, &params), P7_RANGE);
}

UNIT_TESTS = {
    UNIT(a_oneshot_is_answered_by_end_and_continue_and_charged_once),
    UNIT(an_initial_dp_starts_a_call_and_reserves_its_first_slice),
    UNIT(a_call_of_three_slices_costs_set_up_and_its_started_seconds),
    UNIT(a_report_alone_ends_the_call_when_the_leg_is_no_more_active),
    UNIT(an_attempt_that_fails_costs_nothing_and_is_released_with_its_cause),
    UNIT(a_notified_abandon_leaves_nothing_to_release),
    UNIT(a_call_may_begin_with_questions_and_charging_data),
    UNIT(the_end_of_a_call_may_be_answered_by_continue),
    UNIT(a_oneshot_may_end_by_prearrangement),
    UNIT(abandon_is_armed_as_each_phase_allows),
    UNIT(a_short_message_is_answered_by_end_and_continue_sms),
    UNIT(without_credit_each_kind_is_released_and_counted_apart),
    UNIT(the_last_slice_is_what_the_account_pays_for),
    UNIT(the_called_party_pays_for_a_terminating_call),
    UNIT(without_any_accounts_everybody_is_served_for_free),
    UNIT(an_answered_call_that_ends_unreported_is_charged_by_our_clock),
    UNIT(a_report_of_zero_from_an_unanswered_call_costs_nothing),
    UNIT(a_report_tells_of_an_answer_that_nobody_told),
    UNIT(the_peers_end_settles_the_call_and_gets_no_reply),
    UNIT(the_peers_abort_gives_back_what_was_reserved),
    UNIT(an_activity_test_gets_its_result),
    UNIT(our_invoke_ids_go_round_and_stay_in_their_range),
    UNIT(parameters_out_of_bounds_are_refused_at_creation),
};
UNIT_MAIN("responder/core/service")
