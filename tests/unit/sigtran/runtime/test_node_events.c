/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* How much of what a peer causes is told: a log that a peer can fill fills the disk. */
#include "tests/unit/sigtran/runtime/node_rig.h"

#define BURST 64

/* M3UA of version 2: each is answered by ERR, which both sides tell. */
static void send_bad(struct rig_side *side, unsigned count)
{
    static const uint8_t octets[] = {2, 0, 1, 1, 0, 0, 0, 8};
    for (unsigned i = 0; i < count; i++)
        CU_ASSERT_EQUAL(transport_send(node_transport(side->node), rig_association(side, 0), 1,
                                       TRANSPORT_PPID_M3UA, bytes_of(octets, sizeof(octets))),
                        P7_OK);
}

static void a_storm_of_bad_messages_is_counted_and_told_within_bounds(void)
{
    static struct rig rig;
    rig_open_pair(&rig);
    struct rig_side *asp = &rig.side[0];
    struct rig_side *sg = &rig.side[1];
    rig_run_for(&rig, RIG_SEC);
    send_bad(asp, 300);
    rig_run_for(&rig, 10 * RIG_MS);
    CU_ASSERT_EQUAL(m3ua_endpoint_get_counters(node_m3ua(sg->node))->errors_sent, 300);
    CU_ASSERT_EQUAL(m3ua_endpoint_get_counters(node_m3ua(asp->node))->errors_received, 300);
    CU_ASSERT_TRUE(rig_events(sg, "error-sent") <= BURST);
    CU_ASSERT_TRUE(rig_events(sg, "error-sent") >= BURST / 2);
    CU_ASSERT_EQUAL(rig_events(sg, "error-sent") + node_get_counters(sg->node).events_held_back,
                    300);
    CU_ASSERT_EQUAL(rig_events(asp, "error") + node_get_counters(asp->node).events_held_back, 300);
    CU_ASSERT_EQUAL(rig_events(sg, "events-held-back"), 0);
    rig_close(&rig);
}

static void after_a_pause_the_rest_is_told_as_a_number(void)
{
    static struct rig rig;
    char expected[NODE_DETAIL_OCTETS];
    rig_open_pair(&rig);
    struct rig_side *asp = &rig.side[0];
    struct rig_side *sg = &rig.side[1];
    rig_run_for(&rig, RIG_SEC);
    send_bad(asp, 300);
    rig_run_for(&rig, RIG_SEC);
    const uint64_t held_back = node_get_counters(sg->node).events_held_back;
    const uint32_t told = rig_events(sg, "error-sent");
    CU_ASSERT_TRUE(held_back > 0);
    send_bad(asp, 1);
    rig_run_for(&rig, 10 * RIG_MS);
    CU_ASSERT_EQUAL(rig_events(sg, "error-sent"), told + 1);
    CU_ASSERT_EQUAL_FATAL(rig_events(sg, "events-held-back"), 1);
    (void)snprintf(expected, sizeof(expected), "asp from-asp caused %llu more",
                   (unsigned long long)held_back);
    const struct rig_event *last = &sg->event[sg->event_count - 2];
    CU_ASSERT_STRING_EQUAL(last->event, "events-held-back");
    CU_ASSERT_EQUAL(strncmp(last->detail, expected, strlen(expected)), 0);
    rig_close(&rig);
}

static void a_minute_of_rest_gives_the_whole_burst_and_no_more(void)
{
    static struct rig rig;
    rig_open_pair(&rig);
    struct rig_side *asp = &rig.side[0];
    struct rig_side *sg = &rig.side[1];
    rig_run_for(&rig, RIG_SEC);
    send_bad(asp, 300);
    rig_run_for(&rig, 60 * RIG_SEC);
    const uint32_t told = rig_events(sg, "error-sent");
    send_bad(asp, 300);
    rig_run_for(&rig, 10 * RIG_MS);
    CU_ASSERT_EQUAL(rig_events(sg, "error-sent"), told + BURST);
    rig_close(&rig);
}

static void what_the_node_does_by_itself_is_always_told(void)
{
    static struct rig rig;
    rig_open(&rig, 1, &rig_calm);
    const struct node_asp client = rig_asp_client("to-nobody", "10.0.0.9");
    const struct node_as towards_sg = rig_as(2, 1, AS_MODE_OVERRIDE);
    struct node_config config = rig_config(1, &client, 1, &towards_sg);
    const struct rig_side *asp = rig_add(&rig, "10.0.0.1", &config, NULL);
    rig_run_for(&rig, 600 * RIG_SEC);
    /* Each try ends with an event, at the pace of the pauses between them. */
    CU_ASSERT_EQUAL(node_get_counters(asp->node).events_held_back, 0);
    CU_ASSERT_TRUE(rig_events(asp, "association-down") > BURST);
    rig_close(&rig);
}

UNIT_TESTS = {
    UNIT(a_storm_of_bad_messages_is_counted_and_told_within_bounds),
    UNIT(after_a_pause_the_rest_is_told_as_a_number),
    UNIT(a_minute_of_rest_gives_the_whole_burst_and_no_more),
    UNIT(what_the_node_does_by_itself_is_always_told),
};
UNIT_MAIN("node_events")
