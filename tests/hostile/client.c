/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Scenarios of a hostile ASP against a responder. Each `act` is one deed, some thousand a second.
 */
#include <string.h>

#include "tests/hostile/hostile.h"

#define PPIDS 6

static void send_broken(struct peer *peer, struct bytes message)
{
    if (message.length != 0)
        break_parameter(&peer->random, peer->message, message.length);
    peer_send(peer, message);
}

static void send_flipped(struct peer *peer, struct bytes message, unsigned bits_max)
{
    flip_bits(&peer->random, peer->message, message.length, 1 + peer_below(peer, bits_max));
    peer_send(peer, message);
}

/* A third BEGIN, a third in a dialogue, a third anything. */
static struct bytes sound_message(struct peer *peer)
{
    static const uint8_t types[] = {0x65, 0x64, 0x67};
    switch (peer_below(peer, 3)) {
    case 0:
        return message_begin(peer);
    case 1:
        return message_within(peer, types[peer_below(peer, 3)],
                              (uint32_t)random_u64(&peer->random));
    default:
        return message_any(peer);
    }
}

static void act_random(struct peer *peer)
{
    const size_t length = 1 + peer_below(peer, peer_below(peer, 8) == 0 ? 4096 : 64);
    (void)fill_random(&peer->random, peer->message, length);
    /* Every other one gets past the check of version and length, to where it becomes interesting.
     */
    if (peer_below(peer, 2) == 0 && length >= M3UA_HEADER_OCTETS) {
        peer->message[0] = M3UA_VERSION;
        peer->message[1] = 0;
        peer->message[2] = (uint8_t)peer_below(peer, 10);
        peer->message[3] = (uint8_t)peer_below(peer, 7);
        bytes_store_u32be(peer->message + 4, (uint32_t)length);
    }
    peer_send(peer, bytes_of(peer->message, length));
}

static void act_parameters(struct peer *peer)
{
    send_broken(peer, peer_below(peer, 2) == 0 ? message_any(peer) : message_begin(peer));
}

static void act_early(struct peer *peer)
{
    peer_send(peer,
              peer_below(peer, 4) == 0 ? message_control(peer, M3UA_ASPAC) : message_begin(peer));
}

/* Sound M3UA with an SCCP, a TCAP or a CAP part that is none. */
static void act_inside(struct peer *peer)
{
    uint8_t octets[600];
    struct random_state *r = &peer->random;
    size_t length = fill_random(r, octets, 1 + peer_below(peer, 250));
    struct bytes message;
    switch (peer_below(peer, 4)) {
    case 0:
        octets[0] =
            (uint8_t)(0x09 + peer_below(peer, 12)); /* a type of SCCP, some connection-oriented */
        peer_send(peer, message_data(peer, bytes_of(octets, length)));
        break;
    case 1:
        length = 2 + length % 120;
        octets[0] = (uint8_t)(0x60 + peer_below(peer, 8));
        octets[1] = (uint8_t)(length - 2);
        peer_send(peer, message_tcap(peer, bytes_of(octets, length)));
        break;
    case 2: /* the CAP part of an otherwise sound BEGIN */
        message = message_begin(peer);
        if (message.length > 140)
            flip_bits(r, peer->message + message.length - 130, 120, 1 + peer_below(peer, 16));
        peer_send(peer, message);
        break;
    default: /* nobody has this subsystem: a UDTS is due */
        message = message_begin(peer);
        for (size_t i = 0; i + 1 < message.length && i < 60; i++)
            if (peer->message[i] == 0x43 && peer->message[i + 3] == 146) {
                peer->message[i + 3] = 99;
                break;
            }
        peer_send(peer, message);
        break;
    }
}

static void act_flips(struct peer *peer)
{
    send_flipped(peer, sound_message(peer), 6);
}

static void act_truncated(struct peer *peer)
{
    const struct bytes message = sound_message(peer);
    const size_t length = message.length == 0 ? 0 : peer_below(peer, (uint32_t)message.length);
    if (length >= M3UA_HEADER_OCTETS && peer_below(peer, 2) == 0)
        bytes_store_u32be(peer->message + 4, (uint32_t)length);
    peer_send(peer, bytes_of(peer->message, length));
}

static void act_huge(struct peer *peer)
{
    static const uint8_t kinds[][2] = {{1, 1}, {3, 3}, {0, 0}, {0, 1}, {4, 1}, {9, 1}, {2, 3}};
    const size_t length = peer_below(peer, 2) == 0
                              ? HOSTILE_MESSAGE_OCTETS_MAX - peer_below(peer, 9)
                              : 4096 + peer_below(peer, 60000);
    const uint8_t *kind = kinds[peer_below(peer, 7)];
    memset(peer->message, (int)peer_below(peer, 256), length);
    const uint8_t head[] = {M3UA_VERSION, 0, kind[0], kind[1]};
    memcpy(peer->message, head, sizeof(head));
    bytes_store_u32be(peer->message + 4, (uint32_t)length);
    bytes_store_u16be(peer->message + 8, kind[0] == 3 ? M3UA_TAG_HEARTBEAT_DATA
                                                      : (uint16_t)(4 + peer_below(peer, 16)));
    bytes_store_u16be(peer->message + 10, (uint16_t)(length - 8 > 65535 ? 65535 : length - 8));
    peer_send(peer, bytes_of(peer->message, length));
}

static void act_ppid(struct peer *peer)
{
    static const uint32_t ppids[PPIDS] = {0, 2, 4, 46, 0x03000000, 0xffffffff};
    peer_send_as(peer, (uint16_t)peer_below(peer, peer->streams_out),
                 ppids[peer_below(peer, PPIDS)], sound_message(peer));
}

static void act_begin(struct peer *peer)
{
    peer_send(peer, message_begin(peer));
}

/* Ids at random, and ids near those that were told: of the neighbours' dialogues. */
static void act_transactions(struct peer *peer)
{
    static const uint8_t types[] = {0x65, 0x64, 0x67};
    uint32_t id = (uint32_t)random_u64(&peer->random);
    if (peer_below(peer, 8) == 0 || peer->id_count == 0) {
        peer_send(peer, message_begin(peer));
        return;
    }
    if (peer_below(peer, 4) != 0) {
        const uint32_t told = peer->id_count < HOSTILE_IDS ? peer->id_count : HOSTILE_IDS;
        id = peer->id[peer_below(peer, told)] ^ (1u << peer_below(peer, 32));
        id += peer_below(peer, 33) - 16;
    }
    peer_send(peer, message_within(peer, types[peer_below(peer, 3)], id));
}

/* DATA on stream 0, which is taken, and management on the others, which RFC4666-1.4.7 forbids. */
static void act_streams(struct peer *peer)
{
    if (peer_below(peer, 2) == 0)
        peer_send_as(peer, 0, TRANSPORT_PPID_M3UA, message_begin(peer));
    else
        peer_send_as(peer, (uint16_t)(1 + peer_below(peer, peer->streams_out - 1u)),
                     TRANSPORT_PPID_M3UA, message_control(peer, M3UA_ASPUP));
}

static void act_management(struct peer *peer)
{
    static const enum m3ua_kind kinds[] = {M3UA_ERR,   M3UA_NTFY,  M3UA_BEAT,    M3UA_BEAT,
                                           M3UA_ASPIA, M3UA_ASPAC, M3UA_REG_REQ, M3UA_ASPUP};
    uint8_t text[1200];
    uint8_t value[4];
    struct m3ua_message m;
    m3ua_message_of(&m, kinds[peer_below(peer, 8)]);
    bytes_store_u32be(value, peer->options->routing_context);
    m.routing_contexts = bytes_of(value, sizeof(value));
    m.error_code = 1 + peer_below(peer, 26);
    m.status_type = (uint16_t)(1 + peer_below(peer, 2));
    m.status_information = (uint16_t)(1 + peer_below(peer, 4));
    m.heartbeat_data = bytes_of(text, fill_random(&peer->random, text, 1 + peer_below(peer, 1200)));
    if (m.kind == M3UA_ERR)
        m.present = M3UA_HAS_ERROR_CODE;
    else if (m.kind == M3UA_NTFY)
        m.present = M3UA_HAS_STATUS;
    else if (m.kind == M3UA_BEAT)
        m.present = M3UA_HAS_HEARTBEAT_DATA;
    else if (m3ua_kind_class(m.kind) == M3UA_CLASS_ASPTM)
        m.present = M3UA_HAS_ROUTING_CONTEXT;
    struct bytes_writer w = bytes_writer_of(peer->message, peer->message + sizeof(peer->message));
    m3ua_encode(&w, &m);
    peer_send(peer, bytes_of(peer->message, w.failed ? 0 : bytes_writer_length(&w)));
}

/* A few requests, and gone before their answers. */
static void act_abort(struct peer *peer)
{
    peer_send(peer, message_begin(peer));
    if (peer_below(peer, 6) == 0)
        peer_end(peer, true);
}

static void act_reconnect(struct peer *peer)
{
    if (peer_below(peer, 2) == 0)
        peer_send(peer, message_control(peer, M3UA_ASPUP));
    peer_end(peer, peer_below(peer, 2) == 0);
}

/* Without guessed transaction ids: the ASPs of an AS serve it together (RFC4666-1.2), so each may
 * go on with the dialogues of another. Who is in the AS has to be trusted so far. */
static void act_everything(struct peer *peer)
{
    static void (*const acts[])(struct peer *) = {act_random, act_parameters, act_inside,
                                                  act_flips,  act_truncated,  act_ppid,
                                                  act_begin,  act_streams,    act_management};
    acts[peer_below(peer, sizeof(acts) / sizeof(acts[0]))](peer);
}

const struct scenario hostile_client_scenarios[] = {
    {.name = "random-before-up",
     .text = "random octets as M3UA, before ASP UP",
     .wants = WANTS_ERRORS,
     .burst = 4,
     .act = act_random},
    {.name = "random",
     .text = "random octets as M3UA, ASP active",
     .wants = WANTS_ERRORS | WANTS_ASP_ACTIVE,
     .login = LOGIN_ACTIVE,
     .burst = 4,
     .act = act_random},
    {.name = "parameters",
     .text = "M3UA parameters with broken tags and lengths",
     .wants = WANTS_ERRORS | WANTS_ASP_ACTIVE,
     .login = LOGIN_ACTIVE,
     .burst = 4,
     .act = act_parameters},
    {.name = "early",
     .text = "DATA and ASP ACTIVE before ASP UP",
     .wants = WANTS_ERRORS,
     .burst = 4,
     .act = act_early},
    {.name = "inside",
     .text = "garbage as SCCP, TCAP and CAP in sound DATA",
     .wants = WANTS_RETURNED | WANTS_ABORTS | WANTS_ASP_ACTIVE,
     .login = LOGIN_ACTIVE,
     .burst = 4,
     .act = act_inside},
    {.name = "flips",
     .text = "sound messages with bits flipped",
     .wants = WANTS_ERRORS | WANTS_ASP_ACTIVE,
     .login = LOGIN_ACTIVE,
     .burst = 4,
     .act = act_flips},
    {.name = "truncated",
     .text = "sound messages cut anywhere",
     .wants = WANTS_ERRORS | WANTS_ASP_ACTIVE,
     .login = LOGIN_ACTIVE,
     .burst = 4,
     .act = act_truncated},
    {.name = "huge",
     .text = "messages of up to 64 KiB",
     .wants = WANTS_ERRORS | WANTS_ASP_ACTIVE,
     .login = LOGIN_ACTIVE,
     .burst = 1,
     .act = act_huge},
    {.name = "ppid",
     .text = "M3UA under other payload protocol identifiers",
     .wants = WANTS_ASP_ACTIVE,
     .login = LOGIN_ACTIVE,
     .burst = 4,
     .act = act_ppid},
    {.name = "transactions",
     .text = "CONTINUE, END and ABORT for others' transaction ids",
     .wants = WANTS_ABORTS | WANTS_ASP_ACTIVE,
     .login = LOGIN_ACTIVE,
     .burst = 6,
     .act = act_transactions},
    {.name = "begin-flood",
     .text = "dialogues begun and never continued, more than there are",
     .wants = WANTS_CONTINUES | WANTS_ABORTS | WANTS_ASP_ACTIVE,
     .login = LOGIN_ACTIVE,
     .burst = 10,
     .act = act_begin},
    {.name = "streams",
     .text = "DATA on stream 0, management on the others",
     .wants = WANTS_ERRORS | WANTS_ASP_ACTIVE,
     .login = LOGIN_ACTIVE,
     .burst = 2,
     .act = act_streams},
    {.name = "management",
     .text = "storms of ERR, NTFY, BEAT, ASP ACTIVE and INACTIVE",
     .wants = WANTS_ERRORS | WANTS_BEAT_ACKS | WANTS_ASP_ACTIVE,
     .login = LOGIN_ACTIVE,
     .burst = 5,
     .act = act_management},
    {.name = "abort",
     .text = "the association aborted in the middle of requests",
     .wants = WANTS_ASP_ACTIVE,
     .login = LOGIN_ACTIVE,
     .burst = 1,
     .act = act_abort},
    {.name = "reconnect",
     .text = "associations that come and go",
     .wants = WANTS_RECONNECTS,
     .burst = 1,
     .act = act_reconnect},
    {.name = "everything",
     .text = "all of it, by the other ASP of the good one's own AS",
     .wants = WANTS_ERRORS | WANTS_ASP_ACTIVE,
     .login = LOGIN_ACTIVE,
     .burst = 4,
     .act = act_everything},
};
const unsigned hostile_client_scenario_count =
    sizeof(hostile_client_scenarios) / sizeof(hostile_client_scenarios[0]);
