/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * pulse7-freeze - stops a process for an exact time (SIGSTOP, SIGCONT) and says how long it really
 * was stopped: an outage whose truth is known.
 *
 *     pulse7-freeze PID MILLISECONDS
 *
 * Prints one line of JSON. `true_ms` lies between true_low_ms and true_high_ms: the process was not
 * stopped before kill(SIGSTOP) was called nor after kill(SIGCONT) returned, and surely stopped from
 * when /proc showed it so until SIGCONT was sent. Exit codes: 0, 1 the process can't be stopped, 2
 * usage.
 */
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "sigtran/runtime/clock.h"

#define FREEZE_MS_MAX 600000
#define STOP_CHECKS   10000
#define STAT_OCTETS   512

/* State of the process as /proc tells it: the letter behind its name in parentheses. */
static char state_of(pid_t pid)
{
    char path[64];
    char text[STAT_OCTETS];
    (void)snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    FILE *file = fopen(path, "r");
    if (file == NULL)
        return '\0';
    text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
    (void)fclose(file);
    const char *name_end = strrchr(text, ')');
    return name_end != NULL && name_end[1] == ' ' ? name_end[2] : '\0';
}

static int fail(pid_t pid, const char *what)
{
    (void)fprintf(stderr, "pulse7-freeze: process %d: %s: %s\n", (int)pid, what, strerror(errno));
    return 1;
}

static int freeze(pid_t pid, int64_t duration_ns)
{
    const int64_t asked_ns = clock_monotonic_ns();
    if (kill(pid, SIGSTOP) == -1)
        return fail(pid, "can't be stopped");
    int checks = 0;
    while (state_of(pid) != 'T' && checks < STOP_CHECKS)
        checks++;
    const int64_t stopped_ns = clock_monotonic_ns();
    const int64_t until_ns = asked_ns + duration_ns;
    const struct timespec until = {.tv_sec = until_ns / CLOCK_NS_PER_S,
                                   .tv_nsec = until_ns % CLOCK_NS_PER_S};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR)
        continue;
    const int64_t resuming_ns = clock_monotonic_ns();
    if (kill(pid, SIGCONT) == -1)
        return fail(pid, "can't be continued");
    const int64_t resumed_ns = clock_monotonic_ns();
    const double low_ms = (double)(resuming_ns - stopped_ns) / CLOCK_NS_PER_MS;
    const double high_ms = (double)(resumed_ns - asked_ns) / CLOCK_NS_PER_MS;
    (void)printf("{\"pid\": %d, \"asked_ms\": %.3f, \"true_ms\": %.3f, \"true_low_ms\": %.3f, "
                 "\"true_high_ms\": %.3f, \"stop_monotonic_ns\": %lld}\n",
                 (int)pid, (double)duration_ns / CLOCK_NS_PER_MS, (low_ms + high_ms) / 2, low_ms,
                 high_ms, (long long)asked_ns);
    return checks < STOP_CHECKS ? 0 : 1;
}

int main(int argc, char **argv)
{
    char *pid_end = NULL;
    char *ms_end = NULL;
    const long pid = argc == 3 ? strtol(argv[1], &pid_end, 10) : 0;
    const double ms = argc == 3 ? strtod(argv[2], &ms_end) : 0;
    if (argc != 3 || *pid_end != '\0' || *ms_end != '\0' || pid <= 1 || !(ms > 0) ||
        ms > FREEZE_MS_MAX) {
        (void)fprintf(stderr, "usage: pulse7-freeze PID MILLISECONDS (up to %d)\n", FREEZE_MS_MAX);
        return 2;
    }
    (void)prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
    return freeze((pid_t)pid, (int64_t)(ms * (double)CLOCK_NS_PER_MS));
}
