/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * M3UA (RFC4666-3.3.1, 3.5.1, 3.5.2, 3.5.3, 3.5.4, 3.5.5, 3.5.6, 3.7.1, 3.7.2, 3.7.3, 3.7.4, 3.8.1,
 * 3.8.2): the library's whole stack as an ASP, over an association of this program's. What it
 * encodes is read here; what we encode it takes in, and its users and its Layer Management say what
 * it read.
 *
 * Its structures hold neither message priority nor network appearance nor Correlation Id of DATA
 * (RFC4666-3.3.1): these are sent with any value, and are not compared. Nor is the network
 * indicator of DATA that it receives: it tells its user the service indicator alone (Q.701-8's SIO
 * has both).
 */
#include <osmocom/core/fsm.h>
#include <osmocom/core/msgb.h>
#include <osmocom/core/prim.h>
#include <osmocom/core/talloc.h>
#include <osmocom/sigtran/mtp_sap.h>
#include <osmocom/sigtran/osmo_ss7.h>
#include <osmocom/sigtran/sigtran_sap.h>
#include <stdio.h>
#include <string.h>

#include "sigtran/codec/m3ua.h"
#include "tests/interop/oracle/oracle.h"
#include "tests/interop/oracle/stream.h"

#define ASP_NAME        "asp"
#define AS_NAME         "as"
#define USERS           16 /* service indicators */
#define ROUTING_CONTEXT 0x11223344u
#define PAYLOAD_MAX     272
#define PORT            2905 /* of nothing: see stream.h */
#define INFO            "information"

/* What the library said last. */
struct heard {
    bool transfer;
    struct osmo_mtp_transfer_param label;
    uint8_t payload[PAYLOAD_MAX];
    size_t payload_length;
    bool told; /* an indication or confirmation for Layer Management: */
    unsigned primitive;
    struct osmo_xlm_prim prim;
    char info[64];
};

struct rig {
    struct oracle *oracle;
    struct osmo_ss7_instance *instance;
    struct osmo_ss7_as *as;
    struct osmo_ss7_asp *asp;
    struct osmo_ss7_user users[USERS];
    struct heard heard;
    uint8_t sent[ORACLE_MESSAGE_OCTETS];
    struct m3ua_message read; /* of `sent` */
    struct m3ua_message message;
};

/* --- the library's two upper edges ------------------------------------------------------------ */

static int on_transfer(struct osmo_prim_hdr *oph, void *context)
{
    struct rig *rig = context;
    const struct osmo_mtp_prim *prim = (const struct osmo_mtp_prim *)(const void *)oph;
    if (oph->primitive == OSMO_MTP_PRIM_TRANSFER) {
        const size_t length = msgb_l2len(oph->msg);
        rig->heard.transfer = true;
        rig->heard.label = prim->u.transfer;
        rig->heard.payload_length = length < PAYLOAD_MAX ? length : PAYLOAD_MAX;
        memcpy(rig->heard.payload, msgb_l2(oph->msg), rig->heard.payload_length);
    }
    msgb_free(oph->msg);
    return 0;
}

static int on_layer_management(struct osmo_prim_hdr *oph, void *context)
{
    const struct osmo_ss7_asp *asp = context;
    struct rig *rig = asp->lm_priv;
    const struct osmo_xlm_prim *prim = (const struct osmo_xlm_prim *)(const void *)oph;
    rig->heard.told = true;
    rig->heard.primitive = oph->primitive;
    rig->heard.prim = *prim;
    if (oph->primitive == OSMO_XLM_PRIM_M_NOTIFY && prim->u.notify.info_string != NULL)
        (void)snprintf(rig->heard.info, sizeof(rig->heard.info), "%s", prim->u.notify.info_string);
    return 0; /* it frees the primitive itself */
}

/* Layer Management's request, by the name that the library's ASP machine gives to the event: its
 * Layer Management is inside of it, and nothing else is exported for these. */
static void request(struct rig *rig, const char *name)
{
    const int event = get_string_value(rig->asp->fi->fsm->event_names, name);
    if (event < 0 || osmo_fsm_inst_dispatch(rig->asp->fi, (uint32_t)event, NULL) != 0)
        oracle_fault(rig->oracle, "its ASP machine takes no %s", name);
}

/* --- both ways ------------------------------------------------------------------------------- */

/* Reads what the library sent; anything but `kind` is a mismatch. */
static bool its_message(struct rig *rig, enum m3ua_kind kind)
{
    struct m3ua_fault fault;
    const size_t length = stream_output(rig->asp->client, rig->sent, sizeof(rig->sent));
    rig->oracle->its_read_by_us++;
    if (length == 0) {
        oracle_fault(rig->oracle, "it sent no %s", m3ua_kind_name(kind));
        return false;
    }
    const enum p7_status status = m3ua_decode(rig->sent, rig->sent + length, &rig->read, &fault);
    if (status != P7_OK || rig->read.kind != kind) {
        oracle_fault(rig->oracle, "its %s: %s", m3ua_kind_name(kind),
                     status != P7_OK ? p7_status_text(status) : m3ua_kind_name(rig->read.kind));
        return false;
    }
    return true;
}

static struct m3ua_message *start(struct rig *rig, enum m3ua_kind kind)
{
    m3ua_message_of(&rig->message, kind);
    return &rig->message;
}

static void give(struct rig *rig, struct bytes octets)
{
    memset(&rig->heard, 0, sizeof(rig->heard));
    stream_input(rig->asp->client, octets);
    rig->oracle->ours_read_by_it++;
}

static void give_message(struct rig *rig)
{
    uint8_t room[ORACLE_MESSAGE_OCTETS];
    struct bytes_writer writer = bytes_writer_of(room, room + sizeof(room));
    m3ua_encode(&writer, &rig->message);
    give(rig, bytes_of(room, bytes_writer_length(&writer)));
}

static bool has_its_routing_context(const struct m3ua_message *message)
{
    return (message->present & M3UA_HAS_ROUTING_CONTEXT) != 0 &&
           m3ua_list_count(message->routing_contexts) == 1 &&
           m3ua_list_u32(message->routing_contexts, 0) == ROUTING_CONTEXT;
}

static void set_routing_context(struct rig *rig, uint8_t octets[4])
{
    bytes_store_u32be(octets, ROUTING_CONTEXT);
    rig->message.present |= M3UA_HAS_ROUTING_CONTEXT;
    rig->message.routing_contexts = bytes_of(octets, 4);
}

/* RFC4666-4.3.4.1, 4.3.4.3: it asks, we acknowledge. */
static void come_up(struct rig *rig)
{
    uint8_t context[4];
    (void)osmo_ss7_asp_restart(rig->asp);
    stream_connected(rig->asp->client);
    request(rig, "M-ASP_UP.req");
    (void)its_message(rig, M3UA_ASPUP);
    start(rig, M3UA_ASPUP_ACK);
    give_message(rig);
    start(rig, M3UA_NTFY)->present = M3UA_HAS_STATUS;
    rig->message.status_type = M3UA_STATUS_AS_STATE_CHANGE;
    rig->message.status_information = M3UA_AS_INACTIVE;
    give_message(rig);
    request(rig, "M-ASP_ACTIVE.req");
    if (its_message(rig, M3UA_ASPAC) && !has_its_routing_context(&rig->read))
        oracle_fault(rig->oracle, "ASPAC: another routing context");
    start(rig, M3UA_ASPAC_ACK);
    set_routing_context(rig, context);
    give_message(rig);
    start(rig, M3UA_NTFY)->present = M3UA_HAS_STATUS;
    rig->message.status_type = M3UA_STATUS_AS_STATE_CHANGE;
    rig->message.status_information = M3UA_AS_ACTIVE;
    set_routing_context(rig, context);
    give_message(rig);
    if (!osmo_ss7_asp_active(rig->asp))
        oracle_fault(rig->oracle, "it is not active after ASPAC ACK");
}

static void draw_data(struct rig *rig, struct m3ua_data *data, uint8_t *payload)
{
    struct oracle *o = rig->oracle;
    memset(data, 0, sizeof(*data));
    const size_t length = 1 + oracle_below(o, PAYLOAD_MAX);
    oracle_octets(o, payload, length);
    data->has_routing_context = true;
    data->routing_context = ROUTING_CONTEXT;
    data->has_network_appearance = oracle_coin(o);
    data->network_appearance = oracle_below(o, UINT32_MAX);
    data->has_correlation_id = oracle_coin(o);
    data->correlation_id = oracle_below(o, UINT32_MAX);
    data->opc = oracle_below(o, 1u << 24);
    data->dpc = oracle_below(o, 1u << 24);
    data->si = (uint8_t)oracle_below(o, USERS);
    data->ni = (uint8_t)oracle_below(o, 4);
    data->mp = (uint8_t)oracle_below(o, 4);
    data->sls = (uint8_t)oracle_below(o, 256);
    data->payload = bytes_of(payload, length);
}

static void compare_label(struct rig *rig, const struct m3ua_data *ours,
                          const struct osmo_mtp_transfer_param *its)
{
    ORACLE_EQUAL(rig->oracle, "OPC", ours->opc, its->opc);
    ORACLE_EQUAL(rig->oracle, "DPC", ours->dpc, its->dpc);
    ORACLE_EQUAL(rig->oracle, "SLS", ours->sls, its->sls);
    ORACLE_EQUAL(rig->oracle, "SI", ours->si, its->sio & 0x0fu);
}

static void our_data(struct rig *rig)
{
    struct m3ua_data data;
    uint8_t payload[PAYLOAD_MAX + 1];
    uint8_t room[ORACLE_MESSAGE_OCTETS];
    draw_data(rig, &data, payload);
    rig->instance->cfg.primary_pc = data.dpc; /* what is for others it would route on */
    struct bytes_writer writer = bytes_writer_of(room, room + sizeof(room));
    m3ua_data_encode(&writer, &data);
    give(rig, bytes_of(room, bytes_writer_length(&writer)));
    if (!rig->heard.transfer) {
        oracle_fault(rig->oracle, "it gives no DATA to its user %u", data.si);
        return;
    }
    compare_label(rig, &data, &rig->heard.label);
    if (!bytes_equal(data.payload, bytes_of(rig->heard.payload, rig->heard.payload_length)))
        oracle_fault(rig->oracle, "DATA: another payload there");
}

static void its_data(struct rig *rig)
{
    struct m3ua_data drawn;
    uint8_t payload[PAYLOAD_MAX + 1];
    draw_data(rig, &drawn, payload);
    rig->instance->cfg.primary_pc = drawn.dpc ^ 1u; /* else it would keep it */
    struct msgb *msg = msgb_alloc_headroom(1024, 256, "data");
    msg->l2h = msgb_put(msg, (unsigned)drawn.payload.length);
    memcpy(msg->l2h, payload, drawn.payload.length);
    msg->l1h = msgb_push(msg, sizeof(struct osmo_mtp_prim));
    struct osmo_mtp_prim *prim = msgb_mtp_prim(msg);
    memset(prim, 0, sizeof(*prim));
    osmo_prim_init(&prim->oph, MTP_SAP_USER, OSMO_MTP_PRIM_TRANSFER, PRIM_OP_REQUEST, msg);
    prim->u.transfer.opc = drawn.opc;
    prim->u.transfer.dpc = drawn.dpc;
    prim->u.transfer.sls = drawn.sls;
    prim->u.transfer.sio = MTP_SIO(drawn.si, drawn.ni);
    const struct osmo_mtp_transfer_param label = prim->u.transfer;
    (void)osmo_ss7_user_mtp_xfer_req(rig->instance, prim);
    if (!its_message(rig, M3UA_DATA))
        return;
    compare_label(rig, &rig->read.data, &label);
    ORACLE_EQUAL(rig->oracle, "NI", rig->read.data.ni, label.sio >> 6);
    if (!has_its_routing_context(&rig->read))
        oracle_fault(rig->oracle, "DATA: another routing context");
    if (!bytes_equal(drawn.payload, rig->read.data.payload))
        oracle_fault(rig->oracle, "DATA: another payload here");
}

/* RFC4666-3.5.5, 3.5.6: it gives back what we sent. */
static void our_beat(struct rig *rig)
{
    uint8_t data[PAYLOAD_MAX];
    const size_t length = 1 + oracle_below(rig->oracle, sizeof(data) - 1);
    oracle_octets(rig->oracle, data, length);
    start(rig, M3UA_BEAT)->present = M3UA_HAS_HEARTBEAT_DATA;
    rig->message.heartbeat_data = bytes_of(data, length);
    give_message(rig);
    if (its_message(rig, M3UA_BEAT_ACK) &&
        !bytes_equal(rig->read.heartbeat_data, bytes_of(data, length)))
        oracle_fault(rig->oracle, "BEAT ACK: other data");
}

/* RFC4666-3.8.2, as its Layer Management is told. */
static void our_notify(struct rig *rig)
{
    uint8_t context[4];
    struct oracle *o = rig->oracle;
    struct m3ua_message *m = start(rig, M3UA_NTFY);
    m->present = M3UA_HAS_STATUS;
    m->status_type = M3UA_STATUS_OTHER;
    m->status_information = (uint16_t)(1 + oracle_below(o, 3));
    m->asp_identifier = oracle_below(o, UINT32_MAX);
    /* It takes an INFO String for one that ends with NUL, which RFC4666-3.4.1 does not ask for, and
     * would read on behind it: so the NUL is sent too. */
    m->info = bytes_of(INFO, sizeof(INFO));
    if (oracle_coin(o))
        m->present |= M3UA_HAS_ASP_IDENTIFIER;
    if (oracle_coin(o))
        m->present |= M3UA_HAS_INFO;
    if (oracle_coin(o))
        set_routing_context(rig, context);
    give_message(rig);
    const struct osmo_xlm_prim_notify *its = &rig->heard.prim.u.notify;
    if (!rig->heard.told || rig->heard.primitive != OSMO_XLM_PRIM_M_NOTIFY) {
        oracle_fault(o, "NTFY: its Layer Management is not told");
        return;
    }
    ORACLE_EQUAL(o, "NTFY, status type", m->status_type, its->status_type);
    ORACLE_EQUAL(o, "NTFY, status information", m->status_information, its->status_info);
    ORACLE_EQUAL(o, "NTFY, ASP identifier is there", (m->present & M3UA_HAS_ASP_IDENTIFIER) != 0,
                 (its->presence & NOTIFY_PAR_P_ASP_ID) != 0);
    ORACLE_EQUAL(o, "NTFY, routing context is there", (m->present & M3UA_HAS_ROUTING_CONTEXT) != 0,
                 (its->presence & NOTIFY_PAR_P_ROUTE_CTX) != 0);
    if (strcmp(rig->heard.info, (m->present & M3UA_HAS_INFO) != 0 ? INFO : "") != 0)
        oracle_fault(o, "NTFY, INFO String: %s there", rig->heard.info);
    if ((m->present & M3UA_HAS_ASP_IDENTIFIER) != 0)
        ORACLE_EQUAL(o, "NTFY, ASP identifier", m->asp_identifier, its->asp_id);
    if ((m->present & M3UA_HAS_ROUTING_CONTEXT) != 0)
        ORACLE_EQUAL(o, "NTFY, routing context", ROUTING_CONTEXT, its->route_ctx);
}

/* RFC4666-3.8.1: ours as its Layer Management is told; its own for a class that there is not. */
static void errors(struct rig *rig)
{
    static const uint8_t no_class[] = {1, 0, 7, 1, 0, 0, 0, 8};
    start(rig, M3UA_ERR)->present = M3UA_HAS_ERROR_CODE;
    rig->message.error_code = M3UA_ERROR_PROTOCOL_ERROR;
    give_message(rig);
    if (!rig->heard.told || rig->heard.primitive != OSMO_XLM_PRIM_M_ERROR)
        oracle_fault(rig->oracle, "ERR: its Layer Management is not told");
    else
        ORACLE_EQUAL(rig->oracle, "ERR, code", rig->message.error_code,
                     rig->heard.prim.u.error.code);
    give(rig, bytes_of(no_class, sizeof(no_class)));
    if (its_message(rig, M3UA_ERR))
        ORACLE_EQUAL(rig->oracle, "ERR, code", M3UA_ERROR_UNSUPPORTED_MESSAGE_CLASS,
                     rig->read.error_code);
}

static struct osmo_xlm_prim *rkm_request(struct msgb **msg, unsigned primitive)
{
    *msg = msgb_alloc_headroom(256, 128, "rkm");
    (*msg)->l1h = msgb_put(*msg, sizeof(struct osmo_xlm_prim));
    struct osmo_xlm_prim *prim = msgb_xlm_prim(*msg);
    memset(prim, 0, sizeof(*prim));
    osmo_prim_init(&prim->oph, XUA_SAP_LM, primitive, PRIM_OP_REQUEST, *msg);
    return prim;
}

static bool is_confirmed(struct rig *rig, unsigned primitive, const char *name)
{
    if (rig->heard.told && rig->heard.primitive == primitive)
        return true;
    oracle_fault(rig->oracle, "%s: its Layer Management is not told", name);
    return false;
}

/* RFC4666-3.6.1, 3.6.2: its Routing Key read here, our result read there. */
static void registration(struct rig *rig)
{
    struct oracle *o = rig->oracle;
    struct msgb *msg;
    struct osmo_xlm_prim *prim = rkm_request(&msg, OSMO_XLM_PRIM_M_RK_REG);
    const uint32_t local_id = 1 + oracle_below(o, UINT32_MAX - 1);
    const uint32_t pc = 1 + oracle_below(o, (1u << 24) - 1);
    prim->u.rk_reg.key.l_rk_id = local_id;
    prim->u.rk_reg.key.pc = pc;
    prim->u.rk_reg.traf_mode = OSMO_SS7_AS_TMOD_LOADSHARE;
    (void)osmo_xlm_sap_down(rig->asp, &prim->oph);
    if (!its_message(rig, M3UA_REG_REQ))
        return;
    const struct m3ua_routing_key *key = &rig->read.routing_key[0];
    ORACLE_EQUAL(o, "REG REQ, keys", rig->read.routing_key_count, 1);
    ORACLE_EQUAL(o, "REG REQ, local id", key->local_id, local_id);
    ORACLE_EQUAL(o, "REG REQ, groups", key->group_count, 1);
    ORACLE_EQUAL(o, "REG REQ, point code", m3ua_point_code(key->group[0].destination_point_code),
                 pc);
    struct m3ua_message *m = start(rig, M3UA_REG_RSP);
    m->present = M3UA_HAS_REGISTRATION_RESULT;
    m->registration_result_count = 1;
    m->registration_result[0] = (struct m3ua_registration_result){
        .local_id = local_id, .status = 1 + oracle_below(o, 10), .routing_context = 0};
    give_message(rig);
    if (!is_confirmed(rig, OSMO_XLM_PRIM_M_RK_REG, "REG RSP"))
        return;
    ORACLE_EQUAL(o, "REG RSP, local id", local_id, rig->heard.prim.u.rk_reg.key.l_rk_id);
    ORACLE_EQUAL(o, "REG RSP, status", m->registration_result[0].status,
                 rig->heard.prim.u.rk_reg.status);
}

/* RFC4666-3.6.3, 3.6.4 */
static void deregistration(struct rig *rig)
{
    struct oracle *o = rig->oracle;
    struct msgb *msg;
    struct osmo_xlm_prim *prim = rkm_request(&msg, OSMO_XLM_PRIM_M_RK_DEREG);
    const uint32_t context = 1 + oracle_below(o, UINT32_MAX - 1);
    prim->u.rk_dereg.route_ctx = context;
    (void)osmo_xlm_sap_down(rig->asp, &prim->oph);
    if (!its_message(rig, M3UA_DEREG_REQ))
        return;
    ORACLE_EQUAL(o, "DEREG REQ, routing contexts", m3ua_list_count(rig->read.routing_contexts), 1);
    ORACLE_EQUAL(o, "DEREG REQ, routing context", m3ua_list_u32(rig->read.routing_contexts, 0),
                 context);
    struct m3ua_message *m = start(rig, M3UA_DEREG_RSP);
    m->present = M3UA_HAS_DEREGISTRATION_RESULT;
    m->deregistration_result_count = 1;
    m->deregistration_result[0] = (struct m3ua_deregistration_result){
        .routing_context = context, .status = 1 + oracle_below(o, 5)};
    give_message(rig);
    if (!is_confirmed(rig, OSMO_XLM_PRIM_M_RK_DEREG, "DEREG RSP"))
        return;
    ORACLE_EQUAL(o, "DEREG RSP, routing context", context, rig->heard.prim.u.rk_dereg.route_ctx);
    ORACLE_EQUAL(o, "DEREG RSP, status", m->deregistration_result[0].status,
                 rig->heard.prim.u.rk_dereg.status);
}

/* RFC4666-4.3.4.4, 4.3.4.2: and down again. */
static void go_down(struct rig *rig)
{
    uint8_t context[4];
    request(rig, "M-ASP_INACTIVE.req");
    (void)its_message(rig, M3UA_ASPIA);
    start(rig, M3UA_ASPIA_ACK);
    set_routing_context(rig, context);
    give_message(rig);
    if (osmo_ss7_asp_active(rig->asp))
        oracle_fault(rig->oracle, "it is active after ASPIA ACK");
    request(rig, "M-ASP_DOWN.req");
    (void)its_message(rig, M3UA_ASPDN);
    start(rig, M3UA_ASPDN_ACK);
    give_message(rig);
}

static bool set_up(struct rig *rig, void *context)
{
    static const struct osmo_xua_layer_manager manager = {.prim_cb = on_layer_management};
    static const char *const host[] = {"127.0.0.1"};
    if (osmo_ss7_init() != 0)
        return false;
    rig->instance = osmo_ss7_instance_find_or_create(context, 1);
    rig->asp = osmo_ss7_asp_find_or_create(rig->instance, ASP_NAME, PORT, PORT + 1,
                                           OSMO_SS7_ASP_PROT_M3UA);
    rig->as = osmo_ss7_as_find_or_create(rig->instance, AS_NAME, OSMO_SS7_ASP_PROT_M3UA);
    if (rig->instance == NULL || rig->asp == NULL || rig->as == NULL)
        return false;
    rig->as->cfg.routing_key.context = ROUTING_CONTEXT;
    rig->asp->cfg.is_server = false;
    rig->asp->cfg.role = OSMO_SS7_ASP_ROLE_ASP;
    rig->asp->lm = &manager;
    rig->asp->lm_priv = rig;
    (void)osmo_ss7_asp_peer_set_hosts(&rig->asp->cfg.local, rig->asp, host, 1);
    (void)osmo_ss7_asp_peer_set_hosts(&rig->asp->cfg.remote, rig->asp, host, 1);
    for (unsigned i = 0; i < USERS; i++) {
        rig->users[i] =
            (struct osmo_ss7_user){.name = "oracle", .prim_cb = on_transfer, .priv = rig};
        (void)osmo_ss7_user_register(rig->instance, (uint8_t)i, &rig->users[i]);
    }
    return osmo_ss7_as_add_asp(rig->as, ASP_NAME) == 0 &&
           osmo_ss7_route_create(rig->instance->rtable_system, 0, 0, AS_NAME) != NULL;
}

void oracle_m3ua(struct oracle *oracle, void *context)
{
    struct rig *rig = talloc_zero(context, struct rig);
    rig->oracle = oracle;
    if (!set_up(rig, context)) {
        oracle_fault(oracle, "the library's M3UA does not start");
        return;
    }
    come_up(rig);
    for (int i = 0; i < ORACLE_ROUNDS; i++) {
        our_data(rig);
        its_data(rig);
    }
    for (int i = 0; i < ORACLE_ROUNDS / 4; i++) {
        our_beat(rig);
        our_notify(rig);
    }
    for (int i = 0; i < ORACLE_ROUNDS / 40; i++) {
        registration(rig);
        deregistration(rig);
    }
    errors(rig);
    go_down(rig);
    /* DATA, ASPUP, ASPAC, ASPIA, ASPDN and their ACKs, BEAT, BEAT ACK, NTFY, ERR, and RKM's four */
    oracle->kinds += 17;
}
