/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "responder/cluster_node_internal.h"
#include "sigtran/base/timer_heap.h"
#include "sigtran/runtime/clock.h"

/* Given to the journal at once when it has room again. */
#define POST_OCTETS 262144u
/* Reads of the register that are for the operator's eyes have ids of their own. */
#define LOOK_ID        (UINT64_C(1) << 63)
#define LOOK_PERIOD_NS (1000 * CLOCK_NS_PER_MS)
/* Any of them may be lost. */
#define LAST_WORDS 3u

/* --- the journal ------------------------------------------------------------------------------ */

/* In order, always: first a truncation that waits, then what the log has and the journal not. */
static void post_waiting(struct cluster_node *node)
{
    const struct cluster_log log = cluster_log_ops(node->log);
    if (node->truncation_waits) {
        if (journal_thread_truncate(node->journal_thread, node->truncation_kept,
                                    node->truncation_generation) != P7_OK)
            return;
        node->truncation_waits = false;
    }
    while (node->posted < cluster_log_last(node->log)) {
        uint32_t count = 0;
        const struct bytes records = log.read(log.context, node->posted + 1, POST_OCTETS, &count);
        if (count == 0 ||
            journal_thread_append(node->journal_thread, records, node->posted + count) != P7_OK)
            return;
        node->posted += count;
    }
}

static bool posts_wait(const struct cluster_node *node)
{
    return node->truncation_waits || node->posted < cluster_log_last(node->log);
}

static void on_append(void *context, struct bytes records, bool decided)
{
    struct cluster_node *node = context;
    const bool waits = posts_wait(node);
    cluster_log_append(node->log, records);
    replica_on_appended(&node->replica, records, decided);
    const uint64_t last = cluster_log_last(node->log);
    if (!waits && journal_thread_append(node->journal_thread, records, last) == P7_OK)
        node->posted = last;
    else
        node->posts_deferred++;
}

static void on_truncate(void *context, uint64_t last_kept, uint32_t generation)
{
    struct cluster_node *node = context;
    cluster_log_truncate(node->log, last_kept);
    replica_on_truncated(&node->replica, last_kept);
    if (!node->truncation_waits || last_kept < node->truncation_kept)
        node->truncation_kept = last_kept;
    node->truncation_waits = true;
    node->truncation_generation = generation;
    if (node->posted > last_kept)
        node->posted = last_kept;
    post_waiting(node);
}

void cluster_node_on_journal(void *argument)
{
    const struct cluster_node *node = argument;
    const uint64_t one = 1;
    /* EAGAIN means that the counter is full of wake-ups already. */
    if (write(node->wake_fd, &one, sizeof(one)) == -1)
        return;
}

static void take_progress(struct cluster_node *node, int64_t now_ns)
{
    const struct journal_progress progress = journal_thread_progress(node->journal_thread);
    if (progress.failed) {
        char text[CLUSTER_NODE_TEXT_OCTETS];
        (void)snprintf(
            text, sizeof(text),
            "%s; nothing more is acknowledged on this disk: see to it, then start again%s",
            journal_thread_text(node->journal_thread),
            node->alone ? "" : "; the other node has what was acknowledged");
        if (!node->journal_failed)
            cluster_on_journal_failed(&node->cluster, text);
        node->journal_failed = true;
        return;
    }
    cluster_on_durable(&node->cluster, progress.generation, progress.durable, now_ns);
}

static void on_wake(void *context, int64_t now_ns)
{
    struct cluster_node *node = context;
    uint64_t count;
    node->now_ns = now_ns;
    if (read(node->wake_fd, &count, sizeof(count)) == -1 && errno != EAGAIN)
        return;
    take_progress(node, now_ns);
}

/* --- what the machine and the replica want ---------------------------------------------------- */

static void on_send(void *context, const struct cluster_message *message)
{
    struct cluster_node *node = context;
    if (node->interconnect != NULL && !node->has_left)
        interconnect_send(node->interconnect, message, node->now_ns);
}

static void on_replica_send(void *context, const struct cluster_message *message)
{
    struct cluster_node *node = context;
    struct cluster_message sent = *message;
    cluster_send(&node->cluster, &sent);
}

static void on_request(void *context, const struct register_request *request)
{
    struct cluster_node *node = context;
    if (node->registrar != NULL)
        registrar_request(node->registrar, request, node->now_ns);
}

static void tell_cdr(struct cluster_node *node)
{
    const struct cluster *cluster = &node->cluster;
    if (node->cdr != NULL)
        cdr_committed(node->cdr,
                      cluster->commit < cluster->durable ? cluster->commit : cluster->durable);
}

static void on_committed(void *context, uint64_t index)
{
    struct cluster_node *node = context;
    replica_on_committed(&node->replica, index, node->now_ns);
}

/* What is told right before the role becomes FAILED is why. */
static void keep_reason(struct cluster_node *node, const char *text)
{
    if (!atomic_load(&node->has_failure))
        (void)snprintf(node->failure, sizeof(node->failure), "%s", text);
}

static void on_role(void *context, enum cluster_role role, uint64_t term)
{
    struct cluster_node *node = context;
    (void)term;
    replica_on_role(&node->replica, role, node->now_ns);
    if (role == CLUSTER_FAILED)
        atomic_store(&node->has_failure, true);
    atomic_store(&node->role, (int)role);
    node->handler.role(node->handler.context, role);
}

static void on_cluster_event(void *context, const struct cluster_event *event)
{
    struct cluster_node *node = context;
    switch (event->kind) {
    case CLUSTER_EVENT_ROLE:
        cluster_node_event(node, NODE_INFO, "role", "%s, term %" PRIu64, event->text, event->value);
        return;
    case CLUSTER_EVENT_ALONE:
        if (!node->alone)
            cluster_node_event(node, NODE_WARNING, "alone", "%s (term %" PRIu64 ")", event->text,
                               event->value);
        return;
    case CLUSTER_EVENT_PAIRED:
        cluster_node_event(node, NODE_INFO, "paired", "%s", event->text);
        return;
    case CLUSTER_EVENT_PEER_LOST:
        if (!node->alone)
            cluster_node_event(node, NODE_WARNING, "peer-lost", "%s", event->text);
        return;
    case CLUSTER_EVENT_PEER_BACK:
        cluster_node_event(node, NODE_INFO, "peer-back", "%s", event->text);
        return;
    case CLUSTER_EVENT_STALLED:
        keep_reason(node, event->text);
        cluster_node_event(node, NODE_ERROR, "stalled", "%s", event->text);
        return;
    case CLUSTER_EVENT_TRUNCATED:
        cluster_node_event(node, NODE_WARNING, "truncated", "%s: %" PRIu64, event->text,
                           event->value);
        return;
    case CLUSTER_EVENT_DIVERGED:
        keep_reason(node, event->text);
        cluster_node_event(node, NODE_ERROR, "diverged", "%s", event->text);
        return;
    }
}

static int64_t on_wall_ns(void *context)
{
    (void)context;
    return clock_wall_ns();
}

static void on_reply(void *context, uint64_t token, enum replica_verdict verdict,
                     const struct service_reply *reply, const uint64_t reference[2])
{
    struct cluster_node *node = context;
    node->handler.reply(node->handler.context, token, verdict, reply, reference);
}

void cluster_node_handlers(struct cluster_node *node, struct cluster_handler *cluster,
                           struct replica_handler *replica)
{
    *cluster = (struct cluster_handler){
        .context = node,
        .send = on_send,
        .request = on_request,
        .append = on_append,
        .truncate = on_truncate,
        .committed = on_committed,
        .role = on_role,
        .event = on_cluster_event,
    };
    *replica = (struct replica_handler){
        .context = node, .reply = on_reply, .send = on_replica_send, .wall_ns = on_wall_ns};
}

/* --- what comes in ---------------------------------------------------------------------------- */

void cluster_node_on_message(void *context, const struct cluster_message *message, int64_t now_ns)
{
    struct cluster_node *node = context;
    node->now_ns = now_ns;
    cluster_on_message(&node->cluster, message, now_ns);
    if (message->kind == CLUSTER_FORWARD || message->kind == CLUSTER_RELAY)
        replica_on_message(&node->replica, message, now_ns);
}

void cluster_node_on_answer(void *context, const struct register_answer *answer, int64_t now_ns)
{
    struct cluster_node *node = context;
    node->now_ns = now_ns;
    node->register_ns = now_ns;
    if (answer->current.version >= node->seen.version || (answer->id & LOOK_ID) != 0)
        node->seen = answer->current;
    if ((answer->id & LOOK_ID) == 0)
        cluster_on_register(&node->cluster, answer, now_ns);
}

/* A passive's machine reads the register only when it misses the active: so that `show cluster`
 * tells what it says, and whether it can be reached, it is looked at while nothing is wanted of it.
 */
static void look_at_register(struct cluster_node *node, int64_t now_ns)
{
    const struct register_request request = {
        .id = LOOK_ID | ++node->looks,
        .cluster_id = node->cluster.params.cluster_id,
        .kind = REGISTER_READ,
    };
    if (node->cluster.role == CLUSTER_ACTIVE || node->cluster.wish != 0 || now_ns < node->look_ns)
        return;
    node->look_ns = now_ns + LOOK_PERIOD_NS;
    registrar_request(node->registrar, &request, now_ns);
}

void cluster_node_on_trouble(void *context, const char *text)
{
    cluster_node_event(context, NODE_WARNING, "register", "%s", text);
}

static void on_links(void *context, int64_t now_ns)
{
    struct cluster_node *node = context;
    node->now_ns = now_ns;
    interconnect_ready(node->interconnect, now_ns);
}

static void on_registrar(void *context, int64_t now_ns)
{
    struct cluster_node *node = context;
    node->now_ns = now_ns;
    registrar_ready(node->registrar, now_ns);
}

enum p7_status cluster_node_watch(struct cluster_node *node,
                                  const struct cluster_node_watcher *watcher)
{
    void *context = watcher->context;
    enum p7_status status = watcher->watch(context, node->wake_fd, on_wake, node);
    const uint32_t links =
        node->interconnect == NULL ? 0 : node->settings->responder.cluster.link_count;
    for (uint32_t i = 0; status == P7_OK && i < links; i++)
        status = watcher->watch(context, interconnect_fd(node->interconnect, i), on_links, node);
    if (status == P7_OK && node->registrar != NULL)
        status = watcher->watch(context, registrar_fd(node->registrar), on_registrar, node);
    return status;
}

void cluster_node_request(struct cluster_node *node, const struct replica_request *request,
                          int64_t now_ns)
{
    node->now_ns = now_ns;
    replica_request(&node->replica, request, now_ns);
}

/* --- turns ------------------------------------------------------------------------------------ */

void cluster_node_start(struct cluster_node *node, int64_t now_ns)
{
    node->now_ns = now_ns;
    if (node->octets_cut > 0)
        cluster_node_event(node, NODE_WARNING, "torn-tail",
                           "%" PRIu64
                           " octets behind the ledger's last whole record were cut: they "
                           "were being written when the process ended, and were never acknowledged",
                           node->octets_cut);
    if (!node->alone && node->settings->responder.cluster.two_node)
        cluster_node_event(node, NODE_WARNING, "can-split",
                           "two-node: nobody decides who serves; when the links fail both nodes "
                           "serve and charge twice; a witness prevents that");
    cluster_start(&node->cluster, now_ns);
}

static void sooner(int64_t *deadline_ns, int64_t ns)
{
    if (ns < *deadline_ns)
        *deadline_ns = ns;
}

/* The ledger is right, the state made of it is not: that of a node that may be active soon. */
static void tell_failures(struct cluster_node *node)
{
    const uint64_t failures = node->replica.book.failures;
    if (failures == node->failures_told)
        return;
    cluster_node_event(node, NODE_ERROR, "not-applied",
                       "%" PRIu64 " records could not be applied to the accounts: give all nodes "
                       "the same accounts, tariff and duplicates, as the ledger was written with",
                       failures - node->failures_told);
    node->failures_told = failures;
}

int64_t cluster_node_turn(struct cluster_node *node, int64_t now_ns)
{
    node->now_ns = now_ns;
    tell_failures(node);
    if (posts_wait(node) && !node->journal_failed)
        post_waiting(node);
    if (node->interconnect != NULL && interconnect_deadline_ns(node->interconnect) <= now_ns)
        interconnect_ready(node->interconnect, now_ns);
    if (node->registrar != NULL && registrar_deadline_ns(node->registrar) <= now_ns)
        registrar_ready(node->registrar, now_ns);
    replica_turn(&node->replica, now_ns);
    cluster_turn(&node->cluster, now_ns);
    tell_cdr(node);
    if (node->registrar != NULL)
        look_at_register(node, now_ns);
    int64_t deadline_ns = cluster_deadline_ns(&node->cluster);
    sooner(&deadline_ns, replica_deadline_ns(&node->replica));
    if (node->interconnect != NULL) {
        interconnect_flush(node->interconnect, now_ns);
        sooner(&deadline_ns, interconnect_deadline_ns(node->interconnect));
    }
    if (node->registrar != NULL)
        sooner(&deadline_ns, registrar_deadline_ns(node->registrar));
    return deadline_ns;
}

/* --- the operator ----------------------------------------------------------------------------- */

enum p7_status cluster_node_switchover(struct cluster_node *node, int64_t now_ns, const char **why)
{
    node->now_ns = now_ns;
    if (!node->alone)
        return cluster_switchover(&node->cluster, now_ns, why);
    *why = "this node has no other one: see `cluster` in pulse7.cfg(5)";
    return P7_STATE;
}

enum p7_status cluster_node_force_takeover(struct cluster_node *node, int64_t now_ns,
                                           const char **why)
{
    node->now_ns = now_ns;
    const enum p7_status status = cluster_force_takeover(&node->cluster, now_ns);
    *why = status == P7_OK ? ""
           : node->cluster.role == CLUSTER_ACTIVE
               ? "this node is the active one already"
               : "this node has failed: see the log, end it, and start it again";
    return status;
}

void cluster_node_leave(struct cluster_node *node, int64_t now_ns)
{
    node->now_ns = now_ns;
    if (node->interconnect == NULL || node->cluster.role == CLUSTER_ACTIVE)
        return;
    for (uint32_t i = 0; i < LAST_WORDS; i++)
        cluster_say_farewell(&node->cluster, now_ns);
    node->has_left = true;
    interconnect_flush(node->interconnect, now_ns);
}

enum cluster_role cluster_node_role(const struct cluster_node *node)
{
    return (enum cluster_role)atomic_load(&node->role);
}

const char *cluster_node_failure(const struct cluster_node *node)
{
    return atomic_load(&node->has_failure) ? node->failure : "";
}
