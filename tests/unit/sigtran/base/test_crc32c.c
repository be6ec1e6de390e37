/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "sigtran/base/crc32c.h"

#include "tests/unit/unit.h"

static void the_check_value_of_the_polynomial_is_met(void)
{
    const struct bytes check = bytes_of("123456789", 9);
    CU_ASSERT_EQUAL(crc32c(0, check), 0xe3069283u);
    CU_ASSERT_EQUAL(crc32c_by_table(0, check), 0xe3069283u);
}

/* The iSCSI vectors (RFC 3720-B.4), which are the published ones for this polynomial. */
static void the_vectors_of_rfc_3720_are_met(void)
{
    uint8_t data[32] = {0};
    CU_ASSERT_EQUAL(crc32c(0, bytes_of(data, 32)), 0x8a9136aau);
    memset(data, 0xff, sizeof(data));
    CU_ASSERT_EQUAL(crc32c(0, bytes_of(data, 32)), 0x62a8ab43u);
    for (unsigned i = 0; i < 32; i++)
        data[i] = (uint8_t)i;
    CU_ASSERT_EQUAL(crc32c(0, bytes_of(data, 32)), 0x46dd794eu);
}

static void cpu_and_table_agree_at_every_length_and_alignment(void)
{
    static uint8_t data[2048];
    for (unsigned i = 0; i < sizeof(data); i++)
        data[i] = (uint8_t)((i * 2654435761u) >> 13);
    unsigned different = 0;
    for (size_t offset = 0; offset < 8; offset++)
        for (size_t length = 0; length < 1600; length++) {
            const struct bytes b = bytes_of(data + offset, length);
            different += crc32c(0, b) != crc32c_by_table(0, b);
        }
    CU_ASSERT_EQUAL(different, 0);
}

static void a_checksum_continues_over_any_cut(void)
{
    uint8_t data[1000];
    for (unsigned i = 0; i < sizeof(data); i++)
        data[i] = (uint8_t)(i * 7u);
    const uint32_t whole = crc32c(0, bytes_of(data, sizeof(data)));
    for (size_t cut = 0; cut <= sizeof(data); cut += 37) {
        const uint32_t first = crc32c(0, bytes_of(data, cut));
        CU_ASSERT_EQUAL(crc32c(first, bytes_of(data + cut, sizeof(data) - cut)), whole);
    }
}

UNIT_TESTS = {
    UNIT(the_check_value_of_the_polynomial_is_met),
    UNIT(the_vectors_of_rfc_3720_are_met),
    UNIT(cpu_and_table_agree_at_every_length_and_alignment),
    UNIT(a_checksum_continues_over_any_cut),
};
UNIT_MAIN("crc32c")
