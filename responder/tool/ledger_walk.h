/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * ledger_walk - a ledger named on the command line: its own directory, or the data directory of a
 * node, whose subdirectory `ledger` it is then. Read only.
 *
 * Life cycle: ledger_walk (all of it in one call); ledger_compare for two that were walked.
 */
#ifndef RESPONDER_TOOL_LEDGER_WALK_H
#define RESPONDER_TOOL_LEDGER_WALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "responder/storage/ledger_reader.h"

#define LEDGER_WALK_PATH_OCTETS 4096

struct ledger_facts {
    char directory[LEDGER_WALK_PATH_OCTETS];
    struct ledger_position position;
    uint64_t charges;
    uint64_t settlements;
    uint64_t terms;
    uint64_t sum; /* units; `overflow`: it outgrew 64 bits */
    bool overflow;
    bool damaged; /* `text` says where */
    char text[1024];
};

/* Called for each record; false stops the walk (P7_NO_MEMORY then). */
struct ledger_visitor {
    bool (*each)(void *context, const struct ledger_record *record);
    void *context;
};

/* Whether the path holds a ledger, and where: writes `directory`. */
bool ledger_find(const char *path, char directory[LEDGER_WALK_PATH_OCTETS]);

/*
 * Reads all records; `visitor` may be NULL. P7_OK also where the ledger is `damaged` (what precedes
 * the damage was visited); P7_NOT_FOUND: no ledger there; P7_NO_MEMORY; P7_SYSTEM: `text`.
 */
enum p7_status ledger_walk(const char *path, const struct ledger_visitor *visitor,
                           struct ledger_facts *facts) P7_MUST_CHECK;

struct ledger_difference {
    bool same_records;
    bool same_files;
    char text[1024]; /* where they first differ */
};

/* Compares two ledgers record by record and file by file. P7_NO_MEMORY, P7_SYSTEM: `text`. */
enum p7_status ledger_compare(const struct ledger_facts *a, const struct ledger_facts *b,
                              struct ledger_difference *difference) P7_MUST_CHECK;

#endif
