/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "sigtran/base/status.h"

#include <string.h>

#include "tests/unit/unit.h"

static void every_status_has_a_name_and_a_sentence_of_its_own(void)
{
    for (int i = 0; i < P7_STATUS_COUNT; i++) {
        CU_ASSERT_PTR_NOT_NULL_FATAL(p7_status_name((enum p7_status)i));
        CU_ASSERT_EQUAL(strncmp(p7_status_name((enum p7_status)i), "P7_", 3), 0);
        for (int j = 0; j < i; j++) {
            CU_ASSERT_STRING_NOT_EQUAL(p7_status_text((enum p7_status)i),
                                       p7_status_text((enum p7_status)j));
            CU_ASSERT_STRING_NOT_EQUAL(p7_status_name((enum p7_status)i),
                                       p7_status_name((enum p7_status)j));
        }
    }
}

static void success_is_zero_so_that_a_zeroed_result_is_one(void)
{
    CU_ASSERT_EQUAL((int)P7_OK, 0);
    CU_ASSERT_STRING_EQUAL(p7_status_name(P7_OK), "P7_OK");
    CU_ASSERT_STRING_EQUAL(p7_status_text(P7_NOT_FOUND), "no such entry");
}

static void a_value_out_of_range_is_called_unknown(void)
{
    const int strange[] = {-1, P7_STATUS_COUNT, 1 << 30};
    for (size_t i = 0; i < sizeof(strange) / sizeof(strange[0]); i++) {
        enum p7_status status;
        memcpy(&status, &strange[i], sizeof(status));
        CU_ASSERT_STRING_EQUAL(p7_status_text(status), "unknown status");
        CU_ASSERT_STRING_EQUAL(p7_status_name(status), "P7_UNKNOWN");
    }
}

UNIT_TESTS = {
    UNIT(every_status_has_a_name_and_a_sentence_of_its_own),
    UNIT(success_is_zero_so_that_a_zeroed_result_is_one),
    UNIT(a_value_out_of_range_is_called_unknown),
};
UNIT_MAIN("status")
