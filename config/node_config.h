/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * node_config - from settings (names, as the file says them) to a node's configuration (indices and
 * nanoseconds, as the stack wants them).
 */
#ifndef CONFIG_NODE_CONFIG_H
#define CONFIG_NODE_CONFIG_H

#include <stddef.h>

#include "config/settings.h"
#include "sigtran/base/status.h"
#include "sigtran/runtime/node.h"

/* A node's configuration with the arrays that it points to. */
struct node_setup {
    struct node_config config;
    struct node_asp *asp;
    uint32_t as_count; /* those of the settings, then room for keys that are registered */
    struct node_as *as;
    struct sccp_translation translation;
};

/*
 * Fills in everything that the network part of the settings decides; dialogues_max, user_octets and
 * inactivity_ns are the program's to set. P7_NOT_FOUND: an AS names an ASP that there is none of
 * (settings_check finds it before); P7_NO_MEMORY. After success node_setup_free gives the memory
 * back.
 */
enum p7_status node_setup_make(const struct settings *settings, uint8_t ssn,
                               struct node_setup *setup) P7_MUST_CHECK;
void node_setup_free(struct node_setup *setup);

#endif
