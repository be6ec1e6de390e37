/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "responder/core/statistics.h"

#include <string.h>

#include "tests/unit/unit.h"

#define MS 1000000ull
#define S  (1000 * MS)

/* The row of the studies: 1334 0 0 0 133 2 1 23. */
static void fill(struct statistics *statistics)
{
    statistics_reset(statistics);
    statistics_reply(statistics, SERVICE_ONESHOT, SERVICE_SUCC, 23 * MS);
    statistics_reply(statistics, SERVICE_ONESHOT, SERVICE_SUCC, 1 * MS);
    for (unsigned i = 0; i < 1332; i++)
        statistics_reply(statistics, SERVICE_ONESHOT, SERVICE_SUCC, 2 * MS);
}

static void the_table_reads_as_the_studies_table(void)
{
    static const char golden[] =
        "         |          |          | Retransm. | Duplicate | Thruput |   Response time (ms)\n"
        "         |     Succ |     Fail |  Detected |  Answered |    (/s) |    avg     min     "
        "max\n"
        "initial  |        1 |        1 |         0 |         0 |       0 |   0.30    0.10    "
        "0.50\n"
        "interim  |        0 |        0 |         0 |         0 |       0 |      -       -       "
        "-\n"
        "final    |        0 |        1 |         3 |         2 |       0 |      -       -       "
        "-\n"
        "event    |        0 |        0 |         0 |         0 |       0 |      -       -       "
        "-\n"
        "oneshot  |     1334 |        0 |         0 |         0 |     133 |      2       1      "
        "23\n";
    struct statistics statistics;
    char text[STATISTICS_TEXT_OCTETS];
    fill(&statistics);
    statistics_reply(&statistics, SERVICE_INITIAL, SERVICE_NO_CREDIT, 100000);
    statistics_reply(&statistics, SERVICE_INITIAL, SERVICE_FAIL, 500000);
    statistics_unanswered(&statistics, SERVICE_FINAL);
    for (unsigned i = 0; i < 3; i++)
        statistics_retransmission(&statistics, SERVICE_FINAL);
    statistics_duplicate(&statistics, SERVICE_FINAL);
    statistics_duplicate(&statistics, SERVICE_FINAL);
    CU_ASSERT_EQUAL(statistics_format(&statistics, 10 * S, text, sizeof(text)), strlen(golden));
    CU_ASSERT_STRING_EQUAL(text, golden);
}

static void the_csv_form_has_microseconds_and_empty_cells(void)
{
    static const char golden[] = "20000,initial,1,0,1,0,0,0,0.300,0.300,0.300\n"
                                 "20000,interim,0,0,0,0,0,0,,,\n"
                                 "20000,final,0,0,0,0,0,0,,,\n"
                                 "20000,event,0,0,0,0,0,0,,,\n"
                                 "20000,oneshot,1334,0,0,0,0,133,2014.993,1000.000,23000.000\n";
    struct statistics statistics;
    char text[STATISTICS_TEXT_OCTETS];
    fill(&statistics);
    statistics_reply(&statistics, SERVICE_INITIAL, SERVICE_NO_CREDIT, 300);
    (void)statistics_csv(&statistics, 10 * S, 20000, text, sizeof(text));
    CU_ASSERT_STRING_EQUAL(text, golden);
    unsigned head = 0, line = 0;
    for (const char *c = statistics_csv_head(); *c != '\0'; c++)
        head += *c == ',';
    for (const char *c = text; *c != '\n'; c++)
        line += *c == ',';
    CU_ASSERT_EQUAL(head, line);
}

static void text_is_cut_at_its_room_and_stays_terminated(void)
{
    struct statistics statistics;
    char whole[STATISTICS_TEXT_OCTETS];
    char text[STATISTICS_TEXT_OCTETS];
    fill(&statistics);
    const size_t length = statistics_format(&statistics, 10 * S, whole, sizeof(whole));
    CU_ASSERT_EQUAL(statistics_format(&statistics, 10 * S, text, 0), 0);
    for (size_t room = 1; room <= length + 1; room++) {
        CU_ASSERT_EQUAL(statistics_format(&statistics, 10 * S, text, room), room - 1);
        CU_ASSERT_EQUAL(text[room - 1], '\0');
        CU_ASSERT_EQUAL(memcmp(text, whole, room - 1), 0);
    }
}

static void the_largest_counts_fit_into_the_text(void)
{
    struct statistics statistics;
    char text[STATISTICS_TEXT_OCTETS];
    memset(&statistics, 0xff, sizeof(statistics));
    CU_ASSERT_TRUE(statistics_format(&statistics, 1, text, sizeof(text)) < sizeof(text) - 1);
    CU_ASSERT_TRUE(statistics_csv(&statistics, 1, UINT64_MAX, text, sizeof(text)) <
                   sizeof(text) - 1);
}

static void intervals_merge_into_the_totals_of_the_run(void)
{
    struct statistics total, interval;
    statistics_reset(&total);
    statistics_reset(&interval);
    statistics_merge(&total, &interval);
    CU_ASSERT_EQUAL(total.row[SERVICE_EVENT].response_ns_min, 0);
    statistics_reply(&interval, SERVICE_EVENT, SERVICE_SUCC, 5 * MS);
    statistics_merge(&total, &interval);
    statistics_reset(&interval);
    statistics_reply(&interval, SERVICE_EVENT, SERVICE_FAIL, 3 * MS);
    statistics_reply(&interval, SERVICE_NO_REQUEST, SERVICE_FAIL, 9 * MS);
    statistics_merge(&total, &interval);
    const struct statistics_row *row = &total.row[SERVICE_EVENT];
    CU_ASSERT_EQUAL(row->succ, 1);
    CU_ASSERT_EQUAL(row->fail, 1);
    CU_ASSERT_EQUAL(row->response_ns_min, 3 * MS);
    CU_ASSERT_EQUAL(row->response_ns_max, 5 * MS);
    CU_ASSERT_EQUAL(row->response_ns_sum, 8 * MS);
}

UNIT_TESTS = {
    UNIT(the_table_reads_as_the_studies_table),
    UNIT(the_csv_form_has_microseconds_and_empty_cells),
    UNIT(text_is_cut_at_its_room_and_stays_terminated),
    UNIT(the_largest_counts_fit_into_the_text),
    UNIT(intervals_merge_into_the_totals_of_the_run),
};
UNIT_MAIN("responder/core/statistics")
