/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "simulator/core/request.h"

static const char *const kind_names[REQUEST_KIND_COUNT] = {
    [REQUEST_ONESHOT] = "oneshot", [REQUEST_INITIAL] = "initial", [REQUEST_INTERIM] = "interim",
    [REQUEST_FINAL] = "final",     [REQUEST_EVENT] = "event",
};

static const char *const outcome_names[OUTCOME_COUNT] = {
    [OUTCOME_OK] = "ok",
    [OUTCOME_ERROR] = "error",
    [OUTCOME_TIMEOUT] = "timeout",
    [OUTCOME_UNANSWERED] = "unanswered",
};

const char *request_kind_name(enum request_kind kind)
{
    return (unsigned)kind < REQUEST_KIND_COUNT ? kind_names[kind] : "unknown";
}

const char *request_outcome_name(enum request_outcome outcome)
{
    return (unsigned)outcome < OUTCOME_COUNT ? outcome_names[outcome] : "unknown";
}
