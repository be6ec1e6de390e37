/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Routing Key Management (RFC4666-3.6, 4.4). */
#include "sigtran/fsm/m3ua_endpoint_internal.h"

void endpoint_rkm_receive(struct m3ua_endpoint *ep, uint32_t asp, int64_t now_ns)
{
    /* RFC4666-4.4.1: routing keys are configured here; who asks learns that we register none.
     * A response to what we never asked is another matter. */
    if (ep->in.kind == M3UA_REG_REQ || ep->in.kind == M3UA_DEREG_REQ) {
        ep->counters.in_invalid++;
        endpoint_send_error(ep, asp, M3UA_ERROR_UNSUPPORTED_MESSAGE_CLASS, now_ns);
    } else {
        endpoint_unexpected(ep, asp, now_ns);
    }
}
