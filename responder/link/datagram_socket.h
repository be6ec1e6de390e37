/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * datagram_socket - a bound UDP socket (IPv4 or IPv6) that never blocks, read and written in
 * batches of recvmmsg and sendmmsg. Errors of a network are told, never kept: the socket is as good
 * as before when the network is.
 *
 * Life cycle: datagram_address_parse -> datagram_socket_open -> send, receive ... ->
 * datagram_socket_close. One thread. The socket is not connected: a peer without a route at the
 * start is reached as soon as there is one, and who sent a datagram is for its octets to prove.
 */
#ifndef RESPONDER_LINK_DATAGRAM_SOCKET_H
#define RESPONDER_LINK_DATAGRAM_SOCKET_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sigtran/base/bytes.h"
#include "sigtran/base/status.h"

/* Datagrams of one system call. */
#define DATAGRAM_SOCKET_BATCH 32u

struct datagram_address {
    union {
        struct sockaddr any;
        struct sockaddr_in in;
        struct sockaddr_in6 in6;
    };
    socklen_t length;
};

/* Numbers only ("192.0.2.1", "2001:db8::1", "fe80::1%eth1"), no names: nothing asks a resolver.
 * "" is any address of `family` (AF_INET, AF_INET6). P7_MALFORMED. */
enum p7_status datagram_address_parse(const char *text, uint16_t port, int family,
                                      struct datagram_address *address) P7_MUST_CHECK;

struct datagram_socket {
    int fd;
    uint32_t datagram_octets_max;
    uint8_t *octets; /* DATAGRAM_SOCKET_BATCH buffers */
};

/*
 * `datagram_octets_max`: longer ones that come in are handed over as if they were one octet longer.
 * `buffer_octets`: asked of the kernel for each direction; it gives what its limits allow.
 * P7_SYSTEM with errno, P7_NO_MEMORY.
 */
enum p7_status datagram_socket_open(struct datagram_socket *socket,
                                    const struct datagram_address *local,
                                    uint32_t datagram_octets_max, int buffer_octets) P7_MUST_CHECK;
/* Also for one whose opening failed. */
void datagram_socket_close(struct datagram_socket *socket);

/* How many of the datagrams the kernel took; the others are lost, and a network loses some, too.
 * `octets`, unless NULL, is added to. */
uint32_t datagram_socket_send(struct datagram_socket *socket, const struct datagram_address *to,
                              const struct bytes *datagrams, uint32_t count, uint64_t *octets);

/* Called once per datagram; `datagram` is borrowed. */
typedef void datagram_function(void *context, const struct datagram_address *from,
                               struct bytes datagram);

/* One batch. True when there may be more. */
bool datagram_socket_receive(struct datagram_socket *socket, datagram_function *datagram,
                             void *context);

#endif
