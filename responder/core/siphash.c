/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "responder/core/siphash.h"

struct state {
    uint64_t v0, v1, v2, v3;
};

static inline uint64_t rotate_left(uint64_t v, unsigned bits)
{
    return (v << bits) | (v >> (64 - bits));
}

static inline void rounds(struct state *s, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        s->v0 += s->v1;
        s->v1 = rotate_left(s->v1, 13) ^ s->v0;
        s->v0 = rotate_left(s->v0, 32);
        s->v2 += s->v3;
        s->v3 = rotate_left(s->v3, 16) ^ s->v2;
        s->v0 += s->v3;
        s->v3 = rotate_left(s->v3, 21) ^ s->v0;
        s->v2 += s->v1;
        s->v1 = rotate_left(s->v1, 17) ^ s->v2;
        s->v2 = rotate_left(s->v2, 32);
    }
}

/* Eight octets, least significant first: the compiler makes one load of it. */
static inline uint64_t load_u64le(const uint8_t *p)
{
    return __builtin_bswap64(bytes_load_u64be(p));
}

static inline struct state compress(const struct siphash_key *key, struct bytes input, bool wide)
{
    struct state s = {
        .v0 = 0x736f6d6570736575ull ^ key->word[0],
        .v1 = 0x646f72616e646f6dull ^ key->word[1],
        .v2 = 0x6c7967656e657261ull ^ key->word[0],
        .v3 = 0x7465646279746573ull ^ key->word[1],
    };
    if (wide)
        s.v1 ^= 0xee;
    const uint8_t *p = input.data;
    size_t left = input.length;
    for (; left >= 8; left -= 8, p += 8) {
        const uint64_t m = load_u64le(p);
        s.v3 ^= m;
        rounds(&s, 2);
        s.v0 ^= m;
    }
    uint64_t last = (uint64_t)input.length << 56;
    for (size_t i = 0; i < left; i++)
        last |= (uint64_t)p[i] << (8 * i);
    s.v3 ^= last;
    rounds(&s, 2);
    s.v0 ^= last;
    s.v2 ^= wide ? 0xeeu : 0xffu;
    rounds(&s, 4);
    return s;
}

uint64_t siphash_64(const struct siphash_key *key, struct bytes input)
{
    const struct state s = compress(key, input, false);
    return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}

void siphash_128(const struct siphash_key *key, struct bytes input, uint64_t result[2])
{
    struct state s = compress(key, input, true);
    result[0] = s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
    s.v1 ^= 0xdd;
    rounds(&s, 4);
    result[1] = s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}
