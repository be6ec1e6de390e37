/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "simulator/record/recorder.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "simulator/record/recorder_rows.h"
#include "simulator/record/run_directory.h"

#define CACHE_LINE_OCTETS 64

/* How long the writer sleeps when it has caught up: 4000 records at 200 000/s, and next to nothing
 * of the processor at any rate. */
#define POLL_NS 20000000

/* A write(2) of this size costs less than a microsecond per row at any rate. */
#define FLUSH_OCTETS  ((size_t)256 * 1024)
#define BUFFER_OCTETS (FLUSH_OCTETS + (size_t)64 * 1024)

/* A slow run's rows reach the file within a second; a journal's entries within 100 ms, of which the
 * pause of the writer takes 20. */
#define FLUSH_NS         1000000000
#define JOURNAL_FLUSH_NS 60000000
#define JOURNAL_SYNC_NS  100000000

/* A file of the writer's, with what waits in its buffer. */
struct written {
    struct output output;
    uint64_t buffered; /* rows */
    uint64_t written;
    int64_t flushed_ns;
};

/* The lines of producer and writer are padded apart: they would slow each other down.
 * NOLINTNEXTLINE(clang-analyzer-optin.performance.Padding) */
struct recorder {
    /* The producer's line. */
    _Alignas(CACHE_LINE_OCTETS) _Atomic uint64_t head; /* records put */
    uint64_t tail_seen;
    _Atomic uint64_t lost_full;
    /* The writer's line. */
    _Alignas(CACHE_LINE_OCTETS) _Atomic uint64_t tail; /* records taken */
    _Atomic uint64_t written;
    _Atomic uint64_t lost_disk;
    _Atomic uint64_t octets_written;
    _Atomic uint64_t high_water;
    _Atomic uint64_t write_failures;
    _Atomic int error_number;
    _Atomic int64_t cpu_ns;
    _Atomic uint64_t journal_entries;
    _Atomic bool stop;
    /* Fixed after recorder_open. */
    _Alignas(CACHE_LINE_OCTETS) struct request_record *ring;
    uint64_t mask;
    pthread_t thread;
    pthread_t sync_thread;
    bool has_journal;
    struct recorder_names names;
    /* The writer's own. */
    struct written rows;
    struct written journal;
    /* The syncing thread's own; it reads `journal.output.fd`, which stays, and what was written. */
    _Atomic uint64_t journal_octets;
    _Atomic uint64_t syncs;
    _Atomic int64_t sync_ns_max;
    _Atomic int sync_error;
    _Atomic bool sync_stop;
};

static int64_t clock_ns(clockid_t clock)
{
    struct timespec t;
    const int got = clock_gettime(clock, &t);
    assert(got == 0);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* --- the writer's thread -------------------------------------------------------------------- */

static void note_state(struct recorder *recorder)
{
    const struct output *rows = &recorder->rows.output;
    const struct output *journal = &recorder->journal.output;
    const int sync_error = atomic_load_explicit(&recorder->sync_error, memory_order_relaxed);
    const int first = output_failure(rows) != 0 ? output_failure(rows) : output_failure(journal);
    atomic_store_explicit(&recorder->octets_written, rows->octets_written, memory_order_relaxed);
    atomic_store_explicit(&recorder->write_failures,
                          rows->failures + journal->failures + (sync_error != 0 ? 1 : 0),
                          memory_order_relaxed);
    atomic_store_explicit(&recorder->error_number, first != 0 ? first : sync_error,
                          memory_order_relaxed);
}

/* Rows that did not reach the file whole are cut off again, so that what stands in it is exactly
 * `written` rows. */
static void flush_rows(struct recorder *recorder, struct written *file)
{
    struct output *output = &file->output;
    const uint64_t octets_before = output->octets_written;
    output_flush(output);
    if (output_failure(output) == 0) {
        file->written += file->buffered;
        atomic_fetch_add_explicit(&recorder->written, file->buffered, memory_order_relaxed);
    } else {
        if (output->octets_written != octets_before &&
            ftruncate(output->fd, (off_t)octets_before) == 0)
            output->octets_written = octets_before;
        atomic_fetch_add_explicit(&recorder->lost_disk, file->buffered, memory_order_relaxed);
    }
    file->buffered = 0;
    if (file == &recorder->journal) {
        atomic_store_explicit(&recorder->journal_entries, file->written, memory_order_relaxed);
        atomic_store_explicit(&recorder->journal_octets, output->octets_written,
                              memory_order_release);
    }
    note_state(recorder);
}

/* Formats what waits now; gives how many rows that were. */
static uint64_t drain(struct recorder *recorder)
{
    const uint64_t head = atomic_load_explicit(&recorder->head, memory_order_acquire);
    uint64_t tail = atomic_load_explicit(&recorder->tail, memory_order_relaxed);
    const uint64_t waiting = head - tail;
    if (waiting > atomic_load_explicit(&recorder->high_water, memory_order_relaxed))
        atomic_store_explicit(&recorder->high_water, waiting, memory_order_relaxed);
    while (tail != head) {
        char row[RECORDER_ROW_OCTETS_MAX];
        const struct request_record *record = &recorder->ring[tail & recorder->mask];
        const bool is_row = record->event == REQUEST_EVENT_ROW;
        struct written *file = is_row ? &recorder->rows : &recorder->journal;
        output_bytes(&file->output, row,
                     is_row ? recorder_row_format(&recorder->names, record, row)
                            : recorder_entry_format(&recorder->names, record, row));
        file->buffered++;
        tail++;
        if (file->output.used >= FLUSH_OCTETS) {
            atomic_store_explicit(&recorder->tail, tail, memory_order_release);
            flush_rows(recorder, file);
        }
    }
    atomic_store_explicit(&recorder->tail, tail, memory_order_release);
    return waiting;
}

static void flush_due(struct recorder *recorder, struct written *file, int64_t pause_ns,
                      int64_t now_ns, bool stop)
{
    if (!stop && now_ns - file->flushed_ns < pause_ns)
        return;
    if (file->buffered > 0)
        flush_rows(recorder, file);
    file->flushed_ns = now_ns;
}

static void *writer_run(void *context)
{
    struct recorder *recorder = context;
    for (;;) {
        /* Read before draining: what was put before the stop is then surely seen. */
        const bool stop = atomic_load_explicit(&recorder->stop, memory_order_acquire);
        (void)drain(recorder);
        const int64_t now_ns = clock_ns(CLOCK_MONOTONIC);
        flush_due(recorder, &recorder->journal, JOURNAL_FLUSH_NS, now_ns, stop);
        flush_due(recorder, &recorder->rows, FLUSH_NS, now_ns, stop);
        atomic_store_explicit(&recorder->cpu_ns, clock_ns(CLOCK_THREAD_CPUTIME_ID),
                              memory_order_relaxed);
        if (stop)
            return NULL;
        const struct timespec nap = {.tv_nsec = POLL_NS};
        (void)clock_nanosleep(CLOCK_MONOTONIC, 0, &nap, NULL);
    }
}

/* --- the syncing thread ----------------------------------------------------------------------- */

/* After the first failure no more is claimed: what a failed sync has lost, a later one does not
 * bring back. */
static void sync_journal(struct recorder *recorder)
{
    const int64_t from_ns = clock_ns(CLOCK_MONOTONIC);
    if (atomic_load_explicit(&recorder->sync_error, memory_order_relaxed) != 0)
        return;
    if (fdatasync(recorder->journal.output.fd) == -1) {
        atomic_store_explicit(&recorder->sync_error, errno, memory_order_relaxed);
        return;
    }
    const int64_t took_ns = clock_ns(CLOCK_MONOTONIC) - from_ns;
    atomic_fetch_add_explicit(&recorder->syncs, 1, memory_order_relaxed);
    if (took_ns > atomic_load_explicit(&recorder->sync_ns_max, memory_order_relaxed))
        atomic_store_explicit(&recorder->sync_ns_max, took_ns, memory_order_relaxed);
}

static void *sync_run(void *context)
{
    struct recorder *recorder = context;
    uint64_t synced = 0;
    for (;;) {
        const bool stop = atomic_load_explicit(&recorder->sync_stop, memory_order_acquire);
        const uint64_t octets =
            atomic_load_explicit(&recorder->journal_octets, memory_order_acquire);
        if (octets != synced || stop)
            sync_journal(recorder);
        synced = octets;
        if (stop)
            return NULL;
        const struct timespec nap = {.tv_nsec = JOURNAL_SYNC_NS};
        (void)clock_nanosleep(CLOCK_MONOTONIC, 0, &nap, NULL);
    }
}

/* --- life cycle ----------------------------------------------------------------------------- */

static enum p7_status refuse(enum p7_status status, const char *what, char *reason,
                             size_t reason_octets)
{
    (void)snprintf(reason, reason_octets, "%s: %s%s%s", RUN_FILE_REQUESTS, what,
                   status == P7_SYSTEM ? ": " : "", status == P7_SYSTEM ? strerror(errno) : "");
    return status;
}

static void release(struct recorder *recorder)
{
    if (recorder->ring != NULL)
        (void)munmap(recorder->ring, (recorder->mask + 1) * sizeof(*recorder->ring));
    recorder_names_destroy(&recorder->names);
    free(recorder);
}

static enum p7_status allocate(const struct recorder_settings *settings, uint64_t ring_records,
                               struct recorder **result)
{
    struct recorder *recorder = aligned_alloc(CACHE_LINE_OCTETS, sizeof(*recorder));
    if (recorder == NULL)
        return P7_NO_MEMORY;
    memset(recorder, 0, sizeof(*recorder));
    recorder->rows.output.fd = -1;
    recorder->journal.output.fd = -1;
    recorder->has_journal = settings->journal;
    recorder->mask = ring_records - 1;
    const bool named = recorder_names_create(&recorder->names, settings) == P7_OK;
    /* Populated now: the worker shall not take a page fault per hundred requests. */
    void *ring = mmap(NULL, ring_records * sizeof(*recorder->ring), PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    recorder->ring = ring == MAP_FAILED ? NULL : ring;
    if (recorder->ring == NULL || !named) {
        release(recorder);
        return P7_NO_MEMORY;
    }
    *result = recorder;
    return P7_OK;
}

/* Signals are the main thread's; SCHED_BATCH keeps the writer from preempting the worker when it
 * wakes on the same core. A kernel that refuses that costs precision only. */
static int start_thread(struct recorder *recorder, pthread_t *thread, void *(*run)(void *),
                        const char *name)
{
    sigset_t all, before;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    const int error_number = pthread_create(thread, NULL, run, recorder);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (error_number == 0) {
        const struct sched_param none = {.sched_priority = 0};
        (void)pthread_setschedparam(*thread, SCHED_BATCH, &none);
        (void)pthread_setname_np(*thread, name);
    }
    return error_number;
}

static void stop_thread(pthread_t thread, _Atomic bool *stop)
{
    atomic_store_explicit(stop, true, memory_order_release);
    const int joined = pthread_join(thread, NULL);
    assert(joined == 0);
}

static int start_threads(struct recorder *recorder)
{
    int error_number = start_thread(recorder, &recorder->thread, writer_run, "recorder");
    if (error_number != 0 || !recorder->has_journal)
        return error_number;
    error_number = start_thread(recorder, &recorder->sync_thread, sync_run, "journal");
    if (error_number != 0)
        stop_thread(recorder->thread, &recorder->stop);
    return error_number;
}

/* The name of a new file is durable when its directory is. */
static enum p7_status sync_directory(const char *directory)
{
    const int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd == -1)
        return P7_SYSTEM;
    const int synced = fsync(fd);
    const int error_number = errno;
    (void)close(fd);
    errno = error_number;
    return synced == -1 ? P7_SYSTEM : P7_OK;
}

static enum p7_status open_file(struct written *file, const char *directory, const char *name,
                                const char *header)
{
    const enum p7_status status =
        output_open(&file->output, directory, name, OUTPUT_DIRECT, BUFFER_OCTETS);
    if (status != P7_OK)
        return status;
    output_text(&file->output, header);
    output_flush(&file->output);
    file->flushed_ns = clock_ns(CLOCK_MONOTONIC);
    return P7_OK;
}

static enum p7_status open_files(struct recorder *recorder, const char *directory)
{
    enum p7_status status =
        open_file(&recorder->rows, directory, RUN_FILE_REQUESTS, RECORDER_HEADER "\n");
    if (status != P7_OK || !recorder->has_journal)
        return status;
    status =
        open_file(&recorder->journal, directory, RUN_FILE_JOURNAL, RECORDER_JOURNAL_HEADER "\n");
    return status == P7_OK ? sync_directory(directory) : status;
}

static void close_files(struct recorder *recorder)
{
    const enum p7_status rows = output_close(&recorder->rows.output);
    const enum p7_status journal = output_close(&recorder->journal.output);
    (void)rows; /* output_failure tells */
    (void)journal;
}

enum p7_status recorder_open(const struct recorder_settings *settings, struct recorder **result,
                             char *reason, size_t reason_octets)
{
    const uint32_t wanted =
        settings->ring_records == 0 ? RECORDER_RING_RECORDS_DEFAULT : settings->ring_records;
    if (settings->target_count > RECORDER_NAMES_MAX || settings->flow_count > RECORDER_NAMES_MAX ||
        settings->node_count > RECORDER_NAMES_MAX)
        return refuse(P7_RANGE, "too many targets, flows or nodes", reason, reason_octets);
    if (wanted < RECORDER_RING_RECORDS_MIN || wanted > RECORDER_RING_RECORDS_MAX)
        return refuse(P7_RANGE, "ring size out of range", reason, reason_octets);
    uint64_t ring_records = RECORDER_RING_RECORDS_MIN;
    while (ring_records < wanted)
        ring_records *= 2;

    struct recorder *recorder = NULL;
    if (allocate(settings, ring_records, &recorder) != P7_OK)
        return refuse(P7_NO_MEMORY, "no memory for the ring", reason, reason_octets);
    const enum p7_status status = open_files(recorder, settings->directory);
    if (status != P7_OK) {
        const int error_number = errno;
        close_files(recorder);
        release(recorder);
        errno = error_number;
        return refuse(status, "can't be created", reason, reason_octets);
    }
    const int error_number = start_threads(recorder);
    if (error_number != 0) {
        close_files(recorder);
        release(recorder);
        errno = error_number;
        return refuse(P7_SYSTEM, "no thread for the writer", reason, reason_octets);
    }
    *result = recorder;
    return P7_OK;
}

bool recorder_put(struct recorder *recorder, const struct request_record *record)
{
    const uint64_t head = atomic_load_explicit(&recorder->head, memory_order_relaxed);
    if (head - recorder->tail_seen > recorder->mask) {
        recorder->tail_seen = atomic_load_explicit(&recorder->tail, memory_order_acquire);
        if (head - recorder->tail_seen > recorder->mask) {
            const uint64_t lost = atomic_load_explicit(&recorder->lost_full, memory_order_relaxed);
            atomic_store_explicit(&recorder->lost_full, lost + 1, memory_order_relaxed);
            return false;
        }
    }
    recorder->ring[head & recorder->mask] = *record;
    atomic_store_explicit(&recorder->head, head + 1, memory_order_release);
    return true;
}

void recorder_get_counters(const struct recorder *recorder, struct recorder_counters *counters)
{
    *counters = (struct recorder_counters){
        .records_put = atomic_load_explicit(&recorder->head, memory_order_relaxed),
        .records_written = atomic_load_explicit(&recorder->written, memory_order_relaxed),
        .records_lost_full = atomic_load_explicit(&recorder->lost_full, memory_order_relaxed),
        .records_lost_disk = atomic_load_explicit(&recorder->lost_disk, memory_order_relaxed),
        .octets_written = atomic_load_explicit(&recorder->octets_written, memory_order_relaxed),
        .ring_high_water = atomic_load_explicit(&recorder->high_water, memory_order_relaxed),
        .write_failures = atomic_load_explicit(&recorder->write_failures, memory_order_relaxed),
        .error_number = atomic_load_explicit(&recorder->error_number, memory_order_relaxed),
        .cpu_ns = atomic_load_explicit(&recorder->cpu_ns, memory_order_relaxed),
        .journal_entries = atomic_load_explicit(&recorder->journal_entries, memory_order_relaxed),
        .journal_syncs = atomic_load_explicit(&recorder->syncs, memory_order_relaxed),
        .journal_sync_ns_max = atomic_load_explicit(&recorder->sync_ns_max, memory_order_relaxed),
    };
}

bool recorder_counters_complete(const struct recorder_counters *counters)
{
    return counters->records_lost_full == 0 && counters->records_lost_disk == 0 &&
           counters->error_number == 0;
}

void recorder_close(struct recorder *recorder, struct recorder_counters *counters)
{
    stop_thread(recorder->thread, &recorder->stop);
    if (recorder->has_journal)
        stop_thread(recorder->sync_thread, &recorder->sync_stop);
    close_files(recorder);
    note_state(recorder);
    if (counters != NULL)
        recorder_get_counters(recorder, counters);
    release(recorder);
}
