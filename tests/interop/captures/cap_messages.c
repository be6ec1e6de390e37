/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* CAP: every operation of phases 2 and 3 that the codec has, in a BEGIN with its application
 * context. */
#include "sigtran/codec/cap.h"

#include "tests/interop/captures/catalogue.h"

#define OCTETS(name, ...) static const uint8_t name[] = {__VA_ARGS__}

OCTETS(called_isup, 0x84, 0x13, 0x64, 0x07, 0x01, 0x00, 0x00, 0x00, 0x01);
OCTETS(calling_isup, 0x84, 0x13, 0x64, 0x07, 0x01, 0x00, 0x00, 0x10, 0x0b);
OCTETS(number_bcd, 0x91, 0x64, 0x07, 0x91, 0x64, 0x07);
OCTETS(imsi, 0x42, 0x00, 0x01, 0x00, 0x00, 0x00, 0x00, 0xf1);
OCTETS(bearer, 0x80, 0x90, 0xa3);
OCTETS(teleservice, 0x11);
OCTETS(reference, 1, 2, 3, 4, 5, 6, 7, 8);
OCTETS(clock_time, 0x02, 0x29, 0x11, 0x12, 0x54, 0x31, 0x54, 0x04);
OCTETS(stop_time, 0x02, 0x62, 0x11, 0x12, 0x21, 0x43, 0x65);
OCTETS(cause, 0x84, 0x90);
OCTETS(cell, 0x42, 0xf0, 0x10, 0x00, 0x01, 0x00, 0x01);
OCTETS(free_format, 'p', 'u', 'l', 's', 'e', '7');
OCTETS(redirection, 0x01, 0x00);
OCTETS(alerting, 0x00, 0x00, 0x01);

#define BYTES(name) bytes_of(name, sizeof(name))

typedef enum p7_status (*encode_fn)(struct bytes_writer *writer, const void *argument);

/* One operation: an INVOKE with the argument that `encode` writes (none: NULL). */
static void put(struct catalogue *catalogue, enum cap_application_context context,
                enum cap_operation operation, encode_fn encode, const void *argument)
{
    const char *name = cap_operation_name(operation);
    const struct tcap_dialogue_portion aarq = tcap_aarq(cap_application_context_oid(context));
    const struct tcap_component invoke = tcap_invoke(1, (int32_t)operation);
    uint8_t components[512];
    uint8_t octets[512];
    struct bytes_writer c = bytes_writer_of(components, components + sizeof(components));
    struct bytes_writer w = bytes_writer_of(octets, octets + sizeof(octets));
    const struct tcap_component_mark mark = tcap_component_open(&c, &invoke);
    if (encode != NULL && encode(&c, argument) != P7_OK)
        catalogue_fail(name, "its encoder refuses the argument");
    tcap_component_close(&c, mark);
    const struct tcap_parts parts = {
        .type = TCAP_BEGIN,
        .otid = {.value = 0x01020304, .length = 4},
        .dialogue = &aarq,
        .components_encoded = bytes_of(components, bytes_writer_length(&c)),
    };
    if (c.failed || tcap_write_parts(&w, &parts) != P7_OK)
        catalogue_fail(name, "it does not fit a message");
    struct catalogue_row row = catalogue_row_of(name, M3UA_DATA);
    row.operation = (int)operation;
    catalogue_put_tcap(catalogue, row, bytes_of(octets, bytes_writer_length(&w)));
}

#define ENCODER(type)                                                                              \
    static enum p7_status put_##type(struct bytes_writer *writer, const void *argument)            \
    {                                                                                              \
        return cap_##type##_encode(writer, argument);                                              \
    }
ENCODER(initial_dp)
ENCODER(connect)
ENCODER(release_call)
ENCODER(request_report_bcsm_event)
ENCODER(event_report_bcsm)
ENCODER(furnish_charging_information)
ENCODER(apply_charging)
ENCODER(apply_charging_report)
ENCODER(call_information_report)
ENCODER(call_information_request)
ENCODER(cancel)
ENCODER(initial_dp_sms)
ENCODER(connect_sms)
ENCODER(request_report_sms_event)
ENCODER(event_report_sms)
ENCODER(release_sms)

static void initial_add(struct catalogue *catalogue, enum cap_application_context context)
{
    const struct cap_initial_dp mobile_originated = {
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
                .called_party_bcd_number = true,
                .time_and_timezone = true},
        .service_key = 1,
        .calling_party_number = BYTES(calling_isup),
        .calling_partys_category = CAP_CATEGORY_ORDINARY,
        .location_number = BYTES(calling_isup),
        .bearer_capability = BYTES(bearer),
        .event_type_bcsm = CAP_BCSM_COLLECTED_INFO,
        .imsi = BYTES(imsi),
        .location_information = {.has = {.vlr_number = true, .cell = true},
                                 .vlr_number = BYTES(number_bcd),
                                 .cell = {.has = {.cell_global_id = true},
                                          .cell_global_id = BYTES(cell)}},
        .ext_basic_service_code = {.has = {.teleservice = true}, .teleservice = BYTES(teleservice)},
        .call_reference_number = BYTES(reference),
        .msc_address = BYTES(number_bcd),
        .called_party_bcd_number = BYTES(number_bcd),
        .time_and_timezone = BYTES(clock_time),
    };
    struct cap_initial_dp mobile_terminated = mobile_originated;
    mobile_terminated.has.called_party_bcd_number = false;
    mobile_terminated.has.called_party_number = true;
    mobile_terminated.called_party_number = BYTES(called_isup);
    mobile_terminated.event_type_bcsm = CAP_BCSM_TERM_ATTEMPT_AUTHORIZED;
    put(catalogue, context, CAP_INITIAL_DP, put_initial_dp, &mobile_originated);
    put(catalogue, context, CAP_INITIAL_DP, put_initial_dp, &mobile_terminated);
}

static void events_add(struct catalogue *catalogue, enum cap_application_context context)
{
    static const int32_t armed[] = {CAP_BCSM_ROUTE_SELECT_FAILURE, CAP_BCSM_O_CALLED_PARTY_BUSY,
                                    CAP_BCSM_O_NO_ANSWER, CAP_BCSM_O_ANSWER, CAP_BCSM_O_DISCONNECT};
    struct cap_request_report_bcsm_event request = {.bcsm = {.count = 5}};
    for (unsigned i = 0; i < 5; i++)
        request.bcsm.event[i] = (struct cap_bcsm_event){.has = {.leg_id = true},
                                                        .event_type = armed[i],
                                                        .monitor_mode = CAP_MONITOR_INTERRUPTED,
                                                        .leg_id = {CAP_LEG_SENDING, CAP_LEG_2}};
    put(catalogue, context, CAP_REQUEST_REPORT_BCSM_EVENT, put_request_report_bcsm_event, &request);
    struct cap_event_report_bcsm report = {
        .has = {.leg_id = true, .misc_call_info = true},
        .event_type = CAP_BCSM_O_ANSWER,
        .leg_id = {CAP_LEG_RECEIVING, CAP_LEG_2},
        .misc_call_info = {.message_type = CAP_MESSAGE_NOTIFICATION}};
    put(catalogue, context, CAP_EVENT_REPORT_BCSM, put_event_report_bcsm, &report);
    report.has.event_specific = true;
    report.event_type = CAP_BCSM_O_DISCONNECT;
    report.event_specific = (struct cap_event_specific){
        .has = {.o_disconnect = true},
        .o_disconnect = {.has = {.cause = true}, .cause = BYTES(cause)}};
    put(catalogue, context, CAP_EVENT_REPORT_BCSM, put_event_report_bcsm, &report);
    report.event_type = CAP_BCSM_T_BUSY;
    report.event_specific = (struct cap_event_specific){
        .has = {.t_busy = true}, .t_busy = {.has = {.cause = true}, .cause = BYTES(cause)}};
    put(catalogue, context, CAP_EVENT_REPORT_BCSM, put_event_report_bcsm, &report);
}

static void charging_add(struct catalogue *catalogue, enum cap_application_context context,
                         enum cap_phase phase)
{
    struct cap_apply_charging charging = {.has = {.party_to_charge = true},
                                          .max_call_period_100ms = 600,
                                          .party_to_charge = {CAP_LEG_SENDING, CAP_LEG_1}};
    put(catalogue, context, CAP_APPLY_CHARGING, put_apply_charging, &charging);
    cap_apply_charging_set_release(&charging, phase, true);
    put(catalogue, context, CAP_APPLY_CHARGING, put_apply_charging, &charging);
    const struct cap_apply_charging_report report = {
        .has = {.leg_active = true},
        .party_to_charge = {CAP_LEG_RECEIVING, CAP_LEG_1},
        .time = {.has = {.no_tariff_switch = true}, .no_tariff_switch_100ms = 599},
        .leg_active = false};
    put(catalogue, context, CAP_APPLY_CHARGING_REPORT, put_apply_charging_report, &report);
    const struct cap_furnish_charging_information furnish = {
        .has = {.party_to_charge = true},
        .free_format_data = BYTES(free_format),
        .party_to_charge = {CAP_LEG_SENDING, CAP_LEG_1}};
    put(catalogue, context, CAP_FURNISH_CHARGING_INFORMATION, put_furnish_charging_information,
        &furnish);
}

static void information_add(struct catalogue *catalogue, enum cap_application_context context)
{
    const struct cap_call_information_request request = {
        .requested = {.count = 4,
                      .type = {CAP_INFO_CALL_ATTEMPT_ELAPSED_TIME, CAP_INFO_CALL_STOP_TIME,
                               CAP_INFO_CALL_CONNECTED_ELAPSED_TIME, CAP_INFO_RELEASE_CAUSE}}};
    put(catalogue, context, CAP_CALL_INFORMATION_REQUEST, put_call_information_request, &request);
    const struct cap_call_information_report report = {
        .requested = {
            .count = 4,
            .item = {{CAP_INFO_CALL_ATTEMPT_ELAPSED_TIME,
                      {.has = {.call_attempt_elapsed_time = true}, .call_attempt_elapsed_time = 5}},
                     {CAP_INFO_CALL_STOP_TIME,
                      {.has = {.call_stop_time = true}, .call_stop_time = BYTES(stop_time)}},
                     {CAP_INFO_CALL_CONNECTED_ELAPSED_TIME,
                      {.has = {.call_connected_elapsed_time = true},
                       .call_connected_elapsed_time = 600}},
                     {CAP_INFO_RELEASE_CAUSE,
                      {.has = {.release_cause = true}, .release_cause = BYTES(cause)}}}}};
    put(catalogue, context, CAP_CALL_INFORMATION_REPORT, put_call_information_report, &report);
}

static void call_add(struct catalogue *catalogue, enum cap_application_context context,
                     enum cap_phase phase)
{
    const struct cap_connect connect = {
        .has = {.alerting_pattern = true, .redirection_information = true},
        .destination_routing_address = BYTES(called_isup),
        .alerting_pattern = BYTES(alerting),
        .redirection_information = BYTES(redirection)};
    const struct cap_release_call release = {.cause = BYTES(cause)};
    const struct cap_cancel cancel = {.has = {.all_requests = true}};
    initial_add(catalogue, context);
    put(catalogue, context, CAP_CONNECT, put_connect, &connect);
    put(catalogue, context, CAP_RELEASE_CALL, put_release_call, &release);
    put(catalogue, context, CAP_CONTINUE, NULL, NULL);
    put(catalogue, context, CAP_ACTIVITY_TEST, NULL, NULL);
    put(catalogue, context, CAP_CANCEL, put_cancel, &cancel);
    events_add(catalogue, context);
    charging_add(catalogue, context, phase);
    information_add(catalogue, context);
}

static void sms_add(struct catalogue *catalogue)
{
    const struct cap_initial_dp_sms initial = {.has = {.destination_subscriber_number = true,
                                                       .calling_party_number = true,
                                                       .event_type_sms = true,
                                                       .imsi = true,
                                                       .smsc_address = true,
                                                       .time_and_timezone = true,
                                                       .sms_reference_number = true,
                                                       .msc_address = true},
                                               .service_key = 101,
                                               .destination_subscriber_number = BYTES(number_bcd),
                                               .calling_party_number = BYTES(number_bcd),
                                               .event_type_sms = CAP_SMS_COLLECTED_INFO,
                                               .imsi = BYTES(imsi),
                                               .smsc_address = BYTES(number_bcd),
                                               .time_and_timezone = BYTES(clock_time),
                                               .sms_reference_number = BYTES(reference),
                                               .msc_address = BYTES(number_bcd)};
    const struct cap_connect_sms connect = {.has = {.destination_subscriber_number = true},
                                            .destination_subscriber_number = BYTES(number_bcd)};
    const struct cap_request_report_sms_event request = {
        .sms = {.count = 2,
                .event = {{CAP_SMS_O_FAILURE, CAP_MONITOR_NOTIFY_AND_CONTINUE},
                          {CAP_SMS_O_SUBMISSION, CAP_MONITOR_NOTIFY_AND_CONTINUE}}}};
    const struct cap_event_report_sms report = {.has = {.event_specific = true},
                                                .event_type = CAP_SMS_O_SUBMISSION,
                                                .event_specific = {.has = {.o_submission = true}}};
    const struct cap_release_sms release = {.rp_cause = CAP_RP_CAUSE_REJECTED};
    put(catalogue, CAP_AC_V3_SMS, CAP_INITIAL_DP_SMS, put_initial_dp_sms, &initial);
    put(catalogue, CAP_AC_V3_SMS, CAP_CONNECT_SMS, put_connect_sms, &connect);
    put(catalogue, CAP_AC_V3_SMS, CAP_REQUEST_REPORT_SMS_EVENT, put_request_report_sms_event,
        &request);
    put(catalogue, CAP_AC_V3_SMS, CAP_EVENT_REPORT_SMS, put_event_report_sms, &report);
    put(catalogue, CAP_AC_V3_SMS, CAP_CONTINUE_SMS, NULL, NULL);
    put(catalogue, CAP_AC_V3_SMS, CAP_RELEASE_SMS, put_release_sms, &release);
}

void catalogue_cap_add(struct catalogue *catalogue)
{
    call_add(catalogue, CAP_AC_V2_GSMSSF, CAP_PHASE_2);
    call_add(catalogue, CAP_AC_V3_GENERIC, CAP_PHASE_3);
    sms_add(catalogue);
}
