/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "sigtran/codec/cap_charging.h"

#include "sigtran/codec/cap_fields.h"

/* GSM 09.78 ReleaseIfDurationExceeded */
static const struct cap_field release_phase_2[] = {
    CAP_BOOLEAN(cap_release_phase_2, tone, 0x01),
    CAP_OPAQUE(cap_release_phase_2, extensions, 0xaa),
};
static const struct cap_shape release_phase_2_shape =
    CAP_SHAPE(cap_release_phase_2, release_phase_2);

/* TS29.078-5.1 CAMEL-AChBillingChargingCharacteristics: timeDurationCharging. Element [1] is a
 * SEQUENCE in phase 2 and a BOOLEAN from phase 3 on, told apart by the constructed bit. Its flags
 * are in the argument's struct. */
static const struct cap_field time_duration_charging[] = {
    CAP_REQUIRED(cap_apply_charging, max_call_period_100ms, 0x80, CAP_KIND_INTEGER, 1,
                 CAP_PERIOD_100MS_MAX, NULL),
    CAP_SEQUENCE(cap_apply_charging, release_phase_2, 0xa1, &release_phase_2_shape),
    CAP_BOOLEAN(cap_apply_charging, release_if_duration_exceeded, 0x81),
    CAP_INTEGER(cap_apply_charging, tariff_switch_interval_s, 0x82, 1, CAP_TARIFF_SWITCH_S_MAX),
    CAP_BOOLEAN(cap_apply_charging, tone, 0x83),
    CAP_OPAQUE(cap_apply_charging, time_extensions, 0xa4),
};
static const struct cap_shape time_duration_charging_shape =
    CAP_SHAPE_WITHOUT_FLAGS(time_duration_charging);

/* TS29.078-6.1.1 ApplyChargingArg; [0] is an OCTET STRING around the CHOICE's [0]. */
static const struct cap_field apply_charging[] = {
    CAP_ROW(0x80, 0xa0, 0, CAP_MANDATORY, CAP_KIND_SEQUENCE, 0, 0, &time_duration_charging_shape),
    CAP_LEG(cap_apply_charging, party_to_charge, 0xa2, CAP_SIDE_SENDING),
    CAP_OPAQUE(cap_apply_charging, extensions, 0xa3),
};
static const struct cap_shape apply_charging_shape = CAP_SHAPE(cap_apply_charging, apply_charging);
const struct cap_argument cap_apply_charging_argument = {
    .top = CAP_ROW(0x30, 0, 0, CAP_MANDATORY, CAP_KIND_SEQUENCE, 0, 0, &apply_charging_shape),
    .octets = sizeof(struct cap_apply_charging),
};

enum p7_status cap_apply_charging_decode(struct bytes parameter, struct cap_apply_charging *out)
{
    const enum p7_status status = cap_argument_decode(&cap_apply_charging_argument, parameter, out);
    /* Both forms are the same element [1], given twice. */
    if (status == P7_OK && out->has.release_phase_2 && out->has.release_if_duration_exceeded)
        return P7_MALFORMED;
    return status;
}

enum p7_status cap_apply_charging_encode(struct bytes_writer *writer,
                                         const struct cap_apply_charging *in)
{
    if (in->has.release_phase_2 && in->has.release_if_duration_exceeded) {
        writer->failed = true;
        return P7_RANGE;
    }
    return cap_argument_encode(&cap_apply_charging_argument, writer, in);
}

bool cap_apply_charging_releases(const struct cap_apply_charging *charging)
{
    return charging->has.release_phase_2 ||
           (charging->has.release_if_duration_exceeded && charging->release_if_duration_exceeded);
}

bool cap_apply_charging_has_tone(const struct cap_apply_charging *charging)
{
    return (charging->has.release_phase_2 && charging->release_phase_2.has.tone &&
            charging->release_phase_2.tone) ||
           (charging->has.tone && charging->tone);
}

void cap_apply_charging_set_release(struct cap_apply_charging *charging, enum cap_phase phase,
                                    bool tone)
{
    const bool phase_2 = phase == CAP_PHASE_2;
    charging->has.release_phase_2 = phase_2;
    charging->release_phase_2 = (struct cap_release_phase_2){
        .has = {.tone = tone},
        .tone = tone,
    };
    charging->has.release_if_duration_exceeded = !phase_2;
    charging->release_if_duration_exceeded = !phase_2;
    charging->has.tone = !phase_2 && tone;
    charging->tone = !phase_2 && tone;
}

/* TS29.078-5.1 TimeInformation */
static const struct cap_field time_if_tariff_switch[] = {
    CAP_REQUIRED(cap_time_if_tariff_switch, since_100ms, 0x80, CAP_KIND_INTEGER, 0,
                 CAP_PERIOD_100MS_MAX, NULL),
    CAP_INTEGER(cap_time_if_tariff_switch, interval_100ms, 0x81, 1, CAP_PERIOD_100MS_MAX),
};
static const struct cap_shape time_if_tariff_switch_shape =
    CAP_SHAPE(cap_time_if_tariff_switch, time_if_tariff_switch);
static const struct cap_field time_information[] = {
    CAP_ROW(0x80, 0, CAP_AT(cap_time_information, no_tariff_switch_100ms),
            CAP_HAS(cap_time_information, no_tariff_switch), CAP_KIND_INTEGER, 0,
            CAP_PERIOD_100MS_MAX, NULL),
    CAP_SEQUENCE(cap_time_information, tariff_switch, 0xa1, &time_if_tariff_switch_shape),
};
static const struct cap_shape time_information_shape =
    CAP_SHAPE(cap_time_information, time_information);

/* TS29.078-5.1 CAMEL-CallResult: timeDurationChargingResult */
static const struct cap_field apply_charging_report[] = {
    CAP_REQUIRED(cap_apply_charging_report, party_to_charge, 0xa0, CAP_KIND_LEG, CAP_SIDE_RECEIVING,
                 0, NULL),
    CAP_REQUIRED(cap_apply_charging_report, time, 0xa1, CAP_KIND_CHOICE, 0, 0,
                 &time_information_shape),
    CAP_BOOLEAN(cap_apply_charging_report, leg_active, 0x82),
    CAP_NULL(cap_apply_charging_report, released_at_tcp_expiry, 0x83),
    CAP_OPAQUE(cap_apply_charging_report, extensions, 0xa4),
};
static const struct cap_shape apply_charging_report_shape =
    CAP_SHAPE(cap_apply_charging_report, apply_charging_report);
/* TS29.078-6.1.1 ApplyChargingReportArg: an OCTET STRING around the CHOICE's [0]. */
const struct cap_argument cap_apply_charging_report_argument = {
    .top = CAP_ROW(0x04, 0xa0, 0, CAP_MANDATORY, CAP_KIND_SEQUENCE, 0, 0,
                   &apply_charging_report_shape),
    .octets = sizeof(struct cap_apply_charging_report),
};
CAP_DEFINE_CODEC(cap_apply_charging_report)

/* TS29.078-5.1 CAMEL-FCIBillingChargingCharacteristics: fCIBCCCAMELsequence1 */
static const struct cap_field furnish_charging_information[] = {
    CAP_REQUIRED(cap_furnish_charging_information, free_format_data, 0x80, CAP_KIND_OCTETS, 1,
                 CAP_FREE_FORMAT_OCTETS_MAX, NULL),
    CAP_LEG(cap_furnish_charging_information, party_to_charge, 0xa1, CAP_SIDE_SENDING),
    CAP_INTEGER(cap_furnish_charging_information, append_free_format_data, 0x82, 0, 1),
};
static const struct cap_shape furnish_charging_information_shape =
    CAP_SHAPE(cap_furnish_charging_information, furnish_charging_information);
const struct cap_argument cap_furnish_charging_information_argument = {
    .top = CAP_ROW(0x04, 0xa0, 0, CAP_MANDATORY, CAP_KIND_SEQUENCE, 0, 0,
                   &furnish_charging_information_shape),
    .octets = sizeof(struct cap_furnish_charging_information),
};
CAP_DEFINE_CODEC(cap_furnish_charging_information)
