/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * data_plane - the traffic thread of a program: one loop, one node, and the application's work in
 * each turn. The main thread (control plane) reaches it by mailbox only.
 *
 * Life cycle, main thread: data_plane_create (opens the transport) -> data_plane_start -> post and
 * query ... -> data_plane_stop (joins) -> look at the node's counters -> data_plane_destroy.
 * All hooks run on the traffic thread; the application's state belongs to it between start and
 * stop.
 */
#ifndef SIGTRAN_RUNTIME_DATA_PLANE_H
#define SIGTRAN_RUNTIME_DATA_PLANE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sigtran/runtime/loop.h"
#include "sigtran/runtime/node.h"
#include "sigtran/runtime/node_command.h"

/* The longest answer of a query: tables of LIMIT_ASSOCIATIONS rows. */
#define DATA_PLANE_TEXT_OCTETS 65536

struct data_plane_hooks {
    void *context;
    /* A TCAP indication; see node_handler.dialogue. */
    void (*dialogue)(void *context, const struct tcap_dialogue_indication *indication,
                     const struct node_route *route);
    void (*event)(void *context, const struct node_event *event, int64_t now_ns);
    /* A CONTINUE for a dialogue that is over; see node_handler.stray. May be NULL. */
    bool (*stray)(void *context, const struct tcap_dialogue_indication *indication,
                  const struct node_route *route);
    /* See node_handler.discarded. May be NULL. */
    void (*discarded)(void *context, const struct tcap_dialogue_indication *indication,
                      const struct node_route *route);
    /* Once a turn, before what it sent is flushed; returns its next deadline. */
    int64_t (*turn)(void *context, int64_t now_ns);
    /* A message that main posted; NULL where there are none. */
    void (*command)(void *context, const void *message, int64_t now_ns);
    /* The thread did not run in time; see loop_handler.stalled. */
    void (*stalled)(void *context, int64_t from_ns, int64_t until_ns);
    bool realtime;         /* ask for SCHED_FIFO; a refusal is an event, not an error */
    size_t command_octets; /* size of a posted message, at most 256; 0 without `command` */
};

struct data_plane;

/* Errors and `verdict` as node_open; P7_SYSTEM when the thread's resources can't be had. */
enum p7_status data_plane_create(const struct node_config *config,
                                 const struct data_plane_hooks *hooks, struct data_plane **out,
                                 char *verdict, size_t verdict_octets) P7_MUST_CHECK;
void data_plane_destroy(struct data_plane *plane);

/* Listens, connects and starts the thread; `error` as node_start. */
enum p7_status data_plane_start(struct data_plane *plane, char *error,
                                size_t error_octets) P7_MUST_CHECK;

/* Shuts the associations down, for half a second at most, ends the thread and joins it. Does
 * nothing when it does not run. */
void data_plane_stop(struct data_plane *plane);

/* Traffic thread only: another descriptor for its loop, before data_plane_start; see loop_watch. */
enum p7_status data_plane_watch(struct data_plane *plane, int descriptor,
                                void (*ready)(void *context, int64_t now_ns),
                                void *context) P7_MUST_CHECK;

/* Main thread: P7_FULL when the thread does not take its messages. */
enum p7_status data_plane_post(struct data_plane *plane, const void *message) P7_MUST_CHECK;

/* What a query shows. */
enum data_plane_query {
    DATA_PLANE_QUERY_ASP,
    DATA_PLANE_QUERY_AS,
    DATA_PLANE_QUERY_ASSOCIATIONS,
    DATA_PLANE_QUERY_DIALOGUES,
    DATA_PLANE_QUERY_COUNTERS,
    DATA_PLANE_QUERY_ROUTES,
    DATA_PLANE_QUERY_QUEUES,
};

/* Main thread: has the traffic thread write a table into `text`; waits for it for a second at most.
 * P7_STATE when it does not answer in time. */
enum p7_status data_plane_query(struct data_plane *plane, enum data_plane_query what, char *text,
                                size_t text_octets) P7_MUST_CHECK;

/* Main thread: has the traffic thread carry out an operator's command. Errors and `answer` as
 * node_command_run; P7_STATE also when the thread does not answer in time. */
enum p7_status data_plane_command(struct data_plane *plane, const struct node_command *command,
                                  char answer[NODE_COMMAND_ANSWER_OCTETS]) P7_MUST_CHECK;

/* Main thread: has the traffic thread read an association's state from its stack. P7_STATE as
 * above, or when the ASP has no association. */
enum p7_status data_plane_status(struct data_plane *plane, uint32_t asp,
                                 struct transport_status *status) P7_MUST_CHECK;

/* The node: on the traffic thread, or after data_plane_stop. */
struct node *data_plane_node(const struct data_plane *plane);
struct loop_counters data_plane_loop_counters(const struct data_plane *plane);

/* CPU time of the traffic thread so far, user and system. Any thread, while it runs or after. */
int64_t data_plane_cpu_ns(const struct data_plane *plane);

/* Wakes the traffic thread; any thread. */
void data_plane_wake(struct data_plane *plane);

#endif
