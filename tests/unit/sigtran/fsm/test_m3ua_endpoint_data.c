/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* DATA out: streams, failures of send(), and the queue of AS-PENDING. */
#include "tests/unit/sigtran/fsm/m3ua_endpoint_fixture.h"

static struct node *const sg = &nodes[0];
static struct node *const asp = &nodes[1];

/* An SG whose ASP 0 is played by the test, up and active. */
static void start_alone(uint16_t streams)
{
    fixture_reset();
    node_simple(0, ASP_ROLE_SG, 1, AS_MODE_OVERRIDE);
    link_up(0, sg, 0, NULL, 0, streams);
    give(sg, 0, 0, "0100030100000008");
    give(sg, 0, 0, "0100040100000008");
    CU_ASSERT_EQUAL_FATAL(m3ua_endpoint_as_state(sg->ep, 0), AS_STATE_ACTIVE);
    sg->sent_count = 0;
}

/* An SG and two ASPs in override mode; the first is active, the second is up. */
static void start_pair(void)
{
    fixture_reset();
    node_simple(0, ASP_ROLE_SG, 2, AS_MODE_OVERRIDE);
    node_simple(1, ASP_ROLE_ASP, 1, AS_MODE_OVERRIDE);
    node_simple(2, ASP_ROLE_ASP, 1, AS_MODE_OVERRIDE);
    link_up(1, &nodes[2], 0, sg, 1, 4);
    pump();
    CU_ASSERT_EQUAL(m3ua_endpoint_asp_inactive(nodes[2].ep, 0, 0, now_ns), P7_OK);
    pump();
    link_up(0, asp, 0, sg, 0, 4);
    pump();
    CU_ASSERT_EQUAL_FATAL(m3ua_endpoint_as_state(sg->ep, 0), AS_STATE_ACTIVE);
    CU_ASSERT_EQUAL_FATAL(m3ua_endpoint_asp_state(nodes[2].ep, 0), ASP_STATE_INACTIVE);
}

/* RFC4666-1.4.7 */
static void data_keeps_off_stream_0_and_an_sls_keeps_its_stream(void)
{
    start_alone(4);
    unsigned used[4] = {0};
    for (unsigned sls = 0; sls < 16; sls++) {
        CU_ASSERT_EQUAL(transfer(sg, 0, (uint8_t)sls, "x"), P7_OK);
        CU_ASSERT_EQUAL(transfer(sg, 0, (uint8_t)sls, "y"), P7_OK);
        const struct sent *s = &sg->sent[sg->sent_count - 2];
        CU_ASSERT_TRUE_FATAL(s[0].stream < 4);
        CU_ASSERT_EQUAL(s[0].stream, s[1].stream);
        used[s[0].stream]++;
    }
    CU_ASSERT_EQUAL(used[0], 0);
    CU_ASSERT_TRUE(used[1] > 0 && used[2] > 0 && used[3] > 0);
    start_alone(1); /* there is no other */
    CU_ASSERT_EQUAL(transfer(sg, 0, 9, "x"), P7_OK);
    CU_ASSERT_EQUAL(sg->sent[0].stream, 0);
    start_alone(2);
    CU_ASSERT_EQUAL(transfer(sg, 0, 9, "x"), P7_OK);
    CU_ASSERT_EQUAL(sg->sent[0].stream, 1);
}

static void what_send_does_not_take_is_told_and_counted(void) /* RFC4666-4.1.1 */
{
    start_alone(4);
    const struct m3ua_endpoint_counters *c = m3ua_endpoint_get_counters(sg->ep);
    sg->send_status = P7_FULL;
    CU_ASSERT_EQUAL(transfer(sg, 0, 0, "x"), P7_FULL);
    CU_ASSERT_EQUAL(c->data_dropped_send_full, 1);
    sg->send_status = P7_STATE;
    CU_ASSERT_EQUAL(transfer(sg, 0, 0, "x"), P7_STATE);
    CU_ASSERT_EQUAL(c->data_dropped_send_failed, 1);
    static const uint8_t large[M3UA_ENDPOINT_PAYLOAD_OCTETS_MAX + 1];
    const struct m3ua_transfer t = {.as = 0};
    CU_ASSERT_EQUAL(m3ua_endpoint_transfer(sg->ep, &t, bytes_of(large, sizeof(large)), now_ns),
                    P7_RANGE);
    CU_ASSERT_EQUAL(
        m3ua_endpoint_transfer_to_asp(sg->ep, &t, 0, bytes_of(large, sizeof(large)), now_ns),
        P7_RANGE);
    CU_ASSERT_EQUAL(c->data_dropped_too_long, 2);
    CU_ASSERT_EQUAL(c->data_out, 0);
    /* a control message that was not taken is told too */
    give(sg, 0, 0, "0100030300000008");
    CU_ASSERT_EQUAL(c->control_send_failed, 1);
    CU_ASSERT_EQUAL(event_of(sg, M3UA_EVENT_SEND_FAILED)->message_kind, M3UA_BEAT_ACK);
}

static void an_answer_goes_to_the_asp_that_asked_or_nowhere(void)
{
    start_pair();
    const struct m3ua_transfer t = {.as = 0, .opc = 1, .dpc = 2, .si = 3};
    CU_ASSERT_EQUAL(m3ua_endpoint_transfer_to_asp(sg->ep, &t, 0, bytes_of("x", 1), now_ns), P7_OK);
    CU_ASSERT_EQUAL(m3ua_endpoint_transfer_to_asp(sg->ep, &t, 1, bytes_of("x", 1), now_ns),
                    P7_STATE);
    pump();
    CU_ASSERT_EQUAL(asp->data_count, 1);
    CU_ASSERT_EQUAL(nodes[2].data_count, 0);
}

/* P7_OK would say that it was sent, and when: a load generator gets the truth instead. */
static void without_a_queue_a_pending_as_refuses_and_says_so(void)
{
    fixture_reset();
    const struct m3ua_asp_config ipsp = {.role = ASP_ROLE_IPSP};
    const struct m3ua_as_config as = {.traffic_mode = AS_MODE_OVERRIDE,
                                      .asp_count = 1,
                                      .asp = {0},
                                      .t_r_ns = 2 * SECOND,
                                      .no_queue = true};
    const struct m3ua_endpoint_config config = {
        .asp_count = 1, .asp = &ipsp, .as_count = 1, .as = &as};
    CU_ASSERT_EQUAL_FATAL(node_create(0, &config), P7_OK);
    link_up(0, sg, 0, NULL, 0, 4);
    give(sg, 0, 0, "0100030100000008");
    give(sg, 0, 0, "0100040100000008");
    CU_ASSERT_EQUAL(transfer(sg, 0, 0, "x"), P7_OK);
    give(sg, 0, 0, "0100040200000008");
    CU_ASSERT_EQUAL(m3ua_endpoint_as_state(sg->ep, 0), AS_STATE_PENDING);
    CU_ASSERT_FALSE(m3ua_endpoint_as_usable(sg->ep, 0));
    CU_ASSERT_EQUAL(transfer(sg, 0, 0, "x"), P7_STATE);
    CU_ASSERT_EQUAL(m3ua_endpoint_get_counters(sg->ep)->data_dropped_no_asp, 1);
    CU_ASSERT_EQUAL(m3ua_endpoint_as_queued(sg->ep, 0), 0);
    give(sg, 0, 0, "0100040100000008");
    CU_ASSERT_EQUAL(transfer(sg, 0, 0, "x"), P7_OK);
}

/* RFC4666-4.3.2: what comes in AS-PENDING waits for the next ASP, in sequence. */
static void what_waits_in_pending_goes_to_the_asp_that_takes_over(void)
{
    start_pair();
    link_down(0);
    CU_ASSERT_EQUAL(m3ua_endpoint_as_state(sg->ep, 0), AS_STATE_PENDING);
    CU_ASSERT_TRUE(m3ua_endpoint_as_usable(sg->ep, 0));
    CU_ASSERT_EQUAL(transfer(sg, 0, 1, "first"), P7_OK);
    CU_ASSERT_EQUAL(transfer(sg, 0, 2, ""), P7_OK);
    CU_ASSERT_EQUAL(transfer(sg, 0, 3, "third"), P7_OK);
    CU_ASSERT_EQUAL(m3ua_endpoint_as_queued(sg->ep, 0), 3);
    pass(SECOND);
    CU_ASSERT_EQUAL(nodes[2].data_count, 0);
    CU_ASSERT_EQUAL(m3ua_endpoint_asp_active(nodes[2].ep, 0, 0, now_ns), P7_OK);
    pump();
    CU_ASSERT_EQUAL(nodes[2].data_count, 3);
    CU_ASSERT_EQUAL(nodes[2].data.sls, 3);
    CU_ASSERT_TRUE(bytes_equal(nodes[2].data.payload, bytes_of("third", 5)));
    CU_ASSERT_EQUAL(m3ua_endpoint_as_queued(sg->ep, 0), 0);
    CU_ASSERT_EQUAL(event_of(sg, M3UA_EVENT_QUEUE_FLUSHED)->count, 3);
    CU_ASSERT_EQUAL(event_of(sg, M3UA_EVENT_QUEUE_FLUSHED)->lost, 0);
    CU_ASSERT_EQUAL(m3ua_endpoint_get_counters(sg->ep)->data_queued, 3);
}

static void what_waits_longer_than_t_r_is_dropped_and_counted(void)
{
    start_pair();
    link_down(0);
    for (int i = 0; i < 5; i++)
        CU_ASSERT_EQUAL(transfer(sg, 0, 0, "x"), P7_OK);
    pass(2 * SECOND + 1);
    CU_ASSERT_EQUAL(m3ua_endpoint_as_state(sg->ep, 0), AS_STATE_INACTIVE);
    CU_ASSERT_EQUAL(m3ua_endpoint_get_counters(sg->ep)->data_dropped_t_r, 5);
    CU_ASSERT_EQUAL(event_of(sg, M3UA_EVENT_QUEUE_DROPPED)->lost, 5);
    CU_ASSERT_EQUAL(m3ua_endpoint_as_queued(sg->ep, 0), 0);
    CU_ASSERT_FALSE(m3ua_endpoint_as_usable(sg->ep, 0));
    CU_ASSERT_EQUAL(transfer(sg, 0, 0, "x"), P7_STATE);
}

static void the_queue_is_bounded_and_what_does_not_fit_is_counted(void)
{
    start_pair();
    link_down(0);
    unsigned taken = 0;
    while (transfer(sg, 0, 0, "0123456789") == P7_OK)
        CU_ASSERT_TRUE_FATAL(++taken < 4096 / 10);
    CU_ASSERT_TRUE(taken > 50);
    CU_ASSERT_EQUAL(transfer(sg, 0, 0, "0123456789"), P7_FULL);
    CU_ASSERT_EQUAL(m3ua_endpoint_get_counters(sg->ep)->data_dropped_queue_full, 2);
    CU_ASSERT_EQUAL(m3ua_endpoint_asp_active(nodes[2].ep, 0, 0, now_ns), P7_OK);
    pump();
    CU_ASSERT_EQUAL(nodes[2].data_count, taken);
}

/* A queue meets a full send buffer: nothing is lost and nothing overtakes. */
static void a_full_send_buffer_delays_the_queue_and_loses_nothing(void)
{
    start_pair();
    link_down(0);
    char text[2] = "a";
    for (int i = 0; i < 10; i++, text[0]++)
        CU_ASSERT_EQUAL(transfer(sg, 0, 0, text), P7_OK);
    sg->send_status = P7_FULL;
    sg->send_room = 2 + 3; /* ASPAC ACK, NTFY, and three of the queue */
    CU_ASSERT_EQUAL(m3ua_endpoint_asp_active(nodes[2].ep, 0, 0, now_ns), P7_OK);
    pump();
    CU_ASSERT_EQUAL(nodes[2].data_count, 3);
    CU_ASSERT_EQUAL(m3ua_endpoint_as_queued(sg->ep, 0), 7);
    CU_ASSERT_EQUAL(m3ua_endpoint_deadline_ns(sg->ep), now_ns + M3UA_ENDPOINT_RETRY_NS);
    CU_ASSERT_EQUAL(transfer(sg, 0, 0, "k"), P7_OK); /* behind the others */
    CU_ASSERT_EQUAL(m3ua_endpoint_as_queued(sg->ep, 0), 8);
    sg->send_room = 2;
    m3ua_endpoint_writable(sg->ep, 1, now_ns);
    pump();
    CU_ASSERT_EQUAL(nodes[2].data_count, 5);
    sg->send_status = P7_OK;
    pass(M3UA_ENDPOINT_RETRY_NS);
    CU_ASSERT_EQUAL(nodes[2].data_count, 11);
    CU_ASSERT_EQUAL(nodes[2].payload[0], 'k');
    CU_ASSERT_EQUAL(event_of(sg, M3UA_EVENT_QUEUE_FLUSHED)->count, 11);
    CU_ASSERT_EQUAL(m3ua_endpoint_get_counters(sg->ep)->data_dropped_send_full, 0);
    CU_ASSERT_EQUAL(m3ua_endpoint_deadline_ns(sg->ep), TIMER_NEVER_NS);
    CU_ASSERT_EQUAL(transfer(sg, 0, 0, "l"), P7_OK);
    pump();
    CU_ASSERT_EQUAL(nodes[2].data_count, 12);
}

/* A queue that could not be emptied before the AS lost its ASP again waits for T(r), no sooner. */
static void a_rest_of_a_queue_waits_through_the_next_pending(void)
{
    start_pair();
    link_down(0);
    for (int i = 0; i < 3; i++)
        CU_ASSERT_EQUAL(transfer(sg, 0, 0, "x"), P7_OK);
    sg->send_status = P7_FULL;
    sg->send_room = 2;
    CU_ASSERT_EQUAL(m3ua_endpoint_asp_active(nodes[2].ep, 0, 0, now_ns), P7_OK);
    pump();
    link_down(1);
    CU_ASSERT_EQUAL(m3ua_endpoint_as_state(sg->ep, 0), AS_STATE_PENDING);
    const int64_t t_r_at_ns = now_ns + 2 * SECOND;
    now_ns += M3UA_ENDPOINT_RETRY_NS;
    m3ua_endpoint_time(sg->ep, now_ns);
    CU_ASSERT_EQUAL(m3ua_endpoint_deadline_ns(sg->ep), t_r_at_ns);
    CU_ASSERT_EQUAL(m3ua_endpoint_as_queued(sg->ep, 0), 3);
    sg->send_status = P7_OK;
    link_up(0, asp, 0, sg, 0, 4);
    pump();
    CU_ASSERT_EQUAL(asp->data_count, 3);
}

/* The queue's memory is used again and again while it is never quite empty. */
static void a_queue_that_never_empties_wraps_around(void)
{
    start_pair();
    link_down(0);
    sg->send_status = P7_FULL;
    sg->send_room = 2;
    unsigned put = 0;
    for (int i = 0; i < 40; i++, put++)
        CU_ASSERT_EQUAL(transfer(sg, 0, 0, "0123456789"), P7_OK);
    CU_ASSERT_EQUAL(m3ua_endpoint_asp_active(nodes[2].ep, 0, 0, now_ns), P7_OK);
    pump();
    for (int i = 0; i < 400; i++, put++) {
        sg->send_room = 1;
        CU_ASSERT_EQUAL(transfer(sg, 0, 0, "0123456789"), P7_OK);
        pump();
    }
    CU_ASSERT_EQUAL(m3ua_endpoint_as_queued(sg->ep, 0), 40);
    sg->send_status = P7_OK;
    m3ua_endpoint_writable(sg->ep, 1, now_ns);
    pump();
    CU_ASSERT_EQUAL(nodes[2].data_count, put);
    fixture_reset();
}

UNIT_TESTS = {
    UNIT(data_keeps_off_stream_0_and_an_sls_keeps_its_stream),
    UNIT(what_send_does_not_take_is_told_and_counted),
    UNIT(an_answer_goes_to_the_asp_that_asked_or_nowhere),
    UNIT(without_a_queue_a_pending_as_refuses_and_says_so),
    UNIT(what_waits_in_pending_goes_to_the_asp_that_takes_over),
    UNIT(what_waits_longer_than_t_r_is_dropped_and_counted),
    UNIT(the_queue_is_bounded_and_what_does_not_fit_is_counted),
    UNIT(a_full_send_buffer_delays_the_queue_and_loses_nothing),
    UNIT(a_rest_of_a_queue_waits_through_the_next_pending),
    UNIT(a_queue_that_never_empties_wraps_around),
};
UNIT_MAIN("m3ua_endpoint_data")
