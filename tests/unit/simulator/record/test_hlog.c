/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The encoding is checked against an independent decoder here and, with Debian's HdrHistogram, in
 * tests/interop/hdr. */
#include "simulator/record/hlog.h"

#include <zlib.h>

#include "sigtran/base/bytes.h"
#include "tests/unit/simulator/record/scratch.h"
#include "tests/unit/unit.h"

static void base64_is_as_in_rfc4648_10(void)
{
    static const struct {
        const char *plain, *text;
    } vectors[] = {{"", ""},
                   {"f", "Zg=="},
                   {"fo", "Zm8="},
                   {"foo", "Zm9v"},
                   {"foob", "Zm9vYg=="},
                   {"fooba", "Zm9vYmE="},
                   {"foobar", "Zm9vYmFy"}};
    for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
        char text[16];
        const size_t n = hlog_base64((const uint8_t *)vectors[i].plain, strlen(vectors[i].plain),
                                     text, sizeof(text));
        CU_ASSERT_EQUAL(n, strlen(vectors[i].text));
        CU_ASSERT_STRING_EQUAL(text, vectors[i].text);
    }
    char small[4];
    CU_ASSERT_EQUAL(hlog_base64((const uint8_t *)"foo", 3, small, sizeof(small)), 0);
}

/* One zigzag LEB128 64b9B number. */
static int64_t take_number(const uint8_t *p, size_t *at)
{
    uint64_t v = 0;
    for (unsigned i = 0; i < 9; i++) {
        const uint8_t octet = p[(*at)++];
        v |= (uint64_t)(i < 8 ? octet & 0x7f : octet) << (7 * i);
        if (i < 8 && (octet & 0x80) == 0)
            break;
    }
    return (int64_t)(v >> 1) ^ -(int64_t)(v & 1);
}

static void check_round_trip(const struct histogram *h)
{
    const size_t room = hlog_encode_room(h);
    uint8_t *encoded = malloc(room);
    const uLongf raw_room = 40 + 9 * (uLongf)histogram_length(h);
    uint8_t *raw = malloc(raw_room);
    CU_ASSERT_FATAL(encoded != NULL && raw != NULL);
    const size_t octets = hlog_encode(h, encoded, room);
    CU_ASSERT_FATAL(octets > 8);
    CU_ASSERT_EQUAL(bytes_load_u32be(encoded), 0x1c849314);
    CU_ASSERT_EQUAL(bytes_load_u32be(encoded + 4), octets - 8);
    uLongf raw_octets = raw_room;
    CU_ASSERT_EQUAL_FATAL(uncompress(raw, &raw_octets, encoded + 8, octets - 8), Z_OK);
    CU_ASSERT_EQUAL(bytes_load_u32be(raw), 0x1c849313);
    CU_ASSERT_EQUAL(bytes_load_u32be(raw + 4), raw_octets - 40);
    CU_ASSERT_EQUAL(bytes_load_u32be(raw + 8), 0);
    CU_ASSERT_EQUAL(bytes_load_u32be(raw + 12), (uint32_t)histogram_significant_digits(h));
    CU_ASSERT_EQUAL(bytes_load_u64be(raw + 16), (uint64_t)histogram_lowest_discernible(h));
    CU_ASSERT_EQUAL(bytes_load_u64be(raw + 24), (uint64_t)histogram_highest_trackable(h));
    CU_ASSERT_EQUAL(bytes_load_u64be(raw + 32), UINT64_C(0x3ff0000000000000));
    uint32_t index = 0;
    uint64_t seen = 0;
    for (size_t at = 40; at < raw_octets;) {
        const int64_t number = take_number(raw, &at);
        if (number < 0) {
            index += (uint32_t)-number;
            continue;
        }
        CU_ASSERT_EQUAL((uint64_t)number, histogram_count_at(h, index));
        seen += (uint64_t)number;
        index++;
    }
    CU_ASSERT_EQUAL(seen, histogram_count(h));
    free(encoded);
    free(raw);
}

static void counts_of_any_size_and_distance_survive(void)
{
    struct histogram h;
    CU_ASSERT_EQUAL_FATAL(histogram_create_ns(&h), P7_OK);
    check_round_trip(&h);
    CU_ASSERT(histogram_record(&h, 0));
    CU_ASSERT(histogram_record(&h, 2)); /* a single empty bucket between */
    CU_ASSERT(histogram_record_n(&h, 1000000, 63));
    CU_ASSERT(histogram_record_n(&h, 1001000, 64));
    CU_ASSERT(histogram_record_n(&h, 900000000, UINT64_C(1) << 55));
    CU_ASSERT(histogram_record_n(&h, 950000000, (UINT64_C(1) << 62) - 1));
    CU_ASSERT(histogram_record(&h, HISTOGRAM_HIGHEST_NS));
    check_round_trip(&h);
    for (int64_t v = 1; v < 3000; v++)
        CU_ASSERT(histogram_record_n(&h, v * 7, (uint64_t)v));
    check_round_trip(&h);
    uint8_t none[8];
    CU_ASSERT_EQUAL(hlog_encode(&h, none, sizeof(none)), 0);
    histogram_destroy(&h);
}

static void lines_stand_as_the_format_has_them(void)
{
    static struct scratch scratch;
    struct histogram h[REQUEST_KIND_COUNT];
    const struct histogram *kinds[REQUEST_KIND_COUNT];
    scratch_create(&scratch);
    for (unsigned i = 0; i < REQUEST_KIND_COUNT; i++) {
        CU_ASSERT_EQUAL_FATAL(histogram_create_ns(&h[i]), P7_OK);
        kinds[i] = &h[i];
    }
    CU_ASSERT(histogram_record(&h[REQUEST_EVENT], 1500000));
    struct hlog *hlog = NULL;
    CU_ASSERT_EQUAL_FATAL(hlog_open(&hlog, scratch.path, INT64_C(1441812279474) * 1000000, "1.2.3"),
                          P7_OK);
    CU_ASSERT_EQUAL(hlog_put_kinds(hlog, 10000000000, 10000000000, kinds), P7_OK);
    CU_ASSERT_EQUAL(hlog_put(hlog, "a b", 0, 0, &h[0]), P7_RANGE);
    CU_ASSERT_EQUAL(hlog_put(hlog, "", 0, 0, &h[0]), P7_RANGE);
    CU_ASSERT_EQUAL(hlog_close(hlog), P7_OK);
    const char *text = scratch_read(&scratch, RUN_FILE_LATENCY);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "#[Histogram log format version 1.3]\n"));
    CU_ASSERT_PTR_NOT_NULL(
        strstr(text, "#[StartTime: 1441812279.474 (seconds since epoch), Wed Sep 09 15:24:39"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "\"StartTimestamp\",\"Interval_Length\",\"Interval_Max\","
                                        "\"Interval_Compressed_Histogram\"\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "\n10.000,10.000,1.500,HISTFAAA"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "\nTag=event,10.000,10.000,1.500,HISTFAAA"));
    CU_ASSERT_PTR_NULL(strstr(text, "Tag=oneshot"));
    for (unsigned i = 0; i < REQUEST_KIND_COUNT; i++)
        histogram_destroy(&h[i]);
    scratch_remove_tree(scratch.path);
}

UNIT_TESTS = {
    UNIT(base64_is_as_in_rfc4648_10),
    UNIT(counts_of_any_size_and_distance_survive),
    UNIT(lines_stand_as_the_format_has_them),
};
UNIT_MAIN("hlog")
