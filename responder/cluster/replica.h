/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * replica - one node's charging service in a cluster: requests come in at either node, the active
 * decides them, what it decided becomes a record, and the reply goes out when the record is
 * committed. Binds the service (what is decided), the book (state) and the cluster's machine (who
 * decides, what is committed).
 *
 * A request ends in exactly one call of `reply`: with what to send, or with REPLICA_NOTHING. One
 * that can't be decided now (no active is known, the active hands over, its record waits for a
 * disk) waits, up to `give_up_ns`; at the passive it is forwarded to the active (never further: hop
 * count 1), and again every `retry_ns`; the active knows a repetition by its identity. When the
 * active dies, what was forwarded to it is decided by whoever is active next.
 *
 * Order of calls: replica_create -> replica_on_appended for the recovered records -> cluster_start
 * -> requests, messages, turns -> replica_destroy. What the cluster's handler is told (append,
 * truncate, committed, role) and the messages FORWARD and RELAY the owner passes on.
 *
 * Pure; all memory is had at creation. The service's time is the active's wall clock (`wall_ns`),
 * as calls outlive nodes; all else runs on `now_ns`.
 */
#ifndef RESPONDER_CLUSTER_REPLICA_H
#define RESPONDER_CLUSTER_REPLICA_H

#include <stdbool.h>
#include <stdint.h>

#include "responder/cluster/book.h"
#include "responder/cluster/cluster.h"
#include "responder/core/calls.h"
#include "responder/core/service.h"
#include "sigtran/base/pool.h"
#include "sigtran/base/timer_heap.h"
#include "sigtran/codec/tcap.h"

/* Octets of a request (a TCAP message and its origin) that are kept until it is answered. */
#define REPLICA_MESSAGE_OCTETS 512u
#define REPLICA_ORIGIN_OCTETS  64u

struct replica_params {
    uint32_t pending_max; /* requests that wait, from users and from the peer together */
    uint32_t calls_max;
    int64_t retry_ns;   /* 100 ms */
    int64_t give_up_ns; /* 10 s */
};

struct replica_request {
    uint64_t token;        /* the user's name for it */
    struct bytes origin;   /* as service_receive */
    struct bytes octets;   /* the TCAP message, encoded */
    uint64_t reference[2]; /* of the call that the dialogue belongs to; zeros: a BEGIN */
    uint32_t sequence;     /* requests of the dialogue that were answered until now */
    bool close;            /* no message: the dialogue ended without one (timeout, P-ABORT) */
};

enum replica_verdict {
    REPLICA_DECIDED,  /* `reply` is to be handed over */
    REPLICA_NOTHING,  /* nothing is to be sent: the message asks for nothing */
    REPLICA_GAVE_UP,  /* nobody could decide it in time: drop the dialogue */
    REPLICA_OVERLOAD, /* no room to let it wait; `reply` refuses it */
};

struct replica_handler {
    void *context;
    /* `reference`: of the call, zeros where there is none (any more). */
    void (*reply)(void *context, uint64_t token, enum replica_verdict verdict,
                  const struct service_reply *reply, const uint64_t reference[2]);
    /* A FORWARD or RELAY for the peer. */
    void (*send)(void *context, const struct cluster_message *message);
    int64_t (*wall_ns)(void *context);
};

struct replica_counters {
    uint64_t decided;   /* records that were made of requests */
    uint64_t again;     /* duplicates answered as before */
    uint64_t attached;  /* duplicates of requests that waited for their record */
    uint64_t forwarded; /* to the active */
    uint64_t resent;    /* FORWARDs sent again */
    uint64_t relayed;   /* replies for the passive's requests */
    uint64_t gave_up;
    uint64_t overload;
    uint64_t malformed; /* FORWARDs and RELAYs that could not be read */
    uint64_t undone;    /* records taken back */
};

struct replica_pending;

struct replica {
    struct replica_params params;
    struct replica_handler handler;
    struct service *service;
    struct cluster *cluster;
    struct calls calls;
    struct book book;
    struct pool pending;
    struct timer_heap timers;
    uint32_t waiting_first; /* of those that wait for a commit, in order; slot + 1, 0: none */
    uint32_t waiting_last;
    bool active;
    uint32_t generation; /* of forward ids */
    struct replica_counters counters;
};

/* retry and give_up as above, pending_max 65536, calls_max 100000. */
void replica_params_init(struct replica_params *params);

/* Borrows service and cluster (which need not be started, but initialised). P7_NO_MEMORY, P7_RANGE.
 */
enum p7_status replica_create(struct replica *replica, const struct replica_params *params,
                              const struct replica_handler *handler, struct service *service,
                              struct cluster *cluster) P7_MUST_CHECK;
void replica_destroy(struct replica *replica);

void replica_request(struct replica *replica, const struct replica_request *request,
                     int64_t now_ns);

/* cluster_handler.append and .truncate; `decided` ones are in the state already. Recovered records
 * come through here, too. */
void replica_on_appended(struct replica *replica, struct bytes records, bool decided);
void replica_on_truncated(struct replica *replica, uint64_t last_kept);

/* cluster_handler.committed, .role; and messages of kind FORWARD and RELAY. `now_ns` is the last
 * turn's. */
void replica_on_committed(struct replica *replica, uint64_t index, int64_t now_ns);
void replica_on_role(struct replica *replica, enum cluster_role role, int64_t now_ns);
void replica_on_message(struct replica *replica, const struct cluster_message *message,
                        int64_t now_ns);

void replica_turn(struct replica *replica, int64_t now_ns);
int64_t replica_deadline_ns(const struct replica *replica);
/* Requests that wait. */
uint32_t replica_pending_count(const struct replica *replica);

#endif
