/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * reconcile - holds the requests of runs against the records of a ledger. No file, no clock:
 * identities and amounts go in, figures come out.
 *
 * Life cycle: reconcile_create -> add_request for all runs -> per ledger: add_record for all its
 * records, reconcile_compare -> reconcile_destroy. One thread.
 *
 * Every request that was answered `ok` must have exactly one CHARGE record with its identity, and
 * no identity may stand in a ledger twice. The units of the ledger are then divided up:
 *
 *     sum_ledger = sum_ok        of requests answered ok
 *                + sum_unseen    charged, but the run saw no ok reply (it timed out, or is late)
 *                + sum_other     of requests that are not in these runs
 *                + sum_settled   calls that ended without a request
 *                + sum_twice     what a second record of an identity charged: an error
 *
 * Memory: 24 octets a request and 32 a record, and as much again as the longer of the two lists
 * while it is sorted: 10 million of each need less than 1 GB.
 */
#ifndef RESPONDER_TOOL_RECONCILE_H
#define RESPONDER_TOOL_RECONCILE_H

#include <stdbool.h>
#include <stdint.h>

#include "sigtran/base/status.h"

/* How many of the wrong ones are named. */
#define RECONCILE_EXAMPLES_MAX 5u

struct reconcile_example {
    uint64_t key[2];
    uint64_t index;  /* of the ledger: TWICE, the later record; MISSING: 0 */
    uint64_t number; /* of the request in the order of add_request, from 0; TWICE: unused */
};

struct reconcile_result {
    uint64_t requests;    /* added, all outcomes */
    uint64_t requests_ok; /* of these, answered ok */
    uint64_t repeated;    /* requests whose identity an earlier one has: counted once below */
    uint64_t records;     /* CHARGE */
    uint64_t settlements; /* SETTLEMENT */
    uint64_t matched;     /* requests answered ok that have their record */
    uint64_t missing;     /* requests answered ok without a record */
    uint64_t twice;       /* records beyond the first of their identity */
    uint64_t unseen;      /* records whose request got no ok reply */
    uint64_t other;       /* records whose request is not in the runs */
    uint64_t sum_ledger;  /* units, all records */
    uint64_t sum_ok;      /* see above */
    uint64_t sum_unseen;
    uint64_t sum_other;
    uint64_t sum_settled;
    uint64_t sum_twice;
    bool sums_agree; /* the equation above holds, and no sum outgrew 64 bits */
    uint32_t missing_examples;
    uint32_t twice_examples;
    struct reconcile_example missing_example[RECONCILE_EXAMPLES_MAX];
    struct reconcile_example twice_example[RECONCILE_EXAMPLES_MAX];
};

struct reconcile;

/* P7_NO_MEMORY. */
enum p7_status reconcile_create(struct reconcile **out) P7_MUST_CHECK;
void reconcile_destroy(struct reconcile *reconcile);

#define RECONCILE_OK    (1u << 0) /* it was answered ok */
#define RECONCILE_AGAIN (1u << 1) /* a further word on a request that was added before */

/* A request of a run: `key` is its duplicate_identity.key. P7_NO_MEMORY. */
enum p7_status reconcile_add_request(struct reconcile *reconcile, const uint64_t key[2],
                                     unsigned flags) P7_MUST_CHECK;

/* A CHARGE record of the ledger at hand. P7_NO_MEMORY. */
enum p7_status reconcile_add_charge(struct reconcile *reconcile, uint64_t index,
                                    const uint64_t key[2], uint64_t amount) P7_MUST_CHECK;
/* A SETTLEMENT record. */
void reconcile_add_settlement(struct reconcile *reconcile, uint64_t amount);

/* Compares, and forgets the ledger's records: the next ledger may be added. */
void reconcile_compare(struct reconcile *reconcile, struct reconcile_result *result);

/* Whether the ledger keeps what the replies promised. */
bool reconcile_passed(const struct reconcile_result *result);

#endif
