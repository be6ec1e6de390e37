/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * mailbox - a bounded queue of fixed-size messages from any number of threads to one, without a
 * lock, and a wake-up call that the reader's loop understands.
 *
 *     main -> worker: the worker's loop owner gives a wake that calls ev_async_send
 *     worker -> main: mailbox_create_fd makes an eventfd, which control_plane_watch waits for
 *
 * Life cycle: mailbox_create -> mailbox_post (any thread) and mailbox_take (the owner alone) ->
 * mailbox_destroy, when no thread can post any more. The wake is called after the message can be
 * taken, from the posting thread, once for every post: it must be thread-safe, must not block and
 * may coalesce, so that the reader takes until mailbox_take says that there is nothing.
 */
#ifndef SIGTRAN_RUNTIME_MAILBOX_H
#define SIGTRAN_RUNTIME_MAILBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sigtran/base/status.h"

/* The most messages that one mailbox can hold: commands and reports, never traffic. */
#define MAILBOX_CAPACITY_MAX 65536u

struct mailbox;

/* `wake` may be NULL: the reader polls. */
struct mailbox_wake {
    void (*wake)(void *context);
    void *context;
};

/*
 * Room for `capacity` messages (rounded up to a power of two) of `message_octets` each.
 * P7_RANGE when one of them is 0 or the capacity is above MAILBOX_CAPACITY_MAX; P7_NO_MEMORY.
 */
enum p7_status mailbox_create(struct mailbox **mailbox, uint32_t capacity, size_t message_octets,
                              struct mailbox_wake wake) P7_MUST_CHECK;

/* The same with an eventfd as the wake: see mailbox_fd. P7_SYSTEM when there is none to be had. */
enum p7_status mailbox_create_fd(struct mailbox **mailbox, uint32_t capacity,
                                 size_t message_octets) P7_MUST_CHECK;

void mailbox_destroy(struct mailbox *mailbox);

/* Copies one message in. P7_FULL when there is no room: nothing is taken, the refusal is counted.
 * Any thread; a thread's own messages keep their order. */
enum p7_status mailbox_post(struct mailbox *mailbox, const void *message) P7_MUST_CHECK;

/* Copies the oldest message out; false when there is none. The owner's thread only. */
bool mailbox_take(struct mailbox *mailbox, void *message);

/* The eventfd, readable when something was posted since mailbox_fd_clear; -1 without one. */
int mailbox_fd(const struct mailbox *mailbox);

/* Makes the eventfd unreadable: call it before taking, so that no post is missed. */
void mailbox_fd_clear(struct mailbox *mailbox);

/* How many posts were refused for want of room. */
uint64_t mailbox_refused(const struct mailbox *mailbox);

#endif
