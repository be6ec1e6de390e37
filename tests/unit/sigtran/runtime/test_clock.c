/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "sigtran/runtime/clock.h"

#include "tests/unit/unit.h"

static void the_monotonic_clock_does_not_go_back(void)
{
    int64_t before_ns = clock_monotonic_ns();
    for (uint32_t i = 0; i < 1000; i++) {
        const int64_t now_ns = clock_monotonic_ns();
        CU_ASSERT_TRUE(now_ns >= before_ns);
        before_ns = now_ns;
    }
    CU_ASSERT_TRUE(clock_process_cpu_ns() > 0);
}

static void labels_are_iso_8601_in_utc(void)
{
    char text[CLOCK_TEXT_OCTETS];
    const int64_t wall_ns = INT64_C(1795230401) * CLOCK_NS_PER_S + INT64_C(123999999);
    CU_ASSERT_STRING_EQUAL(clock_wall_text(wall_ns, text, sizeof(text)),
                           "2026-11-21T03:06:41.123Z");
    CU_ASSERT_STRING_EQUAL(clock_wall_label(wall_ns, text, sizeof(text)), "20261121-030641");
    CU_ASSERT_STRING_EQUAL(clock_wall_text(0, text, sizeof(text)), "1970-01-01T00:00:00.000Z");
    CU_ASSERT_STRING_EQUAL(clock_wall_text(-1, text, sizeof(text)), "1969-12-31T23:59:59.999Z");
}

static void a_label_without_room_is_cut_and_ended(void)
{
    char text[8] = "xxxxxxx";
    (void)clock_wall_label(0, text, 5);
    CU_ASSERT_STRING_EQUAL(text, "1970");
}

UNIT_TESTS = {
    UNIT(the_monotonic_clock_does_not_go_back),
    UNIT(labels_are_iso_8601_in_utc),
    UNIT(a_label_without_room_is_cut_and_ended),
};
UNIT_MAIN("clock")
