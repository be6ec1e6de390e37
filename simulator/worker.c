/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "simulator/worker.h"

#include <stdlib.h>
#include <string.h>

#include "simulator/worker_internal.h"

#define NS_PER_MS      1000000LL
#define NS_PER_S       1000000000LL
#define REACH_CHECK_NS (10 * NS_PER_MS)

/* How long the end of a run waits beyond the last request's timeout before it calls what is still
 * open unanswered. */
#define DRAIN_GRACE_NS (100 * NS_PER_MS)

/* --- telling main ----------------------------------------------------------------------------- */

static void report(struct worker *worker, const struct worker_report *r)
{
    if (mailbox_post(worker->reports, r) != P7_OK)
        worker->losses.reports++;
}

static void report_glance(struct worker *worker, int64_t now_ns)
{
    const struct accounting_counts *total = &worker->measure.accounting.total;
    struct measure_glance *glance = &worker->measure.glance;
    const struct worker_report r = {
        .kind = WORKER_REPORT_GLANCE,
        .at_ns = now_ns,
        .glance =
            {
                .rate_wanted_per_s = worker->paused ? 0 : worker->rate_wanted_per_s,
                .due = total->due,
                .ok = total->ok,
                .failed = total->error + total->timeout + total->unanswered,
                .open = worker->traffic.open_requests,
                .retransmissions = worker->retransmissions,
                .late = total->late,
                .completed_this = glance->completed,
                .failed_this = glance->failed,
                .dialogues = worker->traffic.calls.in_use,
                .p50_ns = histogram_percentile(&glance->response, 50),
                .p99_ns = histogram_percentile(&glance->response, 99),
                .max_ns = histogram_max(&glance->response),
                .lag_max_ns = glance->lag_max_ns,
                .paused = worker->paused,
            },
    };
    report(worker, &r);
    measure_glance_reset(&worker->measure);
}

/* Hands the interval in progress over. Without a spare set its counts would have to wait for the
 * reader: they are dropped, and counted as lost, which makes the run invalid. */
static void report_interval(struct worker *worker, int64_t end_ns)
{
    if (worker->free_set_count == 0) {
        worker->losses.intervals++;
        interval_next(worker->measure.interval);
        return;
    }
    struct interval_set *fresh = worker->free_set[--worker->free_set_count];
    interval_place(fresh, interval_end_ns(worker->measure.interval));
    const struct worker_report r = {
        .kind = WORKER_REPORT_INTERVAL,
        .at_ns = end_ns,
        .set = measure_swap_interval(&worker->measure, fresh),
        .interval_end_ns = end_ns,
    };
    report(worker, &r);
}

static void on_event(void *context, const struct node_event *event, int64_t now_ns)
{
    struct worker *worker = context;
    const struct worker_report r = {
        .kind = WORKER_REPORT_EVENT,
        .at_ns = worker->phase == WORKER_PHASE_REACHING ? 0 : now_ns - worker->origin_ns,
        .event = *event,
    };
    report(worker, &r);
}

static void on_stalled(void *context, int64_t from_ns, int64_t until_ns)
{
    struct worker *worker = context;
    if (worker->phase == WORKER_PHASE_RUNNING)
        measure_stalled(&worker->measure, from_ns - worker->origin_ns,
                        until_ns - worker->origin_ns);
}

/* --- what the traffic model tells ------------------------------------------------------------- */

static void on_due(void *context, const struct traffic_call *call)
{
    struct worker *worker = context;
    measure_due(&worker->measure, (enum request_kind)call->kind, call->flow, call->target,
                call->due_ns);
}

static void on_sent(void *context, const struct traffic_call *call)
{
    struct worker *worker = context;
    measure_sent(&worker->measure, call->due_ns, call->sent_ns, call->flags);
    const struct request_record record = {.id = call->request_id,
                                          .call = call->number,
                                          .target = call->target,
                                          .sequence = call->ordinal,
                                          .flags = call->flags,
                                          .node = REQUEST_NODE_NONE};
    worker_journal(worker, &record, REQUEST_EVENT_SENT, call->sent_ns);
}

static void on_retransmitted(void *context, const struct traffic_call *call)
{
    struct worker *worker = context;
    (void)call;
    worker->retransmissions++;
}

static void on_completed(void *context, const struct request_record *record, int64_t now_ns)
{
    struct worker *worker = context;
    measure_completed(&worker->measure, record);
    worker_journal(worker, record, REQUEST_EVENT_OVER, now_ns);
}

void worker_journal(struct worker *worker, const struct request_record *record,
                    enum request_event event, int64_t at_ns)
{
    if (worker->recorder == NULL || !worker->settings->simulator.journal_durable)
        return;
    struct request_record entry = *record;
    entry.event = (uint8_t)event;
    entry.reply_ns = at_ns;
    (void)recorder_put(worker->recorder, &entry); /* a lost one is counted there */
}

static void put_row(struct worker *worker, const struct request_record *record)
{
    if (worker->recorder != NULL)
        (void)recorder_put(worker->recorder, record);
}

/* One row less has waited long enough. Its second dialogue is given up without a word: both are of
 * one call at a peer that shares it between its nodes, and an abort would end it for both. */
static bool release_echo(struct worker *worker, int64_t now_ns)
{
    struct echo echo;
    if (!echoes_pop(&worker->echoes, now_ns, &echo))
        return false;
    if (echo.twin != TCAP_DIALOGUE_INVALID &&
        tcap_dialogue_find(node_dialogues(worker->node), echo.twin_id) == echo.twin)
        node_dialogue_drop(worker->node, echo.twin);
    put_row(worker, &echo.record);
    return true;
}

void worker_release_echoes(struct worker *worker, int64_t now_ns)
{
    while (release_echo(worker, now_ns))
        ;
}

static void keep_echo(struct worker *worker, const struct request_record *record)
{
    const struct worker_reply *reply = &worker->reply;
    const struct echo echo = {
        .record = *record,
        .digest = reply->digest,
        .key = reply->key,
        .twin = reply->twin,
        .twin_id = reply->twin == TCAP_DIALOGUE_INVALID
                       ? 0
                       : tcap_dialogue_local_id(node_dialogues(worker->node), reply->twin),
    };
    if (echoes_is_full(&worker->echoes))
        (void)release_echo(worker, INT64_MAX);
    echoes_put(&worker->echoes, &echo, record->reply_ns);
}

const struct request_record *worker_replied_again(struct worker *worker,
                                                  const struct worker_reply *reply)
{
    bool contradicts;
    const struct request_record *record =
        echoes_again(&worker->echoes, reply->key, reply->digest, &contradicts);
    if (record == NULL) {
        worker->copies.unmatched++;
        return NULL;
    }
    /* The record remembers any contradiction, the journal tells of this reply. */
    struct request_record again = *record;
    again.node = reply->node;
    again.flags &= (uint8_t)~REQUEST_FLAG_CONTRADICTED;
    if (contradicts) {
        again.flags |= REQUEST_FLAG_CONTRADICTED;
        worker->copies.contradicted++;
    }
    worker_journal(worker, &again, REQUEST_EVENT_AGAIN, worker_clock_ns(worker));
    return record;
}

static void on_recorded(void *context, const struct request_record *record)
{
    struct worker *worker = context;
    if ((record->flags & REQUEST_FLAG_LATE) != 0) {
        measure_late(&worker->measure, record);
        worker_journal(worker, record, REQUEST_EVENT_LATE, record->reply_ns);
    }
    const struct worker_reply *reply = &worker->reply;
    if (reply->is_set && worker->echoes.capacity > 0 &&
        (record->attempts > 1 || reply->twin != TCAP_DIALOGUE_INVALID)) {
        keep_echo(worker, record);
        return;
    }
    put_row(worker, record);
}

static void on_unexpected(void *context, const struct traffic_call *call, int64_t now_ns)
{
    struct worker *worker = context;
    (void)now_ns;
    measure_unexpected(&worker->measure, (enum request_kind)call->kind, call->flow, call->target);
    if (worker->reply.is_set)
        (void)worker_replied_again(worker, &worker->reply);
}

/* --- phases of a run -------------------------------------------------------------------------- */

static bool every_target_is_reachable(const struct worker *worker)
{
    for (uint32_t t = 0; t < worker->settings->simulator.target_count; t++) {
        bool is_open = false;
        for (uint32_t i = 0; i < worker->route_count[t] && !is_open; i++)
            is_open = node_route_is_two_way(worker->node, &worker->route[t][i]);
        if (!is_open)
            return false;
    }
    return true;
}

static int64_t turn_reaching(struct worker *worker, int64_t now_ns)
{
    if (!every_target_is_reachable(worker))
        return now_ns + REACH_CHECK_NS;
    worker->origin_ns = now_ns;
    worker->glance_at_ns = NS_PER_S;
    worker->phase = WORKER_PHASE_RUNNING;
    const struct worker_report r = {.kind = WORKER_REPORT_STARTED, .at_ns = now_ns};
    report(worker, &r);
    return now_ns;
}

/* Does what is due; true when more is. */
static bool act(struct worker *worker, int64_t now_ns)
{
    for (unsigned i = 0; i < WORKER_ACTIONS_PER_TURN; i++) {
        const struct traffic_action action = traffic_next(&worker->traffic, now_ns);
        if (action.kind == TRAFFIC_NOTHING)
            return false;
        worker_act(worker, action);
    }
    return true;
}

static int64_t earlier(int64_t a_ns, int64_t b_ns)
{
    return a_ns < b_ns ? a_ns : b_ns;
}

static int64_t later(int64_t a_ns, int64_t b_ns)
{
    return a_ns > b_ns ? a_ns : b_ns;
}

static bool is_over(const struct worker *worker, int64_t now_ns)
{
    if (traffic_is_drained(&worker->traffic, now_ns))
        return true;
    const int64_t end_ns = worker->traffic.settings.duration_ns;
    return end_ns != TIMER_NEVER_NS &&
           now_ns > end_ns + worker->traffic.settings.timeout_ns + DRAIN_GRACE_NS;
}

static int64_t turn_running(struct worker *worker, int64_t now_ns)
{
    bool has_more = false;
    if (now_ns >= worker->pace_at_ns) {
        has_more = act(worker, now_ns);
        worker->pace_at_ns = now_ns + WORKER_PACE_NS;
    }
    worker_release_echoes(worker, now_ns);
    while (interval_end_ns(worker->measure.interval) <= now_ns)
        report_interval(worker, interval_end_ns(worker->measure.interval));
    if (worker->glance_at_ns <= now_ns) {
        report_glance(worker, now_ns);
        worker->glance_at_ns += NS_PER_S;
    }
    if (has_more) {
        worker->pace_at_ns = now_ns;
        return now_ns;
    }
    if (is_over(worker, now_ns)) {
        traffic_finish(&worker->traffic, now_ns);
        worker->phase = WORKER_PHASE_CLOSING;
        return now_ns;
    }
    const int64_t end_ns = worker->traffic.settings.duration_ns;
    int64_t at_ns = later(traffic_deadline_ns(&worker->traffic), worker->pace_at_ns);
    at_ns = earlier(at_ns, interval_end_ns(worker->measure.interval));
    at_ns = earlier(at_ns, worker->glance_at_ns);
    return end_ns > now_ns ? earlier(at_ns, end_ns) : at_ns;
}

static int64_t turn_closing(struct worker *worker, int64_t now_ns)
{
    if (act(worker, now_ns))
        return now_ns;
    worker_release_echoes(worker, INT64_MAX);
    report_interval(worker, now_ns);
    report_glance(worker, now_ns);
    worker->phase = WORKER_PHASE_DONE;
    const struct worker_report r = {.kind = WORKER_REPORT_DONE, .at_ns = now_ns};
    report(worker, &r);
    return TIMER_NEVER_NS - worker->origin_ns;
}

static int64_t on_turn(void *context, int64_t now_ns)
{
    struct worker *worker = context;
    switch (worker->phase) {
    case WORKER_PHASE_REACHING:
        return turn_reaching(worker, now_ns);
    case WORKER_PHASE_RUNNING:
        return turn_running(worker, now_ns - worker->origin_ns) + worker->origin_ns;
    case WORKER_PHASE_CLOSING:
        return turn_closing(worker, now_ns - worker->origin_ns) + worker->origin_ns;
    case WORKER_PHASE_DONE:
        break;
    }
    return TIMER_NEVER_NS;
}

/* --- commands --------------------------------------------------------------------------------- */

static void set_rate(struct worker *worker, double rate_per_s, int64_t now_ns)
{
    for (uint32_t f = 0; f < worker->traffic.settings.flow_count; f++) {
        const double share = worker->traffic.settings.flow[f].rate_per_s / worker->rate_base_per_s;
        if (traffic_set_rate(&worker->traffic, f, rate_per_s * share, now_ns) != P7_OK)
            return;
    }
    worker->rate_wanted_per_s = rate_per_s;
    worker_set_outage_rates(worker, rate_per_s / worker->rate_base_per_s);
    outage_resume(&worker->measure.outage, now_ns);
}

static void on_command(void *context, const void *message, int64_t loop_now_ns)
{
    struct worker *worker = context;
    struct worker_command command;
    memcpy(&command, message, sizeof(command));
    const int64_t now_ns = loop_now_ns - worker->origin_ns;
    if (command.kind == WORKER_RETURN_SET) {
        worker->free_set[worker->free_set_count++] = command.set;
        return;
    }
    if (worker->phase == WORKER_PHASE_REACHING && command.kind == WORKER_FINISH) {
        worker->origin_ns = loop_now_ns;
        traffic_finish(&worker->traffic, 0);
        worker->phase = WORKER_PHASE_CLOSING;
    }
    if (worker->phase != WORKER_PHASE_RUNNING)
        return;
    switch (command.kind) {
    case WORKER_SET_RATE:
        set_rate(worker, command.rate_per_s, now_ns);
        break;
    case WORKER_PAUSE:
        worker->paused = traffic_pause(&worker->traffic, now_ns) == P7_OK;
        break;
    case WORKER_RESUME:
        if (traffic_resume(&worker->traffic, now_ns) == P7_OK) {
            worker->paused = false;
            outage_resume(&worker->measure.outage, now_ns);
        }
        break;
    case WORKER_FINISH:
        traffic_stop(&worker->traffic, now_ns);
        break;
    case WORKER_RETURN_SET:
        break;
    }
}

struct traffic_sink worker_traffic_sink(struct worker *worker)
{
    return (struct traffic_sink){
        .context = worker,
        .due = on_due,
        .sent = on_sent,
        .retransmitted = on_retransmitted,
        .completed = on_completed,
        .recorded = on_recorded,
        .unexpected = on_unexpected,
    };
}

struct data_plane_hooks worker_hooks(struct worker *worker)
{
    return (struct data_plane_hooks){
        .context = worker,
        .dialogue = worker_on_dialogue,
        .discarded = worker_on_discarded,
        .event = on_event,
        .turn = on_turn,
        .command = on_command,
        .stalled = on_stalled,
        .realtime = worker->settings->simulator.realtime,
        .command_octets = sizeof(struct worker_command),
    };
}

/* --- life cycle ------------------------------------------------------------------------------- */

enum p7_status worker_create(const struct worker_config *config, struct worker **out, char *verdict,
                             size_t verdict_octets)
{
    struct worker *worker = calloc(1, sizeof(*worker));
    if (worker == NULL)
        return P7_NO_MEMORY;
    worker->settings = config->settings;
    worker->recorder = config->recorder;
    const enum p7_status status = worker_create_parts(worker, config, verdict, verdict_octets);
    if (status != P7_OK) {
        worker_destroy(worker);
        return status;
    }
    *out = worker;
    return P7_OK;
}

enum p7_status worker_start(struct worker *worker, char *error, size_t error_octets)
{
    return data_plane_start(worker->plane, error, error_octets);
}

void worker_stop(struct worker *worker)
{
    data_plane_stop(worker->plane);
}

void worker_destroy(struct worker *worker)
{
    if (worker == NULL)
        return;
    data_plane_destroy(worker->plane);
    if (worker->reports != NULL)
        mailbox_destroy(worker->reports);
    traffic_destroy(&worker->traffic);
    free(worker->parameters);
    echoes_destroy(&worker->echoes);
    measure_destroy(&worker->measure);
    for (unsigned i = 0; i < WORKER_INTERVAL_SETS; i++)
        interval_destroy(&worker->set[i]);
    free(worker);
}

enum p7_status worker_post(struct worker *worker, const struct worker_command *command)
{
    return data_plane_post(worker->plane, command);
}

struct mailbox *worker_reports(struct worker *worker)
{
    return worker->reports;
}

struct data_plane *worker_data_plane(struct worker *worker)
{
    return worker->plane;
}

struct measure *worker_measure(struct worker *worker)
{
    return &worker->measure;
}

const struct traffic *worker_traffic(const struct worker *worker)
{
    return &worker->traffic;
}

struct worker_losses worker_get_losses(const struct worker *worker)
{
    return worker->losses;
}

struct worker_copies worker_get_copies(const struct worker *worker)
{
    return worker->copies;
}

struct bytes worker_target_origin(const struct worker *worker, uint32_t index)
{
    return sccp_party_bytes(&worker->route[index][0].calling);
}
