/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * usrsctp_engine - usrsctp as an engine without threads: packets in through engine_input, packets
 * out through a callback into the transport's udp_socket, timers by the time that passed.
 *
 * usrsctp is one per process and so is the engine; several transports may share it as long as one
 * thread drives them all. What usrsctp tells (messages, notifications) is put into the transport's
 * queue of indications and handed on only after usrsctp has returned, so handlers may call back
 * into the transport freely.
 *
 * Internal to sigtran/transport. Files: usrsctp_engine.c (this), usrsctp_transport.c (the interface
 * of transport.h), usrsctp_events.c (indications to handlers), usrsctp_peers.c
 * (addresses), and usrsctp_options.c (profiles), which the other way to use usrsctp, with sockets
 * (usrsctp_sockets.h), shares.
 */
#ifndef SIGTRAN_TRANSPORT_USRSCTP_ENGINE_H
#define SIGTRAN_TRANSPORT_USRSCTP_ENGINE_H

#include <usrsctp.h>

#include "sigtran/transport/assembly.h"
#include "sigtran/transport/cork.h"
#include "sigtran/transport/transport_ops.h"
#include "sigtran/transport/udp_socket.h"
#include "sigtran/transport/usrsctp_options.h"
#include "sigtran/transport/usrsctp_peers.h"

#define ENGINE_TIMER_NS    10000000 /* usrsctp's own timer granularity */
#define ENGINE_PATIENCE_NS 20000000 /* timers wait so long for unread packets */
#define ENGINE_RETRY_NS    1000000  /* when the kernel had no room for packets */

#define ENGINE_LISTENERS 32

enum engine_state {
    ENGINE_FREE,
    ENGINE_CONNECTING,
    ENGINE_UP,
    ENGINE_ENDING, /* SHUTDOWN wanted or under way */
    ENGINE_ENDED,  /* aborted here; the event is still to be told */
};

struct engine_transport;

/* What usrsctp's callbacks get: the first member of listeners and associations. */
struct engine_owner {
    struct engine_transport *transport;
    bool is_listener;
    uint32_t number;
};

struct engine_listener {
    struct engine_owner owner;
    struct socket *socket; /* NULL: free */
    uint16_t port;
    struct sctp_profile profile;
};

struct engine_association {
    struct engine_owner owner;
    enum engine_state state;
    struct socket *socket;
    struct engine_peer *peer;
    uint32_t listener; /* TRANSPORT_ASSOCIATION_NONE for our own connects */
    uint16_t streams_out;
    uint16_t streams_in;
    uint16_t peer_port;
    uint16_t local_port;
    uint32_t local_tag; /* RFC6951-5.4: proves that a packet from a new port is the peer's */
    struct sctp_profile profile;
    bool nodelay; /* as usrsctp has it now */
    bool room;    /* usrsctp said that its buffer is half empty */
    bool shut;    /* SHUTDOWN handed to usrsctp */
    bool broken;  /* a message of it was lost here: it can't go on */
    struct cork cork;
    struct assembly assembly;
};

struct engine_indication {
    struct socket *socket;
    struct engine_owner *owner;
    void *data; /* from usrsctp, to be freed */
    uint32_t length;
    uint32_t ppid;
    uint16_t stream;
    bool whole; /* ends the message */
    bool notification;
};

struct engine_transport {
    struct transport base;
    struct udp_socket socket;
    int64_t now_ns;
    int64_t busy_since_ns; /* `more` is set since; 0 when it isn't */
    bool more;             /* packets wait, here or in the kernel */
    bool broken;           /* some association's `broken` was set */
    bool waiting;          /* the socket took not all packets */
    bool room;             /* some association's `room` was set */
    uint32_t ended;
    uint32_t indication_first;
    uint32_t indication_count;
    uint32_t indication_room;
    struct engine_indication *indications;
    struct transport_counters counters;
    struct engine_listener listeners[ENGINE_LISTENERS];
    struct engine_association associations[LIMIT_ASSOCIATIONS];
    struct cork_list corked;
    uint16_t udp_port;
    /* usrsctp's counters as they were when this transport was opened */
    struct sctpstat base_stat;
    uint64_t base_timeouts;
};

/* Starts usrsctp when it isn't running and adds the transport. P7_STATE: it runs as sockets. */
enum p7_status engine_attach(struct engine_transport *transport) P7_MUST_CHECK;
void engine_detach(struct engine_transport *transport);
bool engine_running(void);

struct engine_peers *engine_peers(void);

/* One packet from the network: checks it and passes it to usrsctp. */
void engine_input(struct engine_transport *transport, const union udp_address *from,
                  struct bytes packet);

/* Runs usrsctp's timers for the time that passed, of all transports. */
void engine_timers(int64_t now_ns);
int64_t engine_timers_deadline_ns(void);

/*
 * T3-rtx expiries of all transports that found something to retransmit. usrsctp does not restart
 * this timer with each SACK (RFC9260-6.3.2 R3) but lets it run out and looks then what is overdue;
 * its own counter counts the empty expiries of a healthy association too.
 */
uint64_t engine_timeouts(void);

/* A new usrsctp socket for this owner, not bound and not blocking; NULL with errno. */
struct socket *engine_socket(struct engine_owner *owner, const struct sctp_profile *profile);

/* usrsctp_events.c: hands queued indications to the handler. */
void engine_indications_deliver(struct engine_transport *transport);
void engine_indications_drop(struct engine_transport *transport);

/* usrsctp_transport.c */
struct engine_association *engine_association_take(struct engine_transport *transport);
/* Closes the socket (with an ABORT when it is still up) and gives the slot back. */
void engine_association_free(struct engine_association *association);
void engine_event(struct engine_association *association, struct transport_event *event);

/* usrsctp_options.c */
void engine_status_read(const struct engine_association *association,
                        struct transport_status *status);
/* Streams and tags, once the association is up. */
void engine_association_learn(struct engine_association *association);

#endif
