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
        [M3UA_EVENT_ERROR_SENT] = "error-sent",
        [M3UA_EVENT_GIVEN_UP] = "given-up",
        [M3UA_EVENT_BEAT_LOST] = "beat-lost",
        [M3UA_EVENT_QUEUE_FLUSHED] = "queue-flushed",
        [M3UA_EVENT_QUEUE_DROPPED] = "queue-dropped",
        [M3UA_EVENT_SEND_FAILED] = "send-failed",
    };
    return (unsigned)kind < sizeof(names) / sizeof(names[0]) ? names[kind] : "?";
}

/* --- timers ---------------------------------------------------------------------------------- */

static void arm(struct m3ua_endpoint *ep, uint32_t id, int64_t at_ns)
{
    if (at_ns == TIMER_NEVER_NS)
        timer_heap_cancel(&ep->timers, id);
    else
        timer_heap_arm(&ep->timers, id, at_ns);
}

void endpoint_as_arm(struct m3ua_endpoint *ep, uint32_t as)
{
    const int64_t t_r_at_ns = as_deadline_ns(&ep->as[as].machine);
    const int64_t retry_at_ns = ep->as[as].queue.retry_at_ns;
    arm(ep, ep->asp_count + as, t_r_at_ns < retry_at_ns ? t_r_at_ns : retry_at_ns);
}

/* --- actions of the AS machine --------------------------------------------------------------- */

static void as_step_do(struct m3ua_endpoint *ep, uint32_t as, const struct as_event *event,
                       int64_t now_ns);

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

static void as_step_do(struct m3ua_endpoint *ep, uint32_t as, const struct as_event *event,
                       int64_t now_ns)
{
    struct as_actions actions;
    as_step(&ep->as[as].machine, event, now_ns, &actions);
    endpoint_as_arm(ep, as);
    as_actions_do(ep, as, &actions, now_ns);
}

/* --- actions of the ASP machine -------------------------------------------------------------- */

/* Tells the AS of one membership where its member stands now. */
static void member_report(struct m3ua_endpoint *ep, uint32_t asp, uint32_t membership,
                          int64_t now_ns)
{
    const struct endpoint_asp *a = &ep->asp[asp];
    const struct as_event event = {
        .kind = a->machine.state == ASP_STATE_DOWN     ? AS_EVENT_MEMBER_DOWN
                : asp_carries(&a->machine, membership) ? AS_EVENT_MEMBER_ACTIVE
                                                       : AS_EVENT_MEMBER_INACTIVE,
        .member = a->member[membership],
    };
    as_step_do(ep, a->as[membership], &event, now_ns);
}

static void asp_state_changed(struct m3ua_endpoint *ep, uint32_t asp,
                              const struct asp_action *action, int64_t now_ns)
{
    const struct m3ua_endpoint_event event = {.kind = M3UA_EVENT_ASP_STATE,
                                              .asp = asp,
                                              .as = M3UA_ENDPOINT_NONE,
                                              .asp_old = action->old_state,
                                              .asp_new = action->new_state};
    endpoint_raise(ep, &event, now_ns);
    if (action->new_state != ASP_STATE_DOWN && action->old_state != ASP_STATE_DOWN)
        return; /* the traffic says the rest */
    for (uint32_t i = 0; i < ep->asp[asp].membership_count; i++)
        member_report(ep, asp, i, now_ns);
}

static void asp_traffic_changed(struct m3ua_endpoint *ep, uint32_t asp,
                                const struct asp_action *action, int64_t now_ns)
{
    for (uint32_t i = 0; i < ep->asp[asp].membership_count; i++) {
        if (((action->changed >> i) & 1u) == 0)
            continue;
        const struct m3ua_endpoint_event event = {.kind = M3UA_EVENT_TRAFFIC,
                                                  .asp = asp,
                                                  .as = ep->asp[asp].as[i],
                                                  .active = ((action->memberships >> i) & 1u) != 0};
        endpoint_raise(ep, &event, now_ns);
        member_report(ep, asp, i, now_ns);
    }
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

/*
 * Asp and as machines call each other here at most twice: an ASP that becomes active takes the
 * traffic from another one, whose AS has that behind it already.
 */
void endpoint_asp_step(struct m3ua_endpoint *ep, uint32_t asp, const struct asp_event *event,
                       int64_t now_ns)
{
    struct asp_actions actions;
    asp_step(&ep->asp[asp].machine, event, now_ns, &actions);
    arm(ep, asp, asp_deadline_ns(&ep->asp[asp].machine));
    for (uint32_t i = 0; i < actions.count; i++) {
        const struct asp_action *action = &actions.action[i];
        switch (action->kind) {
        case ASP_ACTION_SEND:
            endpoint_send_action(ep, asp, action, now_ns);
            break;
        case ASP_ACTION_STATE:
            asp_state_changed(ep, asp, action, now_ns);
            break;
        case ASP_ACTION_TRAFFIC:
            asp_traffic_changed(ep, asp, action, now_ns);
            break;
        case ASP_ACTION_GIVE_UP: {
            const struct m3ua_endpoint_event given_up = {.kind = M3UA_EVENT_GIVEN_UP,
                                                         .asp = asp,
                                                         .as = M3UA_ENDPOINT_NONE,
                                                         .message_kind = action->message};
            endpoint_raise(ep, &given_up, now_ns);
            break;
        }
        case ASP_ACTION_ABORT:
            asp_lost(ep, asp, now_ns);
            break;
        }
    }
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

/* May the AS join those that the ASP has already? */
static bool membership_fits(const struct m3ua_endpoint *ep, const struct endpoint_asp *a,
                            const struct endpoint_as *as)
{
    if (a->membership_count == ASP_MEMBERSHIPS_MAX)
        return false;
    for (uint32_t i = 0; i < a->membership_count; i++) {
        const struct m3ua_as_config *other = &ep->as[a->as[i]].config;
        if (&ep->as[a->as[i]] == as || !other->has_routing_context ||
            !as->config.has_routing_context || other->routing_context == as->config.routing_context)
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
        config->active_minimum > config->asp_count)
        return P7_RANGE;
    for (uint32_t i = 0; i < config->asp_count; i++) {
        if (config->asp[i] >= ep->asp_count)
            return P7_RANGE;
        struct endpoint_asp *a = &ep->asp[config->asp[i]];
        if (a->config.role != ep->asp[config->asp[0]].config.role || !membership_fits(ep, a, as))
            return P7_RANGE;
        as->membership[i] = a->membership_count;
        a->as[a->membership_count] = index;
        a->member[a->membership_count] = i;
        a->membership_count++;
    }
    as->role = ep->asp[config->asp[0]].config.role;
    /* In override mode one is always enough, and an ASP leaves it to its SG to count. */
    const bool shares = config->traffic_mode != AS_MODE_OVERRIDE && as->role != ASP_ROLE_ASP;
    /* T(r) belongs to who has the traffic to hold back: the SG, or an IPSP (RFC4666-4.3.2). */
    const struct as_config machine = {
        .role = as->role,
        .traffic_mode = config->traffic_mode,
        .t_r_ns = as->role == ASP_ROLE_ASP ? 0 : config->t_r_ns,
        .member_count = config->asp_count,
        .active_minimum = shares && config->active_minimum > 1 ? config->active_minimum : 1,
    };
    as_init(&as->machine, &machine);
    as->queue.retry_at_ns = TIMER_NEVER_NS;
    if (machine.t_r_ns == 0)
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
    if (config->t_ack_ns < 0 || config->t_beat_ns < 0 || (unsigned)config->role > ASP_ROLE_IPSP)
        return P7_RANGE;
    const uint32_t memberships =
        a->membership_count == 32 ? UINT32_MAX : (1u << a->membership_count) - 1u;
    const struct asp_config machine = {
        .role = config->role,
        .t_ack_ns = config->t_ack_ns == 0 ? T_ACK_DEFAULT_NS : config->t_ack_ns,
        .t_ack_tries = config->t_ack_tries,
        .t_beat_ns = config->t_beat_ns,
        .memberships = memberships,
        .wants_up = config->wants_up,
        .wants_active = config->wants_active ? memberships : 0,
    };
    asp_init(&a->machine, &machine);
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
    enum p7_status status = timer_heap_create(&ep->timers, config->asp_count + config->as_count);
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
    timer_heap_destroy(&endpoint->timers);
    free(endpoint->as);
    free(endpoint->asp);
    free(endpoint);
}

/* --- associations, time and management ------------------------------------------------------- */

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
    step(endpoint, asp, ASP_EVENT_RESTART, 0, now_ns);
}

void m3ua_endpoint_time(struct m3ua_endpoint *endpoint, int64_t now_ns)
{
    assert(!endpoint->busy);
    endpoint->busy = true;
    const struct asp_event asp_time = {.kind = ASP_EVENT_TIME};
    const struct as_event as_time = {.kind = AS_EVENT_TIME};
    /* Each timer once: one that is due again at once waits for the next turn. */
    for (uint32_t turns = endpoint->asp_count + endpoint->as_count; turns > 0; turns--) {
        const uint32_t id = timer_heap_pop_due(&endpoint->timers, now_ns);
        if (id == TIMER_HEAP_NONE)
            break;
        if (id < endpoint->asp_count) {
            endpoint_asp_step(endpoint, id, &asp_time, now_ns);
            continue;
        }
        const uint32_t as = id - endpoint->asp_count;
        endpoint->as[as].queue.retry_at_ns = TIMER_NEVER_NS;
        as_step_do(endpoint, as, &as_time, now_ns);
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
    uint32_t memberships = ep->asp[asp].machine.config.memberships;
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
    if (endpoint->asp[asp].machine.state == ASP_STATE_DOWN)
        return P7_STATE;
    endpoint->busy = true;
    endpoint->out = *message;
    const enum p7_status status = endpoint_send_out(endpoint, asp, now_ns);
    endpoint->busy = false;
    return status;
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

bool m3ua_endpoint_as_usable(const struct m3ua_endpoint *endpoint, uint32_t as)
{
    const enum as_state state = m3ua_endpoint_as_state(endpoint, as);
    return state == AS_STATE_ACTIVE || state == AS_STATE_PENDING;
}

bool m3ua_endpoint_carries(const struct m3ua_endpoint *endpoint, uint32_t asp, uint32_t as)
{
    assert(asp < endpoint->asp_count);
    const uint32_t membership = endpoint_membership(endpoint, asp, as);
    return membership != M3UA_ENDPOINT_NONE && asp_carries(&endpoint->asp[asp].machine, membership);
}

const struct m3ua_endpoint_counters *
m3ua_endpoint_get_counters(const struct m3ua_endpoint *endpoint)
{
    return &endpoint->counters;
}
