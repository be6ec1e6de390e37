/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * Scenarios by hand: floods of INITs and of datagrams that are none, chunks out of order and out of
 * shape on a living association, and a reader that never reads.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/hostile/wire.h"

#define SOCKETS             32
#define SLOW_WINDOW         32768u
#define SLOW_UNACKED        256u /* our DATA under way at most */
#define SLOW_MESSAGE_OCTETS 1240
#define SLOW_RESEND_NS      (200 * HOSTILE_MS)

static int64_t end_of(const struct hostile_options *options)
{
    return hostile_clock_ns() + (int64_t)options->milliseconds * HOSTILE_MS;
}

/* Counts what lies on the socket. */
static void drain(struct wire *wire, struct hostile_counters *counters)
{
    while (wire_receive(wire, 0).length != 0)
        counters->received++;
}

static bool open_all(struct wire *wires, const struct hostile_options *options,
                     struct random_state *random)
{
    for (unsigned i = 0; i < SOCKETS; i++)
        if (!wire_open(&wires[i], options, random))
            return false;
    return true;
}

/* INITs of ever new ports and tags; cookies that are none, that are somebody else's, that are cut
 * or changed. Nothing of it may leave anything behind in the victim. */
static void init_deed(struct wire *wire, struct wire *other, struct random_state *random)
{
    switch (random_below(random, 8)) {
    case 0:
        wire_begin(wire, (uint32_t)random_u64(random));
        wire_chunk(wire, CHUNK_COOKIE_ECHO, 0, NULL, random_below(random, 600));
        break;
    case 1:
        if (other->cookie_octets == 0)
            (void)wire_get_cookie(other);
        wire_begin(wire, other->peer_tag);
        flip_bits(random, other->cookie, other->cookie_octets, (unsigned)random_below(random, 2));
        wire_chunk(wire, CHUNK_COOKIE_ECHO, 0, other->cookie,
                   random_below(random, other->cookie_octets + 1));
        break;
    default:
        wire->own_port = (uint16_t)(1024 + random_below(random, 64000));
        wire->own_tag = (uint32_t)random_u64(random);
        wire_init(wire);
        if (random_below(random, 4) == 0) /* with parameters of no sense behind */
            flip_bits(random, wire->packet + 12, bytes_writer_length(&wire->out) - 12, 4);
        break;
    }
}

static int flood(const struct hostile_options *options, struct hostile_counters *counters,
                 bool inits)
{
    struct random_state random;
    struct wire *wires = calloc(SOCKETS, sizeof(*wires));
    random_seed(&random, options->seed);
    if (wires == NULL || !open_all(wires, options, &random)) {
        free(wires);
        return 1;
    }
    for (const int64_t end_ns = end_of(options); hostile_clock_ns() < end_ns;) {
        for (unsigned i = 0; i < SOCKETS; i++) {
            struct wire *wire = &wires[i];
            bool sent;
            if (inits) {
                init_deed(wire, &wires[random_below(&random, SOCKETS)], &random);
                sent = wire_send(wire);
            } else {
                const size_t length = random_below(
                    &random, random_below(&random, 8) == 0 ? sizeof(wire->packet) : 80);
                (void)fill_random(&random, wire->packet, length);
                wire->out = bytes_writer_of(wire->packet, wire->packet + sizeof(wire->packet));
                wire->out.at += length;
                /* Half of it with a good checksum and the port where somebody listens. */
                if (length >= 16 && random_below(&random, 2) == 0) {
                    bytes_store_u16be(wire->packet + 2, wire->sctp_port);
                    memset(wire->packet + 8, 0, 4);
                    sent = wire_send(wire);
                } else {
                    sent = wire_send_raw(wire, wire->packet, length);
                }
            }
            counters->sent += sent;
            counters->unsent += !sent;
            drain(wire, counters);
        }
        const struct timespec pause = {.tv_nsec = HOSTILE_MS};
        (void)nanosleep(&pause, NULL);
    }
    for (unsigned i = 0; i < SOCKETS; i++)
        wire_close(&wires[i]);
    free(wires);
    return 0;
}

static int run_inits(const struct hostile_options *options, struct hostile_counters *counters)
{
    return flood(options, counters, true);
}

static int run_datagrams(const struct hostile_options *options, struct hostile_counters *counters)
{
    return flood(options, counters, false);
}

/* --- chunks ----------------------------------------------------------------------------------- */

static void any_chunk(struct wire *wire, struct random_state *random)
{
    static const uint8_t types[] = {0,  0,  0,  3,  3,    4,    5,    7,    8,    9,    10,  11,
                                    12, 13, 14, 15, 0x40, 0x80, 0x82, 0xc0, 0xc1, 0xc2, 0xff};
    uint8_t value[1200];
    size_t length = fill_random(
        random, value, random_below(random, random_below(random, 8) == 0 ? sizeof(value) : 40));
    const uint8_t type = random_below(random, 12) == 0 ? (uint8_t)random_u64(random)
                                                       : types[random_below(random, sizeof(types))];
    /* DATA and SACK near the numbers in use go further than those far off. */
    if (type == CHUNK_DATA && length >= 12 && random_below(random, 4) != 0) {
        bytes_store_u32be(value, wire->own_tsn + (uint32_t)random_below(random, 300) - 20);
        bytes_store_u16be(value + 4, (uint16_t)random_below(random, 20));
        bytes_store_u16be(value + 6, (uint16_t)random_below(random, 3));
    }
    if (type == CHUNK_SACK && length >= 12 && random_below(random, 4) != 0) {
        bytes_store_u32be(value, wire->peer_tsn + (uint32_t)random_below(random, 8) - 3);
        bytes_store_u16be(value + 8, (uint16_t)((length - 12) / 4));
        bytes_store_u16be(value + 10, 0);
    }
    if ((type == 0xc0 || type == 0xc1 || type == 0x82) && length >= 8)
        bytes_store_u32be(value, wire->own_tsn + (uint32_t)random_below(random, 40) - 2);
    uint8_t *const at = wire->out.at;
    wire_chunk(wire, type, (uint8_t)random_below(random, 16), value, length);
    if (!wire->out.failed && random_below(random, 8) == 0) /* a length that is wrong */
        bytes_store_u16be(at + 2, (uint16_t)random_u64(random));
}

static int run_chunks(const struct hostile_options *options, struct hostile_counters *counters)
{
    struct random_state random;
    struct wire *wire = calloc(1, sizeof(*wire));
    random_seed(&random, options->seed);
    if (wire == NULL)
        return 1;
    wire->fd = -1;
    for (const int64_t end_ns = end_of(options); hostile_clock_ns() < end_ns;) {
        wire_close(wire);
        if (!wire_open(wire, options, &random)) {
            free(wire);
            return 1;
        }
        if (!wire_establish(wire)) {
            counters->unsent++;
            continue;
        }
        counters->associations++;
        /* Some hundred packets, then another one: most associations are dead by then. */
        for (unsigned packets = 0; packets < 400 && hostile_clock_ns() < end_ns; packets++) {
            wire_begin(wire, random_below(&random, 40) == 0 ? (uint32_t)random_u64(&random)
                                                            : wire->peer_tag);
            for (uint64_t chunks = 1 + random_below(&random, 4); chunks > 0; chunks--)
                any_chunk(wire, &random);
            counters->sent += wire_send(wire);
            drain(wire, counters);
            /* RFC9260-5.2: from the same place again, a restart of what there is. */
            if (random_below(&random, 150) == 0) {
                wire->own_tag = (uint32_t)random_u64(&random) | 1u;
                counters->associations += wire_establish(wire);
            }
            if (packets % 4 == 3) {
                const struct timespec pause = {.tv_nsec = HOSTILE_MS};
                (void)nanosleep(&pause, NULL);
            }
        }
        wire_abort(wire);
    }
    wire_close(wire);
    free(wire);
    return 0;
}

/* --- the reader that never reads -------------------------------------------------------------- */

struct slow {
    struct wire wire;
    struct peer peer; /* for its messages alone */
    struct random_state random;
    uint32_t acked;   /* our DATA that the victim has */
    uint32_t taken;   /* the victim's DATA that we have acknowledged, in octets */
    int64_t moved_ns; /* `acked` moved, or we sent it again */
    struct hostile_counters *counters;
    struct {
        uint16_t length;
        uint8_t octets[SLOW_MESSAGE_OCTETS];
    } sent[SLOW_UNACKED];
};

static void slow_transmit(struct slow *slow, uint32_t tsn)
{
    const uint32_t slot = tsn % SLOW_UNACKED;
    wire_begin(&slow->wire, slow->wire.peer_tag);
    wire_data(&slow->wire, tsn, bytes_of(slow->sent[slot].octets, slow->sent[slot].length));
    (void)wire_send(&slow->wire);
}

static void slow_say(struct slow *slow, struct bytes message)
{
    const uint32_t tsn = slow->wire.own_tsn++;
    const uint32_t slot = tsn % SLOW_UNACKED;
    if (message.length > sizeof(slow->sent[slot].octets))
        return;
    memcpy(slow->sent[slot].octets, message.data, message.length);
    slow->sent[slot].length = (uint16_t)message.length;
    slow_transmit(slow, tsn);
    slow->counters->sent++;
}

/* Takes DATA while there is window; the rest is let fall, and the window stays shut. */
static void slow_take_data(struct slow *slow, struct bytes value)
{
    if (value.length < 12)
        return;
    slow->counters->received++;
    if (bytes_load_u32be(value.data) == slow->wire.peer_tsn &&
        slow->taken + value.length <= SLOW_WINDOW) {
        slow->wire.peer_tsn++;
        slow->taken += (uint32_t)value.length;
    }
    wire_begin(&slow->wire, slow->wire.peer_tag);
    /* Control messages come while the window is open yet; from then on it is zero. */
    wire_sack(&slow->wire, slow->wire.peer_tsn - 1,
              slow->taken + 1500 > SLOW_WINDOW ? 0 : SLOW_WINDOW - slow->taken);
    (void)wire_send(&slow->wire);
}

static void slow_listen(struct slow *slow)
{
    for (struct bytes rest; (rest = wire_receive(&slow->wire, 0)).length != 0;) {
        uint8_t type;
        struct bytes value;
        while (wire_next_chunk(&rest, &type, &value)) {
            if (type == CHUNK_DATA) {
                slow_take_data(slow, value);
            } else if (type == CHUNK_SACK && value.length >= 4) {
                const uint32_t next = bytes_load_u32be(value.data) + 1;
                if (next != slow->acked)
                    slow->moved_ns = hostile_clock_ns();
                slow->acked = next;
            } else if (type == CHUNK_HEARTBEAT) {
                wire_begin(&slow->wire, slow->wire.peer_tag);
                wire_chunk(&slow->wire, CHUNK_HEARTBEAT_ACK, 0, value.data, value.length);
                (void)wire_send(&slow->wire);
            } else if (type == CHUNK_ABORT) {
                slow->counters->downs++;
            }
        }
    }
}

/* A BEAT comes back with all that it brings: what fills the victim's send buffer soonest. */
static struct bytes message_beat(struct peer *peer)
{
    uint8_t data[SLOW_MESSAGE_OCTETS - 40];
    struct m3ua_message m;
    m3ua_message_of(&m, M3UA_BEAT);
    m.present = M3UA_HAS_HEARTBEAT_DATA;
    m.heartbeat_data = bytes_of(data, fill_random(&peer->random, data, sizeof(data)));
    struct bytes_writer w = bytes_writer_of(peer->message, peer->message + sizeof(peer->message));
    m3ua_encode(&w, &m);
    return bytes_of(peer->message, bytes_writer_length(&w));
}

static void slow_turn(struct slow *slow)
{
    slow_listen(slow);
    for (unsigned i = 0; i < 8 && slow->wire.own_tsn - slow->acked < SLOW_UNACKED - 1; i++)
        slow_say(slow, i % 4 == 0 ? message_begin(&slow->peer) : message_beat(&slow->peer));
    if (slow->wire.own_tsn != slow->acked && hostile_clock_ns() - slow->moved_ns > SLOW_RESEND_NS) {
        for (uint32_t tsn = slow->acked; tsn != slow->wire.own_tsn && tsn - slow->acked < 16; tsn++)
            slow_transmit(slow, tsn);
        slow->moved_ns = hostile_clock_ns();
    }
    const struct timespec pause = {.tv_nsec = HOSTILE_MS};
    (void)nanosleep(&pause, NULL);
}

static int run_slow(const struct hostile_options *options, struct hostile_counters *counters)
{
    struct slow *slow = calloc(1, sizeof(*slow));
    int code = 1;
    if (slow == NULL)
        return 1;
    random_seed(&slow->random, options->seed);
    random_seed(&slow->peer.random, options->seed + 1);
    slow->peer.options = options;
    slow->counters = counters;
    if (wire_open(&slow->wire, options, &slow->random)) {
        slow->wire.window = SLOW_WINDOW;
        if (wire_establish(&slow->wire)) {
            counters->associations++;
            slow->acked = slow->wire.own_tsn;
            slow_say(slow, message_control(&slow->peer, M3UA_ASPUP));
            slow_say(slow, message_control(&slow->peer, M3UA_ASPAC));
            for (const int64_t end_ns = end_of(options); hostile_clock_ns() < end_ns;)
                slow_turn(slow);
            code = 0;
        } else {
            (void)fprintf(stderr, "hostile: no association by hand\n");
        }
        wire_abort(&slow->wire);
        wire_close(&slow->wire);
    }
    free(slow);
    return code;
}

const struct scenario hostile_wire_scenarios[] = {
    {.name = "inits", .text = "INITs and cookies by the thousand", .wire = run_inits},
    {.name = "datagrams", .text = "datagrams that are no SCTP", .wire = run_datagrams},
    {.name = "chunks",
     .text = "chunks out of shape on living associations",
     .wants = WANTS_ASSOCIATION,
     .wire = run_chunks},
    {.name = "slow-reader",
     .text = "requests whose answers are never read",
     .wants = WANTS_ASSOCIATION,
     .wire = run_slow},
};
const unsigned hostile_wire_scenario_count =
    sizeof(hostile_wire_scenarios) / sizeof(hostile_wire_scenarios[0]);
