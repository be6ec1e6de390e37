/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * service_turn - what the sources of the charging service share: one message being handled, and the
 * steps that both a BEGIN and a later message take. Not for users of the service: see service.h.
 */
#ifndef RESPONDER_CORE_SERVICE_TURN_H
#define RESPONDER_CORE_SERVICE_TURN_H

#include "responder/core/service.h"
#include "sigtran/codec/cap.h"

struct service_turn {
    struct service *service;
    struct service_dialogue *dialogue;
    const struct tcap_message *message;
    struct bytes origin;
    uint64_t token;
    int64_t now_ns;
    struct service_reply *reply; /* initialised: nothing to send */
};

/* service_begin.c, service_call.c */
void service_turn_begin(struct service_turn *turn);
void service_turn_in_dialogue(struct service_turn *turn);
void service_turn_end(struct service_turn *turn);

/* --- identity (service_identity.c) ---------------------------------------------------------- */

/* 128 bits over originating address and call reference; without a reference the peer's transaction
 * id takes its place. */
void service_reference(const struct service *service, struct bytes origin,
                       struct bytes call_reference, struct tcap_transaction_id otid,
                       uint64_t reference[2]);
/* 64 bits over the message's components: types, invoke ids, codes and parameters. */
uint64_t service_content(const struct service *service, const struct tcap_message *message);
struct duplicate_identity service_identity(const uint64_t reference[2], uint32_t sequence,
                                           uint64_t content);
/* Name of the request that ends a dialogue, for a repetition after the dialogue is gone. */
struct duplicate_identity service_stray_identity(const struct service *service,
                                                 const struct tcap_message *message,
                                                 struct bytes origin, uint64_t content);

/* --- money (service_money.c) ----------------------------------------------------------------- */

/* Reserves the next slice behind what was used, or as much of it as the account pays for: sets
 * slice and flags of the decision. False: no credit, nothing reserved. */
bool service_grant(struct service *service, struct service_dialogue *dialogue,
                   struct decision *decision);
/* Charges the call up to `used_100ms` if it was answered, and gives the reservation back. Returns
 * what was charged by this. */
uint64_t service_settle(struct service *service, struct service_dialogue *dialogue,
                        uint32_t used_100ms);
/* The same where nobody reported the duration: by our clock, at most what was granted. */
uint64_t service_settle_unreported(struct service *service, struct service_dialogue *dialogue,
                                   int64_t now_ns);
/* Gives the reservation back and charges nothing. */
void service_give_back(struct service *service, struct service_dialogue *dialogue);
/* One price at once; false: not enough credit. */
bool service_charge(struct service *service, uint32_t account, uint64_t price);

/* What is told of a request that came before: its reply, again or when its original's goes out. */
void service_repeat(struct service *service, const struct duplicate_hit *hit,
                    struct service_reply *reply);

/* Drop and delay, for a request that was answered. */
void service_apply_fault(struct service_turn *turn, enum fault_action fault);

/* --- refusals: all end the dialogue, give back what is reserved, charge nothing (service.c) -----
 */

/* U-ABORT: where no component can say no. */
void service_abort(struct service_turn *turn);
void service_refuse_by_error(struct service_turn *turn, int8_t invoke_id, enum cap_error error);
void service_refuse_by_reject(struct service_turn *turn, int8_t invoke_id,
                              enum tcap_invoke_problem problem);
/* An argument that could not be decoded: `status` says why. */
void service_refuse_argument(struct service_turn *turn, const struct tcap_component *invoke,
                             enum p7_status status);
/* A component that comes when it may not. */
void service_refuse_sequence(struct service_turn *turn, const struct tcap_component *invoke);

#endif
