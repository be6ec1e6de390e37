/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * traffic_rig - a traffic model whose sink notes everything, and whose actions the test carries out
 * by hand, on virtual time.
 */
#ifndef TESTS_UNIT_SIMULATOR_TRAFFIC_RIG_H
#define TESTS_UNIT_SIMULATOR_TRAFFIC_RIG_H

#include <string.h>

#include "simulator/core/traffic.h"
#include "tests/unit/unit.h"

#define RIG_MS        1000000LL
#define RIG_SEC       1000000000LL
#define RIG_NOTES_MAX 4096

struct rig_due {
    uint64_t id;
    int64_t due_ns;
    uint64_t call;
    uint32_t used_ms;
    uint8_t kind;
    uint8_t flags;
};

struct rig {
    struct traffic traffic;
    uint32_t due_count;
    struct rig_due due[RIG_NOTES_MAX];
    uint32_t sent;
    uint32_t retransmitted;
    uint32_t unexpected;
    uint32_t completed_count;
    struct request_record completed[RIG_NOTES_MAX];
    int64_t completed_ns; /* when the last one was */
    uint32_t recorded_count;
    struct request_record recorded[RIG_NOTES_MAX];
    uint32_t outcomes[OUTCOME_COUNT];
};

static inline void rig_on_due(void *context, const struct traffic_call *call)
{
    struct rig *rig = context;
    if (rig->due_count < RIG_NOTES_MAX)
        rig->due[rig->due_count] = (struct rig_due){.id = call->request_id,
                                                    .due_ns = call->due_ns,
                                                    .call = call->number,
                                                    .used_ms = call->used_ms,
                                                    .kind = call->kind,
                                                    .flags = call->flags};
    rig->due_count++;
}

static inline void rig_on_sent(void *context, const struct traffic_call *call)
{
    struct rig *rig = context;
    CU_ASSERT_NOT_EQUAL(call->sent_ns, REQUEST_TIME_NONE);
    rig->sent++;
}

static inline void rig_on_retransmitted(void *context, const struct traffic_call *call)
{
    struct rig *rig = context;
    CU_ASSERT(call->attempts > 1);
    rig->retransmitted++;
}

static inline void rig_on_completed(void *context, const struct request_record *record,
                                    int64_t now_ns)
{
    struct rig *rig = context;
    if (rig->completed_count < RIG_NOTES_MAX)
        rig->completed[rig->completed_count] = *record;
    rig->completed_count++;
    rig->completed_ns = now_ns;
    rig->outcomes[record->outcome]++;
}

static inline void rig_on_recorded(void *context, const struct request_record *record)
{
    struct rig *rig = context;
    if (rig->recorded_count < RIG_NOTES_MAX)
        rig->recorded[rig->recorded_count] = *record;
    rig->recorded_count++;
}

static inline void rig_on_unexpected(void *context, const struct traffic_call *call, int64_t now_ns)
{
    struct rig *rig = context;
    (void)call;
    (void)now_ns;
    rig->unexpected++;
}

/* One flow of one model, a start a second from 0 s on, no retransmission. */
static inline struct traffic_settings rig_settings(enum traffic_model_kind kind)
{
    return (struct traffic_settings){
        .seed = 1,
        .duration_ns = 1000 * RIG_SEC,
        .timeout_ns = 5 * RIG_SEC,
        .attempts = 1,
        .calls_max = 16,
        .subscriber_count = 1000,
        .flow_count = 1,
        .flow = {{.target = 3, .rate_per_s = 1, .mix_count = 1, .mix = {{.weight = 1}}}},
        .model_count = 1,
        .model = {{.kind = kind, .cap_version = 2, .service_key = 1}},
    };
}

static inline void rig_open(struct rig *rig, const struct traffic_settings *settings)
{
    memset(rig, 0, sizeof(*rig));
    const struct traffic_sink sink = {
        .context = rig,
        .due = rig_on_due,
        .sent = rig_on_sent,
        .retransmitted = rig_on_retransmitted,
        .completed = rig_on_completed,
        .recorded = rig_on_recorded,
        .unexpected = rig_on_unexpected,
    };
    CU_ASSERT_EQUAL_FATAL(traffic_create(&rig->traffic, settings, &sink), P7_OK);
}

/* The identity of MEASUREMENT, at any time. */
static inline void rig_check(const struct rig *rig)
{
    uint64_t over = 0;
    for (unsigned o = 0; o < OUTCOME_COUNT; o++)
        over += rig->outcomes[o];
    CU_ASSERT_EQUAL(rig->due_count, over + rig->traffic.open_requests);
    CU_ASSERT_EQUAL(rig->due_count, rig->traffic.requests);
}

static inline void rig_close(struct rig *rig)
{
    rig_check(rig);
    traffic_destroy(&rig->traffic);
}

/* Expects this action as the next one at `now_ns`, and nothing before its deadline; returns its
 * call. */
static inline uint32_t rig_expect(struct rig *rig, enum traffic_action_kind kind, int64_t now_ns)
{
    CU_ASSERT_EQUAL(traffic_next(&rig->traffic, now_ns - 1).kind, TRAFFIC_NOTHING);
    CU_ASSERT(traffic_deadline_ns(&rig->traffic) <= now_ns);
    const struct traffic_action action = traffic_next(&rig->traffic, now_ns);
    CU_ASSERT_EQUAL_FATAL(action.kind, kind);
    return action.call;
}

/* As rig_expect, and it was sent at once. */
static inline uint32_t rig_expect_sent(struct rig *rig, enum traffic_action_kind kind,
                                       int64_t now_ns)
{
    const uint32_t call = rig_expect(rig, kind, now_ns);
    traffic_sent(&rig->traffic, call, now_ns);
    return call;
}

static inline bool rig_reply(struct rig *rig, uint32_t call, enum traffic_reply_kind kind,
                             bool open, uint32_t granted_ms, int64_t now_ns)
{
    const struct traffic_reply reply = {
        .kind = kind, .dialogue_open = open, .granted_ms = granted_ms};
    return traffic_reply(&rig->traffic, call, &reply, now_ns);
}

/* The only flow starts nothing any more; what is open goes on. */
static inline void rig_no_more_starts(struct rig *rig, int64_t now_ns)
{
    CU_ASSERT_EQUAL(traffic_pause(&rig->traffic, now_ns), P7_OK);
}

#endif
