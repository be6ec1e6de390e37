/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * A signalling gateway gone wild, for simulators to connect to. Each association gets another
 * manner: one lets the ASP become active and answers its requests with anything, one never answers
 * ASP UP, one refuses everything by ERR, one floods. All end in the middle by an ABORT.
 */
#include <string.h>

#include "sigtran/codec/sccp.h"
#include "tests/hostile/hostile.h"

enum manner { MANNER_WILD, MANNER_SILENT, MANNER_REFUSING, MANNER_FLOODING, MANNER_COUNT };

#define LIFE_NS (700 * HOSTILE_MS)

static enum manner manner_of(const struct peer *peer)
{
    /* Every other one is wild, as only those get to see requests. */
    return peer->life % 2 == 1 ? MANNER_WILD : (enum manner)(1 + (peer->life / 2) % 3);
}

static void send_junk(struct peer *peer)
{
    static const uint8_t types[] = {0x65, 0x64, 0x67};
    struct bytes message;
    switch (peer_below(peer, 6)) {
    case 0:
        (void)fill_random(&peer->random, peer->message, 64);
        message = bytes_of(peer->message, 1 + peer_below(peer, 64));
        break;
    case 1:
        message = message_any(peer);
        break;
    case 2:
        message = message_any(peer);
        if (message.length != 0)
            break_parameter(&peer->random, peer->message, message.length);
        break;
    case 3:
        message = message_begin(peer);
        break;
    case 4:
        message =
            message_within(peer, types[peer_below(peer, 3)], (uint32_t)random_u64(&peer->random));
        break;
    default:
        message = message_begin(peer);
        flip_bits(&peer->random, peer->message, message.length, 1 + peer_below(peer, 8));
        break;
    }
    peer_send(peer, message);
}

/* The transaction id of a BEGIN that came in. */
static bool id_of(struct bytes message, uint32_t *id)
{
    struct m3ua_data data;
    struct m3ua_fault fault;
    struct sccp_message sccp;
    if (m3ua_data_decode(message.data, message.data + message.length, &data, &fault) != P7_OK ||
        sccp_decode(SCCP_ITU, data.payload, &sccp) != P7_OK)
        return false;
    for (size_t i = 2; i < 4 && i + 6 <= sccp.data.length; i++)
        if (sccp.data.data[i] == 0x48 && sccp.data.data[i + 1] == 4) {
            *id = bytes_load_u32be(sccp.data.data + i + 2);
            return true;
        }
    return false;
}

static void answer_wildly(struct peer *peer, struct bytes request)
{
    static const uint8_t types[] = {0x65, 0x64, 0x67};
    uint32_t id;
    struct bytes message;
    if (!id_of(request, &id))
        return;
    switch (peer_below(peer, 9)) {
    case 0: /* none */
        return;
    case 1: /* the same back, as if we had begun it */
        if (request.length <= sizeof(peer->message)) {
            memcpy(peer->message, request.data, request.length);
            flip_bits(&peer->random, peer->message, request.length, peer_below(peer, 4));
            peer_send(peer, bytes_of(peer->message, request.length));
        }
        return;
    case 2: /* many */
        for (unsigned i = 0; i < 5; i++)
            peer_send(peer, message_within(peer, types[peer_below(peer, 3)], id));
        return;
    case 3:
        send_junk(peer);
        return;
    case 4: /* its neighbours' dialogues, those of the good target among them */
        for (unsigned i = 0; i < 8; i++)
            peer_send(peer, message_within(peer, types[peer_below(peer, 3)],
                                           id + peer_below(peer, 33) - 16));
        return;
    default:
        message = message_within(peer, types[peer_below(peer, 3)], id);
        if (peer_below(peer, 2) == 0 && message.length > 40)
            flip_bits(&peer->random, peer->message + message.length - 40, 40,
                      1 + peer_below(peer, 5));
        peer_send(peer, message);
        return;
    }
}

static void react(struct peer *peer, struct bytes message)
{
    const enum manner manner = manner_of(peer);
    if (message.length < M3UA_HEADER_OCTETS || manner == MANNER_SILENT)
        return;
    if (manner == MANNER_REFUSING) {
        struct m3ua_message m;
        m3ua_message_of(&m, M3UA_ERR);
        m.present = M3UA_HAS_ERROR_CODE;
        m.error_code = 1 + peer_below(peer, 30);
        struct bytes_writer w =
            bytes_writer_of(peer->message, peer->message + sizeof(peer->message));
        m3ua_encode(&w, &m);
        peer_send(peer, bytes_of(peer->message, bytes_writer_length(&w)));
        return;
    }
    switch (bytes_load_u16be(message.data + 2)) {
    case M3UA_ASPUP:
        peer_send_as(peer, 0, TRANSPORT_PPID_M3UA, message_control(peer, M3UA_ASPUP_ACK));
        break;
    case M3UA_ASPAC:
        peer_send_as(peer, 0, TRANSPORT_PPID_M3UA, message_control(peer, M3UA_ASPAC_ACK));
        peer->counters.asp_active++;
        break;
    case M3UA_DATA:
        answer_wildly(peer, message);
        break;
    default:
        break;
    }
}

static void act(struct peer *peer)
{
    if (peer->now_ns - peer->up_at_ns > LIFE_NS) {
        peer_end(peer, peer_below(peer, 3) != 0);
        return;
    }
    if (manner_of(peer) == MANNER_FLOODING || peer_below(peer, 8) == 0)
        send_junk(peer);
}

const struct scenario hostile_server_scenarios[] = {
    {.name = "server",
     .text = "a signalling gateway gone wild",
     .wants = WANTS_ASP_ACTIVE | WANTS_ASSOCIATION,
     .server = true,
     .burst = 4,
     .act = act,
     .react = react},
};
const unsigned hostile_server_scenario_count = 1;
