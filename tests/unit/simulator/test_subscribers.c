/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "simulator/core/subscribers.h"

#include <string.h>

#include "tests/unit/unit.h"

static void a_range_counts_both_numbers_up_and_keeps_their_length(void)
{
    struct subscribers s;
    struct subscriber one;
    CU_ASSERT_EQUAL_FATAL(subscribers_range(&s, "46701000095", "240070000000095", 10), P7_OK);
    subscribers_at(&s, 0, &one);
    CU_ASSERT_STRING_EQUAL(one.msisdn, "46701000095");
    subscribers_at(&s, 9, &one);
    CU_ASSERT_STRING_EQUAL(one.msisdn, "46701000104");
    CU_ASSERT_STRING_EQUAL(one.imsi, "240070000000104");
}

static void a_range_that_would_outgrow_its_digits_is_refused(void)
{
    struct subscribers s;
    CU_ASSERT_EQUAL(subscribers_range(&s, "95", "10000", 5), P7_OK);
    CU_ASSERT_EQUAL(subscribers_range(&s, "95", "10000", 6), P7_RANGE);
    CU_ASSERT_EQUAL(subscribers_range(&s, "95", "10000", 0), P7_RANGE);
    CU_ASSERT_EQUAL(subscribers_range(&s, "9x", "10000", 1), P7_RANGE);
    CU_ASSERT_EQUAL(subscribers_range(&s, "", "10000", 1), P7_RANGE);
}

static void a_list_gives_back_what_its_lines_said(void)
{
    struct subscribers s;
    struct subscriber one;
    struct subscribers_problem problem;
    subscribers_empty(&s);
    CU_ASSERT_EQUAL(subscribers_append(&s, "46701000001, 240070000000001\r\n", &problem), P7_OK);
    CU_ASSERT_EQUAL(subscribers_append(&s, "46701000002\n", &problem), P7_OK);
    for (unsigned i = 0; i < 3000; i++)
        CU_ASSERT_EQUAL(subscribers_append(&s, "1,24007", &problem), P7_OK);
    CU_ASSERT_EQUAL(s.count, 3002);
    subscribers_at(&s, 0, &one);
    CU_ASSERT_STRING_EQUAL(one.imsi, "240070000000001");
    subscribers_at(&s, 1, &one);
    CU_ASSERT_STRING_EQUAL(one.imsi, "46701000002");
    subscribers_free(&s);
}

static void a_line_that_is_no_subscriber_is_refused(void)
{
    static const char *const lines[] = {"",       ",",
                                        "abc,1",  "1,abc",
                                        "1 2,3",  "1,2400700000000012",
                                        "1,2400", "123456789012345678901234567890123,1"};
    struct subscribers s;
    struct subscribers_problem problem;
    subscribers_empty(&s);
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
        CU_ASSERT_EQUAL(subscribers_append(&s, lines[i], &problem), P7_MALFORMED);
    CU_ASSERT_EQUAL(s.count, 0);
}

static void a_header_names_the_columns_in_any_order(void)
{
    struct subscribers s;
    struct subscriber one;
    struct subscribers_problem problem;
    subscribers_empty(&s);
    CU_ASSERT_EQUAL(subscribers_append(&s, "region, imsi ,msisdn\n", &problem), P7_OK);
    CU_ASSERT_EQUAL(s.count, 0);
    CU_ASSERT_EQUAL(subscribers_append(&s, "north,240070000000001,46701\n", &problem), P7_OK);
    CU_ASSERT_EQUAL(subscribers_append(&s, ",,467020\n", &problem), P7_OK);
    CU_ASSERT_EQUAL(s.count, 2);
    subscribers_at(&s, 0, &one);
    CU_ASSERT_STRING_EQUAL(one.msisdn, "46701");
    CU_ASSERT_STRING_EQUAL(one.imsi, "240070000000001");
    CU_ASSERT_STRING_EQUAL(subscribers_cell(&s, 0, subscribers_column(&s, "region")), "north");
    subscribers_at(&s, 1, &one);
    CU_ASSERT_STRING_EQUAL(one.imsi, "467020");
    CU_ASSERT_EQUAL(subscribers_column(&s, "south"), SUBSCRIBERS_NO_COLUMN);
    CU_ASSERT_EQUAL(subscribers_line(&s, 1), 3);
    subscribers_free(&s);
}

static void a_line_that_does_not_fit_its_header_is_told_by_column(void)
{
    static const struct {
        const char *header;
        const char *line;
        uint32_t column;
    } cases[] = {
        {"msisdn,a,a", NULL, 3},
        {"msisdn,,a", NULL, 2},
        {"a,msisdn,imsi", "x,46701", 0},
        {"a,msisdn,imsi", "x,4670x,24001", 2},
        {"a,msisdn,imsi", "x,46701,2400x", 3},
        {"a,msisdn", "\"x\",46701", 1},
        {"a,msisdn", "x,46701,", 0},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct subscribers s;
        struct subscribers_problem problem;
        subscribers_empty(&s);
        enum p7_status status = subscribers_append(&s, cases[i].header, &problem);
        if (cases[i].line != NULL) {
            CU_ASSERT_EQUAL(status, P7_OK);
            status = subscribers_append(&s, cases[i].line, &problem);
        }
        CU_ASSERT_EQUAL(status, P7_MALFORMED);
        CU_ASSERT_EQUAL(problem.column, cases[i].column);
        CU_ASSERT_NOT_EQUAL(problem.text[0], '\0');
        subscribers_free(&s);
    }
}

UNIT_TESTS = {
    UNIT(a_range_counts_both_numbers_up_and_keeps_their_length),
    UNIT(a_range_that_would_outgrow_its_digits_is_refused),
    UNIT(a_list_gives_back_what_its_lines_said),
    UNIT(a_line_that_is_no_subscriber_is_refused),
    UNIT(a_header_names_the_columns_in_any_order),
    UNIT(a_line_that_does_not_fit_its_header_is_told_by_column),
};
UNIT_MAIN("subscribers")
