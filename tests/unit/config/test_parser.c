/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Every error names file, line and word, and says the way out. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/language/language.h"
#include "tests/unit/unit.h"

static struct settings settings;

struct error_case {
    const char *text;
    enum p7_status status;
    const char *error; /* starts with this, behind "t.cfg:" */
    const char *way_out;
};

static const struct error_case error_cases[] = {
    {"transport tcp\n", P7_MALFORMED,
     "1: tcp: ", "auto, kernel, kernel-udp, usrsctp or usrsctp-ip"},
    {"\n\nudp-encapsulation local-port 65536\n", P7_RANGE, "3: 65536: ", "0 to 65535"},
    {"udp-encapsulation local-port -1\n", P7_MALFORMED, "1: -1: ", "0 to 65535"},
    {"udp-encapsulation local-ip localhost\n", P7_MALFORMED, "1: localhost: ", "127.0.0.1"},
    {"simulatr\n", P7_MALFORMED, "1: simulatr: ", "simulator"},
    {"rto min 100\n", P7_MALFORMED, "1: rto: ", "stands under `sctp-profile`"},
    {"simulator\n transport auto\n", P7_MALFORMED, "2: transport: ", "stands at the top level"},
    {"sctp-profile x\n rto foo 1\n", P7_MALFORMED, "2: foo: ", "`rto initial MS`"},
    {"sctp-profile x\n rto min\n", P7_MALFORMED, "2: min: ", "`rto min MS`"},
    {"sctp-profile x\n rto min 1 2\n", P7_MALFORMED, "2: 2: ", "one word too many"},
    {"sctp-profile x\n rto min 0\n", P7_RANGE, "2: 0: ", "from 1ms to 1h"},
    {"sctp-profile x\n rto min 5x\n", P7_MALFORMED, "2: 5x: ", "500ms"},
    {"sctp-profile x\n sack delay 501\n", P7_RANGE, "2: 501: ", "500ms"}, /* RFC9260-6.2 */
    {"sctp-profile x\n buffer send 64q\n", P7_MALFORMED, "2: 64q: ", "k, M or G"},
    {"sctp-profile x\n buffer send 1\n", P7_RANGE, "2: 1: ", "16384"},
    {"sctp-profile a/b\n", P7_MALFORMED, "1: a/b: ", "letters, digits"},
    {"sctp-profile abcdefghijklmnopqrstuvwxyz-0123456789\n", P7_RANGE,
     "1: abcdefghijklmnopqrstuvwxyz-0123456789: ", "at most 31"},
    {"cs7 instance 1\n", P7_RANGE, "1: 1: ", "write 0"},
    {"cs7 instance 0\n point-code 8.0.0\n", P7_RANGE, "2: 8.0.0: ", "0.0.0 to 7.255.7"},
    {"cs7 instance 0\n point-code 1.2\n", P7_MALFORMED, "2: 1.2: ", "7.255.7"},
    {"cs7 instance 0\n point-code 16384\n", P7_RANGE, "2: 16384: ", "16383"},
    {"cs7 instance 0\n point-code format 8 8 9\n", P7_RANGE, "2: 8: ", "24 in all"},
    {"cs7 instance 0\n point-code format 8 0\n", P7_RANGE, "2: 0: ", "1 to 24"},
    {"cs7 instance 0\n point-code format 3 3 3 3\n", P7_RANGE, "2: 3: ", "at most 3"},
    {"cs7 instance 0\n point-code delimiter slash\n", P7_MALFORMED, "2: slash: ", "dash"},
    {"cs7 instance 0\n network-indicator foreign\n", P7_MALFORMED, "2: foreign: ", "national"},
    {"cs7 instance 0\n sccp-variant japan\n", P7_MALFORMED, "2: japan: ", "ansi"},
    {"cs7 instance 0\n sccp-long-messages long\n", P7_MALFORMED, "2: long: ", "ludt"},
    {"cs7 instance 0\n sccp-class 2\n", P7_RANGE, "2: 2: ", "0 to 1"},
    {"cs7 instance 0\n sccp-timer reassembly 10\n", P7_MALFORMED, "2: 10: ", "unit"},
    {"cs7 instance 0\n sccp-timer reassembly 61s\n", P7_RANGE, "2: 61s: ", "1m"},
    {"cs7 instance 0\n asp A 2905 2905\n", P7_MALFORMED, "2: 2905: ", "PROTOCOL"},
    {"cs7 instance 0\n asp A 2905 2905 sua\n", P7_UNSUPPORTED, "2: sua: ", "m3ua"},
    {"cs7 instance 0\n asp A 65536 0 m3ua\n", P7_RANGE, "2: 65536: ", "65535"},
    {"cs7 instance 0\n asp A 0 x m3ua\n", P7_MALFORMED, "2: x: ", "65535"},
    {"cs7 instance 0\n asp A 1 1 m3ua\n asp A 2 2 m3ua\n", P7_EXISTS, "3: A: ", "another"},
    {"cs7 instance 0\n asp A 1 1 m3ua\n  remote-ip ::1\n  remote-ip ::1\n", P7_EXISTS,
     "4: ::1: ", "leave out"},
    {"cs7 instance 0\n as B m3ua\n as B m3ua\n", P7_EXISTS, "3: B: ", "another"},
    {"cs7 instance 0\n as B m3ua\n  routing-key x 1\n", P7_MALFORMED, "3: x: ", "4294967295"},
    {"cs7 instance 0\n as B m3ua\n  routing-key 1 9.9.9\n", P7_RANGE, "3: 9.9.9: ", "7.255.7"},
    {"cs7 instance 0\n as B m3ua\n  asp A\n  asp A\n", P7_EXISTS, "4: A: ", "leave it out"},
    {"simulator\n duration 60\n", P7_MALFORMED, "2: 60: ", "60s or 60ms"},
    {"simulator\n duration 1.5h\n", P7_MALFORMED, "2: 1.5h: ", "20m"},
    {"simulator\n duration 99999999999999999999s\n", P7_RANGE, "2: 99999999999999999999s: ", "h"},
    {"simulator\n seed 18446744073709551616\n", P7_RANGE, "2: 18446744073709551616: ", "to 1844"},
    {"simulator\n subscribers +49 5\n", P7_MALFORMED, "2: +49: ", "digits only"},
    {"simulator\n subscribers 49 0\n", P7_RANGE, "2: 0: ", "from 1 to"},
    {"simulator\n imsi 123456789012345678901234567890123\n", P7_RANGE,
     "2: 123456789012345678901234567890123: ", "at most 32"},
    {"simulator\n loads\n", P7_MALFORMED, "2: loads: ", "`loads R [R...]`"},
    {"simulator\n loads 5 fast\n", P7_MALFORMED, "2: fast: ", "750"},
    {"simulator\n loads 5 0\n", P7_RANGE, "2: 0: ", "above 0"},
    {"simulator\n loads 5 6 5.0\n", P7_EXISTS, "2: 5.0: ", "repeats"},
    {"simulator\n repeats 0\n", P7_RANGE, "2: 0: ", "1 to 1000"},
    {"simulator\n rest 2\n", P7_MALFORMED, "2: 2: ", "2s or 2ms"},
    {"simulator\n msc +46\n", P7_MALFORMED, "2: +46: ", "digits only"},
    {"responder\n oneshot service-key x\n", P7_MALFORMED, "2: x: ", "whole number"},
    {"simulator\n target T\n  called ssn 0\n", P7_RANGE, "3: 0: ", "1 to 254"},
    {"simulator\n target T\n  called ssn 6 xx 1\n", P7_MALFORMED, "3: xx: ", "gt or pc"},
    {"simulator\n target T\n  called ssn 6 gt\n", P7_MISSING, "3: gt: ", "gt DIGITS"},
    {"simulator\n target T\n  called ssn 6 gt 12a\n", P7_MALFORMED, "3: 12a: ", "digits only"},
    {"simulator\n model M voice\n", P7_MALFORMED, "2: voice: ", "oneshot, call or event"},
    {"simulator\n model M call\n model M event\n", P7_EXISTS, "3: M: ", "another"},
    {"simulator\n model M call\n  cap 4\n", P7_RANGE, "3: 4: ", "2 to 3"},
    {"simulator\n model M call\n  duration 1s linear\n", P7_MALFORMED,
     "3: linear: ", "exponential"},
    {"simulator\n model M call\n  called-disconnects 101\n", P7_RANGE, "3: 101: ", "0 to 100"},
    {"simulator\n model M call\n  parameter serviceKey 1\n  parameter lay 1\n", P7_NOT_FOUND,
     "4: lay: ", "no parameter of this name"},
    {"simulator\n model M event\n  parameter bearerCapability 80\n", P7_NOT_FOUND,
     "3: bearerCapability: ", "initialDPSMS"},
    {"simulator\n model M call\n  parameter lai 262-01\n", P7_MALFORMED,
     "3: 262-01: ", "MCC-MNC-LAC"},
    {"simulator\n model M call\n  parameter timeAndTimezone 1\n", P7_UNSUPPORTED,
     "3: timeAndTimezone: ", "no parameter timeAndTimezone"},
    {"simulator\n model M call\n  no parameter serviceKey\n", P7_MISSING,
     "3: serviceKey: ", "mandatory"},
    {"simulator\n model M call\n  no parameter lai\n  parameter lai 262-01-1\n", P7_EXISTS,
     "4: lai: ", "leave one out"},
    {"simulator\n model M call\n  outcome engaged 1\n", P7_MALFORMED, "3: engaged: ", "busy"},
    {"simulator\n model M call\n  outcome busy 1000001\n", P7_RANGE, "3: 1000001: ", "0 to "},
    {"simulator\n flow F\n  rate fast\n", P7_MALFORMED, "3: fast: ", "750"},
    {"simulator\n flow F\n  rate nan\n", P7_MALFORMED, "3: nan: ", "750"},
    {"simulator\n flow F\n  rate 1e99\n", P7_RANGE, "3: 1e99: ", "10000000"},
    {"simulator\n flow F\n  rate 0x10\n", P7_MALFORMED, "3: 0x10: ", "750"},
    {"simulator\n flow F\n  mix M 0\n", P7_RANGE, "3: 0: ", "1 to"},
    {"simulator\n flow F\n  mix M 1\n  mix M 2\n", P7_EXISTS, "4: M: ", "weight"},
    {"responder\n accounts 1 2 credit 3\n", P7_MALFORMED, "2: credit: ", "balance UNITS"},
    {"responder\n accounts 1 2 balance x\n", P7_MALFORMED, "2: x: ", "whole number"},
    {"responder\n workload heap 9999999999G\n", P7_RANGE, "2: 9999999999G: ", "octets"},
    {"responder\n fault delay 100001 5\n", P7_RANGE, "2: 100001: ", "100000"},
    {"responder\n cluster 0 node 0\n", P7_RANGE, "2: 0: ", "from 1 to"},
    {"responder\n cluster 7 node 2\n", P7_RANGE, "2: 2: ", "nodes 0 and 1"},
    {"responder\n cluster 7 node 0\n  link ::1 0 ::1 2\n", P7_RANGE, "3: 0: ", "1 to 65535"},
    {"responder\n cluster 7 node 0\n  link ::1 1 peer 2\n", P7_MALFORMED, "3: peer: ", "127.0.0.1"},
    {"responder\n cluster 7 node 0\n  link ::1 1 ::2 1\n  link ::1 2 ::2 2\n  link ::1 3 ::2 3\n",
     P7_FULL, "5: ::1: ", "at most 2"},
    {"responder\n cluster 7 node 0\n  witness ::1\n", P7_MALFORMED, "3: ::1: ", "PORT"},
    {"responder\n cluster 7 node 0\n  suspect 500\n", P7_MALFORMED, "3: 500: ", "500ms"},
    {"responder\n witness ::1 7100\n", P7_MALFORMED, "2: witness: ", "stands under `cluster`"},
    {"responder\n ledger segment 100\n", P7_RANGE, "2: 100: ", "4096"},
    {"simulator\n   name a\n name b\n", P7_MALFORMED, "3: name: ", "indent"},
    {"simulator\n name a\n\tseed 1\n", P7_MALFORMED, "3: seed: ", "indent"},
    {"log stderr\n frobnicate\n", P7_MALFORMED, "2: frobnicate: ", "pulse7.cfg(5)"},
    {"log file /nonexistent/pulse7/log\n", P7_RANGE, "1: log file /nonexistent", "create"},
};

static void every_error_names_line_and_word_and_the_way_out(void)
{
    for (size_t i = 0; i < sizeof(error_cases) / sizeof(error_cases[0]); i++) {
        const struct error_case *c = &error_cases[i];
        char error[SETTINGS_ERROR_OCTETS];
        const enum p7_status status =
            settings_load_text("t.cfg", c->text, &settings, error, sizeof(error));
        const char *behind = strncmp(error, "t.cfg:", 6) == 0 ? error + 6 : "";
        const int good = status == c->status && strncmp(behind, c->error, strlen(c->error)) == 0 &&
                         strstr(behind, c->way_out) != NULL;
        if (!good)
            (void)fprintf(stderr, "%s gives %s: %s\n", c->text, p7_status_name(status), error);
        CU_ASSERT_TRUE(good);
    }
}

static void values_that_break_a_rule_are_all_told_at_once(void)
{
    char error[SETTINGS_ERROR_OCTETS];
    CU_ASSERT_EQUAL(settings_load_text("t.cfg",
                                       "transport tcp\ncontrol port 99999\nsimulator\n seed x\n"
                                       "cs7 instance 0\n asp a/b 1 1 m3ua\n  role king\n",
                                       &settings, error, sizeof(error)),
                    P7_MALFORMED);
    CU_ASSERT_PTR_NOT_NULL(strstr(error, "t.cfg:1: tcp"));
    CU_ASSERT_PTR_NOT_NULL(strstr(error, "\nt.cfg:2: 99999"));
    CU_ASSERT_PTR_NOT_NULL(strstr(error, "\nt.cfg:4: x"));
    CU_ASSERT_PTR_NOT_NULL(strstr(error, "\nt.cfg:6: a/b"));
    CU_ASSERT_PTR_NOT_NULL(strstr(error, "\nt.cfg:7: king"));
}

static void errors_that_do_not_fit_are_left_out_whole(void)
{
    char error[80];
    CU_ASSERT_EQUAL(settings_load_text("t.cfg", "control port 70000\ncontrol port 80000\n",
                                       &settings, error, sizeof(error)),
                    P7_RANGE);
    CU_ASSERT_PTR_NOT_NULL(strstr(error, "1: 70000"));
    CU_ASSERT_PTR_NULL(strstr(error, "80000"));
    CU_ASSERT_NOT_EQUAL(error[strlen(error) - 1], '\n');
}

/* Fills text with `head`, then `count` lines made from `format` and a number. */
static char *many_lines(const char *head, const char *format, unsigned count)
{
    const size_t room = 64 * 1024;
    char *text = malloc(room);
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    size_t at = (size_t)snprintf(text, room, "%s", head);
    for (unsigned i = 0; i < count; i++) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        at += (size_t)snprintf(text + at, room - at, format, i);
#pragma GCC diagnostic pop
    }
    return text;
}

struct table_case {
    const char *head;
    const char *format;
    unsigned fit;
};

static void every_table_takes_its_limit_and_refuses_one_more(void)
{
    static const struct table_case cases[] = {
        {"", "sctp-profile p%u\n", SETTINGS_PROFILES_MAX - 3},
        {"cs7 instance 0\n", " asp a%u 1 1 m3ua\n", SETTINGS_ASPS_MAX},
        {"cs7 instance 0\n", " as a%u m3ua\n", SETTINGS_AS_MAX},
        {"cs7 instance 0\n as A m3ua\n", "  asp a%u\n", LIMIT_ASP_PER_AS},
        {"cs7 instance 0\n asp A 1 1 m3ua\n", "  local-ip 10.0.0.%u\n", LIMIT_ADDRESSES},
        {"cs7 instance 0\n asp A 1 1 m3ua\n", "  remote-ip 10.0.0.%u\n", LIMIT_ADDRESSES},
        {"simulator\n", " target t%u\n", SETTINGS_TARGETS_MAX},
        {"simulator\n", " model m%u call\n", SETTINGS_MODELS_MAX},
        {"simulator\n", " flow f%u\n", SETTINGS_FLOWS_MAX},
        {"simulator\n", " loads 1%u.5\n", SETTINGS_LOADS_MAX},
        {"simulator\n target T\n", "  as a%u\n", LIMIT_ASP_PER_AS},
        {"simulator\n flow F\n", "  mix m%u 1\n", SETTINGS_MIX_MAX},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char error[SETTINGS_ERROR_OCTETS];
        char *text = many_lines(cases[i].head, cases[i].format, cases[i].fit);
        CU_ASSERT_EQUAL(settings_load_text("t", text, &settings, error, sizeof(error)), P7_OK);
        free(text);
        text = many_lines(cases[i].head, cases[i].format, cases[i].fit + 1);
        CU_ASSERT_EQUAL(settings_load_text("t", text, &settings, error, sizeof(error)), P7_FULL);
        CU_ASSERT_PTR_NOT_NULL(strstr(error, "at most"));
        free(text);
    }
}

static void lines_under_an_entry_that_was_refused_harm_nothing(void)
{
    char error[SETTINGS_ERROR_OCTETS];
    CU_ASSERT_EQUAL(settings_load_text("t",
                                       "cs7 instance 0\n asp A 1 1 m3ua\n  role sg\n"
                                       " asp A 2 2 m3ua\n  role ipsp\n  local-ip ::1\n",
                                       &settings, error, sizeof(error)),
                    P7_EXISTS);
    CU_ASSERT_EQUAL(settings.asp_count, 1);
    CU_ASSERT_EQUAL(settings.asp[0].role, ASP_ROLE_SG);
    CU_ASSERT_EQUAL(settings.asp[0].endpoint.local_ip_count, 0);
}

static void a_line_behind_an_inner_entry_works_on_the_outer_one_again(void)
{
    char error[SETTINGS_ERROR_OCTETS];
    CU_ASSERT_EQUAL(settings_load_text("t",
                                       "simulator\n target T\n  as B\n flow F\n  rate 5\n"
                                       " seed 77\n flow G\n  rate 6\ncontrol port 5000\n",
                                       &settings, error, sizeof(error)),
                    P7_OK);
    CU_ASSERT_EQUAL(settings.simulator.seed, 77);
    CU_ASSERT_EQUAL(settings.simulator.flow[0].rate_per_s, 5.0);
    CU_ASSERT_EQUAL(settings.simulator.flow[1].rate_per_s, 6.0);
    CU_ASSERT_EQUAL(settings.control_port, 5000);
}

static void a_line_that_is_too_long_is_refused_with_its_number(void)
{
    char text[700];
    char error[SETTINGS_ERROR_OCTETS];
    memset(text, 'x', sizeof(text));
    memcpy(text, "simulator\n name ", 16);
    text[sizeof(text) - 1] = '\0';
    CU_ASSERT_EQUAL(settings_load_text("t", text, &settings, error, sizeof(error)), P7_RANGE);
    CU_ASSERT_PTR_NOT_NULL(strstr(error, "t:2: name xxx"));
}

static void a_file_that_is_none_is_told_with_its_path(void)
{
    char error[SETTINGS_ERROR_OCTETS];
    CU_ASSERT_EQUAL(settings_load("/nonexistent/pulse7.cfg", &settings, error, sizeof(error)),
                    P7_SYSTEM);
    CU_ASSERT_PTR_NOT_NULL(strstr(error, "/nonexistent/pulse7.cfg: No such file"));
    CU_ASSERT_EQUAL(settings_load("/", &settings, error, sizeof(error)), P7_SYSTEM);
    CU_ASSERT_EQUAL(settings_load("/dev/zero", &settings, error, sizeof(error)), P7_RANGE);
    CU_ASSERT_EQUAL(settings_load("/proc/self/cmdline", &settings, error, sizeof(error)),
                    P7_MALFORMED);
    CU_ASSERT_PTR_NOT_NULL(strstr(error, "not a text file"));
}

static void a_file_without_its_last_newline_and_one_with_carriage_returns_load(void)
{
    char error[SETTINGS_ERROR_OCTETS];
    CU_ASSERT_EQUAL(
        settings_load_text("t", "simulator\r\n name a\r\n seed 9", &settings, error, sizeof(error)),
        P7_OK);
    CU_ASSERT_EQUAL(settings.simulator.seed, 9);
    CU_ASSERT_STRING_EQUAL(settings.simulator.name, "a");
}

/* A broken file must not hurt the reading of the next: libosmovty's state is global. */
static void random_garbage_harms_nothing(void)
{
    uint32_t state = 7;
    char text[400];
    char error[SETTINGS_ERROR_OCTETS];
    static const char alphabet[] = "abrs 0123.\n\n  !#<>[]()|-%\t\"";
    for (uint32_t round = 0; round < 400; round++) {
        for (size_t i = 0; i + 1 < sizeof(text); i++) {
            state = state * 1664525u + 1013904223u;
            text[i] = alphabet[(state >> 16) % (sizeof(alphabet) - 1)];
        }
        text[sizeof(text) - 1] = '\0';
        (void)!settings_load_text("t", text, &settings, error, sizeof(error));
    }
    CU_ASSERT_EQUAL(
        settings_load_text("t", "simulator\n seed 5\n", &settings, error, sizeof(error)), P7_OK);
    CU_ASSERT_EQUAL(settings.simulator.seed, 5);
}

UNIT_TESTS = {
    UNIT(every_error_names_line_and_word_and_the_way_out),
    UNIT(values_that_break_a_rule_are_all_told_at_once),
    UNIT(errors_that_do_not_fit_are_left_out_whole),
    UNIT(every_table_takes_its_limit_and_refuses_one_more),
    UNIT(lines_under_an_entry_that_was_refused_harm_nothing),
    UNIT(a_line_behind_an_inner_entry_works_on_the_outer_one_again),
    UNIT(a_line_that_is_too_long_is_refused_with_its_number),
    UNIT(a_file_that_is_none_is_told_with_its_path),
    UNIT(a_file_without_its_last_newline_and_one_with_carriage_returns_load),
    UNIT(random_garbage_harms_nothing),
};
UNIT_MAIN("parser")
