/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "sigtran/runtime/console.h"

#include "sigtran/runtime/log.h"
#include "tests/unit/sigtran/runtime/loopback.h"
#include "tests/unit/unit.h"

#define REPLY_OCTETS 16384

static char reply[REPLY_OCTETS];

struct counted {
    uint32_t runs;
    uint32_t arguments;
    char last[64];
    enum p7_status status;
};

static enum p7_status count_run(void *context, uint32_t argument_count, const char *const *argument,
                                struct console_output *output)
{
    struct counted *counted = context;
    counted->runs++;
    counted->arguments = argument_count;
    if (argument_count > 0)
        (void)snprintf(counted->last, sizeof(counted->last), "%s", argument[0]);
    console_print(output, "ran %u times", counted->runs);
    return counted->status;
}

struct open_console {
    struct control_plane *plane;
    struct console *console;
    int fd;
};

static struct open_console open_it(void)
{
    struct open_console o = {0};
    CU_ASSERT_EQUAL_FATAL(console_library_open("pulse7-test", "9.9.9"), P7_OK);
    CU_ASSERT_EQUAL_FATAL(control_plane_create(&o.plane), P7_OK);
    CU_ASSERT_EQUAL_FATAL(console_open(&o.console, 0, NULL), P7_OK);
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

/* As scripts do. */
static void commands_and_the_exit_behind_them_in_one_packet_are_answered(void)
{
    struct counted counted = {.status = P7_OK};
    struct open_console o = open_it();
    CU_ASSERT_EQUAL(
        console_command_add("show counted", "Counts",
                            (struct console_command){.context = &counted, .run = count_run}),
        P7_OK);
    CU_ASSERT_TRUE(say(&o, "enable\nshow counted\nexit\n", "ran 1 times"));
    close_it(&o);
}

static void a_command_before_the_library_is_refused(void)
{
    struct console *console = NULL;
    const struct console_command callback = {.context = NULL, .run = count_run};
    CU_ASSERT_EQUAL(console_command_add("show x", "X", callback), P7_STATE);
    CU_ASSERT_EQUAL(console_open(&console, 0, NULL), P7_STATE);
    CU_ASSERT_PTR_NULL(console);
}

static void the_console_greets_with_its_prompt_and_version(void)
{
    struct open_console o = open_it();
    CU_ASSERT_TRUE(loopback_contains(reply, sizeof(reply), "pulse7> "));
    CU_ASSERT_TRUE(say(&o, "show version\r\n", "9.9.9"));
    close_it(&o);
}

static void a_programs_command_runs_its_callback_and_prints_lines(void)
{
    struct open_console o = open_it();
    struct counted counted = {.status = P7_OK};
    const struct console_command callback = {.context = &counted, .run = count_run};
    CU_ASSERT_EQUAL(console_command_add("show statistics", "Of the run", callback), P7_OK);
    CU_ASSERT_EQUAL(console_command_add("rate <0-1000000>", "Sets the rate", callback), P7_OK);
    CU_ASSERT_TRUE(say(&o, "show statistics\r\n", "ran 1 times\r\n"));
    CU_ASSERT_EQUAL(counted.arguments, 0);
    CU_ASSERT_TRUE(say(&o, "rate 9450\r\n", "ran 2 times\r\n"));
    CU_ASSERT_EQUAL(counted.arguments, 1);
    CU_ASSERT_STRING_EQUAL(counted.last, "9450");
    CU_ASSERT_TRUE(say(&o, "rate 1000001\r\n", "Unknown command"));
    CU_ASSERT_EQUAL(counted.runs, 2);
    close_it(&o);
}

static void a_failing_command_says_why(void)
{
    struct open_console o = open_it();
    struct counted counted = {.status = P7_STATE};
    const struct console_command callback = {.context = &counted, .run = count_run};
    CU_ASSERT_EQUAL(console_command_add("pause", "Pauses", callback), P7_OK);
    CU_ASSERT_TRUE(say(&o, "pause\r\n", "% not possible in the present state"));
    close_it(&o);
}

static void adding_a_command_again_replaces_its_callback(void)
{
    struct open_console o = open_it();
    struct counted first = {.status = P7_OK};
    struct counted second = {.status = P7_OK, .runs = 41};
    CU_ASSERT_EQUAL(
        console_command_add("resume", "Resumes",
                            (struct console_command){.context = &first, .run = count_run}),
        P7_OK);
    CU_ASSERT_EQUAL(
        console_command_add("resume", "Resumes",
                            (struct console_command){.context = &second, .run = count_run}),
        P7_OK);
    CU_ASSERT_TRUE(say(&o, "resume\r\n", "ran 42 times"));
    CU_ASSERT_EQUAL(first.runs, 0);
    close_it(&o);
}

static void commands_that_can_not_be_are_refused(void)
{
    const struct console_command callback = {.context = NULL, .run = count_run};
    char longest[CONSOLE_COMMAND_OCTETS + 1];
    memset(longest, 'a', sizeof(longest));
    longest[CONSOLE_COMMAND_OCTETS] = '\0';
    CU_ASSERT_EQUAL(console_command_add("", "Nothing", callback), P7_RANGE);
    CU_ASSERT_EQUAL(console_command_add(longest, "Long", callback), P7_RANGE);
    CU_ASSERT_EQUAL(console_command_add("show (a|b)", "Choice", callback), P7_RANGE);
    CU_ASSERT_EQUAL(console_command_add("show  a", "Two blanks", callback), P7_RANGE);
    CU_ASSERT_EQUAL(console_command_add("x A B C D E F G H I", "Nine variables", callback),
                    P7_RANGE);
    CU_ASSERT_EQUAL(console_command_add("show a", "Two\nlines", callback), P7_RANGE);
}

static void a_port_that_is_taken_is_told(void)
{
    struct open_console o = open_it();
    struct console *second = NULL;
    CU_ASSERT_EQUAL(console_open(&second, 0, NULL), P7_STATE);
    const uint16_t port = console_port(o.console);
    close_it(&o);
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    const struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const int one = 1;
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    CU_ASSERT_EQUAL_FATAL(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
    CU_ASSERT_EQUAL_FATAL(listen(fd, 1), 0);
    p7_log_set_level(P7_LOG_FATAL);
    CU_ASSERT_EQUAL(console_open(&second, port, NULL), P7_SYSTEM);
    CU_ASSERT_PTR_NULL(second);
    (void)close(fd);
}

static void a_client_that_goes_away_in_the_middle_harms_nothing(void)
{
    struct open_console o = open_it();
    const int other = loopback_connect(console_port(o.console));
    CU_ASSERT_NOT_EQUAL_FATAL(other, -1);
    CU_ASSERT_EQUAL(write(other, "show vers", 9), 9);
    control_plane_run_once(o.plane, 5);
    (void)close(other);
    char garbage[600];
    memset(garbage, 0xff, sizeof(garbage));
    const int third = loopback_connect(console_port(o.console));
    CU_ASSERT_EQUAL(write(third, garbage, sizeof(garbage)), (ssize_t)sizeof(garbage));
    for (int i = 0; i < 5; i++)
        control_plane_run_once(o.plane, 2);
    CU_ASSERT_TRUE(say(&o, "show version\r\n", "9.9.9"));
    (void)close(third);
    close_it(&o);
}

UNIT_TESTS = {
    UNIT(a_command_before_the_library_is_refused),
    UNIT(the_console_greets_with_its_prompt_and_version),
    UNIT(a_programs_command_runs_its_callback_and_prints_lines),
    UNIT(a_failing_command_says_why),
    UNIT(adding_a_command_again_replaces_its_callback),
    UNIT(commands_that_can_not_be_are_refused),
    UNIT(a_port_that_is_taken_is_told),
    UNIT(a_client_that_goes_away_in_the_middle_harms_nothing),
    UNIT(commands_and_the_exit_behind_them_in_one_packet_are_answered),
};
UNIT_MAIN("console")
