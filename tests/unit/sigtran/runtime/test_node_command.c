/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "sigtran/runtime/node_command.h"

#include "sigtran/runtime/node_show.h"
#include "tests/unit/sigtran/runtime/node_rig.h"

static char answer[NODE_COMMAND_ANSWER_OCTETS];

static enum p7_status order(struct rig *rig, uint32_t side, struct node_command command)
{
    return node_command_run(rig->side[side].node, &command, rig->now_ns, answer);
}

static void open_running_pair(struct rig *rig)
{
    rig_open_pair(rig);
    rig_run_for(rig, RIG_SEC);
    CU_ASSERT_EQUAL_FATAL(rig_as_state(&rig->side[0]), AS_STATE_ACTIVE);
}

static enum asp_state state_at_sg(const struct rig *rig)
{
    return m3ua_endpoint_asp_state(node_m3ua(rig->side[1].node), 0);
}

/* RFC4666-4.3.4.3, 4.3.4.4, 4.3.4.1, 4.3.4.2 */
static void an_asp_goes_inactive_active_down_and_up_as_it_is_told(void)
{
    static const struct {
        const char *as;
        enum node_command_kind kind;
        enum asp_state state;
    } steps[] = {
        {"", NODE_COMMAND_ASP_INACTIVE, ASP_STATE_INACTIVE},
        {"as", NODE_COMMAND_ASP_ACTIVE, ASP_STATE_ACTIVE},
        {"as", NODE_COMMAND_ASP_INACTIVE, ASP_STATE_INACTIVE},
        {"", NODE_COMMAND_ASP_DOWN, ASP_STATE_DOWN},
        {"", NODE_COMMAND_ASP_UP, ASP_STATE_INACTIVE},
        {"", NODE_COMMAND_ASP_ACTIVE, ASP_STATE_ACTIVE},
    };
    struct rig rig;
    open_running_pair(&rig);
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        struct node_command command = {.kind = steps[i].kind, .asp = "to-sg"};
        (void)snprintf(command.as, sizeof(command.as), "%s", steps[i].as);
        CU_ASSERT_EQUAL(order(&rig, 0, command), P7_OK);
        rig_run_for(&rig, RIG_SEC);
        CU_ASSERT_EQUAL(state_at_sg(&rig), steps[i].state);
    }
    rig_close(&rig);
}

/* RFC4666-3.8.1: Refused - Management Blocking */
static void a_blocked_asp_is_refused_until_it_is_unblocked(void)
{
    struct rig rig;
    open_running_pair(&rig);
    CU_ASSERT_EQUAL(
        order(&rig, 0, (struct node_command){.kind = NODE_COMMAND_ASP_DOWN, .asp = "to-sg"}),
        P7_OK);
    rig_run_for(&rig, RIG_SEC);
    CU_ASSERT_EQUAL(
        order(&rig, 1, (struct node_command){.kind = NODE_COMMAND_ASP_BLOCK, .asp = "from-asp"}),
        P7_OK);
    CU_ASSERT_EQUAL(
        order(&rig, 0, (struct node_command){.kind = NODE_COMMAND_ASP_UP, .asp = "to-sg"}), P7_OK);
    rig_run_for(&rig, RIG_SEC);
    CU_ASSERT_EQUAL(state_at_sg(&rig), ASP_STATE_DOWN);
    CU_ASSERT(rig_events(&rig.side[0], "error") > 0);
    CU_ASSERT_EQUAL(
        order(&rig, 1, (struct node_command){.kind = NODE_COMMAND_ASP_UNBLOCK, .asp = "from-asp"}),
        P7_OK);
    CU_ASSERT_EQUAL(
        order(&rig, 0, (struct node_command){.kind = NODE_COMMAND_ASP_UP, .asp = "to-sg"}), P7_OK);
    rig_run_for(&rig, 3 * RIG_SEC);                       /* it asks again after T(ack) */
    CU_ASSERT_EQUAL(state_at_sg(&rig), ASP_STATE_ACTIVE); /* what it wanted before */
    rig_close(&rig);
}

/* RFC4666-3.4.1, 3.4.2 */
static void a_destination_said_to_be_unavailable_closes_the_route_until_it_is_available(void)
{
    struct rig rig;
    open_running_pair(&rig);
    const struct node_route route = rig_route(&rig.side[0], SCCP_SSN_CAP);
    const struct node_command duna = {.kind = NODE_COMMAND_SEND_SSNM,
                                      .message = M3UA_DUNA,
                                      .asp = "from-asp",
                                      .point_code = "0.0.2"};
    struct node_command dava = duna;
    dava.message = M3UA_DAVA;
    CU_ASSERT_EQUAL(order(&rig, 1, duna), P7_OK);
    rig_run_for(&rig, 100 * RIG_MS);
    CU_ASSERT_FALSE(node_route_is_open(rig.side[0].node, &route));
    CU_ASSERT_EQUAL(order(&rig, 1, dava), P7_OK);
    rig_run_for(&rig, 100 * RIG_MS);
    CU_ASSERT_TRUE(node_route_is_open(rig.side[0].node, &route));
    rig_close(&rig);
}

/* RFC4666-3.4.3, 3.4.4, 3.4.5, 3.4.6 */
static void every_kind_of_network_message_can_be_sent_in_its_direction(void)
{
    static const struct {
        uint32_t from; /* side */
        enum m3ua_kind message;
    } sends[] = {{0, M3UA_DAUD}, {0, M3UA_SCON}, {1, M3UA_SCON}, {1, M3UA_DUPU}, {1, M3UA_DRST}};
    struct rig rig;
    open_running_pair(&rig);
    for (size_t i = 0; i < sizeof(sends) / sizeof(sends[0]); i++) {
        const uint32_t to = 1 - sends[i].from;
        struct node_command command = {.kind = NODE_COMMAND_SEND_SSNM,
                                       .message = sends[i].message,
                                       .number = 1,
                                       .point_code = "2"};
        (void)snprintf(command.asp, sizeof(command.asp), "%s",
                       sends[i].from == 0 ? "to-sg" : "from-asp");
        const uint64_t before =
            m3ua_endpoint_get_counters(node_m3ua(rig.side[to].node))->in[M3UA_CLASS_SSNM];
        CU_ASSERT_EQUAL(order(&rig, sends[i].from, command), P7_OK);
        rig_run_for(&rig, 100 * RIG_MS);
        CU_ASSERT_EQUAL(
            m3ua_endpoint_get_counters(node_m3ua(rig.side[to].node))->in[M3UA_CLASS_SSNM],
            before + 1);
    }
    rig_close(&rig);
}

/* RFC4666-3.5.5, 3.5.6 */
static void a_beat_by_hand_comes_back_with_its_round_trip(void)
{
    struct rig rig;
    open_running_pair(&rig);
    const struct node_command beat = {
        .kind = NODE_COMMAND_SEND_BEAT, .asp = "to-sg", .number = 1000};
    CU_ASSERT_EQUAL(order(&rig, 0, beat), P7_OK);
    rig_run_for(&rig, 100 * RIG_MS);
    CU_ASSERT_EQUAL(rig_events(&rig.side[0], "beat-answered"), 1);
    rig_close(&rig);
}

/* RFC4666-4.4.1, 4.4.2 */
static void a_routing_key_is_registered_and_taken_back(void)
{
    struct rig rig;
    open_running_pair(&rig);
    struct node_command command = {.kind = NODE_COMMAND_ASP_DEREGISTER, .asp = "to-sg", .as = "as"};
    CU_ASSERT_EQUAL(order(&rig, 0, command), P7_STATE); /* never registered */
    command.kind = NODE_COMMAND_ASP_REGISTER;
    CU_ASSERT_EQUAL(order(&rig, 0, command), P7_OK);
    rig_run_for(&rig, RIG_SEC);
    CU_ASSERT_EQUAL(rig_events(&rig.side[0], "registration"), 1);
    CU_ASSERT_EQUAL(order(&rig, 1, command), P7_NOT_FOUND); /* the SG calls it otherwise */
    (void)snprintf(command.asp, sizeof(command.asp), "from-asp");
    CU_ASSERT_EQUAL(order(&rig, 1, command), P7_STATE);
    rig_close(&rig);
}

static void data_by_hand_reaches_the_peers_sccp(void)
{
    struct rig rig;
    open_running_pair(&rig);
    struct node_command data = {.kind = NODE_COMMAND_SEND_DATA, .as = "as", .point_code = "2"};
    data.length =
        unit_hex("09 00 03 05 07 02 42 08 02 42 08 01 00", data.octets, sizeof(data.octets));
    CU_ASSERT_EQUAL(order(&rig, 0, data), P7_OK);
    CU_ASSERT_PTR_NOT_NULL(strstr(answer, "13 octets sent to 2"));
    rig_run_for(&rig, 100 * RIG_MS);
    CU_ASSERT_EQUAL(node_sccp(rig.side[1].node)->counters.unequipped, 1); /* there is no SSN 8 */
    rig_close(&rig);
}

/* Q.714-5.3.2: while out of service, "subsystem failure" */
static void a_subsystem_goes_out_of_service_and_back(void)
{
    struct rig rig;
    open_running_pair(&rig);
    struct node_command command = {.kind = NODE_COMMAND_SUBSYSTEM_OUT, .number = SCCP_SSN_CAP};
    CU_ASSERT_EQUAL(order(&rig, 1, command), P7_OK);
    (void)rig_begin(&rig.side[0], SCCP_SSN_CAP);
    rig_run_for(&rig, 100 * RIG_MS);
    CU_ASSERT_EQUAL(rig.side[0].told[TCAP_IND_NOTICE], 1);
    CU_ASSERT_EQUAL(rig.side[1].told[TCAP_IND_BEGIN], 0);
    command.kind = NODE_COMMAND_SUBSYSTEM_ASK; /* it has gone already, and has no replicate */
    CU_ASSERT_EQUAL(order(&rig, 1, command), P7_NOT_FOUND);
    CU_ASSERT_PTR_NOT_NULL(strstr(answer, "replicate PC"));
    command.kind = NODE_COMMAND_SUBSYSTEM_IN;
    CU_ASSERT_EQUAL(order(&rig, 1, command), P7_OK);
    command.number = 8;
    CU_ASSERT_EQUAL(order(&rig, 1, command), P7_NOT_FOUND);
    rig_close(&rig);
}

static void a_name_that_is_none_is_answered_with_the_way_out(void)
{
    struct rig rig;
    open_running_pair(&rig);
    CU_ASSERT_EQUAL(
        order(&rig, 0, (struct node_command){.kind = NODE_COMMAND_ASP_UP, .asp = "nobody"}),
        P7_NOT_FOUND);
    CU_ASSERT_PTR_NOT_NULL(strstr(answer, "`show asp`"));
    CU_ASSERT_EQUAL(order(&rig, 0,
                          (struct node_command){
                              .kind = NODE_COMMAND_ASP_ACTIVE, .asp = "to-sg", .as = "nothing"}),
                    P7_NOT_FOUND);
    CU_ASSERT_PTR_NOT_NULL(strstr(answer, "`show as`"));
    CU_ASSERT_EQUAL(order(&rig, 0,
                          (struct node_command){.kind = NODE_COMMAND_SEND_SSNM,
                                                .message = M3UA_DAUD,
                                                .asp = "to-sg",
                                                .point_code = "9.9.9"}),
                    P7_RANGE);
    CU_ASSERT_PTR_NOT_NULL(strstr(answer, "7.255.7"));
    /* An SG asks for nothing. */
    CU_ASSERT_EQUAL(
        order(&rig, 1, (struct node_command){.kind = NODE_COMMAND_ASP_UP, .asp = "from-asp"}),
        P7_STATE);
    rig_close(&rig);
}

static void routes_and_queues_are_shown(void)
{
    struct rig rig;
    char text[4096];
    open_running_pair(&rig);
    node_show(rig.side[0].node, DATA_PLANE_QUERY_ROUTES, text, sizeof(text));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "0.0.2"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "AS-ACTIVE"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "ours"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "146 in service"));
    node_show(rig.side[0].node, DATA_PLANE_QUERY_QUEUES, text, sizeof(text));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "as as"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "asp to-sg"));
    rig_close(&rig);
}

UNIT_TESTS = {
    UNIT(an_asp_goes_inactive_active_down_and_up_as_it_is_told),
    UNIT(a_blocked_asp_is_refused_until_it_is_unblocked),
    UNIT(a_destination_said_to_be_unavailable_closes_the_route_until_it_is_available),
    UNIT(every_kind_of_network_message_can_be_sent_in_its_direction),
    UNIT(a_beat_by_hand_comes_back_with_its_round_trip),
    UNIT(a_routing_key_is_registered_and_taken_back),
    UNIT(data_by_hand_reaches_the_peers_sccp),
    UNIT(a_subsystem_goes_out_of_service_and_back),
    UNIT(a_name_that_is_none_is_answered_with_the_way_out),
    UNIT(routes_and_queues_are_shown),
};
UNIT_MAIN("node_command")
