/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * A small table of dialogues is driven by a script: the input's octets are commands of a user and
 * messages of a hostile peer. After each step the table's invariants hold.
 */
#include <stdlib.h>

#include "sigtran/fsm/tcap_dialogue.h"

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition))                                                                          \
            abort();                                                                               \
    } while (0)

#define CAPACITY    4u
#define STEPS_MAX   512u
#define USER_OCTETS 8u

struct run {
    struct tcap_dialogue_table *table;
    struct bytes_reader script;
    int64_t now_ns;
    uint32_t last_id; /* some local id, often stale */
};

static void check_reply(struct bytes reply)
{
    static struct tcap_message m;
    if (reply.length == 0)
        return;
    CHECK(tcap_decode(reply, &m) == P7_OK);
    CHECK(m.type == TCAP_ABORT && m.dtid.length != 0);
}

static void check_table(const struct run *run)
{
    uint32_t open = 0;
    const struct tcap_dialogue_counters *c = tcap_dialogue_counters(run->table);
    for (uint32_t d = tcap_dialogue_next(run->table, 0); d != TCAP_DIALOGUE_INVALID;
         d = tcap_dialogue_next(run->table, d + 1)) {
        const enum tcap_dialogue_state state = tcap_dialogue_state(run->table, d);
        const uint32_t id = tcap_dialogue_local_id(run->table, d);
        const bool peer_known = tcap_dialogue_peer_id(run->table, d).length != 0;
        CHECK(d < CAPACITY && state != TCAP_STATE_FREE);
        CHECK(tcap_dialogue_find(run->table, id) ==
              (state == TCAP_STATE_IDLE ? TCAP_DIALOGUE_INVALID : d));
        CHECK(peer_known == (state >= TCAP_STATE_INITIATION_RECEIVED));
        open++;
    }
    CHECK(open == tcap_dialogue_count(run->table) && open <= CAPACITY);
    CHECK(c->opened_local + c->opened_remote == c->closed + open);
    CHECK(c->reject_sent + c->reject_lost <= c->component_faulty + c->invoke_id_unknown);
}

static void check_indication(const struct run *run, const struct tcap_dialogue_indication *ind)
{
    check_reply(ind->reply);
    const bool has_dialogue =
        ind->type != TCAP_IND_DISCARDED && ind->type != TCAP_IND_UNIDIRECTIONAL;
    CHECK((ind->dialogue != TCAP_DIALOGUE_INVALID) == has_dialogue);
    CHECK((ind->type == TCAP_IND_DISCARDED) == (ind->discarded != TCAP_DISCARD_NONE));
    if (!has_dialogue)
        return;
    const bool open = tcap_dialogue_state(run->table, ind->dialogue) != TCAP_STATE_FREE;
    CHECK(open == (ind->type == TCAP_IND_BEGIN || ind->type == TCAP_IND_CONTINUE ||
                   ind->type == TCAP_IND_NOTICE));
}

/* An open dialogue that the script chooses, or TCAP_DIALOGUE_INVALID. */
static uint32_t choose(struct run *run)
{
    const uint32_t d = tcap_dialogue_next(run->table, bytes_read_u8(&run->script) % CAPACITY);
    if (d != TCAP_DIALOGUE_INVALID)
        run->last_id = tcap_dialogue_local_id(run->table, d);
    return d;
}

static void step_send(struct run *run)
{
    static const struct tcap_component component = {.type = TCAP_INVOKE,
                                                    .has_invoke_id = true,
                                                    .invoke_id = 1,
                                                    .code_kind = TCAP_CODE_LOCAL,
                                                    .code = 31};
    static struct tcap_message m;
    uint8_t room[96];
    const uint32_t d = choose(run);
    const uint8_t how = bytes_read_u8(&run->script);
    if (d == TCAP_DIALOGUE_INVALID)
        return;
    const struct tcap_dialogue_portion aarq = tcap_aarq(bytes_of("\x2a\x03", 2));
    const struct tcap_request request = {.dialogue = (how & 4u) != 0 ? &aarq : NULL,
                                         .components = &component,
                                         .component_count = (how & 8u) != 0 ? 1 : 0,
                                         .invokes_outstanding = (how & 8u) != 0 ? 2 : 0};
    struct bytes_writer w = bytes_writer_of(room, room + ((how & 0x80u) != 0 ? how & 0x1fu : 96u));
    const enum tcap_dialogue_state before = tcap_dialogue_state(run->table, d);
    const enum p7_status status = tcap_dialogue_send(
        run->table, run->now_ns, d, (enum tcap_send_primitive)(how & 3u), &request, &w);
    if (status != P7_OK)
        CHECK(tcap_dialogue_state(run->table, d) == before);
    else
        CHECK(tcap_decode(bytes_of(room, bytes_writer_length(&w)), &m) == P7_OK);
}

/* A message to a chosen or a remembered id, with the script's next octets as its body. */
static void step_receive(struct run *run)
{
    uint8_t room[320];
    static const uint8_t types[] = {TCAP_BEGIN, TCAP_CONTINUE, TCAP_END,
                                    TCAP_ABORT, 0x63,          TCAP_UNIDIRECTIONAL};
    struct tcap_dialogue_indication ind;
    const uint8_t how = bytes_read_u8(&run->script);
    const uint32_t d = choose(run);
    const uint32_t id = d != TCAP_DIALOGUE_INVALID && (how & 0x80u) == 0
                            ? tcap_dialogue_local_id(run->table, d)
                            : run->last_id;
    const uint8_t type = types[(how & 7u) % sizeof(types)];
    const uint8_t body = bytes_read_u8(&run->script);
    const size_t left = bytes_reader_left(&run->script);
    const struct bytes tail = bytes_read(&run->script, body < left ? body : left);
    struct bytes_writer w = bytes_writer_of(room, room + sizeof(room));
    const bool otid = type == TCAP_BEGIN || type == TCAP_CONTINUE || type == 0x63;
    const bool dtid = type == TCAP_CONTINUE || type == TCAP_END || type == TCAP_ABORT;
    bytes_write_u8(&w, type);
    bytes_write_u8(&w, 0x82);
    bytes_write_u16be(&w, (uint16_t)((otid ? 3u : 0u) + (dtid ? 6u : 0u) + tail.length));
    if (otid) {
        bytes_write_u16be(&w, 0x4801);
        bytes_write_u8(&w, (how >> 3) & 1u);
    }
    if (dtid) {
        bytes_write_u16be(&w, 0x4904);
        bytes_write_u32be(&w, id);
    }
    bytes_write(&w, tail);
    const struct bytes octets = bytes_of(room, bytes_writer_length(&w));
    if ((how & 0x40u) != 0)
        tcap_dialogue_notice(run->table, octets, how, NULL, &ind);
    else
        tcap_dialogue_receive(run->table, run->now_ns, octets, &run->now_ns, &ind);
    check_indication(run, &ind);
}

static void step_receive_raw(struct run *run)
{
    struct tcap_dialogue_indication ind;
    const size_t wanted = bytes_read_u8(&run->script);
    const size_t left = bytes_reader_left(&run->script);
    const struct bytes octets = bytes_read(&run->script, wanted < left ? wanted : left);
    tcap_dialogue_receive(run->table, run->now_ns, octets, NULL, &ind);
    check_indication(run, &ind);
}

static void step_time(struct run *run)
{
    struct tcap_dialogue_indication ind;
    uint32_t before = tcap_dialogue_count(run->table);
    run->now_ns += bytes_read_u8(&run->script);
    while (tcap_dialogue_expire(run->table, run->now_ns, &ind)) {
        CHECK(ind.type == TCAP_IND_TIMEOUT && before-- > 0);
        check_indication(run, &ind);
    }
    CHECK(tcap_dialogue_deadline_ns(run->table) > run->now_ns);
}

static void step(struct run *run)
{
    uint32_t d;
    switch (bytes_read_u8(&run->script) % 7) {
    case 0:
        if (tcap_dialogue_open(run->table, run->now_ns, NULL, &d) == P7_OK)
            memset(tcap_dialogue_user(run->table, d), 0xff, USER_OCTETS);
        break;
    case 1:
        step_send(run);
        break;
    case 2:
        step_receive(run);
        break;
    case 3:
        step_receive_raw(run);
        break;
    case 4:
        step_time(run);
        break;
    case 5:
        d = choose(run);
        if (d != TCAP_DIALOGUE_INVALID)
            tcap_dialogue_set_deadline(run->table, d, run->now_ns + bytes_read_u8(&run->script));
        break;
    default:
        d = choose(run);
        if (d != TCAP_DIALOGUE_INVALID)
            tcap_dialogue_drop(run->table, d);
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct run run = {.script = bytes_reader_of(data, data + size)};
    const struct tcap_dialogue_settings settings = {
        .capacity = CAPACITY,
        .user_octets = USER_OCTETS,
        .route_octets = sizeof(run.now_ns),
        .inactivity_ns = (size & 1u) != 0 ? 100 : 0,
        .id_prefix_bits = 20, /* a short generation, so that ids come again */
        .id_prefix = 0x12345,
        .check_invoke_ids = true,
    };
    if (tcap_dialogue_table_create(&run.table, &settings) != P7_OK)
        abort();
    for (unsigned i = 0; i < STEPS_MAX && bytes_reader_left(&run.script) != 0; i++) {
        step(&run);
        check_table(&run);
    }
    tcap_dialogue_table_destroy(run.table);
    return 0;
}
