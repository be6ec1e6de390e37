/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "sigtran/runtime/node_log.h"

#include <string.h>

#include "sigtran/runtime/log.h"

static enum p7_log_category category_of(const char *source)
{
    for (unsigned c = 0; c < P7_LOG_CATEGORY_COUNT; c++)
        if (strcmp(p7_log_category_name((enum p7_log_category)c), source) == 0)
            return (enum p7_log_category)c;
    return P7_LOG_MAIN;
}

void node_log_event(const struct node_event *event)
{
    static const enum p7_log_level levels[] = {
        [NODE_INFO] = P7_LOG_NOTICE, [NODE_WARNING] = P7_LOG_ERROR, [NODE_ERROR] = P7_LOG_ERROR};
    P7_LOG(category_of(event->source), levels[event->severity], "%s: %s", event->event,
           event->detail);
}
