/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "sigtran/codec/ber.h"
#include "sigtran/codec/tcap.h"

#include "tests/unit/unit.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const uint8_t cap2[] = {0x04, 0x00, 0x00, 0x01, 0x00, 0x32, 0x01};

static uint8_t input[256];
static uint8_t output[4096];
static struct tcap_message message;

static struct bytes from_hex(const char *hex)
{
    return bytes_of(input, unit_hex(hex, input, sizeof(input)));
}

static void a_faulty_component_is_rejected_and_the_ones_before_it_stay(void) /* Q.774-3.2.2.2 */
{
    static const struct {
        const char *component; /* behind a good invoke */
        uint8_t problem;
        bool has_id;
    } cases[] = {
        {"a503 020107", TCAP_GENERAL_UNRECOGNIZED_COMPONENT, true},
        {"a500", TCAP_GENERAL_UNRECOGNIZED_COMPONENT, false},
        {"1f8105 020107", TCAP_GENERAL_UNRECOGNIZED_COMPONENT, false},
        {"a100", TCAP_GENERAL_MISTYPED_COMPONENT, false},
        {"a103 040107", TCAP_GENERAL_MISTYPED_COMPONENT, false},
        {"a104 02020007", TCAP_GENERAL_MISTYPED_COMPONENT, false},
        {"a103 020107", TCAP_GENERAL_MISTYPED_COMPONENT, true},        /* no operation */
        {"a106 020107 040100", TCAP_GENERAL_MISTYPED_COMPONENT, true}, /* of another type */
        {"a105 020107 0600", TCAP_GENERAL_MISTYPED_COMPONENT, true},
        {"a107 020107 80020001", TCAP_GENERAL_MISTYPED_COMPONENT, true},       /* linked id */
        {"a10a 020107 02050100000000", TCAP_GENERAL_MISTYPED_COMPONENT, true}, /* operation */
        {"a10a 020107 020100 0500 0500", TCAP_GENERAL_MISTYPED_COMPONENT, true},
        {"a108 020107 020100 30ff", TCAP_GENERAL_BADLY_STRUCTURED_COMPONENT, true},
        {"a108 020107 020100 3005", TCAP_GENERAL_BADLY_STRUCTURED_COMPONENT, true},
        {"a104 020207 01", TCAP_GENERAL_MISTYPED_COMPONENT, false},
        {"a102 0205", TCAP_GENERAL_BADLY_STRUCTURED_COMPONENT, false},
        {"a1ff", TCAP_GENERAL_BADLY_STRUCTURED_COMPONENT, false},
        {"a130 020107", TCAP_GENERAL_BADLY_STRUCTURED_COMPONENT, false}, /* no end */
        {"a206 020107 040100", TCAP_GENERAL_MISTYPED_COMPONENT, true},
        {"a205 020107 3000", TCAP_GENERAL_MISTYPED_COMPONENT, true},
        {"a20a 020107 3003 020100 0500", TCAP_GENERAL_MISTYPED_COMPONENT, true},
        {"a303 020107", TCAP_GENERAL_MISTYPED_COMPONENT, true},
        {"a403 020107", TCAP_GENERAL_MISTYPED_COMPONENT, true},
        {"a406 020107 840100", TCAP_GENERAL_MISTYPED_COMPONENT, true},
        {"a407 020107 80020000", TCAP_GENERAL_MISTYPED_COMPONENT, true},
        {"a403 050100", TCAP_GENERAL_MISTYPED_COMPONENT, false},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        uint8_t faulty[64];
        uint8_t room[128];
        const size_t n = unit_hex(cases[i].component, faulty, sizeof(faulty));
        const uint8_t id[] = {0x48, 0x01, 0x01};
        const struct tcap_component good = tcap_invoke(6, 31);
        struct bytes_writer w = bytes_writer_of(room, room + sizeof(room));
        const size_t outer = ber_open(&w, TCAP_BEGIN);
        bytes_write(&w, bytes_of(id, sizeof(id)));
        const size_t portion = ber_open(&w, 0x6c);
        CU_ASSERT_EQUAL(tcap_write_component(&w, &good), P7_OK);
        bytes_write(&w, bytes_of(faulty, n));
        ber_close(&w, portion);
        ber_close(&w, outer);
        CU_ASSERT_EQUAL(tcap_decode(bytes_of(room, bytes_writer_length(&w)), &message), P7_OK);
        if (!message.fault.present || message.fault.problem != cases[i].problem ||
            message.fault.has_invoke_id != cases[i].has_id)
            (void)printf("%s: %u\n", cases[i].component, message.fault.problem);
        CU_ASSERT_EQUAL(message.component_count, 1);
        CU_ASSERT_TRUE(message.fault.present);
        CU_ASSERT_EQUAL(message.fault.problem_kind, TCAP_PROBLEM_GENERAL);
        CU_ASSERT_EQUAL(message.fault.problem, cases[i].problem);
        CU_ASSERT_EQUAL(message.fault.has_invoke_id, cases[i].has_id);
        CU_ASSERT_TRUE(!cases[i].has_id || message.fault.invoke_id == 7);
    }
}

static const uint8_t null[] = {0x05, 0x00};

static const struct {
    struct tcap_component component;
    const char *hex;
} round_trips[] = {
    {{.type = TCAP_INVOKE,
      .has_invoke_id = true,
      .invoke_id = -128,
      .code_kind = TCAP_CODE_LOCAL,
      .code = 46},
     "a106020180 02012e"},
    {{.type = TCAP_INVOKE,
      .has_invoke_id = true,
      .invoke_id = 127,
      .has_linked_id = true,
      .linked_id = -1,
      .code_kind = TCAP_CODE_LOCAL,
      .code = INT32_MIN,
      .parameter = {null, 2}},
     "a10e02017f 8001ff 020480000000 0500"},
    {{.type = TCAP_INVOKE,
      .has_invoke_id = true,
      .code_kind = TCAP_CODE_GLOBAL,
      .code_global = {cap2, sizeof(cap2)}},
     "a10c020100 060704000001003201"},
    {{.type = TCAP_RETURN_RESULT_LAST, .has_invoke_id = true, .invoke_id = 1}, "a203020101"},
    {{.type = TCAP_RETURN_RESULT_LAST,
      .has_invoke_id = true,
      .invoke_id = 1,
      .code_kind = TCAP_CODE_LOCAL,
      .code = 255,
      .parameter = {null, 2}},
     "a20b020101 3006 020200ff 0500"},
    {{.type = TCAP_RETURN_RESULT_NOT_LAST,
      .has_invoke_id = true,
      .invoke_id = 2,
      .code_kind = TCAP_CODE_LOCAL,
      .code = 1},
     "a708020102 3003 020101"},
    {{.type = TCAP_RETURN_ERROR,
      .has_invoke_id = true,
      .invoke_id = 3,
      .code_kind = TCAP_CODE_LOCAL,
      .code = 34,
      .parameter = {null, 2}},
     "a308020103 020122 0500"},
    {{.type = TCAP_REJECT, .problem_kind = TCAP_PROBLEM_GENERAL, .problem = 2}, "a4050500 800102"},
    {{.type = TCAP_REJECT,
      .has_invoke_id = true,
      .invoke_id = 9,
      .problem_kind = TCAP_PROBLEM_RETURN_ERROR,
      .problem = 4},
     "a406020109 830104"},
};

/* Q.773-4.2.2.1, 4.2.2.2, 4.2.2.3, 4.2.2.4, 4.2.2.5, 4.2.2.6 */
static void every_component_makes_the_round_trip(void) /* Q.773-4.2.2 */
{
    for (size_t i = 0; i < COUNT(round_trips); i++) {
        const struct tcap_component *c = &round_trips[i].component;
        const struct bytes expected = from_hex(round_trips[i].hex);
        struct bytes_writer w = bytes_writer_of(output, output + sizeof(output));
        CU_ASSERT_EQUAL(tcap_write_component(&w, c), P7_OK);
        CU_ASSERT_TRUE(bytes_equal(bytes_of(output, bytes_writer_length(&w)), expected));
        const struct tcap_parts parts = {.type = TCAP_END,
                                         .dtid = {.value = 1, .length = 1},
                                         .components = c,
                                         .component_count = 1};
        w = bytes_writer_of(output, output + sizeof(output));
        CU_ASSERT_EQUAL(tcap_write_parts(&w, &parts), P7_OK);
        CU_ASSERT_EQUAL(tcap_decode(bytes_of(output, bytes_writer_length(&w)), &message), P7_OK);
        CU_ASSERT_EQUAL_FATAL(message.component_count, 1);
        const struct tcap_component *back = &message.components[0];
        CU_ASSERT_EQUAL(back->type, c->type);
        CU_ASSERT_EQUAL(back->has_invoke_id, c->has_invoke_id);
        CU_ASSERT_EQUAL(back->invoke_id, c->invoke_id);
        CU_ASSERT_EQUAL(back->has_linked_id, c->has_linked_id);
        CU_ASSERT_EQUAL(back->linked_id, c->linked_id);
        CU_ASSERT_EQUAL(back->code_kind, c->code_kind);
        CU_ASSERT_EQUAL(back->code, c->code);
        CU_ASSERT_TRUE(bytes_equal(back->code_global, c->code_global));
        CU_ASSERT_TRUE(bytes_equal(back->parameter, c->parameter));
        CU_ASSERT_EQUAL(back->problem_kind, c->problem_kind);
        CU_ASSERT_EQUAL(back->problem, c->problem);
    }
}

static void more_components_than_the_limit_ask_for_a_resource_limitation(void)
{
    struct tcap_component components[LIMIT_TCAP_COMPONENTS + 1];
    for (size_t i = 0; i < COUNT(components); i++)
        components[i] = tcap_invoke((int8_t)i, 31);
    struct tcap_parts parts = {.type = TCAP_BEGIN,
                               .otid = {.value = 7, .length = 4},
                               .components = components,
                               .component_count = LIMIT_TCAP_COMPONENTS};
    struct bytes_writer w = bytes_writer_of(output, output + sizeof(output));
    CU_ASSERT_EQUAL(tcap_write_parts(&w, &parts), P7_OK);
    CU_ASSERT_EQUAL(tcap_decode(bytes_of(output, bytes_writer_length(&w)), &message), P7_OK);
    CU_ASSERT_EQUAL(message.component_count, LIMIT_TCAP_COMPONENTS);
    parts.component_count++;
    w = bytes_writer_of(output, output + sizeof(output));
    CU_ASSERT_EQUAL(tcap_write_parts(&w, &parts), P7_OK);
    CU_ASSERT_EQUAL(tcap_decode(bytes_of(output, bytes_writer_length(&w)), &message), P7_RANGE);
    CU_ASSERT_EQUAL(message.p_abort_cause, TCAP_P_ABORT_RESOURCE_LIMITATION);
    CU_ASSERT_EQUAL(message.otid.value, 7);
}

UNIT_TESTS = {
    UNIT(a_faulty_component_is_rejected_and_the_ones_before_it_stay),
    UNIT(every_component_makes_the_round_trip),
    UNIT(more_components_than_the_limit_ask_for_a_resource_limitation),
};
UNIT_MAIN("tcap_component")
