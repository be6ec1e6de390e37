/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "simulator/record/run_directory.h"

#include <errno.h>
#include <math.h>
#include <sys/stat.h>

#include "tests/unit/simulator/record/scratch.h"
#include "tests/unit/unit.h"

static void directories_are_made_with_their_parents(void)
{
    struct scratch scratch;
    char path[512], reason[RUN_REASON_OCTETS] = "";
    struct stat info;
    scratch_create(&scratch);
    (void)snprintf(path, sizeof(path), "%s/a/b//c", scratch.path);
    CU_ASSERT_EQUAL(run_directory_create(path, reason, sizeof(reason)), P7_OK);
    CU_ASSERT(stat(path, &info) == 0 && S_ISDIR(info.st_mode));
    CU_ASSERT_EQUAL(run_directory_create(path, reason, sizeof(reason)), P7_OK); /* still empty */
    scratch_remove_tree(scratch.path);
}

static void a_directory_with_content_is_refused_by_name(void)
{
    struct scratch scratch;
    char path[512], reason[RUN_REASON_OCTETS] = "";
    scratch_create(&scratch);
    scratch_write(&scratch, "old", "x");
    CU_ASSERT_EQUAL(run_directory_create(scratch.path, reason, sizeof(reason)), P7_EXISTS);
    CU_ASSERT_PTR_NOT_NULL(strstr(reason, scratch.path));
    CU_ASSERT_PTR_NOT_NULL(strstr(reason, "not empty"));
    (void)snprintf(path, sizeof(path), "%s/old", scratch.path);
    CU_ASSERT_EQUAL(run_directory_create(path, reason, sizeof(reason)), P7_EXISTS);
    CU_ASSERT_PTR_NOT_NULL(strstr(reason, "no directory"));
    (void)snprintf(path, sizeof(path), "%s/old/below", scratch.path);
    CU_ASSERT_EQUAL(run_directory_create(path, reason, sizeof(reason)), P7_SYSTEM);
    CU_ASSERT_EQUAL(run_directory_create("", reason, sizeof(reason)), P7_RANGE);
    scratch_remove_tree(scratch.path);
}

static void a_default_name_holds_the_instant_and_a_harmless_name(void)
{
    char path[RUN_PATH_OCTETS];
    CU_ASSERT_EQUAL(
        run_directory_default("a/../b c", INT64_C(1371046500) * 1000000000, path, sizeof(path)),
        P7_OK);
    CU_ASSERT_STRING_EQUAL(path, "runs/20130612T141500Z-a-..-b-c");
    CU_ASSERT_EQUAL(run_directory_default("name", 0, path, 12), P7_FULL);
}

static void numbers_are_written_as_printf_does(void)
{
    static const int64_t values[] = {0,   1,   9,         10,        99,       100,
                                     101, 999, 123456789, INT64_MAX, INT64_MIN};
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        char ours[OUTPUT_INTEGER_OCTETS_MAX + 1], theirs[32];
        ours[output_format_i64(ours, values[i])] = '\0';
        (void)snprintf(theirs, sizeof(theirs), "%lld", (long long)values[i]);
        CU_ASSERT_STRING_EQUAL(ours, theirs);
        ours[output_format_u64(ours, (uint64_t)values[i])] = '\0';
        (void)snprintf(theirs, sizeof(theirs), "%llu", (unsigned long long)values[i]);
        CU_ASSERT_STRING_EQUAL(ours, theirs);
    }
}

static void an_atomic_file_appears_only_when_closed(void)
{
    struct scratch scratch;
    struct output output;
    scratch_create(&scratch);
    CU_ASSERT_EQUAL(output_open(&output, scratch.path, "f", OUTPUT_ATOMIC, 4096), P7_OK);
    output_text(&output, "abc,");
    output_fixed(&output, 1.5, 3);
    output_fixed(&output, NAN, 3);
    output_char(&output, ',');
    output_csv_cell(&output, "a \"b\",\nc");
    output_flush(&output);
    CU_ASSERT_STRING_EQUAL(scratch_read(&scratch, "f"), "");
    CU_ASSERT_EQUAL(output_close(&output), P7_OK);
    CU_ASSERT_EQUAL(output_close(&output), P7_OK);
    CU_ASSERT_STRING_EQUAL(scratch_read(&scratch, "f"), "abc,1.500,\"a \"\"b\"\",\nc\"");
    CU_ASSERT_STRING_EQUAL(scratch_read(&scratch, "f.partial"), "");
    scratch_remove_tree(scratch.path);
}

static void text_longer_than_the_buffer_is_written_whole(void)
{
    struct scratch scratch;
    struct output output;
    scratch_create(&scratch);
    char *text = malloc(20001);
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    memset(text, 'x', 20000);
    text[20000] = '\0';
    CU_ASSERT_EQUAL(output_open(&output, scratch.path, "f", OUTPUT_DIRECT, 4096), P7_OK);
    output_text(&output, "a");
    output_text(&output, text);
    output_text(&output, "b");
    CU_ASSERT_EQUAL(output_close(&output), P7_OK);
    CU_ASSERT_EQUAL(output.octets_written, 20002);
    CU_ASSERT_EQUAL(strlen(scratch_read(&scratch, "f")), 20002);
    CU_ASSERT_EQUAL(output_open(&output, scratch.path, "f", OUTPUT_DIRECT, 1), P7_RANGE);
    free(text);
    scratch_remove_tree(scratch.path);
}

static void a_full_disk_is_told_and_stays_told(void)
{
    struct scratch scratch;
    struct output output;
    char path[512];
    scratch_create(&scratch);
    (void)snprintf(path, sizeof(path), "%s/f", scratch.path);
    CU_ASSERT_EQUAL(symlink("/dev/full", path), 0);
    CU_ASSERT_EQUAL(output_open(&output, scratch.path, "f", OUTPUT_DIRECT, 4096), P7_OK);
    output_text(&output, "abc");
    CU_ASSERT_EQUAL(output_failure(&output), 0);
    output_flush(&output);
    CU_ASSERT_EQUAL(output_failure(&output), ENOSPC);
    output_text(&output, "more");
    CU_ASSERT_EQUAL(output_close(&output), P7_SYSTEM);
    CU_ASSERT_EQUAL(errno, ENOSPC);
    CU_ASSERT_EQUAL(output.octets_written, 0);
    CU_ASSERT_EQUAL(output.failures, 1);
    CU_ASSERT_EQUAL(output_open(&output, "/nonexistent", "f", OUTPUT_DIRECT, 4096), P7_SYSTEM);
    scratch_remove_tree(scratch.path);
}

UNIT_TESTS = {
    UNIT(directories_are_made_with_their_parents),
    UNIT(a_directory_with_content_is_refused_by_name),
    UNIT(a_default_name_holds_the_instant_and_a_harmless_name),
    UNIT(numbers_are_written_as_printf_does),
    UNIT(an_atomic_file_appears_only_when_closed),
    UNIT(text_longer_than_the_buffer_is_written_whole),
    UNIT(a_full_disk_is_told_and_stays_told),
};
UNIT_MAIN("run_directory")
