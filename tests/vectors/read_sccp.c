/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include <stdio.h>
#include <string.h>

#include "sigtran/codec/sccp.h"
#include "sigtran/fsm/sccp_reassembly.h"
#include "tests/vectors/vectors.h"

static void add_address(struct vector *vector, const struct sccp_address *address,
                        const char *const names[4])
{
    field_add(vector, names[0], "0x%02x", address->route_on_ssn ? 1u : 0u);
    field_add(vector, names[1], "0x%02x", address->gti);
    if (address->has_ssn)
        field_add(vector, names[2], "%u", address->ssn);
    char digits[DIGITS_TEXT_OCTETS];
    if (address->gti != 0 && sccp_address_digits(address, digits) == P7_OK)
        field_add(vector, names[3], "%s", digits);
}

static bool is_service(uint8_t type)
{
    return type == SCCP_UDTS || type == SCCP_XUDTS || type == SCCP_LUDTS;
}

static void add_fields(struct vector *vector, const struct sccp_message *m)
{
    static const char *const called[] = {"sccp.called.ri", "sccp.called.gti", "sccp.called.ssn",
                                         "sccp.called.digits"};
    static const char *const calling[] = {"sccp.calling.ri", "sccp.calling.gti", "sccp.calling.ssn",
                                          "sccp.calling.digits"};
    field_add(vector, "sccp.message_type", "0x%02x", m->type);
    if (is_service(m->type))
        field_add(vector, "sccp.return_cause", "0x%02x", m->return_cause);
    else
        field_add(vector, "sccp.class", "0x%02x", m->protocol_class);
    if (m->type != SCCP_UDT && m->type != SCCP_UDTS)
        field_add(vector, "sccp.hops", "0x%02x", m->hop_counter);
    if (m->has_segmentation) {
        field_add(vector, "sccp.segmentation.first", "0x%02x", m->segmentation.first);
        field_add(vector, "sccp.segmentation.remaining", "0x%02x", m->segmentation.remaining);
        field_add(vector, "sccp.segmentation.slr", "0x%06x", m->segmentation.reference);
    }
    add_address(vector, &m->called, called);
    add_address(vector, &m->calling, calling);
}

/* The addresses are encoded from their fields, not copied. */
static void write_again(struct vector *vector, struct bytes octets, struct sccp_message *m)
{
    m->called_octets = bytes_of(NULL, 0);
    m->calling_octets = bytes_of(NULL, 0);
    uint8_t room[VECTORS_MESSAGE_OCTETS];
    struct bytes_writer writer = bytes_writer_of(room, room + sizeof(room));
    const enum p7_status status = sccp_encode(&writer, m);
    if (status != P7_OK)
        vector_fault(vector, "sccp_encode: %s", p7_status_text(status));
    else
        vector_compare(vector, "sccp", octets, bytes_of(room, bytes_writer_length(&writer)));
}

/* Q.714-4.1.1.2.2: the last segment gives the whole message. */
static void take_segment(struct vector *vector, const struct sccp_message *m,
                         struct sccp_reassembly *segments)
{
    static const struct sccp_origin origin = {.opc = 1};
    struct sccp_reassembly_result result;
    sccp_reassembly_take(segments, 0, &origin, m, &result);
    if (result.outcome == SCCP_REASSEMBLY_WHOLE)
        read_tcap(vector, result.message.data);
    else if (result.outcome != SCCP_REASSEMBLY_WAITING)
        vector_fault(vector, "a segment that does not follow the one before");
}

void read_sccp(struct vector *vector, struct bytes octets, struct sccp_reassembly *segments)
{
    struct sccp_message m;
    const enum p7_status status = sccp_decode(SCCP_ITU, octets, &m);
    if (status != P7_OK) {
        vector_fault(vector, "sccp_decode: %s", p7_status_text(status));
        return;
    }
    add_fields(vector, &m);
    const struct bytes data = m.data;
    const uint8_t ssn = m.called.has_ssn ? m.called.ssn : 0;
    const struct sccp_message segment = m;
    write_again(vector, octets, &m);
    if (m.has_segmentation && (!m.segmentation.first || m.segmentation.remaining != 0)) {
        if (segments != NULL)
            take_segment(vector, &segment, segments);
        else
            vector_fault(vector, "a segment of no message");
    } else if (ssn == SCCP_SSN_MANAGEMENT) {
        struct sccp_management management;
        const enum p7_status read = sccp_management_decode(SCCP_ITU, data, &management);
        if (read != P7_OK)
            vector_fault(vector, "sccp_management_decode: %s", p7_status_text(read));
        else
            field_add(vector, "sccpmg.message_type", "%u", management.type);
    } else if (ssn != 142) { /* RANAP (TS23.003-8.1) is no user of TCAP */
        read_tcap(vector, data);
    }
}
