/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * loopback - real transports of one process that talk over 127.0.0.1, for the tests of usrsctp.
 * Real time passes here: SCTP's own timers can't be told another one.
 */
#ifndef TESTS_UNIT_SIGTRAN_TRANSPORT_LOOPBACK_H
#define TESTS_UNIT_SIGTRAN_TRANSPORT_LOOPBACK_H

#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "sigtran/transport/transport.h"
#include "tests/unit/unit.h"

#define MS  1000000LL
#define SEC 1000000000LL

struct node {
    struct transport *transport;
    uint32_t association; /* of the latest event */
    uint32_t up, down, restart, path_down, writable;
    uint64_t messages, octets, wrong;
    uint32_t next; /* expected number */
    bool echo;
    pthread_t thread; /* when set: the only one that handlers may run on */
    uint16_t peer_port;
    uint16_t streams_out;
    char peer_ip[TRANSPORT_IP_TEXT_OCTETS];
    char reason[TRANSPORT_REASON_OCTETS];
    char verdict[256];
};

static inline int64_t clock_ns(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return ((int64_t)t.tv_sec * SEC) + t.tv_nsec;
}

/* Messages carry their number, and every other octet follows from it. */
static inline void message_fill(uint8_t *message, size_t length, uint32_t number)
{
    memcpy(message, &number, sizeof(number));
    for (size_t i = sizeof(number); i < length; i++)
        message[i] = (uint8_t)((number * 31u) + i);
}

static inline void node_message(void *context, uint32_t association,
                                const struct transport_message *m)
{
    struct node *n = context;
    uint32_t number = 0;
    n->wrong += n->thread != 0 && !pthread_equal(n->thread, pthread_self());
    n->messages++;
    n->octets += m->bytes.length;
    memcpy(&number, m->bytes.data, sizeof(number));
    bool wrong = number != n->next || m->ppid != TRANSPORT_PPID_M3UA || m->received_ns == 0;
    for (size_t i = sizeof(number); i < m->bytes.length; i++)
        wrong = wrong || m->bytes.data[i] != (uint8_t)((number * 31u) + i);
    n->wrong += wrong;
    n->next = number + 1;
    if (n->echo)
        n->wrong +=
            transport_send(n->transport, association, m->stream, m->ppid, m->bytes) != P7_OK;
}

static inline void node_event(void *context, uint32_t association, const struct transport_event *e)
{
    struct node *n = context;
    n->association = association;
    n->wrong += n->thread != 0 && !pthread_equal(n->thread, pthread_self());
    n->up += e->kind == TRANSPORT_EVENT_UP;
    n->down += e->kind == TRANSPORT_EVENT_DOWN;
    n->restart += e->kind == TRANSPORT_EVENT_RESTART;
    n->path_down += e->kind == TRANSPORT_EVENT_PATH_DOWN;
    n->writable += e->kind == TRANSPORT_EVENT_WRITABLE;
    if (e->kind == TRANSPORT_EVENT_UP) {
        n->peer_port = e->peer_port;
        n->streams_out = e->streams_out;
        memcpy(n->peer_ip, e->peer_ip, sizeof(n->peer_ip));
    }
    if (e->kind == TRANSPORT_EVENT_DOWN)
        memcpy(n->reason, e->reason, sizeof(n->reason));
}

static inline enum p7_status node_open_with(struct node *n,
                                            const struct transport_settings *settings)
{
    const struct transport_handler handler = {n, node_message, node_event};
    *n = (struct node){.association = TRANSPORT_ASSOCIATION_NONE};
    return transport_open(settings, &handler, &n->transport, n->verdict, sizeof(n->verdict));
}

static inline enum p7_status node_open_as(struct node *n, enum transport_kind kind, const char *ip,
                                          uint16_t udp_port)
{
    struct transport_settings settings = {.kind = kind, .udp_local_port = udp_port};
    (void)snprintf(settings.udp_local_ip, sizeof(settings.udp_local_ip), "%s", ip);
    return node_open_with(n, &settings);
}

static inline enum p7_status node_open(struct node *n, const char *ip, uint16_t udp_port)
{
    return node_open_as(n, TRANSPORT_USRSCTP, ip, udp_port);
}

static inline void turn(struct node *const *nodes, unsigned count)
{
    struct pollfd p[8];
    for (unsigned i = 0; i < count; i++) {
        transport_step(nodes[i]->transport, clock_ns());
        transport_flush(nodes[i]->transport, clock_ns());
        p[i] = (struct pollfd){.fd = transport_fd(nodes[i]->transport), .events = POLLIN};
    }
    int64_t left = MS;
    for (unsigned i = 0; i < count; i++) {
        const int64_t wait = transport_deadline_ns(nodes[i]->transport) - clock_ns();
        left = wait < left ? wait : left;
    }
    const struct timespec timeout = {.tv_nsec = left < 0 ? 0 : left};
    (void)ppoll(p, count, &timeout, NULL);
}

/* Turns the nodes' loops until the counter reaches its aim, or the time is over (false). */
static inline bool until(struct node *const *nodes, unsigned count, const uint32_t *counter,
                         uint32_t aim, int64_t patience_ns)
{
    const int64_t end_ns = clock_ns() + patience_ns;
    while (*counter < aim && clock_ns() < end_ns)
        turn(nodes, count);
    return *counter >= aim;
}

static inline bool until_messages(struct node *const *nodes, unsigned count,
                                  const uint64_t *messages, uint64_t aim, int64_t patience_ns)
{
    const int64_t end_ns = clock_ns() + patience_ns;
    while (*messages < aim && clock_ns() < end_ns)
        turn(nodes, count);
    return *messages >= aim;
}

static inline void turn_for(struct node *const *nodes, unsigned count, int64_t duration_ns)
{
    const int64_t end_ns = clock_ns() + duration_ns;
    while (clock_ns() < end_ns)
        turn(nodes, count);
}

/* Fast timers, so that a test of a time-out takes a part of a second. */
static inline struct transport_endpoint endpoint_of(uint16_t sctp_local, uint16_t sctp_remote,
                                                    uint16_t udp_remote)
{
    struct transport_endpoint e = {.local_port = sctp_local,
                                   .remote_port = sctp_remote,
                                   .udp_remote_port = udp_remote,
                                   .remote_ip_count = 1,
                                   .remote_ip = {"127.0.0.1"},
                                   .profile = {.rto_initial_ms = 200,
                                               .rto_min_ms = 50,
                                               .rto_max_ms = 200,
                                               .sack_delay_ms = 100,
                                               .sack_frequency = 2,
                                               .hb_interval_ms = 200,
                                               .path_max_retrans = 3,
                                               .association_max_retrans = 4,
                                               .init_max_attempts = 3,
                                               .init_timeout_max_ms = 300,
                                               .streams_out = 9,
                                               .streams_in = 12,
                                               .nodelay = true,
                                               .send_buffer_octets = 200000,
                                               .receive_buffer_octets = 300000}};
    return e;
}

static inline enum p7_status node_send(struct node *n, uint32_t association, uint16_t stream,
                                       uint32_t number, size_t length)
{
    uint8_t message[LIMIT_M3UA_MESSAGE_OCTETS];
    message_fill(message, length, number);
    return transport_send(n->transport, association, stream, TRANSPORT_PPID_M3UA,
                          bytes_of(message, length));
}

#endif
