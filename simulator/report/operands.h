/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * operands - which run directories the words on the command line mean: a run directory means
 * itself, the directory of a campaign every run below it (load-*).
 *
 * operands_add for each word -> path[0..count) -> operands_free. Memory that is not to be had ends
 * the program (report_allocate).
 */
#ifndef SIMULATOR_REPORT_OPERANDS_H
#define SIMULATOR_REPORT_OPERANDS_H

#include <stddef.h>

#include "sigtran/base/status.h"

#define OPERANDS_MAX 10000

struct operands {
    size_t count;
    char **path;
};

/*
 * Adds what `word` means; a directory that is neither is added as it stands, as opening it tells
 * best what is wrong. A run of a campaign that never ended has no run.json: it is left out, and
 * said so on stderr. P7_FULL: more than OPERANDS_MAX; P7_RANGE: a path is too long.
 */
enum p7_status operands_add(struct operands *operands, const char *word) P7_MUST_CHECK;
void operands_free(struct operands *operands);

#endif
