/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * recorder - a row of requests.csv per finished request, without disturbing what it records.
 *
 * The traffic worker calls recorder_put from its one thread: 40 octets are copied into a bounded
 * ring, no lock, no system call, no allocation. A thread of the recorder's own turns them into
 * text and writes it. When the disk can't follow for seconds the ring gets full: further records
 * are counted as lost, the run is incomplete and therefore invalid (MEASUREMENT.md), and the worker
 * never waits. The same goes for a full disk: the rows are gone, counted, and reported.
 *
 * recorder_open -> recorder_put ... (one producer thread) -> recorder_close, which drains the ring,
 * joins the thread and gives the final counters. recorder_get_counters may be called from any
 * thread in between. Rows stand in the order of recorder_put: the order in which requests finished.
 */
#ifndef SIMULATOR_RECORD_RECORDER_H
#define SIMULATOR_RECORD_RECORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sigtran/base/status.h"
#include "simulator/core/request.h"

/* 5.2 s of backlog at 200 000 requests/s, 40 MiB, faulted in at the start. */
#define RECORDER_RING_RECORDS_DEFAULT (1u << 20)
#define RECORDER_RING_RECORDS_MIN     (1u << 4)
#define RECORDER_RING_RECORDS_MAX     (1u << 24)
#define RECORDER_NAMES_MAX            64

#define RECORDER_HEADER "id,kind,target,due_ns,sent_ns,reply_ns,outcome,attempts,flow,flags"

struct recorder_settings {
    const char *directory;           /* exists (run_directory_create) */
    uint32_t ring_records;           /* 0 = default; rounded up to a power of two */
    uint32_t target_count;           /* at most RECORDER_NAMES_MAX; the names are copied */
    const char *const *target_names; /* settings order: request_record.target is the index */
    uint32_t flow_count;
    const char *const *flow_names;
};

struct recorder_counters {
    uint64_t records_put;       /* taken into the ring */
    uint64_t records_written;   /* handed to the operating system */
    uint64_t records_lost_full; /* the ring had no room */
    uint64_t records_lost_disk; /* formatted, and the write failed */
    uint64_t octets_written;
    uint64_t ring_high_water; /* most records that waited, as the writer saw it */
    uint64_t write_failures;
    int error_number; /* errno of the first failed write, 0 = none */
    int64_t cpu_ns;   /* of the writing thread */
};

struct recorder;

/* Creates requests.csv and starts the thread. P7_RANGE: names or ring beyond the limits;
 * P7_NO_MEMORY; P7_SYSTEM: errno. `reason` is a sentence for the operator. */
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
