/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The asp and as machines: stepped, and their actions carried out. */
#include "sigtran/fsm/m3ua_endpoint_internal.h"

/* How many T(ack) after our own half is up a peer of a double exchange should have asked for its
 * own: it does so at once, and again after T(ack) when that got lost. */
#define EXCHANGE_PATIENCE 3

/* --- the halves of a double exchange ---------------------------------------------------------- */

struct asp *endpoint_half(struct endpoint_asp *a, enum asp_event_kind kind)
{
    if (!a->config.double_exchange)
        return &a->machine;
    switch (kind) {
    case ASP_EVENT_ASPUP:
    case ASP_EVENT_ASPDN:
    case ASP_EVENT_ASPAC:
    case ASP_EVENT_ASPIA:
    case ASP_EVENT_M_LOCK:
    case ASP_EVENT_M_UNLOCK:
    case ASP_EVENT_OVERRIDDEN:
        return &a->peer;
    case ASP_EVENT_BEAT:
        /* RFC4666-4.3.4.6: either half being up makes it welcome. */
        return a->machine.state != ASP_STATE_DOWN ? &a->machine : &a->peer;
    default:
        return &a->machine;
    }
}

bool endpoint_asp_is_up(const struct endpoint_asp *a)
{
    return a->machine.state != ASP_STATE_DOWN ||
           (a->config.double_exchange && a->peer.state != ASP_STATE_DOWN);
}

/* The half whose memberships may be sent to: it is the peer that must be ASP-ACTIVE. */
static const struct asp *sent_to(const struct endpoint_asp *a)
{
    return a->config.double_exchange ? &a->peer : &a->machine;
}

bool endpoint_asp_carries(const struct endpoint_asp *a, uint32_t membership)
{
    return asp_carries(sent_to(a), membership);
}

/* Watches for a peer that answers our half of a double exchange and starts none of its own. */
static void exchange_watch(struct endpoint_asp *a, int64_t now_ns)
{
    const bool one_sided = a->config.double_exchange && a->machine.state != ASP_STATE_DOWN &&
                           a->peer.state == ASP_STATE_DOWN;
    if (a->peer.state != ASP_STATE_DOWN)
        a->exchange_told = true; /* it knows how; what its management does later is its affair */
    if (!one_sided)
        a->exchange_late_at_ns = TIMER_NEVER_NS;
    else if (a->exchange_late_at_ns == TIMER_NEVER_NS && !a->exchange_told)
        a->exchange_late_at_ns = now_ns + EXCHANGE_PATIENCE * a->machine.config.t_ack_ns;
}

/* --- timers ---------------------------------------------------------------------------------- */

static void arm(struct m3ua_endpoint *ep, uint32_t id, int64_t at_ns)
{
    if (at_ns == TIMER_NEVER_NS)
        timer_heap_cancel(&ep->timers, id);
    else
        timer_heap_arm(&ep->timers, id, at_ns);
}

void endpoint_network_arm(struct m3ua_endpoint *ep, uint32_t asp)
{
    const int64_t destinations_ns = endpoint_destinations_deadline_ns(&ep->asp[asp]);
    const int64_t registrations_ns = endpoint_registrations_deadline_ns(&ep->asp[asp]);
    arm(ep, ep->asp_count + ep->as_count + asp,
        destinations_ns < registrations_ns ? destinations_ns : registrations_ns);
}

void endpoint_as_arm(struct m3ua_endpoint *ep, uint32_t as)
{
    const int64_t t_r_at_ns = as_deadline_ns(&ep->as[as].machine);
    const int64_t retry_at_ns = ep->as[as].queue.retry_at_ns;
    arm(ep, ep->asp_count + as, t_r_at_ns < retry_at_ns ? t_r_at_ns : retry_at_ns);
}

static void asp_arm(struct m3ua_endpoint *ep, uint32_t asp)
{
    const struct endpoint_asp *a = &ep->asp[asp];
    const int64_t machine_at_ns = asp_deadline_ns(&a->machine);
    /* The peer's half has no timers: it asks for nothing. */
    arm(ep, asp, machine_at_ns < a->exchange_late_at_ns ? machine_at_ns : a->exchange_late_at_ns);
}

/* --- actions of the AS machine --------------------------------------------------------------- */

static void as_state_changed(struct m3ua_endpoint *ep, uint32_t as, const struct as_action *action,
                             int64_t now_ns)
{
    const struct m3ua_endpoint_event event = {.kind = M3UA_EVENT_AS_STATE,
                                              .asp = M3UA_ENDPOINT_NONE,
                                              .as = as,
                                              .as_old = action->old_state,
                                              .as_new = action->new_state};
    endpoint_raise(ep, &event, now_ns);
}

static void as_actions_do(struct m3ua_endpoint *ep, uint32_t as, const struct as_actions *actions,
                          int64_t now_ns)
{
    for (uint32_t i = 0; i < actions->count; i++) {
        const struct as_action *action = &actions->action[i];
        switch (action->kind) {
        case AS_ACTION_STATE:
            as_state_changed(ep, as, action, now_ns);
            break;
        case AS_ACTION_NOTIFY:
            endpoint_send_notify(ep, as, action, now_ns);
            break;
        case AS_ACTION_DEACTIVATE: {
            const struct asp_event event = {.kind = ASP_EVENT_OVERRIDDEN,
                                            .memberships =
                                                1u << ep->as[as].membership[action->member]};
            endpoint_asp_step(ep, ep->as[as].config.asp[action->member], &event, now_ns);
            break;
        }
        case AS_ACTION_FLUSH:
            endpoint_queue_flush(ep, as, now_ns);
            break;
        case AS_ACTION_DROP:
            endpoint_queue_drop(ep, as, now_ns);
            break;
        }
    }
    /* Without AS-PENDING in between, what is left of a queue has nowhere to go either. */
    const enum as_state state = ep->as[as].machine.state;
    if (state == AS_STATE_DOWN || state == AS_STATE_INACTIVE)
        endpoint_queue_drop(ep, as, now_ns);
}

void endpoint_as_step(struct m3ua_endpoint *ep, uint32_t as, const struct as_event *event,
                      int64_t now_ns)
{
    struct as_actions actions;
    if (event->kind == AS_EVENT_MEMBER_ACTIVE)
        endpoint_correlation_restart(&ep->as[as]);
    as_step(&ep->as[as].machine, event, now_ns, &actions);
    endpoint_as_arm(ep, as);
    as_actions_do(ep, as, &actions, now_ns);
    endpoint_as_announce(ep, as, now_ns);
    endpoint_as_release(ep, as);
}

/* --- actions of the ASP machine -------------------------------------------------------------- */

/* Tells the AS of one membership where its member stands now; `failed`: if down, then not by its
 * own will. */
static void member_report(struct m3ua_endpoint *ep, uint32_t asp, uint32_t membership, bool failed,
                          int64_t now_ns)
{
    const struct endpoint_asp *a = &ep->asp[asp];
    const enum as_event_kind down = failed ? AS_EVENT_MEMBER_FAILED : AS_EVENT_MEMBER_DOWN;
    const struct as_event event = {
        .kind = sent_to(a)->state == ASP_STATE_DOWN   ? down
                : asp_carries(sent_to(a), membership) ? AS_EVENT_MEMBER_ACTIVE
                                                      : AS_EVENT_MEMBER_INACTIVE,
        .member = a->member[membership],
    };
    endpoint_as_step(ep, a->as[membership], &event, now_ns);
}

void endpoint_member_report(struct m3ua_endpoint *ep, uint32_t asp, uint32_t membership,
                            int64_t now_ns)
{
    member_report(ep, asp, membership, false, now_ns);
}

static void asp_state_changed(struct m3ua_endpoint *ep, uint32_t asp, const struct asp *half,
                              const struct asp_action *action, bool failed, int64_t now_ns)
{
    const struct m3ua_endpoint_event event = {.kind = M3UA_EVENT_ASP_STATE,
                                              .asp = asp,
                                              .as = M3UA_ENDPOINT_NONE,
                                              .peer = half == &ep->asp[asp].peer,
                                              .asp_old = action->old_state,
                                              .asp_new = action->new_state};
    endpoint_raise(ep, &event, now_ns);
    if (action->new_state != ASP_STATE_DOWN && action->old_state != ASP_STATE_DOWN)
        return; /* the traffic says the rest */
    /* An AS counts those that it can send to. */
    for (uint32_t i = 0; i < ep->asp[asp].membership_count && half == sent_to(&ep->asp[asp]); i++)
        if (endpoint_is_member(&ep->asp[asp], i))
            member_report(ep, asp, i, failed, now_ns);
    if (half == &ep->asp[asp].machine)
        endpoint_registrations_follow(ep, asp, action->new_state != ASP_STATE_DOWN, now_ns);
}

static void asp_traffic_changed(struct m3ua_endpoint *ep, uint32_t asp, const struct asp *half,
                                const struct asp_action *action, int64_t now_ns)
{
    for (uint32_t i = 0; i < ep->asp[asp].membership_count; i++) {
        if (((action->changed >> i) & 1u) == 0)
            continue;
        const struct m3ua_endpoint_event event = {.kind = M3UA_EVENT_TRAFFIC,
                                                  .asp = asp,
                                                  .as = ep->asp[asp].as[i],
                                                  .peer = half == &ep->asp[asp].peer,
                                                  .active = ((action->memberships >> i) & 1u) != 0};
        endpoint_raise(ep, &event, now_ns);
        if (half != sent_to(&ep->asp[asp]))
            continue;
        member_report(ep, asp, i, false, now_ns);
        endpoint_destinations_follow(ep, asp, i, event.active, now_ns);
    }
    if (action->memberships != 0 && (action->memberships & ~action->changed) == 0)
        endpoint_asp_announce(ep, asp, now_ns);
}

static void asp_lost(struct m3ua_endpoint *ep, uint32_t asp, int64_t now_ns)
{
    ep->counters.beats_lost++;
    const struct m3ua_endpoint_event event = {
        .kind = M3UA_EVENT_BEAT_LOST, .asp = asp, .as = M3UA_ENDPOINT_NONE};
    endpoint_raise(ep, &event, now_ns);
    ep->in_handler = true;
    ep->handler.abort(ep->handler.context, ep->asp[asp].association);
    ep->in_handler = false;
}

static void given_up(struct m3ua_endpoint *ep, uint32_t asp, enum m3ua_kind message, int64_t now_ns)
{
    const struct m3ua_endpoint_event event = {
        .kind = M3UA_EVENT_GIVEN_UP, .asp = asp, .as = M3UA_ENDPOINT_NONE, .message_kind = message};
    endpoint_raise(ep, &event, now_ns);
}

/*
 * Asp and as machines call each other here at most twice: an ASP that becomes active takes the
 * traffic from another one, whose AS has that behind it already.
 */
static void half_step(struct m3ua_endpoint *ep, uint32_t asp, struct asp *half,
                      const struct asp_event *event, int64_t now_ns)
{
    struct asp_actions actions;
    asp_step(half, event, now_ns, &actions);
    exchange_watch(&ep->asp[asp], now_ns);
    asp_arm(ep, asp);
    for (uint32_t i = 0; i < actions.count; i++) {
        const struct asp_action *action = &actions.action[i];
        switch (action->kind) {
        case ASP_ACTION_SEND:
            endpoint_send_action(ep, asp, action, now_ns);
            break;
        case ASP_ACTION_STATE:
            /* RFC4666-4.3.4.2: ASPDN is how one leaves that does not fail. */
            asp_state_changed(ep, asp, half, action, event->kind != ASP_EVENT_ASPDN, now_ns);
            break;
        case ASP_ACTION_TRAFFIC:
            asp_traffic_changed(ep, asp, half, action, now_ns);
            break;
        case ASP_ACTION_GIVE_UP:
            given_up(ep, asp, action->message, now_ns);
            break;
        case ASP_ACTION_ABORT:
            asp_lost(ep, asp, now_ns);
            break;
        }
    }
}

/* The peer's half lives and dies with the association too. */
static void both_step(struct m3ua_endpoint *ep, uint32_t asp, const struct asp_event *event,
                      int64_t now_ns)
{
    struct endpoint_asp *a = &ep->asp[asp];
    a->exchange_told = false;
    half_step(ep, asp, &a->machine, event, now_ns);
    half_step(ep, asp, &a->peer, event, now_ns);
}

static void exchange_late(struct m3ua_endpoint *ep, uint32_t asp, int64_t now_ns)
{
    struct endpoint_asp *a = &ep->asp[asp];
    a->exchange_told = true;
    a->exchange_late_at_ns = TIMER_NEVER_NS;
    const struct m3ua_endpoint_event event = {
        .kind = M3UA_EVENT_EXCHANGE_MISSING, .asp = asp, .as = M3UA_ENDPOINT_NONE};
    endpoint_raise(ep, &event, now_ns);
}

void endpoint_asp_step(struct m3ua_endpoint *ep, uint32_t asp, const struct asp_event *event,
                       int64_t now_ns)
{
    struct endpoint_asp *a = &ep->asp[asp];
    switch (event->kind) {
    case ASP_EVENT_COMMUNICATION_UP:
    case ASP_EVENT_COMMUNICATION_DOWN:
    case ASP_EVENT_RESTART:
        if (a->config.double_exchange) {
            both_step(ep, asp, event, now_ns);
            return;
        }
        break;
    case ASP_EVENT_TIME:
        if (now_ns >= a->exchange_late_at_ns)
            exchange_late(ep, asp, now_ns);
        break;
    default:
        break;
    }
    half_step(ep, asp, endpoint_half(a, event->kind), event, now_ns);
    /* A BEAT that got no answer has taken our half down with the association. */
    if (a->config.double_exchange && a->peer.connected && !a->machine.connected) {
        const struct asp_event lost = {.kind = ASP_EVENT_COMMUNICATION_DOWN};
        half_step(ep, asp, &a->peer, &lost, now_ns);
    }
}
