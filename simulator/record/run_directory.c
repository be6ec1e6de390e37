/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "simulator/record/run_directory.h"

#include <assert.h>
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_S 1000000000

enum p7_status run_directory_default(const char *name, int64_t wall_ns, char *path, size_t octets)
{
    const time_t seconds = (time_t)(wall_ns / NS_PER_S);
    struct tm utc;
    char stamp[32];
    if (gmtime_r(&seconds, &utc) == NULL ||
        strftime(stamp, sizeof(stamp), "%Y%m%dT%H%M%SZ", &utc) == 0)
        return P7_RANGE;
    const int n = snprintf(path, octets, "runs/%s-%s", stamp, name);
    if (n < 0 || (size_t)n >= octets)
        return P7_FULL;
    for (char *c = path + strlen("runs/") + strlen(stamp) + 1; *c != '\0'; c++)
        if (!isalnum((unsigned char)*c) && strchr("._-", *c) == NULL)
            *c = '-';
    return P7_OK;
}

enum p7_status run_directory_file(const char *directory, const char *file, char *path,
                                  size_t octets)
{
    const int n = snprintf(path, octets, "%s/%s", directory, file);
    return n < 0 || (size_t)n >= octets ? P7_FULL : P7_OK;
}

/* Makes every folder on the way; those that exist are fine whatever they hold. */
static enum p7_status make_parents(char *path)
{
    for (char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        const int made = mkdir(path, 0777);
        const int error_number = errno;
        *slash = '/';
        if (made == -1 && error_number != EEXIST) {
            errno = error_number;
            return P7_SYSTEM;
        }
    }
    return P7_OK;
}

/* 1: nothing in it, 0: something, -1: errno. */
static int is_empty_directory(const char *path)
{
    DIR *directory = opendir(path);
    if (directory == NULL)
        return -1;
    int empty = 1;
    for (const struct dirent *entry = readdir(directory); entry != NULL; entry = readdir(directory))
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            empty = 0;
    (void)closedir(directory);
    return empty;
}

static enum p7_status refuse(enum p7_status status, const char *path, const char *why, char *reason,
                             size_t reason_octets)
{
    (void)snprintf(reason, reason_octets, "run directory %s: %s", path, why);
    return status;
}

enum p7_status run_directory_create(const char *path, char *reason, size_t reason_octets)
{
    char copy[RUN_PATH_OCTETS];
    const size_t length = strlen(path);
    if (length == 0)
        return refuse(P7_RANGE, "\"\"", "the path is empty", reason, reason_octets);
    if (length >= sizeof(copy) - RUN_NAME_ROOM)
        return refuse(P7_RANGE, path, "the path is too long", reason, reason_octets);
    memcpy(copy, path, length + 1);
    if (make_parents(copy) != P7_OK)
        return refuse(P7_SYSTEM, path, strerror(errno), reason, reason_octets);
    if (mkdir(copy, 0777) == 0)
        return P7_OK;
    if (errno != EEXIST)
        return refuse(P7_SYSTEM, path, strerror(errno), reason, reason_octets);
    const int empty = is_empty_directory(copy);
    if (empty == 1)
        return P7_OK;
    if (empty == -1 && errno != ENOTDIR)
        return refuse(P7_SYSTEM, path, strerror(errno), reason, reason_octets);
    return refuse(P7_EXISTS, path,
                  empty == -1 ? "is there already and is no directory"
                              : "is not empty; runs never mix, so choose another or remove it",
                  reason, reason_octets);
}

void run_directory_discard(const char *path)
{
    static const char *const files[] = {RUN_FILE_JSON,    RUN_FILE_REQUESTS, RUN_FILE_INTERVALS,
                                        RUN_FILE_SERIES,  RUN_FILE_EVENTS,   RUN_FILE_LATENCY,
                                        RUN_FILE_JOURNAL, RUN_FILE_TARGETS,  RUN_FILE_MESSAGES};
    char file[RUN_PATH_OCTETS];
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
        if (run_directory_file(path, files[i], file, sizeof(file)) == P7_OK)
            (void)unlink(file);
    (void)rmdir(path);
}

/* --- output ------------------------------------------------------------------------------- */

#define PARTIAL_SUFFIX ".partial"

static void partial_path(const struct output *output, char *path, size_t octets)
{
    const int n = snprintf(path, octets, "%s%s", output->path,
                           output->mode == OUTPUT_ATOMIC ? PARTIAL_SUFFIX : "");
    assert(n > 0 && (size_t)n < octets);
}

enum p7_status output_open(struct output *output, const char *directory, const char *file,
                           enum output_mode mode, size_t buffer_octets)
{
    *output = (struct output){.fd = -1, .mode = mode, .room = buffer_octets};
    if (buffer_octets < OUTPUT_BUFFER_OCTETS_MIN)
        return P7_RANGE;
    if (run_directory_file(directory, file, output->path,
                           sizeof(output->path) - sizeof(PARTIAL_SUFFIX)) != P7_OK)
        return P7_FULL;
    output->buffer = malloc(buffer_octets);
    if (output->buffer == NULL)
        return P7_NO_MEMORY;
    char path[RUN_PATH_OCTETS];
    partial_path(output, path, sizeof(path));
    output->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (output->fd == -1) {
        const int error_number = errno;
        free(output->buffer);
        output->buffer = NULL;
        errno = error_number;
        return P7_SYSTEM;
    }
    return P7_OK;
}

static void note_failure(struct output *output, int error_number)
{
    output->failures++;
    if (output->error_number == 0)
        output->error_number = error_number;
}

static void write_all(struct output *output, const char *data, size_t octets)
{
    if (output->error_number != 0 || output->fd == -1)
        return;
    while (octets > 0) {
        const ssize_t n = write(output->fd, data, octets);
        if (n == -1 && errno == EINTR)
            continue;
        if (n == -1) {
            note_failure(output, errno);
            return;
        }
        data += n;
        octets -= (size_t)n;
        output->octets_written += (uint64_t)n;
    }
}

void output_flush(struct output *output)
{
    write_all(output, output->buffer, output->used);
    output->used = 0;
}

void output_bytes(struct output *output, const void *data, size_t octets)
{
    if (octets > output->room - output->used)
        output_flush(output);
    if (octets > output->room) {
        write_all(output, data, octets);
        return;
    }
    if (octets > 0)
        memcpy(output->buffer + output->used, data, octets);
    output->used += octets;
}

void output_text(struct output *output, const char *text)
{
    output_bytes(output, text, strlen(text));
}

void output_char(struct output *output, char c)
{
    output_bytes(output, &c, 1);
}

/* Two digits a division: this and the ring are what a recorded request costs. */
static const char digit_pairs[] = "0001020304050607080910111213141516171819"
                                  "2021222324252627282930313233343536373839"
                                  "4041424344454647484950515253545556575859"
                                  "6061626364656667686970717273747576777879"
                                  "8081828384858687888990919293949596979899";

size_t output_format_u64(char *dst, uint64_t value)
{
    char digits[OUTPUT_INTEGER_OCTETS_MAX];
    size_t at = sizeof(digits);
    while (value >= 100) {
        at -= 2;
        memcpy(digits + at, digit_pairs + 2 * (value % 100), 2);
        value /= 100;
    }
    if (value >= 10) {
        at -= 2;
        memcpy(digits + at, digit_pairs + 2 * value, 2);
    } else {
        digits[--at] = (char)('0' + value);
    }
    memcpy(dst, digits + at, sizeof(digits) - at);
    return sizeof(digits) - at;
}

size_t output_format_i64(char *dst, int64_t value)
{
    if (value >= 0)
        return output_format_u64(dst, (uint64_t)value);
    dst[0] = '-';
    return 1 + output_format_u64(dst + 1, 0 - (uint64_t)value);
}

void output_u64(struct output *output, uint64_t value)
{
    char text[OUTPUT_INTEGER_OCTETS_MAX];
    output_bytes(output, text, output_format_u64(text, value));
}

void output_i64(struct output *output, int64_t value)
{
    char text[OUTPUT_INTEGER_OCTETS_MAX];
    output_bytes(output, text, output_format_i64(text, value));
}

void output_fixed(struct output *output, double value, unsigned decimals)
{
    assert(decimals <= 9);
    if (!isfinite(value))
        return;
    /* 309 digits of the greatest double, sign, point and decimals */
    char text[336];
    const int n = snprintf(text, sizeof(text), "%.*f", (int)decimals, value);
    assert(n > 0 && (size_t)n < sizeof(text));
    output_bytes(output, text, (size_t)n);
}

void output_csv_cell(struct output *output, const char *text)
{
    if (strpbrk(text, ",\"\r\n") == NULL) {
        output_text(output, text);
        return;
    }
    output_char(output, '"');
    for (; *text != '\0'; text++) {
        if (*text == '"')
            output_char(output, '"');
        output_char(output, *text);
    }
    output_char(output, '"');
}

int output_failure(const struct output *output)
{
    return output->error_number;
}

enum p7_status output_close(struct output *output)
{
    if (output->fd == -1) {
        errno = output->error_number;
        return output->error_number == 0 ? P7_OK : P7_SYSTEM;
    }
    output_flush(output);
    /* What is renamed into place shall be whole even after a power cut. */
    if (output->mode == OUTPUT_ATOMIC && output->error_number == 0 && fsync(output->fd) == -1)
        note_failure(output, errno);
    /* On some file systems only close tells that there was no room. */
    if (close(output->fd) == -1)
        note_failure(output, errno);
    output->fd = -1;
    free(output->buffer);
    output->buffer = NULL;
    if (output->mode == OUTPUT_ATOMIC) {
        char path[RUN_PATH_OCTETS];
        partial_path(output, path, sizeof(path));
        if (output->error_number == 0 && rename(path, output->path) == -1)
            note_failure(output, errno);
        if (output->error_number != 0)
            (void)unlink(path);
    }
    errno = output->error_number;
    return output->error_number == 0 ? P7_OK : P7_SYSTEM;
}
