/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * replica_pair - two replicas around a machine that does what the test says: who is active, what is
 * replicated, what is committed. Its cluster_append and cluster_accepts take the place of the real
 * ones. Messages between the two go through their octets and wait in a net until they are
 * delivered, dropped or repeated.
 */
#ifndef TESTS_UNIT_RESPONDER_CLUSTER_REPLICA_PAIR_H
#define TESTS_UNIT_RESPONDER_CLUSTER_REPLICA_PAIR_H

#include <stdlib.h>

#include "responder/cluster/replica.h"
#include "tests/unit/responder/peer.h"

#define PAIR_RECORDS_MAX 4096u
#define PAIR_REPLIES_MAX 4096u
#define PAIR_NET_MAX     2048u
#define PAIR_WALL_NS     1700000000000000000

struct pair_reply {
    uint64_t token;
    enum replica_verdict verdict;
    struct service_reply reply;
    uint64_t reference[2];
};

struct pair_record {
    uint8_t octets[LEDGER_RECORD_OCTETS_MAX];
    uint32_t length;
    uint64_t term;
    uint32_t checksum;
};

struct pair;

struct pair_node {
    struct cluster cluster; /* first: the machine's functions find the node by it */
    struct service service;
    struct replica replica;
    struct pair_record record[PAIR_RECORDS_MAX]; /* index - 1 */
    uint64_t last;
    struct pair_reply reply[PAIR_REPLIES_MAX];
    uint32_t replies;
    bool refuses; /* the next append fails */
    struct pair *pair;
};

struct pair_datagram {
    unsigned to;
    size_t length;
    uint8_t octets[CLUSTER_FORWARD_OCTETS_MAX];
};

struct pair {
    struct pair_node node[2];
    struct pair_datagram net[PAIR_NET_MAX];
    uint32_t in_net;
    struct peer peer;
    int64_t now_ns;
    uint64_t tokens;
};

/* --- the machine ------------------------------------------------------------------------------ */

bool cluster_accepts(const struct cluster *cluster)
{
    return cluster->role == CLUSTER_ACTIVE && !cluster->handing_over;
}

static inline void pair_append(struct pair_node *node, struct bytes octets, bool decided)
{
    struct ledger_record_head head;
    CU_ASSERT_FATAL(node->last < PAIR_RECORDS_MAX);
    struct pair_record *r = &node->record[node->last++];
    CU_ASSERT_EQUAL_FATAL(ledger_record_peek(octets, &head), P7_OK);
    memcpy(r->octets, octets.data, octets.length);
    r->length = (uint32_t)octets.length;
    r->term = head.term;
    r->checksum = head.checksum;
    replica_on_appended(&node->replica, octets, decided);
}

enum p7_status cluster_append(struct cluster *cluster, struct ledger_record *record, int64_t now_ns)
{
    struct pair_node *node = (struct pair_node *)cluster;
    uint8_t octets[LEDGER_RECORD_OCTETS_MAX];
    struct bytes_writer w = bytes_writer_of(octets, octets + sizeof(octets));
    (void)now_ns;
    if (!cluster_accepts(cluster) || node->refuses) {
        node->refuses = false;
        return P7_FULL;
    }
    record->index = node->last + 1;
    record->term = cluster->term;
    CU_ASSERT_EQUAL_FATAL(
        ledger_record_encode(&w, record,
                             node->last == 0 ? 0 : node->record[node->last - 1].checksum),
        P7_OK);
    pair_append(node, bytes_of(octets, bytes_writer_length(&w)), true);
    return P7_OK;
}

static inline uint64_t pair_log_last(void *context)
{
    return ((const struct pair_node *)context)->last;
}

/* --- the replicas' handlers ------------------------------------------------------------------- */

static inline void pair_on_reply(void *context, uint64_t token, enum replica_verdict verdict,
                                 const struct service_reply *reply, const uint64_t reference[2])
{
    struct pair_node *node = context;
    CU_ASSERT_FATAL(node->replies < PAIR_REPLIES_MAX);
    node->reply[node->replies++] = (struct pair_reply){.token = token,
                                                       .verdict = verdict,
                                                       .reply = *reply,
                                                       .reference = {reference[0], reference[1]}};
}

static inline void pair_on_send(void *context, const struct cluster_message *message)
{
    struct pair_node *node = context;
    struct pair *pair = node->pair;
    struct cluster_message copy = *message;
    CU_ASSERT_FATAL(pair->in_net < PAIR_NET_MAX);
    struct pair_datagram *d = &pair->net[pair->in_net++];
    struct bytes_writer w = bytes_writer_of(d->octets, d->octets + sizeof(d->octets));
    copy.heartbeat = (struct cluster_heartbeat){.node = (uint8_t)(node != &pair->node[0]),
                                                .role = (uint8_t)node->cluster.role,
                                                .identity = 1};
    CU_ASSERT_EQUAL_FATAL(cluster_message_encode(&w, &copy), P7_OK);
    d->length = bytes_writer_length(&w);
    d->to = node == &pair->node[0] ? 1 : 0;
}

static inline int64_t pair_wall_ns(void *context)
{
    const struct pair_node *node = context;
    return PAIR_WALL_NS + node->pair->now_ns;
}

/* --- life cycle ------------------------------------------------------------------------------- */

struct pair_params {
    uint32_t pending_max;
    uint32_t calls_max;
    uint32_t duplicates_max;
};

static inline void pair_role(struct pair *pair, unsigned n, enum cluster_role role)
{
    pair->node[n].cluster.role = role;
    replica_on_role(&pair->node[n].replica, role, pair->now_ns);
}

/* Node 0 is active, node 1 passive. */
static inline struct pair *pair_open_with(const struct pair_params *given)
{
    struct pair *pair = calloc(1, sizeof(*pair));
    CU_ASSERT_PTR_NOT_NULL_FATAL(pair);
    for (unsigned n = 0; n < 2; n++) {
        struct pair_node *node = &pair->node[n];
        struct replica_params params;
        struct bench b;
        const struct replica_handler handler = {
            .context = node, .reply = pair_on_reply, .send = pair_on_send, .wall_ns = pair_wall_ns};
        node->pair = pair;
        node->cluster.params.nonce = 1000 + n;
        node->cluster.term = 1;
        node->cluster.log = (struct cluster_log){.context = node, .last = pair_log_last};
        bench_params(&b);
        b.params.duplicates_max = given->duplicates_max;
        b.params.identity_key = *service_identity_key();
        CU_ASSERT_EQUAL_FATAL(service_create(&node->service, &b.params), P7_OK);
        replica_params_init(&params);
        params.pending_max = given->pending_max;
        params.calls_max = given->calls_max;
        CU_ASSERT_EQUAL_FATAL(
            replica_create(&node->replica, &params, &handler, &node->service, &node->cluster),
            P7_OK);
    }
    pair_role(pair, 0, CLUSTER_ACTIVE);
    pair_role(pair, 1, CLUSTER_PASSIVE);
    return pair;
}

static inline struct pair *pair_open(void)
{
    return pair_open_with(
        &(struct pair_params){.pending_max = 64, .calls_max = 64, .duplicates_max = 4096});
}

static inline void pair_close(struct pair *pair)
{
    for (unsigned n = 0; n < 2; n++) {
        CU_ASSERT_TRUE(accounts_conserved(&pair->node[n].service.accounts));
        CU_ASSERT_EQUAL(pair->node[n].replica.book.failures, 0);
        replica_destroy(&pair->node[n].replica);
        service_destroy(&pair->node[n].service);
    }
    free(pair);
}

/* --- what happens ----------------------------------------------------------------------------- */

/* Node `to` gets the records that it lacks of the other's. */
static inline void pair_replicate(struct pair *pair, unsigned to)
{
    struct pair_node *into = &pair->node[to];
    const struct pair_node *from = &pair->node[1 - to];
    while (into->last < from->last) {
        const struct pair_record *r = &from->record[into->last];
        pair_append(into, bytes_of(r->octets, r->length), false);
    }
}

static inline void pair_truncate(struct pair *pair, unsigned n, uint64_t last_kept)
{
    pair->node[n].last = last_kept;
    replica_on_truncated(&pair->node[n].replica, last_kept);
}

static inline void pair_commit(struct pair *pair, unsigned n, uint64_t index)
{
    pair->node[n].cluster.commit = index;
    replica_on_committed(&pair->node[n].replica, index, pair->now_ns);
}

/* All that is there is on both, and committed. */
static inline void pair_settle(struct pair *pair, unsigned active)
{
    pair_replicate(pair, 1 - active);
    pair_commit(pair, active, pair->node[active].last);
    pair_commit(pair, 1 - active, pair->node[active].last);
}

static inline void pair_turn(struct pair *pair, int64_t later_ns)
{
    pair->now_ns += later_ns;
    for (unsigned n = 0; n < 2; n++)
        replica_turn(&pair->node[n].replica, pair->now_ns);
}

static inline void pair_deliver_datagram(struct pair *pair, const struct pair_datagram *datagram)
{
    struct cluster_message message;
    CU_ASSERT_EQUAL_FATAL(
        cluster_message_decode(bytes_of(datagram->octets, datagram->length), &message), P7_OK);
    replica_on_message(&pair->node[datagram->to].replica, &message, pair->now_ns);
}

/* One from the net's beginning. */
static inline void pair_deliver_one(struct pair *pair)
{
    static struct pair_datagram first;
    first = pair->net[0];
    pair->in_net--;
    memmove(&pair->net[0], &pair->net[1], pair->in_net * sizeof(pair->net[0]));
    pair_deliver_datagram(pair, &first);
}

static inline void pair_deliver(struct pair *pair)
{
    for (uint32_t i = 0; pair->in_net > 0 && i < PAIR_NET_MAX; i++)
        pair_deliver_one(pair);
}

/* --- requests --------------------------------------------------------------------------------- */

static inline struct bytes pair_octets_of(const struct peer *peer)
{
    const uint8_t *o = peer->octets;
    const size_t length = o[1] < 0x80    ? o[1] + 2u
                          : o[1] == 0x81 ? o[2] + 3u
                                         : bytes_load_u16be(o + 2) + 4u;
    return bytes_of(o, length);
}

/* What the pair's peer has made last. Returns the token. */
static inline uint64_t pair_ask(struct pair *pair, unsigned n, const uint64_t reference[2],
                                uint32_t sequence)
{
    const struct replica_request request = {
        .token = ++pair->tokens,
        .origin = peer_origin(),
        .octets = pair_octets_of(&pair->peer),
        .reference = {reference == NULL ? 0 : reference[0], reference == NULL ? 0 : reference[1]},
        .sequence = sequence,
    };
    replica_request(&pair->node[n].replica, &request, pair->now_ns);
    return request.token;
}

static inline void pair_make_oneshot(struct pair *pair, uint64_t reference)
{
    const struct peer_call call = peer_call_of(SERVICE_ONESHOT_KEY_DEFAULT, reference);
    (void)peer_initial_dp(&pair->peer, &call);
}

static inline uint64_t pair_ask_oneshot(struct pair *pair, unsigned n, uint64_t reference)
{
    pair_make_oneshot(pair, reference);
    return pair_ask(pair, n, NULL, 0);
}

static inline uint64_t pair_ask_call(struct pair *pair, unsigned n, uint64_t reference)
{
    const struct peer_call call = peer_call_of(100, reference);
    (void)peer_initial_dp(&pair->peer, &call);
    return pair_ask(pair, n, NULL, 0);
}

/* The reply to the token, NULL where there is none. At most one is allowed. */
static inline const struct pair_reply *pair_reply_to(const struct pair *pair, unsigned n,
                                                     uint64_t token)
{
    const struct pair_node *node = &pair->node[n];
    const struct pair_reply *found = NULL;
    for (uint32_t i = 0; i < node->replies; i++)
        if (node->reply[i].token == token) {
            CU_ASSERT_PTR_NULL(found);
            found = &node->reply[i];
        }
    return found;
}

/* An open call, begun at node `n`, all committed. */
static inline const struct pair_reply *pair_open_call(struct pair *pair, unsigned n,
                                                      uint64_t reference)
{
    const uint64_t token = pair_ask_call(pair, n, reference);
    pair_deliver(pair);
    pair_settle(pair, 0);
    pair_deliver(pair);
    const struct pair_reply *reply = pair_reply_to(pair, n, token);
    CU_ASSERT_PTR_NOT_NULL_FATAL(reply);
    CU_ASSERT_EQUAL_FATAL(reply->verdict, REPLICA_DECIDED);
    CU_ASSERT_EQUAL_FATAL(reply->reply.decision.body, DECISION_CALL_START);
    return reply;
}

static inline const struct account *pair_account(const struct pair *pair, unsigned n)
{
    return &pair->node[n].service.accounts.entry[1];
}

#endif
