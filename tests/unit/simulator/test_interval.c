/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "simulator/core/interval.h"

#include <math.h>
#include <string.h>

#include "sigtran/base/random.h"
#include "tests/unit/unit.h"

#define SECOND INT64_C(1000000000)
#define MS     INT64_C(1000000)

static struct request_record ok_record(enum request_kind kind, int64_t due_ns, int64_t response_ns)
{
    return (struct request_record){.kind = (uint8_t)kind,
                                   .outcome = OUTCOME_OK,
                                   .due_ns = due_ns,
                                   .sent_ns = due_ns,
                                   .reply_ns = due_ns + response_ns,
                                   .attempts = 1};
}

static void a_row_holds_the_figures_of_a_naive_computation(void)
{
    struct interval_set set;
    CU_ASSERT_EQUAL_FATAL(interval_create(&set, 0, INTERVAL_LENGTH_NS), P7_OK);
    struct random_state random;
    random_seed(&random, 1);
    enum { N = 20000 };
    double sum = 0.0;
    double squares = 0.0;
    struct histogram histogram;
    CU_ASSERT_EQUAL_FATAL(histogram_create_ns(&histogram), P7_OK);
    for (int i = 0; i < N; i++) {
        const int64_t response_ns = MS + (int64_t)random_exponential(&random, 2e6);
        const struct request_record r = ok_record(REQUEST_INITIAL, i, response_ns);
        interval_due(&set, REQUEST_INITIAL);
        interval_complete(&set, &r);
        sum += (double)response_ns / 1e6;
        squares += (double)response_ns / 1e6 * ((double)response_ns / 1e6);
        CU_ASSERT_TRUE_FATAL(histogram_record(&histogram, response_ns));
    }
    struct interval_figures rows[INTERVAL_ROW_COUNT];
    interval_rows(&set, 100 * SECOND, rows);
    const struct interval_figures *row = &rows[REQUEST_INITIAL];
    const double mean = sum / N;
    CU_ASSERT_EQUAL(row->from_ns, 0);
    CU_ASSERT_EQUAL(row->to_ns, INTERVAL_LENGTH_NS);
    CU_ASSERT_EQUAL(row->due, N);
    CU_ASSERT_EQUAL(row->n, N);
    CU_ASSERT_EQUAL(row->succ, N);
    CU_ASSERT_EQUAL(row->fail, 0);
    CU_ASSERT_DOUBLE_EQUAL(row->throughput, N / 10.0, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(row->mean_ns / 1e6, mean, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(row->variance_ns2 / 1e12, squares / N - mean * mean, 1e-6);
    CU_ASSERT_DOUBLE_EQUAL(row->sd_ns, sqrt(row->variance_ns2), 1e-6);
    CU_ASSERT_EQUAL(row->min_ns, histogram_min(&histogram));
    CU_ASSERT_EQUAL(row->max_ns, histogram_max(&histogram));
    CU_ASSERT_EQUAL(row->p50_ns, histogram_percentile(&histogram, 50.0));
    CU_ASSERT_EQUAL(row->p90_ns, histogram_percentile(&histogram, 90.0));
    CU_ASSERT_EQUAL(row->p99_ns, histogram_percentile(&histogram, 99.0));
    CU_ASSERT_EQUAL(row->p99_9_ns, histogram_percentile(&histogram, 99.9));
    CU_ASSERT_EQUAL(memcmp(row, &rows[INTERVAL_ROW_TOTAL], sizeof(*row)), 0);
    CU_ASSERT_EQUAL(histogram_count(interval_histogram(&set, INTERVAL_ROW_TOTAL)), N);
    CU_ASSERT_EQUAL(histogram_count(interval_histogram(&set, REQUEST_EVENT)), 0);
    histogram_destroy(&histogram);
    interval_destroy(&set);
}

static void the_total_merges_kinds_and_never_averages_percentiles(void)
{
    struct interval_set set;
    CU_ASSERT_EQUAL_FATAL(interval_create(&set, 0, SECOND), P7_OK);
    for (int i = 0; i < 990; i++) {
        const struct request_record r = ok_record(REQUEST_ONESHOT, 0, MS);
        interval_complete(&set, &r);
    }
    for (int i = 0; i < 10; i++) {
        const struct request_record r = ok_record(REQUEST_EVENT, 0, 1000 * MS);
        interval_complete(&set, &r);
    }
    struct interval_figures rows[INTERVAL_ROW_COUNT];
    interval_close(&set, rows);
    CU_ASSERT_EQUAL(rows[INTERVAL_ROW_TOTAL].succ, 1000);
    CU_ASSERT_DOUBLE_EQUAL((double)rows[INTERVAL_ROW_TOTAL].p99_ns, 1e6, 1e3);
    CU_ASSERT_DOUBLE_EQUAL((double)rows[INTERVAL_ROW_TOTAL].p99_9_ns, 1e9, 1e6);
    CU_ASSERT_DOUBLE_EQUAL(rows[INTERVAL_ROW_TOTAL].mean_ns, 10.99e6, 1.0);
    CU_ASSERT_EQUAL(rows[INTERVAL_ROW_TOTAL].min_ns, MS);
    CU_ASSERT_EQUAL(rows[INTERVAL_ROW_TOTAL].max_ns, 1000 * MS);
    interval_destroy(&set);
}

static void failures_count_but_have_no_part_in_response_times(void)
{
    struct interval_set set;
    CU_ASSERT_EQUAL_FATAL(interval_create(&set, 0, SECOND), P7_OK);
    struct request_record r = ok_record(REQUEST_ONESHOT, 0, 4 * MS);
    r.attempts = 3;
    interval_complete(&set, &r);
    r = ok_record(REQUEST_ONESHOT, 0, MS / 100); /* refused at once */
    r.outcome = OUTCOME_ERROR;
    interval_complete(&set, &r);
    r.outcome = OUTCOME_UNANSWERED;
    r.reply_ns = REQUEST_TIME_NONE;
    interval_complete(&set, &r);
    r.outcome = OUTCOME_TIMEOUT;
    r.flags = REQUEST_FLAG_LATE;
    r.attempts = 2;
    r.reply_ns = 900 * MS;
    interval_complete(&set, &r);
    interval_late(&set, REQUEST_ONESHOT);
    interval_duplicate(&set, REQUEST_ONESHOT);
    struct interval_figures rows[INTERVAL_ROW_COUNT];
    interval_close(&set, rows);
    const struct interval_figures *row = &rows[REQUEST_ONESHOT];
    CU_ASSERT_EQUAL(row->n, 4);
    CU_ASSERT_EQUAL(row->succ, 1);
    CU_ASSERT_EQUAL(row->fail, 3);
    CU_ASSERT_EQUAL(row->retransmissions, 3);
    CU_ASSERT_EQUAL(row->late, 2);
    CU_ASSERT_EQUAL(row->duplicates, 1);
    CU_ASSERT_EQUAL(row->min_ns, 4 * MS);
    CU_ASSERT_EQUAL(row->max_ns, 4 * MS);
    interval_destroy(&set);
}

static void the_next_interval_starts_from_nothing_where_the_last_one_ended(void)
{
    struct interval_set set;
    CU_ASSERT_EQUAL_FATAL(interval_create(&set, 5 * SECOND, SECOND), P7_OK);
    const struct request_record r = ok_record(REQUEST_FINAL, 0, MS);
    interval_due(&set, REQUEST_FINAL);
    interval_complete(&set, &r);
    interval_duplicate(&set, REQUEST_FINAL);
    struct interval_figures rows[INTERVAL_ROW_COUNT];
    interval_close(&set, rows);
    CU_ASSERT_EQUAL(rows[INTERVAL_ROW_TOTAL].succ, 1);
    CU_ASSERT_EQUAL(interval_end_ns(&set), 7 * SECOND);
    interval_close(&set, rows);
    const struct interval_figures nothing = {.from_ns = 6 * SECOND, .to_ns = 7 * SECOND};
    for (size_t i = 0; i < INTERVAL_ROW_COUNT; i++)
        CU_ASSERT_EQUAL(memcmp(&rows[i], &nothing, sizeof(nothing)), 0);
    interval_destroy(&set);
}

static void a_cut_interval_has_its_throughput_over_the_time_that_it_had(void)
{
    struct interval_set set;
    CU_ASSERT_EQUAL_FATAL(interval_create(&set, 0, INTERVAL_LENGTH_NS), P7_OK);
    for (int i = 0; i < 100; i++) {
        const struct request_record r = ok_record(REQUEST_FINAL, 0, MS);
        interval_complete(&set, &r);
    }
    struct interval_figures rows[INTERVAL_ROW_COUNT];
    interval_rows(&set, 2 * SECOND, rows);
    CU_ASSERT_DOUBLE_EQUAL(rows[REQUEST_FINAL].throughput, 50.0, 1e-9);
    interval_rows(&set, 0, rows);
    CU_ASSERT_EQUAL(rows[REQUEST_FINAL].throughput, 0.0);
    /* Asking twice counts nothing twice. */
    CU_ASSERT_EQUAL(rows[INTERVAL_ROW_TOTAL].succ, 100);
    CU_ASSERT_EQUAL(histogram_count(interval_histogram(&set, INTERVAL_ROW_TOTAL)), 100);
    interval_destroy(&set);
}

static void merged_threads_make_the_rows_of_one(void)
{
    struct interval_set one;
    struct interval_set two;
    struct interval_set both;
    CU_ASSERT_EQUAL_FATAL(interval_create(&one, 0, SECOND), P7_OK);
    CU_ASSERT_EQUAL_FATAL(interval_create(&two, 0, SECOND), P7_OK);
    CU_ASSERT_EQUAL_FATAL(interval_create(&both, 0, SECOND), P7_OK);
    struct random_state random;
    random_seed(&random, 2);
    for (int i = 0; i < 3000; i++) {
        struct request_record r =
            ok_record((enum request_kind)random_below(&random, REQUEST_KIND_COUNT), 0,
                      (int64_t)random_exponential(&random, 1e7));
        r.outcome = random_below(&random, 10) == 0 ? OUTCOME_ERROR : OUTCOME_OK;
        struct interval_set *set = random_below(&random, 2) == 0 ? &one : &two;
        interval_due(set, (enum request_kind)r.kind);
        interval_due(&both, (enum request_kind)r.kind);
        interval_complete(set, &r);
        interval_complete(&both, &r);
    }
    interval_merge(&one, &two);
    struct interval_figures merged[INTERVAL_ROW_COUNT];
    struct interval_figures expected[INTERVAL_ROW_COUNT];
    interval_close(&one, merged);
    interval_close(&both, expected);
    CU_ASSERT_EQUAL(memcmp(merged, expected, sizeof(merged)), 0);
    interval_destroy(&one);
    interval_destroy(&two);
    interval_destroy(&both);
}

static void the_table_is_the_one_of_the_studies(void)
{
    struct interval_figures rows[INTERVAL_ROW_COUNT] = {{0}};
    rows[REQUEST_INITIAL] = (struct interval_figures){.succ = 1334,
                                                      .retransmissions = 7,
                                                      .duplicates = 2,
                                                      .throughput = 133.4,
                                                      .mean_ns = 2.25e6,
                                                      .min_ns = MS,
                                                      .max_ns = 23 * MS};
    rows[REQUEST_FINAL].fail = 3;
    char text[2000];
    const size_t length = interval_format_table(rows, text, sizeof(text));
    CU_ASSERT_EQUAL(length, strlen(text));
    CU_ASSERT_PTR_NOT_NULL(strstr(text,
                                  "Succ |   Fail | Retransmission Detected | Duplicate "
                                  "Answered | Thruput (/s) | Response time avg min max (ms)\n"));
    CU_ASSERT_PTR_NOT_NULL(
        strstr(text, "\ninitial |     1334 |      0 |                       7 |                  2 "
                     "|          133 | 2.250 1.000 23.000\n"));
    CU_ASSERT_PTR_NOT_NULL(
        strstr(text, "\nevent   |        0 |      0 |                       0 |                  0 "
                     "|            0 | - - -\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "\nfinal   |        0 |      3 |"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "\ntotal   |"));
    char row[100];
    rows[REQUEST_INITIAL].retransmissions = 0;
    rows[REQUEST_INITIAL].duplicates = 0;
    CU_ASSERT_EQUAL(interval_format_row(&rows[REQUEST_INITIAL], 0, row, sizeof(row)), 21);
    CU_ASSERT_STRING_EQUAL(row, "1334 0 0 0 133 2 1 23");
    CU_ASSERT(interval_format_row(&rows[REQUEST_EVENT], 3, row, sizeof(row)) > 0);
    CU_ASSERT_STRING_EQUAL(row, "0 0 0 0 0 - - -");
}

static void a_text_that_does_not_fit_is_cut_and_says_how_long_it_is(void)
{
    const struct interval_figures rows[INTERVAL_ROW_COUNT] = {{0}};
    char whole[2000];
    char cut[100];
    const size_t length = interval_format_table(rows, whole, sizeof(whole));
    for (size_t room = 1; room <= sizeof(cut); room++) {
        memset(cut, 'x', sizeof(cut));
        CU_ASSERT_EQUAL_FATAL(interval_format_table(rows, cut, room), length);
        CU_ASSERT_EQUAL_FATAL(strlen(cut), room - 1);
        CU_ASSERT_EQUAL_FATAL(strncmp(cut, whole, room - 1), 0);
    }
    CU_ASSERT_EQUAL(interval_format_table(rows, NULL, 0), length);
}

static void an_interval_without_length_is_refused(void)
{
    struct interval_set set;
    CU_ASSERT_EQUAL(interval_create(&set, 0, 0), P7_RANGE);
    interval_destroy(&set);
}

UNIT_TESTS = {
    UNIT(a_row_holds_the_figures_of_a_naive_computation),
    UNIT(the_total_merges_kinds_and_never_averages_percentiles),
    UNIT(failures_count_but_have_no_part_in_response_times),
    UNIT(the_next_interval_starts_from_nothing_where_the_last_one_ended),
    UNIT(a_cut_interval_has_its_throughput_over_the_time_that_it_had),
    UNIT(merged_threads_make_the_rows_of_one),
    UNIT(the_table_is_the_one_of_the_studies),
    UNIT(a_text_that_does_not_fit_is_cut_and_says_how_long_it_is),
    UNIT(an_interval_without_length_is_refused),
};
UNIT_MAIN("interval")
