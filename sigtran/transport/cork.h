/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * cork - the newest message of each association is held until the next one or the flush.
 *
 * SCTP with SCTP_NODELAY puts every message into a packet of its own, and with Nagle it holds the
 * last one of a turn back until a SACK comes. So the stack gets a message only when the next one is
 * there (`last` false: let it wait until a packet is full), and the flush hands over the newest one
 * with `last` true, which sends all that still waits in as few packets as possible.
 *
 * A kind of transport has one `struct cork` for each association, one `struct cork_list`, and a
 * `struct cork_stack` that says how a held message goes to its stack. Internal to
 * sigtran/transport.
 */
#ifndef SIGTRAN_TRANSPORT_CORK_H
#define SIGTRAN_TRANSPORT_CORK_H

#include "sigtran/transport/transport_ops.h"

struct cork {
    bool holds;  /* `held` is a message that the stack doesn't have yet */
    bool full;   /* a send gave P7_FULL: WRITABLE is owed */
    bool listed; /* in the list */
    uint16_t stream;
    uint32_t ppid;
    struct transport_buffer held;
};

struct cork_list {
    uint32_t count;
    uint32_t number[LIMIT_ASSOCIATIONS];
};

struct cork_stack {
    /* The association's cork; what is held in one that is not `open` any more will not leave. */
    struct cork *(*cork)(struct transport *transport, uint32_t association, bool *open);
    /* Hands the held message over. P7_FULL: not taken, it stays held. Anything else takes it: what
     * could not be sent goes down with its association. */
    enum p7_status (*push)(struct transport *transport, uint32_t association, bool last);
    /* After a flush: nothing of this association is held here. */
    void (*flushed)(struct transport *transport, uint32_t association);
};

/* Holds one message. P7_FULL, and `full` set: the one before it found no room, this one was not
 * taken. P7_NO_MEMORY; or what `push` said of the one before it. */
enum p7_status cork_put(struct transport *transport, const struct cork_stack *stack,
                        struct cork_list *list, uint32_t association, uint16_t stream,
                        uint32_t ppid, struct bytes message) P7_MUST_CHECK;

/* Sends what is held; what finds no room stays for the next flush. */
void cork_flush(struct transport *transport, const struct cork_stack *stack,
                struct cork_list *list);

/* The stack has room again: sends what is held. False: there is no room after all; else `full` is
 * over and the owner may be told. */
bool cork_resume(struct transport *transport, const struct cork_stack *stack, uint32_t association);

/* For another association in the same place: its memory, and its entry in the list, are kept. */
struct cork cork_emptied(const struct cork *cork);

#endif
