/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "simulator/core/subscribers.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define IMSI_DIGITS_MIN 5
#define IMSI_DIGITS_MAX 15

static bool is_digits(const char *text)
{
    const size_t length = strlen(text);
    return length > 0 && length <= LIMIT_DIGITS && strspn(text, "0123456789") == length;
}

/* TS23.003-2.2: an IMSI has 15 digits at most; fewer than 5 do not name a network and a subscriber.
 */
static bool is_imsi(const char *text)
{
    const size_t length = strlen(text);
    return is_digits(text) && length >= IMSI_DIGITS_MIN && length <= IMSI_DIGITS_MAX;
}

/* Adds `n` to a decimal text in place; false when it would need another digit. */
static bool digits_add(char *digits, uint64_t n)
{
    for (size_t i = strlen(digits); i > 0 && n > 0; i--) {
        n += (uint64_t)(digits[i - 1] - '0');
        digits[i - 1] = (char)('0' + n % 10);
        n /= 10;
    }
    return n == 0;
}

enum p7_status subscribers_range(struct subscribers *subscribers, const char *msisdn_first,
                                 const char *imsi_first, uint32_t count)
{
    memset(subscribers, 0, sizeof(*subscribers));
    if (count == 0 || !is_digits(msisdn_first) || !is_imsi(imsi_first))
        return P7_RANGE;
    memcpy(subscribers->first.msisdn, msisdn_first, strlen(msisdn_first) + 1);
    memcpy(subscribers->first.imsi, imsi_first, strlen(imsi_first) + 1);
    struct subscriber last = subscribers->first;
    if (!digits_add(last.msisdn, count - 1) || !digits_add(last.imsi, count - 1))
        return P7_RANGE;
    subscribers->count = count;
    return P7_OK;
}

void subscribers_empty(struct subscribers *subscribers)
{
    memset(subscribers, 0, sizeof(*subscribers));
}

void subscribers_free(struct subscribers *subscribers)
{
    free(subscribers->text);
    free(subscribers->row_at);
    subscribers_empty(subscribers);
}

/* --- lines ------------------------------------------------------------------------------------ */

struct cells {
    uint32_t count;
    char cell[SUBSCRIBERS_COLUMNS_MAX][SUBSCRIBERS_CELL_OCTETS + 1];
};

static enum p7_status complain(struct subscribers_problem *problem, uint32_t column,
                               const char *text)
{
    *problem = (struct subscribers_problem){.column = column, .text = text};
    return P7_MALFORMED;
}

/* Copies the cell at *at without surrounding blanks and moves to what ends it. */
static bool take_cell(const char **at, char *cell)
{
    const char *start = *at;
    while (*start == ' ' || *start == '\t')
        start++;
    const char *end = start + strcspn(start, ",\r\n");
    *at = end;
    while (end > start && (end[-1] == ' ' || end[-1] == '\t'))
        end--;
    const size_t length = (size_t)(end - start);
    if (length > SUBSCRIBERS_CELL_OCTETS)
        return false;
    memcpy(cell, start, length);
    cell[length] = '\0';
    return true;
}

static enum p7_status split(const char *line, struct cells *cells,
                            struct subscribers_problem *problem)
{
    cells->count = 0;
    for (;;) {
        if (cells->count == SUBSCRIBERS_COLUMNS_MAX)
            return complain(problem, cells->count + 1, "one column too many; at most 32 fit");
        if (!take_cell(&line, cells->cell[cells->count]))
            return complain(problem, cells->count + 1, "longer than 96 characters");
        if (strchr(cells->cell[cells->count++], '"') != NULL)
            return complain(problem, cells->count, "a quote; cells stand without quotes");
        if (*line != ',')
            return P7_OK;
        line++;
    }
}

static enum p7_status take_header(struct subscribers *s, const struct cells *cells,
                                  struct subscribers_problem *problem)
{
    for (uint32_t c = 0; c < cells->count; c++) {
        const char *name = cells->cell[c];
        if (name[0] == '\0')
            return complain(problem, c + 1, "a column without a name");
        if (strlen(name) >= SUBSCRIBERS_COLUMN_OCTETS)
            return complain(problem, c + 1, "a name of more than 47 characters");
        for (uint32_t before = 0; before < c; before++)
            if (strcmp(s->column[before], name) == 0)
                return complain(problem, c + 1, "this column stands here already");
        memcpy(s->column[c], name, strlen(name) + 1);
    }
    s->column_count = cells->count;
    s->header_lines = 1;
    s->msisdn_column = subscribers_column(s, "msisdn");
    s->imsi_column = subscribers_column(s, "imsi");
    return P7_OK;
}

static bool is_header(const struct cells *cells)
{
    for (uint32_t c = 0; c < cells->count; c++)
        if (strcmp(cells->cell[c], "msisdn") == 0)
            return true;
    return false;
}

static bool grow(void **memory, size_t octets)
{
    void *grown = realloc(*memory, octets);
    if (grown != NULL)
        *memory = grown;
    return grown != NULL;
}

static enum p7_status make_room(struct subscribers *s, size_t octets)
{
    if (s->count == SUBSCRIBERS_LIST_MAX || s->text_length + octets > UINT32_MAX)
        return P7_FULL;
    if (s->count == s->row_room) {
        const uint32_t room = s->row_room == 0 ? 1024 : s->row_room * 2;
        void *rows = s->row_at;
        if (!grow(&rows, (size_t)room * sizeof(*s->row_at)))
            return P7_NO_MEMORY;
        s->row_at = rows;
        s->row_room = room;
    }
    if (s->text_length + octets > s->text_room) {
        const size_t room = s->text_room == 0 ? 65536 : s->text_room * 2;
        void *text = s->text;
        if (!grow(&text, room))
            return P7_NO_MEMORY;
        s->text = text;
        s->text_room = room;
    }
    return P7_OK;
}

static enum p7_status check_numbers(const struct subscribers *s, const struct cells *cells,
                                    struct subscribers_problem *problem)
{
    const char *msisdn = cells->cell[s->msisdn_column];
    const char *imsi =
        s->imsi_column == SUBSCRIBERS_NO_COLUMN || cells->cell[s->imsi_column][0] == '\0'
            ? msisdn
            : cells->cell[s->imsi_column];
    if (!is_digits(msisdn))
        return complain(problem, s->msisdn_column + 1, "an MSISDN has digits only, 32 at most");
    if (!is_imsi(imsi))
        return complain(problem, imsi == msisdn ? s->msisdn_column + 1 : s->imsi_column + 1,
                        imsi == msisdn
                            ? "without an IMSI the MSISDN must do for one: 5 to 15 digits"
                            : "an IMSI has 5 to 15 digits");
    return P7_OK;
}

static enum p7_status take_row(struct subscribers *s, struct cells *cells,
                               struct subscribers_problem *problem)
{
    size_t octets = 0;
    if (s->header_lines == 0 && cells->count == 1)
        cells->cell[cells->count++][0] = '\0'; /* msisdn alone */
    if (cells->count != s->column_count)
        return complain(problem, 0, "another number of cells than columns");
    enum p7_status status = check_numbers(s, cells, problem);
    if (status != P7_OK)
        return status;
    for (uint32_t c = 0; c < cells->count; c++)
        octets += strlen(cells->cell[c]) + 1;
    *problem = (struct subscribers_problem){.text = "no room for more"};
    status = make_room(s, octets);
    if (status != P7_OK)
        return status;
    s->row_at[s->count++] = (uint32_t)s->text_length;
    for (uint32_t c = 0; c < cells->count; c++) {
        const size_t length = strlen(cells->cell[c]) + 1;
        memcpy(s->text + s->text_length, cells->cell[c], length);
        s->text_length += length;
    }
    return P7_OK;
}

enum p7_status subscribers_append(struct subscribers *subscribers, const char *line,
                                  struct subscribers_problem *problem)
{
    struct cells cells;
    *problem = (struct subscribers_problem){.text = ""};
    const enum p7_status status = split(line, &cells, problem);
    if (status != P7_OK)
        return status;
    if (subscribers->column_count == 0) {
        if (is_header(&cells))
            return take_header(subscribers, &cells, problem);
        subscribers->column_count = 2;
        memcpy(subscribers->column[0], "msisdn", sizeof("msisdn"));
        memcpy(subscribers->column[1], "imsi", sizeof("imsi"));
        subscribers->msisdn_column = 0;
        subscribers->imsi_column = 1;
    }
    return take_row(subscribers, &cells, problem);
}

/* --- looking up ------------------------------------------------------------------------------- */

uint32_t subscribers_column(const struct subscribers *subscribers, const char *name)
{
    for (uint32_t c = 0; c < subscribers->column_count; c++)
        if (strcmp(subscribers->column[c], name) == 0)
            return c;
    return SUBSCRIBERS_NO_COLUMN;
}

const char *subscribers_cell(const struct subscribers *subscribers, uint32_t index, uint32_t column)
{
    const char *cell = subscribers->text + subscribers->row_at[index];
    while (column-- > 0)
        cell += strlen(cell) + 1;
    return cell;
}

uint32_t subscribers_line(const struct subscribers *subscribers, uint32_t index)
{
    return subscribers->header_lines + index + 1;
}

static void copy_digits(char *to, const char *cell)
{
    memcpy(to, cell, strlen(cell) + 1);
}

void subscribers_at(const struct subscribers *subscribers, uint32_t index,
                    struct subscriber *subscriber)
{
    if (subscribers->column_count == 0) {
        *subscriber = subscribers->first;
        (void)digits_add(subscriber->msisdn, index);
        (void)digits_add(subscriber->imsi, index);
        return;
    }
    const char *msisdn = subscribers_cell(subscribers, index, subscribers->msisdn_column);
    const char *imsi = subscribers->imsi_column == SUBSCRIBERS_NO_COLUMN
                           ? ""
                           : subscribers_cell(subscribers, index, subscribers->imsi_column);
    copy_digits(subscriber->msisdn, msisdn);
    copy_digits(subscriber->imsi, imsi[0] == '\0' ? msisdn : imsi);
}
