/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "sigtran/base/timer_heap.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct timer_heap_entry {
    int64_t deadline_ns;
    uint32_t id;
};

#define ARITY 4

enum p7_status timer_heap_create(struct timer_heap *heap, uint32_t capacity)
{
    memset(heap, 0, sizeof(*heap));
    if (capacity == 0)
        return P7_RANGE;
    heap->entries = calloc(capacity, sizeof(*heap->entries));
    heap->position = calloc(capacity, sizeof(*heap->position));
    if (heap->entries == NULL || heap->position == NULL) {
        timer_heap_destroy(heap);
        return P7_NO_MEMORY;
    }
    heap->capacity = capacity;
    return P7_OK;
}

void timer_heap_destroy(struct timer_heap *heap)
{
    free(heap->entries);
    free(heap->position);
    memset(heap, 0, sizeof(*heap));
}

static void place(struct timer_heap *heap, uint32_t index, struct timer_heap_entry entry)
{
    heap->entries[index] = entry;
    heap->position[entry.id] = index + 1;
}

static uint32_t sift_up(struct timer_heap *heap, uint32_t index, struct timer_heap_entry entry)
{
    while (index > 0) {
        const uint32_t parent = (index - 1) / ARITY;
        if (heap->entries[parent].deadline_ns <= entry.deadline_ns)
            break;
        place(heap, index, heap->entries[parent]);
        index = parent;
    }
    place(heap, index, entry);
    return index;
}

static void sift_down(struct timer_heap *heap, uint32_t index, struct timer_heap_entry entry)
{
    for (;;) {
        const uint32_t first = index * ARITY + 1;
        if (first >= heap->count)
            break;
        uint32_t least = first;
        for (uint32_t c = first + 1; c < first + ARITY && c < heap->count; c++)
            if (heap->entries[c].deadline_ns < heap->entries[least].deadline_ns)
                least = c;
        if (heap->entries[least].deadline_ns >= entry.deadline_ns)
            break;
        place(heap, index, heap->entries[least]);
        index = least;
    }
    place(heap, index, entry);
}

void timer_heap_arm(struct timer_heap *heap, uint32_t id, int64_t deadline_ns)
{
    assert(id < heap->capacity);
    const struct timer_heap_entry entry = {.deadline_ns = deadline_ns, .id = id};
    if (heap->position[id] == 0) {
        sift_up(heap, heap->count++, entry);
        return;
    }
    const uint32_t index = heap->position[id] - 1;
    if (sift_up(heap, index, entry) == index)
        sift_down(heap, index, entry);
}

void timer_heap_cancel(struct timer_heap *heap, uint32_t id)
{
    assert(id < heap->capacity);
    if (heap->position[id] == 0)
        return;
    const uint32_t index = heap->position[id] - 1;
    heap->position[id] = 0;
    const struct timer_heap_entry last = heap->entries[--heap->count];
    if (index == heap->count)
        return;
    if (sift_up(heap, index, last) == index)
        sift_down(heap, index, last);
}

bool timer_heap_is_armed(const struct timer_heap *heap, uint32_t id)
{
    assert(id < heap->capacity);
    return heap->position[id] != 0;
}

int64_t timer_heap_deadline_ns(const struct timer_heap *heap)
{
    return heap->count == 0 ? TIMER_NEVER_NS : heap->entries[0].deadline_ns;
}

uint32_t timer_heap_pop_due(struct timer_heap *heap, int64_t now_ns)
{
    if (heap->count == 0 || heap->entries[0].deadline_ns > now_ns)
        return TIMER_HEAP_NONE;
    const uint32_t id = heap->entries[0].id;
    timer_heap_cancel(heap, id);
    return id;
}
