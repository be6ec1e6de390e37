/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * tcap_dialogue_table - what the sources of tcap_dialogue share. Users include tcap_dialogue.h.
 *
 * A dialogue is a slot: 40 octets of its own state here, and the user's and route octets in the
 * pool under the same index. Slots outlive their dialogues, because their generation and their
 * timer do.
 *
 * Timers are lazy: one that is to fire later than it is armed for stays where it is in the heap,
 * and is moved when it fires; one that is not needed any more is dropped when it fires. With a
 * deadline per message that is far ahead, the heap is touched about once per deadline and slot
 * instead of several times per dialogue.
 */
#ifndef SIGTRAN_FSM_TCAP_DIALOGUE_TABLE_H
#define SIGTRAN_FSM_TCAP_DIALOGUE_TABLE_H

#include "sigtran/base/pool.h"
#include "sigtran/fsm/tcap_dialogue.h"

#define SLOT_ARMED      0x01u /* the heap holds the slot's timer, for armed_ns */
#define SLOT_CONTEXT    0x02u /* the dialogue began with an AARQ */
#define SLOT_REJECT     0x04u /* a REJECT is owed to the peer */
#define SLOT_REJECT_ID  0x08u /* ... and names an invoke id */
#define SLOT_EVER_TAKEN 0x10u
#define SLOT_REMOTE     0x20u /* a peer opened it: counted in open_of_origin */

struct tcap_slot {
    int64_t deadline_ns;
    int64_t armed_ns;
    uint64_t outstanding; /* a bit per invoke id of ours, 0 to 63 */
    uint32_t peer_value;
    uint16_t generation;
    uint8_t peer_length;
    uint8_t state; /* enum tcap_dialogue_state */
    uint8_t flags;
    uint8_t reject_kind;
    uint8_t reject_problem;
    int8_t reject_invoke_id;
};

/* Longest application context that is echoed in a refusal. */
#define TCAP_DIALOGUE_CONTEXT_OCTETS 32
/* Longest reply: tag, length, dtid, and an AARE with such a context: 80 octets. */
#define TCAP_DIALOGUE_REPLY_OCTETS 128

struct tcap_dialogue_table {
    struct tcap_slot *slots;
    struct pool pool;       /* user octets, then route octets */
    struct timer_heap heap; /* by index */
    uint32_t capacity;
    uint32_t count;
    uint32_t user_octets;  /* rounded up to 8 */
    uint32_t route_octets; /* as given */
    int64_t inactivity_ns;
    uint32_t id_prefix; /* in place */
    uint32_t generation_mask;
    uint16_t generation_first; /* of every slot */
    uint8_t index_bits;
    bool check_invoke_ids;
    uint32_t origins; /* 0: not told apart */
    uint32_t open_of_origin[TCAP_DIALOGUE_ORIGINS];
    uint8_t group[TCAP_DIALOGUE_ORIGINS];
    /* Ended dialogues' slots, oldest first, that rest before the pool gets them back. */
    uint32_t rest_first;
    uint32_t rest_count;
    uint32_t rest[TCAP_DIALOGUE_REST];
    struct tcap_dialogue_counters counters;
    struct tcap_message message;
    uint8_t reply[TCAP_DIALOGUE_REPLY_OCTETS];
};

/* A slot for a new dialogue, or TCAP_DIALOGUE_INVALID (counted). */
uint32_t tcap_table_take(struct tcap_dialogue_table *table, int64_t now_ns, const void *route);

/* The same for a peer's BEGIN, within its origin's part of the table. */
uint32_t tcap_table_take_remote(struct tcap_dialogue_table *table, int64_t now_ns,
                                const void *route);

/* Ends the dialogue: its slot goes to rest. */
void tcap_table_end(struct tcap_dialogue_table *table, uint32_t index);

/* A message has gone or come: the inactivity deadline starts anew. */
void tcap_table_touch(struct tcap_dialogue_table *table, uint32_t index, int64_t now_ns);

void tcap_table_set_route(struct tcap_dialogue_table *table, uint32_t index, const void *route);

/* Writes an ABORT by the provider into table->reply, for the message in table->message. */
struct bytes tcap_table_p_abort(struct tcap_dialogue_table *table,
                                const struct tcap_transaction_id *peer, uint8_t cause);

/* The slot that a local id names, or TCAP_DIALOGUE_INVALID with *stale telling whether it may have
 * been the id of a dialogue that is no more. */
uint32_t tcap_table_find(const struct tcap_dialogue_table *table, uint32_t local_id, bool *stale);

#endif
