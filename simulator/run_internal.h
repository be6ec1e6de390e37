/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * run_internal - what the files of a run share: run.c (course of the run), run_reports.c (what the
 * worker tells), run_console.c (commands), run_control.c (CTRL, statsd) and summary.c (run.json).
 */
#ifndef SIMULATOR_RUN_INTERNAL_H
#define SIMULATOR_RUN_INTERNAL_H

#include <math.h>
#include <sys/resource.h>

#include "sigtran/runtime/control_plane.h"
#include "sigtran/runtime/node_console.h"
#include "sigtran/runtime/telemetry.h"
#include "simulator/core/subscribers.h"
#include "simulator/record/hlog.h"
#include "simulator/record/recorder.h"
#include "simulator/record/run_directory.h"
#include "simulator/record/run_files.h"
#include "simulator/record/run_json.h"
#include "simulator/run.h"
#include "simulator/screen.h"

#define RUN_MINUTE_SECONDS 60
#define RUN_TABLE_OCTETS   4096
/* Interval averages that are kept for the summary: 11 days of 10 s. */
#define RUN_INTERVALS_MAX 100000

struct run_interval_mean {
    int64_t from_ns;
    int64_t to_ns;
    double mean_ns; /* response time */
};

struct run {
    const struct run_invocation *invocation;
    struct run_result *result;
    const struct settings *settings;
    char directory[RUN_PATH_OCTETS];
    char verdict[512];
    struct subscribers subscribers;
    struct recorder *recorder;
    struct recorder_counters recorder_counters;
    struct worker *worker;
    struct control_plane *plane;
    struct console *console;
    struct node_console node_console;
    struct telemetry telemetry;
    struct screen *screen;
    struct hlog *hlog;
    struct run_table intervals;
    struct run_table events;
    bool files_failed; /* a file other than requests.csv could not be written whole */

    bool started;
    bool done;
    bool ending;
    bool stopped_early;
    uint32_t run_tag; /* 24 bits of the call references */
    int64_t start_wall_ns;
    int64_t start_monotonic_ns;
    int64_t end_ns; /* since the start, when DONE came */
    struct run_association *association;
    struct rusage usage_before; /* of the process, which may have made other runs */

    struct worker_glance glance;
    int64_t glance_at_ns;
    uint32_t minute_count;
    int64_t minute_max_ns[RUN_MINUTE_SECONDS];
    char last_event[NODE_DETAIL_OCTETS];
    char last_table[RUN_TABLE_OCTETS];
    uint32_t interval_index;
    uint32_t interval_mean_count;
    struct run_interval_mean *interval_mean; /* of whole intervals behind the warm-up */
    double worker_share_peak;
    int64_t worker_cpu_ns; /* at the last glance */
};

/* run_reports.c: takes everything that the worker has told. */
void run_on_reports(void *context, struct mailbox *mailbox);

/* run.c: starts per second of all flows, as configured. */
double run_configured_rate(const struct run *run);

/* run_console.c */
enum p7_status run_console_open(struct run *run) P7_MUST_CHECK;
/* The present state in lines, each with its newline; cut to `octets`. */
void run_statistics_text(const struct run *run, char *text, size_t octets);

/* summary.c: judges the run and writes run.json. Returns the exit code. */
int summary_write(struct run *run);

#endif
