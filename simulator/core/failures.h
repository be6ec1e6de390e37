/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * failures - why requests ended in an error, in the peer's words: a request's cause as text, and
 * how often each cause came. Pure; a fixed table.
 */
#ifndef SIMULATOR_CORE_FAILURES_H
#define SIMULATOR_CORE_FAILURES_H

#include <stddef.h>
#include <stdint.h>

#include "sigtran/codec/tcap.h"
#include "simulator/core/request.h"

/* Kinds of causes that are told apart; what does not fit is counted as one. */
#define FAILURES_MAX         64
#define FAILURES_TEXT_OCTETS 96

struct failure_cause {
    uint8_t failure; /* enum request_failure */
    uint8_t code;
};

struct failures {
    uint32_t count; /* of entries */
    struct {
        struct failure_cause cause;
        uint64_t requests;
    } entry[FAILURES_MAX];
    uint64_t others; /* requests whose cause found no room */
};

/* Why a component is no answer: RETURN_ERROR or REJECT. */
struct failure_cause failure_of_component(const struct tcap_component *component);
/* Why a U-ABORT says that it came (Q.773-4.2.3): its dialogue portion. */
struct failure_cause failure_of_u_abort(const struct tcap_message *message);

/* "" for REQUEST_FAILURE_NONE; else words without a comma or a quote, cut to fit. */
void failure_text(struct failure_cause cause, char *text, size_t text_octets);

/* An erroneous request. */
void failures_count(struct failures *failures, struct failure_cause cause);

#endif
