/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * timer_heap - deadlines in a 4-ary heap with positions kept by the owner, so that a timer is
 * re-armed or cancelled in O(log n) without a search and without memory of its own per timer.
 *
 * A timer is a small integer `id` below the capacity (a slot number of a pool, usually). Time is in
 * nanoseconds of whatever clock the caller passes on: the heap has none of its own.
 */
#ifndef SIGTRAN_BASE_TIMER_HEAP_H
#define SIGTRAN_BASE_TIMER_HEAP_H

#include <stdbool.h>
#include <stdint.h>

#include "sigtran/base/status.h"

#define TIMER_HEAP_NONE UINT32_MAX
/* "No deadline": later than any that can be set. */
#define TIMER_NEVER_NS INT64_MAX

struct timer_heap_entry;

struct timer_heap {
    struct timer_heap_entry *entries;
    uint32_t *position; /* by id: index in entries plus 1, 0 when not armed */
    uint32_t capacity;
    uint32_t count;
};

enum p7_status timer_heap_create(struct timer_heap *heap, uint32_t capacity) P7_MUST_CHECK;
void timer_heap_destroy(struct timer_heap *heap);

/* Arms, or re-arms, the timer `id` for `deadline_ns`. */
void timer_heap_arm(struct timer_heap *heap, uint32_t id, int64_t deadline_ns);

/* Cancels; cancelling one that is not armed does nothing. */
void timer_heap_cancel(struct timer_heap *heap, uint32_t id);

bool timer_heap_is_armed(const struct timer_heap *heap, uint32_t id);

/* The earliest deadline, or TIMER_NEVER_NS. */
int64_t timer_heap_deadline_ns(const struct timer_heap *heap);

/* Takes out one timer that is due at `now_ns` and returns its id, earliest first, or
 * TIMER_HEAP_NONE when none is due. */
uint32_t timer_heap_pop_due(struct timer_heap *heap, int64_t now_ns);

#endif
