/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "responder/core/fault.h"

enum p7_status fault_plan_init(struct fault_plan *plan, const struct fault_params *params,
                               uint64_t seed)
{
    const uint64_t sum =
        (uint64_t)params->error_weight + params->drop_weight + params->delay_weight;
    if (sum > FAULT_WEIGHT_SCALE)
        return P7_RANGE;
    plan->params = *params;
    random_seed(&plan->random, seed);
    return P7_OK;
}

enum fault_action fault_plan_next(struct fault_plan *plan)
{
    const struct fault_params *p = &plan->params;
    const uint32_t sum = p->error_weight + p->drop_weight + p->delay_weight;
    if (sum == 0)
        return FAULT_NONE;
    const uint64_t draw = random_below(&plan->random, FAULT_WEIGHT_SCALE);
    if (draw < p->error_weight)
        return FAULT_ERROR;
    if (draw < (uint64_t)p->error_weight + p->drop_weight)
        return FAULT_DROP;
    return draw < sum ? FAULT_DELAY : FAULT_NONE;
}
