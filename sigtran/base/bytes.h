/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * bytes - borrowed byte ranges, a reader and a writer; the home of every shift in the project.
 *
 * A `struct bytes` borrows: it lives no longer than the buffer it points into. Readers and writers
 * never touch memory outside their range. A failed read or write is sticky: the caller may chain
 * several and check once.
 */
#ifndef SIGTRAN_BASE_BYTES_H
#define SIGTRAN_BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct bytes {
    const uint8_t *data; /* may be NULL when length is 0 */
    size_t length;
};

static inline struct bytes bytes_of(const void *data, size_t length)
{
    return (struct bytes){.data = (const uint8_t *)data, .length = length};
}

static inline bool bytes_equal(struct bytes a, struct bytes b)
{
    return a.length == b.length && (a.length == 0 || memcmp(a.data, b.data, a.length) == 0);
}

static inline uint16_t bytes_load_u16be(const uint8_t *p)
{
    return (uint16_t)(((unsigned)p[0] << 8) | p[1]);
}

static inline uint32_t bytes_load_u24be(const uint8_t *p)
{
    return ((uint32_t)p[0] << 16) | ((uint32_t)p[1] << 8) | p[2];
}

static inline uint32_t bytes_load_u32be(const uint8_t *p)
{
    return ((uint32_t)p[0] << 24) | ((uint32_t)p[1] << 16) | ((uint32_t)p[2] << 8) | p[3];
}

static inline uint64_t bytes_load_u64be(const uint8_t *p)
{
    return ((uint64_t)bytes_load_u32be(p) << 32) | bytes_load_u32be(p + 4);
}

static inline void bytes_store_u16be(uint8_t *p, uint16_t v)
{
    p[0] = (uint8_t)(v >> 8);
    p[1] = (uint8_t)v;
}

static inline void bytes_store_u32be(uint8_t *p, uint32_t v)
{
    bytes_store_u16be(p, (uint16_t)(v >> 16));
    bytes_store_u16be(p + 2, (uint16_t)v);
}

static inline void bytes_store_u64be(uint8_t *p, uint64_t v)
{
    bytes_store_u32be(p, (uint32_t)(v >> 32));
    bytes_store_u32be(p + 4, (uint32_t)v);
}

/* Octets of `p[0..length)` as a big-endian unsigned number; length at most 8. */
static inline uint64_t bytes_load_be(const uint8_t *p, size_t length)
{
    uint64_t v = 0;
    for (size_t i = 0; i < length; i++)
        v = (v << 8) | p[i];
    return v;
}

struct bytes_reader {
    const uint8_t *at;
    const uint8_t *end;
    bool failed; /* a read wanted more than was there; every later read fails too */
};

static inline struct bytes_reader bytes_reader_of(const uint8_t *data, const uint8_t *end)
{
    return (struct bytes_reader){.at = data, .end = end, .failed = false};
}

static inline size_t bytes_reader_left(const struct bytes_reader *r)
{
    return r->failed ? 0 : (size_t)(r->end - r->at);
}

/* The next `length` octets, or an empty range with `failed` set. */
static inline struct bytes bytes_read(struct bytes_reader *r, size_t length)
{
    if (bytes_reader_left(r) < length) {
        r->failed = true;
        return bytes_of(NULL, 0);
    }
    struct bytes out = bytes_of(r->at, length);
    r->at += length;
    return out;
}

static inline uint8_t bytes_read_u8(struct bytes_reader *r)
{
    struct bytes b = bytes_read(r, 1);
    return b.length == 1 ? b.data[0] : 0;
}

static inline uint16_t bytes_read_u16be(struct bytes_reader *r)
{
    struct bytes b = bytes_read(r, 2);
    return b.length == 2 ? bytes_load_u16be(b.data) : 0;
}

static inline uint32_t bytes_read_u32be(struct bytes_reader *r)
{
    struct bytes b = bytes_read(r, 4);
    return b.length == 4 ? bytes_load_u32be(b.data) : 0;
}

static inline uint64_t bytes_read_u64be(struct bytes_reader *r)
{
    struct bytes b = bytes_read(r, 8);
    return b.length == 8 ? bytes_load_u64be(b.data) : 0;
}

struct bytes_writer {
    uint8_t *start;
    uint8_t *at;
    uint8_t *end;
    bool failed; /* a write did not fit; nothing after it is written */
};

static inline struct bytes_writer bytes_writer_of(uint8_t *dst, uint8_t *dst_end)
{
    return (struct bytes_writer){.start = dst, .at = dst, .end = dst_end, .failed = false};
}

static inline size_t bytes_writer_length(const struct bytes_writer *w)
{
    return (size_t)(w->at - w->start);
}

/* Room for `length` octets to be filled in by the caller, or NULL with `failed` set. */
static inline uint8_t *bytes_reserve(struct bytes_writer *w, size_t length)
{
    if (w->failed || (size_t)(w->end - w->at) < length) {
        w->failed = true;
        return NULL;
    }
    uint8_t *p = w->at;
    w->at += length;
    return p;
}

static inline void bytes_write(struct bytes_writer *w, struct bytes b)
{
    uint8_t *p = bytes_reserve(w, b.length);
    if (p != NULL && b.length != 0)
        memcpy(p, b.data, b.length);
}

static inline void bytes_write_u8(struct bytes_writer *w, uint8_t v)
{
    uint8_t *p = bytes_reserve(w, 1);
    if (p != NULL)
        *p = v;
}

static inline void bytes_write_u16be(struct bytes_writer *w, uint16_t v)
{
    uint8_t *p = bytes_reserve(w, 2);
    if (p != NULL)
        bytes_store_u16be(p, v);
}

static inline void bytes_write_u32be(struct bytes_writer *w, uint32_t v)
{
    uint8_t *p = bytes_reserve(w, 4);
    if (p != NULL)
        bytes_store_u32be(p, v);
}

static inline void bytes_write_u64be(struct bytes_writer *w, uint64_t v)
{
    uint8_t *p = bytes_reserve(w, 8);
    if (p != NULL)
        bytes_store_u64be(p, v);
}

#endif
