/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "tests/unit/sigtran/fsm/asp_fixture.h"

/* --- the side of the ASP --------------------------------------------------------------------- */

/* RFC4666-4.3.4.1, 4.3.4.3; RFC4666-4.2.3 */
static void an_asp_goes_up_and_active_by_itself_when_the_association_is_there(void)
{
    start(ASP_ROLE_ASP, 0, 0x3);
    CU_ASSERT_EQUAL(asp_deadline_ns(&asp), TIMER_NEVER_NS);
    event(ASP_EVENT_COMMUNICATION_UP, 0);
    CU_ASSERT_EQUAL(actions.count, 1);
    CU_ASSERT_EQUAL(sent(M3UA_ASPUP), 1);
    CU_ASSERT_EQUAL(asp.state, ASP_STATE_DOWN);
    event(ASP_EVENT_ASPUP_ACK, 0);
    CU_ASSERT_EQUAL(asp.state, ASP_STATE_INACTIVE);
    CU_ASSERT_EQUAL(sent(M3UA_ASPAC), 1);
    CU_ASSERT_EQUAL(memberships_sent(M3UA_ASPAC), 0x3);
    CU_ASSERT_FALSE(asp_carries(&asp, 0));
    event(ASP_EVENT_ASPAC_ACK, 0x3);
    CU_ASSERT_EQUAL(asp.state, ASP_STATE_ACTIVE);
    CU_ASSERT_EQUAL(action_of(ASP_ACTION_STATE)->old_state, ASP_STATE_INACTIVE);
    CU_ASSERT_EQUAL(action_of(ASP_ACTION_TRAFFIC)->memberships, 0x3);
    CU_ASSERT_TRUE(asp_carries(&asp, 0) && asp_carries(&asp, 1));
    CU_ASSERT_FALSE(asp_carries(&asp, 2));
    CU_ASSERT_EQUAL(asp_deadline_ns(&asp), TIMER_NEVER_NS);
}

/* RFC4666-4.3.4.1: T(ack), again and again */
static void a_request_is_repeated_every_t_ack_until_it_is_answered(void)
{
    start(ASP_ROLE_ASP, 0, 1);
    event(ASP_EVENT_COMMUNICATION_UP, 0);
    for (int i = 1; i < 20; i++) {
        CU_ASSERT_EQUAL(asp_deadline_ns(&asp), now_ns + T_ACK);
        at(now_ns + T_ACK - 1);
        CU_ASSERT_EQUAL(actions.count, 0);
        at(now_ns + 1);
        CU_ASSERT_EQUAL(sent(M3UA_ASPUP), 1);
    }
    event(ASP_EVENT_ASPUP_ACK, 0);
    for (int i = 1; i < 20; i++) {
        at(asp_deadline_ns(&asp));
        CU_ASSERT_EQUAL(sent(M3UA_ASPAC), 1);
    }
    event(ASP_EVENT_ASPAC_ACK, 1);
    CU_ASSERT_EQUAL(asp_deadline_ns(&asp), TIMER_NEVER_NS);
}

static void after_its_tries_an_asp_gives_up_until_management_or_a_new_association(void)
{
    start(ASP_ROLE_ASP, 0, 1);
    asp.config.t_ack_tries = 3;
    event(ASP_EVENT_COMMUNICATION_UP, 0);
    at(asp_deadline_ns(&asp));
    CU_ASSERT_EQUAL(sent(M3UA_ASPUP), 1);
    at(asp_deadline_ns(&asp));
    CU_ASSERT_EQUAL(sent(M3UA_ASPUP), 1);
    at(asp_deadline_ns(&asp));
    CU_ASSERT_EQUAL(sent(M3UA_ASPUP), 0);
    CU_ASSERT_EQUAL(action_of(ASP_ACTION_GIVE_UP)->message, M3UA_ASPUP);
    CU_ASSERT_EQUAL(asp_deadline_ns(&asp), TIMER_NEVER_NS);
    event(ASP_EVENT_M_UP, 0);
    CU_ASSERT_EQUAL(sent(M3UA_ASPUP), 1);
    event(ASP_EVENT_COMMUNICATION_DOWN, 0);
    event(ASP_EVENT_COMMUNICATION_UP, 0);
    CU_ASSERT_EQUAL(sent(M3UA_ASPUP), 1);
}

static void an_asp_asks_for_what_it_had_on_each_new_association(void)
{
    start_active(ASP_ROLE_ASP, 0, 0x5);
    for (int i = 0; i < 5; i++) {
        event(ASP_EVENT_COMMUNICATION_DOWN, 0);
        CU_ASSERT_EQUAL(asp.state, ASP_STATE_DOWN);
        CU_ASSERT_EQUAL(action_of(ASP_ACTION_TRAFFIC)->memberships, 0);
        CU_ASSERT_EQUAL(asp_deadline_ns(&asp), TIMER_NEVER_NS);
        event(ASP_EVENT_COMMUNICATION_UP, 0);
        CU_ASSERT_EQUAL(sent(M3UA_ASPUP), 1);
        event(ASP_EVENT_ASPUP_ACK, 0);
        CU_ASSERT_EQUAL(memberships_sent(M3UA_ASPAC), 0x5);
        event(ASP_EVENT_ASPAC_ACK, 0x5);
        CU_ASSERT_EQUAL(asp.state, ASP_STATE_ACTIVE);
    }
}

/* RFC4666-4.2.3 */
static void a_restart_of_the_association_starts_over(void)
{
    start_active(ASP_ROLE_ASP, 0, 1);
    event(ASP_EVENT_RESTART, 0);
    CU_ASSERT_EQUAL(asp.state, ASP_STATE_DOWN);
    CU_ASSERT_EQUAL(sent(M3UA_ASPUP), 1);
    start_active(ASP_ROLE_SG, 0, 1);
    event(ASP_EVENT_RESTART, 0);
    CU_ASSERT_EQUAL(asp.state, ASP_STATE_DOWN);
    CU_ASSERT_EQUAL(sent(M3UA_ASPUP), 0);
    event(ASP_EVENT_ASPUP, 0);
    CU_ASSERT_EQUAL(sent(M3UA_ASPUP_ACK), 1);
}

static void management_takes_an_asp_down_and_up(void) /* RFC4666-4.2.1, 4.3.3 */
{
    start_active(ASP_ROLE_ASP, 0, 1);
    event(ASP_EVENT_M_DOWN, 0);
    CU_ASSERT_EQUAL(sent(M3UA_ASPDN), 1);
    /* nothing more is sent to where we have asked to leave */
    CU_ASSERT_FALSE(asp_carries(&asp, 0));
    CU_ASSERT_TRUE(asp_takes(&asp, 0, now_ns));
    event(ASP_EVENT_ASPDN_ACK, 0);
    CU_ASSERT_EQUAL(asp.state, ASP_STATE_DOWN);
    CU_ASSERT_EQUAL(sent(M3UA_ASPUP), 0);
    CU_ASSERT_EQUAL(asp_deadline_ns(&asp), TIMER_NEVER_NS);
    event(ASP_EVENT_M_UP, 0);
    CU_ASSERT_EQUAL(sent(M3UA_ASPUP), 1);
    event(ASP_EVENT_ASPUP_ACK, 0);
    CU_ASSERT_EQUAL(sent(M3UA_ASPAC), 1);
}

static void management_moves_single_memberships(void) /* RFC4666-4.2.1, 4.3.3, 4.3.4.4 */
{
    start_active(ASP_ROLE_ASP, 0, 0x7);
    event(ASP_EVENT_M_INACTIVE, 0x2);
    CU_ASSERT_EQUAL(memberships_sent(M3UA_ASPIA), 0x2);
    CU_ASSERT_TRUE(asp_carries(&asp, 0));
    CU_ASSERT_FALSE(asp_carries(&asp, 1));
    event(ASP_EVENT_ASPIA_ACK, 0x2);
    CU_ASSERT_EQUAL(asp.state, ASP_STATE_ACTIVE);
    CU_ASSERT_EQUAL(asp.active, 0x5);
    event(ASP_EVENT_M_INACTIVE, 0x5);
    event(ASP_EVENT_ASPIA_ACK, 0x5);
    CU_ASSERT_EQUAL(asp.state, ASP_STATE_INACTIVE);
    event(ASP_EVENT_M_ACTIVE, 0x4);
    CU_ASSERT_EQUAL(memberships_sent(M3UA_ASPAC), 0x4);
}

static void an_answer_in_parts_is_complete_with_the_last_part(void)
{
    start(ASP_ROLE_ASP, 0, 0x3);
    event(ASP_EVENT_COMMUNICATION_UP, 0);
    event(ASP_EVENT_ASPUP_ACK, 0);
    event(ASP_EVENT_ASPAC_ACK, 0x1);
    CU_ASSERT_EQUAL(asp.active, 0x1);
    at(asp_deadline_ns(&asp));
    CU_ASSERT_EQUAL(memberships_sent(M3UA_ASPAC), 0x2);
    event(ASP_EVENT_ASPAC_ACK, 0x2);
    CU_ASSERT_EQUAL(asp.active, 0x3);
    CU_ASSERT_EQUAL(asp_deadline_ns(&asp), TIMER_NEVER_NS);
}

static void a_change_of_mind_overtakes_the_request_under_way(void)
{
    start(ASP_ROLE_ASP, 0, 1);
    event(ASP_EVENT_COMMUNICATION_UP, 0);
    event(ASP_EVENT_ASPUP_ACK, 0);
    event(ASP_EVENT_M_INACTIVE, 1);
    CU_ASSERT_EQUAL(memberships_sent(M3UA_ASPIA), 1);
    event(ASP_EVENT_ASPAC_ACK, 1); /* the answer to what we have taken back */
    CU_ASSERT_FALSE(asp_carries(&asp, 0));
    event(ASP_EVENT_ASPIA_ACK, 1);
    CU_ASSERT_EQUAL(asp.state, ASP_STATE_INACTIVE);
    CU_ASSERT_EQUAL(asp_deadline_ns(&asp), TIMER_NEVER_NS);

    start(ASP_ROLE_ASP, 0, 1);
    event(ASP_EVENT_COMMUNICATION_UP, 0);
    event(ASP_EVENT_M_DOWN, 0);
    CU_ASSERT_EQUAL(sent(M3UA_ASPDN), 1);
    event(ASP_EVENT_ASPUP_ACK, 0);
    CU_ASSERT_EQUAL(actions.count, 0);
    event(ASP_EVENT_ASPDN_ACK, 0);
    CU_ASSERT_EQUAL(asp.state, ASP_STATE_DOWN);
    CU_ASSERT_EQUAL(asp_deadline_ns(&asp), TIMER_NEVER_NS);
}

/* RFC4666-4.3.4.1: error, ASP-INACTIVE, and back to where it was */
static void an_unexpected_aspup_ack_when_active_is_an_error_and_leads_back(void)
{
    start_active(ASP_ROLE_ASP, 0, 1);
    event(ASP_EVENT_ASPUP_ACK, 0);
    CU_ASSERT_EQUAL(sent_error(M3UA_ERROR_UNEXPECTED_MESSAGE), 1);
    CU_ASSERT_EQUAL(asp.state, ASP_STATE_INACTIVE);
    CU_ASSERT_EQUAL(sent(M3UA_ASPAC), 1);
}

/* RFC4666-4.3.4.2, 4.3.4.3, 4.3.4.4: believed, and led back */
static void unexpected_answers_are_believed_and_led_back(void)
{
    start_active(ASP_ROLE_ASP, 0, 1);
    event(ASP_EVENT_ASPDN_ACK, 0);
    CU_ASSERT_EQUAL(asp.state, ASP_STATE_DOWN);
    CU_ASSERT_EQUAL(sent(M3UA_ASPUP), 1);

    start_active(ASP_ROLE_ASP, 0, 1);
    event(ASP_EVENT_ASPIA_ACK, 1);
    CU_ASSERT_EQUAL(asp.state, ASP_STATE_INACTIVE);
    CU_ASSERT_EQUAL(sent(M3UA_ASPAC), 1);

    start(ASP_ROLE_ASP, 0, 1);
    asp.config.wants_active = 0;
    event(ASP_EVENT_COMMUNICATION_UP, 0);
    event(ASP_EVENT_ASPUP_ACK, 0);
    event(ASP_EVENT_ASPAC_ACK, 1);
    CU_ASSERT_EQUAL(asp.state, ASP_STATE_ACTIVE);
    CU_ASSERT_EQUAL(sent(M3UA_ASPIA), 1);
}

/* RFC4666-4.3.4.3.1: who lost the traffic does not fight for it */
static void an_alternate_asp_active_makes_it_inactive_for_good(void) /* RFC4666-4.3.4.5 */
{
    start_active(ASP_ROLE_ASP, 0, 0x3);
    event(ASP_EVENT_ALTERNATE, 0x1);
    CU_ASSERT_EQUAL(actions.count, 1);
    CU_ASSERT_EQUAL(action_of(ASP_ACTION_TRAFFIC)->changed, 0x1);
    CU_ASSERT_EQUAL(asp.active, 0x2);
    event(ASP_EVENT_COMMUNICATION_DOWN, 0);
    event(ASP_EVENT_COMMUNICATION_UP, 0);
    event(ASP_EVENT_ASPUP_ACK, 0);
    CU_ASSERT_EQUAL(memberships_sent(M3UA_ASPAC), 0x2);
    event(ASP_EVENT_ASPAC_ACK, 0x2);
    event(ASP_EVENT_M_ACTIVE, 0x1);
    CU_ASSERT_EQUAL(memberships_sent(M3UA_ASPAC), 0x1);
}

/* RFC4666-4.3.4.5: what NTFY says about the AS holds the traffic */
/* RFC4666-5.2.1: the backup takes over when the SG says that nobody has the traffic. */
static void an_asp_that_stands_by_takes_back_what_nobody_has(void)
{
    static const enum asp_event_kind needs[] = {ASP_EVENT_AS_HELD, ASP_EVENT_AS_SHORT};
    for (unsigned i = 0; i < 2; i++) {
        start(ASP_ROLE_ASP, 0, 0x3);
        asp.config.stands_by = true;
        event(ASP_EVENT_COMMUNICATION_UP, 0);
        event(ASP_EVENT_ASPUP_ACK, 0);
        event(ASP_EVENT_ASPAC_ACK, 0x3);
        event(ASP_EVENT_ALTERNATE, 0x3);
        CU_ASSERT_EQUAL(sent(M3UA_ASPAC), 0);
        event(ASP_EVENT_AS_RELEASED, 0x3); /* the other one has it */
        CU_ASSERT_EQUAL(actions.count, 0);
        event(needs[i], 0x1);
        CU_ASSERT_EQUAL(memberships_sent(M3UA_ASPAC), 0x1);
        event(ASP_EVENT_ASPAC_ACK, 0x1);
        CU_ASSERT_EQUAL(asp.active, 0x1);
        /* what management has taken out since is not for it to take back */
        event(ASP_EVENT_M_INACTIVE, 0x2);
        event(needs[i], 0x2);
        CU_ASSERT_EQUAL(sent(M3UA_ASPAC), 0);
    }
    start_active(ASP_ROLE_ASP, 0, 0x1);
    event(ASP_EVENT_ALTERNATE, 0x1); /* one that does not stand by waits for management */
    event(ASP_EVENT_AS_HELD, 0x1);
    CU_ASSERT_EQUAL(sent(M3UA_ASPAC), 0);
}

static void an_asp_that_gave_up_tries_again_when_the_as_needs_it(void)
{
    start(ASP_ROLE_ASP, 0, 1);
    asp.config.t_ack_tries = 1;
    event(ASP_EVENT_COMMUNICATION_UP, 0);
    event(ASP_EVENT_ASPUP_ACK, 0);
    at(asp_deadline_ns(&asp));
    CU_ASSERT_EQUAL(action_of(ASP_ACTION_GIVE_UP)->message, M3UA_ASPAC);
    event(ASP_EVENT_AS_SHORT, 1);
    CU_ASSERT_EQUAL(sent(M3UA_ASPAC), 1);
}

static void traffic_is_held_while_the_as_is_not_active(void)
{
    start_active(ASP_ROLE_ASP, 0, 1);
    event(ASP_EVENT_AS_HELD, 1);
    CU_ASSERT_EQUAL(asp.state, ASP_STATE_ACTIVE);
    CU_ASSERT_FALSE(asp_carries(&asp, 0));
    CU_ASSERT_TRUE(asp_takes(&asp, 0, now_ns));
    event(ASP_EVENT_AS_RELEASED, 1);
    CU_ASSERT_TRUE(asp_carries(&asp, 0));
    CU_ASSERT_EQUAL(action_of(ASP_ACTION_TRAFFIC)->memberships, 1);
    /* but an AS-ACTIVE does not lead us back to where we are leaving */
    event(ASP_EVENT_M_INACTIVE, 1);
    event(ASP_EVENT_AS_RELEASED, 1);
    CU_ASSERT_FALSE(asp_carries(&asp, 0));
}

static void data_is_taken_while_aspac_ack_is_on_its_way(void)
{
    start(ASP_ROLE_ASP, 0, 1);
    event(ASP_EVENT_COMMUNICATION_UP, 0);
    CU_ASSERT_FALSE(asp_takes(&asp, 0, now_ns));
    event(ASP_EVENT_ASPUP_ACK, 0);
    CU_ASSERT_TRUE(asp_takes(&asp, 0, now_ns));
    CU_ASSERT_FALSE(asp_carries(&asp, 0));
}

/* --- the side of the SG ---------------------------------------------------------------------- */

static void an_sg_answers_and_asks_for_nothing(void)
{
    start(ASP_ROLE_SG, 0, 1);
    event(ASP_EVENT_COMMUNICATION_UP, 0);
    CU_ASSERT_EQUAL(actions.count, 0);
    event(ASP_EVENT_ASPUP, 0);
    /* the answer leaves before anything that follows from the new state */
    CU_ASSERT_EQUAL(actions.action[0].message, M3UA_ASPUP_ACK);
    CU_ASSERT_EQUAL(actions.action[1].kind, ASP_ACTION_STATE);
    CU_ASSERT_EQUAL(asp.state, ASP_STATE_INACTIVE);
    event(ASP_EVENT_ASPAC, 1);
    CU_ASSERT_EQUAL(actions.action[0].message, M3UA_ASPAC_ACK);
    CU_ASSERT_EQUAL(asp.state, ASP_STATE_ACTIVE);
    event(ASP_EVENT_ASPIA, 1);
    CU_ASSERT_EQUAL(actions.action[0].message, M3UA_ASPIA_ACK);
    CU_ASSERT_EQUAL(asp.state, ASP_STATE_INACTIVE);
    event(ASP_EVENT_ASPIA, 1); /* answered again */
    CU_ASSERT_EQUAL(sent(M3UA_ASPIA_ACK), 1);
    event(ASP_EVENT_ASPDN, 0);
    CU_ASSERT_EQUAL(actions.action[0].message, M3UA_ASPDN_ACK);
    CU_ASSERT_EQUAL(asp.state, ASP_STATE_DOWN);
    event(ASP_EVENT_ASPDN, 0); /* RFC4666-4.3.4.2: also when it is down already */
    CU_ASSERT_EQUAL(sent(M3UA_ASPDN_ACK), 1);
    CU_ASSERT_EQUAL(asp_deadline_ns(&asp), TIMER_NEVER_NS);
}

/* RFC4666-4.3.4.1 */
static void an_aspup_when_inactive_is_answered_and_changes_nothing(void)
{
    start(ASP_ROLE_SG, 0, 1);
    event(ASP_EVENT_COMMUNICATION_UP, 0);
    event(ASP_EVENT_ASPUP, 0);
    event(ASP_EVENT_ASPUP, 0);
    CU_ASSERT_EQUAL(actions.count, 1);
    CU_ASSERT_EQUAL(sent(M3UA_ASPUP_ACK), 1);
}

/* RFC4666-4.3.4.1 */
static void an_aspup_when_active_is_answered_with_an_error_too_and_makes_inactive(void)
{
    start_active(ASP_ROLE_SG, 0, 0x3);
    event(ASP_EVENT_ASPUP, 0);
    CU_ASSERT_EQUAL(sent(M3UA_ASPUP_ACK), 1);
    CU_ASSERT_EQUAL(sent_error(M3UA_ERROR_UNEXPECTED_MESSAGE), 1);
    CU_ASSERT_EQUAL(asp.state, ASP_STATE_INACTIVE);
    CU_ASSERT_EQUAL(action_of(ASP_ACTION_TRAFFIC)->changed, 0x3);
}

static void what_must_wait_for_aspup_is_refused_before_it(void)
{
    static const enum asp_event_kind kinds[] = {ASP_EVENT_ASPAC, ASP_EVENT_ASPIA, ASP_EVENT_BEAT};
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        start(ASP_ROLE_SG, 0, 1);
        event(ASP_EVENT_COMMUNICATION_UP, 0);
        event(kinds[i], 1);
        CU_ASSERT_EQUAL(actions.count, 1);
        CU_ASSERT_EQUAL(sent_error(M3UA_ERROR_UNEXPECTED_MESSAGE), 1);
        CU_ASSERT_EQUAL(asp.state, ASP_STATE_DOWN);
    }
}

static void messages_of_the_wrong_side_are_unexpected(void)
{
    static const enum asp_event_kind to_asp[] = {ASP_EVENT_ASPUP, ASP_EVENT_ASPDN, ASP_EVENT_ASPAC,
                                                 ASP_EVENT_ASPIA};
    static const enum asp_event_kind to_sg[] = {ASP_EVENT_ASPUP_ACK, ASP_EVENT_ASPDN_ACK,
                                                ASP_EVENT_ASPAC_ACK, ASP_EVENT_ASPIA_ACK};
    start_active(ASP_ROLE_ASP, 0, 1);
    for (size_t i = 0; i < 4; i++) {
        event(to_asp[i], 1);
        CU_ASSERT_EQUAL(actions.count, 1);
        CU_ASSERT_EQUAL(sent_error(M3UA_ERROR_UNEXPECTED_MESSAGE), 1);
    }
    start_active(ASP_ROLE_SG, 0, 1);
    for (size_t i = 0; i < 4; i++) {
        event(to_sg[i], 1);
        CU_ASSERT_EQUAL(actions.count, 1);
        CU_ASSERT_EQUAL(sent_error(M3UA_ERROR_UNEXPECTED_MESSAGE), 1);
    }
    CU_ASSERT_EQUAL(asp.state, ASP_STATE_ACTIVE);
}

/* RFC4666-4.3.4.1: Refused - Management Blocking */
static void a_locked_asp_is_kept_out_and_let_in_when_unlocked(void)
{
    start(ASP_ROLE_SG, 0, 1);
    event(ASP_EVENT_COMMUNICATION_UP, 0);
    event(ASP_EVENT_M_LOCK, 0);
    event(ASP_EVENT_ASPUP, 0);
    CU_ASSERT_EQUAL(sent_error(M3UA_ERROR_MANAGEMENT_BLOCKING), 1);
    CU_ASSERT_EQUAL(asp.state, ASP_STATE_DOWN);
    event(ASP_EVENT_M_UNLOCK, 0);
    event(ASP_EVENT_ASPUP, 0);
    event(ASP_EVENT_M_LOCK, 0);
    event(ASP_EVENT_ASPAC, 1);
    CU_ASSERT_EQUAL(sent_error(M3UA_ERROR_MANAGEMENT_BLOCKING), 1);
    CU_ASSERT_EQUAL(asp.state, ASP_STATE_INACTIVE);
}

/* RFC4666-4.3.4.3 */
static void an_override_takes_the_traffic_without_a_message_from_the_machine(void)
{
    start_active(ASP_ROLE_SG, 0, 0x3);
    event(ASP_EVENT_OVERRIDDEN, 0x1);
    CU_ASSERT_EQUAL(asp.active, 0x2);
    event(ASP_EVENT_OVERRIDDEN, 0x2);
    CU_ASSERT_EQUAL(asp.state, ASP_STATE_INACTIVE);
    CU_ASSERT_EQUAL(sent(M3UA_ERR), 0);
}

/* --- IPSP, single exchange (RFC4666-4.3.4.1.2) ------------------------------------------------ */

static void one_exchange_serves_both_ipsps_whoever_asks(void) /* RFC4666-4.3.4.1.2, 4.3.4.3.1 */
{
    start_active(ASP_ROLE_IPSP, 0, 1); /* this one asked */
    start(ASP_ROLE_IPSP, 0, 1);        /* this one is asked */
    asp.config.wants_up = false;
    asp.config.wants_active = 0;
    event(ASP_EVENT_COMMUNICATION_UP, 0);
    CU_ASSERT_EQUAL(actions.count, 0);
    event(ASP_EVENT_ASPUP, 0);
    CU_ASSERT_EQUAL(sent(M3UA_ASPUP_ACK), 1);
    CU_ASSERT_EQUAL(sent(M3UA_ASPDN), 0);
    event(ASP_EVENT_ASPAC, 1);
    CU_ASSERT_EQUAL(sent(M3UA_ASPAC_ACK), 1);
    CU_ASSERT_EQUAL(sent(M3UA_ASPIA), 0);
    CU_ASSERT_EQUAL(asp.state, ASP_STATE_ACTIVE);
}

static void ipsps_that_ask_at_the_same_time_both_get_there(void)
{
    start(ASP_ROLE_IPSP, 0, 1);
    event(ASP_EVENT_COMMUNICATION_UP, 0);
    CU_ASSERT_EQUAL(sent(M3UA_ASPUP), 1);
    event(ASP_EVENT_ASPUP, 0);
    CU_ASSERT_EQUAL(sent(M3UA_ASPUP_ACK), 1);
    event(ASP_EVENT_ASPUP_ACK, 0);
    CU_ASSERT_EQUAL(sent_error(M3UA_ERROR_UNEXPECTED_MESSAGE), 0);
    CU_ASSERT_EQUAL(sent(M3UA_ASPAC), 1);
    event(ASP_EVENT_ASPAC, 1);
    event(ASP_EVENT_ASPAC_ACK, 1);
    CU_ASSERT_EQUAL(actions.count, 0);
    CU_ASSERT_EQUAL(asp.state, ASP_STATE_ACTIVE);
    CU_ASSERT_EQUAL(asp_deadline_ns(&asp), TIMER_NEVER_NS);
}

/* RFC4666-4.3.4.2.1 */
static void an_ipsp_that_its_peer_took_down_rests_until_management_or_the_peer(void)
{
    start_active(ASP_ROLE_IPSP, 0, 1);
    event(ASP_EVENT_ASPDN, 0);
    event(ASP_EVENT_ASPDN_ACK, 0); /* a stray answer is no reason to start again */
    CU_ASSERT_EQUAL(actions.count, 0);
    event(ASP_EVENT_ASPUP, 0);
    CU_ASSERT_EQUAL(sent(M3UA_ASPUP_ACK), 1);
    CU_ASSERT_EQUAL(sent(M3UA_ASPAC), 1);
}

static void an_ipsp_does_not_undo_what_its_peer_ended(void) /* RFC4666-4.3.4.4.1 */
{
    start_active(ASP_ROLE_IPSP, 0, 1);
    event(ASP_EVENT_ASPIA, 1);
    CU_ASSERT_EQUAL(sent(M3UA_ASPIA_ACK), 1);
    CU_ASSERT_EQUAL(sent(M3UA_ASPAC), 0);
    event(ASP_EVENT_ASPDN, 0);
    CU_ASSERT_EQUAL(sent(M3UA_ASPDN_ACK), 1);
    CU_ASSERT_EQUAL(sent(M3UA_ASPUP), 0);
    CU_ASSERT_EQUAL(asp.state, ASP_STATE_DOWN);
    event(ASP_EVENT_M_UP, 0);
    CU_ASSERT_EQUAL(sent(M3UA_ASPUP), 1);
}

/* Every event in every state of every role, in long chains: answered within the action list. */
static void every_event_is_answered_in_every_state(void) /* RFC4666-4.3.1 */
{
    for (int role = ASP_ROLE_ASP; role <= ASP_ROLE_IPSP; role++)
        for (unsigned first = 0; first < ASP_EVENT_COUNT; first++)
            for (unsigned second = 0; second < ASP_EVENT_COUNT; second++)
                for (unsigned third = 0; third < ASP_EVENT_COUNT; third++) {
                    start((enum asp_role)role, SECOND, 0x3);
                    asp.config.t_ack_tries = 2;
                    event(ASP_EVENT_COMMUNICATION_UP, 0);
                    const unsigned chain[] = {first, second, third};
                    for (int i = 0; i < 3; i++) {
                        now_ns += SECOND;
                        event((enum asp_event_kind)chain[i], (uint32_t)i + 1);
                        CU_ASSERT_TRUE_FATAL(actions.count <= ASP_ACTIONS_MAX);
                        CU_ASSERT_EQUAL_FATAL(asp.state == ASP_STATE_ACTIVE, asp.active != 0);
                        CU_ASSERT_EQUAL_FATAL(asp.held & ~asp.active, 0);
                        CU_ASSERT_EQUAL_FATAL(asp.active & ~UINT32_C(3), 0);
                    }
                }
}

UNIT_TESTS = {
    UNIT(an_asp_goes_up_and_active_by_itself_when_the_association_is_there),
    UNIT(a_request_is_repeated_every_t_ack_until_it_is_answered),
    UNIT(after_its_tries_an_asp_gives_up_until_management_or_a_new_association),
    UNIT(an_asp_asks_for_what_it_had_on_each_new_association),
    UNIT(a_restart_of_the_association_starts_over),
    UNIT(management_takes_an_asp_down_and_up),
    UNIT(management_moves_single_memberships),
    UNIT(an_answer_in_parts_is_complete_with_the_last_part),
    UNIT(a_change_of_mind_overtakes_the_request_under_way),
    UNIT(an_unexpected_aspup_ack_when_active_is_an_error_and_leads_back),
    UNIT(unexpected_answers_are_believed_and_led_back),
    UNIT(an_alternate_asp_active_makes_it_inactive_for_good),
    UNIT(an_asp_that_stands_by_takes_back_what_nobody_has),
    UNIT(an_asp_that_gave_up_tries_again_when_the_as_needs_it),
    UNIT(traffic_is_held_while_the_as_is_not_active),
    UNIT(data_is_taken_while_aspac_ack_is_on_its_way),
    UNIT(an_sg_answers_and_asks_for_nothing),
    UNIT(an_aspup_when_inactive_is_answered_and_changes_nothing),
    UNIT(an_aspup_when_active_is_answered_with_an_error_too_and_makes_inactive),
    UNIT(what_must_wait_for_aspup_is_refused_before_it),
    UNIT(messages_of_the_wrong_side_are_unexpected),
    UNIT(a_locked_asp_is_kept_out_and_let_in_when_unlocked),
    UNIT(an_override_takes_the_traffic_without_a_message_from_the_machine),
    UNIT(one_exchange_serves_both_ipsps_whoever_asks),
    UNIT(ipsps_that_ask_at_the_same_time_both_get_there),
    UNIT(an_ipsp_that_its_peer_took_down_rests_until_management_or_the_peer),
    UNIT(an_ipsp_does_not_undo_what_its_peer_ended),
    UNIT(every_event_is_answered_in_every_state),
};
UNIT_MAIN("asp")
