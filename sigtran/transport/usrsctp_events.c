/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* From usrsctp's messages and notifications to the handler of transport.h. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "sigtran/transport/usrsctp_engine.h"

static struct engine_association *association_of_socket(struct engine_transport *t,
                                                        const struct socket *socket)
{
    for (uint32_t i = 0; i < LIMIT_ASSOCIATIONS; i++)
        if (t->associations[i].socket == socket)
            return &t->associations[i];
    return NULL;
}

void engine_event(struct engine_association *a, struct transport_event *event)
{
    const struct engine_transport *t = a->owner.transport;
    if (event->kind == TRANSPORT_EVENT_UP || event->kind == TRANSPORT_EVENT_RESTART) {
        event->listener = a->listener;
        event->streams_out = a->streams_out;
        event->streams_in = a->streams_in;
        event->peer_port = a->peer_port;
    } else {
        event->listener = TRANSPORT_ASSOCIATION_NONE;
    }
    if (event->kind != TRANSPORT_EVENT_DOWN && a->peer != NULL)
        udp_address_text(&a->peer->address, event->peer_ip, sizeof(event->peer_ip));
    t->base.handler.event(t->base.handler.context, a->owner.number, event);
}

static void event_simple(struct engine_association *a, enum transport_event_kind kind)
{
    struct transport_event event = {.kind = kind};
    engine_event(a, &event);
}

/* Tells the handler and gives the slot back; a handler may start a new association meanwhile. */
static void association_down(struct engine_association *a, const char *reason)
{
    struct transport_event event = {.kind = TRANSPORT_EVENT_DOWN};
    (void)snprintf(event.reason, sizeof(event.reason), "%s", reason);
    a->state = ENGINE_ENDED;
    engine_event(a, &event);
    engine_association_free(a);
}

/* A new socket in the listener's queue: an association that some peer began. */
static void listener_accept(struct engine_listener *listener)
{
    struct engine_transport *t = listener->owner.transport;
    struct sockaddr_conn from = {0};
    socklen_t length = sizeof(from);
    struct socket *s = usrsctp_accept(listener->socket, (struct sockaddr *)&from, &length);
    if (s == NULL)
        return;
    struct engine_peer *peer = engine_peers_by_token(engine_peers(), from.sconn_addr);
    struct engine_association *a =
        peer == NULL || peer->transport != t ? NULL : engine_association_take(t);
    if (a == NULL) {
        /* All associations are taken (or the packet came to another transport of this process):
         * the peer learns by an ABORT. */
        userland_socket_abort(s);
        return;
    }
    engine_peers_hold(engine_peers(), peer);
    a->peer = peer;
    a->socket = s;
    a->listener = listener->owner.number;
    a->peer_port = ntohs(from.sconn_port);
    a->profile = listener->profile;
    a->nodelay = listener->profile.nodelay;
    a->state = ENGINE_UP;
    (void)usrsctp_set_non_blocking(s, 1);
    (void)usrsctp_set_ulpinfo(s, &a->owner);
    engine_association_learn(a);
    event_simple(a, TRANSPORT_EVENT_UP);
}

static void association_restarted(struct engine_association *a)
{
    if (a->state != ENGINE_UP) { /* the SHUTDOWN that was under way is forgotten on both sides */
        association_down(a, "the peer restarted while the association was being shut down");
        return;
    }
    a->cork.holds = false;
    assembly_reset(&a->assembly);
    engine_association_learn(a);
    event_simple(a, TRANSPORT_EVENT_RESTART);
    if (a->state == ENGINE_UP && a->cork.full) {
        a->cork.full = false;
        event_simple(a, TRANSPORT_EVENT_WRITABLE);
    }
}

static void association_changed(struct engine_association *a,
                                const struct sctp_assoc_change *change, uint32_t length)
{
    char reason[TRANSPORT_REASON_OCTETS];
    switch (change->sac_state) {
    case SCTP_COMM_UP:
        if (a->state != ENGINE_CONNECTING)
            break;
        a->state = ENGINE_UP;
        engine_association_learn(a);
        event_simple(a, TRANSPORT_EVENT_UP);
        break;
    case SCTP_RESTART:
        association_restarted(a);
        break;
    case SCTP_SHUTDOWN_COMP:
        association_down(a, a->shut ? "shut down as asked" : "the peer shut the association down");
        break;
    case SCTP_COMM_LOST:
    case SCTP_CANT_STR_ASSOC:
        userland_lost_reason(a->socket, &a->profile, change, length, reason, sizeof(reason));
        association_down(a, reason);
        break;
    default:
        break;
    }
}

static void path_changed(struct engine_association *a, const struct sctp_paddr_change *change)
{
    if (change->spc_state == SCTP_ADDR_AVAILABLE)
        event_simple(a, TRANSPORT_EVENT_PATH_UP);
    else if (change->spc_state == SCTP_ADDR_UNREACHABLE)
        event_simple(a, TRANSPORT_EVENT_PATH_DOWN);
}

static void notification_deliver(struct engine_association *a, const struct engine_indication *i)
{
    const union sctp_notification *n = i->data;
    if (i->length < sizeof(n->sn_header))
        return;
    switch (n->sn_header.sn_type) {
    case SCTP_ASSOC_CHANGE:
        if (i->length >= sizeof(n->sn_assoc_change))
            association_changed(a, &n->sn_assoc_change, i->length);
        break;
    case SCTP_PEER_ADDR_CHANGE:
        if (i->length >= sizeof(n->sn_paddr_change))
            path_changed(a, &n->sn_paddr_change);
        break;
    case SCTP_PARTIAL_DELIVERY_EVENT:
        assembly_reset(&a->assembly);
        break;
    default:
        break;
    }
}

static void message_deliver(struct engine_association *a, const struct engine_indication *i)
{
    struct engine_transport *t = a->owner.transport;
    struct transport_message message = {.stream = i->stream,
                                        .ppid = i->ppid,
                                        .bytes = bytes_of(i->data, i->length),
                                        .received_ns = t->now_ns};
    (void)assembly_deliver(&a->assembly, &message, i->whole, &t->base.handler, a->owner.number,
                           &t->counters);
}

static void indication_deliver(struct engine_transport *t, const struct engine_indication *i)
{
    struct engine_association *a = NULL;
    if (!i->owner->is_listener) {
        a = (struct engine_association *)i->owner;
        if (a->socket != i->socket) /* closed since, and perhaps another one now */
            return;
    } else {
        a = association_of_socket(t, i->socket);
        struct engine_listener *listener = (struct engine_listener *)i->owner;
        if (a == NULL && listener->socket != NULL) {
            listener_accept(listener);
            a = association_of_socket(t, i->socket);
        }
    }
    if (a == NULL || a->state == ENGINE_ENDED)
        return;
    if (i->notification)
        notification_deliver(a, i);
    else
        message_deliver(a, i);
}

void engine_indications_deliver(struct engine_transport *t)
{
    while (t->indication_count > 0) {
        const struct engine_indication i = t->indications[t->indication_first++];
        t->indication_count--;
        indication_deliver(t, &i);
        free(i.data);
    }
    t->indication_first = 0;
}

void engine_indications_drop(struct engine_transport *t)
{
    for (uint32_t i = 0; i < t->indication_count; i++)
        free(t->indications[t->indication_first + i].data);
    free(t->indications);
    t->indications = NULL;
    t->indication_first = 0;
    t->indication_count = 0;
    t->indication_room = 0;
}
