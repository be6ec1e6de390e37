/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "responder/witness/cell.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sigtran/base/bytes.h"
#include "sigtran/base/crc32c.h"

#define COPY_COUNT 2
#define COPY_OCTETS                                                                                \
    4096u /* a block of the disk each: a torn write of one leaves the other alone                  \
           */
#define COPY_MAGIC  0x70377763u /* "p7wc" */
#define HEAD_OCTETS 16u         /* magic, length, sequence */
#define TAIL_OCTETS 4u          /* CRC32c of all before */

static enum p7_status fail(char *text, const char *name, const char *what)
{
    const int error = errno;
    (void)snprintf(text, CELL_TEXT_OCTETS, "%s: %s: %s", name, what, strerror(error));
    errno = error;
    return P7_SYSTEM;
}

static void encode(uint8_t copy[COPY_OCTETS], uint64_t sequence, const uint8_t *octets,
                   size_t length)
{
    const size_t covered = HEAD_OCTETS + length;
    memset(copy, 0, COPY_OCTETS);
    bytes_store_u32be(copy, COPY_MAGIC);
    bytes_store_u32be(copy + 4, (uint32_t)length);
    bytes_store_u64be(copy + 8, sequence);
    memcpy(copy + HEAD_OCTETS, octets, length);
    bytes_store_u32be(copy + covered, crc32c(0, bytes_of(copy, covered)));
}

static bool is_sound(const uint8_t copy[COPY_OCTETS], size_t length)
{
    const size_t covered = HEAD_OCTETS + length;
    return bytes_load_u32be(copy) == COPY_MAGIC && bytes_load_u32be(copy + 4) == length &&
           bytes_load_u32be(copy + covered) == crc32c(0, bytes_of(copy, covered));
}

static enum p7_status write_copy(const struct cell *cell, int index, const uint8_t *octets,
                                 char *text)
{
    uint8_t copy[COPY_OCTETS];
    encode(copy, cell->sequence, octets, cell->length);
    const ssize_t wrote = pwrite(cell->fd, copy, sizeof(copy), (off_t)index * (off_t)sizeof(copy));
    if (wrote != (ssize_t)sizeof(copy)) {
        errno = wrote == -1 ? errno : EIO;
        return fail(text, cell->name, "can't be written");
    }
    if (fdatasync(cell->fd) == -1)
        return fail(text, cell->name, "can't be made durable");
    return P7_OK;
}

enum p7_status cell_write(struct cell *cell, const uint8_t *octets, char *text)
{
    cell->sequence++;
    const enum p7_status status = write_copy(cell, 0, octets, text);
    return status != P7_OK ? status : write_copy(cell, 1, octets, text);
}

/* Under another name until it is whole: a crash in between leaves no half a cell. */
static enum p7_status create(struct cell *cell, int directory_fd, const uint8_t *octets, char *text)
{
    char draft[CELL_NAME_OCTETS + 8];
    (void)snprintf(draft, sizeof(draft), "%s.new", cell->name);
    cell->fd = openat(directory_fd, draft, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (cell->fd == -1)
        return fail(text, draft, "can't be made");
    const enum p7_status status = cell_write(cell, octets, text);
    if (status != P7_OK)
        return status;
    if (fsync(cell->fd) == -1 || renameat(directory_fd, draft, directory_fd, cell->name) == -1 ||
        fsync(directory_fd) == -1)
        return fail(text, cell->name, "can't be made durable");
    return P7_OK;
}

static enum p7_status load(struct cell *cell, uint8_t *octets, char *text)
{
    uint8_t copy[COPY_COUNT][COPY_OCTETS];
    int best = -1;
    memset(copy, 0, sizeof(copy));
    for (int i = 0; i < COPY_COUNT; i++) {
        /* A read error of one block leaves the other copy. */
        if (pread(cell->fd, copy[i], COPY_OCTETS, (off_t)i * (off_t)COPY_OCTETS) == -1 ||
            !is_sound(copy[i], cell->length))
            continue;
        if (best == -1 || bytes_load_u64be(copy[i] + 8) > bytes_load_u64be(copy[best] + 8))
            best = i;
    }
    if (best == -1) {
        (void)snprintf(text, CELL_TEXT_OCTETS,
                       "%s: both copies are damaged, or this is no file of pulse7-witness; it is "
                       "left as it is",
                       cell->name);
        return P7_MALFORMED;
    }
    memcpy(octets, copy[best] + HEAD_OCTETS, cell->length);
    cell->sequence = bytes_load_u64be(copy[best] + 8);
    /* What was read may be in the page cache only, after an fsync that failed. The other copy goes
     * first: the good one stays whole until there are two. */
    const enum p7_status status = write_copy(cell, 1 - best, octets, text);
    return status != P7_OK ? status : write_copy(cell, best, octets, text);
}

enum p7_status cell_open(struct cell *cell, int directory_fd, const char *name, uint8_t *octets,
                         size_t length, bool *fresh, char *text)
{
    assert(length <= CELL_OCTETS_MAX && strlen(name) < CELL_NAME_OCTETS);
    _Static_assert(HEAD_OCTETS + CELL_OCTETS_MAX + TAIL_OCTETS <= COPY_OCTETS, "a copy is a block");
    memset(cell, 0, sizeof(*cell));
    cell->length = length;
    memcpy(cell->name, name, strlen(name) + 1);
    cell->fd = openat(directory_fd, name, O_RDWR | O_CLOEXEC);
    *fresh = cell->fd == -1 && errno == ENOENT;
    enum p7_status status;
    if (*fresh)
        status = create(cell, directory_fd, octets, text);
    else if (cell->fd == -1)
        status = fail(text, name, "can't be opened");
    else
        status = load(cell, octets, text);
    if (status != P7_OK)
        cell_close(cell);
    return status;
}

void cell_close(struct cell *cell)
{
    if (cell->fd != -1)
        (void)close(cell->fd);
    cell->fd = -1;
}
