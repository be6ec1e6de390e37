/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * cluster_log - a node's ledger as the cluster's machine reads it: the newest records in memory,
 * the older ones by whoever can read the ledger's files.
 *
 * Life cycle: cluster_log_create -> append (the recovered records first, then new ones), truncate,
 * and reads through cluster_log_ops -> cluster_log_destroy. One thread. All memory is had at
 * creation: a ring of octets and a ring of heads. What falls out of it is on disk, as records come
 * in far slower than a disk writes what memory holds: 32 MiB are the records of some ten seconds at
 * full speed.
 */
#ifndef RESPONDER_CLUSTER_LOG_H
#define RESPONDER_CLUSTER_LOG_H

#include <stdint.h>

#include "responder/cluster/cluster.h"
#include "sigtran/base/bytes.h"
#include "sigtran/base/status.h"

#define CLUSTER_LOG_OCTETS  (32u * 1024u * 1024u)
#define CLUSTER_LOG_RECORDS 262144u

struct cluster_log_params {
    uint32_t octets;  /* at least CLUSTER_LOG_OCTETS_MIN */
    uint32_t records; /* a power of two */
    /* Records from `first` on, as journal_read gives them; NULL: older ones can't be had. */
    enum p7_status (*older)(void *context, uint64_t first, void *dst, size_t dst_octets,
                            size_t *got);
    void *context;
};

/* What may be truncated must be in memory. */
#define CLUSTER_LOG_OCTETS_MIN (4u * LEDGER_RECORD_OCTETS_MAX)

struct cluster_log_store;

/* CLUSTER_LOG_OCTETS, CLUSTER_LOG_RECORDS, nothing older. */
void cluster_log_params_init(struct cluster_log_params *params);

/* P7_RANGE for sizes out of their bounds, P7_NO_MEMORY. */
enum p7_status cluster_log_create(const struct cluster_log_params *params,
                                  struct cluster_log_store **out) P7_MUST_CHECK;
/* NULL does nothing. */
void cluster_log_destroy(struct cluster_log_store *store);

/* Whole records that follow the last one. */
void cluster_log_append(struct cluster_log_store *store, struct bytes records);
/* Forgets all records behind `last_kept`, which is in memory, or right before what is. */
void cluster_log_truncate(struct cluster_log_store *store, uint64_t last_kept);

uint64_t cluster_log_last(const struct cluster_log_store *store);
/* Index of the first record in memory; last + 1 when there is none. */
uint64_t cluster_log_first(const struct cluster_log_store *store);

/* For cluster_init; borrows the store. What `read` gives is valid until the next call of it, of
 * append or of truncate. */
struct cluster_log cluster_log_ops(struct cluster_log_store *store);

#endif
