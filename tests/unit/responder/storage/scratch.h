/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* scratch - a directory of the real file system for one test, and records to put there. */
#ifndef TESTS_UNIT_RESPONDER_STORAGE_SCRATCH_H
#define TESTS_UNIT_RESPONDER_STORAGE_SCRATCH_H

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "responder/ledger/journal.h"
#include "responder/ledger/record.h"
#include "responder/storage/disk_posix.h"
#include "tests/unit/unit.h"

#define SCRATCH_CLUSTER  0x1122334455667788ull
#define SCRATCH_SEGMENT  8192u
#define SCRATCH_PATH_MAX 512

struct scratch {
    char path[SCRATCH_PATH_MAX];
};

static inline void scratch_make(struct scratch *scratch)
{
    const char *top = getenv("TMPDIR");
    (void)snprintf(scratch->path, sizeof(scratch->path), "%.400s/pulse7-storage-XXXXXX",
                   top == NULL ? "/tmp" : top);
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(scratch->path));
}

/* Two levels deep is what there is. */
static inline void scratch_empty(const char *path, int depth)
{
    DIR *listing = opendir(path);
    if (listing == NULL)
        return;
    for (const struct dirent *entry; (entry = readdir(listing)) != NULL;) {
        char name[SCRATCH_PATH_MAX + 300];
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        (void)snprintf(name, sizeof(name), "%.511s/%s", path, entry->d_name);
        if (unlink(name) == -1 && depth > 0) {
            scratch_empty(name, depth - 1);
            (void)rmdir(name);
        }
    }
    (void)closedir(listing);
}

static inline void scratch_remove(const struct scratch *scratch)
{
    scratch_empty(scratch->path, 3);
    CU_ASSERT_EQUAL(rmdir(scratch->path), 0);
}

static inline const char *scratch_file(const struct scratch *scratch, const char *name, char *path)
{
    (void)snprintf(path, SCRATCH_PATH_MAX, "%.300s/%.200s", scratch->path, name);
    return path;
}

static inline void scratch_write(const struct scratch *scratch, const char *name,
                                 const char *content)
{
    char path[SCRATCH_PATH_MAX];
    FILE *file = fopen(scratch_file(scratch, name, path), "we");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    CU_ASSERT_TRUE(fputs(content, file) >= 0);
    CU_ASSERT_EQUAL(fclose(file), 0);
}

/* The file's octets, NUL-terminated; to be freed. */
static inline char *scratch_read(const struct scratch *scratch, const char *name, size_t *octets)
{
    char path[SCRATCH_PATH_MAX];
    struct stat status;
    FILE *file = fopen(scratch_file(scratch, name, path), "re");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    CU_ASSERT_EQUAL_FATAL(fstat(fileno(file), &status), 0);
    char *content = calloc(1, (size_t)status.st_size + 1);
    CU_ASSERT_PTR_NOT_NULL_FATAL(content);
    CU_ASSERT_EQUAL(fread(content, 1, (size_t)status.st_size, file), (size_t)status.st_size);
    *octets = (size_t)status.st_size;
    (void)fclose(file);
    return content;
}

static inline bool scratch_exists(const struct scratch *scratch, const char *name)
{
    char path[SCRATCH_PATH_MAX];
    return access(scratch_file(scratch, name, path), F_OK) == 0;
}

/* A ledger as it is made up: each record's checksum hangs on the one before. */
struct chain {
    uint64_t index;
    uint64_t term;
    uint32_t checksum;
};

/* Record `index` has amount 10 * index; every fifth is a settlement, every seventh a term. */
static inline struct ledger_record chain_record(uint64_t index, uint64_t term)
{
    struct ledger_record record = {.index = index, .term = term, .wall_ns = (int64_t)index * 1000};
    record.kind = index % 7 == 0 ? LEDGER_TERM : index % 5 == 0 ? LEDGER_SETTLEMENT : LEDGER_CHARGE;
    if (record.kind == LEDGER_TERM)
        return record;
    record.account = 46701000000u + index;
    record.amount = 10 * index;
    record.reference[0] = index;
    if (record.kind == LEDGER_CHARGE) {
        record.flags = LEDGER_IN_TABLE;
        record.identity.key[0] = index;
        record.identity.key[1] = 7;
        record.reply.primitive = DECISION_END;
    }
    return record;
}

static inline size_t chain_next(struct chain *chain, uint8_t *dst, size_t room)
{
    const struct ledger_record record = chain_record(chain->index + 1, chain->term);
    struct bytes_writer writer = bytes_writer_of(dst, dst + room);
    struct ledger_record_head head;
    CU_ASSERT_EQUAL_FATAL(ledger_record_encode(&writer, &record, chain->checksum), P7_OK);
    const size_t length = bytes_writer_length(&writer);
    CU_ASSERT_EQUAL_FATAL(ledger_record_peek(bytes_of(dst, length), &head), P7_OK);
    chain->index++;
    chain->checksum = head.checksum;
    return length;
}

/* A journal in the directory, with its disk. */
struct rig {
    struct disk_posix *disk;
    struct journal *journal;
    struct chain chain;
};

static inline void rig_open(struct rig *rig, const char *directory)
{
    struct journal_recovery recovery;
    char text[JOURNAL_TEXT_OCTETS] = "";
    CU_ASSERT_EQUAL_FATAL(disk_posix_open(directory, false, &rig->disk), P7_OK);
    const struct journal_params params = {.disk = disk_posix_ops(rig->disk),
                                          .cluster_id = SCRATCH_CLUSTER,
                                          .segment_octets = SCRATCH_SEGMENT};
    const enum p7_status status =
        journal_open(&params, &rig->journal, &recovery, text, sizeof(text));
    if (status != P7_OK)
        (void)fprintf(stderr, "%s\n", text);
    CU_ASSERT_EQUAL_FATAL(status, P7_OK);
    rig->chain = (struct chain){.index = recovery.last_index,
                                .term = recovery.last_term == 0 ? 1 : recovery.last_term,
                                .checksum = recovery.last_checksum};
}

/* The disk alone: the journal was taken over by a thread. */
static inline void rig_close(struct rig *rig)
{
    journal_close(rig->journal);
    disk_posix_close(rig->disk);
    *rig = (struct rig){0};
}

/* Appends so many records, one piece, and syncs. */
static inline void rig_grow(struct rig *rig, uint32_t count)
{
    uint8_t octets[LEDGER_RECORD_OCTETS_MAX];
    for (uint32_t i = 0; i < count; i++) {
        const size_t length = chain_next(&rig->chain, octets, sizeof(octets));
        CU_ASSERT_EQUAL_FATAL(journal_append(rig->journal, bytes_of(octets, length)), P7_OK);
    }
    CU_ASSERT_EQUAL_FATAL(journal_sync(rig->journal), P7_OK);
}

#endif
