/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include <string.h>

#include "tests/sim/cluster/world.h"

/* --- copies of the ledger
 * -------------------------------------------------------------------------------- */

void copy_append(struct world *world, struct copy *copy, struct bytes records)
{
    while (records.length > 0) {
        struct ledger_record_head head;
        const uint64_t at = copy->last;
        if (ledger_record_peek(records, &head) != P7_OK || head.length > records.length) {
            world_fail(world, "whole-records", "behind record %llu", (unsigned long long)at);
            return;
        }
        if (at == WORLD_RECORDS_MAX) {
            world_fail(world, "bounded-ledger", "more than %u records", WORLD_RECORDS_MAX);
            return;
        }
        if (head.index != at + 1 || head.term < copy->term[at] ||
            !ledger_record_follows(bytes_of(records.data, head.length), copy->checksum[at])) {
            world_fail(world, "ledger-chain",
                       "record %llu of term %llu was put behind %llu of term %llu",
                       (unsigned long long)head.index, (unsigned long long)head.term,
                       (unsigned long long)at, (unsigned long long)copy->term[at]);
            return;
        }
        memcpy(copy->octets + copy->end[at], records.data, head.length);
        copy->end[at + 1] = copy->end[at] + head.length;
        copy->term[at + 1] = head.term;
        copy->checksum[at + 1] = head.checksum;
        copy->last = at + 1;
        records = bytes_of(records.data + head.length, records.length - head.length);
    }
}

void copy_cut(struct copy *copy, uint64_t last_kept)
{
    if (copy->last > last_kept)
        copy->last = last_kept;
    if (copy->last == 0) {
        copy->end[0] = 0;
        copy->term[0] = 0;
        copy->checksum[0] = 0;
    }
}

struct bytes copy_records(const struct copy *copy, uint64_t first, uint64_t last)
{
    return bytes_of(copy->octets + copy->end[first - 1], copy->end[last] - copy->end[first - 1]);
}

static void copy_assign(struct copy *to, const struct copy *from)
{
    memcpy(to->octets, from->octets, from->end[from->last]);
    memcpy(to->end, from->end, (from->last + 1) * sizeof(from->end[0]));
    memcpy(to->term, from->term, (from->last + 1) * sizeof(from->term[0]));
    memcpy(to->checksum, from->checksum, (from->last + 1) * sizeof(from->checksum[0]));
    to->last = from->last;
}

/* --- the disk
 * -----------------------------------------------------------------------------------------------
 */

/* Group commit: all appends that are there, up to a truncation, which is a work of its own. */
static void begin_sync(struct host *host)
{
    struct world *world = host->world;
    struct store *store = &host->store;
    if (store->running != 0 || store->ops == 0)
        return;
    store->running = 1;
    if (!store->op[0].truncates)
        while (store->running < store->ops && !store->op[store->running].truncates)
            store->running++;
    int64_t takes_ns = world_between(world, 100 * WORLD_US, 3 * WORLD_MS);
    if (world->now_ns < store->slow_until_ns)
        takes_ns = world_between(world, 20 * WORLD_MS, 300 * WORLD_MS);
    world_push(world, world->now_ns + takes_ns, EVENT_SYNCED, host->node, host->life, 0);
}

static struct store_op *queue_op(struct host *host)
{
    if (host->store.ops == WORLD_OPS_MAX) {
        world_fail(host->world, "bounded-journal", "more than %u things wait for the disk",
                   WORLD_OPS_MAX);
        return &host->store.op[WORLD_OPS_MAX - 1];
    }
    return &host->store.op[host->store.ops++];
}

void store_append(struct host *host, struct bytes records)
{
    struct store *store = &host->store;
    copy_append(host->world, &store->memory, records);
    if (store->queued_octets + records.length > WORLD_RECORDS_MAX * LEDGER_RECORD_OCTETS_MAX) {
        world_fail(host->world, "bounded-journal", "too much waits for the disk");
        return;
    }
    memcpy(store->queued + store->queued_octets, records.data, records.length);
    *queue_op(host) =
        (struct store_op){.offset = store->queued_octets, .length = (uint32_t)records.length};
    store->queued_octets += (uint32_t)records.length;
    begin_sync(host);
}

void store_truncate(struct host *host, uint64_t last_kept, uint32_t generation)
{
    copy_cut(&host->store.memory, last_kept);
    *queue_op(host) =
        (struct store_op){.last_kept = last_kept, .generation = generation, .truncates = true};
    begin_sync(host);
}

static void apply(struct host *host, const struct store_op *op)
{
    struct store *store = &host->store;
    if (op->truncates) {
        copy_cut(&store->disk, op->last_kept);
        store->generation = op->generation;
    } else {
        copy_append(host->world, &store->disk, bytes_of(store->queued + op->offset, op->length));
    }
}

static void drop_first(struct store *store, uint32_t count)
{
    memmove(store->op, store->op + count, (store->ops - count) * sizeof(store->op[0]));
    store->ops -= count;
    if (store->ops == 0) {
        store->queued_octets = 0;
        return;
    }
    uint32_t first = 0;
    for (uint32_t i = 0; i < store->ops; i++)
        if (!store->op[i].truncates) {
            first = store->op[i].offset;
            break;
        }
    if (first == 0)
        return;
    memmove(store->queued, store->queued + first, store->queued_octets - first);
    store->queued_octets -= first;
    for (uint32_t i = 0; i < store->ops; i++)
        if (!store->op[i].truncates)
            store->op[i].offset -= first;
}

void store_synced(struct host *host, uint64_t life)
{
    struct world *world = host->world;
    struct store *store = &host->store;
    if (!host->running || host->life != life || host->journal_failed)
        return;
    if (store->fails_next) {
        store->fails_next = false;
        host_journal_failed(host);
        return;
    }
    for (uint32_t i = 0; i < store->running; i++)
        apply(host, &store->op[i]);
    drop_first(store, store->running);
    store->running = 0;
    /* What the writer's thread tells reaches the other one a little later. */
    world_push(world, world->now_ns + world_between(world, 0, 100 * WORLD_US), EVENT_DURABLE,
               host->node, host->life, ((uint64_t)store->generation << 32) | store->disk.last);
    begin_sync(host);
}

/* So many records of the first op that is left reached the disk, in whatever way that ended. */
static void apply_part(struct host *host, const struct store_op *op)
{
    struct world *world = host->world;
    struct store *store = &host->store;
    if (op->truncates) {
        /* The newest segments go first: it leaves more, never less. */
        if (store->disk.last > op->last_kept)
            copy_cut(&store->disk, (uint64_t)world_between(world, (int64_t)op->last_kept,
                                                           (int64_t)store->disk.last));
        return;
    }
    struct bytes records = bytes_of(store->queued + op->offset, op->length);
    struct ledger_record_head head;
    while (records.length > 0 && world_chance(world, 0.5) &&
           ledger_record_peek(records, &head) == P7_OK) {
        copy_append(world, &store->disk, bytes_of(records.data, head.length));
        records = bytes_of(records.data + head.length, records.length - head.length);
    }
}

void store_crash(struct host *host)
{
    struct world *world = host->world;
    struct store *store = &host->store;
    if (store->ops > 0 && world_chance(world, 0.6)) {
        /* A process that dies leaves to the kernel what it wrote; a power cut leaves a part. */
        const uint32_t whole =
            (uint32_t)world_between(world, 0, world_chance(world, 0.5) ? store->ops : 1);
        for (uint32_t i = 0; i < whole; i++)
            apply(host, &store->op[i]);
        if (whole < store->ops && world_chance(world, 0.5))
            apply_part(host, &store->op[whole]);
        world->seen.torn_groups++;
    }
    store->ops = 0;
    store->running = 0;
    store->queued_octets = 0;
    store->fails_next = false;
    store->generation = 0;
    copy_assign(&store->memory, &store->disk);
}
