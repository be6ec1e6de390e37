/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * as - the state of one Application Server (RFC4666-4.3.2) and the choice of the ASP for a message.
 *
 * The members are its ASPs, numbered 0..member_count-1 in the order of the configuration; their
 * states come in as events from the ASP machines. On the side of the SG (and of an IPSP) this is
 * the full machine with AS-PENDING, T(r) and NTFY; on the side of the ASP it follows our own ASPs.
 *
 * Pure: `as_step` returns actions, to be carried out in order; `as_deadline_ns` is T(r).
 *
 * The messages that wait in AS-PENDING are held by the caller: AS_ACTION_FLUSH and AS_ACTION_DROP
 * say what becomes of them.
 */
#ifndef SIGTRAN_FSM_AS_H
#define SIGTRAN_FSM_AS_H

#include <stdbool.h>
#include <stdint.h>

#include "sigtran/base/limits.h"
#include "sigtran/base/timer_heap.h"
#include "sigtran/fsm/asp.h"

#define AS_MEMBER_NONE UINT32_MAX
/* State change, NTFY to each member twice, deactivation, queue. */
#define AS_ACTIONS_MAX (2u * LIMIT_ASP_PER_AS + 8u)

enum as_state { AS_STATE_DOWN, AS_STATE_INACTIVE, AS_STATE_ACTIVE, AS_STATE_PENDING };

/* "AS-DOWN" and so on. */
const char *as_state_name(enum as_state state);

struct as_config {
    enum asp_role role; /* of all members: on which side we are */
    enum as_traffic_mode traffic_mode;
    int64_t t_r_ns;        /* RFC4666-4.3.2 T(r), 2 s by default; 0 = AS-PENDING is left at once */
    uint32_t member_count; /* 1..LIMIT_ASP_PER_AS */
    uint32_t active_minimum; /* loadshare n of n+k (RFC4666-4.3.4.3): 1 by default; fewer than this
                              * many never make AS-INACTIVE AS-ACTIVE */
};

enum as_event_kind {
    AS_EVENT_MEMBER_DOWN,   /* by ASPDN */
    AS_EVENT_MEMBER_FAILED, /* down with its association: the others get NTFY ASP Failure */
    AS_EVENT_MEMBER_INACTIVE,
    AS_EVENT_MEMBER_ACTIVE,
    AS_EVENT_TIME,
};

struct as_event {
    enum as_event_kind kind;
    uint32_t member;
};

enum as_action_kind {
    AS_ACTION_STATE,      /* `old_state` -> `new_state` */
    AS_ACTION_NOTIFY,     /* NTFY `status_type`, `status_information` to `member`, about `about` */
    AS_ACTION_DEACTIVATE, /* override: `member` lost the traffic (ASP_EVENT_OVERRIDDEN for it) */
    AS_ACTION_FLUSH,      /* send what waits */
    AS_ACTION_DROP,       /* drop what waits: T(r) ran out */
};

struct as_action {
    enum as_action_kind kind;
    uint32_t member;
    uint32_t about; /* the member whose ASP Identifier goes into NTFY, or AS_MEMBER_NONE */
    uint16_t status_type;
    uint16_t status_information;
    enum as_state old_state;
    enum as_state new_state;
};

struct as_actions {
    uint32_t count;
    struct as_action action[AS_ACTIONS_MAX];
};

struct as {
    struct as_config config;
    enum as_state state;
    enum asp_state member_state[LIMIT_ASP_PER_AS];
    uint32_t active_count;
    uint8_t active[LIMIT_ASP_PER_AS]; /* members in ASP-ACTIVE; override: the newest is last */
    int64_t t_r_at_ns;
};

void as_init(struct as *as, const struct as_config *config);

void as_step(struct as *as, const struct as_event *event, int64_t now_ns,
             struct as_actions *actions);

int64_t as_deadline_ns(const struct as *as);

/*
 * The member to send to: override and broadcast name the one with the traffic (broadcast goes to
 * all of `as->active`), loadshare picks by SLS, so that what belongs together stays in sequence; so
 * does broadcast on the side of the ASP, which it is not for.
 * AS_MEMBER_NONE when the AS is not AS-ACTIVE.
 */
uint32_t as_select(const struct as *as, uint8_t sls);

#endif
