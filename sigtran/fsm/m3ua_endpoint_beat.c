/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* BEAT by hand (RFC4666-3.5.5, 3.5.6): of any length, its answer compared and timed. */
#include <assert.h>

#include "sigtran/fsm/m3ua_endpoint_internal.h"

/* What the BEAT that waits carries. Its first octet tells it from the asp machine's own BEATs,
 * whose serial numbers start with zeros. */
static struct bytes pattern(struct m3ua_endpoint *ep, uint32_t asp)
{
    const struct endpoint_asp *a = &ep->asp[asp];
    uint32_t state = (uint32_t)a->beat_serial * 2654435761u + asp + 1u;
    for (size_t i = 0; i < a->beat_octets; i++) {
        state = state * 1664525u + 1013904223u;
        ep->beat_pattern[i] = (uint8_t)(state >> 24);
    }
    ep->beat_pattern[0] |= 0x80u;
    return bytes_of(ep->beat_pattern, a->beat_octets);
}

enum p7_status m3ua_endpoint_send_beat(struct m3ua_endpoint *endpoint, uint32_t asp, size_t octets,
                                       int64_t now_ns)
{
    assert(!endpoint->busy && asp < endpoint->asp_count);
    struct endpoint_asp *a = &endpoint->asp[asp];
    if (octets == 0 || octets > M3UA_ENDPOINT_BEAT_OCTETS_MAX)
        return P7_RANGE;
    const bool is_early = a->beat_waits && now_ns - a->beat_sent_ns < a->machine.config.t_ack_ns;
    if (!endpoint_asp_is_up(a) || is_early)
        return P7_STATE;
    a->beat_serial++;
    a->beat_octets = octets;
    a->beat_sent_ns = now_ns;
    endpoint->busy = true;
    m3ua_message_of(&endpoint->out, M3UA_BEAT);
    endpoint->out.present = M3UA_HAS_HEARTBEAT_DATA;
    endpoint->out.heartbeat_data = pattern(endpoint, asp);
    const enum p7_status status = endpoint_send_out(endpoint, asp, now_ns);
    endpoint->busy = false;
    a->beat_waits = status == P7_OK;
    return status;
}

void endpoint_beat_forget(struct endpoint_asp *a)
{
    a->beat_waits = false;
}

bool endpoint_beat_answer(struct m3ua_endpoint *ep, uint32_t asp, struct bytes data, bool automatic,
                          int64_t now_ns)
{
    struct endpoint_asp *a = &ep->asp[asp];
    if (!a->beat_waits)
        return false;
    const bool same = bytes_equal(data, pattern(ep, asp));
    if (!same && automatic)
        return false;
    a->beat_waits = false;
    const struct m3ua_endpoint_event event = {.kind = M3UA_EVENT_BEAT_ANSWERED,
                                              .asp = asp,
                                              .as = M3UA_ENDPOINT_NONE,
                                              .status = same ? P7_OK : P7_MALFORMED,
                                              .count = data.length,
                                              .round_trip_ns = now_ns - a->beat_sent_ns};
    endpoint_raise(ep, &event, now_ns);
    return true;
}
