/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "sigtran/codec/capture_block.h"

#include <stdlib.h>

#include "sigtran/base/crc32c.h"
#include "tests/unit/unit.h"

/* Block: type, length, interface, time (2), captured, original. */
#define PACKET_AT 28u

static uint8_t file[200000];

static const struct capture_flow ipv4_flow = {
    .source = {.octets = {10, 0, 0, 1}},
    .destination = {.octets = {10, 0, 0, 2}},
    .source_port = 2905,
    .destination_port = 2906,
    .is_outbound = true,
    .verification_tag = 7,
    .tsn = 1,
};

static struct bytes_writer whole_file(void)
{
    return bytes_writer_of(file, file + sizeof(file));
}

static void a_head_is_a_section_with_a_comment_and_an_interface_of_ip_packets(void)
{
    struct bytes_writer w = whole_file();
    uint8_t expected[128];
    capture_write_head(&w, "pulse7", "made up");
    const size_t n = unit_hex("0a0d0d0a 00000038 1a2b3c4d 0001 0000 ffffffffffffffff"
                              "0001 0007 6d616465207570 00" /* comment */
                              "0004 0006 70756c736537 0000" /* application */
                              "00000000 00000038"
                              "00000001 00000028 0065 0000 00000000"
                              "0002 0004 73637470"  /* its name */
                              "0009 0001 09 000000" /* nanoseconds */
                              "00000000 00000028",
                              expected, sizeof(expected));
    CU_ASSERT_FALSE(w.failed);
    CU_ASSERT_EQUAL_FATAL(bytes_writer_length(&w), n);
    CU_ASSERT_EQUAL(memcmp(file, expected, n), 0);
}

/* RFC9260-3.3.1, RFC4666-1.4.7 */
static void a_message_is_one_data_chunk_in_an_sctp_packet_of_its_stream_and_protocol(void)
{
    struct capture_flow flow = ipv4_flow;
    const uint8_t message[] = {1, 0, 3, 1, 0, 0, 0, 8};
    uint8_t expected[256];
    struct bytes_writer w = whole_file();
    capture_write_message(&w, &flow, 0x0102030405060708, 9, 3, bytes_of(message, sizeof(message)));
    const size_t n = unit_hex("00000006 00000064 00000000 01020304 05060708 00000038 00000038"
                              "4500 0038 0000 4000 40 84 0000 0a000001 0a000002"
                              "0b59 0b5a 00000007 00000000"
                              "00 03 0018 00000001 0009 0000 00000003 0100030100000008"
                              "0002 0004 00000002 00000000 00000064",
                              expected, sizeof(expected));
    CU_ASSERT_EQUAL_FATAL(bytes_writer_length(&w), n);
    /* What is computed is taken out and looked at by itself. */
    uint8_t *ip = file + PACKET_AT;
    uint32_t sum = 0;
    for (size_t i = 0; i < 20; i += 2)
        sum += bytes_load_u16be(ip + i);
    CU_ASSERT_EQUAL((sum & 0xffffu) + (sum >> 16), 0xffff);
    const uint32_t checksum =
        (uint32_t)ip[28] | (uint32_t)ip[29] << 8 | (uint32_t)ip[30] << 16 | (uint32_t)ip[31] << 24;
    memset(ip + 10, 0, 2);
    memset(ip + 28, 0, 4);
    CU_ASSERT_EQUAL(checksum, crc32c_by_table(0, bytes_of(ip + 20, 36)));
    CU_ASSERT_EQUAL(memcmp(file, expected, n), 0);
}

static void numbers_count_up_per_direction_and_per_stream(void)
{
    struct capture_flow flow = ipv4_flow;
    const uint8_t message[] = {1, 0, 3, 1, 0, 0, 0, 8};
    const uint16_t stream[] = {5, 6, 5};
    const uint16_t ssn[] = {0, 0, 1};
    struct bytes_writer w = whole_file();
    for (unsigned i = 0; i < 3; i++) {
        const uint8_t *chunk = w.at + PACKET_AT + 20 + 12;
        capture_write_message(&w, &flow, 0, stream[i], 3, bytes_of(message, sizeof(message)));
        CU_ASSERT_EQUAL(bytes_load_u32be(chunk + 4), 1 + i);
        CU_ASSERT_EQUAL(bytes_load_u16be(chunk + 8), stream[i]);
        CU_ASSERT_EQUAL(bytes_load_u16be(chunk + 10), ssn[i]);
    }
}

static void an_ipv6_packet_says_so_in_its_first_octet(void)
{
    struct capture_flow flow = {.source = {.is_ipv6 = true, .octets = {[15] = 1}},
                                .destination = {.is_ipv6 = true, .octets = {[15] = 2}}};
    const uint8_t message[] = {1, 2, 3};
    struct bytes_writer w = whole_file();
    capture_write_message(&w, &flow, 0, 0, 3, bytes_of(message, sizeof(message)));
    const uint8_t *ip = file + PACKET_AT;
    CU_ASSERT_EQUAL(ip[0], 0x60);
    CU_ASSERT_EQUAL(bytes_load_u16be(ip + 4), 12 + 16 + 4); /* the chunk is padded */
    CU_ASSERT_EQUAL(ip[6], 132);
    CU_ASSERT_EQUAL(ip[23], 1);
    CU_ASSERT_EQUAL(ip[39], 2);
    CU_ASSERT_EQUAL(bytes_load_u16be(ip + 40 + 12 + 2), 16 + 3); /* what it really holds */
}

/* RFC9260-6.9 */
static void a_message_longer_than_an_ip_packet_is_fragmented_with_first_and_last_marked(void)
{
    struct capture_flow flow = ipv4_flow;
    uint8_t *message = calloc(1, LIMIT_M3UA_MESSAGE_OCTETS);
    CU_ASSERT_PTR_NOT_NULL_FATAL(message);
    struct bytes_writer w = whole_file();
    capture_write_message(&w, &flow, 0, 1, 3, bytes_of(message, LIMIT_M3UA_MESSAGE_OCTETS));
    free(message);
    CU_ASSERT_FALSE(w.failed);
    CU_ASSERT(bytes_writer_length(&w) <= capture_message_octets_max(LIMIT_M3UA_MESSAGE_OCTETS));
    const size_t first_octets = bytes_load_u32be(file + 4);
    const uint8_t *first = file + PACKET_AT + 20 + 12;
    const uint8_t *last = file + first_octets + PACKET_AT + 20 + 12;
    CU_ASSERT_EQUAL(first[1], 2);
    CU_ASSERT_EQUAL(last[1], 1);
    CU_ASSERT_EQUAL(bytes_load_u32be(last + 4), 2);
    CU_ASSERT_EQUAL(bytes_load_u16be(last + 10), bytes_load_u16be(first + 10));
    CU_ASSERT_EQUAL(bytes_load_u16be(first + 2) - 16 + bytes_load_u16be(last + 2) - 16,
                    LIMIT_M3UA_MESSAGE_OCTETS);
}

static void a_writer_without_room_fails_and_is_not_overrun(void)
{
    struct capture_flow flow = ipv4_flow;
    uint8_t small[101]; /* the block takes 100 */
    const uint8_t message[] = {1, 0, 3, 1, 0, 0, 0, 8};
    memset(small, 0xee, sizeof(small));
    for (size_t room = 0; room < 100; room++) {
        struct bytes_writer w = bytes_writer_of(small, small + room);
        capture_write_message(&w, &flow, 0, 0, 3, bytes_of(message, sizeof(message)));
        CU_ASSERT_TRUE(w.failed);
        CU_ASSERT_EQUAL(small[room], 0xee);
        memset(small, 0xee, sizeof(small));
    }
}

UNIT_TESTS = {
    UNIT(a_head_is_a_section_with_a_comment_and_an_interface_of_ip_packets),
    UNIT(a_message_is_one_data_chunk_in_an_sctp_packet_of_its_stream_and_protocol),
    UNIT(numbers_count_up_per_direction_and_per_stream),
    UNIT(an_ipv6_packet_says_so_in_its_first_octet),
    UNIT(a_message_longer_than_an_ip_packet_is_fragmented_with_first_and_last_marked),
    UNIT(a_writer_without_room_fails_and_is_not_overrun),
};
UNIT_MAIN("capture_block")
