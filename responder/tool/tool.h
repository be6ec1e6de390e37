/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * tool - the commands of pulse7-ledger, one source each; main.c reads the options and calls one.
 * Each prints its table to stdout, what is wrong to stderr, and gives the program's exit code.
 */
#ifndef RESPONDER_TOOL_TOOL_H
#define RESPONDER_TOOL_TOOL_H

#include <stdbool.h>
#include <stddef.h>

enum tool_exit {
    TOOL_GOOD,        /* 0 */
    TOOL_DISCREPANCY, /* 1 */
    TOOL_USAGE,       /* 2: wrong usage, or something can't be read or written */
};

#define TOOL_PATHS_MAX 64u

struct tool_arguments {
    const char *operand[TOOL_PATHS_MAX];
    size_t operands;
    const char *cdr[TOOL_PATHS_MAX]; /* --cdr */
    size_t cdrs;
    const char *csv;    /* --csv FILE, "-": stdout */
    const char *sqlite; /* --sqlite FILE */
    bool json;
};

enum tool_exit tool_verify(const struct tool_arguments *arguments);
enum tool_exit tool_export(const struct tool_arguments *arguments);
enum tool_exit tool_cdr_verify(const struct tool_arguments *arguments);
enum tool_exit tool_reconcile(const struct tool_arguments *arguments);

/* "pulse7-ledger: ..." and a line's end, to stderr. */
void tool_complain(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Whether all that was printed went out; complains where not. */
bool tool_printed(void);

#endif
