/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "responder/witness/keeper.h"

#include "tests/unit/unit.h"

#define CLUSTER UINT64_C(0x0102030405060708)
#define SESSION ((UINT64_C(3) << 32) | 9)

static const uint8_t key[CHANNEL_KEY_OCTETS] = {1, 2, 3};
static const struct register_value nothing = {.owner = REGISTER_NODE_NONE};

/* A node's end, and the octets that go between it and the keeper. */
struct rig {
    struct keeper keeper;
    struct channel node;
    uint8_t sent[KEEPER_REPLY_OCTETS_MAX];
    uint8_t replied[KEEPER_REPLY_OCTETS_MAX];
    size_t replied_length;
    struct keeper_outcome outcome;
};

static void deliver(struct rig *rig, struct bytes datagram)
{
    struct bytes_writer writer = bytes_writer_of(rig->replied, rig->replied + sizeof(rig->replied));
    rig->outcome = keeper_receive(&rig->keeper, datagram, &writer);
    rig->replied_length = rig->outcome.reply ? bytes_writer_length(&writer) : 0;
}

/* The node's HELLO to the keeper, and what comes back to the node; and so on until both are quiet.
 */
static void shake_hands(struct rig *rig)
{
    bool hello = true;
    for (int i = 0; i < 8 && hello; i++) {
        struct bytes payload;
        struct bytes_writer writer = bytes_writer_of(rig->sent, rig->sent + sizeof(rig->sent));
        CU_ASSERT_EQUAL(channel_hello(&rig->node, &writer), P7_OK);
        deliver(rig, bytes_of(rig->sent, bytes_writer_length(&writer)));
        hello = false;
        if (rig->outcome.reply)
            (void)channel_open_datagram(&rig->node, bytes_of(rig->replied, rig->replied_length),
                                        &payload, &hello);
    }
}

static void rig_open(struct rig *rig, enum channel_party node)
{
    memset(rig, 0, sizeof(*rig));
    keeper_init(&rig->keeper, CLUSTER, key, SESSION, &nothing);
    channel_init(&rig->node, key, CLUSTER, node, CHANNEL_WITNESS, (UINT64_C(1) << 32) | 5);
    shake_hands(rig);
    CU_ASSERT_FATAL(channel_is_open(&rig->node));
}

static struct bytes sealed(struct rig *rig, const struct register_request *request)
{
    uint8_t octets[256];
    struct bytes_writer payload = bytes_writer_of(octets, octets + sizeof(octets));
    struct bytes_writer writer = bytes_writer_of(rig->sent, rig->sent + sizeof(rig->sent));
    CU_ASSERT_EQUAL(register_request_encode(&payload, request), P7_OK);
    CU_ASSERT_EQUAL(
        channel_seal(&rig->node, bytes_of(octets, bytes_writer_length(&payload)), &writer), P7_OK);
    return bytes_of(rig->sent, bytes_writer_length(&writer));
}

/* What the node reads of the reply; id 0: nothing. */
static struct register_answer answer_of(struct rig *rig)
{
    struct register_answer answer = {.id = 0};
    struct bytes payload;
    bool hello;
    if (!rig->outcome.reply ||
        channel_open_datagram(&rig->node, bytes_of(rig->replied, rig->replied_length), &payload,
                              &hello) != CHANNEL_DATA ||
        register_answer_decode(payload, &answer) != P7_OK)
        answer.id = 0;
    return answer;
}

static struct register_request swap_of(uint64_t id, uint64_t version)
{
    return (struct register_request){.id = id,
                                     .cluster_id = CLUSTER,
                                     .kind = REGISTER_SWAP,
                                     .proposal = {.version = version,
                                                  .term = 1,
                                                  .owner_identity = 7,
                                                  .nonce = id,
                                                  .owner = 0,
                                                  .mode = REGISTER_SOLO}};
}

static void a_change_is_reported_so_that_it_is_made_durable_before_the_reply(void)
{
    struct rig rig;
    const struct register_request request = swap_of(11, 1);
    rig_open(&rig, CHANNEL_NODE_0);
    deliver(&rig, sealed(&rig, &request));
    CU_ASSERT(rig.outcome.reply && rig.outcome.asked && rig.outcome.changed);
    CU_ASSERT(register_value_equal(&rig.keeper.value, &request.proposal));
    CU_ASSERT(register_value_is_empty(&rig.outcome.before));
    const struct register_answer answer = answer_of(&rig);
    CU_ASSERT_EQUAL(answer.id, 11);
    CU_ASSERT(answer.accepted);
    /* The same proposal again changes nothing, so nothing is written. */
    deliver(&rig, sealed(&rig, &request));
    CU_ASSERT(rig.outcome.reply && rig.outcome.accepted && !rig.outcome.changed);
    CU_ASSERT_EQUAL(rig.keeper.counters.changes, 1);
    CU_ASSERT_EQUAL(rig.keeper.counters.repetitions, 1);
}

static void a_refused_proposal_leaves_the_value_and_says_what_it_is(void)
{
    struct rig rig;
    const struct register_request first = swap_of(1, 1);
    const struct register_request wrong = swap_of(2, 5);
    rig_open(&rig, CHANNEL_NODE_1);
    deliver(&rig, sealed(&rig, &first));
    (void)answer_of(&rig);
    deliver(&rig, sealed(&rig, &wrong));
    CU_ASSERT(!rig.outcome.changed && !rig.outcome.accepted);
    CU_ASSERT_EQUAL(rig.outcome.node, 1);
    const struct register_answer answer = answer_of(&rig);
    CU_ASSERT_EQUAL(answer.id, 2);
    CU_ASSERT(register_value_equal(&answer.current, &first.proposal));
    CU_ASSERT_EQUAL(rig.keeper.counters.refused, 1);
}

static void a_datagram_sent_again_is_not_applied_again(void)
{
    struct rig rig;
    const struct register_request request = {
        .id = 1, .cluster_id = CLUSTER, .kind = REGISTER_READ, .proposal = nothing};
    rig_open(&rig, CHANNEL_NODE_0);
    const struct bytes datagram = sealed(&rig, &request);
    deliver(&rig, datagram);
    CU_ASSERT(rig.outcome.reply);
    deliver(&rig, datagram);
    CU_ASSERT_FALSE(rig.outcome.reply || rig.outcome.asked);
    CU_ASSERT_EQUAL(rig.keeper.counters.reads, 1);
}

static void a_request_of_another_cluster_inside_is_refused_and_counted(void)
{
    struct rig rig;
    struct register_request request = swap_of(1, 1);
    request.cluster_id = CLUSTER + 1;
    rig_open(&rig, CHANNEL_NODE_0);
    deliver(&rig, sealed(&rig, &request));
    CU_ASSERT_FALSE(rig.outcome.reply || rig.outcome.asked || rig.outcome.changed);
    CU_ASSERT(register_value_is_empty(&rig.keeper.value));
    CU_ASSERT_EQUAL(keeper_get_refusals(&rig.keeper).other_cluster, 1);
}

static void an_octet_changed_on_the_way_is_forged_wherever_it_is(void)
{
    struct rig rig;
    const struct register_request request = swap_of(1, 1);
    rig_open(&rig, CHANNEL_NODE_0);
    const struct bytes datagram = sealed(&rig, &request);
    for (size_t i = 0; i < datagram.length; i++) {
        rig.sent[i] ^= 0x40;
        deliver(&rig, datagram);
        CU_ASSERT_FALSE(rig.outcome.reply || rig.outcome.asked);
        rig.sent[i] ^= 0x40;
    }
    CU_ASSERT(register_value_is_empty(&rig.keeper.value));
    CU_ASSERT(keeper_get_refusals(&rig.keeper).forged > datagram.length / 2);
    for (size_t length = 0; length < datagram.length; length++) {
        deliver(&rig, bytes_of(datagram.data, length));
        CU_ASSERT_FALSE(rig.outcome.reply || rig.outcome.asked);
    }
    deliver(&rig, datagram);
    CU_ASSERT(rig.outcome.changed);
}

static void an_authentic_datagram_that_is_no_request_is_counted(void)
{
    struct rig rig;
    const uint8_t junk[] = {9, 9, 9};
    rig_open(&rig, CHANNEL_NODE_0);
    struct bytes_writer writer = bytes_writer_of(rig.sent, rig.sent + sizeof(rig.sent));
    CU_ASSERT_EQUAL(channel_seal(&rig.node, bytes_of(junk, sizeof(junk)), &writer), P7_OK);
    deliver(&rig, bytes_of(rig.sent, bytes_writer_length(&writer)));
    CU_ASSERT_FALSE(rig.outcome.reply || rig.outcome.asked);
    CU_ASSERT_EQUAL(keeper_get_refusals(&rig.keeper).malformed, 1);
}

static void a_node_that_missed_the_witnesss_restart_is_told_by_a_hello(void)
{
    struct rig rig;
    const struct register_request request = swap_of(1, 1);
    rig_open(&rig, CHANNEL_NODE_0);
    keeper_init(&rig.keeper, CLUSTER, key, (UINT64_C(4) << 32) | 1, &nothing);
    deliver(&rig, sealed(&rig, &request));
    /* Not applied: it was meant for the former life. Answered by a HELLO, no longer than it. */
    CU_ASSERT_FALSE(rig.outcome.asked);
    CU_ASSERT(rig.outcome.reply);
    CU_ASSERT_EQUAL(rig.replied_length, CHANNEL_OVERHEAD_OCTETS);
    struct bytes payload;
    bool hello = false;
    (void)channel_open_datagram(&rig.node, bytes_of(rig.replied, rig.replied_length), &payload,
                                &hello);
    CU_ASSERT(hello);
    shake_hands(&rig);
    deliver(&rig, sealed(&rig, &request));
    CU_ASSERT(rig.outcome.changed);
    CU_ASSERT_EQUAL(answer_of(&rig).id, 1);
}

static void the_keeper_is_found_by_the_clusters_number(void)
{
    struct rig rig;
    struct keeper keepers[2];
    const struct register_request request = swap_of(1, 1);
    rig_open(&rig, CHANNEL_NODE_0);
    const struct bytes datagram = sealed(&rig, &request);
    keeper_init(&keepers[0], CLUSTER + 1, key, SESSION, &nothing);
    keeper_init(&keepers[1], CLUSTER, key, SESSION, &nothing);
    CU_ASSERT_PTR_EQUAL(keeper_find(keepers, 2, datagram), &keepers[1]);
    CU_ASSERT_PTR_NULL(keeper_find(keepers, 1, datagram));
    CU_ASSERT_PTR_NULL(keeper_find(keepers, 2, bytes_of(datagram.data, 20)));
    CU_ASSERT_PTR_NULL(keeper_find(keepers, 2, bytes_of(NULL, 0)));
}

UNIT_TESTS = {
    UNIT(a_change_is_reported_so_that_it_is_made_durable_before_the_reply),
    UNIT(a_refused_proposal_leaves_the_value_and_says_what_it_is),
    UNIT(a_datagram_sent_again_is_not_applied_again),
    UNIT(a_request_of_another_cluster_inside_is_refused_and_counted),
    UNIT(an_octet_changed_on_the_way_is_forged_wherever_it_is),
    UNIT(an_authentic_datagram_that_is_no_request_is_counted),
    UNIT(a_node_that_missed_the_witnesss_restart_is_told_by_a_hello),
    UNIT(the_keeper_is_found_by_the_clusters_number),
};
UNIT_MAIN("keeper")
