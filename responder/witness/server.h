/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * server - the witness with its socket and its files: one thread, one loop. A request's answer
 * leaves after its change is durable; the loop waits for the disk meanwhile, and whatever comes
 * then waits in the socket.
 *
 * Life cycle: server_open -> server_run (until SIGINT, SIGTERM, or a disk that fails) ->
 * server_close. While open the process blocks SIGINT, SIGTERM and SIGHUP and reads them from a
 * descriptor.
 */
#ifndef RESPONDER_WITNESS_SERVER_H
#define RESPONDER_WITNESS_SERVER_H

#include "responder/witness/log.h"
#include "responder/witness/options.h"
#include "sigtran/base/status.h"

struct server;

/* `log` and `options` are borrowed for the server's life. Any status but P7_OK: `text`
 * (WITNESS_TEXT_OCTETS) says what is wrong and what to do; nothing is open then. */
enum p7_status server_open(struct server **out, const struct witness_options *options,
                           struct witness_log *log, char *text) P7_MUST_CHECK;

/* P7_OK: ended by a signal. Else the disk or the system refused, and `text` says what: nothing was
 * answered after it. */
enum p7_status server_run(struct server *server, char *text) P7_MUST_CHECK;

void server_close(struct server *server);

#endif
