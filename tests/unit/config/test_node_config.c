/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* From settings to what a node is opened with. */
#include "config/node_config.h"

#include <stdio.h>

#include "config/language/language.h"
#include "tests/unit/unit.h"

static struct settings settings;

#define NETWORK                                                                                    \
    "cs7 instance 0\n point-code 2.2.2\n asp one 2905 0 m3ua\n asp two 2905 0 m3ua\n"              \
    " as first m3ua\n  asp one\n  routing-key 1 1.1.1\n  asp-activation active-node\n"             \
    " as second m3ua\n  asp two\n  routing-key 2 1.1.1\n"

static void starts_inactive(const char *text, bool one, bool two)
{
    char error[SETTINGS_ERROR_OCTETS];
    struct node_setup setup;
    CU_ASSERT_EQUAL_FATAL(settings_load_text("test.cfg", text, &settings, error, sizeof(error)),
                          P7_OK);
    CU_ASSERT_EQUAL_FATAL(node_setup_make(&settings, 146, &setup), P7_OK);
    CU_ASSERT_EQUAL(setup.asp[0].start_inactive, one);
    CU_ASSERT_EQUAL(setup.asp[1].start_inactive, two);
    CU_ASSERT_TRUE(setup.asp[0].m3ua.wants_active);
    CU_ASSERT_EQUAL(setup.asp[0].m3ua.stands_by, !one);
    CU_ASSERT_EQUAL(setup.asp[1].m3ua.stands_by, !two);
    node_setup_free(&setup);
}

static void asps_of_the_active_node_wait_for_their_cluster(void)
{
    starts_inactive(NETWORK "responder\n cluster 7 node 1\n", true, false);
}

static void a_node_without_a_cluster_is_the_active_one(void)
{
    starts_inactive(NETWORK "responder\n name alone\n", false, false);
}

static struct m3ua_asp_config ipsp(const char *lines)
{
    char error[SETTINGS_ERROR_OCTETS];
    char text[512];
    struct node_setup setup;
    (void)snprintf(text, sizeof(text),
                   "cs7 instance 0\n point-code 2.2.2\n asp one 2905 2905 m3ua\n  role ipsp\n%s"
                   " as first m3ua\n  asp one\n  routing-key 1 1.1.1\n  active-minimum 1\n",
                   lines);
    CU_ASSERT_EQUAL_FATAL(settings_load_text("test.cfg", text, &settings, error, sizeof(error)),
                          P7_OK);
    CU_ASSERT_EQUAL_FATAL(node_setup_make(&settings, 146, &setup), P7_OK);
    const struct m3ua_asp_config asp = setup.asp[0].m3ua;
    CU_ASSERT_EQUAL(setup.as[0].m3ua.active_minimum, 1);
    node_setup_free(&setup);
    return asp;
}

/* RFC4666-4.3.4.1.2 */
static void of_ipsps_that_exchange_once_the_client_asks_of_those_that_do_twice_both(void)
{
    CU_ASSERT_TRUE(ipsp("").wants_up);
    CU_ASSERT_FALSE(ipsp("").double_exchange);
    CU_ASSERT_FALSE(ipsp("  sctp-role server\n").wants_up);
    const struct m3ua_asp_config server = ipsp("  sctp-role server\n  exchange double\n");
    CU_ASSERT_TRUE(server.double_exchange && server.wants_up && server.wants_active);
    CU_ASSERT_TRUE(ipsp("  exchange double\n").wants_active);
}

/* RFC4666-4.4.1: room for registered keys, for the ASPs of an SG that permits them */
static void an_sg_that_permits_dynamic_keys_has_room_for_eight(void)
{
    char error[SETTINGS_ERROR_OCTETS];
    struct node_setup setup;
#define SG                                                                                         \
    "cs7 instance 0\n point-code 2.2.2\n asp one 0 2905 m3ua\n  role sg\n  sctp-role server\n"     \
    " asp two 0 2906 m3ua\n  role sg\n  sctp-role server\n"                                        \
    " asp three 2907 0 m3ua\n  remote-ip 192.0.2.1\n"                                              \
    " as first m3ua\n  asp one\n  routing-key 1 1.1.1\n"                                           \
    " as own m3ua\n  asp three\n  routing-key none 2.2.2\n  registration dynamic\n"
    CU_ASSERT_EQUAL_FATAL(settings_load_text("test.cfg", SG, &settings, error, sizeof(error)),
                          P7_OK);
    CU_ASSERT_EQUAL_FATAL(node_setup_make(&settings, 146, &setup), P7_OK);
    CU_ASSERT_EQUAL(setup.config.registration, M3UA_REGISTRATION_STATIC);
    CU_ASSERT_EQUAL(setup.config.as_count, 2);
    CU_ASSERT_TRUE(setup.as[1].m3ua.registers && !setup.as[0].m3ua.registers);
    node_setup_free(&setup);
    CU_ASSERT_EQUAL_FATAL(
        settings_load_text("test.cfg",
                           SG "cs7 instance 0\n xua rkm routing-key-allocation dynamic-permitted\n",
                           &settings, error, sizeof(error)),
        P7_OK);
    CU_ASSERT_EQUAL_FATAL(node_setup_make(&settings, 146, &setup), P7_OK);
    CU_ASSERT_EQUAL(setup.config.registration, M3UA_REGISTRATION_DYNAMIC);
    CU_ASSERT_EQUAL_FATAL(setup.config.as_count, 2 + 8);
    CU_ASSERT_TRUE(setup.as[2].m3ua.spare);
    CU_ASSERT_STRING_EQUAL(setup.as[2].name, "registered-1");
    CU_ASSERT_EQUAL(setup.as[9].m3ua.asp_count, 2);
    node_setup_free(&setup);
#undef SG
}

static bool transport_is_multihomed(const char *text)
{
    char error[SETTINGS_ERROR_OCTETS];
    struct node_setup setup;
    CU_ASSERT_EQUAL_FATAL(settings_load_text("test.cfg", text, &settings, error, sizeof(error)),
                          P7_OK);
    CU_ASSERT_EQUAL_FATAL(node_setup_make(&settings, 146, &setup), P7_OK);
    const bool multihomed = setup.config.transport.multihomed;
    node_setup_free(&setup);
    return multihomed;
}

static void several_addresses_of_one_side_ask_for_a_multihomed_transport(void)
{
    CU_ASSERT_FALSE(transport_is_multihomed(
        "cs7 instance 0\n point-code 2.2.2\n asp one 2905 0 m3ua\n  remote-ip 192.0.2.1\n"
        " asp two 2905 0 m3ua\n  remote-ip 192.0.2.2\n  local-ip 192.0.2.3\n"));
    CU_ASSERT_TRUE(transport_is_multihomed(
        "cs7 instance 0\n point-code 2.2.2\n asp one 2905 0 m3ua\n  remote-ip 192.0.2.1\n"
        " asp two 2905 0 m3ua\n  remote-ip 192.0.2.2\n  remote-ip 198.51.100.2\n"));
    CU_ASSERT_TRUE(transport_is_multihomed(
        "cs7 instance 0\n point-code 2.2.2\n asp one 0 2905 m3ua\n  local-ip 192.0.2.1\n"
        "  local-ip 198.51.100.1\n"));
}

static void the_node_speaks_the_sccp_of_its_network(void)
{
    char error[SETTINGS_ERROR_OCTETS];
    struct node_setup setup;
    static const char *const texts[] = {
        NETWORK, NETWORK "cs7 instance 0\n sccp-variant ansi\n sccp-long-messages ludt\n"
                         " sccp-timer reassembly 20s\n sccp-class 0\n"
                         " no sccp-return-option\n"};
    for (unsigned i = 0; i < 2; i++) {
        CU_ASSERT_EQUAL_FATAL(
            settings_load_text("test.cfg", texts[i], &settings, error, sizeof(error)), P7_OK);
        CU_ASSERT_EQUAL_FATAL(node_setup_make(&settings, 146, &setup), P7_OK);
        CU_ASSERT_EQUAL(setup.config.sccp_variant, i == 0 ? SCCP_ITU : SCCP_ANSI);
        CU_ASSERT_EQUAL(setup.config.long_messages, i == 0 ? SCCP_LONG_XUDT : SCCP_LONG_LUDT);
        CU_ASSERT_EQUAL(setup.config.sccp_basic_class, i != 0);
        CU_ASSERT_EQUAL(setup.config.no_return_option, i != 0);
        CU_ASSERT_EQUAL(setup.config.t_reass_ns, (i == 0 ? 10 : 20) * 1000000000LL);
        node_setup_free(&setup);
    }
}

/* Names of ass become their places, and what is not given matches all. */
static void gtts_become_the_nodes_table(void)
{
    char error[SETTINGS_ERROR_OCTETS];
    struct node_setup setup;
    CU_ASSERT_EQUAL_FATAL(
        settings_load_text("test.cfg",
                           NETWORK " gtt there\n  match digits 46*\n  match nature 4\n"
                                   "  route as second pc 7 on gt\n  route as first pc 8 on ssn\n"
                                   "  replace none\n"
                                   " gtt ours\n  match digits 4711\n  route local\n  ssn 147\n"
                                   " concerned 9\n replicate 10\n subsystem-test interval 1s\n"
                                   " remote-subsystem-status ignore\n",
                           &settings, error, sizeof(error)),
        P7_OK);
    CU_ASSERT_EQUAL_FATAL(node_setup_make(&settings, 146, &setup), P7_OK);
    CU_ASSERT_PTR_EQUAL(setup.config.translation, &setup.translation);
    CU_ASSERT_EQUAL_FATAL(setup.translation.count, 2);
    CU_ASSERT_TRUE(setup.translation.has_local && setup.translation.has_remote);
    const struct sccp_translation_rule *there = &setup.translation.rule[0];
    CU_ASSERT_EQUAL(there->gti, SCCP_TRANSLATION_ANY);
    CU_ASSERT_EQUAL(there->nature_of_address, 4);
    CU_ASSERT_TRUE(there->replaces && there->is_prefix && there->ssn == 0);
    CU_ASSERT_EQUAL_FATAL(there->route_count, 2);
    CU_ASSERT_TRUE(there->route[0].as == 1 && there->route[0].pc == 7 && there->route[0].on_gt);
    CU_ASSERT_TRUE(there->route[1].as == 0 && there->route[1].pc == 8 && !there->route[1].on_gt);
    const struct sccp_translation_rule *ours = &setup.translation.rule[1];
    CU_ASSERT_TRUE(ours->is_local && !ours->is_prefix && ours->ssn == 147);
    CU_ASSERT_STRING_EQUAL(ours->digits, "4711");
    const struct sccp_manager_config *management = &setup.config.management;
    CU_ASSERT_TRUE(management->concerned_count == 1 && management->concerned[0] == 9);
    CU_ASSERT_EQUAL(management->replicate_pc, 10);
    CU_ASSERT_EQUAL(management->t_stat_info_ns, 1000000000LL);
    CU_ASSERT_TRUE(setup.config.ignores_remote_status);
    node_setup_free(&setup);
}

UNIT_TESTS = {
    UNIT(gtts_become_the_nodes_table),
    UNIT(an_sg_that_permits_dynamic_keys_has_room_for_eight),
    UNIT(several_addresses_of_one_side_ask_for_a_multihomed_transport),
    UNIT(asps_of_the_active_node_wait_for_their_cluster),
    UNIT(a_node_without_a_cluster_is_the_active_one),
    UNIT(the_node_speaks_the_sccp_of_its_network),
    UNIT(of_ipsps_that_exchange_once_the_client_asks_of_those_that_do_twice_both),
};
UNIT_MAIN("node_config")
