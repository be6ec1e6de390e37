/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "responder/link/registrar_etcd.h"

#include "tests/unit/unit.h"

#define HEADER "{\"header\":{\"revision\":\"9\"},"

static const struct register_value pair = {.version = 5,
                                           .term = 3,
                                           .owner_identity = UINT64_C(0xfedcba9876543210),
                                           .pair = {1, UINT64_C(0xfedcba9876543210)},
                                           .nonce = UINT64_C(0x0123456789abcdef),
                                           .owner = 1,
                                           .mode = REGISTER_PAIR};

static const char pair_text[] =
    "{\"version\": 5, \"term\": 3, \"mode\": \"PAIR\", \"owner\": 1, "
    "\"owner_identity\": \"fedcba9876543210\", "
    "\"pair\": [\"0000000000000001\", \"fedcba9876543210\"], \"nonce\": \"0123456789abcdef\"}";

static void a_value_is_json_that_an_operator_can_read_and_every_field_returns(void)
{
    char text[ETCD_VALUE_OCTETS];
    struct register_value value;
    CU_ASSERT_EQUAL(etcd_value_write(&pair, text, sizeof(text)), P7_OK);
    CU_ASSERT_STRING_EQUAL(text, pair_text);
    CU_ASSERT_EQUAL(etcd_value_read(text, strlen(text), &value), P7_OK);
    CU_ASSERT(register_value_equal(&value, &pair));
    CU_ASSERT_EQUAL(etcd_value_write(&pair, text, sizeof(pair_text) - 1), P7_FULL);
}

static void numbers_that_json_can_not_hold_are_refused(void)
{
    char text[ETCD_VALUE_OCTETS];
    struct register_value value = pair;
    value.term = UINT64_C(1) << 63;
    CU_ASSERT_EQUAL(etcd_value_write(&value, text, sizeof(text)), P7_RANGE);
    value.term = (UINT64_C(1) << 63) - 1;
    CU_ASSERT_EQUAL(etcd_value_write(&value, text, sizeof(text)), P7_OK);
    CU_ASSERT_EQUAL(etcd_value_read(text, strlen(text), &value), P7_OK);
    CU_ASSERT_EQUAL(value.term, (UINT64_C(1) << 63) - 1);
}

static void a_value_cut_anywhere_is_refused(void)
{
    struct register_value value;
    for (size_t length = 0; length < sizeof(pair_text) - 1; length++)
        CU_ASSERT_EQUAL(etcd_value_read(pair_text, length, &value), P7_MALFORMED);
}

/* `from` replaced by `to` in a sound value. */
static enum p7_status read_changed(const char *from, const char *to)
{
    char text[2 * sizeof(pair_text)];
    struct register_value value;
    const char *at = strstr(pair_text, from);
    CU_ASSERT_PTR_NOT_NULL_FATAL(at);
    (void)snprintf(text, sizeof(text), "%.*s%s%s", (int)(at - pair_text), pair_text, to,
                   at + strlen(from));
    return etcd_value_read(text, strlen(text), &value);
}

static void a_value_that_breaks_the_rules_is_refused(void)
{
    CU_ASSERT_EQUAL(read_changed("\"version\": 5", "\"version\": 6"), P7_OK);
    CU_ASSERT_EQUAL(read_changed("\"version\": 5", "\"version\": 0"), P7_MALFORMED);
    CU_ASSERT_EQUAL(read_changed("\"version\": 5", "\"version\": -5"), P7_MALFORMED);
    CU_ASSERT_EQUAL(read_changed("\"version\": 5", "\"version\": 5.0"), P7_MALFORMED);
    CU_ASSERT_EQUAL(read_changed("\"version\": 5", "\"version\": \"5\""), P7_MALFORMED);
    CU_ASSERT_EQUAL(read_changed("\"term\": 3, ", ""), P7_MALFORMED);
    CU_ASSERT_EQUAL(read_changed("PAIR", "SOLO"), P7_OK);
    CU_ASSERT_EQUAL(read_changed("PAIR", "pair"), P7_MALFORMED);
    CU_ASSERT_EQUAL(read_changed("PAIR", "empty"), P7_MALFORMED);
    CU_ASSERT_EQUAL(read_changed("\"owner\": 1", "\"owner\": 2"), P7_MALFORMED);
    CU_ASSERT_EQUAL(read_changed("\"owner\": 1", "\"owner\": 257"), P7_MALFORMED);
    /* A pair that does not name its owner's directory. */
    CU_ASSERT_EQUAL(read_changed("\"owner\": 1", "\"owner\": 0"), P7_MALFORMED);
    CU_ASSERT_EQUAL(read_changed("0123456789abcdef", "123456789abcdef"), P7_MALFORMED);
    CU_ASSERT_EQUAL(read_changed("0123456789abcdef", "0x23456789abcdef"), P7_MALFORMED);
    CU_ASSERT_EQUAL(read_changed("[\"0000000000000001\", ", "["), P7_MALFORMED);
}

static void requests_are_those_of_the_v3_gateway(void)
{
    char text[ETCD_REQUEST_OCTETS];
    char key[ETCD_KEY_OCTETS + 1];
    CU_ASSERT_EQUAL(etcd_range_write("/pulse7/1", text, sizeof(text)), P7_OK);
    CU_ASSERT_STRING_EQUAL(text, "{\"key\":\"L3B1bHNlNy8x\"}");
    CU_ASSERT_EQUAL(etcd_swap_write("/pulse7/1", 42, &pair, text, sizeof(text)), P7_OK);
    CU_ASSERT_PTR_NOT_NULL(
        strstr(text, "{\"compare\":[{\"key\":\"L3B1bHNlNy8x\",\"target\":\"MOD\","
                     "\"result\":\"EQUAL\",\"mod_revision\":\"42\"}],\"success\":[{\"request_put\""
                     ":{\"key\":\"L3B1bHNlNy8x\",\"value\":\"eyJ2ZXJzaW9uIjogNSwg"));
    CU_ASSERT_PTR_NOT_NULL(
        strstr(text, "\"failure\":[{\"request_range\":{\"key\":\"L3B1bHNlNy8x\"}}]}"));
    memset(key, 'k', sizeof(key) - 1);
    key[sizeof(key) - 1] = '\0';
    CU_ASSERT_EQUAL(etcd_range_write(key, text, sizeof(text)), P7_FULL);
    key[sizeof(key) - 2] = '\0';
    CU_ASSERT_EQUAL(etcd_swap_write(key, UINT64_MAX, &pair, text, sizeof(text)), P7_OK);
}

/* etcd's own words, with our value in base64. */
#define KV                                                                                         \
    "\"kvs\":[{\"key\":\"L3B1bHNlNy8x\",\"create_revision\":\"2\",\"mod_revision\":\"77\","        \
    "\"version\":\"1\",\"value\":\"eyJ2ZXJzaW9uIjogNSwgInRlcm0iOiAzLCAibW9kZSI6ICJQQUlSIiwgIm93"   \
    "bmVyIjogMSwgIm93bmVyX2lkZW50aXR5IjogImZlZGNiYTk4NzY1NDMyMTAiLCAicGFpciI6IFsiMDAwMDAwMDAwM"    \
    "DAwMDAwMSIsICJmZWRjYmE5ODc2NTQzMjEwIl0sICJub25jZSI6ICIwMTIzNDU2Nzg5YWJjZGVmIn0=\"}],"         \
    "\"count\":\"1\"}"

static void answers_of_a_range_are_read(void)
{
    static const char full[] = HEADER KV;
    static const char none[] = "{\"header\":{\"revision\":\"1\"}}";
    struct etcd_state state;
    CU_ASSERT_EQUAL(etcd_range_read(none, strlen(none), &state), P7_OK);
    CU_ASSERT_EQUAL(state.mod_revision, 0);
    CU_ASSERT(register_value_is_empty(&state.value));
    CU_ASSERT_EQUAL(state.value.owner, REGISTER_NODE_NONE);
    CU_ASSERT_EQUAL(etcd_range_read(full, strlen(full), &state), P7_OK);
    CU_ASSERT_EQUAL(state.mod_revision, 77);
    CU_ASSERT(register_value_equal(&state.value, &pair));
    for (size_t length = 0; length < sizeof(full) - 1; length++)
        CU_ASSERT_EQUAL(etcd_range_read(full, length, &state), P7_UNSUPPORTED);
}

static void answers_of_a_transaction_are_read(void)
{
    static const char won[] = HEADER "\"succeeded\":true,\"responses\":[{\"response_put\":{}}]}";
    static const char lost[] = HEADER "\"responses\":[{\"response_range\":" HEADER KV "}]}";
    static const char gone[] =
        HEADER "\"responses\":[{\"response_range\":{\"header\":{\"revision\":\"3\"}}}]}";
    static const char odd[] = HEADER "\"responses\":[]}";
    struct etcd_state state;
    CU_ASSERT_EQUAL(etcd_swap_read(won, strlen(won), &state), P7_OK);
    CU_ASSERT(state.swapped);
    CU_ASSERT_EQUAL(etcd_swap_read(lost, strlen(lost), &state), P7_OK);
    CU_ASSERT_FALSE(state.swapped);
    CU_ASSERT(register_value_equal(&state.value, &pair));
    CU_ASSERT_EQUAL(etcd_swap_read(gone, strlen(gone), &state), P7_OK);
    CU_ASSERT(!state.swapped && register_value_is_empty(&state.value));
    CU_ASSERT_EQUAL(etcd_swap_read(odd, strlen(odd), &state), P7_UNSUPPORTED);
    for (size_t length = 0; length < sizeof(lost) - 1; length++)
        CU_ASSERT_NOT_EQUAL(etcd_swap_read(lost, length, &state), P7_OK);
}

#define BAD_BASE64 "{\"header\":{},\"kvs\":[{\"mod_revision\":\"1\",\"value\":\"!!!!\"}]}"

static void what_is_no_answer_of_etcd_is_never_an_empty_register(void)
{
    static const char *const odd[] = {"",
                                      "{}",
                                      "[]",
                                      "<html>welcome</html>",
                                      "{\"header\":1}",
                                      "{\"header\":{},\"kvs\":[{}]}",
                                      "{\"header\":{},\"kvs\":[{\"mod_revision\":\"0\"}]}",
                                      "{\"header\":{},\"kvs\":[{\"mod_revision\":\"-1\"}]}",
                                      "{\"header\":{},\"kvs\":[{\"mod_revision\":\"1\"}]}",
                                      BAD_BASE64,
                                      "{\"header\":{},\"kvs\":{}}"};
    struct etcd_state state;
    for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++)
        CU_ASSERT_NOT_EQUAL(etcd_range_read(odd[i], strlen(odd[i]), &state), P7_OK);
}

static void an_errors_message_is_made_printable(void)
{
    static const char body[] = "{\"error\":\"e\",\"message\":\"no\\u001b[2J leader\",\"code\":14}";
    static const char only[] = "{\"error\":\"user name is empty\"}";
    char text[ETCD_ERROR_OCTETS];
    etcd_error_read(body, strlen(body), text);
    CU_ASSERT_STRING_EQUAL(text, "no?[2J leader");
    etcd_error_read(only, strlen(only), text);
    CU_ASSERT_STRING_EQUAL(text, "user name is empty");
    etcd_error_read("Not Found", 9, text);
    CU_ASSERT_STRING_EQUAL(text, "");
}

UNIT_TESTS = {
    UNIT(a_value_is_json_that_an_operator_can_read_and_every_field_returns),
    UNIT(numbers_that_json_can_not_hold_are_refused),
    UNIT(a_value_cut_anywhere_is_refused),
    UNIT(a_value_that_breaks_the_rules_is_refused),
    UNIT(requests_are_those_of_the_v3_gateway),
    UNIT(answers_of_a_range_are_read),
    UNIT(answers_of_a_transaction_are_read),
    UNIT(what_is_no_answer_of_etcd_is_never_an_empty_register),
    UNIT(an_errors_message_is_made_printable),
};
UNIT_MAIN("registrar_etcd_text")
