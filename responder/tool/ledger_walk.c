/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "responder/tool/ledger_walk.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "responder/ledger/journal.h"
#include "responder/storage/data_directory.h"
#include "responder/storage/disk_posix.h"

#define COMPARE_OCTETS ((size_t)1024 * 1024)

static bool is_segment(const char *name)
{
    const size_t length = strlen(name);
    return strncmp(name, "segment-", 8) == 0 && length > 7 &&
           strcmp(name + length - 7, ".ledger") == 0;
}

static void count_segment(void *user, const char *name)
{
    uint32_t *count = user;
    *count += is_segment(name);
}

static bool is_directory(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

bool ledger_find(const char *path, char directory[LEDGER_WALK_PATH_OCTETS])
{
    struct disk_posix *disk = NULL;
    uint32_t count = 0;
    int n = snprintf(directory, LEDGER_WALK_PATH_OCTETS, "%s/%s", path, DATA_DIRECTORY_LEDGER);
    if (n > 0 && n < LEDGER_WALK_PATH_OCTETS && is_directory(directory))
        return true;
    n = snprintf(directory, LEDGER_WALK_PATH_OCTETS, "%s", path);
    if (n < 0 || n >= LEDGER_WALK_PATH_OCTETS || disk_posix_open(path, true, &disk) != P7_OK)
        return false;
    const struct disk *ops = disk_posix_ops(disk);
    const enum p7_status status = ops->list(ops->context, count_segment, &count);
    disk_posix_close(disk);
    return status == P7_OK && count > 0;
}

static enum p7_status count_record(const struct ledger_record *record,
                                   const struct ledger_visitor *visitor, struct ledger_facts *facts)
{
    facts->charges += record->kind == LEDGER_CHARGE;
    facts->settlements += record->kind == LEDGER_SETTLEMENT;
    facts->terms += record->kind == LEDGER_TERM;
    if (record->kind != LEDGER_TERM &&
        __builtin_add_overflow(facts->sum, record->amount, &facts->sum))
        facts->overflow = true;
    return visitor == NULL || visitor->each(visitor->context, record) ? P7_OK : P7_NO_MEMORY;
}

/* What the journal itself would say at its next start: it knows how far the ledger was durable, so
 * it tells a torn write from damage. */
static void ask_journal(const struct disk *disk, struct ledger_facts *facts)
{
    char path[LEDGER_WALK_PATH_OCTETS + DISK_NAME_OCTETS];
    struct journal *journal = NULL;
    struct journal_recovery recovery;
    struct stat status;
    (void)snprintf(path, sizeof(path), "%s/segment-%020u.ledger", facts->directory, 1u);
    if (stat(path, &status) == -1 || status.st_size > UINT32_MAX)
        return;
    const struct journal_params params = {.disk = disk,
                                          .cluster_id = facts->position.cluster_id,
                                          .segment_octets = (uint32_t)status.st_size,
                                          .read_only = true};
    if (journal_open(&params, &journal, &recovery, facts->text, sizeof(facts->text)) == P7_OK)
        journal_close(journal);
    else
        facts->damaged = true;
}

static enum p7_status walk(const struct disk_posix *disk, const struct ledger_visitor *visitor,
                           struct ledger_facts *facts)
{
    const struct disk *ops = disk_posix_ops(disk);
    struct ledger_reader *reader = NULL;
    struct ledger_record record;
    enum p7_status status = ledger_reader_open(ops, 0, 1, &reader);
    if (reader == NULL)
        return P7_NO_MEMORY;
    while (status == P7_OK) {
        status = ledger_reader_next(reader, &record, NULL);
        if (status == P7_OK)
            status = count_record(&record, visitor, facts);
    }
    ledger_reader_position(reader, &facts->position);
    if (status == P7_MALFORMED || status == P7_STATE || status == P7_NOT_FOUND) {
        facts->damaged = status != P7_NOT_FOUND;
        (void)snprintf(facts->text, sizeof(facts->text), "%s",
                       facts->damaged ? ledger_reader_text(reader) : "");
        status = P7_OK;
    } else if (status != P7_NO_MEMORY) {
        (void)snprintf(facts->text, sizeof(facts->text), "%s", disk_posix_text(disk));
        status = P7_SYSTEM;
    }
    ledger_reader_close(reader);
    if (status == P7_OK && !facts->damaged && facts->position.segments > 0)
        ask_journal(ops, facts);
    return status;
}

enum p7_status ledger_walk(const char *path, const struct ledger_visitor *visitor,
                           struct ledger_facts *facts)
{
    struct disk_posix *disk = NULL;
    *facts = (struct ledger_facts){0};
    if (!ledger_find(path, facts->directory)) {
        (void)snprintf(facts->text, sizeof(facts->text),
                       "%.256s: no ledger there (neither files `segment-*.ledger` nor a directory "
                       "`ledger`)",
                       path);
        return P7_NOT_FOUND;
    }
    enum p7_status status = disk_posix_open(facts->directory, true, &disk);
    if (status != P7_OK) {
        (void)snprintf(facts->text, sizeof(facts->text), "%.256s: %s", facts->directory,
                       strerror(errno));
        return P7_SYSTEM;
    }
    status = walk(disk, visitor, facts);
    disk_posix_close(disk);
    return status;
}

/* --- two ledgers ---------------------------------------------------------------------------- */

struct pair {
    struct disk_posix *disk[2];
    struct ledger_reader *reader[2];
    struct ledger_difference *difference;
};

static void compare_records(struct pair *pair)
{
    struct ledger_difference *d = pair->difference;
    for (;;) {
        struct ledger_record record[2];
        struct bytes octets[2];
        struct ledger_position at[2];
        enum p7_status status[2];
        for (int i = 0; i < 2; i++) {
            status[i] = ledger_reader_next(pair->reader[i], &record[i], &octets[i]);
            ledger_reader_position(pair->reader[i], &at[i]);
        }
        if (status[0] == P7_OK && status[1] == P7_OK) {
            if (bytes_equal(octets[0], octets[1]))
                continue;
            (void)snprintf(d->text, sizeof(d->text),
                           "record %" PRIu64 " differs: %s of term %" PRIu64 ", %" PRIu64
                           " units, against %s of term %" PRIu64 ", %" PRIu64 " units",
                           record[0].index, ledger_record_kind_name(record[0].kind), record[0].term,
                           record[0].amount, ledger_record_kind_name(record[1].kind),
                           record[1].term, record[1].amount);
            return;
        }
        d->same_records = status[0] == P7_NOT_FOUND && status[1] == P7_NOT_FOUND;
        if (!d->same_records)
            (void)snprintf(d->text, sizeof(d->text),
                           "the same up to record %" PRIu64 ", with which the %s ends",
                           status[0] == P7_OK ? at[1].index : at[0].index,
                           status[0] == P7_OK ? "second" : "first");
        return;
    }
}

struct file_check {
    const struct disk *disk[2];
    uint8_t *buffer[2];
    int order; /* which of the two the names are of */
    struct ledger_difference *difference;
    enum p7_status status;
};

static void differ(struct file_check *check, const char *name, const char *how, uint64_t offset)
{
    struct ledger_difference *d = check->difference;
    if (!d->same_files)
        return;
    d->same_files = false;
    if (d->text[0] == '\0')
        (void)snprintf(d->text, sizeof(d->text), "%s %s %" PRIu64, name, how, offset);
}

static void compare_contents(struct file_check *check, const char *name, const int file[2])
{
    size_t got[2] = {1, 1};
    for (uint64_t offset = 0; got[0] > 0 && check->difference->same_files; offset += got[0]) {
        for (int i = 0; i < 2; i++) {
            const enum p7_status status =
                check->disk[i]->read(check->disk[i]->context, file[i], offset, check->buffer[i],
                                     COMPARE_OCTETS, &got[i]);
            if (status != P7_OK) {
                check->status = P7_SYSTEM;
                return;
            }
        }
        if (got[0] != got[1])
            differ(check, name, "has another length from offset", offset);
        else if (memcmp(check->buffer[0], check->buffer[1], got[0]) != 0)
            differ(check, name, "differs in the MiB from offset", offset);
    }
}

static void check_file(void *user, const char *name)
{
    struct file_check *check = user;
    int file[2] = {DISK_FILE_NONE, DISK_FILE_NONE};
    if (!is_segment(name) || !check->difference->same_files || check->status != P7_OK)
        return;
    for (int i = 0; i < 2; i++) {
        const enum p7_status status =
            check->disk[i]->open(check->disk[i]->context, name, 0, 0, &file[i]);
        if (status == P7_NOT_FOUND)
            differ(check, name, "is only in directory", (uint64_t)(i == 0 ? 2 : 1));
        else if (status != P7_OK)
            check->status = P7_SYSTEM;
    }
    /* The second listing is for what only the second has. */
    if (file[0] != DISK_FILE_NONE && file[1] != DISK_FILE_NONE && check->order == 0)
        compare_contents(check, name, file);
    for (int i = 0; i < 2; i++)
        if (file[i] != DISK_FILE_NONE)
            check->disk[i]->close(check->disk[i]->context, file[i]);
}

static enum p7_status compare_files(struct pair *pair)
{
    struct file_check check = {
        .disk = {disk_posix_ops(pair->disk[0]), disk_posix_ops(pair->disk[1])},
        .buffer = {malloc(COMPARE_OCTETS), malloc(COMPARE_OCTETS)},
        .difference = pair->difference};
    if (check.buffer[0] == NULL || check.buffer[1] == NULL)
        check.status = P7_NO_MEMORY;
    pair->difference->same_files = true;
    for (check.order = 0; check.order < 2 && check.status == P7_OK; check.order++) {
        const struct disk *disk = check.disk[check.order];
        if (disk->list(disk->context, check_file, &check) != P7_OK)
            check.status = P7_SYSTEM;
    }
    free(check.buffer[0]);
    free(check.buffer[1]);
    return check.status;
}

static enum p7_status open_pair(struct pair *pair, const struct ledger_facts *a,
                                const struct ledger_facts *b)
{
    const char *const path[2] = {a->directory, b->directory};
    for (int i = 0; i < 2; i++) {
        if (disk_posix_open(path[i], true, &pair->disk[i]) != P7_OK) {
            (void)snprintf(pair->difference->text, sizeof(pair->difference->text), "%.256s: %s",
                           path[i], strerror(errno));
            return P7_SYSTEM;
        }
        /* A damaged one tells when it is read. */
        const enum p7_status status =
            ledger_reader_open(disk_posix_ops(pair->disk[i]), 0, 1, &pair->reader[i]);
        if (pair->reader[i] == NULL)
            return P7_NO_MEMORY;
        if (status != P7_OK) {
            (void)snprintf(pair->difference->text, sizeof(pair->difference->text), "%s",
                           ledger_reader_text(pair->reader[i]));
            return P7_SYSTEM;
        }
    }
    return P7_OK;
}

enum p7_status ledger_compare(const struct ledger_facts *a, const struct ledger_facts *b,
                              struct ledger_difference *difference)
{
    struct pair pair = {.difference = difference};
    *difference = (struct ledger_difference){0};
    enum p7_status status = open_pair(&pair, a, b);
    if (status == P7_OK) {
        compare_records(&pair);
        status = compare_files(&pair);
    }
    for (int i = 0; i < 2; i++) {
        ledger_reader_close(pair.reader[i]);
        disk_posix_close(pair.disk[i]);
    }
    return status;
}
