/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Routing Key Management (RFC4666-3.6, 4.4): an ASP or IPSP that registers its routing keys. What
 * an SG answers is in m3ua_endpoint_rkm_sg.c. */
#include <assert.h>

#include "sigtran/fsm/m3ua_endpoint_internal.h"

void endpoint_member_set(struct m3ua_endpoint *ep, uint32_t asp, uint32_t membership, bool member,
                         int64_t now_ns)
{
    struct endpoint_asp *a = &ep->asp[asp];
    const uint32_t bit = 1u << membership;
    if (endpoint_is_member(a, membership) == member)
        return;
    if (member) {
        a->machine.config.memberships |= bit;
        a->peer.config.memberships |= bit;
        if (endpoint_asp_is_up(a))
            endpoint_member_report(ep, asp, membership, now_ns);
        return;
    }
    a->machine.config.memberships &= ~bit;
    a->peer.config.memberships &= ~bit;
    const struct as_event down = {.kind = AS_EVENT_MEMBER_DOWN, .member = a->member[membership]};
    endpoint_as_step(ep, a->as[membership], &down, now_ns);
}

void endpoint_registration_raise(struct m3ua_endpoint *ep, uint32_t asp, uint32_t as,
                                 enum m3ua_kind kind, uint32_t status, uint32_t routing_context,
                                 int64_t now_ns)
{
    if (status == 0)
        ep->counters.registrations++;
    else
        ep->counters.registrations_refused++;
    const struct m3ua_endpoint_event event = {.kind = M3UA_EVENT_REGISTRATION,
                                              .asp = asp,
                                              .as = as,
                                              .message_kind = kind,
                                              .registration_status = status,
                                              .routing_context = routing_context};
    endpoint_raise(ep, &event, now_ns);
}

int64_t endpoint_registrations_deadline_ns(const struct endpoint_asp *a)
{
    int64_t deadline_ns = TIMER_NEVER_NS;
    for (uint32_t i = 0; i < a->membership_count; i++)
        if (a->registration[i].t_ack_at_ns < deadline_ns)
            deadline_ns = a->registration[i].t_ack_at_ns;
    return deadline_ns;
}

/* --- requests -------------------------------------------------------------------------------- */

/* RFC4666-3.6.1: what is configured of the AS. A Routing Context in it asks for that one. */
static void key_fill(const struct m3ua_endpoint *ep, uint32_t as, struct m3ua_routing_key *key,
                     uint8_t opcs[4 * M3UA_KEY_OPCS_MAX])
{
    const struct m3ua_as_config *config = &ep->as[as].configured;
    *key = (struct m3ua_routing_key){.local_id = as + 1, .group_count = 1};
    if (config->has_routing_context) {
        key->present |= M3UA_HAS_ROUTING_CONTEXT;
        key->routing_context = config->routing_context;
    }
    if (config->sends_traffic_mode) {
        key->present |= M3UA_HAS_TRAFFIC_MODE;
        key->traffic_mode = config->traffic_mode;
    }
    if (ep->has_network_appearance) {
        key->present |= M3UA_HAS_NETWORK_APPEARANCE;
        key->network_appearance = ep->network_appearance;
    }
    struct m3ua_key_group *group = &key->group[0];
    group->destination_point_code = config->point_code;
    if (config->key_si_count != 0) {
        group->present |= M3UA_HAS_SERVICE_INDICATORS;
        group->service_indicators = bytes_of(config->key_si, config->key_si_count);
    }
    for (size_t i = 0; i < config->key_opc_count; i++)
        bytes_store_u32be(opcs + 4 * i, config->key_opc[i]);
    if (config->key_opc_count != 0) {
        group->present |= M3UA_HAS_OPC_LIST;
        group->opc_list = bytes_of(opcs, 4 * (size_t)config->key_opc_count);
    }
}

static void request_send(struct m3ua_endpoint *ep, uint32_t asp, uint32_t membership,
                         enum endpoint_registration_state state, int64_t now_ns)
{
    struct endpoint_asp *a = &ep->asp[asp];
    struct endpoint_registration *r = &a->registration[membership];
    const uint32_t as = a->as[membership];
    uint8_t opcs[4 * M3UA_KEY_OPCS_MAX];
    uint8_t context[4];
    r->tries = r->state == state ? r->tries + 1 : 1;
    r->state = state;
    r->t_ack_at_ns = now_ns + a->machine.config.t_ack_ns;
    if (state == ENDPOINT_REGISTERING) {
        m3ua_message_of(&ep->out, M3UA_REG_REQ);
        ep->out.present = M3UA_HAS_ROUTING_KEY;
        ep->out.routing_key_count = 1;
        key_fill(ep, as, &ep->out.routing_key[0], opcs);
    } else {
        m3ua_message_of(&ep->out, M3UA_DEREG_REQ);
        ep->out.present = M3UA_HAS_ROUTING_CONTEXT;
        bytes_store_u32be(context, ep->as[as].config.routing_context);
        ep->out.routing_contexts = bytes_of(context, sizeof(context));
    }
    (void)!endpoint_send_out(ep, asp, now_ns);
    endpoint_network_arm(ep, asp);
}

void endpoint_registrations_time(struct m3ua_endpoint *ep, uint32_t asp, int64_t now_ns)
{
    struct endpoint_asp *a = &ep->asp[asp];
    for (uint32_t i = 0; i < a->membership_count; i++) {
        struct endpoint_registration *r = &a->registration[i];
        if (now_ns < r->t_ack_at_ns)
            continue;
        if (a->config.t_ack_tries == 0 || r->tries < a->config.t_ack_tries) {
            request_send(ep, asp, i, r->state, now_ns);
            continue;
        }
        const bool registering = r->state == ENDPOINT_REGISTERING;
        r->t_ack_at_ns = TIMER_NEVER_NS;
        r->state = registering ? ENDPOINT_UNREGISTERED : ENDPOINT_REGISTERED;
        const struct m3ua_endpoint_event event = {.kind = M3UA_EVENT_GIVEN_UP,
                                                  .asp = asp,
                                                  .as = a->as[i],
                                                  .message_kind =
                                                      registering ? M3UA_REG_REQ : M3UA_DEREG_REQ};
        endpoint_raise(ep, &event, now_ns);
    }
    endpoint_network_arm(ep, asp);
}

/* Our own half is up, or no more: keys that are to be registered are, once on each association. */
void endpoint_registrations_follow(struct m3ua_endpoint *ep, uint32_t asp, bool is_up,
                                   int64_t now_ns)
{
    struct endpoint_asp *a = &ep->asp[asp];
    for (uint32_t i = 0; i < a->membership_count; i++) {
        struct endpoint_registration *r = &a->registration[i];
        const bool registers = ep->as[a->as[i]].config.registers;
        if (!is_up) {
            /* RFC4666-4.4.2: nothing is left of it at the SG. */
            r->state = ENDPOINT_UNREGISTERED;
            r->t_ack_at_ns = TIMER_NEVER_NS;
            if (registers)
                endpoint_registration_end(ep, asp, i, now_ns);
        } else if (registers && a->config.role != ASP_ROLE_SG) {
            request_send(ep, asp, i, ENDPOINT_REGISTERING, now_ns);
        }
    }
    if (!is_up && a->config.role == ASP_ROLE_SG)
        endpoint_keys_forget(ep, asp, now_ns);
    endpoint_network_arm(ep, asp);
}

/* The ASP is no member any more, and without one the AS has the routing context that it was
 * configured with. */
void endpoint_registration_end(struct m3ua_endpoint *ep, uint32_t asp, uint32_t membership,
                               int64_t now_ns)
{
    struct endpoint_as *s = &ep->as[ep->asp[asp].as[membership]];
    endpoint_member_set(ep, asp, membership, false, now_ns);
    for (uint32_t i = 0; i < s->config.asp_count; i++)
        if (endpoint_is_member(&ep->asp[s->config.asp[i]], s->membership[i]))
            return;
    s->config.has_routing_context = s->configured.has_routing_context;
    s->config.routing_context = s->configured.routing_context;
}

static uint32_t membership_for(const struct m3ua_endpoint *ep, uint32_t asp, uint32_t as,
                               enum p7_status *status)
{
    const struct endpoint_asp *a = &ep->asp[asp];
    const uint32_t membership =
        as < ep->as_count ? endpoint_membership(ep, asp, as) : M3UA_ENDPOINT_NONE;
    *status = membership == M3UA_ENDPOINT_NONE                                      ? P7_NOT_FOUND
              : a->config.role == ASP_ROLE_SG || a->machine.state == ASP_STATE_DOWN ? P7_STATE
                                                                                    : P7_OK;
    return membership;
}

enum p7_status m3ua_endpoint_register(struct m3ua_endpoint *endpoint, uint32_t asp, uint32_t as,
                                      int64_t now_ns)
{
    assert(!endpoint->busy && asp < endpoint->asp_count);
    enum p7_status status;
    const uint32_t membership = membership_for(endpoint, asp, as, &status);
    if (status != P7_OK)
        return status;
    if (endpoint->asp[asp].registration[membership].state != ENDPOINT_UNREGISTERED)
        return P7_EXISTS;
    endpoint->busy = true;
    request_send(endpoint, asp, membership, ENDPOINT_REGISTERING, now_ns);
    endpoint->busy = false;
    return P7_OK;
}

enum p7_status m3ua_endpoint_deregister(struct m3ua_endpoint *endpoint, uint32_t asp, uint32_t as,
                                        int64_t now_ns)
{
    assert(!endpoint->busy && asp < endpoint->asp_count);
    enum p7_status status;
    const uint32_t membership = membership_for(endpoint, asp, as, &status);
    if (status != P7_OK)
        return status;
    const struct endpoint_asp *a = &endpoint->asp[asp];
    /* RFC4666-4.4.2: after ASP Inactive. */
    if (a->registration[membership].state != ENDPOINT_REGISTERED ||
        ((a->machine.active >> membership) & 1u) != 0)
        return P7_STATE;
    endpoint->busy = true;
    request_send(endpoint, asp, membership, ENDPOINT_DEREGISTERING, now_ns);
    endpoint->busy = false;
    return P7_OK;
}

/* --- answers --------------------------------------------------------------------------------- */

/* Takes the routing context for the AS, unless it is that of another one, or the AS has one already
 * by another ASP. */
static bool context_take(struct m3ua_endpoint *ep, uint32_t asp, uint32_t membership,
                         uint32_t routing_context)
{
    const struct endpoint_asp *a = &ep->asp[asp];
    struct endpoint_as *s = &ep->as[a->as[membership]];
    if (s->config.has_routing_context && s->config.routing_context == routing_context)
        return true;
    for (uint32_t i = 0; i < s->config.asp_count; i++)
        if (s->config.asp[i] != asp &&
            endpoint_is_member(&ep->asp[s->config.asp[i]], s->membership[i]))
            return false;
    for (uint32_t i = 0; i < a->membership_count; i++) {
        const struct m3ua_as_config *other = &ep->as[a->as[i]].config;
        if (i != membership && endpoint_is_member(a, i) &&
            (!other->has_routing_context || other->routing_context == routing_context))
            return false;
    }
    s->config.has_routing_context = true;
    s->config.routing_context = routing_context;
    return true;
}

static void registered(struct m3ua_endpoint *ep, uint32_t asp, uint32_t membership,
                       const struct m3ua_registration_result *result, int64_t now_ns)
{
    struct endpoint_asp *a = &ep->asp[asp];
    struct endpoint_registration *r = &a->registration[membership];
    const uint32_t as = a->as[membership];
    const struct m3ua_as_config *config = &ep->as[as].config;
    uint32_t status = result->status;
    uint32_t context = result->routing_context;
    r->t_ack_at_ns = TIMER_NEVER_NS;
    r->state = ENDPOINT_UNREGISTERED;
    /* An answer of ours that got lost, or a peer that kept it: we have what we want. */
    if (status == M3UA_REGISTRATION_ALREADY_REGISTERED && config->has_routing_context) {
        status = M3UA_REGISTRATION_SUCCESS;
        context = config->routing_context;
    }
    if (status == M3UA_REGISTRATION_SUCCESS && !context_take(ep, asp, membership, context))
        status = M3UA_REGISTRATION_CONTEXT_CLASH;
    if (status == M3UA_REGISTRATION_SUCCESS)
        r->state = ENDPOINT_REGISTERED;
    endpoint_registration_raise(ep, asp, as, M3UA_REG_RSP, status, context, now_ns);
    if (status != M3UA_REGISTRATION_SUCCESS)
        return;
    endpoint_member_set(ep, asp, membership, true, now_ns);
    /* What management wants of it can be asked for now. */
    const struct asp_event pursue = {.kind = ASP_EVENT_M_ACTIVE};
    endpoint_asp_step(ep, asp, &pursue, now_ns);
}

static void reg_rsp_receive(struct m3ua_endpoint *ep, uint32_t asp, int64_t now_ns)
{
    bool expected = false;
    for (uint32_t i = 0; i < ep->in.registration_result_count; i++) {
        const struct m3ua_registration_result result = ep->in.registration_result[i];
        const uint32_t as = result.local_id - 1; /* see key_fill */
        const uint32_t membership =
            as < ep->as_count ? endpoint_membership(ep, asp, as) : M3UA_ENDPOINT_NONE;
        if (membership == M3UA_ENDPOINT_NONE)
            continue;
        const enum endpoint_registration_state state = ep->asp[asp].registration[membership].state;
        /* To a request that was sent twice there may be two answers. */
        expected = expected || state != ENDPOINT_UNREGISTERED;
        if (state == ENDPOINT_REGISTERING)
            registered(ep, asp, membership, &result, now_ns);
    }
    if (!expected)
        endpoint_unexpected(ep, asp, now_ns);
}

static void dereg_rsp_receive(struct m3ua_endpoint *ep, uint32_t asp, int64_t now_ns)
{
    struct endpoint_asp *a = &ep->asp[asp];
    bool expected = false;
    for (uint32_t i = 0; i < a->membership_count; i++) {
        struct endpoint_registration *r = &a->registration[i];
        const uint32_t context = ep->as[a->as[i]].config.routing_context;
        if (r->state != ENDPOINT_DEREGISTERING)
            continue;
        for (uint32_t j = 0; j < ep->in.deregistration_result_count; j++) {
            const struct m3ua_deregistration_result result = ep->in.deregistration_result[j];
            /* A refusal may have no routing context (0), as the open STP's has. */
            if (result.routing_context != context &&
                (result.status == M3UA_DEREGISTRATION_SUCCESS || result.routing_context != 0))
                continue;
            const bool ended = result.status == M3UA_DEREGISTRATION_SUCCESS ||
                               result.status == M3UA_DEREGISTRATION_NOT_REGISTERED;
            expected = true;
            r->t_ack_at_ns = TIMER_NEVER_NS;
            r->state = ended ? ENDPOINT_UNREGISTERED : ENDPOINT_REGISTERED;
            endpoint_registration_raise(ep, asp, a->as[i], M3UA_DEREG_RSP, result.status, context,
                                        now_ns);
            if (ended && ep->as[a->as[i]].config.registers)
                endpoint_registration_end(ep, asp, i, now_ns);
            break;
        }
    }
    if (!expected)
        endpoint_unexpected(ep, asp, now_ns);
    endpoint_network_arm(ep, asp);
}

void endpoint_rkm_receive(struct m3ua_endpoint *ep, uint32_t asp, int64_t now_ns)
{
    const struct endpoint_asp *a = &ep->asp[asp];
    const bool request = ep->in.kind == M3UA_REG_REQ || ep->in.kind == M3UA_DEREG_REQ;
    /* RFC4666-4.4.1: who asks learns that we register none. */
    if (request && ep->registration == M3UA_REGISTRATION_NONE) {
        ep->counters.in_invalid++;
        endpoint_send_error(ep, asp, M3UA_ERROR_UNSUPPORTED_MESSAGE_CLASS, now_ns);
        return;
    }
    /* RFC4666-3.6: requests go to the SG, results to the ASP. */
    const enum asp_role other = request ? ASP_ROLE_ASP : ASP_ROLE_SG;
    if (a->config.role == other || !endpoint_asp_is_up(a)) {
        endpoint_unexpected(ep, asp, now_ns);
        return;
    }
    if (ep->in.kind == M3UA_REG_REQ)
        endpoint_reg_req_answer(ep, asp, now_ns);
    else if (ep->in.kind == M3UA_DEREG_REQ)
        endpoint_dereg_req_answer(ep, asp, now_ns);
    else if (ep->in.kind == M3UA_REG_RSP)
        reg_rsp_receive(ep, asp, now_ns);
    else
        dereg_rsp_receive(ep, asp, now_ns);
    endpoint_network_arm(ep, asp);
}
