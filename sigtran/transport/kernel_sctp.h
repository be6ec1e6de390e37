/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * kernel_sctp - the inside of the kernel's SCTP (lksctp): one-to-many sockets, one for each
 * listener, for each fixed local port, and for each association from a port of the kernel's choice;
 * all of them behind one epoll descriptor.
 *
 * Files: kernel.c (open, operations), kernel_receive.c (messages and notifications),
 * kernel_options.c (profiles, status, counters), kernel_encapsulation.c (in UDP). Internal to
 * sigtran/transport; never included together with usrsctp.h, which has the same names.
 */
#ifndef SIGTRAN_TRANSPORT_KERNEL_SCTP_H
#define SIGTRAN_TRANSPORT_KERNEL_SCTP_H

#include <netinet/in.h>
#include <netinet/sctp.h>

#include "sigtran/transport/assembly.h"
#include "sigtran/transport/cork.h"
#include "sigtran/transport/transport_ops.h"
#include "sigtran/transport/udp_socket.h"

#define KERNEL_SOCKETS (LIMIT_ASSOCIATIONS + 32)
#define KERNEL_SLOTS   32   /* messages of one read */
#define KERNEL_READS   8    /* reads of one socket in one step */
#define KERNEL_OCTETS  4096 /* of one read; longer messages come in parts */

#define KERNEL_SAMPLE_NS 1000000000 /* how often the associations' own counters are read */

enum kernel_state { KERNEL_FREE, KERNEL_CONNECTING, KERNEL_UP, KERNEL_ENDING, KERNEL_ENDED };

struct kernel_socket {
    int fd; /* -1: free */
    int family;
    uint16_t port;     /* 0: the kernel's choice, one association */
    uint32_t listener; /* its own number, or TRANSPORT_ASSOCIATION_NONE */
    uint32_t associations;
    bool wants_room;             /* EPOLLOUT is on */
    struct sctp_profile profile; /* of the listener */
};

struct kernel_association {
    enum kernel_state state;
    uint32_t number;
    uint32_t socket;
    sctp_assoc_t id;
    uint32_t listener;
    uint16_t streams_out;
    uint16_t streams_in;
    uint16_t peer_port;
    struct sctp_profile profile;
    bool shut;
    struct cork cork;
    struct assembly assembly;
    uint64_t retransmitted; /* as last read from the kernel */
    uint64_t duplicates;
    uint64_t packets_sent;
    uint64_t packets_received;
};

struct kernel_slot {
    uint8_t octets[KERNEL_OCTETS];
    struct iovec iov;
    union {
        struct cmsghdr align;
        uint8_t octets[CMSG_SPACE(sizeof(struct sctp_rcvinfo)) +
                       CMSG_SPACE(sizeof(struct sctp_sndrcvinfo))];
    } control;
};

struct kernel_transport {
    struct transport base;
    int epoll;
    int64_t now_ns;
    int64_t sampled_ns;
    uint16_t udp_port; /* RFC 6951; 0: native */
    uint32_t ended;
    struct transport_counters counters; /* without those of living associations */
    uint64_t base_timeouts;
    uint64_t base_malformed;
    struct kernel_slot *slots;
    struct kernel_socket sockets[KERNEL_SOCKETS];
    struct kernel_association associations[LIMIT_ASSOCIATIONS];
    struct cork_list corked;
};

/* kernel.c */
struct kernel_association *kernel_association_take(struct kernel_transport *transport);
/* Gives the slot back, and closes the socket when it served this association alone. */
void kernel_association_free(struct kernel_transport *transport,
                             struct kernel_association *association);
struct kernel_association *kernel_association_of(struct kernel_transport *transport,
                                                 uint32_t socket, sctp_assoc_t id);
/* SCTP_EOF or SCTP_ABORT for one association. */
void kernel_control_send(struct kernel_transport *transport, uint32_t socket, sctp_assoc_t id,
                         uint16_t flags);

/* kernel_receive.c: reads what a socket has and tells the handler. */
void kernel_socket_read(struct kernel_transport *transport, uint32_t socket);
void kernel_event_tell(struct kernel_transport *transport, struct kernel_association *association,
                       struct transport_event *event);

/* kernel_encapsulation.c: is the kernel's UDP port the one asked for (0: any)? */
enum p7_status kernel_encapsulation_open(uint16_t asked, uint16_t *port, char *verdict,
                                         size_t octets) P7_MUST_CHECK;
/* The peer's UDP port for the associations that this socket begins from now on. -1: errno. */
int kernel_encapsulation_set(int fd, uint16_t peer_port) P7_MUST_CHECK;

/* kernel_options.c */
enum p7_status kernel_profile_apply(int fd, const struct sctp_profile *profile) P7_MUST_CHECK;
void kernel_status_read(const struct kernel_transport *transport,
                        const struct kernel_association *association,
                        struct transport_status *status);
/* Its streams and its peer's address. False: it has gone while the news of its start waited. */
bool kernel_association_learn(const struct kernel_transport *transport,
                              struct kernel_association *association,
                              union udp_address *primary) P7_MUST_CHECK;
void kernel_association_sample(const struct kernel_transport *transport,
                               struct kernel_association *association);
/* Host-wide: the kernel does not count these by association or socket. */
void kernel_host_counters(uint64_t *timeouts, uint64_t *malformed);

#endif
