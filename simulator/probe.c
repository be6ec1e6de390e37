/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "simulator/probe.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "config/language/options.h"
#include "sigtran/runtime/clock.h"
#include "sigtran/runtime/control_plane.h"
#include "simulator/subscriber_file.h"
#include "simulator/worker.h"

#define LOOP_MS        50
#define REACH_NS       (10000 * CLOCK_NS_PER_MS)
#define DIALOGUES      16
#define RUN_TAG_MASK   0xffffffu
#define PROBLEM_OCTETS 1024

/* How far it came. */
enum probe_step { STEP_NOTHING, STEP_SCTP, STEP_ASP, STEP_ACTIVE, STEP_DONE };

struct probe {
    struct settings settings; /* the configuration's, for one request */
    struct subscribers subscribers;
    struct control_plane *plane;
    struct worker *worker;
    enum probe_step step;
    int64_t began_ns;
    char last_warning[NODE_DETAIL_OCTETS];
};

/* --- one request ------------------------------------------------------------------------------ */

static bool keep_target(struct simulator_settings *s, const char *name)
{
    for (uint32_t t = 0; t < s->target_count; t++) {
        if (strcmp(s->target[t].name, name) != 0)
            continue;
        s->target[0] = s->target[t];
        s->target_count = 1;
        return true;
    }
    return false;
}

/* The first model of the first flow, once, now. */
static bool reduce(struct simulator_settings *s)
{
    if (s->flow_count == 0 || s->flow[0].mix_count == 0 || !keep_target(s, s->flow[0].target))
        return false;
    s->flow_count = 1;
    s->flow[0].mix_count = 1;
    s->flow[0].arrival = FLOW_ARRIVAL_CONSTANT;
    s->flow[0].rate_per_s = 1;
    s->duration_ms = 1;
    s->warmup_ms = 0;
    s->load_count = 0;
    s->dialogues_max = DIALOGUES;
    s->record_requests = false;
    s->journal_durable = false;
    s->realtime = false;
    return true;
}

static double elapsed_ms(const struct probe *probe)
{
    return (double)(clock_monotonic_ns() - probe->began_ns) / (double)CLOCK_NS_PER_MS;
}

static void pass(struct probe *probe, enum probe_step step, const char *what, const char *detail)
{
    if (probe->step >= step)
        return;
    probe->step = step;
    (void)printf("ok    %-11s after %.1f ms%s%s\n", what, elapsed_ms(probe),
                 detail[0] == '\0' ? "" : ": ", detail);
}

static void on_event(struct probe *probe, const struct node_event *event)
{
    if (strcmp(event->event, "association-up") == 0)
        pass(probe, STEP_SCTP, "SCTP up", event->detail);
    else if (strcmp(event->event, "asp-state") == 0 && strstr(event->detail, "-> ASP-DOWN") == NULL)
        pass(probe, STEP_ASP, "ASP up", event->detail);
    if (event->severity != NODE_INFO)
        (void)snprintf(probe->last_warning, sizeof(probe->last_warning), "%s", event->detail);
}

static void on_reports(void *context, struct mailbox *mailbox)
{
    struct probe *probe = context;
    struct worker_report report;
    while (mailbox_take(mailbox, &report)) {
        const struct worker_command back = {.kind = WORKER_RETURN_SET, .set = report.set};
        switch (report.kind) {
        case WORKER_REPORT_STARTED:
            pass(probe, STEP_ASP, "ASP up", "");
            pass(probe, STEP_ACTIVE, "ASP active", "");
            break;
        case WORKER_REPORT_EVENT:
            on_event(probe, &report.event);
            break;
        case WORKER_REPORT_INTERVAL:
            interval_next(report.set);
            (void)!worker_post(probe->worker, &back);
            break;
        case WORKER_REPORT_DONE:
            probe->step = STEP_DONE;
            break;
        case WORKER_REPORT_GLANCE:
            break;
        }
    }
}

/* --- what came of it -------------------------------------------------------------------------- */

static int fail(const char *step, const char *why, const char *way_out)
{
    (void)printf("FAIL  %s%s%s; %s\n", step, why[0] == '\0' ? "" : ": ", why, way_out);
    return OPTIONS_EXIT_THRESHOLD;
}

static int tell_reply(const struct probe *probe)
{
    const struct measure *m = worker_measure(probe->worker);
    const struct accounting_counts *total = &m->accounting.total;
    char cause[FAILURES_TEXT_OCTETS] = "";
    if (total->ok > 0) {
        (void)printf("ok    reply       in %.3f ms%s\n",
                     (double)histogram_max(&m->response) / (double)CLOCK_NS_PER_MS,
                     total->no_credit > 0 ? ": released, no credit" : "");
        return OPTIONS_EXIT_PASSED;
    }
    if (m->failures.count > 0)
        failure_text(m->failures.entry[0].cause, cause, sizeof(cause));
    if (total->error > 0)
        return fail("reply", cause, "the peer was reached and says no: look at its log");
    return fail("reply", "none came in time",
                "does the peer serve this point code and subsystem (called ssn N pc PC)?");
}

static int tell(const struct probe *probe)
{
    switch (probe->step) {
    case STEP_NOTHING:
        return fail("SCTP up", probe->last_warning,
                    "is the peer running, and do remote-ip, ports and udp-port agree?");
    case STEP_SCTP:
        return fail(
            "ASP up", probe->last_warning,
            "the peer does not acknowledge ASP UP: is it a signalling gateway, does it want "
            "an asp-identifier?");
    case STEP_ASP:
        return fail("ASP active", probe->last_warning,
                    "the peer does not give the traffic: do routing-key and traffic-mode agree?");
    case STEP_ACTIVE:
        return fail("reply", "the run did not end", "look at the log");
    case STEP_DONE:
        break;
    }
    return tell_reply(probe);
}

static void follow(struct probe *probe)
{
    while (probe->step < STEP_DONE && control_plane_stop_signal(probe->plane) == 0) {
        control_plane_run_once(probe->plane, LOOP_MS);
        if (probe->step < STEP_ACTIVE && clock_monotonic_ns() - probe->began_ns > REACH_NS)
            return;
    }
}

static enum p7_status load_subscribers(struct probe *probe, char *problem, size_t octets)
{
    const struct simulator_settings *s = &probe->settings.simulator;
    if (s->subscriber_csv[0] != '\0')
        return subscriber_file_load(&probe->subscribers, s->subscriber_csv, problem, octets);
    (void)snprintf(problem, octets, "subscribers: the range outgrows its digits");
    return subscribers_range(&probe->subscribers, s->subscriber_first, s->imsi_first,
                             s->subscriber_count);
}

static enum p7_status begin(struct probe *probe, char *problem, size_t octets)
{
    struct timespec wall;
    clock_gettime(CLOCK_REALTIME, &wall);
    (void)snprintf(problem, octets, "no flow with a model and a target");
    if (!reduce(&probe->settings.simulator))
        return P7_MISSING;
    enum p7_status status = load_subscribers(probe, problem, octets);
    const struct worker_config config = {
        .settings = &probe->settings,
        .subscribers = &probe->subscribers,
        .run_tag = (uint32_t)(wall.tv_sec ^ wall.tv_nsec) & RUN_TAG_MASK,
        .start_wall_s = wall.tv_sec,
    };
    if (status == P7_OK)
        status = control_plane_create(&probe->plane);
    if (status == P7_OK)
        status = worker_create(&config, &probe->worker, problem, octets);
    if (status == P7_OK)
        status = control_plane_watch_mailbox(probe->plane, worker_reports(probe->worker),
                                             on_reports, probe);
    probe->began_ns = clock_monotonic_ns();
    return status == P7_OK ? worker_start(probe->worker, problem, octets) : status;
}

int probe_execute(const struct settings *settings)
{
    char problem[PROBLEM_OCTETS] = "";
    struct probe *probe = calloc(1, sizeof(*probe));
    int code = OPTIONS_EXIT_USAGE;
    if (probe == NULL) {
        (void)fprintf(stderr, "pulse7-simulator: out of memory\n");
        return code;
    }
    probe->settings = *settings;
    const enum p7_status status = begin(probe, problem, sizeof(problem));
    if (status == P7_OK) {
        follow(probe);
        worker_stop(probe->worker);
        code = tell(probe);
    } else {
        (void)fprintf(stderr, "pulse7-simulator: %s\n", problem);
    }
    worker_destroy(probe->worker);
    if (probe->plane != NULL)
        control_plane_destroy(probe->plane);
    subscribers_free(&probe->subscribers);
    free(probe);
    return code;
}
