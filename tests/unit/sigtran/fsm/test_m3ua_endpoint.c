/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Endpoints against each other: states, traffic modes, reconnection. */
#include "tests/unit/sigtran/fsm/m3ua_endpoint_fixture.h"

static struct node *const sg = &nodes[0];
static struct node *const one = &nodes[1];
static struct node *const two = &nodes[2];

/* An SG with `asps` ASPs of one AS, each a node of its own on association i. */
static void start(enum as_traffic_mode mode, uint32_t asps)
{
    fixture_reset();
    node_simple(0, ASP_ROLE_SG, asps, mode);
    for (uint32_t i = 0; i < asps; i++)
        node_simple(1 + i, ASP_ROLE_ASP, 1, mode);
}

static void connect_asp(uint32_t i)
{
    link_up(i, &nodes[1 + i], 0, sg, i, 4);
    pump();
}

static void an_asp_and_an_sg_become_active_and_carry_data_both_ways(void)
{
    start(AS_MODE_OVERRIDE, 1);
    CU_ASSERT_FALSE(m3ua_endpoint_as_usable(one->ep, 0));
    CU_ASSERT_EQUAL(transfer(one, 0, 0, "early"), P7_STATE);
    connect_asp(0);
    CU_ASSERT_EQUAL(m3ua_endpoint_asp_state(one->ep, 0), ASP_STATE_ACTIVE);
    CU_ASSERT_EQUAL(m3ua_endpoint_asp_state(sg->ep, 0), ASP_STATE_ACTIVE);
    CU_ASSERT_EQUAL(m3ua_endpoint_as_state(one->ep, 0), AS_STATE_ACTIVE);
    CU_ASSERT_EQUAL(m3ua_endpoint_as_state(sg->ep, 0), AS_STATE_ACTIVE);
    CU_ASSERT_TRUE(m3ua_endpoint_carries(sg->ep, 0, 0));

    CU_ASSERT_EQUAL(transfer(one, 0, 5, "to the SG"), P7_OK);
    pump();
    CU_ASSERT_EQUAL_FATAL(sg->data_count, 1);
    CU_ASSERT_EQUAL(sg->data_as, 0);
    CU_ASSERT_EQUAL(sg->data_asp, 0);
    CU_ASSERT_TRUE(bytes_equal(sg->data.payload, bytes_of("to the SG", 9)));
    CU_ASSERT_EQUAL(sg->data.opc, 1);
    CU_ASSERT_EQUAL(sg->data.dpc, 700);
    CU_ASSERT_EQUAL(sg->data.si, 3);
    CU_ASSERT_EQUAL(sg->data.ni, 2);
    CU_ASSERT_EQUAL(sg->data.mp, 1);
    CU_ASSERT_EQUAL(sg->data.sls, 5);
    CU_ASSERT_EQUAL(sg->data.routing_context, 7);

    one->echo = true;
    CU_ASSERT_EQUAL(transfer(sg, 0, 9, "echo"), P7_OK);
    pump();
    CU_ASSERT_EQUAL(one->data_count, 1);
    CU_ASSERT_EQUAL(sg->data_count, 2);
    CU_ASSERT_EQUAL(sg->data.sls, 9);

    const struct m3ua_endpoint_counters *c = m3ua_endpoint_get_counters(one->ep);
    CU_ASSERT_EQUAL(c->data_out, 2);
    CU_ASSERT_EQUAL(c->data_in, 1);
    CU_ASSERT_EQUAL(c->data_dropped_no_asp, 1);
    CU_ASSERT_EQUAL(c->out[M3UA_CLASS_ASPSM], 1);
    CU_ASSERT_EQUAL(c->out[M3UA_CLASS_ASPTM], 1);
    CU_ASSERT_EQUAL(c->out[M3UA_CLASS_TRANSFER], 2);
    CU_ASSERT_EQUAL(c->in[M3UA_CLASS_ASPSM], 1);
    CU_ASSERT_EQUAL(c->in[M3UA_CLASS_MGMT], 2); /* AS-INACTIVE and AS-ACTIVE */
    CU_ASSERT_EQUAL(c->notifies_received, 2);
    CU_ASSERT_EQUAL(c->errors_sent + c->errors_received + c->in_malformed + c->in_unexpected, 0);
    CU_ASSERT_EQUAL(events_of(one, M3UA_EVENT_NOTIFY), 2);
}

static void an_asp_can_be_reconnected_any_number_of_times(void)
{
    start(AS_MODE_OVERRIDE, 1);
    for (int i = 0; i < 20; i++) {
        connect_asp(0);
        CU_ASSERT_EQUAL(m3ua_endpoint_association(one->ep, 0), 0);
        CU_ASSERT_EQUAL(m3ua_endpoint_asp_of_association(one->ep, 0), 0);
        CU_ASSERT_EQUAL(m3ua_endpoint_association_up(one->ep, 0, 5, 4, now_ns), P7_STATE);
        CU_ASSERT_EQUAL(transfer(one, 0, 0, "x"), P7_OK);
        pump();
        link_down(0);
        CU_ASSERT_EQUAL(m3ua_endpoint_asp_state(one->ep, 0), ASP_STATE_DOWN);
        CU_ASSERT_EQUAL(m3ua_endpoint_association(one->ep, 0), M3UA_ENDPOINT_NONE);
        CU_ASSERT_EQUAL(transfer(one, 0, 0, "x"), P7_STATE);
        one->event_count = 0;
        sg->event_count = 0;
    }
    CU_ASSERT_EQUAL(sg->data_count, 20);
    CU_ASSERT_EQUAL(m3ua_endpoint_get_counters(one->ep)->associations_up, 20);
    CU_ASSERT_EQUAL(m3ua_endpoint_get_counters(one->ep)->associations_down, 20);
}

static void a_restart_leads_back_to_active(void) /* RFC4666-4.2.3 */
{
    start(AS_MODE_OVERRIDE, 1);
    connect_asp(0);
    m3ua_endpoint_association_restart(sg->ep, 0, 4, now_ns);
    CU_ASSERT_EQUAL(m3ua_endpoint_asp_state(sg->ep, 0), ASP_STATE_DOWN);
    CU_ASSERT_EQUAL(m3ua_endpoint_as_state(sg->ep, 0), AS_STATE_PENDING);
    m3ua_endpoint_association_restart(one->ep, 0, 4, now_ns);
    pump();
    CU_ASSERT_EQUAL(m3ua_endpoint_asp_state(sg->ep, 0), ASP_STATE_ACTIVE);
    CU_ASSERT_EQUAL(m3ua_endpoint_as_state(sg->ep, 0), AS_STATE_ACTIVE);
}

/* RFC4666-4.3.4.3 */
static void in_override_mode_the_newcomer_takes_over_and_the_former_is_told(void)
{
    start(AS_MODE_OVERRIDE, 2);
    connect_asp(0);
    connect_asp(1);
    CU_ASSERT_EQUAL(m3ua_endpoint_asp_state(two->ep, 0), ASP_STATE_ACTIVE);
    CU_ASSERT_EQUAL(m3ua_endpoint_asp_state(one->ep, 0), ASP_STATE_INACTIVE);
    CU_ASSERT_EQUAL(m3ua_endpoint_asp_state(sg->ep, 0), ASP_STATE_INACTIVE);
    CU_ASSERT_EQUAL(m3ua_endpoint_asp_state(sg->ep, 1), ASP_STATE_ACTIVE);
    CU_ASSERT_EQUAL(m3ua_endpoint_as_state(sg->ep, 0), AS_STATE_ACTIVE);
    CU_ASSERT_EQUAL(transfer(one, 0, 0, "no more"), P7_STATE);
    for (int i = 0; i < 4; i++)
        CU_ASSERT_EQUAL(transfer(sg, 0, (uint8_t)i, "x"), P7_OK);
    pump();
    CU_ASSERT_EQUAL(one->data_count, 0);
    CU_ASSERT_EQUAL(two->data_count, 4);
    /* and back, when management wants it */
    CU_ASSERT_EQUAL(m3ua_endpoint_asp_active(one->ep, 0, 0, now_ns), P7_OK);
    pump();
    CU_ASSERT_EQUAL(m3ua_endpoint_asp_state(one->ep, 0), ASP_STATE_ACTIVE);
    CU_ASSERT_EQUAL(m3ua_endpoint_asp_state(two->ep, 0), ASP_STATE_INACTIVE);
    pass(10 * SECOND);
    CU_ASSERT_EQUAL(m3ua_endpoint_asp_state(one->ep, 0), ASP_STATE_ACTIVE);
    CU_ASSERT_EQUAL(m3ua_endpoint_get_counters(sg->ep)->errors_sent, 0);
}

static void loadshare_spreads_by_sls_and_broadcast_sends_to_all(void)
{
    start(AS_MODE_LOADSHARE, 2);
    connect_asp(0);
    connect_asp(1);
    for (int i = 0; i < 16; i++)
        CU_ASSERT_EQUAL(transfer(sg, 0, (uint8_t)i, "x"), P7_OK);
    pump();
    CU_ASSERT_EQUAL(one->data_count, 8);
    CU_ASSERT_EQUAL(two->data_count, 8);

    start(AS_MODE_BROADCAST, 2);
    connect_asp(0);
    connect_asp(1);
    CU_ASSERT_EQUAL(transfer(sg, 0, 0, "x"), P7_OK);
    pump();
    CU_ASSERT_EQUAL(one->data_count, 1);
    CU_ASSERT_EQUAL(two->data_count, 1);
    CU_ASSERT_EQUAL(m3ua_endpoint_get_counters(sg->ep)->data_out, 2);
}

static void management_commands_reach_the_peer(void) /* RFC4666-1.6.3, 4.2.1 */
{
    start(AS_MODE_OVERRIDE, 1);
    connect_asp(0);
    CU_ASSERT_EQUAL(m3ua_endpoint_asp_inactive(one->ep, 0, M3UA_ENDPOINT_NONE, now_ns), P7_OK);
    pump();
    CU_ASSERT_EQUAL(m3ua_endpoint_asp_state(sg->ep, 0), ASP_STATE_INACTIVE);
    CU_ASSERT_EQUAL(m3ua_endpoint_asp_down(one->ep, 0, now_ns), P7_OK);
    pump();
    CU_ASSERT_EQUAL(m3ua_endpoint_asp_state(sg->ep, 0), ASP_STATE_DOWN);
    CU_ASSERT_EQUAL(m3ua_endpoint_asp_state(one->ep, 0), ASP_STATE_DOWN);
    CU_ASSERT_EQUAL(m3ua_endpoint_asp_up(one->ep, 0, now_ns), P7_OK);
    CU_ASSERT_EQUAL(m3ua_endpoint_asp_active(one->ep, 0, 0, now_ns), P7_OK);
    pump();
    CU_ASSERT_EQUAL(m3ua_endpoint_asp_state(sg->ep, 0), ASP_STATE_ACTIVE);
    CU_ASSERT_EQUAL(m3ua_endpoint_asp_up(sg->ep, 0, now_ns), P7_STATE);
    CU_ASSERT_EQUAL(m3ua_endpoint_asp_down(sg->ep, 0, now_ns), P7_STATE);
    CU_ASSERT_EQUAL(m3ua_endpoint_asp_active(sg->ep, 0, 0, now_ns), P7_STATE);
    CU_ASSERT_EQUAL(m3ua_endpoint_asp_lock(one->ep, 0, true, now_ns), P7_STATE);
}

static void a_locked_asp_keeps_asking_and_gets_in_once_unlocked(void)
{
    start(AS_MODE_OVERRIDE, 1);
    CU_ASSERT_EQUAL(m3ua_endpoint_asp_lock(sg->ep, 0, true, now_ns), P7_OK);
    connect_asp(0);
    CU_ASSERT_EQUAL(m3ua_endpoint_asp_state(one->ep, 0), ASP_STATE_DOWN);
    CU_ASSERT_EQUAL(events_of(one, M3UA_EVENT_ERROR), 1);
    CU_ASSERT_EQUAL(m3ua_endpoint_asp_lock(sg->ep, 0, false, now_ns), P7_OK);
    pass(3 * SECOND);
    CU_ASSERT_EQUAL(m3ua_endpoint_asp_state(one->ep, 0), ASP_STATE_ACTIVE);
}

static void an_ipsp_pair_becomes_active_with_one_exchange(void)
{
    fixture_reset();
    node_simple(0, ASP_ROLE_IPSP, 1, AS_MODE_LOADSHARE);
    node_simple(1, ASP_ROLE_IPSP, 1, AS_MODE_LOADSHARE);
    link_up(0, &nodes[0], 0, &nodes[1], 0, 2);
    pump();
    CU_ASSERT_EQUAL(m3ua_endpoint_as_state(nodes[0].ep, 0), AS_STATE_ACTIVE);
    CU_ASSERT_EQUAL(m3ua_endpoint_as_state(nodes[1].ep, 0), AS_STATE_ACTIVE);
    CU_ASSERT_EQUAL(transfer(&nodes[0], 0, 0, "x"), P7_OK);
    CU_ASSERT_EQUAL(transfer(&nodes[1], 0, 0, "y"), P7_OK);
    pump();
    CU_ASSERT_EQUAL(nodes[0].data_count + nodes[1].data_count, 2);
    CU_ASSERT_EQUAL(m3ua_endpoint_get_counters(nodes[0].ep)->errors_sent, 0);
    CU_ASSERT_EQUAL(m3ua_endpoint_get_counters(nodes[1].ep)->errors_sent, 0);
}

/* RFC4666-4.3.4.6 */
static void a_peer_that_answers_no_beat_is_aborted(void)
{
    fixture_reset();
    const struct m3ua_asp_config asp = {
        .role = ASP_ROLE_ASP, .wants_up = true, .t_beat_ns = SECOND};
    const struct m3ua_endpoint_config config = {.asp_count = 1, .asp = &asp};
    CU_ASSERT_EQUAL_FATAL(node_create(1, &config), P7_OK);
    node_simple(0, ASP_ROLE_SG, 1, AS_MODE_OVERRIDE);
    link_up(0, one, 0, sg, 0, 1);
    pump();
    pass(20 * SECOND);
    CU_ASSERT_EQUAL(one->abort_count, 0);
    CU_ASSERT_EQUAL(m3ua_endpoint_asp_state(one->ep, 0), ASP_STATE_INACTIVE);
    links[0].end[1] = NULL; /* the peer falls silent */
    pass(4 * SECOND);
    CU_ASSERT_EQUAL(one->abort_count, 1);
    CU_ASSERT_EQUAL(events_of(one, M3UA_EVENT_BEAT_LOST), 1);
    CU_ASSERT_EQUAL(m3ua_endpoint_get_counters(one->ep)->beats_lost, 1);
    CU_ASSERT_EQUAL(m3ua_endpoint_asp_state(one->ep, 0), ASP_STATE_DOWN);
    m3ua_endpoint_association_down(one->ep, 0, now_ns);
    m3ua_endpoint_association_down(sg->ep, 0, now_ns);
    link_up(0, one, 0, sg, 0, 1);
    pump();
    CU_ASSERT_EQUAL(m3ua_endpoint_asp_state(one->ep, 0), ASP_STATE_INACTIVE);
}

/* Two ASs over one association, each with a state of its own. */
static void an_asp_can_be_active_in_one_as_and_inactive_in_another(void)
{
    fixture_reset();
    const struct m3ua_as_config as[] = {
        {.has_routing_context = true,
         .routing_context = 10,
         .traffic_mode = AS_MODE_OVERRIDE,
         .asp_count = 1,
         .asp = {0},
         .t_r_ns = SECOND},
        {.has_routing_context = true,
         .routing_context = 20,
         .traffic_mode = AS_MODE_LOADSHARE,
         .asp_count = 1,
         .asp = {0},
         .t_r_ns = SECOND},
    };
    struct m3ua_asp_config asp = {.role = ASP_ROLE_SG};
    const struct m3ua_endpoint_config config = {
        .asp_count = 1, .asp = &asp, .as_count = 2, .as = as};
    CU_ASSERT_EQUAL_FATAL(node_create(0, &config), P7_OK);
    asp = (struct m3ua_asp_config){.role = ASP_ROLE_ASP, .wants_up = true, .wants_active = true};
    CU_ASSERT_EQUAL_FATAL(node_create(1, &config), P7_OK);
    link_up(0, one, 0, sg, 0, 4);
    pump();
    CU_ASSERT_TRUE(m3ua_endpoint_carries(sg->ep, 0, 0) && m3ua_endpoint_carries(sg->ep, 0, 1));
    CU_ASSERT_EQUAL(m3ua_endpoint_asp_inactive(one->ep, 0, 0, now_ns), P7_OK);
    pump();
    CU_ASSERT_EQUAL(m3ua_endpoint_asp_state(sg->ep, 0), ASP_STATE_ACTIVE);
    CU_ASSERT_FALSE(m3ua_endpoint_carries(sg->ep, 0, 0));
    CU_ASSERT_TRUE(m3ua_endpoint_carries(sg->ep, 0, 1));
    CU_ASSERT_EQUAL(m3ua_endpoint_as_state(sg->ep, 0), AS_STATE_PENDING);
    pass(2 * SECOND);
    CU_ASSERT_EQUAL(m3ua_endpoint_as_state(sg->ep, 0), AS_STATE_INACTIVE);
    CU_ASSERT_EQUAL(transfer(one, 1, 0, "x"), P7_OK);
    CU_ASSERT_EQUAL(transfer(one, 0, 0, "x"), P7_STATE);
    pump();
    CU_ASSERT_EQUAL(sg->data_as, 1);
    CU_ASSERT_EQUAL(sg->data.routing_context, 20);
    CU_ASSERT_EQUAL(m3ua_endpoint_asp_active(one->ep, 0, 7, now_ns), P7_NOT_FOUND);
}

static void a_configuration_that_makes_no_sense_is_refused(void)
{
    fixture_reset();
    const struct m3ua_asp_config asp[] = {{.role = ASP_ROLE_ASP}, {.role = ASP_ROLE_SG}};
    struct m3ua_as_config as[] = {
        {.traffic_mode = AS_MODE_OVERRIDE, .asp_count = 1, .asp = {0}},
        {.traffic_mode = AS_MODE_OVERRIDE, .asp_count = 1, .asp = {1}},
    };
    struct m3ua_endpoint_config config = {.asp_count = 2, .asp = asp, .as_count = 2, .as = as};
    CU_ASSERT_EQUAL(node_create(0, &config), P7_OK);
    as[0].asp_count = 2; /* two roles in one AS */
    as[0].asp[1] = 1;
    CU_ASSERT_EQUAL(node_create(1, &config), P7_RANGE);
    as[0].asp[1] = 0; /* the same ASP twice */
    CU_ASSERT_EQUAL(node_create(1, &config), P7_RANGE);
    as[0].asp[1] = 2; /* no such ASP */
    CU_ASSERT_EQUAL(node_create(1, &config), P7_RANGE);
    as[0].asp_count = 0;
    CU_ASSERT_EQUAL(node_create(1, &config), P7_RANGE);
    as[0].asp_count = 1;
    as[1].asp[0] = 0; /* two ASs of one ASP, not told apart by routing contexts */
    CU_ASSERT_EQUAL(node_create(1, &config), P7_RANGE);
    as[0].has_routing_context = as[1].has_routing_context = true;
    as[0].routing_context = as[1].routing_context = 3;
    CU_ASSERT_EQUAL(node_create(1, &config), P7_RANGE);
    as[1].routing_context = 4;
    as[1].traffic_mode = (enum as_traffic_mode)0;
    CU_ASSERT_EQUAL(node_create(1, &config), P7_RANGE);
    as[1].traffic_mode = AS_MODE_BROADCAST;
    as[1].active_minimum = 2;
    CU_ASSERT_EQUAL(node_create(1, &config), P7_RANGE);
    as[1].active_minimum = 1;
    CU_ASSERT_EQUAL(node_create(1, &config), P7_OK);
    config.asp_count = 0;
    CU_ASSERT_EQUAL(node_create(2, &config), P7_RANGE);
    config.asp_count = LIMIT_ASSOCIATIONS + 1;
    CU_ASSERT_EQUAL(node_create(2, &config), P7_RANGE);
    fixture_reset();
}

UNIT_TESTS = {
    UNIT(an_asp_and_an_sg_become_active_and_carry_data_both_ways),
    UNIT(an_asp_can_be_reconnected_any_number_of_times),
    UNIT(a_restart_leads_back_to_active),
    UNIT(in_override_mode_the_newcomer_takes_over_and_the_former_is_told),
    UNIT(loadshare_spreads_by_sls_and_broadcast_sends_to_all),
    UNIT(management_commands_reach_the_peer),
    UNIT(a_locked_asp_keeps_asking_and_gets_in_once_unlocked),
    UNIT(an_ipsp_pair_becomes_active_with_one_exchange),
    UNIT(a_peer_that_answers_no_beat_is_aborted),
    UNIT(an_asp_can_be_active_in_one_as_and_inactive_in_another),
    UNIT(a_configuration_that_makes_no_sense_is_refused),
};
UNIT_MAIN("m3ua_endpoint")
