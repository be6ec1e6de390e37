/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * worker - the simulated network on the wire: the traffic model's actions become dialogues of a
 * node, replies become outcomes, and everything is stamped, counted and recorded. It is what runs
 * on the traffic thread.
 *
 * Life cycle, main thread: worker_create -> worker_start -> commands and reports by mailbox ->
 * (WORKER_REPORT_DONE) -> worker_stop -> read measure, counters -> worker_destroy.
 *
 * The run starts, that is time zero, when every target has been reachable at once: nothing is due
 * before there is a way for it.
 */
#ifndef SIMULATOR_WORKER_H
#define SIMULATOR_WORKER_H

#include <stdbool.h>
#include <stdint.h>

#include "config/settings.h"
#include "sigtran/base/status.h"
#include "sigtran/runtime/data_plane.h"
#include "sigtran/runtime/mailbox.h"
#include "simulator/core/measure.h"
#include "simulator/core/subscribers.h"
#include "simulator/core/traffic.h"
#include "simulator/record/recorder.h"

/* Sets of an interval: one in progress, one being read, one to spare. */
#define WORKER_INTERVAL_SETS 3

enum worker_command_kind {
    WORKER_SET_RATE, /* all flows together, shared as configured: `rate_per_s` */
    WORKER_PAUSE,
    WORKER_RESUME,
    WORKER_FINISH,     /* end the run now, in good order */
    WORKER_RETURN_SET, /* `set` was read: it may be used again */
};

struct worker_command {
    enum worker_command_kind kind;
    double rate_per_s;
    struct interval_set *set;
};

enum worker_report_kind {
    WORKER_REPORT_STARTED,  /* time zero: every target is reachable */
    WORKER_REPORT_GLANCE,   /* once a second */
    WORKER_REPORT_INTERVAL, /* `set` is full: read it, then WORKER_RETURN_SET */
    WORKER_REPORT_EVENT,
    WORKER_REPORT_DONE, /* the last interval was reported, every request has its outcome */
};

/* A second as the screen shows it. */
struct worker_glance {
    double rate_wanted_per_s;
    uint64_t due;
    uint64_t ok;
    uint64_t failed; /* error and timeout */
    uint64_t open;
    uint64_t retransmissions;
    uint64_t late;
    uint64_t completed_this; /* in this second */
    uint64_t failed_this;
    uint64_t dialogues;
    int64_t p50_ns;
    int64_t p99_ns;
    int64_t max_ns;
    int64_t lag_max_ns; /* in this second */
    bool paused;
};

struct worker_report {
    enum worker_report_kind kind;
    int64_t at_ns; /* since the run's start; monotonic clock for STARTED */
    struct worker_glance glance;
    struct interval_set *set;
    int64_t interval_end_ns; /* INTERVAL: less than its length for the last one */
    struct node_event event;
};

struct worker;

struct worker_config {
    const struct settings *settings; /* borrowed until worker_destroy */
    const struct subscribers *subscribers;
    struct recorder *recorder; /* NULL: no requests.csv */
    const char *capture_path;  /* NULL: no messages.pcapng */
    uint32_t run_tag;
    int64_t start_wall_s;
};

/* `verdict` as data_plane_create; P7_SYSTEM, P7_NO_MEMORY, P7_RANGE. */
enum p7_status worker_create(const struct worker_config *config, struct worker **out, char *verdict,
                             size_t verdict_octets) P7_MUST_CHECK;
enum p7_status worker_start(struct worker *worker, char *error, size_t error_octets) P7_MUST_CHECK;
void worker_stop(struct worker *worker);
void worker_destroy(struct worker *worker);

enum p7_status worker_post(struct worker *worker,
                           const struct worker_command *command) P7_MUST_CHECK;

/* Where reports come out, for control_plane_watch_mailbox: struct worker_report. */
struct mailbox *worker_reports(struct worker *worker);
struct data_plane *worker_data_plane(struct worker *worker);

/* After worker_stop: the rest of the analysis is main's. */
struct measure *worker_measure(struct worker *worker);
const struct traffic *worker_traffic(const struct worker *worker);

/* What was lost on the way to the main thread: intervals that nobody was ready to take, reports. */
struct worker_losses {
    uint64_t intervals;
    uint64_t reports;
};
struct worker_losses worker_get_losses(const struct worker *worker);

/* Requests that went to two nodes at once, and replies beyond the first. None of this is in the
 * accounting, whose requests have one outcome each. */
struct worker_copies {
    uint64_t sent;         /* second dialogues of requests (policy both) */
    uint64_t unsent;       /* no second way was open, or it took nothing */
    uint64_t replies;      /* to the second dialogue, compared with the first reply */
    uint64_t contradicted; /* of all further replies: said something else than the first */
    uint64_t unmatched;    /* replies to dialogues that are over, to no request that is kept */
};
struct worker_copies worker_get_copies(const struct worker *worker);

/* What the peer is told as calling party of target `index`: the `origin` that names our requests at
 * the responder. Borrowed from the worker. */
struct bytes worker_target_origin(const struct worker *worker, uint32_t index);

#endif
