/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "sigtran/transport/transport.h"

#include <stdio.h>
#include <stdlib.h>

#include "sigtran/transport/transport_ops.h"

const char *transport_kind_name(enum transport_kind kind)
{
    switch (kind) {
    case TRANSPORT_AUTO:
        return "auto";
    case TRANSPORT_KERNEL:
        return "kernel";
    case TRANSPORT_KERNEL_UDP:
        return "kernel-udp";
    case TRANSPORT_USRSCTP:
        return "usrsctp";
    case TRANSPORT_USRSCTP_IP:
        return "usrsctp-ip";
    case TRANSPORT_MEMORY:
        return "memory";
    }
    return "unknown";
}

const char *transport_event_name(enum transport_event_kind kind)
{
    switch (kind) {
    case TRANSPORT_EVENT_UP:
        return "up";
    case TRANSPORT_EVENT_DOWN:
        return "down";
    case TRANSPORT_EVENT_RESTART:
        return "restart";
    case TRANSPORT_EVENT_PATH_UP:
        return "path up";
    case TRANSPORT_EVENT_PATH_DOWN:
        return "path down";
    case TRANSPORT_EVENT_WRITABLE:
        return "writable";
    }
    return "unknown";
}

static enum p7_status usrsctp_open(const struct transport_settings *settings,
                                   enum transport_kind kind,
                                   const struct transport_handler *handler,
                                   struct transport **transport, char *verdict, size_t octets)
{
    return settings->multihomed
               ? sockets_transport_open(settings, kind, handler, transport, verdict, octets)
               : userland_transport_open(settings, kind, handler, transport, verdict, octets);
}

static enum p7_status auto_open(const struct transport_settings *settings,
                                const struct transport_handler *handler,
                                struct transport **transport, char *verdict, size_t octets)
{
    char kernel[192];
    char userland[192];
    if (kernel_transport_open(settings, TRANSPORT_KERNEL, handler, transport, kernel,
                              sizeof(kernel)) == P7_OK) {
        (void)snprintf(verdict, octets, "transport: %s", kernel);
        return P7_OK;
    }
    const enum p7_status status =
        usrsctp_open(settings, TRANSPORT_USRSCTP, handler, transport, userland, sizeof(userland));
    if (status == P7_OK)
        (void)snprintf(verdict, octets, "transport: %s (%s)", userland, kernel);
    else
        (void)snprintf(verdict, octets, "transport: none works. Kernel: %s. Userland: %s", kernel,
                       userland);
    return status;
}

enum p7_status transport_open(const struct transport_settings *settings,
                              const struct transport_handler *handler, struct transport **transport,
                              char *verdict, size_t octets)
{
    char text[192];
    enum p7_status status = P7_UNSUPPORTED;
    switch (settings->kind) {
    case TRANSPORT_AUTO:
        return auto_open(settings, handler, transport, verdict, octets);
    case TRANSPORT_KERNEL:
    case TRANSPORT_KERNEL_UDP:
        status =
            kernel_transport_open(settings, settings->kind, handler, transport, text, sizeof(text));
        if (status == P7_UNSUPPORTED) {
            (void)snprintf(verdict, octets,
                           "transport: %s; try `modprobe sctp` (package linux-modules-extra-... or "
                           "a kernel with CONFIG_IP_SCTP), or `transport usrsctp`",
                           text);
            return status;
        }
        break;
    case TRANSPORT_USRSCTP:
    case TRANSPORT_USRSCTP_IP:
        status = usrsctp_open(settings, settings->kind, handler, transport, text, sizeof(text));
        break;
    case TRANSPORT_MEMORY:
        (void)snprintf(text, sizeof(text),
                       "`memory` is for tests, which open it on a memory_network");
        break;
    }
    (void)snprintf(verdict, octets, "transport: %s", text);
    return status;
}

void transport_close(struct transport *transport)
{
    if (transport != NULL)
        transport->ops->close(transport);
}

enum transport_kind transport_kind_of(const struct transport *transport)
{
    return transport->kind;
}

uint16_t transport_udp_port(const struct transport *transport)
{
    return transport->ops->udp_port(transport);
}

enum p7_status transport_listen(struct transport *transport,
                                const struct transport_endpoint *endpoint, uint32_t *listener)
{
    return transport->ops->listen(transport, endpoint, listener);
}

enum p7_status transport_connect(struct transport *transport,
                                 const struct transport_endpoint *endpoint, uint32_t *association)
{
    return transport->ops->connect(transport, endpoint, association);
}

void transport_disconnect(struct transport *transport, uint32_t association, bool abortive)
{
    transport->ops->disconnect(transport, association, abortive);
}

enum p7_status transport_send(struct transport *transport, uint32_t association, uint16_t stream,
                              uint32_t ppid, struct bytes message)
{
    return transport->ops->send(transport, association, stream, ppid, message);
}

void transport_step(struct transport *transport, int64_t now_ns)
{
    transport->ops->step(transport, now_ns);
}

void transport_flush(struct transport *transport, int64_t now_ns)
{
    transport->ops->flush(transport, now_ns);
}

int transport_fd(const struct transport *transport)
{
    return transport->ops->fd(transport);
}

int64_t transport_deadline_ns(const struct transport *transport)
{
    return transport->ops->deadline_ns(transport);
}

enum p7_status transport_get_status(struct transport *transport, uint32_t association,
                                    struct transport_status *status)
{
    return transport->ops->get_status(transport, association, status);
}

void transport_get_counters(const struct transport *transport, struct transport_counters *counters)
{
    transport->ops->get_counters(transport, counters);
}

#define BUFFER_AT_FIRST 2048

enum p7_status transport_buffer_append(struct transport_buffer *b, struct bytes bytes)
{
    if (b->length + bytes.length > b->room) {
        uint32_t room = b->room == 0 ? BUFFER_AT_FIRST : b->room;
        while (room < b->length + bytes.length)
            room *= 2;
        uint8_t *more = realloc(b->data, room);
        if (more == NULL)
            return P7_NO_MEMORY;
        b->data = more;
        b->room = room;
    }
    memcpy(b->data + b->length, bytes.data, bytes.length);
    b->length += (uint32_t)bytes.length;
    return P7_OK;
}
