/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "responder/storage/cdr.h"

#include <inttypes.h>

#include "responder/storage/cdr_file.h"
#include "responder/storage/ledger_csv.h"
#include "responder/storage/ledger_reader.h"
#include "sigtran/runtime/clock.h"
#include "tests/unit/responder/storage/scratch.h"

static struct scratch scratch;
static struct rig rig;
static char ledger_path[SCRATCH_PATH_MAX];
static char cdr_path[SCRATCH_PATH_MAX];
static char text[CDR_TEXT_OCTETS];

static void begin(uint32_t records)
{
    scratch_make(&scratch);
    (void)scratch_file(&scratch, "ledger", ledger_path);
    (void)scratch_file(&scratch, "cdr", cdr_path);
    rig_open(&rig, ledger_path);
    rig_grow(&rig, records);
}

static void end(void)
{
    rig_close(&rig);
    scratch_remove(&scratch);
}

static struct cdr *open_cdr(uint64_t octets_max)
{
    struct cdr_params params;
    struct cdr *cdr = NULL;
    cdr_params_init(&params);
    params.ledger = ledger_path;
    params.directory = cdr_path;
    params.cluster_id = SCRATCH_CLUSTER;
    params.octets_max = octets_max;
    params.poll_ms = 1;
    CU_ASSERT_EQUAL_FATAL(cdr_create(&params, &cdr, text, sizeof(text)), P7_OK);
    return cdr;
}

struct seen {
    uint64_t count;
    uint64_t first[256];
    uint64_t last[256];
    uint64_t others; /* unfinished files and the like */
};

static void list_cdrs(struct seen *seen)
{
    *seen = (struct seen){0};
    DIR *listing = opendir(cdr_path);
    CU_ASSERT_PTR_NOT_NULL_FATAL(listing);
    for (const struct dirent *entry; (entry = readdir(listing)) != NULL;) {
        uint64_t first = 0;
        uint64_t last = 0;
        const enum cdr_name_kind kind = cdr_name_parse(entry->d_name, &first, &last);
        seen->others += kind == CDR_NAME_PART;
        if (kind != CDR_NAME_CSV || seen->count == 256)
            continue;
        seen->first[seen->count] = first;
        seen->last[seen->count++] = last;
    }
    (void)closedir(listing);
}

/* Index up to which the files reach from 1 on, without a gap and each index once; 0: they don't. */
static uint64_t covered(const struct seen *seen)
{
    uint64_t total = 0;
    uint64_t highest = 0;
    for (uint64_t i = 0; i < seen->count; i++) {
        total += seen->last[i] - seen->first[i] + 1;
        highest = seen->last[i] > highest ? seen->last[i] : highest;
        for (uint64_t j = 0; j < i; j++)
            if (seen->first[i] <= seen->last[j] && seen->first[j] <= seen->last[i])
                return 0;
    }
    return total == highest ? highest : 0;
}

/* What the ledger's records of so many come to (scratch.h). */
static uint64_t sum_of(uint64_t records, uint64_t *lines)
{
    uint64_t sum = 0;
    *lines = 0;
    for (uint64_t i = 1; i <= records; i++) {
        const struct ledger_record record = chain_record(i, 1);
        sum += record.amount;
        *lines += record.kind != LEDGER_TERM;
    }
    return sum;
}

static void wait_read(struct cdr *cdr, uint64_t index)
{
    struct cdr_counters counters;
    do
        cdr_counters(cdr, &counters);
    while (counters.read < index);
}

static void lines_are_in_files_without_a_gap_and_sums_agree(void)
{
    struct cdr_counters counters;
    struct seen seen;
    uint64_t lines = 0;
    begin(500); /* over many segments */
    struct cdr *cdr = open_cdr(4000);
    cdr_committed(cdr, 300);
    wait_read(cdr, 300);
    cdr_counters(cdr, &counters);
    CU_ASSERT_EQUAL(counters.read, 300); /* never beyond what is committed */
    cdr_committed(cdr, 500);
    wait_read(cdr, 500);
    cdr_destroy(cdr); /* closes early */
    list_cdrs(&seen);
    CU_ASSERT_TRUE(seen.count > 5);
    CU_ASSERT_EQUAL(seen.others, 0);
    CU_ASSERT_EQUAL(covered(&seen), 500);
    cdr = open_cdr(4000);
    cdr_counters(cdr, &counters);
    CU_ASSERT_EQUAL(counters.published, 500);
    cdr_destroy(cdr);
    CU_ASSERT_TRUE(sum_of(500, &lines) > 0);
    end();
}

static void the_companion_says_what_is_in_the_file(void)
{
    size_t octets = 0;
    uint64_t lines = 0;
    char line[160];
    const uint64_t sum = sum_of(20, &lines);
    begin(20);
    struct cdr *cdr = open_cdr(1u << 20);
    cdr_committed(cdr, 20);
    cdr_destroy(cdr);
    char *csv =
        scratch_read(&scratch, "cdr/cdr-00000000000000000001-00000000000000000020.csv", &octets);
    CU_ASSERT_EQUAL(strncmp(csv, LEDGER_CSV_HEADER, strlen(LEDGER_CSV_HEADER)), 0);
    CU_ASSERT_PTR_NOT_NULL(
        strstr(csv, "\n1,1,1000,charge,46701000001,10,0,00000000000000010000000000000000,"
                    "00000000000000010000000000000007,0,initial,succ,\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(csv, "\n5,1,5000,settlement,46701000005,50,0,"));
    CU_ASSERT_PTR_NULL(strstr(csv + strlen(LEDGER_CSV_HEADER), ",term,"));
    char *meta = scratch_read(
        &scratch, "cdr/cdr-00000000000000000001-00000000000000000020.meta.json", &octets);
    (void)snprintf(line, sizeof(line), "\"count\": %" PRIu64 ",\n \"amount\": %" PRIu64 ",", lines,
                   sum);
    CU_ASSERT_PTR_NOT_NULL(strstr(meta, line));
    (void)snprintf(line, sizeof(line), "\"octets\": %zu,", strlen(csv));
    CU_ASSERT_PTR_NOT_NULL(strstr(meta, line));
    free(csv);
    free(meta);
    end();
}

static void a_restart_goes_on_behind_the_last_file_and_removes_unfinished_ones(void)
{
    struct seen seen;
    begin(100);
    struct cdr *cdr = open_cdr(1u << 20);
    cdr_committed(cdr, 60);
    cdr_destroy(cdr);
    scratch_write(&scratch, "cdr/cdr-00000000000000000061.csv.part", "half a li");
    cdr = open_cdr(1u << 20);
    cdr_committed(cdr, 100);
    cdr_destroy(cdr);
    list_cdrs(&seen);
    CU_ASSERT_EQUAL(seen.count, 2);
    CU_ASSERT_EQUAL(seen.others, 0);
    CU_ASSERT_EQUAL(covered(&seen), 100);
    end();
}

/* The power failed when the companion had its name and the CSV had not: somebody may have seen it,
 * so the same file comes again, whatever the sizes and ages are now. */
static void a_file_that_was_about_to_be_published_is_made_again_to_the_octet(void)
{
    const char *const csv = "cdr/cdr-00000000000000000001-00000000000000000040.csv";
    char path[SCRATCH_PATH_MAX];
    struct seen seen;
    size_t octets = 0;
    begin(100);
    struct cdr *cdr = open_cdr(1u << 20);
    cdr_committed(cdr, 40);
    cdr_destroy(cdr);
    char *before = scratch_read(&scratch, csv, &octets);
    CU_ASSERT_EQUAL(unlink(scratch_file(&scratch, csv, path)), 0);
    CU_ASSERT_EQUAL(unlink(scratch_file(&scratch, "cdr/published", path)), 0);
    cdr = open_cdr(500); /* smaller files now */
    cdr_committed(cdr, 100);
    cdr_destroy(cdr);
    char *after = scratch_read(&scratch, csv, &octets);
    CU_ASSERT_STRING_EQUAL(after, before);
    list_cdrs(&seen);
    CU_ASSERT_EQUAL(covered(&seen), 100);
    free(before);
    free(after);
    end();
}

static void files_that_were_taken_away_are_not_made_again(void)
{
    struct seen seen;
    struct cdr_counters counters;
    begin(100);
    struct cdr *cdr = open_cdr(1u << 20);
    cdr_committed(cdr, 60);
    cdr_destroy(cdr);
    char path[SCRATCH_PATH_MAX];
    (void)unlink(
        scratch_file(&scratch, "cdr/cdr-00000000000000000001-00000000000000000060.csv", path));
    (void)unlink(scratch_file(&scratch,
                              "cdr/cdr-00000000000000000001-00000000000000000060.meta.json", path));
    cdr = open_cdr(1u << 20);
    cdr_counters(cdr, &counters);
    CU_ASSERT_EQUAL(counters.published, 60);
    cdr_committed(cdr, 100);
    cdr_destroy(cdr);
    list_cdrs(&seen);
    CU_ASSERT_EQUAL(seen.count, 1);
    CU_ASSERT_EQUAL(seen.first[0], 61);
    CU_ASSERT_EQUAL(seen.last[0], 100);
    end();
}

static void a_gap_between_published_files_is_refused(void)
{
    struct cdr_params params;
    struct cdr *cdr = NULL;
    begin(5);
    CU_ASSERT_EQUAL(mkdir(cdr_path, 0700), 0);
    scratch_write(&scratch, "cdr/cdr-00000000000000000001-00000000000000000003.csv", "");
    scratch_write(&scratch, "cdr/cdr-00000000000000000005-00000000000000000009.csv", "");
    cdr_params_init(&params);
    params.ledger = ledger_path;
    params.directory = cdr_path;
    CU_ASSERT_EQUAL(cdr_create(&params, &cdr, text, sizeof(text)), P7_MALFORMED);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "the file behind record 3 begins with 5"));
    end();
}

static void an_error_is_told_and_the_file_is_made_again_later(void)
{
    struct cdr_counters counters;
    struct seen seen;
    char other[SCRATCH_PATH_MAX];
    begin(50);
    struct cdr *cdr = open_cdr(1u << 20);
    CU_ASSERT_EQUAL(rename(ledger_path, scratch_file(&scratch, "away", other)), 0);
    cdr_committed(cdr, 50);
    do
        cdr_counters(cdr, &counters);
    while (!counters.failing);
    cdr_text(cdr, text, sizeof(text));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "No such file"));
    CU_ASSERT_EQUAL(rename(other, ledger_path), 0);
    cdr_destroy(cdr); /* a last try */
    list_cdrs(&seen);
    CU_ASSERT_EQUAL(covered(&seen), 50);
    end();
}

/* The journal writes, and cuts off and replaces its newest records, while the CDRs are made of what
 * is committed. */
static void reading_beside_a_writer_that_truncates_sees_committed_records_only(void)
{
    struct seen seen;
    begin(1);
    struct cdr *cdr = open_cdr(2000);
    for (uint32_t round = 0; round < 60; round++) {
        rig_grow(&rig, 7);
        const struct chain committed = rig.chain;
        cdr_committed(cdr, committed.index);
        rig_grow(&rig, 30); /* of a term that will not last */
        CU_ASSERT_EQUAL_FATAL(journal_truncate(rig.journal, committed.index), P7_OK);
        rig.chain = committed;
        rig.chain.term++;
        if (round % 4 == 0)
            wait_read(cdr, committed.index);
    }
    struct cdr_counters counters;
    wait_read(cdr, rig.chain.index);
    cdr_counters(cdr, &counters);
    CU_ASSERT_EQUAL(counters.failures, 0);
    cdr_destroy(cdr);
    list_cdrs(&seen);
    CU_ASSERT_EQUAL(covered(&seen), rig.chain.index);
    end();
}

static void the_reader_stops_at_damage_and_names_the_place(void)
{
    struct ledger_reader *reader = NULL;
    struct ledger_record record;
    struct disk_posix *disk = NULL;
    begin(200);
    char path[SCRATCH_PATH_MAX];
    FILE *file =
        fopen(scratch_file(&scratch, "ledger/segment-00000000000000000001.ledger", path), "r+e");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    CU_ASSERT_EQUAL(fseek(file, 2000, SEEK_SET), 0);
    const int was = fgetc(file);
    CU_ASSERT_EQUAL(fseek(file, 2000, SEEK_SET), 0);
    CU_ASSERT_NOT_EQUAL(fputc(was ^ 1, file), EOF);
    CU_ASSERT_EQUAL(fclose(file), 0);
    CU_ASSERT_EQUAL_FATAL(disk_posix_open(ledger_path, true, &disk), P7_OK);
    CU_ASSERT_EQUAL_FATAL(ledger_reader_open(disk_posix_ops(disk), 0, 1, &reader), P7_OK);
    enum p7_status status;
    while ((status = ledger_reader_next(reader, &record, NULL)) == P7_OK) {
    }
    CU_ASSERT_EQUAL(status, P7_MALFORMED);
    CU_ASSERT_PTR_NOT_NULL(
        strstr(ledger_reader_text(reader), "segment-00000000000000000001.ledger at "));
    ledger_reader_close(reader);
    /* Of another cluster: */
    CU_ASSERT_EQUAL(ledger_reader_open(disk_posix_ops(disk), 1, 1, &reader), P7_STATE);
    ledger_reader_close(reader);
    disk_posix_close(disk);
    end();
}

UNIT_TESTS = {
    UNIT(lines_are_in_files_without_a_gap_and_sums_agree),
    UNIT(the_companion_says_what_is_in_the_file),
    UNIT(a_restart_goes_on_behind_the_last_file_and_removes_unfinished_ones),
    UNIT(a_file_that_was_about_to_be_published_is_made_again_to_the_octet),
    UNIT(files_that_were_taken_away_are_not_made_again),
    UNIT(a_gap_between_published_files_is_refused),
    UNIT(an_error_is_told_and_the_file_is_made_again_later),
    UNIT(reading_beside_a_writer_that_truncates_sees_committed_records_only),
    UNIT(the_reader_stops_at_damage_and_names_the_place),
};
UNIT_MAIN("cdr")
