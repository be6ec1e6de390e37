/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "simulator/report/report_table.h"

#include <assert.h>
#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

void *report_allocate(void *old, size_t octets)
{
    void *memory = realloc(old, octets);
    if (memory == NULL) {
        (void)fputs("pulse7-report: no memory\n", stderr);
        exit(2);
    }
    return memory;
}

void report_table_column(struct report_table *table, const char *key, const char *heading,
                         enum report_column_kind kind)
{
    assert(table->column_count < REPORT_COLUMNS_MAX && table->cell_count == 0);
    table->column[table->column_count++] = (struct report_column){key, heading, kind};
}

void report_table_cell(struct report_table *table, const char *format, ...)
{
    if (table->cell_count == table->cell_room) {
        table->cell_room = table->cell_room == 0 ? 64 : 2 * table->cell_room;
        table->cell = report_allocate(table->cell, table->cell_room * sizeof(*table->cell));
    }
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(table->cell[table->cell_count++], REPORT_CELL_OCTETS, format, arguments);
    va_end(arguments);
}

void report_table_figure(struct report_table *table, double value, int decimals)
{
    if (isfinite(value))
        report_table_cell(table, "%.*f", decimals, value);
    else
        report_table_cell(table, "-");
}

size_t report_table_rows(const struct report_table *table)
{
    assert(table->cell_count % table->column_count == 0);
    return table->cell_count / table->column_count;
}

const char *report_table_at(const struct report_table *table, size_t row, size_t column)
{
    return table->cell[row * table->column_count + column];
}

/* Columns on a screen, near enough: one for every octet that starts a character. */
static int width_of(const char *text)
{
    int width = 0;
    for (; *text != '\0'; text++)
        width += ((unsigned char)*text & 0xc0) != 0x80;
    return width;
}

void report_plain_text(FILE *out, const char *text)
{
    for (; *text != '\0'; text++) {
        const unsigned char c = (unsigned char)*text;
        (void)fputc((c < 0x20 && c != '\n') || c == 0x7f ? '?' : c, out);
    }
}

static void put_padded(FILE *out, const char *text, int width, enum report_column_kind kind,
                       bool last)
{
    const int room = width - width_of(text);
    if (kind == REPORT_NUMBER)
        (void)fprintf(out, "%*s", room, "");
    report_plain_text(out, text);
    if (kind == REPORT_WORDS && !last)
        (void)fprintf(out, "%*s", room, "");
}

void report_table_text(const struct report_table *table, FILE *out, int indent)
{
    int width[REPORT_COLUMNS_MAX];
    const size_t rows = report_table_rows(table);
    for (size_t c = 0; c < table->column_count; c++) {
        width[c] = width_of(table->column[c].heading);
        for (size_t r = 0; r < rows; r++)
            if (width_of(report_table_at(table, r, c)) > width[c])
                width[c] = width_of(report_table_at(table, r, c));
    }
    for (size_t r = 0; r <= rows; r++) {
        (void)fprintf(out, "%*s", indent, "");
        for (size_t c = 0; c < table->column_count; c++) {
            const bool last = c + 1 == table->column_count;
            put_padded(out, r == 0 ? table->column[c].heading : report_table_at(table, r - 1, c),
                       width[c], table->column[c].kind, last);
            (void)fputs(last ? "\n" : "  ", out);
        }
    }
}

static void put_csv(FILE *out, const char *text)
{
    if (strpbrk(text, ",\"\r\n") == NULL) {
        (void)fputs(text, out);
        return;
    }
    (void)fputc('"', out);
    for (; *text != '\0'; text++) {
        if (*text == '"')
            (void)fputc('"', out);
        (void)fputc(*text, out);
    }
    (void)fputc('"', out);
}

void report_table_csv(const struct report_table *table, FILE *out)
{
    const size_t rows = report_table_rows(table);
    for (size_t r = 0; r <= rows; r++)
        for (size_t c = 0; c < table->column_count; c++) {
            const char *text = r == 0 ? table->column[c].key : report_table_at(table, r - 1, c);
            put_csv(out, strcmp(text, "-") == 0 ? "" : text);
            (void)fputc(c + 1 == table->column_count ? '\n' : ',', out);
        }
}

json_t *report_table_json(const struct report_table *table, size_t row)
{
    json_t *object = json_object();
    for (size_t c = 0; c < table->column_count; c++) {
        const char *text = report_table_at(table, row, c);
        char *end = NULL;
        const double number = strtod(text, &end);
        json_t *value = NULL;
        if (strcmp(text, "-") == 0)
            value = json_null();
        else if (table->column[c].kind == REPORT_WORDS || *end != '\0')
            value = json_string(text);
        else if (strchr(text, '.') == NULL)
            value = json_integer(strtoll(text, NULL, 10));
        else
            value = json_real(number);
        (void)json_object_set_new(object, table->column[c].key, value);
    }
    return object;
}

/* Length of the well-formed UTF-8 sequence at the start that is no control character, or 0. */
static size_t printable(const unsigned char *p)
{
    if (p[0] < 0x80)
        return p[0] >= 0x20 && p[0] != 0x7f;
    const size_t length = p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : 2;
    if (p[0] < 0xc2 || p[0] > 0xf4)
        return 0;
    for (size_t i = 1; i < length; i++)
        if ((p[i] & 0xc0) != 0x80)
            return 0;
    const bool overlong = (p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xf0 && p[1] < 0x90);
    const bool beyond = (p[0] == 0xed && p[1] > 0x9f) || (p[0] == 0xf4 && p[1] > 0x8f);
    return overlong || beyond ? 0 : length;
}

static const char *entity_of(char c)
{
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    case '\n':
        return "\n";
    case '\t':
        return "\t";
    default:
        return NULL;
    }
}

void report_html_text(FILE *out, const char *text)
{
    while (*text != '\0') {
        const char *entity = entity_of(*text);
        const size_t length = entity != NULL ? 1 : printable((const unsigned char *)text);
        if (entity != NULL)
            (void)fputs(entity, out);
        else if (length == 0)
            (void)fputs("\xef\xbf\xbd", out);
        else
            (void)fwrite(text, 1, length, out);
        text += length == 0 ? 1 : length;
    }
}

void report_table_html(const struct report_table *table, FILE *out, const char *class_name)
{
    const size_t rows = report_table_rows(table);
    (void)fprintf(out, "<div class=\"scroll\"><table class=\"%s\"><thead><tr>", class_name);
    for (size_t c = 0; c < table->column_count; c++) {
        (void)fputs(table->column[c].kind == REPORT_NUMBER ? "<th class=\"n\">" : "<th>", out);
        report_html_text(out, table->column[c].heading);
        (void)fputs("</th>", out);
    }
    (void)fputs("</tr></thead><tbody>\n", out);
    for (size_t r = 0; r < rows; r++) {
        (void)fputs("<tr>", out);
        for (size_t c = 0; c < table->column_count; c++) {
            /* Narrow screens stack the cells of a row and show each one's heading. */
            (void)fputs("<td data-h=\"", out);
            report_html_text(out, table->column[c].heading);
            (void)fputs(table->column[c].kind == REPORT_NUMBER ? "\" class=\"n\">" : "\">", out);
            report_html_text(out, report_table_at(table, r, c));
            (void)fputs("</td>", out);
        }
        (void)fputs("</tr>\n", out);
    }
    (void)fputs("</tbody></table></div>\n", out);
}

void report_table_free(struct report_table *table)
{
    free(table->cell);
    *table = (struct report_table){0};
}
