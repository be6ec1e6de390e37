/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <unistd.h>

#include "responder/cluster_node_internal.h"

#define NS_PER_MS 1000000LL
#define US_PER_MS 1000u
/* Of the register in etcd; the cluster's number follows. */
#define ETCD_PREFIX "/pulse7/cluster/"

struct opening {
    struct cluster_node *node;
    char *text;
    size_t text_octets;
};

static enum p7_status say(const struct opening *opening, enum p7_status status, const char *what,
                          const char *why)
{
    if (status != P7_OK)
        (void)snprintf(opening->text, opening->text_octets, "%s%s", what, why);
    return status;
}

static uint64_t cluster_id_of(const struct settings *settings)
{
    return settings->responder.cluster.id;
}

/* --- the ledger ------------------------------------------------------------------------------- */

static void on_record(void *context, struct bytes octets)
{
    struct cluster_node *node = context;
    cluster_log_append(node->log, octets);
    replica_on_appended(&node->replica, octets, false);
}

static void init_cluster(struct cluster_node *node, const struct cluster_handler *handler,
                         uint64_t nonce)
{
    const struct cluster_settings *s = &node->settings->responder.cluster;
    const struct cluster_log log = cluster_log_ops(node->log);
    struct cluster_params params;
    cluster_params_init(&params);
    params.cluster_id = s->id;
    params.identity = node->directory.identity;
    params.nonce = nonce;
    params.node = (uint8_t)s->node;
    params.two_node = node->alone || s->two_node;
    params.heartbeat_ns = (int64_t)s->heartbeat_ms * NS_PER_MS;
    params.suspect_ns = (int64_t)s->suspect_ms * NS_PER_MS;
    if (node->alone) {
        params.heartbeat_ns = 1000 * NS_PER_MS; /* nobody hears it */
        params.suspect_ns = 0;                  /* nobody is waited for */
    }
    cluster_init(&node->cluster, &params, handler, &log);
}

static enum p7_status open_log(const struct opening *opening)
{
    struct cluster_node *node = opening->node;
    struct cluster_log_params params;
    enum p7_status status = disk_posix_open(node->directory.ledger, false, &node->disk);
    if (status == P7_OK)
        status =
            cluster_past_open(node->directory.ledger, cluster_id_of(node->settings), &node->past);
    if (status != P7_OK)
        return say(opening, status, node->directory.ledger,
                   ": the ledger's directory can't be had: look at its permissions");
    cluster_log_params_init(&params);
    params.older = cluster_past_read;
    params.context = node->past;
    return say(opening, cluster_log_create(&params, &node->log), "ledger: out of memory", "");
}

/* The service's state is made anew from all records. */
static enum p7_status recover(const struct opening *opening)
{
    struct cluster_node *node = opening->node;
    const struct responder_settings *s = &node->settings->responder;
    struct cluster_handler cluster_handler;
    struct replica_handler replica_handler;
    struct replica_params replica_params;
    uint64_t nonce = 0;
    if (getrandom(&nonce, sizeof(nonce), 0) != (ssize_t)sizeof(nonce))
        return say(opening, P7_SYSTEM, "cluster: no random numbers to be had", "");
    cluster_node_handlers(node, &cluster_handler, &replica_handler);
    init_cluster(node, &cluster_handler, nonce);
    replica_params_init(&replica_params);
    replica_params.give_up_ns = (int64_t)s->cluster.give_up_ms * NS_PER_MS;
    enum p7_status status = replica_create(&node->replica, &replica_params, &replica_handler,
                                           node->service, &node->cluster);
    if (status != P7_OK)
        return say(opening, status, "cluster: out of memory", "");
    node->has_replica = true;
    const struct journal_params params = {
        .disk = disk_posix_ops(node->disk),
        .cluster_id = cluster_id_of(node->settings),
        .segment_octets = s->ledger.segment_octets,
        .record = on_record,
        .context = node,
    };
    struct journal_recovery recovery;
    status = journal_open(&params, &node->journal, &recovery, opening->text, opening->text_octets);
    if (status != P7_OK)
        return status;
    node->octets_cut = recovery.octets_cut;
    node->posted = recovery.last_index;
    /* Once more, with the log that there is now. */
    init_cluster(node, &cluster_handler, nonce);
    return P7_OK;
}

static enum p7_status start_journal(const struct opening *opening)
{
    struct cluster_node *node = opening->node;
    struct journal_thread_params params;
    node->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (node->wake_fd == -1)
        return say(opening, P7_SYSTEM, "cluster: no eventfd: raise the limit of open files", "");
    journal_thread_params_init(&params);
    params.sync_delay_us = node->settings->responder.ledger.sync_delay_ms * US_PER_MS;
    params.wake = cluster_node_on_journal;
    params.wake_argument = node;
    const enum p7_status status =
        journal_thread_create(node->journal, &params, &node->journal_thread);
    if (status == P7_OK)
        node->journal = NULL; /* the thread's now */
    return say(opening, status, "cluster: the journal's thread can't be started", "");
}

static enum p7_status start_cdr(const struct opening *opening)
{
    struct cluster_node *node = opening->node;
    const struct ledger_settings *s = &node->settings->responder.ledger;
    struct cdr_params params;
    cdr_params_init(&params);
    params.ledger = node->directory.ledger;
    params.directory = node->directory.cdr;
    params.cluster_id = cluster_id_of(node->settings);
    params.octets_max = s->cdr_octets;
    params.age_max_ms = s->cdr_age_ms;
    return cdr_create(&params, &node->cdr, opening->text, opening->text_octets);
}

/* --- the other node and the register ---------------------------------------------------------- */

static enum p7_status open_links(const struct opening *opening, const uint8_t *key)
{
    struct cluster_node *node = opening->node;
    const struct cluster_settings *s = &node->settings->responder.cluster;
    char text[INTERCONNECT_TEXT_OCTETS] = "out of memory";
    struct interconnect_params params = {
        .link_count = s->link_count,
        .cluster_id = s->id,
        .node = (uint8_t)s->node,
        .session = node->directory.session,
    };
    memcpy(params.key, key, sizeof(params.key));
    for (uint32_t i = 0; i < s->link_count; i++) {
        struct interconnect_link *link = &params.link[i];
        (void)snprintf(link->local_address, sizeof(link->local_address), "%s", s->link[i].local_ip);
        (void)snprintf(link->remote_address, sizeof(link->remote_address), "%s",
                       s->link[i].remote_ip);
        link->local_port = s->link[i].local_port;
        link->remote_port = s->link[i].remote_port;
    }
    return say(opening,
               interconnect_open(&params, cluster_node_on_message, node, &node->interconnect, text),
               "cluster: ", text);
}

static enum p7_status open_registrar(const struct opening *opening, const uint8_t *key)
{
    struct cluster_node *node = opening->node;
    const struct cluster_settings *s = &node->settings->responder.cluster;
    char text[REGISTRAR_TEXT_OCTETS] = "out of memory";
    const struct registrar_handler handler = {
        .context = node, .answer = cluster_node_on_answer, .trouble = cluster_node_on_trouble};
    enum p7_status status = P7_OK;
    if (s->witness_port != 0) {
        struct registrar_witness_params params = {
            .address = s->witness_ip,
            .port = s->witness_port,
            .local_address = s->witness_local_ip,
            .cluster_id = s->id,
            .node = (uint8_t)s->node,
            .session = node->directory.session,
        };
        memcpy(params.key, key, sizeof(params.key));
        status = registrar_witness_open(&params, &handler, &node->registrar, text);
    } else if (s->etcd[0] != '\0') {
        const struct registrar_etcd_params params = {
            .url = s->etcd, .prefix = ETCD_PREFIX, .cluster_id = s->id};
        status = registrar_etcd_open(&params, &handler, &node->registrar, text);
    }
    return say(opening, status, "cluster: ", text);
}

static enum p7_status open_cluster(const struct opening *opening)
{
    const struct cluster_settings *s = &opening->node->settings->responder.cluster;
    uint8_t key[CHANNEL_KEY_OCTETS];
    char text[INTERCONNECT_TEXT_OCTETS] = "";
    enum p7_status status =
        say(opening, interconnect_key_read(s->key_file, key, text), "cluster: ", text);
    if (status == P7_OK)
        status = open_links(opening, key);
    if (status == P7_OK)
        status = open_registrar(opening, key);
    explicit_bzero(key, sizeof(key));
    return status;
}

/* --- life cycle ------------------------------------------------------------------------------- */

static enum p7_status open_parts(const struct opening *opening)
{
    struct cluster_node *node = opening->node;
    const struct responder_settings *s = &node->settings->responder;
    enum p7_status status =
        data_directory_open(s->data, s->cluster.id, s->cluster.node, &node->directory,
                            opening->text, opening->text_octets);
    if (status == P7_OK)
        status = open_log(opening);
    if (status == P7_OK)
        status = recover(opening);
    if (status == P7_OK)
        status = start_journal(opening);
    if (status == P7_OK)
        status = start_cdr(opening);
    if (status == P7_OK && !node->alone)
        status = open_cluster(opening);
    return status;
}

enum p7_status cluster_node_open(const struct settings *settings, struct service *service,
                                 const struct cluster_node_handler *handler,
                                 struct cluster_node **out, char *text, size_t text_octets)
{
    struct cluster_node *node = calloc(1, sizeof(*node));
    const struct opening opening = {.node = node, .text = text, .text_octets = text_octets};
    if (node == NULL)
        return say(&opening, P7_NO_MEMORY, "cluster: out of memory", "");
    node->settings = settings;
    node->service = service;
    node->handler = *handler;
    node->alone = settings->responder.cluster.id == 0;
    node->wake_fd = -1;
    node->directory.lock = -1;
    const enum p7_status status = open_parts(&opening);
    if (status != P7_OK) {
        cluster_node_close(node);
        return status;
    }
    *out = node;
    return P7_OK;
}

void cluster_node_close(struct cluster_node *node)
{
    if (node == NULL)
        return;
    if (node->registrar != NULL)
        registrar_close(node->registrar);
    if (node->interconnect != NULL)
        interconnect_close(node->interconnect);
    if (node->cdr != NULL)
        cdr_destroy(node->cdr);
    if (node->journal_thread != NULL)
        journal_thread_destroy(node->journal_thread);
    if (node->journal != NULL)
        journal_close(node->journal);
    if (node->has_replica)
        replica_destroy(&node->replica);
    cluster_log_destroy(node->log);
    cluster_past_close(node->past);
    if (node->disk != NULL)
        disk_posix_close(node->disk);
    if (node->wake_fd != -1)
        close(node->wake_fd);
    if (node->directory.lock != -1)
        data_directory_close(&node->directory);
    free(node);
}
