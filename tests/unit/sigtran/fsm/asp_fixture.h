/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * asp_fixture - one ASP machine, its clock and its last actions, for the test_asp*.c files.
 */
#ifndef TESTS_UNIT_SIGTRAN_FSM_ASP_FIXTURE_H
#define TESTS_UNIT_SIGTRAN_FSM_ASP_FIXTURE_H

#include "sigtran/fsm/asp.h"
#include "tests/unit/unit.h"

#define SECOND INT64_C(1000000000)
#define T_ACK  (2 * SECOND)

static struct asp asp;
static struct asp_actions actions;
static int64_t now_ns;

static inline void start(enum asp_role role, int64_t t_beat_ns, uint32_t memberships)
{
    const bool asks = role != ASP_ROLE_SG;
    const struct asp_config config = {.role = role,
                                      .t_ack_ns = T_ACK,
                                      .t_beat_ns = t_beat_ns,
                                      .memberships = memberships,
                                      .wants_up = asks,
                                      .wants_active = asks ? memberships : 0};
    now_ns = 1000;
    asp_init(&asp, &config);
}

static inline void event(enum asp_event_kind kind, uint32_t memberships)
{
    const struct asp_event e = {.kind = kind, .memberships = memberships};
    asp_step(&asp, &e, now_ns, &actions);
}

static inline void at(int64_t time_ns)
{
    now_ns = time_ns;
    event(ASP_EVENT_TIME, 0);
}

/* How many of the last step's actions send this message. */
static inline unsigned sent(enum m3ua_kind message)
{
    unsigned n = 0;
    for (uint32_t i = 0; i < actions.count; i++)
        n += actions.action[i].kind == ASP_ACTION_SEND && actions.action[i].message == message;
    return n;
}

static inline unsigned sent_error(enum m3ua_error error)
{
    unsigned n = 0;
    for (uint32_t i = 0; i < actions.count; i++)
        n += actions.action[i].kind == ASP_ACTION_SEND && actions.action[i].message == M3UA_ERR &&
             actions.action[i].error == error;
    return n;
}

static inline const struct asp_action *action_of(enum asp_action_kind kind)
{
    for (uint32_t i = 0; i < actions.count; i++)
        if (actions.action[i].kind == kind)
            return &actions.action[i];
    return NULL;
}

static inline uint32_t memberships_sent(enum m3ua_kind message)
{
    for (uint32_t i = 0; i < actions.count; i++)
        if (actions.action[i].kind == ASP_ACTION_SEND && actions.action[i].message == message)
            return actions.action[i].memberships;
    return 0;
}

static inline void start_active(enum asp_role role, int64_t t_beat_ns, uint32_t memberships)
{
    start(role, t_beat_ns, memberships);
    event(ASP_EVENT_COMMUNICATION_UP, 0);
    if (role == ASP_ROLE_SG) {
        event(ASP_EVENT_ASPUP, 0);
        event(ASP_EVENT_ASPAC, memberships);
    } else {
        event(ASP_EVENT_ASPUP_ACK, 0);
        event(ASP_EVENT_ASPAC_ACK, memberships);
    }
    CU_ASSERT_EQUAL(asp.state, ASP_STATE_ACTIVE);
}

#endif
