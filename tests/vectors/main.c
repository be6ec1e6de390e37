/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * Reads every message of the index by our codecs and compares field by field and octet by octet:
 *     test_vectors FOLDER [-v]
 * The last line: "vectors=N decoded=N fields=N opaque=N reencoded=N mismatches=N"; exit code 0
 * only without a mismatch. `fields` are those of the index that were compared, `opaque` those that
 * lie in arguments which we hand on unread (verdicts.tsv says which and why), `reencoded` are
 * layers of messages, written from what was read and equal to the octet.
 */
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sigtran/codec/digits.h"
#include "sigtran/fsm/sccp_reassembly.h"
#include "tests/vectors/vectors.h"

#define INDEX_COLUMNS   11
#define VERDICT_COLUMNS 4
#define VERDICTS_MAX    64
#define LINE_OCTETS     8192

enum index_column {
    COLUMN_NUMBER,
    COLUMN_NAME,
    COLUMN_SET,
    COLUMN_LAYER,
    COLUMN_OCTETS,
    COLUMN_INFO,
    COLUMN_FIELDS,
    COLUMN_TROUBLE,
    COLUMN_RUNTIME,
};

/* How a key of one message is compared, where it isn't by equality. */
struct verdict {
    int number;
    char key[64];
    char how[16];
    bool needed;
};

struct totals {
    unsigned vectors, decoded, fields, opaque, reencoded, mismatches;
};

struct judge {
    const char *folder;
    bool verbose;
    struct verdict verdicts[VERDICTS_MAX];
    unsigned verdict_count;
    struct totals totals;
    struct sccp_reassembly *segments;
};

void vector_fault(struct vector *vector, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)printf("%02d %s: ", vector->number, vector->name);
    (void)vprintf(format, arguments);
    (void)putchar('\n');
    va_end(arguments);
    vector->faults++;
}

const char *field_values(const struct vector *vector, const char *name)
{
    for (unsigned i = 0; i < vector->field_count; i++)
        if (strcmp(vector->fields[i].name, name) == 0)
            return vector->fields[i].values;
    return NULL;
}

void field_add(struct vector *vector, const char *name, const char *format, ...)
{
    unsigned i = 0;
    while (i < vector->field_count && strcmp(vector->fields[i].name, name) != 0)
        i++;
    if (i == VECTORS_FIELDS_MAX) {
        vector_fault(vector, "more than %d fields", VECTORS_FIELDS_MAX);
        return;
    }
    struct field *field = &vector->fields[i];
    if (i == vector->field_count) {
        field->name = name;
        field->values[0] = '\0';
        vector->field_count++;
    }
    const size_t at = strlen(field->values);
    const char *comma = at == 0 ? "" : ",";
    char value[VECTORS_FIELD_TEXT];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(value, sizeof(value), format, arguments);
    va_end(arguments);
    const int n = snprintf(field->values + at, VECTORS_FIELD_TEXT - at, "%s%s", comma, value);
    if (n < 0 || (size_t)n >= VECTORS_FIELD_TEXT - at)
        vector_fault(vector, "%s: its values do not fit %d characters", name, VECTORS_FIELD_TEXT);
}

static void read_layer(struct vector *vector, const char *layer, struct bytes octets,
                       struct sccp_reassembly *segments)
{
    if (strcmp(layer, "m3ua") == 0)
        read_m3ua(vector, octets, segments);
    else if (strcmp(layer, "sccp") == 0)
        read_sccp(vector, octets, segments);
    else
        read_tcap(vector, octets);
}

/* `made` has all fields that `came` had, with the same values. */
static void same_reading(struct vector *vector, const char *layer, struct bytes came,
                         struct bytes made)
{
    static struct vector readings[2];
    for (int i = 0; i < 2; i++) {
        memset(&readings[i], 0, sizeof(readings[i]));
        readings[i].number = vector->number;
        readings[i].cap = vector->cap;
        readings[i].nested = true;
        /* The first is known to be encoded otherwise; the second is in our own encoding, and that
         * must come out as it is. */
        if (i == 0)
            (void)snprintf(readings[i].otherwise, sizeof(readings[i].otherwise), "%s", layer);
        (void)snprintf(readings[i].name, sizeof(readings[i].name), "%s", vector->name);
        read_layer(&readings[i], layer, i == 0 ? came : made, NULL);
    }
    vector->faults += readings[1].faults;
    if (readings[0].field_count == 0 || readings[0].field_count != readings[1].field_count)
        vector_fault(vector, "%s: written again it has other fields", layer);
    for (unsigned i = 0; i < readings[0].field_count; i++) {
        const char *values = field_values(&readings[1], readings[0].fields[i].name);
        if (values == NULL || strcmp(values, readings[0].fields[i].values) != 0)
            vector_fault(vector, "%s: %s is not the same when written again", layer,
                         readings[0].fields[i].name);
    }
}

void vector_compare(struct vector *vector, const char *layer, struct bytes came, struct bytes made)
{
    if (bytes_equal(came, made)) {
        vector->reencoded++;
        return;
    }
    if (strcmp(vector->otherwise, layer) == 0) {
        vector->was_otherwise = true;
        if (!vector->nested)
            same_reading(vector, layer, came, made);
        return;
    }
    size_t at = 0;
    while (at < came.length && at < made.length && came.data[at] == made.data[at])
        at++;
    vector_fault(vector, "%s: %zu octets became %zu, different from octet %zu on", layer,
                 came.length, made.length, at);
}

/* The columns of a line; what is missing at its end is empty. */
static void split(char *line, char **columns, unsigned count)
{
    line[strcspn(line, "\n")] = '\0';
    for (unsigned i = 0; i < count; i++) {
        columns[i] = line;
        line += strcspn(line, "\t");
        if (*line != '\0')
            *line++ = '\0';
    }
}

static FILE *open_file(const struct judge *judge, const char *name)
{
    char path[512];
    (void)snprintf(path, sizeof(path), "%s/%s", judge->folder, name);
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        perror(path);
        exit(2);
    }
    return file;
}

static void load_verdicts(struct judge *judge)
{
    FILE *file = open_file(judge, "verdicts.tsv");
    char line[LINE_OCTETS];
    char *columns[VERDICT_COLUMNS];
    bool head = true;
    while (fgets(line, sizeof(line), file) != NULL) {
        if (head || judge->verdict_count == VERDICTS_MAX) {
            head = false;
            continue;
        }
        split(line, columns, VERDICT_COLUMNS);
        struct verdict *verdict = &judge->verdicts[judge->verdict_count++];
        verdict->number = (int)strtol(columns[0], NULL, 10);
        (void)snprintf(verdict->key, sizeof(verdict->key), "%s", columns[1]);
        (void)snprintf(verdict->how, sizeof(verdict->how), "%s", columns[2]);
        if (columns[3][0] == '\0') {
            (void)printf("verdicts.tsv: %s %s has no reason\n", columns[0], columns[1]);
            judge->totals.mismatches++;
        }
    }
    (void)fclose(file);
}

/* NULL: by equality. */
static struct verdict *verdict_on(struct judge *judge, const struct vector *vector, const char *key)
{
    for (unsigned i = 0; i < judge->verdict_count; i++)
        if (judge->verdicts[i].number == vector->number && strcmp(judge->verdicts[i].key, key) == 0)
            return &judge->verdicts[i];
    return NULL;
}

static bool is_way(const struct verdict *verdict, const char *how)
{
    return verdict != NULL && strcmp(verdict->how, how) == 0;
}

static bool holds(struct bytes whole, struct bytes part)
{
    return whole.length != 0 && part.length != 0 &&
           memmem(whole.data, whole.length, part.data, part.length) != NULL;
}

/* Digits as TBCD somewhere in what was handed on unread; not the last octet of an odd count, whose
 * filler is the sender's. */
static bool in_opaque(const struct vector *vector, const char *digits)
{
    uint8_t packed[DIGITS_PACKED_OCTETS];
    struct bytes_writer writer = bytes_writer_of(packed, packed + sizeof(packed));
    if (digits_write_tbcd(&writer, digits) != P7_OK)
        return false;
    const struct bytes part = bytes_of(packed, bytes_writer_length(&writer));
    if (holds(vector->user_information, part))
        return true;
    for (unsigned i = 0; i < vector->parameter_count; i++)
        if (holds(vector->parameters[i], part))
            return true;
    return false;
}

static void compare_key(struct judge *judge, struct vector *vector, const char *key,
                        const char *wanted)
{
    struct verdict *verdict = verdict_on(judge, vector, key);
    const char *ours = field_values(vector, key);
    if (is_way(verdict, "opaque")) {
        verdict->needed = true;
        if (ours != NULL || !in_opaque(vector, wanted))
            vector_fault(vector, "%s: %s is not in what stays opaque", key, wanted);
        judge->totals.opaque++;
        return;
    }
    judge->totals.fields++;
    if (ours == NULL)
        vector_fault(vector, "%s: %s was not read", key, wanted);
    else if (strcmp(ours, wanted) == 0)
        return;
    else if (is_way(verdict, "starts") && strncmp(ours, wanted, strlen(wanted)) == 0)
        verdict->needed = true;
    else
        vector_fault(vector, "%s: %s was read as %s", key, wanted, ours);
}

static void compare(struct judge *judge, struct vector *vector, json_t *keys)
{
    for (void *at = json_object_iter(keys); at != NULL; at = json_object_iter_next(keys, at))
        compare_key(judge, vector, json_object_iter_key(at),
                    json_string_value(json_object_iter_value(at)));
    if (field_values(vector, "fault") != NULL)
        vector_fault(vector, "a component was refused");
    struct verdict *verdict = verdict_on(judge, vector, vector->otherwise);
    if (verdict != NULL)
        verdict->needed = vector->was_otherwise;
}

static struct bytes load_octets(const struct judge *judge, const struct vector *vector,
                                uint8_t room[VECTORS_MESSAGE_OCTETS])
{
    char name[128];
    (void)snprintf(name, sizeof(name), "hex/%02d-%s.hex", vector->number, vector->name);
    FILE *file = open_file(judge, name);
    size_t length = 0;
    unsigned octet;
    while (length < VECTORS_MESSAGE_OCTETS && fscanf(file, "%2x", &octet) == 1)
        room[length++] = (uint8_t)octet;
    (void)fclose(file);
    return bytes_of(room, length);
}

/* Encoded otherwise than we would: as the index says (TCAP), or a verdict. */
static void set_otherwise(struct judge *judge, struct vector *vector)
{
    static const char *const layers[] = {"m3ua", "sccp", "tcap"};
    const char *otherwise = vector->canonical ? "" : "tcap";
    for (unsigned i = 0; i < sizeof(layers) / sizeof(layers[0]); i++)
        if (is_way(verdict_on(judge, vector, layers[i]), "otherwise"))
            otherwise = layers[i];
    (void)snprintf(vector->otherwise, sizeof(vector->otherwise), "%s", otherwise);
}

static void judge_line(struct judge *judge, char *line)
{
    static struct vector vector;
    char *columns[INDEX_COLUMNS];
    uint8_t room[VECTORS_MESSAGE_OCTETS];
    split(line, columns, INDEX_COLUMNS);
    memset(&vector, 0, sizeof(vector));
    vector.number = (int)strtol(columns[COLUMN_NUMBER], NULL, 10);
    (void)snprintf(vector.name, sizeof(vector.name), "%s", columns[COLUMN_NAME]);
    (void)snprintf(vector.layer, sizeof(vector.layer), "%s", columns[COLUMN_LAYER]);
    vector.octets = load_octets(judge, &vector, room);
    /* Where nobody could say, ours must be the same too. */
    vector.canonical = columns[COLUMN_RUNTIME][0] == '\0' ||
                       strstr(columns[COLUMN_RUNTIME], "re-encode identical") != NULL;
    json_error_t error;
    json_t *keys = json_loads(columns[COLUMN_FIELDS], 0, &error);
    if (vector.octets.length != strtoul(columns[COLUMN_OCTETS], NULL, 10) || keys == NULL)
        vector_fault(&vector, "the index does not fit its file");
    vector.cap = json_object_get(keys, "camel.local") != NULL;
    set_otherwise(judge, &vector);
    read_layer(&vector, vector.layer, vector.octets, judge->segments);
    judge->totals.decoded += vector.faults == 0;
    compare(judge, &vector, keys);
    json_decref(keys);
    judge->totals.vectors++;
    judge->totals.reencoded += vector.reencoded;
    judge->totals.mismatches += vector.faults;
    for (unsigned i = 0; judge->verbose && i < vector.field_count; i++)
        (void)printf("%02d %s = %s\n", vector.number, vector.fields[i].name,
                     vector.fields[i].values);
}

int main(int argc, char **argv)
{
    static struct judge judge;
    if (argc < 2) {
        (void)fprintf(stderr, "usage: test_vectors FOLDER [-v]\n");
        return 2;
    }
    judge.folder = argv[1];
    judge.verbose = argc > 2 && strcmp(argv[2], "-v") == 0;
    if (sccp_reassembly_create(&judge.segments, 1, SCCP_T_REASS_MS * 1000000LL) != P7_OK)
        return 2;
    load_verdicts(&judge);
    FILE *index = open_file(&judge, "index.tsv");
    char line[LINE_OCTETS];
    bool head = true;
    while (fgets(line, sizeof(line), index) != NULL) {
        if (!head)
            judge_line(&judge, line);
        head = false;
    }
    (void)fclose(index);
    sccp_reassembly_destroy(judge.segments);
    /* A verdict that nothing needs is an exception that nobody looks at. */
    for (unsigned i = 0; i < judge.verdict_count; i++)
        if (!judge.verdicts[i].needed) {
            (void)printf("verdicts.tsv: %d %s is needless\n", judge.verdicts[i].number,
                         judge.verdicts[i].key);
            judge.totals.mismatches++;
        }
    const struct totals *t = &judge.totals;
    (void)printf("vectors=%u decoded=%u fields=%u opaque=%u reencoded=%u mismatches=%u\n",
                 t->vectors, t->decoded, t->fields, t->opaque, t->reencoded, t->mismatches);
    return t->vectors != 0 && t->mismatches == 0 ? 0 : 1;
}
