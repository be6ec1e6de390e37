/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The fast path: DATA (RFC4666-3.3.1), nearly every message of a busy association. */
#include <assert.h>

#include "sigtran/codec/m3ua.h"
#include "sigtran/codec/m3ua_parameter.h"

/* OPC, DPC, SI, NI, MP and SLS before the MTP3-user's message. */
#define PROTOCOL_DATA_OCTETS 12u

#define POINT_CODE_MAX 0xffffffu

static enum p7_status protocol_data_read(struct bytes value, struct m3ua_data *message,
                                         struct m3ua_fault *fault)
{
    if (value.length < PROTOCOL_DATA_OCTETS)
        return m3ua_refuse(fault, P7_MALFORMED, M3UA_ERROR_PARAMETER_FIELD_ERROR,
                           M3UA_TAG_PROTOCOL_DATA);
    message->opc = bytes_load_u32be(value.data);
    message->dpc = bytes_load_u32be(value.data + 4);
    if (message->opc > POINT_CODE_MAX || message->dpc > POINT_CODE_MAX)
        return m3ua_refuse(fault, P7_RANGE, M3UA_ERROR_INVALID_PARAMETER_VALUE,
                           M3UA_TAG_PROTOCOL_DATA);
    message->si = value.data[8];
    message->ni = value.data[9];
    message->mp = value.data[10];
    message->sls = value.data[11];
    message->payload =
        bytes_of(value.data + PROTOCOL_DATA_OCTETS, value.length - PROTOCOL_DATA_OCTETS);
    return P7_OK;
}

/* One of the three optional parameters of four octets. */
static enum p7_status word_read(const struct m3ua_parameter *parameter, bool *has, uint32_t *word,
                                struct m3ua_fault *fault)
{
    if (parameter->value.length != 4)
        return m3ua_refuse(fault, P7_MALFORMED, M3UA_ERROR_PARAMETER_FIELD_ERROR, parameter->tag);
    if (*has)
        return m3ua_refuse(fault, P7_MALFORMED, M3UA_ERROR_UNEXPECTED_PARAMETER, parameter->tag);
    *has = true;
    *word = bytes_load_u32be(parameter->value.data);
    return P7_OK;
}

/* Does RFC4666-3.2 define the tag, for whatever message? The reserved ones count as unknown. */
static bool tag_is_known(uint16_t tag)
{
    switch (tag) {
    case M3UA_TAG_INFO:
    case M3UA_TAG_DIAGNOSTIC:
    case M3UA_TAG_HEARTBEAT_DATA:
    case M3UA_TAG_TRAFFIC_MODE:
    case M3UA_TAG_ERROR_CODE:
    case M3UA_TAG_STATUS:
    case M3UA_TAG_ASP_IDENTIFIER:
    case M3UA_TAG_AFFECTED_POINT_CODE:
        return true;
    default:
        return tag >= M3UA_TAG_USER_CAUSE && tag <= M3UA_TAG_DEREGISTRATION_STATUS &&
               tag != 0x020d && tag != 0x020f && tag != 0x0211;
    }
}

static enum p7_status parameter_read(const struct m3ua_parameter *parameter,
                                     struct m3ua_data *message, bool *has_protocol_data,
                                     struct m3ua_fault *fault)
{
    switch (parameter->tag) {
    case M3UA_TAG_PROTOCOL_DATA:
        if (*has_protocol_data)
            return m3ua_refuse(fault, P7_MALFORMED, M3UA_ERROR_UNEXPECTED_PARAMETER,
                               parameter->tag);
        *has_protocol_data = true;
        return protocol_data_read(parameter->value, message, fault);
    case M3UA_TAG_ROUTING_CONTEXT:
        return word_read(parameter, &message->has_routing_context, &message->routing_context,
                         fault);
    case M3UA_TAG_NETWORK_APPEARANCE:
        return word_read(parameter, &message->has_network_appearance, &message->network_appearance,
                         fault);
    case M3UA_TAG_CORRELATION_ID:
        return word_read(parameter, &message->has_correlation_id, &message->correlation_id, fault);
    default:
        if (tag_is_known(parameter->tag))
            return m3ua_refuse(fault, P7_MALFORMED, M3UA_ERROR_UNEXPECTED_PARAMETER,
                               parameter->tag);
        return P7_OK;
    }
}

enum p7_status m3ua_data_decode(const uint8_t *data, const uint8_t *end, struct m3ua_data *message,
                                struct m3ua_fault *fault)
{
    struct bytes_reader reader;
    enum p7_status status = m3ua_header_read(data, end, fault, &reader);
    if (status != P7_OK)
        return status;
    if (data[2] != M3UA_CLASS_TRANSFER)
        return m3ua_refuse(fault, P7_UNSUPPORTED, M3UA_ERROR_UNSUPPORTED_MESSAGE_CLASS, 0);
    if (data[3] != 1)
        return m3ua_refuse(fault, P7_UNSUPPORTED, M3UA_ERROR_UNSUPPORTED_MESSAGE_TYPE, 0);
    bool has_protocol_data = false;
    message->has_network_appearance = false;
    message->has_routing_context = false;
    message->has_correlation_id = false;
    struct m3ua_parameter parameter;
    while ((status = m3ua_parameter_next(&reader, &parameter)) == P7_OK) {
        status = parameter_read(&parameter, message, &has_protocol_data, fault);
        if (status != P7_OK)
            return status;
    }
    if (status != P7_NOT_FOUND)
        return m3ua_refuse(fault, status, M3UA_ERROR_PARAMETER_FIELD_ERROR, 0);
    if (!has_protocol_data)
        return m3ua_refuse(fault, P7_MISSING, M3UA_ERROR_MISSING_PARAMETER, M3UA_TAG_PROTOCOL_DATA);
    return P7_OK;
}

static uint8_t *word_put(uint8_t *p, uint16_t tag, uint32_t word)
{
    bytes_store_u16be(p, tag);
    bytes_store_u16be(p + 2, 8);
    bytes_store_u32be(p + 4, word);
    return p + 8;
}

size_t m3ua_data_open(struct bytes_writer *writer, const struct m3ua_data *message)
{
    assert(message->opc <= POINT_CODE_MAX && message->dpc <= POINT_CODE_MAX);
    const size_t mark = bytes_writer_length(writer);
    const size_t octets = M3UA_HEADER_OCTETS + M3UA_PARAMETER_HEADER_OCTETS + PROTOCOL_DATA_OCTETS +
                          (message->has_network_appearance ? 8u : 0u) +
                          (message->has_routing_context ? 8u : 0u);
    uint8_t *p = bytes_reserve(writer, octets);
    if (p == NULL)
        return mark;
    bytes_store_u32be(p, 0x01000101u); /* version 1, reserved, Transfer, DATA */
    bytes_store_u32be(p + 4, 0);
    p += M3UA_HEADER_OCTETS;
    if (message->has_network_appearance)
        p = word_put(p, M3UA_TAG_NETWORK_APPEARANCE, message->network_appearance);
    if (message->has_routing_context)
        p = word_put(p, M3UA_TAG_ROUTING_CONTEXT, message->routing_context);
    bytes_store_u16be(p, M3UA_TAG_PROTOCOL_DATA);
    bytes_store_u16be(p + 2, 0);
    bytes_store_u32be(p + 4, message->opc);
    bytes_store_u32be(p + 8, message->dpc);
    p[12] = message->si;
    p[13] = message->ni;
    p[14] = message->mp;
    p[15] = message->sls;
    return mark;
}

void m3ua_data_close(struct bytes_writer *writer, const struct m3ua_data *message, size_t mark)
{
    if (writer->failed)
        return;
    uint8_t *start = writer->start + mark;
    const size_t before = M3UA_HEADER_OCTETS + (message->has_network_appearance ? 8u : 0u) +
                          (message->has_routing_context ? 8u : 0u);
    const size_t length = (size_t)(writer->at - start) - before;
    if (length > UINT16_MAX) {
        writer->failed = true;
        return;
    }
    bytes_store_u16be(start + before + 2, (uint16_t)length);
    const size_t pad = m3ua_padded(length) - length;
    uint8_t *p = bytes_reserve(writer, pad + (message->has_correlation_id ? 8u : 0u));
    if (p == NULL)
        return;
    for (size_t i = 0; i < pad; i++)
        *p++ = 0;
    if (message->has_correlation_id)
        (void)word_put(p, M3UA_TAG_CORRELATION_ID, message->correlation_id);
    bytes_store_u32be(start + 4, (uint32_t)(writer->at - start));
}

void m3ua_data_encode(struct bytes_writer *writer, const struct m3ua_data *message)
{
    const size_t mark = m3ua_data_open(writer, message);
    bytes_write(writer, message->payload);
    m3ua_data_close(writer, message, mark);
}
