/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "sigtran/runtime/node_command.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "sigtran/runtime/node_internal.h"

/* A command with its names looked up. */
struct order {
    struct node *node;
    const struct node_command *command;
    int64_t now_ns;
    uint32_t asp;
    uint32_t as; /* M3UA_ENDPOINT_NONE: none was named */
    uint32_t point_code;
    char *answer;
};

static enum p7_status say(struct order *order, enum p7_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static enum p7_status say(struct order *order, enum p7_status status, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(order->answer, NODE_COMMAND_ANSWER_OCTETS, format, arguments);
    va_end(arguments);
    return status;
}

/* --- names ------------------------------------------------------------------------------------ */

static enum p7_status find_asp(struct order *order)
{
    const char *name = order->command->asp;
    for (order->asp = 0; order->asp < order->node->config.asp_count; order->asp++)
        if (strcmp(order->node->asp[order->asp].name, name) == 0)
            return P7_OK;
    return say(order, P7_NOT_FOUND, "asp %s: there is none of this name; `show asp` lists them",
               name);
}

static enum p7_status find_as(struct order *order)
{
    const char *name = order->command->as;
    for (order->as = 0; order->as < order->node->config.as_count; order->as++)
        if (strcmp(order->node->as[order->as].name, name) == 0)
            return P7_OK;
    return say(order, P7_NOT_FOUND, "as %s: there is none of this name; `show as` lists them",
               name);
}

static enum p7_status find_point_code(struct order *order)
{
    const struct point_code_format *format = &order->node->config.point_code_format;
    const char *text = order->command->point_code;
    char highest[POINT_CODE_TEXT_OCTETS];
    const enum p7_status status = point_code_parse(format, text, &order->point_code);
    if (status != P7_OK)
        return say(order, status, "%s: no point code; write one up to %s, or a number", text,
                   point_code_text(format, point_code_max(format), highest));
    return P7_OK;
}

/* --- ASPs ------------------------------------------------------------------------------------- */

static const char *as_text(const struct order *order)
{
    return order->as == M3UA_ENDPOINT_NONE ? "all of its ASs" : order->command->as;
}

/* What the endpoint made of a management request. */
static enum p7_status asked(struct order *order, enum p7_status status, const char *what)
{
    const char *asp = order->command->asp;
    if (status == P7_OK)
        return say(order, status, "asp %s: %s; `show asp` tells what the peer makes of it", asp,
                   what);
    if (status == P7_NOT_FOUND)
        return say(order, status, "asp %s does not serve as %s; see `show as`", asp,
                   as_text(order));
    if (status == P7_STATE)
        return say(order, status, "asp %s: not in this role or state (%s); see `show asp`", asp,
                   what);
    if (status == P7_EXISTS)
        return say(order, status, "asp %s: as %s is registered, or has been asked for", asp,
                   as_text(order));
    return say(order, status, "asp %s: %s: %s", asp, what, p7_status_text(status));
}

static enum p7_status manage(struct order *order)
{
    struct m3ua_endpoint *m3ua = order->node->m3ua;
    switch (order->command->kind) {
    case NODE_COMMAND_ASP_UP:
        return asked(order, m3ua_endpoint_asp_up(m3ua, order->asp, order->now_ns), "ASP UP");
    case NODE_COMMAND_ASP_DOWN:
        return asked(order, m3ua_endpoint_asp_down(m3ua, order->asp, order->now_ns), "ASP DOWN");
    case NODE_COMMAND_ASP_ACTIVE:
        return asked(order, m3ua_endpoint_asp_active(m3ua, order->asp, order->as, order->now_ns),
                     "ASP ACTIVE");
    case NODE_COMMAND_ASP_INACTIVE:
        return asked(order, m3ua_endpoint_asp_inactive(m3ua, order->asp, order->as, order->now_ns),
                     "ASP INACTIVE");
    case NODE_COMMAND_ASP_BLOCK:
        return asked(order, m3ua_endpoint_asp_lock(m3ua, order->asp, true, order->now_ns),
                     "blocked by management");
    case NODE_COMMAND_ASP_UNBLOCK:
        return asked(order, m3ua_endpoint_asp_lock(m3ua, order->asp, false, order->now_ns),
                     "no longer blocked");
    case NODE_COMMAND_ASP_REGISTER:
        return asked(order, m3ua_endpoint_register(m3ua, order->asp, order->as, order->now_ns),
                     "REG REQ");
    case NODE_COMMAND_ASP_DEREGISTER:
        return asked(order, m3ua_endpoint_deregister(m3ua, order->asp, order->as, order->now_ns),
                     "DEREG REQ");
    default:
        return asked(
            order, m3ua_endpoint_send_beat(m3ua, order->asp, order->command->number, order->now_ns),
            "BEAT");
    }
}

/* --- messages --------------------------------------------------------------------------------- */

static enum p7_status send_ssnm(struct order *order)
{
    const struct node_command *command = order->command;
    struct m3ua_message message;
    uint8_t affected[4];
    m3ua_message_of(&message, command->message);
    bytes_store_u32be(affected, order->point_code);
    message.present = M3UA_HAS_AFFECTED_POINT_CODE;
    message.affected_point_codes = bytes_of(affected, sizeof(affected));
    if (order->node->config.has_network_appearance) {
        message.present |= M3UA_HAS_NETWORK_APPEARANCE;
        message.network_appearance = order->node->config.network_appearance;
    }
    if (command->message == M3UA_SCON) {
        message.present |= M3UA_HAS_CONGESTION_INDICATIONS;
        message.congestion_level = command->number;
    }
    if (command->message == M3UA_DUPU) {
        message.present |= M3UA_HAS_USER_CAUSE;
        message.unavailability_cause = (uint16_t)command->number;
        message.mtp3_user = NODE_SERVICE_SCCP;
    }
    const char *name = m3ua_kind_name(command->message);
    const enum p7_status status =
        m3ua_endpoint_send_ssnm(order->node->m3ua, order->asp, &message, order->now_ns);
    if (status == P7_OK)
        return say(order, status, "asp %s: %s %s sent; an answer would be in the log", command->asp,
                   name, command->point_code);
    return asked(order, status, name);
}

static enum p7_status send_data(struct order *order)
{
    const struct node_command *command = order->command;
    const struct m3ua_transfer transfer = {
        .as = order->as,
        .opc = order->node->config.point_code,
        .dpc = order->point_code,
        .si = NODE_SERVICE_SCCP,
        .ni = order->node->config.network_indicator,
        .sls = (uint8_t)command->number,
    };
    const enum p7_status status = m3ua_endpoint_transfer(
        order->node->m3ua, &transfer, bytes_of(command->octets, command->length), order->now_ns);
    if (status == P7_STATE)
        return say(order, status, "as %s: no way to %s now; see `show routes`", command->as,
                   command->point_code);
    if (status != P7_OK)
        return say(order, status, "as %s: %zu octets were not sent: %s", command->as,
                   command->length, p7_status_text(status));
    return say(order, status, "as %s: %zu octets sent to %s, SLS %u", command->as, command->length,
               command->point_code, transfer.sls);
}

static enum p7_status set_subsystem(struct order *order)
{
    const bool in = order->command->kind == NODE_COMMAND_SUBSYSTEM_IN;
    const uint8_t ssn = (uint8_t)order->command->number;
    const enum p7_status status = node_set_in_service(order->node, ssn, in, order->now_ns);
    if (status != P7_OK)
        return say(order, status, "subsystem %u: it is not one of this node; ours is %u", ssn,
                   order->node->config.ssn);
    return say(order, status, "subsystem %u is %s service; concerned point codes are told", ssn,
               in ? "in" : "out of");
}

static enum p7_status ask_replicate(struct order *order)
{
    const uint8_t ssn = (uint8_t)order->command->number;
    const enum p7_status status = node_request_out_of_service(order->node, ssn, order->now_ns);
    if (status == P7_STATE)
        return say(order, status, "subsystem %u: the replicate has been asked and not answered yet",
                   ssn);
    if (status != P7_OK)
        return say(order, status,
                   "subsystem %u: it is not in service here, or no replicate is configured: write "
                   "replicate PC",
                   ssn);
    return say(order, status,
               "subsystem %u: the replicate is asked; the event out-of-service-granted or "
               "out-of-service-denied tells its answer",
               ssn);
}

enum p7_status node_command_run(struct node *node, const struct node_command *command,
                                int64_t now_ns, char answer[NODE_COMMAND_ANSWER_OCTETS])
{
    struct order order = {.node = node,
                          .command = command,
                          .now_ns = now_ns,
                          .as = M3UA_ENDPOINT_NONE,
                          .answer = answer};
    enum p7_status status = P7_OK;
    answer[0] = '\0';
    node->now_ns = now_ns;
    if (command->asp[0] != '\0')
        status = find_asp(&order);
    if (status == P7_OK && command->as[0] != '\0')
        status = find_as(&order);
    if (status == P7_OK && command->point_code[0] != '\0')
        status = find_point_code(&order);
    if (status != P7_OK)
        return status;
    switch (command->kind) {
    case NODE_COMMAND_SEND_SSNM:
        return send_ssnm(&order);
    case NODE_COMMAND_SEND_DATA:
        return send_data(&order);
    case NODE_COMMAND_SUBSYSTEM_IN:
    case NODE_COMMAND_SUBSYSTEM_OUT:
        return set_subsystem(&order);
    case NODE_COMMAND_SUBSYSTEM_ASK:
        return ask_replicate(&order);
    default:
        return manage(&order);
    }
}
