/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * schedule - the open loop: the instants when requests become due, whatever was answered.
 *
 * All times are nanoseconds since the run's start. A schedule follows from its configuration and
 * the changes asked for alone, so the same seed gives the same run.
 *
 *     schedule_start(&s, &config);
 *     each turn of the loop:
 *         while (schedule_next_due_ns(&s) <= now_ns) {
 *             ... a request is due at schedule_next_due_ns(&s) ...
 *             schedule_advance(&s);
 *         }
 *
 * Requests come due at the integral of the rate: request n at the instant when the rate has summed
 * up to n (constant), or to the sum of n+1 exponential draws of mean 1 (Poisson). A change of rate
 * stretches what is left of the current gap, so hammering on `+` neither starves nor bunches.
 * Constant gaps are kept as quotient and remainder: due(n) = start + floor(n period / count), after
 * days too.
 *
 * Changes (rate, pause, resume) carry the instant from which they hold. They may be asked for ahead
 * of time, as a ramp does; instants before it stay as they were even when they have not been taken
 * yet, so a stalled generator that catches up sends what was due under the old rate.
 */
#ifndef SIMULATOR_CORE_SCHEDULE_H
#define SIMULATOR_CORE_SCHEDULE_H

#include <stdbool.h>
#include <stdint.h>

#include "sigtran/base/random.h"
#include "sigtran/base/status.h"

/* No further request: later than any instant. */
#define SCHEDULE_NEVER_NS INT64_MAX

/* Changes that wait for their instant: a key press each, or the steps of a ramp. */
#define SCHEDULE_CHANGES_MAX 64
/* Pauses that are listed with their instants; more are summed up only. */
#define SCHEDULE_PAUSES_MAX 32

enum schedule_arrival { SCHEDULE_CONSTANT, SCHEDULE_POISSON };

/* `count` requests in each `period_ns`: rationals, so that 1/3 per second is one too. No requests
 * at all with count 0. */
struct schedule_rate {
    uint64_t count;
    uint64_t period_ns;
};

/* The rate to a thousandth of a request per second, reduced. Not above SCHEDULE_RATE_MAX; negative
 * values and NaN give 0. */
#define SCHEDULE_RATE_MAX 10000000.0
struct schedule_rate schedule_rate_of(double per_second);
double schedule_rate_per_second(struct schedule_rate rate);

/* When request n of a constant rate from `start_ns` on is due, in closed form. rate.count > 0. */
int64_t schedule_constant_due_ns(struct schedule_rate rate, int64_t start_ns, uint64_t n);

struct schedule_config {
    enum schedule_arrival arrival;
    struct schedule_rate rate;
    uint64_t seed;    /* of the Poisson gaps */
    int64_t start_ns; /* constant: request 0 is due here; workers that share a rate interleave */
    int64_t end_ns;   /* nothing is due at or after it; SCHEDULE_NEVER_NS for none */
};

struct schedule_pause {
    int64_t from_ns;
    int64_t to_ns; /* SCHEDULE_NEVER_NS while it lasts */
};

enum schedule_change_kind { SCHEDULE_CHANGE_RATE, SCHEDULE_CHANGE_PAUSE, SCHEDULE_CHANGE_RESUME };

struct schedule_change {
    int64_t at_ns;
    enum schedule_change_kind kind;
    struct schedule_rate rate; /* of SCHEDULE_CHANGE_RATE */
};

/* Fields are private. */
struct schedule {
    enum schedule_arrival arrival;
    struct schedule_rate rate;
    bool paused;
    int64_t end_ns;
    int64_t next_ns;      /* next due instant, before the end is looked at */
    uint64_t next_part;   /* constant: it is this many count-ths of a nanosecond later */
    double next_fraction; /* Poisson: it is this part of a nanosecond later */
    int64_t step_ns;      /* constant: the gap is step_ns and step_part count-ths */
    uint64_t step_part;
    double gap_left; /* while nothing comes due: what is left of the gap, in mean gaps */
    int64_t last_taken_ns;
    int64_t last_change_ns;
    uint64_t taken;
    struct random_state random;
    struct schedule_change changes[SCHEDULE_CHANGES_MAX];
    uint32_t change_first;
    uint32_t change_count;
    struct schedule_pause pauses[SCHEDULE_PAUSES_MAX];
    uint32_t pause_count;             /* may exceed SCHEDULE_PAUSES_MAX */
    struct schedule_pause pause_last; /* listed or not */
    int64_t paused_before_ns;         /* of the pauses before it */
};

/* P7_RANGE for a rate above SCHEDULE_RATE_MAX, a period_ns of 0 or above INT64_MAX, or end_ns <
 * start_ns. */
enum p7_status schedule_start(struct schedule *s,
                              const struct schedule_config *config) P7_MUST_CHECK;

/* When the next request is due, or SCHEDULE_NEVER_NS: paused, rate 0, or past the end. */
int64_t schedule_next_due_ns(const struct schedule *s);

/* The request at schedule_next_due_ns(), which must not be SCHEDULE_NEVER_NS, is taken. */
void schedule_advance(struct schedule *s);

/* Requests taken so far: the next one's number. */
uint64_t schedule_taken(const struct schedule *s);

/* Each holds from `at_ns` on, which must not be before the last taken request or before an earlier
 * change: P7_STATE. P7_FULL when SCHEDULE_CHANGES_MAX changes wait. P7_RANGE for a bad rate.
 * A pause in a pause and a resume out of one are nothing; a rate changed in a pause holds after it.
 */
enum p7_status schedule_change_rate(struct schedule *s, int64_t at_ns,
                                    struct schedule_rate rate) P7_MUST_CHECK;
enum p7_status schedule_pause(struct schedule *s, int64_t at_ns) P7_MUST_CHECK;
enum p7_status schedule_resume(struct schedule *s, int64_t at_ns) P7_MUST_CHECK;

/* Nothing is due at or after `end_ns` any more (a run that is ended early, or prolonged). */
void schedule_set_end(struct schedule *s, int64_t end_ns);

/* The state at the next due instant. The rate is also the one that is kept during a pause. */
struct schedule_rate schedule_rate_now(const struct schedule *s);
bool schedule_is_paused(const struct schedule *s);

/* Pauses that the schedule has come to: how many (the first SCHEDULE_PAUSES_MAX are listed, NULL
 * for others) and their sum up to `now_ns`. */
uint32_t schedule_pause_count(const struct schedule *s);
const struct schedule_pause *schedule_pause_at(const struct schedule *s, uint32_t index);
int64_t schedule_paused_ns(const struct schedule *s, int64_t now_ns);

#endif
