/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The questions that outage.h answers: limits, lists, estimates, text. */
#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>

#include "simulator/core/outage.h"
#include "simulator/core/outage_lane.h"

static const struct {
    const char *name;
    const char *definition;
    const char *exact;
} estimators[OUTAGE_ESTIMATOR_COUNT] = {
    [OUTAGE_D_MAX] = {"D_max", "max RT - b: the studies' downtime", "held packets: D-d .. D"},
    [OUTAGE_D_GAP] = {"D_gap", "longest time without any reply", "D .. D+d"},
    [OUTAGE_D_LOST] = {"D_lost", "n d for n lost or late probe requests",
                       "datagram probe: (n-1)d < D < (n+1)d, unbiased"},
    [OUTAGE_D_FS] = {"D_fs", "last success before to first success after", "probe: D .. D+2d"},
    [OUTAGE_D_AREA] = {"D_area", "sqrt(2 sum max(0, RT-b) / rate)",
                       "instant drain; divide by 1/sqrt(1-load) otherwise"},
};

const char *outage_estimator_name(enum outage_estimator estimator)
{
    assert((unsigned)estimator < OUTAGE_ESTIMATOR_COUNT);
    return estimators[estimator].name;
}

const char *outage_estimator_definition(enum outage_estimator estimator)
{
    assert((unsigned)estimator < OUTAGE_ESTIMATOR_COUNT);
    return estimators[estimator].definition;
}

const char *outage_estimator_exact(enum outage_estimator estimator)
{
    assert((unsigned)estimator < OUTAGE_ESTIMATOR_COUNT);
    return estimators[estimator].exact;
}

static const struct outage_lane *lane_of(const struct outage_analysis *a, uint32_t lane)
{
    assert(lane < a->lane_count);
    return &a->lanes[lane];
}

uint32_t outage_lane_count(const struct outage_analysis *a)
{
    return a->lane_count;
}

int64_t outage_baseline_ns(const struct outage_analysis *a, uint32_t lane)
{
    const struct outage_lane *l = lane_of(a, lane);
    if (l->baseline_set)
        return l->baseline_ns;
    const int64_t p50_ns = histogram_percentile(&l->steady, 50.0);
    return histogram_median_equivalent(&l->steady, p50_ns);
}

int64_t outage_resolution_ns(const struct outage_analysis *a, uint32_t lane)
{
    const struct outage_lane *l = lane_of(a, lane);
    if (l->rate_set || l->seen < 2)
        return l->gap_mean_ns;
    return (l->due_last_ns - l->due_first_ns) / (int64_t)(l->seen - 1);
}

int64_t outage_rt_limit_ns(const struct outage_analysis *a, uint32_t lane)
{
    return lane_of(a, lane)->rt_limit_ns;
}

int64_t outage_gap_limit_ns(const struct outage_analysis *a, uint32_t lane)
{
    return lane_of(a, lane)->gap_limit_ns;
}

size_t outage_count(const struct outage_analysis *a, uint32_t lane, uint64_t *dropped)
{
    const struct outage_lane *l = lane_of(a, lane);
    if (dropped != NULL)
        *dropped = l->dropped;
    return l->count;
}

const struct outage *outage_at(const struct outage_analysis *a, uint32_t lane, size_t index)
{
    const struct outage_lane *l = lane_of(a, lane);
    assert(index < l->count);
    return &l->list[index];
}

bool outage_rt_max(const struct outage_analysis *a, uint32_t lane, int64_t *rt_ns, uint64_t *id,
                   int64_t *due_ns)
{
    const struct outage_lane *l = lane_of(a, lane);
    *rt_ns = l->rt_max_ns;
    *id = l->rt_max_id;
    *due_ns = l->rt_max_due_ns;
    return l->rt_max_ns >= 0;
}

bool outage_gap_max(const struct outage_analysis *a, uint32_t lane, int64_t *start_ns,
                    int64_t *end_ns)
{
    const struct outage_lane *l = lane_of(a, lane);
    *start_ns = l->gap_max_start_ns;
    *end_ns = l->gap_max_end_ns;
    return l->gap_max_end_ns > l->gap_max_start_ns;
}

size_t outage_series_count(const struct outage_analysis *a, uint32_t lane)
{
    return lane_of(a, lane)->series_count;
}

int64_t outage_series_step_ns(const struct outage_analysis *a, uint32_t lane)
{
    return lane_of(a, lane)->series_step_ns;
}

const struct outage_step *outage_series_at(const struct outage_analysis *a, uint32_t lane,
                                           size_t index)
{
    const struct outage_lane *l = lane_of(a, lane);
    assert(index < l->series_count);
    return &l->series[index];
}

/* The truth lies from `below` under the value to `above` over it. */
static struct outage_estimate bounded(int64_t value_ns, int64_t below_ns, int64_t above_ns)
{
    if (value_ns < 0)
        value_ns = 0;
    return (struct outage_estimate){.known = true,
                                    .bounded = true,
                                    .value_ns = value_ns,
                                    .low_ns = value_ns > below_ns ? value_ns - below_ns : 0,
                                    .high_ns = value_ns + above_ns};
}

static struct outage_estimate estimate_run(const struct outage_lane *l, int64_t b, int64_t d,
                                           enum outage_estimator estimator)
{
    if (estimator == OUTAGE_D_MAX && l->rt_max_ns >= 0)
        return bounded(l->rt_max_ns - b, 0, d);
    if (estimator == OUTAGE_D_GAP && l->gap_max_end_ns > l->gap_max_start_ns)
        return bounded(l->gap_max_end_ns - l->gap_max_start_ns, d, 0);
    return (struct outage_estimate){.known = false};
}

static struct outage_estimate unbounded(int64_t value_ns)
{
    return (struct outage_estimate){.known = true, .value_ns = value_ns};
}

struct outage_estimate outage_estimate(const struct outage_analysis *a, uint32_t lane,
                                       const struct outage *outage, enum outage_estimator estimator)
{
    const int64_t b = outage_baseline_ns(a, lane);
    const int64_t d = outage_resolution_ns(a, lane);
    if (outage == NULL)
        return estimate_run(lane_of(a, lane), b, d, estimator);
    switch (estimator) {
    case OUTAGE_D_MAX:
        if (outage->rt_max_ns > 0 && outage->silent > 0)
            return (struct outage_estimate){.known = true, .value_ns = outage->rt_max_ns - b};
        if (outage->rt_max_ns > 0)
            return bounded(outage->rt_max_ns - b, 0, d);
        break;
    case OUTAGE_D_GAP:
        if (outage->gap_end_ns > outage->gap_start_ns)
            return bounded(outage->gap_end_ns - outage->gap_start_ns, d, 0);
        break;
    case OUTAGE_D_LOST:
        if (outage->affected > 0)
            return lane_of(a, lane)->probe ? bounded((int64_t)outage->affected * d, d, d)
                                           : unbounded((int64_t)outage->affected * d);
        break;
    case OUTAGE_D_FS:
        if (outage->last_before_due_ns != REQUEST_TIME_NONE &&
            outage->first_after_due_ns != REQUEST_TIME_NONE)
            return bounded(outage->first_after_due_ns - outage->last_before_due_ns, 2 * d, 0);
        break;
    case OUTAGE_D_AREA:
        if (outage->excess_ns > 0.0)
            return (struct outage_estimate){
                .known = true, .value_ns = llround(sqrt(2.0 * outage->excess_ns * (double)d))};
        break;
    case OUTAGE_ESTIMATOR_COUNT:
        break;
    }
    return (struct outage_estimate){.known = false};
}

/* Text that may not fit: counts what it would have taken. */
struct text {
    char *at;
    size_t room;
    size_t length;
};

__attribute__((format(printf, 2, 3))) static void put(struct text *t, const char *format, ...)
{
    const size_t used = t->length < t->room ? t->length : t->room;
    va_list arguments;
    va_start(arguments, format);
    const int n = vsnprintf(t->at + used, t->room - used, format, arguments);
    va_end(arguments);
    assert(n >= 0);
    t->length += (size_t)n;
}

static void put_estimate(struct text *t, enum outage_estimator estimator,
                         const struct outage_estimate *e)
{
    put(t, "  %-6s ", estimators[estimator].name);
    if (!e->known)
        put(t, "%10s    %-22s", "-", "");
    else if (e->bounded)
        put(t, "%10.3f ms %10.3f ..%10.3f", (double)e->value_ns / 1e6, (double)e->low_ns / 1e6,
            (double)e->high_ns / 1e6);
    else
        put(t, "%10.3f ms %-22s", (double)e->value_ns / 1e6, "");
    put(t, "  %s (%s)\n", estimators[estimator].definition, estimators[estimator].exact);
}

size_t outage_format(const struct outage_analysis *a, uint32_t lane, const struct outage *outage,
                     char *text, size_t room)
{
    struct text t = {.at = text, .room = room};
    put(&t, "outage %.3f s .. %.3f s, affected %" PRIu64 ", lost %" PRIu64,
        (double)outage->start_ns / 1e9, (double)outage->end_ns / 1e9, outage->affected,
        outage->lost);
    if (outage->rt_max_ns > 0)
        put(&t, ", max RT %.3f ms of request %" PRIu64 " due at %.3f s",
            (double)outage->rt_max_ns / 1e6, outage->rt_max_id,
            (double)outage->rt_max_due_ns / 1e9);
    put(&t, ", b %.3f ms, d %.3f ms%s\n", (double)outage_baseline_ns(a, lane) / 1e6,
        (double)outage_resolution_ns(a, lane) / 1e6,
        outage->gap_open ? ", not over when the run ended" : "");
    for (unsigned i = 0; i < OUTAGE_ESTIMATOR_COUNT; i++) {
        const struct outage_estimate e = outage_estimate(a, lane, outage, (enum outage_estimator)i);
        put_estimate(&t, (enum outage_estimator)i, &e);
    }
    return t.length;
}
