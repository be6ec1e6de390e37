/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * Whatever decodes must encode, decode again to the same, and encode to the same octets; both ways
 * to read DATA must agree; and nothing that is borrowed may lie outside of the input.
 */
#include <stdlib.h>

#include "sigtran/codec/m3ua.h"

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void must_be_inside(struct bytes b, const uint8_t *data, size_t size)
{
    if (b.length != 0)
        must(b.data >= data && b.data + b.length <= data + size);
}

static void must_borrow(const struct m3ua_message *m, const uint8_t *data, size_t size)
{
    if ((m->present & M3UA_HAS_INFO) != 0)
        must_be_inside(m->info, data, size);
    if ((m->present & M3UA_HAS_ROUTING_CONTEXT) != 0) {
        must_be_inside(m->routing_contexts, data, size);
        must(m3ua_list_count(m->routing_contexts) <= LIMIT_M3UA_ROUTING_CONTEXTS);
    }
    if ((m->present & M3UA_HAS_DIAGNOSTIC) != 0)
        must_be_inside(m->diagnostic, data, size);
    if ((m->present & M3UA_HAS_HEARTBEAT_DATA) != 0)
        must_be_inside(m->heartbeat_data, data, size);
    if ((m->present & M3UA_HAS_AFFECTED_POINT_CODE) != 0)
        must_be_inside(m->affected_point_codes, data, size);
    if ((m->present & M3UA_HAS_PROTOCOL_DATA) != 0)
        must_be_inside(m->data.payload, data, size);
    for (uint32_t i = 0; i < m->routing_key_count; i++)
        for (uint32_t g = 0; g < m->routing_key[i].group_count; g++) {
            const struct m3ua_key_group *group = &m->routing_key[i].group[g];
            if ((group->present & M3UA_HAS_SERVICE_INDICATORS) != 0)
                must_be_inside(group->service_indicators, data, size);
            if ((group->present & M3UA_HAS_OPC_LIST) != 0)
                must_be_inside(group->opc_list, data, size);
        }
}

static void must_round_trip(const struct m3ua_message *m, size_t size)
{
    static uint8_t first[2 * 65536];
    static uint8_t second[2 * 65536];
    static struct m3ua_message again;
    struct m3ua_fault fault;
    struct bytes_writer w = bytes_writer_of(first, first + sizeof(first));
    m3ua_encode(&w, m);
    must(!w.failed);
    /* what is unknown or superfluous goes, padding comes: never more than three octets */
    must(bytes_writer_length(&w) <= size + 3);
    must(m3ua_decode(first, w.at, &again, &fault) == P7_OK);
    must(again.kind == m->kind && again.present == m->present);
    must(again.routing_key_count == m->routing_key_count);
    must(again.registration_result_count == m->registration_result_count);
    must(again.deregistration_result_count == m->deregistration_result_count);
    struct bytes_writer v = bytes_writer_of(second, second + sizeof(second));
    m3ua_encode(&v, &again);
    must(!v.failed && bytes_equal(bytes_of(first, bytes_writer_length(&w)),
                                  bytes_of(second, bytes_writer_length(&v))));
}

static void must_agree(const struct m3ua_message *m, const uint8_t *data, size_t size)
{
    static uint8_t first[2 * 65536];
    static uint8_t second[2 * 65536];
    struct m3ua_data fast;
    struct m3ua_fault fault;
    must(m3ua_data_decode(data, data + size, &fast, &fault) == P7_OK);
    struct bytes_writer w = bytes_writer_of(first, first + sizeof(first));
    struct bytes_writer v = bytes_writer_of(second, second + sizeof(second));
    m3ua_data_encode(&w, &fast);
    m3ua_encode(&v, m);
    must(!w.failed && !v.failed);
    must(bytes_equal(bytes_of(first, bytes_writer_length(&w)),
                     bytes_of(second, bytes_writer_length(&v))));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct m3ua_message message;
    struct m3ua_data fast;
    struct m3ua_fault fault;
    const enum p7_status status = m3ua_decode(data, data + size, &message, &fault);
    if (status == P7_OK) {
        must_borrow(&message, data, size);
        must_round_trip(&message, size);
        if (message.kind == M3UA_DATA)
            must_agree(&message, data, size);
    } else {
        must(*m3ua_error_text(fault.error) != 'u'); /* a real code, never "unknown" */
        must_be_inside(fault.diagnostic, data, size);
        must(m3ua_data_decode(data, data + size, &fast, &fault) != P7_OK);
    }
    return 0;
}
