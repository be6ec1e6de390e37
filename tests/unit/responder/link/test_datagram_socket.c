/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Ports 24080 to 24089 of the loopback. */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <string.h>

#include "responder/link/datagram_socket.h"
#include "tests/unit/unit.h"

#define OCTETS_MAX 1000u

struct seen {
    uint32_t count;
    uint32_t disorder;
    size_t length;
    uint16_t from_port;
};

static void on_datagram(void *context, const struct datagram_address *from, struct bytes datagram)
{
    struct seen *seen = context;
    if (datagram.length == 0 || datagram.data[0] != (uint8_t)seen->count)
        seen->disorder++;
    seen->count++;
    seen->length = datagram.length;
    seen->from_port =
        ntohs(from->any.sa_family == AF_INET ? from->in.sin_port : from->in6.sin6_port);
}

static struct datagram_address address_of(const char *text, uint16_t port)
{
    struct datagram_address address;
    CU_ASSERT_EQUAL_FATAL(datagram_address_parse(text, port, AF_INET, &address), P7_OK);
    return address;
}

static struct datagram_socket open_at(const char *text, uint16_t port)
{
    struct datagram_socket socket;
    const struct datagram_address local = address_of(text, port);
    CU_ASSERT_EQUAL_FATAL(datagram_socket_open(&socket, &local, OCTETS_MAX, 1 << 20), P7_OK);
    return socket;
}

/* Reads until `count` have come; the loopback needs no time, a busy machine some. */
static void receive(struct datagram_socket *socket, uint32_t count, struct seen *seen)
{
    for (int i = 0; i < 500 && seen->count < count; i++) {
        struct pollfd readable = {.fd = socket->fd, .events = POLLIN};
        (void)poll(&readable, 1, 10);
        while (datagram_socket_receive(socket, on_datagram, seen))
            ;
    }
}

static void addresses_are_numbers(void)
{
    static const char *const good[] = {"127.0.0.1", "::1", "2001:db8::7", "fe80::1%lo", "0.0.0.0"};
    static const char *const bad[] = {"localhost", "127.0.0.1.1", "fe80::1%nowhere", "::1:::", " "};
    struct datagram_address a;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        CU_ASSERT_EQUAL(datagram_address_parse(good[i], 7, AF_INET, &a), P7_OK);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        CU_ASSERT_EQUAL(datagram_address_parse(bad[i], 7, AF_INET, &a), P7_MALFORMED);
    CU_ASSERT_EQUAL(datagram_address_parse("192.0.2.1", 65535, AF_INET6, &a), P7_OK);
    CU_ASSERT_EQUAL(a.any.sa_family, AF_INET);
    CU_ASSERT_EQUAL(ntohs(a.in.sin_port), 65535);
    CU_ASSERT_EQUAL(ntohl(a.in.sin_addr.s_addr), 0xc0000201);
    CU_ASSERT_EQUAL(datagram_address_parse("", 9, AF_INET6, &a), P7_OK);
    CU_ASSERT_EQUAL(a.any.sa_family, AF_INET6);
    CU_ASSERT(IN6_IS_ADDR_UNSPECIFIED(&a.in6.sin6_addr));
    CU_ASSERT_EQUAL(datagram_address_parse("fe80::1%lo", 9, AF_INET, &a), P7_OK);
    CU_ASSERT(a.in6.sin6_scope_id != 0);
}

static void more_than_a_batch_arrives_in_order(void)
{
    uint8_t octets[80][OCTETS_MAX];
    struct bytes datagrams[80];
    struct seen seen = {0};
    uint64_t sent = 0;
    struct datagram_socket a = open_at("127.0.0.1", 24080);
    struct datagram_socket b = open_at("127.0.0.1", 24081);
    const struct datagram_address to = address_of("127.0.0.1", 24081);
    for (uint8_t i = 0; i < 80; i++) {
        octets[i][0] = i;
        datagrams[i] = bytes_of(octets[i], i + 1u);
    }
    CU_ASSERT_EQUAL(datagram_socket_send(&a, &to, datagrams, 80, &sent), 80);
    CU_ASSERT_EQUAL(sent, 80 * 81 / 2);
    receive(&b, 80, &seen);
    CU_ASSERT_EQUAL(seen.count, 80);
    CU_ASSERT_EQUAL(seen.disorder, 0);
    CU_ASSERT_EQUAL(seen.length, 80);
    CU_ASSERT_EQUAL(seen.from_port, 24080);
    CU_ASSERT_EQUAL(datagram_socket_send(&a, &to, datagrams, 0, NULL), 0);
    CU_ASSERT(!datagram_socket_receive(&b, on_datagram, &seen)); /* empty: comes back at once */
    datagram_socket_close(&a);
    datagram_socket_close(&b);
}

/* No datagram has more than 65507 octets: the kernel stops at it, the others go. */
static void one_that_is_too_long_for_the_kernel_stops_no_other(void)
{
    static uint8_t octets[70000];
    uint8_t first = 0;
    uint8_t last = 1;
    struct seen seen = {0};
    uint64_t sent = 0;
    struct datagram_socket a = open_at("::1", 24082);
    struct datagram_socket b = open_at("::1", 24083);
    const struct datagram_address to = address_of("::1", 24083);
    const struct bytes datagrams[] = {bytes_of(&first, 1), bytes_of(octets, sizeof(octets)),
                                      bytes_of(octets, sizeof(octets)), bytes_of(&last, 1)};
    CU_ASSERT_EQUAL(datagram_socket_send(&a, &to, datagrams, 4, &sent), 2);
    CU_ASSERT_EQUAL(sent, 2);
    receive(&b, 2, &seen);
    CU_ASSERT_EQUAL(seen.count, 2);
    CU_ASSERT_EQUAL(seen.disorder, 0);
    CU_ASSERT_EQUAL(seen.from_port, 24082);
    datagram_socket_close(&a);
    datagram_socket_close(&b);
}

static void a_longer_datagram_than_wanted_shows_as_such(void)
{
    static uint8_t octets[3 * OCTETS_MAX];
    struct datagram_socket a = open_at("127.0.0.1", 24084);
    struct datagram_socket b = open_at("127.0.0.1", 24085);
    const struct datagram_address to = address_of("127.0.0.1", 24085);
    static const size_t lengths[] = {OCTETS_MAX, OCTETS_MAX + 1, 3 * OCTETS_MAX};
    for (int i = 0; i < 3; i++) {
        struct seen seen = {0};
        const struct bytes datagram = bytes_of(octets, lengths[i]);
        CU_ASSERT_EQUAL(datagram_socket_send(&a, &to, &datagram, 1, NULL), 1);
        receive(&b, 1, &seen);
        CU_ASSERT_EQUAL(seen.length, i == 0 ? OCTETS_MAX : OCTETS_MAX + 1);
    }
    datagram_socket_close(&a);
    datagram_socket_close(&b);
}

static void a_link_that_refuses_is_told_by_the_number_taken(void)
{
    const uint8_t octet = 0;
    const struct bytes datagrams[] = {bytes_of(&octet, 1), bytes_of(&octet, 1)};
    struct datagram_socket a = open_at("127.0.0.1", 24086);
    const struct datagram_address broadcast = address_of("255.255.255.255", 24087);
    const struct datagram_address nobody = address_of("127.0.0.1", 24087);
    uint64_t sent = 0;
    CU_ASSERT_EQUAL(datagram_socket_send(&a, &broadcast, datagrams, 2, &sent), 0); /* EACCES */
    CU_ASSERT_EQUAL(sent, 0);
    for (int i = 0; i < 5; i++) /* a port that nobody has takes them, and stops nothing */
        CU_ASSERT_EQUAL(datagram_socket_send(&a, &nobody, datagrams, 2, &sent), 2);
    datagram_socket_close(&a);
}

static void a_port_is_had_once_and_each_family_has_its_own(void)
{
    struct datagram_socket second;
    const struct datagram_address local = address_of("127.0.0.1", 24088);
    struct datagram_socket first = open_at("127.0.0.1", 24088);
    CU_ASSERT_EQUAL(datagram_socket_open(&second, &local, OCTETS_MAX, 1 << 20), P7_SYSTEM);
    CU_ASSERT_EQUAL(errno, EADDRINUSE);
    datagram_socket_close(&second);
    struct datagram_socket any = open_at("::", 24088);
    datagram_socket_close(&any);
    datagram_socket_close(&first);
}

UNIT_TESTS = {
    UNIT(addresses_are_numbers),
    UNIT(more_than_a_batch_arrives_in_order),
    UNIT(one_that_is_too_long_for_the_kernel_stops_no_other),
    UNIT(a_longer_datagram_than_wanted_shows_as_such),
    UNIT(a_link_that_refuses_is_told_by_the_number_taken),
    UNIT(a_port_is_had_once_and_each_family_has_its_own),
};
UNIT_MAIN("datagram_socket")
