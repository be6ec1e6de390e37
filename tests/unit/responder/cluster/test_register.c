/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "responder/cluster/register.h"
#include "tests/unit/unit.h"

/* Data directories of the nodes 0 and 1, and one that is of no pair. */
#define DIRECTORY_0 0xd0d0u
#define DIRECTORY_1 0xd1d1u
#define STRANGER    0xeeeeu

static const struct register_value empty = {.owner = REGISTER_NODE_NONE};

/* Node 0 owns term 5, at version 9. */
static struct register_value owned(uint8_t mode)
{
    return (struct register_value){.version = 9,
                                   .term = 5,
                                   .owner_identity = DIRECTORY_0,
                                   .pair = {DIRECTORY_0, DIRECTORY_1},
                                   .nonce = 1,
                                   .owner = 0,
                                   .mode = mode};
}

static struct register_value next_of(struct register_value current, uint8_t owner,
                                     uint64_t identity, uint64_t term, uint8_t mode)
{
    struct register_value next = current;
    next.version = current.version + 1;
    next.owner = owner;
    next.owner_identity = identity;
    next.term = term;
    next.mode = mode;
    next.nonce = current.nonce + 1;
    return next;
}

static bool swaps(const struct register_value *current, const struct register_value *proposal)
{
    return register_allows(current, proposal, false);
}

static void anybody_may_have_an_empty_register_alone(void)
{
    const struct register_value zero = {.version = 0};
    for (uint8_t node = 0; node < 2; node++) {
        struct register_value p = next_of(empty, node, STRANGER, 1, REGISTER_SOLO);
        CU_ASSERT(swaps(&empty, &p));
        CU_ASSERT(swaps(&zero, &p));
        p.mode = REGISTER_PAIR;
        p.pair[node] = STRANGER;
        p.pair[1 - node] = DIRECTORY_1;
        CU_ASSERT(!swaps(&empty, &p));
    }
}

static void every_change_makes_the_next_version(void)
{
    const struct register_value current = owned(REGISTER_SOLO);
    struct register_value p = next_of(current, 0, DIRECTORY_0, 5, REGISTER_SOLO);
    CU_ASSERT(swaps(&current, &p));
    for (uint64_t version = 0; version < 20; version++) {
        p.version = version;
        p.term = 6;
        CU_ASSERT_EQUAL(swaps(&current, &p), version == 10);
        CU_ASSERT_EQUAL(register_allows(&current, &p, true), version == 10);
        CU_ASSERT_EQUAL(swaps(&empty, &p), version == 1);
    }
}

static void the_owner_may_have_any_mode_and_a_term_that_does_not_fall(void)
{
    for (uint8_t from = REGISTER_PAIR; from <= REGISTER_SOLO; from++) {
        const struct register_value current = owned(from);
        for (uint8_t to = REGISTER_PAIR; to <= REGISTER_SOLO; to++) {
            for (uint64_t term = 3; term < 8; term++) {
                const struct register_value p = next_of(current, 0, DIRECTORY_0, term, to);
                CU_ASSERT_EQUAL(swaps(&current, &p), term >= 5);
            }
        }
    }
}

static void an_owner_with_another_data_directory_is_a_new_owner(void)
{
    for (uint8_t mode = REGISTER_PAIR; mode <= REGISTER_SOLO; mode++) {
        const struct register_value current = owned(mode);
        struct register_value p = next_of(current, 0, STRANGER, 6, REGISTER_SOLO);
        CU_ASSERT(!swaps(&current, &p));
        p.owner_identity = DIRECTORY_1; /* the other node's disk, or a copy of it */
        CU_ASSERT(!swaps(&current, &p));
    }
}

static void a_new_owner_needs_a_pair_its_own_directory_and_a_higher_term(void)
{
    const struct register_value pair = owned(REGISTER_PAIR);
    const struct register_value solo = owned(REGISTER_SOLO);
    for (uint64_t term = 3; term < 8; term++) {
        struct register_value p = next_of(pair, 1, DIRECTORY_1, term, REGISTER_SOLO);
        CU_ASSERT_EQUAL(swaps(&pair, &p), term > 5);
        CU_ASSERT(!swaps(&solo, &p));
        p.mode = REGISTER_PAIR;
        CU_ASSERT_EQUAL(swaps(&pair, &p), term > 5);
        CU_ASSERT(!swaps(&solo, &p));
    }
    struct register_value p = next_of(pair, 1, STRANGER, 6, REGISTER_SOLO);
    CU_ASSERT(!swaps(&pair, &p));
    p.pair[1] = STRANGER; /* the pair that counts is the present one */
    CU_ASSERT(!swaps(&pair, &p));
    p = next_of(pair, 1, DIRECTORY_0, 6, REGISTER_SOLO);
    CU_ASSERT(!swaps(&pair, &p));
}

static void force_takes_anything_with_a_higher_term(void)
{
    for (uint8_t mode = REGISTER_PAIR; mode <= REGISTER_SOLO; mode++) {
        const struct register_value current = owned(mode);
        for (uint64_t term = 3; term < 8; term++) {
            const struct register_value p = next_of(current, 1, STRANGER, term, REGISTER_SOLO);
            CU_ASSERT_EQUAL(register_allows(&current, &p, true), term > 5);
            const struct register_value own = next_of(current, 0, DIRECTORY_0, term, mode);
            CU_ASSERT_EQUAL(register_allows(&current, &own, true), term > 5);
        }
    }
    const struct register_value p = next_of(empty, 1, STRANGER, 1, REGISTER_SOLO);
    CU_ASSERT(register_allows(&empty, &p, true));
}

static void a_proposal_that_makes_no_sense_is_refused_even_with_force(void)
{
    const struct register_value current = owned(REGISTER_PAIR);
    const struct register_value good = next_of(current, 0, DIRECTORY_0, 6, REGISTER_PAIR);
    CU_ASSERT(register_allows(&current, &good, true));
    struct register_value bad[8];
    for (int i = 0; i < 8; i++)
        bad[i] = good;
    bad[0].owner = 2;
    bad[1].owner = REGISTER_NODE_NONE;
    bad[2].mode = 0;
    bad[3].mode = 3;
    bad[4].owner_identity = 0;
    bad[5].pair[0] = STRANGER;    /* a pair without its owner */
    bad[6].pair[1] = 0;           /* of one */
    bad[7].pair[1] = DIRECTORY_0; /* of one, twice */
    for (int i = 0; i < 8; i++) {
        CU_ASSERT(!register_allows(&current, &bad[i], true));
        CU_ASSERT(!register_allows(&current, &bad[i], false));
    }
}

static void a_read_changes_nothing(void)
{
    struct register_value current = owned(REGISTER_PAIR);
    const struct register_value before = current;
    struct register_answer answer;
    const struct register_request read = {.id = 4,
                                          .kind = REGISTER_READ,
                                          .proposal =
                                              next_of(current, 0, DIRECTORY_0, 6, REGISTER_SOLO)};
    CU_ASSERT(!register_apply(&current, &read, &answer));
    CU_ASSERT(!answer.accepted);
    CU_ASSERT_EQUAL(answer.id, 4);
    CU_ASSERT(register_value_equal(&answer.current, &before));
    CU_ASSERT(register_value_equal(&current, &before));
}

static void a_swap_is_applied_once_and_accepted_as_often_as_it_comes(void)
{
    struct register_value current = owned(REGISTER_PAIR);
    struct register_answer answer;
    const struct register_request take = {.id = 11,
                                          .kind = REGISTER_SWAP,
                                          .proposal =
                                              next_of(current, 1, DIRECTORY_1, 6, REGISTER_SOLO)};
    CU_ASSERT(register_apply(&current, &take, &answer));
    CU_ASSERT(answer.accepted);
    for (int i = 0; i < 3; i++) {
        CU_ASSERT(!register_apply(&current, &take, &answer));
        CU_ASSERT(answer.accepted);
        CU_ASSERT_EQUAL(answer.id, 11);
        CU_ASSERT(register_value_equal(&answer.current, &take.proposal));
    }
}

static void a_delayed_swap_fails_once_another_has_landed(void)
{
    struct register_value current = owned(REGISTER_PAIR);
    struct register_answer answer;
    const struct register_request alone = {
        .kind = REGISTER_SWAP, .proposal = next_of(current, 0, DIRECTORY_0, 5, REGISTER_SOLO)};
    const struct register_request take = {
        .kind = REGISTER_SWAP, .proposal = next_of(current, 1, DIRECTORY_1, 6, REGISTER_SOLO)};
    CU_ASSERT(register_apply(&current, &take, &answer));
    CU_ASSERT(!register_apply(&current, &alone, &answer));
    CU_ASSERT(!answer.accepted);
    CU_ASSERT(register_value_equal(&answer.current, &take.proposal));
    /* and so does the one that landed, when one more has landed since */
    const struct register_request more = {
        .kind = REGISTER_SWAP, .proposal = next_of(current, 1, DIRECTORY_1, 6, REGISTER_SOLO)};
    CU_ASSERT(register_apply(&current, &more, &answer));
    CU_ASSERT(!register_apply(&current, &take, &answer));
    CU_ASSERT(!answer.accepted);
    CU_ASSERT(register_value_equal(&current, &more.proposal));
}

/* Two that want the same change differ by their nonce: one of them has it. */
static void of_two_equal_proposals_with_other_nonces_one_wins(void)
{
    struct register_value current = owned(REGISTER_PAIR);
    struct register_answer answer;
    struct register_request a = {.kind = REGISTER_SWAP,
                                 .proposal = next_of(current, 0, DIRECTORY_0, 6, REGISTER_SOLO)};
    struct register_request b = a;
    b.proposal.nonce++;
    CU_ASSERT(register_apply(&current, &a, &answer));
    CU_ASSERT(!register_apply(&current, &b, &answer));
    CU_ASSERT(!answer.accepted);
    CU_ASSERT(register_value_equal(&answer.current, &a.proposal));
}

static void force_and_unknown_kinds_go_by_their_own_rule(void)
{
    struct register_value current = owned(REGISTER_SOLO);
    struct register_answer answer;
    struct register_request request = {.kind = REGISTER_SWAP,
                                       .proposal = next_of(current, 1, STRANGER, 6, REGISTER_SOLO)};
    CU_ASSERT(!register_apply(&current, &request, &answer) && !answer.accepted);
    request.kind = REGISTER_FORCE + 1;
    CU_ASSERT(!register_apply(&current, &request, &answer) && !answer.accepted);
    request.kind = REGISTER_FORCE;
    CU_ASSERT(register_apply(&current, &request, &answer) && answer.accepted);
    CU_ASSERT(!register_apply(&current, &request, &answer) && answer.accepted);
    struct register_value nothing = empty;
    request = (struct register_request){.kind = REGISTER_SWAP, .proposal = empty};
    CU_ASSERT(!register_apply(&nothing, &request, &answer) && !answer.accepted);
}

static void every_field_counts_in_equality(void)
{
    const struct register_value v = owned(REGISTER_PAIR);
    struct register_value other[8];
    for (int i = 0; i < 8; i++)
        other[i] = v;
    other[0].version++;
    other[1].term++;
    other[2].owner_identity++;
    other[3].pair[0]++;
    other[4].pair[1]++;
    other[5].nonce++;
    other[6].owner++;
    other[7].mode++;
    CU_ASSERT(register_value_equal(&v, &v));
    for (int i = 0; i < 8; i++)
        CU_ASSERT(!register_value_equal(&v, &other[i]));
    CU_ASSERT(!register_value_equal(&v, &empty));
    CU_ASSERT(register_value_equal(&empty, &empty));
    CU_ASSERT(register_value_is_empty(&empty) && !register_value_is_empty(&v));
}

static void a_value_makes_the_round_trip(void)
{
    const struct register_value values[] = {
        empty,
        owned(REGISTER_PAIR),
        {.version = 0x0102030405060708,
         .term = 0x1112131415161718,
         .owner_identity = 0x2122232425262728,
         .pair = {0x3132333435363738, 0x4142434445464748},
         .nonce = 0x5152535455565758,
         .owner = 1,
         .mode = REGISTER_SOLO},
        {.version = UINT64_MAX, .term = UINT64_MAX, .owner_identity = 1, .mode = REGISTER_SOLO},
    };
    uint8_t octets[REGISTER_VALUE_OCTETS];
    struct register_value back;
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        register_value_encode(&values[i], octets);
        CU_ASSERT_EQUAL(register_value_decode(bytes_of(octets, sizeof(octets)), &back), P7_OK);
        CU_ASSERT(register_value_equal(&back, &values[i]));
        CU_ASSERT_EQUAL(back.owner, values[i].owner);
    }
    const struct register_value zero = {.version = 0};
    register_value_encode(&zero, octets);
    CU_ASSERT_EQUAL(register_value_decode(bytes_of(octets, sizeof(octets)), &back), P7_OK);
    CU_ASSERT_EQUAL(back.owner, REGISTER_NODE_NONE);
}

static void damaged_values_are_noticed(void)
{
    const struct register_value v = owned(REGISTER_PAIR);
    uint8_t octets[REGISTER_VALUE_OCTETS + 1] = {0};
    struct register_value back;
    register_value_encode(&v, octets);
    for (size_t bit = 0; bit < REGISTER_VALUE_OCTETS * 8u; bit++) {
        octets[bit / 8] = (uint8_t)(octets[bit / 8] ^ (1u << (bit % 8)));
        CU_ASSERT_EQUAL(register_value_decode(bytes_of(octets, REGISTER_VALUE_OCTETS), &back),
                        P7_MALFORMED);
        octets[bit / 8] = (uint8_t)(octets[bit / 8] ^ (1u << (bit % 8)));
    }
    for (size_t length = 0; length < REGISTER_VALUE_OCTETS; length++)
        CU_ASSERT_EQUAL(register_value_decode(bytes_of(octets, length), &back), P7_TRUNCATED);
    CU_ASSERT_EQUAL(register_value_decode(bytes_of(octets, sizeof(octets)), &back), P7_MALFORMED);
    const uint8_t zeros[REGISTER_VALUE_OCTETS] = {0}; /* a file that was never written */
    CU_ASSERT_EQUAL(register_value_decode(bytes_of(zeros, sizeof(zeros)), &back), P7_MALFORMED);
    struct register_value unsound = v; /* a good checksum over nonsense */
    unsound.owner = 2;
    register_value_encode(&unsound, octets);
    CU_ASSERT_EQUAL(register_value_decode(bytes_of(octets, REGISTER_VALUE_OCTETS), &back),
                    P7_MALFORMED);
}

static void requests_make_the_round_trip_and_survive_being_cut(void)
{
    const struct register_request requests[] = {
        {.id = 0x0102030405060708, .cluster_id = 0x1112131415161718, .kind = REGISTER_READ},
        {.id = 2, .cluster_id = 3, .kind = REGISTER_SWAP, .proposal = owned(REGISTER_PAIR)},
        {.id = 4, .cluster_id = 5, .kind = REGISTER_FORCE, .proposal = owned(REGISTER_SOLO)},
    };
    uint8_t octets[128];
    struct register_request back;
    for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
        struct bytes_writer w = bytes_writer_of(octets, octets + sizeof(octets));
        CU_ASSERT_EQUAL(register_request_encode(&w, &requests[i]), P7_OK);
        const size_t length = bytes_writer_length(&w);
        CU_ASSERT_EQUAL(register_request_decode(bytes_of(octets, length), &back), P7_OK);
        CU_ASSERT_EQUAL(back.id, requests[i].id);
        CU_ASSERT_EQUAL(back.cluster_id, requests[i].cluster_id);
        CU_ASSERT_EQUAL(back.kind, requests[i].kind);
        CU_ASSERT(register_value_equal(&back.proposal, &requests[i].proposal));
        for (size_t cut = 0; cut < length; cut++)
            CU_ASSERT_EQUAL(register_request_decode(bytes_of(octets, cut), &back), P7_TRUNCATED);
        CU_ASSERT_EQUAL(register_request_decode(bytes_of(octets, length + 1), &back), P7_MALFORMED);
        for (size_t room = 0; room < length; room++) {
            w = bytes_writer_of(octets, octets + room);
            CU_ASSERT_EQUAL(register_request_encode(&w, &requests[i]), P7_FULL);
        }
    }
    octets[0] = 0;
    CU_ASSERT_EQUAL(register_request_decode(bytes_of(octets, sizeof(octets)), &back), P7_MALFORMED);
    octets[0] = REGISTER_FORCE + 1;
    CU_ASSERT_EQUAL(register_request_decode(bytes_of(octets, sizeof(octets)), &back), P7_MALFORMED);
}

static void answers_make_the_round_trip_and_are_no_requests(void)
{
    const struct register_answer answers[] = {
        {.id = 0x0102030405060708, .accepted = true, .current = owned(REGISTER_PAIR)},
        {.id = 9, .accepted = false, .current = owned(REGISTER_SOLO)},
        {.id = 9, .accepted = false, .current = empty},
    };
    uint8_t octets[128];
    struct register_answer back;
    struct register_request request;
    for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
        struct bytes_writer w = bytes_writer_of(octets, octets + sizeof(octets));
        CU_ASSERT_EQUAL(register_answer_encode(&w, &answers[i]), P7_OK);
        const size_t length = bytes_writer_length(&w);
        CU_ASSERT_EQUAL(register_answer_decode(bytes_of(octets, length), &back), P7_OK);
        CU_ASSERT_EQUAL(back.id, answers[i].id);
        CU_ASSERT_EQUAL(back.accepted, answers[i].accepted);
        CU_ASSERT(register_value_equal(&back.current, &answers[i].current));
        CU_ASSERT_EQUAL(register_request_decode(bytes_of(octets, length), &request), P7_MALFORMED);
        for (size_t cut = 0; cut < length; cut++)
            CU_ASSERT_EQUAL(register_answer_decode(bytes_of(octets, cut), &back), P7_TRUNCATED);
        CU_ASSERT_EQUAL(register_answer_decode(bytes_of(octets, length + 1), &back), P7_MALFORMED);
        octets[9] = 2; /* neither accepted nor not */
        CU_ASSERT_EQUAL(register_answer_decode(bytes_of(octets, length), &back), P7_MALFORMED);
        octets[9] = 0;
        octets[0] = REGISTER_SWAP;
        CU_ASSERT_EQUAL(register_answer_decode(bytes_of(octets, length), &back), P7_MALFORMED);
        for (size_t room = 0; room < length; room++) {
            w = bytes_writer_of(octets, octets + room);
            CU_ASSERT_EQUAL(register_answer_encode(&w, &answers[i]), P7_FULL);
        }
    }
}

static void modes_have_names(void)
{
    CU_ASSERT_STRING_EQUAL(register_mode_name(REGISTER_PAIR), "PAIR");
    CU_ASSERT_STRING_EQUAL(register_mode_name(REGISTER_SOLO), "SOLO");
    CU_ASSERT_STRING_EQUAL(register_mode_name(0), "empty");
    CU_ASSERT_STRING_EQUAL(register_mode_name(99), "empty");
}

UNIT_TESTS = {
    UNIT(anybody_may_have_an_empty_register_alone),
    UNIT(every_change_makes_the_next_version),
    UNIT(the_owner_may_have_any_mode_and_a_term_that_does_not_fall),
    UNIT(an_owner_with_another_data_directory_is_a_new_owner),
    UNIT(a_new_owner_needs_a_pair_its_own_directory_and_a_higher_term),
    UNIT(force_takes_anything_with_a_higher_term),
    UNIT(a_proposal_that_makes_no_sense_is_refused_even_with_force),
    UNIT(a_read_changes_nothing),
    UNIT(a_swap_is_applied_once_and_accepted_as_often_as_it_comes),
    UNIT(a_delayed_swap_fails_once_another_has_landed),
    UNIT(of_two_equal_proposals_with_other_nonces_one_wins),
    UNIT(force_and_unknown_kinds_go_by_their_own_rule),
    UNIT(every_field_counts_in_equality),
    UNIT(a_value_makes_the_round_trip),
    UNIT(damaged_values_are_noticed),
    UNIT(requests_make_the_round_trip_and_survive_being_cut),
    UNIT(answers_make_the_round_trip_and_are_no_requests),
    UNIT(modes_have_names),
};
UNIT_MAIN("register")
