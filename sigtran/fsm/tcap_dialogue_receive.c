/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* What comes in: messages of the peer, and messages of ours that came back. */
#include <assert.h>
#include <string.h>

#include "sigtran/fsm/tcap_dialogue.h"
#include "sigtran/fsm/tcap_dialogue_table.h"

const char *tcap_indication_name(enum tcap_indication_type type)
{
    static const char *const names[] = {
        [TCAP_IND_DISCARDED] = "discarded",
        [TCAP_IND_BEGIN] = "begin",
        [TCAP_IND_CONTINUE] = "continue",
        [TCAP_IND_END] = "end",
        [TCAP_IND_U_ABORT] = "u-abort",
        [TCAP_IND_P_ABORT] = "p-abort",
        [TCAP_IND_UNIDIRECTIONAL] = "unidirectional",
        [TCAP_IND_NOTICE] = "notice",
        [TCAP_IND_TIMEOUT] = "timeout",
    };
    return (unsigned)type < sizeof(names) / sizeof(names[0]) ? names[type] : "unknown";
}

static void discard(struct tcap_dialogue_indication *out, enum tcap_discard_reason reason)
{
    out->type = TCAP_IND_DISCARDED;
    out->discarded = reason;
}

/* Remembers a REJECT for the next message to the peer. One is kept: a second one in the same
 * direction before anything was sent tells the peer nothing new. */
static void owe_reject(struct tcap_dialogue_table *t, uint32_t index,
                       const struct tcap_component_fault *fault)
{
    struct tcap_slot *slot = &t->slots[index];
    if ((slot->flags & SLOT_REJECT) != 0) {
        t->counters.reject_lost++;
        return;
    }
    slot->flags |= SLOT_REJECT;
    if (fault->has_invoke_id)
        slot->flags |= SLOT_REJECT_ID;
    slot->reject_invoke_id = fault->invoke_id;
    slot->reject_kind = fault->problem_kind;
    slot->reject_problem = fault->problem;
}

/* Q.774-3.2.2.2: a result or error belongs to an invoke that is outstanding. Ids beyond the 64
 * that are tracked pass. */
static bool is_expected(struct tcap_slot *slot, const struct tcap_component *c)
{
    if (c->type == TCAP_INVOKE || !c->has_invoke_id || c->invoke_id < 0 || c->invoke_id > 63)
        return true;
    const uint64_t bit = (uint64_t)1 << c->invoke_id;
    const bool outstanding = (slot->outstanding & bit) != 0;
    /* A REJECT is never rejected (Q.774-3.2.2.2), and it may be about a result of ours. */
    if (c->type == TCAP_REJECT && c->problem_kind != TCAP_PROBLEM_INVOKE)
        return true;
    if (c->type != TCAP_RETURN_RESULT_NOT_LAST)
        slot->outstanding &= ~bit;
    return outstanding || c->type == TCAP_REJECT;
}

static void check_components(struct tcap_dialogue_table *t, uint32_t index)
{
    struct tcap_message *m = &t->message;
    if (m->fault.present)
        t->counters.component_faulty++;
    for (unsigned i = 0; t->check_invoke_ids && i < m->component_count; i++) {
        const struct tcap_component *c = &m->components[i];
        if (is_expected(&t->slots[index], c))
            continue;
        t->counters.invoke_id_unknown++;
        /* Both "unrecognized invoke id" problems are 0. What follows is not looked at either. */
        m->fault = (struct tcap_component_fault){.present = true,
                                                 .has_invoke_id = true,
                                                 .invoke_id = c->invoke_id,
                                                 .problem_kind = c->type == TCAP_RETURN_ERROR
                                                                     ? TCAP_PROBLEM_RETURN_ERROR
                                                                     : TCAP_PROBLEM_RETURN_RESULT,
                                                 .problem = 0};
        m->component_count = (uint8_t)i;
    }
    if (m->fault.present)
        owe_reject(t, index, &m->fault);
}

static void receive_begin(struct tcap_dialogue_table *t, int64_t now_ns, const void *route,
                          struct tcap_dialogue_indication *out)
{
    const struct tcap_message *m = &t->message;

    t->counters.begin_received++;
    /* Q.774-3.2.2.1: only an AARQ (or a user's own syntax) may start a dialogue. */
    if (m->dialogue.pdu == TCAP_DIALOGUE_AARE || m->dialogue.pdu == TCAP_DIALOGUE_ABRT) {
        t->counters.dialogue_portion_unexpected++;
        discard(out, TCAP_DISCARD_MALFORMED);
        out->reply = tcap_table_p_abort(t, &m->otid, TCAP_P_ABORT_ABNORMAL_DIALOGUE);
        return;
    }
    const uint32_t index = tcap_table_take_remote(t, now_ns, route);
    if (index == TCAP_DIALOGUE_INVALID) {
        discard(out, TCAP_DISCARD_TABLE_FULL);
        out->reply = tcap_table_p_abort(t, &m->otid, TCAP_P_ABORT_RESOURCE_LIMITATION);
        return;
    }
    struct tcap_slot *slot = &t->slots[index];
    slot->peer_value = m->otid.value;
    slot->peer_length = m->otid.length;
    slot->state = TCAP_STATE_INITIATION_RECEIVED;
    if (m->dialogue.pdu == TCAP_DIALOGUE_AARQ)
        slot->flags |= SLOT_CONTEXT;
    t->counters.opened_remote++;
    check_components(t, index);
    out->type = TCAP_IND_BEGIN;
    out->dialogue = index;
}

static bool is_peer(const struct tcap_slot *slot, const struct tcap_transaction_id *id)
{
    return slot->peer_length == id->length && slot->peer_value == id->value;
}

/*
 * The dialogue that the message's dtid names, when the message may come in its state; else a
 * discard, with an ABORT where the peer can be told.
 */
static uint32_t known_dialogue(struct tcap_dialogue_table *t, const void *route,
                               struct tcap_dialogue_indication *out)
{
    const struct tcap_message *m = &t->message;
    bool stale = false;
    const uint32_t index =
        m->dtid.length == 4 ? tcap_table_find(t, m->dtid.value, &stale) : TCAP_DIALOGUE_INVALID;
    const struct tcap_slot *slot = &t->slots[index == TCAP_DIALOGUE_INVALID ? 0 : index];

    if (index == TCAP_DIALOGUE_INVALID && stale) {
        t->counters.stale_transaction++;
        discard(out, TCAP_DISCARD_STALE_TRANSACTION);
    } else if (index == TCAP_DIALOGUE_INVALID) {
        t->counters.unknown_transaction++;
        discard(out, TCAP_DISCARD_UNKNOWN_TRANSACTION);
    } else if (!tcap_dialogue_is_from(t, index, route)) {
        t->counters.wrong_origin++;
        discard(out, TCAP_DISCARD_WRONG_PEER);
    } else if (slot->state == TCAP_STATE_INITIATION_RECEIVED) {
        /* The peer cannot know this id yet: nothing of ours has told it. */
        t->counters.wrong_state++;
        discard(out, TCAP_DISCARD_WRONG_STATE);
        return TCAP_DIALOGUE_INVALID;
    } else if (slot->state == TCAP_STATE_ACTIVE && m->type == TCAP_CONTINUE &&
               m->otid.length != 0 && !is_peer(slot, &m->otid)) {
        t->counters.wrong_peer++;
        discard(out, TCAP_DISCARD_WRONG_PEER);
    } else {
        return index;
    }
    /* Q.774-3.3.4: only a CONTINUE asks for an answer; its transaction does not exist here. */
    if (m->type == TCAP_CONTINUE && m->otid.length != 0)
        out->reply = tcap_table_p_abort(t, &m->otid, TCAP_P_ABORT_UNRECOGNIZED_TRANSACTION_ID);
    return TCAP_DIALOGUE_INVALID;
}

/* Q.774-3.2.2.1 would abort for these; peers of the field leave the AARE out or repeat it, and a
 * meter that aborts for it measures itself. So they are counted. */
static void check_dialogue_portion(struct tcap_dialogue_table *t, const struct tcap_slot *slot)
{
    const bool present = t->message.dialogue.pdu != TCAP_DIALOGUE_NONE;
    if (slot->state == TCAP_STATE_INITIATION_SENT) {
        if ((slot->flags & SLOT_CONTEXT) != 0 && !present)
            t->counters.dialogue_portion_missing++;
        if ((slot->flags & SLOT_CONTEXT) == 0 && present)
            t->counters.dialogue_portion_unexpected++;
    } else if (present) {
        t->counters.dialogue_portion_unexpected++;
    }
}

static void receive_continue(struct tcap_dialogue_table *t, int64_t now_ns, const void *route,
                             struct tcap_dialogue_indication *out)
{
    const struct tcap_message *m = &t->message;
    const uint32_t index = known_dialogue(t, route, out);
    if (index == TCAP_DIALOGUE_INVALID)
        return;
    struct tcap_slot *slot = &t->slots[index];
    t->counters.continue_received++;
    check_dialogue_portion(t, slot);
    if (slot->state == TCAP_STATE_INITIATION_SENT) {
        slot->peer_value = m->otid.value;
        slot->peer_length = m->otid.length;
        slot->state = TCAP_STATE_ACTIVE;
        tcap_table_set_route(t, index, route);
    }
    tcap_table_touch(t, index, now_ns);
    check_components(t, index);
    out->type = TCAP_IND_CONTINUE;
    out->dialogue = index;
}

static void receive_end(struct tcap_dialogue_table *t, const void *route,
                        struct tcap_dialogue_indication *out)
{
    const uint32_t index = known_dialogue(t, route, out);
    if (index == TCAP_DIALOGUE_INVALID)
        return;
    t->counters.end_received++;
    check_dialogue_portion(t, &t->slots[index]);
    check_components(t, index);
    out->type = TCAP_IND_END;
    out->dialogue = index;
    tcap_table_end(t, index);
}

static void receive_abort(struct tcap_dialogue_table *t, const void *route,
                          struct tcap_dialogue_indication *out)
{
    const struct tcap_message *m = &t->message;
    const struct tcap_dialogue_portion *d = &m->dialogue;
    const uint32_t index = known_dialogue(t, route, out);
    if (index == TCAP_DIALOGUE_INVALID)
        return;
    out->type = TCAP_IND_P_ABORT;
    out->dialogue = index;
    /* Q.774-3.2.2.1: what the provider says in a dialogue portion is a P-ABORT to the user. */
    if (m->has_p_abort)
        out->p_abort_cause = m->p_abort_cause;
    else if (d->pdu == TCAP_DIALOGUE_ABRT && d->abort_source == TCAP_ABORT_SOURCE_PROVIDER)
        out->p_abort_cause = TCAP_P_ABORT_ABNORMAL_DIALOGUE;
    else if (d->pdu == TCAP_DIALOGUE_AARE && d->diagnostic_source == TCAP_SOURCE_PROVIDER &&
             d->diagnostic == TCAP_PROVIDER_NO_COMMON_DIALOGUE_PORTION)
        out->p_abort_cause = TCAP_P_ABORT_NO_COMMON_DIALOGUE_PORTION;
    else
        out->type = TCAP_IND_U_ABORT;
    if (out->type == TCAP_IND_P_ABORT)
        t->counters.p_abort_received++;
    else
        t->counters.u_abort_received++;
    tcap_table_end(t, index);
}

/* Q.774-3.3.4: who is told what about a message that does not decode. */
static void receive_malformed(struct tcap_dialogue_table *t, enum p7_status status,
                              const void *route, struct tcap_dialogue_indication *out)
{
    const struct tcap_message *m = &t->message;

    out->message = NULL;
    discard(out, TCAP_DISCARD_MALFORMED);
    if (status == P7_UNSUPPORTED && m->p_abort_cause == TCAP_P_ABORT_UNRECOGNIZED_MESSAGE_TYPE)
        t->counters.unknown_type++;
    else
        t->counters.malformed++;
    const bool of_dialogue =
        m->type == TCAP_CONTINUE || m->type == TCAP_END || m->type == TCAP_ABORT;
    if (!of_dialogue) {
        if (m->otid.length != 0 && m->type != TCAP_UNIDIRECTIONAL)
            out->reply = tcap_table_p_abort(t, &m->otid, m->p_abort_cause);
        return;
    }
    if (m->dtid.length == 0)
        return;
    const uint32_t index = known_dialogue(t, route, out);
    if (index == TCAP_DIALOGUE_INVALID)
        return;
    out->type = TCAP_IND_P_ABORT;
    out->discarded = TCAP_DISCARD_NONE;
    out->dialogue = index;
    out->p_abort_cause = m->p_abort_cause;
    if (m->type == TCAP_CONTINUE && m->otid.length != 0)
        out->reply = tcap_table_p_abort(t, &m->otid, m->p_abort_cause);
    tcap_table_end(t, index);
}

void tcap_dialogue_receive(struct tcap_dialogue_table *table, int64_t now_ns, struct bytes octets,
                           const void *route, struct tcap_dialogue_indication *indication)
{
    *indication = (struct tcap_dialogue_indication){
        .type = TCAP_IND_DISCARDED, .dialogue = TCAP_DIALOGUE_INVALID, .message = &table->message};
    const enum p7_status status = tcap_decode(octets, &table->message);
    if (status != P7_OK) {
        receive_malformed(table, status, route, indication);
        return;
    }
    indication->octets = octets;
    switch (table->message.type) {
    case TCAP_BEGIN:
        receive_begin(table, now_ns, route, indication);
        break;
    case TCAP_CONTINUE:
        receive_continue(table, now_ns, route, indication);
        break;
    case TCAP_END:
        receive_end(table, route, indication);
        break;
    case TCAP_ABORT:
        receive_abort(table, route, indication);
        break;
    default:
        assert(table->message.type == TCAP_UNIDIRECTIONAL);
        table->counters.unidirectional_received++;
        indication->type = TCAP_IND_UNIDIRECTIONAL;
        break;
    }
}

void tcap_dialogue_notice(struct tcap_dialogue_table *table, struct bytes octets,
                          uint8_t return_cause, const void *route,
                          struct tcap_dialogue_indication *indication)
{
    const struct tcap_message *m = &table->message;
    struct tcap_dialogue_indication *out = indication;
    bool stale = false;

    *out = (struct tcap_dialogue_indication){.type = TCAP_IND_DISCARDED,
                                             .dialogue = TCAP_DIALOGUE_INVALID,
                                             .return_cause = return_cause};
    table->counters.notice_received++;
    /* The network may have cut what it returned: the id in front is all that is needed. */
    if (tcap_decode(octets, &table->message) == P7_OK)
        out->message = m;
    const bool has_our_id =
        (m->type == TCAP_BEGIN || m->type == TCAP_CONTINUE) && m->otid.length == 4;
    if (!has_our_id) {
        discard(out,
                out->message != NULL ? TCAP_DISCARD_UNKNOWN_TRANSACTION : TCAP_DISCARD_MALFORMED);
        return;
    }
    const uint32_t index = tcap_table_find(table, m->otid.value, &stale);
    if (index == TCAP_DIALOGUE_INVALID) {
        discard(out, stale ? TCAP_DISCARD_STALE_TRANSACTION : TCAP_DISCARD_UNKNOWN_TRANSACTION);
        return;
    }
    if (!tcap_dialogue_is_from(table, index, route)) {
        table->counters.wrong_origin++;
        discard(out, TCAP_DISCARD_WRONG_PEER);
        return;
    }
    out->type = TCAP_IND_NOTICE;
    out->dialogue = index;
}
