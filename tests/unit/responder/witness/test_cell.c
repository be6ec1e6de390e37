/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "responder/witness/cell.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/unit.h"

#define COPY 4096 /* of cell.c: the second copy begins there */
#define NAME "register-7"

struct place {
    char path[64];
    int fd;
};

static void place_open(struct place *place)
{
    (void)snprintf(place->path, sizeof(place->path), "/tmp/pulse7-cell.XXXXXX");
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(place->path));
    place->fd = open(place->path, O_RDONLY | O_DIRECTORY);
    CU_ASSERT_FATAL(place->fd != -1);
}

static void place_close(struct place *place)
{
    (void)unlinkat(place->fd, NAME, 0);
    (void)unlinkat(place->fd, NAME ".new", 0);
    (void)close(place->fd);
    CU_ASSERT_EQUAL(rmdir(place->path), 0);
}

static enum p7_status open_text(const struct place *place, struct cell *cell, char octets[8],
                                bool *fresh)
{
    char text[CELL_TEXT_OCTETS];
    return cell_open(cell, place->fd, NAME, (uint8_t *)octets, 8, fresh, text);
}

static void write_text(struct cell *cell, const char *octets)
{
    char text[CELL_TEXT_OCTETS];
    CU_ASSERT_EQUAL(cell_write(cell, (const uint8_t *)octets, text), P7_OK);
}

/* What a cell holds when it is opened anew; "" when it is refused. */
static const char *held(const struct place *place, char octets[8])
{
    struct cell cell;
    bool fresh;
    memset(octets, 0, 8);
    if (open_text(place, &cell, octets, &fresh) != P7_OK || fresh)
        return "";
    cell_close(&cell);
    return octets;
}

/* A cell that was "first" and is "second". */
static void make(const struct place *place)
{
    struct cell cell;
    char octets[8] = "first";
    bool fresh = false;
    CU_ASSERT_EQUAL_FATAL(open_text(place, &cell, octets, &fresh), P7_OK);
    CU_ASSERT(fresh);
    write_text(&cell, "second\0");
    cell_close(&cell);
}

static void flip(const struct place *place, off_t at)
{
    const int fd = openat(place->fd, NAME, O_RDWR);
    uint8_t octet = 0;
    CU_ASSERT_EQUAL(pread(fd, &octet, 1, at), 1);
    octet ^= 1;
    CU_ASSERT_EQUAL(pwrite(fd, &octet, 1, at), 1);
    (void)close(fd);
}

static void what_was_written_is_read_again(void)
{
    struct place place;
    char octets[8];
    place_open(&place);
    make(&place);
    CU_ASSERT_STRING_EQUAL(held(&place, octets), "second");
    CU_ASSERT_STRING_EQUAL(held(&place, octets), "second");
    place_close(&place);
}

static void one_damaged_copy_is_no_loss_and_is_healed(void)
{
    struct place place;
    char octets[8];
    place_open(&place);
    make(&place);
    for (off_t at = 0; at < 28; at++) { /* head, octets, checksum */
        flip(&place, at);
        CU_ASSERT_STRING_EQUAL(held(&place, octets), "second");
        flip(&place, COPY + at); /* the first one was healed, or this would be the end */
        CU_ASSERT_STRING_EQUAL(held(&place, octets), "second");
    }
    place_close(&place);
}

static void two_damaged_copies_are_refused_and_left_alone(void)
{
    struct place place;
    struct cell cell;
    char octets[8];
    bool fresh;
    place_open(&place);
    make(&place);
    flip(&place, 17);
    flip(&place, COPY + 18);
    CU_ASSERT_EQUAL(open_text(&place, &cell, octets, &fresh), P7_MALFORMED);
    flip(&place, 17); /* whoever repairs it by hand finds it as it was */
    CU_ASSERT_STRING_EQUAL(held(&place, octets), "second");
    place_close(&place);
}

static void a_write_torn_in_the_first_copy_leaves_the_value_before_it(void)
{
    struct place place;
    struct cell cell;
    char octets[8];
    uint8_t before[COPY];
    bool fresh;
    place_open(&place);
    make(&place);
    int fd = openat(place.fd, NAME, O_RDWR);
    CU_ASSERT_EQUAL(pread(fd, before, COPY, COPY), COPY);
    CU_ASSERT_EQUAL(open_text(&place, &cell, octets, &fresh), P7_OK);
    write_text(&cell, "third\0\0");
    cell_close(&cell);
    /* As a crash leaves it: half of the new first copy, the old second one. */
    CU_ASSERT_EQUAL(pwrite(fd, before, COPY, COPY), COPY);
    flip(&place, 20);
    CU_ASSERT_STRING_EQUAL(held(&place, octets), "second");
    (void)close(fd);
    place_close(&place);
}

static void a_write_torn_between_the_copies_is_the_new_value(void)
{
    struct place place;
    struct cell cell;
    char octets[8];
    uint8_t before[COPY];
    bool fresh;
    place_open(&place);
    make(&place);
    int fd = openat(place.fd, NAME, O_RDWR);
    CU_ASSERT_EQUAL(pread(fd, before, COPY, COPY), COPY);
    CU_ASSERT_EQUAL(open_text(&place, &cell, octets, &fresh), P7_OK);
    write_text(&cell, "third\0\0");
    cell_close(&cell);
    CU_ASSERT_EQUAL(pwrite(fd, before, COPY, COPY), COPY);
    CU_ASSERT_STRING_EQUAL(held(&place, octets), "third");
    /* And is so for good: the old copy is gone. */
    flip(&place, 20);
    CU_ASSERT_STRING_EQUAL(held(&place, octets), "third");
    (void)close(fd);
    place_close(&place);
}

static void a_file_that_is_empty_short_or_of_another_length_is_refused(void)
{
    struct place place;
    struct cell cell;
    char octets[8];
    char text[CELL_TEXT_OCTETS];
    uint8_t longer[16];
    bool fresh;
    place_open(&place);
    make(&place);
    CU_ASSERT_EQUAL(cell_open(&cell, place.fd, NAME, longer, sizeof(longer), &fresh, text),
                    P7_MALFORMED);
    const int fd = openat(place.fd, NAME, O_RDWR);
    CU_ASSERT_EQUAL(ftruncate(fd, 10), 0);
    CU_ASSERT_EQUAL(open_text(&place, &cell, octets, &fresh), P7_MALFORMED);
    CU_ASSERT_EQUAL(ftruncate(fd, 0), 0);
    CU_ASSERT_EQUAL(open_text(&place, &cell, octets, &fresh), P7_MALFORMED);
    (void)close(fd);
    place_close(&place);
}

static void a_draft_that_a_crash_left_is_no_cell(void)
{
    struct place place;
    char octets[8];
    place_open(&place);
    const int fd = openat(place.fd, NAME ".new", O_WRONLY | O_CREAT, 0600);
    CU_ASSERT_EQUAL(write(fd, "half", 4), 4);
    (void)close(fd);
    make(&place);
    CU_ASSERT_STRING_EQUAL(held(&place, octets), "second");
    place_close(&place);
}

static void a_write_that_the_disk_refuses_is_told(void)
{
    struct place place;
    struct cell cell;
    char octets[8] = "first";
    char text[CELL_TEXT_OCTETS];
    bool fresh;
    place_open(&place);
    CU_ASSERT_EQUAL(open_text(&place, &cell, octets, &fresh), P7_OK);
    (void)close(cell.fd);
    cell.fd = open("/dev/full", O_RDWR);
    CU_ASSERT_EQUAL(cell_write(&cell, (const uint8_t *)octets, text), P7_SYSTEM);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, NAME));
    (void)close(cell.fd);
    /* Writes well, and does not sync. */
    cell.fd = open("/dev/null", O_RDWR);
    CU_ASSERT_EQUAL(cell_write(&cell, (const uint8_t *)octets, text), P7_SYSTEM);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "durable"));
    cell_close(&cell);
    place_close(&place);
}

UNIT_TESTS = {
    UNIT(what_was_written_is_read_again),
    UNIT(one_damaged_copy_is_no_loss_and_is_healed),
    UNIT(two_damaged_copies_are_refused_and_left_alone),
    UNIT(a_write_torn_in_the_first_copy_leaves_the_value_before_it),
    UNIT(a_write_torn_between_the_copies_is_the_new_value),
    UNIT(a_file_that_is_empty_short_or_of_another_length_is_refused),
    UNIT(a_draft_that_a_crash_left_is_no_cell),
    UNIT(a_write_that_the_disk_refuses_is_told),
};
UNIT_MAIN("cell")
