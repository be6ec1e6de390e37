/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* What peers can do to each other's dialogues: nothing ("Origins" in tcap_dialogue.h). */
#include "tests/unit/sigtran/fsm/tcap_dialogue_rig.h"

static const uint32_t good = 0;
static const uint32_t bad = 1;

static void set_up_origins(uint32_t capacity, uint32_t origins)
{
    struct tcap_dialogue_settings settings = settings_of(capacity);
    settings.origins = origins;
    set_up_with(settings);
}

static void receive_from(uint32_t origin, uint8_t type, uint32_t local_id)
{
    const struct tcap_parts parts = {.type = type, .otid = id_of(0xbeef), .dtid = id_of(local_id)};
    receive_parts(0, &parts, (const char *)&origin);
}

/* A dialogue of the good one's that is active; its id here is returned. */
static uint32_t active_of_good(void)
{
    receive_from(good, TCAP_BEGIN, 0);
    CU_ASSERT_EQUAL_FATAL(ind.type, TCAP_IND_BEGIN);
    const uint32_t id = tcap_dialogue_local_id(table, ind.dialogue);
    CU_ASSERT_EQUAL(send_empty(ind.dialogue, TCAP_SEND_CONTINUE), P7_OK);
    return id;
}

static void nobody_ends_the_dialogue_of_another_origin(void)
{
    static const uint8_t types[] = {TCAP_CONTINUE, TCAP_END, TCAP_ABORT};
    set_up_origins(8, 2);
    const uint32_t id = active_of_good();
    for (unsigned i = 0; i < COUNT(types); i++) {
        receive_from(bad, types[i], id);
        CU_ASSERT_EQUAL(ind.type, TCAP_IND_DISCARDED);
        CU_ASSERT_EQUAL(ind.discarded, TCAP_DISCARD_WRONG_PEER);
        /* Q.774-3.3.4: to the sender it is a transaction that does not exist. */
        CU_ASSERT_EQUAL(ind.reply.length != 0, types[i] == TCAP_CONTINUE);
    }
    CU_ASSERT_EQUAL(reply.p_abort_cause, TCAP_P_ABORT_UNRECOGNIZED_TRANSACTION_ID);
    CU_ASSERT_EQUAL(counters()->wrong_origin, 3);
    receive_from(good, TCAP_END, id);
    CU_ASSERT_EQUAL(ind.type, TCAP_IND_END);
    tear_down();
}

static void a_malformed_message_of_another_origin_aborts_nothing(void)
{
    set_up_origins(8, 2);
    const uint32_t id = active_of_good();
    uint8_t octets[] = {0x64, 0x08, 0x49, 0x04, 0, 0, 0, 0, 0x6c, 0x05}; /* END, cut */
    bytes_store_u32be(octets + 4, id);
    receive_octets(0, bytes_of(octets, sizeof(octets)), (const char *)&bad);
    CU_ASSERT_EQUAL(ind.type, TCAP_IND_DISCARDED);
    CU_ASSERT_EQUAL(tcap_dialogue_count(table), 1);
    receive_octets(0, bytes_of(octets, sizeof(octets)), (const char *)&good);
    CU_ASSERT_EQUAL(ind.type, TCAP_IND_P_ABORT);
    tear_down();
}

static void nobody_returns_the_messages_of_another_origin(void)
{
    set_up_origins(8, 2);
    const uint32_t id = active_of_good();
    const struct tcap_parts parts = {
        .type = TCAP_CONTINUE, .otid = id_of(id), .dtid = id_of(0xbeef)};
    struct bytes_writer w = bytes_writer_of(buffer, buffer + sizeof(buffer));
    CU_ASSERT_EQUAL_FATAL(tcap_write_parts(&w, &parts), P7_OK);
    const struct bytes octets = bytes_of(buffer, bytes_writer_length(&w));
    tcap_dialogue_notice(table, octets, 4, &bad, &ind);
    CU_ASSERT_EQUAL(ind.type, TCAP_IND_DISCARDED);
    tcap_dialogue_notice(table, octets, 4, &good, &ind);
    CU_ASSERT_EQUAL(ind.type, TCAP_IND_NOTICE);
    tear_down();
}

static void our_own_dialogues_may_be_answered_from_elsewhere(void) /* Q.774-3.1.2.2.2.2 */
{
    set_up_origins(8, 2);
    uint32_t dialogue;
    CU_ASSERT_EQUAL_FATAL(tcap_dialogue_open(table, 0, &good, &dialogue), P7_OK);
    CU_ASSERT_EQUAL(send_empty(dialogue, TCAP_SEND_BEGIN), P7_OK);
    receive_from(bad, TCAP_CONTINUE, tcap_dialogue_local_id(table, dialogue));
    CU_ASSERT_EQUAL(ind.type, TCAP_IND_CONTINUE);
    receive_from(good, TCAP_END, tcap_dialogue_local_id(table, dialogue));
    CU_ASSERT_EQUAL(ind.type, TCAP_IND_END);
    tear_down();
}

static void our_own_dialogues_are_answered_by_their_group_alone(void)
{
    static const uint32_t mate = 2;
    static const uint32_t unbound = 3;
    struct tcap_dialogue_settings settings = settings_of(8);
    uint32_t dialogue;
    settings.origins = 4;
    settings.group[0] = 1;
    settings.group[1] = 2;
    settings.group[2] = 1;
    set_up_with(settings);
    CU_ASSERT_EQUAL_FATAL(tcap_dialogue_open(table, 0, &good, &dialogue), P7_OK);
    const uint32_t id = tcap_dialogue_local_id(table, dialogue);
    CU_ASSERT_EQUAL(send_empty(dialogue, TCAP_SEND_BEGIN), P7_OK);
    receive_from(bad, TCAP_END, id);
    CU_ASSERT_EQUAL(ind.discarded, TCAP_DISCARD_WRONG_PEER);
    CU_ASSERT_EQUAL(counters()->wrong_origin, 1);
    receive_from(mate, TCAP_CONTINUE, id);
    CU_ASSERT_EQUAL(ind.type, TCAP_IND_CONTINUE);
    receive_from(bad, TCAP_ABORT, id);
    CU_ASSERT_EQUAL(ind.discarded, TCAP_DISCARD_WRONG_PEER);
    receive_from(unbound, TCAP_END, id);
    CU_ASSERT_EQUAL(ind.type, TCAP_IND_END);
    tear_down();
}

static void a_flood_of_one_origin_leaves_room_for_the_others(void)
{
    set_up_origins(64, 2);
    for (unsigned i = 0; i < 100; i++)
        receive_from(bad, TCAP_BEGIN, 0);
    CU_ASSERT_EQUAL(ind.discarded, TCAP_DISCARD_TABLE_FULL);
    CU_ASSERT_EQUAL(reply.p_abort_cause, TCAP_P_ABORT_RESOURCE_LIMITATION);
    CU_ASSERT_EQUAL(tcap_dialogue_count(table), 48);
    CU_ASSERT_EQUAL(counters()->share_full, 52);
    CU_ASSERT_EQUAL(counters()->table_full, 0);
    for (unsigned i = 0; i < 16; i++) {
        receive_from(good, TCAP_BEGIN, 0);
        CU_ASSERT_EQUAL_FATAL(ind.type, TCAP_IND_BEGIN);
    }
    receive_from(good, TCAP_BEGIN, 0);
    CU_ASSERT_EQUAL(ind.type, TCAP_IND_DISCARDED);
    CU_ASSERT_EQUAL(counters()->table_full, 1);
    tear_down();
}

static void what_an_origin_ends_it_may_open_again(void)
{
    set_up_origins(64, 2);
    for (unsigned i = 0; i < 48; i++) {
        receive_from(bad, TCAP_BEGIN, 0);
        if (i % 2 == 0)
            tcap_dialogue_drop(table, ind.dialogue);
    }
    CU_ASSERT_EQUAL(tcap_dialogue_count(table), 24);
    for (unsigned i = 0; i < 24; i++)
        receive_from(bad, TCAP_BEGIN, 0);
    CU_ASSERT_EQUAL(counters()->share_full, 0);
    receive_from(bad, TCAP_BEGIN, 0);
    CU_ASSERT_EQUAL(counters()->share_full, 1);
    tear_down();
}

static void a_single_origin_has_the_whole_table(void)
{
    set_up_origins(64, 1);
    for (unsigned i = 0; i < 64; i++)
        receive_from(good, TCAP_BEGIN, 0);
    CU_ASSERT_EQUAL(tcap_dialogue_count(table), 64);
    tear_down();
}

static void origins_need_a_route_and_a_bound(void)
{
    struct tcap_dialogue_settings settings = settings_of(8);
    settings.origins = TCAP_DIALOGUE_ORIGINS + 1;
    CU_ASSERT_EQUAL(tcap_dialogue_table_create(&table, &settings), P7_RANGE);
    settings.origins = 2;
    settings.route_octets = 0;
    CU_ASSERT_EQUAL(tcap_dialogue_table_create(&table, &settings), P7_RANGE);
}

UNIT_TESTS = {
    UNIT(nobody_ends_the_dialogue_of_another_origin),
    UNIT(a_malformed_message_of_another_origin_aborts_nothing),
    UNIT(nobody_returns_the_messages_of_another_origin),
    UNIT(our_own_dialogues_may_be_answered_from_elsewhere),
    UNIT(our_own_dialogues_are_answered_by_their_group_alone),
    UNIT(a_flood_of_one_origin_leaves_room_for_the_others),
    UNIT(what_an_origin_ends_it_may_open_again),
    UNIT(a_single_origin_has_the_whole_table),
    UNIT(origins_need_a_route_and_a_bound),
};
UNIT_MAIN("tcap_dialogue_origins")
