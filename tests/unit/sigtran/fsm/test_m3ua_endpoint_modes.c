/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Traffic modes in motion (RFC4666-4.3.4.3): what a change of the active ASPs does to the traffic.
 */
#include "tests/unit/sigtran/fsm/m3ua_endpoint_fixture.h"

static struct node *const sg = &nodes[0];

/* An SG whose ASPs the test plays, on associations of four streams. */
static void start_alone(enum as_traffic_mode mode, uint32_t asps)
{
    fixture_reset();
    node_simple(0, ASP_ROLE_SG, asps, mode);
    for (uint32_t i = 0; i < asps; i++)
        link_up(i, sg, i, NULL, 0, 4);
}

static void activate(uint32_t asp)
{
    give(sg, asp, 0, "0100030100000008");
    give(sg, asp, 0, "0100040100000008");
    CU_ASSERT_EQUAL(m3ua_endpoint_asp_state(sg->ep, asp), ASP_STATE_ACTIVE);
}

/* The Correlation Id of the last DATA to the test's ASPs, which are in `copies`; 0: it has none. */
static uint32_t correlation_of_last(unsigned copies)
{
    uint32_t id = 0;
    for (unsigned i = 0; i < copies; i++) {
        struct m3ua_fault fault;
        struct m3ua_data data;
        const struct sent *s = &sg->sent[sg->sent_count - copies + i];
        CU_ASSERT_EQUAL_FATAL(m3ua_data_decode(s->octets, s->octets + s->length, &data, &fault),
                              P7_OK);
        const uint32_t its = data.has_correlation_id ? data.correlation_id : 0;
        if (i > 0)
            CU_ASSERT_EQUAL(its, id); /* it names the message, not the copy */
        id = its;
    }
    return id;
}

static uint32_t broadcast(uint8_t sls, unsigned copies)
{
    sg->sent_count = 0;
    CU_ASSERT_EQUAL(transfer(sg, 0, sls, "x"), P7_OK);
    CU_ASSERT_EQUAL_FATAL(sg->sent_count, copies);
    return correlation_of_last(copies);
}

/* RFC4666-4.3.4.3, 3.3.1 */
static void a_broadcast_marks_each_flow_when_an_asp_becomes_active(void)
{
    start_alone(AS_MODE_BROADCAST, 2);
    activate(0);
    const uint32_t first = broadcast(1, 1);
    CU_ASSERT_NOT_EQUAL(first, 0);
    CU_ASSERT_EQUAL(broadcast(1, 1), 0);
    const uint32_t second = broadcast(200, 1);
    CU_ASSERT_TRUE(second != 0 && second != first);
    CU_ASSERT_EQUAL(broadcast(200, 1), 0);
    activate(1); /* both get the mark of each flow, once more */
    const uint32_t third = broadcast(1, 2);
    CU_ASSERT_TRUE(third != 0 && third != first && third != second);
    CU_ASSERT_EQUAL(broadcast(1, 2), 0);
    CU_ASSERT_NOT_EQUAL(broadcast(200, 2), 0);
    give(sg, 0, 0, "0100040200000008"); /* one that leaves changes nothing */
    CU_ASSERT_EQUAL(broadcast(1, 1), 0);
}

/* The mark is for who gets it: when nobody did, the next message has it. */
static void a_mark_that_was_not_sent_is_sent_with_the_next_message(void)
{
    start_alone(AS_MODE_BROADCAST, 2);
    activate(0);
    activate(1);
    sg->send_status = P7_FULL;
    CU_ASSERT_EQUAL(transfer(sg, 0, 3, "x"), P7_FULL);
    sg->send_status = P7_OK;
    CU_ASSERT_NOT_EQUAL(broadcast(3, 2), 0);
    CU_ASSERT_EQUAL(broadcast(3, 2), 0);
}

static void only_a_broadcast_carries_correlation_ids(void)
{
    static const enum as_traffic_mode modes[] = {AS_MODE_OVERRIDE, AS_MODE_LOADSHARE};
    for (unsigned i = 0; i < 2; i++) {
        start_alone(modes[i], 1);
        activate(0);
        CU_ASSERT_EQUAL(broadcast(0, 1), 0);
    }
}

/* Towards the network a broadcast would be the same message twice. */
static void an_asp_sends_to_one_of_its_sgs_whatever_the_mode(void)
{
    fixture_reset();
    node_simple(0, ASP_ROLE_ASP, 2, AS_MODE_BROADCAST);
    for (uint32_t i = 0; i < 2; i++) {
        link_up(i, sg, i, NULL, 0, 4);
        give(sg, i, 0, "0100030400000008");
        give(sg, i, 0, "0100040300000008");
    }
    sg->sent_count = 0;
    for (uint8_t sls = 0; sls < 4; sls++)
        CU_ASSERT_EQUAL(transfer(sg, 0, sls, "x"), P7_OK);
    CU_ASSERT_EQUAL(sg->sent_count, 4);
    CU_ASSERT_EQUAL(correlation_of_last(4), 0);
}

/* RFC4666-4.3.4.3.1, 4.3.4.4: what was sent before the change, on another stream, comes in after
 * it. */
static void a_switch_between_asps_loses_nothing_that_was_on_its_way(void)
{
#define DATA "0100010100000018 02100010 00000001000002bc03020001"
    fixture_reset();
    node_simple(0, ASP_ROLE_ASP, 1, AS_MODE_OVERRIDE);
    link_up(0, sg, 0, NULL, 0, 4);
    give(sg, 0, 0, "0100030400000008");
    give(sg, 0, 0, "0100040300000008");
    give(sg, 0, 0, "0100000100000018 000d000800020002 0006000800000007"); /* Alternate ASP Active */
    CU_ASSERT_EQUAL(m3ua_endpoint_asp_state(sg->ep, 0), ASP_STATE_INACTIVE);
    CU_ASSERT_EQUAL(error_for(sg, 0, 1, DATA), 0);
    CU_ASSERT_EQUAL(sg->data_count, 1);
    now_ns += 2 * SECOND;
    CU_ASSERT_EQUAL(error_for(sg, 0, 1, DATA), M3UA_ERROR_UNEXPECTED_MESSAGE);
    /* and the other way: an ASP that leaves, at the SG */
    start_alone(AS_MODE_OVERRIDE, 2);
    activate(0);
    give(sg, 0, 0, "0100040200000008");
    CU_ASSERT_EQUAL(error_for(sg, 0, 1, DATA), 0);
    activate(0);
    activate(1);
    CU_ASSERT_EQUAL(m3ua_endpoint_asp_state(sg->ep, 0), ASP_STATE_INACTIVE);
    CU_ASSERT_EQUAL(error_for(sg, 0, 1, DATA), 0);
    CU_ASSERT_EQUAL(sg->data_count, 2);
    give(sg, 0, 0, "0100030200000008"); /* ASPDN is the end of it */
    CU_ASSERT_EQUAL(error_for(sg, 0, 1, DATA), M3UA_ERROR_UNEXPECTED_MESSAGE);
}

/* RFC4666-4.3.4.3: an SLS keeps its ASP while the active ones are the same. */
static void loadshare_keeps_the_sequence_of_an_sls(void)
{
    fixture_reset();
    node_simple(0, ASP_ROLE_SG, 2, AS_MODE_LOADSHARE);
    for (uint32_t i = 0; i < 2; i++) {
        node_simple(1 + i, ASP_ROLE_ASP, 1, AS_MODE_LOADSHARE);
        link_up(i, &nodes[1 + i], 0, sg, i, 4);
        pump();
    }
    char text[2] = "a";
    for (; text[0] <= 'z'; text[0]++)
        CU_ASSERT_EQUAL(transfer(sg, 0, 6, text), P7_OK);
    pump();
    CU_ASSERT_TRUE((nodes[1].data_count == 26) != (nodes[2].data_count == 26));
    const struct node *taker = nodes[1].data_count == 26 ? &nodes[1] : &nodes[2];
    CU_ASSERT_EQUAL(taker->payload[0], 'z');
    fixture_reset();
}

UNIT_TESTS = {
    UNIT(a_broadcast_marks_each_flow_when_an_asp_becomes_active),
    UNIT(a_mark_that_was_not_sent_is_sent_with_the_next_message),
    UNIT(only_a_broadcast_carries_correlation_ids),
    UNIT(an_asp_sends_to_one_of_its_sgs_whatever_the_mode),
    UNIT(a_switch_between_asps_loses_nothing_that_was_on_its_way),
    UNIT(loadshare_keeps_the_sequence_of_an_sls),
};
UNIT_MAIN("m3ua_endpoint_modes")
