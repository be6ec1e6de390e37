/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * run_directory - where one run leaves its files (docs/run-directory.md), and the buffered writer
 * that every one of them goes through.
 *
 * run_directory_create makes the directory (parents too) and refuses one that holds anything: two
 * runs never mix. An `output` is opened in it, written with the output_* calls and closed. Errors
 * are sticky: after the first failed write (a full disk) later calls do nothing, and
 * output_failure / output_close tell. With `OUTPUT_ATOMIC` the file appears under its name only
 * when output_close succeeded; until then it is NAME.partial. One thread per output.
 */
#ifndef SIMULATOR_RECORD_RUN_DIRECTORY_H
#define SIMULATOR_RECORD_RUN_DIRECTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sigtran/base/status.h"

#define RUN_PATH_OCTETS   1024
#define RUN_REASON_OCTETS 1536 /* a path and a sentence */

/* A run directory's path leaves this much of RUN_PATH_OCTETS to the names of its files. */
#define RUN_NAME_ROOM 64

#define OUTPUT_BUFFER_OCTETS_MIN  4096
#define OUTPUT_INTEGER_OCTETS_MAX 20 /* -9223372036854775808, 18446744073709551615 */

#define RUN_FILE_JSON      "run.json"
#define RUN_FILE_REQUESTS  "requests.csv"
#define RUN_FILE_JOURNAL   "journal.csv"
#define RUN_FILE_TARGETS   "targets.csv"
#define RUN_FILE_INTERVALS "intervals.csv"
#define RUN_FILE_SERIES    "series.csv"
#define RUN_FILE_EVENTS    "events.csv"
#define RUN_FILE_LATENCY   "latency.hlog"
#define RUN_FILE_REPORT    "report.html"
#define RUN_FILE_MESSAGES  "messages.pcapng"

/* "runs/20130612T141500Z-NAME" from the wall clock (ns since 1970, UTC); characters of the name
 * that are no letter, digit, dot, underscore or hyphen become hyphens. P7_FULL: does not fit. */
enum p7_status run_directory_default(const char *name, int64_t wall_ns, char *path,
                                     size_t octets) P7_MUST_CHECK;

/*
 * Makes `path` and its parents. P7_EXISTS: there is a non-empty directory or a file already;
 * P7_SYSTEM: refused (errno); P7_RANGE: empty or too long. `reason` is a sentence for the operator
 * that names the path.
 */
enum p7_status run_directory_create(const char *path, char *reason,
                                    size_t reason_octets) P7_MUST_CHECK;

/* "DIRECTORY/FILE"; P7_FULL: does not fit. */
enum p7_status run_directory_file(const char *directory, const char *file, char *path,
                                  size_t octets) P7_MUST_CHECK;

/* Takes away the files of a run that never started, and the directory when nothing else is in it:
 * so the next try can use the same path. */
void run_directory_discard(const char *path);

/* --- output ------------------------------------------------------------------------------- */

enum output_mode { OUTPUT_DIRECT, OUTPUT_ATOMIC };

struct output {
    int fd; /* -1: closed */
    enum output_mode mode;
    char *buffer;
    size_t used;
    size_t room;
    uint64_t octets_written;
    uint64_t failures; /* write(2) and friends that failed */
    int error_number;  /* of the first of them, 0 = none */
    char path[RUN_PATH_OCTETS];
};

/* P7_SYSTEM (errno), P7_NO_MEMORY, P7_FULL: path too long, P7_RANGE: buffer below 4096. */
enum p7_status output_open(struct output *output, const char *directory, const char *file,
                           enum output_mode mode, size_t buffer_octets) P7_MUST_CHECK;

/* Decimal digits without a NUL into at most OUTPUT_INTEGER_OCTETS_MAX octets; gives how many. */
size_t output_format_u64(char *dst, uint64_t value);
size_t output_format_i64(char *dst, int64_t value);

void output_bytes(struct output *output, const void *data, size_t octets);
void output_text(struct output *output, const char *text);
void output_char(struct output *output, char c);
void output_u64(struct output *output, uint64_t value);
void output_i64(struct output *output, int64_t value);
/* Fixed notation with `decimals` (0 to 9) places; a value that is not finite is an empty cell. */
void output_fixed(struct output *output, double value, unsigned decimals);
/* A CSV cell (RFC 4180): quoted where it holds a comma, a quote or a line break. */
void output_csv_cell(struct output *output, const char *text);

/* Hands everything buffered to the operating system. */
void output_flush(struct output *output);

/* errno of the first failure, 0 = none. */
int output_failure(const struct output *output);

/* Flushes, closes, frees, renames an atomic one. P7_SYSTEM: something of it was not written, errno
 * tells the first reason; an atomic file then does not appear. Closing twice is harmless. */
enum p7_status output_close(struct output *output) P7_MUST_CHECK;

#endif
