/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "sigtran/fsm/sccp_segmentation.h"

#include <assert.h>

/* SIF of an MSU (Q.703) and what the routing label takes of it (Q.704-2.2: 4 octets;
 * T1.111.4-2.2: 7). */
#define SIF_OCTETS        272u
#define LABEL_OCTETS_ITU  4u
#define LABEL_OCTETS_ANSI 7u

/* A UDT but for addresses and data: type, class, three pointers, three lengths (Q.713-4.10). */
#define UDT_OCTETS 8u
/* An XUDT with a segmentation parameter: type, class, hop counter, four pointers, three lengths,
 * the parameter's six octets and the end octet (Q.713-4.18). */
#define XUDT_OCTETS 17u
/* The pointer to the optional part has one octet and leads over the lengths, addresses and data
 * (Q.713-2.3). */
#define XUDT_POINTED_OCTETS (255u - 4u)

#define REFERENCE_MASK 0xffffffu

static size_t less(size_t from, size_t what)
{
    return from > what ? from - what : 0;
}

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

static size_t msu_octets(enum sccp_variant variant)
{
    return SIF_OCTETS - (variant == SCCP_ANSI ? LABEL_OCTETS_ANSI : LABEL_OCTETS_ITU);
}

void sccp_segmenter_init(struct sccp_segmenter *segmenter, enum sccp_variant variant,
                         enum sccp_long_messages long_messages, uint32_t reference_first)
{
    *segmenter = (struct sccp_segmenter){.variant = variant,
                                         .long_messages = long_messages,
                                         .reference = reference_first & REFERENCE_MASK};
}

size_t sccp_udt_data_octets(enum sccp_variant variant, struct bytes called, struct bytes calling)
{
    return smaller(LIMIT_SCCP_UDT_DATA_OCTETS,
                   less(msu_octets(variant), UDT_OCTETS + called.length + calling.length));
}

static size_t xudt_data_octets(enum sccp_variant variant, struct bytes called, struct bytes calling)
{
    const size_t addresses = called.length + calling.length;
    return smaller(less(msu_octets(variant), XUDT_OCTETS + addresses),
                   less(XUDT_POINTED_OCTETS, addresses));
}

size_t sccp_segmented_data_octets(enum sccp_variant variant, struct bytes called,
                                  struct bytes calling)
{
    return smaller(SCCP_LUDT_DATA_OCTETS,
                   SCCP_SEGMENTS_MAX * xudt_data_octets(variant, called, calling));
}

/*
 * Q.714-4.1.1.1.2. The segments are as equal as they can be: none is longer than the first one, so
 * that the receiver may take first length times number of segments for the most that comes
 * (Q.714-4.1.1.2.2), and an STP that translates the called address finds room for a longer one.
 */
static void plan_segments(struct sccp_segmenter *segmenter, struct sccp_segments *out)
{
    const size_t length = out->unitdata.data.length;
    const size_t most =
        xudt_data_octets(segmenter->variant, out->unitdata.called, out->unitdata.calling);
    assert(most > 0); /* LIMIT_SCCP_ADDRESS_OCTETS leave 200 */
    const size_t count = (length + most - 1) / most;
    out->type = SCCP_XUDT;
    out->segment_octets = (uint16_t)((length + count - 1) / count);
    out->count = (uint8_t)((length + out->segment_octets - 1) / out->segment_octets);
    out->reference = segmenter->reference;
    segmenter->reference = (segmenter->reference + 1) & REFERENCE_MASK;
    segmenter->counters.segmented++;
}

enum p7_status sccp_segmenter_start(struct sccp_segmenter *segmenter,
                                    const struct sccp_unitdata *unitdata,
                                    struct sccp_segments *segments)
{
    const struct sccp_unitdata *u = unitdata;
    if (u->protocol_class > 1 || u->data.length == 0 ||
        u->called.length > LIMIT_SCCP_ADDRESS_OCTETS ||
        u->calling.length > LIMIT_SCCP_ADDRESS_OCTETS)
        return P7_RANGE;
    *segments = (struct sccp_segments){
        .segmenter = segmenter, .unitdata = *u, .type = SCCP_UDT, .count = 1};
    if (u->data.length <= sccp_udt_data_octets(segmenter->variant, u->called, u->calling))
        return P7_OK;
    const bool whole = segmenter->long_messages == SCCP_LONG_LUDT;
    if (u->data.length >
        (whole ? (size_t)SCCP_LUDT_DATA_OCTETS
               : sccp_segmented_data_octets(segmenter->variant, u->called, u->calling))) {
        segmenter->counters.too_long++;
        segments->count = 0;
        return P7_RANGE;
    }
    if (whole)
        segments->type = SCCP_LUDT;
    else
        plan_segments(segmenter, segments);
    return P7_OK;
}

enum p7_status sccp_segments_write(struct sccp_segments *segments, struct bytes_writer *writer)
{
    const struct sccp_unitdata *u = &segments->unitdata;
    if (!sccp_segments_left(segments))
        return P7_STATE;
    enum p7_status status;
    if (segments->type == SCCP_UDT) {
        status = sccp_write_udt(writer, u->protocol_class, u->return_on_error, u->called,
                                u->calling, u->data);
    } else {
        const bool whole = segments->type == SCCP_LUDT;
        const size_t at = (size_t)segments->written * segments->segment_octets;
        const size_t length =
            whole ? u->data.length : smaller(segments->segment_octets, u->data.length - at);
        const struct sccp_message message = {
            .type = segments->type,
            /* Segments come in sequence, whatever the user asked for; its own class stands in the
             * segmentation parameter (Q.713-3.17). */
            .protocol_class = whole ? u->protocol_class : 1,
            /* One return is enough, and the user's data begins in the first one
             * (Q.714-4.1.1.1.3). */
            .return_on_error = u->return_on_error && segments->written == 0,
            .hop_counter = SCCP_HOP_COUNTER_MAX,
            .has_segmentation = !whole,
            .segmentation = {.first = segments->written == 0,
                             .in_sequence = u->protocol_class == 1,
                             .remaining = (uint8_t)(segments->count - 1 - segments->written),
                             .reference = segments->reference},
            .called_octets = u->called,
            .calling_octets = u->calling,
            .data = bytes_of(u->data.data + at, length),
        };
        status = sccp_encode(writer, &message);
        if (status == P7_OK)
            *(whole ? &segments->segmenter->counters.ludts_sent
                    : &segments->segmenter->counters.segments_sent) += 1;
    }
    if (status == P7_OK)
        segments->written++;
    return status;
}
