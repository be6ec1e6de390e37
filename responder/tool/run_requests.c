/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "responder/tool/run_requests.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "responder/core/service_turn.h"
#include "responder/tool/csv_read.h"

#define PATH_OCTETS           4096
#define TARGETS_MAX           64u
#define NAME_OCTETS           128
#define ORIGIN_OCTETS         64u
#define CALL_REFERENCE_OCTETS 16u

struct target {
    char name[NAME_OCTETS];
    uint8_t origin[ORIGIN_OCTETS];
    size_t origin_octets;
};

struct reading {
    const char *path;
    struct reconcile *reconcile;
    struct run_facts *facts;
    struct service service; /* for the key of its hash */
    struct target target[TARGETS_MAX];
    size_t targets;
    struct csv_read csv;
    bool journal; /* of journal.csv, not of requests.csv */
    size_t column_target;
    size_t column_outcome;
    size_t column_flags;
    size_t column_sequence;
    size_t column_reference;
};

static enum p7_status complain(struct reading *reading, enum p7_status status, const char *format,
                               ...) __attribute__((format(printf, 3, 4)));

static enum p7_status complain(struct reading *reading, enum p7_status status, const char *format,
                               ...)
{
    char *text = reading->facts->text;
    const int n = snprintf(text, RUN_TEXT_OCTETS, "%.256s: ", reading->path);
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text + n, RUN_TEXT_OCTETS - (size_t)n, format, arguments);
    va_end(arguments);
    return status;
}

static void path_of(const char *directory, const char *name, char path[PATH_OCTETS])
{
    (void)snprintf(path, PATH_OCTETS, "%s/%s", directory, name);
}

static bool exists(const char *directory, const char *name)
{
    char path[PATH_OCTETS];
    path_of(directory, name, path);
    return access(path, F_OK) == 0;
}

bool run_find(const char *path)
{
    return exists(path, "run.json") || exists(path, "requests.csv") || exists(path, "journal.csv");
}

/* --- targets -------------------------------------------------------------------------------- */

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

static bool read_hex(const char *hex, uint8_t *dst, size_t room, size_t *octets)
{
    for (*octets = 0; hex[0] != '\0'; hex += 2) {
        const int high = hex_digit(hex[0]);
        const int low = high < 0 ? -1 : hex_digit(hex[1]);
        if (low < 0 || *octets == room)
            return false;
        dst[(*octets)++] = (uint8_t)(high * 16 + low);
    }
    return true;
}

static enum p7_status add_target(struct reading *reading, const char *name, const char *origin)
{
    if (reading->targets == TARGETS_MAX)
        return complain(reading, P7_RANGE, "more than %u targets", TARGETS_MAX);
    struct target *target = &reading->target[reading->targets++];
    if (strlen(name) >= sizeof(target->name))
        return complain(reading, P7_RANGE, "a target's name is too long");
    memcpy(target->name, name, strlen(name) + 1);
    if (!read_hex(origin, target->origin, sizeof(target->origin), &target->origin_octets))
        return complain(reading, P7_MALFORMED, "the origin \"%.140s\" of target %s is no address",
                        origin, name);
    return P7_OK;
}

static enum p7_status targets_of_csv(struct reading *reading)
{
    struct csv_read csv;
    char path[PATH_OCTETS];
    size_t name = 0;
    size_t origin = 0;
    path_of(reading->path, "targets.csv", path);
    enum p7_status status = csv_read_open(&csv, path);
    if (status == P7_OK && (csv_read_column(&csv, "name", &name) != P7_OK ||
                            csv_read_column(&csv, "origin", &origin) != P7_OK))
        status = complain(reading, P7_MISSING, "targets.csv has no column `name` or `origin`");
    else if (status != P7_OK)
        (void)complain(reading, status, "%s", csv.text);
    while (status == P7_OK) {
        status = csv_read_next(&csv);
        if (status == P7_OK)
            status = add_target(reading, csv.cell[name], csv.cell[origin]);
        else if (status != P7_NOT_FOUND)
            (void)complain(reading, status, "%s", csv.text);
    }
    csv_read_close(&csv);
    return status == P7_NOT_FOUND ? P7_OK : status;
}

static enum p7_status targets_of_json(struct reading *reading, const json_t *root)
{
    const json_t *list = json_object_get(root, "targets");
    enum p7_status status = P7_OK;
    size_t i;
    json_t *entry;
    if (!json_is_array(list))
        return complain(
            reading, P7_MISSING,
            "run.json does not name the originating address of each target (`targets`): "
            "the run is of an older pulse7-simulator; make it again with this one");
    json_array_foreach(list, i, entry)
    {
        const char *name = json_string_value(json_object_get(entry, "name"));
        const char *origin = json_string_value(json_object_get(entry, "origin"));
        if (name == NULL || origin == NULL)
            return complain(reading, P7_MISSING, "a target in run.json has no name or no origin");
        status = add_target(reading, name, origin);
        if (status != P7_OK)
            return status;
    }
    return P7_OK;
}

static uint64_t count_of(const json_t *root, const char *member)
{
    const json_t *value = json_object_get(json_object_get(root, "recorder"), member);
    return json_is_integer(value) && json_integer_value(value) > 0
               ? (uint64_t)json_integer_value(value)
               : 0;
}

static enum p7_status read_targets(struct reading *reading)
{
    char path[PATH_OCTETS];
    json_error_t error;
    enum p7_status status = P7_OK;
    const bool csv = exists(reading->path, "targets.csv");
    reading->facts->ended = exists(reading->path, "run.json");
    if (csv)
        status = targets_of_csv(reading);
    if (status != P7_OK)
        return status;
    if (!reading->facts->ended)
        return csv ? P7_OK
                   : complain(
                         reading, P7_MISSING,
                         "it has neither targets.csv nor run.json, which name the targets' "
                         "addresses: the run did not end, and is of an older pulse7-simulator");
    path_of(reading->path, "run.json", path);
    json_t *root = json_load_file(path, 0, &error);
    if (root == NULL)
        return complain(reading, P7_MALFORMED, "run.json: %s", error.text);
    reading->facts->rows_lost =
        count_of(root, "records_lost_full") + count_of(root, "records_lost_disk");
    if (!csv)
        status = targets_of_json(reading, root);
    json_decref(root);
    return status;
}

/* --- requests ------------------------------------------------------------------------------- */

static const struct target *find_target(const struct reading *reading, const char *name)
{
    for (size_t i = 0; i < reading->targets; i++)
        if (strcmp(reading->target[i].name, name) == 0)
            return &reading->target[i];
    return NULL;
}

static bool has_word(const char *words, const char *word)
{
    const size_t length = strlen(word);
    for (; *words != '\0'; words += *words == ';') {
        const size_t n = strcspn(words, ";");
        if (n == length && memcmp(words, word, n) == 0)
            return true;
        words += n;
    }
    return false;
}

/* The identity as the service makes it of the request's octets. False: it has no call reference. */
static enum p7_status identity_of(struct reading *reading, struct duplicate_identity *identity,
                                  bool *named)
{
    struct csv_read *csv = &reading->csv;
    const struct target *target = find_target(reading, csv->cell[reading->column_target]);
    uint8_t reference[CALL_REFERENCE_OCTETS];
    size_t octets = 0;
    uint64_t sequence = 0;
    uint64_t hash[2];
    if (target == NULL)
        return complain(reading, P7_MISSING, "line %llu: target %.64s has no known address",
                        (unsigned long long)csv->line, csv->cell[reading->column_target]);
    if (!read_hex(csv->cell[reading->column_reference], reference, sizeof(reference), &octets))
        return complain(reading, P7_MALFORMED, "line %llu: reference \"%.40s\" is no hex number",
                        (unsigned long long)csv->line, csv->cell[reading->column_reference]);
    *named = octets > 0;
    if (!*named)
        return P7_OK;
    const enum p7_status status = csv_read_u64(csv, reading->column_sequence, &sequence);
    if (status != P7_OK || sequence > UINT32_MAX)
        return complain(reading, P7_MALFORMED, "line %llu: sequence \"%.40s\" is no number",
                        (unsigned long long)csv->line, csv->cell[reading->column_sequence]);
    const struct tcap_transaction_id none = {0};
    service_reference(&reading->service, bytes_of(target->origin, target->origin_octets),
                      bytes_of(reference, octets), none, hash);
    *identity = service_identity(hash, (uint32_t)sequence, 0);
    return P7_OK;
}

static enum p7_status add_row(struct reading *reading)
{
    struct run_facts *facts = reading->facts;
    struct duplicate_identity identity;
    bool named = false;
    const char *outcome = reading->csv.cell[reading->column_outcome];
    unsigned flags = strcmp(outcome, "ok") == 0 ? RECONCILE_OK : 0;
    facts->rows++;
    facts->contradicted += has_word(reading->csv.cell[reading->column_flags], "contradicted");
    if (reading->journal && strcmp(outcome, "sent") != 0) {
        if (flags == 0)
            return P7_OK; /* says nothing that `sent` does not */
        flags |= RECONCILE_AGAIN;
    }
    const enum p7_status status = identity_of(reading, &identity, &named);
    if (status != P7_OK)
        return status;
    if (!named) {
        facts->unnamed_ok += (flags & RECONCILE_OK) != 0;
        return P7_OK;
    }
    return reconcile_add_request(reading->reconcile, identity.key, flags) == P7_OK
               ? P7_OK
               : complain(reading, P7_NO_MEMORY, "no memory for so many requests");
}

static enum p7_status find_columns(struct reading *reading, const char *file)
{
    const struct {
        const char *name;
        size_t *column;
    } columns[] = {{"target", &reading->column_target},
                   {reading->journal ? "event" : "outcome", &reading->column_outcome},
                   {"flags", &reading->column_flags},
                   {"sequence", &reading->column_sequence},
                   {"reference", &reading->column_reference}};
    for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++)
        if (csv_read_column(&reading->csv, columns[i].name, columns[i].column) != P7_OK)
            return complain(
                reading, P7_MISSING,
                "%s has no column `%s`: its requests can't be told apart. The run is of "
                "an older pulse7-simulator; make it again with this one",
                file, columns[i].name);
    return P7_OK;
}

/* A run that was killed may leave half a row at the end. */
static enum p7_status read_rows(struct reading *reading)
{
    char path[PATH_OCTETS];
    reading->journal = !reading->facts->ended && exists(reading->path, "journal.csv");
    const char *file = reading->journal ? "journal.csv" : "requests.csv";
    path_of(reading->path, file, path);
    enum p7_status status = csv_read_open(&reading->csv, path);
    if (status != P7_OK)
        return complain(reading, status == P7_NOT_FOUND ? P7_MISSING : status, "%s",
                        reading->csv.text);
    status = find_columns(reading, file);
    while (status == P7_OK) {
        status = csv_read_next(&reading->csv);
        if (status == P7_NOT_FOUND || (status == P7_TRUNCATED && !reading->facts->ended))
            return P7_OK;
        if (status != P7_OK)
            return complain(reading, status, "%s", reading->csv.text);
        status = add_row(reading);
    }
    return status;
}

enum p7_status run_requests_add(const char *path, struct reconcile *reconcile,
                                struct run_facts *facts)
{
    *facts = (struct run_facts){0};
    struct reading *reading = calloc(1, sizeof(*reading));
    if (reading == NULL) {
        (void)snprintf(facts->text, sizeof(facts->text), "no memory");
        return P7_NO_MEMORY;
    }
    reading->path = path;
    reading->reconcile = reconcile;
    reading->facts = facts;
    reading->service.identity_key = *service_identity_key();
    enum p7_status status = read_targets(reading);
    if (status == P7_OK)
        status = read_rows(reading);
    csv_read_close(&reading->csv);
    free(reading);
    return status;
}
