/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "simulator/core/echoes.h"

#include <string.h>

#include "sigtran/codec/cap.h"
#include "tests/unit/unit.h"

#define SEC INT64_C(1000000000)

static struct echoes echoes;

static void put(uint64_t id, uint32_t key, uint64_t digest, int64_t now_ns)
{
    const struct echo echo = {.record = {.id = id, .replies = 1}, .digest = digest, .key = key};
    echoes_put(&echoes, &echo, now_ns);
}

static void an_equal_reply_is_counted_and_another_one_contradicts(void)
{
    bool contradicts;
    CU_ASSERT_EQUAL_FATAL(echoes_create(&echoes, 8), P7_OK);
    put(1, 77, 1000, 0);
    const struct request_record *record = echoes_again(&echoes, 77, 1000, &contradicts);
    CU_ASSERT_PTR_NOT_NULL_FATAL(record);
    CU_ASSERT_FALSE(contradicts);
    CU_ASSERT_EQUAL(record->replies, 2);
    CU_ASSERT_EQUAL(record->flags, 0);
    record = echoes_again(&echoes, 77, 1001, &contradicts);
    CU_ASSERT_PTR_NOT_NULL_FATAL(record);
    CU_ASSERT_TRUE(contradicts);
    CU_ASSERT_EQUAL(record->replies, 3);
    CU_ASSERT_EQUAL(record->flags, REQUEST_FLAG_CONTRADICTED);
    CU_ASSERT_PTR_NULL(echoes_again(&echoes, 78, 1000, &contradicts));
    echoes_destroy(&echoes);
}

static void of_several_requests_of_a_dialogue_the_one_is_meant_that_was_answered_so(void)
{
    bool contradicts;
    CU_ASSERT_EQUAL_FATAL(echoes_create(&echoes, 8), P7_OK);
    put(1, 77, 1000, 0);
    put(2, 77, 2000, 0);
    CU_ASSERT_EQUAL(echoes_again(&echoes, 77, 1000, &contradicts)->id, 1);
    CU_ASSERT_FALSE(contradicts);
    CU_ASSERT_EQUAL(echoes_again(&echoes, 77, 2000, &contradicts)->id, 2);
    CU_ASSERT_FALSE(contradicts);
    CU_ASSERT_EQUAL(echoes_again(&echoes, 77, 3000, &contradicts)->id, 2);
    CU_ASSERT_TRUE(contradicts);
    echoes_destroy(&echoes);
}

static void rows_come_back_in_order_when_they_have_waited(void)
{
    struct echo echo;
    bool contradicts;
    CU_ASSERT_EQUAL_FATAL(echoes_create(&echoes, 8), P7_OK);
    for (uint32_t i = 0; i < 5; i++)
        put(i, i * 8, i, (int64_t)i * SEC);
    CU_ASSERT_FALSE(echoes_pop(&echoes, ECHOES_LINGER_NS - 1, &echo));
    CU_ASSERT_TRUE(echoes_pop(&echoes, ECHOES_LINGER_NS, &echo));
    CU_ASSERT_EQUAL(echo.record.id, 0);
    CU_ASSERT_FALSE(echoes_pop(&echoes, ECHOES_LINGER_NS, &echo));
    CU_ASSERT_PTR_NULL(echoes_again(&echoes, 0, 0, &contradicts));
    CU_ASSERT_PTR_NOT_NULL(echoes_again(&echoes, 8, 1, &contradicts));
    for (uint32_t i = 1; i < 5; i++) {
        CU_ASSERT_TRUE(echoes_pop(&echoes, INT64_MAX, &echo));
        CU_ASSERT_EQUAL(echo.record.id, i);
        CU_ASSERT_EQUAL(echo.record.replies, i == 1 ? 2 : 1);
    }
    CU_ASSERT_FALSE(echoes_pop(&echoes, INT64_MAX, &echo));
    echoes_destroy(&echoes);
}

/* Against a plain list, through many turns of the ring. */
static void a_small_ring_that_turns_often_finds_what_it_holds_and_nothing_else(void)
{
    struct echo echo;
    bool contradicts;
    CU_ASSERT_EQUAL_FATAL(echoes_create(&echoes, 16), P7_OK);
    for (uint32_t i = 0; i < 2000; i++) {
        if (echoes_is_full(&echoes))
            CU_ASSERT_TRUE(echoes_pop(&echoes, INT64_MAX, &echo) && echo.record.id == i - 16);
        put(i, i * 0x10001u, i, 0);
        for (uint32_t k = i < 20 ? 0 : i - 20; k <= i; k++) {
            const struct request_record *found =
                echoes_again(&echoes, k * 0x10001u, k, &contradicts);
            CU_ASSERT_EQUAL(found != NULL, k + 16 > i);
            CU_ASSERT_TRUE(found == NULL || (found->id == k && !contradicts));
        }
    }
    echoes_destroy(&echoes);
    CU_ASSERT_EQUAL(echoes_create(&echoes, 12), P7_RANGE);
}

static struct tcap_message message_of(uint8_t type, int8_t invoke_id, int32_t code,
                                      struct bytes parameter)
{
    struct tcap_message m = {.type = type, .component_count = 1};
    m.components[0] = tcap_invoke(invoke_id, code);
    m.components[0].parameter = parameter;
    return m;
}

static void a_digest_differs_with_every_part_of_what_is_said(void)
{
    static const uint8_t octets[] = {0x04, 0x01, 0x05, 0x06};
    const struct bytes parameter = bytes_of(octets, 3);
    const struct tcap_message said = message_of(TCAP_END, 1, CAP_CONTINUE, parameter);
    const struct tcap_message same = message_of(TCAP_END, 1, CAP_CONTINUE, parameter);
    const struct tcap_message others[] = {
        message_of(TCAP_CONTINUE, 1, CAP_CONTINUE, parameter),
        message_of(TCAP_END, 2, CAP_CONTINUE, parameter),
        message_of(TCAP_END, 1, CAP_RELEASE_CALL, parameter),
        message_of(TCAP_END, 1, CAP_CONTINUE, bytes_of(octets, 2)),
        message_of(TCAP_END, 1, CAP_CONTINUE, bytes_of(octets + 1, 3)),
        {.type = TCAP_END},
    };
    CU_ASSERT_EQUAL(echoes_digest(&said), echoes_digest(&same));
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        CU_ASSERT_NOT_EQUAL(echoes_digest(&said), echoes_digest(&others[i]));
}

UNIT_TESTS = {
    UNIT(an_equal_reply_is_counted_and_another_one_contradicts),
    UNIT(of_several_requests_of_a_dialogue_the_one_is_meant_that_was_answered_so),
    UNIT(rows_come_back_in_order_when_they_have_waited),
    UNIT(a_small_ring_that_turns_often_finds_what_it_holds_and_nothing_else),
    UNIT(a_digest_differs_with_every_part_of_what_is_said),
};
UNIT_MAIN("echoes")
