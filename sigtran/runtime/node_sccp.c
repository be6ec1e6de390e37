/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * The way of a message by global titles and by what is known of its destination, and subsystem
 * management on the network: what it sends, what it is told.
 */
#include <string.h>

#include "sigtran/runtime/node_internal.h"

#define DUPU_UNEQUIPPED 1 /* RFC4666-3.4.5: "Unequipped Remote User" */

/* --- the way of a message --------------------------------------------------------------------- */

static bool reaches(void *context, uint32_t as, uint32_t pc)
{
    return node_reaches(context, as, pc);
}

enum p7_status node_find_way(const struct node *node, const struct node_route *route,
                             struct node_route *way)
{
    struct sccp_routing_way found = {.as = route->as, .dpc = route->dpc};
    uint8_t cause = 0;
    const enum p7_status status =
        sccp_routing_send(&node->sccp, &route->called, route->by_title, &found, &cause);
    *way = *route;
    if (status == P7_OK && found.is_translated) {
        /* The association of a request is its answer's only in the AS that it came by. */
        way->asp = found.as == route->as ? route->asp : M3UA_ENDPOINT_NONE;
        way->as = found.as;
        way->dpc = found.dpc;
        way->called = found.called;
    }
    return status;
}

enum p7_status node_route_by_title(const struct node *node, const struct sccp_party *called,
                                   struct node_route *route)
{
    struct sccp_address address;
    uint8_t cause = 0;
    const enum p7_status status =
        sccp_address_decode(node->sccp.variant, sccp_party_bytes(called), &address);
    if (status != P7_OK)
        return status;
    const struct sccp_translation_rule *rule =
        address.route_on_ssn ? NULL
                             : sccp_translation_find(&node->sccp.translation, &address, &cause);
    if (rule == NULL || rule->is_local)
        return P7_NOT_FOUND;
    memset(route, 0, sizeof(*route));
    route->as = rule->route[0].as;
    route->asp = M3UA_ENDPOINT_NONE;
    route->dpc = rule->route[0].pc;
    route->by_title = true;
    route->called = *called;
    return P7_OK;
}

/* --- subsystem management --------------------------------------------------------------------- */

static bool is_on_rules_way(const struct node *node, uint32_t as, uint32_t pc)
{
    const struct sccp_translation *translation = &node->sccp.translation;
    for (uint32_t r = 0; r < translation->count; r++)
        for (uint32_t i = 0; i < translation->rule[r].route_count; i++)
            if (translation->rule[r].route[i].as == as && translation->rule[r].route[i].pc == pc)
                return true;
    return false;
}

/* The AS that leads to a signalling point: one whose key it is, or one that the table names with
 * it; else the one that the message came by that is being answered, else any. */
static uint32_t as_towards(const struct node *node, uint32_t pc)
{
    uint32_t any = M3UA_ENDPOINT_NONE;
    for (uint32_t as = 0; as < node->config.as_count; as++) {
        if (!node_reaches(node, as, pc))
            continue;
        if (node->as[as].m3ua.point_code == pc || is_on_rules_way(node, as, pc))
            return as;
        if (any == M3UA_ENDPOINT_NONE || as == node->as_in)
            any = as;
    }
    return any;
}

static void on_send(void *context, uint32_t pc, struct bytes message)
{
    struct node *node = context;
    const struct node_route route = {
        .as = as_towards(node, pc), .asp = M3UA_ENDPOINT_NONE, .dpc = pc};
    if (route.as == M3UA_ENDPOINT_NONE ||
        node_transfer(node, node->now_ns, &route, message) != P7_OK)
        node->counters.replies_unsent++;
}

static void on_event(void *context, const struct sccp_manager_event *event)
{
    struct node *node = context;
    const char *name = sccp_manager_event_name(event->kind);
    char pc[POINT_CODE_TEXT_OCTETS];
    (void)point_code_text(&node->config.point_code_format, event->pc, pc);
    switch (event->kind) {
    case SCCP_MANAGER_POINT_PROHIBITED:
    case SCCP_MANAGER_POINT_ALLOWED:
        node_tell(node, NODE_INFO, "sccp", name, "point code %s", pc);
        break;
    case SCCP_MANAGER_CONGESTED:
        node_tell(node, NODE_INFO, "sccp", name, "point code %s: level %u", pc, event->level);
        break;
    case SCCP_MANAGER_SUBSYSTEM_PROHIBITED:
        node_tell(node, NODE_WARNING, "sccp", name,
                  "point code %s ssn %u is out of service; nothing is sent to it until it is back",
                  pc, event->ssn);
        break;
    case SCCP_MANAGER_DENIED:
        node_tell(node, NODE_WARNING, "sccp", name,
                  "ssn %u: the replicate at point code %s did not answer; it stays in service",
                  event->ssn, pc);
        break;
    case SCCP_MANAGER_SUBSYSTEM_ALLOWED:
    case SCCP_MANAGER_GRANTED:
    case SCCP_MANAGER_GRANT:
        node_tell(node, NODE_INFO, "sccp", name, "point code %s ssn %u", pc, event->ssn);
        break;
    }
}

enum p7_status node_create_sccp(struct node *node)
{
    struct sccp_manager_config management = node->config.management;
    const struct sccp_manager_handler handler = {
        .context = node, .send = on_send, .event = on_event};
    management.variant = node->sccp.variant;
    management.local_pc = node->config.point_code;
    if (node->config.translation != NULL)
        node->sccp.translation = *node->config.translation;
    node->config.translation = &node->sccp.translation;
    node->as_in = M3UA_ENDPOINT_NONE;
    sccp_routing_watch(&node->sccp, reaches, node);
    const enum p7_status status =
        sccp_routing_manage(&node->sccp, &management, &handler, node->config.ignores_remote_status);
    return status == P7_OK ? sccp_routing_equip(&node->sccp, node->config.ssn) : status;
}

/* --- what MTP says ---------------------------------------------------------------------------- */

/* Some AS may lead there. */
static bool is_available(const struct node *node, uint32_t pc)
{
    for (uint32_t as = 0; as < node->config.as_count; as++)
        if (m3ua_endpoint_as_usable(node->m3ua, as) &&
            m3ua_endpoint_destination(node->m3ua, as, pc).availability != M3UA_UNAVAILABLE)
            return true;
    return false;
}

void node_review_points(struct node *node)
{
    struct sccp_manager *manager = &node->sccp.manager;
    for (uint32_t i = manager->remote_count; i-- > 0;) {
        /* Its place may be another one's after that, or behind the end. */
        const struct sccp_manager_remote remote = manager->remote[i];
        if (i < manager->remote_count && remote.ssn == 0 && remote.is_prohibited &&
            is_available(node, remote.pc))
            sccp_manager_resume(manager, remote.pc, remote.mask);
    }
}

void node_on_ssnm(struct node *node, const struct m3ua_endpoint_event *event, int64_t now_ns)
{
    struct sccp_manager *manager = &node->sccp.manager;
    const uint32_t pc = m3ua_point_code(event->affected);
    const uint8_t mask = m3ua_point_code_mask(event->affected);
    const uint16_t sccp = 1u << NODE_SERVICE_SCCP;
    const uint16_t before = event->destination_old.users_unavailable & sccp;
    const uint16_t after = event->destination.users_unavailable & sccp;
    if (event->status == P7_FULL)
        return;
    if (event->destination.availability != event->destination_old.availability) {
        if (is_available(node, pc))
            sccp_manager_resume(manager, pc, mask);
        else
            sccp_manager_pause(manager, pc, mask);
    }
    if (before == after)
        return;
    if (after == 0)
        sccp_manager_user_available(manager, pc);
    else
        sccp_manager_user_unavailable(manager, pc,
                                      event->message != NULL &&
                                          event->message->unavailability_cause == DUPU_UNEQUIPPED,
                                      now_ns);
}

enum p7_status node_set_in_service(struct node *node, uint8_t ssn, bool in_service, int64_t now_ns)
{
    node->now_ns = now_ns;
    return sccp_routing_set_in_service(&node->sccp, ssn, in_service);
}

enum p7_status node_request_out_of_service(struct node *node, uint8_t ssn, int64_t now_ns)
{
    node->now_ns = now_ns;
    return sccp_manager_request_change(&node->sccp.manager, ssn, now_ns);
}
