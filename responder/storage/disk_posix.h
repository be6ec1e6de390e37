/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * disk_posix - a directory of the real file system as a `struct disk`.
 *
 * Life cycle: disk_posix_open -> disk_posix_ops for a journal -> disk_posix_close. The directory is
 * locked (flock on its file `lock`): two processes can't write one ledger. One thread at a time.
 */
#ifndef RESPONDER_STORAGE_DISK_POSIX_H
#define RESPONDER_STORAGE_DISK_POSIX_H

#include <stdbool.h>

#include "responder/ledger/disk.h"

struct disk_posix;

/* Creates the directory where it is missing (not its parents). `read_only`: neither creates nor
 * locks. P7_EXISTS: another process has it; P7_SYSTEM with errno; P7_NO_MEMORY. */
enum p7_status disk_posix_open(const char *directory, bool read_only,
                               struct disk_posix **out) P7_MUST_CHECK;
void disk_posix_close(struct disk_posix *disk);
const struct disk *disk_posix_ops(const struct disk_posix *disk);
/* Sentence about the last failure: call, file, errno's text, and what to do. */
const char *disk_posix_text(const struct disk_posix *disk);

#endif
