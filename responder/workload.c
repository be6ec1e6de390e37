/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "responder/workload.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "responder/workload_disk.h"
#include "responder/workload_queue.h"
#include "sigtran/base/bytes.h"
#include "sigtran/runtime/thread.h"

#define QUEUE_MAX_DEFAULT 65536u
#define HEAP_OCTETS_MAX   (1ull << 44)

/* Calibration: how many turns of the busy loop fit into this much CPU time. */
#define CALIBRATE_NS    2000000
#define CALIBRATE_TURNS 20000u

/* The clock is read after a burst of at most this long. */
#define BURST_NS 20000

/* Worker 0 with no threads is the I/O thread itself. */
struct worker {
    struct workload *owner;
    pthread_t thread;
    struct workload_pages pages;
    int64_t ahead_ns;  /* burnt too much by the jobs before: the next one burns less */
    uint64_t scramble; /* what the busy loop works on */
    /* Read by the I/O thread: */
    _Alignas(WORKLOAD_CACHE_LINE) _Atomic uint64_t cpu_ns;
    _Atomic uint64_t pages_dirtied;
    _Atomic uint64_t completed;
};

struct workload {
    struct workload_queue submitted;
    struct workload_queue finished;
    struct worker *worker;
    struct workload_disk *disk; /* NULL: nothing is written */
    uint8_t *heap;
    uint64_t heap_octets;
    double turns_per_ns;
    void (*wake)(void *argument);
    void *wake_argument;
    struct workload_plan_params plan;
    uint32_t worker_count; /* threads that run */
    uint32_t queue_max;
    sem_t jobs;
    /* Written by the I/O thread alone; atomic as counters are read from anywhere. */
    _Atomic uint64_t outstanding; /* submitted and not collected */
    _Atomic uint64_t submitted_count;
    _Atomic uint64_t overload_count;
    _Atomic bool stopping;
    _Atomic bool woken; /* wake was called since the last collect */
};

/* For counters with one writer: no locked instruction is needed. */
static inline uint64_t count_read(const _Atomic uint64_t *counter)
{
    return atomic_load_explicit(counter, memory_order_relaxed);
}

static inline void count_add(_Atomic uint64_t *counter, uint64_t n)
{
    atomic_store_explicit(counter, count_read(counter) + n, memory_order_relaxed);
}

static int64_t thread_cpu_ns(void)
{
    struct timespec ts;
    const int result = clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
    assert(result == 0);
    (void)result;
    return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

/* Work that no compiler can leave out and no CPU can shorten: each turn needs the one before. */
static void spin(struct worker *worker, uint64_t turns)
{
    uint64_t x = worker->scramble;
    for (uint64_t i = 0; i < turns; i++) {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
    }
    worker->scramble = x;
    __asm__ volatile("" : : "r"(x));
}

static double calibrate(struct worker *worker)
{
    const int64_t start_ns = thread_cpu_ns();
    int64_t used_ns = 0;
    uint64_t turns = 0;
    while (used_ns < CALIBRATE_NS) {
        spin(worker, CALIBRATE_TURNS);
        turns += CALIBRATE_TURNS;
        used_ns = thread_cpu_ns() - start_ns;
    }
    return (double)turns / (double)used_ns;
}

/*
 * Burns CPU time of this thread: what passes while the thread doesn't run does not count, so a job
 * on a crowded host costs as much CPU as on an idle one. The loop's speed is only a guess of when
 * to look at the clock; the clock decides.
 */
static void burn(struct worker *worker)
{
    const struct workload *w = worker->owner;
    const int64_t wanted_ns = (int64_t)w->plan.cpu_us * 1000 - worker->ahead_ns;
    if (w->plan.cpu_us == 0)
        return;
    const int64_t start_ns = thread_cpu_ns();
    int64_t used_ns = 0;
    while (used_ns < wanted_ns) {
        const int64_t left_ns = wanted_ns - used_ns;
        const int64_t burst_ns = left_ns < BURST_NS ? left_ns : BURST_NS;
        spin(worker, (uint64_t)((double)burst_ns * w->turns_per_ns) + 1);
        used_ns = thread_cpu_ns() - start_ns;
    }
    worker->ahead_ns = used_ns - wanted_ns;
    count_add(&worker->cpu_ns, (uint64_t)used_ns);
}

static void dirty_pages(struct worker *worker)
{
    const struct workload *w = worker->owner;
    if (worker->pages.count == 0)
        return;
    for (uint32_t i = 0; i < w->plan.pages_dirtied; i++) {
        uint8_t *page = w->heap + workload_pages_next(&worker->pages) * WORKLOAD_PAGE_OCTETS;
        /* Another value each time: a page that is written with what it holds need not be sent by a
         * migration that compares. */
        worker->scramble += 0x9e3779b97f4a7c15ull;
        bytes_store_u64be(page, worker->scramble);
    }
    count_add(&worker->pages_dirtied, w->plan.pages_dirtied);
}

static void do_job(struct worker *worker)
{
    struct workload *w = worker->owner;
    burn(worker);
    dirty_pages(worker);
    if (w->disk != NULL && w->plan.octets_written != 0)
        workload_disk_add(w->disk, w->plan.octets_written);
    count_add(&worker->completed, 1);
}

static void *worker_run(void *argument)
{
    struct worker *worker = argument;
    struct workload *w = worker->owner;
    uint64_t token;
    for (;;) {
        while (sem_wait(&w->jobs) == -1 && errno == EINTR) {
        }
        if (atomic_load(&w->stopping))
            return NULL;
        /* Each post follows the put of its job: there is one for each worker that comes this far.
         */
        const bool taken = workload_queue_take(&w->submitted, &token);
        assert(taken);
        (void)taken;
        do_job(worker);
        const bool put = workload_queue_put(&w->finished, token);
        assert(put); /* it has room for all that may be outstanding */
        (void)put;
        if (!atomic_exchange(&w->woken, true) && w->wake != NULL)
            w->wake(w->wake_argument);
    }
}

/* Resident from the start, each page with content of its own: neither a zero page nor one that the
 * host's page merging would share. */
static enum p7_status create_heap(struct workload *w, uint64_t octets)
{
    const uint64_t pages = (octets + WORKLOAD_PAGE_OCTETS - 1) / WORKLOAD_PAGE_OCTETS;
    if (octets == 0)
        return P7_OK;
    if (octets > HEAP_OCTETS_MAX)
        return P7_RANGE;
    void *heap = mmap(NULL, pages * WORKLOAD_PAGE_OCTETS, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (heap == MAP_FAILED)
        return P7_NO_MEMORY;
    w->heap = heap;
    w->heap_octets = pages * WORKLOAD_PAGE_OCTETS;
    for (uint64_t i = 0; i < pages; i++)
        for (unsigned at = 0; at < WORKLOAD_PAGE_OCTETS; at += 512)
            bytes_store_u64be(w->heap + i * WORKLOAD_PAGE_OCTETS + at,
                              (i + 1) * 0x9e3779b97f4a7c15ull + at);
    return P7_OK;
}

static enum p7_status start_workers(struct workload *w, uint32_t workers)
{
    int error = 0;
    for (uint32_t i = 0; i < workers && error == 0; i++) {
        char name[16];
        (void)snprintf(name, sizeof(name), "p7-work-%u", i % 1000);
        error = thread_start(&w->worker[i].thread, worker_run, &w->worker[i], name);
        w->worker_count += error == 0;
    }
    errno = error;
    return error == 0 ? P7_OK : P7_SYSTEM;
}

static enum p7_status create_workers(struct workload *w, uint32_t workers)
{
    const uint32_t count = workers == 0 ? 1 : workers;
    w->worker = aligned_alloc(WORKLOAD_CACHE_LINE, count * sizeof(*w->worker));
    if (w->worker == NULL)
        return P7_NO_MEMORY;
    memset(w->worker, 0, count * sizeof(*w->worker));
    for (uint32_t i = 0; i < count; i++) {
        w->worker[i].owner = w;
        w->worker[i].scramble = i + 1;
        w->worker[i].pages = workload_pages_of(w->heap_octets / WORKLOAD_PAGE_OCTETS, i, count);
    }
    if (w->plan.cpu_us != 0)
        w->turns_per_ns = calibrate(&w->worker[0]);
    return P7_OK;
}

enum p7_status workload_create(struct workload **result, const struct workload_params *params)
{
    *result = NULL;
    if (params->workers > WORKLOAD_WORKERS_MAX || workload_plan_check(&params->plan) != P7_OK)
        return P7_RANGE;
    struct workload *w = aligned_alloc(WORKLOAD_CACHE_LINE, sizeof(*w));
    if (w == NULL)
        return P7_NO_MEMORY;
    memset(w, 0, sizeof(*w));
    w->plan = params->plan;
    w->queue_max = params->queue_max == 0 ? QUEUE_MAX_DEFAULT : params->queue_max;
    w->wake = params->wake;
    w->wake_argument = params->wake_argument;
    if (sem_init(&w->jobs, 0, 0) == -1) {
        free(w);
        return P7_SYSTEM;
    }
    enum p7_status status = create_heap(w, params->heap_octets);
    if (status == P7_OK)
        status = create_workers(w, params->workers);
    if (status == P7_OK && params->workers > 0)
        status = workload_queue_create(&w->submitted, w->queue_max);
    if (status == P7_OK && params->workers > 0)
        status = workload_queue_create(&w->finished, w->queue_max);
    if (status == P7_OK && params->directory != NULL && params->directory[0] != '\0')
        status = workload_disk_start(&w->disk, params->directory);
    if (status == P7_OK)
        status = start_workers(w, params->workers);
    if (status != P7_OK) {
        const int error = errno;
        workload_destroy(w);
        errno = error;
        return status;
    }
    *result = w;
    return P7_OK;
}

void workload_destroy(struct workload *workload)
{
    if (workload == NULL)
        return;
    atomic_store(&workload->stopping, true);
    for (uint32_t i = 0; i < workload->worker_count; i++)
        (void)sem_post(&workload->jobs);
    for (uint32_t i = 0; i < workload->worker_count; i++)
        (void)pthread_join(workload->worker[i].thread, NULL);
    workload_disk_stop(workload->disk);
    if (workload->heap != NULL)
        (void)munmap(workload->heap, workload->heap_octets);
    workload_queue_destroy(&workload->submitted);
    workload_queue_destroy(&workload->finished);
    (void)sem_destroy(&workload->jobs);
    free(workload->worker);
    free(workload);
}

bool workload_is_idle(const struct workload *workload)
{
    const struct workload_plan_params *p = &workload->plan;
    return p->cpu_us == 0 && (p->pages_dirtied == 0 || workload->heap_octets == 0) &&
           (p->octets_written == 0 || workload->disk == NULL);
}

bool workload_is_full(const struct workload *workload)
{
    return count_read(&workload->outstanding) >= workload->queue_max - workload->queue_max / 4;
}

enum workload_submitted workload_submit(struct workload *workload, uint64_t token)
{
    count_add(&workload->submitted_count, 1);
    if (workload->worker_count == 0) {
        do_job(&workload->worker[0]);
        return WORKLOAD_DONE;
    }
    if (count_read(&workload->outstanding) >= workload->queue_max) {
        count_add(&workload->overload_count, 1);
        return WORKLOAD_OVERLOAD;
    }
    const bool put = workload_queue_put(&workload->submitted, token);
    assert(put); /* it has room for all that may be outstanding */
    (void)put;
    count_add(&workload->outstanding, 1);
    (void)sem_post(&workload->jobs);
    return WORKLOAD_QUEUED;
}

size_t workload_collect(struct workload *workload, uint64_t *tokens, size_t max)
{
    size_t n = 0;
    if (workload->worker_count == 0)
        return 0;
    /* In this order: what finishes from here on wakes again. */
    atomic_store(&workload->woken, false);
    while (n < max && workload_queue_take(&workload->finished, &tokens[n]))
        n++;
    assert(count_read(&workload->outstanding) >= n);
    count_add(&workload->outstanding, 0 - (uint64_t)n);
    return n;
}

void workload_counters_read(const struct workload *workload, struct workload_counters *counters)
{
    *counters = (struct workload_counters){
        .submitted = count_read(&workload->submitted_count),
        .overload = count_read(&workload->overload_count),
        .queue_depth = count_read(&workload->outstanding),
    };
    const uint32_t count = workload->worker_count == 0 ? 1 : workload->worker_count;
    for (uint32_t i = 0; i < count; i++) {
        const struct worker *worker = &workload->worker[i];
        counters->cpu_ns += count_read(&worker->cpu_ns);
        counters->pages_dirtied += count_read(&worker->pages_dirtied);
        counters->completed += count_read(&worker->completed);
    }
    if (workload->disk == NULL)
        return;
    struct workload_disk_counters disk;
    workload_disk_counters_read(workload->disk, &disk);
    counters->writes = disk.writes;
    counters->octets_written = disk.octets_written;
    counters->octets_discarded = disk.octets_discarded;
    counters->write_errors = disk.errors;
    counters->write_ns_last = disk.write_ns_last;
    counters->write_ns_max = disk.write_ns_max;
    counters->write_ns_sum = disk.write_ns_sum;
    counters->write_pause_ns = disk.pause_ns;
}
