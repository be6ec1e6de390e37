/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "sigtran/runtime/node_console.h"

#include <stdlib.h>
#include <string.h>

static const struct {
    const char *command;
    const char *help;
    enum data_plane_query what;
} shows[NODE_CONSOLE_SHOWS] = {
    {"show asp", "Application server processes and their states", DATA_PLANE_QUERY_ASP},
    {"show as", "Application servers and their states", DATA_PLANE_QUERY_AS},
    {"show associations", "SCTP associations: RTO, congestion window, paths",
     DATA_PLANE_QUERY_ASSOCIATIONS},
    {"show dialogues", "Open TCAP dialogues", DATA_PLANE_QUERY_DIALOGUES},
    {"show counters", "Counters of every layer that are not zero", DATA_PLANE_QUERY_COUNTERS},
};

void node_console_print(struct console_output *output, char *text)
{
    char *rest = text;
    for (char *line; (line = strsep(&rest, "\n")) != NULL;)
        if (rest != NULL || *line != '\0')
            console_print(output, "%s", line);
}

static enum p7_status show(void *context, uint32_t argument_count, const char *const *argument,
                           struct console_output *output)
{
    const struct node_console_show *wanted = context;
    (void)argument_count;
    (void)argument;
    char *text = malloc(DATA_PLANE_TEXT_OCTETS);
    if (text == NULL)
        return P7_NO_MEMORY;
    const enum p7_status status =
        data_plane_query(wanted->plane, wanted->what, text, DATA_PLANE_TEXT_OCTETS);
    if (status == P7_OK)
        node_console_print(output, text);
    free(text);
    return status;
}

enum p7_status node_console_add(struct node_console *node_console, struct data_plane *plane)
{
    enum p7_status status = P7_OK;
    for (size_t i = 0; i < NODE_CONSOLE_SHOWS && status == P7_OK; i++) {
        node_console->show[i] = (struct node_console_show){.plane = plane, .what = shows[i].what};
        const struct console_command command = {.context = &node_console->show[i], .run = show};
        status = console_command_add(shows[i].command, shows[i].help, command);
    }
    return status;
}
