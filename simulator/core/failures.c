/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "simulator/core/failures.h"

#include <stdio.h>

#include "sigtran/codec/cap_operation.h"
#include "sigtran/codec/sccp.h"

/* A U-ABORT's code: what its dialogue portion says. */
enum u_abort_reason {
    U_ABORT_BY_THE_USER, /* ABRT, Q.773-4.2.3 */
    U_ABORT_CONTEXT,     /* AARE: application context name not supported */
    U_ABORT_NO_REASON,   /* AARE: no reason given, or null */
    U_ABORT_BARE,        /* without a dialogue portion */
    U_ABORT_OTHER,
};

/* A REJECT's code: problem kind and problem in one octet, Q.773-4.2.2.6. */
#define REJECT_KIND_SHIFT   4
#define REJECT_PROBLEM_MASK 0x0fu

struct failure_cause failure_of_component(const struct tcap_component *component)
{
    struct failure_cause cause = {.failure = REQUEST_FAILURE_RETURN_ERROR, .code = UINT8_MAX};
    if (component->type == TCAP_REJECT) {
        cause.failure = REQUEST_FAILURE_REJECT;
        cause.code = (uint8_t)((component->problem_kind & 3u) << REJECT_KIND_SHIFT |
                               (component->problem & REJECT_PROBLEM_MASK));
    } else if (component->code_kind == TCAP_CODE_LOCAL && component->code >= 0 &&
               component->code < UINT8_MAX) {
        cause.code = (uint8_t)component->code;
    }
    return cause;
}

struct failure_cause failure_of_u_abort(const struct tcap_message *message)
{
    struct failure_cause cause = {.failure = REQUEST_FAILURE_U_ABORT, .code = U_ABORT_OTHER};
    if (message == NULL || message->dialogue.pdu == TCAP_DIALOGUE_NONE)
        cause.code = U_ABORT_BARE;
    else if (message->dialogue.pdu == TCAP_DIALOGUE_ABRT)
        cause.code = U_ABORT_BY_THE_USER;
    else if (message->dialogue.pdu == TCAP_DIALOGUE_AARE)
        cause.code = message->dialogue.diagnostic == TCAP_USER_AC_NOT_SUPPORTED
                         ? (uint8_t)U_ABORT_CONTEXT
                         : (uint8_t)U_ABORT_NO_REASON;
    return cause;
}

static const char *u_abort_text(uint8_t code)
{
    switch ((enum u_abort_reason)code) {
    case U_ABORT_BY_THE_USER:
        return "by the peer's user";
    case U_ABORT_CONTEXT:
        return "application context name not supported";
    case U_ABORT_NO_REASON:
        return "no reason given";
    case U_ABORT_BARE:
        return "without a dialogue portion";
    case U_ABORT_OTHER:
        break;
    }
    return "in another abstract syntax";
}

/* Q.773-4.2.2.6 */
static const char *problem_text(uint8_t code)
{
    static const char *const general[] = {"unrecognized component", "mistyped component",
                                          "badly structured component"};
    static const char *const invoke[] = {
        "duplicate invoke id",        "unrecognized operation",     "mistyped parameter",
        "resource limitation",        "initiating release",         "unrecognized linked id",
        "linked response unexpected", "unexpected linked operation"};
    static const char *const result[] = {"unrecognized invoke id", "return result unexpected",
                                         "mistyped parameter"};
    static const char *const error[] = {"unrecognized invoke id", "return error unexpected",
                                        "unrecognized error", "unexpected error",
                                        "mistyped parameter"};
    static const struct {
        const char *const *words;
        unsigned count;
    } kinds[] = {{general, 3}, {invoke, 8}, {result, 3}, {error, 5}};
    const unsigned kind = (code >> REJECT_KIND_SHIFT) & 3u;
    const unsigned problem = code & REJECT_PROBLEM_MASK;
    return problem < kinds[kind].count ? kinds[kind].words[problem] : "unknown problem";
}

void failure_text(struct failure_cause cause, char *text, size_t text_octets)
{
    const char *name = NULL;
    switch ((enum request_failure)cause.failure) {
    case REQUEST_FAILURE_NONE:
        (void)snprintf(text, text_octets, "%s", "");
        return;
    case REQUEST_FAILURE_UNSENT:
        (void)snprintf(text, text_octets, "not sent: no way was open or there was no room");
        return;
    case REQUEST_FAILURE_NO_DIALOGUE:
        (void)snprintf(text, text_octets, "not sent: all dialogues are in use");
        return;
    case REQUEST_FAILURE_MALFORMED:
        (void)snprintf(text, text_octets, "a reply that could not be read");
        return;
    case REQUEST_FAILURE_RETURN_ERROR:
        name = cap_error_name(cause.code);
        if (name == NULL)
            (void)snprintf(text, text_octets, "return error %u", cause.code);
        else
            (void)snprintf(text, text_octets, "return error %s", name);
        return;
    case REQUEST_FAILURE_REJECT:
        (void)snprintf(text, text_octets, "reject: %s", problem_text(cause.code));
        return;
    case REQUEST_FAILURE_U_ABORT:
        (void)snprintf(text, text_octets, "u-abort: %s", u_abort_text(cause.code));
        return;
    case REQUEST_FAILURE_P_ABORT:
        (void)snprintf(text, text_octets, "p-abort: %s", tcap_p_abort_cause_text(cause.code));
        return;
    case REQUEST_FAILURE_RETURNED:
        (void)snprintf(text, text_octets, "returned by the network: %s",
                       sccp_return_cause_text(cause.code));
        return;
    case REQUEST_FAILURE_RELEASED:
        (void)snprintf(text, text_octets, "released with cause %u", cause.code);
        return;
    }
    (void)snprintf(text, text_octets, "unknown");
}

void failures_count(struct failures *failures, struct failure_cause cause)
{
    uint32_t i = 0;
    while (i < failures->count && (failures->entry[i].cause.failure != cause.failure ||
                                   failures->entry[i].cause.code != cause.code))
        i++;
    if (i == FAILURES_MAX) {
        failures->others++;
        return;
    }
    if (i == failures->count) {
        failures->entry[i].cause = cause;
        failures->count++;
    }
    failures->entry[i].requests++;
}
