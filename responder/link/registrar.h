/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * registrar - whoever keeps the register, as a node reaches it: pulse7-witness over its datagrams,
 * or etcd over HTTP. One interface, two kinds; a node's machine does not know which.
 *
 * Life cycle: registrar_witness_open or registrar_etcd_open -> request, ready ... ->
 * registrar_close. One thread. Nothing blocks: requests go out, answers come when registrar_ready
 * is called as the descriptor is readable, or at the deadline. A request may be lost: the machine
 * asks again; asking twice is harmless (register.h).
 */
#ifndef RESPONDER_LINK_REGISTRAR_H
#define RESPONDER_LINK_REGISTRAR_H

#include <stdint.h>

#include "responder/cluster/channel.h"
#include "responder/cluster/register.h"
#include "sigtran/base/status.h"

#define REGISTRAR_TEXT_OCTETS 320

struct registrar;

struct registrar_handler {
    void *context;
    void (*answer)(void *context, const struct register_answer *answer, int64_t now_ns);
    /* Worth a line in the log, at most one a second: what is wrong with it and what to do. */
    void (*trouble)(void *context, const char *text);
};

struct registrar_witness_params {
    const char *address; /* IP address; port is the witness's */
    uint16_t port;
    const char *local_address; /* "" or NULL: any */
    uint8_t key[CHANNEL_KEY_OCTETS];
    uint64_t cluster_id;
    uint8_t node;     /* 0 or 1: who asks */
    uint64_t session; /* as channel.h */
};

struct registrar_etcd_params {
    const char *url;    /* of the JSON gateway, "http://127.0.0.1:2379"; several with commas */
    const char *prefix; /* of the key; the cluster's id is appended */
    uint64_t cluster_id;
};

/* P7_SYSTEM, P7_RANGE, P7_NO_MEMORY; `text` says what and why. */
enum p7_status registrar_witness_open(const struct registrar_witness_params *params,
                                      const struct registrar_handler *handler,
                                      struct registrar **out, char *text) P7_MUST_CHECK;
enum p7_status registrar_etcd_open(const struct registrar_etcd_params *params,
                                   const struct registrar_handler *handler, struct registrar **out,
                                   char *text) P7_MUST_CHECK;
void registrar_close(struct registrar *registrar);

void registrar_request(struct registrar *registrar, const struct register_request *request,
                       int64_t now_ns);
/* Readable when registrar_ready has something to do. One descriptor for its whole life. */
int registrar_fd(const struct registrar *registrar);
void registrar_ready(struct registrar *registrar, int64_t now_ns);
/* Timers: call registrar_ready at that time, too. */
int64_t registrar_deadline_ns(const struct registrar *registrar);

#endif
