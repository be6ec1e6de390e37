/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* M3UA's network management in words: SSNM. */
#include <stdio.h>

#include "sigtran/runtime/node_internal.h"

/* Room for a range of point codes with its mask. */
#define AFFECTED_OCTETS (POINT_CODE_TEXT_OCTETS + 8)

/* "2.2.2", or a range of them: "2.2.0/3" has 3 wildcard bits (RFC4666-3.4.1). */
static const char *affected_text(const struct node *node, uint32_t affected,
                                 char text[AFFECTED_OCTETS])
{
    char pc[POINT_CODE_TEXT_OCTETS];
    const unsigned mask = m3ua_point_code_mask(affected);
    if (mask >= 24)
        (void)snprintf(text, AFFECTED_OCTETS, "all destinations");
    else
        (void)snprintf(
            text, AFFECTED_OCTETS, mask != 0 ? "%s/%u" : "%s",
            point_code_text(&node->config.point_code_format, m3ua_point_code(affected), pc), mask);
    return text;
}

void node_tell_ssnm(struct node *node, const char *asp, const char *as,
                    const struct m3ua_endpoint_event *event)
{
    const char *name = m3ua_endpoint_event_name(event->kind);
    if (event->status == P7_FULL) {
        node_tell(node, NODE_WARNING, "m3ua", name,
                  "asp %s says %s of %llu destinations more than are kept (%u ranges an as): those "
                  "count as available; let the peer name ranges",
                  asp, m3ua_kind_name(event->message_kind), (unsigned long long)event->lost,
                  M3UA_DESTINATIONS_MAX);
        return;
    }
    char affected[AFFECTED_OCTETS];
    char before[96];
    char after[96];
    m3ua_destination_text(&event->destination_old, before, sizeof(before));
    m3ua_destination_text(&event->destination, after, sizeof(after));
    const bool closed = !m3ua_destination_is_open(&event->destination, NODE_SERVICE_SCCP);
    node_tell(node, closed ? NODE_WARNING : NODE_INFO, "m3ua", name,
              "asp %s %s %s: %s -> %s (as %s)", asp,
              event->message == NULL ? "says no more of" : m3ua_kind_name(event->message_kind),
              affected_text(node, event->affected, affected), before, after, as);
}
