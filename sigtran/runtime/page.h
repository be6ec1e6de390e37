/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* page - a text that grows in a buffer of the caller's and is cut off where that ends. */
#ifndef SIGTRAN_RUNTIME_PAGE_H
#define SIGTRAN_RUNTIME_PAGE_H

#include <stddef.h>

struct page {
    char *text; /* always ends with a NUL */
    size_t room;
    size_t used;
};

void page_print(struct page *page, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
