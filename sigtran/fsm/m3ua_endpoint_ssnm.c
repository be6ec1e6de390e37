/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Signalling Network Management in: what the peer says of destinations, and audits of it
 * (RFC4666-3.4, 4.5.2, 4.5.3). What we say ourselves is in m3ua_endpoint_announce.c. */
#include <assert.h>

#include "sigtran/fsm/m3ua_endpoint_internal.h"

/* What lapses without an audit does so after the time that one would take by default. */
#define T_AUDIT_DEFAULT_NS INT64_C(30000000000)

static int64_t audit_ns(const struct endpoint_asp *a)
{
    return a->config.t_audit_ns > 0 ? a->config.t_audit_ns : T_AUDIT_DEFAULT_NS;
}

int64_t endpoint_destinations_deadline_ns(const struct endpoint_asp *a)
{
    int64_t deadline_ns = TIMER_NEVER_NS;
    for (uint32_t i = 0; i < a->membership_count; i++) {
        const int64_t at_ns = m3ua_destinations_deadline_ns(&a->destinations[i]);
        deadline_ns = at_ns < deadline_ns ? at_ns : deadline_ns;
    }
    return deadline_ns;
}

/* How many ranges stand in the tables of an AS: with none, as nearly always, nothing is looked up
 * for a message. */
static void troubles_count(struct m3ua_endpoint *ep, uint32_t as)
{
    struct endpoint_as *s = &ep->as[as];
    s->troubles = 0;
    for (uint32_t i = 0; i < s->config.asp_count; i++)
        s->troubles += ep->asp[s->config.asp[i]].destinations[s->membership[i]].count;
}

/* --- reading --------------------------------------------------------------------------------- */

static struct m3ua_destination destination_by(const struct m3ua_endpoint *ep,
                                              const struct endpoint_as *as, uint32_t member,
                                              uint32_t point_code)
{
    return m3ua_destinations_of(
        &ep->asp[as->config.asp[member]].destinations[as->membership[member]], point_code);
}

bool endpoint_member_reaches(const struct m3ua_endpoint *ep, const struct endpoint_as *as,
                             uint32_t member, uint32_t point_code, uint8_t si)
{
    if (as->troubles == 0)
        return true;
    const struct m3ua_destination destination = destination_by(ep, as, member, point_code);
    return m3ua_destination_is_open(&destination, si);
}

struct m3ua_destination m3ua_endpoint_destination(const struct m3ua_endpoint *endpoint, uint32_t as,
                                                  uint32_t point_code)
{
    assert(as < endpoint->as_count);
    const struct endpoint_as *s = &endpoint->as[as];
    struct m3ua_destination best = {.availability = M3UA_AVAILABLE};
    if (s->troubles == 0)
        return best;
    for (uint32_t i = 0; i < s->machine.active_count; i++) {
        const struct m3ua_destination one =
            destination_by(endpoint, s, s->machine.active[i], point_code);
        /* RFC4666-4.5.2.2: through one SGP it may be reached while another one does not. */
        if (i == 0 || one.availability < best.availability ||
            (one.availability == best.availability && one.congestion < best.congestion))
            best = (struct m3ua_destination){.availability = one.availability,
                                             .congestion = one.congestion,
                                             .users_unavailable = one.users_unavailable};
    }
    return best;
}

struct m3ua_destination m3ua_endpoint_asp_destination(const struct m3ua_endpoint *endpoint,
                                                      uint32_t asp, uint32_t as,
                                                      uint32_t point_code)
{
    assert(asp < endpoint->asp_count && as < endpoint->as_count);
    const uint32_t membership = endpoint_membership(endpoint, asp, as);
    if (membership == M3UA_ENDPOINT_NONE)
        return (struct m3ua_destination){.availability = M3UA_UNAVAILABLE};
    return m3ua_destinations_of(&endpoint->asp[asp].destinations[membership], point_code);
}

/* --- audits of ours -------------------------------------------------------------------------- */

/* `message` NULL: by time. */
static void change_raise(struct m3ua_endpoint *ep, uint32_t asp, uint32_t as,
                         const struct m3ua_destination_change *change,
                         const struct m3ua_message *message, int64_t now_ns)
{
    const struct m3ua_endpoint_event event = {.kind = M3UA_EVENT_SSNM,
                                              .asp = asp,
                                              .as = as,
                                              .message_kind =
                                                  message == NULL ? M3UA_DAUD : message->kind,
                                              .status = P7_OK,
                                              .message = message,
                                              .affected = change->entry,
                                              .destination_old = change->before,
                                              .destination = change->after};
    endpoint_raise(ep, &event, now_ns);
}

static void audit_send(struct m3ua_endpoint *ep, uint32_t asp, uint32_t membership,
                       struct endpoint_affected *list, int64_t now_ns)
{
    if (list->count == 0)
        return;
    struct endpoint_contexts contexts;
    ep->counters.audits_sent++;
    endpoint_affected_put(ep, M3UA_DAUD, list);
    endpoint_contexts_put(ep, asp, 1u << membership, &contexts);
    (void)!endpoint_send_out(ep, asp, now_ns);
    list->count = 0;
}

void endpoint_destinations_time(struct m3ua_endpoint *ep, uint32_t asp, int64_t now_ns)
{
    struct endpoint_asp *a = &ep->asp[asp];
    for (uint32_t i = 0; i < a->membership_count; i++) {
        struct endpoint_affected list = {.count = 0};
        struct m3ua_destination_change change;
        bool audit;
        while (m3ua_destinations_due(&a->destinations[i], now_ns, audit_ns(a), &audit, &change)) {
            /* RFC4666-3.4.3: DAUD goes to the SG; it has nothing to ask its ASPs for. */
            if (audit && a->config.t_audit_ns >= 0 && a->config.role != ASP_ROLE_SG)
                endpoint_affected_add(&list, change.entry);
            troubles_count(ep, a->as[i]);
            if (change.changed)
                change_raise(ep, asp, a->as[i], &change, NULL, now_ns);
        }
        audit_send(ep, asp, i, &list, now_ns);
    }
    endpoint_network_arm(ep, asp);
}

/* What the peer said does not hold any more: all counts as available. */
static void void_all(struct m3ua_endpoint *ep, uint32_t asp, uint32_t membership, int64_t now_ns)
{
    struct endpoint_asp *a = &ep->asp[asp];
    struct m3ua_destinations *table = &a->destinations[membership];
    const struct m3ua_destinations before = *table;
    m3ua_destinations_forget(table);
    troubles_count(ep, a->as[membership]);
    for (uint32_t i = 0; i < before.count; i++) {
        const struct m3ua_destination_change change = {
            .entry = (uint32_t)before.range[i].mask << 24 | before.range[i].point_code,
            .before = before.range[i].state,
            .after = {.availability = M3UA_AVAILABLE}};
        if (!m3ua_destination_equal(&change.before, &change.after))
            change_raise(ep, asp, a->as[membership], &change, NULL, now_ns);
    }
}

/*
 * The traffic of a membership has begun or ended. When it ends, what the peer said is void. When it
 * begins again after a gap, an SCTP restart among them, destinations count as available, and those
 * that matter are asked for (RFC4666-4.5.3 "isolation"): those that had trouble before, and the one
 * that we sent to last.
 */
void endpoint_destinations_follow(struct m3ua_endpoint *ep, uint32_t asp, uint32_t membership,
                                  bool active, int64_t now_ns)
{
    struct endpoint_asp *a = &ep->asp[asp];
    struct m3ua_destinations *table = &a->destinations[membership];
    const struct endpoint_as *s = &ep->as[a->as[membership]];
    if (active && a->config.t_audit_ns >= 0 && a->config.role != ASP_ROLE_SG) {
        struct endpoint_affected list = {.count = 0};
        bool is_in = !s->has_last_dpc;
        for (uint32_t i = 0; i < table->lost_count; i++) {
            endpoint_affected_add(&list, table->lost[i]);
            is_in = is_in || table->lost[i] == s->last_dpc;
        }
        if (!is_in)
            endpoint_affected_add(&list, s->last_dpc);
        table->lost_count = 0;
        audit_send(ep, asp, membership, &list, now_ns);
    } else if (!active) {
        void_all(ep, asp, membership, now_ns);
    }
    endpoint_network_arm(ep, asp);
}

/* --- the peer's messages --------------------------------------------------------------------- */

static struct m3ua_destination_news news_of(const struct m3ua_message *in)
{
    struct m3ua_destination_news news = {.kind = in->kind};
    if (in->kind == M3UA_SCON)
        /* RFC4666-3.4.4: levels go up to 3. */
        news.congestion = (in->present & M3UA_HAS_CONGESTION_INDICATIONS) == 0
                              ? M3UA_CONGESTION_UNDEFINED
                          : in->congestion_level > 3 ? 3
                                                     : (uint8_t)in->congestion_level;
    else if (in->kind == M3UA_DUPU)
        news.user = in->mtp3_user;
    return news;
}

static void news_lost(struct m3ua_endpoint *ep, uint32_t asp, uint32_t as, uint64_t lost,
                      int64_t now_ns)
{
    ep->counters.destinations_refused += lost;
    const struct m3ua_endpoint_event event = {.kind = M3UA_EVENT_SSNM,
                                              .asp = asp,
                                              .as = as,
                                              .message_kind = ep->in.kind,
                                              .status = P7_FULL,
                                              .lost = lost,
                                              .message = &ep->in};
    endpoint_raise(ep, &event, now_ns);
}

static void membership_tell(struct m3ua_endpoint *ep, uint32_t asp, uint32_t membership,
                            int64_t now_ns)
{
    struct endpoint_asp *a = &ep->asp[asp];
    const uint32_t as = a->as[membership];
    const struct m3ua_destination_news news = news_of(&ep->in);
    const struct bytes list = ep->in.affected_point_codes;
    uint64_t lost = 0;
    /* RFC4666-3.4.5: DUPU has one point code and no mask. */
    const size_t count = news.kind == M3UA_DUPU ? 1 : m3ua_list_count(list);
    for (size_t i = 0; i < count; i++) {
        struct m3ua_destination_change change;
        uint32_t entry = m3ua_list_u32(list, i);
        if (news.kind == M3UA_DUPU)
            entry = m3ua_point_code(entry);
        if (m3ua_destinations_tell(&a->destinations[membership], entry, &news, now_ns, audit_ns(a),
                                   &change) != P7_OK) {
            lost++;
            continue;
        }
        if (!change.changed)
            continue;
        ep->counters.destination_changes++;
        troubles_count(ep, as);
        change_raise(ep, asp, as, &change, &ep->in, now_ns);
        /* RFC4666-3.4.4: an ASP tells the SG how its own AS fares; the SG passes it on. */
        if (news.kind == M3UA_SCON && a->config.role == ASP_ROLE_SG &&
            entry == ep->as[as].config.point_code)
            endpoint_congestion_report(ep, as, news.congestion, now_ns);
    }
    if (lost != 0)
        news_lost(ep, asp, as, lost, now_ns);
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
        endpoint_daud_answer(ep, asp, now_ns);
        return;
    }
    uint8_t unknown[4 * LIMIT_M3UA_ROUTING_CONTEXTS];
    size_t unknown_count;
    const uint32_t memberships = endpoint_memberships_of(ep, a, &ep->in, unknown, &unknown_count);
    if (unknown_count != 0) {
        /* RFC4666-3.8.1: routing contexts that are not ours; the others go on. */
        const struct m3ua_fault fault = {.answer = true,
                                         .error = M3UA_ERROR_INVALID_ROUTING_CONTEXT,
                                         .tag = M3UA_TAG_ROUTING_CONTEXT,
                                         .routing_contexts = bytes_of(unknown, 4 * unknown_count)};
        endpoint_refuse(ep, asp, &fault, P7_NOT_FOUND, now_ns);
    }
    for (uint32_t i = 0; i < a->membership_count; i++)
        if (((memberships >> i) & 1u) != 0)
            membership_tell(ep, asp, i, now_ns);
    endpoint_network_arm(ep, asp);
}
