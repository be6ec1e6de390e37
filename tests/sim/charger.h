/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * charger - the charging application of an in-process run: the responder's core on a node, on
 * virtual time. It does what the responder's server does, without its thread and its workload:
 * every reply goes out at once.
 *
 * Life cycle: charger_open -> charger_bind (its node) -> ... -> charger_close.
 */
#ifndef TESTS_SIM_CHARGER_H
#define TESTS_SIM_CHARGER_H

#include "responder/core/activity.h"
#include "responder/core/service.h"
#include "sigtran/runtime/node.h"

struct charger {
    struct node *node;
    struct service service;
    const int64_t *now_ns;
    bool tests_activity;
    struct activity activity;
    uint64_t activity_tests;
    uint64_t activity_lost;
    uint64_t charged; /* what replies and endings say that they charged */
    uint64_t again;   /* repetitions that were answered */
    uint64_t replies_unsent;
    uint8_t components[DECISION_OCTETS_MAX];
};

/* `now_ns` is read whenever a message comes. */
void charger_open(struct charger *charger, const struct service_params *params,
                  const int64_t *now_ns);
void charger_bind(struct charger *charger, struct node *node);
void charger_close(struct charger *charger);

/* Peers are asked after so long a silence; charger_turn does it. */
void charger_test_activity(struct charger *charger, uint32_t dialogues, int64_t silence_ns,
                           int64_t answer_ns);
void charger_turn(struct charger *charger);
int64_t charger_deadline_ns(const struct charger *charger);

/* node_handler.dialogue */
void charger_on_dialogue(void *context, const struct tcap_dialogue_indication *indication,
                         const struct node_route *route);

#endif
