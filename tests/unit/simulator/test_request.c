/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "simulator/core/request.h"

#include <string.h>

#include "tests/unit/unit.h"

static void kinds_and_outcomes_have_the_names_that_files_show(void)
{
    CU_ASSERT_STRING_EQUAL(request_kind_name(REQUEST_ONESHOT), "oneshot");
    CU_ASSERT_STRING_EQUAL(request_kind_name(REQUEST_INITIAL), "initial");
    CU_ASSERT_STRING_EQUAL(request_kind_name(REQUEST_INTERIM), "interim");
    CU_ASSERT_STRING_EQUAL(request_kind_name(REQUEST_FINAL), "final");
    CU_ASSERT_STRING_EQUAL(request_kind_name(REQUEST_EVENT), "event");
    CU_ASSERT_STRING_EQUAL(request_outcome_name(OUTCOME_OK), "ok");
    CU_ASSERT_STRING_EQUAL(request_outcome_name(OUTCOME_ERROR), "error");
    CU_ASSERT_STRING_EQUAL(request_outcome_name(OUTCOME_TIMEOUT), "timeout");
    CU_ASSERT_STRING_EQUAL(request_outcome_name(OUTCOME_UNANSWERED), "unanswered");
}

static void values_out_of_range_are_called_unknown(void)
{
    CU_ASSERT_STRING_EQUAL(request_kind_name(REQUEST_KIND_COUNT), "unknown");
    CU_ASSERT_STRING_EQUAL(request_outcome_name(OUTCOME_COUNT), "unknown");
}

static void response_time_runs_from_due_so_that_no_stall_hides(void)
{
    const struct request_record record = {.due_ns = 100, .sent_ns = 5000, .reply_ns = 6000};
    CU_ASSERT_EQUAL(request_response_ns(&record), 5900);
}

UNIT_TESTS = {
    UNIT(kinds_and_outcomes_have_the_names_that_files_show),
    UNIT(values_out_of_range_are_called_unknown),
    UNIT(response_time_runs_from_due_so_that_no_stall_hides),
};
UNIT_MAIN("request")
