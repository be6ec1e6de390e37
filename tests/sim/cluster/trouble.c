/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* What goes wrong, and when: three to eight things in a few seconds, often close together. */
#include "tests/sim/cluster/world.h"

static const char *const names[TROUBLE_KINDS] = {
    [TROUBLE_CRASH] = "crash",
    [TROUBLE_FREEZE] = "freeze",
    [TROUBLE_CUT_NODES] = "cut between the nodes",
    [TROUBLE_CUT_WITNESS] = "cut to the witness",
    [TROUBLE_CUT_CLIENT] = "cut to the clients",
    [TROUBLE_SLOW_DISK] = "slow disk",
    [TROUBLE_FAILED_DISK] = "failed disk",
    [TROUBLE_CLOCK_STEP] = "clock step",
    [TROUBLE_WITNESS_DIES] = "the witness dies",
    [TROUBLE_SWITCHOVER] = "switchover",
    [TROUBLE_BOTH_CRASH] = "both crash",
    [TROUBLE_EXCHANGE] = "disk exchanged",
    [TROUBLE_LOSSY] = "lossy network",
    [TROUBLE_ISOLATE] = "isolated from peer and witness",
};

static const uint8_t weight[TROUBLE_KINDS] = {
    [TROUBLE_CRASH] = 6,       [TROUBLE_FREEZE] = 5,     [TROUBLE_CUT_NODES] = 6,
    [TROUBLE_CUT_WITNESS] = 3, [TROUBLE_CUT_CLIENT] = 1, [TROUBLE_SLOW_DISK] = 3,
    [TROUBLE_FAILED_DISK] = 2, [TROUBLE_CLOCK_STEP] = 1, [TROUBLE_WITNESS_DIES] = 2,
    [TROUBLE_SWITCHOVER] = 4,  [TROUBLE_BOTH_CRASH] = 1, [TROUBLE_EXCHANGE] = 3,
    [TROUBLE_LOSSY] = 2,       [TROUBLE_ISOLATE] = 3,
};

static uint8_t any_kind(struct world *world, uint32_t allowed)
{
    for (;;) {
        uint64_t sum = 0;
        for (uint32_t kind = 0; kind < TROUBLE_KINDS; kind++)
            sum += (allowed >> kind & 1u) != 0 ? weight[kind] : 0;
        if (sum == 0)
            return TROUBLE_CRASH;
        uint64_t at = random_below(&world->random, sum);
        for (uint32_t kind = 0; kind < TROUBLE_KINDS; kind++) {
            const uint64_t share = (allowed >> kind & 1u) != 0 ? weight[kind] : 0;
            if (at < share)
                return (uint8_t)kind;
            at -= share;
        }
    }
}

static void plan_switchovers(struct world *world)
{
    world->heal_ns = 4 * WORLD_S;
    while (world->troubles < 3) {
        struct trouble *trouble = &world->trouble[world->troubles];
        *trouble = (struct trouble){.kind = TROUBLE_SWITCHOVER};
        trouble->at_ns = WORLD_CALM_FROM_NS + world->troubles * 800 * WORLD_MS +
                         world_between(world, 0, 300 * WORLD_MS);
        world_push(world, trouble->at_ns, EVENT_TROUBLE, 0, world->troubles, 0);
        world->troubles++;
    }
}

void trouble_plan(struct world *world)
{
    if (world->calm) {
        plan_switchovers(world);
        return;
    }
    const uint32_t count = (uint32_t)world_between(world, 3, 8);
    /* Each seed has its own mix: what never happens makes room for what happens often. */
    uint32_t allowed = (uint32_t)random_u64(&world->random) | (uint32_t)random_u64(&world->random);
    allowed &= (1u << TROUBLE_KINDS) - 1;
    world->heal_ns = world_between(world, 3 * WORLD_S, 7 * WORLD_S);
    int64_t at_ns = world_between(world, 200 * WORLD_MS, 2 * WORLD_S);
    for (uint32_t i = 0; i < count; i++) {
        struct trouble *trouble = &world->trouble[world->troubles];
        *trouble = (struct trouble){
            .kind = any_kind(world, allowed),
            .node = (uint8_t)random_below(&world->random, 2),
            .way = (uint8_t)(world_chance(world, 0.5) ? 3 : world_between(world, 1, 2)),
            .at_ns = at_ns,
            .lasts_ns = world_chance(world, 0.3)
                            ? world_between(world, 50 * WORLD_MS, WORLD_S)
                            : world_between(world, 200 * WORLD_MS, 4 * WORLD_S),
        };
        world_push(world, at_ns, EVENT_TROUBLE, 0, world->troubles, 0);
        world->troubles++;
        at_ns += world_chance(world, 0.4) ? world_between(world, 0, 50 * WORLD_MS)
                                          : world_between(world, 50 * WORLD_MS, 1500 * WORLD_MS);
        if (at_ns >= world->heal_ns)
            return;
    }
}

void trouble_strike_soon(struct world *world)
{
    static const uint8_t kinds[] = {TROUBLE_CRASH,     TROUBLE_CRASH,       TROUBLE_FREEZE,
                                    TROUBLE_CUT_NODES, TROUBLE_CUT_WITNESS, TROUBLE_FAILED_DISK};
    if (world->calm || world->troubles == WORLD_TROUBLES_MAX || !world_chance(world, 0.08))
        return;
    struct trouble *trouble = &world->trouble[world->troubles];
    *trouble = (struct trouble){
        .kind = kinds[random_below(&world->random, sizeof(kinds))],
        .node = (uint8_t)random_below(&world->random, 2),
        .way = 3,
        .at_ns = world->now_ns + world_between(world, 0, 8 * WORLD_MS),
        .lasts_ns = world_between(world, 100 * WORLD_MS, 2 * WORLD_S),
    };
    world_push(world, trouble->at_ns, EVENT_TROUBLE, 0, world->troubles, 0);
    world->troubles++;
}

static void cut(struct world *world, uint8_t from, uint8_t to, uint8_t way, bool is)
{
    if ((way & 1u) != 0)
        world->network.cut[from][to] = is;
    if ((way & 2u) != 0)
        world->network.cut[to][from] = is;
}

static void crash(struct world *world, struct host *host, int64_t back_ns)
{
    if (!host->running)
        return;
    world->seen.crashes++;
    host_stop(host);
    world_push(world, back_ns, EVENT_START, host->node, 0, 0);
}

/* Only where nothing acknowledged is on that disk alone: the promise is about one lost disk. */
static void exchange(struct world *world, struct host *host, int64_t back_ns)
{
    struct host *other = &world->host[host->node ^ 1];
    const struct register_value *value = &world->keeper.current;
    /* The other one may go on: it owns the register, or is named in its pair. */
    const uint64_t may = value->mode == REGISTER_PAIR  ? value->pair[other->node]
                         : value->owner == other->node ? value->owner_identity
                                                       : 0;
    if (value->mode == 0 || may != other->identity ||
        other->store.disk.last < world->committed_last ||
        world->keeper.durable.version != value->version)
        return;
    if (host->running)
        host_stop(host);
    /* Who maintains one machine may have both off for a while. */
    if (world_chance(world, 0.4))
        crash(world, other, back_ns + world_between(world, -300 * WORLD_MS, 300 * WORLD_MS));
    /* What it asked of the register is lost with it. */
    for (uint32_t i = 0; i < world->events; i++) {
        struct event *event = &world->heap[i];
        struct packet *packet = event->kind == EVENT_PACKET
                                    ? pool_at(&world->network.packets, (uint32_t)event->value)
                                    : NULL;
        if (packet != NULL && packet->to == PARTY_WITNESS && packet->from == host->node)
            packet->length = 0;
    }
    for (uint32_t i = 0; i < world->keeper.queued; i++)
        if (world->keeper.from[i] == host->node)
            world->keeper.queue[i].kind = REGISTER_READ;
    copy_cut(&host->store.memory, 0);
    copy_cut(&host->store.disk, 0);
    host->identity = random_u64(&world->random) | 1;
    world->exchanged = true;
    world->seen.exchanges++;
    world_push(world, back_ns, EVENT_START, host->node, 0, 0);
}

static void switch_over(struct world *world)
{
    struct host *active = host_active(world);
    const char *why = "";
    if (active == NULL || active->thaw_ns > world->now_ns)
        return;
    if (cluster_switchover(&active->cluster, world->now_ns, &why) != P7_OK) {
        WORLD_SAY(world, "no switchover: %s", why);
        return;
    }
    world->switchover_ns = world->now_ns;
    host_input(active);
}

static void set_isolated(struct world *world, const struct trouble *trouble, bool is)
{
    cut(world, trouble->node, trouble->node ^ 1, trouble->way, is);
    cut(world, trouble->node, PARTY_WITNESS, trouble->way, is);
}

/* What strikes a process and its disk. */
static void strike(struct world *world, const struct trouble *trouble, int64_t until_ns)
{
    struct host *host = &world->host[trouble->node];
    switch (trouble->kind) {
    case TROUBLE_CRASH:
        crash(world, host, until_ns);
        break;
    case TROUBLE_BOTH_CRASH:
        world->seen.both_crashed++;
        crash(world, &world->host[0], until_ns);
        crash(world, &world->host[1],
              world->now_ns + world_between(world, 10 * WORLD_MS, trouble->lasts_ns));
        break;
    case TROUBLE_EXCHANGE:
        exchange(world, host, until_ns);
        break;
    case TROUBLE_FREEZE:
        if (!host->running)
            break;
        host->thaw_ns = until_ns < world->heal_ns ? until_ns : world->heal_ns;
        world->seen.freezes++;
        break;
    case TROUBLE_SLOW_DISK:
        host->store.slow_until_ns = until_ns;
        world->seen.slow_disks++;
        break;
    case TROUBLE_FAILED_DISK:
        host->store.fails_next = true;
        world->seen.failed_disks++;
        break;
    case TROUBLE_CLOCK_STEP:
        host->wall_offset_ns += world_between(world, -600 * WORLD_S, 600 * WORLD_S);
        world->seen.clock_steps++;
        break;
    case TROUBLE_WITNESS_DIES:
        keeper_stop(world);
        world_push(world, until_ns, EVENT_KEEPER_START, 0, 0, 0);
        break;
    default:
        switch_over(world);
        break;
    }
}

void trouble_begin(struct world *world, uint32_t index)
{
    const struct trouble *trouble = &world->trouble[index];
    const int64_t until_ns = world->now_ns + trouble->lasts_ns;
    if (world->healed)
        return;
    WORLD_SAY(world, "TROUBLE %s, node %u, way %u, %.3f s", names[trouble->kind], trouble->node,
              trouble->way, (double)trouble->lasts_ns / 1e9);
    switch (trouble->kind) {
    case TROUBLE_CUT_NODES:
        cut(world, trouble->node, trouble->node ^ 1, trouble->way, true);
        break;
    case TROUBLE_CUT_WITNESS:
        cut(world, trouble->node, PARTY_WITNESS, trouble->way, true);
        break;
    case TROUBLE_CUT_CLIENT:
        cut(world, trouble->node, PARTY_CLIENT, trouble->way, true);
        break;
    case TROUBLE_ISOLATE:
        set_isolated(world, trouble, true);
        break;
    case TROUBLE_LOSSY:
        world->network.loss = 0.2 + 0.4 * random_unit(&world->random);
        break;
    default:
        strike(world, trouble, until_ns);
        return;
    }
    world->seen.cuts++;
    world_push(world, until_ns, EVENT_MEND, 0, index, 0);
}

void trouble_end(struct world *world, uint32_t index)
{
    const struct trouble *trouble = &world->trouble[index];
    if (world->healed)
        return;
    WORLD_SAY(world, "over: %s, node %u", names[trouble->kind], trouble->node);
    switch (trouble->kind) {
    case TROUBLE_CUT_NODES:
        cut(world, trouble->node, trouble->node ^ 1, trouble->way, false);
        break;
    case TROUBLE_CUT_WITNESS:
        cut(world, trouble->node, PARTY_WITNESS, trouble->way, false);
        break;
    case TROUBLE_CUT_CLIENT:
        cut(world, trouble->node, PARTY_CLIENT, trouble->way, false);
        break;
    case TROUBLE_ISOLATE:
        set_isolated(world, trouble, false);
        break;
    default:
        world->network.loss = 0;
        break;
    }
}

void trouble_heal(struct world *world)
{
    struct network *network = &world->network;
    WORLD_SAY(world, "HEALED");
    world->healed = true;
    for (uint32_t from = 0; from < PARTY_COUNT; from++)
        for (uint32_t to = 0; to < PARTY_COUNT; to++)
            network->cut[from][to] = false;
    network_calm(world);
    for (uint32_t node = 0; node < 2; node++) {
        struct host *host = &world->host[node];
        host->store.slow_until_ns = 0;
        host->store.fails_next = false;
        if (host->running && host->journal_failed)
            host_stop(host);
        if (!host->running)
            world_push(world, world->now_ns + world_between(world, 0, 50 * WORLD_MS), EVENT_START,
                       node, 0, 0);
    }
    if (!world->keeper.running)
        keeper_start(world);
}
