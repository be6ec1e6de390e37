/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "sigtran/codec/sccp.h"

#include "tests/unit/sigtran/codec/sccp_address_case.h"
#include "tests/unit/sigtran/codec/sccp_vectors.h"
#include "tests/unit/unit.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static uint8_t input[8192];
static uint8_t output[8192];

static struct bytes from_hex(const char *hex)
{
    return bytes_of(input, unit_hex(hex, input, sizeof(input)));
}

/* Encodes with the addresses as decoded, not as received. */
static struct bytes encode_from_fields(struct sccp_message message)
{
    struct bytes_writer w = bytes_writer_of(output, output + sizeof(output));
    message.called_octets = bytes_of(NULL, 0);
    message.calling_octets = bytes_of(NULL, 0);
    CU_ASSERT_EQUAL(sccp_encode(&w, &message), P7_OK);
    return bytes_of(output, bytes_writer_length(&w));
}

static bool same_message(const struct sccp_message *a, const struct sccp_message *b)
{
    return a->type == b->type && a->protocol_class == b->protocol_class &&
           a->return_on_error == b->return_on_error && a->return_cause == b->return_cause &&
           a->hop_counter == b->hop_counter && a->has_segmentation == b->has_segmentation &&
           bytes_equal(a->called_octets, b->called_octets) &&
           bytes_equal(a->calling_octets, b->calling_octets) && bytes_equal(a->data, b->data);
}

static void messages_of_other_stacks_are_reencoded_to_the_octet(void)
{
    CU_ASSERT_EQUAL(COUNT(sccp_vectors), 16);
    for (size_t i = 0; i < COUNT(sccp_vectors); i++) {
        const struct bytes in = from_hex(sccp_vectors[i].hex);
        struct sccp_message m;
        struct sccp_message back;
        CU_ASSERT_EQUAL_FATAL(sccp_decode(SCCP_ITU, in, &m), P7_OK);
        struct bytes out = encode_from_fields(m);
        CU_ASSERT_EQUAL(out.length, in.length);
        CU_ASSERT_EQUAL_FATAL(sccp_decode(SCCP_ITU, out, &back), P7_OK);
        CU_ASSERT_TRUE(same_message(&m, &back));
        /* One stack puts the data in front of the calling party, which pointers may say. */
        const bool in_order = strcmp(sccp_vectors[i].name, "sccp-xudt-jss7-59") != 0;
        CU_ASSERT_EQUAL(bytes_equal(out, in), in_order);
        struct bytes_writer w = bytes_writer_of(output, output + sizeof(output));
        CU_ASSERT_EQUAL(sccp_encode(&w, &m), P7_OK); /* with the addresses as received */
        CU_ASSERT_EQUAL(bytes_equal(bytes_of(output, bytes_writer_length(&w)), in), in_order);
    }
}

static const char *vector(const char *name)
{
    for (size_t i = 0; i < COUNT(sccp_vectors); i++)
        if (strcmp(sccp_vectors[i].name, name) == 0)
            return sccp_vectors[i].hex;
    CU_FAIL_FATAL("no such vector");
    return "";
}

static void check_address(const struct sccp_address *a, bool on_ssn, uint8_t gti, uint8_t ssn,
                          const char *digits)
{
    char text[DIGITS_TEXT_OCTETS];
    CU_ASSERT_EQUAL(a->route_on_ssn, on_ssn);
    CU_ASSERT_EQUAL(a->gti, gti);
    CU_ASSERT_TRUE(a->has_ssn);
    CU_ASSERT_EQUAL(a->ssn, ssn);
    CU_ASSERT_EQUAL(sccp_address_digits(a, text), gti == 0 ? P7_NOT_FOUND : P7_OK);
    CU_ASSERT_STRING_EQUAL(text, digits);
}

static void fields_are_read_as_wireshark_reads_them(void)
{
    struct sccp_message m;

    CU_ASSERT_EQUAL_FATAL(sccp_decode(SCCP_ITU, from_hex(vector("m3ua-data-cap2-idp-huawei")), &m),
                          P7_OK);
    CU_ASSERT_EQUAL(m.type, SCCP_UDT);
    CU_ASSERT_EQUAL(m.protocol_class, 1);
    CU_ASSERT_FALSE(m.return_on_error);
    check_address(&m.called, false, 4, 146, "84980200631");
    check_address(&m.calling, false, 4, 146, "84980203427");
    CU_ASSERT_EQUAL(m.called.numbering_plan, SCCP_NUMBERING_PLAN_E164);
    CU_ASSERT_EQUAL(m.called.nature_of_address, SCCP_NATURE_INTERNATIONAL);
    CU_ASSERT_EQUAL(m.data.length, 142);

    CU_ASSERT_EQUAL_FATAL(sccp_decode(SCCP_ITU, from_hex(vector("m3ua-data-map-pussr-nokia")), &m),
                          P7_OK);
    CU_ASSERT_EQUAL(m.protocol_class, 0);
    CU_ASSERT_TRUE(m.return_on_error);

    CU_ASSERT_EQUAL_FATAL(sccp_decode(SCCP_ITU, from_hex(vector("m3ua-data-udts-tcap")), &m),
                          P7_OK);
    CU_ASSERT_EQUAL(m.type, SCCP_UDTS);
    CU_ASSERT_EQUAL(m.return_cause, SCCP_CAUSE_NO_TRANSLATION_NATURE);
    check_address(&m.called, true, 4, 146, "999999999");
    check_address(&m.calling, false, 0, 146, "");
    CU_ASSERT_TRUE(m.calling.has_pc);
    CU_ASSERT_EQUAL(m.calling.pc, 0x06be);

    CU_ASSERT_EQUAL_FATAL(sccp_decode(SCCP_ITU, from_hex(vector("sccp-xudt-jss7-59")), &m), P7_OK);
    CU_ASSERT_EQUAL(m.type, SCCP_XUDT);
    CU_ASSERT_EQUAL(m.hop_counter, 15);
    CU_ASSERT_FALSE(m.has_segmentation);
    check_address(&m.called, false, 4, 8, "2348030000480");

    CU_ASSERT_EQUAL_FATAL(sccp_decode(SCCP_ITU, from_hex(vector("sccp-xudt-chain-1-of-3")), &m),
                          P7_OK);
    CU_ASSERT_TRUE(m.has_segmentation);
    CU_ASSERT_TRUE(m.segmentation.first);
    CU_ASSERT_EQUAL(m.segmentation.remaining, 2);
    CU_ASSERT_EQUAL(m.segmentation.reference, 1);
    check_address(&m.calling, true, 0, 11, "");

    CU_ASSERT_EQUAL_FATAL(sccp_decode(SCCP_ITU, from_hex(vector("sccp-ludt-ranap")), &m), P7_OK);
    CU_ASSERT_EQUAL(m.type, SCCP_LUDT);
    CU_ASSERT_EQUAL(m.hop_counter, 15);
    CU_ASSERT_EQUAL(m.data.length, 17);
    check_address(&m.called, true, 0, 142, "");
}

/* Q.713-3.4.1, 3.4.2.1, 3.4.2.2, 3.4.2.3.1, 3.4.2.3.2, 3.4.2.3.3, 3.4.2.3.4 */
static void every_global_title_indicator_makes_the_round_trip(void) /* Q.713-3.4.2.3 */
{
    static const struct sccp_address_case cases[] = {
        {{.gti = 0}, "00", ""},
        {{.has_ssn = true, .ssn = 146, .route_on_ssn = true}, "4292", ""},
        {{.has_pc = true, .pc = 0x3fff, .has_ssn = true, .ssn = 8, .national = true},
         "83ff3f08",
         ""},
        {{.gti = 1, .nature_of_address = 4, .digits_odd = true}, "0484214305", "12345"},
        {{.gti = 1, .nature_of_address = 3}, "0403214305", "123450"},
        {{.gti = 2, .translation_type = 9, .has_ssn = true, .ssn = 6}, "0a0609214305", "123450"},
        {{.gti = 3,
          .translation_type = 2,
          .numbering_plan = 7,
          .encoding_scheme = 1,
          .digits_odd = true},
         "0c0271214305",
         "12345"},
        {{.gti = 4,
          .translation_type = 0,
          .numbering_plan = 1,
          .encoding_scheme = 2,
          .nature_of_address = 4,
          .nature_spare = true},
         "10001284214305",
         "123450"},
        {{.gti = 9}, "24214305", ""},
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        expect_round_trip(SCCP_ITU, &cases[i]);
}

static void an_address_beyond_its_fields_is_refused(void)
{
    static const uint8_t long_title[LIMIT_SCCP_ADDRESS_OCTETS] = {0};
    static const struct sccp_address cases[] = {
        {.gti = 16},
        {.has_pc = true, .pc = 0x4000},
        {.gti = 4, .numbering_plan = 16},
        {.gti = 4, .encoding_scheme = 16},
        {.gti = 4, .nature_of_address = 128},
        {.gti = 4, .digits = {long_title, sizeof(long_title)}},
    };
    struct sccp_party party;
    struct sccp_address out;
    for (size_t i = 0; i < COUNT(cases); i++)
        CU_ASSERT_EQUAL(sccp_party_set(&party, &cases[i]), P7_RANGE);
    uint8_t octets[LIMIT_SCCP_ADDRESS_OCTETS + 1] = {0x10};
    CU_ASSERT_EQUAL(sccp_address_decode(SCCP_ITU, bytes_of(octets, sizeof(octets)), &out),
                    P7_RANGE);
    CU_ASSERT_EQUAL(sccp_party_copy(&party, bytes_of(octets, sizeof(octets))), P7_RANGE);
    CU_ASSERT_EQUAL(sccp_address_decode(SCCP_ITU, bytes_of(octets, sizeof(octets) - 1), &out),
                    P7_OK);
    CU_ASSERT_EQUAL(sccp_party_set_gt(&party, SCCP_ITU, 0, 1, 4, "", 146), P7_RANGE);
    CU_ASSERT_EQUAL(sccp_party_set_gt(&party, SCCP_ITU, 0, 1, 4, "49x", 146), P7_RANGE);
    CU_ASSERT_EQUAL(sccp_party_set_ssn(&party, SCCP_ITU, true, 0x4000, 146), P7_RANGE);
}

static void the_longest_title_fits_a_party(void)
{
    struct sccp_party party;
    struct sccp_address out;
    char text[DIGITS_TEXT_OCTETS];
    const char digits[] = "12345678901234567890123456789012";
    CU_ASSERT_EQUAL(strlen(digits), LIMIT_DIGITS);
    CU_ASSERT_EQUAL(sccp_party_set_gt(&party, SCCP_ITU, 0, SCCP_NUMBERING_PLAN_E164,
                                      SCCP_NATURE_INTERNATIONAL, digits, SCCP_SSN_CAP),
                    P7_OK);
    CU_ASSERT_EQUAL_FATAL(sccp_address_decode(SCCP_ITU, sccp_party_bytes(&party), &out), P7_OK);
    CU_ASSERT_EQUAL(sccp_address_digits(&out, text), P7_OK);
    CU_ASSERT_STRING_EQUAL(text, digits);
    out.encoding_scheme = 3;
    CU_ASSERT_EQUAL(sccp_address_digits(&out, text), P7_UNSUPPORTED);
}

static void the_hot_path_writes_what_the_encoder_writes(void)
{
    static const uint8_t data[LIMIT_SCCP_UDT_DATA_OCTETS] = {0x62, 0x03};
    struct sccp_party called;
    struct sccp_party calling;
    uint8_t fast[512];
    CU_ASSERT_EQUAL(sccp_party_set_gt(&called, SCCP_ITU, 0, 1, 4, "4915112345", 146), P7_OK);
    CU_ASSERT_EQUAL(sccp_party_set_ssn(&calling, SCCP_ITU, true, 100, 146), P7_OK);
    for (size_t length = 1; length <= sizeof(data); length++) {
        struct bytes_writer w = bytes_writer_of(fast, fast + sizeof(fast));
        struct bytes_writer slow = bytes_writer_of(output, output + sizeof(output));
        const struct sccp_message m = {.type = SCCP_UDT,
                                       .protocol_class = 1,
                                       .return_on_error = true,
                                       .called_octets = sccp_party_bytes(&called),
                                       .calling_octets = sccp_party_bytes(&calling),
                                       .data = bytes_of(data, length)};
        CU_ASSERT_EQUAL(sccp_write_udt(&w, 1, true, m.called_octets, m.calling_octets, m.data),
                        P7_OK);
        CU_ASSERT_EQUAL(sccp_encode(&slow, &m), P7_OK);
        CU_ASSERT_TRUE(bytes_equal(bytes_of(fast, bytes_writer_length(&w)),
                                   bytes_of(output, bytes_writer_length(&slow))));
    }
    struct bytes_writer w = bytes_writer_of(fast, fast + sizeof(fast));
    CU_ASSERT_EQUAL(sccp_write_udt(&w, 2, false, sccp_party_bytes(&called),
                                   sccp_party_bytes(&calling), bytes_of(data, 4)),
                    P7_RANGE);
    CU_ASSERT_EQUAL(sccp_write_udt(&w, 0, false, sccp_party_bytes(&called),
                                   sccp_party_bytes(&calling), bytes_of(data, 0)),
                    P7_RANGE);
    CU_ASSERT_EQUAL(sccp_write_udt(&w, 0, false, sccp_party_bytes(&called),
                                   sccp_party_bytes(&calling), bytes_of(data, 256)),
                    P7_RANGE);
    struct bytes_writer tight = bytes_writer_of(fast, fast + 20);
    CU_ASSERT_EQUAL(sccp_write_udt(&tight, 0, false, sccp_party_bytes(&called),
                                   sccp_party_bytes(&calling), bytes_of(data, 10)),
                    P7_FULL);
}

/* Q.713-1.6, 2.1, 3.1, 3.6, 3.12, 3.17, 3.18, 3.19, 4.10, 4.11, 4.18, 4.19, 4.20, 4.21 */
static void every_message_type_makes_the_round_trip(void)
{
    static const uint8_t types[] = {SCCP_UDT,   SCCP_UDTS, SCCP_XUDT,
                                    SCCP_XUDTS, SCCP_LUDT, SCCP_LUDTS};
    static const uint8_t data[SCCP_LUDT_DATA_OCTETS] = {1, 2, 3};
    for (size_t i = 0; i < COUNT(types) * 4; i++) {
        const bool options = (i & 1u) != 0 && types[i / 4] > SCCP_UDTS;
        const bool wide = types[i / 4] >= SCCP_LUDT;
        struct sccp_message back;
        struct sccp_message m = {
            .type = types[i / 4],
            .has_segmentation = options,
            .has_importance = options,
            .importance = options ? 5 : 0,
            .called = {.has_ssn = true, .ssn = 146, .route_on_ssn = true},
            .calling = {.has_pc = true, .pc = 77, .has_ssn = true, .ssn = 147},
            .data = bytes_of(data, (i & 2u) == 0 ? 1
                                   : wide        ? sizeof(data)
                                                 : 230),
        };
        if (options)
            m.segmentation = (struct sccp_segmentation){
                .first = true, .in_sequence = true, .remaining = 15, .reference = 0xabcdef};
        if (types[i / 4] > SCCP_UDTS)
            m.hop_counter = 9;
        if (m.type == SCCP_UDT || m.type == SCCP_XUDT || m.type == SCCP_LUDT) {
            m.protocol_class = 1;
            m.return_on_error = true;
        } else {
            m.return_cause = SCCP_CAUSE_NETWORK_CONGESTION;
        }
        CU_ASSERT_EQUAL_FATAL(sccp_decode(SCCP_ITU, encode_from_fields(m), &back), P7_OK);
        CU_ASSERT_EQUAL(back.type, m.type);
        CU_ASSERT_EQUAL(back.protocol_class, m.protocol_class);
        CU_ASSERT_EQUAL(back.return_on_error, m.return_on_error);
        CU_ASSERT_EQUAL(back.return_cause, m.return_cause);
        CU_ASSERT_EQUAL(back.hop_counter, m.hop_counter);
        CU_ASSERT_EQUAL(back.has_segmentation, options);
        CU_ASSERT_EQUAL(back.segmentation.first, m.segmentation.first);
        CU_ASSERT_EQUAL(back.segmentation.in_sequence, m.segmentation.in_sequence);
        CU_ASSERT_EQUAL(back.segmentation.remaining, m.segmentation.remaining);
        CU_ASSERT_EQUAL(back.segmentation.reference, m.segmentation.reference);
        CU_ASSERT_EQUAL(back.has_importance, options);
        CU_ASSERT_EQUAL(back.importance, m.importance);
        CU_ASSERT_EQUAL(back.called.ssn, 146);
        CU_ASSERT_EQUAL(back.calling.pc, 77);
        CU_ASSERT_TRUE(bytes_equal(back.data, m.data));
    }
}

static void a_message_cut_anywhere_is_refused(void) /* Q.713-2.2 */
{
    for (size_t i = 0; i < COUNT(sccp_vectors); i++) {
        const struct bytes in = from_hex(sccp_vectors[i].hex);
        struct sccp_message m;
        for (size_t length = 0; length < in.length; length++)
            CU_ASSERT_EQUAL(sccp_decode(SCCP_ITU, bytes_of(input, length), &m), P7_TRUNCATED);
    }
}

static void hostile_pointers_lead_nowhere(void) /* Q.713-2.3 */
{
    static const struct {
        const char *hex;
        enum p7_status status;
    } cases[] = {
        {"0900 03 05 07 024292 024292 01aa", P7_OK},
        {"0900 ff 05 07 024292 024292 01aa", P7_TRUNCATED}, /* out of the message */
        {"0900 03 05 0d 024292 024292 01aa", P7_TRUNCATED}, /* one octet behind it */
        {"0900 00 05 07 024292 024292 01aa", P7_MALFORMED}, /* no called party */
        {"0900 03 00 07 024292 024292 01aa", P7_MALFORMED}, /* no calling party */
        {"0900 03 05 00 024292 024292 01aa", P7_MALFORMED}, /* no data */
        {"0900 01 05 07 024292 024292 01aa", P7_MALFORMED}, /* into the pointers */
        {"0900 03 02 07 024292 024292 01aa", P7_OK},        /* both parties in one place */
        {"0900 03 05 07 024292 024292 00", P7_MALFORMED},   /* empty data */
        {"0900 03 05 07 024292 024292 02aa", P7_TRUNCATED}, /* longer than the message */
        {"0900 03 05 07 024292 004292 01aa", P7_TRUNCATED}, /* address without an indicator */
        {"0902 03 05 07 024292 024292 01aa", P7_RANGE},     /* class 2 */
        {"0100 03 05 07 024292 024292 01aa", P7_UNSUPPORTED},
        {"1100 0f 04 06 08 00 024292 024292 01aa", P7_OK},
        {"1100 0f 04 06 08 09 024292 024292 01aa", P7_TRUNCATED},    /* optional part outside */
        {"1100 0f 04 06 08 01 024292 024292 01aa 00", P7_TRUNCATED}, /* no parameters there */
        {"1100 0f 04 06 08 09 024292 024292 01aa 10", P7_TRUNCATED},
        {"1100 0f 04 06 08 09 024292 024292 01aa 1003 800000 00", P7_MALFORMED},
        {"1100 0f 04 06 08 09 024292 024292 01aa 1202 0101 00", P7_MALFORMED},
        {"1100 0f 04 06 08 09 024292 024292 01aa 5502 0101", P7_TRUNCATED}, /* no end octet */
        {"1100 0f 04 06 08 09 024292 024292 01aa 5502 0101 00", P7_OK},     /* unknown: skipped */
        {"1300 0f 0700 0800 0900 0000 024292 024292 0100 aa", P7_OK},
        {"1300 0f ffff 0800 0900 0000 024292 024292 0100 aa", P7_TRUNCATED},
        {"1300 0f 0700 0800 0900 0000 024292 024292 ffff aa", P7_TRUNCATED},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct sccp_message m;
        const enum p7_status status = sccp_decode(SCCP_ITU, from_hex(cases[i].hex), &m);
        if (status != cases[i].status)
            (void)printf("%s: %s\n", cases[i].hex, p7_status_name(status));
        CU_ASSERT_EQUAL(status, cases[i].status);
    }
}

static void what_does_not_fit_a_message_is_refused(void) /* Q.713-3.16, 3.20 */
{
    static const uint8_t data[SCCP_LUDT_DATA_OCTETS + 1] = {0};
    struct sccp_message m = {.type = SCCP_UDT, .data = bytes_of(data, 256)};
    struct bytes_writer w = bytes_writer_of(output, output + sizeof(output));
    CU_ASSERT_EQUAL(sccp_encode(&w, &m), P7_RANGE);
    m.data = bytes_of(data, 0);
    CU_ASSERT_EQUAL(sccp_encode(&w, &m), P7_RANGE);
    m.type = SCCP_LUDT;
    m.data = bytes_of(data, sizeof(data));
    CU_ASSERT_EQUAL(sccp_encode(&w, &m), P7_RANGE);
    m.data = bytes_of(data, 10);
    m.protocol_class = 2;
    CU_ASSERT_EQUAL(sccp_encode(&w, &m), P7_RANGE);
    m.protocol_class = 0;
    m.type = 0x55;
    CU_ASSERT_EQUAL(sccp_encode(&w, &m), P7_UNSUPPORTED);
    m.type = SCCP_UDT;
    m.has_importance = true; /* a UDT has no optional part */
    CU_ASSERT_EQUAL(sccp_encode(&w, &m), P7_RANGE);
    /* The pointer to the optional part of an XUDT has one octet. */
    m.type = SCCP_XUDT;
    m.data = bytes_of(data, 249);
    CU_ASSERT_EQUAL(sccp_encode(&w, &m), P7_OK);
    m.data = bytes_of(data, 250);
    CU_ASSERT_EQUAL(sccp_encode(&w, &m), P7_RANGE);
}

static void a_writer_too_small_by_any_amount_is_told(void)
{
    const struct bytes in = from_hex(vector("sccp-xudt-chain-1-of-3"));
    struct sccp_message m;
    CU_ASSERT_EQUAL_FATAL(sccp_decode(SCCP_ITU, in, &m), P7_OK);
    for (size_t room = 0; room < in.length; room++) {
        struct bytes_writer w = bytes_writer_of(output, output + room);
        CU_ASSERT_EQUAL(sccp_encode(&w, &m), P7_FULL);
    }
}

static void subsystem_management_makes_the_round_trip(void) /* Q.713-5.3; Q.713-5.1, 5.2 */
{
    struct sccp_message m;
    struct sccp_management got;
    CU_ASSERT_EQUAL_FATAL(sccp_decode(SCCP_ITU, from_hex(vector("m3ua-data-na-rc-sst")), &m),
                          P7_OK);
    CU_ASSERT_EQUAL_FATAL(sccp_management_decode(SCCP_ITU, m.data, &got), P7_OK);
    CU_ASSERT_EQUAL(got.type, SCCP_SST);
    CU_ASSERT_EQUAL(got.affected_ssn, 0xd5);
    CU_ASSERT_EQUAL(got.affected_pc, 0x181c);
    for (uint8_t type = SCCP_SSA; type <= SCCP_SSC; type++) {
        const struct sccp_management sent = {.type = type,
                                             .affected_ssn = 146,
                                             .affected_pc = 0x3abc,
                                             .multiplicity = 2,
                                             .congestion = type == SCCP_SSC ? 7 : 0};
        struct bytes_writer w = bytes_writer_of(output, output + sizeof(output));
        CU_ASSERT_EQUAL(sccp_management_write(&w, &sent), P7_OK);
        const size_t length = bytes_writer_length(&w);
        CU_ASSERT_EQUAL(length, type == SCCP_SSC ? 6 : 5);
        CU_ASSERT_EQUAL_FATAL(sccp_management_decode(SCCP_ITU, bytes_of(output, length), &got),
                              P7_OK);
        CU_ASSERT_EQUAL(got.type, type);
        CU_ASSERT_EQUAL(got.affected_ssn, 146);
        CU_ASSERT_EQUAL(got.affected_pc, 0x3abc);
        CU_ASSERT_EQUAL(got.multiplicity, 2);
        CU_ASSERT_EQUAL(got.congestion, sent.congestion);
        for (size_t cut = 0; cut < length; cut++)
            CU_ASSERT_EQUAL(sccp_management_decode(SCCP_ITU, bytes_of(output, cut), &got),
                            P7_TRUNCATED);
    }
    CU_ASSERT_EQUAL(sccp_management_decode(SCCP_ITU, from_hex("07"), &got), P7_UNSUPPORTED);
    CU_ASSERT_EQUAL(sccp_management_decode(SCCP_ITU, from_hex("0092000000"), &got), P7_UNSUPPORTED);
}

static void every_return_cause_has_its_own_text(void) /* Q.713-3.12 */
{
    CU_ASSERT_STRING_EQUAL(sccp_return_cause_text(4), "unequipped user");
    CU_ASSERT_STRING_EQUAL(sccp_return_cause_text(14), "segmentation failure");
    for (unsigned a = 0; a < 15; a++)
        for (unsigned b = a + 1; b < 16; b++)
            CU_ASSERT_STRING_NOT_EQUAL(sccp_return_cause_text((uint8_t)a),
                                       sccp_return_cause_text((uint8_t)b));
}

UNIT_TESTS = {
    UNIT(messages_of_other_stacks_are_reencoded_to_the_octet),
    UNIT(fields_are_read_as_wireshark_reads_them),
    UNIT(every_global_title_indicator_makes_the_round_trip),
    UNIT(an_address_beyond_its_fields_is_refused),
    UNIT(the_longest_title_fits_a_party),
    UNIT(the_hot_path_writes_what_the_encoder_writes),
    UNIT(every_message_type_makes_the_round_trip),
    UNIT(a_message_cut_anywhere_is_refused),
    UNIT(hostile_pointers_lead_nowhere),
    UNIT(what_does_not_fit_a_message_is_refused),
    UNIT(a_writer_too_small_by_any_amount_is_told),
    UNIT(subsystem_management_makes_the_round_trip),
    UNIT(every_return_cause_has_its_own_text),
};
UNIT_MAIN("sccp")
