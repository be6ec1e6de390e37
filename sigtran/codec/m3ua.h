/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * m3ua - messages of the MTP3 User Adaptation Layer (RFC 4666): bytes <-> structures.
 *
 * Decoding borrows: every `struct bytes` of a decoded message points into the input. Encoding
 * appends to a writer and leaves it `failed` when the room does not suffice. Nothing is kept
 * between calls.
 *
 * Two ways in and out: `m3ua_decode` / `m3ua_encode` for any message, `m3ua_data_decode` /
 * `m3ua_data_encode` for DATA alone, which is nearly all of the traffic.
 *
 * What a decoder refuses it explains in a `struct m3ua_fault`: the code of the ERR message that
 * RFC4666-3.8.1 wants as an answer, or that none may be sent.
 *
 * Decisions on what the RFC leaves open:
 * - The common header's length must equal the length of the SCTP message. It need not count the
 *   padding of the last parameter, and that padding may be absent altogether (RFC4666-3.1.4).
 *   Anything else is answered with Protocol Error.
 * - A parameter with a length below 4 or beyond the message is a Parameter Field Error
 *   (RFC4666-3.8.1), also when its value has not the length that its type demands.
 * - Parameters come in any order (RFC4666-3.2). Unknown tags are skipped, and INFO String is taken
 *   in any message but DATA. A known parameter that does not belong to the message, or a second one
 *   where the format shows one, is an Unexpected Parameter. An ERR may carry anything: a report
 *   should not be lost, and no answer to it is allowed.
 * - Padding octets are sent as zeros and ignored when received (RFC4666-3.2).
 */
#ifndef SIGTRAN_CODEC_M3UA_H
#define SIGTRAN_CODEC_M3UA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sigtran/base/bytes.h"
#include "sigtran/base/limits.h"
#include "sigtran/base/status.h"

#define M3UA_VERSION       1u /* RFC4666-3.1.1: release 1.0 */
#define M3UA_HEADER_OCTETS 8u

/* How much of an offending message goes back in Diagnostic Information (RFC4666-3.8.1). */
#define M3UA_DIAGNOSTIC_OCTETS_MAX 40u

/* Most Routing Keys, registration and deregistration results read from one RKM message, and most
 * groups (DPC, SIs, OPC list) of one Routing Key: no known ASP registers more at a time. */
#define M3UA_ROUTING_KEYS_MAX 16u
#define M3UA_KEY_GROUPS_MAX   8u

/* What m3ua_data_open writes at most, and m3ua_data_close adds at most (pad + Correlation Id). */
#define M3UA_DATA_HEADER_OCTETS_MAX  40u
#define M3UA_DATA_TRAILER_OCTETS_MAX 11u

/* Message Class (RFC4666-3.1.2). */
enum m3ua_class {
    M3UA_CLASS_MGMT = 0,
    M3UA_CLASS_TRANSFER = 1,
    M3UA_CLASS_SSNM = 2,
    M3UA_CLASS_ASPSM = 3,
    M3UA_CLASS_ASPTM = 4,
    M3UA_CLASS_RKM = 9,
};

/* Class and type as one number, class in the high octet (RFC4666-3.1.2). */
enum m3ua_kind {
    M3UA_ERR = 0x0000,
    M3UA_NTFY = 0x0001,
    M3UA_DATA = 0x0101,
    M3UA_DUNA = 0x0201,
    M3UA_DAVA = 0x0202,
    M3UA_DAUD = 0x0203,
    M3UA_SCON = 0x0204,
    M3UA_DUPU = 0x0205,
    M3UA_DRST = 0x0206,
    M3UA_ASPUP = 0x0301,
    M3UA_ASPDN = 0x0302,
    M3UA_BEAT = 0x0303,
    M3UA_ASPUP_ACK = 0x0304,
    M3UA_ASPDN_ACK = 0x0305,
    M3UA_BEAT_ACK = 0x0306,
    M3UA_ASPAC = 0x0401,
    M3UA_ASPIA = 0x0402,
    M3UA_ASPAC_ACK = 0x0403,
    M3UA_ASPIA_ACK = 0x0404,
    M3UA_REG_REQ = 0x0901,
    M3UA_REG_RSP = 0x0902,
    M3UA_DEREG_REQ = 0x0903,
    M3UA_DEREG_RSP = 0x0904,
};

static inline unsigned m3ua_kind_class(enum m3ua_kind kind)
{
    return (unsigned)kind >> 8;
}

/* "ASPUP ACK" and so on; "?" for a number that is none. */
const char *m3ua_kind_name(enum m3ua_kind kind);

/* Error Code (RFC4666-3.8.1). */
enum m3ua_error {
    M3UA_ERROR_INVALID_VERSION = 0x01,
    M3UA_ERROR_UNSUPPORTED_MESSAGE_CLASS = 0x03,
    M3UA_ERROR_UNSUPPORTED_MESSAGE_TYPE = 0x04,
    M3UA_ERROR_UNSUPPORTED_TRAFFIC_MODE = 0x05,
    M3UA_ERROR_UNEXPECTED_MESSAGE = 0x06,
    M3UA_ERROR_PROTOCOL_ERROR = 0x07,
    M3UA_ERROR_INVALID_STREAM_IDENTIFIER = 0x09,
    M3UA_ERROR_MANAGEMENT_BLOCKING = 0x0d,
    M3UA_ERROR_ASP_IDENTIFIER_REQUIRED = 0x0e,
    M3UA_ERROR_INVALID_ASP_IDENTIFIER = 0x0f,
    M3UA_ERROR_INVALID_PARAMETER_VALUE = 0x11,
    M3UA_ERROR_PARAMETER_FIELD_ERROR = 0x12,
    M3UA_ERROR_UNEXPECTED_PARAMETER = 0x13,
    M3UA_ERROR_DESTINATION_STATUS_UNKNOWN = 0x14,
    M3UA_ERROR_INVALID_NETWORK_APPEARANCE = 0x15,
    M3UA_ERROR_MISSING_PARAMETER = 0x16,
    M3UA_ERROR_INVALID_ROUTING_CONTEXT = 0x19,
    M3UA_ERROR_NO_CONFIGURED_AS = 0x1a,
};

/* A static text for any code, also for one out of range. */
const char *m3ua_error_text(uint32_t code);

/* Status of NTFY (RFC4666-3.8.2): type and information. */
#define M3UA_STATUS_AS_STATE_CHANGE 1u
#define M3UA_STATUS_OTHER           2u

#define M3UA_AS_INACTIVE 2u /* with M3UA_STATUS_AS_STATE_CHANGE */
#define M3UA_AS_ACTIVE   3u
#define M3UA_AS_PENDING  4u

#define M3UA_INSUFFICIENT_ASP_RESOURCES 1u /* with M3UA_STATUS_OTHER */
#define M3UA_ALTERNATE_ASP_ACTIVE       2u
#define M3UA_ASP_FAILURE                3u

/* A static text for any pair, also for one out of range. */
const char *m3ua_status_text(uint16_t type, uint16_t information);

/* Registration Status (RFC4666-3.6.2). */
enum m3ua_registration_status {
    M3UA_REGISTRATION_SUCCESS = 0,
    M3UA_REGISTRATION_ERROR_UNKNOWN = 1,
    M3UA_REGISTRATION_INVALID_DPC = 2,
    M3UA_REGISTRATION_INVALID_NETWORK_APPEARANCE = 3,
    M3UA_REGISTRATION_INVALID_ROUTING_KEY = 4,
    M3UA_REGISTRATION_PERMISSION_DENIED = 5,
    M3UA_REGISTRATION_NOT_UNIQUE = 6,
    M3UA_REGISTRATION_NOT_PROVISIONED = 7,
    M3UA_REGISTRATION_INSUFFICIENT_RESOURCES = 8,
    M3UA_REGISTRATION_UNSUPPORTED_PARAMETER = 9,
    M3UA_REGISTRATION_UNSUPPORTED_TRAFFIC_MODE = 10,
    M3UA_REGISTRATION_CHANGE_REFUSED = 11,
    M3UA_REGISTRATION_ALREADY_REGISTERED = 12,
};

/* Deregistration Status (RFC4666-3.6.4). */
enum m3ua_deregistration_status {
    M3UA_DEREGISTRATION_SUCCESS = 0,
    M3UA_DEREGISTRATION_ERROR_UNKNOWN = 1,
    M3UA_DEREGISTRATION_INVALID_ROUTING_CONTEXT = 2,
    M3UA_DEREGISTRATION_PERMISSION_DENIED = 3,
    M3UA_DEREGISTRATION_NOT_REGISTERED = 4,
    M3UA_DEREGISTRATION_ASP_ACTIVE = 5,
};

/* Static texts for any status, also for one out of range. */
const char *m3ua_registration_text(uint32_t status);
const char *m3ua_deregistration_text(uint32_t status);

/* Parameter tags (RFC4666-3.2). */
enum m3ua_tag {
    M3UA_TAG_INFO = 0x0004,
    M3UA_TAG_ROUTING_CONTEXT = 0x0006,
    M3UA_TAG_DIAGNOSTIC = 0x0007,
    M3UA_TAG_HEARTBEAT_DATA = 0x0009,
    M3UA_TAG_TRAFFIC_MODE = 0x000b,
    M3UA_TAG_ERROR_CODE = 0x000c,
    M3UA_TAG_STATUS = 0x000d,
    M3UA_TAG_ASP_IDENTIFIER = 0x0011,
    M3UA_TAG_AFFECTED_POINT_CODE = 0x0012,
    M3UA_TAG_CORRELATION_ID = 0x0013,
    M3UA_TAG_NETWORK_APPEARANCE = 0x0200,
    M3UA_TAG_USER_CAUSE = 0x0204,
    M3UA_TAG_CONGESTION_INDICATIONS = 0x0205,
    M3UA_TAG_CONCERNED_DESTINATION = 0x0206,
    M3UA_TAG_ROUTING_KEY = 0x0207,
    M3UA_TAG_REGISTRATION_RESULT = 0x0208,
    M3UA_TAG_DEREGISTRATION_RESULT = 0x0209,
    M3UA_TAG_LOCAL_ROUTING_KEY_ID = 0x020a,
    M3UA_TAG_DESTINATION_POINT_CODE = 0x020b,
    M3UA_TAG_SERVICE_INDICATORS = 0x020c,
    M3UA_TAG_OPC_LIST = 0x020e,
    M3UA_TAG_PROTOCOL_DATA = 0x0210,
    M3UA_TAG_REGISTRATION_STATUS = 0x0212,
    M3UA_TAG_DEREGISTRATION_STATUS = 0x0213,
};

/* Bits of m3ua_message.present: which fields are there. */
#define M3UA_HAS_INFO                   (1u << 0)
#define M3UA_HAS_ROUTING_CONTEXT        (1u << 1)
#define M3UA_HAS_DIAGNOSTIC             (1u << 2)
#define M3UA_HAS_HEARTBEAT_DATA         (1u << 3)
#define M3UA_HAS_TRAFFIC_MODE           (1u << 4)
#define M3UA_HAS_ERROR_CODE             (1u << 5)
#define M3UA_HAS_STATUS                 (1u << 6)
#define M3UA_HAS_ASP_IDENTIFIER         (1u << 7)
#define M3UA_HAS_AFFECTED_POINT_CODE    (1u << 8)
#define M3UA_HAS_CORRELATION_ID         (1u << 9)
#define M3UA_HAS_NETWORK_APPEARANCE     (1u << 10)
#define M3UA_HAS_USER_CAUSE             (1u << 11)
#define M3UA_HAS_CONGESTION_INDICATIONS (1u << 12)
#define M3UA_HAS_CONCERNED_DESTINATION  (1u << 13)
#define M3UA_HAS_ROUTING_KEY            (1u << 14)
#define M3UA_HAS_REGISTRATION_RESULT    (1u << 15)
#define M3UA_HAS_DEREGISTRATION_RESULT  (1u << 16)
#define M3UA_HAS_PROTOCOL_DATA          (1u << 17)
/* Within a Routing Key only. */
#define M3UA_HAS_LOCAL_ROUTING_KEY_ID   (1u << 18)
#define M3UA_HAS_DESTINATION_POINT_CODE (1u << 19)
#define M3UA_HAS_SERVICE_INDICATORS     (1u << 20)
#define M3UA_HAS_OPC_LIST               (1u << 21)
/* Within a (de)registration result only. */
#define M3UA_HAS_REGISTRATION_STATUS   (1u << 22)
#define M3UA_HAS_DEREGISTRATION_STATUS (1u << 23)

/* DATA (RFC4666-3.3.1). Point codes are the low 24 bits; a greater one is our own mistake. */
struct m3ua_data {
    bool has_network_appearance;
    bool has_routing_context;
    bool has_correlation_id;
    uint8_t si;  /* service indicator: 3 SCCP, 5 ISUP */
    uint8_t ni;  /* network indicator */
    uint8_t mp;  /* message priority */
    uint8_t sls; /* signalling link selection */
    uint32_t opc;
    uint32_t dpc;
    uint32_t network_appearance;
    uint32_t routing_context;
    uint32_t correlation_id;
    struct bytes payload; /* the MTP3-user's message, borrowed */
};

/* One group of a Routing Key (RFC4666-3.6.1). */
struct m3ua_key_group {
    uint32_t present;                /* M3UA_HAS_SERVICE_INDICATORS, M3UA_HAS_OPC_LIST */
    uint32_t destination_point_code; /* with its mask octet, see m3ua_point_code */
    struct bytes service_indicators; /* an octet each */
    struct bytes opc_list;           /* four octets each: mask and point code */
};

struct m3ua_routing_key {
    uint32_t present; /* M3UA_HAS_ROUTING_CONTEXT, _TRAFFIC_MODE, _NETWORK_APPEARANCE */
    uint32_t local_id;
    uint32_t routing_context;
    uint32_t traffic_mode;
    uint32_t network_appearance;
    uint32_t group_count;
    struct m3ua_key_group group[M3UA_KEY_GROUPS_MAX];
};

struct m3ua_registration_result {
    uint32_t local_id;
    uint32_t status;
    uint32_t routing_context;
};

struct m3ua_deregistration_result {
    uint32_t routing_context;
    uint32_t status;
};

/*
 * Any message. `present` says which fields hold something; the others are unspecified, so clearing
 * `kind` and `present` suffices to start one (m3ua_message_of does).
 */
struct m3ua_message {
    enum m3ua_kind kind;
    uint32_t present;
    struct bytes info;
    struct bytes routing_contexts; /* four octets each; m3ua_list_count, m3ua_list_u32 */
    struct bytes diagnostic;
    struct bytes heartbeat_data;
    uint32_t traffic_mode; /* enum as_traffic_mode, or a number that is none */
    uint32_t error_code;   /* enum m3ua_error, or a number that is none */
    uint16_t status_type;
    uint16_t status_information;
    uint32_t asp_identifier;
    struct bytes affected_point_codes; /* four octets each: mask and point code */
    uint32_t correlation_id;
    uint32_t network_appearance;
    uint16_t unavailability_cause; /* User/Cause of DUPU (RFC4666-3.4.5) */
    uint16_t mtp3_user;
    uint32_t congestion_level; /* 0..3, 0 none or undefined (RFC4666-3.4.4) */
    uint32_t concerned_point_code;
    uint32_t routing_key_count;
    uint32_t registration_result_count;
    uint32_t deregistration_result_count;
    struct m3ua_data data; /* Protocol Data alone: opc, dpc, si, ni, mp, sls and payload */
    struct m3ua_routing_key routing_key[M3UA_ROUTING_KEYS_MAX];
    struct m3ua_registration_result registration_result[M3UA_ROUTING_KEYS_MAX];
    struct m3ua_deregistration_result deregistration_result[M3UA_ROUTING_KEYS_MAX];
};

static inline void m3ua_message_of(struct m3ua_message *message, enum m3ua_kind kind)
{
    message->kind = kind;
    message->present = 0;
    message->routing_key_count = 0;
    message->registration_result_count = 0;
    message->deregistration_result_count = 0;
}

/* Lists of four-octet entries: routing contexts, affected point codes, OPC lists. */
static inline size_t m3ua_list_count(struct bytes list)
{
    return list.length / 4;
}

static inline uint32_t m3ua_list_u32(struct bytes list, size_t index)
{
    return bytes_load_u32be(list.data + index * 4);
}

/* An Affected Point Code or the like: the low `mask` bits are wildcards (RFC4666-3.4.1). */
static inline uint32_t m3ua_point_code(uint32_t entry)
{
    return entry & 0xffffffu;
}

static inline uint8_t m3ua_point_code_mask(uint32_t entry)
{
    return (uint8_t)(entry >> 24);
}

/* Why a message was refused, and what the peer may be told. */
struct m3ua_fault {
    bool answer;             /* false: nothing may be sent (RFC4666-3.8.1: ERR on ERR) */
    enum m3ua_error error;   /* set in either case, for counters and logs */
    uint16_t tag;            /* the parameter concerned, 0 where none is */
    struct bytes diagnostic; /* the head of the offending message (RFC4666-3.8.1) */
    /* Filled in by whoever checks them against its configuration; the decoder leaves them empty. */
    struct bytes routing_contexts;     /* for Invalid Routing Context and the like */
    struct bytes affected_point_codes; /* for Destination Status Unknown */
    uint32_t network_appearance;       /* for Invalid Network Appearance */
};

/*
 * Decodes the whole of [data, end) as one message.
 * P7_OK; else `fault` is set: P7_TRUNCATED (shorter than a common header, or than it says),
 * P7_MALFORMED, P7_MISSING (mandatory parameter), P7_UNSUPPORTED (version, class, type),
 * P7_RANGE (more list entries than the limits allow).
 */
enum p7_status m3ua_decode(const uint8_t *data, const uint8_t *end, struct m3ua_message *message,
                           struct m3ua_fault *fault) P7_MUST_CHECK;

/*
 * Appends the message. Only fields in `present` are written; which ones belong to a kind is the
 * caller's business (m3ua_decode of the result tells). The writer is `failed` when it did not fit.
 */
void m3ua_encode(struct bytes_writer *writer, const struct m3ua_message *message);

/* True when [data, end) starts like a DATA message of our version: m3ua_data_decode is for it. */
static inline bool m3ua_is_data(const uint8_t *data, const uint8_t *end)
{
    return end - data >= (ptrdiff_t)M3UA_HEADER_OCTETS && data[0] == M3UA_VERSION && data[2] == 1 &&
           data[3] == 1;
}

/* As m3ua_decode for DATA alone; P7_UNSUPPORTED for any other message. */
enum p7_status m3ua_data_decode(const uint8_t *data, const uint8_t *end, struct m3ua_data *message,
                                struct m3ua_fault *fault) P7_MUST_CHECK;

void m3ua_data_encode(struct bytes_writer *writer, const struct m3ua_data *message);

/*
 * DATA without copying its payload: `mark = m3ua_data_open(w, &data)` writes all up to the payload
 * (data.payload is not read), the caller writes the payload, `m3ua_data_close(w, &data, mark)` puts
 * in lengths, padding and the Correlation Id.
 */
size_t m3ua_data_open(struct bytes_writer *writer, const struct m3ua_data *message);
void m3ua_data_close(struct bytes_writer *writer, const struct m3ua_data *message, size_t mark);

#endif
