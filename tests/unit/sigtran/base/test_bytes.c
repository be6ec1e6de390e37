/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "sigtran/base/bytes.h"

#include <stdlib.h>

#include "sigtran/base/random.h"
#include "tests/unit/unit.h"

static void stores_and_loads_are_big_endian_at_every_alignment(void)
{
    static const uint8_t expected[] = {0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef};
    for (size_t shift = 0; shift < 8; shift++) {
        uint8_t buffer[16] = {0};
        uint8_t *p = buffer + shift;
        bytes_store_u64be(p, 0x0123456789abcdefULL);
        CU_ASSERT_EQUAL(memcmp(p, expected, 8), 0);
        CU_ASSERT_EQUAL(bytes_load_u64be(p), 0x0123456789abcdefULL);
        CU_ASSERT_EQUAL(bytes_load_u32be(p), 0x01234567u);
        CU_ASSERT_EQUAL(bytes_load_u24be(p), 0x012345u);
        CU_ASSERT_EQUAL(bytes_load_u16be(p), 0x0123u);
        bytes_store_u32be(p, 0xfedcba98u);
        CU_ASSERT_EQUAL(bytes_load_u32be(p), 0xfedcba98u);
        bytes_store_u16be(p, 0x8001u);
        CU_ASSERT_EQUAL(bytes_load_u16be(p), 0x8001u);
        CU_ASSERT_EQUAL(p[2], 0xba);
    }
}

static void a_load_of_any_length_agrees_with_the_fixed_ones(void)
{
    static const uint8_t p[] = {0xff, 0x80, 0x01, 0x7f, 0x00, 0xfe, 0x33, 0xcc};
    CU_ASSERT_EQUAL(bytes_load_be(p, 0), 0);
    CU_ASSERT_EQUAL(bytes_load_be(p, 1), 0xff);
    CU_ASSERT_EQUAL(bytes_load_be(p, 2), bytes_load_u16be(p));
    CU_ASSERT_EQUAL(bytes_load_be(p, 3), bytes_load_u24be(p));
    CU_ASSERT_EQUAL(bytes_load_be(p, 4), bytes_load_u32be(p));
    CU_ASSERT_EQUAL(bytes_load_be(p, 8), bytes_load_u64be(p));
}

static void empty_ranges_are_equal_wherever_they_point(void)
{
    uint8_t a = 1;
    CU_ASSERT_TRUE(bytes_equal(bytes_of(NULL, 0), bytes_of(&a, 0)));
    CU_ASSERT_FALSE(bytes_equal(bytes_of(NULL, 0), bytes_of(&a, 1)));
    uint8_t b = 1;
    CU_ASSERT_TRUE(bytes_equal(bytes_of(&a, 1), bytes_of(&b, 1)));
    b = 2;
    CU_ASSERT_FALSE(bytes_equal(bytes_of(&a, 1), bytes_of(&b, 1)));
}

static void a_read_beyond_the_end_fails_and_so_does_every_later_one(void)
{
    static const uint8_t data[] = {1, 2, 3};
    struct bytes_reader r = bytes_reader_of(data, data + sizeof(data));
    CU_ASSERT_EQUAL(bytes_read_u8(&r), 1);
    CU_ASSERT_EQUAL(bytes_reader_left(&r), 2);
    CU_ASSERT_EQUAL(bytes_read_u32be(&r), 0);
    CU_ASSERT_TRUE(r.failed);
    CU_ASSERT_EQUAL(bytes_reader_left(&r), 0);
    CU_ASSERT_EQUAL(bytes_read_u8(&r), 0);
    CU_ASSERT_EQUAL(bytes_read_u16be(&r), 0);
    CU_ASSERT_EQUAL(bytes_read(&r, 1).length, 0);
}

static void a_read_of_everything_leaves_nothing_and_does_not_fail(void)
{
    static const uint8_t data[] = {1, 2, 3};
    struct bytes_reader r = bytes_reader_of(data, data + sizeof(data));
    const struct bytes all = bytes_read(&r, 3);
    CU_ASSERT_PTR_EQUAL(all.data, data);
    CU_ASSERT_EQUAL(all.length, 3);
    CU_ASSERT_FALSE(r.failed);
    CU_ASSERT_EQUAL(bytes_read(&r, 0).length, 0);
    CU_ASSERT_FALSE(r.failed);
}

static void a_write_that_does_not_fit_writes_nothing_and_sticks(void)
{
    uint8_t buffer[4] = {9, 9, 9, 9};
    struct bytes_writer w = bytes_writer_of(buffer, buffer + 3);
    bytes_write_u8(&w, 1);
    bytes_write_u32be(&w, 0x02030405);
    CU_ASSERT_TRUE(w.failed);
    CU_ASSERT_EQUAL(bytes_writer_length(&w), 1);
    bytes_write_u8(&w, 2);
    CU_ASSERT_EQUAL(bytes_writer_length(&w), 1);
    CU_ASSERT_PTR_NULL(bytes_reserve(&w, 0));
    CU_ASSERT_EQUAL(buffer[1], 9);
    CU_ASSERT_EQUAL(buffer[3], 9);
}

static void eight_octets_are_written_and_read_whole_or_not_at_all(void)
{
    static const uint8_t expected[] = {0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef};
    for (size_t room = 0; room <= 9; room++) {
        uint8_t buffer[9] = {0};
        struct bytes_writer w = bytes_writer_of(buffer, buffer + room);
        bytes_write_u64be(&w, 0x0123456789abcdefULL);
        CU_ASSERT_EQUAL(w.failed, room < 8);
        CU_ASSERT_EQUAL(bytes_writer_length(&w), room < 8 ? 0 : 8);
        CU_ASSERT_EQUAL(memcmp(buffer, expected, 8) == 0, room >= 8);

        struct bytes_reader r = bytes_reader_of(expected, expected + (room < 8 ? room : 8));
        CU_ASSERT_EQUAL(bytes_read_u64be(&r), room < 8 ? 0 : 0x0123456789abcdefULL);
        CU_ASSERT_EQUAL(r.failed, room < 8);
    }
}

static void what_was_written_is_read_back_whatever_the_sequence(void)
{
    struct random_state random;
    random_seed(&random, 7);
    for (int round = 0; round < 2000; round++) {
        const size_t room = random_below(&random, 40);
        uint8_t *buffer = malloc(room + 1); /* exact size: a step too far is caught */
        uint32_t values[64];
        unsigned widths[64];
        size_t count = 0;
        struct bytes_writer w = bytes_writer_of(buffer, buffer + room);
        for (;;) {
            const unsigned width = 1u << random_below(&random, 3);
            const uint32_t value = (uint32_t)random_u64(&random);
            if (width == 1)
                bytes_write_u8(&w, (uint8_t)value);
            else if (width == 2)
                bytes_write_u16be(&w, (uint16_t)value);
            else
                bytes_write_u32be(&w, value);
            if (w.failed)
                break;
            widths[count] = width;
            values[count++] = width == 4 ? value : value & ((1u << (8 * width)) - 1);
        }
        struct bytes_reader r = bytes_reader_of(buffer, w.at);
        for (size_t i = 0; i < count; i++) {
            const uint32_t back = widths[i] == 1   ? bytes_read_u8(&r)
                                  : widths[i] == 2 ? bytes_read_u16be(&r)
                                                   : bytes_read_u32be(&r);
            CU_ASSERT_EQUAL_FATAL(back, values[i]);
        }
        CU_ASSERT_FALSE_FATAL(r.failed);
        CU_ASSERT_EQUAL_FATAL(bytes_reader_left(&r), 0);
        free(buffer);
    }
}

UNIT_TESTS = {
    UNIT(stores_and_loads_are_big_endian_at_every_alignment),
    UNIT(a_load_of_any_length_agrees_with_the_fixed_ones),
    UNIT(empty_ranges_are_equal_wherever_they_point),
    UNIT(a_read_beyond_the_end_fails_and_so_does_every_later_one),
    UNIT(a_read_of_everything_leaves_nothing_and_does_not_fail),
    UNIT(a_write_that_does_not_fit_writes_nothing_and_sticks),
    UNIT(eight_octets_are_written_and_read_whole_or_not_at_all),
    UNIT(what_was_written_is_read_back_whatever_the_sequence),
};
UNIT_MAIN("bytes")
