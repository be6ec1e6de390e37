/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Any message out of bytes: one table of parameters, one of messages, one loop. */
#include "sigtran/codec/m3ua.h"

#include "sigtran/codec/m3ua_parameter.h"

enum shape {
    SHAPE_ANY,   /* any length, 0 too */
    SHAPE_WORD,  /* four octets */
    SHAPE_WORDS, /* a list of four octets each, not empty */
    SHAPE_DATA,  /* Protocol Data */
    SHAPE_NEST,  /* parameters inside */
};

struct parameter_row {
    uint16_t tag;
    enum shape shape;
    uint32_t bit;
};

static const struct parameter_row parameters[] = {
    {M3UA_TAG_INFO, SHAPE_ANY, M3UA_HAS_INFO},
    {M3UA_TAG_ROUTING_CONTEXT, SHAPE_WORDS, M3UA_HAS_ROUTING_CONTEXT},
    {M3UA_TAG_DIAGNOSTIC, SHAPE_ANY, M3UA_HAS_DIAGNOSTIC},
    {M3UA_TAG_HEARTBEAT_DATA, SHAPE_ANY, M3UA_HAS_HEARTBEAT_DATA},
    {M3UA_TAG_TRAFFIC_MODE, SHAPE_WORD, M3UA_HAS_TRAFFIC_MODE},
    {M3UA_TAG_ERROR_CODE, SHAPE_WORD, M3UA_HAS_ERROR_CODE},
    {M3UA_TAG_STATUS, SHAPE_WORD, M3UA_HAS_STATUS},
    {M3UA_TAG_ASP_IDENTIFIER, SHAPE_WORD, M3UA_HAS_ASP_IDENTIFIER},
    {M3UA_TAG_AFFECTED_POINT_CODE, SHAPE_WORDS, M3UA_HAS_AFFECTED_POINT_CODE},
    {M3UA_TAG_CORRELATION_ID, SHAPE_WORD, M3UA_HAS_CORRELATION_ID},
    {M3UA_TAG_NETWORK_APPEARANCE, SHAPE_WORD, M3UA_HAS_NETWORK_APPEARANCE},
    {M3UA_TAG_USER_CAUSE, SHAPE_WORD, M3UA_HAS_USER_CAUSE},
    {M3UA_TAG_CONGESTION_INDICATIONS, SHAPE_WORD, M3UA_HAS_CONGESTION_INDICATIONS},
    {M3UA_TAG_CONCERNED_DESTINATION, SHAPE_WORD, M3UA_HAS_CONCERNED_DESTINATION},
    {M3UA_TAG_ROUTING_KEY, SHAPE_NEST, M3UA_HAS_ROUTING_KEY},
    {M3UA_TAG_REGISTRATION_RESULT, SHAPE_NEST, M3UA_HAS_REGISTRATION_RESULT},
    {M3UA_TAG_DEREGISTRATION_RESULT, SHAPE_NEST, M3UA_HAS_DEREGISTRATION_RESULT},
    {M3UA_TAG_LOCAL_ROUTING_KEY_ID, SHAPE_WORD, M3UA_HAS_LOCAL_ROUTING_KEY_ID},
    {M3UA_TAG_DESTINATION_POINT_CODE, SHAPE_WORD, M3UA_HAS_DESTINATION_POINT_CODE},
    {M3UA_TAG_SERVICE_INDICATORS, SHAPE_ANY, M3UA_HAS_SERVICE_INDICATORS},
    {M3UA_TAG_OPC_LIST, SHAPE_WORDS, M3UA_HAS_OPC_LIST},
    {M3UA_TAG_PROTOCOL_DATA, SHAPE_DATA, M3UA_HAS_PROTOCOL_DATA},
    {M3UA_TAG_REGISTRATION_STATUS, SHAPE_WORD, M3UA_HAS_REGISTRATION_STATUS},
    {M3UA_TAG_DEREGISTRATION_STATUS, SHAPE_WORD, M3UA_HAS_DEREGISTRATION_STATUS},
};

/* Parameters that may stand in one message or key more than once. */
#define REPEATABLE                                                                                 \
    (M3UA_HAS_ROUTING_KEY | M3UA_HAS_REGISTRATION_RESULT | M3UA_HAS_DEREGISTRATION_RESULT |        \
     M3UA_HAS_DESTINATION_POINT_CODE | M3UA_HAS_SERVICE_INDICATORS | M3UA_HAS_OPC_LIST)

#define SSNM_COMMON                                                                                \
    (M3UA_HAS_NETWORK_APPEARANCE | M3UA_HAS_ROUTING_CONTEXT | M3UA_HAS_AFFECTED_POINT_CODE |       \
     M3UA_HAS_INFO)

/* An ERR is read whatever it carries at top level. */
#define ANYTHING                                                                                   \
    (SSNM_COMMON | M3UA_HAS_DIAGNOSTIC | M3UA_HAS_HEARTBEAT_DATA | M3UA_HAS_TRAFFIC_MODE |         \
     M3UA_HAS_ERROR_CODE | M3UA_HAS_STATUS | M3UA_HAS_ASP_IDENTIFIER | M3UA_HAS_CORRELATION_ID |   \
     M3UA_HAS_USER_CAUSE | M3UA_HAS_CONGESTION_INDICATIONS | M3UA_HAS_CONCERNED_DESTINATION)

struct message_row {
    enum m3ua_kind kind;
    uint32_t mandatory;
    uint32_t allowed;
};

/* DATA is not here: m3ua_data_decode reads it. */
static const struct message_row messages[] = {
    /* RFC4666-3.8.1, 3.8.2 */
    {M3UA_ERR, M3UA_HAS_ERROR_CODE, ANYTHING},
    {M3UA_NTFY, M3UA_HAS_STATUS,
     M3UA_HAS_STATUS | M3UA_HAS_ASP_IDENTIFIER | M3UA_HAS_ROUTING_CONTEXT | M3UA_HAS_INFO},
    /* RFC4666-3.4.1, 3.4.2, 3.4.3, 3.4.4, 3.4.5, 3.4.6 */
    {M3UA_DUNA, M3UA_HAS_AFFECTED_POINT_CODE, SSNM_COMMON},
    {M3UA_DAVA, M3UA_HAS_AFFECTED_POINT_CODE, SSNM_COMMON},
    {M3UA_DAUD, M3UA_HAS_AFFECTED_POINT_CODE, SSNM_COMMON},
    {M3UA_SCON, M3UA_HAS_AFFECTED_POINT_CODE,
     SSNM_COMMON | M3UA_HAS_CONCERNED_DESTINATION | M3UA_HAS_CONGESTION_INDICATIONS},
    {M3UA_DUPU, M3UA_HAS_AFFECTED_POINT_CODE | M3UA_HAS_USER_CAUSE,
     SSNM_COMMON | M3UA_HAS_USER_CAUSE},
    {M3UA_DRST, M3UA_HAS_AFFECTED_POINT_CODE, SSNM_COMMON},
    /* RFC4666-3.5.1, 3.5.3, 3.5.5, 3.5.2, 3.5.4, 3.5.6 */
    {M3UA_ASPUP, 0, M3UA_HAS_ASP_IDENTIFIER | M3UA_HAS_INFO},
    {M3UA_ASPDN, 0, M3UA_HAS_INFO},
    {M3UA_BEAT, 0, M3UA_HAS_HEARTBEAT_DATA | M3UA_HAS_INFO},
    {M3UA_ASPUP_ACK, 0, M3UA_HAS_ASP_IDENTIFIER | M3UA_HAS_INFO},
    {M3UA_ASPDN_ACK, 0, M3UA_HAS_INFO},
    {M3UA_BEAT_ACK, 0, M3UA_HAS_HEARTBEAT_DATA | M3UA_HAS_INFO},
    /* RFC4666-3.7.1, 3.7.3, 3.7.2, 3.7.4 */
    {M3UA_ASPAC, 0, M3UA_HAS_TRAFFIC_MODE | M3UA_HAS_ROUTING_CONTEXT | M3UA_HAS_INFO},
    {M3UA_ASPIA, 0, M3UA_HAS_ROUTING_CONTEXT | M3UA_HAS_INFO},
    {M3UA_ASPAC_ACK, 0, M3UA_HAS_TRAFFIC_MODE | M3UA_HAS_ROUTING_CONTEXT | M3UA_HAS_INFO},
    {M3UA_ASPIA_ACK, 0, M3UA_HAS_ROUTING_CONTEXT | M3UA_HAS_INFO},
    /* RFC4666-3.6.1, 3.6.2, 3.6.3, 3.6.4 */
    {M3UA_REG_REQ, M3UA_HAS_ROUTING_KEY, M3UA_HAS_ROUTING_KEY | M3UA_HAS_INFO},
    {M3UA_REG_RSP, M3UA_HAS_REGISTRATION_RESULT, M3UA_HAS_REGISTRATION_RESULT | M3UA_HAS_INFO},
    {M3UA_DEREG_REQ, M3UA_HAS_ROUTING_CONTEXT, M3UA_HAS_ROUTING_CONTEXT | M3UA_HAS_INFO},
    {M3UA_DEREG_RSP, M3UA_HAS_DEREGISTRATION_RESULT,
     M3UA_HAS_DEREGISTRATION_RESULT | M3UA_HAS_INFO},
};

static const struct parameter_row *parameter_row_of(uint16_t tag)
{
    for (size_t i = 0; i < sizeof(parameters) / sizeof(parameters[0]); i++)
        if (parameters[i].tag == tag)
            return &parameters[i];
    return NULL;
}

/* The tag of the lowest of the missing bits, for the fault. */
static uint16_t tag_of_bits(uint32_t bits)
{
    for (size_t i = 0; i < sizeof(parameters) / sizeof(parameters[0]); i++)
        if ((parameters[i].bit & bits) != 0)
            return parameters[i].tag;
    return 0;
}

static bool shape_holds(enum shape shape, size_t length)
{
    switch (shape) {
    case SHAPE_WORD:
        return length == 4;
    case SHAPE_WORDS:
        return length != 0 && length % 4 == 0;
    case SHAPE_ANY:
    case SHAPE_DATA:
    case SHAPE_NEST:
        break;
    }
    return true;
}

/*
 * The next parameter that we know, checked against what may stand here. P7_NOT_FOUND at the end.
 * `present` gains its bit.
 */
static enum p7_status known_next(struct bytes_reader *reader, uint32_t allowed, uint32_t *present,
                                 struct m3ua_parameter *parameter, struct m3ua_fault *fault)
{
    for (;;) {
        const enum p7_status status = m3ua_parameter_next(reader, parameter);
        if (status == P7_NOT_FOUND)
            return status;
        if (status != P7_OK)
            return m3ua_refuse(fault, status, M3UA_ERROR_PARAMETER_FIELD_ERROR, 0);
        const struct parameter_row *row = parameter_row_of(parameter->tag);
        if (row == NULL)
            continue; /* RFC4666-3.2: unknown ones are silently ignored */
        /* RFC4666-3.2: one parameter of a type, unless the format shows more. */
        if ((row->bit & allowed) == 0 || (row->bit & *present & ~REPEATABLE) != 0) {
            if (allowed == ANYTHING)
                continue;
            return m3ua_refuse(fault, P7_MALFORMED, M3UA_ERROR_UNEXPECTED_PARAMETER, row->tag);
        }
        if (!shape_holds(row->shape, parameter->value.length))
            return m3ua_refuse(fault, P7_MALFORMED, M3UA_ERROR_PARAMETER_FIELD_ERROR, row->tag);
        *present |= row->bit;
        return P7_OK;
    }
}

static enum p7_status missing_check(uint32_t mandatory, uint32_t present, struct m3ua_fault *fault)
{
    if ((mandatory & ~present) != 0)
        return m3ua_refuse(fault, P7_MISSING, M3UA_ERROR_MISSING_PARAMETER,
                           tag_of_bits(mandatory & ~present));
    return P7_OK;
}

static struct bytes_reader inside(const struct m3ua_parameter *parameter)
{
    return bytes_reader_of(parameter->value.data, parameter->value.data + parameter->value.length);
}

/*
 * A group starts with its DPC; SIs and OPCs belong to the DPC before them (RFC4666-3.6.1). As
 * parameters may come in any order, those in front of the first DPC are taken for the first group.
 */
static enum p7_status key_group_add(struct m3ua_routing_key *key, uint32_t *dpc_count,
                                    const struct m3ua_parameter *parameter,
                                    struct m3ua_fault *fault)
{
    const bool is_dpc = parameter->tag == M3UA_TAG_DESTINATION_POINT_CODE;
    if (is_dpc)
        ++*dpc_count;
    if (key->group_count == 0 || (is_dpc && *dpc_count > 1)) {
        if (key->group_count == M3UA_KEY_GROUPS_MAX)
            return m3ua_refuse(fault, P7_RANGE, M3UA_ERROR_INVALID_PARAMETER_VALUE, parameter->tag);
        key->group[key->group_count++] = (struct m3ua_key_group){.present = 0};
    }
    struct m3ua_key_group *group = &key->group[key->group_count - 1];
    if (is_dpc) {
        group->destination_point_code = bytes_load_u32be(parameter->value.data);
        return P7_OK;
    }
    const bool is_si = parameter->tag == M3UA_TAG_SERVICE_INDICATORS;
    const uint32_t bit = is_si ? M3UA_HAS_SERVICE_INDICATORS : M3UA_HAS_OPC_LIST;
    if ((group->present & bit) != 0)
        return m3ua_refuse(fault, P7_MALFORMED, M3UA_ERROR_UNEXPECTED_PARAMETER, parameter->tag);
    group->present |= bit;
    *(is_si ? &group->service_indicators : &group->opc_list) = parameter->value;
    return P7_OK;
}

static enum p7_status routing_key_read(struct bytes_reader reader, struct m3ua_routing_key *key,
                                       struct m3ua_fault *fault)
{
    const uint32_t groups =
        M3UA_HAS_DESTINATION_POINT_CODE | M3UA_HAS_SERVICE_INDICATORS | M3UA_HAS_OPC_LIST;
    const uint32_t optional =
        M3UA_HAS_ROUTING_CONTEXT | M3UA_HAS_TRAFFIC_MODE | M3UA_HAS_NETWORK_APPEARANCE;
    uint32_t present = 0;
    uint32_t dpc_count = 0;
    key->group_count = 0;
    struct m3ua_parameter parameter;
    enum p7_status status;
    while ((status = known_next(&reader, groups | optional | M3UA_HAS_LOCAL_ROUTING_KEY_ID,
                                &present, &parameter, fault)) == P7_OK) {
        switch (parameter.tag) {
        case M3UA_TAG_LOCAL_ROUTING_KEY_ID:
            key->local_id = bytes_load_u32be(parameter.value.data);
            break;
        case M3UA_TAG_ROUTING_CONTEXT:
            /* One key has one routing context (RFC4666-3.6.1). */
            if (parameter.value.length != 4)
                return m3ua_refuse(fault, P7_MALFORMED, M3UA_ERROR_PARAMETER_FIELD_ERROR,
                                   parameter.tag);
            key->routing_context = bytes_load_u32be(parameter.value.data);
            break;
        case M3UA_TAG_TRAFFIC_MODE:
            key->traffic_mode = bytes_load_u32be(parameter.value.data);
            break;
        case M3UA_TAG_NETWORK_APPEARANCE:
            key->network_appearance = bytes_load_u32be(parameter.value.data);
            break;
        default:
            status = key_group_add(key, &dpc_count, &parameter, fault);
            if (status != P7_OK)
                return status;
        }
    }
    if (status != P7_NOT_FOUND)
        return status;
    key->present = present & optional;
    return missing_check(M3UA_HAS_LOCAL_ROUTING_KEY_ID | M3UA_HAS_DESTINATION_POINT_CODE, present,
                         fault);
}

/* Registration Result and Deregistration Result (RFC4666-3.6.2, 3.6.4): words, all mandatory. */
static enum p7_status result_read(struct bytes_reader reader, uint32_t fields, uint32_t *local_id,
                                  uint32_t *result_status, uint32_t *routing_context,
                                  struct m3ua_fault *fault)
{
    uint32_t present = 0;
    struct m3ua_parameter parameter;
    enum p7_status status;
    while ((status = known_next(&reader, fields, &present, &parameter, fault)) == P7_OK) {
        if (parameter.value.length != 4)
            return m3ua_refuse(fault, P7_MALFORMED, M3UA_ERROR_PARAMETER_FIELD_ERROR,
                               parameter.tag);
        const uint32_t word = bytes_load_u32be(parameter.value.data);
        if (parameter.tag == M3UA_TAG_LOCAL_ROUTING_KEY_ID)
            *local_id = word;
        else if (parameter.tag == M3UA_TAG_ROUTING_CONTEXT)
            *routing_context = word;
        else
            *result_status = word;
    }
    if (status != P7_NOT_FOUND)
        return status;
    return missing_check(fields, present, fault);
}

static enum p7_status nest_read(const struct m3ua_parameter *parameter,
                                struct m3ua_message *message, struct m3ua_fault *fault)
{
    uint32_t *count = parameter->tag == M3UA_TAG_ROUTING_KEY ? &message->routing_key_count
                      : parameter->tag == M3UA_TAG_REGISTRATION_RESULT
                          ? &message->registration_result_count
                          : &message->deregistration_result_count;
    if (*count == M3UA_ROUTING_KEYS_MAX)
        return m3ua_refuse(fault, P7_RANGE, M3UA_ERROR_INVALID_PARAMETER_VALUE, parameter->tag);
    const uint32_t i = (*count)++;
    if (parameter->tag == M3UA_TAG_ROUTING_KEY)
        return routing_key_read(inside(parameter), &message->routing_key[i], fault);
    if (parameter->tag == M3UA_TAG_REGISTRATION_RESULT) {
        struct m3ua_registration_result *result = &message->registration_result[i];
        return result_read(inside(parameter),
                           M3UA_HAS_LOCAL_ROUTING_KEY_ID | M3UA_HAS_REGISTRATION_STATUS |
                               M3UA_HAS_ROUTING_CONTEXT,
                           &result->local_id, &result->status, &result->routing_context, fault);
    }
    uint32_t no_local_id;
    struct m3ua_deregistration_result *result = &message->deregistration_result[i];
    return result_read(inside(parameter), M3UA_HAS_DEREGISTRATION_STATUS | M3UA_HAS_ROUTING_CONTEXT,
                       &no_local_id, &result->status, &result->routing_context, fault);
}

static void word_take(uint16_t tag, const uint8_t *at, struct m3ua_message *message)
{
    const uint32_t word = bytes_load_u32be(at);
    switch (tag) {
    case M3UA_TAG_TRAFFIC_MODE:
        message->traffic_mode = word;
        break;
    case M3UA_TAG_ERROR_CODE:
        message->error_code = word;
        break;
    case M3UA_TAG_STATUS:
        message->status_type = bytes_load_u16be(at);
        message->status_information = bytes_load_u16be(at + 2);
        break;
    case M3UA_TAG_ASP_IDENTIFIER:
        message->asp_identifier = word;
        break;
    case M3UA_TAG_CORRELATION_ID:
        message->correlation_id = word;
        break;
    case M3UA_TAG_NETWORK_APPEARANCE:
        message->network_appearance = word;
        break;
    case M3UA_TAG_USER_CAUSE:
        message->unavailability_cause = bytes_load_u16be(at);
        message->mtp3_user = bytes_load_u16be(at + 2);
        break;
    case M3UA_TAG_CONGESTION_INDICATIONS:
        message->congestion_level = at[3]; /* the first three octets are reserved */
        break;
    case M3UA_TAG_CONCERNED_DESTINATION:
        message->concerned_point_code = m3ua_point_code(word); /* the first one is reserved */
        break;
    default:
        break;
    }
}

static enum p7_status parameter_take(const struct m3ua_parameter *parameter,
                                     struct m3ua_message *message, struct m3ua_fault *fault)
{
    switch (parameter->tag) {
    case M3UA_TAG_INFO:
        message->info = parameter->value;
        return P7_OK;
    case M3UA_TAG_DIAGNOSTIC:
        message->diagnostic = parameter->value;
        return P7_OK;
    case M3UA_TAG_HEARTBEAT_DATA:
        message->heartbeat_data = parameter->value;
        return P7_OK;
    case M3UA_TAG_ROUTING_CONTEXT:
        if (m3ua_list_count(parameter->value) > LIMIT_M3UA_ROUTING_CONTEXTS)
            return m3ua_refuse(fault, P7_RANGE, M3UA_ERROR_INVALID_PARAMETER_VALUE, parameter->tag);
        message->routing_contexts = parameter->value;
        return P7_OK;
    case M3UA_TAG_AFFECTED_POINT_CODE:
        message->affected_point_codes = parameter->value;
        return P7_OK;
    case M3UA_TAG_ROUTING_KEY:
    case M3UA_TAG_REGISTRATION_RESULT:
    case M3UA_TAG_DEREGISTRATION_RESULT:
        return nest_read(parameter, message, fault);
    default:
        word_take(parameter->tag, parameter->value.data, message);
        return P7_OK;
    }
}

static enum p7_status data_read(const uint8_t *data, const uint8_t *end,
                                struct m3ua_message *message, struct m3ua_fault *fault)
{
    m3ua_message_of(message, M3UA_DATA);
    const enum p7_status status = m3ua_data_decode(data, end, &message->data, fault);
    if (status != P7_OK)
        return status;
    message->present = M3UA_HAS_PROTOCOL_DATA;
    if (message->data.has_network_appearance) {
        message->present |= M3UA_HAS_NETWORK_APPEARANCE;
        message->network_appearance = message->data.network_appearance;
    }
    if (message->data.has_correlation_id) {
        message->present |= M3UA_HAS_CORRELATION_ID;
        message->correlation_id = message->data.correlation_id;
    }
    if (message->data.has_routing_context) {
        message->present |= M3UA_HAS_ROUTING_CONTEXT;
        /* The list form points at the value in the input: find the parameter once more. */
        struct bytes_reader reader = bytes_reader_of(data + M3UA_HEADER_OCTETS, end);
        struct m3ua_parameter parameter;
        while (m3ua_parameter_next(&reader, &parameter) == P7_OK)
            if (parameter.tag == M3UA_TAG_ROUTING_CONTEXT) {
                message->routing_contexts = parameter.value;
                break;
            }
    }
    return P7_OK;
}

/* The row of the kind, or the refusal that its class and type deserve. */
static enum p7_status message_row_of(const uint8_t *data, const struct message_row **row,
                                     struct m3ua_fault *fault)
{
    const uint16_t kind = bytes_load_u16be(data + 2);
    bool class_known = data[2] == M3UA_CLASS_TRANSFER;
    for (size_t i = 0; i < sizeof(messages) / sizeof(messages[0]); i++) {
        *row = &messages[i];
        if ((*row)->kind == kind)
            return P7_OK;
        class_known = class_known || m3ua_kind_class((*row)->kind) == data[2];
    }
    return m3ua_refuse(fault, P7_UNSUPPORTED,
                       class_known ? M3UA_ERROR_UNSUPPORTED_MESSAGE_TYPE
                                   : M3UA_ERROR_UNSUPPORTED_MESSAGE_CLASS,
                       0);
}

enum p7_status m3ua_decode(const uint8_t *data, const uint8_t *end, struct m3ua_message *message,
                           struct m3ua_fault *fault)
{
    if (m3ua_is_data(data, end))
        return data_read(data, end, message, fault);
    struct bytes_reader reader;
    enum p7_status status = m3ua_header_read(data, end, fault, &reader);
    if (status != P7_OK)
        return status;
    const struct message_row *row;
    status = message_row_of(data, &row, fault);
    if (status != P7_OK)
        return status;
    m3ua_message_of(message, row->kind);
    struct m3ua_parameter parameter;
    while ((status = known_next(&reader, row->allowed, &message->present, &parameter, fault)) ==
           P7_OK) {
        status = parameter_take(&parameter, message, fault);
        if (status != P7_OK)
            return status;
    }
    if (status != P7_NOT_FOUND)
        return status;
    return missing_check(row->mandatory, message->present, fault);
}
