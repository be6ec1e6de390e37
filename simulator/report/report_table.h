/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * report_table - a table that is filled once and shown as aligned text, CSV, JSON or HTML.
 *
 *     struct report_table t = {0};
 *     report_table_column(&t, "mean_ms", "mean ms", REPORT_NUMBER); ...
 *     report_table_cell(&t, "%.4f", mean); ...      row after row, cell after cell
 *     report_table_text(&t, stdout, 2);
 *     report_table_free(&t);
 *
 * Cells are text; a figure that is not known is "-". Out of memory ends the program (exit 2).
 */
#ifndef SIMULATOR_REPORT_REPORT_TABLE_H
#define SIMULATOR_REPORT_REPORT_TABLE_H

#include <jansson.h>
#include <stddef.h>
#include <stdio.h>

#define REPORT_COLUMNS_MAX 24
#define REPORT_CELL_OCTETS 320

enum report_column_kind { REPORT_NUMBER, REPORT_WORDS };

struct report_column {
    const char *key;     /* CSV and JSON */
    const char *heading; /* text and HTML */
    enum report_column_kind kind;
};

struct report_table {
    size_t column_count;
    struct report_column column[REPORT_COLUMNS_MAX];
    size_t cell_count;
    size_t cell_room;
    char (*cell)[REPORT_CELL_OCTETS];
};

/* Memory or the end of the program. */
void *report_allocate(void *old, size_t octets);

void report_table_column(struct report_table *table, const char *key, const char *heading,
                         enum report_column_kind kind);
void report_table_cell(struct report_table *table, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* With `decimals` places, "-" for a value that is not finite. */
void report_table_figure(struct report_table *table, double value, int decimals);

size_t report_table_rows(const struct report_table *table);
const char *report_table_at(const struct report_table *table, size_t row, size_t column);

void report_table_text(const struct report_table *table, FILE *out, int indent);
void report_table_csv(const struct report_table *table, FILE *out);
/* A row as an object; numbers as numbers, "-" as null. New reference. */
json_t *report_table_json(const struct report_table *table, size_t row);
void report_table_html(const struct report_table *table, FILE *out, const char *class_name);

/* Text into HTML, in elements and quoted attributes: everything that means something there is
 * escaped, control characters and octets that are no UTF-8 are replaced. */
void report_html_text(FILE *out, const char *text);

/* Text onto a terminal: control characters, which could move its cursor or worse, become `?`. */
void report_plain_text(FILE *out, const char *text);

void report_table_free(struct report_table *table);

#endif
