/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* M3UA's network management in words: SSNM and RKM. */
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

/* What whoever runs the ASP can do about a refusal (RFC4666-3.6.2). */
static const char *registration_way_out(uint32_t status)
{
    switch (status) {
    case M3UA_REGISTRATION_INVALID_DPC:
    case M3UA_REGISTRATION_INVALID_ROUTING_KEY:
        return "check the point code of routing-key";
    case M3UA_REGISTRATION_INVALID_NETWORK_APPEARANCE:
        return "check network-appearance, or take it out";
    case M3UA_REGISTRATION_PERMISSION_DENIED:
        return "let the peer permit it (the open STP: xua rkm routing-key-allocation "
               "dynamic-permitted; pulse7: asp NAME under the as), or configure the as there and "
               "write registration static";
    case M3UA_REGISTRATION_NOT_UNIQUE:
        return "the peer has this point code for something else: take another one";
    case M3UA_REGISTRATION_NOT_PROVISIONED:
        return "configure the key at the peer, or let it permit dynamic keys (xua rkm "
               "routing-key-allocation dynamic-permitted)";
    case M3UA_REGISTRATION_INSUFFICIENT_RESOURCES:
        return "the peer has no room for another key: take back one that is not needed";
    case M3UA_REGISTRATION_UNSUPPORTED_PARAMETER:
        return "the peer takes keys of a point code alone: take network-appearance out";
    case M3UA_REGISTRATION_UNSUPPORTED_TRAFFIC_MODE:
        return "write the traffic-mode that the peer has for this key";
    case M3UA_REGISTRATION_CHANGE_REFUSED:
        return "the peer knows the key by another routing context: write that one, or routing-key "
               "none PC to take the one that it gives";
    case M3UA_REGISTRATION_ALREADY_REGISTERED:
        return "write the routing context that the peer gave it into routing-key";
    case M3UA_REGISTRATION_CONTEXT_CLASH:
        return "another as has this routing context, or this one got another by its other asp: "
               "write routing contexts at the peer";
    default:
        return "look at the peer's log";
    }
}

/* RFC4666-3.6.4 */
static const char *deregistration_way_out(uint32_t status)
{
    switch (status) {
    case M3UA_DEREGISTRATION_ASP_ACTIVE:
        return "set the asp inactive first";
    case M3UA_DEREGISTRATION_INVALID_ROUTING_CONTEXT:
    case M3UA_DEREGISTRATION_NOT_REGISTERED:
        return "there is nothing to take back";
    default:
        return "look at the peer's log";
    }
}

void node_tell_registration(struct node *node, const char *asp, const char *as,
                            const struct m3ua_endpoint_event *event)
{
    const char *name = m3ua_endpoint_event_name(event->kind);
    const enum m3ua_kind kind = event->message_kind;
    const uint32_t status = event->registration_status;
    const bool leaves = kind == M3UA_DEREG_REQ || kind == M3UA_DEREG_RSP;
    const bool is_ours = kind == M3UA_REG_RSP || kind == M3UA_DEREG_RSP;
    if (status == 0) {
        node_tell(node, NODE_INFO, "m3ua", name, "asp %s: as %s is %s, routing context %u", asp, as,
                  leaves ? "deregistered" : "registered", (unsigned)event->routing_context);
        return;
    }
    const char *why = leaves ? m3ua_deregistration_text(status)
                      : status == M3UA_REGISTRATION_CONTEXT_CLASH
                          ? "the routing context is in use here"
                          : m3ua_registration_text(status);
    if (is_ours)
        node_tell(node, NODE_ERROR, "m3ua", name, "asp %s: as %s was not %s: %s (%u); %s", asp, as,
                  leaves ? "deregistered" : "registered", why, (unsigned)(status & 0xffffu),
                  leaves ? deregistration_way_out(status) : registration_way_out(status));
    else
        node_tell(node, NODE_WARNING, "m3ua", name, "asp %s: its %s was refused (as %s): %s (%u)",
                  asp, m3ua_kind_name(kind), as, why, (unsigned)status);
}
