/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "simulator/core/traffic.h"

#include <assert.h>
#include <string.h>

#define NS_PER_MS 1000000LL

/* Calls draw from another stream than the schedules, which take the seed itself. */
#define SEED_CALLS 0x63616c6c73ULL

static enum p7_status check_settings(const struct traffic_settings *s)
{
    if (s->flow_count == 0 || s->flow_count > TRAFFIC_FLOWS_MAX || s->model_count == 0 ||
        s->model_count > TRAFFIC_MODELS_MAX || s->attempts == 0 || s->attempts > UINT8_MAX ||
        s->timeout_ns <= 0 || s->retransmit_after_ns < 0 || s->calls_max == 0 ||
        s->subscriber_count == 0)
        return P7_RANGE;
    for (uint32_t f = 0; f < s->flow_count; f++) {
        uint64_t weights = 0;
        if (s->flow[f].mix_count > TRAFFIC_MIX_MAX)
            return P7_RANGE;
        for (uint32_t m = 0; m < s->flow[f].mix_count; m++) {
            if (s->flow[f].mix[m].model >= s->model_count)
                return P7_RANGE;
            weights += s->flow[f].mix[m].weight;
        }
        if (weights == 0)
            return P7_RANGE;
    }
    return P7_OK;
}

enum p7_status traffic_create(struct traffic *traffic, const struct traffic_settings *settings,
                              const struct traffic_sink *sink)
{
    memset(traffic, 0, sizeof(*traffic));
    enum p7_status status = check_settings(settings);
    if (status != P7_OK)
        return status;
    traffic->settings = *settings;
    traffic->sink = *sink;
    random_seed(&traffic->random, settings->seed ^ SEED_CALLS);
    for (uint32_t f = 0; f < settings->flow_count && status == P7_OK; f++) {
        const struct schedule_config config = {
            .arrival = settings->flow[f].poisson ? SCHEDULE_POISSON : SCHEDULE_CONSTANT,
            .rate = schedule_rate_of(settings->flow[f].rate_per_s),
            .seed = settings->seed + f,
            .end_ns = settings->duration_ns,
        };
        status = schedule_start(&traffic->schedule[f], &config);
    }
    if (status == P7_OK)
        status = pool_create(&traffic->calls, sizeof(struct traffic_call), settings->calls_max);
    if (status == P7_OK)
        status = timer_heap_create(&traffic->timers, settings->calls_max);
    if (status != P7_OK)
        traffic_destroy(traffic);
    return status;
}

void traffic_destroy(struct traffic *traffic)
{
    pool_destroy(&traffic->calls);
    timer_heap_destroy(&traffic->timers);
}

/* --- requests and their outcomes -------------------------------------------------------------- */

static struct request_record record_of(const struct traffic_call *call,
                                       enum request_outcome outcome, int64_t reply_ns)
{
    return (struct request_record){
        .id = call->request_id,
        .due_ns = call->due_ns,
        .sent_ns = call->sent_ns,
        .reply_ns = reply_ns,
        .call = call->number,
        .target = call->target,
        .flow = call->flow,
        .sequence = call->ordinal,
        .kind = call->kind,
        .outcome = (uint8_t)outcome,
        .attempts = call->attempts,
        .flags = call->flags,
        .node = call->node,
        .replies = reply_ns == REQUEST_TIME_NONE ? 0 : 1,
        .failure = call->failure,
        .failure_code = call->failure_code,
    };
}

static void complete(struct traffic *traffic, struct traffic_call *call,
                     enum request_outcome outcome, int64_t reply_ns, int64_t now_ns)
{
    const struct request_record record = record_of(call, outcome, reply_ns);
    traffic->open_requests--;
    traffic->sink.completed(traffic->sink.context, &record, now_ns);
    if (outcome != OUTCOME_TIMEOUT)
        traffic->sink.recorded(traffic->sink.context, &record);
}

/* The next request of a call becomes due; whoever calls hands out the action. */
static void raise_request(struct traffic *traffic, struct traffic_call *call,
                          enum request_kind kind, int64_t due_ns)
{
    call->request_id = traffic->requests++;
    call->due_ns = due_ns;
    call->sent_ns = REQUEST_TIME_NONE;
    call->kind = (uint8_t)kind;
    call->attempts = 0;
    call->node = REQUEST_NODE_NONE;
    call->failure = REQUEST_FAILURE_NONE;
    call->failure_code = 0;
    call->flags = due_ns < traffic->settings.warmup_ns ? REQUEST_FLAG_WARMUP : 0;
    if (call->ready_ns > due_ns)
        call->flags |= REQUEST_FLAG_BLOCKED;
    call->phase = TRAFFIC_PHASE_SENDING;
    traffic->open_requests++;
    traffic->sink.due(traffic->sink.context, call);
}

static void release(struct traffic *traffic, uint32_t index)
{
    timer_heap_cancel(&traffic->timers, index);
    pool_give(&traffic->calls, index);
}

/* Hands out an ABORT for this call at the next occasion. */
static void abandon(struct traffic *traffic, uint32_t index, int64_t now_ns)
{
    struct traffic_call *call = traffic_call_at(traffic, index);
    call->phase = TRAFFIC_PHASE_ENDING;
    timer_heap_arm(&traffic->timers, index, now_ns);
}

/* --- starting calls --------------------------------------------------------------------------- */

static uint16_t choose_model(struct traffic *traffic, const struct traffic_flow *flow)
{
    uint64_t weights = 0;
    for (uint32_t m = 0; m < flow->mix_count; m++)
        weights += flow->mix[m].weight;
    uint64_t pick = flow->mix_count == 1 ? 0 : random_below(&traffic->random, weights);
    uint32_t m = 0;
    while (pick >= flow->mix[m].weight)
        pick -= flow->mix[m++].weight;
    return flow->mix[m].model;
}

static enum traffic_outcome draw_outcome(struct traffic *traffic, const struct traffic_model *model)
{
    uint64_t weights = 0;
    unsigned outcome = TRAFFIC_ANSWERED;
    for (unsigned o = 0; o < TRAFFIC_OUTCOME_COUNT; o++)
        weights += model->outcome_weight[o];
    if (weights == 0)
        return TRAFFIC_ANSWERED;
    uint64_t pick = random_below(&traffic->random, weights);
    while (pick >= model->outcome_weight[outcome])
        pick -= model->outcome_weight[outcome++];
    return (enum traffic_outcome)outcome;
}

static void draw_conversation(struct traffic *traffic, struct traffic_call *call,
                              const struct traffic_model *model)
{
    double duration_ms = model->duration_ms;
    if (model->duration_exponential)
        duration_ms = random_exponential(&traffic->random, duration_ms);
    /* applyChargingReport counts 100 ms; a day bounds what a long tail can hold open. */
    call->duration_ms = duration_ms < 100          ? 100
                        : duration_ms > 86400000.0 ? 86400000
                                                   : (uint32_t)duration_ms;
    call->outcome = (uint8_t)draw_outcome(traffic, model);
    call->called_ends = model->called_disconnects_percent > 0 &&
                        random_below(&traffic->random, 100) < model->called_disconnects_percent;
    call->answer_ns = call->due_ns + (int64_t)model->answer_delay_ms * NS_PER_MS;
}

static enum request_kind first_kind(enum traffic_model_kind kind)
{
    switch (kind) {
    case TRAFFIC_MODEL_CALL:
        return REQUEST_INITIAL;
    case TRAFFIC_MODEL_EVENT:
        return REQUEST_EVENT;
    case TRAFFIC_MODEL_ONESHOT:
    default:
        return REQUEST_ONESHOT;
    }
}

static void fill_call(struct traffic *traffic, struct traffic_call *call, uint32_t f,
                      int64_t due_ns)
{
    const struct traffic_flow *flow = &traffic->settings.flow[f];
    call->number = traffic->call_count++;
    call->flow = (uint16_t)f;
    call->target = flow->target;
    call->model = choose_model(traffic, flow);
    call->subscriber = (uint32_t)random_below(&traffic->random, traffic->settings.subscriber_count);
    call->ready_ns = INT64_MIN;
    const struct traffic_model *model = &traffic->settings.model[call->model];
    raise_request(traffic, call, first_kind(model->kind), due_ns);
    if (model->kind == TRAFFIC_MODEL_CALL)
        draw_conversation(traffic, call, model);
}

/* A start of flow `f` is due: returns its call, or TRAFFIC_CALL_NONE when all slots are taken. */
static uint32_t start_call(struct traffic *traffic, uint32_t f, int64_t now_ns)
{
    const int64_t due_ns = schedule_next_due_ns(&traffic->schedule[f]);
    schedule_advance(&traffic->schedule[f]);
    const uint32_t index = pool_take(&traffic->calls);
    if (index != POOL_NONE) {
        fill_call(traffic, traffic_call_at(traffic, index), f, due_ns);
        return index;
    }
    /* Due all the same: it is counted as an error, never left out. */
    struct traffic_call refused = {0};
    traffic->refused_starts++;
    fill_call(traffic, &refused, f, due_ns);
    refused.failure = REQUEST_FAILURE_NO_DIALOGUE;
    complete(traffic, &refused, OUTCOME_ERROR, REQUEST_TIME_NONE, now_ns);
    return TRAFFIC_CALL_NONE;
}

/* --- what a call does when its time has come -------------------------------------------------- */

/* The end of the run cuts a conversation: what would be due later is never due. */
static bool is_cut(const struct traffic *traffic, int64_t due_ns)
{
    return traffic->finished || due_ns >= traffic->settings.duration_ns;
}

/* Arms the next report: at the end of the slice in force, or of the conversation. */
static void arm_report(struct traffic *traffic, uint32_t index)
{
    struct traffic_call *call = traffic_call_at(traffic, index);
    const uint32_t left_ms = call->duration_ms - call->used_ms;
    const uint32_t step_ms =
        call->granted_ms == 0 || call->granted_ms > left_ms ? left_ms : call->granted_ms;
    call->used_ms += step_ms;
    call->phase = TRAFFIC_PHASE_TALKING;
    timer_heap_arm(&traffic->timers, index, call->answer_ns + (int64_t)call->used_ms * NS_PER_MS);
}

static struct traffic_action action_of(enum traffic_action_kind kind, uint32_t index)
{
    return (struct traffic_action){.kind = kind, .call = index};
}

static struct traffic_action abort_action(struct traffic *traffic, uint32_t index)
{
    traffic_call_at(traffic, index)->phase = TRAFFIC_PHASE_ENDING;
    return action_of(TRAFFIC_ABORT, index);
}

static struct traffic_action after_ringing(struct traffic *traffic, uint32_t index)
{
    struct traffic_call *call = traffic_call_at(traffic, index);
    if (is_cut(traffic, call->answer_ns))
        return abort_action(traffic, index);
    traffic->calls_of[call->outcome]++;
    if (call->outcome != TRAFFIC_ANSWERED) {
        call->ordinal++;
        raise_request(traffic, call, REQUEST_FINAL, call->answer_ns);
        return action_of(TRAFFIC_CONTINUE, index);
    }
    arm_report(traffic, index);
    return action_of(TRAFFIC_ANSWER, index);
}

static struct traffic_action after_talking(struct traffic *traffic, uint32_t index)
{
    struct traffic_call *call = traffic_call_at(traffic, index);
    const int64_t due_ns = call->answer_ns + (int64_t)call->used_ms * NS_PER_MS;
    if (is_cut(traffic, due_ns))
        return abort_action(traffic, index);
    call->sequence++;
    call->ordinal++; /* a conversation of a day in slices of a second has more than 65 535 */
    raise_request(traffic, call,
                  call->used_ms < call->duration_ms ? REQUEST_INTERIM : REQUEST_FINAL, due_ns);
    return action_of(TRAFFIC_CONTINUE, index);
}

static struct traffic_action after_waiting(struct traffic *traffic, uint32_t index, int64_t now_ns)
{
    struct traffic_call *call = traffic_call_at(traffic, index);
    if (now_ns < call->due_ns + traffic->settings.timeout_ns) {
        call->phase = TRAFFIC_PHASE_SENDING;
        return action_of(TRAFFIC_RESEND, index);
    }
    complete(traffic, call, OUTCOME_TIMEOUT, REQUEST_TIME_NONE, now_ns);
    call->phase = TRAFFIC_PHASE_LINGERING;
    timer_heap_arm(&traffic->timers, index, now_ns + traffic->settings.timeout_ns);
    return action_of(TRAFFIC_NOTHING, index);
}

static struct traffic_action call_is_due(struct traffic *traffic, uint32_t index, int64_t now_ns)
{
    struct traffic_call *call = traffic_call_at(traffic, index);
    switch ((enum traffic_phase)call->phase) {
    case TRAFFIC_PHASE_WAITING:
        return after_waiting(traffic, index, now_ns);
    case TRAFFIC_PHASE_RINGING:
        return after_ringing(traffic, index);
    case TRAFFIC_PHASE_TALKING:
        return after_talking(traffic, index);
    case TRAFFIC_PHASE_LINGERING: {
        const struct request_record record = record_of(call, OUTCOME_TIMEOUT, REQUEST_TIME_NONE);
        traffic->sink.recorded(traffic->sink.context, &record);
        return abort_action(traffic, index);
    }
    case TRAFFIC_PHASE_ENDING:
        return abort_action(traffic, index);
    case TRAFFIC_PHASE_SENDING:
        break;
    }
    assert(!"no timer runs while an action is out");
    return action_of(TRAFFIC_NOTHING, index);
}

/* --- what is due next ------------------------------------------------------------------------- */

static int64_t earliest_start(const struct traffic *traffic, uint32_t *flow)
{
    int64_t earliest_ns = TIMER_NEVER_NS;
    *flow = 0;
    for (uint32_t f = 0; f < traffic->settings.flow_count && !traffic->finished; f++) {
        const int64_t due_ns = schedule_next_due_ns(&traffic->schedule[f]);
        if (due_ns < earliest_ns) {
            earliest_ns = due_ns;
            *flow = f;
        }
    }
    return earliest_ns;
}

struct traffic_action traffic_next(struct traffic *traffic, int64_t now_ns)
{
    for (;;) {
        uint32_t flow;
        const int64_t start_ns = earliest_start(traffic, &flow);
        const int64_t timer_ns = timer_heap_deadline_ns(&traffic->timers);
        if (start_ns > now_ns && timer_ns > now_ns)
            return action_of(TRAFFIC_NOTHING, TRAFFIC_CALL_NONE);
        if (start_ns <= timer_ns) {
            const uint32_t index = start_call(traffic, flow, now_ns);
            if (index != TRAFFIC_CALL_NONE)
                return action_of(TRAFFIC_BEGIN, index);
            continue;
        }
        const uint32_t index = timer_heap_pop_due(&traffic->timers, now_ns);
        const struct traffic_action action = call_is_due(traffic, index, now_ns);
        if (action.kind != TRAFFIC_NOTHING)
            return action;
    }
}

int64_t traffic_deadline_ns(const struct traffic *traffic)
{
    uint32_t flow;
    const int64_t start_ns = earliest_start(traffic, &flow);
    const int64_t timer_ns = timer_heap_deadline_ns(&traffic->timers);
    return start_ns < timer_ns ? start_ns : timer_ns;
}

/* --- what became of an action ----------------------------------------------------------------- */

static void arm_wait(struct traffic *traffic, uint32_t index, int64_t now_ns)
{
    const struct traffic_settings *s = &traffic->settings;
    struct traffic_call *call = traffic_call_at(traffic, index);
    int64_t at_ns = call->due_ns + s->timeout_ns;
    if (s->retransmit_after_ns > 0 && call->attempts < s->attempts &&
        now_ns + s->retransmit_after_ns < at_ns)
        at_ns = now_ns + s->retransmit_after_ns;
    call->phase = TRAFFIC_PHASE_WAITING;
    timer_heap_arm(&traffic->timers, index, at_ns);
}

void traffic_sent(struct traffic *traffic, uint32_t index, int64_t now_ns)
{
    struct traffic_call *call = traffic_call_at(traffic, index);
    assert(call->phase == TRAFFIC_PHASE_SENDING);
    if (call->attempts < UINT8_MAX)
        call->attempts++;
    if (call->sent_ns == REQUEST_TIME_NONE) {
        call->sent_ns = now_ns;
        traffic->sink.sent(traffic->sink.context, call);
    } else {
        traffic->sink.retransmitted(traffic->sink.context, call);
    }
    arm_wait(traffic, index, now_ns);
}

bool traffic_unsent(struct traffic *traffic, uint32_t index, int64_t now_ns)
{
    struct traffic_call *call = traffic_call_at(traffic, index);
    assert(call->phase == TRAFFIC_PHASE_SENDING);
    call->flags |= REQUEST_FLAG_BLOCKED;
    /* Sent before, or another try is allowed: it waits like any other, and may yet go out. */
    if (call->attempts > 0 ||
        (traffic->settings.retransmit_after_ns > 0 && traffic->settings.attempts > 1)) {
        arm_wait(traffic, index, now_ns);
        return false;
    }
    call->failure = REQUEST_FAILURE_UNSENT;
    complete(traffic, call, OUTCOME_ERROR, REQUEST_TIME_NONE, now_ns);
    release(traffic, index);
    return true;
}

static void note_reply(struct traffic_call *call, const struct traffic_reply *reply)
{
    call->node = reply->node;
    if (reply->kind != TRAFFIC_REPLY_ERROR)
        return;
    call->failure = reply->failure;
    call->failure_code = reply->failure_code;
}

/* The reply that the current request waited for. */
static bool answered(struct traffic *traffic, uint32_t index, const struct traffic_reply *reply,
                     int64_t now_ns)
{
    struct traffic_call *call = traffic_call_at(traffic, index);
    timer_heap_cancel(&traffic->timers, index);
    note_reply(call, reply);
    if (reply->kind == TRAFFIC_REPLY_NO_CREDIT)
        call->flags |= REQUEST_FLAG_NO_CREDIT;
    complete(traffic, call, reply->kind == TRAFFIC_REPLY_ERROR ? OUTCOME_ERROR : OUTCOME_OK, now_ns,
             now_ns);
    if (!reply->dialogue_open) {
        release(traffic, index);
        return true;
    }
    call->ready_ns = now_ns;
    call->granted_ms = reply->granted_ms;
    call->has_grant = reply->has_grant;
    if (reply->has_armed)
        call->armed = reply->armed;
    call->grant_id = reply->grant_id;
    const unsigned echoes = call->echoes + (call->attempts > 1 ? call->attempts - 1u : 0u);
    call->echoes = (uint8_t)(echoes < UINT8_MAX ? echoes : UINT8_MAX);
    const bool goes_on = reply->kind == TRAFFIC_REPLY_CONTINUED;
    if (goes_on && call->kind == REQUEST_INITIAL) {
        call->phase = TRAFFIC_PHASE_RINGING;
        timer_heap_arm(&traffic->timers, index, call->answer_ns);
    } else if (goes_on && call->kind == REQUEST_INTERIM) {
        arm_report(traffic, index);
    } else {
        abandon(traffic, index, now_ns);
    }
    return false;
}

static bool answered_late(struct traffic *traffic, uint32_t index,
                          const struct traffic_reply *reply, int64_t now_ns)
{
    struct traffic_call *call = traffic_call_at(traffic, index);
    call->flags |= REQUEST_FLAG_LATE;
    note_reply(call, reply);
    traffic->late_replies++;
    const struct request_record record = record_of(call, OUTCOME_TIMEOUT, now_ns);
    traffic->sink.recorded(traffic->sink.context, &record);
    if (reply->dialogue_open) {
        abandon(traffic, index, now_ns);
        return false;
    }
    release(traffic, index);
    return true;
}

/* A request that was sent twice is answered twice, and the second answer may come when the next
 * request is out already: taken for that one's, it would be a success that never was. A peer
 * repeats an answer to the octet, so it has the invoke id of the one before it. */
static bool is_echo(const struct traffic_call *call, const struct traffic_reply *reply)
{
    if (call->echoes == 0 || !reply->dialogue_open || reply->kind != TRAFFIC_REPLY_CONTINUED)
        return false;
    return reply->answers_earlier || (call->kind == REQUEST_INTERIM && call->has_grant &&
                                      reply->has_grant && reply->grant_id == call->grant_id);
}

static bool answers_nothing(struct traffic *traffic, uint32_t index,
                            const struct traffic_reply *reply, int64_t now_ns)
{
    struct traffic_call *call = traffic_call_at(traffic, index);
    if (call->echoes > 0)
        call->echoes--;
    traffic->sink.unexpected(traffic->sink.context, call, now_ns);
    if (reply->dialogue_open)
        return false;
    release(traffic, index);
    return true;
}

bool traffic_reply(struct traffic *traffic, uint32_t index, const struct traffic_reply *reply,
                   int64_t now_ns)
{
    const struct traffic_call *call = traffic_call_at(traffic, index);
    if (is_echo(call, reply))
        return answers_nothing(traffic, index, reply, now_ns);
    switch ((enum traffic_phase)call->phase) {
    case TRAFFIC_PHASE_WAITING:
        return answered(traffic, index, reply, now_ns);
    case TRAFFIC_PHASE_LINGERING:
        return answered_late(traffic, index, reply, now_ns);
    case TRAFFIC_PHASE_SENDING:
        assert(!"the outcome of an action is told before anything else");
        return false;
    case TRAFFIC_PHASE_RINGING:
    case TRAFFIC_PHASE_TALKING:
    case TRAFFIC_PHASE_ENDING:
        break;
    }
    return answers_nothing(traffic, index, reply, now_ns);
}

void traffic_released(struct traffic *traffic, uint32_t index)
{
    assert(traffic_call_at(traffic, index)->phase == TRAFFIC_PHASE_ENDING);
    release(traffic, index);
}

/* --- steering a run --------------------------------------------------------------------------- */

enum p7_status traffic_set_rate(struct traffic *traffic, uint32_t flow, double rate_per_s,
                                int64_t now_ns)
{
    if (flow >= traffic->settings.flow_count || !(rate_per_s >= 0) ||
        rate_per_s > SCHEDULE_RATE_MAX)
        return P7_RANGE;
    return schedule_change_rate(&traffic->schedule[flow], now_ns, schedule_rate_of(rate_per_s));
}

enum p7_status traffic_pause(struct traffic *traffic, int64_t now_ns)
{
    enum p7_status status = P7_OK;
    for (uint32_t f = 0; f < traffic->settings.flow_count && status == P7_OK; f++)
        status = schedule_pause(&traffic->schedule[f], now_ns);
    return status;
}

enum p7_status traffic_resume(struct traffic *traffic, int64_t now_ns)
{
    enum p7_status status = P7_OK;
    for (uint32_t f = 0; f < traffic->settings.flow_count && status == P7_OK; f++)
        status = schedule_resume(&traffic->schedule[f], now_ns);
    return status;
}

void traffic_stop(struct traffic *traffic, int64_t now_ns)
{
    if (now_ns < traffic->settings.duration_ns)
        traffic->settings.duration_ns = now_ns;
    for (uint32_t f = 0; f < traffic->settings.flow_count; f++)
        schedule_set_end(&traffic->schedule[f], traffic->settings.duration_ns);
}

bool traffic_is_drained(const struct traffic *traffic, int64_t now_ns)
{
    uint32_t flow;
    return now_ns >= traffic->settings.duration_ns && traffic->open_requests == 0 &&
           earliest_start(traffic, &flow) == TIMER_NEVER_NS;
}

void traffic_finish(struct traffic *traffic, int64_t now_ns)
{
    traffic->finished = true;
    for (uint32_t index = 0; index < traffic->calls.fresh; index++) {
        struct traffic_call *call = traffic_call_at(traffic, index);
        if (!timer_heap_is_armed(&traffic->timers, index))
            continue; /* a free slot: every call that is no action's has a timer */
        if (call->phase == TRAFFIC_PHASE_WAITING) {
            complete(traffic, call, OUTCOME_UNANSWERED, REQUEST_TIME_NONE, now_ns);
        } else if (call->phase == TRAFFIC_PHASE_LINGERING) {
            const struct request_record record =
                record_of(call, OUTCOME_TIMEOUT, REQUEST_TIME_NONE);
            traffic->sink.recorded(traffic->sink.context, &record);
        }
        abandon(traffic, index, now_ns);
    }
}
