/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * sccp_reassembly - messages of the peer that come in segments, put together again
 * (Q.714-4.1.1.2). A bounded table; a message that does not become whole is given up, and its
 * first segment given back to whoever can return it to the sender (Q.714-4.1.1.2.3).
 *
 * Pure: octets, segments and time in, results out. Life cycle: sccp_reassembly_create ->
 * sccp_reassembly_take for every segment, sccp_reassembly_expire when sccp_reassembly_deadline_ns
 * has come -> sccp_reassembly_destroy. One thread. Everything is allocated at creation.
 */
#ifndef SIGTRAN_FSM_SCCP_REASSEMBLY_H
#define SIGTRAN_FSM_SCCP_REASSEMBLY_H

#include "sigtran/base/bytes.h"
#include "sigtran/base/status.h"
#include "sigtran/codec/sccp.h"

/* T(reass): Q.714 has 10 to 20 s. */
#define SCCP_T_REASS_MS     10000
#define SCCP_T_REASS_MIN_MS 10000
#define SCCP_T_REASS_MAX_MS 20000

/* Names for statistics. */
#define SCCP_REASSEMBLY_COUNTER_LIST(X)                                                            \
    X(segments_received, "segments of long messages received")                                     \
    X(reassembled, "long messages put together and delivered")                                     \
    X(segments_without_first, "segments dropped, the first one of their message not being here")   \
    X(segments_out_of_order, "long messages given up for a missing, doubled or early segment")     \
    X(reassembly_too_long, "long messages given up for more octets than SCCP allows")              \
    X(reassembly_full, "long messages refused, the table being full")                              \
    X(reassembly_expired, "long messages given up after T(reass)")

struct sccp_reassembly_counters {
#define SCCP_REASSEMBLY_COUNTER_FIELD(name, text) uint64_t name;
    SCCP_REASSEMBLY_COUNTER_LIST(SCCP_REASSEMBLY_COUNTER_FIELD)
#undef SCCP_REASSEMBLY_COUNTER_FIELD
};

struct sccp_reassembly;

/* Where a segment came from. A message is known by its `opc`, calling address and segmentation
 * local reference (Q.714-4.1.1.2.2); the rest is kept for who returns it. */
struct sccp_origin {
    uint32_t opc;
    uint32_t as;
    uint32_t asp;
    uint8_t sls;
};

enum sccp_reassembly_outcome {
    SCCP_REASSEMBLY_WAITING, /* kept, more is to come */
    SCCP_REASSEMBLY_WHOLE,   /* `message` with all of the user's data */
    SCCP_REASSEMBLY_FAILED,  /* `message` is the first segment: return it with `cause` */
    SCCP_REASSEMBLY_DROPPED, /* nothing is left to be done */
};

/* `message` has the addresses as octets, and of the decoded ones all but the digits. It holds until
 * the next call. */
struct sccp_reassembly_result {
    enum sccp_reassembly_outcome outcome;
    uint8_t cause; /* FAILED */
    struct sccp_origin origin;
    struct sccp_message message;
};

/* `capacity`: messages under way; each takes 4 KiB and a bit. P7_RANGE for 0 of either;
 * P7_NO_MEMORY. */
enum p7_status sccp_reassembly_create(struct sccp_reassembly **out, uint32_t capacity,
                                      int64_t t_reass_ns) P7_MUST_CHECK;
void sccp_reassembly_destroy(struct sccp_reassembly *reassembly);

/* A segment, as decoded. Never fails: what is wrong is an outcome and a counter. */
void sccp_reassembly_take(struct sccp_reassembly *reassembly, int64_t now_ns,
                          const struct sccp_origin *origin, const struct sccp_message *message,
                          struct sccp_reassembly_result *result);

/* Gives up one message whose T(reass) has run out; false when there is none (any more). */
bool sccp_reassembly_expire(struct sccp_reassembly *reassembly, int64_t now_ns,
                            struct sccp_reassembly_result *result);

/* When the next T(reass) runs out, or TIMER_NEVER_NS. */
int64_t sccp_reassembly_deadline_ns(const struct sccp_reassembly *reassembly);

/* Messages under way. */
uint32_t sccp_reassembly_count(const struct sccp_reassembly *reassembly);
const struct sccp_reassembly_counters *
sccp_reassembly_get_counters(const struct sccp_reassembly *reassembly);

#endif
