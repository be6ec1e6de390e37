/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "simulator/core/measure.h"

#include <string.h>

#define GLANCE_DIGITS 2

static enum p7_status create_histograms(struct measure *measure)
{
    enum p7_status status = histogram_create_ns(&measure->response);
    for (unsigned k = 0; k < REQUEST_KIND_COUNT && status == P7_OK; k++)
        status = histogram_create_ns(&measure->response_of[k]);
    if (status == P7_OK)
        status = histogram_create_ns(&measure->as_sent);
    if (status == P7_OK)
        status = histogram_create_ns(&measure->lag);
    if (status == P7_OK)
        status =
            histogram_create(&measure->glance.response, 1000, HISTOGRAM_HIGHEST_NS, GLANCE_DIGITS);
    return status;
}

enum p7_status measure_create(struct measure *measure, const struct measure_config *config,
                              struct interval_set *interval)
{
    const struct outage_config outage = {.target_count = config->target_count};
    memset(measure, 0, sizeof(*measure));
    measure->config = *config;
    measure->interval = interval;
    enum p7_status status =
        accounting_create(&measure->accounting, config->flow_count, config->target_count);
    if (status == P7_OK)
        status = outage_create(&measure->outage, &outage);
    if (status == P7_OK)
        status = create_histograms(measure);
    if (status != P7_OK)
        measure_destroy(measure);
    return status;
}

void measure_destroy(struct measure *measure)
{
    accounting_destroy(&measure->accounting);
    outage_destroy(&measure->outage);
    histogram_destroy(&measure->response);
    for (unsigned k = 0; k < REQUEST_KIND_COUNT; k++)
        histogram_destroy(&measure->response_of[k]);
    histogram_destroy(&measure->as_sent);
    histogram_destroy(&measure->lag);
    histogram_destroy(&measure->glance.response);
    memset(measure, 0, sizeof(*measure));
}

void measure_due(struct measure *measure, enum request_kind kind, uint16_t flow, uint16_t target,
                 int64_t due_ns)
{
    accounting_due(&measure->accounting, kind, flow, target);
    interval_due(measure->interval, kind);
    measure->last_due_ns = due_ns;
}

void measure_sent(struct measure *measure, int64_t due_ns, int64_t sent_ns, uint8_t flags)
{
    measure->sent++;
    /* What the peer held up, or no association could take, is not the generator's lag. */
    if ((flags & REQUEST_FLAG_BLOCKED) != 0)
        return;
    (void)histogram_record(&measure->lag, sent_ns - due_ns);
    if (sent_ns - due_ns > measure->glance.lag_max_ns)
        measure->glance.lag_max_ns = sent_ns - due_ns;
}

static void add_response(struct measure *measure, const struct request_record *record)
{
    const int64_t response_ns = request_response_ns(record);
    (void)histogram_record(&measure->glance.response, response_ns);
    if ((record->flags & REQUEST_FLAG_WARMUP) != 0)
        return;
    (void)histogram_record(&measure->response, response_ns);
    (void)histogram_record(&measure->response_of[record->kind], response_ns);
    (void)histogram_record(&measure->as_sent, record->reply_ns - record->sent_ns);
    statistics_stream_add(&measure->stream, response_ns);
}

void measure_completed(struct measure *measure, const struct request_record *record)
{
    accounting_complete(&measure->accounting, record);
    interval_complete(measure->interval, record);
    outage_add(&measure->outage, record);
    measure->glance.completed++;
    if (record->outcome != OUTCOME_OK)
        measure->glance.failed++;
    if (record->outcome == OUTCOME_ERROR)
        failures_count(&measure->failures,
                       (struct failure_cause){record->failure, record->failure_code});
    /* Response times are those of ok replies: a refusal in no time must not better the mean, and
     * the intervals count the same way. */
    if (record->outcome == OUTCOME_OK)
        add_response(measure, record);
}

void measure_late(struct measure *measure, const struct request_record *record)
{
    accounting_late(&measure->accounting, record->kind, record->flow, record->target);
    interval_late(measure->interval, record->kind);
    outage_late(&measure->outage, record);
}

void measure_unexpected(struct measure *measure, enum request_kind kind, uint16_t flow,
                        uint16_t target)
{
    measure->unexpected++;
    accounting_duplicate_reply(&measure->accounting, kind, flow, target);
    interval_duplicate(measure->interval, kind);
}

void measure_stalled(struct measure *measure, int64_t from_ns, int64_t to_ns)
{
    if (measure->stall_count < MEASURE_STALLS_MAX)
        measure->stall[measure->stall_count] =
            (struct measure_stall){.from_ns = from_ns, .to_ns = to_ns};
    measure->stall_count++;
}

void measure_glance_reset(struct measure *measure)
{
    histogram_reset(&measure->glance.response);
    measure->glance.completed = 0;
    measure->glance.failed = 0;
    measure->glance.lag_max_ns = 0;
}

struct interval_set *measure_swap_interval(struct measure *measure, struct interval_set *fresh)
{
    struct interval_set *present = measure->interval;
    measure->interval = fresh;
    return present;
}
