/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "sigtran/fsm/sccp_routing.h"

#include "tests/unit/unit.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define LOCAL_PC     200
#define PEER_PC      100
#define NOW_NS       1000000000LL

static struct sccp_routing routing;
static struct sccp_indication ind;
static uint8_t sent[512];
static uint8_t reply[SCCP_REPLY_OCTETS];
static const uint8_t data[] = {0x62, 0x03, 0x48, 0x01, 0x01};

static void set_up(void)
{
    sccp_routing_init(&routing, SCCP_ITU, LOCAL_PC, 0);
    CU_ASSERT_EQUAL(sccp_routing_equip(&routing, SCCP_SSN_CAP), P7_OK);
}

static struct sccp_message unitdata(uint8_t type, uint8_t ssn)
{
    return (struct sccp_message){
        .type = type,
        .return_on_error = type == SCCP_UDT || type == SCCP_XUDT || type == SCCP_LUDT,
        .hop_counter = 15,
        .called = {.has_ssn = true, .ssn = ssn, .route_on_ssn = true},
        .calling = {.has_ssn = true, .ssn = 147, .route_on_ssn = true},
        .data = bytes_of(data, sizeof(data)),
    };
}

static void receive(const struct sccp_message *m)
{
    struct bytes_writer in = bytes_writer_of(sent, sent + sizeof(sent));
    struct bytes_writer out = bytes_writer_of(reply, reply + sizeof(reply));
    CU_ASSERT_EQUAL_FATAL(sccp_encode(&in, m), P7_OK);
    sccp_routing_receive(&routing, PEER_PC, bytes_of(sent, bytes_writer_length(&in)), NOW_NS, &out,
                         &ind);
}

/* The reply is a message of `type` with `cause` that goes back with the same user data. */
static void check_returned(uint8_t type, uint8_t cause)
{
    struct sccp_message back;
    CU_ASSERT_EQUAL(ind.verdict, SCCP_VERDICT_RETURNED);
    CU_ASSERT_EQUAL(ind.cause, cause);
    CU_ASSERT_EQUAL_FATAL(sccp_decode(SCCP_ITU, ind.reply, &back), P7_OK);
    CU_ASSERT_EQUAL(back.type, type);
    CU_ASSERT_EQUAL(back.return_cause, cause);
    CU_ASSERT_TRUE(bytes_equal(back.called_octets, ind.message.calling_octets));
    CU_ASSERT_TRUE(bytes_equal(back.calling_octets, ind.message.called_octets));
    CU_ASSERT_TRUE(bytes_equal(back.data, bytes_of(data, sizeof(data))));
}

static void a_message_for_an_equipped_subsystem_is_delivered(void) /* Q.714-2.2.1, 2.3.1 */
{
    static const uint8_t types[] = {SCCP_UDT, SCCP_XUDT, SCCP_LUDT};
    for (size_t i = 0; i < COUNT(types); i++) {
        set_up();
        const struct sccp_message m = unitdata(types[i], SCCP_SSN_CAP);
        receive(&m);
        CU_ASSERT_EQUAL(ind.verdict, SCCP_VERDICT_DELIVER);
        CU_ASSERT_EQUAL(ind.ssn, SCCP_SSN_CAP);
        CU_ASSERT_EQUAL(ind.reply.length, 0);
        CU_ASSERT_TRUE(bytes_equal(ind.message.data, bytes_of(data, sizeof(data))));
        CU_ASSERT_EQUAL(routing.counters.delivered, 1);
        CU_ASSERT_EQUAL(routing.counters.received, 1);
    }
}

static void an_unequipped_subsystem_returns_in_kind(void) /* Q.714-4.2; Q.714-2.8 */
{
    static const uint8_t types[][2] = {
        {SCCP_UDT, SCCP_UDTS}, {SCCP_XUDT, SCCP_XUDTS}, {SCCP_LUDT, SCCP_LUDTS}};
    for (size_t i = 0; i < COUNT(types); i++) {
        set_up();
        const struct sccp_message m = unitdata(types[i][0], 8);
        receive(&m);
        check_returned(types[i][1], SCCP_CAUSE_UNEQUIPPED_USER);
        CU_ASSERT_EQUAL(ind.reply_dpc, PEER_PC);
        CU_ASSERT_EQUAL(routing.counters.unequipped, 1);
        CU_ASSERT_EQUAL(routing.counters.returned, 1);
    }
}

static void the_return_goes_to_the_point_code_of_a_caller_routed_on_it(void) /* Q.714-2.2.2, 4.2 */
{
    set_up();
    struct sccp_message m = unitdata(SCCP_UDT, 8);
    m.calling.has_pc = true;
    m.calling.pc = 777;
    receive(&m);
    CU_ASSERT_EQUAL(ind.reply_dpc, 777);
    m.calling.route_on_ssn = false; /* routed on a title: its point code is no destination */
    m.calling.gti = 4;
    receive(&m);
    CU_ASSERT_EQUAL(ind.reply_dpc, PEER_PC);
}

static void without_return_option_nothing_goes_back(void) /* Q.714-4.2 */
{
    set_up();
    struct sccp_message m = unitdata(SCCP_UDT, 8);
    m.return_on_error = false;
    receive(&m);
    CU_ASSERT_EQUAL(ind.verdict, SCCP_VERDICT_DROPPED);
    CU_ASSERT_EQUAL(ind.status, P7_OK);
    CU_ASSERT_EQUAL(ind.cause, SCCP_CAUSE_UNEQUIPPED_USER);
    CU_ASSERT_EQUAL(ind.reply.length, 0);
    CU_ASSERT_EQUAL(routing.counters.dropped_no_return, 1);
}

static void a_subsystem_out_of_service_has_failed(void) /* Q.714-2.8 */
{
    set_up();
    CU_ASSERT_EQUAL(sccp_routing_set_in_service(&routing, 8, false), P7_NOT_FOUND);
    CU_ASSERT_EQUAL(sccp_routing_set_in_service(&routing, SCCP_SSN_CAP, false), P7_OK);
    const struct sccp_message m = unitdata(SCCP_UDT, SCCP_SSN_CAP);
    receive(&m);
    check_returned(SCCP_UDTS, SCCP_CAUSE_SUBSYSTEM_FAILURE);
    CU_ASSERT_EQUAL(sccp_routing_set_in_service(&routing, SCCP_SSN_CAP, true), P7_OK);
    receive(&m);
    CU_ASSERT_EQUAL(ind.verdict, SCCP_VERDICT_DELIVER);
}

static struct sccp_message to_title(const char *digits, uint8_t ssn,
                                    uint8_t packed[DIGITS_PACKED_OCTETS])
{
    struct sccp_message m = unitdata(SCCP_UDT, ssn);
    m.called.route_on_ssn = false;
    m.called.has_ssn = ssn != 0;
    m.called.gti = 4;
    m.called.numbering_plan = SCCP_NUMBERING_PLAN_E164;
    m.called.nature_of_address = SCCP_NATURE_INTERNATIONAL;
    CU_ASSERT_EQUAL(sccp_address_set_digits(&m.called, digits, packed), P7_OK);
    return m;
}

static void without_own_titles_every_title_is_ours(void)
{
    uint8_t packed[DIGITS_PACKED_OCTETS];
    set_up();
    struct sccp_message m = to_title("4915112345", SCCP_SSN_CAP, packed);
    receive(&m);
    CU_ASSERT_EQUAL(ind.verdict, SCCP_VERDICT_DELIVER);
    /* No SSN in the address and none known for it. */
    m = to_title("4915112345", 0, packed);
    receive(&m);
    check_returned(SCCP_UDTS, SCCP_CAUSE_UNEQUIPPED_USER);
    routing.default_ssn = SCCP_SSN_CAP;
    receive(&m);
    CU_ASSERT_EQUAL(ind.verdict, SCCP_VERDICT_DELIVER);
}

/* Titles that begin so are ours. */
static void add_local(const char *digits, uint8_t ssn)
{
    struct sccp_translation_rule rule = sccp_translation_rule_any();
    (void)snprintf(rule.digits, sizeof(rule.digits), "%s", digits);
    rule.is_local = true;
    rule.ssn = ssn;
    CU_ASSERT_EQUAL(sccp_translation_add(&routing.translation, &rule), P7_OK);
}

static void a_title_that_is_not_ours_has_no_translation(void) /* Q.714-2.4 */
{
    uint8_t packed[DIGITS_PACKED_OCTETS];
    set_up();
    CU_ASSERT_EQUAL(sccp_routing_equip(&routing, 6), P7_OK);
    add_local("49151", SCCP_SSN_CAP);
    add_local("491519", 6);
    struct sccp_message m = to_title("49152", SCCP_SSN_CAP, packed);
    receive(&m);
    check_returned(SCCP_UDTS, SCCP_CAUSE_NO_TRANSLATION);
    CU_ASSERT_EQUAL(routing.counters.no_translation, 1);
    m = to_title("4915", SCCP_SSN_CAP, packed); /* shorter than ours */
    receive(&m);
    check_returned(SCCP_UDTS, SCCP_CAUSE_NO_TRANSLATION);
    m = to_title("4915100", 0, packed);
    receive(&m);
    CU_ASSERT_EQUAL(ind.verdict, SCCP_VERDICT_DELIVER);
    CU_ASSERT_EQUAL(ind.ssn, SCCP_SSN_CAP);
    m = to_title("4915190", 0, packed); /* the longest match counts */
    receive(&m);
    CU_ASSERT_EQUAL(ind.ssn, 6);
    m.called.encoding_scheme = 7;
    receive(&m);
    check_returned(SCCP_UDTS, SCCP_CAUSE_NO_TRANSLATION_NATURE);
}

static void routing_on_a_title_that_is_not_there_has_no_translation(void) /* Q.714-2.8 */
{
    set_up();
    struct sccp_message m = unitdata(SCCP_UDT, SCCP_SSN_CAP);
    m.called.route_on_ssn = false;
    receive(&m);
    check_returned(SCCP_UDTS, SCCP_CAUSE_NO_TRANSLATION_NATURE);
}

static void a_used_up_hop_counter_is_a_violation(void) /* Q.714-2.3.1 */
{
    uint8_t packed[DIGITS_PACKED_OCTETS];
    set_up();
    struct sccp_message m = unitdata(SCCP_XUDT, SCCP_SSN_CAP);
    m.hop_counter = 1; /* no translation here, so none is used up */
    receive(&m);
    CU_ASSERT_EQUAL(ind.verdict, SCCP_VERDICT_DELIVER);
    m.hop_counter = 0;
    receive(&m);
    check_returned(SCCP_XUDTS, SCCP_CAUSE_HOP_COUNTER);
    m.hop_counter = 16;
    receive(&m);
    check_returned(SCCP_XUDTS, SCCP_CAUSE_HOP_COUNTER);
    m = to_title("49151", SCCP_SSN_CAP, packed);
    m.type = SCCP_XUDT;
    m.hop_counter = 1;
    receive(&m);
    check_returned(SCCP_XUDTS, SCCP_CAUSE_HOP_COUNTER);
    m.hop_counter = 2;
    receive(&m);
    CU_ASSERT_EQUAL(ind.verdict, SCCP_VERDICT_DELIVER);
    CU_ASSERT_EQUAL(routing.counters.hop_violations, 3);
}

static void a_segment_is_for_reassembly_and_a_single_one_is_a_whole_message(void)
{
    set_up();
    struct sccp_message m = unitdata(SCCP_XUDT, SCCP_SSN_CAP);
    m.has_segmentation = true;
    m.segmentation.first = true;
    receive(&m);
    CU_ASSERT_EQUAL(ind.verdict, SCCP_VERDICT_DELIVER);
    m.segmentation.remaining = 1;
    receive(&m);
    CU_ASSERT_EQUAL(ind.verdict, SCCP_VERDICT_SEGMENT);
    CU_ASSERT_EQUAL(ind.ssn, SCCP_SSN_CAP);
    m.segmentation.first = false;
    m.segmentation.remaining = 0;
    receive(&m);
    CU_ASSERT_EQUAL(ind.verdict, SCCP_VERDICT_SEGMENT);
    CU_ASSERT_EQUAL(routing.counters.delivered, 1);
    m.hop_counter = 0; /* each segment has been routed by itself */
    receive(&m);
    check_returned(SCCP_XUDTS, SCCP_CAUSE_HOP_COUNTER);
    m = unitdata(SCCP_XUDT, 8);
    m.has_segmentation = true;
    m.segmentation = (struct sccp_segmentation){.first = true, .remaining = 1};
    receive(&m);
    check_returned(SCCP_XUDTS, SCCP_CAUSE_UNEQUIPPED_USER);
}

static void a_first_segment_can_be_returned_when_the_others_did_not_come(void)
{
    static const uint8_t types[2][2] = {{SCCP_XUDT, SCCP_XUDTS}, {SCCP_LUDT, SCCP_LUDTS}};
    for (size_t i = 0; i < COUNT(types); i++) {
        set_up();
        struct sccp_message m = unitdata(types[i][0], SCCP_SSN_CAP); /* Q.714-4.1.1.2.3 */
        m.has_segmentation = true;
        m.segmentation = (struct sccp_segmentation){.first = true, .remaining = 3, .reference = 77};
        receive(&m);
        CU_ASSERT_EQUAL_FATAL(ind.verdict, SCCP_VERDICT_SEGMENT);
        struct bytes_writer out = bytes_writer_of(reply, reply + sizeof(reply));
        sccp_routing_return(&routing, PEER_PC, SCCP_CAUSE_TRANSPORT_ERROR, &out, &ind);
        check_returned(types[i][1], SCCP_CAUSE_TRANSPORT_ERROR);
        ind.message.return_on_error = false;
        sccp_routing_return(&routing, PEER_PC, SCCP_CAUSE_TRANSPORT_ERROR, &out, &ind);
        CU_ASSERT_TRUE(ind.verdict == SCCP_VERDICT_DROPPED && ind.reply.length == 0);
    }
}

static void of_returned_segments_the_first_one_is_the_notice(void) /* Q.714-4.1.1.1.3 */
{
    set_up();
    struct sccp_message m = unitdata(SCCP_XUDTS, SCCP_SSN_CAP);
    m.has_segmentation = true;
    m.segmentation = (struct sccp_segmentation){.first = true, .remaining = 1};
    receive(&m);
    CU_ASSERT_EQUAL(ind.verdict, SCCP_VERDICT_NOTICE);
    m.segmentation = (struct sccp_segmentation){.first = false};
    receive(&m);
    CU_ASSERT_EQUAL(ind.verdict, SCCP_VERDICT_DROPPED);
    CU_ASSERT_TRUE(routing.counters.notices == 1 && routing.counters.notices_partial == 1);
}

static void what_comes_back_is_a_notice_to_its_user(void)
{
    static const uint8_t types[] = {SCCP_UDTS, SCCP_XUDTS, SCCP_LUDTS};
    for (size_t i = 0; i < COUNT(types); i++) {
        set_up();
        struct sccp_message m = unitdata(types[i], SCCP_SSN_CAP);
        m.return_cause = SCCP_CAUSE_MTP_FAILURE;
        m.called.route_on_ssn = i != 1; /* some networks return "route on GT" without a GT */
        receive(&m);
        CU_ASSERT_EQUAL(ind.verdict, SCCP_VERDICT_NOTICE);
        CU_ASSERT_EQUAL(ind.ssn, SCCP_SSN_CAP);
        CU_ASSERT_EQUAL(ind.cause, SCCP_CAUSE_MTP_FAILURE);
        CU_ASSERT_EQUAL(routing.counters.notices, 1);
    }
}

static void a_returned_message_is_never_returned(void) /* no ping-pong, Q.714-4.2 */
{
    static const uint8_t types[] = {SCCP_UDTS, SCCP_XUDTS, SCCP_LUDTS};
    for (size_t i = 0; i < COUNT(types); i++) {
        set_up();
        struct sccp_message m = unitdata(types[i], 8);
        m.hop_counter = 0;
        receive(&m);
        CU_ASSERT_EQUAL(ind.verdict, SCCP_VERDICT_DROPPED);
        CU_ASSERT_EQUAL(ind.reply.length, 0);
        CU_ASSERT_EQUAL(routing.counters.notices_lost, 1);
        CU_ASSERT_EQUAL(routing.counters.returned, 0);
    }
}

static void malformed_octets_are_counted_and_dropped(void) /* Q.714-4.3 */
{
    static const uint8_t connection_request[] = {0x01, 0, 0, 1, 2, 2, 2, 0x42, 0x92, 0};
    set_up();
    const struct sccp_message m = unitdata(SCCP_UDT, 8);
    receive(&m);
    const size_t length = 5 + 3 + 3 + 1 + sizeof(data);
    for (size_t cut = 0; cut < length; cut++) {
        struct bytes_writer out = bytes_writer_of(reply, reply + sizeof(reply));
        sccp_routing_receive(&routing, PEER_PC, bytes_of(sent, cut), NOW_NS, &out, &ind);
        CU_ASSERT_EQUAL(ind.verdict, SCCP_VERDICT_DROPPED);
        CU_ASSERT_EQUAL(ind.status, P7_TRUNCATED);
        CU_ASSERT_EQUAL(bytes_writer_length(&out), 0);
    }
    CU_ASSERT_EQUAL(routing.counters.malformed, length);
    struct bytes_writer out = bytes_writer_of(reply, reply + sizeof(reply));
    sccp_routing_receive(&routing, PEER_PC, bytes_of(connection_request, 10), NOW_NS, &out, &ind);
    CU_ASSERT_EQUAL(ind.verdict, SCCP_VERDICT_DROPPED);
    CU_ASSERT_EQUAL(ind.status, P7_UNSUPPORTED);
    CU_ASSERT_EQUAL(routing.counters.unsupported, 1);
}

static void a_reply_without_room_is_counted(void)
{
    set_up();
    const struct sccp_message m = unitdata(SCCP_UDT, 8);
    receive(&m);
    const struct bytes in = bytes_of(sent, 5 + 3 + 3 + 1 + sizeof(data));
    struct bytes_writer out = bytes_writer_of(reply, reply + 10);
    sccp_routing_receive(&routing, PEER_PC, in, NOW_NS, &out, &ind);
    CU_ASSERT_EQUAL(ind.verdict, SCCP_VERDICT_DROPPED);
    CU_ASSERT_EQUAL(ind.status, P7_FULL);
    CU_ASSERT_EQUAL(ind.reply.length, 0);
    CU_ASSERT_EQUAL(routing.counters.reply_failed, 1);
}

static void receive_management(uint8_t type, uint8_t ssn, uint16_t pc)
{
    uint8_t scmg[8];
    struct bytes_writer w = bytes_writer_of(scmg, scmg + sizeof(scmg));
    const struct sccp_management management = {
        .type = type, .affected_ssn = ssn, .affected_pc = pc, .multiplicity = 1};
    struct sccp_message m = unitdata(SCCP_UDT, SCCP_SSN_MANAGEMENT);
    CU_ASSERT_EQUAL(sccp_management_write(&w, &management), P7_OK);
    m.data = bytes_of(scmg, bytes_writer_length(&w));
    receive(&m);
}

static void a_status_test_of_an_allowed_subsystem_is_answered(void) /* Q.714-5.3.4; Q.714-5.3.4.3 */
{
    struct sccp_message back;
    struct sccp_management answer;
    set_up();
    receive_management(SCCP_SST, SCCP_SSN_CAP, LOCAL_PC);
    CU_ASSERT_EQUAL(ind.verdict, SCCP_VERDICT_MANAGED);
    CU_ASSERT_EQUAL(ind.reply_dpc, PEER_PC);
    CU_ASSERT_EQUAL_FATAL(sccp_decode(SCCP_ITU, ind.reply, &back), P7_OK);
    CU_ASSERT_EQUAL(back.type, SCCP_UDT);
    CU_ASSERT_TRUE(bytes_equal(back.called_octets, ind.message.calling_octets));
    CU_ASSERT_EQUAL_FATAL(sccp_management_decode(SCCP_ITU, back.data, &answer), P7_OK);
    CU_ASSERT_EQUAL(answer.type, SCCP_SSA);
    CU_ASSERT_EQUAL(answer.affected_ssn, SCCP_SSN_CAP);
    CU_ASSERT_EQUAL(answer.affected_pc, LOCAL_PC);
    CU_ASSERT_EQUAL(routing.counters.status_tests_answered, 1);
}

static void other_management_is_shown_and_not_answered(void)
{
    set_up();
    receive_management(SCCP_SST, 8, LOCAL_PC); /* not here */
    CU_ASSERT_EQUAL(ind.reply.length, 0);
    receive_management(SCCP_SST, SCCP_SSN_CAP, PEER_PC); /* somebody else's */
    CU_ASSERT_EQUAL(ind.reply.length, 0);
    receive_management(SCCP_SSP, SCCP_SSN_CAP, PEER_PC);
    CU_ASSERT_EQUAL(ind.verdict, SCCP_VERDICT_MANAGED);
    CU_ASSERT_EQUAL(ind.management.type, SCCP_SSP);
    CU_ASSERT_EQUAL(ind.management.affected_pc, PEER_PC);
    CU_ASSERT_EQUAL(ind.reply.length, 0);
    CU_ASSERT_EQUAL(sccp_routing_set_in_service(&routing, SCCP_SSN_CAP, false), P7_OK);
    receive_management(SCCP_SST, SCCP_SSN_CAP, LOCAL_PC);
    CU_ASSERT_EQUAL(ind.reply.length, 0);
    const struct sccp_message m = unitdata(SCCP_UDT, SCCP_SSN_MANAGEMENT); /* no SCMG inside */
    receive(&m);
    CU_ASSERT_EQUAL(ind.verdict, SCCP_VERDICT_DROPPED);
    CU_ASSERT_EQUAL(ind.status, P7_UNSUPPORTED);
    CU_ASSERT_EQUAL(routing.counters.status_tests_answered, 0);
    CU_ASSERT_EQUAL(routing.counters.management, 5);
}

static void settings_out_of_bounds_are_refused(void)
{
    set_up();
    CU_ASSERT_EQUAL(sccp_routing_equip(&routing, 0), P7_RANGE);
    CU_ASSERT_EQUAL(sccp_routing_equip(&routing, SCCP_SSN_MANAGEMENT), P7_RANGE);
}

UNIT_TESTS = {
    UNIT(a_message_for_an_equipped_subsystem_is_delivered),
    UNIT(an_unequipped_subsystem_returns_in_kind),
    UNIT(the_return_goes_to_the_point_code_of_a_caller_routed_on_it),
    UNIT(without_return_option_nothing_goes_back),
    UNIT(a_subsystem_out_of_service_has_failed),
    UNIT(without_own_titles_every_title_is_ours),
    UNIT(a_title_that_is_not_ours_has_no_translation),
    UNIT(routing_on_a_title_that_is_not_there_has_no_translation),
    UNIT(a_used_up_hop_counter_is_a_violation),
    UNIT(a_segment_is_for_reassembly_and_a_single_one_is_a_whole_message),
    UNIT(a_first_segment_can_be_returned_when_the_others_did_not_come),
    UNIT(of_returned_segments_the_first_one_is_the_notice),
    UNIT(what_comes_back_is_a_notice_to_its_user),
    UNIT(a_returned_message_is_never_returned),
    UNIT(malformed_octets_are_counted_and_dropped),
    UNIT(a_reply_without_room_is_counted),
    UNIT(a_status_test_of_an_allowed_subsystem_is_answered),
    UNIT(other_management_is_shown_and_not_answered),
    UNIT(settings_out_of_bounds_are_refused),
};
UNIT_MAIN("sccp_routing")
