/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * One suite for both keepers of a register: what holds over the witness holds over etcd. The
 * keepers are real processes; see keepers.h.
 */
#include <curl/curl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "tests/unit/responder/link/keepers.h"
#include "tests/unit/unit.h"

#define DIRECTORY_0 UINT64_C(0xa0a1a2a3a4a5a6a7)
#define DIRECTORY_1 UINT64_C(0xfffefdfcfbfaf9f8)
#define RACES       20

static struct keepers keepers;

#define REQUIRE(condition) CU_ASSERT_FATAL(condition)

/* Two nodes at one empty register. */
struct table {
    struct seat seat[2];
};

/* In place: the registrars hold the seats' addresses. */
static void table_open(struct table *table, enum keeper_kind kind)
{
    const uint64_t cluster_id = keepers_next_cluster(&keepers, kind);
    REQUIRE(cluster_id < KEEPERS_CLUSTERS);
    REQUIRE(seat_open(&table->seat[0], &keepers, kind, cluster_id, 0));
    REQUIRE(seat_open(&table->seat[1], &keepers, kind, cluster_id, 1));
}

static void table_close(struct table *table)
{
    seat_close(&table->seat[0]);
    seat_close(&table->seat[1]);
}

static struct register_value value_of(uint64_t version, uint64_t term, uint8_t owner,
                                      enum register_mode mode)
{
    static uint64_t nonce = 0x1000;
    return (struct register_value){.version = version,
                                   .term = term,
                                   .owner_identity = owner == 0 ? DIRECTORY_0 : DIRECTORY_1,
                                   .pair = {DIRECTORY_0, DIRECTORY_1},
                                   .nonce = ++nonce,
                                   .owner = owner,
                                   .mode = (uint8_t)mode};
}

/* The answer to a question; a keeper that does not answer in time ends the test. */
static struct register_answer ask(struct seat *seat, enum register_request_kind kind,
                                  const struct register_value *proposal)
{
    seat_ask(seat, kind, proposal);
    if (!seat_await(seat, NULL))
        (void)fprintf(stderr, "no answer; trouble: %s\n", seat->trouble);
    REQUIRE(seat->answered);
    return seat->answer;
}

static bool swaps(struct seat *seat, const struct register_value *proposal)
{
    const struct register_answer answer = ask(seat, REGISTER_SWAP, proposal);
    CU_ASSERT(!answer.accepted || register_value_equal(&answer.current, proposal));
    CU_ASSERT(answer.accepted || !register_value_equal(&answer.current, proposal));
    return answer.accepted;
}

static bool reads(struct seat *seat, const struct register_value *value)
{
    const struct register_answer answer = ask(seat, REGISTER_READ, NULL);
    CU_ASSERT_FALSE(answer.accepted);
    return register_value_equal(&answer.current, value);
}

/* --- both ------------------------------------------------------------------------------------- */

static void empty_register(enum keeper_kind kind)
{
    const struct register_value pair = value_of(1, 1, 0, REGISTER_PAIR);
    struct table t;
    table_open(&t, kind);
    struct register_answer answer = ask(&t.seat[0], REGISTER_READ, NULL);
    CU_ASSERT(register_value_is_empty(&answer.current));
    CU_ASSERT_EQUAL(answer.current.owner, REGISTER_NODE_NONE);
    /* Nobody can know that a second directory holds anything. */
    answer = ask(&t.seat[0], REGISTER_SWAP, &pair);
    CU_ASSERT_FALSE(answer.accepted);
    CU_ASSERT(register_value_is_empty(&answer.current));
    table_close(&t);
}

static void first_claim(enum keeper_kind kind)
{
    const struct register_value claim = value_of(1, 1, 1, REGISTER_SOLO);
    struct table t;
    table_open(&t, kind);
    CU_ASSERT(swaps(&t.seat[1], &claim));
    CU_ASSERT(reads(&t.seat[0], &claim));
    CU_ASSERT(reads(&t.seat[1], &claim));
    table_close(&t);
}

static void solo_to_pair(enum keeper_kind kind)
{
    const struct register_value solo = value_of(1, 7, 0, REGISTER_SOLO);
    const struct register_value pair = value_of(2, 7, 0, REGISTER_PAIR);
    const struct register_value back = value_of(3, 7, 0, REGISTER_SOLO);
    struct table t;
    table_open(&t, kind);
    CU_ASSERT(swaps(&t.seat[0], &solo));
    CU_ASSERT(swaps(&t.seat[0], &pair));
    CU_ASSERT(reads(&t.seat[1], &pair));
    CU_ASSERT(swaps(&t.seat[0], &back));
    CU_ASSERT(reads(&t.seat[1], &back));
    table_close(&t);
}

static void new_owner(enum keeper_kind kind)
{
    const struct register_value solo = value_of(1, 1, 0, REGISTER_SOLO);
    const struct register_value early = value_of(2, 2, 1, REGISTER_SOLO);
    const struct register_value pair = value_of(2, 1, 0, REGISTER_PAIR);
    const struct register_value same_term = value_of(3, 1, 1, REGISTER_SOLO);
    struct register_value stranger = value_of(3, 2, 1, REGISTER_SOLO);
    const struct register_value takeover = value_of(3, 2, 1, REGISTER_SOLO);
    const struct register_value late = value_of(4, 2, 0, REGISTER_SOLO);
    struct table t;
    table_open(&t, kind);
    stranger.owner_identity = 0x77; /* a disk that was exchanged */
    CU_ASSERT(swaps(&t.seat[0], &solo));
    CU_ASSERT_FALSE(swaps(&t.seat[1], &early));
    CU_ASSERT(reads(&t.seat[1], &solo));
    CU_ASSERT(swaps(&t.seat[0], &pair));
    CU_ASSERT_FALSE(swaps(&t.seat[1], &same_term));
    CU_ASSERT_FALSE(swaps(&t.seat[1], &stranger));
    CU_ASSERT(swaps(&t.seat[1], &takeover));
    /* The one who was replaced learns it from the answer. */
    CU_ASSERT_FALSE(swaps(&t.seat[0], &late));
    CU_ASSERT(register_value_equal(&t.seat[0].answer.current, &takeover));
    table_close(&t);
}

static void race(enum keeper_kind kind)
{
    struct table t;
    table_open(&t, kind);
    struct register_value now = value_of(1, 1, 0, REGISTER_SOLO);
    CU_ASSERT(swaps(&t.seat[0], &now));
    for (int i = 0; i < RACES; i++) {
        const struct register_value pair =
            value_of(now.version + 1, now.term, now.owner, REGISTER_PAIR);
        const uint8_t other = 1 - now.owner;
        const struct register_value alone =
            value_of(now.version + 2, now.term, now.owner, REGISTER_SOLO);
        const struct register_value takeover =
            value_of(now.version + 2, now.term + 1, other, REGISTER_SOLO);
        CU_ASSERT(swaps(&t.seat[now.owner], &pair));
        /* The active goes alone, the passive takes over: at the same time. */
        seat_ask(&t.seat[now.owner], REGISTER_SWAP, &alone);
        seat_ask(&t.seat[other], REGISTER_SWAP, &takeover);
        REQUIRE(seat_await(&t.seat[0], &t.seat[1]));
        CU_ASSERT(t.seat[0].answer.accepted != t.seat[1].answer.accepted);
        now = t.seat[now.owner].answer.accepted ? alone : takeover;
        CU_ASSERT(register_value_equal(&t.seat[0].answer.current, &now));
        CU_ASSERT(register_value_equal(&t.seat[1].answer.current, &now));
        CU_ASSERT(reads(&t.seat[0], &now));
    }
    table_close(&t);
}

static void delayed_proposal(enum keeper_kind kind)
{
    const struct register_value one = value_of(1, 1, 0, REGISTER_SOLO);
    const struct register_value delayed = value_of(2, 1, 0, REGISTER_PAIR);
    const struct register_value two = value_of(2, 1, 0, REGISTER_SOLO);
    const struct register_value ahead = value_of(4, 1, 0, REGISTER_SOLO);
    struct table t;
    table_open(&t, kind);
    CU_ASSERT(swaps(&t.seat[0], &one));
    CU_ASSERT(swaps(&t.seat[0], &two)); /* abandons the delayed one */
    CU_ASSERT_FALSE(swaps(&t.seat[0], &delayed));
    CU_ASSERT_FALSE(swaps(&t.seat[0], &one));
    CU_ASSERT_FALSE(swaps(&t.seat[0], &ahead));
    CU_ASSERT(reads(&t.seat[1], &two));
    table_close(&t);
}

static void repetition(enum keeper_kind kind)
{
    const struct register_value one = value_of(1, 1, 0, REGISTER_SOLO);
    const struct register_value two = value_of(2, 1, 0, REGISTER_PAIR);
    struct register_value other = one;
    struct table t;
    table_open(&t, kind);
    other.nonce++; /* somebody else's, and alike in all but that */
    CU_ASSERT(swaps(&t.seat[0], &one));
    CU_ASSERT(swaps(&t.seat[0], &one));
    CU_ASSERT_FALSE(swaps(&t.seat[1], &other));
    CU_ASSERT(swaps(&t.seat[0], &two));
    CU_ASSERT(swaps(&t.seat[0], &two));
    CU_ASSERT(reads(&t.seat[1], &two));
    table_close(&t);
}

static void force(enum keeper_kind kind)
{
    const struct register_value solo = value_of(1, 3, 0, REGISTER_SOLO);
    const struct register_value low = value_of(2, 3, 1, REGISTER_SOLO);
    const struct register_value skips = value_of(3, 4, 1, REGISTER_SOLO);
    const struct register_value forced = value_of(2, 4, 1, REGISTER_SOLO);
    struct table t;
    table_open(&t, kind);
    CU_ASSERT(swaps(&t.seat[0], &solo));
    CU_ASSERT_FALSE(ask(&t.seat[1], REGISTER_FORCE, &low).accepted);
    CU_ASSERT_FALSE(ask(&t.seat[1], REGISTER_FORCE, &skips).accepted);
    CU_ASSERT_FALSE(swaps(&t.seat[1], &forced));
    CU_ASSERT(ask(&t.seat[1], REGISTER_FORCE, &forced).accepted);
    CU_ASSERT(ask(&t.seat[1], REGISTER_FORCE, &forced).accepted);
    CU_ASSERT(reads(&t.seat[0], &forced));
    table_close(&t);
}

static void restart(enum keeper_kind kind)
{
    struct table t;
    table_open(&t, kind);
    struct register_value value = value_of(1, 1, 0, REGISTER_SOLO);
    for (int life = 0; life < 3; life++) {
        struct seat newcomer;
        CU_ASSERT(swaps(&t.seat[0], &value));
        keepers_kill(&keepers, kind);
        REQUIRE(keepers_start(&keepers, kind));
        /* For those who talked to its former life, and for one who comes now. */
        CU_ASSERT(reads(&t.seat[0], &value));
        CU_ASSERT(reads(&t.seat[1], &value));
        REQUIRE(seat_open(&newcomer, &keepers, kind, t.seat[1].cluster_id, 1));
        CU_ASSERT(reads(&newcomer, &value));
        seat_close(&t.seat[1]);
        REQUIRE(seat_open(&t.seat[1], &keepers, kind, t.seat[0].cluster_id, 1));
        seat_close(&newcomer);
        value = value_of(value.version + 1, value.term + 1, 0, REGISTER_SOLO);
    }
    table_close(&t);
}

#define ON_BOTH(behaviour, body)                                                                   \
    static void behaviour##_at_the_witness(void)                                                   \
    {                                                                                              \
        body(KEEPER_WITNESS);                                                                      \
    }                                                                                              \
    static void behaviour##_at_etcd(void)                                                          \
    {                                                                                              \
        body(KEEPER_ETCD);                                                                         \
    }
#define UNITS(behaviour) UNIT(behaviour##_at_the_witness), UNIT(behaviour##_at_etcd)

ON_BOTH(an_empty_register_is_read_and_is_nobodys_pair, empty_register)
ON_BOTH(the_first_claim_is_seen_by_both_nodes, first_claim)
ON_BOTH(the_owner_goes_from_solo_to_pair_and_back, solo_to_pair)
ON_BOTH(a_new_owner_is_accepted_only_while_the_mode_is_pair, new_owner)
ON_BOTH(of_two_swaps_that_race_exactly_one_wins, race)
ON_BOTH(a_delayed_proposal_loses_once_another_has_landed, delayed_proposal)
ON_BOTH(a_repeated_proposal_is_accepted_again, repetition)
ON_BOTH(a_force_takes_a_solo_register_by_a_higher_term, force)
ON_BOTH(the_register_outlives_kill_9_of_its_keeper, restart)

/* --- the witness ------------------------------------------------------------------------------ */

static void a_wrong_key_gets_no_answer_from_the_witness(void)
{
    const uint64_t cluster_id = keepers_next_cluster(&keepers, KEEPER_WITNESS);
    struct registrar_witness_params params = {.address = "127.0.0.1",
                                              .port = KEEPERS_PORT_WITNESS,
                                              .cluster_id = cluster_id,
                                              .node = 0,
                                              .session = UINT64_C(1) << 60};
    const struct register_value claim = value_of(1, 1, 0, REGISTER_SOLO);
    struct seat wrong;
    struct seat right;
    memcpy(params.key, keepers.key, sizeof(params.key));
    params.key[31] ^= 1;
    REQUIRE(seat_open_witness(&wrong, &params));
    seat_ask(&wrong, REGISTER_SWAP, &claim);
    CU_ASSERT(seat_await_trouble(&wrong));
    CU_ASSERT_FALSE(wrong.answered);
    CU_ASSERT_PTR_NOT_NULL(strstr(wrong.trouble, "key"));
    REQUIRE(seat_open(&right, &keepers, KEEPER_WITNESS, cluster_id, 0));
    const struct register_answer answer = ask(&right, REGISTER_READ, NULL);
    CU_ASSERT(register_value_is_empty(&answer.current));
    seat_close(&wrong);
    seat_close(&right);
}

static void a_silent_witness_is_told_with_its_address(void)
{
    const struct registrar_witness_params params = {
        .address = "127.0.0.1", .port = KEEPERS_PORT_NOBODY, .cluster_id = 1, .session = 1};
    struct seat seat;
    REQUIRE(seat_open_witness(&seat, &params));
    CU_ASSERT(seat_await_trouble(&seat));
    CU_ASSERT_PTR_NOT_NULL(strstr(seat.trouble, "127.0.0.1 port 24199"));
    seat_close(&seat);
}

/* A limit of file sizes stands for the disk: every write fails from then on. */
static void a_witness_whose_disk_refuses_ends_and_gives_no_answer(void)
{
    const struct rlimit no_writes = {0, 0};
    const struct register_value claim = value_of(1, 1, 0, REGISTER_SOLO);
    const struct register_value lost = value_of(2, 1, 0, REGISTER_PAIR);
    struct table t;
    int status = 0;
    table_open(&t, KEEPER_WITNESS);
    CU_ASSERT(swaps(&t.seat[0], &claim));
    const pid_t pid = keepers.pid[KEEPER_WITNESS];
    CU_ASSERT_EQUAL(prlimit(pid, RLIMIT_FSIZE, &no_writes, NULL), 0);
    seat_ask(&t.seat[0], REGISTER_SWAP, &lost);
    CU_ASSERT(seat_await_trouble(&t.seat[0]));
    CU_ASSERT_FALSE(t.seat[0].answered);
    CU_ASSERT_EQUAL(waitpid(pid, &status, 0), pid);
    CU_ASSERT(WIFEXITED(status) && WEXITSTATUS(status) == 3);
    keepers.pid[KEEPER_WITNESS] = 0;
    REQUIRE(keepers_start(&keepers, KEEPER_WITNESS));
    CU_ASSERT(reads(&t.seat[1], &claim));
    table_close(&t);
}

/* --- etcd ------------------------------------------------------------------------------------- */

static void the_next_endpoint_is_tried_when_one_is_dead(void)
{
    const struct registrar_etcd_params params = {
        .url = "http://127.0.0.1:24199/,http://127.0.0.1:24110",
        .prefix = "/test/endpoints/",
        .cluster_id = 1};
    const struct register_value claim = value_of(1, 1, 0, REGISTER_SOLO);
    struct seat seat;
    REQUIRE(seat_open_etcd(&seat, &params));
    CU_ASSERT(swaps(&seat, &claim));
    CU_ASSERT(seat.troubles >= 1);
    CU_ASSERT_PTR_NOT_NULL(strstr(seat.trouble, "127.0.0.1:24199"));
    CU_ASSERT(reads(&seat, &claim));
    seat_close(&seat);
}

static void a_dead_etcd_is_told_with_its_address(void)
{
    const struct registrar_etcd_params params = {
        .url = "http://127.0.0.1:24199", .prefix = "", .cluster_id = 1};
    struct seat seat;
    REQUIRE(seat_open_etcd(&seat, &params));
    seat_ask(&seat, REGISTER_READ, NULL);
    CU_ASSERT(seat_await_trouble(&seat));
    CU_ASSERT_PTR_NOT_NULL(strstr(seat.trouble, "127.0.0.1:24199"));
    CU_ASSERT_FALSE(seat.answered);
    seat_close(&seat);
}

static size_t drop(char *data, size_t size, size_t count, void *context)
{
    (void)data;
    (void)context;
    return size * count;
}

/* {"key": "/test/operator/1", "value": ...}, both in base64. */
static void put_by_hand(const char *body)
{
    CURL *curl = curl_easy_init();
    REQUIRE(curl != NULL);
    (void)curl_easy_setopt(curl, CURLOPT_URL, "http://127.0.0.1:24110/v3/kv/put");
    (void)curl_easy_setopt(curl, CURLOPT_PROXY, "");
    (void)curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
    (void)curl_easy_setopt(curl, CURLOPT_TIMEOUT, 10L);
    (void)curl_easy_setopt(curl, CURLOPT_FAILONERROR, 1L);
    (void)curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, drop);
    CU_ASSERT_EQUAL(curl_easy_perform(curl), CURLE_OK);
    curl_easy_cleanup(curl);
}

static void a_key_that_holds_no_register_is_told_and_left_alone(void)
{
    const struct registrar_etcd_params params = {
        .url = "http://127.0.0.1:24110", .prefix = "/test/operator/", .cluster_id = 1};
    const struct register_value claim = value_of(1, 1, 0, REGISTER_SOLO);
    struct seat seat;
    put_by_hand("{\"key\":\"L3Rlc3Qvb3BlcmF0b3IvMQ==\",\"value\":\"aGVsbG8=\"}"); /* hello */
    REQUIRE(seat_open_etcd(&seat, &params));
    seat_ask(&seat, REGISTER_SWAP, &claim);
    CU_ASSERT(seat_await_trouble(&seat));
    CU_ASSERT_PTR_NOT_NULL(strstr(seat.trouble, "/test/operator/1"));
    CU_ASSERT_FALSE(seat.answered);
    seat_close(&seat);
}

static void told_without_an_answer(const char *url)
{
    const struct registrar_etcd_params params = {.url = url, .prefix = "", .cluster_id = 1};
    struct seat seat;
    REQUIRE(seat_open_etcd(&seat, &params));
    seat_ask(&seat, REGISTER_READ, NULL);
    CU_ASSERT(seat_await_trouble(&seat));
    CU_ASSERT_FALSE(seat.answered);
    seat_close(&seat);
}

static void etcd_over_tls_is_reached_with_the_files_and_not_without(void)
{
    const struct register_value claim = value_of(1, 1, 0, REGISTER_SOLO);
    char url[KEEPERS_URL_OCTETS];
    struct table t;
    REQUIRE(keepers_start(&keepers, KEEPER_ETCD_TLS));
    table_open(&t, KEEPER_ETCD_TLS);
    CU_ASSERT(swaps(&t.seat[0], &claim));
    CU_ASSERT(reads(&t.seat[1], &claim));
    keepers_tls_url(&keepers, true, false, url); /* etcd does not know us */
    told_without_an_answer(url);
    keepers_tls_url(&keepers, false, true, url); /* we do not know etcd */
    told_without_an_answer(url);
    table_close(&t);
}

static void an_address_of_etcd_that_can_not_be_is_refused(void)
{
    static const char *const urls[] = {"",
                                       "127.0.0.1:2379",
                                       "ftp://127.0.0.1:2379",
                                       "http://",
                                       "http://user:word@127.0.0.1:2379",
                                       "http://127.0.0.1:2379/v3",
                                       "http://127.0.0.1:2379,",
                                       "https://127.0.0.1:2379?ca=x",
                                       "https://127.0.0.1:2379?cacert=",
                                       "https://127.0.0.1:2379?cacert"};
    const struct registrar_handler handler = {.context = NULL};
    char text[REGISTRAR_TEXT_OCTETS];
    for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
        const struct registrar_etcd_params params = {.url = urls[i], .prefix = "", .cluster_id = 1};
        struct registrar *registrar;
        CU_ASSERT_EQUAL(registrar_etcd_open(&params, &handler, &registrar, text), P7_RANGE);
        CU_ASSERT(text[0] != '\0');
    }
}

UNIT_TESTS = {
    UNITS(an_empty_register_is_read_and_is_nobodys_pair),
    UNITS(the_first_claim_is_seen_by_both_nodes),
    UNITS(the_owner_goes_from_solo_to_pair_and_back),
    UNITS(a_new_owner_is_accepted_only_while_the_mode_is_pair),
    UNITS(of_two_swaps_that_race_exactly_one_wins),
    UNITS(a_delayed_proposal_loses_once_another_has_landed),
    UNITS(a_repeated_proposal_is_accepted_again),
    UNITS(a_force_takes_a_solo_register_by_a_higher_term),
    UNITS(the_register_outlives_kill_9_of_its_keeper),
    UNIT(a_wrong_key_gets_no_answer_from_the_witness),
    UNIT(a_silent_witness_is_told_with_its_address),
    UNIT(a_witness_whose_disk_refuses_ends_and_gives_no_answer),
    UNIT(the_next_endpoint_is_tried_when_one_is_dead),
    UNIT(a_dead_etcd_is_told_with_its_address),
    UNIT(a_key_that_holds_no_register_is_told_and_left_alone),
    UNIT(etcd_over_tls_is_reached_with_the_files_and_not_without),
    UNIT(an_address_of_etcd_that_can_not_be_is_refused),
};

int main(void)
{
    /* No keeper, no proof: without etcd the suite fails, it is not skipped. */
    const bool ready = keepers_begin(&keepers);
    const int code =
        ready ? unit_run("registrar", unit_tests, sizeof(unit_tests) / sizeof(unit_tests[0])) : 1;
    keepers_end(&keepers);
    return code;
}
