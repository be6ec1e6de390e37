/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "sigtran/transport/cork.h"

static enum p7_status held_push(struct transport *t, const struct cork_stack *stack,
                                struct cork *cork, uint32_t association, bool last)
{
    const enum p7_status status = stack->push(t, association, last);
    if (status != P7_FULL)
        cork->holds = false;
    return status;
}

enum p7_status cork_put(struct transport *t, const struct cork_stack *stack, struct cork_list *list,
                        uint32_t association, uint16_t stream, uint32_t ppid, struct bytes message)
{
    bool open = false;
    struct cork *cork = stack->cork(t, association, &open);
    if (cork->holds) {
        const enum p7_status pushed =
            cork->full ? P7_FULL : held_push(t, stack, cork, association, false);
        if (pushed == P7_FULL)
            cork->full = true;
        if (pushed != P7_OK)
            return pushed;
    }
    cork->held.length = 0;
    if (transport_buffer_append(&cork->held, message) != P7_OK)
        return P7_NO_MEMORY;
    cork->stream = stream;
    cork->ppid = ppid;
    cork->holds = true;
    if (!cork->listed)
        list->number[list->count++] = association;
    cork->listed = true;
    return P7_OK;
}

void cork_flush(struct transport *t, const struct cork_stack *stack, struct cork_list *list)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < list->count; i++) {
        const uint32_t association = list->number[i];
        bool open = false;
        struct cork *cork = stack->cork(t, association, &open);
        if (open && cork->holds && held_push(t, stack, cork, association, true) == P7_FULL) {
            list->number[kept++] = association;
            continue;
        }
        cork->listed = false;
        stack->flushed(t, association);
    }
    list->count = kept;
}

bool cork_resume(struct transport *t, const struct cork_stack *stack, uint32_t association)
{
    bool open = false;
    struct cork *cork = stack->cork(t, association, &open);
    if (cork->holds && held_push(t, stack, cork, association, true) == P7_FULL)
        return false;
    cork->full = false;
    return true;
}

struct cork cork_emptied(const struct cork *cork)
{
    return (struct cork){.listed = cork->listed,
                         .held = {.data = cork->held.data, .room = cork->held.room}};
}
