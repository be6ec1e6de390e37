/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "responder/core/siphash.h"

#include "tests/unit/unit.h"

/* Key 00 01 .. 0f, as in the paper and in the reference implementation's vectors. */
static const struct siphash_key key = {.word = {0x0706050403020100ull, 0x0f0e0d0c0b0a0908ull}};

static void the_64_bit_hash_gives_the_papers_vector(void)
{
    uint8_t input[15];
    for (uint8_t i = 0; i < sizeof(input); i++)
        input[i] = i;
    CU_ASSERT_EQUAL(siphash_64(&key, bytes_of(input, sizeof(input))), 0xa129ca6149be45e5ull);
}

static void the_128_bit_hash_gives_the_reference_vector(void)
{
    /* a3 81 7f 04 ba 25 a8 e6 6d f6 72 14 c7 55 02 93: the first of vectors_sip128 */
    uint64_t result[2];
    siphash_128(&key, bytes_of(NULL, 0), result);
    CU_ASSERT_EQUAL(result[0], 0xe6a825ba047f81a3ull);
    CU_ASSERT_EQUAL(result[1], 0x930255c71472f66dull);
}

static void each_octet_and_the_length_count(void)
{
    uint8_t input[40] = {0};
    for (size_t length = 0; length <= sizeof(input); length++) {
        const uint64_t before = siphash_64(&key, bytes_of(input, length));
        if (length < sizeof(input))
            CU_ASSERT_NOT_EQUAL(before, siphash_64(&key, bytes_of(input, length + 1)));
        for (size_t i = 0; i < length; i++) {
            input[i] = 1;
            CU_ASSERT_NOT_EQUAL(before, siphash_64(&key, bytes_of(input, length)));
            input[i] = 0;
        }
    }
}

UNIT_TESTS = {
    UNIT(the_64_bit_hash_gives_the_papers_vector),
    UNIT(the_128_bit_hash_gives_the_reference_vector),
    UNIT(each_octet_and_the_length_count),
};
UNIT_MAIN("responder/core/siphash")
