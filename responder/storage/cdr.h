/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * cdr - makes charging data records for billing out of the ledger: files of CSV lines, one for each
 * CHARGE and SETTLEMENT, on a thread of low priority that reads the ledger's files.
 *
 * Life cycle: cdr_create -> cdr_committed whenever more is committed -> cdr_destroy (writes up to
 * the last index that was told, publishes, joins). cdr_committed is the traffic thread's; the rest
 * is the thread's that creates.
 *
 * Files: `cdr-FIRST-LAST.csv` (indices of the ledger, 20 digits each) and beside it
 * `cdr-FIRST-LAST.meta.json` with first and last index, count of lines, sum of amounts and the
 * SHA-256 of the CSV's octets. A file grows as `cdr-FIRST.csv.part`; it is closed by size or by
 * age, synced, and published by a rename: whoever sees the name sees all of it, and never a change.
 * The names leave no gap and don't overlap: the next FIRST is the LAST before + 1. (A TERM record
 * has an index and no line.)
 *
 * After a crash it goes on behind the last published file and makes anew what was not published.
 * Errors (a full disk) are told and counted; the unfinished file is dropped and made again every
 * CDR_RETRY_MS: the ledger has it all, charging goes on.
 */
#ifndef RESPONDER_STORAGE_CDR_H
#define RESPONDER_STORAGE_CDR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sigtran/base/status.h"

#define CDR_TEXT_OCTETS 768
#define CDR_RETRY_MS    2000u

struct cdr_params {
    const char *ledger;    /* directory of the journal; read at creation only */
    const char *directory; /* made where it is missing; read at creation only */
    uint64_t cluster_id;
    uint64_t octets_max; /* of a file; default 16 MiB */
    uint32_t age_max_ms; /* from a file's first line to its end; default 60000 */
    uint32_t poll_ms;    /* how often it looks for more; default 100 */
};

struct cdr_counters {
    uint64_t published; /* index up to which CDRs are published */
    uint64_t read;      /* index up to which the ledger was read */
    uint64_t files;     /* published in this life */
    uint64_t lines;
    uint64_t amount; /* sum over the published lines of this life */
    uint64_t failures;
    bool failing; /* cdr_text says why */
};

struct cdr;

/* octets_max, age_max_ms and poll_ms as above, the rest zero. */
void cdr_params_init(struct cdr_params *params);

/* P7_EXISTS: another process writes CDRs there; P7_MALFORMED: the published files have a gap;
 * P7_NO_MEMORY; P7_SYSTEM. `text` says it in a sentence. */
enum p7_status cdr_create(const struct cdr_params *params, struct cdr **out, char *text,
                          size_t text_octets) P7_MUST_CHECK;
void cdr_destroy(struct cdr *cdr);

/* All records up to `index` are committed, and durable in this node's ledger. Never falls. */
void cdr_committed(struct cdr *cdr, uint64_t index);

/* Any thread. */
void cdr_counters(const struct cdr *cdr, struct cdr_counters *counters);
/* The last failure. Copied, as it may change meanwhile. */
void cdr_text(struct cdr *cdr, char *text, size_t text_octets);

#endif
