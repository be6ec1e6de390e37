/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * probe - a health check: one request of the configuration's first flow, a line for each step on
 * the way to its reply, and an exit code. It writes no files.
 */
#ifndef SIMULATOR_PROBE_H
#define SIMULATOR_PROBE_H

#include "config/settings.h"

/* OPTIONS_EXIT_PASSED: answered as it should be (a release for lack of credit is that, too).
 * OPTIONS_EXIT_THRESHOLD: a step failed; the last line says which, and the way out.
 * OPTIONS_EXIT_USAGE: it could not be begun. */
int probe_execute(const struct settings *settings);

#endif
