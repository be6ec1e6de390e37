/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * fault - planned misbehaviour: which requests get an error, a late answer or none at all.
 *
 * The plan follows from its weights and its seed: the same sequence of calls gives the same faults.
 */
#ifndef RESPONDER_CORE_FAULT_H
#define RESPONDER_CORE_FAULT_H

#include <stdint.h>

#include "sigtran/base/random.h"
#include "sigtran/base/status.h"

/* Weights are per this many requests. */
#define FAULT_WEIGHT_SCALE 100000u

struct fault_params {
    uint32_t error_weight;
    uint32_t drop_weight;
    uint32_t delay_weight;
    uint32_t delay_ms;
};

enum fault_action { FAULT_NONE, FAULT_ERROR, FAULT_DROP, FAULT_DELAY };

struct fault_plan {
    struct fault_params params;
    struct random_state random;
};

/* P7_RANGE when the weights add up to more than FAULT_WEIGHT_SCALE. */
enum p7_status fault_plan_init(struct fault_plan *plan, const struct fault_params *params,
                               uint64_t seed) P7_MUST_CHECK;

/* For the next request. At most one fault each. */
enum fault_action fault_plan_next(struct fault_plan *plan);

#endif
