/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "sigtran/codec/m3ua.h"
#include "tests/vectors/vectors.h"

#define SERVICE_SCCP 3 /* Q.704-14.2.1 */

static void add_parameters(struct vector *vector, const struct m3ua_message *m)
{
    if ((m->present & M3UA_HAS_ROUTING_CONTEXT) != 0)
        for (size_t i = 0; i < m3ua_list_count(m->routing_contexts); i++)
            field_add(vector, "m3ua.routing_context", "%u", m3ua_list_u32(m->routing_contexts, i));
    if ((m->present & M3UA_HAS_ERROR_CODE) != 0)
        field_add(vector, "m3ua.error_code", "%u", m->error_code);
    if ((m->present & M3UA_HAS_TRAFFIC_MODE) != 0)
        field_add(vector, "m3ua.traffic_mode_type", "%u", m->traffic_mode);
    if ((m->present & M3UA_HAS_STATUS) != 0) {
        field_add(vector, "m3ua.status_type", "%u", m->status_type);
        field_add(vector, "m3ua.status_info", "%u", m->status_information);
    }
    if ((m->present & M3UA_HAS_AFFECTED_POINT_CODE) != 0)
        for (size_t i = 0; i < m3ua_list_count(m->affected_point_codes); i++)
            field_add(vector, "m3ua.affected_point_code_pc", "%u",
                      m3ua_point_code(m3ua_list_u32(m->affected_point_codes, i)));
}

/* DATA has a way of its own in and out: both ways must read the same. */
static void read_data(struct vector *vector, struct bytes octets, struct sccp_reassembly *segments)
{
    struct m3ua_data data;
    struct m3ua_fault fault;
    const enum p7_status status =
        m3ua_data_decode(octets.data, octets.data + octets.length, &data, &fault);
    if (status != P7_OK) {
        vector_fault(vector, "m3ua_data_decode: %s", p7_status_text(status));
        return;
    }
    field_add(vector, "m3ua.protocol_data_opc", "%u", data.opc);
    field_add(vector, "m3ua.protocol_data_dpc", "%u", data.dpc);
    field_add(vector, "m3ua.protocol_data_si", "%u", data.si);
    uint8_t room[VECTORS_MESSAGE_OCTETS];
    struct bytes_writer writer = bytes_writer_of(room, room + sizeof(room));
    m3ua_data_encode(&writer, &data);
    vector_compare(vector, "m3ua data", octets, bytes_of(room, bytes_writer_length(&writer)));
    if (data.si == SERVICE_SCCP)
        read_sccp(vector, data.payload, segments);
}

void read_m3ua(struct vector *vector, struct bytes octets, struct sccp_reassembly *segments)
{
    static struct m3ua_message message;
    struct m3ua_fault fault;
    const enum p7_status status =
        m3ua_decode(octets.data, octets.data + octets.length, &message, &fault);
    if (status != P7_OK) {
        vector_fault(vector, "m3ua_decode: %s (parameter %04x)", p7_status_text(status), fault.tag);
        return;
    }
    field_add(vector, "m3ua.message_class", "%u", m3ua_kind_class(message.kind));
    field_add(vector, "m3ua.message_type", "%u", (unsigned)message.kind & 0xffu);
    add_parameters(vector, &message);
    uint8_t room[VECTORS_MESSAGE_OCTETS];
    struct bytes_writer writer = bytes_writer_of(room, room + sizeof(room));
    m3ua_encode(&writer, &message);
    vector_compare(vector, "m3ua", octets, bytes_of(room, bytes_writer_length(&writer)));
    if (message.kind == M3UA_DATA)
        read_data(vector, octets, segments);
}
