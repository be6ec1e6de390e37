/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * The linker leads malloc, calloc, realloc and free here (-Wl,--wrap=...): the one state of these
 * tests that is not passed along, as their signatures leave no room for it.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/crash/explorer.h"
#include "tests/crash/model.h"

static struct {
    bool armed;       /* the journal is running, not the disk or the test */
    uint64_t fail_at; /* allocation that fails, counting from 1 */
    uint64_t count;
    int64_t live;
    bool failed;
} allocations;

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void __real_free(void *memory);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
void __wrap_free(void *memory);

static bool refuse_allocation(void)
{
    if (!allocations.armed)
        return false;
    allocations.count++;
    const bool refuse = allocations.count == allocations.fail_at;
    allocations.failed |= refuse;
    return refuse;
}

static void *note_allocation(void *memory)
{
    if (allocations.armed && memory != NULL)
        allocations.live++;
    return memory;
}

void *__wrap_malloc(size_t size)
{
    return refuse_allocation() ? NULL : note_allocation(__real_malloc(size));
}

void *__wrap_calloc(size_t count, size_t size)
{
    return refuse_allocation() ? NULL : note_allocation(__real_calloc(count, size));
}

void *__wrap_realloc(void *old, size_t size)
{
    if (refuse_allocation())
        return NULL;
    void *memory = __real_realloc(old, size);
    return old == NULL ? note_allocation(memory) : memory;
}

void __wrap_free(void *memory)
{
    if (allocations.armed && memory != NULL)
        allocations.live--;
    __real_free(memory);
}

static void before_call(void *context, enum disk_simulated_call call)
{
    (void)context;
    (void)call;
    allocations.armed = false;
}

static void after_call(void *context)
{
    (void)context;
    allocations.armed = true;
}

/* Enough records for the index of segments and places to grow while appending. */
#define APPENDED 1500u

static struct bytes make_records(struct model *model, uint8_t *dst)
{
    size_t length = 0;
    for (unsigned i = 0; i < APPENDED; i++) {
        const struct model_record *record = model_extend(model);
        memcpy(dst + length, record->octets, record->length);
        length += record->length;
    }
    return bytes_of(dst, length);
}

/* Opens, appends, syncs and reads; each allocation may fail, which must be P7_NO_MEMORY and no
 * more. Returns the records that the journal has. */
static uint64_t use_journal(struct model *model, struct bytes records, bool *clean)
{
    char text[JOURNAL_TEXT_OCTETS] = "";
    uint8_t dst[2048];
    struct journal *journal = NULL;
    struct journal_recovery recovery;
    size_t got = 0;
    const struct journal_params params = {.disk = disk_simulated_ops(model->disk),
                                          .cluster_id = MODEL_CLUSTER_ID,
                                          .segment_octets = MODEL_SEGMENT_OCTETS};
    allocations.armed = true;
    enum p7_status status = journal_open(&params, &journal, &recovery, text, sizeof(text));
    if (status != P7_OK) {
        *clean = status == P7_NO_MEMORY && text[0] != '\0';
        allocations.armed = false;
        return 0;
    }
    status = journal_append(journal, records);
    const bool refused = status == P7_NO_MEMORY;
    if (refused) /* nothing was written: it works when there is memory again */
        status = journal_append(journal, records);
    *clean = status == P7_OK && journal_sync(journal) == P7_OK &&
             journal_read(journal, 1, dst, sizeof(dst), &got) == P7_OK && got > 0;
    const uint64_t last = journal_last(journal);
    journal_close(journal);
    allocations.armed = false;
    return last;
}

static void fail_one(struct explorer *explorer, uint64_t seed, uint64_t number, bool *reached)
{
    static uint8_t octets[APPENDED * 320];
    const struct disk_simulated_hooks hooks = {.before = before_call, .after = after_call};
    enum p7_status status = P7_OK;
    bool clean = false;
    struct model *model = model_create(seed);
    if (!model_run(model, 18, &status))
        model_wrong(model, "the journal failed on a disk that does not", status, 0);
    journal_close(model->journal);
    model->journal = NULL;
    const uint64_t before = model->count;
    const struct bytes records = make_records(model, octets);
    disk_simulated_set_hooks(model->disk, &hooks);
    memset(&allocations, 0, sizeof(allocations));
    allocations.fail_at = number;
    const uint64_t last = use_journal(model, records, &clean);
    *reached = allocations.failed;
    if (!clean)
        model_wrong(model, "an allocation that failed is not told as such", number, last);
    if (allocations.live != 0)
        model_wrong(model, "memory leaked", number, (uint64_t)allocations.live);
    disk_simulated_set_hooks(model->disk, NULL);
    model->acked = last == 0 ? before : model->count;
    (void)model_check(model, model->disk, false);
    if (model->wrong[0] != '\0') {
        char where[64];
        (void)snprintf(where, sizeof(where), "run %" PRIu64 ", failed allocation %" PRIu64, seed,
                       number);
        explorer_violation(explorer, where, model->wrong);
    }
    model_destroy(model);
}

void explorer_run_failed_allocations(struct explorer *explorer, uint64_t seed)
{
    bool reached = true;
    for (uint64_t number = 1; reached; number++) {
        fail_one(explorer, seed, number, &reached);
        explorer->failed_allocations += reached;
    }
}
