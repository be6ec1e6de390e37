/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* What holds for every argument and each of its fields, by the tables themselves. */
#include "sigtran/codec/cap_fields.h"

#include <stdlib.h>

#include "sigtran/base/random.h"
#include "sigtran/codec/cap.h"
#include "tests/unit/unit.h"

#define ROOM_OCTETS 8192

static const enum cap_operation operations[] = {
#define OPERATION(name, code, class, text) name,
    CAP_OPERATION_LIST(OPERATION)
#undef OPERATION
};
#define OPERATIONS (sizeof(operations) / sizeof(operations[0]))

union any_argument {
    struct cap_initial_dp initial_dp;
    struct cap_connect connect;
    struct cap_release_call release_call;
    struct cap_request_report_bcsm_event request_report_bcsm_event;
    struct cap_event_report_bcsm event_report_bcsm;
    struct cap_furnish_charging_information furnish_charging_information;
    struct cap_apply_charging apply_charging;
    struct cap_apply_charging_report apply_charging_report;
    struct cap_call_information_request call_information_request;
    struct cap_call_information_report call_information_report;
    struct cap_cancel cancel;
    struct cap_initial_dp_sms initial_dp_sms;
    struct cap_connect_sms connect_sms;
    struct cap_request_report_sms_event request_report_sms_event;
    struct cap_event_report_sms event_report_sms;
    struct cap_release_sms release_sms;
};

/* Which of the optional elements a filled struct gets. */
enum filling { FILL_NONE, FILL_RANDOM, FILL_ALL };

static const uint8_t pattern[256] = {0x30, 0x00, 0x05, 0x00, 0x81, 0x42, 0x99, 0x17};

static void fill_value(const struct cap_field *f, uint8_t *base, enum filling filling,
                       struct random_state *random);

static void fill_shape(const struct cap_field *f, const struct cap_shape *shape, uint8_t *base,
                       enum filling filling, struct random_state *random)
{
    const uint64_t chosen = shape->count == 0 ? 0 : random_below(random, shape->count);
    for (unsigned i = 0; i < shape->count; i++) {
        const struct cap_field *row = &shape->fields[i];
        const bool take = f->kind == CAP_KIND_CHOICE ? i == chosen
                          : row->has == CAP_MANDATORY || filling == FILL_ALL
                              ? true
                              : filling == FILL_RANDOM && random_below(random, 2) == 0;
        if (!take)
            continue;
        if (row->has != CAP_MANDATORY)
            *(bool *)(void *)(base + row->has) = true;
        fill_value(row, base, filling, random);
    }
}

static void fill_value(const struct cap_field *f, uint8_t *base, enum filling filling,
                       struct random_state *random)
{
    uint8_t *at = base + f->at;
    const int64_t span = (int64_t)f->max - f->min + 1;
    switch (f->kind) {
    case CAP_KIND_OCTETS:
        *(struct bytes *)(void *)at =
            f->max == CAP_OPAQUE_OCTETS_MAX
                ? bytes_of(pattern, 4)
                : bytes_of(pattern + random_below(random, 64),
                           (size_t)f->min + random_below(random, (uint64_t)span));
        break;
    case CAP_KIND_OCTET:
        *at = (uint8_t)random_below(random, 256);
        break;
    case CAP_KIND_INTEGER:
        *(int32_t *)(void *)at = (int32_t)(f->min + (int64_t)random_below(random, (uint64_t)span));
        break;
    case CAP_KIND_BOOLEAN:
        *(bool *)(void *)at = random_below(random, 2) == 0;
        break;
    case CAP_KIND_NULL:
        break;
    case CAP_KIND_LEG:
        ((struct cap_leg *)(void *)at)->side =
            f->min == CAP_SIDE_RECEIVING ? CAP_LEG_RECEIVING : CAP_LEG_SENDING;
        ((struct cap_leg *)(void *)at)->id = (uint8_t)random_below(random, 256);
        break;
    case CAP_KIND_SEQUENCE:
    case CAP_KIND_CHOICE:
        fill_shape(f, f->inner, at, filling, random);
        break;
    case CAP_KIND_LIST:
        *at = (uint8_t)(f->min + (int64_t)random_below(random, (uint64_t)span));
        for (size_t i = 0; i < *at; i++)
            fill_value(f->inner->fields, at + f->inner->items_at + i * f->inner->stride, filling,
                       random);
        break;
    }
}

/* A filled argument; applyCharging gets one of its two forms of release. */
static void fill(enum cap_operation operation, union any_argument *any, enum filling filling,
                 struct random_state *random)
{
    memset(any, 0, sizeof(*any));
    fill_value(&cap_argument_of(operation)->top, (uint8_t *)any, filling, random);
    if (operation == CAP_APPLY_CHARGING && any->apply_charging.has.release_phase_2)
        any->apply_charging.has.release_if_duration_exceeded = false;
}

static struct bytes encoded(const struct cap_argument *argument, const union any_argument *any,
                            uint8_t *room)
{
    struct bytes_writer w = bytes_writer_of(room, room + ROOM_OCTETS);
    CU_ASSERT_EQUAL_FATAL(cap_argument_encode(argument, &w, any), P7_OK);
    return bytes_of(room, bytes_writer_length(&w));
}

static void every_operation_with_an_argument_has_a_table(void)
{
    size_t without = 0;
    for (size_t i = 0; i < OPERATIONS; i++)
        without += cap_argument_of(operations[i]) == NULL;
    CU_ASSERT_EQUAL(without, 3);
    CU_ASSERT_PTR_NULL(cap_argument_of(CAP_CONTINUE));
    CU_ASSERT_PTR_NULL(cap_argument_of(CAP_CONTINUE_SMS));
    CU_ASSERT_PTR_NULL(cap_argument_of(CAP_ACTIVITY_TEST));
    CU_ASSERT_PTR_NULL(cap_argument_of((enum cap_operation)99));
}

static void check_shape(const struct cap_field *f, unsigned depth)
{
    CU_ASSERT_FATAL(depth < 8);
    CU_ASSERT_TRUE(f->kind == CAP_KIND_LEG || f->kind >= CAP_KIND_SEQUENCE || f->min <= f->max);
    if (f->kind < CAP_KIND_SEQUENCE)
        return;
    const struct cap_shape *shape = f->inner;
    CU_ASSERT_PTR_NOT_NULL_FATAL(shape);
    CU_ASSERT_TRUE(shape->count <= 64);
    bool optional = false;
    for (unsigned i = 0; i < shape->count; i++) {
        const struct cap_field *row = &shape->fields[i];
        /* The check for what is missing looks at the rows in front only. */
        CU_ASSERT_FALSE(optional && row->has == CAP_MANDATORY);
        optional = row->has != CAP_MANDATORY;
        CU_ASSERT_TRUE(!optional || f->kind != CAP_KIND_LIST);
        for (unsigned j = 0; j < i; j++)
            CU_ASSERT_NOT_EQUAL(row->tag, shape->fields[j].tag);
        /* X.690-8.1.2.5: a constructed tag is what holds elements, or is kept as it is. */
        const bool constructed = ((row->tag > 0xff ? row->tag >> 8 : row->tag) & 0x20) != 0;
        CU_ASSERT_TRUE(constructed == (row->wrapped != 0 || row->kind >= CAP_KIND_LEG ||
                                       row->max == CAP_OPAQUE_OCTETS_MAX) ||
                       row->wrapped == 0xa0);
        check_shape(row, depth + 1);
    }
}

static void the_tables_keep_their_own_rules(void)
{
    for (size_t i = 0; i < OPERATIONS; i++)
        if (cap_argument_of(operations[i]) != NULL)
            check_shape(&cap_argument_of(operations[i])->top, 0);
}

static void whatever_is_encoded_decodes_equal(void)
{
    static uint8_t room[ROOM_OCTETS];
    struct random_state random;
    random_seed(&random, 7);
    for (size_t i = 0; i < OPERATIONS; i++) {
        const struct cap_argument *argument = cap_argument_of(operations[i]);
        for (unsigned round = 0; argument != NULL && round < 300; round++) {
            static union any_argument in;
            static union any_argument out;
            fill(operations[i], &in,
                 round == 0   ? FILL_NONE
                 : round < 20 ? FILL_ALL
                              : FILL_RANDOM,
                 &random);
            const struct bytes b = encoded(argument, &in, room);
            memset(&out, 0xa5, sizeof(out));
            CU_ASSERT_EQUAL_FATAL(cap_argument_decode(argument, b, &out), P7_OK);
            CU_ASSERT_TRUE(cap_argument_equal(argument, &in, &out));
        }
    }
}

/* One optional element of the outermost SEQUENCE at a time: nothing else appears or gets lost. */
static void each_element_alone_round_trips(void)
{
    static uint8_t room[ROOM_OCTETS];
    struct random_state random;
    unsigned elements = 0;
    random_seed(&random, 8);
    for (size_t i = 0; i < OPERATIONS; i++) {
        const struct cap_argument *argument = cap_argument_of(operations[i]);
        if (argument == NULL || argument->top.kind != CAP_KIND_SEQUENCE)
            continue;
        const struct cap_shape *shape = argument->top.inner;
        for (unsigned row = 0; row < shape->count; row++) {
            static union any_argument in;
            static union any_argument bare;
            static union any_argument out;
            const struct cap_field *f = &shape->fields[row];
            if (f->has == CAP_MANDATORY)
                continue;
            fill(operations[i], &in, FILL_NONE, &random);
            bare = in;
            *((uint8_t *)&in + f->has) = true;
            fill_value(f, (uint8_t *)&in, FILL_ALL, &random);
            CU_ASSERT_EQUAL_FATAL(cap_argument_decode(argument, encoded(argument, &in, room), &out),
                                  P7_OK);
            CU_ASSERT_TRUE(cap_argument_equal(argument, &in, &out));
            CU_ASSERT_FALSE(cap_argument_equal(argument, &bare, &out));
            elements++;
        }
    }
    CU_ASSERT(elements >= 89);
}

static void an_argument_cut_at_any_length_is_refused(void)
{
    static uint8_t room[ROOM_OCTETS];
    struct random_state random;
    random_seed(&random, 9);
    for (size_t i = 0; i < OPERATIONS; i++) {
        const struct cap_argument *argument = cap_argument_of(operations[i]);
        if (argument == NULL)
            continue;
        static union any_argument any;
        fill(operations[i], &any, FILL_ALL, &random);
        const struct bytes whole = encoded(argument, &any, room);
        for (size_t length = 0; length < whole.length; length++) {
            /* An exact heap copy: the address sanitizer sees a read past the end. */
            uint8_t *cut = malloc(length == 0 ? 1 : length);
            CU_ASSERT_PTR_NOT_NULL_FATAL(cut);
            memcpy(cut, whole.data, length);
            CU_ASSERT_EQUAL(cap_argument_decode(argument, bytes_of(cut, length), &any),
                            length == 0 ? P7_MISSING : P7_TRUNCATED);
            free(cut);
        }
    }
}

static void an_encoder_without_room_says_so_at_any_length(void)
{
    static uint8_t room[ROOM_OCTETS];
    struct random_state random;
    random_seed(&random, 10);
    for (size_t i = 0; i < OPERATIONS; i++) {
        const struct cap_argument *argument = cap_argument_of(operations[i]);
        if (argument == NULL)
            continue;
        static union any_argument any;
        fill(operations[i], &any, FILL_ALL, &random);
        const size_t whole = encoded(argument, &any, room).length;
        for (size_t length = 0; length < whole; length++) {
            uint8_t *dst = malloc(length == 0 ? 1 : length);
            CU_ASSERT_PTR_NOT_NULL_FATAL(dst);
            struct bytes_writer w = bytes_writer_of(dst, dst + length);
            CU_ASSERT_EQUAL(cap_argument_encode(argument, &w, &any), P7_FULL);
            CU_ASSERT_TRUE(w.failed);
            free(dst);
        }
    }
}

static void check_hostile(const struct cap_argument *argument, struct bytes b)
{
    static union any_argument once;
    static union any_argument twice;
    static uint8_t room[ROOM_OCTETS];
    if (cap_argument_decode(argument, b, &once) != P7_OK)
        return;
    CU_ASSERT_EQUAL_FATAL(cap_argument_decode(argument, encoded(argument, &once, room), &twice),
                          P7_OK);
    CU_ASSERT_TRUE(cap_argument_equal(argument, &once, &twice));
}

static void octets_changed_at_random_harm_nothing(void)
{
    static uint8_t room[ROOM_OCTETS];
    struct random_state random;
    random_seed(&random, 11);
    for (size_t i = 0; i < OPERATIONS; i++) {
        const struct cap_argument *argument = cap_argument_of(operations[i]);
        for (unsigned round = 0; argument != NULL && round < 2000; round++) {
            static union any_argument any;
            fill(operations[i], &any, FILL_RANDOM, &random);
            const struct bytes whole = encoded(argument, &any, room);
            for (unsigned changes = 0; changes <= round % 4; changes++)
                room[random_below(&random, whole.length)] = (uint8_t)random_u64(&random);
            check_hostile(argument, whole);
        }
    }
}

UNIT_TESTS = {
    UNIT(every_operation_with_an_argument_has_a_table),
    UNIT(the_tables_keep_their_own_rules),
    UNIT(whatever_is_encoded_decodes_equal),
    UNIT(each_element_alone_round_trips),
    UNIT(an_argument_cut_at_any_length_is_refused),
    UNIT(an_encoder_without_room_says_so_at_any_length),
    UNIT(octets_changed_at_random_harm_nothing),
};
UNIT_MAIN("cap_fields")
