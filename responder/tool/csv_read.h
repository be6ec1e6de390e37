/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * csv_read - reads CSV files that this project writes (RFC 4180), row by row, columns by name.
 *
 * Life cycle: csv_read_open (reads the header) -> csv_read_column for each column -> csv_read_next
 * until P7_NOT_FOUND -> csv_read_close. One thread. A cell is good until the next row.
 */
#ifndef RESPONDER_TOOL_CSV_READ_H
#define RESPONDER_TOOL_CSV_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "sigtran/base/status.h"

#define CSV_READ_CELLS_MAX   64u
#define CSV_READ_TEXT_OCTETS 512

struct csv_read {
    FILE *file;
    char *header; /* the names, NUL-terminated */
    char *row;
    size_t row_room;
    size_t row_octets; /* of the present row in the file, its newline included */
    uint64_t line;
    const char *name[CSV_READ_CELLS_MAX];
    const char *cell[CSV_READ_CELLS_MAX];
    size_t names;
    size_t cells;
    char path[256];
    char text[CSV_READ_TEXT_OCTETS]; /* sentence about the last failure */
};

/* P7_NOT_FOUND: no such file; P7_MALFORMED, P7_NO_MEMORY, P7_SYSTEM. Close it in any case. */
enum p7_status csv_read_open(struct csv_read *csv, const char *path) P7_MUST_CHECK;
void csv_read_close(struct csv_read *csv);

/* P7_MISSING: the header has no such column. */
enum p7_status csv_read_column(const struct csv_read *csv, const char *name,
                               size_t *column) P7_MUST_CHECK;

/* P7_NOT_FOUND: the file ends; P7_TRUNCATED: in the middle of a row. */
enum p7_status csv_read_next(struct csv_read *csv) P7_MUST_CHECK;

/* Decimal digits only; P7_MALFORMED with the sentence. */
enum p7_status csv_read_u64(struct csv_read *csv, size_t column, uint64_t *value) P7_MUST_CHECK;

#endif
