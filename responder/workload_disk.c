/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "responder/workload_disk.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "responder/core/workload_plan.h"
#include "sigtran/base/bytes.h"
#include "sigtran/base/random.h"
#include "sigtran/runtime/thread.h"

/* One write carries at most this; what exceeds PENDING_OCTETS_MAX is dropped (and counted): memory
 * and backlog stay bounded when requests ask for more than the disk gives. */
#define BATCH_OCTETS_MAX   4194304u
#define PENDING_OCTETS_MAX 67108864u

/* How often an idle writer looks for something to write. */
#define POLL_NS 10000000ll

#define NS_PER_S 1000000000ll

struct workload_disk {
    int directory;
    int file; /* -1: none open */
    uint8_t *pattern;
    struct workload_segments segments;
    struct workload_throttle throttle;
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    bool stopping; /* under the mutex */
    _Atomic uint64_t pending;
    _Atomic uint64_t writes;
    _Atomic uint64_t octets_written;
    _Atomic uint64_t octets_discarded;
    _Atomic uint64_t errors;
    _Atomic uint64_t write_ns_last;
    _Atomic uint64_t write_ns_max;
    _Atomic uint64_t write_ns_sum;
    _Atomic uint64_t pause_ns;
};

static int64_t monotonic_ns(void)
{
    struct timespec ts;
    const int result = clock_gettime(CLOCK_MONOTONIC, &ts);
    assert(result == 0);
    (void)result;
    return (int64_t)ts.tv_sec * NS_PER_S + ts.tv_nsec;
}

static bool open_segment(struct workload_disk *disk)
{
    char name[32];
    if (disk->file != -1)
        (void)close(disk->file);
    (void)snprintf(name, sizeof(name), "workload-%u.seg", disk->segments.file);
    disk->file = openat(disk->directory, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
    return disk->file != -1;
}

static bool write_all(int file, const uint8_t *octets, size_t length)
{
    while (length > 0) {
        const ssize_t n = write(file, octets, length);
        if (n == -1 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        octets += n;
        length -= (size_t)n;
    }
    return true;
}

/* Appends and syncs; gives the pause until the next write. */
static int64_t write_batch(struct workload_disk *disk, uint64_t octets)
{
    const int64_t start_ns = monotonic_ns();
    bool written = true;
    if (workload_segments_write(&disk->segments, octets))
        written = open_segment(disk);
    written = written && write_all(disk->file, disk->pattern, octets) && fdatasync(disk->file) == 0;
    if (!written) {
        atomic_fetch_add(&disk->errors, 1);
        atomic_fetch_add(&disk->octets_discarded, octets);
        disk->segments.octets = WORKLOAD_SEGMENT_OCTETS; /* the next one starts another file */
        return WORKLOAD_PAUSE_NS_MAX;
    }
    const int64_t latency_ns = monotonic_ns() - start_ns;
    atomic_fetch_add(&disk->writes, 1);
    atomic_fetch_add(&disk->octets_written, octets);
    atomic_fetch_add(&disk->write_ns_sum, (uint64_t)latency_ns);
    atomic_store(&disk->write_ns_last, (uint64_t)latency_ns);
    if ((uint64_t)latency_ns > atomic_load(&disk->write_ns_max))
        atomic_store(&disk->write_ns_max, (uint64_t)latency_ns);
    return workload_throttle_pause_ns(&disk->throttle, latency_ns);
}

/* False when it is time to stop. */
static bool sleep_ns(struct workload_disk *disk, int64_t duration_ns)
{
    const int64_t until_ns = monotonic_ns() + duration_ns;
    const struct timespec until = {.tv_sec = until_ns / NS_PER_S, .tv_nsec = until_ns % NS_PER_S};
    (void)pthread_mutex_lock(&disk->mutex);
    while (!disk->stopping &&
           pthread_cond_timedwait(&disk->changed, &disk->mutex, &until) != ETIMEDOUT) {
    }
    const bool stopping = disk->stopping;
    (void)pthread_mutex_unlock(&disk->mutex);
    return !stopping;
}

static void *writer_run(void *argument)
{
    struct workload_disk *disk = argument;
    int64_t written_ns = monotonic_ns() - WORKLOAD_IDLE_NS;
    int64_t pause_ns = 0;
    while (sleep_ns(disk, pause_ns)) {
        uint64_t octets = atomic_load(&disk->pending);
        if (octets > BATCH_OCTETS_MAX)
            octets = BATCH_OCTETS_MAX;
        pause_ns = POLL_NS;
        if (octets > 0)
            atomic_fetch_sub(&disk->pending, octets);
        else if (monotonic_ns() - written_ns >= WORKLOAD_IDLE_NS)
            octets = WORKLOAD_IDLE_OCTETS;
        if (octets == 0)
            continue;
        pause_ns = write_batch(disk, octets);
        written_ns = monotonic_ns();
        atomic_store(&disk->pause_ns, (uint64_t)pause_ns);
    }
    return NULL;
}

/* Octets that no compressing or deduplicating storage makes less of. */
static void fill_pattern(uint8_t *pattern)
{
    struct random_state random;
    random_seed(&random, 7);
    for (size_t i = 0; i < BATCH_OCTETS_MAX; i += 8)
        bytes_store_u64be(pattern + i, random_u64(&random));
}

static bool start_thread(struct workload_disk *disk)
{
    pthread_condattr_t attributes;
    (void)pthread_mutex_init(&disk->mutex, NULL);
    (void)pthread_condattr_init(&attributes);
    (void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&disk->changed, &attributes);
    (void)pthread_condattr_destroy(&attributes);
    const int error = thread_start(&disk->thread, writer_run, disk, "p7-disk");
    if (error == 0)
        return true;
    (void)pthread_cond_destroy(&disk->changed);
    (void)pthread_mutex_destroy(&disk->mutex);
    errno = error;
    return false;
}

static void free_disk(struct workload_disk *disk)
{
    const int error = errno;
    if (disk->file != -1)
        (void)close(disk->file);
    if (disk->directory != -1)
        (void)close(disk->directory);
    free(disk->pattern);
    free(disk);
    errno = error;
}

enum p7_status workload_disk_start(struct workload_disk **result, const char *directory)
{
    struct workload_disk *disk = calloc(1, sizeof(*disk));
    *result = NULL;
    if (disk == NULL)
        return P7_NO_MEMORY;
    disk->file = -1;
    disk->directory = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    disk->pattern = malloc(BATCH_OCTETS_MAX);
    if (disk->pattern == NULL) {
        free_disk(disk);
        return P7_NO_MEMORY;
    }
    fill_pattern(disk->pattern);
    /* The first segment is opened here, so that a directory that can't be written to is told at
     * start and not by a counter. */
    if (disk->directory == -1 || !workload_segments_write(&disk->segments, 0) ||
        !open_segment(disk) || !start_thread(disk)) {
        free_disk(disk);
        return P7_SYSTEM;
    }
    *result = disk;
    return P7_OK;
}

void workload_disk_stop(struct workload_disk *disk)
{
    if (disk == NULL)
        return;
    (void)pthread_mutex_lock(&disk->mutex);
    disk->stopping = true;
    (void)pthread_cond_signal(&disk->changed);
    (void)pthread_mutex_unlock(&disk->mutex);
    (void)pthread_join(disk->thread, NULL);
    (void)pthread_cond_destroy(&disk->changed);
    (void)pthread_mutex_destroy(&disk->mutex);
    free_disk(disk);
}

void workload_disk_add(struct workload_disk *disk, uint64_t octets)
{
    /* Several threads may pass the bound at once, by an octet count each: it need not be exact. */
    if (atomic_load_explicit(&disk->pending, memory_order_relaxed) + octets > PENDING_OCTETS_MAX)
        atomic_fetch_add_explicit(&disk->octets_discarded, octets, memory_order_relaxed);
    else
        atomic_fetch_add_explicit(&disk->pending, octets, memory_order_relaxed);
}

void workload_disk_counters_read(const struct workload_disk *disk,
                                 struct workload_disk_counters *counters)
{
    *counters = (struct workload_disk_counters){
        .writes = atomic_load(&disk->writes),
        .octets_written = atomic_load(&disk->octets_written),
        .octets_discarded = atomic_load(&disk->octets_discarded),
        .errors = atomic_load(&disk->errors),
        .write_ns_last = atomic_load(&disk->write_ns_last),
        .write_ns_max = atomic_load(&disk->write_ns_max),
        .write_ns_sum = atomic_load(&disk->write_ns_sum),
        .pause_ns = atomic_load(&disk->pause_ns),
    };
}
