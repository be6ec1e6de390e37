/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * statistics - what the application says about itself every interval: the studies' table, a row per
 * request kind.
 *
 * Counting: Succ + Fail are the requests that were handled; Thruput is their number per second. A
 * request that comes again is in Retransmission Detected, and where its reply was sent again in
 * Duplicate Answered; it is neither a Succ nor a Fail of its own.
 *
 * Use: at the end of an interval statistics_format or statistics_csv, then statistics_merge into
 * the totals of the run and statistics_reset.
 *
 * Response time of the application = from receiving a request to handing its reply over.
 */
#ifndef RESPONDER_CORE_STATISTICS_H
#define RESPONDER_CORE_STATISTICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "responder/core/decision.h"

/* Holds the table and the longest CSV block. */
#define STATISTICS_TEXT_OCTETS 4096u

struct statistics_row {
    uint64_t succ; /* of which no_credit were releases for lack of credit */
    uint64_t fail;
    uint64_t no_credit;
    uint64_t retransmissions; /* detected */
    uint64_t duplicates;      /* of these, answered again from the duplicate table */
    uint64_t response_count;
    uint64_t response_ns_sum;
    uint64_t response_ns_min;
    uint64_t response_ns_max;
};

struct statistics {
    struct statistics_row row[SERVICE_KIND_COUNT];
};

void statistics_reset(struct statistics *statistics);

/* A reply was handed over. SERVICE_NO_REQUEST is not counted. */
void statistics_reply(struct statistics *statistics, enum service_kind kind,
                      enum service_result result, uint64_t response_ns);

/* A request of this kind gets no reply at all: a failure without a response time. */
void statistics_unanswered(struct statistics *statistics, enum service_kind kind);

/* A request came again; its reply was sent again. */
void statistics_retransmission(struct statistics *statistics, enum service_kind kind);
void statistics_duplicate(struct statistics *statistics, enum service_kind kind);

void statistics_merge(struct statistics *into, const struct statistics *from);

/*
 * The table as text, NUL-terminated, cut to `room`. Times are whole milliseconds; below one, two
 * decimals. A kind without traffic shows zeros and `-`. Returns the length without the NUL.
 */
size_t statistics_format(const struct statistics *statistics, uint64_t interval_ns, char *text,
                         size_t room);

/* The head line of the CSV form, with its newline. */
const char *statistics_csv_head(void);

/*
 * A CSV line per kind: at_ms (of the interval's end), kind, succ, fail, no_credit, retransmissions,
 * duplicates, per_s, avg_us, min_us, max_us; the times empty where nothing was answered.
 */
size_t statistics_csv(const struct statistics *statistics, uint64_t interval_ns, uint64_t at_ms,
                      char *text, size_t room);

#endif
