/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include <stdio.h>

#include "sigtran/codec/cap.h"
#include "tests/vectors/vectors.h"

static void add_initial_dp(struct vector *vector, const struct cap_initial_dp *in)
{
    field_add(vector, "camel.serviceKey", "%d", in->service_key);
    if (in->has.event_type_bcsm)
        field_add(vector, "camel.eventTypeBCSM", "%d", in->event_type_bcsm);
    if (in->has.calling_party_number) {
        char hex[2 * CAP_NUMBER_OCTETS_MAX + 1] = "";
        for (size_t i = 0; i < in->calling_party_number.length && i < CAP_NUMBER_OCTETS_MAX; i++)
            (void)snprintf(hex + 2 * i, 3, "%02x", in->calling_party_number.data[i]);
        field_add(vector, "camel.callingPartyNumber", "%s", hex);
        struct cap_isup_number number;
        if (cap_isup_number_decode(in->calling_party_number, CAP_ISUP_CALLING, &number) != P7_OK)
            vector_fault(vector, "callingPartyNumber %s is not read", hex);
    }
    char imsi[CAP_IMSI_DIGITS_MAX + 1];
    if (in->has.imsi && cap_imsi_decode(in->imsi, imsi) == P7_OK)
        field_add(vector, "e212.imsi", "%s", imsi);
}

static void add_request_report_bcsm_event(struct vector *vector,
                                          const struct cap_request_report_bcsm_event *in)
{
    for (unsigned i = 0; i < in->bcsm.count; i++)
        field_add(vector, "camel.eventTypeBCSM", "%d", in->bcsm.event[i].event_type);
}

static void add_event_report_bcsm(struct vector *vector, const struct cap_event_report_bcsm *in)
{
    field_add(vector, "camel.eventTypeBCSM", "%d", in->event_type);
}

static void add_release_call(struct vector *vector, const struct cap_release_call *in)
{
    struct cap_cause cause;
    const enum p7_status status = cap_cause_decode(in->cause, &cause);
    if (status != P7_OK)
        vector_fault(vector, "cause of releaseCall: %s", p7_status_text(status));
}

static void add_connect(struct vector *vector, const struct cap_connect *in)
{
    struct cap_isup_number number;
    const enum p7_status status =
        cap_isup_number_decode(in->destination_routing_address, CAP_ISUP_CALLED, &number);
    if (status != P7_OK)
        vector_fault(vector, "destinationRoutingAddress: %s", p7_status_text(status));
}

static void add_apply_charging(struct vector *vector, const struct cap_apply_charging *in)
{
    field_add(vector, "maxCallPeriodDuration", "%d", in->max_call_period_100ms);
}

static void add_apply_charging_report(struct vector *vector,
                                      const struct cap_apply_charging_report *in)
{
    (void)in;
    field_add(vector, "callResult", "read");
}

/* Operation code, name: reads the argument, puts down its fields, writes it again. */
#define CAP_READERS(X)                                                                             \
    X(CAP_INITIAL_DP, initial_dp)                                                                  \
    X(CAP_CONNECT, connect)                                                                        \
    X(CAP_RELEASE_CALL, release_call)                                                              \
    X(CAP_REQUEST_REPORT_BCSM_EVENT, request_report_bcsm_event)                                    \
    X(CAP_EVENT_REPORT_BCSM, event_report_bcsm)                                                    \
    X(CAP_APPLY_CHARGING, apply_charging)                                                          \
    X(CAP_APPLY_CHARGING_REPORT, apply_charging_report)

#define CAP_READER(operation, name)                                                                \
    static void read_##name(struct vector *vector, struct bytes parameter)                         \
    {                                                                                              \
        struct cap_##name in;                                                                      \
        enum p7_status status = cap_##name##_decode(parameter, &in);                               \
        if (status != P7_OK) {                                                                     \
            vector_fault(vector, "cap_" #name "_decode: %s", p7_status_text(status));              \
            return;                                                                                \
        }                                                                                          \
        add_##name(vector, &in);                                                                   \
        if (!vector->canonical)                                                                    \
            return;                                                                                \
        uint8_t room[VECTORS_MESSAGE_OCTETS];                                                      \
        struct bytes_writer writer = bytes_writer_of(room, room + sizeof(room));                   \
        status = cap_##name##_encode(&writer, &in);                                                \
        if (status != P7_OK)                                                                       \
            vector_fault(vector, "cap_" #name "_encode: %s", p7_status_text(status));              \
        else                                                                                       \
            vector_compare(vector, #name, parameter,                                               \
                           bytes_of(room, bytes_writer_length(&writer)));                          \
    }
CAP_READERS(CAP_READER)

void read_cap(struct vector *vector, int operation, struct bytes parameter)
{
    switch (operation) {
#define CAP_CASE(code, name)                                                                       \
    case code:                                                                                     \
        read_##name(vector, parameter);                                                            \
        return;
        CAP_READERS(CAP_CASE)
    case CAP_CONTINUE:
        if (parameter.length != 0)
            vector_fault(vector, "continue has an argument");
        return;
    default:
        field_add(vector, "opaque", "%d", operation);
    }
}
