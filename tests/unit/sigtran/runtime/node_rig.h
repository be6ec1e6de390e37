/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * node_rig - nodes on an in-memory network and on virtual time: no socket, no clock, no thread.
 *
 *     rig_open(&rig, seed, faults) -> rig_add(...) for each node -> rig_run(&rig, until_ns) ...
 *     -> rig_close(&rig)
 *
 * The user of a side notes what it is told, and may answer each BEGIN and CONTINUE by itself.
 */
#ifndef TESTS_UNIT_SIGTRAN_RUNTIME_NODE_RIG_H
#define TESTS_UNIT_SIGTRAN_RUNTIME_NODE_RIG_H

#include <string.h>

#include "sigtran/base/timer_heap.h"
#include "sigtran/codec/cap.h"
#include "sigtran/runtime/node.h"
#include "sigtran/transport/memory_network.h"
#include "tests/unit/unit.h"

#define RIG_MS         1000000LL
#define RIG_SEC        1000000000LL
#define RIG_SIDES_MAX  4
#define RIG_EVENTS_MAX 512
#define RIG_PORT       2905
#define RIG_CONTEXT    100

struct rig_event {
    const char *event;
    int64_t at_ns;
    char detail[NODE_DETAIL_OCTETS];
};

struct rig;

struct rig_side {
    struct rig *rig;
    struct node *node;
    const char *ip;
    struct transport_handler handler; /* the node's own */
    /* May look at what comes in; false: the node never sees it. NULL: it sees all. */
    bool (*passes)(void *context, const struct transport_message *message);
    void *passes_context;
    bool answers; /* each BEGIN and CONTINUE, at once, by `answer` */
    enum tcap_send_primitive answer;
    enum p7_status answered;              /* what node_send gave */
    uint32_t told[TCAP_IND_TIMEOUT + 1];  /* by enum tcap_indication_type */
    struct tcap_dialogue_indication last; /* its message and reply are no more */
    struct node_route route;              /* of the last one */
    uint32_t event_count;
    struct rig_event event[RIG_EVENTS_MAX];
};

struct rig {
    struct memory_network *network;
    int64_t now_ns;
    uint32_t side_count;
    struct rig_side side[RIG_SIDES_MAX];
};

static const struct memory_faults rig_calm = {.delay_min_ns = RIG_MS, .delay_max_ns = RIG_MS};

static inline void rig_open(struct rig *rig, uint64_t seed, const struct memory_faults *faults)
{
    memset(rig, 0, sizeof(*rig));
    rig->now_ns = RIG_SEC;
    CU_ASSERT_EQUAL_FATAL(memory_network_create(seed, faults, &rig->network), P7_OK);
}

static inline void rig_close(struct rig *rig)
{
    for (uint32_t i = 0; i < rig->side_count; i++)
        node_close(rig->side[i].node);
    memory_network_destroy(rig->network);
}

static inline void rig_on_message(void *context, uint32_t association,
                                  const struct transport_message *message)
{
    const struct rig_side *side = context;
    if (side->passes == NULL || side->passes(side->passes_context, message))
        side->handler.message(side->handler.context, association, message);
}

static inline void rig_on_transport_event(void *context, uint32_t association,
                                          const struct transport_event *event)
{
    const struct rig_side *side = context;
    side->handler.event(side->handler.context, association, event);
}

static inline enum p7_status rig_opener(void *context, const struct transport_handler *handler,
                                        struct transport **transport)
{
    struct rig_side *side = context;
    const struct transport_handler through = {
        .context = side, .message = rig_on_message, .event = rig_on_transport_event};
    side->handler = *handler;
    return memory_network_open(side->rig->network, side->ip, &through, transport);
}

static inline enum p7_status rig_send(struct rig_side *side, uint32_t dialogue,
                                      enum tcap_send_primitive primitive)
{
    const struct tcap_component invoke = tcap_invoke(1, CAP_CONTINUE);
    const struct tcap_request request = {.components = &invoke, .component_count = 1};
    return node_send(side->node, side->rig->now_ns, dialogue, primitive, &request);
}

static inline void rig_on_dialogue(void *context, const struct tcap_dialogue_indication *indication,
                                   const struct node_route *route)
{
    struct rig_side *side = context;
    side->told[indication->type]++;
    side->last = *indication;
    if (route != NULL)
        side->route = *route;
    if (side->answers &&
        (indication->type == TCAP_IND_BEGIN || indication->type == TCAP_IND_CONTINUE))
        side->answered = rig_send(side, indication->dialogue, side->answer);
}

static inline void rig_on_event(void *context, const struct node_event *event, int64_t now_ns)
{
    struct rig_side *side = context;
    if (side->event_count == RIG_EVENTS_MAX)
        return;
    struct rig_event *noted = &side->event[side->event_count++];
    noted->event = event->event;
    noted->at_ns = now_ns;
    (void)snprintf(noted->detail, sizeof(noted->detail), "%s", event->detail);
}

static inline uint32_t rig_events(const struct rig_side *side, const char *event)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < side->event_count; i++)
        count += strcmp(side->event[i].event, event) == 0;
    return count;
}

static inline struct sctp_profile rig_profile(void)
{
    return (struct sctp_profile){.rto_initial_ms = 500,
                                 .rto_min_ms = 200,
                                 .rto_max_ms = 800,
                                 .association_max_retrans = 4,
                                 .init_max_attempts = 2,
                                 .init_timeout_max_ms = 1000,
                                 .streams_out = 8,
                                 .streams_in = 8};
}

/* An ASP that connects to `remote_ip`. */
static inline struct node_asp rig_asp_client(const char *name, const char *remote_ip)
{
    struct node_asp asp = {
        .sctp_client = true,
        .endpoint = {.local_port = RIG_PORT,
                     .remote_port = RIG_PORT,
                     .remote_ip_count = 1,
                     .profile = rig_profile()},
        .m3ua = {.role = ASP_ROLE_ASP, .wants_up = true, .wants_active = true},
    };
    (void)snprintf(asp.name, sizeof(asp.name), "%s", name);
    (void)snprintf(asp.endpoint.remote_ip[0], TRANSPORT_IP_TEXT_OCTETS, "%s", remote_ip);
    return asp;
}

/* An ASP as its SG sees it; `remote_ip` NULL: from anywhere. */
static inline struct node_asp rig_asp_server(const char *name, const char *remote_ip)
{
    struct node_asp asp = {
        .endpoint = {.local_port = RIG_PORT, .profile = rig_profile()},
        .m3ua = {.role = ASP_ROLE_SG},
    };
    (void)snprintf(asp.name, sizeof(asp.name), "%s", name);
    if (remote_ip != NULL) {
        asp.endpoint.remote_ip_count = 1;
        (void)snprintf(asp.endpoint.remote_ip[0], TRANSPORT_IP_TEXT_OCTETS, "%s", remote_ip);
    }
    return asp;
}

/* One AS, "as", of all the ASPs. */
static inline struct node_as rig_as(uint32_t point_code, uint32_t asp_count,
                                    enum as_traffic_mode mode)
{
    struct node_as as = {.name = "as",
                         .m3ua = {.has_routing_context = true,
                                  .routing_context = RIG_CONTEXT,
                                  .point_code = point_code,
                                  .traffic_mode = mode,
                                  .asp_count = asp_count}};
    for (uint32_t i = 0; i < asp_count; i++)
        as.m3ua.asp[i] = i;
    return as;
}

static inline struct node_config rig_config(uint32_t point_code, const struct node_asp *asp,
                                            uint32_t asp_count, const struct node_as *as)
{
    return (struct node_config){
        .point_code = point_code,
        .network_indicator = 2,
        .ssn = SCCP_SSN_CAP,
        .asp_count = asp_count,
        .asp = asp,
        .as_count = 1,
        .as = as,
        .dialogues_max = 64,
        .user_octets = 8,
        .reconnect_min_ns = 250 * RIG_MS,
        .reconnect_max_ns = 2 * RIG_SEC,
    };
}

/* Opens and starts a node at `ip`; `handler` NULL: the rig's own. */
static inline struct rig_side *rig_add(struct rig *rig, const char *ip, struct node_config *config,
                                       const struct node_handler *handler)
{
    char text[256];
    CU_ASSERT_FATAL(rig->side_count < RIG_SIDES_MAX);
    struct rig_side *side = &rig->side[rig->side_count++];
    const struct node_handler own = {
        .context = side, .dialogue = rig_on_dialogue, .event = rig_on_event};
    side->rig = rig;
    side->ip = ip;
    side->last.dialogue = TCAP_DIALOGUE_INVALID;
    config->transport_opener = rig_opener;
    config->transport_opener_context = side;
    CU_ASSERT_EQUAL_FATAL(
        node_open(config, handler == NULL ? &own : handler, &side->node, text, sizeof(text)),
        P7_OK);
    CU_ASSERT_EQUAL_FATAL(node_start(side->node, rig->now_ns, text, sizeof(text)), P7_OK);
    return side;
}

static inline int64_t rig_deadline_ns(const struct rig *rig)
{
    int64_t at_ns = TIMER_NEVER_NS;
    for (uint32_t i = 0; i < rig->side_count; i++) {
        const int64_t of_ns =
            rig->side[i].node == NULL ? TIMER_NEVER_NS : node_deadline_ns(rig->side[i].node);
        at_ns = of_ns < at_ns ? of_ns : at_ns;
    }
    return at_ns;
}

static inline void rig_turn(struct rig *rig)
{
    for (uint32_t i = 0; i < rig->side_count; i++) {
        if (rig->side[i].node == NULL)
            continue;
        node_ready(rig->side[i].node, rig->now_ns);
        node_turn(rig->side[i].node, rig->now_ns);
    }
}

/* Turns all nodes whenever one of them asks for it, until `until_ns`. A node that asks again and
 * again without the time moving fails the test. */
static inline void rig_run(struct rig *rig, int64_t until_ns)
{
    unsigned idle = 0;
    for (;;) {
        rig_turn(rig);
        const int64_t at_ns = rig_deadline_ns(rig);
        if (at_ns > until_ns)
            break;
        idle = at_ns > rig->now_ns ? 0 : idle + 1;
        CU_ASSERT_FATAL(idle < 10000);
        rig->now_ns = at_ns > rig->now_ns ? at_ns : rig->now_ns;
    }
    rig->now_ns = until_ns;
}

static inline void rig_run_for(struct rig *rig, int64_t span_ns)
{
    rig_run(rig, rig->now_ns + span_ns);
}

/* The usual pair: side 0 is the ASP (point code 1), side 1 its SG (point code 2). */
static inline void rig_open_pair(struct rig *rig)
{
    rig_open(rig, 1, &rig_calm);
    const struct node_asp server = rig_asp_server("from-asp", NULL);
    const struct node_as towards_asp = rig_as(1, 1, AS_MODE_OVERRIDE);
    struct node_config sg = rig_config(2, &server, 1, &towards_asp);
    const struct node_asp client = rig_asp_client("to-sg", "10.0.0.2");
    const struct node_as towards_sg = rig_as(2, 1, AS_MODE_OVERRIDE);
    struct node_config asp = rig_config(1, &client, 1, &towards_sg);
    /* The SG listens first. */
    rig->side_count = 1;
    (void)rig_add(rig, "10.0.0.2", &sg, NULL);
    rig->side_count = 0;
    (void)rig_add(rig, "10.0.0.1", &asp, NULL);
    rig->side_count = 2;
}

static inline uint32_t rig_association(const struct rig_side *side, uint32_t asp)
{
    return m3ua_endpoint_association(node_m3ua(side->node), asp);
}

/* The way to the side's only AS, to the user `ssn` there. */
static inline struct node_route rig_route(const struct rig_side *side, uint8_t ssn)
{
    struct node_route route;
    CU_ASSERT_EQUAL_FATAL(node_route_to_as(side->node, "as", &route), P7_OK);
    CU_ASSERT_EQUAL_FATAL(sccp_party_set_ssn(&route.called, SCCP_ITU, false, 0, ssn), P7_OK);
    CU_ASSERT_EQUAL_FATAL(sccp_party_set_ssn(&route.calling, SCCP_ITU, false, 0, SCCP_SSN_CAP),
                          P7_OK);
    return route;
}

/* Opens a dialogue and sends its BEGIN. */
static inline uint32_t rig_begin(struct rig_side *side, uint8_t ssn)
{
    uint32_t dialogue = TCAP_DIALOGUE_INVALID;
    const struct node_route route = rig_route(side, ssn);
    CU_ASSERT_EQUAL_FATAL(node_dialogue_open(side->node, side->rig->now_ns, &route, &dialogue),
                          P7_OK);
    CU_ASSERT_EQUAL(rig_send(side, dialogue, TCAP_SEND_BEGIN), P7_OK);
    return dialogue;
}

static inline enum as_state rig_as_state(const struct rig_side *side)
{
    return m3ua_endpoint_as_state(node_m3ua(side->node), 0);
}

#endif
