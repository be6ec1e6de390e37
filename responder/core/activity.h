/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * activity - whether the peers of open dialogues are still there: after a time without a message of
 * the peer an activityTest is due (TS29.078-11.2), and when no answer comes to it either, its class
 * 3 invoke has ended without a result (Q.774-3.2.1.1) and the dialogue is lost.
 *
 * Pure; a timer for each dialogue slot, had at creation. A dialogue is named by its slot and its
 * local transaction id: the timer of one that has ended fires once more, and is known by its id.
 */
#ifndef RESPONDER_CORE_ACTIVITY_H
#define RESPONDER_CORE_ACTIVITY_H

#include <stdbool.h>
#include <stdint.h>

#include "sigtran/base/status.h"
#include "sigtran/base/timer_heap.h"
#include "sigtran/codec/tcap.h"

/* Of our activityTest: above those of decisions, and one that the TCAP layer keeps an eye on. */
#define ACTIVITY_INVOKE_ID 61

enum activity_verdict {
    ACTIVITY_NOTHING, /* nothing is due */
    ACTIVITY_TEST,    /* ask this dialogue's peer */
    ACTIVITY_LOST,    /* it did not answer: the dialogue is to be ended */
};

struct activity_slot {
    uint32_t local_id;
    bool asked;
};

struct activity {
    struct timer_heap timers;
    struct activity_slot *slot;
    int64_t silence_ns;
    int64_t answer_ns;
};

/* P7_NO_MEMORY; P7_RANGE: a time that is not above 0. */
enum p7_status activity_create(struct activity *activity, uint32_t dialogues, int64_t silence_ns,
                               int64_t answer_ns) P7_MUST_CHECK;
void activity_destroy(struct activity *activity);

/* The peer said something in this dialogue. */
void activity_heard(struct activity *activity, uint32_t dialogue, uint32_t local_id,
                    int64_t now_ns);

/* The dialogue has ended: its timer stops. */
void activity_over(struct activity *activity, uint32_t dialogue);

/* What is due at `now_ns`. After TEST the answer's time runs; LOST is told once. */
enum activity_verdict activity_next(struct activity *activity, int64_t now_ns, uint32_t *dialogue,
                                    uint32_t *local_id);
int64_t activity_deadline_ns(const struct activity *activity);

/* The invoke to send. */
struct tcap_component activity_invoke(void);
/* Whether the message is nothing but what the peer says to our test: a result, or a reject. */
bool activity_is_answer(const struct tcap_message *message);

#endif
