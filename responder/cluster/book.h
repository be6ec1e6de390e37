/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * book - what the ledger says, as state: accounts, duplicate table and open calls. Applying the
 * same records gives the same state on every node.
 *
 * The active's service changes that state itself when it decides (service_receive); book_note then
 * makes the record of what it changed. A passive, and a node that starts, applies records. Both
 * keep what is needed to take back the newest ones (book_undo), as they may turn out not to be
 * committed. One thing does not come back: what the duplicate table evicted for an entry that is
 * taken back (duplicate_remove_newest says what follows).
 *
 * Life cycle: book_create -> at the active: mark, (the service decides), note, then noted or drop;
 * else: apply, undo; at both: committed -> book_destroy. One thread.
 *
 * Pure; nothing is allocated after creation. Borrows the service, whose accounts and duplicate
 * table it works on, and the calls.
 */
#ifndef RESPONDER_CLUSTER_BOOK_H
#define RESPONDER_CLUSTER_BOOK_H

#include <stdbool.h>
#include <stdint.h>

#include "responder/cluster/cluster.h"
#include "responder/core/calls.h"
#include "responder/core/service.h"
#include "responder/ledger/record.h"

struct book_undo;

struct book {
    struct service *service;
    struct calls *calls;
    struct book_undo *undo; /* of the newest CLUSTER_UNDO_MAX records: a ring */
    uint64_t applied;       /* index of the newest record in the state */
    uint64_t answered;      /* up to here duplicates are answered, beyond they are in flight */
    uint64_t failures;      /* records that could not be applied (unknown account, no room) */
};

/* P7_NO_MEMORY. */
enum p7_status book_create(struct book *book, struct service *service,
                           struct calls *calls) P7_MUST_CHECK;
void book_destroy(struct book *book);

/* What service_receive and service_close are about to change: taken before, compared after. */
struct book_mark {
    struct service_dialogue call; /* as before */
    bool has_call;
    uint64_t charged_total;
    uint64_t reserved_total;
    uint64_t inserted; /* of the duplicate table */
};

void book_mark(const struct book *book, const struct service_dialogue *dialogue,
               struct book_mark *mark);

/*
 * Compares with the mark. False: nothing changed that a ledger keeps. Else fills in the record
 * (kind, account, amounts, identity, reply, call; not index, term, wall clock) and keeps the undo:
 * book_noted or book_drop follows before anything else. `dialogue` is the call's state now;
 * `reply` is NULL where no message was decided (service_close).
 */
bool book_note(struct book *book, const struct book_mark *mark,
               const struct service_dialogue *dialogue, const struct service_reply *reply,
               struct ledger_record *record);
/* The noted record became `record->index` of the ledger: moves the call's state into `calls`, or
 * out of them. */
void book_noted(struct book *book, const struct ledger_record *record);
/* The noted record did not get into the ledger: takes back what the service did. */
void book_drop(struct book *book);

/* The record that follows `applied`. What of it can't be applied (an account that is not there or
 * does not hold as much, no room for the call) is left out and counted as one failure. */
void book_apply(struct book *book, const struct ledger_record *record);
/* Takes back the newest record. Call it for CLUSTER_UNDO_MAX of them in a row at most. */
void book_undo(struct book *book);
/* All up to `index` is committed: its duplicates count as answered. What lies further back than
 * CLUSTER_UNDO_MAX counts so anyway. */
void book_committed(struct book *book, uint64_t index);

#endif
