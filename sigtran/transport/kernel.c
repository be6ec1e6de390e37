/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * The operations of transport.h over the kernel's SCTP. Corked messages (cork.h) go to the kernel
 * with MSG_MORE, which makes it fill packets; the last one of a turn goes without.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sigtran/base/timer_heap.h"
#include "sigtran/transport/addresses.h"
#include "sigtran/transport/kernel_sctp.h"

#define BACKLOG 128

static struct kernel_transport *kernel_of(struct transport *transport)
{
    return (struct kernel_transport *)transport;
}

struct kernel_association *kernel_association_take(struct kernel_transport *t)
{
    for (uint32_t i = 0; i < LIMIT_ASSOCIATIONS; i++) {
        struct kernel_association *a = &t->associations[i];
        if (a->state != KERNEL_FREE)
            continue;
        const struct cork cork = cork_emptied(&a->cork);
        const struct assembly assembly = assembly_emptied(&a->assembly);
        *a = (struct kernel_association){
            .number = i,
            .listener = TRANSPORT_ASSOCIATION_NONE,
            .cork = cork,
            .assembly = assembly,
        };
        return a;
    }
    return NULL;
}

static void socket_close(struct kernel_transport *t, uint32_t number)
{
    struct kernel_socket *s = &t->sockets[number];
    if (s->fd != -1)
        (void)close(s->fd); /* leaves the epoll set with it */
    *s = (struct kernel_socket){.fd = -1, .listener = TRANSPORT_ASSOCIATION_NONE};
}

void kernel_association_free(struct kernel_transport *t, struct kernel_association *a)
{
    struct kernel_socket *s = &t->sockets[a->socket];
    t->counters.chunks_retransmitted += a->retransmitted;
    t->counters.duplicate_tsns += a->duplicates;
    t->counters.packets_sent += a->packets_sent;
    t->counters.packets_received += a->packets_received;
    a->state = KERNEL_FREE;
    a->cork.holds = false;
    a->cork.full = false;
    if (--s->associations == 0 && s->listener == TRANSPORT_ASSOCIATION_NONE)
        socket_close(t, a->socket);
}

struct kernel_association *kernel_association_of(struct kernel_transport *t, uint32_t socket,
                                                 sctp_assoc_t id)
{
    for (uint32_t i = 0; i < LIMIT_ASSOCIATIONS; i++) {
        struct kernel_association *a = &t->associations[i];
        if (a->id == id && a->socket == socket && a->state != KERNEL_FREE &&
            a->state != KERNEL_ENDED)
            return a;
    }
    return NULL;
}

static struct kernel_association *association_at(struct kernel_transport *t, uint32_t number)
{
    if (number >= LIMIT_ASSOCIATIONS || t->associations[number].state == KERNEL_FREE)
        return NULL;
    return &t->associations[number];
}

static ssize_t packet_send(int fd, void *data, size_t length, const struct sctp_sndinfo *info,
                           int flags)
{
    union {
        struct cmsghdr align;
        uint8_t octets[CMSG_SPACE(sizeof(struct sctp_sndinfo))];
    } control;
    memset(&control, 0, sizeof(control));
    struct iovec iov = {.iov_base = data, .iov_len = length};
    struct msghdr header = {.msg_iov = &iov,
                            .msg_iovlen = 1,
                            .msg_control = &control,
                            .msg_controllen = sizeof(control)};
    struct cmsghdr *c = CMSG_FIRSTHDR(&header);
    c->cmsg_level = IPPROTO_SCTP;
    c->cmsg_type = SCTP_SNDINFO;
    c->cmsg_len = CMSG_LEN(sizeof(*info));
    memcpy(CMSG_DATA(c), info, sizeof(*info));
    return sendmsg(fd, &header, flags | MSG_DONTWAIT | MSG_NOSIGNAL);
}

void kernel_control_send(struct kernel_transport *t, uint32_t socket, sctp_assoc_t id,
                         uint16_t flags)
{
    const struct sctp_sndinfo info = {.snd_flags = flags, .snd_assoc_id = id};
    (void)packet_send(t->sockets[socket].fd, NULL, 0, &info, 0);
}

/* Asks to be woken when the socket has room, or no more. */
static void room_want(struct kernel_transport *t, uint32_t socket, bool wanted)
{
    struct kernel_socket *s = &t->sockets[socket];
    if (s->wants_room == wanted)
        return;
    struct epoll_event event = {.events = EPOLLIN | (wanted ? (uint32_t)EPOLLOUT : 0),
                                .data = {.u32 = socket}};
    if (epoll_ctl(t->epoll, EPOLL_CTL_MOD, s->fd, &event) == 0)
        s->wants_room = wanted;
}

static struct cork *held_of(struct transport *transport, uint32_t number, bool *open)
{
    struct kernel_association *a = &kernel_of(transport)->associations[number];
    *open = a->state == KERNEL_UP || a->state == KERNEL_ENDING;
    return &a->cork;
}

/* P7_FULL: the socket wakes us. */
static enum p7_status held_push(struct transport *transport, uint32_t number, bool last)
{
    struct kernel_transport *t = kernel_of(transport);
    struct kernel_association *a = &t->associations[number];
    const struct sctp_sndinfo info = {
        .snd_sid = a->cork.stream, .snd_ppid = htonl(a->cork.ppid), .snd_assoc_id = a->id};
    const ssize_t sent = packet_send(t->sockets[a->socket].fd, a->cork.held.data,
                                     a->cork.held.length, &info, last ? 0 : MSG_MORE);
    if (sent == -1 && (errno == EAGAIN || errno == ENOBUFS)) {
        room_want(t, a->socket, true);
        return P7_FULL;
    }
    if (sent == -1) {
        t->counters.send_failures++;
        return P7_STATE;
    }
    t->counters.octets_sent += a->cork.held.length;
    return P7_OK;
}

static void association_shut(struct kernel_transport *t, struct kernel_association *a)
{
    a->shut = true;
    kernel_control_send(t, a->socket, a->id, SCTP_EOF);
}

static void held_flushed(struct transport *transport, uint32_t number)
{
    struct kernel_transport *t = kernel_of(transport);
    struct kernel_association *a = &t->associations[number];
    if (a->state == KERNEL_ENDING && !a->shut)
        association_shut(t, a);
}

static const struct cork_stack kernel_stack = {held_of, held_push, held_flushed};

static enum p7_status op_send(struct transport *transport, uint32_t number, uint16_t stream,
                              uint32_t ppid, struct bytes message)
{
    struct kernel_transport *t = kernel_of(transport);
    struct kernel_association *a = association_at(t, number);
    if (a == NULL || a->state != KERNEL_UP)
        return P7_STATE;
    if (stream >= a->streams_out || message.length == 0 ||
        message.length > LIMIT_M3UA_MESSAGE_OCTETS)
        return P7_RANGE;
    const enum p7_status status =
        cork_put(transport, &kernel_stack, &t->corked, number, stream, ppid, message);
    t->counters.send_full += status == P7_FULL;
    t->counters.messages_sent += status == P7_OK;
    return status;
}

static void op_flush(struct transport *transport, int64_t now_ns)
{
    struct kernel_transport *t = kernel_of(transport);
    t->now_ns = now_ns;
    cork_flush(transport, &kernel_stack, &t->corked);
}

static int socket_bind(int fd, int family, struct addresses *local, uint16_t port)
{
    if (local->count > 0)
        return sctp_bindx(fd, (struct sockaddr *)(void *)local->octets, local->count,
                          SCTP_BINDX_ADD_ADDR);
    if (port == 0)
        return 0;
    union udp_address any = {.any = {.sa_family = (sa_family_t)family}};
    udp_address_set_port(&any, port);
    return bind(fd, &any.any, family == AF_INET ? sizeof(any.in) : sizeof(any.in6));
}

/* Opens a socket for these local addresses; its number, or KERNEL_SOCKETS with errno. */
static uint32_t socket_make(struct kernel_transport *t, int family, struct addresses *local,
                            uint16_t port, const struct sctp_profile *profile)
{
    uint32_t number = 0;
    while (number < KERNEL_SOCKETS && t->sockets[number].fd != -1)
        number++;
    errno = ENFILE;
    if (number == KERNEL_SOCKETS)
        return KERNEL_SOCKETS;
    struct kernel_socket *s = &t->sockets[number];
    struct epoll_event event = {.events = EPOLLIN, .data = {.u32 = number}};
    s->family = family;
    s->port = port;
    s->profile = *profile;
    s->fd = socket(family, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_SCTP);
    if (s->fd == -1 || kernel_profile_apply(s->fd, profile) != P7_OK ||
        socket_bind(s->fd, family, local, port) == -1 ||
        epoll_ctl(t->epoll, EPOLL_CTL_ADD, s->fd, &event) == -1) {
        const int why = errno;
        socket_close(t, number);
        errno = why;
        return KERNEL_SOCKETS;
    }
    return number;
}

static enum p7_status op_listen(struct transport *transport,
                                const struct transport_endpoint *endpoint, uint32_t *listener)
{
    struct kernel_transport *t = kernel_of(transport);
    struct addresses local;
    const enum p7_status status =
        addresses_read(&local, endpoint->local_ip_count, endpoint->local_ip, endpoint->local_port);
    if (status != P7_OK)
        return status;
    for (uint32_t i = 0; i < KERNEL_SOCKETS; i++)
        if (t->sockets[i].fd != -1 && t->sockets[i].listener != TRANSPORT_ASSOCIATION_NONE &&
            t->sockets[i].port == endpoint->local_port)
            return P7_EXISTS;
    /* Any address: both families by one socket, where the host has IPv6. */
    const int family = local.count == 0 ? AF_INET6 : local.family;
    uint32_t number = socket_make(t, family, &local, endpoint->local_port, &endpoint->profile);
    if (number == KERNEL_SOCKETS && local.count == 0 && errno == EAFNOSUPPORT)
        number = socket_make(t, AF_INET, &local, endpoint->local_port, &endpoint->profile);
    if (number == KERNEL_SOCKETS)
        return P7_SYSTEM;
    if (listen(t->sockets[number].fd, BACKLOG) == -1) {
        const int why = errno;
        socket_close(t, number);
        errno = why;
        return P7_SYSTEM;
    }
    t->sockets[number].listener = number;
    *listener = number;
    return P7_OK;
}

/* The socket of this fixed local port, which several associations may share, or a new one. */
static uint32_t socket_for(struct kernel_transport *t, const struct transport_endpoint *endpoint,
                           int family, struct addresses *local)
{
    for (uint32_t i = 0; endpoint->local_port != 0 && i < KERNEL_SOCKETS; i++)
        if (t->sockets[i].fd != -1 && t->sockets[i].port == endpoint->local_port) {
            /* Options of a socket hold for the associations begun after them. */
            return kernel_profile_apply(t->sockets[i].fd, &endpoint->profile) == P7_OK
                       ? i
                       : KERNEL_SOCKETS;
        }
    return socket_make(t, family, local, endpoint->local_port, &endpoint->profile);
}

static enum p7_status association_begin(struct kernel_transport *t, struct kernel_association *a,
                                        struct addresses *remote, uint16_t udp_port)
{
    struct kernel_socket *s = &t->sockets[a->socket];
    sctp_assoc_t id = 0;
    int result = t->udp_port == 0 ? 0 : kernel_encapsulation_set(s->fd, udp_port);
    if (result == 0)
        result =
            sctp_connectx(s->fd, (struct sockaddr *)(void *)remote->octets, remote->count, &id);
    const int why = errno;
    /* A listener's own profile comes back for those that it accepts. */
    if (s->listener != TRANSPORT_ASSOCIATION_NONE &&
        kernel_profile_apply(s->fd, &s->profile) != P7_OK)
        t->counters.send_failures++;
    errno = why;
    if (result == -1 && why != EINPROGRESS)
        return why == EISCONN || why == EALREADY ? P7_EXISTS : P7_SYSTEM;
    a->id = id;
    return P7_OK;
}

static enum p7_status op_connect(struct transport *transport,
                                 const struct transport_endpoint *endpoint, uint32_t *number)
{
    struct kernel_transport *t = kernel_of(transport);
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
    struct kernel_association *a = kernel_association_take(t);
    if (a == NULL)
        return P7_FULL;
    const bool six = local.family == AF_INET6 || remote.family == AF_INET6;
    a->socket = socket_for(t, endpoint, six ? AF_INET6 : AF_INET, &local);
    if (a->socket == KERNEL_SOCKETS)
        return P7_SYSTEM;
    a->profile = endpoint->profile;
    a->peer_port = endpoint->remote_port;
    a->state = KERNEL_CONNECTING;
    t->sockets[a->socket].associations++;
    *number = a->number;
    status = association_begin(t, a, &remote, endpoint->udp_remote_port);
    if (status != P7_OK) {
        const int why = errno;
        kernel_association_free(t, a);
        errno = why;
    }
    return status;
}

static void op_disconnect(struct transport *transport, uint32_t number, bool abortive)
{
    struct kernel_transport *t = kernel_of(transport);
    struct kernel_association *a = association_at(t, number);
    if (a == NULL || a->state == KERNEL_ENDED || (a->state == KERNEL_ENDING && !abortive))
        return;
    if (!abortive && a->state == KERNEL_UP) {
        a->state = KERNEL_ENDING;
        if (!a->cork.holds)
            association_shut(t, a);
        return;
    }
    kernel_association_sample(t, a);
    kernel_control_send(t, a->socket, a->id, SCTP_ABORT);
    a->state = KERNEL_ENDED;
    a->cork.holds = false;
    t->ended++;
}

static void ended_tell(struct kernel_transport *t)
{
    for (uint32_t i = 0; i < LIMIT_ASSOCIATIONS && t->ended > 0; i++) {
        struct kernel_association *a = &t->associations[i];
        if (a->state != KERNEL_ENDED)
            continue;
        struct transport_event event = {.kind = TRANSPORT_EVENT_DOWN,
                                        .reason = "ended by this side"};
        t->ended--;
        kernel_event_tell(t, a, &event);
        kernel_association_free(t, a);
    }
}

/* The socket has room again: first what is held, then the owners of the associations may go on. */
static void room_tell(struct kernel_transport *t, uint32_t socket)
{
    room_want(t, socket, false);
    for (uint32_t i = 0; i < LIMIT_ASSOCIATIONS; i++) {
        struct kernel_association *a = &t->associations[i];
        if (a->state != KERNEL_UP || a->socket != socket || !a->cork.full ||
            !cork_resume(&t->base, &kernel_stack, i))
            continue;
        struct transport_event event = {.kind = TRANSPORT_EVENT_WRITABLE};
        kernel_event_tell(t, a, &event);
    }
}

static void associations_sample(struct kernel_transport *t)
{
    t->sampled_ns = t->now_ns;
    for (uint32_t i = 0; i < LIMIT_ASSOCIATIONS; i++)
        if (t->associations[i].state == KERNEL_UP || t->associations[i].state == KERNEL_ENDING)
            kernel_association_sample(t, &t->associations[i]);
}

static void op_step(struct transport *transport, int64_t now_ns)
{
    struct kernel_transport *t = kernel_of(transport);
    struct epoll_event events[64];
    t->now_ns = now_ns;
    const int ready = epoll_wait(t->epoll, events, 64, 0);
    for (int i = 0; i < ready; i++) {
        const uint32_t socket = events[i].data.u32;
        if (t->sockets[socket].fd != -1 && (events[i].events & ~(uint32_t)EPOLLOUT) != 0)
            kernel_socket_read(t, socket);
        if (t->sockets[socket].fd != -1 && (events[i].events & EPOLLOUT) != 0)
            room_tell(t, socket);
    }
    if (now_ns - t->sampled_ns >= KERNEL_SAMPLE_NS)
        associations_sample(t);
    if (t->ended > 0)
        ended_tell(t);
}

static int op_fd(const struct transport *transport)
{
    return ((const struct kernel_transport *)transport)->epoll;
}

static int64_t op_deadline_ns(const struct transport *transport)
{
    const struct kernel_transport *t = (const struct kernel_transport *)transport;
    return t->ended > 0 ? t->now_ns : t->sampled_ns + KERNEL_SAMPLE_NS;
}

static enum p7_status op_get_status(struct transport *transport, uint32_t number,
                                    struct transport_status *status)
{
    struct kernel_transport *t = kernel_of(transport);
    const struct kernel_association *a = association_at(t, number);
    if (a == NULL)
        return P7_NOT_FOUND;
    if (a->state != KERNEL_UP && a->state != KERNEL_ENDING)
        return P7_STATE;
    kernel_status_read(t, a, status);
    return P7_OK;
}

static void op_get_counters(const struct transport *transport, struct transport_counters *counters)
{
    const struct kernel_transport *t = (const struct kernel_transport *)transport;
    uint64_t timeouts;
    uint64_t malformed;
    *counters = t->counters;
    for (uint32_t i = 0; i < LIMIT_ASSOCIATIONS; i++) {
        struct kernel_association a = t->associations[i]; /* a copy: the transport stays as it is */
        if (a.state == KERNEL_FREE)
            continue;
        if (a.state == KERNEL_UP || a.state == KERNEL_ENDING)
            kernel_association_sample(t, &a);
        counters->chunks_retransmitted += a.retransmitted;
        counters->duplicate_tsns += a.duplicates;
        counters->packets_sent += a.packets_sent;
        counters->packets_received += a.packets_received;
    }
    kernel_host_counters(&timeouts, &malformed);
    counters->retransmission_timeouts = timeouts - t->base_timeouts;
    counters->packets_malformed += malformed - t->base_malformed;
}

static uint16_t op_udp_port(const struct transport *transport)
{
    return ((const struct kernel_transport *)transport)->udp_port;
}

static void op_close(struct transport *transport)
{
    struct kernel_transport *t = kernel_of(transport);
    for (uint32_t i = 0; i < LIMIT_ASSOCIATIONS; i++) {
        struct kernel_association *a = &t->associations[i];
        if (a->state != KERNEL_FREE && a->state != KERNEL_ENDED)
            kernel_control_send(t, a->socket, a->id, SCTP_ABORT);
        free(a->cork.held.data);
        free(a->assembly.parts.data);
    }
    for (uint32_t i = 0; i < KERNEL_SOCKETS; i++)
        socket_close(t, i);
    (void)close(t->epoll);
    free(t->slots);
    free(t);
}

static const struct transport_ops kernel_ops = {
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

static enum p7_status kernel_probe(char *verdict, size_t octets)
{
    /* socket() loads the module by itself where the system lets it. */
    const int fd = socket(AF_INET, SOCK_SEQPACKET | SOCK_CLOEXEC, IPPROTO_SCTP);
    if (fd == -1) {
        const int why = errno;
        (void)snprintf(verdict, octets, "this kernel has no SCTP: %s", strerror(why));
        return why == EPROTONOSUPPORT || why == ESOCKTNOSUPPORT ? P7_UNSUPPORTED : P7_SYSTEM;
    }
    (void)close(fd);
    return P7_OK;
}

enum p7_status kernel_transport_open(const struct transport_settings *settings,
                                     enum transport_kind kind,
                                     const struct transport_handler *handler,
                                     struct transport **transport, char *verdict, size_t octets)
{
    uint16_t udp_port = 0;
    enum p7_status status = kernel_probe(verdict, octets);
    if (status == P7_OK && kind == TRANSPORT_KERNEL_UDP)
        status = kernel_encapsulation_open(settings->udp_local_port, &udp_port, verdict, octets);
    if (status != P7_OK)
        return status;
    struct kernel_transport *t = calloc(1, sizeof(*t));
    struct kernel_slot *slots = calloc(KERNEL_SLOTS, sizeof(*slots));
    const int epoll = epoll_create1(EPOLL_CLOEXEC);
    if (t == NULL || slots == NULL || epoll == -1) {
        (void)snprintf(verdict, octets, "the kernel's SCTP could not be set up: %s",
                       strerror(errno));
        free(t);
        free(slots);
        if (epoll != -1)
            (void)close(epoll);
        return P7_SYSTEM;
    }
    t->base = (struct transport){.ops = &kernel_ops, .kind = kind, .handler = *handler};
    t->slots = slots;
    t->epoll = epoll;
    t->udp_port = udp_port;
    for (uint32_t i = 0; i < KERNEL_SOCKETS; i++)
        t->sockets[i] = (struct kernel_socket){.fd = -1, .listener = TRANSPORT_ASSOCIATION_NONE};
    kernel_host_counters(&t->base_timeouts, &t->base_malformed);
    if (kind == TRANSPORT_KERNEL_UDP)
        (void)snprintf(verdict, octets, "kernel SCTP (lksctp) over UDP port %u", udp_port);
    else
        (void)snprintf(verdict, octets, "kernel SCTP (lksctp)");
    *transport = &t->base;
    return P7_OK;
}
