/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * digits - semi-octet digits as text and back; shared by SCCP global titles (Q.713-3.4.2.3), ISUP
 * party numbers (Q.763-3.9) and TBCD strings (TS29.002-17.7.8).
 *
 * The first digit is in bits 4-1 of the first octet, the second in bits 8-5, and so on.
 *  - BCD (global title, ISUP): whether the count is odd is told elsewhere in the same element; the
 *    spare half of an odd count is filler 0.
 *  - TBCD (IMSI, address strings): no such bit; the spare half of an odd count is filler 0xF.
 *
 * Text is one character per semi-octet:
 *  - BCD: 0-9 and a-f (a spare, b "code 11", c "code 12", d, e spare, f "ST", end of pulsing);
 *  - TBCD: 0-9, `*` 10, `#` 11, a 12, b 13, c 14; 15 is filler and no digit.
 * Reading takes upper case letters too. Lengths are in characters without the closing NUL.
 */
#ifndef SIGTRAN_CODEC_DIGITS_H
#define SIGTRAN_CODEC_DIGITS_H

#include "sigtran/base/bytes.h"
#include "sigtran/base/limits.h"
#include "sigtran/base/status.h"

/* Room for LIMIT_DIGITS digits and the closing NUL. */
#define DIGITS_TEXT_OCTETS (LIMIT_DIGITS + 1)
/* Room for LIMIT_DIGITS packed digits. */
#define DIGITS_PACKED_OCTETS (LIMIT_DIGITS / 2)

/* Octets that `digits` digits take. */
static inline size_t digits_octets(size_t digits)
{
    return (digits + 1) / 2;
}

/* Semi-octet `index` of packed octets, counted from 0; the caller keeps it in range. */
static inline uint8_t digits_at(struct bytes packed, size_t index)
{
    return (index & 1u) != 0 ? (uint8_t)(packed.data[index / 2] >> 4)
                             : (uint8_t)(packed.data[index / 2] & 0x0fu);
}

/*
 * BCD octets to text. `odd`: the last semi-octet is filler (its value is not looked at). Octets of
 * length 0 give the empty text whatever `odd` is.
 * P7_RANGE for more than LIMIT_DIGITS digits.
 */
enum p7_status digits_from_bcd(struct bytes packed, bool odd,
                               char text[DIGITS_TEXT_OCTETS]) P7_MUST_CHECK;

/*
 * TBCD octets to text; stops at the first filler.
 * P7_MALFORMED for a filler that anything but filler follows; P7_RANGE for more than LIMIT_DIGITS.
 */
enum p7_status digits_from_tbcd(struct bytes packed, char text[DIGITS_TEXT_OCTETS]) P7_MUST_CHECK;

/*
 * Text to packed octets at the writer, filler 0 (BCD) or 0xF (TBCD) after an odd count. Whether it
 * was odd: strlen(text) & 1.
 * P7_RANGE for a character that is no digit or more than LIMIT_DIGITS (nothing is written);
 * P7_FULL when the writer has no room (or had failed before).
 */
enum p7_status digits_write_bcd(struct bytes_writer *writer, const char *text) P7_MUST_CHECK;
enum p7_status digits_write_tbcd(struct bytes_writer *writer, const char *text) P7_MUST_CHECK;

#endif
