/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * pulse7-simulator - sends SS7 charging requests at a fixed rate and times every one.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/language/startup.h"
#include "simulator/campaign.h"
#include "simulator/probe.h"
#include "simulator/run.h"

#define COMMAND_LINE_OCTETS 4096
#define CONFIG_OCTETS_MAX   1048576u

/* The command line as it can be pasted into a shell: words with other than plain characters are
 * quoted. */
static void join_command_line(int argc, char *const *argv, char *text, size_t octets)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "-_./:=,+@%";
    size_t used = 0;
    text[0] = '\0';
    for (int i = 0; i < argc && used < octets; i++) {
        const bool is_plain = argv[i][0] != '\0' && strspn(argv[i], plain) == strlen(argv[i]);
        const int wrote = snprintf(text + used, octets - used, "%s%s%s%s", i > 0 ? " " : "",
                                   is_plain ? "" : "'", argv[i], is_plain ? "" : "'");
        used += wrote > 0 ? (size_t)wrote : 0;
    }
}

/* The whole file, for the result; NULL when it can't be read (settings_load has said why then). */
static char *read_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return NULL;
    char *text = malloc(CONFIG_OCTETS_MAX + 1);
    if (text != NULL)
        text[fread(text, 1, CONFIG_OCTETS_MAX, file)] = '\0';
    (void)fclose(file);
    return text;
}

static int execute(const struct startup *startup, const char *command_line)
{
    if (startup->options.action == OPTIONS_PROBE)
        return probe_execute(startup->settings);
    char *text = read_file(startup->options.config_path);
    const struct run_invocation invocation = {
        .settings = startup->settings,
        .options = &startup->options,
        .command_line = command_line,
        .config_text = text,
    };
    struct run_result result;
    const int code = startup->settings->simulator.load_count > 0
                         ? campaign_execute(&invocation)
                         : run_execute(&invocation, &result);
    free(text);
    return code;
}

int main(int argc, char **argv)
{
    char command_line[COMMAND_LINE_OCTETS];
    struct startup startup;
    int code;
    join_command_line(argc, argv, command_line, sizeof(command_line));
    if (startup_begin(&startup, SETTINGS_FOR_SIMULATOR, argc, argv, &code))
        code = execute(&startup, command_line);
    startup_end(&startup);
    return code;
}
