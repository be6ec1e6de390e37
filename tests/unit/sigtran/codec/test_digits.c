/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "sigtran/codec/digits.h"

#include "tests/unit/unit.h"

static void check_bcd(const char *text, const char *hex)
{
    uint8_t expected[32];
    uint8_t packed[32];
    char back[DIGITS_TEXT_OCTETS];
    const size_t n = unit_hex(hex, expected, sizeof(expected));
    struct bytes_writer w = bytes_writer_of(packed, packed + sizeof(packed));
    CU_ASSERT_EQUAL(digits_write_bcd(&w, text), P7_OK);
    const struct bytes out = bytes_of(packed, bytes_writer_length(&w));
    CU_ASSERT_TRUE(bytes_equal(out, bytes_of(expected, n)));
    CU_ASSERT_EQUAL(digits_from_bcd(out, (strlen(text) & 1u) != 0, back), P7_OK);
    CU_ASSERT_STRING_EQUAL(back, text);
}

static void bcd_digits_pack_low_half_first_with_filler_0(void) /* Q.713-3.4.2.3 */
{
    check_bcd("", "");
    check_bcd("7", "07");
    check_bcd("49", "94");
    check_bcd("84980200631", "488920003601");
    check_bcd("0123456789abcdef", "1032547698badcfe");
    check_bcd("12345678901234567890123456789012", "21436587092143658709214365870921");
}

static void check_tbcd(const char *text, const char *hex)
{
    uint8_t expected[32];
    uint8_t packed[32];
    char back[DIGITS_TEXT_OCTETS];
    const size_t n = unit_hex(hex, expected, sizeof(expected));
    struct bytes_writer w = bytes_writer_of(packed, packed + sizeof(packed));
    CU_ASSERT_EQUAL(digits_write_tbcd(&w, text), P7_OK);
    const struct bytes out = bytes_of(packed, bytes_writer_length(&w));
    CU_ASSERT_TRUE(bytes_equal(out, bytes_of(expected, n)));
    CU_ASSERT_EQUAL(digits_from_tbcd(out, back), P7_OK);
    CU_ASSERT_STRING_EQUAL(back, text);
}

static void tbcd_digits_have_filler_f(void) /* TS29.002-17.7.8 */
{
    check_tbcd("", "");
    check_tbcd("1", "f1");
    check_tbcd("001010000000001", "00010100000000f1");
    check_tbcd("0123456789*#abc", "1032547698badcfe");
}

static void upper_case_letters_are_read(void)
{
    uint8_t packed[4];
    struct bytes_writer w = bytes_writer_of(packed, packed + sizeof(packed));
    CU_ASSERT_EQUAL(digits_write_bcd(&w, "AF"), P7_OK);
    CU_ASSERT_EQUAL(packed[0], 0xfa);
}

static void an_odd_count_drops_the_filler_whatever_it_is(void)
{
    static const uint8_t packed[] = {0x21, 0xf3};
    char text[DIGITS_TEXT_OCTETS];
    CU_ASSERT_EQUAL(digits_from_bcd(bytes_of(packed, 2), true, text), P7_OK);
    CU_ASSERT_STRING_EQUAL(text, "123");
    CU_ASSERT_EQUAL(digits_from_bcd(bytes_of(NULL, 0), true, text), P7_OK);
    CU_ASSERT_STRING_EQUAL(text, "");
}

static void a_filler_inside_of_a_tbcd_string_is_refused(void)
{
    static const uint8_t inside[] = {0xf1, 0x32};
    static const uint8_t low[] = {0x2f};
    static const uint8_t trailing[] = {0x21, 0xff, 0xff};
    char text[DIGITS_TEXT_OCTETS];
    CU_ASSERT_EQUAL(digits_from_tbcd(bytes_of(inside, 2), text), P7_MALFORMED);
    CU_ASSERT_EQUAL(digits_from_tbcd(bytes_of(low, 1), text), P7_MALFORMED);
    CU_ASSERT_EQUAL(digits_from_tbcd(bytes_of(trailing, 3), text), P7_OK);
    CU_ASSERT_STRING_EQUAL(text, "12");
}

static void more_digits_than_the_limit_are_refused(void)
{
    static const uint8_t packed[LIMIT_DIGITS / 2 + 1] = {0};
    static const char text[] = "123456789012345678901234567890123";
    uint8_t room[64];
    char back[DIGITS_TEXT_OCTETS];
    struct bytes_writer w = bytes_writer_of(room, room + sizeof(room));
    CU_ASSERT_EQUAL(digits_from_bcd(bytes_of(packed, sizeof(packed)), false, back), P7_RANGE);
    CU_ASSERT_EQUAL(digits_from_bcd(bytes_of(packed, sizeof(packed)), true, back), P7_RANGE);
    CU_ASSERT_EQUAL(digits_from_tbcd(bytes_of(packed, sizeof(packed)), back), P7_RANGE);
    CU_ASSERT_EQUAL(digits_write_bcd(&w, text), P7_RANGE);
    CU_ASSERT_EQUAL(digits_write_tbcd(&w, text), P7_RANGE);
    CU_ASSERT_EQUAL(bytes_writer_length(&w), 0);
}

static void what_is_no_digit_is_refused_and_nothing_is_written(void)
{
    static const char *const bcd[] = {"12g", "*1", "#", "1 2", "+49", "1/", "1:"};
    static const char *const tbcd[] = {"12d", "f", "1e", "g", "-"};
    uint8_t room[8];
    struct bytes_writer w = bytes_writer_of(room, room + sizeof(room));
    for (size_t i = 0; i < sizeof(bcd) / sizeof(bcd[0]); i++)
        CU_ASSERT_EQUAL(digits_write_bcd(&w, bcd[i]), P7_RANGE);
    for (size_t i = 0; i < sizeof(tbcd) / sizeof(tbcd[0]); i++)
        CU_ASSERT_EQUAL(digits_write_tbcd(&w, tbcd[i]), P7_RANGE);
    CU_ASSERT_EQUAL(bytes_writer_length(&w), 0);
}

static void a_full_writer_is_told(void)
{
    uint8_t room[2];
    struct bytes_writer w = bytes_writer_of(room, room + sizeof(room));
    CU_ASSERT_EQUAL(digits_write_bcd(&w, "12345"), P7_FULL);
}

UNIT_TESTS = {
    UNIT(bcd_digits_pack_low_half_first_with_filler_0),
    UNIT(tbcd_digits_have_filler_f),
    UNIT(upper_case_letters_are_read),
    UNIT(an_odd_count_drops_the_filler_whatever_it_is),
    UNIT(a_filler_inside_of_a_tbcd_string_is_refused),
    UNIT(more_digits_than_the_limit_are_refused),
    UNIT(what_is_no_digit_is_refused_and_nothing_is_written),
    UNIT(a_full_writer_is_told),
};
UNIT_MAIN("digits")
