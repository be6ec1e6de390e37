/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * summary - from what was counted to run.json: the statistics of the steady state, the outages, and
 * first of all whether the run is valid.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sigtran/runtime/node_show.h"
#include "simulator/core/validity.h"
#include "simulator/run_internal.h"

#define NS_PER_S 1e9

/* An outage's figure is claimed to be right within d + 1 ms (MEASUREMENT, Calibration). */
#define OUTAGE_ERROR_NS 1000000

/* Everything that run_record points to, in one piece. */
struct summary {
    struct run_record record;
    struct run_outages outages;
    struct run_threshold threshold[1];
    struct run_counter counter[RUN_COUNTERS_MAX];
    struct run_target target[SETTINGS_TARGETS_MAX];
    struct run_curve_point curve[RUN_CURVE_POINTS_MAX];
    struct validity_span outage_span[OUTAGE_LIST_MAX];
    struct validity_span stall_span[MEASURE_STALLS_MAX];
    double scratch[2 * RUN_INTERVALS_MAX]; /* steady averages, and a copy to sort */
    char accounting_text[RUN_TEXT_OCTETS];
};

/* --- figures ---------------------------------------------------------------------------------- */

static void fill_figures(struct run *run, struct summary *summary)
{
    const struct measure *m = worker_measure(run->worker);
    struct run_record *r = &summary->record;
    r->total = m->accounting.total;
    r->failures = &m->failures;
    for (unsigned k = 0; k < REQUEST_KIND_COUNT; k++) {
        r->kind[k] = m->accounting.kinds[k];
        run_distribution_of(&r->response_of[k], &m->response_of[k], NULL);
    }
    run_distribution_of(&r->response, &m->response, &m->stream.moments);
    run_distribution_of(&r->as_sent, &m->as_sent, NULL);
    run_distribution_of(&r->lag, &m->lag, NULL);
    r->curve_count = run_curve_of(&m->response, summary->curve, RUN_CURVE_POINTS_MAX);
    r->curve = summary->curve;
}

/* The steady state is the whole intervals behind the warm-up without those that an outage touched:
 * a migration's intervals are left out of the steady-state statistics (MEASUREMENT, Campaigns). */
static void fill_statistics(struct run *run, struct summary *summary)
{
    const struct measure *m = worker_measure(run->worker);
    uint32_t kept = 0;
    for (uint32_t i = 0; i < run->interval_mean_count; i++) {
        const struct run_interval_mean *mean = &run->interval_mean[i];
        bool is_steady = true;
        for (size_t o = 0; o < outage_count(&m->outage, OUTAGE_LANE_ALL, NULL); o++) {
            const struct outage *outage = outage_at(&m->outage, OUTAGE_LANE_ALL, o);
            if (outage->start_ns < mean->to_ns && outage->end_ns > mean->from_ns)
                is_steady = false;
        }
        if (is_steady)
            summary->scratch[kept++] = mean->mean_ns;
    }
    double *sorted = summary->scratch + RUN_INTERVALS_MAX;
    const struct statistics_summary averages = statistics_summarize(summary->scratch, kept, sorted);
    const struct statistics_batch_means batches = statistics_stream_batch_means(&m->stream);
    run_statistics_of(&summary->record.statistics, &averages, &batches);
}

static void fill_outages(struct run *run, struct summary *summary)
{
    const struct simulator_settings *s = &run->settings->simulator;
    const char *targets[SETTINGS_TARGETS_MAX];
    for (uint32_t i = 0; i < s->target_count; i++)
        targets[i] = s->target[i].name;
    outage_finish(&worker_measure(run->worker)->outage, run->end_ns);
    run_outages_of(&summary->outages, &worker_measure(run->worker)->outage, targets,
                   s->target_count);
    summary->record.outages = &summary->outages;
}

static void write_series(struct run *run)
{
    const struct outage_analysis *a = &worker_measure(run->worker)->outage;
    struct run_table table;
    if (series_open(&table, run->directory) != P7_OK) {
        run->files_failed = true;
        return;
    }
    series_put_lane(&table, a, OUTAGE_LANE_ALL);
    if (run_table_close(&table) != P7_OK)
        run->files_failed = true;
}

/* --- the system ------------------------------------------------------------------------------- */

static void add_counter(void *context, const char *name, uint64_t value)
{
    struct summary *summary = context;
    if (summary->record.counter_count == RUN_COUNTERS_MAX)
        return;
    struct run_counter *c = &summary->counter[summary->record.counter_count++];
    (void)snprintf(c->name, sizeof(c->name), "%s", name);
    c->value = value;
}

static int64_t timeval_ns(const struct timeval *t)
{
    return (int64_t)t->tv_sec * 1000000000 + (int64_t)t->tv_usec * 1000;
}

static void fill_system(struct run *run, struct summary *summary)
{
    static const char *const outcomes[TRAFFIC_OUTCOME_COUNT] = {"calls.answered", "calls.abandoned",
                                                                "calls.busy", "calls.no_answer",
                                                                "calls.route_failure"};
    struct run_record *r = &summary->record;
    struct rusage usage;
    const struct data_plane *plane = worker_data_plane(run->worker);
    const struct loop_counters loop = data_plane_loop_counters(plane);
    const struct worker_losses losses = worker_get_losses(run->worker);
    const struct worker_copies copies = worker_get_copies(run->worker);
    node_counters_each(data_plane_node(plane), add_counter, summary);
    add_counter(summary, "loop.turns", loop.turns);
    add_counter(summary, "loop.stalls", loop.stalls);
    add_counter(summary, "loop.stall_ns_max", (uint64_t)loop.stall_ns_max);
    add_counter(summary, "worker.intervals_lost", losses.intervals);
    add_counter(summary, "worker.reports_lost", losses.reports);
    add_counter(summary, "traffic.starts_refused", worker_traffic(run->worker)->refused_starts);
    for (unsigned o = 0; o < TRAFFIC_OUTCOME_COUNT; o++)
        add_counter(summary, outcomes[o], worker_traffic(run->worker)->calls_of[o]);
    add_counter(summary, "copies.sent", copies.sent);
    add_counter(summary, "copies.unsent", copies.unsent);
    add_counter(summary, "copies.replies", copies.replies);
    add_counter(summary, "replies.contradicted", copies.contradicted);
    add_counter(summary, "replies.unmatched", copies.unmatched);
    add_counter(summary, "journal.entries", run->recorder_counters.journal_entries);
    add_counter(summary, "journal.syncs", run->recorder_counters.journal_syncs);
    add_counter(summary, "journal.sync_ns_max",
                (uint64_t)run->recorder_counters.journal_sync_ns_max);
    r->counter = summary->counter;
    transport_get_counters(node_transport(data_plane_node(plane)), &r->transport_counters);
    r->recorder = run->recorder_counters;
    if (getrusage(RUSAGE_SELF, &usage) == -1)
        return;
    r->cpu = (struct run_cpu){
        .user_ns = timeval_ns(&usage.ru_utime) - timeval_ns(&run->usage_before.ru_utime),
        .system_ns = timeval_ns(&usage.ru_stime) - timeval_ns(&run->usage_before.ru_stime),
        .worker_ns = data_plane_cpu_ns(plane),
        .recorder_ns = run->recorder_counters.cpu_ns,
        .worker_share =
            run->end_ns > 0 ? (double)data_plane_cpu_ns(plane) / (double)run->end_ns : 0,
        .worker_share_peak = run->worker_share_peak > 0 ? run->worker_share_peak : NAN,
        .rss_octets_max = (uint64_t)usage.ru_maxrss * 1024,
        .context_switches_involuntary = (uint64_t)(usage.ru_nivcsw - run->usage_before.ru_nivcsw),
    };
}

static void fill_identity(struct run *run, struct summary *summary)
{
    struct run_record *r = &summary->record;
    const struct node *node = data_plane_node(worker_data_plane(run->worker));
    r->version = PULSE7_VERSION;
    r->command_line = run->invocation->command_line;
    r->config_file = run->invocation->options->config_path;
    r->config_text = run->invocation->config_text;
    r->settings = run->settings;
    r->transport_asked = transport_kind_name(run->settings->transport.kind);
    r->transport_kind = transport_kind_name(transport_kind_of(node_transport(node)));
    r->transport_verdict = run->verdict;
    r->start_wall_ns = run->start_wall_ns;
    r->start_monotonic_ns = run->start_monotonic_ns;
    r->stopped_early = run->stopped_early;
    r->target_count = run->settings->simulator.target_count;
    r->target = summary->target;
    for (uint32_t i = 0; i < r->target_count; i++)
        run_target_of(&summary->target[i], &run->settings->simulator.target[i],
                      worker_target_origin(run->worker, i));
    r->association_count = run->settings->asp_count;
    r->association = run->association;
}

/* --- validity --------------------------------------------------------------------------------- */

/* Time in which requests came due: the configured duration, or up to where it was stopped. */
static double due_seconds(const struct run *run, const struct traffic *traffic)
{
    const int64_t end_ns =
        traffic->settings.duration_ns < run->end_ns ? traffic->settings.duration_ns : run->end_ns;
    int64_t paused_ns = 0;
    if (traffic->settings.flow_count > 0)
        paused_ns = schedule_paused_ns(&traffic->schedule[0], end_ns);
    return (double)(end_ns - paused_ns) / NS_PER_S;
}

static size_t fill_outage_spans(struct run *run, struct summary *summary)
{
    const struct outage_analysis *a = &worker_measure(run->worker)->outage;
    const size_t count = outage_count(a, OUTAGE_LANE_ALL, NULL);
    for (size_t i = 0; i < count; i++) {
        const struct outage *o = outage_at(a, OUTAGE_LANE_ALL, i);
        summary->outage_span[i] =
            (struct validity_span){.from_ns = o->start_ns, .to_ns = o->end_ns};
    }
    return count;
}

static size_t fill_stall_spans(struct run *run, struct summary *summary)
{
    const struct measure *m = worker_measure(run->worker);
    const size_t count = m->stall_count < MEASURE_STALLS_MAX ? m->stall_count : MEASURE_STALLS_MAX;
    for (size_t i = 0; i < count; i++)
        summary->stall_span[i] =
            (struct validity_span){.from_ns = m->stall[i].from_ns, .to_ns = m->stall[i].to_ns};
    return count;
}

static void add_reason(struct validity *v, const char *text)
{
    v->valid = false;
    if (v->reason_count < VALIDITY_REASONS_MAX)
        (void)snprintf(v->reasons[v->reason_count], VALIDITY_REASON_CHARS, "%s", text);
    v->reason_count++;
}

/* What only the program can know: whether its records are whole. */
static void judge_records(struct run *run, struct validity *v)
{
    const struct worker_losses losses = worker_get_losses(run->worker);
    if (run->settings->simulator.record_requests || run->settings->simulator.journal_durable)
        run_validity_add_recorder(v, &run->recorder_counters);
    if (run->files_failed)
        add_reason(v, "a file of the run directory could not be written whole: is the disk full?");
    if (losses.intervals > 0 || losses.reports > 0)
        add_reason(v, "the main thread did not take the traffic thread's reports in time: the "
                      "machine has too little CPU for both; use a lower rate or more cores");
}

static void judge(struct run *run, struct summary *summary)
{
    struct measure *m = worker_measure(run->worker);
    const struct traffic *traffic = worker_traffic(run->worker);
    struct run_record *r = &summary->record;
    const double seconds = due_seconds(run, traffic);
    r->elapsed_ns = (int64_t)(seconds * NS_PER_S);
    r->rate_target_per_s = seconds > 0 ? (double)m->accounting.total.due / seconds : 0;
    r->rate_achieved_per_s = seconds > 0 ? (double)m->sent / seconds : 0;
    const bool holds = accounting_check(&m->accounting, 0, summary->accounting_text,
                                        sizeof(summary->accounting_text));
    /* Requests that had no way out were not the generator's to send. */
    const struct accounting_counts *total = &m->accounting.total;
    const uint64_t unsent = total->due - m->sent;
    const uint64_t blocked_unsent = unsent < total->blocked ? unsent : total->blocked;
    const struct validity_input input = {
        .wanted_rate = seconds > 0 ? (double)(total->due - blocked_unsent) / seconds : 0,
        .achieved_rate = r->rate_achieved_per_s,
        .lag = &m->lag,
        .outage_error_claimed_ns =
            summary->outages.outage_count > 0
                ? outage_resolution_ns(&m->outage, OUTAGE_LANE_ALL) + OUTAGE_ERROR_NS
                : 0,
        .send_queue_full = r->transport_counters.send_full,
        .cpu_share = r->cpu.worker_share,
        .stalls = summary->stall_span,
        .stall_count = fill_stall_spans(run, summary),
        .outages = summary->outage_span,
        .outage_count = fill_outage_spans(run, summary),
        .accounting_holds = holds,
        .accounting_text = summary->accounting_text,
    };
    validity_judge(&r->validity, &input);
    judge_records(run, &r->validity);
}

static void judge_thresholds(const struct run *run, struct summary *summary)
{
    const struct simulator_settings *s = &run->settings->simulator;
    struct run_record *r = &summary->record;
    const uint64_t failed = r->total.error + r->total.timeout + r->total.unanswered;
    if (!s->has_failed_threshold)
        return;
    struct run_threshold *threshold = &summary->threshold[r->threshold_count++];
    (void)snprintf(threshold->name, sizeof(threshold->name), "failed requests");
    (void)snprintf(threshold->limit, sizeof(threshold->limit), "at most %llu",
                   (unsigned long long)s->failed_threshold);
    (void)snprintf(threshold->actual, sizeof(threshold->actual), "%llu",
                   (unsigned long long)failed);
    threshold->passed = failed <= s->failed_threshold;
    r->threshold = summary->threshold;
}

static int exit_code_of(const struct run_record *r)
{
    if (!r->validity.valid)
        return OPTIONS_EXIT_INVALID;
    for (uint32_t i = 0; i < r->threshold_count; i++)
        if (!r->threshold[i].passed)
            return OPTIONS_EXIT_THRESHOLD;
    return OPTIONS_EXIT_PASSED;
}

/* --- telling ---------------------------------------------------------------------------------- */

static void print_failures(const struct failures *failures)
{
    char text[FAILURES_TEXT_OCTETS];
    for (uint32_t i = 0; i < failures->count; i++) {
        failure_text(failures->entry[i].cause, text, sizeof(text));
        (void)printf("  error %llu: %s\n", (unsigned long long)failures->entry[i].requests, text);
    }
    if (failures->others > 0)
        (void)printf("  error %llu: others\n", (unsigned long long)failures->others);
}

static void print_result(const struct run *run, const struct run_record *r)
{
    (void)printf("\n%s\n", r->validity.valid ? "The run is valid." : "The run is INVALID:");
    for (size_t i = 0; i < r->validity.reason_count && i < VALIDITY_REASONS_MAX; i++)
        (void)printf("  - %s\n", r->validity.reasons[i]);
    for (uint32_t i = 0; i < r->threshold_count; i++)
        if (!r->threshold[i].passed)
            (void)printf("threshold broken: %s: %s, limit %s\n", r->threshold[i].name,
                         r->threshold[i].actual, r->threshold[i].limit);
    (void)printf("due %llu = ok %llu + error %llu + timeout %llu + unanswered %llu\n",
                 (unsigned long long)r->total.due, (unsigned long long)r->total.ok,
                 (unsigned long long)r->total.error, (unsigned long long)r->total.timeout,
                 (unsigned long long)r->total.unanswered);
    print_failures(r->failures);
    const struct worker_copies copies = worker_get_copies(run->worker);
    if (copies.contradicted > 0)
        (void)printf("%llu further replies CONTRADICT the first one to their request: "
                     "see the flag in requests.csv\n",
                     (unsigned long long)copies.contradicted);
    (void)printf("rate %.2f/s wanted, %.2f/s sent\n", r->rate_target_per_s, r->rate_achieved_per_s);
    if (r->response.count > 0)
        (void)printf(
            "response time: p50 %.3f ms, p99 %.3f ms, p99.9 %.3f ms, max %.3f ms; send lag "
            "p99.9 %.3f ms\n",
            (double)r->response.quantile_ns[0] / 1e6, (double)r->response.quantile_ns[4] / 1e6,
            (double)r->response.quantile_ns[5] / 1e6, (double)r->response.max_ns / 1e6,
            (double)r->lag.quantile_ns[5] / 1e6);
    for (uint32_t i = 0; i < r->outages->outage_count && i < RUN_OUTAGES_MAX; i++) {
        const struct run_outage *o = &r->outages->outage[i];
        if (o->lane != OUTAGE_LANE_ALL)
            continue;
        (void)printf("outage at %.3f s:", (double)o->outage.start_ns / NS_PER_S);
        for (unsigned e = 0; e < OUTAGE_ESTIMATOR_COUNT; e++)
            if (o->estimate[e].known)
                (void)printf(" %s %.1f ms", outage_estimator_name((enum outage_estimator)e),
                             (double)o->estimate[e].value_ns / 1e6);
        (void)printf("\n");
    }
    (void)printf("results: %s (pulse7-report makes a page of them)\n", run->directory);
}

static void tell_result(const struct run_record *r, struct run_result *result)
{
    result->is_written = true;
    result->is_stopped_early = r->stopped_early;
    result->is_valid = r->validity.valid;
    result->requests = r->total.due;
    result->failed = r->total.error + r->total.timeout + r->total.unanswered;
    result->statistics = r->statistics;
    result->response = r->response;
}

int summary_write(struct run *run)
{
    char reason[RUN_REASON_OCTETS];
    struct summary *summary = calloc(1, sizeof(*summary));
    if (summary == NULL) {
        (void)fprintf(stderr, "pulse7-simulator: out of memory for the summary\n");
        return OPTIONS_EXIT_INVALID;
    }
    write_series(run);
    fill_identity(run, summary);
    fill_figures(run, summary);
    fill_system(run, summary);
    fill_outages(run, summary);
    fill_statistics(run, summary);
    judge(run, summary);
    judge_thresholds(run, summary);
    const enum p7_status status =
        run_json_write(run->directory, &summary->record, reason, sizeof(reason));
    int code = exit_code_of(&summary->record);
    if (status != P7_OK) {
        (void)fprintf(stderr, "pulse7-simulator: %s\n", reason);
        code = OPTIONS_EXIT_INVALID;
    } else {
        tell_result(&summary->record, run->result);
    }
    if (!run->invocation->options->quiet)
        print_result(run, &summary->record);
    free(summary);
    return code;
}
