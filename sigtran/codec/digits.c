/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "sigtran/codec/digits.h"

#define TBCD_FILLER 0x0fu

static const char bcd_text[17] = "0123456789abcdef";
/* The last one is filler; it never gets into a text. */
static const char tbcd_text[17] = "0123456789*#abcf";

enum p7_status digits_from_bcd(struct bytes packed, bool odd, char text[DIGITS_TEXT_OCTETS])
{
    size_t count = packed.length * 2;
    if (odd && count > 0)
        count--;
    text[0] = '\0';
    if (count > LIMIT_DIGITS)
        return P7_RANGE;
    for (size_t i = 0; i < count; i++)
        text[i] = bcd_text[digits_at(packed, i)];
    text[count] = '\0';
    return P7_OK;
}

enum p7_status digits_from_tbcd(struct bytes packed, char text[DIGITS_TEXT_OCTETS])
{
    size_t count = 0;
    const size_t halves = packed.length * 2;
    text[0] = '\0';
    while (count < halves && digits_at(packed, count) != TBCD_FILLER)
        count++;
    if (count > LIMIT_DIGITS)
        return P7_RANGE;
    /* TS29.002-17.7.8: the filler makes up the last octet, so nothing but filler follows. */
    for (size_t i = count; i < halves; i++)
        if (digits_at(packed, i) != TBCD_FILLER)
            return P7_MALFORMED;
    for (size_t i = 0; i < count; i++)
        text[i] = tbcd_text[digits_at(packed, i)];
    text[count] = '\0';
    return P7_OK;
}

/* The value of a character in `alphabet` of `size` digits, or -1. */
static int value_of(char c, const char *alphabet, size_t size)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'A' && c <= 'F')
        c = (char)(c - 'A' + 'a');
    for (size_t i = 10; i < size; i++)
        if (alphabet[i] == c)
            return (int)i;
    return -1;
}

static enum p7_status write_packed(struct bytes_writer *writer, const char *text,
                                   const char *alphabet, size_t size, uint8_t filler)
{
    uint8_t packed[DIGITS_PACKED_OCTETS];
    size_t count = 0;
    for (; text[count] != '\0'; count++) {
        const int value = value_of(text[count], alphabet, size);
        if (value < 0 || count == LIMIT_DIGITS)
            return P7_RANGE;
        if ((count & 1u) == 0)
            packed[count / 2] = (uint8_t)((unsigned)value | ((unsigned)filler << 4));
        else
            packed[count / 2] = (uint8_t)((packed[count / 2] & 0x0fu) | ((unsigned)value << 4));
    }
    bytes_write(writer, bytes_of(packed, digits_octets(count)));
    return writer->failed ? P7_FULL : P7_OK;
}

enum p7_status digits_write_bcd(struct bytes_writer *writer, const char *text)
{
    return write_packed(writer, text, bcd_text, 16, 0);
}

enum p7_status digits_write_tbcd(struct bytes_writer *writer, const char *text)
{
    return write_packed(writer, text, tbcd_text, 15, TBCD_FILLER);
}
