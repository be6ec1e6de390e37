/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * outage_streams - synthetic streams of requests with outages of known length, for the tests of
 * outage.c and outage_estimate.c.
 */
#ifndef TESTS_UNIT_SIMULATOR_OUTAGE_STREAMS_H
#define TESTS_UNIT_SIMULATOR_OUTAGE_STREAMS_H

#include <stdlib.h>

#include "simulator/core/outage.h"
#include "tests/unit/unit.h"

#define SECOND INT64_C(1000000000)
#define MS     INT64_C(1000000)

enum { RECORDS_MAX = 120000 };

/* A stream of requests through a server of known behaviour, in order of completion. */
struct stream {
    struct request_record *records;
    size_t count;
    int64_t gap_ns;      /* d */
    int64_t response_ns; /* b: of an idle server, `service_ns` of it in the server's queue */
    int64_t service_ns;
    int64_t free_ns; /* when the server has done all so far */
};

static inline struct stream stream_of(int64_t gap_ns, int64_t response_ns, int64_t service_ns)
{
    struct stream s = {.gap_ns = gap_ns, .response_ns = response_ns, .service_ns = service_ns};
    s.records = calloc(RECORDS_MAX, sizeof(*s.records));
    CU_ASSERT_PTR_NOT_NULL_FATAL(s.records);
    return s;
}

static inline struct request_record *push(struct stream *s, int64_t due_ns, int64_t reply_ns)
{
    CU_ASSERT_FATAL(s->count < RECORDS_MAX);
    struct request_record *r = &s->records[s->count];
    *r = (struct request_record){.id = s->count,
                                 .due_ns = due_ns,
                                 .sent_ns = due_ns,
                                 .reply_ns = reply_ns,
                                 .outcome =
                                     reply_ns == REQUEST_TIME_NONE ? OUTCOME_TIMEOUT : OUTCOME_OK,
                                 .attempts = 1};
    s->count++;
    return r;
}

/* Requests due in [from, to); the server stands still in [down, down + length). */
static inline void run_held(struct stream *s, int64_t from_ns, int64_t to_ns, int64_t down_ns,
                            int64_t length_ns)
{
    for (int64_t due_ns = from_ns; due_ns < to_ns; due_ns += s->gap_ns) {
        int64_t begin_ns = due_ns > s->free_ns ? due_ns : s->free_ns;
        if (begin_ns >= down_ns && begin_ns < down_ns + length_ns)
            begin_ns = down_ns + length_ns;
        s->free_ns = begin_ns + s->service_ns;
        (void)push(s, due_ns, begin_ns + s->response_ns);
    }
}

/* The same, but what is due in the outage is lost. */
static inline void run_lost(struct stream *s, int64_t from_ns, int64_t to_ns, int64_t down_ns,
                            int64_t length_ns)
{
    for (int64_t due_ns = from_ns; due_ns < to_ns; due_ns += s->gap_ns) {
        const bool lost = due_ns >= down_ns && due_ns < down_ns + length_ns;
        (void)push(s, due_ns, lost ? REQUEST_TIME_NONE : due_ns + s->response_ns);
    }
}

/* A timeout completes 2 s after being due. */
static inline int64_t completed_ns(const struct request_record *r)
{
    return r->reply_ns == REQUEST_TIME_NONE ? r->due_ns + 2 * SECOND : r->reply_ns;
}

static inline int by_completion(const void *a, const void *b)
{
    const struct request_record *x = a;
    const struct request_record *y = b;
    if (completed_ns(x) != completed_ns(y))
        return completed_ns(x) < completed_ns(y) ? -1 : 1;
    return (x->id > y->id) - (x->id < y->id);
}

static inline struct outage_analysis analysis_of(uint16_t targets)
{
    struct outage_analysis a;
    const struct outage_config config = {.target_count = targets, .series_capacity = 1024};
    CU_ASSERT_EQUAL_FATAL(outage_create(&a, &config), P7_OK);
    return a;
}

/* Everything through one target's lane; frees the stream. */
static inline struct outage_analysis analyse(struct stream *s, bool baseline)
{
    struct outage_analysis a = analysis_of(1);
    for (uint32_t lane = 0; lane < 2; lane++) {
        outage_set_rate(&a, lane, s->gap_ns, false);
        outage_set_probe(&a, lane);
        if (baseline)
            outage_set_baseline(&a, lane, s->response_ns);
    }
    qsort(s->records, s->count, sizeof(s->records[0]), by_completion);
    for (size_t i = 0; i < s->count; i++)
        outage_add(&a, &s->records[i]);
    int64_t end_ns = 0;
    for (size_t i = 0; i < s->count; i++)
        end_ns = s->records[i].due_ns > end_ns ? s->records[i].due_ns : end_ns;
    outage_finish(&a, end_ns + s->response_ns);
    free(s->records);
    s->records = NULL;
    return a;
}

static inline void check_bounds(const struct outage_analysis *a, const struct outage *o,
                                enum outage_estimator estimator, int64_t truth_ns, int64_t slack_ns)
{
    const struct outage_estimate e = outage_estimate(a, 1, o, estimator);
    CU_ASSERT_TRUE_FATAL(e.known);
    CU_ASSERT_TRUE_FATAL(e.bounded);
    CU_ASSERT_FATAL(e.low_ns <= e.value_ns && e.value_ns <= e.high_ns);
    CU_ASSERT_FATAL(e.low_ns - slack_ns <= truth_ns);
    CU_ASSERT_FATAL(e.high_ns + slack_ns >= truth_ns);
}

static const int64_t outage_lengths_ns[6] = {20 * MS,  60 * MS,  210 * MS,
                                             300 * MS, 700 * MS, 1500 * MS};

#endif
