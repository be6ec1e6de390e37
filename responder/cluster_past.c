/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "responder/cluster_past.h"

#include <stdlib.h>
#include <string.h>

#include "responder/storage/disk_posix.h"
#include "responder/storage/ledger_reader.h"

struct cluster_past {
    struct disk_posix *disk;
    uint64_t cluster_id;
    struct ledger_reader *reader;
    uint64_t next; /* the index that the reader gives next; 0: no reader */
    /* A record that did not fit any more. */
    size_t kept_length;
    uint8_t kept[LEDGER_RECORD_OCTETS_MAX];
};

enum p7_status cluster_past_open(const char *directory, uint64_t cluster_id,
                                 struct cluster_past **out)
{
    struct cluster_past *past = calloc(1, sizeof(*past));
    if (past == NULL)
        return P7_NO_MEMORY;
    past->cluster_id = cluster_id;
    const enum p7_status status = disk_posix_open(directory, true, &past->disk);
    if (status != P7_OK) {
        cluster_past_close(past);
        return status;
    }
    *out = past;
    return P7_OK;
}

static void forget_reader(struct cluster_past *past)
{
    if (past->reader != NULL)
        ledger_reader_close(past->reader);
    past->reader = NULL;
    past->next = 0;
    past->kept_length = 0;
}

void cluster_past_close(struct cluster_past *past)
{
    if (past == NULL)
        return;
    forget_reader(past);
    disk_posix_close(past->disk);
    free(past);
}

static enum p7_status stand_at(struct cluster_past *past, uint64_t first)
{
    if (past->reader != NULL && past->next == first)
        return ledger_reader_refresh(past->reader);
    forget_reader(past);
    const enum p7_status status =
        ledger_reader_open(disk_posix_ops(past->disk), past->cluster_id, first, &past->reader);
    past->next = first;
    return status;
}

enum p7_status cluster_past_read(void *context, uint64_t first, void *dst, size_t dst_octets,
                                 size_t *got)
{
    struct cluster_past *past = context;
    uint8_t *to = dst;
    *got = 0;
    enum p7_status status = stand_at(past, first);
    if (status == P7_OK && past->kept_length > 0 && past->kept_length <= dst_octets) {
        memcpy(to, past->kept, past->kept_length);
        *got = past->kept_length;
        past->kept_length = 0;
        past->next++;
    }
    while (status == P7_OK && past->kept_length == 0) {
        struct ledger_record record;
        struct bytes octets;
        status = ledger_reader_next(past->reader, &record, &octets);
        if (status != P7_OK)
            break;
        if (record.index != past->next) {
            status = P7_MALFORMED;
        } else if (octets.length > dst_octets - *got) {
            memcpy(past->kept, octets.data, octets.length);
            past->kept_length = octets.length;
        } else {
            memcpy(to + *got, octets.data, octets.length);
            *got += octets.length;
            past->next++;
        }
    }
    if (status != P7_OK && status != P7_NOT_FOUND)
        forget_reader(past);
    return *got > 0 ? P7_OK : status == P7_OK ? P7_NOT_FOUND : status;
}
