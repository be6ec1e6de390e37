/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * channel - datagrams between two programs of a cluster that nobody else can make, change or send
 * again: HMAC-SHA-256 (RFC 2104) with the cluster's shared key, a session and a counter.
 *
 * Octets: magic "p7" + version + kind (u8: HELLO or DATA), u64 cluster id, u64 session of the
 * sender, u64 session of the receiver as the sender knows it, u64 counter, u8 sender, payload,
 * 16 octets of the HMAC over all before.
 *
 * A session names a process's life: its upper half counts the lives of that party (kept in its data
 * directory), its lower half is random. DATA is taken only when it names the receiver's session:
 * what was recorded in an earlier life, or sent to another process, is not. HELLO makes sessions
 * known, and carries nothing: it names the highest session that was heard of the receiver, and its
 * counter is 1 where the sender believes that session. 0 asks for a HELLO in answer; so two parties
 * that believe each other fall silent. Within a session each counter of DATA is taken once (a
 * window of CHANNEL_WINDOW allows reordering); the same datagram over two links is taken from the
 * first.
 *
 * A session of the peer is believed when a HELLO of it names our session (it has heard us in this
 * life), and when it is higher than any heard before: a recorded HELLO can't bring an old life
 * back. A party whose count of lives falls back is therefore not heard until its peer starts anew.
 *
 * Life cycle: channel_init -> hello, seal, open_datagram in any order; the owner sends a
 * channel_hello from time to time while channel_wants_hello, and whenever `answer` was set.
 *
 * Pure: sessions are given in. One channel per peer, one thread.
 */
#ifndef RESPONDER_CLUSTER_CHANNEL_H
#define RESPONDER_CLUSTER_CHANNEL_H

#include <nettle/hmac.h>
#include <stdbool.h>
#include <stdint.h>

#include "sigtran/base/bytes.h"
#include "sigtran/base/status.h"

#define CHANNEL_KEY_OCTETS          32u
#define CHANNEL_MAC_OCTETS          16u
#define CHANNEL_HEAD_OCTETS         (4u + 8u + 8u + 8u + 8u + 1u)
#define CHANNEL_OVERHEAD_OCTETS     (CHANNEL_HEAD_OCTETS + CHANNEL_MAC_OCTETS)
#define CHANNEL_WINDOW              1024u
#define CHANNEL_PAYLOAD_OCTETS_MAX  8192u
#define CHANNEL_DATAGRAM_OCTETS_MAX (CHANNEL_PAYLOAD_OCTETS_MAX + CHANNEL_OVERHEAD_OCTETS)

/* Who sends: so that a datagram can't be turned round. */
enum channel_party { CHANNEL_NODE_0, CHANNEL_NODE_1, CHANNEL_WITNESS };

struct channel_counters {
    uint64_t taken;         /* DATA */
    uint64_t not_ours;      /* magic, version, kind, length, or not of the peer (our own, too) */
    uint64_t other_cluster; /* authentic or not: of another cluster's id */
    uint64_t forged;        /* HMAC wrong: another key, or changed on the way */
    uint64_t stale;         /* authentic, of or for another session than the present ones */
    uint64_t repeated;      /* a counter that was taken, or that is behind the window */
};

struct channel {
    struct hmac_sha256_ctx mac; /* the key is in it */
    uint64_t cluster_id;
    uint64_t session;       /* ours */
    uint64_t peer_session;  /* the one believed; 0: none yet */
    uint64_t heard_session; /* the highest that an authentic HELLO of the peer came from */
    uint64_t counter;       /* of the last DATA sent */
    uint64_t highest;       /* counter taken from the peer */
    uint64_t window[CHANNEL_WINDOW / 64];
    uint8_t self; /* enum channel_party */
    uint8_t peer;
    struct channel_counters counters;
};

/* `session`: as above, not 0. */
void channel_init(struct channel *channel, const uint8_t key[CHANNEL_KEY_OCTETS],
                  uint64_t cluster_id, enum channel_party self, enum channel_party peer,
                  uint64_t session);

/* Whether DATA can be sent: the peer's session is known. */
bool channel_is_open(const struct channel *channel);
/* Whether HELLOs are to go out from time to time: the peer is unknown, or has begun a new life. */
bool channel_wants_hello(const struct channel *channel);

/* A HELLO datagram. P7_FULL. */
enum p7_status channel_hello(struct channel *channel, struct bytes_writer *writer) P7_MUST_CHECK;

/* A DATA datagram around the payload, which may lie already where it goes (CHANNEL_HEAD_OCTETS
 * behind the writer's place) and is not copied then. P7_STATE: not open; P7_FULL; P7_RANGE: too
 * long. On an error nothing is written and no counter used. */
enum p7_status channel_seal(struct channel *channel, struct bytes payload,
                            struct bytes_writer *writer) P7_MUST_CHECK;

enum channel_verdict {
    CHANNEL_DATA,    /* `payload` borrows the datagram */
    CHANNEL_ANSWER,  /* a HELLO that asks for one: send channel_hello */
    CHANNEL_OPENED,  /* the peer's (new) session is known now; `answer` may be set, too */
    CHANNEL_NOTHING, /* dropped and counted, or a HELLO that told nothing new */
};

/* `answer` is set where a HELLO is to be sent to the peer: it does not know us yet. `payload` is
 * empty unless DATA. */
enum channel_verdict channel_open_datagram(struct channel *channel, struct bytes datagram,
                                           struct bytes *payload, bool *answer);

#endif
