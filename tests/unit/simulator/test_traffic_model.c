/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * The traffic model against a naive one, under random answers: the naive model is a table of calls
 * that is walked over at each instant, and says what each call may, must and must not do.
 */
#include <stdlib.h>
#include <string.h>

#include "sigtran/base/timer_heap.h"
#include "simulator/core/traffic.h"
#include "tests/unit/unit.h"

#define MS           1000000LL
#define SEC          1000000000LL
#define SLOTS        18
#define REPLIES_MAX  4096
#define REQUESTS_MAX 65536

enum naive_phase { FREE, SENDING, WAITING, RINGING, TALKING, LINGERING, ENDING };

struct naive_call {
    enum naive_phase phase;
    uint64_t number;
    uint64_t request;
    int64_t due_ns;   /* of the current request */
    int64_t tried_ns; /* the last send or try of it */
    int64_t first_sent_ns;
    int64_t answer_ns;
    int64_t next_due_ns; /* TALKING */
    int64_t until_ns;    /* LINGERING */
    unsigned sends;
    uint32_t used_ms;
    int64_t last_reply_ns; /* replies come in the order of their requests */
    int8_t grant_id;
    struct traffic_reply answer; /* to the current request: the same each time that it is sent */
    uint8_t flags;
};

struct reply_event {
    int64_t at_ns;
    uint32_t slot;
    uint64_t number;
    uint64_t request;
    uint8_t kind; /* of the request that it answers */
    struct traffic_reply reply;
};

enum doing { DOING_NEXT, DOING_REPLY, DOING_UNSENT, DOING_FINISH };

struct world {
    struct traffic traffic;
    struct random_state random;
    struct traffic_settings settings;
    int64_t now_ns;
    enum doing doing;
    uint32_t slot; /* that DOING_REPLY and DOING_UNSENT are about */
    enum request_outcome expected;
    struct naive_call call[SLOTS];
    uint32_t reply_count;
    struct reply_event reply[REPLIES_MAX];
    uint8_t state[REQUESTS_MAX]; /* by request: 0 none, 1 due, 2 completed, 3 recorded */
    uint8_t outcome[REQUESTS_MAX];
    int64_t start_ns[REQUESTS_MAX]; /* due instants of calls, by call number */
    uint64_t calls;
    uint64_t due, open, over[OUTCOME_COUNT], recorded, unexpected, late, echoes;
    bool silent; /* nobody answers anything */
};

static bool chance(struct world *w, unsigned percent)
{
    return random_below(&w->random, 100) < percent;
}

static struct naive_call *call_of_request(struct world *w, uint64_t request)
{
    for (unsigned i = 0; i < SLOTS; i++)
        if (w->call[i].phase != FREE && w->call[i].request == request)
            return &w->call[i];
    return NULL;
}

/* --- the sink --------------------------------------------------------------------------------- */

static void on_due(void *context, const struct traffic_call *call)
{
    struct world *w = context;
    CU_ASSERT_FATAL(call->request_id < REQUESTS_MAX);
    CU_ASSERT_EQUAL(call->request_id, w->due);
    CU_ASSERT(call->due_ns <= w->now_ns && call->due_ns < w->settings.duration_ns);
    CU_ASSERT_EQUAL(w->state[call->request_id], 0);
    w->state[call->request_id] = 1;
    w->due++;
    w->open++;
    if (call->kind == REQUEST_INTERIM || call->kind == REQUEST_FINAL)
        return;
    CU_ASSERT_EQUAL(call->number, w->calls);
    w->start_ns[w->calls++] = call->due_ns;
}

static void on_sent(void *context, const struct traffic_call *call)
{
    const struct world *w = context;
    CU_ASSERT_EQUAL(call->sent_ns, w->now_ns);
    CU_ASSERT_EQUAL(w->state[call->request_id], 1);
}

static void on_retransmitted(void *context, const struct traffic_call *call)
{
    const struct world *w = context;
    CU_ASSERT(call->sent_ns < w->now_ns);
    CU_ASSERT_EQUAL(w->state[call->request_id], 1);
}

static void on_completed(void *context, const struct request_record *r, int64_t now_ns)
{
    struct world *w = context;
    struct naive_call *call = call_of_request(w, r->id);
    CU_ASSERT_EQUAL(now_ns, w->now_ns);
    CU_ASSERT_EQUAL(w->state[r->id], 1);
    w->state[r->id] = 2;
    w->outcome[r->id] = r->outcome;
    w->open--;
    w->over[r->outcome]++;
    if (call == NULL) { /* no slot was free: nobody knows this call */
        CU_ASSERT_EQUAL(w->doing, DOING_NEXT);
        CU_ASSERT_EQUAL(r->outcome, OUTCOME_ERROR);
        CU_ASSERT_EQUAL(w->traffic.calls.in_use, SLOTS);
        return;
    }
    CU_ASSERT_EQUAL(r->due_ns, call->due_ns);
    CU_ASSERT_EQUAL(r->attempts, call->sends);
    CU_ASSERT_EQUAL(r->sent_ns, call->first_sent_ns);
    CU_ASSERT_EQUAL(r->flags & ~REQUEST_FLAG_NO_CREDIT, call->flags);
    switch (w->doing) {
    case DOING_NEXT:
        CU_ASSERT_EQUAL(r->outcome, OUTCOME_TIMEOUT);
        CU_ASSERT_EQUAL(call->phase, WAITING);
        CU_ASSERT(now_ns >= call->due_ns + w->settings.timeout_ns);
        call->phase = LINGERING;
        call->until_ns = now_ns + w->settings.timeout_ns;
        break;
    case DOING_REPLY:
    case DOING_UNSENT:
        CU_ASSERT_PTR_EQUAL(call, &w->call[w->slot]);
        CU_ASSERT_EQUAL(r->outcome, w->expected);
        break;
    case DOING_FINISH:
        CU_ASSERT_EQUAL(r->outcome, OUTCOME_UNANSWERED);
        CU_ASSERT_EQUAL(call->phase, WAITING);
        break;
    }
}

static void on_recorded(void *context, const struct request_record *r)
{
    struct world *w = context;
    CU_ASSERT_EQUAL(w->state[r->id], 2);
    CU_ASSERT_EQUAL(w->outcome[r->id], r->outcome);
    w->state[r->id] = 3;
    w->recorded++;
    if ((r->flags & REQUEST_FLAG_LATE) == 0)
        return;
    CU_ASSERT_EQUAL(r->outcome, OUTCOME_TIMEOUT);
    CU_ASSERT(r->reply_ns >= r->due_ns + w->settings.timeout_ns);
    w->late++;
}

static void on_unexpected(void *context, const struct traffic_call *call, int64_t now_ns)
{
    struct world *w = context;
    (void)call;
    (void)now_ns;
    w->unexpected++;
}

/* --- what the peer does ----------------------------------------------------------------------- */

static struct traffic_reply choose_answer(struct world *w, uint8_t kind, int8_t grant_id)
{
    if (chance(w, 5))
        return (struct traffic_reply){.kind = TRAFFIC_REPLY_ERROR, .dialogue_open = chance(w, 50)};
    if (chance(w, 5))
        return (struct traffic_reply){.kind = TRAFFIC_REPLY_NO_CREDIT,
                                      .dialogue_open = chance(w, 10)};
    if (kind != REQUEST_INITIAL && kind != REQUEST_INTERIM && !chance(w, 5))
        return (struct traffic_reply){.kind = TRAFFIC_REPLY_ENDED};
    return (struct traffic_reply){.kind = TRAFFIC_REPLY_CONTINUED,
                                  .dialogue_open = true,
                                  .granted_ms = 100 * (uint32_t)random_below(&w->random, 20),
                                  .has_grant = kind == REQUEST_INITIAL || kind == REQUEST_INTERIM,
                                  .grant_id = grant_id};
}

static void plan_reply(struct world *w, uint32_t slot)
{
    const struct traffic_call *call = traffic_call_at(&w->traffic, slot);
    struct naive_call *naive = &w->call[slot];
    if (naive->sends == 1) {
        naive->grant_id = (int8_t)(naive->grant_id % 60 + 1);
        naive->answer = choose_answer(w, call->kind, naive->grant_id);
    }
    if (w->silent || chance(w, 10) || w->reply_count == REPLIES_MAX)
        return;
    int64_t at_ns = w->now_ns + (int64_t)random_exponential(&w->random, 300.0 * (double)MS);
    if (at_ns <= naive->last_reply_ns)
        at_ns = naive->last_reply_ns + 1;
    naive->last_reply_ns = at_ns;
    w->reply[w->reply_count++] = (struct reply_event){.at_ns = at_ns,
                                                      .slot = slot,
                                                      .number = call->number,
                                                      .request = call->request_id,
                                                      .kind = call->kind,
                                                      .reply = naive->answer};
}

static void talk_on(struct world *w, uint32_t slot)
{
    const struct traffic_call *call = traffic_call_at(&w->traffic, slot);
    struct naive_call *naive = &w->call[slot];
    const uint32_t left_ms = call->duration_ms - naive->used_ms;
    naive->used_ms +=
        call->granted_ms == 0 || call->granted_ms > left_ms ? left_ms : call->granted_ms;
    naive->next_due_ns = naive->answer_ns + naive->used_ms * MS;
    naive->phase = TALKING;
}

/* What ssf_read would find. */
static bool answers_earlier(const struct reply_event *event, uint8_t kind)
{
    return (kind == REQUEST_INTERIM && event->kind == REQUEST_INITIAL) ||
           (kind == REQUEST_FINAL && event->reply.has_grant);
}

static void deliver(struct world *w, const struct reply_event *event)
{
    struct naive_call *naive = &w->call[event->slot];
    struct traffic_reply reply = event->reply;
    if (naive->phase == FREE || naive->number != event->number)
        return; /* the dialogue is no more */
    const enum naive_phase before = naive->phase;
    const uint64_t unexpected = w->unexpected;
    const uint8_t kind = traffic_call_at(&w->traffic, event->slot)->kind;
    const bool answers =
        (before == WAITING || before == LINGERING) && naive->request == event->request;
    w->echoes += !answers && before == WAITING;
    w->doing = DOING_REPLY;
    w->slot = event->slot;
    w->expected = reply.kind == TRAFFIC_REPLY_ERROR ? OUTCOME_ERROR : OUTCOME_OK;
    reply.answers_earlier = answers_earlier(event, kind);
    const bool over = traffic_reply(&w->traffic, event->slot, &reply, w->now_ns);
    CU_ASSERT_EQUAL(over, !reply.dialogue_open);
    CU_ASSERT_EQUAL(w->unexpected - unexpected, !answers);
    if (over)
        naive->phase = FREE;
    else if (!answers)
        return;
    else if (before == LINGERING || reply.kind != TRAFFIC_REPLY_CONTINUED ||
             (kind != REQUEST_INITIAL && kind != REQUEST_INTERIM))
        naive->phase = ENDING;
    else if (kind == REQUEST_INITIAL)
        naive->phase = RINGING;
    else
        talk_on(w, event->slot);
    if (before == WAITING)
        naive->flags = 0;
    /* From here on the dialogue is free: a request that is due already was held up. */
    naive->tried_ns = w->now_ns;
}

/* --- what the model wants --------------------------------------------------------------------- */

static void raise_naive(struct world *w, uint32_t slot, int64_t due_ns)
{
    const struct traffic_call *call = traffic_call_at(&w->traffic, slot);
    struct naive_call *naive = &w->call[slot];
    CU_ASSERT_EQUAL(call->due_ns, due_ns);
    naive->request = call->request_id;
    naive->due_ns = due_ns;
    naive->sends = 0;
    naive->first_sent_ns = REQUEST_TIME_NONE;
    naive->phase = SENDING;
}

static void check_action(struct world *w, struct traffic_action action)
{
    const struct traffic_call *call = traffic_call_at(&w->traffic, action.call);
    struct naive_call *naive = &w->call[action.call];
    const struct traffic_model *model = &w->settings.model[call->model];
    const bool is_cut = w->now_ns >= w->settings.duration_ns;
    switch (action.kind) {
    case TRAFFIC_BEGIN:
        CU_ASSERT_EQUAL(naive->phase, FREE);
        *naive = (struct naive_call){.number = call->number};
        raise_naive(w, action.call, w->start_ns[call->number]);
        naive->answer_ns = naive->due_ns + (int64_t)model->answer_delay_ms * MS;
        naive->flags = naive->due_ns < w->settings.warmup_ns ? REQUEST_FLAG_WARMUP : 0;
        break;
    case TRAFFIC_CONTINUE: {
        CU_ASSERT(naive->phase == TALKING ||
                  (naive->phase == RINGING && call->outcome != TRAFFIC_ANSWERED));
        const int64_t due_ns = naive->phase == RINGING ? naive->answer_ns : naive->next_due_ns;
        const bool is_last = naive->phase == RINGING || naive->used_ms == call->duration_ms;
        CU_ASSERT_EQUAL(call->kind, is_last ? REQUEST_FINAL : REQUEST_INTERIM);
        CU_ASSERT_EQUAL(call->used_ms, naive->used_ms);
        naive->flags = due_ns < w->settings.warmup_ns ? REQUEST_FLAG_WARMUP : 0;
        if (due_ns < naive->tried_ns)
            naive->flags |= REQUEST_FLAG_BLOCKED;
        raise_naive(w, action.call, due_ns);
        break;
    }
    case TRAFFIC_RESEND:
        CU_ASSERT_EQUAL(naive->phase, WAITING);
        CU_ASSERT(naive->sends < w->settings.attempts);
        CU_ASSERT(w->now_ns >= naive->tried_ns + w->settings.retransmit_after_ns);
        CU_ASSERT(w->now_ns < naive->due_ns + w->settings.timeout_ns);
        CU_ASSERT_EQUAL(call->request_id, naive->request);
        naive->phase = SENDING;
        break;
    case TRAFFIC_ANSWER:
        CU_ASSERT(naive->phase == RINGING && call->outcome == TRAFFIC_ANSWERED &&
                  w->now_ns >= naive->answer_ns);
        talk_on(w, action.call);
        break;
    case TRAFFIC_ABORT:
        CU_ASSERT(naive->phase == ENDING ||
                  (naive->phase == LINGERING && w->now_ns >= naive->until_ns) ||
                  (is_cut && (naive->phase == RINGING || naive->phase == TALKING)));
        traffic_released(&w->traffic, action.call);
        naive->phase = FREE;
        break;
    case TRAFFIC_NOTHING:
        break;
    }
}

static void carry_out(struct world *w, uint32_t slot)
{
    struct naive_call *naive = &w->call[slot];
    naive->tried_ns = w->now_ns;
    if (chance(w, 90)) {
        naive->sends++;
        if (naive->first_sent_ns == REQUEST_TIME_NONE)
            naive->first_sent_ns = w->now_ns;
        naive->phase = WAITING;
        traffic_sent(&w->traffic, slot, w->now_ns);
        plan_reply(w, slot);
        return;
    }
    const bool may_retry =
        naive->sends > 0 || (w->settings.attempts > 1 && w->settings.retransmit_after_ns > 0);
    naive->flags |= REQUEST_FLAG_BLOCKED;
    w->doing = DOING_UNSENT;
    w->slot = slot;
    w->expected = OUTCOME_ERROR;
    CU_ASSERT_EQUAL(traffic_unsent(&w->traffic, slot, w->now_ns), !may_retry);
    naive->phase = may_retry ? WAITING : FREE;
}

/* Nothing that is due was left undone, and the identity holds. */
static void check_rest(const struct world *w)
{
    uint64_t over = 0;
    for (unsigned o = 0; o < OUTCOME_COUNT; o++)
        over += w->over[o];
    CU_ASSERT_EQUAL(w->due, over + w->open);
    CU_ASSERT_EQUAL(w->open, w->traffic.open_requests);
    CU_ASSERT(traffic_deadline_ns(&w->traffic) > w->now_ns);
    unsigned in_use = 0;
    for (unsigned i = 0; i < SLOTS; i++) {
        const struct naive_call *c = &w->call[i];
        in_use += c->phase != FREE;
        CU_ASSERT(c->phase != SENDING && c->phase != ENDING);
        CU_ASSERT(c->phase != RINGING || w->now_ns < c->answer_ns);
        CU_ASSERT(c->phase != TALKING || w->now_ns < c->next_due_ns);
        CU_ASSERT(c->phase != LINGERING || w->now_ns < c->until_ns);
        CU_ASSERT(c->phase != WAITING || w->now_ns < c->due_ns + w->settings.timeout_ns);
        CU_ASSERT(c->phase != WAITING || w->settings.retransmit_after_ns == 0 ||
                  (c->sends > 0 && c->sends >= w->settings.attempts) ||
                  (c->sends == 0 && w->settings.attempts < 2) ||
                  w->now_ns < c->tried_ns + w->settings.retransmit_after_ns);
    }
    CU_ASSERT_EQUAL(in_use, w->traffic.calls.in_use);
}

static void do_what_is_due(struct world *w)
{
    for (;;) {
        w->doing = DOING_NEXT;
        const struct traffic_action action = traffic_next(&w->traffic, w->now_ns);
        if (action.kind == TRAFFIC_NOTHING)
            return;
        check_action(w, action);
        if (action.kind == TRAFFIC_BEGIN || action.kind == TRAFFIC_CONTINUE ||
            action.kind == TRAFFIC_RESEND)
            carry_out(w, action.call);
    }
}

static int64_t next_reply_ns(const struct world *w, uint32_t *index)
{
    int64_t at_ns = TIMER_NEVER_NS;
    for (uint32_t i = 0; i < w->reply_count; i++) {
        if (w->reply[i].at_ns >= at_ns)
            continue;
        at_ns = w->reply[i].at_ns;
        *index = i;
    }
    return at_ns;
}

static struct world *world_open(uint64_t seed, uint64_t answers_seed)
{
    struct world *w = calloc(1, sizeof(*w));
    CU_ASSERT_PTR_NOT_NULL_FATAL(w);
    random_seed(&w->random, answers_seed);
    w->settings = (struct traffic_settings){
        .seed = seed,
        .duration_ns = 60 * SEC,
        .warmup_ns = 2 * SEC,
        .timeout_ns = SEC,
        .retransmit_after_ns = seed % 3 == 0 ? 0 : 250 * MS,
        .attempts = 1 + (uint32_t)(seed % 4),
        .calls_max = SLOTS,
        .subscriber_count = 50,
        .flow_count = 2,
        .flow = {{.rate_per_s = 7, .poisson = true, .mix_count = 2, .mix = {{0, 3}, {1, 1}}},
                 {.rate_per_s = 3, .mix_count = 2, .mix = {{1, 5}, {2, 1}}}},
        .model_count = 3,
        .model = {{.kind = TRAFFIC_MODEL_ONESHOT},
                  {.kind = TRAFFIC_MODEL_CALL,
                   .answer_delay_ms = 700,
                   .duration_ms = 3000,
                   .duration_exponential = true,
                   .outcome_weight = {16, 1, 1, 1, 1}},
                  {.kind = TRAFFIC_MODEL_EVENT}},
    };
    const struct traffic_sink sink = {.context = w,
                                      .due = on_due,
                                      .sent = on_sent,
                                      .retransmitted = on_retransmitted,
                                      .completed = on_completed,
                                      .recorded = on_recorded,
                                      .unexpected = on_unexpected};
    CU_ASSERT_EQUAL_FATAL(traffic_create(&w->traffic, &w->settings, &sink), P7_OK);
    return w;
}

static void world_run(struct world *w, int64_t until_ns)
{
    for (;;) {
        uint32_t index = 0;
        const int64_t reply_ns = next_reply_ns(w, &index);
        int64_t at_ns = traffic_deadline_ns(&w->traffic);
        at_ns = reply_ns < at_ns ? reply_ns : at_ns;
        if (at_ns > until_ns)
            break;
        w->now_ns = at_ns > w->now_ns ? at_ns : w->now_ns;
        if (chance(w, 5)) /* a thread that was not run */
            w->now_ns += (int64_t)random_below(&w->random, 400 * MS);
        if (reply_ns <= w->now_ns) {
            const struct reply_event event = w->reply[index];
            w->reply[index] = w->reply[--w->reply_count];
            deliver(w, &event);
        }
        do_what_is_due(w);
        check_rest(w);
    }
    w->now_ns = until_ns > w->now_ns ? until_ns : w->now_ns;
}

static void world_finish(struct world *w)
{
    w->doing = DOING_FINISH;
    traffic_finish(&w->traffic, w->now_ns);
    CU_ASSERT_EQUAL(w->open, 0);
    for (unsigned i = 0; i < SLOTS; i++)
        if (w->call[i].phase != FREE)
            w->call[i].phase = ENDING;
    do_what_is_due(w);
    CU_ASSERT_EQUAL(w->traffic.calls.in_use, 0);
    CU_ASSERT_EQUAL(w->recorded, w->due);
    CU_ASSERT_EQUAL(w->late, w->traffic.late_replies);
    CU_ASSERT_EQUAL(traffic_deadline_ns(&w->traffic), TIMER_NEVER_NS);
}

static void world_close(struct world *w)
{
    traffic_destroy(&w->traffic);
    free(w);
}

static void every_request_ends_once_whatever_is_answered(void)
{
    uint64_t over[OUTCOME_COUNT] = {0};
    uint64_t late = 0, unexpected = 0, refused = 0, echoes = 0;
    for (uint64_t seed = 1; seed <= 24; seed++) {
        struct world *w = world_open(seed, seed);
        /* Some runs end while much is open, some when all is over. */
        world_run(w, seed % 2 == 0 ? 45 * SEC : 70 * SEC);
        if (seed % 2 != 0)
            CU_ASSERT_TRUE(traffic_is_drained(&w->traffic, w->now_ns));
        world_finish(w);
        for (unsigned o = 0; o < OUTCOME_COUNT; o++)
            over[o] += w->over[o];
        late += w->late;
        unexpected += w->unexpected;
        echoes += w->echoes;
        refused += w->traffic.refused_starts;
        world_close(w);
    }
    /* The walk went everywhere. */
    for (unsigned o = 0; o < OUTCOME_COUNT; o++)
        CU_ASSERT(over[o] > 20);
    CU_ASSERT(late > 100 && unexpected > 100 && refused > 100);
    /* Second answers to one request that came while the next one waited for its own. */
    CU_ASSERT(echoes > 20);
}

/* MEASUREMENT: "request n is due at start + offset(n), whatever was answered". */
static void the_same_seed_gives_the_same_starts_whatever_is_answered(void)
{
    for (uint64_t seed = 1; seed <= 4; seed++) {
        struct world *a = world_open(seed, 100 + seed);
        struct world *b = world_open(seed, 200 + seed);
        struct world *silent = world_open(seed, 300 + seed);
        struct world *other = world_open(seed + 1, 100 + seed);
        silent->silent = true;
        world_run(a, 70 * SEC);
        world_run(b, 70 * SEC);
        world_run(silent, 70 * SEC);
        world_run(other, 70 * SEC);
        CU_ASSERT(a->calls > 500);
        CU_ASSERT_EQUAL(a->calls, b->calls);
        CU_ASSERT_EQUAL(a->calls, silent->calls);
        const size_t octets = a->calls * sizeof(a->start_ns[0]);
        CU_ASSERT_EQUAL(memcmp(a->start_ns, b->start_ns, octets), 0);
        CU_ASSERT_EQUAL(memcmp(a->start_ns, silent->start_ns, octets), 0);
        CU_ASSERT_NOT_EQUAL(memcmp(a->start_ns, other->start_ns, octets), 0);
        world_finish(a);
        world_finish(b);
        world_finish(silent);
        world_finish(other);
        world_close(a);
        world_close(b);
        world_close(silent);
        world_close(other);
    }
}

UNIT_TESTS = {
    UNIT(every_request_ends_once_whatever_is_answered),
    UNIT(the_same_seed_gives_the_same_starts_whatever_is_answered),
};
UNIT_MAIN("traffic_model")
