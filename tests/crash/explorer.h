/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * explorer - visits the states that a loss of power, a failed call or a failed allocation can leave
 * the ledger in, and counts what came of each.
 */
#ifndef TESTS_CRASH_EXPLORER_H
#define TESTS_CRASH_EXPLORER_H

#include <stdbool.h>
#include <stdint.h>

struct explorer {
    uint64_t states;            /* distinct contents of the disk that were recovered from */
    uint64_t visited;           /* the same without looking whether they are distinct */
    uint64_t recovered;         /* everything acknowledged was there */
    uint64_t refused;           /* only with a flipped bit */
    uint64_t flips;             /* states with one */
    uint64_t indistinguishable; /* flips that looked like a torn write */
    uint64_t failed_calls;
    uint64_t failed_allocations;
    uint64_t violations;
    uint64_t *seen; /* hashes of states: a table with open addressing */
    uint64_t seen_mask;
    bool verbose;
};

/* One state, for a replay: run, call of the disk, variant. */
struct explorer_point {
    uint64_t seed;
    uint64_t call;
    unsigned variant;
};

void explorer_create(struct explorer *explorer, uint64_t states);
void explorer_destroy(struct explorer *explorer);
/* Notes a broken promise and prints how to see it again. */
void explorer_violation(struct explorer *explorer, const char *where, const char *what);

/* Cuts the power at every call of a run; `only` (may be NULL) visits that one. */
void explorer_run_cuts(struct explorer *explorer, uint64_t seed, uint64_t states_max,
                       const struct explorer_point *only);
/* Fails each call of a run in turn. */
void explorer_run_failed_calls(struct explorer *explorer, uint64_t seed);
/* Fails each allocation of opening, appending and reading in turn. */
void explorer_run_failed_allocations(struct explorer *explorer, uint64_t seed);

#endif
