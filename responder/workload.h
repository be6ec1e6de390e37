/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * workload - what each request costs the machine, so that a VM with this responder behaves, and
 * migrates, like one with the studied application: CPU time burnt, pages dirtied in a resident
 * heap, octets written to disk; by worker threads, one per vCPU.
 *
 * Life cycle: workload_create -> submit and collect any number of times -> workload_destroy (waits
 * for what runs; jobs not collected are forgotten). All functions are for one thread, the I/O
 * thread, but workload_counters_read and workload_is_idle, which any thread may call; the workers
 * are this module's own.
 *
 * With workers: workload_submit queues a job; the worker does it, puts its token on the completion
 * ring, and calls `wake` from its own thread (write to an eventfd; at most once until the next
 * collect). workload_collect hands the finished tokens out. With workers = 0 workload_submit does
 * the work in line and returns WORKLOAD_DONE.
 *
 * CPU time is burnt as CPU time of the thread, not as time that passes: a worker that was
 * preempted, or whose VM was frozen, still burns all of it.
 *
 * Disk: a writer thread of its own appends what the jobs hand it to segment files in the data
 * directory and syncs (fdatasync). It measures its write latency and throttles its frequency by it:
 * the pause between two writes is `pause_factor` times the latency of the last one, within bounds;
 * quick disk, frequent writes. When idle it writes a little once a second. Requests never wait for
 * the disk. Segments rotate, disk use is bounded. Where the disk fails, that is counted, what was
 * to be written is dropped, and the next attempt comes after the longest pause.
 */
#ifndef RESPONDER_WORKLOAD_H
#define RESPONDER_WORKLOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "responder/core/workload_plan.h"
#include "sigtran/base/status.h"

#define WORKLOAD_WORKERS_MAX 256u

struct workload_params {
    struct workload_plan_params plan; /* what a job costs */
    uint64_t heap_octets;             /* resident and touched at creation; 0: none */
    uint32_t workers;                 /* threads; 0: in line */
    uint32_t queue_max;               /* jobs submitted and not yet collected; 0: 65536 */
    const char *directory;            /* must exist; "" or NULL: nothing is written */
    void (*wake)(void *argument);     /* called by workers; NULL: the owner polls collect */
    void *wake_argument;
};

enum workload_submitted {
    WORKLOAD_DONE,     /* finished in line: answer now */
    WORKLOAD_QUEUED,   /* its token comes back through workload_collect */
    WORKLOAD_OVERLOAD, /* the queue is full, no work is done: answer at once; counted */
};

struct workload_counters {
    uint64_t submitted;
    uint64_t completed;
    uint64_t overload;
    uint64_t cpu_ns; /* burnt by jobs, CPU time */
    uint64_t pages_dirtied;
    uint64_t writes; /* to disk, idle ones included */
    uint64_t octets_written;
    uint64_t octets_discarded; /* handed in faster than the throttled writer takes, or no disk */
    uint64_t write_errors;
    uint64_t write_ns_last; /* latency of the last write, sync included */
    uint64_t write_ns_max;
    uint64_t write_ns_sum;
    uint64_t write_pause_ns; /* between two writes, as throttled now */
    uint64_t queue_depth;    /* jobs waiting or running */
};

struct workload;

/* P7_RANGE for parameters out of their bounds, P7_NO_MEMORY, P7_SYSTEM (threads, directory). */
enum p7_status workload_create(struct workload **result,
                               const struct workload_params *params) P7_MUST_CHECK;
/* NULL does nothing. */
void workload_destroy(struct workload *workload);

/* True where jobs cost nothing at all, so that the caller may answer without submitting. */
bool workload_is_idle(const struct workload *workload);

/* Whether the queue is too full for requests that begin something new: three quarters of it, so
 * that what belongs to open dialogues still finds room. */
bool workload_is_full(const struct workload *workload);

enum workload_submitted workload_submit(struct workload *workload, uint64_t token);

/* Takes up to `max` tokens of finished jobs; returns how many. Call until it returns less than
 * `max` after each wake. */
size_t workload_collect(struct workload *workload, uint64_t *tokens, size_t max);

void workload_counters_read(const struct workload *workload, struct workload_counters *counters);

#endif
