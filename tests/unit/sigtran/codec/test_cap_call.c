/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "sigtran/codec/cap_call.h"

#include "sigtran/codec/cap_number.h"
#include "tests/unit/unit.h"

/* Arguments of messages that other stacks sent; a dissector reads them without a complaint. */
static const char dp_prepaid[] =
    "30768001648308841364070100000185010a8a088493640701000001bb0580038090a39c01029f320800"
    "010100000000f1bf3417020100810791640701000001a309800700f11000010001bf35038301119f3605"
    "a1b2c3d4e59f3707916407010000019f3807816407010000029f39080290112113450000";
static const char dp_swiss[] =
    "305780012a830884111487095040f79c01029f32061487572586f9bf34148107913366020000f0a30980"
    "07313233343536379f3605a12345678f9f3707913366020000f09f3807111487085040f79f3908023090"
    "0211223370";
static const char dp_redirected[] =
    "306b80016e8208839021721090000f830303975785010a8c06831407010900bb0580038090a39c01029d"
    "068314070109009e0203619f320806079209100491f9bf35038301119f360513fa3d3dea9f3706912270"
    "5700709f39080250114231016500bf3b088106912270570070";
static const char dp_vietnam[] =
    "305d800200c8820884104833522701f98308841348735425740585010a8a088493488920102008bb0580"
    "038090a39c010c9f320854020440838439f4bf35038301119f3605202257d3249f3707914889203024f7"
    "9f39080291801212829282";
static const char dp_india[] =
    "30819280010c82090310136099860000028308041319891797317285010a8801018a050413198986bb04"
    "800280909c010c9f320804645805947434f3bf33028000bf342b02012380081000000000000000810791"
    "19898691018282080497198986910182a309800704f486006518d1bf35038301119f3608d22500000d62"
    "0b889f3707911989869599899f39080211201091455123";
static const char dp_bangladesh[] =
    "30818a80015b8209849088107801450002830984138810780145000485010a8a09841388100801001000"
    "bb0580038090a39c010c9f320874001227406659f8bf33028000bf342202011780081000000000000000"
    "810891881008010050f8a309800774f0200036070dbf35038301119f360532635200009f370891881008"
    "010050f89f39080261116151254542";
static const char dp_russia[] =
    "307580010183070313890027821785010a8a088493975617699909bb0580038090a39c01029f32085250"
    "7017322911f7bf34170201008107919756176999f9a309800752f099d05b37d0bf35038301119f3605f9"
    "43d000039f3707919756176999f99f3807819830535304f99f39080242012280608002";

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

static struct bytes written(const struct bytes_writer *w)
{
    return bytes_of(w->start, bytes_writer_length(w));
}

static bool is_hex(struct bytes b, const char *hex)
{
    struct room room;
    return bytes_equal(b, from_hex(hex, &room));
}

static struct bytes isup(enum cap_isup_form form, struct cap_isup_number number, struct room *room)
{
    struct bytes_writer w = writer_of(room);
    CU_ASSERT_EQUAL_FATAL(cap_isup_number_encode(&w, form, &number), P7_OK);
    return written(&w);
}

static struct bytes bcd(struct cap_bcd_number number, struct room *room)
{
    struct bytes_writer w = writer_of(room);
    CU_ASSERT_EQUAL_FATAL(cap_bcd_number_encode(&w, &number), P7_OK);
    return written(&w);
}

static const struct cap_bcd_number msc = {
    .type = CAP_TYPE_INTERNATIONAL, .plan = CAP_PLAN_ISDN, .digits = "467010000010"};

/* The initialDP of the protocol's example; its numbers are written into `rooms`. */
static struct cap_initial_dp prepaid_dp(struct room rooms[8])
{
    static const struct cap_isup_number calling = {
        .nature = CAP_NATURE_INTERNATIONAL,
        .plan = CAP_PLAN_ISDN,
        .screening = CAP_SCREENING_NETWORK,
        .digits = "46701000001",
    };
    static const struct cap_isup_number location = {
        .nature = CAP_NATURE_INTERNATIONAL,
        .plan = CAP_PLAN_ISDN,
        .internal = true,
        .screening = CAP_SCREENING_NETWORK,
        .digits = "46701000001",
    };
    static const struct cap_bcd_number called = {
        .type = CAP_TYPE_UNKNOWN, .plan = CAP_PLAN_ISDN, .digits = "467010000020"};
    static const struct cap_cell cell = {
        .mcc = "001", .mnc = "01", .lac = 1, .has_ci = true, .ci = 1};
    struct bytes_writer imsi = writer_of(&rooms[0]);
    CU_ASSERT_EQUAL_FATAL(cap_imsi_encode(&imsi, "001010000000001"), P7_OK);
    struct bytes_writer place = writer_of(&rooms[1]);
    CU_ASSERT_EQUAL_FATAL(cap_cell_encode(&place, &cell), P7_OK);
    const struct bytes msc_octets = bcd(msc, &rooms[2]);
    return (struct cap_initial_dp){
        .has =
            {
                .calling_party_number = true,
                .calling_partys_category = true,
                .location_number = true,
                .bearer_capability = true,
                .event_type_bcsm = true,
                .imsi = true,
                .location_information = true,
                .ext_basic_service_code = true,
                .call_reference_number = true,
                .msc_address = true,
                .called_party_bcd_number = true,
                .time_and_timezone = true,
            },
        .service_key = 100,
        .calling_party_number = isup(CAP_ISUP_CALLING, calling, &rooms[3]),
        .calling_partys_category = CAP_CATEGORY_ORDINARY,
        .location_number = isup(CAP_ISUP_LOCATION, location, &rooms[4]),
        .bearer_capability = bytes_of("\x80\x90\xa3", 3),
        .event_type_bcsm = CAP_BCSM_COLLECTED_INFO,
        .imsi = written(&imsi),
        .location_information =
            {
                .has = {.age = true, .vlr_number = true, .cell = true},
                .age = 0,
                .vlr_number = msc_octets,
                .cell = {.has = {.cell_global_id = true}, .cell_global_id = written(&place)},
            },
        .ext_basic_service_code = {.has = {.teleservice = true},
                                   .teleservice = bytes_of("\x11", 1)},
        .call_reference_number = bytes_of("\xa1\xb2\xc3\xd4\xe5", 5),
        .msc_address = msc_octets,
        .called_party_bcd_number = bcd(called, &rooms[5]),
        .time_and_timezone = from_hex("0290112113450000", &rooms[6]),
    };
}

static void an_initial_dp_made_of_field_values_is_the_example_to_the_byte(void)
{
    struct room rooms[8];
    struct room out;
    const struct cap_initial_dp dp = prepaid_dp(rooms);
    struct bytes_writer w = writer_of(&out);
    CU_ASSERT_EQUAL(cap_initial_dp_encode(&w, &dp), P7_OK);
    CU_ASSERT_TRUE(is_hex(written(&w), dp_prepaid));
}

static void every_field_of_the_example_is_read(void)
{
    struct room in;
    struct cap_initial_dp dp;
    memset(&dp, 0xa5, sizeof(dp)); /* what is not written would show */
    CU_ASSERT_EQUAL_FATAL(cap_initial_dp_decode(from_hex(dp_prepaid, &in), &dp), P7_OK);
    CU_ASSERT_EQUAL(dp.service_key, 100);
    CU_ASSERT_TRUE(dp.has.calling_party_number && dp.has.calling_partys_category &&
                   dp.has.location_number && dp.has.bearer_capability && dp.has.event_type_bcsm &&
                   dp.has.imsi && dp.has.location_information && dp.has.ext_basic_service_code &&
                   dp.has.call_reference_number && dp.has.msc_address &&
                   dp.has.called_party_bcd_number && dp.has.time_and_timezone);
    CU_ASSERT_FALSE(dp.has.called_party_number || dp.has.cg_encountered ||
                    dp.has.ip_ssp_capabilities || dp.has.original_called_party_id ||
                    dp.has.extensions || dp.has.cause || dp.has.subscriber_state ||
                    dp.has.call_forwarding_ss_pending || dp.has.initial_dp_arg_extension);
    CU_ASSERT_TRUE(is_hex(dp.calling_party_number, "8413640701000001"));
    CU_ASSERT_EQUAL(dp.calling_partys_category, CAP_CATEGORY_ORDINARY);
    CU_ASSERT_TRUE(is_hex(dp.location_number, "8493640701000001"));
    CU_ASSERT_TRUE(is_hex(dp.bearer_capability, "8090a3"));
    CU_ASSERT_EQUAL(dp.event_type_bcsm, CAP_BCSM_COLLECTED_INFO);
    char imsi[CAP_IMSI_DIGITS_MAX + 1];
    CU_ASSERT_EQUAL(cap_imsi_decode(dp.imsi, imsi), P7_OK);
    CU_ASSERT_STRING_EQUAL(imsi, "001010000000001");
    const struct cap_location_information *place = &dp.location_information;
    CU_ASSERT_TRUE(place->has.age && place->has.vlr_number && place->has.cell);
    CU_ASSERT_FALSE(place->has.geographical_information || place->has.location_number);
    CU_ASSERT_EQUAL(place->age, 0);
    CU_ASSERT_TRUE(is_hex(place->vlr_number, "91640701000001"));
    CU_ASSERT_TRUE(place->cell.has.cell_global_id && !place->cell.has.lai);
    CU_ASSERT_TRUE(is_hex(place->cell.cell_global_id, "00f11000010001"));
    CU_ASSERT_TRUE(dp.ext_basic_service_code.has.teleservice);
    CU_ASSERT_TRUE(is_hex(dp.ext_basic_service_code.teleservice, "11"));
    CU_ASSERT_TRUE(is_hex(dp.call_reference_number, "a1b2c3d4e5"));
    CU_ASSERT_TRUE(is_hex(dp.msc_address, "91640701000001"));
    CU_ASSERT_TRUE(is_hex(dp.called_party_bcd_number, "81640701000002"));
    CU_ASSERT_TRUE(is_hex(dp.time_and_timezone, "0290112113450000"));
}

static void what_other_stacks_sent_is_read_and_written_alike(void)
{
    static const struct {
        const char *hex;
        int32_t service_key;
        int32_t event_type;
        const char *imsi;
    } cases[] = {
        {dp_prepaid, 100, 2, "001010000000001"},    {dp_swiss, 42, 2, "41787552689"},
        {dp_redirected, 110, 2, "607029900140199"}, {dp_vietnam, 200, 12, "452040043848934"},
        {dp_india, 12, 12, "404685504947433"},      {dp_bangladesh, 91, 12, "470021720466958"},
        {dp_russia, 1, 2, "250507712392117"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct room in;
        struct room out;
        struct cap_initial_dp dp;
        char imsi[CAP_IMSI_DIGITS_MAX + 1];
        CU_ASSERT_EQUAL_FATAL(cap_initial_dp_decode(from_hex(cases[i].hex, &in), &dp), P7_OK);
        CU_ASSERT_EQUAL(dp.service_key, cases[i].service_key);
        CU_ASSERT_EQUAL(dp.event_type_bcsm, cases[i].event_type);
        CU_ASSERT_EQUAL_FATAL(cap_imsi_decode(dp.imsi, imsi), P7_OK);
        CU_ASSERT_STRING_EQUAL(imsi, cases[i].imsi);
        struct bytes_writer w = writer_of(&out);
        CU_ASSERT_EQUAL(cap_initial_dp_encode(&w, &dp), P7_OK);
        CU_ASSERT_TRUE(is_hex(written(&w), cases[i].hex));
    }
}

static void the_rarer_fields_of_an_initial_dp_are_read(void)
{
    struct room in;
    struct cap_initial_dp dp;
    CU_ASSERT_EQUAL_FATAL(cap_initial_dp_decode(from_hex(dp_india, &in), &dp), P7_OK);
    CU_ASSERT_TRUE(dp.has.called_party_number);
    CU_ASSERT_TRUE(is_hex(dp.called_party_number, "031013609986000002"));
    CU_ASSERT_TRUE(dp.has.ip_ssp_capabilities && is_hex(dp.ip_ssp_capabilities, "01"));
    CU_ASSERT_TRUE(dp.has.subscriber_state && dp.subscriber_state.has.assumed_idle);
    const struct cap_location_information *place = &dp.location_information;
    CU_ASSERT_EQUAL(place->age, 35);
    CU_ASSERT_TRUE(is_hex(place->geographical_information, "1000000000000000"));
    CU_ASSERT_TRUE(is_hex(place->location_number, "0497198986910182"));
    CU_ASSERT_TRUE(is_hex(place->cell.cell_global_id, "04f486006518d1"));
    CU_ASSERT_EQUAL_FATAL(cap_initial_dp_decode(from_hex(dp_redirected, &in), &dp), P7_OK);
    CU_ASSERT_TRUE(dp.has.original_called_party_id && dp.has.redirecting_party_id);
    CU_ASSERT_TRUE(is_hex(dp.original_called_party_id, "831407010900"));
    CU_ASSERT_TRUE(is_hex(dp.redirection_information, "0361"));
}

/* GSM 09.78 and TS29.078-6.1.1 give [1] of InitialDPArgExtension different meanings. */
static void the_extension_of_an_initial_dp_is_read_by_its_phase(void)
{
    struct room in;
    struct room out;
    struct cap_initial_dp dp;
    struct cap_initial_dp_extension extension;
    CU_ASSERT_EQUAL_FATAL(cap_initial_dp_decode(from_hex(dp_redirected, &in), &dp), P7_OK);
    CU_ASSERT_TRUE_FATAL(dp.has.initial_dp_arg_extension);
    const struct bytes content = dp.initial_dp_arg_extension;
    CU_ASSERT_EQUAL_FATAL(cap_initial_dp_extension_decode(content, CAP_PHASE_2, &extension), P7_OK);
    CU_ASSERT_TRUE(extension.has.gmsc_address && !extension.has.forwarding_destination_number);
    CU_ASSERT_TRUE(is_hex(extension.gmsc_address, "912270570070"));
    struct bytes_writer w = writer_of(&out);
    CU_ASSERT_EQUAL(cap_initial_dp_extension_encode(&w, CAP_PHASE_2, &extension), P7_OK);
    CU_ASSERT_TRUE(bytes_equal(written(&w), content));
    CU_ASSERT_EQUAL_FATAL(cap_initial_dp_extension_decode(content, CAP_PHASE_3, &extension), P7_OK);
    CU_ASSERT_TRUE(!extension.has.gmsc_address && extension.has.forwarding_destination_number);

    extension = (struct cap_initial_dp_extension){
        .has = {.gmsc_address = true,
                .ms_classmark2 = true,
                .imei = true,
                .bearer_capability2 = true,
                .ext_basic_service_code2 = true},
        .gmsc_address = bytes_of("\x91\x21\xf3", 3),
        .ms_classmark2 = bytes_of("\x33\x19\xa2", 3),
        .imei = bytes_of("\x53\x00\x00\x00\x00\x00\x00\xf0", 8),
        .bearer_capability2 = bytes_of("\x80\x90", 2),
        .ext_basic_service_code2 = {.has = {.bearer_service = true},
                                    .bearer_service = bytes_of("\x17", 1)},
    };
    w = writer_of(&out);
    CU_ASSERT_EQUAL(cap_initial_dp_extension_encode(&w, CAP_PHASE_3, &extension), P7_OK);
    CU_ASSERT_TRUE(is_hex(written(&w), "80039121f382033319a2830853000000000000f0a60480028090"
                                       "a703820117"));
}

static void an_initial_dp_without_service_key_is_refused(void)
{
    struct room in;
    struct cap_initial_dp dp;
    CU_ASSERT_EQUAL(cap_initial_dp_decode(bytes_of(NULL, 0), &dp), P7_MISSING);
    CU_ASSERT_EQUAL(cap_initial_dp_decode(from_hex("3000", &in), &dp), P7_MISSING);
    CU_ASSERT_EQUAL(cap_initial_dp_decode(from_hex("3003 9c0102", &in), &dp), P7_MISSING);
}

static void what_breaks_the_types_of_an_initial_dp_is_refused(void) /* TS29.078-5.5 */
{
    static const struct {
        const char *hex;
        enum p7_status status;
    } cases[] = {
        {"3003 800101", P7_OK},
        {"3103 800101", P7_MALFORMED},                        /* SET */
        {"3003 800101 00", P7_MALFORMED},                     /* octets behind */
        {"3006 800101 800101", P7_MALFORMED},                 /* twice */
        {"3002 8000", P7_MALFORMED},                          /* INTEGER of nothing */
        {"3003 8001ff", P7_RANGE},                            /* negative service key */
        {"3007 80050100000000", P7_RANGE},                    /* above Integer4 */
        {"3006 800101 820103", P7_RANGE},                     /* called party of one octet */
        {"3005 800101 8500", P7_MALFORMED},                   /* category of none */
        {"3007 800101 85020a0a", P7_MALFORMED},               /* category of two */
        {"3006 800101 870103", P7_RANGE},                     /* cGEncountered 3 */
        {"3006 800101 bb018e", P7_TRUNCATED},                 /* inside bearerCapability */
        {"3005 800101 bb00", P7_MALFORMED},                   /* CHOICE of none */
        {"300c 800101 bb08 80028090 80028090", P7_MALFORMED}, /* octets behind the sequence */
        {"300e 800101 bb08 80028090 80028090", P7_TRUNCATED}, /* sequence longer than its octets */
        {"300d 800101 bb08 8002809080028090", P7_MALFORMED},  /* CHOICE of two */
        {"3007 800101 9f2f0100", P7_MALFORMED},               /* NULL with content */
        {"300b 800101 9f3905 0290112113", P7_RANGE},          /* short time */
        {"3009 800101 9f3203 010203", P7_OK},                 /* shortest IMSI */
        {"3008 800101 9f3202 0102", P7_RANGE},                /* shorter */
        {"300a 800101 bf3304 80008100", P7_MALFORMED},        /* two states */
        {"300a 800101 bf3404 02010002", P7_TRUNCATED},        /* inside the location */
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct room in;
        struct cap_initial_dp dp;
        CU_ASSERT_EQUAL(cap_initial_dp_decode(from_hex(cases[i].hex, &in), &dp), cases[i].status);
    }
}

/* X.680-25.1 */
static void unknown_elements_are_skipped(void)
{
    struct room in;
    struct cap_initial_dp dp;
    CU_ASSERT_EQUAL_FATAL(
        cap_initial_dp_decode(
            from_hex("3017 9f7b03010203 800107 bf7c04 30020500 9c0102 9f817f00", &in), &dp),
        P7_OK);
    CU_ASSERT_EQUAL(dp.service_key, 7);
    CU_ASSERT_TRUE(dp.has.event_type_bcsm);
    /* An alternative of a CHOICE that is not known leaves the element absent. */
    CU_ASSERT_EQUAL_FATAL(cap_initial_dp_decode(from_hex("300a 800107 bf3504 89020102", &in), &dp),
                          P7_OK);
    CU_ASSERT_FALSE(dp.has.ext_basic_service_code);
}

static void indefinite_lengths_are_taken(void)
{
    struct room in;
    struct cap_initial_dp dp;
    CU_ASSERT_EQUAL_FATAL(
        cap_initial_dp_decode(from_hex("3080 800107 bf3480 020105 a380 81050102030405 0000 0000"
                                       "9f3603010203 0000",
                                       &in),
                              &dp),
        P7_OK);
    CU_ASSERT_EQUAL(dp.location_information.age, 5);
    CU_ASSERT_TRUE(is_hex(dp.location_information.cell.lai, "0102030405"));
    CU_ASSERT_TRUE(is_hex(dp.call_reference_number, "010203"));
}

static void a_connect_is_written_and_read(void)
{
    static const struct cap_isup_number destination = {
        .nature = 9, .plan = 0, .digits = "0099594503747752"};
    static const struct cap_isup_number generic = {.qualifier = 6,
                                                   .nature = CAP_NATURE_INTERNATIONAL,
                                                   .plan = CAP_PLAN_ISDN,
                                                   .presentation = CAP_PRESENTATION_RESTRICTED,
                                                   .screening = CAP_SCREENING_NETWORK,
                                                   .digits = "123"};
    struct room rooms[2];
    struct room out;
    struct cap_connect in = {.destination_routing_address =
                                 isup(CAP_ISUP_CALLED, destination, &rooms[0])};
    struct bytes_writer w = writer_of(&out);
    CU_ASSERT_EQUAL(cap_connect_encode(&w, &in), P7_OK);
    CU_ASSERT_TRUE(is_hex(written(&w), "300ea00c040a0900 0099955430477725"));

    in.has.generic_numbers = true;
    in.generic_numbers.count = 2;
    in.generic_numbers.number[0] = isup(CAP_ISUP_GENERIC, generic, &rooms[1]);
    in.generic_numbers.number[1] = in.generic_numbers.number[0];
    in.has.suppression_of_announcement = true;
    in.has.calling_partys_category = true;
    in.calling_partys_category = CAP_CATEGORY_PAYPHONE;
    w = writer_of(&out);
    CU_ASSERT_EQUAL(cap_connect_encode(&w, &in), P7_OK);
    struct cap_connect back;
    CU_ASSERT_EQUAL_FATAL(cap_connect_decode(written(&w), &back), P7_OK);
    CU_ASSERT_TRUE(bytes_equal(back.destination_routing_address, in.destination_routing_address));
    CU_ASSERT_EQUAL(back.generic_numbers.count, 2);
    CU_ASSERT_TRUE(is_hex(back.generic_numbers.number[1], "0684172103"));
    CU_ASSERT_TRUE(back.has.suppression_of_announcement && !back.has.ocsi_applicable);
    CU_ASSERT_EQUAL(back.calling_partys_category, CAP_CATEGORY_PAYPHONE);
}

static void the_connects_of_other_stacks_are_read_and_written_alike(void)
{
    static const struct {
        const char *hex;
        const char *destination;
        uint8_t nature;
        const char *digits;
    } cases[] = {
        {"3009a00704050210792210", "0210792210", 2, "972201"},
        {"300da00b0409029000995430477725", "029000995430477725", 2, "00994503747752"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct room room;
        struct room out;
        struct cap_connect connect;
        struct cap_isup_number number;
        CU_ASSERT_EQUAL_FATAL(cap_connect_decode(from_hex(cases[i].hex, &room), &connect), P7_OK);
        CU_ASSERT_TRUE(is_hex(connect.destination_routing_address, cases[i].destination));
        CU_ASSERT_EQUAL(
            cap_isup_number_decode(connect.destination_routing_address, CAP_ISUP_CALLED, &number),
            P7_OK);
        CU_ASSERT_EQUAL(number.nature, cases[i].nature);
        CU_ASSERT_STRING_EQUAL(number.digits, cases[i].digits);
        struct bytes_writer w = writer_of(&out);
        CU_ASSERT_EQUAL(cap_connect_encode(&w, &connect), P7_OK);
        CU_ASSERT_TRUE(is_hex(written(&w), cases[i].hex));
    }
}

static void a_connect_needs_exactly_one_destination(void)
{
    static const struct {
        const char *hex;
        enum p7_status status;
    } cases[] = {
        {"3000", P7_MISSING},
        {"3002 a000", P7_MALFORMED},
        {"3006 a004 80020102", P7_MALFORMED},
        {"3006 a004 04020102", P7_OK},
        {"300a a008 04020102 04020102", P7_MALFORMED},
        {"3008 a004 04020102 ae00", P7_RANGE},
        {"3026 a004 04020102 ae1e 0403010203 0403010203 0403010203 0403010203 0403010203 "
         "0403010203",
         P7_RANGE},
        {"3021 a004 04020102 ae19 0403010203 0403010203 0403010203 0403010203 0403010203", P7_OK},
        {"300d a004 04020102 ae05 8003010203", P7_MALFORMED},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct room in;
        struct cap_connect connect;
        CU_ASSERT_EQUAL(cap_connect_decode(from_hex(cases[i].hex, &in), &connect), cases[i].status);
    }
}

static void a_release_call_carries_its_cause(void)
{
    static const struct {
        const char *hex;
        struct cap_cause cause;
    } cases[] = {
        {"04028490", {.location = 4, .value = CAP_CAUSE_NORMAL_CLEARING}},
        {"04028495", {.location = 4, .value = 21}},
        {"0402809f", {.location = 0, .value = CAP_CAUSE_NORMAL_UNSPECIFIED}},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct room room;
        struct room out;
        struct cap_release_call release;
        struct cap_cause cause;
        CU_ASSERT_EQUAL_FATAL(cap_release_call_decode(from_hex(cases[i].hex, &room), &release),
                              P7_OK);
        CU_ASSERT_EQUAL(cap_cause_decode(release.cause, &cause), P7_OK);
        CU_ASSERT_EQUAL(cause.location, cases[i].cause.location);
        CU_ASSERT_EQUAL(cause.value, cases[i].cause.value);
        struct room octets;
        struct bytes_writer w = writer_of(&octets);
        CU_ASSERT_EQUAL(cap_cause_encode(&w, &cases[i].cause), P7_OK);
        release.cause = written(&w);
        w = writer_of(&out);
        CU_ASSERT_EQUAL(cap_release_call_encode(&w, &release), P7_OK);
        CU_ASSERT_TRUE(is_hex(written(&w), cases[i].hex));
    }
    struct room room;
    struct cap_release_call release;
    CU_ASSERT_EQUAL(cap_release_call_decode(from_hex("040184", &room), &release), P7_RANGE);
    CU_ASSERT_EQUAL(cap_release_call_decode(from_hex("30028490", &room), &release), P7_MALFORMED);
    CU_ASSERT_EQUAL(cap_release_call_decode(bytes_of(NULL, 0), &release), P7_MISSING);
}

/* CAP_CALL_INFORMATION_REQUEST, CAP_CALL_INFORMATION_REPORT */
static void call_information_is_asked_for_and_reported(void)
{
    struct room out;
    const struct cap_call_information_request request = {
        .has = {.leg_id = true},
        .requested = {.count = 3,
                      .type = {CAP_INFO_CALL_STOP_TIME, CAP_INFO_CALL_CONNECTED_ELAPSED_TIME,
                               CAP_INFO_RELEASE_CAUSE}},
        .leg_id = {CAP_LEG_SENDING, CAP_LEG_2},
    };
    struct bytes_writer w = writer_of(&out);
    CU_ASSERT_EQUAL(cap_call_information_request_encode(&w, &request), P7_OK);
    CU_ASSERT_TRUE(is_hex(written(&w), "3010 a009 0a0101 0a0102 0a011e a303800102"));
    struct cap_call_information_request asked;
    CU_ASSERT_EQUAL_FATAL(cap_call_information_request_decode(written(&w), &asked), P7_OK);
    CU_ASSERT_EQUAL(asked.requested.count, 3);
    CU_ASSERT_EQUAL(asked.requested.type[2], CAP_INFO_RELEASE_CAUSE);

    const struct cap_call_information_report report = {
        .requested = {.count = 2,
                      .item = {{.type = CAP_INFO_CALL_CONNECTED_ELAPSED_TIME,
                                .value = {.has = {.call_connected_elapsed_time = true},
                                          .call_connected_elapsed_time = 600}},
                               {.type = CAP_INFO_RELEASE_CAUSE,
                                .value = {.has = {.release_cause = true},
                                          .release_cause = bytes_of("\x84\x90", 2)}}}},
    };
    w = writer_of(&out);
    CU_ASSERT_EQUAL(cap_call_information_report_encode(&w, &report), P7_OK);
    CU_ASSERT_TRUE(is_hex(written(&w), "3018 a016 3009 800102 a104 82020258"
                                       "3009 80011e a104 9e028490"));
    struct cap_call_information_report told;
    CU_ASSERT_EQUAL_FATAL(cap_call_information_report_decode(written(&w), &told), P7_OK);
    CU_ASSERT_EQUAL(told.requested.count, 2);
    CU_ASSERT_EQUAL(told.requested.item[0].value.call_connected_elapsed_time, 600);
    CU_ASSERT_TRUE(told.requested.item[1].value.has.release_cause);
    CU_ASSERT_FALSE(told.has.leg_id);
}

static void a_cancel_is_one_or_all(void) /* CAP_CANCEL */
{
    struct room room;
    struct cap_cancel cancel;
    struct bytes_writer w = writer_of(&room);
    CU_ASSERT_EQUAL(
        cap_cancel_encode(&w, &(struct cap_cancel){.has = {.invoke_id = true}, .invoke_id = -3}),
        P7_OK);
    CU_ASSERT_TRUE(is_hex(written(&w), "8001fd"));
    CU_ASSERT_EQUAL_FATAL(cap_cancel_decode(written(&w), &cancel), P7_OK);
    CU_ASSERT_TRUE(cancel.has.invoke_id && !cancel.has.all_requests);
    CU_ASSERT_EQUAL(cancel.invoke_id, -3);
    w = writer_of(&room);
    CU_ASSERT_EQUAL(cap_cancel_encode(&w, &(struct cap_cancel){.has = {.all_requests = true}}),
                    P7_OK);
    CU_ASSERT_TRUE(is_hex(written(&w), "8100"));
    CU_ASSERT_EQUAL(cap_cancel_decode(from_hex("8100", &room), &cancel), P7_OK);
    CU_ASSERT_TRUE(cancel.has.all_requests && !cancel.has.invoke_id);
    CU_ASSERT_EQUAL(cap_cancel_decode(from_hex("8200", &room), &cancel), P7_MALFORMED);
    CU_ASSERT_EQUAL(cap_cancel_decode(from_hex("8100 8100", &room), &cancel), P7_MALFORMED);
    CU_ASSERT_EQUAL(cap_cancel_decode(bytes_of(NULL, 0), &cancel), P7_MISSING);
    /* A CHOICE has one alternative. */
    w = writer_of(&room);
    CU_ASSERT_EQUAL(cap_cancel_encode(&w, &(struct cap_cancel){0}), P7_MISSING);
    w = writer_of(&room);
    CU_ASSERT_EQUAL(
        cap_cancel_encode(&w, &(struct cap_cancel){.has = {true, true}, .invoke_id = 1}), P7_RANGE);
}

static void an_encoder_refuses_what_does_not_fit_and_marks_the_writer(void)
{
    struct room rooms[8];
    uint8_t small[100];
    struct cap_initial_dp dp = prepaid_dp(rooms);
    struct bytes_writer w = bytes_writer_of(small, small + sizeof(small));
    CU_ASSERT_EQUAL(cap_initial_dp_encode(&w, &dp), P7_FULL);
    CU_ASSERT_TRUE(w.failed);
    dp.service_key = -1;
    w = writer_of(&rooms[7]);
    CU_ASSERT_EQUAL(cap_initial_dp_encode(&w, &dp), P7_RANGE);
    CU_ASSERT_TRUE(w.failed);
    dp.service_key = 1;
    dp.imsi.length = 9;
    w = writer_of(&rooms[7]);
    CU_ASSERT_EQUAL(cap_initial_dp_encode(&w, &dp), P7_RANGE);
}

UNIT_TESTS = {
    UNIT(an_initial_dp_made_of_field_values_is_the_example_to_the_byte),
    UNIT(every_field_of_the_example_is_read),
    UNIT(what_other_stacks_sent_is_read_and_written_alike),
    UNIT(the_rarer_fields_of_an_initial_dp_are_read),
    UNIT(the_extension_of_an_initial_dp_is_read_by_its_phase),
    UNIT(an_initial_dp_without_service_key_is_refused),
    UNIT(what_breaks_the_types_of_an_initial_dp_is_refused),
    UNIT(unknown_elements_are_skipped),
    UNIT(indefinite_lengths_are_taken),
    UNIT(a_connect_is_written_and_read),
    UNIT(the_connects_of_other_stacks_are_read_and_written_alike),
    UNIT(a_connect_needs_exactly_one_destination),
    UNIT(a_release_call_carries_its_cause),
    UNIT(call_information_is_asked_for_and_reported),
    UNIT(a_cancel_is_one_or_all),
    UNIT(an_encoder_refuses_what_does_not_fit_and_marks_the_writer),
};
UNIT_MAIN("cap_call")
