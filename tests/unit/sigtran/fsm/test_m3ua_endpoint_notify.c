/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* NTFY of every kind (RFC4666-3.8.2, 4.3.4.5) between an SG and its ASPs: sent and acted on. */
#include "tests/unit/sigtran/fsm/m3ua_endpoint_fixture.h"

static struct node *const sg = &nodes[0];

/* An SG and three ASPs of one AS, with the ASP Identifiers 101, 102 and 103. */
static void start(enum as_traffic_mode mode, uint32_t active_minimum)
{
    fixture_reset();
    struct m3ua_asp_config asp[3];
    struct m3ua_as_config as = {.has_routing_context = true,
                                .routing_context = 7,
                                .point_code = 700,
                                .traffic_mode = mode,
                                .sends_traffic_mode = true,
                                .t_r_ns = 2 * SECOND,
                                .active_minimum = active_minimum,
                                .asp_count = 3,
                                .asp = {0, 1, 2},
                                .queue_octets = 4096};
    struct m3ua_endpoint_config config = {
        .point_code = 1, .asp_count = 3, .asp = asp, .as_count = 1, .as = &as};
    for (uint32_t i = 0; i < 3; i++)
        asp[i] = (struct m3ua_asp_config){.role = ASP_ROLE_SG};
    CU_ASSERT_EQUAL_FATAL(node_create(0, &config), P7_OK);
    as.active_minimum = 1;
    as.asp_count = 1;
    config.asp_count = 1;
    for (uint32_t i = 0; i < 3; i++) {
        asp[0] = (struct m3ua_asp_config){.role = ASP_ROLE_ASP,
                                          .has_asp_identifier = true,
                                          .asp_identifier = 101 + i,
                                          .wants_up = true,
                                          .wants_active = true,
                                          .stands_by = true};
        CU_ASSERT_EQUAL_FATAL(node_create(1 + i, &config), P7_OK);
    }
}

static void connect_asp(uint32_t i)
{
    link_up(i, &nodes[1 + i], 0, sg, i, 4);
    pump();
}

static void inactive(uint32_t i)
{
    CU_ASSERT_EQUAL(m3ua_endpoint_asp_inactive(nodes[1 + i].ep, 0, 0, now_ns), P7_OK);
    pump();
}

static void forget(void)
{
    for (unsigned i = 0; i < NODES_MAX; i++)
        nodes[i].event_count = 0;
}

/* How often the ASP was told this, about `identifier` where that is not 0. */
static unsigned told(uint32_t i, uint16_t type, uint16_t information, uint32_t identifier)
{
    unsigned n = 0;
    const struct node *node = &nodes[1 + i];
    for (unsigned e = 0; e < node->event_count; e++) {
        const struct notified *of = &node->notified[e];
        n += node->event[e].kind == M3UA_EVENT_NOTIFY && node->event[e].as == 0 &&
             of->type == type && of->information == information && of->identifier == identifier;
    }
    return n;
}

static unsigned told_state(uint32_t i, uint16_t state)
{
    return told(i, M3UA_STATUS_AS_STATE_CHANGE, state, 0);
}

/* RFC4666-4.3.4.5 */
static void an_asp_that_comes_up_is_told_where_the_as_stands(void)
{
    start(AS_MODE_OVERRIDE, 1);
    connect_asp(0);
    CU_ASSERT_EQUAL(told_state(0, M3UA_AS_INACTIVE), 1);
    CU_ASSERT_EQUAL(told_state(0, M3UA_AS_ACTIVE), 1);
    connect_asp(1);
    CU_ASSERT_EQUAL(told_state(1, M3UA_AS_ACTIVE), 1);
    CU_ASSERT_EQUAL(told_state(1, M3UA_AS_INACTIVE), 0);
    inactive(0);
    inactive(1);
    forget();
    connect_asp(2);
    CU_ASSERT_EQUAL(told_state(2, M3UA_AS_PENDING), 1);
    CU_ASSERT_EQUAL(told_state(0, M3UA_AS_ACTIVE), 1);
}

/* RFC4666-3.8.2: with the identifier of the one that has taken over */
static void the_former_asp_is_told_who_is_active_instead(void)
{
    start(AS_MODE_OVERRIDE, 1);
    connect_asp(0);
    connect_asp(1);
    CU_ASSERT_EQUAL(told(0, M3UA_STATUS_OTHER, M3UA_ALTERNATE_ASP_ACTIVE, 102), 1);
    CU_ASSERT_EQUAL(told(1, M3UA_STATUS_OTHER, M3UA_ALTERNATE_ASP_ACTIVE, 102), 0);
}

/* RFC4666-3.8.2: to the others, with the identifier of the one that failed */
static void the_others_are_told_of_an_asp_that_failed(void)
{
    start(AS_MODE_LOADSHARE, 1);
    for (uint32_t i = 0; i < 3; i++)
        connect_asp(i);
    forget();
    link_down(1);
    pump();
    CU_ASSERT_EQUAL(told(0, M3UA_STATUS_OTHER, M3UA_ASP_FAILURE, 102), 1);
    CU_ASSERT_EQUAL(told(2, M3UA_STATUS_OTHER, M3UA_ASP_FAILURE, 102), 1);
    CU_ASSERT_EQUAL(m3ua_endpoint_asp_state(nodes[1].ep, 0), ASP_STATE_ACTIVE);
    forget();
    CU_ASSERT_EQUAL(m3ua_endpoint_asp_down(nodes[1].ep, 0, now_ns), P7_OK);
    pump();
    CU_ASSERT_EQUAL(nodes[3].event_count, 0); /* ASPDN is no failure */
}

/* RFC4666-4.3.4.3, 4.3.4.4: n of n+k */
static void inactive_asps_are_asked_for_while_too_few_are_active(void)
{
    start(AS_MODE_LOADSHARE, 2);
    connect_asp(0);
    CU_ASSERT_EQUAL(m3ua_endpoint_as_state(sg->ep, 0), AS_STATE_INACTIVE);
    CU_ASSERT_EQUAL(told_state(0, M3UA_AS_ACTIVE), 0); /* withheld until there are two */
    connect_asp(1);
    CU_ASSERT_EQUAL(told_state(0, M3UA_AS_ACTIVE), 1);
    connect_asp(2);
    inactive(2);
    forget();
    inactive(1);
    CU_ASSERT_EQUAL(m3ua_endpoint_as_state(sg->ep, 0), AS_STATE_ACTIVE);
    CU_ASSERT_EQUAL(told(0, M3UA_STATUS_OTHER, M3UA_INSUFFICIENT_ASP_RESOURCES, 0), 0);
    CU_ASSERT_EQUAL(told(1, M3UA_STATUS_OTHER, M3UA_INSUFFICIENT_ASP_RESOURCES, 0), 1);
    CU_ASSERT_EQUAL(told(2, M3UA_STATUS_OTHER, M3UA_INSUFFICIENT_ASP_RESOURCES, 0), 1);
}

/* RFC4666-5.2.1, 4.3.2: the backup takes over, with all that came in between. */
static void a_backup_takes_over_when_the_active_asp_is_lost_and_nothing_is(void)
{
    start(AS_MODE_OVERRIDE, 1);
    connect_asp(0);
    connect_asp(1);
    CU_ASSERT_EQUAL(m3ua_endpoint_asp_state(nodes[1].ep, 0), ASP_STATE_INACTIVE);
    link_down(1);
    CU_ASSERT_EQUAL(m3ua_endpoint_as_state(sg->ep, 0), AS_STATE_PENDING);
    CU_ASSERT_EQUAL(transfer(sg, 0, 0, "meanwhile"), P7_OK);
    pump();
    CU_ASSERT_EQUAL(m3ua_endpoint_as_state(sg->ep, 0), AS_STATE_ACTIVE);
    CU_ASSERT_EQUAL(m3ua_endpoint_asp_state(nodes[1].ep, 0), ASP_STATE_ACTIVE);
    CU_ASSERT_EQUAL(nodes[1].data_count, 1);
    /* the former comes back and takes it again; they don't fight */
    connect_asp(1);
    CU_ASSERT_EQUAL(m3ua_endpoint_asp_state(nodes[2].ep, 0), ASP_STATE_ACTIVE);
    CU_ASSERT_EQUAL(m3ua_endpoint_asp_state(nodes[1].ep, 0), ASP_STATE_INACTIVE);
    forget();
    pass(60 * SECOND);
    for (unsigned i = 0; i < 3; i++)
        CU_ASSERT_EQUAL(nodes[i].event_count, 0);
}

/* Two backups: the last one that asks has it, and the other one stands by again. */
static void of_two_backups_one_has_the_traffic_in_the_end(void)
{
    start(AS_MODE_OVERRIDE, 1);
    for (uint32_t i = 0; i < 3; i++)
        connect_asp(i);
    link_down(2);
    pump();
    pass(10 * SECOND);
    unsigned active = 0;
    for (uint32_t i = 0; i < 2; i++)
        active += m3ua_endpoint_asp_state(nodes[1 + i].ep, 0) == ASP_STATE_ACTIVE;
    CU_ASSERT_EQUAL(active, 1);
    CU_ASSERT_EQUAL(m3ua_endpoint_as_state(sg->ep, 0), AS_STATE_ACTIVE);
    fixture_reset();
}

UNIT_TESTS = {
    UNIT(an_asp_that_comes_up_is_told_where_the_as_stands),
    UNIT(the_former_asp_is_told_who_is_active_instead),
    UNIT(the_others_are_told_of_an_asp_that_failed),
    UNIT(inactive_asps_are_asked_for_while_too_few_are_active),
    UNIT(a_backup_takes_over_when_the_active_asp_is_lost_and_nothing_is),
    UNIT(of_two_backups_one_has_the_traffic_in_the_end),
};
UNIT_MAIN("m3ua_endpoint_notify")
