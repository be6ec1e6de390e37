/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "sigtran/codec/sccp.h"

/* Optional parameter names, Q.713-3.1. */
#define PARAMETER_END          0x00u
#define PARAMETER_SEGMENTATION 0x10u
#define PARAMETER_IMPORTANCE   0x12u

#define RETURN_ON_ERROR 0x80u /* Q.713-3.6: message handling 8 in the upper half */

/* What stands in front of a message's pointers, and how wide those are. */
struct layout {
    bool service; /* UDTS, XUDTS, LUDTS: a return cause, else a protocol class */
    bool hop_counter;
    bool optional;   /* a fourth pointer, to the optional part */
    bool two_octets; /* pointers and the data's length (Q.713-4.20) */
};

/* Q.713-4.10, 4.11, 4.18, 4.19, 4.20, 4.21 */
static bool layout_of(uint8_t type, struct layout *layout)
{
    switch (type) {
    case SCCP_UDT:
    case SCCP_UDTS:
        *layout = (struct layout){.service = type == SCCP_UDTS};
        return true;
    case SCCP_XUDT:
    case SCCP_XUDTS:
        *layout =
            (struct layout){.service = type == SCCP_XUDTS, .hop_counter = true, .optional = true};
        return true;
    case SCCP_LUDT:
    case SCCP_LUDTS:
        *layout = (struct layout){.service = type == SCCP_LUDTS,
                                  .hop_counter = true,
                                  .optional = true,
                                  .two_octets = true};
        return true;
    default:
        return false;
    }
}

const char *sccp_return_cause_text(uint8_t cause)
{
    switch (cause) {
#define RETURN_CAUSE_TEXT(name, code, text)                                                        \
    case code:                                                                                     \
        return text;
        SCCP_RETURN_CAUSE_LIST(RETURN_CAUSE_TEXT)
#undef RETURN_CAUSE_TEXT
    default:
        return "a return cause that Q.713 does not know";
    }
}

/*
 * The part that the pointer at the reader leads to, as a reader over the rest of the message. The
 * pointer counts from its own (two octets: its second) octet, Q.713-2.3. *absent for 0.
 */
static enum p7_status follow(struct bytes_reader *fixed, bool two_octets, const uint8_t *variable,
                             struct bytes_reader *part, bool *absent)
{
    size_t distance = bytes_read_u8(fixed);
    if (two_octets) /* least significant octet first */
        distance |= (size_t)bytes_read_u8(fixed) << 8;
    if (fixed->failed)
        return P7_TRUNCATED;
    *absent = distance == 0;
    if (*absent)
        return P7_OK;
    const uint8_t *counted_from = fixed->at - 1;
    if (distance > (size_t)(fixed->end - counted_from))
        return P7_TRUNCATED;
    if (counted_from + distance < variable)
        return P7_MALFORMED; /* into the fixed part: type, class, pointers */
    *part = bytes_reader_of(counted_from + distance, fixed->end);
    return P7_OK;
}

static enum p7_status follow_to_variable(struct bytes_reader *fixed, bool two_octets, bool is_data,
                                         const uint8_t *variable, struct bytes *out)
{
    struct bytes_reader part;
    bool absent;
    const enum p7_status status = follow(fixed, two_octets, variable, &part, &absent);
    if (status != P7_OK)
        return status;
    if (absent)
        return P7_MALFORMED; /* a mandatory part is there */
    size_t length = bytes_read_u8(&part);
    if (two_octets && is_data)
        length |= (size_t)bytes_read_u8(&part) << 8;
    *out = bytes_read(&part, length);
    return part.failed ? P7_TRUNCATED : P7_OK;
}

static void read_segmentation(struct bytes value, struct sccp_segmentation *out)
{
    out->first = (value.data[0] & 0x80u) != 0;
    out->in_sequence = (value.data[0] & 0x40u) != 0;
    out->remaining = value.data[0] & 0x0fu;
    /* Least significant octet first, as all numbers of SCCP. */
    out->reference =
        value.data[1] | ((uint32_t)value.data[2] << 8) | ((uint32_t)value.data[3] << 16);
}

/* Q.713-1.6: parameters until the end octet; unknown ones are skipped. Each takes two octets at
 * least, so the input bounds the loop. */
static enum p7_status decode_optional(struct bytes_reader part, struct sccp_message *m)
{
    for (;;) {
        const uint8_t name = bytes_read_u8(&part);
        if (part.failed)
            return P7_TRUNCATED;
        if (name == PARAMETER_END)
            return P7_OK;
        const struct bytes value = bytes_read(&part, bytes_read_u8(&part));
        if (part.failed)
            return P7_TRUNCATED;
        if (name == PARAMETER_SEGMENTATION) {
            if (value.length != 4)
                return P7_MALFORMED;
            m->has_segmentation = true;
            read_segmentation(value, &m->segmentation);
        } else if (name == PARAMETER_IMPORTANCE) {
            if (value.length != 1)
                return P7_MALFORMED;
            m->has_importance = true;
            m->importance = value.data[0] & 0x07u;
        }
    }
}

static enum p7_status decode_class(uint8_t octet, struct sccp_message *m)
{
    m->protocol_class = octet & 0x0fu;
    m->return_on_error = (octet & 0xf0u) == RETURN_ON_ERROR;
    return m->protocol_class > 1 ? P7_RANGE : P7_OK;
}

/* Q.713-2.2, 3.16, 3.20 */
static enum p7_status decode_variable(struct bytes_reader *fixed, const struct layout *layout,
                                      struct sccp_message *m)
{
    const size_t pointers = (layout->optional ? (size_t)4 : 3) * (layout->two_octets ? 2 : 1);
    if (bytes_reader_left(fixed) < pointers)
        return P7_TRUNCATED;
    const uint8_t *variable = fixed->at + pointers;
    struct bytes *const parts[3] = {&m->called_octets, &m->calling_octets, &m->data};
    for (unsigned i = 0; i < 3; i++) {
        const enum p7_status status =
            follow_to_variable(fixed, layout->two_octets, i == 2, variable, parts[i]);
        if (status != P7_OK)
            return status;
    }
    if (m->data.length == 0)
        return P7_MALFORMED;
    if (m->data.length > SCCP_LUDT_DATA_OCTETS)
        return P7_RANGE;
    if (!layout->optional)
        return P7_OK;
    struct bytes_reader part;
    bool absent;
    const enum p7_status status = follow(fixed, layout->two_octets, variable, &part, &absent);
    if (status != P7_OK || absent)
        return status;
    return decode_optional(part, m);
}

enum p7_status sccp_decode(enum sccp_variant variant, struct bytes octets,
                           struct sccp_message *message)
{
    struct layout layout;
    enum p7_status status = P7_OK;

    memset(message, 0, sizeof(*message));
    if (octets.length == 0)
        return P7_TRUNCATED;
    struct bytes_reader r = bytes_reader_of(octets.data, octets.data + octets.length);
    message->type = bytes_read_u8(&r);
    if (!layout_of(message->type, &layout))
        return P7_UNSUPPORTED;
    const uint8_t second = bytes_read_u8(&r);
    if (r.failed)
        return P7_TRUNCATED;
    if (layout.service)
        message->return_cause = second;
    else
        status = decode_class(second, message);
    if (layout.hop_counter)
        message->hop_counter = bytes_read_u8(&r);
    if (status == P7_OK)
        status = decode_variable(&r, &layout, message);
    if (status == P7_OK)
        status = sccp_address_decode(variant, message->called_octets, &message->called);
    if (status == P7_OK)
        status = sccp_address_decode(variant, message->calling_octets, &message->calling);
    return status;
}

static enum p7_status address_octets(struct bytes given, const struct sccp_address *address,
                                     struct sccp_party *party, struct bytes *out)
{
    if (given.length > LIMIT_SCCP_ADDRESS_OCTETS)
        return P7_RANGE;
    if (given.length != 0) {
        *out = given;
        return P7_OK;
    }
    const enum p7_status status = sccp_party_set(party, address);
    *out = sccp_party_bytes(party);
    return status;
}

static void write_options(struct bytes_writer *w, const struct sccp_message *m)
{
    if (m->has_segmentation) {
        const struct sccp_segmentation *s = &m->segmentation;
        bytes_write_u8(w, PARAMETER_SEGMENTATION);
        bytes_write_u8(w, 4);
        bytes_write_u8(w, (uint8_t)((s->first ? 0x80u : 0u) | (s->in_sequence ? 0x40u : 0u) |
                                    (s->remaining & 0x0fu)));
        bytes_write_u8(w, (uint8_t)s->reference);
        bytes_write_u8(w, (uint8_t)(s->reference >> 8));
        bytes_write_u8(w, (uint8_t)(s->reference >> 16));
    }
    if (m->has_importance) {
        bytes_write_u8(w, PARAMETER_IMPORTANCE);
        bytes_write_u8(w, 1);
        bytes_write_u8(w, m->importance & 0x07u);
    }
    bytes_write_u8(w, PARAMETER_END);
}

/* Pointers and lengths of two octets go least significant octet first (Q.713-2.3). */
static void write_number(struct bytes_writer *w, bool two_octets, size_t value)
{
    bytes_write_u8(w, (uint8_t)value);
    if (two_octets)
        bytes_write_u8(w, (uint8_t)(value >> 8));
}

/*
 * Pointers, then the parts in their order. Pointer i of `count` counts from its own last octet, so
 * (count - 1 - i) pointers lie between it and the first part.
 */
static enum p7_status write_variable(struct bytes_writer *w, const struct layout *layout,
                                     struct bytes called, struct bytes calling, struct bytes data,
                                     const struct sccp_message *options)
{
    const size_t width = layout->two_octets ? 2 : 1;
    const size_t count = layout->optional ? 4 : 3;
    const size_t limit = layout->two_octets ? 0xffff : 0xff;
    const bool has_options =
        options != NULL && (options->has_segmentation || options->has_importance);
    size_t at[4] = {0, 1 + called.length, 2 + called.length + calling.length};
    at[3] = at[2] + width + data.length;

    if (has_options && !layout->optional)
        return P7_RANGE;
    for (size_t i = 0; i < count; i++) {
        size_t distance = at[i] + (count - 1 - i) * width + 1;
        if (i == 3 && !has_options)
            distance = 0;
        if (distance > limit)
            return P7_RANGE;
        write_number(w, layout->two_octets, distance);
    }
    bytes_write_u8(w, (uint8_t)called.length);
    bytes_write(w, called);
    bytes_write_u8(w, (uint8_t)calling.length);
    bytes_write(w, calling);
    write_number(w, layout->two_octets, data.length);
    bytes_write(w, data);
    if (has_options)
        write_options(w, options);
    return w->failed ? P7_FULL : P7_OK;
}

static enum p7_status check_data(const struct layout *layout, struct bytes data)
{
    const size_t most =
        layout->two_octets ? SCCP_LUDT_DATA_OCTETS : (size_t)LIMIT_SCCP_UDT_DATA_OCTETS;
    return data.length == 0 || data.length > most ? P7_RANGE : P7_OK;
}

static uint8_t class_octet(uint8_t protocol_class, bool return_on_error)
{
    return (uint8_t)(protocol_class | (return_on_error ? RETURN_ON_ERROR : 0u));
}

enum p7_status sccp_encode(struct bytes_writer *writer, const struct sccp_message *message)
{
    struct layout layout;
    struct sccp_party parties[2];
    struct bytes called;
    struct bytes calling;

    if (!layout_of(message->type, &layout))
        return P7_UNSUPPORTED;
    if (!layout.service && message->protocol_class > 1)
        return P7_RANGE;
    enum p7_status status = check_data(&layout, message->data);
    if (status == P7_OK)
        status = address_octets(message->called_octets, &message->called, &parties[0], &called);
    if (status == P7_OK)
        status = address_octets(message->calling_octets, &message->calling, &parties[1], &calling);
    if (status != P7_OK)
        return status;
    bytes_write_u8(writer, message->type);
    bytes_write_u8(writer, layout.service
                               ? message->return_cause
                               : class_octet(message->protocol_class, message->return_on_error));
    if (layout.hop_counter)
        bytes_write_u8(writer, message->hop_counter);
    return write_variable(writer, &layout, called, calling, message->data, message);
}

/* Q.713-4.10 */
enum p7_status sccp_write_udt(struct bytes_writer *writer, uint8_t protocol_class,
                              bool return_on_error, struct bytes called, struct bytes calling,
                              struct bytes data)
{
    if (protocol_class > 1 || data.length == 0 || data.length > LIMIT_SCCP_UDT_DATA_OCTETS ||
        called.length > LIMIT_SCCP_ADDRESS_OCTETS || calling.length > LIMIT_SCCP_ADDRESS_OCTETS)
        return P7_RANGE;
    uint8_t *p = bytes_reserve(writer, 8 + called.length + calling.length + data.length);
    if (p == NULL)
        return P7_FULL;
    p[0] = SCCP_UDT;
    p[1] = class_octet(protocol_class, return_on_error);
    p[2] = 3;
    p[3] = (uint8_t)(3 + called.length);
    p[4] = (uint8_t)(3 + called.length + calling.length);
    p += 5;
    const struct bytes parts[3] = {called, calling, data};
    for (unsigned i = 0; i < 3; i++) {
        *p++ = (uint8_t)parts[i].length;
        if (parts[i].length != 0)
            memcpy(p, parts[i].data, parts[i].length);
        p += parts[i].length;
    }
    return P7_OK;
}

/* Q.713-5.2 */
enum p7_status sccp_management_decode(enum sccp_variant variant, struct bytes data,
                                      struct sccp_management *out)
{
    memset(out, 0, sizeof(*out));
    out->variant = variant;
    if (data.length == 0)
        return P7_TRUNCATED;
    struct bytes_reader r = bytes_reader_of(data.data, data.data + data.length);
    out->type = bytes_read_u8(&r);
    if (out->type < SCCP_SSA || out->type > SCCP_SSC)
        return P7_UNSUPPORTED;
    out->affected_ssn = bytes_read_u8(&r);
    out->affected_pc = bytes_read_u8(&r);
    out->affected_pc |= (uint32_t)bytes_read_u8(&r) << 8;
    if (variant == SCCP_ANSI)
        out->affected_pc |= (uint32_t)bytes_read_u8(&r) << 16;
    out->affected_pc &= sccp_point_code_max(variant);
    out->multiplicity = bytes_read_u8(&r) & 0x03u;
    if (out->type == SCCP_SSC)
        out->congestion = bytes_read_u8(&r) & 0x0fu;
    return r.failed ? P7_TRUNCATED : P7_OK;
}

enum p7_status sccp_management_write(struct bytes_writer *writer,
                                     const struct sccp_management *management)
{
    if (management->type < SCCP_SSA || management->type > SCCP_SSC)
        return P7_UNSUPPORTED;
    if (management->affected_pc > sccp_point_code_max(management->variant) ||
        management->multiplicity > 3 || management->congestion > 15)
        return P7_RANGE;
    bytes_write_u8(writer, management->type);
    bytes_write_u8(writer, management->affected_ssn);
    write_number(writer, true, management->affected_pc);
    if (management->variant == SCCP_ANSI)
        bytes_write_u8(writer, (uint8_t)(management->affected_pc >> 16));
    bytes_write_u8(writer, management->multiplicity);
    if (management->type == SCCP_SSC)
        bytes_write_u8(writer, management->congestion);
    return writer->failed ? P7_FULL : P7_OK;
}
