/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * cap_parameter - the parameters of initialDP and initialDPSMS by their names in TS 29.078, with
 * values that are written as text: what a configuration or a column of a CSV file says.
 *
 * A parameter belongs to one argument: callingPartyNumber is an ISUP number in initialDP and a BCD
 * number in initialDPSMS. Parts of locationInformation have their own names (TS29.002-17.7.1).
 *
 * Text, by the kind of the parameter:
 * - numbers: digits, international; in front of them `national:`, `subscriber:` or `unknown:`;
 * - integers: decimal; octet strings: hexadecimal, two digits an octet;
 * - cellGlobalId: MCC-MNC-LAC-CI, lai: MCC-MNC-LAC, the last two decimal;
 * - ext-basicServiceCode: the teleservice, two hexadecimal digits (11: telephony);
 * - subscriberState: assumedIdle, camelBusy or notProvidedFromVLR; elements without content: yes.
 *
 * Constant tables; usable from any thread. A value borrows nothing; an argument that a value was
 * put into borrows the value.
 */
#ifndef SIGTRAN_CODEC_CAP_PARAMETER_H
#define SIGTRAN_CODEC_CAP_PARAMETER_H

#include "sigtran/base/status.h"
#include "sigtran/codec/cap_call.h"
#include "sigtran/codec/cap_sms.h"

/* Longest content of a value: calledPartyBCDNumber. */
#define CAP_PARAMETER_OCTETS_MAX 41

enum cap_parameter_argument {
    CAP_PARAMETER_OF_INITIAL_DP,
    CAP_PARAMETER_OF_INITIAL_DP_SMS,
};

struct cap_parameter; /* a row of the table */

struct cap_parameter_value {
    int32_t number;
    uint8_t length;
    uint8_t octets[CAP_PARAMETER_OCTETS_MAX];
};

/* NULL when the argument has no parameter of this name (letter case counts). */
const struct cap_parameter *cap_parameter_find(const char *name,
                                               enum cap_parameter_argument argument);
const char *cap_parameter_name(const struct cap_parameter *parameter);
/* What its text looks like, for a message: "digits", "2 to 11 octets in hexadecimal", ... */
void cap_parameter_form(const struct cap_parameter *parameter, char *text, size_t text_octets);

/* Whether this phase has it: cug-Index, say, is new in phase 3, gsm-ForwardingPending was renamed
 * there. */
bool cap_parameter_in_phase(const struct cap_parameter *parameter, enum cap_phase phase);
/* Mandatory ones can't be left out; some can only be left out, as the dialogue makes them. */
bool cap_parameter_may_be_omitted(const struct cap_parameter *parameter);
bool cap_parameter_may_be_set(const struct cap_parameter *parameter);

/* P7_MALFORMED: no such text; P7_RANGE: a value or length out of the standard's bounds. */
enum p7_status cap_parameter_read(const struct cap_parameter *parameter, const char *text,
                                  struct cap_parameter_value *value) P7_MUST_CHECK;

/* `argument` is a struct cap_initial_dp or cap_initial_dp_sms, as the parameter is one's. */
void cap_parameter_put(const struct cap_parameter *parameter,
                       const struct cap_parameter_value *value, void *argument);
void cap_parameter_omit(const struct cap_parameter *parameter, void *argument);

#endif
