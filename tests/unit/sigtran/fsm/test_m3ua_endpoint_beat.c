/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* BEAT by hand (RFC4666-3.5.5, 3.5.6, 4.3.4.6): any length, the answer compared and timed. */
#include "tests/unit/sigtran/fsm/m3ua_endpoint_fixture.h"

static struct node *const node = &nodes[0];

/* An ASP that is up, with T(beat) where it is not 0; the test plays the SG. */
static void start(int64_t t_beat_ns)
{
    fixture_reset();
    const struct m3ua_asp_config asp = {
        .role = ASP_ROLE_ASP, .wants_up = true, .t_beat_ns = t_beat_ns, .t_ack_ns = 2 * SECOND};
    const struct m3ua_endpoint_config config = {.asp_count = 1, .asp = &asp};
    CU_ASSERT_EQUAL_FATAL(node_create(0, &config), P7_OK);
    link_up(0, node, 0, NULL, 0, 4);
}

static void start_up(int64_t t_beat_ns)
{
    start(t_beat_ns);
    give(node, 0, 0, "0100030400000008");
    CU_ASSERT_EQUAL_FATAL(m3ua_endpoint_asp_state(node->ep, 0), ASP_STATE_INACTIVE);
    node->sent_count = 0;
}

static enum p7_status beat(size_t octets)
{
    return m3ua_endpoint_send_beat(node->ep, 0, octets, now_ns);
}

/* Answers the BEAT that was sent as number `index`, with one octet changed where that is told. */
static void answer(unsigned index, bool spoilt)
{
    uint8_t octets[512];
    const struct sent *s = &node->sent[index];
    memcpy(octets, s->octets, s->length);
    octets[3] = 6; /* BEAT ACK */
    if (spoilt)
        octets[s->length - 1] ^= 1u;
    m3ua_endpoint_receive(node->ep, 0, 0, bytes_of(octets, s->length), now_ns);
}

static void an_answer_with_the_same_data_is_told_with_its_round_trip(void)
{
    static const size_t lengths[] = {1, 4, 8, 9, 100, 480};
    for (unsigned i = 0; i < 6; i++) {
        start_up(0);
        CU_ASSERT_EQUAL(beat(lengths[i]), P7_OK);
        CU_ASSERT_EQUAL(last_sent(node)->kind, M3UA_BEAT);
        CU_ASSERT_EQUAL(sent_message.heartbeat_data.length, lengths[i]);
        CU_ASSERT_EQUAL(node->sent[0].stream, 0);
        now_ns += 7000;
        uint8_t octets[512];
        memcpy(octets, node->sent[0].octets, node->sent[0].length);
        octets[3] = 6;
        m3ua_endpoint_receive(node->ep, 0, 0, bytes_of(octets, node->sent[0].length), now_ns);
        const struct m3ua_endpoint_event *e = event_of(node, M3UA_EVENT_BEAT_ANSWERED);
        CU_ASSERT_PTR_NOT_NULL_FATAL(e);
        CU_ASSERT_EQUAL(e->status, P7_OK);
        CU_ASSERT_EQUAL(e->count, lengths[i]);
        CU_ASSERT_EQUAL(e->round_trip_ns, 7000);
        answer(0, false); /* once */
        CU_ASSERT_EQUAL(events_of(node, M3UA_EVENT_BEAT_ANSWERED), 1);
    }
}

static void an_answer_with_other_data_is_told_as_such(void)
{
    start_up(0);
    CU_ASSERT_EQUAL(beat(100), P7_OK);
    answer(0, true);
    CU_ASSERT_EQUAL(event_of(node, M3UA_EVENT_BEAT_ANSWERED)->status, P7_MALFORMED);
    CU_ASSERT_EQUAL(beat(100), P7_OK);
    give(node, 0, 0, "0100030600000008"); /* none at all */
    CU_ASSERT_EQUAL(events_of(node, M3UA_EVENT_BEAT_ANSWERED), 2);
    CU_ASSERT_EQUAL(event_of(node, M3UA_EVENT_BEAT_ANSWERED)->status, P7_MALFORMED);
}

/* RFC4666-4.3.4.6: not before ASPUP ACK */
static void a_beat_by_hand_is_refused_out_of_bounds_and_before_asp_up_is_acknowledged(void)
{
    start(0);
    CU_ASSERT_EQUAL(beat(8), P7_STATE);
    start_up(0);
    CU_ASSERT_EQUAL(beat(0), P7_RANGE);
    CU_ASSERT_EQUAL(beat(M3UA_ENDPOINT_BEAT_OCTETS_MAX + 1u), P7_RANGE);
    CU_ASSERT_EQUAL(node->sent_count, 0);
    node->send_status = P7_FULL;
    CU_ASSERT_EQUAL(beat(8), P7_FULL);
    node->send_status = P7_OK;
    CU_ASSERT_EQUAL(beat(8), P7_OK);
    CU_ASSERT_EQUAL(beat(8), P7_STATE); /* one at a time */
    now_ns += 2 * SECOND;
    CU_ASSERT_EQUAL(beat(8), P7_OK);
    link_down(0);
    CU_ASSERT_EQUAL(beat(8), P7_STATE);
    link_up(0, node, 0, NULL, 0, 4);
    give(node, 0, 0, "0100030400000008");
    CU_ASSERT_EQUAL(beat(8), P7_OK); /* what was under way is forgotten */
}

static void the_longest_beat_fits_the_longest_message(void)
{
    start_up(0);
    node->send_status = P7_STATE; /* the fixture's wire is shorter: the call must get that far */
    CU_ASSERT_EQUAL(beat(M3UA_ENDPOINT_BEAT_OCTETS_MAX), P7_STATE);
    CU_ASSERT_EQUAL(event_of(node, M3UA_EVENT_SEND_FAILED)->status, P7_STATE);
}

/* T(beat) goes on beside it: neither answer is taken for the other's. */
static void a_beat_by_hand_and_the_regular_ones_keep_apart(void)
{
    start_up(SECOND);
    pass(SECOND);
    CU_ASSERT_EQUAL(node->sent_count, 1); /* a regular one */
    CU_ASSERT_EQUAL(beat(ASP_BEAT_OCTETS), P7_OK);
    answer(0, false);
    CU_ASSERT_EQUAL(events_of(node, M3UA_EVENT_BEAT_ANSWERED), 0);
    answer(1, false);
    CU_ASSERT_EQUAL(event_of(node, M3UA_EVENT_BEAT_ANSWERED)->status, P7_OK);
    /* no answer by hand keeps an association alive that T(beat) has given up */
    pass(SECOND);
    CU_ASSERT_EQUAL(beat(20), P7_OK);
    answer(node->sent_count - 1, false);
    pass(3 * SECOND);
    CU_ASSERT_EQUAL(node->abort_count, 1);
    fixture_reset();
}

UNIT_TESTS = {
    UNIT(an_answer_with_the_same_data_is_told_with_its_round_trip),
    UNIT(an_answer_with_other_data_is_told_as_such),
    UNIT(a_beat_by_hand_is_refused_out_of_bounds_and_before_asp_up_is_acknowledged),
    UNIT(the_longest_beat_fits_the_longest_message),
    UNIT(a_beat_by_hand_and_the_regular_ones_keep_apart),
};
UNIT_MAIN("m3ua_endpoint_beat")
