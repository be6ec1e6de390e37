/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "responder/core/activity.h"

#include <stdlib.h>

#include "sigtran/codec/cap_operation.h"

enum p7_status activity_create(struct activity *activity, uint32_t dialogues, int64_t silence_ns,
                               int64_t answer_ns)
{
    *activity = (struct activity){.silence_ns = silence_ns, .answer_ns = answer_ns};
    if (silence_ns <= 0 || answer_ns <= 0)
        return P7_RANGE;
    activity->slot = calloc(dialogues, sizeof(*activity->slot));
    if (activity->slot == NULL)
        return P7_NO_MEMORY;
    const enum p7_status status = timer_heap_create(&activity->timers, dialogues);
    if (status != P7_OK)
        activity_destroy(activity);
    return status;
}

void activity_destroy(struct activity *activity)
{
    free(activity->slot);
    timer_heap_destroy(&activity->timers);
    *activity = (struct activity){0};
}

void activity_heard(struct activity *activity, uint32_t dialogue, uint32_t local_id, int64_t now_ns)
{
    activity->slot[dialogue] = (struct activity_slot){.local_id = local_id};
    timer_heap_arm(&activity->timers, dialogue, now_ns + activity->silence_ns);
}

void activity_over(struct activity *activity, uint32_t dialogue)
{
    timer_heap_cancel(&activity->timers, dialogue);
}

enum activity_verdict activity_next(struct activity *activity, int64_t now_ns, uint32_t *dialogue,
                                    uint32_t *local_id)
{
    const uint32_t due = timer_heap_pop_due(&activity->timers, now_ns);
    if (due == TIMER_HEAP_NONE)
        return ACTIVITY_NOTHING;
    struct activity_slot *slot = &activity->slot[due];
    *dialogue = due;
    *local_id = slot->local_id;
    if (slot->asked)
        return ACTIVITY_LOST;
    slot->asked = true;
    timer_heap_arm(&activity->timers, due, now_ns + activity->answer_ns);
    return ACTIVITY_TEST;
}

int64_t activity_deadline_ns(const struct activity *activity)
{
    return timer_heap_deadline_ns(&activity->timers);
}

struct tcap_component activity_invoke(void)
{
    return tcap_invoke(ACTIVITY_INVOKE_ID, CAP_ACTIVITY_TEST);
}

bool activity_is_answer(const struct tcap_message *message)
{
    const struct tcap_component *c = &message->components[0];
    return message->type == TCAP_CONTINUE && message->component_count == 1 &&
           !message->fault.present && c->type != TCAP_INVOKE && c->has_invoke_id &&
           c->invoke_id == ACTIVITY_INVOKE_ID;
}
