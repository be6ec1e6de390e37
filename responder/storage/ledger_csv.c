/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "responder/storage/ledger_csv.h"

#include <inttypes.h>
#include <stdio.h>

const char *ledger_csv_result_name(uint8_t result)
{
    switch ((enum service_result)result) {
    case SERVICE_SUCC:
        return "succ";
    case SERVICE_FAIL:
        return "fail";
    case SERVICE_NO_CREDIT:
        return "no-credit";
    }
    return "?";
}

size_t ledger_csv_line(const struct ledger_record *record, char line[LEDGER_CSV_LINE_OCTETS])
{
    int n = snprintf(line, LEDGER_CSV_LINE_OCTETS, "%" PRIu64 ",%" PRIu64 ",%" PRId64 ",%s,",
                     record->index, record->term, record->wall_ns,
                     ledger_record_kind_name(record->kind));
    char *at = line + n;
    size_t room = LEDGER_CSV_LINE_OCTETS - (size_t)n;
    if (record->kind == LEDGER_TERM)
        return (size_t)n + (size_t)snprintf(at, room, ",,,,,,,,%u\n", record->node);
    n += snprintf(at, room, "%" PRIu64 ",%" PRIu64 ",%" PRId64 ",%016" PRIx64 "%016" PRIx64 ",",
                  record->account, record->amount, record->reserved_delta, record->reference[0],
                  record->reference[1]);
    at = line + n;
    room = LEDGER_CSV_LINE_OCTETS - (size_t)n;
    if (record->kind != LEDGER_CHARGE)
        return (size_t)n + (size_t)snprintf(at, room, ",,,,\n");
    n += snprintf(at, room, "%016" PRIx64 "%016" PRIx64 ",%" PRIu32 ",%s,%s,\n",
                  record->identity.key[0], record->identity.key[1], record->sequence,
                  service_kind_name((enum service_kind)record->reply.kind),
                  ledger_csv_result_name(record->reply.result));
    return (size_t)n;
}
