/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "tests/unit/sigtran/runtime/node_rig.h"

#include "sigtran/codec/sccp.h"

#define ANSWER_AT_ONCE(side, how) ((side)->answers = true, (side)->answer = (how))

/* --- the way up and a dialogue ---------------------------------------------------------------- */

static void an_asp_and_an_sg_come_up_by_themselves(void)
{
    struct rig rig;
    rig_open_pair(&rig);
    struct node_route route = rig_route(&rig.side[0], SCCP_SSN_CAP);
    CU_ASSERT_FALSE(node_route_is_open(rig.side[0].node, &route));
    rig_run_for(&rig, RIG_SEC);
    CU_ASSERT_EQUAL(rig_as_state(&rig.side[0]), AS_STATE_ACTIVE);
    CU_ASSERT_EQUAL(rig_as_state(&rig.side[1]), AS_STATE_ACTIVE);
    CU_ASSERT_TRUE(node_route_is_open(rig.side[0].node, &route));
    CU_ASSERT_EQUAL(route.dpc, 2);
    CU_ASSERT_EQUAL(rig_events(&rig.side[0], "association-up"), 1);
    CU_ASSERT_EQUAL(rig_events(&rig.side[1], "association-up"), 1);
    CU_ASSERT_EQUAL(rig_events(&rig.side[0], "association-down"), 0);
    CU_ASSERT_EQUAL(node_route_to_as(rig.side[0].node, "nowhere", &route), P7_NOT_FOUND);
    rig_close(&rig);
}

static void a_dialogue_begins_goes_on_and_ends_both_ways(void)
{
    struct rig rig;
    rig_open_pair(&rig);
    struct rig_side *asp = &rig.side[0];
    struct rig_side *sg = &rig.side[1];
    rig_run_for(&rig, RIG_SEC);
    const uint32_t ours = rig_begin(asp, SCCP_SSN_CAP);
    rig_run_for(&rig, 10 * RIG_MS);
    CU_ASSERT_EQUAL_FATAL(sg->told[TCAP_IND_BEGIN], 1);
    CU_ASSERT_EQUAL(sg->route.asp, 0);
    CU_ASSERT_EQUAL(sg->route.dpc, 1);
    const uint32_t theirs = sg->last.dialogue;
    CU_ASSERT_EQUAL(rig_send(sg, theirs, TCAP_SEND_CONTINUE), P7_OK);
    rig_run_for(&rig, 10 * RIG_MS);
    CU_ASSERT_EQUAL(asp->told[TCAP_IND_CONTINUE], 1);
    CU_ASSERT_EQUAL(asp->last.dialogue, ours);
    CU_ASSERT_EQUAL(rig_send(asp, ours, TCAP_SEND_CONTINUE), P7_OK);
    rig_run_for(&rig, 10 * RIG_MS);
    CU_ASSERT_EQUAL(sg->told[TCAP_IND_CONTINUE], 1);
    CU_ASSERT_EQUAL(sg->last.dialogue, theirs);
    CU_ASSERT_EQUAL(rig_send(sg, theirs, TCAP_SEND_END), P7_OK);
    rig_run_for(&rig, 10 * RIG_MS);
    CU_ASSERT_EQUAL(asp->told[TCAP_IND_END], 1);
    CU_ASSERT_EQUAL(tcap_dialogue_count(node_dialogues(asp->node)), 0);
    CU_ASSERT_EQUAL(tcap_dialogue_count(node_dialogues(sg->node)), 0);
    /* And the other way round: the SG begins. */
    (void)rig_begin(sg, SCCP_SSN_CAP);
    ANSWER_AT_ONCE(asp, TCAP_SEND_END);
    rig_run_for(&rig, 10 * RIG_MS);
    CU_ASSERT_EQUAL(asp->answered, P7_OK);
    CU_ASSERT_EQUAL(sg->told[TCAP_IND_END], 1);
    rig_close(&rig);
}

static void a_begin_that_is_sent_again_has_the_same_transaction_id(void)
{
    struct rig rig;
    rig_open_pair(&rig);
    struct rig_side *asp = &rig.side[0];
    rig_run_for(&rig, RIG_SEC);
    const uint32_t ours = rig_begin(asp, SCCP_SSN_CAP);
    rig_run_for(&rig, 10 * RIG_MS);
    const struct tcap_transaction_id first =
        tcap_dialogue_peer_id(node_dialogues(rig.side[1].node), rig.side[1].last.dialogue);
    const struct tcap_component invoke = tcap_invoke(1, CAP_CONTINUE);
    const struct tcap_request request = {.components = &invoke, .component_count = 1};
    CU_ASSERT_EQUAL(node_resend_begin(asp->node, rig.now_ns, ours, NULL, &request), P7_OK);
    rig_run_for(&rig, 10 * RIG_MS);
    CU_ASSERT_EQUAL(rig.side[1].told[TCAP_IND_BEGIN], 2);
    const struct tcap_transaction_id second =
        tcap_dialogue_peer_id(node_dialogues(rig.side[1].node), rig.side[1].last.dialogue);
    CU_ASSERT_EQUAL(first.value, second.value);
    CU_ASSERT_EQUAL(first.length, 4);
    /* Once something was heard there is no BEGIN to repeat. */
    CU_ASSERT_EQUAL(rig_send(&rig.side[1], rig.side[1].last.dialogue, TCAP_SEND_CONTINUE), P7_OK);
    rig_run_for(&rig, 10 * RIG_MS);
    CU_ASSERT_EQUAL(node_resend_begin(asp->node, rig.now_ns, ours, NULL, &request), P7_STATE);
    rig_close(&rig);
}

/* --- where a dialogue can't go ---------------------------------------------------------------- */

static void a_closed_route_leaves_the_dialogue_as_it_was(void)
{
    struct rig rig;
    rig_open_pair(&rig);
    struct rig_side *asp = &rig.side[0];
    uint32_t dialogue;
    const struct node_route route = rig_route(asp, SCCP_SSN_CAP);
    CU_ASSERT_EQUAL_FATAL(node_dialogue_open(asp->node, rig.now_ns, &route, &dialogue), P7_OK);
    CU_ASSERT_EQUAL(rig_send(asp, dialogue, TCAP_SEND_BEGIN), P7_STATE);
    CU_ASSERT_EQUAL(tcap_dialogue_state(node_dialogues(asp->node), dialogue), TCAP_STATE_IDLE);
    rig_run_for(&rig, RIG_SEC);
    CU_ASSERT_EQUAL(rig_send(asp, dialogue, TCAP_SEND_BEGIN), P7_OK);
    rig_run_for(&rig, RIG_SEC);
    CU_ASSERT_EQUAL(rig.side[1].told[TCAP_IND_BEGIN], 1);
    rig_close(&rig);
}

/* The association takes nothing any more (RFC9260-9.2), but its AS still counts as active: the END
 * is lost, and the dialogue has ended all the same. To call that P7_STATE made the user end it a
 * second time. */
static void an_end_into_an_association_that_is_shut_down_is_lost_and_ends_the_dialogue(void)
{
    struct rig rig;
    rig_open_pair(&rig);
    struct rig_side *sg = &rig.side[1];
    rig_run_for(&rig, RIG_SEC);
    (void)rig_begin(&rig.side[0], SCCP_SSN_CAP);
    (void)rig_begin(&rig.side[0], SCCP_SSN_CAP);
    rig_run_for(&rig, 10 * RIG_MS);
    CU_ASSERT_EQUAL_FATAL(sg->told[TCAP_IND_BEGIN], 2);
    const uint32_t second = sg->last.dialogue;
    const uint32_t first = tcap_dialogue_next(node_dialogues(sg->node), 0) == second
                               ? tcap_dialogue_next(node_dialogues(sg->node), second + 1)
                               : tcap_dialogue_next(node_dialogues(sg->node), 0);
    transport_disconnect(node_transport(sg->node), rig_association(sg, 0), false);
    CU_ASSERT_EQUAL(rig_send(sg, first, TCAP_SEND_END), P7_FULL);
    CU_ASSERT_EQUAL(tcap_dialogue_count(node_dialogues(sg->node)), 1);
    node_dialogue_abort(sg->node, rig.now_ns, second);
    CU_ASSERT_EQUAL(tcap_dialogue_count(node_dialogues(sg->node)), 0);
    CU_ASSERT_EQUAL(node_get_counters(sg->node).replies_unsent, 1);
    rig_close(&rig);
}

static void an_abort_tells_the_peer_where_it_knows_the_dialogue_and_else_nobody(void)
{
    struct rig rig;
    rig_open_pair(&rig);
    struct rig_side *asp = &rig.side[0];
    struct rig_side *sg = &rig.side[1];
    rig_run_for(&rig, RIG_SEC);
    node_dialogue_abort(asp->node, rig.now_ns, rig_begin(asp, SCCP_SSN_CAP));
    CU_ASSERT_EQUAL(tcap_dialogue_count(node_dialogues(asp->node)), 0);
    rig_run_for(&rig, 10 * RIG_MS);
    CU_ASSERT_EQUAL(sg->told[TCAP_IND_BEGIN], 1);
    CU_ASSERT_EQUAL(sg->told[TCAP_IND_U_ABORT], 0);
    /* Its answer comes too late: Q.774-3.2.1.2 has it aborted by the provider. */
    CU_ASSERT_EQUAL(rig_send(sg, sg->last.dialogue, TCAP_SEND_CONTINUE), P7_OK);
    rig_run_for(&rig, 10 * RIG_MS);
    CU_ASSERT_EQUAL(sg->told[TCAP_IND_P_ABORT], 1);
    CU_ASSERT_EQUAL(sg->last.p_abort_cause, TCAP_P_ABORT_UNRECOGNIZED_TRANSACTION_ID);
    const uint32_t known = rig_begin(asp, SCCP_SSN_CAP);
    ANSWER_AT_ONCE(sg, TCAP_SEND_CONTINUE);
    rig_run_for(&rig, 10 * RIG_MS);
    node_dialogue_abort(asp->node, rig.now_ns, known);
    rig_run_for(&rig, 10 * RIG_MS);
    CU_ASSERT_EQUAL(sg->told[TCAP_IND_U_ABORT], 1);
    CU_ASSERT_EQUAL(tcap_dialogue_count(node_dialogues(sg->node)), 0);
    rig_close(&rig);
}

/* Q.714-2.8, 4.2, TS29.078-14.1.3: what can't be delivered comes back as UDTS, with the return
 * option. */
static void an_unknown_subsystem_gives_a_notice(void)
{
    struct rig rig;
    rig_open_pair(&rig);
    struct rig_side *asp = &rig.side[0];
    rig_run_for(&rig, RIG_SEC);
    const uint32_t dialogue = rig_begin(asp, 99);
    rig_run_for(&rig, 10 * RIG_MS);
    CU_ASSERT_EQUAL(asp->told[TCAP_IND_NOTICE], 1);
    CU_ASSERT_EQUAL(asp->last.dialogue, dialogue);
    CU_ASSERT_EQUAL(asp->last.return_cause, SCCP_CAUSE_UNEQUIPPED_USER);
    CU_ASSERT_EQUAL(rig.side[1].told[TCAP_IND_BEGIN], 0);
    node_dialogue_drop(asp->node, dialogue);
    CU_ASSERT_EQUAL(tcap_dialogue_count(node_dialogues(asp->node)), 0);
    rig_close(&rig);
}

static void a_full_send_buffer_loses_the_message_and_says_so(void)
{
    struct rig rig;
    rig_open_pair(&rig);
    struct rig_side *asp = &rig.side[0];
    const struct node_route route = rig_route(asp, SCCP_SSN_CAP);
    rig_run_for(&rig, RIG_SEC);
    memory_network_cut(node_transport(rig.side[1].node), true);
    /* The rig's profile leaves 1 MiB: long components fill it within one turn. */
    uint8_t octets[240];
    struct bytes_writer w = bytes_writer_of(octets, octets + sizeof(octets));
    uint8_t parameter[200] = {0x04, 0x81, 197};
    struct tcap_component invoke = tcap_invoke(1, CAP_CONTINUE);
    invoke.parameter = bytes_of(parameter, sizeof(parameter));
    CU_ASSERT_EQUAL_FATAL(tcap_write_component(&w, &invoke), P7_OK);
    const struct tcap_request request = {.components_encoded =
                                             bytes_of(octets, bytes_writer_length(&w))};
    enum p7_status status = P7_OK;
    for (unsigned i = 0; i < 10000 && status == P7_OK; i++) {
        uint32_t dialogue;
        CU_ASSERT_EQUAL_FATAL(node_dialogue_open(asp->node, rig.now_ns, &route, &dialogue), P7_OK);
        status = node_send(asp->node, rig.now_ns, dialogue, TCAP_SEND_BEGIN, &request);
        CU_ASSERT_EQUAL(tcap_dialogue_state(node_dialogues(asp->node), dialogue),
                        TCAP_STATE_INITIATION_SENT);
        node_dialogue_drop(asp->node, dialogue);
    }
    CU_ASSERT_EQUAL(status, P7_FULL);
    CU_ASSERT_EQUAL(m3ua_endpoint_get_counters(node_m3ua(asp->node))->data_dropped_send_full, 1);
    rig_close(&rig);
}

static void a_full_dialogue_table_refuses_here_and_there(void)
{
    struct rig rig;
    rig_open_pair(&rig);
    struct rig_side *asp = &rig.side[0];
    struct rig_side *sg = &rig.side[1];
    uint32_t dialogue;
    const struct node_route route = rig_route(asp, SCCP_SSN_CAP);
    rig_run_for(&rig, RIG_SEC);
    for (unsigned i = 0; i < 64; i++)
        (void)rig_begin(asp, SCCP_SSN_CAP);
    CU_ASSERT_EQUAL(node_dialogue_open(asp->node, rig.now_ns, &route, &dialogue), P7_FULL);
    rig_run_for(&rig, 10 * RIG_MS);
    CU_ASSERT_EQUAL(sg->told[TCAP_IND_BEGIN], 64);
    /* The SG is full: one more of its peer is aborted (Q.774-3.2.1.3), and harms none. */
    node_dialogue_drop(asp->node, tcap_dialogue_next(node_dialogues(asp->node), 0));
    (void)rig_begin(asp, SCCP_SSN_CAP);
    rig_run_for(&rig, 10 * RIG_MS);
    CU_ASSERT_EQUAL(asp->told[TCAP_IND_P_ABORT], 1);
    CU_ASSERT_EQUAL(asp->last.p_abort_cause, TCAP_P_ABORT_RESOURCE_LIMITATION);
    CU_ASSERT_EQUAL(tcap_dialogue_count(node_dialogues(sg->node)), 64);
    rig_close(&rig);
}

static void silence_ends_a_dialogue_and_tells_its_peer(void)
{
    struct rig rig;
    rig_open(&rig, 1, &rig_calm);
    const struct node_asp server = rig_asp_server("from-asp", NULL);
    const struct node_as towards_asp = rig_as(1, 1, AS_MODE_OVERRIDE);
    struct node_config config = rig_config(2, &server, 1, &towards_asp);
    config.inactivity_ns = 3 * RIG_SEC;
    struct rig_side *sg = rig_add(&rig, "10.0.0.2", &config, NULL);
    const struct node_asp client = rig_asp_client("to-sg", "10.0.0.2");
    const struct node_as towards_sg = rig_as(2, 1, AS_MODE_OVERRIDE);
    config = rig_config(1, &client, 1, &towards_sg);
    struct rig_side *asp = rig_add(&rig, "10.0.0.1", &config, NULL);
    rig_run_for(&rig, RIG_SEC);
    ANSWER_AT_ONCE(sg, TCAP_SEND_CONTINUE);
    (void)rig_begin(asp, SCCP_SSN_CAP);
    rig_run_for(&rig, 2900 * RIG_MS);
    CU_ASSERT_EQUAL(sg->told[TCAP_IND_TIMEOUT], 0);
    rig_run_for(&rig, 200 * RIG_MS);
    CU_ASSERT_EQUAL(sg->told[TCAP_IND_TIMEOUT], 1);
    CU_ASSERT_EQUAL(asp->told[TCAP_IND_U_ABORT] + asp->told[TCAP_IND_P_ABORT], 1);
    CU_ASSERT_EQUAL(tcap_dialogue_count(node_dialogues(asp->node)), 0);
    rig_close(&rig);
}

/* --- associations that go and come ------------------------------------------------------------ */

static void dialogues_go_on_over_the_next_association(void)
{
    struct rig rig;
    rig_open_pair(&rig);
    struct rig_side *asp = &rig.side[0];
    struct rig_side *sg = &rig.side[1];
    rig_run_for(&rig, RIG_SEC);
    const uint32_t ours = rig_begin(asp, SCCP_SSN_CAP);
    ANSWER_AT_ONCE(sg, TCAP_SEND_CONTINUE);
    rig_run_for(&rig, 10 * RIG_MS);
    memory_network_lose(node_transport(asp->node), rig_association(asp, 0));
    rig_run_for(&rig, 10 * RIG_MS);
    CU_ASSERT_NOT_EQUAL(rig_as_state(asp), AS_STATE_ACTIVE);
    CU_ASSERT_EQUAL(rig_events(asp, "association-down"), 1);
    CU_ASSERT_EQUAL(rig_events(sg, "association-down"), 1);
    CU_ASSERT_EQUAL(rig_send(asp, ours, TCAP_SEND_CONTINUE), P7_STATE);
    rig_run_for(&rig, RIG_SEC);
    CU_ASSERT_EQUAL(rig_as_state(asp), AS_STATE_ACTIVE);
    CU_ASSERT_EQUAL(node_get_counters(asp->node).reconnects, 1);
    CU_ASSERT_EQUAL(rig_send(asp, ours, TCAP_SEND_CONTINUE), P7_OK);
    rig_run_for(&rig, 10 * RIG_MS);
    CU_ASSERT_EQUAL(sg->told[TCAP_IND_CONTINUE], 1);
    CU_ASSERT_EQUAL(asp->told[TCAP_IND_CONTINUE], 2);
    rig_close(&rig);
}

/* Pauses between a DOWN and the next one, less what an INIT's patience takes (500+1000+1000 ms):
 * 250 ms, then the double each time, 2 s at most. */
static void a_peer_that_is_gone_is_tried_again_with_a_growing_pause(void)
{
    static const int64_t pauses_ms[] = {250, 500, 1000, 2000, 2000};
    struct rig rig;
    rig_open_pair(&rig);
    struct rig_side *asp = &rig.side[0];
    rig_run_for(&rig, RIG_SEC);
    memory_network_cut(node_transport(rig.side[1].node), true);
    memory_network_lose(node_transport(asp->node), rig_association(asp, 0));
    asp->event_count = 0;
    rig_run_for(&rig, 21 * RIG_SEC);
    CU_ASSERT_FATAL(rig_events(asp, "association-down") >= 6);
    int64_t before_ns = 0;
    unsigned downs = 0;
    for (uint32_t i = 0; i < asp->event_count && downs < 6; i++) {
        if (strcmp(asp->event[i].event, "association-down") != 0)
            continue;
        if (downs > 0)
            CU_ASSERT_EQUAL(asp->event[i].at_ns - before_ns - 2500 * RIG_MS,
                            pauses_ms[downs - 1] * RIG_MS);
        before_ns = asp->event[i].at_ns;
        downs++;
    }
    memory_network_cut(node_transport(rig.side[1].node), false);
    rig_run_for(&rig, 5 * RIG_SEC);
    CU_ASSERT_EQUAL(rig_as_state(asp), AS_STATE_ACTIVE);
    /* Traffic flowed: the next loss is answered at once again. */
    memory_network_lose(node_transport(asp->node), rig_association(asp, 0));
    rig_run_for(&rig, 300 * RIG_MS);
    CU_ASSERT_EQUAL(rig_as_state(asp), AS_STATE_ACTIVE);
    rig_close(&rig);
}

static void an_association_that_nobody_configured_is_refused(void)
{
    struct rig rig;
    rig_open(&rig, 1, &rig_calm);
    const struct node_asp server = rig_asp_server("from-asp", "10.0.0.7");
    const struct node_as towards_asp = rig_as(1, 1, AS_MODE_OVERRIDE);
    struct node_config config = rig_config(2, &server, 1, &towards_asp);
    struct rig_side *sg = rig_add(&rig, "10.0.0.2", &config, NULL);
    const struct node_asp client = rig_asp_client("to-sg", "10.0.0.2");
    const struct node_as towards_sg = rig_as(2, 1, AS_MODE_OVERRIDE);
    config = rig_config(1, &client, 1, &towards_sg);
    struct rig_side *stranger = rig_add(&rig, "10.0.0.1", &config, NULL);
    struct rig_side *known = rig_add(&rig, "10.0.0.7", &config, NULL);
    rig_run_for(&rig, 20 * RIG_SEC);
    CU_ASSERT_NOT_EQUAL(rig_as_state(stranger), AS_STATE_ACTIVE);
    CU_ASSERT_EQUAL(rig_as_state(known), AS_STATE_ACTIVE);
    CU_ASSERT_EQUAL(rig_events(sg, "association-refused"),
                    (uint32_t)node_get_counters(sg->node).associations_refused);
    CU_ASSERT_EQUAL(rig_events(sg, "association-up"), 1);
    /* An association that comes up only to be refused is no success: 20 s at 250, 500, 1000 and
     * then each 2000 ms are 13 tries. Paused by 250 ms each time they would be 80. */
    CU_ASSERT(node_get_counters(sg->node).associations_refused >= 10);
    CU_ASSERT(node_get_counters(sg->node).associations_refused <= 14);
    rig_close(&rig);
}

/* RFC4666-4.3.1, RFC9260-5.2: a restart of the association brings the ASP down. */
static void a_restart_goes_through_asp_up_and_active_again(void)
{
    struct rig rig;
    rig_open_pair(&rig);
    struct rig_side *asp = &rig.side[0];
    struct rig_side *sg = &rig.side[1];
    rig_run_for(&rig, RIG_SEC);
    memory_network_restart(node_transport(asp->node), rig_association(asp, 0));
    rig_run_for(&rig, RIG_SEC);
    CU_ASSERT_EQUAL(rig_events(asp, "association-restart"), 1);
    CU_ASSERT_EQUAL(rig_events(sg, "association-restart"), 1);
    CU_ASSERT_EQUAL(rig_events(asp, "association-down"), 0);
    CU_ASSERT_EQUAL(rig_as_state(asp), AS_STATE_ACTIVE);
    CU_ASSERT_EQUAL(rig_as_state(sg), AS_STATE_ACTIVE);
    ANSWER_AT_ONCE(sg, TCAP_SEND_END);
    (void)rig_begin(asp, SCCP_SSN_CAP);
    rig_run_for(&rig, 10 * RIG_MS);
    CU_ASSERT_EQUAL(asp->told[TCAP_IND_END], 1);
    rig_close(&rig);
}

/* In loadshare the AS takes turns; a dialogue's owner knows only its own. */
static void a_reply_takes_the_way_its_dialogue_came(void)
{
    struct rig rig;
    rig_open(&rig, 1, &rig_calm);
    const struct node_asp servers[] = {rig_asp_server("from-a", "10.0.0.1"),
                                       rig_asp_server("from-b", "10.0.0.3")};
    const struct node_as towards_asps = rig_as(1, 2, AS_MODE_LOADSHARE);
    struct node_config config = rig_config(2, servers, 2, &towards_asps);
    struct rig_side *sg = rig_add(&rig, "10.0.0.2", &config, NULL);
    const struct node_asp client = rig_asp_client("to-sg", "10.0.0.2");
    const struct node_as towards_sg = rig_as(2, 1, AS_MODE_LOADSHARE);
    config = rig_config(1, &client, 1, &towards_sg);
    struct rig_side *a = rig_add(&rig, "10.0.0.1", &config, NULL);
    config.generation = 77; /* else both would give their dialogues the same ids */
    struct rig_side *b = rig_add(&rig, "10.0.0.3", &config, NULL);
    ANSWER_AT_ONCE(sg, TCAP_SEND_END);
    rig_run_for(&rig, RIG_SEC);
    for (unsigned i = 0; i < 20; i++) {
        (void)rig_begin(a, SCCP_SSN_CAP);
        (void)rig_begin(b, SCCP_SSN_CAP);
        rig_run_for(&rig, 10 * RIG_MS);
    }
    CU_ASSERT_EQUAL(a->told[TCAP_IND_END], 20);
    CU_ASSERT_EQUAL(b->told[TCAP_IND_END], 20);
    CU_ASSERT_EQUAL(tcap_dialogue_counters(node_dialogues(a->node))->unknown_transaction, 0);
    CU_ASSERT_EQUAL(tcap_dialogue_counters(node_dialogues(b->node))->unknown_transaction, 0);
    rig_close(&rig);
}

/* --- hostile and odd octets ------------------------------------------------------------------- */

static void send_raw(struct rig_side *side, uint32_t ppid, const char *hex)
{
    uint8_t octets[256];
    const size_t length = unit_hex(hex, octets, sizeof(octets));
    CU_ASSERT_EQUAL(transport_send(node_transport(side->node), rig_association(side, 0), 1, ppid,
                                   bytes_of(octets, length)),
                    P7_OK);
}

static void what_is_not_m3ua_or_not_sccp_is_counted_and_harms_nothing(void)
{
    struct rig rig;
    rig_open_pair(&rig);
    struct rig_side *asp = &rig.side[0];
    struct rig_side *sg = &rig.side[1];
    rig_run_for(&rig, RIG_SEC);
    send_raw(asp, 0, "01000101000000080000");
    /* DATA of service indicator 5 (ISUP): RFC4666-3.3.1. */
    send_raw(asp, TRANSPORT_PPID_M3UA,
             "0100010100000024 0006000800000064 02100014 00000001 00000002 05020001 01020304");
    rig_run_for(&rig, 10 * RIG_MS);
    CU_ASSERT_EQUAL(node_get_counters(sg->node).wrong_ppid, 1);
    CU_ASSERT_EQUAL(node_get_counters(sg->node).wrong_service, 1);
    ANSWER_AT_ONCE(sg, TCAP_SEND_END);
    (void)rig_begin(asp, SCCP_SSN_CAP);
    rig_run_for(&rig, 10 * RIG_MS);
    CU_ASSERT_EQUAL(asp->told[TCAP_IND_END], 1);
    rig_close(&rig);
}

/* RFC4666-3.8.1 */
static void m3ua_garbage_is_answered_by_err_and_traffic_goes_on(void)
{
    struct rig rig;
    rig_open_pair(&rig);
    struct rig_side *asp = &rig.side[0];
    struct rig_side *sg = &rig.side[1];
    rig_run_for(&rig, RIG_SEC);
    send_raw(asp, TRANSPORT_PPID_M3UA, "0200010100000008");         /* version 2 */
    send_raw(asp, TRANSPORT_PPID_M3UA, "01000d0100000008");         /* class 13 */
    send_raw(asp, TRANSPORT_PPID_M3UA, "010001010000000c02100099"); /* a parameter too long */
    rig_run_for(&rig, 10 * RIG_MS);
    CU_ASSERT_EQUAL(m3ua_endpoint_get_counters(node_m3ua(sg->node))->errors_sent, 3);
    CU_ASSERT_EQUAL(m3ua_endpoint_get_counters(node_m3ua(asp->node))->errors_received, 3);
    CU_ASSERT_EQUAL(rig_events(asp, "error"), 3);
    CU_ASSERT_EQUAL(rig_events(sg, "error-sent"), 3);
    CU_ASSERT_EQUAL(rig_as_state(sg), AS_STATE_ACTIVE);
    ANSWER_AT_ONCE(sg, TCAP_SEND_END);
    (void)rig_begin(asp, SCCP_SSN_CAP);
    rig_run_for(&rig, 10 * RIG_MS);
    CU_ASSERT_EQUAL(asp->told[TCAP_IND_END], 1);
    rig_close(&rig);
}

/* --- the end ---------------------------------------------------------------------------------- */

static void a_good_ending_delivers_what_was_sent_and_connects_no_more(void) /* RFC4666-4.9, 3.5.3 */
{
    struct rig rig;
    rig_open_pair(&rig);
    struct rig_side *asp = &rig.side[0];
    struct rig_side *sg = &rig.side[1];
    rig_run_for(&rig, RIG_SEC);
    for (unsigned i = 0; i < 10; i++)
        (void)rig_begin(asp, SCCP_SSN_CAP);
    CU_ASSERT_FALSE(node_is_shut(asp->node));
    node_shutdown(asp->node, rig.now_ns);
    rig_run_for(&rig, RIG_SEC);
    CU_ASSERT_TRUE(node_is_shut(asp->node));
    CU_ASSERT_EQUAL(sg->told[TCAP_IND_BEGIN], 10);
    CU_ASSERT_NOT_EQUAL(rig_as_state(sg), AS_STATE_ACTIVE);
    CU_ASSERT_EQUAL(rig_events(sg, "association-down"), 1);
    rig_run_for(&rig, 60 * RIG_SEC);
    CU_ASSERT_EQUAL(node_get_counters(asp->node).reconnects, 0);
    CU_ASSERT_TRUE(node_is_shut(asp->node));
    rig_close(&rig);
}

/* Its clients try again at once: taken in, they would keep it from ever being shut. */
static void an_sg_that_is_ending_takes_no_new_association(void)
{
    struct rig rig;
    rig_open_pair(&rig);
    struct rig_side *sg = &rig.side[1];
    rig_run_for(&rig, RIG_SEC);
    node_shutdown(sg->node, rig.now_ns);
    rig_run_for(&rig, 10 * RIG_SEC);
    CU_ASSERT_TRUE(node_is_shut(sg->node));
    CU_ASSERT(node_get_counters(sg->node).associations_refused >= 1);
    CU_ASSERT(node_get_counters(rig.side[0].node).reconnects >= 1);
    CU_ASSERT_NOT_EQUAL(rig_as_state(&rig.side[0]), AS_STATE_ACTIVE);
    rig_close(&rig);
}

static void answers_during_the_ending_do_no_harm(void)
{
    struct rig rig;
    rig_open_pair(&rig);
    struct rig_side *asp = &rig.side[0];
    struct rig_side *sg = &rig.side[1];
    rig_run_for(&rig, RIG_SEC);
    ANSWER_AT_ONCE(sg, TCAP_SEND_END);
    for (unsigned i = 0; i < 10; i++)
        (void)rig_begin(asp, SCCP_SSN_CAP);
    rig_turn(&rig);
    node_shutdown(sg->node, rig.now_ns);
    rig_run_for(&rig, RIG_SEC);
    CU_ASSERT_EQUAL(tcap_dialogue_count(node_dialogues(sg->node)), 0);
    CU_ASSERT_TRUE(node_is_shut(sg->node));
    rig_close(&rig);
}

static void a_configuration_that_does_not_fit_is_refused_with_a_reason(void)
{
    char verdict[256] = "";
    struct node *node = NULL;
    const struct node_asp asp = rig_asp_client("to-sg", "10.0.0.2");
    struct node_as as = rig_as(2, 1, AS_MODE_OVERRIDE);
    const struct node_handler handler = {.dialogue = rig_on_dialogue};
    struct node_config config = rig_config(1, &asp, 0, &as);
    CU_ASSERT_EQUAL(node_open(&config, &handler, &node, verdict, sizeof(verdict)), P7_RANGE);
    CU_ASSERT_PTR_NOT_NULL(strstr(verdict, "no asp"));
    as.m3ua.asp[0] = 5; /* no such ASP */
    config = rig_config(1, &asp, 1, &as);
    CU_ASSERT_EQUAL(node_open(&config, &handler, &node, verdict, sizeof(verdict)), P7_RANGE);
    CU_ASSERT_PTR_NOT_NULL(strstr(verdict, "don't fit"));
    as.m3ua.asp[0] = 0;
    config.transport.kind = TRANSPORT_MEMORY; /* not to be had without a network */
    CU_ASSERT_EQUAL(node_open(&config, &handler, &node, verdict, sizeof(verdict)), P7_UNSUPPORTED);
    CU_ASSERT_PTR_NOT_NULL(strstr(verdict, "memory"));
    CU_ASSERT_PTR_NULL(node);
    node_close(NULL);
}

UNIT_TESTS = {
    UNIT(an_asp_and_an_sg_come_up_by_themselves),
    UNIT(a_dialogue_begins_goes_on_and_ends_both_ways),
    UNIT(a_begin_that_is_sent_again_has_the_same_transaction_id),
    UNIT(a_closed_route_leaves_the_dialogue_as_it_was),
    UNIT(an_end_into_an_association_that_is_shut_down_is_lost_and_ends_the_dialogue),
    UNIT(an_abort_tells_the_peer_where_it_knows_the_dialogue_and_else_nobody),
    UNIT(an_unknown_subsystem_gives_a_notice),
    UNIT(a_full_send_buffer_loses_the_message_and_says_so),
    UNIT(a_full_dialogue_table_refuses_here_and_there),
    UNIT(silence_ends_a_dialogue_and_tells_its_peer),
    UNIT(dialogues_go_on_over_the_next_association),
    UNIT(a_peer_that_is_gone_is_tried_again_with_a_growing_pause),
    UNIT(an_association_that_nobody_configured_is_refused),
    UNIT(a_restart_goes_through_asp_up_and_active_again),
    UNIT(a_reply_takes_the_way_its_dialogue_came),
    UNIT(what_is_not_m3ua_or_not_sccp_is_counted_and_harms_nothing),
    UNIT(m3ua_garbage_is_answered_by_err_and_traffic_goes_on),
    UNIT(a_good_ending_delivers_what_was_sent_and_connects_no_more),
    UNIT(an_sg_that_is_ending_takes_no_new_association),
    UNIT(answers_during_the_ending_do_no_harm),
    UNIT(a_configuration_that_does_not_fit_is_refused_with_a_reason),
};
UNIT_MAIN("node")
