/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "config/language/check_problems.h"

void check_say(struct settings_problems *problems, bool error, const char *format, ...)
{
    problems->error_count += error ? 1 : 0;
    if (problems->count == SETTINGS_PROBLEMS_MAX) {
        problems->left_out++;
        return;
    }
    struct settings_problem *problem = &problems->problem[problems->count++];
    problem->error = error;
    va_list ap;
    va_start(ap, format);
    (void)vsnprintf(problem->text, sizeof(problem->text), format, ap);
    va_end(ap);
}

enum p7_status settings_check(struct settings *settings, enum settings_program program,
                              struct settings_problems *problems)
{
    memset(problems, 0, sizeof(*problems));
    if (!settings->has_console_port) {
        settings->has_console_port = true;
        settings->console_port = program == SETTINGS_FOR_SIMULATOR
                                     ? SETTINGS_CONSOLE_PORT_SIMULATOR
                                     : SETTINGS_CONSOLE_PORT_RESPONDER;
    }
    if (settings->console_port != 0 && settings->console_port == settings->control_port)
        check_say(problems, true,
                  "console port and control port are both %u: give one of them another",
                  settings->console_port);
    check_network(settings, problems);
    check_titles(settings, problems);
    if (program == SETTINGS_FOR_SIMULATOR) {
        check_simulator(settings, problems);
    } else {
        check_responder(settings, problems);
        check_cluster(settings, problems);
    }
    return problems->error_count == 0 ? P7_OK : P7_RANGE;
}
