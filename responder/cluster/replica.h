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
 * On the wire each request gets its own reply: a duplicate of a request that is being answered
 * waits for the same record and then gets the same decision. A reply's disposition is ANSWER or
 * AGAIN; its `handle` is none, its `sequence` is the call's after the request: `sequence` of the
 * dialogue's next request. A `close` is ignored where the call has gone on in another dialogue:
 * what its sequence tells. So a dialogue is closed after the replies to its requests.
 *
 * A request within a call is known again by what it says, invoke ids included (service.h),
 * whichever node a copy of it waited at and however late it comes.
 *
 * Order of calls: replica_create -> replica_on_appended for the recovered records -> cluster_start
 * -> requests, messages, turns -> replica_destroy. What the cluster's handler is told (append,
 * truncate, committed, role) and the messages FORWARD and RELAY the owner passes on. The replica
 * calls cluster_append only inside replica_request, replica_on_message and replica_turn: never call
 * these from inside the machine. The handler's functions don't call the replica back.
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
    uint64_t reference[2]; /* of the call that the dialogue belongs to; zeros: a BEGIN, a stray */
    uint32_t sequence;     /* `sequence` of the dialogue's last reply, 0 before */
    bool close;            /* no message: the dialogue ended without one (timeout, P-ABORT) */
    bool stray;            /* a CONTINUE for a dialogue that is no more (service_receive_stray) */
};

enum replica_verdict {
    REPLICA_DECIDED,  /* `reply` is to be handed over */
    REPLICA_NOTHING,  /* nothing is to be sent: the message asks for nothing */
    REPLICA_NOT_OURS, /* a stray that repeats nothing known: the TCAP layer aborts it */
    REPLICA_GAVE_UP,  /* nobody could decide it in time: drop the dialogue */
    REPLICA_OVERLOAD, /* no room to let it wait; `reply` refuses it, unless it asks for nothing */
};

struct replica_handler {
    void *context;
    /* `reference`: of the call, zeros where there is none (any more). `reply` is never NULL. */
    void (*reply)(void *context, uint64_t token, enum replica_verdict verdict,
                  const struct service_reply *reply, const uint64_t reference[2]);
    /* A FORWARD or RELAY for the peer; its heartbeat is the owner's to fill in. May be lost. */
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
struct replica_answered;

/* Pending requests in order: slot + 1, 0: none. */
struct replica_list {
    uint32_t first;
    uint32_t last;
};

struct replica {
    struct replica_params params;
    struct replica_handler handler;
    struct service *service;
    struct cluster *cluster;
    struct calls calls;
    struct book book;
    struct pool pending;
    struct timer_heap timers;
    struct replica_list waiting;       /* for a commit, by the index that they wait for */
    struct replica_list held;          /* not decided here: held or forwarded */
    struct replica_answered *answered; /* the peer's forwards by their slots: while active */
    uint32_t *checksums;               /* of the newest CLUSTER_UNDO_MAX + 1 records: a ring */
    uint32_t epoch;                    /* of `answered`: one per time of being active */
    uint32_t generation;               /* of forward ids */
    int64_t now_ns;                    /* of the last call */
    bool active;
    struct replica_counters counters;
};

/* pending_max at most this: a slot has half of a forward's id, and memory has its limit. */
#define REPLICA_PENDING_MAX 1048576u

/* retry and give_up as above, pending_max 65536, calls_max 100000. */
void replica_params_init(struct replica_params *params);

/* Borrows service and cluster (which need not be started, but initialised). P7_NO_MEMORY, P7_RANGE.
 */
enum p7_status replica_create(struct replica *replica, const struct replica_params *params,
                              const struct replica_handler *handler, struct service *service,
                              struct cluster *cluster) P7_MUST_CHECK;
void replica_destroy(struct replica *replica);

/* A close with no reference, and what can't be read as TCAP, ends in REPLICA_NOTHING. */
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
