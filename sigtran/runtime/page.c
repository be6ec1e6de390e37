/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "sigtran/runtime/page.h"

#include <stdarg.h>
#include <stdio.h>

void page_print(struct page *page, const char *format, ...)
{
    va_list arguments;
    if (page->used >= page->room)
        return;
    va_start(arguments, format);
    const int wanted =
        vsnprintf(page->text + page->used, page->room - page->used, format, arguments);
    va_end(arguments);
    if (wanted > 0)
        page->used +=
            (size_t)wanted < page->room - page->used ? (size_t)wanted : page->room - page->used;
}
