/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * addresses - the addresses of one side of an association, one behind the other in memory as
 * bindx and connectx want them (RFC6458-9.1, RFC6458-9.9). Internal to sigtran/transport.
 */
#ifndef SIGTRAN_TRANSPORT_ADDRESSES_H
#define SIGTRAN_TRANSPORT_ADDRESSES_H

#include "sigtran/transport/transport.h"
#include "sigtran/transport/udp_socket.h"

struct addresses {
    uint8_t octets[LIMIT_ADDRESSES * sizeof(struct sockaddr_in6)];
    size_t length;
    int count;
    int family; /* of a socket that can use them all: AF_INET6 when one of them is IPv6 */
};

/* P7_MALFORMED when one is no IP address in text. Beyond LIMIT_ADDRESSES they are left out. */
enum p7_status addresses_read(struct addresses *addresses, uint32_t count,
                              const char (*ips)[TRANSPORT_IP_TEXT_OCTETS],
                              uint16_t port) P7_MUST_CHECK;

/* The one that begins at `at` of such a list, and how many octets it takes there. */
size_t addresses_load(const uint8_t *at, union udp_address *address);

#endif
