/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * server_internal - what server.c (life cycle, turns) and server_dialogue.c (requests and replies)
 * share.
 */
#ifndef RESPONDER_SERVER_INTERNAL_H
#define RESPONDER_SERVER_INTERNAL_H

#include "responder/server.h"
#include "sigtran/base/pool.h"
#include "sigtran/base/timer_heap.h"

/* Replies that wait for a worker or a planned delay. */
#define SERVER_PENDING_MAX 131072
/* Octets of an application context that is kept for a refusal: CAP's have seven. */
#define SERVER_CONTEXT_OCTETS 16
#define SERVER_PENDING_NONE   POOL_NONE

/* The user's octets of each dialogue. */
struct server_dialogue {
    struct service_dialogue service;
    uint32_t pending; /* slot + 1 of the reply that is being made, 0: none */
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

/* A reply on its way: through a worker, then through its delay. */
struct server_pending {
    struct service_reply reply;
    struct server_token token;
    int64_t received_ns;
    uint32_t next_attached; /* slot + 1 of a duplicate that wants the same reply, 0: none */
    uint8_t context_length;
    uint8_t context[SERVER_CONTEXT_OCTETS];
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
    struct server_counters counters;
    int64_t origin_ns; /* of the first turn; 0 before */
    int64_t interval_from_ns;
    int64_t interval_to_ns;
    uint8_t components[DECISION_OCTETS_MAX];
};

/* data_plane_hooks.dialogue */
void server_on_dialogue(void *context, const struct tcap_dialogue_indication *indication,
                        const struct node_route *route);
/* data_plane_hooks.stray: a request that repeats the one which ended its dialogue. */
bool server_on_stray(void *context, const struct tcap_message *message,
                     const struct node_route *route);
/* Sends the replies whose jobs are done. */
void server_collect(struct server *server);
/* Sends the replies whose delay is over. */
void server_send_delayed(struct server *server, int64_t now_ns);

#endif
