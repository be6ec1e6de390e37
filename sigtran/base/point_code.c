/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "sigtran/base/point_code.h"

#include <stdio.h>

struct point_code_format point_code_format_itu(void)
{
    return (struct point_code_format){.bits = {3, 8, 3}, .delimiter = '.'};
}

static uint32_t parts_of(const struct point_code_format *format)
{
    uint32_t parts = 0;
    while (parts < POINT_CODE_PARTS_MAX && format->bits[parts] != 0)
        parts++;
    return parts;
}

static uint32_t bits_of(const struct point_code_format *format)
{
    uint32_t bits = 0;
    for (uint32_t i = 0; i < POINT_CODE_PARTS_MAX; i++)
        bits += format->bits[i];
    return bits;
}

enum p7_status point_code_format_check(const struct point_code_format *format)
{
    const uint32_t parts = parts_of(format);
    for (uint32_t i = parts; i < POINT_CODE_PARTS_MAX; i++)
        if (format->bits[i] != 0)
            return P7_RANGE;
    return parts == 0 || bits_of(format) > POINT_CODE_BITS_MAX ? P7_RANGE : P7_OK;
}

static uint32_t max_of_bits(uint32_t bits)
{
    return bits >= 32 ? UINT32_MAX : (UINT32_C(1) << bits) - 1;
}

uint32_t point_code_max(const struct point_code_format *format)
{
    return max_of_bits(bits_of(format));
}

/* Digits up to a delimiter or the end. */
static enum p7_status read_number(const char **text, uint32_t *number)
{
    const char *p = *text;
    uint64_t value = 0;
    if (*p < '0' || *p > '9')
        return P7_MALFORMED;
    for (; *p >= '0' && *p <= '9'; p++) {
        value = (value * 10) + (uint64_t)(*p - '0');
        if (value > UINT32_MAX)
            return P7_RANGE;
    }
    *text = p;
    *number = (uint32_t)value;
    return P7_OK;
}

enum p7_status point_code_parse(const struct point_code_format *format, const char *text,
                                uint32_t *point_code)
{
    const uint32_t parts = parts_of(format);
    uint32_t part[POINT_CODE_PARTS_MAX] = {0};
    uint32_t count = 0;
    for (;;) {
        const enum p7_status status = read_number(&text, &part[count]);
        if (status != P7_OK)
            return status;
        count++;
        if (*text == '\0')
            break;
        if ((*text != '.' && *text != '-') || count == POINT_CODE_PARTS_MAX)
            return P7_MALFORMED;
        text++;
    }
    if (count == 1) {
        *point_code = part[0];
        return part[0] > point_code_max(format) ? P7_RANGE : P7_OK;
    }
    if (count != parts)
        return P7_MALFORMED;
    uint32_t whole = 0;
    for (uint32_t i = 0; i < parts; i++) {
        if (part[i] > max_of_bits(format->bits[i]))
            return P7_RANGE;
        whole = (whole << format->bits[i]) | part[i];
    }
    *point_code = whole;
    return P7_OK;
}

const char *point_code_text(const struct point_code_format *format, uint32_t point_code,
                            char dst[POINT_CODE_TEXT_OCTETS])
{
    const uint32_t parts = parts_of(format);
    uint32_t below = bits_of(format);
    size_t at = 0;
    for (uint32_t i = 0; i < parts; i++) {
        below -= format->bits[i];
        const uint32_t part =
            i == 0 ? point_code >> below : (point_code >> below) & max_of_bits(format->bits[i]);
        if (i > 0)
            dst[at++] = format->delimiter;
        /* At most 10 digits a part, three parts and two delimiters: it fits. */
        at += (size_t)snprintf(dst + at, POINT_CODE_TEXT_OCTETS - at, "%u", part);
    }
    return dst;
}
