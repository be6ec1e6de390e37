/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * m3ua_endpoint - M3UA as a whole: the configured ASPs (one association each) and ASs, composed of
 * the codec and the asp and as machines. Pure: bytes, events and time in; callbacks out.
 *
 * Life cycle: m3ua_endpoint_create -> calls below -> m3ua_endpoint_destroy. ASPs and ASs are named
 * by their index in the configuration, associations by the transport's number.
 *
 * How a runtime drives it:
 *   transport UP       m3ua_endpoint_association_up(ep, asp, association, streams_out, now)
 *   transport DOWN     m3ua_endpoint_association_down(ep, asp, now)
 *   transport RESTART  m3ua_endpoint_association_restart(ep, asp, streams_out, now)
 *   transport message  m3ua_endpoint_receive(ep, asp, stream, bytes, now)      (PPID 3 only)
 *   loop turn          when now >= m3ua_endpoint_deadline_ns(ep): m3ua_endpoint_time(ep, now)
 *   application        m3ua_endpoint_transfer / _transfer_to_asp
 *   console            m3ua_endpoint_asp_up / _down / _active / _inactive / _lock
 * Which ASP an association belongs to is the runtime's to know (it connects, or accepts and looks
 * at the peer's address); m3ua_endpoint_asp_of_association finds it again. An ASP may be connected
 * any number of times. What management asked for (config.wants_up, wants_active, asp_up ...) is
 * done again on each new association, with one exception: an ASP whose traffic another one took
 * over (override) stays ASP-INACTIVE in that AS until m3ua_endpoint_asp_active asks for it again,
 * or, where it stands_by, NTFY says that the AS has nobody or too few.
 *
 * IPSPs (RFC4666-4.3.4.1.2): in a single exchange either asks, and one exchange serves both ways.
 * In a double exchange each end is ASP in its own half and answers in the peer's, two machines on
 * one association: DATA goes out when the peer is active in the AS, and is taken when we are. One
 * AS has one routing context, for both ways. Each end sends the other all kinds of NTFY about its
 * half (RFC4666-4.3.4.5.1), which IPSPs in a single exchange don't, since both would describe the
 * same AS: they keep to Alternate ASP Active. Where the ends are set to different styles: when the
 * one that is set to single asks too, all works; when it waits, it takes our half for both, its
 * DATA is taken, none can be sent to it, and M3UA_EVENT_EXCHANGE_MISSING says so.
 *
 * Callbacks run inside of those calls. `data` may call m3ua_endpoint_transfer and
 * _transfer_to_asp (a responder answers from there), and so may `event`. `send` and `abort` may not
 * call back. No callback may call anything else of the endpoint that is not const; that is
 * asserted. Bytes given to a callback are borrowed until it returns.
 *
 * Memory: the queues of AS-PENDING are allocated at creation; nothing is allocated afterwards.
 * One endpoint belongs to one thread.
 */
#ifndef SIGTRAN_FSM_M3UA_ENDPOINT_H
#define SIGTRAN_FSM_M3UA_ENDPOINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sigtran/base/bytes.h"
#include "sigtran/base/limits.h"
#include "sigtran/base/status.h"
#include "sigtran/codec/m3ua.h"
#include "sigtran/fsm/as.h"
#include "sigtran/fsm/asp.h"
#include "sigtran/fsm/m3ua_destinations.h"
#include "sigtran/fsm/m3ua_roles.h"

#define M3UA_ENDPOINT_NONE UINT32_MAX /* no ASP, AS or association */

/* MTP3-user data in one DATA that we send: LUDT's longest (Q.713) with room to spare. */
#define M3UA_ENDPOINT_PAYLOAD_OCTETS_MAX 4096u

/* Heartbeat Data in the longest message that we send: common header and parameter header off. */
#define M3UA_ENDPOINT_BEAT_OCTETS_MAX (LIMIT_M3UA_MESSAGE_OCTETS - 12u)

/* An AS's queue in AS-PENDING by default: 2 s of 10 000 messages/s of 200 octets. */
#define M3UA_ENDPOINT_QUEUE_OCTETS 4194304u

/* How soon an AS goes on with a queue that send() did not take in one go. */
#define M3UA_ENDPOINT_RETRY_NS 5000000

struct m3ua_asp_config {
    enum asp_role role; /* our own role on this association */
    bool has_asp_identifier;
    uint32_t asp_identifier;      /* ASP role: sent in ASPUP; SG role: the one we expect, if any */
    bool asp_identifier_required; /* SG role: an ASPUP without one is refused */
    int64_t t_ack_ns;             /* 0 = 2 s */
    uint32_t t_ack_tries;         /* 0 = for ever */
    int64_t t_beat_ns;            /* 0 = no BEAT */
    int64_t t_audit_ns; /* DAUD for what is not available (RFC4666-4.5.3); 0 = 30 s, below: none */
    bool double_exchange; /* IPSP: each side does an exchange of its own, see above */
    bool wants_up;     /* ASP, IPSP: send ASPUP when the association is up. A waiting IPSP: false */
    bool wants_active; /* ASP, IPSP: send ASPAC for all its ASs once it is up */
    bool stands_by;    /* ASP: see asp_config */
};

/* Service indicators and OPCs in a routing key that we register (RFC4666-3.6.1). */
#define M3UA_KEY_SIS_MAX  8u
#define M3UA_KEY_OPCS_MAX 8u

/* A result that only we see: the peer gave a routing context that another AS of the ASP has, or
 * another one than the AS has by its other ASPs. */
#define M3UA_REGISTRATION_CONTEXT_CLASH 0x10000u

/* What an SG does with REG REQ (RFC4666-4.4.1). */
enum m3ua_registration {
    M3UA_REGISTRATION_STATIC,  /* the keys of the ASs that are configured, by the ASPs they list */
    M3UA_REGISTRATION_DYNAMIC, /* other keys too: each takes a spare AS */
    M3UA_REGISTRATION_NONE,    /* none: Unsupported Message Class */
};

struct m3ua_as_config {
    bool has_routing_context; /* without one: none is sent, and any is taken from the peer */
    uint32_t routing_context; /* unique among the ASs of one ASP */
    uint32_t point_code;      /* the destination it serves: answers to DAUD */
    enum as_traffic_mode traffic_mode;
    bool sends_traffic_mode; /* ASP role: put Traffic Mode Type into ASPAC */
    int64_t t_r_ns;          /* AS-PENDING; 0 = no AS-PENDING at all */
    uint32_t active_minimum; /* 0 = 1; see as_config */
    uint32_t asp_count;      /* members, all of the same role and exchange */
    uint32_t asp[LIMIT_ASP_PER_AS];
    size_t queue_octets; /* AS-PENDING; 0 = M3UA_ENDPOINT_QUEUE_OCTETS */
    /* AS-PENDING refuses transfers as AS-INACTIVE does. For who takes the time of what it sends: a
     * request that waits in a queue has not been sent, and P7_OK would say that it had. */
    bool no_queue;
    /* ASP, IPSP: register the routing key (point_code, traffic mode, those below) as soon as the
     * ASP is up, and ask for traffic then. has_routing_context: ask for that one, else take the one
     * that is given. */
    bool registers;
    uint8_t key_si_count; /* 0: all users */
    uint8_t key_si[M3UA_KEY_SIS_MAX];
    uint8_t key_opc_count; /* 0: from anywhere */
    uint32_t key_opc[M3UA_KEY_OPCS_MAX];
    /* SG: nothing but room for an AS that the ASPs in `asp` may register. Of the rest only t_r_ns,
     * queue_octets and traffic_mode (where the key has none) count. */
    bool spare;
};

struct m3ua_endpoint_config {
    bool has_network_appearance; /* sent in DATA, checked in received messages that carry one */
    uint32_t network_appearance;
    uint32_t point_code; /* our own: available when audited by DAUD */
    uint16_t users;      /* MTP3 users here, a bit for each service indicator: DATA for others is
                          * answered with DUPU (and delivered); 0: no DUPU is sent */
    enum m3ua_registration registration;
    uint32_t asp_count;                /* 1..LIMIT_ASSOCIATIONS */
    const struct m3ua_asp_config *asp; /* copied */
    uint32_t as_count;                 /* 0..LIMIT_AS */
    const struct m3ua_as_config *as;   /* copied */
};

enum m3ua_endpoint_event_kind {
    M3UA_EVENT_ASP_STATE, /* asp: asp_old -> asp_new */
    M3UA_EVENT_TRAFFIC,   /* asp in as: `active` or not any more */
    M3UA_EVENT_AS_STATE,  /* as: as_old -> as_new */
    M3UA_EVENT_NOTIFY,    /* NTFY from asp: message; as where a routing context names one */
    M3UA_EVENT_ERROR,     /* ERR from asp: message */
    /* `affected` (mask and point code) in as, by asp: destination_old -> destination, as `message`
     * says; NULL: by time. With `status` P7_FULL: `lost` point codes of `message` are not heeded.
     */
    M3UA_EVENT_SSNM,
    M3UA_EVENT_ERROR_SENT, /* to asp: error, because of `status` when its bytes were at fault */
    M3UA_EVENT_GIVEN_UP,   /* asp: request `message_kind` got no answer in t_ack_tries tries */
    M3UA_EVENT_BEAT_LOST,  /* asp: no BEAT ACK within 2 T(beat); abort() follows */
    /* asp: the answer to m3ua_endpoint_send_beat: `count` octets, `round_trip_ns`; `status` P7_OK,
     * or P7_MALFORMED when the data is not what was sent */
    M3UA_EVENT_BEAT_ANSWERED,
    /* ASP: REG RSP or DEREG RSP from asp for as; SG: REG REQ or DEREG REQ from it (`message_kind`)
     * was answered. `registration_status` (RFC4666-3.6.2, 3.6.4; 0: done), `routing_context`; as
     * may be M3UA_ENDPOINT_NONE when it was refused. */
    M3UA_EVENT_REGISTRATION,
    M3UA_EVENT_QUEUE_FLUSHED, /* as left AS-PENDING: `count` messages sent, `lost` could not be */
    M3UA_EVENT_QUEUE_DROPPED, /* as: T(r) ran out: `lost` messages dropped */
    M3UA_EVENT_SEND_FAILED,   /* to asp: `message_kind` was not taken by send(): `status` */
    /* Double exchange: asp has answered our ASPUP, and sends none for its own half: a peer that is
     * set to a single exchange. It is sent nothing; what it sends is taken. */
    M3UA_EVENT_EXCHANGE_MISSING,
};

/* Fields beyond those named with the kind are unspecified. */
struct m3ua_endpoint_event {
    enum m3ua_endpoint_event_kind kind;
    uint32_t asp; /* M3UA_ENDPOINT_NONE where none */
    uint32_t as;
    bool peer; /* ASP_STATE, TRAFFIC in a double exchange: of the peer's half, else of ours */
    enum asp_state asp_old;
    enum asp_state asp_new;
    enum as_state as_old;
    enum as_state as_new;
    bool active;
    enum m3ua_kind message_kind;
    enum m3ua_error error;
    enum p7_status status;
    uint64_t count;
    uint64_t lost;
    int64_t round_trip_ns;
    uint32_t registration_status;
    uint32_t routing_context;
    uint32_t affected;
    struct m3ua_destination destination_old;
    struct m3ua_destination destination;
    const struct m3ua_message *message; /* borrowed until the callback returns */
};

/* "asp-state" and so on. */
const char *m3ua_endpoint_event_name(enum m3ua_endpoint_event_kind kind);

struct m3ua_endpoint_handler {
    void *context;
    /* Take one M3UA message (copy it), as transport_send does. Its P7_FULL or P7_STATE is counted,
     * and returned from m3ua_endpoint_transfer. */
    enum p7_status (*send)(void *context, uint32_t association, uint16_t stream,
                           struct bytes message);
    /* DATA from `asp` for `as` (M3UA_ENDPOINT_NONE never comes). */
    void (*data)(void *context, uint32_t as, uint32_t asp, const struct m3ua_data *data,
                 int64_t now_ns);
    void (*event)(void *context, const struct m3ua_endpoint_event *event, int64_t now_ns);
    /* End the association abruptly. association_down must follow, but not from inside. */
    void (*abort)(void *context, uint32_t association);
};

/* Every number since creation. Each message received from an association that is up is in exactly
 * one entry of `in`, or in in_malformed; each one that send() took is in one entry of `out`. */
struct m3ua_endpoint_counters {
    uint64_t in[10];  /* by Message Class */
    uint64_t out[10]; /* handed to send() with success */
    uint64_t octets_in;
    uint64_t octets_out;
    uint64_t in_malformed;  /* refused by the decoder */
    uint64_t in_unexpected; /* messages that the state does not allow */
    uint64_t in_invalid;    /* routing context, network appearance, ASP identifier, stream */
    uint64_t errors_sent;   /* ERR */
    uint64_t errors_received;
    uint64_t notifies_sent; /* NTFY */
    uint64_t notifies_received;
    uint64_t data_in;                  /* DATA delivered */
    uint64_t data_out;                 /* DATA sent, copies of broadcast counted each */
    uint64_t data_in_not_active;       /* DATA received before ASP-ACTIVE (RFC4666-4.3.1) */
    uint64_t data_in_routing_context;  /* DATA with a wrong or without a needed routing context */
    uint64_t data_dropped_no_asp;      /* transfer refused: AS not AS-ACTIVE */
    uint64_t data_dropped_unavailable; /* transfer refused: the destination is unavailable (DUNA)
                                        * or has no such user (DUPU) */
    uint64_t data_dropped_send_full;   /* transfer refused: send() gave P7_FULL */
    uint64_t data_dropped_send_failed;
    uint64_t data_dropped_too_long;
    uint64_t data_dropped_queue_full; /* AS-PENDING */
    uint64_t data_dropped_t_r;
    uint64_t data_queued;           /* ever put into a queue */
    uint64_t control_send_failed;   /* anything but DATA that send() did not take */
    uint64_t beats_lost;            /* associations ended for want of BEAT ACK */
    uint64_t destination_changes;   /* states of destinations that SSNM has changed */
    uint64_t destinations_refused;  /* affected point codes that found no room in a table */
    uint64_t audits_sent;           /* DAUD */
    uint64_t registrations;         /* keys registered or deregistered, here or at the peer */
    uint64_t registrations_refused; /* not so */
    uint64_t associations_up;
    uint64_t associations_down;
};

struct m3ua_endpoint;

/*
 * P7_NO_MEMORY; P7_RANGE: counts beyond their limits, an index that names no ASP, members of one AS
 * with different roles, two ASs of one ASP where one has no routing context or both the same.
 */
enum p7_status m3ua_endpoint_create(const struct m3ua_endpoint_config *config,
                                    const struct m3ua_endpoint_handler *handler,
                                    struct m3ua_endpoint **endpoint) P7_MUST_CHECK;
void m3ua_endpoint_destroy(struct m3ua_endpoint *endpoint);

/* P7_STATE when the ASP has an association already (keep the old one, end the new one, or first
 * association_down for the old one: the runtime's policy). `streams_out` as negotiated. */
enum p7_status m3ua_endpoint_association_up(struct m3ua_endpoint *endpoint, uint32_t asp,
                                            uint32_t association, uint16_t streams_out,
                                            int64_t now_ns) P7_MUST_CHECK;
void m3ua_endpoint_association_down(struct m3ua_endpoint *endpoint, uint32_t asp, int64_t now_ns);
void m3ua_endpoint_association_restart(struct m3ua_endpoint *endpoint, uint32_t asp,
                                       uint16_t streams_out, int64_t now_ns);

/* The ASP that the association is bound to, or M3UA_ENDPOINT_NONE. A search: not for each message
 * (keep the index with the association instead). */
uint32_t m3ua_endpoint_asp_of_association(const struct m3ua_endpoint *endpoint,
                                          uint32_t association);

/* One SCTP user message of PPID 3 from the ASP's association. */
void m3ua_endpoint_receive(struct m3ua_endpoint *endpoint, uint32_t asp, uint16_t stream,
                           struct bytes message, int64_t now_ns);

void m3ua_endpoint_time(struct m3ua_endpoint *endpoint, int64_t now_ns);
/* TIMER_NEVER_NS when nothing is due. O(1). */
int64_t m3ua_endpoint_deadline_ns(const struct m3ua_endpoint *endpoint);

/* There is room again after send() gave P7_FULL: lets an AS go on emptying its queue. Not needed
 * for correctness, since the endpoint also tries again by itself every M3UA_ENDPOINT_RETRY_NS. */
void m3ua_endpoint_writable(struct m3ua_endpoint *endpoint, uint32_t asp, int64_t now_ns);

/* Where a transfer goes and what the routing label says. */
struct m3ua_transfer {
    uint32_t as;
    uint32_t opc;
    uint32_t dpc;
    uint8_t si;
    uint8_t ni;
    uint8_t mp;
    uint8_t sls;
};

/*
 * Sends MTP3-user data to an AS, by its traffic mode, with its routing context and our network
 * appearance. P7_OK: handed to send(), or queued, while the AS is AS-PENDING or still has a queue
 * from then (so that the sequence holds), unless it is `no_queue`. P7_STATE: the AS is not usable.
 * Broadcast (RFC4666-4.3.4.3): a copy to each active ASP; after one has become active the first
 * message of each SLS carries a Correlation Id, the same in all copies.
 * P7_STATE also: all its ASPs say that the destination is unavailable, or its user (RFC4666-3.4.1,
 * 3.4.5). Congestion holds nothing back: it is told, and whoever makes the load decides.
 * P7_FULL: send() has no room, or the queue is full. P7_RANGE: too long. All are counted.
 */
enum p7_status m3ua_endpoint_transfer(struct m3ua_endpoint *endpoint,
                                      const struct m3ua_transfer *transfer, struct bytes payload,
                                      int64_t now_ns) P7_MUST_CHECK;

/* As m3ua_endpoint_transfer, but to one ASP of the AS whatever the mode says: an answer that must
 * take the way its request came. Never queued; P7_STATE when that ASP is not active in the AS. */
enum p7_status m3ua_endpoint_transfer_to_asp(struct m3ua_endpoint *endpoint,
                                             const struct m3ua_transfer *transfer, uint32_t asp,
                                             struct bytes payload, int64_t now_ns) P7_MUST_CHECK;

/* Would a transfer to the AS be taken now? */
bool m3ua_endpoint_as_usable(const struct m3ua_endpoint *endpoint, uint32_t as);

/*
 * What is known of a destination in the AS: the best that one of its active ASPs says; available
 * when none has said anything. m3ua_destination_is_open tells whether a transfer would be taken.
 * _asp_destination: as this ASP says; unavailable when it is not in the AS.
 */
struct m3ua_destination m3ua_endpoint_destination(const struct m3ua_endpoint *endpoint, uint32_t as,
                                                  uint32_t point_code);
struct m3ua_destination m3ua_endpoint_asp_destination(const struct m3ua_endpoint *endpoint,
                                                      uint32_t asp, uint32_t as,
                                                      uint32_t point_code);

/*
 * Management. P7_STATE when the role has no such request (SG), P7_NOT_FOUND when the ASP is not in
 * the AS. They hold until revoked, across associations. `as` M3UA_ENDPOINT_NONE: all its ASs.
 */
enum p7_status m3ua_endpoint_asp_up(struct m3ua_endpoint *endpoint, uint32_t asp,
                                    int64_t now_ns) P7_MUST_CHECK;
enum p7_status m3ua_endpoint_asp_down(struct m3ua_endpoint *endpoint, uint32_t asp,
                                      int64_t now_ns) P7_MUST_CHECK;
enum p7_status m3ua_endpoint_asp_active(struct m3ua_endpoint *endpoint, uint32_t asp, uint32_t as,
                                        int64_t now_ns) P7_MUST_CHECK;
enum p7_status m3ua_endpoint_asp_inactive(struct m3ua_endpoint *endpoint, uint32_t asp, uint32_t as,
                                          int64_t now_ns) P7_MUST_CHECK;
/* SG: refuse ASPUP and ASPAC of this ASP with "Refused - Management Blocking", or no longer. */
enum p7_status m3ua_endpoint_asp_lock(struct m3ua_endpoint *endpoint, uint32_t asp, bool locked,
                                      int64_t now_ns) P7_MUST_CHECK;

/*
 * Sends one BEAT by hand with `octets` of data, to see whether the peer answers with the same
 * (RFC4666-3.5.5, 3.5.6): M3UA_EVENT_BEAT_ANSWERED follows. P7_RANGE: 0, or more than
 * M3UA_ENDPOINT_BEAT_OCTETS_MAX; P7_STATE: the ASP is not up (RFC4666-4.3.4.6), or the one before
 * has left less than T(ack) ago and has no answer yet; else what send() gave. An answer that never
 * comes has no consequence.
 */
enum p7_status m3ua_endpoint_send_beat(struct m3ua_endpoint *endpoint, uint32_t asp, size_t octets,
                                       int64_t now_ns) P7_MUST_CHECK;

/*
 * ASP, IPSP: registers the routing key of the AS, or takes it back (RFC4666-4.4), with T(ack) as
 * for other requests; M3UA_EVENT_REGISTRATION tells the result, and M3UA_EVENT_GIVEN_UP that there
 * is none. P7_NOT_FOUND: the ASP is not in the AS. P7_STATE: the ASP is down or we are its SG;
 * deregister: not registered, or still active in the AS. P7_EXISTS: registered or asked for
 * already. An AS that `registers` needs no call: it takes part in traffic while it is registered.
 */
enum p7_status m3ua_endpoint_register(struct m3ua_endpoint *endpoint, uint32_t asp, uint32_t as,
                                      int64_t now_ns) P7_MUST_CHECK;
enum p7_status m3ua_endpoint_deregister(struct m3ua_endpoint *endpoint, uint32_t asp, uint32_t as,
                                        int64_t now_ns) P7_MUST_CHECK;

/* Sends an SSNM message (DUNA, DAVA, DAUD, SCON, DUPU, DRST), as the caller has filled it in, to an
 * ASP that is not down. P7_STATE when it is down; else what send() gave. */
enum p7_status m3ua_endpoint_send_ssnm(struct m3ua_endpoint *endpoint, uint32_t asp,
                                       const struct m3ua_message *message,
                                       int64_t now_ns) P7_MUST_CHECK;

/* How congested the AS is, in the eyes of who calls (0..3, M3UA_CONGESTION_UNDEFINED): as SG told
 * to the concerned ASPs of other ASs, else to the peers, by SCON when it changes. P7_RANGE. */
enum p7_status m3ua_endpoint_congested(struct m3ua_endpoint *endpoint, uint32_t as, uint8_t level,
                                       int64_t now_ns) P7_MUST_CHECK;

/* Reading. In a double exchange asp_state is our half and peer_state the peer's; else they are the
 * same. */
enum asp_state m3ua_endpoint_asp_state(const struct m3ua_endpoint *endpoint, uint32_t asp);
enum asp_state m3ua_endpoint_peer_state(const struct m3ua_endpoint *endpoint, uint32_t asp);
/* M3UA_ENDPOINT_NONE when the ASP has none. */
uint32_t m3ua_endpoint_association(const struct m3ua_endpoint *endpoint, uint32_t asp);
enum as_state m3ua_endpoint_as_state(const struct m3ua_endpoint *endpoint, uint32_t as);
/* False: a spare one that nobody has registered. */
bool m3ua_endpoint_as_is_used(const struct m3ua_endpoint *endpoint, uint32_t as);
/* The AS as it stands: routing context, point code and traffic mode as registered. */
const struct m3ua_as_config *m3ua_endpoint_as_config(const struct m3ua_endpoint *endpoint,
                                                     uint32_t as);
/* May DATA of the AS go out to the ASP, may it come in? The same, but for a double exchange, and
 * for what may have been overtaken on the way: see asp_takes. */
bool m3ua_endpoint_takes(const struct m3ua_endpoint *endpoint, uint32_t asp, uint32_t as,
                         int64_t now_ns);
bool m3ua_endpoint_carries(const struct m3ua_endpoint *endpoint, uint32_t asp, uint32_t as);
const struct m3ua_endpoint_counters *
m3ua_endpoint_get_counters(const struct m3ua_endpoint *endpoint);
/* Messages waiting in AS-PENDING. */
uint64_t m3ua_endpoint_as_queued(const struct m3ua_endpoint *endpoint, uint32_t as);

#endif
