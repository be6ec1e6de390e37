/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "tests/unit/sigtran/fsm/tcap_dialogue_rig.h"

static void a_call_runs_between_two_tables_to_its_end(void) /* Q.774-3.3.3, 3.2.1.2 */
{
    struct tcap_dialogue_table *scf;
    const struct tcap_dialogue_settings settings = settings_of(4);
    struct tcap_dialogue_portion aarq = tcap_aarq(bytes_of(cap2, sizeof(cap2)));
    struct tcap_dialogue_portion aare = tcap_aare_accepted(bytes_of(cap2, sizeof(cap2)));
    const struct tcap_component idp = tcap_invoke(1, 0);
    const struct tcap_component charge = tcap_invoke(1, 35);
    const struct tcap_component release = tcap_invoke(2, 22);
    uint8_t room[256];

    set_up();
    CU_ASSERT_EQUAL_FATAL(tcap_dialogue_table_create(&scf, &settings), P7_OK);
    const uint32_t ssf_index = open_dialogue();
    memcpy(tcap_dialogue_user(table, ssf_index), "call 1", 7);

    struct tcap_request request = {.dialogue = &aarq,
                                   .components = &idp,
                                   .component_count = 1,
                                   .invokes_outstanding = 1u << 1};
    struct bytes_writer w = bytes_writer_of(room, room + sizeof(room));
    CU_ASSERT_EQUAL(tcap_dialogue_send(table, 0, ssf_index, TCAP_SEND_BEGIN, &request, &w), P7_OK);
    CU_ASSERT_EQUAL(tcap_dialogue_state(table, ssf_index), TCAP_STATE_INITIATION_SENT);

    tcap_dialogue_receive(scf, 0, bytes_of(room, bytes_writer_length(&w)), "ssf ", &ind);
    CU_ASSERT_EQUAL_FATAL(ind.type, TCAP_IND_BEGIN);
    const uint32_t scf_index = ind.dialogue;
    CU_ASSERT_EQUAL(ind.message->components[0].code, 0);
    CU_ASSERT_EQUAL(memcmp(tcap_dialogue_route(scf, scf_index), "ssf ", 4), 0);
    CU_ASSERT_EQUAL(tcap_dialogue_peer_id(scf, scf_index).value,
                    tcap_dialogue_local_id(table, ssf_index));

    request = (struct tcap_request){.dialogue = &aare, .components = &charge, .component_count = 1};
    w = bytes_writer_of(room, room + sizeof(room));
    CU_ASSERT_EQUAL(tcap_dialogue_send(scf, 0, scf_index, TCAP_SEND_CONTINUE, &request, &w), P7_OK);
    CU_ASSERT_EQUAL(tcap_dialogue_state(scf, scf_index), TCAP_STATE_ACTIVE);
    receive_octets(0, bytes_of(room, bytes_writer_length(&w)), "scf ");
    CU_ASSERT_EQUAL(ind.type, TCAP_IND_CONTINUE);
    CU_ASSERT_EQUAL(ind.dialogue, ssf_index);
    CU_ASSERT_EQUAL(ind.message->dialogue.pdu, TCAP_DIALOGUE_AARE);
    CU_ASSERT_EQUAL(tcap_dialogue_state(table, ssf_index), TCAP_STATE_ACTIVE);

    request = (struct tcap_request){.components = &release, .component_count = 1};
    w = bytes_writer_of(room, room + sizeof(room));
    CU_ASSERT_EQUAL(tcap_dialogue_send(scf, 0, scf_index, TCAP_SEND_END, &request, &w), P7_OK);
    CU_ASSERT_EQUAL(tcap_dialogue_count(scf), 0);
    receive_octets(0, bytes_of(room, bytes_writer_length(&w)), "scf ");
    CU_ASSERT_EQUAL(ind.type, TCAP_IND_END);
    CU_ASSERT_EQUAL(ind.message->components[0].code, 22);
    CU_ASSERT_STRING_EQUAL((const char *)tcap_dialogue_user(table, ind.dialogue), "call 1");
    CU_ASSERT_EQUAL(tcap_dialogue_count(table), 0);
    CU_ASSERT_EQUAL(counters()->opened_local, 1);
    CU_ASSERT_EQUAL(counters()->begin_sent, 1);
    CU_ASSERT_EQUAL(counters()->continue_received, 1);
    CU_ASSERT_EQUAL(counters()->end_received, 1);
    CU_ASSERT_EQUAL(counters()->closed, 1);
    CU_ASSERT_EQUAL(counters()->dialogue_portion_missing, 0);
    CU_ASSERT_EQUAL(counters()->dialogue_portion_unexpected, 0);
    tcap_dialogue_table_destroy(scf);
    tear_down();
}

static void the_first_answer_says_where_the_peer_is(void) /* Q.774-3.1.2.2.2.2 */
{
    set_up();
    const uint32_t d = dialogue_in(TCAP_STATE_INITIATION_SENT);
    CU_ASSERT_EQUAL(memcmp(tcap_dialogue_route(table, d), "home", 4), 0);
    receive(TCAP_CONTINUE, tcap_dialogue_local_id(table, d));
    CU_ASSERT_EQUAL(memcmp(tcap_dialogue_route(table, d), "peer", 4), 0);
    const struct tcap_parts parts = {.type = TCAP_CONTINUE,
                                     .otid = id_of(0xbeef),
                                     .dtid = id_of(tcap_dialogue_local_id(table, d))};
    receive_parts(0, &parts, "else");
    CU_ASSERT_EQUAL(ind.type, TCAP_IND_CONTINUE);
    CU_ASSERT_EQUAL(memcmp(tcap_dialogue_route(table, d), "peer", 4), 0);
    tear_down();
}

static void a_state_sends_what_q774_lists_and_nothing_else(void) /* Q.774 figure A.5 */
{
    static const bool allowed[][4] = {
        /* BEGIN, CONTINUE, END, U_ABORT */
        [TCAP_STATE_FREE] = {false, false, false, false},
        [TCAP_STATE_IDLE] = {true, false, false, false},
        [TCAP_STATE_INITIATION_SENT] = {false, false, false, false},
        [TCAP_STATE_INITIATION_RECEIVED] = {false, true, true, true},
        [TCAP_STATE_ACTIVE] = {false, true, true, true},
    };
    static const uint8_t types[] = {TCAP_BEGIN, TCAP_CONTINUE, TCAP_END, TCAP_ABORT};
    static const enum tcap_dialogue_state after[] = {TCAP_STATE_INITIATION_SENT, TCAP_STATE_ACTIVE,
                                                     TCAP_STATE_FREE, TCAP_STATE_FREE};
    for (unsigned state = TCAP_STATE_FREE; state <= TCAP_STATE_ACTIVE; state++) {
        for (unsigned p = 0; p < 4; p++) {
            set_up();
            const uint32_t d =
                state == TCAP_STATE_FREE ? 0 : dialogue_in((enum tcap_dialogue_state)state);
            const enum p7_status status = send_empty(d, (enum tcap_send_primitive)p);
            CU_ASSERT_EQUAL(status, allowed[state][p] ? P7_OK : P7_STATE);
            CU_ASSERT_EQUAL(tcap_dialogue_state(table, d), allowed[state][p] ? after[p] : state);
            if (status == P7_OK)
                CU_ASSERT_EQUAL(sent.type, types[p]);
            if (status == P7_OK && p != TCAP_SEND_BEGIN)
                CU_ASSERT_EQUAL(sent.dtid.value, 0xbeef);
            tear_down();
        }
    }
}

static void a_state_takes_what_q774_lists_and_discards_the_rest(void)
{
    static const uint8_t types[] = {TCAP_CONTINUE, TCAP_END, TCAP_ABORT};
    static const enum tcap_indication_type taken[] = {TCAP_IND_CONTINUE, TCAP_IND_END,
                                                      TCAP_IND_U_ABORT};
    for (unsigned state = TCAP_STATE_IDLE; state <= TCAP_STATE_ACTIVE; state++) {
        for (unsigned i = 0; i < COUNT(types); i++) {
            set_up();
            const uint32_t d = dialogue_in((enum tcap_dialogue_state)state);
            receive(types[i], tcap_dialogue_local_id(table, d));
            if (state == TCAP_STATE_INITIATION_SENT || state == TCAP_STATE_ACTIVE) {
                CU_ASSERT_EQUAL(ind.type, taken[i]);
                CU_ASSERT_EQUAL(ind.dialogue, d);
            } else {
                CU_ASSERT_EQUAL(ind.type, TCAP_IND_DISCARDED);
                CU_ASSERT_EQUAL(tcap_dialogue_state(table, d), state);
            }
            tear_down();
        }
    }
}

static void the_peer_cannot_use_an_id_that_it_was_not_told(void)
{
    set_up();
    const uint32_t d = dialogue_in(TCAP_STATE_INITIATION_RECEIVED);
    receive(TCAP_END, tcap_dialogue_local_id(table, d));
    CU_ASSERT_EQUAL(ind.discarded, TCAP_DISCARD_WRONG_STATE);
    CU_ASSERT_EQUAL(counters()->wrong_state, 1);
    tear_down();
}

static void an_unknown_transaction_is_aborted_only_for_a_continue(void) /* Q.774-3.3.4 */
{
    set_up();
    receive(TCAP_CONTINUE, 0x12345678);
    CU_ASSERT_EQUAL(ind.type, TCAP_IND_DISCARDED);
    CU_ASSERT_EQUAL(ind.discarded, TCAP_DISCARD_UNKNOWN_TRANSACTION);
    CU_ASSERT_NOT_EQUAL_FATAL(ind.reply.length, 0);
    CU_ASSERT_EQUAL(reply.type, TCAP_ABORT);
    CU_ASSERT_EQUAL(reply.dtid.value, 0xbeef);
    CU_ASSERT_TRUE(reply.has_p_abort);
    CU_ASSERT_EQUAL(reply.p_abort_cause, TCAP_P_ABORT_UNRECOGNIZED_TRANSACTION_ID);
    receive(TCAP_END, 0x12345678);
    CU_ASSERT_EQUAL(ind.reply.length, 0);
    receive(TCAP_ABORT, 0x12345678);
    CU_ASSERT_EQUAL(ind.reply.length, 0);
    receive_hex("6506 480101 490100"); /* ids of ours have four octets */
    CU_ASSERT_EQUAL(ind.discarded, TCAP_DISCARD_UNKNOWN_TRANSACTION);
    CU_ASSERT_EQUAL(reply.dtid.length, 1);
    CU_ASSERT_EQUAL(counters()->unknown_transaction, 4);
    CU_ASSERT_EQUAL(counters()->p_abort_sent, 2);
    tear_down();
}

static void an_id_of_an_ended_dialogue_is_recognised_as_stale(void)
{
    set_up();
    const uint32_t d = dialogue_in(TCAP_STATE_ACTIVE);
    const uint32_t old = tcap_dialogue_local_id(table, d);
    CU_ASSERT_EQUAL(tcap_dialogue_find(table, old), d);
    CU_ASSERT_EQUAL(send_empty(d, TCAP_SEND_END), P7_OK);
    CU_ASSERT_EQUAL(tcap_dialogue_find(table, old), TCAP_DIALOGUE_INVALID);
    receive(TCAP_CONTINUE, old);
    CU_ASSERT_EQUAL(ind.discarded, TCAP_DISCARD_STALE_TRANSACTION);
    CU_ASSERT_EQUAL(reply.p_abort_cause, TCAP_P_ABORT_UNRECOGNIZED_TRANSACTION_ID);
    /* Eight further dialogues take every slot, the old one too: still stale. */
    for (unsigned i = 0; i < 8; i++)
        (void)dialogue_in(TCAP_STATE_INITIATION_SENT);
    CU_ASSERT_EQUAL(tcap_dialogue_state(table, d), TCAP_STATE_INITIATION_SENT);
    receive(TCAP_CONTINUE, old);
    CU_ASSERT_EQUAL(ind.discarded, TCAP_DISCARD_STALE_TRANSACTION);
    CU_ASSERT_EQUAL(counters()->stale_transaction, 2);
    tear_down();
}

static void a_continue_of_another_transaction_does_not_get_in(void)
{
    set_up();
    const uint32_t d = dialogue_in(TCAP_STATE_ACTIVE);
    struct tcap_parts parts = {.type = TCAP_CONTINUE,
                               .otid = id_of(0xdead),
                               .dtid = id_of(tcap_dialogue_local_id(table, d))};
    receive_parts(0, &parts, "evil");
    CU_ASSERT_EQUAL(ind.discarded, TCAP_DISCARD_WRONG_PEER);
    CU_ASSERT_EQUAL(reply.dtid.value, 0xdead);
    parts.otid = (struct tcap_transaction_id){.value = 0xbeef, .length = 2};
    receive_parts(0, &parts, "evil");
    CU_ASSERT_EQUAL(ind.discarded, TCAP_DISCARD_WRONG_PEER);
    CU_ASSERT_EQUAL(counters()->wrong_peer, 2);
    CU_ASSERT_EQUAL(tcap_dialogue_state(table, d), TCAP_STATE_ACTIVE);
    tear_down();
}

static void a_malformed_begin_is_aborted_when_its_id_is_readable(void)
{
    set_up();
    receive_hex("6205 48010a 0500");
    CU_ASSERT_EQUAL(ind.type, TCAP_IND_DISCARDED);
    CU_ASSERT_EQUAL(ind.discarded, TCAP_DISCARD_MALFORMED);
    CU_ASSERT_PTR_NULL(ind.message);
    CU_ASSERT_EQUAL(reply.dtid.value, 0x0a);
    CU_ASSERT_EQUAL(reply.p_abort_cause, TCAP_P_ABORT_INCORRECT_TP);
    receive_hex("6230 48010b");
    CU_ASSERT_EQUAL(reply.dtid.value, 0x0b);
    CU_ASSERT_EQUAL(reply.p_abort_cause, TCAP_P_ABORT_BADLY_FORMATTED_TP);
    receive_hex("6203 490101");
    CU_ASSERT_EQUAL(ind.reply.length, 0);
    CU_ASSERT_EQUAL(counters()->malformed, 3);
    receive_hex("6303 48010c");
    CU_ASSERT_EQUAL(reply.p_abort_cause, TCAP_P_ABORT_UNRECOGNIZED_MESSAGE_TYPE);
    receive_hex("ff");
    CU_ASSERT_EQUAL(ind.reply.length, 0);
    CU_ASSERT_EQUAL(counters()->unknown_type, 1);
    CU_ASSERT_EQUAL(tcap_dialogue_count(table), 0);
    /* A dialogue does not start with an AARE. */
    const struct tcap_dialogue_portion aare = tcap_aare_accepted(bytes_of(cap2, sizeof(cap2)));
    const struct tcap_parts parts = {.type = TCAP_BEGIN, .otid = id_of(5), .dialogue = &aare};
    receive_parts(0, &parts, NULL);
    CU_ASSERT_EQUAL(ind.discarded, TCAP_DISCARD_MALFORMED);
    CU_ASSERT_FALSE(reply.has_p_abort);
    CU_ASSERT_EQUAL(reply.dialogue.pdu, TCAP_DIALOGUE_ABRT);
    CU_ASSERT_EQUAL(reply.dialogue.abort_source, TCAP_ABORT_SOURCE_PROVIDER);
    tear_down();
}

static void an_aarq_of_another_version_is_refused_in_its_own_words(void) /* Q.774-3.2.2.1 */
{
    char hex[512] = "6223 480101 6b1e 281c 060700118605010101 a011 600f 80020740"
                    "a109060704000001003201";
    set_up();
    receive_hex(hex);
    CU_ASSERT_EQUAL(ind.discarded, TCAP_DISCARD_MALFORMED);
    CU_ASSERT_EQUAL(reply.dialogue.pdu, TCAP_DIALOGUE_AARE);
    CU_ASSERT_EQUAL(reply.dialogue.result, TCAP_RESULT_REJECT_PERMANENT);
    CU_ASSERT_EQUAL(reply.dialogue.diagnostic_source, TCAP_SOURCE_PROVIDER);
    CU_ASSERT_EQUAL(reply.dialogue.diagnostic, TCAP_PROVIDER_NO_COMMON_DIALOGUE_PORTION);
    CU_ASSERT_TRUE(bytes_equal(reply.dialogue.application_context, bytes_of(cap2, sizeof(cap2))));
    /* A context that is longer than any known one is not echoed: 32 octets are, 33 not. */
    for (unsigned length = 32; length <= 33; length++) {
        int n = snprintf(hex, sizeof(hex),
                         "62%02x 480101 6b%02x 28%02x 060700118605010101 a0%02x 60%02x 80020740"
                         "a1%02x 06%02x",
                         length + 28, length + 23, length + 21, length + 10, length + 8, length + 2,
                         length);
        for (unsigned i = 0; i < length; i++)
            n += snprintf(hex + n, sizeof(hex) - (size_t)n, "2a");
        receive_hex(hex);
        CU_ASSERT_EQUAL(ind.discarded, TCAP_DISCARD_MALFORMED);
        CU_ASSERT_EQUAL(reply.dialogue.pdu, length == 32 ? TCAP_DIALOGUE_AARE : TCAP_DIALOGUE_ABRT);
    }
    tear_down();
}

static void a_malformed_message_ends_its_dialogue_for_both_sides(void) /* Q.774-3.3.4 */
{
    static const struct {
        const char *format; /* the local id goes in */
        bool told;
    } cases[] = {
        {"650b 48010a 4904%08x 0500", true},
        {"6408 4904%08x 0500", false},
        {"6708 4904%08x 0500", false},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char hex[64];
        set_up();
        const uint32_t d = dialogue_in(TCAP_STATE_INITIATION_SENT);
        const char *f = cases[i].format;
        const char *gap = strchr(f, '%');
        (void)snprintf(hex, sizeof(hex), "%.*s%08x%s", (int)(gap - f), f,
                       tcap_dialogue_local_id(table, d), gap + 4);
        receive_hex(hex);
        CU_ASSERT_EQUAL(ind.type, TCAP_IND_P_ABORT);
        CU_ASSERT_EQUAL(ind.dialogue, d);
        CU_ASSERT_EQUAL(tcap_dialogue_count(table), 0);
        CU_ASSERT_EQUAL(ind.reply.length != 0, cases[i].told);
        if (cases[i].told)
            CU_ASSERT_EQUAL(reply.dtid.value, 0x0a);
        tear_down();
    }
}

static void a_full_table_asks_for_a_resource_limitation(void)
{
    set_up();
    for (unsigned i = 0; i < 8; i++)
        (void)dialogue_in(TCAP_STATE_INITIATION_RECEIVED);
    receive(TCAP_BEGIN, 0);
    CU_ASSERT_EQUAL(ind.discarded, TCAP_DISCARD_TABLE_FULL);
    CU_ASSERT_EQUAL(reply.p_abort_cause, TCAP_P_ABORT_RESOURCE_LIMITATION);
    uint32_t dialogue;
    CU_ASSERT_EQUAL(tcap_dialogue_open(table, 0, NULL, &dialogue), P7_FULL);
    CU_ASSERT_EQUAL(counters()->table_full, 2);
    tcap_dialogue_drop(table, 3);
    CU_ASSERT_EQUAL(tcap_dialogue_open(table, 0, NULL, &dialogue), P7_OK);
    CU_ASSERT_EQUAL(dialogue, 3); /* even the one that should rest */
    tear_down();
}

static void an_abort_tells_the_user_who_aborted(void) /* Q.774-3.2.2.1 */
{
    struct tcap_dialogue_portion user = tcap_abrt_user();
    struct tcap_dialogue_portion provider = user;
    struct tcap_dialogue_portion refused = tcap_aare_ac_not_supported(bytes_of(cap2, 7));
    struct tcap_dialogue_portion uncommon = refused;
    provider.abort_source = TCAP_ABORT_SOURCE_PROVIDER;
    uncommon.diagnostic_source = TCAP_SOURCE_PROVIDER;
    uncommon.diagnostic = TCAP_PROVIDER_NO_COMMON_DIALOGUE_PORTION;
    const struct {
        struct tcap_parts parts;
        enum tcap_indication_type type;
        uint8_t cause;
    } cases[] = {
        {{.type = TCAP_ABORT}, TCAP_IND_U_ABORT, 0},
        {{.type = TCAP_ABORT, .dialogue = &user}, TCAP_IND_U_ABORT, 0},
        {{.type = TCAP_ABORT, .dialogue = &refused}, TCAP_IND_U_ABORT, 0},
        {{.type = TCAP_ABORT, .dialogue = &provider},
         TCAP_IND_P_ABORT,
         TCAP_P_ABORT_ABNORMAL_DIALOGUE},
        {{.type = TCAP_ABORT, .dialogue = &uncommon},
         TCAP_IND_P_ABORT,
         TCAP_P_ABORT_NO_COMMON_DIALOGUE_PORTION},
        {{.type = TCAP_ABORT, .has_p_abort = true, .p_abort_cause = 4}, TCAP_IND_P_ABORT, 4},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        set_up();
        struct tcap_parts parts = cases[i].parts;
        parts.dtid = id_of(tcap_dialogue_local_id(table, dialogue_in(TCAP_STATE_ACTIVE)));
        receive_parts(0, &parts, NULL);
        CU_ASSERT_EQUAL(ind.type, cases[i].type);
        CU_ASSERT_EQUAL(ind.p_abort_cause, cases[i].cause);
        CU_ASSERT_EQUAL(ind.reply.length, 0);
        CU_ASSERT_EQUAL(tcap_dialogue_count(table), 0);
        tear_down();
    }
}

static void a_unidirectional_opens_nothing(void) /* Q.774-3.3.3 */
{
    set_up();
    receive_hex("610a 6c08 a106020101 02011f");
    CU_ASSERT_EQUAL(ind.type, TCAP_IND_UNIDIRECTIONAL);
    CU_ASSERT_EQUAL(ind.message->component_count, 1);
    CU_ASSERT_EQUAL(tcap_dialogue_count(table), 0);
    receive_hex("6102 6c08");
    CU_ASSERT_EQUAL(ind.type, TCAP_IND_DISCARDED);
    CU_ASSERT_EQUAL(ind.reply.length, 0);
    tear_down();
}

static void what_the_network_returns_is_a_notice_for_its_dialogue(void)
{
    struct tcap_dialogue_portion aarq = tcap_aarq(bytes_of(cap2, sizeof(cap2)));
    const struct tcap_request request = {.dialogue = &aarq};
    set_up();
    const uint32_t d = open_dialogue();
    CU_ASSERT_EQUAL(send_request(d, TCAP_SEND_BEGIN, &request), P7_OK);
    tcap_dialogue_notice(table, bytes_of(buffer, 44), 4, NULL, &ind);
    CU_ASSERT_EQUAL(ind.type, TCAP_IND_NOTICE);
    CU_ASSERT_EQUAL(ind.dialogue, d);
    CU_ASSERT_EQUAL(ind.return_cause, 4);
    CU_ASSERT_EQUAL(tcap_dialogue_state(table, d), TCAP_STATE_INITIATION_SENT);
    tcap_dialogue_notice(table, bytes_of(buffer, 20), 4, NULL, &ind); /* cut by the network */
    CU_ASSERT_EQUAL(ind.type, TCAP_IND_NOTICE);
    CU_ASSERT_PTR_NULL(ind.message);
    tcap_dialogue_drop(table, d);
    tcap_dialogue_notice(table, bytes_of(buffer, 44), 4, NULL, &ind);
    CU_ASSERT_EQUAL(ind.discarded, TCAP_DISCARD_STALE_TRANSACTION);
    const size_t n = unit_hex("6406 490400000000", buffer, sizeof(buffer));
    tcap_dialogue_notice(table, bytes_of(buffer, n), 4, NULL,
                         &ind); /* its dialogue ended with it */
    CU_ASSERT_EQUAL(ind.type, TCAP_IND_DISCARDED);
    tcap_dialogue_notice(table, bytes_of(buffer, 0), 4, NULL, &ind);
    CU_ASSERT_EQUAL(ind.discarded, TCAP_DISCARD_MALFORMED);
    CU_ASSERT_EQUAL(counters()->notice_received, 5);
    tear_down();
}

static void a_message_that_does_not_fit_changes_nothing(void)
{
    const struct tcap_request request = {.component_count = 0};
    const struct tcap_component invoke = tcap_invoke(1, 31);
    const struct tcap_request with_components = {.components = &invoke, .component_count = 1};
    uint8_t room[7];
    set_up();
    const uint32_t d = dialogue_in(TCAP_STATE_ACTIVE);
    for (unsigned p = TCAP_SEND_CONTINUE; p <= TCAP_SEND_U_ABORT; p++) {
        struct bytes_writer w = bytes_writer_of(room, room + sizeof(room));
        CU_ASSERT_EQUAL(tcap_dialogue_send(table, 0, d, (enum tcap_send_primitive)p, &request, &w),
                        P7_FULL);
        CU_ASSERT_EQUAL(tcap_dialogue_state(table, d), TCAP_STATE_ACTIVE);
    }
    CU_ASSERT_EQUAL(send_request(d, TCAP_SEND_U_ABORT, &with_components), P7_RANGE);
    CU_ASSERT_EQUAL(tcap_dialogue_state(table, d), TCAP_STATE_ACTIVE);
    CU_ASSERT_EQUAL(counters()->continue_sent + counters()->end_sent + counters()->closed, 0);
    tear_down();
}

static void an_absent_or_surplus_dialogue_portion_is_counted(void)
{
    struct tcap_dialogue_portion aarq = tcap_aarq(bytes_of(cap2, sizeof(cap2)));
    struct tcap_dialogue_portion aare = tcap_aare_accepted(bytes_of(cap2, sizeof(cap2)));
    const struct tcap_request request = {.dialogue = &aarq};
    set_up();
    const uint32_t d = open_dialogue();
    CU_ASSERT_EQUAL(send_request(d, TCAP_SEND_BEGIN, &request), P7_OK);
    struct tcap_parts parts = {
        .type = TCAP_CONTINUE, .otid = id_of(1), .dtid = id_of(tcap_dialogue_local_id(table, d))};
    receive_parts(0, &parts, NULL);
    CU_ASSERT_EQUAL(ind.type, TCAP_IND_CONTINUE);
    CU_ASSERT_EQUAL(counters()->dialogue_portion_missing, 1);
    parts.dialogue = &aare;
    receive_parts(0, &parts, NULL);
    CU_ASSERT_EQUAL(ind.type, TCAP_IND_CONTINUE);
    CU_ASSERT_EQUAL(counters()->dialogue_portion_unexpected, 1);
    tear_down();
}

UNIT_TESTS = {
    UNIT(a_call_runs_between_two_tables_to_its_end),
    UNIT(the_first_answer_says_where_the_peer_is),
    UNIT(a_state_sends_what_q774_lists_and_nothing_else),
    UNIT(a_state_takes_what_q774_lists_and_discards_the_rest),
    UNIT(the_peer_cannot_use_an_id_that_it_was_not_told),
    UNIT(an_unknown_transaction_is_aborted_only_for_a_continue),
    UNIT(an_id_of_an_ended_dialogue_is_recognised_as_stale),
    UNIT(a_continue_of_another_transaction_does_not_get_in),
    UNIT(a_malformed_begin_is_aborted_when_its_id_is_readable),
    UNIT(an_aarq_of_another_version_is_refused_in_its_own_words),
    UNIT(a_malformed_message_ends_its_dialogue_for_both_sides),
    UNIT(a_full_table_asks_for_a_resource_limitation),
    UNIT(an_abort_tells_the_user_who_aborted),
    UNIT(a_unidirectional_opens_nothing),
    UNIT(what_the_network_returns_is_a_notice_for_its_dialogue),
    UNIT(a_message_that_does_not_fit_changes_nothing),
    UNIT(an_absent_or_surplus_dialogue_portion_is_counted),
};
UNIT_MAIN("tcap_dialogue")
