/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include <string.h>

#include "sigtran/codec/sccp.h"
#include "tests/hostile/hostile.h"

#define SSN_CAP   146
#define SI_SCCP   3
#define TCAP_ROOM 4096
/* Where a BEGIN has what must differ from one to the next. */
#define BEGIN_OTID_AT      5
#define BEGIN_REFERENCE_AT 136

/* BEGIN + AARQ (CAPv2) + initialDP of a call (serviceKey 100), numbers fictional. */
static const uint8_t begin_call[] = {
    0x62, 0x81, 0xa9, 0x48, 0x04, 0x00, 0x00, 0x01, 0x01, 0x6b, 0x1e, 0x28, 0x1c, 0x06, 0x07, 0x00,
    0x11, 0x86, 0x05, 0x01, 0x01, 0x01, 0xa0, 0x11, 0x60, 0x0f, 0x80, 0x02, 0x07, 0x80, 0xa1, 0x09,
    0x06, 0x07, 0x04, 0x00, 0x00, 0x01, 0x00, 0x32, 0x01, 0x6c, 0x81, 0x80, 0xa1, 0x7e, 0x02, 0x01,
    0x01, 0x02, 0x01, 0x00, 0x30, 0x76, 0x80, 0x01, 0x64, 0x83, 0x08, 0x04, 0x13, 0x64, 0x07, 0x01,
    0x00, 0x00, 0x01, 0x85, 0x01, 0x0a, 0x8a, 0x08, 0x84, 0x93, 0x64, 0x07, 0x01, 0x00, 0x00, 0x00,
    0xbb, 0x05, 0x80, 0x03, 0x80, 0x90, 0xa3, 0x9c, 0x01, 0x02, 0x9f, 0x32, 0x08, 0x00, 0x01, 0x01,
    0x00, 0x00, 0x00, 0x00, 0xf1, 0xbf, 0x34, 0x17, 0x02, 0x01, 0x00, 0x81, 0x07, 0x91, 0x64, 0x07,
    0x01, 0x00, 0x00, 0x01, 0xa3, 0x09, 0x80, 0x07, 0x00, 0xf1, 0x10, 0x00, 0x01, 0x00, 0x01, 0xbf,
    0x35, 0x03, 0x83, 0x01, 0x11, 0x9f, 0x36, 0x05, 0xa1, 0xb2, 0xc3, 0xd4, 0xe5, 0x9f, 0x37, 0x07,
    0x91, 0x64, 0x07, 0x01, 0x00, 0x00, 0x01, 0x9f, 0x38, 0x07, 0x81, 0x64, 0x07, 0x01, 0x00, 0x00,
    0x02, 0x9f, 0x39, 0x08, 0x02, 0x90, 0x11, 0x21, 0x13, 0x45, 0x00, 0x00};

/* Components of an applyChargingReport and of an eventReportBCSM, for a CONTINUE. */
static const uint8_t report[] = {0x6c, 0x1a, 0xa1, 0x18, 0x02, 0x01, 0x03, 0x02, 0x01, 0x24,
                                 0x04, 0x10, 0xa0, 0x0e, 0xa0, 0x03, 0x81, 0x01, 0x01, 0xa1,
                                 0x04, 0x80, 0x02, 0x03, 0x84, 0x82, 0x01, 0xff};

size_t fill_random(struct random_state *random, uint8_t *octets, size_t length)
{
    for (size_t i = 0; i < length; i++)
        octets[i] = (uint8_t)random_u64(random);
    return length;
}

void flip_bits(struct random_state *random, uint8_t *octets, size_t length, unsigned count)
{
    for (unsigned i = 0; i < count && length > 0; i++)
        octets[random_below(random, length)] ^= (uint8_t)(1u << random_below(random, 8));
}

void break_parameter(struct random_state *random, uint8_t *octets, size_t length)
{
    static const uint16_t lengths[] = {0, 1, 3, 4, 5, 7, 8, 12, 255, 4096, 65532, 65535};
    size_t at = M3UA_HEADER_OCTETS;
    if (length < M3UA_HEADER_OCTETS + 4 || random_below(random, 16) == 0) {
        flip_bits(random, octets, length < 8 ? length : 8, 2);
        return;
    }
    for (uint64_t skip = random_below(random, 4); skip > 0; skip--) {
        const size_t next = at + (((size_t)bytes_load_u16be(octets + at + 2) + 3) & ~(size_t)3);
        if (next <= at || next + 4 > length)
            break;
        at = next;
    }
    const uint16_t old = bytes_load_u16be(octets + at + 2);
    switch (random_below(random, 4)) {
    case 0:
        bytes_store_u16be(octets + at, (uint16_t)random_u64(random));
        break;
    case 1:
        bytes_store_u16be(octets + at, (uint16_t)random_below(random, 0x20));
        break;
    case 2:
        bytes_store_u16be(octets + at + 2, (uint16_t)(old + random_below(random, 9) - 4));
        break;
    default:
        bytes_store_u16be(octets + at + 2, lengths[random_below(random, 12)]);
        break;
    }
}

static struct bytes encode(struct peer *peer, const struct m3ua_message *message)
{
    struct bytes_writer w = bytes_writer_of(peer->message, peer->message + sizeof(peer->message));
    m3ua_encode(&w, message);
    return bytes_of(peer->message, w.failed ? 0 : bytes_writer_length(&w));
}

struct bytes message_control(struct peer *peer, enum m3ua_kind kind)
{
    uint8_t context[4];
    struct m3ua_message m;
    m3ua_message_of(&m, kind);
    bytes_store_u32be(context, peer->options->routing_context);
    if (m3ua_kind_class(kind) == M3UA_CLASS_ASPTM) {
        m.present |= M3UA_HAS_ROUTING_CONTEXT;
        m.routing_contexts = bytes_of(context, sizeof(context));
    }
    return encode(peer, &m);
}

struct bytes message_any(struct peer *peer)
{
    static const enum m3ua_kind kinds[] = {
        M3UA_ERR,       M3UA_NTFY,    M3UA_DUNA,      M3UA_DAVA,      M3UA_DAUD,     M3UA_SCON,
        M3UA_DUPU,      M3UA_DRST,    M3UA_ASPUP,     M3UA_ASPDN,     M3UA_BEAT,     M3UA_ASPUP_ACK,
        M3UA_ASPDN_ACK, M3UA_ASPAC,   M3UA_ASPIA,     M3UA_ASPAC_ACK, M3UA_BEAT_ACK, M3UA_ASPIA_ACK,
        M3UA_REG_REQ,   M3UA_REG_RSP, M3UA_DEREG_REQ, M3UA_DEREG_RSP};
    uint8_t contexts[4 * 40];
    uint8_t text[255];
    struct m3ua_message m;
    struct random_state *r = &peer->random;
    m3ua_message_of(&m, kinds[random_below(r, sizeof(kinds) / sizeof(kinds[0]))]);
    /* Any parameters, each with one chance in four: those that belong there and those that don't.
     */
    const uint64_t dice = random_u64(r);
    m.present = (uint32_t)(dice & (dice >> 32)) & (M3UA_HAS_ROUTING_KEY - 1);
    m.routing_contexts = bytes_of(contexts, 4 * random_below(r, 41));
    (void)fill_random(r, contexts, sizeof(contexts));
    bytes_store_u32be(contexts, peer->options->routing_context);
    (void)fill_random(r, text, sizeof(text));
    m.info = bytes_of(text, random_below(r, 256));
    m.diagnostic = bytes_of(text, random_below(r, 256));
    m.heartbeat_data = bytes_of(text, random_below(r, 256));
    m.affected_point_codes = m.routing_contexts;
    m.traffic_mode = (uint32_t)random_below(r, 6);
    m.error_code = (uint32_t)random_below(r, 32);
    m.status_type = (uint16_t)random_below(r, 4);
    m.status_information = (uint16_t)random_below(r, 6);
    m.asp_identifier = (uint32_t)random_u64(r);
    m.correlation_id = (uint32_t)random_u64(r);
    m.network_appearance = (uint32_t)random_below(r, 4);
    m.unavailability_cause = (uint16_t)random_below(r, 5);
    m.mtp3_user = (uint16_t)random_below(r, 16);
    m.congestion_level = (uint32_t)random_below(r, 6);
    m.concerned_point_code = (uint32_t)random_below(r, 1u << 24);
    return encode(peer, &m);
}

struct bytes message_data(struct peer *peer, struct bytes payload)
{
    const struct m3ua_data data = {.has_routing_context = true,
                                   .routing_context = peer->options->routing_context,
                                   .si = SI_SCCP,
                                   .sls = (uint8_t)random_below(&peer->random, 16),
                                   .opc = peer->options->point_code,
                                   .dpc = peer->options->peer_point_code,
                                   .payload = payload};
    struct bytes_writer w = bytes_writer_of(peer->message, peer->message + sizeof(peer->message));
    m3ua_data_encode(&w, &data);
    return bytes_of(peer->message, w.failed ? 0 : bytes_writer_length(&w));
}

struct bytes message_tcap(struct peer *peer, struct bytes tcap)
{
    uint8_t octets[TCAP_ROOM];
    struct sccp_party called;
    struct sccp_party calling;
    struct bytes_writer w = bytes_writer_of(octets, octets + sizeof(octets));
    if (sccp_party_set_ssn(&called, SCCP_ITU, true, peer->options->peer_point_code, SSN_CAP) !=
            P7_OK ||
        sccp_party_set_ssn(&calling, SCCP_ITU, true, peer->options->point_code, SSN_CAP) != P7_OK)
        return bytes_of(peer->message, 0);
    const struct sccp_message m = {.type = tcap.length > LIMIT_SCCP_UDT_DATA_OCTETS ? SCCP_LUDT
                                                                                    : SCCP_UDT,
                                   .protocol_class = 1,
                                   .return_on_error = true,
                                   .hop_counter = SCCP_HOP_COUNTER_MAX,
                                   .called_octets = sccp_party_bytes(&called),
                                   .calling_octets = sccp_party_bytes(&calling),
                                   .data = tcap};
    if (sccp_encode(&w, &m) != P7_OK)
        return bytes_of(peer->message, 0);
    return message_data(peer, bytes_of(octets, bytes_writer_length(&w)));
}

struct bytes message_begin(struct peer *peer)
{
    uint8_t tcap[sizeof(begin_call)];
    memcpy(tcap, begin_call, sizeof(tcap));
    (void)fill_random(&peer->random, tcap + BEGIN_OTID_AT, 4);
    (void)fill_random(&peer->random, tcap + BEGIN_REFERENCE_AT, 5);
    return message_tcap(peer, bytes_of(tcap, sizeof(tcap)));
}

struct bytes message_within(struct peer *peer, uint8_t type, uint32_t dtid)
{
    uint8_t tcap[64];
    struct bytes_writer w = bytes_writer_of(tcap, tcap + sizeof(tcap));
    const bool is_continue = type == 0x65;
    const bool has_components = type != 0x67;
    const size_t length = 6u + (is_continue ? 6u : 0u) + (has_components ? sizeof(report) : 0u);
    bytes_write_u8(&w, type);
    bytes_write_u8(&w, (uint8_t)length);
    if (is_continue) {
        bytes_write_u16be(&w, 0x4804);
        bytes_write_u32be(&w, (uint32_t)random_u64(&peer->random));
    }
    bytes_write_u16be(&w, 0x4904);
    bytes_write_u32be(&w, dtid);
    if (has_components)
        bytes_write(&w, bytes_of(report, sizeof(report)));
    return message_tcap(peer, bytes_of(tcap, bytes_writer_length(&w)));
}
