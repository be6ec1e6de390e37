/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * ledger_reader - reads a ledger's records from its files in order and checks all of it on the way:
 * headers, checksums, indices, terms. Changes nothing. A second pair of eyes beside the journal:
 * for tools, and for the CDR writer, which reads a ledger that a journal is writing.
 *
 * Life cycle: ledger_reader_open -> next (until P7_NOT_FOUND) -> ledger_reader_close. One thread.
 * Borrows the disk (read only is enough).
 *
 * Beside a writer: read only up to an index that is known to be durable and committed *before*
 * ledger_reader_refresh is called; such a record never changes place. A file may be replaced by a
 * truncation (journal_truncate) at any time: what the reader holds open is then a file that has no
 * name any more. refresh opens it anew, and drops what was read ahead.
 */
#ifndef RESPONDER_STORAGE_LEDGER_READER_H
#define RESPONDER_STORAGE_LEDGER_READER_H

#include <stdbool.h>
#include <stdint.h>

#include "responder/ledger/disk.h"
#include "responder/ledger/record.h"

#define LEDGER_READER_TEXT_OCTETS 512

struct ledger_reader;

/* What stands in the ledger up to the record that `next` gave last. */
struct ledger_position {
    uint64_t cluster_id;
    uint64_t index; /* 0: none yet */
    uint64_t term;
    uint32_t checksum;
    uint32_t segments;    /* opened until now */
    uint64_t octets;      /* of the records that were read */
    uint64_t octets_torn; /* behind the last record: not zero, and no record either; at the end */
    char segment[DISK_NAME_OCTETS];
    uint64_t offset; /* in it */
};

/*
 * Stands in front of record `first` (1: of all); what precedes it in its segment is read and
 * checked, too. `cluster_id` 0: any. P7_NOT_FOUND: no such record can be there, as the ledger ends
 * before (or is empty: for `first` 1 that is P7_OK, and next says P7_NOT_FOUND).
 * P7_MALFORMED, P7_STATE: of another cluster, P7_NO_MEMORY, and errors of the disk. The reader is
 * given in any case but P7_NO_MEMORY, for its text.
 */
enum p7_status ledger_reader_open(const struct disk *disk, uint64_t cluster_id, uint64_t first,
                                  struct ledger_reader **out) P7_MUST_CHECK;
void ledger_reader_close(struct ledger_reader *reader);

/*
 * The next record; `octets` (or NULL) borrows until the next call. P7_NOT_FOUND: the ledger ends
 * here; P7_MALFORMED: it is damaged here; errors of the disk. The reader stays where it is.
 */
enum p7_status ledger_reader_next(struct ledger_reader *reader, struct ledger_record *record,
                                  struct bytes *octets) P7_MUST_CHECK;

/* See above. The same errors as open's. */
enum p7_status ledger_reader_refresh(struct ledger_reader *reader) P7_MUST_CHECK;

void ledger_reader_position(const struct ledger_reader *reader, struct ledger_position *position);
/* Sentence about the last failure: which file, at which offset, what is wrong. */
const char *ledger_reader_text(const struct ledger_reader *reader);

#endif
