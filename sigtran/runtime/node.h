/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * node - a signalling point: SCTP, M3UA, SCCP and TCAP put together. It carries out what the state
 * machines decide, and gives its user (the simulated network, or the charging application)
 * dialogues.
 *
 * Life cycle: node_open -> node_start -> (node_ready, node_turn) ... -> node_close, all on one
 * thread. The owner's loop
 *   - calls node_ready when node_fd() is readable,
 *   - calls node_turn once a turn; it does what is due, and sends what the turn has produced,
 *   - sleeps no longer than until node_deadline_ns().
 * Handlers are called from inside of node_ready, node_turn and node_send. They may start, send on
 * and drop dialogues.
 *
 * ASPs with sctp-role client connect, and connect again with a growing pause when they lose their
 * association. An association that comes in is given to a configured server ASP: the first free one
 * whose local port and remote addresses (where configured) fit; if none does, it is aborted.
 */
#ifndef SIGTRAN_RUNTIME_NODE_H
#define SIGTRAN_RUNTIME_NODE_H

#include <stdbool.h>
#include <stdint.h>

#include "sigtran/base/point_code.h"
#include "sigtran/base/status.h"
#include "sigtran/codec/sccp.h"
#include "sigtran/fsm/m3ua_endpoint.h"
#include "sigtran/fsm/sccp_reassembly.h"
#include "sigtran/fsm/sccp_routing.h"
#include "sigtran/fsm/sccp_segmentation.h"
#include "sigtran/fsm/tcap_dialogue.h"
#include "sigtran/runtime/capture.h"
#include "sigtran/transport/transport.h"

#define NODE_NAME_OCTETS   64
#define NODE_DETAIL_OCTETS 320

/* SCCP, Q.704-14.2.1 service indicator. */
#define NODE_SERVICE_SCCP 3

struct node_asp {
    char name[NODE_NAME_OCTETS];
    bool sctp_client;
    bool start_inactive; /* comes up without traffic until node_asp_activate asks for it */
    struct transport_endpoint endpoint;
    struct m3ua_asp_config m3ua;
};

struct node_as {
    char name[NODE_NAME_OCTETS];
    uint8_t group; /* ASs of other groups have no say in our dialogues over this one; 0: none */
    struct m3ua_as_config m3ua;
};

struct node_config {
    struct transport_settings transport;
    /* NULL: transport_open with `transport`. Tests put the node on a memory_network by it, which
     * transport_open has no way to. */
    enum p7_status (*transport_opener)(void *context, const struct transport_handler *handler,
                                       struct transport **transport);
    void *transport_opener_context;
    uint32_t point_code;                        /* ours: the OPC of what we send */
    struct point_code_format point_code_format; /* how they are shown and typed; zeros: ITU's */
    uint8_t network_indicator;
    bool has_network_appearance;
    uint32_t network_appearance;
    uint8_t ssn;                /* of the local user */
    bool ignores_remote_status; /* sends also to what subsystem management says is closed */
    enum sccp_variant sccp_variant;
    bool sccp_basic_class; /* what we send is of class 0, not 1 */
    bool no_return_option; /* and does not ask to come back when it can't be delivered */
    enum sccp_long_messages long_messages;
    int64_t t_reass_ns;                         /* T(reass) of Q.714; 0 = 10 s */
    const struct sccp_translation *translation; /* NULL: none; copied; its `as` are indices here */
    struct sccp_manager_config management;      /* variant and local_pc are the node's */
    uint32_t asp_count;
    const struct node_asp *asp; /* copied */
    uint32_t as_count;
    enum m3ua_registration registration; /* what an SG of ours lets be registered */
    const struct node_as *as;            /* copied */
    uint32_t dialogues_max;
    uint32_t user_octets;     /* of the user's state in each dialogue */
    int64_t inactivity_ns;    /* silence that ends a dialogue, 0 = never */
    uint16_t generation;      /* tcap_dialogue_settings.generation_first */
    int64_t reconnect_min_ns; /* first pause before an association is tried again; 0 = 250 ms */
    int64_t reconnect_max_ns; /* it doubles up to this; 0 = 5 s */
    bool no_queue;            /* AS-PENDING refuses: see m3ua_as_config.no_queue */
    struct capture_settings capture; /* of every message; its path NULL: none */
};

/* Where the messages of a dialogue go. */
struct node_route {
    uint32_t as;  /* first: the origin of tcap_dialogue */
    uint32_t asp; /* the one that the dialogue came over, M3UA_ENDPOINT_NONE: the AS chooses */
    uint32_t dpc;
    uint8_t sls;
    bool by_title; /* where the table has the title of `called`, it says AS and DPC of a message */
    struct sccp_party called;
    struct sccp_party calling;
};

/* Something worth a line in a log and in events.csv. */
enum node_severity { NODE_INFO, NODE_WARNING, NODE_ERROR };

struct node_event {
    enum node_severity severity;
    const char *source;              /* "sctp", "m3ua", "sccp", "tcap" */
    const char *event;               /* a short word that does not change: "association-up" */
    char detail[NODE_DETAIL_OCTETS]; /* names the thing, the value, and the way out */
};

struct node_handler {
    void *context;
    /* Of what each peer causes only so many are told (64 at once, 8 a second): "events-held-back"
     * then says how many were not. */
    void (*event)(void *context, const struct node_event *event, int64_t now_ns);
    /* A TCAP indication for the user; `route` is where it came from (NULL for TIMEOUT). DISCARDED
     * ones are counted, not told. */
    void (*dialogue)(void *context, const struct tcap_dialogue_indication *indication,
                     const struct node_route *route);
    /* A CONTINUE for a dialogue that is over. True: the user has answered it (node_send_end_to),
     * and it is not aborted. May be NULL. */
    bool (*stray)(void *context, const struct tcap_dialogue_indication *indication,
                  const struct node_route *route);
    /* A message that decodes and that no dialogue takes: its dialogue is over, or it comes from
     * another than the peer. To look at; what TCAP answers to it goes out all the same. Not told
     * when `stray` has answered it. May be NULL. */
    void (*discarded)(void *context, const struct tcap_dialogue_indication *indication,
                      const struct node_route *route);
};

/* What the node itself counts, beside the counters of its layers. */
struct node_counters {
    uint64_t associations_refused; /* no configured ASP was free for it */
    uint64_t wrong_ppid;           /* SCTP messages that are not M3UA */
    uint64_t wrong_service;        /* DATA that is not SCCP */
    uint64_t reconnects;
    uint64_t replies_unsent;   /* UDTS, ABORT and the like that found no room or no way */
    uint64_t encode_failures;  /* own messages that did not fit their buffers */
    uint64_t events_held_back; /* not told, since their peer caused too many */
};

struct node;

/* Opens the transport and builds the stack; `verdict` as transport_open gives it, or what is wrong
 * with the configuration. */
enum p7_status node_open(const struct node_config *config, const struct node_handler *handler,
                         struct node **out, char *verdict, size_t verdict_octets) P7_MUST_CHECK;
void node_close(struct node *node);

/* Listens and connects. On failure `error` names the ASP, its address and the way out. */
enum p7_status node_start(struct node *node, int64_t now_ns, char *error,
                          size_t error_octets) P7_MUST_CHECK;

/* Begins a good ending: ASPs of ours say ASP DOWN, then each association is shut down
 * (RFC9260-9.2, RFC4666-4.9), which delivers what is queued first. Nothing is connected again. */
void node_shutdown(struct node *node, int64_t now_ns);
/* No association is left. */
bool node_is_shut(const struct node *node);

int node_fd(const struct node *node);
void node_ready(struct node *node, int64_t now_ns);
void node_turn(struct node *node, int64_t now_ns);
int64_t node_deadline_ns(const struct node *node);

/* Fills in everything but the parties. */
enum p7_status node_route_to_as(const struct node *node, const char *as_name,
                                struct node_route *route) P7_MUST_CHECK;
/* Could a message go to this AS now, and to this destination there (RFC4666-3.4.1)? */
bool node_route_is_open(const struct node *node, const struct node_route *route);
/* And could its answer come back? That is another question in a double exchange
 * (RFC4666-4.3.4.1.2), where the peer's half is what we may send to, and ours what we are sent. */
bool node_route_is_two_way(const struct node *node, const struct node_route *route);

/* The way to a called address by the table of global titles: everything but the SLS and the calling
 * party, with AS and DPC of the primary; a message takes a backup when that is closed.
 * P7_NOT_FOUND: no entry of the table leads elsewhere with it; else what is wrong with it. */
enum p7_status node_route_by_title(const struct node *node, const struct sccp_party *called,
                                   struct node_route *route) P7_MUST_CHECK;

/* P7_FULL: all dialogues are in use. */
enum p7_status node_dialogue_open(struct node *node, int64_t now_ns, const struct node_route *route,
                                  uint32_t *dialogue) P7_MUST_CHECK;

/*
 * Encodes and sends a message of the dialogue. P7_STATE: the route is closed or the dialogue does
 * not allow the primitive; nothing was sent and the dialogue is as before. P7_FULL: the send queue
 * has no room, or the association is just ending; the message is lost and the dialogue has moved on
 * as if it had been sent.
 */
enum p7_status node_send(struct node *node, int64_t now_ns, uint32_t dialogue,
                         enum tcap_send_primitive primitive,
                         const struct tcap_request *request) P7_MUST_CHECK;

/* As node_send, by another AS than that of the dialogue, which the dialogue keeps: for a message
 * inside of a dialogue whose own way is closed. The transaction ids are the same; only a peer that
 * shares its dialogues between its nodes can make something of it. */
enum p7_status node_send_by(struct node *node, int64_t now_ns, uint32_t dialogue,
                            const struct node_route *route, enum tcap_send_primitive primitive,
                            const struct tcap_request *request) P7_MUST_CHECK;

/* Sends the BEGIN of a dialogue that has heard nothing yet once more, with the same transaction id;
 * over another route when one is given. Errors as node_send. */
enum p7_status node_resend_begin(struct node *node, int64_t now_ns, uint32_t dialogue,
                                 const struct node_route *route,
                                 const struct tcap_request *request) P7_MUST_CHECK;

/* An END to a transaction of the peer's that no dialogue here belongs to any more: the answer to a
 * request that came again after its dialogue was over. Errors as node_send. */
enum p7_status node_send_end_to(struct node *node, int64_t now_ns, const struct node_route *route,
                                struct tcap_transaction_id peer_id,
                                const struct tcap_request *request) P7_MUST_CHECK;

/* The same where there is nothing to answer: ABORT, unrecognized transaction id, which TCAP sends
 * itself where `stray` says no. Errors as node_send. */
enum p7_status node_send_abort_to(struct node *node, int64_t now_ns, const struct node_route *route,
                                  struct tcap_transaction_id peer_id) P7_MUST_CHECK;

/* Forgets the dialogue, telling nobody. */
void node_dialogue_drop(struct node *node, uint32_t dialogue);
/* Forgets it and tells the peer by U-ABORT where it knows the dialogue (Q.774-3.2.1.2). */
void node_dialogue_abort(struct node *node, int64_t now_ns, uint32_t dialogue);
void *node_dialogue_user(const struct node *node, uint32_t dialogue);

/*
 * Asks for the ASP's traffic in all its ASs (ASP ACTIVE), or gives it back (ASP INACTIVE). Holds
 * until told otherwise, across associations: an ASP set inactive comes up inactive, and one that
 * lost its traffic to another one (override) asks again. Carried out in the next node_turn, so it
 * may be called from inside of handlers; the last word before that counts. What the peer makes of
 * it is told by events ("traffic", "as-state", "notify"), and node_asp_carries says how it stands.
 *
 * Whoever moves an AS from one node to another one activates the new one first (the traffic moves
 * without a gap: RFC4666-4.3.4.3) and sets the old one inactive then, also when that is out of
 * reach of the peer: with its next association it would ask for the traffic again.
 *
 * P7_STATE: our role is SG, the ASP is the peer's. P7_NOT_FOUND: no such ASP.
 */
enum p7_status node_asp_activate(struct node *node, uint32_t asp, bool active,
                                 int64_t now_ns) P7_MUST_CHECK;
/* Does the ASP carry traffic of at least one AS now? */
bool node_asp_carries(const struct node *node, uint32_t asp);

/* The local user goes out of service or comes back; concerned point codes are told (SSP, SSA). As
 * sccp_manager_set_in_service. */
enum p7_status node_set_in_service(struct node *node, uint8_t ssn, bool in_service,
                                   int64_t now_ns) P7_MUST_CHECK;
/* Asks the replicate whether it may (SOR). As sccp_manager_request_change; the events
 * "out-of-service-granted" and "out-of-service-denied" tell the answer. */
enum p7_status node_request_out_of_service(struct node *node, uint8_t ssn,
                                           int64_t now_ns) P7_MUST_CHECK;

/* The layers, to look at. */
struct transport *node_transport(const struct node *node);
const struct m3ua_endpoint *node_m3ua(const struct node *node);
const struct tcap_dialogue_table *node_dialogues(const struct node *node);
const struct sccp_routing *node_sccp(const struct node *node);
const struct sccp_segmentation_counters *node_sccp_segmentation(const struct node *node);
const struct sccp_reassembly *node_sccp_reassembly(const struct node *node);
/* NULL: none is made. */
const struct capture *node_capture(const struct node *node);
struct node_counters node_get_counters(const struct node *node);
uint32_t node_asp_count(const struct node *node);
const struct node_asp *node_asp_at(const struct node *node, uint32_t asp);
uint32_t node_as_count(const struct node *node);
const struct node_as *node_as_at(const struct node *node, uint32_t as);

#endif
