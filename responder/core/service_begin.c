/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "responder/core/service_turn.h"

#include <string.h>

/* What a request that begins a dialogue comes down to. */
struct begin_request {
    enum service_kind kind;
    int8_t invoke_id;
    bool terminating;
    bool number_missing; /* there is no number to charge */
    struct bytes time; /* when the SSF says that it was made: timeAndTimezone; empty: it does not */
    uint32_t account;
    struct bytes call_reference;
};

/* Account of an ISUP number as the index has it: digits without the end-of-pulsing signal. */
static uint32_t account_of_isup(const struct service *service, struct bytes octets,
                                enum cap_isup_form form)
{
    struct cap_isup_number number;
    if (cap_isup_number_decode(octets, form, &number) != P7_OK)
        return ACCOUNT_NONE;
    const size_t digits = strlen(number.digits);
    if (digits > 0 && number.digits[digits - 1] == 'f')
        number.digits[digits - 1] = '\0';
    return accounts_find(&service->accounts, number.digits);
}

/* The subscriber who pays: the calling party, in a terminating call the called one. Networks that
 * give a roaming or routing number for the called party leave the calling number to find. */
static void find_call_account(const struct service *service, const struct cap_initial_dp *dp,
                              struct begin_request *request)
{
    request->account = ACCOUNT_NONE;
    request->number_missing = true;
    if (request->terminating && dp->has.called_party_number) {
        request->number_missing = false;
        request->account = account_of_isup(service, dp->called_party_number, CAP_ISUP_CALLED);
    }
    if (request->account == ACCOUNT_NONE && dp->has.calling_party_number) {
        request->number_missing = false;
        request->account = account_of_isup(service, dp->calling_party_number, CAP_ISUP_CALLING);
    }
}

static enum p7_status read_initial_dp(const struct service *service, struct bytes parameter,
                                      struct begin_request *request)
{
    struct cap_initial_dp dp;
    request->kind = SERVICE_INITIAL;
    const enum p7_status status = cap_initial_dp_decode(parameter, &dp);
    if (status != P7_OK)
        return status;
    if ((uint32_t)dp.service_key == service->oneshot_service_key)
        request->kind = SERVICE_ONESHOT;
    request->terminating =
        dp.has.event_type_bcsm && dp.event_type_bcsm == CAP_BCSM_TERM_ATTEMPT_AUTHORIZED;
    if (dp.has.call_reference_number)
        request->call_reference = dp.call_reference_number;
    if (dp.has.time_and_timezone)
        request->time = dp.time_and_timezone;
    if (service->accounts.count != 0)
        find_call_account(service, &dp, request);
    return P7_OK;
}

static enum p7_status read_initial_dp_sms(const struct service *service, struct bytes parameter,
                                          struct begin_request *request)
{
    struct cap_initial_dp_sms dp;
    struct cap_bcd_number number;
    request->kind = SERVICE_EVENT;
    const enum p7_status status = cap_initial_dp_sms_decode(parameter, &dp);
    if (status != P7_OK)
        return status;
    if (dp.has.sms_reference_number)
        request->call_reference = dp.sms_reference_number;
    if (dp.has.time_and_timezone)
        request->time = dp.time_and_timezone;
    if (service->accounts.count == 0)
        return P7_OK;
    request->number_missing = !dp.has.calling_party_number;
    if (dp.has.calling_party_number &&
        cap_bcd_number_decode(dp.calling_party_number, &number) == P7_OK)
        request->account = accounts_find(&service->accounts, number.digits);
    return P7_OK;
}

/* The dialogue portion: false when it was answered already. TS29.078-9: an application context is
 * what a CAP dialogue is opened with. */
static bool accept_context(struct service_turn *turn)
{
    struct decision *d = &turn->reply->decision;
    enum cap_application_context context;
    if (turn->message->dialogue.pdu != TCAP_DIALOGUE_AARQ) {
        turn->service->counters.context_missing++;
        d->primitive = DECISION_ABORT;
    } else if (cap_application_context_by_oid(turn->message->dialogue.application_context,
                                              &context) != P7_OK) {
        /* Q.774-3.2.2: refused by the user, an ABORT carries the AARE. */
        turn->service->counters.context_refused++;
        d->primitive = DECISION_ABORT;
        d->dialogue = DECISION_DIALOGUE_REFUSED;
    } else {
        d->context = (uint8_t)context;
        d->dialogue = DECISION_DIALOGUE_ACCEPTED;
        turn->dialogue->context = (uint8_t)context;
        return true;
    }
    d->result = SERVICE_FAIL;
    turn->reply->disposition = SERVICE_ANSWER;
    turn->dialogue->state = SERVICE_DIALOGUE_OVER;
    return false;
}

/* The one component of a BEGIN, an invoke of the context's first operation; NULL when what was
 * there instead was answered. */
static const struct tcap_component *first_invoke(struct service_turn *turn)
{
    const struct tcap_message *m = turn->message;
    struct service_reply *reply = turn->reply;
    if (m->fault.present) {
        /* The TCAP layer owes a REJECT for what it could not read: END carries it. */
        turn->service->counters.component_wrong++;
        reply->decision.primitive = DECISION_END;
        reply->decision.result = SERVICE_FAIL;
        reply->disposition = SERVICE_ANSWER;
        turn->dialogue->state = SERVICE_DIALOGUE_OVER;
        return NULL;
    }
    const struct tcap_component *c = &m->components[0];
    if (m->component_count == 0 || c->type != TCAP_INVOKE) {
        /* Asks for nothing: it gets no dialogue. */
        turn->service->counters.sequence_wrong++;
        service_abort(turn);
        return NULL;
    }
    const int32_t wanted =
        turn->dialogue->context == CAP_AC_V3_SMS ? CAP_INITIAL_DP_SMS : CAP_INITIAL_DP;
    if (c->code_kind != TCAP_CODE_LOCAL || c->code != wanted) {
        if (c->code_kind == TCAP_CODE_LOCAL && c->code == CAP_APPLY_CHARGING_REPORT &&
            wanted == CAP_INITIAL_DP) {
            service_refuse_sequence(turn, c);
        } else {
            turn->service->counters.operation_unknown++;
            service_refuse_by_reject(turn, c->invoke_id, TCAP_INVOKE_UNRECOGNIZED_OPERATION);
        }
        return NULL;
    }
    if (m->component_count > 1) {
        service_refuse_sequence(turn, &m->components[1]);
        return NULL;
    }
    return c;
}

/* Whether it came before: then the reply is what was decided then. */
static bool was_seen(struct service_turn *turn)
{
    struct service *service = turn->service;
    struct service_reply *reply = turn->reply;
    const struct duplicate_hit hit = duplicate_find(&service->duplicates, &reply->identity);
    if (hit.state == DUPLICATE_UNKNOWN)
        return false;
    if (hit.state == DUPLICATE_CONFLICT) {
        service->counters.conflicts++;
        service_refuse_by_error(turn, turn->message->components[0].invoke_id,
                                CAP_ERROR_UNEXPECTED_DATA_VALUE);
        return true;
    }
    service_repeat(service, &hit, reply);
    /* The call's state is with the first dialogue: see service_take_over. */
    if (decision_ends(&hit.decision))
        turn->dialogue->state = SERVICE_DIALOGUE_OVER;
    return true;
}

/*
 * Made longer ago than the window, and before the newest request that the table has forgotten: it
 * may have been charged already. Either alone would also hit new requests when a clock is wrong.
 */
static bool is_too_old(const struct service_turn *turn, const struct begin_request *request)
{
    const struct service *service = turn->service;
    struct cap_time time;
    /* Most requests are not even looked at; a time that can't be read says nothing. */
    if (!service->refuses_old || service->duplicates.forgotten_s == 0 ||
        cap_time_and_timezone_decode(request->time, &time) != P7_OK)
        return false;
    const int64_t unix_s = cap_time_to_unix_s(&time);
    return unix_s <= (int64_t)service->duplicates.forgotten_s &&
           (int64_t)service_wall_s(turn->now_ns) - unix_s > SERVICE_WINDOW_S;
}

static void answer_no_credit(struct service_turn *turn, enum service_kind kind)
{
    struct decision *d = &turn->reply->decision;
    turn->service->counters.no_credit++;
    d->primitive = DECISION_END;
    d->body = kind == SERVICE_EVENT ? DECISION_SMS_RELEASE : DECISION_CALL_RELEASE;
    d->code = SERVICE_CAUSE_NO_CREDIT;
    d->result = SERVICE_NO_CREDIT;
}

/* oneshot, event: one price, one END. */
static void answer_at_once(struct service_turn *turn, const struct begin_request *request)
{
    struct decision *d = &turn->reply->decision;
    const uint64_t price = turn->service->tariff.price_per_event;
    turn->dialogue->state = SERVICE_DIALOGUE_OVER;
    if (!service_charge(turn->service, request->account, price)) {
        answer_no_credit(turn, request->kind);
        return;
    }
    turn->reply->charged = turn->service->accounts.count != 0 ? price : 0;
    d->primitive = DECISION_END;
    d->body = request->kind == SERVICE_EVENT ? DECISION_SMS_CONTINUE : DECISION_CALL_CONTINUE;
    if (request->kind == SERVICE_ONESHOT && turn->service->oneshot_prearranged) {
        d->primitive = DECISION_CONTINUE;
        d->flags |= DECISION_PREARRANGED;
    }
}

static void answer_call(struct service_turn *turn, const struct begin_request *request)
{
    struct decision *d = &turn->reply->decision;
    struct service_dialogue *dialogue = turn->dialogue;
    dialogue->account = request->account;
    if (!service_grant(turn->service, dialogue, d)) {
        dialogue->state = SERVICE_DIALOGUE_OVER;
        answer_no_credit(turn, request->kind);
        return;
    }
    dialogue->state = SERVICE_DIALOGUE_CALL;
    if (request->terminating) {
        dialogue->flags |= SERVICE_DIALOGUE_TERMINATING;
        d->flags |= DECISION_TERMINATING;
    }
    if (turn->service->asks_information)
        d->flags |= DECISION_INFORMATION;
    if (turn->service->furnishes)
        d->flags |= DECISION_FURNISH;
    d->primitive = DECISION_CONTINUE;
    d->body = DECISION_CALL_START;
    dialogue->invoke_id = decision_call_start_invokes(d);
}

static void answer_new(struct service_turn *turn, const struct begin_request *request)
{
    struct service *service = turn->service;
    struct service_reply *reply = turn->reply;
    const enum fault_action fault = fault_plan_next(&service->fault);

    reply->disposition = SERVICE_ANSWER;
    reply->account = request->account;
    if (fault == FAULT_ERROR) {
        service->counters.fault_errors++;
        service_refuse_by_error(turn, request->invoke_id, CAP_ERROR_SYSTEM_FAILURE);
    } else if (service->accounts.count != 0 && request->number_missing) {
        service->counters.no_account++;
        service_refuse_by_error(turn, request->invoke_id, CAP_ERROR_MISSING_PARAMETER);
    } else if (service->accounts.count != 0 && request->account == ACCOUNT_NONE) {
        service->counters.no_account++;
        service_refuse_by_error(turn, request->invoke_id, CAP_ERROR_MISSING_CUSTOMER_RECORD);
    } else if (request->kind == SERVICE_INITIAL) {
        answer_call(turn, request);
    } else {
        answer_at_once(turn, request);
    }
    service_apply_fault(turn, fault);
    reply->handle = duplicate_insert(&service->duplicates, &reply->identity, turn->token,
                                     &reply->decision, service_wall_s(turn->now_ns));
}

void service_turn_begin(struct service_turn *turn)
{
    struct service *service = turn->service;
    struct service_reply *reply = turn->reply;
    if (!accept_context(turn))
        return;
    const struct tcap_component *invoke = first_invoke(turn);
    if (invoke == NULL)
        return;
    struct begin_request request = {.invoke_id = invoke->invoke_id, .account = ACCOUNT_NONE};
    const enum p7_status status = turn->dialogue->context == CAP_AC_V3_SMS
                                      ? read_initial_dp_sms(service, invoke->parameter, &request)
                                      : read_initial_dp(service, invoke->parameter, &request);
    reply->decision.kind = (uint8_t)request.kind;
    if (status != P7_OK) {
        service_refuse_argument(turn, invoke, status);
        return;
    }
    service_reference(service, turn->origin, request.call_reference, turn->message->otid,
                      turn->dialogue->reference);
    reply->identity =
        service_identity(turn->dialogue->reference, 0, service_content(service, turn->message));
    if (was_seen(turn))
        return;
    if (is_too_old(turn, &request)) {
        service->counters.too_old++;
        service_refuse_by_error(turn, invoke->invoke_id, CAP_ERROR_UNEXPECTED_DATA_VALUE);
        return;
    }
    if (service->overload) {
        service->counters.overload++;
        service_refuse_by_error(turn, invoke->invoke_id, CAP_ERROR_TASK_REFUSED);
        return;
    }
    answer_new(turn, &request);
}
