/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * Every command sets its field; what the writer writes loads to the same settings. The last test
 * makes sure that no row of the grammar was left out above.
 */
#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "config/language/grammar.h"
#include "config/language/language.h"
#include "tests/unit/unit.h"

#define TEXT_OCTETS (1u << 20)
#define USED_OCTETS (1u << 16)

static char used_text[USED_OCTETS];
static struct settings settings_a;
static struct settings settings_b;

/* Loads and says on failure what was wrong. */
static bool loads(const char *text, struct settings *settings)
{
    char error[SETTINGS_ERROR_OCTETS];
    const enum p7_status status =
        settings_load_text("test.cfg", text, settings, error, sizeof(error));
    if (status != P7_OK)
        (void)fprintf(stderr, "%s\n%s\n", text, error);
    return status == P7_OK;
}

static bool round_trips(const struct settings *settings)
{
    char *text = malloc(TEXT_OCTETS);
    bool same = text != NULL && settings_write(settings, text, TEXT_OCTETS, NULL) == P7_OK &&
                loads(text, &settings_b) && memcmp(settings, &settings_b, sizeof(*settings)) == 0;
    free(text);
    return same;
}

/* Remembers a text for the last test. */
static void note_used(const char *text)
{
    const size_t at = strlen(used_text);
    const int n = snprintf(used_text + at, sizeof(used_text) - at, "%s\n", text);
    CU_ASSERT_TRUE_FATAL(n > 0 && (size_t)n < sizeof(used_text) - at);
}

#define PROFILE "sctp-profile fast\n "
#define CS7     "cs7 instance 0\n "
#define ASP     "cs7 instance 0\n asp A 2905 2906 m3ua\n  "
#define AS      "cs7 instance 0\n as B m3ua\n  "
#define GTT     "cs7 instance 0\n gtt G\n  "
#define SIM     "simulator\n "
#define TARGET  "simulator\n target T\n  "
#define MODEL   "simulator\n model M call\n  "
#define FLOW    "simulator\n flow F\n  "
#define RESP    "responder\n "
#define CLUSTER "responder\n cluster 7 node 1\n  "

#define S (&settings_a)
#define SETS(text, expression)                                                                     \
    do {                                                                                           \
        note_used(text);                                                                           \
        CU_ASSERT_TRUE_FATAL(loads(text, S));                                                      \
        CU_ASSERT_TRUE(expression);                                                                \
        CU_ASSERT_TRUE(round_trips(S));                                                            \
    } while (0)
#define IS(field, word) (strcmp((field), (word)) == 0)

static void every_top_command_sets_its_field(void)
{
    SETS("transport auto", S->transport.kind == TRANSPORT_AUTO);
    SETS("transport kernel", S->transport.kind == TRANSPORT_KERNEL);
    SETS("transport kernel-udp", S->transport.kind == TRANSPORT_KERNEL_UDP);
    SETS("transport usrsctp", S->transport.kind == TRANSPORT_USRSCTP);
    SETS("transport usrsctp-ip", S->transport.kind == TRANSPORT_USRSCTP_IP);
    SETS("udp-encapsulation local-port 0", S->transport.udp_local_port == 0);
    SETS("udp-encapsulation local-port 65535", S->transport.udp_local_port == 65535);
    SETS("udp-encapsulation local-ip ::1", IS(S->transport.udp_local_ip, "::1"));
    SETS("console port 4000", S->console_port == 4000 && S->has_console_port);
    SETS("control port 4001", S->control_port == 4001);
    SETS("capture 64M", S->capture_octets == UINT64_C(64) << 20);
    SETS("sctp-profile fast", S->profile_count == 4 && IS(S->profile[3].name, "fast"));
}

static void every_profile_command_sets_its_field(void)
{
    const struct sctp_profile *fast = &S->profile[3];
    SETS(PROFILE "rto initial 321", fast->rto_initial_ms == 321);
    SETS(PROFILE "rto initial 2s", fast->rto_initial_ms == 2000);
    SETS(PROFILE "rto min 60", fast->rto_min_ms == 60);
    SETS(PROFILE "rto max 5000", fast->rto_max_ms == 5000);
    SETS(PROFILE "sack delay 0", fast->sack_delay_ms == 0);
    SETS(PROFILE "sack frequency 1", fast->sack_frequency == 1);
    SETS(PROFILE "heartbeat interval 30s", fast->hb_interval_ms == 30000);
    SETS(PROFILE "path-max-retrans 3", fast->path_max_retrans == 3);
    SETS(PROFILE "association-max-retrans 4", fast->association_max_retrans == 4);
    SETS(PROFILE "init max-attempts 2", fast->init_max_attempts == 2);
    SETS(PROFILE "init timeout-max 700", fast->init_timeout_max_ms == 700);
    SETS(PROFILE "streams outbound 5", fast->streams_out == 5);
    SETS(PROFILE "streams inbound 6", fast->streams_in == 6);
    SETS(PROFILE "no nodelay", !fast->nodelay);
    SETS(PROFILE "no nodelay\n nodelay", fast->nodelay);
    SETS(PROFILE "buffer send 64k", fast->send_buffer_octets == 65536);
    SETS(PROFILE "buffer receive 1G", fast->receive_buffer_octets == 1u << 30);
    SETS("sctp-profile lan\n rto min 77",
         S->profile_count == 3 && settings_find_profile(S, "lan")->rto_min_ms == 77);
}

static void every_cs7_command_sets_its_field(void)
{
    SETS(CS7 "point-code 1.2.3", S->instance.point_code == (1u << 11 | 2u << 3 | 3u));
    SETS(CS7 "point-code 7.255.7", S->instance.point_code == 16383);
    SETS(CS7 "point-code 4711", S->instance.point_code == 4711);
    SETS(CS7 "point-code format 8 8 8\n point-code 5.9.17", S->instance.point_code == 0x050911);
    SETS(CS7 "point-code format 7 7\n point-code 127.1",
         S->instance.point_code == (127u << 7 | 1u));
    SETS(CS7 "point-code format 24\n point-code 70000", S->instance.point_code == 70000);
    SETS(CS7 "point-code delimiter dash\n point-code 1-2-3",
         S->instance.point_code_format.delimiter == '-' && S->instance.point_code == 2067);
    SETS(CS7 "point-code delimiter default", S->instance.point_code_format.delimiter == '.');
    SETS(CS7 "network-indicator international", S->instance.network_indicator == 0);
    SETS(CS7 "network-indicator spare", S->instance.network_indicator == 1);
    SETS(CS7 "network-indicator national", S->instance.network_indicator == 2);
    SETS(CS7 "network-indicator reserved", S->instance.network_indicator == 3);
    SETS(CS7 "sccp-variant ansi", S->instance.sccp_variant == SCCP_ANSI);
    SETS(CS7 "sccp-variant ansi\n sccp-variant itu", S->instance.sccp_variant == SCCP_ITU);
    SETS(CS7 "sccp-long-messages ludt", S->instance.long_messages == SCCP_LONG_LUDT);
    SETS(CS7 "sccp-long-messages xudt", S->instance.long_messages == SCCP_LONG_XUDT);
    SETS(CS7 "sccp-class 0", S->instance.sccp_class == 0);
    SETS(CS7 "sccp-class 0\n sccp-class 1", S->instance.sccp_class == 1);
    SETS(CS7 "no sccp-return-option", !S->instance.sccp_return_option);
    SETS(CS7 "no sccp-return-option\n sccp-return-option", S->instance.sccp_return_option);
    SETS(CS7 "sccp-timer reassembly 15s", S->instance.t_reass_ms == 15000);
    SETS(CS7 "network-appearance 0",
         S->instance.has_network_appearance && S->instance.network_appearance == 0);
    SETS(CS7 "network-appearance 1", S->instance.allocation == ROUTING_KEY_STATIC_ONLY);
    SETS(CS7 "xua rkm routing-key-allocation dynamic-permitted",
         S->instance.allocation == ROUTING_KEY_DYNAMIC_PERMITTED);
    SETS(CS7 "xua rkm routing-key-allocation static-only",
         S->instance.allocation == ROUTING_KEY_STATIC_ONLY);
    SETS(CS7 "xua rkm routing-key-allocation none", S->instance.allocation == ROUTING_KEY_NONE);
}

static void every_asp_command_sets_its_field(void)
{
    const struct asp_settings *a = &S->asp[0];
    /* The open STP's order: remote port first. */
    SETS(CS7 "asp A 2905 2906 m3ua", a->endpoint.remote_port == 2905 &&
                                         a->endpoint.local_port == 2906 && IS(a->name, "A") &&
                                         IS(a->endpoint.name, "A"));
    SETS(ASP "local-ip 10.0.0.1\n  local-ip 10.0.1.1",
         a->endpoint.local_ip_count == 2 && IS(a->endpoint.local_ip[1], "10.0.1.1"));
    SETS(ASP "remote-ip 10.0.0.2\n  remote-ip fd00::2",
         a->endpoint.remote_ip_count == 2 && IS(a->endpoint.remote_ip[1], "fd00::2"));
    SETS(ASP "role sg", a->role == ASP_ROLE_SG);
    SETS(ASP "role ipsp", a->role == ASP_ROLE_IPSP);
    SETS(ASP "role asp", a->role == ASP_ROLE_ASP);
    SETS(ASP "role ipsp\n  exchange double", a->exchange == IPSP_EXCHANGE_DOUBLE);
    SETS(ASP "role ipsp\n  exchange single", a->exchange == IPSP_EXCHANGE_SINGLE);
    SETS(ASP "role ipsp", a->exchange == IPSP_EXCHANGE_SINGLE);
    SETS(ASP "sctp-role server", !a->sctp_client);
    SETS(ASP "sctp-role client", a->sctp_client);
    SETS(ASP "transport-role server", !a->sctp_client);
    SETS(ASP "profile carrier", IS(a->profile, "carrier"));
    SETS(ASP "udp-port 9900", a->endpoint.udp_remote_port == 9900);
    SETS(ASP "asp-identifier 0", a->has_asp_identifier && a->asp_identifier == 0);
    SETS(ASP "timer ack 1500", a->t_ack_ms == 1500);
    SETS(ASP "timer beat 30s", a->t_beat_ms == 30000);
    SETS(ASP "timer audit 5s", a->t_audit_ms == 5000);
    SETS(ASP "timer audit 0", a->t_audit_ms == 0);
}

static void every_as_command_sets_its_field(void)
{
    const struct as_settings *as = &S->as[0];
    SETS(CS7 "as B m3ua", S->as_count == 1 && IS(as->name, "B"));
    SETS(AS "asp A\n  asp C", as->asp_count == 2 && IS(as->asp[1], "C"));
    SETS(AS "routing-key 0 1.1.1", as->has_routing_context && as->routing_context == 0 &&
                                       as->point_code == (1u << 11 | 1u << 3 | 1u));
    SETS(AS "routing-key none 17", !as->has_routing_context && as->point_code == 17);
    SETS(AS "traffic-mode override", as->traffic_mode == AS_MODE_OVERRIDE);
    SETS(AS "traffic-mode override", as->registers == 0);
    SETS(AS "registration dynamic", as->registers == 1);
    SETS(AS "registration static", as->registers == 0);
    SETS(AS "traffic-mode loadshare", as->traffic_mode == AS_MODE_LOADSHARE);
    SETS(AS "traffic-mode broadcast", as->traffic_mode == AS_MODE_BROADCAST);
    SETS(AS "recovery-timeout 500", as->recovery_timeout_ms == 500);
    SETS(AS "active-minimum 2", as->active_minimum == 2);
    SETS(AS "recovery-timeout 500", as->active_minimum == 1);
    SETS(AS "traffic-mode override", as->activation == ASP_ACTIVATION_ALWAYS);
    SETS(AS "asp-activation active-node", as->activation == ASP_ACTIVATION_ACTIVE_NODE);
    SETS(AS "asp-activation always", as->activation == ASP_ACTIVATION_ALWAYS);
}

static void every_gtt_command_sets_its_field(void)
{
    const struct gtt_settings *g = &S->sccp.gtt[0];
    const struct sccp_settings *sccp = &S->sccp;
    SETS(CS7 "gtt G", sccp->gtt_count == 1 && IS(g->name, "G") && IS(g->digits, "") &&
                          g->is_prefix && !g->has_gti && !g->is_local && !g->replaces);
    SETS(GTT "match digits 46701*", IS(g->digits, "46701") && g->is_prefix);
    SETS(GTT "match digits 46701", IS(g->digits, "46701") && !g->is_prefix);
    SETS(GTT "match digits *", IS(g->digits, "") && g->is_prefix);
    SETS(GTT "match gti 2", g->has_gti && g->gti == 2);
    SETS(GTT "match translation-type 0", g->has_translation_type && g->translation_type == 0);
    SETS(GTT "match numbering-plan 7", g->has_numbering_plan && g->numbering_plan == 7);
    SETS(GTT "match nature 4", g->has_nature_of_address && g->nature_of_address == 4);
    SETS(GTT "route local", g->is_local);
    SETS(GTT "route as B pc 1.2.3 on gt\n  route as C pc 7 on ssn",
         g->route_count == 2 && IS(g->route[0].as, "B") && g->route[0].on_gt &&
             g->route[0].point_code == (1u << 11 | 2u << 3 | 3u) && IS(g->route[1].as, "C") &&
             !g->route[1].on_gt && g->route[1].point_code == 7);
    SETS(GTT "ssn 147", g->has_ssn && g->ssn == 147);
    SETS(GTT "replace 00461", g->replaces && IS(g->replacement, "00461"));
    SETS(GTT "replace none", g->replaces && IS(g->replacement, ""));
    SETS(CS7 "concerned 1.1.1\n concerned 1.1.2",
         sccp->concerned_count == 2 && sccp->concerned[1] == (1u << 11 | 1u << 3 | 2u));
    SETS(CS7 "replicate 3", sccp->has_replicate_pc && sccp->replicate_pc == 3);
    SETS(CS7 "remote-subsystem-status ignore", sccp->remote_status == REMOTE_STATUS_IGNORE);
    SETS(CS7 "remote-subsystem-status heed", sccp->remote_status == REMOTE_STATUS_HEED);
    SETS(CS7 "subsystem-test interval 10s", sccp->t_stat_info_ms == 10000);
    SETS(CS7 "subsystem-test interval-max 20s", sccp->t_stat_info_max_ms == 20000);
    SETS(CS7 "timer coord-chg 5s", sccp->t_coord_chg_ms == 5000);
    SETS(CS7 "timer ignore-sst 6s", sccp->t_ignore_sst_ms == 6000);
}

static void every_simulator_command_sets_its_field(void)
{
    const struct simulator_settings *sim = &S->simulator;
    SETS("simulator", IS(sim->name, "simulator"));
    SETS(SIM "name study-1", IS(sim->name, "study-1"));
    SETS(SIM "seed 18446744073709551615", sim->seed == UINT64_MAX);
    SETS(SIM "duration 20m", sim->duration_ms == 1200000);
    SETS(SIM "duration 0", sim->duration_ms == 0);
    SETS(SIM "warmup 1h", sim->warmup_ms == 3600000);
    SETS(SIM "interval 500ms", sim->interval_ms == 500);
    SETS(SIM "timeout 3s", sim->timeout_ms == 3000);
    SETS(SIM "retransmit-after 90s", sim->retransmit_after_ms == 90000);
    SETS(SIM "attempts 3", sim->attempts == 3);
    SETS(SIM "dialogues 4194304", sim->dialogues_max == LIMIT_DIALOGUES);
    SETS(SIM "out runs/my run", IS(sim->out, "runs/my run"));
    SETS(SIM "threshold failed 3", sim->has_failed_threshold && sim->failed_threshold == 3);
    SETS(SIM "no threshold failed", !sim->has_failed_threshold);
    SETS(SIM "realtime", sim->realtime);
    SETS(SIM "realtime\n no realtime", !sim->realtime);
    SETS(SIM "no record requests", !sim->record_requests);
    SETS(SIM "no record requests\n record requests", sim->record_requests);
    SETS(SIM "journal durable", sim->journal_durable);
    SETS(SIM "journal durable\n no journal durable", !sim->journal_durable);
    SETS(SIM "subscribers 49170000 5000",
         IS(sim->subscriber_first, "49170000") && sim->subscriber_count == 5000);
    SETS(SIM "subscribers csv a b.csv", IS(sim->subscriber_csv, "a b.csv"));
    SETS(SIM "imsi 262019999999999", IS(sim->imsi_first, "262019999999999"));
    SETS(SIM "duration 1s", sim->load_count == 0 && sim->repeats == 1 && sim->rest_ms == 2000);
    SETS(SIM "loads 750 2250 0.5",
         sim->load_count == 3 && sim->load_per_s[0] == 750.0 && sim->load_per_s[2] == 0.5);
    SETS(SIM "loads 3\n loads 1 2", sim->load_count == 3 && sim->load_per_s[2] == 2.0);
    SETS(SIM "repeats 5", sim->repeats == 5);
    SETS(SIM "rest 1m", sim->rest_ms == 60000);
    SETS(SIM "msc 4670100", IS(sim->msc_address, "4670100"));
    SETS(SIM "called 4930123", IS(sim->called_party, "4930123"));
}

static void every_target_command_sets_its_field(void)
{
    const struct target_settings *t = &S->simulator.target[0];
    SETS(SIM "target T", IS(t->name, "T") && t->called.ssn == 146 && t->calling.ssn == 146);
    SETS(TARGET "as B\n  as C", t->as_count == 2 && IS(t->as[1], "C"));
    SETS(TARGET "policy active", t->policy == TARGET_POLICY_ACTIVE);
    SETS(TARGET "policy round-robin", t->policy == TARGET_POLICY_ROUND_ROBIN);
    SETS(TARGET "policy both", t->policy == TARGET_POLICY_BOTH);
    SETS(TARGET "called ssn 147", t->called.ssn == 147 && t->called.point_code == 0);
    SETS(TARGET "called ssn 6 gt 4912345 pc 8",
         t->called.ssn == 6 && IS(t->called.global_title, "4912345") && t->called.point_code == 8);
    SETS(TARGET "calling ssn 8 pc 0.1.0", t->calling.ssn == 8 && t->calling.point_code == 8);
    SETS(TARGET "calling ssn 8 gt 99", IS(t->calling.global_title, "99"));
}

static void every_model_command_sets_its_field(void)
{
    const struct call_model_settings *m = &S->simulator.model[0];
    SETS(SIM "model M oneshot", m->kind == CALL_MODEL_ONESHOT && m->cap_version == 2);
    SETS(SIM "model M call", m->kind == CALL_MODEL_CALL && IS(m->name, "M"));
    SETS(SIM "model M event", m->kind == CALL_MODEL_EVENT && m->cap_version == 3);
    SETS(SIM "model M oneshot", m->service_key == 1);
    SETS(SIM "model M call", m->service_key == 100);
    SETS(SIM "model M event", m->service_key == 101);
    SETS(MODEL "cap 3", m->cap_version == 3);
    SETS(MODEL "service-key 7", m->service_key == 7);
    SETS(MODEL "answer-delay 100ms", m->answer_delay_ms == 100);
    SETS(MODEL "duration 90s", m->duration_ms == 90000 && !m->duration_exponential);
    SETS(MODEL "duration 2m exponential", m->duration_ms == 120000 && m->duration_exponential);
    SETS(MODEL "outcome busy 100", m->outcome_weight[CALL_OUTCOME_BUSY] == 100);
    SETS(MODEL "outcome route-failure 7\n  outcome abandon 3",
         m->outcome_weight[CALL_OUTCOME_ROUTE_FAILURE] == 7 &&
             m->outcome_weight[CALL_OUTCOME_ABANDON] == 3);
    SETS(MODEL "outcome no-answer 1\n  outcome answered 9",
         m->outcome_weight[CALL_OUTCOME_NO_ANSWER] == 1 &&
             m->outcome_weight[CALL_OUTCOME_ANSWERED] == 9);
    SETS(MODEL "called-disconnects 40", m->called_disconnects_percent == 40);
    SETS(MODEL "parameter bearerCapability 8090a3\n  no parameter locationNumber",
         m->parameter_count == 2 && IS(m->parameter[0].name, "bearerCapability") &&
             IS(m->parameter[0].value, "8090a3") && m->parameter[1].omitted);
    SETS(MODEL "parameter cellGlobalId 240-01-${lac}-${ci}",
         IS(m->parameter[0].value, "240-01-${lac}-${ci}"));
    SETS(MODEL "prearranged-end", m->prearranged_end);
    SETS(MODEL "prearranged-end\n  no prearranged-end", !m->prearranged_end);
    SETS(MODEL "mobile-terminated", m->mobile_terminated);
    SETS(MODEL "mobile-terminated\n  no mobile-terminated", !m->mobile_terminated);
}

static void every_flow_command_sets_its_field(void)
{
    const struct flow_settings *f = &S->simulator.flow[0];
    SETS(SIM "flow F", IS(f->name, "F"));
    SETS(FLOW "target T", IS(f->target, "T"));
    SETS(FLOW "rate 9450", f->rate_per_s == 9450.0);
    SETS(FLOW "rate 0.1", f->rate_per_s == 0.1);
    SETS(FLOW "arrival poisson", f->arrival == FLOW_ARRIVAL_POISSON);
    SETS(FLOW "arrival constant", f->arrival == FLOW_ARRIVAL_CONSTANT);
    SETS(FLOW "mix M 70\n  mix N 30",
         f->mix_count == 2 && IS(f->mix[1].model, "N") && f->mix[1].weight == 30);
}

static void every_responder_command_sets_its_field(void)
{
    const struct responder_settings *r = &S->responder;
    SETS("responder", r->ssn == 146);
    SETS(RESP "name node-1", IS(r->name, "node-1"));
    SETS(RESP "ssn 147", r->ssn == 147);
    SETS(RESP "data /var/lib/pulse7", IS(r->data, "/var/lib/pulse7"));
    SETS(RESP "interval 1s", r->interval_ms == 1000);
    SETS(RESP "dialogues 10", r->dialogues_max == 10);
    SETS(RESP "dialogue-timeout 5m", r->dialogue_timeout_ms == 300000);
    SETS(RESP "activity-test 1m", r->activity_test_ms == 60000);
    SETS(RESP "activity-timeout 2s", r->activity_timeout_ms == 2000);
    SETS(RESP "duplicates 99", r->duplicates_max == 99);
    SETS("responder", r->oneshot_service_key == 1);
    SETS(RESP "oneshot service-key 5", r->oneshot_service_key == 5);
    SETS(RESP "oneshot prearranged-end", r->oneshot_prearranged);
    SETS(RESP "oneshot prearranged-end\n no oneshot prearranged-end", !r->oneshot_prearranged);
    SETS(RESP "call-information", r->asks_information);
    SETS(RESP "call-information\n no call-information", !r->asks_information);
    SETS(RESP "furnish-charging", r->furnishes);
    SETS(RESP "furnish-charging\n no furnish-charging", !r->furnishes);
    SETS(RESP "call-end continue", r->call_end == CALL_END_CONTINUE);
    SETS(RESP "accounts 4670 12 balance 345",
         IS(r->account_first, "4670") && r->account_count == 12 && r->account_balance == 345);
    SETS(RESP "tariff per-call 3", r->tariff.price_per_call == 3);
    SETS(RESP "tariff per-second 4", r->tariff.price_per_second == 4);
    SETS(RESP "tariff per-event 5", r->tariff.price_per_event == 5);
    SETS(RESP "tariff slice 10s", r->tariff.slice_ms == 10000);
    SETS(RESP "workload cpu 250", r->workload.cpu_us == 250);
    SETS(RESP "workload write 4k", r->workload.octets_written == 4096);
    SETS(RESP "workload dirty 8", r->workload.pages_dirtied == 8);
    SETS(RESP "workload heap 14G", r->workload.heap_octets == UINT64_C(14) << 30);
    SETS(RESP "workload workers 6", r->workload.workers == 6);
    SETS(RESP "fault error 100", r->fault.error_weight == 100);
    SETS(RESP "fault drop 200", r->fault.drop_weight == 200);
    SETS(RESP "fault delay 300 50", r->fault.delay_weight == 300 && r->fault.delay_ms == 50);
}

static void every_ledger_command_sets_its_field(void)
{
    const struct ledger_settings *l = &S->responder.ledger;
    SETS("responder", !l->on && l->segment_octets == 64u << 20 && l->sync_delay_ms == 0 &&
                          l->cdr_octets == 16u << 20 && l->cdr_age_ms == 60000);
    SETS(RESP "ledger", l->on);
    SETS(RESP "ledger segment 1M", l->segment_octets == 1u << 20 && !l->on);
    SETS(RESP "ledger sync-delay 5", l->sync_delay_ms == 5);
    SETS(RESP "cdr size 50k", l->cdr_octets == 50u << 10);
    SETS(RESP "cdr age 10m", l->cdr_age_ms == 600000);
}

static void every_cluster_command_sets_its_field(void)
{
    const struct cluster_settings *c = &S->responder.cluster;
    SETS("responder", c->id == 0);
    SETS(RESP "cluster 18446744073709551615 node 0", c->id == UINT64_MAX && c->node == 0);
    SETS(RESP "cluster 7 node 1", c->id == 7 && c->node == 1 && c->heartbeat_ms == 100 &&
                                      c->suspect_ms == 500 && c->give_up_ms == 10000);
    SETS(CLUSTER "key-file /etc/pulse7/my key", IS(c->key_file, "/etc/pulse7/my key"));
    SETS(CLUSTER "link 10.0.0.1 7101 10.0.0.2 7102\n  link fd00::1 7103 fd00::2 7104",
         c->link_count == 2 && IS(c->link[0].local_ip, "10.0.0.1") &&
             c->link[0].local_port == 7101 && IS(c->link[1].remote_ip, "fd00::2") &&
             c->link[1].remote_port == 7104);
    SETS(CLUSTER "witness 10.0.0.3 7100", IS(c->witness_ip, "10.0.0.3") && c->witness_port == 7100);
    SETS(CLUSTER "witness-local 10.0.0.1", IS(c->witness_local_ip, "10.0.0.1"));
    SETS(CLUSTER "etcd http://10.0.0.3:2379,http://10.0.0.4:2379",
         IS(c->etcd, "http://10.0.0.3:2379,http://10.0.0.4:2379"));
    SETS(CLUSTER "two-node", c->two_node);
    SETS(CLUSTER "heartbeat 50ms", c->heartbeat_ms == 50);
    SETS(CLUSTER "suspect 2s", c->suspect_ms == 2000);
    SETS(CLUSTER "give-up 30s", c->give_up_ms == 30000);
    /* What follows the cluster belongs to the responder again. */
    SETS(CLUSTER "two-node\n ssn 9", c->two_node && S->responder.ssn == 9);
}

/* The words of a form before its first value, as they stand at the start of a line. */
static void fixed_words(const struct grammar_row *row, char *dst, size_t octets)
{
    size_t at = 0;
    for (const char *p = row->form; *p != '\0' && at + 1 < octets; p++) {
        const bool starts_word = p == row->form || p[-1] == ' ';
        if (starts_word && (isupper((unsigned char)*p) || *p == '.'))
            break;
        dst[at++] = *p;
    }
    while (at > 0 && dst[at - 1] == ' ')
        at--;
    dst[at] = '\0';
}

static void no_command_was_left_out_above(void)
{
    CU_ASSERT_TRUE_FATAL(grammar_row_count() > 90);
    for (uint32_t i = 0; i < grammar_row_count(); i++) {
        char words[128];
        bool found = false;
        fixed_words(grammar_row_at(i), words, sizeof(words));
        const size_t length = strlen(words);
        for (const char *line = used_text; line != NULL && *line != '\0';) {
            line += strspn(line, " \n");
            found = found || (strncmp(line, words, length) == 0 &&
                              (line[length] == ' ' || line[length] == '\n'));
            line = strchr(line, '\n');
        }
        if (!found)
            (void)fprintf(stderr, "no test sets: %s\n", grammar_row_at(i)->form);
        CU_ASSERT_TRUE(found);
    }
}

static void an_empty_file_gives_the_defaults(void)
{
    settings_init(&settings_b);
    CU_ASSERT_TRUE_FATAL(loads("", S));
    CU_ASSERT_EQUAL(memcmp(S, &settings_b, sizeof(*S)), 0);
    CU_ASSERT_TRUE_FATAL(loads("! a comment\n\n# another\n", S));
    CU_ASSERT_EQUAL(memcmp(S, &settings_b, sizeof(*S)), 0);
    CU_ASSERT_EQUAL(S->transport.udp_local_port, 9899);
    CU_ASSERT_EQUAL(S->simulator.duration_ms, 60000);
    CU_ASSERT_EQUAL(S->simulator.dialogues_max, 1000000);
    CU_ASSERT_TRUE(S->simulator.record_requests);
    CU_ASSERT_EQUAL(S->responder.dialogue_timeout_ms, 120000);
    CU_ASSERT_EQUAL(S->responder.tariff.slice_ms, 30000);
    CU_ASSERT_FALSE(S->has_console_port);
}

static void the_built_in_profiles_hold_what_the_standard_and_practice_say(void)
{
    settings_init(S);
    const struct sctp_profile *rfc = settings_find_profile(S, "rfc9260");
    CU_ASSERT_PTR_NOT_NULL_FATAL(rfc); /* RFC9260-16 */
    CU_ASSERT_TRUE(rfc->rto_initial_ms == 1000 && rfc->rto_min_ms == 1000 &&
                   rfc->rto_max_ms == 60000 && rfc->path_max_retrans == 5 &&
                   rfc->association_max_retrans == 10 && rfc->hb_interval_ms == 30000 &&
                   rfc->sack_delay_ms == 200);
    const struct sctp_profile *carrier = settings_find_profile(S, "carrier");
    CU_ASSERT_PTR_NOT_NULL_FATAL(carrier);
    CU_ASSERT_TRUE(carrier->rto_initial_ms == 300 && carrier->rto_min_ms == 100 &&
                   carrier->rto_max_ms == 400 && carrier->sack_delay_ms == 20 &&
                   carrier->hb_interval_ms == 1000 && carrier->path_max_retrans == 4);
    const struct sctp_profile *lan = settings_find_profile(S, "lan");
    CU_ASSERT_PTR_NOT_NULL_FATAL(lan);
    CU_ASSERT_TRUE(lan->rto_initial_ms == 200 && lan->rto_min_ms == 100 && lan->rto_max_ms == 1000);
    CU_ASSERT_TRUE(rfc->nodelay && carrier->nodelay && lan->nodelay);
}

static void a_writer_without_room_says_so_and_stays_inside(void)
{
    char text[256];
    settings_init(S);
    memset(text, 'x', sizeof(text));
    CU_ASSERT_EQUAL(settings_write(S, text, 64, NULL), P7_FULL);
    CU_ASSERT_TRUE(memchr(text, '\0', 64) != NULL);
    CU_ASSERT_EQUAL(text[64], 'x');
    CU_ASSERT_EQUAL(settings_write(S, text, 0, NULL), P7_FULL);
}

static void libosmocore_commands_are_taken_at_the_top_level(void)
{
    CU_ASSERT_TRUE(loads("log stderr\n logging level main debug\n logging level cap error\n"
                         "stats interval 5\nsimulator\n name after-the-log\n",
                         S));
    CU_ASSERT_TRUE(IS(S->simulator.name, "after-the-log"));
}

/* 32 of them are longer than a line may be. */
static void as_many_loads_as_fit_with_all_their_digits_round_trip(void)
{
    CU_ASSERT_TRUE_FATAL(loads("simulator\n", S));
    for (uint32_t i = 0; i < SETTINGS_LOADS_MAX; i++)
        S->simulator.load_per_s[S->simulator.load_count++] = 1000000.0 / 3 + i / 7.0;
    CU_ASSERT_TRUE(round_trips(S));
}

UNIT_TESTS = {
    UNIT(as_many_loads_as_fit_with_all_their_digits_round_trip),
    UNIT(every_top_command_sets_its_field),
    UNIT(every_profile_command_sets_its_field),
    UNIT(every_cs7_command_sets_its_field),
    UNIT(every_asp_command_sets_its_field),
    UNIT(every_as_command_sets_its_field),
    UNIT(every_gtt_command_sets_its_field),
    UNIT(every_simulator_command_sets_its_field),
    UNIT(every_target_command_sets_its_field),
    UNIT(every_model_command_sets_its_field),
    UNIT(every_flow_command_sets_its_field),
    UNIT(every_responder_command_sets_its_field),
    UNIT(every_ledger_command_sets_its_field),
    UNIT(every_cluster_command_sets_its_field),
    UNIT(no_command_was_left_out_above),
    UNIT(an_empty_file_gives_the_defaults),
    UNIT(the_built_in_profiles_hold_what_the_standard_and_practice_say),
    UNIT(a_writer_without_room_says_so_and_stays_inside),
    UNIT(libosmocore_commands_are_taken_at_the_top_level),
};
UNIT_MAIN("language")
