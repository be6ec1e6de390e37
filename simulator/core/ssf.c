/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "simulator/core/ssf.h"

#include <string.h>

#include "simulator/core/failures.h"
#include "simulator/core/ssf_report.h"

#define CALL_REFERENCE_OCTETS 8
#define RUN_TAG_OCTETS        3

#define INVOKE_ID_FIRST 1 /* of a dialogue; those of reports are in ssf_report.c */

#define CAUSE_FAILURE_MIN 32

/* --- what is encoded once --------------------------------------------------------------------- */

static struct bytes number_bytes(const struct ssf_number *number)
{
    return bytes_of(number->octets, number->length);
}

static struct bytes_writer number_writer(struct ssf_number *number)
{
    return bytes_writer_of(number->octets, number->octets + sizeof(number->octets));
}

static enum p7_status set_isup(struct ssf_number *out, enum cap_isup_form form, const char *digits)
{
    struct cap_isup_number number = {
        .nature = CAP_NATURE_INTERNATIONAL,
        .plan = CAP_PLAN_ISDN,
        .presentation = CAP_PRESENTATION_ALLOWED,
        .screening = CAP_SCREENING_NETWORK,
    };
    struct bytes_writer w = number_writer(out);
    if (strlen(digits) > LIMIT_DIGITS)
        return P7_RANGE;
    memcpy(number.digits, digits, strlen(digits) + 1);
    const enum p7_status status = cap_isup_number_encode(&w, form, &number);
    out->length = (uint8_t)bytes_writer_length(&w);
    return status;
}

static enum p7_status set_bcd(struct ssf_number *out, const char *digits)
{
    struct cap_bcd_number number = {.type = CAP_TYPE_INTERNATIONAL, .plan = CAP_PLAN_ISDN};
    struct bytes_writer w = number_writer(out);
    if (strlen(digits) > LIMIT_DIGITS)
        return P7_RANGE;
    memcpy(number.digits, digits, strlen(digits) + 1);
    const enum p7_status status = cap_bcd_number_encode(&w, &number);
    out->length = (uint8_t)bytes_writer_length(&w);
    return status;
}

enum p7_status ssf_init(struct ssf *ssf, const struct ssf_config *config)
{
    memset(ssf, 0, sizeof(*ssf));
    ssf->subscribers = config->subscribers;
    ssf->parameters = config->parameters;
    ssf->run_tag = config->run_tag;
    ssf->start_wall_s = config->start_wall_s;
    ssf->clock_s = INT64_MIN;
    enum p7_status status = set_isup(&ssf->called_isup, CAP_ISUP_CALLED, config->called_party);
    if (status == P7_OK)
        status = set_bcd(&ssf->called_bcd, config->called_party);
    if (status == P7_OK)
        status = set_bcd(&ssf->node_bcd, config->msc_address);
    if (status == P7_OK)
        status = set_isup(&ssf->location, CAP_ISUP_LOCATION, config->msc_address);
    return status;
}

struct bytes ssf_application_context(const struct traffic_model *model)
{
    if (model->kind == TRAFFIC_MODEL_EVENT)
        return cap_application_context_oid(CAP_AC_V3_SMS);
    return cap_application_context_oid(model->cap_version == 3 ? CAP_AC_V3_GENERIC
                                                               : CAP_AC_V2_GSMSSF);
}

/* --- what differs by call --------------------------------------------------------------------- */

/* Time of day of the instant when the request was due: encoded when the second changes. */
static int64_t wall_s(const struct ssf *ssf, int64_t due_ns)
{
    return ssf->start_wall_s + due_ns / 1000000000;
}

static struct bytes clock_bytes(struct ssf *ssf, int64_t due_ns)
{
    const int64_t now_s = wall_s(ssf, due_ns);
    if (now_s != ssf->clock_s) {
        const struct cap_time time = cap_time_from_unix_s(now_s);
        struct bytes_writer w = bytes_writer_of(ssf->clock, ssf->clock + sizeof(ssf->clock));
        if (cap_time_and_timezone_encode(&w, &time) == P7_OK)
            ssf->clock_s = now_s;
    }
    return bytes_of(ssf->clock, sizeof(ssf->clock));
}

uint64_t ssf_call_reference(uint32_t run_tag, uint64_t call_number)
{
    const unsigned number_bits = 8 * (CALL_REFERENCE_OCTETS - RUN_TAG_OCTETS);
    return ((uint64_t)run_tag << number_bits) | (call_number & ((UINT64_C(1) << number_bits) - 1));
}

/* A call's own numbers, encoded: they live as long as the function that holds them. */
struct caller {
    struct ssf_number number;
    uint8_t imsi[8];
    uint8_t imsi_length;
    uint8_t reference[CALL_REFERENCE_OCTETS];
};

static enum p7_status fill_caller(const struct ssf *ssf, const struct traffic_call *call,
                                  bool as_bcd, struct caller *caller)
{
    struct subscriber subscriber;
    subscribers_at(ssf->subscribers, call->subscriber, &subscriber);
    enum p7_status status = as_bcd ? set_bcd(&caller->number, subscriber.msisdn)
                                   : set_isup(&caller->number, CAP_ISUP_CALLING, subscriber.msisdn);
    struct bytes_writer w = bytes_writer_of(caller->imsi, caller->imsi + sizeof(caller->imsi));
    if (status == P7_OK)
        status = cap_imsi_encode(&w, subscriber.imsi);
    caller->imsi_length = (uint8_t)bytes_writer_length(&w);
    bytes_store_u64be(caller->reference, ssf_call_reference(ssf->run_tag, call->number));
    return status;
}

static void apply_parameters(const struct ssf *ssf, const struct traffic_call *call,
                             struct ssf_parameter_values *values, void *argument)
{
    if (ssf->parameters != NULL)
        ssf_parameters_apply(&ssf->parameters[call->model], ssf->subscribers, call->subscriber,
                             values, argument);
}

static enum p7_status write_initial_dp(struct ssf *ssf, struct bytes_writer *w,
                                       const struct traffic_call *call,
                                       const struct traffic_model *model)
{
    static const uint8_t speech[] = {0x80, 0x90, 0xa3}; /* Q.763-3.57: 64 kbit/s, A-law */
    static const uint8_t telephony[] = {CAP_TELESERVICE_TELEPHONY};
    struct caller caller;
    struct ssf_parameter_values values;
    enum p7_status status = fill_caller(ssf, call, false, &caller);
    if (status != P7_OK)
        return status;
    struct cap_initial_dp dp = {
        .has = {.calling_party_number = true,
                .calling_partys_category = true,
                .location_number = true,
                .bearer_capability = true,
                .event_type_bcsm = true,
                .imsi = true,
                .location_information = true,
                .ext_basic_service_code = true,
                .call_reference_number = true,
                .msc_address = true,
                .time_and_timezone = true},
        .service_key = (int32_t)model->service_key,
        .calling_party_number = number_bytes(&caller.number),
        .calling_partys_category = CAP_CATEGORY_ORDINARY,
        .location_number = number_bytes(&ssf->location),
        .bearer_capability = bytes_of(speech, sizeof(speech)),
        .imsi = bytes_of(caller.imsi, caller.imsi_length),
        .location_information = {.has = {.age = true, .vlr_number = true},
                                 .vlr_number = number_bytes(&ssf->node_bcd)},
        .ext_basic_service_code = {.has = {.teleservice = true},
                                   .teleservice = bytes_of(telephony, sizeof(telephony))},
        .call_reference_number = bytes_of(caller.reference, sizeof(caller.reference)),
        .msc_address = number_bytes(&ssf->node_bcd),
        .time_and_timezone = clock_bytes(ssf, call->due_ns),
    };
    if (model->mobile_terminated) {
        dp.event_type_bcsm = CAP_BCSM_TERM_ATTEMPT_AUTHORIZED;
        dp.has.called_party_number = true;
        dp.called_party_number = number_bytes(&ssf->called_isup);
    } else {
        dp.event_type_bcsm = CAP_BCSM_COLLECTED_INFO;
        dp.has.called_party_bcd_number = true;
        dp.called_party_bcd_number = number_bytes(&ssf->called_bcd);
    }
    apply_parameters(ssf, call, &values, &dp);
    const struct tcap_component invoke = tcap_invoke(INVOKE_ID_FIRST, CAP_INITIAL_DP);
    const struct tcap_component_mark mark = tcap_component_open(w, &invoke);
    status = cap_initial_dp_encode(w, &dp);
    tcap_component_close(w, mark);
    return status;
}

static enum p7_status write_initial_dp_sms(struct ssf *ssf, struct bytes_writer *w,
                                           const struct traffic_call *call,
                                           const struct traffic_model *model)
{
    struct caller caller;
    struct ssf_parameter_values values;
    enum p7_status status = fill_caller(ssf, call, true, &caller);
    if (status != P7_OK)
        return status;
    struct cap_initial_dp_sms dp = {
        .has = {.destination_subscriber_number = true,
                .calling_party_number = true,
                .event_type_sms = true,
                .imsi = true,
                .location_information_msc = true,
                .smsc_address = true,
                .time_and_timezone = true,
                .tp_short_message_specific_info = true,
                .tp_protocol_identifier = true,
                .tp_data_coding_scheme = true,
                .sms_reference_number = true,
                .msc_address = true},
        .service_key = (int32_t)model->service_key,
        .destination_subscriber_number = number_bytes(&ssf->called_bcd),
        .calling_party_number = number_bytes(&caller.number),
        .event_type_sms = CAP_SMS_COLLECTED_INFO,
        .imsi = bytes_of(caller.imsi, caller.imsi_length),
        .location_information_msc = {.has = {.age = true, .vlr_number = true},
                                     .vlr_number = number_bytes(&ssf->node_bcd)},
        .smsc_address = number_bytes(&ssf->node_bcd),
        .time_and_timezone = clock_bytes(ssf, call->due_ns),
        .tp_short_message_specific_info = 0x01, /* TS23.040-9.2.3.1: SMS-SUBMIT */
        .sms_reference_number = bytes_of(caller.reference, sizeof(caller.reference)),
        .msc_address = number_bytes(&ssf->node_bcd),
    };
    apply_parameters(ssf, call, &values, &dp);
    const struct tcap_component invoke = tcap_invoke(INVOKE_ID_FIRST, CAP_INITIAL_DP_SMS);
    const struct tcap_component_mark mark = tcap_component_open(w, &invoke);
    status = cap_initial_dp_sms_encode(w, &dp);
    tcap_component_close(w, mark);
    return status;
}

enum p7_status ssf_write_request(struct ssf *ssf, struct bytes_writer *writer,
                                 const struct traffic_call *call, const struct traffic_model *model)
{
    enum p7_status status = P7_UNSUPPORTED;
    switch ((enum request_kind)call->kind) {
    case REQUEST_ONESHOT:
    case REQUEST_INITIAL:
        status = write_initial_dp(ssf, writer, call, model);
        break;
    case REQUEST_EVENT:
        status = write_initial_dp_sms(ssf, writer, call, model);
        break;
    case REQUEST_INTERIM:
    case REQUEST_FINAL:
        status = ssf_write_report(writer, call, model, wall_s(ssf, call->due_ns));
        break;
    case REQUEST_KIND_COUNT:
        break;
    }
    return status;
}

/* --- replies ---------------------------------------------------------------------------------- */

/* What a message says as a whole. */
struct reply_facts {
    bool released;
    bool refused;
    bool starts_call; /* arms events or lets the call go on: what follows an initialDP */
    struct failure_cause failure; /* refused: by the first component that did */
};

static void refuse(struct reply_facts *facts, struct failure_cause failure)
{
    if (!facts->refused)
        facts->failure = failure;
    facts->refused = true;
}

static void read_arming(const struct tcap_component *component, struct ssf_reading *reading)
{
    struct cap_request_report_bcsm_event events;
    struct cap_call_information_request information;
    struct traffic_reply *reply = &reading->reply;
    reply->has_armed = true;
    if (component->code == CAP_CALL_INFORMATION_REQUEST) {
        if (cap_call_information_request_decode(component->parameter, &information) == P7_OK)
            reply->armed = ssf_arm_information(reply->armed, &information);
        else
            reading->is_malformed = true;
    } else if (cap_request_report_bcsm_event_decode(component->parameter, &events) == P7_OK) {
        reply->armed = ssf_arm(reply->armed, &events);
    } else {
        reading->is_malformed = true;
    }
}

static void read_invoke(const struct tcap_component *component, struct ssf_reading *reading,
                        struct reply_facts *facts)
{
    if (component->code_kind != TCAP_CODE_LOCAL)
        return;
    switch (component->code) {
    case CAP_CONTINUE:
    case CAP_CONNECT:
    case CAP_CONTINUE_SMS:
    case CAP_CONNECT_SMS:
        reading->is_reply = true;
        facts->starts_call = true;
        break;
    case CAP_REQUEST_REPORT_BCSM_EVENT:
        facts->starts_call = true;
        read_arming(component, reading);
        break;
    case CAP_CALL_INFORMATION_REQUEST:
        read_arming(component, reading);
        break;
    case CAP_RELEASE_CALL: {
        struct cap_release_call release;
        struct cap_cause cause;
        reading->is_reply = true;
        facts->released = true;
        /* Q.850-2.2.5: causes 0 to 31 are normal events, from 32 on something failed. */
        if (cap_release_call_decode(component->parameter, &release) != P7_OK ||
            cap_cause_decode(release.cause, &cause) != P7_OK)
            reading->is_malformed = true;
        else if (cause.value >= CAUSE_FAILURE_MIN)
            refuse(facts, (struct failure_cause){.failure = REQUEST_FAILURE_RELEASED,
                                                 .code = cause.value});
        break;
    }
    case CAP_RELEASE_SMS:
        reading->is_reply = true;
        facts->released = true;
        break;
    case CAP_APPLY_CHARGING: {
        struct cap_apply_charging charging;
        reading->is_reply = true;
        reading->reply.has_grant = true;
        reading->reply.grant_id = component->invoke_id;
        if (cap_apply_charging_decode(component->parameter, &charging) == P7_OK)
            reading->reply.granted_ms = (uint32_t)charging.max_call_period_100ms * 100;
        else
            reading->is_malformed = true;
        break;
    }
    case CAP_ACTIVITY_TEST:
        reading->is_activity_test = true;
        reading->activity_invoke_id = component->invoke_id;
        break;
    default:
        break;
    }
}

struct ssf_reading ssf_read(const struct tcap_message *message, bool ended, enum request_kind kind,
                            uint32_t armed)
{
    struct ssf_reading reading = {.reply = {.dialogue_open = !ended, .armed = armed}};
    struct reply_facts facts = {0};
    for (unsigned i = 0; i < message->component_count; i++) {
        const struct tcap_component *component = &message->components[i];
        if (component->type == TCAP_INVOKE)
            read_invoke(component, &reading, &facts);
        else if (component->type == TCAP_RETURN_ERROR || component->type == TCAP_REJECT)
            refuse(&facts, failure_of_component(component));
    }
    if (message->fault.present)
        reading.is_malformed = true;
    if (ended || facts.refused || reading.is_malformed)
        reading.is_reply = true;
    if (reading.is_malformed)
        facts.failure = (struct failure_cause){.failure = REQUEST_FAILURE_MALFORMED};
    reading.reply.failure = facts.failure.failure;
    reading.reply.failure_code = facts.failure.code;
    if (facts.refused || reading.is_malformed)
        reading.reply.kind = TRAFFIC_REPLY_ERROR;
    else if (facts.released && kind != REQUEST_FINAL)
        reading.reply.kind = TRAFFIC_REPLY_NO_CREDIT; /* the call was not allowed to go on */
    else if (ended || facts.released)
        reading.reply.kind = TRAFFIC_REPLY_ENDED;
    else
        reading.reply.kind = TRAFFIC_REPLY_CONTINUED;
    /* A report is answered by a slice alone, the last one by the end or a plain continue. */
    reading.reply.answers_earlier = (kind == REQUEST_INTERIM && facts.starts_call) ||
                                    (kind == REQUEST_FINAL && reading.reply.has_grant);
    return reading;
}

bool ssf_ends_prearranged(const struct ssf_reading *reading, const struct traffic_call *call,
                          const struct traffic_model *model)
{
    return model->prearranged_end && call->kind == REQUEST_ONESHOT && reading->is_reply &&
           reading->reply.kind == TRAFFIC_REPLY_CONTINUED;
}
