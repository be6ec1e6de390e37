/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "sigtran/codec/cap_event.h"

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

#define SENDING(id)                                                                                \
    {                                                                                              \
        CAP_LEG_SENDING, (id)                                                                      \
    }
#define RECEIVING(id)                                                                              \
    {                                                                                              \
        CAP_LEG_RECEIVING, (id)                                                                    \
    }

/* What another stack's SCF armed. */
static void a_request_of_seven_events_made_of_values_is_the_vector_to_the_byte(void)
{
    static const char hex[] = "305da05b300b800104810100a203800102300b800105810100a203800102"
                              "300b800106810100a203800102300b800107810101a203800102"
                              "300b800109810100a203800101300b800109810100a203800102"
                              "300b80010a810101a203800101";
    static const struct {
        int32_t type;
        int32_t mode;
        uint8_t leg;
    } events[] = {
        {CAP_BCSM_ROUTE_SELECT_FAILURE, CAP_MONITOR_INTERRUPTED, 2},
        {CAP_BCSM_O_CALLED_PARTY_BUSY, CAP_MONITOR_INTERRUPTED, 2},
        {CAP_BCSM_O_NO_ANSWER, CAP_MONITOR_INTERRUPTED, 2},
        {CAP_BCSM_O_ANSWER, CAP_MONITOR_NOTIFY_AND_CONTINUE, 2},
        {CAP_BCSM_O_DISCONNECT, CAP_MONITOR_INTERRUPTED, 1},
        {CAP_BCSM_O_DISCONNECT, CAP_MONITOR_INTERRUPTED, 2},
        {CAP_BCSM_O_ABANDON, CAP_MONITOR_NOTIFY_AND_CONTINUE, 1},
    };
    struct room room;
    struct cap_request_report_bcsm_event request = {.bcsm = {.count = 7}};
    struct cap_request_report_bcsm_event back;
    CU_ASSERT_EQUAL_FATAL(cap_request_report_bcsm_event_decode(from_hex(hex, &room), &back), P7_OK);
    CU_ASSERT_EQUAL(back.bcsm.count, 7);
    for (size_t i = 0; i < 7; i++) {
        request.bcsm.event[i] = (struct cap_bcsm_event){
            .has = {.leg_id = true},
            .event_type = events[i].type,
            .monitor_mode = events[i].mode,
            .leg_id = SENDING(events[i].leg),
        };
        CU_ASSERT_EQUAL(back.bcsm.event[i].event_type, events[i].type);
        CU_ASSERT_EQUAL(back.bcsm.event[i].monitor_mode, events[i].mode);
        CU_ASSERT_TRUE(back.bcsm.event[i].has.leg_id);
        CU_ASSERT_EQUAL(back.bcsm.event[i].leg_id.side, CAP_LEG_SENDING);
        CU_ASSERT_EQUAL(back.bcsm.event[i].leg_id.id, events[i].leg);
        CU_ASSERT_FALSE(back.bcsm.event[i].has.application_timer_s);
    }
    struct bytes_writer w = writer_of(&room);
    CU_ASSERT_EQUAL(cap_request_report_bcsm_event_encode(&w, &request), P7_OK);
    CU_ASSERT_TRUE(wrote(&w, hex));
}

static void the_requests_of_other_stacks_are_read_and_written_alike(void)
{
    static const char *const cases[] = {
        "3034a032300680010e810101300680010d810101300b800111810101a203800101"
        "300b800111810101a2038001023006800112810101",
        /* no answer after 65 s, and an event type of -2 */
        "303ca03a30068001048101003006800105810100300680010781010030068001fe810100"
        "300b800109810100a203800102300b800106810100be03810141",
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct room in;
        struct room out;
        struct cap_request_report_bcsm_event request;
        CU_ASSERT_EQUAL_FATAL(
            cap_request_report_bcsm_event_decode(from_hex(cases[i], &in), &request), P7_OK);
        if (i == 1) {
            CU_ASSERT_EQUAL(request.bcsm.event[3].event_type, -2);
            CU_ASSERT_TRUE(request.bcsm.event[5].has.application_timer_s);
            CU_ASSERT_EQUAL(request.bcsm.event[5].application_timer_s, 65);
        }
        struct bytes_writer w = writer_of(&out);
        CU_ASSERT_EQUAL(cap_request_report_bcsm_event_encode(&w, &request), P7_OK);
        CU_ASSERT_TRUE(wrote(&w, cases[i]));
    }
}

static void a_request_that_is_none_is_refused(void)
{
    static const struct {
        const char *hex;
        enum p7_status status;
    } cases[] = {
        {"3000", P7_MISSING},
        {"3002 a000", P7_RANGE},
        {"3004 a002 3000", P7_MISSING},
        {"3007 a005 3003 800107", P7_MISSING},          /* no monitor mode */
        {"300a a008 3006 800107 810103", P7_RANGE},     /* no such mode */
        {"300a a008 3106 800107 810101", P7_MALFORMED}, /* a SET in the list */
        {"300a a008 3006 800107 810101", P7_OK},
        {"300f a00d 300b 800107 810101 be03 830101", P7_OK},      /* a criterion not known */
        {"3010 a00e 300c 800107 810101 be04 81020800", P7_RANGE}, /* timer of 2048 s */
        {"300f a00d 300b 800107 810101 a203820101", P7_MALFORMED},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct room room;
        struct cap_request_report_bcsm_event request;
        CU_ASSERT_EQUAL(
            cap_request_report_bcsm_event_decode(from_hex(cases[i].hex, &room), &request),
            cases[i].status);
    }
}

static void one_event_more_than_the_limit_is_refused(void)
{
    struct room room;
    struct cap_request_report_bcsm_event request = {.bcsm = {.count = CAP_BCSM_EVENTS_MAX}};
    for (size_t i = 0; i < CAP_BCSM_EVENTS_MAX; i++)
        request.bcsm.event[i].event_type = (int32_t)i;
    struct bytes_writer w = writer_of(&room);
    CU_ASSERT_EQUAL(cap_request_report_bcsm_event_encode(&w, &request), P7_OK);
    struct bytes whole = bytes_of(room.octets, bytes_writer_length(&w));
    struct cap_request_report_bcsm_event back;
    CU_ASSERT_EQUAL_FATAL(cap_request_report_bcsm_event_decode(whole, &back), P7_OK);
    CU_ASSERT_EQUAL(back.bcsm.count, CAP_BCSM_EVENTS_MAX);
    CU_ASSERT_EQUAL(back.bcsm.event[CAP_BCSM_EVENTS_MAX - 1].event_type, CAP_BCSM_EVENTS_MAX - 1);
    /* 30 81 f3 a0 81 f0, then eight octets an event: one more. */
    bytes_write(&w, bytes_of("\x30\x06\x80\x01\x07\x81\x01\x00", 8));
    room.octets[2] = (uint8_t)(room.octets[2] + 8);
    room.octets[5] = (uint8_t)(room.octets[5] + 8);
    whole.length += 8;
    CU_ASSERT_EQUAL(cap_request_report_bcsm_event_decode(whole, &back), P7_RANGE);
    request.bcsm.count++;
    w = writer_of(&room);
    CU_ASSERT_EQUAL(cap_request_report_bcsm_event_encode(&w, &request), P7_RANGE);
    request.bcsm.count = 0;
    w = writer_of(&room);
    CU_ASSERT_EQUAL(cap_request_report_bcsm_event_encode(&w, &request), P7_RANGE);
}

static void a_report_made_of_values_is_the_vector_to_the_byte(void)
{
    const struct cap_event_report_bcsm answer_without_leg = {
        .has = {.misc_call_info = true},
        .event_type = CAP_BCSM_O_ANSWER,
        .misc_call_info = {.message_type = CAP_MESSAGE_NOTIFICATION},
    };
    const struct cap_event_report_bcsm answer = {
        .has = {.leg_id = true, .misc_call_info = true},
        .event_type = CAP_BCSM_O_ANSWER,
        .leg_id = RECEIVING(2),
        .misc_call_info = {.message_type = CAP_MESSAGE_NOTIFICATION},
    };
    const struct cap_event_report_bcsm disconnect = {
        .has = {.leg_id = true, .misc_call_info = true},
        .event_type = CAP_BCSM_O_DISCONNECT,
        .leg_id = RECEIVING(1),
        .misc_call_info = {.message_type = CAP_MESSAGE_REQUEST},
    };
    const struct cap_event_report_bcsm failure = {
        .has = {.event_specific = true, .leg_id = true},
        .event_type = CAP_BCSM_ROUTE_SELECT_FAILURE,
        .event_specific = {.has = {.route_select_failure = true},
                           .route_select_failure = {.has = {.cause = true},
                                                    .cause = bytes_of("\x84\x90", 2)}},
        .leg_id = RECEIVING(2),
    };
    const struct {
        const struct cap_event_report_bcsm *report;
        const char *hex;
    } cases[] = {
        {&answer_without_leg, "3008800107a403800101"},
        {&answer, "300d800107a303810102a403800101"},
        {&disconnect, "300d800109a303810101a403800100"},
        {&failure, "3010800104a206a20480028490a303810102"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct room room;
        struct bytes_writer w = writer_of(&room);
        const struct cap_event_report_bcsm *want = cases[i].report;
        CU_ASSERT_EQUAL(cap_event_report_bcsm_encode(&w, want), P7_OK);
        CU_ASSERT_TRUE(wrote(&w, cases[i].hex));
        struct cap_event_report_bcsm back;
        memset(&back, 0xa5, sizeof(back));
        CU_ASSERT_EQUAL_FATAL(cap_event_report_bcsm_decode(from_hex(cases[i].hex, &room), &back),
                              P7_OK);
        CU_ASSERT_EQUAL(back.event_type, want->event_type);
        CU_ASSERT_EQUAL(back.has.leg_id, want->has.leg_id);
        CU_ASSERT_EQUAL(back.has.event_specific, want->has.event_specific);
        CU_ASSERT_EQUAL(back.has.misc_call_info, want->has.misc_call_info);
        if (want->has.misc_call_info)
            CU_ASSERT_EQUAL(back.misc_call_info.message_type, want->misc_call_info.message_type);
        if (want->has.leg_id) {
            CU_ASSERT_EQUAL(back.leg_id.side, CAP_LEG_RECEIVING);
            CU_ASSERT_EQUAL(back.leg_id.id, want->leg_id.id);
        }
    }
}

static const struct cap_event_specific *read_specific(const char *hex, struct room *room,
                                                      struct cap_event_report_bcsm *report)
{
    struct room out;
    memset(report, 0xa5, sizeof(*report));
    CU_ASSERT_EQUAL_FATAL(cap_event_report_bcsm_decode(from_hex(hex, room), report), P7_OK);
    CU_ASSERT_TRUE(report->has.event_specific);
    struct bytes_writer w = writer_of(&out);
    CU_ASSERT_EQUAL(cap_event_report_bcsm_encode(&w, report), P7_OK);
    CU_ASSERT_TRUE(wrote(&w, hex));
    return &report->event_specific;
}

static void the_information_of_each_event_is_read_and_written_alike(void)
{
    struct room room;
    struct cap_event_report_bcsm r;
    const struct cap_event_specific *s = read_specific("300b 800105 a206 a304 80028191", &room, &r);
    CU_ASSERT_TRUE(s->has.o_called_party_busy && s->o_called_party_busy.has.cause);
    CU_ASSERT_EQUAL(s->o_called_party_busy.cause.length, 2);
    s = read_specific("3007 800106 a202 a400", &room, &r);
    CU_ASSERT_TRUE(s->has.o_no_answer && !s->has.o_answer);
    s = read_specific("301e 800107 a219 a517 9f3204 84102143 9f3300 9f3400 9f350102"
                      "bf3603830111",
                      &room, &r);
    CU_ASSERT_TRUE(s->has.o_answer && s->o_answer.has.destination_address);
    CU_ASSERT_TRUE(s->o_answer.has.or_call && s->o_answer.has.forwarded_call);
    CU_ASSERT_EQUAL(s->o_answer.charge_indicator, 2);
    CU_ASSERT_TRUE(s->o_answer.ext_basic_service_code.has.teleservice);
    CU_ASSERT_FALSE(s->o_answer.has.ext_basic_service_code2);
    s = read_specific("300b 800109 a206 a704 80028490", &room, &r);
    CU_ASSERT_TRUE(s->has.o_disconnect && s->o_disconnect.has.cause);
    s = read_specific("3014 80010d a20f a80d 80028191 9f3200 9f3403 811021", &room, &r);
    CU_ASSERT_TRUE(s->has.t_busy && s->t_busy.has.call_forwarded);
    CU_ASSERT_EQUAL(s->t_busy.forwarding_destination_number.length, 3);
    s = read_specific("3010 80010e a20b a909 9f3200 9f3403 811021", &room, &r);
    CU_ASSERT_TRUE(s->has.t_no_answer && s->t_no_answer.has.forwarding_destination_number);
    s = read_specific("3007 80010f a202 aa00", &room, &r);
    CU_ASSERT_TRUE(s->has.t_answer && !s->t_answer.has.destination_address);
    s = read_specific("300b 800111 a206 ac04 80028490", &room, &r);
    CU_ASSERT_TRUE(s->has.t_disconnect);
    s = read_specific("300a 80010a a205 b503 9f3200", &room, &r);
    CU_ASSERT_TRUE(s->has.o_abandon && s->o_abandon.has.route_not_permitted);
}

/* oMidCallSpecificInfo [6] is of a later phase: the event itself is read. */
static void information_of_an_event_not_known_is_absent(void)
{
    struct room room;
    struct cap_event_report_bcsm report;
    CU_ASSERT_EQUAL_FATAL(
        cap_event_report_bcsm_decode(from_hex("300c 800108 a202 a600 a303810101", &room), &report),
        P7_OK);
    CU_ASSERT_EQUAL(report.event_type, 8);
    CU_ASSERT_FALSE(report.has.event_specific);
    CU_ASSERT_TRUE(report.has.leg_id);
}

static void a_report_that_is_none_is_refused(void)
{
    static const struct {
        const char *hex;
        enum p7_status status;
    } cases[] = {
        {"3000", P7_MISSING},
        {"3005 a303810101", P7_MISSING},
        {"3008 800107 a303800101", P7_MALFORMED},   /* the sending side */
        {"3008 800107 a403800102", P7_RANGE},       /* no such messageType */
        {"3005 800107 a400", P7_MISSING},           /* no messageType */
        {"3005 800107 a200", P7_MALFORMED},         /* a CHOICE of none */
        {"300a 800109 a205 a703 800184", P7_RANGE}, /* a cause of one octet */
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct room room;
        struct cap_event_report_bcsm report;
        CU_ASSERT_EQUAL(cap_event_report_bcsm_decode(from_hex(cases[i].hex, &room), &report),
                        cases[i].status);
    }
}

static void an_event_has_its_standards_name(void)
{
    CU_ASSERT_STRING_EQUAL(cap_bcsm_event_name(CAP_BCSM_O_ANSWER), "oAnswer");
    CU_ASSERT_STRING_EQUAL(cap_bcsm_event_name(18), "tAbandon");
    CU_ASSERT_PTR_NULL(cap_bcsm_event_name(-2));
    CU_ASSERT_STRING_EQUAL(cap_sms_event_name(CAP_SMS_COLLECTED_INFO), "sms-CollectedInfo");
    CU_ASSERT_PTR_NULL(cap_sms_event_name(4));
}

UNIT_TESTS = {
    UNIT(a_request_of_seven_events_made_of_values_is_the_vector_to_the_byte),
    UNIT(the_requests_of_other_stacks_are_read_and_written_alike),
    UNIT(a_request_that_is_none_is_refused),
    UNIT(one_event_more_than_the_limit_is_refused),
    UNIT(a_report_made_of_values_is_the_vector_to_the_byte),
    UNIT(the_information_of_each_event_is_read_and_written_alike),
    UNIT(information_of_an_event_not_known_is_absent),
    UNIT(a_report_that_is_none_is_refused),
    UNIT(an_event_has_its_standards_name),
};
UNIT_MAIN("cap_event")
