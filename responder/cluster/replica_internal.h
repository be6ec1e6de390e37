/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * replica_internal - what the sources of the replica share: replica.c (life cycle, requests that
 * wait), replica_decide.c (deciding at the active), replica_forward.c (FORWARD and RELAY). Not for
 * users: see replica.h.
 */
#ifndef RESPONDER_CLUSTER_REPLICA_INTERNAL_H
#define RESPONDER_CLUSTER_REPLICA_INTERNAL_H

#include "responder/cluster/replica.h"

/* Of each kind in one turn: the loop has other things to do, and a burst fits a socket's buffer. */
#define REPLICA_DECISIONS_PER_TURN 1024u
#define REPLICA_TIMERS_PER_TURN    1024u

/* A request in any place: its fields borrow. */
struct replica_input {
    struct bytes origin;
    struct bytes octets;
    uint64_t reference[2];
    uint32_t sequence;
    bool close;
    bool stray;
};

/* What a request has come to. */
struct replica_outcome {
    struct service_reply reply;
    uint64_t reference[2];
    uint64_t index;  /* to be committed before it goes out; 0: at once */
    uint8_t verdict; /* enum replica_verdict */
};

enum replica_pending_state {
    REPLICA_HELD,      /* until there is an active, or this one accepts */
    REPLICA_FORWARDED, /* to the active; also in the list of the held ones */
    REPLICA_WAITING,   /* decided here: for its record */
};

struct replica_pending {
    struct replica_outcome outcome; /* WAITING */
    uint64_t token;                 /* the user's; the peer's: the FORWARD's id */
    uint64_t life;                  /* the peer's: of its process */
    uint64_t reference[2];
    int64_t give_up_ns;
    uint32_t sequence;
    uint32_t generation; /* own: upper half of its forward id */
    uint32_t previous;   /* in its list: slot + 1 */
    uint32_t next;
    uint16_t octets_length;
    uint8_t origin_length;
    uint8_t state; /* enum replica_pending_state */
    bool of_peer;
    bool close;
    bool stray;
    bool no_copy; /* too large: it can't be decided a second time, or elsewhere */
    uint8_t origin[REPLICA_ORIGIN_OCTETS];
    uint8_t octets[REPLICA_MESSAGE_OCTETS];
};

/* --- replica.c: pending requests ------------------------------------------------------------- */

static inline struct replica_pending *replica_pending_at(const struct replica *replica,
                                                         uint32_t slot)
{
    return pool_at(&replica->pending, slot);
}

/* POOL_NONE: no room. */
uint32_t replica_pending_take(struct replica *replica, const struct replica_input *input,
                              int64_t now_ns);
/* Takes it out of its list, if any, stops its timer and gives it back. */
void replica_pending_give(struct replica *replica, uint32_t slot);
/* Decides a request that is in no list, or holds it. */
void replica_pending_start(struct replica *replica, uint32_t slot,
                           const struct replica_input *input, int64_t now_ns);
/* Ends it: tells its user, or the peer. */
void replica_pending_finish(struct replica *replica, uint32_t slot,
                            const struct replica_outcome *outcome);

/* --- replica_decide.c ------------------------------------------------------------------------ */

/* ACTIVE: whether a request can be decided now. */
bool replica_accepts(const struct replica *replica);
/* ACTIVE and accepting: decides. False: the machine did not take the record; nothing has changed.
 */
bool replica_decide(struct replica *replica, const struct replica_input *input, int64_t now_ns,
                    struct replica_outcome *outcome);
/* Refuses a request that there is no room for; changes nothing. */
void replica_refuse(struct replica *replica, const struct replica_input *input,
                    struct replica_outcome *outcome);
void replica_outcome_init(struct replica_outcome *outcome, enum replica_verdict verdict);

/* --- replica_forward.c ----------------------------------------------------------------------- */

enum p7_status replica_answered_create(struct replica *replica) P7_MUST_CHECK;
/* Forgets the peer's forwards: this node is not active any more. */
void replica_answered_forget(struct replica *replica);
/* Sends an own request to the active. */
void replica_forward(struct replica *replica, uint32_t slot);
/* Tells the peer the outcome of its forward, and keeps it for repetitions. One that was given up is
 * forgotten without a word: the peer asks again. */
void replica_relay(struct replica *replica, const struct replica_pending *pending,
                   const struct replica_outcome *outcome);

#endif
