/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "sigtran/runtime/loop.h"

#include <ev.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "sigtran/base/timer_heap.h"
#include "sigtran/runtime/clock.h"

struct loop_watch {
    ev_io io;
    struct loop *loop;
    void (*ready)(void *context, int64_t now_ns);
    void *context;
};

struct loop {
    struct loop_handler handler;
    struct ev_loop *ev;
    ev_async async;
    ev_io timer_io;
    int timer_fd;
    int64_t armed_ns; /* what the timerfd is set to, TIMER_NEVER_NS when it is not */
    bool stopping;
    uint32_t watch_count;
    struct loop_watch watch[LOOP_WATCHES_MAX];
    struct loop_counters counters;
};

static void on_async(struct ev_loop *ev, ev_async *watcher, int events)
{
    struct loop *loop = watcher->data;
    (void)ev;
    (void)events;
    if (loop->handler.woken != NULL)
        loop->handler.woken(loop->handler.context, clock_monotonic_ns());
}

static void on_timer(struct ev_loop *ev, ev_io *watcher, int events)
{
    struct loop *loop = watcher->data;
    uint64_t expirations;
    (void)ev;
    (void)events;
    /* Only empties it; the turn that follows looks at the clock. EAGAIN is a race with re-arming.
     */
    if (read(loop->timer_fd, &expirations, sizeof(expirations)) == -1)
        expirations = 0;
    loop->armed_ns = TIMER_NEVER_NS;
}

static void on_readable(struct ev_loop *ev, ev_io *watcher, int events)
{
    struct loop_watch *watch = watcher->data;
    (void)ev;
    (void)events;
    watch->ready(watch->context, clock_monotonic_ns());
}

enum p7_status loop_create(const struct loop_handler *handler, struct loop **out)
{
    struct loop *loop = calloc(1, sizeof(*loop));
    if (loop == NULL)
        return P7_NO_MEMORY;
    loop->handler = *handler;
    loop->armed_ns = TIMER_NEVER_NS;
    loop->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    loop->ev = ev_loop_new(EVFLAG_NOENV);
    if (loop->timer_fd == -1 || loop->ev == NULL) {
        loop_destroy(loop);
        return P7_SYSTEM;
    }
    ev_async_init(&loop->async, on_async);
    loop->async.data = loop;
    ev_async_start(loop->ev, &loop->async);
    ev_io_init(&loop->timer_io, on_timer, loop->timer_fd, EV_READ);
    loop->timer_io.data = loop;
    ev_io_start(loop->ev, &loop->timer_io);
    *out = loop;
    return P7_OK;
}

void loop_destroy(struct loop *loop)
{
    if (loop == NULL)
        return;
    if (loop->ev != NULL)
        ev_loop_destroy(loop->ev);
    if (loop->timer_fd != -1)
        close(loop->timer_fd);
    free(loop);
}

enum p7_status loop_watch(struct loop *loop, int descriptor,
                          void (*ready)(void *context, int64_t now_ns), void *context)
{
    if (loop->watch_count == LOOP_WATCHES_MAX)
        return P7_FULL;
    struct loop_watch *watch = &loop->watch[loop->watch_count++];
    watch->loop = loop;
    watch->ready = ready;
    watch->context = context;
    ev_io_init(&watch->io, on_readable, descriptor, EV_READ);
    watch->io.data = watch;
    ev_io_start(loop->ev, &watch->io);
    return P7_OK;
}

static void arm_timer(struct loop *loop, int64_t deadline_ns)
{
    if (deadline_ns == loop->armed_ns)
        return;
    struct itimerspec when = {0};
    if (deadline_ns != TIMER_NEVER_NS) {
        when.it_value.tv_sec = deadline_ns / CLOCK_NS_PER_S;
        when.it_value.tv_nsec = deadline_ns % CLOCK_NS_PER_S;
    }
    if (timerfd_settime(loop->timer_fd, TFD_TIMER_ABSTIME, &when, NULL) == 0)
        loop->armed_ns = deadline_ns;
}

static void note_lateness(struct loop *loop, int64_t deadline_ns, int64_t now_ns)
{
    if (deadline_ns == TIMER_NEVER_NS || now_ns - deadline_ns < LOOP_STALL_MIN_NS)
        return;
    loop->counters.stalls++;
    if (now_ns - deadline_ns > loop->counters.stall_ns_max)
        loop->counters.stall_ns_max = now_ns - deadline_ns;
    if (loop->handler.stalled != NULL)
        loop->handler.stalled(loop->handler.context, deadline_ns, now_ns);
}

void loop_run(struct loop *loop)
{
    /* The default slack lets the kernel delay a wake-up by 50 us, which would be send lag. */
    (void)prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
    loop->stopping = false;
    int64_t deadline_ns = TIMER_NEVER_NS;
    while (!loop->stopping) {
        const int64_t turn_ns = clock_monotonic_ns();
        note_lateness(loop, deadline_ns, turn_ns);
        deadline_ns = loop->handler.turn(loop->handler.context, turn_ns);
        loop->counters.turns++;
        if (loop->stopping)
            break;
        /* Work left over is late from this turn on, however long ago it was due. Not from its end
         * on: a thread that was stopped inside of its turn has stalled like any other. */
        if (deadline_ns < turn_ns)
            deadline_ns = turn_ns;
        if (deadline_ns <= clock_monotonic_ns()) {
            /* Already late: descriptors get their chance, but nothing sleeps. */
            ev_run(loop->ev, EVRUN_NOWAIT);
        } else {
            arm_timer(loop, deadline_ns);
            ev_run(loop->ev, EVRUN_ONCE);
        }
    }
}

void loop_stop(struct loop *loop)
{
    loop->stopping = true;
}

void loop_wake(struct loop *loop)
{
    ev_async_send(loop->ev, &loop->async);
}

struct loop_counters loop_get_counters(const struct loop *loop)
{
    return loop->counters;
}
