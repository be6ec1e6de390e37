/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "simulator/report/page.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "simulator/report/chart.h"
#include "simulator/report/figures.h"

#define NS_PER_MS     1e6
#define EVENTS_SHOWN  200
#define OUTAGES_SHOWN 20
#define RUNS_OPEN_MAX 2
#define OUTPUT_OCTETS 65536
#define DASH          "\xe2\x80\x93"
#define NARROW_SPACE  "\xe2\x80\xaf"

static void heading(FILE *out, const char *text)
{
    (void)fputs("<h2>", out);
    report_html_text(out, text);
    (void)fputs("</h2>\n", out);
}

static void paragraph(FILE *out, const char *class_name, const char *text)
{
    (void)fprintf(out, "<p class=\"%s\">", class_name);
    report_html_text(out, text);
    (void)fputs("</p>\n", out);
}

/* --- verdict and tiles ------------------------------------------------------------------------ */

static const char *verdict_class(const struct run *run)
{
    if (!run->record.validity.valid)
        return "bad";
    return figures_failed(run) == 0 && figures_thresholds_passed(run) ? "good" : "warn";
}

static const char *verdict_words(const struct run *run)
{
    if (!run->record.validity.valid)
        return "Invalid run";
    if (!figures_thresholds_passed(run))
        return "Valid run, threshold broken";
    return figures_failed(run) == 0 ? "Valid run, no failed request" : "Valid run, requests failed";
}

static void put_verdict(FILE *out, const struct run *run)
{
    const struct run_record *record = &run->record;
    char text[FIGURES_TEXT_OCTETS];
    (void)fprintf(out, "<section class=\"verdict %s\"><h2>%s</h2>\n", verdict_class(run),
                  verdict_words(run));
    figures_verdict(run, text, sizeof(text));
    paragraph(out, "words", text);
    (void)fputs("<ul>", out);
    for (size_t i = 0; i < record->validity.reason_count; i++) {
        (void)fputs("<li>", out);
        report_html_text(out, record->validity.reasons[i]);
        (void)fputs("</li>\n", out);
    }
    for (uint32_t i = 0; i < record->threshold_count; i++) {
        if (record->threshold[i].passed)
            continue;
        (void)fputs("<li>Threshold ", out);
        report_html_text(out, record->threshold[i].name);
        (void)fputs(": limit ", out);
        report_html_text(out, record->threshold[i].limit);
        (void)fputs(", measured ", out);
        report_html_text(out, record->threshold[i].actual);
        (void)fputs("</li>\n", out);
    }
    (void)fputs("</ul></section>\n", out);
}

static void tile(FILE *out, const char *value, const char *unit, const char *label)
{
    (void)fprintf(out, "<div class=\"tile\"><b>%s%s<small>%s</small></b><span>%s</span></div>\n",
                  value, unit[0] == '\0' ? "" : " ", unit, label);
}

/* Three figures that count, whatever the magnitude. */
static void ms_text(char *text, size_t octets, double ms)
{
    if (!isfinite(ms))
        (void)snprintf(text, octets, DASH);
    else
        (void)snprintf(text, octets, "%.*f", ms >= 100 ? 0 : ms >= 10 ? 1 : ms >= 1 ? 2 : 3, ms);
}

static void count_text(char *text, size_t octets, uint64_t count)
{
    char digits[32];
    (void)snprintf(digits, sizeof(digits), "%llu", (unsigned long long)count);
    size_t n = 0;
    for (size_t left = strlen(digits), i = 0; left > 0 && n + 8 < octets; left--, i++) {
        text[n++] = digits[i];
        if (left > 1 && left % 3 == 1) {
            memcpy(text + n, NARROW_SPACE, 3);
            n += 3;
        }
    }
    text[n] = '\0';
}

static void put_tiles(FILE *out, const struct run *run)
{
    const struct run_record *record = &run->record;
    const struct run_distribution *response = &record->response;
    const bool answered = response->count > 0;
    char value[64];
    char label[160];
    (void)fputs("<div class=\"tiles\">\n", out);
    count_text(value, sizeof(value), record->total.due);
    (void)snprintf(label, sizeof(label), "requests at %.10g/s",
                   round(record->rate_target_per_s * 100) / 100);
    tile(out, value, "", label);
    count_text(value, sizeof(value), figures_failed(run));
    tile(out, value, "", "failed");
    ms_text(value, sizeof(value), answered ? response->mean_ns / NS_PER_MS : NAN);
    tile(out, value, "ms", "mean response time");
    ms_text(value, sizeof(value), answered ? (double)response->quantile_ns[4] / NS_PER_MS : NAN);
    tile(out, value, "ms", "99 of 100 were faster");
    ms_text(value, sizeof(value), answered ? (double)response->max_ns / NS_PER_MS : NAN);
    tile(out, value, "ms", "max. response time");
    int64_t down_ns, high_ns;
    if (figures_downtime_ns(run, &down_ns, &high_ns)) {
        ms_text(value, sizeof(value), (double)down_ns / NS_PER_MS);
        /* Its bounds hold for held packets only. */
        if (record->transport_counters.chunks_retransmitted > 0)
            (void)snprintf(label, sizeof(label), "downtime D_max; see Outages");
        else
            (void)snprintf(label, sizeof(label), "downtime D_max, +%.1f at most",
                           ((double)high_ns - (double)down_ns) / NS_PER_MS);
        tile(out, value, "ms", label);
    } else if (record->outages != NULL) {
        tile(out, "none", "", "downtime");
    }
    (void)fputs("</div>\n", out);
}

/* --- charts ----------------------------------------------------------------------------------- */

static void put_chart(FILE *out, const struct chart *chart)
{
    (void)fprintf(out, "<figure class=\"chart\" data-chart=\"%s\"><figcaption><strong>%s</strong>",
                  chart->id, chart->title);
    (void)fprintf(out, "<span class=\"axes\">%s</span>", chart->axes);
    if (chart->legend_count > 0)
        (void)fputs("<div class=\"legend\">", out);
    for (size_t i = 0; i < chart->legend_count; i++)
        (void)fprintf(out, "<span><i class=\"swatch k%d\"></i>%s</span>", chart->legend[i].colour,
                      chart->legend[i].text);
    (void)fputs(chart->legend_count > 0 ? "</div></figcaption>\n" : "</figcaption>\n", out);
    for (unsigned w = 0; w < CHART_WIDTHS; w++)
        (void)fprintf(out, "%s\n", chart->svg[w]);
    (void)fputs("</figure>\n", out);
}

static const char outage_id[] = "outage";

/* What is drawn or, in a box, why not; the first reason is kept for the caller. The chart of an
 * outage has its place elsewhere. */
static void put_charts(FILE *out, struct chart_list *list, enum p7_status *status, char *reason,
                       size_t reason_octets)
{
    char why[RUN_REASON_OCTETS] = "";
    const enum p7_status drawn = chart_draw(list, why, sizeof(why));
    if (drawn != P7_OK) {
        paragraph(out, "missing", why);
        if (*status == P7_OK)
            (void)snprintf(reason, reason_octets, "%s", why);
        *status = drawn == P7_NOT_FOUND ? P7_NOT_FOUND : P7_STATE;
    } else if (list->count > 0) {
        (void)fputs("<div class=\"charts\">\n", out);
        for (size_t i = 0; i < list->count; i++)
            if (strcmp(list->chart[i].id, outage_id) != 0)
                put_chart(out, &list->chart[i]);
        (void)fputs("</div>\n", out);
    }
}

/* --- sections of a run ------------------------------------------------------------------------ */

static void put_table(FILE *out, struct report_table *table, const char *class_name)
{
    report_table_html(table, out, class_name);
    report_table_free(table);
}

static void put_baselines(FILE *out, const struct run *run)
{
    const struct run_outages *outages = run->record.outages;
    char text[FIGURES_TEXT_OCTETS];
    for (uint32_t i = 0; i < outages->lane_count; i++) {
        figures_baseline(run, &outages->lane[i], text, sizeof(text));
        (void)fputs("<p class=\"note\">", out);
        if (outages->lane_count > 1)
            report_html_text(out, outages->lane[i].name);
        (void)fputs(outages->lane_count > 1 ? ": " : "", out);
        report_html_text(out, text);
        (void)fputs("</p>\n", out);
    }
}

static void put_outages(FILE *out, const struct run *run, const struct chart_list *charts)
{
    const struct run_outages *outages = run->record.outages;
    char text[FIGURES_TEXT_OCTETS];
    if (outages == NULL)
        return;
    heading(out, "Outages");
    (void)fputs("<div class=\"split\"><div>\n", out);
    if (outages->outage_count == 0)
        paragraph(out, "words", "None was found.");
    for (uint32_t i = 0; i < outages->outage_count && i < OUTAGES_SHOWN; i++) {
        figures_outage(run, &outages->outage[i], text, sizeof(text));
        paragraph(out, "words", text);
    }
    if (outages->outage_count > 0) {
        figures_held_or_lost(run, text, sizeof(text));
        paragraph(out, "words", text);
    }
    put_baselines(out, run);
    (void)fputs("</div>\n", out);
    for (size_t i = 0; i < charts->count; i++)
        if (strcmp(charts->chart[i].id, outage_id) == 0 && charts->chart[i].svg[0] != NULL)
            put_chart(out, &charts->chart[i]);
    (void)fputs("</div>\n", out);
    for (uint32_t i = 0; i < outages->outage_count && i < OUTAGES_SHOWN; i++) {
        struct report_table table = {0};
        if (outages->outage_count > 1)
            (void)fprintf(out, "<h3>Outage at %.3f s</h3>\n",
                          (double)outages->outage[i].outage.start_ns / 1e9);
        figures_outage_table(&table, run, &outages->outage[i]);
        put_table(out, &table, "prose");
    }
    if (outages->outage_count > OUTAGES_SHOWN)
        (void)fprintf(out, "<p>%u more are in run.json.</p>\n",
                      outages->outage_count - OUTAGES_SHOWN);
}

static void put_pre(FILE *out, const char *summary, const char *text)
{
    if (text == NULL || text[0] == '\0')
        return;
    (void)fputs("<details><summary>", out);
    report_html_text(out, summary);
    (void)fputs("</summary><div class=\"inner\"><pre>", out);
    report_html_text(out, text);
    (void)fputs("</pre></div></details>\n", out);
}

static void put_json_member(FILE *out, const struct run *run, const char *summary, const char *name)
{
    const json_t *member = json_object_get(run->root, name);
    char *text = member == NULL ? NULL : json_dumps(member, JSON_INDENT(1));
    put_pre(out, summary, text);
    free(text);
}

static void put_system(FILE *out, const struct run *run)
{
    const struct run_record *record = &run->record;
    char text[FIGURES_TEXT_OCTETS];
    struct report_table table = {0};
    heading(out, "Transport and settings");
    if (record->transport_verdict != NULL)
        paragraph(out, "words", record->transport_verdict);
    figures_associations_table(&table, run);
    if (report_table_rows(&table) > 0)
        put_table(out, &table, "figures");
    else
        report_table_free(&table);
    (void)snprintf(text, sizeof(text),
                   "Generator: %.1f %% of one core in the traffic worker (busiest second %.1f %%), "
                   "%.2f s of processor time in all, %.1f MiB of memory at most. SCTP: %llu chunks "
                   "sent again, %llu timeouts, %llu duplicate TSNs, %llu malformed packets.",
                   record->cpu.worker_share * 100, record->cpu.worker_share_peak * 100,
                   ((double)record->cpu.user_ns + (double)record->cpu.system_ns) / 1e9,
                   (double)record->cpu.rss_octets_max / 1048576,
                   (unsigned long long)record->transport_counters.chunks_retransmitted,
                   (unsigned long long)record->transport_counters.retransmission_timeouts,
                   (unsigned long long)record->transport_counters.duplicate_tsns,
                   (unsigned long long)record->transport_counters.packets_malformed);
    paragraph(out, "note", text);
    put_json_member(out, run, "All settings", "settings");
    put_json_member(out, run, "Counters", "counters");
    put_json_member(out, run, "Host", "host");
}

static void put_reproduction(FILE *out, const struct run *run)
{
    const struct run_record *record = &run->record;
    heading(out, "How to repeat it");
    (void)fputs("<pre>", out);
    report_html_text(out, record->command_line == NULL ? "(the command was not recorded)"
                                                       : record->command_line);
    (void)fputs("</pre>\n<p class=\"note\">The same seed gives the same schedule. Run directory: ",
                out);
    report_html_text(out, run->path);
    (void)fputs("</p>\n", out);
    put_pre(out, record->config_file == NULL ? "Configuration" : record->config_file,
            record->config_text);
}

static void put_run(FILE *out, const struct run *run, enum p7_status *status, char *reason,
                    size_t reason_octets)
{
    struct report_table table = {0};
    struct chart_list charts = {0};
    char text[FIGURES_TEXT_OCTETS];
    heading(out, "Over time");
    chart_add_run(&charts, run);
    put_charts(out, &charts, status, reason, reason_octets);
    put_outages(out, run, &charts);
    chart_list_free(&charts);
    heading(out, "Response times");
    figures_distributions_table(&table, run);
    put_table(out, &table, "figures");
    paragraph(out, "note",
              "Response time runs from the instant when the schedule wanted a request sent: a "
              "stalled system or generator can hide nothing. Send lag is the generator's own "
              "delay.");
    heading(out, "Steady state");
    figures_statistics_table(&table, run);
    put_table(out, &table, "prose");
    heading(out, "Requests");
    figures_kinds_table(&table, run);
    put_table(out, &table, "figures");
    figures_accounting(run, text, sizeof(text));
    paragraph(out, "note", text);
    if (run->event_count > 0) {
        heading(out, "Events");
        figures_events_table(&table, run, EVENTS_SHOWN);
        put_table(out, &table, "events");
    }
    put_system(out, run);
    put_reproduction(out, run);
}

/* --- the page --------------------------------------------------------------------------------- */

static void put_head(FILE *out, struct run *const *runs, size_t count)
{
    (void)fputs("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
                "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n"
                "<meta name=\"color-scheme\" content=\"light dark\">\n"
                "<link rel=\"icon\" href=\"data:,\">\n<title>",
                out);
    if (count == 1)
        report_html_text(out, figures_name(runs[0]));
    else
        (void)fprintf(out, "%zu runs", count);
    (void)fprintf(out,
                  " - pulse7 report</title>\n<style>%s</style></head><body>\n"
                  /* The one mark that charts use, by gnuplot's name for it. */
                  "<svg width=\"0\" height=\"0\" style=\"position:absolute\" aria-hidden=\"true\">"
                  "<defs><circle id=\"gpPt6\" r=\"1\" fill=\"currentColor\"/></defs></svg>\n"
                  "<header><p class=\"eyebrow\">pulse7 report</p><h1>",
                  page_style);
}

static void put_single(FILE *out, const struct run *run, enum p7_status *status, char *reason,
                       size_t reason_octets)
{
    char text[FIGURES_TEXT_OCTETS];
    report_html_text(out, figures_name(run));
    (void)fputs("</h1>\n", out);
    figures_what_ran(run, text, sizeof(text));
    paragraph(out, "sub", text);
    (void)fputs("</header><main>\n", out);
    put_verdict(out, run);
    put_tiles(out, run);
    put_run(out, run, status, reason, reason_octets);
}

static void put_summary_verdict(FILE *out, struct run *const *runs, size_t count)
{
    size_t valid = 0, feasible = 0, passed = 0;
    for (size_t i = 0; i < count; i++) {
        valid += runs[i]->record.validity.valid;
        feasible += figures_failed(runs[i]) == 0;
        passed += figures_thresholds_passed(runs[i]);
    }
    const char *class_name = valid < count                        ? "bad"
                             : feasible < count || passed < count ? "warn"
                                                                  : "good";
    (void)fprintf(out,
                  "<section class=\"verdict %s\"><h2>%zu of %zu runs are valid</h2>"
                  "<p>%zu of %zu went without a failed request (feasible, as the studies say)%s."
                  "</p></section>\n",
                  class_name, valid, count, feasible, count,
                  passed < count ? "; a threshold was broken" : "");
}

static void put_several(FILE *out, struct run *const *runs, size_t count, enum p7_status *status,
                        char *reason, size_t reason_octets)
{
    struct report_table table = {0};
    struct chart_list charts = {0};
    char text[FIGURES_TEXT_OCTETS];
    (void)fprintf(out, "%zu runs</h1></header><main>\n", count);
    put_summary_verdict(out, runs, count);
    heading(out, "By load");
    figures_runs_table(&table, runs, count);
    put_table(out, &table, "figures runs");
    paragraph(
        out, "note",
        "Mean, variance and SD are over the averages of N steady intervals, in ms, as the "
        "studies have them. E_paper = 1.96 SD / sqrt(N). E_bm is from 20 batch means with "
        "Student's t: the margin to believe. Percentiles and Max are of all requests; D_max is the "
        "downtime of the longest outage.");
    chart_add_loads(&charts, runs, count);
    put_charts(out, &charts, status, reason, reason_octets);
    chart_list_free(&charts);
    heading(out, "Each run");
    for (size_t i = 0; i < count; i++) {
        (void)fprintf(out, "<details class=\"run\"%s><summary>",
                      count <= RUNS_OPEN_MAX ? " open" : "");
        report_html_text(out, figures_name(runs[i]));
        (void)fprintf(out, "<span class=\"badge %s\">%s</span><span class=\"sub\">",
                      verdict_class(runs[i]), verdict_words(runs[i]));
        figures_what_ran(runs[i], text, sizeof(text));
        report_html_text(out, text);
        (void)fputs("</span></summary><div class=\"inner\">\n", out);
        put_verdict(out, runs[i]);
        put_tiles(out, runs[i]);
        put_run(out, runs[i], status, reason, reason_octets);
        (void)fputs("</div></details>\n", out);
    }
}

static enum p7_status write_text(const char *directory, const char *text, size_t octets,
                                 char *reason, size_t reason_octets)
{
    struct output output;
    enum p7_status status =
        output_open(&output, directory, RUN_FILE_REPORT, OUTPUT_ATOMIC, OUTPUT_OCTETS);
    if (status == P7_OK) {
        output_bytes(&output, text, octets);
        status = output_close(&output);
    }
    if (status != P7_OK)
        (void)snprintf(reason, reason_octets, "%s/%s: %s", directory, RUN_FILE_REPORT,
                       status == P7_SYSTEM ? strerror(errno) : p7_status_text(status));
    return status;
}

enum p7_status page_write(const char *directory, struct run *const *runs, size_t count,
                          char *reason, size_t reason_octets)
{
    char *text = NULL;
    size_t octets = 0;
    enum p7_status charts = P7_OK;
    FILE *out = open_memstream(&text, &octets);
    if (out == NULL)
        return P7_NO_MEMORY;
    put_head(out, runs, count);
    if (count == 1)
        put_single(out, runs[0], &charts, reason, reason_octets);
    else
        put_several(out, runs, count, &charts, reason, reason_octets);
    (void)fputs("</main><footer>Written by pulse7-report " PULSE7_VERSION
                ". This file needs no network and no other file.</footer></body></html>\n",
                out);
    const bool whole = fclose(out) == 0;
    const enum p7_status written =
        whole ? write_text(directory, text, octets, reason, reason_octets) : P7_NO_MEMORY;
    free(text);
    return written == P7_OK ? charts : written;
}
