/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* From what the core keeps to what run.json holds. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "simulator/record/run_json.h"

#define NS_PER_MS 1e6

/* HdrHistogram's usual resolution of the curve. */
#define TICKS_PER_HALF_DISTANCE 5

bool run_accounting_balanced(const struct accounting_counts *accounting)
{
    return accounting->due ==
           accounting->ok + accounting->error + accounting->timeout + accounting->unanswered;
}

void run_distribution_of(struct run_distribution *distribution, const struct histogram *histogram,
                         const struct statistics_moments *moments)
{
    *distribution = (struct run_distribution){
        .count = histogram_count(histogram),
        .clipped = histogram_saturated(histogram),
        .min_ns = histogram_min(histogram),
        .max_ns = histogram_max(histogram),
        .mean_ns = moments == NULL ? histogram_mean(histogram) : statistics_moments_mean(moments),
        .sd_ns = moments == NULL ? histogram_sd(histogram) : statistics_moments_sd(moments),
    };
    for (size_t i = 0; i < RUN_QUANTILES; i++)
        distribution->quantile_ns[i] = histogram_percentile(histogram, run_percentiles[i]);
}

uint32_t run_curve_of(const struct histogram *histogram, struct run_curve_point *points,
                      uint32_t most)
{
    uint32_t count = 0;
    if (histogram_count(histogram) == 0 || most == 0)
        return 0;
    const int64_t max_ns = histogram_max(histogram);
    double percentile = 0;
    while (count + 1 < most) {
        const int64_t value_ns = histogram_percentile(histogram, percentile);
        if (value_ns >= max_ns)
            break;
        points[count++] = (struct run_curve_point){percentile / 100, value_ns};
        const double half_distances = floor(log2(100 / (100 - percentile))) + 1;
        percentile += 100 / (TICKS_PER_HALF_DISTANCE * exp2(half_distances));
    }
    points[count++] = (struct run_curve_point){1, max_ns};
    return count;
}

void run_statistics_of(struct run_statistics *statistics, const struct statistics_summary *averages,
                       const struct statistics_batch_means *batches)
{
    *statistics = (struct run_statistics){
        .interval_count = (uint32_t)averages->n,
        .mean_ms = averages->n == 0 ? NAN : averages->mean / NS_PER_MS,
        .variance_ms2 = averages->n == 0 ? NAN : averages->variance / NS_PER_MS / NS_PER_MS,
        .sd_ms = averages->n == 0 ? NAN : averages->sd / NS_PER_MS,
        .median_ms = averages->n == 0 ? NAN : averages->median / NS_PER_MS,
        .e_paper_ms = averages->n < 2 ? NAN : averages->e_paper / NS_PER_MS,
        .lag1 = averages->n < 3 ? NAN : averages->lag1,
        .batched = batches->known,
        .batch_size = batches->batch_size,
        .batch_mean_ms = batches->known ? batches->mean / NS_PER_MS : NAN,
        .e_bm_ms = batches->known ? batches->e_bm / NS_PER_MS : NAN,
        .e_naive_ms = batches->known ? batches->e_naive / NS_PER_MS : NAN,
        .lag1_batches = batches->known ? batches->lag1_batches : NAN,
        .lag1_requests = batches->known ? batches->lag1 : NAN,
    };
}

/* A lane that saw too few requests has no limits: the analysis then has them beyond all time. */
static int64_t limit_or_unknown(int64_t limit_ns)
{
    return limit_ns == INT64_MAX ? -1 : limit_ns;
}

static void describe_lane(struct run_lane *lane, const struct outage_analysis *analysis,
                          uint32_t index, const char *name)
{
    *lane = (struct run_lane){
        .baseline_ns = outage_baseline_ns(analysis, index),
        .resolution_ns = outage_resolution_ns(analysis, index),
        .rt_limit_ns = limit_or_unknown(outage_rt_limit_ns(analysis, index)),
        .gap_limit_ns = limit_or_unknown(outage_gap_limit_ns(analysis, index)),
        .rt_max_ns = -1,
        .gap_max_ns = -1,
    };
    (void)snprintf(lane->name, sizeof(lane->name), "%s", name);
    int64_t rt_ns = 0, due_ns = 0, start_ns = 0, end_ns = 0;
    uint64_t id = 0;
    if (outage_rt_max(analysis, index, &rt_ns, &id, &due_ns)) {
        lane->rt_max_ns = rt_ns;
        lane->rt_max_due_ns = due_ns;
    }
    if (outage_gap_max(analysis, index, &start_ns, &end_ns)) {
        lane->gap_max_ns = end_ns - start_ns;
        lane->gap_max_start_ns = start_ns;
    }
}

static void copy_outages(struct run_outages *outages, const struct outage_analysis *analysis,
                         uint32_t lane)
{
    struct run_lane *into = &outages->lane[lane];
    const size_t found = outage_count(analysis, lane, &into->outages_dropped);
    for (size_t i = 0; i < found; i++) {
        if (outages->outage_count == RUN_OUTAGES_MAX) {
            into->outages_dropped += found - i;
            return;
        }
        const struct outage *outage = outage_at(analysis, lane, i);
        struct run_outage *entry = &outages->outage[outages->outage_count++];
        entry->lane = lane;
        entry->outage = *outage;
        for (unsigned e = 0; e < OUTAGE_ESTIMATOR_COUNT; e++)
            entry->estimate[e] = outage_estimate(analysis, lane, outage, (enum outage_estimator)e);
        into->outage_count++;
    }
}

void run_outages_of(struct run_outages *outages, const struct outage_analysis *analysis,
                    const char *const *target_names, uint32_t target_count)
{
    memset(outages, 0, sizeof(*outages));
    /* With one target its lane says the same as that of all. */
    uint32_t lanes = target_count > 1 ? target_count + 1 : 1;
    if (lanes > outage_lane_count(analysis))
        lanes = outage_lane_count(analysis);
    if (lanes > RUN_LANES_MAX)
        lanes = RUN_LANES_MAX;
    for (uint32_t lane = 0; lane < lanes; lane++) {
        describe_lane(&outages->lane[lane], analysis, lane,
                      lane == OUTAGE_LANE_ALL ? "all" : target_names[lane - 1]);
        copy_outages(outages, analysis, lane);
    }
    outages->lane_count = lanes;
}

void run_validity_add_recorder(struct validity *validity, const struct recorder_counters *counters)
{
    if (recorder_counters_complete(counters))
        return;
    if (validity->reason_count < VALIDITY_REASONS_MAX)
        (void)snprintf(validity->reasons[validity->reason_count], VALIDITY_REASON_CHARS,
                       "the record of requests is incomplete: %llu rows lost as the disk was too "
                       "slow, %llu as it refused them (%s); limit 0; write to a faster disk with "
                       "more room",
                       (unsigned long long)counters->records_lost_full,
                       (unsigned long long)counters->records_lost_disk,
                       counters->error_number == 0 ? "no error" : strerror(counters->error_number));
    validity->reason_count++;
    validity->valid = false;
}
