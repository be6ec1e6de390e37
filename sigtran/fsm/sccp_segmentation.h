/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * sccp_segmentation - an N-UNITDATA request as the messages that carry it (Q.714-4.1.1.1): a UDT
 * when it fits one; else segments in XUDTs, or one LUDT where the network is known to take it.
 *
 * Pure: octets in, octets out. Life cycle: sccp_segmenter_init once; for each request
 * sccp_segmenter_start, then sccp_segments_write while sccp_segments_left. The segments of a
 * request go out one behind the other, with the same SLS, by the same way (Q.714-4.1.1.1.2).
 */
#ifndef SIGTRAN_FSM_SCCP_SEGMENTATION_H
#define SIGTRAN_FSM_SCCP_SEGMENTATION_H

#include "sigtran/base/bytes.h"
#include "sigtran/base/status.h"
#include "sigtran/codec/sccp.h"

/* Q.713-3.17: the first one and 15 to come. */
#define SCCP_SEGMENTS_MAX 16

/* How data goes that is too long for a UDT. */
enum sccp_long_messages {
    SCCP_LONG_XUDT, /* segments of at most one MSU each: every STP carries them */
    SCCP_LONG_LUDT, /* whole: over M3UA alone, or a broadband MTP (Q.2210) */
};

/* Names for statistics. */
#define SCCP_SEGMENTATION_COUNTER_LIST(X)                                                          \
    X(segmented, "long messages sent in segments (XUDT)")                                          \
    X(segments_sent, "segments (XUDT) written")                                                    \
    X(ludts_sent, "long messages sent whole (LUDT)")                                               \
    X(too_long, "messages not sent: too long for 16 segments, or for an LUDT")

struct sccp_segmentation_counters {
#define SCCP_SEGMENTATION_COUNTER_FIELD(name, text) uint64_t name;
    SCCP_SEGMENTATION_COUNTER_LIST(SCCP_SEGMENTATION_COUNTER_FIELD)
#undef SCCP_SEGMENTATION_COUNTER_FIELD
};

/* N-UNITDATA request (Q.711-6.2.2): addresses encoded, everything borrowed. */
struct sccp_unitdata {
    uint8_t protocol_class;
    bool return_on_error;
    struct bytes called;
    struct bytes calling;
    struct bytes data;
};

/* Fields are this module's own, but for reading `counters`. */
struct sccp_segmenter {
    enum sccp_variant variant;
    enum sccp_long_messages long_messages;
    uint32_t reference; /* of the next segmented message */
    struct sccp_segmentation_counters counters;
};

/* A request on its way out. */
struct sccp_segments {
    struct sccp_segmenter *segmenter;
    struct sccp_unitdata unitdata;
    uint8_t type; /* SCCP_UDT, SCCP_XUDT or SCCP_LUDT */
    uint8_t count;
    uint8_t written;
    uint16_t segment_octets; /* of every segment but the last one, which may be shorter */
    uint32_t reference;      /* segmentation local reference, 24 bits */
};

/*
 * `reference_first`: the first segmentation local reference. They go round in 24 bits for all
 * calling addresses together, so one comes again after 16 million long messages: later than any
 * T(reass). Give another one after each start, or the segments of a message before it may be
 * taken for those of a new one.
 */
void sccp_segmenter_init(struct sccp_segmenter *segmenter, enum sccp_variant variant,
                         enum sccp_long_messages long_messages, uint32_t reference_first);

/* Most data that one UDT carries between these addresses: 255 octets (Q.713-4.10), and no more
 * than an MSU of the MTP has room for (272 octets with the routing label). */
size_t sccp_udt_data_octets(enum sccp_variant variant, struct bytes called, struct bytes calling);

/* Most data that goes in segments between these addresses: 16 times what one carries. With the
 * shortest addresses that have an SSN, 3952 octets (Q.714-4.1.1.1.1). */
size_t sccp_segmented_data_octets(enum sccp_variant variant, struct bytes called,
                                  struct bytes calling);

/* P7_RANGE: more data than may be sent (counted), none, a class above 1, or an address longer than
 * LIMIT_SCCP_ADDRESS_OCTETS. */
enum p7_status sccp_segmenter_start(struct sccp_segmenter *segmenter,
                                    const struct sccp_unitdata *unitdata,
                                    struct sccp_segments *segments) P7_MUST_CHECK;

static inline bool sccp_segments_left(const struct sccp_segments *segments)
{
    return segments->written < segments->count;
}

/* The next message. P7_FULL: the writer has no room; P7_STATE: none is left. */
enum p7_status sccp_segments_write(struct sccp_segments *segments,
                                   struct bytes_writer *writer) P7_MUST_CHECK;

#endif
