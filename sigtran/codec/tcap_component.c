/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include <assert.h>

#include "sigtran/codec/ber.h"
#include "sigtran/codec/tcap.h"
#include "sigtran/codec/tcap_tags.h"

/* What a component's decoding comes to: taken, or one of the general problems (Q.774-3.2.2.2). */
enum verdict {
    TAKEN = -1,
    UNRECOGNIZED = TCAP_GENERAL_UNRECOGNIZED_COMPONENT,
    MISTYPED = TCAP_GENERAL_MISTYPED_COMPONENT,
    BADLY_STRUCTURED = TCAP_GENERAL_BADLY_STRUCTURED_COMPONENT,
};

/* The next element of a component; an absent one is mistyped, a broken one badly structured. */
static enum verdict next(struct bytes_reader *r, struct ber_element *e)
{
    switch (ber_next(r, e)) {
    case P7_OK:
        return TAKEN;
    case P7_NOT_FOUND:
        return MISTYPED;
    default:
        return BADLY_STRUCTURED;
    }
}

/* Q.773-4.2.2.2: an invoke id is a signed integer of one octet. */
static bool read_id(const struct ber_element *e, int8_t *id)
{
    if (e->content.length != 1)
        return false;
    *id = (int8_t)e->content.data[0];
    return true;
}

static enum verdict take_invoke_id(struct bytes_reader *r, struct tcap_component *c)
{
    struct ber_element e;
    const enum verdict verdict = next(r, &e);
    if (verdict != TAKEN)
        return verdict;
    if (c->type == TCAP_REJECT && e.tag == BER_TAG_NULL)
        return e.content.length == 0 ? TAKEN : MISTYPED;
    if (e.tag != BER_TAG_INTEGER || !read_id(&e, &c->invoke_id))
        return MISTYPED;
    c->has_invoke_id = true;
    return TAKEN;
}

static enum verdict take_code(struct bytes_reader *r, struct tcap_component *c)
{
    struct ber_element e;
    int64_t code;
    const enum verdict verdict = next(r, &e);
    if (verdict != TAKEN)
        return verdict;
    if (e.tag == BER_TAG_OBJECT_IDENTIFIER && e.content.length != 0) {
        c->code_kind = TCAP_CODE_GLOBAL;
        c->code_global = e.content;
        return TAKEN;
    }
    if (e.tag != BER_TAG_INTEGER || ber_integer(e.content, &code) != P7_OK || code < INT32_MIN ||
        code > INT32_MAX)
        return MISTYPED;
    c->code_kind = TCAP_CODE_LOCAL;
    c->code = (int32_t)code;
    return TAKEN;
}

/* At most one element: the parameter is one (Q.773-4.2.2.4), a SEQUENCE or SET where it has
 * several inside. */
/* Q.773-4.2.2.5 */
static enum verdict take_parameter(struct bytes_reader *r, struct tcap_component *c)
{
    struct ber_element e;
    if (bytes_reader_left(r) == 0)
        return TAKEN;
    if (ber_next(r, &e) != P7_OK)
        return BADLY_STRUCTURED;
    c->parameter = e.whole;
    return bytes_reader_left(r) == 0 ? TAKEN : MISTYPED;
}

static enum verdict take_linked_id(struct bytes_reader *r, struct tcap_component *c)
{
    struct bytes_reader ahead = *r;
    struct ber_element e;
    const enum verdict verdict = next(&ahead, &e);
    if (verdict != TAKEN || e.tag != TAG_LINKED_ID)
        return verdict;
    if (!read_id(&e, &c->linked_id))
        return MISTYPED;
    c->has_linked_id = true;
    *r = ahead;
    return TAKEN;
}

static enum verdict take_result(struct bytes_reader *r, struct tcap_component *c)
{
    struct ber_element e;
    if (bytes_reader_left(r) == 0)
        return TAKEN;
    enum verdict verdict = next(r, &e);
    if (verdict != TAKEN)
        return verdict;
    if (e.tag != BER_TAG_SEQUENCE || bytes_reader_left(r) != 0)
        return MISTYPED;
    struct bytes_reader in = ber_inside(&e);
    verdict = take_code(&in, c);
    return verdict == TAKEN ? take_parameter(&in, c) : verdict;
}

static enum verdict take_problem(struct bytes_reader *r, struct tcap_component *c)
{
    struct ber_element e;
    const enum verdict verdict = next(r, &e);
    if (verdict != TAKEN)
        return verdict;
    if (e.tag < TCAP_PROBLEM_GENERAL || e.tag > TCAP_PROBLEM_RETURN_ERROR ||
        e.content.length != 1 || bytes_reader_left(r) != 0)
        return MISTYPED;
    c->problem_kind = (uint8_t)e.tag;
    c->problem = e.content.data[0];
    return TAKEN;
}

static enum verdict decode_component(const struct ber_element *e, struct tcap_component *c)
{
    struct bytes_reader r = ber_inside(e);
    memset(c, 0, sizeof(*c));
    c->type = e->tag <= 0xffu ? (uint8_t)e->tag : 0;
    const bool known = c->type == TCAP_INVOKE || c->type == TCAP_RETURN_RESULT_LAST ||
                       c->type == TCAP_RETURN_RESULT_NOT_LAST || c->type == TCAP_RETURN_ERROR ||
                       c->type == TCAP_REJECT;
    enum verdict verdict = take_invoke_id(&r, c);
    if (!known)
        return UNRECOGNIZED; /* with its invoke id, where that could be read */
    if (verdict != TAKEN)
        return verdict;
    switch (c->type) {
    case TCAP_INVOKE:
        verdict = take_linked_id(&r, c);
        break;
    case TCAP_RETURN_ERROR:
        break;
    case TCAP_REJECT:
        return take_problem(&r, c);
    default:
        return take_result(&r, c);
    }
    if (verdict == TAKEN)
        verdict = take_code(&r, c);
    return verdict == TAKEN ? take_parameter(&r, c) : verdict;
}

static void set_fault(struct tcap_message *m, const struct tcap_component *c, enum verdict verdict)
{
    m->fault = (struct tcap_component_fault){.present = true,
                                             .has_invoke_id = c != NULL && c->has_invoke_id,
                                             .invoke_id = c != NULL ? c->invoke_id : 0,
                                             .problem_kind = TCAP_PROBLEM_GENERAL,
                                             .problem = (uint8_t)verdict};
}

enum p7_status tcap_decode_components(const struct ber_element *portion,
                                      struct tcap_message *message)
{
    struct bytes_reader r = ber_inside(portion);
    struct ber_element e;
    for (;;) {
        const enum p7_status status = ber_next(&r, &e);
        if (status == P7_NOT_FOUND)
            return P7_OK;
        if (status != P7_OK) {
            set_fault(message, NULL, BADLY_STRUCTURED);
            return P7_OK;
        }
        if (message->component_count == LIMIT_TCAP_COMPONENTS) {
            message->p_abort_cause = TCAP_P_ABORT_RESOURCE_LIMITATION;
            return P7_RANGE;
        }
        struct tcap_component *c = &message->components[message->component_count];
        const enum verdict verdict = decode_component(&e, c);
        if (verdict != TAKEN) {
            set_fault(message, c, verdict);
            return P7_OK;
        }
        message->component_count++;
    }
}

/* --- Writing -------------------------------------------------------------------------------- */

static enum p7_status check(const struct tcap_component *c)
{
    switch (c->type) {
    case TCAP_INVOKE:
    case TCAP_RETURN_ERROR:
        if (c->code_kind == TCAP_CODE_NONE)
            return P7_MISSING;
        break;
    case TCAP_RETURN_RESULT_LAST:
    case TCAP_RETURN_RESULT_NOT_LAST:
        /* Q.773-4.2.2.3: a parameter has its operation code in front. */
        if (c->code_kind == TCAP_CODE_NONE && c->parameter.length != 0)
            return P7_MISSING;
        break;
    case TCAP_REJECT:
        return c->problem_kind < TCAP_PROBLEM_GENERAL || c->problem_kind > TCAP_PROBLEM_RETURN_ERROR
                   ? P7_RANGE
                   : P7_OK;
    default:
        return P7_UNSUPPORTED;
    }
    return c->has_invoke_id ? P7_OK : P7_MISSING;
}

static void write_id(struct bytes_writer *w, uint8_t tag, int8_t id)
{
    uint8_t *p = bytes_reserve(w, 3);
    if (p == NULL)
        return;
    p[0] = tag;
    p[1] = 1;
    p[2] = (uint8_t)id;
}

static void write_code(struct bytes_writer *w, const struct tcap_component *c)
{
    if (c->code_kind == TCAP_CODE_LOCAL)
        ber_write_integer(w, BER_TAG_INTEGER, c->code);
    else if (c->code_kind == TCAP_CODE_GLOBAL)
        ber_write(w, BER_TAG_OBJECT_IDENTIFIER, c->code_global);
}

struct tcap_component_mark tcap_component_open(struct bytes_writer *writer,
                                               const struct tcap_component *component)
{
    const struct tcap_component *c = component;
    struct tcap_component_mark mark = {.outer = ber_open(writer, c->type), .inner = 0};

    assert(check(c) == P7_OK);
    if (c->has_invoke_id)
        write_id(writer, BER_TAG_INTEGER, c->invoke_id);
    else
        ber_write_null(writer, BER_TAG_NULL);
    if (c->type == TCAP_REJECT) {
        write_id(writer, c->problem_kind, (int8_t)c->problem);
        return mark;
    }
    if (c->has_linked_id && c->type == TCAP_INVOKE)
        write_id(writer, TAG_LINKED_ID, c->linked_id);
    if ((c->type == TCAP_RETURN_RESULT_LAST || c->type == TCAP_RETURN_RESULT_NOT_LAST) &&
        c->code_kind != TCAP_CODE_NONE)
        mark.inner = ber_open(writer, BER_TAG_SEQUENCE);
    write_code(writer, c);
    return mark;
}

void tcap_component_close(struct bytes_writer *writer, struct tcap_component_mark mark)
{
    if (mark.inner != 0)
        ber_close(writer, mark.inner);
    ber_close(writer, mark.outer);
}

enum p7_status tcap_write_component(struct bytes_writer *writer,
                                    const struct tcap_component *component)
{
    const enum p7_status status = check(component);
    if (status != P7_OK)
        return status;
    const struct tcap_component_mark mark = tcap_component_open(writer, component);
    if (component->type != TCAP_REJECT)
        bytes_write(writer, component->parameter);
    tcap_component_close(writer, mark);
    return writer->failed ? P7_FULL : P7_OK;
}
