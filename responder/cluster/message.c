/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "responder/cluster/message.h"

#include "responder/cluster/cluster.h"

/* u8 kind, u8 role, u8 node, then identity, term, last, last_term, commit: what all begin with. */
#define HEAD_OCTETS 43u
/* What follows it, before records or content. */
#define APPEND_OCTETS    20u /* previous, previous_term, u32 previous_checksum */
#define ACK_OCTETS       9u  /* u8 matches, durable */
#define HAND_OVER_OCTETS 16u /* last, register_version */
#define FORWARD_OCTETS   8u  /* id */
#define RELAY_OCTETS     9u  /* id, u8 status */

/* Fixed octets after the head and the most that may follow them; false: no such kind. */
static bool kind_shape(uint8_t kind, size_t *fixed, size_t *content_max)
{
    *content_max = 0;
    switch ((enum cluster_message_kind)kind) {
    case CLUSTER_HEARTBEAT:
        *fixed = 0;
        return true;
    case CLUSTER_APPEND:
        *fixed = APPEND_OCTETS;
        *content_max = CLUSTER_APPEND_OCTETS;
        return true;
    case CLUSTER_APPEND_ACK:
        *fixed = ACK_OCTETS;
        return true;
    case CLUSTER_HAND_OVER:
        *fixed = HAND_OVER_OCTETS;
        return true;
    case CLUSTER_FORWARD:
        *fixed = FORWARD_OCTETS;
        *content_max = CLUSTER_FORWARD_OCTETS_MAX;
        return true;
    case CLUSTER_RELAY:
        *fixed = RELAY_OCTETS;
        *content_max = CLUSTER_FORWARD_OCTETS_MAX;
        return true;
    }
    return false;
}

const char *cluster_message_name(uint8_t kind)
{
    switch ((enum cluster_message_kind)kind) {
    case CLUSTER_HEARTBEAT:
        return "heartbeat";
    case CLUSTER_APPEND:
        return "append";
    case CLUSTER_APPEND_ACK:
        return "append-ack";
    case CLUSTER_HAND_OVER:
        return "hand-over";
    case CLUSTER_FORWARD:
        return "forward";
    case CLUSTER_RELAY:
        return "relay";
    }
    return "?";
}

static struct bytes content_of(const struct cluster_message *message)
{
    if (message->kind == CLUSTER_APPEND)
        return message->append.records;
    if (message->kind == CLUSTER_FORWARD || message->kind == CLUSTER_RELAY)
        return message->forward.octets;
    return bytes_of(NULL, 0);
}

static void head_store(uint8_t *p, const struct cluster_message *message)
{
    const struct cluster_heartbeat *h = &message->heartbeat;
    p[0] = message->kind;
    p[1] = h->role;
    p[2] = h->node;
    bytes_store_u64be(p + 3, h->identity);
    bytes_store_u64be(p + 11, h->term);
    bytes_store_u64be(p + 19, h->last);
    bytes_store_u64be(p + 27, h->last_term);
    bytes_store_u64be(p + 35, h->commit);
}

static void fixed_store(uint8_t *p, const struct cluster_message *message)
{
    switch ((enum cluster_message_kind)message->kind) {
    case CLUSTER_HEARTBEAT:
        break;
    case CLUSTER_APPEND:
        bytes_store_u64be(p, message->append.previous);
        bytes_store_u64be(p + 8, message->append.previous_term);
        bytes_store_u32be(p + 16, message->append.previous_checksum);
        break;
    case CLUSTER_APPEND_ACK:
        p[0] = message->ack.matches ? 1 : 0;
        bytes_store_u64be(p + 1, message->ack.durable);
        break;
    case CLUSTER_HAND_OVER:
        bytes_store_u64be(p, message->hand_over.last);
        bytes_store_u64be(p + 8, message->hand_over.register_version);
        break;
    case CLUSTER_RELAY:
        p[8] = message->forward.status;
        bytes_store_u64be(p, message->forward.id);
        break;
    case CLUSTER_FORWARD:
        bytes_store_u64be(p, message->forward.id);
        break;
    }
}

enum p7_status cluster_message_encode(struct bytes_writer *writer,
                                      const struct cluster_message *message)
{
    size_t fixed;
    size_t content_max;
    if (!kind_shape(message->kind, &fixed, &content_max))
        return P7_RANGE;
    const struct bytes content = content_of(message);
    if (content.length > content_max)
        return P7_RANGE;
    uint8_t *p = bytes_reserve(writer, HEAD_OCTETS + fixed + content.length);
    if (p == NULL)
        return P7_FULL;
    head_store(p, message);
    fixed_store(p + HEAD_OCTETS, message);
    if (content.length != 0)
        memcpy(p + HEAD_OCTETS + fixed, content.data, content.length);
    return P7_OK;
}

static enum p7_status fixed_load(const uint8_t *p, struct bytes content,
                                 struct cluster_message *message)
{
    switch ((enum cluster_message_kind)message->kind) {
    case CLUSTER_HEARTBEAT:
        break;
    case CLUSTER_APPEND:
        message->append.previous = bytes_load_u64be(p);
        message->append.previous_term = bytes_load_u64be(p + 8);
        message->append.previous_checksum = bytes_load_u32be(p + 16);
        message->append.records = content;
        break;
    case CLUSTER_APPEND_ACK:
        if (p[0] > 1)
            return P7_MALFORMED;
        message->ack.matches = p[0] == 1;
        message->ack.durable = bytes_load_u64be(p + 1);
        break;
    case CLUSTER_HAND_OVER:
        message->hand_over.last = bytes_load_u64be(p);
        message->hand_over.register_version = bytes_load_u64be(p + 8);
        break;
    case CLUSTER_FORWARD:
        message->forward.id = bytes_load_u64be(p);
        message->forward.octets = content;
        break;
    case CLUSTER_RELAY:
        if (p[8] > CLUSTER_RELAY_NOTHING)
            return P7_MALFORMED;
        message->forward.id = bytes_load_u64be(p);
        message->forward.status = p[8];
        message->forward.octets = content;
        break;
    }
    return P7_OK;
}

enum p7_status cluster_message_decode(struct bytes octets, struct cluster_message *message)
{
    size_t fixed;
    size_t content_max;
    if (octets.length < HEAD_OCTETS)
        return P7_TRUNCATED;
    const uint8_t *p = octets.data;
    if (!kind_shape(p[0], &fixed, &content_max) || p[1] > CLUSTER_FAILED || p[2] > 1)
        return P7_MALFORMED;
    if (octets.length < HEAD_OCTETS + fixed)
        return P7_TRUNCATED;
    const size_t left = octets.length - HEAD_OCTETS - fixed;
    if (left > content_max)
        return P7_MALFORMED;
    *message = (struct cluster_message){
        .kind = p[0],
        .heartbeat = {.role = p[1],
                      .node = p[2],
                      .identity = bytes_load_u64be(p + 3),
                      .term = bytes_load_u64be(p + 11),
                      .last = bytes_load_u64be(p + 19),
                      .last_term = bytes_load_u64be(p + 27),
                      .commit = bytes_load_u64be(p + 35)},
    };
    return fixed_load(p + HEAD_OCTETS, bytes_of(p + HEAD_OCTETS + fixed, left), message);
}
