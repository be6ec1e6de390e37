/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * ber - the part of the Basic Encoding Rules (X.690) that TCAP and CAP use.
 *
 * A tag is written as its identifier octets read as one big-endian number: 0x30 SEQUENCE, 0xa1
 * [1] constructed, 0x9f32 [50] primitive, 0xbf34 [52] constructed. So a tag in the code looks as
 * it does in a hex dump.
 *
 * Decoding borrows from the input, takes definite and indefinite lengths, follows at most
 * LIMIT_BER_DEPTH levels, and is bounded by the input's length. Encoding gives definite lengths in
 * their shortest form.
 */
#ifndef SIGTRAN_CODEC_BER_H
#define SIGTRAN_CODEC_BER_H

#include "sigtran/base/bytes.h"
#include "sigtran/base/status.h"

#define BER_TAG_BOOLEAN           0x01u
#define BER_TAG_INTEGER           0x02u
#define BER_TAG_BIT_STRING        0x03u
#define BER_TAG_OCTET_STRING      0x04u
#define BER_TAG_NULL              0x05u
#define BER_TAG_OBJECT_IDENTIFIER 0x06u
#define BER_TAG_EXTERNAL          0x28u
#define BER_TAG_ENUMERATED        0x0au
#define BER_TAG_SEQUENCE          0x30u
#define BER_TAG_SET               0x31u

struct ber_element {
    uint32_t tag;         /* identifier octets as a number; at most three octets are taken */
    bool constructed;     /* bit 6 of the first identifier octet (X.690-8.1.2.5) */
    struct bytes content; /* without the end-of-contents octets of an indefinite length */
    struct bytes whole;   /* identifier, length, content (and end-of-contents) */
};

/*
 * Reads the element at the reader and moves past it.
 * P7_OK; P7_NOT_FOUND at the end of the range; P7_TRUNCATED when the range ends inside of it;
 * P7_MALFORMED for a reserved length or an indefinite length on a primitive (X.690-8.1.3.2);
 * P7_RANGE for a tag of more than three octets or nesting beyond LIMIT_BER_DEPTH.
 * On failure the reader stays where it was.
 */
enum p7_status ber_next(struct bytes_reader *reader, struct ber_element *element) P7_MUST_CHECK;

/* As ber_next, and P7_MALFORMED if the element there has another tag. */
enum p7_status ber_expect(struct bytes_reader *reader, uint32_t tag,
                          struct ber_element *element) P7_MUST_CHECK;

/* A reader over an element's content. */
static inline struct bytes_reader ber_inside(const struct ber_element *element)
{
    return bytes_reader_of(element->content.data, element->content.data + element->content.length);
}

/* INTEGER or ENUMERATED content, two's complement, 1 to 8 octets; else P7_MALFORMED / P7_RANGE. */
enum p7_status ber_integer(struct bytes content, int64_t *value) P7_MUST_CHECK;

/* BOOLEAN content: exactly one octet (X.690-8.2). */
enum p7_status ber_boolean(struct bytes content, bool *value) P7_MUST_CHECK;

void ber_write(struct bytes_writer *writer, uint32_t tag, struct bytes content);
/* Shortest two's complement form (X.690-8.3.2). */
void ber_write_integer(struct bytes_writer *writer, uint32_t tag, int64_t value);
/* TRUE is written as 0xff, as X.690-11.1 has it for DER. */
void ber_write_boolean(struct bytes_writer *writer, uint32_t tag, bool value);
void ber_write_null(struct bytes_writer *writer, uint32_t tag);

/*
 * A constructed element: `mark = ber_open(w, tag)`, write what is inside, `ber_close(w, mark)`.
 * Close puts the length in, moving the content when the length needs more than one octet. Marks
 * nest; close them in reverse order.
 */
size_t ber_open(struct bytes_writer *writer, uint32_t tag);
void ber_close(struct bytes_writer *writer, size_t mark);

#endif
