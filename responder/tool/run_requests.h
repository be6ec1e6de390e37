/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * run_requests - the requests of a run directory, each with the identity that the charging service
 * gave it: a hash over the originating address of its target, its call reference and its sequence.
 *
 * A run that ended has run.json: its requests.csv is read. One that was killed has none: then its
 * journal.csv tells what was sent and answered (pulse7-simulator writes it where asked to), or, as
 * far as it goes, requests.csv. Addresses come from targets.csv, or from run.json.
 */
#ifndef RESPONDER_TOOL_RUN_REQUESTS_H
#define RESPONDER_TOOL_RUN_REQUESTS_H

#include <stdbool.h>
#include <stdint.h>

#include "responder/tool/reconcile.h"

#define RUN_TEXT_OCTETS 768

struct run_facts {
    bool ended;            /* it has run.json */
    uint64_t rows;         /* read */
    uint64_t unnamed_ok;   /* answered ok, without a call reference: can't be looked up */
    uint64_t rows_lost;    /* that the simulator could not write, as run.json says */
    uint64_t contradicted; /* requests that got two different replies */
    char text[RUN_TEXT_OCTETS];
};

/* Whether the directory is one of a run. */
bool run_find(const char *path);

/* Adds the run's requests. P7_MISSING: a file or column is not there, and how to get it;
 * P7_MALFORMED, P7_NO_MEMORY, P7_SYSTEM: `text`. */
enum p7_status run_requests_add(const char *path, struct reconcile *reconcile,
                                struct run_facts *facts) P7_MUST_CHECK;

#endif
