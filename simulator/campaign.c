/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "simulator/campaign.h"

#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "config/language/language.h"
#include "simulator/record/run_directory.h"

#define NS_PER_S       1000000000LL
#define MS_PER_S       1000
#define LOAD_OCTETS    32
#define CELL_OCTETS    24
#define LOAD_DIGITS    5 /* 9450 and 12000 sort as they should */
#define STUDY_DECIMALS 4 /* as the studies print theirs */
#define TIME_DECIMALS  3
#define QUANTILE_P99   4 /* of run_percentiles */
#define COMPLAINT      "pulse7-simulator: %s\n"

struct campaign_run {
    char load[LOAD_OCTETS]; /* "750" */
    uint32_t repeat;        /* from 1 */
    struct run_result result;
};

struct campaign {
    const struct run_invocation *invocation;
    const struct simulator_settings *wanted;
    struct settings *settings; /* of the run at hand */
    char directory[RUN_PATH_OCTETS];
    sigset_t stops; /* SIGINT and SIGTERM */
    bool is_stopped;
    uint32_t run_count;  /* of the whole campaign */
    uint32_t done_count; /* that have been made, or tried */
    struct campaign_run *run;
    int code;
};

/* --- where a run goes ------------------------------------------------------------------------- */

static bool is_quiet(const struct campaign *campaign)
{
    return campaign->invocation->options->quiet;
}

static enum p7_status open_directory(struct campaign *campaign, char *error, size_t error_octets)
{
    const char *out = campaign->wanted->out;
    struct timespec wall;
    enum p7_status status = P7_OK;
    (void)snprintf(error, error_octets, "the campaign's directory: its path is too long");
    if (out[0] != '\0') {
        (void)snprintf(campaign->directory, sizeof(campaign->directory), "%s", out);
    } else {
        clock_gettime(CLOCK_REALTIME, &wall);
        status = run_directory_default(campaign->wanted->name,
                                       (int64_t)wall.tv_sec * NS_PER_S + wall.tv_nsec,
                                       campaign->directory, sizeof(campaign->directory));
    }
    if (status == P7_OK)
        status = run_directory_create(campaign->directory, error, error_octets);
    return status;
}

/* "OUT/load-00750-1": zeros before the load, for names that sort by it. */
static enum p7_status name_directory(const struct campaign *campaign,
                                     const struct campaign_run *run, char *path, size_t octets)
{
    char name[LOAD_OCTETS * 2];
    const size_t digits = strspn(run->load, "0123456789");
    const int zeros = digits < LOAD_DIGITS ? (int)(LOAD_DIGITS - digits) : 0;
    (void)snprintf(name, sizeof(name), "load-%.*s%s-%u", zeros, "00000", run->load, run->repeat);
    return run_directory_file(campaign->directory, name, path, octets);
}

/* --- one run ---------------------------------------------------------------------------------- */

static void settle_code(struct campaign *campaign, const struct campaign_run *run, int code)
{
    const int judged = run->result.is_written ? code : OPTIONS_EXIT_INVALID;
    if (judged > campaign->code)
        campaign->code = judged;
}

static void execute_one(struct campaign *campaign, double load_per_s, struct campaign_run *run)
{
    struct settings *settings = campaign->settings;
    struct run_invocation invocation = *campaign->invocation;
    memcpy(settings, campaign->invocation->settings, sizeof(*settings));
    /* What the run's own record says makes this run again, not the campaign. */
    settings->simulator.load_count = 0;
    memset(settings->simulator.load_per_s, 0, sizeof(settings->simulator.load_per_s));
    settings->simulator.repeats = 1;
    settings->simulator.seed += run->repeat - 1; /* a repeat with the same draws proves little */
    settings_share_rate(&settings->simulator, load_per_s);
    invocation.settings = settings;
    int code = OPTIONS_EXIT_INVALID;
    if (name_directory(campaign, run, settings->simulator.out, sizeof(settings->simulator.out)) !=
        P7_OK) {
        (void)fprintf(stderr, COMPLAINT, "a run's directory: its path is too long");
    } else {
        if (!is_quiet(campaign))
            (void)printf("\nrun %u of %u: %s starts/s, repeat %u of %u\n", campaign->done_count + 1,
                         campaign->run_count, run->load, run->repeat, campaign->wanted->repeats);
        code = run_execute(&invocation, &run->result);
    }
    campaign->done_count++;
    settle_code(campaign, run, code);
    campaign->is_stopped = campaign->is_stopped || run->result.is_interrupted;
}

/* --- between runs ----------------------------------------------------------------------------- */

/* Waits; the signals are blocked outside of runs too, and are taken here. */
static void rest(struct campaign *campaign, uint32_t rest_ms)
{
    const struct timespec patience = {
        .tv_sec = rest_ms / MS_PER_S,
        .tv_nsec = (long)(rest_ms % MS_PER_S) * (NS_PER_S / MS_PER_S),
    };
    int taken;
    do {
        taken = sigtimedwait(&campaign->stops, NULL, &patience);
    } while (taken == -1 && errno == EINTR);
    if (taken != -1)
        campaign->is_stopped = true;
}

static void execute_all(struct campaign *campaign)
{
    const struct simulator_settings *wanted = campaign->wanted;
    for (uint32_t i = 0; i < campaign->run_count && !campaign->is_stopped; i++) {
        struct campaign_run *run = &campaign->run[i];
        const double load_per_s = wanted->load_per_s[i / wanted->repeats];
        (void)snprintf(run->load, sizeof(run->load), "%.10g", load_per_s);
        run->repeat = i % wanted->repeats + 1;
        rest(campaign, i == 0 ? 0 : wanted->rest_ms);
        if (!campaign->is_stopped)
            execute_one(campaign, load_per_s, run);
    }
}

/* --- the table -------------------------------------------------------------------------------- */

static const char *figure(double value, int decimals, char *cell)
{
    if (isfinite(value))
        (void)snprintf(cell, CELL_OCTETS, "%.*f", decimals, value);
    else
        (void)snprintf(cell, CELL_OCTETS, "-");
    return cell;
}

static void print_row(const struct campaign_run *run)
{
    const struct run_result *r = &run->result;
    const struct run_statistics *s = &r->statistics;
    const bool answered = r->response.count > 0;
    char cell[7][CELL_OCTETS];
    if (!r->is_written) {
        (void)printf("%8s %4u  it could not run\n", run->load, run->repeat);
        return;
    }
    (void)printf(
        "%8s %4u %10llu %8llu %8s %5s %10s %10s %10s %10s %10s %9s %9s%s\n", run->load, run->repeat,
        (unsigned long long)r->requests, (unsigned long long)r->failed,
        r->failed == 0 ? "yes" : "no", r->is_valid ? "yes" : "NO",
        figure(s->mean_ms, STUDY_DECIMALS, cell[0]),
        figure(s->variance_ms2, STUDY_DECIMALS, cell[1]), figure(s->sd_ms, STUDY_DECIMALS, cell[2]),
        figure(s->e_paper_ms, STUDY_DECIMALS, cell[3]), figure(s->e_bm_ms, STUDY_DECIMALS, cell[4]),
        figure(answered ? (double)r->response.quantile_ns[QUANTILE_P99] / 1e6 : NAN, TIME_DECIMALS,
               cell[5]),
        figure(answered ? (double)r->response.max_ns / 1e6 : NAN, TIME_DECIMALS, cell[6]),
        r->is_stopped_early ? "  stopped early" : "");
}

static void print_table(const struct campaign *campaign)
{
    uint32_t written = 0;
    (void)printf("\nThe campaign: %u of %u runs%s. Times in ms; mean to E_paper are over the "
                 "averages of the intervals.\n",
                 campaign->done_count, campaign->run_count,
                 campaign->is_stopped ? ", stopped by a signal" : "");
    (void)printf("%8s %4s %10s %8s %8s %5s %10s %10s %10s %10s %10s %9s %9s\n", "load/s", "run",
                 "requests", "failed", "feasible", "valid", "mean", "variance", "sd", "E_paper",
                 "E_bm", "p99", "max");
    for (uint32_t i = 0; i < campaign->done_count; i++) {
        print_row(&campaign->run[i]);
        written += campaign->run[i].result.is_written;
    }
    if (written > 0)
        (void)printf("\none page of them all: pulse7-report %s\n", campaign->directory);
    (void)fflush(stdout);
}

/* --- the campaign ----------------------------------------------------------------------------- */

static int execute_blocked(struct campaign *campaign)
{
    char error[RUN_REASON_OCTETS];
    if (open_directory(campaign, error, sizeof(error)) != P7_OK) {
        (void)fprintf(stderr, COMPLAINT, error);
        return OPTIONS_EXIT_USAGE;
    }
    execute_all(campaign);
    if (!is_quiet(campaign))
        print_table(campaign);
    return campaign->done_count > 0 ? campaign->code : OPTIONS_EXIT_INVALID;
}

int campaign_execute(const struct run_invocation *invocation)
{
    const struct simulator_settings *wanted = &invocation->settings->simulator;
    struct campaign campaign = {
        .invocation = invocation,
        .wanted = wanted,
        .run_count = wanted->load_count * wanted->repeats,
        .code = OPTIONS_EXIT_PASSED,
    };
    int code = OPTIONS_EXIT_USAGE;
    sigset_t before;
    campaign.settings = malloc(sizeof(*campaign.settings));
    campaign.run = calloc(campaign.run_count, sizeof(*campaign.run));
    /* A run blocks these for itself; blocked between runs too, one that comes there is kept until
     * the rest asks for it. */
    (void)sigemptyset(&campaign.stops);
    (void)sigaddset(&campaign.stops, SIGINT);
    (void)sigaddset(&campaign.stops, SIGTERM);
    (void)pthread_sigmask(SIG_BLOCK, &campaign.stops, &before);
    if (campaign.settings == NULL || campaign.run == NULL)
        (void)fprintf(stderr, COMPLAINT, "out of memory for the campaign");
    else
        code = execute_blocked(&campaign);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    free(campaign.run);
    free(campaign.settings);
    return code;
}
