/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * loop - the data plane's event loop: libev for descriptors and wake-ups, a timerfd for deadlines
 * that libev's millisecond timers are too coarse for.
 *
 * One loop per worker thread, nothing shared. A turn is: wait for a descriptor or the deadline, let
 * the descriptors' callbacks run, then call `turn` once with the time of now. `turn` does what has
 * become due and flushes; it returns the instant at which it wants to be called again at the
 * latest. So the clock is read in one place, and everything below is told the time.
 *
 * The loop watches itself: a turn that comes later than its deadline by more than
 * LOOP_STALL_MIN_NS means that this thread was not run, or that the turn before took too long.
 * Either is the program's own stall, and it is reported so that no measurement blames the peer.
 *
 * Life cycle: loop_create -> loop_watch ... -> loop_run (until loop_stop) -> loop_destroy, all on
 * one thread, but for loop_wake, which any thread and a signal handler may call.
 */
#ifndef SIGTRAN_RUNTIME_LOOP_H
#define SIGTRAN_RUNTIME_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include "sigtran/base/status.h"

#define LOOP_WATCHES_MAX  8
#define LOOP_STALL_MIN_NS 1000000

struct loop;

struct loop_handler {
    void *context;
    /* Due work and flush; returns the next deadline in ns, TIMER_NEVER_NS for none. */
    int64_t (*turn)(void *context, int64_t now_ns);
    /* After loop_wake: read the mailbox. May be NULL. */
    void (*woken)(void *context, int64_t now_ns);
    /* This thread did not run from `from_ns` until `until_ns` although it wanted to. May be NULL.
     */
    void (*stalled)(void *context, int64_t from_ns, int64_t until_ns);
};

enum p7_status loop_create(const struct loop_handler *handler, struct loop **out) P7_MUST_CHECK;
void loop_destroy(struct loop *loop);

/* Calls `ready` whenever `descriptor` is readable. P7_FULL beyond LOOP_WATCHES_MAX. */
enum p7_status loop_watch(struct loop *loop, int descriptor,
                          void (*ready)(void *context, int64_t now_ns),
                          void *context) P7_MUST_CHECK;

/* Runs turns until loop_stop is called from a callback. */
void loop_run(struct loop *loop);
void loop_stop(struct loop *loop);

/* From any thread: makes the loop call `woken` soon. */
void loop_wake(struct loop *loop);

/* Turns so far, and how many of them came late by more than LOOP_STALL_MIN_NS. */
struct loop_counters {
    uint64_t turns;
    uint64_t stalls;
    int64_t stall_ns_max;
};

struct loop_counters loop_get_counters(const struct loop *loop);

#endif
