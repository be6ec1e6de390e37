/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "responder/storage/journal_thread.h"

#include <pthread.h>
#include <stdatomic.h>

#include "tests/unit/responder/storage/scratch.h"

static struct scratch scratch;
static struct rig rig;
static struct journal_thread *journal_thread;

/* The disk of the rig, where the test wants to see or to refuse a sync. */
static struct disk watched;
static _Atomic bool refuse_sync;
static _Atomic uint32_t writes;

static enum p7_status watched_sync(void *context, int file)
{
    return atomic_load(&refuse_sync) ? P7_SYSTEM : disk_posix_ops(rig.disk)->sync(context, file);
}

static enum p7_status watched_write(void *context, int file, uint64_t offset, struct bytes octets)
{
    atomic_fetch_add(&writes, 1);
    return disk_posix_ops(rig.disk)->write(context, file, offset, octets);
}

/* Waking: the thread tells, the test waits. */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t woken = PTHREAD_COND_INITIALIZER;
static uint64_t wakes;

static void wake(void *argument)
{
    (void)pthread_mutex_lock(&mutex);
    (*(uint64_t *)argument)++;
    (void)pthread_cond_signal(&woken);
    (void)pthread_mutex_unlock(&mutex);
}

static void begin(const struct journal_thread_params *changed)
{
    struct journal_thread_params params;
    struct journal_recovery recovery;
    char text[JOURNAL_TEXT_OCTETS];
    scratch_make(&scratch);
    rig = (struct rig){.chain = {.term = 1}};
    CU_ASSERT_EQUAL_FATAL(disk_posix_open(scratch.path, false, &rig.disk), P7_OK);
    watched = *disk_posix_ops(rig.disk);
    watched.sync = watched_sync;
    watched.write = watched_write;
    atomic_store(&refuse_sync, false);
    const struct journal_params journal = {
        .disk = &watched, .cluster_id = SCRATCH_CLUSTER, .segment_octets = 4u * 1024 * 1024};
    CU_ASSERT_EQUAL_FATAL(journal_open(&journal, &rig.journal, &recovery, text, sizeof(text)),
                          P7_OK);
    journal_thread_params_init(&params);
    if (changed != NULL)
        params = *changed;
    params.wake = wake;
    params.wake_argument = &wakes;
    CU_ASSERT_EQUAL_FATAL(journal_thread_create(rig.journal, &params, &journal_thread), P7_OK);
    rig.journal = NULL; /* the thread's now */
}

static void end(void)
{
    journal_thread_destroy(journal_thread);
    rig_close(&rig);
    scratch_remove(&scratch);
}

static void post(uint32_t count)
{
    uint8_t octets[LEDGER_RECORD_OCTETS_MAX];
    for (uint32_t i = 0; i < count; i++) {
        const size_t length = chain_next(&rig.chain, octets, sizeof(octets));
        CU_ASSERT_EQUAL_FATAL(
            journal_thread_append(journal_thread, bytes_of(octets, length), rig.chain.index),
            P7_OK);
    }
}

static struct journal_progress wait_for(uint64_t durable, uint32_t generation)
{
    struct journal_progress progress;
    (void)pthread_mutex_lock(&mutex);
    while (progress = journal_thread_progress(journal_thread),
           !progress.failed && (progress.durable < durable || progress.generation != generation))
        (void)pthread_cond_wait(&woken, &mutex);
    (void)pthread_mutex_unlock(&mutex);
    return progress;
}

static uint64_t last_on_disk(void)
{
    struct journal_recovery recovery = {0};
    struct journal *journal = NULL;
    char text[JOURNAL_TEXT_OCTETS];
    const struct journal_params params = {.disk = disk_posix_ops(rig.disk),
                                          .cluster_id = SCRATCH_CLUSTER,
                                          .segment_octets = 4u * 1024 * 1024,
                                          .read_only = true};
    CU_ASSERT_EQUAL_FATAL(journal_open(&params, &journal, &recovery, text, sizeof(text)), P7_OK);
    journal_close(journal);
    return recovery.last_index;
}

static void what_is_posted_becomes_durable_and_the_thread_tells(void)
{
    begin(NULL);
    CU_ASSERT_EQUAL(journal_thread_progress(journal_thread).durable, 0);
    post(3);
    const struct journal_progress progress = wait_for(3, 0);
    CU_ASSERT_EQUAL(progress.durable, 3);
    CU_ASSERT_FALSE(progress.failed);
    CU_ASSERT_EQUAL(last_on_disk(), 3);
    end();
}

static void what_is_posted_during_a_sync_shares_the_next_one(void)
{
    const struct journal_thread_params slow = {.throttle_from_us = UINT32_MAX,
                                               .sync_delay_us = 50000};
    struct journal_thread_counters counters;
    begin(&slow);
    post(1);
    (void)wait_for(1, 0);
    const uint32_t before = atomic_load(&writes);
    post(1000); /* the first of them may get a sync of its own, if the thread was that quick */
    (void)wait_for(1001, 0);
    journal_thread_counters(journal_thread, &counters);
    CU_ASSERT_EQUAL(counters.records, 1001);
    CU_ASSERT_TRUE(counters.syncs < 200);
    CU_ASSERT_TRUE(atomic_load(&writes) - before < 400); /* with one of `synced` each */
    CU_ASSERT_TRUE(counters.sync_us_max >= 50000);
    uint64_t in_bins = 0;
    for (int i = 0; i < 32; i++)
        in_bins += counters.sync_us_below[i];
    CU_ASSERT_EQUAL(in_bins, counters.syncs);
    CU_ASSERT_EQUAL(counters.sync_us_below[15], 0); /* none took less than 50 ms */
    end();
}

static void destroying_writes_what_was_posted(void)
{
    const struct journal_thread_params slow = {.throttle_from_us = 1, .sync_delay_us = 20000};
    begin(&slow);
    post(500);
    journal_thread_destroy(journal_thread);
    CU_ASSERT_EQUAL(last_on_disk(), 500);
    rig_close(&rig);
    scratch_remove(&scratch);
}

static void a_truncation_comes_behind_what_was_posted_before_it(void)
{
    begin(NULL);
    post(10);
    const struct chain at_10 = rig.chain;
    post(10);
    CU_ASSERT_EQUAL_FATAL(journal_thread_truncate(journal_thread, 10, 5), P7_OK);
    rig.chain = at_10;
    rig.chain.term = 2;
    post(4);
    const struct journal_progress progress = wait_for(14, 5);
    CU_ASSERT_EQUAL(progress.generation, 5);
    CU_ASSERT_EQUAL(progress.durable, 14);
    CU_ASSERT_EQUAL(last_on_disk(), 14);
    end();
}

/* Each generation allows only certain durable indices: generation g keeps at least 10 g and at
 * most 10 g + 10. A reader that mixed two of them would see others. */
static void generation_and_durable_are_always_of_one_moment(void)
{
    const uint32_t rounds = 100;
    uint64_t wrong = 0;
    begin(NULL);
    for (uint32_t g = 0; g < rounds; g++) {
        post(5);
        const struct chain kept = rig.chain; /* 10 g + 5 */
        post(5);
        CU_ASSERT_EQUAL_FATAL(journal_thread_truncate(journal_thread, kept.index, g + 1), P7_OK);
        rig.chain = kept;
        rig.chain.term++;
        struct journal_progress p;
        do {
            p = journal_thread_progress(journal_thread);
            /* generation n: 5 n kept, up to 5 n + 10 posted before the next one */
            wrong += p.durable < (uint64_t)5 * p.generation && p.durable != 0;
            wrong += p.durable > (uint64_t)5 * p.generation + 10;
        } while (p.generation != g + 1 && !p.failed);
    }
    CU_ASSERT_EQUAL(wrong, 0);
    CU_ASSERT_FALSE(journal_thread_progress(journal_thread).failed);
    end();
}

static void a_failure_stays_and_nothing_more_is_durable(void)
{
    begin(NULL);
    post(2);
    (void)wait_for(2, 0);
    CU_ASSERT_STRING_EQUAL(journal_thread_text(journal_thread), "the journal works");
    atomic_store(&refuse_sync, true);
    post(1);
    struct journal_progress progress = wait_for(3, 0);
    CU_ASSERT_TRUE(progress.failed);
    CU_ASSERT_EQUAL(progress.durable, 2);
    CU_ASSERT_PTR_NOT_NULL(strstr(journal_thread_text(journal_thread), "sync"));
    atomic_store(&refuse_sync, false); /* the disk seems well again: never believed */
    CU_ASSERT_EQUAL(journal_thread_append(journal_thread, bytes_of("x", 1), 4), P7_STATE);
    CU_ASSERT_EQUAL(journal_thread_truncate(journal_thread, 1, 9), P7_STATE);
    progress = journal_thread_progress(journal_thread);
    CU_ASSERT_TRUE(progress.failed);
    CU_ASSERT_EQUAL(progress.durable, 2);
    end();
}

static void a_full_queue_takes_nothing_and_says_so(void)
{
    const struct journal_thread_params slow = {.throttle_from_us = UINT32_MAX,
                                               .sync_delay_us = 1000000};
    uint8_t octets[LEDGER_RECORD_OCTETS_MAX];
    enum p7_status status = P7_OK;
    uint64_t taken = 1;
    begin(&slow);
    post(1);
    /* Octets that are posted while the first sync lasts: more than the queue holds. */
    while (status == P7_OK && taken < 400000) {
        const struct chain before = rig.chain;
        const size_t length = chain_next(&rig.chain, octets, sizeof(octets));
        status = journal_thread_append(journal_thread, bytes_of(octets, length), rig.chain.index);
        if (status == P7_OK)
            taken++;
        else
            rig.chain = before;
    }
    CU_ASSERT_EQUAL(status, P7_FULL);
    const struct journal_progress progress = wait_for(taken, 0);
    CU_ASSERT_EQUAL(progress.durable, taken);
    post(1); /* there is room again, and the chain is whole */
    CU_ASSERT_EQUAL(wait_for(taken + 1, 0).durable, taken + 1);
    end();
}

static void a_slow_disk_is_asked_less_often(void)
{
    const struct journal_thread_params slow = {.throttle_from_us = 1000, .sync_delay_us = 40000};
    struct journal_thread_counters counters;
    begin(&slow);
    for (uint64_t i = 1; i <= 5; i++) {
        post(1);
        (void)wait_for(i, 0);
    }
    journal_thread_counters(journal_thread, &counters);
    CU_ASSERT_EQUAL(counters.syncs, 5);
    CU_ASSERT_TRUE(counters.throttled >= 1); /* all but the first, unless this thread was held up */
    end();
}

static void a_quiet_journal_writes_a_little(void)
{
    const struct journal_thread_params eager = {.throttle_from_us = 5000, .idle_ms = 1};
    struct journal_thread_counters counters;
    begin(&eager);
    post(1);
    do
        journal_thread_counters(journal_thread, &counters);
    while (counters.idle_writes < 3);
    CU_ASSERT_FALSE(journal_thread_progress(journal_thread).failed);
    end();
}

UNIT_TESTS = {
    UNIT(what_is_posted_becomes_durable_and_the_thread_tells),
    UNIT(what_is_posted_during_a_sync_shares_the_next_one),
    UNIT(destroying_writes_what_was_posted),
    UNIT(a_truncation_comes_behind_what_was_posted_before_it),
    UNIT(generation_and_durable_are_always_of_one_moment),
    UNIT(a_failure_stays_and_nothing_more_is_durable),
    UNIT(a_full_queue_takes_nothing_and_says_so),
    UNIT(a_slow_disk_is_asked_less_often),
    UNIT(a_quiet_journal_writes_a_little),
};
UNIT_MAIN("journal_thread")
