/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * vectors - messages of other stacks, read by our codecs layer by layer. What is read is put down
 * under the names that tshark gives to the fields, so that it compares with the index line by
 * line; what was read is written again, and must be the same octets where the index says so.
 */
#ifndef TESTS_VECTORS_VECTORS_H
#define TESTS_VECTORS_VECTORS_H

#include <stdbool.h>
#include <stdint.h>

#include "sigtran/base/bytes.h"

#define VECTORS_FIELDS_MAX      48
#define VECTORS_FIELD_TEXT      256
#define VECTORS_MESSAGE_OCTETS  1024
#define VECTORS_PARAMETERS_MAX  16
#define VECTORS_REASSEMBLED_MAX 4096

/* A field as it was read: values of one name in their order, with commas between. */
struct field {
    const char *name;
    char values[VECTORS_FIELD_TEXT];
};

struct sccp_reassembly;

/* One message: what the index says of it, and what we made of it. */
struct vector {
    int number;
    char name[64];
    char layer[8];
    bool cap;       /* the components are CAP's (else MAP's: their arguments stay opaque) */
    bool nested;    /* what we wrote ourselves, read again */
    bool canonical; /* the transaction portion and what is inside: encoded as we would */
    /* The layer whose encoding leaves the sender a choice that we make otherwise; else "". */
    char otherwise[8];
    bool was_otherwise;
    struct bytes octets;
    struct field fields[VECTORS_FIELDS_MAX];
    unsigned field_count;
    unsigned reencoded; /* layers that were written again and came out the same */
    unsigned faults;    /* told on stdout as they were found */
    unsigned parameter_count;
    struct bytes parameters[VECTORS_PARAMETERS_MAX]; /* of the components, for opaque ones */
    struct bytes user_information;                   /* of the dialogue portion, opaque */
};

void field_add(struct vector *vector, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
const char *field_values(const struct vector *vector, const char *name);

/* Something is wrong: counts and tells it. */
void vector_fault(struct vector *vector, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* `made` against `came`: counts a layer written again, or a fault. Where the vector says that the
 * layer may be written otherwise, `made` must read as the same, and be written the same again. */
void vector_compare(struct vector *vector, const char *layer, struct bytes came, struct bytes made);

/* `segments`: where long messages are put together, NULL where none may come. */
void read_m3ua(struct vector *vector, struct bytes octets, struct sccp_reassembly *segments);
void read_sccp(struct vector *vector, struct bytes octets, struct sccp_reassembly *segments);
void read_tcap(struct vector *vector, struct bytes octets);
/* The argument of one operation; `local` operation codes of CAP only. */
void read_cap(struct vector *vector, int operation, struct bytes parameter);

#endif
