/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * node_internal - what the files of the node share: node.c (life cycle), node_association.c (SCTP
 * to ASP), node_dialogue.c (M3UA data to dialogues and back) and node_sccp.c (ways and
 * subsystem management).
 */
#ifndef SIGTRAN_RUNTIME_NODE_INTERNAL_H
#define SIGTRAN_RUNTIME_NODE_INTERNAL_H

#include "sigtran/runtime/node.h"

/* An MTP3-user message that we build: an LUDT with its longest data is the longest. */
#define NODE_MESSAGE_OCTETS 4096

/* What node_asp_activate was told and node_turn has not done yet. */
enum node_activation { NODE_ACTIVATION_NONE, NODE_ACTIVATION_ACTIVE, NODE_ACTIVATION_INACTIVE };

/* One per configured ASP: its association and when to try for another one. */
struct node_link {
    uint32_t association; /* TRANSPORT_ASSOCIATION_NONE: none */
    bool is_up;           /* EVENT_UP was seen */
    int64_t retry_at_ns;
    int64_t pause_ns;
    enum node_activation activation;
};

/* Events that a peer may still cause to be told; the last one is for peers that are no ASP. */
struct node_quota {
    int64_t at_ns;
    uint32_t left;
    uint64_t held_back;
};

#define NODE_ACTING_SELF UINT32_MAX

struct node_listener {
    uint32_t listener;
    uint16_t port;
};

struct node {
    struct node_config config;
    struct node_asp *asp; /* own copies */
    struct node_as *as;
    struct node_handler handler;
    struct transport *transport;
    struct capture *capture; /* NULL: none */
    struct m3ua_endpoint *m3ua;
    struct sccp_routing sccp;
    struct sccp_segmenter segmenter;
    struct sccp_reassembly *reassembly;
    uint32_t as_in; /* by which the message came that is being taken, M3UA_ENDPOINT_NONE: none is */
    struct tcap_dialogue_table *dialogues;
    struct node_link *link;                          /* by ASP */
    uint32_t asp_of_association[LIMIT_ASSOCIATIONS]; /* M3UA_ENDPOINT_NONE: of none */
    uint32_t listener_count;
    struct node_listener listener[LIMIT_ASSOCIATIONS];
    struct node_quota *quota; /* by ASP, and one more */
    uint32_t acting;          /* whose doing the present call is: an index of `quota`, or SELF */
    bool is_shutting;
    bool has_activations; /* one of the links' is not NONE */
    int64_t now_ns;       /* of the call that is being carried out */
    struct node_counters counters;
    uint8_t tcap_octets[NODE_MESSAGE_OCTETS];
    uint8_t sccp_octets[NODE_MESSAGE_OCTETS];
};

/* Tells the user; the format is printf's. */
void node_tell(struct node *node, enum node_severity severity, const char *source,
               const char *event, const char *format, ...) __attribute__((format(printf, 5, 6)));

/* --- node_association.c --- */
void node_on_transport_message(void *context, uint32_t association,
                               const struct transport_message *message);
void node_on_transport_event(void *context, uint32_t association,
                             const struct transport_event *event);
enum p7_status node_listen_all(struct node *node, char *error, size_t error_octets) P7_MUST_CHECK;
/* Starts associations of client ASPs that are due. */
void node_connect_due(struct node *node, int64_t now_ns);
int64_t node_connect_deadline_ns(const struct node *node);

/* --- node_m3ua_network.c --- */
/* What has happened, in words: a destination has changed, a routing key was registered. */
void node_tell_ssnm(struct node *node, const char *asp, const char *as,
                    const struct m3ua_endpoint_event *event);
void node_tell_registration(struct node *node, const char *asp, const char *as,
                            const struct m3ua_endpoint_event *event);

/* --- node_show_routes.c --- */
struct page;
void node_show_routes(const struct node *node, struct page *page);
void node_show_queues(const struct node *node, struct page *page);

/* --- node_dialogue.c --- */
void node_on_data(void *context, uint32_t as, uint32_t asp, const struct m3ua_data *data,
                  int64_t now_ns);
void node_expire_dialogues(struct node *node, int64_t now_ns);
void node_expire_reassemblies(struct node *node, int64_t now_ns);
/* An SCCP message as it stands; errors as m3ua_endpoint_transfer. */
enum p7_status node_transfer(struct node *node, int64_t now_ns, const struct node_route *route,
                             struct bytes payload) P7_MUST_CHECK;
bool node_reaches(const struct node *node, uint32_t as, uint32_t dpc);

/* --- node_sccp.c --- */
enum p7_status node_create_sccp(struct node *node) P7_MUST_CHECK;
/* Where a message of the route goes now. P7_STATE: nowhere; errors as sccp_routing_send. */
enum p7_status node_find_way(const struct node *node, const struct node_route *route,
                             struct node_route *way) P7_MUST_CHECK;
/* What M3UA says of a destination is MTP's word to SCCP (Q.714-5.2). */
void node_on_ssnm(struct node *node, const struct m3ua_endpoint_event *event, int64_t now_ns);
/* An AS has changed: what was out of reach may be reached now. */
void node_review_points(struct node *node);

#endif
