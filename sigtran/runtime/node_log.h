/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * node_log - a node's events as log lines, each in the category of the layer that it comes from.
 */
#ifndef SIGTRAN_RUNTIME_NODE_LOG_H
#define SIGTRAN_RUNTIME_NODE_LOG_H

#include "sigtran/runtime/node.h"

/* Main thread only, as all of libosmocore's logging. */
void node_log_event(const struct node_event *event);

#endif
