/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * messages OUT.pcapng - SCCP as ANSI nodes speak it, from our own encoders, for tshark: addresses
 * with each part, subsystem management, and a long message in its segments. check.sh beside it
 * says what tshark has to read.
 */
#include <stdio.h>
#include <stdlib.h>

#include "sigtran/codec/capture_block.h"
#include "sigtran/codec/m3ua.h"
#include "sigtran/fsm/sccp_segmentation.h"

#define OPC      0xf5a001u /* 245-160-1 */
#define DPC      0xf5a003u /* 245-160-3 */
#define LONG     600
#define DATA_PID 3

static struct capture_flow flow = {.source = {.octets = {192, 0, 2, 1}},
                                   .destination = {.octets = {192, 0, 2, 2}},
                                   .source_port = 2905,
                                   .destination_port = 2905,
                                   .is_outbound = true,
                                   .verification_tag = 1,
                                   .tsn = 1};
static uint8_t block[16384];
static FILE *file;

_Noreturn static void fail(const char *what)
{
    (void)fprintf(stderr, "messages: %s\n", what);
    exit(1);
}

static void write_out(const struct bytes_writer *w)
{
    if (w->failed || fwrite(w->start, 1, bytes_writer_length(w), file) != bytes_writer_length(w))
        fail("the file can't be written");
}

static void put(struct bytes sccp)
{
    static int64_t at_ns;
    uint8_t octets[1024];
    struct bytes_writer message = bytes_writer_of(octets, octets + sizeof(octets));
    struct bytes_writer w = bytes_writer_of(block, block + sizeof(block));
    const struct m3ua_data data = {
        .si = 3, .ni = 2, .sls = 5, .opc = OPC, .dpc = DPC, .payload = sccp};
    m3ua_data_encode(&message, &data);
    if (message.failed)
        fail("it does not fit a message of M3UA");
    at_ns += 1000000;
    capture_write_message(&w, &flow, at_ns, 1, DATA_PID,
                          bytes_of(octets, bytes_writer_length(&message)));
    write_out(&w);
}

static struct sccp_address on_ssn(uint32_t pc, uint8_t ssn)
{
    return (struct sccp_address){.variant = SCCP_ANSI,
                                 .has_pc = true,
                                 .pc = pc,
                                 .has_ssn = true,
                                 .ssn = ssn,
                                 .route_on_ssn = true};
}

static void put_udt(const struct sccp_address *called, struct bytes data)
{
    uint8_t octets[512];
    struct bytes_writer w = bytes_writer_of(octets, octets + sizeof(octets));
    const struct sccp_message m = {
        .type = SCCP_UDT, .called = *called, .calling = on_ssn(OPC, called->ssn), .data = data};
    if (sccp_encode(&w, &m) != P7_OK)
        fail("sccp_encode refuses a message");
    put(bytes_of(octets, bytes_writer_length(&w)));
}

static void put_titles(struct bytes data)
{
    uint8_t packed[DIGITS_PACKED_OCTETS];
    struct sccp_address title = {.variant = SCCP_ANSI,
                                 .has_ssn = true,
                                 .ssn = SCCP_SSN_CAP,
                                 .gti = 2,
                                 .translation_type = 10};
    if (sccp_address_set_digits(&title, "19085551", packed) != P7_OK)
        fail("digits are refused");
    put_udt(&title, data);
    title.gti = 1;
    title.numbering_plan = SCCP_NUMBERING_PLAN_E164;
    if (sccp_address_set_digits(&title, "12345", packed) != P7_OK)
        fail("digits are refused");
    put_udt(&title, data);
}

static void put_management(void)
{
    uint8_t octets[16];
    struct bytes_writer w = bytes_writer_of(octets, octets + sizeof(octets));
    const struct sccp_address called = on_ssn(DPC, SCCP_SSN_MANAGEMENT);
    const struct sccp_management ssp = {.variant = SCCP_ANSI,
                                        .type = SCCP_SSP,
                                        .affected_ssn = SCCP_SSN_CAP,
                                        .affected_pc = 0xfe0102};
    if (sccp_management_write(&w, &ssp) != P7_OK)
        fail("sccp_management_write refuses a message");
    put_udt(&called, bytes_of(octets, bytes_writer_length(&w)));
}

static void put_long(void)
{
    /* A TCAP BEGIN of one invoke with a long parameter. */
    static uint8_t begin[LONG + 28] = {0x62, 0x82, 0x02, 0x70, 0x48, 0x04, 1,    2,    3,    4,
                                       0x6c, 0x82, 0x02, 0x66, 0xa1, 0x82, 0x02, 0x62, 0x02, 0x01,
                                       0x01, 0x02, 0x01, 0x16, 0x04, 0x82, 0x02, 0x58};
    uint8_t octets[512];
    struct sccp_party called;
    struct sccp_party calling;
    struct sccp_segmenter segmenter;
    struct sccp_segments segments;
    if (sccp_party_set_ssn(&called, SCCP_ANSI, true, DPC, SCCP_SSN_CAP) != P7_OK ||
        sccp_party_set_ssn(&calling, SCCP_ANSI, true, OPC, SCCP_SSN_CAP) != P7_OK)
        fail("an address is refused");
    const struct sccp_unitdata unitdata = {.protocol_class = 1,
                                           .called = sccp_party_bytes(&called),
                                           .calling = sccp_party_bytes(&calling),
                                           .data = bytes_of(begin, sizeof(begin))};
    sccp_segmenter_init(&segmenter, SCCP_ANSI, SCCP_LONG_XUDT, 0x010203);
    if (sccp_segmenter_start(&segmenter, &unitdata, &segments) != P7_OK)
        fail("the long message is refused");
    while (sccp_segments_left(&segments)) {
        struct bytes_writer w = bytes_writer_of(octets, octets + sizeof(octets));
        if (sccp_segments_write(&segments, &w) != P7_OK)
            fail("a segment is refused");
        put(bytes_of(octets, bytes_writer_length(&w)));
    }
}

int main(int argc, char **argv)
{
    /* TCAP END, dtid 0x01020304, nothing else. */
    static const uint8_t end[] = {0x64, 0x06, 0x49, 0x04, 0x01, 0x02, 0x03, 0x04};
    if (argc != 2) {
        (void)fputs("usage: messages OUT.pcapng\n", stderr);
        return 2;
    }
    file = fopen(argv[1], "wb");
    if (file == NULL)
        fail("the file can't be made");
    struct bytes_writer head = bytes_writer_of(block, block + sizeof(block));
    capture_write_head(&head, "pulse7 ansi", "SCCP by T1.112.");
    write_out(&head);
    const struct sccp_address called = on_ssn(DPC, SCCP_SSN_CAP);
    put_udt(&called, bytes_of(end, sizeof(end)));
    put_titles(bytes_of(end, sizeof(end)));
    put_management();
    put_long();
    return fclose(file) == 0 ? 0 : 1;
}
