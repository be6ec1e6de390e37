/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "sigtran/fsm/sccp_management.h"

#include "sigtran/base/timer_heap.h"
#include "tests/unit/unit.h"

#define LOCAL_PC 200
#define PEER_PC  100
#define SSN      SCCP_SSN_CAP
#define S        1000000000LL

#define NOTED_MAX 256

static struct sccp_manager manager;
static uint8_t congestion; /* of an SSC */

/* What went out, and what was told. */
static struct {
    uint32_t sent_count;
    uint32_t sent_pc[NOTED_MAX];
    struct sccp_management sent[NOTED_MAX];
    uint32_t event_count;
    struct sccp_manager_event event[NOTED_MAX];
} noted;

static void on_send(void *context, uint32_t pc, struct bytes message)
{
    struct sccp_message m;
    (void)context;
    CU_ASSERT_FATAL(noted.sent_count < NOTED_MAX);
    /* Q.713-5.1: a UDT of class 0, without return option, between the two SCMGs. */
    CU_ASSERT_EQUAL_FATAL(sccp_decode(SCCP_ITU, message, &m), P7_OK);
    CU_ASSERT_TRUE(m.type == SCCP_UDT && m.protocol_class == 0 && !m.return_on_error);
    CU_ASSERT_TRUE(m.called.route_on_ssn && m.called.ssn == SCCP_SSN_MANAGEMENT);
    CU_ASSERT_TRUE(m.calling.route_on_ssn && m.calling.ssn == SCCP_SSN_MANAGEMENT);
    noted.sent_pc[noted.sent_count] = pc;
    CU_ASSERT_EQUAL(sccp_management_decode(SCCP_ITU, m.data, &noted.sent[noted.sent_count++]),
                    P7_OK);
}

static void on_event(void *context, const struct sccp_manager_event *event)
{
    (void)context;
    CU_ASSERT_FATAL(noted.event_count < NOTED_MAX);
    noted.event[noted.event_count++] = *event;
}

static void set_up(void)
{
    const struct sccp_manager_config config = {
        .local_pc = LOCAL_PC,
        .replicate_pc = 300,
        .concerned_count = 2,
        .concerned = {PEER_PC, 101},
    };
    const struct sccp_manager_handler handler = {.send = on_send, .event = on_event};
    memset(&noted, 0, sizeof(noted));
    congestion = 5;
    CU_ASSERT_EQUAL_FATAL(sccp_manager_init(&manager, &config, &handler), P7_OK);
    CU_ASSERT_EQUAL_FATAL(sccp_manager_equip(&manager, SSN), P7_OK);
}

static void receive(uint8_t type, uint32_t pc, uint8_t ssn, int64_t now_ns)
{
    const struct sccp_management message = {
        .type = type, .affected_pc = pc, .affected_ssn = ssn, .congestion = congestion};
    sccp_manager_receive(&manager, PEER_PC, &message, now_ns);
}

static void last_sent_is(uint32_t count, uint32_t to, uint8_t type, uint32_t pc, uint8_t ssn)
{
    CU_ASSERT_EQUAL_FATAL(noted.sent_count, count);
    CU_ASSERT_EQUAL(noted.sent_pc[count - 1], to);
    CU_ASSERT_EQUAL(noted.sent[count - 1].type, type);
    CU_ASSERT_EQUAL(noted.sent[count - 1].affected_pc, pc);
    CU_ASSERT_EQUAL(noted.sent[count - 1].affected_ssn, ssn);
}

static void last_event_is(uint32_t count, enum sccp_manager_event_kind kind, uint32_t pc,
                          uint8_t ssn)
{
    CU_ASSERT_EQUAL_FATAL(noted.event_count, count);
    CU_ASSERT_EQUAL(noted.event[count - 1].kind, kind);
    CU_ASSERT_EQUAL(noted.event[count - 1].pc, pc);
    CU_ASSERT_EQUAL(noted.event[count - 1].ssn, ssn);
}

static bool is_open(uint32_t pc, uint8_t ssn)
{
    uint8_t cause = 99;
    return sccp_manager_is_open(&manager, pc, ssn, &cause);
}

static int closed_by(uint32_t pc, uint8_t ssn)
{
    uint8_t cause = 99;
    return sccp_manager_is_open(&manager, pc, ssn, &cause) ? -1 : cause;
}

static void nothing_is_sent_and_nothing_due_while_all_is_well(void)
{
    set_up();
    CU_ASSERT_TRUE(is_open(PEER_PC, SSN));
    CU_ASSERT_EQUAL(sccp_manager_deadline_ns(&manager), TIMER_NEVER_NS);
    sccp_manager_time(&manager, 1000 * S);
    CU_ASSERT_EQUAL(noted.sent_count + noted.event_count, 0);
}

static void a_prohibited_subsystem_is_tested_ever_more_rarely_until_it_is_back(void)
{ /* Q.714-5.3.2.2, Q.714-5.3.4.2, Q.714-5.3.3 */
    static const int64_t pauses_s[] = {30, 60, 120, 240, 480, 600, 600};
    int64_t now_ns = 10 * S;
    set_up();
    receive(SCCP_SSP, PEER_PC, SSN, now_ns);
    last_event_is(1, SCCP_MANAGER_SUBSYSTEM_PROHIBITED, PEER_PC, SSN);
    CU_ASSERT_EQUAL(closed_by(PEER_PC, SSN), SCCP_CAUSE_SUBSYSTEM_FAILURE);
    CU_ASSERT_TRUE(is_open(PEER_PC, 6)); /* another one there */
    CU_ASSERT_TRUE(is_open(PEER_PC, 0)); /* and its translation */
    CU_ASSERT_TRUE(is_open(101, SSN));
    for (uint32_t i = 0; i < sizeof(pauses_s) / sizeof(pauses_s[0]); i++) {
        CU_ASSERT_EQUAL(sccp_manager_deadline_ns(&manager), now_ns + pauses_s[i] * S);
        sccp_manager_time(&manager, now_ns + pauses_s[i] * S - 1);
        CU_ASSERT_EQUAL(noted.sent_count, i);
        now_ns += pauses_s[i] * S;
        sccp_manager_time(&manager, now_ns);
        last_sent_is(i + 1, PEER_PC, SCCP_SST, PEER_PC, SSN);
    }
    receive(SCCP_SSP, PEER_PC, SSN, now_ns); /* known: the test goes on as it was */
    CU_ASSERT_EQUAL(noted.event_count, 1);
    receive(SCCP_SSA, PEER_PC, SSN, now_ns);
    last_event_is(2, SCCP_MANAGER_SUBSYSTEM_ALLOWED, PEER_PC, SSN);
    CU_ASSERT_TRUE(is_open(PEER_PC, SSN));
    CU_ASSERT_EQUAL(sccp_manager_deadline_ns(&manager), TIMER_NEVER_NS);
    CU_ASSERT_EQUAL(manager.counters.tests_sent, 7);
}

static void what_a_message_cant_say_is_ignored_and_counted(void)
{
    set_up();
    receive(SCCP_SSP, LOCAL_PC, SSN, S); /* ours */
    receive(SCCP_SSP, PEER_PC, 0, S);
    receive(SCCP_SSP, PEER_PC, SCCP_SSN_MANAGEMENT, S);
    receive(SCCP_SSA, LOCAL_PC, SSN, S);
    receive(SCCP_SSC, PEER_PC, SSN, S);  /* it is about SSN 1 */
    receive(SCCP_SOG, LOCAL_PC, SSN, S); /* not asked for */
    receive(SCCP_SOR, PEER_PC, 8, S);    /* no replicate of it here */
    CU_ASSERT_EQUAL(manager.counters.management_ignored, 7);
    CU_ASSERT_EQUAL(manager.remote_count, 0);
    CU_ASSERT_EQUAL(noted.sent_count + noted.event_count, 0);
    CU_ASSERT_EQUAL(sccp_manager_equip(&manager, 0), P7_RANGE);
    CU_ASSERT_EQUAL(sccp_manager_equip(&manager, SCCP_SSN_MANAGEMENT), P7_RANGE);
}

static void more_prohibited_subsystems_than_fit_are_counted(void)
{
    set_up();
    for (uint32_t i = 0; i < SCCP_MANAGER_REMOTES_MAX + 3; i++)
        receive(SCCP_SSP, 1000 + i, SSN, S);
    CU_ASSERT_EQUAL(manager.remote_count, SCCP_MANAGER_REMOTES_MAX);
    CU_ASSERT_EQUAL(manager.counters.remotes_full, 3);
    CU_ASSERT_FALSE(is_open(1000, SSN));
    CU_ASSERT_TRUE(is_open(1000 + SCCP_MANAGER_REMOTES_MAX, SSN));
    sccp_manager_pause(&manager, PEER_PC, 0);
    CU_ASSERT_EQUAL(manager.counters.remotes_full, 4);
    receive(SCCP_SSA, 1000, SSN, S);
    sccp_manager_pause(&manager, PEER_PC, 0);
    CU_ASSERT_EQUAL(closed_by(PEER_PC, SSN), SCCP_CAUSE_MTP_FAILURE);
}

/* --- local subsystems ------------------------------------------------------------------------- */

static void going_out_of_service_and_back_is_told_to_concerned_points(void) /* Q.714-5.3.7 */
{
    set_up();
    CU_ASSERT_EQUAL(sccp_manager_set_in_service(&manager, 8, false), P7_NOT_FOUND);
    CU_ASSERT_EQUAL(sccp_manager_set_in_service(&manager, SSN, false), P7_OK);
    last_sent_is(2, 101, SCCP_SSP, LOCAL_PC, SSN);
    CU_ASSERT_EQUAL(noted.sent_pc[0], PEER_PC);
    CU_ASSERT_FALSE(sccp_manager_is_in_service(&manager, SSN));
    CU_ASSERT_EQUAL(sccp_manager_set_in_service(&manager, SSN, false), P7_OK); /* no change */
    CU_ASSERT_EQUAL(noted.sent_count, 2);
    CU_ASSERT_EQUAL(sccp_manager_set_in_service(&manager, SSN, true), P7_OK);
    last_sent_is(4, 101, SCCP_SSA, LOCAL_PC, SSN);
    CU_ASSERT_TRUE(sccp_manager_is_in_service(&manager, SSN));
    CU_ASSERT_EQUAL(manager.counters.prohibited_sent, 2);
    CU_ASSERT_EQUAL(manager.counters.allowed_sent, 2);
}

static bool answers(uint32_t pc, uint8_t ssn)
{
    const struct sccp_management test = {.type = SCCP_SST, .affected_pc = pc, .affected_ssn = ssn};
    return sccp_manager_answers_test(&manager, &test);
}

static void a_test_is_answered_for_what_is_in_service(void) /* Q.714-5.3.4.3 */
{
    set_up();
    CU_ASSERT_TRUE(answers(LOCAL_PC, SSN));
    CU_ASSERT_TRUE(answers(LOCAL_PC, SCCP_SSN_MANAGEMENT));
    CU_ASSERT_FALSE(answers(LOCAL_PC, 8));
    CU_ASSERT_FALSE(answers(PEER_PC, SSN));
    CU_ASSERT_EQUAL(sccp_manager_set_in_service(&manager, SSN, false), P7_OK);
    CU_ASSERT_FALSE(answers(LOCAL_PC, SSN));
    CU_ASSERT_TRUE(answers(LOCAL_PC, SCCP_SSN_MANAGEMENT));
}

static void a_granted_change_hides_the_subsystem_until_it_has_gone(void) /* Q.714-5.3.5.2 */
{
    set_up();
    CU_ASSERT_EQUAL(sccp_manager_request_change(&manager, 8, S), P7_NOT_FOUND);
    CU_ASSERT_EQUAL(sccp_manager_request_change(&manager, SSN, S), P7_OK);
    last_sent_is(1, 300, SCCP_SOR, LOCAL_PC, SSN);
    CU_ASSERT_EQUAL(sccp_manager_request_change(&manager, SSN, S), P7_STATE);
    CU_ASSERT_TRUE(answers(LOCAL_PC, SSN));
    receive(SCCP_SOG, LOCAL_PC, SSN, 2 * S);
    last_event_is(1, SCCP_MANAGER_GRANTED, 300, SSN);
    last_sent_is(3, 101, SCCP_SSP, LOCAL_PC, SSN);
    CU_ASSERT_FALSE(answers(LOCAL_PC, SSN)); /* T(ignore SST) */
    CU_ASSERT_TRUE(sccp_manager_is_in_service(&manager, SSN));
    CU_ASSERT_EQUAL(sccp_manager_deadline_ns(&manager), 32 * S);
    CU_ASSERT_EQUAL(sccp_manager_set_in_service(&manager, SSN, false), P7_OK);
    CU_ASSERT_EQUAL(sccp_manager_deadline_ns(&manager), TIMER_NEVER_NS);
}

static void one_that_does_not_go_after_all_answers_tests_again(void) /* Q.714-5.3.5.2 */
{
    set_up();
    CU_ASSERT_EQUAL(sccp_manager_request_change(&manager, SSN, S), P7_OK);
    receive(SCCP_SOG, LOCAL_PC, SSN, 2 * S);
    sccp_manager_time(&manager, 32 * S - 1);
    CU_ASSERT_FALSE(answers(LOCAL_PC, SSN));
    sccp_manager_time(&manager, 32 * S);
    CU_ASSERT_TRUE(answers(LOCAL_PC, SSN));
}

static void without_a_grant_in_time_a_change_is_denied(void) /* Q.714-5.3.5.2: T(coord.chg) */
{
    set_up();
    CU_ASSERT_EQUAL(sccp_manager_request_change(&manager, SSN, S), P7_OK);
    sccp_manager_time(&manager, 61 * S - 1);
    CU_ASSERT_EQUAL(noted.event_count, 0);
    sccp_manager_time(&manager, 61 * S);
    last_event_is(1, SCCP_MANAGER_DENIED, 300, SSN);
    receive(SCCP_SOG, LOCAL_PC, SSN, 62 * S); /* too late */
    CU_ASSERT_EQUAL(noted.event_count, 1);
    CU_ASSERT_EQUAL(sccp_manager_request_change(&manager, SSN, 62 * S), P7_OK);
}

static void a_replicates_request_is_granted_while_its_like_is_in_service(void) /* Q.714-5.3.5.3 */
{
    set_up();
    receive(SCCP_SOR, 300, SSN, S);
    last_sent_is(1, PEER_PC, SCCP_SOG, 300, SSN); /* where the request came from */
    last_event_is(1, SCCP_MANAGER_GRANT, 300, SSN);
    CU_ASSERT_EQUAL(sccp_manager_set_in_service(&manager, SSN, false), P7_OK);
    const uint32_t sent = noted.sent_count;
    receive(SCCP_SOR, 300, SSN, S);
    CU_ASSERT_EQUAL(noted.sent_count, sent);
}

/* --- MTP -------------------------------------------------------------------------------------- */

static void a_point_out_of_reach_takes_its_subsystems_along_and_brings_them_back(void)
{ /* Q.714-5.2.2, Q.714-5.2.3 */
    set_up();
    receive(SCCP_SSP, PEER_PC, SSN, S);
    sccp_manager_pause(&manager, PEER_PC, 0);
    last_event_is(2, SCCP_MANAGER_POINT_PROHIBITED, PEER_PC, 0);
    CU_ASSERT_EQUAL(closed_by(PEER_PC, SSN), SCCP_CAUSE_MTP_FAILURE);
    CU_ASSERT_EQUAL(closed_by(PEER_PC, 6), SCCP_CAUSE_MTP_FAILURE);
    CU_ASSERT_EQUAL(closed_by(PEER_PC, 0), SCCP_CAUSE_MTP_FAILURE);
    CU_ASSERT_EQUAL(closed_by(PEER_PC, SCCP_SSN_MANAGEMENT), SCCP_CAUSE_MTP_FAILURE);
    CU_ASSERT_TRUE(is_open(101, SSN));
    CU_ASSERT_EQUAL(sccp_manager_deadline_ns(&manager), TIMER_NEVER_NS); /* the test has ended */
    receive(SCCP_SSP, PEER_PC, SSN, S);                                  /* from the past */
    sccp_manager_pause(&manager, PEER_PC, 0);
    CU_ASSERT_EQUAL(noted.event_count, 2);
    sccp_manager_resume(&manager, PEER_PC, 0);
    last_event_is(3, SCCP_MANAGER_POINT_ALLOWED, PEER_PC, 0);
    CU_ASSERT_TRUE(is_open(PEER_PC, SSN));
    sccp_manager_resume(&manager, PEER_PC, 0);
    CU_ASSERT_EQUAL(noted.event_count, 3);
}

static void a_mask_takes_a_range_of_points(void) /* RFC4666-3.4.1 */
{
    set_up();
    receive(SCCP_SSP, 66, SSN, S);
    sccp_manager_pause(&manager, 64, 3); /* 64 to 71 */
    CU_ASSERT_EQUAL(manager.remote_count, 1);
    CU_ASSERT_TRUE(is_open(63, SSN) && is_open(72, SSN));
    CU_ASSERT_FALSE(is_open(64, SSN) || is_open(71, SSN));
    sccp_manager_pause(&manager, 65, 0); /* lies in it */
    CU_ASSERT_EQUAL(manager.remote_count, 1);
    sccp_manager_resume(&manager, 65, 0);
    CU_ASSERT_TRUE(is_open(65, SSN));
    sccp_manager_pause(&manager, 0, 255); /* all there are */
    CU_ASSERT_FALSE(is_open(PEER_PC, SSN));
    sccp_manager_resume(&manager, 0, 255);
    CU_ASSERT_EQUAL(manager.remote_count, 0);
}

static void an_sccp_that_is_unavailable_is_tested_and_an_unequipped_one_is_not(void)
{ /* Q.714-5.2.2 */
    set_up();
    receive(SCCP_SSP, PEER_PC, SSN, S);
    sccp_manager_user_unavailable(&manager, PEER_PC, false, S);
    last_event_is(2, SCCP_MANAGER_SUBSYSTEM_PROHIBITED, PEER_PC, SCCP_SSN_MANAGEMENT);
    CU_ASSERT_EQUAL(closed_by(PEER_PC, SSN), SCCP_CAUSE_SCCP_FAILURE);
    CU_ASSERT_EQUAL(closed_by(PEER_PC, 0), SCCP_CAUSE_SCCP_FAILURE);
    /* Its own word is to be heard and answered. */
    CU_ASSERT_TRUE(is_open(PEER_PC, SCCP_SSN_MANAGEMENT));
    sccp_manager_time(&manager, 31 * S);
    last_sent_is(1, PEER_PC, SCCP_SST, PEER_PC, SCCP_SSN_MANAGEMENT);
    receive(SCCP_SSA, PEER_PC, SCCP_SSN_MANAGEMENT, 32 * S);
    CU_ASSERT_TRUE(is_open(PEER_PC, SSN));
    sccp_manager_user_unavailable(&manager, PEER_PC, true, S);
    CU_ASSERT_FALSE(is_open(PEER_PC, SSN));
    CU_ASSERT_EQUAL(sccp_manager_deadline_ns(&manager), TIMER_NEVER_NS);
    sccp_manager_resume(&manager, PEER_PC, 0);
    CU_ASSERT_TRUE(is_open(PEER_PC, SSN));
    sccp_manager_user_unavailable(&manager, PEER_PC, false, S);
    sccp_manager_user_available(&manager, PEER_PC);
    CU_ASSERT_TRUE(is_open(PEER_PC, SSN));
}

static void an_sccp_says_its_congestion_and_it_decays(void) /* Q.714-5.2.8, Q.714-2.6 */
{
    int64_t now_ns = S;
    set_up();
    congestion = SCCP_MANAGER_IMPORTANCE;
    receive(SCCP_SSC, PEER_PC, SCCP_SSN_MANAGEMENT, now_ns);
    last_event_is(1, SCCP_MANAGER_CONGESTED, PEER_PC, 0);
    CU_ASSERT_TRUE(is_open(PEER_PC, SSN));
    congestion = SCCP_MANAGER_LEVEL_MAX;
    receive(SCCP_SSC, PEER_PC, SCCP_SSN_MANAGEMENT, now_ns);
    CU_ASSERT_EQUAL(closed_by(PEER_PC, SSN), SCCP_CAUSE_NETWORK_CONGESTION);
    for (uint8_t level = SCCP_MANAGER_LEVEL_MAX; level > 0; level--) {
        CU_ASSERT_EQUAL(noted.event[noted.event_count - 1].level, level);
        CU_ASSERT_EQUAL(is_open(PEER_PC, SSN), level <= SCCP_MANAGER_IMPORTANCE);
        now_ns += 2 * S;
        CU_ASSERT_EQUAL(sccp_manager_deadline_ns(&manager), now_ns);
        sccp_manager_time(&manager, now_ns);
    }
    CU_ASSERT_EQUAL(noted.event[noted.event_count - 1].level, 0);
    CU_ASSERT_EQUAL(manager.remote_count, 0);
    congestion = 0;
    receive(SCCP_SSC, PEER_PC, SCCP_SSN_MANAGEMENT, now_ns);
    congestion = SCCP_MANAGER_LEVEL_MAX + 1; /* Q.713-5.2 knows 1 to 8 */
    receive(SCCP_SSC, PEER_PC, SCCP_SSN_MANAGEMENT, now_ns);
    CU_ASSERT_EQUAL(manager.counters.management_ignored, 2);
}

static void concerned_points_beyond_the_limit_are_refused(void)
{
    const struct sccp_manager_config config = {.concerned_count = SCCP_MANAGER_CONCERNED_MAX + 1};
    const struct sccp_manager_handler handler = {.send = on_send};
    CU_ASSERT_EQUAL(sccp_manager_init(&manager, &config, &handler), P7_RANGE);
}

UNIT_TESTS = {
    UNIT(nothing_is_sent_and_nothing_due_while_all_is_well),
    UNIT(a_prohibited_subsystem_is_tested_ever_more_rarely_until_it_is_back),
    UNIT(what_a_message_cant_say_is_ignored_and_counted),
    UNIT(more_prohibited_subsystems_than_fit_are_counted),
    UNIT(going_out_of_service_and_back_is_told_to_concerned_points),
    UNIT(a_test_is_answered_for_what_is_in_service),
    UNIT(a_granted_change_hides_the_subsystem_until_it_has_gone),
    UNIT(one_that_does_not_go_after_all_answers_tests_again),
    UNIT(without_a_grant_in_time_a_change_is_denied),
    UNIT(a_replicates_request_is_granted_while_its_like_is_in_service),
    UNIT(a_point_out_of_reach_takes_its_subsystems_along_and_brings_them_back),
    UNIT(a_mask_takes_a_range_of_points),
    UNIT(an_sccp_that_is_unavailable_is_tested_and_an_unequipped_one_is_not),
    UNIT(an_sccp_says_its_congestion_and_it_decays),
    UNIT(concerned_points_beyond_the_limit_are_refused),
};
UNIT_MAIN("sccp_management")
