/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "responder/tool/csv_read.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static enum p7_status complain(struct csv_read *csv, enum p7_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static enum p7_status complain(struct csv_read *csv, enum p7_status status, const char *format, ...)
{
    const int n = snprintf(csv->text, sizeof(csv->text), "%s:%" PRIu64 ": ", csv->path, csv->line);
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(csv->text + n, sizeof(csv->text) - (size_t)n, format, arguments);
    va_end(arguments);
    return status;
}

/* Takes the quotes off in place; `at` is left behind the cell, on a comma or the end. False: a
 * quote that is not closed, or text behind one. */
static bool unquote(char **at)
{
    char *from = *at + 1;
    char *to = *at;
    for (;; from++) {
        if (*from == '\0')
            return false;
        if (*from == '"' && from[1] != '"')
            break;
        from += *from == '"';
        *to++ = *from;
    }
    *to = '\0'; /* before the closing quote: two quotes less */
    *at = from + 1;
    return from[1] == ',' || from[1] == '\0';
}

/* Cuts the row into cells, in place. */
static enum p7_status split(struct csv_read *csv, char *at)
{
    for (csv->cells = 0;; at++) {
        if (csv->cells == CSV_READ_CELLS_MAX)
            return complain(csv, P7_MALFORMED, "more than %u cells", CSV_READ_CELLS_MAX);
        csv->cell[csv->cells++] = at;
        if (*at == '"') {
            if (!unquote(&at))
                return complain(csv, P7_MALFORMED, "a quoted cell without its end");
        } else {
            at += strcspn(at, ",");
        }
        if (*at == '\0')
            return P7_OK;
        *at = '\0';
    }
}

static enum p7_status read_row(struct csv_read *csv)
{
    errno = 0;
    const ssize_t length = getline(&csv->row, &csv->row_room, csv->file);
    csv->line++;
    if (length == -1)
        return ferror(csv->file) != 0 || errno != 0
                   ? complain(csv, P7_SYSTEM, "it can't be read: %s", strerror(errno))
                   : P7_NOT_FOUND;
    csv->row_octets = (size_t)length;
    if (csv->row[length - 1] != '\n')
        return complain(csv, P7_TRUNCATED, "the file ends in the middle of a row");
    csv->row[length - 1] = '\0';
    if (length > 1 && csv->row[length - 2] == '\r')
        csv->row[length - 2] = '\0';
    return split(csv, csv->row);
}

enum p7_status csv_read_open(struct csv_read *csv, const char *path)
{
    *csv = (struct csv_read){0};
    (void)snprintf(csv->path, sizeof(csv->path), "%s", path);
    csv->file = fopen(path, "re");
    if (csv->file == NULL)
        return complain(csv, errno == ENOENT ? P7_NOT_FOUND : P7_SYSTEM, "%s", strerror(errno));
    const enum p7_status status = read_row(csv);
    if (status == P7_NOT_FOUND)
        return complain(csv, P7_MALFORMED, "the file is empty, without even a header");
    if (status != P7_OK)
        return status;
    csv->header = csv->row;
    csv->row = NULL;
    csv->row_room = 0;
    csv->names = csv->cells;
    memcpy(csv->name, csv->cell, sizeof(csv->name));
    return P7_OK;
}

void csv_read_close(struct csv_read *csv)
{
    if (csv->file != NULL)
        (void)fclose(csv->file);
    free(csv->header);
    free(csv->row);
    csv->file = NULL;
    csv->header = NULL;
    csv->row = NULL;
}

enum p7_status csv_read_column(const struct csv_read *csv, const char *name, size_t *column)
{
    for (*column = 0; *column < csv->names; (*column)++)
        if (strcmp(csv->name[*column], name) == 0)
            return P7_OK;
    return P7_MISSING;
}

enum p7_status csv_read_next(struct csv_read *csv)
{
    const enum p7_status status = read_row(csv);
    if (status == P7_OK && csv->cells != csv->names)
        return complain(csv, P7_MALFORMED, "%zu cells where the header has %zu", csv->cells,
                        csv->names);
    return status;
}

enum p7_status csv_read_u64(struct csv_read *csv, size_t column, uint64_t *value)
{
    const char *cell = csv->cell[column];
    char *end = NULL;
    errno = 0;
    *value = strtoull(cell, &end, 10);
    if (cell[0] >= '0' && cell[0] <= '9' && *end == '\0' && errno == 0)
        return P7_OK;
    return complain(csv, P7_MALFORMED, "column %s: \"%.40s\" is no number", csv->name[column],
                    cell);
}
