/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "tests/crash/model.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "responder/ledger/record.h"
#include "sigtran/base/crc32c.h"

#define GROUP_MAX 24u

struct model *model_create(uint64_t seed)
{
    struct model *model = calloc(1, sizeof(*model));
    if (model == NULL)
        abort();
    model->record = calloc(MODEL_RECORDS_MAX, sizeof(*model->record));
    if (model->record == NULL)
        abort();
    random_seed(&model->random, seed);
    model->disk = disk_simulated_create(seed);
    return model;
}

void model_destroy(struct model *model)
{
    journal_close(model->journal);
    disk_simulated_destroy(model->disk);
    free(model->record);
    free(model);
}

void model_wrong(struct model *model, const char *what, uint64_t a, uint64_t b)
{
    if (model->wrong[0] == '\0')
        (void)snprintf(model->wrong, sizeof(model->wrong), "%s (%" PRIu64 ", %" PRIu64 ")", what, a,
                       b);
}

static struct ledger_record make_record(struct random_state *random, uint64_t index, uint64_t term)
{
    static const uint8_t kinds[] = {LEDGER_CHARGE, LEDGER_CHARGE, LEDGER_CHARGE, LEDGER_SETTLEMENT,
                                    LEDGER_TERM};
    struct ledger_record r = {
        .index = index,
        .term = term,
        .wall_ns = (int64_t)random_u64(random),
        .kind = kinds[random_below(random, sizeof(kinds))],
        .account = random_u64(random),
        .amount = random_below(random, 1000),
        .reference = {random_u64(random), random_u64(random)},
    };
    if (r.kind == LEDGER_CHARGE)
        r.flags = (uint8_t)(LEDGER_IN_TABLE | random_below(random, 8));
    if (r.kind == LEDGER_SETTLEMENT)
        r.flags = (uint8_t)random_below(random, 4);
    r.identity.key[0] = random_u64(random);
    r.call.reference[0] = r.reference[0];
    return r;
}

/* The rule of the layout, told a second time: a segment begins where a record does not fit. */
static void lay_out(const struct model_record *before, uint64_t index, struct model_record *record)
{
    record->segment_first = before == NULL ? index : before->segment_first;
    record->offset = before == NULL ? JOURNAL_HEADER_OCTETS : before->offset + before->length;
    if (record->offset + record->length > MODEL_SEGMENT_OCTETS) {
        record->segment_first = index;
        record->offset = JOURNAL_HEADER_OCTETS;
    }
}

static void fill_record(struct random_state *random, const struct model_record *before,
                        uint64_t index, struct model_record *record)
{
    const uint64_t term = (before == NULL ? 1 : before->term) + (random_below(random, 16) == 0);
    const struct ledger_record r = make_record(random, index, term);
    struct bytes_writer w =
        bytes_writer_of(record->octets, record->octets + sizeof(record->octets));
    if (ledger_record_encode(&w, &r, before == NULL ? 0 : before->checksum) != P7_OK)
        abort();
    record->length = (uint32_t)bytes_writer_length(&w);
    record->checksum = bytes_load_u32be(record->octets + record->length - 4);
    record->term = term;
    lay_out(before, index, record);
}

const struct model_record *model_extend(struct model *model)
{
    if (model->count + 2 > MODEL_RECORDS_MAX)
        abort();
    const uint64_t index = ++model->count;
    fill_record(&model->random, index == 1 ? NULL : &model->record[index - 1], index,
                &model->record[index]);
    return &model->record[index];
}

static enum p7_status do_append(struct model *model, unsigned records)
{
    uint8_t octets[GROUP_MAX * LEDGER_RECORD_OCTETS_MAX];
    size_t length = 0;
    for (unsigned i = 0; i < records && model->count + 2 < MODEL_RECORDS_MAX; i++) {
        const struct model_record *record = model_extend(model);
        memcpy(octets + length, record->octets, record->length);
        length += record->length;
    }
    return journal_append(model->journal, bytes_of(octets, length));
}

static enum p7_status do_sync(struct model *model)
{
    const enum p7_status status = journal_sync(model->journal);
    if (status != P7_OK)
        return status;
    model->acked = model->count;
    if (journal_durable(model->journal) != model->count)
        model_wrong(model, "after a sync durable is not last", journal_durable(model->journal),
                    model->count);
    return P7_OK;
}

static enum p7_status do_truncate(struct model *model, uint64_t last_kept)
{
    if (model->acked > last_kept)
        model->acked = last_kept;
    const enum p7_status status = journal_truncate(model->journal, last_kept);
    if (status != P7_OK)
        return status;
    model->count = last_kept;
    model->acked = journal_durable(model->journal);
    if (journal_last(model->journal) != last_kept)
        model_wrong(model, "truncated to another end", journal_last(model->journal), last_kept);
    return P7_OK;
}

struct comparison {
    struct model *model;
    const struct model_record *tail; /* records behind `base` */
    uint64_t base;
    uint64_t seen;
};

static void compare_record(void *context, struct bytes octets)
{
    struct comparison *c = context;
    const uint64_t index = ++c->seen;
    const struct model_record *record =
        index <= c->base ? &c->model->record[index] : &c->tail[index - c->base - 1];
    if (index > c->base && c->tail == NULL)
        model_wrong(c->model, "a record that was never written", index, c->base);
    else if (octets.length != record->length ||
             memcmp(octets.data, record->octets, octets.length) != 0)
        model_wrong(c->model, "a record differs", index, c->base);
}

static enum p7_status open_on(struct model *model, struct disk_simulated *disk,
                              struct comparison *comparison, bool read_only,
                              struct journal **journal, struct journal_recovery *recovery)
{
    char text[JOURNAL_TEXT_OCTETS] = "";
    const struct journal_params params = {
        .disk = disk_simulated_ops(disk),
        .cluster_id = MODEL_CLUSTER_ID,
        .segment_octets = MODEL_SEGMENT_OCTETS,
        .read_only = read_only,
        .record = compare_record,
        .context = comparison,
    };
    comparison->model = model;
    comparison->seen = 0;
    const enum p7_status status = journal_open(&params, journal, recovery, text, sizeof(text));
    if (status != P7_OK && text[0] == '\0')
        model_wrong(model, "a refusal without a text", status, 0);
    if (status == P7_OK && comparison->seen != recovery->last_index)
        model_wrong(model, "not all records were told", comparison->seen, recovery->last_index);
    return status;
}

static enum p7_status do_open(struct model *model)
{
    struct journal_recovery recovery;
    struct comparison comparison = {.base = model->count};
    const enum p7_status status =
        open_on(model, model->disk, &comparison, false, &model->journal, &recovery);
    if (status != P7_OK) {
        model->journal = NULL;
        return status;
    }
    if (recovery.last_index != model->count)
        model_wrong(model, "closing and opening lost records", recovery.last_index, model->count);
    model->acked = journal_durable(model->journal);
    return P7_OK;
}

/* Reads from a random record on into a random room and compares. */
static enum p7_status do_read(struct model *model)
{
    uint8_t dst[4000];
    if (model->count == 0)
        return P7_OK;
    const uint64_t first = 1 + random_below(&model->random, model->count);
    const size_t room = LEDGER_RECORD_OCTETS_MAX +
                        random_below(&model->random, sizeof(dst) - LEDGER_RECORD_OCTETS_MAX);
    size_t got = 0;
    const enum p7_status status = journal_read(model->journal, first, dst, room, &got);
    if (status != P7_OK)
        return status;
    size_t expected = 0;
    for (uint64_t i = first; i <= model->count; i++) {
        const struct model_record *record = &model->record[i];
        if (expected + record->length > room)
            break;
        if (expected + record->length > got ||
            memcmp(dst + expected, record->octets, record->length) != 0)
            model_wrong(model, "a record was read back otherwise", i, got);
        expected += record->length;
    }
    if (expected != got)
        model_wrong(model, "not as many records were read as fit", got, expected);
    return P7_OK;
}

static enum p7_status step(struct model *model, unsigned number)
{
    struct random_state *random = &model->random;
    /* What any seed must meet: first records, a roll, a cut in the middle, one at a boundary, one
     * of everything, and a record that follows each. */
    static const char script[] = "o1sAisrtAscobAs1zAsoc";
    char what;
    if (number < sizeof(script) - 1)
        what = script[number];
    else
        what = "1aaaAssssssttbicrr"[random_below(random, 18)];
    if (model->journal == NULL)
        return do_open(model);
    const uint64_t back = random_below(random, model->count < 45 ? model->count + 1 : 45);
    switch (what) {
    case '1':
        return do_append(model, 1);
    case 'a':
        return do_append(model, 1 + (unsigned)random_below(random, 6));
    case 'A':
        return do_append(model, GROUP_MAX);
    case 's':
        return do_sync(model);
    case 'i':
        return journal_idle(model->journal);
    case 't':
        return do_truncate(model, model->count - back);
    case 'b':
        return do_truncate(model,
                           model->count == 0 ? 0 : model->record[model->count].segment_first - 1);
    case 'z':
        return do_truncate(model, 0);
    case 'c':
        journal_close(model->journal);
        model->journal = NULL;
        return P7_OK;
    default:
        return do_read(model);
    }
}

bool model_run(struct model *model, unsigned steps, enum p7_status *status)
{
    for (unsigned i = 0; i < steps; i++) {
        *status = step(model, i);
        if (*status != P7_OK)
            return false;
    }
    return true;
}

uint64_t model_marked(const struct disk_simulated *disk)
{
    const struct bytes file = disk_simulated_file(disk, "synced");
    uint64_t sequence = 0;
    uint64_t index = 0;
    for (size_t at = 0; at + 40 <= file.length; at += 4096) {
        const uint8_t *slot = file.data + at;
        if (memcmp(slot, "p7synced", 8) != 0 ||
            bytes_load_u32be(slot + 36) != crc32c(0, bytes_of(slot, 36)))
            continue;
        if (bytes_load_u64be(slot + 16) > sequence) {
            sequence = bytes_load_u64be(slot + 16);
            index = bytes_load_u64be(slot + 24);
        }
    }
    return index;
}

static bool is_in_place(const struct disk_simulated *disk, const struct model_record *record)
{
    char name[DISK_NAME_OCTETS];
    (void)snprintf(name, sizeof(name), "segment-%020" PRIu64 ".ledger", record->segment_first);
    const struct bytes file = disk_simulated_file(disk, name);
    return file.length == MODEL_SEGMENT_OCTETS &&
           memcmp(file.data + record->offset, record->octets, record->length) == 0;
}

/* The files are exactly what the records say, to the last zero. */
static void check_layout(struct model *model, const struct disk_simulated *disk, uint64_t last)
{
    static const uint8_t zeros[MODEL_SEGMENT_OCTETS];
    for (uint64_t i = 1; i <= last; i++) {
        const struct model_record *record = &model->record[i];
        char name[DISK_NAME_OCTETS];
        (void)snprintf(name, sizeof(name), "segment-%020" PRIu64 ".ledger", record->segment_first);
        const struct bytes file = disk_simulated_file(disk, name);
        const uint32_t end = record->offset + record->length;
        if (!is_in_place(disk, record)) {
            model_wrong(model, "a record is not in its place", i, record->segment_first);
            return;
        }
        const bool ends = i == last || model->record[i + 1].segment_first != record->segment_first;
        if (ends && memcmp(file.data + end, zeros, file.length - end) != 0)
            model_wrong(model, "old octets behind the end of a segment", i, end);
    }
}

#define CHECK_APPENDED 3u

/* Appends to what was recovered, loses power right after the sync, and recovers again. */
static void check_goes_on(struct model *model, struct disk_simulated *disk, struct journal *journal,
                          uint64_t last)
{
    struct model_record more[CHECK_APPENDED];
    struct random_state random;
    struct journal_recovery recovery;
    random_seed(&random, last);
    const struct model_record *before = last == 0 ? NULL : &model->record[last];
    for (unsigned i = 0; i < CHECK_APPENDED; i++) {
        fill_record(&random, before, last + 1 + i, &more[i]);
        before = &more[i];
        if (journal_append(journal, bytes_of(more[i].octets, more[i].length)) != P7_OK)
            model_wrong(model, "what was recovered can't be appended to", last, i);
    }
    if (journal_sync(journal) != P7_OK)
        model_wrong(model, "what was recovered can't be synced", last, 0);
    struct disk_simulated *left = disk_simulated_cut(disk, DISK_LOSS_ALL, &random);
    struct comparison comparison = {.base = last, .tail = more};
    struct journal *again = NULL;
    const enum p7_status status = open_on(model, left, &comparison, false, &again, &recovery);
    if (status != P7_OK || recovery.last_index != last + CHECK_APPENDED)
        model_wrong(model, "what was appended after a recovery is lost", recovery.last_index,
                    last + CHECK_APPENDED);
    for (unsigned i = 0; i < CHECK_APPENDED && status == P7_OK; i++)
        if (!is_in_place(left, &more[i]))
            model_wrong(model, "what was appended after a recovery is elsewhere", last + 1 + i,
                        more[i].segment_first);
    if (status == P7_OK)
        journal_close(again);
    disk_simulated_destroy(left);
}

struct model_outcome model_check(struct model *model, struct disk_simulated *disk, bool damaged)
{
    struct model_outcome outcome;
    struct journal_recovery recovery;
    struct comparison comparison = {.base = model->count};
    struct journal *journal = NULL;
    /* A tool that only reads sees the same, and changes nothing. */
    const uint64_t hash = disk_simulated_hash(disk);
    const enum p7_status seen = open_on(model, disk, &comparison, true, &journal, &recovery);
    const uint64_t seen_last = recovery.last_index;
    if (seen == P7_OK)
        journal_close(journal);
    if (disk_simulated_hash(disk) != hash)
        model_wrong(model, "reading only changed the files", seen_last, 0);
    outcome.status = open_on(model, disk, &comparison, false, &journal, &recovery);
    outcome.last = recovery.last_index;
    if (outcome.status != seen || (seen == P7_OK && seen_last != outcome.last))
        model_wrong(model, "reading only saw another ledger", seen_last, outcome.last);
    if (outcome.status != P7_OK) {
        if (!damaged || outcome.status != P7_MALFORMED)
            model_wrong(model, "recovery was refused", outcome.status, model->acked);
        return outcome;
    }
    if (outcome.last < model->acked && !damaged)
        model_wrong(model, "acknowledged records are lost", outcome.last, model->acked);
    if (outcome.last > 0 && recovery.last_checksum != model->record[outcome.last].checksum)
        model_wrong(model, "another end than that of the records", outcome.last, 0);
    check_layout(model, disk, outcome.last);
    journal_close(journal);
    const enum p7_status again = open_on(model, disk, &comparison, false, &journal, &recovery);
    if (again != P7_OK || recovery.last_index != outcome.last || recovery.octets_cut != 0) {
        model_wrong(model, "a second recovery finds another ledger", recovery.last_index,
                    outcome.last);
        if (again != P7_OK)
            return outcome;
    }
    check_goes_on(model, disk, journal, outcome.last);
    journal_close(journal);
    return outcome;
}
