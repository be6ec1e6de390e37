/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "responder/storage/ledger_reader.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "responder/ledger/journal.h"
#include "sigtran/base/crc32c.h"

#define BUFFER_OCTETS ((size_t)256 * 1024)
_Static_assert(BUFFER_OCTETS > LEDGER_RECORD_OCTETS_MAX, "a record fits");

#define NO_SEGMENT UINT64_MAX

struct ledger_reader {
    const struct disk *disk;
    int file; /* DISK_FILE_NONE: the ledger is empty until now */
    struct ledger_position position;
    uint8_t buffer[BUFFER_OCTETS];
    size_t at; /* of position.offset in the buffer */
    size_t end;
    char text[LEDGER_READER_TEXT_OCTETS];
};

static enum p7_status complain(struct ledger_reader *reader, enum p7_status status,
                               const char *format, ...) __attribute__((format(printf, 3, 4)));

/* "SEGMENT at OFFSET: sentence". */
static enum p7_status complain(struct ledger_reader *reader, enum p7_status status,
                               const char *format, ...)
{
    const int n = snprintf(reader->text, sizeof(reader->text), "%s at %" PRIu64 ": ",
                           reader->position.segment, reader->position.offset);
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(reader->text + n, sizeof(reader->text) - (size_t)n, format, arguments);
    va_end(arguments);
    return status;
}

/* --- segments ------------------------------------------------------------------------------- */

static void name_segment(uint64_t first, char *name)
{
    (void)snprintf(name, DISK_NAME_OCTETS, "segment-%020" PRIu64 ".ledger", first);
}

/* Layout: responder/ledger/journal_file.c. */
#define HEADER_MAGIC_OCTETS 16u
#define HEADER_VERSION      1u
static const uint8_t header_magic[HEADER_MAGIC_OCTETS] = "pulse7 ledger";

struct header {
    uint32_t version;
    uint64_t cluster_id;
    uint64_t first;
    uint32_t previous; /* checksum of the record before */
};

static bool decode_header(const uint8_t *octets, struct header *header)
{
    const uint8_t *end = octets + JOURNAL_HEADER_OCTETS - 4;
    struct bytes_reader r = bytes_reader_of(octets + HEADER_MAGIC_OCTETS, end);
    header->version = bytes_read_u32be(&r);
    header->cluster_id = bytes_read_u64be(&r);
    header->first = bytes_read_u64be(&r);
    header->previous = bytes_read_u32be(&r);
    return memcmp(octets, header_magic, sizeof(header_magic)) == 0 &&
           bytes_load_u32be(end) == crc32c(0, bytes_of(octets, JOURNAL_HEADER_OCTETS - 4));
}

static enum p7_status check_header(struct ledger_reader *reader, const uint8_t *octets,
                                   uint64_t first, bool follows)
{
    struct ledger_position *p = &reader->position;
    struct header h;
    if (!decode_header(octets, &h))
        return complain(reader, P7_MALFORMED, "the file's head is damaged");
    if (h.version != HEADER_VERSION)
        return complain(reader, P7_MALFORMED,
                        "version %" PRIu32 " of the format, and this program knows %u only",
                        h.version, HEADER_VERSION);
    if (p->cluster_id != 0 && h.cluster_id != p->cluster_id)
        return complain(reader, P7_STATE,
                        "it belongs to cluster %016" PRIx64 " and not to %016" PRIx64, h.cluster_id,
                        p->cluster_id);
    if (h.first != first)
        return complain(reader, P7_MALFORMED,
                        "the head says that record %" PRIu64 " comes first: a file of another name",
                        h.first);
    if (follows && h.previous != p->checksum)
        return complain(reader, P7_MALFORMED,
                        "the head names another checksum of record %" PRIu64
                        " than the file before: not of one ledger",
                        p->index);
    p->cluster_id = h.cluster_id;
    p->checksum = h.previous;
    return P7_OK;
}

/* The head is durable before the first record is written: a file without one is a beginning that a
 * crash cut short, and holds nothing. */
static bool is_begun_only(const uint8_t *header, size_t got)
{
    static const uint8_t zeros[JOURNAL_HEADER_OCTETS];
    return got < JOURNAL_HEADER_OCTETS || memcmp(header, zeros, sizeof(zeros)) == 0;
}

/* Opens the segment that begins with record `first`; the reader stands behind its head then.
 * P7_NOT_FOUND, with everything left as it was, where there is none or one only begun. */
static enum p7_status open_segment(struct ledger_reader *reader, uint64_t first, bool follows)
{
    const struct disk *disk = reader->disk;
    uint8_t header[JOURNAL_HEADER_OCTETS];
    char name[DISK_NAME_OCTETS];
    int file = DISK_FILE_NONE;
    size_t got = 0;
    name_segment(first, name);
    enum p7_status status = disk->open(disk->context, name, 0, 0, &file);
    if (status == P7_OK)
        status = disk->read(disk->context, file, 0, header, sizeof(header), &got);
    if (status == P7_OK && is_begun_only(header, got))
        status = P7_NOT_FOUND;
    if (status != P7_OK) {
        if (file != DISK_FILE_NONE)
            disk->close(disk->context, file);
        return status == P7_NOT_FOUND ? status : complain(reader, status, "%s can't be read", name);
    }
    if (reader->file != DISK_FILE_NONE)
        disk->close(disk->context, reader->file);
    reader->file = file;
    reader->at = 0;
    reader->end = 0;
    reader->position.offset = 0;
    memcpy(reader->position.segment, name, sizeof(name));
    status = check_header(reader, header, first, follows);
    if (status != P7_OK)
        return status;
    reader->position.offset = JOURNAL_HEADER_OCTETS;
    reader->position.segments++;
    return P7_OK;
}

struct search {
    uint64_t wanted;
    uint64_t at_or_before; /* greatest first index that is not greater; NO_SEGMENT: none */
    bool any;
    bool behind; /* there is a segment that begins behind `wanted` */
};

static void look_at_name(void *user, const char *name)
{
    struct search *search = user;
    char again[DISK_NAME_OCTETS];
    uint64_t first = 0;
    if (sscanf(name, "segment-%20" SCNu64, &first) != 1)
        return;
    name_segment(first, again);
    if (strcmp(name, again) != 0)
        return;
    search->any = true;
    if (first > search->wanted)
        search->behind = true;
    else if (search->at_or_before == NO_SEGMENT || first > search->at_or_before)
        search->at_or_before = first;
}

static enum p7_status search_segments(struct ledger_reader *reader, uint64_t wanted,
                                      struct search *search)
{
    *search = (struct search){.wanted = wanted, .at_or_before = NO_SEGMENT};
    const enum p7_status status = reader->disk->list(reader->disk->context, look_at_name, search);
    return status == P7_OK ? P7_OK : complain(reader, status, "the directory can't be listed");
}

/* --- records -------------------------------------------------------------------------------- */

/* Sees to it that a whole record stands in the buffer, or all that the file has. */
static enum p7_status fill(struct ledger_reader *reader)
{
    if (reader->end - reader->at >= LEDGER_RECORD_OCTETS_MAX)
        return P7_OK;
    size_t got = 0;
    memmove(reader->buffer, reader->buffer + reader->at, reader->end - reader->at);
    reader->end -= reader->at;
    reader->at = 0;
    const enum p7_status status = reader->disk->read(
        reader->disk->context, reader->file, reader->position.offset + reader->end,
        reader->buffer + reader->end, sizeof(reader->buffer) - reader->end, &got);
    reader->end += got;
    return status == P7_OK ? P7_OK : complain(reader, status, "it can't be read");
}

/* What stands behind the last record of the last segment, counted up to the last octet that is not
 * zero. */
static enum p7_status measure_tail(struct ledger_reader *reader)
{
    const struct disk *disk = reader->disk;
    uint64_t offset = reader->position.offset;
    uint64_t end = offset;
    size_t got = 0;
    reader->at = 0;
    reader->end = 0;
    do {
        const enum p7_status status = disk->read(disk->context, reader->file, offset,
                                                 reader->buffer, sizeof(reader->buffer), &got);
        if (status != P7_OK)
            return complain(reader, status, "it can't be read");
        for (size_t i = 0; i < got; i++)
            if (reader->buffer[i] != 0)
                end = offset + i + 1;
        offset += got;
    } while (got > 0);
    reader->position.octets_torn = end - reader->position.offset;
    return P7_NOT_FOUND;
}

/* No record at the present place. `unwritten`: nothing was begun there either. P7_OK: it goes on in
 * the next segment. */
static enum p7_status end_of_segment(struct ledger_reader *reader, bool unwritten)
{
    const uint64_t next = reader->position.index + 1;
    struct search search;
    if (unwritten) {
        const enum p7_status status = open_segment(reader, next, true);
        if (status != P7_NOT_FOUND)
            return status;
    }
    /* One that begins right here is as good as none, see above. */
    const enum p7_status status = search_segments(reader, next, &search);
    if (status != P7_OK)
        return status;
    if (search.behind || (!unwritten && search.at_or_before == next))
        return complain(reader, P7_MALFORMED,
                        "record %" PRIu64 " is damaged or missing, and others follow it", next);
    return measure_tail(reader);
}

enum p7_status ledger_reader_next(struct ledger_reader *reader, struct ledger_record *record,
                                  struct bytes *octets)
{
    struct ledger_position *p = &reader->position;
    uint32_t length = 0;
    uint32_t checksum = 0;
    if (reader->file == DISK_FILE_NONE)
        return P7_NOT_FOUND;
    for (;;) {
        enum p7_status status = fill(reader);
        if (status != P7_OK)
            return status;
        const struct bytes left = bytes_of(reader->buffer + reader->at, reader->end - reader->at);
        status = ledger_record_decode(left, p->checksum, record, &length, &checksum);
        if (status == P7_OK)
            break;
        status = end_of_segment(reader, status == P7_TRUNCATED &&
                                            (left.length < 4 || bytes_load_u32be(left.data) == 0));
        if (status != P7_OK)
            return status;
    }
    if (record->index != p->index + 1)
        return complain(reader, P7_MALFORMED, "record %" PRIu64 " stands where %" PRIu64 " should",
                        record->index, p->index + 1);
    if (record->term < p->term)
        return complain(reader, P7_MALFORMED,
                        "record %" PRIu64 " has term %" PRIu64 ", the one before %" PRIu64,
                        record->index, record->term, p->term);
    if (octets != NULL)
        *octets = bytes_of(reader->buffer + reader->at, length);
    reader->at += length;
    p->offset += length;
    p->octets += length;
    p->index = record->index;
    p->term = record->term;
    p->checksum = checksum;
    return P7_OK;
}

/* --- life cycle ----------------------------------------------------------------------------- */

static enum p7_status stand_before(struct ledger_reader *reader, uint64_t first)
{
    struct ledger_record record;
    struct search search;
    enum p7_status status = search_segments(reader, first, &search);
    if (status != P7_OK)
        return status;
    if (!search.any)
        return first == 1 ? P7_OK : P7_NOT_FOUND;
    if (search.at_or_before == NO_SEGMENT || search.at_or_before == 0)
        return complain(reader, P7_MALFORMED, "the file with record %" PRIu64 " is missing", first);
    reader->position.index = search.at_or_before - 1;
    status = open_segment(reader, search.at_or_before, first == 1);
    if (status == P7_NOT_FOUND && first == 1 && !search.behind)
        return P7_OK;
    while (status == P7_OK && reader->position.index + 1 < first)
        status = ledger_reader_next(reader, &record, NULL);
    return status;
}

enum p7_status ledger_reader_open(const struct disk *disk, uint64_t cluster_id, uint64_t first,
                                  struct ledger_reader **out)
{
    struct ledger_reader *reader = calloc(1, sizeof(*reader));
    *out = reader;
    if (reader == NULL)
        return P7_NO_MEMORY;
    reader->disk = disk;
    reader->file = DISK_FILE_NONE;
    reader->position.cluster_id = cluster_id;
    name_segment(first, reader->position.segment);
    const enum p7_status status = stand_before(reader, first);
    if (status == P7_NOT_FOUND)
        (void)complain(reader, status, "there is no record %" PRIu64 " yet", first);
    return status;
}

void ledger_reader_close(struct ledger_reader *reader)
{
    if (reader == NULL)
        return;
    if (reader->file != DISK_FILE_NONE)
        reader->disk->close(reader->disk->context, reader->file);
    free(reader);
}

enum p7_status ledger_reader_refresh(struct ledger_reader *reader)
{
    struct ledger_position *p = &reader->position;
    const struct ledger_position before = *p;
    uint64_t first = 1;
    if (reader->file != DISK_FILE_NONE)
        (void)sscanf(p->segment, "segment-%20" SCNu64, &first);
    enum p7_status status = open_segment(reader, first, false);
    if (status == P7_NOT_FOUND)
        return before.offset == 0 ? P7_OK
                                  : complain(reader, P7_MALFORMED, "the file is no longer there");
    if (status != P7_OK || before.offset == 0)
        return status;
    p->segments = before.segments;
    p->offset = before.offset;
    p->checksum = before.checksum;
    return P7_OK;
}

void ledger_reader_position(const struct ledger_reader *reader, struct ledger_position *position)
{
    *position = reader->position;
}

const char *ledger_reader_text(const struct ledger_reader *reader)
{
    return reader->text;
}
