/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "responder/storage/journal_thread.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "sigtran/runtime/clock.h"
#include "sigtran/runtime/thread.h"

/* Entries of the ring begin at multiples of this, so that their heads never wrap. */
#define ALIGNMENT   16u
#define TEXT_OCTETS 2048
#define SMOOTHING   8 /* a sync counts for an eighth in the smoothed time */
#define SYNC_BINS   (sizeof(((struct journal_thread_counters *)0)->sync_us_below) / sizeof(uint64_t))
#define FOREVER_NS  INT64_MAX

enum entry_kind { ENTRY_RECORDS, ENTRY_TRUNCATE };

/* In front of each entry's octets. */
struct entry {
    uint32_t kind;  /* enum entry_kind */
    uint32_t value; /* RECORDS: octets that follow; TRUNCATE: generation */
    uint64_t last;
};
_Static_assert(sizeof(struct entry) == ALIGNMENT && JOURNAL_QUEUE_OCTETS % ALIGNMENT == 0,
               "heads of entries do not wrap");

/* What a reader sees of the progress: consistent when `version` is even and the same before and
 * after. All accesses are sequentially consistent, which is what makes this right. */
struct published {
    _Atomic uint64_t version;
    _Atomic uint64_t durable;
    _Atomic uint32_t generation;
    _Atomic bool failed;
};

struct journal_thread {
    struct journal_thread_params params;
    struct journal *journal;
    pthread_t thread;
    uint8_t *ring;  /* JOURNAL_QUEUE_OCTETS, the producer's behind `head`, the thread's up to it */
    uint8_t *batch; /* records taken out of the ring: one piece for one write */
    /* Under the mutex: */
    pthread_mutex_t mutex;
    pthread_cond_t posted;
    uint64_t head; /* octets ever put in, taken out */
    uint64_t tail;
    bool stopping;
    bool waiting; /* a signal is of use */
    /* The thread's own: */
    uint32_t generation;
    uint32_t batch_octets;
    uint64_t batch_last;
    bool unsynced;
    int64_t not_before_ns; /* throttle */
    int64_t written_ns;    /* the last time that the disk got something */
    /* Read by all: */
    struct published published;
    char text[TEXT_OCTETS]; /* written before `failed` is set, never after */
    _Atomic uint64_t syncs;
    _Atomic uint64_t records;
    _Atomic uint64_t octets;
    _Atomic uint64_t throttled;
    _Atomic uint64_t idle_writes;
    _Atomic uint64_t sync_us_last;
    _Atomic uint64_t sync_us_smoothed;
    _Atomic uint64_t sync_us_max;
    _Atomic uint64_t sync_us_below[SYNC_BINS];
};

void journal_thread_params_init(struct journal_thread_params *params)
{
    *params = (struct journal_thread_params){.throttle_from_us = 5000, .idle_ms = 1000};
}

/* --- the ring ------------------------------------------------------------------------------- */

static void ring_put(struct journal_thread *thread, uint64_t at, const void *octets, size_t length)
{
    const size_t offset = (size_t)(at % JOURNAL_QUEUE_OCTETS);
    const size_t before_end = JOURNAL_QUEUE_OCTETS - offset;
    const size_t first = length < before_end ? length : before_end;
    memcpy(thread->ring + offset, octets, first);
    memcpy(thread->ring, (const uint8_t *)octets + first, length - first);
}

static void ring_get(const struct journal_thread *thread, uint64_t at, void *octets, size_t length)
{
    const size_t offset = (size_t)(at % JOURNAL_QUEUE_OCTETS);
    const size_t before_end = JOURNAL_QUEUE_OCTETS - offset;
    const size_t first = length < before_end ? length : before_end;
    memcpy(octets, thread->ring + offset, first);
    memcpy((uint8_t *)octets + first, thread->ring, length - first);
}

static uint64_t entry_octets(uint64_t payload)
{
    return sizeof(struct entry) + (payload + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

static enum p7_status post(struct journal_thread *thread, const struct entry *entry,
                           struct bytes payload)
{
    if (atomic_load(&thread->published.failed))
        return P7_STATE;
    (void)pthread_mutex_lock(&thread->mutex);
    const uint64_t used = thread->head - thread->tail;
    (void)pthread_mutex_unlock(&thread->mutex);
    /* It can only have become less since. */
    if (payload.length > JOURNAL_QUEUE_OCTETS ||
        used + entry_octets(payload.length) > JOURNAL_QUEUE_OCTETS)
        return P7_FULL;
    const uint64_t at = thread->head; /* only this thread changes it */
    ring_put(thread, at, entry, sizeof(*entry));
    if (payload.length > 0)
        ring_put(thread, at + sizeof(*entry), payload.data, payload.length);
    (void)pthread_mutex_lock(&thread->mutex);
    thread->head = at + entry_octets(payload.length);
    if (thread->waiting)
        (void)pthread_cond_signal(&thread->posted);
    (void)pthread_mutex_unlock(&thread->mutex);
    return P7_OK;
}

enum p7_status journal_thread_append(struct journal_thread *thread, struct bytes records,
                                     uint64_t last)
{
    if (records.length == 0)
        return P7_OK;
    if (records.length > JOURNAL_QUEUE_OCTETS)
        return P7_FULL;
    const struct entry entry = {
        .kind = ENTRY_RECORDS, .value = (uint32_t)records.length, .last = last};
    return post(thread, &entry, records);
}

enum p7_status journal_thread_truncate(struct journal_thread *thread, uint64_t last_kept,
                                       uint32_t generation)
{
    const struct entry entry = {.kind = ENTRY_TRUNCATE, .value = generation, .last = last_kept};
    return post(thread, &entry, bytes_of(NULL, 0));
}

/* --- what the thread tells ------------------------------------------------------------------ */

static void publish(struct journal_thread *thread)
{
    struct published *p = &thread->published;
    atomic_fetch_add(&p->version, 1);
    atomic_store(&p->durable, journal_durable(thread->journal));
    atomic_store(&p->generation, thread->generation);
    atomic_fetch_add(&p->version, 1);
    if (thread->params.wake != NULL)
        thread->params.wake(thread->params.wake_argument);
}

/* For good: what was posted and not made durable never will be. */
static void fail(struct journal_thread *thread, const char *what)
{
    const struct disk_posix *disk = thread->params.disk;
    (void)snprintf(thread->text, sizeof(thread->text), "%s: %s%s%s", what,
                   journal_text(thread->journal), disk == NULL ? "" : ". ",
                   disk == NULL ? "" : disk_posix_text(disk));
    atomic_store(&thread->published.failed, true);
    if (thread->params.wake != NULL)
        thread->params.wake(thread->params.wake_argument);
}

static bool has_failed(const struct journal_thread *thread)
{
    return atomic_load(&thread->published.failed);
}

struct journal_progress journal_thread_progress(const struct journal_thread *thread)
{
    const struct published *p = &thread->published;
    struct journal_progress progress;
    uint64_t before;
    do {
        before = atomic_load(&p->version);
        progress.durable = atomic_load(&p->durable);
        progress.generation = atomic_load(&p->generation);
    } while ((before & 1u) != 0 || atomic_load(&p->version) != before);
    progress.failed = atomic_load(&p->failed);
    return progress;
}

const char *journal_thread_text(const struct journal_thread *thread)
{
    return has_failed(thread) ? thread->text : "the journal works";
}

void journal_thread_counters(const struct journal_thread *thread,
                             struct journal_thread_counters *counters)
{
    *counters = (struct journal_thread_counters){
        .syncs = atomic_load(&thread->syncs),
        .records = atomic_load(&thread->records),
        .octets = atomic_load(&thread->octets),
        .throttled = atomic_load(&thread->throttled),
        .idle_writes = atomic_load(&thread->idle_writes),
        .sync_us_last = atomic_load(&thread->sync_us_last),
        .sync_us_smoothed = atomic_load(&thread->sync_us_smoothed),
        .sync_us_max = atomic_load(&thread->sync_us_max),
    };
    for (size_t i = 0; i < SYNC_BINS; i++)
        counters->sync_us_below[i] = atomic_load(&thread->sync_us_below[i]);
}

/* --- writing -------------------------------------------------------------------------------- */

static void count_sync(struct journal_thread *thread, uint64_t us)
{
    const uint64_t smoothed = atomic_load(&thread->sync_us_smoothed);
    size_t bin = 0;
    while (bin < SYNC_BINS - 1 && us >= UINT64_C(1) << bin)
        bin++;
    atomic_store(&thread->sync_us_smoothed,
                 atomic_load(&thread->syncs) == 0
                     ? us
                     : (smoothed * (SMOOTHING - 1) + us + SMOOTHING / 2) / SMOOTHING);
    atomic_fetch_add(&thread->syncs, 1);
    atomic_fetch_add(&thread->sync_us_below[bin], 1);
    atomic_store(&thread->sync_us_last, us);
    if (us > atomic_load(&thread->sync_us_max))
        atomic_store(&thread->sync_us_max, us);
}

static void throttle(struct journal_thread *thread, uint64_t us)
{
    thread->not_before_ns = 0;
    if (us <= thread->params.throttle_from_us)
        return;
    uint64_t pause_us = atomic_load(&thread->sync_us_smoothed) / 4;
    if (pause_us > JOURNAL_THROTTLE_US_MAX)
        pause_us = JOURNAL_THROTTLE_US_MAX;
    thread->not_before_ns = thread->written_ns + (int64_t)pause_us * CLOCK_NS_PER_US;
}

/* Appends what was gathered, in one piece. */
static bool append_batch(struct journal_thread *thread)
{
    if (thread->batch_octets == 0)
        return true;
    const uint64_t before = journal_last(thread->journal);
    const enum p7_status status =
        journal_append(thread->journal, bytes_of(thread->batch, thread->batch_octets));
    if (status == P7_OK && journal_last(thread->journal) == thread->batch_last) {
        atomic_fetch_add(&thread->records, thread->batch_last - before);
        atomic_fetch_add(&thread->octets, thread->batch_octets);
        thread->batch_octets = 0;
        thread->unsynced = true;
        return true;
    }
    fail(thread, status == P7_OK ? "the records posted end at another index" : "append");
    return false;
}

static bool sync_all(struct journal_thread *thread)
{
    const int64_t begun_ns = clock_monotonic_ns();
    if (thread->params.sync_delay_us > 0) {
        const struct timespec delay = {.tv_sec = thread->params.sync_delay_us / 1000000u,
                                       .tv_nsec =
                                           (long)(thread->params.sync_delay_us % 1000000u) * 1000};
        (void)clock_nanosleep(CLOCK_MONOTONIC, 0, &delay, NULL);
    }
    if (journal_sync(thread->journal) != P7_OK) {
        fail(thread, "sync");
        return false;
    }
    thread->unsynced = false;
    thread->written_ns = clock_monotonic_ns();
    const uint64_t us = (uint64_t)(thread->written_ns - begun_ns) / 1000u;
    count_sync(thread, us);
    throttle(thread, us);
    publish(thread);
    return true;
}

static bool truncate_now(struct journal_thread *thread, const struct entry *entry)
{
    if (!append_batch(thread))
        return false;
    if (journal_truncate(thread->journal, entry->last) != P7_OK) {
        fail(thread, "truncation");
        return false;
    }
    thread->generation = entry->value;
    thread->written_ns = clock_monotonic_ns();
    publish(thread);
    return true;
}

/* Takes what stood in the ring up to `head`, writes it and makes it durable. */
static void carry_out(struct journal_thread *thread, uint64_t tail, uint64_t head)
{
    while (tail != head) {
        struct entry entry;
        ring_get(thread, tail, &entry, sizeof(entry));
        const bool truncation = entry.kind == ENTRY_TRUNCATE;
        if (truncation) {
            if (!truncate_now(thread, &entry))
                return;
        } else {
            ring_get(thread, tail + sizeof(entry), thread->batch + thread->batch_octets,
                     entry.value);
            thread->batch_octets += entry.value;
            thread->batch_last = entry.last;
        }
        tail += entry_octets(truncation ? 0 : entry.value);
    }
    /* Room for the producer as early as can be: the sync may take long. */
    (void)pthread_mutex_lock(&thread->mutex);
    thread->tail = tail;
    (void)pthread_mutex_unlock(&thread->mutex);
    if (append_batch(thread) && thread->unsynced)
        (void)sync_all(thread);
}

static void write_idle(struct journal_thread *thread)
{
    thread->written_ns = clock_monotonic_ns();
    if (journal_idle(thread->journal) == P7_OK)
        atomic_fetch_add(&thread->idle_writes, 1);
    else
        fail(thread, "idle write");
}

/* --- the thread ----------------------------------------------------------------------------- */

/* Under the mutex. Until `until_ns`, or something is posted or it is time to stop. */
static void wait_until(struct journal_thread *thread, int64_t until_ns)
{
    const struct timespec until = {.tv_sec = until_ns / CLOCK_NS_PER_S,
                                   .tv_nsec = until_ns % CLOCK_NS_PER_S};
    thread->waiting = true;
    if (until_ns == FOREVER_NS)
        (void)pthread_cond_wait(&thread->posted, &thread->mutex);
    else
        (void)pthread_cond_timedwait(&thread->posted, &thread->mutex, &until);
    thread->waiting = false;
}

static int64_t idle_at_ns(const struct journal_thread *thread)
{
    return thread->params.idle_ms == 0 || has_failed(thread)
               ? FOREVER_NS
               : thread->written_ns + (int64_t)thread->params.idle_ms * CLOCK_NS_PER_MS;
}

/* Waits for something to do. Under the mutex. A queue that is half full is written at once. */
static void wait_for_work(struct journal_thread *thread)
{
    bool put_off = false;
    while (!thread->stopping) {
        const int64_t now_ns = clock_monotonic_ns();
        const uint64_t used = thread->head - thread->tail;
        const bool work = used > 0 && !has_failed(thread);
        if (work && (now_ns >= thread->not_before_ns || used > JOURNAL_QUEUE_OCTETS / 2))
            break;
        if (!work && now_ns >= idle_at_ns(thread))
            break;
        put_off = put_off || work;
        wait_until(thread, work ? thread->not_before_ns : idle_at_ns(thread));
    }
    if (put_off)
        atomic_fetch_add(&thread->throttled, 1);
}

static void *thread_run(void *argument)
{
    struct journal_thread *thread = argument;
    for (;;) {
        (void)pthread_mutex_lock(&thread->mutex);
        wait_for_work(thread);
        const uint64_t tail = thread->tail;
        const uint64_t head = thread->head;
        const bool stopping = thread->stopping;
        (void)pthread_mutex_unlock(&thread->mutex);
        if (tail != head && !has_failed(thread))
            carry_out(thread, tail, head);
        else if (stopping)
            return NULL;
        else
            write_idle(thread);
    }
}

/* --- life cycle ----------------------------------------------------------------------------- */

static uint8_t *map_octets(size_t octets)
{
    void *memory = mmap(NULL, octets, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return memory == MAP_FAILED ? NULL : memory;
}

static void release(struct journal_thread *thread)
{
    if (thread->ring != NULL)
        (void)munmap(thread->ring, JOURNAL_QUEUE_OCTETS);
    if (thread->batch != NULL)
        (void)munmap(thread->batch, JOURNAL_QUEUE_OCTETS);
    free(thread);
}

static int start(struct journal_thread *thread)
{
    pthread_condattr_t cond;
    pthread_mutexattr_t mutex;
    /* The traffic thread may run with a real-time priority: it shall not wait for a journal's
     * thread that some third one keeps from running. */
    (void)pthread_mutexattr_init(&mutex);
    (void)pthread_mutexattr_setprotocol(&mutex, PTHREAD_PRIO_INHERIT);
    (void)pthread_mutex_init(&thread->mutex, &mutex);
    (void)pthread_mutexattr_destroy(&mutex);
    (void)pthread_condattr_init(&cond);
    (void)pthread_condattr_setclock(&cond, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&thread->posted, &cond);
    (void)pthread_condattr_destroy(&cond);
    const int error = thread_start(&thread->thread, thread_run, thread, "p7-journal");
    if (error == 0)
        return 0;
    (void)pthread_cond_destroy(&thread->posted);
    (void)pthread_mutex_destroy(&thread->mutex);
    return error;
}

enum p7_status journal_thread_create(struct journal *journal,
                                     const struct journal_thread_params *params,
                                     struct journal_thread **out)
{
    struct journal_thread *thread = calloc(1, sizeof(*thread));
    *out = NULL;
    if (thread == NULL)
        return P7_NO_MEMORY;
    thread->params = *params;
    thread->journal = journal;
    thread->ring = map_octets(JOURNAL_QUEUE_OCTETS);
    thread->batch = map_octets(JOURNAL_QUEUE_OCTETS);
    thread->written_ns = clock_monotonic_ns();
    atomic_store(&thread->published.durable, journal_durable(journal));
    const int error = thread->ring == NULL || thread->batch == NULL ? ENOMEM : start(thread);
    if (error != 0) {
        release(thread);
        errno = error;
        return error == ENOMEM ? P7_NO_MEMORY : P7_SYSTEM;
    }
    *out = thread;
    return P7_OK;
}

void journal_thread_destroy(struct journal_thread *thread)
{
    if (thread == NULL)
        return;
    (void)pthread_mutex_lock(&thread->mutex);
    thread->stopping = true;
    (void)pthread_cond_signal(&thread->posted);
    (void)pthread_mutex_unlock(&thread->mutex);
    (void)pthread_join(thread->thread, NULL);
    (void)pthread_cond_destroy(&thread->posted);
    (void)pthread_mutex_destroy(&thread->mutex);
    journal_close(thread->journal);
    release(thread);
}
