/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sigtran/runtime/log.h"
#include "simulator/run_internal.h"

void run_statistics_text(const struct run *run, char *text, size_t octets)
{
    struct run_view view;
    run_get_view(run, &view);
    const struct worker_glance *g = &view.glance;
    (void)snprintf(text, octets,
                   "rate %.1f starts/s wanted%s, %.0f requests/s completed\n"
                   "due %llu, ok %llu, failed %llu, open %llu, retransmitted %llu, late %llu\n"
                   "last second: p50 %.3f ms, p99 %.3f ms, max %.3f ms, send lag max %.3f ms\n",
                   g->rate_wanted_per_s, g->paused ? " (paused)" : "", view.achieved_per_s,
                   (unsigned long long)g->due, (unsigned long long)g->ok,
                   (unsigned long long)g->failed, (unsigned long long)g->open,
                   (unsigned long long)g->retransmissions, (unsigned long long)g->late,
                   (double)g->p50_ns / 1e6, (double)g->p99_ns / 1e6, (double)g->max_ns / 1e6,
                   (double)g->lag_max_ns / 1e6);
}

static enum p7_status show_statistics(void *context, uint32_t argument_count,
                                      const char *const *argument, struct console_output *output)
{
    const struct run *run = context;
    char text[RUN_TABLE_OCTETS];
    (void)argument_count;
    (void)argument;
    run_statistics_text(run, text, sizeof(text));
    node_console_print(output, text);
    if (run->last_table[0] != '\0') {
        console_print(output, "last whole interval:");
        memcpy(text, run->last_table, sizeof(text));
        node_console_print(output, text);
    }
    return P7_OK;
}

static enum p7_status set_rate(void *context, uint32_t argument_count, const char *const *argument,
                               struct console_output *output)
{
    struct run *run = context;
    if (argument_count != 1)
        return P7_RANGE;
    const enum p7_status status = run_set_rate(run, strtod(argument[0], NULL));
    if (status == P7_OK)
        console_print(output, "rate %s starts/s from now on", argument[0]);
    return status;
}

static enum p7_status pause_run(void *context, uint32_t argument_count, const char *const *argument,
                                struct console_output *output)
{
    (void)argument_count;
    (void)argument;
    (void)output;
    return run_set_paused(context, true);
}

static enum p7_status resume_run(void *context, uint32_t argument_count,
                                 const char *const *argument, struct console_output *output)
{
    (void)argument_count;
    (void)argument;
    (void)output;
    return run_set_paused(context, false);
}

static enum p7_status finish_run(void *context, uint32_t argument_count,
                                 const char *const *argument, struct console_output *output)
{
    (void)argument_count;
    (void)argument;
    console_print(output, "the run ends: waiting for replies that are still due");
    run_finish(context);
    return P7_OK;
}

static enum p7_status add_commands(struct run *run)
{
    const struct {
        const char *command;
        const char *help;
        enum p7_status (*run)(void *context, uint32_t argument_count, const char *const *argument,
                              struct console_output *output);
    } commands[] = {
        {"show statistics", "Rate, outcomes and response times of this run", show_statistics},
        {"rate <0-10000000>", "Starts per second of all flows together", set_rate},
        {"pause", "Start nothing new until resume", pause_run},
        {"resume", "Go on after pause", resume_run},
        {"quit run", "End the run in good order and write its results", finish_run},
    };
    enum p7_status status = node_console_add(&run->node_console, worker_data_plane(run->worker));
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]) && status == P7_OK; i++)
        status =
            console_command_add(commands[i].command, commands[i].help,
                                (struct console_command){.context = run, .run = commands[i].run});
    return status;
}

enum p7_status run_console_open(struct run *run)
{
    if (run->settings->console_port == 0)
        return P7_OK;
    enum p7_status status = console_library_open("pulse7-simulator", PULSE7_VERSION);
    if (status == P7_OK)
        status = add_commands(run);
    if (status != P7_OK)
        return status;
    /* A second simulator on the machine finds the port taken: that is no reason not to measure. */
    if (console_open(&run->console, run->settings->console_port, run->settings) != P7_OK)
        P7_LOG(P7_LOG_MAIN, P7_LOG_NOTICE,
               "console port %u is taken: this run has no console (choose one by `console port N`)",
               run->settings->console_port);
    return P7_OK;
}
