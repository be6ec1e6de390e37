/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Small rings against a naive model: an array of all records. */
#include "responder/cluster_log.h"

#include <stdbool.h>
#include <string.h>

#include "responder/ledger/record.h"
#include "sigtran/base/random.h"
#include "tests/unit/unit.h"

#define RECORDS_MAX 4000u

struct model_record {
    uint64_t term;
    uint32_t checksum;
    uint32_t length;
    uint8_t octets[LEDGER_RECORD_OCTETS_MAX];
};

struct model {
    uint64_t last;
    struct model_record record[RECORDS_MAX + 1]; /* by index; 0 is the nothing before the first */
    uint32_t older_reads;
};

static struct model model;

/* As a ledger's files would give them. */
static enum p7_status older(void *context, uint64_t first, void *dst, size_t dst_octets,
                            size_t *got)
{
    struct model *m = context;
    *got = 0;
    m->older_reads++;
    if (first == 0 || first > m->last)
        return P7_NOT_FOUND;
    for (uint64_t i = first; i <= m->last && *got + m->record[i].length <= dst_octets; i++) {
        memcpy((uint8_t *)dst + *got, m->record[i].octets, m->record[i].length);
        *got += m->record[i].length;
    }
    return P7_OK;
}

static struct bytes next_record(uint64_t term)
{
    const uint64_t index = ++model.last;
    struct model_record *m = &model.record[index];
    struct ledger_record record = {
        .index = index,
        .term = term,
        .kind = index % 3 == 0 ? LEDGER_TERM : LEDGER_CHARGE,
        .account = index % 3 == 0 ? 0 : index,
    };
    struct bytes_writer writer = bytes_writer_of(m->octets, m->octets + sizeof(m->octets));
    CU_ASSERT_EQUAL_FATAL(ledger_record_encode(&writer, &record, model.record[index - 1].checksum),
                          P7_OK);
    struct ledger_record_head head;
    const struct bytes octets = bytes_of(m->octets, bytes_writer_length(&writer));
    CU_ASSERT_EQUAL_FATAL(ledger_record_peek(octets, &head), P7_OK);
    m->term = term;
    m->checksum = head.checksum;
    m->length = head.length;
    return octets;
}

static struct cluster_log_store *a_store(uint32_t octets, uint32_t records, bool with_files)
{
    struct cluster_log_params params;
    struct cluster_log_store *store = NULL;
    memset(&model, 0, sizeof(model));
    cluster_log_params_init(&params);
    params.octets = octets;
    params.records = records;
    params.older = with_files ? older : NULL;
    params.context = &model;
    CU_ASSERT_EQUAL_FATAL(cluster_log_create(&params, &store), P7_OK);
    return store;
}

static bool head_is_right(struct cluster_log log, uint64_t index)
{
    uint64_t term = 77;
    uint32_t checksum = 77;
    return log.head(log.context, index, &term, &checksum) == P7_OK &&
           term == model.record[index].term && checksum == model.record[index].checksum;
}

/* What was read are the model's octets from `first` on. */
static bool read_is_right(struct cluster_log log, uint64_t first, size_t octets)
{
    uint32_t count = 0;
    const struct bytes got = log.read(log.context, first, octets, &count);
    size_t at = 0;
    for (uint32_t i = 0; i < count; i++) {
        const struct model_record *m = &model.record[first + i];
        if (at + m->length > got.length || memcmp(got.data + at, m->octets, m->length) != 0)
            return false;
        at += m->length;
    }
    return count > 0 && at == got.length && (count == 1 || at <= octets);
}

static void an_empty_log_has_the_nothing_before_the_first_record(void)
{
    struct cluster_log_store *store = a_store(CLUSTER_LOG_OCTETS_MIN, 64, false);
    const struct cluster_log log = cluster_log_ops(store);
    uint32_t count = 9;
    CU_ASSERT_EQUAL(log.last(log.context), 0);
    CU_ASSERT_TRUE(head_is_right(log, 0));
    uint64_t term;
    uint32_t checksum;
    CU_ASSERT_EQUAL(log.head(log.context, 1, &term, &checksum), P7_NOT_FOUND);
    CU_ASSERT_EQUAL(log.read(log.context, 1, 1000, &count).length, 0);
    CU_ASSERT_EQUAL(count, 0);
    cluster_log_destroy(store);
}

static void records_are_read_back_whole_and_as_many_as_asked_for(void)
{
    struct cluster_log_store *store = a_store(1u << 16, 256, false);
    const struct cluster_log log = cluster_log_ops(store);
    uint32_t count = 0;
    for (uint32_t i = 0; i < 20; i++)
        cluster_log_append(store, next_record(1));
    CU_ASSERT_EQUAL(log.last(log.context), 20);
    (void)log.read(log.context, 1, SIZE_MAX, &count);
    CU_ASSERT_EQUAL(count, 20);
    (void)log.read(log.context, 4, model.record[4].length + model.record[5].length, &count);
    CU_ASSERT_EQUAL(count, 2);
    (void)log.read(log.context, 4, model.record[4].length + model.record[5].length - 1, &count);
    CU_ASSERT_EQUAL(count, 1);
    (void)log.read(log.context, 4, 1, &count); /* one at least */
    CU_ASSERT_EQUAL(count, 1);
    CU_ASSERT_EQUAL(log.read(log.context, 21, 1000, &count).length, 0);
    cluster_log_destroy(store);
}

static void what_fell_out_of_memory_is_read_from_the_files_a_block_at_a_time(void)
{
    struct cluster_log_store *store = a_store(CLUSTER_LOG_OCTETS_MIN, 64, true);
    const struct cluster_log log = cluster_log_ops(store);
    for (uint32_t i = 0; i < 300; i++)
        cluster_log_append(store, next_record(1));
    CU_ASSERT_TRUE(cluster_log_first(store) > 200);
    for (uint64_t i = 1; i <= 300; i++) {
        CU_ASSERT_TRUE(head_is_right(log, i));
        CU_ASSERT_TRUE(read_is_right(log, i, 1200));
    }
    CU_ASSERT_EQUAL(model.older_reads, 1);
    cluster_log_destroy(store);
}

static void without_files_older_records_are_not_found(void)
{
    struct cluster_log_store *store = a_store(CLUSTER_LOG_OCTETS_MIN, 64, false);
    const struct cluster_log log = cluster_log_ops(store);
    uint64_t term;
    uint32_t checksum;
    uint32_t count = 9;
    for (uint32_t i = 0; i < 300; i++)
        cluster_log_append(store, next_record(1));
    const uint64_t first = cluster_log_first(store);
    /* The one before the first is still known: it is what the first follows. */
    CU_ASSERT_TRUE(head_is_right(log, first - 1));
    CU_ASSERT_EQUAL(log.head(log.context, first - 2, &term, &checksum), P7_NOT_FOUND);
    CU_ASSERT_EQUAL(log.read(log.context, first - 1, 1200, &count).length, 0);
    CU_ASSERT_EQUAL(count, 0);
    cluster_log_destroy(store);
}

static void a_truncated_tail_is_gone_and_others_take_its_place(void)
{
    struct cluster_log_store *store = a_store(1u << 14, 256, true);
    const struct cluster_log log = cluster_log_ops(store);
    for (uint32_t i = 0; i < 10; i++)
        cluster_log_append(store, next_record(1));
    cluster_log_truncate(store, 6);
    model.last = 6;
    CU_ASSERT_EQUAL(log.last(log.context), 6);
    for (uint32_t i = 0; i < 10; i++)
        cluster_log_append(store, next_record(2));
    for (uint64_t i = 1; i <= 16; i++)
        CU_ASSERT_TRUE(head_is_right(log, i) && read_is_right(log, i, 1200));
    cluster_log_truncate(store, 0);
    CU_ASSERT_EQUAL(log.last(log.context), 0);
    CU_ASSERT_TRUE(head_is_right(log, 0));
    cluster_log_destroy(store);
}

static void random_histories_agree_with_the_model(void)
{
    static const uint32_t octets[] = {CLUSTER_LOG_OCTETS_MIN, 3001, 7777};
    static const uint32_t records[] = {16, 64, 8};
    for (uint32_t round = 0; round < 60; round++) {
        struct random_state random;
        random_seed(&random, round);
        struct cluster_log_store *store = a_store(octets[round % 3], records[round / 3 % 3], true);
        const struct cluster_log log = cluster_log_ops(store);
        uint64_t term = 1;
        while (model.last < 600) {
            if (random_below(&random, 8) == 0) {
                const uint64_t room = model.last + 1 - cluster_log_first(store);
                const uint64_t kept = model.last - random_below(&random, room + 1);
                cluster_log_truncate(store, kept);
                model.last = kept;
                term++;
            } else {
                for (uint64_t n = random_below(&random, 9) + 1; n > 0; n--)
                    cluster_log_append(store, next_record(term));
            }
            const uint64_t some = model.last == 0 ? 0 : random_below(&random, model.last);
            CU_ASSERT_EQUAL(log.last(log.context), model.last);
            CU_ASSERT_TRUE(head_is_right(log, model.last) && head_is_right(log, some));
            if (model.last > 0)
                CU_ASSERT_TRUE(read_is_right(log, some + 1, 700) &&
                               read_is_right(log, model.last, 700));
        }
        cluster_log_destroy(store);
    }
}

static void sizes_out_of_bounds_are_refused(void)
{
    struct cluster_log_params params;
    struct cluster_log_store *store = NULL;
    cluster_log_params_init(&params);
    params.records = 100;
    CU_ASSERT_EQUAL(cluster_log_create(&params, &store), P7_RANGE);
    params.records = 64;
    params.octets = CLUSTER_LOG_OCTETS_MIN - 1;
    CU_ASSERT_EQUAL(cluster_log_create(&params, &store), P7_RANGE);
}

UNIT_TESTS = {
    UNIT(an_empty_log_has_the_nothing_before_the_first_record),
    UNIT(records_are_read_back_whole_and_as_many_as_asked_for),
    UNIT(what_fell_out_of_memory_is_read_from_the_files_a_block_at_a_time),
    UNIT(without_files_older_records_are_not_found),
    UNIT(a_truncated_tail_is_gone_and_others_take_its_place),
    UNIT(random_histories_agree_with_the_model),
    UNIT(sizes_out_of_bounds_are_refused),
};
UNIT_MAIN("cluster log")
