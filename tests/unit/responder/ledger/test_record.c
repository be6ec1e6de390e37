/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "responder/ledger/record.h"

#include <stdlib.h>

#include "sigtran/base/crc32c.h"
#include "sigtran/base/random.h"
#include "tests/unit/unit.h"

static struct decision a_decision(struct random_state *random)
{
    return (struct decision){
        .primitive = (uint8_t)random_below(random, DECISION_ABORT + 1),
        .dialogue = (uint8_t)random_below(random, DECISION_DIALOGUE_ABORTED + 1),
        .body = (uint8_t)random_below(random, DECISION_REJECT + 1),
        .context = (uint8_t)random_below(random, CAP_AC_COUNT + 1),
        .kind = (uint8_t)random_below(random, SERVICE_NO_REQUEST + 1),
        .result = (uint8_t)random_below(random, SERVICE_NO_CREDIT + 1),
        .code = (uint8_t)random_u64(random),
        .problem_kind = (uint8_t)random_u64(random),
        .invoke_id = (int8_t)random_u64(random),
        .answers_invoke_id = (int8_t)random_u64(random),
        .flags = (uint8_t)random_below(random, 8),
        .slice_100ms = (uint32_t)random_u64(random),
    };
}

static struct service_dialogue a_call(struct random_state *random)
{
    return (struct service_dialogue){
        .reference = {random_u64(random), random_u64(random)},
        .charged = random_u64(random),
        .reserved = random_u64(random),
        .last_content = random_u64(random),
        .answered_ns = (int64_t)random_u64(random),
        .account = (uint32_t)random_u64(random),
        .used_100ms = (uint32_t)random_u64(random),
        .granted_100ms = (uint32_t)random_u64(random),
        .sequence = (uint32_t)random_u64(random),
        .last = a_decision(random),
        .state = (uint8_t)random_below(random, SERVICE_DIALOGUE_OVER + 1),
        .flags = (uint8_t)random_below(random, 8),
        .context = (uint8_t)random_below(random, CAP_AC_COUNT + 1),
        .invoke_id = (uint8_t)random_u64(random),
    };
}

/* A record with all its fields at random, and those that its kind has not zero. */
static struct ledger_record a_record(struct random_state *random, uint8_t kind, uint8_t flags)
{
    struct ledger_record r = {
        .index = random_u64(random) | 1,
        .term = random_u64(random),
        .wall_ns = (int64_t)random_u64(random),
        .kind = kind,
        .flags = flags,
    };
    if (kind == LEDGER_TERM) {
        r.node = (uint8_t)random_below(random, 2);
        return r;
    }
    r.account = random_u64(random);
    r.amount = random_u64(random);
    r.reserved_delta = (int64_t)random_u64(random);
    r.reference[0] = random_u64(random);
    r.reference[1] = random_u64(random);
    if (kind == LEDGER_CHARGE) {
        r.identity.key[0] = random_u64(random);
        r.identity.key[1] = random_u64(random);
        r.identity.content = random_u64(random);
        r.sequence = (uint32_t)random_u64(random);
        r.reply = a_decision(random);
        if ((flags & LEDGER_HAS_STRAY) != 0) {
            r.stray[0] = random_u64(random);
            r.stray[1] = random_u64(random);
        }
    }
    if ((flags & LEDGER_HAS_CALL) != 0)
        r.call = a_call(random);
    return r;
}

static void check_decision(const struct decision *a, const struct decision *b)
{
    CU_ASSERT_EQUAL(a->primitive, b->primitive);
    CU_ASSERT_EQUAL(a->dialogue, b->dialogue);
    CU_ASSERT_EQUAL(a->body, b->body);
    CU_ASSERT_EQUAL(a->context, b->context);
    CU_ASSERT_EQUAL(a->kind, b->kind);
    CU_ASSERT_EQUAL(a->result, b->result);
    CU_ASSERT_EQUAL(a->code, b->code);
    CU_ASSERT_EQUAL(a->problem_kind, b->problem_kind);
    CU_ASSERT_EQUAL(a->invoke_id, b->invoke_id);
    CU_ASSERT_EQUAL(a->answers_invoke_id, b->answers_invoke_id);
    CU_ASSERT_EQUAL(a->flags, b->flags);
    CU_ASSERT_EQUAL(a->slice_100ms, b->slice_100ms);
}

static void check_call(const struct service_dialogue *a, const struct service_dialogue *b)
{
    CU_ASSERT_EQUAL(memcmp(a->reference, b->reference, sizeof(a->reference)), 0);
    CU_ASSERT_EQUAL(a->charged, b->charged);
    CU_ASSERT_EQUAL(a->reserved, b->reserved);
    CU_ASSERT_EQUAL(a->last_content, b->last_content);
    CU_ASSERT_EQUAL(a->answered_ns, b->answered_ns);
    CU_ASSERT_EQUAL(a->account, b->account);
    CU_ASSERT_EQUAL(a->used_100ms, b->used_100ms);
    CU_ASSERT_EQUAL(a->granted_100ms, b->granted_100ms);
    CU_ASSERT_EQUAL(a->sequence, b->sequence);
    check_decision(&a->last, &b->last);
    CU_ASSERT_EQUAL(a->state, b->state);
    CU_ASSERT_EQUAL(a->flags, b->flags);
    CU_ASSERT_EQUAL(a->context, b->context);
    CU_ASSERT_EQUAL(a->invoke_id, b->invoke_id);
}

static void check_record(const struct ledger_record *a, const struct ledger_record *b)
{
    CU_ASSERT_EQUAL(a->index, b->index);
    CU_ASSERT_EQUAL(a->term, b->term);
    CU_ASSERT_EQUAL(a->wall_ns, b->wall_ns);
    CU_ASSERT_EQUAL(a->kind, b->kind);
    CU_ASSERT_EQUAL(a->flags, b->flags);
    CU_ASSERT_EQUAL(a->node, b->node);
    CU_ASSERT_EQUAL(a->account, b->account);
    CU_ASSERT_EQUAL(a->amount, b->amount);
    CU_ASSERT_EQUAL(a->reserved_delta, b->reserved_delta);
    CU_ASSERT_EQUAL(memcmp(a->reference, b->reference, sizeof(a->reference)), 0);
    CU_ASSERT_EQUAL(memcmp(a->identity.key, b->identity.key, sizeof(a->identity.key)), 0);
    CU_ASSERT_EQUAL(a->identity.content, b->identity.content);
    CU_ASSERT_EQUAL(memcmp(a->stray, b->stray, sizeof(a->stray)), 0);
    CU_ASSERT_EQUAL(a->sequence, b->sequence);
    check_decision(&a->reply, &b->reply);
    check_call(&a->call, &b->call);
}

/* Each kind with each set of flags that it may have: flags from 0 on that encode. */
struct combination {
    uint8_t kind;
    uint8_t flags;
};
static const struct combination combinations[] = {
    {LEDGER_CHARGE, 0},
    {LEDGER_CHARGE, LEDGER_IN_TABLE},
    {LEDGER_CHARGE, LEDGER_IN_TABLE | LEDGER_HAS_STRAY},
    {LEDGER_CHARGE, LEDGER_IN_TABLE | LEDGER_HAS_CALL},
    {LEDGER_CHARGE, LEDGER_IN_TABLE | LEDGER_CALL_OVER},
    {LEDGER_CHARGE, LEDGER_IN_TABLE | LEDGER_HAS_STRAY | LEDGER_HAS_CALL},
    {LEDGER_CHARGE, LEDGER_IN_TABLE | LEDGER_HAS_STRAY | LEDGER_CALL_OVER},
    {LEDGER_SETTLEMENT, 0},
    {LEDGER_SETTLEMENT, LEDGER_HAS_CALL},
    {LEDGER_SETTLEMENT, LEDGER_CALL_OVER},
    {LEDGER_TERM, 0},
    {LEDGER_TERM, LEDGER_FORCED},
};
#define COMBINATIONS (sizeof(combinations) / sizeof(combinations[0]))

static size_t encode(const struct ledger_record *record, uint32_t previous, uint8_t *dst)
{
    struct bytes_writer w = bytes_writer_of(dst, dst + LEDGER_RECORD_OCTETS_MAX);
    CU_ASSERT_EQUAL_FATAL(ledger_record_encode(&w, record, previous), P7_OK);
    return bytes_writer_length(&w);
}

/* Gives a damaged record a checksum that is right: so that its fields are looked at. */
static void seal(uint8_t *octets, size_t length, uint32_t previous)
{
    bytes_store_u32be(octets + length - 4, crc32c(previous, bytes_of(octets, length - 4)));
}

static void every_field_of_every_kind_makes_the_round_trip(void)
{
    struct random_state random;
    random_seed(&random, 1);
    for (unsigned round = 0; round < 100 * COMBINATIONS; round++) {
        const struct combination *c = &combinations[round % COMBINATIONS];
        const struct ledger_record record = a_record(&random, c->kind, c->flags);
        const uint32_t previous = (uint32_t)random_u64(&random);
        uint8_t octets[LEDGER_RECORD_OCTETS_MAX];
        struct ledger_record back;
        uint32_t length;
        uint32_t checksum;
        const size_t written = encode(&record, previous, octets);
        CU_ASSERT_EQUAL_FATAL(
            ledger_record_decode(bytes_of(octets, written), previous, &back, &length, &checksum),
            P7_OK);
        check_record(&record, &back);
        CU_ASSERT_EQUAL(length, written);
        CU_ASSERT_EQUAL(checksum, bytes_load_u32be(octets + written - 4));
        struct ledger_record_head head;
        CU_ASSERT_EQUAL(ledger_record_peek(bytes_of(octets, written), &head), P7_OK);
        CU_ASSERT_EQUAL(head.length, written);
        CU_ASSERT_EQUAL(head.index, record.index);
        CU_ASSERT_EQUAL(head.term, record.term);
        CU_ASSERT_EQUAL(head.checksum, checksum);
    }
}

static void a_term_s_octets_are_those_of_the_header(void)
{
    static const char hex[] = "00000025 0000000000000007 0000000000000003 03 10 0000 "
                              "00000000000003e8 01";
    const struct ledger_record record = {.index = 7,
                                         .term = 3,
                                         .wall_ns = 1000,
                                         .kind = LEDGER_TERM,
                                         .flags = LEDGER_FORCED,
                                         .node = 1};
    uint8_t expected[64];
    uint8_t octets[LEDGER_RECORD_OCTETS_MAX];
    const size_t body = unit_hex(hex, expected, sizeof(expected));
    CU_ASSERT_EQUAL_FATAL(encode(&record, 0x12345678, octets), body + 4);
    CU_ASSERT_EQUAL(memcmp(octets, expected, body), 0);
    CU_ASSERT_EQUAL(bytes_load_u32be(octets + body), crc32c(0x12345678, bytes_of(expected, body)));
}

static void a_record_cut_at_any_length_is_truncated_and_nothing_else(void)
{
    struct random_state random;
    random_seed(&random, 2);
    for (unsigned i = 0; i < COMBINATIONS; i++) {
        const struct ledger_record record =
            a_record(&random, combinations[i].kind, combinations[i].flags);
        uint8_t octets[LEDGER_RECORD_OCTETS_MAX];
        const size_t written = encode(&record, 9, octets);
        for (size_t length = 0; length < written; length++) {
            uint8_t *exact = malloc(length + 1); /* a read too far is seen by the sanitizer */
            struct ledger_record back;
            struct ledger_record_head head;
            memcpy(exact, octets, length);
            const struct bytes cut = bytes_of(exact, length);
            CU_ASSERT_EQUAL(ledger_record_decode(cut, 9, &back, NULL, NULL), P7_TRUNCATED);
            CU_ASSERT_EQUAL(ledger_record_peek(cut, &head), P7_TRUNCATED);
            CU_ASSERT_FALSE(ledger_record_follows(cut, 9));
            free(exact);
        }
    }
}

static void an_encoder_without_room_says_so_at_every_size(void)
{
    struct random_state random;
    random_seed(&random, 3);
    const struct ledger_record record =
        a_record(&random, LEDGER_CHARGE, LEDGER_IN_TABLE | LEDGER_HAS_STRAY | LEDGER_HAS_CALL);
    uint8_t octets[LEDGER_RECORD_OCTETS_MAX];
    const size_t written = encode(&record, 0, octets);
    CU_ASSERT_TRUE(written <= LEDGER_RECORD_OCTETS_MAX);
    for (size_t room = 0; room < written; room++) {
        uint8_t *exact = malloc(room + 1);
        struct bytes_writer w = bytes_writer_of(exact, exact + room);
        CU_ASSERT_EQUAL(ledger_record_encode(&w, &record, 0), P7_FULL);
        free(exact);
    }
}

static void no_flipped_bit_goes_unnoticed(void)
{
    struct random_state random;
    random_seed(&random, 4);
    for (unsigned i = 0; i < COMBINATIONS; i++) {
        const struct ledger_record record =
            a_record(&random, combinations[i].kind, combinations[i].flags);
        uint8_t octets[LEDGER_RECORD_OCTETS_MAX];
        const size_t written = encode(&record, 77, octets);
        for (size_t bit = 0; bit < 8 * written; bit++) {
            struct ledger_record back;
            octets[bit / 8] ^= (uint8_t)(1u << (bit % 8));
            const enum p7_status status =
                ledger_record_decode(bytes_of(octets, written), 77, &back, NULL, NULL);
            CU_ASSERT_TRUE(status == P7_MALFORMED || (status == P7_TRUNCATED && bit < 32));
            CU_ASSERT_FALSE(ledger_record_follows(bytes_of(octets, written), 77));
            octets[bit / 8] ^= (uint8_t)(1u << (bit % 8));
        }
        CU_ASSERT_TRUE(ledger_record_follows(bytes_of(octets, written), 77));
    }
}

static void an_unwritten_place_is_truncated_and_a_dirty_one_malformed(void)
{
    uint8_t octets[512] = {0};
    struct ledger_record back;
    for (size_t length = 0; length <= sizeof(octets); length++)
        CU_ASSERT_EQUAL(ledger_record_decode(bytes_of(octets, length), 0, &back, NULL, NULL),
                        P7_TRUNCATED);
    octets[20] = 1;
    CU_ASSERT_EQUAL(ledger_record_decode(bytes_of(octets, 512), 0, &back, NULL, NULL),
                    P7_MALFORMED);
}

static void lengths_out_of_bounds_and_octets_that_are_no_field_are_malformed(void)
{
    struct random_state random;
    random_seed(&random, 5);
    for (unsigned i = 0; i < COMBINATIONS; i++) {
        const struct ledger_record record =
            a_record(&random, combinations[i].kind, combinations[i].flags);
        uint8_t octets[512] = {0};
        struct ledger_record back;
        const size_t written = encode(&record, 5, octets);
        /* One octet more and one less than the fields need, with a checksum that is right. */
        for (size_t length = written - 1; length <= written + 1; length += 2) {
            uint8_t other[512] = {0};
            memcpy(other, octets, written - 4);
            bytes_store_u32be(other, (uint32_t)length);
            seal(other, length, 5);
            CU_ASSERT_EQUAL(ledger_record_decode(bytes_of(other, 512), 5, &back, NULL, NULL),
                            P7_MALFORMED);
        }
        static const uint32_t lengths[] = {1, LEDGER_RECORD_OCTETS_MIN - 1,
                                           LEDGER_RECORD_OCTETS_MAX + 1, UINT32_MAX};
        for (size_t j = 0; j < sizeof(lengths) / sizeof(lengths[0]); j++) {
            struct ledger_record_head head;
            bytes_store_u32be(octets, lengths[j]);
            CU_ASSERT_EQUAL(ledger_record_peek(bytes_of(octets, 512), &head), P7_MALFORMED);
        }
    }
}

/* Octets of the head, and those of a charge's reply, that have few good values. */
static void unknown_kinds_flags_and_enumerators_are_malformed_and_not_encoded(void)
{
    struct random_state random;
    struct ledger_record back;
    uint8_t octets[LEDGER_RECORD_OCTETS_MAX];
    random_seed(&random, 6);
    for (unsigned kind = 0; kind < 256; kind++) {
        for (unsigned flags = 0; flags < 256; flags++) {
            const unsigned known = kind == LEDGER_CHARGE       ? 0x0f
                                   : kind == LEDGER_SETTLEMENT ? 0x03
                                   : kind == LEDGER_TERM       ? 0x10
                                                               : 0;
            const bool good = kind >= 1 && kind <= 3 && (flags & ~known) == 0;
            const struct ledger_record record = a_record(&random, (uint8_t)kind, (uint8_t)flags);
            struct bytes_writer w = bytes_writer_of(octets, octets + sizeof(octets));
            CU_ASSERT_EQUAL(ledger_record_encode(&w, &record, 0), good ? P7_OK : P7_RANGE);
            if (good)
                continue;
            const struct ledger_record term = a_record(&random, LEDGER_TERM, 0);
            const size_t written = encode(&term, 0, octets);
            octets[20] = (uint8_t)kind;
            octets[21] = (uint8_t)flags;
            seal(octets, written, 0);
            CU_ASSERT_EQUAL(ledger_record_decode(bytes_of(octets, written), 0, &back, NULL, NULL),
                            P7_MALFORMED);
        }
    }
    /* Offsets in a charge: the zero field; in the reply: primitive, dialogue, body, context, kind,
     * result, flags. */
    static const size_t places[] = {22, 23, 100, 101, 102, 103, 104, 105, 110};
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        const struct ledger_record charge = a_record(&random, LEDGER_CHARGE, LEDGER_IN_TABLE);
        const size_t written = encode(&charge, 0, octets);
        octets[places[i]] = 0xff;
        seal(octets, written, 0);
        CU_ASSERT_EQUAL(ledger_record_decode(bytes_of(octets, written), 0, &back, NULL, NULL),
                        P7_MALFORMED);
    }
    struct ledger_record bad = a_record(&random, LEDGER_TERM, 0);
    struct bytes_writer w = bytes_writer_of(octets, octets + sizeof(octets));
    bad.node = 2;
    CU_ASSERT_EQUAL(ledger_record_encode(&w, &bad, 0), P7_RANGE);
    bad.node = 0;
    bad.index = 0;
    CU_ASSERT_EQUAL(ledger_record_encode(&w, &bad, 0), P7_RANGE);
    CU_ASSERT_EQUAL(bytes_writer_length(&w), 0);
}

static void each_record_of_a_chain_vouches_for_all_before_it(void)
{
    enum { CHAIN = 20 };
    struct random_state random;
    uint8_t octets[CHAIN][LEDGER_RECORD_OCTETS_MAX];
    size_t written[CHAIN];
    uint32_t checksum[CHAIN + 1] = {0};
    random_seed(&random, 8);
    for (unsigned i = 0; i < CHAIN; i++) {
        const struct combination *c = &combinations[i % COMBINATIONS];
        const struct ledger_record record = a_record(&random, c->kind, c->flags);
        written[i] = encode(&record, checksum[i], octets[i]);
        checksum[i + 1] = bytes_load_u32be(octets[i] + written[i] - 4);
    }
    for (unsigned i = 0; i < CHAIN; i++) {
        const struct bytes record = bytes_of(octets[i], written[i]);
        for (unsigned before = 0; before <= CHAIN; before++)
            CU_ASSERT_EQUAL(ledger_record_follows(record, checksum[before]), before == i);
        /* One whole record: neither less nor something behind it. */
        CU_ASSERT_FALSE(ledger_record_follows(bytes_of(octets[i], written[i] - 1), checksum[i]));
        if (written[i] < LEDGER_RECORD_OCTETS_MAX)
            CU_ASSERT_FALSE(
                ledger_record_follows(bytes_of(octets[i], written[i] + 1), checksum[i]));
    }
}

static void kinds_have_names(void)
{
    CU_ASSERT_STRING_EQUAL(ledger_record_kind_name(LEDGER_CHARGE), "charge");
    CU_ASSERT_STRING_EQUAL(ledger_record_kind_name(LEDGER_SETTLEMENT), "settlement");
    CU_ASSERT_STRING_EQUAL(ledger_record_kind_name(LEDGER_TERM), "term");
    CU_ASSERT_STRING_EQUAL(ledger_record_kind_name(0), "?");
    CU_ASSERT_STRING_EQUAL(ledger_record_kind_name(4), "?");
}

UNIT_TESTS = {
    UNIT(every_field_of_every_kind_makes_the_round_trip),
    UNIT(a_term_s_octets_are_those_of_the_header),
    UNIT(a_record_cut_at_any_length_is_truncated_and_nothing_else),
    UNIT(an_encoder_without_room_says_so_at_every_size),
    UNIT(no_flipped_bit_goes_unnoticed),
    UNIT(an_unwritten_place_is_truncated_and_a_dirty_one_malformed),
    UNIT(lengths_out_of_bounds_and_octets_that_are_no_field_are_malformed),
    UNIT(unknown_kinds_flags_and_enumerators_are_malformed_and_not_encoded),
    UNIT(each_record_of_a_chain_vouches_for_all_before_it),
    UNIT(kinds_have_names),
};
UNIT_MAIN("record")
