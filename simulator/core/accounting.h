/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * accounting - every due request is accounted for exactly once: in total, by kind, flow and target.
 *
 *     due = ok + error + timeout + unanswered, plus those still open while the run lasts
 *
 * Life cycle: accounting_create -> accounting_due once per request, accounting_complete once per
 * request -> accounting_check at any time -> accounting_destroy. One owner per instance; those of
 * several threads are merged when read. Nothing is allocated after creation.
 *
 * A request belongs to the flow and target that it was due for, also when it is retransmitted to
 * another node: `record.target` names that one, else the identity would not hold per target.
 */
#ifndef SIMULATOR_CORE_ACCOUNTING_H
#define SIMULATOR_CORE_ACCOUNTING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sigtran/base/status.h"
#include "simulator/core/request.h"

/* More flows or targets than any configuration lists. */
#define ACCOUNTING_FLOWS_MAX   1024
#define ACCOUNTING_TARGETS_MAX 1024

struct accounting_counts {
    uint64_t due;
    uint64_t ok;
    uint64_t error;
    uint64_t timeout;
    uint64_t unanswered;
    uint64_t late;              /* answers that came after their request's timeout; in timeout */
    uint64_t retransmissions;   /* sends beyond the first */
    uint64_t duplicate_replies; /* replies to a request that was answered already */
    uint64_t no_credit;         /* releases for lack of credit; in ok */
    uint64_t blocked;           /* could not go out when due (REQUEST_FLAG_BLOCKED) */
};

struct accounting {
    struct accounting_counts total;
    struct accounting_counts kinds[REQUEST_KIND_COUNT];
    struct accounting_counts *flows;
    struct accounting_counts *targets;
    uint16_t flow_count;
    uint16_t target_count;
};

/* P7_RANGE when a count is 0 or above its limit; P7_NO_MEMORY. */
enum p7_status accounting_create(struct accounting *a, uint16_t flow_count,
                                 uint16_t target_count) P7_MUST_CHECK;
void accounting_destroy(struct accounting *a);

/* A request became due. */
void accounting_due(struct accounting *a, enum request_kind kind, uint16_t flow, uint16_t target);

/* A request is over; the record says how. With REQUEST_FLAG_LATE it is counted as late here. */
void accounting_complete(struct accounting *a, const struct request_record *record);

/* An answer came after its request had been completed as a timeout without REQUEST_FLAG_LATE. */
void accounting_late(struct accounting *a, enum request_kind kind, uint16_t flow, uint16_t target);

/* A second reply to an answered request. */
void accounting_duplicate_reply(struct accounting *a, enum request_kind kind, uint16_t flow,
                                uint16_t target);

/* Adds another thread's; both have the same numbers of flows and targets. */
void accounting_merge(struct accounting *into, const struct accounting *from);

/* Requests that are due and not over. */
uint64_t accounting_open(const struct accounting_counts *counts);

/* True when the identity holds in total with `open` requests open (0 after the run), no part has
 * more completed than due, and kinds, flows and targets each sum up to the total. Otherwise false
 * and a sentence about the first breach in text[0..room). */
bool accounting_check(const struct accounting *a, uint64_t open, char *text, size_t room);

#endif
