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
    subscribers_empty(&s);
    CU_ASSERT_EQUAL(subscribers_append(&s, "46701000001, 240070000000001\r\n"), P7_OK);
    CU_ASSERT_EQUAL(subscribers_append(&s, "46701000002\n"), P7_OK);
    for (unsigned i = 0; i < 3000; i++)
        CU_ASSERT_EQUAL(subscribers_append(&s, "1,24007"), P7_OK);
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
    subscribers_empty(&s);
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
        CU_ASSERT_EQUAL(subscribers_append(&s, lines[i]), P7_MALFORMED);
    CU_ASSERT_EQUAL(s.count, 0);
}

UNIT_TESTS = {
    UNIT(a_range_counts_both_numbers_up_and_keeps_their_length),
    UNIT(a_range_that_would_outgrow_its_digits_is_refused),
    UNIT(a_list_gives_back_what_its_lines_said),
    UNIT(a_line_that_is_no_subscriber_is_refused),
};
UNIT_MAIN("subscribers")
