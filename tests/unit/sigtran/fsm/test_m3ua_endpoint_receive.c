/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The test plays the peer, with bytes: what is answered, counted and raised. */
#include "tests/unit/sigtran/fsm/m3ua_endpoint_fixture.h"

#define ASPUP "0100030100000008"
#define ASPAC "0100040100000008"
#define BEAT  "0100030300000010 0009000831323334"
/* without and with routing context 7 or 8, SI 3, SLS 1, empty payload */
#define DATA   "0100010100000018 02100010 00000001000002bc03020001"
#define DATA_7 "0100010100000020 0006000800000007 02100010 00000001000002bc03020001"
#define DATA_8 "0100010100000020 0006000800000008 02100010 00000001000002bc03020001"

static struct node *const node = &nodes[0];

static const struct m3ua_endpoint_counters *counters(void)
{
    return m3ua_endpoint_get_counters(node->ep);
}

static void start(enum asp_role role)
{
    fixture_reset();
    node_simple(0, role, 1, AS_MODE_OVERRIDE);
    link_up(0, node, 0, NULL, 0, 4);
}

static void start_sg_active(void)
{
    start(ASP_ROLE_SG);
    give(node, 0, 0, ASPUP);
    give(node, 0, 0, ASPAC);
    CU_ASSERT_EQUAL_FATAL(m3ua_endpoint_asp_state(node->ep, 0), ASP_STATE_ACTIVE);
    node->sent_count = 0;
    node->event_count = 0;
}

static void start_asp_active(void)
{
    start(ASP_ROLE_ASP);
    give(node, 0, 0, "0100030400000008");
    give(node, 0, 0, "0100040300000008");
    CU_ASSERT_EQUAL_FATAL(m3ua_endpoint_asp_state(node->ep, 0), ASP_STATE_ACTIVE);
    node->sent_count = 0;
    node->event_count = 0;
}

/* RFC4666-4.3.1 */
static void data_before_asp_active_is_refused_and_counted(void)
{
    start(ASP_ROLE_SG);
    CU_ASSERT_EQUAL(error_for(node, 0, 1, DATA), M3UA_ERROR_UNEXPECTED_MESSAGE);
    give(node, 0, 0, ASPUP);
    CU_ASSERT_EQUAL(error_for(node, 0, 1, DATA_7), M3UA_ERROR_UNEXPECTED_MESSAGE);
    CU_ASSERT_EQUAL(counters()->data_in_not_active, 2);
    CU_ASSERT_EQUAL(counters()->in_unexpected, 2);
    CU_ASSERT_EQUAL(node->data_count, 0);
    give(node, 0, 0, ASPAC);
    CU_ASSERT_EQUAL(error_for(node, 0, 1, DATA_7), 0);
    CU_ASSERT_EQUAL(error_for(node, 0, 1, DATA), 0);
    CU_ASSERT_EQUAL(node->data_count, 2);
    CU_ASSERT_EQUAL(counters()->data_in, 2);
    CU_ASSERT_EQUAL(counters()->in[M3UA_CLASS_TRANSFER], 4);
}

static void a_beat_before_asp_up_is_acknowledged_is_refused(void)
{
    start(ASP_ROLE_SG);
    CU_ASSERT_EQUAL(error_for(node, 0, 0, BEAT), M3UA_ERROR_UNEXPECTED_MESSAGE);
    start(ASP_ROLE_ASP);
    CU_ASSERT_EQUAL(error_for(node, 0, 0, BEAT), M3UA_ERROR_UNEXPECTED_MESSAGE);
}

/* RFC4666-3.5.6 */
static void a_beat_is_answered_with_the_same_data_on_any_stream(void)
{
    start_sg_active();
    give(node, 0, 3, BEAT);
    CU_ASSERT_EQUAL(last_sent(node)->kind, M3UA_BEAT_ACK);
    CU_ASSERT_TRUE(bytes_equal(sent_message.heartbeat_data, bytes_of("1234", 4)));
    give(node, 0, 0, "0100030300000008");
    CU_ASSERT_EQUAL(last_sent(node)->kind, M3UA_BEAT_ACK);
    CU_ASSERT_EQUAL(sent_message.present, 0);
    give(node, 0, 0, "010003030000000c 00090004");
    CU_ASSERT_EQUAL(last_sent(node)->present, M3UA_HAS_HEARTBEAT_DATA);
}

/* RFC4666-3.3.1 */
static void a_routing_context_that_is_not_ours_is_refused_and_named(void)
{
    start_sg_active();
    CU_ASSERT_EQUAL(error_for(node, 0, 1, DATA_8), M3UA_ERROR_INVALID_ROUTING_CONTEXT);
    CU_ASSERT_EQUAL(m3ua_list_u32(sent_message.routing_contexts, 0), 8);
    CU_ASSERT_EQUAL(counters()->data_in_routing_context, 1);
    CU_ASSERT_EQUAL(node->data_count, 0);
    /* one of two: the other goes on (RFC4666-4.3.4.3) */
    CU_ASSERT_EQUAL(error_for(node, 0, 0, "0100040200000014 0006000c0000000800000007"),
                    M3UA_ERROR_INVALID_ROUTING_CONTEXT);
    CU_ASSERT_EQUAL(m3ua_endpoint_asp_state(node->ep, 0), ASP_STATE_INACTIVE);
    CU_ASSERT_EQUAL(last_sent(node)->kind, M3UA_NTFY); /* AS-PENDING, after the answer */
    CU_ASSERT_EQUAL(sent_message.status_information, M3UA_AS_PENDING);
    CU_ASSERT_EQUAL(error_for(node, 0, 0, "0100040100000010 0006000800000009"),
                    M3UA_ERROR_INVALID_ROUTING_CONTEXT);
    CU_ASSERT_EQUAL(m3ua_endpoint_asp_state(node->ep, 0), ASP_STATE_INACTIVE);
}

static void without_a_routing_context_data_must_leave_no_choice(void)
{
    fixture_reset();
    const struct m3ua_asp_config asp[] = {{.role = ASP_ROLE_SG}, {.role = ASP_ROLE_SG}};
    const struct m3ua_as_config as[] = {
        {.has_routing_context = true,
         .routing_context = 7,
         .traffic_mode = AS_MODE_OVERRIDE,
         .asp_count = 1,
         .asp = {0}},
        {.has_routing_context = true,
         .routing_context = 8,
         .traffic_mode = AS_MODE_OVERRIDE,
         .asp_count = 1,
         .asp = {0}},
    };
    const struct m3ua_endpoint_config config = {
        .asp_count = 2, .asp = asp, .as_count = 2, .as = as};
    CU_ASSERT_EQUAL_FATAL(node_create(0, &config), P7_OK);
    link_up(0, node, 0, NULL, 0, 4);
    link_up(1, node, 1, NULL, 0, 4);
    give(node, 0, 0, ASPUP);
    give(node, 0, 0, ASPAC);
    CU_ASSERT_EQUAL(error_for(node, 0, 1, DATA), M3UA_ERROR_NO_CONFIGURED_AS);
    CU_ASSERT_EQUAL(error_for(node, 0, 1, DATA_8), 0);
    CU_ASSERT_EQUAL(node->data_as, 1);
    CU_ASSERT_EQUAL(counters()->data_in_routing_context, 1);
    /* an ASP in no AS at all */
    give(node, 1, 0, ASPUP);
    CU_ASSERT_EQUAL(error_for(node, 1, 0, ASPAC), M3UA_ERROR_NO_CONFIGURED_AS);
    CU_ASSERT_EQUAL(error_for(node, 1, 1, DATA), M3UA_ERROR_NO_CONFIGURED_AS);
}

static void an_as_without_a_routing_context_takes_any_and_sends_none(void)
{
    fixture_reset();
    const struct m3ua_asp_config asp = {
        .role = ASP_ROLE_ASP, .wants_up = true, .wants_active = true};
    const struct m3ua_as_config as = {.traffic_mode = AS_MODE_OVERRIDE, .asp_count = 1, .asp = {0}};
    const struct m3ua_endpoint_config config = {
        .asp_count = 1, .asp = &asp, .as_count = 1, .as = &as};
    CU_ASSERT_EQUAL_FATAL(node_create(0, &config), P7_OK);
    link_up(0, node, 0, NULL, 0, 4);
    give(node, 0, 0, "0100030400000008");
    CU_ASSERT_EQUAL(last_sent(node)->kind, M3UA_ASPAC);
    CU_ASSERT_EQUAL(sent_message.present, 0);
    CU_ASSERT_EQUAL(error_for(node, 0, 0, "0100040300000010 0006000800000063"), 0);
    CU_ASSERT_EQUAL(m3ua_endpoint_asp_state(node->ep, 0), ASP_STATE_ACTIVE);
    CU_ASSERT_EQUAL(error_for(node, 0, 1, DATA_8), 0);
    CU_ASSERT_EQUAL(node->data_count, 1);
    CU_ASSERT_EQUAL(transfer(node, 0, 0, "x"), P7_OK);
    CU_ASSERT_FALSE(last_sent(node)->data.has_routing_context);
}

static void another_network_appearance_is_refused_and_named(void) /* RFC4666-1.2 */
{
    fixture_reset();
    const struct m3ua_asp_config asp = {.role = ASP_ROLE_SG};
    const struct m3ua_as_config as = {.traffic_mode = AS_MODE_OVERRIDE, .asp_count = 1, .asp = {0}};
    const struct m3ua_endpoint_config config = {.has_network_appearance = true,
                                                .network_appearance = 5,
                                                .asp_count = 1,
                                                .asp = &asp,
                                                .as_count = 1,
                                                .as = &as};
    CU_ASSERT_EQUAL_FATAL(node_create(0, &config), P7_OK);
    link_up(0, node, 0, NULL, 0, 4);
    give(node, 0, 0, ASPUP);
    give(node, 0, 0, ASPAC);
    CU_ASSERT_EQUAL(error_for(node, 0, 1,
                              "0100010100000020 0200000800000006"
                              "02100010 00000001000002bc03020001"),
                    M3UA_ERROR_INVALID_NETWORK_APPEARANCE);
    CU_ASSERT_EQUAL(sent_message.network_appearance, 6);
    CU_ASSERT_EQUAL(error_for(node, 0, 1,
                              "0100010100000020 0200000800000005"
                              "02100010 00000001000002bc03020001"),
                    0);
    CU_ASSERT_EQUAL(error_for(node, 0, 1, DATA), 0);
    CU_ASSERT_EQUAL(node->data_count, 2);
    /* ours goes into what we send */
    CU_ASSERT_EQUAL(transfer(node, 0, 0, "x"), P7_OK);
    CU_ASSERT_TRUE(last_sent(node)->data.has_network_appearance);
    CU_ASSERT_EQUAL(sent_message.data.network_appearance, 5);
}

/* RFC4666-3.8.1; RFC4666-4.8, 4.3.4.1.1 */
static void broken_messages_are_counted_and_answered_unless_they_are_errors(void)
{
    start_sg_active();
    CU_ASSERT_EQUAL(error_for(node, 0, 0, "0200030100000008"), M3UA_ERROR_INVALID_VERSION);
    CU_ASSERT_EQUAL(sent_message.diagnostic.length, 8);
    CU_ASSERT_EQUAL(error_for(node, 0, 0, "0100070100000008"),
                    M3UA_ERROR_UNSUPPORTED_MESSAGE_CLASS);
    CU_ASSERT_EQUAL(error_for(node, 0, 0, "0100040900000008"), M3UA_ERROR_UNSUPPORTED_MESSAGE_TYPE);
    CU_ASSERT_EQUAL(error_for(node, 0, 1, "0100010100000008"), M3UA_ERROR_MISSING_PARAMETER);
    CU_ASSERT_EQUAL(error_for(node, 0, 0, ""), M3UA_ERROR_PROTOCOL_ERROR);
    CU_ASSERT_EQUAL(counters()->in_malformed, 5);
    CU_ASSERT_EQUAL(counters()->errors_sent, 5);
    CU_ASSERT_EQUAL(events_of(node, M3UA_EVENT_ERROR_SENT), 5);
    CU_ASSERT_EQUAL(error_for(node, 0, 0, "0100000000000008"), 0);
    CU_ASSERT_EQUAL(error_for(node, 0, 0, "0100000000000010 000c000800000006"), 0);
    CU_ASSERT_EQUAL(node->sent_count, 0);
    CU_ASSERT_EQUAL(counters()->in_malformed, 6);
    CU_ASSERT_EQUAL(counters()->errors_received, 1);
    CU_ASSERT_EQUAL(event_of(node, M3UA_EVENT_ERROR)->message_kind, M3UA_ERR);
    CU_ASSERT_EQUAL(m3ua_endpoint_asp_state(node->ep, 0), ASP_STATE_ACTIVE);
}

/* RFC4666-1.4.7: NTFY, SSNM and ASPTM may come on any stream. */
static void notify_and_traffic_maintenance_may_come_on_any_stream(void)
{
    start(ASP_ROLE_ASP);
    give(node, 0, 0, "0100030400000008");
    CU_ASSERT_EQUAL(error_for(node, 0, 3, "0100000100000010 000d000800010002"), 0);
    CU_ASSERT_EQUAL(error_for(node, 0, 2, "0100040300000008"), 0);
    CU_ASSERT_EQUAL(m3ua_endpoint_asp_state(node->ep, 0), ASP_STATE_ACTIVE);
    CU_ASSERT_EQUAL(counters()->notifies_received, 1);
}

/* RFC4666-1.4.7 */
static void asp_state_maintenance_belongs_on_stream_0(void)
{
    start(ASP_ROLE_SG);
    CU_ASSERT_EQUAL(error_for(node, 0, 2, ASPUP), M3UA_ERROR_INVALID_STREAM_IDENTIFIER);
    CU_ASSERT_EQUAL(m3ua_endpoint_asp_state(node->ep, 0), ASP_STATE_DOWN);
    CU_ASSERT_EQUAL(counters()->in_invalid, 1);
}

/* RFC4666-3.5.1 */
static void the_asp_identifier_is_checked_and_named_in_notify(void)
{
    fixture_reset();
    const struct m3ua_asp_config asp[] = {{.role = ASP_ROLE_SG,
                                           .asp_identifier_required = true,
                                           .has_asp_identifier = true,
                                           .asp_identifier = 11},
                                          {.role = ASP_ROLE_SG, .asp_identifier_required = true}};
    const struct m3ua_as_config as = {
        .traffic_mode = AS_MODE_OVERRIDE, .asp_count = 2, .asp = {0, 1}};
    const struct m3ua_endpoint_config config = {
        .asp_count = 2, .asp = asp, .as_count = 1, .as = &as};
    CU_ASSERT_EQUAL_FATAL(node_create(0, &config), P7_OK);
    link_up(0, node, 0, NULL, 0, 4);
    link_up(1, node, 1, NULL, 0, 4);
    CU_ASSERT_EQUAL(error_for(node, 0, 0, ASPUP), M3UA_ERROR_ASP_IDENTIFIER_REQUIRED);
    CU_ASSERT_EQUAL(error_for(node, 0, 0, "0100030100000010 001100080000000c"),
                    M3UA_ERROR_INVALID_ASP_IDENTIFIER);
    CU_ASSERT_EQUAL(m3ua_endpoint_asp_state(node->ep, 0), ASP_STATE_DOWN);
    CU_ASSERT_EQUAL(error_for(node, 0, 0, "0100030100000010 001100080000000b"), 0);
    CU_ASSERT_EQUAL(error_for(node, 1, 0, "0100030100000010 001100080000004d"), 0);
    give(node, 0, 0, ASPAC);
    node->sent_count = 0;
    give(node, 1, 0, ASPAC); /* override: ASP 0 is told who took over */
    bool told = false;
    for (unsigned i = 0; i < node->sent_count; i++) {
        struct m3ua_fault fault;
        const struct sent *s = &node->sent[i];
        CU_ASSERT_EQUAL(m3ua_decode(s->octets, s->octets + s->length, &sent_message, &fault),
                        P7_OK);
        told = told || (sent_message.kind == M3UA_NTFY &&
                        sent_message.status_information == M3UA_ALTERNATE_ASP_ACTIVE &&
                        sent_message.asp_identifier == 77);
    }
    CU_ASSERT_TRUE(told);
}

/* RFC4666-4.3.4.3 */
static void another_traffic_mode_is_refused(void)
{
    start(ASP_ROLE_SG);
    give(node, 0, 0, ASPUP);
    CU_ASSERT_EQUAL(error_for(node, 0, 0, "0100040100000010 000b000800000002"),
                    M3UA_ERROR_UNSUPPORTED_TRAFFIC_MODE);
    CU_ASSERT_EQUAL(error_for(node, 0, 0, "0100040100000010 000b000800000063"),
                    M3UA_ERROR_UNSUPPORTED_TRAFFIC_MODE);
    CU_ASSERT_EQUAL(m3ua_endpoint_asp_state(node->ep, 0), ASP_STATE_INACTIVE);
    node->sent_count = 0;
    give(node, 0, 0, "0100040100000018 000b000800000001 0006000800000007");
    CU_ASSERT_EQUAL(m3ua_endpoint_asp_state(node->ep, 0), ASP_STATE_ACTIVE);
    /* the answer echoes what the request had */
    const struct sent *s = &node->sent[0];
    uint8_t expected[64];
    const size_t n =
        unit_hex("0100040300000018 000b000800000001 0006000800000007", expected, sizeof(expected));
    CU_ASSERT_TRUE(bytes_equal(bytes_of(s->octets, s->length), bytes_of(expected, n)));
}

/* RFC4666-4.3.4.5: an AS that NTFY says is not active is not sent to. */
static void notify_holds_and_releases_the_traffic_of_the_asp(void)
{
    start_asp_active();
    CU_ASSERT_TRUE(m3ua_endpoint_as_usable(node->ep, 0));
    give(node, 0, 0, "0100000100000018 000d000800010002 0006000800000007");
    CU_ASSERT_FALSE(m3ua_endpoint_as_usable(node->ep, 0));
    CU_ASSERT_EQUAL(transfer(node, 0, 0, "x"), P7_STATE);
    const struct m3ua_endpoint_event *e = event_of(node, M3UA_EVENT_NOTIFY);
    CU_ASSERT_EQUAL(e->as, 0);
    give(node, 0, 0, "0100000100000018 000d000800010003 0006000800000007");
    CU_ASSERT_TRUE(m3ua_endpoint_as_usable(node->ep, 0));
    give(node, 0, 0, "0100000100000010 000d000800020002"); /* Alternate ASP Active, one AS */
    CU_ASSERT_EQUAL(m3ua_endpoint_asp_state(node->ep, 0), ASP_STATE_INACTIVE);
    start_sg_active();
    CU_ASSERT_EQUAL(error_for(node, 0, 0, "0100000100000010 000d000800010003"),
                    M3UA_ERROR_UNEXPECTED_MESSAGE);
}

static void an_asp_says_who_it_is_and_what_it_wants(void) /* RFC4666-3.5.1, 3.7.1 */
{
    fixture_reset();
    const struct m3ua_asp_config asp = {.role = ASP_ROLE_ASP,
                                        .has_asp_identifier = true,
                                        .asp_identifier = 0x0102,
                                        .wants_up = true,
                                        .wants_active = true};
    const struct m3ua_as_config as = {.has_routing_context = true,
                                      .routing_context = 9,
                                      .traffic_mode = AS_MODE_LOADSHARE,
                                      .sends_traffic_mode = true,
                                      .asp_count = 1,
                                      .asp = {0}};
    const struct m3ua_endpoint_config config = {
        .asp_count = 1, .asp = &asp, .as_count = 1, .as = &as};
    CU_ASSERT_EQUAL_FATAL(node_create(0, &config), P7_OK);
    link_up(0, node, 0, NULL, 0, 4);
    CU_ASSERT_EQUAL(last_sent(node)->kind, M3UA_ASPUP);
    CU_ASSERT_EQUAL(sent_message.present, M3UA_HAS_ASP_IDENTIFIER);
    CU_ASSERT_EQUAL(sent_message.asp_identifier, 0x0102);
    give(node, 0, 0, "0100030400000008");
    CU_ASSERT_EQUAL(last_sent(node)->kind, M3UA_ASPAC);
    CU_ASSERT_EQUAL(sent_message.traffic_mode, 2);
    CU_ASSERT_EQUAL(m3ua_list_u32(sent_message.routing_contexts, 0), 9);
    for (unsigned i = 0; i < node->sent_count; i++)
        CU_ASSERT_EQUAL(node->sent[i].stream, 0);
}

static void an_answer_without_routing_contexts_answers_what_was_asked(void)
{
    fixture_reset();
    const struct m3ua_asp_config asp = {.role = ASP_ROLE_ASP, .wants_up = true};
    const struct m3ua_as_config as[] = {
        {.has_routing_context = true,
         .routing_context = 7,
         .traffic_mode = AS_MODE_OVERRIDE,
         .asp_count = 1,
         .asp = {0}},
        {.has_routing_context = true,
         .routing_context = 8,
         .traffic_mode = AS_MODE_OVERRIDE,
         .asp_count = 1,
         .asp = {0}},
    };
    const struct m3ua_endpoint_config config = {
        .asp_count = 1, .asp = &asp, .as_count = 2, .as = as};
    CU_ASSERT_EQUAL_FATAL(node_create(0, &config), P7_OK);
    link_up(0, node, 0, NULL, 0, 4);
    give(node, 0, 0, "0100030400000008");
    CU_ASSERT_EQUAL(m3ua_endpoint_asp_active(node->ep, 0, 1, now_ns), P7_OK);
    CU_ASSERT_EQUAL(m3ua_list_u32(last_sent(node)->routing_contexts, 0), 8);
    give(node, 0, 0, "0100040300000008");
    CU_ASSERT_EQUAL(last_sent(node)->kind, M3UA_ASPAC); /* nothing to take back */
    CU_ASSERT_FALSE(m3ua_endpoint_carries(node->ep, 0, 0));
    CU_ASSERT_TRUE(m3ua_endpoint_carries(node->ep, 0, 1));
}

static void messages_without_an_association_are_for_nobody(void)
{
    fixture_reset();
    node_simple(0, ASP_ROLE_SG, 1, AS_MODE_OVERRIDE);
    give(node, 0, 0, ASPUP);
    CU_ASSERT_EQUAL(counters()->in[M3UA_CLASS_ASPSM], 0);
    CU_ASSERT_EQUAL(node->sent_count, 0);
    fixture_reset();
}

UNIT_TESTS = {
    UNIT(data_before_asp_active_is_refused_and_counted),
    UNIT(a_beat_before_asp_up_is_acknowledged_is_refused),
    UNIT(a_beat_is_answered_with_the_same_data_on_any_stream),
    UNIT(a_routing_context_that_is_not_ours_is_refused_and_named),
    UNIT(without_a_routing_context_data_must_leave_no_choice),
    UNIT(an_as_without_a_routing_context_takes_any_and_sends_none),
    UNIT(another_network_appearance_is_refused_and_named),
    UNIT(broken_messages_are_counted_and_answered_unless_they_are_errors),
    UNIT(notify_and_traffic_maintenance_may_come_on_any_stream),
    UNIT(asp_state_maintenance_belongs_on_stream_0),
    UNIT(the_asp_identifier_is_checked_and_named_in_notify),
    UNIT(another_traffic_mode_is_refused),
    UNIT(notify_holds_and_releases_the_traffic_of_the_asp),
    UNIT(an_asp_says_who_it_is_and_what_it_wants),
    UNIT(an_answer_without_routing_contexts_answers_what_was_asked),
    UNIT(messages_without_an_association_are_for_nobody),
};
UNIT_MAIN("m3ua_endpoint_receive")
