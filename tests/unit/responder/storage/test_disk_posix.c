/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include <errno.h>

#include "tests/unit/responder/storage/scratch.h"

static struct scratch scratch;

static struct disk_posix *open_disk(bool read_only)
{
    struct disk_posix *disk = NULL;
    CU_ASSERT_EQUAL_FATAL(disk_posix_open(scratch.path, read_only, &disk), P7_OK);
    return disk;
}

static void what_is_written_is_read_back_and_the_rest_is_zeros(void)
{
    scratch_make(&scratch);
    struct disk_posix *disk = open_disk(false);
    const struct disk *ops = disk_posix_ops(disk);
    uint8_t octets[16];
    size_t got = 0;
    int file;
    CU_ASSERT_EQUAL_FATAL(ops->open(ops->context, "a", 1, 3u * 1024 * 1024 + 5, &file), P7_OK);
    CU_ASSERT_EQUAL(ops->write(ops->context, file, 2u * 1024 * 1024, bytes_of("hello", 5)), P7_OK);
    CU_ASSERT_EQUAL(ops->sync(ops->context, file), P7_OK);
    CU_ASSERT_EQUAL(ops->read(ops->context, file, 2u * 1024 * 1024 - 1, octets, 7, &got), P7_OK);
    CU_ASSERT_EQUAL(got, 7);
    CU_ASSERT_EQUAL(memcmp(octets, "\0hello\0", 7), 0);
    CU_ASSERT_EQUAL(ops->read(ops->context, file, 3u * 1024 * 1024, octets, 16, &got), P7_OK);
    CU_ASSERT_EQUAL(got, 5); /* the file ends there */
    ops->close(ops->context, file);
    disk_posix_close(disk);
    scratch_remove(&scratch);
}

/* posix_fallocate would give blocks as well, but mark them unwritten; that the zeros are really
 * there shows in that they are allocated after a sync. */
static void the_zeros_of_a_new_file_take_their_room_at_once(void)
{
    scratch_make(&scratch);
    struct disk_posix *disk = open_disk(false);
    const struct disk *ops = disk_posix_ops(disk);
    char path[SCRATCH_PATH_MAX];
    struct stat status;
    int file;
    CU_ASSERT_EQUAL_FATAL(ops->open(ops->context, "a", 1, 1u << 20, &file), P7_OK);
    CU_ASSERT_EQUAL(ops->sync(ops->context, file), P7_OK);
    CU_ASSERT_EQUAL_FATAL(stat(scratch_file(&scratch, "a", path), &status), 0);
    CU_ASSERT_EQUAL(status.st_size, 1 << 20);
    CU_ASSERT_TRUE(status.st_blocks * 512 >= 1 << 20);
    disk_posix_close(disk); /* closes the file, too */
    scratch_remove(&scratch);
}

static void creating_what_exists_and_opening_what_does_not_are_told_apart(void)
{
    scratch_make(&scratch);
    struct disk_posix *disk = open_disk(false);
    const struct disk *ops = disk_posix_ops(disk);
    int file;
    CU_ASSERT_EQUAL(ops->open(ops->context, "a", 0, 0, &file), P7_NOT_FOUND);
    CU_ASSERT_PTR_NOT_NULL(strstr(disk_posix_text(disk), "open of a in"));
    CU_ASSERT_PTR_NOT_NULL(strstr(disk_posix_text(disk), "No such file"));
    CU_ASSERT_EQUAL_FATAL(ops->open(ops->context, "a", 1, 0, &file), P7_OK);
    ops->close(ops->context, file);
    CU_ASSERT_EQUAL(ops->open(ops->context, "a", 1, 0, &file), P7_EXISTS);
    CU_ASSERT_EQUAL(ops->rename(ops->context, "a", "b"), P7_OK);
    CU_ASSERT_EQUAL(ops->sync_directory(ops->context), P7_OK);
    CU_ASSERT_EQUAL(ops->remove(ops->context, "a"), P7_NOT_FOUND);
    CU_ASSERT_EQUAL(ops->remove(ops->context, "b"), P7_OK);
    disk_posix_close(disk);
    scratch_remove(&scratch);
}

static void a_second_writer_is_refused_and_a_reader_is_not(void)
{
    scratch_make(&scratch);
    struct disk_posix *disk = open_disk(false);
    struct disk_posix *second = NULL;
    CU_ASSERT_EQUAL(disk_posix_open(scratch.path, false, &second), P7_EXISTS);
    CU_ASSERT_PTR_NULL(second);
    disk_posix_close(open_disk(true));
    disk_posix_close(disk);
    disk_posix_close(open_disk(false)); /* free again */
    scratch_remove(&scratch);
}

static void a_reader_changes_nothing(void)
{
    scratch_make(&scratch);
    scratch_write(&scratch, "a", "abc");
    struct disk_posix *disk = open_disk(true);
    const struct disk *ops = disk_posix_ops(disk);
    int file;
    CU_ASSERT_EQUAL(ops->open(ops->context, "b", 1, 0, &file), P7_SYSTEM);
    CU_ASSERT_EQUAL(ops->remove(ops->context, "a"), P7_SYSTEM);
    CU_ASSERT_EQUAL(ops->rename(ops->context, "a", "b"), P7_SYSTEM);
    CU_ASSERT_EQUAL_FATAL(ops->open(ops->context, "a", 0, 0, &file), P7_OK);
    CU_ASSERT_EQUAL(ops->write(ops->context, file, 0, bytes_of("x", 1)), P7_SYSTEM);
    CU_ASSERT_EQUAL(errno, EROFS);
    disk_posix_close(disk);
    CU_ASSERT_FALSE(scratch_exists(&scratch, "lock"));
    CU_ASSERT_TRUE(scratch_exists(&scratch, "a"));
    CU_ASSERT_EQUAL(disk_posix_open("/nowhere/at/all", true, &disk), P7_SYSTEM);
    CU_ASSERT_EQUAL(errno, ENOENT);
    scratch_remove(&scratch);
}

static void count_name(void *user, const char *name)
{
    unsigned *seen = user;
    *seen += strcmp(name, "a") == 0 ? 1 : strcmp(name, "b") == 0 ? 10 : 1000;
}

static void the_list_has_each_file_and_neither_the_lock_nor_directories(void)
{
    scratch_make(&scratch);
    char path[SCRATCH_PATH_MAX];
    scratch_write(&scratch, "a", "");
    scratch_write(&scratch, "b", "");
    CU_ASSERT_EQUAL(mkdir(scratch_file(&scratch, "d", path), 0700), 0);
    struct disk_posix *disk = open_disk(false);
    const struct disk *ops = disk_posix_ops(disk);
    for (int i = 0; i < 2; i++) { /* twice: each listing begins at the beginning */
        unsigned seen = 0;
        CU_ASSERT_EQUAL(ops->list(ops->context, count_name, &seen), P7_OK);
        CU_ASSERT_EQUAL(seen, 11);
    }
    disk_posix_close(disk);
    scratch_remove(&scratch);
}

static void a_full_disk_is_told_with_the_way_out(void)
{
    scratch_make(&scratch);
    char path[SCRATCH_PATH_MAX];
    /* The device /dev/full; only root can make one. */
    const bool made =
        mknod(scratch_file(&scratch, "full", path), S_IFCHR | 0600, (1 << 8) | 7) == 0;
    CU_ASSERT_TRUE(made || geteuid() != 0);
    struct disk_posix *disk = open_disk(false);
    const struct disk *ops = disk_posix_ops(disk);
    int file;
    if (ops->open(ops->context, "full", 0, 0, &file) == P7_OK) {
        CU_ASSERT_EQUAL(ops->write(ops->context, file, 0, bytes_of("x", 1)), P7_FULL);
        CU_ASSERT_PTR_NOT_NULL(strstr(disk_posix_text(disk), "No space left"));
        CU_ASSERT_PTR_NOT_NULL(strstr(disk_posix_text(disk), "free some, the ledger grows by"));
    }
    disk_posix_close(disk);
    scratch_remove(&scratch);
}

UNIT_TESTS = {
    UNIT(what_is_written_is_read_back_and_the_rest_is_zeros),
    UNIT(the_zeros_of_a_new_file_take_their_room_at_once),
    UNIT(creating_what_exists_and_opening_what_does_not_are_told_apart),
    UNIT(a_second_writer_is_refused_and_a_reader_is_not),
    UNIT(a_reader_changes_nothing),
    UNIT(the_list_has_each_file_and_neither_the_lock_nor_directories),
    UNIT(a_full_disk_is_told_with_the_way_out),
};
UNIT_MAIN("disk_posix")
