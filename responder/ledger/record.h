/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * record - one entry of the ledger: a charge, its request's identity and the reply to it in one
 * piece, so that they can't diverge; and its octets.
 *
 * Octets, big endian, the same on both nodes of a cluster to the octet:
 *
 *     u32 length       of the whole record, this field and the checksum included
 *     u64 index        1, 2, 3, ... without a gap
 *     u64 term         of the active node that wrote it; never falls
 *     u8  kind, u8 flags, u16 zero
 *     u64 wall_ns      when it was decided, of the active's wall clock: a label
 *     ... the fields of its kind, see record.c ...
 *     u32 checksum     CRC32C over everything before it, begun with the checksum of the record
 *                      before (0 for the first): each record vouches for all that precede it
 *
 * Pure. A decoded record borrows nothing.
 */
#ifndef RESPONDER_LEDGER_RECORD_H
#define RESPONDER_LEDGER_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "responder/core/service.h"
#include "sigtran/base/bytes.h"
#include "sigtran/base/status.h"

/* The longest record of any kind. */
#define LEDGER_RECORD_OCTETS_MAX 320u
/* Length, index, term, kind, flags, wall_ns, checksum: what every record has. */
#define LEDGER_RECORD_OCTETS_MIN 36u

enum ledger_record_kind {
    LEDGER_CHARGE = 1, /* a request was decided: identity, account, amount, reply */
    LEDGER_SETTLEMENT, /* a call ended without a request: account, amount */
    LEDGER_TERM,       /* an active began its term; carries nothing else */
};

#define LEDGER_HAS_CALL  (1u << 0) /* `call` is the call's state after this record */
#define LEDGER_CALL_OVER (1u << 1) /* the call `reference` is no more after this record */
#define LEDGER_HAS_STRAY (1u << 2) /* the duplicate table gets `stray` instead of `identity` */
#define LEDGER_IN_TABLE  (1u << 3) /* the duplicate table gets an entry at all */
#define LEDGER_FORCED    (1u << 4) /* TERM: an operator's force-takeover */

struct ledger_record {
    uint64_t index;
    uint64_t term;
    int64_t wall_ns;
    uint8_t kind;  /* enum ledger_record_kind */
    uint8_t flags; /* LEDGER_... */
    /* TERM: the node (0 or 1) that began it. */
    uint8_t node;
    /* CHARGE, SETTLEMENT: */
    uint64_t account;       /* subscriber's number as a decimal value; 0: nobody's */
    uint64_t amount;        /* units charged by this record */
    int64_t reserved_delta; /* units that it reserved (or, negative, gave back) */
    uint64_t reference[2];  /* of the call that it belongs to; service_dialogue.reference */
    /* CHARGE: */
    struct duplicate_identity identity;
    uint64_t stray[2];
    uint32_t sequence; /* of the request in its dialogue, 0: the BEGIN */
    struct decision reply;
    /* with LEDGER_HAS_CALL; answered_ns is on the wall clock here */
    struct service_dialogue call;
};

/* Writes the record with its checksum; `previous` is the checksum of the record before. P7_FULL;
 * LEDGER_RECORD_OCTETS_MAX octets always do. P7_RANGE: a value that decoding would refuse (index
 * 0, a kind, flag or enumerator that is none); nothing is written. */
enum p7_status ledger_record_encode(struct bytes_writer *writer, const struct ledger_record *record,
                                    uint32_t previous) P7_MUST_CHECK;

/*
 * Reads the record at the start of `octets`. P7_TRUNCATED: they end before it does (or are all
 * zero: an unwritten place has length 0). P7_MALFORMED: checksum or fields are wrong, or flags are
 * not of its kind (HAS_STRAY and IN_TABLE: CHARGE; HAS_CALL and CALL_OVER: SETTLEMENT, too; FORCED:
 * TERM). Fields that the record has not are zero.
 * `length` and `checksum` are set on success; either may be NULL.
 */
enum p7_status ledger_record_decode(struct bytes octets, uint32_t previous,
                                    struct ledger_record *record, uint32_t *length,
                                    uint32_t *checksum) P7_MUST_CHECK;

/* Head of a record without looking at its checksum: for those who have checked it already. */
struct ledger_record_head {
    uint32_t length;
    uint64_t index;
    uint64_t term;
    uint32_t checksum;
};
/* P7_TRUNCATED, P7_MALFORMED (a length out of bounds). */
enum p7_status ledger_record_peek(struct bytes octets,
                                  struct ledger_record_head *head) P7_MUST_CHECK;

/* Whether the record at the start of `octets` (one whole record) follows one with that checksum. */
bool ledger_record_follows(struct bytes record, uint32_t previous);

/* "charge", "settlement", "term"; "?" for any other value. */
const char *ledger_record_kind_name(uint8_t kind);

#endif
