/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * application_control - the responder for machines: its totals to statsd and to the CTRL interface.
 * They are those of the intervals reported so far, the gauges those of the last one.
 *
 * Life cycle, main thread: application_control_open, inside of a control plane ->
 * application_control_report for each interval -> application_control_close. The struct is the
 * caller's and stays where it is.
 */
#ifndef RESPONDER_APPLICATION_CONTROL_H
#define RESPONDER_APPLICATION_CONTROL_H

#include <stdint.h>

#include "responder/server.h"
#include "sigtran/base/status.h"
#include "sigtran/runtime/control_plane.h"
#include "sigtran/runtime/telemetry.h"

struct application_figures {
    uint64_t succ[SERVICE_KIND_COUNT];
    uint64_t fail[SERVICE_KIND_COUNT];
    uint64_t no_credit;
    uint64_t retransmissions;
    uint64_t duplicates;
    uint64_t response_avg_us;
    uint64_t dialogues_open;
};

struct application_control {
    struct telemetry telemetry;
    struct application_figures figures;
    struct cluster_node_figures cluster; /* as reported last; zeros without a ledger */
};

/* CTRL on 127.0.0.1:port, 0: none. Errors as telemetry_open; a port that is taken is none. */
enum p7_status application_control_open(struct application_control *control,
                                        struct control_plane *plane, uint16_t port) P7_MUST_CHECK;
void application_control_report(struct application_control *control,
                                const struct server_report *interval);
void application_control_close(struct application_control *control);

#endif
