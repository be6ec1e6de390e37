/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "sigtran/runtime/node_internal.h"

/* --- which ASP an association belongs to ------------------------------------------------------ */

static bool accepts(const struct node_asp *asp, uint16_t local_port,
                    const struct transport_event *up)
{
    if (asp->sctp_client || asp->endpoint.local_port != local_port)
        return false;
    if (asp->endpoint.remote_port != 0 && asp->endpoint.remote_port != up->peer_port)
        return false;
    if (asp->endpoint.remote_ip_count == 0)
        return true;
    for (uint32_t i = 0; i < asp->endpoint.remote_ip_count; i++)
        if (strcmp(asp->endpoint.remote_ip[i], up->peer_ip) == 0)
            return true;
    return false;
}

static uint16_t port_of_listener(const struct node *node, uint32_t listener)
{
    for (uint32_t i = 0; i < node->listener_count; i++)
        if (node->listener[i].listener == listener)
            return node->listener[i].port;
    return 0;
}

static uint32_t find_asp_for(const struct node *node, const struct transport_event *up)
{
    const uint16_t port = port_of_listener(node, up->listener);
    for (uint32_t asp = 0; asp < node->config.asp_count; asp++)
        if (node->link[asp].association == TRANSPORT_ASSOCIATION_NONE &&
            accepts(&node->asp[asp], port, up))
            return asp;
    return M3UA_ENDPOINT_NONE;
}

/* --- the capture ------------------------------------------------------------------------------ */

/* The association's ends, as far as they are known here. */
static void capture_begin(const struct node *node, uint32_t association, uint32_t asp,
                          const char *peer_ip, uint16_t peer_port)
{
    const struct transport_endpoint *ends = &node->asp[asp].endpoint;
    if (node->capture == NULL)
        return;
    if (peer_ip[0] == '\0' && ends->remote_ip_count > 0)
        peer_ip = ends->remote_ip[0];
    capture_association(node->capture, association,
                        ends->local_ip_count > 0 ? ends->local_ip[0] : "", ends->local_port,
                        peer_ip, peer_port != 0 ? peer_port : ends->remote_port);
}

/* --- what the transport tells ----------------------------------------------------------------- */

static void refuse(struct node *node, uint32_t association, const struct transport_event *event)
{
    node->counters.associations_refused++;
    node_tell(node, NODE_WARNING, "sctp", "association-refused", "%s port %u: %s", event->peer_ip,
              event->peer_port,
              node->is_shutting ? "this side is ending"
                                : "no free server asp fits it; add one to the configuration");
    transport_disconnect(node->transport, association, true);
}

static void on_up(struct node *node, uint32_t association, const struct transport_event *event)
{
    uint32_t asp = node->asp_of_association[association];
    if (asp == M3UA_ENDPOINT_NONE) {
        /* A peer that lost us to our ending is back before we are gone: it must not hold us up. */
        asp = node->is_shutting ? M3UA_ENDPOINT_NONE : find_asp_for(node, event);
        if (asp == M3UA_ENDPOINT_NONE) {
            refuse(node, association, event);
            return;
        }
        node->asp_of_association[association] = asp;
        node->link[asp].association = association;
        node->acting = asp;
    }
    node->link[asp].is_up = true;
    capture_begin(node, association, asp, event->peer_ip, event->peer_port);
    node_tell(node, NODE_INFO, "sctp", "association-up", "asp %s: %s port %u, %u streams out",
              node->asp[asp].name, event->peer_ip, event->peer_port, event->streams_out);
    if (m3ua_endpoint_association_up(node->m3ua, asp, association, event->streams_out,
                                     node->now_ns) != P7_OK)
        transport_disconnect(node->transport, association, true);
}

static void on_down(struct node *node, uint32_t association, const struct transport_event *event)
{
    const uint32_t asp = node->asp_of_association[association];
    node->asp_of_association[association] = M3UA_ENDPOINT_NONE;
    if (asp == M3UA_ENDPOINT_NONE)
        return;
    struct node_link *link = &node->link[asp];
    const bool was_up = link->is_up;
    link->association = TRANSPORT_ASSOCIATION_NONE;
    link->is_up = false;
    node_tell(node, NODE_WARNING, "sctp", "association-down", "asp %s: %s", node->asp[asp].name,
              event->reason);
    if (was_up)
        m3ua_endpoint_association_down(node->m3ua, asp, node->now_ns);
    if (!node->asp[asp].sctp_client || node->is_shutting)
        return;
    link->retry_at_ns = node->now_ns + link->pause_ns;
    link->pause_ns *= 2;
    if (link->pause_ns > node->config.reconnect_max_ns)
        link->pause_ns = node->config.reconnect_max_ns;
}

static void on_restart(struct node *node, uint32_t association, uint32_t asp,
                       const struct transport_event *event)
{
    capture_begin(node, association, asp, event->peer_ip, event->peer_port);
    node_tell(node, NODE_WARNING, "sctp", "association-restart",
              "asp %s: the peer restarted the association", node->asp[asp].name);
    m3ua_endpoint_association_restart(node->m3ua, asp, event->streams_out, node->now_ns);
}

void node_on_transport_event(void *context, uint32_t association,
                             const struct transport_event *event)
{
    struct node *node = context;
    if (association >= LIMIT_ASSOCIATIONS)
        return;
    const uint32_t asp = node->asp_of_association[association];
    node->acting = asp == M3UA_ENDPOINT_NONE ? node->config.asp_count : asp;
    switch (event->kind) {
    case TRANSPORT_EVENT_UP:
        on_up(node, association, event);
        break;
    case TRANSPORT_EVENT_DOWN:
        on_down(node, association, event);
        break;
    case TRANSPORT_EVENT_RESTART:
        if (asp != M3UA_ENDPOINT_NONE)
            on_restart(node, association, asp, event);
        break;
    case TRANSPORT_EVENT_PATH_UP:
    case TRANSPORT_EVENT_PATH_DOWN:
        if (asp != M3UA_ENDPOINT_NONE)
            node_tell(node, NODE_WARNING, "sctp", transport_event_name(event->kind),
                      "asp %s: path to %s", node->asp[asp].name, event->peer_ip);
        break;
    case TRANSPORT_EVENT_WRITABLE:
        if (asp != M3UA_ENDPOINT_NONE)
            m3ua_endpoint_writable(node->m3ua, asp, node->now_ns);
        break;
    }
    node->acting = NODE_ACTING_SELF;
}

void node_on_transport_message(void *context, uint32_t association,
                               const struct transport_message *message)
{
    struct node *node = context;
    const uint32_t asp = association < LIMIT_ASSOCIATIONS ? node->asp_of_association[association]
                                                          : M3UA_ENDPOINT_NONE;
    if (asp == M3UA_ENDPOINT_NONE)
        return;
    if (node->capture != NULL)
        capture_message(node->capture, association, false, message->received_ns, message->stream,
                        message->ppid, message->bytes);
    if (message->ppid != TRANSPORT_PPID_M3UA) {
        node->counters.wrong_ppid++;
        return;
    }
    node->acting = asp;
    m3ua_endpoint_receive(node->m3ua, asp, message->stream, message->bytes, node->now_ns);
    node->acting = NODE_ACTING_SELF;
}

/* --- getting associations --------------------------------------------------------------------- */

static const char *why_not(enum p7_status status)
{
    return status == P7_SYSTEM && errno != 0 ? strerror(errno) : p7_status_text(status);
}

enum p7_status node_listen_all(struct node *node, char *error, size_t error_octets)
{
    for (uint32_t i = 0; i < node->config.asp_count; i++) {
        const struct node_asp *asp = &node->asp[i];
        bool is_listening = asp->sctp_client;
        for (uint32_t l = 0; l < node->listener_count && !is_listening; l++)
            is_listening = node->listener[l].port == asp->endpoint.local_port;
        if (is_listening)
            continue;
        struct node_listener *listener = &node->listener[node->listener_count];
        const enum p7_status status =
            transport_listen(node->transport, &asp->endpoint, &listener->listener);
        if (status != P7_OK) {
            (void)snprintf(error, error_octets,
                           "asp %s: can't listen on SCTP port %u: %s; is another program using "
                           "it?",
                           asp->name, asp->endpoint.local_port, why_not(status));
            return status;
        }
        listener->port = asp->endpoint.local_port;
        node->listener_count++;
    }
    return P7_OK;
}

void node_connect_due(struct node *node, int64_t now_ns)
{
    for (uint32_t i = 0; i < node->config.asp_count; i++) {
        struct node_link *link = &node->link[i];
        if (link->retry_at_ns > now_ns || link->association != TRANSPORT_ASSOCIATION_NONE)
            continue;
        if (link->retry_at_ns != INT64_MIN)
            node->counters.reconnects++;
        link->retry_at_ns = TIMER_NEVER_NS;
        uint32_t association;
        const enum p7_status status =
            transport_connect(node->transport, &node->asp[i].endpoint, &association);
        if (status == P7_OK && association < LIMIT_ASSOCIATIONS) {
            link->association = association;
            node->asp_of_association[association] = i;
            continue;
        }
        node_tell(node, NODE_ERROR, "sctp", "connect-failed",
                  "asp %s: can't start an association: %s", node->asp[i].name, why_not(status));
        link->retry_at_ns = now_ns + node->config.reconnect_max_ns;
    }
}

int64_t node_connect_deadline_ns(const struct node *node)
{
    int64_t at_ns = TIMER_NEVER_NS;
    for (uint32_t i = 0; i < node->config.asp_count; i++)
        if (node->link[i].retry_at_ns < at_ns)
            at_ns = node->link[i].retry_at_ns;
    return at_ns;
}

void node_shutdown(struct node *node, int64_t now_ns)
{
    node->now_ns = now_ns;
    node->is_shutting = true;
    for (uint32_t i = 0; i < node->config.asp_count; i++) {
        node->link[i].retry_at_ns = TIMER_NEVER_NS;
        if (node->link[i].association == TRANSPORT_ASSOCIATION_NONE)
            continue;
        /* An SG has nothing to ask for; its end is the association's. */
        (void)!m3ua_endpoint_asp_down(node->m3ua, i, now_ns);
        transport_disconnect(node->transport, node->link[i].association, false);
    }
}

bool node_is_shut(const struct node *node)
{
    for (uint32_t i = 0; i < node->config.asp_count; i++)
        if (node->link[i].association != TRANSPORT_ASSOCIATION_NONE)
            return false;
    return true;
}
