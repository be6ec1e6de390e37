/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * interval - the rows of the periodic report: fixed lengths of time (10 s by default), a row for
 * each kind of request and one in total.
 *
 * Which interval does a request belong to? To the one in which it was *completed*: its reply was
 * decoded, its timeout expired, or the run ended. So a row is final when its interval ends, its
 * throughput is what the system under test delivered, and it compares with what the application
 * reports about itself. (By due instant a row could change for as long as a request may take; the
 * outage analysis, which asks when trouble began, goes by due instant: outage.h.) `due` says how
 * many requests became due in the same interval, so a backlog shows in the row itself.
 *
 * Succ counts ok, Fail counts error, timeout and unanswered. Response times are those of Succ
 * alone: a refusal in 0.1 ms must not better the mean, and a timeout has no response time. A late
 * answer counts as `late` in the interval in which it arrives; its request was a Fail of the
 * interval of its timeout, and its time stays out of the statistics.
 * Retransmissions count when their request completes.
 *
 * Life cycle: interval_create -> events with times that do not run backwards; whenever now_ns >=
 * interval_end_ns(): interval_close() for the rows, which starts the next one -> interval_destroy.
 * Several threads each have a set of their own of the same length; the reader merges sets of the
 * same interval before it makes rows (interval_merge, interval_rows). Nothing is allocated after
 * creation.
 */
#ifndef SIMULATOR_CORE_INTERVAL_H
#define SIMULATOR_CORE_INTERVAL_H

#include <stddef.h>
#include <stdint.h>

#include "sigtran/base/status.h"
#include "simulator/core/histogram.h"
#include "simulator/core/request.h"
#include "simulator/core/statistics.h"

#define INTERVAL_LENGTH_NS INT64_C(10000000000)

/* Rows of an interval: one per enum request_kind, then the total. */
#define INTERVAL_ROW_TOTAL REQUEST_KIND_COUNT
#define INTERVAL_ROW_COUNT (REQUEST_KIND_COUNT + 1)

struct interval_figures {
    int64_t from_ns;
    int64_t to_ns; /* exclusive */
    uint64_t due;  /* became due in the interval */
    uint64_t n;    /* completed: succ + fail */
    uint64_t succ;
    uint64_t fail;
    uint64_t retransmissions;
    uint64_t duplicates;
    uint64_t late;
    double throughput; /* succ per second */
    double mean_ns;    /* this and the following: response times of succ; 0 when succ is 0 */
    double variance_ns2;
    double sd_ns;
    int64_t min_ns;
    int64_t max_ns;
    int64_t p50_ns;
    int64_t p90_ns;
    int64_t p99_ns;
    int64_t p99_9_ns;
};

struct interval_cell {
    uint64_t due;
    uint64_t succ;
    uint64_t fail;
    uint64_t retransmissions;
    uint64_t duplicates;
    uint64_t late;
    struct statistics_moments response;
    struct histogram histogram;
};

/* Fields are private. */
struct interval_set {
    int64_t from_ns;
    int64_t length_ns;
    struct interval_cell kinds[REQUEST_KIND_COUNT];
    struct histogram scratch; /* for the total */
};

/* The first interval is [from_ns, from_ns + length_ns). P7_RANGE for a length under 1; P7_NO_MEMORY
 * (1.6 MiB). */
enum p7_status interval_create(struct interval_set *set, int64_t from_ns,
                               int64_t length_ns) P7_MUST_CHECK;
void interval_destroy(struct interval_set *set);

int64_t interval_end_ns(const struct interval_set *set);

void interval_due(struct interval_set *set, enum request_kind kind);
/* A request is over, now. */
void interval_complete(struct interval_set *set, const struct request_record *record);
/* An answer came after its request had been completed as a timeout. */
void interval_late(struct interval_set *set, enum request_kind kind);
void interval_duplicate(struct interval_set *set, enum request_kind kind);

/* Adds the counts of another thread's set of the same interval: same from and length, asserted. */
void interval_merge(struct interval_set *into, const struct interval_set *from);

/* The rows of what is counted so far, for [from, min(end, now_ns)): throughput is per that time. */
void interval_rows(struct interval_set *set, int64_t now_ns,
                   struct interval_figures rows[INTERVAL_ROW_COUNT]);

/* The histogram behind a row, for latency.hlog: after interval_rows and before the next event,
 * interval_next or interval_close (which are too late for it). */
const struct histogram *interval_histogram(const struct interval_set *set, size_t row);

/* Starts the set anew at the next interval. */
void interval_next(struct interval_set *set);

/* Moves an empty set: its interval begins at `from_ns`. For sets that take turns. */
void interval_place(struct interval_set *set, int64_t from_ns);

/* interval_rows of the whole interval, then interval_next. */
void interval_close(struct interval_set *set, struct interval_figures rows[INTERVAL_ROW_COUNT]);

/* "oneshot" ... "event", "total". */
const char *interval_row_name(size_t row);

/*
 * The studies' table as text, into text[0..room): a header line and a line for each row:
 *     Kind | Succ | Fail | Retransmission Detected | Duplicate Answered | Thruput (/s) |
 *     Response time avg min max (ms)
 * A kind without traffic shows zeros and `-`. Returns the length without the closing NUL that the
 * whole takes, as snprintf does: `>= room` says that it was cut.
 */
size_t interval_format_table(const struct interval_figures rows[INTERVAL_ROW_COUNT], char *text,
                             size_t room);

/* One line alone, the eight figures as the application prints them: "1334 0 0 0 133 2 1 23", times
 * in ms with `decimals` decimals (0..6). */
size_t interval_format_row(const struct interval_figures *row, int decimals, char *text,
                           size_t room);

#endif
