/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The CSV side of run_read.h: RFC 4180, with every error named by file and line. */
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "simulator/record/run_read.h"

static enum p7_status complain(struct csv *csv, enum p7_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static enum p7_status complain(struct csv *csv, enum p7_status status, const char *format, ...)
{
    const int n = csv->line == 0 ? snprintf(csv->reason, sizeof(csv->reason), "%s: ", csv->path)
                                 : snprintf(csv->reason, sizeof(csv->reason),
                                            "%s:%llu: ", csv->path, (unsigned long long)csv->line);
    if (n > 0 && (size_t)n < sizeof(csv->reason)) {
        va_list arguments;
        va_start(arguments, format);
        (void)vsnprintf(csv->reason + n, sizeof(csv->reason) - (size_t)n, format, arguments);
        va_end(arguments);
    }
    return status;
}

enum row_state { CELL_START, PLAIN, QUOTED, QUOTE_SEEN };

struct row_reader {
    enum row_state state;
    size_t used;
    size_t cell_at; /* where the present cell starts in the row buffer */
};

static enum p7_status end_cell(struct csv *csv, struct row_reader *reader)
{
    if (csv->cell_count == CSV_CELLS_MAX)
        return complain(csv, P7_MALFORMED, "more than %d cells", CSV_CELLS_MAX);
    csv->row[reader->used++] = '\0';
    csv->cell[csv->cell_count++] = csv->row + reader->cell_at;
    reader->cell_at = reader->used;
    reader->state = CELL_START;
    return P7_OK;
}

/* One octet inside of a row; the line break that ends the row does not come here. */
static enum p7_status take(struct csv *csv, struct row_reader *reader, int c)
{
    if (reader->used + 2 > CSV_ROW_OCTETS_MAX)
        return complain(csv, P7_MALFORMED, "a row of more than %d octets", CSV_ROW_OCTETS_MAX);
    if (c == '\0')
        return complain(csv, P7_MALFORMED, "a NUL octet: this is no CSV file");
    if (reader->state == QUOTED) {
        if (c == '"')
            reader->state = QUOTE_SEEN;
        else
            csv->row[reader->used++] = (char)c;
        csv->next_line += c == '\n';
        return P7_OK;
    }
    if (c == ',')
        return end_cell(csv, reader);
    if (reader->state == QUOTE_SEEN && c != '"')
        return complain(csv, P7_MALFORMED, "text after a closing quote");
    if (reader->state == CELL_START && c == '"') {
        reader->state = QUOTED;
        return P7_OK;
    }
    reader->state = reader->state == QUOTE_SEEN ? QUOTED : PLAIN;
    csv->row[reader->used++] = (char)c;
    return P7_OK;
}

/* A carriage return counts only directly before the line feed. */
static int next_octet(FILE *file)
{
    const int c = getc_unlocked(file);
    if (c != '\r')
        return c;
    const int after = getc_unlocked(file);
    if (after == '\n')
        return after;
    (void)ungetc(after, file);
    return c;
}

static enum p7_status read_row(struct csv *csv)
{
    struct row_reader reader = {.state = CELL_START};
    csv->cell_count = 0;
    csv->line = csv->next_line;
    for (;;) {
        const int c = next_octet(csv->file);
        if (c == EOF && ferror(csv->file))
            return complain(csv, P7_SYSTEM, "%s", strerror(errno));
        if (c == EOF && reader.used == 0 && csv->cell_count == 0 && reader.state == CELL_START)
            return P7_NOT_FOUND;
        if (c == EOF && reader.state == QUOTED)
            return complain(csv, P7_MALFORMED, "the file ends inside of a quoted cell");
        if (c == EOF)
            return complain(csv, P7_MALFORMED, "the file ends in the middle of a row");
        if (c == '\n' && reader.state != QUOTED) {
            csv->next_line++;
            return end_cell(csv, &reader);
        }
        const enum p7_status status = take(csv, &reader, c);
        if (status != P7_OK)
            return status;
    }
}

enum p7_status csv_open(struct csv *csv, const char *directory, const char *file)
{
    *csv = (struct csv){.next_line = 1};
    if (run_directory_file(directory, file, csv->path, sizeof(csv->path)) != P7_OK)
        return complain(csv, P7_SYSTEM, "the path is too long");
    csv->file = fopen(csv->path, "re");
    if (csv->file == NULL)
        return complain(csv, errno == ENOENT ? P7_NOT_FOUND : P7_SYSTEM, "%s", strerror(errno));
    csv->row = malloc(CSV_ROW_OCTETS_MAX);
    if (csv->row == NULL)
        return complain(csv, P7_NO_MEMORY, "no memory for a row");
    const enum p7_status status = read_row(csv);
    if (status == P7_NOT_FOUND)
        return complain(csv, P7_MALFORMED, "the file is empty, without even a header");
    if (status != P7_OK)
        return status;
    for (size_t i = 0; i < csv->cell_count; i++) {
        csv->header[i] = strdup(csv->cell[i]);
        if (csv->header[i] == NULL)
            return complain(csv, P7_NO_MEMORY, "no memory for the header");
        csv->header_count++;
    }
    return P7_OK;
}

enum p7_status csv_column(struct csv *csv, const char *name, size_t *column)
{
    for (*column = 0; *column < csv->header_count; (*column)++)
        if (strcmp(csv->header[*column], name) == 0)
            return P7_OK;
    return complain(csv, P7_MISSING, "the header has no column \"%s\"", name);
}

enum p7_status csv_next(struct csv *csv)
{
    const enum p7_status status = read_row(csv);
    if (status == P7_OK && csv->cell_count != csv->header_count)
        return complain(csv, P7_MALFORMED, "%zu cells where the header has %zu", csv->cell_count,
                        csv->header_count);
    return status;
}

static enum p7_status bad_cell(struct csv *csv, size_t column)
{
    return complain(csv, P7_MALFORMED, "column %s: \"%.40s\" is no number", csv->header[column],
                    csv->cell[column]);
}

enum p7_status csv_i64(struct csv *csv, size_t column, int64_t empty, int64_t *value)
{
    const char *cell = csv->cell[column];
    *value = empty;
    if (cell[0] == '\0')
        return P7_OK;
    char *end = NULL;
    errno = 0;
    *value = strtoll(cell, &end, 10);
    return errno != 0 || end == cell || *end != '\0' ? bad_cell(csv, column) : P7_OK;
}

enum p7_status csv_f64(struct csv *csv, size_t column, double empty, double *value)
{
    const char *cell = csv->cell[column];
    *value = empty;
    if (cell[0] == '\0')
        return P7_OK;
    char *end = NULL;
    *value = strtod(cell, &end);
    return end == cell || *end != '\0' || !isfinite(*value) ? bad_cell(csv, column) : P7_OK;
}

void csv_close(struct csv *csv)
{
    if (csv->file != NULL)
        (void)fclose(csv->file);
    free(csv->row);
    for (size_t i = 0; i < csv->header_count; i++)
        free(csv->header[i]);
    csv->file = NULL;
    csv->row = NULL;
    csv->header_count = 0;
}
