/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * telemetry - a program's figures for machines. One list of metrics, three ways out: statsd export
 * and `show stats` (metrics), and the CTRL interface (control), where each figure is a variable
 * that scripts GET: the metric "initial:succ" is the variable "initial-succ".
 *
 * Once a second it asks the program for a sample and publishes it; a GET asks for one of its own.
 *
 * Life cycle: control_plane_create -> telemetry_open -> telemetry_variable_add ... ->
 * telemetry_close -> control_plane_destroy, without a turn of the plane between the two. Main
 * thread only. The struct is the program's and stays where it is until it is closed.
 */
#ifndef SIGTRAN_RUNTIME_TELEMETRY_H
#define SIGTRAN_RUNTIME_TELEMETRY_H

#include <stddef.h>
#include <stdint.h>

#include "sigtran/base/status.h"
#include "sigtran/runtime/control.h"
#include "sigtran/runtime/control_plane.h"
#include "sigtran/runtime/metrics.h"

/* A figure is a CTRL variable, and the program has some of its own. */
#define TELEMETRY_FIGURES_MAX 48

/* Strings and list must outlive it. */
struct telemetry_config {
    const char *group; /* metrics_create: "simulator" */
    const char *text;
    const struct metric *list; /* uint64_t fields of the program's sample */
    uint32_t count;
    uint16_t control_port; /* 0: no CTRL interface */
    void *context;
    /* Fills the program's struct, which is zeroed before. */
    void (*sample)(void *context, void *sample);
};

struct telemetry {
    struct telemetry_config config;
    struct metrics *metrics;
    struct control *control; /* NULL: not asked for, or its port is taken */
    struct telemetry_figure {
        struct telemetry *telemetry;
        uint32_t index;
    } figure[TELEMETRY_FIGURES_MAX];
};

/*
 * Publishes from now on. A CTRL port that is taken is a NOTICE in the log and no error: that is no
 * reason not to measure. Errors as metrics_create and control_variable_add; P7_RANGE: more figures
 * than TELEMETRY_FIGURES_MAX, or a field beyond as many; P7_FULL: no timer. After an error it is
 * closed.
 */
enum p7_status telemetry_open(struct telemetry *telemetry, struct control_plane *plane,
                              const struct telemetry_config *config) P7_MUST_CHECK;

/* Does nothing to one that is all zeros or closed. */
void telemetry_close(struct telemetry *telemetry);

/* A variable of the program's own, or its own way for one of its figures; nothing where there is
 * no CTRL interface. Errors as control_variable_add. */
enum p7_status telemetry_variable_add(struct telemetry *telemetry, const char *name,
                                      struct control_variable variable) P7_MUST_CHECK;

#endif
