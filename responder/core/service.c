/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "responder/core/service.h"

#include <assert.h>
#include <string.h>

#include "responder/core/service_turn.h"

#define SLICE_MS_DEFAULT 30000u
#define SLICE_MS_MIN     100u
#define SLICE_MS_MAX     (CAP_PERIOD_100MS_MAX * 100u)

void service_params_init(struct service_params *params)
{
    *params = (struct service_params){
        .account_first = "",
        .tariff = {.slice_ms = SLICE_MS_DEFAULT},
        .oneshot_service_key = SERVICE_ONESHOT_KEY_DEFAULT,
    };
}

enum p7_status service_create(struct service *service, const struct service_params *params)
{
    *service = (struct service){
        .tariff = params->tariff,
        .identity_key = params->identity_key,
        .oneshot_service_key = params->oneshot_service_key,
        .asks_information = params->asks_information,
        .furnishes = params->furnishes,
        .continues_at_end = params->continues_at_end,
        .oneshot_prearranged = params->oneshot_prearranged,
        .refuses_old = params->refuses_old,
    };
    if (params->tariff.slice_ms < SLICE_MS_MIN || params->tariff.slice_ms > SLICE_MS_MAX)
        return P7_RANGE;
    enum p7_status status = fault_plan_init(&service->fault, &params->fault, params->fault_seed);
    if (status != P7_OK)
        return status;
    status = accounts_create(&service->accounts, params->account_first, params->account_count,
                             params->account_balance);
    if (status != P7_OK)
        return status;
    status = duplicate_table_create(&service->duplicates, params->duplicates_max);
    if (status != P7_OK)
        accounts_destroy(&service->accounts);
    return status;
}

void service_destroy(struct service *service)
{
    accounts_destroy(&service->accounts);
    duplicate_table_destroy(&service->duplicates);
}

void service_set_overload(struct service *service, bool overload)
{
    service->overload = overload;
}

static void reply_init(struct service_reply *reply)
{
    *reply = (struct service_reply){
        .decision = {.kind = SERVICE_NO_REQUEST, .context = CAP_AC_COUNT, .invoke_id = 1},
        .disposition = SERVICE_NOTHING,
        .account = ACCOUNT_NONE,
        .handle = DUPLICATE_HANDLE_NONE,
    };
}

void service_receive(struct service *service, struct service_dialogue *dialogue,
                     const struct tcap_message *message, struct bytes origin, uint64_t token,
                     int64_t now_ns, struct service_reply *reply)
{
    struct service_turn turn = {
        .service = service,
        .dialogue = dialogue,
        .message = message,
        .origin = origin,
        .token = token,
        .now_ns = now_ns,
        .reply = reply,
    };
    reply_init(reply);
    switch (message->type) {
    case TCAP_BEGIN:
        assert(dialogue->state == SERVICE_DIALOGUE_FRESH);
        dialogue->account = ACCOUNT_NONE;
        service_turn_begin(&turn);
        break;
    case TCAP_CONTINUE:
        service_turn_in_dialogue(&turn);
        break;
    case TCAP_END:
        service_turn_end(&turn);
        break;
    case TCAP_ABORT:
        reply->account = dialogue->account;
        reply->charged = service_close(service, dialogue, now_ns);
        break;
    default: /* UNIDIRECTIONAL: CAP has none */
        break;
    }
    reply->sequence = dialogue->sequence;
}

void service_repeat(struct service *service, const struct duplicate_hit *hit,
                    struct service_reply *reply)
{
    reply->decision = hit->decision;
    reply->handle = hit->handle;
    reply->original_token = hit->token;
    reply->disposition =
        hit->state == DUPLICATE_ANSWERED ? (uint8_t)SERVICE_AGAIN : (uint8_t)SERVICE_ATTACHED;
    statistics_retransmission(&service->statistics, (enum service_kind)hit->decision.kind);
}

bool service_receive_stray(struct service *service, const struct tcap_message *message,
                           struct bytes origin, struct service_reply *reply)
{
    reply_init(reply);
    if (message->type != TCAP_CONTINUE)
        return false;
    const uint64_t content = service_content(service, message);
    reply->identity = service_stray_identity(service, message, origin, content);
    const struct duplicate_hit hit = duplicate_find(&service->duplicates, &reply->identity);
    if (hit.state != DUPLICATE_ANSWERED && hit.state != DUPLICATE_IN_FLIGHT)
        return false;
    service_repeat(service, &hit, reply);
    return true;
}

void service_handed_over(struct service *service, struct service_dialogue *dialogue,
                         const struct service_reply *reply, int64_t received_ns, int64_t now_ns)
{
    const enum service_kind kind = (enum service_kind)reply->decision.kind;
    if (reply->disposition == SERVICE_AGAIN) {
        statistics_duplicate(&service->statistics, kind);
        return;
    }
    if (reply->disposition != SERVICE_ANSWER)
        return;
    duplicate_mark_answered(&service->duplicates, reply->handle);
    if (dialogue != NULL && dialogue->last_content == reply->identity.content)
        dialogue->flags &= (uint8_t)~SERVICE_DIALOGUE_IN_FLIGHT;
    if (reply->drop)
        statistics_unanswered(&service->statistics, kind);
    else
        statistics_reply(&service->statistics, kind, (enum service_result)reply->decision.result,
                         now_ns > received_ns ? (uint64_t)(now_ns - received_ns) : 0);
}

uint64_t service_close(struct service *service, struct service_dialogue *dialogue, int64_t now_ns)
{
    uint64_t charged = 0;
    if (dialogue->state == SERVICE_DIALOGUE_CALL)
        charged = service_settle_unreported(service, dialogue, now_ns);
    dialogue->state = SERVICE_DIALOGUE_OVER;
    return charged;
}

void service_take_over(struct service_dialogue *into, struct service_dialogue *from)
{
    assert(into->state == SERVICE_DIALOGUE_FRESH);
    *into = *from;
    *from = (struct service_dialogue){.account = ACCOUNT_NONE, .state = SERVICE_DIALOGUE_OVER};
}

void service_apply_fault(struct service_turn *turn, enum fault_action fault)
{
    if (fault == FAULT_DROP) {
        turn->service->counters.fault_drops++;
        turn->reply->drop = true;
    } else if (fault == FAULT_DELAY) {
        turn->service->counters.fault_delays++;
        turn->reply->delay_ms = turn->service->fault.params.delay_ms;
    }
}

/* What all refusals have in common. */
static struct decision *refuse(struct service_turn *turn, int8_t invoke_id)
{
    struct decision *d = &turn->reply->decision;
    if (turn->dialogue->state == SERVICE_DIALOGUE_CALL)
        service_give_back(turn->service, turn->dialogue);
    turn->dialogue->state = SERVICE_DIALOGUE_OVER;
    turn->reply->disposition = SERVICE_ANSWER;
    d->primitive = DECISION_END;
    d->result = SERVICE_FAIL;
    d->answers_invoke_id = invoke_id;
    return d;
}

void service_abort(struct service_turn *turn)
{
    struct decision *d = refuse(turn, 0);
    d->primitive = DECISION_ABORT;
    d->dialogue = DECISION_DIALOGUE_ABORTED;
}

void service_refuse_by_error(struct service_turn *turn, int8_t invoke_id, enum cap_error error)
{
    struct decision *d = refuse(turn, invoke_id);
    d->body = DECISION_ERROR;
    d->code = (uint8_t)error;
}

void service_refuse_by_reject(struct service_turn *turn, int8_t invoke_id,
                              enum tcap_invoke_problem problem)
{
    struct decision *d = refuse(turn, invoke_id);
    d->body = DECISION_REJECT;
    d->flags |= DECISION_HAS_INVOKE_ID;
    d->problem_kind = TCAP_PROBLEM_INVOKE;
    d->code = (uint8_t)problem;
}

/* Whether the operation's class has errors at all (Q.771-2.3.1: classes 1 and 2). */
static bool takes_errors(const struct tcap_component *invoke)
{
    const unsigned class = cap_operation_class(invoke->code);
    return class == 1 || class == 2;
}

void service_refuse_argument(struct service_turn *turn, const struct tcap_component *invoke,
                             enum p7_status status)
{
    turn->service->counters.argument_wrong++;
    if (status == P7_MISSING && takes_errors(invoke))
        service_refuse_by_error(turn, invoke->invoke_id, CAP_ERROR_MISSING_PARAMETER);
    else if (status == P7_RANGE && takes_errors(invoke))
        service_refuse_by_error(turn, invoke->invoke_id, CAP_ERROR_PARAMETER_OUT_OF_RANGE);
    else
        service_refuse_by_reject(turn, invoke->invoke_id, TCAP_INVOKE_MISTYPED_PARAMETER);
}

void service_refuse_sequence(struct service_turn *turn, const struct tcap_component *invoke)
{
    turn->service->counters.sequence_wrong++;
    if (invoke->type == TCAP_INVOKE && takes_errors(invoke))
        service_refuse_by_error(turn, invoke->invoke_id, CAP_ERROR_UNEXPECTED_COMPONENT_SEQUENCE);
    else
        service_abort(turn);
}
