/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * The operations of transport.h over usrsctp. Corked messages (cork.h) go to usrsctp with Nagle on,
 * the last one of a turn with SCTP_NODELAY.
 */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "sigtran/base/crc32c.h"
#include "sigtran/base/timer_heap.h"
#include "sigtran/transport/usrsctp_engine.h"

/* Packets taken in one step, then it is the owner's turn again: some 7 messages are in each, so
 * with 4 us of work per message a turn takes 1 ms at most, and answers leave while more arrive. */
#define STEP_PACKETS 32

static struct engine_transport *engine_of(struct transport *transport)
{
    return (struct engine_transport *)transport;
}

struct engine_association *engine_association_take(struct engine_transport *t)
{
    for (uint32_t i = 0; i < LIMIT_ASSOCIATIONS; i++) {
        struct engine_association *a = &t->associations[i];
        if (a->state != ENGINE_FREE)
            continue;
        const struct cork cork = cork_emptied(&a->cork);
        const struct assembly assembly = assembly_emptied(&a->assembly);
        *a = (struct engine_association){
            .owner = {.transport = t, .number = i},
            .listener = TRANSPORT_ASSOCIATION_NONE,
            .cork = cork,
            .assembly = assembly,
        };
        return a;
    }
    return NULL;
}

void engine_association_free(struct engine_association *a)
{
    if (a->socket != NULL)
        userland_socket_abort(a->socket);
    if (a->peer != NULL)
        engine_peers_release(engine_peers(), a->peer);
    a->socket = NULL;
    a->peer = NULL;
    a->cork.holds = false;
    a->cork.full = false;
    a->state = ENGINE_FREE;
}

static struct engine_association *association_at(struct engine_transport *t, uint32_t number)
{
    if (number >= LIMIT_ASSOCIATIONS || t->associations[number].state == ENGINE_FREE)
        return NULL;
    return &t->associations[number];
}

static enum p7_status listener_bind(struct engine_listener *listener)
{
    struct sockaddr_conn any = {.sconn_family = AF_CONN, .sconn_port = htons(listener->port)};
    listener->socket = engine_socket(&listener->owner, &listener->profile);
    if (listener->socket == NULL)
        return P7_SYSTEM;
    if (usrsctp_bind(listener->socket, (struct sockaddr *)&any, sizeof(any)) == -1 ||
        usrsctp_listen(listener->socket, LIMIT_ASSOCIATIONS) == -1) {
        const int why = errno;
        usrsctp_close(listener->socket);
        listener->socket = NULL;
        errno = why;
        return P7_SYSTEM;
    }
    return P7_OK;
}

static enum p7_status op_listen(struct transport *transport,
                                const struct transport_endpoint *endpoint, uint32_t *number)
{
    struct engine_transport *t = engine_of(transport);
    if (endpoint->local_ip_count > 1)
        return P7_UNSUPPORTED; /* AF_CONN carries no multi-homing */
    struct engine_listener *unused = NULL;
    for (uint32_t i = 0; i < ENGINE_LISTENERS; i++) {
        struct engine_listener *l = &t->listeners[i];
        if (l->socket != NULL && l->port == endpoint->local_port)
            return P7_EXISTS;
        if (l->socket == NULL && unused == NULL) {
            unused = l;
            l->owner = (struct engine_owner){.transport = t, .is_listener = true, .number = i};
        }
    }
    if (unused == NULL)
        return P7_FULL;
    unused->port = endpoint->local_port;
    unused->profile = endpoint->profile;
    *number = unused->owner.number;
    return listener_bind(unused);
}

static enum p7_status association_connect(struct engine_association *a,
                                          const struct transport_endpoint *endpoint)
{
    a->socket = engine_socket(&a->owner, &a->profile);
    if (a->socket == NULL)
        return P7_SYSTEM;
    struct sockaddr_conn local = {.sconn_family = AF_CONN,
                                  .sconn_port = htons(endpoint->local_port)};
    if (endpoint->local_port != 0 &&
        usrsctp_bind(a->socket, (struct sockaddr *)&local, sizeof(local)) == -1)
        return P7_SYSTEM;
    struct sockaddr_conn remote = {.sconn_family = AF_CONN,
                                   .sconn_port = htons(endpoint->remote_port),
                                   .sconn_addr = a->peer->token};
    if (usrsctp_connect(a->socket, (struct sockaddr *)&remote, sizeof(remote)) == -1 &&
        errno != EINPROGRESS)
        return P7_SYSTEM;
    return P7_OK;
}

static enum p7_status op_connect(struct transport *transport,
                                 const struct transport_endpoint *endpoint, uint32_t *number)
{
    struct engine_transport *t = engine_of(transport);
    if (endpoint->local_ip_count > 1 || endpoint->remote_ip_count > 1)
        return P7_UNSUPPORTED;
    if (endpoint->remote_ip_count == 0)
        return P7_MISSING;
    union udp_address remote;
    const uint16_t udp_port = t->socket.raw ? 0 : endpoint->udp_remote_port;
    const enum p7_status parsed = udp_address_parse(&remote, endpoint->remote_ip[0], udp_port);
    if (parsed != P7_OK)
        return parsed;
    struct engine_association *a = engine_association_take(t);
    struct engine_peer *peer = a == NULL ? NULL : engine_peers_enter(engine_peers(), t, &remote);
    if (peer == NULL)
        return P7_FULL;
    engine_peers_hold(engine_peers(), peer);
    a->peer = peer;
    a->state = ENGINE_CONNECTING;
    a->peer_port = endpoint->remote_port;
    a->profile = endpoint->profile;
    a->nodelay = endpoint->profile.nodelay;
    *number = a->owner.number;
    const enum p7_status status = association_connect(a, endpoint);
    if (status != P7_OK) {
        const int why = errno;
        engine_association_free(a);
        errno = why;
    }
    return status;
}

static struct cork *held_of(struct transport *transport, uint32_t number, bool *open)
{
    struct engine_association *a = &engine_of(transport)->associations[number];
    *open = a->state == ENGINE_UP || a->state == ENGINE_ENDING;
    return &a->cork;
}

static enum p7_status held_push(struct transport *transport, uint32_t number, bool last)
{
    struct engine_transport *t = engine_of(transport);
    struct engine_association *a = &t->associations[number];
    const enum p7_status status =
        userland_push(a->socket, &a->cork, last && a->profile.nodelay, &a->nodelay);
    t->counters.send_failures += status == P7_STATE;
    return status;
}

/* The end of a graceful disconnect, once usrsctp has every message. */
static void association_shut(struct engine_association *a)
{
    a->shut = true;
    if (usrsctp_shutdown(a->socket, SHUT_WR) == -1) {
        /* Not up any more: usrsctp has told why, or will not tell at all. */
        a->state = ENGINE_ENDED;
        a->owner.transport->ended++;
    }
}

static void held_flushed(struct transport *transport, uint32_t number)
{
    struct engine_association *a = &engine_of(transport)->associations[number];
    if (a->state == ENGINE_ENDING && !a->shut)
        association_shut(a);
}

static const struct cork_stack engine_stack = {held_of, held_push, held_flushed};

static enum p7_status op_send(struct transport *transport, uint32_t number, uint16_t stream,
                              uint32_t ppid, struct bytes message)
{
    struct engine_transport *t = engine_of(transport);
    struct engine_association *a = association_at(t, number);
    if (a == NULL || a->state != ENGINE_UP)
        return P7_STATE;
    if (stream >= a->streams_out || message.length == 0 ||
        message.length > LIMIT_M3UA_MESSAGE_OCTETS ||
        message.length > a->profile.send_buffer_octets)
        return P7_RANGE;
    const enum p7_status status =
        cork_put(transport, &engine_stack, &t->corked, number, stream, ppid, message);
    t->counters.send_full += status == P7_FULL;
    t->counters.messages_sent += status == P7_OK;
    return status;
}

static void op_disconnect(struct transport *transport, uint32_t number, bool abortive)
{
    struct engine_transport *t = engine_of(transport);
    struct engine_association *a = association_at(t, number);
    if (a == NULL || a->state == ENGINE_ENDED)
        return;
    if (!abortive && a->state == ENGINE_UP) {
        a->state = ENGINE_ENDING;
        if (!a->cork.holds)
            association_shut(a);
        return;
    }
    if (!abortive && a->state == ENGINE_ENDING)
        return;
    userland_socket_abort(a->socket);
    a->socket = NULL;
    a->cork.holds = false;
    a->state = ENGINE_ENDED;
    t->ended++;
}

/* DOWN for those that ended by our own hand, told from a later step as transport.h says. */
static void ended_tell(struct engine_transport *t)
{
    for (uint32_t i = 0; i < LIMIT_ASSOCIATIONS && t->ended > 0; i++) {
        struct engine_association *a = &t->associations[i];
        if (a->state != ENGINE_ENDED)
            continue;
        struct transport_event event = {.kind = TRANSPORT_EVENT_DOWN,
                                        .reason = "ended by this side"};
        t->ended--;
        engine_event(a, &event);
        engine_association_free(a);
    }
}

static void room_tell(struct engine_transport *t)
{
    t->room = false;
    for (uint32_t i = 0; i < LIMIT_ASSOCIATIONS; i++) {
        struct engine_association *a = &t->associations[i];
        if (a->state != ENGINE_UP || !a->cork.full || !a->room)
            continue;
        a->room = false;
        if (!cork_resume(&t->base, &engine_stack, i))
            continue;
        struct transport_event event = {.kind = TRANSPORT_EVENT_WRITABLE};
        engine_event(a, &event);
    }
}

static void broken_end(struct engine_transport *t)
{
    t->broken = false;
    for (uint32_t i = 0; i < LIMIT_ASSOCIATIONS; i++)
        if (t->associations[i].state != ENGINE_FREE && t->associations[i].broken)
            op_disconnect(&t->base, i, true);
}

static void datagram_received(void *context, const union udp_address *from, struct bytes packet)
{
    engine_input(context, from, packet);
}

static void op_step(struct transport *transport, int64_t now_ns)
{
    struct engine_transport *t = engine_of(transport);
    t->now_ns = now_ns;
    engine_indications_deliver(t);
    t->more = udp_socket_receive(&t->socket, STEP_PACKETS, datagram_received, t);
    if (!t->more)
        t->busy_since_ns = 0;
    else if (t->busy_since_ns == 0)
        t->busy_since_ns = now_ns;
    /* Timers after reading, all of it if that doesn't take too long: after a freeze of this process
     * the SACKs that wait in the socket come before the retransmission timers that they stop. */
    if (!t->more || now_ns - t->busy_since_ns > ENGINE_PATIENCE_NS)
        engine_timers(now_ns);
    engine_indications_deliver(t);
    if (t->broken)
        broken_end(t);
    if (t->room)
        room_tell(t);
    if (t->ended > 0)
        ended_tell(t);
}

static void op_flush(struct transport *transport, int64_t now_ns)
{
    struct engine_transport *t = engine_of(transport);
    t->now_ns = now_ns;
    cork_flush(transport, &engine_stack, &t->corked);
    t->waiting = !udp_socket_flush(&t->socket);
}

static int op_fd(const struct transport *transport)
{
    return ((const struct engine_transport *)transport)->socket.fd;
}

static int64_t op_deadline_ns(const struct transport *transport)
{
    const struct engine_transport *t = (const struct engine_transport *)transport;
    if (t->more || t->indication_count > 0 || t->ended > 0 || t->room)
        return t->now_ns;
    const int64_t timers = engine_timers_deadline_ns();
    const int64_t retry = t->waiting ? t->now_ns + ENGINE_RETRY_NS : TIMER_NEVER_NS;
    return timers < retry ? timers : retry;
}

static void op_get_counters(const struct transport *transport, struct transport_counters *counters)
{
    const struct engine_transport *t = (const struct engine_transport *)transport;
    struct sctpstat s;
    usrsctp_get_stat(&s);
    *counters = t->counters;
    counters->packets_sent = t->socket.packets_sent;
    counters->octets_sent = t->socket.octets_sent;
    counters->send_failures += t->socket.send_failures;
    /* 32-bit counters of the whole process: differences survive their wrapping. */
    counters->chunks_retransmitted = s.sctps_sendretransdata - t->base_stat.sctps_sendretransdata;
    counters->retransmission_timeouts = engine_timeouts() - t->base_timeouts;
    counters->duplicate_tsns = s.sctps_recvdupdata - t->base_stat.sctps_recvdupdata;
    counters->packets_malformed += userland_malformed(&s) - userland_malformed(&t->base_stat);
}

static enum p7_status op_get_status(struct transport *transport, uint32_t number,
                                    struct transport_status *status)
{
    struct engine_transport *t = engine_of(transport);
    const struct engine_association *a = association_at(t, number);
    if (a == NULL)
        return P7_NOT_FOUND;
    if (a->state != ENGINE_UP && a->state != ENGINE_ENDING)
        return P7_STATE;
    engine_status_read(a, status);
    struct transport_counters counters;
    op_get_counters(transport, &counters);
    userland_counts_read(&counters, &t->base_stat, status);
    return P7_OK;
}

static uint16_t op_udp_port(const struct transport *transport)
{
    return ((const struct engine_transport *)transport)->udp_port;
}

static void op_close(struct transport *transport)
{
    struct engine_transport *t = engine_of(transport);
    for (uint32_t i = 0; i < LIMIT_ASSOCIATIONS; i++) {
        struct engine_association *a = &t->associations[i];
        if (a->state != ENGINE_FREE)
            engine_association_free(a);
        free(a->cork.held.data);
        free(a->assembly.parts.data);
    }
    for (uint32_t i = 0; i < ENGINE_LISTENERS; i++)
        if (t->listeners[i].socket != NULL)
            usrsctp_close(t->listeners[i].socket);
    (void)udp_socket_flush(&t->socket); /* the ABORTs */
    engine_indications_drop(t);
    engine_detach(t);
    udp_socket_close(&t->socket);
    free(t);
}

static const struct transport_ops userland_ops = {
    .close = op_close,
    .listen = op_listen,
    .connect = op_connect,
    .disconnect = op_disconnect,
    .send = op_send,
    .step = op_step,
    .flush = op_flush,
    .fd = op_fd,
    .deadline_ns = op_deadline_ns,
    .get_status = op_get_status,
    .get_counters = op_get_counters,
    .udp_port = op_udp_port,
};

static void verdict_good(const struct engine_transport *t, char *verdict, size_t octets)
{
    const char *offload = t->socket.gso && t->socket.gro ? "UDP GSO+GRO"
                          : t->socket.gso                ? "UDP GSO"
                          : t->socket.gro                ? "UDP GRO"
                                                         : "no UDP GSO or GRO in this kernel";
    const char *checksum = crc32c_in_hardware() ? "CRC32c in hardware" : "CRC32c by table";
    if (t->socket.raw)
        (void)snprintf(verdict, octets, "usrsctp on raw IP (protocol 132), %s", checksum);
    else
        (void)snprintf(verdict, octets, "usrsctp over UDP port %u, %s, %s", t->udp_port, offload,
                       checksum);
}

static enum p7_status verdict_bad(enum p7_status status, bool raw,
                                  const struct transport_settings *settings, char *verdict,
                                  size_t octets)
{
    const char *why = status == P7_SYSTEM ? strerror(errno) : p7_status_text(status);
    if (status == P7_STATE)
        (void)snprintf(verdict, octets,
                       "usrsctp runs in this process already, for several addresses: one address "
                       "alone needs a process of its own");
    else if (raw)
        (void)snprintf(verdict, octets,
                       "no raw IP socket for SCTP: %s; run as root (CAP_NET_RAW), or use "
                       "`transport usrsctp`",
                       why);
    else
        (void)snprintf(verdict, octets,
                       "no UDP socket on %s port %u: %s; another process may hold the port, see "
                       "`ss -ulpn`",
                       settings->udp_local_ip[0] == '\0' ? "any address" : settings->udp_local_ip,
                       settings->udp_local_port, why);
    return status;
}

enum p7_status userland_transport_open(const struct transport_settings *settings,
                                       enum transport_kind kind,
                                       const struct transport_handler *handler,
                                       struct transport **transport, char *verdict, size_t octets)
{
    const bool raw = kind == TRANSPORT_USRSCTP_IP;
    struct engine_transport *t = calloc(1, sizeof(*t));
    if (t == NULL)
        return verdict_bad(P7_NO_MEMORY, raw, settings, verdict, octets);
    t->base = (struct transport){.ops = &userland_ops, .kind = kind, .handler = *handler};
    enum p7_status status =
        udp_socket_open(&t->socket, raw, settings->udp_local_ip, settings->udp_local_port);
    if (status == P7_OK) {
        status = engine_attach(t);
        if (status != P7_OK)
            udp_socket_close(&t->socket);
    }
    if (status != P7_OK) {
        free(t);
        return verdict_bad(status, raw, settings, verdict, octets);
    }
    t->udp_port = udp_socket_port(&t->socket);
    usrsctp_get_stat(&t->base_stat);
    t->base_timeouts = engine_timeouts();
    verdict_good(t, verdict, octets);
    *transport = &t->base;
    return P7_OK;
}
