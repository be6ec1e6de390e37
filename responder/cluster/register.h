/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * register - the one durable value that decides who serves: (term, owner, mode), kept by a third
 * party (pulse7-witness, or etcd), changed by compare-and-swap only. This is its rule and its
 * octets; whoever keeps it applies the rule.
 *
 * Each change names the version that it expects and makes the next one of it: a change that was
 * delayed on its way fails once any other has landed. That is how a change is abandoned: by another
 * one, never by waiting.
 *
 * Rule (register_allows), for a proposal of version current + 1:
 *  - the register is empty: anybody may have it, alone (SOLO);
 *  - the same owner, with the same data directory: any mode, and a term that does not fall;
 *  - a new owner: only while the mode is PAIR, only with the data directory that the pair names for
 *    its node, and with a higher term;
 *  - an operator's force: anything with a higher term.
 * PAIR means: both data directories named in `pair` hold every acknowledged charge. So a proposal
 * of PAIR names two different ones, the owner's among them; and every proposal names a node (0 or
 * 1), a mode and a data directory that is not 0. What does not is refused, forced or not.
 */
#ifndef RESPONDER_CLUSTER_REGISTER_H
#define RESPONDER_CLUSTER_REGISTER_H

#include <stdbool.h>
#include <stdint.h>

#include "sigtran/base/bytes.h"
#include "sigtran/base/status.h"

#define REGISTER_NODE_NONE    255u
#define REGISTER_VALUE_OCTETS 64u

enum register_mode { REGISTER_PAIR = 1, REGISTER_SOLO };

struct register_value {
    uint64_t version; /* 0: the register is empty */
    uint64_t term;
    uint64_t owner_identity; /* data directory of the owner */
    uint64_t pair[2];        /* PAIR: data directories of the nodes 0 and 1; SOLO: as it was */
    uint64_t nonce;          /* tells a proposal from any other: is what I read what I wrote? */
    uint8_t owner;           /* node 0 or 1, REGISTER_NODE_NONE while empty */
    uint8_t mode;            /* enum register_mode */
};

enum register_request_kind { REGISTER_READ = 1, REGISTER_SWAP, REGISTER_FORCE };

struct register_request {
    uint64_t id; /* comes back with the answer */
    uint64_t cluster_id;
    uint8_t kind;                   /* enum register_request_kind */
    struct register_value proposal; /* SWAP, FORCE: what it is to become */
};

struct register_answer {
    uint64_t id;
    bool accepted;                 /* SWAP, FORCE: `current` is the proposal */
    struct register_value current; /* after the request */
};

bool register_value_is_empty(const struct register_value *value);
bool register_value_equal(const struct register_value *a, const struct register_value *b);

/* Whether `current` may become `proposal`; see above. */
bool register_allows(const struct register_value *current, const struct register_value *proposal,
                     bool forced);

/*
 * What a keeper does with a request: the answer, and true where `current` was changed and has to
 * be made durable before the answer goes out. A proposal that is already the current value (the
 * request came twice) is accepted without a change.
 */
bool register_apply(struct register_value *current, const struct register_request *request,
                    struct register_answer *answer);

/* REGISTER_VALUE_OCTETS at `dst`. */
void register_value_encode(const struct register_value *value, uint8_t *dst);
/* P7_TRUNCATED, P7_MALFORMED. */
enum p7_status register_value_decode(struct bytes octets,
                                     struct register_value *value) P7_MUST_CHECK;

/* Requests and answers as datagram payloads. P7_FULL; P7_TRUNCATED, P7_MALFORMED. */
enum p7_status register_request_encode(struct bytes_writer *writer,
                                       const struct register_request *request) P7_MUST_CHECK;
enum p7_status register_request_decode(struct bytes octets,
                                       struct register_request *request) P7_MUST_CHECK;
enum p7_status register_answer_encode(struct bytes_writer *writer,
                                      const struct register_answer *answer) P7_MUST_CHECK;
enum p7_status register_answer_decode(struct bytes octets,
                                      struct register_answer *answer) P7_MUST_CHECK;

/* "PAIR", "SOLO"; "empty" for any other value. */
const char *register_mode_name(uint8_t mode);

#endif
