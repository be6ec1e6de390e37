/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * node_console - the console commands that every program with a node has: show asp, as, routes,
 * queues, associations, dialogues, counters; and those that drive a peer by hand: asp NAME up,
 * asp NAME send daud PC and so on (node_command.h).
 *
 * Main thread. The struct must live as long as the console.
 */
#ifndef SIGTRAN_RUNTIME_NODE_CONSOLE_H
#define SIGTRAN_RUNTIME_NODE_CONSOLE_H

#include <stddef.h>

#include "sigtran/base/status.h"
#include "sigtran/runtime/console.h"
#include "sigtran/runtime/data_plane.h"

#define NODE_CONSOLE_SHOWS    7
#define NODE_CONSOLE_COMMANDS 21

struct node_console {
    struct node_console_show {
        struct data_plane *plane;
        enum data_plane_query what;
    } show[NODE_CONSOLE_SHOWS];
    struct node_console_command {
        struct data_plane *plane;
        const struct node_console_row *row;
    } command[NODE_CONSOLE_COMMANDS];
};

/* Errors as console_command_add. */
enum p7_status node_console_add(struct node_console *node_console,
                                struct data_plane *plane) P7_MUST_CHECK;

/* The commands that it adds, as console_command_add has them; NULL from the last one on. */
const char *node_console_command_text(size_t index);

/* Prints a text of several lines; it is cut up in place. */
void node_console_print(struct console_output *output, char *text);

#endif
