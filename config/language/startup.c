/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "config/language/startup.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sigtran/runtime/log.h"

static const char *program_name(enum settings_program program)
{
    return program == SETTINGS_FOR_SIMULATOR ? "pulse7-simulator" : "pulse7-responder";
}

/* Says it and gives the exit code of wrong usage. */
static int complain(enum settings_program program, const char *text)
{
    (void)fprintf(stderr, "%s: %s\n", program_name(program), text);
    return OPTIONS_EXIT_USAGE;
}

static int missing_configuration(enum settings_program program)
{
    char text[OPTIONS_ERROR_OCTETS];
    (void)snprintf(text, sizeof(text),
                   "which configuration? Give one by -c FILE; config/quickstart-%s.cfg is a "
                   "beginning (see --help)",
                   program_name(program) + strlen("pulse7-"));
    return complain(program, text);
}

static void print_problems(enum settings_program program, const struct settings_problems *problems,
                           bool quiet)
{
    for (uint32_t i = 0; i < problems->count; i++)
        if (problems->problem[i].error || !quiet)
            (void)fprintf(stderr, "%s: %s: %s\n", program_name(program),
                          problems->problem[i].error ? "error" : "warning",
                          problems->problem[i].text);
}

static int check(struct startup *startup, enum settings_program program)
{
    struct settings_problems *problems = calloc(1, sizeof(*problems));
    if (problems == NULL)
        return complain(program, "out of memory");
    const enum p7_status checked = settings_check(startup->settings, program, problems);
    print_problems(program, problems, startup->options.quiet);
    free(problems);
    return checked == P7_OK ? OPTIONS_EXIT_PASSED : OPTIONS_EXIT_USAGE;
}

static int load(struct startup *startup, enum settings_program program)
{
    char error[SETTINGS_ERROR_OCTETS];
    const struct options *options = &startup->options;
    startup->settings = calloc(1, sizeof(*startup->settings));
    if (startup->settings == NULL ||
        p7_log_open(options->quiet ? P7_LOG_FATAL : P7_LOG_NOTICE) != P7_OK)
        return complain(program, "out of memory");
    if (options->config_path == NULL)
        return missing_configuration(program);
    if (settings_load(options->config_path, startup->settings, error, sizeof(error)) != P7_OK ||
        options_apply(options, program, startup->settings, error, sizeof(error)) != P7_OK)
        return complain(program, error);
    return check(startup, program);
}

bool startup_begin(struct startup *startup, enum settings_program program, int argc,
                   char *const *argv, int *exit_code)
{
    char error[OPTIONS_ERROR_OCTETS];
    memset(startup, 0, sizeof(*startup));
    /* Whoever reads us through a pipe or a file sees each line when it is said. */
    (void)setvbuf(stdout, NULL, _IOLBF, 0);
    *exit_code = OPTIONS_EXIT_PASSED;
    if (options_parse(&startup->options, program, argc, argv, error, sizeof(error)) != P7_OK) {
        *exit_code = complain(program, error);
        return false;
    }
    switch (startup->options.action) {
    case OPTIONS_HELP:
        options_usage(program, stdout);
        return false;
    case OPTIONS_VERSION:
        options_version(program, stdout);
        return false;
    case OPTIONS_CHECK:
    case OPTIONS_PROBE:
    case OPTIONS_RUN:
        break;
    }
    *exit_code = load(startup, program);
    if (*exit_code != OPTIONS_EXIT_PASSED || startup->options.action != OPTIONS_CHECK)
        return *exit_code == OPTIONS_EXIT_PASSED;
    if (!startup->options.quiet)
        (void)printf("%s: the configuration is sound\n", startup->options.config_path);
    return false;
}

void startup_end(struct startup *startup)
{
    free(startup->settings);
    p7_log_close();
}
