/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Routes follow what a signalling gateway says of destinations (SSNM). */
#include "tests/unit/sigtran/runtime/node_rig.h"

#define SG    0
#define OURS  1
#define OTHER 2

static const struct rig_event *last_of(const struct rig_side *side, const char *event)
{
    for (uint32_t i = side->event_count; i > 0; i--)
        if (strcmp(side->event[i - 1].event, event) == 0)
            return &side->event[i - 1];
    return NULL;
}

/* RFC4666-4.5.1, 4.5.2.1: an SG with an AS for each of two nodes; the one learns of the other. */
static void a_route_is_open_while_its_destination_is_available(void)
{
    struct rig rig;
    rig_open(&rig, 1, &rig_calm);
    const struct node_asp servers[] = {rig_asp_server("ours", "10.0.0.2"),
                                       rig_asp_server("other", "10.0.0.3")};
    struct node_as ass[] = {rig_as(2, 1, AS_MODE_OVERRIDE), rig_as(3, 1, AS_MODE_OVERRIDE)};
    (void)snprintf(ass[1].name, sizeof(ass[1].name), "b");
    ass[1].m3ua.asp[0] = 1;
    struct node_config sg = rig_config(1, servers, 2, ass);
    sg.as_count = 2;
    (void)rig_add(&rig, "10.0.0.1", &sg, NULL);
    const struct node_asp client = rig_asp_client("to-sg", "10.0.0.1");
    const struct node_as own = rig_as(2, 1, AS_MODE_OVERRIDE);
    struct node_config config = rig_config(2, &client, 1, &own);
    struct node *node = rig_add(&rig, "10.0.0.2", &config, NULL)->node;
    rig_run_for(&rig, RIG_SEC);
    struct node_route route;
    CU_ASSERT_EQUAL_FATAL(node_route_to_as(node, own.name, &route), P7_OK);
    CU_ASSERT_TRUE(node_route_is_open(node, &route));
    route.dpc = 3;
    CU_ASSERT_FALSE(node_route_is_open(node, &route));
    const struct rig_event *told = last_of(&rig.side[OURS], "ssnm");
    CU_ASSERT_PTR_NOT_NULL_FATAL(told);
    CU_ASSERT_STRING_EQUAL(told->detail, "asp to-sg DUNA 0.0.3: available -> unavailable (as as)");
    /* SCCP takes it for MTP-PAUSE (Q.714-5.2.2) */
    CU_ASSERT_EQUAL(rig_events(&rig.side[OURS], "point-prohibited"), 1);
    uint32_t dialogue;
    const struct tcap_component invoke = tcap_invoke(1, CAP_CONTINUE);
    const struct tcap_request request = {.components = &invoke, .component_count = 1};
    CU_ASSERT_EQUAL_FATAL(node_dialogue_open(node, rig.now_ns, &route, &dialogue), P7_OK);
    CU_ASSERT_EQUAL(node_send(node, rig.now_ns, dialogue, TCAP_SEND_BEGIN, &request), P7_STATE);
    node_dialogue_drop(node, dialogue);
    /* the other node comes up */
    const struct node_as others = rig_as(3, 1, AS_MODE_OVERRIDE);
    struct node_config second = rig_config(3, &client, 1, &others);
    (void)rig_add(&rig, "10.0.0.3", &second, NULL);
    rig_run_for(&rig, RIG_SEC);
    CU_ASSERT_TRUE(node_route_is_open(node, &route));
    told = last_of(&rig.side[OURS], "ssnm");
    CU_ASSERT_STRING_EQUAL(told->detail, "asp to-sg DAVA 0.0.3: unavailable -> available (as as)");
    CU_ASSERT_EQUAL(rig_events(&rig.side[OURS], "point-allowed"), 1); /* Q.714-5.2.3 */
    /* and goes: T(r) later the route is closed */
    transport_disconnect(node_transport(rig.side[OTHER].node), rig_association(&rig.side[OTHER], 0),
                         true);
    node_shutdown(rig.side[OTHER].node, rig.now_ns);
    rig_run_for(&rig, 5 * RIG_SEC);
    CU_ASSERT_FALSE(node_route_is_open(node, &route));
    rig_close(&rig);
}

/* RFC4666-4.4.1: an ASP that the SG has no AS for registers its key, and its requests are answered
 * over the AS that it got. */
static void a_node_that_registers_its_key_is_served(void)
{
    struct rig rig;
    rig_open(&rig, 1, &rig_calm);
    const struct node_asp server = rig_asp_server("ours", "10.0.0.2");
    struct node_as spare = {
        .name = "registered-1",
        .m3ua = {.spare = true, .traffic_mode = AS_MODE_OVERRIDE, .asp_count = 1, .asp = {0}}};
    struct node_config sg = rig_config(1, &server, 1, &spare);
    sg.registration = M3UA_REGISTRATION_DYNAMIC;
    struct rig_side *side = rig_add(&rig, "10.0.0.1", &sg, NULL);
    side->answers = true;
    side->answer = TCAP_SEND_END;
    const struct node_asp client = rig_asp_client("to-sg", "10.0.0.1");
    struct node_as own = rig_as(2, 1, AS_MODE_OVERRIDE);
    own.m3ua.has_routing_context = false;
    own.m3ua.registers = true;
    struct node_config config = rig_config(2, &client, 1, &own);
    struct rig_side *asp = rig_add(&rig, "10.0.0.2", &config, NULL);
    rig_run_for(&rig, RIG_SEC);
    const struct rig_event *told = last_of(asp, "registration");
    CU_ASSERT_PTR_NOT_NULL_FATAL(told);
    CU_ASSERT_STRING_EQUAL(told->detail, "asp to-sg: as as is registered, routing context 1");
    told = last_of(side, "registration");
    CU_ASSERT_PTR_NOT_NULL_FATAL(told);
    CU_ASSERT_STRING_EQUAL(told->detail,
                           "asp ours: as registered-1 is registered, routing context 1");
    (void)rig_begin(asp, SCCP_SSN_CAP);
    rig_run_for(&rig, RIG_SEC);
    CU_ASSERT_EQUAL(asp->told[TCAP_IND_END], 1);
    CU_ASSERT_EQUAL(side->route.as, 0);
    rig_close(&rig);
}

/* RFC4666-3.6.2: the same where the SG has only what is configured */
static void a_refused_registration_says_what_to_do(void)
{
    struct rig rig;
    rig_open(&rig, 1, &rig_calm);
    const struct node_asp server = rig_asp_server("ours", "10.0.0.2");
    const struct node_as other = rig_as(3, 1, AS_MODE_OVERRIDE);
    struct node_config sg = rig_config(1, &server, 1, &other);
    (void)rig_add(&rig, "10.0.0.1", &sg, NULL);
    const struct node_asp client = rig_asp_client("to-sg", "10.0.0.1");
    struct node_as own = rig_as(2, 1, AS_MODE_OVERRIDE);
    own.m3ua.has_routing_context = false;
    own.m3ua.registers = true;
    struct node_config config = rig_config(2, &client, 1, &own);
    struct rig_side *asp = rig_add(&rig, "10.0.0.2", &config, NULL);
    rig_run_for(&rig, 10 * RIG_SEC);
    CU_ASSERT_EQUAL(rig_events(asp, "registration"), 1);
    CU_ASSERT_PTR_NOT_NULL(strstr(last_of(asp, "registration")->detail,
                                  "Routing Key not Currently Provisioned (7); configure the key"));
    CU_ASSERT_FALSE(node_asp_carries(asp->node, 0));
    rig_close(&rig);
}

UNIT_TESTS = {
    UNIT(a_node_that_registers_its_key_is_served),
    UNIT(a_refused_registration_says_what_to_do),
    UNIT(a_route_is_open_while_its_destination_is_available),
};
UNIT_MAIN("node_destinations")
