/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Long messages and ANSI between two nodes: the SCCP part of sigtran/runtime/node_dialogue.c. */
#include "tests/unit/sigtran/runtime/node_rig.h"

#define PC_ASP  0x2f0001u /* 47-0-1 */
#define PC_SG   0x2f0002u
#define DATA_AT 3 /* class and type of an M3UA header, RFC4666-3.1 */

static uint8_t text[4200]; /* an OCTET STRING, the parameter of an invoke */
static struct bytes wanted;

/* One story at a time: what the far end saw of it, and what is lost on the way. */
static struct {
    struct rig rig;
    struct rig_side *asp;
    struct rig_side *sg;
    uint32_t intact; /* BEGINs and CONTINUEs at the SG with the text that was sent */
    unsigned data;   /* DATA messages that came to the SG */
    unsigned lost;   /* which of them is, from 1; 0: none */
} story;

static struct tcap_component long_invoke(size_t octets)
{
    struct tcap_component invoke = tcap_invoke(1, CAP_CONTINUE);
    text[0] = 0x04;
    text[1] = 0x82;
    text[2] = (uint8_t)(octets >> 8);
    text[3] = (uint8_t)octets;
    for (size_t i = 4; i < octets + 4; i++)
        text[i] = (uint8_t)(i * 5 + i / 256);
    wanted = bytes_of(text, octets + 4);
    invoke.parameter = wanted;
    return invoke;
}

static enum p7_status send_long(struct rig_side *side, uint32_t dialogue,
                                enum tcap_send_primitive primitive, size_t octets)
{
    const struct tcap_component invoke = long_invoke(octets);
    const struct tcap_request request = {.components = &invoke, .component_count = 1};
    return node_send(side->node, side->rig->now_ns, dialogue, primitive, &request);
}

static void on_dialogue(void *context, const struct tcap_dialogue_indication *indication,
                        const struct node_route *route)
{
    struct rig_side *side = *(struct rig_side *const *)context;
    if (indication->message != NULL && indication->message->component_count == 1)
        story.intact += bytes_equal(indication->message->components[0].parameter, wanted) ? 1u : 0u;
    rig_on_dialogue(side, indication, route);
}

static bool pass_but_one(void *context, const struct transport_message *message)
{
    (void)context;
    if (message->bytes.data[DATA_AT - 1] != M3UA_CLASS_TRANSFER)
        return true;
    story.data++;
    return story.data != story.lost;
}

static void open_story(enum sccp_variant variant, enum sccp_long_messages long_messages)
{
    memset(&story, 0, sizeof(story));
    rig_open(&story.rig, 1, &rig_calm);
    const struct node_handler sg_handler = {.context = &story.sg, .dialogue = on_dialogue};
    const struct node_handler asp_handler = {.context = &story.asp, .dialogue = on_dialogue};
    const struct node_asp server = rig_asp_server("from-asp", NULL);
    const struct node_as towards_asp = rig_as(PC_ASP, 1, AS_MODE_OVERRIDE);
    struct node_config sg = rig_config(PC_SG, &server, 1, &towards_asp);
    const struct node_asp client = rig_asp_client("to-sg", "10.0.0.2");
    const struct node_as towards_sg = rig_as(PC_SG, 1, AS_MODE_OVERRIDE);
    struct node_config asp = rig_config(PC_ASP, &client, 1, &towards_sg);
    sg.sccp_variant = variant;
    asp.sccp_variant = variant;
    sg.long_messages = long_messages;
    asp.long_messages = long_messages;
    story.sg = rig_add(&story.rig, "10.0.0.2", &sg, &sg_handler);
    story.asp = rig_add(&story.rig, "10.0.0.1", &asp, &asp_handler);
    story.sg->passes = pass_but_one;
    rig_run_for(&story.rig, RIG_SEC);
}

static uint32_t begin_long(enum sccp_variant variant, size_t octets)
{
    uint32_t dialogue = TCAP_DIALOGUE_INVALID;
    struct node_route route = rig_route(story.asp, SCCP_SSN_CAP);
    if (variant == SCCP_ANSI) {
        CU_ASSERT_EQUAL_FATAL(sccp_party_set_ssn(&route.called, SCCP_ANSI, true, PC_SG, 146),
                              P7_OK);
        CU_ASSERT_EQUAL_FATAL(sccp_party_set_ssn(&route.calling, SCCP_ANSI, true, PC_ASP, 146),
                              P7_OK);
    }
    CU_ASSERT_EQUAL_FATAL(node_dialogue_open(story.asp->node, story.rig.now_ns, &route, &dialogue),
                          P7_OK);
    CU_ASSERT_EQUAL(send_long(story.asp, dialogue, TCAP_SEND_BEGIN, octets), P7_OK);
    return dialogue;
}

static const struct sccp_reassembly_counters *reassembly_of(const struct rig_side *side)
{
    return sccp_reassembly_get_counters(node_sccp_reassembly(side->node));
}

/* BEGIN, CONTINUE back, CONTINUE, END: each too long for a UDT. */
static void check_dialogue(enum sccp_variant variant)
{
    const uint32_t ours = begin_long(variant, 3000);
    rig_run_for(&story.rig, 10 * RIG_MS);
    CU_ASSERT_EQUAL_FATAL(story.sg->told[TCAP_IND_BEGIN], 1);
    const uint32_t theirs = story.sg->last.dialogue;
    CU_ASSERT_EQUAL(send_long(story.sg, theirs, TCAP_SEND_CONTINUE, 700), P7_OK);
    rig_run_for(&story.rig, 10 * RIG_MS);
    CU_ASSERT_EQUAL_FATAL(story.asp->told[TCAP_IND_CONTINUE], 1);
    CU_ASSERT_EQUAL(story.asp->last.dialogue, ours);
    CU_ASSERT_EQUAL(send_long(story.asp, ours, TCAP_SEND_CONTINUE, 240), P7_OK);
    rig_run_for(&story.rig, 10 * RIG_MS);
    CU_ASSERT_EQUAL(story.sg->told[TCAP_IND_CONTINUE], 1);
    CU_ASSERT_EQUAL(send_long(story.sg, theirs, TCAP_SEND_END, 3700), P7_OK);
    rig_run_for(&story.rig, 10 * RIG_MS);
    CU_ASSERT_EQUAL(story.asp->told[TCAP_IND_END], 1);
    CU_ASSERT_EQUAL(story.intact, 4);
}

static void a_dialogue_of_long_messages_goes_in_segments_both_ways(void) /* Q.714-4.1.1 */
{
    open_story(SCCP_ITU, SCCP_LONG_XUDT);
    check_dialogue(SCCP_ITU);
    const struct sccp_segmentation_counters *asp = node_sccp_segmentation(story.asp->node);
    const struct sccp_segmentation_counters *sg = node_sccp_segmentation(story.sg->node);
    CU_ASSERT_TRUE(asp->segmented == 2 && sg->segmented == 2);
    CU_ASSERT_EQUAL(reassembly_of(story.sg)->reassembled, 2);
    CU_ASSERT_EQUAL(reassembly_of(story.asp)->reassembled, 2);
    CU_ASSERT_EQUAL(reassembly_of(story.sg)->segments_received, asp->segments_sent);
    CU_ASSERT_EQUAL(reassembly_of(story.asp)->segments_received, sg->segments_sent);
    CU_ASSERT_EQUAL(asp->segments_sent, story.data);
    CU_ASSERT_EQUAL(sccp_reassembly_count(node_sccp_reassembly(story.sg->node)), 0);
    rig_close(&story.rig);
}

static void a_network_that_takes_ludts_gets_one_for_each(void) /* Q.713-4.20 */
{
    open_story(SCCP_ITU, SCCP_LONG_LUDT);
    check_dialogue(SCCP_ITU);
    CU_ASSERT_EQUAL(node_sccp_segmentation(story.asp->node)->ludts_sent, 2);
    CU_ASSERT_EQUAL(node_sccp_segmentation(story.sg->node)->ludts_sent, 2);
    CU_ASSERT_EQUAL(story.data, 2);
    CU_ASSERT_EQUAL(reassembly_of(story.sg)->segments_received, 0);
    rig_close(&story.rig);
}

static void ansi_nodes_with_point_codes_of_24_bits_talk(void) /* T1.112.3-3.4 */
{
    open_story(SCCP_ANSI, SCCP_LONG_XUDT);
    check_dialogue(SCCP_ANSI);
    CU_ASSERT_EQUAL(story.sg->route.dpc, PC_ASP);
    CU_ASSERT_TRUE(story.sg->route.called.length == 5 && story.sg->route.called.octets[0] == 0xc3);
    rig_close(&story.rig);
}

static void a_message_too_long_for_sccp_is_not_sent_and_counted(void)
{
    open_story(SCCP_ITU, SCCP_LONG_XUDT);
    uint32_t dialogue = TCAP_DIALOGUE_INVALID;
    const struct node_route route = rig_route(story.asp, SCCP_SSN_CAP);
    CU_ASSERT_EQUAL_FATAL(node_dialogue_open(story.asp->node, story.rig.now_ns, &route, &dialogue),
                          P7_OK);
    CU_ASSERT_EQUAL(send_long(story.asp, dialogue, TCAP_SEND_BEGIN, 4000), P7_RANGE);
    rig_run_for(&story.rig, 10 * RIG_MS);
    CU_ASSERT_EQUAL(node_sccp_segmentation(story.asp->node)->too_long, 1);
    CU_ASSERT_EQUAL(node_get_counters(story.asp->node).encode_failures, 1);
    CU_ASSERT_EQUAL(story.data, 0);
    rig_close(&story.rig);
}

/* The user hears of it by the dialogue, though all that came back is how its message began. */
static void check_notice(uint32_t dialogue)
{
    CU_ASSERT_EQUAL(story.asp->told[TCAP_IND_NOTICE], 1);
    CU_ASSERT_EQUAL(story.asp->last.dialogue, dialogue);
    CU_ASSERT_EQUAL(story.asp->last.return_cause, SCCP_CAUSE_TRANSPORT_ERROR);
    CU_ASSERT_EQUAL(story.sg->told[TCAP_IND_BEGIN], 0);
    CU_ASSERT_EQUAL(sccp_reassembly_count(node_sccp_reassembly(story.sg->node)), 0);
}

static void a_segment_that_is_lost_is_told_to_the_user_of_the_dialogue(void) /* Q.714-4.1.1.2.3 */
{
    open_story(SCCP_ITU, SCCP_LONG_XUDT);
    story.lost = 3;
    const uint32_t dialogue = begin_long(SCCP_ITU, 1500);
    rig_run_for(&story.rig, 10 * RIG_MS);
    check_notice(dialogue);
    CU_ASSERT_EQUAL(reassembly_of(story.sg)->segments_out_of_order, 1);
    CU_ASSERT_EQUAL(node_sccp(story.sg->node)->counters.returned, 1); /* once, not per segment */
    rig_close(&story.rig);
}

static void a_last_segment_that_is_lost_is_told_after_t_reass(void) /* Q.714-4.1.1.2.3 */
{
    open_story(SCCP_ITU, SCCP_LONG_XUDT);
    story.lost = 7;
    const uint32_t dialogue = begin_long(SCCP_ITU, 1500);
    rig_run_for(&story.rig, SCCP_T_REASS_MS * RIG_MS - 10 * RIG_MS);
    CU_ASSERT_EQUAL(story.data, 7);
    CU_ASSERT_EQUAL(story.asp->told[TCAP_IND_NOTICE], 0);
    CU_ASSERT_EQUAL(sccp_reassembly_count(node_sccp_reassembly(story.sg->node)), 1);
    rig_run_for(&story.rig, 20 * RIG_MS);
    check_notice(dialogue);
    CU_ASSERT_EQUAL(reassembly_of(story.sg)->reassembly_expired, 1);
    rig_close(&story.rig);
}

static void an_ludt_for_a_user_that_is_not_there_comes_back_whole(void) /* Q.714-4.2 */
{
    open_story(SCCP_ITU, SCCP_LONG_LUDT);
    uint32_t dialogue = TCAP_DIALOGUE_INVALID;
    const struct node_route route = rig_route(story.asp, 8);
    CU_ASSERT_EQUAL_FATAL(node_dialogue_open(story.asp->node, story.rig.now_ns, &route, &dialogue),
                          P7_OK);
    CU_ASSERT_EQUAL(send_long(story.asp, dialogue, TCAP_SEND_BEGIN, 3800), P7_OK);
    rig_run_for(&story.rig, 10 * RIG_MS);
    CU_ASSERT_EQUAL(story.asp->told[TCAP_IND_NOTICE], 1);
    CU_ASSERT_EQUAL(story.asp->last.return_cause, SCCP_CAUSE_UNEQUIPPED_USER);
    CU_ASSERT_EQUAL(story.intact, 1); /* the notice has all of it */
    rig_close(&story.rig);
}

/* What comes in last, as SCCP has it. */
static bool look_at_class(void *context, const struct transport_message *message)
{
    struct sccp_message *last = context;
    const uint8_t *end = message->bytes.data + message->bytes.length;
    struct m3ua_data data;
    struct m3ua_fault fault;
    if (m3ua_is_data(message->bytes.data, end) &&
        m3ua_data_decode(message->bytes.data, end, &data, &fault) == P7_OK)
        CU_ASSERT_EQUAL(sccp_decode(SCCP_ITU, data.payload, last), P7_OK);
    return true;
}

static void class_and_return_option_are_what_the_network_is_to_have(void) /* Q.713-3.6 */
{
    for (unsigned i = 0; i < 2; i++) {
        struct sccp_message last = {.type = 0};
        struct rig rig;
        rig_open(&rig, 1, &rig_calm);
        const struct node_asp server = rig_asp_server("from-asp", NULL);
        const struct node_as towards_asp = rig_as(1, 1, AS_MODE_OVERRIDE);
        struct node_config sg = rig_config(2, &server, 1, &towards_asp);
        const struct node_asp client = rig_asp_client("to-sg", "10.0.0.2");
        const struct node_as towards_sg = rig_as(2, 1, AS_MODE_OVERRIDE);
        struct node_config asp = rig_config(1, &client, 1, &towards_sg);
        asp.sccp_basic_class = i != 0;
        asp.no_return_option = i != 0;
        struct rig_side *there = rig_add(&rig, "10.0.0.2", &sg, NULL);
        struct rig_side *here = rig_add(&rig, "10.0.0.1", &asp, NULL);
        there->passes = look_at_class;
        there->passes_context = &last;
        rig_run_for(&rig, RIG_SEC);
        (void)rig_begin(here, 8); /* nobody is there */
        rig_run_for(&rig, 10 * RIG_MS);
        CU_ASSERT_EQUAL(last.type, SCCP_UDT);
        CU_ASSERT_EQUAL(last.protocol_class, i == 0 ? 1 : 0);
        CU_ASSERT_EQUAL(last.return_on_error, i == 0);
        CU_ASSERT_EQUAL(here->told[TCAP_IND_NOTICE], i == 0 ? 1 : 0);
        rig_close(&rig);
    }
}

UNIT_TESTS = {
    UNIT(a_dialogue_of_long_messages_goes_in_segments_both_ways),
    UNIT(a_network_that_takes_ludts_gets_one_for_each),
    UNIT(ansi_nodes_with_point_codes_of_24_bits_talk),
    UNIT(a_message_too_long_for_sccp_is_not_sent_and_counted),
    UNIT(a_segment_that_is_lost_is_told_to_the_user_of_the_dialogue),
    UNIT(a_last_segment_that_is_lost_is_told_after_t_reass),
    UNIT(class_and_return_option_are_what_the_network_is_to_have),
    UNIT(an_ludt_for_a_user_that_is_not_there_comes_back_whole),
};
UNIT_MAIN("node_sccp")
