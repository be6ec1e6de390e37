/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * tcap_dialogue_rig - one table of dialogues, a peer with the transaction id 0xbeef, and the last
 * indication, reply and sent message: what the tests of tcap_dialogue share.
 */
#ifndef TESTS_TCAP_DIALOGUE_RIG_H
#define TESTS_TCAP_DIALOGUE_RIG_H

#include "sigtran/fsm/tcap_dialogue.h"
#include "tests/unit/unit.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const uint8_t cap2[] = {0x04, 0x00, 0x00, 0x01, 0x00, 0x32, 0x01};

static struct tcap_dialogue_table *table;
static struct tcap_dialogue_indication ind;
static struct tcap_message reply;
static uint8_t buffer[2048];

static inline struct tcap_dialogue_settings settings_of(uint32_t capacity)
{
    return (struct tcap_dialogue_settings){
        .capacity = capacity, .user_octets = 12, .route_octets = 4, .check_invoke_ids = true};
}

static inline void set_up_with(struct tcap_dialogue_settings settings)
{
    CU_ASSERT_EQUAL_FATAL(tcap_dialogue_table_create(&table, &settings), P7_OK);
}

static inline void set_up(void)
{
    set_up_with(settings_of(8));
}

static inline void tear_down(void)
{
    tcap_dialogue_table_destroy(table);
    table = NULL;
}

static inline struct tcap_transaction_id id_of(uint32_t value)
{
    return (struct tcap_transaction_id){.value = value, .length = 4};
}

static inline const struct tcap_dialogue_counters *counters(void)
{
    return tcap_dialogue_counters(table);
}

static inline void receive_octets(int64_t now_ns, struct bytes octets, const char *route)
{
    tcap_dialogue_receive(table, now_ns, octets, route, &ind);
    if (ind.reply.length != 0)
        CU_ASSERT_EQUAL(tcap_decode(ind.reply, &reply), P7_OK);
}

static inline void receive_hex(const char *hex)
{
    receive_octets(0, bytes_of(buffer, unit_hex(hex, buffer, sizeof(buffer))), "hexa");
}

static inline void receive_parts(int64_t now_ns, const struct tcap_parts *parts, const char *route)
{
    struct bytes_writer w = bytes_writer_of(buffer, buffer + sizeof(buffer));
    CU_ASSERT_EQUAL_FATAL(tcap_write_parts(&w, parts), P7_OK);
    receive_octets(now_ns, bytes_of(buffer, bytes_writer_length(&w)), route);
}

/* A message of the peer: its own id 0xbeef and the id of ours that it answers. */
static inline void receive(uint8_t type, uint32_t local_id)
{
    const struct tcap_parts parts = {.type = type, .otid = id_of(0xbeef), .dtid = id_of(local_id)};
    receive_parts(0, &parts, "peer");
}

static struct tcap_message sent;

static inline enum p7_status send_request(uint32_t dialogue, enum tcap_send_primitive primitive,
                                          const struct tcap_request *request)
{
    struct bytes_writer w = bytes_writer_of(buffer, buffer + sizeof(buffer));
    const enum p7_status status = tcap_dialogue_send(table, 0, dialogue, primitive, request, &w);
    if (status == P7_OK)
        CU_ASSERT_EQUAL_FATAL(tcap_decode(bytes_of(buffer, bytes_writer_length(&w)), &sent), P7_OK);
    return status;
}

static inline enum p7_status send_empty(uint32_t dialogue, enum tcap_send_primitive primitive)
{
    const struct tcap_request request = {.component_count = 0};
    return send_request(dialogue, primitive, &request);
}

static inline uint32_t open_dialogue(void)
{
    uint32_t dialogue;
    CU_ASSERT_EQUAL_FATAL(tcap_dialogue_open(table, 0, "home", &dialogue), P7_OK);
    return dialogue;
}

/* A dialogue in the state wanted. */
static inline uint32_t dialogue_in(enum tcap_dialogue_state state)
{
    if (state == TCAP_STATE_INITIATION_RECEIVED) {
        receive(TCAP_BEGIN, 0);
        return ind.dialogue;
    }
    const uint32_t dialogue = open_dialogue();
    if (state == TCAP_STATE_IDLE)
        return dialogue;
    CU_ASSERT_EQUAL(send_empty(dialogue, TCAP_SEND_BEGIN), P7_OK);
    if (state == TCAP_STATE_ACTIVE)
        receive(TCAP_CONTINUE, tcap_dialogue_local_id(table, dialogue));
    CU_ASSERT_EQUAL(tcap_dialogue_state(table, dialogue), state);
    return dialogue;
}

#endif
