/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * worker_internal - what worker.c (life cycle, phases, reports), worker_setup.c (creation) and
 * worker_dialogue.c (actions and replies) share.
 */
#ifndef SIMULATOR_WORKER_INTERNAL_H
#define SIMULATOR_WORKER_INTERNAL_H

#include "config/node_config.h"
#include "sigtran/runtime/clock.h"
#include "simulator/core/echoes.h"
#include "simulator/core/ssf.h"
#include "simulator/core/ways.h"
#include "simulator/worker.h"

/* Actions of one turn: what they sent leaves with the turn's flush, so a larger number would let a
 * burst wait for its own tail. */
#define WORKER_ACTIONS_PER_TURN 64

/* Due requests are looked for no more often than this: above 20 000 starts/s several leave
 * in one packet, which halves the CPU that each costs. It adds at most as much send lag, which
 * counts in every response time; at 20 000/s and below it has no effect. */
#define WORKER_PACE_NS 50000

enum worker_phase {
    WORKER_PHASE_REACHING, /* until every target has a way */
    WORKER_PHASE_RUNNING,
    WORKER_PHASE_CLOSING, /* calls that are still open are aborted */
    WORKER_PHASE_DONE,
};

/* The user's octets of each of the node's dialogues. */
struct worker_dialogue {
    uint32_t call; /* that waits for it; TRAFFIC_CALL_NONE: only a further reply may come, */
    uint32_t key;  /* to this answered request (echoes.h) */
};

/* The reply that is being carried out, for the rows that follow from it. */
struct worker_reply {
    bool is_set;
    uint32_t key;
    uint32_t twin; /* or TCAP_DIALOGUE_INVALID */
    uint64_t digest;
    uint8_t node;
};

struct worker {
    const struct settings *settings;
    struct recorder *recorder;
    struct data_plane *plane;
    struct node *node;
    struct mailbox *reports;
    struct traffic traffic;
    struct ssf ssf;
    struct ssf_parameters *parameters; /* by model */
    struct measure measure;
    enum worker_phase phase;
    int64_t origin_ns; /* monotonic clock at the run's time zero */
    int64_t glance_at_ns;
    int64_t pace_at_ns; /* nothing is sent before: see WORKER_PACE_NS */
    uint64_t retransmissions;
    bool paused;
    double rate_wanted_per_s;
    double rate_base_per_s; /* sum of the flows' configured rates */
    struct interval_set set[WORKER_INTERVAL_SETS];
    uint32_t free_set_count;
    struct interval_set *free_set[WORKER_INTERVAL_SETS];
    struct worker_losses losses;
    struct ways ways[SETTINGS_TARGETS_MAX]; /* a way is an index of `route` */
    struct echoes echoes;                   /* without room where nothing goes out twice */
    struct worker_reply reply;
    struct worker_copies copies;
    uint32_t route_count[SETTINGS_TARGETS_MAX];
    struct node_route route[SETTINGS_TARGETS_MAX][LIMIT_ASP_PER_AS];
    uint8_t components[SSF_COMPONENTS_OCTETS];
};

/* worker_setup.c: everything that worker_create makes; errors as there. */
enum p7_status worker_create_parts(struct worker *worker, const struct worker_config *config,
                                   char *verdict, size_t verdict_octets) P7_MUST_CHECK;

/* What the worker's node is opened with; node_setup_free ends it. Errors as node_setup_make. */
enum p7_status worker_node_setup_make(const struct worker_config *config,
                                      struct node_setup *node) P7_MUST_CHECK;

/* The ways to each target, from the settings and the node. Errors as node_route_to_as and
 * sccp_party_set_gt. */
enum p7_status worker_create_routes(struct worker *worker) P7_MUST_CHECK;

/* Tells the outage analysis each lane's rate: that of the flows that lead to its target, times a
 * factor that the operator has put on all of them. */
void worker_set_outage_rates(struct worker *worker, double factor);

/* worker.c: what the traffic model and the traffic thread call. */
struct traffic_sink worker_traffic_sink(struct worker *worker);
struct data_plane_hooks worker_hooks(struct worker *worker);

/* Carries out one action of the traffic model. */
void worker_act(struct worker *worker, struct traffic_action action);

/* Hands back the rows of answered requests that waited for further replies: those that are due at
 * `now_ns`, all of them for INT64_MAX. */
void worker_release_echoes(struct worker *worker, int64_t now_ns);

/* A further reply came to the answered request that `reply` names, which is returned, or NULL. */
const struct request_record *worker_replied_again(struct worker *worker,
                                                  const struct worker_reply *reply);

/* Puts an entry into the journal, where one is written. */
void worker_journal(struct worker *worker, const struct request_record *record,
                    enum request_event event, int64_t at_ns);

/* data_plane_hooks.discarded */
void worker_on_discarded(void *context, const struct tcap_dialogue_indication *indication,
                         const struct node_route *route);

/* data_plane_hooks.dialogue */
void worker_on_dialogue(void *context, const struct tcap_dialogue_indication *indication,
                        const struct node_route *route);

/* Now, as time since the run's start. */
static inline int64_t worker_clock_ns(const struct worker *worker)
{
    return clock_monotonic_ns() - worker->origin_ns;
}

#endif
