/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * server_internal - what the server's sources share: server.c (life cycle, turns),
 * server_dialogue.c (requests, decided here at once), server_ledger.c (requests, decided by a
 * replica and answered when the ledger has them), server_reply.c (replies on their way),
 * server_query.c (what main asks for).
 */
#ifndef RESPONDER_SERVER_INTERNAL_H
#define RESPONDER_SERVER_INTERNAL_H

#include <stdatomic.h>

#include "responder/core/activity.h"
#include "responder/server.h"
#include "sigtran/base/pool.h"
#include "sigtran/base/timer_heap.h"

/* Replies that wait for a decision, a worker or a planned delay. */
#define SERVER_PENDING_MAX 131072
/* Octets of an application context that is kept for a refusal: CAP's have seven. */
#define SERVER_CONTEXT_OCTETS 16
#define SERVER_PENDING_NONE   POOL_NONE
/* Requests behind the end of their dialogue that wait for what the replica says of them. */
#define SERVER_STRAYS_MAX 4096

/* With a ledger: which call the dialogue belongs to. Its state is the replica's. */
struct server_call {
    uint64_t reference[2]; /* zeros: none */
    uint32_t sequence;     /* see replica_request */
};

/* The user's octets of each dialogue. */
struct server_dialogue {
    union {
        struct service_dialogue service; /* without a ledger */
        struct server_call call;
    };
    uint32_t pending; /* without a ledger: slot + 1 of the reply that is being made, 0: none */
};

/* Names a dialogue for longer than its slot lives: slot and local transaction id. */
struct server_token {
    uint32_t dialogue;
    uint32_t local_id;
};

static inline uint64_t server_token_pack(struct server_token token)
{
    return ((uint64_t)token.local_id << 32) | token.dialogue;
}

static inline struct server_token server_token_unpack(uint64_t packed)
{
    return (struct server_token){.dialogue = (uint32_t)packed,
                                 .local_id = (uint32_t)(packed >> 32)};
}

/* A reply on its way: through its decision, a worker, then its delay. */
struct server_pending {
    struct service_reply reply;
    struct server_token token;
    int64_t received_ns;
    uint32_t next_attached; /* slot + 1 of a duplicate that wants the same reply, 0: none */
    bool close;             /* no reply: `closed` is to be ended */
    uint8_t context_length;
    uint8_t context[SERVER_CONTEXT_OCTETS];
    struct server_call closed;
};

/* A request without a dialogue, and where its answer goes. */
struct server_stray {
    struct node_route route;
    struct tcap_transaction_id peer_id;
    int64_t received_ns;
};

/* Which dialogue a call came by last. One entry a bucket: a newer call drives an older one out. */
struct server_call_entry {
    uint64_t reference[2];
    struct server_token token;
};

struct server {
    const struct settings *settings;
    struct data_plane *plane;
    struct node *node;
    struct mailbox *reports;
    struct service service;
    struct workload *workload;
    bool works;  /* a request costs something */
    int wake_fd; /* workers tell here that jobs are done; -1: no workers */
    struct pool pending;
    struct timer_heap delays;
    bool tests_activity;
    struct activity activity;
    struct server_counters counters;
    int64_t origin_ns; /* of the first turn; 0 before */
    int64_t interval_from_ns;
    int64_t interval_to_ns;
    uint8_t components[DECISION_OCTETS_MAX];
    /* With a ledger: */
    struct cluster_node *cluster; /* NULL: without */
    int64_t figures_ns;           /* when they are reported next */
    struct pool strays;
    struct server_call_entry *calls;
    uint32_t calls_mask;
};

/* --- server_reply.c ----------------------------------------------------------------------------
 */

static inline struct server_dialogue *server_user_of(const struct server *server, uint32_t dialogue)
{
    return node_dialogue_user(server->node, dialogue);
}

static inline struct server_token server_token_of(const struct server *server, uint32_t dialogue)
{
    return (struct server_token){
        .dialogue = dialogue,
        .local_id = tcap_dialogue_local_id(node_dialogues(server->node), dialogue)};
}

static inline bool server_is_open(const struct server *server, struct server_token token)
{
    return tcap_dialogue_find(node_dialogues(server->node), token.local_id) == token.dialogue;
}

static inline struct server_pending *server_pending_at(const struct server *server, uint32_t slot)
{
    return pool_at(&server->pending, slot);
}

bool server_same_peer_id(const struct server *server, uint32_t a, uint32_t b);
/* SERVER_PENDING_NONE: no room, counted. */
uint32_t server_take_pending(struct server *server, struct server_token token,
                             const struct service_reply *reply, struct bytes context,
                             int64_t received_ns);
/* The decided reply in the slot: work, delay, hand over. */
void server_answer_pending(struct server *server, uint32_t slot, int64_t now_ns);
/* The reply goes out (or is dropped as planned) in its dialogue, if that is still open. */
void server_hand_over(struct server *server, struct server_token token,
                      const struct service_reply *reply, struct bytes context, int64_t received_ns);
/* An END to a transaction of the peer's whose dialogue is over. */
void server_answer_stray(struct server *server, const struct node_route *route,
                         struct tcap_transaction_id peer_id, const struct service_reply *reply,
                         int64_t received_ns);
/* Sends the replies whose jobs are done. */
void server_collect(struct server *server);
/* Sends the replies whose delay is over. */
void server_send_delayed(struct server *server, int64_t now_ns);

/* --- server_dialogue.c -------------------------------------------------------------------------
 */

/* data_plane_hooks.dialogue */
void server_on_dialogue(void *context, const struct tcap_dialogue_indication *indication,
                        const struct node_route *route);
/* Asks the peers that are due for an activityTest, and ends the dialogues of those that did not
 * answer one. */
void server_test_activity(struct server *server, int64_t now_ns);
/* data_plane_hooks.stray: a request that repeats the one which ended its dialogue. */
bool server_on_stray(void *context, const struct tcap_dialogue_indication *indication,
                     const struct node_route *route);

/* --- server_ledger.c ---------------------------------------------------------------------------
 */

/* Opens the cluster's node, and with it the ledger. */
enum p7_status server_ledger_open(struct server *server, char *text,
                                  size_t text_octets) P7_MUST_CHECK;
void server_ledger_close(struct server *server);
/* BEGIN or CONTINUE. */
void server_ledger_request(struct server *server, const struct tcap_dialogue_indication *indication,
                           const struct node_route *route, int64_t now_ns);
/* The dialogue has ended; `route` NULL: without a message of the peer. */
void server_ledger_ended(struct server *server, const struct tcap_dialogue_indication *indication,
                         const struct node_route *route, int64_t now_ns);
bool server_ledger_stray(struct server *server, const struct tcap_dialogue_indication *indication,
                         const struct node_route *route, int64_t now_ns);
/* Asks for what the pending slot closes. */
void server_ledger_ask_close(struct server *server, uint32_t slot, int64_t now_ns);

/* --- server.c ----------------------------------------------------------------------------------
 */

void server_tell(struct server *server, const struct node_event *event, int64_t now_ns);

/* --- server_query.c ----------------------------------------------------------------------------
 */

/* data_plane_hooks.command */
void server_on_command(void *context, const void *message, int64_t now_ns);

#endif
