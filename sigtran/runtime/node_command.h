/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * node_command - what an operator may have a node do by hand, to see what a peer makes of it: M3UA
 * management requests, registration, single messages, subsystems out of service.
 *
 * A command is a value: names and words as they were typed. It is carried out on the traffic
 * thread, which knows what the names mean.
 */
#ifndef SIGTRAN_RUNTIME_NODE_COMMAND_H
#define SIGTRAN_RUNTIME_NODE_COMMAND_H

#include <stddef.h>
#include <stdint.h>

#include "sigtran/base/point_code.h"
#include "sigtran/base/status.h"
#include "sigtran/codec/m3ua.h"
#include "sigtran/runtime/node.h"

/* A line of the answer, with its NUL. */
#define NODE_COMMAND_ANSWER_OCTETS 256
#define NODE_COMMAND_DATA_OCTETS   300 /* MTP3-user data by hand: a UDT and more */

enum node_command_kind {
    NODE_COMMAND_ASP_UP,
    NODE_COMMAND_ASP_DOWN,
    NODE_COMMAND_ASP_ACTIVE,   /* in `as`, "": in all */
    NODE_COMMAND_ASP_INACTIVE, /* in `as`, "": in all */
    NODE_COMMAND_ASP_BLOCK,    /* SG: refuse what the ASP asks for (RFC4666-3.8.1) */
    NODE_COMMAND_ASP_UNBLOCK,
    NODE_COMMAND_ASP_REGISTER,   /* `as` (RFC4666-4.4.1) */
    NODE_COMMAND_ASP_DEREGISTER, /* `as` (RFC4666-4.4.2) */
    NODE_COMMAND_SEND_BEAT,      /* of `number` octets of Heartbeat Data */
    NODE_COMMAND_SEND_SSNM,      /* `message` for `point_code`; SCON: level, DUPU: cause `number` */
    NODE_COMMAND_SEND_DATA,      /* `octets` through `as` to `point_code`, SLS `number` */
    NODE_COMMAND_SUBSYSTEM_OUT,  /* SSN `number` out of service (Q.714-5.3) ... */
    NODE_COMMAND_SUBSYSTEM_IN,   /* ... and back */
    NODE_COMMAND_SUBSYSTEM_ASK,  /* the replicate whether it may go (Q.714-5.3.5.2) */
};

struct node_command {
    enum node_command_kind kind;
    enum m3ua_kind message;
    uint32_t number;
    char asp[NODE_NAME_OCTETS];
    char as[NODE_NAME_OCTETS];
    char point_code[POINT_CODE_TEXT_OCTETS];
    size_t length;
    uint8_t octets[NODE_COMMAND_DATA_OCTETS];
};

/*
 * Carries it out. `answer` says in one line what was asked for, or what is wrong and the way out.
 * P7_NOT_FOUND: no such ASP or AS; P7_RANGE, P7_MALFORMED: a value; P7_STATE: not now, or not in
 * this role; else what sending gave.
 */
enum p7_status node_command_run(struct node *node, const struct node_command *command,
                                int64_t now_ns,
                                char answer[NODE_COMMAND_ANSWER_OCTETS]) P7_MUST_CHECK;

#endif
