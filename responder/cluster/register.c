/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "responder/cluster/register.h"

const char *register_mode_name(uint8_t mode)
{
    switch ((enum register_mode)mode) {
    case REGISTER_PAIR:
        return "PAIR";
    case REGISTER_SOLO:
        return "SOLO";
    }
    return "empty";
}
