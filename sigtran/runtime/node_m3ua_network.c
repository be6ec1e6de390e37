/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* M3UA's network management in words: SSNM. */
#include <stdio.h>

#include "sigtran/runtime/node_internal.h"

#define POINT_CODE_OCTETS 32

/* "2.2.2" (ITU's 3-8-3 bits; 24 bits as 8-8-8), or a range of them: "2.2.0/3" has 3 wildcard bits
 * (RFC4666-3.4.1). */
static const char *affected_text(uint32_t affected, char text[POINT_CODE_OCTETS])
{
    const uint32_t pc = m3ua_point_code(affected);
    const unsigned mask = m3ua_point_code_mask(affected);
    const bool itu = pc <= 0x3fff;
    const unsigned a = itu ? pc >> 11 : pc >> 16;
    const unsigned b = itu ? pc >> 3 & 0xffu : pc >> 8 & 0xffu;
    const unsigned c = itu ? pc & 7u : pc & 0xffu;
    if (mask >= 24)
        (void)snprintf(text, POINT_CODE_OCTETS, "all destinations");
    else if (mask != 0)
        (void)snprintf(text, POINT_CODE_OCTETS, "%u.%u.%u/%u", a, b, c, mask);
    else
        (void)snprintf(text, POINT_CODE_OCTETS, "%u.%u.%u", a, b, c);
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
    char affected[POINT_CODE_OCTETS];
    char before[96];
    char after[96];
    m3ua_destination_text(&event->destination_old, before, sizeof(before));
    m3ua_destination_text(&event->destination, after, sizeof(after));
    const bool closed = !m3ua_destination_is_open(&event->destination, NODE_SERVICE_SCCP);
    node_tell(node, closed ? NODE_WARNING : NODE_INFO, "m3ua", name,
              "asp %s %s %s: %s -> %s (as %s)", asp,
              event->message == NULL ? "says no more of" : m3ua_kind_name(event->message_kind),
              affected_text(event->affected, affected), before, after, as);
}
