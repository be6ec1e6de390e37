/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * worker_setup - from settings (names, milliseconds) to the parts of a worker (indices,
 * nanoseconds).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/language/language.h"
#include "config/node_config.h"
#include "simulator/worker_internal.h"

#define NS_PER_MS   1000000LL
#define REPORTS_MAX 1024

static void fill_models(const struct simulator_settings *from, struct traffic_settings *to)
{
    static const enum traffic_model_kind kinds[] = {
        [CALL_MODEL_ONESHOT] = TRAFFIC_MODEL_ONESHOT,
        [CALL_MODEL_CALL] = TRAFFIC_MODEL_CALL,
        [CALL_MODEL_EVENT] = TRAFFIC_MODEL_EVENT,
    };
    static const enum traffic_outcome outcomes[] = {
        [CALL_OUTCOME_ANSWERED] = TRAFFIC_ANSWERED,
        [CALL_OUTCOME_ABANDON] = TRAFFIC_ABANDONED,
        [CALL_OUTCOME_BUSY] = TRAFFIC_BUSY,
        [CALL_OUTCOME_NO_ANSWER] = TRAFFIC_NO_ANSWER,
        [CALL_OUTCOME_ROUTE_FAILURE] = TRAFFIC_ROUTE_FAILURE,
    };
    to->model_count = from->model_count;
    for (uint32_t m = 0; m < from->model_count; m++)
        to->model[m] = (struct traffic_model){
            .kind = kinds[from->model[m].kind],
            .cap_version = from->model[m].cap_version,
            .service_key = from->model[m].service_key,
            .answer_delay_ms = from->model[m].answer_delay_ms,
            .duration_ms = from->model[m].duration_ms,
            .duration_exponential = from->model[m].duration_exponential,
            .called_disconnects_percent = from->model[m].called_disconnects_percent,
            .mobile_terminated = from->model[m].mobile_terminated,
            .prearranged_end = from->model[m].prearranged_end,
        };
    for (uint32_t m = 0; m < from->model_count; m++)
        for (unsigned o = 0; o < CALL_OUTCOME_COUNT; o++)
            to->model[m].outcome_weight[outcomes[o]] = from->model[m].outcome_weight[o];
}

static uint16_t index_of(const char *name, const char *first, size_t stride, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        if (strcmp(first + i * stride, name) == 0)
            return (uint16_t)i;
    return UINT16_MAX; /* traffic_create refuses it; settings_check has seen to it before */
}

static void fill_flows(const struct simulator_settings *from, struct traffic_settings *to)
{
    to->flow_count = from->flow_count;
    for (uint32_t f = 0; f < from->flow_count; f++) {
        const struct flow_settings *flow = &from->flow[f];
        to->flow[f] = (struct traffic_flow){
            .target = index_of(flow->target, from->target[0].name, sizeof(from->target[0]),
                               from->target_count),
            .rate_per_s = flow->rate_per_s,
            .poisson = flow->arrival == FLOW_ARRIVAL_POISSON,
            .mix_count = flow->mix_count,
        };
        for (uint32_t m = 0; m < flow->mix_count; m++) {
            to->flow[f].mix[m].model = index_of(flow->mix[m].model, from->model[0].name,
                                                sizeof(from->model[0]), from->model_count);
            to->flow[f].mix[m].weight = flow->mix[m].weight;
        }
    }
}

static enum p7_status create_traffic(struct worker *worker, const struct worker_config *config)
{
    const struct simulator_settings *s = &config->settings->simulator;
    struct traffic_settings traffic = {
        .seed = s->seed,
        .duration_ns = s->duration_ms == 0 ? TIMER_NEVER_NS : (int64_t)s->duration_ms * NS_PER_MS,
        .warmup_ns = (int64_t)s->warmup_ms * NS_PER_MS,
        .timeout_ns = (int64_t)s->timeout_ms * NS_PER_MS,
        .retransmit_after_ns = (int64_t)s->retransmit_after_ms * NS_PER_MS,
        .attempts = s->attempts,
        .calls_max = s->dialogues_max,
        .subscriber_count = config->subscribers->count,
    };
    const struct traffic_sink sink = worker_traffic_sink(worker);
    fill_models(s, &traffic);
    fill_flows(s, &traffic);
    for (uint32_t f = 0; f < traffic.flow_count; f++)
        worker->rate_base_per_s += traffic.flow[f].rate_per_s;
    worker->rate_wanted_per_s = worker->rate_base_per_s;
    return traffic_create(&worker->traffic, &traffic, &sink);
}

void worker_set_outage_rates(struct worker *worker, double factor)
{
    const struct traffic_settings *s = &worker->traffic.settings;
    for (uint32_t lane = 0; lane <= worker->settings->simulator.target_count; lane++) {
        double rate_per_s = 0;
        bool random = false;
        for (uint32_t f = 0; f < s->flow_count; f++) {
            if (lane != OUTAGE_LANE_ALL && s->flow[f].target + 1u != lane)
                continue;
            rate_per_s += s->flow[f].rate_per_s;
            random = random || s->flow[f].poisson || s->flow_count > 1;
            /* A call's follow-up requests come at random instants beside the constant starts. */
            for (uint32_t m = 0; m < s->flow[f].mix_count; m++)
                random = random || s->model[s->flow[f].mix[m].model].kind == TRAFFIC_MODEL_CALL;
        }
        if (rate_per_s * factor > 0)
            outage_set_rate(&worker->measure.outage, lane, (int64_t)(1e9 / (rate_per_s * factor)),
                            random);
    }
}

static enum p7_status create_measure(struct worker *worker)
{
    const struct simulator_settings *s = &worker->settings->simulator;
    const struct measure_config measure = {
        .flow_count = (uint16_t)s->flow_count,
        .target_count = (uint16_t)s->target_count,
        .warmup_ns = (int64_t)s->warmup_ms * NS_PER_MS,
    };
    const int64_t length_ns = (int64_t)s->interval_ms * NS_PER_MS;
    for (unsigned i = 0; i < WORKER_INTERVAL_SETS; i++) {
        const enum p7_status status = interval_create(&worker->set[i], 0, length_ns);
        if (status != P7_OK)
            return status;
        if (i > 0)
            worker->free_set[worker->free_set_count++] = &worker->set[i];
    }
    const enum p7_status status = measure_create(&worker->measure, &measure, &worker->set[0]);
    if (status == P7_OK)
        worker_set_outage_rates(worker, 1);
    return status;
}

/* The way by one AS of the target. */
static enum p7_status make_route(const struct worker *worker, const struct target_settings *target,
                                 uint32_t way, struct node_route *route)
{
    enum p7_status status = node_route_to_as(worker->node, target->as[way], route);
    if (status == P7_OK)
        status = settings_party(worker->settings, &target->called, &route->called);
    /* The AS's routing key is the traffic that we take; where ours goes the target says. */
    if (target->called.point_code != 0)
        route->dpc = target->called.point_code;
    return status;
}

/* The one way of a target whose called title the table leads elsewhere with. */
static enum p7_status make_route_by_title(const struct worker *worker,
                                          const struct target_settings *target,
                                          struct node_route *route)
{
    struct sccp_party called;
    const enum p7_status status = settings_party(worker->settings, &target->called, &called);
    return status == P7_OK ? node_route_by_title(worker->node, &called, route) : status;
}

enum p7_status worker_create_routes(struct worker *worker)
{
    static const enum ways_policy policies[] = {
        [TARGET_POLICY_ACTIVE] = WAYS_ACTIVE,
        [TARGET_POLICY_ROUND_ROBIN] = WAYS_ROUND_ROBIN,
        [TARGET_POLICY_BOTH] = WAYS_BOTH,
    };
    const struct simulator_settings *s = &worker->settings->simulator;
    const struct sccp_translation *translation = &node_sccp(worker->node)->translation;
    for (uint32_t t = 0; t < s->target_count; t++) {
        const struct target_settings *target = &s->target[t];
        const bool by_title =
            settings_title_rule(worker->settings, translation, &target->called) != NULL;
        const uint32_t ways = by_title ? 1 : target->as_count;
        for (uint32_t i = 0; i < ways; i++) {
            struct node_route *route = &worker->route[t][i];
            enum p7_status status = by_title ? make_route_by_title(worker, target, route)
                                             : make_route(worker, target, i, route);
            if (status == P7_OK)
                status = settings_party(worker->settings, &target->calling, &route->calling);
            if (status != P7_OK)
                return status;
        }
        worker->route_count[t] = ways;
        ways_init(&worker->ways[t], policies[target->policy], ways);
    }
    return P7_OK;
}

/* An AS that leads to the target of `group`, and the group that it was in before. */
static void join(struct node_setup *node, struct node_as *as, uint8_t group)
{
    const uint8_t joined = as->group;
    as->group = group;
    for (uint32_t a = 0; joined != 0 && a < node->config.as_count; a++)
        if (node->as[a].group == joined)
            node->as[a].group = group;
}

/* The ASs of a target answer for each other, and for no other target. An AS that leads to several
 * targets makes one group of them. */
static void set_groups(const struct settings *settings, struct node_setup *node)
{
    const struct simulator_settings *s = &settings->simulator;
    for (uint32_t t = 0; t < s->target_count; t++) {
        const struct target_settings *target = &s->target[t];
        const uint8_t group = (uint8_t)(t + 1);
        const struct sccp_translation_rule *rule =
            settings_title_rule(settings, &node->translation, &target->called);
        for (uint32_t r = 0; rule != NULL && r < rule->route_count; r++)
            join(node, &node->as[rule->route[r].as], group);
        for (uint32_t i = 0; rule == NULL && i < target->as_count; i++)
            for (uint32_t a = 0; a < node->config.as_count; a++)
                if (strcmp(node->as[a].name, target->as[i]) == 0)
                    join(node, &node->as[a], group);
    }
}

static bool goes_to_both(const struct simulator_settings *s)
{
    for (uint32_t t = 0; t < s->target_count; t++)
        if (s->target[t].policy == TARGET_POLICY_BOTH && s->target[t].as_count > 1)
            return true;
    return false;
}

/* Second dialogues stay open beside their calls, and behind them while their rows wait. */
static uint32_t dialogues_of(const struct simulator_settings *s)
{
    const uint64_t wanted =
        goes_to_both(s) ? 2 * (uint64_t)s->dialogues_max + ECHOES_MAX : s->dialogues_max;
    return wanted < LIMIT_DIALOGUES ? (uint32_t)wanted : LIMIT_DIALOGUES;
}

static enum p7_status create_echoes(struct worker *worker)
{
    const struct simulator_settings *s = &worker->settings->simulator;
    if (!goes_to_both(s) && (s->attempts < 2 || s->retransmit_after_ms == 0))
        return P7_OK;
    return echoes_create(&worker->echoes, ECHOES_MAX);
}

enum p7_status worker_node_setup_make(const struct worker_config *config, struct node_setup *node)
{
    const uint8_t ssn = config->settings->simulator.target[0].calling.ssn;
    const enum p7_status status = node_setup_make(config->settings, ssn, node);
    if (status != P7_OK)
        return status;
    node->config.dialogues_max = dialogues_of(&config->settings->simulator);
    node->config.user_octets = sizeof(struct worker_dialogue);
    set_groups(config->settings, node);
    node->config.generation = (uint16_t)config->run_tag;
    node->config.no_queue = true; /* a request that waits in AS-PENDING has not been sent */
    node->config.capture.path = config->capture_path;
    return P7_OK;
}

static enum p7_status create_plane(struct worker *worker, const struct worker_config *config,
                                   char *verdict, size_t verdict_octets)
{
    const struct data_plane_hooks hooks = worker_hooks(worker);
    struct node_setup node;
    enum p7_status status = worker_node_setup_make(config, &node);
    if (status != P7_OK)
        return status;
    status = data_plane_create(&node.config, &hooks, &worker->plane, verdict, verdict_octets);
    node_setup_free(&node);
    if (status == P7_OK)
        worker->node = data_plane_node(worker->plane);
    return status;
}

static enum p7_status create_parameters(struct worker *worker, const struct worker_config *config,
                                        char *verdict, size_t verdict_octets)
{
    const struct simulator_settings *s = &config->settings->simulator;
    char problem[SSF_PARAMETERS_PROBLEM] = "";
    enum p7_status status = P7_OK;
    worker->parameters = calloc(s->model_count + 1u, sizeof(*worker->parameters));
    if (worker->parameters == NULL)
        return P7_NO_MEMORY;
    for (uint32_t m = 0; m < s->model_count && status == P7_OK; m++) {
        const struct call_model_settings *model = &s->model[m];
        const bool is_event = model->kind == CALL_MODEL_EVENT;
        struct ssf_parameter_row rows[SETTINGS_PARAMETERS_MAX];
        for (uint32_t i = 0; i < model->parameter_count; i++)
            rows[i] = (struct ssf_parameter_row){
                .name = model->parameter[i].name,
                .value = model->parameter[i].omitted ? NULL : model->parameter[i].value};
        status = ssf_parameters_compile(
            &worker->parameters[m],
            is_event ? CAP_PARAMETER_OF_INITIAL_DP_SMS : CAP_PARAMETER_OF_INITIAL_DP,
            is_event || model->cap_version == 3 ? CAP_PHASE_3 : CAP_PHASE_2, rows,
            model->parameter_count, config->subscribers, problem);
        if (status == P7_OK)
            status = ssf_parameters_verify(&worker->parameters[m], config->subscribers, problem);
        if (status != P7_OK)
            (void)snprintf(verdict, verdict_octets, "model %s, %s%s%s", model->name,
                           s->subscriber_csv, s->subscriber_csv[0] != '\0' ? ": " : "", problem);
    }
    return status;
}

enum p7_status worker_create_parts(struct worker *worker, const struct worker_config *config,
                                   char *verdict, size_t verdict_octets)
{
    (void)snprintf(verdict, verdict_octets, "the simulated network can't be built");
    enum p7_status status = create_parameters(worker, config, verdict, verdict_octets);
    if (status != P7_OK)
        return status;
    const struct ssf_config ssf = {
        .called_party = config->settings->simulator.called_party,
        .msc_address = config->settings->simulator.msc_address,
        .run_tag = config->run_tag,
        .start_wall_s = config->start_wall_s,
        .subscribers = config->subscribers,
        .parameters = worker->parameters,
    };
    status = mailbox_create_fd(&worker->reports, REPORTS_MAX, sizeof(struct worker_report));
    if (status == P7_OK)
        status = create_traffic(worker, config);
    if (status == P7_OK)
        status = ssf_init(&worker->ssf, &ssf);
    if (status == P7_OK)
        status = create_measure(worker);
    if (status == P7_OK)
        status = create_echoes(worker);
    if (status == P7_OK)
        status = create_plane(worker, config, verdict, verdict_octets);
    if (status == P7_OK)
        status = worker_create_routes(worker);
    return status;
}
