/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "sigtran/runtime/control_plane.h"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include "sigtran/runtime/clock.h"
#include "sigtran/runtime/log.h"
#include "sigtran/runtime/mailbox.h"
#include "tests/unit/unit.h"

static void there_is_one_plane_at_a_time(void)
{
    struct control_plane *plane = NULL;
    struct control_plane *second = NULL;
    CU_ASSERT_EQUAL_FATAL(control_plane_create(&plane), P7_OK);
    CU_ASSERT_EQUAL(control_plane_create(&second), P7_STATE);
    CU_ASSERT_PTR_NULL(second);
    control_plane_destroy(plane);
    CU_ASSERT_EQUAL_FATAL(control_plane_create(&plane), P7_OK);
    control_plane_destroy(plane);
    control_plane_destroy(NULL);
}

static void a_signal_becomes_a_flag_and_a_count(void)
{
    struct control_plane *plane = NULL;
    CU_ASSERT_EQUAL_FATAL(control_plane_create(&plane), P7_OK);
    control_plane_run_once(plane, 0);
    CU_ASSERT_EQUAL(control_plane_stop_signal(plane), 0);
    (void)kill(getpid(), SIGHUP);
    control_plane_run_once(plane, 0);
    CU_ASSERT_EQUAL(control_plane_stop_signal(plane), 0);
    (void)kill(getpid(), SIGINT);
    control_plane_run_once(plane, 1000);
    CU_ASSERT_EQUAL(control_plane_stop_signal(plane), SIGINT);
    CU_ASSERT_EQUAL(control_plane_stop_count(plane), 1);
    (void)kill(getpid(), SIGTERM);
    control_plane_run_once(plane, 1000);
    CU_ASSERT_EQUAL(control_plane_stop_signal(plane), SIGTERM);
    CU_ASSERT_EQUAL(control_plane_stop_count(plane), 2);
    control_plane_destroy(plane);
}

static void the_signal_mask_and_sigpipe_come_back(void)
{
    struct control_plane *plane = NULL;
    sigset_t mask;
    struct sigaction action;
    CU_ASSERT_EQUAL_FATAL(control_plane_create(&plane), P7_OK);
    (void)pthread_sigmask(SIG_SETMASK, NULL, &mask);
    CU_ASSERT_EQUAL(sigismember(&mask, SIGTERM), 1);
    (void)sigaction(SIGPIPE, NULL, &action);
    CU_ASSERT_PTR_EQUAL(action.sa_handler, SIG_IGN);
    control_plane_destroy(plane);
    (void)pthread_sigmask(SIG_SETMASK, NULL, &mask);
    CU_ASSERT_EQUAL(sigismember(&mask, SIGTERM), 0);
    (void)sigaction(SIGPIPE, NULL, &action);
    CU_ASSERT_PTR_EQUAL(action.sa_handler, SIG_DFL);
}

static void run_once_comes_back_after_its_timeout(void)
{
    struct control_plane *plane = NULL;
    CU_ASSERT_EQUAL_FATAL(control_plane_create(&plane), P7_OK);
    const int64_t start_ns = clock_monotonic_ns();
    control_plane_run_once(plane, 20);
    const int64_t took_ns = clock_monotonic_ns() - start_ns;
    CU_ASSERT_TRUE(took_ns >= 15 * CLOCK_NS_PER_MS);
    CU_ASSERT_TRUE(took_ns < 5 * CLOCK_NS_PER_S);
    control_plane_destroy(plane);
}

static void read_octet(void *context, int fd)
{
    char octet = 0;
    if (read(fd, &octet, 1) == 1)
        *(int *)context += octet;
}

static void a_watched_descriptor_calls_until_it_is_unwatched(void)
{
    struct control_plane *plane = NULL;
    int pipe_fd[2];
    int sum = 0;
    CU_ASSERT_EQUAL_FATAL(pipe(pipe_fd), 0);
    CU_ASSERT_EQUAL_FATAL(control_plane_create(&plane), P7_OK);
    CU_ASSERT_EQUAL(control_plane_watch(plane, pipe_fd[0], read_octet, &sum), P7_OK);
    CU_ASSERT_EQUAL(control_plane_watch(plane, pipe_fd[0], read_octet, &sum), P7_EXISTS);
    CU_ASSERT_EQUAL(write(pipe_fd[1], "\5", 1), 1);
    control_plane_run_once(plane, 1000);
    CU_ASSERT_EQUAL(sum, 5);
    control_plane_unwatch(plane, pipe_fd[0]);
    CU_ASSERT_EQUAL(write(pipe_fd[1], "\7", 1), 1);
    control_plane_run_once(plane, 0);
    CU_ASSERT_EQUAL(sum, 5);
    CU_ASSERT_EQUAL(control_plane_watch(plane, pipe_fd[0], read_octet, &sum), P7_OK);
    control_plane_run_once(plane, 1000);
    CU_ASSERT_EQUAL(sum, 12);
    control_plane_destroy(plane);
    (void)close(pipe_fd[0]);
    (void)close(pipe_fd[1]);
}

static void take_all(void *context, struct mailbox *mailbox)
{
    uint32_t value = 0;
    while (mailbox_take(mailbox, &value))
        *(uint32_t *)context += value;
}

static void *post_values(void *context)
{
    for (uint32_t i = 1; i <= 10; i++)
        while (mailbox_post(context, &i) != P7_OK)
            continue;
    return NULL;
}

static void messages_of_another_thread_arrive(void)
{
    struct control_plane *plane = NULL;
    struct mailbox *mailbox = NULL;
    struct mailbox *deaf = NULL;
    uint32_t sum = 0;
    pthread_t thread;
    const struct mailbox_wake none = {.wake = NULL, .context = NULL};
    CU_ASSERT_EQUAL_FATAL(control_plane_create(&plane), P7_OK);
    CU_ASSERT_EQUAL_FATAL(mailbox_create_fd(&mailbox, 16, sizeof(uint32_t)), P7_OK);
    CU_ASSERT_EQUAL_FATAL(mailbox_create(&deaf, 16, sizeof(uint32_t), none), P7_OK);
    CU_ASSERT_EQUAL(control_plane_watch_mailbox(plane, deaf, take_all, &sum), P7_STATE);
    CU_ASSERT_EQUAL(control_plane_watch_mailbox(plane, mailbox, take_all, &sum), P7_OK);
    CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, post_values, mailbox), 0);
    for (uint32_t i = 0; i < 1000 && sum < 55; i++)
        control_plane_run_once(plane, 10);
    (void)pthread_join(thread, NULL);
    CU_ASSERT_EQUAL(sum, 55);
    control_plane_destroy(plane);
    mailbox_destroy(mailbox);
    mailbox_destroy(deaf);
}

static void count_tick(void *context)
{
    *(uint32_t *)context += 1;
}

static void a_timer_ticks_on_its_grid_and_makes_nothing_up(void)
{
    struct control_plane *plane = NULL;
    uint32_t ticks = 0;
    CU_ASSERT_EQUAL_FATAL(control_plane_create(&plane), P7_OK);
    CU_ASSERT_EQUAL(control_plane_add_timer(plane, 0, count_tick, &ticks), P7_RANGE);
    const int64_t start_ns = clock_monotonic_ns();
    CU_ASSERT_EQUAL(control_plane_add_timer(plane, 5, count_tick, &ticks), P7_OK);
    while (ticks < 4 && clock_monotonic_ns() - start_ns < 5 * CLOCK_NS_PER_S)
        control_plane_run_once(plane, 100);
    CU_ASSERT_EQUAL(ticks, 4);
    CU_ASSERT_TRUE(clock_monotonic_ns() - start_ns >= 20 * CLOCK_NS_PER_MS);
    /* A main thread that stood still for four ticks gets one. */
    const int64_t stood_ns = clock_monotonic_ns();
    while (clock_monotonic_ns() - stood_ns < 25 * CLOCK_NS_PER_MS)
        continue;
    control_plane_run_once(plane, 0);
    CU_ASSERT_EQUAL(ticks, 5);
    control_plane_destroy(plane);
}

static void a_full_plane_refuses(void)
{
    struct control_plane *plane = NULL;
    uint32_t ticks = 0;
    CU_ASSERT_EQUAL_FATAL(control_plane_create(&plane), P7_OK);
    for (uint32_t i = 0; i < CONTROL_PLANE_TIMERS_MAX; i++)
        CU_ASSERT_EQUAL(control_plane_add_timer(plane, 1000, count_tick, &ticks), P7_OK);
    CU_ASSERT_EQUAL(control_plane_add_timer(plane, 1000, count_tick, &ticks), P7_FULL);
    control_plane_destroy(plane);
}

UNIT_TESTS = {
    UNIT(there_is_one_plane_at_a_time),
    UNIT(a_signal_becomes_a_flag_and_a_count),
    UNIT(the_signal_mask_and_sigpipe_come_back),
    UNIT(run_once_comes_back_after_its_timeout),
    UNIT(a_watched_descriptor_calls_until_it_is_unwatched),
    UNIT(messages_of_another_thread_arrive),
    UNIT(a_timer_ticks_on_its_grid_and_makes_nothing_up),
    UNIT(a_full_plane_refuses),
};
UNIT_MAIN("control plane")
