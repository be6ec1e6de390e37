/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Deadlines, slots and transaction ids. */
#include "sigtran/base/limits.h"
#include "tests/unit/sigtran/fsm/tcap_dialogue_rig.h"

#define SECOND_NS INT64_C(1000000000)

static const struct tcap_request nothing = {.component_count = 0};

static void silence_ends_a_dialogue_and_tells_the_peer(void)
{
    struct tcap_dialogue_settings settings = settings_of(8);
    struct tcap_dialogue_portion aarq = tcap_aarq(bytes_of(cap2, sizeof(cap2)));
    settings.inactivity_ns = 10 * SECOND_NS;
    set_up_with(settings);
    struct tcap_parts parts = {.type = TCAP_BEGIN, .otid = id_of(0xbeef), .dialogue = &aarq};
    receive_parts(5 * SECOND_NS, &parts, "peer");
    const uint32_t d = ind.dialogue;
    CU_ASSERT_EQUAL(tcap_dialogue_deadline_ns(table), 15 * SECOND_NS);
    CU_ASSERT_FALSE(tcap_dialogue_expire(table, 15 * SECOND_NS - 1, &ind));
    CU_ASSERT_TRUE_FATAL(tcap_dialogue_expire(table, 15 * SECOND_NS, &ind));
    CU_ASSERT_EQUAL(ind.type, TCAP_IND_TIMEOUT);
    CU_ASSERT_EQUAL(ind.dialogue, d);
    CU_ASSERT_PTR_NULL(ind.message);
    CU_ASSERT_EQUAL(memcmp(tcap_dialogue_route(table, d), "peer", 4), 0);
    CU_ASSERT_EQUAL_FATAL(tcap_decode(ind.reply, &reply), P7_OK);
    CU_ASSERT_EQUAL(reply.type, TCAP_ABORT);
    CU_ASSERT_EQUAL(reply.dtid.value, 0xbeef);
    CU_ASSERT_EQUAL(reply.dialogue.pdu, TCAP_DIALOGUE_ABRT);
    CU_ASSERT_EQUAL(reply.dialogue.abort_source, TCAP_ABORT_SOURCE_USER);
    CU_ASSERT_FALSE(tcap_dialogue_expire(table, 15 * SECOND_NS, &ind));
    CU_ASSERT_EQUAL(tcap_dialogue_count(table), 0);
    CU_ASSERT_EQUAL(counters()->timeout, 1);
    CU_ASSERT_EQUAL(tcap_dialogue_deadline_ns(table), TIMER_NEVER_NS);
    tear_down();
}

static void a_timeout_without_context_aborts_bare_and_an_unknown_peer_is_not_told(void)
{
    set_up();
    const uint32_t active = dialogue_in(TCAP_STATE_ACTIVE);
    const uint32_t begun = dialogue_in(TCAP_STATE_INITIATION_SENT);
    tcap_dialogue_set_deadline(table, active, 1);
    tcap_dialogue_set_deadline(table, begun, 2);
    CU_ASSERT_TRUE_FATAL(tcap_dialogue_expire(table, 5, &ind));
    CU_ASSERT_EQUAL(ind.dialogue, active);
    CU_ASSERT_EQUAL_FATAL(tcap_decode(ind.reply, &reply), P7_OK);
    CU_ASSERT_EQUAL(reply.dialogue.pdu, TCAP_DIALOGUE_NONE);
    CU_ASSERT_FALSE(reply.has_p_abort);
    CU_ASSERT_TRUE_FATAL(tcap_dialogue_expire(table, 5, &ind));
    CU_ASSERT_EQUAL(ind.dialogue, begun);
    CU_ASSERT_EQUAL(ind.reply.length, 0);
    CU_ASSERT_FALSE(tcap_dialogue_expire(table, 5, &ind));
    tear_down();
}

static void each_message_sets_the_deadline_anew(void)
{
    struct tcap_dialogue_settings settings = settings_of(8);
    settings.inactivity_ns = 10;
    set_up_with(settings);
    uint32_t d;
    struct bytes_writer w = bytes_writer_of(buffer, buffer + sizeof(buffer));
    CU_ASSERT_EQUAL(tcap_dialogue_open(table, 100, NULL, &d), P7_OK);
    CU_ASSERT_EQUAL(tcap_dialogue_send(table, 105, d, TCAP_SEND_BEGIN, &nothing, &w), P7_OK);
    const struct tcap_parts parts = {
        .type = TCAP_CONTINUE, .otid = id_of(1), .dtid = id_of(tcap_dialogue_local_id(table, d))};
    CU_ASSERT_FALSE(tcap_dialogue_expire(table, 114, &ind));
    receive_parts(114, &parts, NULL);
    CU_ASSERT_EQUAL(ind.type, TCAP_IND_CONTINUE);
    CU_ASSERT_FALSE(tcap_dialogue_expire(table, 123, &ind));
    tcap_dialogue_set_deadline(table, d, 130); /* later */
    CU_ASSERT_FALSE(tcap_dialogue_expire(table, 129, &ind));
    tcap_dialogue_set_deadline(table, d, 126); /* sooner */
    CU_ASSERT_EQUAL(tcap_dialogue_deadline_ns(table), 126);
    tcap_dialogue_set_deadline(table, d, TIMER_NEVER_NS);
    CU_ASSERT_FALSE(tcap_dialogue_expire(table, 200, &ind));
    CU_ASSERT_EQUAL(tcap_dialogue_deadline_ns(table), TIMER_NEVER_NS);
    tcap_dialogue_set_deadline(table, d, 201);
    CU_ASSERT_TRUE(tcap_dialogue_expire(table, 201, &ind));
    tear_down();
}

static void the_deadline_of_an_ended_dialogue_does_not_hit_the_next_one(void)
{
    struct tcap_dialogue_settings settings = settings_of(1);
    settings.inactivity_ns = 100;
    set_up_with(settings);
    uint32_t d;
    CU_ASSERT_EQUAL(tcap_dialogue_open(table, 0, NULL, &d), P7_OK);
    tcap_dialogue_drop(table, d);
    CU_ASSERT_EQUAL(tcap_dialogue_open(table, 50, NULL, &d), P7_OK);
    CU_ASSERT_EQUAL(d, 0);
    CU_ASSERT_TRUE(tcap_dialogue_deadline_ns(table) <= 150);
    CU_ASSERT_FALSE(tcap_dialogue_expire(table, 149, &ind));
    CU_ASSERT_EQUAL(tcap_dialogue_deadline_ns(table), 150);
    CU_ASSERT_TRUE(tcap_dialogue_expire(table, 150, &ind));
    tear_down();
}

static void a_slot_rests_before_it_is_used_again_and_its_user_octets_are_zero_then(void)
{
    set_up_with(settings_of(4 * TCAP_DIALOGUE_REST));
    const uint32_t first = open_dialogue();
    const uint32_t first_id = tcap_dialogue_local_id(table, first);
    memset(tcap_dialogue_user(table, first), 0xff, 12);
    tcap_dialogue_drop(table, first);
    uint32_t endings = 0;
    uint32_t d = open_dialogue();
    while (d != first && endings < 3 * TCAP_DIALOGUE_REST) {
        tcap_dialogue_drop(table, d);
        endings++;
        d = open_dialogue();
    }
    CU_ASSERT_EQUAL(endings, TCAP_DIALOGUE_REST);
    CU_ASSERT_EQUAL(d, first);
    CU_ASSERT_NOT_EQUAL(tcap_dialogue_local_id(table, d), first_id);
    static const uint8_t zeros[12] = {0};
    CU_ASSERT_EQUAL(memcmp(tcap_dialogue_user(table, d), zeros, 12), 0);
    tear_down();
}

static void an_id_comes_again_only_when_the_generation_has_gone_round(void)
{
    struct tcap_dialogue_settings settings = settings_of(1);
    settings.id_prefix_bits = 24; /* leaves 8 bits of generation and none of index */
    settings.id_prefix = 0xabcdef;
    settings.generation_first = 250;
    set_up_with(settings);
    static bool seen[256];
    memset(seen, 0, sizeof(seen));
    for (unsigned i = 0; i < 256; i++) {
        const uint32_t d = open_dialogue();
        const uint32_t id = tcap_dialogue_local_id(table, d);
        CU_ASSERT_EQUAL(id >> 8, 0xabcdef);
        CU_ASSERT_EQUAL(id & 0xff, (250 + i) % 256);
        CU_ASSERT_FALSE(seen[id & 0xff]);
        seen[id & 0xff] = true;
        tcap_dialogue_drop(table, d);
    }
    CU_ASSERT_EQUAL(tcap_dialogue_local_id(table, open_dialogue()), 0xabcdef00u + 250u);
    tear_down();
}

static void an_id_of_another_prefix_was_never_ours(void)
{
    struct tcap_dialogue_settings settings = settings_of(1000);
    settings.id_prefix_bits = 4;
    settings.id_prefix = 0xa;
    set_up_with(settings);
    const uint32_t d = dialogue_in(TCAP_STATE_INITIATION_SENT);
    const uint32_t id = tcap_dialogue_local_id(table, d);
    CU_ASSERT_EQUAL(id >> 28, 0xa);
    CU_ASSERT_EQUAL(tcap_dialogue_find(table, id), d);
    for (unsigned bit = 0; bit < 32; bit++)
        CU_ASSERT_EQUAL(tcap_dialogue_find(table, id ^ ((uint32_t)1 << bit)),
                        TCAP_DIALOGUE_INVALID);
    receive(TCAP_CONTINUE, id ^ 0x10000000);
    CU_ASSERT_EQUAL(ind.discarded, TCAP_DISCARD_UNKNOWN_TRANSACTION);
    receive(TCAP_CONTINUE, id ^ (1u << 12)); /* another generation */
    CU_ASSERT_EQUAL(ind.discarded, TCAP_DISCARD_STALE_TRANSACTION);
    tear_down();
}

static void settings_out_of_bounds_are_refused(void)
{
    static const struct tcap_dialogue_settings cases[] = {
        {.capacity = 0},
        {.capacity = LIMIT_DIALOGUES + 1},
        {.capacity = 2, .id_prefix_bits = 24},
        {.capacity = 1 << 20, .id_prefix_bits = 5},
        {.capacity = 1, .id_prefix_bits = 32},
        {.capacity = 1, .id_prefix = 1},
        {.capacity = 1, .id_prefix_bits = 4, .id_prefix = 16},
        {.capacity = 1, .inactivity_ns = -1},
        {.capacity = 1, .user_octets = 65537},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        CU_ASSERT_EQUAL(tcap_dialogue_table_create(&table, &cases[i]), P7_RANGE);
        CU_ASSERT_PTR_NULL(table);
    }
    tcap_dialogue_table_destroy(NULL);
}

static void the_walk_over_open_dialogues_sees_each_once(void)
{
    set_up();
    CU_ASSERT_EQUAL(tcap_dialogue_next(table, 0), TCAP_DIALOGUE_INVALID);
    for (unsigned i = 0; i < 5; i++)
        (void)open_dialogue();
    tcap_dialogue_drop(table, 0);
    tcap_dialogue_drop(table, 3);
    CU_ASSERT_EQUAL(tcap_dialogue_next(table, 0), 1);
    CU_ASSERT_EQUAL(tcap_dialogue_next(table, 2), 2);
    CU_ASSERT_EQUAL(tcap_dialogue_next(table, 3), 4);
    CU_ASSERT_EQUAL(tcap_dialogue_next(table, 5), TCAP_DIALOGUE_INVALID);
    CU_ASSERT_EQUAL(tcap_dialogue_count(table), 3);
    CU_ASSERT_EQUAL(tcap_dialogue_capacity(table), 8);
    tear_down();
}

/* A million at once: each begins, is answered, and ends or times out, on virtual time. */
static void a_million_dialogues_are_open_at_once(void)
{
    enum { MILLION = 1000000 };
    struct tcap_dialogue_settings settings = settings_of(MILLION);
    settings.user_octets = 8;
    settings.route_octets = 8;
    settings.inactivity_ns = 60 * SECOND_NS;
    set_up_with(settings);
    CU_ASSERT_TRUE(tcap_dialogue_memory_octets(table) - 16 <= 64);
    int64_t now_ns = 0;
    unsigned begun = 0;
    for (; begun < MILLION; begun++, now_ns += 1000) {
        uint32_t d;
        uint8_t room[64];
        struct bytes_writer w = bytes_writer_of(room, room + sizeof(room));
        if (tcap_dialogue_open(table, now_ns, NULL, &d) != P7_OK ||
            tcap_dialogue_send(table, now_ns, d, TCAP_SEND_BEGIN, &nothing, &w) != P7_OK)
            break;
        memcpy(tcap_dialogue_user(table, d), &begun, sizeof(begun));
    }
    CU_ASSERT_EQUAL(begun, MILLION);
    CU_ASSERT_EQUAL(tcap_dialogue_count(table), MILLION);
    unsigned wrong = 0;
    for (uint32_t d = 0; d < MILLION; d += 2) { /* every other one is answered */
        unsigned number;
        struct tcap_parts parts = {.type = TCAP_END,
                                   .dtid = id_of(tcap_dialogue_local_id(table, d))};
        uint8_t room[64];
        struct bytes_writer w = bytes_writer_of(room, room + sizeof(room));
        wrong += tcap_write_parts(&w, &parts) != P7_OK;
        tcap_dialogue_receive(table, now_ns, bytes_of(room, bytes_writer_length(&w)), NULL, &ind);
        memcpy(&number, tcap_dialogue_user(table, d), sizeof(number));
        wrong += ind.type != TCAP_IND_END || ind.dialogue != d || number != d;
    }
    CU_ASSERT_EQUAL(wrong, 0);
    CU_ASSERT_EQUAL(tcap_dialogue_count(table), MILLION / 2);
    unsigned timeouts = 0;
    for (now_ns = 60 * SECOND_NS; now_ns <= 61 * SECOND_NS; now_ns += SECOND_NS / 100)
        while (tcap_dialogue_expire(table, now_ns, &ind)) {
            wrong +=
                ind.dialogue % 2 != 1 || (int64_t)ind.dialogue * 1000 > now_ns - 60 * SECOND_NS;
            timeouts++;
        }
    CU_ASSERT_EQUAL(wrong, 0);
    CU_ASSERT_EQUAL(timeouts, MILLION / 2);
    CU_ASSERT_EQUAL(tcap_dialogue_count(table), 0);
    CU_ASSERT_EQUAL(tcap_dialogue_deadline_ns(table), TIMER_NEVER_NS);
    tear_down();
}

UNIT_TESTS = {
    UNIT(silence_ends_a_dialogue_and_tells_the_peer),
    UNIT(a_timeout_without_context_aborts_bare_and_an_unknown_peer_is_not_told),
    UNIT(each_message_sets_the_deadline_anew),
    UNIT(the_deadline_of_an_ended_dialogue_does_not_hit_the_next_one),
    UNIT(a_slot_rests_before_it_is_used_again_and_its_user_octets_are_zero_then),
    UNIT(an_id_comes_again_only_when_the_generation_has_gone_round),
    UNIT(an_id_of_another_prefix_was_never_ours),
    UNIT(settings_out_of_bounds_are_refused),
    UNIT(the_walk_over_open_dialogues_sees_each_once),
    UNIT(a_million_dialogues_are_open_at_once),
};
UNIT_MAIN("tcap_dialogue_time")
