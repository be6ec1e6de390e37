/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Messages for dialogues that are over: sigtran/runtime/node_dialogue.c. */
#include "tests/unit/sigtran/runtime/node_rig.h"

/* The message is there as it came, for those who pass it on. */
static bool octets_are_the_message(const struct tcap_dialogue_indication *indication)
{
    struct tcap_message again;
    return tcap_decode(indication->octets, &again) == P7_OK &&
           again.type == indication->message->type &&
           again.otid.value == indication->message->otid.value;
}

static bool abort_stray(void *context, const struct tcap_dialogue_indication *indication,
                        const struct node_route *route)
{
    struct rig_side *side = *(struct rig_side *const *)context;
    side->answered =
        node_send_abort_to(side->node, side->rig->now_ns, route, indication->message->otid);
    return true;
}

static bool answer_stray(void *context, const struct tcap_dialogue_indication *indication,
                         const struct node_route *route)
{
    struct rig_side *side = *(struct rig_side *const *)context;
    const struct tcap_component invoke = tcap_invoke(1, CAP_CONTINUE);
    const struct tcap_request request = {.components = &invoke, .component_count = 1};
    CU_ASSERT_TRUE(octets_are_the_message(indication));
    side->answered =
        node_send_end_to(side->node, side->rig->now_ns, route, indication->message->otid, &request);
    return true;
}

static void forward_dialogue(void *context, const struct tcap_dialogue_indication *indication,
                             const struct node_route *route)
{
    rig_on_dialogue(*(struct rig_side *const *)context, indication, route);
}

/* The peer sends a CONTINUE behind the end of its dialogue; `told` are the ENDs and ABORTs that it
 * gets. */
static void send_behind_the_end(bool (*stray)(void *context,
                                              const struct tcap_dialogue_indication *indication,
                                              const struct node_route *route),
                                uint32_t told[2])
{
    struct rig rig;
    struct rig_side *sg = &rig.side[0];
    rig_open(&rig, 1, &rig_calm);
    const struct node_handler handler = {
        .context = &sg, .dialogue = forward_dialogue, .stray = stray};
    const struct node_asp server = rig_asp_server("from-asp", NULL);
    const struct node_as towards_asp = rig_as(1, 1, AS_MODE_OVERRIDE);
    struct node_config sg_config = rig_config(2, &server, 1, &towards_asp);
    (void)rig_add(&rig, "10.0.0.2", &sg_config, &handler);
    const struct node_asp client = rig_asp_client("to-sg", "10.0.0.2");
    const struct node_as towards_sg = rig_as(2, 1, AS_MODE_OVERRIDE);
    struct node_config asp_config = rig_config(1, &client, 1, &towards_sg);
    struct rig_side *asp = rig_add(&rig, "10.0.0.1", &asp_config, NULL);
    rig_run_for(&rig, RIG_SEC);
    const uint32_t ours = rig_begin(asp, SCCP_SSN_CAP);
    rig_run_for(&rig, 10 * RIG_MS);
    CU_ASSERT_EQUAL_FATAL(sg->told[TCAP_IND_BEGIN], 1);
    const uint32_t theirs = sg->last.dialogue;
    CU_ASSERT_EQUAL(rig_send(sg, theirs, TCAP_SEND_CONTINUE), P7_OK);
    rig_run_for(&rig, 10 * RIG_MS);
    node_dialogue_drop(sg->node, theirs); /* as if its END had been lost */
    CU_ASSERT_EQUAL(rig_send(asp, ours, TCAP_SEND_CONTINUE), P7_OK);
    rig_run_for(&rig, 10 * RIG_MS);
    CU_ASSERT_EQUAL(sg->answered, P7_OK);
    told[0] = asp->told[TCAP_IND_END];
    told[1] = asp->told[TCAP_IND_P_ABORT];
    rig_close(&rig);
}

static void a_request_behind_the_end_of_its_dialogue_can_still_be_answered(void)
{
    uint32_t told[2];
    send_behind_the_end(answer_stray, told);
    CU_ASSERT_TRUE(told[0] == 1 && told[1] == 0);
}

static void what_was_kept_to_be_looked_at_can_still_be_aborted(void)
{
    uint32_t told[2];
    send_behind_the_end(abort_stray, told);
    CU_ASSERT_TRUE(told[0] == 0 && told[1] == 1);
}

UNIT_TESTS = {
    UNIT(a_request_behind_the_end_of_its_dialogue_can_still_be_answered),
    UNIT(what_was_kept_to_be_looked_at_can_still_be_aborted),
};
UNIT_MAIN("node_stray")
