/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* From usrsctp's sockets to the handler of transport.h. */
#include <errno.h>
#include <stdio.h>

#include "sigtran/transport/usrsctp_sockets.h"

void sockets_event_tell(struct sockets_transport *t, struct sockets_association *a,
                        struct transport_event *event)
{
    event->listener = TRANSPORT_ASSOCIATION_NONE;
    if (event->kind == TRANSPORT_EVENT_UP || event->kind == TRANSPORT_EVENT_RESTART) {
        event->listener = a->listener;
        event->streams_out = a->streams_out;
        event->streams_in = a->streams_in;
        event->peer_port = a->peer_port;
        (void)snprintf(event->peer_ip, sizeof(event->peer_ip), "%s", a->primary);
    }
    t->base.handler.event(t->base.handler.context, a->number, event);
}

static void event_simple(struct sockets_transport *t, struct sockets_association *a,
                         enum transport_event_kind kind)
{
    struct transport_event event = {.kind = kind};
    sockets_event_tell(t, a, &event);
}

/* Tells the handler and gives the slot back; a handler may start a new association meanwhile. */
static void association_down(struct sockets_transport *t, struct sockets_association *a,
                             const char *reason)
{
    struct transport_event event = {.kind = TRANSPORT_EVENT_DOWN};
    (void)snprintf(event.reason, sizeof(event.reason), "%s", reason);
    a->state = SOCKETS_ENDED;
    sockets_event_tell(t, a, &event);
    sockets_association_free(t, a);
}

static void association_learn(struct sockets_association *a)
{
    struct sctp_status status = {0};
    socklen_t length = sizeof(status);
    (void)userland_streams_read(a->socket, &a->streams_out, &a->streams_in);
    if (usrsctp_getsockopt(a->socket, IPPROTO_SCTP, SCTP_STATUS, &status, &length) == -1)
        return;
    union udp_address primary;
    memcpy(&primary, &status.sstat_primary.spinfo_address, sizeof(primary));
    udp_address_unmap(&primary);
    udp_address_text(&primary, a->primary, sizeof(a->primary));
    a->peer_port = udp_address_port(&primary);
}

/* New sockets in the listener's queue: associations that peers began. */
void sockets_listener_read(struct sockets_transport *t, uint32_t listener)
{
    const struct sockets_listener *l = &t->listeners[listener];
    for (;;) {
        union udp_address from;
        socklen_t length = sizeof(from);
        struct socket *s = usrsctp_accept(l->socket, &from.any, &length);
        if (s == NULL)
            return;
        struct sockets_association *a = sockets_association_take(t);
        if (a == NULL) { /* all associations are taken: the peer learns by an ABORT */
            userland_socket_abort(s);
            continue;
        }
        a->socket = s;
        a->listener = listener;
        a->profile = l->profile;
        a->nodelay = l->profile.nodelay;
        a->state = SOCKETS_UP;
        (void)usrsctp_set_non_blocking(s, 1);
        association_learn(a);
        sockets_watch(s, sockets_mark_of(t, a));
        event_simple(t, a, TRANSPORT_EVENT_UP);
    }
}

static void association_restarted(struct sockets_transport *t, struct sockets_association *a)
{
    if (a->state != SOCKETS_UP) { /* the SHUTDOWN that was under way is forgotten on both sides */
        association_down(t, a, "the peer restarted while the association was being shut down");
        return;
    }
    a->cork.holds = false;
    assembly_reset(&a->assembly);
    association_learn(a);
    event_simple(t, a, TRANSPORT_EVENT_RESTART);
    if (a->state == SOCKETS_UP && a->cork.full) {
        a->cork.full = false;
        event_simple(t, a, TRANSPORT_EVENT_WRITABLE);
    }
}

static void association_changed(struct sockets_transport *t, struct sockets_association *a,
                                const struct sctp_assoc_change *change, uint32_t length)
{
    char reason[TRANSPORT_REASON_OCTETS];
    switch (change->sac_state) {
    case SCTP_COMM_UP:
        if (a->state != SOCKETS_CONNECTING)
            break;
        a->state = SOCKETS_UP;
        association_learn(a);
        event_simple(t, a, TRANSPORT_EVENT_UP);
        break;
    case SCTP_RESTART:
        association_restarted(t, a);
        break;
    case SCTP_SHUTDOWN_COMP:
        association_down(t, a,
                         a->shut ? "shut down as asked" : "the peer shut the association down");
        break;
    case SCTP_COMM_LOST:
    case SCTP_CANT_STR_ASSOC:
        userland_lost_reason(a->socket, &a->profile, change, length, reason, sizeof(reason));
        association_down(t, a, reason);
        break;
    default:
        break;
    }
}

static void path_changed(struct sockets_transport *t, struct sockets_association *a,
                         const struct sctp_paddr_change *change)
{
    if (change->spc_state != SCTP_ADDR_AVAILABLE && change->spc_state != SCTP_ADDR_UNREACHABLE)
        return;
    struct transport_event event = {.kind = change->spc_state == SCTP_ADDR_AVAILABLE
                                                ? TRANSPORT_EVENT_PATH_UP
                                                : TRANSPORT_EVENT_PATH_DOWN};
    union udp_address path;
    memcpy(&path, &change->spc_aaddr, sizeof(path));
    udp_address_unmap(&path);
    udp_address_text(&path, event.peer_ip, sizeof(event.peer_ip));
    sockets_event_tell(t, a, &event);
}

static void notification_tell(struct sockets_transport *t, struct sockets_association *a,
                              struct bytes bytes)
{
    /* A copy that may be shorter than the union: an ABORT's chunk follows in the read's octets. */
    union sctp_notification n = {0};
    memcpy(&n, bytes.data, bytes.length < sizeof(n) ? bytes.length : sizeof(n));
    switch (n.sn_header.sn_type) {
    case SCTP_ASSOC_CHANGE:
        if (bytes.length >= sizeof(n.sn_assoc_change))
            association_changed(t, a, (const struct sctp_assoc_change *)(const void *)bytes.data,
                                (uint32_t)bytes.length);
        break;
    case SCTP_PEER_ADDR_CHANGE:
        if (bytes.length >= sizeof(n.sn_paddr_change))
            path_changed(t, a, &n.sn_paddr_change);
        break;
    case SCTP_PARTIAL_DELIVERY_EVENT:
        assembly_reset(&a->assembly);
        break;
    default:
        break;
    }
}

static void part_tell(struct sockets_transport *t, struct sockets_association *a,
                      const struct sctp_rcvinfo *info, struct bytes part, bool is_last)
{
    struct transport_message message = {.stream = info->rcv_sid,
                                        .ppid = ntohl(info->rcv_ppid),
                                        .bytes = part,
                                        .received_ns = t->now_ns};
    if (assembly_deliver(&a->assembly, &message, is_last, &t->base.handler, a->number,
                         &t->counters))
        t->counters.octets_received += message.bytes.length;
}

/* The socket has nothing to read, and will have nothing any more: when its association is gone
 * without a word, that is told. */
static void end_tell(struct sockets_transport *t, struct sockets_association *a, int error)
{
    uint16_t out;
    uint16_t in;
    char reason[TRANSPORT_REASON_OCTETS];
    if (userland_streams_read(a->socket, &out, &in))
        return;
    if (error == 0)
        (void)snprintf(reason, sizeof(reason), "%s",
                       a->shut ? "shut down as asked" : "the peer shut the association down");
    else
        (void)snprintf(reason, sizeof(reason), "association lost: %s", strerror(error));
    association_down(t, a, reason);
}

void sockets_association_read(struct sockets_transport *t, struct sockets_association *a)
{
    const struct socket *socket = a->socket; /* a handler may end it, and begin another one here */
    for (unsigned i = 0; i < SOCKETS_STEP_READS; i++) {
        struct sctp_rcvinfo info = {0};
        socklen_t info_length = sizeof(info);
        unsigned info_type = SCTP_RECVV_NOINFO;
        union udp_address from;
        socklen_t from_length = sizeof(from);
        int flags = 0;
        const ssize_t got = usrsctp_recvv(a->socket, t->octets, sizeof(t->octets), &from.any,
                                          &from_length, &info, &info_length, &info_type, &flags);
        if (got <= 0) {
            if (got == 0 || (errno != EWOULDBLOCK && errno != EINTR && errno != ENOTCONN))
                end_tell(t, a, got == 0 ? 0 : errno);
            return;
        }
        const struct bytes bytes = bytes_of(t->octets, (size_t)got);
        if ((flags & MSG_NOTIFICATION) != 0)
            notification_tell(t, a, bytes);
        else
            part_tell(t, a, &info, bytes, (flags & MSG_EOR) != 0);
        if (a->socket != socket)
            return;
    }
    atomic_store(&sockets_mark_of(t, a)->marked, true);
    t->more = true;
}
