/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "simulator/record/recorder.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "sigtran/codec/tcap.h"
#include "simulator/record/run_directory.h"
#include "tests/unit/simulator/record/scratch.h"
#include "tests/unit/unit.h"

static const char *const targets[] = {"node-a", "b,\"x\""};
static const char *const flows[] = {"f0"};
static const char *const nodes[] = {"as-a", "as-b"};

static struct recorder *open_with(const struct scratch *scratch, uint32_t ring_records,
                                  bool journal)
{
    char reason[RUN_REASON_OCTETS] = "";
    const struct recorder_settings settings = {.directory = scratch->path,
                                               .ring_records = ring_records,
                                               .target_count = 2,
                                               .target_names = targets,
                                               .flow_count = 1,
                                               .flow_names = flows,
                                               .node_count = 2,
                                               .node_names = nodes,
                                               .run_tag = 0xabcdef,
                                               .journal = journal};
    struct recorder *recorder = NULL;
    CU_ASSERT_EQUAL_FATAL(recorder_open(&settings, &recorder, reason, sizeof(reason)), P7_OK);
    return recorder;
}

static struct recorder *open_recorder(const struct scratch *scratch, uint32_t ring_records)
{
    return open_with(scratch, ring_records, false);
}

static uint64_t lines_of(const struct scratch *scratch)
{
    char path[512];
    (void)snprintf(path, sizeof(path), "%s/%s", scratch->path, RUN_FILE_REQUESTS);
    FILE *in = fopen(path, "re");
    uint64_t lines = 0;
    for (int c = 0; in != NULL && (c = getc(in)) != EOF;)
        lines += c == '\n';
    if (in != NULL)
        (void)fclose(in);
    return lines;
}

static void every_field_of_a_record_stands_in_its_row(void)
{
    static struct scratch scratch;
    struct recorder_counters counters;
    scratch_create(&scratch);
    struct recorder *recorder = open_recorder(&scratch, 0);
    const struct request_record ok = {.id = 0,
                                      .due_ns = 1333333,
                                      .sent_ns = 1334000,
                                      .reply_ns = 2500000,
                                      .kind = REQUEST_EVENT,
                                      .outcome = OUTCOME_OK,
                                      .attempts = 1,
                                      .call = 258,
                                      .sequence = 3,
                                      .node = 1,
                                      .replies = 2,
                                      .flags = REQUEST_FLAG_NO_CREDIT | REQUEST_FLAG_BLOCKED};
    const struct request_record never = {.id = 18446744073709551615u,
                                         .due_ns = -5,
                                         .sent_ns = REQUEST_TIME_NONE,
                                         .reply_ns = REQUEST_TIME_NONE,
                                         .target = 1,
                                         .flow = 7,
                                         .kind = REQUEST_ONESHOT,
                                         .outcome = OUTCOME_UNANSWERED,
                                         .attempts = 255,
                                         .call = UINT64_C(1) << 40,
                                         .sequence = 65535,
                                         .node = REQUEST_NODE_NONE,
                                         .failure = REQUEST_FAILURE_P_ABORT,
                                         .failure_code = TCAP_P_ABORT_RESOURCE_LIMITATION,
                                         .flags = 0xff};
    CU_ASSERT(recorder_put(recorder, &ok));
    CU_ASSERT(recorder_put(recorder, &never));
    recorder_close(recorder, &counters);
    CU_ASSERT_STRING_EQUAL(scratch_read(&scratch, RUN_FILE_REQUESTS),
                           "id,kind,target,due_ns,sent_ns,reply_ns,outcome,attempts,flow,flags,"
                           "call,sequence,reference,node,replies,cause\n"
                           "0,event,node-a,1333333,1334000,2500000,ok,1,f0,no-credit;blocked,"
                           "258,3,abcdef0000000102,as-b,2,\n"
                           "18446744073709551615,oneshot,\"b,\"\"x\"\"\",-5,,,unanswered,255,#7,"
                           "no-credit;late;warmup;blocked;contradicted,1099511627776,65535,"
                           "abcdef0000000000,,0,p-abort: resource limitation\n");
    CU_ASSERT_STRING_EQUAL(scratch_read(&scratch, RUN_FILE_JOURNAL), "");
    CU_ASSERT_EQUAL(counters.records_put, 2);
    CU_ASSERT_EQUAL(counters.records_written, 2);
    CU_ASSERT(recorder_counters_complete(&counters));
    scratch_remove_tree(scratch.path);
}

static void nothing_is_lost_while_the_ring_has_room(void)
{
    static struct scratch scratch;
    struct recorder_counters counters;
    scratch_create(&scratch);
    struct recorder *recorder = open_recorder(&scratch, 1u << 18);
    struct request_record record = {.outcome = OUTCOME_OK};
    for (record.id = 0; record.id < 200000; record.id++)
        CU_ASSERT(recorder_put(recorder, &record));
    recorder_close(recorder, &counters);
    CU_ASSERT_EQUAL(counters.records_written, 200000);
    CU_ASSERT_EQUAL(lines_of(&scratch), 200001);
    CU_ASSERT(counters.ring_high_water > 0);
    CU_ASSERT(counters.cpu_ns > 0);
    CU_ASSERT(recorder_counters_complete(&counters));
    scratch_remove_tree(scratch.path);
}

static void a_full_ring_refuses_at_once_and_counts(void)
{
    static struct scratch scratch;
    struct recorder_counters counters;
    scratch_create(&scratch);
    struct recorder *recorder = open_recorder(&scratch, RECORDER_RING_RECORDS_MIN);
    struct request_record record = {.outcome = OUTCOME_OK};
    uint64_t taken = 0;
    for (record.id = 0; record.id < 100000; record.id++)
        taken += recorder_put(recorder, &record);
    recorder_close(recorder, &counters);
    CU_ASSERT(counters.records_lost_full > 0);
    CU_ASSERT_EQUAL(counters.records_put, taken);
    CU_ASSERT_EQUAL(counters.records_put + counters.records_lost_full, 100000);
    CU_ASSERT_EQUAL(counters.records_written, taken);
    CU_ASSERT_EQUAL(lines_of(&scratch), taken + 1);
    CU_ASSERT_FALSE(recorder_counters_complete(&counters));
    scratch_remove_tree(scratch.path);
}

static void a_full_disk_costs_the_rows_and_nothing_else(void)
{
    static struct scratch scratch;
    char path[512];
    struct recorder_counters counters;
    scratch_create(&scratch);
    (void)snprintf(path, sizeof(path), "%s/%s", scratch.path, RUN_FILE_REQUESTS);
    CU_ASSERT_EQUAL(symlink("/dev/full", path), 0);
    struct recorder *recorder = open_recorder(&scratch, 1u << 16);
    struct request_record record = {.outcome = OUTCOME_OK};
    for (record.id = 0; record.id < 50000; record.id++)
        CU_ASSERT(recorder_put(recorder, &record));
    recorder_close(recorder, &counters);
    CU_ASSERT_EQUAL(counters.records_lost_disk, 50000);
    CU_ASSERT_EQUAL(counters.records_written, 0);
    CU_ASSERT_EQUAL(counters.error_number, ENOSPC);
    CU_ASSERT_FALSE(recorder_counters_complete(&counters));
    scratch_remove_tree(scratch.path);
}

static void a_place_that_does_not_exist_is_told(void)
{
    char reason[RUN_REASON_OCTETS] = "";
    struct recorder_settings settings = {.directory = "/nonexistent"};
    struct recorder *recorder = NULL;
    CU_ASSERT_EQUAL(recorder_open(&settings, &recorder, reason, sizeof(reason)), P7_SYSTEM);
    CU_ASSERT_PTR_NOT_NULL(strstr(reason, "requests.csv"));
    settings.target_count = RECORDER_NAMES_MAX + 1;
    CU_ASSERT_EQUAL(recorder_open(&settings, &recorder, reason, sizeof(reason)), P7_RANGE);
}

static void every_event_stands_in_the_journal_and_rows_do_not(void)
{
    static struct scratch scratch;
    struct recorder_counters counters;
    scratch_create(&scratch);
    struct recorder *recorder = open_with(&scratch, 0, true);
    struct request_record entry = {.id = 5,
                                   .call = 2,
                                   .event = REQUEST_EVENT_SENT,
                                   .reply_ns = 100,
                                   .node = REQUEST_NODE_NONE};
    CU_ASSERT(recorder_put(recorder, &entry));
    entry = (struct request_record){.id = 5,
                                    .call = 2,
                                    .sequence = 1,
                                    .event = REQUEST_EVENT_OVER,
                                    .reply_ns = 200,
                                    .outcome = OUTCOME_OK,
                                    .flags = REQUEST_FLAG_NO_CREDIT};
    CU_ASSERT(recorder_put(recorder, &entry));
    entry.event = REQUEST_EVENT_AGAIN;
    entry.node = 1;
    entry.flags = REQUEST_FLAG_CONTRADICTED;
    CU_ASSERT(recorder_put(recorder, &entry));
    entry.event = REQUEST_EVENT_LATE;
    CU_ASSERT(recorder_put(recorder, &entry));
    entry.event = REQUEST_EVENT_ROW;
    CU_ASSERT(recorder_put(recorder, &entry));
    recorder_close(recorder, &counters);
    CU_ASSERT_STRING_EQUAL(scratch_read(&scratch, RUN_FILE_JOURNAL),
                           "id,target,reference,sequence,event,at_ns,node,flags\n"
                           "5,node-a,abcdef0000000002,0,sent,100,,\n"
                           "5,node-a,abcdef0000000002,1,ok,200,as-a,no-credit\n"
                           "5,node-a,abcdef0000000002,1,again,200,as-b,contradicted\n"
                           "5,node-a,abcdef0000000002,1,late,200,as-b,contradicted\n");
    CU_ASSERT_EQUAL(lines_of(&scratch), 2);
    CU_ASSERT_EQUAL(counters.records_put, 5);
    CU_ASSERT_EQUAL(counters.records_written, 5);
    CU_ASSERT_EQUAL(counters.journal_entries, 4);
    CU_ASSERT(counters.journal_syncs > 0);
    CU_ASSERT(recorder_counters_complete(&counters));
    scratch_remove_tree(scratch.path);
}

/* Octets of the journal after its last line break, -1: it can't be read. */
static long torn_octets(const char *path, uint64_t *lines)
{
    FILE *in = fopen(path, "re");
    long torn = 0;
    *lines = 0;
    if (in == NULL)
        return -1;
    for (int c = getc(in); c != EOF; c = getc(in)) {
        torn = c == '\n' ? 0 : torn + 1;
        *lines += c == '\n';
    }
    (void)fclose(in);
    return torn;
}

/* Puts 3000 entries, says so when the writer has handed them over by itself, puts more, and never
 * closes anything. */
static void write_until_killed(const struct scratch *scratch, int told)
{
    struct recorder_counters counters = {0};
    struct recorder *recorder = open_with(scratch, 0, true);
    struct request_record entry = {.event = REQUEST_EVENT_OVER};
    const struct timespec nap = {.tv_nsec = 10000000};
    for (; entry.id < 3000; entry.id++)
        (void)recorder_put(recorder, &entry);
    for (unsigned i = 0; i < 3000 && counters.journal_entries < 3000; i++) {
        (void)clock_nanosleep(CLOCK_MONOTONIC, 0, &nap, NULL);
        recorder_get_counters(recorder, &counters);
    }
    if (counters.journal_entries < 3000 || write(told, "!", 1) != 1)
        _exit(1);
    for (;; entry.id++)
        if (!recorder_put(recorder, &entry))
            (void)sched_yield();
}

static void a_killed_process_leaves_whole_lines_of_all_that_was_handed_over(void)
{
    static struct scratch scratch;
    char path[512];
    int told[2];
    scratch_create(&scratch);
    (void)snprintf(path, sizeof(path), "%s/%s", scratch.path, RUN_FILE_JOURNAL);
    CU_ASSERT_EQUAL_FATAL(pipe(told), 0);
    const pid_t child = fork();
    CU_ASSERT_NOT_EQUAL_FATAL(child, -1);
    if (child == 0)
        write_until_killed(&scratch, told[1]);
    (void)close(told[1]);
    char mark;
    CU_ASSERT_EQUAL(read(told[0], &mark, 1), 1);
    CU_ASSERT_EQUAL(kill(child, SIGKILL), 0);
    CU_ASSERT_EQUAL(waitpid(child, NULL, 0), child);
    uint64_t lines;
    CU_ASSERT(torn_octets(path, &lines) >= 0);
    CU_ASSERT(lines >= 3001);
    (void)close(told[0]);
    scratch_remove_tree(scratch.path);
}

UNIT_TESTS = {
    UNIT(every_event_stands_in_the_journal_and_rows_do_not),
    UNIT(a_killed_process_leaves_whole_lines_of_all_that_was_handed_over),
    UNIT(every_field_of_a_record_stands_in_its_row),
    UNIT(nothing_is_lost_while_the_ring_has_room),
    UNIT(a_full_ring_refuses_at_once_and_counts),
    UNIT(a_full_disk_costs_the_rows_and_nothing_else),
    UNIT(a_place_that_does_not_exist_is_told),
};
UNIT_MAIN("recorder")
