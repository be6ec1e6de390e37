/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * node_console - the console commands that every program with a node has: show asp, as,
 * associations, dialogues, counters.
 *
 * Main thread. The struct must live as long as the console.
 */
#ifndef SIGTRAN_RUNTIME_NODE_CONSOLE_H
#define SIGTRAN_RUNTIME_NODE_CONSOLE_H

#include "sigtran/base/status.h"
#include "sigtran/runtime/console.h"
#include "sigtran/runtime/data_plane.h"

#define NODE_CONSOLE_SHOWS 5

struct node_console {
    struct node_console_show {
        struct data_plane *plane;
        enum data_plane_query what;
    } show[NODE_CONSOLE_SHOWS];
};

/* Errors as console_command_add. */
enum p7_status node_console_add(struct node_console *node_console,
                                struct data_plane *plane) P7_MUST_CHECK;

/* Prints a text of several lines; it is cut up in place. */
void node_console_print(struct console_output *output, char *text);

#endif
