/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * traffic - the simulated network: which request is due when, on which dialogue, and what each
 * reply means for it. Open loop: no reply, and no missing one, moves a due instant.
 *
 * Pure. The worker asks traffic_next for one thing to do after another, does it, and tells the
 * outcome; replies come in through traffic_reply. Every request that became due ends in exactly
 * one record, handed to the sink.
 *
 *   BEGIN    start a dialogue for `call` with its current request  -> traffic_sent / _unsent
 *   CONTINUE send the current request on the call's dialogue       -> traffic_sent / _unsent
 *   RESEND   send the current request again, same identity         -> traffic_sent / _unsent
 *   ANSWER   tell that the called party answered; nobody replies   -> (nothing to tell back)
 *   ABORT    the call is over on our side: tell the peer, forget the dialogue
 *                                                                  -> traffic_released
 *
 * A call is a slot of a fixed table, valid from its BEGIN until traffic_released. Times are
 * nanoseconds since the start of the run.
 *
 * A request that timed out keeps its call for one more timeout, so that a late reply is seen and
 * counted as late; only then is the peer told (ABORT).
 */
#ifndef SIMULATOR_CORE_TRAFFIC_H
#define SIMULATOR_CORE_TRAFFIC_H

#include <stdbool.h>
#include <stdint.h>

#include "sigtran/base/pool.h"
#include "sigtran/base/random.h"
#include "sigtran/base/status.h"
#include "sigtran/base/timer_heap.h"
#include "simulator/core/request.h"
#include "simulator/core/schedule.h"

#define TRAFFIC_FLOWS_MAX  32
#define TRAFFIC_MODELS_MAX 32
#define TRAFFIC_MIX_MAX    8
#define TRAFFIC_CALL_NONE  POOL_NONE

enum traffic_model_kind { TRAFFIC_MODEL_ONESHOT, TRAFFIC_MODEL_CALL, TRAFFIC_MODEL_EVENT };

/* What becomes of a call. Whatever is not answered is over at the answer instant. */
enum traffic_outcome {
    TRAFFIC_ANSWERED,
    TRAFFIC_ABANDONED, /* the caller gives up */
    TRAFFIC_BUSY,
    TRAFFIC_NO_ANSWER,
    TRAFFIC_ROUTE_FAILURE,
    TRAFFIC_OUTCOME_COUNT
};

struct traffic_model {
    enum traffic_model_kind kind;
    uint8_t cap_version; /* 2 or 3 */
    uint32_t service_key;
    uint32_t answer_delay_ms;  /* call: from the due instant of `initial` to the answer */
    uint32_t duration_ms;      /* call: from the answer to the disconnect */
    bool duration_exponential; /* duration_ms is the mean then */
    uint32_t outcome_weight[TRAFFIC_OUTCOME_COUNT]; /* call; all 0: every call is answered */
    uint32_t called_disconnects_percent; /* call: conversations that the called party ends */
    bool mobile_terminated;
    bool prearranged_end; /* oneshot: a CONTINUE in reply ends the dialogue */
};

struct traffic_flow {
    uint16_t target;
    double rate_per_s;
    bool poisson;
    uint32_t mix_count;
    struct {
        uint16_t model;
        uint32_t weight; /* at least one of them is not 0 */
    } mix[TRAFFIC_MIX_MAX];
};

struct traffic_settings {
    uint64_t seed;
    int64_t duration_ns; /* requests are due before this; TIMER_NEVER_NS = until traffic_stop */
    int64_t warmup_ns;
    int64_t timeout_ns;          /* from due to outcome timeout */
    int64_t retransmit_after_ns; /* 0 = never */
    uint32_t attempts;           /* sends at most, 1 to 255 */
    uint32_t calls_max;
    uint32_t subscriber_count;
    uint32_t flow_count;
    struct traffic_flow flow[TRAFFIC_FLOWS_MAX];
    uint32_t model_count;
    struct traffic_model model[TRAFFIC_MODELS_MAX];
};

enum traffic_phase {
    TRAFFIC_PHASE_SENDING,   /* handed out as BEGIN, CONTINUE or RESEND, outcome of it unknown */
    TRAFFIC_PHASE_WAITING,   /* for the reply */
    TRAFFIC_PHASE_RINGING,   /* for the answer instant */
    TRAFFIC_PHASE_TALKING,   /* for the next report's due instant */
    TRAFFIC_PHASE_LINGERING, /* timed out; a late reply may still come */
    TRAFFIC_PHASE_ENDING     /* waits for its ABORT to be handed out, or carried out */
};

struct traffic_call {
    uint64_t number;     /* of the call in this run: the source of its callReferenceNumber */
    uint64_t request_id; /* of the current request */
    int64_t due_ns;      /* of the current request */
    int64_t sent_ns;     /* first send of it, or REQUEST_TIME_NONE */
    int64_t answer_ns;   /* call: due instant of the answer */
    int64_t ready_ns;    /* the previous reply came: nothing could go out on the dialogue earlier */
    uint32_t subscriber;
    uint32_t dialogue;    /* the worker's own, as the next two: set by it */
    uint32_t twin;        /* the second dialogue of a request that went to two nodes at once */
    uint32_t way;         /* by which the current request went first, */
    uint32_t last_way;    /* and by which the last time */
    uint32_t duration_ms; /* of the whole conversation */
    uint32_t used_ms;     /* reported when the current request is sent */
    uint32_t granted_ms;  /* the slice in force */
    uint16_t flow;
    uint16_t target;
    uint16_t model;
    uint8_t phase;   /* enum traffic_phase */
    uint8_t failure; /* enum request_failure of the current request, and its code */
    uint8_t failure_code;
    uint8_t kind;     /* enum request_kind of the current request */
    uint8_t attempts; /* sends of the current request */
    uint8_t flags;    /* REQUEST_FLAG_* collected for the current request */
    uint8_t sequence; /* reports sent on this dialogue, wraps */
    uint8_t node;     /* where the reply to the current request came from, or REQUEST_NODE_NONE */
    uint16_t ordinal; /* of the current request within the call, 0: the one that opens it */
    uint8_t outcome;  /* enum traffic_outcome */
    bool called_ends; /* the called party disconnects */
    uint32_t armed;   /* what the SCF wants reported: of the last reply that said it */
    uint8_t echoes;   /* repeated sends of answered requests: so many more replies may still come */
    bool has_grant;   /* of the last reply: */
    int8_t grant_id;  /* its applyCharging's invoke id */
};

enum traffic_action_kind {
    TRAFFIC_NOTHING,
    TRAFFIC_BEGIN,
    TRAFFIC_CONTINUE,
    TRAFFIC_RESEND,
    TRAFFIC_ANSWER,
    TRAFFIC_ABORT,
};

struct traffic_action {
    enum traffic_action_kind kind;
    uint32_t call;
};

/* What a reply was, as the codecs read it. */
enum traffic_reply_kind {
    TRAFFIC_REPLY_CONTINUED, /* the dialogue goes on; `granted_ms` when a slice came with it */
    TRAFFIC_REPLY_ENDED,     /* a positive end */
    TRAFFIC_REPLY_NO_CREDIT, /* ended by a release: ok, counted apart */
    TRAFFIC_REPLY_ERROR,     /* return error, reject, abort, UDTS */
};

struct traffic_reply {
    enum traffic_reply_kind kind;
    bool dialogue_open; /* the peer still holds the dialogue */
    uint32_t granted_ms;
    /* What tells a reply to the current request from a second one to a request before it, which was
     * sent more than once: only then is it looked at. */
    bool answers_earlier; /* by what it says it can't answer the current kind of request */
    bool has_grant;       /* a slice came with it, */
    int8_t grant_id;      /* in an invoke of this id */
    uint8_t node;         /* request_record.node of it */
    uint8_t failure;      /* ERROR: request_record.failure, failure_code */
    uint8_t failure_code;
    bool has_armed; /* it says what is to be reported: */
    uint32_t armed; /* opaque here, for who writes the reports */
};

/* Whoever counts and writes. All of them are called from inside of the functions below. */
struct traffic_sink {
    void *context;
    /* A request became due. */
    void (*due)(void *context, const struct traffic_call *call);
    /* It was sent for the first time; `sent_ns` is set. */
    void (*sent)(void *context, const struct traffic_call *call);
    void (*retransmitted)(void *context, const struct traffic_call *call);
    /* It got its outcome at `now_ns`: once per request. */
    void (*completed)(void *context, const struct request_record *record, int64_t now_ns);
    /* Its row is final, in any order: once per request, after `completed`. A timeout's row waits
     * until the late reply came or the call was given up. */
    void (*recorded)(void *context, const struct request_record *record);
    /* A message on the dialogue that answers nothing (a duplicate reply). */
    void (*unexpected)(void *context, const struct traffic_call *call, int64_t now_ns);
};

struct traffic {
    struct traffic_settings settings;
    struct traffic_sink sink;
    struct pool calls;
    struct timer_heap timers;
    struct random_state random;
    struct schedule schedule[TRAFFIC_FLOWS_MAX];
    uint64_t requests; /* that became due so far: the next id */
    uint64_t call_count;
    uint64_t open_requests;
    uint64_t refused_starts; /* due, but calls_max were open: recorded as errors */
    uint64_t late_replies;
    uint64_t calls_of[TRAFFIC_OUTCOME_COUNT]; /* whose outcome came about */
    bool finished;
};

/* P7_RANGE for settings out of range, P7_NO_MEMORY. */
enum p7_status traffic_create(struct traffic *traffic, const struct traffic_settings *settings,
                              const struct traffic_sink *sink) P7_MUST_CHECK;
void traffic_destroy(struct traffic *traffic);

static inline struct traffic_call *traffic_call_at(const struct traffic *traffic, uint32_t call)
{
    return (struct traffic_call *)pool_at(&traffic->calls, call);
}

/* The next thing to do at `now_ns`, TRAFFIC_NOTHING when nothing is due. */
struct traffic_action traffic_next(struct traffic *traffic, int64_t now_ns);

/* When traffic_next wants to be asked at the latest, or TIMER_NEVER_NS. */
int64_t traffic_deadline_ns(const struct traffic *traffic);

/* The request of the last action went out. */
void traffic_sent(struct traffic *traffic, uint32_t index, int64_t now_ns);

/*
 * It could not be sent (no association up, or no room). With another attempt allowed it is tried
 * again after `retransmit_after`; else its outcome is error. Returns true when the call is over and
 * its slot was given back: a dialogue of it, if any, is to be forgotten.
 */
bool traffic_unsent(struct traffic *traffic, uint32_t index, int64_t now_ns);

/*
 * A message for this call. Returns true when the call is over and its slot was given back; an ABORT
 * follows from traffic_next when the peer must be told first.
 */
bool traffic_reply(struct traffic *traffic, uint32_t index, const struct traffic_reply *reply,
                   int64_t now_ns);

/* After ABORT was carried out: gives the slot back. */
void traffic_released(struct traffic *traffic, uint32_t index);

/* One flow's rate from now on, in starts per second. P7_RANGE; otherwise as schedule_change_rate.
 */
enum p7_status traffic_set_rate(struct traffic *traffic, uint32_t flow, double rate_per_s,
                                int64_t now_ns) P7_MUST_CHECK;
/* Calls that are open go on; no new ones start. Errors as schedule_pause. */
enum p7_status traffic_pause(struct traffic *traffic, int64_t now_ns) P7_MUST_CHECK;
enum p7_status traffic_resume(struct traffic *traffic, int64_t now_ns) P7_MUST_CHECK;

/* Nothing becomes due after `now_ns` any more. */
void traffic_stop(struct traffic *traffic, int64_t now_ns);

/* True once nothing will become due and no request is open: the run may end. */
bool traffic_is_drained(const struct traffic *traffic, int64_t now_ns);

/* The end: every open request is recorded as unanswered; every call is then ABORTed by
 * traffic_next. */
void traffic_finish(struct traffic *traffic, int64_t now_ns);

#endif
