/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * The operations of transport.h over usrsctp's own sockets. Corked messages (cork.h) go to usrsctp
 * with Nagle on, the last one of a turn with SCTP_NODELAY.
 */
#include "sigtran/transport/usrsctp_sockets.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "sigtran/base/timer_heap.h"

static struct sockets_transport *sockets_of(struct transport *transport)
{
    return (struct sockets_transport *)transport;
}

/* --- associations ----------------------------------------------------------------------------- */

struct sockets_association *sockets_association_take(struct sockets_transport *t)
{
    for (uint32_t i = 0; i < LIMIT_ASSOCIATIONS; i++) {
        struct sockets_association *a = &t->associations[i];
        if (a->state != SOCKETS_FREE)
            continue;
        const struct cork cork = cork_emptied(&a->cork);
        const struct assembly assembly = assembly_emptied(&a->assembly);
        *a = (struct sockets_association){
            .number = i,
            .listener = TRANSPORT_ASSOCIATION_NONE,
            .cork = cork,
            .assembly = assembly,
        };
        return a;
    }
    return NULL;
}

void sockets_association_free(struct sockets_transport *t, struct sockets_association *a)
{
    (void)t;
    if (a->socket != NULL)
        userland_socket_abort(a->socket);
    a->socket = NULL;
    a->cork.holds = false;
    a->cork.full = false;
    a->state = SOCKETS_FREE;
}

struct sockets_mark *sockets_mark_of(struct sockets_transport *t,
                                     const struct sockets_association *a)
{
    return &t->mailbox->marks[SOCKETS_LISTENERS + a->number];
}

static struct sockets_association *association_at(struct sockets_transport *t, uint32_t number)
{
    if (number >= LIMIT_ASSOCIATIONS || t->associations[number].state == SOCKETS_FREE)
        return NULL;
    return &t->associations[number];
}

/* A socket with its options, bound when there is something to bind; NULL with errno. */
static struct socket *socket_make(const struct sockets_transport *t,
                                  const struct transport_endpoint *endpoint, int family,
                                  struct addresses *local)
{
    const int on = 1;
    const struct sctp_udpencaps encapsulation = {
        .sue_address = {.ss_family = (sa_family_t)family},
        .sue_port = htons(t->udp_port == 0 ? 0 : endpoint->udp_remote_port)};
    struct socket *s = usrsctp_socket(family, SOCK_STREAM, IPPROTO_SCTP, NULL, NULL, 0, NULL);
    if (s == NULL)
        return NULL;
    union udp_address any = {.any = {.sa_family = (sa_family_t)family}};
    udp_address_set_port(&any, endpoint->local_port);
    int bound = 0;
    if (usrsctp_set_non_blocking(s, 1) == -1 ||
        userland_profile_apply(s, family, &endpoint->profile) != P7_OK ||
        usrsctp_setsockopt(s, IPPROTO_SCTP, SCTP_RECVRCVINFO, &on, sizeof(on)) == -1 ||
        usrsctp_setsockopt(s, IPPROTO_SCTP, SCTP_REMOTE_UDP_ENCAPS_PORT, &encapsulation,
                           sizeof(encapsulation)) == -1)
        bound = -1;
    else if (local->count > 0)
        bound = usrsctp_bindx(s, (struct sockaddr *)(void *)local->octets, local->count,
                              SCTP_BINDX_ADD_ADDR);
    else if (endpoint->local_port != 0)
        bound = usrsctp_bind(s, &any.any, family == AF_INET ? sizeof(any.in) : sizeof(any.in6));
    if (bound == 0)
        return s;
    const int why = errno;
    usrsctp_close(s);
    errno = why;
    return NULL;
}

static enum p7_status listener_open(struct sockets_transport *t, uint32_t number,
                                    const struct transport_endpoint *endpoint)
{
    struct sockets_listener *l = &t->listeners[number];
    struct addresses local;
    const enum p7_status status =
        addresses_read(&local, endpoint->local_ip_count, endpoint->local_ip, endpoint->local_port);
    if (status != P7_OK)
        return status;
    l->socket = socket_make(t, endpoint, local.count == 0 ? AF_INET6 : local.family, &local);
    if (l->socket == NULL)
        return P7_SYSTEM;
    if (usrsctp_listen(l->socket, LIMIT_ASSOCIATIONS) == -1) {
        const int why = errno;
        usrsctp_close(l->socket);
        l->socket = NULL;
        errno = why;
        return P7_SYSTEM;
    }
    l->port = endpoint->local_port;
    l->profile = endpoint->profile;
    sockets_watch(l->socket, &t->mailbox->marks[number]);
    return P7_OK;
}

static enum p7_status op_listen(struct transport *transport,
                                const struct transport_endpoint *endpoint, uint32_t *number)
{
    struct sockets_transport *t = sockets_of(transport);
    uint32_t unused = SOCKETS_LISTENERS;
    for (uint32_t i = 0; i < SOCKETS_LISTENERS; i++) {
        if (t->listeners[i].socket != NULL && t->listeners[i].port == endpoint->local_port)
            return P7_EXISTS;
        if (t->listeners[i].socket == NULL && unused == SOCKETS_LISTENERS)
            unused = i;
    }
    if (unused == SOCKETS_LISTENERS)
        return P7_FULL;
    *number = unused;
    return listener_open(t, unused, endpoint);
}

static enum p7_status association_begin(struct sockets_transport *t, struct sockets_association *a,
                                        const struct transport_endpoint *endpoint,
                                        struct addresses *local, struct addresses *remote)
{
    const bool six = local->family == AF_INET6 || remote->family == AF_INET6;
    a->socket = socket_make(t, endpoint, six ? AF_INET6 : AF_INET, local);
    if (a->socket == NULL)
        return P7_SYSTEM;
    sctp_assoc_t id = 0;
    if (usrsctp_connectx(a->socket, (struct sockaddr *)(void *)remote->octets, remote->count,
                         &id) == -1 &&
        errno != EINPROGRESS)
        return P7_SYSTEM;
    sockets_watch(a->socket, sockets_mark_of(t, a));
    return P7_OK;
}

static enum p7_status op_connect(struct transport *transport,
                                 const struct transport_endpoint *endpoint, uint32_t *number)
{
    struct sockets_transport *t = sockets_of(transport);
    struct addresses local;
    struct addresses remote;
    if (endpoint->remote_ip_count == 0)
        return P7_MISSING;
    enum p7_status status =
        addresses_read(&local, endpoint->local_ip_count, endpoint->local_ip, endpoint->local_port);
    if (status == P7_OK)
        status = addresses_read(&remote, endpoint->remote_ip_count, endpoint->remote_ip,
                                endpoint->remote_port);
    if (status != P7_OK)
        return status;
    struct sockets_association *a = sockets_association_take(t);
    if (a == NULL)
        return P7_FULL;
    a->profile = endpoint->profile;
    a->nodelay = endpoint->profile.nodelay;
    a->peer_port = endpoint->remote_port;
    a->state = SOCKETS_CONNECTING;
    *number = a->number;
    status = association_begin(t, a, endpoint, &local, &remote);
    if (status != P7_OK) {
        const int why = errno;
        sockets_association_free(t, a);
        errno = why;
    }
    return status;
}

/* --- sending ---------------------------------------------------------------------------------- */

static struct cork *held_of(struct transport *transport, uint32_t number, bool *open)
{
    struct sockets_association *a = &sockets_of(transport)->associations[number];
    *open = a->state == SOCKETS_UP || a->state == SOCKETS_ENDING;
    return &a->cork;
}

static enum p7_status held_push(struct transport *transport, uint32_t number, bool last)
{
    struct sockets_transport *t = sockets_of(transport);
    struct sockets_association *a = &t->associations[number];
    const enum p7_status status =
        userland_push(a->socket, &a->cork, last && a->profile.nodelay, &a->nodelay);
    t->counters.send_failures += status == P7_STATE;
    if (status == P7_OK)
        t->counters.octets_sent += a->cork.held.length;
    return status;
}

static void association_shut(struct sockets_transport *t, struct sockets_association *a)
{
    a->shut = true;
    if (usrsctp_shutdown(a->socket, SHUT_WR) == -1) {
        a->state = SOCKETS_ENDED;
        t->ended++;
    }
}

static void held_flushed(struct transport *transport, uint32_t number)
{
    struct sockets_transport *t = sockets_of(transport);
    struct sockets_association *a = &t->associations[number];
    if (a->state == SOCKETS_ENDING && !a->shut)
        association_shut(t, a);
}

static const struct cork_stack sockets_stack = {held_of, held_push, held_flushed};

static enum p7_status op_send(struct transport *transport, uint32_t number, uint16_t stream,
                              uint32_t ppid, struct bytes message)
{
    struct sockets_transport *t = sockets_of(transport);
    const struct sockets_association *a = association_at(t, number);
    if (a == NULL || a->state != SOCKETS_UP)
        return P7_STATE;
    if (stream >= a->streams_out || message.length == 0 ||
        message.length > LIMIT_M3UA_MESSAGE_OCTETS ||
        message.length > a->profile.send_buffer_octets)
        return P7_RANGE;
    const enum p7_status status =
        cork_put(transport, &sockets_stack, &t->corked, number, stream, ppid, message);
    t->counters.send_full += status == P7_FULL;
    t->counters.messages_sent += status == P7_OK;
    return status;
}

static void op_flush(struct transport *transport, int64_t now_ns)
{
    struct sockets_transport *t = sockets_of(transport);
    t->now_ns = now_ns;
    cork_flush(transport, &sockets_stack, &t->corked);
}

static void op_disconnect(struct transport *transport, uint32_t number, bool abortive)
{
    struct sockets_transport *t = sockets_of(transport);
    struct sockets_association *a = association_at(t, number);
    if (a == NULL || a->state == SOCKETS_ENDED || (a->state == SOCKETS_ENDING && !abortive))
        return;
    if (!abortive && a->state == SOCKETS_UP) {
        a->state = SOCKETS_ENDING;
        if (!a->cork.holds)
            association_shut(t, a);
        return;
    }
    userland_socket_abort(a->socket);
    a->socket = NULL;
    a->cork.holds = false;
    a->state = SOCKETS_ENDED;
    t->ended++;
}

/* --- a step ----------------------------------------------------------------------------------- */

/* DOWN for those that ended by our own hand, told from a later step as transport.h says. */
static void ended_tell(struct sockets_transport *t)
{
    for (uint32_t i = 0; i < LIMIT_ASSOCIATIONS && t->ended > 0; i++) {
        struct sockets_association *a = &t->associations[i];
        if (a->state != SOCKETS_ENDED)
            continue;
        struct transport_event event = {.kind = TRANSPORT_EVENT_DOWN,
                                        .reason = "ended by this side"};
        t->ended--;
        sockets_event_tell(t, a, &event);
        sockets_association_free(t, a);
    }
}

static void room_tell(struct sockets_transport *t, struct sockets_association *a)
{
    if ((usrsctp_get_events(a->socket) & SCTP_EVENT_WRITE) == 0 ||
        !cork_resume(&t->base, &sockets_stack, a->number))
        return;
    struct transport_event event = {.kind = TRANSPORT_EVENT_WRITABLE};
    sockets_event_tell(t, a, &event);
}

/*
 * usrsctp does not restart T3-rtx with each SACK (RFC9260-6.3.2 R3) but lets it run out and looks
 * then what is overdue; its counter has these empty expiries too. So expiries count when something
 * was marked for retransmission since the sample before.
 */
static void stat_sample(struct sockets_transport *t)
{
    struct sctpstat stat;
    t->sampled_ns = t->now_ns;
    usrsctp_get_stat(&stat);
    if (stat.sctps_markedretrans != t->last_stat.sctps_markedretrans)
        t->counters.retransmission_timeouts += stat.sctps_timodata - t->last_stat.sctps_timodata;
    t->last_stat = stat;
}

static void op_step(struct transport *transport, int64_t now_ns)
{
    struct sockets_transport *t = sockets_of(transport);
    t->now_ns = now_ns;
    t->more = false;
    sockets_mailbox_rearm(t->mailbox);
    for (uint32_t i = 0; i < SOCKETS_LISTENERS; i++)
        if (sockets_unmark(&t->mailbox->marks[i]) && t->listeners[i].socket != NULL)
            sockets_listener_read(t, i);
    for (uint32_t i = 0; i < LIMIT_ASSOCIATIONS; i++) {
        struct sockets_association *a = &t->associations[i];
        if (!sockets_unmark(&t->mailbox->marks[SOCKETS_LISTENERS + i]) || a->socket == NULL)
            continue;
        sockets_association_read(t, a);
        if (a->state == SOCKETS_UP && a->cork.full)
            room_tell(t, a);
    }
    if (now_ns - t->sampled_ns >= SOCKETS_SAMPLE_NS)
        stat_sample(t);
    if (t->ended > 0)
        ended_tell(t);
}

static int op_fd(const struct transport *transport)
{
    return ((const struct sockets_transport *)transport)->mailbox->fd;
}

static int64_t op_deadline_ns(const struct transport *transport)
{
    const struct sockets_transport *t = (const struct sockets_transport *)transport;
    return t->more || t->ended > 0 ? t->now_ns : TIMER_NEVER_NS;
}

/* --- what it tells ---------------------------------------------------------------------------- */

static void op_get_counters(const struct transport *transport, struct transport_counters *counters)
{
    const struct sockets_transport *t = (const struct sockets_transport *)transport;
    const struct sctpstat *base = &t->base_stat;
    struct sctpstat s;
    usrsctp_get_stat(&s);
    *counters = t->counters;
    /* 32-bit counters of the whole process: differences survive their wrapping. */
    counters->packets_sent = s.sctps_outpackets - base->sctps_outpackets;
    counters->packets_received = s.sctps_inpackets - base->sctps_inpackets;
    counters->chunks_retransmitted = s.sctps_sendretransdata - base->sctps_sendretransdata;
    counters->duplicate_tsns = s.sctps_recvdupdata - base->sctps_recvdupdata;
    counters->packets_malformed += userland_malformed(&s) - userland_malformed(base);
}

static enum p7_status op_get_status(struct transport *transport, uint32_t number,
                                    struct transport_status *status)
{
    struct sockets_transport *t = sockets_of(transport);
    const struct sockets_association *a = association_at(t, number);
    if (a == NULL)
        return P7_NOT_FOUND;
    if (a->state != SOCKETS_UP && a->state != SOCKETS_ENDING)
        return P7_STATE;
    userland_status_read(a->socket, &a->profile, status);
    struct transport_counters counters;
    op_get_counters(transport, &counters);
    userland_counts_read(&counters, &t->base_stat, status);
    struct sockaddr *addresses = NULL;
    const int count = usrsctp_getpaddrs(a->socket, 0, &addresses);
    const uint8_t *at = (const uint8_t *)addresses;
    for (int i = 0; i < count; i++) {
        char ip[TRANSPORT_IP_TEXT_OCTETS];
        union udp_address address;
        struct sockaddr_storage path = {0};
        at += addresses_load(at, &address);
        memcpy(&path, &address, sizeof(address));
        udp_address_unmap(&address);
        udp_address_text(&address, ip, sizeof(ip));
        userland_path_read(a->socket, &path, ip, status);
    }
    if (count > 0)
        usrsctp_freepaddrs(addresses);
    return P7_OK;
}

static uint16_t op_udp_port(const struct transport *transport)
{
    return ((const struct sockets_transport *)transport)->udp_port;
}

static void op_close(struct transport *transport)
{
    struct sockets_transport *t = sockets_of(transport);
    for (uint32_t i = 0; i < LIMIT_ASSOCIATIONS; i++) {
        struct sockets_association *a = &t->associations[i];
        if (a->state != SOCKETS_FREE)
            sockets_association_free(t, a);
        free(a->cork.held.data);
        free(a->assembly.parts.data);
    }
    for (uint32_t i = 0; i < SOCKETS_LISTENERS; i++)
        if (t->listeners[i].socket != NULL)
            usrsctp_close(t->listeners[i].socket);
    sockets_detach(t);
    free(t);
}

static const struct transport_ops sockets_ops = {
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

static void verdict_bad(enum p7_status status, uint16_t port, char *verdict, size_t octets)
{
    const char *why = status == P7_SYSTEM ? strerror(errno) : p7_status_text(status);
    if (status == P7_STATE)
        (void)snprintf(verdict, octets,
                       "usrsctp runs in this process already, in another way or on another UDP "
                       "port: several addresses need a process of their own");
    else if (port == 0)
        (void)snprintf(verdict, octets,
                       "no raw IP socket for SCTP: %s; run as root (CAP_NET_RAW), or use "
                       "`transport usrsctp`",
                       why);
    else
        (void)snprintf(verdict, octets,
                       "no UDP socket on port %u: %s; another process may hold the port, see "
                       "`ss -ulpn`",
                       port, why);
}

enum p7_status sockets_transport_open(const struct transport_settings *settings,
                                      enum transport_kind kind,
                                      const struct transport_handler *handler,
                                      struct transport **transport, char *verdict, size_t octets)
{
    uint16_t port = 0;
    if (kind == TRANSPORT_USRSCTP)
        port = settings->udp_local_port != 0 ? settings->udp_local_port : sockets_port_choose();
    struct sockets_transport *t = calloc(1, sizeof(*t));
    const enum p7_status status = t == NULL ? P7_NO_MEMORY : sockets_attach(t, port);
    if (status != P7_OK) {
        verdict_bad(status, port, verdict, octets);
        free(t);
        return status;
    }
    t->base = (struct transport){.ops = &sockets_ops, .kind = kind, .handler = *handler};
    t->udp_port = port;
    usrsctp_get_stat(&t->base_stat);
    t->last_stat = t->base_stat;
    if (port == 0)
        (void)snprintf(verdict, octets, "usrsctp sockets on raw IP (protocol 132), multi-homed");
    else
        (void)snprintf(verdict, octets,
                       "usrsctp sockets over UDP port %u of every address, multi-homed", port);
    *transport = &t->base;
    return P7_OK;
}
