/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * point_code - how people write point codes: up to three numbers, each of so many bits, most
 * significant first: 3-8-3 for the ITU's 14 bits (Q.704-14.2.2), 8-8-8 for ANSI's 24 (T1.111.4),
 * and what else a network has agreed on.
 */
#ifndef SIGTRAN_BASE_POINT_CODE_H
#define SIGTRAN_BASE_POINT_CODE_H

#include <stddef.h>
#include <stdint.h>

#include "sigtran/base/status.h"

#define POINT_CODE_PARTS_MAX   3u
#define POINT_CODE_BITS_MAX    24u /* RFC4666-3.3.1: what M3UA has room for */
#define POINT_CODE_TEXT_OCTETS 36

struct point_code_format {
    uint8_t bits[POINT_CODE_PARTS_MAX]; /* of each part; 0 behind the last one */
    char delimiter;                     /* '.' or '-' */
};

/* "1.2.3": 3, 8 and 3 bits, with dots. */
struct point_code_format point_code_format_itu(void);

/* P7_RANGE: no part, one of 0 bits in front of another, or more bits in all than there is room for.
 */
enum p7_status point_code_format_check(const struct point_code_format *format) P7_MUST_CHECK;

/* The largest point code of the format. */
uint32_t point_code_max(const struct point_code_format *format);

/*
 * All parts of the format, with '.' or '-' between them, or the whole as one number.
 * P7_MALFORMED: neither; P7_RANGE: a part, or the whole, has more bits than the format gives it.
 */
enum p7_status point_code_parse(const struct point_code_format *format, const char *text,
                                uint32_t *point_code) P7_MUST_CHECK;

/* Writes all parts; returns dst, which has room for POINT_CODE_TEXT_OCTETS. Bits beyond the format
 * stay with the first part, so that nothing is hidden. */
const char *point_code_text(const struct point_code_format *format, uint32_t point_code,
                            char dst[POINT_CODE_TEXT_OCTETS]);

#endif
