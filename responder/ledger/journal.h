/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * journal - the ledger's files: append-only segments of records, filled with zeros in advance.
 *
 * Life cycle: journal_open (recovers) -> append, sync, truncate, read -> journal_close. One thread
 * at a time; responder/storage/journal_thread.h gives it a thread of its own. Its only way out is
 * the `struct disk`.
 *
 * Files: `segment-FIRST.ledger` (FIRST: index of its first record, 20 digits): a header of
 * JOURNAL_HEADER_OCTETS (magic "pulse7 ledger", version, cluster id, first index, checksum of the
 * record before, CRC32C), then records. Which records share a segment follows from the records
 * alone: a new one begins where the next record does not fit. So the ledgers of two nodes that
 * hold the same records are the same files.
 * `synced`: how far the ledger was durable when this was last written; it is written after each
 * sync but itself synced only when the journal is idle (journal_idle) and at the end. It may be
 * old, never new.
 *
 * Recovery reads all records. A record that is incomplete or wrong, and everything behind it, is
 * - cut, when it is in the last segment and not before what `synced` says: it was never known to be
 *   durable, so nothing was acknowledged on it (a torn write);
 * - else an error: a durable record is damaged. P7_MALFORMED; the text says which file, at which
 *   offset, and what to do: fetch the ledger from the other node.
 * So a record of the last segment that rots after its sync, and before a `synced` that vouches for
 * it reached the disk, is taken for a torn one: nothing on this disk tells them apart.
 * What was found is synced before it counts as durable; where `synced` does not vouch for it it is
 * written anew first, as after a failed sync a kernel may show octets that never reach the disk.
 * A last segment in which no record is left is removed: the next one may fit before it.
 *
 * Failure: any error of write, sync, rename or remove makes the journal useless (P7_STATE from then
 * on): nothing more may be acknowledged; the process ends and recovers.
 */
#ifndef RESPONDER_LEDGER_JOURNAL_H
#define RESPONDER_LEDGER_JOURNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "responder/ledger/disk.h"
#include "sigtran/base/bytes.h"
#include "sigtran/base/status.h"

#define JOURNAL_HEADER_OCTETS      64u
#define JOURNAL_SEGMENT_OCTETS     (64u * 1024u * 1024u)
#define JOURNAL_SEGMENT_OCTETS_MIN 4096u
#define JOURNAL_TEXT_OCTETS        512

struct journal_params {
    const struct disk *disk; /* borrowed until journal_close */
    uint64_t cluster_id;     /* files of another cluster are refused */
    uint32_t segment_octets; /* 0: JOURNAL_SEGMENT_OCTETS; the same on both nodes */
    bool read_only;          /* changes nothing, not even a torn tail; for tools */
    /* Called by journal_open for each record that it finds, in order. */
    void (*record)(void *context, struct bytes octets);
    void *context;
};

struct journal_recovery {
    uint64_t last_index;
    uint64_t last_term;
    uint32_t last_checksum;
    uint32_t segments;
    uint64_t octets_cut; /* of a torn tail; zeros don't count */
};

struct journal;

/* P7_MALFORMED as above, P7_NO_MEMORY, P7_RANGE, and errors of the disk; `text` says it all. */
enum p7_status journal_open(const struct journal_params *params, struct journal **out,
                            struct journal_recovery *recovery, char *text,
                            size_t text_octets) P7_MUST_CHECK;
/* Writes `synced` for good; not what was appended and not synced. */
void journal_close(struct journal *journal);

/*
 * Writes whole records that follow the last one (index, term, checksum are looked at: P7_RANGE
 * where they do not). Not durable before journal_sync.
 */
enum p7_status journal_append(struct journal *journal, struct bytes records) P7_MUST_CHECK;

/* Everything appended is durable when it comes back. */
enum p7_status journal_sync(struct journal *journal) P7_MUST_CHECK;

/* Index up to which all is durable, and the last one appended. */
uint64_t journal_durable(const struct journal *journal);
uint64_t journal_last(const struct journal *journal);

/*
 * Removes all records behind `last_kept`, durably: later segments are removed, the newest first;
 * the one that it cuts is copied and renamed over. A crash in the middle leaves more, never less.
 */
enum p7_status journal_truncate(struct journal *journal, uint64_t last_kept) P7_MUST_CHECK;

/* Writes and syncs `synced`, where it is behind. For quiet moments. */
enum p7_status journal_idle(struct journal *journal) P7_MUST_CHECK;

/*
 * Whole records from `first` on, as many as fit into `dst` (at least one, if dst holds
 * LEDGER_RECORD_OCTETS_MAX). P7_NOT_FOUND: no such record. P7_FULL: `dst` is too small for it.
 * P7_MALFORMED: it can't be read back (any more). A failure does no harm to the journal. At most
 * some 64 KiB are read to find `first`, none when it follows what was read last.
 */
enum p7_status journal_read(struct journal *journal, uint64_t first, void *dst, size_t dst_octets,
                            size_t *got) P7_MUST_CHECK;

/* Sentence about the last failure. */
const char *journal_text(const struct journal *journal);

#endif
