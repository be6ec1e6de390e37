/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * m3ua_endpoint_fixture - M3UA endpoints on virtual time, joined by associations that lose nothing,
 * for the test_m3ua_endpoint*.c files. An association whose far end is nobody keeps what was sent,
 * so that a test can play the peer with bytes of its own.
 */
#ifndef TESTS_UNIT_SIGTRAN_FSM_M3UA_ENDPOINT_FIXTURE_H
#define TESTS_UNIT_SIGTRAN_FSM_M3UA_ENDPOINT_FIXTURE_H

#include <stdlib.h>

#include "sigtran/fsm/m3ua_endpoint.h"
#include "tests/unit/unit.h"

#define SECOND     INT64_C(1000000000)
#define NODES_MAX  4
#define LINKS_MAX  8
#define WIRE_MAX   512
#define EVENTS_MAX 256
#define SENT_MAX   256

struct sent {
    uint16_t stream;
    size_t length;
    uint8_t octets[512];
};

/* What a NTFY said, since the event only borrows it. */
struct notified {
    uint16_t type;
    uint16_t information;
    uint32_t identifier; /* 0: none */
};

struct node {
    struct m3ua_endpoint *ep;
    unsigned index;
    unsigned event_count;
    struct m3ua_endpoint_event event[EVENTS_MAX];
    struct notified notified[EVENTS_MAX]; /* beside its event */
    unsigned data_count;
    uint32_t data_as;
    uint32_t data_asp;
    struct m3ua_data data;
    uint8_t payload[64];
    bool echo; /* answer each DATA from inside of the callback */
    unsigned sent_count;
    struct sent sent[SENT_MAX]; /* to associations whose far end is nobody */
    unsigned abort_count;
    enum p7_status send_status;
    unsigned send_room; /* how many sends still work before send_status shows */
};

/* One association: who is at either end. */
struct link {
    struct node *end[2];
    uint32_t asp[2];
};

struct wire_message {
    uint32_t association;
    unsigned to;
    uint16_t stream;
    size_t length;
    uint8_t octets[512];
};

static struct node nodes[NODES_MAX];
static struct link links[LINKS_MAX];
static struct wire_message wire[WIRE_MAX];
static unsigned wire_head;
static unsigned wire_tail;
static int64_t now_ns;

static enum p7_status on_send(void *context, uint32_t association, uint16_t stream,
                              struct bytes message)
{
    struct node *node = context;
    if (node->send_status != P7_OK && node->send_room == 0)
        return node->send_status;
    if (node->send_status != P7_OK)
        node->send_room--;
    CU_ASSERT_TRUE_FATAL(association < LINKS_MAX && message.length <= 512);
    const unsigned to = links[association].end[0] == node ? 1 : 0;
    if (links[association].end[to] == NULL) {
        CU_ASSERT_TRUE_FATAL(node->sent_count < SENT_MAX);
        struct sent *s = &node->sent[node->sent_count++];
        s->stream = stream;
        s->length = message.length;
        memcpy(s->octets, message.data, message.length);
        return P7_OK;
    }
    CU_ASSERT_TRUE_FATAL(wire_tail < WIRE_MAX);
    struct wire_message *w = &wire[wire_tail++];
    *w = (struct wire_message){
        .association = association, .to = to, .stream = stream, .length = message.length};
    memcpy(w->octets, message.data, message.length);
    return P7_OK;
}

static void on_data(void *context, uint32_t as, uint32_t asp, const struct m3ua_data *data,
                    int64_t at_ns)
{
    struct node *node = context;
    CU_ASSERT_EQUAL(at_ns, now_ns);
    node->data_count++;
    node->data_as = as;
    node->data_asp = asp;
    node->data = *data;
    CU_ASSERT_TRUE_FATAL(data->payload.length <= sizeof(node->payload));
    if (data->payload.length != 0)
        memcpy(node->payload, data->payload.data, data->payload.length);
    node->data.payload.data = node->payload;
    if (!node->echo)
        return;
    const struct m3ua_transfer t = {.as = as,
                                    .opc = data->dpc,
                                    .dpc = data->opc,
                                    .si = data->si,
                                    .ni = data->ni,
                                    .sls = data->sls};
    CU_ASSERT_EQUAL(m3ua_endpoint_transfer_to_asp(node->ep, &t, asp, data->payload, at_ns), P7_OK);
}

static void on_event(void *context, const struct m3ua_endpoint_event *event, int64_t at_ns)
{
    struct node *node = context;
    CU_ASSERT_EQUAL(at_ns, now_ns);
    CU_ASSERT_TRUE_FATAL(node->event_count < EVENTS_MAX);
    if (event->kind == M3UA_EVENT_NOTIFY) {
        const struct m3ua_message *m = event->message;
        const bool named = (m->present & M3UA_HAS_ASP_IDENTIFIER) != 0;
        node->notified[node->event_count] =
            (struct notified){.type = m->status_type,
                              .information = m->status_information,
                              .identifier = named ? m->asp_identifier : 0};
    }
    node->event[node->event_count++] = *event;
}

static void on_abort(void *context, uint32_t association)
{
    struct node *node = context;
    CU_ASSERT_TRUE(links[association].end[0] == node || links[association].end[1] == node);
    node->abort_count++;
}

static inline void fixture_reset(void)
{
    for (unsigned i = 0; i < NODES_MAX; i++)
        m3ua_endpoint_destroy(nodes[i].ep);
    memset(nodes, 0, sizeof(nodes));
    memset(links, 0, sizeof(links));
    wire_head = 0;
    wire_tail = 0;
    now_ns = SECOND;
}

static inline enum p7_status node_create(unsigned index, const struct m3ua_endpoint_config *config)
{
    struct node *node = &nodes[index];
    const struct m3ua_endpoint_handler handler = {
        .context = node, .send = on_send, .data = on_data, .event = on_event, .abort = on_abort};
    node->index = index;
    return m3ua_endpoint_create(config, &handler, &node->ep);
}

/* A node of `asps` ASPs of one role, all in one AS with routing context 7 and point code 700. */
static inline void node_simple(unsigned index, enum asp_role role, uint32_t asps,
                               enum as_traffic_mode mode)
{
    struct m3ua_asp_config asp[4];
    struct m3ua_as_config as = {.has_routing_context = true,
                                .routing_context = 7,
                                .point_code = 700,
                                .traffic_mode = mode,
                                .sends_traffic_mode = true,
                                .t_r_ns = 2 * SECOND,
                                .asp_count = asps,
                                .queue_octets = 4096};
    for (uint32_t i = 0; i < asps; i++) {
        asp[i] = (struct m3ua_asp_config){
            .role = role, .wants_up = role != ASP_ROLE_SG, .wants_active = role != ASP_ROLE_SG};
        as.asp[i] = i;
    }
    const struct m3ua_endpoint_config config = {
        .point_code = 1, .asp_count = asps, .asp = asp, .as_count = 1, .as = &as};
    CU_ASSERT_EQUAL_FATAL(node_create(index, &config), P7_OK);
}

static inline void pump(void)
{
    while (wire_head < wire_tail) {
        const struct wire_message *w = &wire[wire_head++];
        const struct link *l = &links[w->association];
        if (l->end[w->to] != NULL)
            m3ua_endpoint_receive(l->end[w->to]->ep, l->asp[w->to], w->stream,
                                  bytes_of(w->octets, w->length), now_ns);
    }
    wire_head = 0;
    wire_tail = 0;
}

/* Brings up association `a` between two nodes (or with nobody: far NULL); sends nothing yet. */
static inline void link_up(uint32_t a, struct node *near_node, uint32_t near_asp,
                           struct node *far_node, uint32_t far_asp, uint16_t streams)
{
    links[a] = (struct link){.end = {near_node, far_node}, .asp = {near_asp, far_asp}};
    CU_ASSERT_EQUAL(m3ua_endpoint_association_up(near_node->ep, near_asp, a, streams, now_ns),
                    P7_OK);
    if (far_node != NULL)
        CU_ASSERT_EQUAL(m3ua_endpoint_association_up(far_node->ep, far_asp, a, streams, now_ns),
                        P7_OK);
}

static inline void link_down(uint32_t a)
{
    const struct link l = links[a];
    links[a] = (struct link){.end = {NULL, NULL}};
    for (int i = 0; i < 2; i++)
        if (l.end[i] != NULL)
            m3ua_endpoint_association_down(l.end[i]->ep, l.asp[i], now_ns);
}

/* Lets virtual time pass, from deadline to deadline. */
static inline void pass(int64_t duration_ns)
{
    const int64_t until_ns = now_ns + duration_ns;
    for (;;) {
        int64_t next_ns = until_ns;
        for (unsigned i = 0; i < NODES_MAX; i++)
            if (nodes[i].ep != NULL && m3ua_endpoint_deadline_ns(nodes[i].ep) < next_ns)
                next_ns = m3ua_endpoint_deadline_ns(nodes[i].ep);
        now_ns = next_ns > now_ns ? next_ns : now_ns;
        for (unsigned i = 0; i < NODES_MAX; i++)
            if (nodes[i].ep != NULL)
                m3ua_endpoint_time(nodes[i].ep, now_ns);
        pump();
        if (next_ns >= until_ns)
            return;
    }
}

static inline enum p7_status transfer(struct node *node, uint32_t as, uint8_t sls, const char *text)
{
    const struct m3ua_transfer t = {
        .as = as, .opc = 1, .dpc = 700, .si = 3, .ni = 2, .mp = 1, .sls = sls};
    return m3ua_endpoint_transfer(node->ep, &t, bytes_of(text, strlen(text)), now_ns);
}

static inline void give(struct node *node, uint32_t asp, uint16_t stream, const char *hex)
{
    /* An exact heap copy: the address sanitizer sees a read beyond its end. */
    uint8_t octets[512];
    const size_t n = unit_hex(hex, octets, sizeof(octets));
    uint8_t *copy = malloc(n == 0 ? 1 : n);
    CU_ASSERT_PTR_NOT_NULL_FATAL(copy);
    memcpy(copy, octets, n);
    m3ua_endpoint_receive(node->ep, asp, stream, bytes_of(copy, n), now_ns);
    free(copy);
}

static inline unsigned events_of(const struct node *node, enum m3ua_endpoint_event_kind kind)
{
    unsigned n = 0;
    for (unsigned i = 0; i < node->event_count; i++)
        n += node->event[i].kind == kind;
    return n;
}

static inline const struct m3ua_endpoint_event *event_of(const struct node *node,
                                                         enum m3ua_endpoint_event_kind kind)
{
    for (unsigned i = node->event_count; i > 0; i--)
        if (node->event[i - 1].kind == kind)
            return &node->event[i - 1];
    return NULL;
}

/* The last message to nobody, decoded; `sent_message.kind` is its kind. */
static struct m3ua_message sent_message;

static inline const struct m3ua_message *last_sent(const struct node *node)
{
    struct m3ua_fault fault;
    CU_ASSERT_TRUE_FATAL(node->sent_count > 0);
    const struct sent *s = &node->sent[node->sent_count - 1];
    CU_ASSERT_EQUAL_FATAL(m3ua_decode(s->octets, s->octets + s->length, &sent_message, &fault),
                          P7_OK);
    return &sent_message;
}

/* Gives the bytes and tells which ERR they were answered with; 0 when with none. */
static inline uint32_t error_for(struct node *node, uint32_t asp, uint16_t stream, const char *hex)
{
    node->sent_count = 0;
    give(node, asp, stream, hex);
    for (unsigned i = 0; i < node->sent_count; i++) {
        struct m3ua_fault fault;
        const struct sent *s = &node->sent[i];
        CU_ASSERT_EQUAL_FATAL(m3ua_decode(s->octets, s->octets + s->length, &sent_message, &fault),
                              P7_OK);
        if (sent_message.kind == M3UA_ERR) {
            CU_ASSERT_EQUAL(s->stream, 0);
            return sent_message.error_code;
        }
    }
    return 0;
}

#endif
