/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "simulator/core/measure.h"

#include "tests/unit/unit.h"

#define MS  1000000LL
#define SEC 1000000000LL

struct rig {
    struct measure measure;
    struct interval_set set[2];
};

static void rig_open(struct rig *rig)
{
    const struct measure_config config = {.flow_count = 2, .target_count = 2, .warmup_ns = SEC};
    for (unsigned i = 0; i < 2; i++)
        CU_ASSERT_EQUAL_FATAL(interval_create(&rig->set[i], 0, 10 * SEC), P7_OK);
    CU_ASSERT_EQUAL_FATAL(measure_create(&rig->measure, &config, &rig->set[0]), P7_OK);
}

static void rig_close(struct rig *rig)
{
    measure_destroy(&rig->measure);
    for (unsigned i = 0; i < 2; i++)
        interval_destroy(&rig->set[i]);
}

/* A request from being due to its outcome. */
static struct request_record request(struct rig *rig, int64_t due_ns, int64_t response_ns,
                                     enum request_outcome outcome, uint8_t flags)
{
    const struct request_record record = {
        .id = rig->measure.accounting.total.due,
        .due_ns = due_ns,
        .sent_ns = due_ns + 50000,
        .reply_ns = response_ns < 0 ? REQUEST_TIME_NONE : due_ns + response_ns,
        .target = 1,
        .flow = 1,
        .kind = REQUEST_INTERIM,
        .outcome = (uint8_t)outcome,
        .attempts = 1,
        .flags = flags,
    };
    measure_due(&rig->measure, REQUEST_INTERIM, 1, 1, due_ns);
    measure_sent(&rig->measure, due_ns, record.sent_ns, flags);
    measure_completed(&rig->measure, &record);
    return record;
}

/* Histograms keep three digits. */
static bool is_about(int64_t value, int64_t expected)
{
    const int64_t off = value > expected ? value - expected : expected - value;
    return off <= expected / 500;
}

/* MEASUREMENT, "one request": RT = reply - due, as-sent = reply - sent, L = sent - due. */
static void an_ok_reply_counts_from_due_and_from_sent(void)
{
    struct rig rig;
    char text[200];
    rig_open(&rig);
    (void)request(&rig, 2 * SEC, 3 * MS, OUTCOME_OK, 0);
    CU_ASSERT_EQUAL(histogram_count(&rig.measure.response), 1);
    CU_ASSERT(is_about(histogram_max(&rig.measure.response), 3 * MS));
    CU_ASSERT(is_about(histogram_max(&rig.measure.as_sent), 3 * MS - 50000));
    CU_ASSERT(is_about(histogram_max(&rig.measure.lag), 50000));
    CU_ASSERT_EQUAL(histogram_count(&rig.measure.response_of[REQUEST_INTERIM]), 1);
    CU_ASSERT_EQUAL(histogram_count(&rig.measure.response_of[REQUEST_FINAL]), 0);
    CU_ASSERT_EQUAL(rig.measure.sent, 1);
    CU_ASSERT_EQUAL(rig.measure.last_due_ns, 2 * SEC);
    CU_ASSERT_EQUAL(rig.measure.accounting.flows[1].ok, 1);
    CU_ASSERT_EQUAL(rig.measure.accounting.targets[1].ok, 1);
    CU_ASSERT_TRUE(accounting_check(&rig.measure.accounting, 0, text, sizeof(text)));
    rig_close(&rig);
}

/* A refusal in no time must not better the mean. */
static void only_ok_replies_have_response_times(void)
{
    struct rig rig;
    char text[200];
    rig_open(&rig);
    (void)request(&rig, 2 * SEC, 3 * MS, OUTCOME_OK, 0);
    (void)request(&rig, 3 * SEC, 10000, OUTCOME_ERROR, 0);
    (void)request(&rig, 4 * SEC, -1, OUTCOME_TIMEOUT, 0);
    (void)request(&rig, 5 * SEC, -1, OUTCOME_UNANSWERED, 0);
    CU_ASSERT_EQUAL(histogram_count(&rig.measure.response), 1);
    CU_ASSERT_EQUAL(histogram_count(&rig.measure.as_sent), 1);
    CU_ASSERT_EQUAL(rig.measure.glance.completed, 4);
    CU_ASSERT_EQUAL(rig.measure.glance.failed, 3);
    CU_ASSERT_EQUAL(rig.measure.accounting.total.due, 4);
    CU_ASSERT_TRUE(accounting_check(&rig.measure.accounting, 0, text, sizeof(text)));
    struct interval_figures rows[INTERVAL_ROW_COUNT];
    interval_rows(&rig.set[0], 10 * SEC, rows);
    CU_ASSERT_EQUAL(rows[INTERVAL_ROW_TOTAL].succ, 1);
    CU_ASSERT_EQUAL(rows[INTERVAL_ROW_TOTAL].fail, 3);
    rig_close(&rig);
}

static void the_warm_up_is_counted_but_not_in_the_steady_statistics(void)
{
    struct rig rig;
    rig_open(&rig);
    (void)request(&rig, 0, 900 * MS, OUTCOME_OK, REQUEST_FLAG_WARMUP);
    CU_ASSERT_EQUAL(histogram_count(&rig.measure.response), 0);
    CU_ASSERT_EQUAL(histogram_count(&rig.measure.response_of[REQUEST_INTERIM]), 0);
    CU_ASSERT_EQUAL(histogram_count(&rig.measure.as_sent), 0);
    CU_ASSERT_EQUAL(histogram_count(&rig.measure.glance.response), 1);
    CU_ASSERT_EQUAL(rig.measure.accounting.total.ok, 1);
    rig_close(&rig);
}

/* What the peer holds up is not the generator's lag. */
static void a_blocked_request_has_no_lag(void)
{
    struct rig rig;
    rig_open(&rig);
    measure_sent(&rig.measure, 0, 700 * MS, REQUEST_FLAG_BLOCKED);
    CU_ASSERT_EQUAL(histogram_count(&rig.measure.lag), 0);
    CU_ASSERT_EQUAL(rig.measure.glance.lag_max_ns, 0);
    measure_sent(&rig.measure, 0, 2 * MS, 0);
    measure_sent(&rig.measure, 0, MS, 0);
    CU_ASSERT_EQUAL(histogram_count(&rig.measure.lag), 2);
    CU_ASSERT_EQUAL(rig.measure.glance.lag_max_ns, 2 * MS);
    CU_ASSERT_EQUAL(rig.measure.sent, 3);
    rig_close(&rig);
}

static void a_late_answer_is_late_and_not_completed_again(void)
{
    struct rig rig;
    char text[200];
    rig_open(&rig);
    struct request_record record = request(&rig, 2 * SEC, -1, OUTCOME_TIMEOUT, 0);
    record.flags = REQUEST_FLAG_LATE;
    record.reply_ns = 9 * SEC;
    measure_late(&rig.measure, &record);
    measure_unexpected(&rig.measure, REQUEST_INTERIM, 1, 1);
    CU_ASSERT_EQUAL(rig.measure.accounting.total.timeout, 1);
    CU_ASSERT_EQUAL(rig.measure.accounting.total.late, 1);
    CU_ASSERT_EQUAL(rig.measure.accounting.total.duplicate_replies, 1);
    CU_ASSERT_EQUAL(rig.measure.unexpected, 1);
    CU_ASSERT_EQUAL(rig.measure.glance.completed, 1);
    CU_ASSERT_EQUAL(histogram_count(&rig.measure.response), 0);
    CU_ASSERT_TRUE(accounting_check(&rig.measure.accounting, 0, text, sizeof(text)));
    rig_close(&rig);
}

static void an_interval_is_handed_over_whole(void)
{
    struct rig rig;
    struct interval_figures rows[INTERVAL_ROW_COUNT];
    rig_open(&rig);
    (void)request(&rig, 2 * SEC, MS, OUTCOME_OK, 0);
    interval_place(&rig.set[1], interval_end_ns(rig.measure.interval));
    CU_ASSERT_PTR_EQUAL(measure_swap_interval(&rig.measure, &rig.set[1]), &rig.set[0]);
    (void)request(&rig, 11 * SEC, MS, OUTCOME_OK, 0);
    (void)request(&rig, 12 * SEC, MS, OUTCOME_OK, 0);
    interval_rows(&rig.set[0], 10 * SEC, rows);
    CU_ASSERT_EQUAL(rows[INTERVAL_ROW_TOTAL].succ, 1);
    interval_rows(&rig.set[1], 20 * SEC, rows);
    CU_ASSERT_EQUAL(rows[INTERVAL_ROW_TOTAL].succ, 2);
    CU_ASSERT_EQUAL(rows[INTERVAL_ROW_TOTAL].from_ns, 10 * SEC);
    CU_ASSERT_EQUAL(histogram_count(&rig.measure.response), 3);
    rig_close(&rig);
}

static void a_glance_forgets_and_the_run_does_not(void)
{
    struct rig rig;
    rig_open(&rig);
    (void)request(&rig, 2 * SEC, MS, OUTCOME_OK, 0);
    (void)request(&rig, 3 * SEC, MS, OUTCOME_ERROR, 0);
    measure_glance_reset(&rig.measure);
    CU_ASSERT_EQUAL(rig.measure.glance.completed, 0);
    CU_ASSERT_EQUAL(rig.measure.glance.failed, 0);
    CU_ASSERT_EQUAL(rig.measure.glance.lag_max_ns, 0);
    CU_ASSERT_EQUAL(histogram_count(&rig.measure.glance.response), 0);
    CU_ASSERT_EQUAL(histogram_count(&rig.measure.response), 1);
    CU_ASSERT_EQUAL(rig.measure.accounting.total.due, 2);
    rig_close(&rig);
}

static void own_stalls_are_listed_up_to_a_bound_and_counted_beyond(void)
{
    struct rig rig;
    rig_open(&rig);
    for (int64_t i = 0; i < MEASURE_STALLS_MAX + 10; i++)
        measure_stalled(&rig.measure, i * SEC, i * SEC + 2 * MS);
    CU_ASSERT_EQUAL(rig.measure.stall_count, MEASURE_STALLS_MAX + 10);
    CU_ASSERT_EQUAL(rig.measure.stall[0].from_ns, 0);
    CU_ASSERT_EQUAL(rig.measure.stall[MEASURE_STALLS_MAX - 1].to_ns,
                    (MEASURE_STALLS_MAX - 1) * SEC + 2 * MS);
    rig_close(&rig);
}

static void counts_out_of_range_are_refused_and_leave_nothing_behind(void)
{
    struct measure measure;
    struct interval_set set;
    struct measure_config config = {.flow_count = 0, .target_count = 1};
    CU_ASSERT_EQUAL_FATAL(interval_create(&set, 0, SEC), P7_OK);
    CU_ASSERT_EQUAL(measure_create(&measure, &config, &set), P7_RANGE);
    config.flow_count = 1;
    config.target_count = OUTAGE_LANES_MAX;
    CU_ASSERT_EQUAL(measure_create(&measure, &config, &set), P7_RANGE);
    interval_destroy(&set);
}

UNIT_TESTS = {
    UNIT(an_ok_reply_counts_from_due_and_from_sent),
    UNIT(only_ok_replies_have_response_times),
    UNIT(the_warm_up_is_counted_but_not_in_the_steady_statistics),
    UNIT(a_blocked_request_has_no_lag),
    UNIT(a_late_answer_is_late_and_not_completed_again),
    UNIT(an_interval_is_handed_over_whole),
    UNIT(a_glance_forgets_and_the_run_does_not),
    UNIT(own_stalls_are_listed_up_to_a_bound_and_counted_beyond),
    UNIT(counts_out_of_range_are_refused_and_leave_nothing_behind),
};
UNIT_MAIN("measure")
