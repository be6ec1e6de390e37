/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The settings of a run as member "settings" of run.json, in the words of config/settings.h. */
#include <stdio.h>

#include "config/settings.h"
#include "simulator/record/json_build.h"
#include "simulator/record/json_fields.h"

static void put_point_code(struct json_build *build, json_t *object,
                           const struct point_code_format *format, uint32_t point_code)
{
    char text[POINT_CODE_TEXT_OCTETS];
    json_put_text(build, object, "point_code", point_code_text(format, point_code, text));
}

static void put_addresses(struct json_build *build, json_t *object, const char *name,
                          const char (*ip)[TRANSPORT_IP_TEXT_OCTETS], uint32_t count)
{
    json_t *list = json_put_array(build, object, name);
    for (uint32_t i = 0; i < count && i < LIMIT_ADDRESSES; i++)
        json_append_text(build, list, ip[i]);
}

static const char *role_name(enum asp_role role)
{
    return role == ASP_ROLE_ASP ? "asp" : role == ASP_ROLE_SG ? "sg" : "ipsp";
}

static void put_asp(struct json_build *build, json_t *list, const struct asp_settings *asp)
{
    json_t *a = json_append_object(build, list);
    json_put_text(build, a, "name", asp->name);
    json_put_text(build, a, "role", role_name(asp->role));
    if (asp->role == ASP_ROLE_IPSP)
        json_put_text(build, a, "exchange",
                      asp->exchange == IPSP_EXCHANGE_DOUBLE ? "double" : "single");
    json_put_text(build, a, "sctp_role", asp->sctp_client ? "client" : "server");
    json_put_text(build, a, "sctp_profile", asp->profile);
    json_put_u64(build, a, "local_port", asp->endpoint.local_port);
    json_put_u64(build, a, "remote_port", asp->endpoint.remote_port);
    put_addresses(build, a, "local_ip", asp->endpoint.local_ip, asp->endpoint.local_ip_count);
    put_addresses(build, a, "remote_ip", asp->endpoint.remote_ip, asp->endpoint.remote_ip_count);
    json_put_u64(build, a, "udp_remote_port", asp->endpoint.udp_remote_port);
    if (asp->has_asp_identifier)
        json_put_u64(build, a, "asp_identifier", asp->asp_identifier);
    json_put_u64(build, a, "t_ack_ms", asp->t_ack_ms);
    json_put_u64(build, a, "t_beat_ms", asp->t_beat_ms);
}

static void put_as(struct json_build *build, json_t *list, const struct point_code_format *format,
                   const struct as_settings *as)
{
    static const char *const modes[] = {"", "override", "loadshare", "broadcast"};
    const unsigned mode = as->traffic_mode;
    json_t *a = json_append_object(build, list);
    json_put_text(build, a, "name", as->name);
    if (as->has_routing_context)
        json_put_u64(build, a, "routing_context", as->routing_context);
    put_point_code(build, a, format, as->point_code);
    json_put_text(build, a, "traffic_mode", mode < 4 ? modes[mode] : "");
    json_put_u64(build, a, "recovery_timeout_ms", as->recovery_timeout_ms);
    json_put_u64(build, a, "active_minimum", as->active_minimum);
    json_put_text(build, a, "asp_activation",
                  as->activation == ASP_ACTIVATION_ACTIVE_NODE ? "active-node" : "always");
    json_t *asps = json_put_array(build, a, "asp");
    for (uint32_t i = 0; i < as->asp_count && i < LIMIT_ASP_PER_AS; i++)
        json_append_text(build, asps, as->asp[i]);
}

static void put_sccp_address(struct json_build *build, json_t *object, const char *name,
                             const struct point_code_format *format,
                             const struct sccp_address_settings *address)
{
    json_t *a = json_put_object(build, object, name);
    if (address->point_code != 0)
        put_point_code(build, a, format, address->point_code);
    json_put_u64(build, a, "ssn", address->ssn);
    if (address->global_title[0] != '\0')
        json_put_text(build, a, "global_title", address->global_title);
}

static void put_target(struct json_build *build, json_t *list,
                       const struct point_code_format *format, const struct target_settings *target)
{
    static const char *const policies[] = {"active", "round-robin", "both"};
    const unsigned policy = target->policy;
    json_t *t = json_append_object(build, list);
    json_put_text(build, t, "name", target->name);
    json_t *ass = json_put_array(build, t, "as");
    for (uint32_t i = 0; i < target->as_count && i < LIMIT_ASP_PER_AS; i++)
        json_append_text(build, ass, target->as[i]);
    json_put_text(build, t, "policy", policy < 3 ? policies[policy] : "");
    put_sccp_address(build, t, "called", format, &target->called);
    put_sccp_address(build, t, "calling", format, &target->calling);
}

static void put_model(struct json_build *build, json_t *list,
                      const struct call_model_settings *model)
{
    static const char *const kinds[] = {"oneshot", "call", "event"};
    static const char *const outcomes[CALL_OUTCOME_COUNT] = {"answered", "abandon", "busy",
                                                             "no-answer", "route-failure"};
    const unsigned kind = model->kind;
    json_t *m = json_append_object(build, list);
    json_put_text(build, m, "name", model->name);
    json_put_text(build, m, "kind", kind < 3 ? kinds[kind] : "");
    json_put_u64(build, m, "cap_version", model->cap_version);
    json_put_u64(build, m, "service_key", model->service_key);
    json_put_u64(build, m, "answer_delay_ms", model->answer_delay_ms);
    json_put_u64(build, m, "duration_ms", model->duration_ms);
    json_put_bool(build, m, "duration_exponential", model->duration_exponential);
    json_t *weights = json_put_object(build, m, "outcome_weights");
    for (unsigned o = 0; o < CALL_OUTCOME_COUNT; o++)
        json_put_u64(build, weights, outcomes[o], model->outcome_weight[o]);
    json_put_u64(build, m, "called_disconnects_percent", model->called_disconnects_percent);
    json_put_bool(build, m, "mobile_terminated", model->mobile_terminated);
    json_put_bool(build, m, "prearranged_end", model->prearranged_end);
}

static void put_gtt(struct json_build *build, json_t *list, const struct point_code_format *format,
                    const struct gtt_settings *gtt)
{
    json_t *g = json_append_object(build, list);
    char digits[LIMIT_DIGITS + 2];
    (void)snprintf(digits, sizeof(digits), "%s%s", gtt->digits, gtt->is_prefix ? "*" : "");
    json_put_text(build, g, "name", gtt->name);
    json_put_text(build, g, "digits", digits);
    if (gtt->has_gti)
        json_put_u64(build, g, "gti", gtt->gti);
    if (gtt->has_translation_type)
        json_put_u64(build, g, "translation_type", gtt->translation_type);
    if (gtt->has_numbering_plan)
        json_put_u64(build, g, "numbering_plan", gtt->numbering_plan);
    if (gtt->has_nature_of_address)
        json_put_u64(build, g, "nature_of_address", gtt->nature_of_address);
    json_put_bool(build, g, "local", gtt->is_local);
    if (gtt->has_ssn)
        json_put_u64(build, g, "ssn", gtt->ssn);
    if (gtt->replaces)
        json_put_text(build, g, "replacement", gtt->replacement);
    json_t *routes = json_put_array(build, g, "routes");
    for (uint32_t i = 0; i < gtt->route_count && i < SCCP_TRANSLATION_ROUTES_MAX; i++) {
        json_t *route = json_append_object(build, routes);
        json_put_text(build, route, "as", gtt->route[i].as);
        put_point_code(build, route, format, gtt->route[i].point_code);
        json_put_text(build, route, "on", gtt->route[i].on_gt ? "gt" : "ssn");
    }
}

static void put_sccp(struct json_build *build, json_t *object,
                     const struct point_code_format *format, const struct sccp_settings *sccp)
{
    char pc[POINT_CODE_TEXT_OCTETS];
    json_t *s = json_put_object(build, object, "sccp");
    json_t *gtts = json_put_array(build, s, "gtts");
    for (uint32_t i = 0; i < sccp->gtt_count && i < SETTINGS_GTTS_MAX; i++)
        put_gtt(build, gtts, format, &sccp->gtt[i]);
    json_t *concerned = json_put_array(build, s, "concerned");
    for (uint32_t i = 0; i < sccp->concerned_count && i < SCCP_MANAGER_CONCERNED_MAX; i++)
        json_append_text(build, concerned, point_code_text(format, sccp->concerned[i], pc));
    if (sccp->has_replicate_pc)
        json_put_text(build, s, "replicate", point_code_text(format, sccp->replicate_pc, pc));
    json_put_text(build, s, "remote_subsystem_status",
                  sccp->remote_status == REMOTE_STATUS_IGNORE ? "ignore" : "heed");
    json_put_u64(build, s, "t_stat_info_ms", sccp->t_stat_info_ms);
    json_put_u64(build, s, "t_stat_info_max_ms", sccp->t_stat_info_max_ms);
    json_put_u64(build, s, "t_coord_chg_ms", sccp->t_coord_chg_ms);
    json_put_u64(build, s, "t_ignore_sst_ms", sccp->t_ignore_sst_ms);
}

static void put_flow(struct json_build *build, json_t *list, const struct flow_settings *flow)
{
    json_t *f = json_append_object(build, list);
    json_put_text(build, f, "name", flow->name);
    json_put_text(build, f, "target", flow->target);
    json_put_real(build, f, "rate_per_s", flow->rate_per_s);
    json_put_text(build, f, "arrival",
                  flow->arrival == FLOW_ARRIVAL_POISSON ? "poisson" : "constant");
    json_t *mix = json_put_array(build, f, "mix");
    for (uint32_t i = 0; i < flow->mix_count && i < SETTINGS_MIX_MAX; i++) {
        json_t *m = json_append_object(build, mix);
        json_put_text(build, m, "model", flow->mix[i].model);
        json_put_u64(build, m, "weight", flow->mix[i].weight);
    }
}

static void put_simulator(struct json_build *build, json_t *settings,
                          const struct point_code_format *format,
                          const struct simulator_settings *simulator)
{
    json_t *s = json_put_object(build, settings, "simulator");
    json_put_text(build, s, "name", simulator->name);
    json_put_u64(build, s, "seed", simulator->seed);
    json_put_u64(build, s, "duration_ms", simulator->duration_ms);
    json_put_u64(build, s, "warmup_ms", simulator->warmup_ms);
    json_put_u64(build, s, "interval_ms", simulator->interval_ms);
    json_put_u64(build, s, "timeout_ms", simulator->timeout_ms);
    json_put_u64(build, s, "retransmit_after_ms", simulator->retransmit_after_ms);
    json_put_u64(build, s, "attempts", simulator->attempts);
    json_put_u64(build, s, "dialogues_max", simulator->dialogues_max);
    if (simulator->has_failed_threshold)
        json_put_u64(build, s, "failed_threshold", simulator->failed_threshold);
    json_put_bool(build, s, "realtime", simulator->realtime);
    json_put_bool(build, s, "record_requests", simulator->record_requests);
    json_put_bool(build, s, "journal_durable", simulator->journal_durable);
    json_put_text(build, s, "subscriber_first", simulator->subscriber_first);
    json_put_u64(build, s, "subscriber_count", simulator->subscriber_count);
    json_put_text(build, s, "imsi_first", simulator->imsi_first);
    json_put_text(build, s, "subscriber_csv", simulator->subscriber_csv);
    json_put_text(build, s, "called_party", simulator->called_party);
    json_put_text(build, s, "msc_address", simulator->msc_address);
    json_put_text(build, s, "msc_address", simulator->msc_address);
    json_t *targets = json_put_array(build, s, "targets");
    for (uint32_t i = 0; i < simulator->target_count && i < SETTINGS_TARGETS_MAX; i++)
        put_target(build, targets, format, &simulator->target[i]);
    json_t *models = json_put_array(build, s, "models");
    for (uint32_t i = 0; i < simulator->model_count && i < SETTINGS_MODELS_MAX; i++)
        put_model(build, models, &simulator->model[i]);
    json_t *flows = json_put_array(build, s, "flows");
    for (uint32_t i = 0; i < simulator->flow_count && i < SETTINGS_FLOWS_MAX; i++)
        put_flow(build, flows, &simulator->flow[i]);
}

void json_put_settings(struct json_build *build, json_t *root, const struct settings *settings)
{
    json_t *s = json_put_object(build, root, "settings");
    json_t *transport = json_put_object(build, s, "transport");
    json_put_text(build, transport, "udp_local_ip", settings->transport.udp_local_ip);
    json_put_u64(build, transport, "udp_local_port", settings->transport.udp_local_port);
    json_t *instance = json_put_object(build, s, "instance");
    put_point_code(build, instance, &settings->instance.point_code_format,
                   settings->instance.point_code);
    json_put_text(build, instance, "sccp_variant",
                  settings->instance.sccp_variant == SCCP_ANSI ? "ansi" : "itu");
    json_put_text(build, instance, "sccp_long_messages",
                  settings->instance.long_messages == SCCP_LONG_LUDT ? "ludt" : "xudt");
    json_put_u64(build, instance, "sccp_class", settings->instance.sccp_class);
    json_put_bool(build, instance, "sccp_return_option", settings->instance.sccp_return_option);
    json_put_u64(build, instance, "t_reass_ms", settings->instance.t_reass_ms);
    json_put_u64(build, instance, "network_indicator", settings->instance.network_indicator);
    if (settings->instance.has_network_appearance)
        json_put_u64(build, instance, "network_appearance", settings->instance.network_appearance);
    json_t *profiles = json_put_object(build, s, "sctp_profiles");
    for (uint32_t i = 0; i < settings->profile_count && i < SETTINGS_PROFILES_MAX; i++)
        json_put_fields(build, json_put_object(build, profiles, settings->profile[i].name),
                        &json_profile_fields, &settings->profile[i]);
    json_t *asps = json_put_array(build, s, "asps");
    for (uint32_t i = 0; i < settings->asp_count && i < SETTINGS_ASPS_MAX; i++)
        put_asp(build, asps, &settings->asp[i]);
    json_t *ass = json_put_array(build, s, "ass");
    for (uint32_t i = 0; i < settings->as_count && i < SETTINGS_AS_MAX; i++)
        put_as(build, ass, &settings->instance.point_code_format, &settings->as[i]);
    put_sccp(build, s, &settings->instance.point_code_format, &settings->sccp);
    put_simulator(build, s, &settings->instance.point_code_format, &settings->simulator);
}
