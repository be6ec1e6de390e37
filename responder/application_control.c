/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "responder/application_control.h"

#define KIND_METRICS(kind, name)                                                                   \
    METRIC_COUNTER(struct application_sample, figures.succ[kind], name ":succ", name " answered"), \
        METRIC_COUNTER(struct application_sample, figures.fail[kind], name ":fail",                \
                       name " answered negatively or not at all")

#define CLUSTER_GAUGE(field, name, text, unit)                                                     \
    METRIC_GAUGE(struct application_sample, cluster.field, name, text, unit)
#define CLUSTER_COUNTER(field, name, text)                                                         \
    METRIC_COUNTER(struct application_sample, cluster.field, name, text)

struct application_sample {
    struct application_figures figures;
    struct cluster_node_figures cluster;
};

static const struct metric application_metrics[] = {
    KIND_METRICS(SERVICE_INITIAL, "initial"),
    KIND_METRICS(SERVICE_INTERIM, "interim"),
    KIND_METRICS(SERVICE_FINAL, "final"),
    KIND_METRICS(SERVICE_EVENT, "event"),
    KIND_METRICS(SERVICE_ONESHOT, "oneshot"),
    METRIC_COUNTER(struct application_sample, figures.no_credit, "no-credit",
                   "Of the answered: released for lack of credit"),
    METRIC_COUNTER(struct application_sample, figures.retransmissions, "retransmissions",
                   "Requests that came again"),
    METRIC_COUNTER(struct application_sample, figures.duplicates, "duplicates",
                   "Of these: answered again from the table"),
    METRIC_GAUGE(struct application_sample, figures.response_avg_us, "response-avg-us",
                 "Mean response time, last interval", "us"),
    METRIC_GAUGE(struct application_sample, figures.dialogues_open, "dialogues-open",
                 "Dialogues at the end of the last interval", ""),
    CLUSTER_GAUGE(role, "role",
                  "0 starting, 1 passive, 2 claiming, 3 active, 4 failed; without a ledger 0", ""),
    CLUSTER_GAUGE(term, "term", "Of the cluster", ""),
    CLUSTER_GAUGE(paired, "paired", "1: both nodes hold everything, either can be lost", ""),
    CLUSTER_GAUGE(last, "ledger-last", "Index of the last record", ""),
    CLUSTER_GAUGE(commit, "ledger-commit", "Index up to which all is committed", ""),
    CLUSTER_GAUGE(peer_heard_ms, "peer-heard-ms", "Since the other node was heard", "ms"),
    CLUSTER_COUNTER(takeovers, "takeovers", "Times that this node took over from the other one"),
    CLUSTER_COUNTER(forwarded, "forwarded", "Requests passed on to the active node"),
    CLUSTER_COUNTER(gave_up, "gave-up", "Requests that nobody could decide in time"),
    CLUSTER_COUNTER(syncs, "ledger-syncs", "Syncs of the ledger's disk"),
    CLUSTER_GAUGE(sync_us, "ledger-sync-us", "What a sync takes, smoothed", "us"),
};

static void take_sample(void *context, void *sample)
{
    const struct application_control *control = context;
    *(struct application_sample *)sample =
        (struct application_sample){.figures = control->figures, .cluster = control->cluster};
}

enum p7_status application_control_open(struct application_control *control,
                                        struct control_plane *plane, uint16_t port)
{
    const struct telemetry_config config = {
        .group = "responder",
        .text = "Requests handled",
        .list = application_metrics,
        .count = sizeof(application_metrics) / sizeof(application_metrics[0]),
        .control_port = port,
        .context = control,
        .sample = take_sample,
    };
    return telemetry_open(&control->telemetry, plane, &config);
}

void application_control_report(struct application_control *control,
                                const struct server_report *interval)
{
    struct application_figures *f = &control->figures;
    uint64_t response_count = 0;
    uint64_t response_ns = 0;
    for (unsigned k = 0; k < SERVICE_KIND_COUNT; k++) {
        const struct statistics_row *row = &interval->statistics.row[k];
        f->succ[k] += row->succ;
        f->fail[k] += row->fail;
        f->no_credit += row->no_credit;
        f->retransmissions += row->retransmissions;
        f->duplicates += row->duplicates;
        response_count += row->response_count;
        response_ns += row->response_ns_sum;
    }
    f->response_avg_us = response_count > 0 ? response_ns / response_count / 1000 : 0;
    f->dialogues_open = interval->dialogues_open;
}

void application_control_close(struct application_control *control)
{
    telemetry_close(&control->telemetry);
}
