/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Two userland transports of one process, over loopback. */
#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sigtran/base/crc32c.h"
#include "tests/unit/sigtran/transport/loopback.h"

struct pair {
    struct node client;
    struct node server;
    struct node *both[2];
    uint32_t association; /* the client's */
};

/* Each test has its SCTP port: a listener's port is one for all transports of a process. */
static void pair_open(struct pair *p, uint16_t sctp_port)
{
    uint32_t listener;
    CU_ASSERT_EQUAL_FATAL(node_open(&p->client, "127.0.0.1", 0), P7_OK);
    CU_ASSERT_EQUAL_FATAL(node_open(&p->server, "127.0.0.1", 0), P7_OK);
    p->both[0] = &p->client;
    p->both[1] = &p->server;
    const struct transport_endpoint server = endpoint_of(sctp_port, 0, 0);
    CU_ASSERT_EQUAL_FATAL(transport_listen(p->server.transport, &server, &listener), P7_OK);
    const struct transport_endpoint client =
        endpoint_of(0, sctp_port, transport_udp_port(p->server.transport));
    CU_ASSERT_EQUAL_FATAL(transport_connect(p->client.transport, &client, &p->association), P7_OK);
    CU_ASSERT(until(p->both, 2, &p->client.up, 1, 2 * SEC));
    CU_ASSERT(until(p->both, 2, &p->server.up, 1, SEC));
}

static void pair_close(struct pair *p)
{
    transport_close(p->client.transport);
    transport_close(p->server.transport);
}

/* RFC6951-5.1 */
static void an_association_comes_up_and_both_ends_know_the_other(void)
{
    struct pair p;
    pair_open(&p, 2901);
    CU_ASSERT_EQUAL(p.client.peer_port, 2901);
    CU_ASSERT_STRING_EQUAL(p.client.peer_ip, "127.0.0.1");
    CU_ASSERT_STRING_EQUAL(p.server.peer_ip, "127.0.0.1");
    CU_ASSERT_EQUAL(p.client.streams_out, 9);
    CU_ASSERT_EQUAL(transport_kind_of(p.client.transport), TRANSPORT_USRSCTP);
    CU_ASSERT(strstr(p.client.verdict, "usrsctp over UDP port") != NULL);
    CU_ASSERT_EQUAL(node_send(&p.client, p.association, 9, 0, 100), P7_RANGE);
    CU_ASSERT_EQUAL(node_send(&p.client, 99, 0, 0, 100), P7_STATE);
    pair_close(&p);
}

static void ten_thousand_messages_arrive_in_order_and_unharmed(void) /* RFC9260-6.6 */
{
    struct pair p;
    pair_open(&p, 2902);
    uint32_t sent = 0;
    const int64_t end_ns = clock_ns() + (10 * SEC);
    while (p.server.messages < 10000 && clock_ns() < end_ns) {
        for (unsigned i = 0; i < 50 && sent < 10000; i++) {
            const size_t length = 4 + ((sent * 7u) % 400);
            if (node_send(&p.client, p.association, 1, sent, length) != P7_OK)
                break;
            sent++;
        }
        turn(p.both, 2);
    }
    CU_ASSERT_EQUAL(p.server.messages, 10000);
    CU_ASSERT_EQUAL(p.server.wrong, 0);
    pair_close(&p);
}

static void a_message_of_many_packets_arrives_whole(void) /* RFC9260-6.9 */
{
    struct pair p;
    pair_open(&p, 2903);
    p.server.echo = true;
    CU_ASSERT_EQUAL(node_send(&p.client, p.association, 3, 0, 60000), P7_OK);
    CU_ASSERT_EQUAL(node_send(&p.client, p.association, 3, 1, 65536), P7_OK);
    CU_ASSERT(until_messages(p.both, 2, &p.client.messages, 2, 5 * SEC));
    CU_ASSERT_EQUAL(p.server.octets, 125536);
    CU_ASSERT_EQUAL(p.client.octets, 125536);
    CU_ASSERT_EQUAL(p.server.wrong, 0);
    CU_ASSERT_EQUAL(p.client.wrong, 0);
    pair_close(&p);
}

static void a_full_send_buffer_says_so_and_then_that_it_is_writable(void)
{
    struct pair p;
    pair_open(&p, 2904);
    uint32_t sent = 0;
    while (sent < 100000 && node_send(&p.client, p.association, 0, sent, 1000) == P7_OK)
        sent++;
    CU_ASSERT(sent >= 150 && sent < 400); /* 200 000 octets */
    CU_ASSERT(until(p.both, 2, &p.client.writable, 1, 3 * SEC));
    CU_ASSERT_EQUAL(node_send(&p.client, p.association, 0, sent, 1000), P7_OK);
    CU_ASSERT(until_messages(p.both, 2, &p.server.messages, sent + 1, 3 * SEC));
    CU_ASSERT_EQUAL(p.server.wrong, 0);
    struct transport_counters c;
    transport_get_counters(p.client.transport, &c);
    CU_ASSERT_EQUAL(c.send_full, 1);
    CU_ASSERT_EQUAL(c.messages_sent, sent + 1);
    pair_close(&p);
}

static void the_messages_of_a_turn_share_packets(void)
{
    struct pair p;
    pair_open(&p, 2905);
    /* Enough for the congestion window to hold what follows. */
    for (uint32_t i = 0; i < 400; i++)
        CU_ASSERT_EQUAL(node_send(&p.client, p.association, 0, i, 200), P7_OK);
    CU_ASSERT(until_messages(p.both, 2, &p.server.messages, 400, 3 * SEC));
    turn_for(p.both, 2, 200 * MS);
    struct transport_counters before;
    struct transport_counters after;
    transport_get_counters(p.client.transport, &before);
    for (uint32_t i = 0; i < 13; i++)
        CU_ASSERT_EQUAL(node_send(&p.client, p.association, 0, 400 + i, 184), P7_OK);
    transport_flush(p.client.transport, clock_ns());
    transport_get_counters(p.client.transport, &after);
    /* 13 DATA chunks of 200 octets, 6 in each packet; the first finds nothing in flight and goes
     * alone. */
    CU_ASSERT_EQUAL(after.packets_sent - before.packets_sent, 3);
    pair_close(&p);
}

/* Without SCTP_NODELAY the second one would wait for a SACK, which is delayed by 100 ms. */
static void nothing_waits_beyond_its_flush(void)
{
    struct pair p;
    uint32_t late = 0;
    pair_open(&p, 2906);
    for (uint32_t i = 0; i < 9; i++) {
        const uint32_t together = 1 + (i % 3);
        const uint64_t aim = p.server.messages + together;
        const int64_t sent_ns = clock_ns();
        for (uint32_t k = 0; k < together; k++)
            CU_ASSERT_EQUAL(
                node_send(&p.client, p.association, 0, (uint32_t)p.server.messages + k, 50), P7_OK);
        CU_ASSERT(until_messages(p.both, 2, &p.server.messages, aim, 2 * SEC));
        late += clock_ns() - sent_ns >= 50 * MS ? 1 : 0;
    }
    /* All but the first would be; a busy machine may delay one or two. */
    CU_ASSERT(late <= 3);
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
    CU_ASSERT(until(p.both, 2, &p.client.down, 1, 3 * SEC));
    CU_ASSERT(until(p.both, 2, &p.server.down, 1, 3 * SEC));
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
    CU_ASSERT(until(p.both, 2, &p.client.down, 1, SEC));
    CU_ASSERT(until(p.both, 2, &p.server.down, 1, SEC));
    CU_ASSERT(strstr(p.server.reason, "ABORT") != NULL);
    /* Its number is free again. */
    const struct transport_endpoint again =
        endpoint_of(0, 2908, transport_udp_port(p.server.transport));
    uint32_t association;
    CU_ASSERT_EQUAL(transport_connect(p.client.transport, &again, &association), P7_OK);
    CU_ASSERT_EQUAL(association, p.association);
    CU_ASSERT(until(p.both, 2, &p.client.up, 2, SEC));
    pair_close(&p);
}

static void a_connect_to_a_closed_port_is_refused(void)
{
    struct pair p;
    pair_open(&p, 2909);
    const struct transport_endpoint closed =
        endpoint_of(0, 9, transport_udp_port(p.server.transport));
    uint32_t association;
    CU_ASSERT_EQUAL(transport_connect(p.client.transport, &closed, &association), P7_OK);
    CU_ASSERT(until(p.both, 2, &p.client.down, 1, SEC));
    CU_ASSERT(strstr(p.client.reason, "refused") != NULL);
    pair_close(&p);
}

static void a_connect_to_nobody_gives_up_after_its_inits(void) /* RFC9260-5.1.6 */
{
    struct pair p;
    pair_open(&p, 2910);
    const struct transport_endpoint nobody = endpoint_of(0, 2910, 9);
    uint32_t association;
    CU_ASSERT_EQUAL(transport_connect(p.client.transport, &nobody, &association), P7_OK);
    CU_ASSERT(until(p.both, 2, &p.client.down, 1, 3 * SEC));
    CU_ASSERT_STRING_EQUAL(p.client.reason, "no answer to 3 INITs");
    pair_close(&p);
}

static void the_profile_is_read_back_from_the_stack(void)
{
    struct pair p;
    pair_open(&p, 2911);
    const struct sctp_profile asked = endpoint_of(0, 0, 0).profile;
    const struct node *const nodes[2] = {&p.client, &p.server};
    for (unsigned i = 0; i < 2; i++) {
        struct transport_status s;
        const uint32_t association = i == 0 ? p.association : p.server.association;
        CU_ASSERT_EQUAL_FATAL(transport_get_status(nodes[i]->transport, association, &s), P7_OK);
        CU_ASSERT_EQUAL(s.profile.rto_initial_ms, asked.rto_initial_ms);
        CU_ASSERT_EQUAL(s.profile.rto_min_ms, asked.rto_min_ms);
        CU_ASSERT_EQUAL(s.profile.rto_max_ms, asked.rto_max_ms);
        CU_ASSERT_EQUAL(s.profile.sack_delay_ms, asked.sack_delay_ms);
        CU_ASSERT_EQUAL(s.profile.sack_frequency, asked.sack_frequency);
        CU_ASSERT_EQUAL(s.profile.hb_interval_ms, asked.hb_interval_ms);
        CU_ASSERT_EQUAL(s.profile.path_max_retrans, asked.path_max_retrans);
        CU_ASSERT_EQUAL(s.profile.association_max_retrans, asked.association_max_retrans);
        CU_ASSERT_EQUAL(s.profile.send_buffer_octets, asked.send_buffer_octets);
        CU_ASSERT_EQUAL(s.profile.receive_buffer_octets, asked.receive_buffer_octets);
        CU_ASSERT_TRUE(s.profile.nodelay);
        CU_ASSERT_EQUAL(s.streams_out, 9);
        CU_ASSERT_EQUAL(s.streams_in, 9);
        CU_ASSERT_EQUAL(s.path_count, 1);
        CU_ASSERT_TRUE(s.path[0].reachable);
        CU_ASSERT(s.path[0].mtu_octets >= 1388 && s.path[0].mtu_octets <= 1400);
        CU_ASSERT_STRING_EQUAL(s.path[0].ip, "127.0.0.1");
    }
    pair_close(&p);
}

static int udp_open(void)
{
    const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    struct sockaddr_in any = {.sin_family = AF_INET,
                              .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    CU_ASSERT_EQUAL_FATAL(bind(fd, (struct sockaddr *)&any, sizeof(any)), 0);
    return fd;
}

static struct sockaddr_in udp_to(uint16_t port)
{
    return (struct sockaddr_in){.sin_family = AF_INET,
                                .sin_port = htons(port),
                                .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
}

static uint16_t udp_port_of(int fd)
{
    struct sockaddr_in a = {0};
    socklen_t length = sizeof(a);
    (void)getsockname(fd, (struct sockaddr *)&a, &length);
    return ntohs(a.sin_port);
}

static void udp_send(int fd, uint16_t port, const uint8_t *data, size_t length)
{
    const struct sockaddr_in to = udp_to(port);
    (void)sendto(fd, data, length, 0, (const struct sockaddr *)&to, sizeof(to));
}

static void checksum_put(uint8_t *packet, size_t length)
{
    memset(packet + 8, 0, 4);
    const uint32_t crc = crc32c(0, bytes_of(packet, length));
    for (unsigned i = 0; i < 4; i++)
        packet[8 + i] = (uint8_t)(crc >> (8 * i));
}

static void garbage_is_counted_and_harms_no_traffic(void)
{
    struct pair p;
    pair_open(&p, 2912);
    const int fd = udp_open();
    const uint16_t port = transport_udp_port(p.server.transport);
    uint8_t junk[1500];
    uint32_t seed = 1;
    uint32_t sent = 0;
    for (unsigned round = 0; round < 300; round++) {
        for (unsigned i = 0; i < 20; i++) {
            seed = (seed * 1664525u) + 1013904223u;
            const size_t length = (seed >> 8) % sizeof(junk);
            for (size_t k = 0; k < length; k++)
                junk[k] = (uint8_t)((seed >> 3) * (k + 1));
            if (i % 2 == 0 && length >= 16) { /* a good checksum leads into the stack itself */
                bytes_store_u16be(junk + 2, 2912);
                junk[12] = (uint8_t)(seed % 20);
                checksum_put(junk, length);
            }
            udp_send(fd, port, junk, length);
        }
        CU_ASSERT_EQUAL(node_send(&p.client, p.association, 0, sent++, 180), P7_OK);
        turn(p.both, 2);
    }
    CU_ASSERT(until_messages(p.both, 2, &p.server.messages, sent, 3 * SEC));
    CU_ASSERT_EQUAL(p.server.wrong, 0);
    CU_ASSERT_EQUAL(p.server.down, 0);
    CU_ASSERT_EQUAL(p.server.up, 1);
    struct transport_counters c;
    transport_get_counters(p.server.transport, &c);
    CU_ASSERT(c.packets_malformed >= 2500);
    (void)close(fd);
    pair_close(&p);
}

static size_t init_build(uint8_t *packet, uint16_t from, uint16_t to, uint32_t tag)
{
    memset(packet, 0, 32);
    bytes_store_u16be(packet, from);
    bytes_store_u16be(packet + 2, to);
    packet[12] = 1; /* INIT */
    bytes_store_u16be(packet + 14, 20);
    bytes_store_u32be(packet + 16, tag);
    bytes_store_u32be(packet + 20, 100000);
    bytes_store_u16be(packet + 24, 5);
    bytes_store_u16be(packet + 26, 5);
    bytes_store_u32be(packet + 28, tag);
    checksum_put(packet, 32);
    return 32;
}

static bool answered(struct pair *p, int fd, const uint8_t *packet, size_t length)
{
    uint8_t answer[2048];
    udp_send(fd, transport_udp_port(p->server.transport), packet, length);
    turn_for(p->both, 2, 5 * MS);
    return recv(fd, answer, sizeof(answer), 0) > 0;
}

/* RFC9260-6.8 */
static void a_packet_with_a_bad_checksum_is_not_answered(void)
{
    struct pair p;
    uint8_t packet[64];
    pair_open(&p, 2916);
    const int fd = udp_open();
    const size_t length = init_build(packet, 1000, 2916, 5);
    CU_ASSERT_TRUE(answered(&p, fd, packet, length)); /* INIT ACK */
    packet[9] ^= 1;
    CU_ASSERT_FALSE(answered(&p, fd, packet, length));
    packet[9] ^= 1;
    packet[31] ^= 1;
    CU_ASSERT_FALSE(answered(&p, fd, packet, length));
    (void)close(fd);
    pair_close(&p);
}

/* RFC6458-6.1.7: with a small receive buffer usrsctp gives a long message in parts. */
static void parts_of_a_message_are_put_together(void)
{
    struct node client;
    struct node server;
    struct node *const both[2] = {&client, &server};
    uint32_t id;
    CU_ASSERT_EQUAL_FATAL(node_open(&client, "127.0.0.1", 0), P7_OK);
    CU_ASSERT_EQUAL_FATAL(node_open(&server, "127.0.0.1", 0), P7_OK);
    struct transport_endpoint local = endpoint_of(2917, 0, 0);
    local.profile.receive_buffer_octets = 20000;
    CU_ASSERT_EQUAL(transport_listen(server.transport, &local, &id), P7_OK);
    const struct transport_endpoint remote =
        endpoint_of(0, 2917, transport_udp_port(server.transport));
    CU_ASSERT_EQUAL(transport_connect(client.transport, &remote, &id), P7_OK);
    CU_ASSERT(until(both, 2, &client.up, 1, 2 * SEC));
    for (uint32_t i = 0; i < 3; i++)
        CU_ASSERT_EQUAL(node_send(&client, id, 2, i, 60000), P7_OK);
    CU_ASSERT(until_messages(both, 2, &server.messages, 3, 5 * SEC));
    CU_ASSERT_EQUAL(server.octets, 180000);
    CU_ASSERT_EQUAL(server.wrong, 0);
    transport_close(client.transport);
    transport_close(server.transport);
}

static void a_flood_of_inits_leaves_nothing_behind(void)
{
    struct pair p;
    uint8_t packet[64];
    pair_open(&p, 2913);
    const uint16_t port = transport_udp_port(p.server.transport);
    for (unsigned i = 0; i < 600; i++) {
        const int fd = udp_open();
        udp_send(fd, port, packet, init_build(packet, (uint16_t)(1000 + i), 2913, i + 1));
        turn(p.both, 2);
        uint8_t answer[2048];
        (void)recv(fd, answer, sizeof(answer), 0);
        (void)close(fd);
    }
    CU_ASSERT_EQUAL(p.server.up, 1);
    /* Every association that there may be can still be made. */
    const struct transport_endpoint more = endpoint_of(0, 2913, port);
    uint32_t association = 0;
    for (unsigned i = 1; i < 20; i++)
        CU_ASSERT_EQUAL(transport_connect(p.client.transport, &more, &association), P7_OK);
    CU_ASSERT(until(p.both, 2, &p.server.up, 20, 3 * SEC));
    pair_close(&p);
}

/* A forwarder between client and server, whose port towards the server can change. */
struct relay {
    int client_side;
    int server_side;
    uint16_t client_port;
    uint16_t server_port;
};

static void relay_turn(const struct relay *r)
{
    uint8_t packet[2048];
    ssize_t length;
    while ((length = recv(r->client_side, packet, sizeof(packet), 0)) > 0)
        udp_send(r->server_side, r->server_port, packet, (size_t)length);
    while ((length = recv(r->server_side, packet, sizeof(packet), 0)) > 0)
        udp_send(r->client_side, r->client_port, packet, (size_t)length);
}

static bool relay_until(struct pair *p, const struct relay *r, const uint64_t *messages,
                        uint64_t aim)
{
    const int64_t end_ns = clock_ns() + (2 * SEC);
    while (*messages < aim && clock_ns() < end_ns) {
        relay_turn(r);
        turn(p->both, 2);
    }
    return *messages >= aim;
}

/* RFC6951-5.4 */
static void a_peer_may_change_its_udp_port_but_only_with_our_tag(void)
{
    struct pair p;
    pair_open(&p, 2914);
    const uint16_t server_port = transport_udp_port(p.server.transport);
    struct relay r = {.client_side = udp_open(),
                      .server_side = udp_open(),
                      .client_port = transport_udp_port(p.client.transport),
                      .server_port = server_port};
    const struct transport_endpoint relayed = endpoint_of(0, 2914, udp_port_of(r.client_side));
    uint32_t association;
    CU_ASSERT_EQUAL(transport_connect(p.client.transport, &relayed, &association), P7_OK);
    const int64_t end_ns = clock_ns() + SEC;
    while (p.client.up < 2 && clock_ns() < end_ns) {
        relay_turn(&r);
        turn(p.both, 2);
    }
    CU_ASSERT_EQUAL(p.client.up, 2);
    p.server.echo = true;
    CU_ASSERT_EQUAL(node_send(&p.client, association, 0, 0, 100), P7_OK);
    CU_ASSERT(relay_until(&p, &r, &p.client.messages, 1));
    const int old = r.server_side;
    r.server_side = udp_open(); /* the NAT forgot */
    CU_ASSERT_EQUAL(node_send(&p.client, association, 0, 1, 100), P7_OK);
    CU_ASSERT(relay_until(&p, &r, &p.client.messages, 2));
    CU_ASSERT_EQUAL(p.server.up, 2);
    CU_ASSERT_EQUAL(p.server.restart, 0);
    /* The same ports with an INIT or a guessed tag, from a third port: answers may go there, but
     * what the server sends next still goes to the peer. */
    const int thief = udp_open();
    uint8_t packet[64];
    udp_send(thief, server_port, packet, init_build(packet, p.server.peer_port, 2914, 77));
    bytes_store_u32be(packet + 4, 0x12345678);
    checksum_put(packet, 32);
    udp_send(thief, server_port, packet, 32);
    turn_for(p.both, 2, 10 * MS);
    p.server.echo = false;
    CU_ASSERT_EQUAL(node_send(&p.server, p.server.association, 0, 2, 100), P7_OK);
    CU_ASSERT(relay_until(&p, &r, &p.client.messages, 3));
    CU_ASSERT_EQUAL(p.client.wrong, 0);
    CU_ASSERT_EQUAL(p.server.down, 0);
    struct transport_counters c;
    transport_get_counters(p.server.transport, &c);
    CU_ASSERT_EQUAL(c.chunks_retransmitted, 0);
    (void)close(old);
    (void)close(thief);
    (void)close(r.client_side);
    (void)close(r.server_side);
    pair_close(&p);
}

static void more_associations_than_the_limit_are_refused(void)
{
    struct pair p;
    pair_open(&p, 2915);
    const struct transport_endpoint nobody = endpoint_of(0, 2915, 9);
    uint32_t association;
    for (unsigned i = 1; i < LIMIT_ASSOCIATIONS; i++)
        CU_ASSERT_EQUAL(transport_connect(p.client.transport, &nobody, &association), P7_OK);
    CU_ASSERT_EQUAL(transport_connect(p.client.transport, &nobody, &association), P7_FULL);
    pair_close(&p);
}

static void a_port_in_use_is_said_in_the_verdict(void)
{
    struct node first;
    struct node second;
    CU_ASSERT_EQUAL_FATAL(node_open(&first, "127.0.0.1", 0), P7_OK);
    const uint16_t port = transport_udp_port(first.transport);
    CU_ASSERT_EQUAL(node_open(&second, "127.0.0.1", port), P7_SYSTEM);
    CU_ASSERT(strstr(second.verdict, "Address already in use") != NULL);
    CU_ASSERT_EQUAL(node_open(&second, "not an address", 0), P7_MALFORMED);
    transport_close(first.transport);
}

/* usrsctp is one per process, and so are its ports. */
static void a_second_listener_on_an_sctp_port_is_refused(void)
{
    struct node first;
    struct node second;
    uint32_t listener;
    const struct transport_endpoint e = endpoint_of(2918, 0, 0);
    CU_ASSERT_EQUAL_FATAL(node_open(&first, "127.0.0.1", 0), P7_OK);
    CU_ASSERT_EQUAL_FATAL(node_open(&second, "127.0.0.1", 0), P7_OK);
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
    CU_ASSERT_EQUAL_FATAL(node_open(&other, "127.0.0.1", 0), P7_OK);
    struct node *const three[3] = {&p.client, &p.server, &other};
    const struct transport_endpoint local = endpoint_of(2920, 0, 0);
    CU_ASSERT_EQUAL(transport_listen(other.transport, &local, &id), P7_OK);
    const struct transport_endpoint a =
        endpoint_of(2921, 2919, transport_udp_port(p.server.transport));
    const struct transport_endpoint b =
        endpoint_of(2921, 2920, transport_udp_port(other.transport));
    CU_ASSERT_EQUAL(transport_connect(p.client.transport, &a, &id), P7_OK);
    CU_ASSERT_EQUAL(transport_connect(p.client.transport, &b, &id), P7_OK);
    CU_ASSERT(until(three, 3, &p.client.up, 3, 2 * SEC));
    CU_ASSERT(until(three, 3, &other.up, 1, SEC));
    CU_ASSERT_EQUAL(other.peer_port, 2921);
    CU_ASSERT_EQUAL(p.server.peer_port, 2921);
    transport_close(other.transport);
    pair_close(&p);
}

UNIT_TESTS = {
    UNIT(an_association_comes_up_and_both_ends_know_the_other),
    UNIT(ten_thousand_messages_arrive_in_order_and_unharmed),
    UNIT(a_message_of_many_packets_arrives_whole),
    UNIT(a_full_send_buffer_says_so_and_then_that_it_is_writable),
    UNIT(the_messages_of_a_turn_share_packets),
    UNIT(nothing_waits_beyond_its_flush),
    UNIT(a_graceful_end_delivers_what_was_sent),
    UNIT(an_abort_ends_both),
    UNIT(a_connect_to_a_closed_port_is_refused),
    UNIT(a_connect_to_nobody_gives_up_after_its_inits),
    UNIT(the_profile_is_read_back_from_the_stack),
    UNIT(garbage_is_counted_and_harms_no_traffic),
    UNIT(a_packet_with_a_bad_checksum_is_not_answered),
    UNIT(parts_of_a_message_are_put_together),
    UNIT(a_flood_of_inits_leaves_nothing_behind),
    UNIT(a_peer_may_change_its_udp_port_but_only_with_our_tag),
    UNIT(more_associations_than_the_limit_are_refused),
    UNIT(a_port_in_use_is_said_in_the_verdict),
    UNIT(a_second_listener_on_an_sctp_port_is_refused),
    UNIT(one_local_port_serves_several_peers),
};
UNIT_MAIN("usrsctp")
