/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "responder/link/datagram_socket.h"
#include "responder/link/registrar_internal.h"

/* Requests and answers are below 200 octets. */
#define WITNESS_DATAGRAM_OCTETS_MAX 1024u
#define WITNESS_SOCKET_OCTETS       65536

#define WITNESS_HELLO_NS   INT64_C(100000000)
#define WITNESS_SILENCE_NS INT64_C(2000000000)

struct registrar_witness {
    struct registrar base;
    struct datagram_socket socket;
    struct datagram_address witness;
    struct channel channel;
    char name[96];            /* ADDRESS port PORT, for the log */
    bool waiting;             /* for the channel to open, or for the answer to `asked_id` */
    int64_t waiting_since_ns; /* INT64_MIN: the first call of ready or request tells */
    int64_t hello_ns;         /* when the next one is due, while waiting */
    uint64_t asked_id;
    bool asked;
    uint64_t told_forged;
    int64_t now_ns; /* of the call in progress */
};

static void send_octets(struct registrar_witness *w, const struct bytes_writer *writer)
{
    const struct bytes datagram = bytes_of(writer->start, bytes_writer_length(writer));
    if (datagram_socket_send(&w->socket, &w->witness, &datagram, 1, NULL) == 1)
        return;
    registrar_tell_trouble(&w->base, w->now_ns,
                           "the witness at %s can't be sent to: %s; see to this host's routes",
                           w->name, strerror(errno));
}

static void send_hello(struct registrar_witness *w)
{
    uint8_t octets[CHANNEL_OVERHEAD_OCTETS];
    struct bytes_writer writer = bytes_writer_of(octets, octets + sizeof(octets));
    if (channel_hello(&w->channel, &writer) == P7_OK)
        send_octets(w, &writer);
    w->hello_ns = w->now_ns + WITNESS_HELLO_NS;
}

static void wait_from_now(struct registrar_witness *w)
{
    if (!w->waiting || w->waiting_since_ns == INT64_MIN)
        w->waiting_since_ns = w->now_ns;
    w->waiting = true;
}

static void witness_request(struct registrar *registrar, const struct register_request *request,
                            int64_t now_ns)
{
    struct registrar_witness *w = (struct registrar_witness *)registrar;
    uint8_t inner[WITNESS_DATAGRAM_OCTETS_MAX - CHANNEL_OVERHEAD_OCTETS];
    uint8_t outer[WITNESS_DATAGRAM_OCTETS_MAX];
    struct bytes_writer payload = bytes_writer_of(inner, inner + sizeof(inner));
    struct bytes_writer writer = bytes_writer_of(outer, outer + sizeof(outer));
    w->now_ns = now_ns;
    wait_from_now(w);
    if (!channel_is_open(&w->channel)) {
        if (now_ns >= w->hello_ns)
            send_hello(w);
        return;
    }
    if (!w->asked && w->hello_ns < now_ns + WITNESS_HELLO_NS)
        w->hello_ns = now_ns + WITNESS_HELLO_NS;
    w->asked = true;
    w->asked_id = request->id;
    if (register_request_encode(&payload, request) == P7_OK &&
        channel_seal(&w->channel, bytes_of(inner, bytes_writer_length(&payload)), &writer) == P7_OK)
        send_octets(w, &writer);
}

static void take_answer(struct registrar_witness *w, struct bytes payload)
{
    struct register_answer answer;
    if (register_answer_decode(payload, &answer) != P7_OK) {
        registrar_tell_trouble(&w->base, w->now_ns,
                               "the witness at %s answers with octets that are no answer: is it of "
                               "another version than this node?",
                               w->name);
        return;
    }
    if (w->asked && answer.id == w->asked_id) {
        w->asked = false;
        w->waiting = false;
    }
    w->base.handler.answer(w->base.handler.context, &answer, w->now_ns);
}

static void on_datagram(void *context, const struct datagram_address *from, struct bytes datagram)
{
    struct registrar_witness *w = context;
    struct bytes payload;
    bool hello = false;
    (void)from; /* the octets prove who sent them */
    const enum channel_verdict verdict =
        channel_open_datagram(&w->channel, datagram, &payload, &hello);
    if (hello)
        send_hello(w);
    switch (verdict) {
    case CHANNEL_DATA:
        take_answer(w, payload);
        break;
    case CHANNEL_OPENED:
        /* A request that a former life of the witness got has no answer: the machine asks again. */
        w->asked = false;
        w->waiting = false;
        break;
    case CHANNEL_ANSWER:
    case CHANNEL_NOTHING:
        break;
    }
}

static void tell_what_is_wrong(struct registrar_witness *w)
{
    const struct channel_counters *counters = &w->channel.counters;
    const uint64_t forged = counters->forged + counters->other_cluster;
    if (forged != w->told_forged) {
        w->told_forged = forged;
        registrar_tell_trouble(&w->base, w->now_ns,
                               "datagrams come to this node's witness port that its key or its "
                               "cluster's number doesn't fit: compare key files and numbers of the "
                               "nodes and of the witness at %s",
                               w->name);
        return;
    }
    if (w->waiting && w->now_ns - w->waiting_since_ns >= WITNESS_SILENCE_NS)
        registrar_tell_trouble(&w->base, w->now_ns,
                               "no answer from the witness at %s: does pulse7-witness run there, "
                               "with this cluster's number and key, and does a firewall let UDP "
                               "pass? Its log tells of datagrams with a wrong key",
                               w->name);
}

static void witness_ready(struct registrar *registrar, int64_t now_ns)
{
    struct registrar_witness *w = (struct registrar_witness *)registrar;
    w->now_ns = now_ns;
    if (w->waiting)
        wait_from_now(w);
    /* One batch: a flood leaves the thread its other work, and the descriptor stays readable. */
    (void)datagram_socket_receive(&w->socket, on_datagram, w);
    if ((w->waiting || channel_wants_hello(&w->channel)) && now_ns >= w->hello_ns)
        send_hello(w);
    tell_what_is_wrong(w);
}

static int witness_fd(const struct registrar *registrar)
{
    return ((const struct registrar_witness *)registrar)->socket.fd;
}

/* While an answer is missing HELLOs go on: they find out that the witness started anew. */
static int64_t witness_deadline_ns(const struct registrar *registrar)
{
    const struct registrar_witness *w = (const struct registrar_witness *)registrar;
    return w->waiting || channel_wants_hello(&w->channel) ? w->hello_ns : INT64_MAX;
}

static void witness_close(struct registrar *registrar)
{
    struct registrar_witness *w = (struct registrar_witness *)registrar;
    datagram_socket_close(&w->socket);
    explicit_bzero(w, sizeof(*w));
    free(w);
}

static const struct registrar_ops witness_ops = {
    .close = witness_close,
    .request = witness_request,
    .fd = witness_fd,
    .ready = witness_ready,
    .deadline_ns = witness_deadline_ns,
};

static enum p7_status open_socket(struct registrar_witness *w,
                                  const struct registrar_witness_params *params, char *text)
{
    struct datagram_address local;
    const char *local_text = params->local_address != NULL ? params->local_address : "";
    if (params->port == 0 || params->address[0] == '\0' ||
        datagram_address_parse(params->address, params->port, AF_INET, &w->witness) != P7_OK) {
        (void)snprintf(text, REGISTRAR_TEXT_OCTETS,
                       "witness %.64s port %u: not an IP address with a port", params->address,
                       (unsigned)params->port);
        return P7_RANGE;
    }
    if (datagram_address_parse(local_text, 0, w->witness.any.sa_family, &local) != P7_OK ||
        local.any.sa_family != w->witness.any.sa_family) {
        (void)snprintf(text, REGISTRAR_TEXT_OCTETS,
                       "local address %.64s: not an IP address of the witness's family",
                       local_text);
        return P7_RANGE;
    }
    const enum p7_status status = datagram_socket_open(
        &w->socket, &local, WITNESS_DATAGRAM_OCTETS_MAX, WITNESS_SOCKET_OCTETS);
    if (status != P7_OK)
        (void)snprintf(text, REGISTRAR_TEXT_OCTETS,
                       "a socket for the witness, local address %.64s: %s",
                       local_text[0] != '\0' ? local_text : "any", strerror(errno));
    return status;
}

enum p7_status registrar_witness_open(const struct registrar_witness_params *params,
                                      const struct registrar_handler *handler,
                                      struct registrar **out, char *text)
{
    *out = NULL;
    text[0] = '\0';
    if (params->node > 1 || params->session == 0) {
        (void)snprintf(text, REGISTRAR_TEXT_OCTETS, "node %u: a cluster has nodes 0 and 1",
                       (unsigned)params->node);
        return P7_RANGE;
    }
    struct registrar_witness *w = calloc(1, sizeof(*w));
    if (w == NULL) {
        (void)snprintf(text, REGISTRAR_TEXT_OCTETS, "out of memory");
        return P7_NO_MEMORY;
    }
    w->base.ops = &witness_ops;
    w->base.handler = *handler;
    (void)snprintf(w->name, sizeof(w->name), "%.64s port %u", params->address,
                   (unsigned)params->port);
    channel_init(&w->channel, params->key, params->cluster_id,
                 params->node == 0 ? CHANNEL_NODE_0 : CHANNEL_NODE_1, CHANNEL_WITNESS,
                 params->session);
    /* The channel opens before the first question: at the first turn a HELLO goes out. */
    w->waiting = true;
    w->waiting_since_ns = INT64_MIN;
    w->hello_ns = INT64_MIN;
    const enum p7_status status = open_socket(w, params, text);
    if (status != P7_OK) {
        free(w);
        return status;
    }
    *out = &w->base;
    return P7_OK;
}
