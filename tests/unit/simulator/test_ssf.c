/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "tests/unit/simulator/ssf_rig.h"

static void write_request(struct rig *rig, enum request_kind kind)
{
    struct bytes_writer w =
        bytes_writer_of(rig->components, rig->components + sizeof(rig->components));
    rig->call.kind = (uint8_t)kind;
    CU_ASSERT_EQUAL_FATAL(ssf_write_request(&rig->ssf, &w, &rig->call, &rig->model), P7_OK);
    CU_ASSERT_FALSE(w.failed);
    rig->component_octets = bytes_writer_length(&w);
    decode(rig);
}

static const struct tcap_component *invoke_at(const struct rig *rig, unsigned index, int32_t code)
{
    const struct tcap_component *component = &rig->message.components[index];
    CU_ASSERT_FATAL(index < rig->message.component_count);
    CU_ASSERT_EQUAL(component->type, TCAP_INVOKE);
    CU_ASSERT_EQUAL(component->code, code);
    return component;
}

static void check_isup(struct bytes octets, enum cap_isup_form form, const char *digits)
{
    struct cap_isup_number number;
    CU_ASSERT_EQUAL_FATAL(cap_isup_number_decode(octets, form, &number), P7_OK);
    CU_ASSERT_STRING_EQUAL(number.digits, digits);
    CU_ASSERT_EQUAL(number.nature, CAP_NATURE_INTERNATIONAL);
    CU_ASSERT_EQUAL(number.plan, CAP_PLAN_ISDN);
}

static void check_bcd(struct bytes octets, const char *digits)
{
    struct cap_bcd_number number;
    CU_ASSERT_EQUAL_FATAL(cap_bcd_number_decode(octets, &number), P7_OK);
    CU_ASSERT_STRING_EQUAL(number.digits, digits);
    CU_ASSERT_EQUAL(number.type, CAP_TYPE_INTERNATIONAL);
}

static void check_imsi(struct bytes octets, const char *digits)
{
    char text[CAP_IMSI_DIGITS_MAX + 1];
    CU_ASSERT_EQUAL_FATAL(cap_imsi_decode(octets, text), P7_OK);
    CU_ASSERT_STRING_EQUAL(text, digits);
}

static void check_reference(struct bytes octets, uint64_t expected)
{
    CU_ASSERT_EQUAL_FATAL(octets.length, 8);
    CU_ASSERT_EQUAL(bytes_load_u64be(octets.data), expected);
}

/* --- requests --------------------------------------------------------------------------------- */

/* PROTOCOL, "initialDP parameters"; TS29.078-6.1 */
static void an_originating_call_asks_with_all_its_parameters(void)
{
    static const uint8_t speech[] = {0x80, 0x90, 0xa3};
    struct rig rig;
    struct cap_initial_dp dp;
    rig_open(&rig);
    write_request(&rig, REQUEST_INITIAL);
    CU_ASSERT_EQUAL(rig.message.component_count, 1);
    CU_ASSERT_EQUAL_FATAL(cap_initial_dp_decode(invoke_at(&rig, 0, CAP_INITIAL_DP)->parameter, &dp),
                          P7_OK);
    CU_ASSERT_EQUAL(dp.service_key, 100);
    CU_ASSERT_FALSE(dp.has.called_party_number);
    CU_ASSERT_TRUE_FATAL(dp.has.called_party_bcd_number);
    check_bcd(dp.called_party_bcd_number, CALLED);
    check_isup(dp.calling_party_number, CAP_ISUP_CALLING, "46701000042");
    CU_ASSERT_EQUAL(dp.calling_partys_category, 10);
    check_isup(dp.location_number, CAP_ISUP_LOCATION, MSC);
    CU_ASSERT_EQUAL_FATAL(dp.bearer_capability.length, sizeof(speech));
    CU_ASSERT_EQUAL(memcmp(dp.bearer_capability.data, speech, sizeof(speech)), 0);
    CU_ASSERT_EQUAL(dp.event_type_bcsm, 2);
    check_imsi(dp.imsi, "240070000000042");
    CU_ASSERT_TRUE(dp.has.location_information && dp.location_information.has.vlr_number);
    check_bcd(dp.location_information.vlr_number, MSC);
    CU_ASSERT_EQUAL(dp.ext_basic_service_code.teleservice.data[0], 0x11);
    check_reference(dp.call_reference_number, 0xa1b2c30000000007);
    check_bcd(dp.msc_address, MSC);
    CU_ASSERT_TRUE(dp.has.time_and_timezone);
}

static void a_terminating_call_asks_with_the_called_partys_isup_number(void)
{
    struct rig rig;
    struct cap_initial_dp dp;
    rig_open(&rig);
    rig.model.mobile_terminated = true;
    write_request(&rig, REQUEST_ONESHOT);
    CU_ASSERT_EQUAL_FATAL(cap_initial_dp_decode(invoke_at(&rig, 0, CAP_INITIAL_DP)->parameter, &dp),
                          P7_OK);
    CU_ASSERT_EQUAL(dp.event_type_bcsm, 12);
    CU_ASSERT_FALSE(dp.has.called_party_bcd_number);
    CU_ASSERT_TRUE_FATAL(dp.has.called_party_number);
    check_isup(dp.called_party_number, CAP_ISUP_CALLED, CALLED);
}

static void a_short_message_asks_with_all_its_parameters(void)
{
    struct rig rig;
    struct cap_initial_dp_sms dp;
    rig_open(&rig);
    rig.model.kind = TRAFFIC_MODEL_EVENT;
    write_request(&rig, REQUEST_EVENT);
    CU_ASSERT_EQUAL_FATAL(
        cap_initial_dp_sms_decode(invoke_at(&rig, 0, CAP_INITIAL_DP_SMS)->parameter, &dp), P7_OK);
    CU_ASSERT_EQUAL(dp.service_key, 100);
    check_bcd(dp.destination_subscriber_number, CALLED);
    check_bcd(dp.calling_party_number, "46701000042");
    CU_ASSERT_EQUAL(dp.event_type_sms, CAP_SMS_COLLECTED_INFO);
    check_imsi(dp.imsi, "240070000000042");
    check_bcd(dp.smsc_address, MSC);
    check_reference(dp.sms_reference_number, 0xa1b2c30000000007);
    CU_ASSERT_TRUE(dp.has.time_and_timezone && dp.has.tp_short_message_specific_info);
}

static void a_report_tells_the_time_used_and_that_the_call_goes_on(void)
{
    struct rig rig;
    struct cap_apply_charging_report report;
    rig_open(&rig);
    rig.call.used_ms = 30000;
    write_request(&rig, REQUEST_INTERIM);
    CU_ASSERT_EQUAL(rig.message.component_count, 1);
    CU_ASSERT_EQUAL_FATAL(cap_apply_charging_report_decode(
                              invoke_at(&rig, 0, CAP_APPLY_CHARGING_REPORT)->parameter, &report),
                          P7_OK);
    CU_ASSERT_EQUAL(report.time.no_tariff_switch_100ms, 300);
    CU_ASSERT_EQUAL(report.party_to_charge.side, CAP_LEG_RECEIVING);
    CU_ASSERT_EQUAL(report.party_to_charge.id, CAP_LEG_1);
    CU_ASSERT_TRUE(report.leg_active);
}

static void a_final_reports_the_time_and_the_disconnect(void)
{
    for (unsigned terminated = 0; terminated < 2; terminated++) {
        struct rig rig;
        struct cap_apply_charging_report report;
        struct cap_event_report_bcsm event;
        struct cap_cause cause;
        rig_open(&rig);
        rig.call.used_ms = 61250;
        rig.model.mobile_terminated = terminated != 0;
        write_request(&rig, REQUEST_FINAL);
        CU_ASSERT_EQUAL(rig.message.component_count, 2);
        CU_ASSERT_EQUAL_FATAL(
            cap_apply_charging_report_decode(
                invoke_at(&rig, 0, CAP_APPLY_CHARGING_REPORT)->parameter, &report),
            P7_OK);
        CU_ASSERT_EQUAL(report.time.no_tariff_switch_100ms, 612);
        CU_ASSERT_TRUE(report.has.leg_active && !report.leg_active);
        CU_ASSERT_EQUAL_FATAL(cap_event_report_bcsm_decode(
                                  invoke_at(&rig, 1, CAP_EVENT_REPORT_BCSM)->parameter, &event),
                              P7_OK);
        CU_ASSERT_EQUAL(event.event_type,
                        terminated ? CAP_BCSM_T_DISCONNECT : CAP_BCSM_O_DISCONNECT);
        CU_ASSERT_EQUAL(event.misc_call_info.message_type, CAP_MESSAGE_REQUEST);
        const struct cap_event_cause *told =
            terminated ? &event.event_specific.t_disconnect : &event.event_specific.o_disconnect;
        CU_ASSERT_EQUAL_FATAL(cap_cause_decode(told->cause, &cause), P7_OK);
        CU_ASSERT_EQUAL(cause.value, CAP_CAUSE_NORMAL_CLEARING);
        CU_ASSERT_NOT_EQUAL(rig.message.components[0].invoke_id,
                            rig.message.components[1].invoke_id);
    }
}

static void an_abandoned_call_reports_that_alone(void)
{
    struct rig rig;
    struct cap_event_report_bcsm event;
    rig_open(&rig);
    rig.call.outcome = TRAFFIC_ABANDONED;
    write_request(&rig, REQUEST_FINAL);
    CU_ASSERT_EQUAL(rig.message.component_count, 1);
    CU_ASSERT_EQUAL_FATAL(
        cap_event_report_bcsm_decode(invoke_at(&rig, 0, CAP_EVENT_REPORT_BCSM)->parameter, &event),
        P7_OK);
    CU_ASSERT_EQUAL(event.event_type, CAP_BCSM_O_ABANDON);
    CU_ASSERT_EQUAL(event.leg_id.id, CAP_LEG_1);
}

/* How each call ends that is not answered, as an originating and as a terminating call tells it. */
static void what_is_not_answered_reports_its_event_leg_and_cause(void)
{
    static const struct {
        enum traffic_outcome outcome;
        int32_t o_event, t_event;
        uint8_t leg, o_cause, t_cause; /* 0: the event has none */
    } cases[] = {
        {TRAFFIC_BUSY, CAP_BCSM_O_CALLED_PARTY_BUSY, CAP_BCSM_T_BUSY, CAP_LEG_2, 17, 17},
        {TRAFFIC_NO_ANSWER, CAP_BCSM_O_NO_ANSWER, CAP_BCSM_T_NO_ANSWER, CAP_LEG_2, 0, 0},
        {TRAFFIC_ROUTE_FAILURE, CAP_BCSM_ROUTE_SELECT_FAILURE, CAP_BCSM_T_BUSY, CAP_LEG_2, 34, 20},
        {TRAFFIC_ABANDONED, CAP_BCSM_O_ABANDON, CAP_BCSM_T_ABANDON, CAP_LEG_1, 0, 0},
    };
    for (unsigned i = 0; i < 2 * sizeof(cases) / sizeof(cases[0]); i++) {
        const bool terminated = i % 2 == 1;
        struct rig rig;
        struct cap_event_report_bcsm event;
        struct cap_cause cause = {0};
        rig_open(&rig);
        rig.call.outcome = (uint8_t)cases[i / 2].outcome;
        rig.model.mobile_terminated = terminated;
        write_request(&rig, REQUEST_FINAL);
        CU_ASSERT_EQUAL_FATAL(rig.message.component_count, 1);
        CU_ASSERT_EQUAL_FATAL(cap_event_report_bcsm_decode(
                                  invoke_at(&rig, 0, CAP_EVENT_REPORT_BCSM)->parameter, &event),
                              P7_OK);
        CU_ASSERT_EQUAL(event.event_type, terminated ? cases[i / 2].t_event : cases[i / 2].o_event);
        CU_ASSERT_EQUAL(event.leg_id.side, CAP_LEG_RECEIVING);
        CU_ASSERT_EQUAL(event.leg_id.id, cases[i / 2].leg);
        CU_ASSERT_EQUAL(event.misc_call_info.message_type, CAP_MESSAGE_REQUEST);
        const uint8_t expected = terminated ? cases[i / 2].t_cause : cases[i / 2].o_cause;
        CU_ASSERT_EQUAL(event.has.event_specific, expected != 0);
        if (expected == 0)
            continue;
        const struct bytes octets = event.event_type == CAP_BCSM_T_BUSY
                                        ? event.event_specific.t_busy.cause
                                        : event.event_specific.o_called_party_busy.cause;
        CU_ASSERT_EQUAL_FATAL(cap_cause_decode(octets, &cause), P7_OK);
        CU_ASSERT_EQUAL(cause.value, expected);
    }
}

static int32_t message_type_of_abandon(struct rig *rig)
{
    struct cap_event_report_bcsm event;
    write_request(rig, REQUEST_FINAL);
    CU_ASSERT_EQUAL_FATAL(
        cap_event_report_bcsm_decode(invoke_at(rig, 0, CAP_EVENT_REPORT_BCSM)->parameter, &event),
        P7_OK);
    CU_ASSERT_EQUAL(event.event_type, CAP_BCSM_O_ABANDON);
    return event.misc_call_info.message_type;
}

/* GSM 03.78: phase 2 can arm oAbandon as a notification alone. */
static void an_event_that_is_armed_to_notify_asks_for_no_instruction(void)
{
    struct rig rig;
    rig_open(&rig);
    rig.call.outcome = TRAFFIC_ABANDONED;
    CU_ASSERT_EQUAL(message_type_of_abandon(&rig), CAP_MESSAGE_REQUEST);
    rig.call.armed &= ~SSF_ARMED_INTERRUPTED(SSF_EVENT_ABANDON);
    CU_ASSERT_EQUAL(message_type_of_abandon(&rig), CAP_MESSAGE_NOTIFICATION);
}

static void what_nobody_armed_is_told_by_the_charging_report_alone(void)
{
    struct rig rig;
    struct cap_apply_charging_report report;
    rig_open(&rig);
    rig.call.armed = 0;
    rig.call.outcome = TRAFFIC_BUSY;
    write_request(&rig, REQUEST_FINAL);
    CU_ASSERT_EQUAL(rig.message.component_count, 1);
    CU_ASSERT_EQUAL_FATAL(cap_apply_charging_report_decode(
                              invoke_at(&rig, 0, CAP_APPLY_CHARGING_REPORT)->parameter, &report),
                          P7_OK);
    CU_ASSERT_FALSE(cap_apply_charging_report_leg_active(&report));
    CU_ASSERT_EQUAL(cap_apply_charging_report_used_100ms(&report), 0);
    struct bytes_writer w = bytes_writer_of(rig.components, rig.components + 100);
    CU_ASSERT_EQUAL(ssf_write_answer(&w, &rig.call, &rig.model), P7_OK);
    CU_ASSERT_EQUAL(bytes_writer_length(&w), 0);
}

static void either_party_may_hang_up(void)
{
    for (unsigned called = 0; called < 2; called++) {
        struct rig rig;
        struct cap_event_report_bcsm event;
        rig_open(&rig);
        rig.call.called_ends = called == 1;
        write_request(&rig, REQUEST_FINAL);
        CU_ASSERT_EQUAL_FATAL(cap_event_report_bcsm_decode(
                                  invoke_at(&rig, 1, CAP_EVENT_REPORT_BCSM)->parameter, &event),
                              P7_OK);
        CU_ASSERT_EQUAL(event.event_type, CAP_BCSM_O_DISCONNECT);
        CU_ASSERT_EQUAL(event.leg_id.id, called == 1 ? CAP_LEG_2 : CAP_LEG_1);
    }
}

/* TS29.078-6.1.1, callInformationReport: what was asked for, and nothing else. */
static void information_that_was_asked_for_comes_with_the_end(void)
{
    struct rig rig;
    struct cap_call_information_report report;
    struct cap_time stop;
    const struct cap_call_information_request asked = {
        .requested = {.count = 3,
                      .type = {CAP_INFO_CALL_STOP_TIME, CAP_INFO_RELEASE_CAUSE,
                               CAP_INFO_CALL_CONNECTED_ELAPSED_TIME}}};
    rig_open(&rig);
    rig.call.armed = ssf_arm_information(rig.call.armed, &asked);
    rig.call.used_ms = 61200;
    rig.call.due_ns = INT64_C(3000000000);
    write_request(&rig, REQUEST_FINAL);
    CU_ASSERT_EQUAL_FATAL(rig.message.component_count, 3);
    CU_ASSERT_EQUAL_FATAL(cap_call_information_report_decode(
                              invoke_at(&rig, 1, CAP_CALL_INFORMATION_REPORT)->parameter, &report),
                          P7_OK);
    CU_ASSERT_EQUAL_FATAL(report.requested.count, 3);
    CU_ASSERT_EQUAL_FATAL(
        cap_date_and_time_decode(report.requested.item[0].value.call_stop_time, &stop), P7_OK);
    CU_ASSERT(stop.year == 2024 && stop.month == 3 && stop.day == 1 && stop.second == 1);
    CU_ASSERT_EQUAL(report.requested.item[1].value.call_connected_elapsed_time, 612);
    CU_ASSERT_EQUAL(report.requested.item[2].type, CAP_INFO_RELEASE_CAUSE);
}

static void an_answer_is_a_notification_of_leg_2(void)
{
    struct rig rig;
    struct cap_event_report_bcsm event;
    rig_open(&rig);
    struct bytes_writer w = bytes_writer_of(rig.components, rig.components + 100);
    CU_ASSERT_EQUAL_FATAL(ssf_write_answer(&w, &rig.call, &rig.model), P7_OK);
    rig.component_octets = bytes_writer_length(&w);
    decode(&rig);
    CU_ASSERT_EQUAL_FATAL(
        cap_event_report_bcsm_decode(invoke_at(&rig, 0, CAP_EVENT_REPORT_BCSM)->parameter, &event),
        P7_OK);
    CU_ASSERT_EQUAL(event.event_type, CAP_BCSM_O_ANSWER);
    CU_ASSERT_EQUAL(event.leg_id.id, CAP_LEG_2);
    CU_ASSERT_EQUAL(event.misc_call_info.message_type, CAP_MESSAGE_NOTIFICATION);
}

static void application_contexts_follow_the_model(void)
{
    static const struct {
        struct traffic_model model;
        enum cap_application_context context;
    } cases[] = {
        {{.kind = TRAFFIC_MODEL_CALL, .cap_version = 2}, CAP_AC_V2_GSMSSF},
        {{.kind = TRAFFIC_MODEL_CALL, .cap_version = 3}, CAP_AC_V3_GENERIC},
        {{.kind = TRAFFIC_MODEL_ONESHOT, .cap_version = 3}, CAP_AC_V3_GENERIC},
        {{.kind = TRAFFIC_MODEL_EVENT, .cap_version = 2}, CAP_AC_V3_SMS},
    };
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct bytes is = ssf_application_context(&cases[i].model);
        const struct bytes wanted = cap_application_context_oid(cases[i].context);
        CU_ASSERT_EQUAL_FATAL(is.length, wanted.length);
        CU_ASSERT_EQUAL(memcmp(is.data, wanted.data, is.length), 0);
    }
}

/* PROTOCOL: "same identity and other content: an error". */
static void what_is_said_again_is_the_same_to_the_octet(void)
{
    static const enum request_kind kinds[] = {REQUEST_ONESHOT, REQUEST_INITIAL, REQUEST_EVENT,
                                              REQUEST_INTERIM, REQUEST_FINAL};
    for (unsigned k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
        struct rig rig;
        uint8_t first[SSF_COMPONENTS_OCTETS];
        rig_open(&rig);
        rig.call.due_ns = 1500000000;
        rig.call.used_ms = 30000;
        write_request(&rig, kinds[k]);
        const size_t length = rig.component_octets;
        memcpy(first, rig.components, length);
        const struct traffic_call saved = rig.call;
        rig.call.number = 8; /* another call in between, some seconds later */
        rig.call.due_ns = 9000000000;
        rig.call.subscriber = 1;
        write_request(&rig, REQUEST_INITIAL);
        rig.call = saved;
        rig.call.attempts = 2;
        write_request(&rig, kinds[k]);
        CU_ASSERT_EQUAL_FATAL(rig.component_octets, length);
        CU_ASSERT_EQUAL(memcmp(rig.components, first, length), 0);
    }
}

static void references_tell_calls_and_runs_apart(void)
{
    struct rig rig;
    uint64_t seen[3];
    for (unsigned i = 0; i < 3; i++) {
        struct cap_initial_dp dp;
        rig_open(&rig);
        rig.ssf.run_tag = i < 2 ? RUN_TAG : RUN_TAG + 1;
        rig.call.number = i == 1 ? UINT64_C(0xffffffffff) : 0;
        write_request(&rig, REQUEST_INITIAL);
        CU_ASSERT_EQUAL_FATAL(
            cap_initial_dp_decode(invoke_at(&rig, 0, CAP_INITIAL_DP)->parameter, &dp), P7_OK);
        seen[i] = bytes_load_u64be(dp.call_reference_number.data);
        CU_ASSERT_EQUAL(seen[i], ssf_call_reference(rig.ssf.run_tag, rig.call.number));
    }
    CU_ASSERT_EQUAL(seen[0], 0xa1b2c30000000000);
    CU_ASSERT_EQUAL(seen[1], 0xa1b2c3ffffffffff);
    CU_ASSERT_EQUAL(seen[2], 0xa1b2c40000000000);
}

static void check_time(int64_t wall_s, int64_t due_ns, const char *expected)
{
    struct rig rig;
    struct cap_initial_dp dp;
    struct cap_time time;
    char text[40];
    rig_open(&rig);
    rig.ssf.start_wall_s = wall_s;
    rig.call.due_ns = due_ns;
    write_request(&rig, REQUEST_INITIAL);
    CU_ASSERT_EQUAL_FATAL(cap_initial_dp_decode(invoke_at(&rig, 0, CAP_INITIAL_DP)->parameter, &dp),
                          P7_OK);
    CU_ASSERT_EQUAL_FATAL(cap_time_and_timezone_decode(dp.time_and_timezone, &time), P7_OK);
    (void)snprintf(text, sizeof(text), "%04u-%02u-%02u %02u:%02u:%02u", time.year, time.month,
                   time.day, time.hour, time.minute, time.second);
    CU_ASSERT_STRING_EQUAL(text, expected);
    CU_ASSERT_EQUAL(time.zone_quarter_hours, 0);
}

static void the_time_of_day_is_that_of_the_due_instant(void)
{
    check_time(LEAP_DAY_S, 0, "2024-02-29 23:59:58");
    check_time(LEAP_DAY_S, 1999999999, "2024-02-29 23:59:59");
    check_time(LEAP_DAY_S, 2000000000, "2024-03-01 00:00:00");
    check_time(0, 0, "1970-01-01 00:00:00");
    check_time(951782400, 0, "2000-02-29 00:00:00");           /* a leap century */
    check_time(1677628799, 1000000000, "2023-03-01 00:00:00"); /* no leap year */
    check_time(4107542399, 0, "2100-02-28 23:59:59");
    check_time(4107542399, 1000000000, "2100-03-01 00:00:00"); /* no leap century */
    check_time(1735689599, 0, "2024-12-31 23:59:59");
    check_time(1735689599, INT64_C(86400000000000), "2025-01-01 23:59:59");
}

/* Two that may be outstanding at a time never have the same id (Q.774-3.2.1.1.3). */
static void reports_in_a_row_have_different_invoke_ids(void)
{
    struct rig rig;
    int last_a = -1, last_b = -1;
    rig_open(&rig);
    for (unsigned report = 0; report < 600; report++) {
        rig.call.sequence = (uint8_t)report;
        write_request(&rig, REQUEST_FINAL);
        const int a = rig.message.components[0].invoke_id;
        const int b = rig.message.components[1].invoke_id;
        CU_ASSERT(a > 2 && b > 2 && a != b);
        CU_ASSERT(a != last_a && a != last_b && b != last_a && b != last_b);
        last_a = a;
        last_b = b;
    }
}

static void a_number_that_does_not_fit_is_refused(void)
{
    struct rig rig;
    struct ssf ssf;
    rig_open(&rig);
    struct ssf_config config = {
        .called_party = "467055x", .msc_address = MSC, .subscribers = &rig.subscribers};
    CU_ASSERT_EQUAL(ssf_init(&ssf, &config), P7_RANGE);
    config.called_party = "123456789012345678901234567890123";
    CU_ASSERT_EQUAL(ssf_init(&ssf, &config), P7_RANGE);
    config.called_party = CALLED;
    config.msc_address = "not a number";
    CU_ASSERT_EQUAL(ssf_init(&ssf, &config), P7_RANGE);
}

static void a_buffer_that_is_too_small_says_full_and_is_not_overrun(void)
{
    static const enum request_kind kinds[] = {REQUEST_INITIAL, REQUEST_EVENT, REQUEST_INTERIM,
                                              REQUEST_FINAL};
    for (unsigned k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
        struct rig rig;
        rig_open(&rig);
        write_request(&rig, kinds[k]);
        for (size_t room = 0; room < rig.component_octets; room++) {
            struct bytes_writer w = bytes_writer_of(rig.components, rig.components + room);
            rig.components[room] = 0x5a;
            CU_ASSERT_EQUAL(ssf_write_request(&rig.ssf, &w, &rig.call, &rig.model), P7_FULL);
            CU_ASSERT_EQUAL(rig.components[room], 0x5a);
        }
    }
}

UNIT_TESTS = {
    UNIT(an_originating_call_asks_with_all_its_parameters),
    UNIT(a_terminating_call_asks_with_the_called_partys_isup_number),
    UNIT(a_short_message_asks_with_all_its_parameters),
    UNIT(a_report_tells_the_time_used_and_that_the_call_goes_on),
    UNIT(a_final_reports_the_time_and_the_disconnect),
    UNIT(an_abandoned_call_reports_that_alone),
    UNIT(what_is_not_answered_reports_its_event_leg_and_cause),
    UNIT(an_event_that_is_armed_to_notify_asks_for_no_instruction),
    UNIT(what_nobody_armed_is_told_by_the_charging_report_alone),
    UNIT(either_party_may_hang_up),
    UNIT(information_that_was_asked_for_comes_with_the_end),
    UNIT(an_answer_is_a_notification_of_leg_2),
    UNIT(application_contexts_follow_the_model),
    UNIT(what_is_said_again_is_the_same_to_the_octet),
    UNIT(references_tell_calls_and_runs_apart),
    UNIT(the_time_of_day_is_that_of_the_due_instant),
    UNIT(reports_in_a_row_have_different_invoke_ids),
    UNIT(a_number_that_does_not_fit_is_refused),
    UNIT(a_buffer_that_is_too_small_says_full_and_is_not_overrun),
};
UNIT_MAIN("ssf")
