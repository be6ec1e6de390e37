/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * sccp_routing - what to do with an SCCP message that came in, and where one goes that is sent
 * (SCRC and SCLC of Q.714-2 and 4), by the table of global titles (sccp_translation.h) and by what
 * subsystem management knows (sccp_management.h).
 *
 * Pure: octets and time in, a verdict and octets to send out. This node is an endpoint, no relay:
 * it delivers to local subsystems and returns everything else.
 *
 * Life cycle: sccp_routing_init -> sccp_routing_equip for each local SSN, optionally
 * sccp_routing_manage, and sccp_translation_add for each rule -> sccp_routing_receive per message,
 * sccp_routing_send per route, sccp_manager_time when due. The struct holds no memory; nothing to
 * destroy. One thread. Handlers don't call back into it.
 */
#ifndef SIGTRAN_FSM_SCCP_ROUTING_H
#define SIGTRAN_FSM_SCCP_ROUTING_H

#include "sigtran/base/bytes.h"
#include "sigtran/base/status.h"
#include "sigtran/codec/sccp.h"
#include "sigtran/fsm/sccp_management.h"
#include "sigtran/fsm/sccp_translation.h"

enum sccp_verdict {
    SCCP_VERDICT_DELIVER,  /* N-UNITDATA indication: message.data is for the user at `ssn` */
    SCCP_VERDICT_SEGMENT,  /* a part of a message for the user at `ssn`: for sccp_reassembly */
    SCCP_VERDICT_NOTICE,   /* N-NOTICE indication: a message of the user at `ssn` came back with
                              `cause`; message.data is what that user had sent */
    SCCP_VERDICT_RETURNED, /* not for us: `reply` holds the UDTS, XUDTS or LUDTS to send */
    SCCP_VERDICT_DROPPED,  /* nothing to do; `status` or `cause` says why */
    SCCP_VERDICT_MANAGED,  /* SCMG: `management` is decoded; `reply` may hold an SSA to send */
};

/* Counters; a name each, for statistics. */
#define SCCP_ROUTING_COUNTER_LIST(X)                                                               \
    X(received, "messages received")                                                               \
    X(delivered, "messages delivered to a local subsystem")                                        \
    X(notices, "own messages returned by the network or the peer")                                 \
    X(returned, "messages returned to their sender")                                               \
    X(malformed, "messages dropped because their octets are wrong")                                \
    X(unsupported, "messages dropped because of their type")                                       \
    X(no_translation, "messages for a global title without a translation")                         \
    X(elsewhere, "messages for a global title that leads to another node")                         \
    X(unequipped, "messages for a subsystem that is not here")                                     \
    X(prohibited, "messages for a local subsystem that is out of service")                         \
    X(hop_violations, "messages whose hop counter was used up")                                    \
    X(dropped_no_return, "undeliverable messages dropped without return option")                   \
    X(notices_lost, "returned messages for a subsystem that is not here")                          \
    X(notices_partial, "returned later segments, of which the first one tells the user")           \
    X(management, "subsystem management messages")                                                 \
    X(status_tests_answered, "subsystem status tests answered with SSA")                           \
    X(reply_failed, "replies that could not be encoded")

struct sccp_routing_counters {
#define SCCP_ROUTING_COUNTER_FIELD(name, text) uint64_t name;
    SCCP_ROUTING_COUNTER_LIST(SCCP_ROUTING_COUNTER_FIELD)
#undef SCCP_ROUTING_COUNTER_FIELD
};

/* Does MTP reach the point code by this AS now? NULL: always. */
typedef bool (*sccp_routing_reaches)(void *context, uint32_t as, uint32_t pc);

/* Fields are this module's own, but for `translation`, which rules are added to, for the time of
 * `manager`, and for reading `counters`. */
struct sccp_routing {
    enum sccp_variant variant;
    uint32_t local_pc;
    uint8_t default_ssn;
    bool ignores_remote_status;
    sccp_routing_reaches reaches;
    void *reaches_context;
    struct sccp_translation translation;
    struct sccp_manager manager;
    struct sccp_routing_counters counters;
};

struct sccp_indication {
    enum sccp_verdict verdict;
    enum p7_status status; /* DROPPED: what sccp_decode said, or P7_OK when `cause` says it */
    uint8_t ssn;           /* DELIVER, NOTICE: the local subsystem */
    uint8_t cause;         /* NOTICE, RETURNED, DROPPED with P7_OK: enum sccp_return_cause */
    uint32_t reply_dpc;    /* where `reply` goes */
    struct bytes reply;    /* written into the caller's writer; length 0: nothing to send */
    struct sccp_message message;
    struct sccp_management management; /* MANAGED */
};

/*
 * `default_ssn`: the subsystem of a message routed on a global title that has neither an SSN nor a
 * title with one; 0 for none.
 */
void sccp_routing_init(struct sccp_routing *routing, enum sccp_variant variant, uint32_t local_pc,
                       uint8_t default_ssn);

/* Subsystem management with settings of its own, before sccp_routing_equip; without this it has
 * its defaults and sends nothing by itself. `ignores_remote_status`: what it knows of remote nodes
 * and subsystems keeps no message back. Errors as sccp_manager_init. */
enum p7_status sccp_routing_manage(struct sccp_routing *routing,
                                   const struct sccp_manager_config *config,
                                   const struct sccp_manager_handler *handler,
                                   bool ignores_remote_status) P7_MUST_CHECK;

/* Backups in the table are taken when this says that the primary is out of reach. */
void sccp_routing_watch(struct sccp_routing *routing, sccp_routing_reaches reaches, void *context);

/* As sccp_manager_equip. */
enum p7_status sccp_routing_equip(struct sccp_routing *routing, uint8_t ssn) P7_MUST_CHECK;

/* As sccp_manager_set_in_service: returns say "subsystem failure" from then on, or no more. */
enum p7_status sccp_routing_set_in_service(struct sccp_routing *routing, uint8_t ssn,
                                           bool in_service) P7_MUST_CHECK;

/*
 * A message of the MTP (MTP-TRANSFER indication). Once a rule says which titles are ours (local),
 * others are not; without one all are: the network in front of us has chosen us already. The
 * indication's message borrows `octets`, its reply lies in `reply` (SCCP_REPLY_OCTETS are enough).
 * Never fails: what is wrong is a verdict and a counter.
 */
void sccp_routing_receive(struct sccp_routing *routing, uint32_t opc, struct bytes octets,
                          int64_t now_ns, struct bytes_writer *reply,
                          struct sccp_indication *indication);

/*
 * Gives back a message that was accepted and could not be delivered in the end: its first segment,
 * when the others did not come (Q.714-4.1.1.2.3). `indication->message` is that message; the rest
 * is set as by sccp_routing_receive: RETURNED with a reply, or DROPPED.
 */
void sccp_routing_return(struct sccp_routing *routing, uint32_t opc, uint8_t cause,
                         struct bytes_writer *reply, struct sccp_indication *indication);

/* An LUDTS with the longest data, addresses and both options. */
#define SCCP_REPLY_OCTETS (SCCP_LUDT_DATA_OCTETS + 80)

/* Where a called address leads. */
struct sccp_routing_way {
    bool is_translated; /* by a rule: `as`, `dpc` and `called` are the rule's */
    uint32_t as;
    uint32_t dpc;
    struct sccp_party called;
};

/*
 * The way for a called address of ours (Q.714-2.3.2): with `by_title` and a title that a rule for
 * elsewhere fits, the first of its routes that is open, else unchanged and to `way->dpc` as the
 * caller has set it
 * (`is_translated` false, `called` not touched).
 * P7_STATE: all are closed; `cause` says why (sccp_manager_is_open; MTP failure where `reaches`
 * says no). P7_RANGE: the rule makes no valid address of it.
 */
enum p7_status sccp_routing_send(const struct sccp_routing *routing,
                                 const struct sccp_party *called, bool by_title,
                                 struct sccp_routing_way *way, uint8_t *cause) P7_MUST_CHECK;

#endif
