/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The console shows the settings in force, and lets nobody change them. */
#include <string.h>

#include "config/language/language.h"
#include "sigtran/runtime/console.h"
#include "sigtran/runtime/log.h"
#include "tests/unit/sigtran/runtime/loopback.h"
#include "tests/unit/unit.h"

#define REPLY_OCTETS 65536

static struct settings settings;
static char reply[REPLY_OCTETS];

struct open_console {
    struct control_plane *plane;
    struct console *console;
    int fd;
};

static struct open_console open_it(const char *text)
{
    struct open_console o = {0};
    char error[SETTINGS_ERROR_OCTETS];
    CU_ASSERT_EQUAL_FATAL(settings_load_text("t", text, &settings, error, sizeof(error)), P7_OK);
    p7_log_set_level(P7_LOG_FATAL);
    CU_ASSERT_EQUAL_FATAL(control_plane_create(&o.plane), P7_OK);
    CU_ASSERT_EQUAL_FATAL(console_open(&o.console, 0, &settings), P7_OK);
    o.fd = loopback_connect(console_port(o.console));
    CU_ASSERT_NOT_EQUAL_FATAL(o.fd, -1);
    (void)loopback_talk(o.plane, o.fd, NULL, 0, "pulse7> ", reply, sizeof(reply));
    return o;
}

static void close_it(struct open_console *o)
{
    (void)close(o->fd);
    control_plane_run_once(o->plane, 0);
    console_close(o->console);
    control_plane_destroy(o->plane);
}

static bool say(struct open_console *o, const char *line, const char *expected)
{
    const size_t got =
        loopback_talk(o->plane, o->fd, line, strlen(line), expected, reply, sizeof(reply));
    const bool found = loopback_contains(reply, got, expected);
    if (!found)
        (void)fprintf(stderr, "%s gives: %s\n", line, reply);
    return found;
}

static void show_running_config_prints_the_settings(void)
{
    struct open_console o = open_it("simulator\n name shown\n flow F\n  rate 4711\n");
    CU_ASSERT_TRUE(say(&o, "terminal length 0\r\nenable\r\n", "pulse7# "));
    CU_ASSERT_TRUE(say(&o, "show running-config\r\n", "\r\nend\r\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(reply, "\r\nsimulator\r\n name shown\r\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(reply, "\r\n flow F\r\n  rate 4711\r\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(reply, "\r\nsctp-profile carrier\r\n rto initial 300\r\n"));
    close_it(&o);
}

static void settings_can_not_be_changed_from_the_console(void)
{
    struct open_console o = open_it("simulator\n seed 5\n");
    CU_ASSERT_TRUE(say(&o, "enable\r\nconfigure terminal\r\n", "pulse7(config)# "));
    CU_ASSERT_TRUE(say(&o, "transport kernel\r\n", "% Settings are read at the start and stay"));
    CU_ASSERT_TRUE(say(&o, "simulator\r\n", "% Settings are read at the start and stay"));
    CU_ASSERT_EQUAL(settings.transport.kind, TRANSPORT_AUTO);
    CU_ASSERT_TRUE(say(&o, "end\r\n", "pulse7# "));
    close_it(&o);
}

static void a_file_can_be_read_while_a_console_is_open(void)
{
    struct open_console o = open_it("");
    char error[SETTINGS_ERROR_OCTETS];
    CU_ASSERT_EQUAL(
        settings_load_text("t", "simulator\n seed 6\n", &settings, error, sizeof(error)), P7_OK);
    CU_ASSERT_EQUAL(settings.simulator.seed, 6);
    CU_ASSERT_TRUE(say(&o, "show version\r\n", "pulse7"));
    close_it(&o);
}

UNIT_TESTS = {
    UNIT(show_running_config_prints_the_settings),
    UNIT(settings_can_not_be_changed_from_the_console),
    UNIT(a_file_can_be_read_while_a_console_is_open),
};
UNIT_MAIN("running configuration")
