/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "sigtran/runtime/log.h"
#include "sigtran/runtime/node_log.h"
#include "simulator/run_internal.h"

/* The studies' statistics are over the averages of whole intervals in the steady state. */
static void keep_mean(struct run *run, const struct interval_figures *total, bool is_whole)
{
    const int64_t warmup_ns = (int64_t)run->settings->simulator.warmup_ms * 1000000;
    if (is_whole && total->succ > 0 && total->from_ns >= warmup_ns &&
        run->interval_mean_count < RUN_INTERVALS_MAX)
        run->interval_mean[run->interval_mean_count++] = (struct run_interval_mean){
            .from_ns = total->from_ns, .to_ns = total->to_ns, .mean_ns = total->mean_ns};
}

static void print_table(struct run *run, const struct interval_figures *total)
{
    if (run->screen != NULL || run->invocation->options->quiet)
        return;
    (void)printf("\n%lld s\n%s", (long long)(total->to_ns / 1000000000), run->last_table);
    (void)fflush(stdout);
}

static void on_interval(struct run *run, const struct worker_report *report)
{
    struct interval_set *set = report->set;
    const struct histogram *kinds[REQUEST_KIND_COUNT];
    struct interval_figures rows[INTERVAL_ROW_COUNT];
    const bool is_whole = report->interval_end_ns >= interval_end_ns(set);
    interval_rows(set, report->interval_end_ns, rows);
    const struct interval_figures *total = &rows[INTERVAL_ROW_TOTAL];
    if (total->to_ns > total->from_ns && (is_whole || total->due > 0 || total->n > 0)) {
        for (unsigned k = 0; k < REQUEST_KIND_COUNT; k++)
            kinds[k] = &set->kinds[k].histogram;
        intervals_put_figures(&run->intervals, run->interval_index++, rows);
        keep_mean(run, total, is_whole);
        if (hlog_put_kinds(run->hlog, total->from_ns, total->to_ns - total->from_ns, kinds) !=
            P7_OK)
            run->files_failed = true;
        (void)interval_format_table(rows, run->last_table, sizeof(run->last_table));
        print_table(run, total);
    }
    interval_next(set); /* empties it here, so that the worker need not */
    const struct worker_command back = {.kind = WORKER_RETURN_SET, .set = set};
    if (worker_post(run->worker, &back) != P7_OK)
        P7_LOG(P7_LOG_MAIN, P7_LOG_ERROR, "the traffic thread does not take its messages");
}

static void on_glance(struct run *run, const struct worker_report *report)
{
    const int64_t second_ns = report->at_ns - run->glance_at_ns;
    const int64_t cpu_ns = data_plane_cpu_ns(worker_data_plane(run->worker));
    run->glance = report->glance;
    run->glance_at_ns = report->at_ns;
    if (run->minute_count == RUN_MINUTE_SECONDS) {
        memmove(run->minute_max_ns, run->minute_max_ns + 1,
                (RUN_MINUTE_SECONDS - 1) * sizeof(run->minute_max_ns[0]));
        run->minute_count--;
    }
    run->minute_max_ns[run->minute_count++] =
        report->glance.completed_this > 0 ? report->glance.max_ns : -1;
    /* The first glance's share holds the start-up; a short last second says little. */
    if (run->worker_cpu_ns > 0 && second_ns > 900000000) {
        const double share = (double)(cpu_ns - run->worker_cpu_ns) / (double)second_ns;
        if (share > run->worker_share_peak)
            run->worker_share_peak = share;
    }
    run->worker_cpu_ns = cpu_ns;
}

static void on_event(struct run *run, const struct worker_report *report)
{
    const struct event_row row = {
        .time_ns = report->at_ns,
        .source = report->event.source,
        .event = report->event.event,
        .detail = report->event.detail,
    };
    events_put(&run->events, &row);
    (void)snprintf(run->last_event, sizeof(run->last_event), "%s", report->event.detail);
    if (run->screen == NULL)
        node_log_event(&report->event);
}

static void read_associations(struct run *run, bool before)
{
    for (uint32_t i = 0; i < run->settings->asp_count; i++) {
        struct run_association *association = &run->association[i];
        struct transport_status *status = before ? &association->before : &association->after;
        const bool known = data_plane_status(worker_data_plane(run->worker), i, status) == P7_OK;
        (void)snprintf(association->name, sizeof(association->name), "%s",
                       run->settings->asp[i].name);
        if (before)
            association->has_before = known;
        else
            association->has_after = known;
    }
}

static void put_run_event(struct run *run, int64_t at_ns, const char *event, const char *detail)
{
    const struct event_row row = {
        .time_ns = at_ns, .source = "run", .event = event, .detail = detail};
    events_put(&run->events, &row);
}

static void on_started(struct run *run, const struct worker_report *report)
{
    run->started = true;
    run->start_monotonic_ns = report->at_ns;
    read_associations(run, true);
    put_run_event(run, 0, "start", run->verdict);
    if (run->screen == NULL && !run->invocation->options->quiet)
        (void)printf("started: %.0f starts/s for %llu s, results go to %s\n",
                     run->glance.rate_wanted_per_s > 0 ? run->glance.rate_wanted_per_s
                                                       : run_configured_rate(run),
                     (unsigned long long)(run->settings->simulator.duration_ms / 1000),
                     run->directory);
}

void run_on_reports(void *context, struct mailbox *mailbox)
{
    struct run *run = context;
    struct worker_report report;
    while (mailbox_take(mailbox, &report)) {
        switch (report.kind) {
        case WORKER_REPORT_STARTED:
            on_started(run, &report);
            break;
        case WORKER_REPORT_GLANCE:
            on_glance(run, &report);
            break;
        case WORKER_REPORT_INTERVAL:
            on_interval(run, &report);
            break;
        case WORKER_REPORT_EVENT:
            on_event(run, &report);
            break;
        case WORKER_REPORT_DONE:
            run->end_ns = report.at_ns;
            run->done = true;
            read_associations(run, false);
            put_run_event(run, report.at_ns, "end", "every request has its outcome");
            break;
        }
    }
}
