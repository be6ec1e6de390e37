/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "config/node_config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/language/language.h"

#include "sigtran/runtime/clock.h"

#define NS_PER_MS 1000000LL

/* Routing keys that may be registered beside those configured, and what each AS of them has. */
#define SPARES             8u
#define SPARE_T_R_NS       (2000 * NS_PER_MS)
#define SPARE_QUEUE_OCTETS 262144u

_Static_assert(SETTINGS_NAME_OCTETS == NODE_NAME_OCTETS, "names are copied whole");

static struct m3ua_asp_config asp_config(const struct asp_settings *asp, bool in_cluster)
{
    /* An ASP asks; of two IPSPs that exchange once the SCTP client asks, of those that exchange
     * twice both do (RFC4666-4.3.4.1.2); an SG answers. */
    const bool is_double = asp->role == ASP_ROLE_IPSP && asp->exchange == IPSP_EXCHANGE_DOUBLE;
    const bool asks =
        asp->role == ASP_ROLE_ASP || is_double || (asp->role == ASP_ROLE_IPSP && asp->sctp_client);
    return (struct m3ua_asp_config){
        .role = asp->role,
        .double_exchange = is_double,
        .has_asp_identifier = asp->has_asp_identifier,
        .asp_identifier = asp->asp_identifier,
        .t_ack_ns = (int64_t)asp->t_ack_ms * NS_PER_MS,
        .t_beat_ns = (int64_t)asp->t_beat_ms * NS_PER_MS,
        .t_audit_ns = asp->t_audit_ms == 0 ? -1 : (int64_t)asp->t_audit_ms * NS_PER_MS,
        .wants_up = asks,
        .wants_active = asks,
        /* Who is active in a cluster, its nodes decide, not an SG. */
        .stands_by = !in_cluster,
    };
}

static uint32_t find_asp(const struct settings *settings, const char *name)
{
    for (uint32_t i = 0; i < settings->asp_count; i++)
        if (strcmp(settings->asp[i].name, name) == 0)
            return i;
    return UINT32_MAX;
}

static enum p7_status as_config(const struct settings *settings, const struct as_settings *as,
                                struct m3ua_as_config *config)
{
    *config = (struct m3ua_as_config){
        .has_routing_context = as->has_routing_context,
        .routing_context = as->routing_context,
        .point_code = as->point_code,
        .traffic_mode = as->traffic_mode,
        .sends_traffic_mode = true,
        .t_r_ns = (int64_t)as->recovery_timeout_ms * NS_PER_MS,
        .active_minimum = as->active_minimum,
        .registers = as->registers != 0,
        .asp_count = as->asp_count,
    };
    for (uint32_t i = 0; i < as->asp_count; i++) {
        config->asp[i] = find_asp(settings, as->asp[i]);
        if (config->asp[i] == UINT32_MAX)
            return P7_NOT_FOUND;
    }
    return P7_OK;
}

/* A node without a cluster is always the active one. */
static bool starts_inactive(const struct settings *settings, const char *asp)
{
    for (uint32_t a = 0; a < settings->as_count && settings->responder.cluster.id != 0; a++)
        for (uint32_t i = 0; i < settings->as[a].asp_count; i++)
            if (settings->as[a].activation == ASP_ACTIVATION_ACTIVE_NODE &&
                strcmp(settings->as[a].asp[i], asp) == 0)
                return true;
    return false;
}

static enum p7_status fill_nodes(const struct settings *settings, struct node_setup *setup)
{
    for (uint32_t i = 0; i < settings->asp_count; i++) {
        struct node_asp *asp = &setup->asp[i];
        memcpy(asp->name, settings->asp[i].name, sizeof(asp->name));
        asp->sctp_client = settings->asp[i].sctp_client;
        asp->start_inactive = starts_inactive(settings, settings->asp[i].name);
        asp->endpoint = settings->asp[i].endpoint;
        asp->m3ua = asp_config(&settings->asp[i], asp->start_inactive);
    }
    for (uint32_t i = 0; i < settings->as_count; i++) {
        memcpy(setup->as[i].name, settings->as[i].name, sizeof(setup->as[i].name));
        const enum p7_status status = as_config(settings, &settings->as[i], &setup->as[i].m3ua);
        if (status != P7_OK)
            return status;
    }
    setup->as_count = settings->as_count;
    return P7_OK;
}

/*
 * Room for keys that ASPs register: an AS each, for the ASPs that we are the SG of. An ASP holds so
 * many ASs, and one whose AS has no routing context holds no other (RFC4666-3.1).
 */
static void add_spares(const struct settings *settings, struct node_setup *setup)
{
    if (settings->instance.allocation != ROUTING_KEY_DYNAMIC_PERMITTED)
        return;
    struct m3ua_as_config spare = {.spare = true,
                                   .traffic_mode = AS_MODE_OVERRIDE,
                                   .t_r_ns = SPARE_T_R_NS,
                                   .queue_octets = SPARE_QUEUE_OCTETS};
    for (uint32_t i = 0; i < settings->asp_count && spare.asp_count < LIMIT_ASP_PER_AS; i++) {
        uint32_t served = 0;
        bool takes_any = false;
        for (uint32_t a = 0; a < settings->as_count; a++)
            for (uint32_t m = 0; m < setup->as[a].m3ua.asp_count; m++)
                if (setup->as[a].m3ua.asp[m] == i) {
                    served++;
                    takes_any = takes_any || !setup->as[a].m3ua.has_routing_context;
                }
        if (settings->asp[i].role == ASP_ROLE_SG && !takes_any &&
            served + SPARES <= ASP_MEMBERSHIPS_MAX)
            spare.asp[spare.asp_count++] = i;
    }
    for (uint32_t i = 0; i < SPARES && spare.asp_count > 0; i++) {
        if (setup->as_count == LIMIT_AS)
            return;
        struct node_as *as = &setup->as[setup->as_count++];
        (void)snprintf(as->name, sizeof(as->name), "registered-%u", (unsigned)i + 1);
        as->m3ua = spare;
    }
}

static enum m3ua_registration registration_of(enum routing_key_allocation allocation)
{
    return allocation == ROUTING_KEY_NONE                ? M3UA_REGISTRATION_NONE
           : allocation == ROUTING_KEY_DYNAMIC_PERMITTED ? M3UA_REGISTRATION_DYNAMIC
                                                         : M3UA_REGISTRATION_STATIC;
}

static bool is_multihomed(const struct settings *settings)
{
    for (uint32_t i = 0; i < settings->asp_count; i++)
        if (settings->asp[i].endpoint.local_ip_count > 1 ||
            settings->asp[i].endpoint.remote_ip_count > 1)
            return true;
    return false;
}

static struct sccp_manager_config management_of(const struct sccp_settings *sccp)
{
    struct sccp_manager_config management = {
        .t_stat_info_ns = (int64_t)sccp->t_stat_info_ms * NS_PER_MS,
        .t_stat_info_max_ns = (int64_t)sccp->t_stat_info_max_ms * NS_PER_MS,
        .t_coord_chg_ns = (int64_t)sccp->t_coord_chg_ms * NS_PER_MS,
        .t_ignore_sst_ns = (int64_t)sccp->t_ignore_sst_ms * NS_PER_MS,
        .replicate_pc = sccp->has_replicate_pc ? sccp->replicate_pc : 0,
        .concerned_count = sccp->concerned_count,
    };
    memcpy(management.concerned, sccp->concerned, sizeof(management.concerned));
    return management;
}

enum p7_status node_setup_make(const struct settings *settings, uint8_t ssn,
                               struct node_setup *setup)
{
    memset(setup, 0, sizeof(*setup));
    setup->asp = calloc(settings->asp_count + 1, sizeof(*setup->asp));
    setup->as = calloc(settings->as_count + SPARES, sizeof(*setup->as));
    enum p7_status status = P7_NO_MEMORY;
    if (setup->asp != NULL && setup->as != NULL)
        status = fill_nodes(settings, setup);
    if (status == P7_OK)
        add_spares(settings, setup);
    if (status == P7_OK)
        status = settings_translation(settings, &setup->translation);
    if (status != P7_OK) {
        node_setup_free(setup);
        return status;
    }
    struct transport_settings transport = settings->transport;
    transport.multihomed = is_multihomed(settings);
    setup->config = (struct node_config){
        .transport = transport,
        .point_code = settings->instance.point_code,
        .point_code_format = settings->instance.point_code_format,
        .network_indicator = settings->instance.network_indicator,
        .has_network_appearance = settings->instance.has_network_appearance,
        .network_appearance = settings->instance.network_appearance,
        .registration = registration_of(settings->instance.allocation),
        .ssn = ssn,
        .sccp_variant = settings->instance.sccp_variant,
        .sccp_basic_class = settings->instance.sccp_class == 0,
        .no_return_option = !settings->instance.sccp_return_option,
        .long_messages = settings->instance.long_messages,
        .t_reass_ns = (int64_t)settings->instance.t_reass_ms * NS_PER_MS,
        .translation = &setup->translation,
        .management = management_of(&settings->sccp),
        .ignores_remote_status = settings->sccp.remote_status == REMOTE_STATUS_IGNORE,
        .asp_count = settings->asp_count,
        .asp = setup->asp,
        .as_count = setup->as_count,
        .as = setup->as,
        .capture = {.octets_max = settings->capture_octets,
                    .comment = "The M3UA messages that pulse7 exchanged with SCTP. IP and SCTP "
                               "headers are made up: one DATA chunk a message.",
                    .wall_minus_monotonic_ns = clock_wall_ns() - clock_monotonic_ns()},
    };
    return P7_OK;
}

void node_setup_free(struct node_setup *setup)
{
    free(setup->asp);
    free(setup->as);
    memset(setup, 0, sizeof(*setup));
}
