/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * startup - what both programs do before they run: command line, help and version, log,
 * configuration file, options over it, checks; every complaint said on standard error.
 *
 *     startup_begin -> run, where it says so -> startup_end
 */
#ifndef CONFIG_LANGUAGE_STARTUP_H
#define CONFIG_LANGUAGE_STARTUP_H

#include <stdbool.h>

#include "config/language/options.h"
#include "config/settings.h"

struct startup {
    struct options options;
    struct settings *settings; /* checked, with the options put over the file */
};

/*
 * True: run. False: the program is done, with *exit_code (help, version, --check, or an error,
 * which has been said). startup_end is to be called in both cases.
 */
bool startup_begin(struct startup *startup, enum settings_program program, int argc,
                   char *const *argv, int *exit_code);
void startup_end(struct startup *startup);

#endif
