/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "responder/cluster/cluster.h"

#include <assert.h>

#include "responder/cluster/cluster_internal.h"
#include "sigtran/base/timer_heap.h"

#define NS_PER_MS 1000000LL

const char *cluster_role_name(uint8_t role)
{
    switch ((enum cluster_role)role) {
    case CLUSTER_STARTING:
        return "starting";
    case CLUSTER_PASSIVE:
        return "passive";
    case CLUSTER_CLAIMING:
        return "claiming";
    case CLUSTER_ACTIVE:
        return "active";
    case CLUSTER_FAILED:
        return "failed";
    }
    return "?";
}

void cluster_params_init(struct cluster_params *params)
{
    *params = (struct cluster_params){
        .heartbeat_ns = 100 * NS_PER_MS,
        .suspect_ns = 500 * NS_PER_MS,
        .retry_ns = 100 * NS_PER_MS,
    };
}

void cluster_tell(struct cluster *cluster, enum cluster_event_kind kind, const char *text,
                  uint64_t value)
{
    const struct cluster_event event = {.kind = kind, .text = text, .value = value};
    cluster->handler.event(cluster->handler.context, &event);
}

void cluster_tell_stalled(struct cluster *cluster, const char *text)
{
    if (cluster->stall_told)
        return;
    cluster->stall_told = true;
    cluster_tell(cluster, CLUSTER_EVENT_STALLED, text, cluster->term);
}

static struct cluster_heartbeat heartbeat_of(const struct cluster *cluster)
{
    const uint64_t last = cluster_last(cluster);
    uint64_t last_term = 0;
    uint32_t checksum;
    if (cluster->log.head(cluster->log.context, last, &last_term, &checksum) != P7_OK)
        last_term = 0;
    return (struct cluster_heartbeat){
        .identity = cluster->params.identity,
        .term = cluster->term,
        .last = last,
        .last_term = last_term,
        .commit = cluster->commit,
        .role = (uint8_t)cluster->role,
        .node = cluster->params.node,
    };
}

void cluster_send(struct cluster *cluster, struct cluster_message *message)
{
    message->heartbeat = heartbeat_of(cluster);
    cluster->heartbeat_ns = cluster->now_ns + cluster->params.heartbeat_ns;
    cluster->handler.send(cluster->handler.context, message);
}

void cluster_say_farewell(struct cluster *cluster, int64_t now_ns)
{
    struct cluster_message message = {.kind = CLUSTER_HEARTBEAT};
    cluster->now_ns = now_ns;
    message.heartbeat = heartbeat_of(cluster);
    /* Of a failed node the active expects nothing. */
    message.heartbeat.role = CLUSTER_FAILED;
    cluster->handler.send(cluster->handler.context, &message);
}

bool cluster_suspects_active(const struct cluster *cluster)
{
    return cluster->now_ns - cluster->active_heard_ns >= cluster->params.suspect_ns;
}

/* --- roles ------------------------------------------------------------------------------------ */

static void set_role(struct cluster *cluster, enum cluster_role role)
{
    const enum cluster_role before = cluster->role;
    cluster->role = role;
    cluster->stall_told = false;
    /* The peer hears of it at once. */
    cluster->heartbeat_ns = cluster->now_ns;
    if (before == role)
        return;
    cluster_tell(cluster, CLUSTER_EVENT_ROLE, cluster_role_name((uint8_t)role), cluster->term);
    cluster->handler.role(cluster->handler.context, role, cluster->term);
}

void cluster_become_passive(struct cluster *cluster, uint64_t term)
{
    assert(term >= cluster->term);
    cluster->term = term;
    cluster->matched = 0;
    cluster->matched_term = 0;
    cluster->ack_due = false;
    cluster->handing_over = false;
    cluster->pair_asked = false;
    cluster->forced = false;
    cluster->active_heard_ns = cluster->now_ns;
    cluster->look_ns = 0;
    cluster_claim_stop(cluster);
    set_role(cluster, CLUSTER_PASSIVE);
}

void cluster_become_active(struct cluster *cluster, const struct register_value *value)
{
    struct ledger_record record = {
        .kind = LEDGER_TERM,
        .flags = cluster->forced ? LEDGER_FORCED : 0,
        .node = cluster->params.node,
    };
    cluster->term = value->term;
    cluster->needs_both = value->mode == REGISTER_PAIR;
    cluster->pair_asked = false;
    cluster->handing_over = false;
    cluster->forced = false;
    cluster->role = CLUSTER_ACTIVE;
    cluster->counters.takeovers += cluster->takes_over ? 1 : 0;
    if (cluster_last(cluster) - cluster->commit >= CLUSTER_UNDO_MAX ||
        cluster_write_record(cluster, &record, false) != P7_OK) {
        cluster_fail(cluster, CLUSTER_EVENT_STALLED,
                     "too many terms began and ended without a commit: start both nodes, or use "
                     "the ledger of the other node");
        return;
    }
    cluster_replicate_begin(cluster);
    cluster->stall_told = false;
    cluster->heartbeat_ns = cluster->now_ns;
    cluster_tell(cluster, CLUSTER_EVENT_ROLE, cluster_role_name(CLUSTER_ACTIVE), cluster->term);
    if (!cluster->needs_both)
        cluster_tell(cluster, CLUSTER_EVENT_ALONE, "serves alone until the other node is back",
                     cluster->term);
    cluster->handler.role(cluster->handler.context, CLUSTER_ACTIVE, cluster->term);
}

void cluster_fail(struct cluster *cluster, enum cluster_event_kind kind, const char *text)
{
    if (cluster->role == CLUSTER_FAILED)
        return;
    cluster_claim_stop(cluster);
    cluster_tell(cluster, kind, text, cluster->term);
    set_role(cluster, CLUSTER_FAILED);
}

void cluster_on_journal_failed(struct cluster *cluster, const char *text)
{
    cluster_fail(cluster, CLUSTER_EVENT_STALLED, text);
}

/* --- life cycle ------------------------------------------------------------------------------- */

/*
 * What is committed whatever happened: an active decides nothing with CLUSTER_UNCOMMITTED_MAX
 * records under way, so that no more than these are not, and the records that began terms.
 */
static uint64_t committed_for_sure(const struct cluster_log *log)
{
    uint64_t index = log->last(log->context);
    uint64_t decided = 0;
    uint64_t term = 0;
    uint32_t checksum;
    if (log->head(log->context, index, &term, &checksum) != P7_OK)
        return 0;
    while (index > 0 && decided < CLUSTER_UNCOMMITTED_MAX) {
        uint64_t before;
        if (log->head(log->context, index - 1, &before, &checksum) != P7_OK)
            return 0;
        decided += before == term ? 1 : 0;
        term = before;
        index--;
    }
    return index;
}

void cluster_init(struct cluster *cluster, const struct cluster_params *params,
                  const struct cluster_handler *handler, const struct cluster_log *log)
{
    uint32_t checksum;
    assert(params->node <= 1 && params->identity != 0);
    *cluster = (struct cluster){
        .params = *params, .handler = *handler, .log = *log, .role = CLUSTER_STARTING};
    cluster->durable = cluster_last(cluster);
    if (log->head(log->context, cluster->durable, &cluster->term, &checksum) != P7_OK)
        cluster->term = 0;
    cluster->commit = committed_for_sure(log);
    cluster->peer.node = REGISTER_NODE_NONE;
    cluster->known.owner = REGISTER_NODE_NONE;
}

void cluster_start(struct cluster *cluster, int64_t now_ns)
{
    cluster->now_ns = now_ns;
    cluster->turn_ns = now_ns;
    cluster->peer_heard_ns = now_ns;
    cluster->active_heard_ns = now_ns;
    cluster->heartbeat_ns = now_ns;
    if (cluster->params.two_node)
        cluster_become_passive(cluster, cluster->term);
    else
        cluster_ask(cluster, CLUSTER_WISH_READ);
}

/* --- the peer --------------------------------------------------------------------------------- */

/* A peer with another data directory than before has another ledger. */
static void note_peer(struct cluster *cluster, const struct cluster_heartbeat *heartbeat)
{
    if (cluster->peer.node == REGISTER_NODE_NONE || cluster->peer.identity != heartbeat->identity) {
        cluster->peer_durable = 0;
        cluster->peer_matches = false;
        cluster->probe_due = true;
    }
    cluster->peer = *heartbeat;
    cluster->peer_heard_ns = cluster->now_ns;
    if (cluster->peer_lost) {
        cluster->peer_lost = false;
        cluster->probe_due = true;
        cluster->progress_ns = cluster->now_ns;
        cluster_tell(cluster, CLUSTER_EVENT_PEER_BACK, "the other node is heard again",
                     heartbeat->term);
    }
}

/* A term that we don't know was given by the register after we read it: what we asked of it since
 * can't land any more, unless the term is the very one that we asked for. */
static void note_term(struct cluster *cluster, const struct cluster_heartbeat *heartbeat)
{
    if (heartbeat->term <= cluster->term)
        return;
    switch (cluster->role) {
    case CLUSTER_CLAIMING:
        if (heartbeat->term == cluster->proposal.term)
            return;
        cluster_become_passive(cluster, heartbeat->term);
        return;
    case CLUSTER_ACTIVE:
        cluster_become_passive(cluster, heartbeat->term);
        return;
    case CLUSTER_STARTING:
    case CLUSTER_PASSIVE:
    case CLUSTER_FAILED:
        cluster->term = heartbeat->term;
        return;
    }
}

static void note_active(struct cluster *cluster, const struct cluster_heartbeat *heartbeat)
{
    if (heartbeat->role != CLUSTER_ACTIVE || heartbeat->term < cluster->term)
        return;
    if (cluster->role == CLUSTER_STARTING)
        cluster_become_passive(cluster, heartbeat->term);
    if (cluster->role != CLUSTER_PASSIVE)
        return;
    cluster->active_heard_ns = cluster->now_ns;
    cluster->stall_told = false;
    if (cluster->matched_term == heartbeat->term)
        cluster_commit_follow(cluster, heartbeat->commit);
}

/* The active hands over: take its place if everything is here. */
static void on_hand_over(struct cluster *cluster, const struct cluster_message *message)
{
    const uint64_t last = message->hand_over.last;
    if (cluster->role != CLUSTER_PASSIVE || message->heartbeat.role != CLUSTER_ACTIVE ||
        message->heartbeat.term != cluster->term || cluster->matched_term != cluster->term ||
        cluster->matched != last || cluster_last(cluster) != last || cluster->durable != last)
        return;
    cluster_claim(cluster, message->hand_over.register_version, REGISTER_PAIR);
}

void cluster_on_message(struct cluster *cluster, const struct cluster_message *message,
                        int64_t now_ns)
{
    const struct cluster_heartbeat *heartbeat = &message->heartbeat;
    cluster->now_ns = now_ns;
    if (heartbeat->node != cluster_other_node(cluster))
        return;
    if (heartbeat->identity == cluster->params.identity) {
        cluster_fail(cluster, CLUSTER_EVENT_DIVERGED,
                     "both nodes run on copies of one data directory: empty one of them");
        return;
    }
    note_peer(cluster, heartbeat);
    note_term(cluster, heartbeat);
    note_active(cluster, heartbeat);
    switch ((enum cluster_message_kind)message->kind) {
    case CLUSTER_APPEND:
        cluster_on_append(cluster, message);
        break;
    case CLUSTER_APPEND_ACK:
        cluster_on_ack(cluster, message);
        break;
    case CLUSTER_HAND_OVER:
        on_hand_over(cluster, message);
        break;
    case CLUSTER_HEARTBEAT:
    case CLUSTER_FORWARD: /* the replica's */
    case CLUSTER_RELAY:
        break;
    }
}

/* --- turns ------------------------------------------------------------------------------------ */

/* While we did not run nobody could be heard: that time proves nothing about the peer. */
static void note_own_stall(struct cluster *cluster)
{
    const int64_t away_ns = cluster->now_ns - cluster->turn_ns;
    cluster->turn_ns = cluster->now_ns;
    if (away_ns <= 2 * cluster->params.heartbeat_ns)
        return;
    cluster->counters.own_stalls++;
    int64_t *const heard_ns[] = {&cluster->peer_heard_ns, &cluster->active_heard_ns,
                                 &cluster->progress_ns};
    for (unsigned i = 0; i < sizeof(heard_ns) / sizeof(heard_ns[0]); i++) {
        *heard_ns[i] += away_ns;
        if (*heard_ns[i] > cluster->now_ns)
            *heard_ns[i] = cluster->now_ns;
    }
}

static void look_after_peer(struct cluster *cluster)
{
    if (cluster->peer_lost || cluster->now_ns - cluster->peer_heard_ns < cluster->params.suspect_ns)
        return;
    cluster->peer_lost = true;
    cluster_tell(cluster, CLUSTER_EVENT_PEER_LOST, "the other node is not heard any more",
                 cluster->term);
}

static void hand_over_turn(struct cluster *cluster)
{
    if (!cluster->handing_over)
        return;
    if (cluster->now_ns >= cluster->hand_over_until_ns || cluster->peer_lost) {
        /* The passive's claim may still land; until then both disks are needed, as before. */
        cluster->handing_over = false;
        cluster_tell(cluster, CLUSTER_EVENT_STALLED,
                     "the hand-over was given up: the other node did not take over in time",
                     cluster->term);
        return;
    }
    const uint64_t last = cluster_last(cluster);
    if (cluster->commit != last || cluster->peer_durable != last ||
        cluster->now_ns < cluster->hand_over_ns)
        return;
    struct cluster_message message = {.kind = CLUSTER_HAND_OVER};
    message.hand_over.last = last;
    message.hand_over.register_version = cluster->known.version;
    cluster->hand_over_ns = cluster->now_ns + cluster->params.retry_ns;
    cluster_send(cluster, &message);
}

void cluster_turn(struct cluster *cluster, int64_t now_ns)
{
    cluster->now_ns = now_ns;
    note_own_stall(cluster);
    look_after_peer(cluster);
    if (cluster->role != CLUSTER_FAILED)
        cluster_claim_turn(cluster);
    if (cluster->role == CLUSTER_ACTIVE) {
        cluster_mode_turn(cluster);
        hand_over_turn(cluster);
    }
    cluster_replicate_turn(cluster);
    if (cluster->heartbeat_ns <= now_ns) {
        struct cluster_message message = {.kind = CLUSTER_HEARTBEAT};
        cluster_send(cluster, &message);
    }
}

static void sooner(int64_t *deadline_ns, int64_t ns)
{
    if (ns < *deadline_ns)
        *deadline_ns = ns;
}

int64_t cluster_deadline_ns(const struct cluster *cluster)
{
    int64_t deadline_ns = cluster->heartbeat_ns;
    if (cluster->wish != CLUSTER_WISH_NOTHING)
        sooner(&deadline_ns, cluster->request_ns);
    if (!cluster->peer_lost)
        sooner(&deadline_ns, cluster->peer_heard_ns + cluster->params.suspect_ns);
    if (cluster->role == CLUSTER_PASSIVE && !cluster_suspects_active(cluster))
        sooner(&deadline_ns, cluster->active_heard_ns + cluster->params.suspect_ns);
    if (cluster->ack_due)
        sooner(&deadline_ns, cluster->now_ns);
    if (cluster->role != CLUSTER_ACTIVE)
        return deadline_ns;
    if (cluster->wish == CLUSTER_WISH_NOTHING && !cluster->params.two_node)
        sooner(&deadline_ns, cluster->look_ns);
    if (!cluster->peer_lost) {
        sooner(&deadline_ns, cluster->resend_ns);
        if (cluster->peer_matches && cluster->next <= cluster_last(cluster) &&
            cluster->next <= cluster_peer_received(cluster) + CLUSTER_WINDOW_RECORDS)
            sooner(&deadline_ns, cluster->now_ns);
    }
    if (cluster->handing_over)
        sooner(&deadline_ns, cluster->hand_over_ns > cluster->now_ns ? cluster->hand_over_ns
                                                                     : cluster->hand_over_until_ns);
    return deadline_ns;
}

/* --- the user --------------------------------------------------------------------------------- */

bool cluster_accepts(const struct cluster *cluster)
{
    return cluster->role == CLUSTER_ACTIVE && !cluster->handing_over &&
           cluster_last(cluster) - cluster->commit < CLUSTER_UNCOMMITTED_MAX;
}

enum p7_status cluster_append(struct cluster *cluster, struct ledger_record *record, int64_t now_ns)
{
    cluster->now_ns = now_ns;
    if (cluster->role != CLUSTER_ACTIVE || cluster->handing_over)
        return P7_STATE;
    if (!cluster_accepts(cluster))
        return P7_FULL;
    return cluster_write_record(cluster, record, true);
}

enum p7_status cluster_switchover(struct cluster *cluster, int64_t now_ns, const char **why)
{
    cluster->now_ns = now_ns;
    *why = "";
    if (cluster->role != CLUSTER_ACTIVE)
        *why = "this node is not the active one";
    else if (cluster->handing_over)
        *why = "a hand-over is under way";
    else if (cluster->peer_lost || cluster->peer.node == REGISTER_NODE_NONE)
        *why = "the other node is not heard";
    else if (!cluster->needs_both || cluster->known.mode != REGISTER_PAIR || cluster->pair_asked ||
             cluster->known.pair[cluster_other_node(cluster)] != cluster->peer.identity ||
             (cluster->wish != CLUSTER_WISH_NOTHING && cluster->wish != CLUSTER_WISH_READ))
        *why = "the other node does not hold everything yet: wait until the mode is PAIR";
    if (**why != '\0')
        return P7_STATE;
    cluster->handing_over = true;
    cluster->hand_over_ns = now_ns;
    cluster->hand_over_until_ns = now_ns + CLUSTER_HAND_OVER_NS;
    return P7_OK;
}

enum p7_status cluster_force_takeover(struct cluster *cluster, int64_t now_ns)
{
    cluster->now_ns = now_ns;
    if (cluster->role == CLUSTER_ACTIVE && cluster->register_lost) {
        cluster->known = (struct register_value){.owner = REGISTER_NODE_NONE};
        cluster_force(cluster);
        return P7_OK;
    }
    if (cluster->role == CLUSTER_FAILED || cluster->role == CLUSTER_ACTIVE)
        return P7_STATE;
    cluster->forced = true;
    cluster->forced_ns = now_ns;
    cluster_ask(cluster, CLUSTER_WISH_READ);
    return P7_OK;
}
