/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "sigtran/transport/usrsctp_peers.h"

#include <assert.h>
#include <usrsctp.h>

#define NONE 0 /* of a chain; entries are numbers plus 1 */

void engine_peers_init(struct engine_peers *peers, const uint64_t key[2])
{
    memset(peers, 0, sizeof(*peers));
    peers->key[0] = key[0];
    peers->key[1] = key[1];
}

static uint64_t rotate(uint64_t v, unsigned by)
{
    return (v << by) | (v >> (64 - by));
}

static void sip_round(uint64_t v[4])
{
    v[0] += v[1];
    v[2] += v[3];
    v[1] = rotate(v[1], 13) ^ v[0];
    v[3] = rotate(v[3], 16) ^ v[2];
    v[0] = rotate(v[0], 32);
    v[2] += v[1];
    v[0] += v[3];
    v[1] = rotate(v[1], 17) ^ v[2];
    v[3] = rotate(v[3], 21) ^ v[0];
    v[2] = rotate(v[2], 32);
}

/* SipHash-2-4 (Aumasson, Bernstein 2012) over four words. */
static uint64_t sip_hash(const uint64_t key[2], const uint64_t words[4])
{
    uint64_t v[4] = {key[0] ^ 0x736f6d6570736575u, key[1] ^ 0x646f72616e646f6du,
                     key[0] ^ 0x6c7967656e657261u, key[1] ^ 0x7465646279746573u};
    for (unsigned i = 0; i < 4; i++) {
        v[3] ^= words[i];
        sip_round(v);
        sip_round(v);
        v[0] ^= words[i];
    }
    v[2] ^= 0xff;
    for (unsigned i = 0; i < 4; i++)
        sip_round(v);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

static uint64_t address_hash(const struct engine_peers *peers,
                             const struct engine_transport *transport,
                             const union udp_address *address, unsigned attempt)
{
    uint64_t words[4] = {(uintptr_t)transport, 0, 0,
                         ((uint64_t)attempt << 32) | udp_address_port(address)};
    if (address->any.sa_family == AF_INET) {
        words[1] = address->in.sin_addr.s_addr;
        words[2] = 1; /* no IPv6 address of the Internet looks so */
    } else {
        memcpy(&words[1], &address->in6.sin6_addr, 16);
        words[3] |= (uint64_t)address->in6.sin6_scope_id << 40;
    }
    return sip_hash(peers->key, words);
}

static uint16_t *token_bucket(struct engine_peers *peers, const void *token)
{
    return &peers->by_token[((uintptr_t)token >> 1) % ENGINE_BUCKETS];
}

static uint16_t *address_bucket(struct engine_peers *peers,
                                const struct engine_transport *transport,
                                const union udp_address *address)
{
    return &peers->by_address[address_hash(peers, transport, address, 0) % ENGINE_BUCKETS];
}

struct engine_peer *engine_peers_by_token(struct engine_peers *peers, const void *token)
{
    for (uint16_t i = *token_bucket(peers, token); i != NONE; i = peers->peers[i - 1].next_token)
        if (peers->peers[i - 1].token == token)
            return &peers->peers[i - 1];
    return NULL;
}

struct engine_peer *engine_peers_by_address(struct engine_peers *peers,
                                            const struct engine_transport *transport,
                                            const union udp_address *address)
{
    uint16_t i = *address_bucket(peers, transport, address);
    for (; i != NONE; i = peers->peers[i - 1].next_address) {
        struct engine_peer *peer = &peers->peers[i - 1];
        if (peer->transport == transport && udp_address_equal(&peer->address, address))
            return peer;
    }
    return NULL;
}

void *engine_peers_token(struct engine_peers *peers, const struct engine_transport *transport,
                         const union udp_address *address)
{
    const struct engine_peer *known = engine_peers_by_address(peers, transport, address);
    if (known != NULL)
        return known->token;
    /* A peer that moved to another port keeps the token of its first one, so the next peer at that
     * first port needs a second hash. Never 0: that means "any" to usrsctp. */
    void *token = NULL;
    for (unsigned attempt = 0; attempt <= ENGINE_PEERS; attempt++) {
        const uintptr_t number = (uintptr_t)address_hash(peers, transport, address, attempt) | 1;
        memcpy(&token, &number, sizeof(token)); /* never followed, only compared */
        if (engine_peers_by_token(peers, token) == NULL)
            break;
    }
    return token;
}

static void unchain_token(struct engine_peers *peers, const struct engine_peer *peer)
{
    const uint16_t self = (uint16_t)(peer - peers->peers + 1);
    uint16_t *link = token_bucket(peers, peer->token);
    while (*link != self)
        link = &peers->peers[*link - 1].next_token;
    *link = peer->next_token;
}

static void unchain_address(struct engine_peers *peers, const struct engine_peer *peer)
{
    const uint16_t self = (uint16_t)(peer - peers->peers + 1);
    uint16_t *link = address_bucket(peers, peer->transport, &peer->address);
    while (*link != self)
        link = &peers->peers[*link - 1].next_address;
    *link = peer->next_address;
}

static void chain_address(struct engine_peers *peers, struct engine_peer *peer)
{
    uint16_t *bucket = address_bucket(peers, peer->transport, &peer->address);
    peer->next_address = *bucket;
    *bucket = (uint16_t)(peer - peers->peers + 1);
}

static struct engine_peer *oldest_idle(struct engine_peers *peers)
{
    struct engine_peer *oldest = NULL;
    for (unsigned i = 0; i < ENGINE_PEERS; i++) {
        struct engine_peer *peer = &peers->peers[i];
        if (peer->used && peer->references == 0 &&
            (oldest == NULL || peer->released_at < oldest->released_at))
            oldest = peer;
    }
    return oldest;
}

static struct engine_peer *slot_find(struct engine_peers *peers)
{
    if (peers->idle >= ENGINE_IDLE_PEERS)
        engine_peers_remove(peers, oldest_idle(peers));
    for (unsigned i = 0; i < ENGINE_PEERS; i++)
        if (!peers->peers[i].used)
            return &peers->peers[i];
    struct engine_peer *oldest = oldest_idle(peers);
    if (oldest != NULL)
        engine_peers_remove(peers, oldest);
    return oldest;
}

struct engine_peer *engine_peers_enter(struct engine_peers *peers,
                                       struct engine_transport *transport,
                                       const union udp_address *address)
{
    struct engine_peer *peer = engine_peers_by_address(peers, transport, address);
    if (peer != NULL)
        return peer;
    void *token = engine_peers_token(peers, transport, address);
    peer = slot_find(peers);
    if (peer == NULL)
        return NULL;
    *peer = (struct engine_peer){
        .token = token, .address = *address, .transport = transport, .used = true};
    peer->released_at = ++peers->releases;
    peers->idle++;
    uint16_t *bucket = token_bucket(peers, token);
    peer->next_token = *bucket;
    *bucket = (uint16_t)(peer - peers->peers + 1);
    chain_address(peers, peer);
    return peer;
}

void engine_peers_hold(struct engine_peers *peers, struct engine_peer *peer)
{
    if (peer->references++ == 0)
        peers->idle--;
    if (!peer->registered)
        usrsctp_register_address(peer->token);
    peer->registered = true;
}

void engine_peers_release(struct engine_peers *peers, struct engine_peer *peer)
{
    assert(peer->references > 0);
    if (--peer->references == 0)
        peers->idle++;
    peer->released_at = ++peers->releases;
}

void engine_peers_remove(struct engine_peers *peers, struct engine_peer *peer)
{
    assert(peer->used && peer->references == 0);
    peers->idle--;
    unchain_token(peers, peer);
    unchain_address(peers, peer);
    if (peer->registered)
        usrsctp_deregister_address(peer->token);
    *peer = (struct engine_peer){.used = false};
}

void engine_peers_remove_all_of(struct engine_peers *peers,
                                const struct engine_transport *transport)
{
    for (unsigned i = 0; i < ENGINE_PEERS; i++)
        if (peers->peers[i].used && peers->peers[i].transport == transport)
            engine_peers_remove(peers, &peers->peers[i]);
}

void engine_peers_move(struct engine_peers *peers, struct engine_peer *peer,
                       const union udp_address *address)
{
    unchain_address(peers, peer);
    peer->address = *address;
    chain_address(peers, peer);
}
