/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * tcap - TCAP messages of ITU-T Q.773: octets to a struct and back.
 *
 * Decoding borrows: each `struct bytes` of a decoded message points into the input. Definite and
 * indefinite lengths are taken; encoding writes definite lengths in their shortest form, so that
 * a message that came in that form is re-encoded to the octet.
 *
 * Two kinds of faults are told apart, as Q.774 does:
 *  - the transaction portion (Q.774-3.3.4) or the dialogue portion (Q.774-3.2.2.1) is wrong:
 *    tcap_decode fails, and `p_abort_cause` of the message says what an ABORT would tell the peer;
 *  - a component is wrong: tcap_decode succeeds with the components in front of it, and `fault`
 *    says what a REJECT would tell the peer. What follows the faulty component is not looked at
 *    (Q.774-3.2.2.2).
 *
 * Writing: tcap_write_message does all in one go. For components whose parameters are written in
 * place: tcap_component_open, write the parameter at the writer, tcap_component_close; hand the
 * octets so made to tcap_write_message as `components_encoded`.
 */
#ifndef SIGTRAN_CODEC_TCAP_H
#define SIGTRAN_CODEC_TCAP_H

#include "sigtran/base/bytes.h"
#include "sigtran/base/limits.h"
#include "sigtran/base/status.h"

/* Message types are their tags, Q.773-4.2.1 (Table 8). */
enum tcap_message_type {
    TCAP_UNIDIRECTIONAL = 0x61,
    TCAP_BEGIN = 0x62,
    TCAP_END = 0x64,
    TCAP_CONTINUE = 0x65,
    TCAP_ABORT = 0x67,
};

/* P-ABORT causes: 0 to 4 go on the wire (Q.773-4.2.1, Table 14). */
enum tcap_p_abort_cause {
    TCAP_P_ABORT_UNRECOGNIZED_MESSAGE_TYPE = 0,
    TCAP_P_ABORT_UNRECOGNIZED_TRANSACTION_ID = 1,
    TCAP_P_ABORT_BADLY_FORMATTED_TP = 2, /* octets break the encoding rules */
    TCAP_P_ABORT_INCORRECT_TP = 3,       /* well encoded, but not what Q.773 has there */
    TCAP_P_ABORT_RESOURCE_LIMITATION = 4,
    /* Said by a dialogue portion instead, ABRT or AARE of the provider (Q.774-3.2.2.1): */
    TCAP_P_ABORT_ABNORMAL_DIALOGUE = 126,
    TCAP_P_ABORT_NO_COMMON_DIALOGUE_PORTION = 127,
};
const char *tcap_p_abort_cause_text(uint8_t cause);

/* A transaction id: 1 to 4 octets as a big-endian number; the length is kept, so that it is
 * echoed to the octet. Length 0: absent. */
struct tcap_transaction_id {
    uint32_t value;
    uint8_t length;
};

/* Dialogue PDUs of the common dialogue portion, by their tags (Q.773-4.2.3). */
enum tcap_dialogue_pdu {
    TCAP_DIALOGUE_NONE = 0,
    TCAP_DIALOGUE_AARQ = 0x60, /* in UNIDIRECTIONAL: AUDT */
    TCAP_DIALOGUE_AARE = 0x61,
    TCAP_DIALOGUE_ABRT = 0x64,
    TCAP_DIALOGUE_OTHER = 0xff, /* EXTERNAL of another abstract syntax: see `external` */
};

/* AARE result, Q.773-4.2.3.4. */
enum tcap_associate_result { TCAP_RESULT_ACCEPTED = 0, TCAP_RESULT_REJECT_PERMANENT = 1 };

/* AARE result-source-diagnostic: who says it, and what. */
enum tcap_diagnostic_source { TCAP_SOURCE_USER = 1, TCAP_SOURCE_PROVIDER = 2 };
enum tcap_user_diagnostic {
    TCAP_USER_NULL = 0,
    TCAP_USER_NO_REASON_GIVEN = 1,
    TCAP_USER_AC_NOT_SUPPORTED = 2, /* application-context-name-not-supported */
};
enum tcap_provider_diagnostic {
    TCAP_PROVIDER_NULL = 0,
    TCAP_PROVIDER_NO_REASON_GIVEN = 1,
    TCAP_PROVIDER_NO_COMMON_DIALOGUE_PORTION = 2,
};
enum tcap_abort_source { TCAP_ABORT_SOURCE_USER = 0, TCAP_ABORT_SOURCE_PROVIDER = 1 };

struct tcap_dialogue_portion {
    uint8_t pdu;               /* enum tcap_dialogue_pdu; NONE: no dialogue portion */
    bool has_protocol_version; /* version1, the only one there is (default when absent) */
    bool unidirectional;       /* AARQ: the PDU is an AUDT, for UNIDIRECTIONAL */
    uint8_t result;            /* AARE */
    uint8_t diagnostic_source; /* AARE, enum tcap_diagnostic_source */
    uint8_t diagnostic;        /* AARE */
    uint8_t abort_source;      /* ABRT */
    /* AARQ, AARE: content octets of the OBJECT IDENTIFIER (without 06 and its length). */
    struct bytes application_context;
    /* Content of user-information [30]: one or more EXTERNALs; length 0: absent. */
    struct bytes user_information;
    struct bytes external; /* OTHER: the whole EXTERNAL, written back as it is */
};

/* Component types are their tags, Q.773-4.2.2.1 (Table 19). */
enum tcap_component_type {
    TCAP_INVOKE = 0xa1,
    TCAP_RETURN_RESULT_LAST = 0xa2,
    TCAP_RETURN_ERROR = 0xa3,
    TCAP_REJECT = 0xa4,
    TCAP_RETURN_RESULT_NOT_LAST = 0xa7,
};

/* Problem kinds are their tags, Q.773-4.2.2.6 (Table 29). */
enum tcap_problem_kind {
    TCAP_PROBLEM_GENERAL = 0x80,
    TCAP_PROBLEM_INVOKE = 0x81,
    TCAP_PROBLEM_RETURN_RESULT = 0x82,
    TCAP_PROBLEM_RETURN_ERROR = 0x83,
};
enum tcap_general_problem {
    TCAP_GENERAL_UNRECOGNIZED_COMPONENT = 0,
    TCAP_GENERAL_MISTYPED_COMPONENT = 1,
    TCAP_GENERAL_BADLY_STRUCTURED_COMPONENT = 2,
};
enum tcap_invoke_problem {
    TCAP_INVOKE_DUPLICATE_INVOKE_ID = 0,
    TCAP_INVOKE_UNRECOGNIZED_OPERATION = 1,
    TCAP_INVOKE_MISTYPED_PARAMETER = 2,
    TCAP_INVOKE_RESOURCE_LIMITATION = 3,
    TCAP_INVOKE_INITIATING_RELEASE = 4,
    TCAP_INVOKE_UNRECOGNIZED_LINKED_ID = 5,
    TCAP_INVOKE_LINKED_RESPONSE_UNEXPECTED = 6,
    TCAP_INVOKE_UNEXPECTED_LINKED_OPERATION = 7,
};
enum tcap_return_result_problem {
    TCAP_RETURN_RESULT_UNRECOGNIZED_INVOKE_ID = 0,
    TCAP_RETURN_RESULT_UNEXPECTED = 1,
    TCAP_RETURN_RESULT_MISTYPED_PARAMETER = 2,
};
enum tcap_return_error_problem {
    TCAP_RETURN_ERROR_UNRECOGNIZED_INVOKE_ID = 0,
    TCAP_RETURN_ERROR_UNEXPECTED = 1,
    TCAP_RETURN_ERROR_UNRECOGNIZED_ERROR = 2,
    TCAP_RETURN_ERROR_UNEXPECTED_ERROR = 3,
    TCAP_RETURN_ERROR_MISTYPED_PARAMETER = 4,
};

/* An operation or error code. */
enum tcap_code_kind { TCAP_CODE_NONE = 0, TCAP_CODE_LOCAL = 0x02, TCAP_CODE_GLOBAL = 0x06 };

struct tcap_component {
    uint8_t type;       /* enum tcap_component_type */
    bool has_invoke_id; /* false only in a REJECT of something whose invoke id was not readable */
    bool has_linked_id; /* INVOKE */
    int8_t invoke_id;   /* -128 to 127, Q.773-4.2.2.2 */
    int8_t linked_id;
    uint8_t code_kind;    /* INVOKE, RETURN_RESULT (NONE: empty result): operation; RETURN_ERROR */
    uint8_t problem_kind; /* REJECT */
    uint8_t problem;      /* REJECT */
    int32_t code;         /* LOCAL */
    struct bytes code_global; /* GLOBAL: content octets of the OBJECT IDENTIFIER */
    struct bytes parameter;   /* the whole element, tag included; length 0: none */
};

/* A component that could not be taken: what the REJECT says. */
struct tcap_component_fault {
    bool present;
    bool has_invoke_id;
    int8_t invoke_id;
    uint8_t problem_kind; /* TCAP_PROBLEM_GENERAL */
    uint8_t problem;      /* enum tcap_general_problem */
};

struct tcap_message {
    uint8_t type; /* enum tcap_message_type */
    bool has_p_abort;
    uint8_t p_abort_cause; /* ABORT with has_p_abort; or, when tcap_decode failed, our answer */
    uint8_t component_count;
    bool has_components; /* the component portion is there (it may hold none) */
    struct tcap_transaction_id otid;
    struct tcap_transaction_id dtid;
    struct tcap_component_fault fault;
    struct tcap_dialogue_portion dialogue;
    /* Writing only: components already encoded, without the component portion's tag. They follow
     * those of `components`. */
    struct bytes components_encoded;
    struct tcap_component components[LIMIT_TCAP_COMPONENTS]; /* the first component_count */
};

/*
 * P7_OK, or P7_TRUNCATED / P7_MALFORMED / P7_RANGE / P7_MISSING / P7_UNSUPPORTED (message type)
 * with message->p_abort_cause set. On failure `type`, `otid` and `dtid` are what could be read in
 * front of the fault (a length of 0: could not). A component portion with more than
 * LIMIT_TCAP_COMPONENTS: P7_RANGE and resource limitation.
 */
enum p7_status tcap_decode(struct bytes octets, struct tcap_message *message) P7_MUST_CHECK;

/*
 * P7_OK; P7_FULL; P7_MISSING when a transaction id that the type needs is absent; P7_RANGE for an
 * id of more than 4 octets; P7_UNSUPPORTED for an unknown type of message, dialogue PDU or
 * component. `fault` is not written: the caller makes a REJECT component of it.
 */
enum p7_status tcap_write_message(struct bytes_writer *writer,
                                  const struct tcap_message *message) P7_MUST_CHECK;

/*
 * The same without a struct tcap_message. `components_first`, `components` and
 * `components_encoded` in this order make up the component portion, which is left out when all are
 * empty; `dialogue` may be NULL.
 */
struct tcap_parts {
    uint8_t type;
    bool has_p_abort;
    bool empty_component_portion; /* write the portion although there is no component */
    uint8_t p_abort_cause;
    struct tcap_transaction_id otid;
    struct tcap_transaction_id dtid;
    const struct tcap_dialogue_portion *dialogue;
    struct bytes components_first; /* encoded too; in front of all others (a REJECT that is owed) */
    const struct tcap_component *components;
    size_t component_count;
    struct bytes components_encoded;
};
enum p7_status tcap_write_parts(struct bytes_writer *writer,
                                const struct tcap_parts *parts) P7_MUST_CHECK;

/* One component. P7_FULL, P7_UNSUPPORTED, P7_MISSING (invoke id, operation, error code). */
enum p7_status tcap_write_component(struct bytes_writer *writer,
                                    const struct tcap_component *component) P7_MUST_CHECK;

/*
 * A component whose parameter is written in place:
 *     struct tcap_component_mark mark = tcap_component_open(w, &component); // parameter not read
 *     ... ber_write... (w) ...
 *     tcap_component_close(w, mark);
 * The writer's `failed` tells of every error. Only for a component that tcap_write_component would
 * take (asserted).
 */
struct tcap_component_mark {
    size_t outer;
    size_t inner; /* the SEQUENCE of a return result; 0: none */
};
struct tcap_component_mark tcap_component_open(struct bytes_writer *writer,
                                               const struct tcap_component *component);
void tcap_component_close(struct bytes_writer *writer, struct tcap_component_mark mark);

/* An INVOKE with a local operation code: the usual argument of tcap_component_open. */
static inline struct tcap_component tcap_invoke(int8_t invoke_id, int32_t operation)
{
    return (struct tcap_component){.type = TCAP_INVOKE,
                                   .has_invoke_id = true,
                                   .invoke_id = invoke_id,
                                   .code_kind = TCAP_CODE_LOCAL,
                                   .code = operation};
}

/* A RETURN ERROR with a local error code. */
static inline struct tcap_component tcap_return_error(int8_t invoke_id, int32_t error)
{
    struct tcap_component c = tcap_invoke(invoke_id, error);
    c.type = TCAP_RETURN_ERROR;
    return c;
}

/* An AARQ (BEGIN) or an accepting AARE (first CONTINUE or END back) for an application context. */
struct tcap_dialogue_portion tcap_aarq(struct bytes application_context);
struct tcap_dialogue_portion tcap_aare_accepted(struct bytes application_context);
/* AARE: reject-permanent, "application context name not supported", for a U-ABORT. */
struct tcap_dialogue_portion tcap_aare_ac_not_supported(struct bytes application_context);
/* ABRT by the user. */
struct tcap_dialogue_portion tcap_abrt_user(void);
/* What an ABORT carries for the causes "abnormal dialogue" and "no common dialogue portion". */
struct tcap_dialogue_portion tcap_abrt_provider(void);
struct tcap_dialogue_portion tcap_aare_no_common_dialogue_portion(struct bytes application_context);

#endif
