/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * cdr_file - the files of a CDR directory: which are published, and the one that is being written.
 * cdr.h says what they are; cdr.c is who uses it.
 *
 * Life cycle: cdr_files_open -> put, publish or drop, any number of times -> cdr_files_close. One
 * thread.
 *
 * Publishing: the CSV is synced; the companion gets its name, durably; then the CSV gets its name.
 * So a companion without its CSV tells which file was about to be published when the power failed:
 * somebody may have seen it. It is made again as it was (`planned`), to the octet, as a file
 * follows from the ledger and its range alone. The file `published` keeps the last index, so that
 * files may be taken away once they are published.
 */
#ifndef RESPONDER_STORAGE_CDR_FILE_H
#define RESPONDER_STORAGE_CDR_FILE_H

#include <nettle/sha2.h>
#include <stdbool.h>
#include <stdint.h>

#include "responder/ledger/record.h"
#include "sigtran/base/status.h"

#define CDR_FILE_NAME_OCTETS 96
#define CDR_FILE_TEXT_OCTETS 512
#define CDR_BUFFER_OCTETS    65536u

struct cdr_files {
    uint64_t cluster_id;
    int directory;
    int lock;
    uint64_t published; /* last index in published files */
    uint64_t planned;   /* the next file must end with this index; 0: anywhere */
    /* The unfinished file: */
    int part;      /* -1: none, no line yet */
    uint64_t last; /* index of the last record put */
    uint64_t count;
    uint64_t amount;
    uint64_t octets;
    size_t used;
    struct sha256_ctx sha256;
    uint8_t buffer[CDR_BUFFER_OCTETS];
    char part_name[CDR_FILE_NAME_OCTETS];
    char path[512]; /* for sentences */
    char text[CDR_FILE_TEXT_OCTETS];
};

/* Makes the directory where it is missing, removes what is unfinished. Errors as cdr_create; `text`
 * of the struct is set then, and nothing is open. */
enum p7_status cdr_files_open(struct cdr_files *files, const char *directory,
                              uint64_t cluster_id) P7_MUST_CHECK;
void cdr_files_close(struct cdr_files *files);

/* The record behind the last one. P7_SYSTEM; P7_FULL: no space. */
enum p7_status cdr_files_put(struct cdr_files *files,
                             const struct ledger_record *record) P7_MUST_CHECK;
/* Whether there is a line to publish. */
bool cdr_files_pending(const struct cdr_files *files);
/* Publishes what was put. Only where there is a line. */
enum p7_status cdr_files_publish(struct cdr_files *files) P7_MUST_CHECK;
/* Forgets what was put since the last publication. */
void cdr_files_drop(struct cdr_files *files);

enum cdr_name_kind { CDR_NAME_OTHER, CDR_NAME_CSV, CDR_NAME_META, CDR_NAME_PART };
/* What a file of that name is, and its range (for CSV and META). */
enum cdr_name_kind cdr_name_parse(const char *name, uint64_t *first, uint64_t *last);

#endif
