/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * data_directory - where a node keeps what outlives it: who it is, its ledger, its CDR files.
 *
 *     identity    text: cluster, node, a random identity, how many lives it has had
 *     lock        held while a process uses the directory
 *     ledger/     the journal's files (disk_posix.h, journal.h)
 *     cdr/        CDR files (cdr.h)
 *
 * Life cycle: data_directory_open -> the fields -> data_directory_close. One thread. Nothing but
 * `identity` and `lock` is made here.
 *
 * The identity is made when there is none yet: it names this directory, so that one that was
 * exchanged or emptied is known as another. Each open is one life more, durable before it returns:
 * no two processes ever get the same session (channel.h), crash or not. The count begins with the
 * seconds since 1970, so that the sessions of a directory that was emptied go on above the old
 * ones.
 */
#ifndef RESPONDER_STORAGE_DATA_DIRECTORY_H
#define RESPONDER_STORAGE_DATA_DIRECTORY_H

#include <stddef.h>
#include <stdint.h>

#include "sigtran/base/status.h"

#define DATA_DIRECTORY_IDENTITY "identity"
#define DATA_DIRECTORY_LEDGER   "ledger"
#define DATA_DIRECTORY_CDR      "cdr"

#define DATA_DIRECTORY_TEXT_OCTETS 512
#define DATA_DIRECTORY_PATH_OCTETS 4096

struct data_directory {
    uint64_t identity; /* random, not 0 */
    uint64_t session;  /* life in the upper half, random in the lower one */
    uint32_t life;     /* one more with each open */
    int lock;          /* -1: closed */
    char ledger[DATA_DIRECTORY_PATH_OCTETS];
    char cdr[DATA_DIRECTORY_PATH_OCTETS];
};

/* What `identity` says. */
struct data_identity {
    uint64_t cluster_id;
    uint64_t identity;
    uint32_t node;
    uint32_t lives;
};

/*
 * Makes the directory where it is missing (not its parents). P7_STATE: it is another cluster's or
 * node's; P7_EXISTS: another process uses it; P7_MALFORMED: `identity` is damaged; P7_RANGE: the
 * path is too long; P7_SYSTEM with errno. `text` says which, and the way out.
 */
enum p7_status data_directory_open(const char *path, uint64_t cluster_id, uint32_t node,
                                   struct data_directory *out, char *text,
                                   size_t text_octets) P7_MUST_CHECK;
void data_directory_close(struct data_directory *directory);

/* Reads `identity` of a directory and changes nothing; for tools. P7_NOT_FOUND: there is none;
 * P7_MALFORMED, P7_SYSTEM. */
enum p7_status data_directory_read(const char *path, struct data_identity *identity, char *text,
                                   size_t text_octets) P7_MUST_CHECK;

#endif
