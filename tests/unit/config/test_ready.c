/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * The ready configurations in config/ load, check clean for their program and make the round trip;
 * the profiles in config/profiles are the built-in ones. Run from the root of the sources.
 */
#include <glob.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "config/language/language.h"
#include "tests/unit/unit.h"

#define TEXT_OCTETS (1u << 20)

static struct settings settings;
static struct settings again;
static struct settings_problems problems;

static bool load(const char *path)
{
    char error[SETTINGS_ERROR_OCTETS];
    const enum p7_status status = settings_load(path, &settings, error, sizeof(error));
    if (status != P7_OK)
        (void)fprintf(stderr, "%s\n", error);
    return status == P7_OK;
}

static bool round_trips(void)
{
    char error[SETTINGS_ERROR_OCTETS];
    char *text = malloc(TEXT_OCTETS);
    const bool same = text != NULL && settings_write(&settings, text, TEXT_OCTETS, NULL) == P7_OK &&
                      settings_load_text("written", text, &again, error, sizeof(error)) == P7_OK &&
                      memcmp(&settings, &again, sizeof(settings)) == 0;
    free(text);
    return same;
}

static bool checks_clean(const char *path)
{
    const bool node = strstr(path, "-node") != NULL;
    const enum settings_program program =
        node || strstr(path, "responder") != NULL ? SETTINGS_FOR_RESPONDER : SETTINGS_FOR_SIMULATOR;
    /* A key is not made before the first start: here any file will do. */
    if (node)
        (void)snprintf(settings.responder.cluster.key_file,
                       sizeof(settings.responder.cluster.key_file), "%s", path);
    const enum p7_status status = settings_check(&settings, program, &problems);
    for (uint32_t i = 0; i < problems.count; i++)
        (void)fprintf(stderr, "%s: %s\n", path, problems.problem[i].text);
    return status == P7_OK && problems.count == 0;
}

static void every_ready_configuration_loads_and_checks_clean(void)
{
    glob_t found;
    const int result = glob("config/*.cfg", 0, NULL, &found);
    CU_ASSERT_EQUAL_FATAL(result, 0);
    CU_ASSERT_TRUE(found.gl_pathc >= 3); /* an empty scan proves nothing */
    for (size_t i = 0; i < found.gl_pathc; i++) {
        CU_ASSERT_TRUE_FATAL(load(found.gl_pathv[i]));
        CU_ASSERT_TRUE(round_trips());
        CU_ASSERT_TRUE(checks_clean(found.gl_pathv[i]));
    }
    globfree(&found);
}

static void the_quick_start_is_the_simulator_and_the_responder_of_one_another(void)
{
    CU_ASSERT_TRUE_FATAL(load("config/quickstart-responder.cfg"));
    const struct asp_settings server = settings.asp[0];
    const uint16_t udp_port = settings.transport.udp_local_port;
    const uint32_t responder_pc = settings.instance.point_code;
    const struct responder_settings responder = settings.responder;
    const struct as_settings responder_as = settings.as[0];
    CU_ASSERT_EQUAL(server.role, ASP_ROLE_SG);
    CU_ASSERT_FALSE(server.sctp_client);
    CU_ASSERT_TRUE_FATAL(load("config/quickstart-simulator.cfg"));
    const struct asp_settings *client = &settings.asp[0];
    CU_ASSERT_EQUAL(client->role, ASP_ROLE_ASP);
    CU_ASSERT_TRUE(client->sctp_client);
    CU_ASSERT_EQUAL(client->endpoint.remote_port, server.endpoint.local_port);
    CU_ASSERT_EQUAL(client->endpoint.udp_remote_port, udp_port);
    CU_ASSERT_EQUAL(settings.transport.udp_local_port, 0);
    CU_ASSERT_EQUAL(settings.simulator.target[0].called.point_code, responder_pc);
    CU_ASSERT_EQUAL(settings.simulator.target[0].called.ssn, responder.ssn);
    CU_ASSERT_EQUAL(settings.as[0].routing_context, responder_as.routing_context);
    CU_ASSERT_EQUAL(settings.as[0].point_code, responder_as.point_code);
    CU_ASSERT_STRING_EQUAL(settings.simulator.subscriber_first, responder.account_first);
    CU_ASSERT_EQUAL(settings.simulator.subscriber_count, responder.account_count);
    CU_ASSERT_EQUAL(settings.simulator.flow[0].rate_per_s, 750.0);
}

static void the_clusters_nodes_lead_to_each_other_and_the_simulator_to_both(void)
{
    CU_ASSERT_TRUE_FATAL(load("config/cluster-node0.cfg"));
    const struct responder_settings first = settings.responder;
    const struct asp_settings first_asp = settings.asp[0];
    const uint16_t first_udp = settings.transport.udp_local_port;
    CU_ASSERT_TRUE_FATAL(load("config/cluster-node1.cfg"));
    const struct responder_settings second = settings.responder;
    const struct asp_settings second_asp = settings.asp[0];
    const uint16_t second_udp = settings.transport.udp_local_port;
    CU_ASSERT_EQUAL(first.cluster.id, second.cluster.id);
    CU_ASSERT_TRUE(first.cluster.node == 0 && second.cluster.node == 1);
    CU_ASSERT_STRING_EQUAL(first.cluster.key_file, second.cluster.key_file);
    CU_ASSERT_TRUE(strcmp(first.data, second.data) != 0);
    CU_ASSERT_EQUAL(first.cluster.witness_port, second.cluster.witness_port);
    CU_ASSERT_EQUAL(memcmp(&first.tariff, &second.tariff, sizeof(first.tariff)), 0);
    CU_ASSERT_EQUAL(memcmp(&first.ledger, &second.ledger, sizeof(first.ledger)), 0);
    CU_ASSERT_EQUAL_FATAL(first.cluster.link_count, 2);
    CU_ASSERT_EQUAL_FATAL(second.cluster.link_count, 2);
    for (uint32_t i = 0; i < 2; i++) {
        CU_ASSERT_EQUAL(first.cluster.link[i].local_port, second.cluster.link[i].remote_port);
        CU_ASSERT_EQUAL(first.cluster.link[i].remote_port, second.cluster.link[i].local_port);
    }
    CU_ASSERT_TRUE_FATAL(load("config/cluster-simulator.cfg"));
    CU_ASSERT_EQUAL(settings.simulator.target[0].as_count, 2);
    CU_ASSERT_EQUAL(settings.asp[0].endpoint.remote_port, first_asp.endpoint.local_port);
    CU_ASSERT_EQUAL(settings.asp[1].endpoint.remote_port, second_asp.endpoint.local_port);
    CU_ASSERT_EQUAL(settings.asp[0].endpoint.udp_remote_port, first_udp);
    CU_ASSERT_EQUAL(settings.asp[1].endpoint.udp_remote_port, second_udp);
    CU_ASSERT_STRING_EQUAL(settings.simulator.subscriber_first, first.account_first);
}

/* What one calls itself the other calls, by its table. */
static void the_titles_lead_to_each_other(void)
{
    struct sccp_translation table;
    CU_ASSERT_TRUE_FATAL(load("config/gt-simulator.cfg"));
    CU_ASSERT_EQUAL_FATAL(settings_translation(&settings, &table), P7_OK);
    const struct target_settings target = settings.simulator.target[0];
    const struct sccp_translation_rule *there =
        settings_title_rule(&settings, &table, &target.called);
    CU_ASSERT_PTR_NOT_NULL_FATAL(there);
    CU_ASSERT_EQUAL(target.as_count, 0);
    CU_ASSERT_PTR_NULL(settings_title_rule(&settings, &table, &target.calling)); /* its own */
    const uint32_t destination = there->route[0].pc;
    const uint32_t own = settings.instance.point_code;
    CU_ASSERT_TRUE_FATAL(load("config/gt-responder.cfg"));
    CU_ASSERT_EQUAL(settings.instance.point_code, destination);
    CU_ASSERT_EQUAL_FATAL(settings_translation(&settings, &table), P7_OK);
    CU_ASSERT_PTR_NULL(settings_title_rule(&settings, &table, &target.called)); /* its own */
    const struct sccp_translation_rule *back =
        settings_title_rule(&settings, &table, &target.calling);
    CU_ASSERT_PTR_NOT_NULL_FATAL(back);
    CU_ASSERT_EQUAL(back->route[0].pc, own);
}

/* The not virtualized machine's loads, in the studies' order (EXPERIMENT, test cases). */
static void the_loads_are_those_of_the_studies(void)
{
    static const double loads[] = {750, 2250, 4500, 6450, 7950, 9450};
    CU_ASSERT_TRUE_FATAL(load("config/loads-responder.cfg"));
    const struct responder_settings responder = settings.responder;
    CU_ASSERT_TRUE_FATAL(load("config/loads-simulator.cfg"));
    const struct simulator_settings *simulator = &settings.simulator;
    CU_ASSERT_EQUAL_FATAL(simulator->load_count, 6);
    CU_ASSERT_EQUAL(memcmp(simulator->load_per_s, loads, sizeof(loads)), 0);
    CU_ASSERT_EQUAL(simulator->interval_ms, 10000);
    CU_ASSERT_EQUAL(simulator->duration_ms, 60000);
    CU_ASSERT_EQUAL(simulator->model[0].kind, CALL_MODEL_ONESHOT);
    CU_ASSERT_EQUAL(simulator->model[0].service_key, responder.oneshot_service_key);
    CU_ASSERT_STRING_EQUAL(simulator->subscriber_first, responder.account_first);
    CU_ASSERT_EQUAL(simulator->subscriber_count, responder.account_count);
}

static void the_profile_files_are_the_built_in_profiles(void)
{
    glob_t found;
    settings_init(&again);
    const int result = glob("config/profiles/*.cfg", 0, NULL, &found);
    CU_ASSERT_EQUAL_FATAL(result, 0);
    CU_ASSERT_EQUAL(found.gl_pathc, again.profile_count);
    for (size_t i = 0; i < found.gl_pathc; i++) {
        CU_ASSERT_TRUE_FATAL(load(found.gl_pathv[i]));
        CU_ASSERT_EQUAL(settings.profile_count, again.profile_count);
        CU_ASSERT_EQUAL(memcmp(settings.profile, again.profile, sizeof(again.profile)), 0);
        /* The file is about the profile of its name: all of its values stand in it. */
        char name[64];
        CU_ASSERT_EQUAL(sscanf(found.gl_pathv[i], "config/profiles/%63[a-z0-9]", name), 1);
        struct sctp_profile *profile = NULL;
        for (uint32_t j = 0; j < again.profile_count; j++)
            if (strcmp(again.profile[j].name, name) == 0)
                profile = &again.profile[j];
        CU_ASSERT_PTR_NOT_NULL(profile);
    }
    globfree(&found);
}

UNIT_TESTS = {
    UNIT(every_ready_configuration_loads_and_checks_clean),
    UNIT(the_quick_start_is_the_simulator_and_the_responder_of_one_another),
    UNIT(the_clusters_nodes_lead_to_each_other_and_the_simulator_to_both),
    UNIT(the_titles_lead_to_each_other),
    UNIT(the_loads_are_those_of_the_studies),
    UNIT(the_profile_files_are_the_built_in_profiles),
};
UNIT_MAIN("ready configurations")
