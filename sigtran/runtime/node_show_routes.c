/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Where messages go, what closes their way, and where they wait. */
#include <stdio.h>

#include "sigtran/runtime/node_internal.h"
#include "sigtran/runtime/page.h"

#define CONTEXT_OCTETS 16
#define STATE_OCTETS   96

static const char *pc_text(const struct node *node, uint32_t point_code,
                           char text[POINT_CODE_TEXT_OCTETS])
{
    return point_code_text(&node->config.point_code_format, point_code, text);
}

static const char *as_name(const struct node *node, uint32_t as)
{
    return as < node->config.as_count ? node->as[as].name : "-";
}

/* As ASP we are what the AS's point code names; what lies beyond is told of by SSNM alone. */
static bool is_ours(const struct node *node, const struct m3ua_as_config *as)
{
    return as->asp_count == 0 || node->asp[as->asp[0]].m3ua.role == ASP_ROLE_ASP;
}

static void show_application_servers(const struct node *node, struct page *page)
{
    static const char *const modes[] = {"", "override", "loadshare", "broadcast"};
    page_print(page, "%-20s %-10s %-12s %-10s %-12s %s\n", "AS", "context", "point code", "mode",
               "state", "destination");
    for (uint32_t i = 0; i < node->config.as_count; i++) {
        const struct m3ua_as_config *as = m3ua_endpoint_as_config(node->m3ua, i);
        if (!m3ua_endpoint_as_is_used(node->m3ua, i))
            continue;
        const struct m3ua_destination destination =
            m3ua_endpoint_destination(node->m3ua, i, as->point_code);
        char context[CONTEXT_OCTETS] = "none";
        char pc[POINT_CODE_TEXT_OCTETS];
        char state[STATE_OCTETS];
        if (as->has_routing_context)
            (void)snprintf(context, sizeof(context), "%u", as->routing_context);
        if (is_ours(node, as))
            (void)snprintf(state, sizeof(state), "ours");
        else
            m3ua_destination_text(&destination, state, sizeof(state));
        page_print(page, "%-20s %-10s %-12s %-10s %-12s %s\n", node->as[i].name, context,
                   pc_text(node, as->point_code, pc), modes[as->traffic_mode],
                   as_state_name(m3ua_endpoint_as_state(node->m3ua, i)), state);
    }
}

static void show_titles(const struct node *node, struct page *page)
{
    const struct sccp_translation *table = &node->sccp.translation;
    if (table->count == 0)
        return;
    page_print(page, "\n%-24s %s\n", "global title", "leads to");
    for (uint32_t i = 0; i < table->count; i++) {
        const struct sccp_translation_rule *rule = &table->rule[i];
        char digits[DIGITS_TEXT_OCTETS + 1];
        (void)snprintf(digits, sizeof(digits), "%s%s", rule->digits, rule->is_prefix ? "*" : "");
        page_print(page, "%-24s", digits);
        if (rule->is_local)
            page_print(page, " this node");
        for (uint32_t r = 0; r < rule->route_count; r++) {
            char pc[POINT_CODE_TEXT_OCTETS];
            page_print(page, "%s as %s pc %s on %s", r == 0 ? "" : ", else",
                       as_name(node, rule->route[r].as), pc_text(node, rule->route[r].pc, pc),
                       rule->route[r].on_gt ? "gt" : "ssn");
        }
        if (rule->ssn != 0)
            page_print(page, " ssn %u", rule->ssn);
        if (rule->replaces)
            page_print(page, " digits '%s'", rule->replacement);
        page_print(page, "\n");
    }
}

static void show_prohibited(const struct node *node, struct page *page)
{
    const struct sccp_manager *manager = &node->sccp.manager;
    for (uint32_t i = 0; i < manager->remote_count; i++) {
        const struct sccp_manager_remote *remote = &manager->remote[i];
        char pc[POINT_CODE_TEXT_OCTETS];
        if (i == 0)
            page_print(page, "\n%-12s %-5s %s\n", "point code", "SSN", "SCCP management says");
        page_print(page, "%-12s ", pc_text(node, remote->pc, pc));
        if (remote->ssn == 0)
            page_print(page, "%-5s ", "all");
        else
            page_print(page, "%-5u ", remote->ssn);
        page_print(page, "%s", remote->is_prohibited ? "prohibited" : "allowed");
        if (remote->level != 0)
            page_print(page, ", congested (level %u)", remote->level);
        page_print(page, "\n");
    }
}

static void show_subsystems(const struct node *node, struct page *page)
{
    page_print(page, "\nlocal subsystems:");
    for (unsigned ssn = 2; ssn < 255; ssn++)
        if (sccp_manager_is_equipped(&node->sccp.manager, (uint8_t)ssn))
            page_print(page, " %u %s", ssn,
                       sccp_manager_is_in_service(&node->sccp.manager, (uint8_t)ssn)
                           ? "in service"
                           : "out of service");
    page_print(page, "\n");
}

void node_show_routes(const struct node *node, struct page *page)
{
    show_application_servers(node, page);
    show_titles(node, page);
    show_prohibited(node, page);
    show_subsystems(node, page);
}

void node_show_queues(const struct node *node, struct page *page)
{
    page_print(page, "%-34s %10s\n", "waits", "messages");
    for (uint32_t i = 0; i < node->config.as_count; i++)
        if (m3ua_endpoint_as_is_used(node->m3ua, i))
            page_print(page, "as %-31s %10llu\n", node->as[i].name,
                       (unsigned long long)m3ua_endpoint_as_queued(node->m3ua, i));
    for (uint32_t i = 0; i < node->config.asp_count; i++) {
        struct transport_status status;
        const uint32_t association = node->link[i].association;
        if (association == TRANSPORT_ASSOCIATION_NONE ||
            transport_get_status(node->transport, association, &status) != P7_OK)
            continue;
        page_print(page, "asp %-30s %10u\n", node->asp[i].name, status.unacknowledged_chunks);
    }
    page_print(page, "%-34s %10u\n", "long messages that are not whole",
               sccp_reassembly_count(node->reassembly));
}
