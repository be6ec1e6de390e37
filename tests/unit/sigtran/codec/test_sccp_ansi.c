/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* What ANSI codes in another way than ITU: sigtran/codec/sccp_address.c, SCMG of sccp.c. */
#include "tests/unit/sigtran/codec/sccp_address_case.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static uint8_t input[512];

static struct bytes from_hex(const char *hex)
{
    return bytes_of(input, unit_hex(hex, input, sizeof(input)));
}

/* T1.112.3-3.4: SSN and PC the other way round than in Q.713, three octets of PC, bit 8 always. */
static void every_ansi_address_makes_the_round_trip(void)
{
    static const struct sccp_address_case cases[] = {
        {{.variant = SCCP_ANSI, .national = true}, "80", ""},
        {{.variant = SCCP_ANSI,
          .national = true,
          .has_ssn = true,
          .ssn = 146,
          .route_on_ssn = true},
         "c192",
         ""},
        {{.variant = SCCP_ANSI,
          .national = true,
          .has_pc = true,
          .pc = 0xf5a003, /* 245-160-3: member first */
          .has_ssn = true,
          .ssn = 146,
          .route_on_ssn = true},
         "c39203a0f5",
         ""},
        {{.variant = SCCP_ANSI, .national = true, .has_pc = true, .pc = 0xffffff}, "82ffffff", ""},
        {{.variant = SCCP_ANSI,
          .national = true,
          .has_ssn = true,
          .ssn = 6,
          .gti = 1,
          .translation_type = 9,
          .numbering_plan = 1,
          .encoding_scheme = SCCP_ENCODING_BCD_ODD,
          .digits_odd = true},
         "85060911214305",
         "12345"},
        {{.variant = SCCP_ANSI,
          .national = true,
          .has_ssn = true,
          .ssn = 6,
          .gti = 2,
          .translation_type = 10},
         "89060a214305",
         "123450"},
        {{.variant = SCCP_ANSI, .national = true, .gti = 4}, "90214305", ""}, /* spare in ANSI */
        /* "International": by ITU's rules also in an ANSI network. */
        {{.has_pc = true, .pc = 0x3fff, .has_ssn = true, .ssn = 8}, "03ff3f08", ""},
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        expect_round_trip(SCCP_ANSI, &cases[i]);
}

static void an_ansi_party_is_made_as_an_itu_one(void)
{
    struct sccp_party party;
    CU_ASSERT_EQUAL(sccp_party_set_ssn(&party, SCCP_ANSI, true, 0xfe0102, 8), P7_OK);
    CU_ASSERT_TRUE(bytes_equal(sccp_party_bytes(&party), from_hex("c3080201fe")));
    CU_ASSERT_EQUAL(sccp_party_set_ssn(&party, SCCP_ANSI, true, 0x1000000, 8), P7_RANGE);
    /* GTI 2 has the translation type only (T1.112.3-3.4.2.3.2). */
    CU_ASSERT_EQUAL(sccp_party_set_gt(&party, SCCP_ANSI, 14, SCCP_NUMBERING_PLAN_E164,
                                      SCCP_NATURE_INTERNATIONAL, "1908555", 6),
                    P7_OK);
    CU_ASSERT_TRUE(bytes_equal(sccp_party_bytes(&party), from_hex("89060e91805505")));
    CU_ASSERT_EQUAL(
        sccp_party_set_gt(&party, SCCP_ANSI, 0, 1, 4, "12345678901234567890123456789012", 146),
        P7_OK); /* the longest fits */
}

static void a_message_between_ansi_nodes_is_read_by_their_rules(void)
{
    struct sccp_message m;
    const struct bytes in = from_hex("0980 03 08 0d 05c39203a0f5 05c19203a0f5 0362014f");
    CU_ASSERT_EQUAL(sccp_decode(SCCP_ANSI, in, &m), P7_OK);
    CU_ASSERT_TRUE(m.called.has_pc && m.called.pc == 0xf5a003 && m.called.ssn == 146);
    CU_ASSERT_FALSE(m.calling.has_pc);
    CU_ASSERT_EQUAL(m.calling.ssn, 146);
    CU_ASSERT_EQUAL(m.data.length, 3);
    CU_ASSERT_EQUAL(sccp_decode(SCCP_ITU, in, &m), P7_OK); /* the same octets, other parts */
    CU_ASSERT_TRUE(m.called.ssn == 0xa0 && m.called.pc == 0x0392);
}

static void the_affected_point_code_has_three_octets(void) /* T1.112.3-5 */
{
    uint8_t output[16];
    struct sccp_management got;
    const struct sccp_management ansi = {
        .variant = SCCP_ANSI, .type = SCCP_SSP, .affected_ssn = 8, .affected_pc = 0xfe0102};
    struct bytes_writer w = bytes_writer_of(output, output + sizeof(output));
    CU_ASSERT_EQUAL(sccp_management_write(&w, &ansi), P7_OK);
    const struct bytes wrote = bytes_of(output, bytes_writer_length(&w));
    CU_ASSERT_TRUE(bytes_equal(wrote, from_hex("02080201fe00"))); /* T1.112.3-5: three octets */
    CU_ASSERT_EQUAL(sccp_management_decode(SCCP_ANSI, wrote, &got), P7_OK);
    CU_ASSERT_EQUAL(got.affected_pc, 0xfe0102);
    for (size_t cut = 0; cut < wrote.length; cut++)
        CU_ASSERT_EQUAL(sccp_management_decode(SCCP_ANSI, bytes_of(output, cut), &got),
                        P7_TRUNCATED);
    const struct sccp_management beyond = {
        .variant = SCCP_ANSI, .type = SCCP_SSA, .affected_pc = 0x1000000};
    CU_ASSERT_EQUAL(sccp_management_write(&w, &beyond), P7_RANGE);
}

UNIT_TESTS = {
    UNIT(every_ansi_address_makes_the_round_trip),
    UNIT(an_ansi_party_is_made_as_an_itu_one),
    UNIT(a_message_between_ansi_nodes_is_read_by_their_rules),
    UNIT(the_affected_point_code_has_three_octets),
};
UNIT_MAIN("sccp_ansi")
