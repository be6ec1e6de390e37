/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * clock - the two clocks: CLOCK_MONOTONIC for everything that is measured or timed, the wall clock
 * for labels that people read (file names, "started at"). A step of the wall clock must not matter.
 *
 * A loop samples the monotonic clock once a turn and passes `now_ns` on; only the traffic worker
 * stamps at send and receive. Any thread may call these.
 */
#ifndef SIGTRAN_RUNTIME_CLOCK_H
#define SIGTRAN_RUNTIME_CLOCK_H

#include <stddef.h>
#include <stdint.h>
#include <time.h>

#define CLOCK_NS_PER_US INT64_C(1000)
#define CLOCK_NS_PER_MS INT64_C(1000000)
#define CLOCK_NS_PER_S  INT64_C(1000000000)

/* "2026-11-21T03:06:41.123Z" and its NUL. */
#define CLOCK_TEXT_OCTETS 32

/* Nanoseconds of CLOCK_MONOTONIC: never steps, does not count while the machine sleeps. */
static inline int64_t clock_monotonic_ns(void)
{
    struct timespec ts;
    (void)clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * CLOCK_NS_PER_S + ts.tv_nsec;
}

/* CPU time that this process has used, all threads, in nanoseconds. */
static inline int64_t clock_process_cpu_ns(void)
{
    struct timespec ts;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
    return (int64_t)ts.tv_sec * CLOCK_NS_PER_S + ts.tv_nsec;
}

/* Nanoseconds since 1970 in UTC, for labels only. */
int64_t clock_wall_ns(void);

/* Writes ISO 8601 with milliseconds in UTC ("...T03:06:41.123Z"); returns dst. */
const char *clock_wall_text(int64_t wall_ns, char *dst, size_t dst_octets);

/* Writes a label for a directory's name in UTC ("20261121-030641"); returns dst. */
const char *clock_wall_label(int64_t wall_ns, char *dst, size_t dst_octets);

#endif
