/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The tables. The sentences are in words.c. */
#include "simulator/report/figures.h"

#include <math.h>
#include <string.h>

#define NS_PER_MS      1e6
#define STUDY_DECIMALS 4 /* as the studies print means and margins */
#define TIME_DECIMALS  3

static const char *configured_name(const struct run *run)
{
    const json_t *simulator = json_object_get(json_object_get(run->root, "settings"), "simulator");
    return json_string_value(json_object_get(simulator, "name"));
}

const char *figures_name(const struct run *run)
{
    const char *name = configured_name(run);
    if (name != NULL && name[0] != '\0')
        return name;
    const char *slash = strrchr(run->path, '/');
    return slash != NULL && slash[1] != '\0' ? slash + 1 : run->path;
}

uint64_t figures_failed(const struct run *run)
{
    const struct accounting_counts *total = &run->record.total;
    return total->error + total->timeout + total->unanswered;
}

bool figures_thresholds_passed(const struct run *run)
{
    for (uint32_t i = 0; i < run->record.threshold_count; i++)
        if (!run->record.threshold[i].passed)
            return false;
    return true;
}

const char *figures_feasible(const struct run *run)
{
    return figures_failed(run) == 0 ? "yes" : "no";
}

/* D_max is the studies' downtime; without any reply after the outage only the silence is known. */
static const struct outage_estimate *downtime_of(const struct run_outage *outage)
{
    const struct outage_estimate *d_max = &outage->estimate[OUTAGE_D_MAX];
    return d_max->known ? d_max : &outage->estimate[OUTAGE_D_GAP];
}

const struct run_outage *figures_longest_outage(const struct run *run)
{
    const struct run_outages *outages = run->record.outages;
    const struct run_outage *longest = NULL;
    for (uint32_t i = 0; outages != NULL && i < outages->outage_count; i++) {
        const struct run_outage *outage = &outages->outage[i];
        if (downtime_of(outage)->known &&
            (longest == NULL || downtime_of(outage)->value_ns > downtime_of(longest)->value_ns))
            longest = outage;
    }
    return longest;
}

bool figures_downtime_ns(const struct run *run, int64_t *value_ns, int64_t *high_ns)
{
    const struct run_outage *longest = figures_longest_outage(run);
    if (longest == NULL)
        return false;
    const struct outage_estimate *estimate = downtime_of(longest);
    *value_ns = estimate->value_ns;
    *high_ns = estimate->bounded ? estimate->high_ns : estimate->value_ns;
    return true;
}

static void put_ms(struct report_table *table, bool known, double ns)
{
    report_table_figure(table, known ? ns / NS_PER_MS : NAN, TIME_DECIMALS);
}

static void put_count(struct report_table *table, uint64_t count)
{
    report_table_cell(table, "%llu", (unsigned long long)count);
}

static void runs_columns(struct report_table *table)
{
    static const struct report_column columns[] = {
        {"run", "Run", REPORT_WORDS},
        {"valid", "Valid", REPORT_WORDS},
        {"passed", "Passed", REPORT_WORDS},
        {"load_per_s", "Load /s", REPORT_NUMBER},
        {"requests", "Requests", REPORT_NUMBER},
        {"failed", "Failed", REPORT_NUMBER},
        {"feasible", "Feasible", REPORT_WORDS},
        {"throughput_per_s", "Thruput /s", REPORT_NUMBER},
        {"intervals", "N", REPORT_NUMBER},
        {"mean_ms", "Mean ms", REPORT_NUMBER},
        {"variance_ms2", "Variance", REPORT_NUMBER},
        {"sd_ms", "SD", REPORT_NUMBER},
        {"E_paper_ms", "E_paper", REPORT_NUMBER},
        {"E_bm_ms", "E_bm", REPORT_NUMBER},
        {"p50_ms", "p50", REPORT_NUMBER},
        {"p90_ms", "p90", REPORT_NUMBER},
        {"p99_ms", "p99", REPORT_NUMBER},
        {"p999_ms", "p99.9", REPORT_NUMBER},
        {"max_ms", "Max", REPORT_NUMBER},
        {"downtime_ms", "D_max", REPORT_NUMBER},
    };
    for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++)
        report_table_column(table, columns[i].key, columns[i].heading, columns[i].kind);
}

static void runs_row(struct report_table *table, const struct run *run)
{
    const struct run_record *record = &run->record;
    const struct run_statistics *statistics = &record->statistics;
    const struct run_distribution *response = &record->response;
    const bool answered = response->count > 0;
    const double seconds = (double)record->elapsed_ns / 1e9;
    report_table_cell(table, "%s", figures_name(run));
    report_table_cell(table, "%s", record->validity.valid ? "yes" : "NO");
    report_table_cell(table, "%s",
                      record->threshold_count == 0     ? "-"
                      : figures_thresholds_passed(run) ? "yes"
                                                       : "NO");
    report_table_cell(table, "%.10g", round(record->rate_target_per_s * 1000) / 1000);
    put_count(table, record->total.due);
    put_count(table, figures_failed(run));
    report_table_cell(table, "%s", figures_feasible(run));
    report_table_figure(table, seconds > 0 ? (double)record->total.ok / seconds : NAN, 2);
    put_count(table, statistics->interval_count);
    report_table_figure(table, statistics->mean_ms, STUDY_DECIMALS);
    report_table_figure(table, statistics->variance_ms2, STUDY_DECIMALS);
    report_table_figure(table, statistics->sd_ms, STUDY_DECIMALS);
    report_table_figure(table, statistics->e_paper_ms, STUDY_DECIMALS);
    report_table_figure(table, statistics->e_bm_ms, STUDY_DECIMALS);
    static const size_t shown[] = {0, 2, 4, 5}; /* p50 p90 p99 p99.9 of run_percentiles */
    for (size_t i = 0; i < sizeof(shown) / sizeof(shown[0]); i++)
        put_ms(table, answered, (double)response->quantile_ns[shown[i]]);
    put_ms(table, answered, (double)response->max_ns);
    int64_t down_ns = 0, high_ns = 0;
    const bool down = figures_downtime_ns(run, &down_ns, &high_ns);
    put_ms(table, down, (double)down_ns);
}

void figures_runs_table(struct report_table *table, struct run *const *runs, size_t count)
{
    runs_columns(table);
    for (size_t i = 0; i < count; i++)
        runs_row(table, runs[i]);
}

static void distribution_row(struct report_table *table, const char *name,
                             const struct run_distribution *distribution)
{
    const bool known = distribution->count > 0;
    report_table_cell(table, "%s", name);
    put_count(table, distribution->count);
    put_ms(table, known, distribution->mean_ns);
    put_ms(table, known, distribution->sd_ns);
    put_ms(table, known, (double)distribution->min_ns);
    for (size_t i = 0; i < RUN_QUANTILES; i++)
        put_ms(table, known, (double)distribution->quantile_ns[i]);
    put_ms(table, known, (double)distribution->max_ns);
}

void figures_distributions_table(struct report_table *table, const struct run *run)
{
    static const char *const headings[] = {"p50", "p75",   "p90",    "p95",
                                           "p99", "p99.9", "p99.99", "p99.999"};
    const struct run_record *record = &run->record;
    report_table_column(table, "what", "Milliseconds", REPORT_WORDS);
    report_table_column(table, "count", "Count", REPORT_NUMBER);
    report_table_column(table, "mean_ms", "Mean", REPORT_NUMBER);
    report_table_column(table, "sd_ms", "SD", REPORT_NUMBER);
    report_table_column(table, "min_ms", "Min", REPORT_NUMBER);
    for (size_t i = 0; i < RUN_QUANTILES; i++)
        report_table_column(table, headings[i], headings[i], REPORT_NUMBER);
    report_table_column(table, "max_ms", "Max", REPORT_NUMBER);
    distribution_row(table, "Response time", &record->response);
    distribution_row(table, "As-sent latency", &record->as_sent);
    distribution_row(table, "Send lag", &record->lag);
    unsigned kinds = 0;
    for (unsigned kind = 0; kind < REQUEST_KIND_COUNT; kind++)
        kinds += record->response_of[kind].count > 0;
    for (unsigned kind = 0; kinds > 1 && kind < REQUEST_KIND_COUNT; kind++)
        if (record->response_of[kind].count > 0)
            distribution_row(table, request_kind_name((enum request_kind)kind),
                             &record->response_of[kind]);
}

static void kinds_row(struct report_table *table, const char *name,
                      const struct accounting_counts *counts, const struct run *run,
                      const struct run_distribution *response)
{
    const double seconds = (double)run->record.elapsed_ns / 1e9;
    const bool answered = response->count > 0;
    report_table_cell(table, "%s", name);
    put_count(table, counts->due);
    put_count(table, counts->ok);
    put_count(table, counts->error);
    put_count(table, counts->timeout);
    put_count(table, counts->unanswered);
    put_count(table, counts->retransmissions);
    put_count(table, counts->duplicate_replies);
    report_table_figure(table, seconds > 0 ? (double)counts->ok / seconds : NAN, 2);
    put_ms(table, answered, response->mean_ns);
    put_ms(table, answered, (double)response->min_ns);
    put_ms(table, answered, (double)response->max_ns);
}

void figures_kinds_table(struct report_table *table, const struct run *run)
{
    static const struct report_column columns[] = {
        {"kind", "Kind", REPORT_WORDS},
        {"due", "Due", REPORT_NUMBER},
        {"ok", "OK", REPORT_NUMBER},
        {"error", "Error", REPORT_NUMBER},
        {"timeout", "Timeout", REPORT_NUMBER},
        {"unanswered", "Unanswered", REPORT_NUMBER},
        {"retransmissions", "Retransm.", REPORT_NUMBER},
        {"duplicates", "Duplicates", REPORT_NUMBER},
        {"throughput_per_s", "Thruput /s", REPORT_NUMBER},
        {"mean_ms", "Avg ms", REPORT_NUMBER},
        {"min_ms", "Min ms", REPORT_NUMBER},
        {"max_ms", "Max ms", REPORT_NUMBER},
    };
    for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++)
        report_table_column(table, columns[i].key, columns[i].heading, columns[i].kind);
    for (unsigned kind = 0; kind < REQUEST_KIND_COUNT; kind++)
        if (run->record.kind[kind].due > 0)
            kinds_row(table, request_kind_name((enum request_kind)kind), &run->record.kind[kind],
                      run, &run->record.response_of[kind]);
    kinds_row(table, "total", &run->record.total, run, &run->record.response);
}

static void statistic(struct report_table *table, const char *name, double value, int decimals,
                      const char *meaning)
{
    report_table_cell(table, "%s", name);
    report_table_figure(table, value, decimals);
    report_table_cell(table, "%s", meaning);
}

void figures_statistics_table(struct report_table *table, const struct run *run)
{
    const struct run_statistics *s = &run->record.statistics;
    report_table_column(table, "figure", "Figure", REPORT_WORDS);
    report_table_column(table, "value", "Value", REPORT_NUMBER);
    report_table_column(table, "meaning", "How it is computed", REPORT_WORDS);
    statistic(table, "N", s->interval_count, 0, "steady intervals: outside of warm-up and outages");
    statistic(table, "Mean", s->mean_ms, STUDY_DECIMALS, "ms; of the interval averages: sum X / N");
    statistic(table, "Variance", s->variance_ms2, STUDY_DECIMALS, "ms²; sum (X - mean)² / N");
    statistic(table, "SD", s->sd_ms, STUDY_DECIMALS, "ms; its root");
    statistic(table, "Median", s->median_ms, STUDY_DECIMALS, "ms; of the interval averages");
    statistic(table, "E_paper", s->e_paper_ms, STUDY_DECIMALS,
              "ms; 1.96 SD / sqrt(N), the margin that the studies print");
    statistic(table, "E_bm", s->e_bm_ms, STUDY_DECIMALS,
              "ms; 20 batch means with Student's t (2.093): the margin to believe");
    statistic(
        table, "Batch mean", s->batch_mean_ms, STUDY_DECIMALS,
        "ms; the mean that E_bm and E_naive belong to: of every request after the warm-up, in "
        "outages too");
    statistic(table, "E_naive", s->e_naive_ms, STUDY_DECIMALS,
              "ms; 1.96 SD / sqrt(n) over single requests, as if they were independent");
    statistic(table, "Lag-1", s->lag1, STUDY_DECIMALS,
              "autocorrelation of the interval averages: near 0 is good");
    statistic(table, "Lag-1 batches", s->lag1_batches, STUDY_DECIMALS,
              "of the 20 batch means: far from 0 says that the run is too short for E_bm");
}

static const char *const meanings[OUTAGE_ESTIMATOR_COUNT] = {
    [OUTAGE_D_MAX] = "the longest wait of any request, less a normal one; the studies' downtime",
    [OUTAGE_D_GAP] = "the longest silence: no reply at all arrived for that long",
    [OUTAGE_D_LOST] = "affected requests times their distance; for a probe whose packets get lost",
    [OUTAGE_D_FS] = "from the last request answered normally before to the first one after",
    [OUTAGE_D_AREA] =
        "from the area of all extra waiting: right only if the backlog drains at once",
};

void figures_outage_table(struct report_table *table, const struct run *run,
                          const struct run_outage *outage)
{
    (void)run;
    report_table_column(table, "estimator", "Estimator", REPORT_WORDS);
    report_table_column(table, "value_ms", "ms", REPORT_NUMBER);
    report_table_column(table, "bounds", "True length lies in", REPORT_WORDS);
    report_table_column(table, "meaning", "What it means", REPORT_WORDS);
    report_table_column(table, "exact", "Exact where", REPORT_WORDS);
    for (unsigned e = 0; e < OUTAGE_ESTIMATOR_COUNT; e++) {
        const struct outage_estimate *estimate = &outage->estimate[e];
        report_table_cell(table, "%s", outage_estimator_name((enum outage_estimator)e));
        put_ms(table, estimate->known, (double)estimate->value_ns);
        /* D_lost's bounds hold for requests that do not wait for each other: a datagram probe. */
        if (estimate->known && e == OUTAGE_D_LOST)
            report_table_cell(table, "no bounds over SCTP");
        else if (estimate->known && estimate->bounded)
            report_table_cell(table, "%.3f .. %.3f ms", (double)estimate->low_ns / NS_PER_MS,
                              (double)estimate->high_ns / NS_PER_MS);
        else
            report_table_cell(table, "%s", estimate->known ? "no bounds" : "not known here");
        report_table_cell(table, "%s", meanings[e]);
        report_table_cell(table, "%s", outage_estimator_exact((enum outage_estimator)e));
    }
}

static void association_row(struct report_table *table, const char *name, const char *when,
                            const struct transport_status *status)
{
    const struct sctp_profile *p = &status->profile;
    report_table_cell(table, "%s", name);
    report_table_cell(table, "%s", when);
    report_table_cell(table, "%u / %u / %u", p->rto_initial_ms, p->rto_min_ms, p->rto_max_ms);
    if (status->path_count > 0)
        report_table_cell(table, "%u", status->path[0].rto_ms);
    else
        report_table_cell(table, "-");
    report_table_cell(table, "%u / %u", p->sack_delay_ms, p->sack_frequency);
    report_table_cell(table, "%u", p->hb_interval_ms);
    report_table_cell(table, "%u / %u", p->path_max_retrans, p->association_max_retrans);
    report_table_cell(table, "%u / %u", status->streams_out, status->streams_in);
    report_table_cell(table, "%s", p->nodelay ? "yes" : "no");
}

void figures_associations_table(struct report_table *table, const struct run *run)
{
    static const struct report_column columns[] = {
        {"association", "Association", REPORT_WORDS},
        {"when", "Read", REPORT_WORDS},
        {"rto_ms", "RTO init / min / max ms", REPORT_NUMBER},
        {"path_rto_ms", "Path RTO ms", REPORT_NUMBER},
        {"sack", "SACK delay ms / freq", REPORT_NUMBER},
        {"hb_interval_ms", "HB ms", REPORT_NUMBER},
        {"max_retrans", "PMR / AMR", REPORT_NUMBER},
        {"streams", "Streams out / in", REPORT_NUMBER},
        {"nodelay", "NODELAY", REPORT_WORDS},
    };
    for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++)
        report_table_column(table, columns[i].key, columns[i].heading, columns[i].kind);
    for (uint32_t i = 0; i < run->record.association_count; i++) {
        const struct run_association *association = &run->record.association[i];
        if (association->has_before)
            association_row(table, association->name, "before", &association->before);
        if (association->has_after)
            association_row(table, association->name, "after", &association->after);
    }
}

void figures_events_table(struct report_table *table, const struct run *run, size_t most)
{
    report_table_column(table, "time_s", "Time s", REPORT_NUMBER);
    report_table_column(table, "source", "Source", REPORT_WORDS);
    report_table_column(table, "event", "Event", REPORT_WORDS);
    report_table_column(table, "detail", "Detail", REPORT_WORDS);
    for (size_t i = 0; i < run->event_count && i < most; i++) {
        report_table_figure(table, (double)run->event[i].time_ns / 1e9, TIME_DECIMALS);
        report_table_cell(table, "%s", run->event[i].source);
        report_table_cell(table, "%s", run->event[i].event);
        report_table_cell(table, "%s", run->event[i].detail);
    }
}
