/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * metrics - a program's counters and gauges as libosmocore knows them: rate counters and stat
 * items, which its `stats reporter statsd` exports and `show stats` and CTRL's `rate_ctr` read.
 *
 * A program keeps a plain struct of uint64_t fields, fills it once a second from its workers'
 * counters and publishes it:
 *
 *     struct sample { uint64_t requests_sent, dialogues_open; };
 *     static const struct metric list[] = {
 *         METRIC_COUNTER(struct sample, requests_sent, "requests:sent", "Requests sent"),
 *         METRIC_GAUGE(struct sample, dialogues_open, "dialogues:open", "Open dialogues", ""),
 *     };
 *
 * Life cycle: (console_library_open, for `stats` in the configuration and the rates) ->
 * metrics_create -> metrics_publish ... -> metrics_destroy. Main thread only.
 */
#ifndef SIGTRAN_RUNTIME_METRICS_H
#define SIGTRAN_RUNTIME_METRICS_H

#include <stddef.h>
#include <stdint.h>

#include "sigtran/base/status.h"

#define METRICS_MAX 128

enum metric_kind {
    METRIC_KIND_COUNTER, /* a total that only grows; a smaller value restarts it */
    METRIC_KIND_GAUGE,   /* a present value; libosmocore holds 31 bits, larger is cut there */
};

struct metric {
    enum metric_kind kind;
    size_t offset;    /* of a uint64_t field in the program's struct */
    const char *name; /* words with ':' between: "requests:sent" */
    const char *text;
    const char *unit; /* gauges: "", "ms", ... */
};

#define METRIC_COUNTER(type, field, metric_name, metric_text)                                      \
    {                                                                                              \
        .kind = METRIC_KIND_COUNTER, .offset = offsetof(type, field), .name = (metric_name),       \
        .text = (metric_text), .unit = ""                                                          \
    }
#define METRIC_GAUGE(type, field, metric_name, metric_text, metric_unit)                           \
    {                                                                                              \
        .kind = METRIC_KIND_GAUGE, .offset = offsetof(type, field), .name = (metric_name),         \
        .text = (metric_text), .unit = (metric_unit)                                               \
    }

struct metrics;

/* `group` names them all ("simulator"); strings and list must outlive it. P7_RANGE (none, or more
 * than METRICS_MAX), P7_EXISTS (the group's name is taken), P7_NO_MEMORY. */
enum p7_status metrics_create(struct metrics **metrics, const char *group, const char *text,
                              const struct metric *list, uint32_t count) P7_MUST_CHECK;
void metrics_destroy(struct metrics *metrics);

/* Brings all of them to the values of `sample`, a struct of the kind that the list describes. */
void metrics_publish(struct metrics *metrics, const void *sample);

#endif
