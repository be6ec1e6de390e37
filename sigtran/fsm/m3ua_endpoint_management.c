/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Associations that come and go, time, and what management asks for. */
#include <assert.h>

#include "sigtran/fsm/m3ua_endpoint_internal.h"

static void step(struct m3ua_endpoint *ep, uint32_t asp, enum asp_event_kind kind,
                 uint32_t memberships, int64_t now_ns)
{
    assert(!ep->busy && asp < ep->asp_count);
    ep->busy = true;
    const struct asp_event event = {.kind = kind, .memberships = memberships};
    endpoint_asp_step(ep, asp, &event, now_ns);
    ep->busy = false;
}

enum p7_status m3ua_endpoint_association_up(struct m3ua_endpoint *endpoint, uint32_t asp,
                                            uint32_t association, uint16_t streams_out,
                                            int64_t now_ns)
{
    assert(!endpoint->busy && asp < endpoint->asp_count && association != M3UA_ENDPOINT_NONE);
    struct endpoint_asp *a = &endpoint->asp[asp];
    if (a->association != M3UA_ENDPOINT_NONE)
        return P7_STATE;
    a->association = association;
    a->streams_out = streams_out;
    a->has_peer_identifier = false;
    endpoint_beat_forget(a);
    endpoint->counters.associations_up++;
    step(endpoint, asp, ASP_EVENT_COMMUNICATION_UP, 0, now_ns);
    return P7_OK;
}

void m3ua_endpoint_association_down(struct m3ua_endpoint *endpoint, uint32_t asp, int64_t now_ns)
{
    assert(!endpoint->busy && asp < endpoint->asp_count);
    if (endpoint->asp[asp].association == M3UA_ENDPOINT_NONE)
        return;
    endpoint->asp[asp].association = M3UA_ENDPOINT_NONE;
    endpoint_beat_forget(&endpoint->asp[asp]);
    endpoint->counters.associations_down++;
    step(endpoint, asp, ASP_EVENT_COMMUNICATION_DOWN, 0, now_ns);
}

void m3ua_endpoint_association_restart(struct m3ua_endpoint *endpoint, uint32_t asp,
                                       uint16_t streams_out, int64_t now_ns)
{
    assert(!endpoint->busy && asp < endpoint->asp_count);
    struct endpoint_asp *a = &endpoint->asp[asp];

    /* One that we have aborted is on its way out, whatever the peer thinks. */
    if (a->association == M3UA_ENDPOINT_NONE || !a->machine.connected)
        return;
    a->streams_out = streams_out;
    a->has_peer_identifier = false;
    endpoint_beat_forget(a);
    step(endpoint, asp, ASP_EVENT_RESTART, 0, now_ns);
}

void m3ua_endpoint_time(struct m3ua_endpoint *endpoint, int64_t now_ns)
{
    assert(!endpoint->busy);
    endpoint->busy = true;
    const struct asp_event asp_time = {.kind = ASP_EVENT_TIME};
    const struct as_event as_time = {.kind = AS_EVENT_TIME};
    /* Each timer once: one that is due again at once waits for the next turn. */
    for (uint32_t turns = 2 * endpoint->asp_count + endpoint->as_count; turns > 0; turns--) {
        const uint32_t id = timer_heap_pop_due(&endpoint->timers, now_ns);
        if (id == TIMER_HEAP_NONE)
            break;
        if (id < endpoint->asp_count) {
            endpoint_asp_step(endpoint, id, &asp_time, now_ns);
            continue;
        }
        const uint32_t as = id - endpoint->asp_count;
        if (as >= endpoint->as_count) {
            endpoint_destinations_time(endpoint, as - endpoint->as_count, now_ns);
            endpoint_registrations_time(endpoint, as - endpoint->as_count, now_ns);
            continue;
        }
        endpoint->as[as].queue.retry_at_ns = TIMER_NEVER_NS;
        endpoint_as_step(endpoint, as, &as_time, now_ns);
        endpoint_queue_flush(endpoint, as, now_ns);
    }
    endpoint->busy = false;
}

int64_t m3ua_endpoint_deadline_ns(const struct m3ua_endpoint *endpoint)
{
    return timer_heap_deadline_ns(&endpoint->timers);
}

void m3ua_endpoint_writable(struct m3ua_endpoint *endpoint, uint32_t asp, int64_t now_ns)
{
    assert(!endpoint->busy && asp < endpoint->asp_count);
    endpoint->busy = true;
    for (uint32_t i = 0; i < endpoint->asp[asp].membership_count; i++)
        endpoint_queue_flush(endpoint, endpoint->asp[asp].as[i], now_ns);
    endpoint->busy = false;
}

enum p7_status m3ua_endpoint_asp_up(struct m3ua_endpoint *endpoint, uint32_t asp, int64_t now_ns)
{
    assert(asp < endpoint->asp_count);
    if (endpoint->asp[asp].config.role == ASP_ROLE_SG)
        return P7_STATE;
    step(endpoint, asp, ASP_EVENT_M_UP, 0, now_ns);
    return P7_OK;
}

enum p7_status m3ua_endpoint_asp_down(struct m3ua_endpoint *endpoint, uint32_t asp, int64_t now_ns)
{
    assert(asp < endpoint->asp_count);
    if (endpoint->asp[asp].config.role == ASP_ROLE_SG)
        return P7_STATE;
    step(endpoint, asp, ASP_EVENT_M_DOWN, 0, now_ns);
    return P7_OK;
}

static enum p7_status traffic_ask(struct m3ua_endpoint *ep, uint32_t asp, uint32_t as,
                                  enum asp_event_kind kind, int64_t now_ns)
{
    assert(asp < ep->asp_count);
    uint32_t memberships = UINT32_MAX;
    if (ep->asp[asp].config.role == ASP_ROLE_SG)
        return P7_STATE;
    if (as != M3UA_ENDPOINT_NONE) {
        const uint32_t membership = endpoint_membership(ep, asp, as);
        if (membership == M3UA_ENDPOINT_NONE)
            return P7_NOT_FOUND;
        memberships = 1u << membership;
    }
    step(ep, asp, kind, memberships, now_ns);
    return P7_OK;
}

enum p7_status m3ua_endpoint_asp_active(struct m3ua_endpoint *endpoint, uint32_t asp, uint32_t as,
                                        int64_t now_ns)
{
    return traffic_ask(endpoint, asp, as, ASP_EVENT_M_ACTIVE, now_ns);
}

enum p7_status m3ua_endpoint_asp_inactive(struct m3ua_endpoint *endpoint, uint32_t asp, uint32_t as,
                                          int64_t now_ns)
{
    return traffic_ask(endpoint, asp, as, ASP_EVENT_M_INACTIVE, now_ns);
}

enum p7_status m3ua_endpoint_asp_lock(struct m3ua_endpoint *endpoint, uint32_t asp, bool locked,
                                      int64_t now_ns)
{
    assert(asp < endpoint->asp_count);
    if (endpoint->asp[asp].config.role == ASP_ROLE_ASP)
        return P7_STATE;
    step(endpoint, asp, locked ? ASP_EVENT_M_LOCK : ASP_EVENT_M_UNLOCK, 0, now_ns);
    return P7_OK;
}

enum p7_status m3ua_endpoint_send_ssnm(struct m3ua_endpoint *endpoint, uint32_t asp,
                                       const struct m3ua_message *message, int64_t now_ns)
{
    assert(!endpoint->busy && asp < endpoint->asp_count);
    assert(m3ua_kind_class(message->kind) == M3UA_CLASS_SSNM);
    if (!endpoint_asp_is_up(&endpoint->asp[asp]))
        return P7_STATE;
    endpoint->busy = true;
    endpoint->out = *message;
    const enum p7_status status = endpoint_send_out(endpoint, asp, now_ns);
    endpoint->busy = false;
    return status;
}
