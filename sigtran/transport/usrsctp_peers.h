/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * usrsctp_peers - which AF_CONN address ("token") of usrsctp stands for which remote socket
 * address.
 *
 * usrsctp keeps the token in the state cookie that it hands to a peer, so a handshake must show the
 * same token in its INIT and in its COOKIE ECHO. The token is therefore a keyed hash of the remote
 * address: nothing is stored for a peer that only knocks, and a flood of INITs from many addresses
 * costs no memory. A peer enters the bounded table when an association begins.
 *
 * Peers without an association stay in the table for a while (at most ENGINE_IDLE_PEERS): usrsctp
 * works through a removed address on a thread of its own, which is not wanted at every reconnect;
 * but it also walks through all addresses that it knows with every packet.
 */
#ifndef SIGTRAN_TRANSPORT_USRSCTP_PEERS_H
#define SIGTRAN_TRANSPORT_USRSCTP_PEERS_H

#include <stdbool.h>
#include <stdint.h>

#include "sigtran/base/limits.h"
#include "sigtran/transport/udp_socket.h"

/* All transports of the process share the table, hence more than one's associations. */
#define ENGINE_PEERS      (2 * LIMIT_ASSOCIATIONS)
#define ENGINE_BUCKETS    1024
#define ENGINE_IDLE_PEERS 16

struct engine_transport;

struct engine_peer {
    void *token;
    union udp_address address; /* where packets go now: RFC6951-5.4 lets the port change */
    struct engine_transport *transport;
    uint32_t references; /* associations */
    bool used;
    bool registered;      /* with usrsctp */
    uint64_t released_at; /* order of releases; the smallest is reused first */
    uint16_t next_token;  /* chains of the two indices, by number plus 1 */
    uint16_t next_address;
};

struct engine_peers {
    uint64_t key[2]; /* random per process: nobody outside can aim at a token */
    uint64_t releases;
    uint32_t idle; /* peers in use by no association */
    struct engine_peer peers[ENGINE_PEERS];
    uint16_t by_token[ENGINE_BUCKETS];
    uint16_t by_address[ENGINE_BUCKETS];
};

/* `key` is 16 random octets. */
void engine_peers_init(struct engine_peers *peers, const uint64_t key[2]);

struct engine_peer *engine_peers_by_token(struct engine_peers *peers, const void *token);
struct engine_peer *engine_peers_by_address(struct engine_peers *peers,
                                            const struct engine_transport *transport,
                                            const union udp_address *address);

/* The token that a peer at `address` has or would have. */
void *engine_peers_token(struct engine_peers *peers, const struct engine_transport *transport,
                         const union udp_address *address);

/* The peer at `address`, entered when it is new, or NULL when the table is full of peers in use. */
struct engine_peer *engine_peers_enter(struct engine_peers *peers,
                                       struct engine_transport *transport,
                                       const union udp_address *address);

/* Takes one reference; the first one registers the token with usrsctp. */
void engine_peers_hold(struct engine_peers *peers, struct engine_peer *peer);
void engine_peers_release(struct engine_peers *peers, struct engine_peer *peer);

/* Removes a peer that nothing refers to. */
void engine_peers_remove(struct engine_peers *peers, struct engine_peer *peer);
void engine_peers_remove_all_of(struct engine_peers *peers,
                                const struct engine_transport *transport);

/* The peer's packets come from another port now. */
void engine_peers_move(struct engine_peers *peers, struct engine_peer *peer,
                       const union udp_address *address);

#endif
