/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * request - what one request is, and the record that it leaves: the row of requests.csv.
 *
 * Times of a record are nanoseconds of CLOCK_MONOTONIC since the run's start instant.
 */
#ifndef SIMULATOR_CORE_REQUEST_H
#define SIMULATOR_CORE_REQUEST_H

#include <stdbool.h>
#include <stdint.h>

/* A row of the statistics each. */
enum request_kind {
    REQUEST_ONESHOT, /* BEGIN initialDP -> END continue */
    REQUEST_INITIAL, /* BEGIN initialDP -> CONTINUE requestReportBCSMEvent applyCharging continue */
    REQUEST_INTERIM, /* CONTINUE applyChargingReport -> CONTINUE applyCharging */
    REQUEST_FINAL,   /* CONTINUE applyChargingReport eventReportBCSM -> END */
    REQUEST_EVENT,   /* BEGIN initialDPSMS -> END or CONTINUE continueSMS */
    REQUEST_KIND_COUNT
};

/* Exactly one for every due request. */
enum request_outcome {
    OUTCOME_OK,
    OUTCOME_ERROR,      /* a negative answer: return error, abort, UDTS, reject; or not sendable */
    OUTCOME_TIMEOUT,    /* no reply within the request timeout */
    OUTCOME_UNANSWERED, /* still open when the run ended */
    OUTCOME_COUNT
};

/* Why an outcome is an error; with a code it has words (failures.h). */
enum request_failure {
    REQUEST_FAILURE_NONE,
    REQUEST_FAILURE_UNSENT,       /* no way was open, or no room */
    REQUEST_FAILURE_NO_DIALOGUE,  /* as many calls as allowed were open */
    REQUEST_FAILURE_MALFORMED,    /* the reply could not be read */
    REQUEST_FAILURE_RETURN_ERROR, /* code: CAP's error, UINT8_MAX: none of CAP */
    REQUEST_FAILURE_REJECT,
    REQUEST_FAILURE_U_ABORT,
    REQUEST_FAILURE_P_ABORT,  /* code: enum tcap_p_abort_cause */
    REQUEST_FAILURE_RETURNED, /* UDTS: SCCP gave it back; code: its return cause */
    REQUEST_FAILURE_RELEASED, /* releaseCall; code: a cause of Q.850 that is no normal event */
};

/* "oneshot", "initial", ...; "ok", "error", ... as they stand in files and tables. */
const char *request_kind_name(enum request_kind kind);
const char *request_outcome_name(enum request_outcome outcome);

#define REQUEST_TIME_NONE INT64_MIN

#define REQUEST_FLAG_NO_CREDIT (1u << 0) /* ok, and the answer was a release for lack of credit */
#define REQUEST_FLAG_LATE      (1u << 1) /* outcome timeout, and an answer came after it */
#define REQUEST_FLAG_WARMUP    (1u << 2) /* due inside of the warm-up: not in steady statistics */
#define REQUEST_FLAG_BLOCKED                                                                       \
    (1u << 3) /* could not go out when due as the peer still owed the                              \
                 dialogue's previous reply or had no association up:                               \
                 its send lag is not the generator's */

#define REQUEST_FLAG_CONTRADICTED                                                                  \
    (1u << 4) /* a further reply said something else than the first                                \
               */

/* What a record in the recorder's ring is: the row of requests.csv, or an entry of journal.csv
 * about something that has just been counted. */
enum request_event {
    REQUEST_EVENT_ROW,
    REQUEST_EVENT_SENT, /* for the first time; `sent_ns` */
    REQUEST_EVENT_OVER, /* it has its outcome; `reply_ns` */
    REQUEST_EVENT_LATE, /* a reply after its timeout; `reply_ns` */
    REQUEST_EVENT_AGAIN /* a further reply, CONTRADICTED or not; `reply_ns` is that one's */
};

#define REQUEST_NODE_NONE UINT8_MAX

/* 56 octets: a million of them wait in the recorder's ring. */
struct request_record {
    uint64_t id;       /* 0, 1, 2, ... in order of being due */
    int64_t due_ns;    /* when the schedule wanted it sent */
    int64_t sent_ns;   /* handed to the transport the first time, or REQUEST_TIME_NONE */
    int64_t reply_ns;  /* its reply was decoded, or REQUEST_TIME_NONE; for LATE the late one */
    uint64_t call;     /* traffic_call.number: what its call reference is made of */
    uint16_t target;   /* index into the settings' targets */
    uint16_t flow;     /* index into the settings' flows */
    uint16_t sequence; /* of the request within its call: 0 opens the dialogue */
    uint8_t kind;      /* enum request_kind */
    uint8_t outcome;   /* enum request_outcome */
    uint8_t attempts;  /* sends, 0 when it could not be sent at all */
    uint8_t flags;     /* REQUEST_FLAG_* */
    uint8_t node;      /* index of the AS over which the reply came, or REQUEST_NODE_NONE */
    uint8_t replies;   /* that came to it, 255: or more */
    uint8_t event;     /* enum request_event */
    uint8_t failure;   /* enum request_failure: of an error, also of a late one */
    uint8_t failure_code;
    uint8_t spare; /* 0: no octet of a record is unknown */
};
_Static_assert(sizeof(struct request_record) == 56, "the ring's size follows from it");

/* Response time of an answered request: from due, so that no stall can hide (reply - due). */
static inline int64_t request_response_ns(const struct request_record *record)
{
    return record->reply_ns - record->due_ns;
}

#endif
