/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "sigtran/transport/assembly.h"

enum assembly_result assembly_add(struct assembly *a, struct bytes part, bool is_last,
                                  struct bytes *message)
{
    if (a->dropping) {
        a->dropping = !is_last;
        return ASSEMBLY_MORE;
    }
    const bool is_all = is_last && a->parts.length == 0;
    if (a->parts.length + part.length > LIMIT_M3UA_MESSAGE_OCTETS ||
        (!is_all && transport_buffer_append(&a->parts, part) != P7_OK)) {
        a->parts.length = 0;
        a->dropping = !is_last;
        return ASSEMBLY_DROPPED;
    }
    if (!is_last)
        return ASSEMBLY_MORE;
    *message = is_all ? part : bytes_of(a->parts.data, a->parts.length);
    a->parts.length = 0;
    return ASSEMBLY_WHOLE;
}

bool assembly_deliver(struct assembly *assembly, struct transport_message *message, bool is_last,
                      const struct transport_handler *handler, uint32_t association,
                      struct transport_counters *counters)
{
    const enum assembly_result result =
        assembly_add(assembly, message->bytes, is_last, &message->bytes);
    counters->messages_too_long += result == ASSEMBLY_DROPPED;
    if (result != ASSEMBLY_WHOLE)
        return false;
    counters->messages_received++;
    handler->message(handler->context, association, message);
    return true;
}

void assembly_reset(struct assembly *a)
{
    a->parts.length = 0;
    a->dropping = false;
}

struct assembly assembly_emptied(const struct assembly *a)
{
    return (struct assembly){.parts = {.data = a->parts.data, .room = a->parts.room}};
}
