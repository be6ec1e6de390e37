/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * pulse7-witness - the third party of a cluster: keeps the register that decides who serves.
 */
#include <stdio.h>

#include "responder/witness/options.h"

enum exit_code { EXIT_GOOD, EXIT_USAGE = 2, EXIT_CANNOT_RUN };

int main(int argc, char **argv)
{
    struct witness_options options;
    char text[WITNESS_TEXT_OCTETS];
    (void)setvbuf(stdout, NULL, _IOLBF, 0);
    if (witness_options_parse(&options, argc, argv, text) != P7_OK) {
        (void)fprintf(stderr, "pulse7-witness: %s\n", text);
        return EXIT_USAGE;
    }
    switch (options.action) {
    case WITNESS_HELP:
        witness_usage(stdout);
        return EXIT_GOOD;
    case WITNESS_VERSION:
        witness_version(stdout);
        return EXIT_GOOD;
    case WITNESS_RUN:
        break;
    }
    return EXIT_CANNOT_RUN;
}
