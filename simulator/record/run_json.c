/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "simulator/record/run_json.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "simulator/record/json_build.h"
#include "simulator/record/json_fields.h"

#define OUTPUT_BUFFER_OCTETS 65536

static void put_utc(struct json_build *build, json_t *root, int64_t wall_ns)
{
    const time_t seconds = (time_t)(wall_ns / 1000000000);
    const int milliseconds = (int)(wall_ns % 1000000000 / 1000000);
    struct tm utc;
    char date[32] = "", text[48];
    if (gmtime_r(&seconds, &utc) != NULL)
        (void)strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &utc);
    (void)snprintf(text, sizeof(text), "%s.%03dZ", date, milliseconds);
    json_put_text(build, root, "start_utc", text);
}

static void put_host(struct json_build *build, json_t *root)
{
    struct utsname names;
    json_t *host = json_put_object(build, root, "host");
    if (uname(&names) == 0) {
        json_put_text(build, host, "name", names.nodename);
        json_put_text(build, host, "system", names.sysname);
        json_put_text(build, host, "release", names.release);
        json_put_text(build, host, "machine", names.machine);
    }
    json_put_i64(build, host, "processors", sysconf(_SC_NPROCESSORS_ONLN));
}

static void put_verdict(struct json_build *build, json_t *root, const struct run_record *record)
{
    json_t *validity = json_put_object(build, root, "validity");
    json_put_bool(build, validity, "valid", record->validity.valid);
    json_t *reasons = json_put_array(build, validity, "reasons");
    for (size_t i = 0; i < record->validity.reason_count && i < VALIDITY_REASONS_MAX; i++)
        json_append_text(build, reasons, record->validity.reasons[i]);
    json_put_u64(build, validity, "reason_count", record->validity.reason_count);
    json_t *thresholds = json_put_array(build, root, "thresholds");
    for (uint32_t i = 0; i < record->threshold_count; i++)
        json_put_fields(build, json_append_object(build, thresholds), &json_threshold_fields,
                        &record->threshold[i]);
}

static void put_accounts(struct json_build *build, json_t *object, const char *name,
                         const struct accounting_counts *accounting)
{
    json_t *a = json_put_object(build, object, name);
    json_put_fields(build, a, &json_accounting_fields, accounting);
    json_put_bool(build, a, "balanced", run_accounting_balanced(accounting));
}

static void put_distribution(struct json_build *build, json_t *object, const char *name,
                             const struct run_distribution *distribution)
{
    json_t *d = json_put_object(build, object, name);
    json_put_fields(build, d, &json_distribution_fields, distribution);
    json_t *quantiles = json_put_object(build, d, "quantiles_ns");
    for (size_t i = 0; i < RUN_QUANTILES; i++)
        json_put_i64(build, quantiles, json_quantile_names[i], distribution->quantile_ns[i]);
}

static void put_failures(struct json_build *build, json_t *root, const struct failures *failures)
{
    char text[FAILURES_TEXT_OCTETS];
    if (failures == NULL)
        return;
    json_t *list = json_put_array(build, root, "failures");
    for (uint32_t i = 0; i < failures->count; i++) {
        json_t *entry = json_append_object(build, list);
        failure_text(failures->entry[i].cause, text, sizeof(text));
        json_put_text(build, entry, "cause", text);
        json_put_u64(build, entry, "requests", failures->entry[i].requests);
    }
    if (failures->others == 0)
        return;
    json_t *entry = json_append_object(build, list);
    json_put_text(build, entry, "cause", "others");
    json_put_u64(build, entry, "requests", failures->others);
}

static void put_result(struct json_build *build, json_t *root, const struct run_record *record)
{
    json_t *rate = json_put_object(build, root, "rate");
    json_put_fields(build, rate, &json_rate_fields, record);
    json_put_real(build, rate, "off_percent",
                  100 * (record->rate_achieved_per_s / record->rate_target_per_s - 1));

    json_t *accounting = json_put_object(build, root, "accounting");
    put_accounts(build, accounting, "total", &record->total);
    json_t *summary = json_put_object(build, root, "summary");
    put_distribution(build, summary, "response", &record->response);
    put_distribution(build, summary, "as_sent", &record->as_sent);
    put_distribution(build, summary, "lag", &record->lag);
    json_t *kinds = json_put_object(build, summary, "response_of");
    for (unsigned kind = 0; kind < REQUEST_KIND_COUNT; kind++) {
        const char *name = request_kind_name((enum request_kind)kind);
        put_accounts(build, accounting, name, &record->kind[kind]);
        put_distribution(build, kinds, name, &record->response_of[kind]);
    }
    put_failures(build, root, record->failures);
    json_t *curve = json_put_array(build, summary, "curve");
    for (uint32_t i = 0; i < record->curve_count; i++) {
        json_t *point = json_append_object(build, curve);
        json_put_real(build, point, "quantile", record->curve[i].quantile);
        json_put_i64(build, point, "value_ns", record->curve[i].value_ns);
    }
    json_put_fields(build, json_put_object(build, root, "statistics"), &json_statistics_fields,
                    &record->statistics);
}

static void put_estimates(struct json_build *build, json_t *entry, const struct run_outage *outage)
{
    json_t *estimates = json_put_object(build, entry, "estimates");
    for (unsigned e = 0; e < OUTAGE_ESTIMATOR_COUNT; e++) {
        const enum outage_estimator estimator = (enum outage_estimator)e;
        json_t *estimate = json_put_object(build, estimates, outage_estimator_name(estimator));
        json_put_fields(build, estimate, &json_estimate_fields, &outage->estimate[e]);
        json_put_text(build, estimate, "definition", outage_estimator_definition(estimator));
        json_put_text(build, estimate, "exact", outage_estimator_exact(estimator));
    }
}

static void put_outages(struct json_build *build, json_t *root, const struct run_outages *outages)
{
    if (outages == NULL)
        return;
    json_t *o = json_put_object(build, root, "outages");
    json_t *lanes = json_put_array(build, o, "lanes");
    for (uint32_t i = 0; i < outages->lane_count; i++)
        json_put_fields(build, json_append_object(build, lanes), &json_lane_fields,
                        &outages->lane[i]);
    json_t *list = json_put_array(build, o, "list");
    for (uint32_t i = 0; i < outages->outage_count; i++) {
        json_t *entry = json_append_object(build, list);
        json_put_u64(build, entry, "lane", outages->outage[i].lane);
        json_put_fields(build, entry, &json_outage_fields, &outages->outage[i].outage);
        put_estimates(build, entry, &outages->outage[i]);
    }
}

static void put_status(struct json_build *build, json_t *association, const char *name,
                       const struct transport_status *status)
{
    json_t *s = json_put_object(build, association, name);
    json_put_fields(build, s, &json_status_fields, status);
    json_put_fields(build, json_put_object(build, s, "profile"), &json_profile_fields,
                    &status->profile);
    json_t *paths = json_put_array(build, s, "paths");
    for (uint32_t i = 0; i < status->path_count && i < LIMIT_ADDRESSES; i++)
        json_put_fields(build, json_append_object(build, paths), &json_path_fields,
                        &status->path[i]);
}

static void put_system(struct json_build *build, json_t *root, const struct run_record *record)
{
    json_t *transport = json_put_object(build, root, "transport");
    json_put_text(build, transport, "asked", record->transport_asked);
    json_put_text(build, transport, "kind", record->transport_kind);
    json_put_text(build, transport, "verdict", record->transport_verdict);
    json_put_fields(build, json_put_object(build, transport, "counters"), &json_transport_fields,
                    &record->transport_counters);
    json_t *associations = json_put_array(build, transport, "associations");
    for (uint32_t i = 0; i < record->association_count; i++) {
        const struct run_association *association = &record->association[i];
        json_t *a = json_append_object(build, associations);
        json_put_text(build, a, "name", association->name);
        if (association->has_before)
            put_status(build, a, "before", &association->before);
        if (association->has_after)
            put_status(build, a, "after", &association->after);
    }
    json_t *counters = json_put_object(build, root, "counters");
    for (uint32_t i = 0; i < record->counter_count; i++)
        json_put_u64(build, counters, record->counter[i].name, record->counter[i].value);
    json_put_fields(build, json_put_object(build, root, "recorder"), &json_recorder_fields,
                    &record->recorder);
    json_put_fields(build, json_put_object(build, root, "cpu"), &json_cpu_fields, &record->cpu);
}

void run_target_of(struct run_target *target, const struct target_settings *settings,
                   struct bytes origin)
{
    static const char *const policies[] = {"active", "round-robin", "both"};
    static const char digits[] = "0123456789abcdef";
    const unsigned policy = settings->policy;
    memset(target, 0, sizeof(*target));
    (void)snprintf(target->name, sizeof(target->name), "%s", settings->name);
    (void)snprintf(target->policy, sizeof(target->policy), "%s",
                   policy < 3 ? policies[policy] : "");
    for (size_t i = 0; i < origin.length && 2 * i + 2 < sizeof(target->origin); i++) {
        target->origin[2 * i] = digits[origin.data[i] >> 4];
        target->origin[2 * i + 1] = digits[origin.data[i] & 0x0fu];
    }
    target->as_count = settings->as_count;
    target->as = settings->as;
}

enum p7_status run_targets_write(const char *directory, const struct run_target *targets,
                                 uint32_t count)
{
    struct output output;
    const enum p7_status status =
        output_open(&output, directory, RUN_FILE_TARGETS, OUTPUT_ATOMIC, OUTPUT_BUFFER_OCTETS);
    if (status != P7_OK)
        return status;
    output_text(&output, "name,origin,policy,as\n");
    for (uint32_t i = 0; i < count; i++) {
        output_csv_cell(&output, targets[i].name);
        output_char(&output, ',');
        output_text(&output, targets[i].origin);
        output_char(&output, ',');
        output_text(&output, targets[i].policy);
        for (uint32_t a = 0; a < targets[i].as_count; a++) {
            output_char(&output, a == 0 ? ',' : ';');
            output_csv_cell(&output, targets[i].as[a]); /* a name has no comma and no quote */
        }
        output_char(&output, '\n');
    }
    return output_close(&output);
}

static void put_targets(struct json_build *build, json_t *root, const struct run_record *record)
{
    json_t *list = json_put_array(build, root, "targets");
    for (uint32_t i = 0; i < record->target_count; i++) {
        const struct run_target *target = &record->target[i];
        json_t *t = json_append_object(build, list);
        json_put_text(build, t, "name", target->name);
        json_put_text(build, t, "origin", target->origin);
        json_put_text(build, t, "policy", target->policy);
        json_t *ass = json_put_array(build, t, "as");
        for (uint32_t a = 0; a < target->as_count && a < LIMIT_ASP_PER_AS; a++)
            json_append_text(build, ass, target->as[a]);
    }
}

static json_t *build_root(struct json_build *build, const struct run_record *record)
{
    json_t *root = json_object();
    if (root == NULL) {
        build->failed = true;
        return NULL;
    }
    json_put_i64(build, root, "format", RUN_JSON_FORMAT);
    json_put_text(build, root, "program", "pulse7-simulator");
    json_put_text(build, root, "version", record->version);
    put_utc(build, root, record->start_wall_ns);
    json_put_fields(build, root, &json_time_fields, record);
    put_verdict(build, root, record);
    put_result(build, root, record);
    put_outages(build, root, record->outages);
    put_targets(build, root, record);
    put_system(build, root, record);
    put_host(build, root);
    if (record->settings != NULL) {
        json_put_u64(build, root, "seed", record->settings->simulator.seed);
        json_put_settings(build, root, record->settings);
    }
    json_put_text(build, root, "command_line", record->command_line);
    json_put_text(build, root, "config_file", record->config_file);
    json_put_text(build, root, "config_text", record->config_text);
    return root;
}

static bool counts_fit(const struct run_record *record)
{
    const struct run_outages *outages = record->outages;
    return record->threshold_count <= RUN_THRESHOLDS_MAX &&
           record->curve_count <= RUN_CURVE_POINTS_MAX &&
           record->association_count <= RUN_ASSOCIATIONS_MAX &&
           record->counter_count <= RUN_COUNTERS_MAX &&
           record->target_count <= SETTINGS_TARGETS_MAX &&
           (outages == NULL ||
            (outages->lane_count <= RUN_LANES_MAX && outages->outage_count <= RUN_OUTAGES_MAX));
}

static enum p7_status refuse(enum p7_status status, const char *directory, const char *why,
                             char *reason, size_t reason_octets)
{
    (void)snprintf(reason, reason_octets, "%s/%s: %s", directory, RUN_FILE_JSON, why);
    return status;
}

enum p7_status run_json_write(const char *directory, const struct run_record *record, char *reason,
                              size_t reason_octets)
{
    if (!counts_fit(record))
        return refuse(P7_RANGE, directory, "more entries than the format has room for", reason,
                      reason_octets);
    struct json_build build = {.failed = false};
    json_t *root = build_root(&build, record);
    char *text = root == NULL ? NULL : json_dumps(root, JSON_INDENT(1) | JSON_REAL_PRECISION(15));
    json_decref(root);
    if (text == NULL || build.failed) {
        free(text);
        return refuse(P7_NO_MEMORY, directory, "memory lacks for the text", reason, reason_octets);
    }
    struct output output;
    enum p7_status status =
        output_open(&output, directory, RUN_FILE_JSON, OUTPUT_ATOMIC, OUTPUT_BUFFER_OCTETS);
    if (status == P7_OK) {
        output_text(&output, text);
        output_char(&output, '\n');
        status = output_close(&output);
    }
    free(text);
    if (status != P7_OK)
        return refuse(status, directory,
                      status == P7_SYSTEM ? strerror(errno) : p7_status_text(status), reason,
                      reason_octets);
    return P7_OK;
}
