/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "sigtran/runtime/control.h"

#include <stdlib.h>

#include "sigtran/runtime/log.h"
#include "tests/unit/sigtran/runtime/loopback.h"
#include "tests/unit/unit.h"

#define IPA_HEADER_OCTETS 4 /* length (2), stream 0xee, extension 0 = CTRL */

static char reply[4096];

static enum p7_status get_number(void *context, char *value, size_t value_octets)
{
    (void)snprintf(value, value_octets, "%d", *(const int *)context);
    return *(const int *)context < 0 ? P7_STATE : P7_OK;
}

static enum p7_status set_number(void *context, const char *value)
{
    if (value[0] < '0' || value[0] > '9')
        return P7_RANGE;
    *(int *)context = (int)strtol(value, NULL, 10);
    return P7_OK;
}

struct open_control {
    struct control_plane *plane;
    struct control *control;
    int fd;
};

static struct open_control open_it(void)
{
    struct open_control o = {0};
    CU_ASSERT_EQUAL_FATAL(p7_log_library_open(), P7_OK);
    p7_log_set_level(P7_LOG_FATAL);
    CU_ASSERT_EQUAL_FATAL(control_plane_create(&o.plane), P7_OK);
    CU_ASSERT_EQUAL_FATAL(control_open(&o.control, 0), P7_OK);
    CU_ASSERT_NOT_EQUAL_FATAL(control_port(o.control), 0);
    o.fd = loopback_connect(control_port(o.control));
    CU_ASSERT_NOT_EQUAL_FATAL(o.fd, -1);
    return o;
}

static void close_it(struct open_control *o)
{
    (void)close(o->fd);
    control_plane_run_once(o->plane, 1);
    control_close(o->control);
    control_plane_destroy(o->plane);
}

static bool ask(struct open_control *o, const char *command, const char *expected)
{
    char message[256];
    const size_t length = strlen(command);
    message[0] = (char)((length + 1) >> 8);
    message[1] = (char)(length + 1);
    message[2] = (char)0xee;
    message[3] = 0;
    memcpy(message + IPA_HEADER_OCTETS, command, length);
    const size_t got = loopback_talk(o->plane, o->fd, message, IPA_HEADER_OCTETS + length, expected,
                                     reply, sizeof(reply));
    const bool found = loopback_contains(reply, got, expected);
    if (!found)
        (void)fprintf(stderr, "%s gives: %.*s\n", command, (int)(got > 4 ? got - 4 : 0), reply + 4);
    return found;
}

static void a_variable_is_read_and_set(void)
{
    struct open_control o = open_it();
    int number = 17;
    const struct control_variable variable = {
        .context = &number, .get = get_number, .set = set_number};
    CU_ASSERT_EQUAL(control_variable_add(o.control, "flow-rate", variable), P7_OK);
    CU_ASSERT_TRUE(ask(&o, "GET 1 flow-rate", "GET_REPLY 1 flow-rate 17"));
    CU_ASSERT_TRUE(ask(&o, "SET 2 flow-rate 23", "SET_REPLY 2 flow-rate 23"));
    CU_ASSERT_EQUAL(number, 23);
    CU_ASSERT_TRUE(ask(&o, "SET 3 flow-rate x", "ERROR 3 a value lies outside"));
    CU_ASSERT_EQUAL(number, 23);
    number = -1;
    CU_ASSERT_TRUE(ask(&o, "GET 4 flow-rate", "ERROR 4 not possible in the present state"));
    close_it(&o);
}

static void a_variable_without_set_is_read_only_and_an_unknown_one_an_error(void)
{
    struct open_control o = open_it();
    int number = 5;
    const struct control_variable variable = {.context = &number, .get = get_number};
    CU_ASSERT_EQUAL(control_variable_add(o.control, "requests-sent", variable), P7_OK);
    CU_ASSERT_TRUE(ask(&o, "GET 1 requests-sent", "GET_REPLY 1 requests-sent 5"));
    CU_ASSERT_TRUE(ask(&o, "SET 2 requests-sent 6", "ERROR 2 read only"));
    CU_ASSERT_TRUE(ask(&o, "GET 3 no-such-thing", "ERROR 3"));
    CU_ASSERT_EQUAL(number, 5);
    close_it(&o);
}

static void a_closed_controls_variables_are_gone_until_added_again(void)
{
    struct open_control o = open_it();
    int number = 5;
    CU_ASSERT_TRUE(ask(&o, "GET 1 requests-sent", "ERROR 1 no such entry"));
    const struct control_variable variable = {.context = &number, .get = get_number};
    CU_ASSERT_EQUAL(control_variable_add(o.control, "requests-sent", variable), P7_OK);
    CU_ASSERT_TRUE(ask(&o, "GET 2 requests-sent", "GET_REPLY 2 requests-sent 5"));
    close_it(&o);
}

static void names_that_can_not_be_are_refused(void)
{
    struct open_control o = open_it();
    int number = 5;
    const struct control_variable variable = {.context = &number, .get = get_number};
    const struct control_variable no_get = {.context = &number};
    CU_ASSERT_EQUAL(control_variable_add(o.control, "", variable), P7_RANGE);
    CU_ASSERT_EQUAL(control_variable_add(o.control, "a b", variable), P7_RANGE);
    CU_ASSERT_EQUAL(control_variable_add(o.control, "a.b", variable), P7_RANGE);
    CU_ASSERT_EQUAL(control_variable_add(o.control, "ab", no_get), P7_RANGE);
    struct control *second = NULL;
    CU_ASSERT_EQUAL(control_open(&second, 0), P7_STATE);
    close_it(&o);
}

static void garbage_closes_its_connection_and_harms_no_other(void)
{
    struct open_control o = open_it();
    int number = 9;
    const struct control_variable variable = {.context = &number, .get = get_number};
    CU_ASSERT_EQUAL(control_variable_add(o.control, "flow-rate", variable), P7_OK);
    const int other = loopback_connect(control_port(o.control));
    CU_ASSERT_NOT_EQUAL_FATAL(other, -1);
    CU_ASSERT_EQUAL(write(other, "\377\377\377\377\377\377", 6), 6);
    for (int i = 0; i < 5; i++)
        control_plane_run_once(o.plane, 2);
    CU_ASSERT_TRUE(ask(&o, "GET 1 flow-rate", "GET_REPLY 1 flow-rate 9"));
    (void)close(other);
    close_it(&o);
}

static void a_connection_that_is_still_open_is_closed_with_the_control(void)
{
    struct open_control o = open_it();
    control_plane_run_once(o.plane, 5);
    control_close(o.control);
    char octet;
    CU_ASSERT_EQUAL(recv(o.fd, &octet, 1, 0), 0);
    control_plane_destroy(o.plane);
    (void)close(o.fd);
    control_close(NULL);
}

UNIT_TESTS = {
    UNIT(a_variable_is_read_and_set),
    UNIT(a_variable_without_set_is_read_only_and_an_unknown_one_an_error),
    UNIT(a_closed_controls_variables_are_gone_until_added_again),
    UNIT(names_that_can_not_be_are_refused),
    UNIT(garbage_closes_its_connection_and_harms_no_other),
    UNIT(a_connection_that_is_still_open_is_closed_with_the_control),
};
UNIT_MAIN("control")
