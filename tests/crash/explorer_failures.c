/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "tests/crash/explorer.h"
#include "tests/crash/model.h"

#define RUN_STEPS 45u

/* A journal that failed says so to everything, and acknowledges nothing any more. */
static void check_useless(struct model *model)
{
    const uint64_t durable = journal_durable(model->journal);
    const uint64_t count = model->count;
    const struct model_record *record = model_extend(model);
    if (journal_append(model->journal, bytes_of(record->octets, record->length)) != P7_STATE ||
        journal_sync(model->journal) != P7_STATE || journal_idle(model->journal) != P7_STATE ||
        journal_truncate(model->journal, 0) != P7_STATE)
        model_wrong(model, "a journal that failed goes on", durable, count);
    model->count = count;
    if (journal_durable(model->journal) != durable || durable > count)
        model_wrong(model, "a journal that failed acknowledges", durable,
                    journal_durable(model->journal));
    if (journal_text(model->journal)[0] == '\0')
        model_wrong(model, "a journal that failed says nothing", 0, 0);
}

/* Reading may fail without harm: all else goes on. */
static void check_unharmed(struct model *model)
{
    const enum p7_status status = journal_sync(model->journal);
    if (status == P7_OK)
        model->acked = model->count;
    else if (status != P7_STATE)
        model_wrong(model, "a failed read made a sync fail", status, 0);
}

static void fail_one(struct explorer *explorer, uint64_t seed, uint64_t call,
                     enum p7_status failure, bool *reached)
{
    struct random_state random;
    enum p7_status status = P7_OK;
    enum disk_simulated_call kind = DISK_CALL_OPEN;
    struct model *model = model_create(seed);
    random_seed(&random, call);
    disk_simulated_fail_at(model->disk, call, failure, false);
    const bool passed = model_run(model, RUN_STEPS, &status);
    *reached = disk_simulated_has_failed(model->disk, &kind);
    /* Only a close, which syncs `synced`, has nobody to tell. */
    if (*reached && passed && kind != DISK_CALL_SYNC)
        model_wrong(model, "a failed call went unnoticed", call, kind);
    if (!passed && status != failure)
        model_wrong(model, "a failure came back as another one", status, failure);
    if (!passed && model->journal != NULL) {
        if (kind == DISK_CALL_READ || kind == DISK_CALL_OPEN)
            check_unharmed(model);
        else
            check_useless(model);
    }
    journal_close(model->journal);
    model->journal = NULL;
    /* With a loss of power in each way, and without one: only the process ended. */
    for (int loss = 0; loss < DISK_LOSS_COUNT && *reached; loss++) {
        struct disk_simulated *left =
            disk_simulated_cut(model->disk, (enum disk_simulated_loss)loss, &random);
        (void)model_check(model, left, false);
        disk_simulated_destroy(left);
    }
    if (*reached)
        (void)model_check(model, model->disk, false);
    if (model->wrong[0] != '\0') {
        char where[96];
        (void)snprintf(where, sizeof(where), "run %" PRIu64 ", failed call %" PRIu64 " (%s)", seed,
                       call, p7_status_name(failure));
        explorer_violation(explorer, where, model->wrong);
    }
    model_destroy(model);
}

void explorer_run_failed_calls(struct explorer *explorer, uint64_t seed)
{
    static const enum p7_status failures[] = {P7_SYSTEM, P7_FULL};
    for (size_t i = 0; i < sizeof(failures) / sizeof(failures[0]); i++) {
        bool reached = true;
        for (uint64_t call = 1; reached; call++) {
            fail_one(explorer, seed, call, failures[i], &reached);
            explorer->failed_calls += reached;
        }
    }
}
