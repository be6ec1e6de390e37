/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "sigtran/codec/cap_number.h"

#include <assert.h>

#include "sigtran/codec/digits.h"

#define TBCD_FILLER 0x0fu

static enum p7_status fail(struct bytes_writer *writer, enum p7_status status)
{
    writer->failed = true;
    return status;
}

/* The indicator octet behind the nature of address: which of its fields a form has. */
struct isup_layout {
    bool has_internal;
    bool has_incomplete;
    bool has_presentation;
    bool has_screening;
    bool has_qualifier;
};

static const struct isup_layout isup_layouts[] = {
    [CAP_ISUP_CALLED] = {.has_internal = true},
    [CAP_ISUP_CALLING] = {.has_incomplete = true, .has_presentation = true, .has_screening = true},
    [CAP_ISUP_LOCATION] = {.has_internal = true, .has_presentation = true, .has_screening = true},
    [CAP_ISUP_REDIRECTING] = {.has_presentation = true},
    [CAP_ISUP_GENERIC] = {.has_incomplete = true,
                          .has_presentation = true,
                          .has_screening = true,
                          .has_qualifier = true},
};

enum p7_status cap_isup_number_decode(struct bytes octets, enum cap_isup_form form,
                                      struct cap_isup_number *number)
{
    assert((unsigned)form <= CAP_ISUP_GENERIC);
    const struct isup_layout *layout = &isup_layouts[form];
    struct bytes_reader r = bytes_reader_of(octets.data, octets.data + octets.length);

    number->qualifier = layout->has_qualifier ? bytes_read_u8(&r) : 0;
    const uint8_t first = bytes_read_u8(&r);
    const uint8_t second = bytes_read_u8(&r);
    if (r.failed)
        return P7_TRUNCATED;
    const bool odd = (first & 0x80u) != 0;
    const bool top = (second & 0x80u) != 0;
    number->nature = first & 0x7fu;
    number->internal = layout->has_internal && top;
    number->incomplete = layout->has_incomplete && top;
    number->plan = (second >> 4) & 0x07u;
    number->presentation = layout->has_presentation ? (second >> 2) & 0x03u : 0;
    number->screening = layout->has_screening ? second & 0x03u : 0;
    const struct bytes packed = bytes_read(&r, bytes_reader_left(&r));
    if (odd && packed.length == 0)
        return P7_MALFORMED;
    return digits_from_bcd(packed, odd, number->digits);
}

enum p7_status cap_isup_number_encode(struct bytes_writer *writer, enum cap_isup_form form,
                                      const struct cap_isup_number *number)
{
    assert((unsigned)form <= CAP_ISUP_GENERIC);
    const struct isup_layout *layout = &isup_layouts[form];
    if (number->nature > 0x7f || number->plan > 7 || number->presentation > 3 ||
        number->screening > 3)
        return fail(writer, P7_RANGE);
    const size_t count = strnlen(number->digits, sizeof(number->digits));
    if (count > LIMIT_DIGITS)
        return fail(writer, P7_RANGE);
    const bool top = (layout->has_internal && number->internal) ||
                     (layout->has_incomplete && number->incomplete);
    unsigned second = ((unsigned)top << 7) | ((unsigned)number->plan << 4);
    if (layout->has_presentation)
        second |= (unsigned)number->presentation << 2;
    if (layout->has_screening)
        second |= number->screening;
    if (layout->has_qualifier)
        bytes_write_u8(writer, number->qualifier);
    bytes_write_u8(writer, (uint8_t)(((unsigned)(count & 1u) << 7) | number->nature));
    bytes_write_u8(writer, (uint8_t)second);
    const enum p7_status status = digits_write_bcd(writer, number->digits);
    return status == P7_OK ? P7_OK : fail(writer, status);
}

enum p7_status cap_bcd_number_decode(struct bytes octets, struct cap_bcd_number *number)
{
    if (octets.length == 0)
        return P7_TRUNCATED;
    number->type = (octets.data[0] >> 4) & 0x07u;
    number->plan = octets.data[0] & 0x0fu;
    number->digits[0] = '\0';
    /* TS23.040-9.1.2.5: septets of text, no digits. */
    if (number->type == CAP_TYPE_ALPHANUMERIC)
        return P7_UNSUPPORTED;
    return digits_from_tbcd(bytes_of(octets.data + 1, octets.length - 1), number->digits);
}

enum p7_status cap_bcd_number_encode(struct bytes_writer *writer,
                                     const struct cap_bcd_number *number)
{
    if (number->type > 7 || number->plan > 15 ||
        strnlen(number->digits, sizeof(number->digits)) > LIMIT_DIGITS)
        return fail(writer, P7_RANGE);
    if (number->type == CAP_TYPE_ALPHANUMERIC)
        return fail(writer, P7_UNSUPPORTED);
    bytes_write_u8(writer, (uint8_t)(0x80u | ((unsigned)number->type << 4) | number->plan));
    const enum p7_status status = digits_write_tbcd(writer, number->digits);
    return status == P7_OK ? P7_OK : fail(writer, status);
}

static bool is_decimal(const char *text)
{
    for (; *text != '\0'; text++)
        if (*text < '0' || *text > '9')
            return false;
    return true;
}

enum p7_status cap_imsi_decode(struct bytes octets, char digits[CAP_IMSI_DIGITS_MAX + 1])
{
    char text[DIGITS_TEXT_OCTETS];
    digits[0] = '\0';
    /* TS29.002-17.7.8: IMSI ::= TBCD-STRING (SIZE (3..8)) */
    if (octets.length < 3 || octets.length > 8)
        return P7_RANGE;
    const enum p7_status status = digits_from_tbcd(octets, text);
    if (status != P7_OK)
        return status;
    const size_t count = strlen(text);
    if (count > CAP_IMSI_DIGITS_MAX || count < 5)
        return P7_RANGE;
    if (!is_decimal(text))
        return P7_MALFORMED;
    memcpy(digits, text, count + 1);
    return P7_OK;
}

enum p7_status cap_imsi_encode(struct bytes_writer *writer, const char *digits)
{
    const size_t count = strnlen(digits, CAP_IMSI_DIGITS_MAX + 1);
    if (count < 5 || count > CAP_IMSI_DIGITS_MAX)
        return fail(writer, P7_RANGE);
    if (!is_decimal(digits))
        return fail(writer, P7_MALFORMED);
    const enum p7_status status = digits_write_tbcd(writer, digits);
    return status == P7_OK ? P7_OK : fail(writer, status);
}

enum p7_status cap_cause_decode(struct bytes octets, struct cap_cause *cause)
{
    struct bytes_reader r = bytes_reader_of(octets.data, octets.data + octets.length);
    const uint8_t first = bytes_read_u8(&r);
    cause->coding_standard = (first >> 5) & 0x03u;
    cause->location = first & 0x0fu;
    /* Q.850-2.1: octet 3a, the recommendation, follows when octet 3 isn't the last of its group. */
    cause->has_recommendation = (first & 0x80u) == 0;
    cause->recommendation = cause->has_recommendation ? bytes_read_u8(&r) & 0x7fu : 0;
    cause->value = bytes_read_u8(&r) & 0x7fu;
    if (r.failed)
        return P7_TRUNCATED;
    cause->diagnostics = bytes_read(&r, bytes_reader_left(&r));
    return P7_OK;
}

enum p7_status cap_cause_encode(struct bytes_writer *writer, const struct cap_cause *cause)
{
    if (cause->coding_standard > 3 || cause->location > 15 || cause->value > 127 ||
        cause->recommendation > 127 || cause->diagnostics.length > 29)
        return fail(writer, P7_RANGE);
    const unsigned last = cause->has_recommendation ? 0 : 0x80u;
    bytes_write_u8(writer,
                   (uint8_t)(last | ((unsigned)cause->coding_standard << 5) | cause->location));
    if (cause->has_recommendation)
        bytes_write_u8(writer, (uint8_t)(0x80u | cause->recommendation));
    bytes_write_u8(writer, (uint8_t)(0x80u | cause->value));
    bytes_write(writer, cause->diagnostics);
    return writer->failed ? P7_FULL : P7_OK;
}

/* TS24.008-10.5.1.3: MCC digits 1-3, MNC digit 3 or filler, MNC digits 1-2. */
static bool read_plmn(const uint8_t *p, struct cap_cell *cell)
{
    const struct bytes b = bytes_of(p, 3);
    const uint8_t halves[6] = {digits_at(b, 0), digits_at(b, 1), digits_at(b, 2),
                               digits_at(b, 4), digits_at(b, 5), digits_at(b, 3)};
    for (unsigned i = 0; i < 6; i++) {
        const bool filler = i == 5 && halves[i] == TBCD_FILLER;
        if (halves[i] > 9 && !filler)
            return false;
        const char c = filler ? '\0' : (char)('0' + halves[i]);
        if (i < 3)
            cell->mcc[i] = c;
        else
            cell->mnc[i - 3] = c;
    }
    cell->mcc[3] = '\0';
    cell->mnc[3] = '\0';
    return true;
}

enum p7_status cap_cell_decode(struct bytes octets, struct cap_cell *cell)
{
    if (octets.length != 5 && octets.length != 7)
        return P7_RANGE;
    if (!read_plmn(octets.data, cell))
        return P7_MALFORMED;
    cell->lac = bytes_load_u16be(octets.data + 3);
    cell->has_ci = octets.length == 7;
    cell->ci = cell->has_ci ? bytes_load_u16be(octets.data + 5) : 0;
    return P7_OK;
}

static uint8_t halves(unsigned low, unsigned high)
{
    return (uint8_t)((high << 4) | low);
}

enum p7_status cap_cell_encode(struct bytes_writer *writer, const struct cap_cell *cell)
{
    const size_t mcc = strnlen(cell->mcc, sizeof(cell->mcc));
    const size_t mnc = strnlen(cell->mnc, sizeof(cell->mnc));
    if (mcc != 3 || mnc < 2 || mnc > 3)
        return fail(writer, P7_RANGE);
    if (!is_decimal(cell->mcc) || !is_decimal(cell->mnc))
        return fail(writer, P7_MALFORMED);
    unsigned d[6] = {0};
    for (unsigned i = 0; i < 3; i++) {
        d[i] = (unsigned)(cell->mcc[i] - '0');
        d[i + 3] = i < mnc ? (unsigned)(cell->mnc[i] - '0') : TBCD_FILLER;
    }
    bytes_write_u8(writer, halves(d[0], d[1]));
    bytes_write_u8(writer, halves(d[2], d[5]));
    bytes_write_u8(writer, halves(d[3], d[4]));
    bytes_write_u16be(writer, cell->lac);
    if (cell->has_ci)
        bytes_write_u16be(writer, cell->ci);
    return writer->failed ? P7_FULL : P7_OK;
}
