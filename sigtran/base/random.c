/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "sigtran/base/random.h"

#include <math.h>

static uint64_t rotate_left(uint64_t v, unsigned bits)
{
    return (v << bits) | (v >> (64 - bits));
}

static uint64_t splitmix_next(uint64_t *state)
{
    *state += 0x9e3779b97f4a7c15ULL;
    uint64_t z = *state;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
}

void random_seed(struct random_state *state, uint64_t seed)
{
    for (unsigned i = 0; i < 4; i++)
        state->word[i] = splitmix_next(&seed);
}

uint64_t random_u64(struct random_state *state)
{
    uint64_t *s = state->word;
    const uint64_t result = rotate_left(s[0] + s[3], 23) + s[0];
    const uint64_t t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate_left(s[3], 45);
    return result;
}

uint64_t random_below(struct random_state *state, uint64_t bound)
{
    /* Values under 2^64 mod bound would be hit once more often than the others. */
    const uint64_t skip = (0 - bound) % bound;
    uint64_t v;
    do {
        v = random_u64(state);
    } while (v < skip);
    return v % bound;
}

double random_unit(struct random_state *state)
{
    return (double)(random_u64(state) >> 11) * 0x1.0p-53;
}

double random_exponential(struct random_state *state, double mean)
{
    return -mean * log1p(-random_unit(state));
}
