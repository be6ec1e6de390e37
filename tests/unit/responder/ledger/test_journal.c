/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* What one can say in a few lines; tests/crash goes through the rest. */
#include "responder/ledger/journal.h"

#include <stdlib.h>
#include <string.h>

#include "responder/ledger/record.h"
#include "tests/crash/disk_simulated.h"
#include "tests/unit/unit.h"

#define CLUSTER_ID   42u
#define FIRST        "segment-00000000000000000001.ledger"
#define TERM_OCTETS  37u
#define FITS_SEGMENT ((JOURNAL_SEGMENT_OCTETS_MIN - JOURNAL_HEADER_OCTETS) / TERM_OCTETS)

struct chain {
    uint64_t index;
    uint64_t term;
    uint32_t checksum;
};

/* Writes `count` TERM records that follow; they are all of TERM_OCTETS. */
static struct bytes make(struct chain *chain, uint8_t *dst, unsigned count)
{
    struct bytes_writer w = bytes_writer_of(dst, dst + (size_t)count * TERM_OCTETS);
    for (unsigned i = 0; i < count; i++) {
        const struct ledger_record r = {
            .index = ++chain->index, .term = chain->term, .kind = LEDGER_TERM};
        CU_ASSERT_EQUAL_FATAL(ledger_record_encode(&w, &r, chain->checksum), P7_OK);
        chain->checksum = bytes_load_u32be(w.at - 4);
    }
    return bytes_of(dst, bytes_writer_length(&w));
}

struct recovered {
    uint64_t count;
    uint8_t last[LEDGER_RECORD_OCTETS_MAX];
};

static void count_record(void *context, struct bytes octets)
{
    struct recovered *recovered = context;
    recovered->count++;
    memcpy(recovered->last, octets.data, octets.length);
}

struct opened {
    struct journal *journal;
    struct journal_recovery recovery;
    struct recovered recovered;
    char text[JOURNAL_TEXT_OCTETS];
};

static enum p7_status open_with(struct disk_simulated *disk, struct journal_params params,
                                struct opened *o)
{
    memset(o, 0, sizeof(*o));
    params.disk = disk_simulated_ops(disk);
    params.cluster_id = params.cluster_id == 0 ? CLUSTER_ID : params.cluster_id;
    params.record = count_record;
    params.context = &o->recovered;
    return journal_open(&params, &o->journal, &o->recovery, o->text, sizeof(o->text));
}

static enum p7_status open_small(struct disk_simulated *disk, struct opened *o)
{
    return open_with(disk, (struct journal_params){.segment_octets = JOURNAL_SEGMENT_OCTETS_MIN},
                     o);
}

static void append(struct journal *journal, struct chain *chain, unsigned count)
{
    uint8_t *octets = malloc((size_t)count * TERM_OCTETS);
    CU_ASSERT_EQUAL(journal_append(journal, make(chain, octets, count)), P7_OK);
    free(octets);
}

static void what_was_appended_is_durable_after_a_sync_and_found_again(void)
{
    struct disk_simulated *disk = disk_simulated_create(1);
    struct chain chain = {.term = 3};
    struct opened o;
    CU_ASSERT_EQUAL_FATAL(open_small(disk, &o), P7_OK);
    CU_ASSERT_EQUAL(o.recovery.last_index, 0);
    append(o.journal, &chain, 5);
    CU_ASSERT_EQUAL(journal_last(o.journal), 5);
    CU_ASSERT_EQUAL(journal_durable(o.journal), 0);
    CU_ASSERT_EQUAL(journal_sync(o.journal), P7_OK);
    CU_ASSERT_EQUAL(journal_durable(o.journal), 5);
    journal_close(o.journal);
    CU_ASSERT_EQUAL_FATAL(open_small(disk, &o), P7_OK);
    CU_ASSERT_EQUAL(o.recovered.count, 5);
    CU_ASSERT_EQUAL(o.recovery.last_index, 5);
    CU_ASSERT_EQUAL(o.recovery.last_term, 3);
    CU_ASSERT_EQUAL(o.recovery.last_checksum, chain.checksum);
    CU_ASSERT_EQUAL(o.recovery.segments, 1);
    CU_ASSERT_EQUAL(o.recovery.octets_cut, 0);
    journal_close(o.journal);
    disk_simulated_destroy(disk);
}

static void count_sync(void *context, enum disk_simulated_call call)
{
    *(uint64_t *)context += call == DISK_CALL_SYNC;
}

static void a_group_of_any_size_costs_one_sync(void)
{
    uint64_t sync_calls = 0;
    const struct disk_simulated_hooks hooks = {.context = &sync_calls, .before = count_sync};
    struct disk_simulated *disk = disk_simulated_create(1);
    struct chain chain = {.term = 1};
    struct opened o;
    CU_ASSERT_EQUAL_FATAL(open_small(disk, &o), P7_OK);
    append(o.journal, &chain, 1);
    CU_ASSERT_EQUAL(journal_sync(o.journal), P7_OK);
    disk_simulated_set_hooks(disk, &hooks);
    for (unsigned group = 1; group <= 5; group++) {
        sync_calls = 0;
        append(o.journal, &chain, 1);
        append(o.journal, &chain, 2 * group);
        CU_ASSERT_EQUAL(journal_sync(o.journal), P7_OK);
        CU_ASSERT_EQUAL(journal_sync(o.journal), P7_OK);
        CU_ASSERT_EQUAL(sync_calls, 1);
    }
    CU_ASSERT_EQUAL(journal_idle(o.journal), P7_OK);
    CU_ASSERT_EQUAL(journal_idle(o.journal), P7_OK);
    CU_ASSERT_EQUAL(sync_calls, 2); /* `synced`, once */
    disk_simulated_set_hooks(disk, NULL);
    journal_close(o.journal);
    disk_simulated_destroy(disk);
}

static void the_files_are_the_same_however_the_records_came(void)
{
    struct disk_simulated *one = disk_simulated_create(1);
    struct disk_simulated *other = disk_simulated_create(2);
    struct chain chain = {.term = 1};
    struct opened o;
    CU_ASSERT_EQUAL_FATAL(open_small(one, &o), P7_OK);
    append(o.journal, &chain, 3 * FITS_SEGMENT + 7);
    CU_ASSERT_EQUAL(journal_sync(o.journal), P7_OK);
    journal_close(o.journal);

    struct chain piece = {.term = 1};
    while (piece.index < chain.index) {
        CU_ASSERT_EQUAL_FATAL(open_small(other, &o), P7_OK);
        const uint64_t left = chain.index - piece.index;
        append(o.journal, &piece, left < 11 ? (unsigned)left : 11);
        CU_ASSERT_EQUAL(journal_sync(o.journal), P7_OK);
        /* A detour that is taken back. */
        struct chain detour = piece;
        append(o.journal, &detour, 150);
        CU_ASSERT_EQUAL(journal_truncate(o.journal, piece.index), P7_OK);
        journal_close(o.journal);
    }
    for (uint64_t first = 1; first <= chain.index; first += FITS_SEGMENT) {
        char name[DISK_NAME_OCTETS];
        (void)snprintf(name, sizeof(name), "segment-%020u.ledger", (unsigned)first);
        CU_ASSERT_EQUAL(disk_simulated_file(one, name).length, JOURNAL_SEGMENT_OCTETS_MIN);
        CU_ASSERT_TRUE(
            bytes_equal(disk_simulated_file(one, name), disk_simulated_file(other, name)));
    }
    disk_simulated_destroy(one);
    disk_simulated_destroy(other);
}

static void records_that_do_not_follow_are_refused_and_nothing_is_written(void)
{
    struct disk_simulated *disk = disk_simulated_create(1);
    struct chain chain = {.term = 5};
    struct opened o;
    uint8_t octets[4 * TERM_OCTETS];
    CU_ASSERT_EQUAL_FATAL(open_small(disk, &o), P7_OK);
    append(o.journal, &chain, 2);
    struct chain gap = {.index = 3, .term = 5, .checksum = chain.checksum};
    struct chain again = {.index = 1, .term = 5, .checksum = chain.checksum};
    struct chain older = {.index = 2, .term = 4, .checksum = chain.checksum};
    struct chain stray = {.index = 2, .term = 5, .checksum = chain.checksum + 1};
    CU_ASSERT_EQUAL(journal_append(o.journal, make(&gap, octets, 2)), P7_RANGE);
    CU_ASSERT_EQUAL(journal_append(o.journal, make(&again, octets, 2)), P7_RANGE);
    CU_ASSERT_EQUAL(journal_append(o.journal, make(&older, octets, 2)), P7_RANGE);
    CU_ASSERT_EQUAL(journal_append(o.journal, make(&stray, octets, 2)), P7_RANGE);
    struct chain good = chain;
    struct bytes cut = make(&good, octets, 2);
    cut.length--;
    CU_ASSERT_EQUAL(journal_append(o.journal, cut), P7_RANGE);
    CU_ASSERT_NOT_EQUAL(journal_text(o.journal)[0], '\0');
    CU_ASSERT_EQUAL(journal_last(o.journal), 2);
    append(o.journal, &chain, 1);
    CU_ASSERT_EQUAL(journal_sync(o.journal), P7_OK);
    CU_ASSERT_EQUAL(journal_durable(o.journal), 3);
    journal_close(o.journal);
    disk_simulated_destroy(disk);
}

static void any_record_is_read_whole_from_segments_of_any_size(void)
{
    static const uint32_t sizes[] = {JOURNAL_SEGMENT_OCTETS_MIN, 300000};
    enum { RECORDS = 9000 };
    for (size_t s = 0; s < 2; s++) {
        struct disk_simulated *disk = disk_simulated_create(1);
        struct chain chain = {.term = 1};
        struct opened o;
        uint8_t dst[2 * LEDGER_RECORD_OCTETS_MAX];
        size_t got = 0;
        const struct journal_params params = {.segment_octets = sizes[s]};
        CU_ASSERT_EQUAL_FATAL(open_with(disk, params, &o), P7_OK);
        append(o.journal, &chain, 50);
        CU_ASSERT_EQUAL(journal_sync(o.journal), P7_OK);
        if (sizes[s] != JOURNAL_SEGMENT_OCTETS_MIN)
            append(o.journal, &chain, RECORDS - 50);
        for (int round = 0; round < 2; round++) {
            for (uint64_t i = 1; i <= chain.index; i += i < chain.index - 20 ? 13 : 1) {
                struct ledger_record_head head;
                CU_ASSERT_EQUAL(journal_read(o.journal, i, dst, sizeof(dst), &got), P7_OK);
                const uint64_t left = chain.index - i + 1;
                const uint64_t fit = sizeof(dst) / TERM_OCTETS;
                CU_ASSERT_EQUAL(got, TERM_OCTETS * (left < fit ? left : fit));
                CU_ASSERT_EQUAL(ledger_record_peek(bytes_of(dst, got), &head), P7_OK);
                CU_ASSERT_EQUAL(head.index, i);
            }
            CU_ASSERT_EQUAL(journal_read(o.journal, 0, dst, sizeof(dst), &got), P7_NOT_FOUND);
            CU_ASSERT_EQUAL(journal_read(o.journal, chain.index + 1, dst, sizeof(dst), &got),
                            P7_NOT_FOUND);
            CU_ASSERT_EQUAL(journal_read(o.journal, 1, dst, TERM_OCTETS - 1, &got), P7_FULL);
            journal_close(o.journal); /* and the same from the index that a recovery made */
            CU_ASSERT_EQUAL_FATAL(open_with(disk, params, &o), P7_OK);
        }
        journal_close(o.journal);
        disk_simulated_destroy(disk);
    }
}

static void a_torn_tail_is_cut_and_its_place_is_zero_again(void)
{
    struct disk_simulated *disk = disk_simulated_create(1);
    struct chain chain = {.term = 1};
    struct opened o;
    CU_ASSERT_EQUAL_FATAL(open_small(disk, &o), P7_OK);
    append(o.journal, &chain, 10);
    CU_ASSERT_EQUAL(journal_sync(o.journal), P7_OK);
    journal_close(o.journal);
    uint8_t segment[JOURNAL_SEGMENT_OCTETS_MIN];
    memcpy(segment, disk_simulated_file(disk, FIRST).data, sizeof(segment));
    const size_t end = JOURNAL_HEADER_OCTETS + 10 * TERM_OCTETS;
    struct chain torn = chain;
    (void)make(&torn, segment + end, 1);
    segment[end + 30] ^= 1;
    segment[3000] = 9;
    disk_simulated_put(disk, FIRST, bytes_of(segment, sizeof(segment)));
    /* A tool sees where it ends and leaves it alone. */
    const struct journal_params reading = {.segment_octets = JOURNAL_SEGMENT_OCTETS_MIN,
                                           .read_only = true};
    const uint64_t hash = disk_simulated_hash(disk);
    CU_ASSERT_EQUAL_FATAL(open_with(disk, reading, &o), P7_OK);
    CU_ASSERT_EQUAL(o.recovery.octets_cut, 3001 - end);
    CU_ASSERT_EQUAL(journal_append(o.journal, bytes_of(NULL, 0)), P7_STATE);
    CU_ASSERT_EQUAL(journal_sync(o.journal), P7_STATE);
    CU_ASSERT_EQUAL(journal_truncate(o.journal, 0), P7_STATE);
    journal_close(o.journal);
    CU_ASSERT_EQUAL(disk_simulated_hash(disk), hash);

    CU_ASSERT_EQUAL_FATAL(open_small(disk, &o), P7_OK);
    CU_ASSERT_EQUAL(o.recovery.last_index, 10);
    CU_ASSERT_EQUAL(o.recovery.octets_cut, 3001 - end);
    const struct bytes mended = disk_simulated_file(disk, FIRST);
    for (size_t i = end; i < mended.length; i++)
        CU_ASSERT_EQUAL(mended.data[i], 0);
    journal_close(o.journal);
    disk_simulated_destroy(disk);
}

/* Flips one octet of the first segment of a ledger of two, and says what becomes of it. */
static enum p7_status open_damaged(const char *name, size_t offset, char *text)
{
    struct disk_simulated *disk = disk_simulated_create(1);
    struct chain chain = {.term = 1};
    struct opened o;
    CU_ASSERT_EQUAL_FATAL(open_small(disk, &o), P7_OK);
    append(o.journal, &chain, FITS_SEGMENT + 9);
    CU_ASSERT_EQUAL(journal_sync(o.journal), P7_OK);
    journal_close(o.journal);
    uint8_t segment[JOURNAL_SEGMENT_OCTETS_MIN];
    memcpy(segment, disk_simulated_file(disk, name).data, sizeof(segment));
    segment[offset] ^= 0x10;
    disk_simulated_put(disk, name, bytes_of(segment, sizeof(segment)));
    const enum p7_status status = open_small(disk, &o);
    if (status == P7_OK)
        journal_close(o.journal);
    memcpy(text, o.text, sizeof(o.text));
    disk_simulated_destroy(disk);
    return status;
}

static void a_damaged_record_that_was_durable_is_refused_with_file_and_offset(void)
{
    char text[JOURNAL_TEXT_OCTETS];
    char second[DISK_NAME_OCTETS];
    (void)snprintf(second, sizeof(second), "segment-%020u.ledger", FITS_SEGMENT + 1);
    CU_ASSERT_EQUAL(open_damaged(FIRST, JOURNAL_HEADER_OCTETS + TERM_OCTETS + 5, text),
                    P7_MALFORMED);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, FIRST));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "record 2"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "offset 101"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "from the other node"));
    /* In the last segment, too, as `synced` vouches for it. */
    CU_ASSERT_EQUAL(open_damaged(second, JOURNAL_HEADER_OCTETS + 9, text), P7_MALFORMED);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, second));
    CU_ASSERT_EQUAL(open_damaged(FIRST, 40, text), P7_MALFORMED);
    CU_ASSERT_EQUAL(open_damaged(second, 3, text), P7_MALFORMED);
}

static void files_of_another_cluster_or_another_size_are_refused(void)
{
    struct disk_simulated *disk = disk_simulated_create(1);
    struct chain chain = {.term = 1};
    struct opened o;
    CU_ASSERT_EQUAL_FATAL(open_small(disk, &o), P7_OK);
    append(o.journal, &chain, 3);
    CU_ASSERT_EQUAL(journal_sync(o.journal), P7_OK);
    journal_close(o.journal);
    const uint64_t hash = disk_simulated_hash(disk);
    CU_ASSERT_EQUAL(open_with(disk,
                              (struct journal_params){.segment_octets = JOURNAL_SEGMENT_OCTETS_MIN,
                                                      .cluster_id = 7},
                              &o),
                    P7_MALFORMED);
    CU_ASSERT_PTR_NOT_NULL(strstr(o.text, "cluster"));
    CU_ASSERT_EQUAL(open_with(disk, (struct journal_params){.segment_octets = 8192}, &o),
                    P7_MALFORMED);
    CU_ASSERT_PTR_NOT_NULL(strstr(o.text, "8192"));
    CU_ASSERT_EQUAL(open_with(disk, (struct journal_params){.segment_octets = 100}, &o), P7_RANGE);
    CU_ASSERT_EQUAL(disk_simulated_hash(disk), hash);
    disk_simulated_destroy(disk);
}

static void truncating_takes_back_the_newest_and_survives_the_loss_of_power(void)
{
    struct random_state random;
    random_seed(&random, 1);
    static const uint64_t kept[] = {
        0, 1, FITS_SEGMENT - 1, FITS_SEGMENT, FITS_SEGMENT + 1, 3 * FITS_SEGMENT};
    for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++) {
        struct disk_simulated *disk = disk_simulated_create(1);
        struct chain chain = {.term = 1};
        struct opened o;
        CU_ASSERT_EQUAL_FATAL(open_small(disk, &o), P7_OK);
        append(o.journal, &chain, 3 * FITS_SEGMENT + 5);
        CU_ASSERT_EQUAL(journal_sync(o.journal), P7_OK);
        CU_ASSERT_EQUAL(journal_truncate(o.journal, chain.index + 1), P7_RANGE);
        CU_ASSERT_EQUAL(journal_truncate(o.journal, kept[i]), P7_OK);
        CU_ASSERT_EQUAL(journal_last(o.journal), kept[i]);
        CU_ASSERT_EQUAL(journal_durable(o.journal), kept[i]);
        struct disk_simulated *left = disk_simulated_cut(disk, DISK_LOSS_ALL, &random);
        journal_close(o.journal);
        CU_ASSERT_EQUAL_FATAL(open_small(left, &o), P7_OK);
        CU_ASSERT_EQUAL(o.recovery.last_index, kept[i]);
        journal_close(o.journal);
        disk_simulated_destroy(left);
        disk_simulated_destroy(disk);
    }
}

static void after_a_failed_sync_nothing_is_acknowledged_any_more(void)
{
    struct disk_simulated *disk = disk_simulated_create(1);
    struct chain chain = {.term = 1};
    struct opened o;
    uint8_t octets[TERM_OCTETS];
    CU_ASSERT_EQUAL_FATAL(open_small(disk, &o), P7_OK);
    append(o.journal, &chain, 4);
    CU_ASSERT_EQUAL(journal_sync(o.journal), P7_OK);
    append(o.journal, &chain, 4);
    disk_simulated_fail_at(disk, disk_simulated_calls(disk) + 1, P7_SYSTEM, false);
    CU_ASSERT_EQUAL(journal_sync(o.journal), P7_SYSTEM);
    CU_ASSERT_PTR_NOT_NULL(strstr(journal_text(o.journal), FIRST));
    CU_ASSERT_EQUAL(journal_sync(o.journal), P7_STATE);
    CU_ASSERT_EQUAL(journal_append(o.journal, make(&chain, octets, 1)), P7_STATE);
    CU_ASSERT_EQUAL(journal_durable(o.journal), 4);
    journal_close(o.journal);
    disk_simulated_destroy(disk);
}

UNIT_TESTS = {
    UNIT(what_was_appended_is_durable_after_a_sync_and_found_again),
    UNIT(a_group_of_any_size_costs_one_sync),
    UNIT(the_files_are_the_same_however_the_records_came),
    UNIT(records_that_do_not_follow_are_refused_and_nothing_is_written),
    UNIT(any_record_is_read_whole_from_segments_of_any_size),
    UNIT(a_torn_tail_is_cut_and_its_place_is_zero_again),
    UNIT(a_damaged_record_that_was_durable_is_refused_with_file_and_offset),
    UNIT(files_of_another_cluster_or_another_size_are_refused),
    UNIT(truncating_takes_back_the_newest_and_survives_the_loss_of_power),
    UNIT(after_a_failed_sync_nothing_is_acknowledged_any_more),
};
UNIT_MAIN("journal")
