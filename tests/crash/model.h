/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * model - what a ledger must hold, kept beside a journal that works on a simulated disk; a seeded
 * workload that drives both; and the check of what a recovery finds against it.
 */
#ifndef TESTS_CRASH_MODEL_H
#define TESTS_CRASH_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include "responder/ledger/journal.h"
#include "sigtran/base/random.h"
#include "tests/crash/disk_simulated.h"

#define MODEL_RECORDS_MAX    2000u
#define MODEL_CLUSTER_ID     0x70756c736537ULL
#define MODEL_SEGMENT_OCTETS JOURNAL_SEGMENT_OCTETS_MIN

struct model_record {
    uint8_t octets[320];
    uint32_t length;
    uint32_t checksum;
    uint64_t term;
    uint64_t segment_first; /* where it has to lie */
    uint32_t offset;
};

struct model {
    struct random_state random;
    struct disk_simulated *disk;
    struct journal *journal;     /* NULL: closed */
    struct model_record *record; /* [0] is unused */
    uint64_t count;              /* of records that may be there */
    uint64_t acked;              /* of records that must be there */
    char wrong[256];             /* the first promise that was broken, or empty */
};

struct model *model_create(uint64_t seed);
void model_destroy(struct model *model);
void model_wrong(struct model *model, const char *what, uint64_t a, uint64_t b);

/* Makes a record behind `count`, not written yet. */
const struct model_record *model_extend(struct model *model);

/* Runs `steps` of the workload; false: a call of the journal failed, `status` says how. The journal
 * is left as it is then. */
bool model_run(struct model *model, unsigned steps, enum p7_status *status);

struct model_outcome {
    enum p7_status status; /* of journal_open: P7_OK or P7_MALFORMED, else it is wrong */
    uint64_t last;
};

/*
 * Recovers from the disk, compares, recovers again, appends and recovers once more. What is broken
 * goes into `wrong` of the model, which is otherwise left alone. `damaged`: a bit was flipped, so
 * acknowledged records may be missing (`last` says) or the ledger be refused.
 */
struct model_outcome model_check(struct model *model, struct disk_simulated *disk, bool damaged);

/* Index up to which `synced` on this disk says that all is durable, read without the journal. */
uint64_t model_marked(const struct disk_simulated *disk);

#endif
