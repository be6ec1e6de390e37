/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* What kind is picked, what its verdict says, and usrsctp on raw IP where the user may open that.
 */
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/unit/sigtran/transport/loopback.h"

static bool socket_works(int type, int protocol)
{
    const int fd = socket(AF_INET, type, protocol);
    if (fd != -1)
        (void)close(fd);
    return fd != -1;
}

static void auto_takes_the_kernel_where_it_can_and_says_why_not_else(void)
{
    struct node n;
    CU_ASSERT_EQUAL_FATAL(node_open_as(&n, TRANSPORT_AUTO, "127.0.0.1", 0), P7_OK);
    if (socket_works(SOCK_SEQPACKET, IPPROTO_SCTP)) {
        CU_ASSERT_EQUAL(transport_kind_of(n.transport), TRANSPORT_KERNEL);
        CU_ASSERT_STRING_EQUAL(n.verdict, "transport: kernel SCTP (lksctp)");
    } else {
        CU_ASSERT_EQUAL(transport_kind_of(n.transport), TRANSPORT_USRSCTP);
        CU_ASSERT(strstr(n.verdict, "transport: usrsctp over UDP port ") == n.verdict);
        CU_ASSERT(strstr(n.verdict, "(this kernel has no SCTP: ") != NULL);
    }
    transport_close(n.transport);
}

static void a_kernel_without_sctp_is_told_with_what_to_do(void)
{
    struct node n;
    if (socket_works(SOCK_SEQPACKET, IPPROTO_SCTP)) {
        CU_ASSERT_EQUAL(node_open_as(&n, TRANSPORT_KERNEL, "", 0), P7_OK);
        transport_close(n.transport);
        return;
    }
    CU_ASSERT_EQUAL(node_open_as(&n, TRANSPORT_KERNEL, "", 0), P7_UNSUPPORTED);
    CU_ASSERT(strstr(n.verdict, "modprobe sctp") != NULL);
    CU_ASSERT(strstr(n.verdict, "transport usrsctp") != NULL);
    CU_ASSERT_EQUAL(strchr(n.verdict, '\n'), NULL);
}

static void memory_is_not_opened_without_a_network(void)
{
    struct node n;
    CU_ASSERT_EQUAL(node_open_as(&n, TRANSPORT_MEMORY, "", 0), P7_UNSUPPORTED);
    CU_ASSERT(strstr(n.verdict, "memory_network") != NULL);
}

static void every_kind_and_event_has_a_name(void)
{
    for (unsigned i = 0; i <= TRANSPORT_MEMORY; i++)
        CU_ASSERT_STRING_NOT_EQUAL(transport_kind_name((enum transport_kind)i), "unknown");
    for (unsigned i = 0; i <= TRANSPORT_EVENT_WRITABLE; i++)
        CU_ASSERT_STRING_NOT_EQUAL(transport_event_name((enum transport_event_kind)i), "unknown");
    CU_ASSERT_STRING_EQUAL(transport_kind_name((enum transport_kind)99), "unknown");
}

/* Any address is one dual-stack socket: a peer at ::1 and one at 127.0.0.1 both reach it. */
static void any_address_serves_both_families(void)
{
    static const char *const ips[] = {"127.0.0.1", "::1"};
    struct node server;
    struct node client;
    uint32_t listener;
    uint32_t association;
    struct node *const both[2] = {&client, &server};
    const bool six =
        socket_works(SOCK_DGRAM, IPPROTO_UDP) && access("/proc/net/if_inet6", F_OK) == 0;
    CU_ASSERT_EQUAL_FATAL(node_open(&server, "", 0), P7_OK);
    const struct transport_endpoint local = endpoint_of(2931, 0, 0);
    CU_ASSERT_EQUAL(transport_listen(server.transport, &local, &listener), P7_OK);
    CU_ASSERT_EQUAL(transport_listen(server.transport, &local, &listener), P7_EXISTS);
    for (unsigned i = 0; i < (six ? 2 : 1); i++) {
        if (node_open(&client, ips[i], 0) != P7_OK)
            continue; /* this host has no ::1 */
        struct transport_endpoint remote =
            endpoint_of(0, 2931, transport_udp_port(server.transport));
        (void)snprintf(remote.remote_ip[0], sizeof(remote.remote_ip[0]), "%s", ips[i]);
        CU_ASSERT_EQUAL(transport_connect(client.transport, &remote, &association), P7_OK);
        const uint32_t aim = server.up + 1;
        CU_ASSERT(until(both, 2, &server.up, aim, 2 * SEC));
        CU_ASSERT_STRING_EQUAL(server.peer_ip, ips[i]);
        CU_ASSERT(until(both, 2, &client.up, 1, 2 * SEC));
        transport_close(client.transport);
    }
    transport_close(server.transport);
}

static void usrsctp_speaks_over_raw_ip(void)
{
    struct node server;
    struct node client;
    uint32_t listener;
    uint32_t association;
    struct node *const both[2] = {&client, &server};
    if (node_open_as(&server, TRANSPORT_USRSCTP_IP, "127.0.0.2", 0) != P7_OK) {
        CU_ASSERT(strstr(server.verdict, "CAP_NET_RAW") != NULL); /* not root */
        return;
    }
    CU_ASSERT_EQUAL_FATAL(node_open_as(&client, TRANSPORT_USRSCTP_IP, "127.0.0.3", 0), P7_OK);
    CU_ASSERT_EQUAL(transport_udp_port(client.transport), 0);
    const struct transport_endpoint local = endpoint_of(2932, 0, 0);
    CU_ASSERT_EQUAL(transport_listen(server.transport, &local, &listener), P7_OK);
    struct transport_endpoint remote = endpoint_of(0, 2932, 0);
    (void)snprintf(remote.remote_ip[0], sizeof(remote.remote_ip[0]), "127.0.0.2");
    CU_ASSERT_EQUAL(transport_connect(client.transport, &remote, &association), P7_OK);
    CU_ASSERT(until(both, 2, &client.up, 1, 2 * SEC));
    for (uint32_t i = 0; i < 500; i++)
        CU_ASSERT_EQUAL(node_send(&client, association, 1, i, 150), P7_OK);
    CU_ASSERT(until_messages(both, 2, &server.messages, 500, 2 * SEC));
    CU_ASSERT_EQUAL(server.wrong, 0);
    CU_ASSERT_STRING_EQUAL(server.peer_ip, "127.0.0.3");
    transport_close(client.transport);
    transport_close(server.transport);
}

UNIT_TESTS = {
    UNIT(auto_takes_the_kernel_where_it_can_and_says_why_not_else),
    UNIT(a_kernel_without_sctp_is_told_with_what_to_do),
    UNIT(memory_is_not_opened_without_a_network),
    UNIT(every_kind_and_event_has_a_name),
    UNIT(any_address_serves_both_families),
    UNIT(usrsctp_speaks_over_raw_ip),
};
UNIT_MAIN("transport")
