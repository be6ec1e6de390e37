/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * options - the command line of pulse7-witness.
 *
 * Pure but for getopt's own state: one call at a time. What it returns borrows argv.
 */
#ifndef RESPONDER_WITNESS_OPTIONS_H
#define RESPONDER_WITNESS_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "responder/link/datagram_socket.h"
#include "sigtran/base/status.h"

#define WITNESS_CLUSTERS_MAX 64u /* each is a few hundred octets and a file: plenty */
#define WITNESS_TEXT_OCTETS  512
#define WITNESS_PORT_DEFAULT 7100u

enum witness_action { WITNESS_RUN, WITNESS_HELP, WITNESS_VERSION };

struct witness_options {
    enum witness_action action;
    struct datagram_address listen;
    const char *data;
    const char *log_file; /* NULL: standard error */
    bool quiet;
    uint32_t cluster_count;
    struct {
        uint64_t id;
        const char *key_path;
    } cluster[WITNESS_CLUSTERS_MAX];
};

/* P7_MALFORMED, P7_RANGE, P7_MISSING, P7_EXISTS, P7_FULL: `text` (WITNESS_TEXT_OCTETS) says what is
 * wrong and the way out. */
enum p7_status witness_options_parse(struct witness_options *options, int argc, char *const *argv,
                                     char *text) P7_MUST_CHECK;
void witness_usage(FILE *stream);
void witness_version(FILE *stream);

/* "127.0.0.1:7100", "[::1]:7100"; WITNESS_ADDRESS_OCTETS at `text`. */
#define WITNESS_ADDRESS_OCTETS 64
void witness_address_text(const struct datagram_address *address, char *text);

#endif
