/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * hostile - a peer that breaks every rule, from a seed: what the proof `hostile` lets loose on the
 * responder and on the simulator. Files: main.c (options, table of scenarios), peer.c (an
 * association of the real transport and its loop), messages.c (sound messages and what is done to
 * them), client.c (scenarios against a responder), server.c (a signalling gateway gone wild,
 * against a simulator), wire.c and wire_scenarios.c (SCTP by hand over UDP: what no SCTP stack
 * would send).
 *
 * One run is one call: peer_run, or the scenario's own `wire`.
 */
#ifndef TESTS_HOSTILE_HOSTILE_H
#define TESTS_HOSTILE_HOSTILE_H

#include <stdbool.h>
#include <stdint.h>

#include "sigtran/base/bytes.h"
#include "sigtran/base/random.h"
#include "sigtran/codec/m3ua.h"
#include "sigtran/transport/transport.h"

#define HOSTILE_MS                 1000000LL
#define HOSTILE_SEC                1000000000LL
#define HOSTILE_MESSAGE_OCTETS_MAX 65536
#define HOSTILE_IDS                256

struct hostile_options {
    uint16_t udp_port;  /* the victim's, or ours as a server */
    uint16_t sctp_port; /* the victim's, or ours as a server */
    uint32_t routing_context;
    uint32_t point_code;      /* ours */
    uint32_t peer_point_code; /* the victim's */
    uint64_t seed;
    uint32_t milliseconds;
};

/* What came of it; printed at the end as key=value. */
struct hostile_counters {
    uint64_t sent, unsent, received;
    uint64_t associations, downs;
    uint64_t asp_active;     /* ASPAC ACK */
    uint64_t errors;         /* M3UA ERR */
    uint64_t beat_acks;      /* BEAT ACK */
    uint64_t returned;       /* UDTS, XUDTS, LUDTS */
    uint64_t tcap_continues; /* and what else TCAP answers */
    uint64_t tcap_ends;
    uint64_t tcap_aborts;
    uint64_t undecodable; /* the victim sent what its own decoder refuses: a failure of it */
};

/* Bits of scenario.wants: what must have been received for the scenario to count. */
#define WANTS_ERRORS      (1u << 0)
#define WANTS_RETURNED    (1u << 1)
#define WANTS_ABORTS      (1u << 2)
#define WANTS_CONTINUES   (1u << 3)
#define WANTS_ASP_ACTIVE  (1u << 4)
#define WANTS_BEAT_ACKS   (1u << 5)
#define WANTS_RECONNECTS  (1u << 6) /* a hundred associations at least */
#define WANTS_ASSOCIATION (1u << 7)

enum peer_login { LOGIN_NONE, LOGIN_UP, LOGIN_ACTIVE };

struct peer;

struct scenario {
    const char *name;
    const char *text;
    unsigned wants;
    enum peer_login login; /* what is done properly before `act` begins */
    bool server;
    unsigned burst;                 /* calls of `act` in each millisecond */
    void (*act)(struct peer *peer); /* one hostile deed; NULL: `wire` */
    /* server: what came in, decoded or not */
    void (*react)(struct peer *peer, struct bytes message);
    /* by hand over UDP, without peer.c */
    int (*wire)(const struct hostile_options *options, struct hostile_counters *counters);
};

/* --- peer.c --------------------------------------------------------------------------------- */

struct peer {
    const struct hostile_options *options;
    const struct scenario *scenario;
    struct transport *transport;
    struct random_state random;
    struct hostile_counters counters;
    uint32_t association; /* TRANSPORT_ASSOCIATION_NONE: none */
    uint16_t streams_out;
    bool up;
    enum peer_login reached;
    int64_t now_ns;
    int64_t up_at_ns;
    int64_t connect_at_ns;
    int64_t login_at_ns;
    unsigned life;            /* number of the association, for scenarios that change with it */
    uint32_t id[HOSTILE_IDS]; /* transaction ids that the victim told */
    unsigned id_count;
    uint8_t message[HOSTILE_MESSAGE_OCTETS_MAX];
};

int64_t hostile_clock_ns(void);
/* Runs the scenario for its time; 0, or 1 with a word on stderr. */
int peer_run(const struct scenario *scenario, const struct hostile_options *options,
             struct hostile_counters *counters);
/* Sends as M3UA on a stream that exists: DATA on any, anything else every other time on stream 0,
 * where most of it belongs (RFC4666-1.4.7), so that it is not refused for its stream alone. */
void peer_send(struct peer *peer, struct bytes message);
void peer_send_as(struct peer *peer, uint16_t stream, uint32_t ppid, struct bytes message);
/* Ends the association; a client connects again at once. */
void peer_end(struct peer *peer, bool abortive);
uint32_t peer_below(struct peer *peer, uint32_t bound);

/* --- messages.c: into peer->message, unless told otherwise; the length is returned ------------ */

/* ASPUP, ASPAC and the like, sound; those that carry one with our routing context. */
struct bytes message_control(struct peer *peer, enum m3ua_kind kind);
/* Any kind at all, with whatever parameters fit it. */
struct bytes message_any(struct peer *peer);
/* DATA to the victim with this MTP3-user part. */
struct bytes message_data(struct peer *peer, struct bytes payload);
/* DATA, UDT around these octets of TCAP. */
struct bytes message_tcap(struct peer *peer, struct bytes tcap);
/* A sound initialDP in a BEGIN of a new identity, as the simulator would send one. */
struct bytes message_begin(struct peer *peer);
/* CONTINUE, END or ABORT for this transaction of the victim. */
struct bytes message_within(struct peer *peer, uint8_t type, uint32_t dtid);

size_t fill_random(struct random_state *random, uint8_t *octets, size_t length);
void flip_bits(struct random_state *random, uint8_t *octets, size_t length, unsigned count);
/* Breaks the tag or the length of a parameter, or the common header. */
void break_parameter(struct random_state *random, uint8_t *octets, size_t length);

/* --- the scenarios ---------------------------------------------------------------------------- */

extern const struct scenario hostile_client_scenarios[];
extern const unsigned hostile_client_scenario_count;
extern const struct scenario hostile_server_scenarios[];
extern const unsigned hostile_server_scenario_count;
extern const struct scenario hostile_wire_scenarios[];
extern const unsigned hostile_wire_scenario_count;

#endif
