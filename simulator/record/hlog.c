/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "simulator/record/hlog.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <zlib.h>

#include "sigtran/base/bytes.h"

/* HdrHistogram's V2 encoding: cookies with the word size's nibble 1, "LEB128 64b9B". */
#define COOKIE_V2            0x1c849313u
#define COOKIE_V2_COMPRESSED 0x1c849314u
#define HEADER_OCTETS        40
#define COMPRESSED_HEADER    8
#define LEB128_OCTETS_MAX    9
#define DOUBLE_ONE           UINT64_C(0x3ff0000000000000) /* integer to double value ratio: 1.0 */

#define BUFFER_OCTETS 65536
#define NS_PER_S      1e9
#define NS_PER_MS     1e6

struct hlog {
    struct output output;
    uint8_t *encoded;
    size_t encoded_room;
    char *text;
    size_t text_room;
};

/* --- V2 ----------------------------------------------------------------------------------- */

/* Zigzag (the sign in the lowest bit), then seven bits an octet, the ninth with all eight. */
static size_t put_zigzag(uint8_t *dst, int64_t value)
{
    uint64_t v = ((uint64_t)value << 1) ^ (value < 0 ? UINT64_MAX : 0);
    size_t n = 0;
    while (v >= 0x80 && n < LEB128_OCTETS_MAX - 1) {
        dst[n++] = (uint8_t)(v | 0x80);
        v >>= 7;
    }
    dst[n++] = (uint8_t)v;
    return n;
}

/* Counts up to the last that is not zero; a run of zeros is one negative number. */
static size_t put_counts(const struct histogram *histogram, uint8_t *dst)
{
    const uint32_t length = histogram_length(histogram);
    size_t n = 0;
    uint32_t at = 0;
    for (uint32_t i = histogram_next(histogram, 0); i < length;
         i = histogram_next(histogram, i + 1)) {
        if (i - at == 1)
            n += put_zigzag(dst + n, 0);
        else if (i > at)
            n += put_zigzag(dst + n, -(int64_t)(i - at));
        n += put_zigzag(dst + n, (int64_t)histogram_count_at(histogram, i));
        at = i + 1;
    }
    return n;
}

/* Every value takes at most a count and a run of zeros before it. */
static size_t raw_room(const struct histogram *histogram)
{
    const uint64_t values = histogram_count(histogram);
    const size_t length = histogram_length(histogram);
    const size_t entries = values < length / 2 ? 2 * (size_t)values : length;
    return HEADER_OCTETS + entries * LEB128_OCTETS_MAX;
}

size_t hlog_encode_room(const struct histogram *histogram)
{
    return COMPRESSED_HEADER + compressBound(raw_room(histogram));
}

static void store_u64be(uint8_t *p, uint64_t value)
{
    bytes_store_u32be(p, (uint32_t)(value >> 32));
    bytes_store_u32be(p + 4, (uint32_t)value);
}

size_t hlog_encode(const struct histogram *histogram, uint8_t *dst, size_t room)
{
    uint8_t *raw = malloc(raw_room(histogram));
    if (raw == NULL || room < hlog_encode_room(histogram)) {
        free(raw);
        return 0;
    }
    const size_t counts_octets = put_counts(histogram, raw + HEADER_OCTETS);
    bytes_store_u32be(raw, COOKIE_V2);
    bytes_store_u32be(raw + 4, (uint32_t)counts_octets);
    bytes_store_u32be(raw + 8, 0); /* normalizing index offset */
    bytes_store_u32be(raw + 12, (uint32_t)histogram_significant_digits(histogram));
    store_u64be(raw + 16, (uint64_t)histogram_lowest_discernible(histogram));
    store_u64be(raw + 24, (uint64_t)histogram_highest_trackable(histogram));
    store_u64be(raw + 32, DOUBLE_ONE);
    uLongf compressed = room - COMPRESSED_HEADER;
    const int result = compress2(dst + COMPRESSED_HEADER, &compressed, raw,
                                 HEADER_OCTETS + counts_octets, Z_DEFAULT_COMPRESSION);
    free(raw);
    if (result != Z_OK)
        return 0;
    bytes_store_u32be(dst, COOKIE_V2_COMPRESSED);
    bytes_store_u32be(dst + 4, (uint32_t)compressed);
    return COMPRESSED_HEADER + compressed;
}

/* --- base64 (RFC4648-4) --------------------------------------------------------------------- */

size_t hlog_base64(const uint8_t *data, size_t octets, char *dst, size_t room)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const size_t length = (octets + 2) / 3 * 4;
    if (room < length + 1)
        return 0;
    char *at = dst;
    for (size_t i = 0; i < octets; i += 3) {
        const size_t left = octets - i;
        const uint8_t three[3] = {data[i], left > 1 ? data[i + 1] : 0, left > 2 ? data[i + 2] : 0};
        const uint32_t word = bytes_load_u24be(three);
        *at++ = alphabet[(word >> 18) & 0x3f];
        *at++ = alphabet[(word >> 12) & 0x3f];
        *at++ = left > 1 ? alphabet[(word >> 6) & 0x3f] : '=';
        *at++ = left > 2 ? alphabet[word & 0x3f] : '=';
    }
    *at = '\0';
    return length;
}

/* --- the log -------------------------------------------------------------------------------- */

static void put_head(struct output *output, int64_t start_wall_ns, const char *version)
{
    const time_t seconds = (time_t)(start_wall_ns / 1000000000);
    struct tm utc;
    char date[64] = "", line[256];
    if (gmtime_r(&seconds, &utc) != NULL)
        (void)strftime(date, sizeof(date), "%a %b %d %H:%M:%S UTC %Y", &utc);
    output_text(output, "#[Logged with pulse7-simulator ");
    output_text(output, version);
    output_text(output, "; values in ns, Interval_Max in ms]\n"
                        "#[Histogram log format version 1.3]\n");
    (void)snprintf(line, sizeof(line),
                   "#[BaseTime: %.3f (seconds since epoch)]\n"
                   "#[StartTime: %.3f (seconds since epoch), %s]\n",
                   (double)start_wall_ns / NS_PER_S, (double)start_wall_ns / NS_PER_S, date);
    output_text(output, line);
    output_text(output, "\"StartTimestamp\",\"Interval_Length\",\"Interval_Max\","
                        "\"Interval_Compressed_Histogram\"\n");
    output_flush(output);
}

enum p7_status hlog_open(struct hlog **result, const char *directory, int64_t start_wall_ns,
                         const char *version)
{
    struct hlog *hlog = calloc(1, sizeof(*hlog));
    if (hlog == NULL)
        return P7_NO_MEMORY;
    const enum p7_status status =
        output_open(&hlog->output, directory, RUN_FILE_LATENCY, OUTPUT_DIRECT, BUFFER_OCTETS);
    if (status != P7_OK) {
        free(hlog);
        return status;
    }
    put_head(&hlog->output, start_wall_ns, version);
    *result = hlog;
    return P7_OK;
}

static bool make_room(void **buffer, size_t *room, size_t wanted)
{
    if (*room >= wanted)
        return true;
    void *more = realloc(*buffer, wanted);
    if (more == NULL)
        return false;
    *buffer = more;
    *room = wanted;
    return true;
}

/* The text of a histogram, in hlog->text; 0: no memory. */
static size_t encode_text(struct hlog *hlog, const struct histogram *histogram)
{
    const size_t encode_room = hlog_encode_room(histogram);
    void *encoded = hlog->encoded;
    const bool has_encoded = make_room(&encoded, &hlog->encoded_room, encode_room);
    hlog->encoded = encoded;
    const size_t octets =
        has_encoded ? hlog_encode(histogram, hlog->encoded, hlog->encoded_room) : 0;
    void *text = hlog->text;
    const bool has_text = make_room(&text, &hlog->text_room, octets / 3 * 4 + 8);
    hlog->text = text;
    return octets == 0 || !has_text
               ? 0
               : hlog_base64(hlog->encoded, octets, hlog->text, hlog->text_room);
}

enum p7_status hlog_put(struct hlog *hlog, const char *tag, int64_t start_ns, int64_t length_ns,
                        const struct histogram *histogram)
{
    if (tag != NULL && (tag[0] == '\0' || strpbrk(tag, ", \t\r\n\"") != NULL))
        return P7_RANGE;
    const size_t octets = encode_text(hlog, histogram);
    if (octets == 0)
        return P7_NO_MEMORY;
    struct output *output = &hlog->output;
    if (tag != NULL) {
        output_text(output, "Tag=");
        output_text(output, tag);
        output_char(output, ',');
    }
    /* The format's maximum is that of the bucket. */
    const int64_t max_ns = histogram_count(histogram) == 0
                               ? 0
                               : histogram_highest_equivalent(histogram, histogram_max(histogram));
    output_fixed(output, (double)start_ns / NS_PER_S, 3);
    output_char(output, ',');
    output_fixed(output, (double)length_ns / NS_PER_S, 3);
    output_char(output, ',');
    output_fixed(output, (double)max_ns / NS_PER_MS, 3);
    output_char(output, ',');
    output_bytes(output, hlog->text, octets);
    output_char(output, '\n');
    output_flush(output);
    return output_failure(output) == 0 ? P7_OK : P7_SYSTEM;
}

enum p7_status hlog_put_kinds(struct hlog *hlog, int64_t start_ns, int64_t length_ns,
                              const struct histogram *const kind[REQUEST_KIND_COUNT])
{
    struct histogram all;
    enum p7_status status = histogram_copy(&all, kind[0]);
    if (status != P7_OK)
        return status;
    for (unsigned i = 1; i < REQUEST_KIND_COUNT; i++)
        histogram_add(&all, kind[i]);
    status = hlog_put(hlog, NULL, start_ns, length_ns, &all);
    histogram_destroy(&all);
    for (unsigned i = 0; i < REQUEST_KIND_COUNT && status == P7_OK; i++)
        if (histogram_count(kind[i]) > 0)
            status = hlog_put(hlog, request_kind_name((enum request_kind)i), start_ns, length_ns,
                              kind[i]);
    return status;
}

enum p7_status hlog_close(struct hlog *hlog)
{
    const enum p7_status status = output_close(&hlog->output);
    free(hlog->encoded);
    free(hlog->text);
    free(hlog);
    return status;
}
