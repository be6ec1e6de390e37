/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * cdr_check - reads the published files of a CDR directory and holds them to what they promise:
 * ranges without gap or overlap, and each CSV as its companion says (octets, SHA-256, lines, sum).
 * Changes nothing.
 */
#ifndef RESPONDER_TOOL_CDR_CHECK_H
#define RESPONDER_TOOL_CDR_CHECK_H

#include <stdint.h>

#include "sigtran/base/status.h"

struct cdr_facts {
    uint64_t files;
    uint64_t first; /* index; 0: no files */
    uint64_t last;
    uint64_t lines;
    uint64_t sum;
    uint64_t problems; /* each was told */
    char text[512];    /* of an error */
};

/* `path`: the CDR directory, or a node's data directory. `tell` gets a sentence for each problem.
 * P7_SYSTEM, P7_NO_MEMORY: `text`. */
enum p7_status cdr_check(const char *path, void (*tell)(const char *sentence),
                         struct cdr_facts *facts) P7_MUST_CHECK;

#endif
