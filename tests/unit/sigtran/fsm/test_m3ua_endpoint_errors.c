/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* RFC4666-3.8.1: for every Error Code that an M3UA node can send, a message that provokes it, and
 * the whole ERR that it is answered with. */
#include "tests/unit/sigtran/fsm/m3ua_endpoint_fixture.h"

#define APPEARANCE 5u

static struct node *const sg = &nodes[0];

/*
 * An SG with network appearance 5 and the ASPs
 *   0  in AS 7 (override) and AS 8 (loadshare)
 *   1  in AS 7, must give the ASP Identifier 11
 *   2  in no AS
 * each on an association of four streams whose far end is the test.
 */
static void start(void)
{
    static const struct m3ua_asp_config asp[] = {{.role = ASP_ROLE_SG},
                                                 {.role = ASP_ROLE_SG,
                                                  .asp_identifier_required = true,
                                                  .has_asp_identifier = true,
                                                  .asp_identifier = 11},
                                                 {.role = ASP_ROLE_SG}};
    static const struct m3ua_as_config as[] = {
        {.has_routing_context = true,
         .routing_context = 7,
         .point_code = 700,
         .traffic_mode = AS_MODE_OVERRIDE,
         .asp_count = 2,
         .asp = {0, 1}},
        {.has_routing_context = true,
         .routing_context = 8,
         .point_code = 800,
         .traffic_mode = AS_MODE_LOADSHARE,
         .asp_count = 1,
         .asp = {0}},
    };
    const struct m3ua_endpoint_config config = {.has_network_appearance = true,
                                                .network_appearance = APPEARANCE,
                                                .point_code = 1,
                                                .asp_count = 3,
                                                .asp = asp,
                                                .as_count = 2,
                                                .as = as};
    fixture_reset();
    CU_ASSERT_EQUAL_FATAL(node_create(0, &config), P7_OK);
    for (uint32_t i = 0; i < 3; i++)
        link_up(i, sg, i, NULL, 0, 4);
}

/* How far the ASP has come before the message, and whether management then locks it. */
enum before { DOWN, LOCKED, UP, UP_LOCKED, ACTIVE };

static void bring(uint32_t asp, enum before before)
{
    if (before >= UP)
        give(sg, asp, 0, asp == 1 ? "0100030100000010 001100080000000b" : "0100030100000008");
    if (before == ACTIVE)
        give(sg, asp, 0, "0100040100000008");
    if (before == LOCKED || before == UP_LOCKED)
        CU_ASSERT_EQUAL(m3ua_endpoint_asp_lock(sg->ep, asp, true, now_ns), P7_OK);
}

#define PROTOCOL_DATA "02100010 00000001 000002bc 03020001"
#define NONE          UINT32_MAX

struct row {
    const char *what;
    const char *message;
    enum before before;
    uint32_t asp;
    uint16_t stream;
    enum m3ua_error error;
    uint32_t context; /* the one in Routing Context, NONE: the parameter is absent */
    uint32_t appearance;
    uint32_t point;
};

static const struct row rows[] = {
    {"a version that is not 1", "0200030100000008", DOWN, 0, 0, M3UA_ERROR_INVALID_VERSION, NONE,
     NONE, NONE},
    {"a class that there is not", "0100070100000008", UP, 0, 0,
     M3UA_ERROR_UNSUPPORTED_MESSAGE_CLASS, NONE, NONE, NONE},
    {"a type that there is not", "0100040900000008", UP, 0, 0, M3UA_ERROR_UNSUPPORTED_MESSAGE_TYPE,
     NONE, NONE, NONE},
    {"ASPAC in loadshare for an AS in override",
     "0100040100000018 000b000800000002 0006000800000007", UP, 0, 0,
     M3UA_ERROR_UNSUPPORTED_TRAFFIC_MODE, 7, NONE, NONE},
    {"ASPAC in a mode that there is not", "0100040100000018 000b000800000063 0006000800000008", UP,
     0, 0, M3UA_ERROR_UNSUPPORTED_TRAFFIC_MODE, 8, NONE, NONE},
    {"ASPAC before ASPUP", "0100040100000010 0006000800000007", DOWN, 0, 0,
     M3UA_ERROR_UNEXPECTED_MESSAGE, 7, NONE, NONE},
    {"DATA before ASPAC", "0100010100000020 0006000800000008" PROTOCOL_DATA, UP, 0, 1,
     M3UA_ERROR_UNEXPECTED_MESSAGE, 8, NONE, NONE},
    {"BEAT before ASPUP", "0100030300000010 0009000831323334", DOWN, 0, 0,
     M3UA_ERROR_UNEXPECTED_MESSAGE, NONE, NONE, NONE},
    {"ASPUP when active", "0100030100000008", ACTIVE, 0, 0, M3UA_ERROR_UNEXPECTED_MESSAGE, NONE,
     NONE, NONE},
    {"an answer to an SG, which asks nothing", "0100030400000008", UP, 0, 0,
     M3UA_ERROR_UNEXPECTED_MESSAGE, NONE, NONE, NONE},
    {"a length that is not the message's", "0100030100000010", DOWN, 0, 0,
     M3UA_ERROR_PROTOCOL_ERROR, NONE, NONE, NONE},
    {"ASPUP on stream 2", "0100030100000008", DOWN, 0, 2, M3UA_ERROR_INVALID_STREAM_IDENTIFIER,
     NONE, NONE, NONE},
    {"ASPUP of a locked ASP", "0100030100000008", LOCKED, 0, 0, M3UA_ERROR_MANAGEMENT_BLOCKING,
     NONE, NONE, NONE},
    {"ASPAC of a locked ASP", "0100040100000010 0006000800000007", UP_LOCKED, 0, 0,
     M3UA_ERROR_MANAGEMENT_BLOCKING, 7, NONE, NONE},
    {"ASPUP without the identifier", "0100030100000008", DOWN, 1, 0,
     M3UA_ERROR_ASP_IDENTIFIER_REQUIRED, NONE, NONE, NONE},
    {"ASPUP with another identifier", "0100030100000010 001100080000000c", DOWN, 1, 0,
     M3UA_ERROR_INVALID_ASP_IDENTIFIER, NONE, NONE, NONE},
    {"a point code of more than 24 bits", "0100010100000018 02100010 01000001 000002bc 03020001",
     ACTIVE, 0, 1, M3UA_ERROR_INVALID_PARAMETER_VALUE, NONE, NONE, NONE},
    {"a parameter longer than the message", "0100040100000010 0006000c00000007", UP, 0, 0,
     M3UA_ERROR_PARAMETER_FIELD_ERROR, NONE, NONE, NONE},
    {"ASPUP with a routing context", "0100030100000010 0006000800000007", DOWN, 0, 0,
     M3UA_ERROR_UNEXPECTED_PARAMETER, NONE, NONE, NONE},
    {"DAUD for a range of which we know nothing",
     "0100020300000018 0006000800000007 0012000802001000", ACTIVE, 0, 0,
     M3UA_ERROR_DESTINATION_STATUS_UNKNOWN, 7, NONE, 0x02001000},
    {"DATA of another network", "0100010100000028 0200000800000006 0006000800000007" PROTOCOL_DATA,
     ACTIVE, 0, 1, M3UA_ERROR_INVALID_NETWORK_APPEARANCE, NONE, 6, NONE},
    {"DATA without Protocol Data", "0100010100000010 0006000800000007", ACTIVE, 0, 1,
     M3UA_ERROR_MISSING_PARAMETER, NONE, NONE, NONE},
    {"NTFY without Status", "0100000100000008", UP, 0, 0, M3UA_ERROR_MISSING_PARAMETER, NONE, NONE,
     NONE},
    {"DATA with a routing context that is not ours",
     "0100010100000020 0006000800000009" PROTOCOL_DATA, ACTIVE, 0, 1,
     M3UA_ERROR_INVALID_ROUTING_CONTEXT, 9, NONE, NONE},
    {"ASPAC with one that is ours and one that is not",
     "0100040100000014 0006000c 00000009 00000008", UP, 0, 0, M3UA_ERROR_INVALID_ROUTING_CONTEXT, 9,
     NONE, NONE},
    {"DATA that could be for two ASs", "0100010100000018" PROTOCOL_DATA, ACTIVE, 0, 1,
     M3UA_ERROR_NO_CONFIGURED_AS, NONE, NONE, NONE},
    {"ASPAC of an ASP in no AS", "0100040100000008", UP, 2, 0, M3UA_ERROR_NO_CONFIGURED_AS, NONE,
     NONE, NONE},
};

#define ROWS (sizeof(rows) / sizeof(rows[0]))

static uint32_t first_of(struct bytes list, uint32_t present, uint32_t bit)
{
    if ((present & bit) == 0)
        return NONE;
    CU_ASSERT_EQUAL(m3ua_list_count(list), 1);
    return m3ua_list_u32(list, 0);
}

/* RFC4666-3.8.1: ERR carries what the code asks for, and the head of the offending message. */
static void check_error(const struct row *row)
{
    uint8_t octets[128];
    const size_t length = unit_hex(row->message, octets, sizeof(octets));
    const size_t head = length < M3UA_DIAGNOSTIC_OCTETS_MAX ? length : M3UA_DIAGNOSTIC_OCTETS_MAX;
    const uint32_t present = sent_message.present;
    CU_ASSERT_EQUAL(first_of(sent_message.routing_contexts, present, M3UA_HAS_ROUTING_CONTEXT),
                    row->context);
    CU_ASSERT_EQUAL(
        first_of(sent_message.affected_point_codes, present, M3UA_HAS_AFFECTED_POINT_CODE),
        row->point);
    CU_ASSERT_EQUAL((present & M3UA_HAS_NETWORK_APPEARANCE) == 0 ? NONE
                                                                 : sent_message.network_appearance,
                    row->appearance);
    CU_ASSERT_TRUE((present & M3UA_HAS_DIAGNOSTIC) != 0 &&
                   bytes_equal(sent_message.diagnostic, bytes_of(octets, head)));
    CU_ASSERT_EQUAL(present &
                        ~(M3UA_HAS_ERROR_CODE | M3UA_HAS_DIAGNOSTIC | M3UA_HAS_ROUTING_CONTEXT |
                          M3UA_HAS_AFFECTED_POINT_CODE | M3UA_HAS_NETWORK_APPEARANCE),
                    0);
}

static void every_error_has_its_code_and_names_what_was_wrong(void)
{
    for (size_t i = 0; i < ROWS; i++) {
        const struct row *row = &rows[i];
        start();
        bring(row->asp, row->before);
        const uint64_t errors = m3ua_endpoint_get_counters(sg->ep)->errors_sent;
        const uint32_t error = error_for(sg, row->asp, row->stream, row->message);
        if (error != row->error)
            (void)fprintf(stderr, "%s: error 0x%02x\n", row->what, (unsigned)error);
        CU_ASSERT_EQUAL(error, row->error);
        CU_ASSERT_EQUAL(m3ua_endpoint_get_counters(sg->ep)->errors_sent, errors + 1);
        CU_ASSERT_EQUAL(event_of(sg, M3UA_EVENT_ERROR_SENT)->error, row->error);
        check_error(row);
    }
}

/* RFC4666-3.8.1: every code of the table there has a row here. */
static void no_error_code_is_left_out(void)
{
    static const enum m3ua_error codes[] = {
        M3UA_ERROR_INVALID_VERSION,
        M3UA_ERROR_UNSUPPORTED_MESSAGE_CLASS,
        M3UA_ERROR_UNSUPPORTED_MESSAGE_TYPE,
        M3UA_ERROR_UNSUPPORTED_TRAFFIC_MODE,
        M3UA_ERROR_UNEXPECTED_MESSAGE,
        M3UA_ERROR_PROTOCOL_ERROR,
        M3UA_ERROR_INVALID_STREAM_IDENTIFIER,
        M3UA_ERROR_MANAGEMENT_BLOCKING,
        M3UA_ERROR_ASP_IDENTIFIER_REQUIRED,
        M3UA_ERROR_INVALID_ASP_IDENTIFIER,
        M3UA_ERROR_INVALID_PARAMETER_VALUE,
        M3UA_ERROR_PARAMETER_FIELD_ERROR,
        M3UA_ERROR_UNEXPECTED_PARAMETER,
        M3UA_ERROR_DESTINATION_STATUS_UNKNOWN,
        M3UA_ERROR_INVALID_NETWORK_APPEARANCE,
        M3UA_ERROR_MISSING_PARAMETER,
        M3UA_ERROR_INVALID_ROUTING_CONTEXT,
        M3UA_ERROR_NO_CONFIGURED_AS,
    };
    for (size_t c = 0; c < sizeof(codes) / sizeof(codes[0]); c++) {
        unsigned found = 0;
        for (size_t i = 0; i < ROWS; i++)
            found += rows[i].error == codes[c];
        CU_ASSERT_TRUE(found > 0);
    }
}

/* RFC4666-4.3.4.3: of several routing contexts in one ASPAC those that are ours go on. */
static void an_aspac_that_is_refused_in_part_is_acknowledged_for_the_rest(void)
{
    start();
    bring(0, UP);
    sg->sent_count = 0;
    give(sg, 0, 0, "0100040100000018 00060010 00000007 00000009 00000008");
    CU_ASSERT_TRUE_FATAL(sg->sent_count >= 2);
    struct m3ua_fault fault;
    const struct sent *ack = &sg->sent[1];
    CU_ASSERT_EQUAL(m3ua_decode(ack->octets, ack->octets + ack->length, &sent_message, &fault),
                    P7_OK);
    CU_ASSERT_EQUAL(sent_message.kind, M3UA_ASPAC_ACK);
    CU_ASSERT_EQUAL_FATAL(m3ua_list_count(sent_message.routing_contexts), 2);
    CU_ASSERT_EQUAL(m3ua_list_u32(sent_message.routing_contexts, 0), 7);
    CU_ASSERT_EQUAL(m3ua_list_u32(sent_message.routing_contexts, 1), 8);
    CU_ASSERT_TRUE(m3ua_endpoint_carries(sg->ep, 0, 0) && m3ua_endpoint_carries(sg->ep, 0, 1));
    /* and of several modes */
    start();
    bring(0, UP);
    CU_ASSERT_EQUAL(
        error_for(sg, 0, 0, "010004010000001c 000b000800000002 0006000c 00000007 00000008"),
        M3UA_ERROR_UNSUPPORTED_TRAFFIC_MODE);
    CU_ASSERT_EQUAL(m3ua_list_u32(sent_message.routing_contexts, 0), 7);
    CU_ASSERT_TRUE(!m3ua_endpoint_carries(sg->ep, 0, 0) && m3ua_endpoint_carries(sg->ep, 0, 1));
}

/* RFC4666-4.3.4.3: and the ASP serves what it was acknowledged, and goes on asking for the rest. */
static void an_asp_that_is_refused_in_part_serves_the_rest(void)
{
    fixture_reset();
    struct m3ua_as_config as[] = {
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
    struct m3ua_asp_config asp = {.role = ASP_ROLE_ASP, .wants_up = true, .wants_active = true};
    const struct m3ua_endpoint_config config = {
        .asp_count = 1, .asp = &asp, .as_count = 2, .as = as};
    CU_ASSERT_EQUAL_FATAL(node_create(1, &config), P7_OK);
    as[1].routing_context = 9; /* the SG knows 7 and 9 */
    asp = (struct m3ua_asp_config){.role = ASP_ROLE_SG};
    CU_ASSERT_EQUAL_FATAL(node_create(0, &config), P7_OK);
    struct node *const one = &nodes[1];
    link_up(0, one, 0, sg, 0, 4);
    pump();
    CU_ASSERT_TRUE(m3ua_endpoint_carries(one->ep, 0, 0) && !m3ua_endpoint_carries(one->ep, 0, 1));
    CU_ASSERT_TRUE(m3ua_endpoint_carries(sg->ep, 0, 0) && !m3ua_endpoint_carries(sg->ep, 0, 1));
    CU_ASSERT_EQUAL(events_of(one, M3UA_EVENT_ERROR), 1);
    CU_ASSERT_EQUAL(transfer(one, 0, 0, "x"), P7_OK);
    pump();
    CU_ASSERT_EQUAL(sg->data_count, 1);
    pass(2 * SECOND); /* T(ack) */
    CU_ASSERT_EQUAL(events_of(one, M3UA_EVENT_ERROR), 2);
    CU_ASSERT_EQUAL(m3ua_endpoint_asp_state(one->ep, 0), ASP_STATE_ACTIVE);
}

/* RFC4666-3.5.1, 3.8.1: an identifier that another ASP of the AS has is not a valid one. */
static void an_asp_identifier_belongs_to_one_asp_of_an_as(void)
{
    start();
    bring(1, UP);
    CU_ASSERT_EQUAL(error_for(sg, 0, 0, "0100030100000010 001100080000000b"),
                    M3UA_ERROR_INVALID_ASP_IDENTIFIER);
    CU_ASSERT_EQUAL(m3ua_endpoint_asp_state(sg->ep, 0), ASP_STATE_DOWN);
    /* an ASP that shares no AS with it is none of its business, nor is one that has gone */
    CU_ASSERT_EQUAL(error_for(sg, 2, 0, "0100030100000010 001100080000000b"), 0);
    give(sg, 1, 0, "0100030200000008");
    CU_ASSERT_EQUAL(error_for(sg, 0, 0, "0100030100000010 001100080000000b"), 0);
    CU_ASSERT_EQUAL(error_for(sg, 1, 0, "0100030100000010 001100080000000b"),
                    M3UA_ERROR_INVALID_ASP_IDENTIFIER);
}

/* RFC4666-3.8.1: no ERR in answer to an ERR, however bad, and none on a stream of data. */
static void an_error_is_never_answered(void)
{
    static const char *const errors[] = {"0100000000000010 000c000800000006", "0100000000000008",
                                         "0100000000000010 000c000300000006",
                                         "0100000000000018 000c000800000006 000c000800000006"};
    start();
    for (unsigned i = 0; i < 4; i++)
        for (uint16_t stream = 0; stream < 2; stream++)
            CU_ASSERT_EQUAL(error_for(sg, 0, stream, errors[i]), 0);
    CU_ASSERT_EQUAL(m3ua_endpoint_get_counters(sg->ep)->errors_sent, 0);
    fixture_reset();
}

UNIT_TESTS = {
    UNIT(every_error_has_its_code_and_names_what_was_wrong),
    UNIT(no_error_code_is_left_out),
    UNIT(an_aspac_that_is_refused_in_part_is_acknowledged_for_the_rest),
    UNIT(an_asp_that_is_refused_in_part_serves_the_rest),
    UNIT(an_asp_identifier_belongs_to_one_asp_of_an_as),
    UNIT(an_error_is_never_answered),
};
UNIT_MAIN("m3ua_endpoint_errors")
