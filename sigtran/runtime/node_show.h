/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * node_show - a node's state as tables for people: what the console's `show asp`, `show as`,
 * `show associations`, `show dialogues` and `show counters` print.
 */
#ifndef SIGTRAN_RUNTIME_NODE_SHOW_H
#define SIGTRAN_RUNTIME_NODE_SHOW_H

#include <stddef.h>

#include "sigtran/runtime/data_plane.h"
#include "sigtran/runtime/node.h"

/* Writes lines ended by '\n' and a NUL; what does not fit is cut at the end of the buffer. On the
 * node's thread. */
void node_show(struct node *node, enum data_plane_query what, char *text, size_t text_octets);

/* Calls `visit` with each counter of the node and its layers, as "m3ua.data_in" and so on. */
void node_counters_each(const struct node *node,
                        void (*visit)(void *context, const char *name, uint64_t value),
                        void *context);

#endif
