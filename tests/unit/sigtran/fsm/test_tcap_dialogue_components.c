/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "tests/unit/sigtran/fsm/tcap_dialogue_rig.h"

static void a_malformed_component_is_rejected_with_the_next_message(void) /* Q.774-3.2.2.2 */
{
    const struct tcap_component answer = tcap_invoke(1, 31);
    const struct tcap_request request = {.components = &answer, .component_count = 1};
    set_up();
    receive_hex("6210 480101 6c0b a106020105 02011f a501ff");
    CU_ASSERT_EQUAL(ind.type, TCAP_IND_BEGIN);
    CU_ASSERT_EQUAL(ind.message->component_count, 1); /* the one in front of it */
    CU_ASSERT_EQUAL(send_request(ind.dialogue, TCAP_SEND_CONTINUE, &request), P7_OK);
    CU_ASSERT_EQUAL_FATAL(sent.component_count, 2);
    CU_ASSERT_EQUAL(sent.components[0].type, TCAP_REJECT);
    CU_ASSERT_FALSE(sent.components[0].has_invoke_id);
    CU_ASSERT_EQUAL(sent.components[0].problem_kind, TCAP_PROBLEM_GENERAL);
    CU_ASSERT_EQUAL(sent.components[0].problem, TCAP_GENERAL_UNRECOGNIZED_COMPONENT);
    CU_ASSERT_EQUAL(sent.components[1].code, 31);
    CU_ASSERT_EQUAL(send_request(ind.dialogue, TCAP_SEND_CONTINUE, &request), P7_OK);
    CU_ASSERT_EQUAL(sent.component_count, 1); /* once is enough */
    CU_ASSERT_EQUAL(counters()->reject_sent, 1);
    CU_ASSERT_EQUAL(counters()->component_faulty, 1);
    CU_ASSERT_EQUAL(counters()->reject_lost, 0);
    tear_down();
}

static void a_reject_that_no_message_carries_is_counted(void)
{
    set_up();
    receive_hex("6208 480101 6c03 a501ff");
    CU_ASSERT_EQUAL(send_empty(ind.dialogue, TCAP_SEND_U_ABORT), P7_OK);
    CU_ASSERT_EQUAL(counters()->reject_lost, 1);
    CU_ASSERT_EQUAL(counters()->reject_sent, 0);
    tear_down();
}

static void receive_component(uint32_t dialogue, const struct tcap_component *component)
{
    const struct tcap_parts parts = {.type = TCAP_CONTINUE,
                                     .otid = id_of(0xbeef),
                                     .dtid = id_of(tcap_dialogue_local_id(table, dialogue)),
                                     .components = component,
                                     .component_count = 1};
    receive_parts(0, &parts, NULL);
    CU_ASSERT_EQUAL(ind.type, TCAP_IND_CONTINUE);
}

static void a_result_belongs_to_an_outstanding_invoke(void) /* Q.774-3.2.2.2 */
{
    const struct tcap_component invokes[] = {tcap_invoke(3, 55), tcap_invoke(4, 31)};
    const struct tcap_request request = {
        .components = invokes, .component_count = 2, .invokes_outstanding = 1u << 3};
    struct tcap_component result = {
        .type = TCAP_RETURN_RESULT_NOT_LAST, .has_invoke_id = true, .invoke_id = 3};
    set_up();
    const uint32_t d = dialogue_in(TCAP_STATE_ACTIVE);
    CU_ASSERT_EQUAL(send_request(d, TCAP_SEND_CONTINUE, &request), P7_OK);
    receive_component(d, &result);
    CU_ASSERT_EQUAL(ind.message->component_count, 1);
    result.type = TCAP_RETURN_RESULT_LAST;
    receive_component(d, &result);
    CU_ASSERT_EQUAL(ind.message->component_count, 1);
    CU_ASSERT_EQUAL(counters()->invoke_id_unknown, 0);
    receive_component(d, &result); /* a second time */
    CU_ASSERT_EQUAL(ind.message->component_count, 0);
    CU_ASSERT_EQUAL(counters()->invoke_id_unknown, 1);
    CU_ASSERT_EQUAL(send_empty(d, TCAP_SEND_CONTINUE), P7_OK);
    CU_ASSERT_EQUAL_FATAL(sent.component_count, 1);
    CU_ASSERT_EQUAL(sent.components[0].type, TCAP_REJECT);
    CU_ASSERT_EQUAL(sent.components[0].invoke_id, 3);
    CU_ASSERT_EQUAL(sent.components[0].problem_kind, TCAP_PROBLEM_RETURN_RESULT);
    CU_ASSERT_EQUAL(sent.components[0].problem, TCAP_RETURN_RESULT_UNRECOGNIZED_INVOKE_ID);
    const struct tcap_component error = tcap_return_error(4, 6); /* class 4: awaits nothing */
    receive_component(d, &error);
    CU_ASSERT_EQUAL(send_empty(d, TCAP_SEND_CONTINUE), P7_OK);
    CU_ASSERT_EQUAL_FATAL(sent.component_count, 1);
    CU_ASSERT_EQUAL(sent.components[0].problem_kind, TCAP_PROBLEM_RETURN_ERROR);
    result.invoke_id = 64; /* not tracked */
    receive_component(d, &result);
    CU_ASSERT_EQUAL(ind.message->component_count, 1);
    tear_down();
}

static void a_reject_ends_the_invoke_and_is_not_rejected(void)
{
    const struct tcap_component invoke = tcap_invoke(0, 35);
    const struct tcap_request request = {
        .components = &invoke, .component_count = 1, .invokes_outstanding = 1};
    const struct tcap_component reject = {.type = TCAP_REJECT,
                                          .has_invoke_id = true,
                                          .problem_kind = TCAP_PROBLEM_INVOKE,
                                          .problem = TCAP_INVOKE_UNRECOGNIZED_OPERATION};
    const struct tcap_component error = tcap_return_error(0, 6);
    set_up();
    const uint32_t d = dialogue_in(TCAP_STATE_ACTIVE);
    CU_ASSERT_EQUAL(send_request(d, TCAP_SEND_CONTINUE, &request), P7_OK);
    receive_component(d, &reject);
    receive_component(d, &reject);
    CU_ASSERT_EQUAL(ind.message->component_count, 1);
    CU_ASSERT_EQUAL(counters()->invoke_id_unknown, 0);
    receive_component(d, &error);
    CU_ASSERT_EQUAL(counters()->invoke_id_unknown, 1);
    tear_down();
}

static void invoke_ids_are_not_checked_unless_wanted(void)
{
    const struct tcap_component error = tcap_return_error(4, 6);
    struct tcap_dialogue_settings settings = settings_of(4);
    settings.check_invoke_ids = false;
    set_up_with(settings);
    receive_component(dialogue_in(TCAP_STATE_ACTIVE), &error);
    CU_ASSERT_EQUAL(ind.message->component_count, 1);
    tear_down();
}

UNIT_TESTS = {
    UNIT(a_malformed_component_is_rejected_with_the_next_message),
    UNIT(a_reject_that_no_message_carries_is_counted),
    UNIT(a_result_belongs_to_an_outstanding_invoke),
    UNIT(a_reject_ends_the_invoke_and_is_not_rejected),
    UNIT(invoke_ids_are_not_checked_unless_wanted),
};
UNIT_MAIN("tcap_dialogue_components")
