/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "simulator/core/outage.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "simulator/core/outage_lane.h"

#define SERIES_CAPACITY 16384u
#define REFRESH_MAX     16384u
/* Requests that were held come back in any order: the first success after a gap is looked for among
 * the replies of so long. */
#define WATCH_NS INT64_C(10000000000)

static int64_t min_ns(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t max_ns(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static enum p7_status lane_create(struct outage_lane *lane, const struct outage_config *config)
{
    lane->random = true;
    lane->rt_limit_ns = INT64_MAX;
    lane->gap_limit_ns = INT64_MAX;
    lane->refresh_at = OUTAGE_BASELINE_MIN;
    lane->rt_max_ns = -1;
    lane->silent_from_ns = REQUEST_TIME_NONE;
    lane->ok_due_last_ns = REQUEST_TIME_NONE;
    lane->lost_due_last_ns = REQUEST_TIME_NONE;
    for (size_t i = 0; i < RECENT_MAX; i++)
        lane->recent[i].due_ns = REQUEST_TIME_NONE;
    lane->series_step_ns =
        config->series_step_ns == 0 ? OUTAGE_SERIES_STEP_NS : config->series_step_ns;
    lane->series_capacity =
        config->series_capacity == 0 ? SERIES_CAPACITY : config->series_capacity;
    lane->series = calloc(lane->series_capacity, sizeof(*lane->series));
    const enum p7_status status = histogram_create_ns(&lane->steady);
    return lane->series == NULL ? P7_NO_MEMORY : status;
}

enum p7_status outage_create(struct outage_analysis *a, const struct outage_config *config)
{
    memset(a, 0, sizeof(*a));
    if (config->target_count >= OUTAGE_LANES_MAX || config->series_step_ns < 0)
        return P7_RANGE;
    a->lanes = calloc(config->target_count + 1u, sizeof(*a->lanes));
    if (a->lanes == NULL)
        return P7_NO_MEMORY;
    a->lane_count = config->target_count + 1u;
    enum p7_status status = P7_OK;
    for (uint32_t i = 0; status == P7_OK && i < a->lane_count; i++)
        status = lane_create(&a->lanes[i], config);
    if (status != P7_OK)
        outage_destroy(a);
    return status;
}

void outage_destroy(struct outage_analysis *a)
{
    for (uint32_t i = 0; i < a->lane_count; i++) {
        free(a->lanes[i].series);
        histogram_destroy(&a->lanes[i].steady);
    }
    free(a->lanes);
    memset(a, 0, sizeof(*a));
}

/* The limits follow from b, the noise and d; none before there is a baseline. */
static void set_limits(struct outage_lane *lane)
{
    if (!lane->baseline_set && histogram_count(&lane->steady) < OUTAGE_BASELINE_MIN)
        return;
    const int64_t factor = lane->random ? OUTAGE_GAP_FACTOR_RANDOM : OUTAGE_GAP_FACTOR;
    const int64_t distance_ns =
        lane->gap_mean_ns > INT64_MAX / factor ? INT64_MAX : factor * lane->gap_mean_ns;
    const int64_t excess_ns = max_ns(OUTAGE_FLOOR_NS, lane->noise_ns);
    lane->rt_limit_ns = lane->baseline_ns + excess_ns;
    lane->gap_limit_ns = max_ns(excess_ns, distance_ns);
}

/* Takes baseline, noise and (unless it was set) d anew from what was seen. */
static void refresh(struct outage_lane *lane)
{
    const struct histogram *h = &lane->steady;
    const int64_t p50_ns = histogram_percentile(h, 50.0);
    if (!lane->baseline_set)
        lane->baseline_ns = histogram_median_equivalent(h, p50_ns);
    lane->noise_ns = OUTAGE_NOISE_FACTOR * (histogram_percentile(h, 99.0) - p50_ns);
    if (!lane->rate_set && lane->seen > 1)
        lane->gap_mean_ns = (lane->due_last_ns - lane->due_first_ns) / (int64_t)(lane->seen - 1);
    set_limits(lane);
}

static struct outage_lane *lane_of(struct outage_analysis *a, uint32_t lane)
{
    assert(lane < a->lane_count);
    return &a->lanes[lane];
}

void outage_set_rate(struct outage_analysis *a, uint32_t lane, int64_t gap_mean_ns, bool random)
{
    assert(gap_mean_ns > 0);
    struct outage_lane *l = lane_of(a, lane);
    l->rate_set = true;
    l->gap_mean_ns = gap_mean_ns;
    l->random = random;
    set_limits(l);
}

void outage_set_probe(struct outage_analysis *a, uint32_t lane)
{
    lane_of(a, lane)->probe = true;
}

void outage_set_baseline(struct outage_analysis *a, uint32_t lane, int64_t baseline_ns)
{
    assert(baseline_ns >= 0);
    struct outage_lane *l = lane_of(a, lane);
    l->baseline_set = true;
    l->baseline_ns = baseline_ns;
    set_limits(l);
}

/* All that `from` has found is `into`'s now. */
static void merge(struct outage *into, const struct outage *from)
{
    into->start_ns = min_ns(into->start_ns, from->start_ns);
    into->end_ns = max_ns(into->end_ns, from->end_ns);
    into->affected += from->affected;
    into->lost += from->lost;
    into->silent += from->silent;
    into->excess_ns += from->excess_ns;
    if (from->rt_max_ns > into->rt_max_ns) {
        into->rt_max_ns = from->rt_max_ns;
        into->rt_max_id = from->rt_max_id;
        into->rt_max_due_ns = from->rt_max_due_ns;
    }
    if (from->gap_end_ns - from->gap_start_ns > into->gap_end_ns - into->gap_start_ns) {
        into->gap_start_ns = from->gap_start_ns;
        into->gap_end_ns = from->gap_end_ns;
        into->gap_open = from->gap_open;
        into->last_before_due_ns = from->last_before_due_ns;
        into->first_after_due_ns = from->first_after_due_ns;
    }
}

static void remove_at(struct outage_lane *lane, uint32_t index)
{
    memmove(&lane->list[index], &lane->list[index + 1],
            (lane->count - index - 1) * sizeof(lane->list[0]));
    lane->count--;
}

static bool within_reach(const struct outage_lane *lane, const struct outage *a,
                         const struct outage *b)
{
    return max_ns(a->start_ns, b->start_ns) - min_ns(a->end_ns, b->end_ns) <= lane->gap_limit_ns;
}

/* The list is full: the outage of the least extent goes. False when that is the new one, which then
 * grows in lane->discard until it is no longer the least. */
static bool make_room(struct outage_lane *lane, struct outage *fresh, uint32_t *index)
{
    if (lane->discarding && within_reach(lane, &lane->discard, fresh)) {
        merge(fresh, &lane->discard);
        lane->dropped--;
    }
    uint32_t least = 0;
    for (uint32_t i = 1; i < lane->count; i++)
        if (lane->list[i].end_ns - lane->list[i].start_ns <
            lane->list[least].end_ns - lane->list[least].start_ns)
            least = i;
    lane->dropped++;
    lane->discarding =
        lane->list[least].end_ns - lane->list[least].start_ns >= fresh->end_ns - fresh->start_ns;
    if (lane->discarding) {
        lane->discard = *fresh;
        return false;
    }
    remove_at(lane, least);
    *index -= least < *index;
    return true;
}

/* Slower requests that completed before anyone knew of the outage which they belong to. */
static void take_recent(struct outage_lane *lane, struct outage *o)
{
    for (size_t i = 0; i < RECENT_MAX; i++) {
        struct outage_recent *r = &lane->recent[i];
        if (r->due_ns == REQUEST_TIME_NONE || r->due_ns < o->start_ns || r->due_ns > o->end_ns)
            continue;
        o->excess_ns += (double)r->excess_ns;
        r->due_ns = REQUEST_TIME_NONE;
    }
}

/* The outage that has [start, end] now: one within reach, enlarged and joined with the neighbours
 * that it then reaches, or a new one. */
static struct outage *extend(struct outage_lane *lane, int64_t start_ns, int64_t end_ns)
{
    struct outage fresh = {.start_ns = start_ns,
                           .end_ns = end_ns,
                           .last_before_due_ns = REQUEST_TIME_NONE,
                           .first_after_due_ns = REQUEST_TIME_NONE};
    uint32_t i = lane->count;
    while (i > 0 && lane->list[i - 1].start_ns > start_ns)
        i--;
    /* i - 1 starts no later than the new one, i starts after it. */
    if (i > 0 && within_reach(lane, &lane->list[i - 1], &fresh)) {
        i--;
        lane->list[i].end_ns = max_ns(lane->list[i].end_ns, end_ns);
    } else if (i < lane->count && within_reach(lane, &fresh, &lane->list[i])) {
        merge(&lane->list[i], &fresh);
        take_recent(lane, &lane->list[i]);
    } else {
        if (lane->count == OUTAGE_LIST_MAX && !make_room(lane, &fresh, &i))
            return &lane->discard;
        memmove(&lane->list[i + 1], &lane->list[i], (lane->count - i) * sizeof(lane->list[0]));
        lane->list[i] = fresh;
        lane->count++;
        take_recent(lane, &lane->list[i]);
    }
    while (i + 1 < lane->count && within_reach(lane, &lane->list[i], &lane->list[i + 1])) {
        merge(&lane->list[i], &lane->list[i + 1]);
        remove_at(lane, i + 1);
    }
    return &lane->list[i];
}

static void note_gap(struct outage_lane *lane, int64_t start_ns, int64_t end_ns, bool open)
{
    struct outage *o = extend(lane, start_ns, end_ns);
    if (end_ns - start_ns <= o->gap_end_ns - o->gap_start_ns)
        return;
    o->gap_start_ns = start_ns;
    o->gap_end_ns = end_ns;
    o->gap_open = open;
    o->last_before_due_ns = lane->ok_due_last_ns;
    o->first_after_due_ns = REQUEST_TIME_NONE;
    lane->watching = true;
}

/* A reply of `at_ns`, which came late to us, lies inside of [*start, *end]: the longer part stays.
 */
static void split(int64_t at_ns, int64_t *start_ns, int64_t *end_ns)
{
    if (at_ns - *start_ns >= *end_ns - at_ns)
        *end_ns = at_ns;
    else
        *start_ns = at_ns;
}

static void split_gaps(struct outage_lane *lane, const struct request_record *record)
{
    const int64_t at_ns = record->reply_ns;
    if (at_ns > lane->gap_max_start_ns && at_ns < lane->gap_max_end_ns)
        split(at_ns, &lane->gap_max_start_ns, &lane->gap_max_end_ns);
    for (uint32_t i = lane->count; i-- > 0;) {
        struct outage *o = &lane->list[i];
        if (at_ns <= o->gap_start_ns || at_ns >= o->gap_end_ns)
            continue;
        split(at_ns, &o->gap_start_ns, &o->gap_end_ns);
        if (o->gap_end_ns - o->gap_start_ns <= lane->gap_limit_ns) {
            o->gap_start_ns = o->gap_end_ns = 0;
            o->last_before_due_ns = o->first_after_due_ns = REQUEST_TIME_NONE;
            if (o->affected == 0)
                remove_at(lane, i);
        } else if (record->outcome == OUTCOME_OK && o->gap_start_ns == at_ns) {
            o->last_before_due_ns = max_ns(o->last_before_due_ns, record->due_ns);
        }
        return;
    }
}

/* A reply ends the silence since the one before it. */
static void follow_silence(struct outage_lane *lane, const struct request_record *record)
{
    const int64_t from_ns = lane->silent_from_ns;
    const int64_t at_ns = record->reply_ns;
    if (from_ns != REQUEST_TIME_NONE && at_ns < from_ns) {
        split_gaps(lane, record);
        return;
    }
    lane->silent_from_ns = at_ns;
    if (from_ns == REQUEST_TIME_NONE || (record->flags & REQUEST_FLAG_WARMUP) != 0)
        return;
    if (at_ns - from_ns > lane->gap_max_end_ns - lane->gap_max_start_ns) {
        lane->gap_max_start_ns = from_ns;
        lane->gap_max_end_ns = at_ns;
    }
    if (at_ns - from_ns > lane->gap_limit_ns)
        note_gap(lane, from_ns, at_ns, false);
}

/* D_fs: the earliest-due request that the gap did not hold up. One that was due less than b before
 * the gap's end would have been answered after it anyway. */
static void watch(struct outage_lane *lane, const struct request_record *record)
{
    lane->watching = false;
    for (uint32_t i = lane->count; i-- > 0;) {
        struct outage *o = &lane->list[i];
        if (o->gap_end_ns == 0 || o->gap_open)
            continue;
        const bool found = o->first_after_due_ns != REQUEST_TIME_NONE;
        if (found && record->reply_ns > o->gap_end_ns + WATCH_NS)
            break;
        lane->watching = true;
        if (record->due_ns < o->gap_end_ns - lane->baseline_ns || record->reply_ns < o->gap_end_ns)
            continue;
        if (!found || record->due_ns < o->first_after_due_ns)
            o->first_after_due_ns = record->due_ns;
    }
}

static void note_response(struct outage *o, const struct request_record *record)
{
    const int64_t response_ns = request_response_ns(record);
    if (response_ns <= o->rt_max_ns)
        return;
    o->rt_max_ns = response_ns;
    o->rt_max_id = record->id;
    o->rt_max_due_ns = record->due_ns;
}

static void note_affected(struct outage_lane *lane, const struct request_record *record)
{
    const bool replied = record->reply_ns != REQUEST_TIME_NONE;
    const bool ended = record->outcome == OUTCOME_OK || record->outcome == OUTCOME_ERROR;
    struct outage *o = extend(lane, record->due_ns, replied ? record->reply_ns : record->due_ns);
    o->affected++;
    o->lost += !replied || !ended;
    o->silent += !replied;
    if (replied)
        note_response(o, record);
}

/* The outage that a request was due in, or NULL. */
static struct outage *outage_around(struct outage_lane *lane, int64_t due_ns)
{
    for (uint32_t i = lane->count; i-- > 0 && due_ns <= lane->list[i].end_ns;)
        if (due_ns >= lane->list[i].start_ns)
            return &lane->list[i];
    return NULL;
}

/* For D_area: every excess over b of a request that was due inside an outage, affected or not. */
static void note_excess(struct outage_lane *lane, struct outage *around,
                        const struct request_record *record)
{
    const int64_t excess_ns = request_response_ns(record) - lane->baseline_ns;
    if (excess_ns <= 0 || lane->rt_limit_ns == INT64_MAX)
        return;
    if (around != NULL) {
        around->excess_ns += (double)excess_ns;
        return;
    }
    lane->recent[lane->recent_next] =
        (struct outage_recent){.due_ns = record->due_ns, .excess_ns = excess_ns};
    lane->recent_next = (lane->recent_next + 1) % RECENT_MAX;
}

/* What the rule learns from: requests outside of outages. The less affected ones inside count as
 * affected too, else a run with many outages would raise its limits by them, and then by more. A
 * state that lasts is learnt from again. */
static void learn(struct outage_lane *lane, const struct outage *around,
                  const struct request_record *record)
{
    if ((record->flags & REQUEST_FLAG_LATE) != 0 ||
        (around != NULL && around->end_ns - around->start_ns <= OUTAGE_LASTING_NS))
        return;
    (void)histogram_record(&lane->steady, request_response_ns(record));
    if (histogram_count(&lane->steady) < lane->refresh_at)
        return;
    lane->refresh_at += lane->refresh_at < REFRESH_MAX ? lane->refresh_at : REFRESH_MAX;
    refresh(lane);
}

static void note_series(struct outage_lane *lane, const struct request_record *record)
{
    uint64_t index = (uint64_t)max_ns(record->due_ns, 0) / (uint64_t)lane->series_step_ns;
    while (index >= lane->series_capacity) {
        const uint32_t joined = (lane->series_count + 1) / 2;
        for (size_t i = 0; i < joined; i++) {
            struct outage_step step = lane->series[2 * i];
            if (2 * i + 1 < lane->series_count) {
                const struct outage_step *next = &lane->series[2 * i + 1];
                step.n += next->n;
                step.failed += next->failed;
                step.rt_max_ns = max_ns(step.rt_max_ns, next->rt_max_ns);
            }
            lane->series[i] = step;
        }
        memset(lane->series + joined, 0, (lane->series_count - joined) * sizeof(lane->series[0]));
        lane->series_count = joined;
        lane->series_step_ns *= 2;
        index /= 2;
    }
    struct outage_step *step = &lane->series[index];
    lane->series_count = index >= lane->series_count ? (uint32_t)index + 1 : lane->series_count;
    step->n++;
    step->failed += record->outcome != OUTCOME_OK;
    if (record->reply_ns != REQUEST_TIME_NONE)
        step->rt_max_ns = max_ns(step->rt_max_ns, request_response_ns(record));
}

static void note_run_response(struct outage_lane *lane, const struct request_record *record)
{
    const int64_t response_ns = request_response_ns(record);
    if (response_ns <= lane->rt_max_ns)
        return;
    lane->rt_max_ns = response_ns;
    lane->rt_max_id = record->id;
    lane->rt_max_due_ns = record->due_ns;
}

static void note_reply(struct outage_lane *lane, const struct request_record *record)
{
    const bool late = (record->flags & REQUEST_FLAG_LATE) != 0;
    note_run_response(lane, record);
    if (lane->rt_limit_ns != INT64_MAX && (late || request_response_ns(record) > lane->rt_limit_ns))
        note_affected(lane, record);
    struct outage *around = outage_around(lane, record->due_ns);
    note_excess(lane, around, record);
    learn(lane, around, record);
}

/* Unanswered when the run ended, and no later request was answered much later: on its way, or part
 * of an outage that the run ended in. outage_finish knows. */
static void note_open(struct outage_lane *lane, const struct request_record *record)
{
    if (lane->open_count++ == 0)
        lane->open_first_ns = lane->open_last_ns = record->due_ns;
    lane->open_first_ns = min_ns(lane->open_first_ns, record->due_ns);
    lane->open_last_ns = max_ns(lane->open_last_ns, record->due_ns);
}

static void lane_add(struct outage_lane *lane, const struct request_record *record)
{
    const bool replied = record->reply_ns != REQUEST_TIME_NONE;
    const bool warmup = (record->flags & REQUEST_FLAG_WARMUP) != 0;
    note_series(lane, record);
    if (lane->seen++ == 0)
        lane->due_first_ns = lane->due_last_ns = record->due_ns;
    lane->due_first_ns = min_ns(lane->due_first_ns, record->due_ns);
    lane->due_last_ns = max_ns(lane->due_last_ns, record->due_ns);
    if (replied)
        follow_silence(lane, record);
    else
        lane->lost_due_last_ns = max_ns(lane->lost_due_last_ns, record->due_ns);
    if (record->outcome == OUTCOME_OK) {
        lane->ok_due_last_ns = max_ns(lane->ok_due_last_ns, record->due_ns);
        if (lane->watching)
            watch(lane, record);
    }
    if (warmup)
        return;
    if (replied)
        note_reply(lane, record);
    else if (lane->rt_limit_ns == INT64_MAX)
        return;
    else if (record->outcome == OUTCOME_UNANSWERED &&
             lane->silent_from_ns - record->due_ns <= lane->rt_limit_ns)
        note_open(lane, record);
    else
        note_affected(lane, record);
}

void outage_add(struct outage_analysis *a, const struct request_record *record)
{
    assert(record->target + 1u < a->lane_count);
    lane_add(&a->lanes[OUTAGE_LANE_ALL], record);
    lane_add(&a->lanes[record->target + 1u], record);
}

/* The request is counted already, as one without a reply. */
static void lane_late(struct outage_lane *lane, const struct request_record *record)
{
    const uint64_t index = (uint64_t)max_ns(record->due_ns, 0) / (uint64_t)lane->series_step_ns;
    if (index < lane->series_count)
        lane->series[index].rt_max_ns =
            max_ns(lane->series[index].rt_max_ns, request_response_ns(record));
    follow_silence(lane, record);
    if ((record->flags & REQUEST_FLAG_WARMUP) != 0)
        return;
    note_run_response(lane, record);
    if (lane->rt_limit_ns == INT64_MAX)
        return;
    struct outage *o = extend(lane, record->due_ns, record->reply_ns);
    o->silent -= o->silent > 0;
    note_response(o, record);
    note_excess(lane, o, record);
}

void outage_late(struct outage_analysis *a, const struct request_record *record)
{
    assert(record->target + 1u < a->lane_count);
    assert(record->reply_ns != REQUEST_TIME_NONE);
    lane_late(&a->lanes[OUTAGE_LANE_ALL], record);
    lane_late(&a->lanes[record->target + 1u], record);
}

void outage_resume(struct outage_analysis *a, int64_t at_ns)
{
    for (uint32_t i = 0; i < a->lane_count; i++)
        a->lanes[i].silent_from_ns = max_ns(a->lanes[i].silent_from_ns, at_ns);
}

void outage_finish(struct outage_analysis *a, int64_t end_ns)
{
    for (uint32_t i = 0; i < a->lane_count; i++) {
        struct outage_lane *lane = &a->lanes[i];
        const int64_t from_ns = lane->silent_from_ns;
        /* Requests on their way when a run ends are no outage: those would have been due a while
         * before, and nothing came since. */
        if (from_ns == REQUEST_TIME_NONE || lane->lost_due_last_ns < from_ns ||
            end_ns - from_ns <= lane->gap_limit_ns)
            continue;
        if (end_ns - from_ns > lane->gap_max_end_ns - lane->gap_max_start_ns) {
            lane->gap_max_start_ns = from_ns;
            lane->gap_max_end_ns = end_ns;
        }
        note_gap(lane, from_ns, end_ns, true);
        if (lane->open_count == 0)
            continue;
        struct outage *o = extend(lane, lane->open_first_ns, lane->open_last_ns);
        o->affected += lane->open_count;
        o->lost += lane->open_count;
        o->silent += lane->open_count;
        lane->open_count = 0;
    }
}
