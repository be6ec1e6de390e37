/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "sigtran/fsm/as.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

#include "sigtran/codec/m3ua.h"

/* One step: what its parts work on. */
struct step {
    struct as *as;
    int64_t now_ns;
    struct as_actions *actions;
};

const char *as_state_name(enum as_state state)
{
    static const char *const names[] = {"AS-DOWN", "AS-INACTIVE", "AS-ACTIVE", "AS-PENDING"};
    return (unsigned)state < sizeof(names) / sizeof(names[0]) ? names[state] : "?";
}

static struct as_action *action_add(const struct step *s, enum as_action_kind kind)
{
    assert(s->actions->count < AS_ACTIONS_MAX);
    struct as_action *action = &s->actions->action[s->actions->count++];
    *action = (struct as_action){.kind = kind, .member = AS_MEMBER_NONE, .about = AS_MEMBER_NONE};
    return action;
}

static void notify(const struct step *s, uint32_t member, uint16_t type, uint16_t information,
                   uint32_t about)
{
    struct as_action *action = action_add(s, AS_ACTION_NOTIFY);
    action->member = member;
    action->status_type = type;
    action->status_information = information;
    action->about = about;
}

/* NTFY goes from the SG to its ASPs. An IPSP may notify too (RFC4666-4.3.4.5.1), but in a single
 * exchange both would then describe the same AS to each other: ours keeps to Alternate ASP Active.
 */
static void notify_all(const struct step *s, uint16_t type, uint16_t information, uint32_t about,
                       uint32_t except)
{
    if (s->as->config.role != ASP_ROLE_SG)
        return;
    for (uint32_t i = 0; i < s->as->config.member_count; i++)
        if (i != except && s->as->member_state[i] != ASP_STATE_DOWN)
            notify(s, i, type, information, about);
}

/* The information of NTFY AS state change, or 0 for AS-DOWN, when there is nobody to tell. */
static uint16_t state_information(enum as_state state)
{
    switch (state) {
    case AS_STATE_INACTIVE:
        return M3UA_AS_INACTIVE;
    case AS_STATE_ACTIVE:
        return M3UA_AS_ACTIVE;
    case AS_STATE_PENDING:
        return M3UA_AS_PENDING;
    case AS_STATE_DOWN:
        break;
    }
    return 0;
}

static void state_enter(const struct step *s, enum as_state state)
{
    struct as *as = s->as;
    const enum as_state old = as->state;
    if (old == state)
        return;
    as->state = state;
    as->t_r_at_ns = state == AS_STATE_PENDING ? s->now_ns + as->config.t_r_ns : TIMER_NEVER_NS;
    struct as_action *action = action_add(s, AS_ACTION_STATE);
    action->old_state = old;
    action->new_state = state;
    if (state != AS_STATE_DOWN)
        notify_all(s, M3UA_STATUS_AS_STATE_CHANGE, state_information(state), AS_MEMBER_NONE,
                   AS_MEMBER_NONE);
    if (old == AS_STATE_PENDING)
        (void)action_add(s, state == AS_STATE_ACTIVE ? AS_ACTION_FLUSH : AS_ACTION_DROP);
}

static bool active_remove(struct as *as, uint32_t member)
{
    for (uint32_t i = 0; i < as->active_count; i++)
        if (as->active[i] == member) {
            as->active_count--;
            memmove(&as->active[i], &as->active[i + 1], as->active_count - i);
            return true;
        }
    return false;
}

static void active_add(struct as *as, uint32_t member)
{
    (void)active_remove(as, member);
    assert(as->active_count < LIMIT_ASP_PER_AS);
    as->active[as->active_count++] = (uint8_t)member;
}

static bool anybody_up(const struct as *as)
{
    for (uint32_t i = 0; i < as->config.member_count; i++)
        if (as->member_state[i] != ASP_STATE_DOWN)
            return true;
    return false;
}

/* The state that follows from the members, T(r) aside (RFC4666-4.3.2, figure 4). */
static void state_follow(const struct step *s)
{
    struct as *as = s->as;
    switch (as->state) {
    case AS_STATE_DOWN:
    case AS_STATE_INACTIVE:
        if (as->active_count >= as->config.active_minimum)
            state_enter(s, AS_STATE_ACTIVE);
        else
            state_enter(s, anybody_up(as) ? AS_STATE_INACTIVE : AS_STATE_DOWN);
        break;
    case AS_STATE_PENDING:
        /* RFC4666-4.3.2: one ASP that becomes active ends it; its loss alone does not, T(r) does.
         */
        if (as->active_count > 0)
            state_enter(s, AS_STATE_ACTIVE);
        break;
    case AS_STATE_ACTIVE:
        if (as->active_count > 0)
            break;
        if (as->config.t_r_ns > 0)
            state_enter(s, AS_STATE_PENDING);
        else
            state_enter(s, anybody_up(as) ? AS_STATE_INACTIVE : AS_STATE_DOWN);
        break;
    }
}

/* RFC4666-4.3.4.3: in override mode the newcomer takes the traffic from the one that has it. */
static void override(const struct step *s, uint32_t newcomer)
{
    struct as *as = s->as;
    if (as->config.traffic_mode != AS_MODE_OVERRIDE || as->config.role == ASP_ROLE_ASP)
        return;
    while (as->active_count > 1) {
        const uint32_t former = as->active[0];
        (void)active_remove(as, former);
        as->member_state[former] = ASP_STATE_INACTIVE;
        notify(s, former, M3UA_STATUS_OTHER, M3UA_ALTERNATE_ASP_ACTIVE, newcomer);
        action_add(s, AS_ACTION_DEACTIVATE)->member = former;
    }
}

/* RFC4666-3.8.2: of n of n+k fewer than n are left, so an ASP that is inactive is asked for. */
static bool is_short(const struct as *as)
{
    return as->config.role == ASP_ROLE_SG && as->config.traffic_mode != AS_MODE_OVERRIDE &&
           as->state == AS_STATE_ACTIVE && as->active_count < as->config.active_minimum;
}

static void insufficient(const struct step *s)
{
    for (uint32_t i = 0; is_short(s->as) && i < s->as->config.member_count; i++)
        if (s->as->member_state[i] == ASP_STATE_INACTIVE)
            notify(s, i, M3UA_STATUS_OTHER, M3UA_INSUFFICIENT_ASP_RESOURCES, AS_MEMBER_NONE);
}

static void member_active(const struct step *s, uint32_t member)
{
    struct as *as = s->as;
    const bool was_up = as->member_state[member] != ASP_STATE_DOWN;
    const bool was_pending = as->state == AS_STATE_PENDING;
    as->member_state[member] = ASP_STATE_ACTIVE;
    if (was_up && active_remove(as, member)) {
        active_add(as, member); /* an ASPAC that repeats itself changes nothing */
        return;
    }
    active_add(as, member);
    override(s, member);
    state_follow(s);
    if (was_pending)
        insufficient(s); /* RFC4666-4.3.2: one was enough to end AS-PENDING */
}

static void member_inactive(const struct step *s, uint32_t member)
{
    struct as *as = s->as;
    const enum asp_state old = as->member_state[member];
    const enum as_state as_old = as->state;
    as->member_state[member] = ASP_STATE_INACTIVE;
    const bool was_active = active_remove(as, member);
    state_follow(s);
    if (was_active)
        insufficient(s);
    if (old != ASP_STATE_DOWN || as->state != as_old || as->config.role != ASP_ROLE_SG)
        return;
    /* RFC4666-4.3.4.5: one that has just come up is told where the AS stands. */
    notify(s, member, M3UA_STATUS_AS_STATE_CHANGE, state_information(as->state), AS_MEMBER_NONE);
    if (is_short(as))
        notify(s, member, M3UA_STATUS_OTHER, M3UA_INSUFFICIENT_ASP_RESOURCES, AS_MEMBER_NONE);
}

static void member_down(const struct step *s, uint32_t member, bool failed)
{
    struct as *as = s->as;
    const bool was_active = active_remove(as, member);
    if (as->member_state[member] == ASP_STATE_DOWN)
        return;
    as->member_state[member] = ASP_STATE_DOWN;
    /* RFC4666-3.8.2: ASP Failure tells the others why the state is about to change. One that says
     * ASPDN has not failed. */
    if (failed)
        notify_all(s, M3UA_STATUS_OTHER, M3UA_ASP_FAILURE, member, member);
    state_follow(s);
    if (was_active)
        insufficient(s);
}

static void time_passed(const struct step *s)
{
    struct as *as = s->as;
    if (as->state != AS_STATE_PENDING || s->now_ns < as->t_r_at_ns)
        return;
    /* RFC4666-4.3.2: T(r) ran out without an active ASP: AS-INACTIVE, or AS-DOWN without any. */
    state_enter(s, anybody_up(as) ? AS_STATE_INACTIVE : AS_STATE_DOWN);
}

void as_init(struct as *as, const struct as_config *config)
{
    assert(config->member_count <= LIMIT_ASP_PER_AS && config->active_minimum >= 1);
    *as = (struct as){.config = *config, .state = AS_STATE_DOWN, .t_r_at_ns = TIMER_NEVER_NS};
}

void as_step(struct as *as, const struct as_event *event, int64_t now_ns,
             struct as_actions *actions)
{
    actions->count = 0;
    const struct step s = {.as = as, .now_ns = now_ns, .actions = actions};
    assert(event->kind == AS_EVENT_TIME || event->member < as->config.member_count);
    switch (event->kind) {
    case AS_EVENT_MEMBER_DOWN:
    case AS_EVENT_MEMBER_FAILED:
        member_down(&s, event->member, event->kind == AS_EVENT_MEMBER_FAILED);
        break;
    case AS_EVENT_MEMBER_INACTIVE:
        member_inactive(&s, event->member);
        break;
    case AS_EVENT_MEMBER_ACTIVE:
        member_active(&s, event->member);
        break;
    case AS_EVENT_TIME:
        time_passed(&s);
        break;
    }
}

int64_t as_deadline_ns(const struct as *as)
{
    return as->t_r_at_ns;
}

uint32_t as_select(const struct as *as, uint8_t sls)
{
    if (as->state != AS_STATE_ACTIVE || as->active_count == 0)
        return AS_MEMBER_NONE;
    /* An ASP has several SGs to send to, and broadcast is not for that way. */
    const bool to_network =
        as->config.traffic_mode == AS_MODE_BROADCAST && as->config.role == ASP_ROLE_ASP;
    if (as->config.traffic_mode == AS_MODE_LOADSHARE || to_network)
        return as->active[sls % as->active_count];
    return as->active[as->active_count - 1];
}
