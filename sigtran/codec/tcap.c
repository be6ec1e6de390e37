/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * Decoding. How errors of the encoding rules (ber.h) and of Q.773 become P-ABORT causes is in
 * fail(); the components are in tcap_component.c, the writers in tcap_write.c.
 */
#include "sigtran/codec/tcap.h"

#include "sigtran/codec/ber.h"
#include "sigtran/codec/tcap_tags.h"

/* 0.0.17.773.1.1.1 and 0.0.17.773.1.2.1, Q.773-4.2.3. */
static const uint8_t dialogue_as[] = TCAP_DIALOGUE_AS_OCTETS;
static const uint8_t unidialogue_as[] = TCAP_UNIDIALOGUE_AS_OCTETS;

const char *tcap_p_abort_cause_text(uint8_t cause)
{
    switch (cause) {
    case TCAP_P_ABORT_UNRECOGNIZED_MESSAGE_TYPE:
        return "unrecognized message type";
    case TCAP_P_ABORT_UNRECOGNIZED_TRANSACTION_ID:
        return "unrecognized transaction id";
    case TCAP_P_ABORT_BADLY_FORMATTED_TP:
        return "badly formatted transaction portion";
    case TCAP_P_ABORT_INCORRECT_TP:
        return "incorrect transaction portion";
    case TCAP_P_ABORT_RESOURCE_LIMITATION:
        return "resource limitation";
    case TCAP_P_ABORT_ABNORMAL_DIALOGUE:
        return "abnormal dialogue";
    case TCAP_P_ABORT_NO_COMMON_DIALOGUE_PORTION:
        return "no common dialogue portion";
    default:
        return "a cause that Q.773 does not know";
    }
}

static enum p7_status fail(struct tcap_message *m, enum tcap_p_abort_cause cause,
                           enum p7_status status)
{
    m->has_p_abort = false; /* the cause is our answer from here on, not the peer's */
    m->p_abort_cause = (uint8_t)cause;
    return status;
}

/* Q.774-3.3.4: what breaks the encoding rules is "badly formatted". */
static enum p7_status fail_ber(struct tcap_message *m, enum p7_status status)
{
    return fail(m, TCAP_P_ABORT_BADLY_FORMATTED_TP, status == P7_NOT_FOUND ? P7_TRUNCATED : status);
}

/* Q.774-3.2.2.1: a dialogue portion that is wrong makes the dialogue abnormal; an AARQ for versions
 * that we don't have has no portion in common with us. */
static enum p7_status fail_dialogue(struct tcap_message *m, enum p7_status status)
{
    const bool version = status == P7_UNSUPPORTED && m->dialogue.pdu == TCAP_DIALOGUE_AARQ;
    return fail(m,
                version ? TCAP_P_ABORT_NO_COMMON_DIALOGUE_PORTION : TCAP_P_ABORT_ABNORMAL_DIALOGUE,
                status);
}

static enum p7_status fail_syntax(struct tcap_message *m, enum p7_status status)
{
    return fail(m, TCAP_P_ABORT_INCORRECT_TP, status);
}

/* The next element of a SEQUENCE, when it has this tag: true, and the reader is behind it. False
 * leaves the reader; *status tells an encoding error from another tag or the end. */
static bool take(struct bytes_reader *r, uint32_t tag, struct ber_element *e,
                 enum p7_status *status)
{
    struct bytes_reader ahead = *r;
    *status = ber_next(&ahead, e);
    if (*status == P7_NOT_FOUND) {
        *status = P7_OK;
        return false;
    }
    if (*status != P7_OK || e->tag != tag)
        return false;
    *r = ahead;
    return true;
}

static enum p7_status decode_transaction_id(struct bytes_reader *r, uint32_t tag,
                                            struct tcap_message *m, struct tcap_transaction_id *id)
{
    struct ber_element e;
    enum p7_status status;
    if (!take(r, tag, &e, &status))
        return status != P7_OK ? fail_ber(m, status) : fail_syntax(m, P7_MISSING);
    if (e.content.length < 1 || e.content.length > 4) /* Q.773-4.2.1.2 */
        return fail_syntax(m, P7_RANGE);
    id->length = (uint8_t)e.content.length;
    id->value = (uint32_t)bytes_load_be(e.content.data, e.content.length);
    return P7_OK;
}

/* An INTEGER of 0 to 127 inside of `e`. */
static bool small_integer(const struct ber_element *e, uint8_t *value)
{
    int64_t number;
    if (ber_integer(e->content, &number) != P7_OK || number < 0 || number > 127)
        return false;
    *value = (uint8_t)number;
    return true;
}

static enum p7_status decode_protocol_version(const struct ber_element *e,
                                              struct tcap_dialogue_portion *d)
{
    /* BIT STRING {version1 (0)}, Q.773-4.2.3.4: other bits may be set for later versions. */
    if (e->content.length < 2 || e->content.data[0] > 7 || (e->content.data[1] & 0x80u) == 0)
        return P7_UNSUPPORTED;
    d->has_protocol_version = true;
    return P7_OK;
}

static enum p7_status decode_result_source(const struct ber_element *e,
                                           struct tcap_dialogue_portion *d)
{
    struct bytes_reader r = ber_inside(e);
    struct ber_element source;
    struct ber_element number;
    if (ber_next(&r, &source) != P7_OK ||
        (source.tag != TAG_SOURCE_USER && source.tag != TAG_SOURCE_PROVIDER))
        return P7_MALFORMED;
    struct bytes_reader in = ber_inside(&source);
    if (ber_expect(&in, BER_TAG_INTEGER, &number) != P7_OK ||
        !small_integer(&number, &d->diagnostic))
        return P7_MALFORMED;
    d->diagnostic_source = source.tag == TAG_SOURCE_USER ? TCAP_SOURCE_USER : TCAP_SOURCE_PROVIDER;
    return P7_OK;
}

static enum p7_status decode_result(struct bytes_reader *r, struct tcap_dialogue_portion *d)
{
    struct ber_element e;
    struct ber_element number;
    if (ber_expect(r, TAG_RESULT, &e) != P7_OK)
        return P7_MISSING;
    struct bytes_reader in = ber_inside(&e);
    if (ber_expect(&in, BER_TAG_INTEGER, &number) != P7_OK || !small_integer(&number, &d->result))
        return P7_MALFORMED;
    if (ber_expect(r, TAG_RESULT_SOURCE, &e) != P7_OK)
        return P7_MISSING;
    return decode_result_source(&e, d);
}

static enum p7_status decode_application_context(struct bytes_reader *r,
                                                 struct tcap_dialogue_portion *d)
{
    struct ber_element e;
    struct ber_element oid;
    if (ber_expect(r, TAG_APPLICATION_CONTEXT, &e) != P7_OK)
        return P7_MISSING;
    struct bytes_reader in = ber_inside(&e);
    if (ber_expect(&in, BER_TAG_OBJECT_IDENTIFIER, &oid) != P7_OK || oid.content.length == 0)
        return P7_MALFORMED;
    d->application_context = oid.content;
    return P7_OK;
}

/* The fields of AARQ, AARE and ABRT in the order of Q.773-4.2.3 (AUDT is an AARQ in all but its
 * abstract syntax). */
/* Q.773-4.2.3.1 */
static enum p7_status decode_dialogue_fields(struct bytes_reader r, struct tcap_dialogue_portion *d)
{
    struct ber_element e;
    enum p7_status status = P7_OK;
    if (d->pdu == TCAP_DIALOGUE_ABRT) {
        if (!take(&r, TAG_ABORT_SOURCE, &e, &status))
            return status != P7_OK ? status : P7_MISSING;
        if (!small_integer(&e, &d->abort_source))
            return P7_MALFORMED;
    } else {
        enum p7_status version = P7_OK;
        if (take(&r, TAG_PROTOCOL_VERSION, &e, &status))
            version = decode_protocol_version(&e, d);
        if (status == P7_OK)
            status = decode_application_context(&r, d);
        /* The context first: the refusal of a version names it. */
        if (status == P7_OK)
            status = version;
        if (status == P7_OK && d->pdu == TCAP_DIALOGUE_AARE)
            status = decode_result(&r, d);
        if (status != P7_OK)
            return status;
    }
    if (take(&r, TAG_USER_INFORMATION, &e, &status))
        d->user_information = e.content;
    /* Fields behind the last one are an extension of a later version: not looked at. */
    return status;
}

static enum p7_status decode_dialogue(const struct ber_element *portion,
                                      struct tcap_dialogue_portion *d)
{
    struct bytes_reader r = ber_inside(portion);
    struct ber_element external;
    struct ber_element e;
    enum p7_status status = ber_next(&r, &external);
    if (status != P7_OK || external.tag != BER_TAG_EXTERNAL || bytes_reader_left(&r) != 0)
        return P7_MALFORMED;
    d->external = external.whole;
    d->pdu = TCAP_DIALOGUE_OTHER;
    struct bytes_reader in = ber_inside(&external);
    if (!take(&in, BER_TAG_OBJECT_IDENTIFIER, &e, &status))
        return status; /* by indirect reference: some user's, not ours */
    const bool dialogue = bytes_equal(e.content, bytes_of(dialogue_as, sizeof(dialogue_as)));
    const bool audt = bytes_equal(e.content, bytes_of(unidialogue_as, sizeof(unidialogue_as)));
    if (!dialogue && !audt)
        return P7_OK;
    status = ber_expect(&in, TAG_SINGLE_ASN1_TYPE, &e);
    if (status != P7_OK)
        return P7_MALFORMED;
    in = ber_inside(&e);
    status = ber_next(&in, &e);
    if (status != P7_OK ||
        (e.tag != TCAP_DIALOGUE_AARQ && e.tag != TCAP_DIALOGUE_AARE && e.tag != TCAP_DIALOGUE_ABRT))
        return P7_MALFORMED;
    d->pdu = (uint8_t)e.tag;
    d->unidirectional = audt;
    if (audt && d->pdu != TCAP_DIALOGUE_AARQ)
        return P7_MALFORMED;
    return decode_dialogue_fields(ber_inside(&e), d);
}

/* Which transaction ids a message type has, Q.773-4.2.1 (Table 7). */
/* Q.773-4.2.1.1 */
static bool ids_of(uint8_t type, bool *otid, bool *dtid)
{
    *otid = type == TCAP_BEGIN || type == TCAP_CONTINUE;
    *dtid = type == TCAP_CONTINUE || type == TCAP_END || type == TCAP_ABORT;
    return *otid || *dtid || type == TCAP_UNIDIRECTIONAL;
}

static void peek_transaction_id(struct bytes_reader *r, uint32_t tag,
                                struct tcap_transaction_id *id)
{
    struct ber_element e;
    enum p7_status status;
    if (take(r, tag, &e, &status) && e.content.length >= 1 && e.content.length <= 4) {
        id->length = (uint8_t)e.content.length;
        id->value = (uint32_t)bytes_load_be(e.content.data, e.content.length);
    }
}

/* A message that as a whole is broken or of an unknown type may still have readable ids in front:
 * Q.774-3.3.4 wants the ABORT to go out when the originating one is derivable. */
static void peek_ids(struct bytes octets, struct tcap_message *m)
{
    if (octets.length < 2)
        return;
    const uint8_t length = octets.data[1];
    const size_t header = 2 + (length > 0x80u ? (size_t)(length & 0x7fu) : 0);
    if (header >= octets.length)
        return;
    struct bytes_reader r = bytes_reader_of(octets.data + header, octets.data + octets.length);
    peek_transaction_id(&r, TAG_OTID, &m->otid);
    peek_transaction_id(&r, TAG_DTID, &m->dtid);
}

/* Q.773-4.2.1.3 */
static enum p7_status decode_p_abort(struct bytes_reader *r, struct tcap_message *m)
{
    struct ber_element e;
    enum p7_status status;
    if (!take(r, TAG_P_ABORT_CAUSE, &e, &status))
        return status != P7_OK ? fail_ber(m, status) : P7_OK;
    if (!small_integer(&e, &m->p_abort_cause))
        return fail_syntax(m, P7_RANGE);
    m->has_p_abort = true;
    return P7_OK;
}

static enum p7_status decode_body(struct bytes_reader *r, struct tcap_message *m)
{
    struct ber_element e;
    enum p7_status status;

    if (m->type == TCAP_ABORT) {
        status = decode_p_abort(r, m);
        if (status != P7_OK)
            return status;
    }
    if (!m->has_p_abort && take(r, TAG_DIALOGUE_PORTION, &e, &status)) {
        status = decode_dialogue(&e, &m->dialogue);
        if (status != P7_OK)
            return fail_dialogue(m, status);
    } else if (!m->has_p_abort && status != P7_OK) {
        return fail_ber(m, status);
    }
    if (m->type != TCAP_ABORT && take(r, TAG_COMPONENT_PORTION, &e, &status)) {
        m->has_components = true;
        return tcap_decode_components(&e, m);
    }
    if (m->type != TCAP_ABORT && status != P7_OK)
        return fail_ber(m, status);
    if (m->type == TCAP_UNIDIRECTIONAL)
        return fail_syntax(m, P7_MISSING); /* its components are mandatory */
    return P7_OK;
}

enum p7_status tcap_decode(struct bytes octets, struct tcap_message *message)
{
    struct tcap_message *m = message;
    struct ber_element e;
    bool otid;
    bool dtid;

    memset(m, 0, offsetof(struct tcap_message, components));
    if (octets.length == 0)
        return fail(m, TCAP_P_ABORT_BADLY_FORMATTED_TP, P7_TRUNCATED);
    m->type = octets.data[0];
    struct bytes_reader r = bytes_reader_of(octets.data, octets.data + octets.length);
    enum p7_status status = ber_next(&r, &e);
    if (status != P7_OK) {
        peek_ids(octets, m);
        return fail_ber(m, status);
    }
    if (!ids_of(m->type, &otid, &dtid)) {
        peek_ids(octets, m);
        return fail(m, TCAP_P_ABORT_UNRECOGNIZED_MESSAGE_TYPE, P7_UNSUPPORTED);
    }
    struct bytes_reader in = ber_inside(&e);
    if (otid)
        status = decode_transaction_id(&in, TAG_OTID, m, &m->otid);
    if (status == P7_OK && dtid)
        status = decode_transaction_id(&in, TAG_DTID, m, &m->dtid);
    if (status == P7_OK)
        status = decode_body(&in, m);
    if (status != P7_OK)
        return status;
    /* Q.773-4.1: nothing stands behind the portions, inside or outside of the message. */
    if (bytes_reader_left(&in) != 0 || bytes_reader_left(&r) != 0)
        return fail_syntax(m, P7_MALFORMED);
    return P7_OK;
}
