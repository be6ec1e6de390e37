/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * cap - the arguments of CAP's operations, phases 2 and 3 (GSM 09.78, TS 29.078): call control in
 * cap_call.h, charging in cap_charging.h, events in cap_event.h, short messages in cap_sms.h. The
 * codes and contexts are in cap_operation.h, the values inside octet strings in cap_number.h.
 *
 * An argument is the parameter of a TCAP component, tag and length included: the octets behind the
 * operation code. continue, continueSMS and activityTest have none.
 *
 *     enum p7_status cap_NAME_decode(struct bytes parameter, struct cap_NAME *out);
 *     enum p7_status cap_NAME_encode(struct bytes_writer *writer, const struct cap_NAME *in);
 *
 * Decoding borrows from `parameter` and writes each flag of `out`, so `out` need not be zeroed.
 * Elements that are not known are skipped, as the standard's extension markers want; an unknown
 * alternative of an optional CHOICE counts as absent. Errors:
 * - P7_MISSING: a mandatory element, or the whole parameter, is absent;
 * - P7_TRUNCATED: the octets end inside an element;
 * - P7_MALFORMED: not this argument, an element given twice, a wrong type inside, octets behind
 *   the end, an INTEGER, BOOLEAN, NULL or single octet of a length that it can't have;
 * - P7_RANGE: a value, a count or another length is outside of the standard's bounds.
 *
 * Encoding refuses what decoding would: P7_RANGE or P7_MISSING; P7_FULL when it does not fit. On
 * failure the writer is `failed`, so a chain of writes may be checked once at its end.
 */
#ifndef SIGTRAN_CODEC_CAP_H
#define SIGTRAN_CODEC_CAP_H

#include "sigtran/codec/cap_call.h"
#include "sigtran/codec/cap_charging.h"
#include "sigtran/codec/cap_event.h"
#include "sigtran/codec/cap_number.h"
#include "sigtran/codec/cap_operation.h"
#include "sigtran/codec/cap_sms.h"
#include "sigtran/codec/cap_types.h"

#endif
