/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include <inttypes.h>
#include <stdio.h>

#include "sigtran/codec/cap.h"
#include "sigtran/codec/tcap.h"
#include "tests/vectors/vectors.h"

/* The dotted form of an OBJECT IDENTIFIER's content (X.690-8.19). */
static void dotted(struct bytes oid, char *text, size_t room)
{
    size_t at = 0;
    uint32_t arc = 0;
    bool first = true;
    text[0] = '\0';
    for (size_t i = 0; i < oid.length && at < room; i++) {
        arc = (arc << 7) | (oid.data[i] & 0x7fu);
        if ((oid.data[i] & 0x80u) != 0)
            continue;
        const uint32_t top = arc < 80 ? arc / 40 : 2;
        const int n = first ? snprintf(text + at, room - at, "%u.%u", top, arc - top * 40)
                            : snprintf(text + at, room - at, ".%u", arc);
        at += (size_t)n;
        arc = 0;
        first = false;
    }
}

static void add_transaction_id(struct vector *vector, const char *name,
                               struct tcap_transaction_id id)
{
    if (id.length != 0)
        field_add(vector, name, "%0*" PRIx32, id.length * 2, id.value);
}

static void add_dialogue(struct vector *vector, const struct tcap_dialogue_portion *dialogue)
{
    if (dialogue->pdu == TCAP_DIALOGUE_AARQ || dialogue->pdu == TCAP_DIALOGUE_AARE) {
        char name[VECTORS_FIELD_TEXT];
        dotted(dialogue->application_context, name, sizeof(name));
        field_add(vector, "tcap.application_context_name", "%s", name);
    }
    if (dialogue->pdu == TCAP_DIALOGUE_AARE)
        field_add(vector, "tcap.result", "%u", dialogue->result);
    vector->user_information = dialogue->user_information;
}

static void add_component(struct vector *vector, const struct tcap_component *component)
{
    if (component->has_invoke_id)
        field_add(vector, "camel.present", "%d", component->invoke_id);
    if (component->code_kind == TCAP_CODE_LOCAL) {
        field_add(vector, "camel.local", "%" PRId32, component->code);
        field_add(vector, "gsm_old.localValue", "%" PRId32, component->code);
    }
    if (component->parameter.length != 0 && vector->parameter_count < VECTORS_PARAMETERS_MAX)
        vector->parameters[vector->parameter_count++] = component->parameter;
    if (component->type == TCAP_INVOKE && vector->cap)
        read_cap(vector, component->code, component->parameter);
}

/* Message, dialogue portion and components from their fields. */
static void write_again(struct vector *vector, struct bytes octets, const struct tcap_message *m)
{
    uint8_t room[VECTORS_REASSEMBLED_MAX];
    struct bytes_writer writer = bytes_writer_of(room, room + sizeof(room));
    const enum p7_status status = tcap_write_message(&writer, m);
    if (status != P7_OK) {
        vector_fault(vector, "tcap_write_message: %s", p7_status_text(status));
        return;
    }
    const struct bytes made = bytes_of(room, bytes_writer_length(&writer));
    vector_compare(vector, "tcap", octets, made);
}

void read_tcap(struct vector *vector, struct bytes octets)
{
    static struct tcap_message message;
    const enum p7_status status = tcap_decode(octets, &message);
    if (status != P7_OK) {
        vector_fault(vector, "tcap_decode: %s", p7_status_text(status));
        return;
    }
    if (message.fault.present)
        field_add(vector, "fault", "%u", message.fault.problem);
    add_transaction_id(vector, "tcap.otid", message.otid);
    add_transaction_id(vector, "tcap.dtid", message.dtid);
    if (message.has_p_abort)
        field_add(vector, "tcap.p_abortCause", "%u", message.p_abort_cause);
    add_dialogue(vector, &message.dialogue);
    for (unsigned i = 0; i < message.component_count; i++)
        add_component(vector, &message.components[i]);
    write_again(vector, octets, &message);
}
