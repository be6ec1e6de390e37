/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * m3ua_parameter - the common header and the parameter format of RFC4666-3.1 and 3.2, shared by the
 * m3ua_*.c files and by nobody else.
 */
#ifndef SIGTRAN_CODEC_M3UA_PARAMETER_H
#define SIGTRAN_CODEC_M3UA_PARAMETER_H

#include "sigtran/codec/m3ua.h"

#define M3UA_PARAMETER_HEADER_OCTETS 4u

static inline size_t m3ua_padded(size_t length)
{
    return (length + 3u) & ~(size_t)3u;
}

struct m3ua_parameter {
    uint16_t tag;
    struct bytes value;
};

/* The parameter at the reader. P7_NOT_FOUND at the end; P7_TRUNCATED or P7_MALFORMED. */
static inline enum p7_status m3ua_parameter_next(struct bytes_reader *reader,
                                                 struct m3ua_parameter *parameter)
{
    const size_t left = (size_t)(reader->end - reader->at);
    if (left == 0)
        return P7_NOT_FOUND;
    if (left < M3UA_PARAMETER_HEADER_OCTETS)
        return P7_TRUNCATED;
    const size_t length = bytes_load_u16be(reader->at + 2);
    /* RFC4666-3.2: the length counts tag and length fields, and not the padding. */
    if (length < M3UA_PARAMETER_HEADER_OCTETS)
        return P7_MALFORMED;
    if (length > left)
        return P7_TRUNCATED;
    parameter->tag = bytes_load_u16be(reader->at);
    parameter->value =
        bytes_of(reader->at + M3UA_PARAMETER_HEADER_OCTETS, length - M3UA_PARAMETER_HEADER_OCTETS);
    const size_t padded = m3ua_padded(length);
    reader->at += padded < left ? padded : left;
    return P7_OK;
}

/* Sets the fault and returns the status, so that a refusal is one line. */
static inline enum p7_status m3ua_refuse(struct m3ua_fault *fault, enum p7_status status,
                                         enum m3ua_error error, uint16_t tag)
{
    fault->error = error;
    fault->tag = tag;
    return status;
}

/*
 * Checks the common header of [data, end), fills in what any fault of this message says, and gives
 * a reader over the parameters.
 */
static inline enum p7_status m3ua_header_read(const uint8_t *data, const uint8_t *end,
                                              struct m3ua_fault *fault,
                                              struct bytes_reader *parameters)
{
    const size_t octets = (size_t)(end - data);
    /* RFC4666-3.8.1: no ERR in answer to an ERR, however broken it is. */
    fault->answer = !(octets >= 4 && data[2] == 0 && data[3] == 0);
    fault->routing_contexts = bytes_of(NULL, 0);
    fault->affected_point_codes = bytes_of(NULL, 0);
    fault->network_appearance = 0;
    fault->diagnostic =
        bytes_of(data, octets < M3UA_DIAGNOSTIC_OCTETS_MAX ? octets : M3UA_DIAGNOSTIC_OCTETS_MAX);
    if (octets < M3UA_HEADER_OCTETS)
        return m3ua_refuse(fault, P7_TRUNCATED, M3UA_ERROR_PROTOCOL_ERROR, 0);
    /* RFC4666-4.8, 4.3.4.1.1; the octet behind it is reserved, and not looked at: RFC4666-3.1.3. */
    if (data[0] != M3UA_VERSION)
        return m3ua_refuse(fault, P7_UNSUPPORTED, M3UA_ERROR_INVALID_VERSION, 0);
    const size_t length = bytes_load_u32be(data + 4);
    if (length < M3UA_HEADER_OCTETS || length > octets)
        return m3ua_refuse(fault, length > octets ? P7_TRUNCATED : P7_MALFORMED,
                           M3UA_ERROR_PROTOCOL_ERROR, 0);
    /* RFC4666-3.1.4: take the last parameter's padding counted, or not counted. */
    if (length != octets && m3ua_padded(length) != octets)
        return m3ua_refuse(fault, P7_MALFORMED, M3UA_ERROR_PROTOCOL_ERROR, 0);
    *parameters = bytes_reader_of(data + M3UA_HEADER_OCTETS, data + length);
    return P7_OK;
}

#endif
