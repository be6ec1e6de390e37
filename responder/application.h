/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * application - the responder from the main thread's side: its server, console, and the table that
 * it reports about itself every interval.
 */
#ifndef RESPONDER_APPLICATION_H
#define RESPONDER_APPLICATION_H

#include "config/language/options.h"
#include "config/settings.h"

/* Runs until a signal or the given duration ends it; returns the program's exit code. */
int application_execute(const struct settings *settings, const struct options *options);

#endif
