/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "responder/server.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "config/node_config.h"
#include "responder/server_internal.h"
#include "sigtran/runtime/clock.h"

#define NS_PER_MS   1000000LL
#define REPORTS_MAX 1024
#define FIGURES_NS  (1000 * NS_PER_MS)

/* --- turns ------------------------------------------------------------------------------------ */

static void close_interval(struct server *server)
{
    const struct server_report report = {
        .kind = SERVER_REPORT_INTERVAL,
        .at_ns = server->interval_to_ns - server->origin_ns,
        .length_ns = server->interval_to_ns - server->interval_from_ns,
        .statistics = server->service.statistics,
        .dialogues_open = tcap_dialogue_count(node_dialogues(server->node)),
    };
    /* Main is late by a thousand intervals: they stay in the count, and come with the next one. */
    if (mailbox_post(server->reports, &report) == P7_OK) {
        statistics_reset(&server->service.statistics);
        server->interval_from_ns = server->interval_to_ns;
    }
    server->interval_to_ns += (int64_t)server->settings->responder.interval_ms * NS_PER_MS;
}

static void report_figures(struct server *server, int64_t now_ns)
{
    struct server_report report = {
        .kind = SERVER_REPORT_CLUSTER,
        .at_ns = now_ns - server->origin_ns,
    };
    if (now_ns < server->figures_ns)
        return;
    server->figures_ns = now_ns + FIGURES_NS;
    cluster_node_get_figures(server->cluster, now_ns, &report.figures);
    (void)!mailbox_post(server->reports, &report);
}

static int64_t on_turn(void *context, int64_t now_ns)
{
    struct server *server = context;
    if (server->origin_ns == 0) {
        if (server->cluster != NULL)
            cluster_node_start(server->cluster, now_ns);
        server->origin_ns = now_ns;
        server->interval_from_ns = now_ns;
        server->interval_to_ns =
            now_ns + (int64_t)server->settings->responder.interval_ms * NS_PER_MS;
    }
    while (server->interval_to_ns <= now_ns)
        close_interval(server);
    server_send_delayed(server, now_ns);
    if (server->tests_activity)
        server_test_activity(server, now_ns);
    int64_t cluster_ns = TIMER_NEVER_NS;
    if (server->cluster != NULL) {
        report_figures(server, now_ns);
        cluster_ns = cluster_node_turn(server->cluster, now_ns);
    }
    const int64_t delayed_ns = timer_heap_deadline_ns(&server->delays);
    const int64_t due_ns =
        delayed_ns < server->interval_to_ns ? delayed_ns : server->interval_to_ns;
    const int64_t test_ns =
        server->tests_activity ? activity_deadline_ns(&server->activity) : TIMER_NEVER_NS;
    const int64_t next_ns = test_ns < due_ns ? test_ns : due_ns;
    return cluster_ns < next_ns ? cluster_ns : next_ns;
}

void server_tell(struct server *server, const struct node_event *event, int64_t now_ns)
{
    const struct server_report report = {
        .kind = SERVER_REPORT_EVENT,
        .at_ns = server->origin_ns == 0 ? 0 : now_ns - server->origin_ns,
        .event = *event,
    };
    (void)!mailbox_post(server->reports, &report);
}

static void on_event(void *context, const struct node_event *event, int64_t now_ns)
{
    server_tell(context, event, now_ns);
}

static void on_jobs_done(void *context, int64_t now_ns)
{
    struct server *server = context;
    uint64_t count;
    (void)now_ns;
    if (read(server->wake_fd, &count, sizeof(count)) == -1 && errno != EAGAIN)
        return;
    server_collect(server);
}

/* On a worker's thread. */
static void wake(void *argument)
{
    const struct server *server = argument;
    const uint64_t one = 1;
    /* EAGAIN means that the counter is full of wake-ups already. */
    if (write(server->wake_fd, &one, sizeof(one)) == -1)
        return;
}

/* --- life cycle ------------------------------------------------------------------------------- */

static enum p7_status create_service(struct server *server)
{
    const struct responder_settings *s = &server->settings->responder;
    struct service_params params;
    service_params_init(&params);
    params.account_first = s->account_first;
    params.account_count = s->account_count;
    params.account_balance = s->account_balance;
    params.tariff = (struct tariff){
        .price_per_call = s->tariff.price_per_call,
        .price_per_second = s->tariff.price_per_second,
        .price_per_event = s->tariff.price_per_event,
        .slice_ms = s->tariff.slice_ms,
    };
    params.fault = (struct fault_params){
        .error_weight = s->fault.error_weight,
        .drop_weight = s->fault.drop_weight,
        .delay_weight = s->fault.delay_weight,
        .delay_ms = s->fault.delay_ms,
    };
    params.duplicates_max = s->duplicates_max;
    params.oneshot_service_key = s->oneshot_service_key;
    params.identity_key = *service_identity_key();
    /* With a ledger the service runs on the wall clock. */
    params.asks_information = s->asks_information;
    params.furnishes = s->furnishes;
    params.continues_at_end = s->call_end == CALL_END_CONTINUE;
    params.oneshot_prearranged = s->oneshot_prearranged;
    params.refuses_old = s->ledger.on || s->cluster.id != 0;
    return service_create(&server->service, &params);
}

static enum p7_status create_workload(struct server *server)
{
    const struct responder_settings *s = &server->settings->responder;
    /* Where a ledger writes, and writes a little when idle, a second writer with nothing to write
     * would only make its syncs slower. */
    const bool writes = server->cluster == NULL || s->workload.octets_written > 0;
    const struct workload_params params = {
        .plan =
            {
                .cpu_us = s->workload.cpu_us,
                .octets_written = s->workload.octets_written,
                .pages_dirtied = s->workload.pages_dirtied,
            },
        .heap_octets = s->workload.heap_octets,
        .workers = s->workload.workers,
        .directory = writes ? s->data : "",
        .wake = wake,
        .wake_argument = server,
    };
    if (s->workload.workers > 0) {
        server->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
        if (server->wake_fd == -1)
            return P7_SYSTEM;
    }
    const enum p7_status status = workload_create(&server->workload, &params);
    if (status == P7_OK)
        server->works = !workload_is_idle(server->workload);
    return status;
}

static enum p7_status watch_for_cluster(void *context, int descriptor,
                                        void (*ready)(void *ready_context, int64_t now_ns),
                                        void *ready_context)
{
    const struct server *server = context;
    return data_plane_watch(server->plane, descriptor, ready, ready_context);
}

static enum p7_status create_plane(struct server *server, char *verdict, size_t verdict_octets)
{
    const struct responder_settings *s = &server->settings->responder;
    const struct data_plane_hooks hooks = {
        .context = server,
        .dialogue = server_on_dialogue,
        .event = on_event,
        .stray = server_on_stray,
        .turn = on_turn,
        .command = server_on_command,
        .command_octets = sizeof(void *),
    };
    const struct cluster_node_watcher watcher = {.context = server, .watch = watch_for_cluster};
    struct node_setup node;
    enum p7_status status = node_setup_make(server->settings, s->ssn, &node);
    if (status != P7_OK)
        return status;
    node.config.dialogues_max = s->dialogues_max;
    node.config.user_octets = sizeof(struct server_dialogue);
    node.config.inactivity_ns = (int64_t)s->dialogue_timeout_ms * NS_PER_MS;
    node.config.generation = (uint16_t)getpid();
    char capture_path[SETTINGS_PATH_OCTETS + CLOCK_TEXT_OCTETS + 32];
    char started[CLOCK_TEXT_OCTETS];
    if (server->settings->capture_octets != 0) {
        (void)snprintf(capture_path, sizeof(capture_path), "%s/messages-%s.pcapng", s->data,
                       clock_wall_label(clock_wall_ns(), started, sizeof(started)));
        node.config.capture.path = capture_path;
    }
    status = data_plane_create(&node.config, &hooks, &server->plane, verdict, verdict_octets);
    node_setup_free(&node);
    if (status != P7_OK)
        return status;
    server->node = data_plane_node(server->plane);
    if (server->wake_fd != -1)
        status = data_plane_watch(server->plane, server->wake_fd, on_jobs_done, server);
    if (status == P7_OK && server->cluster != NULL)
        status = cluster_node_watch(server->cluster, &watcher);
    return status;
}

static enum p7_status create_parts(struct server *server, char *verdict, size_t verdict_octets)
{
    (void)snprintf(verdict, verdict_octets, "accounts: the range does not fit, or memory lacks");
    const struct responder_settings *s = &server->settings->responder;
    enum p7_status status = create_service(server);
    /* First of those that use the data directory: it makes it. */
    if (status == P7_OK && (s->ledger.on || s->cluster.id != 0))
        status = server_ledger_open(server, verdict, verdict_octets);
    if (status == P7_OK) {
        (void)snprintf(verdict, verdict_octets,
                       "workload: its threads, heap or data directory `%s` can't be had: %s",
                       server->settings->responder.data, strerror(errno));
        status = create_workload(server);
    }
    if (status == P7_OK)
        status = pool_create(&server->pending, sizeof(struct server_pending), SERVER_PENDING_MAX);
    if (status == P7_OK)
        status = timer_heap_create(&server->delays, SERVER_PENDING_MAX);
    server->tests_activity = s->activity_test_ms > 0;
    if (status == P7_OK && server->tests_activity)
        status = activity_create(&server->activity, s->dialogues_max,
                                 (int64_t)s->activity_test_ms * NS_PER_MS,
                                 (int64_t)s->activity_timeout_ms * NS_PER_MS);
    if (status == P7_OK)
        status = mailbox_create_fd(&server->reports, REPORTS_MAX, sizeof(struct server_report));
    if (status == P7_OK)
        status = create_plane(server, verdict, verdict_octets);
    return status;
}

enum p7_status server_create(const struct settings *settings, struct server **out, char *verdict,
                             size_t verdict_octets)
{
    struct server *server = calloc(1, sizeof(*server));
    if (server == NULL)
        return P7_NO_MEMORY;
    server->settings = settings;
    server->wake_fd = -1;
    const enum p7_status status = create_parts(server, verdict, verdict_octets);
    if (status != P7_OK) {
        server_destroy(server);
        return status;
    }
    *out = server;
    return P7_OK;
}

enum p7_status server_start(struct server *server, char *error, size_t error_octets)
{
    return data_plane_start(server->plane, error, error_octets);
}

void server_stop(struct server *server)
{
    data_plane_stop(server->plane);
}

void server_destroy(struct server *server)
{
    if (server == NULL)
        return;
    data_plane_destroy(server->plane);
    server_ledger_close(server);
    workload_destroy(server->workload);
    if (server->wake_fd != -1)
        close(server->wake_fd);
    if (server->reports != NULL)
        mailbox_destroy(server->reports);
    service_destroy(&server->service);
    pool_destroy(&server->pending);
    timer_heap_destroy(&server->delays);
    activity_destroy(&server->activity);
    free(server);
}

struct mailbox *server_reports(struct server *server)
{
    return server->reports;
}

struct data_plane *server_data_plane(struct server *server)
{
    return server->plane;
}

const struct statistics *server_rest(const struct server *server)
{
    return &server->service.statistics;
}

struct server_counters server_get_counters(const struct server *server)
{
    return server->counters;
}

const struct service *server_service(const struct server *server)
{
    return &server->service;
}

bool server_has_ledger(const struct server *server)
{
    return server->cluster != NULL;
}

enum cluster_role server_role(const struct server *server)
{
    return server->cluster == NULL ? CLUSTER_ACTIVE : cluster_node_role(server->cluster);
}

const char *server_failure(const struct server *server)
{
    return server->cluster == NULL ? "" : cluster_node_failure(server->cluster);
}

void server_workload_counters(const struct server *server, struct workload_counters *counters)
{
    workload_counters_read(server->workload, counters);
}
