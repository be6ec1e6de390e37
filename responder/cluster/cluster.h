/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * cluster - one node's machine: who is active, what is committed. Heartbeats and suspicion, roles
 * and terms, the register's protocol, replication of the ledger by (index, term).
 *
 * The promise, and why it holds, is in docs/cluster.md. In short: while the register says PAIR the
 * active commits a record only when it is durable on both nodes, so that the passive may take over
 * at any time; before it commits anything alone it has the register say SOLO, and then the passive
 * may not. Safety needs no clock: time only decides when something is tried.
 *
 * Pure: events and time in, calls of the handler out; no randomness. All memory is had at creation
 * (there is none beside the struct). One thread.
 *
 * Order of calls:
 *   cluster_init -> cluster_start -> then in any order
 *     cluster_on_message   the peer's message came
 *     cluster_on_register  the register answered (answers may be lost, late and repeated)
 *     cluster_on_durable   the own journal has synced
 *     cluster_append       the active's user decided something
 *     cluster_turn         at cluster_deadline_ns at the latest, and once a turn of the loop: sends
 *                          what has gathered
 *   The handler's calls come from inside of these; it must not call back into the machine, but for
 *   reading.
 *
 * The user's state and the ledger: the state is always that of the whole log. `append` applies
 * (what the user itself decided it has applied already), `truncate` takes back. What is committed
 * only decides which replies may go out. Records are truncated only while they are not committed,
 * so no more than CLUSTER_UNDO_MAX of the newest ones ever are.
 */
#ifndef RESPONDER_CLUSTER_CLUSTER_H
#define RESPONDER_CLUSTER_CLUSTER_H

#include <stdbool.h>
#include <stdint.h>

#include "responder/cluster/message.h"
#include "responder/cluster/register.h"
#include "responder/ledger/record.h"
#include "sigtran/base/status.h"

/* Records that an active has appended and not committed, at most: cluster_append refuses more. What
 * lies further back in any node's ledger than this is committed. */
#define CLUSTER_UNCOMMITTED_MAX 8192u
/* The same with the TERM records of actives that came and went before anything was committed. */
#define CLUSTER_UNDO_MAX (CLUSTER_UNCOMMITTED_MAX + 1024u)

enum cluster_role {
    CLUSTER_STARTING, /* has not learnt from the register who owns it */
    CLUSTER_PASSIVE,  /* follows; may look for an active */
    CLUSTER_CLAIMING, /* its claim is on the way to the register: follows nobody of a lower term */
    CLUSTER_ACTIVE,
    CLUSTER_FAILED, /* the ledgers contradict each other, or the journal failed: serves no more */
};

/* "starting", "passive", ...; "?" for any other value. */
const char *cluster_role_name(uint8_t role);

struct cluster_params {
    uint64_t cluster_id;
    uint64_t identity;    /* of the data directory; not 0 */
    uint64_t nonce;       /* random, one per life of the process */
    uint8_t node;         /* 0 or 1 */
    bool two_node;        /* no register: promotes itself on suspicion, and can split */
    int64_t heartbeat_ns; /* 100 ms */
    int64_t suspect_ns;   /* 500 ms */
    int64_t retry_ns;     /* 100 ms: unanswered appends, requests to the register */
};

/* heartbeat, suspicion and retry as above; all else zero. */
void cluster_params_init(struct cluster_params *params);

/* The ledger as the machine reads it. */
struct cluster_log {
    void *context;
    uint64_t (*last)(void *context); /* index of the last record, 0: none */
    /* Term and checksum of the record `index`; index 0 has zeros. P7_NOT_FOUND. */
    enum p7_status (*head)(void *context, uint64_t index, uint64_t *term, uint32_t *checksum);
    /* Whole records from `first` on, at most `octets` of them but one at least; borrowed until the
     * next call. `count` of them. Nothing where they can't be had now. */
    struct bytes (*read)(void *context, uint64_t first, size_t octets, uint32_t *count);
};

/* Worth a line in the log. */
enum cluster_event_kind {
    CLUSTER_EVENT_ROLE,      /* the role changed */
    CLUSTER_EVENT_ALONE,     /* serves alone: the register says SOLO */
    CLUSTER_EVENT_PAIRED,    /* both nodes hold all again: the register says PAIR */
    CLUSTER_EVENT_PEER_LOST, /* nothing heard for suspect_ns */
    CLUSTER_EVENT_PEER_BACK,
    CLUSTER_EVENT_STALLED,   /* can't serve: `text` says why and what to do */
    CLUSTER_EVENT_TRUNCATED, /* took back records that were never acknowledged */
    CLUSTER_EVENT_DIVERGED,  /* ledgers contradict each other: a disk has lost durable data */
};

struct cluster_event {
    enum cluster_event_kind kind;
    const char *text; /* a sentence for an operator */
    uint64_t value;   /* TRUNCATED: records; ROLE: the term */
};

struct cluster_handler {
    void *context;
    /* To the peer; the machine fills in the heartbeat. May be lost. */
    void (*send)(void *context, const struct cluster_message *message);
    /* To the register; may be lost. */
    void (*request)(void *context, const struct register_request *request);
    /* Append whole records to the log and have the journal write and sync them. They are in the log
     * when it comes back; durable when cluster_on_durable says so. `decided`: by cluster_append, so
     * the user's state has them already. */
    void (*append)(void *context, struct bytes records, bool decided);
    /* Take all records behind `last_kept` out of the log, the state and the journal; what
     * cluster_on_durable says from now on names this generation, or is stale. */
    void (*truncate)(void *context, uint64_t last_kept, uint32_t generation);
    /* All records up to `index` are committed; it never falls. */
    void (*committed)(void *context, uint64_t index);
    void (*role)(void *context, enum cluster_role role, uint64_t term);
    void (*event)(void *context, const struct cluster_event *event);
};

struct cluster_counters {
    uint64_t takeovers;       /* became active by taking over from the other node */
    uint64_t claims_refused;  /* by the register */
    uint64_t appends_refused; /* of an older term, or while claiming */
    uint64_t appends_resent;
    uint64_t mismatches;    /* APPENDs whose place was not there */
    uint64_t truncated;     /* records taken back */
    uint64_t stale_answers; /* of the register, to what is not asked any more */
    uint64_t own_stalls;    /* turns that came so late that suspicion was put off */
};

/* Grouped by subject; there is one in a process.
 * NOLINTNEXTLINE(clang-analyzer-optin.performance.Padding) */
struct cluster {
    struct cluster_params params;
    struct cluster_handler handler;
    struct cluster_log log;
    enum cluster_role role;
    uint64_t term; /* the highest known; ACTIVE: the own one */
    uint64_t commit;
    uint64_t durable;
    uint32_t generation; /* of the journal */
    int64_t now_ns;      /* of the event in progress */
    int64_t turn_ns;     /* of the last turn */
    bool stall_told;     /* STALLED was told, and nothing has changed since */
    /* the register */
    struct register_value known; /* as last read */
    bool register_read;          /* `known` is of this life */
    uint8_t wish;                /* what is asked of it: enum cluster_wish in cluster_internal.h */
    struct register_value proposal;
    uint64_t request_id;
    uint64_t proposals;  /* made in this life: their nonces count up */
    int64_t request_ns;  /* when it is asked again */
    int64_t look_ns;     /* it is read not before: by a passive that suspects, by the active */
    int64_t answered_ns; /* when it answered last */
    bool pair_asked;     /* a proposal of PAIR may still land */
    bool takes_over;     /* the claim is of a term after the other node's */
    bool register_lost;  /* it said that it is empty, and was not before */
    bool forced;         /* an operator's claim is on its way, since forced_ns */
    int64_t forced_ns;
    /* the peer */
    struct cluster_heartbeat peer; /* as last heard; node is REGISTER_NODE_NONE before */
    int64_t peer_heard_ns;
    int64_t active_heard_ns; /* last message of an active of a term not below ours */
    bool peer_lost;
    int64_t heartbeat_ns; /* the next one is due */
    /* PASSIVE: */
    uint64_t matched;      /* equal to the active's ledger of `matched_term` up to here */
    uint64_t matched_term; /* 0: nothing known */
    bool ack_due;
    /* ACTIVE: */
    bool needs_both;       /* commits what is durable on both nodes only */
    uint64_t began;        /* index of this term's first record: any before may be acknowledged */
    uint64_t peer_durable; /* matching and durable at the peer in this term */
    bool peer_matches;     /* it acknowledged in this term: records may be pipelined */
    bool probe_due;        /* while it has not: one APPEND at a time */
    uint64_t next;         /* to be sent next */
    int64_t resend_ns;     /* what is unacknowledged is sent again */
    int64_t progress_ns;   /* the peer's disk kept up until then */
    bool handing_over;
    int64_t hand_over_ns; /* the passive is asked (again) */
    int64_t hand_over_until_ns;
    struct cluster_counters counters;
};

/* The log is the recovered one: all of it is durable. */
void cluster_init(struct cluster *cluster, const struct cluster_params *params,
                  const struct cluster_handler *handler, const struct cluster_log *log);
void cluster_start(struct cluster *cluster, int64_t now_ns);

void cluster_on_message(struct cluster *cluster, const struct cluster_message *message,
                        int64_t now_ns);
void cluster_on_register(struct cluster *cluster, const struct register_answer *answer,
                         int64_t now_ns);
/* `generation` of the truncation before which it was written. */
void cluster_on_durable(struct cluster *cluster, uint32_t generation, uint64_t index,
                        int64_t now_ns);
/* The journal failed: never acknowledges anything again. */
void cluster_on_journal_failed(struct cluster *cluster, const char *text);

/* ACTIVE: whether a request may be decided now: not while handing over, nor with
 * CLUSTER_UNCOMMITTED_MAX records under way. */
bool cluster_accepts(const struct cluster *cluster);
/*
 * ACTIVE: the record becomes the next one; index and term are filled in. P7_STATE: not active, or
 * not accepting; P7_FULL: too much is uncommitted.
 */
enum p7_status cluster_append(struct cluster *cluster, struct ledger_record *record,
                              int64_t now_ns) P7_MUST_CHECK;

void cluster_turn(struct cluster *cluster, int64_t now_ns);
int64_t cluster_deadline_ns(const struct cluster *cluster);

/* ACTIVE: hands over to the passive in good order. P7_STATE, with `why`: not active, or the peer
 * does not hold everything. */
enum p7_status cluster_switchover(struct cluster *cluster, int64_t now_ns,
                                  const char **why) P7_MUST_CHECK;

/* To the peer, through the handler, with our heartbeat: for the user's own messages (FORWARD,
 * RELAY). */
void cluster_send(struct cluster *cluster, struct cluster_message *message);

/* Not ACTIVE: tells the peer that this node ends, so that it waits for nothing from here. */
void cluster_say_farewell(struct cluster *cluster, int64_t now_ns);

/* Takes over whatever the register says: an operator vouches that the other node is dead and that
 * what only it has acknowledged is given up. At the active: writes a lost register anew. P7_STATE
 * when active without that need, or failed. */
enum p7_status cluster_force_takeover(struct cluster *cluster, int64_t now_ns) P7_MUST_CHECK;

static inline uint64_t cluster_commit(const struct cluster *cluster)
{
    return cluster->commit;
}

#endif
