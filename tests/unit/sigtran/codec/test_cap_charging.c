/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "sigtran/codec/cap_charging.h"

#include "tests/unit/unit.h"

struct room {
    uint8_t octets[512];
};

static struct bytes from_hex(const char *hex, struct room *room)
{
    return bytes_of(room->octets, unit_hex(hex, room->octets, sizeof(room->octets)));
}

static struct bytes_writer writer_of(struct room *room)
{
    return bytes_writer_of(room->octets, room->octets + sizeof(room->octets));
}

static bool wrote(const struct bytes_writer *w, const char *hex)
{
    struct room room;
    return !w->failed &&
           bytes_equal(bytes_of(w->start, bytes_writer_length(w)), from_hex(hex, &room));
}

static const struct cap_leg leg_1_sending = {CAP_LEG_SENDING, CAP_LEG_1};
static const struct cap_leg leg_1_receiving = {CAP_LEG_RECEIVING, CAP_LEG_1};

static void an_apply_charging_is_the_examples_to_the_byte(void)
{
    static const struct {
        const char *hex;
        int32_t period_100ms;
    } cases[] = {
        {"300d8006a00480020384a203800101", 900},
        {"300e8007a0058003008ca0a203800101", 36000},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct room room;
        struct bytes_writer w = writer_of(&room);
        const struct cap_apply_charging in = {
            .has = {.party_to_charge = true},
            .max_call_period_100ms = cases[i].period_100ms,
            .party_to_charge = leg_1_sending,
        };
        CU_ASSERT_EQUAL(cap_apply_charging_encode(&w, &in), P7_OK);
        CU_ASSERT_TRUE(wrote(&w, cases[i].hex));
        struct cap_apply_charging out;
        memset(&out, 0xa5, sizeof(out));
        CU_ASSERT_EQUAL_FATAL(cap_apply_charging_decode(from_hex(cases[i].hex, &room), &out),
                              P7_OK);
        CU_ASSERT_EQUAL(out.max_call_period_100ms, cases[i].period_100ms);
        CU_ASSERT_TRUE(out.has.party_to_charge);
        CU_ASSERT_EQUAL(out.party_to_charge.side, CAP_LEG_SENDING);
        CU_ASSERT_EQUAL(out.party_to_charge.id, CAP_LEG_1);
        CU_ASSERT_FALSE(out.has.tariff_switch_interval_s || out.has.tone ||
                        out.has.release_phase_2 || out.has.release_if_duration_exceeded ||
                        out.has.extensions);
        CU_ASSERT_FALSE(cap_apply_charging_releases(&out) || cap_apply_charging_has_tone(&out));
    }
}

/* GSM 09.78: [1] is a SEQUENCE; TS29.078-5.1: [1] is a BOOLEAN, the tone is [3]. */
static void the_release_after_the_period_has_a_form_for_each_phase(void)
{
    static const struct {
        enum cap_phase phase;
        bool tone;
        const char *hex;
    } cases[] = {
        {CAP_PHASE_2, false, "300a8008a006 80020384 a100"},
        {CAP_PHASE_2, true, "300d800ba009 80020384 a1030101ff"},
        {CAP_PHASE_3, false, "300b8009a007 80020384 8101ff"},
        {CAP_PHASE_3, true, "300e800ca00a 80020384 8101ff 8301ff"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct room room;
        struct bytes_writer w = writer_of(&room);
        struct cap_apply_charging in = {.max_call_period_100ms = 900};
        /* A former choice leaves nothing behind. */
        cap_apply_charging_set_release(&in, CAP_PHASE_2, true);
        cap_apply_charging_set_release(&in, CAP_PHASE_3, true);
        cap_apply_charging_set_release(&in, cases[i].phase, cases[i].tone);
        CU_ASSERT_EQUAL(cap_apply_charging_encode(&w, &in), P7_OK);
        CU_ASSERT_TRUE(wrote(&w, cases[i].hex));
        struct cap_apply_charging out;
        CU_ASSERT_EQUAL_FATAL(cap_apply_charging_decode(from_hex(cases[i].hex, &room), &out),
                              P7_OK);
        CU_ASSERT_TRUE(cap_apply_charging_releases(&out));
        CU_ASSERT_EQUAL(cap_apply_charging_has_tone(&out), cases[i].tone);
        CU_ASSERT_EQUAL(out.has.release_phase_2, cases[i].phase == CAP_PHASE_2);
    }
}

static void both_forms_of_the_release_at_once_are_refused(void)
{
    struct room room;
    struct cap_apply_charging charging = {
        .has = {.release_phase_2 = true, .release_if_duration_exceeded = true},
        .max_call_period_100ms = 1,
    };
    struct bytes_writer w = writer_of(&room);
    CU_ASSERT_EQUAL(cap_apply_charging_encode(&w, &charging), P7_RANGE);
    CU_ASSERT_TRUE(w.failed);
    CU_ASSERT_EQUAL(
        cap_apply_charging_decode(from_hex("300d800ba009 80020384 a100 8101ff", &room), &charging),
        P7_MALFORMED);
}

static void an_apply_charging_that_is_none_is_refused(void)
{
    static const struct {
        const char *hex;
        enum p7_status status;
    } cases[] = {
        {"3000", P7_MISSING},
        {"3005 a203800101", P7_MISSING},
        {"3002 8000", P7_MALFORMED},
        {"3004 8002 a000", P7_MISSING},                       /* no period */
        {"3007 8005 a003 800100", P7_RANGE},                  /* a period of 0 */
        {"3009 8007 a005 80030d2f00", P7_OK},                 /* 864 000: a day */
        {"3009 8007 a005 80030d2f01", P7_RANGE},              /* longer */
        {"3007 8005 a103 800101", P7_MALFORMED},              /* not timeDurationCharging */
        {"3009 8007 a003 800101 0500", P7_MALFORMED},         /* octets behind the CHOICE */
        {"300a 8008 a006 800101 820100", P7_RANGE},           /* tariff switch of 0 s */
        {"300c 8005 a003 800101 a203810101", P7_MALFORMED},   /* the receiving side */
        {"300c 8005 a003 800101 a203820101", P7_MALFORMED},   /* no side */
        {"300d 8005 a003 800101 a20480020101", P7_MALFORMED}, /* LegType of two */
        {"300b 8005 a003 800101 a2028000", P7_MALFORMED},     /* LegType of none */
        {"300a 8008 a006 800101 810100", P7_OK},
        {"300b 8009 a007 800101 81020000", P7_MALFORMED}, /* BOOLEAN of two */
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct room room;
        struct cap_apply_charging out;
        CU_ASSERT_EQUAL(cap_apply_charging_decode(from_hex(cases[i].hex, &room), &out),
                        cases[i].status);
    }
}

static void an_apply_charging_report_is_the_example_to_the_byte(void)
{
    static const struct {
        const char *hex;
        int32_t used_100ms;
        bool leg_active;
    } cases[] = {
        {"0410a00ea003810101a104800203848201ff", 900, true},
        {"040fa00da003810101a10380011a820100", 26, false},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct room room;
        struct bytes_writer w = writer_of(&room);
        const struct cap_apply_charging_report in = {
            .has = {.leg_active = true},
            .party_to_charge = leg_1_receiving,
            .time = {.has = {.no_tariff_switch = true},
                     .no_tariff_switch_100ms = cases[i].used_100ms},
            .leg_active = cases[i].leg_active,
        };
        CU_ASSERT_EQUAL(cap_apply_charging_report_encode(&w, &in), P7_OK);
        CU_ASSERT_TRUE(wrote(&w, cases[i].hex));
        struct cap_apply_charging_report out;
        memset(&out, 0xa5, sizeof(out));
        CU_ASSERT_EQUAL_FATAL(cap_apply_charging_report_decode(from_hex(cases[i].hex, &room), &out),
                              P7_OK);
        CU_ASSERT_EQUAL(out.party_to_charge.side, CAP_LEG_RECEIVING);
        CU_ASSERT_EQUAL(out.party_to_charge.id, CAP_LEG_1);
        CU_ASSERT_TRUE(out.time.has.no_tariff_switch && !out.time.has.tariff_switch);
        CU_ASSERT_EQUAL(cap_apply_charging_report_used_100ms(&out), cases[i].used_100ms);
        CU_ASSERT_EQUAL(cap_apply_charging_report_leg_active(&out), cases[i].leg_active);
        CU_ASSERT_FALSE(out.has.released_at_tcp_expiry);
    }
}

static void a_report_without_leg_active_means_active(void)
{
    struct room room;
    struct cap_apply_charging_report out;
    CU_ASSERT_EQUAL_FATAL(cap_apply_charging_report_decode(
                              from_hex("040e a00c a003810101 a103800101 8300", &room), &out),
                          P7_OK);
    CU_ASSERT_FALSE(out.has.leg_active);
    CU_ASSERT_TRUE(cap_apply_charging_report_leg_active(&out));
    CU_ASSERT_TRUE(out.has.released_at_tcp_expiry);
}

static void a_tariff_switch_splits_the_time_used(void)
{
    struct room room;
    struct bytes_writer w = writer_of(&room);
    const struct cap_apply_charging_report in = {
        .party_to_charge = leg_1_receiving,
        .time = {.has = {.tariff_switch = true},
                 .tariff_switch = {.has = {.interval_100ms = true},
                                   .since_100ms = 100,
                                   .interval_100ms = 500}},
    };
    CU_ASSERT_EQUAL(cap_apply_charging_report_encode(&w, &in), P7_OK);
    CU_ASSERT_TRUE(wrote(&w, "0412 a010 a003810101 a109 a107 800164 810201f4"));
    struct cap_apply_charging_report out;
    CU_ASSERT_EQUAL_FATAL(
        cap_apply_charging_report_decode(bytes_of(w.start, bytes_writer_length(&w)), &out), P7_OK);
    CU_ASSERT_EQUAL(cap_apply_charging_report_used_100ms(&out), 600);
    CU_ASSERT_EQUAL_FATAL(cap_apply_charging_report_decode(
                              from_hex("040e a00c a003810101 a105 a103 800164", &room), &out),
                          P7_OK);
    CU_ASSERT_FALSE(out.time.tariff_switch.has.interval_100ms);
    CU_ASSERT_EQUAL(cap_apply_charging_report_used_100ms(&out), 100);
}

static void a_report_that_is_none_is_refused(void)
{
    static const struct {
        const char *hex;
        enum p7_status status;
    } cases[] = {
        {"0400", P7_MALFORMED},
        {"0402 a000", P7_MISSING},
        {"0407 a005 a003810101", P7_MISSING},              /* no time */
        {"0407 a005 a103800101", P7_MISSING},              /* no party */
        {"040c a00a a003800101 a103800101", P7_MALFORMED}, /* the sending side */
        {"040c a00a a003810101 a103820101", P7_MALFORMED}, /* no such time */
        {"040b a009 a003810101 a1028000", P7_MALFORMED},
        {"040c a00a a003810101 a1038001ff", P7_RANGE},     /* negative */
        {"300c a00a a003810101 a103800101", P7_MALFORMED}, /* not an OCTET STRING */
        {"040c a10a a003810101 a103800101", P7_MALFORMED}, /* not a duration */
        {"040c a00a a003810101 a103800101", P7_OK},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct room room;
        struct cap_apply_charging_report out;
        CU_ASSERT_EQUAL(cap_apply_charging_report_decode(from_hex(cases[i].hex, &room), &out),
                        cases[i].status);
    }
}

static void a_furnish_charging_information_is_written_and_read(void)
{
    struct room room;
    struct bytes_writer w = writer_of(&room);
    const struct cap_furnish_charging_information in = {
        .has = {.party_to_charge = true, .append_free_format_data = true},
        .free_format_data = bytes_of("rate=7", 6),
        .party_to_charge = leg_1_sending,
        .append_free_format_data = 1,
    };
    CU_ASSERT_EQUAL(cap_furnish_charging_information_encode(&w, &in), P7_OK);
    CU_ASSERT_TRUE(wrote(&w, "0412 a010 8006726174653d37 a103800101 820101"));
    struct cap_furnish_charging_information out;
    CU_ASSERT_EQUAL_FATAL(
        cap_furnish_charging_information_decode(bytes_of(w.start, bytes_writer_length(&w)), &out),
        P7_OK);
    CU_ASSERT_TRUE(bytes_equal(out.free_format_data, in.free_format_data));
    CU_ASSERT_EQUAL(out.append_free_format_data, 1);
    CU_ASSERT_EQUAL(out.party_to_charge.id, CAP_LEG_1);
    CU_ASSERT_EQUAL(
        cap_furnish_charging_information_decode(from_hex("0404 a002 8000", &room), &out), P7_RANGE);
    CU_ASSERT_EQUAL(cap_furnish_charging_information_decode(from_hex("0402 a000", &room), &out),
                    P7_MISSING);
}

/* Lengths above 127 take a second length octet at three levels (X.690-8.1.3.5). */
static void the_longest_free_format_data_fits(void)
{
    struct room room;
    uint8_t data[CAP_FREE_FORMAT_OCTETS_MAX + 1];
    for (size_t i = 0; i < sizeof(data); i++)
        data[i] = (uint8_t)i;
    struct cap_furnish_charging_information in = {.free_format_data =
                                                      bytes_of(data, CAP_FREE_FORMAT_OCTETS_MAX)};
    struct bytes_writer w = writer_of(&room);
    CU_ASSERT_EQUAL(cap_furnish_charging_information_encode(&w, &in), P7_OK);
    const struct bytes whole = bytes_of(w.start, bytes_writer_length(&w));
    CU_ASSERT_EQUAL(whole.length, CAP_FREE_FORMAT_OCTETS_MAX + 9);
    struct cap_furnish_charging_information out;
    CU_ASSERT_EQUAL_FATAL(cap_furnish_charging_information_decode(whole, &out), P7_OK);
    CU_ASSERT_TRUE(bytes_equal(out.free_format_data, in.free_format_data));
    in.free_format_data.length++;
    w = writer_of(&room);
    CU_ASSERT_EQUAL(cap_furnish_charging_information_encode(&w, &in), P7_RANGE);
}

UNIT_TESTS = {
    UNIT(an_apply_charging_is_the_examples_to_the_byte),
    UNIT(the_release_after_the_period_has_a_form_for_each_phase),
    UNIT(both_forms_of_the_release_at_once_are_refused),
    UNIT(an_apply_charging_that_is_none_is_refused),
    UNIT(an_apply_charging_report_is_the_example_to_the_byte),
    UNIT(a_report_without_leg_active_means_active),
    UNIT(a_tariff_switch_splits_the_time_used),
    UNIT(a_report_that_is_none_is_refused),
    UNIT(a_furnish_charging_information_is_written_and_read),
    UNIT(the_longest_free_format_data_fits),
};
UNIT_MAIN("cap_charging")
