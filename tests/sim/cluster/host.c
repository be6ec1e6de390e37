/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include <assert.h>
#include <string.h>

#include "sigtran/base/timer_heap.h"
#include "tests/sim/cluster/world.h"

/* --- the ledger as the machine reads it --------------------------------------------------------
 */

static uint64_t log_last(void *context)
{
    const struct host *host = context;
    return host->store.memory.last;
}

static enum p7_status log_head(void *context, uint64_t index, uint64_t *term, uint32_t *checksum)
{
    const struct host *host = context;
    if (index > host->store.memory.last)
        return P7_NOT_FOUND;
    *term = host->store.memory.term[index];
    *checksum = host->store.memory.checksum[index];
    return P7_OK;
}

static struct bytes log_read(void *context, uint64_t first, size_t octets, uint32_t *count)
{
    const struct host *host = context;
    const struct copy *copy = &host->store.memory;
    *count = 0;
    if (first == 0 || first > copy->last)
        return bytes_of(NULL, 0);
    uint64_t last = first;
    while (last < copy->last && copy->end[last + 1] - copy->end[first - 1] <= octets)
        last++;
    *count = (uint32_t)(last - first + 1);
    return copy_records(copy, first, last);
}

/* --- what the machine asks for -----------------------------------------------------------------
 */

static void send_to_peer(struct host *host, const struct cluster_message *message)
{
    struct world *world = host->world;
    const enum world_party peer = host->node == 0 ? PARTY_NODE_1 : PARTY_NODE_0;
    const uint32_t slot = network_packet(world, (enum world_party)host->node, peer);
    if (slot == POOL_NONE)
        return;
    struct packet *packet = pool_at(&world->network.packets, slot);
    struct bytes_writer w = bytes_writer_of(packet->octets, packet->octets + PACKET_OCTETS_MAX);
    if (cluster_message_encode(&w, message) != P7_OK) {
        world_fail(world, "messages-encode", "a %s does not encode",
                   cluster_message_name(message->kind));
        return;
    }
    network_send(world, slot, (uint32_t)bytes_writer_length(&w));
}

static void on_send(void *context, const struct cluster_message *message)
{
    send_to_peer(context, message);
}

static void on_request(void *context, const struct register_request *request)
{
    struct host *host = context;
    struct world *world = host->world;
    const uint32_t slot = network_packet(world, (enum world_party)host->node, PARTY_WITNESS);
    if (slot == POOL_NONE)
        return;
    struct packet *packet = pool_at(&world->network.packets, slot);
    struct bytes_writer w = bytes_writer_of(packet->octets, packet->octets + PACKET_OCTETS_MAX);
    if (register_request_encode(&w, request) != P7_OK) {
        world_fail(world, "messages-encode", "a request to the register does not encode");
        return;
    }
    if (request->kind != REGISTER_READ)
        WORLD_SAY(world, "node %u asks for version %llu: term %llu %s", host->node,
                  (unsigned long long)request->proposal.version,
                  (unsigned long long)request->proposal.term,
                  register_mode_name(request->proposal.mode));
    network_send(world, slot, (uint32_t)bytes_writer_length(&w));
}

static void on_append(void *context, struct bytes records, bool decided)
{
    struct host *host = context;
    store_append(host, records);
    if (!host->world->failure.is)
        replica_on_appended(&host->replica, records, decided);
}

static void on_truncate(void *context, uint64_t last_kept, uint32_t generation)
{
    struct host *host = context;
    struct world *world = host->world;
    WORLD_SAY(world, "node %u takes back records %llu to %llu", host->node,
              (unsigned long long)last_kept + 1, (unsigned long long)host->store.memory.last);
    if (last_kept < host->committed)
        world_fail(world, "committed-is-append-only",
                   "node %u takes back record %llu that it had reported as committed", host->node,
                   (unsigned long long)last_kept + 1);
    if (last_kept > host->store.memory.last) {
        world_fail(world, "ledger-chain", "node %u truncates behind its end", host->node);
        return;
    }
    world->seen.truncations++;
    store_truncate(host, last_kept, generation);
    replica_on_truncated(&host->replica, last_kept);
}

static void on_committed(void *context, uint64_t index)
{
    struct host *host = context;
    judge_committed(host, index);
    if (!host->world->failure.is)
        replica_on_committed(&host->replica, index, host->world->now_ns);
}

static void on_role(void *context, enum cluster_role role, uint64_t term)
{
    struct host *host = context;
    WORLD_SAY(host->world, "node %u is %s, term %llu", host->node, cluster_role_name((uint8_t)role),
              (unsigned long long)term);
    judge_role(host, role, term);
    replica_on_role(&host->replica, role, host->world->now_ns);
}

static void on_event(void *context, const struct cluster_event *event)
{
    struct host *host = context;
    struct world *world = host->world;
    WORLD_SAY(world, "node %u says: %s (%llu)", host->node, event->text,
              (unsigned long long)event->value);
    switch (event->kind) {
    case CLUSTER_EVENT_ALONE:
        world->seen.went_solo++;
        break;
    case CLUSTER_EVENT_PAIRED:
        world->seen.went_pair++;
        world->seen.rejoined += host->cluster.term > 1 ? 1 : 0;
        break;
    case CLUSTER_EVENT_DIVERGED:
        world_fail(world, "ledgers-agree", "node %u: the ledgers contradict each other",
                   host->node);
        break;
    case CLUSTER_EVENT_ROLE:
    case CLUSTER_EVENT_PEER_LOST:
    case CLUSTER_EVENT_PEER_BACK:
    case CLUSTER_EVENT_STALLED:
    case CLUSTER_EVENT_TRUNCATED:
        break;
    }
}

static void on_replica_reply(void *context, uint64_t token, enum replica_verdict verdict,
                             const struct service_reply *reply, const uint64_t reference[2])
{
    client_reply_from(context, token, verdict, reply, reference);
}

static void on_replica_send(void *context, const struct cluster_message *message)
{
    struct host *host = context;
    struct cluster_message whole = *message;
    cluster_send(&host->cluster, &whole);
}

static int64_t on_wall(void *context)
{
    const struct host *host = context;
    return host->world->wall_start_ns + host->world->now_ns + host->wall_offset_ns;
}

/* --- a process's life ----------------------------------------------------------------------------
 */

static void create_service(struct host *host)
{
    struct service_params params;
    service_params_init(&params);
    params.account_first = CLIENT_FIRST_ACCOUNT;
    params.account_count = WORLD_ACCOUNTS;
    params.account_balance = host->world->balance;
    params.tariff = client_tariff;
    params.duplicates_max = 2 * WORLD_REQUESTS_MAX;
    params.identity_key = client_identity_key;
    const enum p7_status status = service_create(&host->service, &params);
    assert(status == P7_OK);
    (void)status;
}

static void create_machine(struct host *host)
{
    const struct cluster_handler handler = {
        .context = host,
        .send = on_send,
        .request = on_request,
        .append = on_append,
        .truncate = on_truncate,
        .committed = on_committed,
        .role = on_role,
        .event = on_event,
    };
    const struct cluster_log log = {
        .context = host, .last = log_last, .head = log_head, .read = log_read};
    const struct replica_handler replica_handler = {
        .context = host,
        .reply = on_replica_reply,
        .send = on_replica_send,
        .wall_ns = on_wall,
    };
    struct cluster_params params;
    struct replica_params replica_params;
    cluster_params_init(&params);
    params.cluster_id = 7;
    params.identity = host->identity;
    params.nonce = random_u64(&host->world->random) | 1;
    params.node = host->node;
    cluster_init(&host->cluster, &params, &handler, &log);
    replica_params_init(&replica_params);
    replica_params.pending_max = host->world->pending_max;
    replica_params.calls_max = WORLD_CALLS_MAX;
    replica_params.give_up_ns = host->world->give_up_ns;
    const enum p7_status status = replica_create(&host->replica, &replica_params, &replica_handler,
                                                 &host->service, &host->cluster);
    assert(status == P7_OK);
    (void)status;
}

void host_start(struct host *host)
{
    struct world *world = host->world;
    if (host->running || host->dead_for_good)
        return;
    host->life++;
    host->running = true;
    host->journal_failed = false;
    host->heard_life = 0;
    host->thaw_ns = 0;
    host->committed = 0;
    host->tokens = 0;
    host->turn_ns = TIMER_NEVER_NS;
    host->store.generation = 0;
    WORLD_SAY(world, "node %u starts with %llu records", host->node,
              (unsigned long long)host->store.memory.last);
    create_service(host);
    create_machine(host);
    if (host->store.memory.last > 0)
        replica_on_appended(&host->replica,
                            copy_records(&host->store.memory, 1, host->store.memory.last), false);
    cluster_start(&host->cluster, world->now_ns);
    host_input(host);
}

static void count_what_it_did(struct host *host)
{
    struct world_seen *seen = &host->world->seen;
    const struct cluster_counters *c = &host->cluster.counters;
    const struct replica_counters *r = &host->replica.counters;
    seen->takeovers += c->takeovers;
    seen->claims_refused += c->claims_refused;
    seen->appends_refused += c->appends_refused;
    seen->appends_resent += c->appends_resent;
    seen->mismatches += c->mismatches;
    seen->stale_answers += c->stale_answers;
    seen->own_stalls += c->own_stalls;
    seen->decided += r->decided;
    seen->again += r->again;
    seen->attached += r->attached;
    seen->forwarded += r->forwarded;
    seen->forwards_resent += r->resent;
    seen->relayed += r->relayed;
    seen->undone += r->undone;
    seen->gave_up += r->gave_up;
    seen->overload += r->overload;
}

void host_stop(struct host *host)
{
    WORLD_SAY(host->world, "node %u stops", host->node);
    count_what_it_did(host);
    host->running = false;
    host->thaw_ns = 0;
    store_crash(host);
    WORLD_SAY(host->world, "node %u has %llu records on disk", host->node,
              (unsigned long long)host->store.disk.last);
    replica_destroy(&host->replica);
    service_destroy(&host->service);
}

static void turn_at(struct host *host, int64_t at_ns)
{
    if (at_ns >= host->turn_ns)
        return;
    host->turn_ns = at_ns;
    world_push(host->world, at_ns, EVENT_TURN, host->node, 0, 0);
}

void host_input(struct host *host)
{
    turn_at(host, host->world->now_ns + world_between(host->world, WORLD_US, 60 * WORLD_US));
}

void host_turn(struct host *host)
{
    struct world *world = host->world;
    host->turn_ns = TIMER_NEVER_NS;
    replica_turn(&host->replica, world->now_ns);
    cluster_turn(&host->cluster, world->now_ns);
    int64_t at_ns = cluster_deadline_ns(&host->cluster);
    const int64_t of_replica_ns = replica_deadline_ns(&host->replica);
    if (of_replica_ns < at_ns)
        at_ns = of_replica_ns;
    if (at_ns == TIMER_NEVER_NS)
        return;
    /* A loop wakes up a little late. */
    if (at_ns < world->now_ns)
        at_ns = world->now_ns;
    turn_at(host, at_ns + world_between(world, WORLD_US, 200 * WORLD_US));
}

static void say_message(struct host *host, const struct cluster_message *message)
{
    struct world *world = host->world;
    const struct cluster_heartbeat *h = &message->heartbeat;
    if (!world->trace)
        return;
    if (message->kind == CLUSTER_APPEND)
        world_say(world, "node %u hears append behind %llu of term %llu, %zu octets, term %llu",
                  host->node, (unsigned long long)message->append.previous,
                  (unsigned long long)message->append.previous_term, message->append.records.length,
                  (unsigned long long)h->term);
    else if (message->kind == CLUSTER_APPEND_ACK)
        world_say(world, "node %u hears ack %s up to %llu, term %llu", host->node,
                  message->ack.matches ? "matching" : "not matching",
                  (unsigned long long)message->ack.durable, (unsigned long long)h->term);
    else if (message->kind != CLUSTER_HEARTBEAT)
        world_say(world, "node %u hears %s, term %llu", host->node,
                  cluster_message_name(message->kind), (unsigned long long)h->term);
}

void host_on_packet(struct host *host, const struct packet *packet)
{
    struct world *world = host->world;
    const struct bytes octets = bytes_of(packet->octets, packet->length);
    if (packet->from < 2) {
        struct cluster_message message;
        if (cluster_message_decode(octets, &message) != P7_OK) {
            world_fail(world, "messages-decode", "of node %u", packet->from);
            return;
        }
        say_message(host, &message);
        cluster_on_message(&host->cluster, &message, world->now_ns);
        if (message.kind == CLUSTER_FORWARD || message.kind == CLUSTER_RELAY)
            replica_on_message(&host->replica, &message, world->now_ns);
    } else if (packet->from == PARTY_WITNESS) {
        struct register_answer answer;
        if (register_answer_decode(octets, &answer) != P7_OK) {
            world_fail(world, "messages-decode", "of the register");
            return;
        }
        cluster_on_register(&host->cluster, &answer, world->now_ns);
    } else {
        uint32_t request;
        memcpy(&request, packet->octets, sizeof(request));
        client_deliver(host, request);
    }
    host_input(host);
}

void host_on_durable(struct host *host, uint32_t generation, uint64_t index)
{
    cluster_on_durable(&host->cluster, generation, index, host->world->now_ns);
    host_input(host);
}

void host_journal_failed(struct host *host)
{
    struct world *world = host->world;
    WORLD_SAY(world, "node %u: the disk failed", host->node);
    host->journal_failed = true;
    cluster_on_journal_failed(&host->cluster, "the disk failed");
    host_input(host);
    world_push(world, world->now_ns + world_between(world, 0, 400 * WORLD_MS), EVENT_EXIT,
               host->node, host->life, 0);
    world_push(world, world->now_ns + world_between(world, 500 * WORLD_MS, 2 * WORLD_S),
               EVENT_START, host->node, 0, 0);
}

struct host *host_active(struct world *world)
{
    struct host *found = NULL;
    for (uint32_t node = 0; node < 2; node++) {
        struct host *host = &world->host[node];
        if (host->running && host->cluster.role == CLUSTER_ACTIVE &&
            (found == NULL || host->cluster.term > found->cluster.term))
            found = host;
    }
    return found;
}
