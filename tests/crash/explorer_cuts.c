/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/crash/explorer.h"
#include "tests/crash/model.h"

#define RUN_STEPS 60u
/* Of each point: the five losses, three more of the random one, two with power lost again while it
 * recovers, and four with a flipped bit. */
#define VARIANT_AGAIN 8u
#define VARIANT_FLIP  10u
#define VARIANTS      14u

struct cuts {
    struct explorer *explorer;
    struct model *model;
    uint64_t seed;
    uint64_t states_max;
    const struct explorer_point *only;
};

static bool is_new(struct explorer *explorer, uint64_t hash)
{
    hash |= 1; /* 0 is a free place */
    uint64_t at = hash * 0x9e3779b97f4a7c15ULL >> 20;
    while (explorer->seen[at & explorer->seen_mask] != 0) {
        if (explorer->seen[at & explorer->seen_mask] == hash)
            return false;
        at++;
    }
    if (explorer->states * 2 < explorer->seen_mask)
        explorer->seen[at & explorer->seen_mask] = hash;
    return true;
}

/* A flip that cost acknowledged records: is it the one case that nobody can tell from a torn write?
 * The bit is in a record of the last segment, behind what `synced` vouches for, and exactly what is
 * before that record was recovered. */
static bool is_indistinguishable(const struct model *model, const struct disk_simulated_flip *flip,
                                 uint64_t marked, uint64_t last_segment, uint64_t last)
{
    const struct model_record *record = &model->record[last + 1];
    char name[DISK_NAME_OCTETS];
    (void)snprintf(name, sizeof(name), "segment-%020" PRIu64 ".ledger", record->segment_first);
    return last + 1 > marked && record->segment_first == last_segment &&
           strcmp(name, flip->name) == 0 && flip->offset >= record->offset &&
           flip->offset < record->offset + record->length;
}

/* First index of the newest segment that has a record. */
static uint64_t newest_segment(const struct model *model, const struct disk_simulated *disk)
{
    for (uint64_t i = model->count; i > 0; i--) {
        char name[DISK_NAME_OCTETS];
        const uint64_t first = model->record[i].segment_first;
        (void)snprintf(name, sizeof(name), "segment-%020" PRIu64 ".ledger", first);
        if (disk_simulated_file(disk, name).length > 0)
            return first;
    }
    return 0;
}

/* Loses power a second time, somewhere in the recovery. */
static struct disk_simulated *cut_again(struct disk_simulated *disk, struct random_state *random)
{
    const struct journal_params params = {.disk = disk_simulated_ops(disk),
                                          .cluster_id = MODEL_CLUSTER_ID,
                                          .segment_octets = MODEL_SEGMENT_OCTETS};
    struct journal *journal;
    struct journal_recovery recovery;
    char text[JOURNAL_TEXT_OCTETS];
    disk_simulated_fail_at(disk, disk_simulated_calls(disk) + 1 + random_below(random, 40),
                           P7_SYSTEM, true);
    if (journal_open(&params, &journal, &recovery, text, sizeof(text)) == P7_OK)
        journal_close(journal);
    struct disk_simulated *left = disk_simulated_cut(
        disk, (enum disk_simulated_loss)random_below(random, DISK_LOSS_COUNT), random);
    disk_simulated_destroy(disk);
    return left;
}

static void judge_flip(struct cuts *cuts, const struct model_outcome *outcome,
                       const struct disk_simulated_flip *flip, uint64_t marked,
                       uint64_t last_segment)
{
    struct explorer *explorer = cuts->explorer;
    explorer->flips++;
    if (outcome->status != P7_OK)
        explorer->refused++;
    else if (outcome->last >= cuts->model->acked)
        explorer->recovered++;
    else if (is_indistinguishable(cuts->model, flip, marked, last_segment, outcome->last))
        explorer->indistinguishable++;
    else
        model_wrong(cuts->model, "a flipped bit cost acknowledged records", outcome->last,
                    cuts->model->acked);
}

static void visit(struct cuts *cuts, unsigned variant)
{
    struct explorer *explorer = cuts->explorer;
    struct model *model = cuts->model;
    struct random_state random;
    struct disk_simulated_flip flip;
    const uint64_t call = disk_simulated_calls(model->disk);
    random_seed(&random, (cuts->seed << 24) ^ (call << 8) ^ variant);
    const enum disk_simulated_loss loss =
        variant < DISK_LOSS_COUNT ? (enum disk_simulated_loss)variant
        : variant < VARIANT_AGAIN
            ? DISK_LOSS_ANY
            : (enum disk_simulated_loss)random_below(&random, DISK_LOSS_COUNT);
    struct disk_simulated *disk = disk_simulated_cut(model->disk, loss, &random);
    if (variant >= VARIANT_AGAIN && variant < VARIANT_FLIP)
        disk = cut_again(disk, &random);
    const uint64_t marked = model_marked(disk);
    const uint64_t last_segment = newest_segment(model, disk);
    const bool flipped = variant >= VARIANT_FLIP && disk_simulated_flip_bit(disk, &random, &flip);
    explorer->visited++;
    if (is_new(explorer, disk_simulated_hash(disk)))
        explorer->states++;
    else if (cuts->only == NULL) {
        disk_simulated_destroy(disk);
        return;
    }
    const struct model_outcome outcome = model_check(model, disk, flipped);
    if (flipped)
        judge_flip(cuts, &outcome, &flip, marked, last_segment);
    else if (outcome.status == P7_OK)
        explorer->recovered++;
    if (explorer->verbose)
        (void)printf("loss=%d flip=%s@%" PRIu64 " marked=%" PRIu64 " acked=%" PRIu64
                     " written=%" PRIu64 ": %s, last=%" PRIu64 "\n",
                     (int)loss, flipped ? flip.name : "-", flipped ? flip.offset : 0, marked,
                     model->acked, model->count, p7_status_name(outcome.status), outcome.last);
    if (model->wrong[0] != '\0') {
        char where[96];
        (void)snprintf(where, sizeof(where), "--replay %" PRIu64 ":%" PRIu64 ":%u", cuts->seed,
                       call, variant);
        explorer_violation(explorer, where, model->wrong);
        model->wrong[0] = '\0';
    }
    disk_simulated_destroy(disk);
}

static void before_call(void *context, enum disk_simulated_call call)
{
    struct cuts *cuts = context;
    /* What reads changes nothing: the state is that of the call before. */
    if (call == DISK_CALL_READ || call == DISK_CALL_OPEN || call == DISK_CALL_LIST)
        return;
    if (cuts->only != NULL) {
        if (disk_simulated_calls(cuts->model->disk) == cuts->only->call)
            visit(cuts, cuts->only->variant);
        return;
    }
    for (unsigned v = 0; v < VARIANTS && cuts->explorer->states < cuts->states_max; v++)
        visit(cuts, v);
}

void explorer_run_cuts(struct explorer *explorer, uint64_t seed, uint64_t states_max,
                       const struct explorer_point *only)
{
    enum p7_status status = P7_OK;
    struct cuts cuts = {.explorer = explorer,
                        .model = model_create(seed),
                        .seed = seed,
                        .states_max = states_max,
                        .only = only};
    const struct disk_simulated_hooks hooks = {.context = &cuts, .before = before_call};
    disk_simulated_set_hooks(cuts.model->disk, &hooks);
    if (!model_run(cuts.model, RUN_STEPS, &status))
        model_wrong(cuts.model, "the journal failed on a disk that does not", status, 0);
    if (cuts.model->wrong[0] != '\0') {
        char where[64];
        (void)snprintf(where, sizeof(where), "run %" PRIu64, seed);
        explorer_violation(explorer, where, cuts.model->wrong);
    }
    disk_simulated_set_hooks(cuts.model->disk, NULL);
    model_destroy(cuts.model);
}
