/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * workload_queue - a bounded queue of u64 for several writers and readers, without locks (Dmitry
 * Vyukov's bounded MPMC queue: each cell carries a sequence number that says whose turn it is).
 *
 * Life cycle: create -> put, take from any thread -> destroy when no thread uses it any more.
 * A writer that is stopped between taking a cell and filling it hides the cells behind its own from
 * readers until it goes on; nobody spins on it.
 */
#ifndef RESPONDER_WORKLOAD_QUEUE_H
#define RESPONDER_WORKLOAD_QUEUE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "sigtran/base/status.h"

#define WORKLOAD_QUEUE_CELLS_MAX 16777216u
#define WORKLOAD_CACHE_LINE      64

struct workload_cell {
    _Atomic uint64_t sequence;
    uint64_t value;
};

/* Writers, readers and what both only read each have a cache line. */
struct workload_queue {
    _Alignas(WORKLOAD_CACHE_LINE) _Atomic uint64_t put_at;
    uint8_t put_line[WORKLOAD_CACHE_LINE - sizeof(uint64_t)];
    _Atomic uint64_t take_at;
    uint8_t take_line[WORKLOAD_CACHE_LINE - sizeof(uint64_t)];
    struct workload_cell *cell;
    uint64_t mask;
    uint8_t shared_line[WORKLOAD_CACHE_LINE - sizeof(void *) - sizeof(uint64_t)];
};

/* Room for at least `cells`. P7_RANGE, P7_NO_MEMORY. */
static inline enum p7_status workload_queue_create(struct workload_queue *queue, uint32_t cells)
{
    uint64_t size = 2;
    if (cells == 0 || cells > WORKLOAD_QUEUE_CELLS_MAX)
        return P7_RANGE;
    while (size < cells)
        size *= 2;
    queue->cell = calloc(size, sizeof(*queue->cell));
    if (queue->cell == NULL)
        return P7_NO_MEMORY;
    queue->mask = size - 1;
    for (uint64_t i = 0; i < size; i++)
        atomic_init(&queue->cell[i].sequence, i);
    atomic_init(&queue->put_at, 0);
    atomic_init(&queue->take_at, 0);
    return P7_OK;
}

static inline void workload_queue_destroy(struct workload_queue *queue)
{
    free(queue->cell);
    queue->cell = NULL;
}

/* False: full. */
static inline bool workload_queue_put(struct workload_queue *queue, uint64_t value)
{
    uint64_t at = atomic_load_explicit(&queue->put_at, memory_order_relaxed);
    for (;;) {
        struct workload_cell *cell = &queue->cell[at & queue->mask];
        const uint64_t sequence = atomic_load_explicit(&cell->sequence, memory_order_acquire);
        if (sequence < at)
            return false;
        if (sequence > at) { /* another writer was quicker */
            at = atomic_load_explicit(&queue->put_at, memory_order_relaxed);
        } else if (atomic_compare_exchange_weak_explicit(
                       &queue->put_at, &at, at + 1, memory_order_relaxed, memory_order_relaxed)) {
            cell->value = value;
            atomic_store_explicit(&cell->sequence, at + 1, memory_order_release);
            return true;
        }
    }
}

/* False: empty. */
static inline bool workload_queue_take(struct workload_queue *queue, uint64_t *value)
{
    uint64_t at = atomic_load_explicit(&queue->take_at, memory_order_relaxed);
    for (;;) {
        struct workload_cell *cell = &queue->cell[at & queue->mask];
        const uint64_t sequence = atomic_load_explicit(&cell->sequence, memory_order_acquire);
        if (sequence < at + 1)
            return false;
        if (sequence > at + 1) { /* another reader was quicker */
            at = atomic_load_explicit(&queue->take_at, memory_order_relaxed);
        } else if (atomic_compare_exchange_weak_explicit(
                       &queue->take_at, &at, at + 1, memory_order_relaxed, memory_order_relaxed)) {
            *value = cell->value;
            atomic_store_explicit(&cell->sequence, at + queue->mask + 1, memory_order_release);
            return true;
        }
    }
}

#endif
