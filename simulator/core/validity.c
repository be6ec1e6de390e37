/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "simulator/core/validity.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int64_t validity_lag_limit_ns(double rate)
{
    /* A request that leaves later than the next one was due is no longer sent at its own instant:
     * hence 1/rate. But no outage is stated to better than the larger of 1/rate and 1 ms, and a
     * sender that sleeps and batches wakes up 50 to 200 us late at best: at 150 000/s, 1/rate is
     * 6.7 us, a limit that fails every generator and betters no figure. So it ends at 250 us, a
     * quarter of the best error that a report states. */
    const double distance_ns = rate > 0.0 ? 1e9 / rate : (double)VALIDITY_LAG_LIMIT_NS;
    return (int64_t)fmin((double)VALIDITY_LAG_LIMIT_NS,
                         fmax(distance_ns, (double)VALIDITY_LAG_LIMIT_FLOOR_NS));
}

__attribute__((format(printf, 2, 3))) static void reason(struct validity *v, const char *format,
                                                         ...)
{
    v->valid = false;
    if (v->reason_count < VALIDITY_REASONS_MAX) {
        va_list arguments;
        va_start(arguments, format);
        (void)vsnprintf(v->reasons[v->reason_count], VALIDITY_REASON_CHARS, format, arguments);
        va_end(arguments);
    }
    v->reason_count++;
}

static void judge_rate(struct validity *v, const struct validity_input *in)
{
    const double limit = in->wanted_rate * VALIDITY_RATE_ERROR_MAX;
    const double off = in->achieved_rate - in->wanted_rate;
    /* Written so that NaN fails. */
    if (fabs(off) <= limit)
        return;
    reason(v,
           "achieved rate was %.1f/s, %.1f %% off the wanted %.1f/s, over the limit of 1 %%: the "
           "generator did not send what the schedule wanted; use a lower rate, more threads, or "
           "more simulators",
           in->achieved_rate, in->wanted_rate > 0.0 ? 100.0 * fabs(off) / in->wanted_rate : 100.0,
           in->wanted_rate);
}

static void judge_lag(struct validity *v, const struct validity_input *in)
{
    const struct histogram *lag = in->lag;
    if (lag == NULL)
        return;
    if (histogram_saturated(lag) > 0)
        reason(v,
               "%" PRIu64 " send lags were negative or above an hour: the generator's clock or "
               "schedule is at fault; report this as a defect of the simulator",
               histogram_saturated(lag));
    if (histogram_count(lag) == 0)
        return;
    const int64_t limit_ns = validity_lag_limit_ns(in->wanted_rate);
    const int64_t p99_9_ns = histogram_percentile(lag, 99.9);
    if (p99_9_ns > limit_ns)
        reason(v,
               "send lag p99.9 was %.3f ms, over the limit of %.3f ms: the generator was too slow "
               "or was not run; use a lower rate or give it a core of its own",
               (double)p99_9_ns / 1e6, (double)limit_ns / 1e6);
    if (in->outage_error_claimed_ns > 0 && histogram_max(lag) > in->outage_error_claimed_ns)
        reason(v,
               "the largest send lag was %.3f ms, over the %.3f ms that the report states as the "
               "error of its outages: the generator stalled; give it a core of its own, or state "
               "a larger error",
               (double)histogram_max(lag) / 1e6, (double)in->outage_error_claimed_ns / 1e6);
}

static void judge_generator(struct validity *v, const struct validity_input *in)
{
    if (in->send_queue_full > 0)
        reason(v,
               "a send queue was full %" PRIu64 " times, the limit is 0: messages waited in the "
               "generator; use larger send buffers, more associations, or a lower rate",
               in->send_queue_full);
    if (in->cpu_share > VALIDITY_CPU_SHARE_MAX)
        reason(v,
               "the generator used %.0f %% of its CPU, over the limit of %.0f %%: it was about to "
               "be the bottleneck; use a lower rate, more threads, or more simulators",
               100.0 * in->cpu_share, 100.0 * VALIDITY_CPU_SHARE_MAX);
}

static const struct validity_span *overlapped_outage(const struct validity_input *in,
                                                     const struct validity_span *stall)
{
    for (size_t i = 0; i < in->outage_count; i++)
        if (stall->from_ns <= in->outages[i].to_ns && in->outages[i].from_ns <= stall->to_ns)
            return &in->outages[i];
    return NULL;
}

/* One sentence for all: a stall each would push other reasons out. */
static void judge_stalls(struct validity *v, const struct validity_input *in)
{
    size_t count = 0;
    const struct validity_span *worst = NULL;
    for (size_t i = 0; i < in->stall_count; i++) {
        const struct validity_span *stall = &in->stalls[i];
        if (overlapped_outage(in, stall) == NULL)
            continue;
        count++;
        if (worst == NULL || stall->to_ns - stall->from_ns > worst->to_ns - worst->from_ns)
            worst = stall;
    }
    if (worst == NULL)
        return;
    const struct validity_span *outage = overlapped_outage(in, worst);
    reason(v,
           "the simulator itself was not run for %.1f ms from %.3f s on, within the outage at "
           "%.3f s to %.3f s (%zu such stall%s, the limit is 0): that outage may be its own; keep "
           "other work off its machine and repeat the run",
           (double)(worst->to_ns - worst->from_ns) / 1e6, (double)worst->from_ns / 1e9,
           (double)outage->from_ns / 1e9, (double)outage->to_ns / 1e9, count,
           count == 1 ? "" : "s");
}

void validity_judge(struct validity *v, const struct validity_input *input)
{
    memset(v, 0, sizeof(*v));
    v->valid = true;
    if (!input->accounting_holds)
        reason(v,
               "the accounting does not balance (%s), the limit is 0 requests: results are not to "
               "be trusted; report this as a defect of the simulator",
               input->accounting_text != NULL ? input->accounting_text : "no details");
    judge_rate(v, input);
    judge_lag(v, input);
    judge_generator(v, input);
    judge_stalls(v, input);
}
