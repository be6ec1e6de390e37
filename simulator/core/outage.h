/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * outage - finds the times when the system under test did not answer, and estimates how long.
 *
 * Reads completed requests, one after another, in the order of their completion; their due instants
 * may be in any order. Requests of several threads may be mixed as they come: a reply that turns
 * out to lie inside of a gap splits it.
 *
 * A lane is what is watched for silence: lane 0 is everything, lane 1 + t is target t (the traffic
 * of one target goes on while another one's VM is being moved, so silence shows per target).
 *
 * With b the baseline (median response time), d = 1/rate of the lane, RT = reply - due:
 *   D_max   max RT - b
 *   D_gap   longest time without any reply
 *   D_lost  n d, n being the requests lost or late (a datagram probe's estimator)
 *   D_fs    due instant of the last success before to that of the first success after: the
 *           latest-due request with an ok reply before the gap, and the earliest-due one that was
 *           not held up by it, i.e. due at (the gap's end - b) or later
 *   D_area  sqrt(2 sum max(0, RT - b) / rate)
 * The bounds on the true D that follow for held packets are given with each.
 *
 * What is an outage? The rule learns from the lane's own response times (RT), without those of
 * requests due in what it holds for an outage: these would otherwise hide themselves in a run that
 * has many.
 * With noise = 5 (p99 - p50), which an exponential tail passes about once in 10^9 requests, and
 * floor = 10 ms:
 *   - a request is affected when RT > b + max(floor, noise), or when it has no reply at all
 *     (unanswered ones only when later ones were answered, or the run ended in a gap)
 *   - a gap counts when it is longer than max(floor, noise, k d), k = 5 with constant arrivals and
 *     20 with random ones (whose own gaps reach 14 d once in a million)
 * Affected requests, as [due, reply], and gaps that overlap or lie within the gap limit of each
 * other make up one outage. Before 64 replies, which should hold no outage, nothing is detected. An
 * outage that lasts longer than a minute is learnt from again: then it is a new state, not an
 * outage.
 *
 * Life cycle: outage_create -> outage_set_rate for the lanes -> outage_add for each record,
 * outage_resume after a pause -> outage_finish -> questions -> outage_destroy. Questions may be
 * asked before the end too. Nothing is allocated after creation; one owner.
 */
#ifndef SIMULATOR_CORE_OUTAGE_H
#define SIMULATOR_CORE_OUTAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sigtran/base/status.h"
#include "simulator/core/histogram.h"
#include "simulator/core/request.h"

#define OUTAGE_LANE_ALL  0u
#define OUTAGE_LANES_MAX 1025u
/* Outages that one lane lists. When there are more, the ones of the least extent are dropped. */
#define OUTAGE_LIST_MAX          256u
#define OUTAGE_FLOOR_NS          INT64_C(10000000)
#define OUTAGE_NOISE_FACTOR      5
#define OUTAGE_GAP_FACTOR        5
#define OUTAGE_GAP_FACTOR_RANDOM 20
#define OUTAGE_BASELINE_MIN      64u
#define OUTAGE_LASTING_NS        INT64_C(60000000000)
#define OUTAGE_SERIES_STEP_NS    INT64_C(100000000)

enum outage_estimator {
    OUTAGE_D_MAX,
    OUTAGE_D_GAP,
    OUTAGE_D_LOST,
    OUTAGE_D_FS,
    OUTAGE_D_AREA,
    OUTAGE_ESTIMATOR_COUNT
};

/* "D_max", "D_gap", ...: as MEASUREMENT's table has them; the definition and where it is exact, as
 * the report prints them. */
const char *outage_estimator_name(enum outage_estimator estimator);
const char *outage_estimator_definition(enum outage_estimator estimator);
const char *outage_estimator_exact(enum outage_estimator estimator);

struct outage_estimate {
    bool known; /* false: this outage gives no such figure (no reply after it, no gap, ...) */
    int64_t value_ns;
    /* The true outage D lies in low..high if packets were held (D_lost: if the lane is a datagram
     * probe; D_area has no bounds, nor D_max when requests were never answered: bounded is
     * false). */
    bool bounded;
    int64_t low_ns;
    int64_t high_ns;
};

struct outage {
    int64_t start_ns;  /* earliest of: an affected request's due instant, the gap's start */
    int64_t end_ns;    /* latest of: an affected request's reply, the gap's end */
    uint64_t affected; /* requests over the limit or without a reply */
    uint64_t lost;     /* of these, timed out or unanswered; late replies too */
    uint64_t silent;   /* of these, never answered: D_max is then no more than a lower bound */
    int64_t rt_max_ns; /* largest response time, 0 when no affected request was answered */
    uint64_t rt_max_id;
    int64_t rt_max_due_ns;
    int64_t gap_start_ns; /* the longest gap inside; both 0 when no gap was over the limit */
    int64_t gap_end_ns;
    bool gap_open;              /* the gap was not ended by a reply but by the end of the run */
    int64_t last_before_due_ns; /* for D_fs; REQUEST_TIME_NONE when there is none */
    int64_t first_after_due_ns;
    double excess_ns; /* sum of max(0, RT - b) over requests due inside */
};

/* A step of the chart: requests by their due instant. */
struct outage_step {
    uint32_t n;        /* completed requests that were due in it */
    uint32_t failed;   /* of these, not ok */
    int64_t rt_max_ns; /* largest response time; 0 when none was answered */
};

struct outage_config {
    uint16_t target_count;    /* lanes 1..target_count */
    int64_t series_step_ns;   /* 0: OUTAGE_SERIES_STEP_NS */
    uint32_t series_capacity; /* steps per lane (0: 16384, 27 min); when a run is longer, neighbours
                                 are joined and the step doubles */
};

struct outage_lane;

/* Fields are private. */
struct outage_analysis {
    struct outage_lane *lanes;
    uint32_t lane_count;
};

/* P7_RANGE for more than OUTAGE_LANES_MAX - 1 targets or a step under 1 ns; P7_NO_MEMORY. */
enum p7_status outage_create(struct outage_analysis *a,
                             const struct outage_config *config) P7_MUST_CHECK;
void outage_destroy(struct outage_analysis *a);

/* Mean distance d of requests of a lane, and whether arrivals are random (Poisson, or the follow-up
 * requests of dialogues). Without it a lane's d is taken from its own count of requests. */
void outage_set_rate(struct outage_analysis *a, uint32_t lane, int64_t gap_mean_ns, bool random);

/* The lane's requests are datagrams of their own, which are lost and never sent again: only then
 * does D_lost bound the true D. Over SCTP it has a value and no bounds. */
void outage_set_probe(struct outage_analysis *a, uint32_t lane);

/* Fixes the baseline b, when the caller knows it from the steady part of the run; otherwise b is
 * the running median of the lane's own response times outside of the warm-up. */
void outage_set_baseline(struct outage_analysis *a, uint32_t lane, int64_t baseline_ns);

/* A completed request, to its target's lane and to lane 0. Those of the warm-up show in the series
 * and end gaps, but are neither baseline nor outage. */
void outage_add(struct outage_analysis *a, const struct request_record *record);

/* An answer came to a request that had been added as a timeout without a reply; the record has it
 * as reply_ns now. It ends a gap like any reply, and has its place in D_max and D_area: outages
 * longer than the request timeout cannot be told without it. */
void outage_late(struct outage_analysis *a, const struct request_record *record);

/* Requests come due again from `at_ns` on after a pause, or for the first time: silence before it
 * is no gap. */
void outage_resume(struct outage_analysis *a, int64_t at_ns);

/* The run is over: silence from the last reply to `end_ns` is a gap as well, if requests that were
 * due in it have no reply. */
void outage_finish(struct outage_analysis *a, int64_t end_ns);

uint32_t outage_lane_count(const struct outage_analysis *a);
int64_t outage_baseline_ns(const struct outage_analysis *a, uint32_t lane);
/* d */
int64_t outage_resolution_ns(const struct outage_analysis *a, uint32_t lane);
/* The limits of the rule as they are now. */
int64_t outage_rt_limit_ns(const struct outage_analysis *a, uint32_t lane);
int64_t outage_gap_limit_ns(const struct outage_analysis *a, uint32_t lane);

/* Outages of a lane in the order of their start; `dropped` (may be NULL) says how many more. */
size_t outage_count(const struct outage_analysis *a, uint32_t lane, uint64_t *dropped);
const struct outage *outage_at(const struct outage_analysis *a, uint32_t lane, size_t index);

/* An estimate for one outage of the lane, or for the whole run with outage NULL: D_max from the
 * largest RT of all, D_gap from the longest silence of all, also below the limits; D_lost, D_fs and
 * D_area are then unknown. */
struct outage_estimate outage_estimate(const struct outage_analysis *a, uint32_t lane,
                                       const struct outage *outage,
                                       enum outage_estimator estimator);

/* The request of the run's largest RT (warm-up apart), and the longest silence; false when none. */
bool outage_rt_max(const struct outage_analysis *a, uint32_t lane, int64_t *rt_ns, uint64_t *id,
                   int64_t *due_ns);
bool outage_gap_max(const struct outage_analysis *a, uint32_t lane, int64_t *start_ns,
                    int64_t *end_ns);

/* The chart's steps: step i is [i step_ns, (i + 1) step_ns). */
size_t outage_series_count(const struct outage_analysis *a, uint32_t lane);
int64_t outage_series_step_ns(const struct outage_analysis *a, uint32_t lane);
const struct outage_step *outage_series_at(const struct outage_analysis *a, uint32_t lane,
                                           size_t index);

/* One outage as text lines, an estimator each, into text[0..room); returns as snprintf does. */
size_t outage_format(const struct outage_analysis *a, uint32_t lane, const struct outage *outage,
                     char *text, size_t room);

#endif
