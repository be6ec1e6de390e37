/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * control_plane - the main thread's loop: libosmocore's select loop with signals, timers and
 * descriptors. The console, the CTRL interface, statsd export and the terminal screen live on it;
 * traffic never does.
 *
 * Life cycle: control_plane_create, before any thread is started (it blocks SIGINT, SIGTERM and
 * SIGHUP for the process, so that only its signalfd sees them, and ignores SIGPIPE) -> watches,
 * timers -> control_plane_run_once in a loop until control_plane_stop_signal says a number or the
 * program is done -> control_plane_destroy, which gives the signal mask back.
 *
 *     while (!done && control_plane_stop_signal(plane) == 0)
 *         control_plane_run_once(plane, 100);
 *
 * Everything here belongs to the main thread, and one process has one of these at a time, as
 * libosmocore's loop is a global of its own.
 */
#ifndef SIGTRAN_RUNTIME_CONTROL_PLANE_H
#define SIGTRAN_RUNTIME_CONTROL_PLANE_H

#include <stdbool.h>
#include <stdint.h>

#include "sigtran/base/status.h"

struct p7_log_queue;
struct mailbox;

#define CONTROL_PLANE_WATCHES_MAX 64
#define CONTROL_PLANE_TIMERS_MAX  32

struct control_plane;

/* P7_NO_MEMORY, P7_SYSTEM (no signalfd), P7_STATE (there is one already). */
enum p7_status control_plane_create(struct control_plane **plane) P7_MUST_CHECK;
void control_plane_destroy(struct control_plane *plane);

/* Waits for events up to timeout_ms (0: only looks) and runs their callbacks. Calls timers and
 * drains the log queue that was set. */
void control_plane_run_once(struct control_plane *plane, uint32_t timeout_ms);

/* 0, or SIGINT or SIGTERM once it came. SIGHUP reopens log files and stops nothing. */
int control_plane_stop_signal(const struct control_plane *plane);

/* How often SIGINT or SIGTERM came: at the second one an impatient user wants out at once. */
uint32_t control_plane_stop_count(const struct control_plane *plane);

/* Calls `readable` whenever fd can be read. P7_FULL, P7_EXISTS. The fd stays the caller's: unwatch
 * before closing it. */
enum p7_status control_plane_watch(struct control_plane *plane, int fd,
                                   void (*readable)(void *context, int fd),
                                   void *context) P7_MUST_CHECK;
void control_plane_unwatch(struct control_plane *plane, int fd);

/* Watches a mailbox made by mailbox_create_fd: `messages` is called, with the eventfd cleared, and
 * takes until the mailbox is empty. P7_STATE when the mailbox has no eventfd; P7_FULL. */
enum p7_status control_plane_watch_mailbox(struct control_plane *plane, struct mailbox *mailbox,
                                           void (*messages)(void *context, struct mailbox *mailbox),
                                           void *context) P7_MUST_CHECK;

/* Calls `tick` every interval_ms (>= 1) on a fixed grid from now; ticks that were missed are left
 * out, not made up for. P7_FULL, P7_RANGE. */
enum p7_status control_plane_add_timer(struct control_plane *plane, uint32_t interval_ms,
                                       void (*tick)(void *context), void *context) P7_MUST_CHECK;

/* The queue to drain in every run_once; NULL for none. */
void control_plane_set_log_queue(struct control_plane *plane, struct p7_log_queue *queue);

#endif
