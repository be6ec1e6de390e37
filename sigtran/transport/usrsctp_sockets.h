/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * usrsctp_sockets - usrsctp by its own sockets, for associations with several addresses a side
 * (multi-homing): AF_INET and AF_INET6 sockets, bound and connected with lists of addresses, over
 * one UDP encapsulation port (RFC6951) or over raw IP. The engine (usrsctp_engine.h) is faster and
 * carries one address; docs/decisions/0015 has the reasons and the figures.
 *
 * usrsctp reads the network and runs its timers on threads of its own. They never call a handler:
 * an upcall marks its socket in a mailbox and makes the mailbox's eventfd readable, and
 * transport_step, on the owner's thread, reads the marked sockets. So what waits is bounded by
 * usrsctp's receive buffers, in the order in which SCTP delivers it, and the owner needs no lock.
 *
 * usrsctp is one per process: once it runs as sockets it can't run as an engine, and its UDP port
 * can't change. It learns the host's addresses when it starts.
 *
 * Internal to sigtran/transport. Files: usrsctp_sockets.c (operations), usrsctp_sockets_receive.c
 * (messages and notifications), usrsctp_sockets_start.c (the process's usrsctp and the mailboxes).
 */
#ifndef SIGTRAN_TRANSPORT_USRSCTP_SOCKETS_H
#define SIGTRAN_TRANSPORT_USRSCTP_SOCKETS_H

#include <stdatomic.h>

#include "sigtran/transport/addresses.h"
#include "sigtran/transport/assembly.h"
#include "sigtran/transport/cork.h"
#include "sigtran/transport/transport_ops.h"
#include "sigtran/transport/usrsctp_options.h"

#define SOCKETS_LISTENERS   32
#define SOCKETS_MARKS       (SOCKETS_LISTENERS + LIMIT_ASSOCIATIONS)
#define SOCKETS_READ_OCTETS 4096 /* of one read; longer messages come in parts */
#define SOCKETS_STEP_READS  64   /* of one association in one step */
#define SOCKETS_SAMPLE_NS   10000000

struct sockets_mailbox;

/* What an upcall gets; it lives as long as the process, for one may come after its socket. */
struct sockets_mark {
    struct sockets_mailbox *mailbox;
    atomic_bool marked;
};

struct sockets_mailbox {
    bool taken;
    int fd; /* eventfd */
    atomic_bool signalled;
    struct sockets_mark marks[SOCKETS_MARKS]; /* listeners first, then associations */
};

enum sockets_state {
    SOCKETS_FREE,
    SOCKETS_CONNECTING,
    SOCKETS_UP,
    SOCKETS_ENDING,
    SOCKETS_ENDED, /* by this side; the event is still to be told */
};

struct sockets_listener {
    struct socket *socket; /* NULL: free */
    uint16_t port;
    struct sctp_profile profile;
};

struct sockets_association {
    enum sockets_state state;
    uint32_t number;
    struct socket *socket;
    uint32_t listener; /* TRANSPORT_ASSOCIATION_NONE for our own connects */
    uint16_t streams_out;
    uint16_t streams_in;
    uint16_t peer_port;
    bool nodelay; /* as usrsctp has it now */
    bool shut;    /* SHUTDOWN handed to usrsctp */
    char primary[TRANSPORT_IP_TEXT_OCTETS];
    struct sctp_profile profile;
    struct cork cork;
    struct assembly assembly;
};

struct sockets_transport {
    struct transport base;
    struct sockets_mailbox *mailbox;
    uint16_t udp_port; /* 0: raw IP */
    int64_t now_ns;
    int64_t sampled_ns;
    bool more; /* some association was not read to its end */
    uint32_t ended;
    struct transport_counters counters;
    struct cork_list corked;
    struct sctpstat base_stat; /* when this transport was opened */
    struct sctpstat last_stat; /* at the latest sample */
    struct sockets_listener listeners[SOCKETS_LISTENERS];
    struct sockets_association associations[LIMIT_ASSOCIATIONS];
    _Alignas(8) uint8_t octets[SOCKETS_READ_OCTETS]; /* holds notifications, too */
};

/* usrsctp_sockets_start.c: starts usrsctp when it isn't running and takes a mailbox. `port` 0: raw
 * IP. P7_STATE: usrsctp runs in another way in this process; P7_SYSTEM with errno: no UDP port or
 * raw socket. */
enum p7_status sockets_attach(struct sockets_transport *transport, uint16_t port) P7_MUST_CHECK;
void sockets_detach(struct sockets_transport *transport);
bool sockets_running(void);
/* Lets the upcalls of this socket mark `mark`. */
void sockets_watch(struct socket *socket, struct sockets_mark *mark);
/* True when it was marked, and is no longer. */
bool sockets_unmark(struct sockets_mark *mark);
/* Makes the descriptor not readable; what is marked from now on makes it readable again. */
void sockets_mailbox_rearm(struct sockets_mailbox *mailbox);
/* The UDP port in force, else a free one; 0 when there is none. */
uint16_t sockets_port_choose(void);

/* usrsctp_sockets_receive.c */
void sockets_association_read(struct sockets_transport *transport,
                              struct sockets_association *association);
void sockets_listener_read(struct sockets_transport *transport, uint32_t listener);
void sockets_event_tell(struct sockets_transport *transport,
                        struct sockets_association *association, struct transport_event *event);

/* usrsctp_sockets.c */
struct sockets_association *sockets_association_take(struct sockets_transport *transport);
void sockets_association_free(struct sockets_transport *transport,
                              struct sockets_association *association);
struct sockets_mark *sockets_mark_of(struct sockets_transport *transport,
                                     const struct sockets_association *association);

#endif
