/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * transport_ops - what a kind of transport implements, and what all of them share. Internal to
 * sigtran/transport.
 *
 * A kind's own structure begins with `struct transport`; transport.c calls through `ops` and checks
 * nothing that the header of transport.h promises for the caller.
 */
#ifndef SIGTRAN_TRANSPORT_TRANSPORT_OPS_H
#define SIGTRAN_TRANSPORT_TRANSPORT_OPS_H

#include "sigtran/transport/transport.h"

struct transport_ops {
    void (*close)(struct transport *transport);
    enum p7_status (*listen)(struct transport *transport, const struct transport_endpoint *endpoint,
                             uint32_t *listener);
    enum p7_status (*connect)(struct transport *transport,
                              const struct transport_endpoint *endpoint, uint32_t *association);
    void (*disconnect)(struct transport *transport, uint32_t association, bool abortive);
    enum p7_status (*send)(struct transport *transport, uint32_t association, uint16_t stream,
                           uint32_t ppid, struct bytes message);
    void (*step)(struct transport *transport, int64_t now_ns);
    void (*flush)(struct transport *transport, int64_t now_ns);
    int (*fd)(const struct transport *transport);
    int64_t (*deadline_ns)(const struct transport *transport);
    enum p7_status (*get_status)(struct transport *transport, uint32_t association,
                                 struct transport_status *status);
    void (*get_counters)(const struct transport *transport, struct transport_counters *counters);
    uint16_t (*udp_port)(const struct transport *transport);
};

struct transport {
    const struct transport_ops *ops;
    enum transport_kind kind;
    struct transport_handler handler;
};

/* Octets that grow with need and keep their memory: a held message, parts of a long one. */
struct transport_buffer {
    uint8_t *data;
    uint32_t length;
    uint32_t room;
};

enum p7_status transport_buffer_append(struct transport_buffer *buffer,
                                       struct bytes bytes) P7_MUST_CHECK;

/* The kinds' own open functions; each writes one line to `verdict`. */
enum p7_status userland_transport_open(const struct transport_settings *settings,
                                       enum transport_kind kind,
                                       const struct transport_handler *handler,
                                       struct transport **transport, char *verdict,
                                       size_t verdict_octets) P7_MUST_CHECK;
/* The same kinds with several addresses a side. */
enum p7_status sockets_transport_open(const struct transport_settings *settings,
                                      enum transport_kind kind,
                                      const struct transport_handler *handler,
                                      struct transport **transport, char *verdict,
                                      size_t verdict_octets) P7_MUST_CHECK;
enum p7_status kernel_transport_open(const struct transport_settings *settings,
                                     enum transport_kind kind,
                                     const struct transport_handler *handler,
                                     struct transport **transport, char *verdict,
                                     size_t verdict_octets) P7_MUST_CHECK;

#endif
