/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * asp - the state of one ASP on one association (RFC4666-4.3.1, 4.3.4), seen from either end:
 *
 *   ASP_ROLE_ASP   we are the ASP: we ask (ASPUP, ASPAC, ...) and wait T(ack) for the answer;
 *   ASP_ROLE_SG    the peer is the ASP: it asks, we answer;
 *   ASP_ROLE_IPSP  single exchange (RFC4666-4.3.4.1.2): either may ask, one exchange serves both.
 *
 * A double exchange is two machines, one of each of the first two: see m3ua_endpoint.h.
 *
 * An ASP may serve several ASs over one association, each with a state of its own. They are the
 * *memberships* 0..31 of the machine and travel as bit masks; the ASP counts as ASP-ACTIVE when it
 * is active in at least one. Whoever drives the machine maps routing contexts to memberships.
 *
 * Pure: `asp_step` takes an event and the time and returns what to do in `actions`, to be carried
 * out in order. `asp_deadline_ns` says when ASP_EVENT_TIME wants to be stepped at the latest; a
 * step in between is harmless. Every event is answered in every state (see the table in asp.c).
 *
 * Life cycle: asp_init once, then steps for ever; associations come and go as events. What
 * management wants (UP, ACTIVE in these memberships) is remembered across associations, so an ASP
 * that comes back asks for what it had. An ASP whose traffic another one took over (ALTERNATE,
 * OVERRIDDEN) stays ASP-INACTIVE there until management asks again: two that both insist would take
 * it from each other for ever. One that `stands_by` asks again too when NTFY says that nobody has
 * the traffic any more, or too few (AS-INACTIVE, AS-PENDING, Insufficient ASP Resources:
 * RFC4666-5.2.1).
 */
#ifndef SIGTRAN_FSM_ASP_H
#define SIGTRAN_FSM_ASP_H

#include <stdbool.h>
#include <stdint.h>

#include "sigtran/base/timer_heap.h"
#include "sigtran/codec/m3ua.h"
#include "sigtran/fsm/m3ua_roles.h"

#define ASP_MEMBERSHIPS_MAX 32u
#define ASP_ACTIONS_MAX     12u

/* Length of the Heartbeat Data that we send: a serial number, unique in the association. */
#define ASP_BEAT_OCTETS 8u

enum asp_state { ASP_STATE_DOWN, ASP_STATE_INACTIVE, ASP_STATE_ACTIVE };

/* "ASP-DOWN" and so on. */
const char *asp_state_name(enum asp_state state);

struct asp_config {
    enum asp_role role;
    int64_t t_ack_ns;      /* RFC4666-4.3.4.1 T(ack), 2 s by default; at least 1 */
    uint32_t t_ack_tries;  /* requests without an answer before giving up, 0 = for ever */
    int64_t t_beat_ns;     /* RFC4666-4.3.4.6 T(beat), 0 = we send no BEAT */
    uint32_t memberships;  /* mask of the memberships there are */
    bool wants_up;         /* ask for UP as soon as there is an association */
    uint32_t wants_active; /* and then for ACTIVE in these */
    bool stands_by;        /* ASP: takes back what another one took, when nobody has it */
    bool locked;           /* SG: refuse ASPUP and ASPAC, "Refused - Management Blocking" */
};

enum asp_event_kind {
    /* SCTP */
    ASP_EVENT_COMMUNICATION_UP,
    ASP_EVENT_COMMUNICATION_DOWN,
    ASP_EVENT_RESTART, /* SCTP-RESTART (RFC4666-4.2.3): as DOWN, then UP */
    /* management: M-ASP_UP request and so on (RFC4666-1.6.3) */
    ASP_EVENT_M_UP,
    ASP_EVENT_M_DOWN,
    ASP_EVENT_M_ACTIVE,   /* `memberships` */
    ASP_EVENT_M_INACTIVE, /* `memberships` */
    ASP_EVENT_M_LOCK,     /* SG: refuse from now on; an ASP that is up is told nothing */
    ASP_EVENT_M_UNLOCK,
    /* the peer's messages */
    ASP_EVENT_ASPUP,
    ASP_EVENT_ASPUP_ACK,
    ASP_EVENT_ASPDN,
    ASP_EVENT_ASPDN_ACK,
    ASP_EVENT_ASPAC,     /* `memberships` */
    ASP_EVENT_ASPAC_ACK, /* `memberships` */
    ASP_EVENT_ASPIA,     /* `memberships` */
    ASP_EVENT_ASPIA_ACK, /* `memberships` */
    ASP_EVENT_BEAT,
    ASP_EVENT_BEAT_ACK,    /* `beat`: our serial number that came back, 0 when it is none */
    ASP_EVENT_ALTERNATE,   /* NTFY Alternate ASP Active for `memberships` (RFC4666-4.3.4.3) */
    ASP_EVENT_AS_HELD,     /* NTFY AS-INACTIVE or AS-PENDING for `memberships` */
    ASP_EVENT_AS_SHORT,    /* NTFY Insufficient ASP Resources Active in AS for `memberships` */
    ASP_EVENT_AS_RELEASED, /* NTFY AS-ACTIVE for `memberships` */
    /* the local AS machine took the traffic away (override, RFC4666-4.3.4.3) */
    ASP_EVENT_OVERRIDDEN, /* `memberships` */
    ASP_EVENT_TIME,
    ASP_EVENT_COUNT
};

struct asp_event {
    enum asp_event_kind kind;
    uint32_t memberships;
    uint64_t beat;
};

enum asp_action_kind {
    ASP_ACTION_SEND,    /* `message`, with `memberships` for ASPTM and `beat` for our BEAT;
                         * ERR carries `error` */
    ASP_ACTION_STATE,   /* `old_state` -> `new_state` */
    ASP_ACTION_TRAFFIC, /* `memberships` may now be sent to, `changed` are those that changed */
    ASP_ACTION_GIVE_UP, /* `message` got no answer in t_ack_tries tries: no more until management
                         * or the peer says something, or a new association */
    ASP_ACTION_ABORT,   /* BEAT without an answer for 2 T(beat): end the association */
};

struct asp_action {
    enum asp_action_kind kind;
    enum m3ua_kind message;
    enum m3ua_error error;
    uint32_t memberships;
    uint32_t changed;
    uint64_t beat;
    enum asp_state old_state;
    enum asp_state new_state;
};

struct asp_actions {
    uint32_t count;
    struct asp_action action[ASP_ACTIONS_MAX];
};

struct asp {
    struct asp_config config; /* wants_*, locked follow management */
    enum asp_state state;
    bool connected;
    bool resting;     /* gave up, or (IPSP) the peer ended it: ask for nothing by ourselves */
    uint32_t active;  /* memberships in ASP-ACTIVE */
    uint32_t standby; /* memberships wanted that another ASP has taken */
    uint32_t held;    /* of these, the ones to send nothing to: NTFY says so, or we have
                       * asked to leave them and wait for the answer */
    uint32_t lately;  /* memberships that were left lately, until lately_until_ns: see asp_takes */
    int64_t lately_until_ns;
    enum m3ua_kind awaiting; /* request under T(ack), M3UA_ERR when none */
    uint32_t awaiting_memberships;
    uint32_t tries;
    int64_t t_ack_at_ns;
    int64_t t_beat_at_ns;       /* next BEAT */
    int64_t beat_unanswered_ns; /* when the oldest BEAT without an answer left; NEVER when none */
    uint64_t beat_sent;         /* serial of the last BEAT; goes on across associations */
    uint64_t beat_acknowledged; /* serial of the last one answered, or lost with its association */
};

void asp_init(struct asp *asp, const struct asp_config *config);

/* `actions` is overwritten. Time must not go backwards. */
void asp_step(struct asp *asp, const struct asp_event *event, int64_t now_ns,
              struct asp_actions *actions);

/* When ASP_EVENT_TIME is due, or TIMER_NEVER_NS. */
int64_t asp_deadline_ns(const struct asp *asp);

/* May DATA be sent to this membership? */
static inline bool asp_carries(const struct asp *asp, uint32_t membership)
{
    return (((asp->active & ~asp->held) >> membership) & 1u) != 0;
}

/*
 * May DATA come from this membership? RFC4666-4.3.4.3: also while ASPAC ACK is on its way, since it
 * comes on another stream and may be overtaken. RFC4666-4.3.4.4: and for T(ack) after ASPIA, its
 * ACK or Alternate ASP Active, which may have overtaken what was sent before: a change of the
 * active ASP loses nothing.
 */
static inline bool asp_takes(const struct asp *asp, uint32_t membership, int64_t now_ns)
{
    const uint32_t asked = asp->awaiting == M3UA_ASPAC ? asp->awaiting_memberships : 0;
    const uint32_t lately = now_ns < asp->lately_until_ns ? asp->lately : 0;
    return (((asp->active | asked | lately) >> membership) & 1u) != 0;
}

#endif
