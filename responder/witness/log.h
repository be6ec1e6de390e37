/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * log - the witness's lines for its operator: time in UTC and a sentence, to standard error or to a
 * file that can be opened anew after it was moved away.
 *
 * Life cycle: witness_log_open -> lines, reopen ... -> witness_log_close. One thread. A line that
 * can't be written is lost: the register goes on.
 */
#ifndef RESPONDER_WITNESS_LOG_H
#define RESPONDER_WITNESS_LOG_H

#include <stdbool.h>
#include <stdio.h>

#include "sigtran/base/status.h"

struct witness_log {
    FILE *file;
    const char *path; /* NULL: standard error */
    bool quiet;       /* errors only */
};

/* P7_SYSTEM: the file can't be opened, see errno. `path` is borrowed for the log's life. */
enum p7_status witness_log_open(struct witness_log *log, const char *path,
                                bool quiet) P7_MUST_CHECK;
/* Goes on with the old file where the new one can't be opened, and says so in it. */
void witness_log_reopen(struct witness_log *log);
void witness_log_close(struct witness_log *log);

void witness_log_notice(struct witness_log *log, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void witness_log_error(struct witness_log *log, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
