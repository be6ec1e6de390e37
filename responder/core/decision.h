/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * decision - what is answered to one request, small enough to keep: the reply's octets follow from
 * it alone, so a duplicate is answered to the octet from a kept decision and the same encoder.
 *
 * A decision is a plain value: copy it, keep it, compare its fields.
 */
#ifndef RESPONDER_CORE_DECISION_H
#define RESPONDER_CORE_DECISION_H

#include <stdbool.h>
#include <stdint.h>

#include "sigtran/base/bytes.h"
#include "sigtran/base/status.h"
#include "sigtran/codec/cap_operation.h"
#include "sigtran/codec/tcap.h"

/* A row of the statistics each. */
enum service_kind {
    SERVICE_INITIAL, /* BEGIN initialDP -> CONTINUE requestReportBCSMEvent applyCharging continue */
    SERVICE_INTERIM, /* CONTINUE applyChargingReport -> CONTINUE applyCharging */
    SERVICE_FINAL,   /* CONTINUE applyChargingReport and/or eventReportBCSM -> END */
    SERVICE_EVENT,   /* BEGIN initialDPSMS -> END continueSMS */
    SERVICE_ONESHOT, /* BEGIN initialDP -> END continue; no state */
    SERVICE_KIND_COUNT,
    SERVICE_NO_REQUEST = SERVICE_KIND_COUNT, /* asks for nothing: an answer event, an abort */
};

/* "initial", "interim", ...; "none" for SERVICE_NO_REQUEST. */
const char *service_kind_name(enum service_kind kind);

enum service_result {
    SERVICE_SUCC,
    SERVICE_FAIL,      /* a negative answer: return error, reject, abort */
    SERVICE_NO_CREDIT, /* answered as it should be, by a release for lack of credit */
};

/* TC primitive of the reply. */
enum decision_primitive {
    DECISION_NOTHING, /* nothing is sent: what came asks for no reply */
    DECISION_CONTINUE,
    DECISION_END,
    DECISION_ABORT, /* U-ABORT; the dialogue portion says why */
};

/* Dialogue portion of the reply. */
enum decision_dialogue {
    DECISION_DIALOGUE_NONE,
    DECISION_DIALOGUE_ACCEPTED, /* AARE accepted, application context as in the AARQ */
    DECISION_DIALOGUE_REFUSED,  /* AARE reject-permanent, application context not supported */
    DECISION_DIALOGUE_ABORTED,  /* ABRT by the user */
};

/* Components of the reply. */
enum decision_body {
    DECISION_EMPTY,         /* none of ours (the TCAP layer may owe a REJECT) */
    DECISION_CALL_START,    /* requestReportBCSMEvent, what flags add, applyCharging, continue */
    DECISION_GRANT,         /* applyCharging */
    DECISION_CALL_CONTINUE, /* continue */
    DECISION_CALL_RELEASE,  /* releaseCall with `code` as Q.850 cause */
    DECISION_SMS_CONTINUE,  /* continueSMS */
    DECISION_SMS_RELEASE,   /* releaseSMS with `code` as RP cause */
    DECISION_RESULT,        /* return result to `answers_invoke_id` (activityTest) */
    DECISION_ERROR,         /* return error `code` to `answers_invoke_id` */
    DECISION_REJECT,        /* reject: `problem_kind` and `code` */
};

#define DECISION_TERMINATING   (1u << 0) /* T-BCSM: arm the terminating side's events */
#define DECISION_LAST_SLICE    (1u << 1) /* no credit beyond it: release if duration exceeded */
#define DECISION_HAS_INVOKE_ID (1u << 2) /* `answers_invoke_id` is known (REJECT) */
#define DECISION_INFORMATION   (1u << 3) /* CALL_START: with callInformationRequest */
#define DECISION_FURNISH       (1u << 4) /* CALL_START: with furnishChargingInformation */
#define DECISION_PREARRANGED   (1u << 5) /* CONTINUE: both sides end the dialogue with it */
#define DECISION_FLAGS                                                                             \
    (DECISION_TERMINATING | DECISION_LAST_SLICE | DECISION_HAS_INVOKE_ID | DECISION_INFORMATION |  \
     DECISION_FURNISH | DECISION_PREARRANGED)

struct decision {
    uint8_t primitive;        /* enum decision_primitive */
    uint8_t dialogue;         /* enum decision_dialogue */
    uint8_t body;             /* enum decision_body */
    uint8_t context;          /* enum cap_application_context; CAP_AC_COUNT: none is served */
    uint8_t kind;             /* enum service_kind */
    uint8_t result;           /* enum service_result */
    uint8_t code;             /* cause, error or problem */
    uint8_t problem_kind;     /* REJECT: tag of the problem, enum tcap_problem_kind */
    int8_t invoke_id;         /* of our first invoke; the next ones count up */
    int8_t answers_invoke_id; /* RESULT, ERROR, REJECT */
    uint8_t flags;            /* DECISION_... */
    uint32_t slice_100ms;     /* CALL_START, GRANT: maxCallPeriodDuration */
};

/* Our invoke ids are 1 to this, and go round: those that the TCAP layer can keep an eye on. */
#define DECISION_INVOKE_ID_MAX 60

/* Largest encoded components of any decision. */
#define DECISION_OCTETS_MAX 256u

/*
 * Writes the components (without the component portion's tag) at the writer.
 * P7_OK; P7_FULL when they don't fit: DECISION_OCTETS_MAX always do.
 */
enum p7_status decision_write_components(struct bytes_writer *writer,
                                         const struct decision *decision) P7_MUST_CHECK;

/* All of its fields, to keep it or to pass it on: DECISION_STORED_OCTETS, big endian. What was
 * loaded may hold any values: look at them before it is used. */
#define DECISION_STORED_OCTETS 15u
void decision_store(struct bytes_writer *writer, const struct decision *decision);
void decision_load(struct bytes_reader *reader, struct decision *decision);

/*
 * The dialogue portion to send along; `pdu` is TCAP_DIALOGUE_NONE where none is. `requested` is the
 * application context of the AARQ: only a refusal looks at it, and the result borrows it then.
 */
struct tcap_dialogue_portion decision_dialogue_portion(const struct decision *decision,
                                                       struct bytes requested);

/* Whether sending it ends the dialogue: END, ABORT, or by prearrangement (Q.774-3.3.3). */
static inline bool decision_ends(const struct decision *decision)
{
    return decision->primitive == DECISION_END || decision->primitive == DECISION_ABORT ||
           (decision->flags & DECISION_PREARRANGED) != 0;
}

/* Invokes that go out with CALL_START. */
uint8_t decision_call_start_invokes(const struct decision *decision);

/* Bit n: our invoke n of this reply may be answered by an error (class 2). For the TCAP layer. */
uint64_t decision_invokes_outstanding(const struct decision *decision);

#endif
