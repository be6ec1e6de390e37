/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "responder/core/calls.h"

#include <assert.h>
#include <stdlib.h>

/* Slots are numbered from 1 in buckets and chains, so that zeroed memory is an empty table. */
#define SLOT_NONE 0u

struct calls_entry {
    struct service_dialogue call; /* first: a pointer to it is one to the entry */
    uint32_t next;                /* slot of the next in the bucket's chain */
};

enum p7_status calls_create(struct calls *calls, uint32_t capacity)
{
    *calls = (struct calls){0};
    const enum p7_status status =
        pool_create(&calls->entries, sizeof(struct calls_entry), capacity);
    if (status != P7_OK)
        return status;
    uint32_t buckets = 1;
    while (buckets < capacity && buckets < 1u << 31)
        buckets *= 2;
    calls->bucket_mask = buckets - 1;
    calls->bucket = calloc(buckets, sizeof(*calls->bucket));
    if (calls->bucket == NULL) {
        calls_destroy(calls);
        return P7_NO_MEMORY;
    }
    return P7_OK;
}

void calls_destroy(struct calls *calls)
{
    pool_destroy(&calls->entries);
    free(calls->bucket);
    *calls = (struct calls){0};
}

static struct calls_entry *entry_at(const struct calls *calls, uint32_t slot)
{
    assert(slot != SLOT_NONE);
    return pool_at(&calls->entries, slot - 1);
}

/* The reference is a hash already. */
static uint32_t *bucket_of(const struct calls *calls, const uint64_t reference[2])
{
    return &calls->bucket[(uint32_t)reference[0] & calls->bucket_mask];
}

/* The link that leads to the call, or the one at its chain's end. A chain's bound is the number of
 * calls there are; it has one or two. */
static uint32_t *link_of(const struct calls *calls, const uint64_t reference[2])
{
    uint32_t *link = bucket_of(calls, reference);
    while (*link != SLOT_NONE) {
        struct calls_entry *e = entry_at(calls, *link);
        if (e->call.reference[0] == reference[0] && e->call.reference[1] == reference[1])
            break;
        link = &e->next;
    }
    return link;
}

struct service_dialogue *calls_find(const struct calls *calls, const uint64_t reference[2])
{
    const uint32_t slot = *link_of(calls, reference);
    return slot == SLOT_NONE ? NULL : &entry_at(calls, slot)->call;
}

struct service_dialogue *calls_put(struct calls *calls, const struct service_dialogue *call)
{
    uint32_t *link = link_of(calls, call->reference);
    if (*link == SLOT_NONE) {
        const uint32_t index = pool_take(&calls->entries);
        if (index == POOL_NONE)
            return NULL;
        *link = index + 1;
    }
    struct calls_entry *e = entry_at(calls, *link);
    e->call = *call;
    return &e->call;
}

void calls_remove(struct calls *calls, const uint64_t reference[2])
{
    uint32_t *link = link_of(calls, reference);
    const uint32_t slot = *link;
    if (slot == SLOT_NONE)
        return;
    *link = entry_at(calls, slot)->next;
    pool_give(&calls->entries, slot - 1);
}

uint32_t calls_count(const struct calls *calls)
{
    return calls->entries.in_use;
}
