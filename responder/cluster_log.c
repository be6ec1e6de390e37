/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "responder/cluster_log.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "responder/ledger/record.h"

/* Read from the files at once: a peer that catches up asks for what follows next. Two of them,
 * since it asks again for a little of what came before. */
#define BLOCK_OCTETS (512u * 1024u)
#define BLOCKS       2u

struct slot {
    uint64_t term;
    uint32_t checksum;
    uint32_t offset;
    uint32_t length;
};

/* Older records, as read last. */
struct block {
    uint64_t first;
    size_t length;
    uint64_t at_index; /* where the last look ended: the next one begins there */
    size_t at;
    uint8_t octets[BLOCK_OCTETS];
};

struct cluster_log_store {
    struct cluster_log_params params;
    uint8_t *octets;
    struct slot *slot;
    uint64_t first; /* in memory */
    uint64_t last;
    uint32_t write; /* offset of the next record */
    /* Of the record before `first`. */
    uint64_t base_term;
    uint32_t base_checksum;
    struct block block[BLOCKS];
    uint32_t block_newest;
};

void cluster_log_params_init(struct cluster_log_params *params)
{
    *params = (struct cluster_log_params){
        .octets = CLUSTER_LOG_OCTETS,
        .records = CLUSTER_LOG_RECORDS,
    };
}

enum p7_status cluster_log_create(const struct cluster_log_params *params,
                                  struct cluster_log_store **out)
{
    if (params->octets < CLUSTER_LOG_OCTETS_MIN || params->records < 2 ||
        (params->records & (params->records - 1)) != 0)
        return P7_RANGE;
    struct cluster_log_store *store = calloc(1, sizeof(*store));
    if (store == NULL)
        return P7_NO_MEMORY;
    store->params = *params;
    store->first = 1;
    store->octets = malloc(params->octets);
    store->slot = calloc(params->records, sizeof(*store->slot));
    if (store->octets == NULL || store->slot == NULL) {
        cluster_log_destroy(store);
        return P7_NO_MEMORY;
    }
    *out = store;
    return P7_OK;
}

void cluster_log_destroy(struct cluster_log_store *store)
{
    if (store == NULL)
        return;
    free(store->octets);
    free(store->slot);
    free(store);
}

static struct slot *slot_at(const struct cluster_log_store *store, uint64_t index)
{
    return &store->slot[index & (store->params.records - 1)];
}

static void evict_first(struct cluster_log_store *store)
{
    const struct slot *slot = slot_at(store, store->first);
    store->base_term = slot->term;
    store->base_checksum = slot->checksum;
    store->first++;
}

static bool is_empty(const struct cluster_log_store *store)
{
    return store->first > store->last;
}

/* Room for `length` octets at `write`. Records lie in the ring in the order of their indices, so
 * that what is in the way is always the oldest. */
static void make_room(struct cluster_log_store *store, uint32_t length)
{
    if (store->write + length > store->params.octets) {
        while (!is_empty(store) && slot_at(store, store->first)->offset >= store->write)
            evict_first(store);
        store->write = 0;
    }
    while (!is_empty(store)) {
        const struct slot *oldest = slot_at(store, store->first);
        const bool in_the_way = oldest->offset >= store->write
                                    ? oldest->offset - store->write < length
                                    : store->write - oldest->offset < oldest->length;
        if (!in_the_way && store->last - store->first + 1 < store->params.records)
            return;
        evict_first(store);
    }
}

void cluster_log_append(struct cluster_log_store *store, struct bytes records)
{
    size_t at = 0;
    while (at < records.length) {
        struct ledger_record_head head;
        const enum p7_status status =
            ledger_record_peek(bytes_of(records.data + at, records.length - at), &head);
        assert(status == P7_OK && head.index == store->last + 1 &&
               head.length <= records.length - at);
        (void)status;
        make_room(store, head.length);
        memcpy(store->octets + store->write, records.data + at, head.length);
        *slot_at(store, head.index) = (struct slot){
            .term = head.term,
            .checksum = head.checksum,
            .offset = store->write,
            .length = head.length,
        };
        store->write += head.length;
        store->last = head.index;
        at += head.length;
    }
}

void cluster_log_truncate(struct cluster_log_store *store, uint64_t last_kept)
{
    assert(last_kept + 1 >= store->first && last_kept <= store->last);
    store->last = last_kept;
    if (is_empty(store)) {
        store->write = 0;
    } else {
        const struct slot *slot = slot_at(store, last_kept);
        store->write = slot->offset + slot->length;
    }
    for (uint32_t i = 0; i < BLOCKS; i++)
        store->block[i].length = 0;
}

uint64_t cluster_log_last(const struct cluster_log_store *store)
{
    return store->last;
}

uint64_t cluster_log_first(const struct cluster_log_store *store)
{
    return store->first;
}

/* --- reading ---------------------------------------------------------------------------------- */

/* The whole records of the block from `index` on; empty where it does not have that one. */
static struct bytes block_from(struct block *block, uint64_t index)
{
    const struct bytes nothing = bytes_of(block->octets, 0);
    if (block->length == 0 || index < block->first)
        return nothing;
    if (index < block->at_index) {
        block->at_index = block->first;
        block->at = 0;
    }
    while (block->at < block->length) {
        const struct bytes rest = bytes_of(block->octets + block->at, block->length - block->at);
        struct ledger_record_head head;
        if (block->at_index == index)
            return rest;
        if (ledger_record_peek(rest, &head) != P7_OK || head.length > rest.length)
            return nothing;
        block->at += head.length;
        block->at_index++;
    }
    return nothing;
}

static struct bytes read_older(struct cluster_log_store *store, uint64_t index)
{
    for (uint32_t i = 0; i < BLOCKS; i++) {
        const struct bytes known = block_from(&store->block[i], index);
        if (known.length > 0)
            return known;
    }
    store->block_newest = (store->block_newest + 1) % BLOCKS;
    struct block *block = &store->block[store->block_newest];
    size_t got = 0;
    if (store->params.older == NULL ||
        store->params.older(store->params.context, index, block->octets, sizeof(block->octets),
                            &got) != P7_OK)
        got = 0;
    block->first = index;
    block->length = got;
    block->at_index = index;
    block->at = 0;
    return bytes_of(block->octets, got);
}

static uint64_t on_last(void *context)
{
    return cluster_log_last(context);
}

static enum p7_status on_head(void *context, uint64_t index, uint64_t *term, uint32_t *checksum)
{
    struct cluster_log_store *store = context;
    struct ledger_record_head head;
    if (index > store->last)
        return P7_NOT_FOUND;
    if (index >= store->first) {
        *term = slot_at(store, index)->term;
        *checksum = slot_at(store, index)->checksum;
        return P7_OK;
    }
    if (index + 1 == store->first) {
        *term = store->base_term;
        *checksum = store->base_checksum;
        return P7_OK;
    }
    if (index == 0) {
        *term = 0;
        *checksum = 0;
        return P7_OK;
    }
    if (ledger_record_peek(read_older(store, index), &head) != P7_OK || head.index != index)
        return P7_NOT_FOUND;
    *term = head.term;
    *checksum = head.checksum;
    return P7_OK;
}

/* Cuts to whole records of at most `octets`, but one. */
static struct bytes cut(struct bytes records, size_t octets, uint64_t last, uint32_t *count)
{
    size_t at = 0;
    struct ledger_record_head head;
    *count = 0;
    while (at < records.length &&
           ledger_record_peek(bytes_of(records.data + at, records.length - at), &head) == P7_OK &&
           head.length <= records.length - at && head.index <= last &&
           (*count == 0 || at + head.length <= octets)) {
        at += head.length;
        *count += 1;
    }
    return bytes_of(records.data, at);
}

static struct bytes on_read(void *context, uint64_t first, size_t octets, uint32_t *count)
{
    struct cluster_log_store *store = context;
    *count = 0;
    if (first == 0 || first > store->last)
        return bytes_of(store->octets, 0);
    if (first < store->first)
        return cut(read_older(store, first), octets, store->last, count);
    const uint32_t offset = slot_at(store, first)->offset;
    size_t length = 0;
    for (uint64_t i = first; i <= store->last; i++) {
        const struct slot *slot = slot_at(store, i);
        if (slot->offset != offset + length || (*count > 0 && length + slot->length > octets))
            break;
        length += slot->length;
        *count += 1;
    }
    return bytes_of(store->octets + offset, length);
}

struct cluster_log cluster_log_ops(struct cluster_log_store *store)
{
    return (struct cluster_log){
        .context = store, .last = on_last, .head = on_head, .read = on_read};
}
