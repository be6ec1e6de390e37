/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * pulse7-stamp - runs a command and says when: an event (a kill, a cut link, a migration) on the
 * clock that run directories use.
 *
 *     pulse7-stamp COMMAND [ARGUMENT...]
 *
 * Prints one line of JSON behind whatever the command prints: CLOCK_MONOTONIC in nanoseconds before
 * it was started and after it had ended, and its exit code. What the command did happened between
 * the two. The exit code is the command's (128 + the signal that ended it); 127: it can't be run;
 * 2: usage.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "sigtran/runtime/clock.h"

int main(int argc, char **argv)
{
    int status = 0;
    if (argc < 2) {
        (void)fprintf(stderr, "usage: pulse7-stamp COMMAND [ARGUMENT...]\n");
        return 2;
    }
    const int64_t before_ns = clock_monotonic_ns();
    const pid_t child = fork();
    if (child == -1) {
        (void)fprintf(stderr, "pulse7-stamp: fork: %s\n", strerror(errno));
        return 127;
    }
    if (child == 0) {
        (void)execvp(argv[1], argv + 1);
        (void)fprintf(stderr, "pulse7-stamp: %s: %s\n", argv[1], strerror(errno));
        _exit(127);
    }
    while (waitpid(child, &status, 0) == -1)
        if (errno != EINTR) {
            (void)fprintf(stderr, "pulse7-stamp: waitpid: %s\n", strerror(errno));
            return 127;
        }
    const int64_t after_ns = clock_monotonic_ns();
    const int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    (void)printf("{\"before_ns\": %lld, \"after_ns\": %lld, \"exit\": %d}\n", (long long)before_ns,
                 (long long)after_ns, code);
    return code;
}
