/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * journal_internal - what the sources of the journal share; nobody else includes it.
 *
 * journal.c: life cycle, append, sync. journal_file.c: names, headers, the file `synced`.
 * journal_recovery.c: what journal_open finds and mends. journal_read.c, journal_truncate.c.
 *
 * Segments are numbered from 0 in memory. A *place* is where a record begins; one is kept for the
 * first record of each segment and for about every JOURNAL_PLACE_OCTETS of it, so that any record
 * is found by reading that much: 24 octets of memory for each 64 KiB of ledger.
 */
#ifndef RESPONDER_LEDGER_JOURNAL_INTERNAL_H
#define RESPONDER_LEDGER_JOURNAL_INTERNAL_H

#include <stddef.h>

#include "responder/ledger/journal.h"
#include "responder/ledger/record.h"

#define JOURNAL_PLACE_OCTETS  65536u
#define JOURNAL_BUFFER_OCTETS ((size_t)1024 * 1024) /* or a segment, if that is smaller */

/* `synced` has two slots, in sectors (and pages) of their own, written by turns: a torn write
 * leaves the older one. */
#define JOURNAL_MARK_NAME        "synced"
#define JOURNAL_MARK_SLOT_OCTETS 4096u
#define JOURNAL_MARK_OCTETS      40u

struct journal_mark {
    uint64_t sequence; /* of the write; the slot is its lowest bit. 0: none was written yet */
    uint64_t index;    /* up to here everything was durable */
    uint32_t checksum; /* of that record */
};

struct journal_place {
    uint64_t index;
    uint32_t previous; /* checksum of the record before */
    uint32_t segment;
    uint32_t offset;
};

/* The end of a chain of records. */
struct journal_tail {
    uint64_t index;
    uint64_t term;
    uint32_t checksum;
};

struct journal {
    struct journal_params params;
    const struct disk *disk;
    bool failed;
    struct journal_tail tail; /* the last record */
    uint64_t durable;

    uint64_t *segment_first; /* index of each segment's first record */
    uint32_t segment_count;
    uint32_t segment_room;
    struct journal_place *place;
    size_t place_count;
    size_t place_room;

    int file;     /* the last segment, or DISK_FILE_NONE: there is none, or read only */
    uint32_t end; /* where its next record begins */
    bool dirty;   /* it has octets that were not synced */

    int mark_file;
    struct journal_mark mark; /* as written last */
    bool mark_dirty;

    int read_file; /* an earlier segment that is being read */
    uint32_t read_segment;
    struct journal_place cursor; /* behind what journal_read gave last; index 0: unknown */

    uint8_t *buffer; /* for all that is read in pieces */
    size_t buffer_octets;
    char text[JOURNAL_TEXT_OCTETS];
};

/* Room for the longest name of a file, with its NUL. */
struct journal_name {
    char text[DISK_NAME_OCTETS];
};

/* journal_file.c */

struct journal_name journal_segment_name(uint64_t first);
/* The copy that a truncation makes. */
struct journal_name journal_copy_name(uint64_t first);
/* False: not a name of ours. */
bool journal_name_parse(const char *name, uint64_t *first, bool *copy);

void journal_header_write(const struct journal *journal, uint64_t first, uint32_t previous,
                          uint8_t dst[JOURNAL_HEADER_OCTETS]);
enum journal_header_state {
    JOURNAL_HEADER_GOOD,
    JOURNAL_HEADER_BAD,   /* not one of ours, or damaged */
    JOURNAL_HEADER_OTHER, /* sound, but of another cluster or version, or not this segment's */
};
/* Says in the journal's text what is wrong. */
enum journal_header_state journal_header_read(struct journal *journal, struct bytes octets,
                                              uint64_t first, uint32_t *previous);

/* Opens `synced` (creates it, unless read only) and reads the newest sound slot. */
enum p7_status journal_mark_open(struct journal *journal) P7_MUST_CHECK;
/* Writes one slot; not durable before it is synced. */
enum p7_status journal_mark_write(struct journal *journal, uint64_t index,
                                  uint32_t checksum) P7_MUST_CHECK;
/* Both slots, each durable before the next is touched: no slot says more than this any longer. */
enum p7_status journal_mark_settle(struct journal *journal, uint64_t index,
                                   uint32_t checksum) P7_MUST_CHECK;

/* The disk refused `what` on `name`: the journal is useless from now on. Returns `status`. */
enum p7_status journal_fail(struct journal *journal, enum p7_status status, const char *what,
                            const char *name);
/* The same without making it useless. */
enum p7_status journal_refuse(struct journal *journal, enum p7_status status, const char *what,
                              const char *name);
void journal_file_close(struct journal *journal, int *file);

/* journal.c */

/* Whether the record at the start of `octets` is the one behind `tail`; P7_TRUNCATED for none (the
 * end, or zeros), P7_MALFORMED for one that is wrong. On P7_OK `tail` is moved on to it. */
enum p7_status journal_tail_next(struct journal_tail *tail, struct bytes octets,
                                 uint32_t *length) P7_MUST_CHECK;
/* Room for what so many octets of records can add to segments and places. */
enum p7_status journal_reserve(struct journal *journal, uint64_t octets) P7_MUST_CHECK;
void journal_segment_add(struct journal *journal, uint64_t first);
/* Keeps the place of a record of the last segment, where one is due; room was reserved. */
void journal_place_add(struct journal *journal, uint64_t index, uint32_t previous, uint32_t offset);

/* journal_recovery.c */
enum p7_status journal_recover(struct journal *journal,
                               struct journal_recovery *recovery) P7_MUST_CHECK;

/* journal_read.c */
/* Where the record `index` (1 to the last) begins. */
enum p7_status journal_locate(struct journal *journal, uint64_t index,
                              struct journal_place *place) P7_MUST_CHECK;
/* A handle of that segment, good until the next call. */
enum p7_status journal_segment_file(struct journal *journal, uint32_t segment,
                                    int *file) P7_MUST_CHECK;

#endif
