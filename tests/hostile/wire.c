/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "tests/hostile/wire.h"

#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sigtran/base/crc32c.h"

#define HEADER_OCTETS    12
#define STREAMS          17
#define ANSWER_MS        1000
#define PARAMETER_COOKIE 7

bool wire_open(struct wire *wire, const struct hostile_options *options,
               struct random_state *random)
{
    const struct sockaddr_in to = {.sin_family = AF_INET,
                                   .sin_port = htons(options->udp_port),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    memset(wire, 0, sizeof(*wire));
    wire->fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (wire->fd == -1 || connect(wire->fd, (const struct sockaddr *)&to, sizeof(to)) == -1) {
        perror("hostile: UDP");
        wire_close(wire);
        return false;
    }
    wire->sctp_port = options->sctp_port;
    wire->own_port = (uint16_t)(20000 + random_below(random, 40000));
    wire->own_tag = (uint32_t)random_u64(random) | 1u;
    wire->own_tsn = (uint32_t)random_u64(random);
    wire->window = 65536;
    return true;
}

void wire_close(struct wire *wire)
{
    if (wire->fd != -1)
        (void)close(wire->fd);
    wire->fd = -1;
}

void wire_begin(struct wire *wire, uint32_t tag)
{
    wire->out = bytes_writer_of(wire->packet, wire->packet + sizeof(wire->packet));
    bytes_write_u16be(&wire->out, wire->own_port);
    bytes_write_u16be(&wire->out, wire->sctp_port);
    bytes_write_u32be(&wire->out, tag);
    bytes_write_u32be(&wire->out, 0);
}

void wire_chunk(struct wire *wire, uint8_t type, uint8_t flags, const void *value, size_t octets)
{
    static const uint8_t zeros[4] = {0};
    bytes_write_u8(&wire->out, type);
    bytes_write_u8(&wire->out, flags);
    bytes_write_u16be(&wire->out, (uint16_t)(octets + 4));
    uint8_t *room = bytes_reserve(&wire->out, octets);
    if (room != NULL && value != NULL)
        memcpy(room, value, octets);
    else if (room != NULL)
        memset(room, 0, octets);
    bytes_write(&wire->out, bytes_of(zeros, (4 - octets % 4) % 4));
}

void wire_init(struct wire *wire)
{
    uint8_t value[16];
    bytes_store_u32be(value, wire->own_tag);
    bytes_store_u32be(value + 4, wire->window);
    bytes_store_u16be(value + 8, STREAMS);
    bytes_store_u16be(value + 10, STREAMS);
    bytes_store_u32be(value + 12, wire->own_tsn);
    wire_begin(wire, 0);
    wire_chunk(wire, CHUNK_INIT, 0, value, sizeof(value));
}

void wire_data(struct wire *wire, uint32_t tsn, struct bytes message)
{
    uint8_t value[WIRE_PACKET_OCTETS];
    struct bytes_writer w = bytes_writer_of(value, value + sizeof(value));
    bytes_write_u32be(&w, tsn);
    bytes_write_u16be(&w, 0); /* stream 0 */
    bytes_write_u16be(&w, 0);
    bytes_write_u32be(&w, TRANSPORT_PPID_M3UA);
    bytes_write(&w, message);
    /* Unordered, whole: the sequence number does not matter then. */
    wire_chunk(wire, CHUNK_DATA, 7, value, bytes_writer_length(&w));
}

void wire_sack(struct wire *wire, uint32_t cumulative_tsn, uint32_t window)
{
    uint8_t value[12] = {0};
    bytes_store_u32be(value, cumulative_tsn);
    bytes_store_u32be(value + 4, window);
    wire_chunk(wire, CHUNK_SACK, 0, value, sizeof(value));
}

bool wire_send_raw(struct wire *wire, const uint8_t *octets, size_t length)
{
    return send(wire->fd, octets, length, 0) != -1;
}

bool wire_send(struct wire *wire)
{
    const size_t length = bytes_writer_length(&wire->out);
    if (wire->out.failed)
        return false;
    const uint32_t crc = crc32c(0, bytes_of(wire->packet, length));
    for (unsigned i = 0; i < 4; i++) /* RFC9260-A: the least significant octet first */
        wire->packet[8 + i] = (uint8_t)(crc >> (8 * i));
    return wire_send_raw(wire, wire->packet, length);
}

struct bytes wire_receive(struct wire *wire, int timeout_ms)
{
    struct pollfd p = {.fd = wire->fd, .events = POLLIN};
    if (poll(&p, 1, timeout_ms) != 1)
        return bytes_of(NULL, 0);
    const ssize_t got = recv(wire->fd, wire->in, sizeof(wire->in), 0);
    if (got < HEADER_OCTETS + 4)
        return bytes_of(NULL, 0);
    return bytes_of(wire->in + HEADER_OCTETS, (size_t)got - HEADER_OCTETS);
}

bool wire_next_chunk(struct bytes *rest, uint8_t *type, struct bytes *value)
{
    if (rest->length < 4)
        return false;
    const size_t length = bytes_load_u16be(rest->data + 2);
    if (length < 4 || length > rest->length)
        return false;
    *type = rest->data[0];
    *value = bytes_of(rest->data + 4, length - 4);
    const size_t padded = (length + 3) & ~(size_t)3;
    *rest = padded >= rest->length ? bytes_of(NULL, 0)
                                   : bytes_of(rest->data + padded, rest->length - padded);
    return true;
}

/* Tag, TSN and cookie of an INIT ACK. */
static bool take_init_ack(struct wire *wire, struct bytes value)
{
    if (value.length < 16)
        return false;
    wire->peer_tag = bytes_load_u32be(value.data);
    wire->peer_tsn = bytes_load_u32be(value.data + 12);
    for (size_t at = 16; at + 4 <= value.length;) {
        const size_t length = bytes_load_u16be(value.data + at + 2);
        if (length < 4 || at + length > value.length)
            return false;
        if (bytes_load_u16be(value.data + at) == PARAMETER_COOKIE) {
            wire->cookie_octets = length - 4;
            if (wire->cookie_octets > sizeof(wire->cookie))
                return false;
            memcpy(wire->cookie, value.data + at + 4, wire->cookie_octets);
            return true;
        }
        at += (length + 3) & ~(size_t)3;
    }
    return false;
}

/* Waits for a chunk of this type; the others are not for us yet. */
static bool await(struct wire *wire, uint8_t wanted, struct bytes *value)
{
    const int64_t end_ns = hostile_clock_ns() + ANSWER_MS * HOSTILE_MS;
    while (hostile_clock_ns() < end_ns) {
        struct bytes rest = wire_receive(wire, 20);
        uint8_t type;
        while (wire_next_chunk(&rest, &type, value))
            if (type == wanted)
                return true;
    }
    return false;
}

bool wire_get_cookie(struct wire *wire)
{
    struct bytes value;
    wire_init(wire);
    return wire_send(wire) && await(wire, CHUNK_INIT_ACK, &value) && take_init_ack(wire, value);
}

bool wire_establish(struct wire *wire)
{
    struct bytes value;
    if (!wire_get_cookie(wire))
        return false;
    wire_begin(wire, wire->peer_tag);
    wire_chunk(wire, CHUNK_COOKIE_ECHO, 0, wire->cookie, wire->cookie_octets);
    return wire_send(wire) && await(wire, CHUNK_COOKIE_ACK, &value);
}

void wire_abort(struct wire *wire)
{
    if (wire->peer_tag == 0)
        return;
    wire_begin(wire, wire->peer_tag);
    wire_chunk(wire, CHUNK_ABORT, 0, NULL, 0);
    (void)wire_send(wire);
}
