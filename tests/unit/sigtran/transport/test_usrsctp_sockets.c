/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* usrsctp by its own sockets: two transports of one process, over 127.0.0.1 and ::1. usrsctp is one
 * per process, so they share its UDP port and packets go from that port to itself. */
#include <usrsctp.h>

#include "tests/unit/sigtran/transport/loopback.h"

struct pair {
    struct node client;
    struct node server;
    struct node *both[2];
    uint32_t association; /* the client's */
};

static const struct transport_settings settings = {.kind = TRANSPORT_USRSCTP, .multihomed = true};

static struct transport_endpoint homed(const struct node *n, uint16_t local, uint16_t remote)
{
    struct transport_endpoint e = endpoint_of(local, remote, transport_udp_port(n->transport));
    e.local_ip_count = 2;
    e.remote_ip_count = 2;
    (void)snprintf(e.local_ip[0], sizeof(e.local_ip[0]), "127.0.0.1");
    (void)snprintf(e.local_ip[1], sizeof(e.local_ip[1]), "::1");
    (void)snprintf(e.remote_ip[1], sizeof(e.remote_ip[1]), "::1");
    return e;
}

/* Each test has its SCTP port. */
static void pair_open_with(struct pair *p, uint16_t sctp_port, uint32_t receive_octets)
{
    uint32_t listener;
    CU_ASSERT_EQUAL_FATAL(node_open_with(&p->client, &settings), P7_OK);
    CU_ASSERT_EQUAL_FATAL(node_open_with(&p->server, &settings), P7_OK);
    p->both[0] = &p->client;
    p->both[1] = &p->server;
    p->client.thread = pthread_self();
    p->server.thread = pthread_self();
    struct transport_endpoint server = homed(&p->server, sctp_port, 0);
    server.profile.receive_buffer_octets = receive_octets;
    CU_ASSERT_EQUAL_FATAL(transport_listen(p->server.transport, &server, &listener), P7_OK);
    const struct transport_endpoint client = homed(&p->server, 0, sctp_port);
    CU_ASSERT_EQUAL_FATAL(transport_connect(p->client.transport, &client, &p->association), P7_OK);
    CU_ASSERT(until(p->both, 2, &p->client.up, 1, 3 * SEC));
    CU_ASSERT(until(p->both, 2, &p->server.up, 1, SEC));
}

static void pair_open(struct pair *p, uint16_t sctp_port)
{
    pair_open_with(p, sctp_port, 300000);
}

static void pair_close(struct pair *p)
{
    CU_ASSERT_EQUAL(p->client.wrong, 0);
    CU_ASSERT_EQUAL(p->server.wrong, 0);
    transport_close(p->client.transport);
    transport_close(p->server.transport);
}

/* RFC9260-5.4: an address of the peer's carries data once a HEARTBEAT was answered on it. */
static bool until_confirmed(struct pair *p, struct transport_status *status)
{
    const int64_t end_ns = clock_ns() + (10 * SEC);
    for (;;) {
        if (transport_get_status(p->client.transport, p->association, status) == P7_OK &&
            status->path_count == 2 && status->path[0].confirmed && status->path[1].confirmed)
            return true;
        if (clock_ns() > end_ns)
            return false;
        turn(p->both, 2);
    }
}

static void an_association_has_all_addresses_of_both_sides_as_paths(void)
{
    struct pair p;
    struct transport_status status;
    pair_open(&p, 2901);
    CU_ASSERT_EQUAL(transport_kind_of(p.client.transport), TRANSPORT_USRSCTP);
    CU_ASSERT(strstr(p.client.verdict, "usrsctp sockets over UDP port") != NULL);
    CU_ASSERT(strstr(p.client.verdict, "multi-homed") != NULL);
    CU_ASSERT_STRING_EQUAL(p.client.peer_ip, "127.0.0.1");
    CU_ASSERT_EQUAL(p.client.peer_port, 2901);
    CU_ASSERT_EQUAL(p.client.streams_out, 9);
    CU_ASSERT_FATAL(until_confirmed(&p, &status));
    CU_ASSERT_EQUAL(status.path[0].primary + status.path[1].primary, 1);
    for (unsigned i = 0; i < 2; i++) {
        const struct transport_path *path = &status.path[i];
        CU_ASSERT(path->reachable);
        CU_ASSERT(path->rto_ms >= 50 && path->rto_ms <= 200);
        CU_ASSERT(path->cwnd_octets > 0);
        CU_ASSERT_EQUAL(path->primary, strcmp(path->ip, "127.0.0.1") == 0);
        CU_ASSERT(strcmp(path->ip, "127.0.0.1") == 0 || strcmp(path->ip, "::1") == 0);
    }
    CU_ASSERT(strcmp(status.path[0].ip, status.path[1].ip) != 0);
    CU_ASSERT_EQUAL(status.profile.rto_min_ms, 50);
    pair_close(&p);
}

static void thousands_of_messages_arrive_in_order_on_the_owners_thread(void)
{
    struct pair p;
    uint32_t sent = 0;
    pair_open(&p, 2902);
    p.server.echo = true;
    const int64_t end_ns = clock_ns() + (20 * SEC);
    while (p.client.messages < 5000 && clock_ns() < end_ns) {
        for (unsigned i = 0; i < 50 && sent < 5000 && sent < p.client.messages + 200; i++)
            sent += node_send(&p.client, p.association, (uint16_t)(1), sent, 150) == P7_OK;
        turn(p.both, 2);
    }
    struct transport_counters counters;
    transport_get_counters(p.client.transport, &counters);
    CU_ASSERT_EQUAL(p.server.messages, 5000);
    CU_ASSERT_EQUAL(p.client.messages, 5000);
    CU_ASSERT_EQUAL(counters.messages_sent, 5000);
    CU_ASSERT_EQUAL(counters.messages_received, 5000);
    CU_ASSERT(counters.packets_sent > 0);
    pair_close(&p);
}

/* RFC6458-3.1.5: reads are of 4096 octets. RFC6458-8.1.21: with a small receive buffer the first
 * parts are delivered before the last ones can have come. */
static void parts_of_a_message_are_put_together(void)
{
    struct pair p;
    pair_open_with(&p, 2903, 20000);
    for (uint32_t i = 0; i < 3; i++)
        CU_ASSERT_EQUAL(node_send(&p.client, p.association, 2, i, 60000), P7_OK);
    CU_ASSERT(until_messages(p.both, 2, &p.server.messages, 3, 10 * SEC));
    CU_ASSERT_EQUAL(p.server.octets, 180000);
    pair_close(&p);
}

/* Blocking, and our own transports don't turn meanwhile: all of it must fit the peer's window. */
static bool stranger_send(struct socket *s, uint32_t number, size_t length)
{
    static uint8_t message[100000];
    struct sctp_sndinfo info = {.snd_sid = 1, .snd_ppid = htonl(TRANSPORT_PPID_M3UA)};
    message_fill(message, length, number);
    return usrsctp_sendv(s, message, length, NULL, 0, &info, sizeof(info), SCTP_SENDV_SNDINFO, 0) ==
           (ssize_t)length;
}

static void a_message_beyond_the_limit_is_dropped_whole_and_counted(void)
{
    struct node server;
    struct node *const nodes[1] = {&server};
    struct transport_counters counters;
    uint32_t listener;
    CU_ASSERT_EQUAL_FATAL(node_open_with(&server, &settings), P7_OK);
    const struct transport_endpoint e = homed(&server, 2904, 0);
    CU_ASSERT_EQUAL_FATAL(transport_listen(server.transport, &e, &listener), P7_OK);
    struct socket *s = usrsctp_socket(AF_INET, SOCK_STREAM, IPPROTO_SCTP, NULL, NULL, 0, NULL);
    const struct sctp_udpencaps port = {.sue_address = {.ss_family = AF_INET},
                                        .sue_port = htons(transport_udp_port(server.transport))};
    CU_ASSERT_PTR_NOT_NULL_FATAL(s);
    CU_ASSERT_EQUAL(
        usrsctp_setsockopt(s, IPPROTO_SCTP, SCTP_REMOTE_UDP_ENCAPS_PORT, &port, sizeof(port)), 0);
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(2904)};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    CU_ASSERT_EQUAL(usrsctp_connect(s, (struct sockaddr *)&to, sizeof(to)), 0);
    CU_ASSERT(stranger_send(s, 0, 500));
    CU_ASSERT(stranger_send(s, 1, 100000));
    CU_ASSERT(stranger_send(s, 1, LIMIT_M3UA_MESSAGE_OCTETS));
    CU_ASSERT(stranger_send(s, 2, 9));
    CU_ASSERT(until_messages(nodes, 1, &server.messages, 3, 10 * SEC));
    CU_ASSERT_EQUAL(server.messages, 3);
    CU_ASSERT_EQUAL(server.octets, 509 + LIMIT_M3UA_MESSAGE_OCTETS);
    CU_ASSERT_EQUAL(server.wrong, 0);
    CU_ASSERT_EQUAL(server.down, 0);
    transport_get_counters(server.transport, &counters);
    CU_ASSERT_EQUAL(counters.messages_too_long, 1);
    usrsctp_close(s);
    CU_ASSERT(until(nodes, 1, &server.down, 1, 5 * SEC));
    transport_close(server.transport);
}

static void a_full_send_buffer_says_so_and_then_that_it_is_writable(void)
{
    struct pair p;
    uint32_t sent = 0;
    pair_open_with(&p, 2905, 20000);
    struct node *const client[1] = {&p.client};
    const int64_t end_ns = clock_ns() + (5 * SEC);
    /* the server doesn't read: its window closes, then our buffer is full */
    enum p7_status status = P7_OK;
    while (status == P7_OK && clock_ns() < end_ns) {
        status = node_send(&p.client, p.association, 1, sent, 1000);
        sent += status == P7_OK;
        if (sent % 16 == 0)
            turn(client, 1);
    }
    CU_ASSERT_EQUAL(status, P7_FULL);
    CU_ASSERT_EQUAL(p.client.writable, 0);
    CU_ASSERT(until(p.both, 2, &p.client.writable, 1, 10 * SEC));
    CU_ASSERT_EQUAL(node_send(&p.client, p.association, 1, sent, 1000), P7_OK);
    CU_ASSERT(until_messages(p.both, 2, &p.server.messages, sent + 1, 10 * SEC));
    pair_close(&p);
}

static void a_graceful_end_delivers_what_was_sent(void)
{
    struct pair p;
    pair_open(&p, 2906);
    for (uint32_t i = 0; i < 100; i++)
        CU_ASSERT_EQUAL(node_send(&p.client, p.association, 1, i, 200), P7_OK);
    transport_disconnect(p.client.transport, p.association, false);
    CU_ASSERT(until(p.both, 2, &p.client.down, 1, 5 * SEC));
    CU_ASSERT(until(p.both, 2, &p.server.down, 1, 5 * SEC));
    CU_ASSERT_EQUAL(p.server.messages, 100);
    CU_ASSERT_STRING_EQUAL(p.client.reason, "shut down as asked");
    CU_ASSERT_STRING_EQUAL(p.server.reason, "the peer shut the association down");
    pair_close(&p);
}

static void an_abort_ends_both(void)
{
    struct pair p;
    pair_open(&p, 2907);
    transport_disconnect(p.client.transport, p.association, true);
    CU_ASSERT(until(p.both, 2, &p.client.down, 1, 5 * SEC));
    CU_ASSERT(until(p.both, 2, &p.server.down, 1, 5 * SEC));
    CU_ASSERT_STRING_EQUAL(p.client.reason, "ended by this side");
    CU_ASSERT(strstr(p.server.reason, "the peer aborted the association") != NULL);
    pair_close(&p);
}

static void a_connect_to_a_closed_port_is_refused(void)
{
    struct node client;
    struct node *const nodes[1] = {&client};
    uint32_t association;
    CU_ASSERT_EQUAL_FATAL(node_open_with(&client, &settings), P7_OK);
    const struct transport_endpoint e = homed(&client, 0, 2999);
    CU_ASSERT_EQUAL(transport_connect(client.transport, &e, &association), P7_OK);
    CU_ASSERT(until(nodes, 1, &client.down, 1, 5 * SEC));
    CU_ASSERT(strstr(client.reason, "the peer refused the association") != NULL);
    transport_close(client.transport);
}

static void an_address_that_the_host_does_not_have_is_said(void)
{
    struct node client;
    uint32_t association;
    CU_ASSERT_EQUAL_FATAL(node_open_with(&client, &settings), P7_OK);
    struct transport_endpoint e = homed(&client, 0, 2908);
    (void)snprintf(e.local_ip[1], sizeof(e.local_ip[1]), "192.0.2.77");
    CU_ASSERT_EQUAL(transport_connect(client.transport, &e, &association), P7_SYSTEM);
    CU_ASSERT_EQUAL(errno, EADDRNOTAVAIL);
    (void)snprintf(e.local_ip[1], sizeof(e.local_ip[1]), "one");
    CU_ASSERT_EQUAL(transport_connect(client.transport, &e, &association), P7_MALFORMED);
    transport_close(client.transport);
}

/* One process has one usrsctp. */
static void the_engine_can_not_run_beside_sockets(void)
{
    struct node sockets;
    struct node engine;
    CU_ASSERT_EQUAL_FATAL(node_open_with(&sockets, &settings), P7_OK);
    CU_ASSERT_EQUAL(node_open(&engine, "127.0.0.1", 0), P7_STATE);
    const struct transport_settings raw = {.kind = TRANSPORT_USRSCTP_IP, .multihomed = true};
    CU_ASSERT_EQUAL(node_open_with(&engine, &raw), P7_STATE);
    CU_ASSERT(strstr(engine.verdict, "a process of their own") != NULL);
    transport_close(sockets.transport);
}

UNIT_TESTS = {
    UNIT(an_association_has_all_addresses_of_both_sides_as_paths),
    UNIT(thousands_of_messages_arrive_in_order_on_the_owners_thread),
    UNIT(parts_of_a_message_are_put_together),
    UNIT(a_message_beyond_the_limit_is_dropped_whole_and_counted),
    UNIT(a_full_send_buffer_says_so_and_then_that_it_is_writable),
    UNIT(a_graceful_end_delivers_what_was_sent),
    UNIT(an_abort_ends_both),
    UNIT(a_connect_to_a_closed_port_is_refused),
    UNIT(an_address_that_the_host_does_not_have_is_said),
    UNIT(the_engine_can_not_run_beside_sockets),
};
UNIT_MAIN("usrsctp_sockets")
