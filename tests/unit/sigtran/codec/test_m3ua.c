/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "sigtran/codec/m3ua.h"

#include "tests/unit/unit.h"

static struct m3ua_message message;
static struct m3ua_fault fault;
static uint8_t input[4096];
static uint8_t output[4096];

static enum p7_status decode_hex(const char *hex)
{
    const size_t n = unit_hex(hex, input, sizeof(input));
    return m3ua_decode(input, input + n, &message, &fault);
}

/* Encodes `m`, decodes the result into `message`, and checks that it takes. */
static size_t round_trip(const struct m3ua_message *m)
{
    struct bytes_writer w = bytes_writer_of(output, output + sizeof(output));
    m3ua_encode(&w, m);
    CU_ASSERT_FALSE_FATAL(w.failed);
    CU_ASSERT_EQUAL(bytes_writer_length(&w) % 4, 0);
    CU_ASSERT_EQUAL_FATAL(m3ua_decode(output, w.at, &message, &fault), P7_OK);
    CU_ASSERT_EQUAL(message.kind, m->kind);
    CU_ASSERT_EQUAL(message.present, m->present);
    return bytes_writer_length(&w);
}

static struct bytes text(const char *s)
{
    return bytes_of(s, strlen(s));
}

/* Messages of other stacks; where `identical`, our encoder gives the same octets back. */
static void messages_of_other_stacks_are_read_and_written_back(void)
{
    static const struct {
        enum m3ua_kind kind;
        bool identical;
        const char *hex;
    } cases[] = {
        {M3UA_ERR, true,
         "0100000000000034000c00080000000100060008000000010200000800000001"
         "0012000c111111112222222200070008deadbeef"},
        {M3UA_NTFY, true,
         "010000010000002c000d00080001000300110008000000020006000800000001"
         "0004000c6465616462656566"},
        {M3UA_ASPUP, true, "010003010000001c00110008000000010004000c6465616462656566"},
        {M3UA_ASPAC, true,
         "0100040100000024000b0008000000020006000800000001"
         "0004000c6465616462656566"},
        {M3UA_SCON, true,
         "01000204000000400200000800000001000600080000000200"
         "12000c00000003000000040206000800000005020500080000"
         "00060004000c6465616462656566"},
        {M3UA_DUNA, true,
         "0100020100000030020000080000000100060008000000020012000c00000003"
         "000000040004000c6465616462656566"},
        /* INFO String first, which REG REQ's format does not even show, and the key's NA last */
        {M3UA_REG_REQ, false,
         "01000901000000340004000e4d33554120726f636b7300000207001c020a00080000"
         "0001020b0008000000640200000800000002"},
        {M3UA_DATA, true,
         "01000101000000c4021000bc0000052900000d0e0303030f0901030e190b12920011044889200036"
         "010b12920011044889203024078e62818b480410067d506b1a2818060700118605010101a00d600b"
         "a1090607040000010032016c67a165020180020100305d800200c8820884104833522701f9830884"
         "1348735425740585010a8a088493488920102008bb0580038090a39c010c9f320854020440838439"
         "f4bf35038301119f3605202257d3249f3707914889203024f79f39080291801212829282"},
        {M3UA_DATA, true,
         "0100010100000094000600080000003302100081000003e8000003e903000013098103101c0d1206"
         "00710479510001000016000c12930011045383171111110150624e4804733b33c96b1e281c060700"
         "118605010101a011600f80020780a109060704000001001d036c26a124020147020147301ca00a80"
         "0844500101000016f0a10480008100830891538307000000f1000000"},
        {M3UA_DATA, true,
         "010001010000003c0210003200000065000015b00502000b6f09010048000a030208060390551384"
         "000801000a0804137944141011113d010b000000"},
        {M3UA_DATA, true,
         "010001010000003c02000008000000000006000800000019021000210000179d0000181c03030002"
         "09000305070242010242010503d51c1800000000"},
        {M3UA_DATA, true,
         "01000101000000b4021000a9000006be000006c5030200020a00030d110a52920011049999999909"
         "0403be069283658180480400000001490400173a266b2a2828060700118605010101a01d611b8002"
         "0780a109060704000001003201a203020100a305a1030201006c46a13c0201020201173034a03230"
         "0680010e810101300680010d810101300b800111810101a203800101300b800111810101a2038001"
         "023006800112810101a10602010302011f000000"},
        {M3UA_DATA, true,
         "01000101000000a80200000801abcdef00060008112233440210008800010305000101010302080e"
         "0901030e190b92060012041999967639980b12080012041989969299295a62584804861205726b1a"
         "2818060700118605010101a00d600ba1090607040000010005036c34a132020180020116302a8007"
         "9119999676399883010085010186079119899692992987089bac03b90810ae7dab06030206c00500"
         "00130008fcdc1298"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        CU_ASSERT_EQUAL_FATAL(decode_hex(cases[i].hex), P7_OK);
        CU_ASSERT_EQUAL(message.kind, cases[i].kind);
        if (!cases[i].identical)
            continue;
        struct bytes_writer w = bytes_writer_of(output, output + sizeof(output));
        m3ua_encode(&w, &message);
        const size_t n = bytes_load_u32be(input + 4);
        CU_ASSERT_TRUE(bytes_equal(bytes_of(output, bytes_writer_length(&w)), bytes_of(input, n)));
    }
}

static void the_registration_request_of_another_stack_gives_its_key(void)
{
    CU_ASSERT_EQUAL_FATAL(
        decode_hex("01000901000000340004000e4d33554120726f636b7300000207001c020a00080000"
                   "0001020b0008000000640200000800000002"),
        P7_OK);
    CU_ASSERT_EQUAL_FATAL(message.routing_key_count, 1);
    const struct m3ua_routing_key *key = &message.routing_key[0];
    CU_ASSERT_EQUAL(key->local_id, 1);
    CU_ASSERT_EQUAL_FATAL(key->group_count, 1);
    CU_ASSERT_EQUAL(key->group[0].destination_point_code, 100);
    CU_ASSERT_EQUAL(key->present, M3UA_HAS_NETWORK_APPEARANCE);
    CU_ASSERT_EQUAL(key->network_appearance, 2);
    CU_ASSERT_TRUE(bytes_equal(message.info, text("M3UA rocks")));
}

/* RFC4666-3.8.1, 3.8.2 */
static void every_field_of_the_management_messages_makes_the_round_trip(void)
{
    static const uint8_t contexts[] = {0, 0, 0, 7, 0xff, 0xff, 0xff, 0xfe};
    static const uint8_t points[] = {3, 0x12, 0x34, 0x56};
    static struct m3ua_message m;
    m3ua_message_of(&m, M3UA_ERR);
    m.present = M3UA_HAS_ERROR_CODE | M3UA_HAS_ROUTING_CONTEXT | M3UA_HAS_NETWORK_APPEARANCE |
                M3UA_HAS_AFFECTED_POINT_CODE | M3UA_HAS_DIAGNOSTIC | M3UA_HAS_INFO;
    m.error_code = M3UA_ERROR_INVALID_ROUTING_CONTEXT;
    m.routing_contexts = bytes_of(contexts, sizeof(contexts));
    m.network_appearance = 0x80000001;
    m.affected_point_codes = bytes_of(points, sizeof(points));
    m.diagnostic = text("odd");
    m.info = text("");
    (void)round_trip(&m);
    CU_ASSERT_EQUAL(message.error_code, 0x19);
    CU_ASSERT_EQUAL_FATAL(m3ua_list_count(message.routing_contexts), 2);
    CU_ASSERT_EQUAL(m3ua_list_u32(message.routing_contexts, 0), 7);
    CU_ASSERT_EQUAL(m3ua_list_u32(message.routing_contexts, 1), 0xfffffffe);
    CU_ASSERT_EQUAL(message.network_appearance, 0x80000001);
    const uint32_t entry = m3ua_list_u32(message.affected_point_codes, 0);
    CU_ASSERT_EQUAL(m3ua_point_code(entry), 0x123456);
    CU_ASSERT_EQUAL(m3ua_point_code_mask(entry), 3);
    CU_ASSERT_TRUE(bytes_equal(message.diagnostic, text("odd")));
    CU_ASSERT_EQUAL(message.info.length, 0);

    m3ua_message_of(&m, M3UA_NTFY);
    m.present = M3UA_HAS_STATUS | M3UA_HAS_ASP_IDENTIFIER;
    m.status_type = M3UA_STATUS_OTHER;
    m.status_information = M3UA_ALTERNATE_ASP_ACTIVE;
    m.asp_identifier = 0xdeadbeef;
    (void)round_trip(&m);
    CU_ASSERT_EQUAL(message.status_type, 2);
    CU_ASSERT_EQUAL(message.status_information, 2);
    CU_ASSERT_EQUAL(message.asp_identifier, 0xdeadbeef);
}

/* RFC4666-3.4.1, 3.4.2, 3.4.3, 3.4.4, 3.4.5, 3.4.6 */
static void every_field_of_the_network_management_messages_makes_the_round_trip(void)
{
    static const uint8_t points[] = {0, 0, 0, 1, 2, 0, 0x20, 8};
    static const enum m3ua_kind kinds[] = {M3UA_DUNA, M3UA_DAVA, M3UA_DAUD,
                                           M3UA_SCON, M3UA_DUPU, M3UA_DRST};
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        static struct m3ua_message m;
        m3ua_message_of(&m, kinds[i]);
        m.present = M3UA_HAS_AFFECTED_POINT_CODE | M3UA_HAS_INFO;
        m.affected_point_codes = bytes_of(points, sizeof(points));
        m.info = text("padded by three");
        if (kinds[i] == M3UA_SCON) {
            m.present |= M3UA_HAS_CONGESTION_INDICATIONS | M3UA_HAS_CONCERNED_DESTINATION;
            m.congestion_level = 3;
            m.concerned_point_code = 0xabcdef;
        } else if (kinds[i] == M3UA_DUPU) {
            m.present |= M3UA_HAS_USER_CAUSE;
            m.unavailability_cause = 2;
            m.mtp3_user = 3;
        }
        (void)round_trip(&m);
        CU_ASSERT_TRUE(bytes_equal(message.affected_point_codes, m.affected_point_codes));
        CU_ASSERT_TRUE(bytes_equal(message.info, m.info));
        if (kinds[i] == M3UA_SCON) {
            CU_ASSERT_EQUAL(message.congestion_level, 3);
            CU_ASSERT_EQUAL(message.concerned_point_code, 0xabcdef);
        } else if (kinds[i] == M3UA_DUPU) {
            /* cause in front of the user (RFC4666-3.4.5) */
            CU_ASSERT_EQUAL(message.unavailability_cause, 2);
            CU_ASSERT_EQUAL(message.mtp3_user, 3);
        }
    }
}

/* RFC4666-3.5.1, 3.5.2, 3.5.3, 3.5.4, 3.5.5, 3.5.6, 3.7.1, 3.7.2, 3.7.3, 3.7.4, 3.6.3 */
static void every_field_of_the_asp_messages_makes_the_round_trip(void)
{
    static const uint8_t contexts[] = {0, 0, 1, 0};
    static const enum m3ua_kind kinds[] = {
        M3UA_ASPUP, M3UA_ASPDN, M3UA_BEAT,      M3UA_ASPUP_ACK, M3UA_ASPDN_ACK, M3UA_BEAT_ACK,
        M3UA_ASPAC, M3UA_ASPIA, M3UA_ASPAC_ACK, M3UA_ASPIA_ACK, M3UA_DEREG_REQ};
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        static struct m3ua_message m;
        m3ua_message_of(&m, kinds[i]);
        if (kinds[i] == M3UA_ASPUP || kinds[i] == M3UA_ASPUP_ACK)
            m.present |= M3UA_HAS_ASP_IDENTIFIER;
        if (kinds[i] == M3UA_BEAT || kinds[i] == M3UA_BEAT_ACK)
            m.present |= M3UA_HAS_HEARTBEAT_DATA;
        if (kinds[i] == M3UA_ASPAC || kinds[i] == M3UA_ASPAC_ACK)
            m.present |= M3UA_HAS_TRAFFIC_MODE;
        if (m3ua_kind_class(kinds[i]) == M3UA_CLASS_ASPTM || kinds[i] == M3UA_DEREG_REQ)
            m.present |= M3UA_HAS_ROUTING_CONTEXT;
        m.asp_identifier = 17;
        m.heartbeat_data = text("tick\0");
        m.traffic_mode = 3;
        m.routing_contexts = bytes_of(contexts, sizeof(contexts));
        (void)round_trip(&m);
        if ((m.present & M3UA_HAS_ASP_IDENTIFIER) != 0)
            CU_ASSERT_EQUAL(message.asp_identifier, 17);
        if ((m.present & M3UA_HAS_HEARTBEAT_DATA) != 0)
            CU_ASSERT_TRUE(bytes_equal(message.heartbeat_data, m.heartbeat_data));
        if ((m.present & M3UA_HAS_TRAFFIC_MODE) != 0)
            CU_ASSERT_EQUAL(message.traffic_mode, 3);
        if ((m.present & M3UA_HAS_ROUTING_CONTEXT) != 0)
            CU_ASSERT_EQUAL(m3ua_list_u32(message.routing_contexts, 0), 256);
    }
}

static void every_field_of_a_routing_key_makes_the_round_trip(void) /* RFC4666-3.6.1 */
{
    static const uint8_t indicators[] = {3, 5, 14};
    static const uint8_t points[] = {0, 0, 0, 9, 1, 0, 0, 8};
    static struct m3ua_message m;
    m3ua_message_of(&m, M3UA_REG_REQ);
    m.present = M3UA_HAS_ROUTING_KEY;
    m.routing_key_count = 2;
    m.routing_key[0] = (struct m3ua_routing_key){
        .present = M3UA_HAS_ROUTING_CONTEXT | M3UA_HAS_TRAFFIC_MODE | M3UA_HAS_NETWORK_APPEARANCE,
        .local_id = 1,
        .routing_context = 2,
        .traffic_mode = 3,
        .network_appearance = 4,
        .group_count = 2,
        .group = {{.present = M3UA_HAS_SERVICE_INDICATORS | M3UA_HAS_OPC_LIST,
                   .destination_point_code = 0x01000005,
                   .service_indicators = bytes_of(indicators, sizeof(indicators)),
                   .opc_list = bytes_of(points, sizeof(points))},
                  {.present = M3UA_HAS_OPC_LIST,
                   .destination_point_code = 6,
                   .opc_list = bytes_of(points, 4)}}};
    m.routing_key[1] = (struct m3ua_routing_key){
        .local_id = 9, .group_count = 1, .group = {{.destination_point_code = 10}}};
    (void)round_trip(&m);
    CU_ASSERT_EQUAL_FATAL(message.routing_key_count, 2);
    const struct m3ua_routing_key *key = &message.routing_key[0];
    CU_ASSERT_EQUAL(key->present, m.routing_key[0].present);
    CU_ASSERT_EQUAL(key->local_id, 1);
    CU_ASSERT_EQUAL(key->routing_context, 2);
    CU_ASSERT_EQUAL(key->traffic_mode, 3);
    CU_ASSERT_EQUAL(key->network_appearance, 4);
    CU_ASSERT_EQUAL_FATAL(key->group_count, 2);
    CU_ASSERT_EQUAL(key->group[0].destination_point_code, 0x01000005);
    CU_ASSERT_EQUAL(key->group[0].present, M3UA_HAS_SERVICE_INDICATORS | M3UA_HAS_OPC_LIST);
    CU_ASSERT_TRUE(
        bytes_equal(key->group[0].service_indicators, bytes_of(indicators, sizeof(indicators))));
    CU_ASSERT_TRUE(bytes_equal(key->group[0].opc_list, bytes_of(points, sizeof(points))));
    CU_ASSERT_EQUAL(key->group[1].present, M3UA_HAS_OPC_LIST);
    CU_ASSERT_EQUAL(key->group[1].destination_point_code, 6);
    CU_ASSERT_EQUAL(message.routing_key[1].present, 0);
    CU_ASSERT_EQUAL(message.routing_key[1].local_id, 9);
    CU_ASSERT_EQUAL(message.routing_key[1].group[0].destination_point_code, 10);
}

/* RFC4666-3.6.2, 3.6.4 */
static void every_field_of_the_registration_results_makes_the_round_trip(void)
{
    static struct m3ua_message m;
    m3ua_message_of(&m, M3UA_REG_RSP);
    m.present = M3UA_HAS_REGISTRATION_RESULT;
    m.registration_result_count = 2;
    m.registration_result[0] =
        (struct m3ua_registration_result){.local_id = 1, .status = 0, .routing_context = 5};
    m.registration_result[1] =
        (struct m3ua_registration_result){.local_id = 2, .status = 8, .routing_context = 0};
    (void)round_trip(&m);
    CU_ASSERT_EQUAL_FATAL(message.registration_result_count, 2);
    CU_ASSERT_EQUAL(message.registration_result[0].routing_context, 5);
    CU_ASSERT_EQUAL(message.registration_result[1].local_id, 2);
    CU_ASSERT_EQUAL(message.registration_result[1].status, 8);

    m3ua_message_of(&m, M3UA_DEREG_RSP);
    m.present = M3UA_HAS_DEREGISTRATION_RESULT;
    m.deregistration_result_count = 1;
    m.deregistration_result[0] =
        (struct m3ua_deregistration_result){.routing_context = 5, .status = 4};
    (void)round_trip(&m);
    CU_ASSERT_EQUAL(message.deregistration_result[0].routing_context, 5);
    CU_ASSERT_EQUAL(message.deregistration_result[0].status, 4);
}

/* RFC4666-3.8.1 */
static void what_is_refused_names_the_error_for_the_answer(void) /* RFC4666-3.1.1, 3.1.2 */
{
    static const struct {
        const char *hex;
        enum p7_status status;
        enum m3ua_error error;
        uint16_t tag;
    } cases[] = {
        {"", P7_TRUNCATED, M3UA_ERROR_PROTOCOL_ERROR, 0},
        {"01000301000000", P7_TRUNCATED, M3UA_ERROR_PROTOCOL_ERROR, 0},
        {"0200030100000008", P7_UNSUPPORTED, M3UA_ERROR_INVALID_VERSION, 0},
        {"0100050100000008", P7_UNSUPPORTED, M3UA_ERROR_UNSUPPORTED_MESSAGE_CLASS, 0},
        {"01000a0100000008", P7_UNSUPPORTED, M3UA_ERROR_UNSUPPORTED_MESSAGE_CLASS, 0},
        {"0100030000000008", P7_UNSUPPORTED, M3UA_ERROR_UNSUPPORTED_MESSAGE_TYPE, 0},
        {"0100030700000008", P7_UNSUPPORTED, M3UA_ERROR_UNSUPPORTED_MESSAGE_TYPE, 0},
        {"0100010200000008", P7_UNSUPPORTED, M3UA_ERROR_UNSUPPORTED_MESSAGE_TYPE, 0},
        {"0100000200000008", P7_UNSUPPORTED, M3UA_ERROR_UNSUPPORTED_MESSAGE_TYPE, 0},
        /* the header's length: too short, too long, too small */
        {"0100030100000004", P7_MALFORMED, M3UA_ERROR_PROTOCOL_ERROR, 0},
        {"010003010000000c", P7_TRUNCATED, M3UA_ERROR_PROTOCOL_ERROR, 0},
        {"01000301000000080011000800000001", P7_MALFORMED, M3UA_ERROR_PROTOCOL_ERROR, 0},
        {"01000301ffffffff", P7_TRUNCATED, M3UA_ERROR_PROTOCOL_ERROR, 0},
        /* parameter lengths: below 4, beyond the message, a rest of one octet */
        {"010003010000000c00110003", P7_MALFORMED, M3UA_ERROR_PARAMETER_FIELD_ERROR, 0},
        {"010003010000000c00110000", P7_MALFORMED, M3UA_ERROR_PARAMETER_FIELD_ERROR, 0},
        {"010003010000000c00110008", P7_TRUNCATED, M3UA_ERROR_PARAMETER_FIELD_ERROR, 0},
        {"010003010000000900", P7_TRUNCATED, M3UA_ERROR_PARAMETER_FIELD_ERROR, 0},
        /* a value that has not its type's length */
        {"010003010000000e001100060001", P7_MALFORMED, M3UA_ERROR_PARAMETER_FIELD_ERROR, 0x11},
        {"010004010000000c00060004", P7_MALFORMED, M3UA_ERROR_PARAMETER_FIELD_ERROR, 6},
        {"010004010000000e000600060001", P7_MALFORMED, M3UA_ERROR_PARAMETER_FIELD_ERROR, 6},
        /* known, but not in this message; twice */
        {"0100030200000010 0011000800000001", P7_MALFORMED, M3UA_ERROR_UNEXPECTED_PARAMETER, 0x11},
        {"0100030100000018 0011000800000001 0011000800000001", P7_MALFORMED,
         M3UA_ERROR_UNEXPECTED_PARAMETER, 0x11},
        /* mandatory and absent */
        {"0100000100000008", P7_MISSING, M3UA_ERROR_MISSING_PARAMETER, 0x0d},
        {"0100020100000008", P7_MISSING, M3UA_ERROR_MISSING_PARAMETER, 0x12},
        {"0100020500000010 0012000800000001", P7_MISSING, M3UA_ERROR_MISSING_PARAMETER, 0x204},
        {"0100090100000008", P7_MISSING, M3UA_ERROR_MISSING_PARAMETER, 0x207},
        {"010009010000000c 02070004", P7_MISSING, M3UA_ERROR_MISSING_PARAMETER, 0x20a},
        {"0100090200000008", P7_MISSING, M3UA_ERROR_MISSING_PARAMETER, 0x208},
        {"0100090300000008", P7_MISSING, M3UA_ERROR_MISSING_PARAMETER, 6},
        {"0100090400000008", P7_MISSING, M3UA_ERROR_MISSING_PARAMETER, 0x209},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        CU_ASSERT_EQUAL(decode_hex(cases[i].hex), cases[i].status);
        CU_ASSERT_EQUAL(fault.error, cases[i].error);
        CU_ASSERT_EQUAL(fault.tag, cases[i].tag);
        CU_ASSERT_TRUE(fault.answer);
    }
}

/* RFC4666-3.8.1: "An ERR message MUST NOT be generated in response to other ERR messages". */
static void a_broken_error_is_never_answered(void)
{
    static const char *const cases[] = {"0100000000000008", "01000000", "020000000000000c",
                                        "0100000000000010 000c000600000001"};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        CU_ASSERT_NOT_EQUAL(decode_hex(cases[i]), P7_OK);
        CU_ASSERT_FALSE(fault.answer);
    }
}

static void an_error_is_read_whatever_else_it_carries(void)
{
    CU_ASSERT_EQUAL_FATAL(decode_hex("0100000000000020 000c0008000000ff 000c000800000001"
                                     "0207000800000001"),
                          P7_OK);
    CU_ASSERT_EQUAL(message.error_code, 0xff);
    CU_ASSERT_STRING_EQUAL(m3ua_error_text(message.error_code), "unknown error code");
}

/* RFC4666-3.2 */
static void unknown_parameters_are_skipped(void)
{
    CU_ASSERT_EQUAL_FATAL(decode_hex("010003010000001c 7fff000561000000 000f0004"
                                     "0011000800000005"),
                          P7_OK);
    CU_ASSERT_EQUAL(message.present, M3UA_HAS_ASP_IDENTIFIER);
    CU_ASSERT_EQUAL(message.asp_identifier, 5);
}

/* RFC4666-3.1.4 */
static void the_last_padding_may_be_counted_or_not_or_be_absent(void)
{
    static const char *const cases[] = {"0100030200000010 0004000561000000",
                                        "010003020000000d 0004000561000000",
                                        "010003020000000d 0004000561"};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        CU_ASSERT_EQUAL_FATAL(decode_hex(cases[i]), P7_OK);
        CU_ASSERT_TRUE(bytes_equal(message.info, text("a")));
    }
    /* counted, but not there */
    CU_ASSERT_EQUAL(decode_hex("0100030200000010 0004000561"), P7_TRUNCATED);
}

/* RFC4666-3.2: the sender writes zeros, the receiver does not look. */
static void padding_is_written_as_zeros_and_not_looked_at(void)
{
    static struct m3ua_message m;
    m3ua_message_of(&m, M3UA_ASPDN);
    m.present = M3UA_HAS_INFO;
    m.info = text("abcde");
    memset(output, 0xee, sizeof(output));
    CU_ASSERT_EQUAL_FATAL(round_trip(&m), 20);
    CU_ASSERT_EQUAL(output[17] | output[18] | output[19], 0);
    CU_ASSERT_EQUAL(output[11], 9); /* the length leaves them out */
    output[17] = 0xff;
    CU_ASSERT_EQUAL(m3ua_decode(output, output + 20, &message, &fault), P7_OK);
}

static void lists_beyond_their_limits_are_refused(void)
{
    static struct m3ua_message m;
    static const uint8_t contexts[4 * (LIMIT_M3UA_ROUTING_CONTEXTS + 1)];
    m3ua_message_of(&m, M3UA_ASPAC);
    m.present = M3UA_HAS_ROUTING_CONTEXT;
    m.routing_contexts = bytes_of(contexts, sizeof(contexts));
    struct bytes_writer w = bytes_writer_of(output, output + sizeof(output));
    m3ua_encode(&w, &m);
    CU_ASSERT_EQUAL(m3ua_decode(output, w.at, &message, &fault), P7_RANGE);
    m.routing_contexts.length -= 4;
    (void)round_trip(&m);

    /* seventeen routing keys, each of eight octets of local id and eight of DPC */
    w = bytes_writer_of(output, output + sizeof(output));
    bytes_write_u32be(&w, 0x01000901);
    bytes_write_u32be(&w, 8 + 17 * 20);
    for (int i = 0; i < 17; i++) {
        bytes_write_u32be(&w, 0x02070014);
        bytes_write_u32be(&w, 0x020a0008);
        bytes_write_u32be(&w, 1);
        bytes_write_u32be(&w, 0x020b0008);
        bytes_write_u32be(&w, 2);
    }
    CU_ASSERT_EQUAL(m3ua_decode(output, w.at, &message, &fault), P7_RANGE);
    CU_ASSERT_EQUAL(fault.error, M3UA_ERROR_INVALID_PARAMETER_VALUE);
    /* nine groups in one key */
    w = bytes_writer_of(output, output + sizeof(output));
    bytes_write_u32be(&w, 0x01000901);
    bytes_write_u32be(&w, 8 + 12 + 9 * 8);
    bytes_write_u32be(&w, 0x02070000 + 12 + 9 * 8);
    bytes_write_u32be(&w, 0x020a0008);
    bytes_write_u32be(&w, 1);
    for (int i = 0; i < 9; i++) {
        bytes_write_u32be(&w, 0x020b0008);
        bytes_write_u32be(&w, 2);
    }
    CU_ASSERT_EQUAL(m3ua_decode(output, w.at, &message, &fault), P7_RANGE);
}

static void the_reserved_octet_is_sent_as_zero_and_not_looked_at(void) /* RFC4666-3.1.3 */
{
    CU_ASSERT_EQUAL(decode_hex("01ff030400000008"), P7_OK);
    CU_ASSERT_EQUAL(message.kind, M3UA_ASPUP_ACK);
    m3ua_message_of(&message, M3UA_ASPUP_ACK);
    struct bytes_writer w = bytes_writer_of(output, output + sizeof(output));
    m3ua_encode(&w, &message);
    CU_ASSERT_EQUAL(output[1], 0);
}

static void the_diagnostic_is_the_head_of_the_message_and_no_more(void)
{
    char hex[200] = "0200030100000040";
    memset(hex + 16, '7', 112);
    hex[128] = '\0';
    CU_ASSERT_EQUAL(decode_hex(hex), P7_UNSUPPORTED);
    CU_ASSERT_EQUAL(fault.diagnostic.length, M3UA_DIAGNOSTIC_OCTETS_MAX);
    CU_ASSERT_TRUE(fault.diagnostic.data == input);
}

static void a_message_that_does_not_fit_fails_the_writer(void)
{
    static struct m3ua_message m;
    m3ua_message_of(&m, M3UA_BEAT);
    m.present = M3UA_HAS_HEARTBEAT_DATA;
    m.heartbeat_data = text("0123456789");
    for (size_t room = 0; room < 24; room++) {
        struct bytes_writer w = bytes_writer_of(output, output + room);
        m3ua_encode(&w, &m);
        CU_ASSERT_TRUE(w.failed);
    }
    struct bytes_writer w = bytes_writer_of(output, output + 24);
    m3ua_encode(&w, &m);
    CU_ASSERT_FALSE(w.failed);
    /* no 16 bit length can say this */
    static uint8_t large[70000];
    static uint8_t room[80000];
    w = bytes_writer_of(room, room + sizeof(room));
    m.heartbeat_data = bytes_of(large, sizeof(large));
    m3ua_encode(&w, &m);
    CU_ASSERT_TRUE(w.failed);
}

static void every_kind_error_and_status_has_its_name(void) /* RFC4666-3.1.2, 3.8.1, 3.8.2 */
{
    CU_ASSERT_STRING_EQUAL(m3ua_kind_name(M3UA_ASPUP_ACK), "ASPUP ACK");
    CU_ASSERT_STRING_EQUAL(m3ua_kind_name(M3UA_ERR), "ERR");
    CU_ASSERT_STRING_EQUAL(m3ua_kind_name((enum m3ua_kind)0x0a01), "?");
    CU_ASSERT_STRING_EQUAL(m3ua_error_text(0x1a), "No Configured AS for ASP");
    CU_ASSERT_STRING_EQUAL(m3ua_error_text(0x02), "unknown error code");
    CU_ASSERT_STRING_EQUAL(m3ua_status_text(1, 4), "AS-PENDING");
    CU_ASSERT_STRING_EQUAL(m3ua_status_text(2, 2), "Alternate ASP Active");
    CU_ASSERT_STRING_EQUAL(m3ua_status_text(2, 4), "unknown status");
    CU_ASSERT_STRING_EQUAL(m3ua_status_text(3, 1), "unknown status");
}

UNIT_TESTS = {
    UNIT(messages_of_other_stacks_are_read_and_written_back),
    UNIT(the_registration_request_of_another_stack_gives_its_key),
    UNIT(every_field_of_the_management_messages_makes_the_round_trip),
    UNIT(every_field_of_the_network_management_messages_makes_the_round_trip),
    UNIT(every_field_of_the_asp_messages_makes_the_round_trip),
    UNIT(every_field_of_a_routing_key_makes_the_round_trip),
    UNIT(every_field_of_the_registration_results_makes_the_round_trip),
    UNIT(what_is_refused_names_the_error_for_the_answer),
    UNIT(a_broken_error_is_never_answered),
    UNIT(an_error_is_read_whatever_else_it_carries),
    UNIT(unknown_parameters_are_skipped),
    UNIT(the_last_padding_may_be_counted_or_not_or_be_absent),
    UNIT(padding_is_written_as_zeros_and_not_looked_at),
    UNIT(lists_beyond_their_limits_are_refused),
    UNIT(the_reserved_octet_is_sent_as_zero_and_not_looked_at),
    UNIT(the_diagnostic_is_the_head_of_the_message_and_no_more),
    UNIT(a_message_that_does_not_fit_fails_the_writer),
    UNIT(every_kind_error_and_status_has_its_name),
};
UNIT_MAIN("m3ua")
