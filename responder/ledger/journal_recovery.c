/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * What journal_open finds, and how it mends what a loss of power left.
 *
 * Only the last segment can be unfinished, as each one is durable before the next is begun. Three
 * things can be wrong with it and are mended: no record in it was ever durable (it is removed: the
 * next record may fit into the segment before, and where a record lies follows from the records
 * alone); its newest records are torn (zeros are written over them, so that nothing old comes to
 * life again behind new records); or its newest records are whole but were not synced.
 *
 * The last case can't be told by reading: they may be in the kernel's memory only, and after a
 * failed sync they are there, look clean, and never reach the disk. So what `synced` does not vouch
 * for is written anew before it is synced.
 */
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "responder/ledger/journal_internal.h"

struct found {
    uint64_t first;
    bool copy;
};

struct recovery {
    struct journal *journal;
    struct found *found; /* files, in order of `first`, copies behind segments */
    size_t found_count;
    size_t found_room;
    size_t segments; /* of them that are no copies */
    bool no_memory;
    /* Of the segment that is scanned: */
    uint32_t dirty_end;     /* behind its last octet that is not zero */
    uint32_t unmarked_from; /* its first record that `synced` does not vouch for, 0: none */
    uint32_t previous_end;  /* `end` of the segment before */
    bool drop_last;
    uint64_t octets_cut;
};

static void note_name(void *user, const char *name)
{
    struct recovery *r = user;
    struct found found = {0};
    if (r->no_memory || !journal_name_parse(name, &found.first, &found.copy))
        return;
    if (r->found_count == r->found_room) {
        const size_t room = r->found_room == 0 ? 16 : 2 * r->found_room;
        struct found *bigger = realloc(r->found, room * sizeof(*bigger));
        if (bigger == NULL) {
            r->no_memory = true;
            return;
        }
        r->found = bigger;
        r->found_room = room;
    }
    r->found[r->found_count++] = found;
    r->segments += !found.copy;
}

static int compare_found(const void *a, const void *b)
{
    const struct found *x = a;
    const struct found *y = b;
    if (x->copy != y->copy)
        return x->copy ? 1 : -1;
    return (x->first > y->first) - (x->first < y->first);
}

static enum p7_status read_at(struct journal *journal, int file, const char *name, uint64_t offset,
                              void *dst, size_t octets, size_t *got)
{
    const enum p7_status status =
        journal->disk->read(journal->disk->context, file, offset, dst, octets, got);
    return status == P7_OK ? P7_OK : journal_refuse(journal, status, "reading", name);
}

/* Length of the leading part that ends with the last octet that is not zero. */
static size_t used_octets(const uint8_t *p, size_t length)
{
    if (length == 0 || (p[0] == 0 && memcmp(p, p + 1, length - 1) == 0))
        return 0;
    while (p[length - 1] == 0)
        length--;
    return length;
}

/* Reads from `offset` to the segment's end, where `have` octets of it are in the buffer already. */
static enum p7_status find_dirty_end(struct recovery *r, int file, const char *name,
                                     uint32_t offset, const uint8_t *at, size_t have)
{
    struct journal *journal = r->journal;
    size_t used = used_octets(at, have);
    r->dirty_end = used == 0 ? 0 : offset + (uint32_t)used;
    for (uint32_t next = offset + (uint32_t)have; next < journal->params.segment_octets;) {
        const uint32_t left = journal->params.segment_octets - next;
        size_t got = 0;
        const enum p7_status status =
            read_at(journal, file, name, next, journal->buffer,
                    left < journal->buffer_octets ? left : journal->buffer_octets, &got);
        if (status != P7_OK)
            return status;
        if (got == 0)
            break;
        used = used_octets(journal->buffer, got);
        if (used != 0)
            r->dirty_end = next + (uint32_t)used;
        next += (uint32_t)got;
    }
    return P7_OK;
}

/* Takes the record at the start of `octets` as the next one of the ledger. */
static enum p7_status take_record(struct recovery *r, struct bytes octets, uint32_t offset,
                                  uint32_t *length)
{
    struct journal *journal = r->journal;
    const uint32_t previous = journal->tail.checksum;
    const enum p7_status status = journal_tail_next(&journal->tail, octets, length);
    if (status != P7_OK)
        return status;
    const uint64_t index = journal->tail.index;
    if (index == journal->mark.index && journal->tail.checksum != journal->mark.checksum) {
        (void)snprintf(journal->text, sizeof(journal->text),
                       "record %" PRIu64 " is not the one that `" JOURNAL_MARK_NAME
                       "` knows: files of two ledgers are mixed; fetch the ledger from the other "
                       "node",
                       index);
        return P7_STATE;
    }
    if (index > journal->mark.index && r->unmarked_from == 0)
        r->unmarked_from = offset;
    journal_place_add(journal, index, previous, offset);
    if (journal->params.record != NULL)
        journal->params.record(journal->params.context, bytes_of(octets.data, *length));
    return P7_OK;
}

/* All records of a segment, up to the first place that is none; `end` and `dirty_end` are set (that
 * of the last one is known already). */
static enum p7_status scan_records(struct recovery *r, int file, const char *name, bool last)
{
    struct journal *journal = r->journal;
    uint8_t *buffer = journal->buffer;
    uint32_t loaded = JOURNAL_HEADER_OCTETS; /* file offset behind the buffer's octets */
    size_t at = 0;
    size_t have = 0;
    for (;;) {
        if (have - at < LEDGER_RECORD_OCTETS_MAX && loaded < journal->params.segment_octets) {
            memmove(buffer, buffer + at, have - at);
            have -= at;
            at = 0;
            const size_t left = journal->params.segment_octets - loaded;
            const size_t room = journal->buffer_octets - have;
            size_t got = 0;
            const enum p7_status status = read_at(journal, file, name, loaded, buffer + have,
                                                  left < room ? left : room, &got);
            if (status != P7_OK)
                return status;
            have += got;
            loaded = got == 0 ? journal->params.segment_octets : loaded + (uint32_t)got;
            if (got != 0)
                continue;
        }
        uint32_t length;
        const enum p7_status status =
            take_record(r, bytes_of(buffer + at, have - at), journal->end, &length);
        if (status == P7_STATE)
            return P7_MALFORMED;
        if (status != P7_OK)
            return last ? P7_OK
                        : find_dirty_end(r, file, name, journal->end, buffer + at, have - at);
        at += length;
        journal->end += length;
    }
}

static enum p7_status damaged(struct recovery *r, const char *name)
{
    struct journal *journal = r->journal;
    (void)snprintf(journal->text, sizeof(journal->text),
                   "%s: record %" PRIu64 ", at offset %" PRIu32
                   ", was durable and is damaged; fetch the ledger from the other node",
                   name, journal->tail.index + 1, journal->end);
    return P7_MALFORMED;
}

/* A file is as long as it was made, unless its creation was cut short or somebody cut it. */
static enum p7_status check_size(struct journal *journal, int file, const char *name, bool *whole)
{
    uint8_t octets[2];
    size_t got = 0;
    const enum p7_status status = read_at(journal, file, name, journal->params.segment_octets - 1u,
                                          octets, sizeof(octets), &got);
    *whole = got == 1;
    if (status == P7_OK && !*whole)
        (void)snprintf(journal->text, sizeof(journal->text),
                       "%s: is not of %" PRIu32
                       " octets: written with another size of segments, or damaged",
                       name, journal->params.segment_octets);
    return status;
}

static enum p7_status scan_segment(struct recovery *r, uint64_t first, bool last, int file)
{
    struct journal *journal = r->journal;
    const struct journal_name name = journal_segment_name(first);
    uint8_t header[JOURNAL_HEADER_OCTETS];
    uint32_t previous = 0;
    size_t got = 0;
    bool whole = false;
    enum p7_status status = read_at(journal, file, name.text, 0, header, sizeof(header), &got);
    if (status == P7_OK && last)
        /* Nothing behind the header: it was never used, and may be unfinished in any way. */
        status = find_dirty_end(r, file, name.text, JOURNAL_HEADER_OCTETS, journal->buffer, 0);
    if (status != P7_OK)
        return status;
    const enum journal_header_state state =
        journal_header_read(journal, bytes_of(header, got), first, &previous);
    const bool follows = first == journal->tail.index + 1 && previous == journal->tail.checksum;
    if (last && r->dirty_end == 0 &&
        (state == JOURNAL_HEADER_BAD || (state == JOURNAL_HEADER_GOOD && follows))) {
        r->drop_last = true;
        return P7_OK;
    }
    if (state != JOURNAL_HEADER_GOOD)
        return P7_MALFORMED;
    status = check_size(journal, file, name.text, &whole);
    if (status != P7_OK || !whole)
        return status != P7_OK ? status : P7_MALFORMED;
    if (!follows) {
        (void)snprintf(journal->text, sizeof(journal->text),
                       "%s: does not follow record %" PRIu64
                       ", the last one before it; fetch the ledger from the other node",
                       name.text, journal->tail.index);
        return P7_MALFORMED;
    }
    status = journal_reserve(journal, journal->params.segment_octets);
    if (status != P7_OK)
        return journal_refuse(journal, status, "indexing", name.text);
    journal_segment_add(journal, first);
    r->previous_end = journal->end;
    r->unmarked_from = 0;
    journal->end = JOURNAL_HEADER_OCTETS;
    status = scan_records(r, file, name.text, last);
    if (status != P7_OK || r->dirty_end <= journal->end)
        return status;
    if (!last || journal->mark.index > journal->tail.index)
        return damaged(r, name.text);
    r->octets_cut = r->dirty_end - journal->end;
    return P7_OK;
}

static enum p7_status scan(struct recovery *r)
{
    struct journal *journal = r->journal;
    const struct disk *disk = journal->disk;
    for (size_t i = 0; i < r->segments; i++) {
        const struct journal_name name = journal_segment_name(r->found[i].first);
        int file = DISK_FILE_NONE;
        enum p7_status status = disk->open(disk->context, name.text, 0, 0, &file);
        if (status != P7_OK)
            return journal_refuse(journal, status, "opening", name.text);
        r->dirty_end = 0;
        status = scan_segment(r, r->found[i].first, i + 1 == r->segments, file);
        disk->close(disk->context, file);
        if (status != P7_OK)
            return status;
    }
    if (journal->mark.index > journal->tail.index) {
        (void)snprintf(journal->text, sizeof(journal->text),
                       "the ledger ends with record %" PRIu64 " and was durable up to %" PRIu64
                       "; fetch it from the other node",
                       journal->tail.index, journal->mark.index);
        return P7_MALFORMED;
    }
    /* Only torn records in the last segment: it goes as one that was never used. */
    const uint32_t count = journal->segment_count;
    if (count > 0 && !r->drop_last && journal->segment_first[count - 1] > journal->tail.index) {
        journal->segment_count--;
        journal->end = r->previous_end;
        r->drop_last = true;
    }
    return P7_OK;
}

/* Writes zeros over what was torn. */
static enum p7_status write_zeros(struct journal *journal, uint32_t from, uint32_t to)
{
    const struct disk *disk = journal->disk;
    enum p7_status status = P7_OK;
    memset(journal->buffer, 0,
           to - from < journal->buffer_octets ? to - from : journal->buffer_octets);
    while (from < to && status == P7_OK) {
        const size_t left = to - from;
        const size_t n = left < journal->buffer_octets ? left : journal->buffer_octets;
        status = disk->write(disk->context, journal->file, from, bytes_of(journal->buffer, n));
        from += (uint32_t)n;
    }
    return status;
}

static enum p7_status write_anew(struct journal *journal, uint32_t from, uint32_t to)
{
    const struct disk *disk = journal->disk;
    while (from < to) {
        const size_t left = to - from;
        size_t got = 0;
        enum p7_status status =
            disk->read(disk->context, journal->file, from, journal->buffer,
                       left < journal->buffer_octets ? left : journal->buffer_octets, &got);
        if (status == P7_OK && got == 0)
            status = P7_TRUNCATED;
        if (status == P7_OK)
            status =
                disk->write(disk->context, journal->file, from, bytes_of(journal->buffer, got));
        if (status != P7_OK)
            return status;
        from += (uint32_t)got;
    }
    return P7_OK;
}

static enum p7_status remove_leftovers(struct recovery *r)
{
    struct journal *journal = r->journal;
    const struct disk *disk = journal->disk;
    for (size_t i = 0; i < r->found_count; i++) {
        const bool dropped = r->drop_last && i + 1 == r->segments;
        if (i < r->segments && !dropped)
            continue;
        const struct journal_name name = r->found[i].copy ? journal_copy_name(r->found[i].first)
                                                          : journal_segment_name(r->found[i].first);
        const enum p7_status status = disk->remove(disk->context, name.text);
        if (status != P7_OK)
            return journal_refuse(journal, status, "removing", name.text);
    }
    return P7_OK;
}

static enum p7_status mend(struct recovery *r)
{
    struct journal *journal = r->journal;
    const struct disk *disk = journal->disk;
    enum p7_status status = remove_leftovers(r);
    if (status != P7_OK)
        return status;
    if (journal->segment_count > 0) {
        const struct journal_name name =
            journal_segment_name(journal->segment_first[journal->segment_count - 1]);
        status = disk->open(disk->context, name.text, 0, 0, &journal->file);
        if (status != P7_OK) {
            journal->file = DISK_FILE_NONE;
            return journal_refuse(journal, status, "opening", name.text);
        }
        if (r->octets_cut > 0 && !r->drop_last)
            status = write_zeros(journal, journal->end, r->dirty_end);
        if (status == P7_OK && r->unmarked_from != 0 && !r->drop_last)
            status = write_anew(journal, r->unmarked_from, journal->end);
        if (status == P7_OK)
            status = disk->sync(disk->context, journal->file);
        if (status != P7_OK)
            return journal_refuse(journal, status, "mending", name.text);
    }
    status = disk->sync_directory(disk->context);
    if (status != P7_OK)
        return journal_refuse(journal, status, "syncing", "the directory");
    return journal_mark_settle(journal, journal->tail.index, journal->tail.checksum);
}

static enum p7_status recover(struct recovery *r)
{
    struct journal *journal = r->journal;
    /* `synced` first: read beside a writer, it must not know more than the records read later. */
    enum p7_status status = journal_mark_open(journal);
    if (status != P7_OK)
        return status;
    status = journal->disk->list(journal->disk->context, note_name, r);
    if (status == P7_OK && r->no_memory)
        status = P7_NO_MEMORY;
    if (status != P7_OK)
        return journal_refuse(journal, status, "listing", "the directory");
    if (r->found_count > 0)
        qsort(r->found, r->found_count, sizeof(r->found[0]), compare_found);
    status = scan(r);
    if (status == P7_OK && !journal->params.read_only)
        status = mend(r);
    return status;
}

enum p7_status journal_recover(struct journal *journal, struct journal_recovery *recovery)
{
    struct recovery r = {.journal = journal};
    const enum p7_status status = recover(&r);
    free(r.found);
    if (status != P7_OK)
        return status;
    journal->durable = journal->params.read_only ? journal->mark.index : journal->tail.index;
    *recovery = (struct journal_recovery){
        .last_index = journal->tail.index,
        .last_term = journal->tail.term,
        .last_checksum = journal->tail.checksum,
        .segments = journal->segment_count,
        .octets_cut = r.octets_cut,
    };
    return P7_OK;
}
