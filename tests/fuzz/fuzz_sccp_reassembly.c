/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * Segments in any order, from anybody, at any time: the table keeps its bounds, gives each message
 * up or out once, and is empty after T(reass). And what is cut into segments comes out whole.
 *
 * Each step of the input is three octets: one for the time and the sender, the segmentation
 * octet of Q.713-3.17, and the reference with the length of the data.
 */
#include <stdlib.h>

#include "sigtran/base/timer_heap.h"
#include "sigtran/fsm/sccp_reassembly.h"
#include "sigtran/fsm/sccp_segmentation.h"

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition))                                                                          \
            abort();                                                                               \
    } while (0)

#define CAPACITY   5u
#define T_REASS_NS 10000000000LL
#define STEP       3u

struct tally {
    uint32_t started; /* messages that took a place */
    uint32_t ended;
};

static void check_result(const struct sccp_reassembly_result *result, struct tally *tally)
{
    const struct sccp_message *m = &result->message;
    if (result->outcome == SCCP_REASSEMBLY_WHOLE || result->outcome == SCCP_REASSEMBLY_FAILED) {
        CHECK(m->has_segmentation && m->segmentation.first);
        CHECK(m->data.length > 0 && m->data.length <= SCCP_LUDT_DATA_OCTETS);
        CHECK(m->calling_octets.length > 0 && m->called_octets.length > 0);
    }
    if (result->outcome == SCCP_REASSEMBLY_FAILED)
        CHECK(result->cause == SCCP_CAUSE_TRANSPORT_ERROR ||
              result->cause == SCCP_CAUSE_LOCAL_PROCESSING);
    if (result->outcome == SCCP_REASSEMBLY_WHOLE ||
        (result->outcome == SCCP_REASSEMBLY_FAILED && result->cause == SCCP_CAUSE_TRANSPORT_ERROR))
        tally->ended++;
}

static void take_one(struct sccp_reassembly *reassembly, int64_t now_ns, const uint8_t *step,
                     struct tally *tally)
{
    static const uint8_t data[SCCP_LUDT_DATA_OCTETS] = {0x62};
    static const uint8_t parties[2][2] = {{0x42, 146}, {0x42, 147}};
    const struct sccp_message m = {
        .type = SCCP_XUDT,
        .has_segmentation = true,
        .segmentation = {.first = (step[1] & 0x80u) != 0,
                         .in_sequence = (step[1] & 0x40u) != 0,
                         .remaining = step[1] & 0x0fu,
                         .reference = step[2] & 0x07u},
        .called_octets = bytes_of(parties[0], 2),
        .calling_octets = bytes_of(parties[step[0] & 1u], 2),
        .data = bytes_of(data, (size_t)(step[2] >> 3) * 127 + 1),
    };
    const struct sccp_origin origin = {.opc = (step[0] >> 1) & 1u};
    struct sccp_reassembly_result result;
    if (!sccp_is_segment(&m))
        return;
    const uint32_t before = sccp_reassembly_count(reassembly);
    sccp_reassembly_take(reassembly, now_ns, &origin, &m, &result);
    if (sccp_reassembly_count(reassembly) > before)
        tally->started++;
    check_result(&result, tally);
}

static void check_table(const uint8_t *data, size_t size)
{
    struct sccp_reassembly *reassembly = NULL;
    struct sccp_reassembly_result result;
    struct tally tally = {0};
    int64_t now_ns = 0;
    CHECK(sccp_reassembly_create(&reassembly, CAPACITY, T_REASS_NS) == P7_OK);
    for (size_t at = 0; at + STEP <= size; at += STEP) {
        now_ns += (int64_t)(data[at] >> 2) * 100000000;
        while (sccp_reassembly_expire(reassembly, now_ns, &result))
            check_result(&result, &tally);
        take_one(reassembly, now_ns, data + at, &tally);
        CHECK(sccp_reassembly_count(reassembly) <= CAPACITY);
        CHECK(sccp_reassembly_count(reassembly) == tally.started - tally.ended);
        CHECK((sccp_reassembly_deadline_ns(reassembly) == TIMER_NEVER_NS) ==
              (sccp_reassembly_count(reassembly) == 0));
    }
    while (sccp_reassembly_expire(reassembly, now_ns + T_REASS_NS, &result))
        check_result(&result, &tally);
    CHECK(sccp_reassembly_count(reassembly) == 0 && tally.started == tally.ended);
    sccp_reassembly_destroy(reassembly);
}

/* All of the input, again and again, as the user's data. */
static void check_round_trip(const uint8_t *data, size_t size)
{
    static uint8_t user_data[SCCP_LUDT_DATA_OCTETS];
    static uint8_t octets[4096];
    const enum sccp_variant variant = (data[0] & 1u) != 0 ? SCCP_ANSI : SCCP_ITU;
    const struct sccp_origin origin = {.opc = 1};
    struct sccp_segmenter segmenter;
    struct sccp_segments segments;
    struct sccp_reassembly *reassembly = NULL;
    struct sccp_reassembly_result result = {.outcome = SCCP_REASSEMBLY_DROPPED};
    struct sccp_message m;
    struct sccp_party party;
    const size_t length = ((size_t)data[0] << 4 | data[size - 1] >> 4) % sizeof(user_data) + 1;
    for (size_t i = 0; i < length; i++)
        user_data[i] = data[i % size];
    CHECK(sccp_party_set_ssn(&party, variant, (data[0] & 2u) != 0, 300, 146) == P7_OK);
    const struct sccp_unitdata unitdata = {.called = sccp_party_bytes(&party),
                                           .calling = sccp_party_bytes(&party),
                                           .data = bytes_of(user_data, length)};
    sccp_segmenter_init(&segmenter, variant, SCCP_LONG_XUDT, 0xffffff);
    if (sccp_segmenter_start(&segmenter, &unitdata, &segments) != P7_OK) {
        CHECK(length > sccp_segmented_data_octets(variant, unitdata.called, unitdata.calling));
        return;
    }
    CHECK(sccp_reassembly_create(&reassembly, 1, 1) == P7_OK);
    while (sccp_segments_left(&segments)) {
        struct bytes_writer w = bytes_writer_of(octets, octets + sizeof(octets));
        CHECK(sccp_segments_write(&segments, &w) == P7_OK);
        CHECK(sccp_decode(variant, bytes_of(octets, bytes_writer_length(&w)), &m) == P7_OK);
        if (!m.has_segmentation) {
            CHECK(bytes_equal(m.data, unitdata.data));
            continue;
        }
        sccp_reassembly_take(reassembly, 0, &origin, &m, &result);
        CHECK(result.outcome ==
              (sccp_segments_left(&segments) ? SCCP_REASSEMBLY_WAITING : SCCP_REASSEMBLY_WHOLE));
    }
    if (result.outcome == SCCP_REASSEMBLY_WHOLE)
        CHECK(bytes_equal(result.message.data, unitdata.data));
    sccp_reassembly_destroy(reassembly);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    check_table(data, size);
    if (size > 0)
        check_round_trip(data, size);
    return 0;
}
