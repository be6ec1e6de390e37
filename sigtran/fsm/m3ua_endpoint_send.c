/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include <assert.h>

#include "sigtran/fsm/m3ua_endpoint_internal.h"

void endpoint_raise(struct m3ua_endpoint *ep, const struct m3ua_endpoint_event *event,
                    int64_t now_ns)
{
    ep->handler.event(ep->handler.context, event, now_ns);
}

enum p7_status endpoint_send_bytes(struct m3ua_endpoint *ep, uint32_t asp, uint16_t stream,
                                   struct bytes bytes, unsigned message_class)
{
    const uint32_t association = ep->asp[asp].association;
    if (association == M3UA_ENDPOINT_NONE)
        return P7_STATE;
    ep->in_handler = true;
    const enum p7_status status = ep->handler.send(ep->handler.context, association, stream, bytes);
    ep->in_handler = false;
    if (status == P7_OK) {
        ep->counters.out[message_class]++;
        ep->counters.octets_out += bytes.length;
    }
    return status;
}

enum p7_status endpoint_send_out(struct m3ua_endpoint *ep, uint32_t asp, int64_t now_ns)
{
    struct bytes_writer writer = bytes_writer_of(ep->scratch, ep->scratch + sizeof(ep->scratch));
    m3ua_encode(&writer, &ep->out);
    const enum m3ua_kind kind = ep->out.kind;
    enum p7_status status = P7_RANGE;
    if (!writer.failed && bytes_writer_length(&writer) <= LIMIT_M3UA_MESSAGE_OCTETS)
        status =
            endpoint_send_bytes(ep, asp, 0, bytes_of(writer.start, bytes_writer_length(&writer)),
                                m3ua_kind_class(kind));
    if (status == P7_OK)
        return status;
    /* A lost request is repeated by T(ack), a lost answer asked for again by the peer's. */
    ep->counters.control_send_failed++;
    const struct m3ua_endpoint_event event = {.kind = M3UA_EVENT_SEND_FAILED,
                                              .asp = asp,
                                              .as = M3UA_ENDPOINT_NONE,
                                              .message_kind = kind,
                                              .status = status};
    endpoint_raise(ep, &event, now_ns);
    return status;
}

void endpoint_contexts_put(struct m3ua_endpoint *ep, uint32_t asp, uint32_t memberships,
                           struct endpoint_contexts *contexts)
{
    const struct endpoint_asp *a = &ep->asp[asp];
    size_t count = 0;
    for (uint32_t i = 0; i < a->membership_count; i++) {
        const struct m3ua_as_config *as = &ep->as[a->as[i]].config;
        if (((memberships >> i) & 1u) == 0 || !as->has_routing_context)
            continue;
        bytes_store_u32be(contexts->octets + 4 * count, as->routing_context);
        count++;
    }
    if (count == 0)
        return;
    ep->out.present |= M3UA_HAS_ROUTING_CONTEXT;
    ep->out.routing_contexts = bytes_of(contexts->octets, 4 * count);
}

/* ASPAC carries a Traffic Mode Type when all of its ASs say so and agree. */
static void traffic_mode_put(struct m3ua_endpoint *ep, uint32_t asp, uint32_t memberships)
{
    const struct endpoint_asp *a = &ep->asp[asp];
    uint32_t mode = 0;
    for (uint32_t i = 0; i < a->membership_count; i++) {
        const struct m3ua_as_config *as = &ep->as[a->as[i]].config;
        if (((memberships >> i) & 1u) == 0)
            continue;
        if (!as->sends_traffic_mode || (mode != 0 && mode != (uint32_t)as->traffic_mode))
            return;
        mode = (uint32_t)as->traffic_mode;
    }
    if (mode == 0)
        return;
    ep->out.present |= M3UA_HAS_TRAFFIC_MODE;
    ep->out.traffic_mode = mode;
}

static void aspsm_fill(struct m3ua_endpoint *ep, uint32_t asp, const struct asp_action *action,
                       uint8_t beat[ASP_BEAT_OCTETS])
{
    const struct endpoint_asp *a = &ep->asp[asp];
    if (action->message == M3UA_ASPUP && a->config.has_asp_identifier) {
        ep->out.present |= M3UA_HAS_ASP_IDENTIFIER;
        ep->out.asp_identifier = a->config.asp_identifier;
    } else if (action->message == M3UA_BEAT) {
        bytes_store_u64be(beat, action->beat);
        ep->out.present |= M3UA_HAS_HEARTBEAT_DATA;
        ep->out.heartbeat_data = bytes_of(beat, ASP_BEAT_OCTETS);
    } else if (action->message == M3UA_BEAT_ACK && ep->echo_beat_data) {
        ep->out.present |= M3UA_HAS_HEARTBEAT_DATA;
        ep->out.heartbeat_data = ep->beat_data;
    }
}

static void asptm_fill(struct m3ua_endpoint *ep, uint32_t asp, const struct asp_action *action,
                       struct endpoint_contexts *contexts)
{
    switch (action->message) {
    case M3UA_ASPAC:
        traffic_mode_put(ep, asp, action->memberships);
        endpoint_contexts_put(ep, asp, action->memberships, contexts);
        break;
    case M3UA_ASPIA:
        endpoint_contexts_put(ep, asp, action->memberships, contexts);
        break;
    case M3UA_ASPAC_ACK:
        if (ep->echo_traffic_mode) {
            ep->out.present |= M3UA_HAS_TRAFFIC_MODE;
            ep->out.traffic_mode = ep->traffic_mode;
        }
        if (ep->echo_contexts)
            endpoint_contexts_put(ep, asp, action->memberships, contexts);
        break;
    default: /* ASPIA ACK */
        if (ep->echo_contexts)
            endpoint_contexts_put(ep, asp, action->memberships, contexts);
        break;
    }
}

void endpoint_send_action(struct m3ua_endpoint *ep, uint32_t asp, const struct asp_action *action,
                          int64_t now_ns)
{
    if (action->message == M3UA_ERR) {
        if (action->error == M3UA_ERROR_UNEXPECTED_MESSAGE)
            ep->counters.in_unexpected++;
        endpoint_send_error(ep, asp, action->error, now_ns);
        return;
    }
    struct endpoint_contexts contexts;
    uint8_t beat[ASP_BEAT_OCTETS];
    m3ua_message_of(&ep->out, action->message);
    if (m3ua_kind_class(action->message) == M3UA_CLASS_ASPTM)
        asptm_fill(ep, asp, action, &contexts);
    else
        aspsm_fill(ep, asp, action, beat);
    (void)!endpoint_send_out(ep, asp, now_ns);
}

void endpoint_send_notify(struct m3ua_endpoint *ep, uint32_t as, const struct as_action *action,
                          int64_t now_ns)
{
    const struct endpoint_as *s = &ep->as[as];
    struct endpoint_contexts contexts;
    m3ua_message_of(&ep->out, M3UA_NTFY);
    ep->out.present |= M3UA_HAS_STATUS;
    ep->out.status_type = action->status_type;
    ep->out.status_information = action->status_information;
    if (action->about != AS_MEMBER_NONE) {
        const struct endpoint_asp *about = &ep->asp[s->config.asp[action->about]];
        if (about->has_peer_identifier) {
            ep->out.present |= M3UA_HAS_ASP_IDENTIFIER;
            ep->out.asp_identifier = about->peer_identifier;
        }
    }
    const uint32_t asp = s->config.asp[action->member];
    endpoint_contexts_put(ep, asp, 1u << s->membership[action->member], &contexts);
    if (endpoint_send_out(ep, asp, now_ns) == P7_OK)
        ep->counters.notifies_sent++;
}

/* RFC4666-3.8.1: the routing contexts of the message that could not be taken go back, where they
 * are what it was about. */
static struct bytes fault_contexts(const struct m3ua_endpoint *ep, const struct m3ua_fault *fault)
{
    const bool of_message = fault->error == M3UA_ERROR_UNEXPECTED_MESSAGE ||
                            fault->error == M3UA_ERROR_MANAGEMENT_BLOCKING;
    return fault->routing_contexts.length == 0 && of_message ? ep->received_contexts
                                                             : fault->routing_contexts;
}

/* RFC4666-3.8.1: the offending message, its head that is. */
static struct bytes fault_diagnostic(const struct m3ua_endpoint *ep, const struct m3ua_fault *fault)
{
    const struct bytes all = ep->received;
    if (fault->diagnostic.length != 0)
        return fault->diagnostic;
    return bytes_of(all.data, all.length < M3UA_DIAGNOSTIC_OCTETS_MAX ? all.length
                                                                      : M3UA_DIAGNOSTIC_OCTETS_MAX);
}

void endpoint_send_fault(struct m3ua_endpoint *ep, uint32_t asp, const struct m3ua_fault *fault,
                         enum p7_status status, int64_t now_ns)
{
    m3ua_message_of(&ep->out, M3UA_ERR);
    ep->out.present |= M3UA_HAS_ERROR_CODE;
    ep->out.error_code = fault->error;
    const struct bytes contexts = fault_contexts(ep, fault);
    if (contexts.length != 0) {
        ep->out.present |= M3UA_HAS_ROUTING_CONTEXT;
        ep->out.routing_contexts = contexts;
    }
    /* RFC4666-3.8.1: the network appearance goes back with Invalid Network Appearance. */
    if (fault->error == M3UA_ERROR_INVALID_NETWORK_APPEARANCE) {
        ep->out.present |= M3UA_HAS_NETWORK_APPEARANCE;
        ep->out.network_appearance = fault->network_appearance;
    }
    if (fault->affected_point_codes.length != 0) {
        ep->out.present |= M3UA_HAS_AFFECTED_POINT_CODE;
        ep->out.affected_point_codes = fault->affected_point_codes;
    }
    const struct bytes diagnostic = fault_diagnostic(ep, fault);
    if (diagnostic.length != 0) {
        ep->out.present |= M3UA_HAS_DIAGNOSTIC;
        ep->out.diagnostic = diagnostic;
    }
    if (endpoint_send_out(ep, asp, now_ns) != P7_OK)
        return;
    ep->counters.errors_sent++;
    const struct m3ua_endpoint_event event = {.kind = M3UA_EVENT_ERROR_SENT,
                                              .asp = asp,
                                              .as = M3UA_ENDPOINT_NONE,
                                              .error = fault->error,
                                              .status = status};
    endpoint_raise(ep, &event, now_ns);
}

void endpoint_send_error(struct m3ua_endpoint *ep, uint32_t asp, enum m3ua_error error,
                         int64_t now_ns)
{
    const struct m3ua_fault fault = {.answer = true, .error = error};
    endpoint_send_fault(ep, asp, &fault, P7_STATE, now_ns);
}
