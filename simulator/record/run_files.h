/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * run_files - intervals.csv, series.csv and events.csv of a run directory.
 *
 * Each is opened at the run's start, gets its rows in order of time and is flushed row by row where
 * rows are rare (intervals, events), so that a run that is killed leaves what it measured. Calls
 * come from one thread per file. Errors are sticky and told by the close call (run_directory.h).
 * Times are nanoseconds since the run's start instant.
 */
#ifndef SIMULATOR_RECORD_RUN_FILES_H
#define SIMULATOR_RECORD_RUN_FILES_H

#include <stdbool.h>
#include <stdint.h>

#include "sigtran/base/status.h"
#include "simulator/core/interval.h"
#include "simulator/core/outage.h"
#include "simulator/record/run_directory.h"

#define INTERVALS_HEADER                                                                           \
    "index,start_ns,kind,n,succ,fail,retransmissions,duplicates,throughput,mean_ms,min_ms,max_ms," \
    "variance,sd_ms,p50_ms,p90_ms,p99_ms,p999_ms,end_ns,due,late"
#define SERIES_HEADER "start_ns,n,failed,max_ms"
#define EVENTS_HEADER "time_ns,source,event,detail"

/* A row per interval and kind, and one with the kind "total". A request belongs to the interval in
 * which it was completed; the figures of response time are those of `succ`, NAN where there were
 * none (simulator/core/interval.h). */
struct interval_row {
    uint32_t index;
    int64_t start_ns;
    const char *kind; /* request_kind_name or "total" */
    uint64_t n;       /* finished in the interval */
    uint64_t succ;
    uint64_t fail;
    uint64_t retransmissions;
    uint64_t duplicates;
    double throughput_per_s;
    double mean_ms;
    double min_ms;
    double max_ms;
    double variance_ms2;
    double sd_ms;
    double p50_ms;
    double p90_ms;
    double p99_ms;
    double p999_ms;
    int64_t end_ns; /* exclusive; the last interval may be a short one. Not behind start_ns: not
                       known, an empty cell, and readers take the configured length */
    uint64_t due;   /* became due in the interval */
    uint64_t late;  /* answers after their timeout */
};

/* A slot of the outage analysis' series (100 ms unless the run is very long): requests by the
 * instant when they were due. */
struct series_row {
    int64_t start_ns;
    uint64_t n;      /* completed requests that were due in it */
    uint64_t failed; /* of these, not ok */
    double max_ms;   /* largest response time; NAN = none was answered */
};

struct event_row {
    int64_t time_ns;
    const char *source; /* "run", "transport", "m3ua", "operator", "exec", ... */
    const char *event;  /* one word: "start", "association-down", "stall", ... */
    const char *detail; /* free text, may be NULL */
};

/* One of the three files. */
struct run_table {
    struct output output;
    uint64_t rows;
};

/* Errors as output_open. */
enum p7_status intervals_open(struct run_table *table, const char *directory) P7_MUST_CHECK;
void intervals_put(struct run_table *table, const struct interval_row *row);

/* All rows of one interval as the core has them, ns turned into ms. */
void intervals_put_figures(struct run_table *table, uint32_t index,
                           const struct interval_figures rows[INTERVAL_ROW_COUNT]);

enum p7_status series_open(struct run_table *table, const char *directory) P7_MUST_CHECK;
void series_put(struct run_table *table, const struct series_row *row);

/* The whole series of a lane, at the end of the run. */
void series_put_lane(struct run_table *table, const struct outage_analysis *analysis,
                     uint32_t lane);

enum p7_status events_open(struct run_table *table, const char *directory) P7_MUST_CHECK;
void events_put(struct run_table *table, const struct event_row *row);

/* P7_SYSTEM: not everything is on its way to the disk (errno of the first failure). */
enum p7_status run_table_close(struct run_table *table) P7_MUST_CHECK;

#endif
