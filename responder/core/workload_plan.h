/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * workload_plan - the pure part of the workload: which pages a job dirties, how long the writer
 * pauses, which segment a write goes to. No clock, file or thread: values in, values out.
 */
#ifndef RESPONDER_CORE_WORKLOAD_PLAN_H
#define RESPONDER_CORE_WORKLOAD_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "sigtran/base/status.h"

#define WORKLOAD_PAGE_OCTETS 4096u

/* A second of CPU and a gigabyte a request are beyond any experiment. */
#define WORKLOAD_CPU_US_MAX 1000000u
#define WORKLOAD_OCTETS_MAX 1048576u
#define WORKLOAD_PAGES_MAX  262144u

struct workload_plan_params {
    uint32_t cpu_us;         /* per job */
    uint32_t octets_written; /* per job */
    uint32_t pages_dirtied;  /* per job */
};

/* P7_RANGE when a parameter exceeds its maximum. */
enum p7_status workload_plan_check(const struct workload_plan_params *params) P7_MUST_CHECK;

/*
 * The pages of one heap go round: each worker has its own part [first, first + count) and starts
 * where it left off, so that as many different pages as possible get dirty.
 */
struct workload_pages {
    uint64_t first;
    uint64_t count;
    uint64_t next; /* offset in the part */
};

/* The part of worker `index` of `workers` in a heap of `pages`; a worker beyond the last page
 * shares the whole heap. */
struct workload_pages workload_pages_of(uint64_t pages, uint32_t index, uint32_t workers);

/* Number of the next page to dirty; only where count > 0. */
uint64_t workload_pages_next(struct workload_pages *pages);

/* Pause between two writes: four times the measured latency, smoothed, within these bounds: so the
 * writer keeps the disk busy for a fifth of the time at most. */
#define WORKLOAD_PAUSE_NS_MIN 1000000ll
#define WORKLOAD_PAUSE_NS_MAX 1000000000ll
#define WORKLOAD_PAUSE_FACTOR 4

/* Nothing to write for this long: write a little. */
#define WORKLOAD_IDLE_NS     1000000000ll
#define WORKLOAD_IDLE_OCTETS 4096u

struct workload_throttle {
    int64_t latency_ns; /* smoothed over the last eight writes or so; 0: none yet */
};

/* Takes the latency of a write and gives the pause until the next one. */
int64_t workload_throttle_pause_ns(struct workload_throttle *throttle, int64_t latency_ns);

/* Segment files: eight of 64 MiB, written in turn, the oldest anew: half a gigabyte of disk at
 * most, over restarts too, as the names are the same. */
#define WORKLOAD_SEGMENT_OCTETS 67108864ull
#define WORKLOAD_SEGMENT_FILES  8u

struct workload_segments {
    uint32_t file;   /* the present one */
    uint64_t octets; /* in it */
    bool open;
};

/* Where a write of `octets` goes. True: the file `segments->file` is to be emptied and opened
 * first, in place of the one before. */
bool workload_segments_write(struct workload_segments *segments, uint64_t octets);

#endif
