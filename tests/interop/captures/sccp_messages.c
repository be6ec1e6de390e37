/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* SCCP (ITU): every type of message, address and return cause, and subsystem management. */
#include "sigtran/codec/sccp.h"

#include "tests/interop/captures/catalogue.h"

/* A TCAP message to carry: END, dtid 0x01020304, nothing else. */
static const uint8_t end[] = {0x64, 0x06, 0x49, 0x04, 0x01, 0x02, 0x03, 0x04};

static const struct m3ua_data plain = {.si = 3, .opc = 0x808, .dpc = 0x1010};
static const struct m3ua_data full = {.has_network_appearance = true,
                                      .has_routing_context = true,
                                      .has_correlation_id = true,
                                      .si = 3,
                                      .ni = 2,
                                      .mp = 1,
                                      .sls = 7,
                                      .opc = 0x808,
                                      .dpc = 0x1010,
                                      .network_appearance = 9,
                                      .routing_context = 51,
                                      .correlation_id = 77};

static struct sccp_message message_of(uint8_t type)
{
    return (struct sccp_message){
        .type = type,
        .protocol_class = 1,
        .return_on_error = true,
        .hop_counter = SCCP_HOP_COUNTER_MAX,
        .called = {.has_pc = true,
                   .has_ssn = true,
                   .route_on_ssn = true,
                   .pc = 0x1010,
                   .ssn = SCCP_SSN_CAP},
        .calling = {.has_pc = true,
                    .has_ssn = true,
                    .route_on_ssn = true,
                    .pc = 0x808,
                    .ssn = SCCP_SSN_CAP},
        .data = bytes_of(end, sizeof(end)),
    };
}

static void put(struct catalogue *catalogue, const char *name, const struct sccp_message *message,
                const struct m3ua_data *data)
{
    uint8_t octets[4096];
    struct bytes_writer w = bytes_writer_of(octets, octets + sizeof(octets));
    struct catalogue_row row = catalogue_row_of(name, M3UA_DATA);
    row.stream = 1;
    row.sccp_type = message->type;
    if (sccp_encode(&w, message) != P7_OK)
        catalogue_fail(name, "sccp_encode refuses it");
    catalogue_put_data(catalogue, &row, data, bytes_of(w.start, bytes_writer_length(&w)));
}

static void addresses_add(struct catalogue *catalogue)
{
    for (uint8_t gti = 1; gti <= 4; gti++)
        for (unsigned odd = 0; odd < 2; odd++) {
            struct sccp_message m = message_of(SCCP_UDT);
            uint8_t packed[DIGITS_PACKED_OCTETS];
            m.called = (struct sccp_address){.gti = gti,
                                             .has_ssn = true,
                                             .ssn = SCCP_SSN_CAP,
                                             .nature_of_address = SCCP_NATURE_INTERNATIONAL,
                                             .numbering_plan = SCCP_NUMBERING_PLAN_E164};
            if (sccp_address_set_digits(&m.called, odd != 0 ? "46701000000" : "467010000000",
                                        packed) != P7_OK)
                catalogue_fail("UDT to a title", "the digits are refused");
            put(catalogue, "UDT to a global title", &m, &plain);
        }
}

/* Q.713-3.12 */
static void returns_add(struct catalogue *catalogue)
{
#define CAUSE(name, code, text) (code),
    static const uint8_t causes[] = {SCCP_RETURN_CAUSE_LIST(CAUSE)};
#undef CAUSE
    static const uint8_t types[] = {SCCP_UDTS, SCCP_XUDTS, SCCP_LUDTS};
    for (size_t t = 0; t < sizeof(types); t++)
        for (size_t c = 0; c < sizeof(causes); c++) {
            struct sccp_message m = message_of(types[t]);
            m.return_cause = causes[c];
            put(catalogue, sccp_return_cause_text(causes[c]), &m, &plain);
        }
}

/* Q.713-3.17: a message of two segments. Each part is 200 octets of one END with a long component.
 */
static void segments_add(struct catalogue *catalogue)
{
    static const uint8_t begin[200] = {0x64, 0x82, 0x01, 0x8c, 0x49, 0x04, 1,    2,    3,    4,
                                       0x6c, 0x82, 0x01, 0x82, 0xa1, 0x82, 0x01, 0x7e, 0x02, 0x01,
                                       0x01, 0x02, 0x01, 0x16, 0x04, 0x82, 0x01, 0x74};
    static const uint8_t rest[200] = {0};
    struct sccp_message m = message_of(SCCP_XUDT);
    m.has_segmentation = true;
    m.segmentation = (struct sccp_segmentation){
        .first = true, .in_sequence = true, .remaining = 1, .reference = 0x010203};
    m.data = bytes_of(begin, sizeof(begin));
    put(catalogue, "XUDT, first segment", &m, &full);
    m.segmentation.first = false;
    m.segmentation.remaining = 0;
    m.data = bytes_of(rest, sizeof(rest));
    put(catalogue, "XUDT, last segment", &m, &full);
}

/* Q.713-5.1 */
static void management_add(struct catalogue *catalogue)
{
    for (unsigned type = SCCP_SSA; type <= SCCP_SSC; type++) {
        const struct sccp_management management = {.type = (uint8_t)type,
                                                   .affected_ssn = SCCP_SSN_CAP,
                                                   .affected_pc = 0x808,
                                                   .congestion = 1};
        uint8_t octets[16];
        struct bytes_writer w = bytes_writer_of(octets, octets + sizeof(octets));
        struct sccp_message m = message_of(SCCP_UDT);
        m.protocol_class = 0;
        m.return_on_error = false;
        m.called.ssn = SCCP_SSN_MANAGEMENT;
        m.calling.ssn = SCCP_SSN_MANAGEMENT;
        if (sccp_management_write(&w, &management) != P7_OK)
            catalogue_fail("SCMG", "it is refused");
        m.data = bytes_of(octets, bytes_writer_length(&w));
        put(catalogue, "subsystem management", &m, &plain);
    }
}

void catalogue_sccp_add(struct catalogue *catalogue)
{
    struct sccp_message m = message_of(SCCP_UDT);
    put(catalogue, "UDT", &m, &full);
    m.protocol_class = 0;
    m.return_on_error = false;
    put(catalogue, "UDT, class 0, no return", &m, &plain);
    m = message_of(SCCP_XUDT);
    put(catalogue, "XUDT", &m, &plain);
    m.has_importance = true;
    m.importance = 4;
    put(catalogue, "XUDT with importance", &m, &plain);
    m = message_of(SCCP_LUDT);
    put(catalogue, "LUDT", &m, &plain);
    addresses_add(catalogue);
    returns_add(catalogue);
    segments_add(catalogue);
    management_add(catalogue);
}
