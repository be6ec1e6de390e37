/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "responder/storage/disk_posix.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "responder/ledger/record.h"

/* A journal has its present segment open, `synced`, and one that it reads; the rest is reserve. */
#define FILES_MAX 16

#define LOCK_NAME    "lock"
#define ZEROS_OCTETS ((size_t)1024 * 1024)
#define TEXT_OCTETS  1024
#define MODE_FILE    0640
#define MODE_DIR     0750

struct posix_file {
    int fd; /* -1: free */
    char name[DISK_NAME_OCTETS];
};

struct disk_posix {
    struct disk ops;
    int directory;
    int lock; /* -1: read only */
    bool read_only;
    struct posix_file file[FILES_MAX];
    char path[PATH_MAX];
    char text[TEXT_OCTETS];
};

/* --- errors --------------------------------------------------------------------------------- */

static const char *way_out(int error)
{
    switch (error) {
    case ENOSPC:
    case EDQUOT:
        return ": free some";
    case EROFS:
        return ": mount it for writing";
    case EACCES:
    case EPERM:
        return ": give the user that runs this program the right to read and write there";
    case EIO:
        return ": the disk or its path is failing; what was written since the last good sync may "
               "be lost. Start again from what is there, or on another disk from the other node";
    case EMFILE:
    case ENFILE:
        return ": raise the limit of open files";
    default:
        return "";
    }
}

/* Keeps the sentence; leaves errno as it was. */
static enum p7_status failed(struct disk_posix *disk, const char *call, const char *name)
{
    const int error = errno;
    const bool no_space = error == ENOSPC || error == EDQUOT;
    char grows[80] = "";
    if (no_space)
        (void)snprintf(grows, sizeof(grows), ", the ledger grows by up to %u octets a request",
                       LEDGER_RECORD_OCTETS_MAX);
    (void)snprintf(disk->text, sizeof(disk->text), "%s of %s%s%.512s failed: %s%s%s", call, name,
                   name[0] == '\0' ? "" : " in ", disk->path, strerror(error), way_out(error),
                   grows);
    errno = error;
    if (no_space)
        return P7_FULL;
    return error == ENOENT ? P7_NOT_FOUND : error == EEXIST ? P7_EXISTS : P7_SYSTEM;
}

static enum p7_status refused(struct disk_posix *disk, const char *call, const char *name)
{
    errno = EROFS;
    return failed(disk, call, name);
}

static struct posix_file *file_of(struct disk_posix *disk, int file)
{
    assert(file >= 0 && file < FILES_MAX && disk->file[file].fd != -1);
    return &disk->file[file];
}

/* --- files ---------------------------------------------------------------------------------- */

static bool write_at(int fd, const uint8_t *octets, size_t length, uint64_t offset)
{
    while (length > 0) {
        const ssize_t n = pwrite(fd, octets, length, (off_t)offset);
        if (n == -1 && errno == EINTR)
            continue;
        if (n == 0)
            errno = EIO;
        if (n <= 0)
            return false;
        octets += n;
        offset += (uint64_t)n;
        length -= (size_t)n;
    }
    return true;
}

/* Zeros are written really: posix_fallocate gives extents that are marked unwritten, and a later
 * write to one of them makes each fdatasync change the file's metadata as well: two flushes of the
 * disk where one would do. */
static bool write_zeros(int fd, uint64_t octets)
{
    uint8_t *zeros = calloc(1, ZEROS_OCTETS);
    bool written = zeros != NULL;
    for (uint64_t at = 0; written && at < octets; at += ZEROS_OCTETS) {
        const uint64_t left = octets - at;
        written = write_at(fd, zeros, left < ZEROS_OCTETS ? (size_t)left : ZEROS_OCTETS, at);
    }
    free(zeros);
    return written;
}

static enum p7_status posix_open(void *context, const char *name, int create, uint64_t zero_octets,
                                 int *file)
{
    struct disk_posix *disk = context;
    int slot = 0;
    *file = DISK_FILE_NONE;
    if (disk->read_only && create)
        return refused(disk, "creation", name);
    while (slot < FILES_MAX && disk->file[slot].fd != -1)
        slot++;
    if (slot == FILES_MAX || strlen(name) >= DISK_NAME_OCTETS) {
        errno = slot == FILES_MAX ? EMFILE : ENAMETOOLONG;
        return failed(disk, "open", name);
    }
    const int access = disk->read_only ? O_RDONLY : O_RDWR;
    const int fd =
        openat(disk->directory, name,
               access | O_CLOEXEC | O_NOFOLLOW | (create ? O_CREAT | O_EXCL : 0), MODE_FILE);
    if (fd == -1)
        return failed(disk, create ? "creation" : "open", name);
    if (create && !write_zeros(fd, zero_octets)) {
        const enum p7_status status = failed(disk, "filling with zeros", name);
        const int error = errno;
        (void)close(fd);
        (void)unlinkat(disk->directory, name, 0); /* gives the space back */
        errno = error;
        return status;
    }
    disk->file[slot].fd = fd;
    (void)snprintf(disk->file[slot].name, DISK_NAME_OCTETS, "%s", name);
    *file = slot;
    return P7_OK;
}

static enum p7_status posix_write(void *context, int file, uint64_t offset, struct bytes octets)
{
    struct disk_posix *disk = context;
    const struct posix_file *f = file_of(disk, file);
    if (disk->read_only)
        return refused(disk, "write", f->name);
    return write_at(f->fd, octets.data, octets.length, offset) ? P7_OK
                                                               : failed(disk, "write", f->name);
}

static enum p7_status posix_read(void *context, int file, uint64_t offset, void *dst, size_t octets,
                                 size_t *got)
{
    struct disk_posix *disk = context;
    const struct posix_file *f = file_of(disk, file);
    *got = 0;
    while (*got < octets) {
        const ssize_t n =
            pread(f->fd, (uint8_t *)dst + *got, octets - *got, (off_t)(offset + *got));
        if (n == -1 && errno == EINTR)
            continue;
        if (n == -1)
            return failed(disk, "read", f->name);
        if (n == 0)
            break;
        *got += (size_t)n;
    }
    return P7_OK;
}

static enum p7_status posix_sync(void *context, int file)
{
    struct disk_posix *disk = context;
    const struct posix_file *f = file_of(disk, file);
    /* Not again after EINTR either: the kernel reports a lost page once. */
    return fdatasync(f->fd) == -1 ? failed(disk, "fdatasync", f->name) : P7_OK;
}

static void posix_close(void *context, int file)
{
    struct disk_posix *disk = context;
    struct posix_file *f = file_of(disk, file);
    (void)close(f->fd);
    f->fd = -1;
}

/* --- the directory -------------------------------------------------------------------------- */

static enum p7_status posix_rename(void *context, const char *from, const char *to)
{
    struct disk_posix *disk = context;
    if (disk->read_only)
        return refused(disk, "rename", from);
    return renameat(disk->directory, from, disk->directory, to) == -1 ? failed(disk, "rename", from)
                                                                      : P7_OK;
}

static enum p7_status posix_remove(void *context, const char *name)
{
    struct disk_posix *disk = context;
    if (disk->read_only)
        return refused(disk, "removal", name);
    return unlinkat(disk->directory, name, 0) == -1 ? failed(disk, "removal", name) : P7_OK;
}

static enum p7_status posix_sync_directory(void *context)
{
    struct disk_posix *disk = context;
    if (disk->read_only)
        return refused(disk, "sync", "");
    return fsync(disk->directory) == -1 ? failed(disk, "sync", "") : P7_OK;
}

static bool is_file(const struct disk_posix *disk, const struct dirent *entry)
{
    struct stat status;
    if (strcmp(entry->d_name, LOCK_NAME) == 0)
        return false;
    if (entry->d_type != DT_UNKNOWN)
        return entry->d_type == DT_REG;
    return fstatat(disk->directory, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
           S_ISREG(status.st_mode);
}

static enum p7_status posix_list(void *context, void (*each)(void *user, const char *name),
                                 void *user)
{
    struct disk_posix *disk = context;
    /* Opened anew, as a copy of the descriptor would share its position. */
    const int fd = openat(disk->directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *listing = fd == -1 ? NULL : fdopendir(fd);
    if (listing == NULL) {
        const enum p7_status status = failed(disk, "listing", "");
        if (fd != -1)
            (void)close(fd);
        return status;
    }
    enum p7_status status = P7_OK;
    for (;;) {
        errno = 0;
        const struct dirent *entry = readdir(listing);
        if (entry == NULL && errno != 0)
            status = failed(disk, "listing", "");
        if (entry == NULL)
            break;
        if (is_file(disk, entry))
            each(user, entry->d_name);
    }
    (void)closedir(listing);
    return status;
}

/* --- life cycle ----------------------------------------------------------------------------- */

/* The name of a new directory is durable when its parent is synced. */
static bool make_directory(const char *path)
{
    char copy[PATH_MAX];
    if (mkdir(path, MODE_DIR) == -1)
        return errno == EEXIST;
    (void)snprintf(copy, sizeof(copy), "%s", path);
    const int parent = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (parent == -1)
        return false;
    const bool synced = fsync(parent) == 0;
    const int error = errno;
    (void)close(parent);
    errno = error;
    return synced;
}

static enum p7_status take_lock(struct disk_posix *disk)
{
    disk->lock =
        openat(disk->directory, LOCK_NAME, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, MODE_FILE);
    if (disk->lock == -1)
        return P7_SYSTEM;
    if (flock(disk->lock, LOCK_EX | LOCK_NB) == 0)
        return P7_OK;
    return errno == EWOULDBLOCK ? P7_EXISTS : P7_SYSTEM;
}

static enum p7_status open_directory(struct disk_posix *disk)
{
    if (!disk->read_only && !make_directory(disk->path))
        return P7_SYSTEM;
    disk->directory = open(disk->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (disk->directory == -1)
        return P7_SYSTEM;
    return disk->read_only ? P7_OK : take_lock(disk);
}

enum p7_status disk_posix_open(const char *directory, bool read_only, struct disk_posix **out)
{
    struct disk_posix *disk = calloc(1, sizeof(*disk));
    *out = NULL;
    if (disk == NULL)
        return P7_NO_MEMORY;
    disk->directory = -1;
    disk->lock = -1;
    disk->read_only = read_only;
    for (int i = 0; i < FILES_MAX; i++)
        disk->file[i].fd = -1;
    disk->ops = (struct disk){.context = disk,
                              .open = posix_open,
                              .write = posix_write,
                              .read = posix_read,
                              .sync = posix_sync,
                              .close = posix_close,
                              .rename = posix_rename,
                              .remove = posix_remove,
                              .sync_directory = posix_sync_directory,
                              .list = posix_list};
    const int length = snprintf(disk->path, sizeof(disk->path), "%s", directory);
    enum p7_status status = P7_SYSTEM;
    if (length < 0 || (size_t)length >= sizeof(disk->path))
        errno = ENAMETOOLONG;
    else
        status = open_directory(disk);
    if (status != P7_OK) {
        const int error = errno;
        disk_posix_close(disk);
        errno = error;
        return status;
    }
    *out = disk;
    return P7_OK;
}

void disk_posix_close(struct disk_posix *disk)
{
    if (disk == NULL)
        return;
    for (int i = 0; i < FILES_MAX; i++)
        if (disk->file[i].fd != -1)
            (void)close(disk->file[i].fd);
    if (disk->lock != -1)
        (void)close(disk->lock); /* the lock goes with it */
    if (disk->directory != -1)
        (void)close(disk->directory);
    free(disk);
}

const struct disk *disk_posix_ops(const struct disk_posix *disk)
{
    return &disk->ops;
}

const char *disk_posix_text(const struct disk_posix *disk)
{
    return disk->text[0] == '\0' ? "no call has failed" : disk->text;
}
