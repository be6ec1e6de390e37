/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "sigtran/codec/cap_operation.h"

#include <assert.h>

#define OID_OCTETS 7

struct operation_row {
    uint8_t code;
    uint8_t class;
    const char *name;
};

static const struct operation_row operations[] = {
#define OPERATION_ROW(enumerator, code_, class_, name_)                                            \
    {.code = (code_), .class = (class_), .name = (name_)},
    CAP_OPERATION_LIST(OPERATION_ROW)
#undef OPERATION_ROW
};

struct error_row {
    uint8_t code;
    const char *name;
};

static const struct error_row errors[] = {
#define ERROR_ROW(enumerator, code_, name_) {.code = (code_), .name = (name_)},
    CAP_ERROR_LIST(ERROR_ROW)
#undef ERROR_ROW
};

struct context_row {
    enum cap_phase phase;
    const char *oid;
    const char *dotted;
    const char *name;
};

static const struct context_row contexts[CAP_AC_COUNT] = {
#define CONTEXT_ROW(enumerator, phase_, oid_, dotted_, name_)                                      \
    [enumerator] = {.phase = (phase_), .oid = (oid_), .dotted = (dotted_), .name = (name_)},
    CAP_APPLICATION_CONTEXT_LIST(CONTEXT_ROW)
#undef CONTEXT_ROW
};

static const struct operation_row *find_operation(int64_t code)
{
    for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]); i++)
        if (operations[i].code == code)
            return &operations[i];
    return NULL;
}

const char *cap_operation_name(int64_t code)
{
    const struct operation_row *row = find_operation(code);
    return row == NULL ? NULL : row->name;
}

unsigned cap_operation_class(int64_t code)
{
    const struct operation_row *row = find_operation(code);
    return row == NULL ? 0 : row->class;
}

enum p7_status cap_operation_by_name(const char *name, enum cap_operation *operation)
{
    for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]); i++) {
        if (strcmp(operations[i].name, name) != 0)
            continue;
        *operation = (enum cap_operation)operations[i].code;
        return P7_OK;
    }
    return P7_NOT_FOUND;
}

const char *cap_error_name(int64_t code)
{
    for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
        if (errors[i].code == code)
            return errors[i].name;
    return NULL;
}

enum p7_status cap_error_by_name(const char *name, enum cap_error *error)
{
    for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
        if (strcmp(errors[i].name, name) != 0)
            continue;
        *error = (enum cap_error)errors[i].code;
        return P7_OK;
    }
    return P7_NOT_FOUND;
}

struct bytes cap_application_context_oid(enum cap_application_context context)
{
    assert((unsigned)context < CAP_AC_COUNT);
    return bytes_of(contexts[context].oid, OID_OCTETS);
}

enum p7_status cap_application_context_by_oid(struct bytes oid,
                                              enum cap_application_context *context)
{
    for (unsigned i = 0; i < CAP_AC_COUNT; i++) {
        if (!bytes_equal(oid, bytes_of(contexts[i].oid, OID_OCTETS)))
            continue;
        *context = (enum cap_application_context)i;
        return P7_OK;
    }
    return P7_NOT_FOUND;
}

enum p7_status cap_application_context_by_name(const char *name,
                                               enum cap_application_context *context)
{
    for (unsigned i = 0; i < CAP_AC_COUNT; i++) {
        if (strcmp(contexts[i].name, name) != 0 && strcmp(contexts[i].dotted, name) != 0)
            continue;
        *context = (enum cap_application_context)i;
        return P7_OK;
    }
    return P7_NOT_FOUND;
}

enum cap_phase cap_application_context_phase(enum cap_application_context context)
{
    assert((unsigned)context < CAP_AC_COUNT);
    return contexts[context].phase;
}

const char *cap_application_context_name(enum cap_application_context context)
{
    assert((unsigned)context < CAP_AC_COUNT);
    return contexts[context].name;
}
