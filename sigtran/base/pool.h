/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * pool - a fixed number of equal slots, named by index; O(1) take and give, nothing allocated after
 * creation.
 *
 * Life cycle: pool_create -> take/give any number of times -> pool_destroy. The memory is touched
 * only as slots are first taken, so an unused reserve of a million slots costs address space alone.
 */
#ifndef SIGTRAN_BASE_POOL_H
#define SIGTRAN_BASE_POOL_H

#include <stddef.h>
#include <stdint.h>

#include "sigtran/base/status.h"

#define POOL_NONE UINT32_MAX

struct pool {
    uint8_t *slots;
    uint32_t *next_free; /* chain of given-back slots, valid where a slot is free */
    size_t slot_size;
    uint32_t capacity;
    uint32_t fresh;      /* slots from here on were never taken */
    uint32_t free_first; /* head of the chain, POOL_NONE when empty */
    uint32_t in_use;
};

/* P7_NO_MEMORY when the memory cannot be had; P7_RANGE when slot_size or capacity is 0. */
enum p7_status pool_create(struct pool *pool, size_t slot_size, uint32_t capacity) P7_MUST_CHECK;
void pool_destroy(struct pool *pool);

/* Index of a zeroed slot, or POOL_NONE when all are taken. */
uint32_t pool_take(struct pool *pool);

/* Gives a taken slot back. Giving one twice is our own mistake: it is asserted against. */
void pool_give(struct pool *pool, uint32_t index);

static inline void *pool_at(const struct pool *pool, uint32_t index)
{
    return pool->slots + (size_t)index * pool->slot_size;
}

#endif
