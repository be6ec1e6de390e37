/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "sigtran/codec/ber.h"

#include "tests/unit/unit.h"

static void an_integer_round_trips_in_its_shortest_form(void)
{
    static const struct {
        int64_t value;
        size_t octets;
    } cases[] = {{0, 1},     {1, 1},         {127, 1},      {128, 2},   {-1, 1},
                 {-128, 1},  {-129, 2},      {255, 2},      {32767, 2}, {32768, 3},
                 {65536, 3}, {INT64_MAX, 8}, {INT64_MIN, 8}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint8_t buffer[16];
        struct bytes_writer w = bytes_writer_of(buffer, buffer + sizeof(buffer));
        ber_write_integer(&w, BER_TAG_INTEGER, cases[i].value);
        CU_ASSERT_EQUAL(bytes_writer_length(&w), 2 + cases[i].octets);
        struct bytes_reader r = bytes_reader_of(buffer, w.at);
        struct ber_element e;
        int64_t back;
        CU_ASSERT_EQUAL_FATAL(ber_expect(&r, BER_TAG_INTEGER, &e), P7_OK);
        CU_ASSERT_EQUAL(ber_integer(e.content, &back), P7_OK);
        CU_ASSERT_EQUAL(back, cases[i].value);
    }
}

static void a_constructed_element_gets_the_shortest_length_whatever_it_holds(void)
{
    static const size_t sizes[] = {0, 1, 125, 126, 127, 128, 253, 254, 255, 256, 65533, 65536};
    static uint8_t buffer[70000];
    static uint8_t content[65536];
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        struct bytes_writer w = bytes_writer_of(buffer, buffer + sizeof(buffer));
        const size_t outer = ber_open(&w, 0xbf34);
        const size_t inner = ber_open(&w, BER_TAG_SEQUENCE);
        bytes_write(&w, bytes_of(content, sizes[i]));
        ber_close(&w, inner);
        ber_close(&w, outer);
        CU_ASSERT_FALSE_FATAL(w.failed);
        struct bytes_reader r = bytes_reader_of(buffer, w.at);
        struct ber_element e;
        CU_ASSERT_EQUAL_FATAL(ber_expect(&r, 0xbf34, &e), P7_OK);
        CU_ASSERT_TRUE(e.constructed);
        CU_ASSERT_EQUAL(e.whole.length, bytes_writer_length(&w));
        struct bytes_reader in = ber_inside(&e);
        CU_ASSERT_EQUAL_FATAL(ber_expect(&in, BER_TAG_SEQUENCE, &e), P7_OK);
        CU_ASSERT_EQUAL(e.content.length, sizes[i]);
        CU_ASSERT_EQUAL(ber_next(&in, &e), P7_NOT_FOUND);
    }
}

static void an_indefinite_length_ends_at_its_end_of_contents(void)
{
    uint8_t in[64];
    const size_t n = unit_hex("6c80 a180 0201010000 0000 0500", in, sizeof(in));
    struct bytes_reader r = bytes_reader_of(in, in + n);
    struct ber_element e;
    CU_ASSERT_EQUAL_FATAL(ber_expect(&r, 0x6c, &e), P7_OK);
    CU_ASSERT_EQUAL(e.content.length, 7);
    CU_ASSERT_EQUAL(ber_expect(&r, BER_TAG_NULL, &e), P7_OK);
}

static void what_the_rules_forbid_is_refused_and_the_reader_stays(void)
{
    static const struct {
        const char *hex;
        enum p7_status status;
    } cases[] = {
        {"", P7_NOT_FOUND},          {"30", P7_TRUNCATED},
        {"3002 00", P7_TRUNCATED},   {"3081", P7_TRUNCATED},
        {"30ff", P7_MALFORMED},      {"0480 0000", P7_MALFORMED},
        {"1f", P7_TRUNCATED},        {"1f8181 01 00", P7_RANGE},
        {"3080 0000", P7_OK},        {"3080", P7_TRUNCATED},
        {"3080 0401", P7_TRUNCATED}, {"308901000000000000000000", P7_TRUNCATED},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint8_t in[64];
        const size_t n = unit_hex(cases[i].hex, in, sizeof(in));
        struct bytes_reader r = bytes_reader_of(in, in + n);
        struct ber_element e;
        CU_ASSERT_EQUAL(ber_next(&r, &e), cases[i].status);
        CU_ASSERT_EQUAL(r.at == in, cases[i].status != P7_OK);
    }
}

static void nesting_beyond_the_limit_is_refused_not_followed(void)
{
    uint8_t in[200];
    for (size_t i = 0; i < sizeof(in); i += 2) {
        in[i] = 0x30;
        in[i + 1] = 0x80;
    }
    struct bytes_reader r = bytes_reader_of(in, in + sizeof(in));
    struct ber_element e;
    CU_ASSERT_EQUAL(ber_next(&r, &e), P7_RANGE);
}

static void a_writer_that_is_full_stays_failed(void)
{
    uint8_t buffer[4];
    struct bytes_writer w = bytes_writer_of(buffer, buffer + sizeof(buffer));
    const size_t mark = ber_open(&w, BER_TAG_SEQUENCE);
    bytes_write_u32be(&w, 1);
    bytes_write_u8(&w, 1);
    ber_close(&w, mark);
    CU_ASSERT_TRUE(w.failed);
}

/* X.690-8.1.3: however many octets a length takes, the element is the same; short ones take a
 * path of their own. */
static void a_length_may_be_written_in_any_number_of_octets(void)
{
    static uint8_t in[300];
    for (size_t length = 0; length < 256; length++) {
        for (size_t octets = length < 0x80 ? 0 : 1; octets <= 3; octets++) {
            struct bytes_writer w = bytes_writer_of(in, in + sizeof(in));
            bytes_write_u8(&w, BER_TAG_OCTET_STRING);
            if (octets > 0)
                bytes_write_u8(&w, (uint8_t)(0x80u | octets));
            for (size_t i = 1; i < octets; i++)
                bytes_write_u8(&w, 0);
            bytes_write_u8(&w, (uint8_t)length);
            const uint8_t *content = w.at;
            CU_ASSERT_PTR_NOT_NULL(bytes_reserve(&w, length));
            struct ber_element e;
            struct bytes_reader r = bytes_reader_of(in, w.at);
            CU_ASSERT_EQUAL_FATAL(ber_next(&r, &e), P7_OK);
            CU_ASSERT_EQUAL(e.tag, BER_TAG_OCTET_STRING);
            CU_ASSERT_FALSE(e.constructed);
            CU_ASSERT_PTR_EQUAL(e.content.data, content);
            CU_ASSERT_EQUAL(e.content.length, length);
            CU_ASSERT_EQUAL(e.whole.length, bytes_writer_length(&w));
            CU_ASSERT_PTR_EQUAL(r.at, w.at);
            for (const uint8_t *end = in + 1; end < w.at; end++) {
                r = bytes_reader_of(in, end);
                CU_ASSERT_EQUAL(ber_next(&r, &e), P7_TRUNCATED);
                CU_ASSERT_PTR_EQUAL(r.at, in);
            }
        }
    }
}

UNIT_TESTS = {
    UNIT(a_length_may_be_written_in_any_number_of_octets),
    UNIT(an_integer_round_trips_in_its_shortest_form),
    UNIT(a_constructed_element_gets_the_shortest_length_whatever_it_holds),
    UNIT(an_indefinite_length_ends_at_its_end_of_contents),
    UNIT(what_the_rules_forbid_is_refused_and_the_reader_stays),
    UNIT(nesting_beyond_the_limit_is_refused_not_followed),
    UNIT(a_writer_that_is_full_stays_failed),
};
UNIT_MAIN("ber")
