/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include <stdlib.h>

#include "sigtran/codec/ber.h"

static void walk(struct bytes_reader reader, unsigned depth)
{
    struct ber_element e;
    while (depth < 32 && ber_next(&reader, &e) == P7_OK) {
        int64_t integer;
        bool boolean;
        (void)!ber_integer(e.content, &integer);
        (void)!ber_boolean(e.content, &boolean);
        if (e.content.data < e.whole.data ||
            e.content.data + e.content.length > e.whole.data + e.whole.length)
            abort();
        if (e.constructed)
            walk(ber_inside(&e), depth + 1);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    walk(bytes_reader_of(data, data + size), 0);
    return 0;
}
