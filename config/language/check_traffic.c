/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/language/check_problems.h"

#define PAGE_OCTETS       4096u
#define FAULT_WEIGHTS     100000u
#define CHARGING_STEP_MS  100u /* TS29.078: maxCallPeriodDuration counts 100 ms */
#define MS_PER_S          1000.0
#define IMSI_DIGITS_MAX   15u /* E.212 */
#define MSC_DIGITS_MAX    15u /* TS29.002: ISDN-AddressString holds an E.164 number */
#define MSISDN_DIGITS_MAX 20u /* ISUP's numbers; E.164 has 15 */

/* `count` numbers from `first` on must all have first's length. */
static bool range_overflows(const char *first, uint32_t count)
{
    const size_t length = strlen(first);
    char digits[LIMIT_DIGITS + 1];
    uint64_t carry = count == 0 ? 0 : count - 1;
    memcpy(digits, first, length + 1);
    for (size_t i = length; i-- > 0 && carry > 0;) {
        carry += (uint64_t)(digits[i] - '0');
        digits[i] = (char)('0' + carry % 10);
        carry /= 10;
    }
    return carry > 0;
}

static void check_range(const char *what, const char *first, uint32_t count, size_t digits_max,
                        struct settings_problems *problems)
{
    if (first[0] == '\0')
        return;
    if (range_overflows(first, count))
        check_say(problems, true,
                  "%s: %" PRIu32 " numbers from %s on need a digit more: start lower, or take "
                  "fewer",
                  what, count, first);
    if (strlen(first) > digits_max)
        check_say(problems, true, "%s: %s is longer than %zu digits: shorten it", what, first,
                  digits_max);
}

static void check_target(const struct settings *settings, const struct target_settings *target,
                         struct settings_problems *problems)
{
    struct sccp_translation translation;
    if (settings_translation(settings, &translation) == P7_OK &&
        settings_title_rule(settings, &translation, &target->called) != NULL) {
        if (target->as_count != 0)
            check_say(problems, false,
                      "target %s: a gtt says where the title %s leads: leave out as", target->name,
                      target->called.global_title);
        return;
    }
    if (target->as_count == 0)
        check_say(problems, true,
                  "target %s: nothing leads there: write as NAME under it, or a gtt for its called "
                  "gt",
                  target->name);
    for (uint32_t i = 0; i < target->as_count; i++)
        if (settings_find_as(settings, target->as[i]) == NULL)
            check_say(problems, true, "target %s: there is no as %s: write one, or name another",
                      target->name, target->as[i]);
    /* Without one the destination is what its as serves: right towards an IPSP, but an ASP's as
     * serves the ASP itself. */
    const struct as_settings *as = settings_find_as(settings, target->as[0]);
    if (target->called.point_code == 0 && as != NULL &&
        as->point_code == settings->instance.point_code)
        check_say(problems, true,
                  "target %s: no destination, its as serves our own point code: write called ssn "
                  "%u pc PC",
                  target->name, target->called.ssn);
}

/* With loads, in the run of the highest. */
static double flow_rate_max(const struct simulator_settings *simulator,
                            const struct flow_settings *flow)
{
    const double total = settings_total_rate(simulator);
    double load_max = 0;
    for (uint32_t i = 0; i < simulator->load_count; i++)
        if (simulator->load_per_s[i] > load_max)
            load_max = simulator->load_per_s[i];
    if (simulator->load_count == 0)
        return flow->rate_per_s;
    return total > 0 ? load_max * flow->rate_per_s / total : load_max / simulator->flow_count;
}

static double answered_share(const struct call_model_settings *model)
{
    double weights = 0;
    for (unsigned o = 0; o < CALL_OUTCOME_COUNT; o++)
        weights += model->outcome_weight[o];
    return weights > 0 ? model->outcome_weight[CALL_OUTCOME_ANSWERED] / weights : 1;
}

/* Little's law: what a flow keeps open on average. */
static double flow_open_dialogues(const struct settings *settings, const struct flow_settings *flow)
{
    double weights = 0;
    double weighted_ms = 0;
    for (uint32_t i = 0; i < flow->mix_count; i++) {
        const struct call_model_settings *model = settings_find_model(settings, flow->mix[i].model);
        if (model == NULL)
            continue;
        weights += flow->mix[i].weight;
        if (model->kind == CALL_MODEL_CALL)
            weighted_ms += flow->mix[i].weight *
                           (model->answer_delay_ms + model->duration_ms * answered_share(model));
    }
    return weights > 0
               ? flow_rate_max(&settings->simulator, flow) * weighted_ms / weights / MS_PER_S
               : 0;
}

static void check_flow(const struct settings *settings, const struct flow_settings *flow,
                       struct settings_problems *problems)
{
    if (flow->target[0] == '\0')
        check_say(problems, true, "flow %s: no target: write target NAME under it", flow->name);
    else if (settings_find_target(settings, flow->target) == NULL)
        check_say(problems, true, "flow %s: there is no target %s: write one, or name another",
                  flow->name, flow->target);
    /* Loads bring the rates along, but a share of nothing beside others stays nothing. */
    if (!(flow->rate_per_s > 0) &&
        (settings->simulator.load_count == 0 || settings_total_rate(&settings->simulator) > 0))
        check_say(problems, true, "flow %s: no rate: write rate R with R above 0, or use --rate",
                  flow->name);
    if (flow->mix_count == 0)
        check_say(problems, true, "flow %s: nothing to send: write mix MODEL WEIGHT under it",
                  flow->name);
    for (uint32_t i = 0; i < flow->mix_count; i++)
        if (settings_find_model(settings, flow->mix[i].model) == NULL)
            check_say(problems, true, "flow %s: there is no model %s: write one, or name another",
                      flow->name, flow->mix[i].model);
}

static void check_times(const struct simulator_settings *simulator,
                        struct settings_problems *problems)
{
    const uint64_t duration_ms = simulator->duration_ms;
    if (simulator->load_count > 0 && duration_ms == 0)
        check_say(
            problems, true,
            "simulator: with loads each run must end: write duration TIME, or use --duration");
    if (simulator->load_count == 0 && simulator->repeats > 1)
        check_say(problems, false,
                  "simulator: repeats %" PRIu32 " does nothing without loads R [R...]",
                  simulator->repeats);
    if (duration_ms != 0 && simulator->warmup_ms >= duration_ms)
        check_say(problems, true,
                  "simulator: the warmup takes the whole duration: shorten it, or run longer");
    if (duration_ms != 0 && simulator->interval_ms > duration_ms)
        check_say(problems, false,
                  "simulator: the interval is longer than the run: there will be one row only");
    if (simulator->retransmit_after_ms != 0 && simulator->attempts < 2)
        check_say(problems, false,
                  "simulator: retransmit-after does nothing with attempts 1: write attempts 2");
    if (simulator->retransmit_after_ms == 0 && simulator->attempts > 1)
        check_say(problems, false,
                  "simulator: attempts %" PRIu32 " do nothing without retransmit-after TIME",
                  simulator->attempts);
    if (simulator->attempts > 1 &&
        (uint64_t)simulator->retransmit_after_ms * (simulator->attempts - 1) >=
            simulator->timeout_ms &&
        simulator->retransmit_after_ms != 0)
        check_say(problems, false,
                  "simulator: the last of %" PRIu32 " attempts comes after the timeout: raise "
                  "timeout, or lower retransmit-after",
                  simulator->attempts);
}

void check_simulator(const struct settings *settings, struct settings_problems *problems)
{
    const struct simulator_settings *simulator = &settings->simulator;
    double open_dialogues = 0;
    check_times(simulator, problems);
    if (simulator->subscriber_csv[0] != '\0') {
        if (access(simulator->subscriber_csv, R_OK) == -1)
            check_say(problems, true, "simulator: can't read subscribers csv %s: check the path",
                      simulator->subscriber_csv);
    } else {
        check_range("simulator: subscribers", simulator->subscriber_first,
                    simulator->subscriber_count, MSISDN_DIGITS_MAX, problems);
        check_range("simulator: imsi", simulator->imsi_first, simulator->subscriber_count,
                    IMSI_DIGITS_MAX, problems);
    }
    check_range("simulator: called", simulator->called_party, 1, MSISDN_DIGITS_MAX, problems);
    check_range("simulator: msc", simulator->msc_address, 1, MSC_DIGITS_MAX, problems);
    if (simulator->flow_count == 0)
        check_say(problems, true, "simulator: no traffic: write flow NAME");
    for (uint32_t i = 0; i < simulator->target_count; i++)
        check_target(settings, &simulator->target[i], problems);
    for (uint32_t i = 0; i < simulator->flow_count; i++) {
        check_flow(settings, &simulator->flow[i], problems);
        open_dialogues += flow_open_dialogues(settings, &simulator->flow[i]);
    }
    if (open_dialogues > simulator->dialogues_max)
        check_say(problems, false,
                  "simulator: the flows keep %.0f dialogues open on average, dialogues allows "
                  "%" PRIu32 ": raise it",
                  open_dialogues, simulator->dialogues_max);
}

void check_responder(const struct settings *settings, struct settings_problems *problems)
{
    const struct responder_settings *responder = &settings->responder;
    const struct workload_settings *workload = &responder->workload;
    const struct fault_settings *fault = &responder->fault;
    check_range("responder: accounts", responder->account_first, responder->account_count,
                MSISDN_DIGITS_MAX, problems);
    if (responder->tariff.slice_ms % CHARGING_STEP_MS != 0)
        check_say(problems, true,
                  "responder: tariff slice %" PRIu32 "ms: applyCharging counts 100 ms; write a "
                  "multiple of it",
                  responder->tariff.slice_ms);
    if (settings->capture_octets != 0 && responder->data[0] == '\0')
        check_say(problems, true, "capture needs a place: write data DIR, or use --data");
    if (workload->octets_written != 0 && responder->data[0] == '\0')
        check_say(problems, true,
                  "responder: workload write needs a place: write data DIR, or use --data");
    if ((uint64_t)workload->pages_dirtied * PAGE_OCTETS > workload->heap_octets)
        check_say(problems, true,
                  "responder: workload dirty %" PRIu32 " needs a heap of that many pages: write "
                  "workload heap OCTETS",
                  workload->pages_dirtied);
    if (fault->error_weight + fault->drop_weight + fault->delay_weight > FAULT_WEIGHTS)
        check_say(problems, true, "responder: the fault weights add up to more than %u: lower them",
                  FAULT_WEIGHTS);
    if (responder->activity_test_ms >= responder->dialogue_timeout_ms)
        check_say(
            problems, false,
            "responder: the dialogue-timeout comes before the activity-test: raise it, or test "
            "earlier");
    if (fault->delay_weight != 0 && fault->delay_ms == 0)
        check_say(problems, true, "responder: fault delay without a time: write its milliseconds");
}
