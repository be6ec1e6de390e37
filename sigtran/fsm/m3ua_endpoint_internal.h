/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * m3ua_endpoint_internal - what the m3ua_endpoint*.c files share, and nobody else:
 *   m3ua_endpoint.c          creation, reading
 *   m3ua_endpoint_management.c  associations, time, management's requests
 *   m3ua_endpoint_step.c     the machines' steps and actions, timers
 *   m3ua_endpoint_send.c     control messages out, events
 *   m3ua_endpoint_receive.c  messages in
 *   m3ua_endpoint_ssnm.c     SSNM in, audits of ours
 *   m3ua_endpoint_announce.c SSNM out: what we tell others
 *   m3ua_endpoint_rkm.c      RKM: an ASP registers
 *   m3ua_endpoint_rkm_sg.c   RKM: an SG answers
 *   m3ua_endpoint_beat.c     BEAT by hand
 *   m3ua_endpoint_data.c     transfers out and the queue of AS-PENDING
 */
#ifndef SIGTRAN_FSM_M3UA_ENDPOINT_INTERNAL_H
#define SIGTRAN_FSM_M3UA_ENDPOINT_INTERNAL_H

#include "sigtran/base/timer_heap.h"
#include "sigtran/fsm/m3ua_endpoint.h"

/* Where a membership stands in registration; an SG has no requests of its own. */
enum endpoint_registration_state {
    ENDPOINT_UNREGISTERED,
    ENDPOINT_REGISTERING,
    ENDPOINT_REGISTERED,
    ENDPOINT_DEREGISTERING,
};

struct endpoint_registration {
    enum endpoint_registration_state state;
    uint32_t tries;
    int64_t t_ack_at_ns;
};

struct endpoint_asp {
    struct m3ua_asp_config config;
    struct asp machine; /* double exchange: our half, in which we are the ASP */
    struct asp peer;    /* double exchange: the peer's half, in which we answer; else unused */
    int64_t exchange_late_at_ns; /* when the peer's half is overdue */
    bool exchange_told;          /* ... which is told once for each association, or is not so */
    uint32_t association;
    uint16_t streams_out;
    /* Its memberships: which AS, and as which of its members. */
    uint32_t membership_count;
    uint32_t as[ASP_MEMBERSHIPS_MAX];
    uint32_t member[ASP_MEMBERSHIPS_MAX];
    /* The BEAT sent by hand that has no answer yet. */
    bool beat_waits;
    uint64_t beat_serial;
    size_t beat_octets;
    int64_t beat_sent_ns;
    /* From ASPUP, for NTFY (RFC4666-3.8.2). */
    bool has_peer_identifier;
    uint32_t peer_identifier;
    struct m3ua_destinations *destinations; /* by membership: what the peer says of them */
    int64_t dupu_at_ns;                     /* no DUPU before this */
    struct endpoint_registration registration[ASP_MEMBERSHIPS_MAX];
};

/* Messages that wait, oldest first: [head, tail) of `bytes`, each a record header and payload. */
struct endpoint_queue {
    uint8_t *bytes;
    size_t octets;
    size_t head;
    size_t tail;
    uint64_t count;
    uint64_t flushed; /* since it last filled: for the event */
    uint64_t lost;
    int64_t retry_at_ns;
};

struct endpoint_as {
    struct m3ua_as_config config;     /* as it stands, registration included */
    struct m3ua_as_config configured; /* as it was given */
    bool taken;                       /* a spare one: registered by somebody */
    struct as machine;
    enum asp_role role;
    uint32_t membership[LIMIT_ASP_PER_AS]; /* the membership that this AS is to its member */
    struct endpoint_queue queue;
    /* Broadcast: the SLSs whose flow has had its Correlation Id since an ASP became active. */
    uint64_t correlated[4];
    uint32_t correlation_id; /* the last one used; 0 is none */
    uint32_t troubles;       /* ranges in its members' tables of destinations */
    bool has_last_dpc;       /* of a transfer: worth an audit after a gap */
    uint32_t last_dpc;
    enum m3ua_availability announced; /* what the concerned ASPs know of its point code */
    uint8_t queue_congestion;
    uint8_t reported_congestion;
};

/* A parameter of routing contexts: as many as an ASP has memberships. */
struct endpoint_contexts {
    uint8_t octets[4 * ASP_MEMBERSHIPS_MAX];
};

/* A parameter of affected point codes. */
#define ENDPOINT_AFFECTED_MAX 256u

struct endpoint_affected {
    uint8_t octets[4 * ENDPOINT_AFFECTED_MAX];
    size_t count;
};

struct m3ua_endpoint {
    struct m3ua_endpoint_handler handler;
    bool has_network_appearance;
    uint32_t network_appearance;
    uint32_t point_code;
    uint32_t asp_count;
    uint32_t as_count;
    struct endpoint_asp *asp;
    struct endpoint_as *as;
    struct timer_heap timers; /* ids: ASPs, then ASs, then the network management of ASPs */
    uint16_t users;           /* a bit for each MTP3 user here; 0: not told */
    enum m3ua_registration registration;
    struct m3ua_endpoint_counters counters;
    bool busy;       /* inside of a call that only transfers may interrupt */
    bool in_handler; /* inside of send() or abort(): nothing may interrupt */
    /* The message being received, for an ERR (RFC4666-3.8.1): all of it, and what contexts it has.
     */
    struct bytes received;
    struct bytes received_contexts;
    uint8_t data_context[4];
    /* The request under way, for its answer: what it had is echoed. */
    struct bytes beat_data;
    bool echo_beat_data;
    bool echo_contexts;
    bool echo_traffic_mode;
    uint32_t traffic_mode;
    struct m3ua_message in;
    struct m3ua_message out;
    uint8_t beat_pattern[M3UA_ENDPOINT_BEAT_OCTETS_MAX]; /* data of a BEAT by hand */
    uint8_t scratch[LIMIT_M3UA_MESSAGE_OCTETS + 64];
};

/* --- m3ua_endpoint_step.c -------------------------------------------------------------------- */

/* Gives the event to the machine that it is for; in a double exchange that is one of two. */
void endpoint_asp_step(struct m3ua_endpoint *ep, uint32_t asp, const struct asp_event *event,
                       int64_t now_ns);
/* That machine: our own half for answers, management and BEAT, the peer's for its requests. */
struct asp *endpoint_half(struct endpoint_asp *a, enum asp_event_kind kind);

/* Is the ASP, or either half of a double exchange, not ASP-DOWN? */
bool endpoint_asp_is_up(const struct endpoint_asp *a);

/* May DATA be sent to this membership? */
bool endpoint_asp_carries(const struct endpoint_asp *a, uint32_t membership);

void endpoint_as_step(struct m3ua_endpoint *ep, uint32_t as, const struct as_event *event,
                      int64_t now_ns);
void endpoint_as_arm(struct m3ua_endpoint *ep, uint32_t as);

/* Tells the AS of one membership where its member stands now. */
void endpoint_member_report(struct m3ua_endpoint *ep, uint32_t asp, uint32_t membership,
                            int64_t now_ns);

/* --- m3ua_endpoint.c ------------------------------------------------------------------------- */

/* The membership of the ASP in the AS, or M3UA_ENDPOINT_NONE. */
uint32_t endpoint_membership(const struct m3ua_endpoint *ep, uint32_t asp, uint32_t as);

/* The timer of the ASP's destinations and registrations. */
void endpoint_network_arm(struct m3ua_endpoint *ep, uint32_t asp);

/* --- m3ua_endpoint_send.c -------------------------------------------------------------------- */

/* Puts the routing contexts of the memberships into ep->out; none when an AS has none (it is then
 * the only one). `contexts` must live until it is sent. */
void endpoint_contexts_put(struct m3ua_endpoint *ep, uint32_t asp, uint32_t memberships,
                           struct endpoint_contexts *contexts);

void endpoint_raise(struct m3ua_endpoint *ep, const struct m3ua_endpoint_event *event,
                    int64_t now_ns);

/* Hands ep->out to send() on stream 0 and counts it (RFC4666-1.4.7: all but DATA). */
enum p7_status endpoint_send_out(struct m3ua_endpoint *ep, uint32_t asp, int64_t now_ns);

/* What ASP_ACTION_SEND asks for. */
void endpoint_send_action(struct m3ua_endpoint *ep, uint32_t asp, const struct asp_action *action,
                          int64_t now_ns);

void endpoint_send_notify(struct m3ua_endpoint *ep, uint32_t as, const struct as_action *action,
                          int64_t now_ns);

/* An ERR: `fault` names code and what goes with it; `status` is for the event. */
void endpoint_send_fault(struct m3ua_endpoint *ep, uint32_t asp, const struct m3ua_fault *fault,
                         enum p7_status status, int64_t now_ns);
void endpoint_send_error(struct m3ua_endpoint *ep, uint32_t asp, enum m3ua_error error,
                         int64_t now_ns);

/* The bytes to the transport; counts octets and messages of `message_class`. */
enum p7_status endpoint_send_bytes(struct m3ua_endpoint *ep, uint32_t asp, uint16_t stream,
                                   struct bytes bytes, unsigned message_class);

/* --- m3ua_endpoint_receive.c ----------------------------------------------------------------- */

/* Refuses a well-formed message for what it says: counted, and answered with `fault`. */
void endpoint_refuse(struct m3ua_endpoint *ep, uint32_t asp, const struct m3ua_fault *fault,
                     enum p7_status status, int64_t now_ns);

/* Refuses a message that the state or the role does not allow. */
void endpoint_unexpected(struct m3ua_endpoint *ep, uint32_t asp, int64_t now_ns);

/* Is the network appearance of a message ours, or not to be compared? Else it has been answered. */
bool endpoint_appearance_holds(struct m3ua_endpoint *ep, uint32_t asp, bool has,
                               uint32_t appearance, int64_t now_ns);

/* The memberships that the routing contexts of `message` name; without one: all. Those that none
 * has go to `unknown`, four octets each. */
uint32_t endpoint_memberships_of(const struct m3ua_endpoint *ep, const struct endpoint_asp *a,
                                 const struct m3ua_message *message,
                                 uint8_t unknown[4 * LIMIT_M3UA_ROUTING_CONTEXTS],
                                 size_t *unknown_count);

/* The membership with that routing context, or M3UA_ENDPOINT_NONE. An AS that was configured
 * without one is the ASP's only AS: what the peer calls it is the peer's affair. */
uint32_t endpoint_membership_of_context(const struct m3ua_endpoint *ep,
                                        const struct endpoint_asp *a, uint32_t routing_context);

/* An event with ep->in; its `as` is set when the memberships are one. */
void endpoint_message_raise(struct m3ua_endpoint *ep, enum m3ua_endpoint_event_kind kind,
                            uint32_t asp, uint32_t memberships, int64_t now_ns);

/* --- m3ua_endpoint_ssnm.c -------------------------------------------------------------------- */

void endpoint_ssnm_receive(struct m3ua_endpoint *ep, uint32_t asp, int64_t now_ns);

/* Traffic of the membership begins or ends. */
void endpoint_destinations_follow(struct m3ua_endpoint *ep, uint32_t asp, uint32_t membership,
                                  bool active, int64_t now_ns);
void endpoint_destinations_time(struct m3ua_endpoint *ep, uint32_t asp, int64_t now_ns);
int64_t endpoint_destinations_deadline_ns(const struct endpoint_asp *a);

/* Is DATA of this MTP3 user taken to the point code through this member? */
bool endpoint_member_reaches(const struct m3ua_endpoint *ep, const struct endpoint_as *as,
                             uint32_t member, uint32_t point_code, uint8_t si);

/* --- m3ua_endpoint_announce.c ---------------------------------------------------------------- */

void endpoint_affected_add(struct endpoint_affected *list, uint32_t entry);
/* Begins ep->out as a message of this kind with the list and our network appearance. */
void endpoint_affected_put(struct m3ua_endpoint *ep, enum m3ua_kind kind,
                           const struct endpoint_affected *list);

/* The AS has changed: tells the concerned ASPs whether its point code is reached. */
void endpoint_as_announce(struct m3ua_endpoint *ep, uint32_t as, int64_t now_ns);
/* The ASP is newly ASP-ACTIVE: tells it what is not available. */
void endpoint_asp_announce(struct m3ua_endpoint *ep, uint32_t asp, int64_t now_ns);
/* Somebody says how congested the AS is. */
void endpoint_congestion_report(struct m3ua_endpoint *ep, uint32_t as, uint8_t level,
                                int64_t now_ns);
/* The queue of the AS has grown or shrunk. */
void endpoint_queue_congestion(struct m3ua_endpoint *ep, uint32_t as, int64_t now_ns);
/* DATA has come: answers with DUPU when its user is not here. */
void endpoint_user_check(struct m3ua_endpoint *ep, uint32_t asp, const struct m3ua_data *data,
                         int64_t now_ns);
void endpoint_daud_answer(struct m3ua_endpoint *ep, uint32_t asp, int64_t now_ns);

/* --- m3ua_endpoint_rkm.c --------------------------------------------------------------------- */

void endpoint_rkm_receive(struct m3ua_endpoint *ep, uint32_t asp, int64_t now_ns);

/* A membership that is not registered does not count: no routing context names it, its AS does not
 * know of the member. */
static inline bool endpoint_is_member(const struct endpoint_asp *a, uint32_t membership)
{
    return ((a->machine.config.memberships >> membership) & 1u) != 0;
}
void endpoint_member_set(struct m3ua_endpoint *ep, uint32_t asp, uint32_t membership, bool member,
                         int64_t now_ns);

/* The only membership that counts, or M3UA_ENDPOINT_NONE when there is none or several. */
static inline uint32_t endpoint_only_member(const struct endpoint_asp *a)
{
    for (uint32_t i = 0; i < a->membership_count; i++)
        if (a->machine.config.memberships == 1u << i)
            return i;
    return M3UA_ENDPOINT_NONE;
}

void endpoint_registration_raise(struct m3ua_endpoint *ep, uint32_t asp, uint32_t as,
                                 enum m3ua_kind kind, uint32_t status, uint32_t routing_context,
                                 int64_t now_ns);
/* Our ASP, or the peer's, is up or no more. */
void endpoint_registrations_follow(struct m3ua_endpoint *ep, uint32_t asp, bool is_up,
                                   int64_t now_ns);
void endpoint_registration_end(struct m3ua_endpoint *ep, uint32_t asp, uint32_t membership,
                               int64_t now_ns);
void endpoint_registrations_time(struct m3ua_endpoint *ep, uint32_t asp, int64_t now_ns);
int64_t endpoint_registrations_deadline_ns(const struct endpoint_asp *a);

/* --- m3ua_endpoint_rkm_sg.c ------------------------------------------------------------------ */

void endpoint_reg_req_answer(struct m3ua_endpoint *ep, uint32_t asp, int64_t now_ns);
void endpoint_dereg_req_answer(struct m3ua_endpoint *ep, uint32_t asp, int64_t now_ns);
/* The peer is down: its keys are void. */
void endpoint_keys_forget(struct m3ua_endpoint *ep, uint32_t asp, int64_t now_ns);
/* Makes an AS that was registered and has no members any more spare again. */
void endpoint_as_release(struct m3ua_endpoint *ep, uint32_t as);

/* --- m3ua_endpoint_beat.c -------------------------------------------------------------------- */

/* Forgets the BEAT sent by hand, with its association. */
void endpoint_beat_forget(struct endpoint_asp *a);

/* Is this the data of a BEAT ACK that answers the BEAT by hand? Then that has been told.
 * `automatic`: it may be that of a BEAT of the asp machine, and is, when it is not the other's. */
bool endpoint_beat_answer(struct m3ua_endpoint *ep, uint32_t asp, struct bytes data, bool automatic,
                          int64_t now_ns);

/* --- m3ua_endpoint_data.c -------------------------------------------------------------------- */

/* An ASP has become active: the flows of a broadcast are to be marked anew. */
void endpoint_correlation_restart(struct endpoint_as *as);

void endpoint_queue_flush(struct m3ua_endpoint *ep, uint32_t as, int64_t now_ns);
void endpoint_queue_drop(struct m3ua_endpoint *ep, uint32_t as, int64_t now_ns);

#endif
