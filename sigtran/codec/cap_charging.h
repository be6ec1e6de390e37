/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * cap_charging - arguments of applyCharging, applyChargingReport and furnishChargingInformation.
 * Rules, ownership and errors: cap.h and cap_types.h.
 *
 * All three hide BER in an OCTET STRING (TS29.078-5.1: "shall be the result of the BER-encoded
 * value"); here that is already undone.
 */
#ifndef SIGTRAN_CODEC_CAP_CHARGING_H
#define SIGTRAN_CODEC_CAP_CHARGING_H

#include "sigtran/base/status.h"
#include "sigtran/codec/cap_operation.h"
#include "sigtran/codec/cap_types.h"

#define CAP_PERIOD_100MS_MAX       864000 /* a day */
#define CAP_TARIFF_SWITCH_S_MAX    86400
#define CAP_FREE_FORMAT_OCTETS_MAX 160 /* phase 3; phase 2 allows 40 */

/* ReleaseIfDurationExceeded of phase 2: its presence asks for the release. */
struct cap_release_phase_2 {
    struct {
        bool tone;
        bool extensions;
    } has;
    bool tone; /* absent means no tone */
    struct bytes extensions;
};

struct cap_apply_charging {
    struct {
        bool release_phase_2;              /* phase 2's form of releaseIfdurationExceeded */
        bool release_if_duration_exceeded; /* phase 3's; never both */
        bool tariff_switch_interval_s;
        bool tone; /* phase 3 */
        bool time_extensions;
        bool party_to_charge;
        bool extensions;
    } has;
    int32_t max_call_period_100ms; /* mandatory, 1 to CAP_PERIOD_100MS_MAX */
    struct cap_release_phase_2 release_phase_2;
    bool release_if_duration_exceeded; /* absent means false */
    int32_t tariff_switch_interval_s;  /* 1 to CAP_TARIFF_SWITCH_S_MAX */
    bool tone;                         /* absent means no tone */
    struct bytes time_extensions;      /* of timeDurationCharging, phase 3 */
    struct cap_leg party_to_charge;    /* sending side; absent means leg 1 */
    struct bytes extensions;           /* of the argument */
};

enum p7_status cap_apply_charging_decode(struct bytes parameter,
                                         struct cap_apply_charging *out) P7_MUST_CHECK;
enum p7_status cap_apply_charging_encode(struct bytes_writer *writer,
                                         const struct cap_apply_charging *in) P7_MUST_CHECK;

/* Whether the call is to be released when the period is over, and whether a tone comes before, in
 * either phase's form. */
bool cap_apply_charging_releases(const struct cap_apply_charging *charging);
bool cap_apply_charging_has_tone(const struct cap_apply_charging *charging);
/* Asks for the release (and the tone) in the form of `phase`. */
void cap_apply_charging_set_release(struct cap_apply_charging *charging, enum cap_phase phase,
                                    bool tone);

struct cap_time_if_tariff_switch {
    struct {
        bool interval_100ms;
    } has;
    int32_t since_100ms;    /* timeSinceTariffSwitch, 0 to CAP_PERIOD_100MS_MAX */
    int32_t interval_100ms; /* tariffSwitchInterval, 1 to CAP_PERIOD_100MS_MAX */
};

/* TimeInformation: a CHOICE. All times count 100 ms. */
struct cap_time_information {
    struct {
        bool no_tariff_switch;
        bool tariff_switch;
    } has;
    int32_t no_tariff_switch_100ms; /* timeIfNoTariffSwitch, 0 to CAP_PERIOD_100MS_MAX */
    struct cap_time_if_tariff_switch tariff_switch; /* timeIfTariffSwitch */
};

/* CAMEL-CallResult: timeDurationChargingResult */
struct cap_apply_charging_report {
    struct {
        bool leg_active;
        bool released_at_tcp_expiry;
        bool extensions;
    } has;
    struct cap_leg party_to_charge;   /* mandatory; receiving side */
    struct cap_time_information time; /* mandatory */
    bool leg_active;                  /* phase 2: callActive; absent means true */
    struct bytes extensions;
};

enum p7_status
cap_apply_charging_report_decode(struct bytes parameter,
                                 struct cap_apply_charging_report *out) P7_MUST_CHECK;
enum p7_status
cap_apply_charging_report_encode(struct bytes_writer *writer,
                                 const struct cap_apply_charging_report *in) P7_MUST_CHECK;

/* legActive with its default. */
static inline bool cap_apply_charging_report_leg_active(const struct cap_apply_charging_report *r)
{
    return !r->has.leg_active || r->leg_active;
}

/* Time used in this report: since the tariff switch and before it, if there was one. */
static inline int32_t
cap_apply_charging_report_used_100ms(const struct cap_apply_charging_report *r)
{
    if (!r->time.has.tariff_switch)
        return r->time.no_tariff_switch_100ms;
    return r->time.tariff_switch.since_100ms +
           (r->time.tariff_switch.has.interval_100ms ? r->time.tariff_switch.interval_100ms : 0);
}

/* CAMEL-FCIBillingChargingCharacteristics: fCIBCCCAMELsequence1 */
struct cap_furnish_charging_information {
    struct {
        bool party_to_charge;
        bool append_free_format_data;
    } has;
    struct bytes free_format_data;   /* mandatory, 1 to CAP_FREE_FORMAT_OCTETS_MAX octets */
    struct cap_leg party_to_charge;  /* sending side; absent means leg 1 */
    int32_t append_free_format_data; /* phase 3: 0 overwrite (the default), 1 append */
};

enum p7_status
cap_furnish_charging_information_decode(struct bytes parameter,
                                        struct cap_furnish_charging_information *out) P7_MUST_CHECK;
enum p7_status cap_furnish_charging_information_encode(
    struct bytes_writer *writer, const struct cap_furnish_charging_information *in) P7_MUST_CHECK;

#endif
