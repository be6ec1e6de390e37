/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "sigtran/fsm/sccp_routing.h"

void sccp_routing_init(struct sccp_routing *routing, enum sccp_variant variant, uint32_t local_pc,
                       uint8_t default_ssn)
{
    const struct sccp_manager_config config = {.variant = variant, .local_pc = local_pc};
    const struct sccp_manager_handler nobody = {.send = NULL};
    memset(routing, 0, sizeof(*routing));
    routing->variant = variant;
    routing->local_pc = local_pc;
    routing->default_ssn = default_ssn;
    /* It has no concerned point codes, which are all that it could refuse. */
    (void)!sccp_manager_init(&routing->manager, &config, &nobody);
}

enum p7_status sccp_routing_manage(struct sccp_routing *routing,
                                   const struct sccp_manager_config *config,
                                   const struct sccp_manager_handler *handler,
                                   bool ignores_remote_status)
{
    routing->ignores_remote_status = ignores_remote_status;
    return sccp_manager_init(&routing->manager, config, handler);
}

void sccp_routing_watch(struct sccp_routing *routing, sccp_routing_reaches reaches, void *context)
{
    routing->reaches = reaches;
    routing->reaches_context = context;
}

enum p7_status sccp_routing_equip(struct sccp_routing *routing, uint8_t ssn)
{
    return sccp_manager_equip(&routing->manager, ssn);
}

enum p7_status sccp_routing_set_in_service(struct sccp_routing *routing, uint8_t ssn,
                                           bool in_service)
{
    return sccp_manager_set_in_service(&routing->manager, ssn, in_service);
}

/* --- where a title leads ---------------------------------------------------------------------- */

static bool way_is_open(const struct sccp_routing *routing, uint32_t pc, uint8_t ssn,
                        uint8_t *cause)
{
    return routing->ignores_remote_status || routing->manager.remote_count == 0 ||
           sccp_manager_is_open(&routing->manager, pc, ssn, cause);
}

/* The first route of the rule that is open; NULL with the cause of the first one. The state of the
 * subsystem counts only where the route leads to it, and not to another translation. */
static const struct sccp_translation_route *choose_route(const struct sccp_routing *routing,
                                                         const struct sccp_translation_rule *rule,
                                                         uint8_t own_ssn, uint8_t *cause)
{
    const uint8_t rule_ssn = rule->ssn != 0 ? rule->ssn : own_ssn;
    for (unsigned i = 0; i < rule->route_count; i++) {
        const struct sccp_translation_route *route = &rule->route[i];
        uint8_t closed_by = SCCP_CAUSE_MTP_FAILURE;
        if ((routing->reaches == NULL ||
             routing->reaches(routing->reaches_context, route->as, route->pc)) &&
            way_is_open(routing, route->pc, route->on_gt ? 0 : rule_ssn, &closed_by))
            return route;
        if (i == 0)
            *cause = closed_by;
    }
    return NULL;
}

enum p7_status sccp_routing_send(const struct sccp_routing *routing,
                                 const struct sccp_party *called, bool by_title,
                                 struct sccp_routing_way *way, uint8_t *cause)
{
    struct sccp_address address;
    const bool may_translate = by_title && routing->translation.has_remote;
    way->is_translated = false;
    if (!may_translate && (routing->manager.remote_count == 0 || routing->ignores_remote_status))
        return P7_OK;
    if (sccp_address_decode(routing->variant, sccp_party_bytes(called), &address) != P7_OK)
        return P7_OK; /* what a peer gave as its own goes back to it as it is */
    const struct sccp_translation_rule *rule =
        may_translate && !address.route_on_ssn
            ? sccp_translation_find(&routing->translation, &address, cause)
            : NULL;
    const uint8_t ssn = address.has_ssn ? address.ssn : 0;
    if (rule == NULL || rule->is_local)
        return way_is_open(routing, way->dpc, address.route_on_ssn ? ssn : 0, cause) ? P7_OK
                                                                                     : P7_STATE;
    const struct sccp_translation_route *route = choose_route(routing, rule, ssn, cause);
    if (route == NULL)
        return P7_STATE;
    way->is_translated = true;
    way->as = route->as;
    way->dpc = route->pc;
    return sccp_translation_apply(rule, route, &address, &way->called);
}

/* --- what came in ----------------------------------------------------------------------------- */

static bool is_service_message(uint8_t type)
{
    return type == SCCP_UDTS || type == SCCP_XUDTS || type == SCCP_LUDTS;
}

/* Why a message for a title that leads elsewhere goes no further: the state of where it leads
 * (Q.714-2.8), and where that is open, that we are an endpoint. */
static uint8_t why_not_there(const struct sccp_routing *routing,
                             const struct sccp_translation_rule *rule, uint8_t own_ssn)
{
    uint8_t cause = SCCP_CAUSE_UNQUALIFIED;
    return choose_route(routing, rule, own_ssn, &cause) != NULL ? SCCP_CAUSE_UNQUALIFIED : cause;
}

/*
 * The local subsystem that a called address means (Q.714-2.4). -1 with a cause: its title is not
 * ours, or cannot be translated here.
 */
static int translate(const struct sccp_routing *routing, const struct sccp_address *called,
                     bool is_service, uint8_t *cause)
{
    const uint8_t own_ssn = called->has_ssn ? called->ssn : 0;
    uint8_t ssn = 0;
    if (called->route_on_ssn)
        return own_ssn;
    if (called->gti == 0 && is_service) /* what comes back is taken by the SSN that it names */
        return own_ssn;
    if (called->gti == 0) { /* "route on GT" and no title: nothing to translate */
        *cause = SCCP_CAUSE_NO_TRANSLATION_NATURE;
        return -1;
    }
    if (routing->translation.has_local) {
        const struct sccp_translation_rule *rule =
            sccp_translation_find(&routing->translation, called, cause);
        if (rule == NULL)
            return -1;
        if (!rule->is_local) {
            *cause = why_not_there(routing, rule, own_ssn);
            return -1;
        }
        ssn = rule->ssn;
    }
    if (ssn != 0)
        return ssn;
    return own_ssn != 0 ? own_ssn : routing->default_ssn;
}

/* The point code that an answer to `address` goes to: its own where it has one that is routed on
 * (Q.714-2.2.2), else the node that the message came from. */
static uint32_t answer_pc(const struct sccp_address *address, uint32_t opc)
{
    return address->has_pc && address->route_on_ssn ? address->pc : opc;
}

/* Q.714-4.2: back to the calling party, with the user's octets, when it asked for that. */
static void return_message(struct sccp_routing *routing, uint32_t opc, uint8_t cause,
                           struct bytes_writer *reply, struct sccp_indication *out)
{
    const struct sccp_message *in = &out->message;

    out->verdict = SCCP_VERDICT_DROPPED;
    out->status = P7_OK;
    out->cause = cause;
    if (is_service_message(in->type) || !in->return_on_error) {
        routing->counters.dropped_no_return++;
        return;
    }
    struct sccp_message back = *in;
    /* UDT, XUDT and LUDT are answered by their own kind (Q.714-4.2). */
    back.type = in->type == SCCP_UDT ? SCCP_UDTS : in->type == SCCP_XUDT ? SCCP_XUDTS : SCCP_LUDTS;
    back.return_cause = cause;
    back.hop_counter = SCCP_HOP_COUNTER_MAX;
    back.called_octets = in->calling_octets;
    back.calling_octets = in->called_octets;
    const uint8_t *start = reply->at;
    const enum p7_status status = sccp_encode(reply, &back);
    if (status != P7_OK) {
        out->status = status;
        routing->counters.reply_failed++;
        return;
    }
    out->verdict = SCCP_VERDICT_RETURNED;
    out->reply = bytes_of(start, (size_t)(reply->at - start));
    out->reply_dpc = answer_pc(&in->calling, opc);
    routing->counters.returned++;
}

/* Q.714-5.3.4.3: a test for a subsystem that is here and allowed is answered with SSA, for any
 * other nothing goes back. The other messages are the manager's. */
static void manage(struct sccp_routing *routing, uint32_t opc, int64_t now_ns,
                   struct bytes_writer *reply, struct sccp_indication *out)
{
    struct sccp_management *m = &out->management;

    routing->counters.management++;
    out->status = sccp_management_decode(routing->variant, out->message.data, m);
    if (out->status != P7_OK) {
        out->verdict = SCCP_VERDICT_DROPPED;
        routing->counters.malformed++;
        return;
    }
    out->verdict = SCCP_VERDICT_MANAGED;
    if (m->type != SCCP_SST) {
        sccp_manager_receive(&routing->manager, opc, m, now_ns);
        return;
    }
    if (!sccp_manager_answers_test(&routing->manager, m))
        return;
    uint8_t data[8];
    struct bytes_writer w = bytes_writer_of(data, data + sizeof(data));
    struct sccp_management answer = *m;
    answer.type = SCCP_SSA;
    answer.multiplicity = 0;
    enum p7_status status = sccp_management_write(&w, &answer);
    const uint8_t *start = reply->at;
    if (status == P7_OK)
        status = sccp_write_udt(reply, 0, false, out->message.calling_octets,
                                out->message.called_octets, bytes_of(data, (size_t)(w.at - data)));
    if (status != P7_OK) {
        routing->counters.reply_failed++;
        return;
    }
    out->reply = bytes_of(start, (size_t)(reply->at - start));
    out->reply_dpc = answer_pc(&out->message.calling, opc);
    routing->counters.status_tests_answered++;
}

void sccp_routing_return(struct sccp_routing *routing, uint32_t opc, uint8_t cause,
                         struct bytes_writer *reply, struct sccp_indication *indication)
{
    indication->ssn = 0;
    indication->reply = bytes_of(NULL, 0);
    indication->reply_dpc = 0;
    return_message(routing, opc, cause, reply, indication);
}

/*
 * Whether the message may go on in spite of its hop counter. A translation of a global title takes
 * one hop, and reaching zero is the violation (Q.714-2.3.1).
 */
static bool may_pass(struct sccp_routing *routing, const struct sccp_message *m, uint8_t *cause)
{
    if (m->type != SCCP_UDT && m->type != SCCP_UDTS) {
        const unsigned least = m->called.route_on_ssn ? 1 : 2;
        if (m->hop_counter < least || m->hop_counter > SCCP_HOP_COUNTER_MAX) {
            routing->counters.hop_violations++;
            *cause = SCCP_CAUSE_HOP_COUNTER;
            return false;
        }
    }
    return true;
}

/* A message of ours came back: to its user, and never answered (Q.714-4.2). */
static void take_notice(struct sccp_routing *routing, int ssn, struct sccp_indication *out)
{
    out->cause = out->message.return_cause;
    /* The user knows what it sent by how that began (Q.714-4.1.1.1.3). */
    if (out->message.has_segmentation && !out->message.segmentation.first) {
        out->verdict = SCCP_VERDICT_DROPPED;
        routing->counters.notices_partial++;
        return;
    }
    if (ssn < 0 || !sccp_manager_is_equipped(&routing->manager, (uint8_t)ssn)) {
        out->verdict = SCCP_VERDICT_DROPPED;
        routing->counters.notices_lost++;
        return;
    }
    out->verdict = SCCP_VERDICT_NOTICE;
    out->ssn = (uint8_t)ssn;
    routing->counters.notices++;
}

static void take_data(struct sccp_routing *routing, uint32_t opc, int ssn, uint8_t cause,
                      int64_t now_ns, struct bytes_writer *reply, struct sccp_indication *out)
{
    if (ssn < 0) {
        if (cause == SCCP_CAUSE_NO_TRANSLATION || cause == SCCP_CAUSE_NO_TRANSLATION_NATURE)
            routing->counters.no_translation++;
        else
            routing->counters.elsewhere++;
        return_message(routing, opc, cause, reply, out);
    } else if (ssn == SCCP_SSN_MANAGEMENT) {
        manage(routing, opc, now_ns, reply, out);
    } else if (!sccp_manager_is_equipped(&routing->manager, (uint8_t)ssn)) {
        routing->counters.unequipped++;
        return_message(routing, opc, SCCP_CAUSE_UNEQUIPPED_USER, reply, out);
    } else if (!sccp_manager_is_in_service(&routing->manager, (uint8_t)ssn)) {
        routing->counters.prohibited++;
        return_message(routing, opc, SCCP_CAUSE_SUBSYSTEM_FAILURE, reply, out);
        sccp_manager_refuse(&routing->manager, opc, (uint8_t)ssn);
    } else {
        out->ssn = (uint8_t)ssn;
        out->verdict = SCCP_VERDICT_SEGMENT;
        if (sccp_is_segment(&out->message))
            return;
        out->verdict = SCCP_VERDICT_DELIVER;
        routing->counters.delivered++;
    }
}

void sccp_routing_receive(struct sccp_routing *routing, uint32_t opc, struct bytes octets,
                          int64_t now_ns, struct bytes_writer *reply,
                          struct sccp_indication *indication)
{
    struct sccp_indication *out = indication;
    uint8_t cause = SCCP_CAUSE_UNQUALIFIED;

    routing->counters.received++;
    out->verdict = SCCP_VERDICT_DROPPED;
    out->ssn = 0;
    out->cause = 0;
    out->reply_dpc = 0;
    out->reply = bytes_of(NULL, 0);
    out->management = (struct sccp_management){.type = 0};
    out->status = sccp_decode(routing->variant, octets, &out->message);
    if (out->status != P7_OK) {
        if (out->status == P7_UNSUPPORTED)
            routing->counters.unsupported++;
        else
            routing->counters.malformed++;
        return;
    }
    const bool service = is_service_message(out->message.type);
    const int ssn = translate(routing, &out->message.called, service, &cause);
    if (service)
        take_notice(routing, ssn, out);
    else if (!may_pass(routing, &out->message, &cause))
        return_message(routing, opc, cause, reply, out);
    else
        take_data(routing, opc, ssn, cause, now_ns, reply, out);
}
