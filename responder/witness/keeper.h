/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * keeper - what a witness does with a datagram: which cluster and node it is from, whether it is
 * authentic, the request in it applied to that cluster's register, and the datagram that goes back.
 *
 * No socket and no file: the caller makes a changed value durable *before* it sends the reply, and
 * ends the program when it can't; `value` in memory is ahead of the disk in between.
 *
 * Life cycle: keeper_init per cluster -> keeper_find, keeper_receive ... One thread.
 */
#ifndef RESPONDER_WITNESS_KEEPER_H
#define RESPONDER_WITNESS_KEEPER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "responder/cluster/channel.h"
#include "responder/cluster/register.h"

#define KEEPER_NODES 2u

/* The reply is a HELLO or an answer: far below a datagram's most. */
#define KEEPER_REPLY_OCTETS_MAX 512u

struct keeper_counters {
    uint64_t reads;
    uint64_t changes;       /* accepted, and made a new value */
    uint64_t repetitions;   /* accepted, as it was the value already */
    uint64_t refused;       /* swaps and forces that the rule does not allow */
    uint64_t other_cluster; /* authentic, and the request inside names another cluster */
    uint64_t malformed;     /* authentic, and no request: another version of pulse7 */
};

struct keeper {
    uint64_t cluster_id;
    struct register_value value;
    struct channel channel[KEEPER_NODES];
    struct keeper_counters counters;
};

struct keeper_outcome {
    bool reply;   /* `writer` holds a datagram for the sender's address */
    bool asked;   /* a request was applied; the rest is about it */
    bool changed; /* make keeper->value durable first */
    bool accepted;
    uint8_t node; /* who asked */
    struct register_request request;
    struct register_value before;
};

/* `value`: as it is on disk. `session`: as channel.h, of this life of the witness. */
void keeper_init(struct keeper *keeper, uint64_t cluster_id, const uint8_t key[CHANNEL_KEY_OCTETS],
                 uint64_t session, const struct register_value *value);

/* The keeper that the datagram says it is for, authentic or not; NULL: none, or no datagram of
 * ours. */
struct keeper *keeper_find(struct keeper *keepers, size_t count, struct bytes datagram);

/* `writer` has room for KEEPER_REPLY_OCTETS_MAX. */
struct keeper_outcome keeper_receive(struct keeper *keeper, struct bytes datagram,
                                     struct bytes_writer *writer);

/* Datagrams and requests that nobody honest of this cluster sends; see keeper_refusals. */
struct keeper_refusals {
    uint64_t forged;        /* another key, or changed on the way */
    uint64_t other_cluster; /* inside of an authentic datagram */
    uint64_t malformed;
};
struct keeper_refusals keeper_get_refusals(const struct keeper *keeper);

#endif
