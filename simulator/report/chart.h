/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * chart - what is drawn: each chart is the body of a gnuplot script (numbers and fixed words only;
 * no text of a run ever reaches gnuplot), a caption and a legend.
 *
 *     struct chart_list list = {0};
 *     chart_add_run(&list, run);  or  chart_add_loads(&list, runs, count);
 *     chart_draw(&list, reason, sizeof(reason));      runs gnuplot once, fills `svg`
 *     ... chart_list_free(&list);
 *
 * Colours are names: the script says "#000003", the page's style sheet gives class k3 its colour in
 * light and in dark.
 */
#ifndef SIMULATOR_REPORT_CHART_H
#define SIMULATOR_REPORT_CHART_H

#include <stdbool.h>
#include <stddef.h>

#include "sigtran/base/status.h"
#include "simulator/record/run_read.h"

#define CHARTS_MAX        8
#define CHART_LEGENDS_MAX 4

/* The colours' numbers. */
enum chart_colour {
    CHART_INK = 1,
    CHART_GRID,
    CHART_MEAN,
    CHART_TAIL,
    CHART_GOOD,
    CHART_BAD,
    CHART_PALE,
    CHART_MUTED,
};

/* Drawn twice: for wide and for narrow screens, so that text is never scaled. */
enum chart_width { CHART_WIDE, CHART_NARROW, CHART_WIDTHS };

struct chart_legend {
    enum chart_colour colour;
    const char *text;
};

struct chart {
    const char *id; /* class in the page and name in the tests */
    const char *title;
    char axes[160]; /* what the axes show, in words */
    char step[48];  /* for a legend that holds a figure */
    size_t legend_count;
    struct chart_legend legend[CHART_LEGENDS_MAX];
    char *script;
    char *svg[CHART_WIDTHS];
};

struct chart_list {
    size_t count;
    struct chart chart[CHARTS_MAX];
};

/* The charts of one run, as far as it has data for them. */
void chart_add_run(struct chart_list *list, const struct run *run);
/* Mean response time and throughput against load; nothing with fewer than two loads. */
void chart_add_loads(struct chart_list *list, struct run *const *runs, size_t count);

/* P7_NOT_FOUND: there is no gnuplot; P7_SYSTEM: it failed; `reason` says what to do. */
enum p7_status chart_draw(struct chart_list *list, char *reason,
                          size_t reason_octets) P7_MUST_CHECK;

void chart_list_free(struct chart_list *list);

#endif
