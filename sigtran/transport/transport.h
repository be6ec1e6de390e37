/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * transport - SCTP associations behind one interface: kernel SCTP, userland SCTP, or an in-memory
 * network for tests.
 *
 * A transport has no thread, no timer and no loop of its own. Its owner waits until
 * transport_fd() is readable or transport_deadline_ns() has come, then calls transport_step();
 * received messages and events reach the handler from inside that call. What was sent since is
 * corked and leaves with transport_flush(), which the owner calls once at the end of a loop turn.
 *
 * Life cycle: transport_open -> transport_listen / transport_connect -> step and flush ... ->
 * transport_close. All calls come from one thread. Handlers may call transport_send and
 * transport_disconnect; they must not call transport_step, transport_flush or transport_close.
 *
 * Times are CLOCK_MONOTONIC nanoseconds passed in by the owner (virtual ones for `memory`).
 */
#ifndef SIGTRAN_TRANSPORT_TRANSPORT_H
#define SIGTRAN_TRANSPORT_TRANSPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sigtran/base/bytes.h"
#include "sigtran/base/limits.h"
#include "sigtran/base/status.h"
#include "sigtran/transport/sctp_profile.h"

#define TRANSPORT_ASSOCIATION_NONE UINT32_MAX
#define TRANSPORT_IP_TEXT_OCTETS   46 /* INET6_ADDRSTRLEN */
#define TRANSPORT_REASON_OCTETS    256

/* IANA: SCTP payload protocol identifiers; M3UA is 3 (RFC 4666-1.4.1). */
#define TRANSPORT_PPID_M3UA 3u /* RFC4666-7.1 */

enum transport_kind {
    TRANSPORT_AUTO,       /* kernel SCTP where the kernel has it, else usrsctp over UDP */
    TRANSPORT_KERNEL,     /* lksctp */
    TRANSPORT_KERNEL_UDP, /* lksctp in UDP (RFC 6951), Linux 5.11 and later */
    TRANSPORT_USRSCTP,    /* userland SCTP in UDP (RFC 6951) */
    TRANSPORT_USRSCTP_IP, /* userland SCTP on a raw IP socket */
    TRANSPORT_MEMORY,     /* seeded in-memory network, virtual time, tests only */
};

const char *transport_kind_name(enum transport_kind kind);

struct transport_settings {
    enum transport_kind kind;
    char udp_local_ip[TRANSPORT_IP_TEXT_OCTETS]; /* usrsctp: "" is any address */
    uint16_t udp_local_port; /* RFC 6951: 9899 by default; 0 lets the system choose (clients). The
                              * kernel has one for all, net.sctp.udp_port, which must be this */
    bool multihomed; /* some endpoint has several addresses: usrsctp runs as sockets, not as an
                      * engine, and takes the UDP port on every address of the host */
};

/* One side of an association to be, or a listening endpoint (remote fields unused). */
struct transport_endpoint {
    char name[64];
    uint16_t local_port; /* SCTP ports; a client's 0 lets the stack choose */
    uint16_t remote_port;
    uint32_t local_ip_count;
    uint32_t remote_ip_count;
    char local_ip[LIMIT_ADDRESSES][TRANSPORT_IP_TEXT_OCTETS];
    char remote_ip[LIMIT_ADDRESSES][TRANSPORT_IP_TEXT_OCTETS];
    uint16_t udp_remote_port; /* RFC 6951 port of the peer, where there is UDP */
    struct sctp_profile profile;
};

enum transport_event_kind {
    TRANSPORT_EVENT_UP,      /* association established, either side */
    TRANSPORT_EVENT_DOWN,    /* gone; its number is free again after the handler returns */
    TRANSPORT_EVENT_RESTART, /* peer restarted it (RFC 9260-5.2): all state above must reset */
    TRANSPORT_EVENT_PATH_UP, /* a peer address became reachable */
    TRANSPORT_EVENT_PATH_DOWN,
    TRANSPORT_EVENT_WRITABLE, /* room again after a send gave P7_FULL */
};

const char *transport_event_name(enum transport_event_kind kind);

struct transport_event {
    enum transport_event_kind kind;
    uint32_t listener;    /* UP of an accepted one: which listener, else NONE */
    uint16_t streams_out; /* UP, RESTART: as negotiated */
    uint16_t streams_in;
    char peer_ip[TRANSPORT_IP_TEXT_OCTETS]; /* UP: primary peer address; PATH_*: that path */
    uint16_t peer_port;                     /* UP: peer's SCTP port */
    char reason[TRANSPORT_REASON_OCTETS];   /* DOWN: a sentence for the log */
};

struct transport_message {
    uint16_t stream;
    uint32_t ppid;       /* host order */
    struct bytes bytes;  /* one whole user message; borrowed until the handler returns */
    int64_t received_ns; /* when its datagram was read: the `now_ns` of the step */
};

struct transport_handler {
    void *context;
    void (*message)(void *context, uint32_t association, const struct transport_message *message);
    void (*event)(void *context, uint32_t association, const struct transport_event *event);
};

struct transport;

/*
 * Opens the transport and tells in `verdict` (one line, without a newline) what was picked and why,
 * or, on failure, what was tried and what the operator can do about it.
 */
enum p7_status transport_open(const struct transport_settings *settings,
                              const struct transport_handler *handler, struct transport **transport,
                              char *verdict, size_t verdict_octets) P7_MUST_CHECK;

/* Ends associations abruptly (ABORT) and frees everything. */
void transport_close(struct transport *transport);

/* The kind really in force (never TRANSPORT_AUTO). */
enum transport_kind transport_kind_of(const struct transport *transport);

/* The UDP port in force for RFC 6951, 0 where there is none. */
uint16_t transport_udp_port(const struct transport *transport);

enum p7_status transport_listen(struct transport *transport,
                                const struct transport_endpoint *endpoint,
                                uint32_t *listener) P7_MUST_CHECK;

/* Starts an association; EVENT_UP or EVENT_DOWN follows from a later step. */
enum p7_status transport_connect(struct transport *transport,
                                 const struct transport_endpoint *endpoint,
                                 uint32_t *association) P7_MUST_CHECK;

/* Ends one: gracefully (SHUTDOWN) or not (ABORT). EVENT_DOWN follows from a later step. */
void transport_disconnect(struct transport *transport, uint32_t association, bool abortive);

/*
 * Queues one ordered user message; it is copied. P7_OK: it will leave with the next flush.
 * P7_FULL: the send buffer is full, nothing was taken; EVENT_WRITABLE follows.
 * P7_STATE: the association is not up. P7_RANGE: no such stream, or too long.
 */
enum p7_status transport_send(struct transport *transport, uint32_t association, uint16_t stream,
                              uint32_t ppid, struct bytes message) P7_MUST_CHECK;

/* Reads what has arrived and runs the stack's timers. Bounded work: a flood can't hold the caller
 * for ever; then the descriptor is simply still readable. */
void transport_step(struct transport *transport, int64_t now_ns);

/* Sends what was corked. */
void transport_flush(struct transport *transport, int64_t now_ns);

/* A pollable descriptor that is readable when there is work, or -1 for `memory`. */
int transport_fd(const struct transport *transport);

/* When transport_step wants to be called at the latest, or TIMER_NEVER_NS. */
int64_t transport_deadline_ns(const struct transport *transport);

/* The parameters and the state of an association as its stack reports them. No stack here tells
 * the slow start threshold. */
struct transport_path {
    char ip[TRANSPORT_IP_TEXT_OCTETS];
    bool reachable; /* not given up after path-max-retrans failures (RFC9260-8.2) */
    bool confirmed; /* the peer answered on it: it may carry data (RFC9260-5.4) */
    bool primary;   /* where data goes while it is reachable (RFC9260-6.4) */
    uint32_t rto_ms;
    uint32_t srtt_ms;
    uint32_t cwnd_octets;
    uint32_t mtu_octets;
};

struct transport_status {
    struct sctp_profile profile; /* read back; fields a stack can't tell hold what was asked for */
    uint16_t streams_out;
    uint16_t streams_in;
    uint32_t unacknowledged_chunks; /* DATA sent (RFC6458-8.2.1) */
    uint32_t pending_chunks;        /* DATA received, and not read by us */
    uint32_t peer_receive_window_octets;
    /* Kernel SCTP counts for each association since it began, and no HEARTBEATs; usrsctp for all of
     * the process since the transport was opened: `counts_shared`. */
    bool counts_shared;
    bool has_heartbeats;
    uint64_t packets_sent;
    uint64_t packets_received;
    uint64_t chunks_retransmitted;
    uint64_t duplicate_tsns;
    uint64_t heartbeats_sent;
    uint64_t heartbeats_acknowledged;
    uint32_t path_count;
    struct transport_path path[LIMIT_ADDRESSES];
};

enum p7_status transport_get_status(struct transport *transport, uint32_t association,
                                    struct transport_status *status) P7_MUST_CHECK;

/* Totals of this transport since it was opened. */
struct transport_counters {
    uint64_t messages_sent;
    uint64_t messages_received;
    uint64_t packets_sent;
    uint64_t packets_received;
    uint64_t octets_sent;
    uint64_t octets_received;
    uint64_t chunks_retransmitted;    /* DATA chunks sent again, by timer or fast retransmit */
    uint64_t retransmission_timeouts; /* T3-rtx expiries (RFC 9260-6.3.3) */
    uint64_t duplicate_tsns;    /* DATA received twice: the peer's retransmission was spurious */
    uint64_t packets_malformed; /* dropped before or by the stack: length, checksum, tag */
    uint64_t messages_too_long; /* beyond LIMIT_M3UA_MESSAGE_OCTETS: dropped whole */
    uint64_t send_failures;     /* the socket refused a packet */
    uint64_t send_full;         /* transport_send gave P7_FULL */
};

void transport_get_counters(const struct transport *transport, struct transport_counters *counters);

#endif
