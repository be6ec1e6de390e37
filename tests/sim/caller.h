/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * caller - the simulated network of an in-process run: the simulator's core on a node, on virtual
 * time. It does what the simulator's worker does, without its thread, and knows of each subscriber
 * what the answers that came say was to be paid.
 *
 * Life cycle: caller_open -> caller_bind (its node) -> caller_act and caller_deadline_ns, each turn
 * -> caller_finish -> caller_act -> caller_close.
 */
#ifndef TESTS_SIM_CALLER_H
#define TESTS_SIM_CALLER_H

#include "responder/core/account.h"
#include "sigtran/runtime/node.h"
#include "simulator/core/measure.h"
#include "simulator/core/ssf.h"
#include "simulator/core/traffic.h"

#define CALLER_MSISDN_FIRST "46701000000"
#define CALLER_ONESHOT_KEY  1
#define CALLER_CALL_KEY     100

/* What a subscriber's account must have lost at least, since a reply said so, and can have lost at
 * most, since it was asked for. */
struct caller_bill {
    uint64_t least;
    uint64_t most;
};

struct caller {
    struct node *node;
    struct node_route route;
    struct traffic traffic;
    struct ssf ssf;
    struct subscribers subscribers;
    struct measure measure;
    struct interval_set interval;
    struct tariff tariff;
    int64_t origin_ns;
    int64_t now_ns;           /* of the turn, on the network's clock */
    struct caller_bill *bill; /* by subscriber */
    uint64_t *paid;           /* by call slot: what its ok replies say until now */
    uint64_t retransmissions;
    uint64_t recorded;
    bool is_deaf; /* answers no activityTest */
    uint64_t tested;
    uint8_t components[SSF_COMPONENTS_OCTETS];
};

void caller_open(struct caller *caller, const struct traffic_settings *settings,
                 const struct tariff *tariff);
void caller_bind(struct caller *caller, struct node *node, int64_t now_ns);
void caller_close(struct caller *caller);

/* node_handler.dialogue */
void caller_on_dialogue(void *context, const struct tcap_dialogue_indication *indication,
                        const struct node_route *route);

void caller_act(struct caller *caller, int64_t now_ns);
int64_t caller_deadline_ns(const struct caller *caller);
/* What is open is unanswered, and every dialogue is aborted. */
void caller_finish(struct caller *caller, int64_t now_ns);

#endif
