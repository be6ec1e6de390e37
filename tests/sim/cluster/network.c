/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include <assert.h>
#include <string.h>

#include "tests/sim/cluster/world.h"

void network_calm(struct world *world)
{
    struct network *network = &world->network;
    network->loss = 0;
    network->doubled = 0;
    network->late = 0;
    network->late_register = 0;
}

void network_reset(struct world *world)
{
    struct network *network = &world->network;
    network->packets.fresh = 0;
    network->packets.free_first = POOL_NONE;
    network->packets.in_use = 0;
    memset(network->cut, 0, sizeof(network->cut));
    network->loss = world_chance(world, 0.5) ? 0 : 0.1 * random_unit(&world->random);
    network->doubled = world_chance(world, 0.5) ? 0 : 0.1 * random_unit(&world->random);
    network->late = world_chance(world, 0.4) ? 0 : 0.05 * random_unit(&world->random);
    if (network->late > 0 && world_chance(world, 0.3))
        network->late = 0.3 * random_unit(&world->random);
    network->late_register = world_chance(world, 0.4) ? 0 : 0.4 * random_unit(&world->random);
    network->late_ns = world_between(world, 50 * WORLD_MS, 3 * WORLD_S);
    network->delay_min_ns = world_between(world, 20 * WORLD_US, 500 * WORLD_US);
    network->delay_max_ns =
        network->delay_min_ns +
        world_between(world, 10 * WORLD_US,
                      !world->calm && world_chance(world, 0.3) ? 20 * WORLD_MS : WORLD_MS);
    if (world->calm)
        network_calm(world);
}

static uint32_t life_of(const struct world *world, uint8_t party)
{
    if (party < 2)
        return world->host[party].life;
    return party == PARTY_WITNESS ? world->keeper.life : 0;
}

uint32_t network_packet(struct world *world, enum world_party from, enum world_party to)
{
    const uint32_t slot = pool_take(&world->network.packets);
    if (slot == POOL_NONE) {
        world_fail(world, "bounded-packets", "more than %u packets are under way",
                   WORLD_PACKETS_MAX);
        return POOL_NONE;
    }
    struct packet *packet = pool_at(&world->network.packets, slot);
    packet->from = (uint8_t)from;
    packet->to = (uint8_t)to;
    packet->from_life = life_of(world, packet->from);
    packet->to_life = life_of(world, packet->to);
    packet->length = 0;
    return slot;
}

static void schedule(struct world *world, uint32_t slot)
{
    const struct network *network = &world->network;
    const struct packet *packet = pool_at(&network->packets, slot);
    const bool of_register = packet->from == PARTY_WITNESS || packet->to == PARTY_WITNESS;
    int64_t delay_ns = world_between(world, network->delay_min_ns, network->delay_max_ns);
    if (world_chance(world, of_register ? network->late_register : network->late)) {
        delay_ns += world_between(world, 0, network->late_ns);
        if (packet->to == PARTY_WITNESS)
            world->seen.late_swaps++;
    }
    world_push(world, world->now_ns + delay_ns, EVENT_PACKET, packet->to, slot, 0);
}

void network_send(struct world *world, uint32_t slot, uint32_t length)
{
    struct network *network = &world->network;
    if (slot == POOL_NONE)
        return;
    struct packet *packet = pool_at(&network->packets, slot);
    assert(length <= PACKET_OCTETS_MAX);
    packet->length = length;
    if (network->cut[packet->from][packet->to] || world_chance(world, network->loss)) {
        pool_give(&network->packets, slot);
        return;
    }
    schedule(world, slot);
    if (world_chance(world, network->doubled)) {
        const uint32_t twin = pool_take(&network->packets);
        if (twin == POOL_NONE)
            return;
        packet = pool_at(&network->packets, slot);
        struct packet *second = pool_at(&network->packets, twin);
        memcpy(second, packet, offsetof(struct packet, octets) + packet->length);
        schedule(world, twin);
    }
}

/* As sessions do: what names another life of the receiver is not taken, nor what an earlier life
 * of the sender said once a later one was heard. */
static bool is_of_these_lives(struct world *world, const struct packet *packet)
{
    struct keeper *keeper = &world->keeper;
    if (packet->to < 2 && packet->to_life != world->host[packet->to].life)
        return false;
    if (packet->to < 2 && packet->from < 2) {
        struct host *host = &world->host[packet->to];
        if (packet->from_life < host->heard_life)
            return false;
        host->heard_life = packet->from_life;
    }
    if (packet->to == PARTY_WITNESS && !world->etcd) {
        if (packet->to_life != keeper->life || packet->from_life < keeper->heard_life[packet->from])
            return false;
        keeper->heard_life[packet->from] = packet->from_life;
    }
    return true;
}

void network_arrive(struct world *world, uint32_t slot)
{
    struct packet *packet = pool_at(&world->network.packets, slot);
    const bool of_register = packet->from == PARTY_WITNESS || packet->to == PARTY_WITNESS;
    /* What is on its way to the register may land long after the way was cut. */
    if (packet->length > 0 && (of_register || !world->network.cut[packet->from][packet->to])) {
        if (packet->to < 2 && world->host[packet->to].running) {
            if (is_of_these_lives(world, packet))
                host_on_packet(&world->host[packet->to], packet);
        } else if (packet->to == PARTY_WITNESS && world->keeper.running) {
            if (is_of_these_lives(world, packet))
                keeper_on_packet(world, packet);
        } else if (packet->to == PARTY_CLIENT) {
            client_on_packet(world, packet);
        }
    }
    pool_give(&world->network.packets, slot);
}
