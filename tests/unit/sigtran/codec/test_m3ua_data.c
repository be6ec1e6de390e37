/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "sigtran/codec/m3ua.h"
#include "tests/unit/unit.h"

static struct m3ua_data data;
static struct m3ua_fault fault;
static uint8_t input[4096];
static uint8_t output[4096];

static enum p7_status decode_hex(const char *hex)
{
    const size_t n = unit_hex(hex, input, sizeof(input));
    return m3ua_data_decode(input, input + n, &data, &fault);
}

static bool data_equal(const struct m3ua_data *a, const struct m3ua_data *b)
{
    return a->has_network_appearance == b->has_network_appearance &&
           a->has_routing_context == b->has_routing_context &&
           a->has_correlation_id == b->has_correlation_id &&
           (!a->has_network_appearance || a->network_appearance == b->network_appearance) &&
           (!a->has_routing_context || a->routing_context == b->routing_context) &&
           (!a->has_correlation_id || a->correlation_id == b->correlation_id) && a->opc == b->opc &&
           a->dpc == b->dpc && a->si == b->si && a->ni == b->ni && a->mp == b->mp &&
           a->sls == b->sls && bytes_equal(a->payload, b->payload);
}

/* Each field has another value, so that none can stand in for its neighbour. */
/* RFC4666-3.3.1 */
static void every_field_makes_the_round_trip_with_and_without_the_optional_ones(void)
{
    for (unsigned bits = 0; bits < 8; bits++)
        for (size_t length = 0; length < 9; length++) {
            const struct m3ua_data in = {
                .has_network_appearance = (bits & 1) != 0,
                .has_routing_context = (bits & 2) != 0,
                .has_correlation_id = (bits & 4) != 0,
                .network_appearance = 0x80000001,
                .routing_context = 0x80000002,
                .correlation_id = 0x80000003,
                .opc = 0xffffff,
                .dpc = 0x012345,
                .si = 3,
                .ni = 2,
                .mp = 1,
                .sls = 0xf7,
                .payload = bytes_of("\x09\x01\x03\x0e\x19\x0b\x12\x92", length > 8 ? 8 : length),
            };
            struct bytes_writer w = bytes_writer_of(output, output + sizeof(output));
            m3ua_data_encode(&w, &in);
            CU_ASSERT_FALSE_FATAL(w.failed);
            CU_ASSERT_EQUAL(bytes_load_u32be(output + 4), bytes_writer_length(&w));
            CU_ASSERT_EQUAL_FATAL(m3ua_data_decode(output, w.at, &data, &fault), P7_OK);
            CU_ASSERT_TRUE(data_equal(&in, &data));
            CU_ASSERT_TRUE(m3ua_is_data(output, w.at));
        }
}

static void data_of_other_stacks_is_read_in_all_its_fields(void)
{
    CU_ASSERT_EQUAL_FATAL(
        decode_hex(
            "010001010000003c02000008000000000006000800000019021000210000179d0000181c03030002"
            "09000305070242010242010503d51c1800000000"),
        P7_OK);
    const struct m3ua_data sst = {
        .has_network_appearance = true,
        .network_appearance = 0,
        .has_routing_context = true,
        .routing_context = 25,
        .opc = 6045,
        .dpc = 6172,
        .si = 3,
        .ni = 3,
        .mp = 0,
        .sls = 2,
        .payload =
            bytes_of("\x09\x00\x03\x05\x07\x02\x42\x01\x02\x42\x01\x05\x03\xd5\x1c\x18\x00", 17),
    };
    CU_ASSERT_TRUE(data_equal(&data, &sst));
}

/* The general codec and the fast path are two ways to the same. */
static void both_encoders_give_the_same_octets(void)
{
    static struct m3ua_message m;
    const size_t n = unit_hex("01000101000000240200000801abcdef02100013000103050001010103020"
                              "80e010203 00 00130008fcdc1298",
                              input, sizeof(input));
    bytes_store_u32be(input + 4, (uint32_t)n);
    CU_ASSERT_EQUAL_FATAL(m3ua_data_decode(input, input + n, &data, &fault), P7_OK);
    CU_ASSERT_EQUAL_FATAL(m3ua_decode(input, input + n, &m, &fault), P7_OK);
    CU_ASSERT_EQUAL(m.present,
                    M3UA_HAS_PROTOCOL_DATA | M3UA_HAS_NETWORK_APPEARANCE | M3UA_HAS_CORRELATION_ID);
    struct bytes_writer w = bytes_writer_of(output, output + sizeof(output));
    m3ua_encode(&w, &m);
    CU_ASSERT_TRUE(bytes_equal(bytes_of(output, bytes_writer_length(&w)), bytes_of(input, n)));
    w = bytes_writer_of(output, output + sizeof(output));
    m3ua_data_encode(&w, &data);
    CU_ASSERT_TRUE(bytes_equal(bytes_of(output, bytes_writer_length(&w)), bytes_of(input, n)));
}

static void a_payload_written_in_place_gives_the_same_octets(void)
{
    const struct m3ua_data in = {.has_routing_context = true,
                                 .has_correlation_id = true,
                                 .routing_context = 9,
                                 .correlation_id = 8,
                                 .opc = 1,
                                 .dpc = 2,
                                 .si = 3,
                                 .payload = bytes_of("abcdefghi", 9)};
    struct bytes_writer w = bytes_writer_of(output, output + sizeof(output));
    m3ua_data_encode(&w, &in);
    uint8_t other[128];
    struct bytes_writer v = bytes_writer_of(other, other + sizeof(other));
    bytes_write_u8(&v, 0xaa); /* the mark is relative: something may stand before it */
    const size_t mark = m3ua_data_open(&v, &in);
    CU_ASSERT_TRUE(bytes_writer_length(&v) - mark <= M3UA_DATA_HEADER_OCTETS_MAX);
    bytes_write(&v, in.payload);
    const size_t before = bytes_writer_length(&v);
    m3ua_data_close(&v, &in, mark);
    CU_ASSERT_TRUE(bytes_writer_length(&v) - before <= M3UA_DATA_TRAILER_OCTETS_MAX);
    CU_ASSERT_TRUE(bytes_equal(bytes_of(output, bytes_writer_length(&w)),
                               bytes_of(other + 1, bytes_writer_length(&v) - 1)));
}

static void what_is_refused_names_the_error_for_the_answer(void)
{
    static const struct {
        const char *hex;
        enum p7_status status;
        enum m3ua_error error;
    } cases[] = {
        /* no Protocol Data; too short for a routing label; two of them */
        {"0100010100000008", P7_MISSING, M3UA_ERROR_MISSING_PARAMETER},
        {"0100010100000010 0006000800000001", P7_MISSING, M3UA_ERROR_MISSING_PARAMETER},
        {"0100010100000014 0210000c 0000000100000002", P7_MALFORMED,
         M3UA_ERROR_PARAMETER_FIELD_ERROR},
        {"0100010100000028 02100010 000000010000000203020001"
         "02100010 000000010000000203020001",
         P7_MALFORMED, M3UA_ERROR_UNEXPECTED_PARAMETER},
        /* a point code of more than 24 bits (RFC4666-3.3.1) */
        {"0100010100000018 02100010 010000010000000203020001", P7_RANGE,
         M3UA_ERROR_INVALID_PARAMETER_VALUE},
        /* two routing contexts where DATA has one; a parameter of another message */
        {"0100010100000024 0006000c0000000100000002 02100010 000000010000000203020001",
         P7_MALFORMED, M3UA_ERROR_PARAMETER_FIELD_ERROR},
        {"0100010100000028 0006000800000001 0006000800000001 02100010 000000010000000203020001",
         P7_MALFORMED, M3UA_ERROR_UNEXPECTED_PARAMETER},
        {"0100010100000020 000b000800000001 02100010 000000010000000203020001", P7_MALFORMED,
         M3UA_ERROR_UNEXPECTED_PARAMETER},
        /* not DATA */
        {"0100030100000008", P7_UNSUPPORTED, M3UA_ERROR_UNSUPPORTED_MESSAGE_CLASS},
        {"0100010000000008", P7_UNSUPPORTED, M3UA_ERROR_UNSUPPORTED_MESSAGE_TYPE},
        {"0000010100000008", P7_UNSUPPORTED, M3UA_ERROR_INVALID_VERSION},
        {"0100010100000018 02100011 000000010000000203020001", P7_TRUNCATED,
         M3UA_ERROR_PARAMETER_FIELD_ERROR},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        CU_ASSERT_EQUAL(decode_hex(cases[i].hex), cases[i].status);
        CU_ASSERT_EQUAL(fault.error, cases[i].error);
        CU_ASSERT_TRUE(fault.answer);
    }
}

static void parameters_come_in_any_order_and_unknown_ones_are_skipped(void)
{
    CU_ASSERT_EQUAL_FATAL(decode_hex("0100010100000030 0013000800000007 0099000501000000"
                                     "02100010 000000010000000203020001 0006000800000005"),
                          P7_OK);
    CU_ASSERT_EQUAL(data.correlation_id, 7);
    CU_ASSERT_EQUAL(data.routing_context, 5);
    CU_ASSERT_EQUAL(data.payload.length, 0);
    CU_ASSERT_FALSE(data.has_network_appearance);
}

static void data_that_does_not_fit_fails_the_writer(void)
{
    const struct m3ua_data in = {
        .has_routing_context = true, .has_correlation_id = true, .payload = bytes_of("abcde", 5)};
    const size_t whole = 8 + 8 + 4 + 12 + 8 + 8;
    for (size_t room = 0; room <= whole; room++) {
        struct bytes_writer w = bytes_writer_of(output, output + room);
        m3ua_data_encode(&w, &in);
        CU_ASSERT_EQUAL(w.failed, room < whole);
    }
    static uint8_t large[65536];
    static uint8_t room[70000];
    struct bytes_writer w = bytes_writer_of(room, room + sizeof(room));
    const struct m3ua_data long_data = {.payload = bytes_of(large, 65535 - 16 + 1)};
    m3ua_data_encode(&w, &long_data);
    CU_ASSERT_TRUE(w.failed);
}

UNIT_TESTS = {
    UNIT(every_field_makes_the_round_trip_with_and_without_the_optional_ones),
    UNIT(data_of_other_stacks_is_read_in_all_its_fields),
    UNIT(both_encoders_give_the_same_octets),
    UNIT(a_payload_written_in_place_gives_the_same_octets),
    UNIT(what_is_refused_names_the_error_for_the_answer),
    UNIT(parameters_come_in_any_order_and_unknown_ones_are_skipped),
    UNIT(data_that_does_not_fit_fails_the_writer),
};
UNIT_MAIN("m3ua_data")
