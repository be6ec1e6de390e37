/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * A peer that sends anything to the charging service. The input is a list of
 *     control, length, TCAP message of that many octets
 * where control names one of four dialogues (bits 0-1) and what happens besides: bit 2 the reply is
 * not handed over, bit 3 the dialogue is closed, bit 4 the message is a stray, bit 5 overload.
 * Whatever comes: each reply encodes and reads back, money is conserved, and in the end nothing is
 * reserved.
 */
#include <stdlib.h>
#include <string.h>

#include "responder/core/service.h"

#define DIALOGUES 4u

static void require(bool holds)
{
    if (!holds)
        abort();
}

/* Encodes a reply as it would go out, and reads it back. */
static void check_reply(const struct service_reply *reply, struct bytes application_context)
{
    static const uint8_t types[] = {[DECISION_CONTINUE] = TCAP_CONTINUE,
                                    [DECISION_END] = TCAP_END,
                                    [DECISION_ABORT] = TCAP_ABORT};
    uint8_t components[DECISION_OCTETS_MAX];
    uint8_t octets[2 * DECISION_OCTETS_MAX + 512];
    struct tcap_message back;
    const struct decision *d = &reply->decision;
    if (reply->disposition == SERVICE_NOTHING) {
        require(d->primitive == DECISION_NOTHING);
        return;
    }
    require(d->primitive != DECISION_NOTHING);
    struct bytes_writer cw = bytes_writer_of(components, components + sizeof(components));
    require(decision_write_components(&cw, d) == P7_OK);
    (void)decision_invokes_outstanding(d);
    const struct tcap_dialogue_portion portion = decision_dialogue_portion(d, application_context);
    const struct tcap_parts parts = {
        .type = types[d->primitive],
        .otid = {.value = 1, .length = 4},
        .dtid = {.value = 2, .length = 4},
        .dialogue = portion.pdu == TCAP_DIALOGUE_NONE ? NULL : &portion,
        .components_encoded = bytes_of(components, bytes_writer_length(&cw)),
    };
    struct bytes_writer w = bytes_writer_of(octets, octets + sizeof(octets));
    const enum p7_status written = tcap_write_parts(&w, &parts);
    /* A refusal echoes the application context; UDT would not carry one that does not fit here. */
    if (d->dialogue == DECISION_DIALOGUE_REFUSED && application_context.length > 256)
        return;
    require(written == P7_OK);
    require(tcap_decode(bytes_of(octets, bytes_writer_length(&w)), &back) == P7_OK);
    require(!back.fault.present);
}

static void feed(struct service *service, struct service_dialogue *dialogue, unsigned index,
                 uint8_t control, const struct tcap_message *message, int64_t now_ns)
{
    static const uint8_t origin[] = {0x42, 0x01, 0x02, 0x92};
    struct service_reply reply;
    const struct bytes from = bytes_of(origin, sizeof(origin));
    service_set_overload(service, (control & 0x20u) != 0);
    if ((control & 0x10u) != 0) {
        if (service_receive_stray(service, message, from, &reply))
            check_reply(&reply, message->dialogue.application_context);
        return;
    }
    if (message->type == TCAP_BEGIN) {
        (void)service_close(service, dialogue, now_ns);
        *dialogue = (struct service_dialogue){0};
    }
    service_receive(service, dialogue, message, from, index, now_ns, &reply);
    check_reply(&reply, message->dialogue.application_context);
    if ((control & 0x04u) == 0)
        service_handed_over(service, dialogue, &reply, now_ns, now_ns + 5);
    if ((control & 0x08u) != 0)
        (void)service_close(service, dialogue, now_ns);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes_reader r = bytes_reader_of(data, data + size);
    struct service_dialogue dialogue[DIALOGUES];
    struct service service;
    struct service_params params;
    struct tcap_message message;
    int64_t now_ns = 0;

    memset(dialogue, 0, sizeof(dialogue));
    service_params_init(&params);
    params.account_first = "46701000000";
    params.account_count = 20;
    params.account_balance = 150;
    params.tariff.price_per_call = 1;
    params.tariff.price_per_second = 2;
    params.tariff.price_per_event = 3;
    params.duplicates_max = 8;
    require(service_create(&service, &params) == P7_OK);
    while (bytes_reader_left(&r) > 0) {
        const uint8_t control = bytes_read_u8(&r);
        const struct bytes octets = bytes_read(&r, bytes_read_u8(&r));
        if (r.failed)
            break;
        now_ns += 700000000;
        /* As the TCAP layer has it: what its transaction portion spoils never comes up here. */
        if (tcap_decode(octets, &message) == P7_OK)
            feed(&service, &dialogue[control % DIALOGUES], control % DIALOGUES, control, &message,
                 now_ns);
        require(accounts_conserved(&service.accounts));
    }
    for (unsigned i = 0; i < DIALOGUES; i++)
        (void)service_close(&service, &dialogue[i], now_ns);
    require(accounts_conserved(&service.accounts));
    require(service.accounts.reserved_total == 0);
    service_destroy(&service);
    return 0;
}
