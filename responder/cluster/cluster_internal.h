/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * cluster_internal - what the sources of the cluster's machine share: cluster.c (life cycle, roles,
 * turns), cluster_claim.c (the register), cluster_replicate.c (the ledger). Not for users.
 */
#ifndef RESPONDER_CLUSTER_CLUSTER_INTERNAL_H
#define RESPONDER_CLUSTER_CLUSTER_INTERNAL_H

#include "responder/cluster/cluster.h"

/* What is asked of the register, and asked again until it answers. */
enum cluster_wish {
    CLUSTER_WISH_NOTHING,
    CLUSTER_WISH_READ,
    CLUSTER_WISH_CLAIM, /* a term of our own */
    CLUSTER_WISH_FORCE, /* the same, by an operator's word */
    CLUSTER_WISH_SOLO,  /* leave to commit alone */
    CLUSTER_WISH_PAIR,  /* the peer holds everything: it may take over again */
};

/* Records in flight to the peer, and datagrams of one turn: what a burst may take of its socket's
 * buffer. */
#define CLUSTER_WINDOW_RECORDS   4096u
#define CLUSTER_APPENDS_PER_TURN 64u
/* A peer this close behind is caught up: the rest comes while commits wait for it. */
#define CLUSTER_CLOSE_RECORDS 256u
/* A commit is told to the passive within this. */
#define CLUSTER_COMMIT_TOLD_NS 10000000
/* A planned hand-over that takes longer is given up; the active serves on. */
#define CLUSTER_HAND_OVER_NS 1000000000
/* How long an operator's claim waits for a register that does not answer. */
#define CLUSTER_FORCE_WAIT_NS 2000000000
/* Terms that a claim without the register leaves free below it. */
#define CLUSTER_FORCE_TERMS 1000u

static inline uint8_t cluster_other_node(const struct cluster *cluster)
{
    return cluster->params.node == 0 ? 1 : 0;
}

static inline uint64_t cluster_last(const struct cluster *cluster)
{
    return cluster->log.last(cluster->log.context);
}

/* --- cluster.c ------------------------------------------------------------------------------- */

void cluster_tell(struct cluster *cluster, enum cluster_event_kind kind, const char *text,
                  uint64_t value);
/* STALLED, once until something changes. */
void cluster_tell_stalled(struct cluster *cluster, const char *text);
bool cluster_suspects_active(const struct cluster *cluster);

/* Role changes. Each tells the handler as its last step. */
void cluster_become_passive(struct cluster *cluster, uint64_t term);
void cluster_become_active(struct cluster *cluster, const struct register_value *value);
void cluster_fail(struct cluster *cluster, enum cluster_event_kind kind, const char *text);

/* --- cluster_claim.c ------------------------------------------------------------------------- */

/* Asks now, and again every retry_ns until there is an answer. */
void cluster_ask(struct cluster *cluster, enum cluster_wish wish);
void cluster_claim_stop(struct cluster *cluster);
void cluster_claim_turn(struct cluster *cluster);
/* A claim of the register's version `version` + 1 in the given mode. */
void cluster_claim(struct cluster *cluster, uint64_t version, enum register_mode mode);
/* An operator's claim: above all that is known here, with the register's version of now. */
void cluster_force(struct cluster *cluster);
/* ACTIVE: what it needs of the register now: leave to be alone, or the pair again. */
void cluster_mode_turn(struct cluster *cluster);

/* --- cluster_replicate.c --------------------------------------------------------------------- */

void cluster_replicate_begin(struct cluster *cluster); /* ACTIVE begins */
void cluster_on_append(struct cluster *cluster, const struct cluster_message *message);
void cluster_on_ack(struct cluster *cluster, const struct cluster_message *message);
void cluster_replicate_turn(struct cluster *cluster);
void cluster_commit_advance(struct cluster *cluster);
/* PASSIVE: what the active says is committed, as far as it is here. */
void cluster_commit_follow(struct cluster *cluster, uint64_t commit);
/* ACTIVE: received by the peer, durable there or not. */
uint64_t cluster_peer_received(const struct cluster *cluster);
/* Appends a record of our own with the next index and our term; `decided` as the handler has it. */
enum p7_status cluster_write_record(struct cluster *cluster, struct ledger_record *record,
                                    bool decided) P7_MUST_CHECK;

#endif
