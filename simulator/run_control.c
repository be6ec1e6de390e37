/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "simulator/run_control.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "simulator/run_internal.h"

struct run_sample {
    uint64_t due;
    uint64_t ok;
    uint64_t failed;
    uint64_t open;
    uint64_t retransmissions;
    uint64_t late;
    uint64_t rate;
    uint64_t paused;
    uint64_t completed;
    uint64_t p50_us;
    uint64_t p99_us;
    uint64_t max_us;
    uint64_t send_lag_max_us;
};

static const struct metric run_metrics[] = {
    METRIC_COUNTER(struct run_sample, due, "due", "Requests that were due"),
    METRIC_COUNTER(struct run_sample, ok, "ok", "Requests answered as they should be"),
    METRIC_COUNTER(struct run_sample, failed, "failed", "Requests with an error or a timeout"),
    METRIC_GAUGE(struct run_sample, open, "open", "Requests without an outcome yet", ""),
    METRIC_COUNTER(struct run_sample, retransmissions, "retransmissions", "Requests sent again"),
    METRIC_COUNTER(struct run_sample, late, "late", "Answers behind the timeout"),
    METRIC_GAUGE(struct run_sample, rate, "rate", "Starts per second wanted", "1/s"),
    METRIC_GAUGE(struct run_sample, paused, "paused", "1: nothing new is started", ""),
    METRIC_GAUGE(struct run_sample, completed, "completed", "Requests answered, last second", ""),
    METRIC_GAUGE(struct run_sample, p50_us, "p50-us", "Median response time, last second", "us"),
    METRIC_GAUGE(struct run_sample, p99_us, "p99-us", "99th percentile, last second", "us"),
    METRIC_GAUGE(struct run_sample, max_us, "max-us", "Longest response, last second", "us"),
    METRIC_GAUGE(struct run_sample, send_lag_max_us, "send-lag-max-us",
                 "Longest lag behind a due instant, last second", "us"),
};

static uint64_t us_from_ns(int64_t ns)
{
    return ns > 0 ? (uint64_t)ns / 1000 : 0;
}

static void take_sample(void *context, void *sample)
{
    const struct worker_glance *g = &((const struct run *)context)->glance;
    *(struct run_sample *)sample = (struct run_sample){
        .due = g->due,
        .ok = g->ok,
        .failed = g->failed,
        .open = g->open,
        .retransmissions = g->retransmissions,
        .late = g->late,
        .rate = (uint64_t)(g->rate_wanted_per_s + 0.5),
        .paused = g->paused ? 1 : 0,
        .completed = g->completed_this,
        .p50_us = us_from_ns(g->p50_ns),
        .p99_us = us_from_ns(g->p99_ns),
        .max_us = us_from_ns(g->max_ns),
        .send_lag_max_us = us_from_ns(g->lag_max_ns),
    };
}

static enum p7_status get_rate(void *context, char *value, size_t value_octets)
{
    const struct run *run = context;
    (void)snprintf(value, value_octets, "%.3f", run->glance.rate_wanted_per_s);
    return P7_OK;
}

static enum p7_status set_rate(void *context, const char *value)
{
    char *end = NULL;
    const double rate_per_s = strtod(value, &end);
    if (end == value || *end != '\0')
        return P7_RANGE;
    return run_set_rate(context, rate_per_s);
}

static enum p7_status get_paused(void *context, char *value, size_t value_octets)
{
    const struct run *run = context;
    (void)snprintf(value, value_octets, "%d", run->glance.paused ? 1 : 0);
    return P7_OK;
}

static enum p7_status set_paused(void *context, const char *value)
{
    if (strcmp(value, "0") != 0 && strcmp(value, "1") != 0)
        return P7_RANGE;
    return run_set_paused(context, value[0] == '1');
}

/* What the console shows, in one line: scripts read lines. */
static enum p7_status get_statistics(void *context, char *value, size_t value_octets)
{
    run_statistics_text(context, value, value_octets);
    const size_t length = strlen(value);
    if (length > 0 && value[length - 1] == '\n')
        value[length - 1] = '\0';
    for (char *at = value; (at = strchr(at, '\n')) != NULL;)
        *at = ';';
    return P7_OK;
}

enum p7_status run_control_open(struct run *run)
{
    const struct telemetry_config config = {
        .group = "simulator",
        .text = "A run's figures",
        .list = run_metrics,
        .count = sizeof(run_metrics) / sizeof(run_metrics[0]),
        .control_port = run->settings->control_port,
        .context = run,
        .sample = take_sample,
    };
    const struct {
        const char *name;
        struct control_variable variable;
    } variables[] = {
        {"rate", {.context = run, .get = get_rate, .set = set_rate}},
        {"paused", {.context = run, .get = get_paused, .set = set_paused}},
        {"statistics", {.context = run, .get = get_statistics}},
    };
    enum p7_status status = telemetry_open(&run->telemetry, run->plane, &config);
    for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]) && status == P7_OK; i++)
        status = telemetry_variable_add(&run->telemetry, variables[i].name, variables[i].variable);
    return status;
}

void run_control_close(struct run *run)
{
    telemetry_close(&run->telemetry);
}
