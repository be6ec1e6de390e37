/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* What decodes is encoded and decodes to the same; routing survives it and answers well-formed. */
#include <stdlib.h>

#include "sigtran/fsm/sccp_routing.h"

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition))                                                                          \
            abort();                                                                               \
    } while (0)

static void check_address(enum sccp_variant variant, struct bytes octets)
{
    struct sccp_address address;
    struct sccp_address again;
    struct sccp_party party;
    char text[DIGITS_TEXT_OCTETS];
    CHECK(sccp_address_decode(variant, octets, &address) == P7_OK);
    CHECK(sccp_party_copy(&party, octets) == P7_OK);
    CHECK(sccp_party_set(&party, &address) == P7_OK);
    CHECK(sccp_address_decode(variant, sccp_party_bytes(&party), &again) == P7_OK);
    CHECK(again.pc == address.pc && again.ssn == address.ssn && again.gti == address.gti);
    CHECK(again.variant == address.variant && again.national == address.national);
    CHECK(bytes_equal(again.digits, address.digits));
    if (sccp_address_digits(&address, text) == P7_OK)
        CHECK(strlen(text) <= LIMIT_DIGITS);
}

static void check_round_trip(enum sccp_variant variant, const struct sccp_message *m)
{
    static uint8_t buffer[8192];
    struct sccp_message again;
    struct bytes_writer w = bytes_writer_of(buffer, buffer + sizeof(buffer));
    const enum p7_status status = sccp_encode(&w, m);
    /* Overlapping parts may decode and yet not fit one behind the other. */
    if (status == P7_RANGE)
        return;
    CHECK(status == P7_OK);
    CHECK(sccp_decode(variant, bytes_of(buffer, bytes_writer_length(&w)), &again) == P7_OK);
    CHECK(again.type == m->type && again.hop_counter == m->hop_counter);
    CHECK(again.protocol_class == m->protocol_class && again.return_cause == m->return_cause);
    CHECK(again.return_on_error == m->return_on_error);
    CHECK(again.has_segmentation == m->has_segmentation);
    CHECK(again.segmentation.reference == m->segmentation.reference);
    CHECK(again.has_importance == m->has_importance && again.importance == m->importance);
    CHECK(bytes_equal(again.called_octets, m->called_octets));
    CHECK(bytes_equal(again.calling_octets, m->calling_octets));
    CHECK(bytes_equal(again.data, m->data));
}

#define LOCAL_PC 0x1234
#define PEER_PC  100

struct sent {
    enum sccp_variant variant;
    unsigned count;
};

/* SCMG sends well-formed messages, and only to nodes that are there. */
static void on_send(void *context, uint32_t pc, struct bytes message)
{
    struct sccp_message m;
    struct sccp_management management;
    struct sent *sent = context;
    CHECK(pc <= SCCP_POINT_CODE_MAX_ANSI);
    CHECK(sccp_decode(sent->variant, message, &m) == P7_OK && m.type == SCCP_UDT);
    CHECK(sccp_management_decode(sent->variant, m.data, &management) == P7_OK);
    sent->count++;
}

/* 49* is ours, 46* leads elsewhere. */
static void open_routing(struct sccp_routing *routing, struct sent *sent)
{
    const struct sccp_manager_config config = {.variant = sent->variant, .local_pc = LOCAL_PC};
    const struct sccp_manager_handler handler = {.context = sent, .send = on_send};
    struct sccp_translation_rule rule = sccp_translation_rule_any();
    sccp_routing_init(routing, sent->variant, LOCAL_PC, 146);
    CHECK(sccp_routing_manage(routing, &config, &handler, false) == P7_OK);
    CHECK(sccp_routing_equip(routing, 146) == P7_OK);
    memcpy(rule.digits, "49", 3);
    rule.is_local = true;
    CHECK(sccp_translation_add(&routing->translation, &rule) == P7_OK);
    memcpy(rule.digits, "46", 3);
    rule.is_local = false;
    rule.replaces = true;
    memcpy(rule.replacement, "00", 3);
    rule.route_count = 1;
    rule.route[0].pc = 300;
    CHECK(sccp_translation_add(&routing->translation, &rule) == P7_OK);
}

/* Where the calling party is, and with what status; whatever rule fits it gives a valid address. */
static void check_answer(const struct sccp_routing *routing, const struct sccp_message *m)
{
    struct sccp_party party;
    struct sccp_address to;
    struct sccp_routing_way way = {.dpc = PEER_PC};
    uint8_t cause = 0;
    CHECK(sccp_party_copy(&party, m->calling_octets) == P7_OK);
    const enum p7_status status = sccp_routing_send(routing, &party, true, &way, &cause);
    if (status == P7_OK && way.is_translated)
        CHECK(sccp_address_decode(routing->variant, sccp_party_bytes(&way.called), &to) == P7_OK &&
              to.route_on_ssn);
}

static void check_routing(enum sccp_variant variant, struct bytes octets)
{
    static uint8_t buffer[8192];
    static struct sccp_routing routing;
    struct sccp_indication ind;
    struct sccp_message reply;
    struct sent sent = {.variant = variant};
    struct bytes_writer w = bytes_writer_of(buffer, buffer + sizeof(buffer));
    open_routing(&routing, &sent);
    sccp_routing_receive(&routing, PEER_PC, octets, 0, &w, &ind);
    if (ind.verdict == SCCP_VERDICT_DELIVER || ind.verdict == SCCP_VERDICT_NOTICE)
        CHECK(ind.ssn == 146);
    CHECK((ind.reply.length != 0) ==
          (routing.counters.returned != 0 || routing.counters.status_tests_answered != 0));
    if (ind.reply.length != 0)
        CHECK(sccp_decode(variant, ind.reply, &reply) == P7_OK);
    if (ind.verdict != SCCP_VERDICT_DROPPED)
        check_answer(&routing, &ind.message);
    /* Whatever came: at most one state is not as usual, and it is tested or decays, and then no
     * more than once each time. */
    CHECK(routing.manager.remote_count <= 1);
    for (unsigned i = 0; i < 20; i++) {
        const int64_t due_ns = sccp_manager_deadline_ns(&routing.manager);
        const unsigned before = sent.count;
        if (due_ns == INT64_MAX)
            break;
        sccp_manager_time(&routing.manager, due_ns);
        CHECK(sent.count <= before + 1 && sccp_manager_deadline_ns(&routing.manager) > due_ns);
    }
    sccp_manager_resume(&routing.manager, 0, 32);
    CHECK(routing.manager.remote_count == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sccp_message m;
    const struct bytes octets = bytes_of(data, size);
    check_routing(SCCP_ITU, octets);
    check_routing(SCCP_ANSI, octets);
    for (unsigned i = 0; i < 2; i++) {
        const enum sccp_variant variant = i == 0 ? SCCP_ITU : SCCP_ANSI;
        if (sccp_decode(variant, octets, &m) != P7_OK)
            continue;
        CHECK(m.data.data >= data && m.data.data + m.data.length <= data + size);
        check_address(variant, m.called_octets);
        check_address(variant, m.calling_octets);
        check_round_trip(variant, &m);
    }
    return 0;
}
