/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "sigtran/codec/cap_sms.h"

#include "sigtran/codec/cap_number.h"
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

static struct bytes written(const struct bytes_writer *w)
{
    return bytes_of(w->start, bytes_writer_length(w));
}

static struct bytes bcd(uint8_t type, const char *digits, struct room *room)
{
    struct cap_bcd_number number = {.type = type, .plan = CAP_PLAN_ISDN};
    (void)snprintf(number.digits, sizeof(number.digits), "%s", digits);
    struct bytes_writer w = writer_of(room);
    CU_ASSERT_EQUAL_FATAL(cap_bcd_number_encode(&w, &number), P7_OK);
    return written(&w);
}

/* All that an MSC tells of a mobile-originated message; `rooms` hold its octet strings. */
static struct cap_initial_dp_sms mobile_originated(struct room rooms[8])
{
    static const struct cap_cell cell = {
        .mcc = "001", .mnc = "01", .lac = 1, .has_ci = true, .ci = 1};
    static const struct cap_time time = {.year = 2009,
                                         .month = 11,
                                         .day = 12,
                                         .hour = 13,
                                         .minute = 45,
                                         .second = 10,
                                         .zone_quarter_hours = 4};
    struct bytes_writer imsi = writer_of(&rooms[0]);
    struct bytes_writer place = writer_of(&rooms[1]);
    struct bytes_writer when = writer_of(&rooms[2]);
    CU_ASSERT_EQUAL_FATAL(cap_imsi_encode(&imsi, "001010000000001"), P7_OK);
    CU_ASSERT_EQUAL_FATAL(cap_cell_encode(&place, &cell), P7_OK);
    CU_ASSERT_EQUAL_FATAL(cap_time_and_timezone_encode(&when, &time), P7_OK);
    const struct bytes msc = bcd(CAP_TYPE_INTERNATIONAL, "46701000001", &rooms[3]);
    return (struct cap_initial_dp_sms){
        .has =
            {
                .destination_subscriber_number = true,
                .calling_party_number = true,
                .event_type_sms = true,
                .imsi = true,
                .location_information_msc = true,
                .smsc_address = true,
                .time_and_timezone = true,
                .tp_short_message_specific_info = true,
                .tp_protocol_identifier = true,
                .tp_data_coding_scheme = true,
                .tp_validity_period = true,
                .sms_reference_number = true,
                .msc_address = true,
            },
        .service_key = 100,
        .destination_subscriber_number = bcd(CAP_TYPE_UNKNOWN, "46701000002", &rooms[4]),
        .calling_party_number = bcd(CAP_TYPE_INTERNATIONAL, "46701000003", &rooms[5]),
        .event_type_sms = CAP_SMS_COLLECTED_INFO,
        .imsi = written(&imsi),
        .location_information_msc =
            {
                .has = {.age = true, .vlr_number = true, .cell = true},
                .age = 3,
                .vlr_number = msc,
                .cell = {.has = {.cell_global_id = true}, .cell_global_id = written(&place)},
            },
        .smsc_address = bcd(CAP_TYPE_INTERNATIONAL, "46701000009", &rooms[6]),
        .time_and_timezone = written(&when),
        .tp_short_message_specific_info = 0x11,
        .tp_protocol_identifier = 0,
        .tp_data_coding_scheme = 0x08,
        .tp_validity_period = bytes_of("\xa7", 1),
        .sms_reference_number = bytes_of("\xa1\xb2\xc3\xd4\xe5", 5),
        .msc_address = msc,
    };
}

/* tshark 4.0 reads each of its fields without a complaint. */
static const char dp_sms_hex[] =
    "306a8001648107816407010000f28207916407010000f3830101840800010100000000f1a51702010381"
    "07916407010000f1a309800700f110000100018707916407010000f9880802901121315401408901118a"
    "01008b01088c01a78e05a1b2c3d4e58f07916407010000f1";

static void an_initial_dp_sms_made_of_field_values_is_the_vector_to_the_byte(void)
{
    struct room rooms[8];
    const struct cap_initial_dp_sms dp = mobile_originated(rooms);
    struct bytes_writer w = writer_of(&rooms[7]);
    CU_ASSERT_EQUAL(cap_initial_dp_sms_encode(&w, &dp), P7_OK);
    CU_ASSERT_TRUE(wrote(&w, dp_sms_hex));
}

static void every_field_of_an_initial_dp_sms_is_read(void) /* TS29.078-7.1.1 */
{
    struct room in;
    struct room rooms[8];
    const struct cap_initial_dp_sms want = mobile_originated(rooms);
    struct cap_initial_dp_sms dp;
    memset(&dp, 0xa5, sizeof(dp));
    CU_ASSERT_EQUAL_FATAL(cap_initial_dp_sms_decode(from_hex(dp_sms_hex, &in), &dp), P7_OK);
    CU_ASSERT_EQUAL(memcmp(&dp.has, &want.has, sizeof(dp.has)), 0);
    CU_ASSERT_EQUAL(dp.service_key, 100);
    CU_ASSERT_TRUE(
        bytes_equal(dp.destination_subscriber_number, want.destination_subscriber_number));
    CU_ASSERT_TRUE(bytes_equal(dp.calling_party_number, want.calling_party_number));
    CU_ASSERT_EQUAL(dp.event_type_sms, CAP_SMS_COLLECTED_INFO);
    CU_ASSERT_TRUE(bytes_equal(dp.imsi, want.imsi));
    CU_ASSERT_EQUAL(dp.location_information_msc.age, 3);
    CU_ASSERT_TRUE(bytes_equal(dp.location_information_msc.vlr_number, want.msc_address));
    CU_ASSERT_TRUE(bytes_equal(dp.location_information_msc.cell.cell_global_id,
                               want.location_information_msc.cell.cell_global_id));
    CU_ASSERT_TRUE(bytes_equal(dp.smsc_address, want.smsc_address));
    CU_ASSERT_TRUE(bytes_equal(dp.time_and_timezone, want.time_and_timezone));
    CU_ASSERT_EQUAL(dp.tp_short_message_specific_info, 0x11);
    CU_ASSERT_EQUAL(dp.tp_protocol_identifier, 0);
    CU_ASSERT_EQUAL(dp.tp_data_coding_scheme, 8);
    CU_ASSERT_TRUE(bytes_equal(dp.tp_validity_period, want.tp_validity_period));
    CU_ASSERT_TRUE(bytes_equal(dp.sms_reference_number, want.sms_reference_number));
    CU_ASSERT_TRUE(bytes_equal(dp.msc_address, want.msc_address));
}

static void the_location_in_a_packet_network_is_read(void)
{
    static const char hex[] = "3030 800101 a62b 800700f11000010001 810600f110000102"
                              "8208 1000000000000000 8307916407010000f1 8403010203 8600";
    struct room in;
    struct room out;
    struct cap_initial_dp_sms dp;
    CU_ASSERT_EQUAL_FATAL(cap_initial_dp_sms_decode(from_hex(hex, &in), &dp), P7_OK);
    const struct cap_location_information_gprs *place = &dp.location_information_gprs;
    CU_ASSERT_TRUE(dp.has.location_information_gprs && !dp.has.location_information_msc);
    CU_ASSERT_TRUE(place->has.cell && place->has.routeing_area_identity && place->has.sgsn_number);
    CU_ASSERT_TRUE(place->has.sai_present && !place->has.extension_container);
    CU_ASSERT_EQUAL(place->sgsn_number.length, 7);
    struct bytes_writer w = writer_of(&out);
    CU_ASSERT_EQUAL(cap_initial_dp_sms_encode(&w, &dp), P7_OK);
    CU_ASSERT_TRUE(wrote(&w, hex));
}

static void a_connect_sms_is_written_and_read(void) /* TS29.078-7.1.1, CAP_CONNECT_SMS */
{
    struct room rooms[3];
    const struct cap_connect_sms in = {
        .has = {.destination_subscriber_number = true, .smsc_address = true},
        .destination_subscriber_number = bcd(CAP_TYPE_INTERNATIONAL, "467", &rooms[0]),
        .smsc_address = bcd(CAP_TYPE_INTERNATIONAL, "46701000009", &rooms[1]),
    };
    struct bytes_writer w = writer_of(&rooms[2]);
    CU_ASSERT_EQUAL(cap_connect_sms_encode(&w, &in), P7_OK);
    CU_ASSERT_TRUE(wrote(&w, "300e 81039164f7 8207916407010000f9"));
    struct cap_connect_sms out;
    CU_ASSERT_EQUAL_FATAL(cap_connect_sms_decode(written(&w), &out), P7_OK);
    CU_ASSERT_FALSE(out.has.calling_partys_number);
    CU_ASSERT_TRUE(bytes_equal(out.smsc_address, in.smsc_address));
}

/* CAP_REQUEST_REPORT_SMS_EVENT, CAP_EVENT_REPORT_SMS */
static void sms_events_are_asked_for_and_reported(void)
{
    struct room room;
    const struct cap_request_report_sms_event request = {
        .sms = {.count = 2,
                .event = {{CAP_SMS_O_FAILURE, CAP_MONITOR_INTERRUPTED},
                          {CAP_SMS_O_SUBMISSION, CAP_MONITOR_NOTIFY_AND_CONTINUE}}},
    };
    struct bytes_writer w = writer_of(&room);
    CU_ASSERT_EQUAL(cap_request_report_sms_event_encode(&w, &request), P7_OK);
    CU_ASSERT_TRUE(wrote(&w, "3012 a010 3006 800102 810100 3006 800103 810101"));
    struct cap_request_report_sms_event asked;
    CU_ASSERT_EQUAL_FATAL(cap_request_report_sms_event_decode(written(&w), &asked), P7_OK);
    CU_ASSERT_EQUAL(asked.sms.count, 2);
    CU_ASSERT_EQUAL(asked.sms.event[1].event_type, CAP_SMS_O_SUBMISSION);
    CU_ASSERT_EQUAL(asked.sms.event[1].monitor_mode, CAP_MONITOR_NOTIFY_AND_CONTINUE);

    const struct cap_event_report_sms failure = {
        .has = {.event_specific = true, .misc_call_info = true},
        .event_type = CAP_SMS_O_FAILURE,
        .event_specific = {.has = {.o_failure = true},
                           .o_failure = {.has = {.cause = true},
                                         .cause = CAP_MO_SMS_DELIVERY_FAILURE}},
        .misc_call_info = {.message_type = CAP_MESSAGE_REQUEST},
    };
    w = writer_of(&room);
    CU_ASSERT_EQUAL(cap_event_report_sms_encode(&w, &failure), P7_OK);
    CU_ASSERT_TRUE(wrote(&w, "300f 800102 a105 a003800103 a203800100"));
    struct cap_event_report_sms told;
    CU_ASSERT_EQUAL_FATAL(cap_event_report_sms_decode(written(&w), &told), P7_OK);
    CU_ASSERT_TRUE(told.event_specific.has.o_failure && told.event_specific.o_failure.has.cause);
    CU_ASSERT_EQUAL(told.event_specific.o_failure.cause, CAP_MO_SMS_DELIVERY_FAILURE);
    CU_ASSERT_EQUAL_FATAL(
        cap_event_report_sms_decode(from_hex("300a 80010c a105 a203800115", &room), &told), P7_OK);
    CU_ASSERT_TRUE(told.event_specific.has.t_failure && !told.has.misc_call_info);
    CU_ASSERT_EQUAL(told.event_specific.t_failure.cause, 21);
    CU_ASSERT_EQUAL_FATAL(
        cap_event_report_sms_decode(from_hex("3007 800103 a102 a100", &room), &told), P7_OK);
    CU_ASSERT_TRUE(told.event_specific.has.o_submission);
}

static void a_release_sms_is_its_cause(void)
{
    struct room room;
    struct cap_release_sms release;
    struct bytes_writer w = writer_of(&room);
    CU_ASSERT_EQUAL(
        cap_release_sms_encode(&w, &(struct cap_release_sms){.rp_cause = CAP_RP_CAUSE_REJECTED}),
        P7_OK);
    CU_ASSERT_TRUE(wrote(&w, "040115"));
    CU_ASSERT_EQUAL(cap_release_sms_decode(written(&w), &release), P7_OK);
    CU_ASSERT_EQUAL(release.rp_cause, CAP_RP_CAUSE_REJECTED);
    CU_ASSERT_EQUAL(cap_release_sms_decode(from_hex("0400", &room), &release), P7_MALFORMED);
    CU_ASSERT_EQUAL(cap_release_sms_decode(from_hex("04021500", &room), &release), P7_MALFORMED);
    CU_ASSERT_EQUAL(cap_release_sms_decode(from_hex("0a0115", &room), &release), P7_MALFORMED);
    CU_ASSERT_EQUAL(cap_release_sms_decode(bytes_of(NULL, 0), &release), P7_MISSING);
}

static void an_sms_argument_that_is_none_is_refused(void)
{
    struct room room;
    struct cap_initial_dp_sms dp;
    struct cap_request_report_sms_event request;
    struct cap_event_report_sms report;
    CU_ASSERT_EQUAL(cap_initial_dp_sms_decode(from_hex("3000", &room), &dp), P7_MISSING);
    CU_ASSERT_EQUAL(cap_initial_dp_sms_decode(from_hex("3005 800101 8900", &room), &dp),
                    P7_MALFORMED);
    CU_ASSERT_EQUAL(
        cap_initial_dp_sms_decode(from_hex("300d 800101 8c080102030405060708", &room), &dp),
        P7_RANGE);
    CU_ASSERT_EQUAL(cap_request_report_sms_event_decode(from_hex("3000", &room), &request),
                    P7_MISSING);
    CU_ASSERT_EQUAL(cap_request_report_sms_event_decode(from_hex("3002a000", &room), &request),
                    P7_RANGE);
    CU_ASSERT_EQUAL(cap_event_report_sms_decode(from_hex("3002 a100", &room), &report),
                    P7_MALFORMED);
    CU_ASSERT_EQUAL(cap_event_report_sms_decode(from_hex("3000", &room), &report), P7_MISSING);
}

UNIT_TESTS = {
    UNIT(an_initial_dp_sms_made_of_field_values_is_the_vector_to_the_byte),
    UNIT(every_field_of_an_initial_dp_sms_is_read),
    UNIT(the_location_in_a_packet_network_is_read),
    UNIT(a_connect_sms_is_written_and_read),
    UNIT(sms_events_are_asked_for_and_reported),
    UNIT(a_release_sms_is_its_cause),
    UNIT(an_sms_argument_that_is_none_is_refused),
};
UNIT_MAIN("cap_sms")
