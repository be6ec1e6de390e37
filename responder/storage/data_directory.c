/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "responder/storage/data_directory.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sigtran/base/bytes.h"
#include "sigtran/base/crc32c.h"
#include "sigtran/runtime/clock.h"

#define LOCK_NAME      "lock"
#define NEW_NAME       "identity.new"
#define CONTENT_OCTETS 512
#define FORMAT_VERSION 1u
#define MODE_FILE      0640
#define MODE_DIR       0750

struct report {
    const char *path;
    char *text;
    size_t text_octets;
};

static enum p7_status complain(const struct report *report, enum p7_status status,
                               const char *format, ...) __attribute__((format(printf, 3, 4)));

/* "PATH: sentence". */
static enum p7_status complain(const struct report *report, enum p7_status status,
                               const char *format, ...)
{
    const int error = errno;
    const int n = snprintf(report->text, report->text_octets, "%.256s: ", report->path);
    if (n > 0 && (size_t)n < report->text_octets) {
        va_list arguments;
        va_start(arguments, format);
        (void)vsnprintf(report->text + n, report->text_octets - (size_t)n, format, arguments);
        va_end(arguments);
    }
    errno = error;
    return status;
}

static enum p7_status system_error(const struct report *report, const char *call, const char *name)
{
    return complain(report, P7_SYSTEM, "%s of %s failed: %s", call, name, strerror(errno));
}

/* --- the file `identity` ------------------------------------------------------------------- */

/* The last line is a checksum of all before it. */
static size_t write_content(const struct data_identity *identity, char *content)
{
    int n = snprintf(content, CONTENT_OCTETS,
                     "pulse7 data directory\nversion %u\ncluster %016" PRIx64 "\nnode %" PRIu32
                     "\nidentity %016" PRIx64 "\nlives %" PRIu32 "\n",
                     FORMAT_VERSION, identity->cluster_id, identity->node, identity->identity,
                     identity->lives);
    n += snprintf(content + n, CONTENT_OCTETS - (size_t)n, "check %08" PRIx32 "\n",
                  crc32c(0, bytes_of(content, (size_t)n)));
    return (size_t)n;
}

/* What was read must be, to the octet, what we would have written. */
static bool parse_content(const char *content, struct data_identity *identity)
{
    char expected[CONTENT_OCTETS];
    const int fields =
        sscanf(content,
               "pulse7 data directory\nversion 1\ncluster %16" SCNx64 "\nnode %10" SCNu32
               "\nidentity %16" SCNx64 "\nlives %10" SCNu32,
               &identity->cluster_id, &identity->node, &identity->identity, &identity->lives);
    if (fields != 4)
        return false;
    (void)write_content(identity, expected);
    return strcmp(content, expected) == 0;
}

static enum p7_status read_identity(const struct report *report, int directory,
                                    struct data_identity *identity)
{
    char content[CONTENT_OCTETS];
    const int fd = openat(directory, DATA_DIRECTORY_IDENTITY, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd == -1 && errno == ENOENT)
        return complain(report, P7_NOT_FOUND, "it holds no file `%s`", DATA_DIRECTORY_IDENTITY);
    if (fd == -1)
        return system_error(report, "open", DATA_DIRECTORY_IDENTITY);
    size_t used = 0;
    ssize_t n;
    do {
        n = read(fd, content + used, sizeof(content) - 1 - used);
        used += n > 0 ? (size_t)n : 0;
    } while ((n > 0 && used < sizeof(content) - 1) || (n == -1 && errno == EINTR));
    const int error = errno;
    (void)close(fd);
    errno = error;
    if (n == -1)
        return system_error(report, "read", DATA_DIRECTORY_IDENTITY);
    content[used] = '\0';
    if (parse_content(content, identity))
        return P7_OK;
    return complain(report, P7_MALFORMED,
                    "the file `%s` is damaged, or a later version wrote it. If it is damaged: "
                    "remove it; the node then gets a new identity, which the cluster must be told",
                    DATA_DIRECTORY_IDENTITY);
}

static bool write_all(int fd, const char *content, size_t length)
{
    while (length > 0) {
        const ssize_t n = write(fd, content, length);
        if (n == -1 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        content += n;
        length -= (size_t)n;
    }
    return true;
}

/* Old or new after a crash, never half. */
static enum p7_status write_identity(const struct report *report, int directory,
                                     const struct data_identity *identity)
{
    char content[CONTENT_OCTETS];
    const size_t length = write_content(identity, content);
    const int fd = openat(directory, NEW_NAME,
                          O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, MODE_FILE);
    if (fd == -1)
        return system_error(report, "creation", NEW_NAME);
    const bool written = write_all(fd, content, length) && fsync(fd) == 0;
    const int error = errno;
    (void)close(fd);
    errno = error;
    if (!written)
        return system_error(report, "write", NEW_NAME);
    if (renameat(directory, NEW_NAME, directory, DATA_DIRECTORY_IDENTITY) == -1)
        return system_error(report, "rename", NEW_NAME);
    return fsync(directory) == -1 ? system_error(report, "sync", "the directory") : P7_OK;
}

/* --- opening -------------------------------------------------------------------------------- */

static bool random_fill(void *dst, size_t octets)
{
    /* Up to 256 octets come whole, or not at all. */
    return getrandom(dst, octets, 0) == (ssize_t)octets;
}

static bool sync_parent(const char *path)
{
    char copy[PATH_MAX];
    (void)snprintf(copy, sizeof(copy), "%s", path);
    const int parent = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (parent == -1)
        return false;
    const bool synced = fsync(parent) == 0;
    (void)close(parent);
    return synced;
}

static enum p7_status open_path(const struct report *report, int *directory)
{
    if (mkdir(report->path, MODE_DIR) == 0) {
        if (!sync_parent(report->path))
            return system_error(report, "sync", "the directory above");
    } else if (errno != EEXIST) {
        return system_error(report, "creation", "the directory");
    }
    *directory = open(report->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return *directory == -1 ? system_error(report, "open", "the directory") : P7_OK;
}

static enum p7_status take_lock(const struct report *report, int directory, int *lock)
{
    *lock = openat(directory, LOCK_NAME, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, MODE_FILE);
    if (*lock == -1)
        return system_error(report, "open", LOCK_NAME);
    if (flock(*lock, LOCK_EX | LOCK_NB) == 0)
        return P7_OK;
    if (errno != EWOULDBLOCK)
        return system_error(report, "lock", LOCK_NAME);
    return complain(report, P7_EXISTS,
                    "another process uses this data directory: end it, or name another directory");
}

static enum p7_status check_owner(const struct report *report, const struct data_identity *identity,
                                  uint64_t cluster_id, uint32_t node)
{
    if (identity->cluster_id != cluster_id)
        return complain(report, P7_STATE,
                        "it belongs to cluster %016" PRIx64 ", not to %016" PRIx64
                        ": name the directory of this cluster, or an empty one",
                        identity->cluster_id, cluster_id);
    if (identity->node != node)
        return complain(report, P7_STATE,
                        "it belongs to node %" PRIu32 ", not to node %" PRIu32
                        ": each node has a directory of its own",
                        identity->node, node);
    if (identity->lives == UINT32_MAX)
        return complain(report, P7_STATE, "the count of its lives is used up");
    return P7_OK;
}

/* One life more, and the session of it. */
static enum p7_status begin_life(const struct report *report, int directory, uint64_t cluster_id,
                                 uint32_t node, struct data_directory *out)
{
    struct data_identity identity;
    uint32_t random = 0;
    enum p7_status status = read_identity(report, directory, &identity);
    if (status == P7_NOT_FOUND) {
        /* A new directory counts from the time: who talked to the one that was here before listens
         * to higher counts only (channel.h). */
        identity = (struct data_identity){
            .cluster_id = cluster_id,
            .node = node,
            .lives = (uint32_t)(clock_wall_ns() / CLOCK_NS_PER_S),
        };
        do {
            if (!random_fill(&identity.identity, sizeof(identity.identity)))
                return system_error(report, "getrandom", "an identity");
        } while (identity.identity == 0);
        status = P7_OK;
    }
    if (status == P7_OK)
        status = check_owner(report, &identity, cluster_id, node);
    if (status != P7_OK)
        return status;
    if (!random_fill(&random, sizeof(random)))
        return system_error(report, "getrandom", "a session");
    identity.lives++;
    out->identity = identity.identity;
    out->life = identity.lives;
    out->session = ((uint64_t)identity.lives << 32) | random;
    return write_identity(report, directory, &identity);
}

static bool join(char *dst, const char *path, const char *name)
{
    const int n = snprintf(dst, DATA_DIRECTORY_PATH_OCTETS, "%s/%s", path, name);
    return n > 0 && n < DATA_DIRECTORY_PATH_OCTETS;
}

enum p7_status data_directory_open(const char *path, uint64_t cluster_id, uint32_t node,
                                   struct data_directory *out, char *text, size_t text_octets)
{
    const struct report report = {.path = path, .text = text, .text_octets = text_octets};
    int directory = -1;
    *out = (struct data_directory){.lock = -1};
    if (!join(out->ledger, path, DATA_DIRECTORY_LEDGER) ||
        !join(out->cdr, path, DATA_DIRECTORY_CDR))
        return complain(&report, P7_RANGE, "the path is too long");
    enum p7_status status = open_path(&report, &directory);
    if (status == P7_OK)
        status = take_lock(&report, directory, &out->lock);
    if (status == P7_OK)
        status = begin_life(&report, directory, cluster_id, node, out);
    const int error = errno;
    if (directory != -1)
        (void)close(directory);
    if (status != P7_OK)
        data_directory_close(out);
    errno = error;
    return status;
}

void data_directory_close(struct data_directory *directory)
{
    if (directory->lock != -1)
        (void)close(directory->lock);
    directory->lock = -1;
}

enum p7_status data_directory_read(const char *path, struct data_identity *identity, char *text,
                                   size_t text_octets)
{
    const struct report report = {.path = path, .text = text, .text_octets = text_octets};
    const int directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory == -1)
        return system_error(&report, "open", "the directory");
    const enum p7_status status = read_identity(&report, directory, identity);
    (void)close(directory);
    return status;
}
