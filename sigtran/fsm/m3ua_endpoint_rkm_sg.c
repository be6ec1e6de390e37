/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * Routing Key Management at an SG (RFC4666-4.4). A key that is configured is found by its routing
 * context, else by its destination point code; the ASPs that the AS lists may register it. Where
 * that is permitted a new key takes one of the ASs that are spare. Any ASP of these may join; the
 * AS is spare again when the last one has left and the AS is AS-DOWN.
 */
#include "sigtran/fsm/m3ua_endpoint_internal.h"

/* --- keys ------------------------------------------------------------------------------------ */

static bool in_use(const struct endpoint_as *as)
{
    return !as->config.spare || as->taken;
}

static uint32_t as_of_context(const struct m3ua_endpoint *ep, uint32_t routing_context)
{
    for (uint32_t i = 0; i < ep->as_count; i++)
        if (in_use(&ep->as[i]) && ep->as[i].config.has_routing_context &&
            ep->as[i].config.routing_context == routing_context)
            return i;
    return M3UA_ENDPOINT_NONE;
}

/* One that the ASP may serve comes before others of the same point code. */
static uint32_t as_of_point_code(const struct m3ua_endpoint *ep, uint32_t asp, uint32_t point_code)
{
    uint32_t found = M3UA_ENDPOINT_NONE;
    for (uint32_t i = 0; i < ep->as_count; i++) {
        if (!in_use(&ep->as[i]) || ep->as[i].role == ASP_ROLE_ASP ||
            ep->as[i].config.point_code != point_code)
            continue;
        if (endpoint_membership(ep, asp, i) != M3UA_ENDPOINT_NONE)
            return i;
        found = i;
    }
    return found;
}

static uint32_t free_context(const struct m3ua_endpoint *ep)
{
    uint32_t context = 1;
    while (as_of_context(ep, context) != M3UA_ENDPOINT_NONE)
        context++;
    return context;
}

/* RFC4666-3.6.1, 3.6.2: is the key one that we could serve at all? */
static uint32_t key_check(const struct m3ua_endpoint *ep, const struct m3ua_routing_key *key)
{
    if (key->group_count != 1)
        return M3UA_REGISTRATION_UNSUPPORTED_PARAMETER;
    const struct m3ua_key_group *group = &key->group[0];
    const uint32_t point_code = m3ua_point_code(group->destination_point_code);
    if (m3ua_point_code_mask(group->destination_point_code) != 0 || point_code == 0)
        return M3UA_REGISTRATION_INVALID_DPC;
    if ((key->present & M3UA_HAS_NETWORK_APPEARANCE) != 0 && ep->has_network_appearance &&
        key->network_appearance != ep->network_appearance)
        return M3UA_REGISTRATION_INVALID_NETWORK_APPEARANCE;
    if ((key->present & M3UA_HAS_TRAFFIC_MODE) != 0 &&
        (key->traffic_mode < AS_MODE_OVERRIDE || key->traffic_mode > AS_MODE_BROADCAST))
        return M3UA_REGISTRATION_UNSUPPORTED_TRAFFIC_MODE;
    if ((group->present & M3UA_HAS_OPC_LIST) != 0)
        return M3UA_REGISTRATION_UNSUPPORTED_PARAMETER; /* what we send has one OPC: ours */
    if ((group->present & M3UA_HAS_SERVICE_INDICATORS) == 0)
        return M3UA_REGISTRATION_SUCCESS;
    if (group->service_indicators.length == 0)
        return M3UA_REGISTRATION_INVALID_ROUTING_KEY;
    /* We send for our own users only: a key for all of them is as good as one for any. */
    uint32_t users = 0;
    for (size_t i = 0; i < group->service_indicators.length; i++)
        users |= 1u << (group->service_indicators.data[i] & 15u);
    if (ep->users == 0 || (ep->users & ~users) != 0)
        return M3UA_REGISTRATION_UNSUPPORTED_PARAMETER;
    return M3UA_REGISTRATION_SUCCESS;
}

static uint32_t spare_take(struct m3ua_endpoint *ep, uint32_t asp,
                           const struct m3ua_routing_key *key, uint32_t *as)
{
    const uint32_t point_code = m3ua_point_code(key->group[0].destination_point_code);
    if (ep->registration != M3UA_REGISTRATION_DYNAMIC)
        return M3UA_REGISTRATION_NOT_PROVISIONED;
    /* RFC4666-4.4.1: a message to us would match the key as well. */
    if (point_code == ep->point_code)
        return M3UA_REGISTRATION_NOT_UNIQUE;
    for (uint32_t i = 0; i < ep->as_count; i++) {
        struct endpoint_as *s = &ep->as[i];
        if (in_use(s) || endpoint_membership(ep, asp, i) == M3UA_ENDPOINT_NONE)
            continue;
        const bool asked = (key->present & M3UA_HAS_ROUTING_CONTEXT) != 0;
        s->config.routing_context =
            asked && key->routing_context != 0 ? key->routing_context : free_context(ep);
        s->config.has_routing_context = true;
        s->config.point_code = point_code;
        s->config.traffic_mode = (key->present & M3UA_HAS_TRAFFIC_MODE) != 0
                                     ? (enum as_traffic_mode)key->traffic_mode
                                     : s->configured.traffic_mode;
        struct as_config machine = s->machine.config;
        machine.traffic_mode = s->config.traffic_mode;
        as_init(&s->machine, &machine);
        s->taken = true;
        *as = i;
        return M3UA_REGISTRATION_SUCCESS;
    }
    return M3UA_REGISTRATION_INSUFFICIENT_RESOURCES;
}

/* Which AS the key belongs to; M3UA_ENDPOINT_NONE with success: a new one. */
static uint32_t key_find(const struct m3ua_endpoint *ep, uint32_t asp,
                         const struct m3ua_routing_key *key, uint32_t *as)
{
    const uint32_t point_code = m3ua_point_code(key->group[0].destination_point_code);
    /* 0 is how the open STP's library says that it has none yet. */
    const bool has_context =
        (key->present & M3UA_HAS_ROUTING_CONTEXT) != 0 && key->routing_context != 0;
    *as = has_context ? as_of_context(ep, key->routing_context)
                      : as_of_point_code(ep, asp, point_code);
    if (!has_context)
        return M3UA_REGISTRATION_SUCCESS;
    /* RFC4666-4.4.1: a key of ours with another content or another routing context. */
    if (*as != M3UA_ENDPOINT_NONE && ep->as[*as].config.point_code != point_code)
        return M3UA_REGISTRATION_CHANGE_REFUSED;
    const uint32_t other = as_of_point_code(ep, asp, point_code);
    if (*as == M3UA_ENDPOINT_NONE && other != M3UA_ENDPOINT_NONE) {
        if (ep->as[other].config.has_routing_context)
            return M3UA_REGISTRATION_CHANGE_REFUSED;
        *as = other;
    }
    return M3UA_REGISTRATION_SUCCESS;
}

/* --- REG REQ --------------------------------------------------------------------------------- */

static uint32_t key_register(struct m3ua_endpoint *ep, uint32_t asp,
                             const struct m3ua_routing_key *key, uint32_t *as)
{
    struct endpoint_asp *a = &ep->asp[asp];
    *as = M3UA_ENDPOINT_NONE;
    uint32_t status = key_check(ep, key);
    if (status == M3UA_REGISTRATION_SUCCESS)
        status = key_find(ep, asp, key, as);
    if (status == M3UA_REGISTRATION_SUCCESS && *as == M3UA_ENDPOINT_NONE)
        status = spare_take(ep, asp, key, as);
    if (status != M3UA_REGISTRATION_SUCCESS)
        return status;
    const struct m3ua_as_config *config = &ep->as[*as].config;
    const uint32_t membership = endpoint_membership(ep, asp, *as);
    if (membership == M3UA_ENDPOINT_NONE)
        return config->spare ? M3UA_REGISTRATION_INSUFFICIENT_RESOURCES
                             : M3UA_REGISTRATION_PERMISSION_DENIED;
    if (a->registration[membership].state == ENDPOINT_REGISTERED)
        return M3UA_REGISTRATION_ALREADY_REGISTERED;
    if ((key->present & M3UA_HAS_TRAFFIC_MODE) != 0 &&
        key->traffic_mode != (uint32_t)config->traffic_mode)
        return M3UA_REGISTRATION_UNSUPPORTED_TRAFFIC_MODE;
    a->registration[membership].state = ENDPOINT_REGISTERED;
    return M3UA_REGISTRATION_SUCCESS;
}

void endpoint_reg_req_answer(struct m3ua_endpoint *ep, uint32_t asp, int64_t now_ns)
{
    uint32_t as[M3UA_ROUTING_KEYS_MAX];
    struct m3ua_registration_result result[M3UA_ROUTING_KEYS_MAX];
    const uint32_t count = ep->in.routing_key_count;
    m3ua_message_of(&ep->out, M3UA_REG_RSP);
    ep->out.present = M3UA_HAS_REGISTRATION_RESULT;
    ep->out.registration_result_count = count;
    for (uint32_t i = 0; i < count; i++) {
        result[i].local_id = ep->in.routing_key[i].local_id;
        result[i].status = key_register(ep, asp, &ep->in.routing_key[i], &as[i]);
        /* RFC4666-3.6.2: 0 when it was not registered. An AS that takes any routing context gets
         * one that no other has. */
        const bool success = result[i].status == M3UA_REGISTRATION_SUCCESS;
        result[i].routing_context = !success ? 0
                                    : ep->as[as[i]].config.has_routing_context
                                        ? ep->as[as[i]].config.routing_context
                                        : free_context(ep);
        ep->out.registration_result[i] = result[i];
    }
    (void)!endpoint_send_out(ep, asp, now_ns);
    /* After the answer: NTFY about the AS follows (RFC4666-4.3.4.5). */
    for (uint32_t i = 0; i < count; i++) {
        if (result[i].status == M3UA_REGISTRATION_SUCCESS)
            endpoint_member_set(ep, asp, endpoint_membership(ep, asp, as[i]), true, now_ns);
        endpoint_registration_raise(ep, asp, as[i], M3UA_REG_REQ, result[i].status,
                                    result[i].routing_context, now_ns);
    }
}

/* --- DEREG REQ ------------------------------------------------------------------------------- */

/* The ASP has left: a static member goes on being one, since the configuration says so. */
static void key_leave(struct m3ua_endpoint *ep, uint32_t asp, uint32_t membership, int64_t now_ns)
{
    struct endpoint_asp *a = &ep->asp[asp];
    a->registration[membership].state = ENDPOINT_UNREGISTERED;
    if (ep->as[a->as[membership]].config.spare)
        endpoint_member_set(ep, asp, membership, false, now_ns);
}

static uint32_t key_deregister(const struct m3ua_endpoint *ep, uint32_t asp,
                               uint32_t routing_context, uint32_t *membership)
{
    const struct endpoint_asp *a = &ep->asp[asp];
    *membership = endpoint_membership_of_context(ep, a, routing_context);
    if (*membership == M3UA_ENDPOINT_NONE)
        return M3UA_DEREGISTRATION_INVALID_ROUTING_CONTEXT;
    if (a->registration[*membership].state != ENDPOINT_REGISTERED)
        return M3UA_DEREGISTRATION_NOT_REGISTERED;
    if (((a->machine.active >> *membership) & 1u) != 0)
        return M3UA_DEREGISTRATION_ASP_ACTIVE;
    return M3UA_DEREGISTRATION_SUCCESS;
}

void endpoint_dereg_req_answer(struct m3ua_endpoint *ep, uint32_t asp, int64_t now_ns)
{
    const struct bytes contexts = ep->in.routing_contexts;
    const size_t all = m3ua_list_count(contexts);
    /* The answer has room for so many; the rest asks again. */
    const uint32_t count = all > M3UA_ROUTING_KEYS_MAX ? M3UA_ROUTING_KEYS_MAX : (uint32_t)all;
    uint32_t membership[M3UA_ROUTING_KEYS_MAX];
    struct m3ua_deregistration_result result[M3UA_ROUTING_KEYS_MAX];
    m3ua_message_of(&ep->out, M3UA_DEREG_RSP);
    ep->out.present = M3UA_HAS_DEREGISTRATION_RESULT;
    ep->out.deregistration_result_count = count;
    for (uint32_t i = 0; i < count; i++) {
        result[i].routing_context = m3ua_list_u32(contexts, i);
        result[i].status = key_deregister(ep, asp, result[i].routing_context, &membership[i]);
        if (result[i].status == M3UA_DEREGISTRATION_SUCCESS)
            ep->asp[asp].registration[membership[i]].state = ENDPOINT_UNREGISTERED;
        ep->out.deregistration_result[i] = result[i];
    }
    (void)!endpoint_send_out(ep, asp, now_ns);
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t as = membership[i] == M3UA_ENDPOINT_NONE ? M3UA_ENDPOINT_NONE
                                                                : ep->asp[asp].as[membership[i]];
        if (result[i].status == M3UA_DEREGISTRATION_SUCCESS)
            key_leave(ep, asp, membership[i], now_ns);
        endpoint_registration_raise(ep, asp, as, M3UA_DEREG_REQ, result[i].status,
                                    result[i].routing_context, now_ns);
        if (as != M3UA_ENDPOINT_NONE)
            endpoint_as_release(ep, as);
    }
}

void endpoint_keys_forget(struct m3ua_endpoint *ep, uint32_t asp, int64_t now_ns)
{
    const struct endpoint_asp *a = &ep->asp[asp];
    for (uint32_t i = 0; i < a->membership_count; i++)
        if (ep->as[a->as[i]].config.spare && endpoint_is_member(a, i)) {
            key_leave(ep, asp, i, now_ns);
            endpoint_as_release(ep, a->as[i]);
        }
}

void endpoint_as_release(struct m3ua_endpoint *ep, uint32_t as)
{
    struct endpoint_as *s = &ep->as[as];
    if (!s->taken || s->machine.state != AS_STATE_DOWN)
        return;
    for (uint32_t i = 0; i < s->config.asp_count; i++)
        if (endpoint_is_member(&ep->asp[s->config.asp[i]], s->membership[i]))
            return;
    s->taken = false;
    s->config.has_routing_context = false;
    s->config.point_code = 0;
    s->queue_congestion = 0;
    s->reported_congestion = 0;
    s->announced = M3UA_UNAVAILABLE;
}

bool m3ua_endpoint_as_is_used(const struct m3ua_endpoint *endpoint, uint32_t as)
{
    return in_use(&endpoint->as[as]);
}
