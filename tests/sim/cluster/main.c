/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * pulse7-simulate - runs whole clusters on virtual time, one seed after the other, each with other
 * faults, and holds them to the promise. The seeds are shared out to processes, so that a machine
 * under test that ends its process, or never comes back, is found out, too.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/sim/cluster/world.h"

#define JOBS_MAX        64u
#define PROGRESS_MS     10000
#define HANG_MS         20000
#define POLL_MS         20
#define NS_PER_MS       1000000
#define FEW_SEEDS       200u
#define MMAP_FROM_BYTES 65536

struct options {
    uint64_t first;
    uint64_t seeds;
    uint32_t jobs;
    bool one;
    bool quiet;
    bool any_mix; /* don't ask that everything was seen to happen */
};

/* One process's part, in memory that all share. */
struct share {
    volatile uint64_t at;   /* the seed that it is at */
    volatile uint64_t done; /* seeds */
    volatile bool failed;
    struct world_failure failure;
    struct world_seen seen;
};

static int64_t clock_ms(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / NS_PER_MS;
}

static int usage(FILE *to)
{
    (void)fprintf(
        to, "Usage: pulse7-simulate [--seeds N] [--first S] [--jobs J] [--any-mix] [--quiet]\n"
            "       pulse7-simulate --seed S      one seed, with a trace\n"
            "Simulates clusters of two nodes under faults and checks docs/cluster.md's "
            "promise.\n"
            "  --seeds N   so many seeds (1000), from --first S (1) on\n"
            "  --jobs J    in so many processes (one per CPU)\n"
            "  --any-mix   don't fail when something never happened in all seeds\n"
            "  --quiet     only the last line\n"
            "Exit code 0: the promise held; 1: it was broken, the seed is named; 2: usage.\n");
    return to == stderr ? 2 : 0;
}

static bool read_number(const char *text, uint64_t *value)
{
    char *end;
    errno = 0;
    *value = strtoull(text, &end, 10);
    return errno == 0 && end != text && *end == '\0' && text[0] != '-';
}

/* 0: go on; else: the exit code plus 1. */
static int read_options(int argc, char **argv, struct options *options)
{
    static const struct option names[] = {
        {"seeds", required_argument, NULL, 'n'}, {"first", required_argument, NULL, 'f'},
        {"seed", required_argument, NULL, 's'},  {"jobs", required_argument, NULL, 'j'},
        {"any-mix", no_argument, NULL, 'a'},     {"quiet", no_argument, NULL, 'q'},
        {"help", no_argument, NULL, 'h'},        {NULL, 0, NULL, 0}};
    const long cpus = sysconf(_SC_NPROCESSORS_ONLN);
    uint64_t jobs = cpus > 0 && cpus < (long)JOBS_MAX ? (uint64_t)cpus : 1;
    *options = (struct options){.first = 1, .seeds = 1000};
    int c;
    while ((c = getopt_long(argc, argv, "h", names, NULL)) != -1) {
        bool good = true;
        if (c == 'n')
            good = read_number(optarg, &options->seeds);
        else if (c == 'f')
            good = read_number(optarg, &options->first);
        else if (c == 's')
            good = options->one = read_number(optarg, &options->first);
        else if (c == 'j')
            good = read_number(optarg, &jobs) && jobs >= 1 && jobs <= JOBS_MAX;
        else if (c == 'a')
            options->any_mix = true;
        else if (c == 'q')
            options->quiet = true;
        else
            return 1 + usage(c == 'h' ? stdout : stderr);
        if (!good)
            return 1 + usage(stderr);
    }
    options->jobs = (uint32_t)jobs;
    return optind == argc ? 0 : 1 + usage(stderr);
}

static void work(const struct options *options, uint32_t job, struct share *share)
{
    struct world *world = world_create();
    for (uint64_t i = job; i < options->seeds; i += options->jobs) {
        share->at = options->first + i;
        if (!world_run(world, options->first + i, false)) {
            share->failure = world->failure;
            share->failed = true;
            break;
        }
        share->seen = world->seen;
        share->done = share->done + 1;
    }
    world_destroy(world);
}

static int run_one(const struct options *options)
{
    struct world *world = world_create();
    const bool held = world_run(world, options->first, true);
    const struct world_failure failure = world->failure;
    printf("seed %" PRIu64 ": %s%s%s%s, %" PRIu64 " steps, %" PRIu64 " records\n", options->first,
           held ? "the promise held" : "BROKEN ", held ? "" : failure.invariant, held ? "" : ": ",
           held ? "" : failure.text, world->seen.steps, world->seen.records);
    world_destroy(world);
    return held ? 0 : 1;
}

/* --- all jobs ------------------------------------------------------------------------------------
 */

static void report_broken(const char *program, uint64_t seed, const char *invariant,
                          const char *text)
{
    printf("BROKEN invariant=%s seed=%" PRIu64 ": %s\nreplay: %s --seed %" PRIu64 "\n", invariant,
           seed, text, program, seed);
    (void)fflush(stdout);
}

/* What became of a job that has ended: true where it broke something. */
static bool judge_job(const char *program, const struct share *share, int status)
{
    char text[64];
    if (share->failed) {
        report_broken(program, share->at, share->failure.invariant, share->failure.text);
        return true;
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return false;
    if (WIFSIGNALED(status))
        (void)snprintf(text, sizeof(text), "the process ended by signal %d", WTERMSIG(status));
    else
        (void)snprintf(text, sizeof(text), "the process ended with %d", WEXITSTATUS(status));
    report_broken(program, share->at,
                  WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL ? "no-hang" : "no-crash",
                  text);
    return true;
}

struct job {
    pid_t pid;
    uint64_t last_at;
    int64_t last_ms;
};

static void end_hung(struct job *job, const struct share *share)
{
    const uint64_t at = share->at;
    if (at != job->last_at || job->last_ms == 0) {
        job->last_at = at;
        job->last_ms = clock_ms();
    } else if (clock_ms() - job->last_ms > HANG_MS) {
        (void)kill(job->pid, SIGKILL);
    }
}

static uint64_t seeds_done(const struct share *shares, uint32_t jobs)
{
    uint64_t done = 0;
    for (uint32_t i = 0; i < jobs; i++)
        done += shares[i].done;
    return done;
}

/* Waits for all; the first that breaks ends the others. */
static bool watch(const char *program, const struct options *options, struct job *jobs,
                  struct share *shares, int64_t start_ms)
{
    bool broken = false;
    uint32_t left = options->jobs;
    int64_t told_ms = start_ms;
    while (left > 0) {
        const struct timespec pause = {.tv_nsec = POLL_MS * NS_PER_MS};
        for (uint32_t i = 0; i < options->jobs; i++) {
            int status;
            if (jobs[i].pid == 0)
                continue;
            if (waitpid(jobs[i].pid, &status, WNOHANG) == jobs[i].pid) {
                jobs[i].pid = 0;
                left--;
                if (broken || !judge_job(program, &shares[i], status))
                    continue;
                broken = true;
                for (uint32_t j = 0; j < options->jobs; j++)
                    if (jobs[j].pid != 0)
                        (void)kill(jobs[j].pid, SIGKILL);
            } else {
                end_hung(&jobs[i], &shares[i]);
            }
        }
        (void)nanosleep(&pause, NULL);
        if (!options->quiet && clock_ms() - told_ms >= PROGRESS_MS) {
            told_ms = clock_ms();
            const uint64_t done = seeds_done(shares, options->jobs);
            printf("%" PRIu64 " of %" PRIu64 " seeds, %" PRIu64 "/s\n", done, options->seeds,
                   done * 1000 / (uint64_t)(told_ms - start_ms));
            (void)fflush(stdout);
        }
    }
    return !broken;
}

/* What happened, over all seeds; false where something that should have never did. */
static bool check_seen(const struct options *options, const struct share *shares)
{
    struct world_seen sum = {0};
    bool complete = true;
    for (uint32_t i = 0; i < options->jobs; i++) {
        const struct world_seen *seen = &shares[i].seen;
        sum.steps += seen->steps;
        sum.records += seen->records;
#define SUM_SEEN(name) sum.name += seen->name;
        WORLD_SEEN_LIST(SUM_SEEN)
#undef SUM_SEEN
    }
    if (!options->quiet)
        printf("steps=%" PRIu64 " records=%" PRIu64, sum.steps, sum.records);
#define TELL_SEEN(name)                                                                            \
    if (!options->quiet)                                                                           \
        printf(" " #name "=%" PRIu64, sum.name);                                                   \
    if (sum.name == 0 && !options->any_mix && options->seeds >= FEW_SEEDS) {                       \
        printf("\nVACUOUS: never seen: " #name "\n");                                              \
        complete = false;                                                                          \
    }
    WORLD_SEEN_LIST(TELL_SEEN)
#undef TELL_SEEN
    if (!options->quiet)
        putchar('\n');
    return complete;
}

int main(int argc, char **argv)
{
    struct options options;
    const int code = read_options(argc, argv, &options);
    if (code != 0)
        return code - 1;
    /* A node's rings are large and hardly used: fresh zero pages are cheaper than clearing. */
    (void)mallopt(M_MMAP_THRESHOLD, MMAP_FROM_BYTES);
    if (options.one)
        return run_one(&options);
    struct share *shares = mmap(NULL, JOBS_MAX * sizeof(*shares), PROT_READ | PROT_WRITE,
                                MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shares == MAP_FAILED) {
        perror("pulse7-simulate: mmap");
        return 2;
    }
    struct job jobs[JOBS_MAX] = {0};
    const int64_t start_ms = clock_ms();
    for (uint32_t i = 0; i < options.jobs; i++) {
        jobs[i].pid = fork();
        if (jobs[i].pid == -1) {
            perror("pulse7-simulate: fork");
            return 2;
        }
        if (jobs[i].pid == 0) {
            work(&options, i, &shares[i]);
            _exit(0);
        }
    }
    bool good = watch(argv[0], &options, jobs, shares, start_ms);
    const int64_t took_ms = clock_ms() - start_ms + 1;
    const uint64_t done = seeds_done(shares, options.jobs);
    if (good)
        good = check_seen(&options, shares);
    printf("%s: seeds=%" PRIu64 " seconds=%.1f seeds_per_s=%" PRIu64 "\n",
           good ? "the promise held" : "FAILED", done, (double)took_ms / 1000,
           done * 1000 / (uint64_t)took_ms);
    return good ? 0 : 1;
}
