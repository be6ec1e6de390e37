/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "sigtran/runtime/node.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sigtran/runtime/node_internal.h"

#define NS_PER_MS 1000000LL

/* Events that one peer may cause at once, and in the long run one per: a storm of bad messages is
 * counted all of it, but a log that a peer can fill fills the disk. A failover has some ten. */
#define EVENTS_BURST   64
#define EVENT_PAUSE_NS (125 * NS_PER_MS)

static void tell_held_back(struct node *node, uint32_t peer, uint64_t count)
{
    struct node_event told = {
        .severity = NODE_WARNING, .source = "m3ua", .event = "events-held-back"};
    (void)snprintf(told.detail, sizeof(told.detail),
                   "asp %s caused %llu more events than are told; the counters have them all",
                   peer < node->config.asp_count ? node->asp[peer].name : "-",
                   (unsigned long long)count);
    node->handler.event(node->handler.context, &told, node->now_ns);
}

/* What the node does by itself is told always; what a peer makes it do, within bounds. */
static bool may_tell(struct node *node)
{
    if (node->acting == NODE_ACTING_SELF)
        return true;
    struct node_quota *quota = &node->quota[node->acting];
    const int64_t gained = (node->now_ns - quota->at_ns) / EVENT_PAUSE_NS;
    if (gained > 0) {
        const bool filled = gained >= EVENTS_BURST - (int64_t)quota->left;
        quota->left = filled ? EVENTS_BURST : quota->left + (uint32_t)gained;
        quota->at_ns = filled ? node->now_ns : quota->at_ns + (gained * EVENT_PAUSE_NS);
    }
    if (quota->left == 0) {
        quota->held_back++;
        node->counters.events_held_back++;
        return false;
    }
    quota->left--;
    if (quota->held_back > 0)
        tell_held_back(node, node->acting, quota->held_back);
    quota->held_back = 0;
    return true;
}

void node_tell(struct node *node, enum node_severity severity, const char *source,
               const char *event, const char *format, ...)
{
    struct node_event told = {.severity = severity, .source = source, .event = event};
    va_list arguments;
    if (node->handler.event == NULL || !may_tell(node))
        return;
    va_start(arguments, format);
    (void)vsnprintf(told.detail, sizeof(told.detail), format, arguments);
    va_end(arguments);
    node->handler.event(node->handler.context, &told, node->now_ns);
}

/* --- what the M3UA machines want done --------------------------------------------------------- */

static enum p7_status on_m3ua_send(void *context, uint32_t association, uint16_t stream,
                                   struct bytes message)
{
    struct node *node = context;
    const enum p7_status status =
        transport_send(node->transport, association, stream, TRANSPORT_PPID_M3UA, message);
    if (status == P7_OK && node->capture != NULL)
        capture_message(node->capture, association, true, node->now_ns, stream, TRANSPORT_PPID_M3UA,
                        message);
    return status;
}

static void on_m3ua_abort(void *context, uint32_t association)
{
    struct node *node = context;
    transport_disconnect(node->transport, association, true);
}

static const char *asp_name(const struct node *node, uint32_t asp)
{
    return asp < node->config.asp_count ? node->asp[asp].name : "-";
}

static const char *as_name(const struct node *node, uint32_t as)
{
    return as < node->config.as_count ? node->as[as].name : "-";
}

static void tell_m3ua_trouble(struct node *node, const struct m3ua_endpoint_event *event)
{
    const char *asp = asp_name(node, event->asp);
    const char *name = m3ua_endpoint_event_name(event->kind);
    switch (event->kind) {
    case M3UA_EVENT_ERROR:
        node_tell(node, NODE_WARNING, "m3ua", name, "asp %s answered ERR, error code 0x%02x (%s)",
                  asp, event->message->error_code, m3ua_error_text(event->message->error_code));
        break;
    case M3UA_EVENT_ERROR_SENT:
        node_tell(node, NODE_WARNING, "m3ua", name,
                  "asp %s: told it ERR, error code 0x%02x (%s), as its message was not acceptable "
                  "(%s)",
                  asp, (unsigned)event->error, m3ua_error_text(event->error),
                  p7_status_text(event->status));
        break;
    case M3UA_EVENT_GIVEN_UP:
        node_tell(node, NODE_ERROR, "m3ua", name,
                  "asp %s: %s was refused or never answered; check the peer's configuration of "
                  "this ASP",
                  asp, m3ua_kind_name(event->message_kind));
        break;
    case M3UA_EVENT_BEAT_LOST:
        node_tell(node, NODE_ERROR, "m3ua", name,
                  "asp %s: no BEAT ACK within twice T(beat); the association is ended", asp);
        break;
    case M3UA_EVENT_BEAT_ANSWERED:
        node_tell(node, event->status == P7_OK ? NODE_INFO : NODE_WARNING, "m3ua", name,
                  "asp %s: BEAT ACK of %llu octets after %.3f ms, %s", asp,
                  (unsigned long long)event->count, (double)event->round_trip_ns / 1e6,
                  event->status == P7_OK ? "the data is what was sent"
                                         : "the data is NOT what was sent");
        break;
    case M3UA_EVENT_EXCHANGE_MISSING:
        node_tell(node, NODE_WARNING, "m3ua", name,
                  "asp %s: the peer answers our half of a double exchange and asks for none of its "
                  "own, so nothing may be sent to it; is it set to exchange single?",
                  asp);
        break;
    case M3UA_EVENT_SEND_FAILED:
        node_tell(node, NODE_WARNING, "m3ua", name, "asp %s: %s was not sent: %s", asp,
                  m3ua_kind_name(event->message_kind), p7_status_text(event->status));
        break;
    default:
        node_tell(node, NODE_WARNING, "m3ua", name, "asp %s as %s: %llu sent, %llu lost", asp,
                  as_name(node, event->as), (unsigned long long)event->count,
                  (unsigned long long)event->lost);
        break;
    }
}

static void on_m3ua_event(void *context, const struct m3ua_endpoint_event *event, int64_t now_ns)
{
    struct node *node = context;
    const char *name = m3ua_endpoint_event_name(event->kind);
    switch (event->kind) {
    case M3UA_EVENT_ASP_STATE:
        node_tell(node, NODE_INFO, "m3ua", name, "asp %s%s: %s -> %s", asp_name(node, event->asp),
                  event->peer ? " (the peer's half)" : "", asp_state_name(event->asp_old),
                  asp_state_name(event->asp_new));
        /* Only now has the peer taken us in: one that refuses us does so after the association is
         * up, and is not to be tried again at the shortest pause for ever. */
        if (event->asp_new != ASP_STATE_DOWN)
            node->link[event->asp].pause_ns = node->config.reconnect_min_ns;
        break;
    case M3UA_EVENT_AS_STATE:
        node_tell(node, NODE_INFO, "m3ua", name, "as %s: %s -> %s", as_name(node, event->as),
                  as_state_name(event->as_old), as_state_name(event->as_new));
        node_review_points(node);
        break;
    case M3UA_EVENT_TRAFFIC:
        node_tell(node, NODE_INFO, "m3ua", name, "asp %s%s %s traffic of as %s",
                  asp_name(node, event->asp), event->peer ? " (the peer's half)" : "",
                  event->active ? "carries" : "no longer carries", as_name(node, event->as));
        break;
    case M3UA_EVENT_NOTIFY:
        node_tell(
            node, NODE_INFO, "m3ua", name, "asp %s says NTFY %s", asp_name(node, event->asp),
            m3ua_status_text(event->message->status_type, event->message->status_information));
        break;
    case M3UA_EVENT_SSNM:
        node_tell_ssnm(node, asp_name(node, event->asp), as_name(node, event->as), event);
        node_on_ssnm(node, event, now_ns);
        break;
    case M3UA_EVENT_REGISTRATION:
        node_tell_registration(node, asp_name(node, event->asp), as_name(node, event->as), event);
        break;
    default:
        tell_m3ua_trouble(node, event);
        break;
    }
}

/* --- life cycle ------------------------------------------------------------------------------- */

static enum p7_status copy_config(struct node *node, const struct node_config *config)
{
    node->config = *config;
    node->asp = calloc(config->asp_count, sizeof(*node->asp));
    node->as = calloc(config->as_count, sizeof(*node->as));
    node->link = calloc(config->asp_count, sizeof(*node->link));
    node->quota = calloc(config->asp_count + 1u, sizeof(*node->quota));
    if (node->asp == NULL || node->as == NULL || node->link == NULL || node->quota == NULL)
        return P7_NO_MEMORY;
    for (uint32_t i = 0; i <= config->asp_count; i++)
        node->quota[i].left = EVENTS_BURST;
    node->acting = NODE_ACTING_SELF;
    memcpy(node->asp, config->asp, config->asp_count * sizeof(*node->asp));
    memcpy(node->as, config->as, config->as_count * sizeof(*node->as));
    node->config.asp = node->asp;
    node->config.as = node->as;
    if (node->config.point_code_format.bits[0] == 0)
        node->config.point_code_format = point_code_format_itu();
    if (node->config.reconnect_min_ns == 0)
        node->config.reconnect_min_ns = 250 * NS_PER_MS;
    if (node->config.reconnect_max_ns == 0)
        node->config.reconnect_max_ns = 5000 * NS_PER_MS;
    for (uint32_t i = 0; i < config->asp_count; i++) {
        node->link[i].association = TRANSPORT_ASSOCIATION_NONE;
        node->link[i].pause_ns = node->config.reconnect_min_ns;
        node->link[i].retry_at_ns = config->asp[i].sctp_client ? INT64_MIN : TIMER_NEVER_NS;
    }
    for (uint32_t i = 0; i < LIMIT_ASSOCIATIONS; i++)
        node->asp_of_association[i] = M3UA_ENDPOINT_NONE;
    return P7_OK;
}

static enum p7_status create_m3ua(struct node *node)
{
    const uint32_t asps = node->config.asp_count;
    const uint32_t ass = node->config.as_count;
    struct m3ua_asp_config *asp = calloc(asps, sizeof(*asp));
    struct m3ua_as_config *as = calloc(ass, sizeof(*as));
    enum p7_status status = P7_NO_MEMORY;
    if (asp != NULL && as != NULL) {
        for (uint32_t i = 0; i < asps; i++) {
            asp[i] = node->asp[i].m3ua;
            asp[i].wants_active = asp[i].wants_active && !node->asp[i].start_inactive;
        }
        for (uint32_t i = 0; i < ass; i++) {
            as[i] = node->as[i].m3ua;
            as[i].no_queue = as[i].no_queue || node->config.no_queue;
        }
        const struct m3ua_endpoint_config config = {
            .has_network_appearance = node->config.has_network_appearance,
            .network_appearance = node->config.network_appearance,
            .point_code = node->config.point_code,
            .users = 1u << NODE_SERVICE_SCCP,
            .registration = node->config.registration,
            .asp_count = asps,
            .asp = asp,
            .as_count = ass,
            .as = as,
        };
        const struct m3ua_endpoint_handler handler = {
            .context = node,
            .send = on_m3ua_send,
            .data = node_on_data,
            .event = on_m3ua_event,
            .abort = on_m3ua_abort,
        };
        status = m3ua_endpoint_create(&config, &handler, &node->m3ua);
    }
    free(asp);
    free(as);
    return status;
}

static enum p7_status create_layers(struct node *node)
{
    struct tcap_dialogue_settings dialogues = {
        .capacity = node->config.dialogues_max,
        .user_octets = node->config.user_octets,
        .route_octets = sizeof(struct node_route),
        .inactivity_ns = node->config.inactivity_ns,
        .generation_first = node->config.generation,
        .origins = node->config.as_count, /* a route begins with its AS */
    };
    enum p7_status status = create_m3ua(node);
    for (uint32_t i = 0; i < node->config.as_count && i < TCAP_DIALOGUE_ORIGINS; i++)
        dialogues.group[i] = node->as[i].group;
    if (status == P7_OK)
        status = tcap_dialogue_table_create(&node->dialogues, &dialogues);
    if (status != P7_OK)
        return status;
    /* The segments of the last start, if one of its messages is still waited for, are not taken for
     * ours: like transaction ids, references begin elsewhere. */
    sccp_segmenter_init(&node->segmenter, node->config.sccp_variant, node->config.long_messages,
                        (uint32_t)node->config.generation << 8);
    status = sccp_reassembly_create(&node->reassembly, LIMIT_SCCP_REASSEMBLIES,
                                    node->config.t_reass_ns != 0 ? node->config.t_reass_ns
                                                                 : SCCP_T_REASS_MS * NS_PER_MS);
    if (status != P7_OK)
        return status;
    sccp_routing_init(&node->sccp, node->config.sccp_variant, node->config.point_code,
                      node->config.ssn);
    return node_create_sccp(node);
}

enum p7_status node_open(const struct node_config *config, const struct node_handler *handler,
                         struct node **out, char *verdict, size_t verdict_octets)
{
    struct node *node = calloc(1, sizeof(*node));
    if (node == NULL || config->asp_count == 0 || config->as_count == 0) {
        (void)snprintf(verdict, verdict_octets, "node: %s",
                       node == NULL ? "out of memory" : "no asp or no as is configured");
        free(node);
        return P7_RANGE;
    }
    node->handler = *handler;
    enum p7_status status = copy_config(node, config);
    if (status == P7_OK)
        status = create_layers(node);
    if (status != P7_OK) {
        (void)snprintf(verdict, verdict_octets,
                       "node: the asp and as of the configuration don't fit together: %s",
                       p7_status_text(status));
        node_close(node);
        return status;
    }
    if (config->capture.path != NULL)
        status = capture_open(&config->capture, &node->capture, verdict, verdict_octets);
    if (status != P7_OK) {
        node_close(node);
        return status;
    }
    const struct transport_handler transport = {
        .context = node,
        .message = node_on_transport_message,
        .event = node_on_transport_event,
    };
    if (config->transport_opener == NULL) {
        status = transport_open(&config->transport, &transport, &node->transport, verdict,
                                verdict_octets);
    } else {
        (void)snprintf(verdict, verdict_octets, "transport: the caller's own");
        status = config->transport_opener(config->transport_opener_context, &transport,
                                          &node->transport);
    }
    if (status != P7_OK) {
        node_close(node);
        return status;
    }
    *out = node;
    return P7_OK;
}

void node_close(struct node *node)
{
    if (node == NULL)
        return;
    if (node->transport != NULL)
        transport_close(node->transport);
    capture_close(node->capture, NULL);
    if (node->m3ua != NULL)
        m3ua_endpoint_destroy(node->m3ua);
    tcap_dialogue_table_destroy(node->dialogues);
    sccp_reassembly_destroy(node->reassembly);
    free(node->asp);
    free(node->as);
    free(node->link);
    free(node->quota);
    free(node);
}

enum p7_status node_start(struct node *node, int64_t now_ns, char *error, size_t error_octets)
{
    node->now_ns = now_ns;
    const enum p7_status status = node_listen_all(node, error, error_octets);
    if (status == P7_OK)
        node_connect_due(node, now_ns);
    return status;
}

/* --- the owner's loop ------------------------------------------------------------------------- */

int node_fd(const struct node *node)
{
    return transport_fd(node->transport);
}

void node_ready(struct node *node, int64_t now_ns)
{
    node->now_ns = now_ns;
    transport_step(node->transport, now_ns);
}

enum p7_status node_asp_activate(struct node *node, uint32_t asp, bool active, int64_t now_ns)
{
    (void)now_ns; /* node_turn has its own */
    if (asp >= node->config.asp_count)
        return P7_NOT_FOUND;
    if (node->asp[asp].m3ua.role == ASP_ROLE_SG)
        return P7_STATE;
    node->link[asp].activation = active ? NODE_ACTIVATION_ACTIVE : NODE_ACTIVATION_INACTIVE;
    node->has_activations = true;
    return P7_OK;
}

bool node_asp_carries(const struct node *node, uint32_t asp)
{
    for (uint32_t as = 0; as < node->config.as_count; as++)
        if (m3ua_endpoint_carries(node->m3ua, asp, as))
            return true;
    return false;
}

static void activate_told(struct node *node, int64_t now_ns)
{
    node->has_activations = false;
    for (uint32_t i = 0; i < node->config.asp_count; i++) {
        const enum node_activation told = node->link[i].activation;
        enum p7_status status = P7_OK;
        node->link[i].activation = NODE_ACTIVATION_NONE;
        if (told == NODE_ACTIVATION_ACTIVE)
            status = m3ua_endpoint_asp_active(node->m3ua, i, M3UA_ENDPOINT_NONE, now_ns);
        else if (told == NODE_ACTIVATION_INACTIVE)
            status = m3ua_endpoint_asp_inactive(node->m3ua, i, M3UA_ENDPOINT_NONE, now_ns);
        assert(status == P7_OK); /* node_asp_activate has looked at the role */
    }
}

void node_turn(struct node *node, int64_t now_ns)
{
    node->now_ns = now_ns;
    if (node->has_activations && !node->is_shutting)
        activate_told(node, now_ns);
    if (transport_deadline_ns(node->transport) <= now_ns)
        transport_step(node->transport, now_ns);
    if (m3ua_endpoint_deadline_ns(node->m3ua) <= now_ns)
        m3ua_endpoint_time(node->m3ua, now_ns);
    if (node_connect_deadline_ns(node) <= now_ns)
        node_connect_due(node, now_ns);
    node_expire_reassemblies(node, now_ns);
    if (sccp_manager_deadline_ns(&node->sccp.manager) <= now_ns)
        sccp_manager_time(&node->sccp.manager, now_ns);
    node_expire_dialogues(node, now_ns);
    transport_flush(node->transport, now_ns);
}

static int64_t earlier(int64_t a_ns, int64_t b_ns)
{
    return a_ns < b_ns ? a_ns : b_ns;
}

int64_t node_deadline_ns(const struct node *node)
{
    int64_t at_ns = node->has_activations && !node->is_shutting
                        ? node->now_ns
                        : transport_deadline_ns(node->transport);
    at_ns = earlier(at_ns, m3ua_endpoint_deadline_ns(node->m3ua));
    at_ns = earlier(at_ns, node_connect_deadline_ns(node));
    at_ns = earlier(at_ns, sccp_reassembly_deadline_ns(node->reassembly));
    at_ns = earlier(at_ns, sccp_manager_deadline_ns(&node->sccp.manager));
    return earlier(at_ns, tcap_dialogue_deadline_ns(node->dialogues));
}

/* --- looking at it ---------------------------------------------------------------------------- */

struct transport *node_transport(const struct node *node)
{
    return node->transport;
}

const struct m3ua_endpoint *node_m3ua(const struct node *node)
{
    return node->m3ua;
}

const struct tcap_dialogue_table *node_dialogues(const struct node *node)
{
    return node->dialogues;
}

const struct sccp_routing *node_sccp(const struct node *node)
{
    return &node->sccp;
}

const struct capture *node_capture(const struct node *node)
{
    return node->capture;
}

const struct sccp_segmentation_counters *node_sccp_segmentation(const struct node *node)
{
    return &node->segmenter.counters;
}

const struct sccp_reassembly *node_sccp_reassembly(const struct node *node)
{
    return node->reassembly;
}

struct node_counters node_get_counters(const struct node *node)
{
    return node->counters;
}

uint32_t node_asp_count(const struct node *node)
{
    return node->config.asp_count;
}

const struct node_asp *node_asp_at(const struct node *node, uint32_t asp)
{
    return &node->asp[asp];
}

uint32_t node_as_count(const struct node *node)
{
    return node->config.as_count;
}

const struct node_as *node_as_at(const struct node *node, uint32_t as)
{
    return &node->as[as];
}
