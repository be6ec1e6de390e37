/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "tests/sim/cluster/world.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- what is said and found ----------------------------------------------------------------------
 */

void world_say(struct world *world, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    printf("%10.6f  ", (double)world->now_ns / 1e9);
    (void)vprintf(format, arguments);
    putchar('\n');
    va_end(arguments);
}

void world_fail(struct world *world, const char *invariant, const char *format, ...)
{
    va_list arguments;
    if (world->failure.is)
        return;
    world->failure.is = true;
    (void)snprintf(world->failure.invariant, sizeof(world->failure.invariant), "%s", invariant);
    va_start(arguments, format);
    (void)vsnprintf(world->failure.text, sizeof(world->failure.text), format, arguments);
    va_end(arguments);
    WORLD_SAY(world, "BROKEN %s: %s", world->failure.invariant, world->failure.text);
}

bool world_chance(struct world *world, double probability)
{
    return probability > 0 && random_unit(&world->random) < probability;
}

int64_t world_between(struct world *world, int64_t low, int64_t high)
{
    assert(low <= high);
    return low + (int64_t)random_below(&world->random, (uint64_t)(high - low) + 1);
}

/* --- events: a binary heap
 * -------------------------------------------------------------------------- */

static bool earlier(const struct event *a, const struct event *b)
{
    return a->at_ns != b->at_ns ? a->at_ns < b->at_ns : a->order < b->order;
}

void world_push(struct world *world, int64_t at_ns, enum event_kind kind, uint32_t who,
                uint64_t value, uint64_t more)
{
    if (world->events == WORLD_EVENTS_MAX) {
        world_fail(world, "bounded-events", "more than %u things are under way", WORLD_EVENTS_MAX);
        return;
    }
    const struct event event = {.at_ns = at_ns < world->now_ns ? world->now_ns : at_ns,
                                .order = world->order++,
                                .value = value,
                                .more = more,
                                .kind = (uint32_t)kind,
                                .who = who};
    uint32_t at = world->events++;
    while (at > 0 && earlier(&event, &world->heap[(at - 1) / 2])) {
        world->heap[at] = world->heap[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    world->heap[at] = event;
}

static struct event take_first(struct world *world)
{
    const struct event first = world->heap[0];
    const struct event moved = world->heap[--world->events];
    uint32_t at = 0;
    for (;;) {
        uint32_t child = 2 * at + 1;
        if (child >= world->events)
            break;
        if (child + 1 < world->events && earlier(&world->heap[child + 1], &world->heap[child]))
            child++;
        if (!earlier(&world->heap[child], &moved))
            break;
        world->heap[at] = world->heap[child];
        at = child;
    }
    world->heap[at] = moved;
    return first;
}

/* What reaches a frozen process waits until it goes on. */
static bool put_off(struct world *world, const struct event *event, const struct host *host)
{
    if (host->thaw_ns <= world->now_ns)
        return false;
    world_push(world, host->thaw_ns, (enum event_kind)event->kind, event->who, event->value,
               event->more);
    return true;
}

static void carry_out(struct world *world, const struct event *event)
{
    struct host *host = &world->host[event->who < 2 ? event->who : 0];
    switch ((enum event_kind)event->kind) {
    case EVENT_PACKET:
        if (event->who < 2 && host->running && host->thaw_ns > world->now_ns) {
            /* What a socket's buffer has no room for is lost. */
            if (host->unread++ < WORLD_UNREAD_MAX)
                (void)put_off(world, event, host);
            else
                pool_give(&world->network.packets, (uint32_t)event->value);
            break;
        }
        if (event->who < 2)
            host->unread = 0;
        network_arrive(world, (uint32_t)event->value);
        break;
    case EVENT_TURN:
        if (!host->running || event->at_ns != host->turn_ns)
            break;
        if (host->thaw_ns > world->now_ns) {
            host->turn_ns = host->thaw_ns;
            world_push(world, host->turn_ns, EVENT_TURN, event->who, 0, 0);
            break;
        }
        host_turn(host);
        break;
    case EVENT_SYNCED:
        store_synced(host, event->value);
        break;
    case EVENT_DURABLE:
        if (!host->running || host->life != event->value || put_off(world, event, host))
            break;
        host_on_durable(host, (uint32_t)(event->more >> 32), (uint32_t)event->more);
        break;
    case EVENT_START:
        host_start(host);
        break;
    case EVENT_KEEPER_SAVED:
        keeper_saved(world, event->value);
        break;
    case EVENT_KEEPER_START:
        keeper_start(world);
        break;
    case EVENT_REQUEST:
        client_send(world, (uint32_t)event->value);
        break;
    case EVENT_TROUBLE:
        trouble_begin(world, (uint32_t)event->value);
        break;
    case EVENT_MEND:
        trouble_end(world, (uint32_t)event->value);
        break;
    case EVENT_HEAL:
        trouble_heal(world);
        client_probe(world);
        world_push(world, world->now_ns + 300 * WORLD_MS, EVENT_LOOK, 0, 0, 0);
        break;
    case EVENT_LOOK:
        world->well = judge_look(world);
        if (!world->well)
            world_push(world, world->now_ns + 50 * WORLD_MS, EVENT_LOOK, 0, 0, 0);
        break;
    case EVENT_EXIT:
        if (host->running && host->life == event->value)
            host_stop(host);
        break;
    }
}

/* --- a run
 * -----------------------------------------------------------------------------------------------
 */

static void reset(struct world *world, uint64_t seed, bool trace)
{
    random_seed(&world->random, seed);
    world->seed = seed;
    world->trace = trace;
    world->now_ns = 0;
    world->healed = false;
    world->well = false;
    world->exchanged = false;
    world->events = 0;
    world->order = 0;
    world->steps = 0;
    world->asked_count = 0;
    world->call_count = 0;
    world->probes_at = 0;
    world->troubles = 0;
    world->switchover_ns = 0;
    world->failure.is = false;
    world->calm = world_chance(world, 0.04);
    world->etcd = world_chance(world, 0.4);
    world->balance = world_chance(world, 0.3) ? 60 : 1000000;
    world->pending_max = !world->calm && world_chance(world, 0.1) ? 4 : 256;
    world->give_up_ns =
        world_chance(world, 0.3) ? world_between(world, 500 * WORLD_MS, 3 * WORLD_S) : 10 * WORLD_S;
    world->wall_start_ns = INT64_C(1700000000) * WORLD_S;
    network_reset(world);
    keeper_reset(world);
    judge_reset(world);
    for (uint32_t node = 0; node < 2; node++) {
        struct host *host = &world->host[node];
        host->life = 0;
        host->thaw_ns = 0;
        host->identity = random_u64(&world->random) | 1;
        host->wall_offset_ns = world_between(world, -WORLD_S, WORLD_S);
        host->dead_for_good = false;
        host->store.ops = 0;
        host->store.running = 0;
        host->store.queued_octets = 0;
        host->store.slow_until_ns = 0;
        host->store.fails_next = false;
        copy_cut(&host->store.memory, 0);
        copy_cut(&host->store.disk, 0);
    }
}

bool world_run(struct world *world, uint64_t seed, bool trace)
{
    reset(world, seed, trace);
    for (uint32_t node = 0; node < 2; node++)
        world_push(world, world_between(world, 0, 300 * WORLD_MS), EVENT_START, node, 0, 0);
    world_push(world, world_between(world, 0, 200 * WORLD_MS), EVENT_KEEPER_START, 0, 0, 0);
    trouble_plan(world);
    client_plan(world);
    world_push(world, world->heal_ns, EVENT_HEAL, 0, 0, 0);
    while (!world->failure.is && !world->well && world->events > 0) {
        const struct event event = take_first(world);
        world->now_ns = event.at_ns;
        carry_out(world, &event);
        judge_step(world);
        if (++world->steps > WORLD_STEPS_MAX)
            world_fail(world, "bounded-steps", "more than %u steps", WORLD_STEPS_MAX);
    }
    if (!world->failure.is)
        judge_end(world);
    world->seen.seeds++;
    world->seen.steps += world->steps;
    world->seen.records += world->committed_last;
    for (uint32_t node = 0; node < 2; node++)
        if (world->host[node].running)
            host_stop(&world->host[node]);
    return !world->failure.is;
}

struct world *world_create(void)
{
    struct world *world = calloc(1, sizeof(*world));
    assert(world != NULL);
    world->heap = calloc(WORLD_EVENTS_MAX, sizeof(*world->heap));
    assert(world->heap != NULL);
    const enum p7_status status =
        pool_create(&world->network.packets, sizeof(struct packet), WORLD_PACKETS_MAX);
    assert(status == P7_OK);
    (void)status;
    for (uint32_t node = 0; node < 2; node++) {
        struct host *host = &world->host[node];
        host->world = world;
        host->node = (uint8_t)node;
        host->store.memory.octets = calloc(WORLD_RECORDS_MAX, LEDGER_RECORD_OCTETS_MAX);
        host->store.disk.octets = calloc(WORLD_RECORDS_MAX, LEDGER_RECORD_OCTETS_MAX);
        host->store.queued = calloc(WORLD_RECORDS_MAX, LEDGER_RECORD_OCTETS_MAX);
        assert(host->store.memory.octets != NULL && host->store.disk.octets != NULL &&
               host->store.queued != NULL);
    }
    return world;
}

void world_destroy(struct world *world)
{
    for (uint32_t node = 0; node < 2; node++) {
        free(world->host[node].store.memory.octets);
        free(world->host[node].store.disk.octets);
        free(world->host[node].store.queued);
    }
    pool_destroy(&world->network.packets);
    free(world->heap);
    free(world);
}
