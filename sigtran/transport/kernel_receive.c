/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>

#include "sigtran/transport/kernel_sctp.h"

void kernel_event_tell(struct kernel_transport *t, struct kernel_association *a,
                       struct transport_event *event)
{
    const bool up = event->kind == TRANSPORT_EVENT_UP || event->kind == TRANSPORT_EVENT_RESTART;
    event->listener = up ? a->listener : TRANSPORT_ASSOCIATION_NONE;
    t->base.handler.event(t->base.handler.context, a->number, event);
}

static void tell_simple(struct kernel_transport *t, struct kernel_association *a,
                        enum transport_event_kind kind)
{
    struct transport_event event = {.kind = kind};
    kernel_event_tell(t, a, &event);
}

/* False: nothing is told, as it has gone already; its end is told by what the kernel says next. */
static bool tell_up(struct kernel_transport *t, struct kernel_association *a,
                    enum transport_event_kind kind)
{
    union udp_address primary;
    if (!kernel_association_learn(t, a, &primary))
        return false;
    struct transport_event event = {.kind = kind,
                                    .streams_out = a->streams_out,
                                    .streams_in = a->streams_in,
                                    .peer_port = a->peer_port};
    udp_address_text(&primary, event.peer_ip, sizeof(event.peer_ip));
    kernel_event_tell(t, a, &event);
    return true;
}

static void tell_down(struct kernel_transport *t, struct kernel_association *a, const char *reason)
{
    struct transport_event event = {.kind = TRANSPORT_EVENT_DOWN};
    (void)snprintf(event.reason, sizeof(event.reason), "%s", reason);
    a->state = KERNEL_ENDED;
    kernel_event_tell(t, a, &event);
    kernel_association_free(t, a);
}

/* Some peer began an association with a listening socket. */
static void accepted(struct kernel_transport *t, uint32_t socket, sctp_assoc_t id)
{
    struct kernel_socket *s = &t->sockets[socket];
    struct kernel_association *a =
        s->listener == TRANSPORT_ASSOCIATION_NONE ? NULL : kernel_association_take(t);
    if (a == NULL) {
        kernel_control_send(t, socket, id, SCTP_ABORT);
        return;
    }
    a->socket = socket;
    a->id = id;
    a->listener = s->listener;
    a->profile = s->profile;
    a->state = KERNEL_UP;
    s->associations++;
    if (!tell_up(t, a, TRANSPORT_EVENT_UP))
        kernel_association_free(t, a); /* nobody has heard of it */
}

/* The error of the notification is a cause code of RFC9260-3.3.10, in network order, or 0. */
static void lost_tell(struct kernel_transport *t, struct kernel_association *a,
                      const struct sctp_assoc_change *change)
{
    char reason[TRANSPORT_REASON_OCTETS];
    const bool starting = change->sac_state == SCTP_CANT_STR_ASSOC;
    if (starting && change->sac_error == 0)
        (void)snprintf(reason, sizeof(reason), "no answer to %u INITs, or refused",
                       a->profile.init_max_attempts);
    else if (starting)
        (void)snprintf(reason, sizeof(reason), "the peer refused the association (cause %u)",
                       ntohs(change->sac_error));
    else
        (void)snprintf(reason, sizeof(reason),
                       "association lost: aborted by the peer, or more than %u retransmissions "
                       "went unanswered (cause %u)",
                       a->profile.association_max_retrans, ntohs(change->sac_error));
    tell_down(t, a, reason);
}

static void restarted(struct kernel_transport *t, struct kernel_association *a)
{
    const bool full = a->cork.full;
    a->cork.holds = false;
    a->cork.full = false;
    assembly_reset(&a->assembly);
    if (!tell_up(t, a, TRANSPORT_EVENT_RESTART))
        return;
    if (full && a->state == KERNEL_UP)
        tell_simple(t, a, TRANSPORT_EVENT_WRITABLE);
}

static void association_changed(struct kernel_transport *t, uint32_t socket,
                                const struct sctp_assoc_change *change)
{
    struct kernel_association *a = kernel_association_of(t, socket, change->sac_assoc_id);
    if (a == NULL) {
        if (change->sac_state == SCTP_COMM_UP)
            accepted(t, socket, change->sac_assoc_id);
        return;
    }
    switch (change->sac_state) {
    case SCTP_COMM_UP:
        if (a->state != KERNEL_CONNECTING)
            break;
        a->state = KERNEL_UP;
        if (!tell_up(t, a, TRANSPORT_EVENT_UP))
            a->state = KERNEL_CONNECTING;
        break;
    case SCTP_RESTART:
        restarted(t, a);
        break;
    case SCTP_SHUTDOWN_COMP:
        tell_down(t, a, a->shut ? "shut down as asked" : "the peer shut the association down");
        break;
    case SCTP_COMM_LOST:
    case SCTP_CANT_STR_ASSOC:
        lost_tell(t, a, change);
        break;
    default:
        break;
    }
}

static void path_changed(struct kernel_transport *t, uint32_t socket,
                         const struct sctp_paddr_change *change)
{
    struct kernel_association *a = kernel_association_of(t, socket, change->spc_assoc_id);
    if (a == NULL ||
        (change->spc_state != SCTP_ADDR_AVAILABLE && change->spc_state != SCTP_ADDR_UNREACHABLE))
        return;
    struct transport_event event = {.kind = change->spc_state == SCTP_ADDR_AVAILABLE
                                                ? TRANSPORT_EVENT_PATH_UP
                                                : TRANSPORT_EVENT_PATH_DOWN};
    union udp_address path;
    memcpy(&path, &change->spc_aaddr, sizeof(path));
    udp_address_unmap(&path);
    udp_address_text(&path, event.peer_ip, sizeof(event.peer_ip));
    kernel_event_tell(t, a, &event);
}

static void notification_tell(struct kernel_transport *t, uint32_t socket, struct bytes bytes)
{
    union sctp_notification n;
    memset(&n, 0, sizeof(n));
    memcpy(&n, bytes.data, bytes.length < sizeof(n) ? bytes.length : sizeof(n));
    switch (n.sn_header.sn_type) {
    case SCTP_ASSOC_CHANGE:
        if (bytes.length >= sizeof(n.sn_assoc_change))
            association_changed(t, socket, &n.sn_assoc_change);
        break;
    case SCTP_PEER_ADDR_CHANGE:
        if (bytes.length >= sizeof(n.sn_paddr_change))
            path_changed(t, socket, &n.sn_paddr_change);
        break;
    case SCTP_PARTIAL_DELIVERY_EVENT: {
        struct kernel_association *a =
            kernel_association_of(t, socket, n.sn_pdapi_event.pdapi_assoc_id);
        if (a != NULL)
            assembly_reset(&a->assembly);
        break;
    }
    default:
        break;
    }
}

static void message_tell(struct kernel_transport *t, struct kernel_association *a,
                         const struct sctp_rcvinfo *info, struct bytes part, bool whole)
{
    struct transport_message message = {.stream = info->rcv_sid,
                                        .ppid = ntohl(info->rcv_ppid),
                                        .bytes = part,
                                        .received_ns = t->now_ns};
    if (assembly_deliver(&a->assembly, &message, whole, &t->base.handler, a->number, &t->counters))
        t->counters.octets_received += message.bytes.length;
}

static const struct sctp_rcvinfo *info_of(struct msghdr *header)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c != NULL; c = CMSG_NXTHDR(header, c))
        if (c->cmsg_level == IPPROTO_SCTP && c->cmsg_type == SCTP_RCVINFO &&
            c->cmsg_len >= CMSG_LEN(sizeof(struct sctp_rcvinfo)))
            return (const struct sctp_rcvinfo *)(const void *)CMSG_DATA(c);
    return NULL;
}

static void slot_tell(struct kernel_transport *t, uint32_t socket, struct mmsghdr *message)
{
    struct msghdr *header = &message->msg_hdr;
    const struct bytes bytes = bytes_of(header->msg_iov->iov_base, message->msg_len);
    if ((header->msg_flags & MSG_NOTIFICATION) != 0) {
        notification_tell(t, socket, bytes);
        return;
    }
    const struct sctp_rcvinfo *info = info_of(header);
    if (info == NULL || bytes.length == 0)
        return;
    struct kernel_association *a = kernel_association_of(t, socket, info->rcv_assoc_id);
    if (a != NULL && a->state != KERNEL_ENDED)
        message_tell(t, a, info, bytes, (header->msg_flags & MSG_EOR) != 0);
}

void kernel_socket_read(struct kernel_transport *t, uint32_t socket)
{
    struct mmsghdr messages[KERNEL_SLOTS];
    const int fd = t->sockets[socket].fd;
    for (unsigned read = 0; read < KERNEL_READS && t->sockets[socket].fd == fd; read++) {
        for (unsigned i = 0; i < KERNEL_SLOTS; i++) {
            struct kernel_slot *slot = &t->slots[i];
            slot->iov = (struct iovec){slot->octets, sizeof(slot->octets)};
            messages[i].msg_len = 0;
            messages[i].msg_hdr = (struct msghdr){.msg_iov = &slot->iov,
                                                  .msg_iovlen = 1,
                                                  .msg_control = &slot->control,
                                                  .msg_controllen = sizeof(slot->control)};
        }
        const int got = recvmmsg(fd, messages, KERNEL_SLOTS, MSG_DONTWAIT, NULL);
        for (int i = 0; i < got; i++)
            slot_tell(t, socket, &messages[i]);
        if (got < KERNEL_SLOTS)
            break;
    }
}
