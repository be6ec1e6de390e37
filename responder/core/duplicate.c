/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "responder/core/duplicate.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* "End of chain" in a bucket or an entry: slots are numbered from 1, so that zeroed memory is an
 * empty table and a large one costs memory only as it fills. */
#define SLOT_NONE 0u

struct duplicate_entry {
    struct duplicate_identity identity;
    uint64_t token;
    struct decision decision;
    uint32_t next; /* slot number of the next in the bucket's chain */
    uint32_t wall_s;
    bool answered;
    bool linked; /* in a chain: false where it was never used, or was taken back */
};
_Static_assert(sizeof(struct duplicate_entry) <= DUPLICATE_ENTRY_OCTETS, "as the header says");

enum p7_status duplicate_table_create(struct duplicate_table *table, uint32_t capacity)
{
    *table = (struct duplicate_table){.capacity = capacity};
    if (capacity > DUPLICATES_MAX)
        return P7_RANGE;
    if (capacity == 0)
        return P7_OK;
    uint32_t buckets = 1;
    while (buckets < capacity)
        buckets *= 2;
    table->bucket_mask = buckets - 1;
    table->entry = calloc(capacity, sizeof(*table->entry));
    table->bucket = calloc(buckets, sizeof(*table->bucket));
    if (table->entry == NULL || table->bucket == NULL) {
        duplicate_table_destroy(table);
        return P7_NO_MEMORY;
    }
    return P7_OK;
}

void duplicate_table_destroy(struct duplicate_table *table)
{
    free(table->entry);
    free(table->bucket);
    *table = (struct duplicate_table){0};
}

static uint32_t *bucket_of(const struct duplicate_table *table,
                           const struct duplicate_identity *identity)
{
    return &table->bucket[(uint32_t)identity->key[0] & table->bucket_mask];
}

static bool same_key(const struct duplicate_identity *a, const struct duplicate_identity *b)
{
    return a->key[0] == b->key[0] && a->key[1] == b->key[1];
}

/* The handle of what was inserted last into a slot. */
static uint64_t handle_of(const struct duplicate_table *table, uint32_t slot)
{
    const uint64_t newest = table->inserted - 1;
    const uint64_t behind =
        (newest % table->capacity + table->capacity - (slot - 1)) % table->capacity;
    return newest - behind;
}

struct duplicate_hit duplicate_find(const struct duplicate_table *table,
                                    const struct duplicate_identity *identity)
{
    struct duplicate_hit hit = {.state = DUPLICATE_UNKNOWN, .handle = DUPLICATE_HANDLE_NONE};
    if (table->capacity == 0)
        return hit;
    /* A chain ends after one or two entries; its bound is the number of entries there are. */
    for (uint32_t slot = *bucket_of(table, identity); slot != SLOT_NONE;) {
        const struct duplicate_entry *e = &table->entry[slot - 1];
        if (same_key(&e->identity, identity)) {
            hit.handle = handle_of(table, slot);
            hit.token = e->token;
            hit.decision = e->decision;
            if (e->identity.content != identity->content)
                hit.state = DUPLICATE_CONFLICT;
            else
                hit.state = e->answered ? DUPLICATE_ANSWERED : DUPLICATE_IN_FLIGHT;
            return hit;
        }
        slot = e->next;
    }
    return hit;
}

static void unlink_slot(struct duplicate_table *table, uint32_t slot)
{
    const struct duplicate_entry *e = &table->entry[slot - 1];
    uint32_t *link = bucket_of(table, &e->identity);
    while (*link != slot) {
        assert(*link != SLOT_NONE);
        link = &table->entry[*link - 1].next;
    }
    *link = e->next;
}

uint64_t duplicate_insert(struct duplicate_table *table, const struct duplicate_identity *identity,
                          uint64_t token, const struct decision *decision, uint32_t wall_s)
{
    if (table->capacity == 0)
        return DUPLICATE_HANDLE_NONE;
    const uint32_t slot = (uint32_t)(table->inserted % table->capacity) + 1;
    if (table->entry[slot - 1].linked) {
        unlink_slot(table, slot);
        table->evicted++;
        if (table->entry[slot - 1].wall_s > table->forgotten_s)
            table->forgotten_s = table->entry[slot - 1].wall_s;
    } else {
        table->count++;
    }
    uint32_t *bucket = bucket_of(table, identity);
    table->entry[slot - 1] = (struct duplicate_entry){
        .identity = *identity,
        .token = token,
        .decision = *decision,
        .next = *bucket,
        .wall_s = wall_s,
        .linked = true,
    };
    *bucket = slot;
    return table->inserted++;
}

void duplicate_mark_answered(struct duplicate_table *table, uint64_t handle)
{
    /* Handles count up: one that is `capacity` behind the next was evicted. */
    if (handle >= table->inserted || table->inserted - handle > table->capacity)
        return;
    table->entry[handle % table->capacity].answered = true;
}

/* Slot of the newest insertion, SLOT_NONE where it is not there. */
static uint32_t newest_slot(const struct duplicate_table *table)
{
    if (table->capacity == 0 || table->inserted == 0)
        return SLOT_NONE;
    const uint32_t slot = (uint32_t)((table->inserted - 1) % table->capacity) + 1;
    return table->entry[slot - 1].linked ? slot : SLOT_NONE;
}

void duplicate_remove_newest(struct duplicate_table *table)
{
    const uint32_t slot = newest_slot(table);
    if (slot == SLOT_NONE)
        return;
    unlink_slot(table, slot);
    table->entry[slot - 1].linked = false;
    table->inserted--;
    table->count--;
}

bool duplicate_newest(const struct duplicate_table *table, struct duplicate_identity *identity)
{
    const uint32_t slot = newest_slot(table);
    if (slot == SLOT_NONE)
        return false;
    *identity = table->entry[slot - 1].identity;
    return true;
}

uint32_t duplicate_table_count(const struct duplicate_table *table)
{
    return table->count;
}
