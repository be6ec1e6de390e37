/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "responder/core/decision.h"

#include "sigtran/codec/cap.h"
#include "tests/unit/unit.h"

/* Octets of a decision's components, compared with hex. */
static void expect_components(const struct decision *decision, const char *hex)
{
    uint8_t octets[DECISION_OCTETS_MAX];
    uint8_t expected[DECISION_OCTETS_MAX];
    const size_t n = unit_hex(hex, expected, sizeof(expected));
    struct bytes_writer w = bytes_writer_of(octets, octets + sizeof(octets));
    CU_ASSERT_EQUAL(decision_write_components(&w, decision), P7_OK);
    CU_ASSERT_TRUE(bytes_equal(bytes_of(octets, bytes_writer_length(&w)), bytes_of(expected, n)));
}

static void release_call_gives_the_octets_of_a_live_network(void)
{
    const struct decision decision = {
        .body = DECISION_CALL_RELEASE, .invoke_id = 2, .code = CAP_CAUSE_NORMAL_CLEARING};
    expect_components(&decision, "a10a 020102 020116 0402 8490");
}

static void a_grant_gives_the_octets_of_a_live_network(void)
{
    const struct decision decision = {
        .body = DECISION_GRANT, .context = CAP_AC_V2_GSMSSF, .invoke_id = 4, .slice_100ms = 900};
    expect_components(&decision, "a115 020104 020123 300d 8006a00480020384 a203800101");
}

static void the_last_slice_asks_for_the_release_in_the_form_of_its_phase(void)
{
    static const enum cap_application_context contexts[] = {CAP_AC_V2_GSMSSF, CAP_AC_V3_GENERIC};
    for (unsigned i = 0; i < 2; i++) {
        const struct decision decision = {.body = DECISION_GRANT,
                                          .context = contexts[i],
                                          .invoke_id = 1,
                                          .flags = DECISION_LAST_SLICE,
                                          .slice_100ms = 10};
        uint8_t octets[DECISION_OCTETS_MAX];
        struct bytes_writer w = bytes_writer_of(octets, octets + sizeof(octets));
        CU_ASSERT_EQUAL_FATAL(decision_write_components(&w, &decision), P7_OK);
        /* a1 len 02 01 id 02 01 23, then the argument */
        struct cap_apply_charging charging;
        CU_ASSERT_EQUAL_FATAL(
            cap_apply_charging_decode(bytes_of(octets + 8, bytes_writer_length(&w) - 8), &charging),
            P7_OK);
        CU_ASSERT_TRUE(cap_apply_charging_releases(&charging));
        CU_ASSERT_EQUAL(charging.has.release_phase_2, contexts[i] == CAP_AC_V2_GSMSSF);
    }
}

static void errors_carry_the_parameter_that_the_standard_demands(void)
{
    struct decision decision = {.body = DECISION_ERROR, .answers_invoke_id = 5};
    decision.code = CAP_ERROR_MISSING_CUSTOMER_RECORD;
    expect_components(&decision, "a306 020105 020106");
    decision.code = CAP_ERROR_SYSTEM_FAILURE; /* TS29.078-5.2: UnavailableNetworkResource */
    expect_components(&decision, "a309 020105 02010b 0a0101");
    decision.code = CAP_ERROR_TASK_REFUSED;
    expect_components(&decision, "a309 020105 02010c 0a0102");
}

static void a_reject_names_the_invoke_and_its_problem(void)
{
    struct decision decision = {.body = DECISION_REJECT,
                                .answers_invoke_id = -3,
                                .flags = DECISION_HAS_INVOKE_ID,
                                .problem_kind = TCAP_PROBLEM_INVOKE,
                                .code = TCAP_INVOKE_MISTYPED_PARAMETER};
    expect_components(&decision, "a406 0201fd 810102");
    decision.flags = 0;
    expect_components(&decision, "a405 0500 810102");
}

static void operations_without_argument_are_bare_invokes(void)
{
    struct decision decision = {.body = DECISION_CALL_CONTINUE, .invoke_id = 1};
    expect_components(&decision, "a106 020101 02011f");
    decision.body = DECISION_SMS_CONTINUE;
    expect_components(&decision, "a106 020101 020141");
    decision.body = DECISION_SMS_RELEASE;
    decision.code = 21;
    expect_components(&decision, "a109 020101 020142 040115");
    decision.body = DECISION_RESULT;
    decision.answers_invoke_id = 9;
    expect_components(&decision, "a203 020109");
    decision.body = DECISION_EMPTY;
    expect_components(&decision, "");
}

static void every_body_fits_and_a_shorter_room_is_told(void)
{
    for (uint8_t body = DECISION_EMPTY; body <= DECISION_REJECT; body++) {
        const struct decision decision = {.body = body,
                                          .context = CAP_AC_V3_GENERIC,
                                          .invoke_id = 1,
                                          .flags = DECISION_LAST_SLICE | DECISION_HAS_INVOKE_ID,
                                          .problem_kind = TCAP_PROBLEM_INVOKE,
                                          .code = 1,
                                          .slice_100ms = CAP_PERIOD_100MS_MAX};
        uint8_t octets[DECISION_OCTETS_MAX];
        struct bytes_writer w = bytes_writer_of(octets, octets + sizeof(octets));
        CU_ASSERT_EQUAL_FATAL(decision_write_components(&w, &decision), P7_OK);
        const size_t length = bytes_writer_length(&w);
        for (size_t room = 0; room < length; room++) {
            w = bytes_writer_of(octets, octets + room);
            CU_ASSERT_EQUAL(decision_write_components(&w, &decision), P7_FULL);
        }
    }
}

static void outstanding_invokes_are_those_that_may_be_answered_by_an_error(void)
{
    struct decision decision = {.body = DECISION_CALL_START, .invoke_id = 1};
    CU_ASSERT_EQUAL(decision_invokes_outstanding(&decision), 0x6);
    decision.body = DECISION_GRANT;
    decision.invoke_id = DECISION_INVOKE_ID_MAX;
    CU_ASSERT_EQUAL(decision_invokes_outstanding(&decision), (uint64_t)1 << DECISION_INVOKE_ID_MAX);
    decision.body = DECISION_CALL_RELEASE;
    CU_ASSERT_EQUAL(decision_invokes_outstanding(&decision), 0);
}

static void what_is_stored_comes_back_field_by_field(void)
{
    const struct decision stored = {
        .primitive = DECISION_CONTINUE,
        .dialogue = DECISION_DIALOGUE_ACCEPTED,
        .body = DECISION_CALL_START,
        .context = CAP_AC_V2_GSMSSF,
        .kind = SERVICE_FINAL,
        .result = SERVICE_NO_CREDIT,
        .code = 21,
        .problem_kind = 0x81,
        .invoke_id = -2,
        .answers_invoke_id = -3,
        .flags = DECISION_TERMINATING | DECISION_LAST_SLICE,
        .slice_100ms = 0x01020304,
    };
    struct decision loaded = {0};
    uint8_t octets[DECISION_STORED_OCTETS];
    struct bytes_writer w = bytes_writer_of(octets, octets + sizeof(octets));
    decision_store(&w, &stored);
    CU_ASSERT_FALSE(w.failed);
    CU_ASSERT_EQUAL(bytes_writer_length(&w), DECISION_STORED_OCTETS);
    struct bytes_reader r = bytes_reader_of(octets, octets + sizeof(octets));
    decision_load(&r, &loaded);
    CU_ASSERT_FALSE(r.failed);
    CU_ASSERT_EQUAL(loaded.primitive, stored.primitive);
    CU_ASSERT_EQUAL(loaded.dialogue, stored.dialogue);
    CU_ASSERT_EQUAL(loaded.body, stored.body);
    CU_ASSERT_EQUAL(loaded.context, stored.context);
    CU_ASSERT_EQUAL(loaded.kind, stored.kind);
    CU_ASSERT_EQUAL(loaded.result, stored.result);
    CU_ASSERT_EQUAL(loaded.code, stored.code);
    CU_ASSERT_EQUAL(loaded.problem_kind, stored.problem_kind);
    CU_ASSERT_EQUAL(loaded.invoke_id, stored.invoke_id);
    CU_ASSERT_EQUAL(loaded.answers_invoke_id, stored.answers_invoke_id);
    CU_ASSERT_EQUAL(loaded.flags, stored.flags);
    CU_ASSERT_EQUAL(loaded.slice_100ms, stored.slice_100ms);
}

UNIT_TESTS = {
    UNIT(what_is_stored_comes_back_field_by_field),
    UNIT(release_call_gives_the_octets_of_a_live_network),
    UNIT(a_grant_gives_the_octets_of_a_live_network),
    UNIT(the_last_slice_asks_for_the_release_in_the_form_of_its_phase),
    UNIT(errors_carry_the_parameter_that_the_standard_demands),
    UNIT(a_reject_names_the_invoke_and_its_problem),
    UNIT(operations_without_argument_are_bare_invokes),
    UNIT(every_body_fits_and_a_shorter_room_is_told),
    UNIT(outstanding_invokes_are_those_that_may_be_answered_by_an_error),
};
UNIT_MAIN("responder/core/decision")
