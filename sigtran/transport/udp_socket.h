/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * udp_socket - batched datagram I/O for the userland SCTP engine: one UDP socket (RFC 6951) or one
 * raw IP socket (protocol 132), read with recvmmsg and UDP GRO, written with sendmmsg and UDP GSO
 * where the kernel has them.
 *
 * Life cycle: udp_socket_open -> receive / queue / flush ... -> udp_socket_close. Queued packets
 * leave with udp_socket_flush, or earlier when the queue is full. A kernel that has no room keeps
 * them queued; when the queue overflows the newest are dropped and counted (SCTP sends again).
 */
#ifndef SIGTRAN_TRANSPORT_UDP_SOCKET_H
#define SIGTRAN_TRANSPORT_UDP_SOCKET_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sigtran/base/bytes.h"
#include "sigtran/base/status.h"

/* Bounds of one read from the kernel and of the queue. A GRO buffer of the kernel holds up to
 * 64 KiB; SCTP packets are a path MTU of some 1400 octets. */
#define UDP_SOCKET_BATCH         8
#define UDP_SOCKET_BUFFER_OCTETS 65536
#define UDP_SOCKET_QUEUE_PACKETS 1024
#define UDP_SOCKET_QUEUE_OCTETS  1048576u

/* An IP address and port. IPv4 stays AF_INET whatever family the socket has. */
union udp_address {
    struct sockaddr any;
    struct sockaddr_in in;
    struct sockaddr_in6 in6;
};

bool udp_address_equal(const union udp_address *a, const union udp_address *b);
bool udp_address_same_host(const union udp_address *a, const union udp_address *b);
uint16_t udp_address_port(const union udp_address *address);
void udp_address_set_port(union udp_address *address, uint16_t port);
/* P7_MALFORMED when `ip` is neither an IPv4 nor an IPv6 address in text. */
enum p7_status udp_address_parse(union udp_address *address, const char *ip,
                                 uint16_t port) P7_MUST_CHECK;
/* ::ffff:a.b.c.d, as a dual-stack socket gives it, becomes a.b.c.d. */
void udp_address_unmap(union udp_address *address);
/* The IP address as text, no port; room for INET6_ADDRSTRLEN. */
void udp_address_text(const union udp_address *address, char *text, size_t octets);

struct udp_packet {
    union udp_address to;
    uint32_t offset; /* in queue_octets */
    uint32_t length;
};

struct udp_receive_slot;

struct udp_socket {
    int fd;
    int family; /* AF_INET, or AF_INET6 that carries IPv4 too */
    bool raw;
    bool gso;
    bool gro;
    uint32_t queue_first; /* packets before it have left */
    uint32_t queue_count;
    uint32_t queue_length; /* octets in use */
    uint8_t *queue_octets;
    struct udp_packet *queue;
    struct udp_receive_slot *slots;
    uint32_t slot_next; /* read from the kernel, but not handed over yet */
    uint32_t slot_count;
    uint64_t packets_sent;
    uint64_t octets_sent;
    uint64_t send_failures;
};

/*
 * Opens and binds: `ip` "" is any address, `port` 0 any port (both matter to UDP only). P7_SYSTEM
 * with errno, P7_MALFORMED for a bad ip, P7_NO_MEMORY.
 */
enum p7_status udp_socket_open(struct udp_socket *socket, bool raw, const char *ip,
                               uint16_t port) P7_MUST_CHECK;
void udp_socket_close(struct udp_socket *socket);

/* The port in force; 0 for raw sockets. */
uint16_t udp_socket_port(const struct udp_socket *socket);

/* Called once per packet; `packet` is borrowed. */
typedef void udp_packet_function(void *context, const union udp_address *from, struct bytes packet);

/*
 * Hands over at most `packets` packets, reading from the kernel once at most. True when there may
 * be more: those read but not handed over wait for the next call, though the descriptor need not be
 * readable then. Socket
 * errors (ICMP unreachable and such) end the batch and are otherwise ignored.
 */
bool udp_socket_receive(struct udp_socket *socket, uint32_t packets, udp_packet_function *packet,
                        void *context);

/* Room for one packet of `length` octets to be filled in before the next call; NULL when dropped.
 */
uint8_t *udp_socket_queue(struct udp_socket *socket, const union udp_address *to, size_t length);

/* Sends what is queued; false when the kernel's buffer is full and packets wait for the next call.
 */
bool udp_socket_flush(struct udp_socket *socket);

#endif
