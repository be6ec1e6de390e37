/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "responder/ledger/journal_internal.h"
#include "sigtran/base/crc32c.h"

/*
 * Header of a segment, big endian: 16 octets of magic, u32 version, u64 cluster id, u64 first
 * index, u32 checksum of the record before, zeros, u32 CRC32C over all before it.
 */
#define HEADER_MAGIC_OCTETS 16u
#define HEADER_VERSION      1u
static const uint8_t header_magic[HEADER_MAGIC_OCTETS] = "pulse7 ledger";

/* Slot of `synced`: 8 octets of magic, u64 cluster id, sequence, index, u32 checksum of that
 * record, u32 CRC32C over all before it. */
#define MARK_MAGIC_OCTETS 8u
static const uint8_t mark_magic[MARK_MAGIC_OCTETS] = "p7synced"; /* without its NUL */

#define SEGMENT_PREFIX "segment-"
#define SEGMENT_SUFFIX ".ledger"
#define COPY_SUFFIX    ".new"
#define SEGMENT_DIGITS 20u

static struct journal_name name_of(uint64_t first, const char *suffix)
{
    struct journal_name name;
    (void)snprintf(name.text, sizeof(name.text), SEGMENT_PREFIX "%020" PRIu64 "%s", first, suffix);
    return name;
}

struct journal_name journal_segment_name(uint64_t first)
{
    return name_of(first, SEGMENT_SUFFIX);
}

struct journal_name journal_copy_name(uint64_t first)
{
    return name_of(first, COPY_SUFFIX);
}

bool journal_name_parse(const char *name, uint64_t *first, bool *copy)
{
    const size_t prefix = sizeof(SEGMENT_PREFIX) - 1;
    if (strncmp(name, SEGMENT_PREFIX, prefix) != 0)
        return false;
    uint64_t value = 0;
    for (unsigned i = 0; i < SEGMENT_DIGITS; i++) {
        const char c = name[prefix + i];
        if (c < '0' || c > '9')
            return false;
        const uint64_t digit = (uint64_t)(c - '0');
        if (value > (UINT64_MAX - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    const char *suffix = name + prefix + SEGMENT_DIGITS;
    *copy = strcmp(suffix, COPY_SUFFIX) == 0;
    *first = value;
    return *copy || strcmp(suffix, SEGMENT_SUFFIX) == 0;
}

enum p7_status journal_refuse(struct journal *journal, enum p7_status status, const char *what,
                              const char *name)
{
    (void)snprintf(journal->text, sizeof(journal->text), "%s %s: %s", what, name,
                   p7_status_text(status));
    return status;
}

enum p7_status journal_fail(struct journal *journal, enum p7_status status, const char *what,
                            const char *name)
{
    journal->failed = true;
    return journal_refuse(journal, status, what, name);
}

void journal_file_close(struct journal *journal, int *file)
{
    if (*file != DISK_FILE_NONE)
        journal->disk->close(journal->disk->context, *file);
    *file = DISK_FILE_NONE;
}

void journal_header_write(const struct journal *journal, uint64_t first, uint32_t previous,
                          uint8_t dst[JOURNAL_HEADER_OCTETS])
{
    struct bytes_writer w = bytes_writer_of(dst, dst + JOURNAL_HEADER_OCTETS);
    memset(dst, 0, JOURNAL_HEADER_OCTETS);
    bytes_write(&w, bytes_of(header_magic, sizeof(header_magic)));
    bytes_write_u32be(&w, HEADER_VERSION);
    bytes_write_u64be(&w, journal->params.cluster_id);
    bytes_write_u64be(&w, first);
    bytes_write_u32be(&w, previous);
    assert(!w.failed);
    bytes_store_u32be(dst + JOURNAL_HEADER_OCTETS - 4,
                      crc32c(0, bytes_of(dst, JOURNAL_HEADER_OCTETS - 4)));
}

enum journal_header_state journal_header_read(struct journal *journal, struct bytes octets,
                                              uint64_t first, uint32_t *previous)
{
    const struct journal_name name = journal_segment_name(first);
    if (octets.length != JOURNAL_HEADER_OCTETS ||
        memcmp(octets.data, header_magic, sizeof(header_magic)) != 0 ||
        bytes_load_u32be(octets.data + JOURNAL_HEADER_OCTETS - 4) !=
            crc32c(0, bytes_of(octets.data, JOURNAL_HEADER_OCTETS - 4))) {
        (void)snprintf(journal->text, sizeof(journal->text),
                       "%s: its header is damaged; fetch the ledger from the other node",
                       name.text);
        return JOURNAL_HEADER_BAD;
    }
    struct bytes_reader r =
        bytes_reader_of(octets.data + HEADER_MAGIC_OCTETS, octets.data + JOURNAL_HEADER_OCTETS);
    const uint32_t version = bytes_read_u32be(&r);
    const uint64_t cluster_id = bytes_read_u64be(&r);
    const uint64_t index = bytes_read_u64be(&r);
    *previous = bytes_read_u32be(&r);
    if (version != HEADER_VERSION)
        (void)snprintf(journal->text, sizeof(journal->text),
                       "%s: version %" PRIu32 " of the format is not known here, only %u",
                       name.text, version, HEADER_VERSION);
    else if (cluster_id != journal->params.cluster_id)
        (void)snprintf(journal->text, sizeof(journal->text),
                       "%s: belongs to cluster %016" PRIx64 ", not to %016" PRIx64
                       "; this is the directory of another cluster",
                       name.text, cluster_id, journal->params.cluster_id);
    else if (index != first)
        (void)snprintf(journal->text, sizeof(journal->text),
                       "%s: begins with record %" PRIu64 ", against its name; was it renamed?",
                       name.text, index);
    else
        return JOURNAL_HEADER_GOOD;
    return JOURNAL_HEADER_OTHER;
}

enum mark_state { MARK_EMPTY, MARK_GOOD, MARK_BAD, MARK_OTHER };

static enum mark_state mark_parse(const struct journal *journal, struct bytes octets,
                                  struct journal_mark *mark)
{
    static const uint8_t zeros[JOURNAL_MARK_OCTETS];
    if (octets.length < JOURNAL_MARK_OCTETS)
        return MARK_EMPTY; /* its creation was cut short */
    if (memcmp(octets.data, zeros, sizeof(zeros)) == 0)
        return MARK_EMPTY;
    if (memcmp(octets.data, mark_magic, sizeof(mark_magic)) != 0 ||
        bytes_load_u32be(octets.data + JOURNAL_MARK_OCTETS - 4) !=
            crc32c(0, bytes_of(octets.data, JOURNAL_MARK_OCTETS - 4)))
        return MARK_BAD;
    struct bytes_reader r =
        bytes_reader_of(octets.data + MARK_MAGIC_OCTETS, octets.data + JOURNAL_MARK_OCTETS);
    if (bytes_read_u64be(&r) != journal->params.cluster_id)
        return MARK_OTHER;
    mark->sequence = bytes_read_u64be(&r);
    mark->index = bytes_read_u64be(&r);
    mark->checksum = bytes_read_u32be(&r);
    return MARK_GOOD;
}

static enum p7_status mark_read(struct journal *journal)
{
    enum mark_state state[2];
    for (unsigned slot = 0; slot < 2; slot++) {
        uint8_t octets[JOURNAL_MARK_OCTETS];
        struct journal_mark mark = {0};
        size_t got = 0;
        const enum p7_status status = journal->disk->read(
            journal->disk->context, journal->mark_file, (uint64_t)slot * JOURNAL_MARK_SLOT_OCTETS,
            octets, sizeof(octets), &got);
        if (status != P7_OK)
            return journal_refuse(journal, status, "reading", JOURNAL_MARK_NAME);
        state[slot] = mark_parse(journal, bytes_of(octets, got), &mark);
        if (state[slot] == MARK_OTHER) {
            (void)snprintf(journal->text, sizeof(journal->text),
                           "%s: belongs to another cluster than %016" PRIx64, JOURNAL_MARK_NAME,
                           journal->params.cluster_id);
            return P7_MALFORMED;
        }
        if (state[slot] == MARK_GOOD && mark.sequence > journal->mark.sequence)
            journal->mark = mark;
    }
    /* A slot is smaller than a sector: no torn write spoils one, let alone both. */
    if (journal->mark.sequence == 0 && (state[0] == MARK_BAD || state[1] == MARK_BAD)) {
        (void)snprintf(journal->text, sizeof(journal->text),
                       "%s: is damaged, so nobody knows how far the ledger was durable; fetch the "
                       "ledger from the other node",
                       JOURNAL_MARK_NAME);
        return P7_MALFORMED;
    }
    return P7_OK;
}

enum p7_status journal_mark_open(struct journal *journal)
{
    const struct disk *disk = journal->disk;
    enum p7_status status = disk->open(disk->context, JOURNAL_MARK_NAME, 0, 0, &journal->mark_file);
    if (status == P7_OK)
        return mark_read(journal);
    journal->mark_file = DISK_FILE_NONE;
    if (status != P7_NOT_FOUND)
        return journal_refuse(journal, status, "opening", JOURNAL_MARK_NAME);
    if (journal->params.read_only)
        return P7_OK;
    /* Before the first segment: where records are durable, so is this file. */
    status = disk->open(disk->context, JOURNAL_MARK_NAME, 1, (uint64_t)2 * JOURNAL_MARK_SLOT_OCTETS,
                        &journal->mark_file);
    if (status != P7_OK)
        journal->mark_file = DISK_FILE_NONE;
    else
        status = disk->sync(disk->context, journal->mark_file);
    if (status == P7_OK)
        status = disk->sync_directory(disk->context);
    if (status != P7_OK)
        return journal_refuse(journal, status, "creating", JOURNAL_MARK_NAME);
    return P7_OK;
}

enum p7_status journal_mark_write(struct journal *journal, uint64_t index, uint32_t checksum)
{
    uint8_t octets[JOURNAL_MARK_OCTETS];
    struct bytes_writer w = bytes_writer_of(octets, octets + sizeof(octets));
    const uint64_t sequence = journal->mark.sequence + 1;
    bytes_write(&w, bytes_of(mark_magic, sizeof(mark_magic)));
    bytes_write_u64be(&w, journal->params.cluster_id);
    bytes_write_u64be(&w, sequence);
    bytes_write_u64be(&w, index);
    bytes_write_u32be(&w, checksum);
    bytes_write_u32be(&w, crc32c(0, bytes_of(octets, bytes_writer_length(&w))));
    assert(!w.failed);
    const enum p7_status status = journal->disk->write(journal->disk->context, journal->mark_file,
                                                       (sequence & 1u) * JOURNAL_MARK_SLOT_OCTETS,
                                                       bytes_of(octets, bytes_writer_length(&w)));
    if (status != P7_OK)
        return journal_fail(journal, status, "writing", JOURNAL_MARK_NAME);
    journal->mark =
        (struct journal_mark){.sequence = sequence, .index = index, .checksum = checksum};
    journal->mark_dirty = true;
    return P7_OK;
}

enum p7_status journal_idle(struct journal *journal)
{
    if (journal->failed || journal->params.read_only)
        return P7_STATE;
    if (!journal->mark_dirty)
        return P7_OK;
    const enum p7_status status = journal->disk->sync(journal->disk->context, journal->mark_file);
    if (status != P7_OK)
        return journal_fail(journal, status, "syncing", JOURNAL_MARK_NAME);
    journal->mark_dirty = false;
    return P7_OK;
}

enum p7_status journal_mark_settle(struct journal *journal, uint64_t index, uint32_t checksum)
{
    enum p7_status status = P7_OK;
    for (unsigned slot = 0; slot < 2 && status == P7_OK; slot++) {
        status = journal_mark_write(journal, index, checksum);
        if (status == P7_OK)
            status = journal_idle(journal);
    }
    return status;
}
