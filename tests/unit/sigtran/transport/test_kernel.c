/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * Two transports of one process on the kernel's SCTP, over loopback. Where the kernel has none the
 * exit code is 77, which ctest calls skipped; tests/vm/kernel runs this in a guest, whose kernel
 * has.
 */
#include <netinet/in.h>
#include <netinet/sctp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/unit/sigtran/transport/loopback.h"

#define SKIPPED 77

struct pair {
    struct node client;
    struct node server;
    struct node *both[2];
    uint32_t association; /* the client's */
};

/* Each test has its SCTP port. */
static void pair_open_between(struct pair *p, const struct transport_endpoint *client,
                              const struct transport_endpoint *server)
{
    uint32_t listener;
    CU_ASSERT_EQUAL_FATAL(node_open_as(&p->client, TRANSPORT_KERNEL, "", 0), P7_OK);
    CU_ASSERT_EQUAL_FATAL(node_open_as(&p->server, TRANSPORT_KERNEL, "", 0), P7_OK);
    p->both[0] = &p->client;
    p->both[1] = &p->server;
    CU_ASSERT_EQUAL_FATAL(transport_listen(p->server.transport, server, &listener), P7_OK);
    CU_ASSERT_EQUAL_FATAL(transport_connect(p->client.transport, client, &p->association), P7_OK);
    CU_ASSERT(until(p->both, 2, &p->client.up, 1, 5 * SEC));
    CU_ASSERT(until(p->both, 2, &p->server.up, 1, 5 * SEC));
}

static void pair_open(struct pair *p, uint16_t sctp_port)
{
    const struct transport_endpoint server = endpoint_of(sctp_port, 0, 0);
    const struct transport_endpoint client = endpoint_of(0, sctp_port, 0);
    pair_open_between(p, &client, &server);
}

static void pair_close(struct pair *p)
{
    transport_close(p->client.transport);
    transport_close(p->server.transport);
}

static void an_association_comes_up_and_both_ends_know_the_other(void) /* RFC9260-5.1 */
{
    struct pair p;
    pair_open(&p, 2901);
    CU_ASSERT_EQUAL(p.client.peer_port, 2901);
    CU_ASSERT_STRING_EQUAL(p.client.peer_ip, "127.0.0.1");
    CU_ASSERT_STRING_EQUAL(p.server.peer_ip, "127.0.0.1");
    CU_ASSERT_EQUAL(p.client.streams_out, 9);
    CU_ASSERT_EQUAL(p.server.streams_out, 9);
    CU_ASSERT_EQUAL(transport_kind_of(p.client.transport), TRANSPORT_KERNEL);
    CU_ASSERT_EQUAL(transport_udp_port(p.client.transport), 0);
    CU_ASSERT_EQUAL(node_send(&p.client, p.association, 9, 0, 100), P7_RANGE);
    CU_ASSERT_EQUAL(node_send(&p.client, 99, 0, 0, 100), P7_STATE);
    pair_close(&p);
}

static void thousands_of_messages_arrive_in_order_and_unharmed(void) /* RFC9260-6.6 */
{
    struct pair p;
    pair_open(&p, 2902);
    uint32_t sent = 0;
    const int64_t end_ns = clock_ns() + (30 * SEC);
    while (p.server.messages < 4000 && clock_ns() < end_ns) {
        for (unsigned i = 0; i < 50 && sent < 4000; i++) {
            const size_t length = 4 + ((sent * 7u) % 400);
            if (node_send(&p.client, p.association, 1, sent, length) != P7_OK)
                break;
            sent++;
        }
        turn(p.both, 2);
    }
    CU_ASSERT_EQUAL(p.server.messages, 4000);
    CU_ASSERT_EQUAL(p.server.wrong, 0);
    struct transport_counters c;
    transport_get_counters(p.client.transport, &c);
    CU_ASSERT_EQUAL(c.messages_sent, 4000);
    CU_ASSERT(c.packets_sent > 0 && c.packets_sent < 4000); /* they shared packets */
    pair_close(&p);
}

static void a_message_longer_than_a_read_arrives_whole(void) /* RFC9260-6.9 */
{
    struct pair p;
    pair_open(&p, 2903);
    p.server.echo = true;
    CU_ASSERT_EQUAL(node_send(&p.client, p.association, 3, 0, 60000), P7_OK);
    CU_ASSERT_EQUAL(node_send(&p.client, p.association, 3, 1, LIMIT_M3UA_MESSAGE_OCTETS), P7_OK);
    CU_ASSERT(until_messages(p.both, 2, &p.client.messages, 2, 10 * SEC));
    CU_ASSERT_EQUAL(p.server.octets, 60000 + LIMIT_M3UA_MESSAGE_OCTETS);
    CU_ASSERT_EQUAL(p.client.octets, 60000 + LIMIT_M3UA_MESSAGE_OCTETS);
    CU_ASSERT_EQUAL(p.server.wrong, 0);
    CU_ASSERT_EQUAL(p.client.wrong, 0);
    pair_close(&p);
}

/* Blocking; all of it fits the peer's receive buffer. */
static bool stranger_send(int fd, uint32_t number, size_t length)
{
    static uint8_t message[100000];
    union {
        struct cmsghdr align;
        uint8_t octets[CMSG_SPACE(sizeof(struct sctp_sndinfo))];
    } control = {.octets = {0}};
    struct iovec iov = {.iov_base = message, .iov_len = length};
    const struct msghdr header = {.msg_iov = &iov,
                                  .msg_iovlen = 1,
                                  .msg_control = &control,
                                  .msg_controllen = sizeof(control)};
    const struct sctp_sndinfo info = {.snd_sid = 1, .snd_ppid = htonl(TRANSPORT_PPID_M3UA)};
    struct cmsghdr *c = CMSG_FIRSTHDR(&header);
    c->cmsg_level = IPPROTO_SCTP;
    c->cmsg_type = SCTP_SNDINFO;
    c->cmsg_len = CMSG_LEN(sizeof(info));
    memcpy(CMSG_DATA(c), &info, sizeof(info));
    message_fill(message, length, number);
    return sendmsg(fd, &header, MSG_NOSIGNAL) == (ssize_t)length;
}

static void a_message_beyond_the_limit_is_dropped_whole_and_counted(void) /* RFC6458-3.1.5 */
{
    struct node server;
    struct node *const one[1] = {&server};
    uint32_t listener;
    CU_ASSERT_EQUAL_FATAL(node_open_as(&server, TRANSPORT_KERNEL, "", 0), P7_OK);
    const struct transport_endpoint e = endpoint_of(2923, 0, 0);
    CU_ASSERT_EQUAL_FATAL(transport_listen(server.transport, &e, &listener), P7_OK);
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_SCTP);
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(2923)};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int room = 400000;
    CU_ASSERT_EQUAL(setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof(room)), 0);
    CU_ASSERT_EQUAL_FATAL(connect(fd, (const struct sockaddr *)&to, sizeof(to)), 0);
    CU_ASSERT(stranger_send(fd, 0, 500));
    CU_ASSERT(stranger_send(fd, 1, 100000));
    CU_ASSERT(until_messages(one, 1, &server.messages, 1, 5 * SEC));
    turn_for(one, 1, 200 * MS); /* its window opens again */
    CU_ASSERT(stranger_send(fd, 1, LIMIT_M3UA_MESSAGE_OCTETS));
    CU_ASSERT(stranger_send(fd, 2, 9));
    CU_ASSERT(until_messages(one, 1, &server.messages, 3, 10 * SEC));
    CU_ASSERT_EQUAL(server.messages, 3);
    CU_ASSERT_EQUAL(server.octets, 509 + LIMIT_M3UA_MESSAGE_OCTETS);
    CU_ASSERT_EQUAL(server.wrong, 0);
    CU_ASSERT_EQUAL(server.down, 0);
    struct transport_counters c;
    transport_get_counters(server.transport, &c);
    CU_ASSERT_EQUAL(c.messages_too_long, 1);
    (void)close(fd);
    CU_ASSERT(until(one, 1, &server.down, 1, 5 * SEC));
    transport_close(server.transport);
}

static void a_full_send_buffer_says_so_and_then_that_it_is_writable(void)
{
    struct pair p;
    pair_open(&p, 2904);
    uint32_t sent = 0;
    while (sent < 100000 && node_send(&p.client, p.association, 0, sent, 1000) == P7_OK)
        sent++;
    CU_ASSERT(sent >= 50 && sent < 1000); /* 200 000 octets, of which the kernel takes overhead */
    CU_ASSERT(until(p.both, 2, &p.client.writable, 1, 10 * SEC));
    CU_ASSERT_EQUAL(node_send(&p.client, p.association, 0, sent, 1000), P7_OK);
    CU_ASSERT(until_messages(p.both, 2, &p.server.messages, sent + 1, 10 * SEC));
    CU_ASSERT_EQUAL(p.server.wrong, 0);
    struct transport_counters c;
    transport_get_counters(p.client.transport, &c);
    CU_ASSERT_EQUAL(c.send_full, 1);
    CU_ASSERT_EQUAL(c.messages_sent, sent + 1);
    pair_close(&p);
}

static void what_is_flushed_arrives_without_a_further_message(void)
{
    struct pair p;
    pair_open(&p, 2906);
    for (uint32_t i = 0; i < 9; i++) {
        const uint32_t together = 1 + (i % 3);
        const uint64_t aim = p.server.messages + together;
        for (uint32_t k = 0; k < together; k++)
            CU_ASSERT_EQUAL(
                node_send(&p.client, p.association, 0, (uint32_t)p.server.messages + k, 50), P7_OK);
        CU_ASSERT(until_messages(p.both, 2, &p.server.messages, aim, 5 * SEC));
    }
    CU_ASSERT_EQUAL(p.server.wrong, 0);
    pair_close(&p);
}

static void a_graceful_end_delivers_what_was_sent(void) /* RFC9260-9.2 */
{
    struct pair p;
    pair_open(&p, 2907);
    for (uint32_t i = 0; i < 100; i++)
        CU_ASSERT_EQUAL(node_send(&p.client, p.association, 0, i, 500), P7_OK);
    transport_disconnect(p.client.transport, p.association, false);
    CU_ASSERT_EQUAL(node_send(&p.client, p.association, 0, 100, 500), P7_STATE);
    CU_ASSERT(until(p.both, 2, &p.client.down, 1, 5 * SEC));
    CU_ASSERT(until(p.both, 2, &p.server.down, 1, 5 * SEC));
    CU_ASSERT_EQUAL(p.server.messages, 100);
    CU_ASSERT_STRING_EQUAL(p.client.reason, "shut down as asked");
    CU_ASSERT_STRING_EQUAL(p.server.reason, "the peer shut the association down");
    pair_close(&p);
}

static void an_abort_ends_both(void) /* RFC9260-9.1 */
{
    struct pair p;
    pair_open(&p, 2908);
    transport_disconnect(p.client.transport, p.association, true);
    CU_ASSERT_EQUAL(p.client.down, 0); /* from a later step only */
    CU_ASSERT(until(p.both, 2, &p.client.down, 1, 5 * SEC));
    CU_ASSERT(until(p.both, 2, &p.server.down, 1, 5 * SEC));
    CU_ASSERT_STRING_EQUAL(p.client.reason, "ended by this side");
    CU_ASSERT(strstr(p.server.reason, "aborted by the peer") != NULL);
    /* Its number is free again. */
    const struct transport_endpoint again = endpoint_of(0, 2908, 0);
    uint32_t association;
    CU_ASSERT_EQUAL(transport_connect(p.client.transport, &again, &association), P7_OK);
    CU_ASSERT_EQUAL(association, p.association);
    CU_ASSERT(until(p.both, 2, &p.client.up, 2, 5 * SEC));
    pair_close(&p);
}

/* As an STP that does not know our address: it takes the association and aborts it at once, before
 * we have heard that it is up. */
static void one_that_is_aborted_at_once_was_never_up(void) /* RFC9260-9.1 */
{
    struct node n;
    struct node *const one[1] = {&n};
    uint32_t association;
    const struct sockaddr_in here = {
        .sin_family = AF_INET, .sin_port = htons(2931), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    const struct linger at_once = {.l_onoff = 1, .l_linger = 0};
    const int listener = socket(AF_INET, SOCK_STREAM, IPPROTO_SCTP);
    CU_ASSERT_EQUAL_FATAL(bind(listener, (const struct sockaddr *)&here, sizeof(here)), 0);
    CU_ASSERT_EQUAL_FATAL(listen(listener, 1), 0);
    CU_ASSERT_EQUAL_FATAL(node_open_as(&n, TRANSPORT_KERNEL, "", 0), P7_OK);
    const struct transport_endpoint client = endpoint_of(0, 2931, 0);
    CU_ASSERT_EQUAL_FATAL(transport_connect(n.transport, &client, &association), P7_OK);
    const int taken = accept(listener, NULL, NULL);
    CU_ASSERT_FATAL(taken != -1);
    CU_ASSERT_EQUAL(setsockopt(taken, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once)), 0);
    (void)close(taken);
    CU_ASSERT(until(one, 1, &n.down, 1, 5 * SEC));
    CU_ASSERT_EQUAL(n.up, 0);
    CU_ASSERT(strstr(n.reason, "aborted by the peer") != NULL);
    transport_close(n.transport);
    (void)close(listener);
}

static void a_connect_to_a_closed_port_is_refused(void) /* RFC9260-8.4 */
{
    struct pair p;
    pair_open(&p, 2909);
    const struct transport_endpoint closed = endpoint_of(0, 9, 0);
    uint32_t association;
    CU_ASSERT_EQUAL(transport_connect(p.client.transport, &closed, &association), P7_OK);
    CU_ASSERT(until(p.both, 2, &p.client.down, 1, 5 * SEC));
    CU_ASSERT(strstr(p.client.reason, "refused") != NULL);
    CU_ASSERT_EQUAL(p.server.down, 0);
    pair_close(&p);
}

/* 192.0.2.0/24 is nobody's (RFC 5737); a host without a route may refuse at once. */
static void a_connect_to_nobody_gives_up_after_its_inits(void) /* RFC9260-5.1.6 */
{
    struct node n;
    struct node *const one[1] = {&n};
    uint32_t association;
    CU_ASSERT_EQUAL_FATAL(node_open_as(&n, TRANSPORT_KERNEL, "", 0), P7_OK);
    struct transport_endpoint nobody = endpoint_of(0, 2910, 0);
    (void)snprintf(nobody.remote_ip[0], sizeof(nobody.remote_ip[0]), "192.0.2.1");
    if (transport_connect(n.transport, &nobody, &association) == P7_OK) {
        CU_ASSERT(until(one, 1, &n.down, 1, 10 * SEC));
        CU_ASSERT(strstr(n.reason, "3 INITs") != NULL);
    }
    transport_close(n.transport);
}

static void the_profile_is_read_back_from_the_stack(void)
{
    struct pair p;
    /* A listener on any address would offer all those of the host. */
    struct transport_endpoint server = endpoint_of(2911, 0, 0);
    const struct transport_endpoint client = endpoint_of(0, 2911, 0);
    server.local_ip_count = 1;
    (void)snprintf(server.local_ip[0], sizeof(server.local_ip[0]), "127.0.0.1");
    pair_open_between(&p, &client, &server);
    const struct sctp_profile asked = endpoint_of(0, 0, 0).profile;
    const struct node *const nodes[2] = {&p.client, &p.server};
    for (unsigned i = 0; i < 2; i++) {
        struct transport_status s;
        const uint32_t association = i == 0 ? p.association : p.server.association;
        CU_ASSERT_EQUAL_FATAL(transport_get_status(nodes[i]->transport, association, &s), P7_OK);
        CU_ASSERT_EQUAL(s.profile.rto_initial_ms, asked.rto_initial_ms);
        /* The kernel counts in jiffies, of 1 to 10 ms. */
        CU_ASSERT(s.profile.rto_min_ms >= asked.rto_min_ms &&
                  s.profile.rto_min_ms <= asked.rto_min_ms + 10);
        CU_ASSERT_EQUAL(s.profile.rto_max_ms, asked.rto_max_ms);
        CU_ASSERT_EQUAL(s.profile.sack_delay_ms, asked.sack_delay_ms);
        CU_ASSERT_EQUAL(s.profile.sack_frequency, asked.sack_frequency);
        CU_ASSERT_EQUAL(s.profile.hb_interval_ms, asked.hb_interval_ms);
        CU_ASSERT_EQUAL(s.profile.path_max_retrans, asked.path_max_retrans);
        CU_ASSERT_EQUAL(s.profile.association_max_retrans, asked.association_max_retrans);
        CU_ASSERT_EQUAL(s.profile.init_max_attempts, asked.init_max_attempts);
        /* The kernel doubles what it is asked for, to hold its own overhead (socket(7)). */
        CU_ASSERT(s.profile.send_buffer_octets >= asked.send_buffer_octets);
        CU_ASSERT(s.profile.receive_buffer_octets >= asked.receive_buffer_octets);
        CU_ASSERT_TRUE(s.profile.nodelay);
        CU_ASSERT_EQUAL(s.streams_out, 9);
        CU_ASSERT_EQUAL(s.streams_in, 9);
        CU_ASSERT(s.path_count >= 1);
        CU_ASSERT_TRUE(s.path[0].reachable);
        CU_ASSERT(s.path[0].mtu_octets >= 1200);
        CU_ASSERT_STRING_EQUAL(s.path[0].ip, "127.0.0.1");
    }
    pair_close(&p);
}

/* Two addresses at each side: the association knows both paths. */
static void an_association_may_have_several_addresses(void) /* RFC9260-6.4 */
{
    struct pair p;
    struct transport_endpoint server = endpoint_of(2912, 0, 0);
    struct transport_endpoint client = endpoint_of(0, 2912, 0);
    client.remote_ip_count = 2;
    client.local_ip_count = 2;
    server.local_ip_count = 2;
    for (unsigned i = 0; i < 2; i++) {
        const size_t room = TRANSPORT_IP_TEXT_OCTETS;
        (void)snprintf(client.local_ip[i], room, "127.0.0.%u", 2 + i);
        (void)snprintf(client.remote_ip[i], room, "127.0.0.%u", 4 + i);
        (void)snprintf(server.local_ip[i], room, "127.0.0.%u", 4 + i);
    }
    pair_open_between(&p, &client, &server);
    struct transport_status s;
    CU_ASSERT_EQUAL_FATAL(transport_get_status(p.client.transport, p.association, &s), P7_OK);
    CU_ASSERT_EQUAL(s.path_count, 2);
    CU_ASSERT_STRING_EQUAL(s.path[0].ip, "127.0.0.4");
    CU_ASSERT_STRING_EQUAL(s.path[1].ip, "127.0.0.5");
    CU_ASSERT(s.path[0].primary && s.path[0].confirmed && s.path[0].reachable);
    CU_ASSERT_FALSE(s.path[1].primary);
    CU_ASSERT_FALSE(s.counts_shared);
    CU_ASSERT(s.packets_sent >= 2 && s.packets_received >= 2); /* the handshake */
    CU_ASSERT_EQUAL_FATAL(transport_get_status(p.server.transport, p.server.association, &s),
                          P7_OK);
    CU_ASSERT_EQUAL(s.path_count, 2);
    for (uint32_t i = 0; i < 100; i++)
        CU_ASSERT_EQUAL(node_send(&p.client, p.association, 1, i, 150), P7_OK);
    CU_ASSERT(until_messages(p.both, 2, &p.server.messages, 100, 5 * SEC));
    CU_ASSERT_EQUAL(p.server.wrong, 0);
    pair_close(&p);
}

static void more_associations_than_the_limit_are_refused(void)
{
    struct pair p;
    pair_open(&p, 2915);
    const struct transport_endpoint again = endpoint_of(0, 2915, 0);
    uint32_t association;
    for (unsigned i = 1; i < LIMIT_ASSOCIATIONS; i++)
        CU_ASSERT_EQUAL(transport_connect(p.client.transport, &again, &association), P7_OK);
    CU_ASSERT_EQUAL(transport_connect(p.client.transport, &again, &association), P7_FULL);
    pair_close(&p);
}

static void a_second_listener_on_a_port_is_refused(void)
{
    struct node first;
    struct node second;
    uint32_t listener;
    const struct transport_endpoint e = endpoint_of(2918, 0, 0);
    CU_ASSERT_EQUAL_FATAL(node_open_as(&first, TRANSPORT_KERNEL, "", 0), P7_OK);
    CU_ASSERT_EQUAL_FATAL(node_open_as(&second, TRANSPORT_KERNEL, "", 0), P7_OK);
    CU_ASSERT_EQUAL(transport_listen(first.transport, &e, &listener), P7_OK);
    CU_ASSERT_EQUAL(transport_listen(first.transport, &e, &listener), P7_EXISTS);
    CU_ASSERT_EQUAL(transport_listen(second.transport, &e, &listener), P7_SYSTEM);
    transport_close(first.transport);
    CU_ASSERT_EQUAL(transport_listen(second.transport, &e, &listener), P7_OK);
    transport_close(second.transport);
}

/* A fixed local port may have associations with several peers. */
static void one_local_port_serves_several_peers(void)
{
    struct pair p;
    struct node other;
    uint32_t id;
    pair_open(&p, 2919);
    CU_ASSERT_EQUAL_FATAL(node_open_as(&other, TRANSPORT_KERNEL, "", 0), P7_OK);
    struct node *const three[3] = {&p.client, &p.server, &other};
    const struct transport_endpoint local = endpoint_of(2920, 0, 0);
    CU_ASSERT_EQUAL(transport_listen(other.transport, &local, &id), P7_OK);
    const struct transport_endpoint a = endpoint_of(2921, 2919, 0);
    const struct transport_endpoint b = endpoint_of(2921, 2920, 0);
    CU_ASSERT_EQUAL(transport_connect(p.client.transport, &a, &id), P7_OK);
    CU_ASSERT_EQUAL(transport_connect(p.client.transport, &b, &id), P7_OK);
    CU_ASSERT(until(three, 3, &p.client.up, 3, 5 * SEC));
    CU_ASSERT(until(three, 3, &other.up, 1, 5 * SEC));
    CU_ASSERT_EQUAL(other.peer_port, 2921);
    transport_close(other.transport);
    pair_close(&p);
}

/* Any address is one dual-stack socket: a peer at ::1 and one at 127.0.0.1 both reach it. */
static void any_address_serves_both_families(void)
{
    struct pair p;
    pair_open(&p, 2922);
    CU_ASSERT_STRING_EQUAL(p.server.peer_ip, "127.0.0.1");
    if (access("/proc/net/if_inet6", F_OK) == 0) {
        struct transport_endpoint six = endpoint_of(0, 2922, 0);
        uint32_t id;
        (void)snprintf(six.remote_ip[0], sizeof(six.remote_ip[0]), "::1");
        CU_ASSERT_EQUAL(transport_connect(p.client.transport, &six, &id), P7_OK);
        CU_ASSERT(until(p.both, 2, &p.server.up, 2, 5 * SEC));
        CU_ASSERT_STRING_EQUAL(p.server.peer_ip, "::1");
    }
    pair_close(&p);
}

/* Without net.sctp.udp_port the verdict says so; with it both directions go through UDP, and the
 * listener needs no port of its peer. */
static void the_kernel_carries_sctp_in_udp_when_its_port_is_set(void) /* RFC6951-5.1, RFC6951-5.4 */
{
    struct node server;
    struct node client;
    struct node *const both[2] = {&client, &server};
    uint32_t id;
    const enum p7_status status = node_open_as(&server, TRANSPORT_KERNEL_UDP, "", 0);
    if (status != P7_OK) {
        CU_ASSERT_EQUAL(status, P7_SYSTEM);
        CU_ASSERT(strstr(server.verdict, "sysctl -w net.sctp.udp_port=9899") != NULL);
        return;
    }
    const uint16_t port = transport_udp_port(server.transport);
    CU_ASSERT_NOT_EQUAL(port, 0);
    CU_ASSERT_EQUAL(node_open_as(&client, TRANSPORT_KERNEL_UDP, "", (uint16_t)(port ^ 1)),
                    P7_SYSTEM);
    CU_ASSERT_EQUAL_FATAL(node_open_as(&client, TRANSPORT_KERNEL_UDP, "", port), P7_OK);
    const struct transport_endpoint local = endpoint_of(2923, 0, 0);
    const struct transport_endpoint right = endpoint_of(0, 2923, port);
    const struct transport_endpoint wrong = endpoint_of(0, 2923, (uint16_t)(port ^ 1));
    CU_ASSERT_EQUAL(transport_listen(server.transport, &local, &id), P7_OK);
    CU_ASSERT_EQUAL(transport_connect(client.transport, &wrong, &id), P7_OK);
    CU_ASSERT(until(both, 2, &client.down, 1, 5 * SEC));
    CU_ASSERT_EQUAL(server.up, 0);
    CU_ASSERT_EQUAL(transport_connect(client.transport, &right, &id), P7_OK);
    CU_ASSERT(until(both, 2, &client.up, 1, 5 * SEC));
    server.echo = true;
    for (uint32_t i = 0; i < 100; i++)
        CU_ASSERT_EQUAL(node_send(&client, id, 1, i, 150), P7_OK);
    CU_ASSERT(until_messages(both, 2, &client.messages, 100, 5 * SEC));
    CU_ASSERT_EQUAL(server.wrong + client.wrong, 0);
    transport_close(client.transport);
    transport_close(server.transport);
}

UNIT_TESTS = {
    UNIT(an_association_comes_up_and_both_ends_know_the_other),
    UNIT(thousands_of_messages_arrive_in_order_and_unharmed),
    UNIT(a_message_longer_than_a_read_arrives_whole),
    UNIT(a_message_beyond_the_limit_is_dropped_whole_and_counted),
    UNIT(a_full_send_buffer_says_so_and_then_that_it_is_writable),
    UNIT(what_is_flushed_arrives_without_a_further_message),
    UNIT(a_graceful_end_delivers_what_was_sent),
    UNIT(an_abort_ends_both),
    UNIT(one_that_is_aborted_at_once_was_never_up),
    UNIT(a_connect_to_a_closed_port_is_refused),
    UNIT(a_connect_to_nobody_gives_up_after_its_inits),
    UNIT(the_profile_is_read_back_from_the_stack),
    UNIT(an_association_may_have_several_addresses),
    UNIT(more_associations_than_the_limit_are_refused),
    UNIT(a_second_listener_on_a_port_is_refused),
    UNIT(one_local_port_serves_several_peers),
    UNIT(any_address_serves_both_families),
    UNIT(the_kernel_carries_sctp_in_udp_when_its_port_is_set),
};

int main(void)
{
    const int fd = socket(AF_INET, SOCK_SEQPACKET, IPPROTO_SCTP);
    if (fd == -1) {
        perror("skipped: this kernel has no SCTP");
        return SKIPPED;
    }
    (void)close(fd);
    return unit_run("kernel transport", unit_tests, sizeof(unit_tests) / sizeof(unit_tests[0]));
}
