/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * run_control - a run for machines: its figures to statsd and to the CTRL interface, and variables
 * that steer it (`rate`, `paused`). Main thread; the last second's glance is what they tell of.
 *
 * Life cycle: run_control_open, once the run has its control plane and worker -> run_control_close.
 */
#ifndef SIMULATOR_RUN_CONTROL_H
#define SIMULATOR_RUN_CONTROL_H

#include "sigtran/base/status.h"

struct run;

/* Errors as telemetry_open; a CTRL port that is taken is none. */
enum p7_status run_control_open(struct run *run) P7_MUST_CHECK;
void run_control_close(struct run *run);

#endif
