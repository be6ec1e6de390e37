/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Messages in: checked against codec, configuration and state, then given to machine or user. */
#include <assert.h>

#include "sigtran/fsm/m3ua_endpoint_internal.h"

static uint32_t all_memberships(const struct endpoint_asp *a)
{
    return a->machine.config.memberships;
}

uint32_t endpoint_membership_of_context(const struct m3ua_endpoint *ep,
                                        const struct endpoint_asp *a, uint32_t routing_context)
{
    for (uint32_t i = 0; i < a->membership_count; i++) {
        const struct m3ua_as_config *as = &ep->as[a->as[i]].config;
        if (endpoint_is_member(a, i) &&
            (!as->has_routing_context || as->routing_context == routing_context))
            return i;
    }
    return M3UA_ENDPOINT_NONE;
}

/* Refuses a well-formed message for what it says: counted, and answered with `fault`. */
void endpoint_refuse(struct m3ua_endpoint *ep, uint32_t asp, const struct m3ua_fault *fault,
                     enum p7_status status, int64_t now_ns)
{
    ep->counters.in_invalid++;
    endpoint_send_fault(ep, asp, fault, status, now_ns);
}

void endpoint_unexpected(struct m3ua_endpoint *ep, uint32_t asp, int64_t now_ns)
{
    ep->counters.in_unexpected++;
    endpoint_send_error(ep, asp, M3UA_ERROR_UNEXPECTED_MESSAGE, now_ns);
}

static void malformed(struct m3ua_endpoint *ep, uint32_t asp, const struct m3ua_fault *fault,
                      enum p7_status status, int64_t now_ns)
{
    ep->counters.in_malformed++;
    if (fault->answer)
        endpoint_send_fault(ep, asp, fault, status, now_ns);
}

bool endpoint_appearance_holds(struct m3ua_endpoint *ep, uint32_t asp, bool has,
                               uint32_t appearance, int64_t now_ns)
{
    /* RFC4666-3.3.1: one that we don't know. Without one of our own there is nothing to compare. */
    if (!has || !ep->has_network_appearance || appearance == ep->network_appearance)
        return true;
    const struct m3ua_fault fault = {.answer = true,
                                     .error = M3UA_ERROR_INVALID_NETWORK_APPEARANCE,
                                     .tag = M3UA_TAG_NETWORK_APPEARANCE,
                                     .network_appearance = appearance};
    endpoint_refuse(ep, asp, &fault, P7_RANGE, now_ns);
    return false;
}

/* --- DATA ------------------------------------------------------------------------------------ */

/* The membership that the DATA is for, or M3UA_ENDPOINT_NONE, having answered. */
static uint32_t data_membership(struct m3ua_endpoint *ep, uint32_t asp,
                                const struct m3ua_data *data, int64_t now_ns)
{
    const struct endpoint_asp *a = &ep->asp[asp];
    struct m3ua_fault fault = {.answer = true, .tag = M3UA_TAG_ROUTING_CONTEXT};
    if (data->has_routing_context) {
        const uint32_t membership = endpoint_membership_of_context(ep, a, data->routing_context);
        if (membership != M3UA_ENDPOINT_NONE)
            return membership;
        fault.error = M3UA_ERROR_INVALID_ROUTING_CONTEXT;
    } else {
        /* RFC4666-3.3.1: it may be left out only where it could not say anything. RFC4666-3.8.1 has
         * this code for both: none is configured, or which one is meant is not. */
        const uint32_t only = endpoint_only_member(a);
        if (only != M3UA_ENDPOINT_NONE)
            return only;
        fault.error = M3UA_ERROR_NO_CONFIGURED_AS;
    }
    fault.routing_contexts = ep->received_contexts;
    ep->counters.data_in_routing_context++;
    endpoint_refuse(ep, asp, &fault, P7_NOT_FOUND, now_ns);
    return M3UA_ENDPOINT_NONE;
}

static void data_receive(struct m3ua_endpoint *ep, uint32_t asp, struct bytes message,
                         int64_t now_ns)
{
    struct m3ua_data data;
    struct m3ua_fault fault;
    data.routing_context = 0;
    const enum p7_status status =
        m3ua_data_decode(message.data, message.data + message.length, &data, &fault);
    if (status != P7_OK) {
        malformed(ep, asp, &fault, status, now_ns);
        return;
    }
    ep->counters.in[M3UA_CLASS_TRANSFER]++;
    if (data.has_routing_context) {
        bytes_store_u32be(ep->data_context, data.routing_context);
        ep->received_contexts = bytes_of(ep->data_context, sizeof(ep->data_context));
    }
    const struct endpoint_asp *a = &ep->asp[asp];
    if (!endpoint_appearance_holds(ep, asp, data.has_network_appearance, data.network_appearance,
                                   now_ns))
        return;
    const uint32_t membership = data_membership(ep, asp, &data, now_ns);
    if (membership == M3UA_ENDPOINT_NONE)
        return;
    if (!asp_takes(&a->machine, membership, now_ns)) {
        /* RFC4666-4.3.1: no DATA from an ASP that is not, nor was just now, ASP-ACTIVE in the AS.
         */
        ep->counters.data_in_not_active++;
        endpoint_unexpected(ep, asp, now_ns);
        return;
    }
    ep->counters.data_in++;
    endpoint_user_check(ep, asp, &data, now_ns);
    ep->handler.data(ep->handler.context, a->as[membership], asp, &data, now_ns);
}

/* --- MGMT ------------------------------------------------------------------------------------ */

/* What a list of routing contexts names. Without one: all. Unknown ones go to `unknown`. */
uint32_t endpoint_memberships_of(const struct m3ua_endpoint *ep, const struct endpoint_asp *a,
                                 const struct m3ua_message *message,
                                 uint8_t unknown[4 * LIMIT_M3UA_ROUTING_CONTEXTS],
                                 size_t *unknown_count)
{
    *unknown_count = 0;
    if ((message->present & M3UA_HAS_ROUTING_CONTEXT) == 0)
        return all_memberships(a);
    uint32_t memberships = 0;
    const size_t count = m3ua_list_count(message->routing_contexts);
    for (size_t i = 0; i < count; i++) {
        const uint32_t context = m3ua_list_u32(message->routing_contexts, i);
        const uint32_t membership = endpoint_membership_of_context(ep, a, context);
        if (membership != M3UA_ENDPOINT_NONE)
            memberships |= 1u << membership;
        else
            bytes_store_u32be(unknown + 4 * (*unknown_count)++, context);
    }
    return memberships;
}

/* The AS when there is exactly one in the mask. */
static uint32_t single_as(const struct endpoint_asp *a, uint32_t memberships)
{
    for (uint32_t i = 0; i < a->membership_count; i++)
        if (memberships == 1u << i)
            return a->as[i];
    return M3UA_ENDPOINT_NONE;
}

void endpoint_message_raise(struct m3ua_endpoint *ep, enum m3ua_endpoint_event_kind kind,
                            uint32_t asp, uint32_t memberships, int64_t now_ns)
{
    const struct m3ua_endpoint_event event = {.kind = kind,
                                              .asp = asp,
                                              .as = single_as(&ep->asp[asp], memberships),
                                              .message_kind = ep->in.kind,
                                              .message = &ep->in};
    endpoint_raise(ep, &event, now_ns);
}

static void ntfy_receive(struct m3ua_endpoint *ep, uint32_t asp, int64_t now_ns)
{
    const struct endpoint_asp *a = &ep->asp[asp];
    ep->counters.notifies_received++;
    if (a->config.role == ASP_ROLE_SG) { /* RFC4666-3.8.2: it goes from SG to ASP */
        endpoint_unexpected(ep, asp, now_ns);
        return;
    }
    uint8_t unknown[4 * LIMIT_M3UA_ROUTING_CONTEXTS];
    size_t unknown_count;
    const uint32_t memberships = endpoint_memberships_of(ep, a, &ep->in, unknown, &unknown_count);
    endpoint_message_raise(ep, M3UA_EVENT_NOTIFY, asp, memberships, now_ns);
    /* Without a routing context NTFY tells about one AS, and which one only if there is one. */
    if ((ep->in.present & M3UA_HAS_ROUTING_CONTEXT) == 0 &&
        endpoint_only_member(a) == M3UA_ENDPOINT_NONE)
        return;
    struct asp_event event = {.memberships = memberships};
    if (ep->in.status_type == M3UA_STATUS_AS_STATE_CHANGE) {
        if (ep->in.status_information == M3UA_AS_ACTIVE)
            event.kind = ASP_EVENT_AS_RELEASED;
        else if (ep->in.status_information == M3UA_AS_INACTIVE ||
                 ep->in.status_information == M3UA_AS_PENDING)
            event.kind = ASP_EVENT_AS_HELD;
        else
            return;
    } else if (ep->in.status_type == M3UA_STATUS_OTHER &&
               ep->in.status_information == M3UA_ALTERNATE_ASP_ACTIVE) {
        event.kind = ASP_EVENT_ALTERNATE;
    } else if (ep->in.status_type == M3UA_STATUS_OTHER &&
               ep->in.status_information == M3UA_INSUFFICIENT_ASP_RESOURCES) {
        event.kind = ASP_EVENT_AS_SHORT;
    } else { /* ASP Failure is another one's; what follows from it is told as a state of the AS */
        return;
    }
    endpoint_asp_step(ep, asp, &event, now_ns);
}

static void err_receive(struct m3ua_endpoint *ep, uint32_t asp, int64_t now_ns)
{
    ep->counters.errors_received++;
    uint8_t unknown[4 * LIMIT_M3UA_ROUTING_CONTEXTS];
    size_t unknown_count;
    const uint32_t memberships =
        endpoint_memberships_of(ep, &ep->asp[asp], &ep->in, unknown, &unknown_count);
    endpoint_message_raise(ep, M3UA_EVENT_ERROR, asp, memberships, now_ns);
}

/* --- ASPSM ----------------------------------------------------------------------------------- */

/* RFC4666-3.5.1: an ASP Identifier is unique among the ASPs of an AS. */
static bool identifier_is_taken(const struct m3ua_endpoint *ep, uint32_t asp, uint32_t identifier)
{
    const struct endpoint_asp *a = &ep->asp[asp];
    for (uint32_t i = 0; i < a->membership_count; i++) {
        const struct m3ua_as_config *as = &ep->as[a->as[i]].config;
        for (uint32_t m = 0; m < as->asp_count; m++) {
            const struct endpoint_asp *other = &ep->asp[as->asp[m]];
            if (other != a && endpoint_asp_is_up(other) && other->has_peer_identifier &&
                other->peer_identifier == identifier)
                return true;
        }
    }
    return false;
}

/* RFC4666-3.5.1, 3.8.1: the identifier that an ASP gives in ASPUP, against what we expect. */
static bool identifier_holds(struct m3ua_endpoint *ep, uint32_t asp, int64_t now_ns)
{
    struct endpoint_asp *a = &ep->asp[asp];
    const bool has = (ep->in.present & M3UA_HAS_ASP_IDENTIFIER) != 0;
    struct m3ua_fault fault = {.answer = true, .tag = M3UA_TAG_ASP_IDENTIFIER};
    const bool is_another = a->config.role == ASP_ROLE_SG && a->config.has_asp_identifier &&
                            ep->in.asp_identifier != a->config.asp_identifier;
    if (a->config.role == ASP_ROLE_SG && !has && a->config.asp_identifier_required) {
        fault.error = M3UA_ERROR_ASP_IDENTIFIER_REQUIRED;
    } else if (has && (is_another || identifier_is_taken(ep, asp, ep->in.asp_identifier))) {
        fault.error = M3UA_ERROR_INVALID_ASP_IDENTIFIER;
    } else {
        a->has_peer_identifier = has;
        a->peer_identifier = ep->in.asp_identifier;
        return true;
    }
    endpoint_refuse(ep, asp, &fault, P7_RANGE, now_ns);
    return false;
}

static void aspsm_receive(struct m3ua_endpoint *ep, uint32_t asp, int64_t now_ns)
{
    struct asp_event event = {.kind = ASP_EVENT_ASPUP};
    const bool has_data = (ep->in.present & M3UA_HAS_HEARTBEAT_DATA) != 0;
    switch (ep->in.kind) {
    case M3UA_ASPUP:
        if (ep->asp[asp].config.role != ASP_ROLE_ASP && !identifier_holds(ep, asp, now_ns))
            return;
        break;
    case M3UA_ASPUP_ACK:
        event.kind = ASP_EVENT_ASPUP_ACK;
        break;
    case M3UA_ASPDN:
        event.kind = ASP_EVENT_ASPDN;
        break;
    case M3UA_ASPDN_ACK:
        event.kind = ASP_EVENT_ASPDN_ACK;
        break;
    case M3UA_BEAT:
        event.kind = ASP_EVENT_BEAT;
        ep->echo_beat_data = has_data;
        ep->beat_data = ep->in.heartbeat_data;
        break;
    default: /* BEAT ACK: ours have data of that length only */
        event.kind = ASP_EVENT_BEAT_ACK;
        if (has_data && ep->in.heartbeat_data.length == ASP_BEAT_OCTETS)
            event.beat = bytes_load_u64be(ep->in.heartbeat_data.data);
        if (endpoint_beat_answer(ep, asp, has_data ? ep->in.heartbeat_data : bytes_of(NULL, 0),
                                 event.beat != 0 && event.beat <= ep->asp[asp].machine.beat_sent,
                                 now_ns))
            return;
        break;
    }
    endpoint_asp_step(ep, asp, &event, now_ns);
}

/* --- ASPTM ----------------------------------------------------------------------------------- */

/* RFC4666-4.3.4.3: the memberships whose traffic mode is not the one that ASPAC asks for. */
static uint32_t other_modes(const struct m3ua_endpoint *ep, const struct endpoint_asp *a,
                            uint32_t memberships)
{
    uint32_t others = 0;
    if ((ep->in.present & M3UA_HAS_TRAFFIC_MODE) == 0)
        return 0;
    for (uint32_t i = 0; i < a->membership_count; i++)
        if (((memberships >> i) & 1u) != 0 &&
            (uint32_t)ep->as[a->as[i]].config.traffic_mode != ep->in.traffic_mode)
            others |= 1u << i;
    return others;
}

/* ERR for the memberships, naming their routing contexts. */
static void memberships_refuse(struct m3ua_endpoint *ep, uint32_t asp, uint32_t memberships,
                               enum m3ua_error error, int64_t now_ns)
{
    const struct endpoint_asp *a = &ep->asp[asp];
    uint8_t contexts[4 * ASP_MEMBERSHIPS_MAX];
    size_t count = 0;
    for (uint32_t i = 0; i < a->membership_count; i++) {
        const struct m3ua_as_config *as = &ep->as[a->as[i]].config;
        if (((memberships >> i) & 1u) != 0 && as->has_routing_context)
            bytes_store_u32be(contexts + 4 * count++, as->routing_context);
    }
    const struct m3ua_fault fault = {
        .answer = true, .error = error, .routing_contexts = bytes_of(contexts, 4 * count)};
    endpoint_refuse(ep, asp, &fault, P7_RANGE, now_ns);
}

static void asptm_request(struct m3ua_endpoint *ep, uint32_t asp, enum asp_event_kind kind,
                          uint32_t memberships, int64_t now_ns)
{
    const struct endpoint_asp *a = &ep->asp[asp];
    const uint32_t others = kind == ASP_EVENT_ASPAC ? other_modes(ep, a, memberships) : 0;
    /* An ASP that must not ask at all gets that for an answer, not what is wrong with the ask. */
    if (others != 0 && endpoint_half(&ep->asp[asp], kind)->state != ASP_STATE_DOWN) {
        memberships_refuse(ep, asp, others, M3UA_ERROR_UNSUPPORTED_TRAFFIC_MODE, now_ns);
        memberships &= ~others;
        if (memberships == 0)
            return;
    }
    ep->echo_contexts = (ep->in.present & M3UA_HAS_ROUTING_CONTEXT) != 0;
    ep->echo_traffic_mode = (ep->in.present & M3UA_HAS_TRAFFIC_MODE) != 0;
    ep->traffic_mode = ep->in.traffic_mode;
    const struct asp_event event = {.kind = kind, .memberships = memberships};
    endpoint_asp_step(ep, asp, &event, now_ns);
}

/* An answer without routing contexts answers what we have asked for. */
static void asptm_answer(struct m3ua_endpoint *ep, uint32_t asp, enum asp_event_kind kind,
                         uint32_t memberships, int64_t now_ns)
{
    const struct asp *machine = &ep->asp[asp].machine;
    const enum m3ua_kind request = kind == ASP_EVENT_ASPAC_ACK ? M3UA_ASPAC : M3UA_ASPIA;
    if ((ep->in.present & M3UA_HAS_ROUTING_CONTEXT) == 0 && machine->awaiting == request)
        memberships = machine->awaiting_memberships;
    const struct asp_event event = {.kind = kind, .memberships = memberships};
    endpoint_asp_step(ep, asp, &event, now_ns);
}

static enum asp_event_kind asptm_event(enum m3ua_kind kind)
{
    return kind == M3UA_ASPAC       ? ASP_EVENT_ASPAC
           : kind == M3UA_ASPIA     ? ASP_EVENT_ASPIA
           : kind == M3UA_ASPAC_ACK ? ASP_EVENT_ASPAC_ACK
                                    : ASP_EVENT_ASPIA_ACK;
}

static void asptm_receive(struct m3ua_endpoint *ep, uint32_t asp, int64_t now_ns)
{
    const struct endpoint_asp *a = &ep->asp[asp];
    uint8_t unknown[4 * LIMIT_M3UA_ROUTING_CONTEXTS];
    size_t unknown_count;
    const uint32_t memberships = endpoint_memberships_of(ep, a, &ep->in, unknown, &unknown_count);
    const enum asp_event_kind kind = asptm_event(ep->in.kind);
    const bool up = endpoint_half(&ep->asp[asp], kind)->state != ASP_STATE_DOWN;
    if (up && (unknown_count != 0 || memberships == 0)) {
        /* RFC4666-4.3.4.3: those that are not ours are refused, the others go on. */
        const struct m3ua_fault fault = {.answer = true,
                                         .error = unknown_count != 0
                                                      ? M3UA_ERROR_INVALID_ROUTING_CONTEXT
                                                      : M3UA_ERROR_NO_CONFIGURED_AS,
                                         .tag = M3UA_TAG_ROUTING_CONTEXT,
                                         .routing_contexts = bytes_of(unknown, 4 * unknown_count)};
        endpoint_refuse(ep, asp, &fault, P7_NOT_FOUND, now_ns);
        if (memberships == 0)
            return;
    }
    if (kind == ASP_EVENT_ASPAC || kind == ASP_EVENT_ASPIA)
        asptm_request(ep, asp, kind, memberships, now_ns);
    else
        asptm_answer(ep, asp, kind, memberships, now_ns);
}

/* --- any ------------------------------------------------------------------------------------- */

/*
 * RFC4666-1.4.7, 3.8.1: ASPSM goes on stream 0, but for BEAT; BEAT, NTFY, SSNM and ASPTM may go on
 * any. An ERR is read wherever it comes from.
 */
static bool stream_holds(enum m3ua_kind kind, uint16_t stream)
{
    return stream == 0 || kind == M3UA_BEAT || kind == M3UA_BEAT_ACK ||
           m3ua_kind_class(kind) != M3UA_CLASS_ASPSM;
}

static void control_receive(struct m3ua_endpoint *ep, uint32_t asp, uint16_t stream,
                            struct bytes message, int64_t now_ns)
{
    struct m3ua_fault fault;
    const enum p7_status status =
        m3ua_decode(message.data, message.data + message.length, &ep->in, &fault);
    if (status != P7_OK) {
        malformed(ep, asp, &fault, status, now_ns);
        return;
    }
    const unsigned message_class = m3ua_kind_class(ep->in.kind);
    ep->counters.in[message_class]++;
    if ((ep->in.present & M3UA_HAS_ROUTING_CONTEXT) != 0)
        ep->received_contexts = ep->in.routing_contexts;
    if (!stream_holds(ep->in.kind, stream)) {
        ep->counters.in_invalid++;
        endpoint_send_error(ep, asp, M3UA_ERROR_INVALID_STREAM_IDENTIFIER, now_ns);
        return;
    }
    switch (message_class) {
    case M3UA_CLASS_MGMT:
        if (ep->in.kind == M3UA_ERR)
            err_receive(ep, asp, now_ns);
        else
            ntfy_receive(ep, asp, now_ns);
        break;
    case M3UA_CLASS_SSNM:
        endpoint_ssnm_receive(ep, asp, now_ns);
        break;
    case M3UA_CLASS_ASPSM:
        aspsm_receive(ep, asp, now_ns);
        break;
    case M3UA_CLASS_ASPTM:
        asptm_receive(ep, asp, now_ns);
        break;
    default:
        endpoint_rkm_receive(ep, asp, now_ns);
        break;
    }
}

void m3ua_endpoint_receive(struct m3ua_endpoint *endpoint, uint32_t asp, uint16_t stream,
                           struct bytes message, int64_t now_ns)
{
    assert(!endpoint->busy && asp < endpoint->asp_count);
    /* What arrives after the end of its association, or after our abort, is for nobody. */
    if (!endpoint->asp[asp].machine.connected)
        return;
    endpoint->busy = true;
    endpoint->received = message;
    endpoint->counters.octets_in += message.length;
    if (m3ua_is_data(message.data, message.data + message.length))
        data_receive(endpoint, asp, message, now_ns);
    else
        control_receive(endpoint, asp, stream, message, now_ns);
    endpoint->received = bytes_of(NULL, 0);
    endpoint->received_contexts = bytes_of(NULL, 0);
    endpoint->busy = false;
}
