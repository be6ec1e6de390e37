/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "responder/core/workload_plan.h"

/* Weight of a new latency in the smoothed one: an eighth, as TCP and SCTP smooth round trips. */
#define LATENCY_SHARE 8

enum p7_status workload_plan_check(const struct workload_plan_params *params)
{
    if (params->cpu_us > WORKLOAD_CPU_US_MAX || params->octets_written > WORKLOAD_OCTETS_MAX ||
        params->pages_dirtied > WORKLOAD_PAGES_MAX)
        return P7_RANGE;
    return P7_OK;
}

struct workload_pages workload_pages_of(uint64_t pages, uint32_t index, uint32_t workers)
{
    if (workers == 0 || pages < workers)
        return (struct workload_pages){.count = pages};
    const uint64_t share = pages / workers;
    const uint64_t rest = pages % workers;
    /* The first `rest` workers take a page more. */
    return (struct workload_pages){
        .first = index * share + (index < rest ? index : rest),
        .count = share + (index < rest ? 1 : 0),
    };
}

uint64_t workload_pages_next(struct workload_pages *pages)
{
    const uint64_t page = pages->first + pages->next;
    pages->next = pages->next + 1 == pages->count ? 0 : pages->next + 1;
    return page;
}

int64_t workload_throttle_pause_ns(struct workload_throttle *throttle, int64_t latency_ns)
{
    /* Nothing that a clock can say may overflow: a write of a minute pauses the longest anyway. */
    const int64_t bound = 60 * WORKLOAD_PAUSE_NS_MAX;
    if (latency_ns > bound)
        latency_ns = bound;
    if (throttle->latency_ns == 0)
        throttle->latency_ns = latency_ns;
    else
        throttle->latency_ns += (latency_ns - throttle->latency_ns) / LATENCY_SHARE;
    const int64_t pause = throttle->latency_ns * WORKLOAD_PAUSE_FACTOR;
    if (pause < WORKLOAD_PAUSE_NS_MIN)
        return WORKLOAD_PAUSE_NS_MIN;
    return pause > WORKLOAD_PAUSE_NS_MAX ? WORKLOAD_PAUSE_NS_MAX : pause;
}

bool workload_segments_write(struct workload_segments *segments, uint64_t octets)
{
    const bool anew = !segments->open || segments->octets + octets > WORKLOAD_SEGMENT_OCTETS;
    if (anew) {
        segments->file = segments->open ? (segments->file + 1) % WORKLOAD_SEGMENT_FILES : 0;
        segments->octets = 0;
        segments->open = true;
    }
    segments->octets += octets;
    return anew;
}
