/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>

#include "responder/ledger/journal_internal.h"

enum p7_status journal_segment_file(struct journal *journal, uint32_t segment, int *file)
{
    const struct disk *disk = journal->disk;
    if (segment + 1 == journal->segment_count && journal->file != DISK_FILE_NONE) {
        *file = journal->file;
        return P7_OK;
    }
    if (journal->read_file == DISK_FILE_NONE || journal->read_segment != segment) {
        const struct journal_name name = journal_segment_name(journal->segment_first[segment]);
        journal_file_close(journal, &journal->read_file);
        const enum p7_status status =
            disk->open(disk->context, name.text, 0, 0, &journal->read_file);
        if (status != P7_OK) {
            journal->read_file = DISK_FILE_NONE;
            return journal_refuse(journal, status, "opening", name.text);
        }
        journal->read_segment = segment;
    }
    *file = journal->read_file;
    return P7_OK;
}

static uint32_t segment_end(const struct journal *journal, uint32_t segment)
{
    return segment + 1 == journal->segment_count ? journal->end : journal->params.segment_octets;
}

static enum p7_status read_segment(struct journal *journal, const struct journal_place *at,
                                   void *dst, size_t octets, size_t *got)
{
    int file = DISK_FILE_NONE;
    enum p7_status status = journal_segment_file(journal, at->segment, &file);
    if (status != P7_OK)
        return status;
    status = journal->disk->read(journal->disk->context, file, at->offset, dst, octets, got);
    if (status == P7_OK)
        return P7_OK;
    return journal_refuse(journal, status, "reading",
                          journal_segment_name(journal->segment_first[at->segment]).text);
}

/* Its records were sound when the journal was opened, or were written by it. */
static enum p7_status damaged(struct journal *journal, const struct journal_place *at)
{
    (void)snprintf(journal->text, sizeof(journal->text),
                   "%s: record %" PRIu64 ", at offset %" PRIu32 ", can't be read back any more",
                   journal_segment_name(journal->segment_first[at->segment]).text, at->index,
                   at->offset);
    return P7_MALFORMED;
}

/* Moves `at` on over the records in `octets`, at most up to `until`; returns their octets. */
static size_t walk(struct journal_place *at, struct bytes octets, uint64_t until)
{
    struct journal_tail tail = {.index = at->index - 1, .checksum = at->previous};
    size_t used = 0;
    uint32_t length;
    while (at->index < until &&
           journal_tail_next(&tail, bytes_of(octets.data + used, octets.length - used), &length) ==
               P7_OK) {
        used += length;
        at->index++;
        at->offset += length;
        at->previous = tail.checksum;
    }
    return used;
}

/* Newest place that is not behind the record. */
static struct journal_place nearest_place(const struct journal *journal, uint64_t index)
{
    size_t low = 0;
    size_t high = journal->place_count;
    while (high - low > 1) {
        const size_t middle = low + (high - low) / 2;
        if (journal->place[middle].index <= index)
            low = middle;
        else
            high = middle;
    }
    return journal->place[low];
}

enum p7_status journal_locate(struct journal *journal, uint64_t index, struct journal_place *place)
{
    assert(index >= 1 && index <= journal->tail.index);
    if (journal->cursor.index == index) {
        *place = journal->cursor;
        return P7_OK;
    }
    *place = nearest_place(journal, index);
    if (place->index == index)
        return P7_OK;
    const size_t left = segment_end(journal, place->segment) - place->offset;
    const size_t most = JOURNAL_PLACE_OCTETS + 2 * LEDGER_RECORD_OCTETS_MAX;
    size_t got = 0;
    const enum p7_status status =
        read_segment(journal, place, journal->buffer, left < most ? left : most, &got);
    if (status != P7_OK)
        return status;
    (void)walk(place, bytes_of(journal->buffer, got), index);
    return place->index == index ? P7_OK : damaged(journal, place);
}

enum p7_status journal_read(struct journal *journal, uint64_t first, void *dst, size_t dst_octets,
                            size_t *got)
{
    *got = 0;
    if (journal->failed)
        return P7_STATE;
    if (first == 0 || first > journal->tail.index)
        return P7_NOT_FOUND;
    struct journal_place at;
    enum p7_status status = journal_locate(journal, first, &at);
    if (status != P7_OK)
        return status;
    while (at.index <= journal->tail.index) {
        if (at.segment + 1 < journal->segment_count &&
            at.index == journal->segment_first[at.segment + 1]) {
            at.segment++;
            at.offset = JOURNAL_HEADER_OCTETS;
        }
        const size_t room = dst_octets - *got;
        const size_t left = segment_end(journal, at.segment) - at.offset;
        const size_t want = left < room ? left : room;
        size_t octets = 0;
        status = read_segment(journal, &at, (uint8_t *)dst + *got, want, &octets);
        if (status != P7_OK)
            return status;
        const size_t used =
            walk(&at, bytes_of((uint8_t *)dst + *got, octets), journal->tail.index + 1);
        *got += used;
        if (used == 0 && room < left && room < LEDGER_RECORD_OCTETS_MAX)
            break; /* full */
        if (used == 0)
            return damaged(journal, &at);
    }
    journal->cursor = at;
    return *got > 0 ? P7_OK : P7_FULL;
}
