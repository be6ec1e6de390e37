/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "sigtran/codec/cap_fields.h"

#include <assert.h>

#include "sigtran/codec/ber.h"
#include "sigtran/codec/cap_types.h"

/* What a CHOICE without one of its known alternatives gives inside this file; it never leaves. */
#define UNKNOWN_ALTERNATIVE P7_UNSUPPORTED

struct element {
    uint32_t tag;
    struct bytes content;
};

/* ber_next with a short cut for nearly all elements of CAP: tags of one or two octets, lengths of
 * one (measured: half of a whole initialDP's decoding time). */
static inline enum p7_status next_element(struct bytes_reader *r, struct element *e)
{
    const size_t left = (size_t)(r->end - r->at);
    if (left >= 3) {
        const bool two = (r->at[0] & 0x1fu) == 0x1fu;
        const size_t head = two ? 3 : 2;
        const uint8_t length = r->at[head - 1];
        if (length < 0x80u && head + length <= left && (!two || (r->at[1] & 0x80u) == 0)) {
            e->tag = two ? bytes_load_u16be(r->at) : r->at[0];
            e->content = bytes_of(r->at + head, length);
            r->at += head + length;
            return P7_OK;
        }
    }
    struct ber_element whole;
    const enum p7_status status = ber_next(r, &whole);
    if (status == P7_OK) {
        e->tag = whole.tag;
        e->content = whole.content;
    }
    return status;
}

/* The one element that `content` holds and nothing behind it; P7_NOT_FOUND when it holds none. */
static enum p7_status only_element(struct bytes content, struct element *e)
{
    if (content.length == 0) /* an absent parameter has no data to point to */
        return P7_NOT_FOUND;
    struct bytes_reader r = bytes_reader_of(content.data, content.data + content.length);
    const enum p7_status status = next_element(&r, e);
    if (status == P7_OK && r.at != r.end)
        return P7_MALFORMED;
    return status;
}

static enum p7_status only_inner_element(struct bytes content, struct element *e)
{
    const enum p7_status status = only_element(content, e);
    return status == P7_NOT_FOUND ? P7_MALFORMED : status;
}

static enum p7_status decode_value(const struct cap_field *f, struct bytes content, uint8_t *base);

/* The row of `tag`, looked for from `from` on and around: elements come in the table's order. */
static inline unsigned find_row(const struct cap_shape *shape, uint32_t tag, unsigned from)
{
    for (unsigned i = from; i < shape->count; i++)
        if (shape->fields[i].tag == tag)
            return i;
    for (unsigned i = 0; i < from; i++)
        if (shape->fields[i].tag == tag)
            return i;
    return shape->count;
}

static inline void clear_flags(const struct cap_shape *shape, uint8_t *base)
{
    if (shape->has_octets != 0)
        memset(base + shape->has_at, 0, shape->has_octets);
}

static inline void set_flag(const struct cap_field *f, uint8_t *base)
{
    if (f->has != CAP_MANDATORY)
        *(bool *)(void *)(base + f->has) = true;
}

static enum p7_status decode_sequence(const struct cap_shape *shape, struct bytes content,
                                      uint8_t *base)
{
    struct bytes_reader r = bytes_reader_of(content.data, content.data + content.length);
    struct element e;
    enum p7_status status;
    uint64_t seen = 0;
    unsigned from = 0;

    clear_flags(shape, base);
    while ((status = next_element(&r, &e)) == P7_OK) {
        const unsigned row = find_row(shape, e.tag, from);
        if (row == shape->count)
            continue; /* X.680-25.1: what stands behind an extension marker is skipped */
        if ((seen & (UINT64_C(1) << row)) != 0)
            return P7_MALFORMED;
        seen |= UINT64_C(1) << row;
        from = row + 1;
        const struct cap_field *f = &shape->fields[row];
        status = decode_value(f, e.content, base);
        if (status == P7_OK)
            set_flag(f, base);
        else if (status != UNKNOWN_ALTERNATIVE)
            return status;
        else if (f->has == CAP_MANDATORY)
            return P7_MALFORMED;
    }
    if (status != P7_NOT_FOUND)
        return status;
    for (unsigned i = 0; i < shape->count && shape->fields[i].has == CAP_MANDATORY; i++)
        if ((seen & (UINT64_C(1) << i)) == 0)
            return P7_MISSING;
    return P7_OK;
}

static enum p7_status decode_alternative(const struct cap_shape *shape, const struct element *e,
                                         uint8_t *base)
{
    clear_flags(shape, base);
    const unsigned row = find_row(shape, e->tag, 0);
    if (row == shape->count)
        return UNKNOWN_ALTERNATIVE;
    const struct cap_field *f = &shape->fields[row];
    const enum p7_status status = decode_value(f, e->content, base);
    if (status == P7_OK)
        set_flag(f, base);
    return status;
}

static enum p7_status decode_list(const struct cap_field *f, struct bytes content, uint8_t *base)
{
    const struct cap_shape *shape = f->inner;
    const struct cap_field *item = &shape->fields[0];
    struct bytes_reader r = bytes_reader_of(content.data, content.data + content.length);
    struct element e;
    enum p7_status status;
    int32_t count = 0;

    while ((status = next_element(&r, &e)) == P7_OK) {
        if (e.tag != item->tag)
            return P7_MALFORMED;
        if (count == f->max)
            return P7_RANGE;
        status =
            decode_value(item, e.content, base + shape->items_at + (size_t)count * shape->stride);
        if (status != P7_OK)
            return status == UNKNOWN_ALTERNATIVE ? P7_MALFORMED : status;
        count++;
    }
    if (status != P7_NOT_FOUND)
        return status;
    if (count < f->min)
        return P7_RANGE;
    *base = (uint8_t)count;
    return P7_OK;
}

static enum p7_status decode_leg(const struct cap_field *f, struct bytes content,
                                 struct cap_leg *leg)
{
    struct element e;
    const enum p7_status status = only_inner_element(content, &e);
    if (status != P7_OK)
        return status;
    if ((e.tag != 0x80 && e.tag != 0x81) || e.content.length != 1)
        return P7_MALFORMED;
    leg->side = e.tag == 0x80 ? CAP_LEG_SENDING : CAP_LEG_RECEIVING;
    leg->id = e.content.data[0];
    const int32_t side = e.tag == 0x80 ? CAP_SIDE_SENDING : CAP_SIDE_RECEIVING;
    return (f->min & side) != 0 ? P7_OK : P7_MALFORMED;
}

static inline enum p7_status decode_integer(const struct cap_field *f, struct bytes content,
                                            int32_t *value)
{
    int64_t wide;
    if (content.length == 1) {
        const int32_t octet = content.data[0];
        wide = octet < 0x80 ? octet : octet - 0x100;
    } else {
        const enum p7_status status = ber_integer(content, &wide);
        if (status != P7_OK)
            return status;
    }
    if (wide < f->min || wide > f->max)
        return P7_RANGE;
    *value = (int32_t)wide;
    return P7_OK;
}

static enum p7_status decode_nested(const struct cap_field *f, struct bytes content, uint8_t *at)
{
    struct element e;
    enum p7_status status;
    switch (f->kind) {
    case CAP_KIND_LEG:
        return decode_leg(f, content, (struct cap_leg *)(void *)at);
    case CAP_KIND_SEQUENCE:
        return decode_sequence(f->inner, content, at);
    case CAP_KIND_CHOICE:
        status = only_inner_element(content, &e);
        return status == P7_OK ? decode_alternative(f->inner, &e, at) : status;
    case CAP_KIND_LIST:
        return decode_list(f, content, at);
    default:
        break;
    }
    assert(!"a kind that is not in the table's list");
    return P7_STATE;
}

static enum p7_status decode_value(const struct cap_field *f, struct bytes content, uint8_t *base)
{
    uint8_t *at = base + f->at;
    if (f->wrapped != 0) {
        struct element e;
        const enum p7_status status = only_inner_element(content, &e);
        if (status != P7_OK)
            return status;
        if (e.tag != f->wrapped)
            return UNKNOWN_ALTERNATIVE;
        content = e.content;
    }
    switch (f->kind) {
    case CAP_KIND_OCTETS:
        if (content.length < (size_t)f->min || content.length > (size_t)f->max)
            return P7_RANGE;
        *(struct bytes *)(void *)at = content;
        return P7_OK;
    case CAP_KIND_OCTET:
        if (content.length != 1)
            return P7_MALFORMED;
        *at = content.data[0];
        return P7_OK;
    case CAP_KIND_INTEGER:
        return decode_integer(f, content, (int32_t *)(void *)at);
    case CAP_KIND_BOOLEAN:
        return ber_boolean(content, (bool *)(void *)at);
    case CAP_KIND_NULL:
        return content.length == 0 ? P7_OK : P7_MALFORMED;
    default:
        return decode_nested(f, content, at);
    }
}

enum p7_status cap_content_decode(const struct cap_shape *shape, struct bytes content, void *out)
{
    return decode_sequence(shape, content, out);
}

enum p7_status cap_argument_decode(const struct cap_argument *argument, struct bytes parameter,
                                   void *out)
{
    struct element e;
    enum p7_status status = only_element(parameter, &e);
    if (status == P7_NOT_FOUND)
        return P7_MISSING;
    if (status != P7_OK)
        return status;
    if (argument->top.tag == 0)
        status = decode_alternative(argument->top.inner, &e, out);
    else if (e.tag != argument->top.tag)
        return P7_MALFORMED;
    else
        status = decode_value(&argument->top, e.content, out);
    return status == UNKNOWN_ALTERNATIVE ? P7_MALFORMED : status;
}

static inline void write_head(struct bytes_writer *w, uint16_t tag, uint8_t length)
{
    const size_t head = tag > 0xff ? 3 : 2;
    uint8_t *p = bytes_reserve(w, head);
    if (p == NULL)
        return;
    if (tag > 0xff)
        bytes_store_u16be(p, tag);
    else
        p[0] = (uint8_t)tag;
    p[head - 1] = length;
}

static inline enum p7_status encode_octets(const struct cap_field *f, struct bytes_writer *w,
                                           uint16_t tag, struct bytes value)
{
    if (value.length < (size_t)f->min || value.length > (size_t)f->max)
        return P7_RANGE;
    if (value.length < 0x80) {
        write_head(w, tag, (uint8_t)value.length);
        bytes_write(w, value);
    } else {
        ber_write(w, tag, value);
    }
    return P7_OK;
}

static inline enum p7_status encode_integer(const struct cap_field *f, struct bytes_writer *w,
                                            uint16_t tag, int32_t value)
{
    if (value < f->min || value > f->max)
        return P7_RANGE;
    if (value >= INT8_MIN && value <= INT8_MAX) {
        write_head(w, tag, 1);
        bytes_write_u8(w, (uint8_t)value);
    } else {
        ber_write_integer(w, tag, value);
    }
    return P7_OK;
}

static enum p7_status encode_leg(const struct cap_field *f, struct bytes_writer *w, uint16_t tag,
                                 const struct cap_leg *leg)
{
    if (leg->side != CAP_LEG_SENDING && leg->side != CAP_LEG_RECEIVING)
        return P7_RANGE;
    const int32_t side = leg->side == CAP_LEG_SENDING ? CAP_SIDE_SENDING : CAP_SIDE_RECEIVING;
    if ((f->min & side) == 0)
        return P7_RANGE;
    write_head(w, tag, 3);
    write_head(w, leg->side == CAP_LEG_SENDING ? 0x80 : 0x81, 1);
    bytes_write_u8(w, leg->id);
    return P7_OK;
}

static enum p7_status encode_value(const struct cap_field *f, struct bytes_writer *w,
                                   const uint8_t *base);

static inline bool is_present(const struct cap_field *f, const uint8_t *base)
{
    return f->has == CAP_MANDATORY || *(const bool *)(const void *)(base + f->has);
}

static enum p7_status encode_sequence(const struct cap_shape *shape, struct bytes_writer *w,
                                      const uint8_t *base)
{
    for (unsigned i = 0; i < shape->count; i++) {
        if (!is_present(&shape->fields[i], base))
            continue;
        const enum p7_status status = encode_value(&shape->fields[i], w, base);
        if (status != P7_OK)
            return status;
    }
    return P7_OK;
}

static enum p7_status encode_alternative(const struct cap_shape *shape, struct bytes_writer *w,
                                         const uint8_t *base)
{
    const struct cap_field *chosen = NULL;
    for (unsigned i = 0; i < shape->count; i++) {
        if (!is_present(&shape->fields[i], base))
            continue;
        if (chosen != NULL)
            return P7_RANGE;
        chosen = &shape->fields[i];
    }
    return chosen == NULL ? P7_MISSING : encode_value(chosen, w, base);
}

static enum p7_status encode_list(const struct cap_field *f, struct bytes_writer *w,
                                  const uint8_t *at)
{
    const struct cap_shape *shape = f->inner;
    if (*at < f->min || *at > f->max)
        return P7_RANGE;
    for (size_t i = 0; i < *at; i++) {
        const enum p7_status status =
            encode_value(&shape->fields[0], w, at + shape->items_at + i * shape->stride);
        if (status != P7_OK)
            return status;
    }
    return P7_OK;
}

static enum p7_status encode_constructed(const struct cap_field *f, struct bytes_writer *w,
                                         uint16_t tag, const uint8_t *at)
{
    enum p7_status status;
    const size_t mark = ber_open(w, tag);
    if (f->kind == CAP_KIND_SEQUENCE)
        status = encode_sequence(f->inner, w, at);
    else if (f->kind == CAP_KIND_CHOICE)
        status = encode_alternative(f->inner, w, at);
    else
        status = encode_list(f, w, at);
    ber_close(w, mark);
    return status;
}

static enum p7_status encode_tagged(const struct cap_field *f, struct bytes_writer *w, uint16_t tag,
                                    const uint8_t *base)
{
    const uint8_t *at = base + f->at;
    switch (f->kind) {
    case CAP_KIND_OCTETS:
        return encode_octets(f, w, tag, *(const struct bytes *)(const void *)at);
    case CAP_KIND_OCTET:
        write_head(w, tag, 1);
        bytes_write_u8(w, *at);
        return P7_OK;
    case CAP_KIND_INTEGER:
        return encode_integer(f, w, tag, *(const int32_t *)(const void *)at);
    case CAP_KIND_BOOLEAN:
        ber_write_boolean(w, tag, *(const bool *)(const void *)at);
        return P7_OK;
    case CAP_KIND_NULL:
        write_head(w, tag, 0);
        return P7_OK;
    case CAP_KIND_LEG:
        return encode_leg(f, w, tag, (const struct cap_leg *)(const void *)at);
    default:
        return encode_constructed(f, w, tag, at);
    }
}

static enum p7_status encode_value(const struct cap_field *f, struct bytes_writer *w,
                                   const uint8_t *base)
{
    if (f->wrapped == 0)
        return encode_tagged(f, w, f->tag, base);
    const size_t mark = ber_open(w, f->tag);
    const enum p7_status status = encode_tagged(f, w, f->wrapped, base);
    ber_close(w, mark);
    return status;
}

static enum p7_status finish(struct bytes_writer *writer, enum p7_status status)
{
    if (status == P7_OK)
        return writer->failed ? P7_FULL : P7_OK;
    writer->failed = true;
    return status;
}

enum p7_status cap_content_encode(const struct cap_shape *shape, struct bytes_writer *writer,
                                  const void *in)
{
    return finish(writer, encode_sequence(shape, writer, in));
}

enum p7_status cap_argument_encode(const struct cap_argument *argument, struct bytes_writer *writer,
                                   const void *in)
{
    if (argument->top.tag == 0)
        return finish(writer, encode_alternative(argument->top.inner, writer, in));
    return finish(writer, encode_value(&argument->top, writer, in));
}

static bool equal_value(const struct cap_field *f, const uint8_t *a, const uint8_t *b);

static bool equal_shape(const struct cap_shape *shape, const uint8_t *a, const uint8_t *b)
{
    for (unsigned i = 0; i < shape->count; i++) {
        const struct cap_field *f = &shape->fields[i];
        if (is_present(f, a) != is_present(f, b))
            return false;
        if (is_present(f, a) && !equal_value(f, a, b))
            return false;
    }
    return true;
}

static bool equal_list(const struct cap_shape *shape, const uint8_t *a, const uint8_t *b)
{
    if (*a != *b)
        return false;
    for (size_t i = 0; i < *a; i++) {
        const size_t at = shape->items_at + i * shape->stride;
        if (!equal_value(&shape->fields[0], a + at, b + at))
            return false;
    }
    return true;
}

static bool equal_value(const struct cap_field *f, const uint8_t *a, const uint8_t *b)
{
    const void *x = a + f->at;
    const void *y = b + f->at;
    switch (f->kind) {
    case CAP_KIND_OCTETS:
        return bytes_equal(*(const struct bytes *)x, *(const struct bytes *)y);
    case CAP_KIND_OCTET:
        return *(const uint8_t *)x == *(const uint8_t *)y;
    case CAP_KIND_INTEGER:
        return *(const int32_t *)x == *(const int32_t *)y;
    case CAP_KIND_BOOLEAN:
        return *(const bool *)x == *(const bool *)y;
    case CAP_KIND_NULL:
        return true;
    case CAP_KIND_LEG:
        return ((const struct cap_leg *)x)->side == ((const struct cap_leg *)y)->side &&
               ((const struct cap_leg *)x)->id == ((const struct cap_leg *)y)->id;
    case CAP_KIND_LIST:
        return equal_list(f->inner, x, y);
    default:
        return equal_shape(f->inner, x, y);
    }
}

bool cap_argument_equal(const struct cap_argument *argument, const void *a, const void *b)
{
    return equal_value(&argument->top, a, b);
}

const struct cap_argument *cap_argument_of(enum cap_operation operation)
{
    static const struct {
        enum cap_operation operation;
        const struct cap_argument *argument;
    } rows[] = {
        {CAP_INITIAL_DP, &cap_initial_dp_argument},
        {CAP_CONNECT, &cap_connect_argument},
        {CAP_RELEASE_CALL, &cap_release_call_argument},
        {CAP_REQUEST_REPORT_BCSM_EVENT, &cap_request_report_bcsm_event_argument},
        {CAP_EVENT_REPORT_BCSM, &cap_event_report_bcsm_argument},
        {CAP_FURNISH_CHARGING_INFORMATION, &cap_furnish_charging_information_argument},
        {CAP_APPLY_CHARGING, &cap_apply_charging_argument},
        {CAP_APPLY_CHARGING_REPORT, &cap_apply_charging_report_argument},
        {CAP_CALL_INFORMATION_REPORT, &cap_call_information_report_argument},
        {CAP_CALL_INFORMATION_REQUEST, &cap_call_information_request_argument},
        {CAP_CANCEL, &cap_cancel_argument},
        {CAP_INITIAL_DP_SMS, &cap_initial_dp_sms_argument},
        {CAP_CONNECT_SMS, &cap_connect_sms_argument},
        {CAP_REQUEST_REPORT_SMS_EVENT, &cap_request_report_sms_event_argument},
        {CAP_EVENT_REPORT_SMS, &cap_event_report_sms_argument},
        {CAP_RELEASE_SMS, &cap_release_sms_argument},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (rows[i].operation == operation)
            return rows[i].argument;
    return NULL;
}
