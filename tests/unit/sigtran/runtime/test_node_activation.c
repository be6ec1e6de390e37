/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * Two nodes of a cluster as the ASPs of one AS in override mode: the application says which of them
 * has the traffic. And the other way round: two ASs of one node each, whose ASP follows NTFY.
 */
#include "tests/unit/sigtran/runtime/node_rig.h"

/* The network's side (SG), and the two nodes. */
#define SG     0
#define NODE_A 1
#define NODE_B 2

/* A comes up with the traffic, B without. */
static void open_cluster(struct rig *rig, bool b_starts_inactive)
{
    static const char *const ip[] = {"10.0.0.1", "10.0.0.2", "10.0.0.3"};
    rig_open(rig, 1, &rig_calm);
    const struct node_asp servers[] = {rig_asp_server("a", ip[NODE_A]),
                                       rig_asp_server("b", ip[NODE_B])};
    struct node_as cluster = rig_as(2, 2, AS_MODE_OVERRIDE);
    cluster.m3ua.t_r_ns = 2 * RIG_SEC;
    struct node_config sg = rig_config(1, servers, 2, &cluster);
    (void)rig_add(rig, ip[SG], &sg, NULL);
    for (uint32_t i = NODE_A; i <= NODE_B; i++) {
        struct node_asp client = rig_asp_client("to-sg", ip[SG]);
        client.start_inactive = i == NODE_B && b_starts_inactive;
        const struct node_as network = rig_as(1, 1, AS_MODE_OVERRIDE);
        struct node_config node = rig_config(2, &client, 1, &network);
        struct rig_side *side = rig_add(rig, ip[i], &node, NULL);
        side->answers = true;
        side->answer = TCAP_SEND_END;
    }
    rig_run_for(rig, RIG_SEC);
}

static bool has_traffic(const struct rig *rig, uint32_t which)
{
    /* Both ends must see it alike. */
    const bool is_active = node_asp_carries(rig->side[which].node, 0);
    CU_ASSERT_EQUAL(is_active,
                    m3ua_endpoint_carries(node_m3ua(rig->side[SG].node), which - NODE_A, 0));
    return is_active;
}

/* Requests from the SG: whom they reach, and that each is answered. */
static void expect_requests_at(struct rig *rig, uint32_t which, uint32_t count)
{
    const uint32_t before = rig->side[which].told[TCAP_IND_BEGIN];
    const uint32_t answered = rig->side[SG].told[TCAP_IND_END];
    for (uint32_t i = 0; i < count; i++)
        (void)rig_begin(&rig->side[SG], SCCP_SSN_CAP);
    rig_run_for(rig, 50 * RIG_MS);
    CU_ASSERT_EQUAL(rig->side[which].told[TCAP_IND_BEGIN] - before, count);
    CU_ASSERT_EQUAL(rig->side[SG].told[TCAP_IND_END] - answered, count);
}

static bool heard(const struct rig_side *side, const char *event, const char *words)
{
    for (uint32_t i = 0; i < side->event_count; i++)
        if (strcmp(side->event[i].event, event) == 0 && strstr(side->event[i].detail, words))
            return true;
    return false;
}

static void an_asp_that_starts_inactive_comes_up_without_traffic(void)
{
    struct rig rig;
    open_cluster(&rig, true);
    CU_ASSERT_TRUE(has_traffic(&rig, NODE_A));
    CU_ASSERT_FALSE(has_traffic(&rig, NODE_B));
    CU_ASSERT_EQUAL(m3ua_endpoint_asp_state(node_m3ua(rig.side[NODE_B].node), 0),
                    ASP_STATE_INACTIVE);
    expect_requests_at(&rig, NODE_A, 20);
    CU_ASSERT_EQUAL(rig.side[NODE_B].told[TCAP_IND_BEGIN], 0);
    rig_close(&rig);
}

/* RFC4666-4.3.4.3 */
static void activation_moves_the_traffic_and_the_former_is_notified(void)
{
    struct rig rig;
    open_cluster(&rig, true);
    expect_requests_at(&rig, NODE_A, 5);
    CU_ASSERT_EQUAL(node_asp_activate(rig.side[NODE_B].node, 0, true, rig.now_ns), P7_OK);
    CU_ASSERT_TRUE(node_deadline_ns(rig.side[NODE_B].node) <= rig.now_ns);
    rig_run_for(&rig, 10 * RIG_MS);
    CU_ASSERT_FALSE(has_traffic(&rig, NODE_A));
    CU_ASSERT_TRUE(has_traffic(&rig, NODE_B));
    CU_ASSERT_TRUE(heard(&rig.side[NODE_A], "notify", "Alternate ASP Active"));
    /* The AS was served all the time. */
    CU_ASSERT_EQUAL(rig_as_state(&rig.side[SG]), AS_STATE_ACTIVE);
    CU_ASSERT_FALSE(heard(&rig.side[SG], "as-state", "AS-PENDING"));
    expect_requests_at(&rig, NODE_B, 20);
    /* And back. */
    CU_ASSERT_EQUAL(node_asp_activate(rig.side[NODE_A].node, 0, true, rig.now_ns), P7_OK);
    rig_run_for(&rig, 10 * RIG_MS);
    CU_ASSERT_TRUE(has_traffic(&rig, NODE_A));
    CU_ASSERT_FALSE(has_traffic(&rig, NODE_B));
    expect_requests_at(&rig, NODE_A, 20);
    rig_close(&rig);
}

/* What is sent while the traffic moves is answered by one of them: the SG sends to the former until
 * the ASP ACTIVE of the other is there, and the former still takes what was on its way. */
static void requests_sent_while_the_traffic_moves_reach_one_of_the_nodes(void)
{
    struct rig rig;
    open_cluster(&rig, true);
    const uint32_t count = 40;
    for (uint32_t i = 0; i < count; i++) {
        if (i == count / 2)
            CU_ASSERT_EQUAL(node_asp_activate(rig.side[NODE_B].node, 0, true, rig.now_ns), P7_OK);
        (void)rig_begin(&rig.side[SG], SCCP_SSN_CAP);
        rig_run_for(&rig, RIG_MS / 4);
    }
    rig_run_for(&rig, RIG_SEC);
    const uint32_t at_a = rig.side[NODE_A].told[TCAP_IND_BEGIN];
    const uint32_t at_b = rig.side[NODE_B].told[TCAP_IND_BEGIN];
    CU_ASSERT_TRUE(at_a >= count / 2 && at_b > 0);
    CU_ASSERT_EQUAL(at_a + at_b, count);
    /* RFC4666-4.3.4.3: the former sends nothing any more. So what was under way there, 1 ms each
     * way, has no answer: eight requests at the most. */
    CU_ASSERT_TRUE(rig.side[SG].told[TCAP_IND_END] >= count - 8);
    rig_close(&rig);
}

static void an_asp_set_inactive_stays_so_over_a_new_association(void)
{
    struct rig rig;
    open_cluster(&rig, true);
    CU_ASSERT_EQUAL(node_asp_activate(rig.side[NODE_A].node, 0, false, rig.now_ns), P7_OK);
    rig_run_for(&rig, 50 * RIG_MS);
    CU_ASSERT_FALSE(has_traffic(&rig, NODE_A));
    CU_ASSERT_EQUAL(rig_as_state(&rig.side[SG]), AS_STATE_PENDING);
    transport_disconnect(node_transport(rig.side[SG].node), rig_association(&rig.side[SG], 0),
                         true);
    rig_run_for(&rig, 5 * RIG_SEC);
    CU_ASSERT_EQUAL(rig_events(&rig.side[NODE_A], "association-up"), 2);
    CU_ASSERT_EQUAL(m3ua_endpoint_asp_state(node_m3ua(rig.side[NODE_A].node), 0),
                    ASP_STATE_INACTIVE);
    CU_ASSERT_FALSE(has_traffic(&rig, NODE_A));
    /* Told otherwise while it has no association, it asks with the next one. */
    transport_disconnect(node_transport(rig.side[SG].node), rig_association(&rig.side[SG], 0),
                         true);
    rig_run_for(&rig, 10 * RIG_MS);
    CU_ASSERT_EQUAL(node_asp_activate(rig.side[NODE_A].node, 0, true, rig.now_ns), P7_OK);
    rig_run_for(&rig, 5 * RIG_SEC);
    CU_ASSERT_TRUE(has_traffic(&rig, NODE_A));
    expect_requests_at(&rig, NODE_A, 5);
    rig_close(&rig);
}

static void the_last_word_before_a_turn_counts(void)
{
    struct rig rig;
    open_cluster(&rig, true);
    CU_ASSERT_EQUAL(node_asp_activate(rig.side[NODE_B].node, 0, true, rig.now_ns), P7_OK);
    CU_ASSERT_EQUAL(node_asp_activate(rig.side[NODE_B].node, 0, false, rig.now_ns), P7_OK);
    rig_run_for(&rig, 50 * RIG_MS);
    CU_ASSERT_TRUE(has_traffic(&rig, NODE_A));
    CU_ASSERT_FALSE(heard(&rig.side[NODE_A], "notify", "Alternate ASP Active"));
    rig_close(&rig);
}

static void only_asps_of_ours_are_activated(void)
{
    struct rig rig;
    open_cluster(&rig, false);
    CU_ASSERT_EQUAL(node_asp_activate(rig.side[SG].node, 0, true, rig.now_ns), P7_STATE);
    CU_ASSERT_EQUAL(node_asp_activate(rig.side[NODE_A].node, 1, true, rig.now_ns), P7_NOT_FOUND);
    rig_close(&rig);
}

/* A node that dies without a word: T(r) holds the traffic back until the other one asks for it. */
static void traffic_waits_for_the_other_node_when_the_active_one_dies(void)
{
    struct rig rig;
    open_cluster(&rig, true);
    expect_requests_at(&rig, NODE_A, 5);
    transport_disconnect(node_transport(rig.side[SG].node), rig_association(&rig.side[SG], 0),
                         true);
    rig_run_for(&rig, 10 * RIG_MS);
    CU_ASSERT_EQUAL(rig_as_state(&rig.side[SG]), AS_STATE_PENDING);
    for (uint32_t i = 0; i < 10; i++)
        (void)rig_begin(&rig.side[SG], SCCP_SSN_CAP);
    CU_ASSERT_EQUAL(node_asp_activate(rig.side[NODE_B].node, 0, true, rig.now_ns), P7_OK);
    rig_run_for(&rig, 100 * RIG_MS);
    CU_ASSERT_EQUAL(rig.side[NODE_B].told[TCAP_IND_BEGIN], 10);
    CU_ASSERT_EQUAL(rig.side[SG].told[TCAP_IND_END], 15);
    rig_close(&rig);
}

/* --- the simulator as ASP: an AS at each of two nodes ------------------------------------------
 */

/* Another ASP takes the traffic at one SG: our route there closes, the other one stays open. */
static void a_route_closes_when_ntfy_says_that_another_asp_has_its_traffic(void)
{
    struct rig rig;
    rig_open(&rig, 1, &rig_calm);
    for (uint32_t i = 0; i < 2; i++) {
        const struct node_asp servers[] = {rig_asp_server("sim", "10.0.0.9"),
                                           rig_asp_server("rival", "10.0.0.8")};
        const struct node_as network = rig_as(1, 2, AS_MODE_OVERRIDE);
        struct node_config sg = rig_config(2 + i, servers, 2, &network);
        (void)rig_add(&rig, i == 0 ? "10.0.0.2" : "10.0.0.3", &sg, NULL);
    }
    const struct node_asp clients[] = {rig_asp_client("to-a", "10.0.0.2"),
                                       rig_asp_client("to-b", "10.0.0.3")};
    struct node_as ass[] = {rig_as(2, 1, AS_MODE_OVERRIDE), rig_as(3, 1, AS_MODE_OVERRIDE)};
    (void)snprintf(ass[0].name, sizeof(ass[0].name), "a");
    (void)snprintf(ass[1].name, sizeof(ass[1].name), "b");
    ass[1].m3ua.asp[0] = 1;
    struct node_config config = rig_config(1, clients, 2, ass);
    config.as_count = 2;
    struct node *sim = rig_add(&rig, "10.0.0.9", &config, NULL)->node;
    struct node_asp rival = rig_asp_client("to-a", "10.0.0.2");
    rival.start_inactive = true;
    const struct node_as to_a = rig_as(2, 1, AS_MODE_OVERRIDE);
    struct node_config rivals = rig_config(1, &rival, 1, &to_a);
    struct node *other = rig_add(&rig, "10.0.0.8", &rivals, NULL)->node;
    struct node_route a, b;
    CU_ASSERT_EQUAL_FATAL(node_route_to_as(sim, "a", &a), P7_OK);
    CU_ASSERT_EQUAL_FATAL(node_route_to_as(sim, "b", &b), P7_OK);
    rig_run_for(&rig, RIG_SEC);
    CU_ASSERT_TRUE(node_route_is_open(sim, &a) && node_route_is_open(sim, &b));
    CU_ASSERT_EQUAL(node_asp_activate(other, 0, true, rig.now_ns), P7_OK);
    rig_run_for(&rig, 10 * RIG_MS);
    CU_ASSERT_FALSE(node_route_is_open(sim, &a));
    CU_ASSERT_TRUE(node_route_is_open(sim, &b));
    CU_ASSERT_TRUE(heard(&rig.side[2], "notify", "Alternate ASP Active"));
    rig_close(&rig);
}

UNIT_TESTS = {
    UNIT(an_asp_that_starts_inactive_comes_up_without_traffic),
    UNIT(activation_moves_the_traffic_and_the_former_is_notified),
    UNIT(requests_sent_while_the_traffic_moves_reach_one_of_the_nodes),
    UNIT(an_asp_set_inactive_stays_so_over_a_new_association),
    UNIT(the_last_word_before_a_turn_counts),
    UNIT(only_asps_of_ours_are_activated),
    UNIT(traffic_waits_for_the_other_node_when_the_active_one_dies),
    UNIT(a_route_closes_when_ntfy_says_that_another_asp_has_its_traffic),
};
UNIT_MAIN("node activation")
