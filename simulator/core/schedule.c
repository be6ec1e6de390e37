/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "simulator/core/schedule.h"

#include <assert.h>
#include <math.h>
#include <string.h>

static uint64_t greatest_common_divisor(uint64_t a, uint64_t b)
{
    while (b != 0) {
        const uint64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

struct schedule_rate schedule_rate_of(double per_second)
{
    /* Thousandths per second are requests per 1000 s. */
    const uint64_t period_ns = UINT64_C(1000000000000);
    if (!(per_second > 0.0))
        return (struct schedule_rate){.count = 0, .period_ns = 1};
    const uint64_t count = (uint64_t)llround(fmin(per_second, SCHEDULE_RATE_MAX) * 1000.0);
    const uint64_t divisor = greatest_common_divisor(count, period_ns);
    return (struct schedule_rate){.count = count / divisor, .period_ns = period_ns / divisor};
}

double schedule_rate_per_second(struct schedule_rate rate)
{
    return (double)rate.count * 1e9 / (double)rate.period_ns;
}

int64_t schedule_constant_due_ns(struct schedule_rate rate, int64_t start_ns, uint64_t n)
{
    return start_ns + (int64_t)((unsigned __int128)n * rate.period_ns / rate.count);
}

static bool rate_allowed(struct schedule_rate rate)
{
    /* A period above 292 years would not fit the clock; the rate's bound keeps the gap from
     * rounding to nothing. */
    return rate.period_ns > 0 && rate.period_ns <= INT64_MAX && rate.count <= INT64_MAX &&
           schedule_rate_per_second(rate) <= SCHEDULE_RATE_MAX;
}

static bool flows(const struct schedule *s)
{
    return !s->paused && s->rate.count > 0;
}

static double mean_gap_ns(const struct schedule *s)
{
    return (double)s->rate.period_ns / (double)s->rate.count;
}

/* Moves the next due instant by `gap_ns` and keeps the part of a nanosecond for the gap after it.
 * What the clock could not hold is never. */
static void move_next(struct schedule *s, double gap_ns)
{
    const double sum = gap_ns + s->next_fraction;
    const double whole = floor(sum);
    if (whole >= (double)(INT64_MAX / 2) || s->next_ns > INT64_MAX / 2) {
        s->next_ns = SCHEDULE_NEVER_NS;
        return;
    }
    s->next_fraction = sum - whole;
    s->next_ns += (int64_t)whole;
}

/* What was left of the gap at `at_ns` is gone through at the present rate. */
static void restart_gap(struct schedule *s, int64_t at_ns)
{
    s->step_ns = (int64_t)(s->rate.period_ns / s->rate.count);
    s->step_part = s->rate.period_ns % s->rate.count;
    s->next_ns = at_ns;
    s->next_part = 0;
    s->next_fraction = 0.0;
    move_next(s, s->gap_left * mean_gap_ns(s));
    if (s->arrival == SCHEDULE_POISSON)
        return;
    s->next_part = (uint64_t)(s->next_fraction * (double)s->rate.count);
    if (s->next_part >= s->rate.count)
        s->next_part = s->rate.count - 1; /* the product was rounded up */
    s->next_fraction = 0.0;
}

enum p7_status schedule_start(struct schedule *s, const struct schedule_config *config)
{
    memset(s, 0, sizeof(*s));
    if (!rate_allowed(config->rate) || config->end_ns < config->start_ns)
        return P7_RANGE;
    s->arrival = config->arrival;
    s->rate = config->rate;
    s->end_ns = config->end_ns;
    s->last_taken_ns = INT64_MIN;
    s->last_change_ns = INT64_MIN;
    random_seed(&s->random, config->seed);
    /* A Poisson process has no request at its start; a constant one begins with one. */
    s->gap_left = s->arrival == SCHEDULE_POISSON ? random_exponential(&s->random, 1.0) : 0.0;
    if (flows(s))
        restart_gap(s, config->start_ns);
    return P7_OK;
}

/* What is left of the gap at `at_ns`, in mean gaps. */
static double gap_left_at(const struct schedule *s, int64_t at_ns)
{
    const double part_ns = s->next_fraction + (double)s->next_part / (double)s->rate.count;
    const double left_ns = (double)s->next_ns - (double)at_ns;
    return fmax(0.0, left_ns + part_ns) / mean_gap_ns(s);
}

static int64_t pause_length_ns(const struct schedule_pause *pause, int64_t now_ns)
{
    const int64_t to_ns = pause->to_ns < now_ns ? pause->to_ns : now_ns;
    return to_ns > pause->from_ns ? to_ns - pause->from_ns : 0;
}

static void note_pause(struct schedule *s, int64_t at_ns)
{
    if (s->pause_count > 0)
        s->paused_before_ns += pause_length_ns(&s->pause_last, at_ns);
    s->pause_last = (struct schedule_pause){.from_ns = at_ns, .to_ns = SCHEDULE_NEVER_NS};
    if (s->pause_count < SCHEDULE_PAUSES_MAX)
        s->pauses[s->pause_count] = s->pause_last;
    s->pause_count++;
}

static void note_resume(struct schedule *s, int64_t at_ns)
{
    s->pause_last.to_ns = at_ns;
    if (s->pause_count <= SCHEDULE_PAUSES_MAX)
        s->pauses[s->pause_count - 1] = s->pause_last;
}

static void apply(struct schedule *s, const struct schedule_change *change)
{
    if (flows(s))
        s->gap_left = gap_left_at(s, change->at_ns);
    switch (change->kind) {
    case SCHEDULE_CHANGE_RATE:
        s->rate = change->rate;
        break;
    case SCHEDULE_CHANGE_PAUSE:
        if (!s->paused)
            note_pause(s, change->at_ns);
        s->paused = true;
        break;
    case SCHEDULE_CHANGE_RESUME:
        if (s->paused)
            note_resume(s, change->at_ns);
        s->paused = false;
        break;
    }
    if (flows(s))
        restart_gap(s, change->at_ns);
}

/* Applies the changes that hold before the next request is due. */
static void settle(struct schedule *s)
{
    while (s->change_count > 0) {
        const struct schedule_change *change = &s->changes[s->change_first];
        if (flows(s) && s->next_ns < change->at_ns)
            return;
        apply(s, change);
        s->change_first = (s->change_first + 1) % SCHEDULE_CHANGES_MAX;
        s->change_count--;
    }
}

static bool never_due(const struct schedule *s)
{
    return !flows(s) || s->next_ns >= s->end_ns;
}

int64_t schedule_next_due_ns(const struct schedule *s)
{
    return never_due(s) ? SCHEDULE_NEVER_NS : s->next_ns;
}

void schedule_advance(struct schedule *s)
{
    assert(!never_due(s));
    s->taken++;
    s->last_taken_ns = s->next_ns;
    if (s->arrival == SCHEDULE_POISSON) {
        move_next(s, random_exponential(&s->random, mean_gap_ns(s)));
    } else if (s->next_ns > INT64_MAX - s->step_ns - 1) {
        s->next_ns = SCHEDULE_NEVER_NS;
    } else {
        s->next_ns += s->step_ns;
        s->next_part += s->step_part;
        if (s->next_part >= s->rate.count) {
            s->next_part -= s->rate.count;
            s->next_ns++;
        }
    }
    settle(s);
}

uint64_t schedule_taken(const struct schedule *s)
{
    return s->taken;
}

static enum p7_status change(struct schedule *s, const struct schedule_change *wanted)
{
    if (wanted->at_ns < s->last_taken_ns || wanted->at_ns < s->last_change_ns)
        return P7_STATE;
    if (s->change_count == SCHEDULE_CHANGES_MAX)
        return P7_FULL;
    s->changes[(s->change_first + s->change_count) % SCHEDULE_CHANGES_MAX] = *wanted;
    s->change_count++;
    s->last_change_ns = wanted->at_ns;
    settle(s);
    return P7_OK;
}

enum p7_status schedule_change_rate(struct schedule *s, int64_t at_ns, struct schedule_rate rate)
{
    if (!rate_allowed(rate))
        return P7_RANGE;
    return change(
        s, &(struct schedule_change){.at_ns = at_ns, .kind = SCHEDULE_CHANGE_RATE, .rate = rate});
}

enum p7_status schedule_pause(struct schedule *s, int64_t at_ns)
{
    return change(s, &(struct schedule_change){.at_ns = at_ns, .kind = SCHEDULE_CHANGE_PAUSE});
}

enum p7_status schedule_resume(struct schedule *s, int64_t at_ns)
{
    return change(s, &(struct schedule_change){.at_ns = at_ns, .kind = SCHEDULE_CHANGE_RESUME});
}

void schedule_set_end(struct schedule *s, int64_t end_ns)
{
    s->end_ns = end_ns;
}

struct schedule_rate schedule_rate_now(const struct schedule *s)
{
    return s->rate;
}

bool schedule_is_paused(const struct schedule *s)
{
    return s->paused;
}

uint32_t schedule_pause_count(const struct schedule *s)
{
    return s->pause_count;
}

const struct schedule_pause *schedule_pause_at(const struct schedule *s, uint32_t index)
{
    return index < s->pause_count && index < SCHEDULE_PAUSES_MAX ? &s->pauses[index] : NULL;
}

int64_t schedule_paused_ns(const struct schedule *s, int64_t now_ns)
{
    if (s->pause_count == 0)
        return 0;
    return s->paused_before_ns + pause_length_ns(&s->pause_last, now_ns);
}
