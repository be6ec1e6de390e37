/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "responder/ledger/record.h"

const char *ledger_record_kind_name(uint8_t kind)
{
    switch ((enum ledger_record_kind)kind) {
    case LEDGER_CHARGE:
        return "charge";
    case LEDGER_SETTLEMENT:
        return "settlement";
    case LEDGER_TERM:
        return "term";
    }
    return "?";
}
