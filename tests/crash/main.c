/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * pulse7-crash-points - loses power at every point of many runs of the ledger, fails every call of
 * the disk and every allocation, and checks after each what the ledger promises.
 *
 *     pulse7-crash-points [--seed S] [--states N] [--replay SEED:CALL:VARIANT]
 *
 * Exit: 0 no promise was broken, 1 one was, 2 wrong usage.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/crash/explorer.h"

#define STATES_DEFAULT  10000u
#define VIOLATIONS_TOLD 10u
/* So many states of lost power are worth another run of failed calls. */
#define STATES_A_FAILURE_RUN 20000u

void explorer_create(struct explorer *explorer, uint64_t states)
{
    uint64_t places = 1024;
    while (places < 4 * states)
        places *= 2;
    *explorer = (struct explorer){.seen_mask = places - 1};
    explorer->seen = calloc(places, sizeof(*explorer->seen));
    if (explorer->seen == NULL)
        abort();
}

void explorer_destroy(struct explorer *explorer)
{
    free(explorer->seen);
}

void explorer_violation(struct explorer *explorer, const char *where, const char *what)
{
    if (explorer->violations++ < VIOLATIONS_TOLD)
        (void)printf("VIOLATION: %s: %s\n", where, what);
}

static int usage(void)
{
    (void)fprintf(
        stderr,
        "usage: pulse7-crash-points [--seed S] [--states N] [--replay SEED:CALL:VARIANT]\n");
    return 2;
}

static bool parse_point(const char *text, struct explorer_point *point)
{
    char *end;
    point->seed = strtoull(text, &end, 10);
    if (*end != ':')
        return false;
    point->call = strtoull(end + 1, &end, 10);
    if (*end != ':')
        return false;
    point->variant = (unsigned)strtoul(end + 1, &end, 10);
    return *end == '\0';
}

int main(int argc, char **argv)
{
    struct explorer explorer;
    struct explorer_point point = {0};
    uint64_t seed = 1;
    uint64_t states = STATES_DEFAULT;
    bool replay = false;
    for (int i = 1; i < argc; i += 2) {
        char none[] = "";
        char *end = none;
        if (i + 1 == argc)
            return usage();
        if (strcmp(argv[i], "--seed") == 0)
            seed = strtoull(argv[i + 1], &end, 10);
        else if (strcmp(argv[i], "--states") == 0)
            states = strtoull(argv[i + 1], &end, 10);
        else if (strcmp(argv[i], "--replay") == 0)
            replay = parse_point(argv[i + 1], &point);
        else
            return usage();
        if (*end != '\0' || (strcmp(argv[i], "--replay") == 0 && !replay))
            return usage();
    }
    explorer_create(&explorer, states);
    if (replay) {
        explorer.verbose = true;
        explorer_run_cuts(&explorer, point.seed, UINT64_MAX, &point);
    } else {
        for (uint64_t run = seed; explorer.states < states; run++)
            explorer_run_cuts(&explorer, run, states, NULL);
        const uint64_t runs = 1 + states / STATES_A_FAILURE_RUN;
        for (uint64_t run = seed; run < seed + runs; run++) {
            explorer_run_failed_calls(&explorer, run);
            explorer_run_failed_allocations(&explorer, run);
        }
    }
    (void)printf("states=%" PRIu64 " visited=%" PRIu64 " recovered=%" PRIu64 " flips=%" PRIu64
                 " refused=%" PRIu64 " indistinguishable=%" PRIu64 " failed_calls=%" PRIu64
                 " failed_allocations=%" PRIu64 " violations=%" PRIu64 "\n",
                 explorer.states, explorer.visited, explorer.recovered, explorer.flips,
                 explorer.refused, explorer.indistinguishable, explorer.failed_calls,
                 explorer.failed_allocations, explorer.violations);
    const bool nothing =
        !replay && (explorer.failed_calls == 0 || explorer.failed_allocations == 0);
    const int code = explorer.violations == 0 && !nothing ? 0 : 1;
    explorer_destroy(&explorer);
    return code;
}
