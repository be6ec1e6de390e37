/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * server - the charging application on the wire: dialogues of a node become requests of the
 * charging service, its decisions become replies, and each request costs the configured work. It is
 * what runs on the traffic thread.
 *
 * Life cycle, main thread: server_create -> server_start -> reports by mailbox -> server_stop ->
 * server_destroy.
 */
#ifndef RESPONDER_SERVER_H
#define RESPONDER_SERVER_H

#include <stdbool.h>
#include <stdint.h>

#include "config/settings.h"
#include "responder/cluster_node.h"
#include "responder/core/service.h"
#include "responder/workload.h"
#include "sigtran/base/status.h"
#include "sigtran/runtime/data_plane.h"
#include "sigtran/runtime/mailbox.h"

enum server_report_kind {
    SERVER_REPORT_INTERVAL, /* `statistics` of `length_ns` until `at_ns` */
    SERVER_REPORT_EVENT,
    SERVER_REPORT_CLUSTER, /* `figures`: once a second, with a ledger */
};

struct server_report {
    enum server_report_kind kind;
    int64_t at_ns; /* since the start */
    int64_t length_ns;
    struct statistics statistics;
    uint32_t dialogues_open; /* at `at_ns` */
    struct node_event event;
    struct cluster_node_figures figures;
};

/* What the server itself counts, beside the service's and the node's counters. */
struct server_counters {
    uint64_t replies_unsent;     /* no way or no room for a reply */
    uint64_t dialogues_gone;     /* the dialogue had ended before its reply was ready */
    uint64_t pending_full;       /* no slot for a reply that has to wait: answered at once */
    uint64_t unexpected_notices; /* own messages that came back undelivered */
    uint64_t gave_up;            /* requests that no node could decide in time */
    uint64_t activity_tests;     /* sent */
    uint64_t activity_lost;      /* dialogues whose peer did not answer one */
    uint64_t closes_lost;        /* calls that ended and could not be told the ledger: no slot */
};

struct server;

/* `verdict` as data_plane_create, or what is wrong with the ledger; P7_SYSTEM, P7_NO_MEMORY,
 * P7_RANGE, P7_MALFORMED: the ledger is damaged. */
enum p7_status server_create(const struct settings *settings, struct server **out, char *verdict,
                             size_t verdict_octets) P7_MUST_CHECK;
enum p7_status server_start(struct server *server, char *error, size_t error_octets) P7_MUST_CHECK;
void server_stop(struct server *server);
void server_destroy(struct server *server);

/* Where reports come out: struct server_report. */
struct mailbox *server_reports(struct server *server);
struct data_plane *server_data_plane(struct server *server);

/* After server_stop: the statistics since the last reported interval, the counters, the accounts.
 */
const struct statistics *server_rest(const struct server *server);
struct server_counters server_get_counters(const struct server *server);
const struct service *server_service(const struct server *server);
/* Whether it keeps a ledger; the role of its node, and why that is CLUSTER_FAILED (then it is to be
 * ended). Any thread. */
bool server_has_ledger(const struct server *server);
enum cluster_role server_role(const struct server *server);
const char *server_failure(const struct server *server);

enum server_question {
    SERVER_SHOW_CLUSTER,
    SERVER_SWITCHOVER,
    SERVER_FORCE_TAKEOVER,
    SERVER_LEAVE, /* the last one, before server_stop */
};
#define SERVER_TEXT_OCTETS 8192

/* Main thread, while it runs: has the traffic thread do it, and waits for a second at most. `text`
 * is the answer, or why it is none. P7_STATE: it can't be done now. */
enum p7_status server_ask(struct server *server, enum server_question question, char *text,
                          size_t text_octets) P7_MUST_CHECK;

/* Any thread. */
void server_workload_counters(const struct server *server, struct workload_counters *counters);

#endif
