/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * cell - a few octets on disk that survive a crash at any moment: one file with two copies, each
 * with its sequence number and checksum. A write makes one copy durable, then the other; it is done
 * when both are.
 *
 * So a copy that a crash tore is no loss: the other one is whole, and what was torn was never
 * shown. One copy that the disk spoilt later is no loss either. Two bad copies are refused: an old
 * value, or none, in place of the last one would break the promise of whoever asks.
 *
 * The file has its full size from the beginning, so that a full disk does not stop a write.
 *
 * Life cycle: cell_open -> cell_write ... -> cell_close. One thread; blocks in the disk. After an
 * error of cell_write the state of the disk is not known: don't go on, end the program. The next
 * cell_open writes what it finds anew, and gives it out only once that is durable.
 */
#ifndef RESPONDER_WITNESS_CELL_H
#define RESPONDER_WITNESS_CELL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sigtran/base/status.h"

#define CELL_OCTETS_MAX  256u
#define CELL_NAME_OCTETS 64u
#define CELL_TEXT_OCTETS 400

struct cell {
    int fd;
    size_t length; /* of what is kept */
    uint64_t sequence;
    char name[CELL_NAME_OCTETS];
};

/*
 * Opens file `name` in the directory; where there is none makes it, with what `octets` hold
 * (`*fresh` says so). Else reads into `octets`. P7_SYSTEM: `text` (CELL_TEXT_OCTETS) says what the
 * disk refused; P7_MALFORMED: both copies are damaged, or the file is something else.
 */
enum p7_status cell_open(struct cell *cell, int directory_fd, const char *name, uint8_t *octets,
                         size_t length, bool *fresh, char *text) P7_MUST_CHECK;

/* Durable when it returns P7_OK. P7_SYSTEM: see above. */
enum p7_status cell_write(struct cell *cell, const uint8_t *octets, char *text) P7_MUST_CHECK;

void cell_close(struct cell *cell);

#endif
