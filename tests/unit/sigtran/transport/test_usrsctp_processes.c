/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* What only a peer in another process can show: it is killed, frozen, started again. The peer is
 * this program itself, run with two arguments: the UDP ports of the server and its own. */
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/sigtran/transport/loopback.h"

#define SCTP_PORT      2905
#define PEER_SCTP_PORT 2906

/* Connects from its fixed ports and sends a numbered message every 10 ms until it is killed. */
static int peer_run(uint16_t server_port, uint16_t own_port)
{
    struct node n;
    struct node *const nodes[1] = {&n};
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (node_open(&n, "127.0.0.1", own_port) != P7_OK)
        return 1;
    const struct transport_endpoint e = endpoint_of(PEER_SCTP_PORT, SCTP_PORT, server_port);
    uint32_t association;
    if (transport_connect(n.transport, &e, &association) != P7_OK)
        return 1;
    int64_t next_ns = 0;
    for (uint32_t number = 0; n.down == 0;) {
        turn(nodes, 1);
        if (n.up == 0 || clock_ns() < next_ns)
            continue;
        if (node_send(&n, association, 1, number, 100) == P7_OK)
            number++;
        next_ns = clock_ns() + (10 * MS);
    }
    return 0;
}

static pid_t peer_start(uint16_t server_port, uint16_t own_port)
{
    char ports[2][8];
    (void)snprintf(ports[0], sizeof(ports[0]), "%u", server_port);
    (void)snprintf(ports[1], sizeof(ports[1]), "%u", own_port);
    const pid_t peer = fork();
    if (peer == 0) {
        (void)execl("/proc/self/exe", "peer", ports[0], ports[1], (char *)NULL);
        _exit(127);
    }
    return peer;
}

static void peer_kill(pid_t peer)
{
    (void)kill(peer, SIGKILL);
    (void)waitpid(peer, NULL, 0);
}

static void server_open(struct node *server, uint16_t *peer_port)
{
    struct node probe; /* a UDP port that is free */
    uint32_t listener;
    CU_ASSERT_EQUAL_FATAL(node_open(&probe, "127.0.0.1", 0), P7_OK);
    *peer_port = transport_udp_port(probe.transport);
    transport_close(probe.transport);
    CU_ASSERT_EQUAL_FATAL(node_open(server, "127.0.0.1", 0), P7_OK);
    const struct transport_endpoint e = endpoint_of(SCTP_PORT, 0, 0);
    CU_ASSERT_EQUAL_FATAL(transport_listen(server->transport, &e, &listener), P7_OK);
}

/* endpoint_of: HEARTBEAT every 200 ms plus RTO and jitter, 4 retransmissions of at most 200 ms. */
static void a_killed_peer_is_down_within_the_time_of_the_profile(void) /* RFC9260-8.1 */
{
    struct node server;
    struct node *const nodes[1] = {&server};
    uint16_t peer_port;
    server_open(&server, &peer_port);
    const pid_t peer = peer_start(transport_udp_port(server.transport), peer_port);
    CU_ASSERT(until_messages(nodes, 1, &server.messages, 5, 5 * SEC));
    peer_kill(peer);
    /* Data to the dead peer lets the retransmission ladder 50 100 200 200 200 ms begin now. */
    CU_ASSERT_EQUAL(node_send(&server, server.association, 0, 0, 100), P7_OK);
    const int64_t killed_ns = clock_ns();
    CU_ASSERT(until(nodes, 1, &server.down, 1, 5 * SEC));
    const int64_t took_ns = clock_ns() - killed_ns;
    CU_ASSERT(took_ns > 300 * MS && took_ns < 1500 * MS);
    CU_ASSERT(strstr(server.reason, "association lost") != NULL);
    struct transport_counters c;
    transport_get_counters(server.transport, &c);
    CU_ASSERT(c.chunks_retransmitted >= 3);
    CU_ASSERT(c.retransmission_timeouts >= 3);
    CU_ASSERT_EQUAL(node_send(&server, server.association, 0, 0, 100), P7_STATE);
    transport_close(server.transport);
}

static void a_silent_peer_is_found_by_heartbeats_alone(void) /* RFC9260-8.3 */
{
    struct node server;
    struct node *const nodes[1] = {&server};
    uint16_t peer_port;
    server_open(&server, &peer_port);
    const pid_t peer = peer_start(transport_udp_port(server.transport), peer_port);
    CU_ASSERT(until_messages(nodes, 1, &server.messages, 5, 5 * SEC));
    peer_kill(peer);
    CU_ASSERT(until(nodes, 1, &server.path_down, 1, 6 * SEC));
    CU_ASSERT(until(nodes, 1, &server.down, 1, 6 * SEC));
    transport_close(server.transport);
}

/* RFC9260-5.2.4 action A: the same addresses and ports, but new tags. */
static void a_peer_that_starts_again_is_a_restart(void)
{
    struct node server;
    struct node *const nodes[1] = {&server};
    uint16_t peer_port;
    server_open(&server, &peer_port);
    const uint16_t port = transport_udp_port(server.transport);
    pid_t peer = peer_start(port, peer_port);
    CU_ASSERT(until_messages(nodes, 1, &server.messages, 5, 5 * SEC));
    const uint32_t association = server.association;
    peer_kill(peer);
    server.next = 0;
    peer = peer_start(port, peer_port);
    CU_ASSERT(until(nodes, 1, &server.restart, 1, 2 * SEC));
    const uint64_t aim = server.messages + 5;
    CU_ASSERT(until_messages(nodes, 1, &server.messages, aim, 2 * SEC));
    CU_ASSERT_EQUAL(server.association, association);
    CU_ASSERT_EQUAL(server.up, 1);
    CU_ASSERT_EQUAL(server.down, 0);
    CU_ASSERT_EQUAL(server.wrong, 0);
    CU_ASSERT_EQUAL(node_send(&server, association, 0, 0, 100), P7_OK);
    turn_for(nodes, 1, 20 * MS);
    peer_kill(peer);
    transport_close(server.transport);
}

static void a_frozen_peer_loses_nothing_and_is_not_given_up(void)
{
    struct node server;
    struct node *const nodes[1] = {&server};
    uint16_t peer_port;
    server_open(&server, &peer_port);
    const pid_t peer = peer_start(transport_udp_port(server.transport), peer_port);
    CU_ASSERT(until_messages(nodes, 1, &server.messages, 5, 5 * SEC));
    (void)kill(peer, SIGSTOP);
    CU_ASSERT_EQUAL(node_send(&server, server.association, 0, 0, 100), P7_OK);
    turn_for(nodes, 1, 250 * MS);
    (void)kill(peer, SIGCONT);
    const uint64_t aim = server.messages + 10;
    CU_ASSERT(until_messages(nodes, 1, &server.messages, aim, 3 * SEC));
    CU_ASSERT_EQUAL(server.down, 0);
    CU_ASSERT_EQUAL(server.wrong, 0);
    peer_kill(peer);
    transport_close(server.transport);
}

UNIT_TESTS = {
    UNIT(a_killed_peer_is_down_within_the_time_of_the_profile),
    UNIT(a_silent_peer_is_found_by_heartbeats_alone),
    UNIT(a_peer_that_starts_again_is_a_restart),
    UNIT(a_frozen_peer_loses_nothing_and_is_not_given_up),
};

int main(int argc, char **argv)
{
    if (argc == 3)
        return peer_run((uint16_t)strtoul(argv[1], NULL, 10), (uint16_t)strtoul(argv[2], NULL, 10));
    return unit_run("usrsctp_processes", unit_tests, sizeof(unit_tests) / sizeof(unit_tests[0]));
}
