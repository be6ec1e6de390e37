/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * worker_internal - what worker.c (life cycle, phases, reports), worker_setup.c (creation) and
 * worker_dialogue.c (actions and replies) share.
 */
#ifndef SIMULATOR_WORKER_INTERNAL_H
#define SIMULATOR_WORKER_INTERNAL_H

#include "sigtran/runtime/clock.h"
#include "simulator/core/ssf.h"
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

struct worker {
    const struct settings *settings;
    struct recorder *recorder;
    struct data_plane *plane;
    struct node *node;
    struct mailbox *reports;
    struct traffic traffic;
    struct ssf ssf;
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
    uint32_t route_count[SETTINGS_TARGETS_MAX];
    struct node_route route[SETTINGS_TARGETS_MAX][LIMIT_ASP_PER_AS];
    uint8_t components[SSF_COMPONENTS_OCTETS];
};

/* worker_setup.c: everything that worker_create makes; errors as there. */
enum p7_status worker_create_parts(struct worker *worker, const struct worker_config *config,
                                   char *verdict, size_t verdict_octets) P7_MUST_CHECK;

/* Tells the outage analysis each lane's rate: that of the flows that lead to its target, times a
 * factor that the operator has put on all of them. */
void worker_set_outage_rates(struct worker *worker, double factor);

/* worker.c: what the traffic model and the traffic thread call. */
struct traffic_sink worker_traffic_sink(struct worker *worker);
struct data_plane_hooks worker_hooks(struct worker *worker);

/* Carries out one action of the traffic model. */
void worker_act(struct worker *worker, struct traffic_action action);

/* data_plane_hooks.dialogue */
void worker_on_dialogue(void *context, const struct tcap_dialogue_indication *indication,
                        const struct node_route *route);

/* Now, as time since the run's start. */
static inline int64_t worker_clock_ns(const struct worker *worker)
{
    return clock_monotonic_ns() - worker->origin_ns;
}

#endif
