/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "sigtran/fsm/m3ua_endpoint.h"

#include <assert.h>
#include <stdlib.h>

#include "sigtran/fsm/m3ua_endpoint_internal.h"

#define T_ACK_DEFAULT_NS INT64_C(2000000000) /* RFC4666-4.3.4.1 */

const char *m3ua_endpoint_event_name(enum m3ua_endpoint_event_kind kind)
{
    static const char *const names[] = {
        [M3UA_EVENT_ASP_STATE] = "asp-state",
        [M3UA_EVENT_TRAFFIC] = "traffic",
        [M3UA_EVENT_AS_STATE] = "as-state",
        [M3UA_EVENT_NOTIFY] = "notify",
        [M3UA_EVENT_ERROR] = "error",
        [M3UA_EVENT_SSNM] = "ssnm",
        [M3UA_EVENT_REGISTRATION] = "registration",
        [M3UA_EVENT_ERROR_SENT] = "error-sent",
        [M3UA_EVENT_GIVEN_UP] = "given-up",
        [M3UA_EVENT_BEAT_LOST] = "beat-lost",
        [M3UA_EVENT_BEAT_ANSWERED] = "beat-answered",
        [M3UA_EVENT_QUEUE_FLUSHED] = "queue-flushed",
        [M3UA_EVENT_QUEUE_DROPPED] = "queue-dropped",
        [M3UA_EVENT_SEND_FAILED] = "send-failed",
        [M3UA_EVENT_EXCHANGE_MISSING] = "exchange-missing",
    };
    return (unsigned)kind < sizeof(names) / sizeof(names[0]) ? names[kind] : "?";
}

/* --- creation -------------------------------------------------------------------------------- */

uint32_t endpoint_membership(const struct m3ua_endpoint *ep, uint32_t asp, uint32_t as)
{
    const struct endpoint_asp *a = &ep->asp[asp];
    for (uint32_t i = 0; i < a->membership_count; i++)
        if (a->as[i] == as)
            return i;
    return M3UA_ENDPOINT_NONE;
}

/* Can a routing context tell them apart? One that has none, and gets none by registration, takes
 * any. */
static bool contexts_differ(const struct m3ua_as_config *one, const struct m3ua_as_config *other)
{
    if (one->has_routing_context && other->has_routing_context)
        return one->routing_context != other->routing_context;
    return (one->has_routing_context || one->registers || one->spare) &&
           (other->has_routing_context || other->registers || other->spare);
}

/* May the AS join those that the ASP has already? */
static bool membership_fits(const struct m3ua_endpoint *ep, const struct endpoint_asp *a,
                            const struct endpoint_as *as)
{
    if (a->membership_count == ASP_MEMBERSHIPS_MAX)
        return false;
    for (uint32_t i = 0; i < a->membership_count; i++) {
        const struct endpoint_as *other = &ep->as[a->as[i]];
        if (other == as || !contexts_differ(&other->config, &as->config))
            return false;
    }
    return true;
}

static enum p7_status as_create(struct m3ua_endpoint *ep, uint32_t index)
{
    struct endpoint_as *as = &ep->as[index];
    struct m3ua_as_config *config = &as->config;
    if (config->asp_count == 0 || config->asp_count > LIMIT_ASP_PER_AS || config->t_r_ns < 0 ||
        config->traffic_mode < AS_MODE_OVERRIDE || config->traffic_mode > AS_MODE_BROADCAST ||
        config->active_minimum > config->asp_count || config->key_si_count > M3UA_KEY_SIS_MAX ||
        config->key_opc_count > M3UA_KEY_OPCS_MAX)
        return P7_RANGE;
    as->configured = *config;
    for (uint32_t i = 0; i < config->asp_count; i++) {
        if (config->asp[i] >= ep->asp_count)
            return P7_RANGE;
        struct endpoint_asp *a = &ep->asp[config->asp[i]];
        const struct endpoint_asp *first = &ep->asp[config->asp[0]];
        if (a->config.role != first->config.role ||
            a->config.double_exchange != first->config.double_exchange ||
            (config->spare && a->config.role != ASP_ROLE_SG) || !membership_fits(ep, a, as))
            return P7_RANGE;
        as->membership[i] = a->membership_count;
        a->as[a->membership_count] = index;
        a->member[a->membership_count] = i;
        a->registration[a->membership_count].t_ack_at_ns = TIMER_NEVER_NS;
        a->membership_count++;
    }
    as->role = ep->asp[config->asp[0]].config.role;
    /* In override mode one is always enough, and an ASP leaves it to its SG to count. */
    const bool shares = config->traffic_mode != AS_MODE_OVERRIDE && as->role != ASP_ROLE_ASP;
    /* T(r) belongs to who has the traffic to hold back: the SG, or an IPSP (RFC4666-4.3.2). */
    const bool is_double = ep->asp[config->asp[0]].config.double_exchange;
    const struct as_config machine = {
        /* In a double exchange each end is to the other's half what an SG is to its ASPs. */
        .role = is_double ? ASP_ROLE_SG : as->role,
        .traffic_mode = config->traffic_mode,
        .t_r_ns = as->role == ASP_ROLE_ASP ? 0 : config->t_r_ns,
        .member_count = config->asp_count,
        .active_minimum = shares && config->active_minimum > 1 ? config->active_minimum : 1,
    };
    as_init(&as->machine, &machine);
    as->queue.retry_at_ns = TIMER_NEVER_NS;
    as->announced = M3UA_UNAVAILABLE;
    if (machine.t_r_ns == 0 || config->no_queue)
        return P7_OK;
    as->queue.octets =
        config->queue_octets == 0 ? M3UA_ENDPOINT_QUEUE_OCTETS : config->queue_octets;
    as->queue.bytes = malloc(as->queue.octets);
    return as->queue.bytes == NULL ? P7_NO_MEMORY : P7_OK;
}

static enum p7_status asp_create(struct m3ua_endpoint *ep, uint32_t index)
{
    struct endpoint_asp *a = &ep->asp[index];
    const struct m3ua_asp_config *config = &a->config;
    if (config->t_ack_ns < 0 || config->t_beat_ns < 0 || (unsigned)config->role > ASP_ROLE_IPSP ||
        (config->double_exchange && config->role != ASP_ROLE_IPSP))
        return P7_RANGE;
    a->destinations = calloc(a->membership_count + 1u, sizeof(a->destinations[0]));
    if (a->destinations == NULL)
        return P7_NO_MEMORY;
    for (uint32_t i = 0; i < a->membership_count; i++)
        m3ua_destinations_init(&a->destinations[i]);
    const uint32_t memberships =
        a->membership_count == 32 ? UINT32_MAX : (1u << a->membership_count) - 1u;
    uint32_t members = memberships;
    for (uint32_t i = 0; i < a->membership_count; i++)
        if (ep->as[a->as[i]].config.spare ||
            (ep->as[a->as[i]].config.registers && config->role != ASP_ROLE_SG))
            members &= ~(1u << i);
    const struct asp_config machine = {
        .role = config->double_exchange ? ASP_ROLE_ASP : config->role,
        .t_ack_ns = config->t_ack_ns == 0 ? T_ACK_DEFAULT_NS : config->t_ack_ns,
        .t_ack_tries = config->t_ack_tries,
        .t_beat_ns = config->t_beat_ns,
        .memberships = members,
        .wants_up = config->wants_up,
        .stands_by = config->stands_by,
        .wants_active = config->wants_active ? memberships : 0,
    };
    const struct asp_config peer = {
        .role = ASP_ROLE_SG, .t_ack_ns = machine.t_ack_ns, .memberships = members};
    asp_init(&a->machine, &machine);
    asp_init(&a->peer, &peer);
    a->exchange_late_at_ns = TIMER_NEVER_NS;
    return P7_OK;
}

static enum p7_status endpoint_fill(struct m3ua_endpoint *ep,
                                    const struct m3ua_endpoint_config *config)
{
    ep->asp = calloc(config->asp_count, sizeof(ep->asp[0]));
    ep->as = calloc(config->as_count == 0 ? 1 : config->as_count, sizeof(ep->as[0]));
    if (ep->asp == NULL || ep->as == NULL)
        return P7_NO_MEMORY;
    ep->asp_count = config->asp_count;
    ep->as_count = config->as_count;
    for (uint32_t i = 0; i < config->asp_count; i++) {
        ep->asp[i].config = config->asp[i];
        ep->asp[i].association = M3UA_ENDPOINT_NONE;
    }
    for (uint32_t i = 0; i < config->as_count; i++)
        ep->as[i].config = config->as[i];
    enum p7_status status =
        timer_heap_create(&ep->timers, 2 * config->asp_count + config->as_count);
    for (uint32_t i = 0; status == P7_OK && i < config->as_count; i++)
        status = as_create(ep, i);
    for (uint32_t i = 0; status == P7_OK && i < config->asp_count; i++)
        status = asp_create(ep, i);
    return status;
}

enum p7_status m3ua_endpoint_create(const struct m3ua_endpoint_config *config,
                                    const struct m3ua_endpoint_handler *handler,
                                    struct m3ua_endpoint **endpoint)
{
    assert(handler->send != NULL && handler->data != NULL && handler->event != NULL &&
           handler->abort != NULL);
    if (config->asp_count == 0 || config->asp_count > LIMIT_ASSOCIATIONS ||
        config->as_count > LIMIT_AS)
        return P7_RANGE;
    struct m3ua_endpoint *ep = calloc(1, sizeof(*ep));
    if (ep == NULL)
        return P7_NO_MEMORY;
    ep->handler = *handler;
    ep->has_network_appearance = config->has_network_appearance;
    ep->network_appearance = config->network_appearance;
    ep->point_code = config->point_code;
    ep->users = config->users;
    ep->registration = config->registration;
    const enum p7_status status = endpoint_fill(ep, config);
    if (status != P7_OK) {
        m3ua_endpoint_destroy(ep);
        return status;
    }
    *endpoint = ep;
    return P7_OK;
}

void m3ua_endpoint_destroy(struct m3ua_endpoint *endpoint)
{
    if (endpoint == NULL)
        return;
    assert(!endpoint->busy);
    for (uint32_t i = 0; i < endpoint->as_count; i++)
        free(endpoint->as[i].queue.bytes);
    for (uint32_t i = 0; i < endpoint->asp_count; i++)
        free(endpoint->asp[i].destinations);
    timer_heap_destroy(&endpoint->timers);
    free(endpoint->as);
    free(endpoint->asp);
    free(endpoint);
}

/* --- reading --------------------------------------------------------------------------------- */

uint32_t m3ua_endpoint_asp_of_association(const struct m3ua_endpoint *endpoint,
                                          uint32_t association)
{
    for (uint32_t i = 0; association != M3UA_ENDPOINT_NONE && i < endpoint->asp_count; i++)
        if (endpoint->asp[i].association == association)
            return i;
    return M3UA_ENDPOINT_NONE;
}

enum asp_state m3ua_endpoint_asp_state(const struct m3ua_endpoint *endpoint, uint32_t asp)
{
    assert(asp < endpoint->asp_count);
    return endpoint->asp[asp].machine.state;
}

enum asp_state m3ua_endpoint_peer_state(const struct m3ua_endpoint *endpoint, uint32_t asp)
{
    assert(asp < endpoint->asp_count);
    const struct endpoint_asp *a = &endpoint->asp[asp];
    return a->config.double_exchange ? a->peer.state : a->machine.state;
}

uint32_t m3ua_endpoint_association(const struct m3ua_endpoint *endpoint, uint32_t asp)
{
    assert(asp < endpoint->asp_count);
    return endpoint->asp[asp].association;
}

enum as_state m3ua_endpoint_as_state(const struct m3ua_endpoint *endpoint, uint32_t as)
{
    assert(as < endpoint->as_count);
    return endpoint->as[as].machine.state;
}

const struct m3ua_as_config *m3ua_endpoint_as_config(const struct m3ua_endpoint *endpoint,
                                                     uint32_t as)
{
    assert(as < endpoint->as_count);
    return &endpoint->as[as].config;
}

bool m3ua_endpoint_as_usable(const struct m3ua_endpoint *endpoint, uint32_t as)
{
    const enum as_state state = m3ua_endpoint_as_state(endpoint, as);
    return state == AS_STATE_ACTIVE ||
           (state == AS_STATE_PENDING && !endpoint->as[as].config.no_queue);
}

bool m3ua_endpoint_carries(const struct m3ua_endpoint *endpoint, uint32_t asp, uint32_t as)
{
    assert(asp < endpoint->asp_count);
    const uint32_t membership = endpoint_membership(endpoint, asp, as);
    return membership != M3UA_ENDPOINT_NONE &&
           endpoint_asp_carries(&endpoint->asp[asp], membership);
}

bool m3ua_endpoint_takes(const struct m3ua_endpoint *endpoint, uint32_t asp, uint32_t as,
                         int64_t now_ns)
{
    assert(asp < endpoint->asp_count);
    const uint32_t membership = endpoint_membership(endpoint, asp, as);
    return membership != M3UA_ENDPOINT_NONE &&
           asp_takes(&endpoint->asp[asp].machine, membership, now_ns);
}

const struct m3ua_endpoint_counters *
m3ua_endpoint_get_counters(const struct m3ua_endpoint *endpoint)
{
    return &endpoint->counters;
}
