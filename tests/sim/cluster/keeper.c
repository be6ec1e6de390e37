/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * What pulse7-witness does: a request is answered when what it changed is durable; what came
 * meanwhile waits its turn.
 */
#include <string.h>

#include "tests/sim/cluster/world.h"

void keeper_reset(struct world *world)
{
    struct keeper *keeper = &world->keeper;
    keeper->running = false;
    keeper->life = 0;
    keeper->durable = (struct register_value){.owner = REGISTER_NODE_NONE};
    keeper->current = keeper->durable;
    keeper->queued = 0;
    keeper->saving = 0;
}

void keeper_start(struct world *world)
{
    struct keeper *keeper = &world->keeper;
    if (keeper->running)
        return;
    WORLD_SAY(world, "the witness starts");
    keeper->running = true;
    keeper->life++;
    keeper->heard_life[0] = 0;
    keeper->heard_life[1] = 0;
    keeper->current = keeper->durable;
    keeper->queued = 0;
    keeper->saving = 0;
}

void keeper_stop(struct world *world)
{
    struct keeper *keeper = &world->keeper;
    if (!keeper->running)
        return;
    WORLD_SAY(world, "the witness stops");
    keeper->running = false;
    /* What was being saved may have reached the disk, though nobody was told. */
    if (keeper->saving != 0 && world_chance(world, 0.5))
        keeper->durable = keeper->current;
    world->seen.witness_deaths++;
}

static void send_answer(struct world *world, const struct register_answer *answer, uint8_t node,
                        uint32_t life)
{
    const uint32_t slot = network_packet(world, PARTY_WITNESS, (enum world_party)node);
    if (slot == POOL_NONE)
        return;
    struct packet *packet = pool_at(&world->network.packets, slot);
    struct bytes_writer w = bytes_writer_of(packet->octets, packet->octets + PACKET_OCTETS_MAX);
    packet->to_life = life;
    if (register_answer_encode(&w, answer) != P7_OK) {
        world_fail(world, "messages-encode", "an answer of the register does not encode");
        return;
    }
    network_send(world, slot, (uint32_t)bytes_writer_length(&w));
}

static void drop_first(struct keeper *keeper)
{
    keeper->queued--;
    memmove(keeper->queue, keeper->queue + 1, keeper->queued * sizeof(keeper->queue[0]));
    memmove(keeper->from, keeper->from + 1, keeper->queued * sizeof(keeper->from[0]));
    memmove(keeper->from_life, keeper->from_life + 1,
            keeper->queued * sizeof(keeper->from_life[0]));
}

static void serve(struct world *world)
{
    struct keeper *keeper = &world->keeper;
    while (keeper->saving == 0 && keeper->queued > 0) {
        const struct register_request *request = &keeper->queue[0];
        const uint64_t version = keeper->current.version;
        if (register_apply(&keeper->current, request, &keeper->answer)) {
            WORLD_SAY(world, "the register becomes version %llu: term %llu, node %u, %s",
                      (unsigned long long)keeper->current.version,
                      (unsigned long long)keeper->current.term, keeper->current.owner,
                      register_mode_name(keeper->current.mode));
            if (keeper->current.version != version + 1 && request->kind != REGISTER_FORCE)
                world_fail(world, "register-version", "from version %llu to %llu",
                           (unsigned long long)version,
                           (unsigned long long)keeper->current.version);
            judge_pair(world);
            trouble_strike_soon(world);
            keeper->saving = 1;
            world_push(world, world->now_ns + world_between(world, 100 * WORLD_US, 5 * WORLD_MS),
                       EVENT_KEEPER_SAVED, PARTY_WITNESS, keeper->life, 0);
            return;
        }
        send_answer(world, &keeper->answer, keeper->from[0], keeper->from_life[0]);
        drop_first(keeper);
    }
}

void keeper_saved(struct world *world, uint64_t life)
{
    struct keeper *keeper = &world->keeper;
    if (!keeper->running || keeper->life != life || keeper->saving == 0)
        return;
    keeper->durable = keeper->current;
    keeper->saving = 0;
    send_answer(world, &keeper->answer, keeper->from[0], keeper->from_life[0]);
    drop_first(keeper);
    serve(world);
}

void keeper_on_packet(struct world *world, const struct packet *packet)
{
    struct keeper *keeper = &world->keeper;
    struct register_request request;
    if (register_request_decode(bytes_of(packet->octets, packet->length), &request) != P7_OK) {
        world_fail(world, "messages-decode", "a request to the register");
        return;
    }
    if (keeper->queued == KEEPER_QUEUE_MAX) {
        world_fail(world, "bounded-requests", "%u requests wait at the register", KEEPER_QUEUE_MAX);
        return;
    }
    keeper->queue[keeper->queued] = request;
    keeper->from[keeper->queued] = packet->from;
    keeper->from_life[keeper->queued] = packet->from_life;
    keeper->queued++;
    serve(world);
}
