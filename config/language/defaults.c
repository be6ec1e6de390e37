/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include <string.h>

#include "config/language/grammar.h"
#include "config/language/language.h"
#include "sigtran/fsm/sccp_reassembly.h"

/* 8 MiB hold what 9450 requests/s of 200 octets pile up in four seconds of a peer's outage. */
#define BUFFER_OCTETS (8u << 20)
/* Stream 0 is for management (RFC4666-1.4.7), an ITU SLS has 16 values. */
#define STREAMS 17u

/* The built-in profiles; config/profiles holds them as files too, and a test compares. */
static const struct sctp_profile builtin_profiles[] = {
    {
        .name = "rfc9260", /* RFC9260-16 */
        .rto_initial_ms = 1000,
        .rto_min_ms = 1000,
        .rto_max_ms = 60000,
        .sack_delay_ms = 200,
        .sack_frequency = 2,
        .hb_interval_ms = 30000,
        .path_max_retrans = 5,
        .association_max_retrans = 10,
        .init_max_attempts = 8,
        .init_timeout_max_ms = 60000,
        .streams_out = STREAMS,
        .streams_in = STREAMS,
        .nodelay = true,
        .send_buffer_octets = BUFFER_OCTETS,
        .receive_buffer_octets = BUFFER_OCTETS,
    },
    {
        .name = "carrier",
        .rto_initial_ms = 300,
        .rto_min_ms = 100,
        .rto_max_ms = 400,
        .sack_delay_ms = 20,
        .sack_frequency = 2,
        .hb_interval_ms = 1000,
        .path_max_retrans = 4,
        .association_max_retrans = 8,
        .init_max_attempts = 8,
        .init_timeout_max_ms = 1000,
        .streams_out = STREAMS,
        .streams_in = STREAMS,
        .nodelay = true,
        .send_buffer_octets = BUFFER_OCTETS,
        .receive_buffer_octets = BUFFER_OCTETS,
    },
    {
        .name = "lan",
        .rto_initial_ms = 200,
        .rto_min_ms = 100,
        .rto_max_ms = 1000,
        .sack_delay_ms = 20,
        .sack_frequency = 2,
        .hb_interval_ms = 5000,
        .path_max_retrans = 5,
        .association_max_retrans = 10,
        .init_max_attempts = 8,
        .init_timeout_max_ms = 1000,
        .streams_out = STREAMS,
        .streams_in = STREAMS,
        .nodelay = true,
        .send_buffer_octets = BUFFER_OCTETS,
        .receive_buffer_octets = BUFFER_OCTETS,
    },
};

static void simulator_init(struct simulator_settings *simulator)
{
    value_copy_text(simulator->name, sizeof(simulator->name), "simulator");
    simulator->seed = 1;
    simulator->duration_ms = 60000;
    simulator->interval_ms = 10000;
    simulator->timeout_ms = 10000;
    simulator->attempts = 1;
    simulator->dialogues_max = 1000000;
    simulator->record_requests = true;
    simulator->has_failed_threshold = true;
    simulator->repeats = 1;
    simulator->rest_ms = 2000;
    /* Fictional numbers; the responder has accounts for the same range. */
    value_copy_text(simulator->subscriber_first, sizeof(simulator->subscriber_first),
                    "467010000000");
    simulator->subscriber_count = 100000;
    value_copy_text(simulator->imsi_first, sizeof(simulator->imsi_first), "240010000000000");
    value_copy_text(simulator->called_party, sizeof(simulator->called_party), "467019999999");
    value_copy_text(simulator->msc_address, sizeof(simulator->msc_address), "467010099999");
}

static void responder_init(struct responder_settings *responder)
{
    value_copy_text(responder->name, sizeof(responder->name), "responder");
    responder->ssn = 146; /* CAP */
    responder->interval_ms = 10000;
    responder->dialogues_max = 1000000;
    responder->dialogue_timeout_ms = 120000;
    responder->activity_timeout_ms = 5000;
    responder->duplicates_max = 1000000;
    responder->oneshot_service_key = 1;
    value_copy_text(responder->account_first, sizeof(responder->account_first), "467010000000");
    responder->account_count = 100000;
    responder->account_balance = 1000000000;
    responder->tariff.price_per_second = 1;
    responder->tariff.price_per_event = 1;
    responder->tariff.slice_ms = 30000;
    responder->ledger.segment_octets = 64u << 20;
    responder->ledger.cdr_octets = 16u << 20;
    responder->ledger.cdr_age_ms = 60000;
    responder->cluster.heartbeat_ms = 100;
    responder->cluster.suspect_ms = 500;
    responder->cluster.give_up_ms = 10000;
}

void settings_init(struct settings *settings)
{
    memset(settings, 0, sizeof(*settings));
    settings->transport.kind = TRANSPORT_AUTO;
    settings->transport.udp_local_port = 9899; /* RFC6951-5.1 */
    settings->instance.point_code_format = point_code_format_itu();
    settings->instance.t_reass_ms = SCCP_T_REASS_MS;
    settings->instance.sccp_class = 1; /* both: TS29.078-14.1.3 */
    settings->instance.sccp_return_option = true;
    settings->profile_count = sizeof(builtin_profiles) / sizeof(builtin_profiles[0]);
    memcpy(settings->profile, builtin_profiles, sizeof(builtin_profiles));
    settings->sccp.t_stat_info_ms = 30000; /* Q.714-5.3.4.2 */
    settings->sccp.t_stat_info_max_ms = 600000;
    settings->sccp.t_coord_chg_ms = 60000; /* Q.714-5.3.5.2 */
    settings->sccp.t_ignore_sst_ms = 30000;
    simulator_init(&settings->simulator);
    responder_init(&settings->responder);
}

/* --- entries by name ------------------------------------------------------------------------- */

const struct sctp_profile *settings_find_profile(const struct settings *settings, const char *name)
{
    for (uint32_t i = 0; i < settings->profile_count; i++)
        if (strcmp(settings->profile[i].name, name) == 0)
            return &settings->profile[i];
    return NULL;
}

const struct asp_settings *settings_find_asp(const struct settings *settings, const char *name)
{
    for (uint32_t i = 0; i < settings->asp_count; i++)
        if (strcmp(settings->asp[i].name, name) == 0)
            return &settings->asp[i];
    return NULL;
}

const struct as_settings *settings_find_as(const struct settings *settings, const char *name)
{
    for (uint32_t i = 0; i < settings->as_count; i++)
        if (strcmp(settings->as[i].name, name) == 0)
            return &settings->as[i];
    return NULL;
}

const struct target_settings *settings_find_target(const struct settings *settings,
                                                   const char *name)
{
    for (uint32_t i = 0; i < settings->simulator.target_count; i++)
        if (strcmp(settings->simulator.target[i].name, name) == 0)
            return &settings->simulator.target[i];
    return NULL;
}

const struct call_model_settings *settings_find_model(const struct settings *settings,
                                                      const char *name)
{
    for (uint32_t i = 0; i < settings->simulator.model_count; i++)
        if (strcmp(settings->simulator.model[i].name, name) == 0)
            return &settings->simulator.model[i];
    return NULL;
}

void settings_share_rate(struct simulator_settings *simulator, double rate_per_s)
{
    const double total = settings_total_rate(simulator);
    for (uint32_t i = 0; i < simulator->flow_count; i++) {
        struct flow_settings *flow = &simulator->flow[i];
        flow->rate_per_s =
            total > 0 ? rate_per_s * flow->rate_per_s / total : rate_per_s / simulator->flow_count;
    }
}

double settings_total_rate(const struct simulator_settings *simulator)
{
    double total = 0;
    for (uint32_t i = 0; i < simulator->flow_count; i++)
        total += simulator->flow[i].rate_per_s;
    return total;
}

uint64_t settings_path_failure_ms(const struct sctp_profile *profile)
{
    uint64_t rto_ms = profile->rto_min_ms;
    uint64_t total_ms = 0;
    for (uint32_t i = 0; i <= profile->path_max_retrans; i++) {
        if (rto_ms > profile->rto_max_ms)
            rto_ms = profile->rto_max_ms;
        total_ms += rto_ms;
        rto_ms *= 2; /* bounded by RTO.Max at the top of the loop */
    }
    return total_ms;
}
