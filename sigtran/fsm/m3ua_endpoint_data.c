/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* DATA out: the choice of the ASP, the stream, and the queue of AS-PENDING. */
#include <assert.h>

#include "sigtran/fsm/m3ua_endpoint_internal.h"

/* In front of each payload in a queue. */
struct queue_record {
    struct m3ua_transfer transfer;
    uint32_t length;
};

/*
 * RFC4666-1.4.7: DATA keeps off stream 0 when there are others, and what must stay in sequence
 * (one SLS) stays on one stream.
 */
static uint16_t stream_of(const struct endpoint_asp *asp, uint8_t sls)
{
    return asp->streams_out > 1 ? (uint16_t)(1u + sls % (asp->streams_out - 1u)) : 0;
}

static enum p7_status data_send(struct m3ua_endpoint *ep, const struct endpoint_as *as,
                                uint32_t asp, const struct m3ua_transfer *transfer,
                                struct bytes payload, uint32_t correlation_id)
{
    const struct m3ua_data data = {
        .has_network_appearance = ep->has_network_appearance,
        .network_appearance = ep->network_appearance,
        .has_routing_context = as->config.has_routing_context,
        .routing_context = as->config.routing_context,
        .has_correlation_id = correlation_id != 0,
        .correlation_id = correlation_id,
        .opc = transfer->opc,
        .dpc = transfer->dpc,
        .si = transfer->si,
        .ni = transfer->ni,
        .mp = transfer->mp,
        .sls = transfer->sls,
        .payload = payload,
    };
    struct bytes_writer writer = bytes_writer_of(ep->scratch, ep->scratch + sizeof(ep->scratch));
    m3ua_data_encode(&writer, &data);
    assert(!writer.failed);
    const enum p7_status status = endpoint_send_bytes(
        ep, asp, stream_of(&ep->asp[asp], transfer->sls),
        bytes_of(writer.start, bytes_writer_length(&writer)), M3UA_CLASS_TRANSFER);
    if (status == P7_OK)
        ep->counters.data_out++;
    return status;
}

static bool reaches(const struct m3ua_endpoint *ep, const struct endpoint_as *as, uint32_t member,
                    const struct m3ua_transfer *transfer)
{
    return endpoint_member_reaches(ep, as, member, transfer->dpc, transfer->si);
}

/* The member by traffic mode and SLS, or the next one through which the destination is reached
 * (RFC4666-4.5.2.2). */
static uint32_t member_select(const struct m3ua_endpoint *ep, const struct endpoint_as *as,
                              const struct m3ua_transfer *transfer)
{
    const uint32_t member = as_select(&as->machine, transfer->sls);
    if (member == AS_MEMBER_NONE || reaches(ep, as, member, transfer))
        return member;
    const uint32_t count =
        as->config.traffic_mode == AS_MODE_OVERRIDE ? 0 : as->machine.active_count;
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t other = as->machine.active[(transfer->sls + i) % count];
        if (reaches(ep, as, other, transfer))
            return other;
    }
    return AS_MEMBER_NONE;
}

/* --- broadcast ------------------------------------------------------------------------------- */

void endpoint_correlation_restart(struct endpoint_as *as)
{
    memset(as->correlated, 0, sizeof(as->correlated));
}

/*
 * RFC4666-4.3.4.3, 3.3.1: the first message of each traffic flow since an ASP became active has an
 * id of its own, so that the newcomer can fall in with the others. What must stay in sequence, one
 * SLS, is a flow. 0: this one needs none.
 */
static uint32_t correlation_of(struct endpoint_as *as, uint8_t sls)
{
    if (((as->correlated[sls / 64u] >> (sls % 64u)) & 1u) != 0)
        return 0;
    if (++as->correlation_id == 0)
        as->correlation_id = 1;
    return as->correlation_id;
}

/* It has worked when one copy left. */
static enum p7_status data_broadcast(struct m3ua_endpoint *ep, struct endpoint_as *as,
                                     const struct m3ua_transfer *transfer, struct bytes payload)
{
    const uint32_t correlation_id = correlation_of(as, transfer->sls);
    enum p7_status result = P7_STATE;
    for (uint32_t i = 0; i < as->machine.active_count; i++) {
        const uint32_t member = as->machine.active[i];
        if (!reaches(ep, as, member, transfer))
            continue;
        const enum p7_status status =
            data_send(ep, as, as->config.asp[member], transfer, payload, correlation_id);
        if (result != P7_OK)
            result = status;
    }
    if (result == P7_OK)
        as->correlated[transfer->sls / 64u] |= UINT64_C(1) << (transfer->sls % 64u);
    return result;
}

/* By traffic mode. */
static enum p7_status data_route(struct m3ua_endpoint *ep, struct endpoint_as *as,
                                 const struct m3ua_transfer *transfer, struct bytes payload)
{
    const uint32_t member = member_select(ep, as, transfer);
    if (member == AS_MEMBER_NONE)
        return P7_STATE;
    /* Broadcast is from the network to the ASPs; towards the network one of the SGs is enough. */
    if (as->config.traffic_mode != AS_MODE_BROADCAST || as->role == ASP_ROLE_ASP)
        return data_send(ep, as, as->config.asp[member], transfer, payload, 0);
    return data_broadcast(ep, as, transfer, payload);
}

static void drop_count(struct m3ua_endpoint *ep, enum p7_status status)
{
    if (status == P7_FULL)
        ep->counters.data_dropped_send_full++;
    else if (status != P7_OK)
        ep->counters.data_dropped_send_failed++;
}

/* --- queue ----------------------------------------------------------------------------------- */

static enum p7_status queue_put(struct endpoint_queue *queue, const struct m3ua_transfer *transfer,
                                struct bytes payload)
{
    const size_t octets = sizeof(struct queue_record) + payload.length;
    if (queue->octets - (queue->tail - queue->head) < octets)
        return P7_FULL;
    if (queue->octets - queue->tail < octets) {
        memmove(queue->bytes, queue->bytes + queue->head, queue->tail - queue->head);
        queue->tail -= queue->head;
        queue->head = 0;
    }
    const struct queue_record record = {.transfer = *transfer, .length = (uint32_t)payload.length};
    memcpy(queue->bytes + queue->tail, &record, sizeof(record));
    if (payload.length != 0)
        memcpy(queue->bytes + queue->tail + sizeof(record), payload.data, payload.length);
    queue->tail += octets;
    queue->count++;
    return P7_OK;
}

static void queue_reset(struct endpoint_queue *queue)
{
    queue->head = 0;
    queue->tail = 0;
    queue->count = 0;
    queue->flushed = 0;
    queue->lost = 0;
    queue->retry_at_ns = TIMER_NEVER_NS;
}

/*
 * Sends until the queue is empty or send() is full; then the rest waits for the next try, and so do
 * new transfers, behind it.
 */
void endpoint_queue_flush(struct m3ua_endpoint *ep, uint32_t as, int64_t now_ns)
{
    struct endpoint_as *s = &ep->as[as];
    struct endpoint_queue *queue = &s->queue;
    if (queue->count == 0 || s->machine.state != AS_STATE_ACTIVE)
        return;
    while (queue->count > 0) {
        struct queue_record record;
        memcpy(&record, queue->bytes + queue->head, sizeof(record));
        const struct bytes payload =
            bytes_of(queue->bytes + queue->head + sizeof(record), record.length);
        const enum p7_status status = data_route(ep, s, &record.transfer, payload);
        if (status == P7_FULL) {
            queue->retry_at_ns = now_ns + M3UA_ENDPOINT_RETRY_NS;
            endpoint_as_arm(ep, as);
            endpoint_queue_congestion(ep, as, now_ns);
            return;
        }
        drop_count(ep, status);
        *(status == P7_OK ? &queue->flushed : &queue->lost) += 1;
        queue->head += sizeof(record) + record.length;
        queue->count--;
    }
    const struct m3ua_endpoint_event event = {.kind = M3UA_EVENT_QUEUE_FLUSHED,
                                              .asp = M3UA_ENDPOINT_NONE,
                                              .as = as,
                                              .count = queue->flushed,
                                              .lost = queue->lost};
    queue_reset(queue);
    endpoint_as_arm(ep, as);
    endpoint_queue_congestion(ep, as, now_ns);
    endpoint_raise(ep, &event, now_ns);
}

void endpoint_queue_drop(struct m3ua_endpoint *ep, uint32_t as, int64_t now_ns)
{
    struct endpoint_queue *queue = &ep->as[as].queue;
    if (queue->count == 0)
        return;
    ep->counters.data_dropped_t_r += queue->count;
    const struct m3ua_endpoint_event event = {.kind = M3UA_EVENT_QUEUE_DROPPED,
                                              .asp = M3UA_ENDPOINT_NONE,
                                              .as = as,
                                              .count = queue->flushed,
                                              .lost = queue->lost + queue->count};
    queue_reset(queue);
    endpoint_as_arm(ep, as);
    endpoint_queue_congestion(ep, as, now_ns);
    endpoint_raise(ep, &event, now_ns);
}

/* --- public ---------------------------------------------------------------------------------- */

static enum p7_status transfer_queue(struct m3ua_endpoint *ep, const struct m3ua_transfer *transfer,
                                     struct bytes payload, int64_t now_ns)
{
    const enum p7_status status = queue_put(&ep->as[transfer->as].queue, transfer, payload);
    endpoint_queue_congestion(ep, transfer->as, now_ns);
    if (status == P7_OK)
        ep->counters.data_queued++;
    else
        ep->counters.data_dropped_queue_full++;
    return status;
}

enum p7_status m3ua_endpoint_transfer(struct m3ua_endpoint *endpoint,
                                      const struct m3ua_transfer *transfer, struct bytes payload,
                                      int64_t now_ns)
{
    assert(!endpoint->in_handler);
    assert(transfer->as < endpoint->as_count);
    struct endpoint_as *as = &endpoint->as[transfer->as];
    if (payload.length > M3UA_ENDPOINT_PAYLOAD_OCTETS_MAX) {
        endpoint->counters.data_dropped_too_long++;
        return P7_RANGE;
    }
    if (as->queue.count > 0)
        endpoint_queue_flush(endpoint, transfer->as, now_ns);
    const bool is_waiting = as->machine.state == AS_STATE_PENDING && !as->config.no_queue;
    if (as->queue.count > 0 || is_waiting)
        return transfer_queue(endpoint, transfer, payload, now_ns);
    if (as->machine.state != AS_STATE_ACTIVE) {
        endpoint->counters.data_dropped_no_asp++;
        return P7_STATE;
    }
    as->has_last_dpc = true;
    as->last_dpc = transfer->dpc;
    if (as->troubles != 0 && member_select(endpoint, as, transfer) == AS_MEMBER_NONE) {
        endpoint->counters.data_dropped_unavailable++;
        return P7_STATE;
    }
    const enum p7_status status = data_route(endpoint, as, transfer, payload);
    drop_count(endpoint, status);
    return status;
}

enum p7_status m3ua_endpoint_transfer_to_asp(struct m3ua_endpoint *endpoint,
                                             const struct m3ua_transfer *transfer, uint32_t asp,
                                             struct bytes payload, int64_t now_ns)
{
    (void)now_ns;
    assert(!endpoint->in_handler);
    assert(transfer->as < endpoint->as_count && asp < endpoint->asp_count);
    if (payload.length > M3UA_ENDPOINT_PAYLOAD_OCTETS_MAX) {
        endpoint->counters.data_dropped_too_long++;
        return P7_RANGE;
    }
    const uint32_t membership = endpoint_membership(endpoint, asp, transfer->as);
    if (membership == M3UA_ENDPOINT_NONE ||
        !endpoint_asp_carries(&endpoint->asp[asp], membership)) {
        endpoint->counters.data_dropped_no_asp++;
        return P7_STATE;
    }
    if (!reaches(endpoint, &endpoint->as[transfer->as], endpoint->asp[asp].member[membership],
                 transfer)) {
        endpoint->counters.data_dropped_unavailable++;
        return P7_STATE;
    }
    const enum p7_status status =
        data_send(endpoint, &endpoint->as[transfer->as], asp, transfer, payload, 0);
    drop_count(endpoint, status);
    return status;
}

uint64_t m3ua_endpoint_as_queued(const struct m3ua_endpoint *endpoint, uint32_t as)
{
    assert(as < endpoint->as_count);
    return endpoint->as[as].queue.count;
}
