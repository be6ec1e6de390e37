/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* M3UA: every kind of message, with its mandatory parameters alone and with all that it may have.
 */
#include "tests/interop/captures/catalogue.h"

static const uint8_t contexts[] = {0, 0, 0, 1, 0, 0, 0, 51};
static const uint8_t point_codes[] = {0, 0, 0x10, 0x10, 3, 0, 0x20, 0x08};
static const uint8_t beat[] = {1, 2, 3, 4, 5, 6, 7};
static const uint8_t indicators[] = {3};
static const uint8_t origins[] = {0, 0, 8, 8, 0, 0, 8, 9};

static void fill(struct m3ua_message *m)
{
    m->info = bytes_of("pulse7", 6);
    m->routing_contexts = bytes_of(contexts, sizeof(contexts));
    m->diagnostic = bytes_of(beat, sizeof(beat));
    m->heartbeat_data = bytes_of(beat, sizeof(beat));
    m->traffic_mode = 2;
    m->asp_identifier = 7;
    m->affected_point_codes = bytes_of(point_codes, sizeof(point_codes));
    m->network_appearance = 9;
    m->unavailability_cause = 1;
    m->mtp3_user = 3;
    m->congestion_level = 2;
    m->concerned_point_code = 0x1010;
}

static void put(struct catalogue *catalogue, struct m3ua_message *m, const char *name,
                struct catalogue_row row)
{
    struct bytes_writer w =
        bytes_writer_of(catalogue->message, catalogue->message + sizeof(catalogue->message));
    row.name = name;
    m3ua_encode(&w, m);
    if (w.failed)
        catalogue_fail(name, "it does not fit a message");
    catalogue_put(catalogue, &row, bytes_of(w.start, bytes_writer_length(&w)));
}

/* Twice: with what it must have, with all that it may have as well. */
static void put_both(struct catalogue *catalogue, enum m3ua_kind kind, uint32_t mandatory,
                     uint32_t optional)
{
    struct m3ua_message m;
    m3ua_message_of(&m, kind);
    fill(&m);
    m.present = mandatory;
    put(catalogue, &m, m3ua_kind_name(kind), catalogue_row_of(NULL, kind));
    m.present = mandatory | optional;
    put(catalogue, &m, m3ua_kind_name(kind), catalogue_row_of(NULL, kind));
}

/* RFC4666-3.8.1 */
static void errors_add(struct catalogue *catalogue)
{
    static const uint32_t codes[] = {0x01, 0x03, 0x04, 0x05, 0x06, 0x07, 0x09, 0x0d, 0x0e,
                                     0x0f, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x19, 0x1a};
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        struct m3ua_message m;
        struct catalogue_row row = catalogue_row_of(NULL, M3UA_ERR);
        m3ua_message_of(&m, M3UA_ERR);
        fill(&m);
        m.present = M3UA_HAS_ERROR_CODE | M3UA_HAS_DIAGNOSTIC;
        m.error_code = codes[i];
        if (codes[i] == M3UA_ERROR_INVALID_ROUTING_CONTEXT ||
            codes[i] == M3UA_ERROR_NO_CONFIGURED_AS)
            m.present |= M3UA_HAS_ROUTING_CONTEXT;
        if (codes[i] == M3UA_ERROR_DESTINATION_STATUS_UNKNOWN)
            m.present |= M3UA_HAS_ROUTING_CONTEXT | M3UA_HAS_NETWORK_APPEARANCE |
                         M3UA_HAS_AFFECTED_POINT_CODE;
        if (codes[i] == M3UA_ERROR_INVALID_NETWORK_APPEARANCE)
            m.present |= M3UA_HAS_NETWORK_APPEARANCE;
        row.error_code = (int)codes[i];
        put(catalogue, &m, m3ua_error_text(codes[i]), row);
    }
}

/* RFC4666-3.8.2 */
static void notifies_add(struct catalogue *catalogue)
{
    static const uint16_t statuses[][2] = {{1, 2}, {1, 3}, {1, 4}, {2, 1}, {2, 2}, {2, 3}};
    for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
        struct m3ua_message m;
        struct catalogue_row row = catalogue_row_of(NULL, M3UA_NTFY);
        m3ua_message_of(&m, M3UA_NTFY);
        fill(&m);
        m.present = M3UA_HAS_STATUS | M3UA_HAS_ASP_IDENTIFIER | M3UA_HAS_ROUTING_CONTEXT;
        m.status_type = statuses[i][0];
        m.status_information = statuses[i][1];
        row.status_type = statuses[i][0];
        row.status_information = statuses[i][1];
        put(catalogue, &m, m3ua_status_text(statuses[i][0], statuses[i][1]), row);
    }
}

/* RFC4666-3.6 */
static void registration_add(struct catalogue *catalogue)
{
    struct m3ua_message m;
    m3ua_message_of(&m, M3UA_REG_REQ);
    m.present = M3UA_HAS_ROUTING_KEY;
    m.routing_key_count = 2;
    m.routing_key[0] = (struct m3ua_routing_key){
        .local_id = 1, .group_count = 1, .group = {{.destination_point_code = 0x1010}}};
    m.routing_key[1] = (struct m3ua_routing_key){
        .present = M3UA_HAS_ROUTING_CONTEXT | M3UA_HAS_TRAFFIC_MODE | M3UA_HAS_NETWORK_APPEARANCE,
        .local_id = 2,
        .routing_context = 51,
        .traffic_mode = 1,
        .network_appearance = 9,
        .group_count = 1,
        .group = {{.present = M3UA_HAS_SERVICE_INDICATORS | M3UA_HAS_OPC_LIST,
                   .destination_point_code = 0x1011,
                   .service_indicators = bytes_of(indicators, sizeof(indicators)),
                   .opc_list = bytes_of(origins, sizeof(origins))}}};
    put(catalogue, &m, "REG REQ", catalogue_row_of(NULL, M3UA_REG_REQ));
    for (uint32_t status = 0; status <= 12; status++) {
        m3ua_message_of(&m, M3UA_REG_RSP);
        m.present = M3UA_HAS_REGISTRATION_RESULT;
        m.registration_result_count = 1;
        m.registration_result[0] = (struct m3ua_registration_result){
            .local_id = 1, .status = status, .routing_context = status == 0 ? 51 : 0};
        put(catalogue, &m, "REG RSP", catalogue_row_of(NULL, M3UA_REG_RSP));
    }
    m3ua_message_of(&m, M3UA_DEREG_REQ);
    m.present = M3UA_HAS_ROUTING_CONTEXT;
    m.routing_contexts = bytes_of(contexts, sizeof(contexts));
    put(catalogue, &m, "DEREG REQ", catalogue_row_of(NULL, M3UA_DEREG_REQ));
    for (uint32_t status = 0; status <= 5; status++) {
        m3ua_message_of(&m, M3UA_DEREG_RSP);
        m.present = M3UA_HAS_DEREGISTRATION_RESULT;
        m.deregistration_result_count = 1;
        m.deregistration_result[0] =
            (struct m3ua_deregistration_result){.routing_context = 51, .status = status};
        put(catalogue, &m, "DEREG RSP", catalogue_row_of(NULL, M3UA_DEREG_RSP));
    }
}

void catalogue_m3ua_add(struct catalogue *catalogue)
{
    const uint32_t where = M3UA_HAS_NETWORK_APPEARANCE | M3UA_HAS_ROUTING_CONTEXT;
    const uint32_t what = M3UA_HAS_AFFECTED_POINT_CODE;
    put_both(catalogue, M3UA_ASPUP, 0, M3UA_HAS_ASP_IDENTIFIER | M3UA_HAS_INFO);
    put_both(catalogue, M3UA_ASPUP_ACK, 0, M3UA_HAS_ASP_IDENTIFIER | M3UA_HAS_INFO);
    put_both(catalogue, M3UA_ASPDN, 0, M3UA_HAS_INFO);
    put_both(catalogue, M3UA_ASPDN_ACK, 0, M3UA_HAS_INFO);
    put_both(catalogue, M3UA_BEAT, 0, M3UA_HAS_HEARTBEAT_DATA);
    put_both(catalogue, M3UA_BEAT_ACK, 0, M3UA_HAS_HEARTBEAT_DATA);
    put_both(catalogue, M3UA_ASPAC, 0,
             M3UA_HAS_TRAFFIC_MODE | M3UA_HAS_ROUTING_CONTEXT | M3UA_HAS_INFO);
    put_both(catalogue, M3UA_ASPAC_ACK, 0,
             M3UA_HAS_TRAFFIC_MODE | M3UA_HAS_ROUTING_CONTEXT | M3UA_HAS_INFO);
    put_both(catalogue, M3UA_ASPIA, 0, M3UA_HAS_ROUTING_CONTEXT | M3UA_HAS_INFO);
    put_both(catalogue, M3UA_ASPIA_ACK, 0, M3UA_HAS_ROUTING_CONTEXT | M3UA_HAS_INFO);
    put_both(catalogue, M3UA_DUNA, what, where | M3UA_HAS_INFO);
    put_both(catalogue, M3UA_DAVA, what, where | M3UA_HAS_INFO);
    put_both(catalogue, M3UA_DAUD, what, where | M3UA_HAS_INFO);
    put_both(catalogue, M3UA_DRST, what, where | M3UA_HAS_INFO);
    put_both(catalogue, M3UA_DUPU, what | M3UA_HAS_USER_CAUSE, where | M3UA_HAS_INFO);
    put_both(catalogue, M3UA_SCON, what,
             where | M3UA_HAS_CONCERNED_DESTINATION | M3UA_HAS_CONGESTION_INDICATIONS |
                 M3UA_HAS_INFO);
    errors_add(catalogue);
    notifies_add(catalogue);
    registration_add(catalogue);
}
