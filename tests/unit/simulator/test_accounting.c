/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "simulator/core/accounting.h"

#include <string.h>

#include "sigtran/base/random.h"
#include "tests/unit/unit.h"

static struct request_record record_of(enum request_kind kind, enum request_outcome outcome)
{
    return (struct request_record){.kind = (uint8_t)kind,
                                   .outcome = (uint8_t)outcome,
                                   .attempts = 1,
                                   .sent_ns = 0,
                                   .reply_ns = REQUEST_TIME_NONE};
}

static void every_outcome_is_counted_in_its_place(void)
{
    struct accounting a;
    char text[200];
    CU_ASSERT_EQUAL_FATAL(accounting_create(&a, 2, 3), P7_OK);
    for (int outcome = 0; outcome < OUTCOME_COUNT; outcome++) {
        accounting_due(&a, REQUEST_INITIAL, 1, 2);
        struct request_record r = record_of(REQUEST_INITIAL, (enum request_outcome)outcome);
        r.flow = 1;
        r.target = 2;
        accounting_complete(&a, &r);
    }
    const struct accounting_counts expected = {
        .due = 4, .ok = 1, .error = 1, .timeout = 1, .unanswered = 1};
    CU_ASSERT_EQUAL(memcmp(&a.total, &expected, sizeof(expected)), 0);
    CU_ASSERT_EQUAL(memcmp(&a.kinds[REQUEST_INITIAL], &expected, sizeof(expected)), 0);
    CU_ASSERT_EQUAL(memcmp(&a.flows[1], &expected, sizeof(expected)), 0);
    CU_ASSERT_EQUAL(memcmp(&a.targets[2], &expected, sizeof(expected)), 0);
    CU_ASSERT_EQUAL(a.targets[0].due, 0);
    CU_ASSERT_TRUE(accounting_check(&a, 0, text, sizeof(text)));
    CU_ASSERT_STRING_EQUAL(text, "");
    accounting_destroy(&a);
}

static void flags_and_attempts_of_a_record_are_counted(void)
{
    struct accounting a;
    CU_ASSERT_EQUAL_FATAL(accounting_create(&a, 1, 1), P7_OK);
    struct request_record r = record_of(REQUEST_FINAL, OUTCOME_OK);
    r.attempts = 3;
    r.flags = REQUEST_FLAG_NO_CREDIT | REQUEST_FLAG_BLOCKED;
    accounting_due(&a, REQUEST_FINAL, 0, 0);
    accounting_complete(&a, &r);
    r = record_of(REQUEST_FINAL, OUTCOME_TIMEOUT);
    r.flags = REQUEST_FLAG_LATE;
    accounting_due(&a, REQUEST_FINAL, 0, 0);
    accounting_complete(&a, &r);
    r = record_of(REQUEST_FINAL, OUTCOME_ERROR);
    r.attempts = 0; /* not sendable: no retransmission of nothing */
    accounting_due(&a, REQUEST_FINAL, 0, 0);
    accounting_complete(&a, &r);
    accounting_duplicate_reply(&a, REQUEST_FINAL, 0, 0);
    accounting_late(&a, REQUEST_FINAL, 0, 0);
    CU_ASSERT_EQUAL(a.total.retransmissions, 2);
    CU_ASSERT_EQUAL(a.total.no_credit, 1);
    CU_ASSERT_EQUAL(a.total.blocked, 1);
    CU_ASSERT_EQUAL(a.total.late, 2);
    CU_ASSERT_EQUAL(a.total.duplicate_replies, 1);
    accounting_destroy(&a);
}

static void the_identity_holds_at_every_step_with_the_open_requests(void)
{
    struct accounting a;
    char text[200];
    CU_ASSERT_EQUAL_FATAL(accounting_create(&a, 3, 4), P7_OK);
    struct random_state random;
    random_seed(&random, 1);
    struct request_record open[500];
    uint64_t open_count = 0;
    for (int step = 0; step < 5000; step++) {
        if (open_count < 500 && random_below(&random, 2) == 0) {
            struct request_record r =
                record_of((enum request_kind)random_below(&random, REQUEST_KIND_COUNT),
                          (enum request_outcome)random_below(&random, OUTCOME_COUNT));
            r.flow = (uint16_t)random_below(&random, 3);
            r.target = (uint16_t)random_below(&random, 4);
            r.attempts = (uint8_t)random_below(&random, 4);
            accounting_due(&a, (enum request_kind)r.kind, r.flow, r.target);
            open[open_count++] = r;
        } else if (open_count > 0) {
            const uint64_t victim = random_below(&random, open_count);
            accounting_complete(&a, &open[victim]);
            open[victim] = open[--open_count];
        }
        CU_ASSERT_TRUE_FATAL(accounting_check(&a, open_count, text, sizeof(text)));
        CU_ASSERT_EQUAL_FATAL(accounting_open(&a.total), open_count);
        CU_ASSERT_FALSE_FATAL(accounting_check(&a, open_count + 1, text, sizeof(text)));
    }
    accounting_destroy(&a);
}

static void a_breach_is_named(void)
{
    struct accounting a;
    char text[200];
    CU_ASSERT_EQUAL_FATAL(accounting_create(&a, 1, 2), P7_OK);
    accounting_due(&a, REQUEST_ONESHOT, 0, 0);
    CU_ASSERT_FALSE(accounting_check(&a, 0, text, sizeof(text)));
    CU_ASSERT_STRING_EQUAL(text, "due 1 is not ok 0 + error 0 + timeout 0 + unanswered 0 + open 0");
    /* Due for one target, completed for another. */
    struct request_record r = record_of(REQUEST_ONESHOT, OUTCOME_OK);
    r.target = 1;
    accounting_complete(&a, &r);
    CU_ASSERT_FALSE(accounting_check(&a, 0, text, sizeof(text)));
    CU_ASSERT_STRING_EQUAL(text, "target 1 has 1 requests completed, but only 0 were due");
    a.kinds[REQUEST_EVENT].late = 1;
    CU_ASSERT_FALSE(accounting_check(&a, 0, text, sizeof(text)));
    CU_ASSERT_STRING_EQUAL(text, "kind: late sums up to 1, the total is 0");
    CU_ASSERT_FALSE(accounting_check(&a, 0, NULL, 0));
    accounting_destroy(&a);
}

static void merged_threads_count_as_one(void)
{
    struct accounting a;
    struct accounting b;
    char text[200];
    CU_ASSERT_EQUAL_FATAL(accounting_create(&a, 2, 2), P7_OK);
    CU_ASSERT_EQUAL_FATAL(accounting_create(&b, 2, 2), P7_OK);
    const struct request_record r = record_of(REQUEST_EVENT, OUTCOME_OK);
    accounting_due(&a, REQUEST_EVENT, 0, 0);
    accounting_complete(&a, &r);
    accounting_due(&b, REQUEST_EVENT, 0, 0);
    accounting_due(&b, REQUEST_EVENT, 1, 1);
    accounting_complete(&b, &r);
    accounting_merge(&a, &b);
    CU_ASSERT_EQUAL(a.total.due, 3);
    CU_ASSERT_EQUAL(a.kinds[REQUEST_EVENT].ok, 2);
    CU_ASSERT_EQUAL(a.flows[0].ok, 2);
    CU_ASSERT_EQUAL(accounting_open(&a.targets[1]), 1);
    CU_ASSERT_TRUE(accounting_check(&a, 1, text, sizeof(text)));
    accounting_destroy(&a);
    accounting_destroy(&b);
}

static void impossible_sizes_are_refused(void)
{
    struct accounting a;
    CU_ASSERT_EQUAL(accounting_create(&a, 0, 1), P7_RANGE);
    CU_ASSERT_EQUAL(accounting_create(&a, 1, 0), P7_RANGE);
    CU_ASSERT_EQUAL(accounting_create(&a, ACCOUNTING_FLOWS_MAX + 1, 1), P7_RANGE);
    CU_ASSERT_EQUAL(accounting_create(&a, 1, ACCOUNTING_TARGETS_MAX + 1), P7_RANGE);
    accounting_destroy(&a);
}

UNIT_TESTS = {
    UNIT(every_outcome_is_counted_in_its_place),
    UNIT(flags_and_attempts_of_a_record_are_counted),
    UNIT(the_identity_holds_at_every_step_with_the_open_requests),
    UNIT(a_breach_is_named),
    UNIT(merged_threads_count_as_one),
    UNIT(impossible_sizes_are_refused),
};
UNIT_MAIN("accounting")
