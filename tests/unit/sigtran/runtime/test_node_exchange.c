/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Two IPSPs as nodes: dialogues over a double exchange, and what a load generator does without a
 * queue in AS-PENDING. */
#include "tests/unit/sigtran/runtime/node_rig.h"

#define A_IP "10.0.0.1"
#define B_IP "10.0.0.2"

static struct node_asp ipsp(struct node_asp asp, bool is_double)
{
    asp.m3ua.role = ASP_ROLE_IPSP;
    asp.m3ua.double_exchange = is_double;
    asp.m3ua.wants_up = is_double || asp.sctp_client;
    asp.m3ua.wants_active = asp.m3ua.wants_up;
    return asp;
}

/* Side 0 waits, side 1 connects. */
static void open_ipsps(struct rig *rig, bool first_is_double, bool second_is_double, bool no_queue)
{
    rig_open(rig, 1, &rig_calm);
    const struct node_asp server = ipsp(rig_asp_server("b", NULL), first_is_double);
    const struct node_asp client = ipsp(rig_asp_client("a", A_IP), second_is_double);
    struct node_as to_second = rig_as(2, 1, AS_MODE_OVERRIDE);
    struct node_as to_first = rig_as(1, 1, AS_MODE_OVERRIDE);
    to_second.m3ua.t_r_ns = RIG_SEC;
    to_first.m3ua.t_r_ns = RIG_SEC;
    struct node_config first = rig_config(1, &server, 1, &to_second);
    struct node_config second = rig_config(2, &client, 1, &to_first);
    first.no_queue = no_queue;
    (void)rig_add(rig, A_IP, &first, NULL);
    (void)rig_add(rig, B_IP, &second, NULL);
    rig_run_for(rig, RIG_SEC);
}

/* RFC4666-4.3.4.1.2, 5.6.2 */
static void dialogues_go_both_ways_over_a_double_exchange(void)
{
    struct rig rig;
    open_ipsps(&rig, true, true, false);
    for (uint32_t i = 0; i < 2; i++) {
        CU_ASSERT_EQUAL(rig_as_state(&rig.side[i]), AS_STATE_ACTIVE);
        rig.side[i].answers = true;
        rig.side[i].answer = TCAP_SEND_END;
    }
    (void)rig_begin(&rig.side[0], SCCP_SSN_CAP);
    (void)rig_begin(&rig.side[1], SCCP_SSN_CAP);
    rig_run_for(&rig, RIG_SEC);
    for (uint32_t i = 0; i < 2; i++) {
        CU_ASSERT_EQUAL(rig.side[i].told[TCAP_IND_BEGIN], 1);
        CU_ASSERT_EQUAL(rig.side[i].told[TCAP_IND_END], 1);
        CU_ASSERT_EQUAL(rig_events(&rig.side[i], "exchange-missing"), 0);
    }
    rig_close(&rig);
}

/* The peer may be sent to as long as it is active; its answers come while we are. */
static void a_way_out_is_not_yet_a_way_back(void)
{
    struct rig rig;
    open_ipsps(&rig, true, true, false);
    const struct rig_side *side = &rig.side[1];
    const struct node_route route = rig_route(side, SCCP_SSN_CAP);
    CU_ASSERT_TRUE(node_route_is_two_way(side->node, &route));
    CU_ASSERT_EQUAL(node_asp_activate(side->node, 0, false, rig.now_ns), P7_OK);
    rig_run_for(&rig, RIG_SEC);
    CU_ASSERT_TRUE(node_route_is_open(side->node, &route));
    CU_ASSERT_FALSE(node_route_is_two_way(side->node, &route));
    CU_ASSERT_EQUAL(node_asp_activate(side->node, 0, true, rig.now_ns), P7_OK);
    rig_run_for(&rig, RIG_SEC);
    CU_ASSERT_TRUE(node_route_is_two_way(side->node, &route));
    CU_ASSERT_EQUAL(node_asp_activate(rig.side[0].node, 0, false, rig.now_ns), P7_OK);
    rig_run_for(&rig, 3 * RIG_SEC);
    CU_ASSERT_FALSE(node_route_is_open(side->node, &route));
    rig_close(&rig);
}

static void a_peer_that_waits_in_a_single_exchange_is_told_of(void)
{
    struct rig rig;
    open_ipsps(&rig, false, true, false);
    const struct node_route route = rig_route(&rig.side[1], SCCP_SSN_CAP);
    CU_ASSERT_EQUAL(rig_as_state(&rig.side[0]), AS_STATE_ACTIVE); /* the client asks anyway */
    CU_ASSERT_FALSE(node_route_is_open(rig.side[1].node, &route));
    rig_run_for(&rig, 10 * RIG_SEC);
    CU_ASSERT_EQUAL(rig_events(&rig.side[1], "exchange-missing"), 1);
    rig_close(&rig);
}

static void without_a_queue_the_way_to_a_pending_as_is_closed(void)
{
    for (unsigned i = 0; i < 2; i++) {
        struct rig rig;
        const bool no_queue = i == 1;
        open_ipsps(&rig, false, false, no_queue);
        const struct node_route route = rig_route(&rig.side[0], SCCP_SSN_CAP);
        CU_ASSERT_TRUE(node_route_is_open(rig.side[0].node, &route));
        CU_ASSERT_EQUAL(node_asp_activate(rig.side[1].node, 0, false, rig.now_ns), P7_OK);
        rig_run_for(&rig, RIG_SEC / 2);
        CU_ASSERT_EQUAL(rig_as_state(&rig.side[0]), AS_STATE_PENDING);
        CU_ASSERT_EQUAL(node_route_is_open(rig.side[0].node, &route), !no_queue);
        rig_close(&rig);
    }
}

UNIT_TESTS = {
    UNIT(dialogues_go_both_ways_over_a_double_exchange),
    UNIT(a_way_out_is_not_yet_a_way_back),
    UNIT(a_peer_that_waits_in_a_single_exchange_is_told_of),
    UNIT(without_a_queue_the_way_to_a_pending_as_is_closed),
};
UNIT_MAIN("node_exchange")
