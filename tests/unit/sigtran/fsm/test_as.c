/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "sigtran/fsm/as.h"

#include "tests/unit/unit.h"

#define SECOND INT64_C(1000000000)
#define T_R    (2 * SECOND)

static struct as as;
static struct as_actions actions;
static int64_t now_ns;

static void start(enum asp_role role, enum as_traffic_mode mode, uint32_t members)
{
    const struct as_config config = {.role = role,
                                     .traffic_mode = mode,
                                     .t_r_ns = role == ASP_ROLE_ASP ? 0 : T_R,
                                     .member_count = members,
                                     .active_minimum = 1};
    now_ns = 5;
    as_init(&as, &config);
}

static void member(enum as_event_kind kind, uint32_t index)
{
    const struct as_event e = {.kind = kind, .member = index};
    as_step(&as, &e, now_ns, &actions);
}

static void at(int64_t time_ns)
{
    const struct as_event e = {.kind = AS_EVENT_TIME};
    now_ns = time_ns;
    as_step(&as, &e, now_ns, &actions);
}

static unsigned actions_of(enum as_action_kind kind)
{
    unsigned n = 0;
    for (uint32_t i = 0; i < actions.count; i++)
        n += actions.action[i].kind == kind;
    return n;
}

/* The bit mask of the members that got this NTFY. */
static uint32_t notified(uint16_t type, uint16_t information)
{
    uint32_t members = 0;
    for (uint32_t i = 0; i < actions.count; i++)
        if (actions.action[i].kind == AS_ACTION_NOTIFY && actions.action[i].status_type == type &&
            actions.action[i].status_information == information)
            members |= 1u << actions.action[i].member;
    return members;
}

static void up_and_active(uint32_t index)
{
    member(AS_EVENT_MEMBER_INACTIVE, index);
    member(AS_EVENT_MEMBER_ACTIVE, index);
}

/* RFC4666-4.3.2; RFC4666-4.3.4.5, 3.8.2 */
static void an_as_follows_its_asps_and_tells_those_that_are_not_down(void)
{
    start(ASP_ROLE_SG, AS_MODE_OVERRIDE, 3);
    CU_ASSERT_EQUAL(as_select(&as, 0), AS_MEMBER_NONE);
    member(AS_EVENT_MEMBER_INACTIVE, 0);
    CU_ASSERT_EQUAL(as.state, AS_STATE_INACTIVE);
    CU_ASSERT_EQUAL(notified(M3UA_STATUS_AS_STATE_CHANGE, M3UA_AS_INACTIVE), 0x1);
    /* one that comes later is told where the AS stands */
    member(AS_EVENT_MEMBER_INACTIVE, 1);
    CU_ASSERT_EQUAL(actions_of(AS_ACTION_STATE), 0);
    CU_ASSERT_EQUAL(notified(M3UA_STATUS_AS_STATE_CHANGE, M3UA_AS_INACTIVE), 0x2);
    CU_ASSERT_EQUAL(as_select(&as, 0), AS_MEMBER_NONE);
    member(AS_EVENT_MEMBER_ACTIVE, 1);
    CU_ASSERT_EQUAL(as.state, AS_STATE_ACTIVE);
    CU_ASSERT_EQUAL(notified(M3UA_STATUS_AS_STATE_CHANGE, M3UA_AS_ACTIVE), 0x3);
    CU_ASSERT_EQUAL(as_select(&as, 0), 1);
    member(AS_EVENT_MEMBER_INACTIVE, 2);
    CU_ASSERT_EQUAL(notified(M3UA_STATUS_AS_STATE_CHANGE, M3UA_AS_ACTIVE), 0x4);
}

/* RFC4666-4.3.4.3 */
static void in_override_mode_the_newcomer_takes_the_traffic(void)
{
    start(ASP_ROLE_SG, AS_MODE_OVERRIDE, 2);
    up_and_active(0);
    up_and_active(1);
    CU_ASSERT_EQUAL(as.state, AS_STATE_ACTIVE);
    CU_ASSERT_EQUAL(actions_of(AS_ACTION_STATE), 0);
    CU_ASSERT_EQUAL(notified(M3UA_STATUS_OTHER, M3UA_ALTERNATE_ASP_ACTIVE), 0x1);
    CU_ASSERT_EQUAL(actions_of(AS_ACTION_DEACTIVATE), 1);
    CU_ASSERT_EQUAL(actions.action[0].about, 1);
    CU_ASSERT_EQUAL(as_select(&as, 0), 1);
    /* the former's machine follows: nothing more happens */
    member(AS_EVENT_MEMBER_INACTIVE, 0);
    CU_ASSERT_EQUAL(actions.count, 0);
    member(AS_EVENT_MEMBER_ACTIVE, 1); /* neither on an ASPAC that repeats itself */
    CU_ASSERT_EQUAL(actions.count, 0);
    member(AS_EVENT_MEMBER_ACTIVE, 0);
    CU_ASSERT_EQUAL(as_select(&as, 0), 0);
}

/* RFC4666-4.3.2: T(r) */
static void the_loss_of_the_last_asp_is_pending_until_another_comes(void)
{
    start(ASP_ROLE_SG, AS_MODE_OVERRIDE, 2);
    up_and_active(0);
    member(AS_EVENT_MEMBER_INACTIVE, 1);
    member(AS_EVENT_MEMBER_FAILED, 0);
    CU_ASSERT_EQUAL(as.state, AS_STATE_PENDING);
    CU_ASSERT_EQUAL(notified(M3UA_STATUS_OTHER, M3UA_ASP_FAILURE), 0x2);
    CU_ASSERT_EQUAL(notified(M3UA_STATUS_AS_STATE_CHANGE, M3UA_AS_PENDING), 0x2);
    CU_ASSERT_EQUAL(as_deadline_ns(&as), now_ns + T_R);
    CU_ASSERT_EQUAL(as_select(&as, 0), AS_MEMBER_NONE);
    at(now_ns + T_R - 1);
    CU_ASSERT_EQUAL(actions.count, 0);
    member(AS_EVENT_MEMBER_ACTIVE, 1);
    CU_ASSERT_EQUAL(as.state, AS_STATE_ACTIVE);
    CU_ASSERT_EQUAL(actions_of(AS_ACTION_FLUSH), 1);
    CU_ASSERT_EQUAL(as_deadline_ns(&as), TIMER_NEVER_NS);
    at(now_ns + T_R);
    CU_ASSERT_EQUAL(actions.count, 0);
}

static void when_t_r_runs_out_the_as_is_inactive_or_down_and_the_queue_is_dropped(void)
{
    start(ASP_ROLE_SG, AS_MODE_LOADSHARE, 2);
    up_and_active(0);
    member(AS_EVENT_MEMBER_INACTIVE, 0);
    CU_ASSERT_EQUAL(as.state, AS_STATE_PENDING);
    at(as_deadline_ns(&as));
    CU_ASSERT_EQUAL(as.state, AS_STATE_INACTIVE);
    CU_ASSERT_EQUAL(actions_of(AS_ACTION_DROP), 1);
    CU_ASSERT_EQUAL(notified(M3UA_STATUS_AS_STATE_CHANGE, M3UA_AS_INACTIVE), 0x1);

    member(AS_EVENT_MEMBER_ACTIVE, 0);
    member(AS_EVENT_MEMBER_DOWN, 0);
    CU_ASSERT_EQUAL(as.state, AS_STATE_PENDING);
    CU_ASSERT_EQUAL(actions_of(AS_ACTION_NOTIFY), 0); /* nobody is there */
    at(as_deadline_ns(&as));
    CU_ASSERT_EQUAL(as.state, AS_STATE_DOWN);
    CU_ASSERT_EQUAL(actions_of(AS_ACTION_DROP), 1);
}

static void loadshare_picks_by_sls_among_the_active(void) /* RFC4666-4.3.4.3 */
{
    start(ASP_ROLE_SG, AS_MODE_LOADSHARE, 3);
    for (uint32_t i = 0; i < 3; i++)
        up_and_active(i);
    CU_ASSERT_EQUAL(actions_of(AS_ACTION_DEACTIVATE), 0);
    unsigned hits[3] = {0};
    for (unsigned sls = 0; sls < 15; sls++) {
        const uint32_t m = as_select(&as, (uint8_t)sls);
        CU_ASSERT_TRUE_FATAL(m < 3);
        CU_ASSERT_EQUAL(as_select(&as, (uint8_t)sls), m);
        hits[m]++;
    }
    CU_ASSERT_TRUE(hits[0] == 5 && hits[1] == 5 && hits[2] == 5);
    member(AS_EVENT_MEMBER_DOWN, 1);
    CU_ASSERT_EQUAL(as.state, AS_STATE_ACTIVE);
    for (unsigned sls = 0; sls < 16; sls++)
        CU_ASSERT_NOT_EQUAL(as_select(&as, (uint8_t)sls), 1);
}

static void broadcast_keeps_all_active(void) /* RFC4666-4.3.4.3 */
{
    start(ASP_ROLE_SG, AS_MODE_BROADCAST, 2);
    up_and_active(0);
    up_and_active(1);
    CU_ASSERT_EQUAL(as.active_count, 2);
    CU_ASSERT_EQUAL(notified(M3UA_STATUS_OTHER, M3UA_ALTERNATE_ASP_ACTIVE), 0);
}

/* RFC4666-4.3.4.3: n of n+k */
static void a_loadshare_as_waits_for_its_minimum_and_complains_below_it(void) /* RFC4666-4.3.4.5 */
{
    start(ASP_ROLE_SG, AS_MODE_LOADSHARE, 3);
    as.config.active_minimum = 2;
    up_and_active(0);
    CU_ASSERT_EQUAL(as.state, AS_STATE_INACTIVE);
    CU_ASSERT_EQUAL(as_select(&as, 0), AS_MEMBER_NONE);
    up_and_active(1);
    CU_ASSERT_EQUAL(as.state, AS_STATE_ACTIVE);
    member(AS_EVENT_MEMBER_INACTIVE, 2);
    member(AS_EVENT_MEMBER_INACTIVE, 1);
    CU_ASSERT_EQUAL(as.state, AS_STATE_ACTIVE);
    /* those that are inactive are asked for, and so is one that comes up then */
    CU_ASSERT_EQUAL(notified(M3UA_STATUS_OTHER, M3UA_INSUFFICIENT_ASP_RESOURCES), 0x6);
    member(AS_EVENT_MEMBER_ACTIVE, 1);
    member(AS_EVENT_MEMBER_DOWN, 0);
    CU_ASSERT_EQUAL(notified(M3UA_STATUS_OTHER, M3UA_INSUFFICIENT_ASP_RESOURCES), 0x4);
    member(AS_EVENT_MEMBER_INACTIVE, 0);
    CU_ASSERT_EQUAL(notified(M3UA_STATUS_AS_STATE_CHANGE, M3UA_AS_ACTIVE), 0x1);
    CU_ASSERT_EQUAL(notified(M3UA_STATUS_OTHER, M3UA_INSUFFICIENT_ASP_RESOURCES), 0x1);
    /* one ends AS-PENDING (RFC4666-4.3.2), which does not make it enough */
    member(AS_EVENT_MEMBER_INACTIVE, 1);
    CU_ASSERT_EQUAL(as.state, AS_STATE_PENDING);
    CU_ASSERT_EQUAL(notified(M3UA_STATUS_OTHER, M3UA_INSUFFICIENT_ASP_RESOURCES), 0);
    member(AS_EVENT_MEMBER_ACTIVE, 1);
    CU_ASSERT_EQUAL(as.state, AS_STATE_ACTIVE);
    CU_ASSERT_EQUAL(notified(M3UA_STATUS_OTHER, M3UA_INSUFFICIENT_ASP_RESOURCES), 0x5);
    member(AS_EVENT_MEMBER_ACTIVE, 0);
    CU_ASSERT_EQUAL(actions_of(AS_ACTION_NOTIFY), 0);
}

/* RFC4666-3.8.2, 4.3.4.2 */
static void an_asp_that_fails_is_told_of_and_one_that_says_goodbye_is_not(void)
{
    start(ASP_ROLE_SG, AS_MODE_LOADSHARE, 3);
    for (uint32_t i = 0; i < 3; i++)
        up_and_active(i);
    member(AS_EVENT_MEMBER_DOWN, 0);
    CU_ASSERT_EQUAL(actions.count, 0);
    member(AS_EVENT_MEMBER_INACTIVE, 0);
    member(AS_EVENT_MEMBER_FAILED, 1);
    CU_ASSERT_EQUAL(notified(M3UA_STATUS_OTHER, M3UA_ASP_FAILURE), 0x5);
    CU_ASSERT_EQUAL(actions.action[0].about, 1);
    member(AS_EVENT_MEMBER_FAILED, 0); /* also one that was inactive */
    CU_ASSERT_EQUAL(notified(M3UA_STATUS_OTHER, M3UA_ASP_FAILURE), 0x4);
    member(AS_EVENT_MEMBER_FAILED, 0); /* and once */
    CU_ASSERT_EQUAL(actions.count, 0);
}

static void on_the_side_of_the_asp_there_is_no_pending_and_no_notify(void) /* RFC4666-4.3.2 */
{
    start(ASP_ROLE_ASP, AS_MODE_OVERRIDE, 2);
    up_and_active(0);
    CU_ASSERT_EQUAL(as.state, AS_STATE_ACTIVE);
    up_and_active(1); /* a second SGP: one of ours does not push the other out */
    CU_ASSERT_EQUAL(actions_of(AS_ACTION_DEACTIVATE), 0);
    CU_ASSERT_EQUAL(as_select(&as, 0), 1);
    member(AS_EVENT_MEMBER_DOWN, 1);
    CU_ASSERT_EQUAL(as_select(&as, 0), 0);
    member(AS_EVENT_MEMBER_INACTIVE, 0);
    CU_ASSERT_EQUAL(as.state, AS_STATE_INACTIVE);
    member(AS_EVENT_MEMBER_DOWN, 0);
    CU_ASSERT_EQUAL(as.state, AS_STATE_DOWN);
    CU_ASSERT_EQUAL(actions_of(AS_ACTION_NOTIFY), 0);
    CU_ASSERT_EQUAL(as_deadline_ns(&as), TIMER_NEVER_NS);
}

/* The longest list there can be: every member up, and the last active one goes. */
static void the_largest_as_stays_within_its_action_list(void)
{
    start(ASP_ROLE_SG, AS_MODE_OVERRIDE, LIMIT_ASP_PER_AS);
    for (uint32_t i = 0; i < LIMIT_ASP_PER_AS; i++)
        up_and_active(i);
    member(AS_EVENT_MEMBER_FAILED, LIMIT_ASP_PER_AS - 1);
    CU_ASSERT_EQUAL(as.state, AS_STATE_PENDING);
    CU_ASSERT_EQUAL(actions_of(AS_ACTION_NOTIFY), 2 * (LIMIT_ASP_PER_AS - 1));
    CU_ASSERT_TRUE(actions.count <= AS_ACTIONS_MAX);
}

UNIT_TESTS = {
    UNIT(an_as_follows_its_asps_and_tells_those_that_are_not_down),
    UNIT(in_override_mode_the_newcomer_takes_the_traffic),
    UNIT(the_loss_of_the_last_asp_is_pending_until_another_comes),
    UNIT(when_t_r_runs_out_the_as_is_inactive_or_down_and_the_queue_is_dropped),
    UNIT(loadshare_picks_by_sls_among_the_active),
    UNIT(broadcast_keeps_all_active),
    UNIT(a_loadshare_as_waits_for_its_minimum_and_complains_below_it),
    UNIT(an_asp_that_fails_is_told_of_and_one_that_says_goodbye_is_not),
    UNIT(on_the_side_of_the_asp_there_is_no_pending_and_no_notify),
    UNIT(the_largest_as_stays_within_its_action_list),
};
UNIT_MAIN("as")
