/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * journal_thread - a journal on a thread of its own, with group commit: whatever was posted during
 * a sync is written by one write and made durable by the next sync.
 *
 * Life cycle: journal_thread_create (takes over an open journal) -> post, take ... ->
 * journal_thread_destroy (writes and syncs what was posted, closes the journal, joins). Posting and
 * taking is one thread's, the traffic thread's.
 *
 * The disk's pace: the time that a sync takes is measured (smoothed). A slow disk is asked less
 * often: after a sync of more than `throttle_from_us` the next one waits for a quarter of the
 * smoothed time, at most JOURNAL_THROTTLE_US_MAX, so that it carries more. In quiet times a little
 * is written and synced every `idle_ms` (journal_idle), as the studied application does.
 */
#ifndef RESPONDER_STORAGE_JOURNAL_THREAD_H
#define RESPONDER_STORAGE_JOURNAL_THREAD_H

#include <stdbool.h>
#include <stdint.h>

#include "responder/ledger/journal.h"
#include "responder/storage/disk_posix.h"
#include "sigtran/base/bytes.h"
#include "sigtran/base/status.h"

#define JOURNAL_THROTTLE_US_MAX 20000u

struct journal_thread_params {
    uint32_t throttle_from_us; /* default 5000 */
    uint32_t idle_ms;          /* default 1000; 0: never */
    uint32_t sync_delay_us;    /* tests and measurements: each sync takes that much longer */
    /* Disk of the journal, whose sentence about a failure is told with the journal's; or NULL. */
    const struct disk_posix *disk;
    /* Called on the journal's thread when there is something to take. */
    void (*wake)(void *argument);
    void *wake_argument;
};

/* What became of what was posted. */
struct journal_progress {
    uint32_t generation; /* of the last truncation that was carried out */
    uint64_t durable;
    bool failed; /* `journal_thread_text` says why; nothing becomes durable any more */
};

/* Any thread may read them: snapshots. */
struct journal_thread_counters {
    uint64_t syncs;
    uint64_t records;
    uint64_t octets;
    uint64_t throttled; /* syncs that were put off */
    uint64_t idle_writes;
    uint64_t sync_us_last;
    uint64_t sync_us_smoothed;
    uint64_t sync_us_max;
    /* Powers of two: each sync counts once, in the first [i] with less than 2^i microseconds. */
    uint64_t sync_us_below[32];
};

struct journal_thread;

void journal_thread_params_init(struct journal_thread_params *params);

/* P7_NO_MEMORY, P7_SYSTEM: no thread; the journal is still the caller's then. */
enum p7_status journal_thread_create(struct journal *journal,
                                     const struct journal_thread_params *params,
                                     struct journal_thread **out) P7_MUST_CHECK;
void journal_thread_destroy(struct journal_thread *thread);

/* Copies whole records to be written; `last` is the index of the last one. P7_FULL: the queue of
 * JOURNAL_QUEUE_OCTETS has no room; nothing was taken. P7_STATE: the journal has failed. */
#define JOURNAL_QUEUE_OCTETS 16777216u
enum p7_status journal_thread_append(struct journal_thread *thread, struct bytes records,
                                     uint64_t last) P7_MUST_CHECK;
/* Behind everything posted before, in front of everything after. P7_FULL, P7_STATE. */
enum p7_status journal_thread_truncate(struct journal_thread *thread, uint64_t last_kept,
                                       uint32_t generation) P7_MUST_CHECK;

struct journal_progress journal_thread_progress(const struct journal_thread *thread);
void journal_thread_counters(const struct journal_thread *thread,
                             struct journal_thread_counters *counters);
const char *journal_thread_text(const struct journal_thread *thread);

#endif
