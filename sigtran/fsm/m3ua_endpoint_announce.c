/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * What we tell others of destinations (RFC4666-4.5.1): the ASs that our ASPs serve, and ourselves.
 * The concerned are the ASPs in ASP-ACTIVE that do not serve the destination themselves.
 */
#include <assert.h>

#include "sigtran/fsm/m3ua_endpoint_internal.h"

/* One DUPU in this time to an ASP that goes on sending for a user that is not here. */
#define DUPU_PAUSE_NS INT64_C(1000000000)

#define DUPU_UNEQUIPPED_REMOTE_USER 1u /* RFC4666-3.4.5 */

/* --- lists ----------------------------------------------------------------------------------- */

void endpoint_affected_add(struct endpoint_affected *list, uint32_t entry)
{
    assert(list->count < ENDPOINT_AFFECTED_MAX);
    bytes_store_u32be(list->octets + 4 * list->count++, entry);
}

void endpoint_affected_put(struct m3ua_endpoint *ep, enum m3ua_kind kind,
                           const struct endpoint_affected *list)
{
    m3ua_message_of(&ep->out, kind);
    ep->out.present |= M3UA_HAS_AFFECTED_POINT_CODE;
    ep->out.affected_point_codes = bytes_of(list->octets, 4 * list->count);
    if (ep->has_network_appearance) {
        ep->out.present |= M3UA_HAS_NETWORK_APPEARANCE;
        ep->out.network_appearance = ep->network_appearance;
    }
}

static void congestion_put(struct m3ua_endpoint *ep, uint8_t level)
{
    /* RFC4666-3.4.4: without Congestion Indications where no level is known. */
    if (level == M3UA_CONGESTION_UNDEFINED)
        return;
    ep->out.present |= M3UA_HAS_CONGESTION_INDICATIONS;
    ep->out.congestion_level = level;
}

/* --- how our destinations stand -------------------------------------------------------------- */

static uint8_t congestion_of(const struct endpoint_as *as)
{
    return as->queue_congestion > as->reported_congestion ? as->queue_congestion
                                                          : as->reported_congestion;
}

/* In AS-PENDING messages are still taken (RFC4666-4.3.2); with fewer ASPs than it needs an AS is
 * reached, but others are better (RFC4666-3.4.6). */
static enum m3ua_availability availability_of(const struct as *as)
{
    if (as->state == AS_STATE_PENDING)
        return M3UA_AVAILABLE;
    if (as->state != AS_STATE_ACTIVE)
        return M3UA_UNAVAILABLE;
    return as->active_count < as->config.active_minimum ? M3UA_RESTRICTED : M3UA_AVAILABLE;
}

/* False: a destination that we know nothing of. */
static bool destination_known(const struct m3ua_endpoint *ep, uint32_t point_code,
                              struct m3ua_destination *destination)
{
    *destination = (struct m3ua_destination){.availability = M3UA_AVAILABLE};
    if (ep->point_code != 0 && point_code == ep->point_code)
        return true;
    bool known = false;
    destination->availability = M3UA_UNAVAILABLE;
    for (uint32_t i = 0; i < ep->as_count; i++) {
        const struct endpoint_as *as = &ep->as[i];
        if (as->config.point_code != point_code)
            continue;
        known = true;
        const enum m3ua_availability availability = availability_of(&as->machine);
        if (availability < destination->availability)
            destination->availability = availability;
        if (congestion_of(as) > destination->congestion)
            destination->congestion = congestion_of(as);
    }
    if (destination->availability == M3UA_UNAVAILABLE)
        destination->congestion = 0;
    return known;
}

/* The point codes that we know something of, each once: our own and those of the ASs. */
struct point_codes {
    uint32_t count;
    uint32_t point_code[LIMIT_AS + 1];
};

static void point_codes_add(struct point_codes *known, uint32_t point_code)
{
    for (uint32_t i = 0; i < known->count; i++)
        if (known->point_code[i] == point_code)
            return;
    if (point_code != 0)
        known->point_code[known->count++] = point_code;
}

static void point_codes_of(const struct m3ua_endpoint *ep, struct point_codes *known)
{
    known->count = 0;
    point_codes_add(known, ep->point_code);
    for (uint32_t i = 0; i < ep->as_count; i++)
        point_codes_add(known, ep->as[i].config.point_code);
}

/* --- unasked --------------------------------------------------------------------------------- */

static bool serves(const struct m3ua_endpoint *ep, const struct endpoint_asp *a,
                   uint32_t point_code)
{
    for (uint32_t i = 0; i < a->membership_count; i++)
        if (ep->as[a->as[i]].config.point_code == point_code)
            return true;
    return false;
}

static bool is_concerned(const struct m3ua_endpoint *ep, uint32_t asp, uint32_t point_code)
{
    const struct endpoint_asp *a = &ep->asp[asp];
    return a->config.role == ASP_ROLE_SG && a->machine.active != 0 && !serves(ep, a, point_code);
}

static void destination_send(struct m3ua_endpoint *ep, uint32_t asp, uint32_t point_code,
                             enum m3ua_kind kind, uint8_t congestion, int64_t now_ns)
{
    struct endpoint_contexts contexts;
    struct endpoint_affected list = {.count = 0};
    endpoint_affected_add(&list, point_code);
    endpoint_affected_put(ep, kind, &list);
    if (kind == M3UA_SCON)
        congestion_put(ep, congestion);
    endpoint_contexts_put(ep, asp, ep->asp[asp].machine.active, &contexts);
    (void)!endpoint_send_out(ep, asp, now_ns);
}

static enum m3ua_kind kind_of(enum m3ua_availability availability)
{
    return availability == M3UA_AVAILABLE    ? M3UA_DAVA
           : availability == M3UA_RESTRICTED ? M3UA_DRST
                                             : M3UA_DUNA;
}

void endpoint_as_announce(struct m3ua_endpoint *ep, uint32_t as, int64_t now_ns)
{
    const uint32_t point_code = ep->as[as].config.point_code;
    struct m3ua_destination destination;
    if (ep->as[as].role != ASP_ROLE_SG || point_code == 0 || point_code == ep->point_code)
        return;
    (void)destination_known(ep, point_code, &destination);
    const enum m3ua_availability before = ep->as[as].announced;
    for (uint32_t i = 0; i < ep->as_count; i++)
        if (ep->as[i].config.point_code == point_code)
            ep->as[i].announced = destination.availability;
    if (before == destination.availability)
        return;
    for (uint32_t asp = 0; asp < ep->asp_count; asp++)
        if (is_concerned(ep, asp, point_code))
            destination_send(ep, asp, point_code, kind_of(destination.availability), 0, now_ns);
}

void endpoint_asp_announce(struct m3ua_endpoint *ep, uint32_t asp, int64_t now_ns)
{
    struct point_codes known;
    point_codes_of(ep, &known);
    for (uint32_t i = 0; i < known.count; i++) {
        const uint32_t point_code = known.point_code[i];
        struct m3ua_destination destination;
        if (!is_concerned(ep, asp, point_code))
            continue;
        (void)destination_known(ep, point_code, &destination);
        /* RFC4666-4.5.3: whoever becomes active takes all for available. */
        if (destination.availability != M3UA_AVAILABLE)
            destination_send(ep, asp, point_code, kind_of(destination.availability), 0, now_ns);
        if (destination.congestion != 0)
            destination_send(ep, asp, point_code, M3UA_SCON, destination.congestion, now_ns);
    }
}

static void congestion_announce(struct m3ua_endpoint *ep, uint32_t as, uint8_t before,
                                int64_t now_ns)
{
    const struct endpoint_as *s = &ep->as[as];
    const uint8_t level = congestion_of(s);
    if (level == before || s->config.point_code == 0 || s->config.point_code == ep->point_code)
        return;
    for (uint32_t asp = 0; asp < ep->asp_count; asp++)
        if (is_concerned(ep, asp, s->config.point_code))
            destination_send(ep, asp, s->config.point_code, M3UA_SCON, level, now_ns);
}

void endpoint_congestion_report(struct m3ua_endpoint *ep, uint32_t as, uint8_t level,
                                int64_t now_ns)
{
    const uint8_t before = congestion_of(&ep->as[as]);
    ep->as[as].reported_congestion = level;
    congestion_announce(ep, as, before, now_ns);
}

void endpoint_queue_congestion(struct m3ua_endpoint *ep, uint32_t as, int64_t now_ns)
{
    struct endpoint_as *s = &ep->as[as];
    const size_t held = s->queue.tail - s->queue.head;
    const size_t eighths = s->queue.octets == 0 ? 0 : held * 8 / s->queue.octets;
    const uint8_t before = congestion_of(s);
    /* Up at a half, three quarters and seven eighths; down not before the queue is empty, so
     * that a queue at such a mark does not make a message of each message. */
    const uint8_t level = eighths >= 7 ? 3 : eighths >= 6 ? 2 : eighths >= 4 ? 1 : 0;
    if (held == 0)
        s->queue_congestion = 0;
    else if (level > s->queue_congestion)
        s->queue_congestion = level;
    congestion_announce(ep, as, before, now_ns);
}

enum p7_status m3ua_endpoint_congested(struct m3ua_endpoint *endpoint, uint32_t as, uint8_t level,
                                       int64_t now_ns)
{
    assert(!endpoint->busy && as < endpoint->as_count);
    if (level > M3UA_CONGESTION_UNDEFINED)
        return P7_RANGE;
    struct endpoint_as *s = &endpoint->as[as];
    endpoint->busy = true;
    if (s->role == ASP_ROLE_SG) {
        endpoint_congestion_report(endpoint, as, level, now_ns);
    } else if (s->reported_congestion != level) {
        /* RFC4666-3.4.4: to the peers that send to us. */
        s->reported_congestion = level;
        for (uint32_t i = 0; i < s->machine.active_count; i++) {
            const uint32_t asp = s->config.asp[s->machine.active[i]];
            destination_send(endpoint, asp, s->config.point_code, M3UA_SCON, level, now_ns);
        }
    }
    endpoint->busy = false;
    return P7_OK;
}

void endpoint_user_check(struct m3ua_endpoint *ep, uint32_t asp, const struct m3ua_data *data,
                         int64_t now_ns)
{
    struct endpoint_asp *a = &ep->asp[asp];
    if (ep->users == 0 || ((ep->users >> (data->si & 15u)) & 1u) != 0 ||
        a->config.role == ASP_ROLE_ASP || now_ns < a->dupu_at_ns)
        return;
    struct endpoint_contexts contexts;
    struct endpoint_affected list = {.count = 0};
    a->dupu_at_ns = now_ns + DUPU_PAUSE_NS;
    endpoint_affected_add(&list, data->dpc);
    endpoint_affected_put(ep, M3UA_DUPU, &list);
    ep->out.present |= M3UA_HAS_USER_CAUSE;
    ep->out.unavailability_cause = DUPU_UNEQUIPPED_REMOTE_USER;
    ep->out.mtp3_user = data->si;
    endpoint_contexts_put(ep, asp, a->machine.active, &contexts);
    (void)!endpoint_send_out(ep, asp, now_ns);
}

/* --- asked by DAUD --------------------------------------------------------------------------- */

/* Sends what has gathered, as an answer: the routing contexts are those of the question. */
static void answer_send(struct m3ua_endpoint *ep, uint32_t asp, enum m3ua_kind kind,
                        uint8_t congestion, struct endpoint_affected *list, int64_t now_ns)
{
    const bool has_contexts = (ep->in.present & M3UA_HAS_ROUTING_CONTEXT) != 0;
    if (list->count == 0)
        return;
    if (kind == M3UA_ERR) {
        const struct m3ua_fault fault = {
            .answer = true,
            .error = M3UA_ERROR_DESTINATION_STATUS_UNKNOWN,
            .tag = M3UA_TAG_AFFECTED_POINT_CODE,
            .routing_contexts = has_contexts ? ep->in.routing_contexts : bytes_of(NULL, 0),
            .affected_point_codes = bytes_of(list->octets, 4 * list->count)};
        endpoint_refuse(ep, asp, &fault, P7_NOT_FOUND, now_ns);
    } else {
        endpoint_affected_put(ep, kind, list);
        if (kind == M3UA_SCON)
            congestion_put(ep, congestion);
        if (has_contexts) {
            ep->out.present |= M3UA_HAS_ROUTING_CONTEXT;
            ep->out.routing_contexts = ep->in.routing_contexts;
        }
        (void)!endpoint_send_out(ep, asp, now_ns);
    }
    list->count = 0;
}

static bool covers(uint32_t entry, uint32_t point_code)
{
    const uint8_t mask = m3ua_point_code_mask(entry);
    return mask >= 24 || (m3ua_point_code(entry) >> mask) == (point_code >> mask);
}

static bool is_asked_for(struct bytes list, uint32_t point_code)
{
    for (size_t i = 0; i < m3ua_list_count(list); i++)
        if (covers(m3ua_list_u32(list, i), point_code))
            return true;
    return false;
}

/* The destinations that we know and that were asked for, of one kind (SCON: one level). */
static void known_answer(struct m3ua_endpoint *ep, uint32_t asp, const struct point_codes *asked,
                         enum m3ua_kind kind, uint8_t congestion, int64_t now_ns)
{
    struct endpoint_affected list = {.count = 0};
    for (uint32_t i = 0; i < asked->count; i++) {
        const uint32_t point_code = asked->point_code[i];
        struct m3ua_destination destination;
        (void)destination_known(ep, point_code, &destination);
        if (kind == M3UA_SCON ? destination.congestion == congestion
                              : kind_of(destination.availability) == kind)
            endpoint_affected_add(&list, point_code);
    }
    answer_send(ep, asp, kind, congestion, &list, now_ns);
}

/* What was asked for and nothing is known of: RFC4666-4.5.3 wants DUNA for a point code that is not
 * known. Of a range with none that is known that would say too much. */
static void unknown_answer(struct m3ua_endpoint *ep, uint32_t asp, const struct point_codes *known,
                           bool ranges, int64_t now_ns)
{
    struct endpoint_affected list = {.count = 0};
    const enum m3ua_kind kind = ranges ? M3UA_ERR : M3UA_DUNA;
    const struct bytes asked = ep->in.affected_point_codes;
    for (size_t i = 0; i < m3ua_list_count(asked); i++) {
        const uint32_t entry = m3ua_list_u32(asked, i);
        if ((m3ua_point_code_mask(entry) != 0) != ranges)
            continue;
        bool is_known = false;
        for (uint32_t j = 0; j < known->count && !is_known; j++)
            is_known = covers(entry, known->point_code[j]);
        if (is_known)
            continue;
        if (list.count == ENDPOINT_AFFECTED_MAX)
            answer_send(ep, asp, kind, 0, &list, now_ns);
        endpoint_affected_add(&list, entry);
    }
    answer_send(ep, asp, kind, 0, &list, now_ns);
}

void endpoint_daud_answer(struct m3ua_endpoint *ep, uint32_t asp, int64_t now_ns)
{
    struct point_codes known;
    struct point_codes asked = {.count = 0};
    point_codes_of(ep, &known);
    for (uint32_t i = 0; i < known.count; i++)
        if (is_asked_for(ep->in.affected_point_codes, known.point_code[i]))
            point_codes_add(&asked, known.point_code[i]);
    /* RFC4666-4.5.3: SCON comes before DAVA or DRST. */
    for (uint8_t level = 1; level <= M3UA_CONGESTION_UNDEFINED; level++)
        known_answer(ep, asp, &asked, M3UA_SCON, level, now_ns);
    known_answer(ep, asp, &asked, M3UA_DAVA, 0, now_ns);
    known_answer(ep, asp, &asked, M3UA_DRST, 0, now_ns);
    known_answer(ep, asp, &asked, M3UA_DUNA, 0, now_ns);
    unknown_answer(ep, asp, &known, false, now_ns);
    unknown_answer(ep, asp, &known, true, now_ns);
}
