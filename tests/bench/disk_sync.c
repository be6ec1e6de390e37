/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * disk_sync - how long this disk's fdatasync takes: what a durable ledger can't be faster than.
 *
 *     disk_sync DIRECTORY [COUNT]
 *
 * Writes 4 KiB into a file that was filled before, and syncs it, COUNT times (default 500). Prints
 * one line of JSON: count, and p50, p99, max and mean in microseconds.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "sigtran/runtime/clock.h"

#define BLOCK     4096
#define COUNT_MAX 100000

static int by_value(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a;
    const int64_t y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

static int fail(const char *what)
{
    (void)fprintf(stderr, "disk_sync: %s: %s\n", what, strerror(errno));
    return 1;
}

static int measure(int file, int count, int64_t *took_ns)
{
    uint8_t block[BLOCK] = {0};
    for (int i = 0; i < count; i++)
        if (pwrite(file, block, BLOCK, (off_t)i * BLOCK) != BLOCK)
            return fail("write");
    if (fsync(file) == -1)
        return fail("fsync");
    for (int i = 0; i < count; i++) {
        memset(block, i + 1, BLOCK);
        const int64_t from_ns = clock_monotonic_ns();
        if (pwrite(file, block, BLOCK, (off_t)i * BLOCK) != BLOCK)
            return fail("write");
        if (fdatasync(file) == -1)
            return fail("fdatasync");
        took_ns[i] = clock_monotonic_ns() - from_ns;
    }
    return 0;
}

static void print(int count, int64_t *took_ns)
{
    double sum_us = 0;
    qsort(took_ns, (size_t)count, sizeof(*took_ns), by_value);
    for (int i = 0; i < count; i++)
        sum_us += (double)took_ns[i] / 1e3;
    (void)printf("{\"count\": %d, \"p50_us\": %.0f, \"p99_us\": %.0f, \"max_us\": %.0f, "
                 "\"mean_us\": %.0f}\n",
                 count, (double)took_ns[(count - 1) / 2] / 1e3,
                 (double)took_ns[(count - 1) * 99 / 100] / 1e3, (double)took_ns[count - 1] / 1e3,
                 sum_us / count);
}

int main(int argc, char **argv)
{
    char path[4096];
    const int count = argc == 3 ? (int)strtol(argv[2], NULL, 10) : 500;
    if (argc < 2 || argc > 3 || count < 1 || count > COUNT_MAX ||
        snprintf(path, sizeof(path), "%s/disk_sync.XXXXXX", argv[1]) >= (int)sizeof(path)) {
        (void)fprintf(stderr, "usage: disk_sync DIRECTORY [COUNT], up to %d\n", COUNT_MAX);
        return 2;
    }
    const int file = mkstemp(path);
    if (file == -1)
        return fail(argv[1]);
    (void)unlink(path);
    int64_t *took_ns = calloc((size_t)count, sizeof(*took_ns));
    const int code = took_ns == NULL ? fail("memory") : measure(file, count, took_ns);
    if (code == 0)
        print(count, took_ns);
    free(took_ns);
    (void)close(file);
    return code;
}
