/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "sigtran/transport/usrsctp_engine.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/random.h>

#include "sigtran/base/crc32c.h"
#include "sigtran/base/timer_heap.h"
#include "sigtran/transport/usrsctp_sockets.h"

#define SCTP_HEADER_OCTETS   12
#define CHUNK_HEADER_OCTETS  4
#define CHUNK_INITIATION     1
#define CHUNK_COOKIE_ECHO    10
#define TRANSPORTS_MAX       8
#define INDICATIONS_AT_FIRST 256
/* Everything that a receive window can release at once, and then some: beyond it a message is lost
 * and the association with it. */
#define INDICATIONS_MAX 1048576

/*
 * usrsctp is one per process and calls back without a context for its output, so this can't live in
 * a transport.
 */
static struct {
    bool running;
    int64_t ticked_ns;
    uint64_t timeouts; /* T3-rtx expiries that made something be sent again */
    struct engine_transport *transports[TRANSPORTS_MAX];
    uint32_t transport_count;
    /* The unknown source of the packet that usrsctp works on now, for its immediate answer. */
    void *stranger_token;
    union udp_address stranger;
    struct engine_transport *stranger_transport;
    struct engine_peer *last; /* of the packet before: mostly the same one */
    struct engine_peers peers;
} engine;

bool engine_running(void)
{
    return engine.running;
}

struct engine_peers *engine_peers(void)
{
    return &engine.peers;
}

/* Checksums stand in the packet with their least significant octet first (RFC9260-A). */
static uint32_t checksum_load(const uint8_t *p)
{
    return ((uint32_t)p[3] << 24) | ((uint32_t)p[2] << 16) | ((uint32_t)p[1] << 8) | p[0];
}

static void checksum_store(uint8_t *p, uint32_t crc)
{
    p[0] = (uint8_t)crc;
    p[1] = (uint8_t)(crc >> 8);
    p[2] = (uint8_t)(crc >> 16);
    p[3] = (uint8_t)(crc >> 24);
}

static uint32_t packet_checksum(struct bytes packet)
{
    static const uint8_t zero[4] = {0};
    uint32_t crc = crc32c(0, bytes_of(packet.data, 8));
    crc = crc32c(crc, bytes_of(zero, sizeof(zero)));
    return crc32c(crc,
                  bytes_of(packet.data + SCTP_HEADER_OCTETS, packet.length - SCTP_HEADER_OCTETS));
}

static struct engine_peer *peer_of_token(const void *token)
{
    if (engine.last == NULL || engine.last->token != token || !engine.last->used)
        engine.last = engine_peers_by_token(&engine.peers, token);
    return engine.last;
}

/* usrsctp has a packet for a peer. Always "sent": what gets lost here SCTP sends again, and its
 * handling of an error would hold back more than the one packet. */
static int packet_output(void *token, void *buffer, size_t length, uint8_t tos, uint8_t set_df)
{
    (void)tos;
    (void)set_df;
    struct engine_transport *t = engine.stranger_transport;
    const union udp_address *to = &engine.stranger;
    if (t == NULL || token != engine.stranger_token) {
        const struct engine_peer *peer = peer_of_token(token);
        if (peer == NULL)
            return 0;
        t = peer->transport;
        to = &peer->address;
    }
    uint8_t *room = length < SCTP_HEADER_OCTETS ? NULL : udp_socket_queue(&t->socket, to, length);
    if (room == NULL)
        return 0;
    memcpy(room, buffer, length);
    checksum_store(room + 8, packet_checksum(bytes_of(room, length)));
    return 0;
}

static void diagnostic_ignore(const char *format, ...)
{
    (void)format;
}

static bool indications_grow(struct engine_transport *t)
{
    if (t->indication_first + t->indication_count < t->indication_room)
        return true;
    const uint32_t room = t->indication_room == 0 ? INDICATIONS_AT_FIRST : 2 * t->indication_room;
    struct engine_indication *more =
        room > INDICATIONS_MAX ? NULL : realloc(t->indications, room * sizeof(*more));
    if (more == NULL)
        return false;
    t->indications = more;
    t->indication_room = room;
    return true;
}

static int received(struct socket *socket, union sctp_sockstore address, void *data, size_t length,
                    struct sctp_rcvinfo info, int flags, void *context)
{
    (void)address;
    struct engine_owner *owner = context;
    if (data == NULL)
        return 1;
    struct engine_transport *t = owner->transport;
    if (!indications_grow(t)) {
        /* SCTP promised this message to the handler, so the association must not survive it. */
        if (!owner->is_listener)
            ((struct engine_association *)owner)->broken = true;
        t->broken = true;
        free(data);
        return 1;
    }
    t->indications[t->indication_first + t->indication_count++] =
        (struct engine_indication){.socket = socket,
                                   .owner = owner,
                                   .data = data,
                                   .length = (uint32_t)length,
                                   .ppid = ntohl(info.rcv_ppid),
                                   .stream = info.rcv_sid,
                                   .whole = (flags & MSG_EOR) != 0,
                                   .notification = (flags & MSG_NOTIFICATION) != 0};
    return 1;
}

static int room_made(struct socket *socket, uint32_t free_octets, void *context)
{
    (void)socket;
    (void)free_octets;
    struct engine_owner *owner = context;
    if (owner->is_listener)
        return 1;
    struct engine_association *a = (struct engine_association *)owner;
    if (a->cork.full) {
        a->room = true;
        owner->transport->room = true;
    }
    return 1;
}

struct socket *engine_socket(struct engine_owner *owner, const struct sctp_profile *profile)
{
    const uint32_t half = profile->send_buffer_octets / 2;
    struct socket *s = usrsctp_socket(AF_CONN, SOCK_STREAM, IPPROTO_SCTP, received, room_made,
                                      half == 0 ? 1 : half, owner);
    if (s == NULL)
        return NULL;
    if (usrsctp_set_non_blocking(s, 1) == -1 ||
        userland_profile_apply(s, AF_CONN, profile) != P7_OK) {
        const int why = errno;
        usrsctp_close(s);
        errno = why;
        return NULL;
    }
    return s;
}

static enum p7_status engine_start(void)
{
    uint64_t key[2];
    sigset_t all;
    sigset_t before;
    if (getrandom(key, sizeof(key), 0) != (ssize_t)sizeof(key))
        return P7_SYSTEM;
    engine_peers_init(&engine.peers, key);
    /* "nothreads" leaves one thread, for changes of addresses: it must not take our signals. */
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    usrsctp_init_nothreads(0, packet_output, diagnostic_ignore);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    usrsctp_enable_crc32c_offload();
    userland_sysctls_set();
    engine.running = true;
    return P7_OK;
}

enum p7_status engine_attach(struct engine_transport *t)
{
    if (engine.transport_count == TRANSPORTS_MAX)
        return P7_FULL;
    if (sockets_running())
        return P7_STATE;
    if (!engine.running) {
        const enum p7_status status = engine_start();
        if (status != P7_OK)
            return status;
    }
    /* A raw socket sees the packets of every SCTP on this host: "out of the blue" says nothing
     * there, and an ABORT as answer would end other programs' associations. */
    if (t->socket.raw)
        (void)usrsctp_sysctl_set_sctp_blackhole(2);
    engine.transports[engine.transport_count++] = t;
    return P7_OK;
}

/* usrsctp itself stays until the process ends: it can't be stopped while a SHUTDOWN is under way,
 * and its thread for address changes does not survive being started twice. */
void engine_detach(struct engine_transport *t)
{
    engine_peers_remove_all_of(&engine.peers, t);
    engine.last = NULL;
    for (uint32_t i = 0; i < engine.transport_count; i++)
        if (engine.transports[i] == t)
            engine.transports[i--] = engine.transports[--engine.transport_count];
}

static bool packet_is_sound(struct bytes packet)
{
    return packet.length >= SCTP_HEADER_OCTETS + CHUNK_HEADER_OCTETS &&
           packet.length <= UINT16_MAX && checksum_load(packet.data + 8) == packet_checksum(packet);
}

/*
 * RFC6951-5.4: a known peer's packets may come from another UDP port (a NAT forgot the first one).
 * Only a packet that carries our verification tag moves the peer; an INIT carries none.
 */
static struct engine_peer *peer_moved(struct engine_transport *t, const union udp_address *from,
                                      struct bytes packet)
{
    const uint16_t remote_port = bytes_load_u16be(packet.data);
    const uint16_t local_port = bytes_load_u16be(packet.data + 2);
    const uint32_t tag = bytes_load_u32be(packet.data + 4);
    if (tag == 0 || t->socket.raw)
        return NULL;
    for (uint32_t i = 0; i < LIMIT_ASSOCIATIONS; i++) {
        const struct engine_association *a = &t->associations[i];
        if (a->peer != NULL && a->local_tag == tag && a->peer_port == remote_port &&
            a->local_port == local_port && udp_address_same_host(&a->peer->address, from)) {
            engine_peers_move(&engine.peers, a->peer, from);
            return a->peer;
        }
    }
    return NULL;
}

/* A packet from an address without an association: a handshake, or out of the blue. */
static void stranger_input(struct engine_transport *t, const union udp_address *from,
                           struct bytes packet)
{
    struct engine_peer *entered = NULL;
    /* The association that a good cookie brings finds its peer in the table; a bad one leaves it
     * idle there and is the first to be replaced. */
    if (packet.data[SCTP_HEADER_OCTETS] == CHUNK_COOKIE_ECHO)
        entered = engine_peers_enter(&engine.peers, t, from);
    engine.stranger = *from;
    engine.stranger_token = engine_peers_token(&engine.peers, t, from);
    engine.stranger_transport = t;
    usrsctp_conninput(engine.stranger_token, packet.data, packet.length, 0);
    engine_indications_deliver(t);
    engine.stranger_transport = NULL;
    if (entered != NULL && entered->used && entered->references == 0 && !entered->registered) {
        engine.last = NULL;
        engine_peers_remove(&engine.peers, entered);
    }
}

void engine_input(struct engine_transport *t, const union udp_address *from, struct bytes packet)
{
    t->counters.packets_received++;
    t->counters.octets_received += packet.length;
    if (!packet_is_sound(packet)) {
        t->counters.packets_malformed++;
        return;
    }
    struct engine_peer *peer = engine.last;
    if (peer == NULL || !peer->used || peer->transport != t ||
        !udp_address_equal(&peer->address, from))
        peer = engine_peers_by_address(&engine.peers, t, from);
    if (peer == NULL || peer->references == 0) {
        struct engine_peer *moved = peer == NULL ? peer_moved(t, from, packet) : NULL;
        if (moved == NULL) {
            stranger_input(t, from, packet);
            return;
        }
        peer = moved;
    }
    engine.last = peer;
    usrsctp_conninput(peer->token, packet.data, packet.length, 0);
    if (t->indication_count > 0)
        engine_indications_deliver(t);
}

void engine_timers(int64_t now_ns)
{
    if (engine.ticked_ns == 0)
        engine.ticked_ns = now_ns;
    const int64_t passed_ms = (now_ns - engine.ticked_ns) / 1000000;
    if (passed_ms < ENGINE_TIMER_NS / 1000000)
        return;
    engine.ticked_ns += passed_ms * 1000000;
    struct sctpstat before;
    struct sctpstat after;
    usrsctp_get_stat(&before);
    usrsctp_handle_timers((uint32_t)passed_ms);
    usrsctp_get_stat(&after);
    if (after.sctps_markedretrans != before.sctps_markedretrans)
        engine.timeouts += after.sctps_timodata - before.sctps_timodata;
}

uint64_t engine_timeouts(void)
{
    return engine.timeouts;
}

int64_t engine_timers_deadline_ns(void)
{
    return engine.ticked_ns == 0 ? 0 : engine.ticked_ns + ENGINE_TIMER_NS;
}
