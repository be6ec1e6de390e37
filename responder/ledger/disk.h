/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * disk - what the ledger needs of a disk: one directory of files. The real one is in
 * responder/storage; tests have one that loses power at any point.
 *
 * All calls are synchronous. A failure is P7_SYSTEM (P7_FULL for no space left, P7_NOT_FOUND for no
 * such file) with `text` of the disk saying what and why. After a failed sync nothing that was
 * written since the last good one may be trusted: never try again (the kernel may have dropped the
 * dirty pages), start anew from what is there.
 */
#ifndef RESPONDER_LEDGER_DISK_H
#define RESPONDER_LEDGER_DISK_H

#include <stddef.h>
#include <stdint.h>

#include "sigtran/base/bytes.h"
#include "sigtran/base/status.h"

#define DISK_NAME_OCTETS 64
#define DISK_FILE_NONE   (-1)

struct disk {
    void *context;
    /* Opens for reading and writing; `create`: it must not exist yet (P7_EXISTS), and is filled
     * with `zero_octets` octets of zeros. The name is durable after sync_directory only. */
    enum p7_status (*open)(void *context, const char *name, int create, uint64_t zero_octets,
                           int *file);
    enum p7_status (*write)(void *context, int file, uint64_t offset, struct bytes octets);
    /* Reads up to `octets`, fewer at the end of the file. */
    enum p7_status (*read)(void *context, int file, uint64_t offset, void *dst, size_t octets,
                           size_t *got);
    /* What was written to the file, and its length, is durable when it comes back (fdatasync). */
    enum p7_status (*sync)(void *context, int file);
    void (*close)(void *context, int file);
    /* Durable after sync_directory. */
    enum p7_status (*rename)(void *context, const char *from, const char *to);
    enum p7_status (*remove)(void *context, const char *name);
    enum p7_status (*sync_directory)(void *context);
    /* Calls `each` for every file's name, in no order. */
    enum p7_status (*list)(void *context, void (*each)(void *user, const char *name), void *user);
};

#endif
