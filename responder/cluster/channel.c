/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "responder/cluster/channel.h"

#include <assert.h>
#include <nettle/memops.h>

#define CHANNEL_VERSION 1u

enum datagram_kind { KIND_HELLO = 1, KIND_DATA };

/* Places in the head. */
#define KIND_AT        3u
#define CLUSTER_AT     4u
#define SENDER_AT      12u
#define RECEIVER_AT    20u
#define COUNTER_AT     28u
#define PARTY_AT       36u
#define HELLO_ASKS     0u
#define HELLO_BELIEVES 1u

struct head {
    uint64_t cluster_id;
    uint64_t sender;
    uint64_t receiver;
    uint64_t counter;
    uint8_t kind;
    uint8_t party;
};

void channel_init(struct channel *channel, const uint8_t key[CHANNEL_KEY_OCTETS],
                  uint64_t cluster_id, enum channel_party self, enum channel_party peer,
                  uint64_t session)
{
    assert(session != 0 && self != peer);
    *channel = (struct channel){
        .cluster_id = cluster_id, .session = session, .self = (uint8_t)self, .peer = (uint8_t)peer};
    hmac_sha256_set_key(&channel->mac, CHANNEL_KEY_OCTETS, key);
}

bool channel_is_open(const struct channel *channel)
{
    return channel->peer_session != 0;
}

bool channel_wants_hello(const struct channel *channel)
{
    return channel->peer_session == 0 || channel->heard_session != channel->peer_session;
}

static void head_store(const struct channel *channel, uint8_t *p, enum datagram_kind kind,
                       uint64_t receiver, uint64_t counter)
{
    p[0] = 'p';
    p[1] = '7';
    p[2] = CHANNEL_VERSION;
    p[KIND_AT] = (uint8_t)kind;
    bytes_store_u64be(p + CLUSTER_AT, channel->cluster_id);
    bytes_store_u64be(p + SENDER_AT, channel->session);
    bytes_store_u64be(p + RECEIVER_AT, receiver);
    bytes_store_u64be(p + COUNTER_AT, counter);
    p[PARTY_AT] = channel->self;
}

/* nettle begins the next HMAC with the same key of its own accord. */
static void mac_of(struct channel *channel, const uint8_t *octets, size_t length, uint8_t *mac)
{
    hmac_sha256_update(&channel->mac, length, octets);
    hmac_sha256_digest(&channel->mac, CHANNEL_MAC_OCTETS, mac);
}

enum p7_status channel_hello(struct channel *channel, struct bytes_writer *writer)
{
    uint8_t *p = bytes_reserve(writer, CHANNEL_OVERHEAD_OCTETS);
    if (p == NULL)
        return P7_FULL;
    head_store(channel, p, KIND_HELLO, channel->heard_session,
               channel_wants_hello(channel) ? HELLO_ASKS : HELLO_BELIEVES);
    mac_of(channel, p, CHANNEL_HEAD_OCTETS, p + CHANNEL_HEAD_OCTETS);
    return P7_OK;
}

enum p7_status channel_seal(struct channel *channel, struct bytes payload,
                            struct bytes_writer *writer)
{
    if (!channel_is_open(channel))
        return P7_STATE;
    if (payload.length > CHANNEL_PAYLOAD_OCTETS_MAX)
        return P7_RANGE;
    uint8_t *p = bytes_reserve(writer, CHANNEL_OVERHEAD_OCTETS + payload.length);
    if (p == NULL)
        return P7_FULL;
    head_store(channel, p, KIND_DATA, channel->peer_session, ++channel->counter);
    if (payload.length != 0 && payload.data != p + CHANNEL_HEAD_OCTETS)
        memmove(p + CHANNEL_HEAD_OCTETS, payload.data, payload.length);
    const size_t length = CHANNEL_HEAD_OCTETS + payload.length;
    mac_of(channel, p, length, p + length);
    return P7_OK;
}

static bool head_load(const struct channel *channel, struct bytes datagram, struct head *head)
{
    const uint8_t *p = datagram.data;
    if (datagram.length < CHANNEL_OVERHEAD_OCTETS || datagram.length > CHANNEL_DATAGRAM_OCTETS_MAX)
        return false;
    *head = (struct head){.cluster_id = bytes_load_u64be(p + CLUSTER_AT),
                          .sender = bytes_load_u64be(p + SENDER_AT),
                          .receiver = bytes_load_u64be(p + RECEIVER_AT),
                          .counter = bytes_load_u64be(p + COUNTER_AT),
                          .kind = p[KIND_AT],
                          .party = p[PARTY_AT]};
    if (p[0] != 'p' || p[1] != '7' || p[2] != CHANNEL_VERSION || head->party != channel->peer)
        return false;
    return head->kind == KIND_DATA ||
           (head->kind == KIND_HELLO && datagram.length == CHANNEL_OVERHEAD_OCTETS &&
            head->counter <= HELLO_BELIEVES);
}

static void believe(struct channel *channel, uint64_t session)
{
    channel->peer_session = session;
    channel->highest = 0;
    memset(channel->window, 0, sizeof(channel->window));
}

static enum channel_verdict take_hello(struct channel *channel, const struct head *head,
                                       bool *answer)
{
    const bool asks = head->counter == HELLO_ASKS;
    const bool knows_us = head->receiver == channel->session;
    if (head->sender == 0 || head->sender < channel->heard_session || (!knows_us && !asks)) {
        channel->counters.stale++;
        return CHANNEL_NOTHING;
    }
    channel->heard_session = head->sender;
    *answer = asks;
    if (knows_us && head->sender != channel->peer_session) {
        believe(channel, head->sender);
        return CHANNEL_OPENED;
    }
    return asks ? CHANNEL_ANSWER : CHANNEL_NOTHING;
}

/* Whether the counter was not taken before; the window moves up to it (RFC 4303-3.4.3's way). */
static bool window_take(struct channel *channel, uint64_t counter)
{
    if (counter == 0 ||
        (counter < channel->highest && channel->highest - counter >= CHANNEL_WINDOW))
        return false;
    if (counter > channel->highest) {
        const uint64_t ahead = counter - channel->highest;
        if (ahead >= CHANNEL_WINDOW)
            memset(channel->window, 0, sizeof(channel->window));
        else
            for (uint64_t i = 1; i <= ahead; i++) {
                const uint64_t c = channel->highest + i;
                channel->window[c % CHANNEL_WINDOW / 64] &= ~((uint64_t)1 << (c % 64));
            }
        channel->highest = counter;
    }
    uint64_t *word = &channel->window[counter % CHANNEL_WINDOW / 64];
    const uint64_t bit = (uint64_t)1 << (counter % 64);
    if ((*word & bit) != 0)
        return false;
    *word |= bit;
    return true;
}

static enum channel_verdict take_data(struct channel *channel, const struct head *head)
{
    if (head->receiver != channel->session || head->sender == 0 ||
        head->sender != channel->peer_session) {
        channel->counters.stale++;
        return CHANNEL_NOTHING;
    }
    if (!window_take(channel, head->counter)) {
        channel->counters.repeated++;
        return CHANNEL_NOTHING;
    }
    channel->counters.taken++;
    return CHANNEL_DATA;
}

enum channel_verdict channel_open_datagram(struct channel *channel, struct bytes datagram,
                                           struct bytes *payload, bool *answer)
{
    struct head head;
    uint8_t mac[CHANNEL_MAC_OCTETS];
    *payload = bytes_of(NULL, 0);
    *answer = false;
    if (!head_load(channel, datagram, &head)) {
        channel->counters.not_ours++;
        return CHANNEL_NOTHING;
    }
    if (head.cluster_id != channel->cluster_id) {
        channel->counters.other_cluster++;
        return CHANNEL_NOTHING;
    }
    const size_t length = datagram.length - CHANNEL_MAC_OCTETS;
    mac_of(channel, datagram.data, length, mac);
    if (memeql_sec(mac, datagram.data + length, CHANNEL_MAC_OCTETS) == 0) {
        channel->counters.forged++;
        return CHANNEL_NOTHING;
    }
    if (head.kind == KIND_HELLO)
        return take_hello(channel, &head, answer);
    const enum channel_verdict verdict = take_data(channel, &head);
    if (verdict == CHANNEL_DATA)
        *payload = bytes_of(datagram.data + CHANNEL_HEAD_OCTETS, length - CHANNEL_HEAD_OCTETS);
    return verdict;
}
