/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * subscribers - whom the simulated network places calls for: a range of consecutive numbers, or a
 * list that the program read from a CSV file. Number `index` always has the same digits and cells,
 * so a run can be repeated.
 *
 * A list has columns: msisdn, imsi if the file has it, and any others, for parameters of requests
 * (ssf_parameters.h). Its rows are one piece of text, and a place in it for each: a million rows of
 * 30 octets take 35 MB.
 */
#ifndef SIMULATOR_CORE_SUBSCRIBERS_H
#define SIMULATOR_CORE_SUBSCRIBERS_H

#include <stddef.h>
#include <stdint.h>

#include "sigtran/base/limits.h"
#include "sigtran/base/status.h"

/* More than any published test used. */
#define SUBSCRIBERS_LIST_MAX      10000000u
#define SUBSCRIBERS_COLUMNS_MAX   32u
#define SUBSCRIBERS_COLUMN_OCTETS 48u
/* A cell: the longest parameter in hexadecimal. */
#define SUBSCRIBERS_CELL_OCTETS 96u
/* No such column. */
#define SUBSCRIBERS_NO_COLUMN UINT32_MAX

struct subscriber {
    char msisdn[LIMIT_DIGITS + 1];
    char imsi[LIMIT_DIGITS + 1];
};

struct subscribers {
    uint32_t count;
    uint32_t column_count; /* 0: a range */
    struct subscriber first;
    uint32_t msisdn_column;
    uint32_t imsi_column; /* or SUBSCRIBERS_NO_COLUMN */
    uint32_t header_lines;
    char column[SUBSCRIBERS_COLUMNS_MAX][SUBSCRIBERS_COLUMN_OCTETS];
    char *text; /* the cells of all rows, each ended by a NUL */
    size_t text_length;
    size_t text_room;
    uint32_t *row_at; /* where each row begins in `text` */
    uint32_t row_room;
};

/*
 * A range of `count` subscribers that begins with these digits; both numbers count up together and
 * keep their length. P7_RANGE when count is 0, a text holds another character than 0-9, or the last
 * number would be longer than the first.
 */
enum p7_status subscribers_range(struct subscribers *subscribers, const char *msisdn_first,
                                 const char *imsi_first, uint32_t count) P7_MUST_CHECK;

/* An empty list, to be filled by subscribers_append. */
void subscribers_empty(struct subscribers *subscribers);
void subscribers_free(struct subscribers *subscribers);

/* What is wrong with a line. `column` counts from 1; 0: the line as a whole. */
struct subscribers_problem {
    uint32_t column;
    const char *text; /* constant */
};

/*
 * Adds one line of a CSV file; line breaks and blanks around cells are dropped. The first line may
 * be a header: then it holds the word msisdn, and names the columns (any order; each name once).
 * Without one the columns are msisdn,imsi, and the IMSI may be absent. An absent IMSI is made of
 * the MSISDN. Cells have no quotes. P7_MALFORMED (`problem` says what), P7_FULL at
 * SUBSCRIBERS_LIST_MAX or 4 GiB of text, P7_NO_MEMORY.
 */
enum p7_status subscribers_append(struct subscribers *subscribers, const char *line,
                                  struct subscribers_problem *problem) P7_MUST_CHECK;

/* Subscriber `index` (below count) as digits. */
void subscribers_at(const struct subscribers *subscribers, uint32_t index,
                    struct subscriber *subscriber);

/* The column of that name; SUBSCRIBERS_NO_COLUMN when there is none, or no list. */
uint32_t subscribers_column(const struct subscribers *subscribers, const char *name);
/* A cell as text; borrowed, "" where nothing stands. */
const char *subscribers_cell(const struct subscribers *subscribers, uint32_t index,
                             uint32_t column);
/* The file's line that subscriber `index` stands in, from 1. */
uint32_t subscribers_line(const struct subscribers *subscribers, uint32_t index);

#endif
