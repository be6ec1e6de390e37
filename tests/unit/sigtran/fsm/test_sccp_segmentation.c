/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Long messages on their way out: sigtran/fsm/sccp_segmentation.c. */
#include "sigtran/fsm/sccp_segmentation.h"
#include "tests/unit/unit.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define MSU_ITU      268u /* 272 octets less the routing label */
#define MSU_ANSI     265u

static uint8_t data[5000];
static struct sccp_party called;
static struct sccp_party calling;

static void open_parties(enum sccp_variant variant, bool titles)
{
    for (size_t i = 0; i < sizeof(data); i++)
        data[i] = (uint8_t)(i * 7 + i / 256);
    if (titles) {
        CU_ASSERT_EQUAL_FATAL(sccp_party_set_gt(&called, variant, 0, 1, 4, "46701000001", 146),
                              P7_OK);
        CU_ASSERT_EQUAL_FATAL(sccp_party_set_gt(&calling, variant, 0, 1, 4, "46702000002", 146),
                              P7_OK);
    } else {
        CU_ASSERT_EQUAL_FATAL(sccp_party_set_ssn(&called, variant, false, 0, 146), P7_OK);
        CU_ASSERT_EQUAL_FATAL(sccp_party_set_ssn(&calling, variant, false, 0, 147), P7_OK);
    }
}

static struct sccp_unitdata unitdata_of(size_t length)
{
    return (struct sccp_unitdata){.protocol_class = 1,
                                  .return_on_error = true,
                                  .called = sccp_party_bytes(&called),
                                  .calling = sccp_party_bytes(&calling),
                                  .data = bytes_of(data, length)};
}

/* Writes and reads the next message; returns its length. */
static size_t next_message(struct sccp_segments *segments, struct sccp_message *message)
{
    static uint8_t octets[4096];
    struct bytes_writer w = bytes_writer_of(octets, octets + sizeof(octets));
    CU_ASSERT_EQUAL_FATAL(sccp_segments_write(segments, &w), P7_OK);
    const struct bytes wrote = bytes_of(octets, bytes_writer_length(&w));
    CU_ASSERT_EQUAL_FATAL(sccp_decode(segments->segmenter->variant, wrote, message), P7_OK);
    return wrote.length;
}

/* Every segment as Q.714-4.1.1.1.2 wants it, and all of them the data. */
static void check_segments(struct sccp_segmenter *segmenter, size_t length, size_t msu)
{
    const uint32_t reference = segmenter->reference;
    const struct sccp_unitdata unitdata = unitdata_of(length);
    struct sccp_segments segments;
    struct sccp_message m;
    size_t first = 0;
    size_t at = 0;
    CU_ASSERT_EQUAL_FATAL(sccp_segmenter_start(segmenter, &unitdata, &segments), P7_OK);
    CU_ASSERT_TRUE(segments.count >= 2 && segments.count <= SCCP_SEGMENTS_MAX);
    for (unsigned i = 0; sccp_segments_left(&segments); i++) {
        CU_ASSERT_TRUE(next_message(&segments, &m) <= msu);
        CU_ASSERT_TRUE(m.type == SCCP_XUDT && m.hop_counter == SCCP_HOP_COUNTER_MAX);
        CU_ASSERT_EQUAL(m.protocol_class, 1);
        CU_ASSERT_EQUAL(m.return_on_error, i == 0);
        CU_ASSERT_TRUE_FATAL(m.has_segmentation);
        CU_ASSERT_EQUAL(m.segmentation.first, i == 0);
        CU_ASSERT_TRUE(m.segmentation.in_sequence);
        CU_ASSERT_EQUAL(m.segmentation.remaining, segments.count - 1 - i);
        CU_ASSERT_EQUAL(m.segmentation.reference, reference);
        CU_ASSERT_TRUE(bytes_equal(m.called_octets, unitdata.called));
        CU_ASSERT_TRUE(bytes_equal(m.calling_octets, unitdata.calling));
        CU_ASSERT_TRUE_FATAL(at + m.data.length <= length);
        CU_ASSERT_TRUE(bytes_equal(m.data, bytes_of(data + at, m.data.length)));
        first = i == 0 ? m.data.length : first;
        CU_ASSERT_TRUE(m.data.length <= first);
        at += m.data.length;
    }
    CU_ASSERT_EQUAL(at, length);
    CU_ASSERT_TRUE(first * segments.count >= length); /* what the receiver reckons with */
}

static void what_fits_a_udt_goes_in_one(void) /* Q.714-4.1.1.1.1 */
{
    struct sccp_segmenter segmenter;
    struct sccp_segments segments;
    struct sccp_message m;
    open_parties(SCCP_ITU, false);
    sccp_segmenter_init(&segmenter, SCCP_ITU, SCCP_LONG_XUDT, 0);
    const struct sccp_unitdata unitdata = unitdata_of(255);
    CU_ASSERT_EQUAL_FATAL(sccp_segmenter_start(&segmenter, &unitdata, &segments), P7_OK);
    CU_ASSERT_TRUE(next_message(&segments, &m) <= MSU_ITU);
    CU_ASSERT_TRUE(m.type == SCCP_UDT && m.protocol_class == 1 && m.return_on_error);
    CU_ASSERT_TRUE(bytes_equal(m.data, unitdata.data));
    CU_ASSERT_FALSE(sccp_segments_left(&segments));
    struct bytes_writer none = bytes_writer_of(data, data);
    CU_ASSERT_EQUAL(sccp_segments_write(&segments, &none), P7_STATE);
    CU_ASSERT_EQUAL(segmenter.counters.segmented, 0);
}

static void long_addresses_leave_a_udt_less_room(void) /* the MSU ends at 272 octets */
{
    open_parties(SCCP_ITU, true);
    const struct bytes to = sccp_party_bytes(&called);
    const struct bytes from = sccp_party_bytes(&calling);
    CU_ASSERT_EQUAL(sccp_udt_data_octets(SCCP_ITU, to, from), MSU_ITU - 8 - 2 * to.length);
    struct sccp_segmenter segmenter;
    struct sccp_segments segments;
    struct sccp_message m;
    sccp_segmenter_init(&segmenter, SCCP_ITU, SCCP_LONG_XUDT, 0);
    struct sccp_unitdata unitdata = unitdata_of(sccp_udt_data_octets(SCCP_ITU, to, from));
    CU_ASSERT_EQUAL_FATAL(sccp_segmenter_start(&segmenter, &unitdata, &segments), P7_OK);
    CU_ASSERT_EQUAL(next_message(&segments, &m), MSU_ITU);
    unitdata.data.length++;
    CU_ASSERT_EQUAL_FATAL(sccp_segmenter_start(&segmenter, &unitdata, &segments), P7_OK);
    CU_ASSERT_TRUE(segments.type == SCCP_XUDT && segments.count == 2);
}

static void every_length_is_segmented_well(void) /* Q.714-4.1.1.1.2 */
{
    static const enum sccp_variant variants[] = {SCCP_ITU, SCCP_ANSI};
    for (unsigned i = 0; i < 4; i++) {
        const enum sccp_variant variant = variants[i / 2];
        struct sccp_segmenter segmenter;
        open_parties(variant, i % 2 != 0);
        const struct bytes to = sccp_party_bytes(&called);
        const struct bytes from = sccp_party_bytes(&calling);
        sccp_segmenter_init(&segmenter, variant, SCCP_LONG_XUDT, 0xfffffe);
        const size_t most = sccp_segmented_data_octets(variant, to, from);
        for (size_t n = sccp_udt_data_octets(variant, to, from) + 1; n <= most; n++)
            check_segments(&segmenter, n, variant == SCCP_ANSI ? MSU_ANSI : MSU_ITU);
        CU_ASSERT_TRUE(segmenter.reference < 0x10000); /* has gone round its 24 bits */
    }
}

static void no_more_than_sixteen_segments_go_out(void) /* Q.713-3.17 */
{
    static const size_t most[] = {3952, 16 * (251 - 22)};
    for (unsigned i = 0; i < 2; i++) {
        struct sccp_segmenter segmenter;
        struct sccp_segments segments;
        open_parties(SCCP_ITU, i != 0);
        sccp_segmenter_init(&segmenter, SCCP_ITU, SCCP_LONG_XUDT, 5);
        struct sccp_unitdata unitdata = unitdata_of(most[i]);
        CU_ASSERT_EQUAL(sccp_segmented_data_octets(SCCP_ITU, unitdata.called, unitdata.calling),
                        most[i]);
        CU_ASSERT_EQUAL(sccp_segmenter_start(&segmenter, &unitdata, &segments), P7_OK);
        CU_ASSERT_EQUAL(segments.count, 16);
        unitdata.data.length++;
        CU_ASSERT_EQUAL(sccp_segmenter_start(&segmenter, &unitdata, &segments), P7_RANGE);
        CU_ASSERT_FALSE(sccp_segments_left(&segments));
        CU_ASSERT_EQUAL(segmenter.counters.too_long, 1);
        CU_ASSERT_EQUAL(segmenter.reference, 6); /* none was used for it */
    }
}

static void a_message_of_class_0_keeps_its_class_in_the_segmentation(void) /* Q.713-3.17 */
{
    struct sccp_segmenter segmenter;
    struct sccp_segments segments;
    struct sccp_message m;
    open_parties(SCCP_ITU, false);
    sccp_segmenter_init(&segmenter, SCCP_ITU, SCCP_LONG_XUDT, 0);
    struct sccp_unitdata unitdata = unitdata_of(300);
    unitdata.protocol_class = 0;
    unitdata.return_on_error = false;
    CU_ASSERT_EQUAL_FATAL(sccp_segmenter_start(&segmenter, &unitdata, &segments), P7_OK);
    (void)next_message(&segments, &m);
    CU_ASSERT_EQUAL(m.protocol_class, 1);
    CU_ASSERT_FALSE(m.segmentation.in_sequence);
    CU_ASSERT_FALSE(m.return_on_error);
}

static void a_network_of_m3ua_alone_can_have_it_whole(void)
{
    struct sccp_segmenter segmenter;
    struct sccp_segments segments;
    struct sccp_message m;
    open_parties(SCCP_ITU, true);
    sccp_segmenter_init(&segmenter, SCCP_ITU, SCCP_LONG_LUDT, 0);
    struct sccp_unitdata unitdata = unitdata_of(SCCP_LUDT_DATA_OCTETS);
    CU_ASSERT_EQUAL_FATAL(sccp_segmenter_start(&segmenter, &unitdata, &segments), P7_OK);
    (void)next_message(&segments, &m);
    CU_ASSERT_TRUE(m.type == SCCP_LUDT && m.protocol_class == 1 && m.return_on_error);
    CU_ASSERT_TRUE(bytes_equal(m.data, unitdata.data));
    CU_ASSERT_FALSE(sccp_segments_left(&segments));
    CU_ASSERT_EQUAL(segmenter.counters.ludts_sent, 1);
    unitdata.data.length++;
    CU_ASSERT_EQUAL(sccp_segmenter_start(&segmenter, &unitdata, &segments), P7_RANGE);
    CU_ASSERT_EQUAL(segmenter.counters.too_long, 1);
}

static void a_request_that_makes_no_sense_is_refused(void)
{
    struct sccp_segmenter segmenter;
    struct sccp_segments segments;
    open_parties(SCCP_ITU, false);
    sccp_segmenter_init(&segmenter, SCCP_ITU, SCCP_LONG_XUDT, 0);
    struct sccp_unitdata unitdata = unitdata_of(0);
    CU_ASSERT_EQUAL(sccp_segmenter_start(&segmenter, &unitdata, &segments), P7_RANGE);
    unitdata = unitdata_of(10);
    unitdata.protocol_class = 2;
    CU_ASSERT_EQUAL(sccp_segmenter_start(&segmenter, &unitdata, &segments), P7_RANGE);
    unitdata = unitdata_of(10);
    unitdata.called = bytes_of(data, LIMIT_SCCP_ADDRESS_OCTETS + 1);
    CU_ASSERT_EQUAL(sccp_segmenter_start(&segmenter, &unitdata, &segments), P7_RANGE);
    CU_ASSERT_EQUAL(segmenter.counters.too_long, 0);
    unitdata = unitdata_of(300);
    CU_ASSERT_EQUAL_FATAL(sccp_segmenter_start(&segmenter, &unitdata, &segments), P7_OK);
    struct bytes_writer tight = bytes_writer_of(data, data + 100);
    CU_ASSERT_EQUAL(sccp_segments_write(&segments, &tight), P7_FULL);
    CU_ASSERT_EQUAL(segments.written, 0); /* may be tried again */
}

UNIT_TESTS = {
    UNIT(what_fits_a_udt_goes_in_one),
    UNIT(long_addresses_leave_a_udt_less_room),
    UNIT(every_length_is_segmented_well),
    UNIT(no_more_than_sixteen_segments_go_out),
    UNIT(a_message_of_class_0_keeps_its_class_in_the_segmentation),
    UNIT(a_network_of_m3ua_alone_can_have_it_whole),
    UNIT(a_request_that_makes_no_sense_is_refused),
};
UNIT_MAIN("sccp_segmentation")
