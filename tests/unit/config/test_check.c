/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include <stdbool.h>
#include <string.h>

#include "config/language/language.h"
#include "tests/unit/unit.h"

static struct settings settings;
static struct settings_problems problems;

/* A pair of parts that is right; cases append lines, and later values win. */
#define NETWORK                                                                                    \
    "cs7 instance 0\n point-code 1.1.1\n asp A 2905 0 m3ua\n  remote-ip 127.0.0.1\n"               \
    " as B m3ua\n  asp A\n  routing-key 1 1.1.1\n"
#define TRAFFIC                                                                                    \
    "simulator\n target T\n  as B\n  called ssn 146 pc 2.2.2\n model M call\n"                     \
    " flow F\n  target T\n  rate 10\n  mix M 1\n"

static enum p7_status check(const char *text, enum settings_program program)
{
    char error[SETTINGS_ERROR_OCTETS];
    const enum p7_status loaded = settings_load_text("t", text, &settings, error, sizeof(error));
    if (loaded != P7_OK)
        (void)fprintf(stderr, "%s\n%s\n", text, error);
    CU_ASSERT_EQUAL_FATAL(loaded, P7_OK);
    return settings_check(&settings, program, &problems);
}

static bool told(bool error, const char *text)
{
    for (uint32_t i = 0; i < problems.count; i++)
        if (problems.problem[i].error == error && strstr(problems.problem[i].text, text) != NULL)
            return true;
    (void)fprintf(stderr, "not told: %s; but:\n", text);
    for (uint32_t i = 0; i < problems.count; i++)
        (void)fprintf(stderr, "  %s\n", problems.problem[i].text);
    return false;
}

#define ERROR(program, text, message)                                                              \
    do {                                                                                           \
        CU_ASSERT_EQUAL(check(text, program), P7_RANGE);                                           \
        CU_ASSERT_TRUE(told(true, message));                                                       \
    } while (0)
#define WARNING(program, text, message)                                                            \
    do {                                                                                           \
        CU_ASSERT_EQUAL(check(text, program), P7_OK);                                              \
        CU_ASSERT_TRUE(told(false, message));                                                      \
    } while (0)
#define SIM  SETTINGS_FOR_SIMULATOR
#define RESP SETTINGS_FOR_RESPONDER

static void a_whole_configuration_has_no_problem_and_gets_its_profile(void)
{
    CU_ASSERT_EQUAL(check(NETWORK TRAFFIC, SIM), P7_OK);
    CU_ASSERT_EQUAL(problems.count, 0);
    CU_ASSERT_STRING_EQUAL(settings.asp[0].endpoint.profile.name, "lan");
    CU_ASSERT_EQUAL(settings.asp[0].endpoint.profile.rto_min_ms, 100);
    CU_ASSERT_EQUAL(settings.console_port, 4271);
    CU_ASSERT_EQUAL(check(NETWORK, RESP), P7_OK);
    CU_ASSERT_EQUAL(settings.console_port, 4272);
    CU_ASSERT_EQUAL(check(NETWORK "console port 0\n", RESP), P7_OK);
    CU_ASSERT_EQUAL(settings.console_port, 0);
}

static void every_name_must_lead_somewhere(void)
{
    ERROR(RESP, NETWORK "cs7 instance 0\n asp C 1 0 m3ua\n  remote-ip ::1\n  profile gone\n",
          "no sctp-profile gone");
    ERROR(RESP, NETWORK "cs7 instance 0\n as D m3ua\n  asp gone\n  routing-key 2 3\n",
          "no asp gone");
    ERROR(SIM, NETWORK TRAFFIC " target U\n  as gone\n", "no as gone");
    ERROR(SIM, NETWORK TRAFFIC " flow G\n  target gone\n  rate 1\n  mix M 1\n", "no target gone");
    ERROR(SIM, NETWORK TRAFFIC " flow G\n  target T\n  rate 1\n  mix gone 1\n", "no model gone");
}

#define GTT " gtt G\n  match digits 46*\n  route as B pc 2.2.2 on ssn\n"

static void a_title_leads_where_its_gtt_says(void)
{
    /* Neither as nor pc at the target, and no complaint. */
    static const char by_title[] = "simulator\n target T\n  called ssn 146 gt 4670\n model M call\n"
                                   " flow F\n  target T\n  rate 10\n  mix M 1\n";
    char text[1024];
    (void)snprintf(text, sizeof(text), "%s%s%s", NETWORK, GTT, by_title);
    CU_ASSERT_EQUAL(check(text, SIM), P7_OK);
    CU_ASSERT_EQUAL(problems.count, 0);
    (void)snprintf(text, sizeof(text), "%s%s", NETWORK, by_title);
    ERROR(SIM, text, "target T: nothing leads there");
    WARNING(SIM,
            NETWORK GTT "simulator\n target T\n  as B\n  called ssn 146 gt 4670\n model M call\n"
                        " flow F\n  target T\n  rate 10\n  mix M 1\n",
            "leave out as");
    ERROR(RESP, NETWORK " gtt G\n  match digits 4*\n", "gtt G: it leads nowhere");
    ERROR(RESP, NETWORK GTT "  route local\n", "gtt G: it is local and leads elsewhere");
    ERROR(RESP, NETWORK " gtt G\n  route as gone pc 1 on gt\n", "gtt G: there is no as gone");
    ERROR(RESP, NETWORK GTT " gtt H\n  match digits 46*\n  route local\n",
          "gtt H: gtt G has the same match");
    WARNING(RESP, NETWORK " gtt G\n  route local\n  replace 1\n", "replace does nothing");
    ERROR(RESP, NETWORK " subsystem-test interval 20s\n subsystem-test interval-max 10s\n",
          "is above its interval-max 10000");
}

static void what_is_missing_is_told_all_at_once(void)
{
    CU_ASSERT_EQUAL(check("", SIM), P7_RANGE);
    CU_ASSERT_TRUE(told(true, "no point code"));
    CU_ASSERT_TRUE(told(true, "no association"));
    CU_ASSERT_TRUE(told(true, "no application server"));
    CU_ASSERT_TRUE(told(true, "no traffic"));
    CU_ASSERT_EQUAL(problems.error_count, 4);
    ERROR(SIM, NETWORK TRAFFIC " flow G\n", "flow G: no target");
    CU_ASSERT_TRUE(told(true, "flow G: no rate"));
    CU_ASSERT_TRUE(told(true, "flow G: nothing to send"));
    ERROR(SIM, NETWORK TRAFFIC " target U\n", "target U: nothing leads there");
    ERROR(SIM, NETWORK TRAFFIC " target U\n  as B\n", "target U: no destination");
    ERROR(SIM, NETWORK TRAFFIC " flow G\n  rate 0\n", "flow G: no rate");
    ERROR(RESP, NETWORK "cs7 instance 0\n as D m3ua\n", "as D: nothing serves it");
    CU_ASSERT_TRUE(told(true, "as D: no point code"));
}

static void point_codes_must_fit_the_addresses_of_sccp(void) /* Q.713-3.4.2.1 */
{
#define FORMAT NETWORK "cs7 instance 0\n point-code format 8 8 8\n point-code 1.2.3\n"
    ERROR(RESP, FORMAT, "write sccp-variant ansi");
    CU_ASSERT_EQUAL(check(FORMAT " sccp-variant ansi\n", RESP), P7_OK);
    CU_ASSERT_EQUAL(problems.count, 0);
    CU_ASSERT_EQUAL(check(NETWORK "cs7 instance 0\n sccp-variant ansi\n", RESP), P7_OK);
#undef FORMAT
}

static void t_reass_is_one_that_peers_count_on(void)
{
    WARNING(RESP, NETWORK "cs7 instance 0\n sccp-timer reassembly 5s\n", "10000 to 20000");
    WARNING(RESP, NETWORK "cs7 instance 0\n sccp-timer reassembly 21s\n", "21000 ms");
    CU_ASSERT_EQUAL(check(NETWORK "cs7 instance 0\n sccp-timer reassembly 20s\n", RESP), P7_OK);
    CU_ASSERT_EQUAL(problems.count, 0);
}

static void ends_of_an_association_need_what_their_role_needs(void)
{
    ERROR(RESP, NETWORK "cs7 instance 0\n asp C 2905 0 m3ua\n", "needs to know where");
    ERROR(RESP, NETWORK "cs7 instance 0\n asp C 0 0 m3ua\n  remote-ip ::1\n", "peer's SCTP port");
    ERROR(RESP, NETWORK "cs7 instance 0\n asp C 0 0 m3ua\n  sctp-role server\n",
          "a server needs its SCTP port");
    ERROR(RESP,
          NETWORK "cs7 instance 0\n asp C 2905 3000 m3ua\n  remote-ip ::1\n"
                  " asp D 2905 3000 m3ua\n  remote-ip ::1\n",
          "asp D: the same ports");
    ERROR(RESP,
          NETWORK "cs7 instance 0\n asp C 0 2905 m3ua\n  role sg\n  sctp-role server\n"
                  " as D m3ua\n  asp C\n  routing-key 2 4\n  registration dynamic\n",
          "as D: registration dynamic is for asp and ipsp");
    WARNING(RESP, NETWORK "cs7 instance 0\n asp C 2905 0 m3ua\n  remote-ip ::1\n",
            "asp C: no as uses it");
    ERROR(RESP, NETWORK "cs7 instance 0\n asp C 2905 0 m3ua\n  remote-ip ::1\n  exchange double\n",
          "asp C: exchange double is for two ipsps");
    WARNING(RESP,
            NETWORK "transport usrsctp\nudp-encapsulation local-ip ::1\n"
                    "cs7 instance 0\n asp C 2905 0 m3ua\n  remote-ip ::1\n  remote-ip ::2\n",
            "takes its UDP port on all of the host");
}

static void as_that_share_an_asp_need_routing_contexts_of_their_own(void) /* RFC4666-3.1 */
{
#define IPSP(name)                                                                                 \
    "cs7 instance 0\n asp " name " 2905 0 m3ua\n  remote-ip ::1\n  role ipsp\n  exchange double\n"
#define AS_D " as D m3ua\n  routing-key 2 4\n  asp C\n"
    CU_ASSERT_EQUAL(check(NETWORK IPSP("C") AS_D, RESP), P7_OK);
    CU_ASSERT_EQUAL(problems.count, 0);
    ERROR(RESP, NETWORK IPSP("C") "  exchange single\n" IPSP("E") AS_D "  asp E\n",
          "as D: asp C and asp E differ");
    ERROR(RESP, NETWORK IPSP("C") AS_D "  asp A\n", "as D: asp C and asp A differ");
    ERROR(RESP, NETWORK IPSP("C") AS_D "  active-minimum 2\n", "as D: active-minimum 2 of 1");
    WARNING(RESP, NETWORK IPSP("C") IPSP("E") AS_D "  asp E\n  active-minimum 2\n",
            "as D: active-minimum says nothing in override mode");
    WARNING(RESP,
            NETWORK "cs7 instance 0\n asp C 2905 0 m3ua\n  remote-ip ::1\n" AS_D
                    "  asp A\n  active-minimum 2\n  traffic-mode loadshare\n",
            "nor to an asp");
    CU_ASSERT_EQUAL(check(NETWORK IPSP("C") IPSP("E") AS_D
                          "  asp E\n  active-minimum 2\n  traffic-mode loadshare\n",
                          RESP),
                    P7_OK);
    CU_ASSERT_EQUAL(problems.count, 0);
    ERROR(RESP, NETWORK "cs7 instance 0\n as D m3ua\n  asp A\n  routing-key 1 4\n",
          "routing context 1");
    ERROR(RESP, NETWORK "cs7 instance 0\n as D m3ua\n  asp A\n  routing-key none 4\n",
          "share an asp");
    CU_ASSERT_EQUAL(check(NETWORK "cs7 instance 0\n as D m3ua\n  asp A\n  routing-key 2 4\n", RESP),
                    P7_OK);
}

static void a_pinned_rto_is_warned_about_with_the_time_to_failure(void) /* RFC9260-8.2 */
{
    WARNING(RESP, NETWORK "sctp-profile v\n rto initial 120\n rto min 120\n rto max 120\n",
            "0.72 s");
    CU_ASSERT_TRUE(told(false, "RTO.Min = RTO.Max = 120 ms"));
    CU_ASSERT_TRUE(told(false, "the association stalls"));
    WARNING(RESP, NETWORK "sctp-profile v\n rto min 50\n path-max-retrans 2\n", "after 0.35 s");
}

static void path_failure_is_the_sum_of_the_ladder(void) /* RFC9260-8.2 */
{
    settings_init(&settings);
    /* 1 + 2 + 4 + 8 + 16 + 32 s; 100 + 200 + 400 * 3; 100 + 200 + 400 + 800 + 1000 * 2 ms */
    CU_ASSERT_EQUAL(settings_path_failure_ms(settings_find_profile(&settings, "rfc9260")), 63000);
    CU_ASSERT_EQUAL(settings_path_failure_ms(settings_find_profile(&settings, "carrier")), 1500);
    CU_ASSERT_EQUAL(settings_path_failure_ms(settings_find_profile(&settings, "lan")), 3500);
}

static void sctp_parameters_that_contradict_each_other_are_told(void)
{
    ERROR(RESP, NETWORK "sctp-profile v\n rto min 2000\n", "above rto max");
    ERROR(RESP, NETWORK "sctp-profile v\n rto initial 50\n", "rto initial 50 is not between");
    WARNING(RESP, NETWORK "sctp-profile v\n sack delay 200\n", "sack delay 200 reaches rto min");
    WARNING(RESP, NETWORK "sctp-profile v\n no nodelay\n", "without nodelay");
    WARNING(RESP, NETWORK "sctp-profile v\n heartbeat interval 0\n", "without SCTP HEARTBEAT");
}

static void times_of_a_run_must_fit_each_other(void)
{
    ERROR(SIM, NETWORK TRAFFIC " duration 10s\n warmup 10s\n", "warmup takes the whole");
    WARNING(SIM, NETWORK TRAFFIC " duration 5s\n", "one row only");
    WARNING(SIM, NETWORK TRAFFIC " retransmit-after 1s\n", "does nothing with attempts 1");
    WARNING(SIM, NETWORK TRAFFIC " attempts 2\n", "do nothing without retransmit-after");
    WARNING(SIM, NETWORK TRAFFIC " attempts 3\n retransmit-after 5s\n", "after the timeout");
    CU_ASSERT_EQUAL(check(NETWORK TRAFFIC " duration 0\n warmup 1h\n", SIM), P7_OK);
}

static void loads_need_a_duration_and_bring_the_rates(void)
{
    ERROR(SIM, NETWORK TRAFFIC " duration 0\n loads 5\n", "each run must end");
    WARNING(SIM, NETWORK TRAFFIC " repeats 2\n", "does nothing without loads");
    CU_ASSERT_EQUAL(check(NETWORK TRAFFIC " loads 5\n repeats 2\n", SIM), P7_OK);
    CU_ASSERT_EQUAL(problems.count, 0);
    CU_ASSERT_EQUAL(check(NETWORK TRAFFIC "  rate 0\n loads 5\n", SIM), P7_OK);
    /* A share of nothing beside others would never send. */
    ERROR(SIM, NETWORK TRAFFIC " loads 5\n flow G\n  target T\n  mix M 1\n", "flow G: no rate");
    ERROR(SIM, NETWORK TRAFFIC "  rate 0\n", "flow F: no rate");
    /* The highest load counts: 20 calls/s of 2 s and 60 s hold 1240. */
    WARNING(SIM, NETWORK TRAFFIC " loads 1 20\n dialogues 1239\n", "1240 dialogues open");
    WARNING(SIM, NETWORK TRAFFIC "  rate 0\n loads 20 1\n dialogues 1239\n", "1240 dialogues");
    CU_ASSERT_EQUAL(check(NETWORK TRAFFIC " loads 1 20\n dialogues 1240\n", SIM), P7_OK);
    CU_ASSERT_EQUAL(problems.count, 0);
}

static void more_open_dialogues_than_memory_is_taken_for_are_warned_about(void)
{
    /* 10 calls/s of 2 s and 60 s hold 620. */
    WARNING(SIM, NETWORK TRAFFIC " dialogues 600\n", "620 dialogues open");
    CU_ASSERT_EQUAL(check(NETWORK TRAFFIC " dialogues 621\n", SIM), P7_OK);
    CU_ASSERT_EQUAL(problems.count, 0);
}

static void ranges_of_numbers_must_keep_their_length(void)
{
    ERROR(SIM, NETWORK TRAFFIC " subscribers 999 2\n imsi 1000\n", "subscribers: 2 numbers");
    ERROR(SIM, NETWORK TRAFFIC " subscribers 100 900\n imsi 999\n", "imsi: 900 numbers");
    ERROR(SIM, NETWORK TRAFFIC " imsi 1234567890123456\n", "longer than 15");
    ERROR(SIM, NETWORK TRAFFIC " msc 1234567890123456\n",
          "msc: 1234567890123456 is longer than 15");
    ERROR(SIM, NETWORK TRAFFIC " subscribers csv /nonexistent/file.csv\n", "can't read");
    ERROR(RESP, NETWORK "responder\n accounts 9 2 balance 1\n", "accounts: 2 numbers");
    CU_ASSERT_EQUAL(check(NETWORK TRAFFIC " subscribers 100 900\n imsi 00000\n", SIM), P7_OK);
}

static void a_responder_needs_what_its_workload_uses(void)
{
    ERROR(RESP, NETWORK "responder\n workload write 100\n", "write data DIR");
    ERROR(RESP, NETWORK "responder\n workload dirty 2\n workload heap 8191\n", "dirty 2 needs");
    ERROR(RESP, NETWORK "responder\n tariff slice 1050ms\n", "multiple");
    ERROR(RESP, NETWORK "responder\n fault error 60000\n fault drop 60000\n", "add up");
    ERROR(RESP, NETWORK "responder\n fault delay 10 0\n", "without a time");
    CU_ASSERT_EQUAL(check(NETWORK "responder\n workload dirty 2\n workload heap 8k\n", RESP),
                    P7_OK);
}

#define KEY_FILE "CMakeLists.txt" /* any file that can be read */
#define NODE                                                                                       \
    "responder\n data d\n cluster 7 node 0\n  key-file " KEY_FILE                                  \
    "\n  link 127.0.0.1 7101 127.0.0.1 7102\n"

static void a_cluster_that_is_whole_has_no_problem(void)
{
    CU_ASSERT_EQUAL(check(NETWORK NODE "  witness 127.0.0.1 7100\n", RESP), P7_OK);
    CU_ASSERT_EQUAL(problems.count, 0);
    CU_ASSERT_EQUAL(check(NETWORK NODE "  etcd http://127.0.0.1:2379\n", RESP), P7_OK);
    CU_ASSERT_EQUAL(check(NETWORK NODE "  etcd https://10.0.0.3:2379?cacert=ca.pem\n", RESP),
                    P7_OK);
    CU_ASSERT_EQUAL(problems.count, 0);
    WARNING(RESP, NETWORK NODE "  two-node\n", "both nodes serve");
    CU_ASSERT_EQUAL(check(NETWORK "responder\n data d\n ledger\n", RESP), P7_OK);
    CU_ASSERT_EQUAL(problems.count, 0);
}

static void a_ledger_needs_a_directory(void)
{
    ERROR(RESP, NETWORK "responder\n ledger\n", "the ledger needs a place: write data DIR");
    ERROR(RESP, NETWORK "responder\n cluster 7 node 0\n  two-node\n", "write data DIR");
}

static void exactly_one_of_three_decides_who_serves(void)
{
    ERROR(RESP, NETWORK NODE, "nobody decides");
    ERROR(RESP, NETWORK NODE "  two-node\n  witness ::1 7100\n", "keep one of them");
    ERROR(RESP, NETWORK NODE "  etcd http://[::1]:2379\n  witness ::1 7100\n", "keep one of them");
    ERROR(RESP, NETWORK NODE "  etcd 127.0.0.1:2379\n", "not a URL");
    WARNING(RESP, NETWORK NODE "  two-node\n  witness-local ::1\n", "does nothing without");
}

#define UNLINKED                                                                                   \
    "responder\n data d\n cluster 7 node 0\n  key-file " KEY_FILE "\n  witness ::1 7100\n"

static void the_nodes_need_a_key_and_a_way_to_each_other(void)
{
    ERROR(RESP, NETWORK UNLINKED, "no way to the other node");
    ERROR(RESP, NETWORK UNLINKED "  link ::1 7101 ::1 7101\n", "leads to itself");
    ERROR(RESP, NETWORK UNLINKED "  link ::1 9899 ::2 7101\n", "port of udp-encapsulation");
    ERROR(RESP, NETWORK UNLINKED "  link ::1 7101 ::2 7101\n  link ::1 7101 ::2 7102\n",
          "both links have the same");
    ERROR(RESP, NETWORK UNLINKED "  link ::1 7101 ::2 7101\n  link ::1 7102 ::2 7101\n",
          "both links have the same");
    ERROR(RESP, NETWORK NODE "  witness ::1 7100\n  key-file /nonexistent/key\n", "can't read key");
    ERROR(RESP, NETWORK "responder\n data d\n cluster 7 node 0\n  link ::1 1 ::1 2\n  two-node\n",
          "no key");
}

static void suspicion_takes_several_heartbeats(void)
{
    ERROR(RESP, NETWORK NODE "  two-node\n  heartbeat 200ms\n", "less than 3 heartbeats");
    WARNING(RESP, NETWORK NODE "  two-node\n  give-up 500ms\n", "give-up comes before suspect");
}

static void console_and_control_need_ports_of_their_own(void)
{
    ERROR(RESP, NETWORK "control port 4272\n", "both 4272");
}

static void a_responder_s_capture_needs_a_directory(void)
{
    ERROR(RESP, "capture 1M\n" NETWORK, "capture needs a place");
    CU_ASSERT_EQUAL(check("capture 1M\n" NETWORK "responder\n data /tmp\n", RESP), P7_OK);
}

static void problems_beyond_the_limit_are_counted(void)
{
    CU_ASSERT_EQUAL(check(NETWORK, RESP), P7_OK);
    for (uint32_t i = 1; i < 70; i++) {
        settings.asp[i] = settings.asp[0];
        (void)snprintf(settings.asp[i].profile, sizeof(settings.asp[i].profile), "gone%u", i);
    }
    settings.asp_count = 70;
    CU_ASSERT_EQUAL(settings_check(&settings, RESP, &problems), P7_RANGE);
    CU_ASSERT_EQUAL(problems.count, SETTINGS_PROBLEMS_MAX);
    CU_ASSERT_EQUAL(problems.error_count, 69);
    CU_ASSERT_EQUAL(problems.left_out, 69 - SETTINGS_PROBLEMS_MAX);
}

UNIT_TESTS = {
    UNIT(a_whole_configuration_has_no_problem_and_gets_its_profile),
    UNIT(every_name_must_lead_somewhere),
    UNIT(a_title_leads_where_its_gtt_says),
    UNIT(what_is_missing_is_told_all_at_once),
    UNIT(point_codes_must_fit_the_addresses_of_sccp),
    UNIT(t_reass_is_one_that_peers_count_on),
    UNIT(ends_of_an_association_need_what_their_role_needs),
    UNIT(as_that_share_an_asp_need_routing_contexts_of_their_own),
    UNIT(a_pinned_rto_is_warned_about_with_the_time_to_failure),
    UNIT(path_failure_is_the_sum_of_the_ladder),
    UNIT(sctp_parameters_that_contradict_each_other_are_told),
    UNIT(times_of_a_run_must_fit_each_other),
    UNIT(loads_need_a_duration_and_bring_the_rates),
    UNIT(more_open_dialogues_than_memory_is_taken_for_are_warned_about),
    UNIT(ranges_of_numbers_must_keep_their_length),
    UNIT(a_responder_needs_what_its_workload_uses),
    UNIT(a_cluster_that_is_whole_has_no_problem),
    UNIT(a_ledger_needs_a_directory),
    UNIT(exactly_one_of_three_decides_who_serves),
    UNIT(the_nodes_need_a_key_and_a_way_to_each_other),
    UNIT(suspicion_takes_several_heartbeats),
    UNIT(console_and_control_need_ports_of_their_own),
    UNIT(a_responder_s_capture_needs_a_directory),
    UNIT(problems_beyond_the_limit_are_counted),
};
UNIT_MAIN("check")
