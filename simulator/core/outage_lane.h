/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * outage_lane - what outage.c keeps for one lane; private to it and to outage_estimate.c.
 */
#ifndef SIMULATOR_CORE_OUTAGE_LANE_H
#define SIMULATOR_CORE_OUTAGE_LANE_H

#include "simulator/core/outage.h"

/* Unaffected but slower than b: they belong to D_area when an outage turns out to cover them. */
#define RECENT_MAX 256u

struct outage_recent {
    int64_t due_ns; /* REQUEST_TIME_NONE: empty, or counted already */
    int64_t excess_ns;
};

struct outage_lane {
    /* The rule. */
    int64_t gap_mean_ns;
    int64_t baseline_ns;
    int64_t noise_ns;
    int64_t rt_limit_ns; /* INT64_MAX while nothing is detected */
    int64_t gap_limit_ns;
    struct histogram steady;
    uint64_t refresh_at; /* count of steady at which the limits are taken anew */

    /* Requests seen. */
    uint64_t seen;
    int64_t due_first_ns;
    int64_t due_last_ns;
    int64_t rt_max_ns; /* -1: none */
    uint64_t rt_max_id;
    int64_t rt_max_due_ns;

    /* Silence. */
    int64_t silent_from_ns; /* latest reply or resume; REQUEST_TIME_NONE at first */
    int64_t gap_max_start_ns;
    int64_t gap_max_end_ns;
    int64_t ok_due_last_ns;   /* largest due instant of an ok reply, or REQUEST_TIME_NONE */
    int64_t lost_due_last_ns; /* the same of requests without any reply */

    /* Outages, in the order of their start, apart from each other. */
    struct outage list[OUTAGE_LIST_MAX];
    uint32_t count;
    uint64_t dropped;
    struct outage discard; /* one that found no room, as long as it may still grow */
    uint64_t open_count;   /* unanswered requests that may have been on their way */
    int64_t open_first_ns;
    int64_t open_last_ns;
    struct outage_recent recent[RECENT_MAX];
    uint32_t recent_next;

    /* Chart. */
    struct outage_step *series;
    uint32_t series_count;
    uint32_t series_capacity;
    int64_t series_step_ns;

    bool rate_set;     /* gap_mean_ns is the caller's */
    bool random;       /* arrivals are */
    bool probe;        /* datagrams: what is lost stays lost */
    bool baseline_set; /* baseline_ns is the caller's */
    bool discarding;   /* discard holds one */
    bool watching;     /* an outage still looks for its first success after */
};

#endif
