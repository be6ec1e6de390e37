/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * catalogue - one of each message that the product can encode, in a pcapng file, and beside it a
 * table of what each of them is meant to be, for a decoder that nobody here wrote.
 *
 * Each catalogue_*_add function writes the messages of its layer through the product's own
 * encoders.
 */
#ifndef TESTS_INTEROP_CAPTURES_CATALOGUE_H
#define TESTS_INTEROP_CAPTURES_CATALOGUE_H

#include <stdint.h>
#include <stdio.h>

#include "sigtran/base/bytes.h"
#include "sigtran/codec/capture_block.h"
#include "sigtran/codec/m3ua.h"
#include "sigtran/codec/sccp.h"
#include "sigtran/codec/tcap.h"

#define CATALOGUE_NONE (-1)

/* What a decoder should read; CATALOGUE_NONE where the message has no such thing. */
struct catalogue_row {
    const char *name;
    uint16_t stream;
    int m3ua_kind; /* class and type: enum m3ua_kind */
    int error_code;
    int status_type;
    int status_information;
    int sccp_type;
    int operation; /* CAP, local code of the first invoke */
};

struct catalogue {
    FILE *capture;
    FILE *table;
    uint32_t rows;
    int64_t at_ns;
    struct capture_flow flow;
    uint8_t block[2 * LIMIT_M3UA_MESSAGE_OCTETS];
    uint8_t message[LIMIT_M3UA_MESSAGE_OCTETS];
};

/* A row of a message of that kind on stream 0, everything else not there. */
struct catalogue_row catalogue_row_of(const char *name, enum m3ua_kind kind);

/* One message, whole, as SCTP would get it. */
void catalogue_put(struct catalogue *catalogue, const struct catalogue_row *row,
                   struct bytes message);

/* The same for DATA with that MTP3-user message inside. */
void catalogue_put_data(struct catalogue *catalogue, const struct catalogue_row *row,
                        const struct m3ua_data *data, struct bytes payload);

/* UDT with these TCAP octets between two CAP users. */
void catalogue_put_tcap(struct catalogue *catalogue, struct catalogue_row row, struct bytes tcap);

void catalogue_m3ua_add(struct catalogue *catalogue);
void catalogue_sccp_add(struct catalogue *catalogue);
void catalogue_tcap_add(struct catalogue *catalogue);
void catalogue_cap_add(struct catalogue *catalogue);

/* Ends the program with a sentence: an encoder refused what it should take. */
_Noreturn void catalogue_fail(const char *name, const char *what);

#endif
