/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * assembly - the parts of one user message, put together up to the end of the record (MSG_EOR).
 *
 * A stack hands over a message in parts when it is longer than one read (RFC6458-3.1.5), or when it
 * does not fit into the receive buffer and its first part is delivered before the rest has come
 * (RFC6458-8.1.21). The parts of two messages of one association are never mixed: the stacks are
 * left at the fragment interleave level that promises so (RFC6458-8.1.20).
 *
 * Bounded: a message beyond LIMIT_M3UA_MESSAGE_OCTETS is dropped whole, all parts of it, and what
 * follows is delivered. Internal to sigtran/transport.
 */
#ifndef SIGTRAN_TRANSPORT_ASSEMBLY_H
#define SIGTRAN_TRANSPORT_ASSEMBLY_H

#include "sigtran/transport/transport_ops.h"

struct assembly {
    struct transport_buffer parts;
    bool dropping; /* the rest of a message beyond the limit */
};

enum assembly_result {
    ASSEMBLY_MORE,    /* more parts are to come */
    ASSEMBLY_WHOLE,   /* `message` is one */
    ASSEMBLY_DROPPED, /* it is too long (or there is no memory), told once: at its first part too
                         many */
};

/*
 * Takes one part; `is_last` is MSG_EOR. `message` borrows `part` when that is all of it, else the
 * assembly's memory until the next call.
 */
enum assembly_result assembly_add(struct assembly *assembly, struct bytes part, bool is_last,
                                  struct bytes *message) P7_MUST_CHECK;

/*
 * Takes one part, `message->bytes`, of a message whose other fields are filled in, and gives the
 * handler the whole when this was the last one. Counts messages received and too long. True: a
 * message was given, and `message->bytes` is what it was.
 */
bool assembly_deliver(struct assembly *assembly, struct transport_message *message, bool is_last,
                      const struct transport_handler *handler, uint32_t association,
                      struct transport_counters *counters);

/* The rest of the message will not come: partial delivery was aborted (RFC6458-6.1.7), or the
 * association was restarted. */
void assembly_reset(struct assembly *assembly);

/* For another association in the same place: its memory is kept. */
struct assembly assembly_emptied(const struct assembly *assembly);

#endif
