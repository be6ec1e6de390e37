/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Records that are read from the files while a journal writes them. */
#include "responder/cluster_past.h"

#include "tests/unit/responder/storage/scratch.h"

static struct scratch scratch;
static struct rig rig;

static void begin(void)
{
    scratch_make(&scratch);
    rig_open(&rig, scratch.path);
}

static void end(struct cluster_past *past)
{
    cluster_past_close(past);
    rig_close(&rig);
    scratch_remove(&scratch);
}

/* Reads from `first` on; returns the index of the last record that came, 0 for none. */
static uint64_t read_from(struct cluster_past *past, uint64_t first, size_t room)
{
    static uint8_t octets[65536];
    size_t got = 0;
    uint64_t last = 0;
    if (cluster_past_read(past, first, octets, room, &got) != P7_OK)
        return 0;
    CU_ASSERT_TRUE(got <= room);
    for (size_t at = 0; at < got;) {
        struct ledger_record_head head;
        CU_ASSERT_EQUAL_FATAL(ledger_record_peek(bytes_of(octets + at, got - at), &head), P7_OK);
        CU_ASSERT_EQUAL_FATAL(head.index, last == 0 ? first : last + 1);
        last = head.index;
        at += head.length;
    }
    return last;
}

static void reading_on_gives_every_record_once_over_many_segments(void)
{
    struct cluster_past *past = NULL;
    begin();
    rig_grow(&rig, 500);
    CU_ASSERT_EQUAL_FATAL(cluster_past_open(scratch.path, SCRATCH_CLUSTER, &past), P7_OK);
    uint64_t next = 1;
    while (next <= 500) {
        const uint64_t last = read_from(past, next, 1000);
        CU_ASSERT_TRUE_FATAL(last >= next);
        next = last + 1;
    }
    CU_ASSERT_EQUAL(next, 501);
    CU_ASSERT_EQUAL(read_from(past, 501, 1000), 0);
    end(past);
}

static void jumps_back_and_ahead_are_found(void)
{
    struct cluster_past *past = NULL;
    begin();
    rig_grow(&rig, 500);
    CU_ASSERT_EQUAL_FATAL(cluster_past_open(scratch.path, SCRATCH_CLUSTER, &past), P7_OK);
    CU_ASSERT_TRUE(read_from(past, 400, 2000) > 400);
    CU_ASSERT_TRUE(read_from(past, 3, 2000) > 3);
    CU_ASSERT_TRUE(read_from(past, 3, 400) >= 3);
    CU_ASSERT_EQUAL(read_from(past, 500, 2000), 500);
    CU_ASSERT_EQUAL(read_from(past, 501, 2000), 0);
    CU_ASSERT_TRUE(read_from(past, 1, 2000) > 1);
    end(past);
}

static void what_the_journal_wrote_since_is_there(void)
{
    struct cluster_past *past = NULL;
    begin();
    rig_grow(&rig, 50);
    CU_ASSERT_EQUAL_FATAL(cluster_past_open(scratch.path, SCRATCH_CLUSTER, &past), P7_OK);
    CU_ASSERT_EQUAL(read_from(past, 1, 65536), 50);
    CU_ASSERT_EQUAL(read_from(past, 51, 65536), 0);
    rig_grow(&rig, 300);
    CU_ASSERT_EQUAL(read_from(past, 51, 65536), 350);
    end(past);
}

UNIT_TESTS = {
    UNIT(reading_on_gives_every_record_once_over_many_segments),
    UNIT(jumps_back_and_ahead_are_found),
    UNIT(what_the_journal_wrote_since_is_there),
};
UNIT_MAIN("cluster past")
