/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "responder/link/interconnect.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "responder/link/datagram_socket.h"
#include "sigtran/base/timer_heap.h"

/* Datagrams of one turn, sealed and not sent yet; a turn that has more sends in between. */
#define QUEUE_DATAGRAMS 256u
#define QUEUE_OCTETS    (256u * 1024u)
/* Asked of the kernel: a quarter of a second of a busy ledger, should the thread be held up. */
#define SOCKET_BUFFER_OCTETS (4 * 1024 * 1024)
/* Batches of one call and link: others of the loop are to have their turn, too. */
#define READY_BATCHES_MAX 16u

struct link {
    struct datagram_socket socket;
    struct datagram_address remote;
};

struct interconnect {
    uint32_t link_count;
    struct link link[INTERCONNECT_LINKS_MAX];
    struct channel channel;
    struct interconnect_counters counters; /* channel's are in the channel */
    void (*message)(void *context, const struct cluster_message *message, int64_t now_ns);
    void *context;
    int64_t hello_ns; /* the next one, while one is wanted */
    bool answer;      /* the peer asked for a HELLO */
    /* of interconnect_ready */
    uint32_t reading; /* link */
    int64_t now_ns;
    uint32_t queued;
    size_t queued_octets;
    struct bytes queue[QUEUE_DATAGRAMS];
    uint8_t octets[QUEUE_OCTETS];
};

static enum p7_status link_open(struct link *link, const struct interconnect_link *params,
                                uint32_t number, char *text)
{
    struct datagram_address local;
    if (params->remote_address[0] == '\0' || params->remote_port == 0 ||
        datagram_address_parse(params->remote_address, params->remote_port, AF_UNSPEC,
                               &link->remote) != P7_OK) {
        (void)snprintf(text, INTERCONNECT_TEXT_OCTETS,
                       "link %u: \"%s\" port %u is not where a peer can be: give its IP address "
                       "in numbers and its port",
                       number, params->remote_address, params->remote_port);
        return P7_RANGE;
    }
    if (datagram_address_parse(params->local_address, params->local_port,
                               link->remote.any.sa_family, &local) != P7_OK) {
        (void)snprintf(text, INTERCONNECT_TEXT_OCTETS,
                       "link %u: \"%s\" is no IP address: give one of this host, in numbers",
                       number, params->local_address);
        return P7_RANGE;
    }
    if (local.any.sa_family != link->remote.any.sa_family) {
        (void)snprintf(text, INTERCONNECT_TEXT_OCTETS,
                       "link %u: %s and %s are of two kinds: give IPv4 addresses or IPv6 ones",
                       number, params->local_address, params->remote_address);
        return P7_RANGE;
    }
    const enum p7_status status = datagram_socket_open(
        &link->socket, &local, CHANNEL_DATAGRAM_OCTETS_MAX, SOCKET_BUFFER_OCTETS);
    if (status == P7_SYSTEM)
        (void)snprintf(text, INTERCONNECT_TEXT_OCTETS, "link %u: %s port %u: %s: %s", number,
                       params->local_address[0] == '\0' ? "any address" : params->local_address,
                       params->local_port, strerrordesc_np(errno),
                       errno == EADDRNOTAVAIL ? "give an address of this host"
                       : errno == EADDRINUSE
                           ? "another program, or link, has the port: give a free one"
                       : errno == EACCES ? "give a port from 1024 on"
                                         : "look whether the interface is there");
    else if (status != P7_OK)
        (void)snprintf(text, INTERCONNECT_TEXT_OCTETS, "link %u: %s", number,
                       p7_status_text(status));
    return status;
}

enum p7_status interconnect_open(const struct interconnect_params *params,
                                 void (*message)(void *context,
                                                 const struct cluster_message *message,
                                                 int64_t now_ns),
                                 void *context, struct interconnect **out, char *text)
{
    *out = NULL;
    if (params->link_count < 1 || params->link_count > INTERCONNECT_LINKS_MAX || params->node > 1 ||
        params->session == 0) {
        (void)snprintf(text, INTERCONNECT_TEXT_OCTETS,
                       "the interconnect takes 1 or %u links, node 0 or 1, and a session",
                       INTERCONNECT_LINKS_MAX);
        return P7_RANGE;
    }
    struct interconnect *ic = calloc(1, sizeof(*ic));
    if (ic == NULL) {
        (void)snprintf(text, INTERCONNECT_TEXT_OCTETS, "%s", p7_status_text(P7_NO_MEMORY));
        return P7_NO_MEMORY;
    }
    ic->message = message;
    ic->context = context;
    channel_init(&ic->channel, params->key, params->cluster_id,
                 params->node == 0 ? CHANNEL_NODE_0 : CHANNEL_NODE_1,
                 params->node == 0 ? CHANNEL_NODE_1 : CHANNEL_NODE_0, params->session);
    for (uint32_t i = 0; i < params->link_count; i++) {
        const enum p7_status status = link_open(&ic->link[i], &params->link[i], i + 1, text);
        if (status != P7_OK) {
            interconnect_close(ic);
            return status;
        }
        ic->link_count = i + 1;
    }
    *out = ic;
    return P7_OK;
}

void interconnect_close(struct interconnect *interconnect)
{
    if (interconnect == NULL)
        return;
    for (uint32_t i = 0; i < interconnect->link_count; i++)
        datagram_socket_close(&interconnect->link[i].socket);
    explicit_bzero(&interconnect->channel, sizeof(interconnect->channel));
    free(interconnect);
}

bool interconnect_is_open(const struct interconnect *interconnect)
{
    return channel_is_open(&interconnect->channel);
}

static void send_queued(struct interconnect *ic)
{
    for (uint32_t i = 0; i < ic->link_count && ic->queued > 0; i++) {
        const uint32_t taken =
            datagram_socket_send(&ic->link[i].socket, &ic->link[i].remote, ic->queue, ic->queued,
                                 &ic->counters.octets_sent);
        ic->counters.sent[i] += taken;
        ic->counters.unsent[i] += ic->queued - taken;
    }
    ic->queued = 0;
    ic->queued_octets = 0;
}

/* Where a datagram of any length fits: after sending, when the rest is too small. */
static struct bytes_writer queue_room(struct interconnect *ic)
{
    if (ic->queued == QUEUE_DATAGRAMS ||
        sizeof(ic->octets) - ic->queued_octets < CHANNEL_DATAGRAM_OCTETS_MAX)
        send_queued(ic);
    return bytes_writer_of(ic->octets + ic->queued_octets, ic->octets + sizeof(ic->octets));
}

static void queue_take(struct interconnect *ic, const struct bytes_writer *w)
{
    ic->queue[ic->queued++] = bytes_of(w->start, bytes_writer_length(w));
    ic->queued_octets += bytes_writer_length(w);
}

void interconnect_send(struct interconnect *interconnect, const struct cluster_message *message,
                       int64_t now_ns)
{
    (void)now_ns;
    struct interconnect *ic = interconnect;
    if (!channel_is_open(&ic->channel)) {
        ic->counters.unknown++;
        return;
    }
    struct bytes_writer w = queue_room(ic);
    /* Encoded where the channel wants it: the message's own octets are copied once. */
    struct bytes_writer inner = bytes_writer_of(
        w.at + CHANNEL_HEAD_OCTETS, w.at + CHANNEL_HEAD_OCTETS + CHANNEL_PAYLOAD_OCTETS_MAX);
    if (cluster_message_encode(&inner, message) != P7_OK ||
        channel_seal(&ic->channel, bytes_of(inner.start, bytes_writer_length(&inner)), &w) !=
            P7_OK) {
        ic->counters.unfit++;
        return;
    }
    queue_take(ic, &w);
}

void interconnect_flush(struct interconnect *interconnect, int64_t now_ns)
{
    (void)now_ns;
    send_queued(interconnect);
}

int interconnect_fd(const struct interconnect *interconnect, uint32_t link)
{
    assert(link < interconnect->link_count);
    return interconnect->link[link].socket.fd;
}

static void on_datagram(void *context, const struct datagram_address *from, struct bytes datagram)
{
    struct interconnect *ic = context;
    const struct channel_counters before = ic->channel.counters;
    struct cluster_message message;
    struct bytes payload;
    bool answer;
    (void)from; /* anybody may carry it: the HMAC says whose it is */
    const enum channel_verdict verdict =
        channel_open_datagram(&ic->channel, datagram, &payload, &answer);
    const struct channel_counters *after = &ic->channel.counters;
    if (after->not_ours == before.not_ours && after->other_cluster == before.other_cluster &&
        after->forged == before.forged && after->stale == before.stale)
        ic->counters.heard_ns[ic->reading] = ic->now_ns;
    ic->answer = ic->answer || answer;
    if (verdict != CHANNEL_DATA)
        return;
    ic->counters.taken[ic->reading]++;
    if (cluster_message_decode(payload, &message) != P7_OK) {
        ic->counters.malformed++;
        return;
    }
    ic->message(ic->context, &message, ic->now_ns);
}

/* However many asked: one HELLO answers them all. */
static void say_hello(struct interconnect *ic)
{
    const bool due = channel_wants_hello(&ic->channel) && ic->now_ns >= ic->hello_ns;
    if (!ic->answer && !due)
        return;
    struct bytes_writer w = queue_room(ic);
    const enum p7_status status = channel_hello(&ic->channel, &w);
    assert(status == P7_OK); /* queue_room made the room */
    queue_take(ic, &w);
    ic->answer = false;
    ic->hello_ns = ic->now_ns + INTERCONNECT_HELLO_NS;
    /* With what came before it; nothing else may be sent for long. */
    send_queued(ic);
}

void interconnect_ready(struct interconnect *interconnect, int64_t now_ns)
{
    struct interconnect *ic = interconnect;
    ic->now_ns = now_ns;
    for (uint32_t i = 0; i < ic->link_count; i++) {
        ic->reading = i;
        for (uint32_t batch = 0; batch < READY_BATCHES_MAX; batch++)
            if (!datagram_socket_receive(&ic->link[i].socket, on_datagram, ic))
                break;
    }
    say_hello(ic);
}

int64_t interconnect_deadline_ns(const struct interconnect *interconnect)
{
    return channel_wants_hello(&interconnect->channel) ? interconnect->hello_ns : TIMER_NEVER_NS;
}

struct interconnect_counters interconnect_get_counters(const struct interconnect *interconnect)
{
    struct interconnect_counters counters = interconnect->counters;
    counters.channel = interconnect->channel.counters;
    return counters;
}
