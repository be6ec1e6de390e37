/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "sigtran/fsm/asp.h"

#include <assert.h>
#include <stddef.h>

#define AWAITING_NOTHING M3UA_ERR

/* One step: what the answers in the table work on. */
struct step {
    struct asp *asp;
    const struct asp_event *event;
    int64_t now_ns;
    struct asp_actions *actions;
};

const char *asp_state_name(enum asp_state state)
{
    static const char *const names[] = {"ASP-DOWN", "ASP-INACTIVE", "ASP-ACTIVE"};
    return (unsigned)state < sizeof(names) / sizeof(names[0]) ? names[state] : "?";
}

static struct asp_action *action_add(const struct step *s, enum asp_action_kind kind)
{
    assert(s->actions->count < ASP_ACTIONS_MAX);
    struct asp_action *action = &s->actions->action[s->actions->count++];
    *action = (struct asp_action){.kind = kind};
    return action;
}

static void send(const struct step *s, enum m3ua_kind message, uint32_t memberships)
{
    struct asp_action *action = action_add(s, ASP_ACTION_SEND);
    action->message = message;
    action->memberships = memberships;
}

static void send_error(const struct step *s, enum m3ua_error error)
{
    struct asp_action *action = action_add(s, ASP_ACTION_SEND);
    action->message = M3UA_ERR;
    action->error = error;
}

static void beat_stop(struct asp *asp)
{
    asp->t_beat_at_ns = TIMER_NEVER_NS;
    asp->beat_unanswered_ns = TIMER_NEVER_NS;
    asp->beat_acknowledged = asp->beat_sent; /* a late answer is none any more */
}

/*
 * Moves to what `up` and `active` say and reports the differences. The state comes before the
 * traffic, so that an AS learns of a lost ASP as ASP-DOWN, not as ASP-INACTIVE and worth a NTFY.
 */
static void move(const struct step *s, bool up, uint32_t active, uint32_t held)
{
    struct asp *asp = s->asp;
    assert(up || active == 0);
    const uint32_t carried = asp->active & ~asp->held;
    const enum asp_state old = asp->state;
    if (!up) {
        asp->lately = 0;
    } else if ((asp->active & ~active) != 0) {
        asp->lately = asp->active & ~active;
        asp->lately_until_ns = s->now_ns + asp->config.t_ack_ns;
    }
    asp->active = active;
    asp->held = held & active;
    asp->state = !up ? ASP_STATE_DOWN : active == 0 ? ASP_STATE_INACTIVE : ASP_STATE_ACTIVE;
    if (old != asp->state) {
        struct asp_action *action = action_add(s, ASP_ACTION_STATE);
        action->old_state = old;
        action->new_state = asp->state;
    }
    const uint32_t carries = asp->active & ~asp->held;
    if (carried != carries) {
        struct asp_action *action = action_add(s, ASP_ACTION_TRAFFIC);
        action->memberships = carries;
        action->changed = carried ^ carries;
    }
    /* RFC4666-4.3.4.6: a BEAT makes sense between peers that are up, and never before that. */
    if (old == ASP_STATE_DOWN && up && asp->config.t_beat_ns > 0)
        asp->t_beat_at_ns = s->now_ns + asp->config.t_beat_ns;
    if (!up)
        beat_stop(asp);
}

static bool is_up(const struct asp *asp)
{
    return asp->state != ASP_STATE_DOWN;
}

static void await_nothing(struct asp *asp)
{
    asp->awaiting = AWAITING_NOTHING;
    asp->awaiting_memberships = 0;
    asp->tries = 0;
    asp->t_ack_at_ns = TIMER_NEVER_NS;
}

static void request(const struct step *s, enum m3ua_kind message, uint32_t memberships)
{
    struct asp *asp = s->asp;
    if (asp->awaiting != message)
        asp->tries = 0;
    asp->awaiting = message;
    asp->awaiting_memberships = memberships;
    asp->tries++;
    asp->t_ack_at_ns = s->now_ns + asp->config.t_ack_ns;
    send(s, message, memberships);
    /* What we ask to leave gets no more DATA from us: it may arrive after the request. */
    if (message == M3UA_ASPIA)
        move(s, is_up(asp), asp->active, asp->held | memberships);
    else if (message == M3UA_ASPDN)
        move(s, is_up(asp), asp->active, asp->active);
}

/* Asks for the next step towards what management wants, unless a request is under way. */
static void pursue(const struct step *s)
{
    struct asp *asp = s->asp;
    if (!asp->connected || asp->resting || asp->awaiting != AWAITING_NOTHING ||
        asp->config.role == ASP_ROLE_SG)
        return;
    const uint32_t wanted = asp->config.wants_active & asp->config.memberships;
    /* What an IPSP's peer has brought up is not ours to take down (RFC4666-4.3.4.1.2,
     * RFC4666-4.3.4.2.1, 4.3.4.4.1). */
    const bool owns = asp->config.role == ASP_ROLE_ASP;
    if (!is_up(asp)) {
        if (asp->config.wants_up)
            request(s, M3UA_ASPUP, 0);
    } else if (owns && !asp->config.wants_up) {
        request(s, M3UA_ASPDN, 0);
    } else if ((wanted & ~asp->active) != 0) {
        request(s, M3UA_ASPAC, wanted & ~asp->active);
    } else if (owns && (asp->active & ~wanted) != 0) {
        request(s, M3UA_ASPIA, asp->active & ~wanted);
    }
}

/* --- SCTP ------------------------------------------------------------------------------------ */

/* RFC4666-4.2.3 */
static void communication_up(const struct step *s)
{
    s->asp->connected = true;
    s->asp->resting = false;
    await_nothing(s->asp);
    pursue(s);
}

static void communication_down(const struct step *s)
{
    s->asp->connected = false;
    await_nothing(s->asp);
    move(s, false, 0, 0);
}

static void restart(const struct step *s)
{
    /* RFC4666-4.2.3: the peer has lost all its state. */
    communication_down(s);
    communication_up(s);
}

/* --- management ------------------------------------------------------------------------------ */

/* RFC4666-4.2.1, 4.3.3 */
static void m_up(const struct step *s)
{
    s->asp->config.wants_up = true;
    s->asp->resting = false;
    if (s->asp->awaiting == M3UA_ASPDN)
        return; /* its answer, or T(ack), leads on */
    pursue(s);
}

static void m_down(const struct step *s)
{
    struct asp *asp = s->asp;
    asp->config.wants_up = false;
    asp->resting = false;
    if (asp->config.role == ASP_ROLE_SG || !asp->connected)
        return;
    if (is_up(asp) || asp->awaiting == M3UA_ASPUP)
        request(s, M3UA_ASPDN, 0);
}

static void m_active(const struct step *s)
{
    struct asp *asp = s->asp;
    asp->config.wants_active |= s->event->memberships; /* also in what is yet to be registered */
    asp->standby &= ~s->event->memberships;
    asp->resting = false;
    pursue(s);
}

static void m_inactive(const struct step *s)
{
    struct asp *asp = s->asp;
    const uint32_t leaving = s->event->memberships;
    asp->config.wants_active &= ~leaving;
    asp->standby &= ~leaving;
    asp->resting = false;
    if (asp->config.role == ASP_ROLE_SG || !is_up(asp) || asp->awaiting == M3UA_ASPDN)
        return;
    /* One that is asked for at this moment counts as active: the answer is on its way. */
    const uint32_t asked = asp->awaiting == M3UA_ASPAC ? asp->awaiting_memberships : 0;
    const uint32_t pending = asp->awaiting == M3UA_ASPIA ? asp->awaiting_memberships : 0;
    const uint32_t gone = ((asp->active | asked) & leaving) | pending;
    if (gone != pending)
        request(s, M3UA_ASPIA, gone);
}

static void m_lock(const struct step *s)
{
    s->asp->config.locked = true;
}

static void m_unlock(const struct step *s)
{
    s->asp->config.locked = false;
}

/* --- requests of the peer (we are SG or IPSP) ------------------------------------------------ */

static void unexpected(const struct step *s)
{
    send_error(s, M3UA_ERROR_UNEXPECTED_MESSAGE);
}

static void ignored(const struct step *s)
{
    (void)s;
}

static bool refused_by_lock(const struct step *s)
{
    /* RFC4666-4.3.4.1, 4.3.4.3: management keeps it out. */
    if (s->asp->config.locked)
        send_error(s, M3UA_ERROR_MANAGEMENT_BLOCKING);
    return s->asp->config.locked;
}

static void aspup_when_down(const struct step *s)
{
    if (refused_by_lock(s))
        return;
    s->asp->resting = false;
    send(s, M3UA_ASPUP_ACK, 0);
    if (s->asp->awaiting == M3UA_ASPDN)
        await_nothing(s->asp);
    move(s, true, 0, 0);
    pursue(s);
}

static void aspup_when_inactive(const struct step *s)
{
    /* RFC4666-4.3.4.1: the answer, and no further action. */
    send(s, M3UA_ASPUP_ACK, 0);
}

static void aspup_when_active(const struct step *s)
{
    /* RFC4666-4.3.4.1: the answer, an error, and ASP-INACTIVE in all its ASs. */
    send(s, M3UA_ASPUP_ACK, 0);
    send_error(s, M3UA_ERROR_UNEXPECTED_MESSAGE);
    move(s, true, 0, 0);
    pursue(s);
}

/* RFC4666-4.3.4.2 */
static void aspdn(const struct step *s)
{
    /* RFC4666-4.3.4.2: answered even when the ASP is ASP-DOWN already. */
    send(s, M3UA_ASPDN_ACK, 0);
    await_nothing(s->asp);
    s->asp->resting = true;
    move(s, false, 0, 0);
}

static void aspac(const struct step *s)
{
    if (refused_by_lock(s))
        return;
    struct asp *asp = s->asp;
    const uint32_t joined = s->event->memberships & asp->config.memberships;
    asp->resting = false;
    send(s, M3UA_ASPAC_ACK, joined);
    move(s, true, asp->active | joined, asp->held & ~joined);
    pursue(s);
}

static void aspia(const struct step *s)
{
    struct asp *asp = s->asp;
    const uint32_t left = s->event->memberships & asp->config.memberships;
    send(s, M3UA_ASPIA_ACK, left);
    asp->resting = true;
    move(s, true, asp->active & ~left, asp->held);
}

static void overridden(const struct step *s)
{
    struct asp *asp = s->asp;
    asp->config.wants_active &= ~s->event->memberships;
    if (is_up(asp))
        move(s, true, asp->active & ~s->event->memberships, asp->held);
}

/* --- answers of the peer (we are ASP or IPSP) ------------------------------------------------ */

static void aspup_ack_when_down(const struct step *s)
{
    struct asp *asp = s->asp;
    if (asp->awaiting == M3UA_ASPDN)
        return; /* to an ASPUP that management took back */
    /* RFC4666-4.3.4.1: without an ASPUP: an error, be in ASP-INACTIVE, and lead back. */
    if (asp->awaiting != M3UA_ASPUP)
        unexpected(s);
    await_nothing(asp);
    move(s, true, 0, 0);
    pursue(s);
}

static void aspup_ack_when_up(const struct step *s)
{
    struct asp *asp = s->asp;
    if (asp->awaiting == M3UA_ASPUP) { /* IPSP: both have asked at the same time */
        await_nothing(asp);
        pursue(s);
        return;
    }
    if (asp->state != ASP_STATE_ACTIVE || asp->awaiting == M3UA_ASPDN)
        return;
    unexpected(s);
    await_nothing(asp);
    move(s, true, 0, 0);
    pursue(s);
}

static void aspdn_ack_when_down(const struct step *s)
{
    if (s->asp->awaiting == M3UA_ASPDN)
        await_nothing(s->asp);
    pursue(s);
}

static void aspdn_ack_when_up(const struct step *s)
{
    /* RFC4666-4.3.4.2: asked for or not, this is ASP-DOWN; pursue leads back where we should be. */
    await_nothing(s->asp);
    move(s, false, 0, 0);
    pursue(s);
}

static void answer_take(struct asp *asp, enum m3ua_kind kind, uint32_t memberships)
{
    if (asp->awaiting != kind)
        return;
    asp->awaiting_memberships &= ~memberships;
    if (asp->awaiting_memberships == 0)
        await_nothing(asp);
}

static void aspac_ack(const struct step *s)
{
    struct asp *asp = s->asp;
    uint32_t joined = s->event->memberships & asp->config.memberships;
    if (asp->awaiting == M3UA_ASPDN)
        return;
    if (asp->awaiting == M3UA_ASPIA)
        joined &= ~asp->awaiting_memberships; /* the answer to what we have since taken back */
    answer_take(asp, M3UA_ASPAC, joined);
    move(s, true, asp->active | joined, asp->held & ~joined);
    /* RFC4666-4.3.4.3: one that we did not ask for is led back to ASP-INACTIVE. */
    pursue(s);
}

static void aspia_ack(const struct step *s)
{
    struct asp *asp = s->asp;
    uint32_t left = s->event->memberships & asp->config.memberships;
    if (asp->awaiting == M3UA_ASPAC)
        left &= ~asp->awaiting_memberships;
    answer_take(asp, M3UA_ASPIA, left);
    move(s, true, asp->active & ~left, asp->held);
    /* RFC4666-4.3.4.4: one that we did not ask for is led back to ASP-ACTIVE. */
    pursue(s);
}

static void alternate(const struct step *s)
{
    /* RFC4666-4.3.4.3: the former is ASP-INACTIVE there from now on, without an ASPIA. */
    struct asp *asp = s->asp;
    const uint32_t lost = s->event->memberships & asp->active;
    if (asp->config.stands_by)
        asp->standby |= lost & asp->config.wants_active;
    asp->config.wants_active &= ~lost;
    answer_take(asp, M3UA_ASPIA, lost);
    move(s, true, asp->active & ~lost, asp->held);
    pursue(s);
}

/* RFC4666-3.8.2, 5.2.1: the AS needs an ASP, and perhaps that is us. */
static void as_needs(const struct step *s)
{
    struct asp *asp = s->asp;
    const uint32_t back = asp->standby & s->event->memberships;
    if (asp->config.role != ASP_ROLE_ASP)
        return;
    asp->standby &= ~back;
    asp->config.wants_active |= back;
    asp->resting = false;
    pursue(s);
}

static void as_held(const struct step *s)
{
    move(s, true, s->asp->active, s->asp->held | s->event->memberships);
    as_needs(s);
}

static void as_released(const struct step *s)
{
    struct asp *asp = s->asp;
    const uint32_t leaving = asp->awaiting == M3UA_ASPIA   ? asp->awaiting_memberships
                             : asp->awaiting == M3UA_ASPDN ? asp->config.memberships
                                                           : 0;
    move(s, true, asp->active, asp->held & (~s->event->memberships | leaving));
}

/* --- BEAT and time --------------------------------------------------------------------------- */

static void beat(const struct step *s)
{
    /* RFC4666-3.5.6: with the same data, which the caller has. */
    send(s, M3UA_BEAT_ACK, 0);
}

static void beat_ack(const struct step *s)
{
    struct asp *asp = s->asp;
    const uint64_t serial = s->event->beat;
    if (serial <= asp->beat_acknowledged || serial > asp->beat_sent)
        return; /* not ours, or answered before */
    asp->beat_acknowledged = serial;
    /* BEATs left T(beat) apart, and the next one is due at t_beat_at_ns. */
    asp->beat_unanswered_ns =
        serial == asp->beat_sent
            ? TIMER_NEVER_NS
            : asp->t_beat_at_ns - (int64_t)(asp->beat_sent - serial) * asp->config.t_beat_ns;
}

static int64_t beat_lost_at_ns(const struct asp *asp)
{
    return asp->beat_unanswered_ns == TIMER_NEVER_NS
               ? TIMER_NEVER_NS
               : asp->beat_unanswered_ns + 2 * asp->config.t_beat_ns;
}

static void t_ack_expired(const struct step *s)
{
    struct asp *asp = s->asp;
    const enum m3ua_kind message = asp->awaiting;
    if (asp->config.t_ack_tries != 0 && asp->tries >= asp->config.t_ack_tries) {
        await_nothing(asp);
        asp->resting = true;
        action_add(s, ASP_ACTION_GIVE_UP)->message = message;
        /* RFC4666-4.3.4.2: who leaves is gone, with or without the peer's consent. */
        if (message == M3UA_ASPDN)
            move(s, false, 0, 0);
        return;
    }
    if (message == M3UA_ASPDN && asp->config.wants_up) {
        await_nothing(asp); /* management has changed its mind since: ask for what it wants now */
        move(s, false, 0, 0);
        pursue(s);
        return;
    }
    if (message == M3UA_ASPDN || message == M3UA_ASPIA) {
        request(s, message, asp->awaiting_memberships);
        return;
    }
    const uint32_t tries = asp->tries;
    await_nothing(asp);
    pursue(s);
    if (asp->awaiting == message)
        asp->tries = tries + 1;
}

static void time_passed(const struct step *s)
{
    struct asp *asp = s->asp;
    if (s->now_ns >= beat_lost_at_ns(asp)) {
        /* RFC4666-4.3.4.6: nothing for 2 T(beat): the peer counts as unavailable. */
        action_add(s, ASP_ACTION_ABORT);
        communication_down(s);
        return;
    }
    if (s->now_ns >= asp->t_ack_at_ns)
        t_ack_expired(s);
    if (s->now_ns >= asp->t_beat_at_ns) {
        action_add(s, ASP_ACTION_SEND)->message = M3UA_BEAT;
        s->actions->action[s->actions->count - 1].beat = ++asp->beat_sent;
        if (asp->beat_unanswered_ns == TIMER_NEVER_NS)
            asp->beat_unanswered_ns = s->now_ns;
        asp->t_beat_at_ns = s->now_ns + asp->config.t_beat_ns;
    }
}

/* --- the table ------------------------------------------------------------------------------- */

typedef void answer(const struct step *s);

/* What an event does in ASP-DOWN, ASP-INACTIVE and ASP-ACTIVE. */
static answer *const table[ASP_EVENT_COUNT][3] = {
    [ASP_EVENT_COMMUNICATION_UP] = {communication_up, restart, restart},
    [ASP_EVENT_COMMUNICATION_DOWN] = {communication_down, communication_down, communication_down},
    [ASP_EVENT_RESTART] = {restart, restart, restart},
    [ASP_EVENT_M_UP] = {m_up, m_up, m_up},
    [ASP_EVENT_M_DOWN] = {m_down, m_down, m_down},
    [ASP_EVENT_M_ACTIVE] = {m_active, m_active, m_active},
    [ASP_EVENT_M_INACTIVE] = {m_inactive, m_inactive, m_inactive},
    [ASP_EVENT_M_LOCK] = {m_lock, m_lock, m_lock},
    [ASP_EVENT_M_UNLOCK] = {m_unlock, m_unlock, m_unlock},
    [ASP_EVENT_ASPUP] = {aspup_when_down, aspup_when_inactive, aspup_when_active},
    [ASP_EVENT_ASPUP_ACK] = {aspup_ack_when_down, aspup_ack_when_up, aspup_ack_when_up},
    [ASP_EVENT_ASPDN] = {aspdn, aspdn, aspdn},
    [ASP_EVENT_ASPDN_ACK] = {aspdn_ack_when_down, aspdn_ack_when_up, aspdn_ack_when_up},
    [ASP_EVENT_ASPAC] = {unexpected, aspac, aspac},
    [ASP_EVENT_ASPAC_ACK] = {unexpected, aspac_ack, aspac_ack},
    [ASP_EVENT_ASPIA] = {unexpected, aspia, aspia},
    [ASP_EVENT_ASPIA_ACK] = {unexpected, aspia_ack, aspia_ack},
    [ASP_EVENT_BEAT] = {unexpected, beat, beat},
    [ASP_EVENT_BEAT_ACK] = {ignored, beat_ack, beat_ack},
    [ASP_EVENT_ALTERNATE] = {ignored, alternate, alternate},
    [ASP_EVENT_AS_HELD] = {ignored, as_held, as_held},
    [ASP_EVENT_AS_SHORT] = {ignored, as_needs, as_needs},
    [ASP_EVENT_AS_RELEASED] = {ignored, as_released, as_released},
    [ASP_EVENT_OVERRIDDEN] = {overridden, overridden, overridden},
    [ASP_EVENT_TIME] = {time_passed, time_passed, time_passed},
};

/* Requests are for an SG or IPSP, their answers for an ASP or IPSP. */
static bool role_takes(enum asp_role role, enum asp_event_kind kind)
{
    switch (kind) {
    case ASP_EVENT_ASPUP:
    case ASP_EVENT_ASPDN:
    case ASP_EVENT_ASPAC:
    case ASP_EVENT_ASPIA:
        return role != ASP_ROLE_ASP;
    case ASP_EVENT_ASPUP_ACK:
    case ASP_EVENT_ASPDN_ACK:
    case ASP_EVENT_ASPAC_ACK:
    case ASP_EVENT_ASPIA_ACK:
        return role != ASP_ROLE_SG;
    default:
        return true;
    }
}

static bool is_message(enum asp_event_kind kind)
{
    return kind >= ASP_EVENT_ASPUP && kind <= ASP_EVENT_AS_RELEASED;
}

void asp_init(struct asp *asp, const struct asp_config *config)
{
    assert(config->t_ack_ns > 0 && config->t_beat_ns >= 0);
    *asp = (struct asp){.config = *config, .state = ASP_STATE_DOWN};
    await_nothing(asp);
    beat_stop(asp);
}

void asp_step(struct asp *asp, const struct asp_event *event, int64_t now_ns,
              struct asp_actions *actions)
{
    assert((unsigned)event->kind < ASP_EVENT_COUNT);
    actions->count = 0;
    const struct step s = {.asp = asp, .event = event, .now_ns = now_ns, .actions = actions};
    /* After an abort messages may still come in from the dying association: it is gone for us. */
    if (!asp->connected && is_message(event->kind))
        return;
    if (!role_takes(asp->config.role, event->kind))
        unexpected(&s);
    else
        table[event->kind][asp->state](&s);
}

int64_t asp_deadline_ns(const struct asp *asp)
{
    int64_t at_ns = asp->t_ack_at_ns < asp->t_beat_at_ns ? asp->t_ack_at_ns : asp->t_beat_at_ns;
    const int64_t lost_ns = beat_lost_at_ns(asp);
    return lost_ns < at_ns ? lost_ns : at_ns;
}
