/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "simulator/report/chart.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "simulator/report/figures.h"

#define NS_PER_S  1e9
#define NS_PER_MS 1e6

/* More can't be told apart on a screen. */
#define POINTS_MAX 500u
#define MARKS_MAX  60u

/* A maximum that many times the median squeezes everything else flat: then the axis is
 * logarithmic. */
#define LOG_SCALE_RATIO 20

/* What is shown around an outage: this before it, and twice this after. */
#define OUTAGE_MARGIN_NS INT64_C(1000000000)

static struct chart *begin(struct chart_list *list, const char *id, const char *title,
                           FILE **script, size_t *script_octets)
{
    assert(list->count < CHARTS_MAX);
    struct chart *chart = &list->chart[list->count++];
    *chart = (struct chart){.id = id, .title = title};
    *script = open_memstream(&chart->script, script_octets);
    if (*script == NULL)
        (void)report_allocate(NULL, SIZE_MAX);
    return chart;
}

static void legend(struct chart *chart, enum chart_colour colour, const char *text)
{
    chart->legend[chart->legend_count++] = (struct chart_legend){colour, text};
}

static bool is_total(const struct run_interval *interval)
{
    return strcmp(interval->kind, "total") == 0;
}

/* A short rest of an interval has no rate worth a point. */
static bool is_shown(const struct run *run, const struct run_interval *interval)
{
    const int64_t length_ns = interval->row.end_ns - interval->row.start_ns;
    return is_total(interval) && length_ns > 0 && 2 * length_ns >= run->interval_ns;
}

static size_t shown_intervals(const struct run *run)
{
    size_t shown = 0;
    for (size_t i = 0; i < run->interval_count; i++)
        shown += is_shown(run, &run->interval[i]);
    return shown;
}

/* Points that nobody can tell apart are left out; bars then touch each other. */
static const char *line_style(const struct run *run)
{
    return shown_intervals(run) <= MARKS_MAX ? "w lp pt 7 ps 0.35" : "w lines";
}

static double bar_share(const struct run *run)
{
    return shown_intervals(run) <= MARKS_MAX ? 0.94 : 1;
}

static double middle_s(const struct interval_row *row)
{
    return ((double)row->start_ns + (double)row->end_ns) / 2 / NS_PER_S;
}

static void put_value(FILE *script, double value)
{
    if (isfinite(value))
        (void)fprintf(script, " %.9g", value);
    else
        (void)fputs(" NaN", script);
}

/* Median and maximum of the figures decide on the axis. */
static bool wants_log_scale(double typical, double max)
{
    return isfinite(typical) && typical > 0 && max > LOG_SCALE_RATIO * typical;
}

static void put_y_axis(FILE *script, bool logarithmic)
{
    if (logarithmic)
        (void)fputs("set logscale y\nset format y '%g'\nset yrange [*:*]\n", script);
    else
        (void)fputs("set yrange [0:*<1e9]\n", script);
}

static void put_time_axis(FILE *script, const struct run *run)
{
    (void)fprintf(script, "set xrange [0:%.9g]\n", (double)run->record.elapsed_ns / NS_PER_S);
}

/* --- response time over time ------------------------------------------------------------------ */

static void add_response(struct chart_list *list, const struct run *run)
{
    if (shown_intervals(run) == 0 || run->record.response.count == 0)
        return;
    FILE *script = NULL;
    size_t octets = 0;
    struct chart *chart = begin(list, "response-time", "Response time", &script, &octets);
    double lowest = INFINITY, highest = 0;
    (void)fputs("$d << EOD\n", script);
    for (size_t i = 0; i < run->interval_count; i++) {
        const struct interval_row *row = &run->interval[i].row;
        if (!is_shown(run, &run->interval[i]))
            continue;
        (void)fprintf(script, "%.9g", middle_s(row));
        put_value(script, row->mean_ms);
        put_value(script, row->p99_ms);
        (void)fputc('\n', script);
        lowest = fmin(lowest, row->mean_ms);
        highest = fmax(highest, fmax(row->mean_ms, row->p99_ms));
    }
    (void)fputs("EOD\n", script);
    put_time_axis(script, run);
    const bool logarithmic = wants_log_scale(lowest, highest);
    put_y_axis(script, logarithmic);
    (void)fprintf(script,
                  "plot $d u 1:3 %s lc rgb '#%06d' lw 1.6, $d u 1:2 %s lc rgb '#%06d' lw 1.6\n",
                  line_style(run), CHART_TAIL, line_style(run), CHART_MEAN);
    (void)fclose(script);
    (void)snprintf(chart->axes, sizeof(chart->axes), "ms against seconds, per %.10g-s interval%s",
                   (double)run->interval_ns / NS_PER_S, logarithmic ? "; logarithmic" : "");
    legend(chart, CHART_MEAN, "mean");
    legend(chart, CHART_TAIL, "99th percentile");
}

/* --- maximum response time -------------------------------------------------------------------- */

/* Gives how many slots of the series make one point. */
static size_t put_series(FILE *script, const struct run *run, int64_t from_ns, int64_t to_ns)
{
    size_t inside = 0, joined = 0;
    for (size_t i = 0; i < run->series_count; i++)
        inside += run->series[i].start_ns >= from_ns && run->series[i].start_ns < to_ns;
    const size_t step = inside / POINTS_MAX + 1;
    double max = NAN, start = 0;
    (void)fputs("$s << EOD\n", script);
    for (size_t i = 0; i < run->series_count; i++) {
        const struct series_row *row = &run->series[i];
        if (row->start_ns < from_ns || row->start_ns >= to_ns)
            continue;
        if (joined == 0)
            start = (double)row->start_ns / NS_PER_S;
        max = fmax(max, row->max_ms);
        if (++joined == step) {
            (void)fprintf(script, "%.9g", start);
            put_value(script, max);
            (void)fputc('\n', script);
            joined = 0;
            max = NAN;
        }
    }
    if (joined > 0) {
        (void)fprintf(script, "%.9g", start);
        put_value(script, max);
        (void)fputc('\n', script);
    }
    (void)fputs("EOD\n", script);
    return step;
}

static double series_step_s(const struct run *run)
{
    return run->series_count < 2
               ? 0.1
               : (double)(run->series[1].start_ns - run->series[0].start_ns) / NS_PER_S;
}

static void add_maximum(struct chart_list *list, const struct run *run)
{
    if (shown_intervals(run) == 0 || run->record.response.count == 0)
        return;
    FILE *script = NULL;
    size_t octets = 0;
    struct chart *chart =
        begin(list, "maximum-response-time", "Maximum response time", &script, &octets);
    double highest = 0, lowest = INFINITY;
    (void)fputs("$d << EOD\n", script);
    for (size_t i = 0; i < run->interval_count; i++) {
        const struct interval_row *row = &run->interval[i].row;
        if (!is_shown(run, &run->interval[i]))
            continue;
        (void)fprintf(script, "%.9g %.9g", middle_s(row),
                      (double)(row->end_ns - row->start_ns) / NS_PER_S * bar_share(run));
        put_value(script, row->max_ms);
        (void)fputc('\n', script);
        highest = fmax(highest, row->max_ms);
        lowest = fmin(lowest, row->max_ms);
    }
    (void)fputs("EOD\n", script);
    const size_t step = put_series(script, run, INT64_MIN, INT64_MAX);
    put_time_axis(script, run);
    const bool logarithmic = wants_log_scale(lowest, highest);
    put_y_axis(script, logarithmic);
    (void)fprintf(script,
                  "plot $d u 1:3:2 w boxes fs solid noborder lc rgb '#%06d', "
                  "$s u 1:2 w lines lc rgb '#%06d' lw 1.2\n",
                  CHART_PALE, CHART_TAIL);
    (void)fclose(script);
    (void)snprintf(chart->axes, sizeof(chart->axes), "ms against seconds%s",
                   logarithmic ? "; logarithmic" : "");
    legend(chart, CHART_PALE, "per interval");
    (void)snprintf(chart->step, sizeof(chart->step), "per %.10g ms",
                   (double)step * series_step_s(run) * 1000);
    if (run->series_count > 0)
        legend(chart, CHART_TAIL, chart->step);
}

/* --- the longest outage ----------------------------------------------------------------------- */

static void add_outage(struct chart_list *list, const struct run *run)
{
    const struct run_outage *outage = figures_longest_outage(run);
    if (outage == NULL || run->series_count == 0 || outage->outage.rt_max_ns == 0 ||
        outage->outage.start_ns < 0 || outage->outage.end_ns < outage->outage.start_ns)
        return;
    FILE *script = NULL;
    size_t octets = 0;
    struct chart *chart = begin(list, "outage", "Around the longest outage", &script, &octets);
    const int64_t from_ns = outage->outage.start_ns - OUTAGE_MARGIN_NS;
    const int64_t to_ns = outage->outage.end_ns + 2 * OUTAGE_MARGIN_NS;
    (void)put_series(script, run, from_ns - OUTAGE_MARGIN_NS, to_ns + OUTAGE_MARGIN_NS);
    const double step_s = series_step_s(run);
    (void)fprintf(script, "set xrange [%.9g:%.9g]\nset yrange [0:*]\n", (double)from_ns / NS_PER_S,
                  (double)to_ns / NS_PER_S);
    size_t events = 0;
    for (size_t i = 0; i < run->event_count; i++) {
        const int64_t time_ns = run->event[i].time_ns;
        if (time_ns <= from_ns || time_ns >= to_ns)
            continue;
        events++;
        (void)fprintf(script,
                      "set arrow from first %.9g, graph 0 to first %.9g, graph 1 nohead "
                      "lc rgb '#%06d' dt 2 lw 1.2\n",
                      (double)time_ns / NS_PER_S, (double)time_ns / NS_PER_S, CHART_BAD);
    }
    (void)fprintf(script,
                  "plot $s u ($1+%.9g):2:(%.9g) w boxes fs solid noborder lc rgb '#%06d'\n"
                  "unset arrow\n",
                  step_s / 2, step_s * 0.9, CHART_TAIL);
    (void)fclose(script);
    (void)snprintf(chart->axes, sizeof(chart->axes),
                   "longest wait in ms of the requests due in each %.10g ms, against seconds",
                   step_s * 1000);
    legend(chart, CHART_TAIL, "maximum response time");
    if (events > 0)
        legend(chart, CHART_BAD, "events");
}

/* --- percentiles ------------------------------------------------------------------------------ */

static void add_percentiles(struct chart_list *list, const struct run *run)
{
    const struct run_record *record = &run->record;
    if (record->curve_count < 2)
        return;
    FILE *script = NULL;
    size_t octets = 0;
    struct chart *chart =
        begin(list, "percentiles", "Response time by percentile", &script, &octets);
    /* The maximum has no percentile of its own: it is drawn where one request in all stands. */
    const double last = (double)(record->response.count < 2 ? 2 : record->response.count);
    double typical = NAN, least = NAN;
    (void)fputs("$d << EOD\n", script);
    for (uint32_t i = 0; i < record->curve_count; i++) {
        const struct run_curve_point *point = &record->curve[i];
        const double x = point->quantile < 1 ? fmin(1 / (1 - point->quantile), last) : last;
        (void)fprintf(script, "%.9g %.9g\n", x, (double)point->value_ns / NS_PER_MS);
        if (i == 0)
            least = (double)point->value_ns / NS_PER_MS;
        if (point->quantile <= 0.5)
            typical = (double)point->value_ns / NS_PER_MS;
    }
    (void)fputs("EOD\n", script);
    const bool logarithmic = wants_log_scale(typical, (double)record->response.max_ns / NS_PER_MS);
    put_y_axis(script, logarithmic);
    /* The quickest few would take half of a logarithmic axis. */
    if (logarithmic)
        (void)fprintf(script, "set yrange [%.9g:*]\n", fmax(least, typical / 10));
    (void)fprintf(script,
                  "set logscale x\nset xrange [1:%.9g]\n"
                  "set xtics ('0' 1, '90' 10, '99' 100, '99.9' 1e3, '99.99' 1e4, '99.999' 1e5, "
                  "'99.9999' 1e6, '99.99999' 1e7)\n"
                  "plot $d u 1:2 w lines lc rgb '#%06d' lw 1.8\n",
                  last * 1.05, CHART_MEAN);
    (void)fclose(script);
    (void)snprintf(chart->axes, sizeof(chart->axes),
                   "ms against the per cent of requests answered faster%s",
                   logarithmic ? "; logarithmic" : "");
}

/* --- rate and outcomes ------------------------------------------------------------------------ */

static void add_rate(struct chart_list *list, const struct run *run)
{
    if (shown_intervals(run) == 0)
        return;
    FILE *script = NULL;
    size_t octets = 0;
    struct chart *chart = begin(list, "rate", "Rate and outcomes", &script, &octets);
    double highest = 0;
    (void)fputs("$d << EOD\n", script);
    for (size_t i = 0; i < run->interval_count; i++) {
        const struct interval_row *row = &run->interval[i].row;
        if (!is_shown(run, &run->interval[i]))
            continue;
        const double seconds = (double)(row->end_ns - row->start_ns) / NS_PER_S;
        const double due = (double)row->due / seconds;
        (void)fprintf(script, "%.9g %.9g %.9g %.9g %.9g\n", middle_s(row), due,
                      (double)row->succ / seconds, (double)row->fail / seconds,
                      seconds * bar_share(run));
        highest = fmax(highest, fmax(due, (double)row->n / seconds));
    }
    (void)fputs("EOD\n", script);
    put_time_axis(script, run);
    (void)fprintf(script,
                  "set yrange [0:%.9g]\n"
                  "plot $d u 1:4:5 w boxes fs solid noborder lc rgb '#%06d', "
                  "$d u 1:2 w lines lc rgb '#%06d' lw 2.4, "
                  "$d u 1:3 %s lc rgb '#%06d' lw 1.4\n",
                  highest * 1.15 + 1, CHART_BAD, CHART_MUTED, line_style(run), CHART_GOOD);
    (void)fclose(script);
    (void)snprintf(chart->axes, sizeof(chart->axes), "requests/s against seconds");
    legend(chart, CHART_MUTED, "due");
    legend(chart, CHART_GOOD, "succeeded");
    legend(chart, CHART_BAD, "failed");
}

void chart_add_run(struct chart_list *list, const struct run *run)
{
    add_response(list, run);
    add_maximum(list, run);
    add_outage(list, run);
    add_percentiles(list, run);
    add_rate(list, run);
}

/* --- several runs ----------------------------------------------------------------------------- */

static void put_loads(FILE *script, struct run *const *runs, size_t count)
{
    (void)fputs("$d << EOD\n", script);
    for (size_t i = 0; i < count; i++) {
        const struct run_record *record = &runs[i]->record;
        const struct run_statistics *s = &record->statistics;
        const double seconds = (double)record->elapsed_ns / NS_PER_S;
        /* What the generator could not send says nothing of the system. */
        if (!record->validity.valid)
            continue;
        (void)fprintf(script, "%.9g", record->rate_target_per_s);
        put_value(script, isfinite(s->mean_ms) ? s->mean_ms : record->response.mean_ns / NS_PER_MS);
        put_value(script, isfinite(s->e_bm_ms) ? s->e_bm_ms : 0);
        put_value(script, (double)record->total.ok / seconds);
        put_value(script, figures_failed(runs[i]) == 0 ? NAN : (double)record->total.ok / seconds);
        (void)fputc('\n', script);
    }
    (void)fputs("EOD\n", script);
}

void chart_add_loads(struct chart_list *list, struct run *const *runs, size_t count)
{
    double least = INFINITY, most = 0;
    uint64_t answered = 0;
    bool all_valid = true;
    for (size_t i = 0; i < count; i++) {
        all_valid = all_valid && runs[i]->record.validity.valid;
        if (!runs[i]->record.validity.valid)
            continue;
        least = fmin(least, runs[i]->record.rate_target_per_s);
        most = fmax(most, runs[i]->record.rate_target_per_s);
        answered += runs[i]->record.response.count;
    }
    if (count < 2 || answered == 0 || !(most > least))
        return;
    FILE *script = NULL;
    size_t octets = 0;
    struct chart *chart =
        begin(list, "mean-by-load", "Mean response time against load", &script, &octets);
    put_loads(script, runs, count);
    (void)fprintf(script,
                  "set xrange [0:%.9g]\nset yrange [0:*]\n"
                  "plot $d u 1:2 smooth unique w lines lc rgb '#%06d' lw 1.8, "
                  "$d u 1:($2-$3):(0):(2*$3) w vectors nohead lc rgb '#%06d' lw 3, "
                  "$d u 1:2 w points lc rgb '#%06d' pt 7 ps 0.45\n",
                  most * 1.06, CHART_MEAN, CHART_PALE, CHART_MEAN);
    (void)fclose(script);
    (void)snprintf(chart->axes, sizeof(chart->axes),
                   "ms against requests/s; bars are the margin E_bm%s",
                   all_valid ? "" : "; invalid runs are left out");
    chart = begin(list, "throughput-by-load", "Throughput against load", &script, &octets);
    put_loads(script, runs, count);
    (void)fprintf(script,
                  "set xrange [0:%.9g]\nset yrange [0:%.9g]\n"
                  "plot x w lines lc rgb '#%06d' lw 2.4, "
                  "$d u 1:4 smooth unique w lines lc rgb '#%06d' lw 1.6, "
                  "$d u 1:4 w points lc rgb '#%06d' pt 7 ps 0.5, "
                  "$d u 1:5 w points lc rgb '#%06d' pt 7 ps 0.65\n",
                  most * 1.06, most * 1.12, CHART_MUTED, CHART_GOOD, CHART_GOOD, CHART_BAD);
    (void)fclose(script);
    (void)snprintf(chart->axes, sizeof(chart->axes), "answered requests/s against load%s",
                   all_valid ? "" : "; invalid runs are left out");
    legend(chart, CHART_MUTED, "everything answered");
    legend(chart, CHART_GOOD, "succeeded");
    legend(chart, CHART_BAD, "with failed requests");
}

void chart_list_free(struct chart_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        free(list->chart[i].script);
        for (unsigned w = 0; w < CHART_WIDTHS; w++)
            free(list->chart[i].svg[w]);
    }
    list->count = 0;
}
