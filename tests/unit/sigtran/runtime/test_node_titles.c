/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Whole nodes that find each other by global titles, and tell each other of their subsystems. */
#include "sigtran/runtime/node_command.h"
#include "tests/unit/sigtran/runtime/node_rig.h"

#define SIMULATOR 0 /* point code 1, title 46999 */
#define PRIMARY   1 /* point code 2; titles 4670... are its own */
#define BACKUP    2 /* point code 3; so they are of this one */

static struct sccp_translation_rule rule_of(const char *digits, const char *replacement)
{
    struct sccp_translation_rule rule = sccp_translation_rule_any();
    (void)snprintf(rule.digits, sizeof(rule.digits), "%s", digits);
    rule.replaces = replacement != NULL;
    if (replacement != NULL)
        (void)snprintf(rule.replacement, sizeof(rule.replacement), "%s", replacement);
    return rule;
}

/* A responder: 4670... is local, 46999 leads to point code 1. `concerned`: it says so when its
 * subsystem goes or comes. */
static void add_responder(struct rig *rig, const char *ip, uint32_t point_code, bool concerned)
{
    struct sccp_translation table = {0};
    struct sccp_translation_rule rule = rule_of("4670", NULL);
    rule.is_local = true;
    CU_ASSERT_EQUAL(sccp_translation_add(&table, &rule), P7_OK);
    rule = rule_of("46999", NULL);
    rule.route_count = 1;
    rule.route[0].pc = 1;
    CU_ASSERT_EQUAL(sccp_translation_add(&table, &rule), P7_OK);
    const struct node_asp server = rig_asp_server("from-asp", NULL);
    const struct node_as as = rig_as(1, 1, AS_MODE_OVERRIDE);
    struct node_config config = rig_config(point_code, &server, 1, &as);
    config.translation = &table;
    config.management.replicate_pc = 1;
    config.management.concerned_count = concerned ? 1 : 0;
    config.management.concerned[0] = 1;
    (void)rig_add(rig, ip, &config, NULL);
}

/* The simulator: 4670... goes to the primary, else to the backup; 4680... to the primary as well,
 * which does not know it, and 46818 as its own. */
static void add_simulator(struct rig *rig)
{
    struct sccp_translation table = {0};
    struct sccp_translation_rule rule = rule_of("4670", NULL);
    rule.route_count = 2;
    rule.route[0] = (struct sccp_translation_route){.as = 0, .pc = 2, .on_gt = true};
    rule.route[1] = (struct sccp_translation_route){.as = 1, .pc = 3};
    CU_ASSERT_EQUAL(sccp_translation_add(&table, &rule), P7_OK);
    rule = rule_of("4680", NULL);
    rule.route_count = 1;
    CU_ASSERT_EQUAL(sccp_translation_add(&table, &rule), P7_OK);
    rule = rule_of("46818", "4670");
    rule.route_count = 1;
    CU_ASSERT_EQUAL(sccp_translation_add(&table, &rule), P7_OK);
    const struct node_asp asps[] = {rig_asp_client("to-primary", "10.0.0.2"),
                                    rig_asp_client("to-backup", "10.0.0.3")};
    struct node_as ass[] = {rig_as(1, 1, AS_MODE_OVERRIDE), rig_as(1, 1, AS_MODE_OVERRIDE)};
    (void)snprintf(ass[1].name, sizeof(ass[1].name), "b");
    ass[1].m3ua.asp[0] = 1;
    for (unsigned i = 0; i < 2; i++)
        ass[i].group = 1; /* they answer for each other */
    struct node_config config = rig_config(1, asps, 2, ass);
    config.as_count = 2;
    config.translation = &table;
    (void)rig_add(rig, "10.0.0.1", &config, NULL);
}

static void open_three(struct rig *rig, bool concerned)
{
    rig_open(rig, 1, &rig_calm);
    rig->side_count = 1; /* the servers listen first */
    add_responder(rig, "10.0.0.2", 2, concerned);
    add_responder(rig, "10.0.0.3", 3, concerned);
    rig->side_count = 0;
    add_simulator(rig);
    rig->side_count = 3;
    rig_run_for(rig, RIG_SEC);
}

static struct sccp_party title(const char *digits)
{
    struct sccp_party party;
    CU_ASSERT_EQUAL_FATAL(sccp_party_set_gt(&party, SCCP_ITU, 0, SCCP_NUMBERING_PLAN_E164,
                                            SCCP_NATURE_INTERNATIONAL, digits, SCCP_SSN_CAP),
                          P7_OK);
    return party;
}

static struct node_route route_to(const struct rig *rig, const char *digits)
{
    struct node_route route;
    const struct sccp_party called = title(digits);
    CU_ASSERT_EQUAL_FATAL(node_route_by_title(rig->side[SIMULATOR].node, &called, &route), P7_OK);
    route.calling = title("46999");
    return route;
}

/* Begins a dialogue to the title; what node_send gave. */
static enum p7_status begin(struct rig *rig, const struct node_route *route, uint32_t *dialogue)
{
    struct rig_side *simulator = &rig->side[SIMULATOR];
    CU_ASSERT_EQUAL_FATAL(node_dialogue_open(simulator->node, rig->now_ns, route, dialogue), P7_OK);
    const enum p7_status status = rig_send(simulator, *dialogue, TCAP_SEND_BEGIN);
    rig_run_for(rig, 10 * RIG_MS);
    return status;
}

static void begins_reach(struct rig *rig, const char *digits, uint32_t primary, uint32_t backup)
{
    uint32_t dialogue;
    const struct node_route route = route_to(rig, digits);
    CU_ASSERT_TRUE(node_route_is_open(rig->side[SIMULATOR].node, &route));
    CU_ASSERT_EQUAL(begin(rig, &route, &dialogue), P7_OK);
    CU_ASSERT_EQUAL(rig->side[PRIMARY].told[TCAP_IND_BEGIN], primary);
    CU_ASSERT_EQUAL(rig->side[BACKUP].told[TCAP_IND_BEGIN], backup);
}

static void a_dialogue_goes_and_comes_back_by_titles(void) /* Q.714-2.4 */
{
    struct rig rig;
    struct sccp_address calling;
    open_three(&rig, false);
    struct rig_side *simulator = &rig.side[SIMULATOR];
    struct rig_side *primary = &rig.side[PRIMARY];
    uint32_t dialogue;
    const struct node_route route = route_to(&rig, "467001");
    CU_ASSERT_EQUAL(begin(&rig, &route, &dialogue), P7_OK);
    CU_ASSERT_EQUAL_FATAL(primary->told[TCAP_IND_BEGIN], 1);
    /* The answer goes by the title of who called, and bears the one that was called. */
    CU_ASSERT_TRUE(primary->route.by_title);
    CU_ASSERT_EQUAL(rig_send(primary, primary->last.dialogue, TCAP_SEND_CONTINUE), P7_OK);
    rig_run_for(&rig, 10 * RIG_MS);
    CU_ASSERT_EQUAL(simulator->told[TCAP_IND_CONTINUE], 1);
    CU_ASSERT_EQUAL(simulator->last.dialogue, dialogue);
    CU_ASSERT_EQUAL(
        sccp_address_decode(SCCP_ITU, sccp_party_bytes(&simulator->route.called), &calling), P7_OK);
    CU_ASSERT_EQUAL(calling.gti, 4);
    CU_ASSERT_EQUAL(rig_send(simulator, dialogue, TCAP_SEND_CONTINUE), P7_OK);
    rig_run_for(&rig, 10 * RIG_MS);
    CU_ASSERT_EQUAL(primary->told[TCAP_IND_CONTINUE], 1);
    CU_ASSERT_EQUAL(rig_send(primary, primary->last.dialogue, TCAP_SEND_END), P7_OK);
    rig_run_for(&rig, 10 * RIG_MS);
    CU_ASSERT_EQUAL(simulator->told[TCAP_IND_END], 1);
    rig_close(&rig);
}

static void a_replaced_title_is_the_one_that_arrives(void)
{
    struct rig rig;
    open_three(&rig, false);
    begins_reach(&rig, "468185", 1, 0);
    rig_close(&rig);
}

static void a_title_that_nobody_has_comes_back(void) /* Q.713-3.12 */
{
    struct rig rig;
    struct node_route route;
    uint32_t dialogue;
    open_three(&rig, false);
    struct rig_side *simulator = &rig.side[SIMULATOR];
    const struct sccp_party unknown = title("49");
    CU_ASSERT_EQUAL(node_route_by_title(simulator->node, &unknown, &route), P7_NOT_FOUND);
    route = route_to(&rig, "4680");
    CU_ASSERT_EQUAL(begin(&rig, &route, &dialogue), P7_OK);
    /* The rule is on SSN: the title arrives, and is not looked at. */
    CU_ASSERT_EQUAL(rig.side[PRIMARY].told[TCAP_IND_BEGIN], 1);
    route.by_title = false; /* as the application says: on GT */
    CU_ASSERT_EQUAL(begin(&rig, &route, &dialogue), P7_OK);
    CU_ASSERT_EQUAL(rig.side[PRIMARY].told[TCAP_IND_BEGIN], 1);
    CU_ASSERT_EQUAL(simulator->told[TCAP_IND_NOTICE], 1);
    CU_ASSERT_EQUAL(simulator->last.dialogue, dialogue);
    CU_ASSERT_EQUAL(simulator->last.return_cause, SCCP_CAUSE_NO_TRANSLATION);
    rig_close(&rig);
}

static void the_backup_takes_over_when_the_primary_is_gone(void)
{
    struct rig rig;
    open_three(&rig, false);
    begins_reach(&rig, "467001", 1, 0);
    transport_disconnect(node_transport(rig.side[PRIMARY].node),
                         rig_association(&rig.side[PRIMARY], 0), true);
    rig_run_for(&rig, 20 * RIG_MS);
    begins_reach(&rig, "467001", 1, 1);
    rig_run_for(&rig, 5 * RIG_SEC); /* it has connected again */
    begins_reach(&rig, "467001", 2, 1);
    rig_close(&rig);
}

static void concerned_nodes_hear_of_a_subsystem_and_route_around_it(void)
{ /* Q.714-5.3.6, Q.714-5.3.7 */
    struct rig rig;
    open_three(&rig, true);
    struct rig_side *simulator = &rig.side[SIMULATOR];
    struct node *backup = rig.side[BACKUP].node;
    struct node_route to_backup = {.as = 1, .asp = M3UA_ENDPOINT_NONE, .dpc = 3};
    CU_ASSERT_EQUAL(sccp_party_set_ssn(&to_backup.called, SCCP_ITU, false, 0, SCCP_SSN_CAP), P7_OK);
    CU_ASSERT_TRUE(node_route_is_open(simulator->node, &to_backup));
    CU_ASSERT_EQUAL(node_set_in_service(backup, SCCP_SSN_CAP, false, rig.now_ns), P7_OK);
    rig_run_for(&rig, 10 * RIG_MS);
    CU_ASSERT_EQUAL(rig_events(simulator, "subsystem-prohibited"), 1);
    CU_ASSERT_FALSE(node_route_is_open(simulator->node, &to_backup));
    uint32_t dialogue;
    CU_ASSERT_EQUAL(begin(&rig, &to_backup, &dialogue), P7_STATE);
    CU_ASSERT_EQUAL(node_set_in_service(backup, SCCP_SSN_CAP, true, rig.now_ns), P7_OK);
    rig_run_for(&rig, 10 * RIG_MS);
    CU_ASSERT_EQUAL(rig_events(simulator, "subsystem-allowed"), 1);
    CU_ASSERT_TRUE(node_route_is_open(simulator->node, &to_backup));
    rig_close(&rig);
}

static void one_that_was_not_told_learns_it_and_asks_until_it_is_over(void)
{ /* Q.714-5.3.2.1, Q.714-5.3.4.2, Q.714-5.3.4.3 */
    struct rig rig;
    open_three(&rig, false);
    struct rig_side *simulator = &rig.side[SIMULATOR];
    struct node *primary = rig.side[PRIMARY].node;
    struct node_route route = {.as = 0, .asp = M3UA_ENDPOINT_NONE, .dpc = 2};
    uint32_t dialogue;
    CU_ASSERT_EQUAL(sccp_party_set_ssn(&route.called, SCCP_ITU, false, 0, SCCP_SSN_CAP), P7_OK);
    CU_ASSERT_EQUAL(sccp_party_set_ssn(&route.calling, SCCP_ITU, false, 0, SCCP_SSN_CAP), P7_OK);
    CU_ASSERT_EQUAL(node_set_in_service(primary, SCCP_SSN_CAP, false, rig.now_ns), P7_OK);
    CU_ASSERT_EQUAL(begin(&rig, &route, &dialogue), P7_OK);
    CU_ASSERT_EQUAL(simulator->told[TCAP_IND_NOTICE], 1);
    CU_ASSERT_EQUAL(simulator->last.return_cause, SCCP_CAUSE_SUBSYSTEM_FAILURE);
    CU_ASSERT_EQUAL(rig_events(simulator, "subsystem-prohibited"), 1); /* the SSP beside it */
    CU_ASSERT_FALSE(node_route_is_open(simulator->node, &route));
    rig_run_for(&rig, 31 * RIG_SEC); /* T(stat.info), and nobody answers */
    CU_ASSERT_EQUAL(node_sccp(simulator->node)->manager.counters.tests_sent, 1);
    CU_ASSERT_FALSE(node_route_is_open(simulator->node, &route));
    CU_ASSERT_EQUAL(node_set_in_service(primary, SCCP_SSN_CAP, true, rig.now_ns), P7_OK);
    rig_run_for(&rig, 60 * RIG_SEC);
    CU_ASSERT_EQUAL(node_sccp(primary)->counters.status_tests_answered, 1);
    CU_ASSERT_EQUAL(rig_events(simulator, "subsystem-allowed"), 1);
    CU_ASSERT_TRUE(node_route_is_open(simulator->node, &route));
    rig_close(&rig);
}

static void a_subsystem_goes_when_its_replicate_grants_it(void) /* Q.714-5.3.5 */
{
    struct rig rig;
    open_three(&rig, true);
    struct rig_side *primary = &rig.side[PRIMARY];
    char answer[NODE_COMMAND_ANSWER_OCTETS];
    const struct node_command ask = {.kind = NODE_COMMAND_SUBSYSTEM_ASK, .number = SCCP_SSN_CAP};
    CU_ASSERT_EQUAL(node_command_run(primary->node, &ask, rig.now_ns, answer), P7_OK);
    CU_ASSERT_EQUAL(node_command_run(primary->node, &ask, rig.now_ns, answer), P7_STATE);
    rig_run_for(&rig, 10 * RIG_MS);
    CU_ASSERT_EQUAL(rig_events(&rig.side[SIMULATOR], "out-of-service-grant"), 1);
    CU_ASSERT_EQUAL(rig_events(primary, "out-of-service-granted"), 1);
    CU_ASSERT_EQUAL(rig_events(&rig.side[SIMULATOR], "subsystem-prohibited"), 1);
    rig_close(&rig);
}

UNIT_TESTS = {
    UNIT(a_dialogue_goes_and_comes_back_by_titles),
    UNIT(a_replaced_title_is_the_one_that_arrives),
    UNIT(a_title_that_nobody_has_comes_back),
    UNIT(the_backup_takes_over_when_the_primary_is_gone),
    UNIT(concerned_nodes_hear_of_a_subsystem_and_route_around_it),
    UNIT(one_that_was_not_told_learns_it_and_asks_until_it_is_over),
    UNIT(a_subsystem_goes_when_its_replicate_grants_it),
};
UNIT_MAIN("node_titles")
