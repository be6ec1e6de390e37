/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "responder/storage/cdr_file.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "responder/storage/ledger_csv.h"

#define LOCK_NAME    "lock"
#define STATE_NAME   "published"
#define STATE_NEW    "published.part"
#define PART_SUFFIX  ".part"
#define META_OCTETS  1024
#define STATE_OCTETS 128
#define MODE_FILE    0640
#define MODE_DIR     0750

static enum p7_status failed(struct cdr_files *files, const char *call, const char *name)
{
    const int error = errno;
    const bool no_space = error == ENOSPC || error == EDQUOT;
    (void)snprintf(files->text, sizeof(files->text), "%s of %s in %.256s failed: %s%s", call, name,
                   files->path, strerror(error),
                   no_space ? ": free some, or take published files away" : "");
    errno = error;
    return no_space ? P7_FULL : P7_SYSTEM;
}

/* --- names ---------------------------------------------------------------------------------- */

static void name_range(char *name, uint64_t first, uint64_t last, const char *suffix)
{
    (void)snprintf(name, CDR_FILE_NAME_OCTETS, "cdr-%020" PRIu64 "-%020" PRIu64 "%s", first, last,
                   suffix);
}

enum cdr_name_kind cdr_name_parse(const char *name, uint64_t *first, uint64_t *last)
{
    static const struct {
        const char *suffix;
        enum cdr_name_kind kind;
    } kinds[] = {{".csv", CDR_NAME_CSV}, {".meta.json", CDR_NAME_META}};
    char again[CDR_FILE_NAME_OCTETS];
    const size_t length = strlen(name);
    if (length > strlen(PART_SUFFIX) &&
        strcmp(name + length - strlen(PART_SUFFIX), PART_SUFFIX) == 0 &&
        (strncmp(name, "cdr-", 4) == 0 || strcmp(name, STATE_NEW) == 0))
        return CDR_NAME_PART;
    if (sscanf(name, "cdr-%20" SCNu64 "-%20" SCNu64, first, last) != 2)
        return CDR_NAME_OTHER;
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        name_range(again, *first, *last, kinds[i].suffix);
        if (strcmp(name, again) == 0 && *first >= 1 && *last >= *first)
            return kinds[i].kind;
    }
    return CDR_NAME_OTHER;
}

/* --- writing -------------------------------------------------------------------------------- */

static bool write_all(int fd, const void *octets, size_t length)
{
    const uint8_t *at = octets;
    while (length > 0) {
        const ssize_t n = write(fd, at, length);
        if (n == -1 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        at += n;
        length -= (size_t)n;
    }
    return true;
}

/* A whole small file, durable under its name. */
static enum p7_status write_file(struct cdr_files *files, const char *unfinished, const char *name,
                                 const char *content)
{
    const int fd = openat(files->directory, unfinished,
                          O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, MODE_FILE);
    if (fd == -1)
        return failed(files, "creation", unfinished);
    const bool written = write_all(fd, content, strlen(content)) && fsync(fd) == 0;
    const int error = errno;
    (void)close(fd);
    errno = error;
    if (!written)
        return failed(files, "write", unfinished);
    if (renameat(files->directory, unfinished, files->directory, name) == -1)
        return failed(files, "rename", unfinished);
    return fsync(files->directory) == -1 ? failed(files, "sync", "the directory") : P7_OK;
}

static enum p7_status flush(struct cdr_files *files)
{
    if (!write_all(files->part, files->buffer, files->used))
        return failed(files, "write", files->part_name);
    files->used = 0;
    return P7_OK;
}

static enum p7_status put_octets(struct cdr_files *files, const char *octets, size_t length)
{
    assert(length <= sizeof(files->buffer));
    if (files->used + length > sizeof(files->buffer)) {
        const enum p7_status status = flush(files);
        if (status != P7_OK)
            return status;
    }
    memcpy(files->buffer + files->used, octets, length);
    files->used += length;
    files->octets += length;
    sha256_update(&files->sha256, length, (const uint8_t *)octets);
    return P7_OK;
}

static enum p7_status begin_part(struct cdr_files *files)
{
    (void)snprintf(files->part_name, sizeof(files->part_name), "cdr-%020" PRIu64 ".csv" PART_SUFFIX,
                   files->published + 1);
    files->part = openat(files->directory, files->part_name,
                         O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, MODE_FILE);
    if (files->part == -1)
        return failed(files, "creation", files->part_name);
    files->count = 0;
    files->amount = 0;
    files->octets = 0;
    files->used = 0;
    sha256_init(&files->sha256);
    return put_octets(files, LEDGER_CSV_HEADER, strlen(LEDGER_CSV_HEADER));
}

enum p7_status cdr_files_put(struct cdr_files *files, const struct ledger_record *record)
{
    char line[LEDGER_CSV_LINE_OCTETS];
    const size_t length = ledger_csv_line(record, line);
    enum p7_status status = P7_OK;
    assert(record->index == files->last + 1);
    if (record->kind != LEDGER_TERM) {
        if (files->part == -1)
            status = begin_part(files);
        if (status == P7_OK)
            status = put_octets(files, line, length);
        if (status != P7_OK)
            return status;
        files->count++;
        files->amount += record->amount;
    }
    files->last = record->index;
    return P7_OK;
}

bool cdr_files_pending(const struct cdr_files *files)
{
    return files->part != -1;
}

static enum p7_status write_meta(struct cdr_files *files, const char *csv)
{
    uint8_t digest[SHA256_DIGEST_SIZE];
    char hex[2 * SHA256_DIGEST_SIZE + 1];
    char content[META_OCTETS];
    char name[CDR_FILE_NAME_OCTETS];
    char unfinished[CDR_FILE_NAME_OCTETS];
    sha256_digest(&files->sha256, sizeof(digest), digest);
    for (size_t i = 0; i < sizeof(digest); i++)
        (void)snprintf(hex + 2 * i, 3, "%02x", digest[i]);
    (void)snprintf(content, sizeof(content),
                   "{\n \"format\": 1,\n \"file\": \"%s\",\n \"cluster\": \"%016" PRIx64
                   "\",\n \"first\": %" PRIu64 ",\n \"last\": %" PRIu64 ",\n \"count\": %" PRIu64
                   ",\n \"amount\": %" PRIu64 ",\n \"octets\": %" PRIu64
                   ",\n \"sha256\": \"%s\"\n}\n",
                   csv, files->cluster_id, files->published + 1, files->last, files->count,
                   files->amount, files->octets, hex);
    name_range(name, files->published + 1, files->last, ".meta.json");
    name_range(unfinished, files->published + 1, files->last, ".meta.json" PART_SUFFIX);
    return write_file(files, unfinished, name, content);
}

/* The file has its name: what fails from here on does not unpublish it. */
static enum p7_status note_published(struct cdr_files *files)
{
    char content[STATE_OCTETS];
    (void)close(files->part);
    files->part = -1;
    files->published = files->last;
    files->planned = 0;
    if (fsync(files->directory) == -1)
        return failed(files, "sync", "the directory");
    (void)snprintf(content, sizeof(content), "pulse7 cdr\npublished %" PRIu64 "\n",
                   files->published);
    return write_file(files, STATE_NEW, STATE_NAME, content);
}

enum p7_status cdr_files_publish(struct cdr_files *files)
{
    char csv[CDR_FILE_NAME_OCTETS];
    assert(files->part != -1);
    enum p7_status status = flush(files);
    if (status == P7_OK && fsync(files->part) == -1)
        status = failed(files, "fsync", files->part_name);
    if (status != P7_OK)
        return status;
    name_range(csv, files->published + 1, files->last, ".csv");
    status = write_meta(files, csv);
    if (status != P7_OK)
        return status;
    files->planned = files->last;
    if (renameat(files->directory, files->part_name, files->directory, csv) == -1)
        return failed(files, "rename", files->part_name);
    return note_published(files);
}

void cdr_files_drop(struct cdr_files *files)
{
    files->last = files->published;
    if (files->part == -1)
        return;
    (void)close(files->part);
    files->part = -1;
    (void)unlinkat(files->directory, files->part_name, 0);
}

/* --- opening -------------------------------------------------------------------------------- */

struct ranges {
    struct range {
        uint64_t first;
        uint64_t last;
    } * range;
    size_t count;
    size_t room;
    uint64_t meta_first; /* of the companion with the highest range */
    uint64_t meta_last;
};

static bool add_range(struct ranges *ranges, uint64_t first, uint64_t last)
{
    if (ranges->count == ranges->room) {
        const size_t room = ranges->room == 0 ? 64 : 2 * ranges->room;
        struct range *longer = realloc(ranges->range, room * sizeof(*longer));
        if (longer == NULL)
            return false;
        ranges->range = longer;
        ranges->room = room;
    }
    ranges->range[ranges->count++] = (struct range){.first = first, .last = last};
    return true;
}

static enum p7_status take_name(struct cdr_files *files, struct ranges *ranges, const char *name)
{
    uint64_t first = 0;
    uint64_t last = 0;
    switch (cdr_name_parse(name, &first, &last)) {
    case CDR_NAME_PART:
        if (unlinkat(files->directory, name, 0) == -1)
            return failed(files, "removal", name);
        break;
    case CDR_NAME_META:
        if (first > ranges->meta_first) {
            ranges->meta_first = first;
            ranges->meta_last = last;
        }
        break;
    case CDR_NAME_CSV:
        if (!add_range(ranges, first, last)) {
            (void)snprintf(files->text, sizeof(files->text), "%.256s: no memory", files->path);
            return P7_NO_MEMORY;
        }
        break;
    case CDR_NAME_OTHER:
        break;
    }
    return P7_OK;
}

static enum p7_status list_files(struct cdr_files *files, struct ranges *ranges)
{
    enum p7_status status = P7_OK;
    const int fd = openat(files->directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *listing = fd == -1 ? NULL : fdopendir(fd);
    if (listing == NULL) {
        status = failed(files, "listing", "the files");
        if (fd != -1)
            (void)close(fd);
        return status;
    }
    while (status == P7_OK) {
        errno = 0;
        const struct dirent *entry = readdir(listing);
        if (entry == NULL && errno != 0)
            status = failed(files, "listing", "the files");
        if (entry == NULL)
            break;
        status = take_name(files, ranges, entry->d_name);
    }
    (void)closedir(listing);
    return status;
}

static int compare_ranges(const void *a, const void *b)
{
    const struct range *x = a;
    const struct range *y = b;
    return x->first < y->first ? -1 : x->first > y->first;
}

static enum p7_status check_ranges(struct cdr_files *files, const struct ranges *ranges)
{
    for (size_t i = 1; i < ranges->count; i++) {
        if (ranges->range[i].first == ranges->range[i - 1].last + 1)
            continue;
        (void)snprintf(files->text, sizeof(files->text),
                       "%.256s: the file behind record %" PRIu64 " begins with %" PRIu64
                       ": put the files back that are missing, or take the older ones away, too",
                       files->path, ranges->range[i - 1].last, ranges->range[i].first);
        return P7_MALFORMED;
    }
    return P7_OK;
}

static enum p7_status read_state(struct cdr_files *files, uint64_t *published)
{
    char content[STATE_OCTETS] = "";
    *published = 0;
    const int fd = openat(files->directory, STATE_NAME, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd == -1)
        return errno == ENOENT ? P7_OK : failed(files, "open", STATE_NAME);
    const ssize_t n = read(fd, content, sizeof(content) - 1);
    const enum p7_status status = n == -1 ? failed(files, "read", STATE_NAME) : P7_OK;
    (void)close(fd);
    if (status != P7_OK)
        return status;
    if (sscanf(content, "pulse7 cdr\npublished %20" SCNu64, published) == 1)
        return P7_OK;
    (void)snprintf(
        files->text, sizeof(files->text),
        "%.256s: the file `%s` is damaged: write \"pulse7 cdr\" and \"published N\" into "
        "it, a line each, with the last index that was published",
        files->path, STATE_NAME);
    return P7_MALFORMED;
}

static enum p7_status find_published(struct cdr_files *files)
{
    struct ranges ranges = {0};
    enum p7_status status = list_files(files, &ranges);
    if (status == P7_OK)
        status = read_state(files, &files->published);
    if (status == P7_OK && ranges.count > 0) {
        qsort(ranges.range, ranges.count, sizeof(*ranges.range), compare_ranges);
        status = check_ranges(files, &ranges);
        if (ranges.range[ranges.count - 1].last > files->published)
            files->published = ranges.range[ranges.count - 1].last;
    }
    if (ranges.meta_first == files->published + 1)
        files->planned = ranges.meta_last;
    files->last = files->published;
    free(ranges.range);
    return status;
}

static enum p7_status take_lock(struct cdr_files *files)
{
    files->lock =
        openat(files->directory, LOCK_NAME, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, MODE_FILE);
    if (files->lock == -1)
        return failed(files, "open", LOCK_NAME);
    if (flock(files->lock, LOCK_EX | LOCK_NB) == 0)
        return P7_OK;
    const bool taken = errno == EWOULDBLOCK;
    const enum p7_status status = failed(files, "lock", LOCK_NAME);
    if (taken)
        (void)snprintf(files->text, sizeof(files->text),
                       "%.256s: another process writes CDRs there", files->path);
    return taken ? P7_EXISTS : status;
}

enum p7_status cdr_files_open(struct cdr_files *files, const char *directory, uint64_t cluster_id)
{
    memset(files, 0, sizeof(*files));
    files->cluster_id = cluster_id;
    files->directory = -1;
    files->lock = -1;
    files->part = -1;
    (void)snprintf(files->path, sizeof(files->path), "%s", directory);
    if (mkdir(directory, MODE_DIR) == -1 && errno != EEXIST)
        return failed(files, "creation", "the directory");
    files->directory = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    enum p7_status status =
        files->directory == -1 ? failed(files, "open", "the directory") : take_lock(files);
    if (status == P7_OK)
        status = find_published(files);
    if (status != P7_OK) {
        const int error = errno;
        cdr_files_close(files);
        errno = error;
    }
    return status;
}

void cdr_files_close(struct cdr_files *files)
{
    cdr_files_drop(files);
    if (files->lock != -1)
        (void)close(files->lock);
    if (files->directory != -1)
        (void)close(files->directory);
    files->lock = -1;
    files->directory = -1;
}
