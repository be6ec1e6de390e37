/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * make_run - a run directory as a simulator would leave it, from a model of a server instead of
 * a server: for the checks that need files without traffic.
 *
 *     make_run DIRECTORY [rate=750] [seconds=60] [mean_ms=1.2] [freeze_at_ms=N freeze_ms=N]
 *              [refuse_per_million=0] [lag_us=12] [seed=1] [interval_ms=10000] [name=steady]
 *
 * Requests come due at a constant rate and pass one server with exponential service times on top
 * of a fixed one; a freeze holds everything that arrives inside of it. All figures come from the
 * simulator's own core and go through its own writers.
 */
#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sigtran/base/random.h"
#include "simulator/record/hlog.h"
#include "simulator/record/run_files.h"
#include "simulator/record/run_json.h"

#define NS_PER_MS    INT64_C(1000000)
#define NS_PER_S     INT64_C(1000000000)
#define START_WALL   (INT64_C(1371046500) * NS_PER_S) /* 2013-06-12 14:15 UTC */
#define AVERAGES_MAX 100000

struct options {
    const char *directory;
    const char *name;
    double rate;
    double seconds;
    double mean_ms;
    double freeze_at_ms;
    double freeze_ms;
    double refuse_per_million;
    double lag_us;
    double interval_ms;
    double seed;
};

struct maker {
    struct options options;
    struct random_state random;
    struct recorder *recorder;
    struct hlog *hlog;
    struct run_table intervals;
    struct accounting accounting;
    struct interval_set set;
    struct outage_analysis outages;
    struct statistics_stream stream;
    struct statistics_moments response_moments;
    struct statistics_moments sent_moments;
    struct statistics_moments lag_moments;
    struct histogram response;
    struct histogram as_sent;
    struct histogram lag;
    struct histogram response_of[REQUEST_KIND_COUNT];
    double averages[AVERAGES_MAX];
    int64_t average_from_ns[AVERAGES_MAX];
    size_t average_count;
    uint32_t interval_index;
    int64_t last_ns; /* last completion */
};

static const char *const target_names[] = {"charging-\"a\" <prod> & co"};
static const char *const flow_names[] = {"load"};

static void must(enum p7_status status, const char *what)
{
    if (status == P7_OK)
        return;
    (void)fprintf(stderr, "make_run: %s: %s\n", what, p7_status_text(status));
    exit(1);
}

static void read_options(struct options *options, int argc, char **argv)
{
    *options = (struct options){.name = "steady",
                                .rate = 750,
                                .seconds = 60,
                                .mean_ms = 1.2,
                                .freeze_at_ms = -1,
                                .lag_us = 12,
                                .interval_ms = 10000,
                                .seed = 1};
    const struct {
        const char *name;
        double *value;
    } numbers[] = {{"rate", &options->rate},
                   {"seconds", &options->seconds},
                   {"mean_ms", &options->mean_ms},
                   {"freeze_at_ms", &options->freeze_at_ms},
                   {"freeze_ms", &options->freeze_ms},
                   {"refuse_per_million", &options->refuse_per_million},
                   {"lag_us", &options->lag_us},
                   {"interval_ms", &options->interval_ms},
                   {"seed", &options->seed}};
    for (int i = 1; i < argc; i++) {
        char *equals = strchr(argv[i], '=');
        if (equals == NULL) {
            options->directory = argv[i];
            continue;
        }
        *equals = '\0';
        if (strcmp(argv[i], "name") == 0)
            options->name = equals + 1;
        for (size_t n = 0; n < sizeof(numbers) / sizeof(numbers[0]); n++)
            if (strcmp(argv[i], numbers[n].name) == 0)
                *numbers[n].value = strtod(equals + 1, NULL);
    }
    if (options->directory == NULL) {
        (void)fprintf(stderr, "usage: make_run DIRECTORY [name=value ...]\n");
        exit(2);
    }
}

static void open_all(struct maker *maker)
{
    const struct options *options = &maker->options;
    char reason[RUN_REASON_OCTETS] = "";
    if (run_directory_create(options->directory, reason, sizeof(reason)) != P7_OK) {
        (void)fprintf(stderr, "make_run: %s\n", reason);
        exit(1);
    }
    const struct recorder_settings settings = {.directory = options->directory,
                                               .target_count = 1,
                                               .target_names = target_names,
                                               .flow_count = 1,
                                               .flow_names = flow_names};
    must(recorder_open(&settings, &maker->recorder, reason, sizeof(reason)), reason);
    must(hlog_open(&maker->hlog, options->directory, START_WALL, PULSE7_VERSION), "hlog");
    must(intervals_open(&maker->intervals, options->directory), "intervals");
    must(accounting_create(&maker->accounting, 1, 1), "accounting");
    must(interval_create(&maker->set, 0, (int64_t)options->interval_ms * NS_PER_MS), "set");
    const struct outage_config config = {.target_count = 1};
    must(outage_create(&maker->outages, &config), "outages");
    for (uint32_t lane = 0; lane < 2; lane++)
        outage_set_rate(&maker->outages, lane, (int64_t)(1e9 / options->rate), false);
    must(histogram_create_ns(&maker->response), "histogram");
    must(histogram_create_ns(&maker->as_sent), "histogram");
    must(histogram_create_ns(&maker->lag), "histogram");
    for (unsigned i = 0; i < REQUEST_KIND_COUNT; i++)
        must(histogram_create_ns(&maker->response_of[i]), "histogram");
    random_seed(&maker->random, (uint64_t)options->seed);
}

static void close_interval(struct maker *maker, int64_t now_ns)
{
    const struct histogram *kinds[REQUEST_KIND_COUNT];
    for (unsigned i = 0; i < REQUEST_KIND_COUNT; i++)
        kinds[i] = &maker->set.kinds[i].histogram;
    const int64_t from_ns = maker->set.from_ns;
    const int64_t end_ns = interval_end_ns(&maker->set);
    const int64_t to_ns = now_ns < end_ns ? now_ns : end_ns;
    must(hlog_put_kinds(maker->hlog, from_ns, to_ns - from_ns, kinds), "latency.hlog");
    struct interval_figures rows[INTERVAL_ROW_COUNT];
    interval_rows(&maker->set, now_ns, rows);
    interval_next(&maker->set);
    intervals_put_figures(&maker->intervals, maker->interval_index++, rows);
    const struct interval_figures *total = &rows[INTERVAL_ROW_TOTAL];
    if (total->to_ns < end_ns || total->succ == 0 || maker->average_count == AVERAGES_MAX)
        return;
    maker->average_from_ns[maker->average_count] = from_ns;
    maker->averages[maker->average_count++] = total->mean_ns;
}

static void complete(struct maker *maker, const struct request_record *record)
{
    const bool answered = record->outcome == OUTCOME_OK || record->outcome == OUTCOME_ERROR;
    const int64_t now_ns = answered ? record->reply_ns : record->due_ns + 10 * NS_PER_S;
    while (now_ns >= interval_end_ns(&maker->set))
        close_interval(maker, now_ns);
    const enum request_kind kind = (enum request_kind)record->kind;
    maker->last_ns = now_ns;
    accounting_due(&maker->accounting, kind, 0, 0);
    accounting_complete(&maker->accounting, record);
    interval_due(&maker->set, kind);
    interval_complete(&maker->set, record);
    outage_add(&maker->outages, record);
    while (!recorder_put(maker->recorder, record))
        ; /* virtual time runs faster than any disk */
    (void)histogram_record(&maker->lag, record->sent_ns - record->due_ns);
    statistics_moments_add(&maker->lag_moments, record->sent_ns - record->due_ns);
    if (record->outcome != OUTCOME_OK)
        return;
    const int64_t response_ns = request_response_ns(record);
    statistics_stream_add(&maker->stream, response_ns);
    statistics_moments_add(&maker->response_moments, response_ns);
    statistics_moments_add(&maker->sent_moments, record->reply_ns - record->sent_ns);
    (void)histogram_record(&maker->response, response_ns);
    (void)histogram_record(&maker->response_of[kind], response_ns);
    (void)histogram_record(&maker->as_sent, record->reply_ns - record->sent_ns);
}

/* One server, first come first served: completions stand in the order of being due. */
static void run_model(struct maker *maker)
{
    const struct options *o = &maker->options;
    const double service_ns = fmin(o->mean_ms * 1e6, 0.7e9 / o->rate);
    const int64_t fixed_ns = (int64_t)(o->mean_ms * 1e6 - service_ns);
    const int64_t freeze_from = (int64_t)(o->freeze_at_ms * 1e6);
    const int64_t freeze_to = freeze_from + (int64_t)(o->freeze_ms * 1e6);
    const uint64_t count = (uint64_t)(o->rate * o->seconds);
    double server_free_ns = 0;
    for (uint64_t id = 0; id < count; id++) {
        struct request_record record = {.id = id, .attempts = 1};
        record.due_ns = (int64_t)((double)id * 1e9 / o->rate);
        record.sent_ns =
            record.due_ns + (int64_t)random_exponential(&maker->random, o->lag_us * 1e3);
        double begin_ns = fmax(server_free_ns, (double)record.sent_ns);
        if (o->freeze_at_ms >= 0 && begin_ns >= (double)freeze_from && begin_ns < (double)freeze_to)
            begin_ns = (double)freeze_to;
        server_free_ns = begin_ns + random_exponential(&maker->random, service_ns * 0.6);
        record.reply_ns = (int64_t)server_free_ns + fixed_ns;
        record.kind = id % 10 == 9 ? REQUEST_EVENT : REQUEST_ONESHOT;
        record.outcome = OUTCOME_OK;
        if (random_unit(&maker->random) * 1e6 < o->refuse_per_million)
            record.outcome = OUTCOME_ERROR;
        complete(maker, &record);
    }
}

static void put_series_and_events(struct maker *maker)
{
    const struct options *o = &maker->options;
    struct run_table table;
    must(series_open(&table, o->directory), "series");
    series_put_lane(&table, &maker->outages, OUTAGE_LANE_ALL);
    must(run_table_close(&table), "series");
    must(events_open(&table, o->directory), "events");
    const struct event_row start = {.source = "run", .event = "start", .detail = "750 req/s"};
    events_put(&table, &start);
    if (o->freeze_at_ms >= 0) {
        const struct event_row freeze = {
            .time_ns = (int64_t)(o->freeze_at_ms * 1e6),
            .source = "exec",
            .event = "command",
            .detail = "kill -STOP \"$pid\", <script>alert(1)</script>\nsecond line"};
        events_put(&table, &freeze);
    }
    const struct event_row end = {
        .time_ns = (int64_t)(o->seconds * 1e9), .source = "run", .event = "end", .detail = ""};
    events_put(&table, &end);
    must(run_table_close(&table), "events");
}

static struct sctp_profile lan_profile(void)
{
    return (struct sctp_profile){.name = "lan",
                                 .rto_initial_ms = 200,
                                 .rto_min_ms = 100,
                                 .rto_max_ms = 1000,
                                 .sack_delay_ms = 20,
                                 .sack_frequency = 2,
                                 .hb_interval_ms = 1000,
                                 .path_max_retrans = 5,
                                 .association_max_retrans = 10,
                                 .init_max_attempts = 8,
                                 .init_timeout_max_ms = 1000,
                                 .streams_out = 16,
                                 .streams_in = 16,
                                 .nodelay = true,
                                 .send_buffer_octets = 4194304,
                                 .receive_buffer_octets = 4194304};
}

static void fill_settings(const struct options *o, struct settings *settings)
{
    struct simulator_settings *s = &settings->simulator;
    (void)snprintf(s->name, sizeof(s->name), "%s", o->name);
    s->seed = (uint64_t)o->seed;
    s->duration_ms = (uint64_t)(o->seconds * 1000);
    s->interval_ms = (uint32_t)o->interval_ms;
    s->timeout_ms = 10000;
    s->attempts = 1;
    s->record_requests = true;
    s->target_count = 1;
    (void)snprintf(s->target[0].name, sizeof(s->target[0].name), "%s", target_names[0]);
    s->flow_count = 1;
    (void)snprintf(s->flow[0].name, sizeof(s->flow[0].name), "%s", flow_names[0]);
    (void)snprintf(s->flow[0].target, sizeof(s->flow[0].target), "%s", target_names[0]);
    s->flow[0].rate_per_s = o->rate;
    settings->instance.point_code = 2057;
    settings->profile_count = 1;
    settings->profile[0] = lan_profile();
    settings->asp_count = 1;
    (void)snprintf(settings->asp[0].name, sizeof(settings->asp[0].name), "to-node-a");
    settings->asp[0].sctp_client = true;
    settings->asp[0].endpoint.remote_port = 2905;
}

static void judge(struct maker *maker, double achieved, struct validity *validity)
{
    char text[256] = "";
    struct validity_span outage[OUTAGE_LIST_MAX];
    const size_t outages = outage_count(&maker->outages, OUTAGE_LANE_ALL, NULL);
    for (size_t i = 0; i < outages; i++) {
        const struct outage *found = outage_at(&maker->outages, OUTAGE_LANE_ALL, i);
        outage[i] = (struct validity_span){found->start_ns, found->end_ns};
    }
    const struct validity_input input = {
        .wanted_rate = maker->options.rate,
        .achieved_rate = achieved,
        .lag = &maker->lag,
        .cpu_share = 0.31,
        .outages = outage,
        .outage_count = outages,
        .accounting_holds = accounting_check(&maker->accounting, 0, text, sizeof(text)),
        .accounting_text = text};
    validity_judge(validity, &input);
}

/* An interval that an outage touches is not steady. */
static void drop_outages(struct maker *maker)
{
    const int64_t length_ns = (int64_t)maker->options.interval_ms * NS_PER_MS;
    size_t kept = 0;
    for (size_t i = 0; i < maker->average_count; i++) {
        bool touched = false;
        for (size_t o = 0; o < outage_count(&maker->outages, OUTAGE_LANE_ALL, NULL); o++) {
            const struct outage *outage = outage_at(&maker->outages, OUTAGE_LANE_ALL, o);
            touched = touched || (outage->end_ns >= maker->average_from_ns[i] &&
                                  outage->start_ns < maker->average_from_ns[i] + length_ns);
        }
        if (!touched)
            maker->averages[kept++] = maker->averages[i];
    }
    maker->average_count = kept;
}

static void put_json(struct maker *maker, const struct recorder_counters *recorder)
{
    const struct options *o = &maker->options;
    static struct settings settings;
    static struct run_outages outages;
    static struct run_record record;
    static struct run_curve_point curve[RUN_CURVE_POINTS_MAX];
    static double scratch[AVERAGES_MAX];
    fill_settings(o, &settings);
    run_outages_of(&outages, &maker->outages, target_names, 1);
    struct run_association association = {
        .name = "to-node-a", .has_before = true, .has_after = true};
    association.before = (struct transport_status){.profile = lan_profile(),
                                                   .streams_out = 16,
                                                   .streams_in = 16,
                                                   .path_count = 1,
                                                   .path = {{.ip = "127.0.0.1",
                                                             .reachable = true,
                                                             .rto_ms = 200,
                                                             .cwnd_octets = 65536,
                                                             .mtu_octets = 1400}}};
    association.after = association.before;
    association.after.path[0].rto_ms = 100;
    const struct run_counter counters[] = {{"m3ua.data_sent", maker->accounting.total.due},
                                           {"m3ua.malformed", 0}};
    const bool failed = maker->accounting.total.error > 0;
    struct run_threshold threshold = {.name = "failed requests", .limit = "0", .passed = !failed};
    (void)snprintf(threshold.actual, sizeof(threshold.actual), "%llu",
                   (unsigned long long)maker->accounting.total.error);
    record = (struct run_record){
        .version = PULSE7_VERSION,
        .command_line = "pulse7-simulator --rate 750 -c 'steady & <co>.cfg'",
        .config_file = "steady & <co>.cfg",
        .config_text = "simulator\n name steady\n flow load\n  rate 750\n ! </pre><b>bold</b>\n",
        .settings = &settings,
        .transport_asked = "auto",
        .transport_kind = "usrsctp",
        .transport_verdict = "userland SCTP over UDP port 9899: the kernel has no SCTP",
        .start_wall_ns = START_WALL + 123 * NS_PER_MS,
        .start_monotonic_ns = 5170 * NS_PER_S,
        .elapsed_ns = (int64_t)(o->seconds * 1e9),
        .threshold_count = 1,
        .threshold = &threshold,
        .rate_target_per_s = o->rate,
        .rate_achieved_per_s = (double)maker->accounting.total.due / o->seconds,
        .total = maker->accounting.total,
        .curve_count = run_curve_of(&maker->response, curve, RUN_CURVE_POINTS_MAX),
        .curve = curve,
        .outages = &outages,
        .association_count = 1,
        .association = &association,
        .transport_counters = {.messages_sent = maker->accounting.total.due,
                               .messages_received = maker->accounting.total.due},
        .counter_count = 2,
        .counter = counters,
        .recorder = *recorder,
        .cpu = {.user_ns = (int64_t)(o->seconds * 0.21e9),
                .system_ns = (int64_t)(o->seconds * 0.10e9),
                .worker_ns = (int64_t)(o->seconds * 0.28e9),
                .worker_share = 0.28,
                .worker_share_peak = 0.31,
                .rss_octets_max = 96u << 20}};
    judge(maker, record.rate_achieved_per_s, &record.validity);
    run_validity_add_recorder(&record.validity, recorder);
    run_distribution_of(&record.response, &maker->response, &maker->response_moments);
    run_distribution_of(&record.as_sent, &maker->as_sent, &maker->sent_moments);
    run_distribution_of(&record.lag, &maker->lag, &maker->lag_moments);
    for (unsigned i = 0; i < REQUEST_KIND_COUNT; i++) {
        record.kind[i] = maker->accounting.kinds[i];
        run_distribution_of(&record.response_of[i], &maker->response_of[i], NULL);
    }
    const struct statistics_summary averages =
        statistics_summarize(maker->averages, maker->average_count, scratch);
    const struct statistics_batch_means batches = statistics_stream_batch_means(&maker->stream);
    run_statistics_of(&record.statistics, &averages, &batches);
    char reason[RUN_REASON_OCTETS] = "";
    must(run_json_write(o->directory, &record, reason, sizeof(reason)), reason);
}

int main(int argc, char **argv)
{
    static struct maker maker;
    read_options(&maker.options, argc, argv);
    open_all(&maker);
    run_model(&maker);
    const int64_t end_ns = (int64_t)(maker.options.seconds * 1e9);
    const int64_t last_ns = end_ns > maker.last_ns ? end_ns : maker.last_ns + 1;
    while (maker.set.from_ns < last_ns)
        close_interval(&maker, last_ns);
    outage_finish(&maker.outages, end_ns);
    must(run_table_close(&maker.intervals), "intervals");
    must(hlog_close(maker.hlog), "hlog");
    struct recorder_counters recorder;
    recorder_close(maker.recorder, &recorder);
    drop_outages(&maker);
    put_series_and_events(&maker);
    put_json(&maker, &recorder);
    accounting_destroy(&maker.accounting);
    interval_destroy(&maker.set);
    outage_destroy(&maker.outages);
    histogram_destroy(&maker.response);
    histogram_destroy(&maker.as_sent);
    histogram_destroy(&maker.lag);
    for (unsigned i = 0; i < REQUEST_KIND_COUNT; i++)
        histogram_destroy(&maker.response_of[i]);
    return 0;
}
