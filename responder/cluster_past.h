/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * cluster_past - records that have left memory, read from the ledger's files while the journal
 * writes to them: for a peer that was away for long, or comes with an empty disk.
 *
 * Life cycle: cluster_past_open -> read ... -> cluster_past_close. One thread. Reading on from
 * where the last read ended is quick; a jump opens the segment anew and reads it up to there.
 */
#ifndef RESPONDER_CLUSTER_PAST_H
#define RESPONDER_CLUSTER_PAST_H

#include <stddef.h>
#include <stdint.h>

#include "sigtran/base/status.h"

struct cluster_past;

/* `directory` of the journal. Errors as disk_posix_open. */
enum p7_status cluster_past_open(const char *directory, uint64_t cluster_id,
                                 struct cluster_past **out) P7_MUST_CHECK;
void cluster_past_close(struct cluster_past *past);

/* For cluster_log_params.older, `context` is the past: whole records from `first` on, as many as
 * fit. They must have been durable and committed before. P7_NOT_FOUND, P7_MALFORMED, P7_SYSTEM. */
enum p7_status cluster_past_read(void *context, uint64_t first, void *dst, size_t dst_octets,
                                 size_t *got);

#endif
