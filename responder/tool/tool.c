/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "responder/tool/tool.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void tool_complain(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)fputs("pulse7-ledger: ", stderr);
    (void)vfprintf(stderr, format, arguments);
    (void)fputc('\n', stderr);
    va_end(arguments);
}

bool tool_printed(void)
{
    if (fflush(stdout) != EOF && ferror(stdout) == 0)
        return true;
    tool_complain("the output can't be written: %s", strerror(errno));
    return false;
}
