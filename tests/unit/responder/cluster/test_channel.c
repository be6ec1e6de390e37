/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include <string.h>

#include "responder/cluster/channel.h"
#include "tests/unit/unit.h"

#define CLUSTER_ID 0x1122334455667788u
#define ROOM       256u

/* Sessions as programs make them: a count of lives above, a random half below. */
#define LIFE(count, random) (((uint64_t)(count) << 32) | (random))

struct datagram {
    uint8_t octets[ROOM];
    size_t length;
};

static const uint8_t key[CHANNEL_KEY_OCTETS] = {1, 2, 3, 4, 5, 6, 7, 8};

static void start(struct channel *channel, enum channel_party self, uint64_t session)
{
    channel_init(channel, key, CLUSTER_ID, self,
                 self == CHANNEL_NODE_0 ? CHANNEL_NODE_1 : CHANNEL_NODE_0, session);
}

static struct datagram hello(struct channel *channel)
{
    struct datagram d = {.length = 0};
    struct bytes_writer w = bytes_writer_of(d.octets, d.octets + ROOM);
    CU_ASSERT_EQUAL_FATAL(channel_hello(channel, &w), P7_OK);
    d.length = bytes_writer_length(&w);
    return d;
}

static struct datagram data(struct channel *channel, const char *text)
{
    struct datagram d = {.length = 0};
    struct bytes_writer w = bytes_writer_of(d.octets, d.octets + ROOM);
    CU_ASSERT_EQUAL_FATAL(channel_seal(channel, bytes_of(text, strlen(text)), &w), P7_OK);
    d.length = bytes_writer_length(&w);
    return d;
}

static enum channel_verdict give(struct channel *channel, const struct datagram *d, bool *answer)
{
    struct bytes payload;
    return channel_open_datagram(channel, bytes_of(d->octets, d->length), &payload, answer);
}

/* Whether it is taken as DATA that says `text`. */
static bool takes(struct channel *channel, const struct datagram *d, const char *text)
{
    struct bytes payload;
    bool answer;
    return channel_open_datagram(channel, bytes_of(d->octets, d->length), &payload, &answer) ==
               CHANNEL_DATA &&
           !answer && bytes_equal(payload, bytes_of(text, strlen(text)));
}

/* Hands HELLOs to and fro until nobody is asked for one any more; returns how many it took. */
static unsigned converse(struct channel *from, struct channel *to)
{
    unsigned count = 0;
    for (bool answer = true; answer && count < 100; count++) {
        const struct datagram d = hello(from);
        (void)give(to, &d, &answer);
        struct channel *next = from;
        from = to;
        to = next;
    }
    return count;
}

static void open_both(struct channel *a, struct channel *b)
{
    start(a, CHANNEL_NODE_0, LIFE(1, 77));
    start(b, CHANNEL_NODE_1, LIFE(1, 12));
    (void)converse(a, b);
    CU_ASSERT_FATAL(channel_is_open(a) && channel_is_open(b));
}

static void two_channels_find_each_other_whoever_starts(void)
{
    for (int first = 0; first < 2; first++) {
        struct channel c[2];
        start(&c[0], CHANNEL_NODE_0, LIFE(3, 9));
        start(&c[1], CHANNEL_NODE_1, LIFE(1, 5));
        CU_ASSERT(!channel_is_open(&c[0]) && channel_wants_hello(&c[0]));
        CU_ASSERT_EQUAL(converse(&c[first], &c[1 - first]), 3);
        for (int i = 0; i < 2; i++) {
            CU_ASSERT(channel_is_open(&c[i]));
            CU_ASSERT(!channel_wants_hello(&c[i]));
            const struct datagram d = data(&c[i], "charge");
            CU_ASSERT(takes(&c[1 - i], &d, "charge"));
            CU_ASSERT_EQUAL(c[1 - i].counters.taken, 1);
        }
    }
}

static void two_that_start_at_once_find_each_other(void)
{
    struct channel a;
    struct channel b;
    bool answer;
    start(&a, CHANNEL_NODE_0, LIFE(1, 1));
    start(&b, CHANNEL_NODE_1, LIFE(1, 2));
    const struct datagram from_a = hello(&a);
    const struct datagram from_b = hello(&b);
    CU_ASSERT_EQUAL(give(&a, &from_b, &answer), CHANNEL_ANSWER);
    CU_ASSERT(answer);
    CU_ASSERT_EQUAL(give(&b, &from_a, &answer), CHANNEL_ANSWER);
    CU_ASSERT(answer);
    const struct datagram again_a = hello(&a);
    const struct datagram again_b = hello(&b);
    CU_ASSERT_EQUAL(give(&a, &again_b, &answer), CHANNEL_OPENED);
    CU_ASSERT_EQUAL(give(&b, &again_a, &answer), CHANNEL_OPENED);
    CU_ASSERT(channel_is_open(&a) && channel_is_open(&b));
}

/* Whichever HELLO of the conversation is lost, one more of a party that still asks mends it. */
static void any_lost_hello_is_mended_by_the_next(void)
{
    for (unsigned lost = 0; lost < 3; lost++) {
        struct channel c[2];
        start(&c[0], CHANNEL_NODE_0, LIFE(1, 1));
        start(&c[1], CHANNEL_NODE_1, LIFE(1, 2));
        for (unsigned i = 0; i < lost; i++) {
            bool answer;
            const struct datagram d = hello(&c[i % 2]);
            (void)give(&c[1 - i % 2], &d, &answer);
        }
        for (unsigned i = 0; i < 2; i++)
            if (channel_wants_hello(&c[i]))
                CU_ASSERT(converse(&c[i], &c[1 - i]) < 10);
        CU_ASSERT(channel_is_open(&c[0]) && channel_is_open(&c[1]));
        CU_ASSERT(!channel_wants_hello(&c[0]) && !channel_wants_hello(&c[1]));
    }
}

static void who_is_opened_answers_only_a_peer_that_does_not_know_it(void)
{
    struct channel a;
    struct channel b;
    bool answer;
    start(&a, CHANNEL_NODE_0, LIFE(1, 1));
    start(&b, CHANNEL_NODE_1, LIFE(1, 2));
    const struct datagram first = hello(&a);
    CU_ASSERT_EQUAL(give(&b, &first, &answer), CHANNEL_ANSWER);
    const struct datagram second = hello(&b);
    CU_ASSERT_EQUAL(give(&a, &second, &answer), CHANNEL_OPENED);
    CU_ASSERT(answer); /* b has heard a, and does not believe it yet */
    const struct datagram third = hello(&a);
    CU_ASSERT_EQUAL(give(&b, &third, &answer), CHANNEL_OPENED);
    CU_ASSERT(!answer); /* a sends it as one that believes b */
    CU_ASSERT_EQUAL(give(&b, &third, &answer), CHANNEL_NOTHING);
    CU_ASSERT(!answer);
}

static void a_restarted_party_is_found_again(void)
{
    for (int again = 0; again < 2; again++) {
        for (int first = 0; first < 2; first++) {
            struct channel c[2];
            open_both(&c[0], &c[1]);
            const struct datagram late = data(&c[again], "of the old life");
            start(&c[again], (enum channel_party)again, LIFE(2, 3));
            struct channel *other = &c[1 - again];
            const struct datagram lost = data(other, "to the old life");
            CU_ASSERT(!takes(&c[again], &lost, "to the old life"));
            CU_ASSERT_EQUAL(c[again].counters.stale, 1);
            CU_ASSERT(converse(&c[first], &c[1 - first]) < 10);
            /* One that sleeps on does not ask by itself: the restarted one does. */
            if (channel_wants_hello(&c[again]))
                CU_ASSERT(converse(&c[again], other) < 10);
            CU_ASSERT_EQUAL(other->peer_session, LIFE(2, 3));
            CU_ASSERT(!takes(other, &late, "of the old life"));
            const struct datagram down = data(&c[again], "down");
            const struct datagram up = data(other, "up");
            CU_ASSERT(takes(other, &down, "down"));
            CU_ASSERT(takes(&c[again], &up, "up"));
        }
    }
}

static void a_restart_is_noticed_before_it_is_believed(void)
{
    struct channel a;
    struct channel b;
    bool answer;
    open_both(&a, &b);
    start(&b, CHANNEL_NODE_1, LIFE(2, 3));
    const struct datagram d = hello(&b);
    CU_ASSERT_EQUAL(give(&a, &d, &answer), CHANNEL_ANSWER);
    CU_ASSERT(answer && channel_wants_hello(&a));
    CU_ASSERT_EQUAL(a.peer_session, LIFE(1, 12));
}

static void recorded_data_of_an_older_life_is_refused(void)
{
    struct channel a;
    struct channel b;
    open_both(&a, &b);
    const struct datagram recorded = data(&a, "pay twice");
    CU_ASSERT(takes(&b, &recorded, "pay twice"));
    start(&b, CHANNEL_NODE_1, LIFE(2, 1)); /* forgets which counters it took */
    CU_ASSERT(!takes(&b, &recorded, "pay twice"));
    (void)converse(&b, &a);
    CU_ASSERT(channel_is_open(&b));
    CU_ASSERT(!takes(&b, &recorded, "pay twice"));
    start(&a, CHANNEL_NODE_0, LIFE(2, 2));
    (void)converse(&a, &b);
    CU_ASSERT(!takes(&b, &recorded, "pay twice"));
    CU_ASSERT_EQUAL(b.counters.stale, 3);
    CU_ASSERT_EQUAL(b.counters.taken, 0);
}

/* Everything that two earlier lives said is played to a third: none opens it or moves it. */
static void recorded_hellos_bring_no_old_life_back(void)
{
    struct channel a;
    struct channel b;
    struct datagram recorded[8];
    unsigned count = 0;
    bool answer;
    start(&a, CHANNEL_NODE_0, LIFE(1, 1));
    start(&b, CHANNEL_NODE_1, LIFE(1, 2));
    recorded[count++] = hello(&a);
    (void)give(&b, &recorded[0], &answer);
    const struct datagram of_b = hello(&b);
    (void)give(&a, &of_b, &answer);
    recorded[count++] = hello(&a); /* names b's first life */
    start(&b, CHANNEL_NODE_1, LIFE(2, 2));
    for (unsigned i = 0; i < count; i++) {
        CU_ASSERT_NOT_EQUAL(give(&b, &recorded[i], &answer), CHANNEL_OPENED);
        CU_ASSERT(!channel_is_open(&b));
    }
    (void)converse(&b, &a);
    recorded[count++] = hello(&a); /* names b's second life */
    CU_ASSERT_EQUAL(b.peer_session, LIFE(1, 1));
    start(&a, CHANNEL_NODE_0, LIFE(2, 1));
    (void)converse(&a, &b);
    CU_ASSERT_EQUAL(b.peer_session, LIFE(2, 1));
    b.counters.stale = 0;
    for (unsigned i = 0; i < count; i++)
        CU_ASSERT_EQUAL(give(&b, &recorded[i], &answer), CHANNEL_NOTHING);
    CU_ASSERT_EQUAL(b.counters.stale, count);
    CU_ASSERT_EQUAL(b.peer_session, LIFE(2, 1));
    CU_ASSERT(!channel_wants_hello(&b));
}

static void within_the_window_any_order_is_taken_once(void)
{
    static struct datagram sent[CHANNEL_WINDOW];
    struct channel a;
    struct channel b;
    open_both(&a, &b);
    for (unsigned i = 0; i < CHANNEL_WINDOW; i++)
        sent[i] = data(&a, "x");
    for (unsigned i = 0; i < CHANNEL_WINDOW; i++) /* 389 and 1024 have no common divisor */
        CU_ASSERT(takes(&b, &sent[i * 389 % CHANNEL_WINDOW], "x"));
    for (unsigned i = 0; i < CHANNEL_WINDOW; i++)
        CU_ASSERT(!takes(&b, &sent[i], "x"));
    CU_ASSERT_EQUAL(b.counters.taken, CHANNEL_WINDOW);
    CU_ASSERT_EQUAL(b.counters.repeated, CHANNEL_WINDOW);
}

static void the_window_ends_where_it_says(void)
{
    struct channel a;
    struct channel b;
    open_both(&a, &b);
    const struct datagram first = data(&a, "1");
    const struct datagram second = data(&a, "2");
    for (unsigned i = 3; i <= CHANNEL_WINDOW; i++)
        (void)data(&a, "lost");
    const struct datagram last = data(&a, "last"); /* counter CHANNEL_WINDOW + 1 */
    CU_ASSERT(takes(&b, &last, "last"));
    CU_ASSERT(!takes(&b, &first, "1"));
    CU_ASSERT(takes(&b, &second, "2"));
    CU_ASSERT_EQUAL(b.counters.repeated, 1);
}

static void a_jump_over_many_windows_forgets_nothing_that_matters(void)
{
    struct channel a;
    struct channel b;
    open_both(&a, &b);
    const struct datagram old = data(&a, "old");
    CU_ASSERT(takes(&b, &old, "old"));
    a.counter = UINT64_MAX - 3;
    const struct datagram far = data(&a, "far");
    const struct datagram further = data(&a, "further");
    CU_ASSERT(takes(&b, &further, "further"));
    CU_ASSERT(takes(&b, &far, "far"));
    CU_ASSERT(!takes(&b, &far, "far"));
    CU_ASSERT(!takes(&b, &further, "further"));
    const struct datagram furthest = data(&a, "furthest"); /* no counter is behind it */
    CU_ASSERT_EQUAL(a.counter, UINT64_MAX);
    CU_ASSERT(takes(&b, &furthest, "furthest"));
    CU_ASSERT(!takes(&b, &furthest, "furthest"));
    CU_ASSERT(!takes(&b, &old, "old"));
}

/* Places of the window are used again: what was taken there before is another counter's. */
static void a_used_window_takes_what_is_new(void)
{
    struct channel a;
    struct channel b;
    open_both(&a, &b);
    for (unsigned i = 0; i < 2 * CHANNEL_WINDOW; i++) {
        const struct datagram d = data(&a, "x");
        CU_ASSERT(takes(&b, &d, "x"));
    }
    static const uint64_t jumps[] = {10, CHANNEL_WINDOW - 3, CHANNEL_WINDOW, 5 * CHANNEL_WINDOW};
    for (size_t i = 0; i < sizeof(jumps) / sizeof(jumps[0]); i++) {
        a.counter += jumps[i];
        const struct datagram first = data(&a, "first");
        const struct datagram second = data(&a, "second");
        CU_ASSERT(takes(&b, &second, "second"));
        CU_ASSERT(takes(&b, &first, "first"));
        CU_ASSERT(!takes(&b, &first, "first"));
    }
    /* and a new life begins with an unused one */
    start(&a, CHANNEL_NODE_0, LIFE(2, 1));
    (void)converse(&a, &b);
    const struct datagram first = data(&a, "first");
    const struct datagram second = data(&a, "second");
    CU_ASSERT(takes(&b, &second, "second"));
    CU_ASSERT(takes(&b, &first, "first"));
}

/* Of one that has the key, and a fault. */
static void counters_and_sessions_of_zero_are_refused(void)
{
    struct channel a;
    struct channel b;
    bool answer;
    open_both(&a, &b);
    a.counter = UINT64_MAX;
    const struct datagram zero = data(&a, "zero");
    CU_ASSERT(!takes(&b, &zero, "zero"));
    CU_ASSERT_EQUAL(b.counters.repeated, 1);
    start(&b, CHANNEL_NODE_1, LIFE(2, 1));
    start(&a, CHANNEL_NODE_0, LIFE(2, 2));
    a.session = 0;
    const struct datagram nobody = hello(&a);
    CU_ASSERT_EQUAL(give(&b, &nobody, &answer), CHANNEL_NOTHING);
    CU_ASSERT(!answer);
    CU_ASSERT_EQUAL(b.counters.stale, 1);
}

static void a_hello_for_our_older_life_is_stale(void)
{
    struct channel a;
    struct channel b;
    bool answer;
    open_both(&a, &b);
    const struct datagram late = hello(&a); /* of one that believes b's first life */
    start(&b, CHANNEL_NODE_1, LIFE(2, 1));
    CU_ASSERT_EQUAL(give(&b, &late, &answer), CHANNEL_NOTHING);
    CU_ASSERT(!answer);
    CU_ASSERT_EQUAL(b.counters.stale, 1);
}

static void what_comes_over_two_links_is_taken_from_the_first(void)
{
    struct channel a;
    struct channel b;
    open_both(&a, &b);
    for (int i = 0; i < 5000; i++) {
        const struct datagram d = data(&a, "once");
        CU_ASSERT(takes(&b, &d, "once"));
        CU_ASSERT(!takes(&b, &d, "once"));
    }
    CU_ASSERT_EQUAL(b.counters.taken, 5000);
    CU_ASSERT_EQUAL(b.counters.repeated, 5000);
}

static void another_key_is_forged_and_another_cluster_is_told_apart(void)
{
    static const uint8_t other_key[CHANNEL_KEY_OCTETS] = {9};
    struct channel b;
    struct channel other;
    bool answer;
    start(&b, CHANNEL_NODE_1, LIFE(1, 1));
    channel_init(&other, other_key, CLUSTER_ID, CHANNEL_NODE_0, CHANNEL_NODE_1, LIFE(9, 9));
    const struct datagram forged = hello(&other);
    CU_ASSERT_EQUAL(give(&b, &forged, &answer), CHANNEL_NOTHING);
    CU_ASSERT(!answer);
    CU_ASSERT_EQUAL(b.counters.forged, 1);
    channel_init(&other, key, CLUSTER_ID + 1, CHANNEL_NODE_0, CHANNEL_NODE_1, LIFE(9, 9));
    const struct datagram foreign = hello(&other);
    CU_ASSERT_EQUAL(give(&b, &foreign, &answer), CHANNEL_NOTHING);
    CU_ASSERT(!answer);
    CU_ASSERT_EQUAL(b.counters.other_cluster, 1);
    CU_ASSERT_EQUAL(b.heard_session, 0);
}

static void own_datagrams_that_come_back_are_refused(void)
{
    struct channel a;
    struct channel b;
    bool answer;
    open_both(&a, &b);
    const struct datagram reflected[] = {hello(&a), data(&a, "mine")};
    for (int i = 0; i < 2; i++) {
        CU_ASSERT_EQUAL(give(&a, &reflected[i], &answer), CHANNEL_NOTHING);
        CU_ASSERT(!answer);
    }
    CU_ASSERT_EQUAL(a.counters.not_ours, 2);
}

/* The witness has the same key: what it was told, or says, is not for the other node's channel. */
static void data_for_another_party_is_refused(void)
{
    struct channel a;
    struct channel b;
    struct channel to_witness;
    struct channel witness;
    open_both(&a, &b);
    channel_init(&to_witness, key, CLUSTER_ID, CHANNEL_NODE_0, CHANNEL_WITNESS, a.session);
    channel_init(&witness, key, CLUSTER_ID, CHANNEL_WITNESS, CHANNEL_NODE_0, LIFE(1, 99));
    (void)converse(&to_witness, &witness);
    const struct datagram asked = data(&to_witness, "read");
    const struct datagram answered = data(&witness, "SOLO");
    CU_ASSERT(!takes(&b, &asked, "read"));
    CU_ASSERT_EQUAL(b.counters.stale, 1);
    CU_ASSERT(!takes(&a, &answered, "SOLO"));
    CU_ASSERT_EQUAL(a.counters.not_ours, 1);
    CU_ASSERT(takes(&witness, &asked, "read"));
}

static void every_flipped_bit_is_noticed(void)
{
    struct channel a;
    struct channel b;
    bool answer;
    open_both(&a, &b);
    const struct datagram good[] = {data(&a, "a charge of 17"), hello(&a)};
    for (int g = 0; g < 2; g++) {
        for (size_t bit = 0; bit < good[g].length * 8; bit++) {
            struct datagram bad = good[g];
            bad.octets[bit / 8] = (uint8_t)(bad.octets[bit / 8] ^ (1u << (bit % 8)));
            CU_ASSERT_EQUAL(give(&b, &bad, &answer), CHANNEL_NOTHING);
            CU_ASSERT(!answer);
        }
        const struct channel_counters *c = &b.counters;
        CU_ASSERT_EQUAL(c->not_ours + c->other_cluster + c->forged,
                        (good[0].length + (g == 1 ? good[1].length : 0)) * 8);
    }
    CU_ASSERT_EQUAL(b.counters.stale + b.counters.repeated, 0);
    CU_ASSERT(takes(&b, &good[0], "a charge of 17"));
}

static void cut_at_any_length_or_longer_it_is_refused(void)
{
    struct channel a;
    struct channel b;
    bool answer;
    open_both(&a, &b);
    const struct datagram good[] = {data(&a, "a charge of 17"), hello(&a)};
    for (int g = 0; g < 2; g++) {
        for (size_t length = 0; length <= good[g].length + 8; length++) {
            struct datagram bad = good[g];
            bad.length = length;
            if (length != good[g].length)
                CU_ASSERT_EQUAL(give(&b, &bad, &answer), CHANNEL_NOTHING);
        }
    }
    CU_ASSERT_EQUAL(b.counters.taken, 0);
    CU_ASSERT(takes(&b, &good[0], "a charge of 17"));
}

static void sealing_tells_what_is_wrong_and_uses_no_counter(void)
{
    static uint8_t octets[CHANNEL_DATAGRAM_OCTETS_MAX + 1];
    static const uint8_t payload[CHANNEL_PAYLOAD_OCTETS_MAX + 1];
    struct channel a;
    struct channel b;
    struct bytes back;
    bool answer;
    start(&a, CHANNEL_NODE_0, LIFE(1, 1));
    struct bytes_writer w = bytes_writer_of(octets, octets + sizeof(octets));
    CU_ASSERT_EQUAL(channel_seal(&a, bytes_of(payload, 1), &w), P7_STATE);
    open_both(&a, &b);
    CU_ASSERT_EQUAL(channel_seal(&a, bytes_of(payload, sizeof(payload)), &w), P7_RANGE);
    CU_ASSERT_EQUAL(bytes_writer_length(&w), 0);
    CU_ASSERT_EQUAL(channel_seal(&a, bytes_of(payload, sizeof(payload) - 1), &w), P7_OK);
    CU_ASSERT_EQUAL(bytes_writer_length(&w), CHANNEL_DATAGRAM_OCTETS_MAX);
    CU_ASSERT_EQUAL(
        channel_open_datagram(&b, bytes_of(octets, CHANNEL_DATAGRAM_OCTETS_MAX), &back, &answer),
        CHANNEL_DATA);
    CU_ASSERT_EQUAL(back.length, CHANNEL_PAYLOAD_OCTETS_MAX);
    CU_ASSERT_EQUAL(channel_open_datagram(&b, bytes_of(octets, sizeof(octets)), &back, &answer),
                    CHANNEL_NOTHING);
    w = bytes_writer_of(octets, octets + CHANNEL_OVERHEAD_OCTETS);
    CU_ASSERT_EQUAL(channel_seal(&a, bytes_of(payload, 1), &w), P7_FULL);
    w = bytes_writer_of(octets, octets + CHANNEL_OVERHEAD_OCTETS - 1);
    CU_ASSERT_EQUAL(channel_hello(&a, &w), P7_FULL);
    CU_ASSERT_EQUAL(a.counter, 1);
}

static void a_payload_in_its_place_is_sealed_there(void)
{
    struct channel a;
    struct channel b;
    struct datagram d = {.length = 0};
    open_both(&a, &b);
    memcpy(d.octets + CHANNEL_HEAD_OCTETS, "here", 4);
    struct bytes_writer w = bytes_writer_of(d.octets, d.octets + ROOM);
    CU_ASSERT_EQUAL(channel_seal(&a, bytes_of(d.octets + CHANNEL_HEAD_OCTETS, 4), &w), P7_OK);
    d.length = bytes_writer_length(&w);
    CU_ASSERT_EQUAL(d.length, CHANNEL_OVERHEAD_OCTETS + 4);
    CU_ASSERT(takes(&b, &d, "here"));
}

/* Its octets, the HMAC as another implementation (Python's hmac) gives it. */
static void a_hello_has_the_documented_octets(void)
{
    struct channel a;
    uint8_t wanted[ROOM];
    start(&a, CHANNEL_NODE_0, LIFE(1, 0x77));
    const struct datagram d = hello(&a);
    const size_t length = unit_hex("70370101 1122334455667788 0000000100000077 0000000000000000"
                                   "0000000000000000 00 b0a650d7af224e31f171622d4018bc72",
                                   wanted, sizeof(wanted));
    CU_ASSERT_EQUAL(d.length, length);
    CU_ASSERT(memcmp(d.octets, wanted, length) == 0);
}

UNIT_TESTS = {
    UNIT(two_channels_find_each_other_whoever_starts),
    UNIT(two_that_start_at_once_find_each_other),
    UNIT(any_lost_hello_is_mended_by_the_next),
    UNIT(who_is_opened_answers_only_a_peer_that_does_not_know_it),
    UNIT(a_restarted_party_is_found_again),
    UNIT(a_restart_is_noticed_before_it_is_believed),
    UNIT(recorded_data_of_an_older_life_is_refused),
    UNIT(recorded_hellos_bring_no_old_life_back),
    UNIT(within_the_window_any_order_is_taken_once),
    UNIT(the_window_ends_where_it_says),
    UNIT(a_jump_over_many_windows_forgets_nothing_that_matters),
    UNIT(a_used_window_takes_what_is_new),
    UNIT(counters_and_sessions_of_zero_are_refused),
    UNIT(a_hello_for_our_older_life_is_stale),
    UNIT(what_comes_over_two_links_is_taken_from_the_first),
    UNIT(another_key_is_forged_and_another_cluster_is_told_apart),
    UNIT(own_datagrams_that_come_back_are_refused),
    UNIT(data_for_another_party_is_refused),
    UNIT(every_flipped_bit_is_noticed),
    UNIT(cut_at_any_length_or_longer_it_is_refused),
    UNIT(sealing_tells_what_is_wrong_and_uses_no_counter),
    UNIT(a_payload_in_its_place_is_sealed_there),
    UNIT(a_hello_has_the_documented_octets),
};
UNIT_MAIN("channel")
