/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * measure - everything that is counted of a run while it lasts, fed with each request as it becomes
 * due, is sent, and gets its outcome. MEASUREMENT's definitions are in the parts; this is where
 * they come together.
 *
 * Pure; one owner (the traffic thread). The interval in progress is a set of its own that is handed
 * over whole: measure_swap_interval exchanges it for an empty one, so that rows and histograms are
 * made elsewhere and no request waits for it.
 */
#ifndef SIMULATOR_CORE_MEASURE_H
#define SIMULATOR_CORE_MEASURE_H

#include <stdint.h>

#include "sigtran/base/status.h"
#include "simulator/core/accounting.h"
#include "simulator/core/failures.h"
#include "simulator/core/histogram.h"
#include "simulator/core/interval.h"
#include "simulator/core/outage.h"
#include "simulator/core/request.h"
#include "simulator/core/statistics.h"

/* Own stalls that are kept with their times; more are counted. */
#define MEASURE_STALLS_MAX 256

struct measure_config {
    uint16_t flow_count;
    uint16_t target_count;
    int64_t warmup_ns;
};

struct measure_stall {
    int64_t from_ns;
    int64_t to_ns;
};

/* The last second or so, for the screen: coarse, and reset by whoever takes it. */
struct measure_glance {
    struct histogram response; /* two digits: quick to ask */
    uint64_t completed;
    uint64_t failed;
    int64_t lag_max_ns;
};

struct measure {
    struct measure_config config;
    struct accounting accounting;
    struct interval_set *interval; /* in progress; owned by whoever swaps it */
    struct histogram response;     /* reply - due of ok replies, steady state */
    struct histogram response_of[REQUEST_KIND_COUNT];
    struct histogram as_sent; /* reply - sent */
    struct histogram lag;     /* sent - due, without blocked ones */
    struct statistics_stream stream;
    struct outage_analysis outage;
    struct failures failures; /* why outcomes were errors */
    struct measure_glance glance;
    uint64_t sent;       /* requests sent for the first time */
    uint64_t unexpected; /* messages that answered nothing */
    int64_t last_due_ns;
    uint32_t stall_count; /* all of them; the first MEASURE_STALLS_MAX are listed */
    struct measure_stall stall[MEASURE_STALLS_MAX];
};

/* P7_NO_MEMORY, P7_RANGE. `interval` is the first interval's set. */
enum p7_status measure_create(struct measure *measure, const struct measure_config *config,
                              struct interval_set *interval) P7_MUST_CHECK;
void measure_destroy(struct measure *measure);

void measure_due(struct measure *measure, enum request_kind kind, uint16_t flow, uint16_t target,
                 int64_t due_ns);
/* Sent for the first time. */
void measure_sent(struct measure *measure, int64_t due_ns, int64_t sent_ns, uint8_t flags);
/* It has its outcome. A late one is not completed again: measure_late. */
void measure_completed(struct measure *measure, const struct request_record *record);
void measure_late(struct measure *measure, const struct request_record *record);
void measure_unexpected(struct measure *measure, enum request_kind kind, uint16_t flow,
                        uint16_t target);
/* This thread did not run; times since the run's start. */
void measure_stalled(struct measure *measure, int64_t from_ns, int64_t to_ns);

/* Forgets the glance: the next second begins. */
void measure_glance_reset(struct measure *measure);

/* Puts `fresh` (empty, starting where the present one ends) in place and returns the present one.
 */
struct interval_set *measure_swap_interval(struct measure *measure, struct interval_set *fresh);

#endif
