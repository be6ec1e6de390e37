/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "sigtran/base/point_code.h"

#include "tests/unit/unit.h"

#define PARSES(format, text, expected)                                                             \
    do {                                                                                           \
        uint32_t pc = 0;                                                                           \
        CU_ASSERT_EQUAL(point_code_parse(&(format), text, &pc), P7_OK);                            \
        CU_ASSERT_EQUAL(pc, expected);                                                             \
    } while (0)
#define REFUSES(format, text, status)                                                              \
    do {                                                                                           \
        uint32_t pc = 0;                                                                           \
        CU_ASSERT_EQUAL(point_code_parse(&(format), text, &pc), status);                           \
    } while (0)
#define WRITES(format, pc, text) CU_ASSERT_STRING_EQUAL(point_code_text(&(format), pc, dst), text)

static const struct point_code_format ansi = {.bits = {8, 8, 8}, .delimiter = '-'};
static const struct point_code_format two = {.bits = {7, 7}, .delimiter = '.'};

/* Q.704-14.2.2 */
static void an_itu_point_code_is_three_numbers_of_3_8_and_3_bits(void)
{
    const struct point_code_format itu = point_code_format_itu();
    char dst[POINT_CODE_TEXT_OCTETS];
    PARSES(itu, "1.2.3", (1u << 11) | (2u << 3) | 3u);
    PARSES(itu, "7-255-7", 16383);
    PARSES(itu, "16383", 16383);
    PARSES(itu, "0", 0);
    REFUSES(itu, "16384", P7_RANGE);
    REFUSES(itu, "8.0.0", P7_RANGE);
    REFUSES(itu, "0.256.0", P7_RANGE);
    WRITES(itu, (1u << 11) | (2u << 3) | 3u, "1.2.3");
    CU_ASSERT_EQUAL(point_code_max(&itu), 16383);
}

static void an_ansi_point_code_is_three_octets(void)
{
    char dst[POINT_CODE_TEXT_OCTETS];
    PARSES(ansi, "5-9-17", 0x050911);
    PARSES(ansi, "16777215", 0xffffff);
    REFUSES(ansi, "16777216", P7_RANGE);
    WRITES(ansi, 0x050911, "5-9-17");
    WRITES(ansi, 0xffffff, "255-255-255");
}

static void a_format_may_have_fewer_parts_and_all_are_to_be_given(void)
{
    const struct point_code_format one = {.bits = {14}, .delimiter = '.'};
    char dst[POINT_CODE_TEXT_OCTETS];
    PARSES(two, "127.1", (127u << 7) | 1u);
    REFUSES(two, "1.1.1", P7_MALFORMED);
    WRITES(two, 129, "1.1");
    PARSES(one, "4711", 4711);
    REFUSES(one, "1.1", P7_MALFORMED);
    WRITES(one, 4711, "4711");
}

static void what_is_no_point_code_is_refused(void)
{
    REFUSES(two, "", P7_MALFORMED);
    REFUSES(two, "1.", P7_MALFORMED);
    REFUSES(two, ".1", P7_MALFORMED);
    REFUSES(two, "1.1x", P7_MALFORMED);
    REFUSES(two, "-1", P7_MALFORMED);
    REFUSES(two, "1.1.1.1", P7_MALFORMED);
    REFUSES(two, "99999999999999999999", P7_RANGE);
}

static void bits_beyond_the_format_are_shown(void)
{
    const struct point_code_format itu = point_code_format_itu();
    char dst[POINT_CODE_TEXT_OCTETS];
    WRITES(itu, 0xffffff, "8191.255.7");
    WRITES(two, UINT32_MAX, "33554431.127");
}

static void a_format_has_one_to_three_parts_and_24_bits_in_all(void)
{
    const struct point_code_format none = {.delimiter = '.'};
    const struct point_code_format gap = {.bits = {8, 0, 8}, .delimiter = '.'};
    const struct point_code_format wide = {.bits = {8, 8, 9}, .delimiter = '.'};
    CU_ASSERT_EQUAL(point_code_format_check(&ansi), P7_OK);
    CU_ASSERT_EQUAL(point_code_format_check(&two), P7_OK);
    CU_ASSERT_EQUAL(point_code_format_check(&none), P7_RANGE);
    CU_ASSERT_EQUAL(point_code_format_check(&gap), P7_RANGE);
    CU_ASSERT_EQUAL(point_code_format_check(&wide), P7_RANGE);
}

UNIT_TESTS = {
    UNIT(an_itu_point_code_is_three_numbers_of_3_8_and_3_bits),
    UNIT(an_ansi_point_code_is_three_octets),
    UNIT(a_format_may_have_fewer_parts_and_all_are_to_be_given),
    UNIT(what_is_no_point_code_is_refused),
    UNIT(bits_beyond_the_format_are_shown),
    UNIT(a_format_has_one_to_three_parts_and_24_bits_in_all),
};
UNIT_MAIN("point_code")
