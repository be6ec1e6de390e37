/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * workload_disk - the writer thread of the workload: appends to segment files, syncs, measures how
 * long that takes and throttles its frequency by it. See workload.h for what it is like.
 *
 * Life cycle: workload_disk_start -> add from any thread, read counters -> workload_disk_stop.
 */
#ifndef RESPONDER_WORKLOAD_DISK_H
#define RESPONDER_WORKLOAD_DISK_H

#include <stdint.h>

#include "sigtran/base/status.h"

struct workload_disk;

struct workload_disk_counters {
    uint64_t writes;
    uint64_t octets_written;
    uint64_t octets_discarded;
    uint64_t errors;
    uint64_t write_ns_last;
    uint64_t write_ns_max;
    uint64_t write_ns_sum;
    uint64_t pause_ns;
};

/* P7_SYSTEM: the directory cannot be opened or written to, or no thread; P7_NO_MEMORY. */
enum p7_status workload_disk_start(struct workload_disk **result,
                                   const char *directory) P7_MUST_CHECK;
/* Waits for the write that runs; what was added and not yet written is dropped. NULL does nothing.
 */
void workload_disk_stop(struct workload_disk *disk);

/* So many octets more to write. Never waits. */
void workload_disk_add(struct workload_disk *disk, uint64_t octets);

void workload_disk_counters_read(const struct workload_disk *disk,
                                 struct workload_disk_counters *counters);

#endif
