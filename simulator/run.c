/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "simulator/run.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "config/language/language.h"
#include "sigtran/runtime/clock.h"
#include "sigtran/runtime/log.h"
#include "simulator/run_control.h"
#include "simulator/run_internal.h"
#include "simulator/subscriber_file.h"

#define NS_PER_S        1000000000LL
#define LOOP_MS         100
#define SCREEN_MS       200
#define RATE_STEP       0.1
#define REACH_TIMEOUT_S 30

static int complain(const char *what, const char *detail)
{
    (void)fprintf(stderr, "pulse7-simulator: %s%s\n", what, detail);
    return OPTIONS_EXIT_USAGE;
}

double run_configured_rate(const struct run *run)
{
    return settings_total_rate(&run->settings->simulator);
}

/* --- getting ready ---------------------------------------------------------------------------- */

static enum p7_status load_subscribers(struct run *run, char *error, size_t error_octets)
{
    const struct simulator_settings *s = &run->settings->simulator;
    if (s->subscriber_csv[0] == '\0') {
        const enum p7_status status = subscribers_range(&run->subscribers, s->subscriber_first,
                                                        s->imsi_first, s->subscriber_count);
        if (status != P7_OK)
            (void)snprintf(error, error_octets,
                           "subscribers %s, %u of them: the range outgrows its digits; begin lower "
                           "or take fewer",
                           s->subscriber_first, s->subscriber_count);
        return status;
    }
    return subscriber_file_load(&run->subscribers, s->subscriber_csv, error, error_octets);
}

static enum p7_status open_files(struct run *run, char *error, size_t error_octets)
{
    const char *directory = run->directory;
    enum p7_status status = intervals_open(&run->intervals, directory);
    if (status == P7_OK)
        status = events_open(&run->events, directory);
    if (status == P7_OK)
        status = hlog_open(&run->hlog, directory, run->start_wall_ns, PULSE7_VERSION);
    if (status != P7_OK)
        (void)snprintf(error, error_octets, "%s: can't create its files: %s", directory,
                       strerror(errno));
    return status;
}

static enum p7_status open_recorder(struct run *run, char *error, size_t error_octets)
{
    const struct simulator_settings *s = &run->settings->simulator;
    const char *targets[SETTINGS_TARGETS_MAX];
    const char *flows[SETTINGS_FLOWS_MAX];
    const char *nodes[SETTINGS_AS_MAX];
    if (!s->record_requests && !s->journal_durable)
        return P7_OK;
    for (uint32_t i = 0; i < run->settings->as_count; i++)
        nodes[i] = run->settings->as[i].name;
    for (uint32_t i = 0; i < s->target_count; i++)
        targets[i] = s->target[i].name;
    for (uint32_t i = 0; i < s->flow_count; i++)
        flows[i] = s->flow[i].name;
    const struct recorder_settings recorder = {
        .directory = run->directory,
        .target_count = s->target_count,
        .target_names = targets,
        .flow_count = s->flow_count,
        .flow_names = flows,
        .node_count = run->settings->as_count,
        .node_names = nodes,
        .run_tag = run->run_tag,
        .journal = s->journal_durable,
    };
    return recorder_open(&recorder, &run->recorder, error, error_octets);
}

static enum p7_status open_directory(struct run *run, char *error, size_t error_octets)
{
    const struct simulator_settings *s = &run->settings->simulator;
    if (s->out[0] != '\0') {
        (void)snprintf(run->directory, sizeof(run->directory), "%s", s->out);
    } else {
        const enum p7_status status = run_directory_default(s->name, run->start_wall_ns,
                                                            run->directory, sizeof(run->directory));
        if (status != P7_OK)
            return status;
    }
    return run_directory_create(run->directory, error, error_octets);
}

/* 24 bits that differ between runs and between simulators that start in the same second. */
static uint32_t make_run_tag(const struct run *run)
{
    uint64_t x = (uint64_t)run->start_wall_ns ^ ((uint64_t)getpid() << 40);
    x = (x ^ (x >> 31)) * 0x9e3779b97f4a7c15ULL;
    return (uint32_t)(x >> 40);
}

static enum p7_status write_targets(struct run *run, char *error, size_t error_octets)
{
    const struct simulator_settings *s = &run->settings->simulator;
    struct run_target target[SETTINGS_TARGETS_MAX];
    for (uint32_t i = 0; i < s->target_count; i++)
        run_target_of(&target[i], &s->target[i], worker_target_origin(run->worker, i));
    const enum p7_status status = run_targets_write(run->directory, target, s->target_count);
    if (status != P7_OK)
        (void)snprintf(error, error_octets, "%s: can't create %s: %s", run->directory,
                       RUN_FILE_TARGETS, strerror(errno));
    return status;
}

static enum p7_status open_worker(struct run *run, char *error, size_t error_octets)
{
    char capture_path[RUN_PATH_OCTETS];
    if (run_directory_file(run->directory, RUN_FILE_MESSAGES, capture_path, sizeof(capture_path)) !=
        P7_OK)
        return P7_RANGE;
    const struct worker_config config = {
        .settings = run->settings,
        .subscribers = &run->subscribers,
        .recorder = run->recorder,
        .capture_path = run->settings->capture_octets != 0 ? capture_path : NULL,
        .run_tag = run->run_tag,
        .start_wall_s = run->start_wall_ns / NS_PER_S,
    };
    enum p7_status status =
        worker_create(&config, &run->worker, run->verdict, sizeof(run->verdict));
    if (status != P7_OK) {
        (void)snprintf(error, error_octets, "%s", run->verdict);
        return status;
    }
    status = write_targets(run, error, error_octets);
    if (status != P7_OK)
        return status;
    status =
        control_plane_watch_mailbox(run->plane, worker_reports(run->worker), run_on_reports, run);
    if (status == P7_OK)
        status = worker_start(run->worker, error, error_octets);
    return status;
}

static enum p7_status open_run(struct run *run, char *error, size_t error_octets)
{
    struct timespec wall;
    clock_gettime(CLOCK_REALTIME, &wall);
    run->start_wall_ns = (int64_t)wall.tv_sec * NS_PER_S + wall.tv_nsec;
    if (getrusage(RUSAGE_SELF, &run->usage_before) == -1)
        memset(&run->usage_before, 0, sizeof(run->usage_before));
    run->interval_mean = calloc(RUN_INTERVALS_MAX, sizeof(*run->interval_mean));
    run->association = calloc(run->settings->asp_count + 1, sizeof(*run->association));
    run->run_tag = make_run_tag(run);
    (void)snprintf(error, error_octets, "out of memory");
    if (run->interval_mean == NULL || run->association == NULL)
        return P7_NO_MEMORY;
    enum p7_status status = load_subscribers(run, error, error_octets);
    if (status == P7_OK)
        status = open_directory(run, error, error_octets);
    if (status == P7_OK)
        status = open_files(run, error, error_octets);
    if (status == P7_OK)
        status = open_recorder(run, error, error_octets);
    if (status == P7_OK)
        status = control_plane_create(&run->plane);
    if (status == P7_OK)
        status = open_worker(run, error, error_octets);
    if (status == P7_OK)
        status = run_console_open(run);
    if (status == P7_OK)
        status = run_control_open(run);
    return status;
}

static void close_run(struct run *run)
{
    screen_close(run->screen);
    if (run->console != NULL)
        console_close(run->console);
    run_control_close(run);
    if (run->worker != NULL)
        worker_destroy(run->worker);
    if (run->plane != NULL)
        control_plane_destroy(run->plane);
    subscribers_free(&run->subscribers);
    free(run->interval_mean);
    free(run->association);
    free(run);
}

/* --- steering --------------------------------------------------------------------------------- */

static enum p7_status tell_worker(struct run *run, struct worker_command command)
{
    if (!run->started || run->ending || run->done)
        return P7_STATE;
    return worker_post(run->worker, &command);
}

enum p7_status run_set_rate(struct run *run, double rate_per_s)
{
    if (!(rate_per_s >= 0) || rate_per_s > SCHEDULE_RATE_MAX)
        return P7_RANGE;
    const enum p7_status status = tell_worker(
        run, (struct worker_command){.kind = WORKER_SET_RATE, .rate_per_s = rate_per_s});
    if (status == P7_OK)
        run->glance.rate_wanted_per_s = rate_per_s;
    return status;
}

enum p7_status run_set_paused(struct run *run, bool paused)
{
    const enum p7_status status =
        tell_worker(run, (struct worker_command){.kind = paused ? WORKER_PAUSE : WORKER_RESUME});
    if (status == P7_OK)
        run->glance.paused = paused;
    return status;
}

void run_finish(struct run *run)
{
    const struct worker_command command = {.kind = WORKER_FINISH};
    if (run->ending || run->done)
        return;
    run->ending = true;
    run->stopped_early = true;
    if (worker_post(run->worker, &command) != P7_OK)
        run->done = true;
}

const char *run_last_table(const struct run *run)
{
    return run->last_table;
}

struct worker *run_worker(struct run *run)
{
    return run->worker;
}

void run_get_view(const struct run *run, struct run_view *view)
{
    const int64_t now_ns = clock_monotonic_ns();
    *view = (struct run_view){
        .settings = run->settings,
        .directory = run->directory,
        .transport = run->verdict,
        .started = run->started,
        .ending = run->ending,
        .elapsed_ns = run->started ? now_ns - run->start_monotonic_ns : 0,
        .duration_ns = (int64_t)run->settings->simulator.duration_ms * 1000000,
        .glance = run->glance,
        .achieved_per_s = (double)run->glance.completed_this,
        .max_count = run->minute_count,
        .max_ns = run->minute_max_ns,
        .last_event = run->last_event,
    };
}

static void change_rate(struct run *run, double factor, double steps)
{
    const double base = run_configured_rate(run);
    double rate = run->glance.rate_wanted_per_s > 0 ? run->glance.rate_wanted_per_s : base;
    rate = rate * factor + steps * RATE_STEP * base;
    (void)!run_set_rate(run, rate < 0 ? 0 : rate);
}

static void obey_keys(struct run *run)
{
    for (;;) {
        switch (screen_key(run->screen)) {
        case SCREEN_WISH_FASTER:
            change_rate(run, 1, 1);
            break;
        case SCREEN_WISH_SLOWER:
            change_rate(run, 1, -1);
            break;
        case SCREEN_WISH_MUCH_FASTER:
            change_rate(run, 2, 0);
            break;
        case SCREEN_WISH_MUCH_SLOWER:
            change_rate(run, 0.5, 0);
            break;
        case SCREEN_WISH_PAUSE:
            (void)!run_set_paused(run, !run->glance.paused);
            break;
        case SCREEN_WISH_QUIT:
            run_finish(run);
            break;
        case SCREEN_WISH_NOTHING:
            return;
        }
    }
}

static void on_screen_time(void *context)
{
    struct run *run = context;
    struct run_view view;
    if (run->screen == NULL)
        return;
    run_get_view(run, &view);
    screen_draw(run->screen, &view);
}

static void on_key(void *context, int fd)
{
    struct run *run = context;
    (void)fd;
    obey_keys(run);
    on_screen_time(run);
}

static bool wants_screen(const struct run *run)
{
    const struct options *options = run->invocation->options;
    if (options->screen == OPTIONS_SCREEN_AUTO)
        return isatty(STDOUT_FILENO) == 1 && isatty(STDIN_FILENO) == 1 && !options->quiet;
    return options->screen == OPTIONS_SCREEN_ON;
}

static enum p7_status open_screen(struct run *run, char *error, size_t error_octets)
{
    if (!wants_screen(run))
        return P7_OK;
    enum p7_status status = screen_open(&run->screen);
    if (status != P7_OK) {
        (void)snprintf(error, error_octets,
                       "--screen on: standard output is no terminal that can show it; use --screen "
                       "off");
        return status;
    }
    p7_log_set_level(P7_LOG_FATAL); /* lines on stderr would tear the screen; events.csv has them */
    status = control_plane_add_timer(run->plane, SCREEN_MS, on_screen_time, run);
    if (status == P7_OK)
        status = control_plane_watch(run->plane, STDIN_FILENO, on_key, run);
    return status;
}

/* --- the course of a run ---------------------------------------------------------------------- */

/* Runs until every request has its outcome. False when no target was ever reached. */
static bool follow(struct run *run)
{
    const int64_t opened_ns = clock_monotonic_ns();
    while (!run->done) {
        control_plane_run_once(run->plane, LOOP_MS);
        if (control_plane_stop_count(run->plane) > 1)
            return run->started;
        if (control_plane_stop_signal(run->plane) != 0) {
            if (!run->started)
                return false;
            run_finish(run);
        }
        if (!run->started && clock_monotonic_ns() - opened_ns > REACH_TIMEOUT_S * NS_PER_S)
            return false;
    }
    return run->started;
}

static void close_files(struct run *run)
{
    if (run->recorder != NULL)
        recorder_close(run->recorder, &run->recorder_counters);
    run->recorder = NULL;
    if (run_table_close(&run->intervals) != P7_OK || run_table_close(&run->events) != P7_OK)
        run->files_failed = true;
    if (run->hlog != NULL && hlog_close(run->hlog) != P7_OK)
        run->files_failed = true;
    run->hlog = NULL;
}

/* The run never began. */
/* No run took place: what was made for it goes away, so that the next try can have its place. */
static int give_up(const struct run *run)
{
    run_directory_discard(run->directory);
    if (run->result->is_interrupted)
        (void)complain("stopped before the target was reached", "");
    else
        (void)complain("no way to the target: ",
                       run->last_event[0] != '\0'
                           ? run->last_event
                           : "nothing answers; is the responder running, and do addresses, ports "
                             "and routing contexts agree?");
    return OPTIONS_EXIT_INVALID;
}

int run_execute(const struct run_invocation *invocation, struct run_result *result)
{
    char error[RUN_REASON_OCTETS];
    memset(result, 0, sizeof(*result));
    struct run *run = calloc(1, sizeof(*run));
    if (run == NULL)
        return complain("", "out of memory");
    run->invocation = invocation;
    run->result = result;
    run->settings = invocation->settings;
    run->glance.rate_wanted_per_s = run_configured_rate(run);
    enum p7_status status = open_run(run, error, sizeof(error));
    if (status == P7_OK)
        status = open_screen(run, error, sizeof(error));
    if (status != P7_OK) {
        screen_close(run->screen);
        run->screen = NULL;
        const int code = complain("", error);
        if (run->worker != NULL)
            worker_stop(run->worker);
        close_files(run);
        close_run(run);
        return code;
    }
    if (!invocation->options->quiet && run->screen == NULL)
        (void)printf("%s\n", run->verdict);
    const bool reached = follow(run);
    result->is_interrupted = control_plane_stop_signal(run->plane) != 0;
    worker_stop(run->worker);
    screen_close(run->screen);
    run->screen = NULL;
    close_files(run);
    const int code = reached ? summary_write(run) : give_up(run);
    close_run(run);
    return code;
}
