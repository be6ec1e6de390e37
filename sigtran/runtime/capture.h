/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * capture - a pcapng file of the messages that a node exchanges with SCTP, without disturbing what
 * it shows: the traffic thread copies a message into a bounded ring, a thread of the capture's own
 * writes the file (sigtran/codec/capture_block.h says what it looks like).
 *
 * Life cycle: capture_open -> capture_association and capture_message (the traffic thread) ->
 * capture_close, which writes what is left. A message that finds no room in the ring, that would
 * exceed the file's limit or that the disk refuses is counted and left out; the traffic never
 * waits. The file is whole after capture_close, and readable up to its last block at any time.
 *
 * Time stamps are those of the node: when a message was read, and the loop's turn in which it was
 * handed to SCTP.
 */
#ifndef SIGTRAN_RUNTIME_CAPTURE_H
#define SIGTRAN_RUNTIME_CAPTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sigtran/base/bytes.h"
#include "sigtran/base/status.h"

#define CAPTURE_RING_OCTETS_DEFAULT (8u << 20)
#define CAPTURE_RING_OCTETS_MIN     (1u << 18) /* three of the longest messages */
#define CAPTURE_RING_OCTETS_MAX     (1u << 30)

struct capture_settings {
    const char *path;
    const char *comment;             /* of the section: one sentence on where it comes from */
    uint64_t octets_max;             /* of the file, 0: no limit */
    uint32_t ring_octets;            /* 0: default; rounded up to a power of two */
    int64_t wall_minus_monotonic_ns; /* what makes a node's time the time of day */
};

struct capture_counters {
    uint64_t messages;  /* taken: in the file once capture_close has returned */
    uint64_t lost;      /* no room in the ring */
    uint64_t left_out;  /* after the file had reached its limit */
    uint64_t lost_disk; /* the write failed */
    uint64_t octets;    /* of the file */
    int error_number;   /* errno of the first failed write, 0: none */
};

struct capture;

/* Creates the file (which must not exist) and its thread. P7_RANGE, P7_NO_MEMORY, P7_SYSTEM, with a
 * sentence in `reason`. */
enum p7_status capture_open(const struct capture_settings *settings, struct capture **out,
                            char *reason, size_t reason_octets) P7_MUST_CHECK;

/* An association (below LIMIT_ASSOCIATIONS) came up, or was restarted: its numbers begin anew. An
 * address that is not known is "". */
void capture_association(struct capture *capture, uint32_t association, const char *local_ip,
                         uint16_t local_port, const char *peer_ip, uint16_t peer_port);

/* One user message that went out or came in at `now_ns` (the node's time). */
void capture_message(struct capture *capture, uint32_t association, bool is_outbound,
                     int64_t now_ns, uint16_t stream, uint32_t ppid, struct bytes message);

/* Any thread. */
void capture_get_counters(const struct capture *capture, struct capture_counters *counters);

/* Writes what is left, joins the thread, frees; `counters` (may be NULL) gets the final state. NULL
 * does nothing. */
void capture_close(struct capture *capture, struct capture_counters *counters);

#endif
