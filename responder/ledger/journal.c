/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "responder/ledger/journal.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "responder/ledger/journal_internal.h"

/* Longer than any record, and rooms for several: a place for each segment is enough below. */
_Static_assert(JOURNAL_SEGMENT_OCTETS_MIN > JOURNAL_HEADER_OCTETS + 2 * LEDGER_RECORD_OCTETS_MAX,
               "a segment takes some records");

static void journal_free(struct journal *journal)
{
    journal_file_close(journal, &journal->file);
    journal_file_close(journal, &journal->read_file);
    journal_file_close(journal, &journal->mark_file);
    free(journal->segment_first);
    free(journal->place);
    free(journal->buffer);
    free(journal);
}

static struct journal *journal_new(const struct journal_params *params)
{
    struct journal *journal = calloc(1, sizeof(*journal));
    if (journal == NULL)
        return NULL;
    journal->params = *params;
    journal->disk = params->disk;
    journal->file = DISK_FILE_NONE;
    journal->read_file = DISK_FILE_NONE;
    journal->mark_file = DISK_FILE_NONE;
    journal->buffer_octets = params->segment_octets < JOURNAL_BUFFER_OCTETS ? params->segment_octets
                                                                            : JOURNAL_BUFFER_OCTETS;
    journal->buffer = malloc(journal->buffer_octets);
    if (journal->buffer == NULL) {
        free(journal);
        return NULL;
    }
    return journal;
}

enum p7_status journal_open(const struct journal_params *params, struct journal **out,
                            struct journal_recovery *recovery, char *text, size_t text_octets)
{
    *recovery = (struct journal_recovery){0};
    struct journal_params p = *params;
    if (p.segment_octets == 0)
        p.segment_octets = JOURNAL_SEGMENT_OCTETS;
    if (p.segment_octets < JOURNAL_SEGMENT_OCTETS_MIN) {
        (void)snprintf(text, text_octets,
                       "segments of %" PRIu32 " octets are too small, %u at least",
                       p.segment_octets, JOURNAL_SEGMENT_OCTETS_MIN);
        return P7_RANGE;
    }
    struct journal *journal = journal_new(&p);
    if (journal == NULL) {
        (void)snprintf(text, text_octets, "opening the ledger: %s", p7_status_text(P7_NO_MEMORY));
        return P7_NO_MEMORY;
    }
    const enum p7_status status = journal_recover(journal, recovery);
    if (status != P7_OK) {
        (void)snprintf(text, text_octets, "%s", journal->text);
        journal_free(journal);
        return status;
    }
    *out = journal;
    return P7_OK;
}

void journal_close(struct journal *journal)
{
    if (journal == NULL)
        return;
    /* Failing here only leaves an older `synced`. */
    if (!journal->failed && !journal->params.read_only)
        (void)!journal_idle(journal);
    journal_free(journal);
}

uint64_t journal_durable(const struct journal *journal)
{
    return journal->durable;
}

uint64_t journal_last(const struct journal *journal)
{
    return journal->tail.index;
}

const char *journal_text(const struct journal *journal)
{
    return journal->text;
}

enum p7_status journal_tail_next(struct journal_tail *tail, struct bytes octets, uint32_t *length)
{
    struct ledger_record_head head;
    const enum p7_status status = ledger_record_peek(octets, &head);
    if (status != P7_OK)
        return status;
    if (head.index != tail->index + 1 || head.term < tail->term ||
        !ledger_record_follows(bytes_of(octets.data, head.length), tail->checksum))
        return P7_MALFORMED;
    *tail =
        (struct journal_tail){.index = head.index, .term = head.term, .checksum = head.checksum};
    *length = head.length;
    return P7_OK;
}

enum p7_status journal_reserve(struct journal *journal, uint64_t octets)
{
    const uint32_t payload =
        journal->params.segment_octets - JOURNAL_HEADER_OCTETS - LEDGER_RECORD_OCTETS_MAX;
    const uint64_t segments = journal->segment_count + octets / payload + 2;
    const uint64_t places =
        journal->place_count + octets / JOURNAL_PLACE_OCTETS + octets / payload + 4;
    if (segments > UINT32_MAX)
        return P7_RANGE;
    if (segments > journal->segment_room) {
        const uint64_t room = 2 * segments;
        uint64_t *first = realloc(journal->segment_first, room * sizeof(*first));
        if (first == NULL)
            return P7_NO_MEMORY;
        journal->segment_first = first;
        journal->segment_room = (uint32_t)(room > UINT32_MAX ? UINT32_MAX : room);
    }
    if (places > journal->place_room) {
        const uint64_t room = places + places / 2;
        struct journal_place *place = realloc(journal->place, room * sizeof(*place));
        if (place == NULL)
            return P7_NO_MEMORY;
        journal->place = place;
        journal->place_room = room;
    }
    return P7_OK;
}

void journal_segment_add(struct journal *journal, uint64_t first)
{
    assert(journal->segment_count < journal->segment_room);
    journal->segment_first[journal->segment_count++] = first;
}

void journal_place_add(struct journal *journal, uint64_t index, uint32_t previous, uint32_t offset)
{
    const uint32_t segment = journal->segment_count - 1;
    if (journal->place_count > 0) {
        const struct journal_place *newest = &journal->place[journal->place_count - 1];
        if (newest->segment == segment && offset - newest->offset < JOURNAL_PLACE_OCTETS)
            return;
    }
    assert(journal->place_count < journal->place_room);
    journal->place[journal->place_count++] = (struct journal_place){
        .index = index, .previous = previous, .segment = segment, .offset = offset};
}

/* Closes the last segment for good and begins one with the record behind the last. Each step is
 * durable before the next: where a segment is, the one before it is whole. */
static enum p7_status segment_begin(struct journal *journal)
{
    const struct disk *disk = journal->disk;
    const uint64_t first = journal->tail.index + 1;
    const struct journal_name name = journal_segment_name(first);
    uint8_t header[JOURNAL_HEADER_OCTETS];
    enum p7_status status = P7_OK;
    if (journal->dirty)
        status = disk->sync(disk->context, journal->file);
    if (status != P7_OK)
        return journal_fail(journal, status, "syncing the segment before", name.text);
    journal->dirty = false;
    journal_file_close(journal, &journal->file);
    status =
        disk->open(disk->context, name.text, 1, journal->params.segment_octets, &journal->file);
    if (status != P7_OK) {
        journal->file = DISK_FILE_NONE;
        return journal_fail(journal, status, "creating", name.text);
    }
    journal_header_write(journal, first, journal->tail.checksum, header);
    status = disk->write(disk->context, journal->file, 0, bytes_of(header, sizeof(header)));
    if (status == P7_OK)
        status = disk->sync(disk->context, journal->file);
    if (status == P7_OK)
        status = disk->sync_directory(disk->context);
    if (status != P7_OK)
        return journal_fail(journal, status, "beginning", name.text);
    journal_segment_add(journal, first);
    journal->end = JOURNAL_HEADER_OCTETS;
    return P7_OK;
}

/* Writes as many of the records as the segment takes, in one piece; returns how many octets these
 * are in `written`. */
static enum p7_status segment_fill(struct journal *journal, struct bytes records, size_t *written)
{
    const uint32_t room = journal->params.segment_octets - journal->end;
    struct journal_tail tail = journal->tail;
    size_t at = 0;
    while (at < records.length) {
        struct ledger_record_head head;
        const enum p7_status status =
            ledger_record_peek(bytes_of(records.data + at, records.length - at), &head);
        assert(status == P7_OK); /* all of them were checked */
        (void)status;
        if (at + head.length > room)
            break;
        journal_place_add(journal, head.index, tail.checksum, journal->end + (uint32_t)at);
        tail = (struct journal_tail){head.index, head.term, head.checksum};
        at += head.length;
    }
    *written = at;
    if (at == 0)
        return P7_OK;
    const enum p7_status status = journal->disk->write(journal->disk->context, journal->file,
                                                       journal->end, bytes_of(records.data, at));
    if (status != P7_OK)
        return journal_fail(
            journal, status, "writing",
            journal_segment_name(journal->segment_first[journal->segment_count - 1]).text);
    journal->dirty = true;
    journal->end += (uint32_t)at;
    journal->tail = tail;
    return P7_OK;
}

static enum p7_status check_records(struct journal *journal, struct bytes records)
{
    struct journal_tail tail = journal->tail;
    uint32_t length;
    for (size_t at = 0; at < records.length; at += length) {
        if (journal_tail_next(&tail, bytes_of(records.data + at, records.length - at), &length) ==
            P7_OK)
            continue;
        (void)snprintf(journal->text, sizeof(journal->text),
                       "what is to be appended at octet %zu does not follow record %" PRIu64
                       " of term %" PRIu64,
                       at, tail.index, tail.term);
        return P7_RANGE;
    }
    return P7_OK;
}

enum p7_status journal_append(struct journal *journal, struct bytes records)
{
    if (journal->failed || journal->params.read_only)
        return P7_STATE;
    enum p7_status status = check_records(journal, records);
    if (status != P7_OK)
        return status;
    status = journal_reserve(journal, records.length);
    if (status != P7_OK)
        return journal_refuse(journal, status, "appending to", "the ledger's index");
    while (records.length > 0) {
        size_t written = 0;
        if (journal->segment_count > 0)
            status = segment_fill(journal, records, &written);
        if (status == P7_OK && written < records.length)
            status = segment_begin(journal);
        if (status != P7_OK)
            return status;
        records = bytes_of(records.data + written, records.length - written);
    }
    return P7_OK;
}

enum p7_status journal_sync(struct journal *journal)
{
    if (journal->failed || journal->params.read_only)
        return P7_STATE;
    if (journal->dirty) {
        const enum p7_status status = journal->disk->sync(journal->disk->context, journal->file);
        if (status != P7_OK)
            return journal_fail(
                journal, status, "syncing",
                journal_segment_name(journal->segment_first[journal->segment_count - 1]).text);
        journal->dirty = false;
    }
    if (journal->durable == journal->tail.index)
        return P7_OK;
    const enum p7_status status =
        journal_mark_write(journal, journal->tail.index, journal->tail.checksum);
    if (status == P7_OK)
        journal->durable = journal->tail.index;
    return status;
}
