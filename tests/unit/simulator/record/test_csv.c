/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "simulator/record/run_read.h"

#include <math.h>

#include "tests/unit/simulator/record/scratch.h"
#include "tests/unit/unit.h"

static struct scratch scratch;

static enum p7_status open_text(struct csv *csv, const char *text)
{
    scratch_create(&scratch);
    scratch_write(&scratch, "t.csv", text);
    return csv_open(csv, scratch.path, "t.csv");
}

static void close_text(struct csv *csv)
{
    csv_close(csv);
    scratch_remove_tree(scratch.path);
}

static void quoted_cells_may_hold_everything(void)
{
    struct csv csv;
    size_t column = 9;
    CU_ASSERT_EQUAL(open_text(&csv, "a,b\r\n\"x,\"\"y\"\"\nz\",\n2,\"\"\n"), P7_OK);
    CU_ASSERT_EQUAL(csv_column(&csv, "b", &column), P7_OK);
    CU_ASSERT_EQUAL(column, 1);
    CU_ASSERT_EQUAL_FATAL(csv_next(&csv), P7_OK);
    CU_ASSERT_EQUAL(csv.line, 2);
    CU_ASSERT_STRING_EQUAL(csv.cell[0], "x,\"y\"\nz");
    CU_ASSERT_STRING_EQUAL(csv.cell[1], "");
    CU_ASSERT_EQUAL_FATAL(csv_next(&csv), P7_OK);
    CU_ASSERT_EQUAL(csv.line, 4);
    CU_ASSERT_STRING_EQUAL(csv.cell[0], "2");
    CU_ASSERT_EQUAL(csv_next(&csv), P7_NOT_FOUND);
    CU_ASSERT_EQUAL(csv_column(&csv, "c", &column), P7_MISSING);
    CU_ASSERT_PTR_NOT_NULL(strstr(csv.reason, "t.csv"));
    CU_ASSERT_PTR_NOT_NULL(strstr(csv.reason, "\"c\""));
    close_text(&csv);
}

static void numbers_are_taken_whole_or_not(void)
{
    struct csv csv;
    int64_t integer = 0;
    double real = 0;
    CU_ASSERT_EQUAL(open_text(&csv, "a,b,c\n-12,1.5,x1\n,,99999999999999999999\n"), P7_OK);
    CU_ASSERT_EQUAL_FATAL(csv_next(&csv), P7_OK);
    CU_ASSERT_EQUAL(csv_i64(&csv, 0, 7, &integer), P7_OK);
    CU_ASSERT_EQUAL(integer, -12);
    CU_ASSERT_EQUAL(csv_f64(&csv, 1, 7, &real), P7_OK);
    CU_ASSERT_EQUAL(real, 1.5);
    CU_ASSERT_EQUAL(csv_i64(&csv, 1, 7, &integer), P7_MALFORMED);
    CU_ASSERT_EQUAL(csv_f64(&csv, 2, 7, &real), P7_MALFORMED);
    CU_ASSERT_PTR_NOT_NULL(strstr(csv.reason, "t.csv:2: column c: \"x1\" is no number"));
    CU_ASSERT_EQUAL_FATAL(csv_next(&csv), P7_OK);
    CU_ASSERT_EQUAL(csv_i64(&csv, 0, 7, &integer), P7_OK);
    CU_ASSERT_EQUAL(integer, 7);
    CU_ASSERT_EQUAL(csv_f64(&csv, 1, NAN, &real), P7_OK);
    CU_ASSERT(isnan(real));
    CU_ASSERT_EQUAL(csv_i64(&csv, 2, 7, &integer), P7_MALFORMED);
    close_text(&csv);
}

static void damage_is_named_by_file_and_line(void)
{
    static const struct {
        const char *text, *says;
        enum p7_status open, next;
    } damaged[] = {
        {"", "empty", P7_MALFORMED, P7_OK},
        {"a,b\n1\n", "t.csv:2: 1 cells where the header has 2", P7_OK, P7_MALFORMED},
        {"a,b\n1,2", "t.csv:2: the file ends in the middle of a row", P7_OK, P7_MALFORMED},
        {"a,b\n1,\"2", "t.csv:2: the file ends inside of a quoted cell", P7_OK, P7_MALFORMED},
        {"a\n\"x\"y\n", "t.csv:2: text after a closing quote", P7_OK, P7_MALFORMED},
    };
    for (size_t i = 0; i < sizeof(damaged) / sizeof(damaged[0]); i++) {
        struct csv csv;
        CU_ASSERT_EQUAL(open_text(&csv, damaged[i].text), damaged[i].open);
        if (damaged[i].open == P7_OK)
            CU_ASSERT_EQUAL(csv_next(&csv), damaged[i].next);
        CU_ASSERT_PTR_NOT_NULL(strstr(csv.reason, damaged[i].says));
        close_text(&csv);
    }
}

static void every_bound_of_a_row_is_held(void)
{
    struct csv csv;
    char *wide = calloc(1, CSV_ROW_OCTETS_MAX + 1000);
    CU_ASSERT_PTR_NOT_NULL_FATAL(wide);
    memset(wide, 'x', CSV_ROW_OCTETS_MAX + 10);
    CU_ASSERT_EQUAL(open_text(&csv, wide), P7_MALFORMED);
    CU_ASSERT_PTR_NOT_NULL(strstr(csv.reason, "octets"));
    close_text(&csv);
    memset(wide, ',', CSV_CELLS_MAX);
    wide[CSV_CELLS_MAX] = '\n';
    wide[CSV_CELLS_MAX + 1] = '\0';
    CU_ASSERT_EQUAL(open_text(&csv, wide), P7_MALFORMED);
    CU_ASSERT_PTR_NOT_NULL(strstr(csv.reason, "cells"));
    close_text(&csv);
    memset(wide, ',', CSV_CELLS_MAX - 1);
    wide[CSV_CELLS_MAX - 1] = '\n';
    wide[CSV_CELLS_MAX] = '\0';
    CU_ASSERT_EQUAL(open_text(&csv, wide), P7_OK);
    CU_ASSERT_EQUAL(csv.header_count, CSV_CELLS_MAX);
    close_text(&csv);
    free(wide);
}

static void a_missing_file_is_told_apart(void)
{
    struct csv csv;
    CU_ASSERT_EQUAL(csv_open(&csv, "/nonexistent", "t.csv"), P7_NOT_FOUND);
    csv_close(&csv);
    CU_ASSERT_EQUAL(csv_open(&csv, "/dev", "null/x"), P7_SYSTEM);
    csv_close(&csv);
}

UNIT_TESTS = {
    UNIT(quoted_cells_may_hold_everything), UNIT(numbers_are_taken_whole_or_not),
    UNIT(damage_is_named_by_file_and_line), UNIT(every_bound_of_a_row_is_held),
    UNIT(a_missing_file_is_told_apart),
};
UNIT_MAIN("csv")
