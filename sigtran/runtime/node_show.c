/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "sigtran/runtime/node_show.h"

#include "sigtran/runtime/node_internal.h"
#include "sigtran/runtime/page.h"

static void show_asp(struct node *node, struct page *page)
{
    page_print(page, "%-24s %-6s %-14s %-12s\n", "ASP", "role", "state", "association");
    for (uint32_t i = 0; i < node_asp_count(node); i++) {
        static const char *const roles[] = {"asp", "sg", "ipsp"};
        const struct node_asp *asp = node_asp_at(node, i);
        const uint32_t association = m3ua_endpoint_association(node_m3ua(node), i);
        page_print(page, "%-24s %-6s %-14s ", asp->name, roles[asp->m3ua.role],
                   asp_state_name(m3ua_endpoint_asp_state(node_m3ua(node), i)));
        if (association == M3UA_ENDPOINT_NONE)
            page_print(page, "none");
        else
            page_print(page, "%u", association);
        if (asp->m3ua.double_exchange)
            page_print(page, "  the peer's half: %s",
                       asp_state_name(m3ua_endpoint_peer_state(node_m3ua(node), i)));
        page_print(page, "\n");
    }
}

static void show_as(struct node *node, struct page *page)
{
    page_print(page, "%-24s %-14s %-10s %-8s %s\n", "AS", "state", "point code", "queued",
               "active ASPs");
    for (uint32_t i = 0; i < node_as_count(node); i++) {
        const struct node_as *as = node_as_at(node, i);
        const struct m3ua_as_config *config = m3ua_endpoint_as_config(node_m3ua(node), i);
        char pc[POINT_CODE_TEXT_OCTETS];
        if (!m3ua_endpoint_as_is_used(node_m3ua(node), i))
            continue;
        page_print(page, "%-24s %-14s %-10s %-8llu", as->name,
                   as_state_name(m3ua_endpoint_as_state(node_m3ua(node), i)),
                   point_code_text(&node->config.point_code_format, config->point_code, pc),
                   (unsigned long long)m3ua_endpoint_as_queued(node_m3ua(node), i));
        for (uint32_t m = 0; m < config->asp_count; m++)
            if (m3ua_endpoint_carries(node_m3ua(node), config->asp[m], i))
                page_print(page, " %s", node_asp_at(node, config->asp[m])->name);
        page_print(page, "\n");
    }
}

static const char *path_state(const struct transport_path *path)
{
    if (!path->confirmed)
        return "unconfirmed";
    if (path->primary)
        return path->reachable ? "up, primary" : "down, primary";
    return path->reachable ? "up" : "down";
}

static void show_association(struct page *page, const char *name,
                             const struct transport_status *status)
{
    page_print(page, "%-24s %u streams out, %u in; %u chunks unacknowledged, %u pending\n", name,
               status->streams_out, status->streams_in, status->unacknowledged_chunks,
               status->pending_chunks);
    for (uint32_t p = 0; p < status->path_count; p++) {
        const struct transport_path *path = &status->path[p];
        page_print(page, "  %-39s %-13s %7u %7u %9u %5u\n", path->ip, path_state(path),
                   path->rto_ms, path->srtt_ms, path->cwnd_octets, path->mtu_octets);
    }
    page_print(page, "  peer's receive window %u octets\n", status->peer_receive_window_octets);
    page_print(page,
               "  %llu chunks sent again, %llu TSNs received twice; packets %llu out, %llu in",
               (unsigned long long)status->chunks_retransmitted,
               (unsigned long long)status->duplicate_tsns, (unsigned long long)status->packets_sent,
               (unsigned long long)status->packets_received);
    if (status->has_heartbeats)
        page_print(page, "; HEARTBEATs %llu sent, %llu answered",
                   (unsigned long long)status->heartbeats_sent,
                   (unsigned long long)status->heartbeats_acknowledged);
    page_print(page, "%s\n", status->counts_shared ? " (all associations)" : "");
}

static void show_associations(struct node *node, struct page *page)
{
    page_print(page, "%-41s %-13s %7s %7s %9s %5s\n", "ASP, its paths", "state", "RTO ms",
               "SRTT ms", "cwnd", "MTU");
    for (uint32_t i = 0; i < node_asp_count(node); i++) {
        struct transport_status status;
        const uint32_t association = m3ua_endpoint_association(node_m3ua(node), i);
        if (association == M3UA_ENDPOINT_NONE ||
            transport_get_status(node_transport(node), association, &status) != P7_OK)
            page_print(page, "%-24s no association\n", node_asp_at(node, i)->name);
        else
            show_association(page, node_asp_at(node, i)->name, &status);
    }
}

static void show_dialogues(struct node *node, struct page *page)
{
    const struct tcap_dialogue_table *table = node_dialogues(node);
    page_print(page, "%u dialogues open of %u possible, %zu octets each\n",
               tcap_dialogue_count(table), tcap_dialogue_capacity(table),
               tcap_dialogue_memory_octets(table));
    uint32_t dialogue = 0;
    for (unsigned shown = 0; shown < 20; shown++, dialogue++) {
        dialogue = tcap_dialogue_next(table, dialogue);
        if (dialogue == TCAP_DIALOGUE_INVALID)
            return;
        page_print(page, "  %08x %s\n", tcap_dialogue_local_id(table, dialogue),
                   tcap_dialogue_state_name(tcap_dialogue_state(table, dialogue)));
    }
    if (tcap_dialogue_next(table, dialogue) != TCAP_DIALOGUE_INVALID)
        page_print(page, "  ... only the first 20 are shown\n");
}

/* --- counters --------------------------------------------------------------------------------- */

struct visitor {
    void (*visit)(void *context, const char *name, uint64_t value);
    void *context;
};

static void each_transport(const struct node *node, const struct visitor *v)
{
    struct transport_counters c;
    transport_get_counters(node_transport(node), &c);
    v->visit(v->context, "sctp.messages_sent", c.messages_sent);
    v->visit(v->context, "sctp.messages_received", c.messages_received);
    v->visit(v->context, "sctp.packets_sent", c.packets_sent);
    v->visit(v->context, "sctp.packets_received", c.packets_received);
    v->visit(v->context, "sctp.chunks_retransmitted", c.chunks_retransmitted);
    v->visit(v->context, "sctp.retransmission_timeouts", c.retransmission_timeouts);
    v->visit(v->context, "sctp.duplicate_tsns", c.duplicate_tsns);
    v->visit(v->context, "sctp.packets_malformed", c.packets_malformed);
    v->visit(v->context, "sctp.messages_too_long", c.messages_too_long);
    v->visit(v->context, "sctp.send_failures", c.send_failures);
    v->visit(v->context, "sctp.send_full", c.send_full);
}

static void each_node(const struct node *node, const struct visitor *v)
{
    const struct node_counters c = node_get_counters(node);
    v->visit(v->context, "node.associations_refused", c.associations_refused);
    v->visit(v->context, "node.reconnects", c.reconnects);
    v->visit(v->context, "node.wrong_ppid", c.wrong_ppid);
    v->visit(v->context, "node.wrong_service", c.wrong_service);
    v->visit(v->context, "node.replies_unsent", c.replies_unsent);
    v->visit(v->context, "node.encode_failures", c.encode_failures);
    v->visit(v->context, "node.events_held_back", c.events_held_back);
}

static void each_capture(const struct node *node, const struct visitor *v)
{
    struct capture_counters c;
    if (node_capture(node) == NULL)
        return;
    capture_get_counters(node_capture(node), &c);
    v->visit(v->context, "capture.messages", c.messages);
    v->visit(v->context, "capture.octets", c.octets);
    v->visit(v->context, "capture.lost", c.lost);
    v->visit(v->context, "capture.left_out", c.left_out);
    v->visit(v->context, "capture.lost_disk", c.lost_disk);
}

static void each_m3ua(const struct node *node, const struct visitor *v)
{
    const struct m3ua_endpoint_counters *c = m3ua_endpoint_get_counters(node_m3ua(node));
    v->visit(v->context, "m3ua.data_in", c->data_in);
    v->visit(v->context, "m3ua.data_out", c->data_out);
    v->visit(v->context, "m3ua.in_malformed", c->in_malformed);
    v->visit(v->context, "m3ua.in_unexpected", c->in_unexpected);
    v->visit(v->context, "m3ua.in_invalid", c->in_invalid);
    v->visit(v->context, "m3ua.errors_sent", c->errors_sent);
    v->visit(v->context, "m3ua.errors_received", c->errors_received);
    v->visit(v->context, "m3ua.notifies_sent", c->notifies_sent);
    v->visit(v->context, "m3ua.notifies_received", c->notifies_received);
    v->visit(v->context, "m3ua.data_dropped_no_asp", c->data_dropped_no_asp);
    v->visit(v->context, "m3ua.data_dropped_unavailable", c->data_dropped_unavailable);
    v->visit(v->context, "m3ua.data_dropped_send_full", c->data_dropped_send_full);
    v->visit(v->context, "m3ua.data_dropped_send_failed", c->data_dropped_send_failed);
    v->visit(v->context, "m3ua.data_dropped_queue_full", c->data_dropped_queue_full);
    v->visit(v->context, "m3ua.data_dropped_t_r", c->data_dropped_t_r);
    v->visit(v->context, "m3ua.data_queued", c->data_queued);
    v->visit(v->context, "m3ua.destination_changes", c->destination_changes);
    v->visit(v->context, "m3ua.destinations_refused", c->destinations_refused);
    v->visit(v->context, "m3ua.audits_sent", c->audits_sent);
    v->visit(v->context, "m3ua.registrations", c->registrations);
    v->visit(v->context, "m3ua.registrations_refused", c->registrations_refused);
    v->visit(v->context, "m3ua.beats_lost", c->beats_lost);
    v->visit(v->context, "m3ua.associations_up", c->associations_up);
    v->visit(v->context, "m3ua.associations_down", c->associations_down);
}

void node_counters_each(const struct node *node,
                        void (*visit)(void *context, const char *name, uint64_t value),
                        void *context)
{
    const struct visitor v = {.visit = visit, .context = context};
    each_transport(node, &v);
    each_node(node, &v);
    each_capture(node, &v);
    each_m3ua(node, &v);
    const struct sccp_routing_counters *sccp = &node_sccp(node)->counters;
#define SHOW_SCCP(name, text) visit(context, "sccp." #name, sccp->name);
    SCCP_ROUTING_COUNTER_LIST(SHOW_SCCP)
    const struct sccp_manager_counters *management = &node_sccp(node)->manager.counters;
#define SHOW_MANAGEMENT(name, text) visit(context, "sccp." #name, management->name);
    SCCP_MANAGER_COUNTER_LIST(SHOW_MANAGEMENT)
#undef SHOW_MANAGEMENT
#undef SHOW_SCCP
    const struct sccp_segmentation_counters *out = node_sccp_segmentation(node);
    const struct sccp_reassembly_counters *in =
        sccp_reassembly_get_counters(node_sccp_reassembly(node));
#define SHOW_SCCP_OUT(name, text) visit(context, "sccp." #name, out->name);
    SCCP_SEGMENTATION_COUNTER_LIST(SHOW_SCCP_OUT)
#undef SHOW_SCCP_OUT
#define SHOW_SCCP_IN(name, text) visit(context, "sccp." #name, in->name);
    SCCP_REASSEMBLY_COUNTER_LIST(SHOW_SCCP_IN)
#undef SHOW_SCCP_IN
    const struct tcap_dialogue_counters *tcap = tcap_dialogue_counters(node_dialogues(node));
#define SHOW_TCAP(name, text) visit(context, "tcap." #name, tcap->name);
    TCAP_DIALOGUE_COUNTER_LIST(SHOW_TCAP)
#undef SHOW_TCAP
}

static void show_counter(void *context, const char *name, uint64_t value)
{
    if (value != 0)
        page_print(context, "%-36s %20llu\n", name, (unsigned long long)value);
}

void node_show(struct node *node, enum data_plane_query what, char *text, size_t text_octets)
{
    struct page page = {.text = text, .room = text_octets};
    text[0] = '\0';
    switch (what) {
    case DATA_PLANE_QUERY_ASP:
        show_asp(node, &page);
        break;
    case DATA_PLANE_QUERY_AS:
        show_as(node, &page);
        break;
    case DATA_PLANE_QUERY_ASSOCIATIONS:
        show_associations(node, &page);
        break;
    case DATA_PLANE_QUERY_DIALOGUES:
        show_dialogues(node, &page);
        break;
    case DATA_PLANE_QUERY_COUNTERS:
        node_counters_each(node, show_counter, &page);
        break;
    case DATA_PLANE_QUERY_ROUTES:
        node_show_routes(node, &page);
        break;
    case DATA_PLANE_QUERY_QUEUES:
        node_show_queues(node, &page);
        break;
    }
}
