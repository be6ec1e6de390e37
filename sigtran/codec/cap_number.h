/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * cap_number - the values inside CAP's octet strings: party numbers, IMSI, time, cause, cell.
 *
 * CAP's arguments (cap.h) borrow these octet strings as they came ("raw"); the functions here turn
 * one into fields and text, and back. Decoding copies: the result owns its digits. Encoding writes
 * the octet string's content to a writer, without tag and length, so that
 *
 *     uint8_t room[CAP_NUMBER_OCTETS_MAX];
 *     struct bytes_writer w = bytes_writer_of(room, room + sizeof(room));
 *     status = cap_isup_number_encode(&w, CAP_ISUP_CALLING, &number);
 *     dp.calling_party_number = bytes_of(w.start, bytes_writer_length(&w));
 *     dp.has.calling_party_number = true;
 *
 * Errors everywhere: P7_TRUNCATED the octets end early, P7_MALFORMED octets or text that cannot be
 * this value, P7_RANGE a field or the count of digits is outside of what the standard allows,
 * P7_UNSUPPORTED an alphanumeric address (type of number 5), P7_FULL no room in the writer.
 */
#ifndef SIGTRAN_CODEC_CAP_NUMBER_H
#define SIGTRAN_CODEC_CAP_NUMBER_H

#include "sigtran/base/bytes.h"
#include "sigtran/base/limits.h"
#include "sigtran/base/status.h"

/* Longest content that any function here writes: 32 digits and three octets in front, or a cause
 * (TS29.078: at most 32 octets). */
#define CAP_NUMBER_OCTETS_MAX 35

/* Which of Q.763's layouts the octets in front of the digits have. */
enum cap_isup_form {
    CAP_ISUP_CALLED,      /* Q.763-3.9: calledPartyNumber, destinationRoutingAddress */
    CAP_ISUP_CALLING,     /* Q.763-3.10: callingPartyNumber */
    CAP_ISUP_LOCATION,    /* Q.763-3.30: locationNumber, chargeNumber */
    CAP_ISUP_REDIRECTING, /* Q.763-3.39, -3.44: originalCalledPartyID, redirectingPartyID */
    CAP_ISUP_GENERIC,     /* Q.763-3.26: genericNumber, additionalCallingPartyNumber */
};

#define CAP_NATURE_SUBSCRIBER    1 /* Q.763-3.9 b */
#define CAP_NATURE_UNKNOWN       2
#define CAP_NATURE_NATIONAL      3
#define CAP_NATURE_INTERNATIONAL 4
#define CAP_PLAN_ISDN            1 /* E.164, in ISUP and in BCD numbers */

#define CAP_PRESENTATION_ALLOWED    0
#define CAP_PRESENTATION_RESTRICTED 1
#define CAP_SCREENING_USER_PASSED   1
#define CAP_SCREENING_NETWORK       3

/* A number of ISUP. Fields that a form does not have are 0 after decoding and ignored in encoding.
 * The odd/even indicator follows from the count of digits. */
struct cap_isup_number {
    uint8_t nature;       /* nature of address, 7 bits */
    uint8_t plan;         /* numbering plan, 3 bits */
    bool internal;        /* INN: routing to an internal network number not allowed (called,
                           * location) */
    bool incomplete;      /* NI: number incomplete (calling, generic) */
    uint8_t presentation; /* APRI, 2 bits (all but called) */
    uint8_t screening;    /* SI, 2 bits (calling, location, generic) */
    uint8_t qualifier;    /* generic number's first octet */
    /* '0'-'9', and Q.763's codes 10-15 as 'a'-'f' ('f' is ST, the end of pulsing) */
    char digits[LIMIT_DIGITS + 1];
};

enum p7_status cap_isup_number_decode(struct bytes octets, enum cap_isup_form form,
                                      struct cap_isup_number *number) P7_MUST_CHECK;
enum p7_status cap_isup_number_encode(struct bytes_writer *writer, enum cap_isup_form form,
                                      const struct cap_isup_number *number) P7_MUST_CHECK;

#define CAP_TYPE_UNKNOWN       0 /* TS24.008-10.5.4.7, TS29.002 AddressString */
#define CAP_TYPE_INTERNATIONAL 1
#define CAP_TYPE_NATIONAL      2
#define CAP_TYPE_ALPHANUMERIC  5

/* calledPartyBCDNumber, ISDN-AddressString (vlr-number, mscAddress, sMSCAddress ...) and
 * SMS-AddressString: one octet of type and plan, then TBCD digits. */
struct cap_bcd_number {
    uint8_t type; /* type of number / nature of address, 3 bits */
    uint8_t plan; /* numbering plan, 4 bits */
    /* '0'-'9', '*', '#', 'a', 'b', 'c' (TS29.002 TBCD-STRING) */
    char digits[LIMIT_DIGITS + 1];
};

/* The extension bit is not looked at: networks send it as 0 and mean the same. */
enum p7_status cap_bcd_number_decode(struct bytes octets,
                                     struct cap_bcd_number *number) P7_MUST_CHECK;
enum p7_status cap_bcd_number_encode(struct bytes_writer *writer,
                                     const struct cap_bcd_number *number) P7_MUST_CHECK;

/* IMSI: 5 to 15 decimal digits in 3 to 8 octets of TBCD. */
#define CAP_IMSI_DIGITS_MAX 15
enum p7_status cap_imsi_decode(struct bytes octets,
                               char digits[CAP_IMSI_DIGITS_MAX + 1]) P7_MUST_CHECK;
enum p7_status cap_imsi_encode(struct bytes_writer *writer, const char *digits) P7_MUST_CHECK;

/* timeAndTimezone (8 octets) and DateAndTime (7 octets, without zone). */
struct cap_time {
    uint16_t year; /* 0 to 9999 */
    uint8_t month, day, hour, minute, second;
    int16_t zone_quarter_hours; /* local time less GMT, -79 to 79 (TS23.040-9.2.3.11) */
};

enum p7_status cap_time_and_timezone_decode(struct bytes octets,
                                            struct cap_time *time) P7_MUST_CHECK;
enum p7_status cap_time_and_timezone_encode(struct bytes_writer *writer,
                                            const struct cap_time *time) P7_MUST_CHECK;
/* Seconds since 1970 in UTC of a time with its zone. */
int64_t cap_time_to_unix_s(const struct cap_time *time);
/* The time of day in UTC of that second since 1970, which is not before it. */
struct cap_time cap_time_from_unix_s(int64_t unix_s);
enum p7_status cap_date_and_time_decode(struct bytes octets, struct cap_time *time) P7_MUST_CHECK;
enum p7_status cap_date_and_time_encode(struct bytes_writer *writer,
                                        const struct cap_time *time) P7_MUST_CHECK;

/* Q.850-2.1 cause, in Q.763-3.12's layout. `diagnostics` borrows. */
#define CAP_CAUSE_NORMAL_CLEARING    16
#define CAP_CAUSE_USER_BUSY          17
#define CAP_CAUSE_NO_ANSWER          19
#define CAP_CAUSE_NORMAL_UNSPECIFIED 31

#define CAP_CAUSE_LOCATION_USER          0
#define CAP_CAUSE_LOCATION_PUBLIC_LOCAL  2 /* public network serving the local user */
#define CAP_CAUSE_LOCATION_PUBLIC_REMOTE 4 /* public network serving the remote user */

struct cap_cause {
    uint8_t coding_standard; /* 2 bits, 0 is ITU-T */
    uint8_t location;        /* 4 bits */
    uint8_t value;           /* 7 bits */
    bool has_recommendation; /* octet 1a, present when the extension bit is 0 */
    uint8_t recommendation;  /* 7 bits */
    struct bytes diagnostics;
};

enum p7_status cap_cause_decode(struct bytes octets, struct cap_cause *cause) P7_MUST_CHECK;
enum p7_status cap_cause_encode(struct bytes_writer *writer,
                                const struct cap_cause *cause) P7_MUST_CHECK;

/* CellGlobalIdOrServiceAreaIdFixedLength (7 octets) and LAIFixedLength (5), TS24.008-10.5.1.3. */
struct cap_cell {
    char mcc[4]; /* three digits */
    char mnc[4]; /* two or three digits */
    uint16_t lac;
    bool has_ci; /* false: a location area alone */
    uint16_t ci; /* cell identity or service area code */
};

enum p7_status cap_cell_decode(struct bytes octets, struct cap_cell *cell) P7_MUST_CHECK;
enum p7_status cap_cell_encode(struct bytes_writer *writer,
                               const struct cap_cell *cell) P7_MUST_CHECK;

#endif
