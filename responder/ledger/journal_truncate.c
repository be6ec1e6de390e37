/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * Taking back the newest records. The order of steps, each durable before the next, is what makes a
 * loss of power harmless: `synced` promises less, later segments go from the newest on (so that
 * there is never a gap), the one that is cut is replaced whole.
 */
#include <assert.h>

#include "responder/ledger/journal_internal.h"

/* What is to be the end. */
struct cut {
    struct journal_tail tail;
    uint32_t segment; /* the last one that stays */
    uint32_t end;
    bool copy; /* records behind the end are in that segment, too */
};

static enum p7_status find_cut(struct journal *journal, uint64_t last_kept, struct cut *cut)
{
    struct journal_place place;
    struct ledger_record_head head;
    int file = DISK_FILE_NONE;
    size_t got = 0;
    enum p7_status status = journal_locate(journal, last_kept, &place);
    if (status == P7_OK)
        status = journal_segment_file(journal, place.segment, &file);
    if (status != P7_OK)
        return status;
    const struct journal_name name = journal_segment_name(journal->segment_first[place.segment]);
    status = journal->disk->read(journal->disk->context, file, place.offset, journal->buffer,
                                 LEDGER_RECORD_OCTETS_MAX, &got);
    if (status == P7_OK)
        status = ledger_record_peek(bytes_of(journal->buffer, got), &head);
    if (status == P7_OK &&
        !ledger_record_follows(bytes_of(journal->buffer, head.length), place.previous))
        status = P7_MALFORMED;
    if (status != P7_OK)
        return journal_refuse(journal, status, "reading", name.text);
    *cut = (struct cut){
        .tail = {.index = head.index, .term = head.term, .checksum = head.checksum},
        .segment = place.segment,
        .end = place.offset + head.length,
        .copy = place.segment + 1 == journal->segment_count ||
                journal->segment_first[place.segment + 1] != last_kept + 1,
    };
    return P7_OK;
}

static enum p7_status remove_segments(struct journal *journal, uint32_t keep)
{
    const struct disk *disk = journal->disk;
    while (journal->segment_count > keep) {
        const struct journal_name name =
            journal_segment_name(journal->segment_first[journal->segment_count - 1]);
        enum p7_status status = disk->remove(disk->context, name.text);
        if (status == P7_OK)
            status = disk->sync_directory(disk->context);
        if (status != P7_OK)
            return journal_fail(journal, status, "removing", name.text);
        journal->segment_count--;
    }
    return P7_OK;
}

/* From `from` to the new file. */
static enum p7_status copy_octets(struct journal *journal, int from, uint32_t octets)
{
    const struct disk *disk = journal->disk;
    for (uint32_t offset = 0; offset < octets;) {
        const size_t left = octets - offset;
        size_t got = 0;
        enum p7_status status =
            disk->read(disk->context, from, offset, journal->buffer,
                       left < journal->buffer_octets ? left : journal->buffer_octets, &got);
        if (status == P7_OK && got == 0)
            status = P7_TRUNCATED;
        if (status == P7_OK)
            status =
                disk->write(disk->context, journal->file, offset, bytes_of(journal->buffer, got));
        if (status != P7_OK)
            return status;
        offset += (uint32_t)got;
    }
    return P7_OK;
}

static enum p7_status replace_segment(struct journal *journal, const struct cut *cut)
{
    const struct disk *disk = journal->disk;
    const uint64_t first = journal->segment_first[cut->segment];
    const struct journal_name name = journal_segment_name(first);
    const struct journal_name copy = journal_copy_name(first);
    int from = DISK_FILE_NONE;
    enum p7_status status = disk->open(disk->context, name.text, 0, 0, &from);
    if (status != P7_OK)
        return journal_fail(journal, status, "opening", name.text);
    status =
        disk->open(disk->context, copy.text, 1, journal->params.segment_octets, &journal->file);
    if (status != P7_OK)
        journal->file = DISK_FILE_NONE;
    else
        status = copy_octets(journal, from, cut->end);
    if (status == P7_OK)
        status = disk->sync(disk->context, journal->file);
    if (status == P7_OK)
        status = disk->rename(disk->context, copy.text, name.text);
    if (status == P7_OK)
        status = disk->sync_directory(disk->context);
    disk->close(disk->context, from);
    return status == P7_OK ? P7_OK : journal_fail(journal, status, "cutting", name.text);
}

static enum p7_status carry_out(struct journal *journal, const struct cut *cut, uint32_t keep)
{
    const struct disk *disk = journal->disk;
    enum p7_status status = P7_OK;
    if (journal->mark.index > cut->tail.index)
        status = journal_mark_settle(journal, cut->tail.index, cut->tail.checksum);
    if (status != P7_OK)
        return status;
    journal_file_close(journal, &journal->file);
    journal_file_close(journal, &journal->read_file);
    journal->cursor = (struct journal_place){0};
    status = remove_segments(journal, keep);
    if (status != P7_OK || keep == 0)
        return status;
    if (cut->copy)
        return replace_segment(journal, cut);
    const struct journal_name name = journal_segment_name(journal->segment_first[cut->segment]);
    status = disk->open(disk->context, name.text, 0, 0, &journal->file);
    if (status == P7_OK)
        return P7_OK;
    journal->file = DISK_FILE_NONE;
    return journal_fail(journal, status, "opening", name.text);
}

enum p7_status journal_truncate(struct journal *journal, uint64_t last_kept)
{
    if (journal->failed || journal->params.read_only)
        return P7_STATE;
    if (last_kept > journal->tail.index)
        return P7_RANGE;
    if (last_kept == journal->tail.index)
        return P7_OK;
    struct cut cut = {.end = 0};
    enum p7_status status = P7_OK;
    if (last_kept > 0)
        status = find_cut(journal, last_kept, &cut);
    if (status == P7_OK)
        status = carry_out(journal, &cut, last_kept > 0 ? cut.segment + 1 : 0);
    if (status != P7_OK) {
        journal->failed = true; /* a failed read, too: nobody may go on as if it were done */
        return status;
    }
    journal->tail = cut.tail;
    journal->end = cut.end;
    journal->dirty = false;
    while (journal->place_count > 0 && journal->place[journal->place_count - 1].index > last_kept)
        journal->place_count--;
    journal->durable = last_kept;
    if (journal->mark.index == last_kept)
        return P7_OK;
    return journal_mark_write(journal, last_kept, cut.tail.checksum);
}
