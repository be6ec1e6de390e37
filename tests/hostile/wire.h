/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * wire - SCTP packets made by hand and sent over UDP (RFC 6951): to say what no SCTP stack would.
 *
 * wire_open -> (wire_establish) -> wire_begin, wire_chunk ..., wire_send -> wire_receive ... ->
 * wire_close. An established wire acknowledges nothing and answers nothing by itself.
 */
#ifndef TESTS_HOSTILE_WIRE_H
#define TESTS_HOSTILE_WIRE_H

#include "tests/hostile/hostile.h"

#define WIRE_PACKET_OCTETS 2048
#define WIRE_COOKIE_OCTETS 1500

enum {
    CHUNK_DATA = 0,
    CHUNK_INIT = 1,
    CHUNK_INIT_ACK = 2,
    CHUNK_SACK = 3,
    CHUNK_HEARTBEAT = 4,
    CHUNK_HEARTBEAT_ACK = 5,
    CHUNK_ABORT = 6,
    CHUNK_COOKIE_ECHO = 10,
    CHUNK_COOKIE_ACK = 11,
};

struct wire {
    int fd; /* connected to the victim's UDP port, not blocking */
    uint16_t sctp_port;
    uint16_t own_port;
    uint32_t own_tag;
    uint32_t peer_tag; /* 0: not known */
    uint32_t own_tsn;  /* of the next DATA */
    uint32_t peer_tsn; /* of the peer's next DATA */
    uint32_t window;   /* a_rwnd of our INIT */
    size_t cookie_octets;
    uint8_t cookie[WIRE_COOKIE_OCTETS];
    struct bytes_writer out;
    uint8_t packet[WIRE_PACKET_OCTETS];
    uint8_t in[65536];
};

/* False with a word on stderr. */
bool wire_open(struct wire *wire, const struct hostile_options *options,
               struct random_state *random);
void wire_close(struct wire *wire);

/* Starts a packet with this verification tag. */
void wire_begin(struct wire *wire, uint32_t tag);
/* Adds a chunk, padded; `value` may be NULL for zeros. */
void wire_chunk(struct wire *wire, uint8_t type, uint8_t flags, const void *value, size_t octets);
void wire_init(struct wire *wire);
/* A DATA chunk with one whole message on stream 0. */
void wire_data(struct wire *wire, uint32_t tsn, struct bytes message);
void wire_sack(struct wire *wire, uint32_t cumulative_tsn, uint32_t window);
/* Puts the checksum in and sends. */
bool wire_send(struct wire *wire);
/* The same without a look at what the packet is. */
bool wire_send_raw(struct wire *wire, const uint8_t *octets, size_t length);

/* The next packet within the time, from its first chunk on; length 0: none. */
struct bytes wire_receive(struct wire *wire, int timeout_ms);
/* Takes the first chunk off the rest of a packet; false at its end. */
bool wire_next_chunk(struct bytes *rest, uint8_t *type, struct bytes *value);

/* INIT ... COOKIE ACK; false when the victim does not answer in a second. */
bool wire_establish(struct wire *wire);
/* INIT, and the cookie that comes back. */
bool wire_get_cookie(struct wire *wire);
void wire_abort(struct wire *wire);

#endif
