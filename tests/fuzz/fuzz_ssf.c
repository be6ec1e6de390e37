/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * What a peer says to the simulated SSF, and what a file says of a parameter. The first octet
 * picks: 0x80 set, the rest is the text of a parameter (its name by the other bits), which must
 * come through an initialDP when it is taken; else the rest is a TCAP message, read as the reply to
 * a request of the kind that the octet says, and what it arms is reported.
 */
#include <stdlib.h>
#include <string.h>

#include "simulator/core/ssf.h"
#include "simulator/core/ssf_report.h"

#define TEXT_OCTETS 256

static void must(bool holds)
{
    if (!holds)
        abort();
}

static const char *const names[] = {"serviceKey",
                                    "calledPartyNumber",
                                    "callingPartysCategory",
                                    "locationNumber",
                                    "bearerCapability",
                                    "iMSI",
                                    "subscriberState",
                                    "cellGlobalId",
                                    "lai",
                                    "vlr-number",
                                    "calledPartyBCDNumber",
                                    "ext-basicServiceCode",
                                    "redirectingPartyID",
                                    "additionalCallingPartyNumber",
                                    "cug-Index",
                                    "initialDPArgExtension"};
#define NAMES (sizeof(names) / sizeof(names[0]))

static void read_parameter(unsigned which, const uint8_t *data, size_t octets)
{
    static uint8_t room[512];
    char text[TEXT_OCTETS];
    struct cap_parameter_value value;
    struct cap_initial_dp once = {.service_key = 1};
    struct cap_initial_dp twice;
    const struct cap_parameter *parameter =
        cap_parameter_find(names[which % NAMES], CAP_PARAMETER_OF_INITIAL_DP);
    must(parameter != NULL);
    if (octets >= sizeof(text))
        return;
    memcpy(text, data, octets);
    text[octets] = '\0';
    if (cap_parameter_read(parameter, text, &value) != P7_OK)
        return;
    cap_parameter_put(parameter, &value, &once);
    struct bytes_writer w = bytes_writer_of(room, room + sizeof(room));
    must(cap_initial_dp_encode(&w, &once) == P7_OK);
    must(cap_initial_dp_decode(bytes_of(room, bytes_writer_length(&w)), &twice) == P7_OK);
}

static void read_reply(unsigned how, struct bytes octets)
{
    static struct tcap_message message;
    uint8_t room[SSF_COMPONENTS_OCTETS];
    const enum request_kind kind = (enum request_kind)(how % REQUEST_KIND_COUNT);
    if (tcap_decode(octets, &message) != P7_OK)
        return;
    const struct ssf_reading reading =
        ssf_read(&message, message.type == TCAP_END, kind, (how & 0x40u) != 0 ? UINT32_MAX : 0);
    must(!reading.is_malformed || reading.reply.kind == TRAFFIC_REPLY_ERROR);
    const struct traffic_model model = {.mobile_terminated = (how & 0x20u) != 0};
    for (unsigned outcome = 0; outcome < TRAFFIC_OUTCOME_COUNT; outcome++) {
        const struct traffic_call call = {
            .kind = REQUEST_FINAL, .outcome = (uint8_t)outcome, .armed = reading.reply.armed};
        struct bytes_writer w = bytes_writer_of(room, room + sizeof(room));
        must(ssf_write_report(&w, &call, &model, 0) == P7_OK && !w.failed);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    if ((data[0] & 0x80u) != 0)
        read_parameter(data[0] & 0x7fu, data + 1, size - 1);
    else
        read_reply(data[0], bytes_of(data + 1, size - 1));
    return 0;
}
