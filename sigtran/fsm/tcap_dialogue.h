/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * tcap_dialogue - a table of TCAP dialogues: the transaction and component sublayers of Q.774 as
 * one pure state machine per dialogue (Idle, Initiation Sent, Initiation Received, Active).
 *
 * Octets and time come in, indications and octets go out. One thread per table; several tables
 * (workers, nodes of a cluster) get disjoint transaction ids by `id_prefix`.
 *
 * Life cycle: tcap_dialogue_table_create -> any of the rest -> tcap_dialogue_table_destroy.
 *
 * As client:    tcap_dialogue_open -> tcap_dialogue_send(TCAP_SEND_BEGIN) -> tcap_dialogue_receive
 *               gives CONTINUE / END / ABORT ...
 * As server:    tcap_dialogue_receive gives BEGIN -> tcap_dialogue_send(CONTINUE, END, U_ABORT).
 * Each turn:    while (tcap_dialogue_expire(...)) handle one timeout.
 * Sleep until:  tcap_dialogue_deadline_ns.
 *
 * Who owns what: the table owns, per dialogue, `user_octets` of the TC-user's state (zeroed when
 * the dialogue opens) and `route_octets` that say where answers go (opaque here: addresses,
 * association...). Both are named by the dialogue's index. A dialogue ends with the indications
 * END, U_ABORT, P_ABORT and TIMEOUT and with the sending of END and U_ABORT, prearranged end and
 * drop: its user and route octets stay readable until the next call of open or receive, its index
 * is invalid for everything else. An index is used again by a later dialogue: who must name one
 * for longer (a reply that waits, a log) keeps its local id too and asks tcap_dialogue_find.
 *
 * Local transaction ids have 4 octets: from the high bits down `id_prefix_bits` of prefix, the
 * slot's generation, and as many bits of slot index as the capacity needs. The generation has 8
 * to 16 bits, goes up each time the slot is used, and slots rest for at least
 * TCAP_DIALOGUE_REST other endings before they are used again (unless the table is full). So an id
 * comes again after no fewer than 256 * TCAP_DIALOGUE_REST dialogues of a table that is not near
 * full (a million slots and no prefix: 12 bits, 4 million dialogues), and a late message for an
 * ended one is recognised.
 */
#ifndef SIGTRAN_FSM_TCAP_DIALOGUE_H
#define SIGTRAN_FSM_TCAP_DIALOGUE_H

#include <stdbool.h>
#include <stdint.h>

#include "sigtran/base/bytes.h"
#include "sigtran/base/status.h"
#include "sigtran/base/timer_heap.h"
#include "sigtran/codec/tcap.h"

#define TCAP_DIALOGUE_INVALID UINT32_MAX /* "no dialogue" */
#define TCAP_DIALOGUE_ORIGINS 64u        /* that a table tells apart at most: LIMIT_AS */
#define TCAP_DIALOGUE_REST    1024u

/* Q.774 figure A.3 to A.5; FREE is a slot without a dialogue. */
enum tcap_dialogue_state {
    TCAP_STATE_FREE,
    TCAP_STATE_IDLE,                /* opened here, BEGIN not yet sent */
    TCAP_STATE_INITIATION_SENT,     /* BEGIN sent, nothing heard */
    TCAP_STATE_INITIATION_RECEIVED, /* BEGIN received, nothing sent */
    TCAP_STATE_ACTIVE,
};
const char *tcap_dialogue_state_name(enum tcap_dialogue_state state);

struct tcap_dialogue_settings {
    uint32_t capacity;      /* 1 to LIMIT_DIALOGUES */
    uint32_t user_octets;   /* TC-user state per dialogue, may be 0; aligned to 8 */
    uint32_t route_octets;  /* per dialogue, may be 0; aligned to 8 */
    int64_t inactivity_ns;  /* each message sent or received sets the dialogue's deadline this far
                               ahead; 0: only tcap_dialogue_set_deadline does */
    uint32_t id_prefix;     /* value of the prefix bits of local transaction ids */
    uint8_t id_prefix_bits; /* 0: no prefix; index + prefix + 8 bits must fit 32 (P7_RANGE) */
    uint16_t generation_first; /* first generation of every slot; another one after each restart
                                  makes ids of the time before it recognisable as stale */
    bool check_invoke_ids;     /* see struct tcap_request.invokes_outstanding */
    uint32_t origins;          /* 0: peers are not told apart. Else the first uint32_t of a route is
                                  its origin, below this number; see "Origins" */
    uint8_t group[TCAP_DIALOGUE_ORIGINS]; /* of each origin, 0: none */
};

/*
 * Origins: whom a peer's dialogue belongs to (an AS, say), so that no peer harms another one's.
 * Transaction ids are easily guessed, and the table is one for all. With more than one origin
 *  - a message for a dialogue that a peer opened is only taken from where its BEGIN came from; from
 *    elsewhere it is answered as one for an unknown transaction;
 *  - one for a dialogue that was opened here may come another way (Q.774-3.1.2.2.2.2; the nodes of
 * a cluster), but not from an origin of another group. Origins without a group are bound to none;
 *  - an origin that has more than its part of the table open (capacity / origins) gets no further
 *    dialogue while less than a quarter of the table is free: ABORT, resource limitation.
 */

#define TCAP_DIALOGUE_COUNTER_LIST(X)                                                              \
    X(begin_received, "BEGIN received")                                                            \
    X(continue_received, "CONTINUE received for a known dialogue")                                 \
    X(end_received, "END received for a known dialogue")                                           \
    X(u_abort_received, "ABORT by the peer's user received")                                       \
    X(p_abort_received, "ABORT by the peer's or a relaying provider received")                     \
    X(unidirectional_received, "UNIDIRECTIONAL received")                                          \
    X(notice_received, "own messages that the network returned")                                   \
    X(begin_sent, "BEGIN encoded")                                                                 \
    X(continue_sent, "CONTINUE encoded")                                                           \
    X(end_sent, "END encoded")                                                                     \
    X(u_abort_sent, "ABORT by our user encoded")                                                   \
    X(p_abort_sent, "ABORT by our provider encoded")                                               \
    X(timeout, "dialogues that ran into their deadline")                                           \
    X(opened_local, "dialogues opened here")                                                       \
    X(opened_remote, "dialogues opened by peers")                                                  \
    X(closed, "dialogues ended, by whatever")                                                      \
    X(prearranged_end, "dialogues ended without a message")                                        \
    X(table_full, "BEGIN refused or open failed because all dialogues are in use")                 \
    X(share_full,                                                                                  \
      "BEGIN refused because its origin has more than its part of a nearly full table")            \
    X(malformed, "messages whose transaction or dialogue portion is wrong")                        \
    X(unknown_type, "messages of an unknown type")                                                 \
    X(unknown_transaction, "messages for a transaction id that was never ours")                    \
    X(stale_transaction, "messages for a dialogue that has ended")                                 \
    X(wrong_peer, "CONTINUE whose originating id is not that of the dialogue")                     \
    X(wrong_origin, "messages for a dialogue that another origin opened")                          \
    X(wrong_state, "messages that the dialogue's state does not allow")                            \
    X(component_faulty, "components that are malformed")                                           \
    X(invoke_id_unknown, "results and errors for an invoke that is not outstanding")               \
    X(reject_sent, "REJECT components encoded by this layer")                                      \
    X(reject_lost, "REJECT components that no message was left to carry")                          \
    X(dialogue_portion_missing, "first backward message without AARE although we sent AARQ")       \
    X(dialogue_portion_unexpected, "dialogue portion where none may be")

struct tcap_dialogue_counters {
#define TCAP_DIALOGUE_COUNTER_FIELD(name, text) uint64_t name;
    TCAP_DIALOGUE_COUNTER_LIST(TCAP_DIALOGUE_COUNTER_FIELD)
#undef TCAP_DIALOGUE_COUNTER_FIELD
};

struct tcap_dialogue_table;

/* P7_RANGE for settings out of their bounds, P7_NO_MEMORY. */
enum p7_status
tcap_dialogue_table_create(struct tcap_dialogue_table **table,
                           const struct tcap_dialogue_settings *settings) P7_MUST_CHECK;
/* Open dialogues are forgotten without a message; NULL does nothing. */
void tcap_dialogue_table_destroy(struct tcap_dialogue_table *table);

/* --- Receiving ------------------------------------------------------------------------------ */

enum tcap_indication_type {
    TCAP_IND_DISCARDED,      /* nothing for the user; `discarded` says why; `reply` may be set */
    TCAP_IND_BEGIN,          /* a new dialogue of the peer: state INITIATION_RECEIVED */
    TCAP_IND_CONTINUE,       /* the dialogue is ACTIVE */
    TCAP_IND_END,            /* the dialogue has ended */
    TCAP_IND_U_ABORT,        /* ended by the peer's user; message->dialogue may say more */
    TCAP_IND_P_ABORT,        /* ended by a provider (theirs or ours): p_abort_cause */
    TCAP_IND_UNIDIRECTIONAL, /* no dialogue */
    TCAP_IND_NOTICE,         /* our message of this dialogue came back; the dialogue stays */
    TCAP_IND_TIMEOUT,        /* the deadline has passed; ended; `reply` tells the peer */
};
const char *tcap_indication_name(enum tcap_indication_type type);

enum tcap_discard_reason {
    TCAP_DISCARD_NONE,
    TCAP_DISCARD_MALFORMED,
    TCAP_DISCARD_UNKNOWN_TRANSACTION,
    TCAP_DISCARD_STALE_TRANSACTION,
    TCAP_DISCARD_WRONG_PEER,
    TCAP_DISCARD_WRONG_STATE,
    TCAP_DISCARD_TABLE_FULL,
};

struct tcap_dialogue_indication {
    enum tcap_indication_type type;
    enum tcap_discard_reason discarded;
    uint32_t dialogue;     /* index, or TCAP_DIALOGUE_INVALID */
    uint8_t p_abort_cause; /* P_ABORT */
    uint8_t return_cause;  /* NOTICE: SCCP's, as given */
    /* The message, valid until the next call of receive, notice or expire and while the octets
     * given live. NULL for TIMEOUT and for what did not decode. Components that break the invoke id
     * rule or are malformed are not in it: it holds those in front of the first such one. */
    const struct tcap_message *message;
    struct bytes octets; /* of the message, as they came; none where `message` is NULL */
    /* Octets to send to where the message came from (TIMEOUT: to the dialogue's route), valid
     * until the next call of receive, notice or expire; length 0: none. */
    struct bytes reply;
};

/*
 * A message from SCCP. `route` points to route_octets that say where answers go (NULL: zeros);
 * they are kept with a dialogue that a BEGIN opens, and replace those of a dialogue that we opened
 * when its first CONTINUE comes (Q.774-3.1.2.2.2.2: the peer may answer from another address).
 *
 * What is wrong becomes an indication, a counter, and where Q.774-3.3.4 wants it a reply:
 *  - BEGIN malformed: ABORT when its otid could be read; table full: ABORT resource limitation;
 *  - CONTINUE with an unknown dtid: ABORT unrecognized transaction id; malformed with a known one:
 *    P_ABORT indication and ABORT;
 *  - END, ABORT with an unknown dtid: discarded; malformed with a known one: P_ABORT indication;
 *  - unknown message type: discarded, or ABORT when an otid could be read.
 * The ABORT for a faulty dialogue portion carries an ABRT (or AARE) of the provider instead of a
 * cause (Q.774-3.2.2.1).
 */
void tcap_dialogue_receive(struct tcap_dialogue_table *table, int64_t now_ns, struct bytes octets,
                           const void *route, struct tcap_dialogue_indication *indication);

/* A message of ours that SCCP returned (UDTS): NOTICE for the dialogue that it names by its otid,
 * or DISCARDED. `route` is the way it came. Nothing is replied and no state changes: end the
 * dialogue with drop, or let its deadline do it. */
void tcap_dialogue_notice(struct tcap_dialogue_table *table, struct bytes octets,
                          uint8_t return_cause, const void *route,
                          struct tcap_dialogue_indication *indication);

/* --- Sending -------------------------------------------------------------------------------- */

/* Opens a dialogue in state IDLE with its route; P7_FULL (counted). */
enum p7_status tcap_dialogue_open(struct tcap_dialogue_table *table, int64_t now_ns,
                                  const void *route, uint32_t *dialogue) P7_MUST_CHECK;

enum tcap_send_primitive {
    TCAP_SEND_BEGIN,    /* in IDLE -> INITIATION_SENT */
    TCAP_SEND_CONTINUE, /* in INITIATION_RECEIVED, ACTIVE -> ACTIVE */
    TCAP_SEND_END,      /* basic end, in INITIATION_RECEIVED, ACTIVE -> ended */
    TCAP_SEND_U_ABORT,  /* in INITIATION_RECEIVED, ACTIVE -> ended; dialogue: ABRT or AARE */
};

struct tcap_request {
    const struct tcap_dialogue_portion *dialogue; /* NULL: none */
    struct bytes components_encoded;         /* from tcap_write_component / tcap_component_open */
    const struct tcap_component *components; /* or as structs; these go first */
    size_t component_count;
    /* With check_invoke_ids: bit n set: invoke id n (0 to 63) of this message awaits a result or
     * an error (class 1, 2, 3). A result or error for an id of 0 to 63 that is not outstanding is
     * refused with a REJECT, unrecognized invoke id. RETURN RESULT LAST, RETURN ERROR and REJECT
     * clear the bit. */
    uint64_t invokes_outstanding;
};

/*
 * Encodes a message of the dialogue into the writer and moves its state. A REJECT that is owed to
 * the peer goes first. P7_STATE when the state does not allow the primitive; P7_FULL and the other
 * errors of tcap_write_parts (P7_RANGE also for an ABORT with components): nothing has changed then
 * (what the writer holds is void).
 */
enum p7_status tcap_dialogue_send(struct tcap_dialogue_table *table, int64_t now_ns,
                                  uint32_t dialogue, enum tcap_send_primitive primitive,
                                  const struct tcap_request *request,
                                  struct bytes_writer *writer) P7_MUST_CHECK;

/* Prearranged end, or a dialogue that is given up without telling the peer (a BEGIN that could not
 * be sent or came back): ends it in any state. */
void tcap_dialogue_drop(struct tcap_dialogue_table *table, uint32_t dialogue);

/* --- Time ----------------------------------------------------------------------------------- */

/* Replaces the dialogue's deadline until its next message does; TIMER_NEVER_NS: none. */
void tcap_dialogue_set_deadline(struct tcap_dialogue_table *table, uint32_t dialogue,
                                int64_t deadline_ns);

/* When to call expire at the latest; may be early (a timer is moved only when it fires), never
 * late. TIMER_NEVER_NS: nothing to wait for. */
int64_t tcap_dialogue_deadline_ns(const struct tcap_dialogue_table *table);

/* True with one TIMEOUT indication, false when no (further) dialogue is due. The dialogue has
 * ended; the reply is an ABORT for its peer where its id is known (Initiation Received, Active). */
bool tcap_dialogue_expire(struct tcap_dialogue_table *table, int64_t now_ns,
                          struct tcap_dialogue_indication *indication);

/* --- Looking at dialogues ------------------------------------------------------------------- */

/* The user's and the route octets; the index must be one of an open (or just ended) dialogue. */
void *tcap_dialogue_user(struct tcap_dialogue_table *table, uint32_t dialogue);
const void *tcap_dialogue_route(const struct tcap_dialogue_table *table, uint32_t dialogue);

enum tcap_dialogue_state tcap_dialogue_state(const struct tcap_dialogue_table *table,
                                             uint32_t dialogue);
uint32_t tcap_dialogue_local_id(const struct tcap_dialogue_table *table, uint32_t dialogue);
/* Length 0 while it is not known. */
struct tcap_transaction_id tcap_dialogue_peer_id(const struct tcap_dialogue_table *table,
                                                 uint32_t dialogue);

/* May a message that came by this route belong to the dialogue? See "Origins". */
bool tcap_dialogue_is_from(const struct tcap_dialogue_table *table, uint32_t dialogue,
                           const void *route);

/* Index of the dialogue with this local transaction id, or TCAP_DIALOGUE_INVALID: also while its
 * BEGIN is not yet sent, since nobody can know the id then. */
uint32_t tcap_dialogue_find(const struct tcap_dialogue_table *table, uint32_t local_id);

/* The first open dialogue at or behind index `from`, or TCAP_DIALOGUE_INVALID: to walk over all
 * (`show dialogues`, aborting them at the end of a run). */
uint32_t tcap_dialogue_next(const struct tcap_dialogue_table *table, uint32_t from);

uint32_t tcap_dialogue_count(const struct tcap_dialogue_table *table); /* open now */
uint32_t tcap_dialogue_capacity(const struct tcap_dialogue_table *table);
/* Octets of memory per dialogue, everything included. */
size_t tcap_dialogue_memory_octets(const struct tcap_dialogue_table *table);
const struct tcap_dialogue_counters *
tcap_dialogue_counters(const struct tcap_dialogue_table *table);

#endif
