/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * Clients: they ask either node, ask again (the other one) when no answer comes, sometimes repeat
 * what was answered long ago, and remember what they were told.
 */
#include <assert.h>
#include <string.h>

#include "tests/sim/cluster/world.h"

struct reply_octets {
    uint64_t reference[2];
    uint32_t request;
    uint8_t verdict;
    struct decision decision;
};

static const char *const kind_names[] = {
    [ASKED_ONESHOT] = "oneshot", [ASKED_SMS] = "sms",     [ASKED_INITIAL] = "initial",
    [ASKED_INTERIM] = "interim", [ASKED_FINAL] = "final", [ASKED_CLOSE] = "close"};

bool client_same_decision(const struct decision *a, const struct decision *b)
{
    return a->primitive == b->primitive && a->dialogue == b->dialogue && a->body == b->body &&
           a->context == b->context && a->kind == b->kind && a->result == b->result &&
           a->code == b->code && a->problem_kind == b->problem_kind &&
           a->invoke_id == b->invoke_id && a->answers_invoke_id == b->answers_invoke_id &&
           a->flags == b->flags && a->slice_100ms == b->slice_100ms;
}

/* --- asking -------------------------------------------------------------------------------------
 */

static uint32_t add_request(struct world *world, enum asked_kind kind, uint32_t account,
                            uint32_t call)
{
    if (world->asked_count == WORLD_REQUESTS_MAX)
        return POOL_NONE;
    const uint32_t index = world->asked_count++;
    struct asked *asked = &world->asked[index];
    const struct asked_call *of = call == POOL_NONE ? NULL : &world->call[call];
    memset(asked, 0, offsetof(struct asked, octets));
    asked->kind = (uint8_t)kind;
    asked->account = account;
    asked->call = call;
    asked->node = (uint8_t)random_below(&world->random, 2);
    asked->repeats = world_chance(world, 0.15);
    if (of != NULL) {
        asked->used_100ms = of->used_100ms;
        asked->sequence = of->answered;
    }
    client_write(world, asked, of != NULL ? of->number : index + 1);
    return index;
}

static uint32_t add_any(struct world *world)
{
    const uint32_t account = (uint32_t)random_below(&world->random, WORLD_ACCOUNTS);
    const double which = random_unit(&world->random);
    if (which < 0.25 && world->call_count < WORLD_CALLS_MAX) {
        const uint32_t call = world->call_count++;
        world->call[call] =
            (struct asked_call){.account = account,
                                .number = 0x1000 + call,
                                .steps_left = (uint32_t)random_below(&world->random, 4)};
        return add_request(world, ASKED_INITIAL, account, call);
    }
    return add_request(world, which < 0.6 ? ASKED_SMS : ASKED_ONESHOT, account, POOL_NONE);
}

void client_plan(struct world *world)
{
    const uint32_t count = (uint32_t)world_between(world, 40, 130);
    int64_t at_ns = 0;
    for (uint32_t i = 0; i < count; i++) {
        /* Half of them come together: groups for the disk, and a rush for what just changed. */
        if (i == 0 || world_chance(world, 0.5))
            at_ns = world_between(world, 100 * WORLD_MS, world->heal_ns - 1);
        else
            at_ns += world_between(world, 0, 3 * WORLD_MS);
        world_push(world, at_ns, EVENT_REQUEST, 0, add_any(world), 0);
    }
}

void client_probe(struct world *world)
{
    world->probes_at = world->asked_count;
    for (uint32_t i = 0; i < 4; i++) {
        const uint32_t index =
            add_request(world, i < 2 ? ASKED_ONESHOT : ASKED_SMS, i % WORLD_ACCOUNTS, POOL_NONE);
        if (index == POOL_NONE)
            return;
        world->asked[index].probe = true;
        world->asked[index].repeats = false;
        world->asked[index].node = (uint8_t)(i & 1u);
        world_push(world, world->now_ns + world_between(world, 0, WORLD_S), EVENT_REQUEST, 0, index,
                   0);
    }
}

static void send_to(struct world *world, uint32_t request, uint8_t node)
{
    const uint32_t slot = network_packet(world, PARTY_CLIENT, (enum world_party)node);
    if (slot == POOL_NONE)
        return;
    struct packet *packet = pool_at(&world->network.packets, slot);
    memcpy(packet->octets, &request, sizeof(request));
    network_send(world, slot, sizeof(request));
}

void client_send(struct world *world, uint32_t request)
{
    struct asked *asked = &world->asked[request];
    if (asked->answered) {
        if (!asked->repeats)
            return;
        asked->repeats = false;
        world->seen.repeated_late++;
        send_to(world, request, (uint8_t)random_below(&world->random, 2));
        return;
    }
    if (asked->attempts == 0)
        asked->sent_ns = world->now_ns;
    else if (!asked->probe)
        asked->node ^= 1;
    asked->attempts++;
    send_to(world, request, asked->node);
    if (world_chance(world, 0.05))
        send_to(world, request, asked->node ^ 1);
    world_push(world, world->now_ns + world_between(world, 150 * WORLD_MS, 700 * WORLD_MS),
               EVENT_REQUEST, 0, request, 0);
}

/* --- at a node -----------------------------------------------------------------------------------
 */

void client_deliver(struct host *host, uint32_t request)
{
    struct world *world = host->world;
    const struct asked *asked = &world->asked[request];
    if (host->tokens == WORLD_TOKENS_MAX)
        return;
    const uint32_t index = host->tokens++;
    host->token[index] = (struct host_token){.request = request};
    WORLD_SAY(world, "node %u gets request %u: %s, sequence %u", host->node, request,
              kind_names[asked->kind], asked->sequence);
    struct replica_request it = {
        .token = ((uint64_t)host->life << 32) | index,
        .origin = client_origin(),
        .octets = bytes_of(asked->octets, asked->length),
        .sequence = asked->sequence == 0 ? 0 : asked->sequence - 1,
        .close = asked->kind == ASKED_CLOSE,
    };
    if (asked->kind > ASKED_INITIAL) {
        it.reference[0] = world->call[asked->call].reference[0];
        it.reference[1] = world->call[asked->call].reference[1];
    }
    replica_request(&host->replica, &it, world->now_ns);
}

void client_reply_from(struct host *host, uint64_t token, enum replica_verdict verdict,
                       const struct service_reply *reply, const uint64_t reference[2])
{
    struct world *world = host->world;
    const uint32_t index = (uint32_t)token;
    if (token >> 32 != host->life || index >= host->tokens) {
        world_fail(world, "one-end-per-request", "node %u ends a request that nobody has",
                   host->node);
        return;
    }
    if (host->token[index].done) {
        world_fail(world, "one-end-per-request", "node %u ends request %u twice", host->node,
                   host->token[index].request);
        return;
    }
    host->token[index].done = true;
    const uint32_t request = host->token[index].request;
    WORLD_SAY(world, "node %u ends request %u: verdict %d", host->node, request, (int)verdict);
    const uint32_t slot = network_packet(world, (enum world_party)host->node, PARTY_CLIENT);
    if (slot == POOL_NONE)
        return;
    struct packet *packet = pool_at(&world->network.packets, slot);
    struct reply_octets octets = {
        .request = request, .verdict = (uint8_t)verdict, .reference = {reference[0], reference[1]}};
    if (reply != NULL)
        octets.decision = reply->decision;
    memcpy(packet->octets, &octets, sizeof(octets));
    network_send(world, slot, sizeof(octets));
}

/* --- the answer ----------------------------------------------------------------------------------
 */

static void next_step(struct world *world, uint32_t index)
{
    struct asked_call *call = &world->call[index];
    call->answered++;
    enum asked_kind kind = ASKED_INTERIM;
    call->used_100ms = call->granted_100ms;
    if (call->steps_left == 0) {
        kind = world_chance(world, 0.2) ? ASKED_CLOSE : ASKED_FINAL;
        if (world_chance(world, 0.5) && call->used_100ms > 3)
            call->used_100ms -= 3;
    } else {
        call->steps_left--;
    }
    const uint32_t request = add_request(world, kind, call->account, index);
    if (request == POOL_NONE)
        return;
    /* Of a call's requests only the last one is known for long (service.h). */
    if (kind != ASKED_FINAL)
        world->asked[request].repeats = false;
    world_push(world, world->now_ns + world_between(world, 5 * WORLD_MS, 300 * WORLD_MS),
               EVENT_REQUEST, 0, request, 0);
}

static void answer_of_call(struct world *world, const struct asked *asked)
{
    struct asked_call *call = &world->call[asked->call];
    const struct decision *d = &asked->reply;
    if (asked->kind == ASKED_CLOSE) {
        call->over = true;
        world->seen.calls_closed++;
        return;
    }
    if (d->primitive == DECISION_CONTINUE) {
        call->granted_100ms = asked->used_100ms + d->slice_100ms;
        next_step(world, asked->call);
        return;
    }
    call->over = true;
    world->seen.calls_ended++;
}

/* Whether it answers what was asked: a refusal is none. */
static bool is_sane(const struct asked *asked, const struct decision *d)
{
    switch ((enum asked_kind)asked->kind) {
    case ASKED_ONESHOT:
        return d->primitive == DECISION_END && d->kind == SERVICE_ONESHOT &&
               d->result != SERVICE_FAIL;
    case ASKED_SMS:
        return d->primitive == DECISION_END && d->kind == SERVICE_EVENT &&
               d->result != SERVICE_FAIL;
    case ASKED_INITIAL:
        return d->kind == SERVICE_INITIAL && d->result != SERVICE_FAIL;
    case ASKED_INTERIM:
        return d->kind == SERVICE_INTERIM && d->result != SERVICE_FAIL;
    case ASKED_FINAL:
        return d->primitive == DECISION_END && d->kind == SERVICE_FINAL &&
               d->result != SERVICE_FAIL;
    case ASKED_CLOSE:
        break;
    }
    return false;
}

void client_on_packet(struct world *world, const struct packet *packet)
{
    struct reply_octets octets;
    memcpy(&octets, packet->octets, sizeof(octets));
    struct asked *asked = &world->asked[octets.request];
    const bool closes = asked->kind == ASKED_CLOSE;
    if (octets.verdict != (closes ? REPLICA_NOTHING : REPLICA_DECIDED)) {
        if (octets.verdict == REPLICA_DECIDED || octets.verdict == REPLICA_NOTHING)
            world_fail(world, "requests-are-answered", "request %u ended with verdict %u",
                       octets.request, octets.verdict);
        return;
    }
    if (!closes) {
        judge_reply(world, octets.request, &octets.decision);
        if (!is_sane(asked, &octets.decision)) {
            world_fail(world, "requests-are-answered",
                       "request %u (kind %u) was answered by primitive %u, kind %u, result %u, "
                       "body %u, code %u",
                       octets.request, asked->kind, octets.decision.primitive, octets.decision.kind,
                       octets.decision.result, octets.decision.body, octets.decision.code);
        }
    }
    /* An active that was replaced and does not know it yet may not know the call either: what is
     * not settled is closed again. */
    if (asked->answered || world->failure.is || (closes && !world->call[asked->call].settled))
        return;
    if (world->calm && asked->sent_ns >= WORLD_CALM_FROM_NS &&
        world->now_ns - asked->sent_ns > WORLD_CALM_ANSWER_WITHIN_NS)
        world_fail(world, "nobody-notices-a-switchover", "request %u was answered after %lld ms",
                   octets.request, (long long)((world->now_ns - asked->sent_ns) / WORLD_MS));
    asked->answered = true;
    asked->reply = octets.decision;
    WORLD_SAY(world, "request %u is answered after %.3f s", octets.request,
              (double)(world->now_ns - asked->sent_ns) / 1e9);
    if (octets.decision.result == SERVICE_NO_CREDIT)
        world->seen.no_credit++;
    if (asked->repeats)
        world_push(world, world->now_ns + world_between(world, 100 * WORLD_MS, 4 * WORLD_S),
                   EVENT_REQUEST, 0, octets.request, 0);
    if (asked->call != POOL_NONE)
        answer_of_call(world, asked);
}
