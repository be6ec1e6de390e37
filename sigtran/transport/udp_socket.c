/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "sigtran/transport/udp_socket.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

/* linux/udp.h has them too, but clashes with netinet/udp.h. */
#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif
#ifndef UDP_GRO
#define UDP_GRO 104
#endif

/* The kernel's UDP_MAX_SEGMENTS of all versions, and what fits one IP datagram with headers. */
#define GSO_SEGMENTS 64
#define GSO_OCTETS   65000

/* Messages of one sendmmsg. */
#define SEND_BATCH 32

/* Asked of the kernel for both directions: one freeze of 300 ms at 10 000 messages/s of 200 octets
 * must fit. */
#define SOCKET_BUFFER_OCTETS 8388608

struct udp_receive_slot {
    uint8_t *buffer;
    struct iovec iov;
    union udp_address from;
    struct bytes left;   /* of the datagrams in the buffer, those not handed over yet */
    size_t segment_size; /* of each of them, but for a shorter last one */
    union {
        struct cmsghdr align;
        uint8_t octets[CMSG_SPACE(sizeof(int))];
    } control;
};

bool udp_address_same_host(const union udp_address *a, const union udp_address *b)
{
    if (a->any.sa_family != b->any.sa_family)
        return false;
    if (a->any.sa_family == AF_INET)
        return a->in.sin_addr.s_addr == b->in.sin_addr.s_addr;
    return memcmp(&a->in6.sin6_addr, &b->in6.sin6_addr, sizeof(a->in6.sin6_addr)) == 0 &&
           a->in6.sin6_scope_id == b->in6.sin6_scope_id;
}

uint16_t udp_address_port(const union udp_address *address)
{
    return ntohs(address->any.sa_family == AF_INET ? address->in.sin_port : address->in6.sin6_port);
}

void udp_address_set_port(union udp_address *address, uint16_t port)
{
    if (address->any.sa_family == AF_INET)
        address->in.sin_port = htons(port);
    else
        address->in6.sin6_port = htons(port);
}

bool udp_address_equal(const union udp_address *a, const union udp_address *b)
{
    return udp_address_same_host(a, b) && udp_address_port(a) == udp_address_port(b);
}

enum p7_status udp_address_parse(union udp_address *address, const char *ip, uint16_t port)
{
    memset(address, 0, sizeof(*address));
    if (inet_pton(AF_INET, ip, &address->in.sin_addr) == 1)
        address->any.sa_family = AF_INET;
    else if (inet_pton(AF_INET6, ip, &address->in6.sin6_addr) == 1)
        address->any.sa_family = AF_INET6;
    else
        return P7_MALFORMED;
    udp_address_set_port(address, port);
    return P7_OK;
}

void udp_address_text(const union udp_address *address, char *text, size_t octets)
{
    const void *ip = address->any.sa_family == AF_INET ? (const void *)&address->in.sin_addr
                                                       : (const void *)&address->in6.sin6_addr;
    if (inet_ntop(address->any.sa_family, ip, text, (socklen_t)octets) == NULL)
        (void)snprintf(text, octets, "?");
}

void udp_address_unmap(union udp_address *address)
{
    if (address->any.sa_family != AF_INET6 || !IN6_IS_ADDR_V4MAPPED(&address->in6.sin6_addr))
        return;
    union udp_address plain = {.in = {.sin_family = AF_INET, .sin_port = address->in6.sin6_port}};
    memcpy(&plain.in.sin_addr, &address->in6.sin6_addr.s6_addr[12], 4);
    *address = plain;
}

static socklen_t address_map(const struct udp_socket *s, const union udp_address *address,
                             union udp_address *mapped)
{
    *mapped = *address;
    if (s->family == AF_INET)
        return sizeof(mapped->in);
    if (address->any.sa_family == AF_INET) {
        memset(mapped, 0, sizeof(*mapped));
        mapped->in6.sin6_family = AF_INET6;
        mapped->in6.sin6_port = address->in.sin_port;
        mapped->in6.sin6_addr.s6_addr[10] = 0xff;
        mapped->in6.sin6_addr.s6_addr[11] = 0xff;
        memcpy(&mapped->in6.sin6_addr.s6_addr[12], &address->in.sin_addr, 4);
    }
    return sizeof(mapped->in6);
}

static void socket_tune(struct udp_socket *s)
{
    const int size = SOCKET_BUFFER_OCTETS;
    /* FORCE is above the system's limit and needs CAP_NET_ADMIN; without it the limit it is. */
    if (setsockopt(s->fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) == -1)
        (void)setsockopt(s->fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
    if (setsockopt(s->fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size)) == -1)
        (void)setsockopt(s->fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
    /* The path MTU is fixed by the profile, so a router on a narrower path must fragment. */
    const int dont = IP_PMTUDISC_DONT;
    (void)setsockopt(s->fd, IPPROTO_IP, IP_MTU_DISCOVER, &dont, sizeof(dont));
    if (s->family == AF_INET6)
        (void)setsockopt(s->fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, &dont, sizeof(dont));
    if (s->raw)
        return;
    const int on = 1;
    s->gro = setsockopt(s->fd, IPPROTO_UDP, UDP_GRO, &on, sizeof(on)) == 0;
    int segment = 0;
    socklen_t length = sizeof(segment);
    s->gso = getsockopt(s->fd, IPPROTO_UDP, UDP_SEGMENT, &segment, &length) == 0;
}

static int socket_bind(struct udp_socket *s, const union udp_address *local)
{
    s->family = local->any.sa_family;
    s->fd = socket(s->family, (s->raw ? SOCK_RAW : SOCK_DGRAM) | SOCK_NONBLOCK | SOCK_CLOEXEC,
                   s->raw ? IPPROTO_SCTP : IPPROTO_UDP);
    if (s->fd == -1)
        return -1;
    const int off = 0;
    if (s->family == AF_INET6)
        (void)setsockopt(s->fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
    union udp_address mapped;
    if (bind(s->fd, &local->any, address_map(s, local, &mapped)) == -1) {
        const int why = errno;
        (void)close(s->fd);
        s->fd = -1;
        errno = why;
        return -1;
    }
    return 0;
}

static enum p7_status socket_bind_any(struct udp_socket *s, uint16_t port)
{
    /* One dual-stack socket serves both families; raw IPv6 sockets see no IPv4. */
    union udp_address any = {.in6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)}};
    if (!s->raw && socket_bind(s, &any) == 0)
        return P7_OK;
    if (!s->raw && errno == EADDRINUSE)
        return P7_SYSTEM;
    any = (union udp_address){.in = {.sin_family = AF_INET, .sin_port = htons(port)}};
    return socket_bind(s, &any) == 0 ? P7_OK : P7_SYSTEM;
}

static enum p7_status buffers_allocate(struct udp_socket *s)
{
    s->queue_octets = malloc(UDP_SOCKET_QUEUE_OCTETS);
    s->queue = calloc(UDP_SOCKET_QUEUE_PACKETS, sizeof(*s->queue));
    s->slots = calloc(UDP_SOCKET_BATCH, sizeof(*s->slots));
    if (s->queue_octets == NULL || s->queue == NULL || s->slots == NULL)
        return P7_NO_MEMORY;
    for (unsigned i = 0; i < UDP_SOCKET_BATCH; i++) {
        s->slots[i].buffer = malloc(UDP_SOCKET_BUFFER_OCTETS);
        if (s->slots[i].buffer == NULL)
            return P7_NO_MEMORY;
        s->slots[i].iov = (struct iovec){s->slots[i].buffer, UDP_SOCKET_BUFFER_OCTETS};
    }
    return P7_OK;
}

enum p7_status udp_socket_open(struct udp_socket *s, bool raw, const char *ip, uint16_t port)
{
    *s = (struct udp_socket){.fd = -1, .raw = raw};
    enum p7_status status = buffers_allocate(s);
    if (status == P7_OK && ip[0] == '\0') {
        status = socket_bind_any(s, raw ? 0 : port);
    } else if (status == P7_OK) {
        union udp_address local;
        status = udp_address_parse(&local, ip, raw ? 0 : port);
        if (status == P7_OK && socket_bind(s, &local) == -1)
            status = P7_SYSTEM;
    }
    if (status != P7_OK) {
        const int why = errno;
        udp_socket_close(s);
        errno = why;
        return status;
    }
    socket_tune(s);
    return P7_OK;
}

void udp_socket_close(struct udp_socket *s)
{
    if (s->fd != -1)
        (void)close(s->fd);
    for (unsigned i = 0; s->slots != NULL && i < UDP_SOCKET_BATCH; i++)
        free(s->slots[i].buffer);
    free(s->slots);
    free(s->queue);
    free(s->queue_octets);
    *s = (struct udp_socket){.fd = -1};
}

uint16_t udp_socket_port(const struct udp_socket *s)
{
    union udp_address local = {.any = {.sa_family = AF_INET}};
    socklen_t length = sizeof(local);
    if (s->raw || getsockname(s->fd, &local.any, &length) == -1)
        return 0;
    return udp_address_port(&local);
}

/* Size of the packets that GRO put together in this message, or all of it. */
static size_t segment_size(struct msghdr *m, size_t length)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c != NULL; c = CMSG_NXTHDR(m, c))
        if (c->cmsg_level == IPPROTO_UDP && c->cmsg_type == UDP_GRO &&
            c->cmsg_len >= CMSG_LEN(sizeof(int))) {
            int size = 0;
            memcpy(&size, CMSG_DATA(c), sizeof(size));
            return size > 0 && (size_t)size < length ? (size_t)size : length;
        }
    return length;
}

/* Raw IPv4 sockets give the IP header too. */
static struct bytes without_ip_header(const struct udp_socket *s, struct bytes datagram)
{
    if (!s->raw || s->family != AF_INET)
        return datagram;
    const size_t header = datagram.length == 0 ? 0 : (size_t)(datagram.data[0] & 0x0fu) * 4;
    return header < sizeof(struct ip) || header > datagram.length
               ? bytes_of(datagram.data, 0)
               : bytes_of(datagram.data + header, datagram.length - header);
}

static void slots_read(struct udp_socket *s)
{
    struct mmsghdr messages[UDP_SOCKET_BATCH];
    for (unsigned i = 0; i < UDP_SOCKET_BATCH; i++) {
        struct udp_receive_slot *slot = &s->slots[i];
        messages[i].msg_len = 0;
        messages[i].msg_hdr = (struct msghdr){.msg_name = &slot->from,
                                              .msg_namelen = sizeof(slot->from),
                                              .msg_iov = &slot->iov,
                                              .msg_iovlen = 1,
                                              .msg_control = &slot->control,
                                              .msg_controllen = sizeof(slot->control)};
    }
    const int got = recvmmsg(s->fd, messages, UDP_SOCKET_BATCH, MSG_DONTWAIT, NULL);
    s->slot_next = 0;
    s->slot_count = got == -1 ? 0 : (uint32_t)got;
    for (uint32_t i = 0; i < s->slot_count; i++) {
        struct udp_receive_slot *slot = &s->slots[i];
        udp_address_unmap(&slot->from);
        if (s->raw)
            udp_address_set_port(&slot->from, 0);
        slot->left = without_ip_header(s, bytes_of(slot->buffer, messages[i].msg_len));
        slot->segment_size = segment_size(&messages[i].msg_hdr, slot->left.length);
    }
}

bool udp_socket_receive(struct udp_socket *s, uint32_t packets, udp_packet_function *packet,
                        void *context)
{
    if (s->slot_next == s->slot_count)
        slots_read(s);
    while (s->slot_next < s->slot_count && packets > 0) {
        struct udp_receive_slot *slot = &s->slots[s->slot_next];
        const size_t length =
            slot->left.length < slot->segment_size ? slot->left.length : slot->segment_size;
        const struct bytes next = bytes_of(slot->left.data, length);
        slot->left = bytes_of(slot->left.data + length, slot->left.length - length);
        if (slot->left.length == 0)
            s->slot_next++;
        packets--;
        packet(context, &slot->from, next);
    }
    return s->slot_next < s->slot_count || s->slot_count == UDP_SOCKET_BATCH;
}

static void queue_reset(struct udp_socket *s)
{
    s->queue_first = 0;
    s->queue_count = 0;
    s->queue_length = 0;
}

uint8_t *udp_socket_queue(struct udp_socket *s, const union udp_address *to, size_t length)
{
    if (s->queue_count == UDP_SOCKET_QUEUE_PACKETS ||
        s->queue_length + length > UDP_SOCKET_QUEUE_OCTETS)
        (void)udp_socket_flush(s);
    if (s->queue_count == UDP_SOCKET_QUEUE_PACKETS ||
        s->queue_length + length > UDP_SOCKET_QUEUE_OCTETS) {
        s->send_failures++;
        return NULL;
    }
    s->queue[s->queue_count++] =
        (struct udp_packet){.to = *to, .offset = s->queue_length, .length = (uint32_t)length};
    uint8_t *room = s->queue_octets + s->queue_length;
    s->queue_length += (uint32_t)length;
    return room;
}

/* How many packets from `first` on can go as one GSO message: same peer, same size, of which only
 * the last may be shorter. They lie one behind the other in the queue's memory. */
static uint32_t run_of(const struct udp_socket *s, uint32_t first)
{
    const struct udp_packet *head = &s->queue[first];
    uint32_t octets = head->length;
    uint32_t run = 1;
    if (!s->gso)
        return 1;
    while (first + run < s->queue_count && run < GSO_SEGMENTS) {
        const struct udp_packet *next = &s->queue[first + run];
        if (next->length > head->length || octets + next->length > GSO_OCTETS ||
            !udp_address_equal(&next->to, &head->to))
            break;
        octets += next->length;
        run++;
        if (next->length < head->length)
            break;
    }
    return run;
}

struct udp_send_message {
    struct iovec iov;
    union {
        struct cmsghdr align;
        uint8_t octets[CMSG_SPACE(sizeof(uint16_t))];
    } control;
    union udp_address to;
    uint32_t packets;
};

static void message_build(struct udp_socket *s, uint32_t first, uint32_t run,
                          struct udp_send_message *m, struct msghdr *header)
{
    const struct udp_packet *head = &s->queue[first];
    const struct udp_packet *last = &s->queue[first + run - 1];
    m->packets = run;
    m->iov.iov_base = s->queue_octets + head->offset;
    m->iov.iov_len = last->offset + last->length - head->offset;
    *header = (struct msghdr){.msg_name = &m->to,
                              .msg_namelen = address_map(s, &head->to, &m->to),
                              .msg_iov = &m->iov,
                              .msg_iovlen = 1};
    if (run == 1)
        return;
    memset(&m->control, 0, sizeof(m->control));
    header->msg_control = &m->control;
    header->msg_controllen = sizeof(m->control);
    struct cmsghdr *c = CMSG_FIRSTHDR(header);
    c->cmsg_level = IPPROTO_UDP;
    c->cmsg_type = UDP_SEGMENT;
    c->cmsg_len = CMSG_LEN(sizeof(uint16_t));
    const uint16_t size = (uint16_t)head->length;
    memcpy(CMSG_DATA(c), &size, sizeof(size));
}

/* The kernel refused the first message of a batch for `why`; true to go on, false to wait. */
static bool refused(struct udp_socket *s, const struct udp_send_message *m, int why)
{
    if (why == EAGAIN || why == ENOBUFS)
        return false;
    if (why == EINTR)
        return true;
    if (m->packets > 1 && (why == EIO || why == EINVAL || why == EMSGSIZE || why == EOPNOTSUPP)) {
        s->gso = false; /* a device that can't: the same packets go one by one */
        return true;
    }
    s->send_failures += m->packets;
    s->queue_first += m->packets;
    return true;
}

bool udp_socket_flush(struct udp_socket *s)
{
    struct mmsghdr headers[SEND_BATCH];
    struct udp_send_message messages[SEND_BATCH];
    while (s->queue_first < s->queue_count) {
        unsigned count = 0;
        for (uint32_t at = s->queue_first; at < s->queue_count && count < SEND_BATCH; count++) {
            const uint32_t run = run_of(s, at);
            message_build(s, at, run, &messages[count], &headers[count].msg_hdr);
            at += run;
        }
        const int sent = sendmmsg(s->fd, headers, count, MSG_DONTWAIT);
        for (int i = 0; i < sent; i++) {
            s->queue_first += messages[i].packets;
            s->packets_sent += messages[i].packets;
            s->octets_sent += messages[i].iov.iov_len;
        }
        if (sent == -1 && !refused(s, &messages[0], errno))
            return false;
    }
    queue_reset(s);
    return true;
}
