/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "responder/link/datagram_socket.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum p7_status datagram_address_parse(const char *text, uint16_t port, int family,
                                      struct datagram_address *address)
{
    const struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE,
                                   .ai_family = text[0] == '\0' ? family : AF_UNSPEC,
                                   .ai_socktype = SOCK_DGRAM};
    struct addrinfo *found = NULL;
    char service[8];
    (void)snprintf(service, sizeof(service), "%u", (unsigned)port);
    if (getaddrinfo(text[0] == '\0' ? NULL : text, service, &hints, &found) != 0)
        return P7_MALFORMED;
    memset(address, 0, sizeof(*address));
    const bool fits = (found->ai_family == AF_INET || found->ai_family == AF_INET6) &&
                      found->ai_addrlen <= sizeof(address->in6);
    if (fits) {
        memcpy(&address->any, found->ai_addr, found->ai_addrlen);
        address->length = found->ai_addrlen;
    }
    freeaddrinfo(found);
    return fits ? P7_OK : P7_MALFORMED;
}

static void buffers_ask(int fd, int octets)
{
    /* FORCE goes above the system's limit and needs CAP_NET_ADMIN; without it the limit it is. */
    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &octets, sizeof(octets)) == -1)
        (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &octets, sizeof(octets));
    if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &octets, sizeof(octets)) == -1)
        (void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &octets, sizeof(octets));
}

static int socket_bind(const struct datagram_address *local)
{
    const int family = local->any.sa_family;
    const int fd = socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_UDP);
    if (fd == -1)
        return -1;
    const int on = 1;
    /* One family a socket: "any address" of IPv6 leaves the port of IPv4 to others. */
    if (family == AF_INET6)
        (void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
    /* Long datagrams are cut into fragments where a path is narrow, rather than refused. */
    const int dont = IP_PMTUDISC_DONT;
    (void)setsockopt(fd, IPPROTO_IP, IP_MTU_DISCOVER, &dont, sizeof(dont));
    if (family == AF_INET6)
        (void)setsockopt(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, &dont, sizeof(dont));
    if (bind(fd, &local->any, local->length) == -1) {
        const int why = errno;
        (void)close(fd);
        errno = why;
        return -1;
    }
    return fd;
}

enum p7_status datagram_socket_open(struct datagram_socket *socket,
                                    const struct datagram_address *local,
                                    uint32_t datagram_octets_max, int buffer_octets)
{
    *socket = (struct datagram_socket){.fd = -1, .datagram_octets_max = datagram_octets_max};
    /* One octet more than the longest: tells that a datagram was longer. */
    socket->octets = calloc(DATAGRAM_SOCKET_BATCH, (size_t)datagram_octets_max + 1);
    if (socket->octets == NULL)
        return P7_NO_MEMORY;
    socket->fd = socket_bind(local);
    if (socket->fd == -1) {
        const int why = errno;
        datagram_socket_close(socket);
        errno = why;
        return P7_SYSTEM;
    }
    buffers_ask(socket->fd, buffer_octets);
    return P7_OK;
}

void datagram_socket_close(struct datagram_socket *socket)
{
    if (socket->fd != -1)
        (void)close(socket->fd);
    free(socket->octets);
    *socket = (struct datagram_socket){.fd = -1};
}

/* sendmsg(2) only reads; its iovec serves recvmsg(2) as well and so has no const. */
static void *without_const(const uint8_t *octets)
{
    const union {
        const uint8_t *in;
        void *out;
    } same = {.in = octets};
    return same.out;
}

/* Fills in a batch from `datagrams` on; returns how many. */
static uint32_t batch_build(struct datagram_address *to, const struct bytes *datagrams,
                            uint32_t count, struct mmsghdr *headers, struct iovec *iov)
{
    const uint32_t n = count < DATAGRAM_SOCKET_BATCH ? count : DATAGRAM_SOCKET_BATCH;
    for (uint32_t i = 0; i < n; i++) {
        iov[i] = (struct iovec){.iov_base = without_const(datagrams[i].data),
                                .iov_len = datagrams[i].length};
        headers[i].msg_len = 0;
        headers[i].msg_hdr = (struct msghdr){
            .msg_name = &to->any, .msg_namelen = to->length, .msg_iov = &iov[i], .msg_iovlen = 1};
    }
    return n;
}

uint32_t datagram_socket_send(struct datagram_socket *socket, const struct datagram_address *to,
                              const struct bytes *datagrams, uint32_t count, uint64_t *octets)
{
    struct mmsghdr headers[DATAGRAM_SOCKET_BATCH];
    struct iovec iov[DATAGRAM_SOCKET_BATCH];
    struct datagram_address peer = *to;
    uint32_t taken = 0;
    uint32_t at = 0;
    while (at < count) {
        const uint32_t n = batch_build(&peer, datagrams + at, count - at, headers, iov);
        const int sent = sendmmsg(socket->fd, headers, n, MSG_DONTWAIT);
        for (int i = 0; i < sent; i++)
            if (octets != NULL)
                *octets += datagrams[at + (uint32_t)i].length;
        if (sent > 0) {
            taken += (uint32_t)sent;
            at += (uint32_t)sent;
        } else if (errno == EMSGSIZE) {
            at++; /* this one's fault, not the link's */
        } else if (errno != EINTR) {
            break; /* no route, no room, a firewall: the next ones would fare alike */
        }
    }
    return taken;
}

bool datagram_socket_receive(struct datagram_socket *socket, datagram_function *datagram,
                             void *context)
{
    struct mmsghdr headers[DATAGRAM_SOCKET_BATCH];
    struct iovec iov[DATAGRAM_SOCKET_BATCH];
    struct datagram_address from[DATAGRAM_SOCKET_BATCH];
    const size_t room = (size_t)socket->datagram_octets_max + 1;
    for (uint32_t i = 0; i < DATAGRAM_SOCKET_BATCH; i++) {
        iov[i] = (struct iovec){.iov_base = socket->octets + i * room, .iov_len = room};
        headers[i].msg_len = 0;
        headers[i].msg_hdr = (struct msghdr){.msg_name = &from[i].any,
                                             .msg_namelen = sizeof(from[i].in6),
                                             .msg_iov = &iov[i],
                                             .msg_iovlen = 1};
    }
    /* An error (the peer's port is closed, a signal) is taken off the socket by reading it. */
    const int got = recvmmsg(socket->fd, headers, DATAGRAM_SOCKET_BATCH, MSG_DONTWAIT, NULL);
    for (int i = 0; i < got; i++) {
        from[i].length = headers[i].msg_hdr.msg_namelen;
        datagram(context, &from[i], bytes_of(iov[i].iov_base, headers[i].msg_len));
    }
    return got == (int)DATAGRAM_SOCKET_BATCH || (got == -1 && errno == EINTR);
}
