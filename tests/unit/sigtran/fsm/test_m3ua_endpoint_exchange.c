/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Two IPSPs (RFC4666-4.3.4.1.2): single and double exchange, and one against the other. */
#include "tests/unit/sigtran/fsm/m3ua_endpoint_fixture.h"

#define T_ACK (2 * SECOND)

static struct node *const a = &nodes[0];
static struct node *const b = &nodes[1];

enum style { SINGLE_THAT_ASKS, SINGLE_THAT_WAITS, DOUBLE };

static void ipsp(unsigned index, enum style style)
{
    const bool asks = style != SINGLE_THAT_WAITS;
    const struct m3ua_asp_config asp = {.role = ASP_ROLE_IPSP,
                                        .double_exchange = style == DOUBLE,
                                        .wants_up = asks,
                                        .wants_active = asks,
                                        .t_ack_ns = T_ACK};
    const struct m3ua_as_config as = {.has_routing_context = true,
                                      .routing_context = 7,
                                      .point_code = 700,
                                      .traffic_mode = AS_MODE_LOADSHARE,
                                      .sends_traffic_mode = true,
                                      .t_r_ns = 2 * SECOND,
                                      .asp_count = 1,
                                      .asp = {0},
                                      .queue_octets = 4096};
    const struct m3ua_endpoint_config config = {
        .point_code = 1, .asp_count = 1, .asp = &asp, .as_count = 1, .as = &as};
    CU_ASSERT_EQUAL_FATAL(node_create(index, &config), P7_OK);
}

static void start(enum style of_a, enum style of_b)
{
    fixture_reset();
    ipsp(0, of_a);
    ipsp(1, of_b);
}

static void connect_ends(void)
{
    link_up(0, a, 0, b, 0, 4);
    pump();
}

/* An end whose peer the test plays. */
static void start_alone(void)
{
    fixture_reset();
    ipsp(0, DOUBLE);
    link_up(0, a, 0, NULL, 0, 4);
}

static bool may_send(const struct node *from)
{
    return m3ua_endpoint_carries(from->ep, 0, 0);
}

static bool takes(const struct node *node)
{
    return m3ua_endpoint_takes(node->ep, 0, 0, now_ns);
}

static unsigned errors(void)
{
    return (unsigned)(m3ua_endpoint_get_counters(a->ep)->errors_sent +
                      m3ua_endpoint_get_counters(b->ep)->errors_sent);
}

static void data_flows_both_ways(void)
{
    a->data_count = 0;
    b->data_count = 0;
    CU_ASSERT_EQUAL(transfer(a, 0, 1, "to b"), P7_OK);
    CU_ASSERT_EQUAL(transfer(b, 0, 2, "to a"), P7_OK);
    pump();
    CU_ASSERT_EQUAL(a->data_count, 1);
    CU_ASSERT_EQUAL(b->data_count, 1);
}

/* RFC4666-5.6.1 */
static void a_single_exchange_serves_both_ends(void)
{
    start(SINGLE_THAT_ASKS, SINGLE_THAT_WAITS);
    connect_ends();
    CU_ASSERT_EQUAL(m3ua_endpoint_get_counters(a->ep)->out[M3UA_CLASS_ASPSM], 1); /* ASPUP */
    CU_ASSERT_EQUAL(m3ua_endpoint_get_counters(b->ep)->out[M3UA_CLASS_ASPSM], 1); /* its ACK */
    CU_ASSERT_EQUAL(m3ua_endpoint_peer_state(a->ep, 0), ASP_STATE_ACTIVE);
    data_flows_both_ways();
    CU_ASSERT_EQUAL(errors(), 0);
}

/* RFC4666-5.6.2, 4.3.4.1.2: four messages to be up, four to be active */
static void in_a_double_exchange_each_end_asks_for_itself(void)
{
    start(DOUBLE, DOUBLE);
    connect_ends();
    for (unsigned i = 0; i < 2; i++) {
        const struct m3ua_endpoint_counters *c = m3ua_endpoint_get_counters(nodes[i].ep);
        CU_ASSERT_EQUAL(c->out[M3UA_CLASS_ASPSM], 2); /* ASPUP, ASPUP ACK */
        CU_ASSERT_EQUAL(c->out[M3UA_CLASS_ASPTM], 2); /* ASPAC, ASPAC ACK */
        CU_ASSERT_EQUAL(m3ua_endpoint_asp_state(nodes[i].ep, 0), ASP_STATE_ACTIVE);
        CU_ASSERT_EQUAL(m3ua_endpoint_peer_state(nodes[i].ep, 0), ASP_STATE_ACTIVE);
        CU_ASSERT_EQUAL(m3ua_endpoint_as_state(nodes[i].ep, 0), AS_STATE_ACTIVE);
    }
    data_flows_both_ways();
    pass(60 * SECOND);
    CU_ASSERT_EQUAL(events_of(a, M3UA_EVENT_EXCHANGE_MISSING), 0);
    CU_ASSERT_EQUAL(errors(), 0);
}

/* RFC4666-4.3.4.3: the peer's half says what may be sent, ours what is taken. */
static void the_two_halves_of_a_double_exchange_are_independent(void)
{
    start(DOUBLE, DOUBLE);
    connect_ends();
    CU_ASSERT_EQUAL(m3ua_endpoint_asp_inactive(a->ep, 0, 0, now_ns), P7_OK);
    pump();
    CU_ASSERT_EQUAL(m3ua_endpoint_asp_state(a->ep, 0), ASP_STATE_INACTIVE);
    CU_ASSERT_EQUAL(m3ua_endpoint_peer_state(b->ep, 0), ASP_STATE_INACTIVE);
    CU_ASSERT_EQUAL(m3ua_endpoint_as_state(b->ep, 0), AS_STATE_PENDING);
    CU_ASSERT_TRUE(may_send(a) && takes(a)); /* what b had sent before may still come in */
    now_ns += SECOND;
    CU_ASSERT_TRUE(!may_send(b) && takes(b));
    CU_ASSERT_EQUAL(transfer(a, 0, 0, "still"), P7_OK);
    CU_ASSERT_EQUAL(transfer(b, 0, 0, "waits"), P7_OK);
    pump();
    CU_ASSERT_EQUAL(b->data_count, 1);
    CU_ASSERT_EQUAL(a->data_count, 0);
    CU_ASSERT_EQUAL(m3ua_endpoint_as_queued(b->ep, 0), 1);
    now_ns += SECOND - 1;
    CU_ASSERT_TRUE(takes(a));
    now_ns += 1;
    CU_ASSERT_FALSE(takes(a));
    CU_ASSERT_EQUAL(m3ua_endpoint_asp_active(a->ep, 0, 0, now_ns), P7_OK);
    pump();
    CU_ASSERT_EQUAL(a->data_count, 1);

    CU_ASSERT_EQUAL(m3ua_endpoint_asp_down(a->ep, 0, now_ns), P7_OK);
    pump();
    CU_ASSERT_EQUAL(m3ua_endpoint_asp_state(a->ep, 0), ASP_STATE_DOWN);
    CU_ASSERT_EQUAL(m3ua_endpoint_peer_state(a->ep, 0), ASP_STATE_ACTIVE);
    CU_ASSERT_EQUAL(m3ua_endpoint_asp_state(b->ep, 0), ASP_STATE_ACTIVE);
    CU_ASSERT_TRUE(may_send(a) && takes(b));
    pass(60 * SECOND);
    CU_ASSERT_EQUAL(m3ua_endpoint_asp_state(a->ep, 0), ASP_STATE_DOWN);
    CU_ASSERT_EQUAL(events_of(b, M3UA_EVENT_EXCHANGE_MISSING), 0); /* it is known to ask */
    CU_ASSERT_EQUAL(errors(), 0);
}

static void data_before_our_own_half_is_active_is_refused(void)
{
    start_alone();
    give(a, 0, 0, "0100030100000008");                  /* the peer's ASPUP */
    give(a, 0, 0, "0100040100000010 0006000800000007"); /* and ASPAC */
    CU_ASSERT_EQUAL(m3ua_endpoint_as_state(a->ep, 0), AS_STATE_ACTIVE);
    CU_ASSERT_EQUAL(transfer(a, 0, 0, "x"), P7_OK);
    CU_ASSERT_EQUAL(error_for(a, 0, 1, "0100010100000018 02100010 00000001000002bc03020001"),
                    M3UA_ERROR_UNEXPECTED_MESSAGE);
    give(a, 0, 0, "0100030400000008");
    give(a, 0, 0, "0100040300000008");
    CU_ASSERT_EQUAL(error_for(a, 0, 1, "0100010100000018 02100010 00000001000002bc03020001"), 0);
    CU_ASSERT_EQUAL(a->data_count, 1);
}

/* RFC4666-4.3.4.5.1 */
static void the_ends_of_a_double_exchange_notify_each_other(void)
{
    start(DOUBLE, DOUBLE);
    connect_ends();
    /* AS-INACTIVE and AS-ACTIVE, each from its own view */
    CU_ASSERT_EQUAL(m3ua_endpoint_get_counters(a->ep)->notifies_received, 2);
    CU_ASSERT_EQUAL(m3ua_endpoint_get_counters(b->ep)->notifies_received, 2);
    CU_ASSERT_EQUAL(event_of(a, M3UA_EVENT_NOTIFY)->as, 0);
    CU_ASSERT_TRUE(may_send(a) && takes(a));
    start(SINGLE_THAT_ASKS, SINGLE_THAT_WAITS);
    connect_ends();
    CU_ASSERT_EQUAL(m3ua_endpoint_get_counters(a->ep)->notifies_received, 0);
    CU_ASSERT_EQUAL(m3ua_endpoint_get_counters(b->ep)->notifies_received, 0);
}

static void a_double_exchange_comes_back_with_its_association(void)
{
    start(DOUBLE, DOUBLE);
    for (int i = 0; i < 5; i++) {
        connect_ends();
        data_flows_both_ways();
        link_down(0);
        CU_ASSERT_EQUAL(m3ua_endpoint_asp_state(a->ep, 0), ASP_STATE_DOWN);
        CU_ASSERT_EQUAL(m3ua_endpoint_peer_state(a->ep, 0), ASP_STATE_DOWN);
        CU_ASSERT_EQUAL(m3ua_endpoint_as_state(a->ep, 0), AS_STATE_PENDING);
    }
    connect_ends();
    m3ua_endpoint_association_restart(a->ep, 0, 4, now_ns);
    m3ua_endpoint_association_restart(b->ep, 0, 4, now_ns);
    pump();
    data_flows_both_ways();
    CU_ASSERT_EQUAL(errors(), 0);
}

/* RFC4666-4.3.4.1.2: "Refused - Management Blocking" is the answering side's to say. */
static void an_end_that_is_locked_keeps_the_peers_half_out_and_not_its_own(void)
{
    start(DOUBLE, DOUBLE);
    CU_ASSERT_EQUAL(m3ua_endpoint_asp_lock(a->ep, 0, true, now_ns), P7_OK);
    connect_ends();
    CU_ASSERT_EQUAL(m3ua_endpoint_asp_state(a->ep, 0), ASP_STATE_ACTIVE);
    CU_ASSERT_EQUAL(m3ua_endpoint_asp_state(b->ep, 0), ASP_STATE_DOWN);
    CU_ASSERT_TRUE(!may_send(a) && may_send(b));
    CU_ASSERT_EQUAL(event_of(b, M3UA_EVENT_ERROR)->kind, M3UA_EVENT_ERROR);
    CU_ASSERT_EQUAL(m3ua_endpoint_asp_lock(a->ep, 0, false, now_ns), P7_OK);
    pass(T_ACK);
    data_flows_both_ways();
}

static void a_lost_beat_ends_both_halves(void)
{
    fixture_reset();
    struct m3ua_asp_config asp = {
        .role = ASP_ROLE_IPSP, .double_exchange = true, .wants_up = true, .t_beat_ns = SECOND};
    const struct m3ua_endpoint_config config = {.asp_count = 1, .asp = &asp};
    CU_ASSERT_EQUAL_FATAL(node_create(0, &config), P7_OK);
    asp.t_beat_ns = 0;
    CU_ASSERT_EQUAL_FATAL(node_create(1, &config), P7_OK);
    connect_ends();
    pass(10 * SECOND);
    CU_ASSERT_EQUAL(m3ua_endpoint_get_counters(a->ep)->beats_lost, 0);
    CU_ASSERT_EQUAL(m3ua_endpoint_peer_state(a->ep, 0), ASP_STATE_INACTIVE);
    links[0].end[1] = NULL; /* the peer falls silent */
    pass(4 * SECOND);
    CU_ASSERT_EQUAL(a->abort_count, 1);
    CU_ASSERT_EQUAL(m3ua_endpoint_asp_state(a->ep, 0), ASP_STATE_DOWN);
    CU_ASSERT_EQUAL(m3ua_endpoint_peer_state(a->ep, 0), ASP_STATE_DOWN);
}

/* --- one style against the other ------------------------------------------------------------- */

/* A single exchange that asks is one half, and its answers are the other one. */
static void a_double_exchange_gets_along_with_a_single_one_that_asks_too(void)
{
    start(DOUBLE, SINGLE_THAT_ASKS);
    connect_ends();
    pass(60 * SECOND);
    data_flows_both_ways();
    CU_ASSERT_EQUAL(events_of(a, M3UA_EVENT_EXCHANGE_MISSING), 0);
    CU_ASSERT_EQUAL(errors(), 0);
}

/* It takes our half for the whole: we may not send to an ASP that never asked, and say so, once. */
static void a_double_exchange_tells_of_a_single_one_that_waits(void)
{
    start(DOUBLE, SINGLE_THAT_WAITS);
    connect_ends();
    CU_ASSERT_EQUAL(m3ua_endpoint_asp_state(a->ep, 0), ASP_STATE_ACTIVE);
    CU_ASSERT_EQUAL(m3ua_endpoint_peer_state(a->ep, 0), ASP_STATE_DOWN);
    CU_ASSERT_EQUAL(m3ua_endpoint_as_state(a->ep, 0), AS_STATE_DOWN);
    CU_ASSERT_EQUAL(transfer(a, 0, 0, "no"), P7_STATE);
    CU_ASSERT_EQUAL(transfer(b, 0, 0, "yes"), P7_OK);
    pump();
    CU_ASSERT_EQUAL(a->data_count, 1);
    pass(3 * T_ACK - 1);
    CU_ASSERT_EQUAL(events_of(a, M3UA_EVENT_EXCHANGE_MISSING), 0);
    pass(60 * SECOND);
    CU_ASSERT_EQUAL(events_of(a, M3UA_EVENT_EXCHANGE_MISSING), 1);
    CU_ASSERT_EQUAL(m3ua_endpoint_deadline_ns(a->ep), TIMER_NEVER_NS);
    CU_ASSERT_EQUAL(errors(), 0);
    /* management at the other end can still mend it */
    CU_ASSERT_EQUAL(m3ua_endpoint_asp_down(b->ep, 0, now_ns), P7_OK);
    pump();
    CU_ASSERT_EQUAL(m3ua_endpoint_asp_up(b->ep, 0, now_ns), P7_OK);
    CU_ASSERT_EQUAL(m3ua_endpoint_asp_active(b->ep, 0, 0, now_ns), P7_OK);
    pass(2 * T_ACK);
    CU_ASSERT_TRUE(may_send(a));
}

static void exchanges_are_not_mixed_within_an_as_and_are_for_ipsps(void)
{
    fixture_reset();
    struct m3ua_asp_config asp[] = {{.role = ASP_ROLE_IPSP, .double_exchange = true},
                                    {.role = ASP_ROLE_IPSP}};
    const struct m3ua_as_config as = {
        .traffic_mode = AS_MODE_OVERRIDE, .asp_count = 2, .asp = {0, 1}};
    const struct m3ua_endpoint_config config = {
        .asp_count = 2, .asp = asp, .as_count = 1, .as = &as};
    CU_ASSERT_EQUAL(node_create(0, &config), P7_RANGE);
    asp[1].double_exchange = true;
    CU_ASSERT_EQUAL(node_create(0, &config), P7_OK);
    asp[0].role = asp[1].role = ASP_ROLE_SG;
    CU_ASSERT_EQUAL(node_create(1, &config), P7_RANGE);
    fixture_reset();
}

UNIT_TESTS = {
    UNIT(a_single_exchange_serves_both_ends),
    UNIT(in_a_double_exchange_each_end_asks_for_itself),
    UNIT(the_two_halves_of_a_double_exchange_are_independent),
    UNIT(data_before_our_own_half_is_active_is_refused),
    UNIT(the_ends_of_a_double_exchange_notify_each_other),
    UNIT(a_double_exchange_comes_back_with_its_association),
    UNIT(an_end_that_is_locked_keeps_the_peers_half_out_and_not_its_own),
    UNIT(a_lost_beat_ends_both_halves),
    UNIT(a_double_exchange_gets_along_with_a_single_one_that_asks_too),
    UNIT(a_double_exchange_tells_of_a_single_one_that_waits),
    UNIT(exchanges_are_not_mixed_within_an_as_and_are_for_ipsps),
};
UNIT_MAIN("m3ua_endpoint_exchange")
