/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "sigtran/codec/ber.h"

#include "sigtran/base/limits.h"

#define TAG_OCTETS_MAX 3u
#define INDEFINITE     SIZE_MAX

static enum p7_status read_tag(struct bytes_reader *r, uint32_t *tag, bool *constructed)
{
    const uint8_t first = bytes_read_u8(r);
    if (r->failed)
        return P7_TRUNCATED;
    *tag = first;
    *constructed = (first & 0x20u) != 0;
    if ((first & 0x1fu) != 0x1fu)
        return P7_OK;
    /* X.690-8.1.2.4: high tag numbers go on until an octet without bit 8. */
    for (unsigned octets = 1;; octets++) {
        if (octets == TAG_OCTETS_MAX)
            return P7_RANGE;
        const uint8_t next = bytes_read_u8(r);
        if (r->failed)
            return P7_TRUNCATED;
        *tag = (*tag << 8) | next;
        if ((next & 0x80u) == 0)
            return P7_OK;
    }
}

static enum p7_status read_length(struct bytes_reader *r, size_t *length)
{
    const uint8_t first = bytes_read_u8(r);
    if (r->failed)
        return P7_TRUNCATED;
    if (first < 0x80u) {
        *length = first;
        return P7_OK;
    }
    if (first == 0x80u) {
        *length = INDEFINITE;
        return P7_OK;
    }
    if (first == 0xffu) /* X.690-8.1.3.5 c: reserved */
        return P7_MALFORMED;
    const size_t octets = first & 0x7fu;
    const struct bytes b = bytes_read(r, octets);
    if (r->failed)
        return P7_TRUNCATED;
    uint64_t value = 0;
    for (size_t i = 0; i < octets; i++) {
        if (value > UINT32_MAX)
            return P7_TRUNCATED; /* longer than any input that we take */
        value = (value << 8) | b.data[i];
    }
    *length = (size_t)value;
    return P7_OK;
}

static bool at_end_of_contents(const struct bytes_reader *r)
{
    return bytes_reader_left(r) >= 2 && r->at[0] == 0 && r->at[1] == 0;
}

static enum p7_status next_at_depth(struct bytes_reader *reader, struct ber_element *e,
                                    unsigned depth)
{
    struct bytes_reader r = *reader;
    size_t length;

    if (depth > LIMIT_BER_DEPTH)
        return P7_RANGE;
    if (bytes_reader_left(&r) == 0)
        return r.failed ? P7_TRUNCATED : P7_NOT_FOUND;
    enum p7_status status = read_tag(&r, &e->tag, &e->constructed);
    if (status == P7_OK)
        status = read_length(&r, &length);
    if (status != P7_OK)
        return status;
    if (length != INDEFINITE) {
        e->content = bytes_read(&r, length);
        if (r.failed)
            return P7_TRUNCATED;
    } else {
        if (!e->constructed)
            return P7_MALFORMED;
        const uint8_t *content = r.at;
        while (!at_end_of_contents(&r)) {
            struct ber_element inner;
            status = next_at_depth(&r, &inner, depth + 1);
            if (status == P7_NOT_FOUND)
                return P7_TRUNCATED;
            if (status != P7_OK)
                return status;
        }
        e->content = bytes_of(content, (size_t)(r.at - content));
        (void)bytes_read(&r, 2);
    }
    e->whole = bytes_of(reader->at, (size_t)(r.at - reader->at));
    *reader = r;
    return P7_OK;
}

/*
 * The hot path: one identifier octet and a length of one octet, or of two with 0x81, which is
 * nearly every element of TCAP and CAP. False: anything else, valid or not.
 */
static bool next_short(struct bytes_reader *reader, struct ber_element *e)
{
    const uint8_t *p = reader->at;
    const size_t left = bytes_reader_left(reader);
    if (left < 3 || (p[0] & 0x1fu) == 0x1fu)
        return false;
    const size_t header = p[1] == 0x81u ? 3 : 2;
    const size_t length = p[header - 1];
    if ((header == 2 && length >= 0x80u) || length > left - header)
        return false;
    e->tag = p[0];
    e->constructed = (p[0] & 0x20u) != 0;
    e->content = bytes_of(p + header, length);
    e->whole = bytes_of(p, header + length);
    reader->at = p + header + length;
    return true;
}

enum p7_status ber_next(struct bytes_reader *reader, struct ber_element *element)
{
    if (next_short(reader, element))
        return P7_OK;
    return next_at_depth(reader, element, 1);
}

enum p7_status ber_expect(struct bytes_reader *reader, uint32_t tag, struct ber_element *element)
{
    struct bytes_reader r = *reader;
    const enum p7_status status = ber_next(&r, element);
    if (status != P7_OK)
        return status;
    if (element->tag != tag)
        return P7_MALFORMED;
    *reader = r;
    return P7_OK;
}

enum p7_status ber_integer(struct bytes content, int64_t *value)
{
    if (content.length == 0)
        return P7_MALFORMED;
    if (content.length > 8)
        return P7_RANGE;
    uint64_t v = (content.data[0] & 0x80u) != 0 ? UINT64_MAX : 0;
    for (size_t i = 0; i < content.length; i++)
        v = (v << 8) | content.data[i];
    *value = (int64_t)v;
    return P7_OK;
}

enum p7_status ber_boolean(struct bytes content, bool *value)
{
    if (content.length != 1)
        return P7_MALFORMED;
    *value = content.data[0] != 0;
    return P7_OK;
}

static void write_tag(struct bytes_writer *w, uint32_t tag)
{
    if (tag > 0xffffu)
        bytes_write_u8(w, (uint8_t)(tag >> 16));
    if (tag > 0xffu)
        bytes_write_u8(w, (uint8_t)(tag >> 8));
    bytes_write_u8(w, (uint8_t)tag);
}

/* Octets that the length field takes beyond its first one (X.690-8.1.3.5). */
static size_t long_length_octets(size_t length)
{
    size_t octets = 0;
    if (length < 0x80)
        return 0;
    while (length != 0) {
        octets++;
        length >>= 8;
    }
    return octets;
}

static void put_length(uint8_t *p, size_t length, size_t extra)
{
    if (extra == 0) {
        p[0] = (uint8_t)length;
        return;
    }
    p[0] = (uint8_t)(0x80u | extra);
    for (size_t i = extra; i > 0; i--) {
        p[i] = (uint8_t)length;
        length >>= 8;
    }
}

void ber_write(struct bytes_writer *writer, uint32_t tag, struct bytes content)
{
    const size_t extra = long_length_octets(content.length);
    write_tag(writer, tag);
    uint8_t *p = bytes_reserve(writer, 1 + extra);
    if (p != NULL)
        put_length(p, content.length, extra);
    bytes_write(writer, content);
}

void ber_write_integer(struct bytes_writer *writer, uint32_t tag, int64_t value)
{
    uint8_t octets[8];
    bytes_store_u64be(octets, (uint64_t)value);
    size_t skip = 0;
    /* X.690-8.3.2: the first nine bits shall not be all ones or all zeros. */
    while (skip < 7 && ((octets[skip] == 0x00 && (octets[skip + 1] & 0x80u) == 0) ||
                        (octets[skip] == 0xff && (octets[skip + 1] & 0x80u) != 0)))
        skip++;
    ber_write(writer, tag, bytes_of(octets + skip, 8 - skip));
}

void ber_write_boolean(struct bytes_writer *writer, uint32_t tag, bool value)
{
    const uint8_t octet = value ? 0xff : 0x00;
    ber_write(writer, tag, bytes_of(&octet, 1));
}

void ber_write_null(struct bytes_writer *writer, uint32_t tag)
{
    ber_write(writer, tag, bytes_of(NULL, 0));
}

size_t ber_open(struct bytes_writer *writer, uint32_t tag)
{
    write_tag(writer, tag);
    (void)bytes_reserve(writer, 1);
    return bytes_writer_length(writer);
}

void ber_close(struct bytes_writer *writer, size_t mark)
{
    if (writer->failed)
        return;
    uint8_t *content = writer->start + mark;
    const size_t length = (size_t)(writer->at - content);
    const size_t extra = long_length_octets(length);
    if (extra != 0) {
        if (bytes_reserve(writer, extra) == NULL)
            return;
        memmove(content + extra, content, length);
    }
    put_length(content - 1, length, extra);
}
