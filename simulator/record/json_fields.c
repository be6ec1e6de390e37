/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "simulator/record/json_fields.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "simulator/record/run_json.h"

const double run_percentiles[RUN_QUANTILES] = {50, 75, 90, 95, 99, 99.9, 99.99, 99.999};
const char *const json_quantile_names[RUN_QUANTILES] = {"p50", "p75",   "p90",    "p95",
                                                        "p99", "p99.9", "p99.99", "p99.999"};

#define NAMED(json_name, structure, member, kind)                                                  \
    {                                                                                              \
        .name = (json_name), .type = JSON_FIELD_##kind,                                            \
        .offset = offsetof(struct structure, member),                                              \
        .octets = sizeof(((struct structure *)NULL)->member)                                       \
    }
#define FIELD(structure, member, kind) NAMED(#member, structure, member, kind)
#define TABLE(name, array)                                                                         \
    const struct json_fields name = {.count = sizeof(array) / sizeof((array)[0]), .field = (array)}

static const struct json_field profile[] = {
    FIELD(sctp_profile, name, TEXT),
    FIELD(sctp_profile, rto_initial_ms, U32),
    FIELD(sctp_profile, rto_min_ms, U32),
    FIELD(sctp_profile, rto_max_ms, U32),
    FIELD(sctp_profile, sack_delay_ms, U32),
    FIELD(sctp_profile, sack_frequency, U32),
    FIELD(sctp_profile, hb_interval_ms, U32),
    FIELD(sctp_profile, path_max_retrans, U32),
    FIELD(sctp_profile, association_max_retrans, U32),
    FIELD(sctp_profile, init_max_attempts, U32),
    FIELD(sctp_profile, init_timeout_max_ms, U32),
    FIELD(sctp_profile, streams_out, U32),
    FIELD(sctp_profile, streams_in, U32),
    FIELD(sctp_profile, nodelay, BOOL),
    FIELD(sctp_profile, send_buffer_octets, U32),
    FIELD(sctp_profile, receive_buffer_octets, U32),
};
TABLE(json_profile_fields, profile);

static const struct json_field path[] = {
    FIELD(transport_path, ip, TEXT),         FIELD(transport_path, reachable, BOOL),
    FIELD(transport_path, confirmed, BOOL),  FIELD(transport_path, primary, BOOL),
    FIELD(transport_path, rto_ms, U32),      FIELD(transport_path, srtt_ms, U32),
    FIELD(transport_path, cwnd_octets, U32), FIELD(transport_path, mtu_octets, U32),
};
TABLE(json_path_fields, path);

static const struct json_field status[] = {
    FIELD(transport_status, streams_out, U16),
    FIELD(transport_status, streams_in, U16),
    FIELD(transport_status, unacknowledged_chunks, U32),
    FIELD(transport_status, pending_chunks, U32),
    FIELD(transport_status, peer_receive_window_octets, U32),
    FIELD(transport_status, counts_shared, BOOL),
    FIELD(transport_status, has_heartbeats, BOOL),
    FIELD(transport_status, packets_sent, U64),
    FIELD(transport_status, packets_received, U64),
    FIELD(transport_status, chunks_retransmitted, U64),
    FIELD(transport_status, duplicate_tsns, U64),
    FIELD(transport_status, heartbeats_sent, U64),
    FIELD(transport_status, heartbeats_acknowledged, U64),
};
TABLE(json_status_fields, status);

static const struct json_field transport[] = {
    FIELD(transport_counters, messages_sent, U64),
    FIELD(transport_counters, messages_received, U64),
    FIELD(transport_counters, packets_sent, U64),
    FIELD(transport_counters, packets_received, U64),
    FIELD(transport_counters, octets_sent, U64),
    FIELD(transport_counters, octets_received, U64),
    FIELD(transport_counters, chunks_retransmitted, U64),
    FIELD(transport_counters, retransmission_timeouts, U64),
    FIELD(transport_counters, duplicate_tsns, U64),
    FIELD(transport_counters, packets_malformed, U64),
    FIELD(transport_counters, messages_too_long, U64),
    FIELD(transport_counters, send_failures, U64),
    FIELD(transport_counters, send_full, U64),
};
TABLE(json_transport_fields, transport);

static const struct json_field accounting[] = {
    FIELD(accounting_counts, due, U64),
    FIELD(accounting_counts, ok, U64),
    FIELD(accounting_counts, error, U64),
    FIELD(accounting_counts, timeout, U64),
    FIELD(accounting_counts, unanswered, U64),
    FIELD(accounting_counts, late, U64),
    FIELD(accounting_counts, blocked, U64),
    FIELD(accounting_counts, no_credit, U64),
    FIELD(accounting_counts, retransmissions, U64),
    FIELD(accounting_counts, duplicate_replies, U64),
};
TABLE(json_accounting_fields, accounting);

static const struct json_field distribution[] = {
    FIELD(run_distribution, count, U64),   FIELD(run_distribution, clipped, U64),
    FIELD(run_distribution, min_ns, I64),  FIELD(run_distribution, max_ns, I64),
    FIELD(run_distribution, mean_ns, F64), FIELD(run_distribution, sd_ns, F64),
};
TABLE(json_distribution_fields, distribution);

static const struct json_field statistics[] = {
    FIELD(run_statistics, interval_count, U32),
    FIELD(run_statistics, mean_ms, F64),
    FIELD(run_statistics, variance_ms2, F64),
    FIELD(run_statistics, sd_ms, F64),
    FIELD(run_statistics, median_ms, F64),
    NAMED("E_paper_ms", run_statistics, e_paper_ms, F64),
    NAMED("lag1_autocorrelation", run_statistics, lag1, F64),
    FIELD(run_statistics, batched, BOOL),
    FIELD(run_statistics, batch_size, U64),
    FIELD(run_statistics, batch_mean_ms, F64),
    NAMED("E_bm_ms", run_statistics, e_bm_ms, F64),
    NAMED("E_naive_ms", run_statistics, e_naive_ms, F64),
    NAMED("lag1_autocorrelation_batches", run_statistics, lag1_batches, F64),
    NAMED("lag1_autocorrelation_requests", run_statistics, lag1_requests, F64),
};
TABLE(json_statistics_fields, statistics);

static const struct json_field lane[] = {
    FIELD(run_lane, name, TEXT),
    FIELD(run_lane, baseline_ns, I64),
    FIELD(run_lane, resolution_ns, I64),
    FIELD(run_lane, rt_limit_ns, I64),
    FIELD(run_lane, gap_limit_ns, I64),
    FIELD(run_lane, rt_max_ns, I64),
    FIELD(run_lane, rt_max_due_ns, I64),
    FIELD(run_lane, gap_max_ns, I64),
    FIELD(run_lane, gap_max_start_ns, I64),
    FIELD(run_lane, outage_count, U32),
    FIELD(run_lane, outages_dropped, U64),
};
TABLE(json_lane_fields, lane);

static const struct json_field outage[] = {
    FIELD(outage, start_ns, I64),           FIELD(outage, end_ns, I64),
    FIELD(outage, affected, U64),           FIELD(outage, lost, U64),
    FIELD(outage, rt_max_ns, I64),          FIELD(outage, rt_max_id, U64),
    FIELD(outage, rt_max_due_ns, I64),      FIELD(outage, gap_start_ns, I64),
    FIELD(outage, gap_end_ns, I64),         FIELD(outage, gap_open, BOOL),
    FIELD(outage, last_before_due_ns, I64), FIELD(outage, first_after_due_ns, I64),
    FIELD(outage, excess_ns, F64),
};
TABLE(json_outage_fields, outage);

static const struct json_field estimate[] = {
    FIELD(outage_estimate, known, BOOL),   FIELD(outage_estimate, value_ns, I64),
    FIELD(outage_estimate, bounded, BOOL), FIELD(outage_estimate, low_ns, I64),
    FIELD(outage_estimate, high_ns, I64),
};
TABLE(json_estimate_fields, estimate);

static const struct json_field threshold[] = {
    FIELD(run_threshold, name, TEXT),
    FIELD(run_threshold, limit, TEXT),
    FIELD(run_threshold, actual, TEXT),
    FIELD(run_threshold, passed, BOOL),
};
TABLE(json_threshold_fields, threshold);

static const struct json_field recorder[] = {
    FIELD(recorder_counters, records_put, U64),
    FIELD(recorder_counters, records_written, U64),
    FIELD(recorder_counters, records_lost_full, U64),
    FIELD(recorder_counters, records_lost_disk, U64),
    FIELD(recorder_counters, octets_written, U64),
    FIELD(recorder_counters, ring_high_water, U64),
    FIELD(recorder_counters, write_failures, U64),
    FIELD(recorder_counters, error_number, INT),
    FIELD(recorder_counters, cpu_ns, I64),
};
TABLE(json_recorder_fields, recorder);

static const struct json_field cpu[] = {
    FIELD(run_cpu, user_ns, I64),        FIELD(run_cpu, system_ns, I64),
    FIELD(run_cpu, worker_ns, I64),      FIELD(run_cpu, recorder_ns, I64),
    FIELD(run_cpu, worker_share, F64),   FIELD(run_cpu, worker_share_peak, F64),
    FIELD(run_cpu, rss_octets_max, U64), FIELD(run_cpu, context_switches_involuntary, U64),
};
TABLE(json_cpu_fields, cpu);

static const struct json_field rate[] = {
    NAMED("target_per_s", run_record, rate_target_per_s, F64),
    NAMED("achieved_per_s", run_record, rate_achieved_per_s, F64),
};
TABLE(json_rate_fields, rate);

static const struct json_field times[] = {
    FIELD(run_record, start_wall_ns, I64),
    FIELD(run_record, start_monotonic_ns, I64),
    FIELD(run_record, elapsed_ns, I64),
    FIELD(run_record, stopped_early, BOOL),
};
TABLE(json_time_fields, times);

/* --- writing ------------------------------------------------------------------------------ */

static void put_field(struct json_build *build, json_t *object, const struct json_field *field,
                      const void *at)
{
    switch (field->type) {
    case JSON_FIELD_U64:
        json_put_u64(build, object, field->name, *(const uint64_t *)at);
        return;
    case JSON_FIELD_I64:
        json_put_i64(build, object, field->name, *(const int64_t *)at);
        return;
    case JSON_FIELD_U32:
        json_put_u64(build, object, field->name, *(const uint32_t *)at);
        return;
    case JSON_FIELD_U16:
        json_put_u64(build, object, field->name, *(const uint16_t *)at);
        return;
    case JSON_FIELD_INT:
        json_put_i64(build, object, field->name, *(const int *)at);
        return;
    case JSON_FIELD_F64:
        json_put_real(build, object, field->name, *(const double *)at);
        return;
    case JSON_FIELD_BOOL:
        json_put_bool(build, object, field->name, *(const bool *)at);
        return;
    case JSON_FIELD_TEXT:
        assert(memchr(at, '\0', field->octets) != NULL);
        json_put_text(build, object, field->name, at);
        return;
    }
    assert(false);
}

void json_put_fields(struct json_build *build, json_t *object, const struct json_fields *fields,
                     const void *structure)
{
    for (size_t i = 0; i < fields->count; i++)
        put_field(build, object, &fields->field[i],
                  (const char *)structure + fields->field[i].offset);
}

/* --- reading ------------------------------------------------------------------------------ */

static bool get_integer(const json_t *value, int64_t low, int64_t high, int64_t *integer)
{
    *integer = json_integer_value(value);
    return json_is_integer(value) && *integer >= low && *integer <= high;
}

static bool get_text(const json_t *value, char *text, size_t octets)
{
    if (!json_is_string(value))
        return false;
    const size_t length = json_string_length(value);
    const size_t taken = length < octets ? length : octets - 1;
    memcpy(text, json_string_value(value), taken);
    text[taken] = '\0';
    return true;
}

static bool get_field(const json_t *value, const struct json_field *field, void *at)
{
    int64_t integer = 0;
    switch (field->type) {
    case JSON_FIELD_U64:
        if (!get_integer(value, 0, INT64_MAX, &integer))
            return false;
        *(uint64_t *)at = (uint64_t)integer;
        return true;
    case JSON_FIELD_I64:
        /* Times and lengths, and REQUEST_TIME_NONE; the difference of any two fits. */
        if (!get_integer(value, -INT64_MAX / 2, INT64_MAX / 2, &integer) &&
            !(json_is_integer(value) && integer == REQUEST_TIME_NONE))
            return false;
        *(int64_t *)at = integer;
        return true;
    case JSON_FIELD_U32:
        if (!get_integer(value, 0, UINT32_MAX, &integer))
            return false;
        *(uint32_t *)at = (uint32_t)integer;
        return true;
    case JSON_FIELD_U16:
        if (!get_integer(value, 0, UINT16_MAX, &integer))
            return false;
        *(uint16_t *)at = (uint16_t)integer;
        return true;
    case JSON_FIELD_INT:
        if (!get_integer(value, INT32_MIN, INT32_MAX, &integer))
            return false;
        *(int *)at = (int)integer;
        return true;
    case JSON_FIELD_F64:
        *(double *)at = json_is_null(value) ? NAN : json_number_value(value);
        return json_is_null(value) || json_is_number(value);
    case JSON_FIELD_BOOL:
        *(bool *)at = json_is_true(value);
        return json_is_boolean(value);
    case JSON_FIELD_TEXT:
        return get_text(value, at, field->octets);
    }
    return false;
}

enum p7_status json_get_fields(const json_t *object, const struct json_fields *fields,
                               void *structure, const char **wrong)
{
    for (size_t i = 0; i < fields->count; i++) {
        const struct json_field *field = &fields->field[i];
        const json_t *value = json_object_get(object, field->name);
        *wrong = field->name;
        if (value == NULL)
            return P7_MISSING;
        if (!get_field(value, field, (char *)structure + field->offset))
            return P7_MALFORMED;
    }
    return P7_OK;
}
