/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* pulse7-ledger - verifies, exports and reconciles the ledgers of pulse7-responder. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "responder/tool/tool.h"

static const char usage[] =
    "Usage: pulse7-ledger verify [--json] LEDGER...\n"
    "       pulse7-ledger export --csv FILE|--sqlite FILE LEDGER\n"
    "       pulse7-ledger cdr-verify [--json] DIRECTORY...\n"
    "       pulse7-ledger reconcile [--json] [--cdr DIRECTORY]... RUN... LEDGER...\n"
    "Reads the ledgers of pulse7-responder and changes nothing. LEDGER is a ledger's directory, "
    "or\n"
    "the data directory of a node; RUN is a run directory of pulse7-simulator.\n"
    "\n"
    "verify       reads all records: checksums, indices, terms, a torn tail; prints counts, the "
    "sum\n"
    "             and the last checksum; of several whether they are identical, or where they "
    "part\n"
    "export       writes the records as CSV or into a new SQLite database\n"
    "cdr-verify   published CDR files: gaps, lines, sums, SHA-256\n"
    "reconcile    every request that was answered ok is in the ledger once, none is charged "
    "twice,\n"
    "             the sums agree, all ledgers are identical\n"
    "\n"
    "  --cdr DIR      reconcile: CDR files, whose sum must be the ledger's; may be repeated\n"
    "  --csv FILE     export: a new file, - for standard output\n"
    "  --sqlite FILE  export: a new database\n"
    "  --json         print figures as JSON\n"
    "  --help         print this\n"
    "  --version      print the version\n"
    "\n"
    "Exit code: 0 all is good; 1 a discrepancy or damage was found; 2 wrong usage, or something\n"
    "can't be read or written.\n";

/* False: *code is the program's. */
static bool parse(int argc, char **argv, struct tool_arguments *arguments, enum tool_exit *code)
{
    static const struct option options[] = {{"cdr", required_argument, NULL, 'd'},
                                            {"csv", required_argument, NULL, 'c'},
                                            {"sqlite", required_argument, NULL, 's'},
                                            {"json", no_argument, NULL, 'j'},
                                            {"help", no_argument, NULL, 'h'},
                                            {"version", no_argument, NULL, 'V'},
                                            {NULL, 0, NULL, 0}};
    *code = TOOL_GOOD;
    for (int option; (option = getopt_long(argc, argv, "hV", options, NULL)) != -1;) {
        switch (option) {
        case 'd':
            if (arguments->cdrs == TOOL_PATHS_MAX) {
                tool_complain("more than %u directories", TOOL_PATHS_MAX);
                *code = TOOL_USAGE;
                return false;
            }
            arguments->cdr[arguments->cdrs++] = optarg;
            break;
        case 'c':
            arguments->csv = optarg;
            break;
        case 's':
            arguments->sqlite = optarg;
            break;
        case 'j':
            arguments->json = true;
            break;
        case 'h':
            (void)fputs(usage, stdout);
            return false;
        case 'V':
            (void)puts("pulse7-ledger " PULSE7_VERSION);
            return false;
        default:
            (void)fputs("Try 'pulse7-ledger --help'.\n", stderr);
            *code = TOOL_USAGE;
            return false;
        }
    }
    return true;
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        enum tool_exit (*run)(const struct tool_arguments *arguments);
    } commands[] = {{"verify", tool_verify},
                    {"export", tool_export},
                    {"cdr-verify", tool_cdr_verify},
                    {"reconcile", tool_reconcile}};
    struct tool_arguments arguments = {0};
    enum tool_exit code;
    if (!parse(argc, argv, &arguments, &code))
        return (int)code;
    if (optind == argc) {
        tool_complain("name a command: verify, export, cdr-verify or reconcile; --help tells more");
        return TOOL_USAGE;
    }
    const char *command = argv[optind++];
    for (; optind < argc; optind++) {
        if (arguments.operands == TOOL_PATHS_MAX) {
            tool_complain("more than %u directories", TOOL_PATHS_MAX);
            return TOOL_USAGE;
        }
        arguments.operand[arguments.operands++] = argv[optind];
    }
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
        if (strcmp(command, commands[i].name) == 0)
            return (int)commands[i].run(&arguments);
    tool_complain("there is no command %s; --help names them", command);
    return TOOL_USAGE;
}
