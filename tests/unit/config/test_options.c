/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "config/language/options.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/unit.h"

#define SIM  SETTINGS_FOR_SIMULATOR
#define RESP SETTINGS_FOR_RESPONDER

static struct options options;
static struct settings settings;
static char error[OPTIONS_ERROR_OCTETS];

/* Splits a command line at its blanks. */
static enum p7_status parse(enum settings_program program, const char *line)
{
    static char words[512];
    static char *argv[32];
    int argc = 0;
    (void)snprintf(words, sizeof(words), "pulse7 %s", line);
    char *rest = NULL;
    for (char *word = strtok_r(words, " ", &rest); word != NULL && argc < 31;
         word = strtok_r(NULL, " ", &rest))
        argv[argc++] = word;
    argv[argc] = NULL;
    return options_parse(&options, program, argc, argv, error, sizeof(error));
}

static void every_option_of_the_simulator_is_read(void)
{
    CU_ASSERT_EQUAL(parse(SIM, "-c a.cfg --rate 9450.5 --duration 20m --out runs/x --transport "
                               "kernel --target 10.0.0.1:2906 --seed 42 --name n --screen off "
                               "--check --quiet"),
                    P7_OK);
    CU_ASSERT_STRING_EQUAL(options.config_path, "a.cfg");
    CU_ASSERT_TRUE(options.has_rate && options.rate_per_s == 9450.5);
    CU_ASSERT_TRUE(options.has_duration && options.duration_ms == 1200000);
    CU_ASSERT_STRING_EQUAL(options.out, "runs/x");
    CU_ASSERT_TRUE(options.has_transport && options.transport == TRANSPORT_KERNEL);
    CU_ASSERT_TRUE(options.has_address && options.address_port == 2906);
    CU_ASSERT_STRING_EQUAL(options.address_ip, "10.0.0.1");
    CU_ASSERT_TRUE(options.has_seed && options.seed == 42);
    CU_ASSERT_STRING_EQUAL(options.name, "n");
    CU_ASSERT_EQUAL(options.screen, OPTIONS_SCREEN_OFF);
    CU_ASSERT_EQUAL(options.action, OPTIONS_CHECK);
    CU_ASSERT_TRUE(options.quiet);
}

static void a_probe_is_the_simulators(void)
{
    CU_ASSERT_EQUAL(parse(SIM, "-c a.cfg --probe"), P7_OK);
    CU_ASSERT_EQUAL(options.action, OPTIONS_PROBE);
    CU_ASSERT_NOT_EQUAL(parse(RESP, "-c a.cfg --probe"), P7_OK);
}

static void every_option_of_the_responder_is_read(void)
{
    CU_ASSERT_EQUAL(parse(RESP, "--config b.cfg --transport usrsctp --listen [::1]:2905 --data d "
                                "--duration 90s --quiet"),
                    P7_OK);
    CU_ASSERT_STRING_EQUAL(options.config_path, "b.cfg");
    CU_ASSERT_EQUAL(options.transport, TRANSPORT_USRSCTP);
    CU_ASSERT_STRING_EQUAL(options.address_ip, "::1");
    CU_ASSERT_EQUAL(options.address_port, 2905);
    CU_ASSERT_STRING_EQUAL(options.data, "d");
    CU_ASSERT_EQUAL(options.duration_ms, 90000);
    CU_ASSERT_EQUAL(options.action, OPTIONS_RUN);
}

static void addresses_come_with_and_without_a_port(void)
{
    CU_ASSERT_EQUAL(parse(SIM, "--target ::1"), P7_OK);
    CU_ASSERT_STRING_EQUAL(options.address_ip, "::1");
    CU_ASSERT_EQUAL(options.address_port, 0);
    CU_ASSERT_EQUAL(parse(SIM, "--target [fd00::2]"), P7_OK);
    CU_ASSERT_STRING_EQUAL(options.address_ip, "fd00::2");
    CU_ASSERT_EQUAL(parse(SIM, "--target 127.0.0.1"), P7_OK);
    CU_ASSERT_EQUAL(options.address_port, 0);
    static const char *const wrong[] = {"--target host:2905",       "--target 127.0.0.1:0",
                                        "--target 127.0.0.1:",      "--target [::1]x",
                                        "--target 127.0.0.1:65536", "--target :2905"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        CU_ASSERT_NOT_EQUAL(parse(SIM, wrong[i]), P7_OK);
        CU_ASSERT_PTR_NOT_NULL(strstr(error, "--target"));
    }
}

static void a_wrong_option_is_named_with_the_way_out(void)
{
    static const struct {
        enum settings_program program;
        const char *line;
        const char *error;
    } cases[] = {
        {SIM, "--frobnicate", "--frobnicate: no such option; see --help"},
        {SIM, "-x", "no such option; see --help"},
        {SIM, "--rate", "--rate: a value is missing"},
        {SIM, "--rate 0", "--rate 0: not a rate"},
        {SIM, "--rate -5", "--rate -5: not a rate"},
        {SIM, "--rate nan", "--rate nan: not a rate"},
        {SIM, "--rate 1e3", "--rate 1e3: not a rate"},
        {SIM, "--duration 30", "--duration 30: a time needs its unit; write 30s or 30ms"},
        {SIM, "--transport tcp", "--transport tcp: no such choice; write auto, kernel"},
        {SIM, "--seed x", "--seed x: not a whole number"},
        {SIM, "--screen maybe", "--screen maybe: no such choice; write auto, on or off"},
        {SIM, "--name a/b", "--name a/b: not a name"},
        {SIM, "a.cfg", "a.cfg: not an option; a file goes behind -c"},
        {SIM, "--listen 127.0.0.1", "no such option"},
        {RESP, "--rate 5", "no such option"},
        {RESP, "--target 127.0.0.1", "no such option"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        CU_ASSERT_NOT_EQUAL(parse(cases[i].program, cases[i].line), P7_OK);
        if (strstr(error, cases[i].error) == NULL)
            (void)fprintf(stderr, "%s gives: %s\n", cases[i].line, error);
        CU_ASSERT_PTR_NOT_NULL(strstr(error, cases[i].error));
    }
}

static void the_first_of_several_wrong_options_is_told(void)
{
    CU_ASSERT_EQUAL(parse(SIM, "--rate 0 --seed x"), P7_RANGE);
    CU_ASSERT_PTR_NOT_NULL(strstr(error, "--rate 0"));
}

static void help_and_version_win_over_everything(void)
{
    CU_ASSERT_EQUAL(parse(SIM, "--rate x -h"), P7_OK);
    CU_ASSERT_EQUAL(options.action, OPTIONS_HELP);
    CU_ASSERT_EQUAL(parse(SIM, "--help --check"), P7_OK);
    CU_ASSERT_EQUAL(options.action, OPTIONS_HELP);
    CU_ASSERT_EQUAL(parse(RESP, "-V junk"), P7_OK);
    CU_ASSERT_EQUAL(options.action, OPTIONS_VERSION);
    CU_ASSERT_EQUAL(parse(RESP, ""), P7_OK);
    CU_ASSERT_EQUAL(options.action, OPTIONS_RUN);
}

static void load(const char *text)
{
    char load_error[SETTINGS_ERROR_OCTETS];
    CU_ASSERT_EQUAL_FATAL(settings_load_text("t", text, &settings, load_error, sizeof(load_error)),
                          P7_OK);
}

static void options_override_what_the_file_says(void)
{
    load("cs7 instance 0\n asp S 0 2905 m3ua\n  sctp-role server\n asp A 2905 0 m3ua\n"
         "  remote-ip 10.0.0.1\n  remote-ip 10.0.0.2\nsimulator\n duration 5s\n seed 3\n");
    CU_ASSERT_EQUAL(parse(SIM, "--duration 7s --seed 8 --transport usrsctp-ip --out o --name n "
                               "--target 127.0.0.1:2999"),
                    P7_OK);
    CU_ASSERT_EQUAL(options_apply(&options, SIM, &settings, error, sizeof(error)), P7_OK);
    CU_ASSERT_EQUAL(settings.simulator.duration_ms, 7000);
    CU_ASSERT_EQUAL(settings.simulator.seed, 8);
    CU_ASSERT_EQUAL(settings.transport.kind, TRANSPORT_USRSCTP_IP);
    CU_ASSERT_STRING_EQUAL(settings.simulator.out, "o");
    CU_ASSERT_STRING_EQUAL(settings.simulator.name, "n");
    CU_ASSERT_EQUAL(settings.asp[1].endpoint.remote_ip_count, 1);
    CU_ASSERT_STRING_EQUAL(settings.asp[1].endpoint.remote_ip[0], "127.0.0.1");
    CU_ASSERT_EQUAL(settings.asp[1].endpoint.remote_port, 2999);
    CU_ASSERT_EQUAL(settings.asp[0].endpoint.remote_ip_count, 0);
}

static void listen_sets_the_first_server_and_without_a_port_keeps_the_files(void)
{
    load("cs7 instance 0\n asp A 2905 0 m3ua\n asp S 0 2905 m3ua\n  sctp-role server\n");
    CU_ASSERT_EQUAL(parse(RESP, "--listen 127.0.0.1 --data d --duration 1s"), P7_OK);
    CU_ASSERT_EQUAL(options_apply(&options, RESP, &settings, error, sizeof(error)), P7_OK);
    CU_ASSERT_STRING_EQUAL(settings.asp[1].endpoint.local_ip[0], "127.0.0.1");
    CU_ASSERT_EQUAL(settings.asp[1].endpoint.local_port, 2905);
    CU_ASSERT_STRING_EQUAL(settings.responder.data, "d");
    CU_ASSERT_EQUAL(settings.simulator.duration_ms, 60000); /* the simulator's is not touched */
}

static void a_rate_is_shared_as_the_files_rates_are(void)
{
    load("simulator\n flow F\n  rate 30\n flow G\n  rate 10\n");
    CU_ASSERT_EQUAL(parse(SIM, "--rate 100"), P7_OK);
    CU_ASSERT_EQUAL(options_apply(&options, SIM, &settings, error, sizeof(error)), P7_OK);
    CU_ASSERT_DOUBLE_EQUAL(settings.simulator.flow[0].rate_per_s, 75.0, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(settings.simulator.flow[1].rate_per_s, 25.0, 1e-9);
    load("simulator\n flow F\n flow G\n");
    CU_ASSERT_EQUAL(options_apply(&options, SIM, &settings, error, sizeof(error)), P7_OK);
    CU_ASSERT_DOUBLE_EQUAL(settings.simulator.flow[1].rate_per_s, 50.0, 1e-9);
}

static void a_rate_beside_loads_is_refused_with_the_reason(void)
{
    load("simulator\n loads 750 2250\n flow F\n  rate 30\n");
    CU_ASSERT_EQUAL(parse(SIM, "--rate 100"), P7_OK);
    CU_ASSERT_EQUAL(options_apply(&options, SIM, &settings, error, sizeof(error)), P7_STATE);
    CU_ASSERT_PTR_NOT_NULL(strstr(error, "--rate: the configuration has loads"));
    CU_ASSERT_EQUAL(settings.simulator.flow[0].rate_per_s, 30.0);
}

static void what_there_is_nothing_for_is_told(void)
{
    load("");
    CU_ASSERT_EQUAL(parse(SIM, "--rate 100"), P7_OK);
    CU_ASSERT_EQUAL(options_apply(&options, SIM, &settings, error, sizeof(error)), P7_NOT_FOUND);
    CU_ASSERT_PTR_NOT_NULL(strstr(error, "--rate: the configuration has no flow"));
    CU_ASSERT_EQUAL(parse(SIM, "--target ::1"), P7_OK);
    CU_ASSERT_EQUAL(options_apply(&options, SIM, &settings, error, sizeof(error)), P7_NOT_FOUND);
    CU_ASSERT_PTR_NOT_NULL(strstr(error, "--target: the configuration has no asp"));
    CU_ASSERT_EQUAL(parse(RESP, "--listen ::1"), P7_OK);
    CU_ASSERT_EQUAL(options_apply(&options, RESP, &settings, error, sizeof(error)), P7_NOT_FOUND);
    CU_ASSERT_PTR_NOT_NULL(strstr(error, "--listen: the configuration has no asp"));
}

UNIT_TESTS = {
    UNIT(every_option_of_the_simulator_is_read),
    UNIT(a_probe_is_the_simulators),
    UNIT(every_option_of_the_responder_is_read),
    UNIT(addresses_come_with_and_without_a_port),
    UNIT(a_wrong_option_is_named_with_the_way_out),
    UNIT(the_first_of_several_wrong_options_is_told),
    UNIT(help_and_version_win_over_everything),
    UNIT(options_override_what_the_file_says),
    UNIT(listen_sets_the_first_server_and_without_a_port_keeps_the_files),
    UNIT(a_rate_is_shared_as_the_files_rates_are),
    UNIT(a_rate_beside_loads_is_refused_with_the_reason),
    UNIT(what_there_is_nothing_for_is_told),
};
UNIT_MAIN("options")
