/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * recorder - a row of requests.csv per finished request, without disturbing what it records; and,
 * where asked for, journal.csv: what was sent and what was answered, as soon as it was counted.
 *
 * The traffic worker calls recorder_put from its one thread: 56 octets are copied into a bounded
 * ring, no lock, no system call, no allocation. A thread of the recorder's own turns them into
 * text and writes it. When the disk can't follow for seconds the ring gets full: further records
 * are counted as lost, the run is incomplete and therefore invalid (MEASUREMENT.md), and the worker
 * never waits. The same goes for a full disk: the rows are gone, counted, and reported.
 *
 * recorder_open -> recorder_put ... (one producer thread) -> recorder_close, which drains the ring,
 * joins the thread and gives the final counters. recorder_get_counters may be called from any
 * thread in between. Rows stand in the order of recorder_put: the order in which requests finished.
 *
 * The journal is for whoever judges a run that ended by force. An entry put into the ring is handed
 * to the operating system within 100 ms, so that it survives the end of this process; a second
 * thread syncs the file every 100 ms (fdatasync), so that it survives the machine's, too. It is a
 * thread of its own because a slow sync must not hold the next batch back.
 */
#ifndef SIMULATOR_RECORD_RECORDER_H
#define SIMULATOR_RECORD_RECORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sigtran/base/status.h"
#include "simulator/core/request.h"

/* 5.2 s of backlog at 200 000 requests/s, 56 MiB, faulted in at the start. */
#define RECORDER_RING_RECORDS_DEFAULT (1u << 20)
#define RECORDER_RING_RECORDS_MIN     (1u << 4)
#define RECORDER_RING_RECORDS_MAX     (1u << 24)
#define RECORDER_NAMES_MAX            64

#define RECORDER_HEADER                                                                            \
    "id,kind,target,due_ns,sent_ns,reply_ns,outcome,attempts,flow,flags,"                          \
    "call,sequence,reference,node,replies,cause"
#define RECORDER_JOURNAL_HEADER "id,target,reference,sequence,event,at_ns,node,flags"

struct recorder_settings {
    const char *directory;           /* exists (run_directory_create) */
    uint32_t ring_records;           /* 0 = default; rounded up to a power of two */
    uint32_t target_count;           /* at most RECORDER_NAMES_MAX; the names are copied */
    const char *const *target_names; /* settings order: request_record.target is the index */
    uint32_t flow_count;
    const char *const *flow_names;
    uint32_t node_count; /* request_record.node: the settings' ASs */
    const char *const *node_names;
    uint32_t run_tag; /* of the call references: ssf_config.run_tag */
    bool journal;     /* journal.csv as well */
};

struct recorder_counters {
    uint64_t records_put;       /* taken into the ring: rows and journal entries */
    uint64_t records_written;   /* the same, handed to the operating system */
    uint64_t records_lost_full; /* the ring had no room */
    uint64_t records_lost_disk; /* formatted, and the write failed */
    uint64_t octets_written;    /* of requests.csv */
    uint64_t ring_high_water;   /* most records that waited, as the writer saw it */
    uint64_t write_failures;
    int error_number;         /* errno of the first failed write, 0 = none */
    int64_t cpu_ns;           /* of the writing thread */
    uint64_t journal_entries; /* handed to the operating system; in records_written */
    uint64_t journal_syncs;
    int64_t journal_sync_ns_max; /* the longest of them */
};

struct recorder;

/* Creates requests.csv (and journal.csv) and starts the thread. P7_RANGE: names or ring beyond the
 * limits; P7_NO_MEMORY; P7_SYSTEM: errno. `reason` is a sentence for the operator. */
enum p7_status recorder_open(const struct recorder_settings *settings, struct recorder **result,
                             char *reason, size_t reason_octets) P7_MUST_CHECK;

/* Copies the record. False: the ring is full, the record is counted as lost. */
bool recorder_put(struct recorder *recorder, const struct request_record *record);

void recorder_get_counters(const struct recorder *recorder, struct recorder_counters *counters);

/* True when every record put so far is on its way to the file: the run may be complete. */
bool recorder_counters_complete(const struct recorder_counters *counters);

/* Writes what is left, joins the thread, frees. `counters` (may be NULL) gets the final state. */
void recorder_close(struct recorder *recorder, struct recorder_counters *counters);

#endif
