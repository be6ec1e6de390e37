/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* run.json and the tables, written and read back: what goes in must come out. */
#include "simulator/record/run_json.h"

#include <math.h>

#include "simulator/record/run_files.h"
#include "simulator/record/run_read.h"
#include "tests/unit/simulator/record/scratch.h"
#include "tests/unit/unit.h"

static struct scratch scratch;
static char reason[RUN_REASON_OCTETS];
static struct settings settings;
static struct run_outages outages;
static struct run_association association;
static const struct run_counter counters[] = {{"m3ua.malformed", 3}};
static const struct run_curve_point curve[] = {{0, 5}, {0.5, 10}, {1, 15}};
static const struct run_threshold thresholds[] = {{"p99", "20 ms", "21 ms", false}};

static void fill_outages(void)
{
    memset(&outages, 0, sizeof(outages));
    outages.lane_count = 1;
    outages.lane[0] = (struct run_lane){.name = "all",
                                        .baseline_ns = 1,
                                        .resolution_ns = 2,
                                        .rt_limit_ns = 3,
                                        .gap_limit_ns = 4,
                                        .rt_max_ns = 5,
                                        .rt_max_due_ns = 6,
                                        .gap_max_ns = 7,
                                        .gap_max_start_ns = 8,
                                        .outage_count = 1,
                                        .outages_dropped = 9};
    outages.outage_count = 1;
    outages.outage[0].outage = (struct outage){.start_ns = 10,
                                               .end_ns = 11,
                                               .affected = 12,
                                               .lost = 13,
                                               .rt_max_ns = 14,
                                               .rt_max_id = 15,
                                               .rt_max_due_ns = 16,
                                               .gap_start_ns = 17,
                                               .gap_end_ns = 18,
                                               .gap_open = true,
                                               .last_before_due_ns = REQUEST_TIME_NONE,
                                               .first_after_due_ns = 20,
                                               .excess_ns = 21.5};
    outages.outage[0].estimate[OUTAGE_D_FS] =
        (struct outage_estimate){.known = true, .value_ns = 30, .low_ns = 29, .high_ns = 31};
}

static struct run_record sample(void)
{
    struct run_record record = {
        .version = "9.8.7",
        .command_line = "pulse7-simulator \xff\"<x>\"",
        .config_file = NULL,
        .config_text = "a\nb\t\xc3\xa9\n",
        .settings = &settings,
        .transport_asked = "auto",
        .transport_kind = "usrsctp",
        .transport_verdict = "why",
        .start_wall_ns = INT64_C(1371046500123456789),
        .start_monotonic_ns = 42,
        .elapsed_ns = INT64_C(60000000000),
        .stopped_early = true,
        .threshold_count = 1,
        .threshold = thresholds,
        .rate_target_per_s = 750,
        .rate_achieved_per_s = 749.5,
        .total = {10, 5, 2, 2, 1, 1, 3, 4, 5, 6},
        .response =
            {.count = 5, .clipped = 1, .min_ns = 2, .max_ns = 3, .mean_ns = 2.5, .sd_ns = NAN},
        .curve_count = 3,
        .curve = curve,
        .statistics = {.interval_count = 6, .mean_ms = 1.25, .e_paper_ms = 0.5, .e_bm_ms = NAN},
        .outages = &outages,
        .association_count = 1,
        .association = &association,
        .transport_counters = {.chunks_retransmitted = 77},
        .counter_count = 1,
        .counter = counters,
        .recorder = {.records_put = 10, .records_written = 9, .error_number = 28},
        .cpu = {.user_ns = 1, .worker_share = 0.5, .worker_share_peak = NAN},
    };
    record.validity.valid = false;
    record.validity.reason_count = 1;
    (void)snprintf(record.validity.reasons[0], VALIDITY_REASON_CHARS, "because");
    record.response.quantile_ns[RUN_QUANTILES - 1] = 99;
    record.kind[REQUEST_FINAL].due = 123;
    return record;
}

static void write_tables(void)
{
    struct run_table table;
    const struct interval_row row = {.index = 3,
                                     .start_ns = 30,
                                     .kind = "total",
                                     .n = 4,
                                     .succ = 3,
                                     .fail = 1,
                                     .retransmissions = 5,
                                     .duplicates = 6,
                                     .throughput_per_s = 7.125,
                                     .mean_ms = 1.5,
                                     .min_ms = 1.25,
                                     .max_ms = NAN,
                                     .variance_ms2 = 0.5,
                                     .sd_ms = 0.25,
                                     .p50_ms = 1,
                                     .p90_ms = 2,
                                     .p99_ms = 3,
                                     .p999_ms = 4,
                                     .end_ns = 40,
                                     .due = 8,
                                     .late = 9};
    const struct series_row slot = {.start_ns = 100, .n = 2, .failed = 1, .max_ms = 3.5};
    const struct event_row event = {5, "exec", "command", "a,\"b\"\nc"};
    CU_ASSERT_EQUAL(intervals_open(&table, scratch.path), P7_OK);
    intervals_put(&table, &row);
    CU_ASSERT_EQUAL(run_table_close(&table), P7_OK);
    CU_ASSERT_EQUAL(series_open(&table, scratch.path), P7_OK);
    series_put(&table, &slot);
    CU_ASSERT_EQUAL(run_table_close(&table), P7_OK);
    CU_ASSERT_EQUAL(events_open(&table, scratch.path), P7_OK);
    events_put(&table, &event);
    CU_ASSERT_EQUAL(run_table_close(&table), P7_OK);
}

static void begin(void)
{
    scratch_create(&scratch);
    fill_outages();
    association = (struct run_association){.name = "asp-1", .has_after = true};
    association.after.profile.rto_min_ms = 100;
    association.after.path_count = 1;
    association.after.path[0].rto_ms = 200;
    const struct run_record record = sample();
    CU_ASSERT_EQUAL(run_json_write(scratch.path, &record, reason, sizeof(reason)), P7_OK);
    write_tables();
}

static void what_is_written_is_read_back(void)
{
    struct run *run = NULL;
    begin();
    CU_ASSERT_EQUAL_FATAL(run_open(scratch.path, &run, reason, sizeof(reason)), P7_OK);
    const struct run_record *r = &run->record;
    CU_ASSERT_STRING_EQUAL(r->version, "9.8.7");
    CU_ASSERT_STRING_EQUAL(r->command_line, "pulse7-simulator \xef\xbf\xbd\"<x>\"");
    CU_ASSERT_PTR_NULL(r->config_file);
    CU_ASSERT_STRING_EQUAL(r->config_text, "a\nb\t\xc3\xa9\n");
    CU_ASSERT_EQUAL(r->start_wall_ns, INT64_C(1371046500123456789));
    CU_ASSERT(r->stopped_early);
    CU_ASSERT_FALSE(r->validity.valid);
    CU_ASSERT_EQUAL(r->validity.reason_count, 1);
    CU_ASSERT_STRING_EQUAL(r->validity.reasons[0], "because");
    CU_ASSERT_EQUAL(r->rate_achieved_per_s, 749.5);
    CU_ASSERT_EQUAL(memcmp(&r->total, &(struct accounting_counts){10, 5, 2, 2, 1, 1, 3, 4, 5, 6},
                           sizeof(r->total)),
                    0);
    CU_ASSERT_EQUAL(r->kind[REQUEST_FINAL].due, 123);
    CU_ASSERT_EQUAL(r->response.quantile_ns[RUN_QUANTILES - 1], 99);
    CU_ASSERT(isnan(r->response.sd_ns));
    CU_ASSERT_EQUAL(r->curve_count, 3);
    CU_ASSERT_EQUAL(r->curve[1].value_ns, 10);
    CU_ASSERT(isnan(r->statistics.e_bm_ms));
    CU_ASSERT_EQUAL(r->statistics.e_paper_ms, 0.5);
    CU_ASSERT_FALSE(r->threshold[0].passed);
    CU_ASSERT_STRING_EQUAL(r->threshold[0].actual, "21 ms");
    CU_ASSERT_EQUAL(r->outages->outage[0].outage.last_before_due_ns, REQUEST_TIME_NONE);
    CU_ASSERT(r->outages->outage[0].outage.gap_open);
    CU_ASSERT_EQUAL(r->outages->outage[0].outage.excess_ns, 21.5);
    CU_ASSERT_EQUAL(r->outages->outage[0].estimate[OUTAGE_D_FS].high_ns, 31);
    CU_ASSERT_FALSE(r->outages->outage[0].estimate[OUTAGE_D_MAX].known);
    CU_ASSERT_EQUAL(r->outages->lane[0].outages_dropped, 9);
    CU_ASSERT_STRING_EQUAL(r->association[0].name, "asp-1");
    CU_ASSERT_FALSE(r->association[0].has_before);
    CU_ASSERT_EQUAL(r->association[0].after.path[0].rto_ms, 200);
    CU_ASSERT_EQUAL(r->transport_counters.chunks_retransmitted, 77);
    CU_ASSERT_EQUAL(r->counter_count, 1);
    CU_ASSERT_EQUAL(r->counter[0].value, 3);
    CU_ASSERT_EQUAL(r->recorder.error_number, 28);
    CU_ASSERT(isnan(r->cpu.worker_share_peak));
    run_close(run);
    scratch_remove_tree(scratch.path);
}

static void targets_say_who_we_are_to_the_peer(void)
{
    static struct target_settings cluster = {.name = "cluster",
                                             .as_count = 2,
                                             .as = {"node-a", "node-b"},
                                             .policy = TARGET_POLICY_ROUND_ROBIN};
    static const uint8_t party[] = {0x42, 0x92, 0x0f};
    struct run_target target;
    struct run *run = NULL;
    scratch_create(&scratch);
    run_target_of(&target, &cluster, bytes_of(party, sizeof(party)));
    struct run_record record = sample();
    record.target_count = 1;
    record.target = &target;
    CU_ASSERT_EQUAL(run_json_write(scratch.path, &record, reason, sizeof(reason)), P7_OK);
    write_tables();
    CU_ASSERT_EQUAL_FATAL(run_open(scratch.path, &run, reason, sizeof(reason)), P7_OK);
    json_t *expected = json_pack("[{s:s,s:s,s:s,s:[s,s]}]", "name", "cluster", "origin", "42920f",
                                 "policy", "round-robin", "as", "node-a", "node-b");
    CU_ASSERT(json_equal(json_object_get(run->root, "targets"), expected));
    json_decref(expected);
    run_close(run);
    CU_ASSERT_EQUAL(run_targets_write(scratch.path, &target, 1), P7_OK);
    CU_ASSERT_STRING_EQUAL(scratch_read(&scratch, RUN_FILE_TARGETS),
                           "name,origin,policy,as\ncluster,42920f,round-robin,node-a;node-b\n");
    scratch_remove_tree(scratch.path);
}

static void rows_of_the_tables_are_read_back(void)
{
    struct run *run = NULL;
    begin();
    CU_ASSERT_EQUAL_FATAL(run_open(scratch.path, &run, reason, sizeof(reason)), P7_OK);
    CU_ASSERT_EQUAL_FATAL(run->interval_count, 1);
    const struct interval_row *row = &run->interval[0].row;
    CU_ASSERT_STRING_EQUAL(row->kind, "total");
    CU_ASSERT(row->index == 3 && row->start_ns == 30 && row->end_ns == 40);
    CU_ASSERT(row->n == 4 && row->succ == 3 && row->fail == 1);
    CU_ASSERT(row->retransmissions == 5 && row->duplicates == 6);
    CU_ASSERT(row->due == 8 && row->late == 9);
    CU_ASSERT(row->throughput_per_s == 7.125 && row->mean_ms == 1.5 && row->min_ms == 1.25);
    CU_ASSERT(isnan(row->max_ms));
    CU_ASSERT(row->variance_ms2 == 0.5 && row->sd_ms == 0.25);
    CU_ASSERT(row->p50_ms == 1 && row->p90_ms == 2 && row->p99_ms == 3 && row->p999_ms == 4);
    CU_ASSERT_EQUAL_FATAL(run->series_count, 1);
    CU_ASSERT(run->series[0].start_ns == 100 && run->series[0].n == 2);
    CU_ASSERT(run->series[0].failed == 1 && run->series[0].max_ms == 3.5);
    CU_ASSERT_EQUAL_FATAL(run->event_count, 1);
    CU_ASSERT_STRING_EQUAL(run->event[0].detail, "a,\"b\"\nc");
    run_close(run);
    scratch_remove_tree(scratch.path);
}

/* Every member is needed, and none may be of another kind: whatever is cut away or changed, the
 * reader says so in a sentence that names the file, and never crashes. */
static void damaged_json_is_refused_by_name(void)
{
    struct run *run = NULL;
    begin();
    static char whole[sizeof(scratch.text)];
    (void)snprintf(whole, sizeof(whole), "%s", scratch_read(&scratch, RUN_FILE_JSON));
    const size_t octets = strlen(whole);
    for (size_t cut = 0; cut + 2 < octets; cut += 97) {
        const char kept = whole[cut];
        whole[cut] = '\0';
        scratch_write(&scratch, RUN_FILE_JSON, whole);
        whole[cut] = kept;
        CU_ASSERT_EQUAL(run_open(scratch.path, &run, reason, sizeof(reason)), P7_MALFORMED);
        CU_ASSERT_PTR_NOT_NULL(strstr(reason, "run.json"));
    }
    static const char *const members[] = {"\"valid\"",      "\"due\"",         "\"min_ns\"",
                                          "\"p99.9\"",      "\"E_bm_ms\"",     "\"lane\"",
                                          "\"rto_min_ms\"", "\"records_put\"", "\"user_ns\"",
                                          "\"elapsed_ns\"", "\"baseline_ns\"", "\"D_gap\""};
    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        char *at = strstr(whole, members[i]);
        CU_ASSERT_PTR_NOT_NULL_FATAL(at);
        at[1] = '_';
        scratch_write(&scratch, RUN_FILE_JSON, whole);
        at[1] = members[i][1];
        CU_ASSERT_EQUAL(run_open(scratch.path, &run, reason, sizeof(reason)), P7_MALFORMED);
        CU_ASSERT_PTR_NOT_NULL(strstr(reason, "run.json: member"));
    }
    scratch_remove_tree(scratch.path);
}

static void a_later_format_and_a_missing_run_are_told_apart(void)
{
    struct run *run = NULL;
    begin();
    scratch_write(&scratch, RUN_FILE_JSON, "{\"format\": 2, \"version\": \"12.0\"}");
    CU_ASSERT_EQUAL(run_open(scratch.path, &run, reason, sizeof(reason)), P7_UNSUPPORTED);
    CU_ASSERT_PTR_NOT_NULL(strstr(reason, "12.0"));
    scratch_write(&scratch, RUN_FILE_JSON, "[1]");
    CU_ASSERT_EQUAL(run_open(scratch.path, &run, reason, sizeof(reason)), P7_MALFORMED);
    CU_ASSERT_EQUAL(run_open("/nonexistent", &run, reason, sizeof(reason)), P7_NOT_FOUND);
    CU_ASSERT_PTR_NOT_NULL(strstr(reason, "/nonexistent/run.json"));
    scratch_remove_tree(scratch.path);
}

static void an_incomplete_record_makes_a_run_invalid(void)
{
    struct validity validity = {.valid = true};
    struct recorder_counters complete = {.records_put = 5, .records_written = 5};
    run_validity_add_recorder(&validity, &complete);
    CU_ASSERT(validity.valid);
    complete.records_lost_full = 7;
    run_validity_add_recorder(&validity, &complete);
    CU_ASSERT_FALSE(validity.valid);
    CU_ASSERT_EQUAL(validity.reason_count, 1);
    CU_ASSERT_PTR_NOT_NULL(strstr(validity.reasons[0], "7 rows lost"));
}

static void a_curve_ends_at_the_maximum(void)
{
    struct histogram h;
    struct run_curve_point points[RUN_CURVE_POINTS_MAX];
    CU_ASSERT_EQUAL_FATAL(histogram_create_ns(&h), P7_OK);
    CU_ASSERT_EQUAL(run_curve_of(&h, points, RUN_CURVE_POINTS_MAX), 0);
    for (int64_t i = 1; i <= 1000000; i++)
        CU_ASSERT(histogram_record(&h, i * 1000));
    const uint32_t count = run_curve_of(&h, points, RUN_CURVE_POINTS_MAX);
    CU_ASSERT(count > 50 && count < RUN_CURVE_POINTS_MAX);
    for (uint32_t i = 1; i < count; i++)
        CU_ASSERT(points[i].quantile > points[i - 1].quantile &&
                  points[i].value_ns >= points[i - 1].value_ns);
    CU_ASSERT_EQUAL(points[count - 1].quantile, 1);
    CU_ASSERT_EQUAL(points[count - 1].value_ns, 1000000000);
    CU_ASSERT_EQUAL(run_curve_of(&h, points, 1), 1);
    CU_ASSERT_EQUAL(points[0].value_ns, 1000000000);
    histogram_destroy(&h);
}

UNIT_TESTS = {
    UNIT(what_is_written_is_read_back),
    UNIT(rows_of_the_tables_are_read_back),
    UNIT(targets_say_who_we_are_to_the_peer),
    UNIT(damaged_json_is_refused_by_name),
    UNIT(a_later_format_and_a_missing_run_are_told_apart),
    UNIT(an_incomplete_record_makes_a_run_invalid),
    UNIT(a_curve_ends_at_the_maximum),
};
UNIT_MAIN("run_json")
