/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* A stack that takes what it has room for and writes down how it came. */
#include <stdlib.h>

#include "sigtran/transport/cork.h"
#include "tests/unit/unit.h"

struct stack {
    struct transport base;
    struct cork cork[2];
    bool closed[2];
    unsigned room;
    unsigned flushed[2];
    char log[64]; /* "a" waits for a full packet, "A" sends all */
};

static struct stack *stack_of(struct transport *transport)
{
    return (struct stack *)transport;
}

static struct cork *cork_of(struct transport *transport, uint32_t association, bool *open)
{
    *open = !stack_of(transport)->closed[association];
    return &stack_of(transport)->cork[association];
}

static enum p7_status push(struct transport *transport, uint32_t association, bool last)
{
    struct stack *s = stack_of(transport);
    const size_t used = strlen(s->log);
    if (s->room == 0)
        return P7_FULL;
    s->room--;
    s->log[used] = (char)s->cork[association].held.data[0];
    if (last)
        s->log[used] = (char)(s->log[used] - 'a' + 'A');
    return P7_OK;
}

static void flushed(struct transport *transport, uint32_t association)
{
    stack_of(transport)->flushed[association]++;
}

static const struct cork_stack calls = {cork_of, push, flushed};

static enum p7_status put(struct stack *s, struct cork_list *list, uint32_t association, char name)
{
    return cork_put(&s->base, &calls, list, association, 1, TRANSPORT_PPID_M3UA,
                    bytes_of((const uint8_t *)&name, 1));
}

static void stack_free(struct stack *s)
{
    free(s->cork[0].held.data);
    free(s->cork[1].held.data);
}

static void only_the_last_message_of_a_turn_sends_what_waits(void)
{
    struct stack s = {.room = 10};
    struct cork_list list = {0};
    CU_ASSERT_EQUAL(put(&s, &list, 0, 'a'), P7_OK);
    CU_ASSERT_EQUAL(put(&s, &list, 0, 'b'), P7_OK);
    CU_ASSERT_EQUAL(put(&s, &list, 1, 'x'), P7_OK);
    CU_ASSERT_EQUAL(put(&s, &list, 0, 'c'), P7_OK);
    CU_ASSERT_STRING_EQUAL(s.log, "ab");
    cork_flush(&s.base, &calls, &list);
    CU_ASSERT_STRING_EQUAL(s.log, "abCX");
    CU_ASSERT_EQUAL(s.flushed[0], 1);
    CU_ASSERT_EQUAL(s.flushed[1], 1);
    cork_flush(&s.base, &calls, &list);
    CU_ASSERT_STRING_EQUAL(s.log, "abCX");
    stack_free(&s);
}

static void what_finds_no_room_stays_and_the_next_is_refused(void)
{
    struct stack s = {.room = 1};
    struct cork_list list = {0};
    CU_ASSERT_EQUAL(put(&s, &list, 0, 'a'), P7_OK);
    CU_ASSERT_EQUAL(put(&s, &list, 0, 'b'), P7_OK);
    CU_ASSERT_EQUAL(put(&s, &list, 0, 'c'), P7_FULL);
    CU_ASSERT(s.cork[0].full);
    cork_flush(&s.base, &calls, &list);
    CU_ASSERT_EQUAL(s.flushed[0], 0);
    CU_ASSERT_FALSE(cork_resume(&s.base, &calls, 0));
    s.room = 5;
    /* until the owner was told that there is room, it is refused: one order for all */
    CU_ASSERT_EQUAL(put(&s, &list, 0, 'c'), P7_FULL);
    CU_ASSERT(cork_resume(&s.base, &calls, 0));
    CU_ASSERT_FALSE(s.cork[0].full);
    CU_ASSERT_EQUAL(put(&s, &list, 0, 'c'), P7_OK);
    cork_flush(&s.base, &calls, &list);
    CU_ASSERT_STRING_EQUAL(s.log, "aBC");
    stack_free(&s);
}

static void what_an_ended_association_held_does_not_leave(void)
{
    struct stack s = {.room = 5};
    struct cork_list list = {0};
    CU_ASSERT_EQUAL(put(&s, &list, 0, 'a'), P7_OK);
    s.closed[0] = true;
    cork_flush(&s.base, &calls, &list);
    CU_ASSERT_STRING_EQUAL(s.log, "");
    CU_ASSERT_EQUAL(s.flushed[0], 1);
    stack_free(&s);
}

/* A place in the table is given to another association while its entry in the list still stands. */
static void a_new_association_is_listed_once(void)
{
    struct stack s = {.room = 5};
    struct cork_list list = {0};
    CU_ASSERT_EQUAL(put(&s, &list, 0, 'a'), P7_OK);
    s.cork[0] = cork_emptied(&s.cork[0]);
    CU_ASSERT_FALSE(s.cork[0].holds);
    CU_ASSERT_EQUAL(put(&s, &list, 0, 'b'), P7_OK);
    CU_ASSERT_EQUAL(list.count, 1);
    cork_flush(&s.base, &calls, &list);
    CU_ASSERT_STRING_EQUAL(s.log, "B");
    CU_ASSERT_EQUAL(s.flushed[0], 1);
    stack_free(&s);
}

UNIT_TESTS = {
    UNIT(only_the_last_message_of_a_turn_sends_what_waits),
    UNIT(what_finds_no_room_stays_and_the_next_is_refused),
    UNIT(what_an_ended_association_held_does_not_leave),
    UNIT(a_new_association_is_listed_once),
};
UNIT_MAIN("cork")
