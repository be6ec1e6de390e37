/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "responder/tool/cdr_check.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <nettle/sha2.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "responder/storage/cdr_file.h"
#include "responder/storage/data_directory.h"
#include "responder/tool/csv_read.h"

#define PATH_OCTETS 4096
#define READ_OCTETS 65536u

struct range {
    uint64_t first;
    uint64_t last;
};

struct check {
    char directory[PATH_OCTETS];
    struct cdr_facts *facts;
    void (*tell)(const char *sentence);
    struct range *range;
    size_t count;
    size_t room;
};

/* What a file says of itself, or holds. */
struct figures {
    uint64_t first;
    uint64_t last;
    uint64_t count;
    uint64_t amount;
    uint64_t octets;
    char sha256[2 * SHA256_DIGEST_SIZE + 1];
};

static void problem(struct check *check, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void problem(struct check *check, const char *format, ...)
{
    char sentence[1024];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(sentence, sizeof(sentence), format, arguments);
    va_end(arguments);
    check->facts->problems++;
    check->tell(sentence);
}

static void path_of(const struct check *check, const struct range *range, const char *suffix,
                    char path[PATH_OCTETS + CDR_FILE_NAME_OCTETS])
{
    (void)snprintf(path, PATH_OCTETS + CDR_FILE_NAME_OCTETS,
                   "%s/cdr-%020" PRIu64 "-%020" PRIu64 "%s", check->directory, range->first,
                   range->last, suffix);
}

/* --- one file ------------------------------------------------------------------------------- */

static bool read_meta(struct check *check, const char *path, struct figures *figures)
{
    json_error_t error;
    json_int_t format = 0, first = 0, last = 0, count = 0, amount = 0, octets = 0;
    const char *sha256 = NULL;
    json_t *meta = json_load_file(path, 0, &error);
    if (meta == NULL) {
        problem(check, "%s: %s", path, error.text);
        return false;
    }
    const bool good =
        json_unpack_ex(meta, &error, 0, "{s:I, s:I, s:I, s:I, s:I, s:I, s:s}", "format", &format,
                       "first", &first, "last", &last, "count", &count, "amount", &amount, "octets",
                       &octets, "sha256", &sha256) == 0 &&
        format == 1 && strlen(sha256) == sizeof(figures->sha256) - 1;
    if (good) {
        *figures = (struct figures){.first = (uint64_t)first,
                                    .last = (uint64_t)last,
                                    .count = (uint64_t)count,
                                    .amount = (uint64_t)amount,
                                    .octets = (uint64_t)octets};
        memcpy(figures->sha256, sha256, sizeof(figures->sha256));
    } else {
        problem(check, "%s: not the companion of a CDR file of format 1", path);
    }
    json_decref(meta);
    return good;
}

static bool hash_file(const char *path, struct figures *figures)
{
    static const char digits[] = "0123456789abcdef";
    uint8_t buffer[READ_OCTETS];
    uint8_t digest[SHA256_DIGEST_SIZE];
    struct sha256_ctx sha256;
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return false;
    sha256_init(&sha256);
    for (size_t n; (n = fread(buffer, 1, sizeof(buffer), file)) > 0;) {
        sha256_update(&sha256, n, buffer);
        figures->octets += n;
    }
    const bool good = ferror(file) == 0;
    (void)fclose(file);
    sha256_digest(&sha256, sizeof(digest), digest);
    for (size_t i = 0; i < sizeof(digest); i++) {
        figures->sha256[2 * i] = digits[digest[i] >> 4];
        figures->sha256[2 * i + 1] = digits[digest[i] & 15u];
    }
    figures->sha256[2 * sizeof(digest)] = '\0';
    return good;
}

/* Lines and sum; indices must rise within the range of the name. */
static bool read_csv(struct check *check, const char *path, const struct range *range,
                     struct figures *figures)
{
    struct csv_read csv;
    size_t index_column = 0;
    size_t amount_column = 0;
    uint64_t before = range->first - 1;
    enum p7_status status = csv_read_open(&csv, path);
    if (status == P7_OK && (csv_read_column(&csv, "index", &index_column) != P7_OK ||
                            csv_read_column(&csv, "amount", &amount_column) != P7_OK)) {
        (void)snprintf(csv.text, sizeof(csv.text), "%.256s: no column `index` or `amount`", path);
        status = P7_MISSING;
    }
    while (status == P7_OK) {
        uint64_t index = 0;
        uint64_t amount = 0;
        status = csv_read_next(&csv);
        if (status == P7_OK)
            status = csv_read_u64(&csv, index_column, &index);
        if (status == P7_OK)
            status = csv_read_u64(&csv, amount_column, &amount);
        if (status == P7_OK && (index <= before || index > range->last)) {
            (void)snprintf(csv.text, sizeof(csv.text),
                           "%.256s:%" PRIu64 ": record %" PRIu64 " behind %" PRIu64, path, csv.line,
                           index, before);
            status = P7_RANGE;
        }
        if (status != P7_OK)
            break;
        before = index;
        figures->count++;
        figures->amount += amount;
    }
    if (status != P7_NOT_FOUND)
        problem(check, "%s", csv.text);
    csv_read_close(&csv);
    return status == P7_NOT_FOUND;
}

static void compare(struct check *check, const char *path, const char *what, uint64_t is,
                    uint64_t should)
{
    if (is != should)
        problem(check, "%s: %s %" PRIu64 ", and %" PRIu64 " in its companion", path, what, is,
                should);
}

static void check_file(struct check *check, const struct range *range)
{
    char csv[PATH_OCTETS + CDR_FILE_NAME_OCTETS];
    char meta[PATH_OCTETS + CDR_FILE_NAME_OCTETS];
    struct figures says = {0};
    struct figures holds = {.first = range->first, .last = range->last};
    path_of(check, range, ".csv", csv);
    path_of(check, range, ".meta.json", meta);
    check->facts->files++;
    if (!hash_file(csv, &holds)) {
        problem(check, "%s: %s", csv, strerror(errno));
        return;
    }
    (void)read_csv(check, csv, range, &holds);
    check->facts->lines += holds.count;
    check->facts->sum += holds.amount;
    if (!read_meta(check, meta, &says))
        return;
    compare(check, csv, "first index", holds.first, says.first);
    compare(check, csv, "last index", holds.last, says.last);
    compare(check, csv, "lines", holds.count, says.count);
    compare(check, csv, "sum", holds.amount, says.amount);
    compare(check, csv, "octets", holds.octets, says.octets);
    if (strcmp(holds.sha256, says.sha256) != 0)
        problem(check, "%s: its SHA-256 is not the one in its companion: it was changed", csv);
}

/* --- the directory -------------------------------------------------------------------------- */

static bool add_range(struct check *check, uint64_t first, uint64_t last)
{
    if (check->count == check->room) {
        const size_t room = check->room == 0 ? 64 : 2 * check->room;
        struct range *longer = realloc(check->range, room * sizeof(*longer));
        if (longer == NULL)
            return false;
        check->range = longer;
        check->room = room;
    }
    check->range[check->count++] = (struct range){.first = first, .last = last};
    return true;
}

static enum p7_status list_files(struct check *check, const char *path)
{
    enum p7_status status = P7_OK;
    (void)snprintf(check->directory, sizeof(check->directory), "%s/%s", path, DATA_DIRECTORY_CDR);
    DIR *listing = opendir(check->directory);
    if (listing == NULL) {
        (void)snprintf(check->directory, sizeof(check->directory), "%s", path);
        listing = opendir(check->directory);
    }
    if (listing == NULL) {
        (void)snprintf(check->facts->text, sizeof(check->facts->text), "%.256s: %s", path,
                       strerror(errno));
        return P7_SYSTEM;
    }
    for (const struct dirent *entry; status == P7_OK && (entry = readdir(listing)) != NULL;) {
        uint64_t first = 0;
        uint64_t last = 0;
        if (cdr_name_parse(entry->d_name, &first, &last) == CDR_NAME_CSV &&
            !add_range(check, first, last)) {
            (void)snprintf(check->facts->text, sizeof(check->facts->text), "no memory");
            status = P7_NO_MEMORY;
        }
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

enum p7_status cdr_check(const char *path, void (*tell)(const char *sentence),
                         struct cdr_facts *facts)
{
    *facts = (struct cdr_facts){0};
    struct check *check = calloc(1, sizeof(*check));
    if (check == NULL)
        return P7_NO_MEMORY;
    check->facts = facts;
    check->tell = tell;
    const enum p7_status status = list_files(check, path);
    if (status == P7_OK && check->count > 0) {
        qsort(check->range, check->count, sizeof(*check->range), compare_ranges);
        facts->first = check->range[0].first;
        facts->last = check->range[check->count - 1].last;
    }
    for (size_t i = 0; status == P7_OK && i < check->count; i++) {
        const struct range *range = &check->range[i];
        if (i > 0 && range->first != range[-1].last + 1)
            problem(check, "%s: %s between record %" PRIu64 " and record %" PRIu64,
                    check->directory, range->first > range[-1].last ? "a gap" : "an overlap",
                    range[-1].last, range->first);
        check_file(check, range);
    }
    free(check->range);
    free(check);
    return status;
}
