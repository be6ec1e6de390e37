/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * Whatever comes over a link of a cluster. The input is read
 *  - as a message, a register's request, answer and value: what decodes encodes to the same octets;
 *  - as a datagram, by a channel that knows nobody and by one that is open;
 *  - sealed, as a payload: it comes out as it went in, once;
 *  - as a list of length, octets: datagrams of a peer that has the key and says what it likes.
 * Their head is the input's but for magic, cluster and sender; their HMAC is right.
 */
#include <nettle/hmac.h>
#include <stdlib.h>
#include <string.h>

#include "responder/cluster/channel.h"
#include "responder/cluster/message.h"
#include "responder/cluster/register.h"

#define CLUSTER_ID   7u
#define SESSION      0x100000002u
#define PEER_SESSION 0x100000001u

static const uint8_t key[CHANNEL_KEY_OCTETS] = {'f', 'u', 'z', 'z'};

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void decode_all(struct bytes input)
{
    static uint8_t octets[CHANNEL_PAYLOAD_OCTETS_MAX];
    struct cluster_message message;
    struct register_request request;
    struct register_answer answer;
    struct register_value value;
    struct bytes_writer w = bytes_writer_of(octets, octets + sizeof(octets));
    if (cluster_message_decode(input, &message) == P7_OK) {
        require(cluster_message_encode(&w, &message) == P7_OK);
        require(bytes_equal(bytes_of(octets, bytes_writer_length(&w)), input));
        require(cluster_message_name(message.kind)[0] != '?');
    }
    w = bytes_writer_of(octets, octets + sizeof(octets));
    if (register_request_decode(input, &request) == P7_OK) {
        require(register_request_encode(&w, &request) == P7_OK);
        require(bytes_equal(bytes_of(octets, bytes_writer_length(&w)), input));
        struct register_value current = {.owner = REGISTER_NODE_NONE};
        const bool changed = register_apply(&current, &request, &answer);
        require(changed == answer.accepted);
        require(changed != register_value_is_empty(&current));
    }
    w = bytes_writer_of(octets, octets + sizeof(octets));
    if (register_answer_decode(input, &answer) == P7_OK) {
        require(register_answer_encode(&w, &answer) == P7_OK);
        require(bytes_equal(bytes_of(octets, bytes_writer_length(&w)), input));
    }
    if (register_value_decode(input, &value) == P7_OK) {
        register_value_encode(&value, octets);
        require(bytes_equal(bytes_of(octets, REGISTER_VALUE_OCTETS), input));
    }
}

static uint64_t count_of(const struct channel *channel)
{
    const struct channel_counters *c = &channel->counters;
    return c->taken + c->not_ours + c->other_cluster + c->forged + c->stale + c->repeated;
}

/* What holds whatever the datagram is. */
static enum channel_verdict give(struct channel *channel, struct bytes datagram)
{
    const struct channel before = *channel;
    struct bytes payload;
    bool answer;
    const enum channel_verdict verdict =
        channel_open_datagram(channel, datagram, &payload, &answer);
    require(channel->peer_session >= before.peer_session);
    require(channel->heard_session >= channel->peer_session);
    require((verdict == CHANNEL_OPENED) == (channel->peer_session != before.peer_session));
    require(verdict != CHANNEL_ANSWER || answer);
    if (verdict == CHANNEL_DATA) {
        require(before.peer_session != 0 && !answer);
        require(payload.data == datagram.data + CHANNEL_HEAD_OCTETS);
        require(payload.length == datagram.length - CHANNEL_OVERHEAD_OCTETS);
    } else {
        require(payload.length == 0);
    }
    /* Each is counted once, but for HELLOs in good order. */
    const uint64_t counted = count_of(channel) - count_of(&before);
    require(counted <= 1);
    require(counted == (verdict == CHANNEL_DATA) || verdict == CHANNEL_NOTHING);
    return verdict;
}

static void say_hello(struct channel *from, struct channel *to)
{
    uint8_t octets[CHANNEL_OVERHEAD_OCTETS];
    struct bytes_writer w = bytes_writer_of(octets, octets + sizeof(octets));
    require(channel_hello(from, &w) == P7_OK);
    (void)give(to, bytes_of(octets, sizeof(octets)));
}

static void seal(struct channel *peer, struct channel *channel, struct bytes input)
{
    static uint8_t octets[CHANNEL_DATAGRAM_OCTETS_MAX];
    struct bytes_writer w = bytes_writer_of(octets, octets + sizeof(octets));
    if (input.length > CHANNEL_PAYLOAD_OCTETS_MAX) {
        require(channel_seal(peer, input, &w) == P7_RANGE);
        return;
    }
    require(channel_seal(peer, input, &w) == P7_OK);
    const struct bytes datagram = bytes_of(octets, bytes_writer_length(&w));
    require(give(channel, datagram) == CHANNEL_DATA);
    require(input.length == 0 ||
            memcmp(octets + CHANNEL_HEAD_OCTETS, input.data, input.length) == 0);
    require(give(channel, datagram) == CHANNEL_NOTHING);
    require(channel->counters.repeated > 0);
}

/* Gives the octets the head that they need to be looked at, and the HMAC. */
static void give_signed(struct channel *channel, struct bytes octets)
{
    uint8_t datagram[CHANNEL_OVERHEAD_OCTETS + UINT8_MAX] = {0};
    struct hmac_sha256_ctx mac;
    const size_t length = octets.length < CHANNEL_HEAD_OCTETS ? CHANNEL_HEAD_OCTETS : octets.length;
    if (octets.length > 0)
        memcpy(datagram, octets.data, octets.length);
    memcpy(datagram, "p7\1", 3);
    bytes_store_u64be(datagram + 4, CLUSTER_ID);
    datagram[36] = CHANNEL_NODE_0;
    hmac_sha256_set_key(&mac, sizeof(key), key);
    hmac_sha256_update(&mac, length, datagram);
    hmac_sha256_digest(&mac, CHANNEL_MAC_OCTETS, datagram + length);
    (void)give(channel, bytes_of(datagram, length + CHANNEL_MAC_OCTETS));
    require(channel->counters.forged == 0 && channel->counters.other_cluster == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct bytes input = bytes_of(data, size);
    struct bytes_reader r = bytes_reader_of(data, data + size);
    struct channel peer;
    struct channel channel;
    struct channel talked_to;

    decode_all(input);
    channel_init(&peer, key, CLUSTER_ID, CHANNEL_NODE_0, CHANNEL_NODE_1, PEER_SESSION);
    channel_init(&channel, key, CLUSTER_ID, CHANNEL_NODE_1, CHANNEL_NODE_0, SESSION);
    talked_to = channel;
    (void)give(&channel, input);
    while (bytes_reader_left(&r) > 0) {
        const size_t length = bytes_read_u8(&r);
        const size_t left = bytes_reader_left(&r);
        give_signed(&talked_to, bytes_read(&r, length < left ? length : left));
    }
    channel_init(&channel, key, CLUSTER_ID, CHANNEL_NODE_1, CHANNEL_NODE_0, SESSION);
    say_hello(&peer, &channel);
    say_hello(&channel, &peer);
    say_hello(&peer, &channel);
    require(channel_is_open(&peer) && channel_is_open(&channel));
    (void)give(&channel, input);
    if (channel.peer_session == PEER_SESSION && channel.heard_session == PEER_SESSION &&
        channel.highest == 0)
        seal(&peer, &channel, input);
    return 0;
}
