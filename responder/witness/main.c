/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * pulse7-witness - the third party of a cluster: keeps the register that decides who serves.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "responder/witness/log.h"
#include "responder/witness/options.h"
#include "responder/witness/server.h"

enum exit_code { EXIT_GOOD, EXIT_USAGE = 2, EXIT_CANNOT_RUN };

static int complain(const char *text, enum exit_code code)
{
    (void)fprintf(stderr, "pulse7-witness: %s\n", text);
    return code;
}

/* What it serves and where: the line by which whoever started it knows that it is ready. */
static void announce(const struct witness_options *options)
{
    char address[WITNESS_ADDRESS_OCTETS];
    witness_address_text(&options->listen, address);
    (void)printf("pulse7-witness %s: ready on %s, registers in %s, cluster", PULSE7_VERSION,
                 address, options->data);
    for (uint32_t i = 0; i < options->cluster_count; i++)
        (void)printf("%s %" PRIu64, i > 0 ? "," : "", options->cluster[i].id);
    (void)printf("\n");
    (void)fflush(stdout);
}

static int serve(const struct witness_options *options)
{
    char text[WITNESS_TEXT_OCTETS] = "";
    struct witness_log log;
    struct server *server;
    if (witness_log_open(&log, options->log_file, options->quiet) != P7_OK) {
        (void)snprintf(text, sizeof(text), "--log-file %s can't be opened: %s", options->log_file,
                       strerror(errno));
        return complain(text, EXIT_CANNOT_RUN);
    }
    enum p7_status status = server_open(&server, options, &log, text);
    if (status == P7_OK) {
        announce(options);
        status = server_run(server, text);
        server_close(server);
        if (status != P7_OK && options->log_file != NULL)
            witness_log_error(&log, "%s", text);
    }
    witness_log_close(&log);
    return status == P7_OK ? EXIT_GOOD : complain(text, EXIT_CANNOT_RUN);
}

int main(int argc, char **argv)
{
    struct witness_options options;
    char text[WITNESS_TEXT_OCTETS];
    (void)setvbuf(stdout, NULL, _IOLBF, 0);
    if (witness_options_parse(&options, argc, argv, text) != P7_OK)
        return complain(text, EXIT_USAGE);
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
    return serve(&options);
}
