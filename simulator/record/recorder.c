/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "simulator/record/recorder.h"

#include <assert.h>
#include <errno.h>
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

#include "simulator/record/run_directory.h"

#define CACHE_LINE_OCTETS 64

/* How long the writer sleeps when it has caught up: 4000 records at 200 000/s, and next to nothing
 * of the processor at any rate. */
#define POLL_NS 20000000

/* A write(2) of this size costs less than a microsecond per row at any rate. */
#define FLUSH_OCTETS  ((size_t)256 * 1024)
#define BUFFER_OCTETS (FLUSH_OCTETS + (size_t)64 * 1024)

/* A slow run's rows reach the file within a second. */
#define FLUSH_NS 1000000000

/* A name of 64 octets, each a quote, in quotes. */
#define NAME_CELL_OCTETS 131

/* Longest row: five numbers, two names, words. */
#define ROW_OCTETS_MAX 512

struct cell {
    uint8_t length;
    char text[NAME_CELL_OCTETS];
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
    _Atomic bool stop;
    /* Fixed after recorder_open. */
    _Alignas(CACHE_LINE_OCTETS) struct request_record *ring;
    uint64_t mask;
    pthread_t thread;
    uint32_t target_count;
    uint32_t flow_count;
    struct cell *target;
    struct cell *flow;
    struct cell kind[REQUEST_KIND_COUNT];
    struct cell outcome[OUTCOME_COUNT];
    /* The writer's own. */
    struct output output;
    uint64_t rows_buffered;
    int64_t flushed_ns;
};

static int64_t clock_ns(clockid_t clock)
{
    struct timespec t;
    const int got = clock_gettime(clock, &t);
    assert(got == 0);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* --- rows --------------------------------------------------------------------------------- */

static void cell_set(struct cell *cell, const char *text)
{
    const bool quoted = strpbrk(text, ",\"\r\n") != NULL;
    size_t n = 0;
    if (quoted)
        cell->text[n++] = '"';
    for (; *text != '\0' && n < NAME_CELL_OCTETS - 3; text++) {
        if (*text == '"')
            cell->text[n++] = '"';
        cell->text[n++] = *text;
    }
    if (quoted)
        cell->text[n++] = '"';
    cell->length = (uint8_t)n;
}

static char *put_cell(char *at, const struct cell *cell)
{
    memcpy(at, cell->text, cell->length);
    at[cell->length] = ',';
    return at + cell->length + 1;
}

static char *put_time(char *at, int64_t time_ns)
{
    if (time_ns != REQUEST_TIME_NONE)
        at += output_format_i64(at, time_ns);
    *at++ = ',';
    return at;
}

/* An index beyond the names can only be our own mistake; the row still shows what it was. */
static char *put_name(char *at, const struct cell *cells, uint32_t count, uint32_t index)
{
    if (index < count)
        return put_cell(at, &cells[index]);
    *at++ = '#';
    at += output_format_u64(at, index);
    *at++ = ',';
    return at;
}

static char *put_flags(char *at, unsigned flags)
{
    static const struct {
        unsigned flag;
        const char *word;
    } words[] = {{REQUEST_FLAG_NO_CREDIT, "no-credit"},
                 {REQUEST_FLAG_LATE, "late"},
                 {REQUEST_FLAG_WARMUP, "warmup"},
                 {REQUEST_FLAG_BLOCKED, "blocked"}};
    const char *separator = "";
    for (size_t i = 0; flags != 0 && i < sizeof(words) / sizeof(words[0]); i++) {
        if ((flags & words[i].flag) == 0)
            continue;
        at = stpcpy(stpcpy(at, separator), words[i].word);
        separator = ";";
    }
    return at;
}

static size_t format_row(const struct recorder *recorder, const struct request_record *record,
                         char *row)
{
    char *at = row + output_format_u64(row, record->id);
    *at++ = ',';
    at = put_name(at, recorder->kind, REQUEST_KIND_COUNT, record->kind);
    at = put_name(at, recorder->target, recorder->target_count, record->target);
    at = put_time(at, record->due_ns);
    at = put_time(at, record->sent_ns);
    at = put_time(at, record->reply_ns);
    at = put_name(at, recorder->outcome, OUTCOME_COUNT, record->outcome);
    at += output_format_u64(at, record->attempts);
    *at++ = ',';
    at = put_name(at, recorder->flow, recorder->flow_count, record->flow);
    at = put_flags(at, record->flags);
    *at++ = '\n';
    return (size_t)(at - row);
}

/* --- the writer's thread -------------------------------------------------------------------- */

/* Rows that did not reach the file whole are cut off again, so that what stands in it is exactly
 * `written` rows. */
static void flush_rows(struct recorder *recorder)
{
    struct output *output = &recorder->output;
    const uint64_t octets_before = output->octets_written;
    output_flush(output);
    if (output_failure(output) == 0) {
        atomic_fetch_add_explicit(&recorder->written, recorder->rows_buffered,
                                  memory_order_relaxed);
    } else {
        if (output->octets_written != octets_before &&
            ftruncate(output->fd, (off_t)octets_before) == 0)
            output->octets_written = octets_before;
        atomic_fetch_add_explicit(&recorder->lost_disk, recorder->rows_buffered,
                                  memory_order_relaxed);
    }
    recorder->rows_buffered = 0;
    atomic_store_explicit(&recorder->octets_written, output->octets_written, memory_order_relaxed);
    atomic_store_explicit(&recorder->write_failures, output->failures, memory_order_relaxed);
    atomic_store_explicit(&recorder->error_number, output_failure(output), memory_order_relaxed);
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
        char row[ROW_OCTETS_MAX];
        output_bytes(&recorder->output, row,
                     format_row(recorder, &recorder->ring[tail & recorder->mask], row));
        recorder->rows_buffered++;
        tail++;
        if (recorder->output.used >= FLUSH_OCTETS) {
            atomic_store_explicit(&recorder->tail, tail, memory_order_release);
            flush_rows(recorder);
        }
    }
    atomic_store_explicit(&recorder->tail, tail, memory_order_release);
    return waiting;
}

static void *writer_run(void *context)
{
    struct recorder *recorder = context;
    for (;;) {
        /* Read before draining: what was put before the stop is then surely seen. */
        const bool stop = atomic_load_explicit(&recorder->stop, memory_order_acquire);
        (void)drain(recorder);
        const int64_t now_ns = clock_ns(CLOCK_MONOTONIC);
        if (stop || now_ns - recorder->flushed_ns >= FLUSH_NS) {
            if (recorder->rows_buffered > 0)
                flush_rows(recorder);
            recorder->flushed_ns = now_ns;
        }
        atomic_store_explicit(&recorder->cpu_ns, clock_ns(CLOCK_THREAD_CPUTIME_ID),
                              memory_order_relaxed);
        if (stop)
            return NULL;
        const struct timespec nap = {.tv_nsec = POLL_NS};
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

static struct cell *copy_names(const char *const *names, uint32_t count)
{
    struct cell *cells = calloc(count + 1u, sizeof(*cells));
    for (uint32_t i = 0; cells != NULL && i < count; i++)
        cell_set(&cells[i], names[i]);
    return cells;
}

static void release(struct recorder *recorder)
{
    if (recorder->ring != NULL)
        (void)munmap(recorder->ring, (recorder->mask + 1) * sizeof(*recorder->ring));
    free(recorder->target);
    free(recorder->flow);
    free(recorder);
}

static enum p7_status allocate(const struct recorder_settings *settings, uint64_t ring_records,
                               struct recorder **result)
{
    struct recorder *recorder = aligned_alloc(CACHE_LINE_OCTETS, sizeof(*recorder));
    if (recorder == NULL)
        return P7_NO_MEMORY;
    memset(recorder, 0, sizeof(*recorder));
    recorder->output.fd = -1;
    recorder->mask = ring_records - 1;
    recorder->target_count = settings->target_count;
    recorder->flow_count = settings->flow_count;
    recorder->target = copy_names(settings->target_names, settings->target_count);
    recorder->flow = copy_names(settings->flow_names, settings->flow_count);
    for (unsigned kind = 0; kind < REQUEST_KIND_COUNT; kind++)
        cell_set(&recorder->kind[kind], request_kind_name((enum request_kind)kind));
    for (unsigned outcome = 0; outcome < OUTCOME_COUNT; outcome++)
        cell_set(&recorder->outcome[outcome], request_outcome_name((enum request_outcome)outcome));
    /* Populated now: the worker shall not take a page fault per hundred requests. */
    void *ring = mmap(NULL, ring_records * sizeof(*recorder->ring), PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    recorder->ring = ring == MAP_FAILED ? NULL : ring;
    if (recorder->ring == NULL || recorder->target == NULL || recorder->flow == NULL) {
        release(recorder);
        return P7_NO_MEMORY;
    }
    *result = recorder;
    return P7_OK;
}

/* Signals are the main thread's; SCHED_BATCH keeps the writer from preempting the worker when it
 * wakes on the same core. A kernel that refuses that costs precision only. */
static int start_thread(struct recorder *recorder)
{
    sigset_t all, before;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    const int error_number = pthread_create(&recorder->thread, NULL, writer_run, recorder);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (error_number == 0) {
        const struct sched_param none = {.sched_priority = 0};
        (void)pthread_setschedparam(recorder->thread, SCHED_BATCH, &none);
        (void)pthread_setname_np(recorder->thread, "recorder");
    }
    return error_number;
}

enum p7_status recorder_open(const struct recorder_settings *settings, struct recorder **result,
                             char *reason, size_t reason_octets)
{
    const uint32_t wanted =
        settings->ring_records == 0 ? RECORDER_RING_RECORDS_DEFAULT : settings->ring_records;
    if (settings->target_count > RECORDER_NAMES_MAX || settings->flow_count > RECORDER_NAMES_MAX)
        return refuse(P7_RANGE, "too many targets or flows", reason, reason_octets);
    if (wanted < RECORDER_RING_RECORDS_MIN || wanted > RECORDER_RING_RECORDS_MAX)
        return refuse(P7_RANGE, "ring size out of range", reason, reason_octets);
    uint64_t ring_records = RECORDER_RING_RECORDS_MIN;
    while (ring_records < wanted)
        ring_records *= 2;

    struct recorder *recorder = NULL;
    if (allocate(settings, ring_records, &recorder) != P7_OK)
        return refuse(P7_NO_MEMORY, "no memory for the ring", reason, reason_octets);
    enum p7_status status = output_open(&recorder->output, settings->directory, RUN_FILE_REQUESTS,
                                        OUTPUT_DIRECT, BUFFER_OCTETS);
    if (status != P7_OK) {
        release(recorder);
        return refuse(status, "can't be created", reason, reason_octets);
    }
    output_text(&recorder->output, RECORDER_HEADER "\n");
    output_flush(&recorder->output);
    recorder->flushed_ns = clock_ns(CLOCK_MONOTONIC);
    const int error_number = start_thread(recorder);
    if (error_number != 0) {
        const enum p7_status closed = output_close(&recorder->output);
        (void)closed; /* nothing but the header was in it */
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
    };
}

bool recorder_counters_complete(const struct recorder_counters *counters)
{
    return counters->records_lost_full == 0 && counters->records_lost_disk == 0 &&
           counters->error_number == 0;
}

void recorder_close(struct recorder *recorder, struct recorder_counters *counters)
{
    atomic_store_explicit(&recorder->stop, true, memory_order_release);
    const int joined = pthread_join(recorder->thread, NULL);
    assert(joined == 0);
    if (output_close(&recorder->output) != P7_OK)
        atomic_store_explicit(&recorder->error_number, output_failure(&recorder->output),
                              memory_order_relaxed);
    atomic_store_explicit(&recorder->write_failures, recorder->output.failures,
                          memory_order_relaxed);
    atomic_store_explicit(&recorder->octets_written, recorder->output.octets_written,
                          memory_order_relaxed);
    if (counters != NULL)
        recorder_get_counters(recorder, counters);
    release(recorder);
}
