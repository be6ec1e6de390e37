/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "responder/cluster/cluster.h"
#include "responder/cluster/message.h"
#include "tests/unit/unit.h"

#define ROOM 8192u

static uint8_t octets[ROOM];

/* A message of that kind with a value of its own in each field. */
static struct cluster_message sample(uint8_t kind)
{
    static const uint8_t content[] = "records or a request";
    struct cluster_message m = {.kind = kind,
                                .heartbeat = {.identity = 0x0102030405060708,
                                              .term = 0x1112131415161718,
                                              .last = 0x2122232425262728,
                                              .last_term = 0x3132333435363738,
                                              .commit = 0x4142434445464748,
                                              .role = CLUSTER_CLAIMING,
                                              .node = 1}};
    switch ((enum cluster_message_kind)kind) {
    case CLUSTER_HEARTBEAT:
        break;
    case CLUSTER_APPEND:
        m.append.previous = 0x5152535455565758;
        m.append.previous_term = 0x6162636465666768;
        m.append.previous_checksum = 0x71727374;
        m.append.records = bytes_of(content, sizeof(content));
        break;
    case CLUSTER_APPEND_ACK:
        m.ack.matches = true;
        m.ack.durable = 0x8182838485868788;
        break;
    case CLUSTER_HAND_OVER:
        m.hand_over.last = 0x9192939495969798;
        m.hand_over.register_version = 0xa1a2a3a4a5a6a7a8;
        break;
    case CLUSTER_RELAY:
        m.forward.status = CLUSTER_RELAY_NOT_ACTIVE;
        m.forward.id = 0xb1b2b3b4b5b6b7b8;
        m.forward.octets = bytes_of(content, sizeof(content));
        break;
    case CLUSTER_FORWARD:
        m.forward.id = 0xb1b2b3b4b5b6b7b8;
        m.forward.octets = bytes_of(content, sizeof(content));
        break;
    }
    return m;
}

static struct bytes encoded(const struct cluster_message *message)
{
    struct bytes_writer w = bytes_writer_of(octets, octets + ROOM);
    CU_ASSERT_EQUAL_FATAL(cluster_message_encode(&w, message), P7_OK);
    return bytes_of(octets, bytes_writer_length(&w));
}

static void check_equal(const struct cluster_message *a, const struct cluster_message *b)
{
    CU_ASSERT_EQUAL_FATAL(a->kind, b->kind);
    CU_ASSERT_EQUAL(a->heartbeat.identity, b->heartbeat.identity);
    CU_ASSERT_EQUAL(a->heartbeat.term, b->heartbeat.term);
    CU_ASSERT_EQUAL(a->heartbeat.last, b->heartbeat.last);
    CU_ASSERT_EQUAL(a->heartbeat.last_term, b->heartbeat.last_term);
    CU_ASSERT_EQUAL(a->heartbeat.commit, b->heartbeat.commit);
    CU_ASSERT_EQUAL(a->heartbeat.role, b->heartbeat.role);
    CU_ASSERT_EQUAL(a->heartbeat.node, b->heartbeat.node);
    switch ((enum cluster_message_kind)a->kind) {
    case CLUSTER_HEARTBEAT:
        break;
    case CLUSTER_APPEND:
        CU_ASSERT_EQUAL(a->append.previous, b->append.previous);
        CU_ASSERT_EQUAL(a->append.previous_term, b->append.previous_term);
        CU_ASSERT_EQUAL(a->append.previous_checksum, b->append.previous_checksum);
        CU_ASSERT(bytes_equal(a->append.records, b->append.records));
        break;
    case CLUSTER_APPEND_ACK:
        CU_ASSERT_EQUAL(a->ack.matches, b->ack.matches);
        CU_ASSERT_EQUAL(a->ack.durable, b->ack.durable);
        break;
    case CLUSTER_HAND_OVER:
        CU_ASSERT_EQUAL(a->hand_over.last, b->hand_over.last);
        CU_ASSERT_EQUAL(a->hand_over.register_version, b->hand_over.register_version);
        break;
    case CLUSTER_FORWARD:
    case CLUSTER_RELAY:
        CU_ASSERT_EQUAL(a->forward.id, b->forward.id);
        CU_ASSERT_EQUAL(a->forward.status, b->forward.status);
        CU_ASSERT(bytes_equal(a->forward.octets, b->forward.octets));
        break;
    }
}

static void every_field_of_every_kind_makes_the_round_trip(void)
{
    for (uint8_t kind = CLUSTER_HEARTBEAT; kind <= CLUSTER_RELAY; kind++) {
        const struct cluster_message m = sample(kind);
        struct cluster_message back;
        CU_ASSERT_EQUAL(cluster_message_decode(encoded(&m), &back), P7_OK);
        check_equal(&m, &back);
    }
}

static void every_role_status_and_answer_makes_the_round_trip(void)
{
    struct cluster_message m = sample(CLUSTER_RELAY);
    struct cluster_message back;
    for (uint8_t role = CLUSTER_STARTING; role <= CLUSTER_FAILED; role++) {
        m.heartbeat.role = role;
        m.heartbeat.node = role % 2;
        m.forward.status = role % (CLUSTER_RELAY_NOTHING + 1);
        CU_ASSERT_EQUAL(cluster_message_decode(encoded(&m), &back), P7_OK);
        check_equal(&m, &back);
    }
    m = sample(CLUSTER_APPEND_ACK);
    m.ack.matches = false;
    CU_ASSERT_EQUAL(cluster_message_decode(encoded(&m), &back), P7_OK);
    check_equal(&m, &back);
}

static void decoded_contents_borrow_the_octets(void)
{
    struct cluster_message m = sample(CLUSTER_APPEND);
    struct cluster_message back;
    CU_ASSERT_EQUAL(cluster_message_decode(encoded(&m), &back), P7_OK);
    CU_ASSERT(back.append.records.data > octets && back.append.records.data < octets + ROOM);
    m.append.records = bytes_of(NULL, 0); /* none: a question about the place alone */
    CU_ASSERT_EQUAL(cluster_message_decode(encoded(&m), &back), P7_OK);
    CU_ASSERT_EQUAL(back.append.records.length, 0);
}

/* What stands before a content can't be cut; the content itself is as long as there is. */
static void cut_before_its_content_a_message_is_truncated(void)
{
    for (uint8_t kind = CLUSTER_HEARTBEAT; kind <= CLUSTER_RELAY; kind++) {
        const struct cluster_message m = sample(kind);
        struct cluster_message back;
        const struct bytes all = encoded(&m);
        const size_t content = kind == CLUSTER_APPEND ? m.append.records.length
                               : kind == CLUSTER_FORWARD || kind == CLUSTER_RELAY
                                   ? m.forward.octets.length
                                   : 0;
        for (size_t length = 0; length < all.length; length++) {
            /* A copy that ends where it does: the sanitizer sees a read behind it. */
            uint8_t *copy = malloc(length + 1);
            CU_ASSERT_PTR_NOT_NULL_FATAL(copy);
            memcpy(copy + 1, all.data, length);
            CU_ASSERT_EQUAL(cluster_message_decode(bytes_of(copy + 1, length), &back),
                            length < all.length - content ? P7_TRUNCATED : P7_OK);
            free(copy);
        }
    }
}

static void octets_behind_a_message_without_content_are_malformed(void)
{
    static const uint8_t kinds[] = {CLUSTER_HEARTBEAT, CLUSTER_APPEND_ACK, CLUSTER_HAND_OVER};
    struct cluster_message back;
    for (size_t i = 0; i < sizeof(kinds); i++) {
        const struct cluster_message m = sample(kinds[i]);
        const struct bytes all = encoded(&m);
        CU_ASSERT_EQUAL(cluster_message_decode(bytes_of(all.data, all.length + 1), &back),
                        P7_MALFORMED);
    }
}

static void unknown_values_are_malformed(void)
{
    const struct cluster_message m = sample(CLUSTER_HEARTBEAT);
    struct cluster_message back;
    const struct bytes all = encoded(&m);
    for (unsigned kind = 0; kind < 256; kind++) {
        octets[0] = (uint8_t)kind;
        const enum p7_status status = cluster_message_decode(all, &back);
        if (kind < CLUSTER_HEARTBEAT || kind > CLUSTER_RELAY)
            CU_ASSERT_EQUAL(status, P7_MALFORMED);
        if (kind > CLUSTER_HEARTBEAT && kind <= CLUSTER_RELAY)
            CU_ASSERT_EQUAL(status, P7_TRUNCATED);
    }
    octets[0] = CLUSTER_HEARTBEAT;
    octets[1] = CLUSTER_FAILED + 1; /* role */
    CU_ASSERT_EQUAL(cluster_message_decode(all, &back), P7_MALFORMED);
    octets[1] = CLUSTER_ACTIVE;
    octets[2] = 2; /* node */
    CU_ASSERT_EQUAL(cluster_message_decode(all, &back), P7_MALFORMED);
    struct cluster_message odd = sample(CLUSTER_RELAY);
    odd.forward.status = CLUSTER_RELAY_NOTHING + 1;
    CU_ASSERT_EQUAL(cluster_message_decode(encoded(&odd), &back), P7_MALFORMED);
    const struct cluster_message ack = sample(CLUSTER_APPEND_ACK);
    const struct bytes of_ack = encoded(&ack);
    octets[43] = 2; /* matches */
    CU_ASSERT_EQUAL(cluster_message_decode(of_ack, &back), P7_MALFORMED);
}

static void the_longest_contents_pass_and_longer_ones_are_out_of_range(void)
{
    static const uint8_t content[CLUSTER_FORWARD_OCTETS_MAX + 1];
    struct cluster_message back;
    for (uint8_t kind = CLUSTER_APPEND; kind <= CLUSTER_RELAY; kind++) {
        struct cluster_message m = sample(kind);
        const size_t max =
            kind == CLUSTER_APPEND ? CLUSTER_APPEND_OCTETS : CLUSTER_FORWARD_OCTETS_MAX;
        struct bytes *place = kind == CLUSTER_APPEND ? &m.append.records : &m.forward.octets;
        if (kind == CLUSTER_APPEND_ACK || kind == CLUSTER_HAND_OVER)
            continue;
        *place = bytes_of(content, max);
        const struct bytes all = encoded(&m);
        CU_ASSERT_EQUAL(cluster_message_decode(all, &back), P7_OK);
        check_equal(&m, &back);
        CU_ASSERT_EQUAL(cluster_message_decode(bytes_of(all.data, all.length + 1), &back),
                        P7_MALFORMED);
        *place = bytes_of(content, max + 1);
        struct bytes_writer w = bytes_writer_of(octets, octets + ROOM);
        CU_ASSERT_EQUAL(cluster_message_encode(&w, &m), P7_RANGE);
        CU_ASSERT_EQUAL(bytes_writer_length(&w), 0);
    }
    struct cluster_message m = sample(CLUSTER_HEARTBEAT);
    struct bytes_writer w = bytes_writer_of(octets, octets + ROOM);
    m.kind = 0;
    CU_ASSERT_EQUAL(cluster_message_encode(&w, &m), P7_RANGE);
}

static void without_room_encoding_says_so(void)
{
    for (uint8_t kind = CLUSTER_HEARTBEAT; kind <= CLUSTER_RELAY; kind++) {
        const struct cluster_message m = sample(kind);
        const size_t length = encoded(&m).length;
        for (size_t room = 0; room < length; room++) {
            struct bytes_writer w = bytes_writer_of(octets, octets + room);
            CU_ASSERT_EQUAL(cluster_message_encode(&w, &m), P7_FULL);
        }
    }
}

/* A datagram of Ethernet's 1500 octets less IPv6 and UDP; the channel needs 53 of them. */
static void a_full_append_fits_into_ethernet(void)
{
    static const uint8_t records[CLUSTER_APPEND_OCTETS];
    struct cluster_message m = sample(CLUSTER_APPEND);
    m.append.records = bytes_of(records, sizeof(records));
    CU_ASSERT(encoded(&m).length + 53 <= 1500 - 40 - 8);
}

static void kinds_have_names(void)
{
    CU_ASSERT_STRING_EQUAL(cluster_message_name(CLUSTER_HEARTBEAT), "heartbeat");
    CU_ASSERT_STRING_EQUAL(cluster_message_name(CLUSTER_APPEND), "append");
    CU_ASSERT_STRING_EQUAL(cluster_message_name(CLUSTER_APPEND_ACK), "append-ack");
    CU_ASSERT_STRING_EQUAL(cluster_message_name(CLUSTER_HAND_OVER), "hand-over");
    CU_ASSERT_STRING_EQUAL(cluster_message_name(CLUSTER_FORWARD), "forward");
    CU_ASSERT_STRING_EQUAL(cluster_message_name(CLUSTER_RELAY), "relay");
    CU_ASSERT_STRING_EQUAL(cluster_message_name(0), "?");
    CU_ASSERT_STRING_EQUAL(cluster_message_name(7), "?");
}

UNIT_TESTS = {
    UNIT(every_field_of_every_kind_makes_the_round_trip),
    UNIT(every_role_status_and_answer_makes_the_round_trip),
    UNIT(decoded_contents_borrow_the_octets),
    UNIT(cut_before_its_content_a_message_is_truncated),
    UNIT(octets_behind_a_message_without_content_are_malformed),
    UNIT(unknown_values_are_malformed),
    UNIT(the_longest_contents_pass_and_longer_ones_are_out_of_range),
    UNIT(without_room_encoding_says_so),
    UNIT(a_full_append_fits_into_ethernet),
    UNIT(kinds_have_names),
};
UNIT_MAIN("message")
