/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Errors have their cause in words, and are counted by it. */
#include <string.h>

#include "sigtran/codec/cap_operation.h"
#include "sigtran/codec/sccp.h"
#include "simulator/core/failures.h"
#include "tests/unit/unit.h"

static const char *text_of(struct failure_cause cause)
{
    static _Thread_local char text[FAILURES_TEXT_OCTETS];
    failure_text(cause, text, sizeof(text));
    return text;
}

/* Q.773-4.2.1: every cause that an ABORT can carry, and the two that a dialogue portion says. */
static void each_p_abort_cause_is_told_apart(void)
{
    static const struct {
        uint8_t cause;
        const char *text;
    } causes[] = {
        {TCAP_P_ABORT_UNRECOGNIZED_MESSAGE_TYPE, "p-abort: unrecognized message type"},
        {TCAP_P_ABORT_UNRECOGNIZED_TRANSACTION_ID, "p-abort: unrecognized transaction id"},
        {TCAP_P_ABORT_BADLY_FORMATTED_TP, "p-abort: badly formatted transaction portion"},
        {TCAP_P_ABORT_INCORRECT_TP, "p-abort: incorrect transaction portion"},
        {TCAP_P_ABORT_RESOURCE_LIMITATION, "p-abort: resource limitation"},
        {TCAP_P_ABORT_ABNORMAL_DIALOGUE, "p-abort: abnormal dialogue"},
        {TCAP_P_ABORT_NO_COMMON_DIALOGUE_PORTION, "p-abort: no common dialogue portion"},
    };
    for (size_t i = 0; i < sizeof(causes) / sizeof(causes[0]); i++)
        CU_ASSERT_STRING_EQUAL(
            text_of((struct failure_cause){REQUEST_FAILURE_P_ABORT, causes[i].cause}),
            causes[i].text);
}

/* Q.773-4.2.3 */
static void a_u_abort_says_why_in_its_dialogue_portion(void)
{
    static const uint8_t context[] = {4, 0, 0, 1, 0, 50, 1};
    const struct bytes oid = bytes_of(context, sizeof(context));
    struct tcap_message message = {.type = TCAP_ABORT};
    CU_ASSERT_STRING_EQUAL(text_of(failure_of_u_abort(&message)),
                           "u-abort: without a dialogue portion");
    message.dialogue = tcap_abrt_user();
    CU_ASSERT_STRING_EQUAL(text_of(failure_of_u_abort(&message)), "u-abort: by the peer's user");
    message.dialogue = tcap_aare_ac_not_supported(oid);
    CU_ASSERT_STRING_EQUAL(text_of(failure_of_u_abort(&message)),
                           "u-abort: application context name not supported");
    message.dialogue.diagnostic = TCAP_USER_NO_REASON_GIVEN;
    CU_ASSERT_STRING_EQUAL(text_of(failure_of_u_abort(&message)), "u-abort: no reason given");
    message.dialogue.pdu = TCAP_DIALOGUE_OTHER;
    CU_ASSERT_STRING_EQUAL(text_of(failure_of_u_abort(&message)),
                           "u-abort: in another abstract syntax");
    CU_ASSERT_STRING_EQUAL(text_of(failure_of_u_abort(NULL)),
                           "u-abort: without a dialogue portion");
}

static void components_that_refuse_have_their_standards_words(void)
{
    struct tcap_component error = tcap_return_error(1, CAP_ERROR_TASK_REFUSED);
    struct tcap_component reject = {.type = TCAP_REJECT,
                                    .problem_kind = TCAP_PROBLEM_INVOKE,
                                    .problem = TCAP_INVOKE_MISTYPED_PARAMETER};
    CU_ASSERT_STRING_EQUAL(text_of(failure_of_component(&error)), "return error taskRefused");
    error.code = 42;
    CU_ASSERT_STRING_EQUAL(text_of(failure_of_component(&error)), "return error 42");
    CU_ASSERT_STRING_EQUAL(text_of(failure_of_component(&reject)), "reject: mistyped parameter");
    reject.problem_kind = TCAP_PROBLEM_RETURN_ERROR;
    reject.problem = TCAP_RETURN_ERROR_UNEXPECTED_ERROR;
    CU_ASSERT_STRING_EQUAL(text_of(failure_of_component(&reject)), "reject: unexpected error");
    reject.problem = 15;
    CU_ASSERT_STRING_EQUAL(text_of(failure_of_component(&reject)), "reject: unknown problem");
}

static void no_text_breaks_a_row_of_a_csv_file(void)
{
    for (unsigned failure = 0; failure < 16; failure++)
        for (unsigned code = 0; code < 256; code++) {
            const char *text = text_of((struct failure_cause){(uint8_t)failure, (uint8_t)code});
            CU_ASSERT_PTR_NULL(strpbrk(text, ",\"\r\n"));
            CU_ASSERT_EQUAL(text[0] == '\0', failure == REQUEST_FAILURE_NONE);
        }
}

static void causes_are_counted_apart_and_more_than_fit_together(void)
{
    struct failures failures = {0};
    for (unsigned i = 0; i < FAILURES_MAX; i++)
        failures_count(&failures, (struct failure_cause){REQUEST_FAILURE_RELEASED, (uint8_t)i});
    failures_count(&failures, (struct failure_cause){REQUEST_FAILURE_RELEASED, 3});
    failures_count(&failures, (struct failure_cause){REQUEST_FAILURE_UNSENT, 0});
    CU_ASSERT_EQUAL(failures.count, FAILURES_MAX);
    CU_ASSERT_EQUAL(failures.entry[3].requests, 2);
    CU_ASSERT_EQUAL(failures.others, 1);
}

UNIT_TESTS = {
    UNIT(each_p_abort_cause_is_told_apart),
    UNIT(a_u_abort_says_why_in_its_dialogue_portion),
    UNIT(components_that_refuse_have_their_standards_words),
    UNIT(no_text_breaks_a_row_of_a_csv_file),
    UNIT(causes_are_counted_apart_and_more_than_fit_together),
};
UNIT_MAIN("failures")
