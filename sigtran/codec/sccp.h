/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * sccp - connectionless SCCP messages (Q.713): octets, as MTP-3 users exchange them (from the
 * message type octet on), to a struct and back; and subsystem management (SCMG, Q.713-5).
 *
 * Decoding borrows: every `struct bytes` in a decoded message points into the input. Encoding
 * writes into a bytes_writer and fails when it is full.
 *
 * Order of the hot path: precompute the encoded party addresses once (sccp_party_set), then
 * sccp_write_udt for each message. Both ends of a dialogue keep struct sccp_party (24 octets and
 * a length) as the place where answers go.
 */
#ifndef SIGTRAN_CODEC_SCCP_H
#define SIGTRAN_CODEC_SCCP_H

#include "sigtran/base/bytes.h"
#include "sigtran/base/limits.h"
#include "sigtran/base/status.h"
#include "sigtran/codec/digits.h"

/* Whose rules the addresses and SCMG's point codes are coded by; messages themselves are the same.
 */
enum sccp_variant {
    SCCP_ITU,  /* Q.713: point codes of 14 bits */
    SCCP_ANSI, /* T1.112.3: point codes of 24 bits, the address indicator in another order */
};

/* Message type codes, Q.713-2.1. Other types (connection-oriented ones) are P7_UNSUPPORTED. */
enum sccp_message_type {
    SCCP_UDT = 0x09,
    SCCP_UDTS = 0x0a,
    SCCP_XUDT = 0x11,
    SCCP_XUDTS = 0x12,
    SCCP_LUDT = 0x13,
    SCCP_LUDTS = 0x14,
};

/* Q.713-3.12, name and code and text. */
#define SCCP_RETURN_CAUSE_LIST(X)                                                                  \
    X(SCCP_CAUSE_NO_TRANSLATION_NATURE, 0, "no translation for an address of such nature")         \
    X(SCCP_CAUSE_NO_TRANSLATION, 1, "no translation for this specific address")                    \
    X(SCCP_CAUSE_SUBSYSTEM_CONGESTION, 2, "subsystem congestion")                                  \
    X(SCCP_CAUSE_SUBSYSTEM_FAILURE, 3, "subsystem failure")                                        \
    X(SCCP_CAUSE_UNEQUIPPED_USER, 4, "unequipped user")                                            \
    X(SCCP_CAUSE_MTP_FAILURE, 5, "MTP failure")                                                    \
    X(SCCP_CAUSE_NETWORK_CONGESTION, 6, "network congestion")                                      \
    X(SCCP_CAUSE_UNQUALIFIED, 7, "unqualified")                                                    \
    X(SCCP_CAUSE_TRANSPORT_ERROR, 8, "error in message transport")                                 \
    X(SCCP_CAUSE_LOCAL_PROCESSING, 9, "error in local processing")                                 \
    X(SCCP_CAUSE_NO_REASSEMBLY, 10, "destination cannot perform reassembly")                       \
    X(SCCP_CAUSE_SCCP_FAILURE, 11, "SCCP failure")                                                 \
    X(SCCP_CAUSE_HOP_COUNTER, 12, "hop counter violation")                                         \
    X(SCCP_CAUSE_NO_SEGMENTATION, 13, "segmentation not supported")                                \
    X(SCCP_CAUSE_SEGMENTATION_FAILURE, 14, "segmentation failure")

enum sccp_return_cause {
#define SCCP_RETURN_CAUSE_ENUM(name, code, text) name = (code),
    SCCP_RETURN_CAUSE_LIST(SCCP_RETURN_CAUSE_ENUM)
#undef SCCP_RETURN_CAUSE_ENUM
};

/* A static text for any octet. */
const char *sccp_return_cause_text(uint8_t cause);

/* Numbering plan (Q.713-3.4.2.3.3) and nature of address (Q.713-3.4.2.3.1), the usual ones. */
#define SCCP_NUMBERING_PLAN_E164  1
#define SCCP_NUMBERING_PLAN_E214  7
#define SCCP_NATURE_SUBSCRIBER    1
#define SCCP_NATURE_NATIONAL      3
#define SCCP_NATURE_INTERNATIONAL 4

/* Encoding scheme of GTI 3 and 4 (Q.713-3.4.2.3.3). */
#define SCCP_ENCODING_UNKNOWN  0
#define SCCP_ENCODING_BCD_ODD  1
#define SCCP_ENCODING_BCD_EVEN 2

/* Subsystem numbers (Q.713-3.4.2.2, TS23.003-8). */
#define SCCP_SSN_MANAGEMENT 1
#define SCCP_SSN_CAP        146
#define SCCP_SSN_GSMSCF     147

/* Longest data of an LUDT without segmentation (Q.713-4.20). */
#define SCCP_LUDT_DATA_OCTETS    3952
#define SCCP_HOP_COUNTER_MAX     15 /* Q.713-3.18: 15 down to 1 */
#define SCCP_POINT_CODE_MAX_ITU  0x3fffu
#define SCCP_POINT_CODE_MAX_ANSI 0xffffffu

/* The largest point code of a variant's addresses. */
static inline uint32_t sccp_point_code_max(enum sccp_variant variant)
{
    return variant == SCCP_ANSI ? SCCP_POINT_CODE_MAX_ANSI : SCCP_POINT_CODE_MAX_ITU;
}

/*
 * A party address, Q.713-3.4. All zero: an address with nothing in it, which is valid on the wire
 * for a calling party ("address indicator 0").
 *
 * In an ANSI network bit 8 of the indicator says by whose rules the address is coded
 * (T1.112.3-3.4.1): `variant` is what was found, or is to be written.
 */
struct sccp_address {
    enum sccp_variant variant;
    bool has_pc;
    bool has_ssn;
    bool route_on_ssn; /* routing indicator: 1 SSN, 0 global title */
    bool national;     /* bit 8 of the indicator: ITU "reserved for national use", ANSI always */
    /* Global title indicator: 0 none, ITU 1 to 4, ANSI 1 and 2, others opaque. ANSI's 1 is what
     * ITU calls 3 (T1.112.3-3.4.2.3). */
    uint8_t gti;
    uint8_t ssn;               /* 0: not known / not used */
    uint32_t pc;               /* ITU 14 bits, ANSI 24 */
    uint8_t translation_type;  /* GTI 2, 3, 4; ANSI 1, 2 */
    uint8_t numbering_plan;    /* GTI 3, 4; ANSI 1 */
    uint8_t encoding_scheme;   /* GTI 3, 4; ANSI 1 */
    uint8_t nature_of_address; /* GTI 1, 4; 7 bits */
    bool digits_odd;           /* GTI 1: its bit; GTI 3, 4, ANSI 1: encoding scheme is BCD odd */
    bool nature_spare;         /* GTI 4: the spare bit 8 of its octet, kept for a true echo */
    struct bytes digits;       /* packed BCD, borrowed; an opaque GTI: the whole title */
};

/*
 * Packs digits into the caller's octets, which the address borrows, and sets digits_odd and
 * encoding_scheme after them. P7_RANGE for bad or no digits.
 */
enum p7_status sccp_address_set_digits(struct sccp_address *address, const char *text,
                                       uint8_t packed[DIGITS_PACKED_OCTETS]) P7_MUST_CHECK;

/* Digits of the address as text: P7_NOT_FOUND without a GT of a known GTI, P7_UNSUPPORTED for an
 * encoding scheme other than BCD, P7_RANGE for more than LIMIT_DIGITS. */
enum p7_status sccp_address_digits(const struct sccp_address *address,
                                   char text[DIGITS_TEXT_OCTETS]) P7_MUST_CHECK;

/*
 * Decodes a party address (without its length octet) of a network of `variant`; one in an ANSI
 * network whose indicator says "international" is read by ITU's rules.
 * P7_TRUNCATED when it ends inside of an element its indicator announces, P7_RANGE when longer
 * than LIMIT_SCCP_ADDRESS_OCTETS (so that a decoded one always fits a struct sccp_party).
 */
enum p7_status sccp_address_decode(enum sccp_variant variant, struct bytes octets,
                                   struct sccp_address *out) P7_MUST_CHECK;

/* Writes a party address without a length octet. P7_RANGE for a field too large for its bits, or
 * a GTI above 15; P7_FULL. encoding_scheme is written as it stands. */
enum p7_status sccp_address_write(struct bytes_writer *writer,
                                  const struct sccp_address *address) P7_MUST_CHECK;

/* An encoded party address that owns its octets: what is kept per peer and per dialogue. */
struct sccp_party {
    uint8_t length;
    uint8_t octets[LIMIT_SCCP_ADDRESS_OCTETS];
};

static inline struct bytes sccp_party_bytes(const struct sccp_party *party)
{
    return bytes_of(party->octets, party->length);
}

/* Encodes an address into a party; errors as sccp_address_write. */
enum p7_status sccp_party_set(struct sccp_party *party,
                              const struct sccp_address *address) P7_MUST_CHECK;

/* Encodes PC + SSN, routed on SSN; with_pc false leaves the point code out. P7_RANGE. */
enum p7_status sccp_party_set_ssn(struct sccp_party *party, enum sccp_variant variant, bool with_pc,
                                  uint32_t pc, uint8_t ssn) P7_MUST_CHECK;

/*
 * Encodes a title from digits in text, routed on GT, with the SSN (0: not known, still written).
 * ITU: GTI 4; ANSI: GTI 2, which has neither numbering plan nor nature of address, nor a way to
 * say that the digits are odd: a filler then ends them. P7_RANGE for bad or no digits. For
 * anything else fill in a struct sccp_address.
 */
enum p7_status sccp_party_set_gt(struct sccp_party *party, enum sccp_variant variant,
                                 uint8_t translation_type, uint8_t numbering_plan,
                                 uint8_t nature_of_address, const char *digits,
                                 uint8_t ssn) P7_MUST_CHECK;

/* Copies octets as received (called_octets or calling_octets of a message); P7_RANGE. */
enum p7_status sccp_party_copy(struct sccp_party *party, struct bytes octets) P7_MUST_CHECK;

/* Segmentation, Q.713-3.17. */
struct sccp_segmentation {
    bool first;
    bool in_sequence;   /* class selected by the user: 1 */
    uint8_t remaining;  /* 0 to 15 segments to come */
    uint32_t reference; /* 24 bits, least significant octet first on the wire */
};

struct sccp_message {
    uint8_t type;           /* enum sccp_message_type */
    uint8_t protocol_class; /* UDT, XUDT, LUDT: 0 or 1 (Q.713-3.6) */
    bool return_on_error;   /* message handling 8: "return message on error" */
    uint8_t return_cause;   /* UDTS, XUDTS, LUDTS */
    uint8_t hop_counter;    /* XUDT(S), LUDT(S) */
    bool has_segmentation;
    bool has_importance; /* Q.713-3.19 */
    uint8_t importance;
    struct sccp_segmentation segmentation;
    struct sccp_address called;
    struct sccp_address calling;
    /* The addresses as they stand on the wire. sccp_encode takes these when their length is not 0
     * and encodes `called` and `calling` otherwise. */
    struct bytes called_octets;
    struct bytes calling_octets;
    struct bytes data;
};

/* A message in segments? One whose first segment is the last one too is whole
 * (Q.714-4.1.1.2.2). */
static inline bool sccp_is_segment(const struct sccp_message *message)
{
    return message->has_segmentation &&
           (!message->segmentation.first || message->segmentation.remaining != 0);
}

/*
 * P7_OK; P7_UNSUPPORTED for a type not in enum sccp_message_type; P7_TRUNCATED when the message, a
 * part or an address ends early; P7_MALFORMED for a pointer into the fixed part, a mandatory part
 * that is absent, or an empty data part; P7_RANGE for a protocol class above 1 in UDT, XUDT, LUDT,
 * more than SCCP_LUDT_DATA_OCTETS of data, or an address longer than LIMIT_SCCP_ADDRESS_OCTETS.
 * Pointers may overlap and stand in any order (Q.713-2.3 does not forbid it), but never lead out
 * of the input. On failure `message` is unspecified, but for `type` where there was one octet.
 */
enum p7_status sccp_decode(enum sccp_variant variant, struct bytes octets,
                           struct sccp_message *message) P7_MUST_CHECK;

/* P7_OK, P7_FULL, P7_RANGE (a field or the data too long for the message type: UDT(S) and XUDT(S)
 * 255 octets, or no data), P7_UNSUPPORTED (type). */
enum p7_status sccp_encode(struct bytes_writer *writer,
                           const struct sccp_message *message) P7_MUST_CHECK;

/*
 * The hot path: a UDT from encoded addresses. Same errors as sccp_encode. Data above
 * LIMIT_SCCP_UDT_DATA_OCTETS: P7_RANGE; sccp_segmentation.h chooses other messages then.
 */
enum p7_status sccp_write_udt(struct bytes_writer *writer, uint8_t protocol_class,
                              bool return_on_error, struct bytes called, struct bytes calling,
                              struct bytes data) P7_MUST_CHECK;

/* SCMG message types, Q.713-5.1. */
enum sccp_management_type {
    SCCP_SSA = 1, /* subsystem allowed */
    SCCP_SSP = 2, /* subsystem prohibited */
    SCCP_SST = 3, /* subsystem status test */
    SCCP_SOR = 4, /* subsystem out-of-service request */
    SCCP_SOG = 5, /* subsystem out-of-service grant */
    SCCP_SSC = 6, /* subsystem congested */
};

/* The data part of a UDT between SSN 1 and SSN 1, Q.713-5.3, T1.112.3-5. */
struct sccp_management {
    enum sccp_variant variant;
    uint8_t type;
    uint8_t affected_ssn;
    uint32_t affected_pc; /* two octets, ANSI three */
    uint8_t multiplicity; /* subsystem multiplicity indicator, 2 bits */
    uint8_t congestion;   /* SSC, 4 bits */
};

/* P7_TRUNCATED, P7_UNSUPPORTED (type). */
enum p7_status sccp_management_decode(enum sccp_variant variant, struct bytes data,
                                      struct sccp_management *out) P7_MUST_CHECK;
/* P7_RANGE, P7_UNSUPPORTED (type), P7_FULL. */
enum p7_status sccp_management_write(struct bytes_writer *writer,
                                     const struct sccp_management *management) P7_MUST_CHECK;

#endif
