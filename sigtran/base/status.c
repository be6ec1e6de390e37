/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "sigtran/base/status.h"

static const char *const status_texts[P7_STATUS_COUNT] = {
#define P7_STATUS_TEXT(name, text) [name] = (text),
    P7_STATUS_LIST(P7_STATUS_TEXT)
#undef P7_STATUS_TEXT
};

static const char *const status_names[P7_STATUS_COUNT] = {
#define P7_STATUS_NAME(name, text) [name] = #name,
    P7_STATUS_LIST(P7_STATUS_NAME)
#undef P7_STATUS_NAME
};

const char *p7_status_text(enum p7_status status)
{
    if ((unsigned)status >= P7_STATUS_COUNT)
        return "unknown status";
    return status_texts[status];
}

const char *p7_status_name(enum p7_status status)
{
    if ((unsigned)status >= P7_STATUS_COUNT)
        return "P7_UNKNOWN";
    return status_names[status];
}
