/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "responder/workload.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "tests/unit/unit.h"

#define WAIT_MS 10000 /* a machine that is stopped for longer fails the test */

static int64_t clock_ns(clockid_t clock)
{
    struct timespec ts;
    (void)clock_gettime(clock, &ts);
    return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

static void wake(void *argument)
{
    const uint64_t one = 1;
    const ssize_t n = write(*(const int *)argument, &one, sizeof(one));
    CU_ASSERT_EQUAL(n, sizeof(one));
}

/* Waits for the wake-up and collects; 0 after WAIT_MS without one. */
static size_t wait_and_collect(struct workload *w, int event, uint64_t *tokens, size_t max)
{
    struct pollfd poll_event = {.fd = event, .events = POLLIN};
    uint64_t count;
    if (poll(&poll_event, 1, WAIT_MS) != 1 || read(event, &count, sizeof(count)) == -1)
        return 0;
    size_t n = 0;
    for (size_t got = max; got > 0 && n < max; n += got)
        got = workload_collect(w, tokens + n, max - n);
    return n;
}

static void every_token_comes_back_once_through_the_wake_up(void)
{
    enum { JOBS = 5000, MAX = 256 };
    static unsigned seen[JOBS];
    int event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    const struct workload_params params = {.plan = {.pages_dirtied = 1},
                                           .heap_octets = 65536,
                                           .workers = 3,
                                           .queue_max = MAX,
                                           .wake = wake,
                                           .wake_argument = &event};
    struct workload *w;
    struct workload_counters counters;
    uint64_t tokens[MAX];
    unsigned submitted = 0, collected = 0;
    memset(seen, 0, sizeof(seen));
    CU_ASSERT_EQUAL_FATAL(workload_create(&w, &params), P7_OK);
    while (collected < JOBS) {
        while (submitted < JOBS && !workload_is_full(w)) {
            CU_ASSERT_EQUAL(workload_submit(w, submitted), WORKLOAD_QUEUED);
            submitted++;
        }
        const size_t n = wait_and_collect(w, event, tokens, MAX);
        for (size_t i = 0; i < n; i++) {
            CU_ASSERT_TRUE_FATAL(tokens[i] < JOBS);
            seen[tokens[i]]++;
        }
        collected += (unsigned)n;
        if (n == 0) {
            /* A wake-up may come for what the collect before it took already; a missing one not. */
            workload_counters_read(w, &counters);
            if (counters.completed == submitted)
                collected += (unsigned)workload_collect(w, tokens, MAX);
        }
    }
    for (unsigned i = 0; i < JOBS; i++)
        CU_ASSERT_EQUAL(seen[i], 1);
    workload_counters_read(w, &counters);
    CU_ASSERT_EQUAL(counters.completed, JOBS);
    CU_ASSERT_EQUAL(counters.pages_dirtied, JOBS);
    CU_ASSERT_EQUAL(counters.queue_depth, 0);
    workload_destroy(w);
    (void)close(event);
}

static void jobs_burn_the_cpu_time_that_was_asked_for(void)
{
    enum { JOBS = 200, CPU_US = 500 };
    const struct workload_params params = {.plan = {.cpu_us = CPU_US}};
    struct workload *w;
    struct workload_counters counters;
    CU_ASSERT_EQUAL_FATAL(workload_create(&w, &params), P7_OK);
    const int64_t start_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID);
    for (unsigned i = 0; i < JOBS; i++)
        CU_ASSERT_EQUAL(workload_submit(w, i), WORKLOAD_DONE);
    const int64_t used_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID) - start_ns;
    const int64_t asked_ns = (int64_t)JOBS * CPU_US * 1000;
    workload_counters_read(w, &counters);
    CU_ASSERT_TRUE(used_ns > asked_ns * 95 / 100);
    CU_ASSERT_TRUE(used_ns < asked_ns * 115 / 100);
    CU_ASSERT_TRUE((int64_t)counters.cpu_ns > asked_ns * 99 / 100);
    CU_ASSERT_TRUE((int64_t)counters.cpu_ns < asked_ns * 105 / 100);
    workload_destroy(w);
}

static void the_workers_burn_it_on_their_own_threads(void)
{
    enum { JOBS = 100, CPU_US = 1000 };
    const struct workload_params params = {.plan = {.cpu_us = CPU_US}, .workers = 2};
    struct workload *w;
    uint64_t tokens[JOBS];
    size_t collected = 0;
    CU_ASSERT_EQUAL_FATAL(workload_create(&w, &params), P7_OK);
    const int64_t own_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID);
    const int64_t process_ns = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
    for (unsigned i = 0; i < JOBS; i++)
        CU_ASSERT_EQUAL(workload_submit(w, i), WORKLOAD_QUEUED);
    for (unsigned waited = 0; collected < JOBS && waited < WAIT_MS; waited++) {
        collected += workload_collect(w, tokens, JOBS);
        (void)poll(NULL, 0, 1);
    }
    CU_ASSERT_EQUAL(collected, JOBS);
    const int64_t asked_ns = (int64_t)JOBS * CPU_US * 1000;
    CU_ASSERT_TRUE(clock_ns(CLOCK_PROCESS_CPUTIME_ID) - process_ns > asked_ns * 90 / 100);
    CU_ASSERT_TRUE(clock_ns(CLOCK_THREAD_CPUTIME_ID) - own_ns < asked_ns / 4);
    workload_destroy(w);
}

static void a_full_queue_answers_overload_and_recovers(void)
{
    enum { ROOM = 8 };
    const struct workload_params params = {
        .plan = {.cpu_us = 20000}, .workers = 1, .queue_max = ROOM};
    struct workload *w;
    struct workload_counters counters;
    uint64_t tokens[ROOM];
    CU_ASSERT_EQUAL_FATAL(workload_create(&w, &params), P7_OK);
    for (unsigned i = 0; i < ROOM; i++) {
        CU_ASSERT_EQUAL(workload_is_full(w), i >= ROOM - ROOM / 4);
        CU_ASSERT_EQUAL(workload_submit(w, i), WORKLOAD_QUEUED);
    }
    CU_ASSERT_EQUAL(workload_submit(w, 99), WORKLOAD_OVERLOAD);
    workload_counters_read(w, &counters);
    CU_ASSERT_EQUAL(counters.overload, 1);
    CU_ASSERT_EQUAL(counters.queue_depth, ROOM);
    size_t collected = 0;
    for (unsigned waited = 0; collected == 0 && waited < WAIT_MS; waited++) {
        collected = workload_collect(w, tokens, ROOM);
        (void)poll(NULL, 0, 1);
    }
    CU_ASSERT_TRUE(collected > 0);
    CU_ASSERT_EQUAL(workload_submit(w, 100), WORKLOAD_QUEUED);
    workload_destroy(w); /* with jobs in the queue */
}

static void the_heap_is_resident_from_the_start(void)
{
    enum { OCTETS = 64 * 1024 * 1024 };
    const struct workload_params params = {.plan = {.pages_dirtied = 4}, .heap_octets = OCTETS};
    struct workload *w;
    struct rusage before, after;
    CU_ASSERT_EQUAL_FATAL(getrusage(RUSAGE_SELF, &before), 0);
    CU_ASSERT_EQUAL_FATAL(workload_create(&w, &params), P7_OK);
    CU_ASSERT_EQUAL_FATAL(getrusage(RUSAGE_SELF, &after), 0);
    CU_ASSERT_TRUE((after.ru_maxrss - before.ru_maxrss) * 1024 > OCTETS * 9 / 10);
    const long faults = after.ru_minflt;
    for (unsigned i = 0; i < 1000; i++)
        CU_ASSERT_EQUAL(workload_submit(w, i), WORKLOAD_DONE);
    CU_ASSERT_EQUAL_FATAL(getrusage(RUSAGE_SELF, &after), 0);
    CU_ASSERT_TRUE(after.ru_minflt - faults < 100); /* 4000 pages dirtied, none of them new */
    workload_destroy(w);
}

static uint64_t octets_in(const char *path, unsigned *files)
{
    uint64_t octets = 0;
    DIR *directory = opendir(path);
    *files = 0;
    for (struct dirent *entry; directory != NULL && (entry = readdir(directory)) != NULL;) {
        struct stat status;
        if (entry->d_name[0] == '.' || fstatat(dirfd(directory), entry->d_name, &status, 0) != 0)
            continue;
        octets += (uint64_t)status.st_size;
        (*files)++;
        (void)unlinkat(dirfd(directory), entry->d_name, 0);
    }
    (void)closedir(directory);
    return octets;
}

static void what_jobs_write_reaches_the_disk_and_its_latency_is_measured(void)
{
    enum { JOBS = 50, OCTETS = 10000 };
    char path[] = "/tmp/pulse7-workload-XXXXXX";
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(path));
    const struct workload_params params = {.plan = {.octets_written = OCTETS}, .directory = path};
    struct workload *w;
    struct workload_counters counters;
    CU_ASSERT_EQUAL_FATAL(workload_create(&w, &params), P7_OK);
    for (unsigned i = 0; i < JOBS; i++)
        CU_ASSERT_EQUAL(workload_submit(w, i), WORKLOAD_DONE);
    for (unsigned waited = 0; waited < WAIT_MS; waited++) {
        workload_counters_read(w, &counters);
        if (counters.octets_written >= JOBS * OCTETS)
            break;
        (void)poll(NULL, 0, 1);
    }
    CU_ASSERT_TRUE(counters.octets_written >= JOBS * OCTETS);
    CU_ASSERT_TRUE(counters.writes > 0);
    CU_ASSERT_TRUE(counters.write_ns_last > 0);
    CU_ASSERT_TRUE(counters.write_ns_max >= counters.write_ns_last);
    CU_ASSERT_TRUE(counters.write_pause_ns >= (uint64_t)WORKLOAD_PAUSE_NS_MIN);
    CU_ASSERT_EQUAL(counters.write_errors, 0);
    workload_destroy(w);
    unsigned files;
    CU_ASSERT_TRUE(octets_in(path, &files) >= JOBS * OCTETS);
    CU_ASSERT_EQUAL(files, 1);
    CU_ASSERT_EQUAL(rmdir(path), 0);
}

static void an_idle_one_writes_a_little(void)
{
    char path[] = "/tmp/pulse7-workload-XXXXXX";
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(path));
    const struct workload_params params = {.directory = path};
    struct workload *w;
    struct workload_counters counters = {0};
    CU_ASSERT_EQUAL_FATAL(workload_create(&w, &params), P7_OK);
    for (unsigned waited = 0; waited < WAIT_MS && counters.writes == 0; waited++) {
        (void)poll(NULL, 0, 1);
        workload_counters_read(w, &counters);
    }
    CU_ASSERT_TRUE(counters.writes >= 1);
    CU_ASSERT_EQUAL(counters.octets_written, counters.writes * WORKLOAD_IDLE_OCTETS);
    workload_destroy(w);
    unsigned files;
    (void)octets_in(path, &files);
    CU_ASSERT_EQUAL(rmdir(path), 0);
}

static void what_cannot_be_is_refused_at_creation(void)
{
    struct workload *w;
    struct workload_params params = {.workers = WORKLOAD_WORKERS_MAX + 1};
    CU_ASSERT_EQUAL(workload_create(&w, &params), P7_RANGE);
    params = (struct workload_params){.plan = {.cpu_us = WORKLOAD_CPU_US_MAX + 1}};
    CU_ASSERT_EQUAL(workload_create(&w, &params), P7_RANGE);
    params = (struct workload_params){.directory = "/nonexistent/pulse7"};
    CU_ASSERT_EQUAL(workload_create(&w, &params), P7_SYSTEM);
    CU_ASSERT_PTR_NULL(w);
    workload_destroy(NULL);
}

static void jobs_that_cost_nothing_are_known_as_such(void)
{
    struct workload_params params = {.plan = {.pages_dirtied = 5, .octets_written = 5}};
    struct workload *w;
    CU_ASSERT_EQUAL_FATAL(workload_create(&w, &params), P7_OK);
    CU_ASSERT_TRUE(workload_is_idle(w)); /* neither heap nor disk to do it with */
    CU_ASSERT_EQUAL(workload_submit(w, 1), WORKLOAD_DONE);
    workload_destroy(w);
    params.heap_octets = 4096;
    CU_ASSERT_EQUAL_FATAL(workload_create(&w, &params), P7_OK);
    CU_ASSERT_FALSE(workload_is_idle(w));
    workload_destroy(w);
}

UNIT_TESTS = {
    UNIT(every_token_comes_back_once_through_the_wake_up),
    UNIT(jobs_burn_the_cpu_time_that_was_asked_for),
    UNIT(the_workers_burn_it_on_their_own_threads),
    UNIT(a_full_queue_answers_overload_and_recovers),
    UNIT(the_heap_is_resident_from_the_start),
    UNIT(what_jobs_write_reaches_the_disk_and_its_latency_is_measured),
    UNIT(an_idle_one_writes_a_little),
    UNIT(what_cannot_be_is_refused_at_creation),
    UNIT(jobs_that_cost_nothing_are_known_as_such),
};
UNIT_MAIN("responder/workload")
