/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "tests/sim/charger.h"

#include <string.h>

#include "tests/unit/unit.h"

static struct service_dialogue *user_of(const struct charger *charger, uint32_t dialogue)
{
    return node_dialogue_user(charger->node, dialogue);
}

/* Slot and local id name a dialogue for longer than the slot lives. */
static uint64_t token_of(const struct charger *charger, uint32_t dialogue)
{
    return ((uint64_t)tcap_dialogue_local_id(node_dialogues(charger->node), dialogue) << 32) |
           dialogue;
}

static bool is_open(const struct charger *charger, uint64_t token)
{
    return tcap_dialogue_find(node_dialogues(charger->node), (uint32_t)(token >> 32)) ==
           (uint32_t)token;
}

static bool is_same_transaction(const struct charger *charger, uint32_t a, uint32_t b)
{
    return tcap_dialogue_peer_id(node_dialogues(charger->node), a).value ==
           tcap_dialogue_peer_id(node_dialogues(charger->node), b).value;
}

static void send_decision(struct charger *charger, uint32_t dialogue,
                          const struct decision *decision, struct bytes context)
{
    static const enum tcap_send_primitive primitives[] = {[DECISION_CONTINUE] = TCAP_SEND_CONTINUE,
                                                          [DECISION_END] = TCAP_SEND_END,
                                                          [DECISION_ABORT] = TCAP_SEND_U_ABORT};
    struct bytes_writer w =
        bytes_writer_of(charger->components, charger->components + sizeof(charger->components));
    if (decision->primitive == DECISION_NOTHING)
        return;
    const struct tcap_dialogue_portion portion = decision_dialogue_portion(decision, context);
    CU_ASSERT_EQUAL_FATAL(decision_write_components(&w, decision), P7_OK);
    const struct tcap_request request = {
        .dialogue = portion.pdu == TCAP_DIALOGUE_NONE ? NULL : &portion,
        .components_encoded = bytes_of(w.start, bytes_writer_length(&w)),
        .invokes_outstanding = decision_invokes_outstanding(decision),
    };
    const enum p7_status status = node_send(charger->node, *charger->now_ns, dialogue,
                                            primitives[decision->primitive], &request);
    charger->replies_unsent += status != P7_OK;
    if (status == P7_OK && (decision->flags & DECISION_PREARRANGED) != 0)
        node_dialogue_drop(charger->node, dialogue);
    if (status == P7_STATE && decision_ends(decision))
        node_dialogue_drop(charger->node, dialogue);
}

static void hand_over(struct charger *charger, uint32_t dialogue, const struct service_reply *reply,
                      struct bytes context)
{
    const int64_t now_ns = *charger->now_ns;
    service_handed_over(&charger->service, user_of(charger, dialogue), reply, now_ns, now_ns);
    if (!reply->drop)
        send_decision(charger, dialogue, &reply->decision, context);
    else if (decision_ends(&reply->decision))
        node_dialogue_drop(charger->node, dialogue);
}

/* responder/core/service.h, "sending" */
static void answer_again(struct charger *charger, uint32_t dialogue,
                         const struct service_reply *reply, struct bytes context)
{
    const uint32_t original = (uint32_t)reply->original_token;
    uint32_t through = dialogue;
    charger->again++;
    if (original != dialogue && is_open(charger, reply->original_token)) {
        if (is_same_transaction(charger, original, dialogue)) {
            node_dialogue_drop(charger->node, dialogue);
            through = original;
        } else {
            service_take_over(user_of(charger, dialogue), user_of(charger, original));
            node_dialogue_drop(charger->node, original);
        }
    }
    hand_over(charger, through, reply, context);
}

static void on_request(struct charger *charger, const struct tcap_dialogue_indication *indication,
                       const struct node_route *route)
{
    const uint32_t dialogue = indication->dialogue;
    struct service_reply reply;
    service_receive(&charger->service, user_of(charger, dialogue), indication->message,
                    sccp_party_bytes(&route->called), token_of(charger, dialogue), *charger->now_ns,
                    &reply);
    charger->charged += reply.charged;
    const struct bytes context = indication->message->dialogue.application_context;
    switch ((enum service_disposition)reply.disposition) {
    case SERVICE_NOTHING:
        break;
    case SERVICE_ANSWER:
        hand_over(charger, dialogue, &reply, context);
        break;
    case SERVICE_AGAIN:
        answer_again(charger, dialogue, &reply, context);
        break;
    case SERVICE_ATTACHED:
        CU_FAIL("every reply goes out at once: nothing is ever being answered");
        break;
    }
}

void charger_on_dialogue(void *context, const struct tcap_dialogue_indication *indication,
                         const struct node_route *route)
{
    struct charger *charger = context;
    struct service_reply reply;
    struct service_dialogue *user;
    switch (indication->type) {
    case TCAP_IND_BEGIN:
    case TCAP_IND_CONTINUE:
        if (charger->tests_activity) {
            activity_heard(&charger->activity, indication->dialogue,
                           (uint32_t)(token_of(charger, indication->dialogue) >> 32),
                           *charger->now_ns);
            if (activity_is_answer(indication->message))
                break;
        }
        on_request(charger, indication, route);
        break;
    case TCAP_IND_END:
    case TCAP_IND_U_ABORT:
        user = user_of(charger, indication->dialogue);
        service_receive(&charger->service, user, indication->message,
                        sccp_party_bytes(&route->called), 0, *charger->now_ns, &reply);
        charger->charged += reply.charged;
        charger->charged += service_close(&charger->service, user, *charger->now_ns);
        break;
    case TCAP_IND_P_ABORT:
    case TCAP_IND_TIMEOUT:
        charger->charged += service_close(&charger->service, user_of(charger, indication->dialogue),
                                          *charger->now_ns);
        break;
    default:
        CU_FAIL("nothing comes back and nobody speaks out of a dialogue");
        break;
    }
}

void charger_test_activity(struct charger *charger, uint32_t dialogues, int64_t silence_ns,
                           int64_t answer_ns)
{
    charger->tests_activity = true;
    CU_ASSERT_EQUAL_FATAL(activity_create(&charger->activity, dialogues, silence_ns, answer_ns),
                          P7_OK);
}

void charger_turn(struct charger *charger)
{
    const struct tcap_component invoke = activity_invoke();
    const struct tcap_request request = {.components = &invoke, .component_count = 1};
    uint32_t dialogue;
    uint32_t local_id;
    while (charger->tests_activity) {
        const enum activity_verdict verdict =
            activity_next(&charger->activity, *charger->now_ns, &dialogue, &local_id);
        if (verdict == ACTIVITY_NOTHING)
            return;
        if (!is_open(charger, ((uint64_t)local_id << 32) | dialogue)) {
            activity_over(&charger->activity, dialogue);
        } else if (verdict == ACTIVITY_TEST) {
            charger->activity_tests++;
            (void)!node_send(charger->node, *charger->now_ns, dialogue, TCAP_SEND_CONTINUE,
                             &request);
        } else {
            charger->activity_lost++;
            charger->charged +=
                service_close(&charger->service, user_of(charger, dialogue), *charger->now_ns);
            node_dialogue_abort(charger->node, *charger->now_ns, dialogue);
        }
    }
}

int64_t charger_deadline_ns(const struct charger *charger)
{
    return charger->tests_activity ? activity_deadline_ns(&charger->activity) : TIMER_NEVER_NS;
}

void charger_open(struct charger *charger, const struct service_params *params,
                  const int64_t *now_ns)
{
    memset(charger, 0, sizeof(*charger));
    charger->now_ns = now_ns;
    CU_ASSERT_EQUAL_FATAL(service_create(&charger->service, params), P7_OK);
}

void charger_bind(struct charger *charger, struct node *node)
{
    charger->node = node;
}

void charger_close(struct charger *charger)
{
    service_destroy(&charger->service);
    activity_destroy(&charger->activity);
}
