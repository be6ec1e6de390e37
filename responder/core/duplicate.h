/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * duplicate - the table of requests that were answered, or are being answered: so that one that
 * comes again gets the same reply, and is not charged again.
 *
 * Life cycle: duplicate_table_create -> find, insert, mark answered, remove the newest ->
 * duplicate_table_destroy. One thread. Nothing is allocated after creation. The table holds the
 * newest `capacity` requests; an insertion into a full one evicts the oldest (counted). All
 * operations are O(1).
 *
 * A request is named by its *identity*: 128 bits of hash over originating address, call reference
 * and sequence number. `content` is 64 bits of hash over what it says. Same identity and same
 * content: a duplicate. Same identity and other content: a conflict, to be refused.
 *
 * Collisions: two different identities meet with a probability of 2^-128 a pair; over the
 * 10^10 requests of a day at 115 000/s and a table of 10^6 that is under 10^-22. A content that
 * differs and hashes alike needs an identical identity to begin with, and then goes unnoticed with
 * 2^-64: it is answered as a duplicate, and charged once. The hash is SipHash with a known key: the
 * figures hold for peers that don't construct collisions; one who does can only disturb requests
 * of his own originating address.
 *
 * Memory: DUPLICATE_ENTRY_OCTETS an entry plus 4 to 8 for the index.
 */
#ifndef RESPONDER_CORE_DUPLICATE_H
#define RESPONDER_CORE_DUPLICATE_H

#include <stdbool.h>
#include <stdint.h>

#include "responder/core/decision.h"
#include "sigtran/base/status.h"

#define DUPLICATE_ENTRY_OCTETS 64u

/* Entries at most: 24 h of a table are the ledger's business, an hour at 10 000/s fits here. */
#define DUPLICATES_MAX 67108864u

struct duplicate_identity {
    uint64_t key[2];
    uint64_t content;
};

/* Names one insertion, also after it was evicted. One that was taken back gives its handle to the
 * next. */
#define DUPLICATE_HANDLE_NONE UINT64_MAX

enum duplicate_state {
    DUPLICATE_UNKNOWN,   /* not seen, or evicted */
    DUPLICATE_IN_FLIGHT, /* seen, its reply has not gone out yet */
    DUPLICATE_ANSWERED,  /* seen and answered */
    DUPLICATE_CONFLICT,  /* the identity was seen with another content */
};

struct duplicate_hit {
    enum duplicate_state state;
    uint64_t handle;
    uint64_t token;           /* of the original, as given at its insertion */
    struct decision decision; /* its reply */
};

struct duplicate_entry;

struct duplicate_table {
    struct duplicate_entry *entry;
    uint32_t *bucket;
    uint64_t inserted; /* handle of the next insertion */
    uint64_t evicted;
    uint32_t count;       /* requests remembered now */
    uint32_t forgotten_s; /* when the newest of those that were evicted was decided, 0: none was */
    uint32_t capacity;
    uint32_t bucket_mask;
};

/* capacity 0: remembers nothing, every find is DUPLICATE_UNKNOWN. P7_RANGE, P7_NO_MEMORY. */
enum p7_status duplicate_table_create(struct duplicate_table *table,
                                      uint32_t capacity) P7_MUST_CHECK;
void duplicate_table_destroy(struct duplicate_table *table);

struct duplicate_hit duplicate_find(const struct duplicate_table *table,
                                    const struct duplicate_identity *identity);

/*
 * Adds a request in flight, and the decision that answers it. Where the identity is there already
 * the new one hides the old one. `wall_s` is when it was decided, in seconds since 1970. Returns
 * the handle, DUPLICATE_HANDLE_NONE with capacity 0.
 */
uint64_t duplicate_insert(struct duplicate_table *table, const struct duplicate_identity *identity,
                          uint64_t token, const struct decision *decision, uint32_t wall_s);

/* Its reply went out. Nothing happens where the entry was evicted meanwhile, or for NONE. */
void duplicate_mark_answered(struct duplicate_table *table, uint64_t handle);

/*
 * Takes back the newest insertion; nothing happens where it is not there any more. An entry that it
 * had evicted does not come back (`evicted` has counted it): a table that takes back k insertions
 * and is full forgets k of its oldest requests earlier than one that never made them, until k more
 * have come.
 */
void duplicate_remove_newest(struct duplicate_table *table);

/* Identity of the newest insertion; false where it was taken back, or there was none. */
bool duplicate_newest(const struct duplicate_table *table, struct duplicate_identity *identity);

/* Requests remembered now. */
uint32_t duplicate_table_count(const struct duplicate_table *table);

#endif
