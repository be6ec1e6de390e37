/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * The register's protocol. One thing is asked at a time, and asked again until it is answered; an
 * answer to anything earlier still tells what the register says. What was asked and given up may
 * land late: every proposal names the version that it replaces, so it lands only if nothing else
 * has, and whoever needs to be sure asks for something else first (a superseding swap).
 */
#include <assert.h>

#include "responder/cluster/cluster_internal.h"
#include "sigtran/base/timer_heap.h"

/* A register that says "not you" is not asked at every turn. */
#define LOOK_AGAIN_RETRIES 3
/* An active looks now and then, too: the other node may have taken over and died, or been restarted
 * without a memory of it, before it could say so. Nothing waits for that answer. */
#define LOOK_ACTIVE_HEARTBEATS 10

/* The two nodes' terms never meet, so that a term has one owner even where there is no register. */
static uint64_t next_term(const struct cluster *cluster, uint64_t above)
{
    const uint64_t floor = above > cluster->term ? above : cluster->term;
    return (floor + 1) % 2 == cluster->params.node ? floor + 1 : floor + 2;
}

static struct register_value proposal_of(struct cluster *cluster, uint64_t version, uint64_t term,
                                         enum register_mode mode)
{
    struct register_value value = {
        .version = version,
        .term = term,
        .owner_identity = cluster->params.identity,
        .pair = {cluster->known.pair[0], cluster->known.pair[1]},
        .nonce = cluster->params.nonce + cluster->proposals++,
        .owner = cluster->params.node,
        .mode = (uint8_t)mode,
    };
    if (mode == REGISTER_PAIR) {
        value.pair[cluster->params.node] = cluster->params.identity;
        value.pair[cluster_other_node(cluster)] = cluster->peer.identity;
    }
    return value;
}

static bool is_mine(const struct cluster *cluster, const struct register_value *value)
{
    return value->owner == cluster->params.node &&
           value->owner_identity == cluster->params.identity;
}

/* --- asking ----------------------------------------------------------------------------------- */

static void accepted(struct cluster *cluster, enum cluster_wish wish);

static void send_request(struct cluster *cluster)
{
    struct register_request request = {
        .id = cluster->request_id,
        .cluster_id = cluster->params.cluster_id,
        .kind = REGISTER_SWAP,
        .proposal = cluster->proposal,
    };
    if (cluster->wish == CLUSTER_WISH_READ)
        request.kind = REGISTER_READ;
    else if (cluster->wish == CLUSTER_WISH_FORCE)
        request.kind = REGISTER_FORCE;
    cluster->request_ns = cluster->now_ns + cluster->params.retry_ns;
    cluster->handler.request(cluster->handler.context, &request);
}

void cluster_ask(struct cluster *cluster, enum cluster_wish wish)
{
    cluster->wish = (uint8_t)wish;
    cluster->request_id++;
    if (wish == CLUSTER_WISH_SOLO || wish == CLUSTER_WISH_PAIR)
        cluster->proposal = proposal_of(cluster, cluster->known.version + 1, cluster->term,
                                        wish == CLUSTER_WISH_PAIR ? REGISTER_PAIR : REGISTER_SOLO);
    if (wish == CLUSTER_WISH_PAIR)
        cluster->pair_asked = true;
    if (!cluster->params.two_node) {
        send_request(cluster);
        return;
    }
    cluster->wish = CLUSTER_WISH_NOTHING;
    if (wish != CLUSTER_WISH_READ)
        cluster->known = cluster->proposal;
    accepted(cluster, wish);
}

void cluster_claim_stop(struct cluster *cluster)
{
    cluster->wish = CLUSTER_WISH_NOTHING;
}

void cluster_claim(struct cluster *cluster, uint64_t version, enum register_mode mode)
{
    cluster->role = CLUSTER_CLAIMING;
    cluster->takes_over = !is_mine(cluster, &cluster->known);
    cluster->proposal =
        proposal_of(cluster, version + 1, next_term(cluster, cluster->known.term), mode);
    /* The pair stays who it was, but in a hand-over between the two of now. */
    if (version == cluster->known.version &&
        (mode == REGISTER_SOLO ||
         cluster->known.pair[cluster->params.node] == cluster->params.identity)) {
        cluster->proposal.pair[0] = cluster->known.pair[0];
        cluster->proposal.pair[1] = cluster->known.pair[1];
    }
    cluster_tell(cluster, CLUSTER_EVENT_ROLE, cluster_role_name(CLUSTER_CLAIMING),
                 cluster->proposal.term);
    cluster->handler.role(cluster->handler.context, CLUSTER_CLAIMING, cluster->term);
    cluster_ask(cluster, CLUSTER_WISH_CLAIM);
}

void cluster_force(struct cluster *cluster)
{
    cluster->takes_over = true;
    cluster->proposal = proposal_of(
        cluster, cluster->known.version + 1,
        cluster->role == CLUSTER_ACTIVE ? cluster->term : next_term(cluster, cluster->known.term),
        REGISTER_SOLO);
    if (cluster->role != CLUSTER_ACTIVE)
        cluster->role = CLUSTER_CLAIMING;
    cluster_ask(cluster, CLUSTER_WISH_FORCE);
}

/* --- deciding --------------------------------------------------------------------------------- */

/* Both nodes are new, and so is the register: the lower one begins. */
static void found_cluster(struct cluster *cluster)
{
    if (cluster_last(cluster) > 0) {
        cluster_tell_stalled(cluster,
                             "the register is empty and this node's ledger is not: the register's "
                             "data was lost or it is another one; bring it back, or `cluster "
                             "force-takeover` at the node that was active");
    } else if (cluster->peer.node == REGISTER_NODE_NONE || cluster->peer_lost ||
               cluster->peer.role != CLUSTER_STARTING || cluster->peer.last > 0) {
        cluster_tell_stalled(cluster, "a new cluster begins when both nodes are there: waiting for "
                                      "the other one (or `cluster force-takeover` here)");
    } else if (cluster->params.node == 0) {
        cluster_claim(cluster, 0, REGISTER_SOLO);
    }
}

/* A passive that hears no active, or a node that starts, knows what the register says. */
static void decide(struct cluster *cluster)
{
    const struct register_value *value = &cluster->known;
    cluster->look_ns = cluster->now_ns + LOOK_AGAIN_RETRIES * cluster->params.retry_ns;
    if (register_value_is_empty(value)) {
        found_cluster(cluster);
        return;
    }
    if (is_mine(cluster, value)) {
        /* A new term even so: what this node wrote under the old one and lost with its power must
         * not meet what it writes now under one name. */
        cluster_claim(cluster, value->version, (enum register_mode)value->mode);
        return;
    }
    if (cluster->role == CLUSTER_STARTING) {
        cluster_become_passive(cluster, cluster->term);
        return;
    }
    if (!cluster_suspects_active(cluster))
        return;
    if (value->mode == REGISTER_SOLO)
        cluster_tell_stalled(cluster, "the active served alone when it fell silent, and only it "
                                      "holds everything: start it again; if it is lost for good, "
                                      "`cluster force-takeover` gives up what it alone has");
    else if (value->pair[cluster->params.node] != cluster->params.identity)
        cluster_tell_stalled(cluster,
                             "this node's data directory is not the one of the pair, so it "
                             "may lack charges: start the other node to fill it");
    else
        cluster_claim(cluster, value->version, REGISTER_SOLO);
}

/* No register: whoever is left promotes itself; of two that hear each other the one that has more,
 * so that one of them does. */
static void promote(struct cluster *cluster)
{
    const struct cluster_heartbeat *peer = &cluster->peer;
    if (!cluster->peer_lost && peer->node != REGISTER_NODE_NONE) {
        uint64_t last_term;
        uint32_t checksum;
        const uint64_t last = cluster_last(cluster);
        if (cluster->log.head(cluster->log.context, last, &last_term, &checksum) != P7_OK)
            last_term = 0;
        if (peer->last_term > last_term || (peer->last_term == last_term && peer->last > last) ||
            (peer->last_term == last_term && peer->last == last && cluster->params.node == 1))
            return;
    }
    cluster_claim(cluster, cluster->known.version, REGISTER_SOLO);
}

/* --- answers ---------------------------------------------------------------------------------- */

/* Nobody is there, or its disk holds up what waits for it. */
static bool peer_is_no_help(const struct cluster *cluster)
{
    return cluster->peer_lost || cluster->peer.role == CLUSTER_FAILED ||
           cluster->now_ns - cluster->progress_ns >= 2 * cluster->params.suspect_ns;
}

static void go_alone(struct cluster *cluster)
{
    cluster->needs_both = false;
    cluster_tell(cluster, CLUSTER_EVENT_ALONE, "serves alone until the other node is back",
                 cluster->term);
    cluster_commit_advance(cluster);
}

static void went_solo(struct cluster *cluster)
{
    cluster->pair_asked = false;
    /* The peer came back while we asked: both disks go on being needed. */
    if (!peer_is_no_help(cluster) && cluster->peer_durable >= cluster->commit &&
        cluster->peer_matches)
        return;
    go_alone(cluster);
}

static void accepted(struct cluster *cluster, enum cluster_wish wish)
{
    switch (wish) {
    case CLUSTER_WISH_CLAIM:
    case CLUSTER_WISH_FORCE:
        if (cluster->role == CLUSTER_CLAIMING) {
            cluster_become_active(cluster, &cluster->proposal);
        }
        break;
    case CLUSTER_WISH_SOLO:
        went_solo(cluster);
        break;
    case CLUSTER_WISH_PAIR:
        cluster->pair_asked = false;
        cluster_tell(cluster, CLUSTER_EVENT_PAIRED, "both nodes hold everything", cluster->term);
        break;
    case CLUSTER_WISH_NOTHING:
    case CLUSTER_WISH_READ:
        break;
    }
}

/* Asks for the same with the version of now; where that has not changed, not at once. */
static void ask_anew(struct cluster *cluster, enum cluster_wish wish)
{
    const bool changed = cluster->known.version + 1 != cluster->proposal.version;
    if (changed) {
        if (wish == CLUSTER_WISH_FORCE)
            cluster_force(cluster);
        else
            cluster_ask(cluster, wish);
        return;
    }
    cluster->wish = (uint8_t)wish;
    cluster->request_ns = cluster->now_ns + cluster->params.retry_ns;
}

static void refused(struct cluster *cluster, enum cluster_wish wish)
{
    switch (wish) {
    case CLUSTER_WISH_CLAIM:
        cluster->counters.claims_refused++;
        cluster_become_passive(cluster, cluster->term);
        break;
    case CLUSTER_WISH_FORCE:
    case CLUSTER_WISH_SOLO:
        /* Still the owner, or we would be passive by now: another swap of ours has landed. */
        ask_anew(cluster, wish);
        break;
    case CLUSTER_WISH_PAIR: /* the next turn asks again if it is still wanted */
        cluster->pair_asked = false;
        break;
    case CLUSTER_WISH_NOTHING:
    case CLUSTER_WISH_READ:
        break;
    }
}

/* Any answer tells what the register said at some time; the newest version counts. */
static void learn(struct cluster *cluster, const struct register_value *value)
{
    if (cluster->register_read && value->version <= cluster->known.version) {
        if (value->version < cluster->known.version && register_value_is_empty(value)) {
            cluster->register_lost = true;
            cluster_tell_stalled(cluster,
                                 "the register has lost its value: bring its data back, or "
                                 "`cluster force-takeover` at the active");
        }
        return;
    }
    cluster->register_lost = false;
    cluster->known = *value;
    cluster->register_read = true;
    if (value->term <= cluster->term || is_mine(cluster, value))
        return;
    if (cluster->role == CLUSTER_ACTIVE || cluster->role == CLUSTER_CLAIMING) {
        cluster->counters.claims_refused += cluster->role == CLUSTER_CLAIMING ? 1 : 0;
        cluster_become_passive(cluster, value->term);
    } else {
        cluster->term = value->term;
    }
}

void cluster_on_register(struct cluster *cluster, const struct register_answer *answer,
                         int64_t now_ns)
{
    cluster->now_ns = now_ns;
    if (cluster->role == CLUSTER_FAILED)
        return;
    cluster->answered_ns = now_ns;
    learn(cluster, &answer->current);
    const enum cluster_wish wish = (enum cluster_wish)cluster->wish;
    if (answer->id != cluster->request_id || wish == CLUSTER_WISH_NOTHING) {
        cluster->counters.stale_answers++;
        return;
    }
    cluster->wish = CLUSTER_WISH_NOTHING;
    if (wish == CLUSTER_WISH_READ) {
        if (cluster->forced)
            cluster_force(cluster);
        else if (cluster->role != CLUSTER_ACTIVE)
            decide(cluster);
        return;
    }
    if (answer->accepted)
        accepted(cluster, wish);
    else
        refused(cluster, wish);
}

/* --- turns ------------------------------------------------------------------------------------ */

/* The operator's word, and a register that does not answer: go without it, with a term that it has
 * surely not given yet, and have it written there when it is back. */
static void force_without_register(struct cluster *cluster)
{
    const struct register_value value =
        proposal_of(cluster, cluster->known.version + 1,
                    next_term(cluster, cluster->term + CLUSTER_FORCE_TERMS), REGISTER_SOLO);
    cluster_claim_stop(cluster);
    cluster->takes_over = true;
    cluster_become_active(cluster, &value);
    cluster->register_read = false;
    if (cluster->role == CLUSTER_ACTIVE)
        cluster_force(cluster);
}

void cluster_claim_turn(struct cluster *cluster)
{
    const bool looks = cluster->wish == CLUSTER_WISH_NOTHING && cluster->look_ns <= cluster->now_ns;
    if (cluster->forced && cluster->now_ns - cluster->forced_ns >= CLUSTER_FORCE_WAIT_NS &&
        cluster->answered_ns < cluster->forced_ns) {
        force_without_register(cluster);
        return;
    }
    if (cluster->role == CLUSTER_PASSIVE && !cluster_suspects_active(cluster) &&
        cluster->wish == CLUSTER_WISH_READ && !cluster->forced)
        cluster_claim_stop(cluster); /* it is heard again */
    if (cluster->wish != CLUSTER_WISH_NOTHING) {
        if (cluster->request_ns <= cluster->now_ns)
            send_request(cluster);
        return;
    }
    if (!looks)
        return;
    if (cluster->role == CLUSTER_ACTIVE && !cluster->params.two_node) {
        cluster->look_ns = cluster->now_ns + LOOK_ACTIVE_HEARTBEATS * cluster->params.heartbeat_ns;
        cluster_ask(cluster, CLUSTER_WISH_READ);
        return;
    }
    if (cluster->role == CLUSTER_STARTING ||
        (cluster->role == CLUSTER_PASSIVE && cluster_suspects_active(cluster))) {
        if (cluster->params.two_node)
            promote(cluster);
        else
            cluster_ask(cluster, CLUSTER_WISH_READ);
    }
}

/* SOLO is certain only while no proposal of PAIR may still land. */
static void give_up_peer(struct cluster *cluster)
{
    if (cluster->wish == CLUSTER_WISH_SOLO || cluster->wish == CLUSTER_WISH_FORCE)
        return;
    if (cluster->known.mode == REGISTER_SOLO && !cluster->pair_asked) {
        go_alone(cluster);
        return;
    }
    cluster_ask(cluster, CLUSTER_WISH_SOLO);
}

void cluster_mode_turn(struct cluster *cluster)
{
    if (cluster->needs_both && peer_is_no_help(cluster)) {
        give_up_peer(cluster);
        return;
    }
    const bool busy = cluster->wish != CLUSTER_WISH_NOTHING && cluster->wish != CLUSTER_WISH_READ;
    if (busy || !cluster->peer_matches || peer_is_no_help(cluster))
        return;
    if (!cluster->needs_both &&
        cluster_last(cluster) - cluster->peer_durable <= CLUSTER_CLOSE_RECORDS)
        cluster->needs_both = true;
    /* From here on nothing is committed without the peer; what was committed before is there when
     * it has come so far. */
    if (cluster->needs_both && cluster->peer_durable >= cluster->commit &&
        cluster->peer_durable >= cluster->began &&
        (cluster->known.mode != REGISTER_PAIR ||
         cluster->known.pair[cluster_other_node(cluster)] != cluster->peer.identity))
        cluster_ask(cluster, CLUSTER_WISH_PAIR);
}
