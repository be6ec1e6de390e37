/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * run - one run from the main thread's side: directory, worker, console, screen, and the result.
 *
 * run_execute does all of it and returns the program's exit code; it can be called again for the
 * next run (campaign.h). While it runs, the operator steers it through run_set_rate, run_set_paused
 * and run_finish (keys, console); all on the main thread.
 */
#ifndef SIMULATOR_RUN_H
#define SIMULATOR_RUN_H

#include <stdbool.h>
#include <stdint.h>

#include "config/language/options.h"
#include "config/settings.h"
#include "sigtran/base/status.h"
#include "simulator/record/run_json.h"
#include "simulator/worker.h"

struct run;

struct run_invocation {
    const struct settings *settings;
    const struct options *options;
    const char *command_line; /* as it can be pasted */
    const char *config_text;  /* the file as it was read, may be NULL */
};

/* What came of a run. */
struct run_result {
    bool is_written;       /* there is a run.json; without it nothing below but is_interrupted */
    bool is_interrupted;   /* SIGINT or SIGTERM came */
    bool is_stopped_early; /* by one of them, a key or the console */
    bool is_valid;
    uint64_t requests;
    uint64_t failed;
    struct run_statistics statistics;
    struct run_distribution response;
};

/* Fills *result, whatever comes. Returns the exit code (options.h). */
int run_execute(const struct run_invocation *invocation, struct run_result *result);

/* What a screen or a console shows of a run. */
struct run_view {
    const struct settings *settings;
    const char *directory;
    const char *transport; /* the verdict's line */
    bool started;          /* every target was reached */
    bool ending;           /* no new requests; waiting for replies */
    int64_t elapsed_ns;    /* since time zero */
    int64_t duration_ns;   /* 0: until stopped */
    struct worker_glance glance;
    double achieved_per_s; /* completed in the last second */
    uint32_t max_count;    /* seconds in max_ns, the oldest first */
    const int64_t *max_ns; /* maximum response time of each of the last 60 seconds, -1: none */
    const char *last_event;
};

void run_get_view(const struct run *run, struct run_view *view);

/* P7_RANGE beyond what a schedule takes; P7_STATE before the start or after the end. */
enum p7_status run_set_rate(struct run *run, double rate_per_s) P7_MUST_CHECK;
enum p7_status run_set_paused(struct run *run, bool paused) P7_MUST_CHECK;
/* Ends the run in good order. */
void run_finish(struct run *run);

/* For the console: the last whole interval's table, as text that lives as long as the run. */
const char *run_last_table(const struct run *run);
struct worker *run_worker(struct run *run);

#endif
