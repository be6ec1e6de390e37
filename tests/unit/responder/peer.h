/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * peer - the other side of the charging service in tests: an SSF that encodes real messages, and a
 * reader of the service's replies. Both go through octets: nothing is tested struct to struct.
 */
#ifndef TESTS_UNIT_RESPONDER_PEER_H
#define TESTS_UNIT_RESPONDER_PEER_H

#include "responder/core/service.h"
#include "sigtran/codec/cap.h"
#include "tests/unit/unit.h"

#define PEER_FIRST_ACCOUNT "46701000000"
#define PEER_DTID          0x48040000u
#define PEER_OTID          0x49040000u

static const uint8_t peer_address[] = {0x12, 0x92, 0x00, 0x11, 0x04, 0x64, 0x07, 0x01};

static inline struct bytes peer_origin(void)
{
    return bytes_of(peer_address, sizeof(peer_address));
}

struct peer {
    uint8_t components[512];
    uint8_t octets[640];
    struct bytes_writer writer; /* over `components` */
    struct tcap_message message;
};

static inline void peer_start(struct peer *peer)
{
    peer->writer = bytes_writer_of(peer->components, peer->components + sizeof(peer->components));
}

/* Puts the components into a message of the type and reads that back. */
static inline const struct tcap_message *peer_message(struct peer *peer, uint8_t type,
                                                      uint32_t otid,
                                                      const struct tcap_dialogue_portion *portion)
{
    const struct tcap_parts parts = {
        .type = type,
        .otid = {.value = otid, .length = type == TCAP_END || type == TCAP_ABORT ? 0 : 4},
        .dtid = {.value = PEER_DTID, .length = type == TCAP_BEGIN ? 0 : 4},
        .dialogue = portion,
        .components_encoded = bytes_of(peer->components, bytes_writer_length(&peer->writer)),
    };
    struct bytes_writer w = bytes_writer_of(peer->octets, peer->octets + sizeof(peer->octets));
    CU_ASSERT_FALSE_FATAL(peer->writer.failed);
    CU_ASSERT_EQUAL_FATAL(tcap_write_parts(&w, &parts), P7_OK);
    CU_ASSERT_EQUAL_FATAL(
        tcap_decode(bytes_of(peer->octets, bytes_writer_length(&w)), &peer->message), P7_OK);
    return &peer->message;
}

static inline const struct tcap_message *peer_begin(struct peer *peer, uint32_t otid,
                                                    enum cap_application_context context)
{
    const struct tcap_dialogue_portion portion = tcap_aarq(cap_application_context_oid(context));
    return peer_message(peer, TCAP_BEGIN, otid, &portion);
}

static inline const struct tcap_message *peer_continue(struct peer *peer)
{
    return peer_message(peer, TCAP_CONTINUE, PEER_OTID, NULL);
}

struct peer_call {
    enum cap_application_context context;
    uint32_t service_key;
    const char *calling; /* NULL: absent */
    const char *called;  /* NULL: absent */
    uint64_t reference;
    bool no_reference;
    bool terminating;
    uint32_t otid;
    int8_t invoke_id;
    struct cap_time time; /* month 0: absent */
};

static inline struct peer_call peer_call_of(uint32_t service_key, uint64_t reference)
{
    return (struct peer_call){.context = CAP_AC_V2_GSMSSF,
                              .service_key = service_key,
                              .calling = "46701000001",
                              .called = NULL,
                              .reference = reference,
                              .otid = PEER_OTID,
                              .invoke_id = 1};
}

/* The octets of an ISUP number, in `room`. */
static inline struct bytes peer_isup(enum cap_isup_form form, const char *digits, uint8_t *room)
{
    struct cap_isup_number number = {.nature = CAP_NATURE_INTERNATIONAL,
                                     .plan = CAP_PLAN_ISDN,
                                     .screening = CAP_SCREENING_NETWORK};
    struct bytes_writer w = bytes_writer_of(room, room + CAP_NUMBER_OCTETS_MAX);
    (void)snprintf(number.digits, sizeof(number.digits), "%s", digits);
    CU_ASSERT_EQUAL_FATAL(cap_isup_number_encode(&w, form, &number), P7_OK);
    return bytes_of(room, bytes_writer_length(&w));
}

static inline void peer_add_initial_dp(struct peer *peer, const struct peer_call *call)
{
    uint8_t calling[CAP_NUMBER_OCTETS_MAX];
    uint8_t called[CAP_NUMBER_OCTETS_MAX];
    uint8_t reference[8];
    struct cap_initial_dp dp = {
        .has = {.event_type_bcsm = true, .calling_partys_category = true},
        .service_key = (int32_t)call->service_key,
        .calling_partys_category = CAP_CATEGORY_ORDINARY,
        .event_type_bcsm =
            call->terminating ? CAP_BCSM_TERM_ATTEMPT_AUTHORIZED : CAP_BCSM_COLLECTED_INFO,
    };
    if (call->calling != NULL) {
        dp.has.calling_party_number = true;
        dp.calling_party_number = peer_isup(CAP_ISUP_CALLING, call->calling, calling);
    }
    if (call->called != NULL) {
        dp.has.called_party_number = true;
        dp.called_party_number = peer_isup(CAP_ISUP_CALLED, call->called, called);
    }
    uint8_t time[8];
    if (call->time.month != 0) {
        struct bytes_writer w = bytes_writer_of(time, time + sizeof(time));
        CU_ASSERT_EQUAL_FATAL(cap_time_and_timezone_encode(&w, &call->time), P7_OK);
        dp.has.time_and_timezone = true;
        dp.time_and_timezone = bytes_of(time, sizeof(time));
    }
    if (!call->no_reference) {
        bytes_store_u64be(reference, call->reference);
        dp.has.call_reference_number = true;
        dp.call_reference_number = bytes_of(reference, sizeof(reference));
    }
    const struct tcap_component invoke = tcap_invoke(call->invoke_id, CAP_INITIAL_DP);
    const struct tcap_component_mark mark = tcap_component_open(&peer->writer, &invoke);
    CU_ASSERT_EQUAL_FATAL(cap_initial_dp_encode(&peer->writer, &dp), P7_OK);
    tcap_component_close(&peer->writer, mark);
}

static inline const struct tcap_message *peer_initial_dp(struct peer *peer,
                                                         const struct peer_call *call)
{
    peer_start(peer);
    peer_add_initial_dp(peer, call);
    return peer_begin(peer, call->otid, call->context);
}

static inline const struct tcap_message *peer_initial_dp_sms(struct peer *peer, const char *calling,
                                                             uint64_t reference)
{
    uint8_t room[CAP_NUMBER_OCTETS_MAX];
    uint8_t reference_octets[8];
    struct cap_bcd_number number = {.type = CAP_TYPE_INTERNATIONAL, .plan = CAP_PLAN_ISDN};
    struct bytes_writer w = bytes_writer_of(room, room + sizeof(room));
    (void)snprintf(number.digits, sizeof(number.digits), "%s", calling);
    CU_ASSERT_EQUAL_FATAL(cap_bcd_number_encode(&w, &number), P7_OK);
    bytes_store_u64be(reference_octets, reference);
    const struct cap_initial_dp_sms dp = {
        .has = {.calling_party_number = true, .event_type_sms = true, .sms_reference_number = true},
        .service_key = 100,
        .calling_party_number = bytes_of(room, bytes_writer_length(&w)),
        .event_type_sms = CAP_SMS_COLLECTED_INFO,
        .sms_reference_number = bytes_of(reference_octets, sizeof(reference_octets)),
    };
    peer_start(peer);
    const struct tcap_component invoke = tcap_invoke(1, CAP_INITIAL_DP_SMS);
    const struct tcap_component_mark mark = tcap_component_open(&peer->writer, &invoke);
    CU_ASSERT_EQUAL_FATAL(cap_initial_dp_sms_encode(&peer->writer, &dp), P7_OK);
    tcap_component_close(&peer->writer, mark);
    return peer_begin(peer, PEER_OTID, CAP_AC_V3_SMS);
}

static inline void peer_add_report(struct peer *peer, int8_t invoke_id, uint32_t used_100ms,
                                   bool active)
{
    const struct cap_apply_charging_report report = {
        .has = {.leg_active = !active},
        .party_to_charge = {.side = CAP_LEG_RECEIVING, .id = CAP_LEG_1},
        .time = {.has = {.no_tariff_switch = true}, .no_tariff_switch_100ms = (int32_t)used_100ms},
        .leg_active = active,
    };
    const struct tcap_component invoke = tcap_invoke(invoke_id, CAP_APPLY_CHARGING_REPORT);
    const struct tcap_component_mark mark = tcap_component_open(&peer->writer, &invoke);
    CU_ASSERT_EQUAL_FATAL(cap_apply_charging_report_encode(&peer->writer, &report), P7_OK);
    tcap_component_close(&peer->writer, mark);
}

static inline void peer_add_event(struct peer *peer, int8_t invoke_id, int32_t type, bool request)
{
    const struct cap_event_report_bcsm event = {
        .has = {.leg_id = true, .misc_call_info = true},
        .event_type = type,
        .leg_id = {.side = CAP_LEG_RECEIVING, .id = CAP_LEG_2},
        .misc_call_info = {.message_type =
                               request ? CAP_MESSAGE_REQUEST : CAP_MESSAGE_NOTIFICATION},
    };
    const struct tcap_component invoke = tcap_invoke(invoke_id, CAP_EVENT_REPORT_BCSM);
    const struct tcap_component_mark mark = tcap_component_open(&peer->writer, &invoke);
    CU_ASSERT_EQUAL_FATAL(cap_event_report_bcsm_encode(&peer->writer, &event), P7_OK);
    tcap_component_close(&peer->writer, mark);
}

/* Any invoke; the parameter is written as it is. */
static inline void peer_add_invoke(struct peer *peer, int8_t invoke_id, int32_t operation,
                                   struct bytes parameter)
{
    struct tcap_component invoke = tcap_invoke(invoke_id, operation);
    invoke.parameter = parameter;
    CU_ASSERT_EQUAL_FATAL(tcap_write_component(&peer->writer, &invoke), P7_OK);
}

static inline const struct tcap_message *peer_report(struct peer *peer, int8_t invoke_id,
                                                     uint32_t used_100ms, bool active)
{
    peer_start(peer);
    peer_add_report(peer, invoke_id, used_100ms, active);
    return peer_continue(peer);
}

static inline const struct tcap_message *peer_event(struct peer *peer, int8_t invoke_id,
                                                    int32_t type, bool request)
{
    peer_start(peer);
    peer_add_event(peer, invoke_id, type, request);
    return peer_continue(peer);
}

/* --- the service's side --------------------------------------------------------------------- */

struct bench {
    struct service service;
    struct service_params params;
    struct service_dialogue dialogue;
    struct service_reply reply;
    struct peer peer;
    int64_t now_ns;
    uint8_t octets[640];        /* of the reply */
    struct tcap_message answer; /* read back from them */
};

static inline void bench_open(struct bench *bench)
{
    CU_ASSERT_EQUAL_FATAL(service_create(&bench->service, &bench->params), P7_OK);
}

/* 100 accounts of 1000 units; 7 to set up a call, 2 a second, 3 an event; slices of 30 s. */
static inline void bench_params(struct bench *bench)
{
    *bench = (struct bench){.now_ns = 1000};
    service_params_init(&bench->params);
    bench->params.account_first = PEER_FIRST_ACCOUNT;
    bench->params.account_count = 100;
    bench->params.account_balance = 1000;
    bench->params.tariff.price_per_call = 7;
    bench->params.tariff.price_per_second = 2;
    bench->params.tariff.price_per_event = 3;
    bench->params.duplicates_max = 64;
}

static inline void bench_setup(struct bench *bench)
{
    bench_params(bench);
    bench_open(bench);
}

static inline void bench_close(struct bench *bench)
{
    CU_ASSERT_TRUE(accounts_conserved(&bench->service.accounts));
    service_destroy(&bench->service);
}

static inline const struct account *bench_account(const struct bench *bench, uint32_t index)
{
    return &bench->service.accounts.entry[index];
}

/* Encodes the reply as it would go out, and reads it back. */
static inline const struct tcap_message *bench_encode(struct bench *bench)
{
    static const uint8_t types[] = {[DECISION_CONTINUE] = TCAP_CONTINUE,
                                    [DECISION_END] = TCAP_END,
                                    [DECISION_ABORT] = TCAP_ABORT};
    const struct decision *d = &bench->reply.decision;
    uint8_t components[DECISION_OCTETS_MAX];
    struct bytes_writer cw = bytes_writer_of(components, components + sizeof(components));
    CU_ASSERT_NOT_EQUAL_FATAL(d->primitive, DECISION_NOTHING);
    CU_ASSERT_EQUAL_FATAL(decision_write_components(&cw, d), P7_OK);
    const struct tcap_dialogue_portion portion =
        decision_dialogue_portion(d, bench->peer.message.dialogue.application_context);
    const struct tcap_parts parts = {
        .type = types[d->primitive],
        .otid = {.value = PEER_DTID, .length = d->primitive == DECISION_CONTINUE ? 4 : 0},
        .dtid = {.value = PEER_OTID, .length = 4},
        .dialogue = portion.pdu == TCAP_DIALOGUE_NONE ? NULL : &portion,
        .components_encoded = bytes_of(components, bytes_writer_length(&cw)),
    };
    struct bytes_writer w = bytes_writer_of(bench->octets, bench->octets + sizeof(bench->octets));
    CU_ASSERT_EQUAL_FATAL(tcap_write_parts(&w, &parts), P7_OK);
    CU_ASSERT_EQUAL_FATAL(
        tcap_decode(bytes_of(bench->octets, bytes_writer_length(&w)), &bench->answer), P7_OK);
    CU_ASSERT_FALSE_FATAL(bench->answer.fault.present);
    return &bench->answer;
}

static inline void bench_hand_over(struct bench *bench)
{
    service_handed_over(&bench->service, &bench->dialogue, &bench->reply, bench->now_ns,
                        bench->now_ns + 1500000);
}

/* Receives in the bench's dialogue; nothing is handed over. */
static inline void bench_receive(struct bench *bench, const struct tcap_message *message)
{
    service_receive(&bench->service, &bench->dialogue, message, peer_origin(), 77, bench->now_ns,
                    &bench->reply);
}

/* Receives, expects an answer, hands it over, and gives the answer as the peer reads it. */
static inline const struct tcap_message *bench_ask(struct bench *bench,
                                                   const struct tcap_message *message)
{
    bench_receive(bench, message);
    CU_ASSERT_EQUAL_FATAL(bench->reply.disposition, SERVICE_ANSWER);
    const struct tcap_message *answer = bench_encode(bench);
    bench_hand_over(bench);
    return answer;
}

/* A fresh dialogue for the next BEGIN. */
static inline void bench_new_dialogue(struct bench *bench)
{
    bench->dialogue = (struct service_dialogue){0};
}

/* Whether component `index` of the answer is an invoke of `operation`. */
static inline bool answer_invokes(const struct tcap_message *answer, unsigned index,
                                  int32_t operation)
{
    return index < answer->component_count && answer->components[index].type == TCAP_INVOKE &&
           answer->components[index].code_kind == TCAP_CODE_LOCAL &&
           answer->components[index].code == operation;
}

static inline bool answer_is_error(const struct tcap_message *answer, int8_t invoke_id,
                                   int32_t error)
{
    const struct tcap_component *c = &answer->components[0];
    return answer->component_count == 1 && c->type == TCAP_RETURN_ERROR &&
           c->invoke_id == invoke_id && c->code == error;
}

/* maxCallPeriodDuration of the applyCharging at `index`. */
static inline int32_t answer_slice_100ms(const struct tcap_message *answer, unsigned index)
{
    struct cap_apply_charging charging;
    CU_ASSERT_TRUE_FATAL(answer_invokes(answer, index, CAP_APPLY_CHARGING));
    CU_ASSERT_EQUAL_FATAL(cap_apply_charging_decode(answer->components[index].parameter, &charging),
                          P7_OK);
    return charging.max_call_period_100ms;
}

/* Cause value of the releaseCall that the answer consists of; -1: it does not. */
static inline int answer_release_cause(const struct tcap_message *answer)
{
    struct cap_release_call release;
    struct cap_cause cause;
    if (answer->component_count != 1 || !answer_invokes(answer, 0, CAP_RELEASE_CALL) ||
        cap_release_call_decode(answer->components[0].parameter, &release) != P7_OK ||
        cap_cause_decode(release.cause, &cause) != P7_OK)
        return -1;
    return cause.value;
}

#endif
