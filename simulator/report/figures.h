/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * figures - what a run says, as tables and as sentences: the same ones on the terminal and on the
 * page. Everything here reads a `struct run` and changes nothing; tables are the caller's to free.
 */
#ifndef SIMULATOR_REPORT_FIGURES_H
#define SIMULATOR_REPORT_FIGURES_H

#include <stdbool.h>
#include <stddef.h>

#include "simulator/record/run_read.h"
#include "simulator/report/report_table.h"

#define FIGURES_TEXT_OCTETS 1024

/* The configured name, or the directory's last part. */
const char *figures_name(const struct run *run);

uint64_t figures_failed(const struct run *run); /* error, timeout, unanswered */
bool figures_thresholds_passed(const struct run *run);
const char *figures_feasible(const struct run *run); /* "yes", "no", as the studies have it */

/* NULL: there was none whose length is known. */
const struct run_outage *figures_longest_outage(const struct run *run);

/* Downtime as the studies have it: D_max of the longest outage, and the most that the true length
 * can be if packets were held. False: no outage. */
bool figures_downtime_ns(const struct run *run, int64_t *value_ns, int64_t *high_ns);

/* The studies' table: a row per run. */
void figures_runs_table(struct report_table *table, struct run *const *runs, size_t count);
/* Distributions of one run: response time, as-sent latency, send lag, each kind. */
void figures_distributions_table(struct report_table *table, const struct run *run);
/* Accounting by kind, as the application reports about itself. */
void figures_kinds_table(struct report_table *table, const struct run *run);
/* The steady state's statistics with both margins. */
void figures_statistics_table(struct report_table *table, const struct run *run);
void figures_outage_table(struct report_table *table, const struct run *run,
                          const struct run_outage *outage);
void figures_associations_table(struct report_table *table, const struct run *run);
void figures_events_table(struct report_table *table, const struct run *run, size_t most);

/* Sentences, without a full stop where they stand in a list. */
void figures_verdict(const struct run *run, char *text, size_t octets);
void figures_what_ran(const struct run *run, char *text, size_t octets);
void figures_accounting(const struct run *run, char *text, size_t octets);
void figures_outage(const struct run *run, const struct run_outage *outage, char *text,
                    size_t octets);
void figures_baseline(const struct run *run, const struct run_lane *lane, char *text,
                      size_t octets);
void figures_held_or_lost(const struct run *run, char *text, size_t octets);

#endif
