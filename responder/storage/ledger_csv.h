/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * ledger_csv - a record of the ledger as a line of CSV (RFC 4180, without quotes, as no cell needs
 * any): in CDR files and in exports. Columns may be added at the end: read by name. Any thread.
 */
#ifndef RESPONDER_STORAGE_LEDGER_CSV_H
#define RESPONDER_STORAGE_LEDGER_CSV_H

#include <stddef.h>

#include "responder/ledger/record.h"

/*
 * record: charge, settlement, term. wall_ns: when it was decided, ns since 1970. amount: units
 * charged. reserved: units reserved, negative: given back. call, identity: 32 hex digits. sequence:
 * of the request in its dialogue. kind, result: of the request. node: that began the term.
 * A cell is empty where the record has no such thing.
 */
#define LEDGER_CSV_HEADER                                                                          \
    "index,term,wall_ns,record,account,amount,reserved,call,identity,sequence,kind,result,node\n"

#define LEDGER_CSV_LINE_OCTETS 384

/* Writes the line with its newline and a NUL; returns its length. */
size_t ledger_csv_line(const struct ledger_record *record, char line[LEDGER_CSV_LINE_OCTETS]);

/* "succ", "fail", "no-credit". */
const char *ledger_csv_result_name(uint8_t result);

#endif
