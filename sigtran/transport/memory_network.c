/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "sigtran/transport/memory_network.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "sigtran/base/timer_heap.h"
#include "sigtran/transport/memory_link.h"

#define MS_NS 1000000

static bool faults_are_sound(const struct memory_faults *f)
{
    return f->delay_min_ns >= 0 && f->delay_max_ns >= f->delay_min_ns && f->loss >= 0 &&
           f->loss < 1 && f->disconnects_per_second >= 0 && f->restarts_per_second >= 0;
}

enum p7_status memory_network_create(uint64_t seed, const struct memory_faults *faults,
                                     struct memory_network **network)
{
    if (!faults_are_sound(faults))
        return P7_RANGE;
    struct memory_network *n = calloc(1, sizeof(*n));
    if (n == NULL)
        return P7_NO_MEMORY;
    n->links = calloc(MEMORY_LINKS, sizeof(*n->links));
    if (n->links == NULL) {
        free(n);
        return P7_NO_MEMORY;
    }
    random_seed(&n->random, seed);
    n->faults = *faults;
    *network = n;
    return P7_OK;
}

void memory_network_destroy(struct memory_network *network)
{
    if (network == NULL)
        return;
    for (unsigned i = 0; i < MEMORY_HOSTS; i++)
        assert(network->hosts[i] == NULL);
    free(network->links);
    free(network);
}

enum p7_status memory_network_set_faults(struct memory_network *network,
                                         const struct memory_faults *faults)
{
    if (!faults_are_sound(faults))
        return P7_RANGE;
    network->faults = *faults;
    for (uint32_t i = 0; i < MEMORY_LINKS; i++)
        if (network->links[i].used)
            memory_fate_schedule(network, i);
    return P7_OK;
}

void memory_time(struct memory_network *network, int64_t now_ns)
{
    if (now_ns > network->now_ns)
        network->now_ns = now_ns;
}

int64_t memory_delay_ns(struct memory_network *network)
{
    const int64_t spread = network->faults.delay_max_ns - network->faults.delay_min_ns;
    return network->faults.delay_min_ns +
           (int64_t)random_below(&network->random, (uint64_t)spread + 1);
}

struct memory_host *memory_host_of(struct memory_network *network, const char *ip)
{
    for (unsigned i = 0; i < MEMORY_HOSTS; i++)
        if (network->hosts[i] != NULL && strcmp(network->hosts[i]->ip, ip) == 0)
            return network->hosts[i];
    return NULL;
}

enum p7_status memory_network_open(struct memory_network *network, const char *ip,
                                   const struct transport_handler *handler,
                                   struct transport **transport)
{
    if (strlen(ip) >= TRANSPORT_IP_TEXT_OCTETS)
        return P7_RANGE;
    if (memory_host_of(network, ip) != NULL)
        return P7_EXISTS;
    for (unsigned i = 0; i < MEMORY_HOSTS; i++) {
        if (network->hosts[i] != NULL)
            continue;
        struct memory_host *host = calloc(1, sizeof(*host));
        if (host == NULL)
            return P7_NO_MEMORY;
        host->base =
            (struct transport){.ops = &memory_ops, .kind = TRANSPORT_MEMORY, .handler = *handler};
        host->network = network;
        (void)snprintf(host->ip, sizeof(host->ip), "%s", ip);
        network->hosts[i] = host;
        *transport = &host->base;
        return P7_OK;
    }
    return P7_FULL;
}

int64_t memory_network_deadline_ns(const struct memory_network *network)
{
    int64_t earliest = TIMER_NEVER_NS;
    for (unsigned i = 0; i < MEMORY_HOSTS; i++) {
        const struct memory_host *host = network->hosts[i];
        if (host == NULL || host->item_count == 0)
            continue;
        if (host->items[0]->due_ns < earliest)
            earliest = host->items[0]->due_ns;
    }
    return earliest;
}

static bool item_before(const struct memory_item *a, const struct memory_item *b)
{
    return a->due_ns != b->due_ns ? a->due_ns < b->due_ns : a->age < b->age;
}

static bool item_insert(struct memory_host *host, struct memory_item *item)
{
    if (host->item_count == host->item_room) {
        const uint32_t room = host->item_room == 0 ? 64 : 2 * host->item_room;
        struct memory_item **more =
            room > MEMORY_ITEMS ? NULL : realloc(host->items, room * sizeof(struct memory_item *));
        if (more == NULL)
            return false;
        host->items = more;
        host->item_room = room;
    }
    uint32_t at = host->item_count++;
    for (; at > 0 && item_before(item, host->items[(at - 1) / 2]); at = (at - 1) / 2)
        host->items[at] = host->items[(at - 1) / 2];
    host->items[at] = item;
    return true;
}

struct memory_item *memory_item_take(struct memory_host *host, int64_t now_ns)
{
    if (host->item_count == 0 || host->items[0]->due_ns > now_ns)
        return NULL;
    struct memory_item *first = host->items[0];
    struct memory_item *last = host->items[--host->item_count];
    uint32_t at = 0;
    for (;;) {
        uint32_t child = (2 * at) + 1;
        if (child >= host->item_count)
            break;
        if (child + 1 < host->item_count && item_before(host->items[child + 1], host->items[child]))
            child++;
        if (!item_before(host->items[child], last))
            break;
        host->items[at] = host->items[child];
        at = child;
    }
    host->items[at] = last;
    return first;
}

struct memory_item *memory_item_new(struct memory_network *network, enum memory_item_kind kind,
                                    uint32_t link, uint32_t end, struct bytes data)
{
    struct memory_item *item = calloc(1, sizeof(*item) + data.length);
    if (item == NULL)
        return NULL;
    item->kind = kind;
    item->link = link;
    item->generation = network->links[link].generation;
    item->end = end;
    item->age = network->ages++;
    item->length = (uint32_t)data.length;
    if (data.length > 0)
        memcpy(item->data, data.data, data.length);
    return item;
}

void memory_item_schedule(struct memory_network *network, struct memory_item *item, int64_t due_ns)
{
    struct memory_host *host = network->links[item->link].ends[item->end].host;
    item->due_ns = due_ns;
    if (host == NULL || !item_insert(host, item))
        free(item);
}

void memory_tell(struct memory_network *network, enum memory_item_kind kind, uint32_t link,
                 uint32_t end, int64_t due_ns, const char *reason)
{
    struct memory_item *item = memory_item_new(network, kind, link, end, bytes_of(NULL, 0));
    if (item == NULL)
        return;
    item->reason = reason;
    memory_item_schedule(network, item, due_ns);
}

/* RFC9260-6.3.3: each further retransmission waits twice as long, up to RTO.Max. */
static int64_t ladder_ns(const struct sctp_profile *profile, uint32_t attempt)
{
    int64_t rto_ms = profile->rto_min_ms > 0 ? profile->rto_min_ms : profile->rto_initial_ms;
    if (rto_ms == 0)
        rto_ms = 1000;
    const int64_t most_ms = profile->rto_max_ms > 0 ? profile->rto_max_ms : 60000;
    for (uint32_t i = 0; i < attempt && rto_ms < most_ms; i++)
        rto_ms *= 2;
    return (rto_ms < most_ms ? rto_ms : most_ms) * MS_NS;
}

static void link_lose(struct memory_network *network, uint32_t link, int64_t due_ns)
{
    for (uint32_t end = 0; end < 2; end++)
        memory_tell(network, MEMORY_DOWN, link, end, due_ns,
                    "association lost: retransmissions went unanswered");
}

void memory_message_depart(struct memory_network *network, struct memory_item *item, int64_t now_ns)
{
    struct memory_end *from = &network->links[item->link].ends[1 - item->end];
    int64_t due_ns = now_ns + memory_delay_ns(network);
    while (random_unit(&network->random) < network->faults.loss) {
        if (item->attempts > from->profile.association_max_retrans) {
            link_lose(network, item->link, due_ns);
            free(item);
            return;
        }
        due_ns += ladder_ns(&from->profile, item->attempts++);
        from->host->counters.chunks_retransmitted++;
        from->host->counters.retransmission_timeouts++;
    }
    struct memory_stream *stream = &from->streams[item->stream];
    if (due_ns < stream->last_due_ns)
        due_ns = stream->last_due_ns;
    stream->last_due_ns = due_ns;
    memory_item_schedule(network, item, due_ns);
}

bool memory_item_put_off(struct memory_network *network, struct memory_item *item, int64_t now_ns)
{
    const struct memory_link *link = &network->links[item->link];
    struct memory_end *from = &network->links[item->link].ends[1 - item->end];
    if (item->kind != MEMORY_MESSAGE && item->kind != MEMORY_SHUTDOWN)
        return false;
    struct memory_stream *stream = &from->streams[item->stream];
    if (now_ns < stream->blocked_until_ns) { /* an earlier one of its stream is being sent again */
        memory_item_schedule(network, item, stream->blocked_until_ns);
        return true;
    }
    const bool cut = (link->ends[0].host != NULL && link->ends[0].host->cut) ||
                     (link->ends[1].host != NULL && link->ends[1].host->cut);
    if (!cut)
        return false;
    if (item->attempts > from->profile.association_max_retrans) {
        link_lose(network, item->link, now_ns);
        free(item);
        return true;
    }
    stream->blocked_until_ns = now_ns + ladder_ns(&from->profile, item->attempts++);
    if (from->host != NULL) {
        from->host->counters.chunks_retransmitted++;
        from->host->counters.retransmission_timeouts++;
    }
    memory_item_schedule(network, item, stream->blocked_until_ns);
    return true;
}

void memory_fate_schedule(struct memory_network *network, uint32_t link)
{
    const double rate =
        network->faults.disconnects_per_second + network->faults.restarts_per_second;
    if (rate <= 0 || network->links[link].fate_due)
        return;
    network->links[link].fate_due = true;
    const double seconds = random_exponential(&network->random, 1 / rate);
    memory_tell(network, MEMORY_FATE, link, 0, network->now_ns + (int64_t)(seconds * 1e9), NULL);
}

struct memory_link *memory_link_of(struct memory_network *network, const struct memory_item *item)
{
    struct memory_link *link = &network->links[item->link];
    return link->used && link->generation == item->generation ? link : NULL;
}

uint32_t memory_link_take(struct memory_network *network)
{
    for (uint32_t i = 0; i < MEMORY_LINKS; i++) {
        struct memory_link *link = &network->links[i];
        if (link->used)
            continue;
        const uint32_t generation = link->generation + 1;
        *link = (struct memory_link){.used = true, .generation = generation};
        return i;
    }
    return MEMORY_LINKS;
}

void memory_end_free(struct memory_network *network, uint32_t link, uint32_t end)
{
    struct memory_link *l = &network->links[link];
    struct memory_end *e = &l->ends[end];
    if (e->host != NULL && e->state != MEMORY_FREE)
        e->host->link_of[e->association] = 0;
    e->host = NULL;
    e->state = MEMORY_FREE;
    if (l->ends[0].state == MEMORY_FREE && l->ends[1].state == MEMORY_FREE)
        l->used = false;
}

void memory_network_cut(struct transport *host, bool cut)
{
    assert(host->kind == TRANSPORT_MEMORY);
    ((struct memory_host *)host)->cut = cut;
}

static struct memory_host *host_with(struct transport *transport, uint32_t association)
{
    assert(transport->kind == TRANSPORT_MEMORY);
    struct memory_host *host = (struct memory_host *)transport;
    return association < LIMIT_ASSOCIATIONS && host->link_of[association] != 0 ? host : NULL;
}

void memory_network_lose(struct transport *host, uint32_t association)
{
    const struct memory_host *h = host_with(host, association);
    if (h != NULL)
        link_lose(h->network, h->link_of[association] - 1, h->network->now_ns);
}

void memory_network_restart(struct transport *host, uint32_t association)
{
    const struct memory_host *h = host_with(host, association);
    for (uint32_t end = 0; h != NULL && end < 2; end++)
        memory_tell(h->network, MEMORY_RESTART, h->link_of[association] - 1, end,
                    h->network->now_ns, NULL);
}
