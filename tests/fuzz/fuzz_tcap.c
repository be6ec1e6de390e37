/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* What decodes can be written, decodes to the same, and is then written to the same octets. */
#include <stdlib.h>

#include "sigtran/codec/tcap.h"

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition))                                                                          \
            abort();                                                                               \
    } while (0)

static bool same_id(const struct tcap_transaction_id *a, const struct tcap_transaction_id *b)
{
    return a->length == b->length && a->value == b->value;
}

static void check_same_component(const struct tcap_component *a, const struct tcap_component *b)
{
    CHECK(a->type == b->type && a->has_invoke_id == b->has_invoke_id);
    CHECK(a->invoke_id == b->invoke_id && a->has_linked_id == b->has_linked_id);
    CHECK(a->linked_id == b->linked_id && a->code_kind == b->code_kind && a->code == b->code);
    CHECK(a->problem_kind == b->problem_kind && a->problem == b->problem);
    CHECK(bytes_equal(a->code_global, b->code_global));
    CHECK(bytes_equal(a->parameter, b->parameter));
}

static void check_same(const struct tcap_message *a, const struct tcap_message *b)
{
    CHECK(a->type == b->type && same_id(&a->otid, &b->otid) && same_id(&a->dtid, &b->dtid));
    CHECK(a->has_p_abort == b->has_p_abort && a->p_abort_cause == b->p_abort_cause);
    CHECK(a->has_components == b->has_components && a->component_count == b->component_count);
    CHECK(a->dialogue.pdu == b->dialogue.pdu && a->dialogue.result == b->dialogue.result);
    CHECK(a->dialogue.has_protocol_version == b->dialogue.has_protocol_version);
    CHECK(a->dialogue.unidirectional == b->dialogue.unidirectional);
    CHECK(a->dialogue.diagnostic_source == b->dialogue.diagnostic_source);
    CHECK(a->dialogue.diagnostic == b->dialogue.diagnostic);
    CHECK(a->dialogue.abort_source == b->dialogue.abort_source);
    CHECK(bytes_equal(a->dialogue.application_context, b->dialogue.application_context));
    CHECK(bytes_equal(a->dialogue.user_information, b->dialogue.user_information));
    for (unsigned i = 0; i < a->component_count; i++)
        check_same_component(&a->components[i], &b->components[i]);
}

static struct bytes write(const struct tcap_message *m, uint8_t *buffer, size_t room)
{
    struct bytes_writer w = bytes_writer_of(buffer, buffer + room);
    CHECK(tcap_write_message(&w, m) == P7_OK);
    return bytes_of(buffer, bytes_writer_length(&w));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct tcap_message first;
    static struct tcap_message second;
    static uint8_t buffers[2][131072];
    if (size > 65536)
        return 0;
    if (tcap_decode(bytes_of(data, size), &first) != P7_OK) {
        CHECK(first.p_abort_cause <= TCAP_P_ABORT_RESOURCE_LIMITATION ||
              first.p_abort_cause == TCAP_P_ABORT_ABNORMAL_DIALOGUE ||
              first.p_abort_cause == TCAP_P_ABORT_NO_COMMON_DIALOGUE_PORTION);
        CHECK(!first.has_p_abort);
        CHECK(first.otid.length <= 4 && first.dtid.length <= 4);
        return 0;
    }
    const struct bytes once = write(&first, buffers[0], sizeof(buffers[0]));
    CHECK(tcap_decode(once, &second) == P7_OK);
    CHECK(!second.fault.present);
    check_same(&first, &second);
    CHECK(bytes_equal(write(&second, buffers[1], sizeof(buffers[1])), once));
    return 0;
}
