/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "responder/witness/keeper.h"

#include <string.h>

/* Where channel.h puts the cluster's id and the sender: they choose the key that proves them. */
#define DATAGRAM_CLUSTER_AT 4u
#define DATAGRAM_SENDER_AT  36u

void keeper_init(struct keeper *keeper, uint64_t cluster_id, const uint8_t key[CHANNEL_KEY_OCTETS],
                 uint64_t session, const struct register_value *value)
{
    memset(keeper, 0, sizeof(*keeper));
    keeper->cluster_id = cluster_id;
    keeper->value = *value;
    channel_init(&keeper->channel[0], key, cluster_id, CHANNEL_WITNESS, CHANNEL_NODE_0, session);
    channel_init(&keeper->channel[1], key, cluster_id, CHANNEL_WITNESS, CHANNEL_NODE_1, session);
}

struct keeper *keeper_find(struct keeper *keepers, size_t count, struct bytes datagram)
{
    if (datagram.length < CHANNEL_OVERHEAD_OCTETS)
        return NULL;
    const uint64_t id = bytes_load_u64be(datagram.data + DATAGRAM_CLUSTER_AT);
    for (size_t i = 0; i < count; i++)
        if (keepers[i].cluster_id == id)
            return &keepers[i];
    return NULL;
}

static void apply(struct keeper *keeper, struct bytes payload, struct keeper_outcome *outcome,
                  struct bytes_writer *writer)
{
    uint8_t octets[KEEPER_REPLY_OCTETS_MAX - CHANNEL_OVERHEAD_OCTETS];
    struct bytes_writer inner = bytes_writer_of(octets, octets + sizeof(octets));
    struct register_answer answer;
    struct keeper_counters *counters = &keeper->counters;
    struct register_request *request = &outcome->request;
    if (register_request_decode(payload, request) != P7_OK) {
        counters->malformed++;
        return;
    }
    if (request->cluster_id != keeper->cluster_id) {
        counters->other_cluster++;
        return;
    }
    outcome->asked = true;
    outcome->before = keeper->value;
    outcome->changed = register_apply(&keeper->value, request, &answer);
    outcome->accepted = answer.accepted;
    if (request->kind == REGISTER_READ)
        counters->reads++;
    else if (outcome->changed)
        counters->changes++;
    else if (answer.accepted)
        counters->repetitions++;
    else
        counters->refused++;
    outcome->reply = register_answer_encode(&inner, &answer) == P7_OK &&
                     channel_seal(&keeper->channel[outcome->node],
                                  bytes_of(octets, bytes_writer_length(&inner)), writer) == P7_OK;
}

struct keeper_outcome keeper_receive(struct keeper *keeper, struct bytes datagram,
                                     struct bytes_writer *writer)
{
    struct keeper_outcome outcome;
    struct bytes payload = bytes_of(NULL, 0);
    bool hello = false;
    memset(&outcome, 0, sizeof(outcome));
    if (datagram.length < CHANNEL_OVERHEAD_OCTETS)
        return outcome;
    /* A sender that is no node fails the check of node 0's channel, and is counted there. */
    outcome.node = datagram.data[DATAGRAM_SENDER_AT] == CHANNEL_NODE_1 ? 1 : 0;
    struct channel *channel = &keeper->channel[outcome.node];
    const uint64_t stale = channel->counters.stale;
    switch (channel_open_datagram(channel, datagram, &payload, &hello)) {
    case CHANNEL_DATA:
        apply(keeper, payload, &outcome, writer);
        break;
    case CHANNEL_ANSWER:
    case CHANNEL_OPENED:
    case CHANNEL_NOTHING:
        break;
    }
    /* Authentic, and for a session that is not ours: the node has not noticed that the witness
     * started anew. A HELLO tells it; it is no longer than what it answers. */
    hello = hello || (channel->counters.stale != stale && channel_wants_hello(channel));
    if (hello && !outcome.reply)
        outcome.reply = channel_hello(channel, writer) == P7_OK;
    return outcome;
}

struct keeper_refusals keeper_get_refusals(const struct keeper *keeper)
{
    struct keeper_refusals refusals = {
        .other_cluster = keeper->counters.other_cluster,
        .malformed = keeper->counters.malformed,
    };
    for (size_t i = 0; i < KEEPER_NODES; i++) {
        refusals.forged += keeper->channel[i].counters.forged;
        refusals.malformed += keeper->channel[i].counters.not_ours;
    }
    return refusals;
}
