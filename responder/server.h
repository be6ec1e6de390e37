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
#include "responder/core/service.h"
#include "responder/workload.h"
#include "sigtran/base/status.h"
#include "sigtran/runtime/data_plane.h"
#include "sigtran/runtime/mailbox.h"

enum server_report_kind {
    SERVER_REPORT_INTERVAL, /* `statistics` of `length_ns` until `at_ns` */
    SERVER_REPORT_EVENT,
};

struct server_report {
    enum server_report_kind kind;
    int64_t at_ns; /* since the start */
    int64_t length_ns;
    struct statistics statistics;
    uint32_t dialogues_open; /* at `at_ns` */
    struct node_event event;
};

/* What the server itself counts, beside the service's and the node's counters. */
struct server_counters {
    uint64_t replies_unsent;     /* no way or no room for a reply */
    uint64_t dialogues_gone;     /* the dialogue had ended before its reply was ready */
    uint64_t pending_full;       /* no slot for a reply that has to wait: answered at once */
    uint64_t unexpected_notices; /* own messages that came back undelivered */
};

struct server;

/* `verdict` as data_plane_create; P7_SYSTEM, P7_NO_MEMORY, P7_RANGE. */
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
/* Any thread. */
void server_workload_counters(const struct server *server, struct workload_counters *counters);

#endif
