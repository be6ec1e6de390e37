/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * cluster_node_internal - what the sources of cluster_node share: cluster_node.c (turns, what the
 * machine decides), cluster_node_open.c (life cycle), cluster_node_show.c (what people read).
 */
#ifndef RESPONDER_CLUSTER_NODE_INTERNAL_H
#define RESPONDER_CLUSTER_NODE_INTERNAL_H

#include <stdatomic.h>

#include "responder/cluster_log.h"
#include "responder/cluster_node.h"
#include "responder/cluster_past.h"
#include "responder/link/interconnect.h"
#include "responder/link/registrar.h"
#include "responder/storage/cdr.h"
#include "responder/storage/data_directory.h"
#include "responder/storage/disk_posix.h"
#include "responder/storage/journal_thread.h"

struct cluster_node {
    const struct settings *settings;
    struct service *service;
    struct cluster_node_handler handler;
    int64_t now_ns;

    struct data_directory directory;
    struct disk_posix *disk; /* of the ledger */
    struct journal *journal; /* until its thread has it */
    struct journal_thread *journal_thread;
    struct cdr *cdr;
    struct cluster_past *past;
    struct cluster_log_store *log;
    uint64_t octets_cut; /* by recovery */

    /* What the journal could not take yet: a queue that is full is no reason to lose order. */
    uint64_t posted; /* records up to here were given to it */
    uint64_t truncation_kept;
    uint64_t posts_deferred;
    uint64_t failures_told; /* of book.failures */

    struct interconnect *interconnect;
    struct registrar *registrar;
    struct register_value seen; /* what it said last, for `show cluster` */
    int64_t register_ns;        /* when; 0: never */
    int64_t look_ns;
    uint64_t looks;
    struct cluster cluster;
    struct replica replica;

    int wake_fd; /* the journal has got further */
    uint32_t truncation_generation;
    atomic_int role; /* for other threads */
    bool alone;      /* a cluster of one */
    bool truncation_waits;
    bool journal_failed;
    bool has_replica;
    bool has_left;
    atomic_bool has_failure; /* `failure` is complete */
    char failure[CLUSTER_NODE_TEXT_OCTETS];
};

/* cluster_node.c: for cluster_node_open.c */
void cluster_node_handlers(struct cluster_node *node, struct cluster_handler *cluster,
                           struct replica_handler *replica);
void cluster_node_on_message(void *context, const struct cluster_message *message, int64_t now_ns);
void cluster_node_on_answer(void *context, const struct register_answer *answer, int64_t now_ns);
void cluster_node_on_trouble(void *context, const char *text);
void cluster_node_on_journal(void *argument); /* on the journal's thread */
/* cluster_node_show.c */
void cluster_node_event(const struct cluster_node *node, enum node_severity severity,
                        const char *event, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

#endif
