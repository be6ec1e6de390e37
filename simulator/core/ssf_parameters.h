/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * ssf_parameters - what a call model's initialDP (or initialDPSMS) says otherwise than the
 * simulated network's own: parameters with a fixed value, with a value made of the subscriber's
 * columns, or left out.
 *
 * A column of the subscribers' list that has the name of a parameter is the parameter's value, in
 * every model whose argument and phase have it; where its cell is empty the parameter is as it
 * would be without. A model's own rows come before columns.
 *
 * Order: ssf_parameters_compile, once a model; ssf_parameters_verify; ssf_parameters_apply for each
 * request. What a request says depends on its subscriber alone.
 */
#ifndef SIMULATOR_CORE_SSF_PARAMETERS_H
#define SIMULATOR_CORE_SSF_PARAMETERS_H

#include "sigtran/codec/cap.h"
#include "sigtran/codec/cap_parameter.h"
#include "simulator/core/subscribers.h"

#define SSF_PARAMETERS_MAX     48u
#define SSF_TEMPLATE_OCTETS    128u
#define SSF_PARAMETERS_PROBLEM 256u

/* As a configuration says it. `value` may hold ${column}; msisdn and imsi are columns always. */
struct ssf_parameter_row {
    const char *name;
    const char *value; /* NULL: left out */
};

enum ssf_parameter_source { SSF_OMITTED, SSF_FIXED, SSF_CELL, SSF_TEMPLATE };

struct ssf_parameter {
    const struct cap_parameter *parameter;
    enum ssf_parameter_source source;
    uint32_t column;                  /* CELL */
    struct cap_parameter_value value; /* FIXED */
    char text[SSF_TEMPLATE_OCTETS];   /* TEMPLATE */
};

struct ssf_parameters {
    enum cap_parameter_argument argument;
    uint32_t count;
    struct ssf_parameter entry[SSF_PARAMETERS_MAX];
};

/* Values of one request: what the argument borrows until it is encoded. */
struct ssf_parameter_values {
    struct cap_parameter_value value[SSF_PARAMETERS_MAX];
};

/* P7_NOT_FOUND (parameter or column), P7_MALFORMED, P7_RANGE (value), P7_UNSUPPORTED (not of this
 * argument or phase), P7_FULL; `problem` is a sentence with the way out then. */
enum p7_status ssf_parameters_compile(struct ssf_parameters *parameters,
                                      enum cap_parameter_argument argument, enum cap_phase phase,
                                      const struct ssf_parameter_row *rows, uint32_t row_count,
                                      const struct subscribers *subscribers,
                                      char problem[SSF_PARAMETERS_PROBLEM]) P7_MUST_CHECK;

/* Reads the value of every subscriber once: `problem` names line and column of the first that is
 * none. Errors as cap_parameter_read. */
enum p7_status ssf_parameters_verify(const struct ssf_parameters *parameters,
                                     const struct subscribers *subscribers,
                                     char problem[SSF_PARAMETERS_PROBLEM]) P7_MUST_CHECK;

/* `argument`: struct cap_initial_dp or cap_initial_dp_sms, filled with what the network says. */
void ssf_parameters_apply(const struct ssf_parameters *parameters,
                          const struct subscribers *subscribers, uint32_t subscriber,
                          struct ssf_parameter_values *values, void *argument);

#endif
