/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "simulator/core/ways.h"

#include <assert.h>
#include <stdbool.h>

void ways_init(struct ways *ways, enum ways_policy policy, uint32_t count)
{
    assert(count <= WAYS_MAX);
    *ways = (struct ways){.policy = policy, .count = count, .proved = WAYS_NONE};
}

static bool is_open(uint32_t open, uint32_t way)
{
    return ((open >> way) & 1u) != 0;
}

/* The first open one from `from` on, all around. */
static uint32_t open_from(const struct ways *ways, uint32_t open, uint32_t from)
{
    for (uint32_t i = 0; i < ways->count; i++) {
        const uint32_t way = (from + i) % ways->count;
        if (is_open(open, way))
            return way;
    }
    return WAYS_NONE;
}

uint32_t ways_first(struct ways *ways, uint32_t open)
{
    if (ways->policy == WAYS_ROUND_ROBIN) {
        const uint32_t way = open_from(ways, open, ways->next);
        if (way != WAYS_NONE)
            ways->next = (way + 1) % ways->count;
        return way;
    }
    if (ways->proved != WAYS_NONE && !is_open(open, ways->proved))
        ways->proved = WAYS_NONE; /* it has failed itself */
    return ways->proved != WAYS_NONE ? ways->proved : open_from(ways, open, 0);
}

uint32_t ways_second(const struct ways *ways, uint32_t open, uint32_t first)
{
    if (first >= ways->count)
        return WAYS_NONE;
    return open_from(ways, open & ~(1u << first), first);
}

uint32_t ways_other(const struct ways *ways, uint32_t open, uint32_t avoid)
{
    if (avoid >= ways->count)
        return open_from(ways, open, 0);
    const uint32_t other = ways_second(ways, open, avoid);
    return other == WAYS_NONE && is_open(open, avoid) ? avoid : other;
}

void ways_answered(struct ways *ways, uint32_t first, uint32_t way, uint32_t resent)
{
    if (ways->policy == WAYS_ACTIVE && resent > 0 && way < ways->count && way != first)
        ways->proved = way;
}
