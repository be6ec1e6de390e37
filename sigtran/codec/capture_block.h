/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * capture_block - SCTP user messages as blocks of a pcapng file (draft-ietf-opsawg-pcapng), for
 * Wireshark and its like.
 *
 * A stack hands over user messages, not packets: what a capture on the wire would have around them
 * is made up here, so that every tool reads them. Each message gets an IP header (link type RAW),
 * an SCTP header with a true checksum and one DATA chunk (RFC9260-3.3.1) with the message's own
 * stream and payload protocol identifier; TSN and stream sequence number count up. A message too
 * long for an IP packet becomes several DATA chunks, first and last marked (RFC9260-6.9). The
 * section's comment says so to whoever opens the file.
 *
 * Pure: writes into a bytes_writer. Integers of the file are in network byte order, which its
 * byte-order magic tells.
 */
#ifndef SIGTRAN_CODEC_CAPTURE_BLOCK_H
#define SIGTRAN_CODEC_CAPTURE_BLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sigtran/base/bytes.h"
#include "sigtran/base/limits.h"

/* What capture_write_head needs at most for texts of up to 512 octets in all. */
#define CAPTURE_HEAD_OCTETS_MAX 640u

struct capture_address {
    bool is_ipv6;
    uint8_t octets[16]; /* network byte order; IPv4 takes the first 4 */
};

/* One direction of an association. */
struct capture_flow {
    struct capture_address source;
    struct capture_address destination; /* of the same family */
    uint16_t source_port;
    uint16_t destination_port;
    bool is_outbound; /* we are the source */
    uint32_t verification_tag;
    uint32_t tsn;                /* of the next DATA chunk */
    uint16_t ssn[LIMIT_STREAMS]; /* of each stream's next message */
};

/* Section and interface: the beginning of the file. Time stamps have nanoseconds. */
void capture_write_head(struct bytes_writer *writer, const char *application, const char *comment);

/* Room that capture_write_message takes at most for a message of that length. */
size_t capture_message_octets_max(size_t message_octets);

/* One user message at `wall_ns` (since 1970, UTC). Moves the flow's numbers on. */
void capture_write_message(struct bytes_writer *writer, struct capture_flow *flow, int64_t wall_ns,
                           uint16_t stream, uint32_t ppid, struct bytes message);

#endif
