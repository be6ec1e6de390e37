/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The operations of transport.h on a memory_network. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "sigtran/base/timer_heap.h"
#include "sigtran/transport/memory_link.h"

#define MS_NS 1000000

static struct memory_host *host_of(struct transport *transport)
{
    return (struct memory_host *)transport;
}

/* The end of a host's association, or NULL; `number` is the link's, where wanted. */
static struct memory_end *end_of(struct memory_host *host, uint32_t association, uint32_t *number)
{
    if (association >= LIMIT_ASSOCIATIONS || host->link_of[association] == 0)
        return NULL;
    const uint32_t link = host->link_of[association] - 1;
    struct memory_link *l = &host->network->links[link];
    if (number != NULL)
        *number = link;
    /* A host may connect to itself: then the association's number tells the two ends apart. */
    return l->ends[0].host == host && l->ends[0].association == association ? &l->ends[0]
                                                                            : &l->ends[1];
}

static uint32_t end_index(const struct memory_network *network, uint32_t link,
                          const struct memory_end *end)
{
    return end == &network->links[link].ends[0] ? 0 : 1;
}

static enum p7_status op_listen(struct transport *transport,
                                const struct transport_endpoint *endpoint, uint32_t *number)
{
    struct memory_host *host = host_of(transport);
    uint32_t unused = MEMORY_LISTENERS;
    for (uint32_t i = 0; i < MEMORY_LISTENERS; i++) {
        if (host->listeners[i].used && host->listeners[i].port == endpoint->local_port)
            return P7_EXISTS;
        if (!host->listeners[i].used && unused == MEMORY_LISTENERS)
            unused = i;
    }
    if (unused == MEMORY_LISTENERS)
        return P7_FULL;
    host->listeners[unused] = (struct memory_listener){
        .used = true, .port = endpoint->local_port, .profile = endpoint->profile};
    *number = unused;
    return P7_OK;
}

static bool end_attach(struct memory_host *host, uint32_t link, uint32_t end,
                       const struct sctp_profile *profile)
{
    for (uint32_t i = 0; i < LIMIT_ASSOCIATIONS; i++) {
        if (host->link_of[i] != 0)
            continue;
        struct memory_end *e = &host->network->links[link].ends[end];
        host->link_of[i] = link + 1;
        e->host = host;
        e->association = i;
        e->listener = TRANSPORT_ASSOCIATION_NONE;
        e->state = MEMORY_CONNECTING;
        e->profile = *profile;
        return true;
    }
    return false;
}

static struct memory_listener *listener_of(struct memory_host *host, uint16_t port)
{
    for (uint32_t i = 0; host != NULL && i < MEMORY_LISTENERS; i++)
        if (host->listeners[i].used && host->listeners[i].port == port)
            return &host->listeners[i];
    return NULL;
}

/* How long INITs go out before the stack gives up (RFC9260-5.1.6). */
static int64_t init_patience_ns(const struct sctp_profile *profile)
{
    int64_t wait_ms = profile->rto_initial_ms > 0 ? profile->rto_initial_ms : 1000;
    const int64_t most_ms = profile->init_timeout_max_ms > 0 ? profile->init_timeout_max_ms : 60000;
    int64_t all_ms = 0;
    for (uint32_t i = 0; i <= profile->init_max_attempts; i++) {
        all_ms += wait_ms < most_ms ? wait_ms : most_ms;
        wait_ms *= wait_ms < most_ms ? 2 : 1;
    }
    return all_ms * MS_NS;
}

static uint16_t streams_granted(uint32_t wanted, uint32_t offered)
{
    const uint32_t least = wanted < offered ? wanted : offered;
    const uint32_t bounded = least < LIMIT_STREAMS ? least : LIMIT_STREAMS;
    return (uint16_t)(bounded == 0 ? 1 : bounded);
}

static void handshake(struct memory_network *network, uint32_t number, struct memory_host *remote,
                      const struct memory_listener *listener)
{
    struct memory_link *link = &network->links[number];
    struct memory_end *client = &link->ends[0];
    struct memory_end *server = &link->ends[1];
    server->listener = (uint32_t)(listener - remote->listeners);
    server->port = listener->port;
    client->streams_out = streams_granted(client->profile.streams_out, server->profile.streams_in);
    server->streams_out = streams_granted(server->profile.streams_out, client->profile.streams_in);
    /* INIT, INIT ACK, COOKIE ECHO; then COOKIE ACK. */
    int64_t at = network->now_ns;
    for (unsigned i = 0; i < 3; i++)
        at += memory_delay_ns(network);
    memory_tell(network, MEMORY_UP, number, 1, at, NULL);
    memory_tell(network, MEMORY_UP, number, 0, at + memory_delay_ns(network), NULL);
    memory_fate_schedule(network, number);
}

static enum p7_status op_connect(struct transport *transport,
                                 const struct transport_endpoint *endpoint, uint32_t *association)
{
    struct memory_host *host = host_of(transport);
    struct memory_network *network = host->network;
    if (endpoint->remote_ip_count == 0)
        return P7_MISSING;
    const uint32_t number = memory_link_take(network);
    if (number == MEMORY_LINKS)
        return P7_FULL;
    struct memory_end *client = &network->links[number].ends[0];
    if (!end_attach(host, number, 0, &endpoint->profile)) {
        network->links[number].used = false;
        return P7_FULL;
    }
    client->port = endpoint->local_port;
    *association = client->association;
    struct memory_host *remote = memory_host_of(network, endpoint->remote_ip[0]);
    const struct memory_listener *listener = listener_of(remote, endpoint->remote_port);
    if (remote == NULL || remote->cut || host->cut) {
        memory_tell(network, MEMORY_DOWN, number, 0,
                    network->now_ns + init_patience_ns(&client->profile), "no answer to the INITs");
        return P7_OK;
    }
    if (listener == NULL || !end_attach(remote, number, 1, &listener->profile)) {
        const int64_t there = memory_delay_ns(network);
        memory_tell(network, MEMORY_DOWN, number, 0,
                    network->now_ns + there + memory_delay_ns(network),
                    "the peer refused the association (ABORT)");
        return P7_OK;
    }
    handshake(network, number, remote, listener);
    return P7_OK;
}

static enum p7_status outbox_add(struct memory_host *host, struct memory_item *item)
{
    if (host->outbox_count == host->outbox_room) {
        const uint32_t room = host->outbox_room == 0 ? 64 : 2 * host->outbox_room;
        struct memory_item **more =
            room > MEMORY_ITEMS ? NULL : realloc(host->outbox, room * sizeof(struct memory_item *));
        if (more == NULL)
            return P7_NO_MEMORY;
        host->outbox = more;
        host->outbox_room = room;
    }
    host->outbox[host->outbox_count++] = item;
    return P7_OK;
}

static enum p7_status op_send(struct transport *transport, uint32_t association, uint16_t stream,
                              uint32_t ppid, struct bytes message)
{
    struct memory_host *host = host_of(transport);
    uint32_t number = 0;
    struct memory_end *end = end_of(host, association, &number);
    if (end == NULL || end->state != MEMORY_OPEN)
        return P7_STATE;
    const uint32_t buffer =
        end->profile.send_buffer_octets > 0 ? end->profile.send_buffer_octets : MEMORY_BUFFER;
    if (stream >= end->streams_out || message.length == 0 ||
        message.length > LIMIT_M3UA_MESSAGE_OCTETS || message.length > buffer)
        return P7_RANGE;
    if (end->outstanding + message.length > buffer) {
        end->full = true;
        host->counters.send_full++;
        return P7_FULL;
    }
    const uint32_t other = 1 - end_index(host->network, number, end);
    struct memory_item *item =
        memory_item_new(host->network, MEMORY_MESSAGE, number, other, message);
    if (item == NULL)
        return P7_NO_MEMORY;
    item->stream = stream;
    item->ppid = ppid;
    if (outbox_add(host, item) != P7_OK) {
        free(item);
        return P7_NO_MEMORY;
    }
    end->outstanding += (uint32_t)message.length;
    host->counters.messages_sent++;
    host->counters.octets_sent += message.length;
    return P7_OK;
}

static void op_flush(struct transport *transport, int64_t now_ns)
{
    struct memory_host *host = host_of(transport);
    memory_time(host->network, now_ns);
    for (uint32_t i = 0; i < host->outbox_count; i++) {
        struct memory_item *item = host->outbox[i];
        const struct memory_link *link = memory_link_of(host->network, item);
        if (link == NULL || link->ends[item->end].host == NULL) {
            free(item);
            continue;
        }
        host->counters.packets_sent++;
        memory_message_depart(host->network, item, now_ns);
    }
    host->outbox_count = 0;
}

static void op_disconnect(struct transport *transport, uint32_t association, bool abortive)
{
    struct memory_host *host = host_of(transport);
    struct memory_network *network = host->network;
    uint32_t number = 0;
    struct memory_end *end = end_of(host, association, &number);
    if (end == NULL || (end->state == MEMORY_CLOSING && !abortive))
        return;
    op_flush(transport, network->now_ns);
    const uint32_t self = end_index(network, number, end);
    const bool open = end->state == MEMORY_OPEN;
    end->state = MEMORY_CLOSING;
    int64_t there = network->now_ns + memory_delay_ns(network);
    if (abortive || !open) {
        memory_tell(network, MEMORY_DOWN, number, 1 - self, there,
                    "the peer aborted the association");
        memory_tell(network, MEMORY_DOWN, number, self, network->now_ns, "ended by this side");
        return;
    }
    /* RFC9260-9.2: SHUTDOWN goes out when all that was sent is acknowledged. */
    for (uint32_t i = 0; i < end->streams_out; i++)
        if (end->streams[i].last_due_ns > there)
            there = end->streams[i].last_due_ns;
    memory_tell(network, MEMORY_SHUTDOWN, number, 1 - self, there, NULL);
}

static void event_tell(struct memory_end *end, struct transport_event *event)
{
    const struct transport_handler *handler = &end->host->base.handler;
    handler->event(handler->context, end->association, event);
}

static void event_up(struct memory_link *link, uint32_t index, enum transport_event_kind kind)
{
    struct memory_end *end = &link->ends[index];
    const struct memory_end *other = &link->ends[1 - index];
    struct transport_event event = {.kind = kind,
                                    .listener = end->listener,
                                    .streams_out = end->streams_out,
                                    .streams_in = other->streams_out,
                                    .peer_port = other->port};
    if (other->host != NULL)
        (void)snprintf(event.peer_ip, sizeof(event.peer_ip), "%s", other->host->ip);
    end->state = MEMORY_OPEN;
    event_tell(end, &event);
}

static void end_down(struct memory_network *network, uint32_t number, uint32_t index,
                     const char *reason)
{
    struct memory_end *end = &network->links[number].ends[index];
    struct transport_event event = {.kind = TRANSPORT_EVENT_DOWN,
                                    .listener = TRANSPORT_ASSOCIATION_NONE};
    (void)snprintf(event.reason, sizeof(event.reason), "%s", reason);
    end->state = MEMORY_CLOSING;
    event_tell(end, &event);
    memory_end_free(network, number, index);
}

static void message_arrive(struct memory_network *network, struct memory_link *link,
                           const struct memory_item *item, int64_t now_ns)
{
    const struct memory_end *end = &link->ends[item->end];
    if (end->state == MEMORY_CONNECTING) /* it overtook the COOKIE ACK, and says the same */
        event_up(link, item->end, TRANSPORT_EVENT_UP);
    struct memory_item *ack =
        memory_item_new(network, MEMORY_ACK, item->link, 1 - item->end, bytes_of(NULL, 0));
    if (ack != NULL) {
        ack->length = item->length;
        memory_item_schedule(network, ack, now_ns + memory_delay_ns(network));
    }
    const struct transport_message message = {.stream = item->stream,
                                              .ppid = item->ppid,
                                              .bytes = bytes_of(item->data, item->length),
                                              .received_ns = now_ns};
    struct memory_host *host = end->host;
    host->counters.messages_received++;
    host->counters.packets_received++;
    host->counters.octets_received += item->length;
    if (end->state == MEMORY_OPEN)
        host->base.handler.message(host->base.handler.context, end->association, &message);
}

static void ack_arrive(struct memory_end *end, uint32_t octets)
{
    const uint32_t buffer =
        end->profile.send_buffer_octets > 0 ? end->profile.send_buffer_octets : MEMORY_BUFFER;
    end->outstanding -= octets < end->outstanding ? octets : end->outstanding;
    if (!end->full || end->outstanding > buffer / 2 || end->state != MEMORY_OPEN)
        return;
    struct transport_event event = {.kind = TRANSPORT_EVENT_WRITABLE,
                                    .listener = TRANSPORT_ASSOCIATION_NONE};
    end->full = false;
    event_tell(end, &event);
}

/* What is under way belongs to the association before the restart: its items' generation ends. The
 * other end's RESTART must survive, so the first of the two moves the generation on for both. */
static void restart_arrive(struct memory_network *network, struct memory_link *link,
                           const struct memory_item *item, int64_t now_ns)
{
    if (link->ends[0].state != MEMORY_OPEN || link->ends[1].state != MEMORY_OPEN) {
        memory_fate_schedule(network, item->link);
        return;
    }
    link->generation++;
    link->fate_due = false;
    for (uint32_t i = 0; i < 2; i++) {
        link->ends[i].outstanding = 0;
        memset(link->ends[i].streams, 0, sizeof(link->ends[i].streams));
    }
    memory_tell(network, MEMORY_UP, item->link, 1 - item->end, now_ns, "restart");
    memory_fate_schedule(network, item->link);
    event_up(link, item->end, TRANSPORT_EVENT_RESTART);
    if (link->ends[item->end].full)
        ack_arrive(&link->ends[item->end], 0);
}

static void fate_arrive(struct memory_network *network, uint32_t number)
{
    network->links[number].fate_due = false;
    const struct memory_faults *faults = &network->faults;
    const double rate = faults->disconnects_per_second + faults->restarts_per_second;
    if (rate <= 0)
        return;
    const bool disconnect = random_unit(&network->random) * rate < faults->disconnects_per_second;
    for (uint32_t end = 0; end < 2; end++)
        memory_tell(network, disconnect ? MEMORY_DOWN : MEMORY_RESTART, number, end,
                    network->now_ns, "association lost");
}

static void item_arrive(struct memory_host *host, struct memory_item *item, int64_t now_ns)
{
    struct memory_network *network = host->network;
    struct memory_link *link = memory_link_of(network, item);
    if (link == NULL || link->ends[item->end].host != host) {
        free(item);
        return;
    }
    if (memory_item_put_off(network, item, now_ns))
        return;
    struct memory_end *end = &link->ends[item->end];
    switch (item->kind) {
    case MEMORY_MESSAGE:
        message_arrive(network, link, item, now_ns);
        break;
    case MEMORY_ACK:
        ack_arrive(end, item->length);
        break;
    case MEMORY_UP:
        if (item->reason != NULL && end->state == MEMORY_OPEN) {
            event_up(link, item->end, TRANSPORT_EVENT_RESTART);
            ack_arrive(end, 0);
        }
        if (end->state == MEMORY_CONNECTING)
            event_up(link, item->end, TRANSPORT_EVENT_UP);
        break;
    case MEMORY_DOWN:
        end_down(network, item->link, item->end, item->reason);
        break;
    case MEMORY_SHUTDOWN:
        memory_tell(network, MEMORY_DOWN, item->link, 1 - item->end,
                    now_ns + memory_delay_ns(network), "shut down as asked");
        end_down(network, item->link, item->end, "the peer shut the association down");
        break;
    case MEMORY_RESTART:
        restart_arrive(network, link, item, now_ns);
        break;
    case MEMORY_FATE:
        fate_arrive(network, item->link);
        break;
    }
    free(item);
}

static void op_step(struct transport *transport, int64_t now_ns)
{
    struct memory_host *host = host_of(transport);
    memory_time(host->network, now_ns);
    for (uint32_t i = 0; i < MEMORY_STEP; i++) {
        struct memory_item *item = memory_item_take(host, now_ns);
        if (item == NULL)
            break;
        item_arrive(host, item, now_ns);
    }
}

static int op_fd(const struct transport *transport)
{
    (void)transport;
    return -1;
}

static int64_t op_deadline_ns(const struct transport *transport)
{
    const struct memory_host *host = (const struct memory_host *)transport;
    return host->item_count == 0 ? TIMER_NEVER_NS : host->items[0]->due_ns;
}

static enum p7_status op_get_status(struct transport *transport, uint32_t association,
                                    struct transport_status *status)
{
    struct memory_host *host = host_of(transport);
    uint32_t number = 0;
    const struct memory_end *end = end_of(host, association, &number);
    if (end == NULL)
        return P7_NOT_FOUND;
    if (end->state != MEMORY_OPEN)
        return P7_STATE;
    const struct memory_end *other =
        &host->network->links[number].ends[1 - end_index(host->network, number, end)];
    *status = (struct transport_status){.profile = end->profile,
                                        .streams_out = end->streams_out,
                                        .streams_in = other->streams_out,
                                        .path_count = 1};
    if (other->host != NULL)
        (void)snprintf(status->path[0].ip, sizeof(status->path[0].ip), "%s", other->host->ip);
    status->path[0].reachable = !host->cut && other->host != NULL && !other->host->cut;
    status->path[0].confirmed = true;
    status->path[0].primary = true;
    status->path[0].rto_ms = end->profile.rto_min_ms;
    status->path[0].srtt_ms = (uint32_t)(2 * host->network->faults.delay_max_ns / MS_NS);
    return P7_OK;
}

static void op_get_counters(const struct transport *transport, struct transport_counters *counters)
{
    *counters = ((const struct memory_host *)transport)->counters;
}

static uint16_t op_udp_port(const struct transport *transport)
{
    (void)transport;
    return 0;
}

static void op_close(struct transport *transport)
{
    struct memory_host *host = host_of(transport);
    struct memory_network *network = host->network;
    for (uint32_t i = 0; i < LIMIT_ASSOCIATIONS; i++) {
        uint32_t number = 0;
        const struct memory_end *end = end_of(host, i, &number);
        if (end == NULL)
            continue;
        const uint32_t self = end_index(network, number, end);
        memory_tell(network, MEMORY_DOWN, number, 1 - self,
                    network->now_ns + memory_delay_ns(network), "the peer aborted the association");
        memory_end_free(network, number, self);
    }
    for (uint32_t i = 0; i < host->item_count; i++)
        free(host->items[i]);
    for (uint32_t i = 0; i < host->outbox_count; i++)
        free(host->outbox[i]);
    for (unsigned i = 0; i < MEMORY_HOSTS; i++)
        if (network->hosts[i] == host)
            network->hosts[i] = NULL;
    free(host->items);
    free(host->outbox);
    free(host);
}

const struct transport_ops memory_ops = {
    .close = op_close,
    .listen = op_listen,
    .connect = op_connect,
    .disconnect = op_disconnect,
    .send = op_send,
    .step = op_step,
    .flush = op_flush,
    .fd = op_fd,
    .deadline_ns = op_deadline_ns,
    .get_status = op_get_status,
    .get_counters = op_get_counters,
    .udp_port = op_udp_port,
};
