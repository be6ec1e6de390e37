/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * cluster_node - a charging service that keeps a ledger, alone or as one of two nodes: data
 * directory, journal, links, register, the machine and the replica put together. The machine's
 * events and time come in, what it decides is carried out here.
 *
 * Life cycle, main thread: cluster_node_open (recovers the ledger into the service) ->
 * cluster_node_watch -> [traffic thread: cluster_node_start -> request, turn ...] ->
 * cluster_node_close. Between start and close everything is the traffic thread's, but for
 * cluster_node_role, which any thread may ask. The journal has a thread of its own.
 *
 * Without a cluster in the settings it is a cluster of one: the same machine without links and
 * without a register, active from the first turn.
 *
 * A request ends in exactly one call of the handler's `reply`, possibly from inside of
 * cluster_node_request.
 */
#ifndef RESPONDER_CLUSTER_NODE_H
#define RESPONDER_CLUSTER_NODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/settings.h"
#include "responder/cluster/replica.h"
#include "sigtran/base/status.h"
#include "sigtran/runtime/node.h"

#define CLUSTER_NODE_TEXT_OCTETS 1024

struct cluster_node;

struct cluster_node_handler {
    void *context;
    /* See replica_handler.reply. */
    void (*reply)(void *context, uint64_t token, enum replica_verdict verdict,
                  const struct service_reply *reply, const uint64_t reference[2]);
    /* Worth a line in the log. */
    void (*event)(void *context, const struct node_event *event);
    /* ACTIVE, PASSIVE, FAILED, ...: after each change. */
    void (*role)(void *context, enum cluster_role role);
};

/*
 * Borrows settings and service. On failure `text` says what is wrong and the way out; the status is
 * that of whichever part could not be had. P7_MALFORMED: the ledger is damaged.
 */
enum p7_status cluster_node_open(const struct settings *settings, struct service *service,
                                 const struct cluster_node_handler *handler,
                                 struct cluster_node **out, char *text,
                                 size_t text_octets) P7_MUST_CHECK;
/* After data_plane_stop. Writes and syncs what was posted. NULL does nothing. */
void cluster_node_close(struct cluster_node *node);

/* Before it starts: its descriptors, for the thread's loop. The watcher is told of
 * each, and of what to call when it is readable. */
struct cluster_node_watcher {
    void *context;
    enum p7_status (*watch)(void *context, int descriptor,
                            void (*ready)(void *ready_context, int64_t now_ns),
                            void *ready_context);
};
enum p7_status cluster_node_watch(struct cluster_node *node,
                                  const struct cluster_node_watcher *watcher) P7_MUST_CHECK;

/* Traffic thread, once, before the first request. */
void cluster_node_start(struct cluster_node *node, int64_t now_ns);
void cluster_node_request(struct cluster_node *node, const struct replica_request *request,
                          int64_t now_ns);
/* Once a turn, last; returns its next deadline. */
int64_t cluster_node_turn(struct cluster_node *node, int64_t now_ns);

/* Traffic thread; `why` says what stands against it. P7_STATE. */
enum p7_status cluster_node_switchover(struct cluster_node *node, int64_t now_ns,
                                       const char **why) P7_MUST_CHECK;
enum p7_status cluster_node_force_takeover(struct cluster_node *node, int64_t now_ns,
                                           const char **why) P7_MUST_CHECK;
/* Traffic thread: a passive that ends says so, and the active goes on alone at once, without
 * waiting for suspicion. It says nothing any more afterwards. */
void cluster_node_leave(struct cluster_node *node, int64_t now_ns);
/* Traffic thread: the lines of `show cluster`. */
void cluster_node_show(const struct cluster_node *node, int64_t now_ns, char *text,
                       size_t text_octets);

/* Any thread. */
enum cluster_role cluster_node_role(const struct cluster_node *node);
/* Any thread: why it is CLUSTER_FAILED; "" while it is not. */
const char *cluster_node_failure(const struct cluster_node *node);

/* Figures for machines: traffic thread. */
struct cluster_node_figures {
    uint64_t role; /* enum cluster_role */
    uint64_t term;
    uint64_t paired; /* 1: the register says PAIR */
    uint64_t last;
    uint64_t commit;
    uint64_t durable;
    uint64_t peer_heard_ms; /* ago */
    uint64_t takeovers;
    uint64_t forwarded;
    uint64_t gave_up;
    uint64_t syncs;
    uint64_t sync_us; /* smoothed */
};
void cluster_node_get_figures(const struct cluster_node *node, int64_t now_ns,
                              struct cluster_node_figures *figures);

#endif
