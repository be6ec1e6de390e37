/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * run_json - run.json: everything that is needed to judge a run a year later. Each member is
 * documented in docs/run-directory.md.
 *
 * The simulator fills `struct run_record` (plain figures; every pointer is borrowed until
 * run_json_write returns) and writes it once, at the end. A run that ends by a crash has no
 * run.json; that is how the report tells. run_json_read gives the same figures back.
 *
 * Times are nanoseconds. A double that is not finite becomes null. Strings that are no UTF-8 are
 * written with the offending octets replaced.
 */
#ifndef SIMULATOR_RECORD_RUN_JSON_H
#define SIMULATOR_RECORD_RUN_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/settings.h"
#include "sigtran/base/bytes.h"
#include "sigtran/base/status.h"
#include "sigtran/transport/transport.h"
#include "simulator/core/accounting.h"
#include "simulator/core/failures.h"
#include "simulator/core/histogram.h"
#include "simulator/core/outage.h"
#include "simulator/core/request.h"
#include "simulator/core/statistics.h"
#include "simulator/core/validity.h"
#include "simulator/record/recorder.h"
#include "simulator/record/run_directory.h"

#define RUN_JSON_FORMAT      1 /* member "format"; readers refuse a greater one */
#define RUN_OUTAGES_MAX      512
#define RUN_LANES_MAX        (SETTINGS_TARGETS_MAX + 1)
#define RUN_ASSOCIATIONS_MAX LIMIT_ASSOCIATIONS
#define RUN_COUNTERS_MAX     128
#define RUN_THRESHOLDS_MAX   32
#define RUN_CURVE_POINTS_MAX 256
#define RUN_QUANTILES        8
#define RUN_NAME_OCTETS      64
#define RUN_TEXT_OCTETS      256
#define RUN_ORIGIN_OCTETS    129 /* an SCCP address has 64 octets at most here; in hex */

/* The percentiles of every summary: 50 75 90 95 99 99.9 99.99 99.999. */
extern const double run_percentiles[RUN_QUANTILES];

/* The distribution of one kind of time; count 0: the others are meaningless. */
struct run_distribution {
    uint64_t count;
    uint64_t clipped; /* did not fit the histogram and were counted at its end */
    int64_t min_ns;
    int64_t max_ns;
    double mean_ns;
    double sd_ns;
    int64_t quantile_ns[RUN_QUANTILES];
};

/* The identity due = ok + error + timeout + unanswered of a run that is over. */
bool run_accounting_balanced(const struct accounting_counts *accounting);

/* Fills it; `moments` (may be NULL) gives the exact mean and deviation, the histogram's own are
 * those of bucket middles. */
void run_distribution_of(struct run_distribution *distribution, const struct histogram *histogram,
                         const struct statistics_moments *moments);

struct run_curve_point {
    double quantile;
    int64_t value_ns;
};

/* The percentile curve as HdrHistogram draws it: five steps for every halving of the distance to
 * 100 %, until the maximum. Gives the number of points, at most `most`. */
uint32_t run_curve_of(const struct histogram *histogram, struct run_curve_point *points,
                      uint32_t most);

/* Over the averages of the steady intervals, as the studies do it, and by batch means. */
struct run_statistics {
    uint32_t interval_count; /* N: whole intervals outside of warm-up and outages */
    double mean_ms;          /* sum X / N, X the averages of the intervals */
    double variance_ms2;     /* sum (X - mean)^2 / N */
    double sd_ms;
    double median_ms;
    double e_paper_ms; /* E_paper = 1.96 sd / sqrt(N); NAN: N < 2, a single average has no spread */
    double lag1;       /* autocorrelation of the interval averages; NAN: N < 3 */
    bool batched;      /* the following are known */
    uint64_t batch_size;
    double batch_mean_ms;
    double e_bm_ms;      /* E_bm: 20 batch means, Student's t; NAN when not known */
    double e_naive_ms;   /* 1.96 sd / sqrt(n) over the single requests, for comparison */
    double lag1_batches; /* far from 0: the run is too short for E_bm */
    double lag1_requests;
};

/* From nanoseconds, as the core has them. */
void run_statistics_of(struct run_statistics *statistics, const struct statistics_summary *averages,
                       const struct statistics_batch_means *batches);

/* What one lane of the outage analysis knew: all requests, or those of one target. */
struct run_lane {
    char name[RUN_NAME_OCTETS]; /* "all" or the target's name */
    int64_t baseline_ns;        /* b: median response time */
    int64_t resolution_ns;      /* d = 1 / rate: no finer figure is honest */
    int64_t rt_limit_ns;        /* a response time above it is an outage's; -1: too few requests */
    int64_t gap_limit_ns;       /* a silence above it is an outage; -1: too few requests */
    int64_t rt_max_ns;          /* of the whole run without warm-up; -1: none */
    int64_t rt_max_due_ns;
    int64_t gap_max_ns; /* longest silence of the whole run; -1: none */
    int64_t gap_max_start_ns;
    uint32_t outage_count; /* listed in `outage` below */
    uint64_t outages_dropped;
};

struct run_outage {
    uint32_t lane;
    struct outage outage;
    struct outage_estimate estimate[OUTAGE_ESTIMATOR_COUNT];
};

struct run_outages {
    uint32_t lane_count; /* lane 0 is "all"; further ones only where there are several targets */
    uint32_t outage_count;
    struct run_lane lane[RUN_LANES_MAX];
    struct run_outage outage[RUN_OUTAGES_MAX]; /* by lane, then by start */
};

/* Copies what the analysis found. Outages beyond RUN_OUTAGES_MAX are counted as dropped. */
void run_outages_of(struct run_outages *outages, const struct outage_analysis *analysis,
                    const char *const *target_names, uint32_t target_count);

/* The run is invalid when its record is incomplete: adds that reason. */
void run_validity_add_recorder(struct validity *validity, const struct recorder_counters *counters);

/* Who the peer takes us for: with it a responder's ledger is compared with requests.csv. */
struct run_target {
    char name[RUN_NAME_OCTETS];
    char origin[RUN_ORIGIN_OCTETS]; /* hex digits of the calling party's address as encoded */
    char policy[16];                /* the word of the configuration */
    uint32_t as_count;
    const char (*as)[SETTINGS_NAME_OCTETS]; /* borrowed from the settings */
};

/* `origin` is what the SCCP address of the calling party is encoded as. */
void run_target_of(struct run_target *target, const struct target_settings *settings,
                   struct bytes origin);

/* targets.csv: the same at the start of the run, for one that ends by force and leaves no run.json.
 * Errors as output_open and output_close. */
enum p7_status run_targets_write(const char *directory, const struct run_target *targets,
                                 uint32_t count) P7_MUST_CHECK;

struct run_threshold {
    char name[RUN_NAME_OCTETS]; /* "failed", "p99", ... */
    char limit[RUN_NAME_OCTETS];
    char actual[RUN_NAME_OCTETS];
    bool passed;
};

struct run_association {
    char name[RUN_NAME_OCTETS];
    bool has_before; /* read from the stack once up, before the first request */
    bool has_after;  /* read after the last */
    struct transport_status before;
    struct transport_status after;
};

struct run_counter {
    char name[RUN_NAME_OCTETS]; /* "m3ua.malformed", ... */
    uint64_t value;
};

struct run_cpu {
    int64_t user_ns; /* of the whole process, over the measured time */
    int64_t system_ns;
    int64_t worker_ns; /* of the traffic worker's thread, user and system */
    int64_t recorder_ns;
    double worker_share;      /* worker_ns / elapsed, 1 = one core busy */
    double worker_share_peak; /* of the busiest second; NAN: not sampled */
    uint64_t rss_octets_max;
    uint64_t context_switches_involuntary;
};

struct run_record {
    /* who, when, how */
    const char *version;      /* PULSE7_VERSION */
    const char *command_line; /* as it can be pasted; may be NULL */
    const char *config_file;  /* path as given, may be NULL */
    const char *config_text;  /* the whole file, so that the run can be repeated; may be NULL */
    const struct settings *settings;
    const char *transport_asked;   /* transport_kind_name of the one configured */
    const char *transport_kind;    /* transport_kind_name of the one in force */
    const char *transport_verdict; /* transport_open's line */
    int64_t start_wall_ns;         /* since 1970, UTC */
    int64_t start_monotonic_ns;    /* the zero of every time in the directory */
    int64_t elapsed_ns;            /* start to the last due instant's end */
    bool stopped_early;            /* by the operator or a signal */

    /* result */
    struct validity validity;
    uint32_t threshold_count;
    const struct run_threshold *threshold;
    uint32_t target_count;
    const struct run_target *target; /* run_read leaves them in its `root` */
    double rate_target_per_s;        /* mean of the schedule over the run */
    double rate_achieved_per_s;
    struct accounting_counts total;
    struct accounting_counts kind[REQUEST_KIND_COUNT];
    struct run_distribution response; /* RT = reply - due of ok replies after the warm-up */
    struct run_distribution as_sent;  /* reply - sent */
    struct run_distribution lag;      /* sent - due */
    struct run_distribution response_of[REQUEST_KIND_COUNT];
    uint32_t curve_count; /* the percentile curve of `response`, rising */
    const struct run_curve_point *curve;
    struct run_statistics statistics;
    const struct failures *failures;   /* why outcomes were errors; NULL: not known */
    const struct run_outages *outages; /* NULL: not analysed */

    /* the system */
    uint32_t association_count;
    const struct run_association *association;
    struct transport_counters transport_counters; /* difference over the run */
    uint32_t counter_count;
    const struct run_counter *counter; /* of the layers above */
    struct recorder_counters recorder;
    struct run_cpu cpu;
};

/* Writes run.json under a temporary name and renames it. P7_SYSTEM: errno; P7_NO_MEMORY; P7_RANGE:
 * a count beyond its limit. */
enum p7_status run_json_write(const char *directory, const struct run_record *record, char *reason,
                              size_t reason_octets) P7_MUST_CHECK;

#endif
