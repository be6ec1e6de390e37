/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Requests that come again: answered to the octet as before, and charged once. */
#include <string.h>

#include "tests/unit/responder/peer.h"

struct octets {
    uint8_t data[DECISION_OCTETS_MAX];
    size_t length;
};

static struct octets components_of(const struct service_reply *reply)
{
    struct octets octets = {.length = 0};
    struct bytes_writer w = bytes_writer_of(octets.data, octets.data + sizeof(octets.data));
    CU_ASSERT_EQUAL_FATAL(decision_write_components(&w, &reply->decision), P7_OK);
    octets.length = bytes_writer_length(&w);
    return octets;
}

static bool same(const struct octets *a, const struct octets *b)
{
    return a->length == b->length && memcmp(a->data, b->data, a->length) == 0;
}

static void a_oneshot_that_comes_again_gets_the_same_octets_and_is_charged_once(void)
{
    struct bench b;
    struct peer_call call = peer_call_of(SERVICE_ONESHOT_KEY_DEFAULT, 1);
    bench_setup(&b);
    (void)bench_ask(&b, peer_initial_dp(&b.peer, &call));
    const struct octets first = components_of(&b.reply);
    bench_new_dialogue(&b);
    call.otid = 4711; /* transaction ids are no part of the identity */
    service_receive(&b.service, &b.dialogue, peer_initial_dp(&b.peer, &call), peer_origin(), 78,
                    b.now_ns, &b.reply);
    CU_ASSERT_EQUAL(b.reply.disposition, SERVICE_AGAIN);
    CU_ASSERT_EQUAL(b.reply.original_token, 77);
    CU_ASSERT_EQUAL(b.reply.charged, 0);
    const struct octets second = components_of(&b.reply);
    CU_ASSERT_TRUE(same(&first, &second));
    CU_ASSERT_EQUAL(b.reply.decision.dialogue, DECISION_DIALOGUE_ACCEPTED);
    bench_hand_over(&b);
    const struct statistics_row *row = &b.service.statistics.row[SERVICE_ONESHOT];
    CU_ASSERT_EQUAL(row->retransmissions, 1);
    CU_ASSERT_EQUAL(row->duplicates, 1);
    CU_ASSERT_EQUAL(row->succ, 1);
    CU_ASSERT_EQUAL(b.service.accounts.charged_total, 3);
    bench_close(&b);
}

static void one_that_comes_while_its_original_is_in_work_attaches_to_it(void)
{
    struct bench b;
    const struct peer_call call = peer_call_of(SERVICE_ONESHOT_KEY_DEFAULT, 1);
    bench_setup(&b);
    bench_receive(&b, peer_initial_dp(&b.peer, &call));
    const struct service_reply original = b.reply;
    bench_new_dialogue(&b);
    bench_receive(&b, peer_initial_dp(&b.peer, &call));
    CU_ASSERT_EQUAL(b.reply.disposition, SERVICE_ATTACHED);
    CU_ASSERT_EQUAL(b.service.statistics.row[SERVICE_ONESHOT].retransmissions, 1);
    CU_ASSERT_EQUAL(b.service.statistics.row[SERVICE_ONESHOT].duplicates, 0);
    service_handed_over(&b.service, NULL, &original, 0, 1);
    bench_new_dialogue(&b);
    bench_receive(&b, peer_initial_dp(&b.peer, &call));
    CU_ASSERT_EQUAL(b.reply.disposition, SERVICE_AGAIN);
    CU_ASSERT_EQUAL(b.service.accounts.charged_total, 3);
    bench_close(&b);
}

static void the_same_identity_with_another_content_is_an_error_and_not_charged(void)
{
    struct bench b;
    struct peer_call call = peer_call_of(SERVICE_ONESHOT_KEY_DEFAULT, 1);
    bench_setup(&b);
    (void)bench_ask(&b, peer_initial_dp(&b.peer, &call));
    bench_new_dialogue(&b);
    call.calling = "46701000002";
    const struct tcap_message *answer = bench_ask(&b, peer_initial_dp(&b.peer, &call));
    CU_ASSERT_TRUE(answer_is_error(answer, 1, CAP_ERROR_UNEXPECTED_DATA_VALUE));
    CU_ASSERT_EQUAL(b.service.counters.conflicts, 1);
    CU_ASSERT_EQUAL(bench_account(&b, 2)->charged, 0);
    /* The one that was there first keeps its answer. */
    bench_new_dialogue(&b);
    call.calling = "46701000001";
    bench_receive(&b, peer_initial_dp(&b.peer, &call));
    CU_ASSERT_EQUAL(b.reply.disposition, SERVICE_AGAIN);
    bench_close(&b);
}

static void another_peer_or_another_reference_is_another_request(void)
{
    static const uint8_t elsewhere[] = {0x12, 0x92, 0x00, 0x11, 0x04, 0x64, 0x07, 0x02};
    struct bench b;
    struct peer_call call = peer_call_of(SERVICE_ONESHOT_KEY_DEFAULT, 1);
    bench_setup(&b);
    (void)bench_ask(&b, peer_initial_dp(&b.peer, &call));
    bench_new_dialogue(&b);
    service_receive(&b.service, &b.dialogue, peer_initial_dp(&b.peer, &call),
                    bytes_of(elsewhere, sizeof(elsewhere)), 77, b.now_ns, &b.reply);
    CU_ASSERT_EQUAL(b.reply.disposition, SERVICE_ANSWER);
    bench_new_dialogue(&b);
    call.reference = 2;
    bench_receive(&b, peer_initial_dp(&b.peer, &call));
    CU_ASSERT_EQUAL(b.reply.disposition, SERVICE_ANSWER);
    CU_ASSERT_EQUAL(b.service.accounts.charged_total, 9);
    bench_close(&b);
}

static void without_a_reference_the_transaction_id_tells_requests_apart(void)
{
    struct bench b;
    struct peer_call call = peer_call_of(SERVICE_ONESHOT_KEY_DEFAULT, 0);
    call.no_reference = true;
    bench_setup(&b);
    (void)bench_ask(&b, peer_initial_dp(&b.peer, &call));
    bench_new_dialogue(&b);
    bench_receive(&b, peer_initial_dp(&b.peer, &call));
    CU_ASSERT_EQUAL(b.reply.disposition, SERVICE_AGAIN);
    bench_new_dialogue(&b);
    call.otid++;
    bench_receive(&b, peer_initial_dp(&b.peer, &call));
    CU_ASSERT_EQUAL(b.reply.disposition, SERVICE_ANSWER);
    bench_close(&b);
}

static void an_initial_that_comes_again_can_take_its_call_over(void)
{
    struct bench b;
    struct peer_call call = peer_call_of(100, 1);
    bench_setup(&b);
    (void)bench_ask(&b, peer_initial_dp(&b.peer, &call));
    const struct octets first = components_of(&b.reply);
    const uint64_t reserved = b.service.accounts.reserved_total;
    struct service_dialogue old = b.dialogue;
    bench_new_dialogue(&b);
    call.otid++;
    bench_receive(&b, peer_initial_dp(&b.peer, &call));
    CU_ASSERT_EQUAL(b.reply.disposition, SERVICE_AGAIN);
    const struct octets second = components_of(&b.reply);
    CU_ASSERT_TRUE(same(&first, &second));
    CU_ASSERT_EQUAL(b.service.accounts.reserved_total, reserved);
    service_take_over(&b.dialogue, &old);
    service_close(&b.service, &old, b.now_ns);
    CU_ASSERT_EQUAL(b.service.accounts.reserved_total, reserved);
    (void)bench_ask(&b, peer_report(&b.peer, 3, 100, false));
    CU_ASSERT_EQUAL(bench_account(&b, 1)->charged, 7 + 2 * 10);
    CU_ASSERT_EQUAL(b.service.accounts.reserved_total, 0);
    bench_close(&b);
}

static void a_call_whose_first_dialogue_is_gone_is_released(void)
{
    struct bench b;
    const struct peer_call call = peer_call_of(100, 1);
    bench_setup(&b);
    (void)bench_ask(&b, peer_initial_dp(&b.peer, &call));
    service_close(&b.service, &b.dialogue, b.now_ns);
    bench_new_dialogue(&b);
    bench_receive(&b, peer_initial_dp(&b.peer, &call));
    CU_ASSERT_EQUAL(b.reply.disposition, SERVICE_AGAIN);
    const struct tcap_message *answer = bench_ask(&b, peer_report(&b.peer, 3, 300, true));
    CU_ASSERT_EQUAL(answer->type, TCAP_END);
    CU_ASSERT_EQUAL(answer_release_cause(answer), SERVICE_CAUSE_TROUBLE);
    CU_ASSERT_EQUAL(b.service.accounts.charged_total, 0);
    bench_close(&b);
}

static void a_report_that_comes_again_gets_the_same_slice(void)
{
    struct bench b;
    const struct peer_call call = peer_call_of(100, 1);
    bench_setup(&b);
    (void)bench_ask(&b, peer_initial_dp(&b.peer, &call));
    bench_receive(&b, peer_report(&b.peer, 3, 300, true));
    CU_ASSERT_EQUAL(b.reply.disposition, SERVICE_ANSWER);
    const struct service_reply original = b.reply;
    const struct octets first = components_of(&b.reply);
    const uint64_t charged = b.service.accounts.charged_total;
    const uint64_t reserved = b.service.accounts.reserved_total;
    bench_receive(&b, peer_report(&b.peer, 3, 300, true));
    CU_ASSERT_EQUAL(b.reply.disposition, SERVICE_ATTACHED);
    service_handed_over(&b.service, &b.dialogue, &original, 0, 1);
    bench_receive(&b, peer_report(&b.peer, 3, 300, true));
    CU_ASSERT_EQUAL(b.reply.disposition, SERVICE_AGAIN);
    const struct octets second = components_of(&b.reply);
    CU_ASSERT_TRUE(same(&first, &second));
    bench_hand_over(&b);
    CU_ASSERT_EQUAL(b.service.accounts.charged_total, charged);
    CU_ASSERT_EQUAL(b.service.accounts.reserved_total, reserved);
    CU_ASSERT_EQUAL(b.service.statistics.row[SERVICE_INTERIM].retransmissions, 2);
    CU_ASSERT_EQUAL(b.service.statistics.row[SERVICE_INTERIM].duplicates, 1);
    CU_ASSERT_EQUAL(b.service.statistics.row[SERVICE_INTERIM].succ, 1);
    service_close(&b.service, &b.dialogue, b.now_ns);
    bench_close(&b);
}

/* A copy that was held up somewhere: the call has gone on since, by the other copy. */
static void a_report_that_comes_late_gets_the_slice_that_it_had(void)
{
    struct bench b;
    const struct peer_call call = peer_call_of(100, 1);
    bench_setup(&b);
    (void)bench_ask(&b, peer_initial_dp(&b.peer, &call));
    (void)bench_ask(&b, peer_report(&b.peer, 3, 300, true));
    const struct octets first = components_of(&b.reply);
    (void)bench_ask(&b, peer_report(&b.peer, 4, 600, true));
    const uint64_t charged = b.service.accounts.charged_total;
    const uint64_t reserved = b.service.accounts.reserved_total;
    bench_receive(&b, peer_report(&b.peer, 3, 300, true));
    CU_ASSERT_EQUAL(b.reply.disposition, SERVICE_AGAIN);
    const struct octets second = components_of(&b.reply);
    CU_ASSERT_TRUE(same(&first, &second));
    CU_ASSERT_EQUAL(b.reply.charged, 0);
    CU_ASSERT_EQUAL(b.dialogue.state, SERVICE_DIALOGUE_CALL);
    CU_ASSERT_EQUAL(b.service.accounts.charged_total, charged);
    CU_ASSERT_EQUAL(b.service.accounts.reserved_total, reserved);
    service_close(&b.service, &b.dialogue, b.now_ns);
    bench_close(&b);
}

static void a_final_that_comes_again_before_its_end_went_out_attaches(void)
{
    struct bench b;
    const struct peer_call call = peer_call_of(100, 1);
    bench_setup(&b);
    (void)bench_ask(&b, peer_initial_dp(&b.peer, &call));
    bench_receive(&b, peer_report(&b.peer, 3, 100, false));
    CU_ASSERT_EQUAL(b.reply.decision.primitive, DECISION_END);
    bench_receive(&b, peer_report(&b.peer, 3, 100, false));
    CU_ASSERT_EQUAL(b.reply.disposition, SERVICE_ATTACHED);
    /* Something else behind the END is too late to be answered. */
    bench_receive(&b, peer_report(&b.peer, 4, 100, false));
    CU_ASSERT_EQUAL(b.reply.disposition, SERVICE_NOTHING);
    bench_close(&b);
}

static void a_final_that_comes_after_its_dialogue_ended_gets_the_same_end(void)
{
    struct bench b;
    struct peer peer;
    const struct peer_call call = peer_call_of(100, 1);
    bench_setup(&b);
    (void)bench_ask(&b, peer_initial_dp(&b.peer, &call));
    const struct tcap_message *final = peer_report(&peer, 3, 100, false);
    bench_receive(&b, final);
    const struct service_reply original = b.reply;
    const struct octets first = components_of(&b.reply);
    CU_ASSERT_TRUE(service_receive_stray(&b.service, final, peer_origin(), &b.reply));
    CU_ASSERT_EQUAL(b.reply.disposition, SERVICE_ATTACHED);
    service_handed_over(&b.service, NULL, &original, 0, 1);
    CU_ASSERT_TRUE(service_receive_stray(&b.service, final, peer_origin(), &b.reply));
    CU_ASSERT_EQUAL(b.reply.disposition, SERVICE_AGAIN);
    CU_ASSERT_EQUAL(b.reply.decision.primitive, DECISION_END);
    const struct octets second = components_of(&b.reply);
    CU_ASSERT_TRUE(same(&first, &second));
    service_handed_over(&b.service, NULL, &b.reply, 0, 1);
    CU_ASSERT_EQUAL(b.service.statistics.row[SERVICE_FINAL].duplicates, 1);
    CU_ASSERT_EQUAL(bench_account(&b, 1)->charged, 7 + 2 * 10);
    /* Another message for the ended dialogue is not ours to answer. */
    final = peer_report(&peer, 4, 100, false);
    CU_ASSERT_FALSE(service_receive_stray(&b.service, final, peer_origin(), &b.reply));
    CU_ASSERT_FALSE(
        service_receive_stray(&b.service, peer_initial_dp(&peer, &call), peer_origin(), &b.reply));
    bench_close(&b);
}

static void an_evicted_request_is_a_new_one(void)
{
    struct bench b;
    struct peer_call call = peer_call_of(SERVICE_ONESHOT_KEY_DEFAULT, 0);
    bench_setup(&b);
    for (call.reference = 0; call.reference <= b.params.duplicates_max; call.reference++) {
        bench_new_dialogue(&b);
        (void)bench_ask(&b, peer_initial_dp(&b.peer, &call));
    }
    bench_new_dialogue(&b);
    call.reference = 1; /* the oldest that is still there */
    bench_receive(&b, peer_initial_dp(&b.peer, &call));
    CU_ASSERT_EQUAL(b.reply.disposition, SERVICE_AGAIN);
    bench_new_dialogue(&b);
    call.reference = 0;
    bench_receive(&b, peer_initial_dp(&b.peer, &call));
    CU_ASSERT_EQUAL(b.reply.disposition, SERVICE_ANSWER);
    CU_ASSERT_EQUAL(b.service.duplicates.evicted, 2);
    bench_close(&b);
}

static void one_from_before_the_window_is_refused_and_not_charged(void)
{
    struct bench b;
    struct peer_call call = peer_call_of(SERVICE_ONESHOT_KEY_DEFAULT, 0);
    bench_setup(&b);
    b.service.refuses_old = true;
    call.time = (struct cap_time){.year = 2026, .month = 11, .day = 21, .hour = 12};
    b.now_ns = (cap_time_to_unix_s(&call.time) + 1) * 1000000000;
    for (call.reference = 0; call.reference < b.params.duplicates_max + 1u; call.reference++) {
        bench_new_dialogue(&b);
        (void)bench_ask(&b, peer_initial_dp(&b.peer, &call));
    }
    const uint64_t charged = b.service.accounts.charged_total;
    b.now_ns += INT64_C(1000000000) * SERVICE_WINDOW_S;
    bench_new_dialogue(&b);
    call.reference = 0;
    bench_receive(&b, peer_initial_dp(&b.peer, &call));
    CU_ASSERT_EQUAL(b.reply.decision.body, DECISION_ERROR);
    CU_ASSERT_EQUAL(b.reply.decision.code, CAP_ERROR_UNEXPECTED_DATA_VALUE);
    CU_ASSERT_EQUAL(b.service.counters.too_old, 1);
    CU_ASSERT_EQUAL(b.service.accounts.charged_total, charged);
    /* One that was made later is new for sure, also when its clock, or ours, is wrong by a day. */
    bench_new_dialogue(&b);
    call.time.second = 2;
    call.reference = 999998;
    bench_receive(&b, peer_initial_dp(&b.peer, &call));
    CU_ASSERT_EQUAL(b.reply.decision.body, DECISION_CALL_CONTINUE);
    /* And what is no older than the window is not refused for a forgotten one of the future. */
    b.service.duplicates.forgotten_s = UINT32_MAX;
    b.now_ns -= INT64_C(1000000000) * SERVICE_WINDOW_S;
    bench_new_dialogue(&b);
    call.reference = 999999;
    bench_receive(&b, peer_initial_dp(&b.peer, &call));
    CU_ASSERT_EQUAL(b.reply.decision.body, DECISION_CALL_CONTINUE);
    bench_close(&b);
}

static void identities_follow_from_the_key_and_differ_by_sequence(void)
{
    struct bench b;
    const struct peer_call call = peer_call_of(100, 1);
    struct duplicate_identity seen[3];
    bench_setup(&b);
    (void)bench_ask(&b, peer_initial_dp(&b.peer, &call));
    seen[0] = b.reply.identity;
    (void)bench_ask(&b, peer_report(&b.peer, 3, 300, true));
    seen[1] = b.reply.identity;
    (void)bench_ask(&b, peer_report(&b.peer, 4, 500, false));
    seen[2] = b.reply.identity;
    CU_ASSERT_NOT_EQUAL(seen[0].key[0], seen[1].key[0]);
    CU_ASSERT_NOT_EQUAL(seen[1].key[0], seen[2].key[0]);
    bench_close(&b);

    bench_params(&b);
    b.params.identity_key.word[0] = 1;
    bench_open(&b);
    (void)bench_ask(&b, peer_initial_dp(&b.peer, &call));
    CU_ASSERT_NOT_EQUAL(seen[0].key[0], b.reply.identity.key[0]);
    service_close(&b.service, &b.dialogue, b.now_ns);
    bench_close(&b);
}

UNIT_TESTS = {
    UNIT(a_oneshot_that_comes_again_gets_the_same_octets_and_is_charged_once),
    UNIT(one_that_comes_while_its_original_is_in_work_attaches_to_it),
    UNIT(the_same_identity_with_another_content_is_an_error_and_not_charged),
    UNIT(another_peer_or_another_reference_is_another_request),
    UNIT(without_a_reference_the_transaction_id_tells_requests_apart),
    UNIT(an_initial_that_comes_again_can_take_its_call_over),
    UNIT(a_call_whose_first_dialogue_is_gone_is_released),
    UNIT(a_report_that_comes_again_gets_the_same_slice),
    UNIT(a_report_that_comes_late_gets_the_slice_that_it_had),
    UNIT(a_final_that_comes_again_before_its_end_went_out_attaches),
    UNIT(a_final_that_comes_after_its_dialogue_ended_gets_the_same_end),
    UNIT(an_evicted_request_is_a_new_one),
    UNIT(one_from_before_the_window_is_refused_and_not_charged),
    UNIT(identities_follow_from_the_key_and_differ_by_sequence),
};
UNIT_MAIN("responder/core/service: duplicates")
