/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "sigtran/runtime/thread.h"

#include <signal.h>

#include "tests/unit/unit.h"

struct seen {
    sigset_t mask;
    char name[16];
};

static void *look(void *context)
{
    struct seen *seen = context;
    (void)pthread_sigmask(SIG_SETMASK, NULL, &seen->mask);
    (void)pthread_getname_np(pthread_self(), seen->name, sizeof(seen->name));
    return NULL;
}

static void a_thread_takes_no_signals_and_its_creator_still_does(void)
{
    struct seen seen;
    pthread_t thread;
    sigset_t mine;
    CU_ASSERT_EQUAL_FATAL(thread_start(&thread, look, &seen, NULL), 0);
    CU_ASSERT_EQUAL_FATAL(pthread_join(thread, NULL), 0);
    CU_ASSERT_EQUAL(sigismember(&seen.mask, SIGTERM), 1);
    CU_ASSERT_EQUAL(sigismember(&seen.mask, SIGINT), 1);
    (void)pthread_sigmask(SIG_SETMASK, NULL, &mine);
    CU_ASSERT_EQUAL(sigismember(&mine, SIGTERM), 0);
}

static void *wait_for(void *context)
{
    (void)pthread_mutex_lock(context);
    (void)pthread_mutex_unlock(context);
    return NULL;
}

static void a_thread_has_the_name_that_it_was_given(void)
{
    pthread_mutex_t held = PTHREAD_MUTEX_INITIALIZER;
    pthread_t thread;
    char name[16] = "";
    (void)pthread_mutex_lock(&held);
    CU_ASSERT_EQUAL_FATAL(thread_start(&thread, wait_for, &held, "p7-test"), 0);
    CU_ASSERT_EQUAL(pthread_getname_np(thread, name, sizeof(name)), 0);
    CU_ASSERT_STRING_EQUAL(name, "p7-test");
    (void)pthread_mutex_unlock(&held);
    CU_ASSERT_EQUAL(pthread_join(thread, NULL), 0);
}

UNIT_TESTS = {
    UNIT(a_thread_takes_no_signals_and_its_creator_still_does),
    UNIT(a_thread_has_the_name_that_it_was_given),
};
UNIT_MAIN("thread")
