/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * Each return cause of Q.713-3.12 that an endpoint gives, and what provokes it; and the ways that
 * called addresses of ours take.
 */
#include "sigtran/fsm/sccp_routing.h"
#include "tests/unit/unit.h"

#define LOCAL_PC 200
#define PEER_PC  100
#define THERE_PC 300
#define BACK_PC  301
#define NOW_NS   1000000000LL

static struct sccp_routing routing;
static struct sccp_indication ind;
static uint8_t packed[DIGITS_PACKED_OCTETS];
static bool as_is_down[2];
static uint32_t prohibited_told; /* SSP sent, to PEER_PC */

static bool reaches(void *context, uint32_t as, uint32_t pc)
{
    (void)context;
    (void)pc;
    return !as_is_down[as];
}

static void on_send(void *context, uint32_t pc, struct bytes message)
{
    struct sccp_message m;
    struct sccp_management management;
    (void)context;
    CU_ASSERT_EQUAL(pc, PEER_PC);
    CU_ASSERT_EQUAL_FATAL(sccp_decode(SCCP_ITU, message, &m), P7_OK);
    CU_ASSERT_EQUAL_FATAL(sccp_management_decode(SCCP_ITU, m.data, &management), P7_OK);
    CU_ASSERT_TRUE(management.type == SCCP_SSP && management.affected_ssn == SCCP_SSN_CAP);
    prohibited_told++;
}

/* 4670* is ours; 4671* leads to THERE_PC by AS 0, with BACK_PC by AS 1 behind it; 4672* goes to
 * THERE_PC to be translated there. */
static void set_up(void)
{
    const struct sccp_manager_config config = {.local_pc = LOCAL_PC};
    const struct sccp_manager_handler handler = {.send = on_send};
    sccp_routing_init(&routing, SCCP_ITU, LOCAL_PC, 0);
    CU_ASSERT_EQUAL(sccp_routing_manage(&routing, &config, &handler, false), P7_OK);
    sccp_routing_watch(&routing, reaches, NULL);
    CU_ASSERT_EQUAL(sccp_routing_equip(&routing, SCCP_SSN_CAP), P7_OK);
    memset(as_is_down, 0, sizeof(as_is_down));
    prohibited_told = 0;
    struct sccp_translation_rule rule = sccp_translation_rule_any();
    rule.gti = 4;
    (void)snprintf(rule.digits, sizeof(rule.digits), "4670");
    rule.is_local = true;
    CU_ASSERT_EQUAL(sccp_translation_add(&routing.translation, &rule), P7_OK);
    (void)snprintf(rule.digits, sizeof(rule.digits), "4671");
    rule.is_local = false;
    rule.route_count = 2;
    rule.route[0] = (struct sccp_translation_route){.as = 0, .pc = THERE_PC};
    rule.route[1] = (struct sccp_translation_route){.as = 1, .pc = BACK_PC};
    CU_ASSERT_EQUAL(sccp_translation_add(&routing.translation, &rule), P7_OK);
    (void)snprintf(rule.digits, sizeof(rule.digits), "4672");
    rule.route[0].on_gt = true;
    rule.route_count = 1;
    CU_ASSERT_EQUAL(sccp_translation_add(&routing.translation, &rule), P7_OK);
}

static struct sccp_address title(const char *digits)
{
    struct sccp_address address = {.has_ssn = true,
                                   .ssn = SCCP_SSN_CAP,
                                   .gti = 4,
                                   .numbering_plan = SCCP_NUMBERING_PLAN_E164,
                                   .nature_of_address = SCCP_NATURE_INTERNATIONAL};
    CU_ASSERT_EQUAL_FATAL(sccp_address_set_digits(&address, digits, packed), P7_OK);
    return address;
}

static void receive(uint8_t type, const struct sccp_address *called, bool return_on_error,
                    uint8_t hop_counter, struct bytes_writer *out)
{
    static uint8_t sent[512];
    static const uint8_t data[] = {0x62, 0x03, 0x48, 0x01, 0x01};
    struct bytes_writer in = bytes_writer_of(sent, sent + sizeof(sent));
    const struct sccp_message m = {
        .type = type,
        .return_on_error = return_on_error,
        .hop_counter = hop_counter,
        .called = *called,
        .calling = {.has_ssn = true, .ssn = 147, .route_on_ssn = true},
        .data = bytes_of(data, sizeof(data)),
    };
    CU_ASSERT_EQUAL_FATAL(sccp_encode(&in, &m), P7_OK);
    sccp_routing_receive(&routing, PEER_PC, bytes_of(sent, bytes_writer_length(&in)), NOW_NS, out,
                         &ind);
}

/* UDT, XUDT and LUDT come back as UDTS, XUDTS and LUDTS with the cause and the addresses changed
 * about; and not at all when that was not asked for (Q.714-4.2). */
static void returns(const struct sccp_address *called, uint8_t cause)
{
    static const uint8_t types[][2] = {
        {SCCP_UDT, SCCP_UDTS}, {SCCP_XUDT, SCCP_XUDTS}, {SCCP_LUDT, SCCP_LUDTS}};
    static uint8_t reply[SCCP_REPLY_OCTETS];
    for (size_t i = 0; i < 3; i++) {
        struct sccp_message back;
        struct bytes_writer out = bytes_writer_of(reply, reply + sizeof(reply));
        receive(types[i][0], called, true, 15, &out);
        CU_ASSERT_EQUAL(ind.verdict, SCCP_VERDICT_RETURNED);
        CU_ASSERT_EQUAL(ind.cause, cause);
        CU_ASSERT_EQUAL(ind.reply_dpc, PEER_PC);
        CU_ASSERT_EQUAL_FATAL(sccp_decode(SCCP_ITU, ind.reply, &back), P7_OK);
        CU_ASSERT_EQUAL(back.type, types[i][1]);
        CU_ASSERT_EQUAL(back.return_cause, cause);
        CU_ASSERT_TRUE(bytes_equal(back.called_octets, ind.message.calling_octets));
        CU_ASSERT_TRUE(bytes_equal(back.calling_octets, ind.message.called_octets));
        CU_ASSERT_TRUE(bytes_equal(back.data, ind.message.data));
        receive(types[i][0], called, false, 15, &out);
        CU_ASSERT_EQUAL(ind.verdict, SCCP_VERDICT_DROPPED);
        CU_ASSERT_EQUAL(ind.cause, cause);
        CU_ASSERT_EQUAL(ind.reply.length, 0);
    }
}

static void no_translation_for_an_address_of_such_nature(void) /* Q.713-3.12: 0 */
{
    set_up();
    struct sccp_address called = title("46700");
    called.gti = 2;
    returns(&called, SCCP_CAUSE_NO_TRANSLATION_NATURE);
    CU_ASSERT_EQUAL(routing.counters.no_translation, 6);
}

static void no_translation_for_this_specific_address(void) /* Q.713-3.12: 1 */
{
    set_up();
    const struct sccp_address called = title("46730");
    returns(&called, SCCP_CAUSE_NO_TRANSLATION);
    CU_ASSERT_EQUAL(routing.counters.no_translation, 6);
}

static void subsystem_failure_here_and_ssp_to_who_asked(void) /* Q.713-3.12: 3, Q.714-5.3.2.1 */
{
    set_up();
    CU_ASSERT_EQUAL(sccp_routing_set_in_service(&routing, SCCP_SSN_CAP, false), P7_OK);
    const struct sccp_address called = title("46700");
    returns(&called, SCCP_CAUSE_SUBSYSTEM_FAILURE);
    CU_ASSERT_EQUAL(prohibited_told, 6); /* with and without return option */
}

static void subsystem_failure_where_the_title_leads(void) /* Q.713-3.12: 3 */
{
    static const struct sccp_management gone = {
        .type = SCCP_SSP, .affected_ssn = SCCP_SSN_CAP, .affected_pc = THERE_PC};
    set_up();
    as_is_down[1] = true;
    sccp_manager_receive(&routing.manager, THERE_PC, &gone, NOW_NS);
    struct sccp_address called = title("46710");
    returns(&called, SCCP_CAUSE_SUBSYSTEM_FAILURE);
    /* Where the next node translates, which subsystem it will be is not known here. */
    called = title("46720");
    returns(&called, SCCP_CAUSE_UNQUALIFIED);
}

static void unequipped_user(void) /* Q.713-3.12: 4 */
{
    set_up();
    struct sccp_address called = title("46700");
    called.ssn = 8;
    returns(&called, SCCP_CAUSE_UNEQUIPPED_USER);
    CU_ASSERT_EQUAL(prohibited_told, 0);
}

static void mtp_failure(void) /* Q.713-3.12: 5 */
{
    set_up();
    as_is_down[1] = true;
    sccp_manager_pause(&routing.manager, THERE_PC, 0);
    struct sccp_address called = title("46710");
    returns(&called, SCCP_CAUSE_MTP_FAILURE);
    set_up();
    as_is_down[0] = true;
    called = title("46720");
    returns(&called, SCCP_CAUSE_MTP_FAILURE);
}

static void network_congestion(void) /* Q.713-3.12: 6 */
{
    static const struct sccp_management congested = {.type = SCCP_SSC,
                                                     .affected_ssn = SCCP_SSN_MANAGEMENT,
                                                     .affected_pc = THERE_PC,
                                                     .congestion = SCCP_MANAGER_IMPORTANCE + 1};
    set_up();
    sccp_manager_receive(&routing.manager, THERE_PC, &congested, NOW_NS);
    const struct sccp_address called = title("46720");
    returns(&called, SCCP_CAUSE_NETWORK_CONGESTION);
}

static void unqualified_where_only_a_relay_could_go_on(void) /* Q.713-3.12: 7 */
{
    set_up();
    const struct sccp_address called = title("46710");
    returns(&called, SCCP_CAUSE_UNQUALIFIED);
    CU_ASSERT_EQUAL(routing.counters.elsewhere, 6);
}

static void sccp_failure(void) /* Q.713-3.12: 11 */
{
    set_up();
    sccp_manager_user_unavailable(&routing.manager, THERE_PC, false, NOW_NS);
    const struct sccp_address called = title("46720");
    returns(&called, SCCP_CAUSE_SCCP_FAILURE);
}

static void hop_counter_violation(void) /* Q.713-3.12: 12, Q.714-2.3.1 */
{
    static uint8_t reply[SCCP_REPLY_OCTETS];
    struct bytes_writer out = bytes_writer_of(reply, reply + sizeof(reply));
    set_up();
    const struct sccp_address called = title("46700");
    receive(SCCP_XUDT, &called, true, 1, &out);
    CU_ASSERT_EQUAL(ind.verdict, SCCP_VERDICT_RETURNED);
    CU_ASSERT_EQUAL(ind.cause, SCCP_CAUSE_HOP_COUNTER);
    receive(SCCP_LUDT, &called, true, 1, &out);
    CU_ASSERT_EQUAL(ind.cause, SCCP_CAUSE_HOP_COUNTER);
    receive(SCCP_LUDT, &called, true, 2, &out);
    CU_ASSERT_EQUAL(ind.verdict, SCCP_VERDICT_DELIVER);
}

static void what_the_network_returns_closes_nothing(void) /* Q.714-4.2: a notice, no SCMG */
{
    static const uint8_t causes[] = {SCCP_CAUSE_SUBSYSTEM_FAILURE, SCCP_CAUSE_UNEQUIPPED_USER};
    for (size_t i = 0; i < 2; i++) {
        uint8_t octets[64];
        static const uint8_t data[] = {0x62, 0x00};
        struct bytes_writer w = bytes_writer_of(octets, octets + sizeof(octets));
        struct bytes_writer none = bytes_writer_of(octets, octets);
        const struct sccp_message m = {
            .type = SCCP_UDTS,
            .return_cause = causes[i],
            .called = {.has_ssn = true, .ssn = SCCP_SSN_CAP, .route_on_ssn = true},
            .calling = {.has_pc = true,
                        .pc = THERE_PC,
                        .has_ssn = true,
                        .ssn = SCCP_SSN_CAP,
                        .route_on_ssn = true},
            .data = bytes_of(data, sizeof(data)),
        };
        set_up();
        CU_ASSERT_EQUAL_FATAL(sccp_encode(&w, &m), P7_OK);
        sccp_routing_receive(&routing, THERE_PC, bytes_of(octets, bytes_writer_length(&w)), NOW_NS,
                             &none, &ind);
        CU_ASSERT_EQUAL(ind.verdict, SCCP_VERDICT_NOTICE);
        CU_ASSERT_EQUAL(routing.manager.remote_count, 0);
    }
}

/* --- what we send (Q.714-2.3.2) --------------------------------------------------------------- */

static enum p7_status send_to(const struct sccp_address *called, struct sccp_routing_way *way,
                              uint8_t *cause)
{
    struct sccp_party party;
    *way = (struct sccp_routing_way){.as = 7, .dpc = PEER_PC};
    *cause = 99;
    CU_ASSERT_EQUAL_FATAL(sccp_party_set(&party, called), P7_OK);
    return sccp_routing_send(&routing, &party, true, way, cause);
}

static void a_title_goes_by_its_primary_and_by_the_backup_when_that_is_closed(void)
{
    static const struct sccp_management gone = {
        .type = SCCP_SSP, .affected_ssn = SCCP_SSN_CAP, .affected_pc = THERE_PC};
    struct sccp_routing_way way;
    uint8_t cause;
    set_up();
    const struct sccp_address called = title("46710");
    CU_ASSERT_EQUAL(send_to(&called, &way, &cause), P7_OK);
    CU_ASSERT_TRUE(way.is_translated);
    CU_ASSERT_TRUE(way.as == 0 && way.dpc == THERE_PC);
    as_is_down[0] = true;
    CU_ASSERT_EQUAL(send_to(&called, &way, &cause), P7_OK);
    CU_ASSERT_TRUE(way.as == 1 && way.dpc == BACK_PC);
    as_is_down[0] = false;
    sccp_manager_receive(&routing.manager, THERE_PC, &gone, NOW_NS);
    CU_ASSERT_EQUAL(send_to(&called, &way, &cause), P7_OK);
    CU_ASSERT_TRUE(way.as == 1 && way.dpc == BACK_PC);
    sccp_manager_pause(&routing.manager, BACK_PC, 0);
    CU_ASSERT_EQUAL(send_to(&called, &way, &cause), P7_STATE);
    CU_ASSERT_EQUAL(cause, SCCP_CAUSE_SUBSYSTEM_FAILURE); /* the primary's */
    routing.ignores_remote_status = true;
    CU_ASSERT_EQUAL(send_to(&called, &way, &cause), P7_OK);
    CU_ASSERT_EQUAL(way.dpc, THERE_PC);
}

static void the_address_becomes_what_the_rule_says(void)
{
    struct sccp_routing_way way;
    struct sccp_address to;
    uint8_t cause;
    set_up();
    struct sccp_address called = title("46710");
    CU_ASSERT_EQUAL(send_to(&called, &way, &cause), P7_OK);
    CU_ASSERT_EQUAL(sccp_address_decode(SCCP_ITU, sccp_party_bytes(&way.called), &to), P7_OK);
    CU_ASSERT_TRUE(to.route_on_ssn);
    called = title("46720");
    CU_ASSERT_EQUAL(send_to(&called, &way, &cause), P7_OK);
    CU_ASSERT_EQUAL(sccp_address_decode(SCCP_ITU, sccp_party_bytes(&way.called), &to), P7_OK);
    CU_ASSERT_FALSE(to.route_on_ssn);
}

static void what_no_rule_leads_elsewhere_goes_as_the_caller_said(void)
{
    static const struct sccp_address on_ssn = {
        .has_ssn = true, .ssn = SCCP_SSN_CAP, .route_on_ssn = true};
    struct sccp_routing_way way;
    uint8_t cause;
    set_up();
    struct sccp_address called = title("46730"); /* no rule */
    CU_ASSERT_EQUAL(send_to(&called, &way, &cause), P7_OK);
    CU_ASSERT_TRUE(!way.is_translated && way.dpc == PEER_PC && way.as == 7);
    called = title("46700"); /* ours: the network knows better */
    CU_ASSERT_EQUAL(send_to(&called, &way, &cause), P7_OK);
    CU_ASSERT_FALSE(way.is_translated);
    CU_ASSERT_EQUAL(send_to(&on_ssn, &way, &cause), P7_OK);
    CU_ASSERT_FALSE(way.is_translated);
    sccp_manager_pause(&routing.manager, PEER_PC, 0);
    CU_ASSERT_EQUAL(send_to(&on_ssn, &way, &cause), P7_STATE);
    CU_ASSERT_EQUAL(cause, SCCP_CAUSE_MTP_FAILURE);
    CU_ASSERT_EQUAL(send_to(&called, &way, &cause), P7_STATE);
}

UNIT_TESTS = {
    UNIT(no_translation_for_an_address_of_such_nature),
    UNIT(no_translation_for_this_specific_address),
    UNIT(subsystem_failure_here_and_ssp_to_who_asked),
    UNIT(subsystem_failure_where_the_title_leads),
    UNIT(unequipped_user),
    UNIT(mtp_failure),
    UNIT(network_congestion),
    UNIT(unqualified_where_only_a_relay_could_go_on),
    UNIT(sccp_failure),
    UNIT(hop_counter_violation),
    UNIT(what_the_network_returns_closes_nothing),
    UNIT(a_title_goes_by_its_primary_and_by_the_backup_when_that_is_closed),
    UNIT(the_address_becomes_what_the_rule_says),
    UNIT(what_no_rule_leads_elsewhere_goes_as_the_caller_said),
};
UNIT_MAIN("sccp_return")
