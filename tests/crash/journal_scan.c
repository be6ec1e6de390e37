/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * journal_scan - how fast a ledger is written, recovered and read, on a real file system.
 *
 *     journal_scan DIRECTORY [RECORDS]      the directory is created, and left for the caller
 *
 * Writes oneshot charges in groups of 1000 with a sync each, then opens what was written, once only
 * scanning and once decoding each record, and reads at random places. Times are of this machine.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "responder/ledger/journal.h"
#include "responder/ledger/record.h"
#include "responder/storage/disk_posix.h"
#include "sigtran/base/random.h"

#define GROUP 1000u

static double now_s(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

struct decoded {
    uint32_t checksum;
    uint64_t amount;
    uint64_t wrong;
};

static void decode_record(void *context, struct bytes octets)
{
    struct decoded *d = context;
    struct ledger_record record;
    if (ledger_record_decode(octets, d->checksum, &record, NULL, &d->checksum) != P7_OK)
        d->wrong++;
    else
        d->amount += record.amount;
}

static struct journal *open_ledger(const struct disk *disk, struct decoded *decoded,
                                   struct journal_recovery *recovery)
{
    char text[JOURNAL_TEXT_OCTETS];
    struct journal *journal = NULL;
    const struct journal_params params = {.disk = disk,
                                          .cluster_id = 1,
                                          .record = decoded != NULL ? decode_record : NULL,
                                          .context = decoded};
    if (journal_open(&params, &journal, recovery, text, sizeof(text)) != P7_OK) {
        (void)fprintf(stderr, "journal_scan: %s\n", text);
        exit(1);
    }
    return journal;
}

static void write_records(struct journal *journal, uint64_t records)
{
    static uint8_t octets[GROUP * LEDGER_RECORD_OCTETS_MAX];
    struct random_state random;
    uint32_t checksum = 0;
    random_seed(&random, 1);
    for (uint64_t index = 1; index <= records;) {
        struct bytes_writer w = bytes_writer_of(octets, octets + sizeof(octets));
        for (unsigned i = 0; i < GROUP && index <= records; i++, index++) {
            const struct ledger_record r = {
                .index = index,
                .term = 1,
                .wall_ns = (int64_t)index * 100000,
                .kind = LEDGER_CHARGE,
                .flags = LEDGER_IN_TABLE,
                .account = 467010000000 + index % 100000,
                .amount = 1,
                .identity = {{random_u64(&random), random_u64(&random)}, random_u64(&random)},
            };
            if (ledger_record_encode(&w, &r, checksum) != P7_OK)
                exit(1);
            checksum = bytes_load_u32be(w.at - 4);
        }
        if (journal_append(journal, bytes_of(octets, bytes_writer_length(&w))) != P7_OK ||
            journal_sync(journal) != P7_OK) {
            (void)fprintf(stderr, "journal_scan: %s\n", journal_text(journal));
            exit(1);
        }
    }
}

#define READS 2000u

static void measure_reads(struct journal *journal)
{
    static uint8_t dst[LEDGER_RECORD_OCTETS_MAX];
    struct random_state random;
    size_t got;
    random_seed(&random, 2);
    const double start = now_s();
    for (unsigned i = 0; i < READS; i++)
        if (journal_read(journal, 1 + random_below(&random, journal_last(journal)), dst,
                         sizeof(dst), &got) != P7_OK)
            exit(1);
    (void)printf("read_at_random_us=%.1f\n", (now_s() - start) / READS * 1e6);
}

int main(int argc, char **argv)
{
    struct disk_posix *disk = NULL;
    struct journal_recovery recovery;
    struct decoded decoded = {0};
    if (argc < 2) {
        (void)fprintf(stderr, "usage: journal_scan DIRECTORY [RECORDS]\n");
        return 2;
    }
    const uint64_t records = argc > 2 ? strtoull(argv[2], NULL, 10) : 10000000;
    if (disk_posix_open(argv[1], false, &disk) != P7_OK) {
        perror(argv[1]);
        return 1;
    }
    double start = now_s();
    struct journal *journal = open_ledger(disk_posix_ops(disk), NULL, &recovery);
    if (recovery.last_index == 0) {
        write_records(journal, records);
        (void)printf("records=%" PRIu64 " written_s=%.2f\n", records, now_s() - start);
    }
    journal_close(journal);

    start = now_s();
    journal = open_ledger(disk_posix_ops(disk), NULL, &recovery);
    (void)printf("records=%" PRIu64 " segments=%" PRIu32 " scan_s=%.2f\n", recovery.last_index,
                 recovery.segments, now_s() - start);
    journal_close(journal);

    start = now_s();
    journal = open_ledger(disk_posix_ops(disk), &decoded, &recovery);
    (void)printf("scan_and_decode_s=%.2f wrong=%" PRIu64 "\n", now_s() - start, decoded.wrong);
    measure_reads(journal);
    journal_close(journal);
    disk_posix_close(disk);
    return decoded.wrong == 0 ? 0 : 1;
}
