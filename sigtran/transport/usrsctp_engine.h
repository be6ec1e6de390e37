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
 * of transport.h), usrsctp_events.c (indications to handlers), usrsctp_options.c (profiles),
 * usrsctp_peers.c (addresses).
 */
#ifndef SIGTRAN_TRANSPORT_USRSCTP_ENGINE_H
#define SIGTRAN_TRANSPORT_USRSCTP_ENGINE_H

#include <usrsctp.h>

#include "sigtran/transport/transport_ops.h"
#include "sigtran/transport/udp_socket.h"
#include "sigtran/transport/usrsctp_peers.h"

/*
 * The SCTP packet size of a path. Path MTU discovery needs ICMP, which UDP encapsulation does not
 * pass on (RFC6951-5.6), so the size is fixed: 1400 octets of SCTP, 8 of UDP and 40 of IPv6 leave
 * room for a VXLAN or GRE tunnel within 1500. Loopback gets the same: bigger packets there would
 * measure a network that nobody has.
 */
#define ENGINE_PATH_MTU_OCTETS 1400

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
    bool nodelay;    /* as usrsctp has it now */
    bool full;       /* a send gave P7_FULL: WRITABLE is owed */
    bool room;       /* usrsctp said that its buffer is half empty */
    bool corked;     /* in the transport's list */
    bool holds;      /* `held` is a message that usrsctp doesn't have yet */
    bool shut;       /* SHUTDOWN handed to usrsctp */
    bool broken;     /* a message of it was lost here: it can't go on */
    bool discarding; /* the rest of a message beyond the limit */
    uint16_t held_stream;
    uint32_t held_ppid;
    struct transport_buffer held;
    struct transport_buffer partial; /* first parts of a message, RFC 6458-6.1.7 */
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
    uint32_t corked_count;
    uint32_t indication_first;
    uint32_t indication_count;
    uint32_t indication_room;
    struct engine_indication *indications;
    struct transport_counters counters;
    struct engine_listener listeners[ENGINE_LISTENERS];
    struct engine_association associations[LIMIT_ASSOCIATIONS];
    uint32_t corked[LIMIT_ASSOCIATIONS];
    uint16_t udp_port;
    /* usrsctp's counters as they were when this transport was opened */
    uint32_t base_retransmitted;
    uint64_t base_timeouts;
    uint32_t base_duplicates;
    uint32_t base_malformed;
};

/* Starts usrsctp when it isn't running and adds the transport. */
enum p7_status engine_attach(struct engine_transport *transport) P7_MUST_CHECK;
void engine_detach(struct engine_transport *transport);

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
enum p7_status engine_profile_apply(struct socket *socket,
                                    const struct sctp_profile *profile) P7_MUST_CHECK;
void engine_profile_read(struct socket *socket, struct sctp_profile *profile);
bool engine_nodelay_set(struct socket *socket, bool on);
void engine_status_read(const struct engine_association *association,
                        struct transport_status *status);
/* Streams and tags, once the association is up. */
void engine_association_learn(struct engine_association *association);
void engine_sysctls_set(void);

#endif
