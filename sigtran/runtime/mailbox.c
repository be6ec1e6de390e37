/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * The queue is D. Vyukov's bounded one: each cell's sequence number says whose turn it is. A cell
 * at position p is free for the writer of p when its sequence is p, and holds that writer's message
 * when it is p + 1; the reader then makes it free for p + capacity.
 */
#include "sigtran/runtime/mailbox.h"

#include <assert.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* Keeps the writers' counter, the reader's and the rest on lines of their own. */
#define MAILBOX_CACHE_LINE 64

struct mailbox_cell {
    _Atomic uint64_t sequence;
    uint8_t message[];
};

struct mailbox {
    _Alignas(MAILBOX_CACHE_LINE) _Atomic uint64_t write_position;
    _Alignas(MAILBOX_CACHE_LINE) uint64_t read_position;
    _Alignas(MAILBOX_CACHE_LINE) _Atomic uint64_t refused;
    struct mailbox_wake wake;
    size_t message_octets;
    size_t cell_octets;
    uint64_t mask;
    int fd;
    uint8_t *cells;
};

static struct mailbox_cell *mailbox_cell_at(const struct mailbox *mailbox, uint64_t position)
{
    return (struct mailbox_cell *)(void *)(mailbox->cells + (size_t)(position & mailbox->mask) *
                                                                mailbox->cell_octets);
}

static uint32_t mailbox_round_up(uint32_t capacity)
{
    uint32_t rounded = 1;
    while (rounded < capacity)
        rounded *= 2;
    return rounded;
}

enum p7_status mailbox_create(struct mailbox **mailbox, uint32_t capacity, size_t message_octets,
                              struct mailbox_wake wake)
{
    *mailbox = NULL;
    if (capacity == 0 || capacity > MAILBOX_CAPACITY_MAX || message_octets == 0)
        return P7_RANGE;
    struct mailbox *m = aligned_alloc(MAILBOX_CACHE_LINE, sizeof(*m));
    if (m == NULL)
        return P7_NO_MEMORY;
    memset(m, 0, sizeof(*m));
    const uint32_t cells = mailbox_round_up(capacity < 2 ? 2 : capacity);
    const size_t align = sizeof(uint64_t);
    m->wake = wake;
    m->fd = -1;
    m->message_octets = message_octets;
    m->cell_octets = (sizeof(struct mailbox_cell) + message_octets + align - 1) / align * align;
    m->mask = cells - 1;
    m->cells = calloc(cells, m->cell_octets);
    if (m->cells == NULL) {
        free(m);
        return P7_NO_MEMORY;
    }
    for (uint32_t i = 0; i < cells; i++)
        atomic_init(&mailbox_cell_at(m, i)->sequence, i);
    *mailbox = m;
    return P7_OK;
}

static void mailbox_wake_fd(void *context)
{
    const struct mailbox *mailbox = context;
    const uint64_t one = 1;
    /* EAGAIN means that the counter is full, so the reader has long been told. */
    const ssize_t written = write(mailbox->fd, &one, sizeof(one));
    assert(written == (ssize_t)sizeof(one) || errno == EAGAIN);
}

enum p7_status mailbox_create_fd(struct mailbox **mailbox, uint32_t capacity, size_t message_octets)
{
    const struct mailbox_wake none = {.wake = NULL, .context = NULL};
    const enum p7_status status = mailbox_create(mailbox, capacity, message_octets, none);
    if (status != P7_OK)
        return status;
    struct mailbox *m = *mailbox;
    m->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (m->fd == -1) {
        const int error = errno;
        mailbox_destroy(m);
        *mailbox = NULL;
        errno = error;
        return P7_SYSTEM;
    }
    m->wake = (struct mailbox_wake){.wake = mailbox_wake_fd, .context = m};
    return P7_OK;
}

void mailbox_destroy(struct mailbox *mailbox)
{
    if (mailbox == NULL)
        return;
    if (mailbox->fd != -1)
        (void)close(mailbox->fd);
    free(mailbox->cells);
    free(mailbox);
}

enum p7_status mailbox_post(struct mailbox *mailbox, const void *message)
{
    uint64_t position = atomic_load_explicit(&mailbox->write_position, memory_order_relaxed);
    struct mailbox_cell *cell;
    /* Ends: a failed exchange means that another writer got on, and a full queue returns. */
    for (;;) {
        cell = mailbox_cell_at(mailbox, position);
        const uint64_t sequence = atomic_load_explicit(&cell->sequence, memory_order_acquire);
        const int64_t turn = (int64_t)(sequence - position);
        if (turn < 0) {
            atomic_fetch_add_explicit(&mailbox->refused, 1, memory_order_relaxed);
            return P7_FULL;
        }
        if (turn > 0)
            position = atomic_load_explicit(&mailbox->write_position, memory_order_relaxed);
        else if (atomic_compare_exchange_weak_explicit(&mailbox->write_position, &position,
                                                       position + 1, memory_order_relaxed,
                                                       memory_order_relaxed))
            break;
    }
    memcpy(cell->message, message, mailbox->message_octets);
    atomic_store_explicit(&cell->sequence, position + 1, memory_order_release);
    if (mailbox->wake.wake != NULL)
        mailbox->wake.wake(mailbox->wake.context);
    return P7_OK;
}

bool mailbox_take(struct mailbox *mailbox, void *message)
{
    struct mailbox_cell *cell = mailbox_cell_at(mailbox, mailbox->read_position);
    const uint64_t sequence = atomic_load_explicit(&cell->sequence, memory_order_acquire);
    if (sequence != mailbox->read_position + 1)
        return false;
    memcpy(message, cell->message, mailbox->message_octets);
    atomic_store_explicit(&cell->sequence, mailbox->read_position + mailbox->mask + 1,
                          memory_order_release);
    mailbox->read_position += 1;
    return true;
}

int mailbox_fd(const struct mailbox *mailbox)
{
    return mailbox->fd;
}

void mailbox_fd_clear(struct mailbox *mailbox)
{
    uint64_t count = 0;
    assert(mailbox->fd != -1);
    const ssize_t got = read(mailbox->fd, &count, sizeof(count));
    assert(got == (ssize_t)sizeof(count) || errno == EAGAIN);
}

uint64_t mailbox_refused(const struct mailbox *mailbox)
{
    return atomic_load_explicit(&mailbox->refused, memory_order_relaxed);
}
