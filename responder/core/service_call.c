/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "responder/core/service_turn.h"

#define NS_PER_100MS 100000000

/* What the components of one message of an open call come down to. */
struct call_facts {
    bool has_report; /* applyChargingReport */
    int8_t report_invoke_id;
    bool leg_active;
    uint32_t used_100ms;
    bool answered;     /* eventReportBCSM: answer */
    bool over;         /* eventReportBCSM: the call is over, or will not come about */
    bool over_request; /* the SSF waits for an instruction (interrupted), not merely notifies */
    uint8_t over_cause;
    bool tested; /* activityTest */
    int8_t test_invoke_id;
    bool peer_refused; /* an error or reject for one of our invokes */
};

/* Q.850 cause to release with, by the event that ended the attempt; 0: the call goes on. */
static uint8_t cause_of_event(int32_t event_type)
{
    switch (event_type) {
    case CAP_BCSM_O_CALLED_PARTY_BUSY:
    case CAP_BCSM_T_BUSY:
        return CAP_CAUSE_USER_BUSY;
    case CAP_BCSM_O_NO_ANSWER:
    case CAP_BCSM_T_NO_ANSWER:
        return CAP_CAUSE_NO_ANSWER;
    case CAP_BCSM_ROUTE_SELECT_FAILURE:
        return CAP_CAUSE_NORMAL_UNSPECIFIED;
    case CAP_BCSM_O_DISCONNECT:
    case CAP_BCSM_T_DISCONNECT:
    case CAP_BCSM_O_ABANDON:
    case CAP_BCSM_T_ABANDON:
        return CAP_CAUSE_NORMAL_CLEARING;
    default:
        return 0;
    }
}

static enum p7_status read_event(struct bytes parameter, struct call_facts *facts)
{
    struct cap_event_report_bcsm event;
    const enum p7_status status = cap_event_report_bcsm_decode(parameter, &event);
    if (status != P7_OK)
        return status;
    if (event.event_type == CAP_BCSM_O_ANSWER || event.event_type == CAP_BCSM_T_ANSWER)
        facts->answered = true;
    const uint8_t cause = cause_of_event(event.event_type);
    if (cause != 0) {
        facts->over = true;
        facts->over_cause = cause;
        facts->over_request =
            !event.has.misc_call_info || event.misc_call_info.message_type == CAP_MESSAGE_REQUEST;
    }
    return P7_OK;
}

static enum p7_status read_report(const struct tcap_component *invoke, struct call_facts *facts)
{
    struct cap_apply_charging_report report;
    const enum p7_status status = cap_apply_charging_report_decode(invoke->parameter, &report);
    if (status != P7_OK)
        return status;
    facts->has_report = true;
    facts->report_invoke_id = invoke->invoke_id;
    facts->leg_active = cap_apply_charging_report_leg_active(&report);
    facts->used_100ms = (uint32_t)cap_apply_charging_report_used_100ms(&report);
    return P7_OK;
}

/* One invoke; false when it was refused. */
static bool read_invoke(struct service_turn *turn, const struct tcap_component *invoke,
                        struct call_facts *facts)
{
    enum p7_status status = P7_OK;
    struct decision *d = &turn->reply->decision;
    switch (invoke->code_kind == TCAP_CODE_LOCAL ? invoke->code : -1) {
    case CAP_APPLY_CHARGING_REPORT:
        d->kind = SERVICE_INTERIM;
        status = read_report(invoke, facts);
        break;
    case CAP_EVENT_REPORT_BCSM:
        status = read_event(invoke->parameter, facts);
        break;
    case CAP_CALL_INFORMATION_REPORT:
        break; /* not asked for, and no reply is due */
    case CAP_ACTIVITY_TEST:
        facts->tested = true;
        facts->test_invoke_id = invoke->invoke_id;
        break;
    case CAP_INITIAL_DP:
        service_refuse_sequence(turn, invoke);
        return false;
    default:
        turn->service->counters.operation_unknown++;
        service_refuse_by_reject(turn, invoke->invoke_id, TCAP_INVOKE_UNRECOGNIZED_OPERATION);
        return false;
    }
    if (status != P7_OK) {
        service_refuse_argument(turn, invoke, status);
        return false;
    }
    return true;
}

/* False when something in the message was refused: the reply says so, and no fact counts. */
static bool read_components(struct service_turn *turn, struct call_facts *facts)
{
    for (unsigned i = 0; i < turn->message->component_count; i++) {
        const struct tcap_component *c = &turn->message->components[i];
        if (c->type == TCAP_INVOKE) {
            if (!read_invoke(turn, c, facts))
                return false;
        } else if (c->type == TCAP_RETURN_ERROR || c->type == TCAP_REJECT) {
            facts->peer_refused = true;
        }
    }
    return true;
}

static void release(struct service_turn *turn, uint8_t cause, enum service_result result)
{
    struct decision *d = &turn->reply->decision;
    d->primitive = DECISION_END;
    d->body = DECISION_CALL_RELEASE;
    d->code = cause;
    d->result = (uint8_t)result;
    turn->dialogue->state = SERVICE_DIALOGUE_OVER;
}

/* Our next invoke id; they go round. */
static int8_t next_invoke_id(struct service_dialogue *dialogue)
{
    dialogue->invoke_id =
        dialogue->invoke_id >= DECISION_INVOKE_ID_MAX ? 1 : (uint8_t)(dialogue->invoke_id + 1);
    return (int8_t)dialogue->invoke_id;
}

/* The call was answered so long ago. */
static void note_answer(struct service_turn *turn, uint32_t ago_100ms)
{
    struct service_dialogue *dialogue = turn->dialogue;
    if ((dialogue->flags & SERVICE_DIALOGUE_ANSWERED) != 0)
        return;
    dialogue->flags |= SERVICE_DIALOGUE_ANSWERED;
    dialogue->answered_ns = turn->now_ns - (int64_t)ago_100ms * NS_PER_100MS;
}

/* TS29.078-11.5.1.1: the time since answer; 0 where no answer was detected. */
static void note_report(struct service_turn *turn, uint32_t used_100ms)
{
    if (used_100ms > 0)
        note_answer(turn, used_100ms);
    turn->reply->charged = service_settle(turn->service, turn->dialogue, used_100ms);
}

/* A slice is used up: charge it, grant the next one. */
static void answer_interim(struct service_turn *turn, const struct call_facts *facts)
{
    struct service_dialogue *dialogue = turn->dialogue;
    struct decision *d = &turn->reply->decision;
    note_report(turn, facts->used_100ms);
    if (!service_grant(turn->service, dialogue, d)) {
        turn->service->counters.no_credit++;
        release(turn, SERVICE_CAUSE_NO_CREDIT, SERVICE_NO_CREDIT);
        return;
    }
    d->primitive = DECISION_CONTINUE;
    d->body = DECISION_GRANT;
    d->invoke_id = next_invoke_id(dialogue);
}

/* The call is over: charge what is left, end the dialogue. */
static void answer_final(struct service_turn *turn, const struct call_facts *facts)
{
    struct service_dialogue *dialogue = turn->dialogue;
    struct decision *d = &turn->reply->decision;
    if (facts->has_report)
        note_report(turn, facts->used_100ms);
    else
        turn->reply->charged = service_settle_unreported(turn->service, dialogue, turn->now_ns);
    release(turn, facts->over ? facts->over_cause : SERVICE_CAUSE_NORMAL, SERVICE_SUCC);
    d->invoke_id = next_invoke_id(dialogue);
    /* TS29.078: a notification leaves nothing to release, the SSF has gone on. */
    if (facts->over && !facts->over_request)
        d->body = DECISION_EMPTY;
    else if (turn->service->continues_at_end)
        d->body = DECISION_CALL_CONTINUE;
}

/* A planned error: a report can be answered by one, an event only by an abort (class 4). */
static void answer_planned_error(struct service_turn *turn, const struct call_facts *facts)
{
    turn->service->counters.fault_errors++;
    if (facts->has_report) {
        service_refuse_by_error(turn, facts->report_invoke_id, CAP_ERROR_SYSTEM_FAILURE);
        return;
    }
    service_abort(turn);
}

static void answer_request(struct service_turn *turn, const struct call_facts *facts)
{
    const enum fault_action fault = fault_plan_next(&turn->service->fault);
    const bool final = facts->over || !facts->leg_active;
    turn->reply->decision.kind = final ? SERVICE_FINAL : SERVICE_INTERIM;
    if (fault == FAULT_ERROR) {
        answer_planned_error(turn, facts);
    } else if (facts->has_report && facts->used_100ms < turn->dialogue->used_100ms) {
        /* Time since answer does not run backwards. */
        turn->service->counters.argument_wrong++;
        service_refuse_by_error(turn, facts->report_invoke_id, CAP_ERROR_UNEXPECTED_DATA_VALUE);
    } else if (final) {
        answer_final(turn, facts);
    } else {
        answer_interim(turn, facts);
    }
    service_apply_fault(turn, fault);
}

static void answer_facts(struct service_turn *turn, const struct call_facts *facts)
{
    struct decision *d = &turn->reply->decision;
    turn->reply->disposition = SERVICE_ANSWER;
    if (facts->answered)
        note_answer(turn, 0);
    if (facts->has_report || facts->over) {
        answer_request(turn, facts);
    } else if (facts->peer_refused) {
        /* Without our events or our slice the call can't be charged: it ends. */
        turn->service->counters.peer_refused++;
        turn->reply->charged =
            service_settle_unreported(turn->service, turn->dialogue, turn->now_ns);
        release(turn, SERVICE_CAUSE_TROUBLE, SERVICE_FAIL);
        d->invoke_id = next_invoke_id(turn->dialogue);
    } else if (facts->tested) {
        d->primitive = DECISION_CONTINUE;
        d->body = DECISION_RESULT;
        d->answers_invoke_id = facts->test_invoke_id;
    } else {
        turn->reply->disposition = SERVICE_NOTHING;
    }
}

/* A request within a call by what it says (its invoke ids included): a copy of it may come when the
 * call has gone on, or is over, and says nothing of its place in the call. */
static struct duplicate_identity in_call_identity(const struct service_dialogue *dialogue,
                                                  uint64_t content)
{
    return (struct duplicate_identity){
        .key = {dialogue->reference[0] + content * 0x9e3779b97f4a7c15ull, ~dialogue->reference[1]},
        .content = content,
    };
}

/* An earlier request of this call, come again: its reply is the one that it had. */
static bool came_late(struct service_turn *turn, uint64_t content)
{
    const struct duplicate_identity identity = in_call_identity(turn->dialogue, content);
    const struct duplicate_hit hit = duplicate_find(&turn->service->duplicates, &identity);
    if (hit.state != DUPLICATE_ANSWERED && hit.state != DUPLICATE_IN_FLIGHT)
        return false;
    service_repeat(turn->service, &hit, turn->reply);
    return true;
}

/* The last request of this dialogue, come again. */
static bool came_again(struct service_turn *turn, uint64_t content)
{
    const struct service_dialogue *dialogue = turn->dialogue;
    struct service_reply *reply = turn->reply;
    if (dialogue->sequence == 0 || dialogue->last_content != content)
        return came_late(turn, content);
    reply->decision = dialogue->last;
    reply->original_token = turn->token;
    reply->disposition = (dialogue->flags & SERVICE_DIALOGUE_IN_FLIGHT) != 0
                             ? (uint8_t)SERVICE_ATTACHED
                             : (uint8_t)SERVICE_AGAIN;
    reply->account = dialogue->account;
    reply->identity = service_identity(dialogue->reference, dialogue->sequence, content);
    statistics_retransmission(&turn->service->statistics, (enum service_kind)dialogue->last.kind);
    return true;
}

/* Keeps a request and its reply, so that a repetition is known: in the dialogue, and where the
 * reply ends it in the table, as the dialogue will be gone then. */
static void remember(struct service_turn *turn, uint64_t content)
{
    struct service_dialogue *dialogue = turn->dialogue;
    struct service_reply *reply = turn->reply;
    dialogue->sequence++;
    dialogue->last = reply->decision;
    dialogue->last_content = content;
    dialogue->flags |= SERVICE_DIALOGUE_IN_FLIGHT;
    reply->identity = service_identity(dialogue->reference, dialogue->sequence, content);
    if (reply->decision.primitive == DECISION_END) {
        const struct duplicate_identity stray =
            service_stray_identity(turn->service, turn->message, turn->origin, content);
        reply->handle = duplicate_insert(&turn->service->duplicates, &stray, turn->token,
                                         &reply->decision, service_wall_s(turn->now_ns));
        return;
    }
    const struct duplicate_identity in_call = in_call_identity(dialogue, content);
    reply->handle = duplicate_insert(&turn->service->duplicates, &in_call, turn->token,
                                     &reply->decision, service_wall_s(turn->now_ns));
}

/* Nothing was begun here as far as the service knows: the repetition of a BEGIN was answered, and
 * the call that it belongs to has ended meanwhile. */
static void answer_fresh(struct service_turn *turn)
{
    turn->service->counters.sequence_wrong++;
    turn->reply->disposition = SERVICE_ANSWER;
    turn->reply->decision.kind = SERVICE_FINAL;
    release(turn, SERVICE_CAUSE_TROUBLE, SERVICE_FAIL);
    turn->reply->decision.invoke_id = next_invoke_id(turn->dialogue);
}

void service_turn_in_dialogue(struct service_turn *turn)
{
    struct service_dialogue *dialogue = turn->dialogue;
    struct service_reply *reply = turn->reply;
    struct call_facts facts = {.leg_active = true};
    const uint64_t content = service_content(turn->service, turn->message);

    reply->decision.context = dialogue->context;
    reply->account = dialogue->account;
    if (came_again(turn, content))
        return;
    if (dialogue->state == SERVICE_DIALOGUE_OVER)
        return; /* its END is on the way */
    if (dialogue->state == SERVICE_DIALOGUE_FRESH) {
        answer_fresh(turn);
    } else if (!read_components(turn, &facts)) {
        reply->disposition = SERVICE_ANSWER;
    } else if (turn->message->fault.present) {
        turn->service->counters.component_wrong++;
        reply->disposition = SERVICE_ANSWER;
        service_give_back(turn->service, dialogue);
        release(turn, SERVICE_CAUSE_TROUBLE, SERVICE_FAIL);
        reply->decision.invoke_id = next_invoke_id(dialogue);
    } else {
        answer_facts(turn, &facts);
    }
    if (reply->disposition == SERVICE_ANSWER && reply->decision.kind != SERVICE_NO_REQUEST)
        remember(turn, content);
}

void service_turn_end(struct service_turn *turn)
{
    struct service_dialogue *dialogue = turn->dialogue;
    struct service_reply *reply = turn->reply;
    struct call_facts facts = {.leg_active = true};
    if (dialogue->state != SERVICE_DIALOGUE_CALL)
        return;
    reply->account = dialogue->account;
    /* What can't be read can't be refused any more; what could be read in front of it counts. */
    (void)read_components(turn, &facts);
    if (facts.answered)
        note_answer(turn, 0);
    if (facts.has_report)
        note_report(turn, facts.used_100ms);
    else
        reply->charged = service_settle_unreported(turn->service, dialogue, turn->now_ns);
    dialogue->state = SERVICE_DIALOGUE_OVER;
    reply->decision = (struct decision){.kind = SERVICE_NO_REQUEST, .context = dialogue->context};
    reply->disposition = SERVICE_NOTHING;
}
