/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * The judge knows the one ledger that was ever reported as committed, and holds everybody to it. It
 * believes no machine: disks, the register's value and the clients' answers are looked at as they
 * are.
 */
#include <inttypes.h>
#include <string.h>

#include "tests/sim/cluster/world.h"

void judge_reset(struct world *world)
{
    world->committed_last = 0;
    memset(world->committer, 0, sizeof(world->committer));
    memset(world->actives, 0, sizeof(world->actives));
    memset(world->ledger_charged, 0, sizeof(world->ledger_charged));
    memset(world->ledger_reserved, 0, sizeof(world->ledger_reserved));
}

/* --- what a record says --------------------------------------------------------------------------
 */

static struct asked *asked_of(struct world *world, const struct duplicate_identity *identity)
{
    for (uint32_t i = world->asked_count; i > 0; i--) {
        struct asked *asked = &world->asked[i - 1];
        if (asked->key[0] == identity->key[0] && asked->key[1] == identity->key[1] &&
            asked->kind != ASKED_CLOSE)
            return asked;
    }
    return NULL;
}

static struct asked_call *call_of(struct world *world, const uint64_t reference[2])
{
    for (uint32_t i = world->call_count; i > 0; i--)
        if (world->call[i - 1].reference[0] == reference[0] &&
            world->call[i - 1].reference[1] == reference[1])
            return &world->call[i - 1];
    return NULL;
}

static void check_charge(struct world *world, const struct ledger_record *record)
{
    struct asked *asked = asked_of(world, &record->identity);
    if (asked == NULL) {
        world_fail(world, "charges-were-asked-for", "record %" PRIu64 " charges what nobody asked",
                   record->index);
        return;
    }
    const uint32_t number = (uint32_t)(asked - world->asked);
    if (asked->committed) {
        world_fail(world, "charged-once", "record %" PRIu64 " charges request %u a second time",
                   record->index, number);
        return;
    }
    asked->committed = true;
    asked->decided = record->reply;
    asked->amount = record->amount;
    uint64_t due = 0;
    struct asked_call *call = asked->call == POOL_NONE ? NULL : &world->call[asked->call];
    if (call != NULL && asked->kind != ASKED_INITIAL)
        due = tariff_call_price(&client_tariff, (uint64_t)asked->used_100ms * 100) - call->charged;
    else if (call == NULL && record->reply.result == SERVICE_SUCC)
        due = client_tariff.price_per_event;
    if (record->amount != due || record->account != CLIENT_FIRST_ACCOUNT_NUMBER + asked->account)
        world_fail(world, "amounts-are-right",
                   "record %" PRIu64 " charges account %" PRIu64 " %" PRIu64
                   " for request %u of account %u, %" PRIu64 " are due",
                   record->index, record->account, record->amount, number, asked->account, due);
    if (call != NULL)
        call->charged += record->amount;
}

static void check_settlement(struct world *world, const struct ledger_record *record)
{
    struct asked_call *call = call_of(world, record->reference);
    if (call == NULL) {
        world_fail(world, "charges-were-asked-for", "record %" PRIu64 " settles an unknown call",
                   record->index);
        return;
    }
    const uint64_t most = tariff_call_price(&client_tariff, (uint64_t)call->granted_100ms * 100);
    if (call->settled || call->charged + record->amount > most)
        world_fail(world, "charged-once", "record %" PRIu64 " settles a call again, or too high",
                   record->index);
    call->settled = true;
    call->charged += record->amount;
}

static void take_record(struct world *world, struct bytes octets, uint32_t previous)
{
    struct ledger_record record;
    if (ledger_record_decode(octets, previous, &record, NULL, NULL) != P7_OK) {
        world_fail(world, "whole-records", "a committed record does not decode");
        return;
    }
    if (record.kind == LEDGER_CHARGE)
        check_charge(world, &record);
    else if (record.kind == LEDGER_SETTLEMENT)
        check_settlement(world, &record);
    if (record.kind == LEDGER_TERM || record.account == 0)
        return;
    const uint64_t account = record.account - CLIENT_FIRST_ACCOUNT_NUMBER;
    if (account >= WORLD_ACCOUNTS) {
        world_fail(world, "amounts-are-right", "record %" PRIu64 " is of no account", record.index);
        return;
    }
    world->ledger_charged[account] += record.amount;
    world->ledger_reserved[account] += record.reserved_delta;
}

/* --- committed -----------------------------------------------------------------------------------
 */

static bool is_on_disk(const struct host *host, uint64_t index, uint32_t checksum)
{
    return index <= host->store.disk.last && host->store.disk.checksum[index] == checksum;
}

/* The first to say that it is committed: whether it may be. */
static void check_may_commit(struct host *host, uint64_t index, uint32_t checksum)
{
    struct world *world = host->world;
    const struct register_value *value = &world->keeper.durable;
    const uint64_t term = host->cluster.term;
    if (host->cluster.role != CLUSTER_ACTIVE) {
        world_fail(world, "active-commits", "node %u commits record %" PRIu64 " as a %s",
                   host->node, index, cluster_role_name((uint8_t)host->cluster.role));
        return;
    }
    if (term >= WORLD_TERMS_MAX) {
        world_fail(world, "bounded-terms", "term %" PRIu64, term);
        return;
    }
    if (world->committer[term] != 0 && world->committer[term] != host->node + 1)
        world_fail(world, "one-committer-per-term", "both nodes commit in term %" PRIu64, term);
    world->committer[term] = (uint8_t)(host->node + 1);
    if (!is_on_disk(host, index, checksum))
        world_fail(world, "durable-before-commit",
                   "node %u commits record %" PRIu64 ", which is not on its own disk", host->node,
                   index);
    const bool alone = value->mode == REGISTER_SOLO && value->owner == host->node &&
                       value->owner_identity == host->identity;
    if (!alone && !world->exchanged && !is_on_disk(&world->host[host->node ^ 1], index, checksum))
        world_fail(world, "durable-on-both",
                   "node %u commits record %" PRIu64
                   " alone; the register says %s, owner %u, term %" PRIu64,
                   host->node, index, register_mode_name(value->mode), value->owner, value->term);
}

void judge_committed(struct host *host, uint64_t index)
{
    struct world *world = host->world;
    const struct copy *copy = &host->store.memory;
    if (index < host->committed || index > copy->last) {
        world_fail(world, "committed-is-append-only",
                   "node %u reports %" PRIu64 " after %" PRIu64 ", and has %" PRIu64, host->node,
                   index, host->committed, copy->last);
        return;
    }
    for (uint64_t i = host->committed + 1; i <= index && !world->failure.is; i++) {
        if (i > world->committed_last) {
            check_may_commit(host, i, copy->checksum[i]);
            world->committed_checksum[i] = copy->checksum[i];
            world->committed_term[i] = copy->term[i];
            world->committed_last = i;
            take_record(world, copy_records(copy, i, i), copy->checksum[i - 1]);
        } else if (world->committed_checksum[i] != copy->checksum[i]) {
            world_fail(world, "commits-never-fork",
                       "node %u commits record %" PRIu64 " of term %" PRIu64
                       ", another one of term %" PRIu64 " is committed there",
                       host->node, i, copy->term[i], world->committed_term[i]);
        }
    }
    WORLD_SAY(world, "node %u: committed up to %" PRIu64, host->node, index);
    host->committed = index;
}

void judge_role(struct host *host, enum cluster_role role, uint64_t term)
{
    struct world *world = host->world;
    if (role != CLUSTER_ACTIVE)
        return;
    if (term >= WORLD_TERMS_MAX) {
        world_fail(world, "bounded-terms", "term %" PRIu64, term);
        return;
    }
    if (world->actives[term] != 0)
        world_fail(world, "one-active-per-term",
                   "term %" PRIu64 " begins a second time, at node %u; before at node %u", term,
                   host->node, world->actives[term] - 1u);
    world->actives[term] = (uint8_t)(host->node + 1);
    if (world->switchover_ns != 0 && world->now_ns - world->switchover_ns < WORLD_S) {
        world->seen.switchovers++;
        world->seen.calm_switchovers += world->calm ? 1 : 0;
        if (world->calm && world->now_ns - world->switchover_ns > WORLD_SWITCHOVER_WITHIN_NS)
            world_fail(world, "switchover-in-time", "it took %" PRId64 " ms",
                       (world->now_ns - world->switchover_ns) / WORLD_MS);
        world->switchover_ns = 0;
    }
}

void judge_pair(struct world *world)
{
    const struct register_value *value = &world->keeper.current;
    const uint64_t last = world->committed_last;
    if (value->mode != REGISTER_PAIR || last == 0)
        return;
    for (uint32_t node = 0; node < 2; node++) {
        const struct host *host = &world->host[node];
        /* A directory that is gone meanwhile can't take over. */
        if (value->pair[node] == host->identity &&
            !is_on_disk(host, last, world->committed_checksum[last]))
            world_fail(world, "a-pair-holds-everything",
                       "version %" PRIu64 " names node %u, which lacks record %" PRIu64,
                       value->version, node, last);
    }
}

/* --- answers -------------------------------------------------------------------------------------
 */

void judge_reply(struct world *world, uint32_t request, const struct decision *decision)
{
    const struct asked *asked = &world->asked[request];
    if (!asked->committed)
        world_fail(world, "acknowledged-is-committed",
                   "request %u was answered, and is in no committed record", request);
    else if (!client_same_decision(decision, &asked->decided))
        world_fail(world, "one-reply-per-identity",
                   "request %u got another reply than its record has", request);
}

void judge_step(struct world *world)
{
    for (uint32_t node = 0; node < 2; node++) {
        const struct host *host = &world->host[node];
        if (!host->running)
            continue;
        if (replica_pending_count(&host->replica) > world->pending_max)
            world_fail(world, "bounded-pending", "%u requests wait at node %u",
                       replica_pending_count(&host->replica), node);
        if (cluster_commit(&host->cluster) > host->store.memory.last)
            world_fail(world, "committed-is-append-only",
                       "node %u has %" PRIu64 " records, %" PRIu64 " committed", node,
                       host->store.memory.last, cluster_commit(&host->cluster));
        if ((world->steps & 63u) == 0 && !accounts_conserved(&host->service.accounts))
            world_fail(world, "money-is-conserved", "node %u", node);
    }
}

/* --- after healing -------------------------------------------------------------------------------
 */

static const char *what_is_not_well(const struct world *world)
{
    for (uint32_t i = 0; i < world->asked_count; i++)
        if (!world->asked[i].answered)
            return world->asked[i].probe ? "a new request is not answered by the node it came to"
                                         : "a request is not answered";
    if (world->keeper.durable.mode != REGISTER_PAIR)
        return "the register does not say PAIR";
    const struct host *owner = &world->host[world->keeper.durable.owner & 1u];
    if (owner->cluster.role != CLUSTER_ACTIVE || owner->cluster.term != world->keeper.durable.term)
        return "the register's owner is not the active";
    for (uint32_t node = 0; node < 2; node++) {
        const struct host *host = &world->host[node];
        if (!host->running)
            return "a node does not run";
        if (host->committed != host->store.memory.last || host->store.ops != 0)
            return "not all is committed everywhere";
        if (host->store.disk.last != world->committed_last)
            return "not all is on both disks";
        if (replica_pending_count(&host->replica) != 0)
            return "requests wait";
    }
    return NULL;
}

bool judge_look(struct world *world)
{
    const char *what = what_is_not_well(world);
    if (what == NULL)
        return true;
    if (world->now_ns - world->heal_ns <= WORLD_HEALED_WITHIN_NS + world->network.late_ns)
        return false;
    for (uint32_t i = 0; i < world->asked_count; i++)
        if (!world->asked[i].answered) {
            world_fail(world, "well-again-in-time", "%s: request %u of %u, kind %u, asked %u times",
                       what, i, world->asked_count, world->asked[i].kind, world->asked[i].attempts);
            return false;
        }
    world_fail(world, "well-again-in-time", "%s: register %s, roles %s and %s", what,
               register_mode_name(world->keeper.durable.mode),
               cluster_role_name((uint8_t)world->host[0].cluster.role),
               cluster_role_name((uint8_t)world->host[1].cluster.role));
    return false;
}

static void check_ledgers(struct world *world)
{
    const struct copy *a = &world->host[0].store.disk;
    const struct copy *b = &world->host[1].store.disk;
    if (a->last != b->last || a->end[a->last] != b->end[b->last] ||
        memcmp(a->octets, b->octets, a->end[a->last]) != 0)
        world_fail(world, "ledgers-are-equal", "%" PRIu64 " and %" PRIu64 " records", a->last,
                   b->last);
    for (uint64_t i = 1; i <= world->committed_last && i <= a->last; i++)
        if (a->checksum[i] != world->committed_checksum[i])
            world_fail(world, "acknowledged-is-kept",
                       "record %" PRIu64 " was committed, and is not in the ledger", i);
}

static void check_accounts(struct world *world)
{
    for (uint32_t node = 0; node < 2; node++) {
        const struct accounts *accounts = &world->host[node].service.accounts;
        if (!accounts_conserved(accounts))
            world_fail(world, "money-is-conserved", "node %u", node);
        for (uint32_t i = 0; i < WORLD_ACCOUNTS; i++)
            if (accounts->entry[i].charged != world->ledger_charged[i] ||
                (int64_t)accounts->entry[i].reserved != world->ledger_reserved[i])
                world_fail(world, "books-follow-the-ledger",
                           "node %u, account %u: charged %" PRIu64 ", reserved %" PRIu64
                           "; by the ledger %" PRIu64 " and %" PRId64,
                           node, i, accounts->entry[i].charged, accounts->entry[i].reserved,
                           world->ledger_charged[i], world->ledger_reserved[i]);
    }
}

/* What the clients paid, by what they were told, is what the ledger took from them. */
static void check_clients(struct world *world)
{
    uint64_t seen = 0;
    uint64_t in_ledger = 0;
    for (uint32_t i = 0; i < world->asked_count; i++) {
        const struct asked *asked = &world->asked[i];
        in_ledger += asked->amount;
        if (asked->call == POOL_NONE && asked->answered && asked->reply.result == SERVICE_SUCC)
            seen += client_tariff.price_per_event;
    }
    for (uint32_t i = 0; i < world->call_count; i++) {
        uint32_t used = 0;
        for (uint32_t j = 0; j < world->asked_count; j++)
            if (world->asked[j].call == i && world->asked[j].answered &&
                world->asked[j].kind != ASKED_CLOSE && world->asked[j].used_100ms > used)
                used = world->asked[j].used_100ms;
        seen += used == 0 ? 0 : tariff_call_price(&client_tariff, (uint64_t)used * 100);
    }
    if (seen != in_ledger)
        world_fail(world, "sums-agree",
                   "the clients were told of %" PRIu64 ", the ledger has %" PRIu64, seen,
                   in_ledger);
}

static void check_calls(struct world *world)
{
    for (uint32_t i = 0; i < world->call_count; i++)
        for (uint32_t node = 0; node < 2; node++)
            if (calls_find(&world->host[node].replica.calls, world->call[i].reference) != NULL)
                world_fail(world, "books-follow-the-ledger",
                           "node %u keeps call %u open, which is over", node, i);
}

/* Nothing waits any more, so each request of this life has come to its end. */
static void check_ends(struct world *world)
{
    for (uint32_t node = 0; node < 2; node++) {
        const struct host *host = &world->host[node];
        for (uint32_t i = 0; i < host->tokens; i++)
            if (!host->token[i].done)
                world_fail(world, "one-end-per-request", "node %u never ended request %u", node,
                           host->token[i].request);
    }
}

void judge_end(struct world *world)
{
    if (!world->well) {
        world_fail(world, "well-again-in-time", "nothing happens any more");
        return;
    }
    check_ledgers(world);
    check_accounts(world);
    check_clients(world);
    check_calls(world);
    check_ends(world);
}
