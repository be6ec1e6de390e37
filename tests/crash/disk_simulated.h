/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * disk_simulated - a `struct disk` in memory that loses power, fails calls and flips bits.
 *
 * Life cycle: disk_simulated_create -> disk_simulated_ops for a journal, disk_simulated_cut for
 * what a loss of power would leave -> disk_simulated_destroy. One thread.
 *
 * What is durable: a sector of 512 octets is written whole or not at all. Every write leaves a
 * version of each sector that it touches; until the file is synced, a loss of power leaves any one
 * of the versions since the last sync, for each sector apart: so writes are lost, torn and out of
 * order. Lengths and names are the same: creation, rename and removal are each there or not until
 * the directory is synced.
 *
 * A failed write leaves some of its sectors. After a failed sync what was pending is durable or
 * not, by sector, reads as written, and no later sync writes it: as kernels do.
 *
 * Out of memory ends the program: this is for tests.
 */
#ifndef TESTS_CRASH_DISK_SIMULATED_H
#define TESTS_CRASH_DISK_SIMULATED_H

#include <stdbool.h>
#include <stdint.h>

#include "responder/ledger/disk.h"
#include "sigtran/base/random.h"

#define DISK_SIMULATED_SECTOR_OCTETS 512u

/* What of the pending things a loss of power leaves. */
enum disk_simulated_loss {
    DISK_LOSS_ALL,    /* nothing of it */
    DISK_LOSS_NONE,   /* all of it */
    DISK_LOSS_PREFIX, /* all up to some call */
    DISK_LOSS_TORN,   /* all, but only some sectors of the newest call */
    DISK_LOSS_ANY,    /* any version of each sector */
    DISK_LOSS_COUNT
};

enum disk_simulated_call {
    DISK_CALL_OPEN,
    DISK_CALL_CREATE,
    DISK_CALL_WRITE,
    DISK_CALL_READ,
    DISK_CALL_SYNC,
    DISK_CALL_RENAME,
    DISK_CALL_REMOVE,
    DISK_CALL_SYNC_DIRECTORY,
    DISK_CALL_LIST,
};

struct disk_simulated;

struct disk_simulated_hooks {
    void *context;
    /* Before and after each call; either may be NULL. */
    void (*before)(void *context, enum disk_simulated_call call);
    void (*after)(void *context);
};

struct disk_simulated *disk_simulated_create(uint64_t seed);
void disk_simulated_destroy(struct disk_simulated *disk);
const struct disk *disk_simulated_ops(struct disk_simulated *disk);
void disk_simulated_set_hooks(struct disk_simulated *disk,
                              const struct disk_simulated_hooks *hooks);

/* Calls until now, without close. */
uint64_t disk_simulated_calls(const struct disk_simulated *disk);
/* That call (counting from 1) fails with `status`, and with `and_on` all later ones. 0: none. */
void disk_simulated_fail_at(struct disk_simulated *disk, uint64_t call, enum p7_status status,
                            bool and_on);
/* Whether it did, and which kind of call it was. */
bool disk_simulated_has_failed(const struct disk_simulated *disk, enum disk_simulated_call *call);

/* A new disk with what is left after a loss of power now; everything on it is durable. */
struct disk_simulated *disk_simulated_cut(const struct disk_simulated *disk,
                                          enum disk_simulated_loss loss,
                                          struct random_state *random);

/* Hash of names, lengths and contents. */
uint64_t disk_simulated_hash(const struct disk_simulated *disk);
/* Contents of a file as read; data is NULL where there is none. Valid until the next call. */
struct bytes disk_simulated_file(const struct disk_simulated *disk, const char *name);
/* Makes (or replaces) a file, durably. */
void disk_simulated_put(struct disk_simulated *disk, const char *name, struct bytes octets);

/* Where a bit was flipped. */
struct disk_simulated_flip {
    char name[DISK_NAME_OCTETS];
    uint64_t offset;
};
/* Flips one bit of some sector of some file, in what is durable, too. False: there is none. */
bool disk_simulated_flip_bit(struct disk_simulated *disk, struct random_state *random,
                             struct disk_simulated_flip *flip);

#endif
