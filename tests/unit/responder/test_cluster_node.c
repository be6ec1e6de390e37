/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * Whole nodes with real directories, journals and links on loopback, in one thread: what binds the
 * parts together. What the parts do is in their own tests.
 */
#include "responder/cluster_node.h"

#include <arpa/inet.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "sigtran/runtime/clock.h"
#include "tests/unit/responder/peer.h"
#include "tests/unit/responder/storage/scratch.h"

#define WATCHES_MAX 8
#define PATIENCE_NS (30 * CLOCK_NS_PER_S)
#define ACCOUNT     1 /* of the subscriber that peer_call_of names */
#define BALANCE     1000u
#define TOKENS      16

struct watch {
    int descriptor;
    void (*ready)(void *context, int64_t now_ns);
    void *context;
};

struct station {
    struct settings *settings;
    struct service service;
    struct cluster_node *node;
    uint32_t watch_count;
    struct watch watch[WATCHES_MAX];
    uint32_t replies[TOKENS]; /* by token */
    enum replica_verdict verdict[TOKENS];
    struct service_reply reply[TOKENS];
    char text[CLUSTER_NODE_TEXT_OCTETS];
    char told[NODE_DETAIL_OCTETS]; /* the last event of severity ERROR */
};

static struct scratch scratch;
static struct station stations[2];
static uint32_t account_count = 10;

static void on_reply(void *context, uint64_t token, enum replica_verdict verdict,
                     const struct service_reply *reply, const uint64_t reference[2])
{
    struct station *s = context;
    (void)reference;
    CU_ASSERT_TRUE_FATAL(token < TOKENS);
    s->replies[token]++;
    s->verdict[token] = verdict;
    s->reply[token] = *reply;
}

static void on_event(void *context, const struct node_event *event)
{
    struct station *s = context;
    if (event->severity == NODE_ERROR)
        (void)snprintf(s->told, sizeof(s->told), "%s", event->detail);
}

static void on_role(void *context, enum cluster_role role)
{
    (void)context;
    (void)role;
}

static enum p7_status on_watch(void *context, int descriptor,
                               void (*ready)(void *ready_context, int64_t now_ns),
                               void *ready_context)
{
    struct station *s = context;
    CU_ASSERT_TRUE_FATAL(s->watch_count < WATCHES_MAX);
    s->watch[s->watch_count++] =
        (struct watch){.descriptor = descriptor, .ready = ready, .context = ready_context};
    return P7_OK;
}

/* Its service is new each time: what it knows is what the ledger says. */
static enum p7_status station_open(struct station *s)
{
    const struct cluster_node_handler handler = {
        .context = s, .reply = on_reply, .event = on_event, .role = on_role};
    const struct cluster_node_watcher watcher = {.context = s, .watch = on_watch};
    struct service_params params;
    service_params_init(&params);
    params.account_first = "46701000000";
    params.account_count = account_count;
    params.account_balance = BALANCE;
    params.tariff.price_per_event = 7;
    params.duplicates_max = 1000;
    params.identity_key = *service_identity_key();
    CU_ASSERT_EQUAL_FATAL(service_create(&s->service, &params), P7_OK);
    memset(s->replies, 0, sizeof(s->replies));
    s->watch_count = 0;
    s->told[0] = '\0';
    const enum p7_status status =
        cluster_node_open(s->settings, &s->service, &handler, &s->node, s->text, sizeof(s->text));
    if (status != P7_OK) {
        s->node = NULL;
        return status;
    }
    CU_ASSERT_EQUAL_FATAL(cluster_node_watch(s->node, &watcher), P7_OK);
    cluster_node_start(s->node, clock_monotonic_ns());
    return P7_OK;
}

static void station_close(struct station *s)
{
    cluster_node_close(s->node);
    service_destroy(&s->service);
    s->node = NULL;
}

/* One turn of each station that is open; waits a millisecond at most for something to come. */
static void turn_all(void)
{
    struct pollfd fds[2 * WATCHES_MAX];
    const struct watch *watches[2 * WATCHES_MAX];
    nfds_t count = 0;
    for (uint32_t i = 0; i < 2; i++)
        for (uint32_t w = 0; stations[i].node != NULL && w < stations[i].watch_count; w++) {
            watches[count] = &stations[i].watch[w];
            fds[count++] = (struct pollfd){.fd = stations[i].watch[w].descriptor, .events = POLLIN};
        }
    (void)poll(fds, count, 1);
    for (nfds_t i = 0; i < count; i++)
        if ((fds[i].revents & POLLIN) != 0)
            watches[i]->ready(watches[i]->context, clock_monotonic_ns());
    for (uint32_t i = 0; i < 2; i++)
        if (stations[i].node != NULL)
            (void)cluster_node_turn(stations[i].node, clock_monotonic_ns());
}

static bool role_becomes(const struct station *s, enum cluster_role role)
{
    const int64_t until_ns = clock_monotonic_ns() + PATIENCE_NS;
    while (cluster_node_role(s->node) != role && clock_monotonic_ns() < until_ns)
        turn_all();
    return cluster_node_role(s->node) == role;
}

static bool shows(const struct station *s, const char *line)
{
    static char text[16384];
    const int64_t until_ns = clock_monotonic_ns() + PATIENCE_NS;
    do {
        turn_all();
        cluster_node_show(s->node, clock_monotonic_ns(), text, sizeof(text));
    } while (strstr(text, line) == NULL && clock_monotonic_ns() < until_ns);
    return strstr(text, line) != NULL;
}

/* A oneshot request by that reference. */
static void request(struct station *s, uint64_t token, uint64_t reference)
{
    static struct peer peer;
    const struct peer_call call = peer_call_of(SERVICE_ONESHOT_KEY_DEFAULT, reference);
    (void)peer_initial_dp(&peer, &call);
    const size_t head = peer.octets[1] < 0x80 ? 2 : 3; /* BER: short or long form of the length */
    const struct replica_request asked = {
        .token = token,
        .origin = peer_origin(),
        .octets = bytes_of(peer.octets, head + peer.octets[head - 1]),
    };
    cluster_node_request(s->node, &asked, clock_monotonic_ns());
}

/* The same; waits for its reply. */
static const struct service_reply *ask(struct station *s, uint64_t token, uint64_t reference)
{
    const uint32_t before = s->replies[token];
    const int64_t until_ns = clock_monotonic_ns() + PATIENCE_NS;
    request(s, token, reference);
    while (s->replies[token] == before && clock_monotonic_ns() < until_ns)
        turn_all();
    CU_ASSERT_EQUAL(s->replies[token], before + 1);
    CU_ASSERT_EQUAL(s->verdict[token], REPLICA_DECIDED);
    return &s->reply[token];
}

static uint64_t charged(const struct station *s)
{
    return s->service.accounts.entry[ACCOUNT].charged;
}

static void settings_make(struct station *s, const char *folder)
{
    s->settings = calloc(1, sizeof(*s->settings));
    CU_ASSERT_PTR_NOT_NULL_FATAL(s->settings);
    settings_init(s->settings);
    s->settings->responder.ledger.segment_octets = 65536;
    (void)snprintf(s->settings->responder.data, sizeof(s->settings->responder.data), "%s/%s",
                   scratch.path, folder);
}

static void stations_end(void)
{
    for (uint32_t i = 0; i < 2; i++) {
        if (stations[i].node != NULL)
            station_close(&stations[i]);
        free(stations[i].settings);
        stations[i].settings = NULL;
    }
    scratch_remove(&scratch);
}

/* --- alone ------------------------------------------------------------------------------------ */

/* Field by field: what lies between the fields says nothing. */
static bool same_decision(const struct decision *a, const struct decision *b)
{
    uint8_t octets[2][DECISION_STORED_OCTETS];
    struct bytes_writer of_a = bytes_writer_of(octets[0], octets[0] + sizeof(octets[0]));
    struct bytes_writer of_b = bytes_writer_of(octets[1], octets[1] + sizeof(octets[1]));
    decision_store(&of_a, a);
    decision_store(&of_b, b);
    return memcmp(octets[0], octets[1], DECISION_STORED_OCTETS) == 0;
}

static void a_node_alone_charges_answers_and_knows_it_all_again_after_its_end(void)
{
    struct station *s = &stations[0];
    scratch_make(&scratch);
    settings_make(s, "alone");
    s->settings->responder.ledger.on = true;
    CU_ASSERT_EQUAL_FATAL(station_open(s), P7_OK);
    CU_ASSERT_TRUE_FATAL(role_becomes(s, CLUSTER_ACTIVE));
    CU_ASSERT_EQUAL(ask(s, 0, 100)->disposition, SERVICE_ANSWER);
    CU_ASSERT_EQUAL(ask(s, 1, 101)->disposition, SERVICE_ANSWER);
    CU_ASSERT_EQUAL(charged(s), 14);
    const struct decision first = s->reply[0].decision;
    station_close(s);

    CU_ASSERT_EQUAL_FATAL(station_open(s), P7_OK);
    CU_ASSERT_EQUAL(charged(s), 14);
    CU_ASSERT_TRUE_FATAL(role_becomes(s, CLUSTER_ACTIVE));
    const struct service_reply *again = ask(s, 2, 100);
    CU_ASSERT_EQUAL(again->disposition, SERVICE_AGAIN);
    CU_ASSERT_TRUE(same_decision(&again->decision, &first));
    CU_ASSERT_EQUAL(charged(s), 14);
    CU_ASSERT_TRUE(shows(s, "mode alone\n"));
    stations_end();
}

/* How much of the end of it was committed a node does not know when it starts. */
static void a_ledger_longer_than_what_may_be_uncommitted_begins_another_term(void)
{
    struct station *s = &stations[0];
    const uint32_t count = CLUSTER_UNDO_MAX + 10;
    const int64_t until_ns = clock_monotonic_ns() + PATIENCE_NS;
    scratch_make(&scratch);
    settings_make(s, "alone");
    s->settings->responder.ledger.on = true;
    CU_ASSERT_EQUAL_FATAL(station_open(s), P7_OK);
    CU_ASSERT_TRUE_FATAL(role_becomes(s, CLUSTER_ACTIVE));
    for (uint32_t i = 0; i < count; i++) {
        request(s, 0, i);
        if (i % 256 == 0)
            turn_all();
    }
    while (s->replies[0] < count && clock_monotonic_ns() < until_ns)
        turn_all();
    CU_ASSERT_EQUAL(s->replies[0], count);
    station_close(s);
    CU_ASSERT_EQUAL_FATAL(station_open(s), P7_OK);
    CU_ASSERT_TRUE(role_becomes(s, CLUSTER_ACTIVE));
    stations_end();
}

static void a_directory_is_used_by_one_node_at_a_time(void)
{
    struct station *s = &stations[0];
    scratch_make(&scratch);
    settings_make(s, "alone");
    settings_make(&stations[1], "alone");
    s->settings->responder.ledger.on = true;
    stations[1].settings->responder.ledger.on = true;
    CU_ASSERT_EQUAL_FATAL(station_open(s), P7_OK);
    CU_ASSERT_NOT_EQUAL(station_open(&stations[1]), P7_OK);
    CU_ASSERT_PTR_NOT_NULL(strstr(stations[1].text, "another process"));
    service_destroy(&stations[1].service);
    stations_end();
}

static void a_damaged_ledger_is_told_with_its_file(void)
{
    struct station *s = &stations[0];
    char path[SCRATCH_PATH_MAX];
    scratch_make(&scratch);
    settings_make(s, "alone");
    s->settings->responder.ledger.on = true;
    CU_ASSERT_EQUAL_FATAL(station_open(s), P7_OK);
    CU_ASSERT_TRUE_FATAL(role_becomes(s, CLUSTER_ACTIVE));
    for (uint64_t i = 0; i < 5; i++)
        (void)ask(s, i, i);
    station_close(s);
    FILE *file = fopen(
        scratch_file(&scratch, "alone/ledger/segment-00000000000000000001.ledger", path), "r+e");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    CU_ASSERT_EQUAL(fseek(file, 150, SEEK_SET), 0);
    CU_ASSERT_NOT_EQUAL(fputc(0x55, file), EOF);
    CU_ASSERT_EQUAL(fclose(file), 0);
    CU_ASSERT_EQUAL(station_open(s), P7_MALFORMED);
    CU_ASSERT_PTR_NOT_NULL(strstr(s->text, "segment-00000000000000000001.ledger"));
    service_destroy(&s->service);
    stations_end();
}

static void records_that_the_accounts_of_now_do_not_fit_are_told(void)
{
    struct station *s = &stations[0];
    scratch_make(&scratch);
    settings_make(s, "alone");
    s->settings->responder.ledger.on = true;
    CU_ASSERT_EQUAL_FATAL(station_open(s), P7_OK);
    CU_ASSERT_TRUE_FATAL(role_becomes(s, CLUSTER_ACTIVE));
    (void)ask(s, 0, 1);
    station_close(s);
    account_count = 1;
    CU_ASSERT_EQUAL_FATAL(station_open(s), P7_OK);
    account_count = 10;
    CU_ASSERT_TRUE(shows(s, " 1 not applied\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(s->told, "1 records could not be applied"));
    stations_end();
}

/* --- two of them ------------------------------------------------------------------------------ */

static uint16_t free_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof(address);
    const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    CU_ASSERT_EQUAL_FATAL(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    CU_ASSERT_EQUAL_FATAL(getsockname(fd, (struct sockaddr *)&address, &length), 0);
    (void)close(fd);
    return ntohs(address.sin_port);
}

#define SUSPECT_MS 500u

static void pair_make(uint32_t suspect_ms)
{
    const uint16_t ports[2] = {free_port(), free_port()};
    char key[SCRATCH_PATH_MAX];
    scratch_make(&scratch);
    scratch_write(&scratch, "key",
                  "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef");
    CU_ASSERT_EQUAL(chmod(scratch_file(&scratch, "key", key), 0600), 0);
    for (uint32_t i = 0; i < 2; i++) {
        settings_make(&stations[i], i == 0 ? "node0" : "node1");
        struct cluster_settings *c = &stations[i].settings->responder.cluster;
        c->id = 9;
        c->node = i;
        c->suspect_ms = suspect_ms;
        c->two_node = true; /* the register is tested elsewhere */
        c->link_count = 1;
        (void)snprintf(c->key_file, sizeof(c->key_file), "%s", key);
        (void)snprintf(c->link[0].local_ip, sizeof(c->link[0].local_ip), "127.0.0.1");
        (void)snprintf(c->link[0].remote_ip, sizeof(c->link[0].remote_ip), "127.0.0.1");
        c->link[0].local_port = ports[i];
        c->link[0].remote_port = ports[1 - i];
        CU_ASSERT_EQUAL_FATAL(station_open(&stations[i]), P7_OK);
    }
}

/* The one that became active. */
static struct station *active_of_pair(void)
{
    const int64_t until_ns = clock_monotonic_ns() + PATIENCE_NS;
    while (clock_monotonic_ns() < until_ns) {
        turn_all();
        for (uint32_t i = 0; i < 2; i++)
            if (cluster_node_role(stations[i].node) == CLUSTER_ACTIVE)
                return &stations[i];
    }
    CU_FAIL_FATAL("no node became active");
    return NULL;
}

static void either_node_takes_requests_and_both_hold_the_charges(void)
{
    pair_make(SUSPECT_MS);
    struct station *active = active_of_pair();
    struct station *passive = &stations[active == &stations[0] ? 1 : 0];
    CU_ASSERT_TRUE(shows(active, "commits need both disks\n"));
    CU_ASSERT_EQUAL(ask(active, 0, 200)->disposition, SERVICE_ANSWER);
    CU_ASSERT_EQUAL(ask(passive, 1, 201)->disposition, SERVICE_ANSWER); /* forwarded */
    CU_ASSERT_EQUAL(ask(passive, 2, 200)->disposition, SERVICE_AGAIN);
    CU_ASSERT_TRUE(shows(passive, "last 3, commit 3, durable 3\n"));
    CU_ASSERT_EQUAL(charged(active), 14);
    CU_ASSERT_EQUAL(charged(passive), 14);
    stations_end();
}

static void a_planned_switchover_moves_the_service_and_no_charge(void)
{
    const char *why = NULL;
    pair_make(SUSPECT_MS);
    struct station *first = active_of_pair();
    struct station *second = &stations[first == &stations[0] ? 1 : 0];
    CU_ASSERT_TRUE(shows(first, "commits need both disks\n"));
    (void)ask(first, 0, 300);
    CU_ASSERT_EQUAL(cluster_node_switchover(second->node, clock_monotonic_ns(), &why), P7_STATE);
    CU_ASSERT_PTR_NOT_NULL(strstr(why, "not the active one"));
    const int64_t until_ns = clock_monotonic_ns() + PATIENCE_NS;
    while (cluster_node_switchover(first->node, clock_monotonic_ns(), &why) != P7_OK &&
           clock_monotonic_ns() < until_ns)
        turn_all();
    CU_ASSERT_TRUE(role_becomes(second, CLUSTER_ACTIVE));
    CU_ASSERT_TRUE(role_becomes(first, CLUSTER_PASSIVE));
    CU_ASSERT_EQUAL(ask(first, 1, 300)->disposition, SERVICE_AGAIN); /* by way of the new active */
    CU_ASSERT_EQUAL(charged(second), 7);
    stations_end();
}

static void when_the_active_is_gone_the_other_one_serves_and_the_lost_one_is_filled_again(void)
{
    pair_make(SUSPECT_MS);
    struct station *first = active_of_pair();
    struct station *second = &stations[first == &stations[0] ? 1 : 0];
    CU_ASSERT_TRUE(shows(first, "commits need both disks\n"));
    (void)ask(first, 0, 400);
    station_close(first);
    CU_ASSERT_TRUE(role_becomes(second, CLUSTER_ACTIVE));
    CU_ASSERT_EQUAL(ask(second, 1, 400)->disposition, SERVICE_AGAIN);
    CU_ASSERT_EQUAL(ask(second, 2, 401)->disposition, SERVICE_ANSWER);
    /* With an empty disk it comes back, and gets everything. */
    scratch_empty(first->settings->responder.data, 2);
    CU_ASSERT_EQUAL_FATAL(station_open(first), P7_OK);
    CU_ASSERT_TRUE(shows(second, "commits need both disks\n"));
    CU_ASSERT_EQUAL(cluster_node_role(first->node), CLUSTER_PASSIVE);
    CU_ASSERT_EQUAL(charged(first), 14);
    stations_end();
}

static void a_passive_that_leaves_is_not_waited_for(void)
{
    pair_make(6 * SUSPECT_MS); /* long enough that only the last word can be the reason */
    struct station *active = active_of_pair();
    struct station *passive = &stations[active == &stations[0] ? 1 : 0];
    CU_ASSERT_TRUE(shows(active, "commits need both disks\n"));
    cluster_node_leave(passive->node, clock_monotonic_ns());
    CU_ASSERT_TRUE(shows(active, "commits need this disk\n"));
    CU_ASSERT_TRUE(shows(active, "failed, heard")); /* and not lost: nobody has missed it yet */
    stations_end();
}

UNIT_TESTS = {
    UNIT(a_node_alone_charges_answers_and_knows_it_all_again_after_its_end),
    UNIT(a_ledger_longer_than_what_may_be_uncommitted_begins_another_term),
    UNIT(a_directory_is_used_by_one_node_at_a_time),
    UNIT(a_damaged_ledger_is_told_with_its_file),
    UNIT(records_that_the_accounts_of_now_do_not_fit_are_told),
    UNIT(either_node_takes_requests_and_both_hold_the_charges),
    UNIT(a_planned_switchover_moves_the_service_and_no_charge),
    UNIT(when_the_active_is_gone_the_other_one_serves_and_the_lost_one_is_filled_again),
    UNIT(a_passive_that_leaves_is_not_waited_for),
};
UNIT_MAIN("cluster node")
