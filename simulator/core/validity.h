/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * validity - was the measuring instrument the bottleneck? Then the run is INVALID, whatever it
 * measured, and says so first: no system is blamed for its load generator.
 *
 * A pure function of what was observed. Each reason is a sentence that names the thing, its value,
 * its limit and the way out.
 */
#ifndef SIMULATOR_CORE_VALIDITY_H
#define SIMULATOR_CORE_VALIDITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "simulator/core/histogram.h"

#define VALIDITY_RATE_ERROR_MAX     0.01 /* achieved against wanted */
#define VALIDITY_CPU_SHARE_MAX      0.90 /* of the busiest thread of the generator */
#define VALIDITY_LAG_LIMIT_NS       1000000
#define VALIDITY_LAG_LIMIT_FLOOR_NS 250000
#define VALIDITY_CPU_SHARE_UNKNOWN  (-1.0)

#define VALIDITY_REASONS_MAX  16
#define VALIDITY_REASON_CHARS 320

/* A stretch of time since the run's start. */
struct validity_span {
    int64_t from_ns;
    int64_t to_ns;
};

struct validity_input {
    double wanted_rate; /* per second: requests that the schedule made due / time, without pauses */
    double achieved_rate; /* per second: requests handed to the transport / the same time */
    /* Send lag L = sent - due of every request sent, without those of REQUEST_FLAG_BLOCKED. */
    const struct histogram *lag;
    int64_t outage_error_claimed_ns; /* the error that the report states for its outages; 0: none */
    uint64_t send_queue_full;        /* times that a send queue refused a message */
    double cpu_share;                /* 0..1, or VALIDITY_CPU_SHARE_UNKNOWN */
    const struct validity_span *stalls; /* when the process itself did not run */
    size_t stall_count;
    const struct validity_span *outages;
    size_t outage_count;
    bool accounting_holds;
    const char *accounting_text; /* of accounting_check, when it does not hold */
};

struct validity {
    bool valid;          /* reason_count is 0 */
    size_t reason_count; /* at most VALIDITY_REASONS_MAX are kept; further ones are counted */
    char reasons[VALIDITY_REASONS_MAX][VALIDITY_REASON_CHARS];
};

/* The limit for p99.9 of the send lag: min(1 ms, max(1/rate, 250 us)).
 * docs/decisions/0003-send-lag-limit.md says why it is not min(1 ms, 1/rate). */
int64_t validity_lag_limit_ns(double rate);

void validity_judge(struct validity *v, const struct validity_input *input);

#endif
