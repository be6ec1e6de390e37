/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * libosmocore's select loop takes no timeout, so that run_once arms a timer of its own for it.
 */
#include "sigtran/runtime/control_plane.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <osmocom/core/logging.h>
#include <osmocom/core/select.h>
#include <osmocom/core/timer.h>

#include "sigtran/runtime/clock.h"
#include "sigtran/runtime/log.h"
#include "sigtran/runtime/mailbox.h"

struct plane_watch {
    bool used;
    struct osmo_fd ofd;
    void (*readable)(void *context, int fd);
    struct mailbox *mailbox; /* NULL: a plain descriptor */
    void (*messages)(void *context, struct mailbox *mailbox);
    void *context;
};

struct plane_timer {
    struct osmo_timer_list timer;
    int64_t interval_ns;
    int64_t due_ns;
    void (*tick)(void *context);
    void *context;
};

struct control_plane {
    struct osmo_fd signal_ofd;
    sigset_t signals;
    sigset_t signals_before;
    struct sigaction pipe_before;
    int stop_signal;
    uint32_t stop_count;
    struct osmo_timer_list timeout;
    struct plane_watch watch[CONTROL_PLANE_WATCHES_MAX];
    uint32_t timer_count;
    struct plane_timer timer[CONTROL_PLANE_TIMERS_MAX];
    struct p7_log_queue *log_queue;
};

/* The exception to "no writable globals": libosmocore's loop is one per process; this keeps a
 * second plane from mixing with the first. */
static bool plane_exists;

static int plane_signal(struct osmo_fd *ofd, unsigned int what)
{
    (void)what;
    struct control_plane *plane = ofd->data;
    struct signalfd_siginfo info;
    while (read(ofd->fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
        if (info.ssi_signo == SIGHUP) {
            (void)log_targets_reopen();
            continue;
        }
        plane->stop_signal = (int)info.ssi_signo;
        plane->stop_count += 1;
    }
    return 0;
}

enum p7_status control_plane_create(struct control_plane **plane)
{
    *plane = NULL;
    if (plane_exists)
        return P7_STATE;
    struct control_plane *p = calloc(1, sizeof(*p));
    if (p == NULL)
        return P7_NO_MEMORY;
    (void)sigemptyset(&p->signals);
    (void)sigaddset(&p->signals, SIGINT);
    (void)sigaddset(&p->signals, SIGTERM);
    (void)sigaddset(&p->signals, SIGHUP);
    const int fd = signalfd(-1, &p->signals, SFD_NONBLOCK | SFD_CLOEXEC);
    if (fd == -1) {
        const int error = errno;
        free(p);
        errno = error;
        return P7_SYSTEM;
    }
    osmo_fd_setup(&p->signal_ofd, fd, OSMO_FD_READ, plane_signal, p, 0);
    if (osmo_fd_register(&p->signal_ofd) != 0) {
        (void)close(fd);
        free(p);
        return P7_NO_MEMORY;
    }
    (void)pthread_sigmask(SIG_BLOCK, &p->signals, &p->signals_before);
    /* A closed console or screen must not end a measurement. */
    const struct sigaction ignore = {.sa_handler = SIG_IGN};
    (void)sigaction(SIGPIPE, &ignore, &p->pipe_before);
    plane_exists = true;
    *plane = p;
    return P7_OK;
}

void control_plane_destroy(struct control_plane *plane)
{
    if (plane == NULL)
        return;
    for (uint32_t i = 0; i < plane->timer_count; i++)
        osmo_timer_del(&plane->timer[i].timer);
    for (uint32_t i = 0; i < CONTROL_PLANE_WATCHES_MAX; i++)
        if (plane->watch[i].used)
            osmo_fd_unregister(&plane->watch[i].ofd);
    osmo_timer_del(&plane->timeout);
    osmo_fd_unregister(&plane->signal_ofd);
    (void)close(plane->signal_ofd.fd);
    (void)sigaction(SIGPIPE, &plane->pipe_before, NULL);
    (void)pthread_sigmask(SIG_SETMASK, &plane->signals_before, NULL);
    plane_exists = false;
    free(plane);
}

static void plane_timeout(void *data)
{
    (void)data; /* coming back from the select is all that it is for */
}

void control_plane_run_once(struct control_plane *plane, uint32_t timeout_ms)
{
    if (timeout_ms == 0) {
        (void)osmo_select_main(1);
    } else {
        osmo_timer_setup(&plane->timeout, plane_timeout, NULL);
        osmo_timer_schedule(&plane->timeout, (int)(timeout_ms / 1000),
                            (int)(timeout_ms % 1000) * 1000);
        (void)osmo_select_main(0);
        osmo_timer_del(&plane->timeout);
    }
    if (plane->log_queue != NULL)
        (void)p7_log_queue_drain(plane->log_queue);
}

int control_plane_stop_signal(const struct control_plane *plane)
{
    return plane->stop_signal;
}

uint32_t control_plane_stop_count(const struct control_plane *plane)
{
    return plane->stop_count;
}

static int plane_readable(struct osmo_fd *ofd, unsigned int what)
{
    (void)what;
    const struct plane_watch *watch = ofd->data;
    if (watch->mailbox != NULL) {
        /* Cleared first: a message that is posted from here on makes it readable again. */
        mailbox_fd_clear(watch->mailbox);
        watch->messages(watch->context, watch->mailbox);
    } else {
        watch->readable(watch->context, ofd->fd);
    }
    return 0;
}

static enum p7_status plane_watch_add(struct control_plane *plane, int fd, struct plane_watch watch)
{
    struct plane_watch *slot = NULL;
    for (uint32_t i = 0; i < CONTROL_PLANE_WATCHES_MAX; i++) {
        if (plane->watch[i].used && plane->watch[i].ofd.fd == fd)
            return P7_EXISTS;
        if (!plane->watch[i].used && slot == NULL)
            slot = &plane->watch[i];
    }
    if (slot == NULL)
        return P7_FULL;
    *slot = watch;
    osmo_fd_setup(&slot->ofd, fd, OSMO_FD_READ, plane_readable, slot, 0);
    if (osmo_fd_register(&slot->ofd) != 0)
        return P7_SYSTEM;
    slot->used = true;
    return P7_OK;
}

enum p7_status control_plane_watch(struct control_plane *plane, int fd,
                                   void (*readable)(void *context, int fd), void *context)
{
    const struct plane_watch watch = {.readable = readable, .context = context};
    return plane_watch_add(plane, fd, watch);
}

void control_plane_unwatch(struct control_plane *plane, int fd)
{
    for (uint32_t i = 0; i < CONTROL_PLANE_WATCHES_MAX; i++) {
        struct plane_watch *watch = &plane->watch[i];
        if (!watch->used || watch->ofd.fd != fd)
            continue;
        osmo_fd_unregister(&watch->ofd);
        watch->used = false;
    }
}

enum p7_status control_plane_watch_mailbox(struct control_plane *plane, struct mailbox *mailbox,
                                           void (*messages)(void *context, struct mailbox *mailbox),
                                           void *context)
{
    if (mailbox_fd(mailbox) == -1)
        return P7_STATE;
    const struct plane_watch watch = {.mailbox = mailbox, .messages = messages, .context = context};
    return plane_watch_add(plane, mailbox_fd(mailbox), watch);
}

static void plane_timer_schedule(struct plane_timer *timer, int64_t now_ns)
{
    const int64_t wait_ns = timer->due_ns > now_ns ? timer->due_ns - now_ns : 0;
    /* Rounded up, and one more as libosmocore cuts its "now" to microseconds: a timer must not come
     * before it is due. */
    const int64_t wait_us = (wait_ns + CLOCK_NS_PER_US - 1) / CLOCK_NS_PER_US + 1;
    osmo_timer_schedule(&timer->timer, (int)(wait_us / 1000000), (int)(wait_us % 1000000));
}

static void plane_tick(void *data)
{
    struct plane_timer *timer = data;
    timer->tick(timer->context);
    const int64_t now_ns = clock_monotonic_ns();
    const int64_t late_ns = now_ns - timer->due_ns;
    const int64_t missed = late_ns > 0 ? late_ns / timer->interval_ns : 0;
    timer->due_ns += (missed + 1) * timer->interval_ns;
    plane_timer_schedule(timer, now_ns);
}

enum p7_status control_plane_add_timer(struct control_plane *plane, uint32_t interval_ms,
                                       void (*tick)(void *context), void *context)
{
    if (interval_ms == 0)
        return P7_RANGE;
    if (plane->timer_count == CONTROL_PLANE_TIMERS_MAX)
        return P7_FULL;
    struct plane_timer *timer = &plane->timer[plane->timer_count++];
    const int64_t now_ns = clock_monotonic_ns();
    timer->interval_ns = (int64_t)interval_ms * CLOCK_NS_PER_MS;
    timer->due_ns = now_ns + timer->interval_ns;
    timer->tick = tick;
    timer->context = context;
    osmo_timer_setup(&timer->timer, plane_tick, timer);
    plane_timer_schedule(timer, now_ns);
    return P7_OK;
}

void control_plane_set_log_queue(struct control_plane *plane, struct p7_log_queue *queue)
{
    plane->log_queue = queue;
}
