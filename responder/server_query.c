/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* What main asks of the cluster's node, which is the traffic thread's. */
#include <errno.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "responder/server_internal.h"

#define QUERY_TIMEOUT_S 1

/* Outlives an impatient asker: it is freed by whoever of the two lets go last. */
struct server_query {
    enum server_question question;
    enum p7_status result;
    sem_t done;
    atomic_int holders;
    char text[SERVER_TEXT_OCTETS];
};

static void query_let_go(struct server_query *query)
{
    if (atomic_fetch_sub(&query->holders, 1) != 1)
        return;
    sem_destroy(&query->done);
    free(query);
}

static void answer(struct server *server, struct server_query *query, int64_t now_ns)
{
    const char *why = "";
    query->result = P7_OK;
    switch (query->question) {
    case SERVER_SHOW_CLUSTER:
        cluster_node_show(server->cluster, now_ns, query->text, sizeof(query->text));
        return;
    case SERVER_LEAVE:
        cluster_node_leave(server->cluster, now_ns);
        break;
    case SERVER_SWITCHOVER:
        query->result = cluster_node_switchover(server->cluster, now_ns, &why);
        break;
    case SERVER_FORCE_TAKEOVER:
        query->result = cluster_node_force_takeover(server->cluster, now_ns, &why);
        break;
    }
    (void)snprintf(query->text, sizeof(query->text), "%s", why);
}

void server_on_command(void *context, const void *message, int64_t now_ns)
{
    struct server *server = context;
    struct server_query *query = *(struct server_query *const *)message;
    answer(server, query, now_ns);
    sem_post(&query->done);
    query_let_go(query);
}

static bool wait_for(struct server_query *query)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += QUERY_TIMEOUT_S;
    int result;
    do {
        result = sem_timedwait(&query->done, &until);
    } while (result == -1 && errno == EINTR);
    return result == 0;
}

enum p7_status server_ask(struct server *server, enum server_question question, char *text,
                          size_t text_octets)
{
    (void)snprintf(text, text_octets, "no ledger: see `ledger` and `cluster` in pulse7.cfg(5)");
    if (server->cluster == NULL)
        return P7_STATE;
    struct server_query *query = calloc(1, sizeof(*query));
    (void)snprintf(text, text_octets, "the traffic thread does not answer");
    if (query == NULL)
        return P7_NO_MEMORY;
    query->question = question;
    sem_init(&query->done, 0, 0);
    atomic_init(&query->holders, 2);
    enum p7_status status = data_plane_post(server->plane, &query);
    if (status != P7_OK) {
        atomic_store(&query->holders, 1);
    } else if (wait_for(query)) {
        status = query->result;
        (void)snprintf(text, text_octets, "%s", query->text);
    } else {
        status = P7_STATE;
    }
    query_let_go(query); /* NOLINT(clang-analyzer-unix.Malloc): two holders, one is left */
    return status;
}
