/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The sentences of figures.h: what an operator who never read MEASUREMENT understands. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "simulator/report/figures.h"

#define NS_PER_MS 1e6
#define NS_PER_S  1e9

/* Measured rungs fall up to 15 ms beside the computed ones. */
#define RUNG_ERROR_MS 15

void figures_verdict(const struct run *run, char *text, size_t octets)
{
    const struct run_record *record = &run->record;
    const uint64_t failed = figures_failed(run);
    char result[160];
    if (failed == 0)
        (void)snprintf(result, sizeof(result), "No request failed.");
    else
        (void)snprintf(result, sizeof(result), "%llu of %llu requests failed.",
                       (unsigned long long)failed, (unsigned long long)record->total.due);
    const char *thresholds = record->threshold_count == 0     ? ""
                             : figures_thresholds_passed(run) ? " Every threshold was kept."
                                                              : " A threshold was broken.";
    if (record->validity.valid)
        (void)snprintf(text, octets,
                       "The generator kept its schedule, so these figures are the system's. %s%s",
                       result, thresholds);
    else
        (void)snprintf(text, octets,
                       "Do not use these figures: they may be the load generator's and not the "
                       "system's. %s%s",
                       result, thresholds);
}

void figures_what_ran(const struct run *run, char *text, size_t octets)
{
    const struct run_record *record = &run->record;
    const time_t seconds = (time_t)(record->start_wall_ns / 1000000000);
    struct tm utc;
    char when[64] = "";
    if (gmtime_r(&seconds, &utc) != NULL)
        (void)strftime(when, sizeof(when), "%Y-%m-%d %H:%M:%S UTC", &utc);
    (void)snprintf(text, octets, "%.10g requests/s for %.10g s over %s%s, %s, pulse7 %s",
                   round(record->rate_target_per_s * 1000) / 1000,
                   round((double)record->elapsed_ns / NS_PER_MS) / 1000,
                   record->transport_kind == NULL ? "?" : record->transport_kind,
                   record->stopped_early ? " (stopped early)" : "", when,
                   record->version == NULL ? "?" : record->version);
}

void figures_accounting(const struct run *run, char *text, size_t octets)
{
    const struct accounting_counts *t = &run->record.total;
    (void)snprintf(
        text, octets,
        "%llu due = %llu ok + %llu error + %llu timeout + %llu unanswered%s; %llu "
        "answered late, %llu sent again, %llu answered twice",
        (unsigned long long)t->due, (unsigned long long)t->ok, (unsigned long long)t->error,
        (unsigned long long)t->timeout, (unsigned long long)t->unanswered,
        run_accounting_balanced(t) ? "" : " (DOES NOT ADD UP)", (unsigned long long)t->late,
        (unsigned long long)t->retransmissions, (unsigned long long)t->duplicate_replies);
}

void figures_outage(const struct run *run, const struct run_outage *outage, char *text,
                    size_t octets)
{
    const struct outage *o = &outage->outage;
    const struct run_lane *lane = &run->record.outages->lane[outage->lane];
    char whom[RUN_NAME_OCTETS + 32] = "The system";
    if (outage->lane != OUTAGE_LANE_ALL)
        (void)snprintf(whom, sizeof(whom), "Target %s", lane->name);
    char lost[96] = "every one was answered in the end";
    if (o->lost > 0)
        (void)snprintf(lost, sizeof(lost), "%llu of them got no answer in time",
                       (unsigned long long)o->lost);
    char after[96] = "it did not come back before the run's end";
    if (!o->gap_open)
        (void)snprintf(after, sizeof(after), "normal again at %.3f s",
                       (double)o->end_ns / NS_PER_S);
    (void)snprintf(text, octets,
                   "%s was in trouble from %.3f s after the start: %llu %s held up, %s; %s.", whom,
                   (double)o->start_ns / NS_PER_S, (unsigned long long)o->affected,
                   o->affected == 1 ? "request was" : "requests were", lost, after);
}

void figures_baseline(const struct run *run, const struct run_lane *lane, char *text, size_t octets)
{
    (void)run;
    if (lane->rt_limit_ns < 0) {
        (void)snprintf(text, octets,
                       "Too few requests to know what is usual: outages could not be looked for. "
                       "Run longer, or at a higher rate.");
        return;
    }
    (void)snprintf(text, octets,
                   "Baseline b = %.3f ms (median response time). Resolution d = %.3f ms (one "
                   "request each: nothing finer can be seen). An outage is a response time above "
                   "%.3f ms or a silence above %.3f ms.",
                   (double)lane->baseline_ns / NS_PER_MS, (double)lane->resolution_ns / NS_PER_MS,
                   (double)lane->rt_limit_ns / NS_PER_MS, (double)lane->gap_limit_ns / NS_PER_MS);
}

/* The bracket D_sctp of a measured outage: a lost packet is answered only after one of the rungs
 * M(k) = sum over i < k of min(r 2^i, RTO.Max). False: it is on no rung. */
static bool rung_bracket(const struct sctp_profile *profile, double measured_ms, double *low_ms,
                         double *high_ms)
{
    double sum_ms = 0;
    double rto_ms = profile->rto_min_ms;
    for (unsigned k = 0; k < 64 && rto_ms > 0; k++) {
        *low_ms = sum_ms;
        sum_ms += fmin(rto_ms, profile->rto_max_ms);
        *high_ms = sum_ms;
        if (fabs(measured_ms - sum_ms) <= RUNG_ERROR_MS)
            return true;
        if (sum_ms > measured_ms + RUNG_ERROR_MS)
            return false;
        rto_ms *= 2;
    }
    return false;
}

void figures_held_or_lost(const struct run *run, char *text, size_t octets)
{
    const struct transport_counters *counters = &run->record.transport_counters;
    int64_t down_ns = 0, high_ns = 0;
    if (counters->chunks_retransmitted == 0) {
        (void)snprintf(text, octets,
                       "SCTP sent nothing again, so packets were held and not lost: D_max and "
                       "D_gap are the outage's true length within their bounds.");
        return;
    }
    double bracket_low_ms = 0, bracket_high_ms = 0;
    const bool read_back =
        run->record.association_count > 0 && run->record.association[0].has_before;
    if (figures_downtime_ns(run, &down_ns, &high_ns) && read_back &&
        rung_bracket(&run->record.association[0].before.profile, (double)down_ns / NS_PER_MS,
                     &bracket_low_ms, &bracket_high_ms))
        (void)snprintf(
            text, octets,
            "SCTP sent %llu chunks again, and the longest outage lies on a rung of its "
            "retransmission timer: if packets were lost, all that can be said is D_sctp: "
            "longer than %.0f ms, at most %.0f ms (each give or take %d ms).",
            (unsigned long long)counters->chunks_retransmitted, bracket_low_ms, bracket_high_ms,
            RUNG_ERROR_MS);
    else
        (void)snprintf(text, octets,
                       "SCTP sent %llu chunks again in this run: where packets were lost, a "
                       "response time shows SCTP's retransmission timer and not the outage.",
                       (unsigned long long)counters->chunks_retransmitted);
}
