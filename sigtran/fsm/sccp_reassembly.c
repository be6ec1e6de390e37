/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "sigtran/fsm/sccp_reassembly.h"

#include <stdlib.h>

#include "sigtran/base/pool.h"
#include "sigtran/base/timer_heap.h"

struct entry {
    struct sccp_origin origin;
    uint32_t chain; /* next one of the same bucket */
    uint32_t newer; /* T(reass) is the same for all: the order of starts is that of expiry */
    uint32_t older;
    int64_t expires_at_ns;
    uint32_t octets;          /* of data so far */
    uint32_t first_octets;    /* of the first segment */
    uint8_t remaining;        /* of the segment that came last */
    struct sccp_party called; /* of the first segment */
    struct sccp_party calling;
    struct sccp_message first; /* borrows nothing */
    uint8_t data[SCCP_LUDT_DATA_OCTETS];
};

struct sccp_reassembly {
    struct pool pool;
    uint32_t *bucket; /* first entry of each, POOL_NONE */
    uint32_t bucket_mask;
    uint32_t oldest;
    uint32_t newest;
    int64_t t_reass_ns;
    struct sccp_reassembly_counters counters;
};

static struct entry *entry_at(const struct sccp_reassembly *r, uint32_t index)
{
    return pool_at(&r->pool, index);
}

enum p7_status sccp_reassembly_create(struct sccp_reassembly **out, uint32_t capacity,
                                      int64_t t_reass_ns)
{
    if (capacity == 0 || capacity > UINT32_MAX / 4 || t_reass_ns <= 0)
        return P7_RANGE;
    uint32_t buckets = 1;
    while (buckets < capacity)
        buckets *= 2;
    struct sccp_reassembly *r = calloc(1, sizeof(*r));
    if (r == NULL)
        return P7_NO_MEMORY;
    r->bucket = malloc(buckets * sizeof(*r->bucket));
    enum p7_status status =
        r->bucket == NULL ? P7_NO_MEMORY : pool_create(&r->pool, sizeof(struct entry), capacity);
    if (status != P7_OK) {
        free(r->bucket);
        free(r);
        return status;
    }
    for (uint32_t i = 0; i < buckets; i++)
        r->bucket[i] = POOL_NONE;
    r->bucket_mask = buckets - 1;
    r->oldest = POOL_NONE;
    r->newest = POOL_NONE;
    r->t_reass_ns = t_reass_ns;
    *out = r;
    return P7_OK;
}

void sccp_reassembly_destroy(struct sccp_reassembly *reassembly)
{
    if (reassembly == NULL)
        return;
    pool_destroy(&reassembly->pool);
    free(reassembly->bucket);
    free(reassembly);
}

/* FNV-1a over the parts of the key. The table is small, so that a peer that aims at one bucket
 * gains little. */
static uint32_t hash_of(uint32_t opc, uint32_t reference, struct bytes calling)
{
    uint32_t hash = UINT32_C(2166136261) ^ (opc * UINT32_C(0x9e3779b1)) ^ reference;
    for (size_t i = 0; i < calling.length; i++)
        hash = (hash ^ calling.data[i]) * UINT32_C(16777619);
    return hash ^ (hash >> 15);
}

static uint32_t *bucket_of(const struct sccp_reassembly *r, uint32_t opc, uint32_t reference,
                           struct bytes calling)
{
    return &r->bucket[hash_of(opc, reference, calling) & r->bucket_mask];
}

static bool is_of(const struct entry *e, uint32_t opc, const struct sccp_message *m)
{
    return e->first.segmentation.reference == m->segmentation.reference && e->origin.opc == opc &&
           bytes_equal(sccp_party_bytes(&e->calling), m->calling_octets);
}

/* Takes an entry out of its bucket and of the order of expiry. What it holds stays to be read until
 * the next message starts. */
static void release(struct sccp_reassembly *r, uint32_t index)
{
    struct entry *e = entry_at(r, index);
    uint32_t *at =
        bucket_of(r, e->origin.opc, e->first.segmentation.reference, sccp_party_bytes(&e->calling));
    while (*at != index)
        at = &entry_at(r, *at)->chain;
    *at = e->chain;
    *(e->older == POOL_NONE ? &r->oldest : &entry_at(r, e->older)->newer) = e->newer;
    *(e->newer == POOL_NONE ? &r->newest : &entry_at(r, e->newer)->older) = e->older;
    pool_give(&r->pool, index);
}

static void give_up(struct sccp_reassembly *r, uint32_t index,
                    struct sccp_reassembly_result *result)
{
    const struct entry *e = entry_at(r, index);
    release(r, index);
    result->outcome = SCCP_REASSEMBLY_FAILED;
    result->cause = SCCP_CAUSE_TRANSPORT_ERROR;
    result->origin = e->origin;
    result->message = e->first;
}

/* Parties were decoded, so they fit (sccp_address_decode). */
static void keep(struct sccp_party *party, struct bytes octets)
{
    party->length = 0;
    if (sccp_party_copy(party, octets) != P7_OK)
        party->length = 0;
}

static void start(struct sccp_reassembly *r, int64_t now_ns, const struct sccp_origin *origin,
                  const struct sccp_message *m, struct sccp_reassembly_result *result)
{
    const uint32_t index = pool_take(&r->pool);
    if (index == POOL_NONE) {
        r->counters.reassembly_full++;
        result->outcome = SCCP_REASSEMBLY_FAILED;
        result->cause = SCCP_CAUSE_LOCAL_PROCESSING;
        result->message = *m;
        return;
    }
    struct entry *e = entry_at(r, index);
    e->origin = *origin;
    e->expires_at_ns = now_ns + r->t_reass_ns;
    e->remaining = m->segmentation.remaining;
    keep(&e->called, m->called_octets);
    keep(&e->calling, m->calling_octets);
    e->first = *m;
    e->first.called.digits = bytes_of(NULL, 0);
    e->first.calling.digits = bytes_of(NULL, 0);
    e->first.called_octets = sccp_party_bytes(&e->called);
    e->first.calling_octets = sccp_party_bytes(&e->calling);
    e->first_octets = (uint32_t)m->data.length;
    e->octets = e->first_octets;
    e->first.data = bytes_of(e->data, e->first_octets);
    memcpy(e->data, m->data.data, m->data.length); /* sccp_decode: at most 3952 octets */
    uint32_t *bucket =
        bucket_of(r, origin->opc, m->segmentation.reference, sccp_party_bytes(&e->calling));
    e->chain = *bucket;
    *bucket = index;
    e->older = r->newest;
    e->newer = POOL_NONE;
    *(r->newest == POOL_NONE ? &r->oldest : &entry_at(r, r->newest)->newer) = index;
    r->newest = index;
    result->outcome = SCCP_REASSEMBLY_WAITING;
}

/*
 * Q.714-4.1.1.2.2: each segment has one less to follow than the one before, and only the first one
 * says that it is. Anything else, a doubled one too, is the end of the message
 * (Q.714-4.1.1.2.3): which octets are right can't be told.
 */
static void append(struct sccp_reassembly *r, uint32_t index, const struct sccp_message *m,
                   struct sccp_reassembly_result *result)
{
    struct entry *e = entry_at(r, index);
    if (m->segmentation.first || m->segmentation.remaining + 1 != e->remaining) {
        r->counters.segments_out_of_order++;
        give_up(r, index, result);
        return;
    }
    if (m->data.length > sizeof(e->data) - e->octets) {
        r->counters.reassembly_too_long++;
        give_up(r, index, result);
        return;
    }
    memcpy(e->data + e->octets, m->data.data, m->data.length);
    e->octets += (uint32_t)m->data.length;
    e->remaining = m->segmentation.remaining;
    result->outcome = SCCP_REASSEMBLY_WAITING;
    if (e->remaining != 0)
        return;
    release(r, index);
    r->counters.reassembled++;
    result->outcome = SCCP_REASSEMBLY_WHOLE;
    result->origin = e->origin;
    result->message = e->first;
    result->message.data = bytes_of(e->data, e->octets);
}

void sccp_reassembly_take(struct sccp_reassembly *reassembly, int64_t now_ns,
                          const struct sccp_origin *origin, const struct sccp_message *message,
                          struct sccp_reassembly_result *result)
{
    struct sccp_reassembly *r = reassembly;
    uint32_t index =
        *bucket_of(r, origin->opc, message->segmentation.reference, message->calling_octets);
    r->counters.segments_received++;
    result->cause = 0;
    result->origin = *origin;
    while (index != POOL_NONE && !is_of(entry_at(r, index), origin->opc, message))
        index = entry_at(r, index)->chain;
    if (index != POOL_NONE) {
        append(r, index, message, result);
    } else if (message->segmentation.first) {
        start(r, now_ns, origin, message, result);
    } else { /* given up before, or its first segment was lost: nobody to be told */
        r->counters.segments_without_first++;
        result->outcome = SCCP_REASSEMBLY_DROPPED;
    }
}

bool sccp_reassembly_expire(struct sccp_reassembly *reassembly, int64_t now_ns,
                            struct sccp_reassembly_result *result)
{
    if (sccp_reassembly_deadline_ns(reassembly) > now_ns)
        return false;
    reassembly->counters.reassembly_expired++;
    give_up(reassembly, reassembly->oldest, result);
    return true;
}

int64_t sccp_reassembly_deadline_ns(const struct sccp_reassembly *reassembly)
{
    return reassembly->oldest == POOL_NONE
               ? TIMER_NEVER_NS
               : entry_at(reassembly, reassembly->oldest)->expires_at_ns;
}

uint32_t sccp_reassembly_count(const struct sccp_reassembly *reassembly)
{
    return reassembly->pool.in_use;
}

const struct sccp_reassembly_counters *
sccp_reassembly_get_counters(const struct sccp_reassembly *reassembly)
{
    return &reassembly->counters;
}
