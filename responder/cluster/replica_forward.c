/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * FORWARD and RELAY. Contents, big endian:
 *
 *     FORWARD   u8 version, u8 flags, u64 term, u64 life, u64 u64 reference, u32 sequence,
 *               u16 length and origin, u16 length and TCAP message
 *     RELAY     u8 version, u8 verdict, u64 u64 reference, u32 sequence; of a verdict DECIDED also
 *               the decision, u8 disposition, u8 drop, u32 delay_ms, u64 u64 u64 identity,
 *               u32 account, u64 charged, u64 original token
 *
 * `term` is the active's as the sender knows it: one of another term, or that was sent before this
 * active's term began and was under way since, is not decided (the sender asks again).
 * `life` names the sender's process. An id is a slot of its pending requests (lower half) and a
 * generation (upper half): which request in that slot. The same id is the same request, so it is
 * decided once and answered from memory then: a repetition that comes late is not taken for a new
 * request of a call that has gone on.
 */
#include <stdlib.h>

#include "responder/cluster/replica_internal.h"
#include "sigtran/codec/cap_charging.h"

#define CONTENT_VERSION 1u

#define FORWARD_CLOSE (1u << 0)
#define FORWARD_STRAY (1u << 1)

#define FORWARD_FIXED_OCTETS 42u
#define RELAY_OCTETS_MAX     128u

_Static_assert(FORWARD_FIXED_OCTETS + REPLICA_ORIGIN_OCTETS + REPLICA_MESSAGE_OCTETS <=
                   CLUSTER_FORWARD_OCTETS_MAX,
               "what is kept can be forwarded");

/* A forward of the peer's that is being decided, or was. */
struct replica_answered {
    struct replica_outcome outcome; /* done */
    uint64_t life;
    uint32_t slot; /* at the peer */
    uint32_t generation;
    uint32_t epoch; /* the replica's at that time: any other is forgotten */
    bool done;
};

enum p7_status replica_answered_create(struct replica *replica)
{
    replica->answered = calloc(replica->params.pending_max, sizeof(*replica->answered));
    return replica->answered == NULL ? P7_NO_MEMORY : P7_OK;
}

void replica_answered_forget(struct replica *replica)
{
    replica->epoch++;
}

static uint32_t slot_of(uint64_t id)
{
    return (uint32_t)id;
}

static uint32_t generation_of(uint64_t id)
{
    return (uint32_t)(id >> 32);
}

/* --- contents --------------------------------------------------------------------------------- */

struct forward_content {
    struct replica_input input;
    uint64_t term;
    uint64_t life;
};

static void write_forward(struct bytes_writer *w, const struct replica_pending *pending,
                          const struct cluster *cluster)
{
    bytes_write_u8(w, CONTENT_VERSION);
    bytes_write_u8(
        w, (uint8_t)((pending->close ? FORWARD_CLOSE : 0) | (pending->stray ? FORWARD_STRAY : 0)));
    bytes_write_u64be(w, cluster->term);
    bytes_write_u64be(w, cluster->params.nonce);
    bytes_write_u64be(w, pending->reference[0]);
    bytes_write_u64be(w, pending->reference[1]);
    bytes_write_u32be(w, pending->sequence);
    bytes_write_u16be(w, pending->origin_length);
    bytes_write(w, bytes_of(pending->origin, pending->origin_length));
    bytes_write_u16be(w, pending->octets_length);
    bytes_write(w, bytes_of(pending->octets, pending->octets_length));
}

static bool read_forward(struct bytes content, struct forward_content *forward)
{
    struct bytes_reader r = bytes_reader_of(content.data, content.data + content.length);
    struct replica_input *input = &forward->input;
    const uint8_t version = bytes_read_u8(&r);
    const uint8_t flags = bytes_read_u8(&r);
    forward->term = bytes_read_u64be(&r);
    forward->life = bytes_read_u64be(&r);
    *input = (struct replica_input){
        .close = (flags & FORWARD_CLOSE) != 0,
        .stray = (flags & FORWARD_STRAY) != 0,
    };
    input->reference[0] = bytes_read_u64be(&r);
    input->reference[1] = bytes_read_u64be(&r);
    input->sequence = bytes_read_u32be(&r);
    input->origin = bytes_read(&r, bytes_read_u16be(&r));
    input->octets = bytes_read(&r, bytes_read_u16be(&r));
    return !r.failed && bytes_reader_left(&r) == 0 && version == CONTENT_VERSION &&
           flags <= FORWARD_STRAY && input->origin.length <= REPLICA_ORIGIN_OCTETS &&
           input->octets.length <= REPLICA_MESSAGE_OCTETS &&
           input->close == (input->octets.length == 0);
}

/* Whether it can be encoded as a reply: what decision.c takes for granted of its own decisions. */
static bool decision_is_sound(const struct decision *d)
{
    const bool slice = d->body == DECISION_CALL_START || d->body == DECISION_GRANT;
    return d->primitive <= DECISION_ABORT && d->dialogue <= DECISION_DIALOGUE_ABORTED &&
           d->body <= DECISION_REJECT && d->context <= CAP_AC_COUNT &&
           d->kind <= SERVICE_NO_REQUEST && d->result <= SERVICE_NO_CREDIT && d->invoke_id >= 0 &&
           d->invoke_id <= DECISION_INVOKE_ID_MAX && (d->flags & ~DECISION_FLAGS) == 0 &&
           ((d->dialogue != DECISION_DIALOGUE_ACCEPTED && !slice) || d->context < CAP_AC_COUNT) &&
           (!slice || (d->slice_100ms > 0 && d->slice_100ms <= CAP_PERIOD_100MS_MAX)) &&
           (d->body != DECISION_REJECT || (d->problem_kind >= TCAP_PROBLEM_GENERAL &&
                                           d->problem_kind <= TCAP_PROBLEM_RETURN_ERROR));
}

static void write_reply(struct bytes_writer *w, const struct service_reply *reply)
{
    decision_store(w, &reply->decision);
    bytes_write_u8(w, reply->disposition);
    bytes_write_u8(w, reply->drop ? 1 : 0);
    bytes_write_u32be(w, reply->delay_ms);
    bytes_write_u64be(w, reply->identity.key[0]);
    bytes_write_u64be(w, reply->identity.key[1]);
    bytes_write_u64be(w, reply->identity.content);
    bytes_write_u32be(w, reply->account);
    bytes_write_u64be(w, reply->charged);
    bytes_write_u64be(w, reply->original_token);
}

static bool read_reply(struct bytes_reader *r, const struct accounts *accounts,
                       struct service_reply *reply)
{
    decision_load(r, &reply->decision);
    reply->disposition = bytes_read_u8(r);
    const uint8_t drop = bytes_read_u8(r);
    reply->drop = drop != 0;
    reply->delay_ms = bytes_read_u32be(r);
    reply->identity.key[0] = bytes_read_u64be(r);
    reply->identity.key[1] = bytes_read_u64be(r);
    reply->identity.content = bytes_read_u64be(r);
    reply->account = bytes_read_u32be(r);
    reply->charged = bytes_read_u64be(r);
    reply->original_token = bytes_read_u64be(r);
    return drop <= 1 && decision_is_sound(&reply->decision) &&
           (reply->disposition == SERVICE_ANSWER || reply->disposition == SERVICE_AGAIN) &&
           (reply->account == ACCOUNT_NONE || reply->account < accounts->count);
}

static void write_outcome(struct bytes_writer *w, const struct replica_outcome *outcome)
{
    bytes_write_u8(w, CONTENT_VERSION);
    bytes_write_u8(w, outcome->verdict);
    bytes_write_u64be(w, outcome->reference[0]);
    bytes_write_u64be(w, outcome->reference[1]);
    bytes_write_u32be(w, outcome->reply.sequence);
    if (outcome->verdict == REPLICA_DECIDED)
        write_reply(w, &outcome->reply);
}

static bool read_outcome(struct bytes content, uint8_t status, const struct accounts *accounts,
                         struct replica_outcome *outcome)
{
    struct bytes_reader r = bytes_reader_of(content.data, content.data + content.length);
    replica_outcome_init(outcome, REPLICA_NOTHING);
    const uint8_t version = bytes_read_u8(&r);
    outcome->verdict = bytes_read_u8(&r);
    outcome->reference[0] = bytes_read_u64be(&r);
    outcome->reference[1] = bytes_read_u64be(&r);
    outcome->reply.sequence = bytes_read_u32be(&r);
    bool sound = version == CONTENT_VERSION;
    if (status == CLUSTER_RELAY_DECIDED)
        sound = sound && outcome->verdict == REPLICA_DECIDED &&
                read_reply(&r, accounts, &outcome->reply);
    else
        sound =
            sound && (outcome->verdict == REPLICA_NOTHING || outcome->verdict == REPLICA_NOT_OURS);
    return sound && !r.failed && bytes_reader_left(&r) == 0;
}

/* --- at the passive --------------------------------------------------------------------------- */

void replica_forward(struct replica *replica, uint32_t slot)
{
    struct replica_pending *pending = replica_pending_at(replica, slot);
    uint8_t octets[FORWARD_FIXED_OCTETS + REPLICA_ORIGIN_OCTETS + REPLICA_MESSAGE_OCTETS];
    struct bytes_writer w = bytes_writer_of(octets, octets + sizeof(octets));
    write_forward(&w, pending, replica->cluster);
    const struct cluster_message message = {
        .kind = CLUSTER_FORWARD,
        .forward = {.id = ((uint64_t)pending->generation << 32) | slot,
                    .octets = bytes_of(octets, bytes_writer_length(&w))},
    };
    if (pending->state == REPLICA_FORWARDED)
        replica->counters.resent++;
    else
        replica->counters.forwarded++;
    pending->state = REPLICA_FORWARDED;
    replica->handler.send(replica->handler.context, &message);
}

/* The active has decided. What is not asked (any more) is dropped: it was answered, or given up. */
static void on_relay(struct replica *replica, const struct cluster_message *message)
{
    struct replica_outcome outcome;
    const uint32_t slot = slot_of(message->forward.id);
    if (message->forward.status == CLUSTER_RELAY_NOT_ACTIVE
            ? message->forward.octets.length != 0
            : !read_outcome(message->forward.octets, message->forward.status,
                            &replica->service->accounts, &outcome)) {
        replica->counters.malformed++;
        return;
    }
    /* Slots that were never taken hold zeros: generation 0, which is nobody's. */
    if (slot >= replica->pending.fresh || generation_of(message->forward.id) == 0)
        return;
    struct replica_pending *pending = replica_pending_at(replica, slot);
    if (pending->generation != generation_of(message->forward.id) || pending->of_peer ||
        pending->state == REPLICA_WAITING)
        return;
    if (message->forward.status == CLUSTER_RELAY_NOT_ACTIVE) {
        pending->state = REPLICA_HELD; /* until its timer */
        return;
    }
    replica->counters.relayed++;
    replica_pending_finish(replica, slot, &outcome);
}

/* --- at the active ---------------------------------------------------------------------------- */

static void send_relay(const struct replica *replica, uint64_t id, enum cluster_relay_status status,
                       struct bytes content)
{
    const struct cluster_message message = {
        .kind = CLUSTER_RELAY,
        .forward = {.id = id, .status = (uint8_t)status, .octets = content},
    };
    replica->handler.send(replica->handler.context, &message);
}

static void send_outcome(const struct replica *replica, uint64_t id,
                         const struct replica_outcome *outcome)
{
    uint8_t octets[RELAY_OCTETS_MAX];
    struct bytes_writer w = bytes_writer_of(octets, octets + sizeof(octets));
    write_outcome(&w, outcome);
    send_relay(replica, id,
               outcome->verdict == REPLICA_DECIDED ? CLUSTER_RELAY_DECIDED : CLUSTER_RELAY_NOTHING,
               bytes_of(octets, bytes_writer_length(&w)));
}

static struct replica_answered *answered_of(const struct replica *replica, uint64_t id)
{
    return &replica->answered[slot_of(id) % replica->params.pending_max];
}

/* Whether the entry is of the same slot of the same process of the peer. */
static bool is_of_slot(const struct replica *replica, const struct replica_answered *answered,
                       uint64_t id, uint64_t life)
{
    return answered->epoch == replica->epoch && answered->life == life &&
           answered->slot == slot_of(id);
}

void replica_relay(struct replica *replica, const struct replica_pending *pending,
                   const struct replica_outcome *outcome)
{
    struct replica_answered *answered = answered_of(replica, pending->token);
    const bool known = is_of_slot(replica, answered, pending->token, pending->life) &&
                       answered->generation == generation_of(pending->token);
    if (outcome->verdict == REPLICA_GAVE_UP) {
        if (known)
            answered->epoch = replica->epoch - 1;
        return;
    }
    if (known) {
        answered->outcome = *outcome;
        answered->done = true;
    }
    send_outcome(replica, pending->token, outcome);
}

/* True: it came before, and nothing is left to be done. */
static bool came_before(struct replica *replica, uint64_t id, uint64_t life)
{
    const struct replica_answered *answered = answered_of(replica, id);
    if (!is_of_slot(replica, answered, id, life))
        return false;
    /* Generations go round: the one that is less than half the circle ahead is the newer one. */
    const uint32_t ahead = generation_of(id) - answered->generation;
    if (ahead == 0 && answered->done)
        send_outcome(replica, id, &answered->outcome);
    return ahead == 0 || ahead > UINT32_MAX / 2;
}

static void on_forward(struct replica *replica, const struct cluster_message *message,
                       int64_t now_ns)
{
    const uint64_t id = message->forward.id;
    struct forward_content forward;
    if (!read_forward(message->forward.octets, &forward)) {
        replica->counters.malformed++;
        return;
    }
    if (!replica->active || forward.term != replica->cluster->term) {
        send_relay(replica, id, CLUSTER_RELAY_NOT_ACTIVE, bytes_of(NULL, 0));
        return;
    }
    if (came_before(replica, id, forward.life))
        return;
    const uint32_t slot = replica_pending_take(replica, &forward.input, now_ns);
    if (slot == POOL_NONE) {
        replica->counters.overload++;
        send_relay(replica, id, CLUSTER_RELAY_NOT_ACTIVE, bytes_of(NULL, 0));
        return;
    }
    struct replica_pending *pending = replica_pending_at(replica, slot);
    pending->of_peer = true;
    pending->token = id;
    pending->life = forward.life;
    *answered_of(replica, id) = (struct replica_answered){
        .life = forward.life,
        .slot = slot_of(id),
        .generation = generation_of(id),
        .epoch = replica->epoch,
    };
    replica_pending_start(replica, slot, &forward.input, now_ns);
}

void replica_on_message(struct replica *replica, const struct cluster_message *message,
                        int64_t now_ns)
{
    replica->now_ns = now_ns;
    if (message->kind == CLUSTER_FORWARD)
        on_forward(replica, message, now_ns);
    else if (message->kind == CLUSTER_RELAY)
        on_relay(replica, message);
}
