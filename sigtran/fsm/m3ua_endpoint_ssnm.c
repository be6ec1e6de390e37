/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Signalling Network Management (RFC4666-3.4, 4.5): what the peer says of destinations. */
#include "sigtran/fsm/m3ua_endpoint_internal.h"

/* The answer to DAUD for one destination, or 0 when we know nothing about it. */
static enum m3ua_kind destination_status(const struct m3ua_endpoint *ep, uint32_t entry)
{
    /* A mask audits a whole range: that is more than an endpoint can know. */
    if (m3ua_point_code_mask(entry) != 0)
        return M3UA_ERR;
    if (ep->point_code != 0 && m3ua_point_code(entry) == ep->point_code)
        return M3UA_DAVA;
    for (uint32_t i = 0; i < ep->as_count; i++)
        if (ep->as[i].config.point_code == m3ua_point_code(entry))
            return ep->as[i].machine.state == AS_STATE_ACTIVE ? M3UA_DAVA : M3UA_DUNA;
    return M3UA_ERR;
}

/* RFC4666-4.5.3: each audited destination gets its state, or Destination Status Unknown. */
static void daud_receive(struct m3ua_endpoint *ep, uint32_t asp, int64_t now_ns)
{
    const struct bytes list = ep->in.affected_point_codes;
    const bool has_contexts = (ep->in.present & M3UA_HAS_ROUTING_CONTEXT) != 0;
    const struct bytes contexts = has_contexts ? ep->in.routing_contexts : bytes_of(NULL, 0);
    size_t count = m3ua_list_count(list);
    /* One DAUD costs us as many answers as it has entries: bounded. */
    if (count > LIMIT_AS)
        count = LIMIT_AS;
    for (size_t i = 0; i < count; i++) {
        const struct bytes entry = bytes_of(list.data + 4 * i, 4);
        const enum m3ua_kind answer = destination_status(ep, m3ua_list_u32(list, i));
        if (answer == M3UA_ERR) {
            const struct m3ua_fault fault = {.answer = true,
                                             .error = M3UA_ERROR_DESTINATION_STATUS_UNKNOWN,
                                             .tag = M3UA_TAG_AFFECTED_POINT_CODE,
                                             .routing_contexts = contexts,
                                             .affected_point_codes = entry};
            endpoint_refuse(ep, asp, &fault, P7_NOT_FOUND, now_ns);
            continue;
        }
        m3ua_message_of(&ep->out, answer);
        ep->out.present = M3UA_HAS_AFFECTED_POINT_CODE;
        ep->out.affected_point_codes = entry;
        if (has_contexts) {
            ep->out.present |= M3UA_HAS_ROUTING_CONTEXT;
            ep->out.routing_contexts = contexts;
        }
        (void)!endpoint_send_out(ep, asp, now_ns);
    }
}

void endpoint_ssnm_receive(struct m3ua_endpoint *ep, uint32_t asp, int64_t now_ns)
{
    const struct endpoint_asp *a = &ep->asp[asp];
    const enum asp_role role = a->config.role;
    const enum m3ua_kind kind = ep->in.kind;
    /* RFC4666-3.4: DAUD goes to the SG, SCON both ways, the others to the ASP. */
    const bool direction =
        kind == M3UA_SCON || role == ASP_ROLE_IPSP || (kind == M3UA_DAUD) == (role == ASP_ROLE_SG);
    if (!direction || !endpoint_asp_is_up(a)) {
        endpoint_unexpected(ep, asp, now_ns);
        return;
    }
    if (!endpoint_appearance_holds(ep, asp, (ep->in.present & M3UA_HAS_NETWORK_APPEARANCE) != 0,
                                   ep->in.network_appearance, now_ns))
        return;
    if (kind == M3UA_DAUD) {
        daud_receive(ep, asp, now_ns);
        return;
    }
    uint8_t unknown[4 * LIMIT_M3UA_ROUTING_CONTEXTS];
    size_t unknown_count;
    const uint32_t memberships = endpoint_memberships_of(ep, a, &ep->in, unknown, &unknown_count);
    endpoint_message_raise(ep, M3UA_EVENT_SSNM, asp, memberships, now_ns);
}
