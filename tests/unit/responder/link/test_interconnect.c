/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Ports 24000 to 24099 of the loopback. Time is the test's own; only the kernel's delivery takes
 * real time, and is waited for. */
#include <arpa/inet.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "responder/link/interconnect.h"
#include "sigtran/base/timer_heap.h"
#include "tests/unit/unit.h"

#define MS ((int64_t)1000000)

struct party {
    struct interconnect *interconnect;
    struct interconnect_params params;
    uint32_t received;
    uint64_t next_id;  /* the next one, if none is lost */
    uint32_t disorder; /* messages that were not the next one */
    size_t octets;     /* of the last one's content */
    int64_t heard_ns;
};

static char text[INTERCONNECT_TEXT_OCTETS];

static void on_message(void *context, const struct cluster_message *message, int64_t now_ns)
{
    struct party *party = context;
    party->received++;
    party->heard_ns = now_ns;
    if (message->kind != CLUSTER_FORWARD)
        return;
    if (message->forward.id != party->next_id)
        party->disorder++;
    party->next_id = message->forward.id + 1;
    party->octets = message->forward.octets.length;
}

static void link_set(struct party *party, uint32_t i, const char *address, uint16_t local,
                     uint16_t remote)
{
    struct interconnect_link *link = &party->params.link[i];
    party->params.link_count = i + 1;
    (void)snprintf(link->local_address, sizeof(link->local_address), "%s", address);
    (void)snprintf(link->remote_address, sizeof(link->remote_address), "%s", address);
    link->local_port = local;
    link->remote_port = remote;
}

/* Two nodes with `links` links between the ports from `port` on. */
static void set_up(struct party *a, struct party *b, uint32_t links, uint16_t port)
{
    *a = (struct party){.params = {.cluster_id = 7, .node = 0, .session = 0x100000011}};
    *b = (struct party){.params = {.cluster_id = 7, .node = 1, .session = 0x100000007}};
    for (uint32_t i = 0; i < links; i++) {
        const uint16_t here = (uint16_t)(port + 2 * i);
        link_set(a, i, "127.0.0.1", here, (uint16_t)(here + 1));
        link_set(b, i, "127.0.0.1", (uint16_t)(here + 1), here);
    }
}

static void party_open(struct party *party)
{
    text[0] = '\0';
    const enum p7_status status =
        interconnect_open(&party->params, on_message, party, &party->interconnect, text);
    CU_ASSERT_STRING_EQUAL(text, "");
    CU_ASSERT_EQUAL_FATAL(status, P7_OK);
}

static void close_both(struct party *a, struct party *b)
{
    interconnect_close(a->interconnect);
    interconnect_close(b->interconnect);
}

/* A turn of both: waits a little for the kernel, and moves the test's time by a millisecond. */
static void turn(struct party *a, struct party *b, int64_t *now_ns)
{
    struct party *parties[] = {a, b};
    struct pollfd fds[2 * INTERCONNECT_LINKS_MAX];
    nfds_t count = 0;
    *now_ns += MS;
    for (int p = 0; p < 2; p++)
        for (uint32_t i = 0; i < parties[p]->params.link_count; i++)
            fds[count++] = (struct pollfd){.fd = interconnect_fd(parties[p]->interconnect, i),
                                           .events = POLLIN};
    (void)poll(fds, count, 1);
    for (int p = 0; p < 2; p++) {
        interconnect_ready(parties[p]->interconnect, *now_ns);
        interconnect_flush(parties[p]->interconnect, *now_ns);
    }
}

static void turns(struct party *a, struct party *b, int64_t *now_ns, int count)
{
    while (count-- > 0)
        turn(a, b, now_ns);
}

static bool settled(const struct party *party)
{
    return interconnect_is_open(party->interconnect) &&
           interconnect_deadline_ns(party->interconnect) == TIMER_NEVER_NS;
}

static void meet(struct party *a, struct party *b, int64_t *now_ns)
{
    for (int i = 0; i < 5000 && !(settled(a) && settled(b)); i++)
        turn(a, b, now_ns);
    CU_ASSERT_FATAL(settled(a) && settled(b));
}

static void say(struct party *from, uint64_t id, size_t octets, int64_t now_ns)
{
    static const uint8_t content[CLUSTER_FORWARD_OCTETS_MAX + 1];
    struct cluster_message message = {.kind = CLUSTER_FORWARD};
    message.forward.id = id;
    message.forward.octets = bytes_of(content, octets);
    interconnect_send(from->interconnect, &message, now_ns);
}

/* `count` messages each way, in batches that fit into anybody's socket buffer. */
static void exchange(struct party *a, struct party *b, uint32_t count, int64_t *now_ns)
{
    for (uint32_t id = 0; id < count; id++) {
        say(a, id, 100 + id % 100, *now_ns);
        say(b, id, 100 + id % 100, *now_ns);
        if (id % 50 == 49 || id + 1 == count) {
            interconnect_flush(a->interconnect, *now_ns);
            interconnect_flush(b->interconnect, *now_ns);
            for (int i = 0; i < 5000 && (a->received <= id || b->received <= id); i++)
                turn(a, b, now_ns);
        }
    }
    CU_ASSERT_EQUAL(a->received, count);
    CU_ASSERT_EQUAL(b->received, count);
    CU_ASSERT_EQUAL(a->disorder, 0);
    CU_ASSERT_EQUAL(b->disorder, 0);
}

static void two_nodes_talk_over_two_links(void)
{
    struct party a;
    struct party b;
    int64_t now_ns = MS;
    set_up(&a, &b, 2, 24000);
    party_open(&a);
    party_open(&b);
    meet(&a, &b, &now_ns);
    exchange(&a, &b, 1000, &now_ns);
    turns(&a, &b, &now_ns, 3); /* copies over the other link */
    const struct interconnect_counters c = interconnect_get_counters(b.interconnect);
    CU_ASSERT_EQUAL(c.taken[0] + c.taken[1], 1000);
    CU_ASSERT_EQUAL(c.channel.taken, 1000);
    CU_ASSERT_EQUAL(c.channel.repeated, 1000);
    CU_ASSERT(c.sent[0] >= 1000 && c.sent[0] < 1100);
    CU_ASSERT_EQUAL(c.sent[0], c.sent[1]);
    CU_ASSERT_EQUAL(c.unsent[0] + c.unsent[1], 0);
    CU_ASSERT(c.octets_sent > 2 * (uint64_t)1000 * 150);
    CU_ASSERT(c.heard_ns[0] > 0 && c.heard_ns[1] > 0);
    CU_ASSERT_EQUAL(c.malformed + c.unfit, 0);
    CU_ASSERT(b.heard_ns > 0);
    close_both(&a, &b);
}

static void two_nodes_talk_over_ipv6(void)
{
    struct party a;
    struct party b;
    int64_t now_ns = MS;
    set_up(&a, &b, 1, 24006);
    link_set(&a, 0, "::1", 24006, 24007);
    link_set(&b, 0, "::1", 24007, 24006);
    party_open(&a);
    party_open(&b);
    meet(&a, &b, &now_ns);
    exchange(&a, &b, 100, &now_ns);
    close_both(&a, &b);
}

static void a_dead_link_loses_nothing(void)
{
    for (uint32_t dead = 0; dead < 2; dead++) {
        struct party a;
        struct party b;
        int64_t now_ns = MS;
        set_up(&a, &b, 2, 24010);
        /* Nobody has the ports that they send to. */
        a.params.link[dead].remote_port = 24018;
        b.params.link[dead].remote_port = 24019;
        party_open(&a);
        party_open(&b);
        meet(&a, &b, &now_ns);
        exchange(&a, &b, 500, &now_ns);
        const struct interconnect_counters c = interconnect_get_counters(a.interconnect);
        CU_ASSERT_EQUAL(c.taken[dead], 0);
        CU_ASSERT_EQUAL(c.taken[1 - dead], 500);
        CU_ASSERT_EQUAL(c.heard_ns[dead], 0);
        CU_ASSERT(c.heard_ns[1 - dead] > 0);
        close_both(&a, &b);
    }
}

/* The kernel refuses the broadcast address (EACCES), as it would a network without a route. */
static void a_link_that_the_kernel_refuses_is_counted_and_costs_nothing(void)
{
    struct party a;
    struct party b;
    int64_t now_ns = MS;
    set_up(&a, &b, 2, 24020);
    (void)snprintf(a.params.link[0].remote_address, sizeof(a.params.link[0].remote_address),
                   "255.255.255.255");
    party_open(&a);
    party_open(&b);
    meet(&a, &b, &now_ns);
    exchange(&a, &b, 200, &now_ns);
    const struct interconnect_counters c = interconnect_get_counters(a.interconnect);
    CU_ASSERT_EQUAL(c.sent[0], 0);
    CU_ASSERT_EQUAL(c.unsent[0], c.sent[1]);
    CU_ASSERT_EQUAL(c.unsent[1], 0);
    close_both(&a, &b);
}

static void hellos_go_out_every_100_ms_until_the_peer_is_known(void)
{
    struct party a;
    struct party b;
    int64_t now_ns = 5000 * MS;
    set_up(&a, &b, 1, 24030);
    party_open(&a);
    CU_ASSERT(interconnect_deadline_ns(a.interconnect) <= now_ns);
    uint64_t sent = 0;
    for (int i = 0; i < 10; i++) {
        interconnect_ready(a.interconnect, now_ns);
        CU_ASSERT_EQUAL(interconnect_get_counters(a.interconnect).sent[0], ++sent);
        CU_ASSERT_EQUAL(interconnect_deadline_ns(a.interconnect), now_ns + 100 * MS);
        interconnect_ready(a.interconnect, now_ns + 99 * MS);
        CU_ASSERT_EQUAL(interconnect_get_counters(a.interconnect).sent[0], sent);
        now_ns += 100 * MS;
    }
    party_open(&b);
    meet(&a, &b, &now_ns);
    CU_ASSERT_EQUAL(interconnect_deadline_ns(a.interconnect), TIMER_NEVER_NS);
    turns(&a, &b, &now_ns, 5);
    sent = interconnect_get_counters(a.interconnect).sent[0];
    now_ns += 1000 * MS;
    turns(&a, &b, &now_ns, 5);
    CU_ASSERT_EQUAL(interconnect_get_counters(a.interconnect).sent[0], sent);
    close_both(&a, &b);
}

static void a_message_to_an_unknown_peer_is_dropped_and_counted(void)
{
    struct party a;
    struct party b;
    set_up(&a, &b, 1, 24034);
    party_open(&a);
    say(&a, 0, 10, MS);
    interconnect_flush(a.interconnect, MS);
    const struct interconnect_counters c = interconnect_get_counters(a.interconnect);
    CU_ASSERT_EQUAL(c.unknown, 1);
    CU_ASSERT_EQUAL(c.sent[0], 0);
    interconnect_close(a.interconnect);
}

static void a_restarted_peer_is_found_again(void)
{
    struct party a;
    struct party b;
    int64_t now_ns = MS;
    set_up(&a, &b, 2, 24040);
    party_open(&a);
    party_open(&b);
    meet(&a, &b, &now_ns);
    exchange(&a, &b, 50, &now_ns);
    interconnect_close(b.interconnect);
    for (uint64_t life = 2; life < 5; life++) {
        say(&a, 50, 10, now_ns); /* to nobody */
        interconnect_flush(a.interconnect, now_ns);
        b.params.session = (life << 32) | (100 - life);
        party_open(&b);
        meet(&a, &b, &now_ns);
        b.received = a.received = 0;
        b.next_id = a.next_id = 0;
        exchange(&a, &b, 50, &now_ns);
        if (life < 4)
            interconnect_close(b.interconnect);
    }
    close_both(&a, &b);
}

static void two_clusters_on_crossed_ports_never_mix(void)
{
    struct party a;
    struct party b;
    int64_t now_ns = MS;
    set_up(&a, &b, 2, 24046);
    b.params.cluster_id = 8;
    party_open(&a);
    party_open(&b);
    turns(&a, &b, &now_ns, 500);
    CU_ASSERT(!interconnect_is_open(a.interconnect) && !interconnect_is_open(b.interconnect));
    const struct interconnect_counters c = interconnect_get_counters(a.interconnect);
    CU_ASSERT(c.channel.other_cluster > 0);
    CU_ASSERT_EQUAL(c.heard_ns[0], 0);
    CU_ASSERT_EQUAL(a.received + b.received, 0);
    close_both(&a, &b);
}

static void a_wrong_key_is_forgery(void)
{
    struct party a;
    struct party b;
    int64_t now_ns = MS;
    set_up(&a, &b, 1, 24052);
    b.params.key[31] = 1;
    party_open(&a);
    party_open(&b);
    turns(&a, &b, &now_ns, 300);
    CU_ASSERT(!interconnect_is_open(a.interconnect) && !interconnect_is_open(b.interconnect));
    CU_ASSERT(interconnect_get_counters(a.interconnect).channel.forged > 0);
    CU_ASSERT(interconnect_get_counters(b.interconnect).channel.forged > 0);
    close_both(&a, &b);
}

static void the_longest_messages_and_full_queues_pass(void)
{
    struct party a;
    struct party b;
    int64_t now_ns = MS;
    set_up(&a, &b, 1, 24054);
    party_open(&a);
    party_open(&b);
    meet(&a, &b, &now_ns);
    say(&a, 0, CLUSTER_FORWARD_OCTETS_MAX + 1, now_ns);
    CU_ASSERT_EQUAL(interconnect_get_counters(a.interconnect).unfit, 1);
    say(&a, 0, CLUSTER_FORWARD_OCTETS_MAX, now_ns);
    interconnect_flush(a.interconnect, now_ns);
    for (int i = 0; i < 5000 && b.received < 1; i++)
        turn(&a, &b, &now_ns);
    CU_ASSERT_EQUAL(b.received, 1);
    CU_ASSERT_EQUAL(b.octets, CLUSTER_FORWARD_OCTETS_MAX);
    /* More than a queue holds: what does not fit makes the rest go first. Whether all of it arrives
     * is up to the kernel's buffers; that none is lost here is not. */
    const uint64_t before = interconnect_get_counters(a.interconnect).sent[0];
    for (uint64_t id = 1; id <= 1000; id++)
        say(&a, id, 1000, now_ns);
    interconnect_flush(a.interconnect, now_ns);
    const struct interconnect_counters c = interconnect_get_counters(a.interconnect);
    CU_ASSERT_EQUAL(c.sent[0] + c.unsent[0] - before, 1000);
    turns(&a, &b, &now_ns, 50);
    CU_ASSERT(b.received > 1);
    CU_ASSERT_EQUAL(b.octets, 1000);
    close_both(&a, &b);
}

/* A program that has the key and speaks otherwise, and one that has nothing. */
static void strange_datagrams_are_counted_and_harm_nothing(void)
{
    static uint8_t octets[CHANNEL_DATAGRAM_OCTETS_MAX + 2];
    struct party a;
    struct party b;
    struct channel other;
    struct bytes payload;
    bool answer;
    int64_t now_ns = MS;
    set_up(&a, &b, 1, 24060);
    party_open(&a);
    const int fd = socket(AF_INET, SOCK_DGRAM, 0);
    struct sockaddr_in there = {.sin_family = AF_INET, .sin_port = htons(24061)};
    there.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    CU_ASSERT_EQUAL_FATAL(bind(fd, (struct sockaddr *)&there, sizeof(there)), 0);
    there.sin_port = htons(24060);
    CU_ASSERT_EQUAL_FATAL(connect(fd, (struct sockaddr *)&there, sizeof(there)), 0);

    CU_ASSERT_EQUAL(send(fd, octets, 0, 0), 0);
    CU_ASSERT_EQUAL(send(fd, octets, 100, 0), 100);
    CU_ASSERT_EQUAL(send(fd, octets, sizeof(octets), 0), sizeof(octets));
    channel_init(&other, a.params.key, 7, CHANNEL_NODE_1, CHANNEL_NODE_0, 99);
    for (int i = 0; i < 5000 && !(channel_is_open(&other) && interconnect_is_open(a.interconnect));
         i++) {
        struct bytes_writer w = bytes_writer_of(octets, octets + sizeof(octets));
        CU_ASSERT_EQUAL(channel_hello(&other, &w), P7_OK);
        CU_ASSERT(send(fd, octets, bytes_writer_length(&w), 0) > 0);
        struct pollfd readable = {.fd = interconnect_fd(a.interconnect, 0), .events = POLLIN};
        (void)poll(&readable, 1, 1);
        interconnect_ready(a.interconnect, now_ns += MS);
        const ssize_t got = recv(fd, octets, sizeof(octets), MSG_DONTWAIT);
        if (got > 0)
            (void)channel_open_datagram(&other, bytes_of(octets, (size_t)got), &payload, &answer);
    }
    CU_ASSERT_FATAL(channel_is_open(&other));
    CU_ASSERT(interconnect_is_open(a.interconnect));
    struct bytes_writer w = bytes_writer_of(octets, octets + sizeof(octets));
    CU_ASSERT_EQUAL(channel_seal(&other, bytes_of("from the future", 15), &w), P7_OK);
    CU_ASSERT(send(fd, octets, bytes_writer_length(&w), 0) > 0);
    for (int i = 0; i < 5000 && interconnect_get_counters(a.interconnect).malformed == 0; i++) {
        struct pollfd readable = {.fd = interconnect_fd(a.interconnect, 0), .events = POLLIN};
        (void)poll(&readable, 1, 1);
        interconnect_ready(a.interconnect, now_ns);
    }
    const struct interconnect_counters c = interconnect_get_counters(a.interconnect);
    CU_ASSERT_EQUAL(c.channel.not_ours, 3);
    CU_ASSERT_EQUAL(c.malformed, 1);
    CU_ASSERT_EQUAL(a.received, 0);
    (void)close(fd);
    interconnect_close(a.interconnect);
}

static enum p7_status try_open(const struct interconnect_params *params)
{
    struct interconnect *out = NULL;
    text[0] = '\0';
    const enum p7_status status = interconnect_open(params, on_message, NULL, &out, text);
    CU_ASSERT((status == P7_OK) == (out != NULL));
    interconnect_close(out);
    return status;
}

static void what_can_not_be_opened_is_told_with_its_link(void)
{
    struct party a;
    struct party b;
    set_up(&a, &b, 2, 24070);
    struct interconnect_params bad = a.params;
    (void)snprintf(bad.link[1].remote_address, sizeof(bad.link[1].remote_address), "node-b");
    CU_ASSERT_EQUAL(try_open(&bad), P7_RANGE);
    CU_ASSERT(strstr(text, "link 2") != NULL && strstr(text, "node-b") != NULL);
    bad = a.params;
    bad.link[0].remote_port = 0;
    CU_ASSERT_EQUAL(try_open(&bad), P7_RANGE);
    CU_ASSERT(strstr(text, "link 1") != NULL);
    bad = a.params;
    (void)snprintf(bad.link[0].local_address, sizeof(bad.link[0].local_address), "127.0.0.1.1");
    CU_ASSERT_EQUAL(try_open(&bad), P7_RANGE);
    CU_ASSERT(strstr(text, "127.0.0.1.1") != NULL);
    bad = a.params;
    (void)snprintf(bad.link[0].local_address, sizeof(bad.link[0].local_address), "::1");
    CU_ASSERT_EQUAL(try_open(&bad), P7_RANGE);
    CU_ASSERT(strstr(text, "two kinds") != NULL);
    bad = a.params;
    (void)snprintf(bad.link[1].local_address, sizeof(bad.link[1].local_address), "192.0.2.77");
    CU_ASSERT_EQUAL(try_open(&bad), P7_SYSTEM);
    CU_ASSERT(strstr(text, "link 2") != NULL && strstr(text, "192.0.2.77") != NULL);
    bad = a.params;
    bad.link[1] = bad.link[0];
    CU_ASSERT_EQUAL(try_open(&bad), P7_SYSTEM);
    CU_ASSERT(strstr(text, "24070") != NULL && strstr(text, "free one") != NULL);
    bad = a.params;
    bad.link_count = 3;
    CU_ASSERT_EQUAL(try_open(&bad), P7_RANGE);
    bad.link_count = 0;
    CU_ASSERT_EQUAL(try_open(&bad), P7_RANGE);
    bad = a.params;
    bad.node = 2;
    CU_ASSERT_EQUAL(try_open(&bad), P7_RANGE);
    bad = a.params;
    bad.session = 0;
    CU_ASSERT_EQUAL(try_open(&bad), P7_RANGE);
    CU_ASSERT_EQUAL(try_open(&a.params), P7_OK); /* none of these kept a port */
}

static enum p7_status read_key(const void *content, size_t length, mode_t mode, uint8_t *key)
{
    char path[] = "/tmp/pulse7-test-key-XXXXXX";
    const int fd = mkstemp(path);
    CU_ASSERT_NOT_EQUAL_FATAL(fd, -1);
    CU_ASSERT_EQUAL(write(fd, content, length), (ssize_t)length);
    CU_ASSERT_EQUAL(fchmod(fd, mode), 0);
    text[0] = '\0';
    const enum p7_status status = interconnect_key_read(path, key, text);
    CU_ASSERT((status == P7_OK) == (text[0] == '\0'));
    CU_ASSERT(status == P7_OK || strstr(text, path) != NULL);
    (void)close(fd);
    (void)unlink(path);
    return status;
}

static void a_key_is_read_as_digits_or_hashed(void)
{
    static const char digits[] =
        "000102030405060708090a0B0C0D0E0F101112131415161718191a1b1c1d1e1f\r\n";
    uint8_t key[CHANNEL_KEY_OCTETS];
    uint8_t wanted[CHANNEL_KEY_OCTETS];
    for (unsigned i = 0; i < sizeof(wanted); i++)
        wanted[i] = (uint8_t)i;
    for (size_t length = 64; length <= 66; length++) {
        memset(key, 0xff, sizeof(key));
        CU_ASSERT_EQUAL(read_key(digits, length, 0600, key), P7_OK);
        CU_ASSERT(memcmp(key, wanted, sizeof(key)) == 0);
    }
    CU_ASSERT_EQUAL(read_key(digits, 64, 0440, key), P7_OK);
    /* SHA-256 of the octets 0 to 31 (sha256sum). */
    uint8_t hash[CHANNEL_KEY_OCTETS];
    (void)unit_hex("630dcd2966c4336691125448bbb25b4ff412a49c732db2c8abc1b8581bd710dd", hash,
                   sizeof(hash));
    CU_ASSERT_EQUAL(read_key(wanted, sizeof(wanted), 0400, key), P7_OK);
    CU_ASSERT(memcmp(key, hash, sizeof(key)) == 0);
    wanted[31] = '\n'; /* a random key may end so */
    CU_ASSERT_EQUAL(read_key(wanted, sizeof(wanted), 0400, key), P7_OK);
    CU_ASSERT_EQUAL(read_key(digits, 63, 0600, key), P7_OK);
    CU_ASSERT(key[0] != 0 || key[1] != 1);
}

static void a_key_that_is_none_is_refused_with_a_way_out(void)
{
    static const uint8_t octets[65537];
    uint8_t key[CHANNEL_KEY_OCTETS];
    CU_ASSERT_EQUAL(read_key(octets, 0, 0600, key), P7_RANGE);
    CU_ASSERT_EQUAL(read_key(octets, 31, 0600, key), P7_RANGE);
    CU_ASSERT(strstr(text, "openssl rand -hex 32") != NULL);
    CU_ASSERT_EQUAL(read_key(octets, sizeof(octets) - 1, 0600, key), P7_OK);
    CU_ASSERT_EQUAL(read_key(octets, sizeof(octets), 0600, key), P7_RANGE);
    static const mode_t open_to_others[] = {0604, 0602, 0620, 0644, 0601};
    for (size_t i = 0; i < sizeof(open_to_others) / sizeof(open_to_others[0]); i++) {
        CU_ASSERT_EQUAL(read_key(octets, 32, open_to_others[i], key), P7_RANGE);
        CU_ASSERT(strstr(text, "chmod 600") != NULL);
    }
    CU_ASSERT_EQUAL(interconnect_key_read("/nonexistent/key", key, text), P7_SYSTEM);
    CU_ASSERT(strstr(text, "/nonexistent/key") != NULL);
    CU_ASSERT_EQUAL(interconnect_key_read("/tmp", key, text), P7_RANGE);
}

UNIT_TESTS = {
    UNIT(two_nodes_talk_over_two_links),
    UNIT(two_nodes_talk_over_ipv6),
    UNIT(a_dead_link_loses_nothing),
    UNIT(a_link_that_the_kernel_refuses_is_counted_and_costs_nothing),
    UNIT(hellos_go_out_every_100_ms_until_the_peer_is_known),
    UNIT(a_message_to_an_unknown_peer_is_dropped_and_counted),
    UNIT(a_restarted_peer_is_found_again),
    UNIT(two_clusters_on_crossed_ports_never_mix),
    UNIT(a_wrong_key_is_forgery),
    UNIT(the_longest_messages_and_full_queues_pass),
    UNIT(strange_datagrams_are_counted_and_harm_nothing),
    UNIT(what_can_not_be_opened_is_told_with_its_link),
    UNIT(a_key_is_read_as_digits_or_hashed),
    UNIT(a_key_that_is_none_is_refused_with_a_way_out),
};
UNIT_MAIN("interconnect")
