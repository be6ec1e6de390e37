/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include <inttypes.h>
#include <string.h>

#include "config/language/check_problems.h"
#include "sigtran/fsm/sccp_reassembly.h"

/* RFC9260-8.2: how long a path is tried, and what a ladder without rungs does to it. */
static void check_path_failure(const struct sctp_profile *profile,
                               struct settings_problems *problems)
{
    const double failure_s = (double)settings_path_failure_ms(profile) / 1000.0;
    if (profile->rto_min_ms == profile->rto_max_ms)
        check_say(problems, false,
                  "sctp-profile %s: RTO.Min = RTO.Max = %" PRIu32 " ms switches backoff off; with "
                  "path-max-retrans %" PRIu32 " a path fails after %.2f s without an answer, and "
                  "the association stalls: raise rto max, or path-max-retrans",
                  profile->name, profile->rto_min_ms, profile->path_max_retrans, failure_s);
    else if (failure_s < 1.0)
        check_say(problems, false,
                  "sctp-profile %s: a path fails after %.2f s without an answer (sum of "
                  "RTO 2^i, i = 0 to path-max-retrans %" PRIu32 "): an outage of that length ends "
                  "it; raise rto max, or path-max-retrans",
                  profile->name, failure_s, profile->path_max_retrans);
}

void check_profile(const struct sctp_profile *profile, struct settings_problems *problems)
{
    if (profile->rto_min_ms > profile->rto_max_ms)
        check_say(problems, true,
                  "sctp-profile %s: rto min %" PRIu32 " is above rto max %" PRIu32
                  ": swap or change them",
                  profile->name, profile->rto_min_ms, profile->rto_max_ms);
    else if (profile->rto_initial_ms < profile->rto_min_ms ||
             profile->rto_initial_ms > profile->rto_max_ms)
        check_say(problems, true,
                  "sctp-profile %s: rto initial %" PRIu32 " is not between rto min %" PRIu32
                  " and rto max %" PRIu32 ": put it there",
                  profile->name, profile->rto_initial_ms, profile->rto_min_ms, profile->rto_max_ms);
    else
        check_path_failure(profile, problems);
    /* A peer that delays its SACK as we do answers a lone packet after our timer has run. */
    if (profile->sack_delay_ms >= profile->rto_min_ms)
        check_say(problems, false,
                  "sctp-profile %s: sack delay %" PRIu32 " reaches rto min %" PRIu32
                  ": lone packets get retransmitted for nothing; keep it well below",
                  profile->name, profile->sack_delay_ms, profile->rto_min_ms);
    if (!profile->nodelay)
        check_say(problems, false,
                  "sctp-profile %s: without nodelay a lone request waits for the SACK of the one "
                  "before: response times will show it",
                  profile->name);
    if (profile->hb_interval_ms == 0)
        check_say(problems, false,
                  "sctp-profile %s: without SCTP HEARTBEAT an idle path that fails goes unnoticed",
                  profile->name);
}

static bool carries_over_udp(enum transport_kind kind)
{
    return kind == TRANSPORT_AUTO || kind == TRANSPORT_USRSCTP;
}

static void check_client(const struct settings *settings, const struct asp_settings *asp,
                         struct settings_problems *problems)
{
    if (asp->endpoint.remote_ip_count == 0)
        check_say(problems, true, "asp %s: a client needs to know where: write remote-ip ADDRESS",
                  asp->name);
    if (asp->endpoint.remote_port == 0)
        check_say(problems, true,
                  "asp %s: a client needs the peer's SCTP port: asp NAME REMOTE-PORT LOCAL-PORT "
                  "m3ua, usually 2905",
                  asp->name);
    for (uint32_t i = 0; i < settings->asp_count; i++) {
        const struct asp_settings *other = &settings->asp[i];
        if (other == asp)
            break;
        if (other->sctp_client && asp->endpoint.local_port != 0 &&
            other->endpoint.local_port == asp->endpoint.local_port &&
            other->endpoint.remote_port == asp->endpoint.remote_port &&
            strcmp(other->endpoint.remote_ip[0], asp->endpoint.remote_ip[0]) == 0 &&
            strcmp(other->endpoint.local_ip[0], asp->endpoint.local_ip[0]) == 0)
            check_say(problems, true,
                      "asp %s: the same ports and addresses as asp %s: write 0 for one's local "
                      "port",
                      asp->name, other->name);
    }
}

static void check_asp(const struct settings *settings, struct asp_settings *asp,
                      struct settings_problems *problems)
{
    const struct sctp_profile *profile = settings_find_profile(settings, asp->profile);
    if (profile == NULL)
        check_say(problems, true, "asp %s: there is no sctp-profile %s: write one, or name another",
                  asp->name, asp->profile);
    else
        asp->endpoint.profile = *profile;
    if (asp->exchange != IPSP_EXCHANGE_SINGLE && asp->role != ASP_ROLE_IPSP)
        check_say(problems, true,
                  "asp %s: exchange double is for two ipsps: write role ipsp, or take it out",
                  asp->name);
    if (asp->sctp_client)
        check_client(settings, asp, problems);
    else if (asp->endpoint.local_port == 0)
        check_say(problems, true,
                  "asp %s: a server needs its SCTP port: asp NAME REMOTE-PORT LOCAL-PORT m3ua, "
                  "usually 2905",
                  asp->name);
    if (settings->transport.udp_local_ip[0] != '\0' && carries_over_udp(settings->transport.kind) &&
        (asp->endpoint.remote_ip_count > 1 || asp->endpoint.local_ip_count > 1))
        check_say(
            problems, false,
            "asp %s: with several addresses usrsctp takes its UDP port on all of the host, not "
            "on %s alone: leave udp-encapsulation local-ip out",
            asp->name, settings->transport.udp_local_ip);
    for (uint32_t i = 0; i < settings->as_count; i++)
        for (uint32_t j = 0; j < settings->as[i].asp_count; j++)
            if (strcmp(settings->as[i].asp[j], asp->name) == 0)
                return;
    if (asp->role == ASP_ROLE_SG && settings->instance.allocation == ROUTING_KEY_DYNAMIC_PERMITTED)
        return; /* it may register its own */
    check_say(problems, false, "asp %s: no as uses it: write asp %s under one", asp->name,
              asp->name);
}

/* RFC4666-4.3.4.1.2 is a choice of IPSPs alone, and one AS has one kind of peers. */
static void check_exchange(const struct settings *settings, const struct as_settings *as,
                           struct settings_problems *problems)
{
    const struct asp_settings *first = NULL;
    for (uint32_t i = 0; i < as->asp_count; i++) {
        const struct asp_settings *asp = settings_find_asp(settings, as->asp[i]);
        if (asp == NULL)
            continue;
        if (first != NULL && (asp->role != first->role || asp->exchange != first->exchange))
            check_say(problems, true,
                      "as %s: asp %s and asp %s differ in role or exchange: one as needs the same "
                      "for all of its asps",
                      as->name, first->name, asp->name);
        first = first == NULL ? asp : first;
    }
}

/* RFC4666-4.3.4.3: n of n+k is for loadshare and broadcast, and for who sends to the ASPs. */
static void check_minimum(const struct settings *settings, const struct as_settings *as,
                          struct settings_problems *problems)
{
    const struct asp_settings *asp =
        as->asp_count == 0 ? NULL : settings_find_asp(settings, as->asp[0]);
    if (as->active_minimum > as->asp_count && as->asp_count != 0)
        check_say(problems, true,
                  "as %s: active-minimum %" PRIu32 " of %" PRIu32
                  " asps: it could never be active; lower it",
                  as->name, as->active_minimum, as->asp_count);
    else if (as->active_minimum > 1 &&
             (as->traffic_mode == AS_MODE_OVERRIDE || (asp != NULL && asp->role == ASP_ROLE_ASP)))
        check_say(problems, false,
                  "as %s: active-minimum says nothing in override mode, nor to an asp: take it out",
                  as->name);
}

/* RFC4666-4.4: REG REQ goes from the ASP to the SG. */
static void check_registration(const struct settings *settings, const struct as_settings *as,
                               struct settings_problems *problems)
{
    const struct asp_settings *asp =
        as->asp_count == 0 ? NULL : settings_find_asp(settings, as->asp[0]);
    if (as->registers != 0 && asp != NULL && asp->role == ASP_ROLE_SG)
        check_say(problems, true,
                  "as %s: registration dynamic is for asp and ipsp; an sg writes xua rkm "
                  "routing-key-allocation dynamic-permitted",
                  as->name);
}

/* Does it take any routing context? One that is registered gets its own. */
static bool takes_any(const struct as_settings *as)
{
    return !as->has_routing_context && as->registers == 0;
}

static bool share_an_asp(const struct as_settings *a, const struct as_settings *b)
{
    for (uint32_t i = 0; i < a->asp_count; i++)
        for (uint32_t j = 0; j < b->asp_count; j++)
            if (strcmp(a->asp[i], b->asp[j]) == 0)
                return true;
    return false;
}

static void check_as(const struct settings *settings, const struct as_settings *as,
                     struct settings_problems *problems)
{
    if (as->asp_count == 0)
        check_say(problems, true, "as %s: nothing serves it: write asp NAME under it", as->name);
    for (uint32_t i = 0; i < as->asp_count; i++)
        if (settings_find_asp(settings, as->asp[i]) == NULL)
            check_say(problems, true, "as %s: there is no asp %s: write one, or name another",
                      as->name, as->asp[i]);
    check_exchange(settings, as, problems);
    check_minimum(settings, as, problems);
    check_registration(settings, as, problems);
    if (as->point_code == 0)
        check_say(problems, true, "as %s: no point code: write routing-key RC PC", as->name);
    for (const struct as_settings *other = settings->as; other != as; other++) {
        if (!share_an_asp(as, other))
            continue;
        /* RFC4666-3.1: without a routing context the receiver can't tell two ASs apart. */
        if (takes_any(as) || takes_any(other))
            check_say(problems, true,
                      "as %s and as %s share an asp: give both a routing context of their own",
                      other->name, as->name);
        else if (as->has_routing_context && other->has_routing_context &&
                 as->routing_context == other->routing_context)
            check_say(problems, true,
                      "as %s and as %s have the routing context %" PRIu32
                      " on the same asp: change one",
                      other->name, as->name, as->routing_context);
    }
}

static void check_sccp(const struct instance_settings *instance, struct settings_problems *problems)
{
    if (point_code_max(&instance->point_code_format) > sccp_point_code_max(instance->sccp_variant))
        check_say(problems, true,
                  "cs7 instance 0: point codes of more than 14 bits don't fit ITU addresses "
                  "(Q.713-3.4.2.1): write sccp-variant ansi, or a point-code format of 14 bits");
    if (instance->t_reass_ms < SCCP_T_REASS_MIN_MS || instance->t_reass_ms > SCCP_T_REASS_MAX_MS)
        check_say(problems, false,
                  "cs7 instance 0: sccp-timer reassembly is %" PRIu32 " ms, and Q.714 has %d to %d "
                  "ms, which peers count on",
                  instance->t_reass_ms, SCCP_T_REASS_MIN_MS, SCCP_T_REASS_MAX_MS);
}

void check_network(struct settings *settings, struct settings_problems *problems)
{
    if (settings->instance.point_code == 0)
        check_say(problems, true, "cs7 instance 0: no point code: write point-code A.B.C");
    check_sccp(&settings->instance, problems);
    if (settings->asp_count == 0)
        check_say(problems, true,
                  "cs7 instance 0: no association: write asp NAME REMOTE-PORT LOCAL-PORT m3ua");
    if (settings->as_count == 0 && settings->instance.allocation != ROUTING_KEY_DYNAMIC_PERMITTED)
        check_say(problems, true, "cs7 instance 0: no application server: write as NAME m3ua");
    for (uint32_t i = 0; i < settings->profile_count; i++)
        check_profile(&settings->profile[i], problems);
    for (uint32_t i = 0; i < settings->asp_count; i++)
        check_asp(settings, &settings->asp[i], problems);
    for (uint32_t i = 0; i < settings->as_count; i++)
        check_as(settings, &settings->as[i], problems);
}
