/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * sccp_routing - what to do with an SCCP message that came in (SCRC and SCLC of Q.714-2 and 4, and
 * the answer to a subsystem status test, Q.714-5.3.4).
 *
 * Pure: octets in, a verdict and octets to send out. This node is an endpoint, no relay: it
 * delivers to local subsystems and returns everything else.
 *
 * Life cycle: sccp_routing_init -> sccp_routing_equip for each local SSN, optionally
 * sccp_routing_add_title for each local global title -> sccp_routing_receive per message. The
 * struct holds no memory; nothing to destroy. One thread.
 */
#ifndef SIGTRAN_FSM_SCCP_ROUTING_H
#define SIGTRAN_FSM_SCCP_ROUTING_H

#include "sigtran/base/bytes.h"
#include "sigtran/base/status.h"
#include "sigtran/codec/sccp.h"

/* Local titles of one node: an own number and a few aliases. */
#define SCCP_ROUTING_TITLES_MAX 16

enum sccp_verdict {
    SCCP_VERDICT_DELIVER,  /* N-UNITDATA indication: message.data is for the user at `ssn` */
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
    X(no_translation, "messages for a global title that is not ours")                              \
    X(unequipped, "messages for a subsystem that is not here")                                     \
    X(prohibited, "messages for a local subsystem that is out of service")                         \
    X(hop_violations, "messages whose hop counter was used up")                                    \
    X(segmented, "messages dropped or returned because they are segments")                         \
    X(dropped_no_return, "undeliverable messages dropped without return option")                   \
    X(notices_lost, "returned messages for a subsystem that is not here")                          \
    X(management, "subsystem management messages")                                                 \
    X(status_tests_answered, "subsystem status tests answered with SSA")                           \
    X(reply_failed, "replies that could not be encoded")

struct sccp_routing_counters {
#define SCCP_ROUTING_COUNTER_FIELD(name, text) uint64_t name;
    SCCP_ROUTING_COUNTER_LIST(SCCP_ROUTING_COUNTER_FIELD)
#undef SCCP_ROUTING_COUNTER_FIELD
};

/* A local global title: its leading digits. */
struct sccp_title {
    char digits[DIGITS_TEXT_OCTETS];
    uint8_t ssn; /* the subsystem that it means when the address has none; 0: none */
};

/* Fields are this module's own, but for reading `counters`. */
struct sccp_routing {
    enum sccp_variant variant;
    uint32_t local_pc;
    uint8_t title_count;
    uint8_t default_ssn;
    uint64_t equipped[4];   /* a bit per SSN */
    uint64_t prohibited[4]; /* a bit per SSN: equipped, but out of service */
    struct sccp_title titles[SCCP_ROUTING_TITLES_MAX];
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

/* A user at this SSN exists from now on; P7_RANGE for 0 (unknown) and 1 (SCMG, always there). */
enum p7_status sccp_routing_equip(struct sccp_routing *routing, uint8_t ssn) P7_MUST_CHECK;

/* Takes an equipped subsystem out of service (returns say "subsystem failure") or back in.
 * P7_NOT_FOUND when it is not equipped. */
enum p7_status sccp_routing_set_in_service(struct sccp_routing *routing, uint8_t ssn,
                                           bool in_service) P7_MUST_CHECK;

/*
 * Makes titles that start with these digits ours. Without any title, all are: the network in front
 * of us has chosen us already. P7_RANGE for digits or SSN, P7_FULL.
 */
enum p7_status sccp_routing_add_title(struct sccp_routing *routing, const char *digits,
                                      uint8_t ssn) P7_MUST_CHECK;

/*
 * A message of the MTP (MTP-TRANSFER indication). The indication's message borrows `octets`, its
 * reply lies in `reply` (SCCP_REPLY_OCTETS are enough for whatever came in a UDT or XUDT; an
 * LUDTS is as long as its LUDT and 64 octets). Never fails: what is wrong is a verdict and a
 * counter.
 */
void sccp_routing_receive(struct sccp_routing *routing, uint32_t opc, struct bytes octets,
                          struct bytes_writer *reply, struct sccp_indication *indication);

#define SCCP_REPLY_OCTETS 512

#endif
