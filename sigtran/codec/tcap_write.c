/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "sigtran/codec/ber.h"
#include "sigtran/codec/tcap.h"
#include "sigtran/codec/tcap_tags.h"

static const uint8_t dialogue_as[] = TCAP_DIALOGUE_AS_OCTETS;
static const uint8_t unidialogue_as[] = TCAP_UNIDIALOGUE_AS_OCTETS;

static void write_transaction_id(struct bytes_writer *w, uint8_t tag,
                                 const struct tcap_transaction_id *id)
{
    uint8_t octets[4];
    bytes_store_u32be(octets, id->value);
    ber_write(w, tag, bytes_of(octets + 4 - id->length, id->length));
}

/* [n] { INTEGER } */
static void write_wrapped(struct bytes_writer *w, uint32_t tag, uint8_t value)
{
    const size_t mark = ber_open(w, tag);
    ber_write_integer(w, BER_TAG_INTEGER, value);
    ber_close(w, mark);
}

static void write_associate(struct bytes_writer *w, const struct tcap_dialogue_portion *d)
{
    static const uint8_t version1[] = {0x07, 0x80}; /* BIT STRING, seven bits unused */

    if (d->has_protocol_version)
        ber_write(w, TAG_PROTOCOL_VERSION, bytes_of(version1, sizeof(version1)));
    const size_t context = ber_open(w, TAG_APPLICATION_CONTEXT);
    ber_write(w, BER_TAG_OBJECT_IDENTIFIER, d->application_context);
    ber_close(w, context);
    if (d->pdu == TCAP_DIALOGUE_AARQ)
        return;
    write_wrapped(w, TAG_RESULT, d->result);
    const size_t source = ber_open(w, TAG_RESULT_SOURCE);
    write_wrapped(
        w, d->diagnostic_source == TCAP_SOURCE_PROVIDER ? TAG_SOURCE_PROVIDER : TAG_SOURCE_USER,
        d->diagnostic);
    ber_close(w, source);
}

static enum p7_status check_dialogue(const struct tcap_dialogue_portion *d)
{
    switch (d->pdu) {
    case TCAP_DIALOGUE_AARQ:
    case TCAP_DIALOGUE_AARE:
        if (d->application_context.length == 0)
            return P7_MISSING;
        return d->result > 127 || d->diagnostic > 127 ? P7_RANGE : P7_OK;
    case TCAP_DIALOGUE_ABRT:
        return d->abort_source > 127 ? P7_RANGE : P7_OK;
    case TCAP_DIALOGUE_OTHER:
        return d->external.length == 0 ? P7_MISSING : P7_OK;
    case TCAP_DIALOGUE_NONE:
        return P7_OK;
    default:
        return P7_UNSUPPORTED;
    }
}

static void write_dialogue(struct bytes_writer *w, const struct tcap_dialogue_portion *d)
{
    const size_t portion = ber_open(w, TAG_DIALOGUE_PORTION);
    if (d->pdu == TCAP_DIALOGUE_OTHER) {
        bytes_write(w, d->external);
        ber_close(w, portion);
        return;
    }
    const size_t external = ber_open(w, BER_TAG_EXTERNAL);
    const bool audt = d->unidirectional && d->pdu == TCAP_DIALOGUE_AARQ;
    ber_write(w, BER_TAG_OBJECT_IDENTIFIER,
              audt ? bytes_of(unidialogue_as, sizeof(unidialogue_as))
                   : bytes_of(dialogue_as, sizeof(dialogue_as)));
    const size_t single = ber_open(w, TAG_SINGLE_ASN1_TYPE);
    const size_t pdu = ber_open(w, d->pdu);
    if (d->pdu == TCAP_DIALOGUE_ABRT)
        ber_write_integer(w, TAG_ABORT_SOURCE, d->abort_source);
    else
        write_associate(w, d);
    if (d->user_information.length != 0)
        ber_write(w, TAG_USER_INFORMATION, d->user_information);
    ber_close(w, pdu);
    ber_close(w, single);
    ber_close(w, external);
    ber_close(w, portion);
}

static enum p7_status check_parts(const struct tcap_parts *parts)
{
    const bool otid = parts->type == TCAP_BEGIN || parts->type == TCAP_CONTINUE;
    const bool dtid =
        parts->type == TCAP_CONTINUE || parts->type == TCAP_END || parts->type == TCAP_ABORT;
    if (!otid && !dtid && parts->type != TCAP_UNIDIRECTIONAL)
        return P7_UNSUPPORTED;
    if ((otid && parts->otid.length == 0) || (dtid && parts->dtid.length == 0))
        return P7_MISSING;
    if (parts->otid.length > 4 || parts->dtid.length > 4 || parts->p_abort_cause > 127)
        return P7_RANGE;
    return parts->dialogue != NULL ? check_dialogue(parts->dialogue) : P7_OK;
}

static enum p7_status write_component_portion(struct bytes_writer *w,
                                              const struct tcap_parts *parts)
{
    const size_t mark = ber_open(w, TAG_COMPONENT_PORTION);
    bytes_write(w, parts->components_first);
    for (size_t i = 0; i < parts->component_count; i++) {
        const enum p7_status status = tcap_write_component(w, &parts->components[i]);
        if (status != P7_OK)
            return status;
    }
    bytes_write(w, parts->components_encoded);
    ber_close(w, mark);
    return P7_OK;
}

enum p7_status tcap_write_parts(struct bytes_writer *writer, const struct tcap_parts *parts)
{
    enum p7_status status = check_parts(parts);
    if (status != P7_OK)
        return status;
    const size_t message = ber_open(writer, parts->type);
    if (parts->type == TCAP_BEGIN || parts->type == TCAP_CONTINUE)
        write_transaction_id(writer, TAG_OTID, &parts->otid);
    if (parts->type == TCAP_CONTINUE || parts->type == TCAP_END || parts->type == TCAP_ABORT)
        write_transaction_id(writer, TAG_DTID, &parts->dtid);
    if (parts->type == TCAP_ABORT && parts->has_p_abort) {
        ber_write_integer(writer, TAG_P_ABORT_CAUSE, parts->p_abort_cause);
    } else if (parts->dialogue != NULL && parts->dialogue->pdu != TCAP_DIALOGUE_NONE) {
        write_dialogue(writer, parts->dialogue);
    }
    const bool components = parts->components_first.length != 0 || parts->component_count != 0 ||
                            parts->components_encoded.length != 0 || parts->empty_component_portion;
    if (components && parts->type != TCAP_ABORT) /* an ABORT has none, Q.773-4.2.1 */
        status = write_component_portion(writer, parts);
    ber_close(writer, message);
    if (status != P7_OK)
        return status;
    return writer->failed ? P7_FULL : P7_OK;
}

enum p7_status tcap_write_message(struct bytes_writer *writer, const struct tcap_message *message)
{
    const struct tcap_parts parts = {
        .type = message->type,
        .has_p_abort = message->has_p_abort,
        .p_abort_cause = message->has_p_abort ? message->p_abort_cause : 0,
        .empty_component_portion = message->has_components,
        .otid = message->otid,
        .dtid = message->dtid,
        .dialogue = &message->dialogue,
        .components = message->components,
        .component_count = message->component_count,
        .components_encoded = message->components_encoded,
    };
    if (message->component_count > LIMIT_TCAP_COMPONENTS)
        return P7_RANGE;
    return tcap_write_parts(writer, &parts);
}

struct tcap_dialogue_portion tcap_aarq(struct bytes application_context)
{
    return (struct tcap_dialogue_portion){.pdu = TCAP_DIALOGUE_AARQ,
                                          .has_protocol_version = true,
                                          .application_context = application_context};
}

struct tcap_dialogue_portion tcap_aare_accepted(struct bytes application_context)
{
    return (struct tcap_dialogue_portion){.pdu = TCAP_DIALOGUE_AARE,
                                          .has_protocol_version = true,
                                          .application_context = application_context,
                                          .result = TCAP_RESULT_ACCEPTED,
                                          .diagnostic_source = TCAP_SOURCE_USER,
                                          .diagnostic = TCAP_USER_NULL};
}

struct tcap_dialogue_portion tcap_aare_ac_not_supported(struct bytes application_context)
{
    struct tcap_dialogue_portion d = tcap_aare_accepted(application_context);
    d.result = TCAP_RESULT_REJECT_PERMANENT;
    d.diagnostic = TCAP_USER_AC_NOT_SUPPORTED;
    return d;
}

struct tcap_dialogue_portion tcap_aare_no_common_dialogue_portion(struct bytes application_context)
{
    struct tcap_dialogue_portion d = tcap_aare_accepted(application_context);
    d.result = TCAP_RESULT_REJECT_PERMANENT;
    d.diagnostic_source = TCAP_SOURCE_PROVIDER;
    d.diagnostic = TCAP_PROVIDER_NO_COMMON_DIALOGUE_PORTION;
    return d;
}

struct tcap_dialogue_portion tcap_abrt_provider(void)
{
    return (struct tcap_dialogue_portion){.pdu = TCAP_DIALOGUE_ABRT,
                                          .abort_source = TCAP_ABORT_SOURCE_PROVIDER};
}

struct tcap_dialogue_portion tcap_abrt_user(void)
{
    return (struct tcap_dialogue_portion){.pdu = TCAP_DIALOGUE_ABRT,
                                          .abort_source = TCAP_ABORT_SOURCE_USER};
}
