/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "sigtran/codec/sccp.h"

/* Address indicator, Q.713-3.4.1. ANSI has PC and SSN the other way round (T1.112.3-3.4.1), and
 * the parts of the address too. */
#define INDICATOR_PC       0x01u
#define INDICATOR_SSN      0x02u
#define INDICATOR_ANSI_SSN 0x01u
#define INDICATOR_ANSI_PC  0x02u
#define INDICATOR_ON_SSN   0x40u
#define INDICATOR_NATIONAL 0x80u

/* What a title is made of, named by ITU's indicators (Q.713-3.4.2.3). Of ANSI's, 1 is the same as
 * ITU's 3 and 2 as 2 (T1.112.3-3.4.2.3). Others are spare: their titles stay opaque. */
enum title_form { TITLE_OPAQUE, TITLE_NATURE, TITLE_TYPE, TITLE_TYPE_PLAN, TITLE_TYPE_PLAN_NATURE };

static enum title_form form_of(const struct sccp_address *a)
{
    if (a->variant == SCCP_ANSI)
        return a->gti == 1 ? TITLE_TYPE_PLAN : a->gti == 2 ? TITLE_TYPE : TITLE_OPAQUE;
    return a->gti <= 4 ? (enum title_form)a->gti : TITLE_OPAQUE;
}

static void read_numbering(struct bytes_reader *r, struct sccp_address *out)
{
    const uint8_t octet = bytes_read_u8(r);
    out->numbering_plan = octet >> 4;
    out->encoding_scheme = octet & 0x0fu;
    out->digits_odd = out->encoding_scheme == SCCP_ENCODING_BCD_ODD;
}

/* Q.713-3.4.2.3.1 to 3.4.2.3.4. */
/* Q.713-3.4.2.3.1, 3.4.2.3.2, 3.4.2.3.3, 3.4.2.3.4 */
static void read_title(struct bytes_reader *r, struct sccp_address *out)
{
    uint8_t octet;
    switch (form_of(out)) {
    case TITLE_NATURE:
        octet = bytes_read_u8(r);
        out->digits_odd = (octet & 0x80u) != 0;
        out->nature_of_address = octet & 0x7fu;
        break;
    case TITLE_TYPE:
        out->translation_type = bytes_read_u8(r);
        break;
    case TITLE_TYPE_PLAN:
        out->translation_type = bytes_read_u8(r);
        read_numbering(r, out);
        break;
    case TITLE_TYPE_PLAN_NATURE:
        out->translation_type = bytes_read_u8(r);
        read_numbering(r, out);
        octet = bytes_read_u8(r);
        out->nature_spare = (octet & 0x80u) != 0;
        out->nature_of_address = octet & 0x7fu;
        break;
    case TITLE_OPAQUE:
        break;
    }
}

/* A point code, least significant octet first (Q.713-3.4.2.1; T1.112.3-3.4.2.2: member, cluster,
 * network). */
static uint32_t read_pc(struct bytes_reader *r, enum sccp_variant variant)
{
    uint32_t pc = bytes_read_u8(r);
    pc |= (uint32_t)bytes_read_u8(r) << 8;
    if (variant == SCCP_ANSI)
        pc |= (uint32_t)bytes_read_u8(r) << 16;
    return pc & sccp_point_code_max(variant);
}

static void write_pc(struct bytes_writer *w, enum sccp_variant variant, uint32_t pc)
{
    bytes_write_u8(w, (uint8_t)pc);
    bytes_write_u8(w, (uint8_t)(pc >> 8));
    if (variant == SCCP_ANSI)
        bytes_write_u8(w, (uint8_t)(pc >> 16));
}

enum p7_status sccp_address_decode(enum sccp_variant variant, struct bytes octets,
                                   struct sccp_address *out)
{
    memset(out, 0, sizeof(*out));
    if (octets.length > LIMIT_SCCP_ADDRESS_OCTETS)
        return P7_RANGE;
    if (octets.length == 0)
        return P7_TRUNCATED; /* even an absent calling party has its indicator, Q.713-3.5 */
    struct bytes_reader r = bytes_reader_of(octets.data, octets.data + octets.length);
    const uint8_t indicator = bytes_read_u8(&r);
    out->gti = (indicator >> 2) & 0x0fu;
    out->route_on_ssn = (indicator & INDICATOR_ON_SSN) != 0;
    out->national = (indicator & INDICATOR_NATIONAL) != 0;
    if (variant == SCCP_ANSI && out->national) {
        out->variant = SCCP_ANSI;
        out->has_ssn = (indicator & INDICATOR_ANSI_SSN) != 0;
        out->has_pc = (indicator & INDICATOR_ANSI_PC) != 0;
        if (out->has_ssn)
            out->ssn = bytes_read_u8(&r);
        if (out->has_pc)
            out->pc = read_pc(&r, SCCP_ANSI);
    } else {
        out->has_pc = (indicator & INDICATOR_PC) != 0;
        out->has_ssn = (indicator & INDICATOR_SSN) != 0;
        if (out->has_pc)
            out->pc = read_pc(&r, SCCP_ITU);
        if (out->has_ssn)
            out->ssn = bytes_read_u8(&r);
    }
    if (out->gti != 0) {
        read_title(&r, out);
        out->digits = bytes_read(&r, bytes_reader_left(&r));
    }
    return r.failed ? P7_TRUNCATED : P7_OK;
}

enum p7_status sccp_address_digits(const struct sccp_address *address,
                                   char text[DIGITS_TEXT_OCTETS])
{
    const enum title_form form = form_of(address);
    text[0] = '\0';
    if (form == TITLE_OPAQUE)
        return P7_NOT_FOUND;
    /* Q.713-3.4.2.3.2: with GTI 2 the translation type says how digits are encoded; every known
     * one means BCD with an even count. */
    if (form >= TITLE_TYPE_PLAN && address->encoding_scheme != SCCP_ENCODING_BCD_ODD &&
        address->encoding_scheme != SCCP_ENCODING_BCD_EVEN)
        return P7_UNSUPPORTED;
    return digits_from_bcd(address->digits, address->digits_odd, text);
}

static void write_title(struct bytes_writer *w, const struct sccp_address *a)
{
    const uint8_t numbering = (uint8_t)((a->numbering_plan << 4) | a->encoding_scheme);
    switch (form_of(a)) {
    case TITLE_NATURE:
        bytes_write_u8(w, (uint8_t)((a->digits_odd ? 0x80u : 0u) | a->nature_of_address));
        break;
    case TITLE_TYPE:
        bytes_write_u8(w, a->translation_type);
        break;
    case TITLE_TYPE_PLAN:
        bytes_write_u8(w, a->translation_type);
        bytes_write_u8(w, numbering);
        break;
    case TITLE_TYPE_PLAN_NATURE:
        bytes_write_u8(w, a->translation_type);
        bytes_write_u8(w, numbering);
        bytes_write_u8(w, (uint8_t)((a->nature_spare ? 0x80u : 0u) | a->nature_of_address));
        break;
    case TITLE_OPAQUE:
        break;
    }
    bytes_write(w, a->digits);
}

static uint8_t indicator_of(const struct sccp_address *a)
{
    const unsigned common = ((unsigned)a->gti << 2) | (a->route_on_ssn ? INDICATOR_ON_SSN : 0u);
    if (a->variant == SCCP_ANSI)
        return (uint8_t)(common | (a->has_ssn ? INDICATOR_ANSI_SSN : 0u) |
                         (a->has_pc ? INDICATOR_ANSI_PC : 0u) | INDICATOR_NATIONAL);
    return (uint8_t)(common | (a->has_pc ? INDICATOR_PC : 0u) | (a->has_ssn ? INDICATOR_SSN : 0u) |
                     (a->national ? INDICATOR_NATIONAL : 0u));
}

enum p7_status sccp_address_write(struct bytes_writer *writer, const struct sccp_address *address)
{
    const struct sccp_address *a = address;

    if (a->gti > 15 || a->pc > sccp_point_code_max(a->variant) || a->numbering_plan > 15 ||
        a->encoding_scheme > 15 || a->nature_of_address > 0x7f)
        return P7_RANGE;
    bytes_write_u8(writer, indicator_of(a));
    if (a->has_ssn && a->variant == SCCP_ANSI)
        bytes_write_u8(writer, a->ssn);
    if (a->has_pc)
        write_pc(writer, a->variant, a->pc);
    if (a->has_ssn && a->variant == SCCP_ITU)
        bytes_write_u8(writer, a->ssn);
    if (a->gti != 0)
        write_title(writer, a);
    return writer->failed ? P7_FULL : P7_OK;
}

enum p7_status sccp_party_set(struct sccp_party *party, const struct sccp_address *address)
{
    struct bytes_writer w = bytes_writer_of(party->octets, party->octets + sizeof(party->octets));
    const enum p7_status status = sccp_address_write(&w, address);
    party->length = (uint8_t)bytes_writer_length(&w);
    /* The room is the limit: what does not fit is too long for any address of ours. */
    return status == P7_FULL ? P7_RANGE : status;
}

enum p7_status sccp_party_set_ssn(struct sccp_party *party, enum sccp_variant variant, bool with_pc,
                                  uint32_t pc, uint8_t ssn)
{
    const struct sccp_address address = {.variant = variant,
                                         .has_pc = with_pc,
                                         .pc = with_pc ? pc : 0,
                                         .has_ssn = true,
                                         .ssn = ssn,
                                         .route_on_ssn = true};
    return sccp_party_set(party, &address);
}

enum p7_status sccp_address_set_digits(struct sccp_address *address, const char *text,
                                       uint8_t packed[DIGITS_PACKED_OCTETS])
{
    struct bytes_writer w = bytes_writer_of(packed, packed + DIGITS_PACKED_OCTETS);
    const enum p7_status status = digits_write_bcd(&w, text);
    if (status != P7_OK || text[0] == '\0')
        return P7_RANGE;
    address->digits = bytes_of(packed, bytes_writer_length(&w));
    address->digits_odd = (strlen(text) & 1u) != 0;
    address->encoding_scheme = address->digits_odd ? SCCP_ENCODING_BCD_ODD : SCCP_ENCODING_BCD_EVEN;
    return P7_OK;
}

enum p7_status sccp_party_set_gt(struct sccp_party *party, enum sccp_variant variant,
                                 uint8_t translation_type, uint8_t numbering_plan,
                                 uint8_t nature_of_address, const char *digits, uint8_t ssn)
{
    uint8_t packed[DIGITS_PACKED_OCTETS];
    struct sccp_address address = {.variant = variant,
                                   .has_ssn = true,
                                   .ssn = ssn,
                                   .gti = variant == SCCP_ANSI ? 2 : 4,
                                   .translation_type = translation_type,
                                   .numbering_plan = numbering_plan,
                                   .nature_of_address = nature_of_address};
    const enum p7_status status = sccp_address_set_digits(&address, digits, packed);
    return status != P7_OK ? status : sccp_party_set(party, &address);
}

enum p7_status sccp_party_copy(struct sccp_party *party, struct bytes octets)
{
    if (octets.length > sizeof(party->octets))
        return P7_RANGE;
    if (octets.length != 0)
        memcpy(party->octets, octets.data, octets.length);
    party->length = (uint8_t)octets.length;
    return P7_OK;
}
