/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "sigtran/codec/tcap.h"

#include "sigtran/codec/ber.h"
#include "tests/unit/sigtran/codec/tcap_vectors.h"
#include "tests/unit/unit.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* The examples of the protocol notes; the CAP arguments in them are opaque here. */
#define BEGIN_IDP                                                                                  \
    "6281a94804000001016b1e281c060700118605010101a011600f80020780a1090607040000010032016c8180a1"   \
    "7e02010102010030768001648308841364070100000185010a8a088493640701000001bb0580038090a39c0102"   \
    "9f320800010100000000f1bf3417020100810791640701000001a309800700f11000010001bf35038301119f36"   \
    "05a1b2c3d4e59f3707916407010000019f3807816407010000029f39080290112113450000"
#define ERB_ANSWER "652548040000010149040000a2026c17a115020102020118300d800107a303810102a403800101"
#define APPLY_CHARGING_REPORT                                                                      \
    "652848040000010149040000a2026c1aa1180201030201240410a00ea003810101a104800203848201ff"
#define APPLY_CHARGING                                                                             \
    "652548040000a2024904000001016c17a115020104020123300d8006a00480020384a203800101"
#define END_RELEASE_CALL "64144904000001016c0ca10a02010502011604028490"

static const uint8_t cap2[] = {0x04, 0x00, 0x00, 0x01, 0x00, 0x32, 0x01};

static uint8_t input[4096];
static uint8_t output[4096];
static struct tcap_message message;

static struct bytes from_hex(const char *hex)
{
    return bytes_of(input, unit_hex(hex, input, sizeof(input)));
}

static struct bytes encode(const struct tcap_message *m)
{
    struct bytes_writer w = bytes_writer_of(output, output + sizeof(output));
    CU_ASSERT_EQUAL(tcap_write_message(&w, m), P7_OK);
    return bytes_of(output, bytes_writer_length(&w));
}

static const char *const examples[] = {BEGIN_IDP, ERB_ANSWER, APPLY_CHARGING_REPORT, APPLY_CHARGING,
                                       END_RELEASE_CALL};

static void the_examples_are_reencoded_to_the_octet(void) /* Q.773-4.1, 4.2.1.1 */
{
    for (size_t i = 0; i < COUNT(examples); i++) {
        const struct bytes in = from_hex(examples[i]);
        CU_ASSERT_EQUAL_FATAL(tcap_decode(in, &message), P7_OK);
        CU_ASSERT_EQUAL(message.component_count, 1);
        CU_ASSERT_FALSE(message.fault.present);
        CU_ASSERT_TRUE(bytes_equal(encode(&message), in));
    }
}

static void messages_of_other_stacks_are_reencoded_to_the_octet(void)
{
    CU_ASSERT_EQUAL(COUNT(tcap_vectors), 17);
    for (size_t i = 0; i < COUNT(tcap_vectors); i++) {
        const struct bytes in = from_hex(tcap_vectors[i].hex);
        const enum p7_status status = tcap_decode(in, &message);
        if (status != P7_OK)
            (void)printf("%s: %s\n", tcap_vectors[i].name, p7_status_name(status));
        CU_ASSERT_EQUAL_FATAL(status, P7_OK);
        CU_ASSERT_FALSE(message.fault.present);
        const bool definite = strstr(tcap_vectors[i].name, "indefinite") == NULL;
        CU_ASSERT_EQUAL(bytes_equal(encode(&message), in), definite);
    }
}

static const char *vector(const char *name)
{
    for (size_t i = 0; i < COUNT(tcap_vectors); i++)
        if (strcmp(tcap_vectors[i].name, name) == 0)
            return tcap_vectors[i].hex;
    CU_FAIL_FATAL("no such vector");
    return "";
}

static void an_indefinite_component_portion_is_taken(void) /* X.690-8.1.3.6 */
{
    CU_ASSERT_EQUAL_FATAL(tcap_decode(from_hex(vector("tcap-cap2-begin-indefinite")), &message),
                          P7_OK);
    CU_ASSERT_EQUAL(message.otid.value, 0xb70801a1);
    CU_ASSERT_EQUAL(message.component_count, 1);
    CU_ASSERT_EQUAL(message.components[0].invoke_id, 0);
    CU_ASSERT_EQUAL(message.components[0].code, 0);
    CU_ASSERT_EQUAL(message.components[0].parameter.length, 0x75 + 2);
    /* All levels in indefinite form: AARE and reject problem included. */
    CU_ASSERT_EQUAL_FATAL(
        tcap_decode(from_hex("6580 480101 490102 6b80 2880 06070011860501 0101 a080 6180 a180"
                             "060704000001003201 0000 a280 020100 0000 a380 a180 020100 0000 0000"
                             "0000 0000 0000 0000 6c80 a480 020105 810101 0000 0000 0000"),
                    &message),
        P7_OK);
    CU_ASSERT_EQUAL(message.dialogue.pdu, TCAP_DIALOGUE_AARE);
    CU_ASSERT_TRUE(bytes_equal(message.dialogue.application_context, bytes_of(cap2, sizeof(cap2))));
    CU_ASSERT_EQUAL(message.components[0].type, TCAP_REJECT);
    CU_ASSERT_EQUAL(message.components[0].problem_kind, TCAP_PROBLEM_INVOKE);
}

static void fields_are_read_as_wireshark_reads_them(void)
{
    CU_ASSERT_EQUAL_FATAL(tcap_decode(from_hex(vector("camel1-cont-rrbcsm-ach-cue")), &message),
                          P7_OK);
    CU_ASSERT_EQUAL(message.type, TCAP_CONTINUE);
    CU_ASSERT_EQUAL(message.otid.value, 0x13b8);
    CU_ASSERT_EQUAL(message.otid.length, 2);
    CU_ASSERT_EQUAL(message.dtid.value, 0x06f7);
    CU_ASSERT_EQUAL(message.dialogue.pdu, TCAP_DIALOGUE_AARE);
    CU_ASSERT_TRUE(message.dialogue.has_protocol_version);
    CU_ASSERT_EQUAL(message.dialogue.result, TCAP_RESULT_ACCEPTED);
    CU_ASSERT_EQUAL(message.dialogue.diagnostic_source, TCAP_SOURCE_USER);
    CU_ASSERT_EQUAL(message.dialogue.diagnostic, TCAP_USER_NULL);
    CU_ASSERT_TRUE(bytes_equal(message.dialogue.application_context, bytes_of(cap2, sizeof(cap2))));
    CU_ASSERT_EQUAL_FATAL(message.component_count, 3);
    CU_ASSERT_EQUAL(message.components[0].code, 23);
    CU_ASSERT_EQUAL(message.components[1].code, 35);
    CU_ASSERT_EQUAL(message.components[2].code, 31);
    CU_ASSERT_EQUAL(message.components[2].parameter.length, 0);

    CU_ASSERT_EQUAL_FATAL(tcap_decode(from_hex(vector("map-end-returnerror")), &message), P7_OK);
    CU_ASSERT_EQUAL(message.type, TCAP_END);
    CU_ASSERT_EQUAL(message.components[0].type, TCAP_RETURN_ERROR);
    CU_ASSERT_EQUAL(message.components[0].code, 34);
}

static void an_abort_says_who_and_why(void) /* Q.773-4.2.1.3, 4.2.3.4 */
{
    CU_ASSERT_EQUAL_FATAL(tcap_decode(from_hex(vector("tcap-pabort")), &message), P7_OK);
    CU_ASSERT_EQUAL(message.type, TCAP_ABORT);
    CU_ASSERT_TRUE(message.has_p_abort);
    CU_ASSERT_EQUAL(message.p_abort_cause, 126);
    CU_ASSERT_EQUAL(message.dtid.value, 0x7ba53413);

    CU_ASSERT_EQUAL_FATAL(tcap_decode(from_hex(vector("tcap-abort-user")), &message), P7_OK);
    CU_ASSERT_FALSE(message.has_p_abort);
    CU_ASSERT_EQUAL(message.dialogue.pdu, TCAP_DIALOGUE_ABRT);
    CU_ASSERT_EQUAL(message.dialogue.abort_source, TCAP_ABORT_SOURCE_USER);
    CU_ASSERT_EQUAL(message.dialogue.user_information.length, 17);

    CU_ASSERT_EQUAL_FATAL(tcap_decode(from_hex(vector("tcap-abort-aare-reject")), &message), P7_OK);
    CU_ASSERT_EQUAL(message.dialogue.pdu, TCAP_DIALOGUE_AARE);
    CU_ASSERT_EQUAL(message.dialogue.result, TCAP_RESULT_REJECT_PERMANENT);
    CU_ASSERT_EQUAL(message.dialogue.diagnostic, TCAP_USER_AC_NOT_SUPPORTED);
}

static void begin_and_continue_are_built_to_the_octet_of_the_examples(void)
{
    struct bytes in = from_hex(BEGIN_IDP);
    struct bytes_writer w = bytes_writer_of(output, output + sizeof(output));
    struct tcap_dialogue_portion aarq = tcap_aarq(bytes_of(cap2, sizeof(cap2)));
    struct tcap_component idp = tcap_invoke(1, 0);
    idp.parameter = bytes_of(input + in.length - 0x78, 0x78);
    struct tcap_parts parts = {.type = TCAP_BEGIN,
                               .otid = {.value = 0x0101, .length = 4},
                               .dialogue = &aarq,
                               .components = &idp,
                               .component_count = 1};
    CU_ASSERT_EQUAL(tcap_write_parts(&w, &parts), P7_OK);
    CU_ASSERT_TRUE(bytes_equal(bytes_of(output, bytes_writer_length(&w)), in));

    /* The same component written in place and handed over encoded. */
    static const uint8_t argument[] = {0x30, 0x0d, 0x80, 0x06, 0xa0, 0x04, 0x80, 0x02,
                                       0x03, 0x84, 0xa2, 0x03, 0x80, 0x01, 0x01};
    uint8_t room[64];
    struct bytes_writer c = bytes_writer_of(room, room + sizeof(room));
    const struct tcap_component apply_charging = tcap_invoke(4, 35);
    const struct tcap_component_mark mark = tcap_component_open(&c, &apply_charging);
    bytes_write(&c, bytes_of(argument, sizeof(argument)));
    tcap_component_close(&c, mark);
    parts = (struct tcap_parts){.type = TCAP_CONTINUE,
                                .otid = {.value = 0xa202, .length = 4},
                                .dtid = {.value = 0x0101, .length = 4},
                                .components_encoded = bytes_of(room, bytes_writer_length(&c))};
    w = bytes_writer_of(output, output + sizeof(output));
    CU_ASSERT_EQUAL(tcap_write_parts(&w, &parts), P7_OK);
    in = from_hex(APPLY_CHARGING);
    CU_ASSERT_TRUE(bytes_equal(bytes_of(output, bytes_writer_length(&w)), in));
}

static void a_message_cut_anywhere_is_refused(void)
{
    for (size_t i = 0; i < COUNT(examples) + COUNT(tcap_vectors); i++) {
        const struct bytes in =
            from_hex(i < COUNT(examples) ? examples[i] : tcap_vectors[i - COUNT(examples)].hex);
        for (size_t length = 0; length < in.length; length++) {
            const enum p7_status status = tcap_decode(bytes_of(input, length), &message);
            CU_ASSERT_EQUAL(status, P7_TRUNCATED);
            CU_ASSERT_EQUAL(message.p_abort_cause, TCAP_P_ABORT_BADLY_FORMATTED_TP);
        }
    }
}

static void a_writer_too_small_by_any_amount_is_told(void)
{
    for (size_t i = 0; i < COUNT(tcap_vectors); i++) {
        const struct bytes in = from_hex(tcap_vectors[i].hex);
        CU_ASSERT_EQUAL_FATAL(tcap_decode(in, &message), P7_OK);
        const size_t needed = encode(&message).length;
        for (size_t room = 0; room < needed; room++) {
            struct bytes_writer w = bytes_writer_of(output, output + room);
            CU_ASSERT_EQUAL(tcap_write_message(&w, &message), P7_FULL);
        }
    }
}

static void a_faulty_transaction_portion_is_answered_as_q774_wants(void) /* Q.774-3.3.4 */
{
    static const struct {
        const char *hex;
        enum p7_status status;
        uint8_t cause;
        uint8_t otid_length;
        uint8_t dtid_length;
    } cases[] = {
        {"", P7_TRUNCATED, TCAP_P_ABORT_BADLY_FORMATTED_TP, 0, 0},
        {"62", P7_TRUNCATED, TCAP_P_ABORT_BADLY_FORMATTED_TP, 0, 0},
        {"6307 4802aabb 6c0100", P7_UNSUPPORTED, TCAP_P_ABORT_UNRECOGNIZED_MESSAGE_TYPE, 2, 0},
        {"0205 4802aabb 00", P7_UNSUPPORTED, TCAP_P_ABORT_UNRECOGNIZED_MESSAGE_TYPE, 2, 0},
        {"e304 4802aabb", P7_UNSUPPORTED, TCAP_P_ABORT_UNRECOGNIZED_MESSAGE_TYPE, 2, 0},
        {"6200", P7_MISSING, TCAP_P_ABORT_INCORRECT_TP, 0, 0},
        {"6202 4800", P7_RANGE, TCAP_P_ABORT_INCORRECT_TP, 0, 0},
        {"6207 48050102030405", P7_RANGE, TCAP_P_ABORT_INCORRECT_TP, 0, 0},
        {"6204 4902aabb", P7_MISSING, TCAP_P_ABORT_INCORRECT_TP, 0, 0},
        {"6204 4803aabb", P7_TRUNCATED, TCAP_P_ABORT_BADLY_FORMATTED_TP, 0, 0},
        {"6203 480101", P7_OK, 0, 1, 0},
        {"6203 480101 00", P7_MALFORMED, TCAP_P_ABORT_INCORRECT_TP, 1, 0},
        {"6205 480101 0500", P7_MALFORMED, TCAP_P_ABORT_INCORRECT_TP, 1, 0},
        {"6205 480101 6cff", P7_MALFORMED, TCAP_P_ABORT_BADLY_FORMATTED_TP, 1, 0},
        {"6205 480101 6bff", P7_MALFORMED, TCAP_P_ABORT_BADLY_FORMATTED_TP, 1, 0},
        {"6205 480101 6b05", P7_TRUNCATED, TCAP_P_ABORT_BADLY_FORMATTED_TP, 1, 0},
        {"6205 480101 6b00", P7_MALFORMED, TCAP_P_ABORT_ABNORMAL_DIALOGUE, 1, 0},
        {"62ff 480101", P7_MALFORMED, TCAP_P_ABORT_BADLY_FORMATTED_TP, 0, 0},
        {"6230 480101", P7_TRUNCATED, TCAP_P_ABORT_BADLY_FORMATTED_TP, 1, 0},
        {"628130 48021234", P7_TRUNCATED, TCAP_P_ABORT_BADLY_FORMATTED_TP, 2, 0},
        {"6530 480101 49021234", P7_TRUNCATED, TCAP_P_ABORT_BADLY_FORMATTED_TP, 1, 2},
        {"6503 480101", P7_MISSING, TCAP_P_ABORT_INCORRECT_TP, 1, 0},
        {"6403 490101", P7_OK, 0, 0, 1},
        {"6703 490101", P7_OK, 0, 0, 1},
        {"6706 490101 4a0103", P7_OK, 3, 0, 1},
        {"6706 490101 4a01ff", P7_RANGE, TCAP_P_ABORT_INCORRECT_TP, 0, 1},
        {"6708 490101 4a0103 6c00", P7_MALFORMED, TCAP_P_ABORT_INCORRECT_TP, 0, 1},
        {"6705 490101 6c00", P7_MALFORMED, TCAP_P_ABORT_INCORRECT_TP, 0, 1},
        {"6100", P7_MISSING, TCAP_P_ABORT_INCORRECT_TP, 0, 0},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        const enum p7_status status = tcap_decode(from_hex(cases[i].hex), &message);
        if (status != cases[i].status || message.p_abort_cause != cases[i].cause)
            (void)printf("%s: %s %u\n", cases[i].hex, p7_status_name(status),
                         message.p_abort_cause);
        CU_ASSERT_EQUAL(status, cases[i].status);
        CU_ASSERT_EQUAL(message.p_abort_cause, cases[i].cause);
        CU_ASSERT_EQUAL(message.otid.length, cases[i].otid_length);
        CU_ASSERT_EQUAL(message.dtid.length, cases[i].dtid_length);
        CU_ASSERT_FALSE(status != P7_OK && message.has_p_abort);
    }
}

static void transaction_ids_of_every_length_are_echoed(void) /* Q.773-4.2.1.2 */
{
    for (uint8_t length = 1; length <= 4; length++) {
        struct tcap_message m = {.type = TCAP_CONTINUE,
                                 .otid = {.value = 0x00000000, .length = length},
                                 .dtid = {.value = 0x000000f1, .length = length}};
        const struct bytes out = encode(&m);
        CU_ASSERT_EQUAL(out.length, 6u + 2u * length);
        CU_ASSERT_EQUAL_FATAL(tcap_decode(out, &message), P7_OK);
        CU_ASSERT_EQUAL(message.otid.length, length);
        CU_ASSERT_EQUAL(message.otid.value, 0);
        CU_ASSERT_EQUAL(message.dtid.length, length);
        CU_ASSERT_EQUAL(message.dtid.value, 0xf1);
    }
}

static void check_dialogue(const struct tcap_dialogue_portion *d, uint8_t type)
{
    struct tcap_message m = {.type = type,
                             .otid = {.value = 1, .length = 1},
                             .dtid = {.value = 2, .length = 1},
                             .has_components = type == TCAP_UNIDIRECTIONAL,
                             .dialogue = *d};
    CU_ASSERT_EQUAL_FATAL(tcap_decode(encode(&m), &message), P7_OK);
    const struct tcap_dialogue_portion *back = &message.dialogue;
    CU_ASSERT_EQUAL(back->pdu, d->pdu);
    CU_ASSERT_EQUAL(back->has_protocol_version, d->has_protocol_version);
    CU_ASSERT_EQUAL(back->unidirectional, d->unidirectional);
    CU_ASSERT_EQUAL(back->result, d->result);
    CU_ASSERT_EQUAL(back->diagnostic_source, d->diagnostic_source);
    CU_ASSERT_EQUAL(back->diagnostic, d->diagnostic);
    CU_ASSERT_EQUAL(back->abort_source, d->abort_source);
    CU_ASSERT_TRUE(bytes_equal(back->application_context, d->application_context));
    CU_ASSERT_TRUE(bytes_equal(back->user_information, d->user_information));
    if (d->pdu == TCAP_DIALOGUE_OTHER)
        CU_ASSERT_TRUE(bytes_equal(back->external, d->external));
}

static void every_dialogue_portion_makes_the_round_trip(void) /* Q.773-4.2.3; Q.773-4.2.3.1 */
{
    static const uint8_t information[] = {0x28, 0x02, 0x05, 0x00};
    static const uint8_t foreign[] = {0x28, 0x07, 0x06, 0x01, 0x2a, 0xa0, 0x02, 0x05, 0x00};
    const struct bytes context = bytes_of(cap2, sizeof(cap2));
    struct tcap_dialogue_portion d = tcap_aarq(context);
    check_dialogue(&d, TCAP_BEGIN);
    d.user_information = bytes_of(information, sizeof(information));
    check_dialogue(&d, TCAP_BEGIN);
    d.has_protocol_version = false;
    check_dialogue(&d, TCAP_BEGIN);
    d.unidirectional = true;
    check_dialogue(&d, TCAP_UNIDIRECTIONAL);
    d = tcap_aare_accepted(context);
    check_dialogue(&d, TCAP_CONTINUE);
    d = tcap_aare_ac_not_supported(context);
    check_dialogue(&d, TCAP_ABORT);
    d.diagnostic_source = TCAP_SOURCE_PROVIDER;
    d.diagnostic = TCAP_PROVIDER_NO_COMMON_DIALOGUE_PORTION;
    d.user_information = bytes_of(information, sizeof(information));
    check_dialogue(&d, TCAP_END);
    d = tcap_abrt_user();
    check_dialogue(&d, TCAP_ABORT);
    d.abort_source = TCAP_ABORT_SOURCE_PROVIDER;
    d.user_information = bytes_of(information, sizeof(information));
    check_dialogue(&d, TCAP_ABORT);
    d = (struct tcap_dialogue_portion){.pdu = TCAP_DIALOGUE_OTHER,
                                       .external = bytes_of(foreign, sizeof(foreign))};
    check_dialogue(&d, TCAP_ABORT);
}

static void a_faulty_dialogue_portion_makes_the_dialogue_abnormal(void) /* Q.774-3.2.2.1 */
{
    static const char *const portions[] = {
        "0500",                                        /* no EXTERNAL */
        "2800 0500",                                   /* something behind it */
        "2809 060700118605010101",                     /* no single type */
        "280b 060700118605010101 a000",                /* nothing in it */
        "280d 060700118605010101 a002 6500",           /* unknown PDU */
        "280d 060700118605010101 a002 6000",           /* AARQ without context */
        "2811 060700118605010101 a006 6004 a102 0600", /* empty context */
        "2806 060700118605010101 a006 6004 80020740",  /* context missing, too */
        "280d 060700118605010101 a002 6400",           /* ABRT without source */
        "2810 060700118605010101 a005 6403 8001ff",    /* negative source */
        "281d 060700118605010101 a012 6110 a109060704000001003201 a203020100", /* no source */
        "2820 060700118605010101 a015 6113 a109060704000001003201 a203020100 a3020500",
        "280d 060700118605010201 a002 6100", /* AARE in the unidirectional syntax */
    };
    for (size_t i = 0; i < COUNT(portions); i++) {
        uint8_t portion[64];
        uint8_t room[128];
        const uint8_t id[] = {0x48, 0x01, 0x01};
        const size_t n = unit_hex(portions[i], portion, sizeof(portion));
        struct bytes_writer w = bytes_writer_of(room, room + sizeof(room));
        const size_t outer = ber_open(&w, TCAP_BEGIN);
        bytes_write(&w, bytes_of(id, sizeof(id)));
        ber_write(&w, 0x6b, bytes_of(portion, n));
        ber_close(&w, outer);
        CU_ASSERT_NOT_EQUAL(tcap_decode(bytes_of(room, bytes_writer_length(&w)), &message), P7_OK);
        CU_ASSERT_EQUAL(message.p_abort_cause, TCAP_P_ABORT_ABNORMAL_DIALOGUE);
        CU_ASSERT_EQUAL(message.otid.length, 1);
    }
}

static void an_aarq_of_another_version_has_no_dialogue_portion_in_common(void) /* Q.774-3.2.2.1 */
{
    CU_ASSERT_EQUAL(tcap_decode(from_hex("6223 480101 6b1e 281c 060700118605010101 a011 600f"
                                         "80020740 a109060704000001003201"),
                                &message),
                    P7_UNSUPPORTED);
    CU_ASSERT_EQUAL(message.p_abort_cause, TCAP_P_ABORT_NO_COMMON_DIALOGUE_PORTION);
    CU_ASSERT_TRUE(bytes_equal(message.dialogue.application_context, bytes_of(cap2, sizeof(cap2))));
    /* The same in an AARE is the peer's mistake. */
    CU_ASSERT_EQUAL(tcap_decode(from_hex("6431 490101 6b2c 282a 060700118605010101 a01f 611d"
                                         "80020740 a109060704000001003201 a203020100"
                                         "a305a103020100 be00"),
                                &message),
                    P7_UNSUPPORTED);
    CU_ASSERT_EQUAL(message.p_abort_cause, TCAP_P_ABORT_ABNORMAL_DIALOGUE);
}

static void what_cannot_be_a_message_is_not_written(void)
{
    static const struct {
        struct tcap_component component;
        enum p7_status status;
    } components[] = {
        {{.type = 0xa5, .has_invoke_id = true}, P7_UNSUPPORTED},
        {{.type = TCAP_INVOKE, .code_kind = TCAP_CODE_LOCAL}, P7_MISSING},
        {{.type = TCAP_INVOKE, .has_invoke_id = true}, P7_MISSING},
        {{.type = TCAP_RETURN_ERROR, .has_invoke_id = true}, P7_MISSING},
        {{.type = TCAP_RETURN_RESULT_LAST}, P7_MISSING},
        {{.type = TCAP_RETURN_RESULT_LAST, .has_invoke_id = true, .parameter = {cap2, 1}},
         P7_MISSING},
        {{.type = TCAP_REJECT, .has_invoke_id = true}, P7_RANGE},
    };
    static const struct {
        struct tcap_parts parts;
        enum p7_status status;
    } cases[] = {
        {{.type = 0x63}, P7_UNSUPPORTED},
        {{.type = TCAP_BEGIN}, P7_MISSING},
        {{.type = TCAP_CONTINUE, .otid = {1, 4}}, P7_MISSING},
        {{.type = TCAP_END}, P7_MISSING},
        {{.type = TCAP_ABORT}, P7_MISSING},
        {{.type = TCAP_BEGIN, .otid = {1, 5}}, P7_RANGE},
        {{.type = TCAP_ABORT, .dtid = {1, 4}, .has_p_abort = true, .p_abort_cause = 128}, P7_RANGE},
    };
    struct bytes_writer w = bytes_writer_of(output, output + sizeof(output));
    for (size_t i = 0; i < COUNT(components); i++)
        CU_ASSERT_EQUAL(tcap_write_component(&w, &components[i].component), components[i].status);
    for (size_t i = 0; i < COUNT(cases); i++)
        CU_ASSERT_EQUAL(tcap_write_parts(&w, &cases[i].parts), cases[i].status);
    struct tcap_dialogue_portion d = {.pdu = TCAP_DIALOGUE_AARQ};
    const struct tcap_parts parts = {
        .type = TCAP_BEGIN, .otid = {.value = 1, .length = 4}, .dialogue = &d};
    CU_ASSERT_EQUAL(tcap_write_parts(&w, &parts), P7_MISSING);
    d.pdu = 0x62;
    CU_ASSERT_EQUAL(tcap_write_parts(&w, &parts), P7_UNSUPPORTED);
    CU_ASSERT_EQUAL(bytes_writer_length(&w), 0);
}

UNIT_TESTS = {
    UNIT(the_examples_are_reencoded_to_the_octet),
    UNIT(messages_of_other_stacks_are_reencoded_to_the_octet),
    UNIT(an_indefinite_component_portion_is_taken),
    UNIT(fields_are_read_as_wireshark_reads_them),
    UNIT(an_abort_says_who_and_why),
    UNIT(begin_and_continue_are_built_to_the_octet_of_the_examples),
    UNIT(a_message_cut_anywhere_is_refused),
    UNIT(a_writer_too_small_by_any_amount_is_told),
    UNIT(a_faulty_transaction_portion_is_answered_as_q774_wants),
    UNIT(transaction_ids_of_every_length_are_echoed),
    UNIT(every_dialogue_portion_makes_the_round_trip),
    UNIT(a_faulty_dialogue_portion_makes_the_dialogue_abnormal),
    UNIT(an_aarq_of_another_version_has_no_dialogue_portion_in_common),
    UNIT(what_cannot_be_a_message_is_not_written),
};
UNIT_MAIN("tcap")
