/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* pulse7-ledger - verifies, exports and reconciles the ledgers of the responder. */
#include <getopt.h>
#include <stdio.h>

enum exit_code { EXIT_GOOD, EXIT_DISCREPANCY, EXIT_USAGE };

static const char usage[] = "Usage: pulse7-ledger COMMAND [OPTION]... ARGUMENT...\n";

int main(int argc, char **argv)
{
    static const struct option options[] = {
        {"help", no_argument, NULL, 'h'}, {"version", no_argument, NULL, 'V'}, {NULL, 0, NULL, 0}};
    for (int option; (option = getopt_long(argc, argv, "+hV", options, NULL)) != -1;) {
        switch (option) {
        case 'h':
            (void)fputs(usage, stdout);
            return EXIT_GOOD;
        case 'V':
            (void)puts("pulse7-ledger " PULSE7_VERSION);
            return EXIT_GOOD;
        default:
            (void)fputs("Try 'pulse7-ledger --help'.\n", stderr);
            return EXIT_USAGE;
        }
    }
    (void)fputs("pulse7-ledger: name a command; try 'pulse7-ledger --help'\n", stderr);
    return EXIT_USAGE;
}
