/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * slow_sync - a disk that is slow, for a program that does not know: preloaded (LD_PRELOAD), it
 * makes fsync and fdatasync take longer before they do their work.
 *
 *     SLOW_SYNC_DELAY_US  added to every call
 *     SLOW_SYNC_STALL_MS, SLOW_SYNC_EVERY_MS   a call stands so long whenever so much time has gone
 *                         since the last one that did
 */
#include <dlfcn.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include "sigtran/runtime/clock.h"

/* Loaded before anything else runs, and one per process: the one thing that may be global. */
static struct {
    pthread_mutex_t lock;
    int64_t stalled_ns;
} state = {.lock = PTHREAD_MUTEX_INITIALIZER};

static int64_t number_of(const char *name)
{
    const char *text = getenv(name);
    return text == NULL ? 0 : strtoll(text, NULL, 10);
}

static void wait_ns(int64_t ns)
{
    const struct timespec t = {.tv_sec = ns / CLOCK_NS_PER_S, .tv_nsec = ns % CLOCK_NS_PER_S};
    if (ns > 0)
        nanosleep(&t, NULL);
}

static void be_slow(void)
{
    int64_t ns = number_of("SLOW_SYNC_DELAY_US") * 1000;
    const int64_t every_ns = number_of("SLOW_SYNC_EVERY_MS") * 1000000;
    if (every_ns > 0) {
        pthread_mutex_lock(&state.lock);
        const int64_t t = clock_monotonic_ns();
        if (t - state.stalled_ns >= every_ns) {
            state.stalled_ns = t;
            ns += number_of("SLOW_SYNC_STALL_MS") * 1000000;
        }
        pthread_mutex_unlock(&state.lock);
    }
    wait_ns(ns);
}

/* POSIX gives no other way to make a function of an object: through a pointer to the pointer. */
static int call_next(const char *name, int fd)
{
    int (*next)(int) = NULL;
    *(void **)&next = dlsym(RTLD_NEXT, name);
    return next(fd);
}

int fsync(int fd);
int fsync(int fd)
{
    be_slow();
    return call_next("fsync", fd);
}

int fdatasync(int fd);
int fdatasync(int fd)
{
    be_slow();
    return call_next("fdatasync", fd);
}
