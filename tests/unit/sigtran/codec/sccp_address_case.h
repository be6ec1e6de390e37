/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* sccp_address_case - an address, its octets and its digits: what the tests of both variants have
 * in common. */
#ifndef TESTS_SCCP_ADDRESS_CASE_H
#define TESTS_SCCP_ADDRESS_CASE_H

#include "sigtran/codec/sccp.h"
#include "tests/unit/unit.h"

/* A title's digits in every case, packed. */
static const uint8_t sccp_case_digits[] = {0x21, 0x43, 0x05};

struct sccp_address_case {
    struct sccp_address address; /* its digits are put in where it has a title */
    const char *hex;
    const char *text;
};

static inline void expect_same_address(const struct sccp_address *back,
                                       const struct sccp_address *a)
{
    CU_ASSERT_EQUAL(back->variant, a->variant);
    CU_ASSERT_EQUAL(back->has_pc, a->has_pc);
    CU_ASSERT_EQUAL(back->pc, a->pc);
    CU_ASSERT_EQUAL(back->has_ssn, a->has_ssn);
    CU_ASSERT_EQUAL(back->ssn, a->ssn);
    CU_ASSERT_EQUAL(back->route_on_ssn, a->route_on_ssn);
    CU_ASSERT_EQUAL(back->national, a->national);
    CU_ASSERT_EQUAL(back->gti, a->gti);
    CU_ASSERT_EQUAL(back->translation_type, a->translation_type);
    CU_ASSERT_EQUAL(back->numbering_plan, a->numbering_plan);
    CU_ASSERT_EQUAL(back->encoding_scheme, a->encoding_scheme);
    CU_ASSERT_EQUAL(back->nature_of_address, a->nature_of_address);
    CU_ASSERT_EQUAL(back->nature_spare, a->nature_spare);
    CU_ASSERT_EQUAL(back->digits_odd, a->digits_odd);
    CU_ASSERT_TRUE(bytes_equal(back->digits, a->digits));
}

/* In a network of `variant`: written to these octets, read back, and cut short refused. */
static inline void expect_round_trip(enum sccp_variant variant, const struct sccp_address_case *c)
{
    struct sccp_address a = c->address;
    struct sccp_address back;
    struct sccp_party party;
    char text[DIGITS_TEXT_OCTETS];
    uint8_t expected[LIMIT_SCCP_ADDRESS_OCTETS];
    if (a.gti != 0)
        a.digits = bytes_of(sccp_case_digits, sizeof(sccp_case_digits));
    CU_ASSERT_EQUAL(sccp_party_set(&party, &a), P7_OK);
    CU_ASSERT_TRUE(bytes_equal(sccp_party_bytes(&party),
                               bytes_of(expected, unit_hex(c->hex, expected, sizeof(expected)))));
    CU_ASSERT_EQUAL_FATAL(sccp_address_decode(variant, sccp_party_bytes(&party), &back), P7_OK);
    expect_same_address(&back, &a);
    CU_ASSERT_EQUAL(sccp_address_digits(&back, text), c->text[0] == '\0' ? P7_NOT_FOUND : P7_OK);
    CU_ASSERT_STRING_EQUAL(text, c->text);
    /* Every element that the indicator announces is needed. */
    const size_t needed = party.length - a.digits.length;
    for (size_t cut = 0; cut < needed; cut++)
        CU_ASSERT_EQUAL(sccp_address_decode(variant, bytes_of(party.octets, cut), &back),
                        P7_TRUNCATED);
}

#endif
