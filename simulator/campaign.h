/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * campaign - one run after another: each load of `loads`, `repeats` times, with a `rest` between.
 *
 * campaign_execute makes the campaign's directory and below it a run directory per run, named by
 * load and repeat (load-00750-1), so that names sort as loads do. A run that is invalid, or that
 * could not even begin, does not end the campaign: the next load may tell something. SIGINT and
 * SIGTERM do: the run that they meet ends in good order (a second one ends it at once), no further
 * one begins, and the table tells what there is. Ending a single run by the key `q` or on the
 * console goes on with the next.
 *
 * All runs are made by this process, on the main thread: see run.h.
 */
#ifndef SIMULATOR_CAMPAIGN_H
#define SIMULATOR_CAMPAIGN_H

#include "simulator/run.h"

/*
 * The settings must hold loads; they, and all else of the invocation, stay as they are. Prints
 * progress and at the end a table of all runs. Returns the program's exit code: the worst of the
 * runs' (3 over 1 over 0; a run that could not begin counts as 3), or 2 when there is no directory
 * to write into.
 */
int campaign_execute(const struct run_invocation *invocation);

#endif
