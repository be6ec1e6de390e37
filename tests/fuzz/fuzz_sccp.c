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

static void check_routing(enum sccp_variant variant, struct bytes octets)
{
    static uint8_t buffer[8192];
    struct sccp_routing routing;
    struct sccp_indication ind;
    struct sccp_message reply;
    struct bytes_writer w = bytes_writer_of(buffer, buffer + sizeof(buffer));
    sccp_routing_init(&routing, variant, 0x1234, 146);
    CHECK(sccp_routing_equip(&routing, 146) == P7_OK);
    CHECK(sccp_routing_add_title(&routing, "49", 146) == P7_OK);
    sccp_routing_receive(&routing, 100, octets, &w, &ind);
    if (ind.verdict == SCCP_VERDICT_DELIVER || ind.verdict == SCCP_VERDICT_NOTICE)
        CHECK(ind.ssn == 146);
    CHECK((ind.reply.length != 0) ==
          (routing.counters.returned != 0 || routing.counters.status_tests_answered != 0));
    if (ind.reply.length != 0)
        CHECK(sccp_decode(variant, ind.reply, &reply) == P7_OK);
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
