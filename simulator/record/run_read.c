/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "simulator/record/run_read.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "simulator/record/json_fields.h"

/* Behind the pointers of run.record. Strings live in run.root. */
struct run_owned {
    struct run_threshold threshold[RUN_THRESHOLDS_MAX];
    struct run_curve_point curve[RUN_CURVE_POINTS_MAX];
    struct run_counter counter[RUN_COUNTERS_MAX];
    struct run_outages outages;
    struct run_association association[]; /* association_count */
};

/* What a parse needs on its way down: where it is, for the sentence when something is wrong. */
struct parse {
    const char *path;
    char *reason;
    size_t reason_octets;
    enum p7_status status;
};

static enum p7_status complain(struct parse *parse, enum p7_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static enum p7_status complain(struct parse *parse, enum p7_status status, const char *format, ...)
{
    if (parse->status != P7_OK)
        return parse->status;
    parse->status = status;
    const int n = snprintf(parse->reason, parse->reason_octets, "%s: ", parse->path);
    if (n > 0 && (size_t)n < parse->reason_octets) {
        va_list arguments;
        va_start(arguments, format);
        (void)vsnprintf(parse->reason + n, parse->reason_octets - (size_t)n, format, arguments);
        va_end(arguments);
    }
    return status;
}

/* --- run.json ----------------------------------------------------------------------------- */

static void get_fields(struct parse *parse, const json_t *object, const char *where,
                       const struct json_fields *fields, void *structure)
{
    const char *wrong = "";
    const enum p7_status status = json_get_fields(object, fields, structure, &wrong);
    if (status != P7_OK)
        (void)complain(parse, P7_MALFORMED, "member \"%s%s%s\" %s", where,
                       *where == '\0' ? "" : ".", wrong,
                       status == P7_MISSING ? "is missing" : "has an impossible value");
}

/* The array's length, 0 after a complaint. */
static uint32_t array_of(struct parse *parse, const json_t *array, const char *where, size_t most)
{
    if (!json_is_array(array))
        (void)complain(parse, P7_MALFORMED, "member \"%s\" is no list", where);
    else if (json_array_size(array) > most)
        (void)complain(parse, P7_MALFORMED, "member \"%s\" has more than %zu entries", where, most);
    else
        return (uint32_t)json_array_size(array);
    return 0;
}

static void get_verdict(struct parse *parse, struct run *run, struct run_owned *owned)
{
    struct run_record *record = &run->record;
    const json_t *validity = json_object_get(run->root, "validity");
    const json_t *valid = json_object_get(validity, "valid");
    if (!json_is_boolean(valid))
        (void)complain(parse, P7_MALFORMED, "member \"validity.valid\" is missing");
    record->validity.valid = json_is_true(valid);
    const json_t *reasons = json_object_get(validity, "reasons");
    record->validity.reason_count =
        array_of(parse, reasons, "validity.reasons", VALIDITY_REASONS_MAX);
    for (size_t i = 0; i < record->validity.reason_count; i++) {
        const char *text = json_string_value(json_array_get(reasons, i));
        (void)snprintf(record->validity.reasons[i], VALIDITY_REASON_CHARS, "%s",
                       text == NULL ? "" : text);
    }
    const json_t *thresholds = json_object_get(run->root, "thresholds");
    record->threshold = owned->threshold;
    record->threshold_count = array_of(parse, thresholds, "thresholds", RUN_THRESHOLDS_MAX);
    for (uint32_t i = 0; i < record->threshold_count; i++)
        get_fields(parse, json_array_get(thresholds, i), "thresholds", &json_threshold_fields,
                   &owned->threshold[i]);
}

static void get_distribution(struct parse *parse, const json_t *object, const char *where,
                             struct run_distribution *distribution)
{
    get_fields(parse, object, where, &json_distribution_fields, distribution);
    const json_t *quantiles = json_object_get(object, "quantiles_ns");
    for (size_t i = 0; i < RUN_QUANTILES; i++) {
        const json_t *value = json_object_get(quantiles, json_quantile_names[i]);
        if (!json_is_integer(value))
            (void)complain(parse, P7_MALFORMED, "member \"%s.quantiles_ns.%s\" is missing", where,
                           json_quantile_names[i]);
        distribution->quantile_ns[i] = json_integer_value(value);
    }
}

static void get_curve(struct parse *parse, struct run *run, struct run_owned *owned,
                      const json_t *curve)
{
    run->record.curve = owned->curve;
    run->record.curve_count = array_of(parse, curve, "summary.curve", RUN_CURVE_POINTS_MAX);
    for (uint32_t i = 0; i < run->record.curve_count; i++) {
        const json_t *point = json_array_get(curve, i);
        const json_t *quantile = json_object_get(point, "quantile");
        const json_t *value = json_object_get(point, "value_ns");
        if (!json_is_number(quantile) || !json_is_integer(value))
            (void)complain(parse, P7_MALFORMED,
                           "member \"summary.curve\" has a point without figures");
        owned->curve[i].quantile = json_number_value(quantile);
        owned->curve[i].value_ns = json_integer_value(value);
    }
}

static void get_result(struct parse *parse, struct run *run, struct run_owned *owned)
{
    struct run_record *record = &run->record;
    get_fields(parse, json_object_get(run->root, "rate"), "rate", &json_rate_fields, record);
    const json_t *accounting = json_object_get(run->root, "accounting");
    get_fields(parse, json_object_get(accounting, "total"), "accounting.total",
               &json_accounting_fields, &record->total);
    const json_t *summary = json_object_get(run->root, "summary");
    get_distribution(parse, json_object_get(summary, "response"), "summary.response",
                     &record->response);
    get_distribution(parse, json_object_get(summary, "as_sent"), "summary.as_sent",
                     &record->as_sent);
    get_distribution(parse, json_object_get(summary, "lag"), "summary.lag", &record->lag);
    const json_t *kinds = json_object_get(summary, "response_of");
    for (unsigned kind = 0; kind < REQUEST_KIND_COUNT; kind++) {
        const char *name = request_kind_name((enum request_kind)kind);
        get_fields(parse, json_object_get(accounting, name), name, &json_accounting_fields,
                   &record->kind[kind]);
        get_distribution(parse, json_object_get(kinds, name), name, &record->response_of[kind]);
    }
    get_curve(parse, run, owned, json_object_get(summary, "curve"));
    get_fields(parse, json_object_get(run->root, "statistics"), "statistics",
               &json_statistics_fields, &record->statistics);
}

static void get_outage(struct parse *parse, const json_t *entry, uint32_t lane_count,
                       struct run_outage *outage)
{
    const json_t *lane = json_object_get(entry, "lane");
    if (!json_is_integer(lane) || json_integer_value(lane) < 0 ||
        json_integer_value(lane) >= lane_count)
        (void)complain(parse, P7_MALFORMED, "member \"outages.list.lane\" names no lane");
    outage->lane = (uint32_t)json_integer_value(lane);
    get_fields(parse, entry, "outages.list", &json_outage_fields, &outage->outage);
    const json_t *estimates = json_object_get(entry, "estimates");
    for (unsigned e = 0; e < OUTAGE_ESTIMATOR_COUNT; e++) {
        const char *name = outage_estimator_name((enum outage_estimator)e);
        get_fields(parse, json_object_get(estimates, name), name, &json_estimate_fields,
                   &outage->estimate[e]);
    }
}

static void get_outages(struct parse *parse, struct run *run, struct run_owned *owned)
{
    const json_t *object = json_object_get(run->root, "outages");
    if (object == NULL)
        return;
    struct run_outages *outages = &owned->outages;
    run->record.outages = outages;
    const json_t *lanes = json_object_get(object, "lanes");
    outages->lane_count = array_of(parse, lanes, "outages.lanes", RUN_LANES_MAX);
    for (uint32_t i = 0; i < outages->lane_count; i++)
        get_fields(parse, json_array_get(lanes, i), "outages.lanes", &json_lane_fields,
                   &outages->lane[i]);
    const json_t *list = json_object_get(object, "list");
    outages->outage_count = array_of(parse, list, "outages.list", RUN_OUTAGES_MAX);
    for (uint32_t i = 0; i < outages->outage_count && parse->status == P7_OK; i++)
        get_outage(parse, json_array_get(list, i), outages->lane_count, &outages->outage[i]);
}

static bool get_status(struct parse *parse, const json_t *object, struct transport_status *status)
{
    if (object == NULL)
        return false;
    const char *where = "transport.associations";
    get_fields(parse, object, where, &json_status_fields, status);
    get_fields(parse, json_object_get(object, "profile"), where, &json_profile_fields,
               &status->profile);
    const json_t *paths = json_object_get(object, "paths");
    status->path_count = array_of(parse, paths, where, LIMIT_ADDRESSES);
    for (uint32_t i = 0; i < status->path_count; i++)
        get_fields(parse, json_array_get(paths, i), where, &json_path_fields, &status->path[i]);
    return true;
}

static const char *text_of(const json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}

static void get_counters(struct parse *parse, struct run *run, struct run_owned *owned)
{
    json_t *counters = json_object_get(run->root, "counters");
    const char *name;
    json_t *value;
    run->record.counter = owned->counter;
    json_object_foreach(counters, name, value)
    {
        if (run->record.counter_count == RUN_COUNTERS_MAX) {
            (void)complain(parse, P7_MALFORMED, "more than %d counters", RUN_COUNTERS_MAX);
            return;
        }
        struct run_counter *counter = &owned->counter[run->record.counter_count++];
        (void)snprintf(counter->name, sizeof(counter->name), "%s", name);
        counter->value = (uint64_t)json_integer_value(value);
    }
}

static void get_system(struct parse *parse, struct run *run, struct run_owned *owned)
{
    struct run_record *record = &run->record;
    const json_t *transport = json_object_get(run->root, "transport");
    record->transport_asked = text_of(transport, "asked");
    record->transport_kind = text_of(transport, "kind");
    record->transport_verdict = text_of(transport, "verdict");
    get_fields(parse, json_object_get(transport, "counters"), "transport.counters",
               &json_transport_fields, &record->transport_counters);
    const json_t *associations = json_object_get(transport, "associations");
    record->association = owned->association;
    for (uint32_t i = 0; i < record->association_count; i++) {
        const json_t *object = json_array_get(associations, i);
        struct run_association *association = &owned->association[i];
        const char *name = text_of(object, "name");
        (void)snprintf(association->name, sizeof(association->name), "%s",
                       name == NULL ? "" : name);
        association->has_before =
            get_status(parse, json_object_get(object, "before"), &association->before);
        association->has_after =
            get_status(parse, json_object_get(object, "after"), &association->after);
    }
    get_counters(parse, run, owned);
    get_fields(parse, json_object_get(run->root, "recorder"), "recorder", &json_recorder_fields,
               &record->recorder);
    get_fields(parse, json_object_get(run->root, "cpu"), "cpu", &json_cpu_fields, &record->cpu);
}

static json_t *load_root(struct parse *parse)
{
    json_error_t error;
    struct stat info;
    if (stat(parse->path, &info) == -1) {
        (void)complain(parse, errno == ENOENT || errno == ENOTDIR ? P7_NOT_FOUND : P7_SYSTEM,
                       "%s; a run writes it when it ends", strerror(errno));
        return NULL;
    }
    json_t *root = json_load_file(parse->path, JSON_REJECT_DUPLICATES, &error);
    if (root == NULL)
        (void)complain(parse, P7_MALFORMED, "line %d: %s", error.line, error.text);
    else if (!json_is_integer(json_object_get(root, "format")))
        (void)complain(parse, P7_MALFORMED, "this is not the run.json of a pulse7 run");
    else if (json_integer_value(json_object_get(root, "format")) > RUN_JSON_FORMAT)
        (void)complain(parse, P7_UNSUPPORTED,
                       "written by a later pulse7 (%s); use its pulse7-report",
                       text_of(root, "version") == NULL ? "?" : text_of(root, "version"));
    return root;
}

static enum p7_status read_json(struct parse *parse, struct run *run)
{
    run->root = load_root(parse);
    if (parse->status != P7_OK)
        return parse->status;
    const json_t *associations =
        json_object_get(json_object_get(run->root, "transport"), "associations");
    run->record.association_count =
        array_of(parse, associations, "transport.associations", RUN_ASSOCIATIONS_MAX);
    struct run_owned *owned =
        calloc(1, sizeof(*owned) + run->record.association_count * sizeof(owned->association[0]));
    if (owned == NULL)
        return complain(parse, P7_NO_MEMORY, "no memory");
    run->owned = owned;
    run->record.version = text_of(run->root, "version");
    run->record.command_line = text_of(run->root, "command_line");
    run->record.config_file = text_of(run->root, "config_file");
    run->record.config_text = text_of(run->root, "config_text");
    get_fields(parse, run->root, "", &json_time_fields, &run->record);
    get_verdict(parse, run, owned);
    get_result(parse, run, owned);
    get_outages(parse, run, owned);
    get_system(parse, run, owned);
    const json_t *simulator = json_object_get(json_object_get(run->root, "settings"), "simulator");
    const json_int_t interval_ms = json_integer_value(json_object_get(simulator, "interval_ms"));
    if (interval_ms < 0 || interval_ms > UINT32_MAX)
        return complain(parse, P7_MALFORMED, "member \"settings.simulator.interval_ms\" is absurd");
    run->interval_ns = interval_ms * 1000000;
    return parse->status;
}

/* --- the tables ----------------------------------------------------------------------------- */

/* Room for one more entry; false when memory lacks. */
static bool grow(void **entries, size_t count, size_t entry_octets)
{
    if (count != 0 && (count & (count - 1)) != 0)
        return true;
    void *more = realloc(*entries, (count == 0 ? 1 : 2 * count) * entry_octets);
    if (more != NULL)
        *entries = more;
    return more != NULL;
}

/* A time of a table. Bounded, so that whoever reads it may subtract and add. */
static enum p7_status read_time(struct csv *csv, size_t column, int64_t empty, int64_t *time_ns)
{
    const enum p7_status status = csv_i64(csv, column, empty, time_ns);
    if (status != P7_OK || (*time_ns >= -INT64_MAX / 4 && *time_ns <= INT64_MAX / 4))
        return status;
    (void)snprintf(csv->reason, sizeof(csv->reason), "%s:%llu: a time of centuries", csv->path,
                   (unsigned long long)csv->line);
    return P7_MALFORMED;
}

typedef enum p7_status row_reader(struct csv *csv, const size_t *column, struct run *run);

static enum p7_status read_interval(struct csv *csv, const size_t *column, struct run *run)
{
    if (run->interval_count == RUN_INTERVALS_MAX)
        return P7_FULL;
    void *entries = run->interval;
    if (!grow(&entries, run->interval_count, sizeof(*run->interval)))
        return P7_NO_MEMORY;
    run->interval = entries;
    struct run_interval *interval = &run->interval[run->interval_count];
    *interval = (struct run_interval){.row = {.index = 0}};
    (void)snprintf(interval->kind, sizeof(interval->kind), "%s", csv->cell[column[2]]);
    struct interval_row *row = &interval->row;
    /* By the position of their names in INTERVALS_HEADER. */
    static const uint8_t count_at[] = {0, 3, 4, 5, 6, 7, 19, 20};
    int64_t counts[sizeof(count_at)] = {0};
    enum p7_status status = read_time(csv, column[1], 0, &row->start_ns);
    if (status == P7_OK)
        status = read_time(csv, column[18], row->start_ns + run->interval_ns, &row->end_ns);
    for (size_t i = 0; i < sizeof(count_at) && status == P7_OK; i++)
        status = csv_i64(csv, column[count_at[i]], 0, &counts[i]);
    row->index = (uint32_t)counts[0];
    row->n = (uint64_t)counts[1];
    row->succ = (uint64_t)counts[2];
    row->fail = (uint64_t)counts[3];
    row->retransmissions = (uint64_t)counts[4];
    row->duplicates = (uint64_t)counts[5];
    row->due = (uint64_t)counts[6];
    row->late = (uint64_t)counts[7];
    double *const figures[] = {&row->throughput_per_s, &row->mean_ms, &row->min_ms, &row->max_ms,
                               &row->variance_ms2,     &row->sd_ms,   &row->p50_ms, &row->p90_ms,
                               &row->p99_ms,           &row->p999_ms};
    for (size_t i = 0; i < sizeof(figures) / sizeof(figures[0]) && status == P7_OK; i++)
        status = csv_f64(csv, column[8 + i], NAN, figures[i]);
    if (status == P7_OK)
        run->interval_count++;
    return status;
}

static enum p7_status read_slot(struct csv *csv, const size_t *column, struct run *run)
{
    if (run->series_count == RUN_SERIES_MAX)
        return P7_FULL;
    void *entries = run->series;
    if (!grow(&entries, run->series_count, sizeof(*run->series)))
        return P7_NO_MEMORY;
    run->series = entries;
    struct series_row *row = &run->series[run->series_count];
    int64_t n = 0, failed = 0;
    enum p7_status status = read_time(csv, column[0], 0, &row->start_ns);
    if (status == P7_OK)
        status = csv_i64(csv, column[1], 0, &n);
    if (status == P7_OK)
        status = csv_i64(csv, column[2], 0, &failed);
    row->n = (uint64_t)n;
    row->failed = (uint64_t)failed;
    if (status == P7_OK)
        status = csv_f64(csv, column[3], NAN, &row->max_ms);
    if (status == P7_OK)
        run->series_count++;
    return status;
}

static enum p7_status read_event(struct csv *csv, const size_t *column, struct run *run)
{
    if (run->event_count == RUN_EVENTS_MAX)
        return P7_FULL;
    void *entries = run->event;
    if (!grow(&entries, run->event_count, sizeof(*run->event)))
        return P7_NO_MEMORY;
    run->event = entries;
    struct run_event *event = &run->event[run->event_count];
    (void)snprintf(event->source, sizeof(event->source), "%s", csv->cell[column[1]]);
    (void)snprintf(event->event, sizeof(event->event), "%s", csv->cell[column[2]]);
    (void)snprintf(event->detail, sizeof(event->detail), "%s", csv->cell[column[3]]);
    const enum p7_status status = read_time(csv, column[0], 0, &event->time_ns);
    if (status == P7_OK)
        run->event_count++;
    return status;
}

/* The table's header is a string of column names: those are looked up by name, so that a later
 * program may add columns. */
static enum p7_status read_table(struct csv *csv, const char *header, row_reader *read_one,
                                 struct run *run)
{
    char names[RUN_REASON_OCTETS];
    size_t column[CSV_CELLS_MAX] = {0}, columns = 0;
    (void)snprintf(names, sizeof(names), "%s", header);
    char *rest = NULL;
    for (char *name = strtok_r(names, ",", &rest); name != NULL;
         name = strtok_r(NULL, ",", &rest)) {
        const enum p7_status status = csv_column(csv, name, &column[columns++]);
        if (status != P7_OK)
            return status;
    }
    enum p7_status status = csv_next(csv);
    while (status == P7_OK) {
        status = read_one(csv, column, run);
        if (status == P7_FULL || status == P7_NO_MEMORY)
            (void)snprintf(csv->reason, sizeof(csv->reason), "%s:%llu: more rows than are held",
                           csv->path, (unsigned long long)csv->line);
        if (status == P7_OK)
            status = csv_next(csv);
    }
    return status == P7_NOT_FOUND ? P7_OK : status;
}

static enum p7_status read_file(struct run *run, const char *file, const char *header,
                                row_reader *read_one, bool may_be_missing, char *reason,
                                size_t reason_octets)
{
    struct csv csv;
    enum p7_status status = csv_open(&csv, run->path, file);
    if (status == P7_NOT_FOUND && may_be_missing) {
        csv_close(&csv);
        return P7_OK;
    }
    if (status == P7_OK)
        status = read_table(&csv, header, read_one, run);
    if (status != P7_OK)
        (void)snprintf(reason, reason_octets, "%s", csv.reason);
    csv_close(&csv);
    return status;
}

enum p7_status run_open(const char *path, struct run **result, char *reason, size_t reason_octets)
{
    struct run *run = calloc(1, sizeof(*run));
    if (run == NULL)
        return P7_NO_MEMORY;
    char json_path[RUN_PATH_OCTETS];
    (void)snprintf(run->path, sizeof(run->path), "%s", path);
    struct parse parse = {.path = json_path, .reason = reason, .reason_octets = reason_octets};
    enum p7_status status = run_directory_file(path, RUN_FILE_JSON, json_path, sizeof(json_path));
    if (status != P7_OK || strlen(path) >= sizeof(run->path) - RUN_NAME_ROOM)
        (void)snprintf(reason, reason_octets, "%.200s...: the path is too long", path);
    else
        status = read_json(&parse, run);
    if (status == P7_OK)
        status = read_file(run, RUN_FILE_INTERVALS, INTERVALS_HEADER, read_interval, false, reason,
                           reason_octets);
    if (status == P7_OK)
        status =
            read_file(run, RUN_FILE_SERIES, SERIES_HEADER, read_slot, true, reason, reason_octets);
    if (status == P7_OK)
        status =
            read_file(run, RUN_FILE_EVENTS, EVENTS_HEADER, read_event, true, reason, reason_octets);
    if (status != P7_OK) {
        run_close(run);
        return status;
    }
    for (size_t i = 0; i < run->interval_count; i++)
        run->interval[i].row.kind = run->interval[i].kind;
    *result = run;
    return P7_OK;
}

void run_close(struct run *run)
{
    json_decref(run->root);
    free(run->owned);
    free(run->interval);
    free(run->series);
    free(run->event);
    free(run);
}
