/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The loop is the one part that lives on the real clock: these tests take milliseconds of it. They
 * never ask that something be quick, only that it be not too early and not for ever. */
#include "sigtran/runtime/loop.h"

#include <pthread.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "sigtran/base/timer_heap.h"
#include "sigtran/runtime/clock.h"
#include "tests/unit/unit.h"

#define MS 1000000LL

struct rig {
    struct loop *loop;
    unsigned turns;
    unsigned turns_wanted; /* then it stops */
    int64_t step_ns;       /* deadline of each turn from its start; TIMER_NEVER_NS: none */
    int64_t busy_ns;       /* what the first turn takes */
    int64_t ready_busy_ns; /* what the first callback of the descriptor takes */
    int64_t deadline_ns;
    unsigned early;
    unsigned woken;
    bool stops_when_woken;
    unsigned stalled;
    int64_t stall_from_ns;
    int64_t stall_until_ns;
    int64_t first_deadline_ns;
    unsigned ready;
    int reader;
};

static void be_busy(int64_t span_ns)
{
    const int64_t until_ns = clock_monotonic_ns() + span_ns;
    while (clock_monotonic_ns() < until_ns)
        continue;
}

static int64_t on_turn(void *context, int64_t now_ns)
{
    struct rig *rig = context;
    if (rig->turns > 0 && rig->deadline_ns != TIMER_NEVER_NS && now_ns < rig->deadline_ns)
        rig->early++;
    rig->turns++;
    rig->deadline_ns = rig->step_ns == TIMER_NEVER_NS ? TIMER_NEVER_NS : now_ns + rig->step_ns;
    if (rig->turns == 1) {
        rig->first_deadline_ns = rig->deadline_ns;
        be_busy(rig->busy_ns);
    }
    if (rig->turns == rig->turns_wanted)
        loop_stop(rig->loop);
    return rig->deadline_ns;
}

static void on_woken(void *context, int64_t now_ns)
{
    struct rig *rig = context;
    CU_ASSERT(now_ns <= clock_monotonic_ns());
    rig->woken++;
    if (rig->stops_when_woken)
        loop_stop(rig->loop);
}

static void on_stalled(void *context, int64_t from_ns, int64_t until_ns)
{
    struct rig *rig = context;
    if (rig->stalled++ > 0)
        return;
    rig->stall_from_ns = from_ns;
    rig->stall_until_ns = until_ns;
}

static void on_ready(void *context, int64_t now_ns)
{
    struct rig *rig = context;
    char octet;
    (void)now_ns;
    if (rig->ready++ == 0)
        be_busy(rig->ready_busy_ns);
    CU_ASSERT_EQUAL(read(rig->reader, &octet, 1), 1);
}

static void rig_open(struct rig *rig)
{
    const struct loop_handler handler = {
        .context = rig, .turn = on_turn, .woken = on_woken, .stalled = on_stalled};
    memset(rig, 0, sizeof(*rig));
    rig->reader = -1;
    rig->step_ns = TIMER_NEVER_NS;
    CU_ASSERT_EQUAL_FATAL(loop_create(&handler, &rig->loop), P7_OK);
}

static void deadlines_are_met_and_no_turn_is_early(void)
{
    struct rig rig;
    rig_open(&rig);
    rig.step_ns = 1500000;
    rig.turns_wanted = 21;
    const int64_t start_ns = clock_monotonic_ns();
    loop_run(rig.loop);
    CU_ASSERT_EQUAL(rig.turns, 21);
    CU_ASSERT_EQUAL(rig.early, 0);
    CU_ASSERT(clock_monotonic_ns() - start_ns >= 20 * 1500000);
    CU_ASSERT_EQUAL(loop_get_counters(rig.loop).turns, 21);
    loop_destroy(rig.loop);
}

static void *wake_soon(void *argument)
{
    const struct timespec soon = {.tv_nsec = 2 * MS};
    nanosleep(&soon, NULL);
    loop_wake(argument);
    return NULL;
}

static void a_loop_without_a_deadline_sleeps_until_another_thread_wakes_it(void)
{
    struct rig rig;
    pthread_t thread;
    rig_open(&rig);
    rig.stops_when_woken = true;
    CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, wake_soon, rig.loop), 0);
    loop_run(rig.loop);
    pthread_join(thread, NULL);
    CU_ASSERT_EQUAL(rig.woken, 1);
    CU_ASSERT_EQUAL(rig.turns, 1);
    CU_ASSERT_EQUAL(rig.stalled, 0);
    loop_destroy(rig.loop);
}

static void a_wake_before_the_run_is_not_lost(void)
{
    struct rig rig;
    rig_open(&rig);
    rig.stops_when_woken = true;
    loop_wake(rig.loop);
    loop_wake(rig.loop); /* two may be one */
    loop_run(rig.loop);
    CU_ASSERT_EQUAL(rig.woken, 1);
    loop_destroy(rig.loop);
}

/* MEASUREMENT, "is the run valid": a stall of our own must never count as the peer's outage, and it
 * may as well hit the thread while it works as while it sleeps. */
static void a_turn_that_takes_too_long_is_a_stall_from_its_deadline_on(void)
{
    struct rig rig;
    rig_open(&rig);
    rig.step_ns = MS;
    rig.busy_ns = 6 * MS;
    rig.turns_wanted = 2;
    loop_run(rig.loop);
    CU_ASSERT_EQUAL_FATAL(rig.stalled, 1);
    CU_ASSERT_EQUAL(rig.stall_from_ns, rig.first_deadline_ns);
    CU_ASSERT(rig.stall_until_ns - rig.stall_from_ns >= 5 * MS);
    const struct loop_counters counters = loop_get_counters(rig.loop);
    CU_ASSERT_EQUAL(counters.stalls, 1);
    CU_ASSERT_EQUAL(counters.stall_ns_max, rig.stall_until_ns - rig.stall_from_ns);
    loop_destroy(rig.loop);
}

static void a_turn_that_takes_long_while_nothing_is_due_is_no_stall(void)
{
    struct rig rig;
    rig_open(&rig);
    rig.step_ns = TIMER_NEVER_NS;
    rig.busy_ns = 6 * MS;
    rig.stops_when_woken = true;
    loop_wake(rig.loop);
    loop_run(rig.loop);
    CU_ASSERT_EQUAL(rig.stalled, 0);
    loop_destroy(rig.loop);
}

static void work_left_over_of_long_ago_is_late_by_the_turn_alone(void)
{
    struct rig rig;
    rig_open(&rig);
    rig.step_ns = -1000000 * MS;
    rig.busy_ns = 3 * MS;
    rig.turns_wanted = 2;
    loop_run(rig.loop);
    CU_ASSERT_EQUAL_FATAL(rig.stalled, 1);
    CU_ASSERT(rig.stall_until_ns - rig.stall_from_ns >= 3 * MS);
    CU_ASSERT(rig.stall_until_ns - rig.stall_from_ns < 1000000 * MS);
    CU_ASSERT(rig.stall_from_ns > rig.first_deadline_ns);
    loop_destroy(rig.loop);
}

static void a_descriptor_is_told_as_long_as_it_is_readable_and_a_turn_follows(void)
{
    struct rig rig;
    int ends[2];
    rig_open(&rig);
    CU_ASSERT_EQUAL_FATAL(pipe(ends), 0);
    rig.reader = ends[0];
    rig.turns_wanted = 4;
    CU_ASSERT_EQUAL(loop_watch(rig.loop, ends[0], on_ready, &rig), P7_OK);
    CU_ASSERT_EQUAL_FATAL(write(ends[1], "abc", 3), 3);
    loop_run(rig.loop);
    CU_ASSERT_EQUAL(rig.ready, 3);
    CU_ASSERT_EQUAL(rig.turns, 4); /* one before anything came, one behind each */
    loop_destroy(rig.loop);
    close(ends[0]);
    close(ends[1]);
}

static void a_slow_callback_stalls_what_is_due_behind_it(void)
{
    struct rig rig;
    int ends[2];
    rig_open(&rig);
    CU_ASSERT_EQUAL_FATAL(pipe(ends), 0);
    rig.reader = ends[0];
    rig.step_ns = MS;
    rig.ready_busy_ns = 6 * MS;
    rig.turns_wanted = 2;
    CU_ASSERT_EQUAL(loop_watch(rig.loop, ends[0], on_ready, &rig), P7_OK);
    CU_ASSERT_EQUAL_FATAL(write(ends[1], "a", 1), 1);
    loop_run(rig.loop);
    CU_ASSERT_EQUAL_FATAL(rig.stalled, 1);
    CU_ASSERT_EQUAL(rig.stall_from_ns, rig.first_deadline_ns);
    CU_ASSERT(rig.stall_until_ns - rig.stall_from_ns >= 4 * MS);
    loop_destroy(rig.loop);
    close(ends[0]);
    close(ends[1]);
}

/* The descriptor's callback leads to a turn that wants an earlier deadline than the armed one. */
static int64_t turn_far_then_near(void *context, int64_t now_ns)
{
    struct rig *rig = context;
    rig->turns++;
    if (rig->turns == 3)
        loop_stop(rig->loop);
    return now_ns + (rig->turns == 1 ? 3600000 * MS : MS);
}

static void a_nearer_deadline_replaces_the_armed_one(void)
{
    struct rig rig = {.reader = -1};
    int ends[2];
    const struct loop_handler handler = {.context = &rig, .turn = turn_far_then_near};
    CU_ASSERT_EQUAL_FATAL(loop_create(&handler, &rig.loop), P7_OK);
    CU_ASSERT_EQUAL_FATAL(pipe(ends), 0);
    rig.reader = ends[0];
    CU_ASSERT_EQUAL(loop_watch(rig.loop, ends[0], on_ready, &rig), P7_OK);
    CU_ASSERT_EQUAL_FATAL(write(ends[1], "a", 1), 1);
    loop_run(rig.loop);
    CU_ASSERT_EQUAL(rig.turns, 3);
    loop_destroy(rig.loop);
    close(ends[0]);
    close(ends[1]);
}

static void a_loop_watches_so_many_descriptors_and_no_more(void)
{
    struct rig rig;
    int ends[2];
    rig_open(&rig);
    CU_ASSERT_EQUAL_FATAL(pipe(ends), 0);
    for (unsigned i = 0; i < LOOP_WATCHES_MAX; i++)
        CU_ASSERT_EQUAL(loop_watch(rig.loop, ends[0], on_ready, &rig), P7_OK);
    CU_ASSERT_EQUAL(loop_watch(rig.loop, ends[0], on_ready, &rig), P7_FULL);
    loop_destroy(rig.loop);
    loop_destroy(NULL);
    close(ends[0]);
    close(ends[1]);
}

UNIT_TESTS = {
    UNIT(deadlines_are_met_and_no_turn_is_early),
    UNIT(a_loop_without_a_deadline_sleeps_until_another_thread_wakes_it),
    UNIT(a_wake_before_the_run_is_not_lost),
    UNIT(a_turn_that_takes_too_long_is_a_stall_from_its_deadline_on),
    UNIT(a_turn_that_takes_long_while_nothing_is_due_is_no_stall),
    UNIT(work_left_over_of_long_ago_is_late_by_the_turn_alone),
    UNIT(a_descriptor_is_told_as_long_as_it_is_readable_and_a_turn_follows),
    UNIT(a_slow_callback_stalls_what_is_due_behind_it),
    UNIT(a_nearer_deadline_replaces_the_armed_one),
    UNIT(a_loop_watches_so_many_descriptors_and_no_more),
};
UNIT_MAIN("loop")
