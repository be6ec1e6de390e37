/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "responder/application.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "responder/application_control.h"
#include "responder/server.h"
#include "sigtran/runtime/clock.h"
#include "sigtran/runtime/control_plane.h"
#include "sigtran/runtime/log.h"
#include "sigtran/runtime/node_console.h"
#include "sigtran/runtime/node_log.h"
#include "sigtran/runtime/node_show.h"

#define NS_PER_S       1000000000LL
#define LOOP_MS        100
#define HAND_OVER_MS   5
#define PATH_OCTETS    (SETTINGS_PATH_OCTETS + 32)
#define ERROR_OCTETS   2048
#define STATISTICS_CSV "statistics.csv"
/* A switchover takes milliseconds; a peer that takes longer is not waited for. */
#define SWITCHOVER_NS (2 * NS_PER_S)

struct application {
    const struct settings *settings;
    const struct options *options;
    struct server *server;
    struct control_plane *plane;
    struct console *console;
    struct node_console node_console;
    struct application_control control;
    FILE *csv; /* statistics.csv of the data directory, or NULL */
    struct statistics totals;
    int64_t total_ns;
    char last_table[STATISTICS_TEXT_OCTETS];
    char verdict[ERROR_OCTETS];
};

/* --- reports ---------------------------------------------------------------------------------- */

static void on_interval(struct application *application, const struct statistics *statistics,
                        int64_t length_ns, int64_t at_ns)
{
    char text[STATISTICS_TEXT_OCTETS];
    if (length_ns <= 0)
        return;
    statistics_merge(&application->totals, statistics);
    application->total_ns += length_ns;
    (void)statistics_format(statistics, (uint64_t)length_ns, application->last_table,
                            sizeof(application->last_table));
    if (!application->options->quiet) {
        (void)printf("\n%lld s\n%s", (long long)(at_ns / NS_PER_S), application->last_table);
        (void)fflush(stdout);
    }
    if (application->csv == NULL)
        return;
    (void)statistics_csv(statistics, (uint64_t)length_ns, (uint64_t)(at_ns / 1000000), text,
                         sizeof(text));
    if (fputs(text, application->csv) == EOF || fflush(application->csv) == EOF) {
        P7_LOG(P7_LOG_MAIN, P7_LOG_ERROR, "%s/" STATISTICS_CSV ": %s; no more rows are written",
               application->settings->responder.data, strerror(errno));
        (void)fclose(application->csv);
        application->csv = NULL;
    }
}

static void on_reports(void *context, struct mailbox *mailbox)
{
    struct application *application = context;
    struct server_report report;
    while (mailbox_take(mailbox, &report)) {
        if (report.kind == SERVER_REPORT_INTERVAL) {
            on_interval(application, &report.statistics, report.length_ns, report.at_ns);
            application_control_report(&application->control, &report);
        } else if (report.kind == SERVER_REPORT_CLUSTER) {
            application->control.cluster = report.figures;
        } else {
            node_log_event(&report.event);
        }
    }
}

/* --- console ---------------------------------------------------------------------------------- */

static enum p7_status show_statistics(void *context, uint32_t argument_count,
                                      const char *const *argument, struct console_output *output)
{
    struct application *application = context;
    char table[STATISTICS_TEXT_OCTETS];
    (void)argument_count;
    (void)argument;
    if (application->total_ns == 0) {
        console_print(output, "the first interval is not over yet");
        return P7_OK;
    }
    console_print(output, "last interval:");
    memcpy(table, application->last_table, sizeof(table));
    node_console_print(output, table);
    console_print(output,
                  "since the start, %lld s:", (long long)(application->total_ns / NS_PER_S));
    (void)statistics_format(&application->totals, (uint64_t)application->total_ns, table,
                            sizeof(table));
    node_console_print(output, table);
    return P7_OK;
}

static enum p7_status show_workload(void *context, uint32_t argument_count,
                                    const char *const *argument, struct console_output *output)
{
    const struct application *application = context;
    struct workload_counters c;
    (void)argument_count;
    (void)argument;
    server_workload_counters(application->server, &c);
    console_print(output, "jobs %llu done of %llu, %llu waiting, %llu refused",
                  (unsigned long long)c.completed, (unsigned long long)c.submitted,
                  (unsigned long long)c.queue_depth, (unsigned long long)c.overload);
    console_print(output, "CPU burnt %.3f s, pages dirtied %llu", (double)c.cpu_ns / 1e9,
                  (unsigned long long)c.pages_dirtied);
    console_print(output,
                  "disk: %llu writes, %llu octets, %llu errors, last %.3f ms, max %.3f ms, pause "
                  "now %.3f ms",
                  (unsigned long long)c.writes, (unsigned long long)c.octets_written,
                  (unsigned long long)c.write_errors, (double)c.write_ns_last / 1e6,
                  (double)c.write_ns_max / 1e6, (double)c.write_pause_ns / 1e6);
    return P7_OK;
}

static enum p7_status show_cluster(void *context, uint32_t argument_count,
                                   const char *const *argument, struct console_output *output)
{
    struct application *application = context;
    char text[SERVER_TEXT_OCTETS];
    (void)argument_count;
    (void)argument;
    if (server_ask(application->server, SERVER_SHOW_CLUSTER, text, sizeof(text)) == P7_OK)
        node_console_print(output, text);
    else
        console_print(output, "%s", text);
    return P7_OK;
}

static enum p7_status cluster_switchover_command(void *context, uint32_t argument_count,
                                                 const char *const *argument,
                                                 struct console_output *output)
{
    struct application *application = context;
    char text[SERVER_TEXT_OCTETS];
    (void)argument_count;
    (void)argument;
    if (server_ask(application->server, SERVER_SWITCHOVER, text, sizeof(text)) == P7_OK)
        console_print(output, "handing over; show cluster tells when it is done");
    else
        console_print(output, "no switchover: %s", text);
    return P7_OK;
}

/* Without the confirming word. */
static enum p7_status force_takeover_help(void *context, uint32_t argument_count,
                                          const char *const *argument,
                                          struct console_output *output)
{
    (void)context;
    (void)argument_count;
    (void)argument;
    console_print(output, "This node takes over whatever the register says. What only the other "
                          "node has acknowledged is given up,");
    console_print(output, "and if the other node still serves, requests are charged twice. Make "
                          "sure that it is dead and stays so,");
    console_print(output, "then write: cluster force-takeover the-other-node-is-dead");
    return P7_OK;
}

static enum p7_status force_takeover_command(void *context, uint32_t argument_count,
                                             const char *const *argument,
                                             struct console_output *output)
{
    struct application *application = context;
    char text[SERVER_TEXT_OCTETS];
    (void)argument_count;
    (void)argument;
    if (server_ask(application->server, SERVER_FORCE_TAKEOVER, text, sizeof(text)) == P7_OK)
        console_print(output, "taking over; show cluster tells when it is done");
    else
        console_print(output, "no takeover: %s", text);
    return P7_OK;
}

static enum p7_status add_cluster_commands(struct application *application)
{
    static const struct {
        const char *words;
        const char *help;
        enum p7_status (*run)(void *context, uint32_t argument_count, const char *const *argument,
                              struct console_output *output);
    } commands[] = {
        {"show cluster", "Role, ledger, other node, register, links, journal", show_cluster},
        {"cluster switchover", "Hands over to the other node in good order",
         cluster_switchover_command},
        {"cluster force-takeover", "Says what that means, and how", force_takeover_help},
        {"cluster force-takeover the-other-node-is-dead",
         "Takes over whatever the register says: the other node is dead and stays so",
         force_takeover_command},
    };
    enum p7_status status = P7_OK;
    for (size_t i = 0; status == P7_OK && i < sizeof(commands) / sizeof(commands[0]); i++)
        status = console_command_add(
            commands[i].words, commands[i].help,
            (struct console_command){.context = application, .run = commands[i].run});
    return status;
}

static enum p7_status open_console(struct application *application)
{
    const struct settings *settings = application->settings;
    if (settings->console_port == 0)
        return P7_OK;
    enum p7_status status = console_library_open("pulse7-responder", PULSE7_VERSION);
    if (status == P7_OK)
        status =
            node_console_add(&application->node_console, server_data_plane(application->server));
    if (status == P7_OK)
        status = console_command_add(
            "show statistics", "Requests by kind: last interval and since the start",
            (struct console_command){.context = application, .run = show_statistics});
    if (status == P7_OK)
        status = console_command_add(
            "show workload", "What the requests cost: CPU, pages, disk",
            (struct console_command){.context = application, .run = show_workload});
    if (status == P7_OK)
        status = add_cluster_commands(application);
    if (status == P7_OK &&
        console_open(&application->console, settings->console_port, settings) != P7_OK)
        P7_LOG(P7_LOG_MAIN, P7_LOG_NOTICE,
               "console port %u is taken: no console (choose one by `console port N`)",
               settings->console_port);
    return status;
}

/* --- life cycle ------------------------------------------------------------------------------- */

static enum p7_status open_csv(struct application *application, char *error, size_t error_octets)
{
    char path[PATH_OCTETS];
    const char *directory = application->settings->responder.data;
    if (directory[0] == '\0')
        return P7_OK;
    (void)snprintf(path, sizeof(path), "%s/" STATISTICS_CSV, directory);
    application->csv = fopen(path, "w");
    if (application->csv != NULL && fputs(statistics_csv_head(), application->csv) != EOF)
        return P7_OK;
    (void)snprintf(error, error_octets, "%s: %s; the data directory must exist and be writable",
                   path, strerror(errno));
    return P7_SYSTEM;
}

static enum p7_status open_all(struct application *application, char *error, size_t error_octets)
{
    (void)snprintf(error, error_octets, "out of memory");
    enum p7_status status = control_plane_create(&application->plane);
    if (status != P7_OK)
        return status;
    status = server_create(application->settings, &application->server, application->verdict,
                           sizeof(application->verdict));
    if (status != P7_OK) {
        (void)snprintf(error, error_octets, "%s", application->verdict);
        return status;
    }
    status = open_csv(application, error, error_octets);
    if (status != P7_OK)
        return status;
    status = control_plane_watch_mailbox(application->plane, server_reports(application->server),
                                         on_reports, application);
    if (status == P7_OK)
        status = open_console(application);
    if (status == P7_OK)
        status = application_control_open(&application->control, application->plane,
                                          application->settings->control_port);
    if (status == P7_OK)
        status = server_start(application->server, error, error_octets);
    return status;
}

static void close_all(struct application *application)
{
    if (application->console != NULL)
        console_close(application->console);
    application_control_close(&application->control);
    server_destroy(application->server);
    if (application->plane != NULL)
        control_plane_destroy(application->plane);
    if (application->csv != NULL)
        (void)fclose(application->csv);
    free(application);
}

static void print_counter(void *context, const char *name, uint64_t value)
{
    (void)context;
    if (value != 0)
        (void)printf("%-36s %20llu\n", name, (unsigned long long)value);
}

static void print_end(struct application *application)
{
    const struct service *service = server_service(application->server);
    const struct server_counters c = server_get_counters(application->server);
    char table[STATISTICS_TEXT_OCTETS];
    if (application->options->quiet)
        return;
    statistics_merge(&application->totals, server_rest(application->server));
    (void)statistics_format(
        &application->totals,
        (uint64_t)(application->total_ns > 0 ? application->total_ns : NS_PER_S), table,
        sizeof(table));
    (void)printf("\nsince the start\n%s\n", table);
    node_counters_each(data_plane_node(server_data_plane(application->server)), print_counter,
                       NULL);
    print_counter(NULL, "server.replies_unsent", c.replies_unsent);
    print_counter(NULL, "server.dialogues_gone", c.dialogues_gone);
    print_counter(NULL, "server.pending_full", c.pending_full);
    print_counter(NULL, "server.gave_up", c.gave_up);
    print_counter(NULL, "server.activity_tests", c.activity_tests);
    print_counter(NULL, "server.activity_lost", c.activity_lost);
    print_counter(NULL, "server.closes_lost", c.closes_lost);
#define PRINT_SERVICE(name, text) print_counter(NULL, "service." #name, service->counters.name);
    SERVICE_COUNTER_LIST(PRINT_SERVICE)
#undef PRINT_SERVICE
    (void)printf("accounts: %llu units charged, %llu reserved, money %s\n",
                 (unsigned long long)service->accounts.charged_total,
                 (unsigned long long)service->accounts.reserved_total,
                 accounts_conserved(&service->accounts) ? "conserved" : "NOT CONSERVED");
}

/* An active node that has to end gives the service to the other one, if that holds everything. */
static void hand_over(struct application *application)
{
    char text[SERVER_TEXT_OCTETS];
    if (server_role(application->server) != CLUSTER_ACTIVE)
        return;
    if (server_ask(application->server, SERVER_SWITCHOVER, text, sizeof(text)) != P7_OK) {
        P7_LOG(P7_LOG_CLUSTER, P7_LOG_NOTICE, "ends without a switchover: %s", text);
        return;
    }
    const int64_t until_ns = clock_monotonic_ns() + SWITCHOVER_NS;
    while (server_role(application->server) == CLUSTER_ACTIVE && clock_monotonic_ns() < until_ns)
        control_plane_run_once(application->plane, HAND_OVER_MS);
}

/* Until a signal, the end of the duration, or the end of the ledger. */
static int run(struct application *application)
{
    const struct options *options = application->options;
    const int64_t end_ns = options->has_duration
                               ? clock_monotonic_ns() + (int64_t)options->duration_ms * 1000000
                               : INT64_MAX;
    while (control_plane_stop_signal(application->plane) == 0 && clock_monotonic_ns() < end_ns) {
        control_plane_run_once(application->plane, LOOP_MS);
        if (server_role(application->server) != CLUSTER_FAILED)
            continue;
        P7_LOG(P7_LOG_CLUSTER, P7_LOG_FATAL, "ends, as the ledger failed: %s",
               server_failure(application->server));
        (void)fprintf(stderr, "pulse7-responder: the ledger failed: %s\n",
                      server_failure(application->server));
        return OPTIONS_EXIT_LEDGER;
    }
    if (application->settings->responder.cluster.id != 0) {
        char text[SERVER_TEXT_OCTETS];
        hand_over(application);
        (void)!server_ask(application->server, SERVER_LEAVE, text, sizeof(text));
    }
    return OPTIONS_EXIT_PASSED;
}

int application_execute(const struct settings *settings, const struct options *options)
{
    char error[ERROR_OCTETS];
    struct application *application = calloc(1, sizeof(*application));
    if (application == NULL)
        return OPTIONS_EXIT_USAGE;
    application->settings = settings;
    application->options = options;
    const enum p7_status opened = open_all(application, error, sizeof(error));
    if (opened != P7_OK) {
        (void)fprintf(stderr, "pulse7-responder: %s\n", error);
        close_all(application);
        /* Nothing but a damaged ledger is malformed here: the settings were checked before. */
        return opened == P7_MALFORMED ? OPTIONS_EXIT_LEDGER : OPTIONS_EXIT_USAGE;
    }
    if (!options->quiet) {
        (void)printf("%s\nready\n", application->verdict);
        (void)fflush(stdout);
    }
    const int code = run(application);
    server_stop(application->server);
    print_end(application);
    close_all(application);
    return code;
}
