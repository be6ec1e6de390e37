/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Any message into bytes. Parameters go in the order of the RFC's formats (RFC4666-3.3 to 3.8). */
#include <assert.h>

#include "sigtran/codec/m3ua.h"
#include "sigtran/codec/m3ua_parameter.h"

static size_t parameter_open(struct bytes_writer *writer, uint16_t tag)
{
    const size_t mark = bytes_writer_length(writer);
    bytes_write_u16be(writer, tag);
    bytes_write_u16be(writer, 0);
    return mark;
}

static void parameter_close(struct bytes_writer *writer, size_t mark)
{
    if (writer->failed)
        return;
    const size_t length = bytes_writer_length(writer) - mark;
    if (length > UINT16_MAX) {
        writer->failed = true;
        return;
    }
    bytes_store_u16be(writer->start + mark + 2, (uint16_t)length);
    for (size_t pad = m3ua_padded(length) - length; pad > 0; pad--)
        bytes_write_u8(writer, 0);
}

static void bytes_put(struct bytes_writer *writer, uint16_t tag, struct bytes value)
{
    const size_t mark = parameter_open(writer, tag);
    bytes_write(writer, value);
    parameter_close(writer, mark);
}

static void word_put(struct bytes_writer *writer, uint16_t tag, uint32_t word)
{
    bytes_write_u16be(writer, tag);
    bytes_write_u16be(writer, 8);
    bytes_write_u32be(writer, word);
}

static uint32_t words_of(uint16_t high, uint16_t low)
{
    return ((uint32_t)high << 16) | low;
}

static void protocol_data_put(struct bytes_writer *writer, const struct m3ua_data *data)
{
    const size_t mark = parameter_open(writer, M3UA_TAG_PROTOCOL_DATA);
    bytes_write_u32be(writer, data->opc);
    bytes_write_u32be(writer, data->dpc);
    bytes_write_u8(writer, data->si);
    bytes_write_u8(writer, data->ni);
    bytes_write_u8(writer, data->mp);
    bytes_write_u8(writer, data->sls);
    bytes_write(writer, data->payload);
    parameter_close(writer, mark);
}

/* RFC4666-3.6.1 */
static void routing_key_put(struct bytes_writer *writer, const struct m3ua_routing_key *key)
{
    assert(key->group_count <= M3UA_KEY_GROUPS_MAX);
    const size_t mark = parameter_open(writer, M3UA_TAG_ROUTING_KEY);
    word_put(writer, M3UA_TAG_LOCAL_ROUTING_KEY_ID, key->local_id);
    if ((key->present & M3UA_HAS_ROUTING_CONTEXT) != 0)
        word_put(writer, M3UA_TAG_ROUTING_CONTEXT, key->routing_context);
    if ((key->present & M3UA_HAS_TRAFFIC_MODE) != 0)
        word_put(writer, M3UA_TAG_TRAFFIC_MODE, key->traffic_mode);
    if ((key->present & M3UA_HAS_NETWORK_APPEARANCE) != 0)
        word_put(writer, M3UA_TAG_NETWORK_APPEARANCE, key->network_appearance);
    for (uint32_t i = 0; i < key->group_count; i++) {
        const struct m3ua_key_group *group = &key->group[i];
        word_put(writer, M3UA_TAG_DESTINATION_POINT_CODE, group->destination_point_code);
        if ((group->present & M3UA_HAS_SERVICE_INDICATORS) != 0)
            bytes_put(writer, M3UA_TAG_SERVICE_INDICATORS, group->service_indicators);
        if ((group->present & M3UA_HAS_OPC_LIST) != 0)
            bytes_put(writer, M3UA_TAG_OPC_LIST, group->opc_list);
    }
    parameter_close(writer, mark);
}

static void registration_put(struct bytes_writer *writer, const struct m3ua_message *message)
{
    if ((message->present & M3UA_HAS_ROUTING_KEY) != 0) {
        assert(message->routing_key_count <= M3UA_ROUTING_KEYS_MAX);
        for (uint32_t i = 0; i < message->routing_key_count; i++)
            routing_key_put(writer, &message->routing_key[i]);
    }
    if ((message->present & M3UA_HAS_REGISTRATION_RESULT) != 0) {
        assert(message->registration_result_count <= M3UA_ROUTING_KEYS_MAX);
        for (uint32_t i = 0; i < message->registration_result_count; i++) {
            const struct m3ua_registration_result *result = &message->registration_result[i];
            const size_t mark = parameter_open(writer, M3UA_TAG_REGISTRATION_RESULT);
            word_put(writer, M3UA_TAG_LOCAL_ROUTING_KEY_ID, result->local_id);
            word_put(writer, M3UA_TAG_REGISTRATION_STATUS, result->status);
            word_put(writer, M3UA_TAG_ROUTING_CONTEXT, result->routing_context);
            parameter_close(writer, mark);
        }
    }
    if ((message->present & M3UA_HAS_DEREGISTRATION_RESULT) != 0) {
        assert(message->deregistration_result_count <= M3UA_ROUTING_KEYS_MAX);
        for (uint32_t i = 0; i < message->deregistration_result_count; i++) {
            const struct m3ua_deregistration_result *result = &message->deregistration_result[i];
            const size_t mark = parameter_open(writer, M3UA_TAG_DEREGISTRATION_RESULT);
            word_put(writer, M3UA_TAG_ROUTING_CONTEXT, result->routing_context);
            word_put(writer, M3UA_TAG_DEREGISTRATION_STATUS, result->status);
            parameter_close(writer, mark);
        }
    }
}

/* What stands before the routing context and what after it, but for ERR, where it comes first. */
static void head_put(struct bytes_writer *writer, const struct m3ua_message *message)
{
    const uint32_t present = message->present;
    if ((present & M3UA_HAS_ERROR_CODE) != 0)
        word_put(writer, M3UA_TAG_ERROR_CODE, message->error_code);
    if ((present & M3UA_HAS_STATUS) != 0)
        word_put(writer, M3UA_TAG_STATUS,
                 words_of(message->status_type, message->status_information));
    if ((present & M3UA_HAS_ASP_IDENTIFIER) != 0)
        word_put(writer, M3UA_TAG_ASP_IDENTIFIER, message->asp_identifier);
    if ((present & M3UA_HAS_TRAFFIC_MODE) != 0)
        word_put(writer, M3UA_TAG_TRAFFIC_MODE, message->traffic_mode);
    const bool context_first = message->kind == M3UA_ERR;
    if ((present & M3UA_HAS_ROUTING_CONTEXT) != 0 && context_first)
        bytes_put(writer, M3UA_TAG_ROUTING_CONTEXT, message->routing_contexts);
    if ((present & M3UA_HAS_NETWORK_APPEARANCE) != 0)
        word_put(writer, M3UA_TAG_NETWORK_APPEARANCE, message->network_appearance);
    if ((present & M3UA_HAS_ROUTING_CONTEXT) != 0 && !context_first)
        bytes_put(writer, M3UA_TAG_ROUTING_CONTEXT, message->routing_contexts);
}

static void tail_put(struct bytes_writer *writer, const struct m3ua_message *message)
{
    const uint32_t present = message->present;
    if ((present & M3UA_HAS_AFFECTED_POINT_CODE) != 0)
        bytes_put(writer, M3UA_TAG_AFFECTED_POINT_CODE, message->affected_point_codes);
    if ((present & M3UA_HAS_USER_CAUSE) != 0)
        word_put(writer, M3UA_TAG_USER_CAUSE,
                 words_of(message->unavailability_cause, message->mtp3_user));
    if ((present & M3UA_HAS_CONCERNED_DESTINATION) != 0)
        word_put(writer, M3UA_TAG_CONCERNED_DESTINATION,
                 m3ua_point_code(message->concerned_point_code));
    if ((present & M3UA_HAS_CONGESTION_INDICATIONS) != 0)
        word_put(writer, M3UA_TAG_CONGESTION_INDICATIONS, message->congestion_level & 0xffu);
    if ((present & M3UA_HAS_HEARTBEAT_DATA) != 0)
        bytes_put(writer, M3UA_TAG_HEARTBEAT_DATA, message->heartbeat_data);
    if ((present & M3UA_HAS_PROTOCOL_DATA) != 0)
        protocol_data_put(writer, &message->data);
    if ((present & M3UA_HAS_CORRELATION_ID) != 0)
        word_put(writer, M3UA_TAG_CORRELATION_ID, message->correlation_id);
    registration_put(writer, message);
    if ((present & M3UA_HAS_INFO) != 0)
        bytes_put(writer, M3UA_TAG_INFO, message->info);
    if ((present & M3UA_HAS_DIAGNOSTIC) != 0)
        bytes_put(writer, M3UA_TAG_DIAGNOSTIC, message->diagnostic);
}

void m3ua_encode(struct bytes_writer *writer, const struct m3ua_message *message)
{
    const size_t start = bytes_writer_length(writer);
    bytes_write_u8(writer, M3UA_VERSION);
    bytes_write_u8(writer, 0);
    bytes_write_u16be(writer, (uint16_t)message->kind);
    bytes_write_u32be(writer, 0);
    head_put(writer, message);
    tail_put(writer, message);
    if (!writer->failed)
        bytes_store_u32be(writer->start + start + 4,
                          (uint32_t)(bytes_writer_length(writer) - start));
}
