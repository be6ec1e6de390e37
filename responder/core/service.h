/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * service - the charging service: a CAP request comes in, a decision goes out, accounts change.
 * The pure user of TCAP: no socket, no clock; messages and time are handed in.
 *
 * Life cycle: service_create -> receive, handed_over, close any number of times -> service_destroy.
 * One thread. All memory is had at creation.
 *
 * Order of calls for one message of the peer:
 *
 *     service_receive(service, &dialogue, message, origin, token, now_ns, &reply);
 *     switch (reply.disposition):
 *       NOTHING    nothing to send.
 *       ANSWER     work (CPU, pages, disk), wait reply.delay_ms, send reply.decision unless
 *                  reply.drop, then service_handed_over. `reply` is a value: keep a copy meanwhile.
 *       AGAIN      it came again and had been answered: send reply.decision at once, no work;
 *                  then service_handed_over.
 *       ATTACHED   it came again while its original is still being answered. Where the original's
 *                  reply (of dialogue reply.original_token) reaches the same transaction of the
 *                  peer, nothing more is to be done, and a dialogue opened for it is dropped
 *                  without a message; else send reply.decision when the original's goes out.
 *
 * Sending: decision_write_components, decision_dialogue_portion and the primitive (decision.h).
 * What decision_ends says ends the dialogue. Where a duplicate of a BEGIN has opened a
 * second dialogue while the first (reply.original_token) is open: with the same transaction id of
 * the peer, send the decision in the first and drop the second; with another one the peer has given
 * the first up: service_take_over, and drop the first.
 *
 * A dialogue that ends in another way than by a decision or by the peer's END or ABORT (timeout,
 * P-ABORT, shutdown): service_close. What ends without a report of its duration is charged by our
 * clock since the answer, at most what was granted.
 *
 * Kinds (PROTOCOL table): initialDP with the serviceKey `oneshot_service_key` is a oneshot: one
 * charge, END + continue, no state. initialDP with any other serviceKey starts a call. initialDPSMS
 * is an event. The account is the calling number's; a terminating call (eventTypeBCSM
 * termAttemptAuthorized) pays by the called number's, or by the calling number's where the called
 * number has none. A service with no accounts at all serves everybody for free.
 *
 * applyChargingReport tells the time since answer (TS29.078: elapsed since detection of answer),
 * over the whole call: a report that is lost or comes twice never charges twice.
 *
 * Refusals: unknown account: return error missingCustomerRecord. No credit: END + releaseCall cause
 * 21, releaseSMS cause 21. Unknown operation: reject. Argument wrong: return error, or reject
 * mistyped parameter. Unknown application context: U-ABORT with AARE. All of them end the dialogue,
 * give back what was reserved and charge nothing for the request.
 *
 * Duplicates: the identity of a request is a hash over the originating address, callReferenceNumber
 * (smsReferenceNumber; where there is none the peer's transaction id) and a sequence number: 0 for
 * the BEGIN, then counting the dialogue's requests. A request that begins a dialogue is looked up
 * in the duplicate table; within a dialogue the same invoke ids and content as an earlier request's
 * are a duplicate, also when the call has gone on meanwhile, or is over: a copy that was held up
 * does not say how old it is. One that comes after its dialogue has ended: service_receive_stray.
 *
 * A request that was made (timeAndTimezone) more than SERVICE_WINDOW_S ago, and before the newest
 * one that the table has forgotten, may repeat a forgotten one: with `refuses_old` it is refused by
 * unexpectedDataValue and never charged.
 */
#ifndef RESPONDER_CORE_SERVICE_H
#define RESPONDER_CORE_SERVICE_H

#include <stdbool.h>
#include <stdint.h>

#include "responder/core/account.h"
#include "responder/core/decision.h"
#include "responder/core/duplicate.h"
#include "responder/core/fault.h"
#include "responder/core/siphash.h"
#include "responder/core/statistics.h"
#include "sigtran/codec/tcap.h"

#define SERVICE_ONESHOT_KEY_DEFAULT 1u

/* The window of duplicates: a day. No error of a time zone is as large. */
#define SERVICE_WINDOW_S 86400

/* Causes of our releases: Q.850 and TS24.011 agree on 21. */
#define SERVICE_CAUSE_NORMAL    16u
#define SERVICE_CAUSE_NO_CREDIT 21u /* call rejected; short message transfer rejected */
#define SERVICE_CAUSE_TROUBLE   41u /* temporary failure */

struct service_params {
    const char *account_first; /* first MSISDN of the range; read at creation only */
    uint32_t account_count;    /* 0: no accounts, everybody is served for free */
    uint64_t account_balance;  /* units, each account at start */
    struct tariff tariff;
    struct fault_params fault;
    uint64_t fault_seed;
    uint32_t duplicates_max;         /* entries of the duplicate table */
    uint32_t oneshot_service_key;    /* initialDP with this key is a oneshot; default 1 */
    struct siphash_key identity_key; /* the same on all nodes of a cluster, over all restarts */
    bool asks_information;           /* calls begin with callInformationRequest */
    bool furnishes;                  /* and with furnishChargingInformation */
    bool continues_at_end;    /* the end of a call is answered by continue, not releaseCall */
    bool oneshot_prearranged; /* a oneshot's reply is a CONTINUE that ends the dialogue */
    bool refuses_old;         /* see Duplicates above; needs the wall clock as `now_ns` */
};

/* The key of the identity hash: fixed, since a request is to be known again on any node and after
 * any restart. It is no secret (responder/core/duplicate.h). */
const struct siphash_key *service_identity_key(void);

/* The service's time in whole seconds, as the duplicate table keeps it. */
static inline uint32_t service_wall_s(int64_t now_ns)
{
    return now_ns > 0 ? (uint32_t)(now_ns / 1000000000) : 0;
}

/* tariff.slice_ms 30000, oneshot_service_key 1, all else zero. */
void service_params_init(struct service_params *params);

enum service_dialogue_state {
    SERVICE_DIALOGUE_FRESH, /* zero: no BEGIN was taken */
    SERVICE_DIALOGUE_CALL,
    SERVICE_DIALOGUE_OVER, /* ended, settled */
};

#define SERVICE_DIALOGUE_ANSWERED    (1u << 0) /* the call was answered, at answered_ns */
#define SERVICE_DIALOGUE_IN_FLIGHT   (1u << 1) /* the last request's reply has not gone out */
#define SERVICE_DIALOGUE_TERMINATING (1u << 2) /* T-BCSM */

/* What the service keeps per dialogue. Zeroed memory is a fresh one. The owner keeps it with the
 * dialogue; its fields are the service's. */
struct service_dialogue {
    uint64_t reference[2]; /* hash of originating address and call reference */
    uint64_t charged;      /* for this call until now */
    uint64_t reserved;     /* held for the slice granted */
    uint64_t last_content; /* hash of the last request, invoke ids included */
    int64_t answered_ns;
    uint32_t account;       /* or ACCOUNT_NONE */
    uint32_t used_100ms;    /* reported until now, since answer */
    uint32_t granted_100ms; /* until when the call may last, since answer */
    uint32_t sequence;      /* requests until now */
    struct decision last;   /* reply to the last request */
    uint8_t state;          /* enum service_dialogue_state */
    uint8_t flags;
    uint8_t context;   /* enum cap_application_context */
    uint8_t invoke_id; /* of our last invoke */
};
_Static_assert(sizeof(struct service_dialogue) <= 96, "a million dialogues are to fit in memory");

enum service_disposition {
    SERVICE_NOTHING,
    SERVICE_ANSWER,
    SERVICE_AGAIN,
    SERVICE_ATTACHED,
};

struct service_reply {
    struct decision decision;
    uint8_t disposition; /* enum service_disposition */
    bool drop;           /* planned fault: do all the work, send nothing */
    uint32_t delay_ms;   /* planned fault: send that much later */
    /* What a ledger keeps: */
    struct duplicate_identity identity;
    uint32_t account;        /* or ACCOUNT_NONE */
    uint64_t charged;        /* by this request */
    uint64_t handle;         /* of the duplicate table's entry, or DUPLICATE_HANDLE_NONE */
    uint64_t original_token; /* AGAIN, ATTACHED: `token` of the request that it repeats */
    uint32_t sequence;       /* of the dialogue after this message */
};

#define SERVICE_COUNTER_LIST(X)                                                                    \
    X(no_account, "requests refused as the subscriber has no account")                             \
    X(no_credit, "releases for lack of credit")                                                    \
    X(conflicts, "requests with a known identity and another content")                             \
    X(too_old, "requests from before what the duplicate table remembers")                          \
    X(context_refused, "BEGIN with an application context that is not served")                     \
    X(context_missing, "BEGIN without an application context")                                     \
    X(operation_unknown, "invokes of operations that are not served")                              \
    X(argument_wrong, "invokes whose argument could not be taken")                                 \
    X(component_wrong, "messages with a component that TCAP could not read")                       \
    X(sequence_wrong, "requests that the dialogue's state does not allow")                         \
    X(peer_refused, "our invokes that the peer answered by error or reject")                       \
    X(unreported, "answered calls that ended without a report of their duration")                  \
    X(overload, "requests refused as the workload's queue is full")                                \
    X(overrun, "reports beyond what was granted")                                                  \
    X(shortfall, "units that were due and that the account did not hold")                          \
    X(fault_errors, "planned errors")                                                              \
    X(fault_drops, "planned drops")                                                                \
    X(fault_delays, "planned delays")

struct service_counters {
#define SERVICE_COUNTER_FIELD(name, text) uint64_t name;
    SERVICE_COUNTER_LIST(SERVICE_COUNTER_FIELD)
#undef SERVICE_COUNTER_FIELD
};

struct service {
    struct accounts accounts;
    struct tariff tariff;
    struct duplicate_table duplicates;
    struct fault_plan fault;
    struct siphash_key identity_key;
    uint32_t oneshot_service_key;
    bool asks_information;
    bool furnishes;
    bool continues_at_end;
    bool oneshot_prearranged;
    bool refuses_old;
    bool overload;
    struct statistics statistics; /* of the interval; the owner reads and resets them */
    struct service_counters counters;
};

/* P7_RANGE for parameters out of their bounds, P7_NO_MEMORY. */
enum p7_status service_create(struct service *service,
                              const struct service_params *params) P7_MUST_CHECK;
void service_destroy(struct service *service);

/*
 * A message of the peer in this dialogue: BEGIN, CONTINUE, END or ABORT, as the TCAP layer hands it
 * up (components that it could not read cut off, `fault` set).
 * `origin`: octets that name the originating SCCP address, the same for each message of a peer.
 * `token`: the caller's name for the dialogue; comes back as `original_token`.
 * Any message gives a reply; nothing that a peer sends is an error of this function.
 */
void service_receive(struct service *service, struct service_dialogue *dialogue,
                     const struct tcap_message *message, struct bytes origin, uint64_t token,
                     int64_t now_ns, struct service_reply *reply);

/*
 * A CONTINUE for a dialogue that is no more. True where it repeats the request that ended the
 * dialogue: `reply` has disposition AGAIN or ATTACHED, and its decision (an END) goes to the
 * message's originating transaction id. False: not ours to answer (the TCAP layer aborts it).
 */
bool service_receive_stray(struct service *service, const struct tcap_message *message,
                           struct bytes origin, struct service_reply *reply);

/*
 * The reply (ANSWER or AGAIN) was handed over at `now_ns`, or was dropped as planned; its request
 * had come at `received_ns`. `dialogue` is that of the request, or NULL where it is gone.
 */
void service_handed_over(struct service *service, struct service_dialogue *dialogue,
                         const struct service_reply *reply, int64_t received_ns, int64_t now_ns);

/*
 * While set, requests that would begin a dialogue are refused (return error taskRefused,
 * congestion): nothing is charged or remembered, and a repetition is tried anew. What belongs to
 * open dialogues is still handled, as their money is at stake.
 */
void service_set_overload(struct service *service, bool overload);

/* Ends a dialogue without a message; see above. Closing one that is over does nothing. Returns what
 * was charged by it. */
uint64_t service_close(struct service *service, struct service_dialogue *dialogue, int64_t now_ns);

/* Moves a call from the dialogue `from` into the fresh dialogue `into`. */
void service_take_over(struct service_dialogue *into, struct service_dialogue *from);

#endif
