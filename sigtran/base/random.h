/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * random - a small seeded generator (xoshiro256++ 1.0 by Blackman and Vigna, public domain
 * algorithm), so that a run's schedule and a simulated network's faults follow from their seed.
 *
 * Not for secrets. One state per user: there is no global generator.
 */
#ifndef SIGTRAN_BASE_RANDOM_H
#define SIGTRAN_BASE_RANDOM_H

#include <stdint.h>

struct random_state {
    uint64_t word[4];
};

/* Any seed is good, 0 too: it is spread by splitmix64. */
void random_seed(struct random_state *state, uint64_t seed);

uint64_t random_u64(struct random_state *state);

/* Uniform in [0, bound), bound >= 1, without modulo bias. */
uint64_t random_below(struct random_state *state, uint64_t bound);

/* Uniform in [0, 1). */
double random_unit(struct random_state *state);

/* Exponentially distributed with the given mean (> 0). */
double random_exponential(struct random_state *state, double mean);

#endif
