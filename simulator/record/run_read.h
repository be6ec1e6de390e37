/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * run_read - a run directory read back: run.json and the CSV files, for the report.
 *
 * Files come from disks and people: whatever is missing, damaged or of a later format is told as
 * one sentence that names the file and, where there is one, the line.
 *
 * run_open -> run_series / run_intervals / run_events / csv_* as needed -> run_close.
 * Everything that a call gives belongs to the run (or to the caller where it says so).
 */
#ifndef SIMULATOR_RECORD_RUN_READ_H
#define SIMULATOR_RECORD_RUN_READ_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "sigtran/base/status.h"
#include "simulator/record/run_files.h"
#include "simulator/record/run_json.h"

/* --- CSV ----------------------------------------------------------------------------------- */

#define CSV_CELLS_MAX 64

/* Longest row that is read; the longest that is written holds an event's detail. */
#define CSV_ROW_OCTETS_MAX 65536

struct csv {
    FILE *file;
    char path[RUN_PATH_OCTETS];
    char reason[RUN_REASON_OCTETS]; /* after a failure */
    uint64_t line;                  /* of the row last read, 1 = header */
    uint64_t next_line;
    size_t cell_count;
    const char *cell[CSV_CELLS_MAX]; /* borrowed until the next row */
    char *row;
    size_t header_count;
    char *header[CSV_CELLS_MAX];
};

/* Opens and reads the header. P7_NOT_FOUND: no such file; P7_MALFORMED; P7_SYSTEM. */
enum p7_status csv_open(struct csv *csv, const char *directory, const char *file) P7_MUST_CHECK;

/* The column of that name, or P7_MISSING with `reason` set. */
enum p7_status csv_column(struct csv *csv, const char *name, size_t *column) P7_MUST_CHECK;

/* Next row. P7_NOT_FOUND: the end. P7_MALFORMED: `reason` names file and line. */
enum p7_status csv_next(struct csv *csv) P7_MUST_CHECK;

/* Cells of the present row as numbers; an empty cell gives `empty`. P7_MALFORMED: `reason` names
 * file, line, column and what stands there. */
enum p7_status csv_i64(struct csv *csv, size_t column, int64_t empty, int64_t *value) P7_MUST_CHECK;
enum p7_status csv_f64(struct csv *csv, size_t column, double empty, double *value) P7_MUST_CHECK;

void csv_close(struct csv *csv);

/* --- the run -------------------------------------------------------------------------------- */

/* Bounds of what is held in memory: a week of 10-s intervals of six kinds, a week of 100 ms. */
#define RUN_INTERVALS_MAX 500000u
#define RUN_SERIES_MAX    6100000u
#define RUN_EVENTS_MAX    100000u

struct run_interval {
    struct interval_row row; /* row.kind points into `kind` */
    char kind[16];
};

struct run_event {
    int64_t time_ns;
    char source[RUN_NAME_OCTETS];
    char event[RUN_NAME_OCTETS];
    char detail[RUN_TEXT_OCTETS]; /* cut to fit */
};

struct run {
    char path[RUN_PATH_OCTETS];
    json_t *root;             /* the whole of run.json, for what is shown as it stands */
    struct run_record record; /* `settings` is NULL: they are in root */
    int64_t interval_ns;
    size_t interval_count; /* every row, kinds and total */
    struct run_interval *interval;
    size_t series_count;
    struct series_row *series;
    size_t event_count;
    struct run_event *event;
    void *owned; /* memory behind the pointers of `record` */
};

/*
 * Reads run.json, intervals.csv, series.csv and events.csv (the last two may be missing).
 * P7_NOT_FOUND: no run directory, or a run that never ended; P7_MALFORMED; P7_UNSUPPORTED: written
 * by a later program; P7_FULL: more rows than the bounds; P7_SYSTEM; P7_NO_MEMORY.
 */
enum p7_status run_open(const char *path, struct run **result, char *reason,
                        size_t reason_octets) P7_MUST_CHECK;

void run_close(struct run *run);

#endif
