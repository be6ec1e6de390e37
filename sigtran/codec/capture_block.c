/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "sigtran/codec/capture_block.h"

#include <string.h>

#include "sigtran/base/crc32c.h"

#define BLOCK_SECTION   0x0a0d0d0au
#define BLOCK_INTERFACE 1u
#define BLOCK_PACKET    6u

#define BYTE_ORDER_MAGIC 0x1a2b3c4du
#define LINK_TYPE_RAW    101u /* IP without a link layer; its version octet tells which */

#define OPTION_COMMENT     1u
#define OPTION_APPLICATION 4u /* of a section */
#define OPTION_NAME        2u /* of an interface */
#define OPTION_RESOLUTION  9u /* of an interface: 10 to the minus that many seconds */
#define OPTION_FLAGS       2u /* of a packet: 1 inbound, 2 outbound */

#define IP_PROTOCOL_SCTP   132u
#define IPV4_HEADER_OCTETS 20u
#define IPV6_HEADER_OCTETS 40u
#define SCTP_HEADER_OCTETS 12u
#define DATA_CHUNK_OCTETS  16u
#define DATA_BEGINS        2u /* RFC9260-3.3.1: B */
#define DATA_ENDS          1u /* E */

/* Of a message in one packet, a multiple of 4 below what an IP length field counts. */
#define FRAGMENT_OCTETS 65000u

/* Block around a packet with its flags option, and the headers of the packet. */
#define PACKET_ROOM (32u + 12u + IPV6_HEADER_OCTETS + SCTP_HEADER_OCTETS + DATA_CHUNK_OCTETS + 4u)

static size_t padding_of(size_t octets)
{
    return (4 - octets % 4) % 4;
}

static void write_padding(struct bytes_writer *w, size_t octets)
{
    static const uint8_t zero[4] = {0};
    bytes_write(w, bytes_of(zero, padding_of(octets)));
}

static void write_option(struct bytes_writer *w, uint16_t code, struct bytes value)
{
    bytes_write_u16be(w, code);
    bytes_write_u16be(w, (uint16_t)value.length);
    bytes_write(w, value);
    write_padding(w, value.length);
}

static void write_text_option(struct bytes_writer *w, uint16_t code, const char *text)
{
    write_option(w, code, bytes_of(text, strlen(text)));
}

/* A block's length stands behind its type and once more at its end. */
static uint8_t *block_open(struct bytes_writer *w, uint32_t type)
{
    bytes_write_u32be(w, type);
    return bytes_reserve(w, 4);
}

static void block_close(struct bytes_writer *w, uint8_t *length)
{
    bytes_write_u32be(w, 0); /* end of options */
    if (w->failed)
        return;
    const uint32_t octets = (uint32_t)(w->at - length) + 8;
    bytes_write_u32be(w, octets);
    bytes_store_u32be(length, octets);
}

void capture_write_head(struct bytes_writer *writer, const char *application, const char *comment)
{
    static const uint8_t nanoseconds[1] = {9};
    uint8_t *length = block_open(writer, BLOCK_SECTION);
    bytes_write_u32be(writer, BYTE_ORDER_MAGIC);
    bytes_write_u16be(writer, 1);
    bytes_write_u16be(writer, 0);
    bytes_write_u64be(writer, UINT64_MAX); /* its length: up to the end of the file */
    write_text_option(writer, OPTION_COMMENT, comment);
    write_text_option(writer, OPTION_APPLICATION, application);
    block_close(writer, length);
    length = block_open(writer, BLOCK_INTERFACE);
    bytes_write_u16be(writer, LINK_TYPE_RAW);
    bytes_write_u16be(writer, 0);
    bytes_write_u32be(writer, 0); /* no limit on a packet's length */
    write_text_option(writer, OPTION_NAME, "sctp");
    write_option(writer, OPTION_RESOLUTION, bytes_of(nanoseconds, sizeof(nanoseconds)));
    block_close(writer, length);
}

static size_t ip_header_octets(const struct capture_flow *flow)
{
    return flow->source.is_ipv6 ? IPV6_HEADER_OCTETS : IPV4_HEADER_OCTETS;
}

/* RFC 791: the ones' complement of the ones' complement sum of the header. */
static uint16_t header_checksum(const uint8_t header[IPV4_HEADER_OCTETS])
{
    uint32_t sum = 0;
    for (size_t i = 0; i < IPV4_HEADER_OCTETS; i += 2)
        sum += bytes_load_u16be(header + i);
    sum = (sum & 0xffffu) + (sum >> 16);
    sum = (sum & 0xffffu) + (sum >> 16);
    return (uint16_t)~sum;
}

static void write_ipv4(struct bytes_writer *w, const struct capture_flow *flow, size_t payload)
{
    uint8_t *header = w->at;
    bytes_write_u16be(w, 0x4500);
    bytes_write_u16be(w, (uint16_t)(IPV4_HEADER_OCTETS + payload));
    bytes_write_u32be(w, 0x00004000); /* not fragmented */
    bytes_write_u8(w, 64);
    bytes_write_u8(w, IP_PROTOCOL_SCTP);
    bytes_write_u16be(w, 0);
    bytes_write(w, bytes_of(flow->source.octets, 4));
    bytes_write(w, bytes_of(flow->destination.octets, 4));
    if (!w->failed)
        bytes_store_u16be(header + 10, header_checksum(header));
}

static void write_ipv6(struct bytes_writer *w, const struct capture_flow *flow, size_t payload)
{
    bytes_write_u32be(w, 0x60000000);
    bytes_write_u16be(w, (uint16_t)payload);
    bytes_write_u8(w, IP_PROTOCOL_SCTP);
    bytes_write_u8(w, 64);
    bytes_write(w, bytes_of(flow->source.octets, 16));
    bytes_write(w, bytes_of(flow->destination.octets, 16));
}

struct chunk {
    uint8_t flags;
    uint16_t stream;
    uint16_t ssn;
    uint32_t tsn;
    uint32_t ppid;
    struct bytes part;
};

static void write_sctp(struct bytes_writer *w, const struct capture_flow *flow,
                       const struct chunk *chunk)
{
    uint8_t *packet = w->at;
    bytes_write_u16be(w, flow->source_port);
    bytes_write_u16be(w, flow->destination_port);
    bytes_write_u32be(w, flow->verification_tag);
    bytes_write_u32be(w, 0);
    bytes_write_u8(w, 0); /* DATA */
    bytes_write_u8(w, chunk->flags);
    bytes_write_u16be(w, (uint16_t)(DATA_CHUNK_OCTETS + chunk->part.length));
    bytes_write_u32be(w, chunk->tsn);
    bytes_write_u16be(w, chunk->stream);
    bytes_write_u16be(w, chunk->ssn);
    bytes_write_u32be(w, chunk->ppid);
    bytes_write(w, chunk->part);
    write_padding(w, chunk->part.length);
    if (w->failed)
        return;
    /* RFC9260-A: the checksum's least significant octet goes first. */
    const uint32_t sum = crc32c(0, bytes_of(packet, (size_t)(w->at - packet)));
    for (unsigned i = 0; i < 4; i++)
        packet[8 + i] = (uint8_t)(sum >> (8 * i));
}

static void write_packet(struct bytes_writer *w, const struct capture_flow *flow, int64_t wall_ns,
                         const struct chunk *chunk)
{
    const size_t payload = SCTP_HEADER_OCTETS + DATA_CHUNK_OCTETS + chunk->part.length +
                           padding_of(chunk->part.length);
    const size_t octets = ip_header_octets(flow) + payload;
    uint8_t flags[4];
    uint8_t *length = block_open(w, BLOCK_PACKET);
    bytes_write_u32be(w, 0); /* the one interface */
    bytes_write_u64be(w, (uint64_t)wall_ns);
    bytes_write_u32be(w, (uint32_t)octets);
    bytes_write_u32be(w, (uint32_t)octets);
    if (flow->source.is_ipv6)
        write_ipv6(w, flow, payload);
    else
        write_ipv4(w, flow, payload);
    write_sctp(w, flow, chunk);
    bytes_store_u32be(flags, flow->is_outbound ? 2 : 1);
    write_option(w, OPTION_FLAGS, bytes_of(flags, sizeof(flags)));
    block_close(w, length);
}

size_t capture_message_octets_max(size_t message_octets)
{
    const size_t packets = message_octets / FRAGMENT_OCTETS + 1;
    return message_octets + packets * PACKET_ROOM;
}

void capture_write_message(struct bytes_writer *writer, struct capture_flow *flow, int64_t wall_ns,
                           uint16_t stream, uint32_t ppid, struct bytes message)
{
    struct chunk chunk = {.flags = DATA_BEGINS, .stream = stream, .ppid = ppid};
    if (stream < LIMIT_STREAMS)
        chunk.ssn = flow->ssn[stream]++;
    size_t at = 0;
    do {
        const size_t left = message.length - at;
        const size_t part = left < FRAGMENT_OCTETS ? left : FRAGMENT_OCTETS;
        chunk.part = bytes_of(message.data + at, part);
        chunk.tsn = flow->tsn++;
        at += part;
        if (at == message.length)
            chunk.flags |= DATA_ENDS;
        write_packet(writer, flow, wall_ns, &chunk);
        chunk.flags = 0;
    } while (at < message.length);
}
