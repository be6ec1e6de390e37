/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * recorder_rows - a record as a row of requests.csv, or as an entry of journal.csv. Internal to the
 * recorder: its thread calls this for every request, so names are made into cells once.
 */
#ifndef SIMULATOR_RECORD_RECORDER_ROWS_H
#define SIMULATOR_RECORD_RECORDER_ROWS_H

#include <stddef.h>

#include "simulator/record/recorder.h"

/* A name of 64 octets, each a quote, in quotes. */
#define RECORDER_CELL_OCTETS 131

/* Longest row: eight numbers, three names, words. */
#define RECORDER_ROW_OCTETS_MAX 768

struct recorder_cell {
    uint8_t length;
    char text[RECORDER_CELL_OCTETS];
};

struct recorder_names {
    uint32_t run_tag;
    uint32_t target_count;
    uint32_t flow_count;
    uint32_t node_count;
    struct recorder_cell *target;
    struct recorder_cell *flow;
    struct recorder_cell *node;
    struct recorder_cell kind[REQUEST_KIND_COUNT];
    struct recorder_cell outcome[OUTCOME_COUNT];
};

/* P7_NO_MEMORY: recorder_names_destroy all the same. */
enum p7_status recorder_names_create(struct recorder_names *names,
                                     const struct recorder_settings *settings) P7_MUST_CHECK;
void recorder_names_destroy(struct recorder_names *names);

/* Write a whole line of at most RECORDER_ROW_OCTETS_MAX octets; give its length. */
size_t recorder_row_format(const struct recorder_names *names, const struct request_record *record,
                           char *row);
size_t recorder_entry_format(const struct recorder_names *names, const struct request_record *entry,
                             char *row);

#endif
