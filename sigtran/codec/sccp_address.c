/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "sigtran/codec/sccp.h"

/* Address indicator, Q.713-3.4.1. */
#define INDICATOR_PC       0x01u
#define INDICATOR_SSN      0x02u
#define INDICATOR_ON_SSN   0x40u
#define INDICATOR_NATIONAL 0x80u

static void read_numbering(struct bytes_reader *r, struct sccp_address *out)
{
    const uint8_t octet = bytes_read_u8(r);
    out->numbering_plan = octet >> 4;
    out->encoding_scheme = octet & 0x0fu;
    out->digits_odd = out->encoding_scheme == SCCP_ENCODING_BCD_ODD;
}

/* Q.713-3.4.2.3.1 to 3.4.2.3.4. Indicators above 4 are spare: their titles stay opaque. */
static void read_title(struct bytes_reader *r, struct sccp_address *out)
{
    uint8_t octet;
    switch (out->gti) {
    case 1:
        octet = bytes_read_u8(r);
        out->digits_odd = (octet & 0x80u) != 0;
        out->nature_of_address = octet & 0x7fu;
        break;
    case 2:
        out->translation_type = bytes_read_u8(r);
        break;
    case 3:
        out->translation_type = bytes_read_u8(r);
        read_numbering(r, out);
        break;
    case 4:
        out->translation_type = bytes_read_u8(r);
        read_numbering(r, out);
        octet = bytes_read_u8(r);
        out->nature_spare = (octet & 0x80u) != 0;
        out->nature_of_address = octet & 0x7fu;
        break;
    default:
        break;
    }
}

enum p7_status sccp_address_decode(struct bytes octets, struct sccp_address *out)
{
    memset(out, 0, sizeof(*out));
    if (octets.length > LIMIT_SCCP_ADDRESS_OCTETS)
        return P7_RANGE;
    if (octets.length == 0)
        return P7_TRUNCATED; /* even an absent calling party has its indicator, Q.713-3.5 */
    struct bytes_reader r = bytes_reader_of(octets.data, octets.data + octets.length);
    const uint8_t indicator = bytes_read_u8(&r);
    out->has_pc = (indicator & INDICATOR_PC) != 0;
    out->has_ssn = (indicator & INDICATOR_SSN) != 0;
    out->gti = (indicator >> 2) & 0x0fu;
    out->route_on_ssn = (indicator & INDICATOR_ON_SSN) != 0;
    out->national = (indicator & INDICATOR_NATIONAL) != 0;
    if (out->has_pc) { /* least significant octet first, Q.713-3.4.2.1 */
        out->pc = bytes_read_u8(&r);
        out->pc |= (uint16_t)((bytes_read_u8(&r) & 0x3fu) << 8);
    }
    if (out->has_ssn)
        out->ssn = bytes_read_u8(&r);
    if (out->gti != 0) {
        read_title(&r, out);
        out->digits = bytes_read(&r, bytes_reader_left(&r));
    }
    return r.failed ? P7_TRUNCATED : P7_OK;
}

enum p7_status sccp_address_digits(const struct sccp_address *address,
                                   char text[DIGITS_TEXT_OCTETS])
{
    text[0] = '\0';
    if (address->gti == 0 || address->gti > 4)
        return P7_NOT_FOUND;
    /* Q.713-3.4.2.3.2: with GTI 2 the translation type says how digits are encoded; every known
     * one means BCD with an even count. */
    if (address->gti >= 3 && address->encoding_scheme != SCCP_ENCODING_BCD_ODD &&
        address->encoding_scheme != SCCP_ENCODING_BCD_EVEN)
        return P7_UNSUPPORTED;
    return digits_from_bcd(address->digits, address->digits_odd, text);
}

static void write_title(struct bytes_writer *w, const struct sccp_address *a)
{
    const uint8_t numbering = (uint8_t)((a->numbering_plan << 4) | a->encoding_scheme);
    switch (a->gti) {
    case 1:
        bytes_write_u8(w, (uint8_t)((a->digits_odd ? 0x80u : 0u) | a->nature_of_address));
        break;
    case 2:
        bytes_write_u8(w, a->translation_type);
        break;
    case 3:
        bytes_write_u8(w, a->translation_type);
        bytes_write_u8(w, numbering);
        break;
    case 4:
        bytes_write_u8(w, a->translation_type);
        bytes_write_u8(w, numbering);
        bytes_write_u8(w, (uint8_t)((a->nature_spare ? 0x80u : 0u) | a->nature_of_address));
        break;
    default:
        break;
    }
    bytes_write(w, a->digits);
}

enum p7_status sccp_address_write(struct bytes_writer *writer, const struct sccp_address *address)
{
    const struct sccp_address *a = address;

    if (a->gti > 15 || a->pc > SCCP_POINT_CODE_MAX_ITU || a->numbering_plan > 15 ||
        a->encoding_scheme > 15 || a->nature_of_address > 0x7f)
        return P7_RANGE;
    bytes_write_u8(writer,
                   (uint8_t)((a->has_pc ? INDICATOR_PC : 0u) | (a->has_ssn ? INDICATOR_SSN : 0u) |
                             ((unsigned)a->gti << 2) | (a->route_on_ssn ? INDICATOR_ON_SSN : 0u) |
                             (a->national ? INDICATOR_NATIONAL : 0u)));
    if (a->has_pc) {
        bytes_write_u8(writer, (uint8_t)a->pc);
        bytes_write_u8(writer, (uint8_t)(a->pc >> 8));
    }
    if (a->has_ssn)
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

enum p7_status sccp_party_set_ssn(struct sccp_party *party, bool with_pc, uint16_t pc, uint8_t ssn)
{
    const struct sccp_address address = {.has_pc = with_pc,
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

enum p7_status sccp_party_set_gt(struct sccp_party *party, uint8_t translation_type,
                                 uint8_t numbering_plan, uint8_t nature_of_address,
                                 const char *digits, uint8_t ssn)
{
    uint8_t packed[DIGITS_PACKED_OCTETS];
    struct sccp_address address = {.has_ssn = true,
                                   .ssn = ssn,
                                   .gti = 4,
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
