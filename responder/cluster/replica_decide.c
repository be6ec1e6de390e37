/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Deciding at the active: the service decides, the book notes, the machine takes the record. */
#include "responder/cluster/replica_internal.h"
#include "sigtran/codec/cap.h"

/* Records that one request makes at most: its own, and the end of a call that it replaces. */
#define RECORDS_PER_REQUEST 2u

/* One request being decided. */
struct replica_case {
    struct replica *replica;
    const struct replica_input *input;
    struct replica_outcome *outcome;
    const struct tcap_message *message;
    struct service_dialogue dialogue;
    struct book_mark mark;
    int64_t wall_ns;
    int64_t now_ns;
};

static uint64_t last_index(const struct replica *replica)
{
    return replica->cluster->log.last(replica->cluster->log.context);
}

void replica_outcome_init(struct replica_outcome *outcome, enum replica_verdict verdict)
{
    *outcome = (struct replica_outcome){
        .reply =
            {
                .decision = {.kind = SERVICE_NO_REQUEST, .context = CAP_AC_COUNT, .invoke_id = 1},
                .disposition = SERVICE_NOTHING,
                .account = ACCOUNT_NONE,
                .handle = DUPLICATE_HANDLE_NONE,
            },
        .verdict = (uint8_t)verdict,
    };
}

bool replica_accepts(const struct replica *replica)
{
    return replica->active && cluster_accepts(replica->cluster) &&
           last_index(replica) + RECORDS_PER_REQUEST <=
               cluster_commit(replica->cluster) + CLUSTER_UNCOMMITTED_MAX;
}

/* Makes a record of what the service has changed since the mark. `now` is the call as it is now.
 * False: the machine did not take it, and it was taken back. */
static bool record_change(struct replica_case *c, const struct service_dialogue *now,
                          const struct service_reply *reply)
{
    struct replica *replica = c->replica;
    struct ledger_record record;
    if (!book_note(&replica->book, &c->mark, now, reply, &record))
        return true;
    record.wall_ns = c->wall_ns;
    if (cluster_append(replica->cluster, &record, c->now_ns) != P7_OK) {
        book_drop(&replica->book);
        return false;
    }
    book_noted(&replica->book, &record);
    replica->counters.decided++;
    c->outcome->index = record.index;
    return true;
}

/* What the user is told of the call that the request belongs to. */
static void tell_call(struct replica_case *c)
{
    const struct service_dialogue *call = calls_find(&c->replica->calls, c->dialogue.reference);
    if (call == NULL)
        return;
    c->outcome->reference[0] = call->reference[0];
    c->outcome->reference[1] = call->reference[1];
    c->outcome->reply.sequence = call->sequence;
}

/* The service knows it: it gets the same reply, when that may go out. Which record a request within
 * a call made is not known; it is in the log, so the end of the log tells. */
static void answer_duplicate(struct replica_case *c)
{
    struct replica *replica = c->replica;
    const uint64_t commit = cluster_commit(replica->cluster);
    const uint64_t last = last_index(replica);
    if (c->outcome->reply.original_token > commit && last > commit) {
        c->outcome->index = last;
        replica->counters.attached++;
    } else {
        replica->counters.again++;
    }
    c->outcome->reply.disposition = SERVICE_AGAIN;
    c->outcome->verdict = REPLICA_DECIDED;
}

static bool is_duplicate(const struct service_reply *reply)
{
    return reply->disposition == SERVICE_AGAIN || reply->disposition == SERVICE_ATTACHED;
}

static bool receive_stray(struct replica_case *c)
{
    if (!service_receive_stray(c->replica->service, c->message, c->input->origin,
                               &c->outcome->reply))
        return false;
    answer_duplicate(c);
    return true;
}

/* A call by the same reference is open, and its BEGIN is not in the duplicate table any more: the
 * peer has begun to use the reference anew. The old call ends as one that nobody reported. Room for
 * the record was seen to. */
static bool settle_replaced(struct replica_case *c, struct service_dialogue *replaced)
{
    book_mark(&c->replica->book, replaced, &c->mark);
    (void)service_close(c->replica->service, replaced, c->wall_ns);
    return record_change(c, &c->dialogue, NULL);
}

/* The service decides the message in `dialogue`. */
static bool receive(struct replica_case *c)
{
    struct replica *replica = c->replica;
    struct service *service = replica->service;
    struct service_reply *reply = &c->outcome->reply;
    const bool overload = service->overload;
    struct service_dialogue replaced = {.state = SERVICE_DIALOGUE_OVER};

    /* A call that there is no room for may not begin. */
    if (calls_count(&replica->calls) >= replica->params.calls_max)
        service_set_overload(service, true);
    book_mark(&replica->book, &c->dialogue, &c->mark);
    service_receive(service, &c->dialogue, c->message, c->input->origin, last_index(replica) + 1,
                    c->wall_ns, reply);
    service_set_overload(service, overload);
    if (is_duplicate(reply)) {
        answer_duplicate(c);
        tell_call(c);
        return true;
    }
    if (c->message->type == TCAP_BEGIN && c->dialogue.state == SERVICE_DIALOGUE_CALL) {
        const struct service_dialogue *old = calls_find(&replica->calls, c->dialogue.reference);
        if (old != NULL)
            replaced = *old;
    }
    if (!record_change(c, &c->dialogue, reply))
        return false;
    if (replaced.state == SERVICE_DIALOGUE_CALL && !settle_replaced(c, &replaced))
        replica->book.failures++;
    c->outcome->verdict = reply->disposition == SERVICE_NOTHING ? REPLICA_NOTHING : REPLICA_DECIDED;
    reply->handle = DUPLICATE_HANDLE_NONE;
    tell_call(c);
    return true;
}

static bool decide_message(struct replica_case *c)
{
    const uint64_t *reference = c->input->reference;
    const struct service_dialogue *call = calls_find(&c->replica->calls, reference);
    switch (c->message->type) {
    case TCAP_BEGIN:
        c->dialogue = (struct service_dialogue){.account = ACCOUNT_NONE};
        return receive(c);
    case TCAP_CONTINUE:
        if (call == NULL && receive_stray(c))
            return true;
        break;
    case TCAP_END:
    case TCAP_ABORT:
        if (call == NULL)
            return true;
        break;
    default: /* UNIDIRECTIONAL: CAP has none */
        return true;
    }
    /* No call: its dialogue is open at its node, and nothing is behind it. It repeats nothing; a
     * content of all zeros is that of a message without components. */
    c->dialogue = call != NULL ? *call
                               : (struct service_dialogue){
                                     .reference = {reference[0], reference[1]},
                                     .sequence = c->input->sequence,
                                     .last_content = UINT64_MAX,
                                     .account = ACCOUNT_NONE,
                                 };
    return receive(c);
}

static bool decide_close(struct replica_case *c)
{
    const struct service_dialogue *call = calls_find(&c->replica->calls, c->input->reference);
    if (call == NULL || call->sequence > c->input->sequence)
        return true;
    c->dialogue = *call;
    book_mark(&c->replica->book, &c->dialogue, &c->mark);
    (void)service_close(c->replica->service, &c->dialogue, c->wall_ns);
    return record_change(c, &c->dialogue, NULL);
}

/* Nothing to do, as it was done: but not by a record that may yet be taken back. */
static void wait_for_what_was_read(struct replica_case *c)
{
    if (c->outcome->verdict == REPLICA_NOTHING && c->outcome->index == 0)
        c->outcome->index = last_index(c->replica);
}

bool replica_decide(struct replica *replica, const struct replica_input *input, int64_t now_ns,
                    struct replica_outcome *outcome)
{
    struct tcap_message message;
    struct replica_case c = {
        .replica = replica,
        .input = input,
        .outcome = outcome,
        .message = &message,
        .wall_ns = replica->handler.wall_ns(replica->handler.context),
        .now_ns = now_ns,
    };
    replica_outcome_init(outcome, REPLICA_NOTHING);
    bool done = true;
    if (input->close)
        done = decide_close(&c);
    else if (tcap_decode(input->octets, &message) != P7_OK)
        return true;
    else if (!input->stray)
        done = decide_message(&c);
    else if (!receive_stray(&c))
        outcome->verdict = REPLICA_NOT_OURS;
    if (done)
        wait_for_what_was_read(&c);
    return done;
}

void replica_refuse(struct replica *replica, const struct replica_input *input,
                    struct replica_outcome *outcome)
{
    struct service *service = replica->service;
    struct tcap_message message;
    replica_outcome_init(outcome, REPLICA_OVERLOAD);
    if (input->close || tcap_decode(input->octets, &message) != P7_OK)
        return;
    if (message.type == TCAP_BEGIN) {
        /* In overload the service refuses what it does not know, and remembers nothing. */
        const bool overload = service->overload;
        struct service_dialogue dialogue = {.account = ACCOUNT_NONE};
        service_set_overload(service, true);
        service_receive(service, &dialogue, &message, input->origin, 0, 0, &outcome->reply);
        service_set_overload(service, overload);
        if (!is_duplicate(&outcome->reply))
            return;
    } else if (message.type != TCAP_CONTINUE || input->stray) {
        return;
    }
    /* Its reply may not go out, or is not known: the dialogue ends without one. */
    replica_outcome_init(outcome, REPLICA_OVERLOAD);
    outcome->reply.disposition = SERVICE_ANSWER;
    outcome->reply.decision.primitive = DECISION_ABORT;
    outcome->reply.decision.dialogue = DECISION_DIALOGUE_ABORTED;
    outcome->reply.decision.result = SERVICE_FAIL;
}
