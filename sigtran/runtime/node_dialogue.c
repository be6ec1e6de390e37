/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include <string.h>

#include "sigtran/runtime/node_internal.h"

static bool is_reached(struct m3ua_destination destination)
{
    return m3ua_destination_is_open(&destination, NODE_SERVICE_SCCP);
}

bool node_reaches(const struct node *node, uint32_t as, uint32_t dpc)
{
    return m3ua_endpoint_as_usable(node->m3ua, as) &&
           is_reached(m3ua_endpoint_destination(node->m3ua, as, dpc));
}

/* --- towards the network ---------------------------------------------------------------------- */

enum p7_status node_transfer(struct node *node, int64_t now_ns, const struct node_route *route,
                             struct bytes payload)
{
    const struct m3ua_transfer where = {
        .as = route->as,
        .opc = node->config.point_code,
        .dpc = route->dpc,
        .si = NODE_SERVICE_SCCP,
        .ni = node->config.network_indicator,
        .sls = route->sls,
    };
    /* An answer takes the way its request came, while that is open: with loadshare the AS would
     * pick any ASP, and a simulator knows only its own dialogues. */
    if (route->asp != M3UA_ENDPOINT_NONE &&
        m3ua_endpoint_carries(node->m3ua, route->asp, route->as) &&
        is_reached(m3ua_endpoint_asp_destination(node->m3ua, route->asp, route->as, route->dpc)))
        return m3ua_endpoint_transfer_to_asp(node->m3ua, &where, route->asp, payload, now_ns);
    return m3ua_endpoint_transfer(node->m3ua, &where, payload, now_ns);
}

/* By a way that node_find_way has found. */
static enum p7_status send_unitdata(struct node *node, int64_t now_ns, const struct node_route *way,
                                    struct bytes user_data)
{
    const struct sccp_unitdata unitdata = {
        /* CAP asks for class 1, so that the messages of a dialogue stay in sequence, and for the
         * return option, so that what can't be delivered is heard of (TS29.078-14.1.3). */
        .protocol_class = node->config.sccp_basic_class ? 0 : 1,
        .return_on_error = !node->config.no_return_option,
        .called = sccp_party_bytes(&way->called),
        .calling = sccp_party_bytes(&way->calling),
        .data = user_data,
    };
    struct sccp_segments segments;
    enum p7_status status = sccp_segmenter_start(&node->segmenter, &unitdata, &segments);
    bool is_encoded = status == P7_OK;
    /* One SLS, so one association and one stream: segments stay in sequence (Q.714-4.1.1.1.2). One
     * that finds no room ends the message; the peer gives up the others after its T(reass). */
    while (status == P7_OK && sccp_segments_left(&segments)) {
        struct bytes_writer w =
            bytes_writer_of(node->sccp_octets, node->sccp_octets + sizeof(node->sccp_octets));
        status = sccp_segments_write(&segments, &w);
        is_encoded = status == P7_OK;
        if (is_encoded)
            status = node_transfer(node, now_ns, way, bytes_of(w.start, bytes_writer_length(&w)));
    }
    if (!is_encoded)
        node->counters.encode_failures++;
    return status;
}

static void send_reply(struct node *node, int64_t now_ns, const struct node_route *route,
                       struct bytes reply)
{
    struct node_route way;
    if (reply.length == 0)
        return;
    enum p7_status status = node_find_way(node, route, &way);
    if (status == P7_OK)
        status = send_unitdata(node, now_ns, &way, reply);
    else
        node->counters.encode_failures += status != P7_STATE;
    if (status != P7_OK)
        node->counters.replies_unsent++;
}

enum p7_status node_route_to_as(const struct node *node, const char *as_name,
                                struct node_route *route)
{
    for (uint32_t as = 0; as < node->config.as_count; as++) {
        if (strcmp(node->as[as].name, as_name) != 0)
            continue;
        memset(route, 0, sizeof(*route));
        route->as = as;
        route->asp = M3UA_ENDPOINT_NONE;
        route->dpc = node->as[as].m3ua.point_code;
        return P7_OK;
    }
    return P7_NOT_FOUND;
}

static bool find_open_way(const struct node *node, const struct node_route *route,
                          struct node_route *way)
{
    return node_find_way(node, route, way) == P7_OK && node_reaches(node, way->as, way->dpc);
}

bool node_route_is_open(const struct node *node, const struct node_route *route)
{
    struct node_route way;
    return find_open_way(node, route, &way);
}

bool node_route_is_two_way(const struct node *node, const struct node_route *route)
{
    const struct m3ua_as_config *as = &node->as[route->as].m3ua;
    if (!node_route_is_open(node, route))
        return false;
    for (uint32_t i = 0; i < as->asp_count; i++) {
        const uint32_t asp = as->asp[i];
        /* Not while ASPAC is under way: it may be refused. */
        if (!node->asp[asp].m3ua.double_exchange ||
            (m3ua_endpoint_asp_state(node->m3ua, asp) == ASP_STATE_ACTIVE &&
             m3ua_endpoint_takes(node->m3ua, asp, route->as, node->now_ns)))
            return true;
    }
    return false;
}

enum p7_status node_dialogue_open(struct node *node, int64_t now_ns, const struct node_route *route,
                                  uint32_t *dialogue)
{
    return tcap_dialogue_open(node->dialogues, now_ns, route, dialogue);
}

enum p7_status node_send(struct node *node, int64_t now_ns, uint32_t dialogue,
                         enum tcap_send_primitive primitive, const struct tcap_request *request)
{
    return node_send_by(node, now_ns, dialogue, tcap_dialogue_route(node->dialogues, dialogue),
                        primitive, request);
}

enum p7_status node_send_by(struct node *node, int64_t now_ns, uint32_t dialogue,
                            const struct node_route *route, enum tcap_send_primitive primitive,
                            const struct tcap_request *request)
{
    struct node_route way;
    if (!find_open_way(node, route, &way))
        return P7_STATE;
    struct bytes_writer w =
        bytes_writer_of(node->tcap_octets, node->tcap_octets + sizeof(node->tcap_octets));
    const enum p7_status status =
        tcap_dialogue_send(node->dialogues, now_ns, dialogue, primitive, request, &w);
    if (status != P7_OK) {
        if (status != P7_STATE)
            node->counters.encode_failures++;
        return status;
    }
    const enum p7_status sent =
        send_unitdata(node, now_ns, &way, bytes_of(w.start, bytes_writer_length(&w)));
    /* An association that is being shut down takes nothing any more while its AS still counts as
     * open. By now the dialogue has moved on, an END has freed it: P7_STATE would say otherwise. */
    return sent == P7_STATE ? P7_FULL : sent;
}

static struct tcap_parts parts_of(enum tcap_message_type type, struct tcap_transaction_id otid,
                                  struct tcap_transaction_id dtid,
                                  const struct tcap_request *request)
{
    return (struct tcap_parts){
        .type = (uint8_t)type,
        .otid = otid,
        .dtid = dtid,
        .dialogue = request->dialogue,
        .components = request->components,
        .component_count = request->component_count,
        .components_encoded = request->components_encoded,
    };
}

/* A message that moves no dialogue's state. */
static enum p7_status send_parts(struct node *node, int64_t now_ns, const struct node_route *way,
                                 struct tcap_parts parts)
{
    struct bytes_writer w =
        bytes_writer_of(node->tcap_octets, node->tcap_octets + sizeof(node->tcap_octets));
    const enum p7_status status = tcap_write_parts(&w, &parts);
    if (status != P7_OK) {
        node->counters.encode_failures++;
        return status;
    }
    return send_unitdata(node, now_ns, way, bytes_of(w.start, bytes_writer_length(&w)));
}

enum p7_status node_send_end_to(struct node *node, int64_t now_ns, const struct node_route *route,
                                struct tcap_transaction_id peer_id,
                                const struct tcap_request *request)
{
    const struct tcap_transaction_id none = {0};
    struct node_route way;
    if (!find_open_way(node, route, &way))
        return P7_STATE;
    return send_parts(node, now_ns, &way, parts_of(TCAP_END, none, peer_id, request));
}

enum p7_status node_send_abort_to(struct node *node, int64_t now_ns, const struct node_route *route,
                                  struct tcap_transaction_id peer_id)
{
    const struct tcap_parts parts = {
        .type = TCAP_ABORT,
        .dtid = peer_id,
        .has_p_abort = true,
        .p_abort_cause = TCAP_P_ABORT_UNRECOGNIZED_TRANSACTION_ID,
    };
    struct node_route way;
    if (!find_open_way(node, route, &way))
        return P7_STATE;
    return send_parts(node, now_ns, &way, parts);
}

enum p7_status node_resend_begin(struct node *node, int64_t now_ns, uint32_t dialogue,
                                 const struct node_route *route, const struct tcap_request *request)
{
    if (route == NULL)
        route = tcap_dialogue_route(node->dialogues, dialogue);
    struct node_route way;
    if (!find_open_way(node, route, &way) ||
        tcap_dialogue_state(node->dialogues, dialogue) != TCAP_STATE_INITIATION_SENT)
        return P7_STATE;
    const struct tcap_transaction_id id = {
        .value = tcap_dialogue_local_id(node->dialogues, dialogue), .length = 4};
    const struct tcap_transaction_id none = {0};
    return send_parts(node, now_ns, &way, parts_of(TCAP_BEGIN, id, none, request));
}

void node_dialogue_drop(struct node *node, uint32_t dialogue)
{
    tcap_dialogue_drop(node->dialogues, dialogue);
}

void node_dialogue_abort(struct node *node, int64_t now_ns, uint32_t dialogue)
{
    const struct tcap_dialogue_portion abrt = tcap_abrt_user();
    const struct tcap_request request = {.dialogue = &abrt};
    /* In Initiation Sent the peer's id is not known, so there is nobody to tell (Q.774-3.2.1.2). */
    const enum p7_status status = node_send(node, now_ns, dialogue, TCAP_SEND_U_ABORT, &request);
    if (status == P7_STATE)
        tcap_dialogue_drop(node->dialogues, dialogue);
    else if (status != P7_OK)
        node->counters.replies_unsent++;
}

void *node_dialogue_user(const struct node *node, uint32_t dialogue)
{
    return tcap_dialogue_user(node->dialogues, dialogue);
}

/* --- from the network ------------------------------------------------------------------------- */

static void deliver(struct node *node, const struct sccp_indication *sccp,
                    const struct node_route *back, int64_t now_ns)
{
    struct tcap_dialogue_indication indication;
    if (sccp->verdict == SCCP_VERDICT_NOTICE)
        tcap_dialogue_notice(node->dialogues, sccp->message.data, sccp->cause, back, &indication);
    else
        tcap_dialogue_receive(node->dialogues, now_ns, sccp->message.data, back, &indication);
    const bool is_stray = indication.type == TCAP_IND_DISCARDED &&
                          indication.discarded == TCAP_DISCARD_STALE_TRANSACTION &&
                          indication.message != NULL && node->handler.stray != NULL;
    if (is_stray && node->handler.stray(node->handler.context, &indication, back))
        return;
    if (indication.type == TCAP_IND_DISCARDED && indication.message != NULL &&
        node->handler.discarded != NULL)
        node->handler.discarded(node->handler.context, &indication, back);
    send_reply(node, now_ns, back, indication.reply);
    if (indication.type != TCAP_IND_DISCARDED)
        node->handler.dialogue(node->handler.context, &indication, back);
}

/* The way back to where a message came from: to its calling party. A decoded address fits a party:
 * sccp_address_decode says so, and false is for nobody. */
static bool way_back(const struct sccp_origin *origin, const struct sccp_message *message,
                     struct node_route *back)
{
    const struct sccp_address *calling = &message->calling;
    *back = (struct node_route){.as = origin->as,
                                .asp = origin->asp,
                                .dpc = origin->opc,
                                .sls = origin->sls,
                                .by_title = !calling->route_on_ssn && calling->gti != 0};
    return sccp_party_copy(&back->called, message->calling_octets) == P7_OK &&
           sccp_party_copy(&back->calling, message->called_octets) == P7_OK;
}

/* A message of SCCP itself: returned by us, or SSA. */
static void answer(struct node *node, const struct sccp_indication *sccp,
                   const struct node_route *back, int64_t now_ns)
{
    struct node_route to = *back;
    struct node_route way;
    if (sccp->reply.length == 0)
        return;
    to.dpc = sccp->reply_dpc;
    if (node_find_way(node, &to, &way) != P7_OK ||
        node_transfer(node, now_ns, &way, sccp->reply) != P7_OK)
        node->counters.replies_unsent++;
}

/* The sender hears of a message that did not become whole (Q.714-4.1.1.2.3). */
static void return_segment(struct node *node, const struct sccp_reassembly_result *failed,
                           int64_t now_ns)
{
    uint8_t reply_octets[SCCP_REPLY_OCTETS];
    struct bytes_writer reply = bytes_writer_of(reply_octets, reply_octets + sizeof(reply_octets));
    struct sccp_indication sccp = {.message = failed->message};
    const struct sccp_origin *origin = &failed->origin;
    struct node_route back;
    sccp_routing_return(&node->sccp, origin->opc, failed->cause, &reply, &sccp);
    if (way_back(origin, &failed->message, &back))
        answer(node, &sccp, &back, now_ns);
}

/* True when `sccp` is the whole message now, to be delivered. */
static bool take_segment(struct node *node, const struct sccp_origin *origin, int64_t now_ns,
                         struct sccp_indication *sccp)
{
    struct sccp_reassembly_result result;
    sccp_reassembly_take(node->reassembly, now_ns, origin, &sccp->message, &result);
    if (result.outcome == SCCP_REASSEMBLY_FAILED)
        return_segment(node, &result, now_ns);
    if (result.outcome != SCCP_REASSEMBLY_WHOLE)
        return false;
    sccp->verdict = SCCP_VERDICT_DELIVER;
    sccp->message = result.message;
    return true;
}

void node_expire_reassemblies(struct node *node, int64_t now_ns)
{
    struct sccp_reassembly_result result;
    while (sccp_reassembly_expire(node->reassembly, now_ns, &result))
        return_segment(node, &result, now_ns);
}

void node_on_data(void *context, uint32_t as, uint32_t asp, const struct m3ua_data *data,
                  int64_t now_ns)
{
    struct node *node = context;
    uint8_t reply_octets[SCCP_REPLY_OCTETS];
    struct bytes_writer reply = bytes_writer_of(reply_octets, reply_octets + sizeof(reply_octets));
    struct sccp_indication sccp;
    if (data->si != NODE_SERVICE_SCCP) {
        node->counters.wrong_service++;
        return;
    }
    node->as_in = as;
    sccp_routing_receive(&node->sccp, data->opc, data->payload, now_ns, &reply, &sccp);
    node->as_in = M3UA_ENDPOINT_NONE;
    if (sccp.verdict == SCCP_VERDICT_DROPPED)
        return;
    const struct sccp_origin origin = {.opc = data->opc, .as = as, .asp = asp, .sls = data->sls};
    struct node_route back;
    if ((sccp.verdict == SCCP_VERDICT_SEGMENT && !take_segment(node, &origin, now_ns, &sccp)) ||
        !way_back(&origin, &sccp.message, &back))
        return;
    if (sccp.verdict == SCCP_VERDICT_DELIVER || sccp.verdict == SCCP_VERDICT_NOTICE)
        deliver(node, &sccp, &back, now_ns);
    else
        answer(node, &sccp, &back, now_ns);
}

void node_expire_dialogues(struct node *node, int64_t now_ns)
{
    struct tcap_dialogue_indication indication;
    if (tcap_dialogue_deadline_ns(node->dialogues) > now_ns)
        return;
    while (tcap_dialogue_expire(node->dialogues, now_ns, &indication)) {
        const struct node_route *route = tcap_dialogue_route(node->dialogues, indication.dialogue);
        send_reply(node, now_ns, route, indication.reply);
        node->handler.dialogue(node->handler.context, &indication, NULL);
    }
}
