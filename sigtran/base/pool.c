/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "sigtran/base/pool.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* Marks a slot that is in use, so that a double give is caught. */
#define POOL_TAKEN (UINT32_MAX - 1)

enum p7_status pool_create(struct pool *pool, size_t slot_size, uint32_t capacity)
{
    memset(pool, 0, sizeof(*pool));
    if (slot_size == 0 || capacity == 0 || capacity >= POOL_TAKEN)
        return P7_RANGE;
    /* calloc of a large block maps zero pages: they cost memory only when touched. */
    pool->slots = calloc(capacity, slot_size);
    pool->next_free = calloc(capacity, sizeof(*pool->next_free));
    if (pool->slots == NULL || pool->next_free == NULL) {
        pool_destroy(pool);
        return P7_NO_MEMORY;
    }
    pool->slot_size = slot_size;
    pool->capacity = capacity;
    pool->free_first = POOL_NONE;
    return P7_OK;
}

void pool_destroy(struct pool *pool)
{
    free(pool->slots);
    free(pool->next_free);
    memset(pool, 0, sizeof(*pool));
}

uint32_t pool_take(struct pool *pool)
{
    uint32_t index = pool->free_first;
    if (index != POOL_NONE) {
        pool->free_first = pool->next_free[index];
        memset(pool_at(pool, index), 0, pool->slot_size);
    } else if (pool->fresh < pool->capacity) {
        index = pool->fresh++;
    } else {
        return POOL_NONE;
    }
    pool->next_free[index] = POOL_TAKEN;
    pool->in_use++;
    return index;
}

void pool_give(struct pool *pool, uint32_t index)
{
    assert(index < pool->fresh);
    assert(pool->next_free[index] == POOL_TAKEN);
    pool->next_free[index] = pool->free_first;
    pool->free_first = index;
    pool->in_use--;
}
